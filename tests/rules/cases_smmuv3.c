/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm-smmuv3: which may be there, what its properties may be, what may stand behind it. The texts
 * are those of QEMU 11.1.3 and 10.0.13 on Arm (lab/smmuv3); those of 11.0 are from its sources.
 */
#include "rules.h"

#define ARM(more) "qemu-system-aarch64 -nodefaults -m 64M -machine virt,gic-version=3" more " "
#define TCG " -accel tcg -cpu max "
#define KVM_UEFI "-bios /usr/share/qemu-efi-aarch64/QEMU_EFI.fd -accel kvm -cpu host "
#define SMMU(x) "-device arm-smmuv3,primary-bus=pcie.0" x " "
#define ACCEL(x) SMMU(",accel=on" x)
#define PXB "-device pxb-pcie,id=p1,bus_nr=16 "
#define OVER "virt machine already has "
#define WRONG " set. Doesn't support incompatible iommus"
#define NOTIFIER(n)                                                                                \
	"Region smmuv3-iommu-memory-region-" n " requires iommu MAP notifier which is not "        \
	"currently supported"
#define LISTENER "memory listener initialization failed: "
#define LEGACY_NO(n) "vfio " BDF ": failed to setup container for group 2: " LISTENER NOTIFIER(n)
#define IOMMUFD_NO(n) "vfio " BDF ": " LISTENER NOTIFIER(n)
#define NO_BUS "SMMU is not attached to any PCI bus!"
#define ROOT                                                                                       \
	"SMMU should be attached to a default PCIe root complex(pcie.0) or a pxb-pcie based root " \
	"complex"
#define OAS_11_1                                                                                   \
	"QEMU SMMUv3 model only implements auto, 44 bit, or 48 bit OAS. Other OasMode values are " \
	"not supported."
#define NO_KVM "SMMUv3 accel=on requires KVM with kernel-irqchip=on support"
#define NO_ENDPOINT "Emulated endpoint devices are not allowed when using arm-smmuv3,accel=on"
#define NO_LEGACY                                                                                  \
	"vfio-pci endpoint devices without an iommufd backend not allowed when using "             \
	"arm-smmuv3,accel=on"
#define PIN ",ats=off,ril=on,ssidsize=0,oas=44"

static const struct rule_case rows[] = {
	{"before 10.2 only the board makes one", &host_smmu, "10.0", ARM("") TCG SMMU(""), NULL,
	 FIRES("config.board-only"), "fails", "Parameter 'driver' expects a pluggable device type"},
	{"from 10.2 on", &host_smmu, "10.2", ARM("") TCG SMMU(""), NULL,
	 SILENT("config.board-only"), "starts works", NULL},
	{"another vIOMMU's model is none of Arm's", &host_smmu, "11.1",
	 ARM("") TCG "-device intel-iommu", NULL, FIRES("config.driver-absent"), "fails",
	 "'intel-iommu' is not a valid device model name"},
	{"an iommu= that is none", &host_smmu, "11.1", ARM(",iommu=smmuv2") TCG, NULL,
	 FIRES("config.machine-iommu"), "fails",
	 "Invalid iommu value\nValid values are none, smmuv3."},

	{"an id that is none", &host_smmu, "11.1",
	 ARM("") TCG "-device '{\"driver\":\"virtio-rng-pci\",\"id\":\"1\"}'", NULL,
	 FIRES("config.id-not-valid"), "fails", "Invalid qdev ID '1'"},
	{"10.0 does not look at it", &host_smmu, "10.0",
	 ARM("") TCG "-device '{\"driver\":\"virtio-rng-pci\",\"id\":\"1\"}'", NULL,
	 SILENT("config.id-not-valid"), "starts works", NULL},
	{"a memory region that is none", &host_smmu, "11.1", ARM("") TCG SMMU(",memory=m0"), NULL,
	 FIRES("config.object-absent"), "fails", "Device 'm0' not found"},
	{"iommu=none", &host_smmu, "7.2", ARM(",iommu=none") TCG, NULL,
	 SILENT("config.machine-iommu"), "starts works", NULL},

	{"beside the board's", &host_smmu, "11.1", ARM(",iommu=smmuv3") TCG SMMU(""), NULL,
	 FIRES("smmuv3.beside-another"), "fails", OVER "iommu=smmuv3" WRONG},
	{"beside a virtio-iommu", &host_smmu, "10.2",
	 ARM("") TCG "-device virtio-iommu-pci " SMMU(""), NULL, FIRES("smmuv3.beside-another"),
	 "fails", OVER "virtio-iommu" WRONG},
	{"with two errors QEMU asserts", &host_smmu, "11.1",
	 ARM("") TCG "-device virtio-iommu-pci " ACCEL(""), NULL, FIRES("smmuv3.beside-another"),
	 "fails", "util/error.c:62: error_setv: Assertion `*errp == NULL' failed."},
	{"one for each root bus", &host_smmu, "11.1",
	 ARM("") KVM_UEFI PXB SMMU("") "-device arm-smmuv3,primary-bus=p1", NULL,
	 SILENT("smmuv3.beside-another"), "starts works", NULL},
	{"virtio-iommu after it", &host_smmu, "11.1",
	 ARM("") TCG SMMU("") "-device virtio-iommu-pci", NULL, SILENT("viommu.more-than-one"),
	 "starts works", NULL},
	{"virtio-iommu beside the board's", &host_smmu, "7.2",
	 ARM(",iommu=smmuv3") TCG "-device virtio-iommu-pci", NULL, FIRES("viommu.more-than-one"),
	 "fails", "virt machine does not support multiple IOMMUs"},

	{"accel=on under TCG", &host_smmu, "11.1", ARM("") TCG ACCEL(",oas=40"), NULL,
	 FIRES("smmuv3.accel-without-kvm"), "fails", NO_KVM},
	{"accel=on of the board's", &host_smmu, "11.1",
	 ARM(",iommu=smmuv3") TCG "-global arm-smmuv3.accel=on", NULL,
	 FIRES("smmuv3.accel-without-kvm"), "fails", NO_KVM},
	{"accel=on without KVM's interrupt controller", &host_smmu, "11.1",
	 ARM(",kernel-irqchip=off") KVM_UEFI ACCEL(PIN), NULL, FIRES("smmuv3.accel-without-kvm"),
	 "fails", NO_KVM},
	{"accel=on under KVM", &host_smmu, "11.1", ARM("") KVM_UEFI ACCEL(PIN), NULL,
	 SILENT("smmuv3.accel-without-kvm"), "starts works", NULL},

	{"ats=auto, 11.0", &host_smmu, "11.0", ARM("") TCG SMMU(",ats=auto"), NULL,
	 FIRES("smmuv3.auto-too-early"), "fails", "ats auto mode is not supported"},
	{"ril=auto, 11.0", &host_smmu, "11.0", ARM("") TCG SMMU(",ril=auto,ssidsize=auto"), NULL,
	 FIRES("smmuv3.auto-too-early"), "fails", "ril auto mode is not supported"},
	{"ssidsize=auto, 11.0", &host_smmu, "11.0", ARM("") TCG SMMU(",ssidsize=auto"), NULL,
	 FIRES("smmuv3.auto-too-early"), "fails", "ssidsize auto mode is not supported"},
	{"all auto, 11.1", &host_smmu, "11.1",
	 ARM("") TCG SMMU(",ats=auto,ril=auto,ssidsize=auto,oas=auto"), NULL,
	 SILENT("smmuv3.auto-too-early"), "starts works", NULL},

	{"oas=40", &host_smmu, "11.1", ARM("") TCG SMMU(",oas=40,ril=off"), NULL,
	 FIRES("smmuv3.oas-not-modelled"), "fails", OAS_11_1},
	{"oas=auto, 11.0", &host_smmu, "11.0", ARM("") TCG SMMU(",oas=auto"), NULL,
	 FIRES("smmuv3.oas-not-modelled"), "fails",
	 "QEMU SMMUv3 model only implements 44 and 48 bitOAS; other OasMode values are not "
	 "supported"},
	{"oas=44", &host_smmu, "11.1", ARM("") TCG SMMU(",oas=44"), NULL,
	 SILENT("smmuv3.oas-not-modelled"), "starts works", NULL},
	{"oas=45 is no size at all", &host_smmu, "11.1", ARM("") TCG SMMU(",oas=45"), NULL,
	 FIRES("config.property-value"), "fails", "Parameter 'oas' does not accept value '45'"},
	{"ssidsize=21", &host_smmu, "11.1", ARM("") TCG SMMU(",ssidsize=21"), NULL,
	 FIRES("config.property-value"), "fails",
	 "Parameter 'ssidsize' does not accept value '21'"},
	{"a number for a string in JSON", &host_smmu, "11.1",
	 ARM("") TCG
	 "-device '{\"driver\":\"arm-smmuv3\",\"primary-bus\":\"pcie.0\",\"stage\":44}'",
	 NULL, FIRES("config.property-value"), "fails",
	 "Invalid parameter type for 'stage', expected: string"},
	{"a global oas=45", &host_smmu, "11.1",
	 ARM(",iommu=smmuv3") TCG "-global arm-smmuv3.oas=45", NULL, FIRES("config.property-value"),
	 "fails",
	 "can't apply global arm-smmuv3.oas=45: Parameter 'oas' does not accept value '45'"},

	{"ril=off without accel", &host_smmu, "11.1", ARM("") TCG SMMU(",ats=on,ril=off"), NULL,
	 FIRES("smmuv3.needs-accel"), "fails", "ril can only be disabled if accel=on"},
	{"ats=on without accel", &host_smmu, "11.0", ARM("") TCG SMMU(",ats=on,oas=48"), NULL,
	 FIRES("smmuv3.needs-accel"), "fails", "ats can only be enabled if accel=on"},
	{"oas=48 without accel, 11.0", &host_smmu, "11.0", ARM("") TCG SMMU(",oas=48"), NULL,
	 FIRES("smmuv3.needs-accel"), "fails", "OAS must be 44 bits when accel=off"},
	{"oas=48 without accel, 11.1", &host_smmu, "11.1", ARM("") TCG SMMU(",oas=48"), NULL,
	 FIRES("smmuv3.needs-accel"), "fails", "oas must be 44 bits when accel=off"},
	{"ssidsize without accel, 11.0", &host_smmu, "11.0", ARM("") TCG SMMU(",ssidsize=1"), NULL,
	 FIRES("smmuv3.needs-accel"), "fails", "ssidsize can only be set if accel=on"},
	{"ssidsize without accel, 11.1", &host_smmu, "11.1", ARM("") TCG SMMU(",ssidsize=1"), NULL,
	 FIRES("smmuv3.needs-accel"), "fails",
	 "ssidsize can only be greater than 0 bits if accel=on"},
	{"cmdqv without accel", &host_smmu, "11.1", ARM("") TCG SMMU(",cmdqv=on"), NULL,
	 FIRES("smmuv3.needs-accel"), "fails", "cmdqv can only be enabled if accel=on"},
	{"a global ats=on, of the board's", &host_smmu, "11.1",
	 ARM(",iommu=smmuv3") TCG "-global arm-smmuv3.ats=on", NULL, FIRES("smmuv3.needs-accel"),
	 "fails", "ats can only be enabled if accel=on"},
	{"what an emulated one has", &host_smmu, "11.1",
	 ARM("") TCG SMMU(",ats=off,ril=on,oas=44,ssidsize=0,cmdqv=auto"), NULL,
	 SILENT("smmuv3.needs-accel"), "starts works", NULL},

	{"stage=2 and accel", &host_smmu, "11.1", ARM("") KVM_UEFI ACCEL(PIN ",stage=2"), NULL,
	 FIRES("smmuv3.accel-stage"), "fails", "Only stage1 is supported for SMMUv3 with accel=on"},
	{"stage=1 and accel", &host_smmu, "11.1", ARM("") KVM_UEFI ACCEL(PIN ",stage=1"), NULL,
	 SILENT("smmuv3.accel-stage"), "starts works", NULL},
	{"any stage without accel", &host_smmu, "11.1", ARM("") TCG SMMU(",stage=7"), NULL,
	 SILENT("smmuv3.accel-stage"), "starts works", NULL},
	{"the board's has both since virt-9.2", &host_smmu, "11.1",
	 ARM(",iommu=smmuv3") KVM_UEFI "-global arm-smmuv3.accel=on", NULL,
	 FIRES("smmuv3.accel-stage"), "fails", "Only stage1 is supported for SMMUv3 with accel=on"},

	{"no bus", &host_smmu, "11.1", ARM("") TCG "-device arm-smmuv3", NULL,
	 FIRES("smmuv3.no-bus"), "fails", NO_BUS},
	{"an empty bus, 10.2", &host_smmu, "10.2", ARM("") TCG "-device arm-smmuv3,primary-bus=",
	 NULL, FIRES("smmuv3.no-bus"), "fails", NO_BUS},
	{"the bus by -global", &host_smmu, "11.1",
	 ARM("") TCG "-global arm-smmuv3.primary-bus=pcie.0 -device arm-smmuv3", NULL,
	 SILENT("smmuv3.no-bus"), "starts works", NULL},
	{"a bus that is not there", &host_smmu, "11.1",
	 ARM("") TCG "-device arm-smmuv3,primary-bus=p1", NULL, FIRES("config.bus-absent"), "fails",
	 "Device 'p1' not found"},

	{"two for one bus", &host_smmu, "11.1", ARM("") TCG SMMU("") SMMU(""), NULL,
	 FIRES("smmuv3.bus-is-taken"), "fails", "An iommu is already attached to this bus"},
	{"two for two buses", &host_smmu, "11.1",
	 ARM("") KVM_UEFI PXB SMMU("") "-device arm-smmuv3,primary-bus=p1", NULL,
	 SILENT("smmuv3.bus-is-taken"), "starts works", NULL},

	{"a port's bus", &host_smmu, "11.1", ARM("") TCG PORT "-device arm-smmuv3,primary-bus=rp0",
	 NULL, FIRES("smmuv3.not-a-root-bus"), "fails", ROOT},
	{"a CXL bus", &host_smmu, "11.1",
	 ARM("") TCG "-device pxb-cxl,id=c1,bus_nr=16 -device arm-smmuv3,primary-bus=c1", NULL,
	 FIRES("smmuv3.not-a-root-bus"), "fails", ROOT},
	{"a pxb-pcie's bus", &host_smmu, "11.1",
	 ARM("") KVM_UEFI PXB "-device arm-smmuv3,primary-bus=p1", NULL,
	 SILENT("smmuv3.not-a-root-bus"), "starts works", NULL},

	{"a bypassed pxb-pcie", &host_smmu, "11.1",
	 ARM("") TCG "-device pxb-pcie,id=p1,bus_nr=16,bypass_iommu=on "
		     "-device arm-smmuv3,primary-bus=p1",
	 NULL, FIRES("smmuv3.bus-is-bypassed"), "fails",
	 "Bypass option cannot be set for SMMUv3 associated PCIe RC"},
	{"a bypassed root bus", &host_smmu, "11.1",
	 ARM(",default-bus-bypass-iommu=on") TCG SMMU(""), NULL, FIRES("smmuv3.bus-is-bypassed"),
	 "fails", "Bypass option cannot be set for SMMUv3 associated PCIe RC"},
	{"the board's does not mind", &host_smmu, "11.1",
	 ARM(",default-bus-bypass-iommu=on,iommu=smmuv3") TCG, NULL,
	 SILENT("smmuv3.bus-is-bypassed"), "starts works", NULL},

	{"accel=on without firmware", &host_smmu, "11.1",
	 ARM("") "-accel kvm -cpu host " ACCEL(PIN), NULL, FIRES("smmuv3.accel-without-acpi"),
	 "fails", "SMMUv3 with accel=on not supported for DT"},
	{"accel=on with acpi=off", &host_smmu, "11.1", ARM(",acpi=off") KVM_UEFI ACCEL(PIN), NULL,
	 FIRES("smmuv3.accel-without-acpi"), "fails", "SMMUv3 with accel=on not supported for DT"},
	{"accel=on with firmware", &host_smmu, "11.1", ARM("") KVM_UEFI ACCEL(PIN), NULL,
	 SILENT("smmuv3.accel-without-acpi"), "starts works", NULL},

	{"a pxb's, in a device tree", &host_smmu, "11.1",
	 ARM("") TCG PXB "-device arm-smmuv3,primary-bus=p1", NULL,
	 FIRES("smmuv3.not-in-device-tree"), "starts works",
	 "warning: SMMUv3 device only supported with pcie.0 for DT"},
	{"pcie.0's, in a device tree", &host_smmu, "11.1", ARM("") TCG PXB SMMU(""), NULL,
	 SILENT("smmuv3.not-in-device-tree"), "starts works", NULL},

	{"legacy behind accel=on", &host_smmu_accel, "11.1", ARM("") KVM_UEFI ACCEL(PIN) DEV, NULL,
	 FIRES("smmuv3.accel-needs-iommufd"), "fails", NO_LEGACY},
	{"legacy behind a root port behind accel=on", &host_smmu_accel, "11.0",
	 ARM("") KVM_UEFI ACCEL(PIN) PORT "-device vfio-pci,host=" BDF ",bus=rp0", NULL,
	 FIRES("smmuv3.accel-needs-iommufd"), "fails", NO_LEGACY},
	{"legacy plugged behind accel=on", &host_smmu_accel, "11.1",
	 ARM("") KVM_UEFI ACCEL(PIN) PORT, PLUG, FIRES("smmuv3.accel-needs-iommufd"),
	 "starts refused works", NO_LEGACY},
	{"iommufd behind accel=on", &host_smmu_accel, "11.1", ARM("") KVM_UEFI ACCEL(PIN) DEV_FD,
	 NULL, SILENT("smmuv3.accel-needs-iommufd"), "starts works", NULL},

	{"a card behind accel=on", &host_smmu_accel, "11.1",
	 ARM("") KVM_UEFI ACCEL(PIN) DEV_FD "-device virtio-net-pci,id=net0", NULL,
	 FIRES("smmuv3.emulated-behind-accel"), "fails", NO_ENDPOINT},
	{"a card on another root bus", &host_smmu_accel, "11.1",
	 ARM("") KVM_UEFI PXB ACCEL(PIN) "-device pcie-root-port,id=rp1,bus=p1,chassis=1 "
					 "-device virtio-net-pci,id=net0,bus=rp1",
	 NULL, SILENT("smmuv3.emulated-behind-accel"), "starts works",
	 "warning: nic net0 has no peer"},
	{"root ports behind accel=on", &host_smmu_accel, "11.1", ARM("") KVM_UEFI ACCEL(PIN) PORT,
	 NULL, SILENT("smmuv3.emulated-behind-accel"), "starts works", NULL},
	{"a card plugged behind accel=on", &host_smmu_accel, "11.1",
	 ARM("") KVM_UEFI ACCEL(PIN) PORT, "virtio-net-pci,id=net0,bus=rp0",
	 FIRES("smmuv3.emulated-behind-accel"), "starts refused works", NO_ENDPOINT},
	{"a card behind accel=off", &host_smmu, "11.1",
	 ARM("") KVM_UEFI SMMU("") "-device virtio-net-pci,id=net0", NULL,
	 SILENT("smmuv3.emulated-behind-accel"), "starts works", "warning: nic net0 has no peer"},

	{"a card before accel=on", &host_smmu_accel, "11.1",
	 ARM("") KVM_UEFI "-device virtio-rng-pci,id=rng0 " ACCEL(PIN) DEV_FD, NULL,
	 FIRES("smmuv3.emulated-before-accel"), "fails", NULL},
	{"a default card", &host_smmu_accel, "11.1",
	 "qemu-system-aarch64 -m 64M -machine virt,gic-version=3 " KVM_UEFI ACCEL(PIN) DEV_FD, NULL,
	 FIRES("smmuv3.emulated-before-accel"), "fails", NULL},
	{"a card before it on another root bus", &host_smmu_accel, "11.1",
	 ARM("") KVM_UEFI PXB "-device pcie-root-port,id=rp1,bus=p1,chassis=1 "
			      "-device virtio-rng-pci,id=rng0,bus=rp1 " ACCEL(PIN) OBJECT
	 "-device vfio-pci,host=" BDF ",iommufd=iommufd0,bus=pcie.0",
	 NULL, SILENT("smmuv3.emulated-before-accel"), "starts works", NULL},

	{"behind the board's, 7.2", &host_smmu, "7.2", ARM(",iommu=smmuv3") TCG DEV, NULL,
	 FIRES("smmuv3.no-assigned-devices"), "fails", LEGACY_NO("8-0: device 00.01.0")},
	{"behind the board's, 10.0, iommufd", &host_smmu, "10.0", ARM(",iommu=smmuv3") TCG DEV_FD,
	 NULL, FIRES("smmuv3.no-assigned-devices"), "fails", IOMMUFD_NO("8-0: device 00.01.0")},
	{"behind a port", &host_smmu, "11.1",
	 ARM("") TCG SMMU("") PORT "-device vfio-pci,host=" BDF ",bus=rp0", NULL,
	 FIRES("smmuv3.no-assigned-devices"), "fails", LEGACY_NO("0-0: device 00.00.0")},
	{"behind a pxb-pcie, which asks the board's", &host_smmu, "11.1",
	 ARM(",iommu=smmuv3") TCG PXB "-device pcie-root-port,id=rp1,bus=p1,chassis=1 "
				      "-device vfio-pci,host=" BDF ",bus=rp1",
	 NULL, FIRES("smmuv3.no-assigned-devices"), "fails", LEGACY_NO("0-0: device 00.00.0")},
	{"behind a pxb-pcie, which asks none that is pcie.0's", &host_smmu, "11.1",
	 ARM("") TCG PXB SMMU("") "-device pcie-root-port,id=rp1,bus=p1,chassis=1 "
				  "-device vfio-pci,host=" BDF ",bus=rp1",
	 NULL, SILENT("smmuv3.no-assigned-devices"), "starts works", NULL},
	{"on a bypassed bus", &host_smmu, "11.1",
	 ARM(",iommu=smmuv3,default-bus-bypass-iommu=on") TCG DEV, NULL,
	 SILENT("smmuv3.no-assigned-devices"), "starts works", NULL},
	{"plugged: the regions of gpex and port are numbered before", &host_smmu, "11.1",
	 ARM(",iommu=smmuv3") TCG PORT, PLUG, FIRES("smmuv3.no-assigned-devices"),
	 "starts refused works", LEGACY_NO("0-2: device 00.00.0")},

	{"migration of accel=on", &host_smmu_accel, "11.1", ARM("") KVM_UEFI ACCEL(PIN), NULL,
	 FIRES("migration.accelerated-smmuv3"), "starts works blocked",
	 "Migration not supported with SMMUv3 accelerator mode enabled"},
	{"migration of accel=off", &host_smmu_accel, "11.1", ARM("") KVM_UEFI SMMU(""), NULL,
	 SILENT("migration.accelerated-smmuv3"), "starts works possible", NULL},
};

CASES(smmuv3_cases, rows);
