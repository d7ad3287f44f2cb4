/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An accelerated SMMUv3 and its host. The order is that of QEMU hw/arm/smmuv3-accel.c
 * smmuv3_accel_check_hw_compatible; no host of the lab can nest, so what comes after the vIOMMU
 * object was never seen.
 */
#include "rules.h"

#define ARM "qemu-system-aarch64 -nodefaults -m 64M -machine virt,gic-version=3 "
#define UEFI "-bios /usr/share/qemu-efi-aarch64/QEMU_EFI.fd -accel kvm -cpu host "
#define ACCEL(x) ARM UEFI "-device arm-smmuv3,primary-bus=pcie.0,accel=on" x " "
#define PIN ",ats=off,ril=on,ssidsize=0,oas=44"
#define NO_HWPT "vfio " BDF ": Failed to allocate hwpt: Operation not supported"
#define LACKS(x) VIOMMU("Host SMMUv3 doesn't support " x)
#define NO_OBJECT                                                                                  \
	VIOMMU("IOMMU_VIOMMU_ALLOC failed: Operation not supported")                               \
	"\nUnable to alloc vIOMMU: hiodi devid N:"
#define AUTO                                                                                       \
	"arm-smmuv3 accel=on with 'auto' properties requires at least one cold-plugged VFIO "      \
	"device"
#define SECOND "-device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=iommufd0 "
#define OTHER_SSID                                                                                 \
	"vfio 0000:00:06.0: Failed to set vIOMMU: Host SMMUv3 SSIDSIZE not compatible (host=0, "   \
	"QEMU=20)"

/* A domain of libvirt, with the SMMU for the root bus and the device on iommufd or not. */
#define DOMAIN(driver, hostdev)                                                                    \
	"<domain type='kvm'>\n  <name>vm</name>\n  <memory unit='MiB'>64</memory>\n"               \
	"  <os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type></os>\n"               \
	"  <features><acpi/></features>\n  <cpu mode='host-passthrough'/>\n  <devices>\n"          \
	"    <controller type='usb' model='none'/>\n    <memballoon model='none'/>\n"              \
	"    <iommu model='smmuv3'><driver " driver "/></iommu>\n"                                 \
	"    <hostdev mode='subsystem' type='pci' managed='yes'>" hostdev "<source>"               \
	"<address domain='0' bus='0' slot='5' function='0'/></source></hostdev>\n"                 \
	"  </devices>\n</domain>\n"
#define IOMMUFD "<driver iommufd='yes'/>"

static const struct rule_case rows[] = {
	{"a unit with one stage", &host_smmu_s1, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.no-nesting-parent"), "fails", NO_HWPT},
	{"a kernel before nesting", &host_smmu_old, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.no-nesting-parent"), "fails", NO_HWPT},
	{"a unit with both", &host_smmu_accel, "11.1", ACCEL("") DEV_FD, NULL,
	 SILENT("smmuv3.no-nesting-parent"), "starts works", NULL},

	{"a VT-d unit that nests", &host_nesting, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-type"), "fails",
	 VIOMMU("Wrong data type (1) for Host SMMUv3 device info")},
	{"an AMD unit that nests", &host_nesting_amd, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-type"), "fails",
	 VIOMMU("Wrong data type (4) for Host SMMUv3 device info")},
	{"an SMMUv3", &host_smmu_accel, "11.1", ACCEL("") DEV_FD, NULL, SILENT("smmuv3.host-type"),
	 "starts works", NULL},

	{"linear stream tables", &host_smmu_linear, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-tables"), "fails",
	 VIOMMU("Host SMMUv3 Stream Table format mismatch (host STLEVEL=0, QEMU STLEVEL=1)")},
	{"big-endian tables", &host_smmu_big_endian, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-tables"), "fails", LACKS("Little-endian translation table")},
	{"AArch32 tables", &host_smmu_aarch32, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-tables"), "fails", LACKS("AArch64 translation table format")},
	{"tables of QEMU's model", &host_smmu_accel, "11.0", ACCEL("") DEV_FD, NULL,
	 SILENT("smmuv3.host-tables"), "starts works", NULL},

	{"14 bits of stream ID", &host_smmu_sids, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-sidsize"), "fails",
	 VIOMMU("Host SMMUv3 SIDSIZE not compatible (host=14, QEMU=16)")},
	{"16 bits of stream ID", &host_smmu_accel, "11.1", ACCEL("") DEV_FD, NULL,
	 SILENT("smmuv3.host-sidsize"), "starts works", NULL},

	{"16 PASID bits of none", &host_smmu_measured, "11.1", ACCEL(",ssidsize=16") DEV_FD, NULL,
	 FIRES("smmuv3.host-ssidsize"), "fails",
	 VIOMMU("Host SMMUv3 SSIDSIZE not compatible (host=0, QEMU=16)")},
	{"the same, of QEMU's own model that nobody measured", &host_smmu, "11.1",
	 ACCEL(",ssidsize=16") DEV_FD, NULL, FIRES("smmuv3.host-ssidsize"), "fails",
	 VIOMMU("Host SMMUv3 SSIDSIZE not compatible (host=0, QEMU=16)")},
	{"20 of 20", &host_smmu_accel, "11.1", ACCEL(",ssidsize=20") DEV_FD, NULL,
	 SILENT("smmuv3.host-ssidsize"), "starts works", NULL},

	{"no range invalidation, 11.0", &host_smmu_no_ril, "11.0", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-ril"), "fails", LACKS("Range Invalidation")},
	{"no range invalidation, virt-11.0 of 11.1", &host_smmu_no_ril, "11.1",
	 "qemu-system-aarch64 -nodefaults -m 64M -machine virt-11.0,gic-version=3 " UEFI
	 "-device arm-smmuv3,primary-bus=pcie.0,accel=on " DEV_FD,
	 NULL, FIRES("smmuv3.host-ril"), "fails", LACKS("Range Invalidation")},
	{"no range invalidation, left to the host", &host_smmu_no_ril, "11.1", ACCEL("") DEV_FD,
	 NULL, SILENT("smmuv3.host-ril"), "starts works", NULL},

	{"48 bits of 42", &host_smmu_oas42, "11.1", ACCEL(",oas=48") DEV_FD, NULL,
	 FIRES("smmuv3.host-oas"), "fails",
	 VIOMMU("Host SMMUv3 supports only 42-bit IPA, but the vSMMU OAS implies 48-bit IPA")},
	{"48 bits of 44, which the log told", &host_smmu, "11.1", ACCEL(",oas=48") DEV_FD, NULL,
	 FIRES("smmuv3.host-oas"), "fails",
	 VIOMMU("Host SMMUv3 supports only 44-bit IPA, but the vSMMU OAS implies 48-bit IPA")},
	{"48 bits of the 52 that the first device left", &host_smmu_two_widths, "11.1",
	 ACCEL("") DEV_FD SECOND, NULL, FIRES("smmuv3.host-oas"), "fails",
	 "vfio 0000:00:06.0: Failed to set vIOMMU: Host SMMUv3 supports only 48-bit IPA, but the "
	 "vSMMU OAS implies 52-bit IPA"},
	{"48 bits of 48", &host_smmu_accel, "11.1", ACCEL(",oas=48") DEV_FD, NULL,
	 SILENT("smmuv3.host-oas"), "starts works", NULL},

	{"ATS of none", &host_smmu_measured, "11.1", ACCEL(",ats=on") DEV_FD, NULL,
	 FIRES("smmuv3.host-ats"), "fails", LACKS("Address Translation Services")},
	{"ATS", &host_smmu_accel, "11.0", ACCEL(",ats=on") DEV_FD, NULL, SILENT("smmuv3.host-ats"),
	 "starts works", NULL},

	{"no pages of 4K", &host_smmu_no_4k, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-granule"), "fails", LACKS("4K translation granule")},
	{"no pages of 16K", &host_smmu_no_16k, "11.0", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-granule"), "fails", LACKS("16K translation granule")},
	{"no pages of 64K", &host_smmu_no_64k, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-granule"), "fails", LACKS("64K translation granule")},
	{"all pages", &host_smmu_accel, "11.1", ACCEL("") DEV_FD, NULL,
	 SILENT("smmuv3.host-granule"), "starts works", NULL},

	{"a real unit that nobody measured", &host_smmu_unknown, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.host-not-measured"), "unknown unknown", NULL},
	{"what cannot be known does not matter where it fails anyway", &host_smmu_unknown, "11.1",
	 ACCEL(",oas=48") DEV_FD, NULL, FIRES("smmuv3.host-oas"), "fails",
	 VIOMMU("Host SMMUv3 supports only 44-bit IPA, but the vSMMU OAS implies 48-bit IPA")},
	{"the same, measured", &host_smmu_accel, "11.1", ACCEL("") DEV_FD, NULL,
	 SILENT("smmuv3.host-not-measured"), "starts works", NULL},

	{"no command queues", &host_smmu, "11.1", ACCEL(",cmdqv=on") DEV_FD, NULL,
	 FIRES("smmuv3.host-cmdqv"), "fails",
	 VIOMMU("Failed to get hardware info: Operation not supported") "\nCMDQV requested but not "
									"supported"},
	{"command queues if there are any", &host_smmu_accel, "11.1", ACCEL(",cmdqv=auto") DEV_FD,
	 NULL, SILENT("smmuv3.host-cmdqv"), "starts works", NULL},

	{"no S2FWB and no CANWBS", &host_smmu, "11.1", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.no-viommu-object"), "fails", NO_OBJECT},
	{"the same, 11.0", &host_smmu, "11.0", ACCEL("") DEV_FD, NULL,
	 FIRES("smmuv3.no-viommu-object"), "fails",
	 VIOMMU("IOMMU_VIOMMU_ALLOC failed: Operation not supported") "\nUnable to alloc vIOMMU: "
								      "idev devid N:"},
	{"S2FWB", &host_smmu_accel, "11.1", ACCEL("") DEV_FD, NULL,
	 SILENT("smmuv3.no-viommu-object"), "starts works", NULL},

	{"auto and nothing", &host_smmu_accel, "11.1", ACCEL(""), NULL,
	 FIRES("smmuv3.auto-undecided"), "fails", AUTO},
	{"one auto, and a device that comes later", &host_smmu_accel, "11.1",
	 ACCEL(",ats=off,ril=on,oas=44") PORT OBJECT, PLUG_FD, FIRES("smmuv3.auto-undecided"),
	 "fails", AUTO},
	{"all pinned, and a device that comes later", &host_smmu_accel, "11.1",
	 ACCEL(PIN) PORT OBJECT, PLUG_FD, SILENT("smmuv3.auto-undecided"), "starts accepted works",
	 NULL},
	{"virt-11.0 pins them", &host_smmu_accel, "11.1",
	 "qemu-system-aarch64 -nodefaults -m 64M -machine virt-11.0,gic-version=3 " UEFI
	 "-device arm-smmuv3,primary-bus=pcie.0,accel=on",
	 NULL, SILENT("smmuv3.auto-undecided"), "starts works", NULL},
	{"an SMMU of two has nothing behind it", &host_smmu_accel, "11.1",
	 ACCEL("") DEV_FD "-device pxb-pcie,id=p1,bus_nr=16,bus=pcie.0 "
			  "-device arm-smmuv3,primary-bus=p1,accel=on",
	 NULL, FIRES("smmuv3.auto-undecided"), "fails", AUTO},
	{"the first device decides, the next is compared", &host_smmu_two, "11.1",
	 ACCEL(",oas=44,ats=off") DEV_FD SECOND, NULL, FIRES("smmuv3.host-ssidsize"), "fails",
	 OTHER_SSID},
	{"plugged, against what was frozen", &host_smmu_two, "11.1",
	 ACCEL(",oas=44,ats=off") PORT DEV_FD,
	 "vfio-pci,host=0000:00:06.0,iommufd=iommufd0,bus=rp0", FIRES("smmuv3.host-ssidsize"),
	 "starts refused works", OTHER_SSID},

	{"queues and nothing", &host_smmu_accel, "11.1", ACCEL(PIN ",cmdqv=on"), NULL,
	 FIRES("smmuv3.cmdqv-undecided"), "fails",
	 "arm-smmuv3 cmdqv=on requires at least one cold-plugged VFIO device"},
	{"no queues and nothing", &host_smmu_accel, "11.1", ACCEL(PIN ",cmdqv=auto"), NULL,
	 SILENT("smmuv3.cmdqv-undecided"), "starts works", NULL},

	{"devices of two units behind one SMMU", &host_smmu_two, "11.1", ACCEL(PIN) DEV_FD SECOND,
	 NULL, FIRES("smmuv3.units-differ"), "starts broken", NULL},
	{"the name and the number of the cure's root bus are taken", &host_smmu_two, "11.1",
	 ACCEL(PIN) DEV_FD SECOND "-device pxb-pcie,id=pxb0,bus_nr=100", NULL,
	 FIRES("smmuv3.units-differ"), "starts broken", NULL},
	{"devices of one unit", &host_smmu_accel, "11.1",
	 ACCEL(PIN) DEV_FD "-device vfio-pci,host=0000:00:07.0,iommufd=iommufd0", NULL,
	 SILENT("smmuv3.units-differ"), "starts works", NULL},

	{"libvirt: everything left to the host", &host_smmu_accel, "11.1",
	 DOMAIN("pciBus='0' accel='on'", IOMMUFD), NULL, SILENT("smmuv3.host-not-measured"),
	 "starts works", NULL},
	{"libvirt: oas above the host's", &host_smmu_oas42, "11.1",
	 DOMAIN("pciBus='0' accel='on' oas='48'", IOMMUFD), NULL, FIRES("smmuv3.host-oas"), "fails",
	 VIOMMU("Host SMMUv3 supports only 42-bit IPA, but the vSMMU OAS implies 48-bit IPA")},
	{"libvirt: PASIDs of none", &host_smmu_measured, "11.1",
	 DOMAIN("pciBus='0' accel='on' ssidsize='20'", IOMMUFD), NULL,
	 FIRES("smmuv3.host-ssidsize"), "fails",
	 VIOMMU("Host SMMUv3 SSIDSIZE not compatible (host=0, QEMU=20)")},
	{"libvirt: ATS of none", &host_smmu, "11.1",
	 DOMAIN("pciBus='0' accel='on' ats='on' ril='on'", IOMMUFD), NULL, FIRES("smmuv3.host-ats"),
	 "fails", LACKS("Address Translation Services")},
	{"libvirt: no range invalidation", &host_smmu_no_ril, "11.1",
	 DOMAIN("pciBus='0' accel='on' ril='on'", IOMMUFD), NULL, FIRES("smmuv3.host-ril"), "fails",
	 LACKS("Range Invalidation")},
	{"libvirt: no command queues", &host_smmu, "11.1",
	 DOMAIN("pciBus='0' accel='on' cmdqv='on'", IOMMUFD), NULL, FIRES("smmuv3.host-cmdqv"),
	 "fails",
	 VIOMMU("Failed to get hardware info: Operation not supported") "\nCMDQV requested but not "
									"supported"},
	{"libvirt: the legacy backend", &host_smmu_accel, "11.1",
	 DOMAIN("pciBus='0' accel='on'", ""), NULL, FIRES("smmuv3.accel-needs-iommufd"), "fails",
	 "vfio-pci endpoint devices without an iommufd backend not allowed when using "
	 "arm-smmuv3,accel=on"},
	{"libvirt: the board's takes no device", &host_smmu_accel, "11.1",
	 DOMAIN("accel='off'", IOMMUFD), NULL, FIRES("smmuv3.no-assigned-devices"), "fails",
	 "vfio " BDF ": memory listener initialization failed: Region "
	 "smmuv3-iommu-memory-region-0-0: device 00.00.0 requires iommu MAP notifier which is not "
	 "currently supported"},

	{"RAM above what a nesting parent maps", &host_smmu_oas42, "11.1",
	 "qemu-system-aarch64 -nodefaults -m 5T -machine virt,gic-version=3 " UEFI
	 "-device arm-smmuv3,primary-bus=pcie.0,accel=on,ats=off,ril=on,ssidsize=0 " DEV_FD,
	 NULL, FIRES("memory.outside-iova"), "fails",
	 "vfio " BDF ": memory listener initialization failed: Region mach-virt.ram: "
	 "vfio_container_dma_map(PTR, 0x40000000, 0x50000000000, PTR) = -22 (Invalid argument)"},
	{"a plain domain maps it", &host_smmu_oas42, "11.1",
	 "qemu-system-aarch64 -nodefaults -m 5T -machine virt,gic-version=3 " UEFI DEV_FD, NULL,
	 SILENT("memory.outside-iova"), "starts works", NULL},
};

CASES(smmuv3_host_cases, rows);
