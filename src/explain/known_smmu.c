/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_smmu.c - what QEMU says of SMMUv3, emulated and accelerated (hw/arm/smmuv3.c,
 * smmuv3-accel.c, virt.c). */
#include "base/strings.h"
#include "explain/catalog.h"
#include "vmm/versions.h"

#define SAYS(topic, pattern)                                                                       \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, 0, pattern, topic                                          \
	}
#define SINCE(version, topic, pattern)                                                             \
	{                                                                                          \
		IOF_SPEAKER_QEMU, version, 0, 0, pattern, topic                                    \
	}
#define ACCEL(topic, pattern) SINCE(V11_0, topic, pattern)
static const struct known_message messages[] = {
	ACCEL("smmu.not-built", "accel=on support not compiled in"),
	ACCEL("smmuv3.oas-not-modelled", "OAS can only be set to 44 or 48 bits"),
	ACCEL("smmu.ssidsize", "ssidsize must be in the range 0 to 20"),
	ACCEL("smmuv3.host-cmdqv", "NVIDIA Tegra241 CMDQV is unsupported"),
	ACCEL("smmuv3.host-cmdqv", "Host CMDQV: insufficient vCMDQs"),
	ACCEL("smmuv3.auto-undecided",
	      "tegra241-cmdqv=on: requires at least one cold-plugged vfio-pci device"),
	SAYS("smmuv3.no-assigned-devices",
	     "device {2} requires iommu MAP notifier which is not currently supported"),
	SAYS("smmu.dev-iotlb", "SMMUv3 does not support dev-iotlb yet"),
	ACCEL("smmuv3.host-ril", "Host SUMMUv3 differs in Range Invalidation support"),
	ACCEL("smmuv3.no-viommu-object", "IOMMU_VDEVICE_ALLOC failed"),
	ACCEL("smmuv3.no-viommu-object", "Unable to alloc vIOMMU: hiodi devid {*:x}"),
	ACCEL("smmuv3.no-viommu-object", "Unable to alloc vIOMMU: idev devid {*:x}"),
	ACCEL("smmu.device-twice", "Device already has an associated hiodi {0:x}"),
	ACCEL("smmu.device-twice", "Device already has an associated idev {0:x}"),
	ACCEL("smmu.invalidate",
	      "IOMMU_HWPT_INVALIDATE failed: total {0:d} entries, processed {1:d} entries"),
	ACCEL("smmu.stream-table", "Invalid STE config for sid {0:x}"),
	ACCEL("smmu.stream-table", "Failed to install all STEs properly"),
	ACCEL("smmu.events", "vEVENTQ(type {0:d} id {1:d}): {*:t}"),
};

const struct known_messages smmu_messages = {messages, ARRAY_SIZE(messages)};

#define IN_LIBVIRT "& libvirt: the same attribute in <driver> of <iommu model='smmuv3'>"

static const struct topic topics[] = {
	{"smmu.not-built", "a QEMU without accelerated SMMUv3",
	 "This QEMU was built without it (CONFIG_ARM_SMMUV3_ACCEL).",
	 "Use another build\nQEMU: arm-smmuv3 without accel=on (no assigned devices then)"},
	{"smmuv3.auto-too-early", NULL,
	 "QEMU 11.0 reads auto and refuses it; 11.1 takes the value from the host.",
	 "QEMU: leave the property away, or write a value: ats=off, ril=on, ssidsize=0\n"
	 "Use QEMU 11.1 or later"},
	{"smmuv3.oas-not-modelled", NULL, "The model has 44 and 48 bits; from 11.1 on also auto.",
	 "QEMU: -device arm-smmuv3,oas=48 with accel=on, else oas=44 or nothing\n"
	 "libvirt: <driver oas='48'/> in <iommu model='smmuv3'>"},
	{"smmu.ssidsize", "ssidsize out of range", "ssidsize is from 0 to 20.",
	 "QEMU: -device arm-smmuv3,ssidsize=20 or less"},
	{"smmuv3.needs-accel", NULL,
	 "ats, ril=off, ssidsize, oas other than 44 and cmdqv are the host's abilities, so they "
	 "need "
	 "accel=on.",
	 "QEMU: -device arm-smmuv3,primary-bus=pcie.0,accel=on\n"
	 "libvirt: <driver pciBus='0' accel='on'/>; without pciBus libvirt drops accel without a "
	 "word\n"
	 "Remove the property"},
	{"smmuv3.host-cmdqv", NULL,
	 "cmdqv is for NVIDIA's Tegra241 (Grace), and takes QEMU 11.1 and two free queues.",
	 "QEMU: -device arm-smmuv3,cmdqv=off\n" IN_LIBVIRT},
	{"smmuv3.accel-stage", NULL, "The guest's own stage 1 is nested in the host's stage 2.",
	 "QEMU: -device arm-smmuv3,accel=on,stage=1, or no stage="},
	{"smmuv3.accel-without-kvm", NULL,
	 "Accelerated SMMUv3 needs KVM and its interrupt "
	 "controller.",
	 "QEMU: -accel kvm, no kernel-irqchip=off"},
	{"smmuv3.accel-without-acpi", NULL, "Accelerated SMMUv3 is described by ACPI tables only.",
	 "QEMU: UEFI firmware (-bios QEMU_EFI.fd or pflash) and no acpi=off"},
	{"smmuv3.not-a-root-bus", NULL, "It belongs to a root complex: pcie.0 or a pxb-pcie.",
	 "QEMU: -device arm-smmuv3,primary-bus=pcie.0\n"
	 "libvirt: <driver pciBus='0'/>, or the index of a pcie-expander-bus controller"},
	{"smmuv3.beside-another", NULL, "The machine has {1} already.",
	 "Remove iommu=smmuv3 from -machine, or the arm-smmuv3 device"},
	{"smmuv3.bus-is-taken", NULL, "The bus has one already.",
	 "A pxb-pcie for each arm-smmuv3\nRemove the second arm-smmuv3"},
	{"smmuv3.bus-is-bypassed", NULL, NULL,
	 "QEMU: no bypass_iommu=on on the pxb-pcie, no default-bus-bypass-iommu=on on the machine"},
	{"smmuv3.no-bus", NULL, NULL, "QEMU: -device arm-smmuv3,primary-bus=pcie.0"},
	{"smmuv3.emulated-behind-accel", NULL,
	 "Only vfio-pci devices may stand below a root complex whose SMMUv3 is accelerated; the "
	 "host's SMMU does the translation.",
	 "QEMU: a pxb-pcie of its own for the assigned devices, with arm-smmuv3,primary-bus= on "
	 "it\n"
	 "& emulated devices stay on pcie.0"},
	{"smmuv3.accel-needs-iommufd", NULL, "Nested tables exist with iommufd only.",
	 "QEMU: -object iommufd,id=iommufd0\n& iommufd=iommufd0 on each vfio-pci device\n"
	 "libvirt: <driver name='vfio' iommufd='yes'/> in the <hostdev>"},
	{"smmuv3.auto-undecided", NULL,
	 "auto means what the host's SMMU has, and the first vfio-pci device that is there at the "
	 "start tells which SMMU that is.",
	 "Put one vfio-pci device into the VM's config\n"
	 "QEMU: write all values: ats=off,ril=on,ssidsize=0,oas=44,cmdqv=off"},
	{"smmuv3.no-assigned-devices", NULL,
	 "Without accel=on SMMUv3 cannot tell VFIO what the guest maps, so no vfio-pci device can "
	 "stand behind it ({2}).",
	 "QEMU 11.0 and later: -device arm-smmuv3,primary-bus=pcie.0,accel=on and iommufd\n"
	 "QEMU: virtio-iommu-pci in place of iommu=smmuv3\n"
	 "QEMU: bypass_iommu=on on a pxb-pcie for the device"},
	{"smmu.dev-iotlb", "ATS behind an emulated SMMUv3", "It has no device IOTLB.",
	 "QEMU: ats=off on the device"},
	{"smmuv3.host-type", NULL, "iommufd reports hardware type {1}; SMMUv3 is type 2.",
	 "QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmuv3.host-tables", NULL,
	 "The host's SMMUv3 has another table format than the emulated one.",
	 "No property changes that: QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmuv3.host-sidsize", NULL,
	 "The host has {1} bits of stream ID, the emulated SMMUv3 {2}: {1} < {2}.",
	 "No property changes that: QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmuv3.host-ssidsize", NULL,
	 "The host's SMMUv3 has {1} bits of substream ID, the VM asks for {2}: {2} > {1}.",
	 "QEMU: -device arm-smmuv3,ssidsize={1} in place of {2}\n"
	 "libvirt: <driver ssidsize='{1}'/> (all lower case: another spelling is dropped without a "
	 "word)"},
	{"smmuv3.host-ril", NULL,
	 "The VM is promised range invalidation (ril=on), which the host's SMMUv3 does not have.",
	 "QEMU: -device arm-smmuv3,ril=off\nlibvirt: <driver ril='off'/>"},
	{"smmuv3.host-ats", NULL, "The VM is promised ATS, which the host's SMMUv3 does not have.",
	 "QEMU: -device arm-smmuv3,ats=off\nlibvirt: <driver ats='off'/>"},
	{"smmuv3.host-oas", NULL,
	 "The host's SMMUv3 puts out {1} bits, the VM asks for {2}: {2} > {1}.",
	 "?1>#43?1<#48 QEMU: -device arm-smmuv3,oas=44 in place of {2}\n"
	 "?1>#43?1<#48 libvirt: <driver oas='44'/>\n"
	 "?1>#47 QEMU: -device arm-smmuv3,oas=48 in place of auto\n"
	 "?1>#47 libvirt: <driver oas='48'/>\n"
	 "?1<#44 QEMU 11.1: -device arm-smmuv3,oas=auto, with this device the first behind it "
	 "(oas= names no width below 44)"},
	{"smmuv3.host-granule", NULL,
	 "The emulated SMMUv3 always has pages of 4K, 16K and 64K; the host's lacks one of them.",
	 "No property changes that: QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmuv3.no-viommu-object", NULL, "The kernel gave no nested IOMMU for the device.",
	 "Host: a kernel with CONFIG_ARM_SMMU_V3_IOMMUFD (Linux 6.13 and later), and an SMMUv3 "
	 "with both stages and S2FWB, or CANWBS in the IORT\n"
	 "QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmu.device-twice", "two host devices for one function of the guest",
	 "QEMU keeps one device of iommufd ({0}) for each function behind the SMMU, and this one "
	 "has one.",
	 "A fault of QEMU: try another version"},
	{"smmu.invalidate", "an invalidation that the host refused",
	 "{1} of {0} commands were done.", "Look at the kernel's log for the SMMU's own error"},
	{"smmu.stream-table", "a stream table that the guest set up wrongly",
	 "The guest's entry for stream {0} is not valid.\n!An entry of the guest is not valid.",
	 "A fault of the guest's driver: try another kernel there"},
	{"smmu.events", "faults of the nested SMMUv3",
	 "The host passes on or loses fault events of the guest's tables.",
	 "Look at the guest's log: its driver caused them"},
	{"migration.accelerated-smmuv3", NULL, "accel=on blocks migration.",
	 "QEMU: arm-smmuv3 without accel=on"},
};

const struct topics smmu_topics = {topics, ARRAY_SIZE(topics)};
