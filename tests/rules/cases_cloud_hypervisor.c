/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cloud Hypervisor: what it refuses, and what stops it that QEMU only warns of. Addresses are
 * worked out by hand from its sources: with 512 MiB of RAM and 46 bits the device area is 16382
 * times 4 GiB from 4 GiB on, two virtio devices of 512 KiB come first, then BARs downwards
 * (memory_manager.rs, create_mmio_allocators, first_available_range). */
#include "rules.h"

#define V(version) "cloud-hypervisor=" version
#define RUN "cloud-hypervisor --kernel vmlinux "
#define PATH(bdf) "/sys/bus/pci/devices/" bdf "/"
#define NIC "--device path=" PATH("0000:00:05.0")
#define GPU "--device path=" PATH("0000:00:07.0")
#define OLD(x) "Error booting VM: VmBoot(DeviceManager(" x "))"
#define CHAIN "Error: Cloud Hypervisor exited with the following chain of errors:\n"
#define NEW(x)                                                                                     \
	CHAIN "  0: Error booting VM\n  1: The VM could not boot\n  2: Error from device "         \
	      "manager\n  3: " x
#define CREATE(x) NEW("Cannot create a VFIO device\n  4: " x)
#define INVALID "Invalid argument (os error 22)"
#define TABLE "failed to add guest memory map into iommu table: "
#define REFUSED(x)                                                                                 \
	CHAIN "  0: Error creating VM\n  1: The VM could not be created\n  2: Failed to validate " \
	      "config\n  3: " x
#define BAR_OLD(more) OLD("VfioMapRegion(DmaMap(IommuDmaMap(Error(22))" more "))")
#define BAR_NEW(path, bdf)                                                                         \
	NEW("Failed to map VFIO MMIO region\n  4: Failed to DMA map: " TABLE INVALID               \
	    " for device " path " (guest BDF: " bdf ")\n  5: " TABLE INVALID "\n  6: " INVALID)
#define ID(x) "cloud-hypervisor." x

static const struct rule_case rows[] = {
	/* the config itself */
	{"a segment that is not there", &host_intel48, V("48.0"), RUN NIC ",pci_segment=2", NULL,
	 FIRES(ID("config-refused")), "fails", REFUSED("Invalid PCI segment id: 2")},
	{"a segment that is not there, 46.0", &host_intel48, V("46.0"),
	 RUN "--platform num_pci_segments=2 " NIC ",pci_segment=2", NULL,
	 FIRES(ID("config-refused")), "fails",
	 "Error creating VM: VmCreate(ConfigValidation(InvalidPciSegment(2)))"},
	{"before the vIOMMU on a segment of it", &host_intel48, V("48.0"),
	 RUN "--platform num_pci_segments=2,iommu_segments=[1] " NIC ",pci_segment=1", NULL,
	 FIRES(ID("config-refused")), "fails",
	 REFUSED("Device is on an IOMMU PCI segment (1) but not placed behind IOMMU")},
	{"80 bits", &host_intel48, V("48.0"), RUN "--platform iommu_address_width=80 " NIC, NULL,
	 FIRES(ID("config-refused")), "fails",
	 REFUSED("IOMMU address width in bits (80) should be less than or equal to 64")},
	{"97 segments", &host_intel48, V("48.0"), RUN "--platform num_pci_segments=97 " NIC, NULL,
	 FIRES(ID("config-refused")), "fails",
	 REFUSED("Number of PCI segments (97) not in range of 1 to 96")},
	{"17 segments, 31.0", &host_intel48, V("31.0"), RUN "--platform num_pci_segments=17 " NIC,
	 NULL, FIRES(ID("config-refused")), "fails",
	 "Error creating VM: VmCreate(ConfigValidation(InvalidNumPciSegments(17)))"},
	{"17 segments, 32.0", &host_intel48, V("32.0"), RUN "--platform num_pci_segments=17 " NIC,
	 NULL, SILENT(ID("config-refused")), "starts works", NULL},
	{"a device twice", &host_intel48, V("48.0"), RUN NIC " path=" PATH("0000:00:05.0"), NULL,
	 FIRES(ID("config-refused")), "fails",
	 REFUSED("Duplicated device path: " PATH("0000:00:05.0"))},
	{"an id twice, in JSON", &host_intel48, V("48.0"),
	 "{\"payload\": {}, \"disks\": [{\"id\": \"a\"}], \"devices\": [{\"id\": \"a\", \"path\": "
	 "\"" PATH("0000:00:05.0") "\"}]}",
	 NULL, FIRES(ID("config-refused")), "fails", REFUSED("Identifier a is not unique")},
	{"fewer vCPUs than start", &host_intel48, V("48.0"), RUN "--cpus boot=4,max=2 " NIC, NULL,
	 FIRES(ID("config-refused")), "fails", REFUSED("Max CPUs lower than boot CPUs")},
	{"behind the vIOMMU on a segment of it", &host_intel48, V("48.0"),
	 RUN "--platform num_pci_segments=2,iommu_segments=[1],iommu_address_width=48 " NIC
	     ",pci_segment=1,iommu=on",
	 NULL, SILENT(ID("config-refused")), "starts works", NULL},

	/* the device and its group */
	{"no such device, 46.0", &host_intel39, V("46.0"),
	 RUN "--device path=" PATH("0000:00:1e.0"), NULL, FIRES(ID("device-absent")), "fails",
	 OLD("VfioCreate(InvalidPath)")},
	{"no such device", &host_intel39, V("48.0"), RUN "--device path=" PATH("0000:00:1e.0"),
	 NULL, FIRES(ID("device-absent")), "fails", CREATE("invalid file path")},
	{"there", &host_intel39, V("48.0"), RUN NIC, NULL, SILENT(ID("device-absent")),
	 "starts works", NULL},
	{"a path of one's own", &host_intel39, V("48.0"), RUN "--device path=/run/gpu", NULL,
	 FIRES(ID("device-not-identified")), "unknown unknown", NULL},
	{"a PCI address", &host_intel39, V("48.0"), RUN NIC, NULL,
	 SILENT(ID("device-not-identified")), "starts works", NULL},
	{"no IOMMU", &host_none, V("48.0"), RUN NIC, NULL, FIRES(ID("no-iommu-group")), "fails",
	 CREATE("invalid file path")},
	{"an IOMMU", &host_intel39, V("48.0"), RUN NIC, NULL, SILENT(ID("no-iommu-group")),
	 "starts works", NULL},
	{"not bound, 46.0", &host_intel39_unbound, V("46.0"), RUN NIC, NULL, FIRES(ID("not-bound")),
	 "fails",
	 OLD("VfioCreate(OpenGroup(Os { code: 2, kind: NotFound, message: \"No such file or "
	     "directory\" }, \"3\"))")},
	{"not bound", &host_intel39_unbound, V("48.0"), RUN NIC, NULL, FIRES(ID("not-bound")),
	 "fails",
	 CREATE("failed to open /dev/vfio/3 group: No such file or directory (os error 2)\n"
		"  5: No such file or directory (os error 2)")},
	{"not bound, iommufd", &host_intel39_unbound, V("52.0"),
	 RUN "--platform iommufd=on,vfio_p2p_dma=off " NIC, NULL, FIRES(ID("not-bound")), "fails",
	 NULL},
	{"a mate is bound", &host_mate_only, V("48.0"), RUN "--device path=" PATH("0000:02:02.0"),
	 NULL, FIRES(ID("not-bound")), "fails",
	 CREATE("failed to get vfio device fd: No such device (os error 19)\n"
		"  5: No such device (os error 19)")},
	{"bound", &host_intel39, V("48.0"), RUN NIC, NULL, SILENT(ID("not-bound")), "starts works",
	 NULL},
	{"a mate is the host's, 46.0", &host_mate_busy, V("46.0"),
	 RUN "--device path=" PATH("0000:02:01.0"), NULL, FIRES(ID("group-not-viable")), "fails",
	 OLD("VfioCreate(GroupViable)")},
	{"a mate is the host's", &host_mate_busy, V("48.0"),
	 RUN "--device path=" PATH("0000:02:01.0"), NULL, FIRES(ID("group-not-viable")), "fails",
	 CREATE("group is not viable")},
	{"no mate", &host_mate_busy, V("48.0"), RUN NIC, NULL, SILENT(ID("group-not-viable")),
	 "starts works", NULL},
	{"one of two behind the vIOMMU", &host_intel48, V("48.0"),
	 RUN "--device path=" PATH("0000:02:01.0") " path=" PATH("0000:02:02.0") ",iommu=on", NULL,
	 FIRES(ID("group-in-several-containers")), "fails",
	 CREATE("failed to open /dev/vfio/11 group: Device or resource busy (os error 16)\n"
		"  5: Device or resource busy (os error 16)")},
	{"none of two behind the vIOMMU", &host_intel48, V("48.0"),
	 RUN "--device path=" PATH("0000:02:01.0") " path=" PATH("0000:02:02.0"), NULL,
	 SILENT(ID("group-in-several-containers")), "starts works", NULL},
	{"mapped one to one", &host_direct, V("48.0"), RUN NIC, NULL, FIRES(ID("direct-region")),
	 "fails", CREATE("failed to add vfio group into vfio container")},
	{"mapped one to one, Linux 6.5", &host_direct_6_5, V("46.0"), RUN NIC, NULL,
	 FIRES(ID("direct-region")), "fails", OLD("VfioCreate(ContainerSetIOMMU(Error(1)))")},
	{"relaxable", &host_relaxable, V("48.0"), RUN NIC, NULL, SILENT(ID("direct-region")),
	 "starts works", NULL},
	{"no interrupt remapping", &host_no_remapping, V("48.0"), RUN NIC, NULL,
	 FIRES(ID("no-interrupt-remapping")), "fails",
	 CREATE("failed to set container's IOMMU driver type as VfioType1V2: Operation not "
		"permitted (os error 1)\n  5: Operation not permitted (os error 1)")},
	{"interrupt remapping", &host_intel39, V("48.0"), RUN NIC, NULL,
	 SILENT(ID("no-interrupt-remapping")), "starts works", NULL},
	{"no tables", &host_no_domain, V("48.0"), RUN NIC, NULL, FIRES(ID("no-domain")), "fails",
	 CREATE("failed to set container's IOMMU driver type as VfioType1V2: Operation not "
		"supported (os error 95)\n  5: Operation not supported (os error 95)")},
	{"tables", &host_intel39, V("48.0"), RUN NIC, NULL, SILENT(ID("no-domain")), "starts works",
	 NULL},
	{"no iommufd in Linux 6.1", &host_kernel_6_1, V("52.0"),
	 RUN "--platform iommufd=on,vfio_p2p_dma=off " NIC, NULL, FIRES(ID("no-iommufd")), "fails",
	 NULL},
	{"iommufd", &host_intel39, V("52.0"), RUN "--platform iommufd=on,vfio_p2p_dma=off " NIC,
	 NULL, SILENT(ID("no-iommufd")), "starts works", NULL},

	/* memory */
	{"600 GiB for 39 bits, 46.0", &host_intel39, V("46.0"), RUN "--memory size=600G " NIC, NULL,
	 FIRES(ID("ram-outside-iova")), "fails", OLD("VfioDmaMap(IommuDmaMap(Error(22)))")},
	{"600 GiB for 39 bits", &host_intel39, V("48.0"), RUN "--memory size=600G " NIC, NULL,
	 FIRES(ID("ram-outside-iova")), "fails",
	 NEW("Failed to DMA map VFIO device\n  4: " TABLE INVALID "\n  5: " INVALID)},
	{"600 GiB behind the vIOMMU", &host_intel39, V("48.0"),
	 RUN "--memory size=600G --platform iommu_address_width=39 " NIC ",iommu=on", NULL,
	 SILENT(ID("ram-outside-iova")), "starts works", NULL},
	{"511 GiB for 39 bits", &host_intel39, V("48.0"), RUN "--memory size=511G " NIC, NULL,
	 SILENT(ID("ram-outside-iova")), "starts works", NULL},
	{"1 MiB may be locked", &host_locked_1m, V("48.0"), RUN NIC, NULL,
	 FIRES(ID("locked-limit")), "fails",
	 NEW("Failed to DMA map VFIO device\n  4: " TABLE "Cannot allocate memory (os error 12)\n"
	     "  5: Cannot allocate memory (os error 12)")},
	{"all may be locked", &host_intel39, V("48.0"), RUN NIC, NULL, SILENT(ID("locked-limit")),
	 "starts works", NULL},
	{"room up to 1 TiB", &host_intel39, V("48.0"),
	 RUN "--memory size=4G,hotplug_size=1020G " NIC, NULL, FIRES(ID("hotplug-outside-iova")),
	 "starts works", NULL},
	{"room up to 8 GiB", &host_intel39, V("48.0"), RUN "--memory size=4G,hotplug_size=4G " NIC,
	 NULL, SILENT(ID("hotplug-outside-iova")), "starts works", NULL},

	/* BARs */
	{"16 GiB at the end of 46 bits, 37.0", &host_intel39, V("37.0"), RUN GPU, NULL,
	 SILENT(ID("bar-outside-iova")), "starts works", NULL},
	{"16 GiB at the end of 46 bits, 44.0", &host_intel39, V("44.0"), RUN GPU, NULL,
	 FIRES(ID("bar-outside-iova")), "fails", BAR_OLD("")},
	{"16 GiB at the end of 46 bits, 46.0", &host_intel39, V("46.0"), RUN GPU, NULL,
	 FIRES(ID("bar-outside-iova")), "fails",
	 BAR_OLD(", \"" PATH("0000:00:07.0") "\", 0000:00:03.0")},
	{"16 GiB at the end of 46 bits", &host_intel39, V("48.0"), RUN GPU, NULL,
	 FIRES(ID("bar-outside-iova")), "fails", BAR_NEW(PATH("0000:00:07.0"), "0000:00:03.0")},
	{"16 GiB at the end of 39 bits", &host_intel39, V("48.0"),
	 RUN "--cpus max_phys_bits=39 " GPU, NULL, SILENT(ID("bar-outside-iova")), "starts works",
	 NULL},
	{"16 GiB behind the vIOMMU", &host_intel39, V("48.0"),
	 RUN "--platform iommu_address_width=39 " GPU ",iommu=on", NULL,
	 SILENT(ID("bar-outside-iova")), "starts works", NULL},
	{"16 GiB without peer-to-peer DMA", &host_intel39, V("52.0"),
	 RUN "--platform vfio_p2p_dma=off " GPU, NULL, SILENT(ID("bar-outside-iova")),
	 "starts works", NULL},
	{"that BAR left out", &host_intel39, V("52.0"), RUN GPU ",x_exclude_mmap_bars=[2]", NULL,
	 SILENT(ID("bar-outside-iova")), "starts works", NULL},
	{"16 GiB, 48 bits", &host_intel48, V("48.0"), RUN GPU, NULL, SILENT(ID("bar-outside-iova")),
	 "starts works", NULL},
	{"iommufd and peer-to-peer DMA", &host_intel39, V("52.0"), RUN "--platform iommufd=on " NIC,
	 NULL, FIRES(ID("bar-not-pinned")), "fails", NULL},
	{"iommufd", &host_intel39, V("52.0"), RUN "--platform iommufd=on,vfio_p2p_dma=off " NIC,
	 NULL, SILENT(ID("bar-not-pinned")), "starts works", NULL},
	{"a pmem file of some size", &host_intel39, V("48.0"), RUN "--pmem file=/a " GPU, NULL,
	 FIRES(ID("bars-not-placed")), "unknown unknown", NULL},
	{"a pmem file of 1 GiB", &host_intel39, V("48.0"),
	 RUN "--cpus max_phys_bits=39 --pmem file=/a,size=1G " GPU, NULL,
	 SILENT(ID("bars-not-placed")), "starts works", NULL},

	/* while it runs */
	{"64 bits over 39", &host_intel39, V("48.0"), RUN NIC ",iommu=on", NULL,
	 FIRES(ID("viommu-exceeds-host")), "starts degraded", NULL},
	{"64 bits over 39, 43.0", &host_intel39, V("43.0"), RUN NIC ",iommu=on", NULL,
	 FIRES(ID("viommu-exceeds-host")), "starts degraded", NULL},
	{"39 bits over 39", &host_intel39, V("48.0"),
	 RUN "--platform iommu_address_width=39 " NIC ",iommu=on", NULL,
	 SILENT(ID("viommu-exceeds-host")), "starts works", NULL},
	{"a device before it", &host_intel39, V("48.0"), RUN NIC " --disk path=a,iommu=on", NULL,
	 SILENT(ID("viommu-exceeds-host")), "starts works", NULL},

	/* hot-plug and migration */
	{"plugged behind the vIOMMU", &host_intel39, V("48.0"), RUN "--disk path=a,iommu=on",
	 "path=" PATH("0000:00:05.0") ",iommu=on", FIRES(ID("hotplug-behind-viommu")),
	 "starts refused works", NULL},
	{"plugged on a segment of the vIOMMU", &host_intel39, V("48.0"),
	 RUN "--platform num_pci_segments=2,iommu_segments=[1],iommu_address_width=39",
	 "path=" PATH("0000:00:05.0") ",iommu=on,pci_segment=1",
	 SILENT(ID("hotplug-behind-viommu")), "starts accepted works", NULL},
	{"plugged and out of reach", &host_intel39, V("48.0"), RUN, "path=" PATH("0000:00:07.0"),
	 FIRES(ID("bar-outside-iova")), "starts refused works", NULL},
	{"53.0", &host_intel39, V("53.0"), RUN NIC, NULL, FIRES(ID("no-vfio-migration")),
	 "starts works blocked", NULL},
	{"54.0", &host_intel39, V("54.0"), RUN NIC, NULL, SILENT(ID("no-vfio-migration")),
	 "starts works", NULL},
	{"54.0, behind the vIOMMU", &host_intel39, V("54.0"),
	 RUN "--platform iommu_address_width=39 " NIC ",iommu=on", NULL,
	 FIRES(ID("no-viommu-migration")), "starts works blocked", NULL},
	{"54.0, before it", &host_intel39, V("54.0"), RUN NIC, NULL,
	 SILENT(ID("no-viommu-migration")), "starts works", NULL},

	/* what belongs to QEMU */
	{"no warning, but a stop", &host_intel39, V("48.0"), RUN GPU, NULL,
	 SILENT("map.bar-outside-iova"), "fails", BAR_NEW(PATH("0000:00:07.0"), "0000:00:03.0")},
	{"QEMU only warns", &host_intel39, "11.1", Q35 "-device vfio-pci,host=0000:00:05.0", NULL,
	 SILENT(ID("bar-outside-iova")), "starts works", NULL},

	/* remarks */
	{"a member that does not exist", &host_intel39, V("48.0"),
	 "{\"payload\": {}, \"platform\": {\"iommu_address_width\": 39}, \"devices\": [{\"path\": "
	 "\"" PATH("0000:00:05.0") "\", \"iommu\": true}]}",
	 NULL, FIRES("config.setting-dropped"), "starts degraded", NULL},
	{"the member that it is", &host_intel39, V("48.0"),
	 "{\"payload\": {}, \"platform\": {\"iommu_address_width_bits\": 39}, \"devices\": "
	 "[{\"path\": \"" PATH("0000:00:05.0") "\", \"iommu\": true}]}",
	 NULL, SILENT("config.setting-dropped"), "starts works", NULL},
	{"a setting that does not exist", &host_intel39, V("54.0"), RUN "--platform iommu=on " NIC,
	 NULL, FIRES("config.manager-refuses"), "fails",
	 CHAIN "  0: Error parsing config\n  1: Error parsing --platform\n"
	       "  2: unknown option: iommu"},
	{"a setting that exists", &host_intel39, V("54.0"), RUN "--platform vfio_p2p_dma=on " NIC,
	 NULL, SILENT("config.manager-refuses"), "starts works", NULL},
};

CASES(cloud_hypervisor_cases, rows);
