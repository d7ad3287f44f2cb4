/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assigned devices: found, bound, opened and attached; and what the kernel says to that. */
#include "rules.h"

#define CONTAINER "vfio " BDF ": failed to setup container for group 3: "
#define BIND "vfio " BDF ": error bind device fd=N to iommufd=N: "
#define NO_CDEV_NUMBER                                                                             \
	"vfio " BDF ": vfio /sys/bus/pci/devices/" BDF "/vfio-dev: failed to load "                \
	"\"/sys/bus/pci/devices/" BDF "/vfio-dev/vfio0/dev\""
#define NO_CDEV(bdf)                                                                               \
	"vfio " bdf ": vfio /sys/bus/pci/devices/" bdf                                             \
	"/vfio-dev: couldn't open directory /sys/bus/pci/devices/" bdf                             \
	"/vfio-dev: No such file or directory"
#define INTEL "-device intel-iommu,caching-mode=on,aw-bits=39 "
#define PAIR                                                                                       \
	"-device vfio-pci,host=0000:02:01.0,id=dev0 -device vfio-pci,host=0000:02:02.0,id=dev1 "
#define PAIR_FD                                                                                    \
	OBJECT "-device vfio-pci,host=0000:02:01.0,id=dev0,iommufd=iommufd0 -device "              \
	       "vfio-pci,host=0000:02:02.0,id=dev1,iommufd=iommufd0 "
#define HINT_9_0                                                                                   \
	"Use -device vfio-pci,host=DDDD:BB:DD.F or -device vfio-pci,fd=DEVICE_FD or -device "      \
	"vfio-pci,sysfsdev=PATH_TO_DEVICE"

static const struct rule_case rows[] = {
	{"no device, 8.2", &host_intel39, "8.2", Q35 "-device vfio-pci,id=dev0", NULL,
	 FIRES("vfio.no-device-given"), "fails",
	 "No provided host device\nUse -device vfio-pci,host=DDDD:BB:DD.F or -device "
	 "vfio-pci,sysfsdev=PATH_TO_DEVICE"},
	{"no device, 9.0", &host_intel39, "9.0", Q35 "-device vfio-pci,id=dev0", NULL,
	 FIRES("vfio.no-device-given"), "fails", "No provided host device\n" HINT_9_0},
	{"a device by its path", &host_intel39, "9.0",
	 Q35 "-device vfio-pci,sysfsdev=/sys/bus/pci/devices/" BDF ",id=dev0", NULL,
	 SILENT("vfio.no-device-given"), "starts works", NULL},

	{"a path that is no device's", &host_intel39, "11.1",
	 Q35 "-device vfio-pci,sysfsdev=/sys/bus/pci/devices/none,id=dev0", NULL,
	 FIRES("vfio.device-absent"), "fails",
	 "vfio /sys/bus/pci/devices/none: no such host device: No such file or directory"},
	{"no such device", &host_intel39, "11.1", Q35 "-device vfio-pci,host=0000:00:1e.0,id=dev0",
	 NULL, FIRES("vfio.device-absent"), "fails",
	 "vfio /sys/bus/pci/devices/0000:00:1e.0: no such host device: No such file or directory"},
	{"such a device", &host_intel39, "11.1", Q35 DEV, NULL, SILENT("vfio.device-absent"),
	 "starts works", NULL},

	{"a descriptor that cannot be followed", &host_intel39, "11.1",
	 Q35 OBJECT "-device vfio-pci,fd=9,iommufd=iommufd0,id=dev0", NULL,
	 FIRES("vfio.device-not-identified"), "unknown unknown", NULL},
	{"host=", &host_intel39, "11.1", Q35 DEV_FD, NULL, SILENT("vfio.device-not-identified"),
	 "starts works", NULL},

	{"fd= with the legacy backend", &host_intel39, "11.1", Q35 "-device vfio-pci,fd=5,id=dev0",
	 NULL, FIRES("vfio.fd-without-iommufd"), "fails",
	 "Use FD passing only with iommufd backend"},
	{"host= with it", &host_intel39, "11.1", Q35 DEV, NULL, SILENT("vfio.fd-without-iommufd"),
	 "starts works", NULL},

	{"intel_iommu=off, legacy", &host_off, "11.1", Q35 DEV, NULL, FIRES("vfio.no-iommu-group"),
	 "fails", "vfio " BDF ": no iommu_group found: No such file or directory"},
	{"no IOMMU, iommufd", &host_none, "10.0", Q35 DEV_FD, NULL, FIRES("vfio.no-iommu-group"),
	 "fails", NO_CDEV(BDF)},
	{"an IOMMU", &host_intel39, "10.0", Q35 DEV_FD, NULL, SILENT("vfio.no-iommu-group"),
	 "starts works", NIC_UNPINNED_10},

	{"not bound, 9.0", &host_intel39_unbound, "9.0", Q35 DEV, NULL, FIRES("vfio.not-bound"),
	 "fails", "vfio " BDF ": failed to open /dev/vfio/3: No such file or directory"},
	{"not bound, 9.1", &host_intel39_unbound, "9.1", Q35 DEV, NULL, FIRES("vfio.not-bound"),
	 "fails", "vfio " BDF ": Could not open '/dev/vfio/3': No such file or directory"},
	{"not bound, iommufd", &host_intel39_unbound, "11.1", Q35 DEV_FD, NULL,
	 FIRES("vfio.not-bound"), "fails", NO_CDEV(BDF)},
	{"not bound, but its group mate is, and RAM that is not mapped before", &host_mate_only,
	 "11.1", "-machine q35 -accel tcg -m 600G -device vfio-pci,host=0000:02:02.0,id=dev0", NULL,
	 SILENT("vfio.not-bound"), "fails",
	 "vfio 0000:02:02.0: failed to setup container for group 11: memory listener "
	 "initialization "
	 "failed: Region pc.ram: vfio_container_dma_map(PTR, 0x100000000, 0x9580000000, PTR) = -22 "
	 "(Invalid argument)"},
	{"not bound, but its group mate is", &host_mate_only, "11.1",
	 Q35 "-device vfio-pci,host=0000:02:02.0,id=dev0", NULL, FIRES("vfio.not-bound"), "fails",
	 "vfio 0000:02:02.0: error getting device from group 11: No such device\nVerify all "
	 "devices in group 11 are bound to "
	 "vfio-<bus> or pci-stub and not already in use"},
	{"bound, and its group mate has no driver", &host_mate_only, "11.1",
	 Q35 "-device vfio-pci,host=0000:02:01.0,id=dev0", NULL, SILENT("vfio.not-bound"),
	 "starts works", NULL},

	{"a mate with a driver, legacy", &host_mate_busy, "11.1",
	 Q35 "-device vfio-pci,host=0000:02:01.0,id=dev0", NULL, FIRES("vfio.group-not-viable"),
	 "fails",
	 "vfio 0000:02:01.0: group 11 is not viable\nPlease ensure all devices within the "
	 "iommu_group are bound to their vfio "
	 "bus driver."},
	{"a mate with a driver, iommufd", &host_mate_busy, "11.1",
	 Q35 OBJECT "-device vfio-pci,host=0000:02:01.0,id=dev0,iommufd=iommufd0", NULL,
	 FIRES("vfio.group-not-viable"), "fails",
	 "vfio 0000:02:01.0: error bind device fd=N to iommufd=N: Operation not permitted"},
	{"a mate without a driver", &host_mate_only, "11.1",
	 Q35 "-device vfio-pci,host=0000:02:01.0,id=dev0", NULL, SILENT("vfio.group-not-viable"),
	 "starts works", NULL},

	{"direct region, legacy, 7.2", &host_direct, "11.1", Q35 DEV, NULL,
	 FIRES("vfio.direct-region"), "fails",
	 CONTAINER "Failed to set group container: Invalid argument"},
	{"direct region, legacy, 6.6", &host_direct_6_6, "10.0", Q35 DEV, NULL,
	 FIRES("vfio.direct-region"), "fails",
	 CONTAINER "Failed to set group container: Invalid argument"},
	{"direct region, legacy, 6.5", &host_direct_6_5, "10.0", Q35 DEV, NULL,
	 FIRES("vfio.direct-region"), "fails",
	 CONTAINER "Failed to set iommu for container: Operation not permitted"},
	{"direct region, iommufd", &host_direct, "11.1", Q35 DEV_FD, NULL,
	 FIRES("vfio.direct-region"), "fails", BIND "Invalid argument"},
	{"direct region of another group", &host_direct, "11.1",
	 Q35 "-device vfio-pci,host=0000:00:06.0,id=dev0", NULL, SILENT("vfio.direct-region"),
	 "starts works", NULL},
	{"a relaxed one, legacy", &host_relaxable, "11.1", Q35 DEV, NULL,
	 SILENT("vfio.direct-region"), "starts works", NULL},
	{"a relaxed one, iommufd", &host_relaxable, "11.1", Q35 DEV_FD, NULL,
	 SILENT("vfio.direct-region"), "starts works", NULL},

	{"30 bits, legacy", &host_no_domain, "11.1", Q35 DEV, NULL, FIRES("vfio.no-domain"),
	 "fails", CONTAINER "Failed to set iommu for container: Operation not supported"},
	{"30 bits, iommufd", &host_no_domain, "11.1", Q35 DEV_FD, NULL, FIRES("vfio.no-domain"),
	 "fails", "vfio " BDF ": Failed to allocate hwpt: Operation not supported"},
	{"39 bits", &host_intel39, "11.1", Q35 DEV, NULL, SILENT("vfio.no-domain"), "starts works",
	 NULL},

	{"no interrupt remapping, legacy", &host_no_remapping, "11.1", Q35 DEV, NULL,
	 FIRES("vfio.no-interrupt-remapping"), "fails",
	 CONTAINER "Failed to set iommu for container: Operation not permitted"},
	{"no interrupt remapping, iommufd", &host_no_remapping, "11.1", Q35 DEV_FD, NULL,
	 FIRES("vfio.no-interrupt-remapping"), "fails", BIND "Operation not permitted"},
	{"unsafe interrupts allowed", &host_virtio, "11.1", Q35 DEV, NULL,
	 SILENT("vfio.no-interrupt-remapping"), "starts works", NULL},

	{"Linux 6.1", &host_kernel_6_1, "10.0", Q35 DEV_FD, NULL, FIRES("vfio.no-iommufd"), "fails",
	 NO_CDEV_NUMBER},
	{"Linux 6.1, legacy", &host_kernel_6_1, "10.0", Q35 DEV, NULL, SILENT("vfio.no-iommufd"),
	 "starts works", NULL},

	{"twice, legacy", &host_intel48, "11.1", Q35 DEV "-device vfio-pci,host=" BDF ",id=dev1",
	 NULL, FIRES("vfio.device-used-twice"), "fails",
	 "vfio " BDF ": device is already attached"},
	{"twice, iommufd", &host_intel48, "11.1",
	 Q35 DEV_FD "-device vfio-pci,host=" BDF ",id=dev1,iommufd=iommufd0", NULL,
	 FIRES("vfio.device-used-twice"), "fails", BIND "Invalid argument"},
	{"two", &host_intel48, "11.1", Q35 DEV "-device vfio-pci,host=0000:00:06.0,id=dev1", NULL,
	 SILENT("vfio.device-used-twice"), "starts works", NULL},

	{"one group behind a vIOMMU, legacy", &host_intel39, "11.1", Q35 INTEL PAIR, NULL,
	 FIRES("vfio.group-in-several-address-spaces"), "fails",
	 "vfio 0000:02:02.0: group 11 used in multiple address spaces"},
	{"one group behind a vIOMMU, iommufd, 10.0", &host_intel39, "10.0", Q35 INTEL PAIR_FD, NULL,
	 FIRES("vfio.group-in-several-address-spaces"), "fails",
	 "vfio 0000:02:02.0: [iommufd=N] error attach 0000:02:02.0 (N) to id=N: Invalid argument"},
	{"one group without a vIOMMU", &host_intel39, "10.0", Q35 PAIR, NULL,
	 SILENT("vfio.group-in-several-address-spaces"), "starts works", NULL},

	{"one group through both backends", &host_intel39, "10.0",
	 Q35 OBJECT "-device vfio-pci,host=0000:02:01.0,id=dev0 -device "
		    "vfio-pci,host=0000:02:02.0,id=dev1,iommufd=iommufd0",
	 NULL, FIRES("vfio.mixed-backends"), "fails",
	 "vfio 0000:02:02.0: error bind device fd=N to iommufd=N: Device or resource busy"},
	{"two groups through both backends", &host_intel39, "10.0",
	 Q35 OBJECT "-device vfio-pci,host=0000:02:01.0,id=dev0 -device vfio-pci,host=" BDF
		    ",id=dev1,iommufd=iommufd0",
	 NULL, SILENT("vfio.mixed-backends"), "starts works",
	 UNPINNED "\nwarning: " UNPINNED_AT("0xfeb80000", "0x20000") "\n" NO_P2P(
		 "0000:02:01.0") "\n" UNPINNED "\n" UNPINNED "\n" UNPINNED},

	{"one group through two iommufd objects", &host_intel48, "10.0",
	 Q35 OBJECT "-object iommufd,id=other -device vfio-pci,host=0000:02:01.0,id=dev0,iommufd="
		    "iommufd0 -device vfio-pci,host=0000:02:02.0,id=dev1,iommufd=other",
	 NULL, FIRES("vfio.group-in-several-iommufds"), "fails",
	 "vfio 0000:02:02.0: error bind device fd=N to iommufd=N: Operation not permitted"},
	{"two groups through two iommufd objects", &host_intel48, "10.0",
	 Q35 OBJECT "-object iommufd,id=other -device vfio-pci,host=0000:00:06.0,id=dev0,iommufd="
		    "iommufd0,x-no-mmap=on -device vfio-pci,host=" BDF
		    ",id=dev1,iommufd=other,x-no-mmap=on",
	 NULL, SILENT("vfio.group-in-several-iommufds"), "starts works", NULL},

	{"256 bytes, 11.0", &host_intel48, "11.0", Q35 "-device vfio-pci,host=0000:00:08.0,id=dev0",
	 NULL, FIRES("vfio.bar-without-dma-buf"), "starts works",
	 "0000:00:08.0 BAR 0: failed to create dma-buf: PCI BAR IOMMU mappings may fail: Invalid "
	 "argument"},
	{"256 bytes, 11.1", &host_intel48, "11.1", Q35 "-device vfio-pci,host=0000:00:08.0,id=dev0",
	 NULL, FIRES("vfio.bar-without-dma-buf"), "starts works",
	 "warning: 0000:00:08.0 BAR 0: dma-buf unavailable, using mmap fallback, P2P DMA will not "
	 "work: Invalid argument"},
	{"256 bytes, 10.2", &host_intel48, "10.2", Q35 "-device vfio-pci,host=0000:00:08.0,id=dev0",
	 NULL, SILENT("vfio.bar-without-dma-buf"), "starts works", NULL},
	{"256 bytes, not mapped", &host_intel48, "11.1",
	 Q35 "-device vfio-pci,host=0000:00:08.0,id=dev0,x-no-mmap=on", NULL,
	 SILENT("vfio.bar-without-dma-buf"), "starts works", NULL},

	{"Linux 6.12, 11.0", &host_kernel_6_12, "11.0", Q35 DEV, NULL, FIRES("vfio.no-dma-buf"),
	 "starts works",
	 "warning: VFIO dma-buf not supported in kernel: PCI BAR IOMMU mappings may fail"},
	{"Linux 6.12, 11.1", &host_kernel_6_12, "11.1", Q35 DEV, NULL, FIRES("vfio.no-dma-buf"),
	 "starts works",
	 "warning: VFIO dma-buf not supported in kernel, using mmap fallback, P2P DMA will not "
	 "work"},
	{"first stage, 6.12, 10.0", &host_first_stage_6_12, "10.0", Q35 DEV_FD, NULL,
	 FIRES("vfio.no-second-stage"), "fails",
	 "vfio " BDF ": [iommufd=N] error attach " BDF " (N) to id=N: Invalid argument"},
	{"first stage, 6.12, legacy", &host_first_stage_6_12, "10.0", Q35 DEV, NULL,
	 SILENT("vfio.no-second-stage"), "starts works", NULL},
	{"first stage, 6.13", &host_first_stage_6_13, "10.0",
	 Q35 OBJECT "-device vfio-pci,host=" BDF ",id=dev0,iommufd=iommufd0,x-no-mmap=on", NULL,
	 SILENT("vfio.no-second-stage"), "starts works", NULL},
	{"virtio-iommu, 6.12, 10.0", &host_virtio_6_12, "10.0", Q35 DEV_FD, NULL,
	 FIRES("memory.outside-iova"), "fails",
	 "vfio " BDF ": memory listener initialization failed: Region pc.ram: "
	 "vfio_container_dma_map(PTR, 0x0, 0x4000000, PTR) = -22 (Invalid argument)"},
	{"virtio-iommu, 6.12, 9.0", &host_virtio_6_12, "9.0",
	 Q35 OBJECT "-device vfio-pci,host=" BDF ",id=dev0,iommufd=iommufd0,x-no-mmap=on", NULL,
	 SILENT("memory.outside-iova"), "starts works", NULL},
	{"virtio-iommu, 6.12, legacy", &host_virtio_6_12, "10.0", Q35 DEV, NULL,
	 SILENT("memory.outside-iova"), "starts works", NULL},
	{"Linux 6.1, 11.1", &host_kernel_6_1, "11.1", Q35 DEV_FD, NULL, FIRES("vfio.no-dev-iommu"),
	 "fails", "/dev/iommu does not exist (is your kernel config missing CONFIG_IOMMUFD?)"},
	{"Linux 6.1, 10.2", &host_kernel_6_1, "10.2", Q35 DEV_FD, NULL, SILENT("vfio.no-dev-iommu"),
	 "fails", NO_CDEV_NUMBER},
	{"Linux 6.1, 11.1, unused", &host_kernel_6_1, "11.1", Q35 " -object iommufd,id=i " DEV,
	 NULL, FIRES("vfio.no-dev-iommu"), "fails",
	 "/dev/iommu does not exist (is your kernel config missing CONFIG_IOMMUFD?)"},
	{"Linux 7.2, 11.1, object", &host_intel39, "11.1", Q35 " -object iommufd,id=i " DEV, NULL,
	 SILENT("vfio.no-dev-iommu"), "starts works", NULL},
	{"Linux 7.2, 11.0", &host_intel39, "11.0", Q35 DEV, NULL, SILENT("vfio.no-dma-buf"),
	 "starts works", NULL},
	{"Linux 6.12, 10.2", &host_kernel_6_12, "10.2", Q35 DEV, NULL, SILENT("vfio.no-dma-buf"),
	 "starts works", NULL},

	{"a second device below a port", &host_intel48, "11.1",
	 Q35 PORT "-device vfio-pci,host=" BDF
		  ",id=dev0,bus=rp0 -device vfio-pci,host=0000:00:06.0,id=dev1,bus=rp0,addr=1",
	 NULL, FIRES("vfio.slot-not-valid"), "starts works",
	 "warning: PCI: slot 1 is not valid for vfio-pci, parent device only allows plugging into "
	 "slot 0."},
	{"the first", &host_intel48, "11.1",
	 Q35 PORT "-device vfio-pci,host=" BDF ",id=dev0,bus=rp0", NULL,
	 SILENT("vfio.slot-not-valid"), "starts works", NULL},

	{"a legacy device after one of iommufd, 11.1", &host_intel48, "11.1",
	 Q35 DEV_FD "-device vfio-pci,host=0000:00:06.0,id=dev1", NULL,
	 FIRES("vfio.backends-in-one-space"), "fails",
	 "./include/hw/vfio/vfio-container-legacy.h:15:VFIO_IOMMU_LEGACY: Object PTR is not an "
	 "instance of type vfio-iommu-legacy"},
	{"a device of iommufd after a legacy one, 11.1", &host_intel48, "11.1",
	 Q35 OBJECT DEV "-device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=iommufd0", NULL,
	 FIRES("vfio.backends-in-one-space"), "fails",
	 "hw/vfio/vfio-iommufd.h:33:VFIO_IOMMU_IOMMUFD: Object PTR is not an instance of type "
	 "vfio-iommu-iommufd"},
	{"both backends, plugged", &host_intel48, "11.1",
	 Q35 OBJECT PORT "-device vfio-pci,host=0000:00:06.0,id=dev1", PLUG_FD,
	 FIRES("vfio.backends-in-one-space"), "starts kills-vm unknown",
	 "hw/vfio/vfio-iommufd.h:33:VFIO_IOMMU_IOMMUFD: Object PTR is not an instance of type "
	 "vfio-iommu-iommufd"},
	{"both backends, each in a space of its own", &host_intel48, "11.1",
	 Q35 OBJECT "-device virtio-iommu-pci " DEV
		    "-device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=iommufd0,x-no-mmap=on",
	 NULL, SILENT("vfio.backends-in-one-space"), "starts works", NULL},
	{"both backends, 10.0", &host_intel48, "10.0",
	 Q35 OBJECT "-device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=iommufd0,x-no-mmap=on "
		    "-device vfio-pci,host=" BDF ",id=dev0,x-no-mmap=on",
	 NULL, SILENT("vfio.backends-in-one-space"), "starts works", NULL},

	{"a second device plugged below a port", &host_intel48, "11.1",
	 Q35 PORT "-device vfio-pci,host=0000:00:06.0,id=dev1,bus=rp0", PLUG,
	 FIRES("config.pci-slot"), "starts refused works",
	 "PCI: slot 0 function 0 already occupied by vfio-pci, new func vfio-pci cannot be "
	 "exposed to guest."},

	{"the vIOMMU comes last", &host_intel39, "11.1", Q35 DEV INTEL, NULL,
	 FIRES("order.viommu-after-device"), "starts broken", NULL},
	{"the vIOMMU comes first", &host_intel39, "11.1", Q35 INTEL DEV, NULL,
	 SILENT("order.viommu-after-device"), "starts works", NULL},
	{"the vIOMMU comes last, but the device is in JSON, which QEMU makes later", &host_intel39,
	 "11.1", Q35 "-device '{\"driver\":\"vfio-pci\",\"host\":\"" BDF "\"}' " INTEL, NULL,
	 SILENT("order.viommu-after-device"), "starts works", NULL},

	{"two of one kind", &host_intel48, "11.1", Q35 "-device intel-iommu -device intel-iommu",
	 NULL, FIRES("viommu.more-than-one"), "fails",
	 "QEMU does not support multiple vIOMMUs for x86 yet."},
	{"two of two kinds", &host_intel48, "7.2", Q35 "-device amd-iommu -device virtio-iommu-pci",
	 NULL, FIRES("viommu.more-than-one"), "fails",
	 "QEMU does not support multiple vIOMMUs for x86 yet."},
	{"two, of which the second has no place", &host_intel48, "10.0",
	 Q35 "-device pxb-pcie,id=pxb,bus_nr=64 -device amd-iommu -device virtio-iommu-pci", NULL,
	 FIRES("viommu.more-than-one"), "fails",
	 "QEMU does not support multiple vIOMMUs for x86 yet."},
	{"one", &host_intel48, "7.2", Q35 "-device amd-iommu", NULL, SILENT("viommu.more-than-one"),
	 "starts works", NULL},
};

CASES(vfio_cases, rows);
