/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_cloud_hypervisor.c - causes and ways out for the errors of Cloud Hypervisor; their forms
 * are those of the rules. */
#include "base/strings.h"
#include "explain/catalog.h"

#define BINDS                                                                                      \
	"Host: driverctl set-override ADDRESS vfio-pci, for each device of the group but bridges"

static const struct topic topics[] = {
	{"cloud-hypervisor.device-absent", NULL,
	 "The path= of a --device is no PCI device of this host, or the device is in no IOMMU "
	 "group.",
	 "Look the address up with `lspci -D`: it may have moved\n"
	 "See: iommufit host, which tells whether the IOMMU is on"},
	{"cloud-hypervisor.no-iommu-group", NULL,
	 "The device is in no IOMMU group: the IOMMU is off.",
	 "Host, Intel: VT-d on in the firmware setup, intel_iommu=on on the kernel command line\n"
	 "Host, AMD: AMD-Vi on in the firmware setup"},
	{"cloud-hypervisor.not-bound", NULL,
	 "/dev/vfio/{1} is not there: no device of group {1} is bound to vfio-pci.\n"
	 "!A device of the group is not bound to vfio-pci.",
	 BINDS},
	{"cloud-hypervisor.group-in-several-containers", NULL,
	 "Group {1} is open already: a device with iommu=on has a container of its own, and a "
	 "group "
	 "can only be in one.",
	 "Cloud Hypervisor: all devices of the group with iommu=on, or none"},
	{"cloud-hypervisor.group-not-viable", NULL,
	 "Another device of the group has a driver of the host; a group is given away as a whole.",
	 BINDS},
	{"cloud-hypervisor.direct-region", NULL,
	 "Firmware wants a fixed mapping of the device (RMRR or IVMD), so the kernel does not give "
	 "it "
	 "away.",
	 "Look for a firmware setting or update that drops the reservation"},
	{"cloud-hypervisor.no-interrupt-remapping", NULL,
	 "Without interrupt remapping a guest could send any interrupt to the host.",
	 "Firmware: x2APIC or interrupt remapping on\n"
	 "Host: vfio_iommu_type1.allow_unsafe_interrupts=1 on the kernel command line, if the "
	 "guest "
	 "is trusted"},
	{"cloud-hypervisor.no-domain", NULL,
	 "The kernel can make no page tables for the host's IOMMU.",
	 "Try another kernel version; look for a firmware update"},
	{"cloud-hypervisor.ram-outside-iova", NULL,
	 "The host's IOMMU cannot map all of the guest's RAM: its width or a reserved range is in "
	 "the "
	 "way.",
	 "Cloud Hypervisor: a smaller --memory size=\n"
	 "Cloud Hypervisor: iommu=on on the device, which then maps only what the guest asks for"},
	{"cloud-hypervisor.locked-limit", NULL,
	 "All RAM is locked for the device, and the limit of locked memory is lower; Cloud "
	 "Hypervisor "
	 "does not raise it.",
	 "ulimit -l unlimited, or LimitMEMLOCK=infinity in its systemd unit"},
	{"cloud-hypervisor.bar-outside-iova", NULL,
	 "Cloud Hypervisor puts BARs at the end of the guest's address space and maps each for all "
	 "assigned devices; that of {4} ({5} in the guest) lies above what the host's IOMMU maps.\n"
	 "!Cloud Hypervisor puts BARs at the end of the guest's address space and maps each for "
	 "all "
	 "assigned devices; one lies above what the host's IOMMU maps.",
	 "Cloud Hypervisor: --cpus max_phys_bits=N with the width of the host's IOMMU (`iommufit "
	 "host` "
	 "tells it)\n"
	 "Cloud Hypervisor 52.0 and later: vfio_p2p_dma=off in --platform, if no device must reach "
	 "another's BAR"},
};

const struct topics cloud_hypervisor_topics = {topics, ARRAY_SIZE(topics)};
