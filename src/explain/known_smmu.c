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
#define BESIDE(topic, pattern)                                                                     \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, MESSAGE_COMPANION, pattern, topic                          \
	}

static const struct known_message messages[] = {
	ACCEL("smmu.not-built", "accel=on support not compiled in"),
	{IOF_SPEAKER_QEMU, V11_0, V11_1, 0, "ats auto mode is not supported", "smmu.no-auto"},
	{IOF_SPEAKER_QEMU, V11_0, V11_1, 0, "ril auto mode is not supported", "smmu.no-auto"},
	{IOF_SPEAKER_QEMU, V11_0, V11_1, 0, "ssidsize auto mode is not supported", "smmu.no-auto"},
	ACCEL("smmu.oas",
	      "QEMU SMMUv3 model only implements 44 and 48 bitOAS; other OasMode values "
	      "are not supported"),
	ACCEL("smmu.oas", "QEMU SMMUv3 model only implements auto, 44 bit, or 48 bit OAS. Other "
			  "OasMode values are not supported."),
	ACCEL("smmu.oas", "OAS can only be set to 44 or 48 bits"),
	ACCEL("smmu.ssidsize", "ssidsize must be in the range 0 to 20"),
	ACCEL("smmu.needs-accel", "ril can only be disabled if accel=on"),
	ACCEL("smmu.needs-accel", "ats can only be enabled if accel=on"),
	ACCEL("smmu.needs-accel", "OAS must be 44 bits when accel=off"),
	ACCEL("smmu.needs-accel", "oas must be 44 bits when accel=off"),
	ACCEL("smmu.needs-accel", "ssidsize can only be set if accel=on"),
	ACCEL("smmu.needs-accel", "ssidsize can only be greater than 0 bits if accel=on"),
	ACCEL("smmu.needs-accel", "cmdqv can only be enabled if accel=on"),
	ACCEL("smmu.cmdqv", "CMDQV requested but not supported"),
	ACCEL("smmu.cmdqv", "NVIDIA Tegra241 CMDQV is unsupported"),
	ACCEL("smmu.cmdqv", "Host CMDQV: insufficient vCMDQs"),
	ACCEL("smmu.stage", "Only stage1 is supported for SMMUv3 with accel=on"),
	ACCEL("smmu.kvm", "SMMUv3 accel=on requires KVM with kernel-irqchip=on support"),
	ACCEL("smmu.device-tree", "SMMUv3 with accel=on not supported for DT"),
	SINCE(V10_2, "smmu.bus",
	      "SMMU should be attached to a default PCIe root "
	      "complex(pcie.0) or a pxb-pcie based root complex"),
	SINCE(V10_2, "smmu.twice", "An iommu is already attached to this bus"),
	SINCE(V10_2, "smmu.twice",
	      "virt machine already has {0} set. Doesn't support incompatible iommus"),
	ACCEL("smmu.emulated-device",
	      "Emulated endpoint devices are not allowed when using arm-smmuv3,accel=on"),
	ACCEL("smmu.legacy-backend", "vfio-pci endpoint devices without an iommufd backend not "
				     "allowed when using arm-smmuv3,accel=on"),
	ACCEL("smmu.auto-needs-device", "arm-smmuv3 accel=on with 'auto' properties requires at "
					"least one cold-plugged VFIO device"),
	ACCEL("smmu.auto-needs-device",
	      "tegra241-cmdqv=on: requires at least one cold-plugged vfio-pci device"),
	SAYS("smmu.no-accel",
	     "device {2} requires iommu MAP notifier which is not currently supported"),
	SAYS("smmu.dev-iotlb", "SMMUv3 does not support dev-iotlb yet"),
	ACCEL("smmu.host-type", "Wrong data type ({1:d}) for Host SMMUv3 device info"),
	ACCEL("smmu.host-lacks", "Host SMMUv3 Stream Table format mismatch (host "
				 "STLEVEL={1:d}, QEMU STLEVEL={2:d})"),
	ACCEL("smmu.host-lacks", "Host SMMUv3 doesn't support Little-endian translation table"),
	ACCEL("smmu.host-lacks", "Host SMMUv3 doesn't support AArch64 translation table format"),
	ACCEL("smmu.host-sidsize", "Host SMMUv3 SIDSIZE not compatible (host={1:d}, QEMU={2:d})"),
	ACCEL("smmu.host-ssidsize", "Host SMMUv3 SSIDSIZE not compatible (host={1:d}, QEMU={2:d})"),
	ACCEL("smmu.host-ril", "Host SMMUv3 doesn't support Range Invalidation"),
	ACCEL("smmu.host-ril", "Host SUMMUv3 differs in Range Invalidation support"),
	ACCEL("smmu.host-ats", "Host SMMUv3 doesn't support Address Translation Services"),
	ACCEL("smmu.host-oas", "Host SMMUv3 supports only {1:d}-bit IPA, but the vSMMU OAS implies "
			       "{2:d}-bit IPA"),
	ACCEL("smmu.host-granule", "Host SMMUv3 doesn't support {1} translation granule"),
	ACCEL("smmu.viommu-alloc", "Unable to alloc vIOMMU: hiodi devid {*}:"),
	ACCEL("smmu.viommu-alloc", "Unable to alloc vIOMMU: idev devid {*}:"),
	ACCEL("smmu.viommu-alloc", "IOMMU_VIOMMU_ALLOC failed"),
	ACCEL("smmu.viommu-alloc", "IOMMU_VDEVICE_ALLOC failed"),
	ACCEL("smmu.invalidate",
	      "IOMMU_HWPT_INVALIDATE failed: total {0:d} entries, processed {1:d} entries"),
	ACCEL("smmu.stream-table", "Invalid STE config for sid {0:x}"),
	ACCEL("smmu.stream-table", "Failed to install all STEs properly"),
	ACCEL("smmu.events", "vEVENTQ(type {0:d} id {1:d}): {*:t}"),
	ACCEL("smmu.migration", "Migration not supported with SMMUv3 accelerator mode enabled"),
};

const struct known_messages smmu_messages = {messages, ARRAY_SIZE(messages)};

#define IN_LIBVIRT "& libvirt: the same attribute in <driver> of <iommu model='smmuv3'>"

static const struct topic topics[] = {
	{"smmu.not-built", "a QEMU without accelerated SMMUv3",
	 "This QEMU was built without it (CONFIG_ARM_SMMUV3_ACCEL).",
	 "Use another build\nQEMU: arm-smmuv3 without accel=on (no assigned devices then)"},
	{"smmu.no-auto", "auto, which this version does not have",
	 "QEMU 11.0 reads auto and refuses it; 11.1 takes the value from the host.",
	 "QEMU: leave the property away, or write a value: ats=off, ril=on, ssidsize=0\n"
	 "Use QEMU 11.1 or later"},
	{"smmu.oas", "an output address size that the emulated SMMUv3 does not have",
	 "The model has 44 and 48 bits; from 11.1 on also auto.",
	 "QEMU: -device arm-smmuv3,oas=48 with accel=on, else oas=44 or nothing\n"
	 "libvirt: <driver oas='48'/> in <iommu model='smmuv3'>"},
	{"smmu.ssidsize", "ssidsize out of range", "ssidsize is from 0 to 20.",
	 "QEMU: -device arm-smmuv3,ssidsize=20 or less"},
	{"smmu.needs-accel", "a property of accelerated SMMUv3 without accel=on",
	 "ats, ril=off, ssidsize, oas other than 44 and cmdqv are the host's abilities, so they "
	 "need "
	 "accel=on.",
	 "QEMU: -device arm-smmuv3,primary-bus=pcie.0,accel=on\n"
	 "libvirt: <driver pciBus='0' accel='on'/>; without pciBus libvirt drops accel without a "
	 "word\n"
	 "Remove the property"},
	{"smmu.cmdqv", "command queues that the host or QEMU does not have",
	 "cmdqv is for NVIDIA's Tegra241 (Grace), and takes QEMU 11.1 and two free queues.",
	 "QEMU: -device arm-smmuv3,cmdqv=off\n" IN_LIBVIRT},
	{"smmu.stage", "accel=on with another stage than 1",
	 "The guest's own stage 1 is nested in the host's stage 2.",
	 "QEMU: -device arm-smmuv3,accel=on,stage=1, or no stage="},
	{"smmu.kvm", "accel=on without KVM",
	 "Accelerated SMMUv3 needs KVM and its interrupt "
	 "controller.",
	 "QEMU: -accel kvm, no kernel-irqchip=off"},
	{"smmu.device-tree", "accel=on for a guest without ACPI",
	 "Accelerated SMMUv3 is described by ACPI tables only.",
	 "QEMU: UEFI firmware (-bios QEMU_EFI.fd or pflash) and no acpi=off"},
	{"smmu.bus", "an SMMUv3 that is on no root complex",
	 "It belongs to a root complex: pcie.0 or a pxb-pcie.",
	 "QEMU: -device arm-smmuv3,primary-bus=pcie.0\n"
	 "libvirt: <driver pciBus='0'/>, or the index of a pcie-expander-bus controller"},
	{"smmu.twice", "two IOMMUs for one root complex",
	 "The machine or the bus has one already: {0}.\n!The bus has one already.",
	 "Remove iommu=smmuv3 from -machine, or the arm-smmuv3 device\n"
	 "A pxb-pcie for each arm-smmuv3"},
	{"smmu.emulated-device", "an emulated device behind accelerated SMMUv3",
	 "Only vfio-pci devices may stand below a root complex whose SMMUv3 is accelerated; the "
	 "host's SMMU does the translation.",
	 "QEMU: a pxb-pcie of its own for the assigned devices, with arm-smmuv3,primary-bus= on "
	 "it\n"
	 "& emulated devices stay on pcie.0"},
	{"smmu.legacy-backend", "accelerated SMMUv3 with the legacy backend",
	 "Nested tables exist with iommufd only.",
	 "QEMU: -object iommufd,id=iommufd0\n& iommufd=iommufd0 on each vfio-pci device\n"
	 "libvirt: <driver name='vfio' iommufd='yes'/> in the <hostdev>"},
	{"smmu.auto-needs-device", "auto without a device to take the values from",
	 "auto means what the host's SMMU has, and the first vfio-pci device that is there at the "
	 "start tells which SMMU that is.",
	 "Put one vfio-pci device into the VM's config\n"
	 "QEMU: write all values: ats=off,ril=on,ssidsize=0,oas=44,cmdqv=off"},
	{"smmu.no-accel", "an assigned device behind an SMMUv3 that is only emulated",
	 "Without accel=on SMMUv3 cannot tell VFIO what the guest maps, so no vfio-pci device can "
	 "stand behind it ({2}).",
	 "QEMU 11.0 and later: -device arm-smmuv3,primary-bus=pcie.0,accel=on and iommufd\n"
	 "QEMU: virtio-iommu-pci in place of iommu=smmuv3\n"
	 "QEMU: bypass_iommu=on on a pxb-pcie for the device"},
	{"smmu.dev-iotlb", "ATS behind an emulated SMMUv3", "It has no device IOTLB.",
	 "QEMU: ats=off on the device"},
	{"smmu.host-type", "accelerated SMMUv3 on another IOMMU",
	 "iommufd reports hardware type {1}; SMMUv3 is type 2.",
	 "QEMU: arm-smmuv3 without accel=on, or virtio-iommu-pci"},
	{"smmu.host-lacks", "something that the host's SMMUv3 does not have",
	 "The host has {1}, the emulated SMMUv3 {2}.\n"
	 "!The host's SMMUv3 has another table format than the emulated one.",
	 "No property changes that: QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmu.host-sidsize", "fewer stream IDs than the emulated SMMUv3",
	 "The host has {1} bits of stream ID, the emulated SMMUv3 {2}: {1} < {2}.",
	 "No property changes that: QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmu.host-ssidsize", "ssidsize above the host's",
	 "The host's SMMUv3 has {1} bits of substream ID, the VM asks for {2}: {2} > {1}.",
	 "QEMU: -device arm-smmuv3,ssidsize={1} in place of {2}\n"
	 "libvirt: <driver ssidsize='{1}'/> (all lower case: another spelling is dropped without a "
	 "word)"},
	{"smmu.host-ril", "a host without range invalidation",
	 "The VM is promised range invalidation (ril=on), which the host's SMMUv3 does not have.",
	 "QEMU: -device arm-smmuv3,ril=off\nlibvirt: <driver ril='off'/>"},
	{"smmu.host-ats", "a host without ATS",
	 "The VM is promised ATS, which the host's SMMUv3 does not have.",
	 "QEMU: -device arm-smmuv3,ats=off\nlibvirt: <driver ats='off'/>"},
	{"smmu.host-oas", "oas above the host's",
	 "The host's SMMUv3 puts out {1} bits, the VM asks for {2}: {2} > {1}.",
	 "?1>#43?1<#48 QEMU: -device arm-smmuv3,oas=44 in place of {2}\n"
	 "?1>#43?1<#48 libvirt: <driver oas='44'/>\n"
	 "?1<#44 Fewer than 44 bits cannot be given to a VM: QEMU: virtio-iommu-pci in place of "
	 "arm-smmuv3,accel=on"},
	{"smmu.host-granule", "a page size that the host's SMMUv3 does not have",
	 "The emulated SMMUv3 always has pages of 4K, 16K and 64K; the host's lacks {1}.",
	 "No property changes that: QEMU: virtio-iommu-pci in place of arm-smmuv3,accel=on"},
	{"smmu.viommu-alloc", "a host that cannot nest",
	 "The kernel gave no nested IOMMU for the device.",
	 "Host: a kernel with CONFIG_ARM_SMMU_V3_IOMMUFD (Linux 6.13 and later), and an SMMUv3 "
	 "with "
	 "both stages\n"
	 "QEMU: arm-smmuv3 without accel=on, or virtio-iommu-pci"},
	{"smmu.invalidate", "an invalidation that the host refused",
	 "{1} of {0} commands were done.", "Look at the kernel's log for the SMMU's own error"},
	{"smmu.stream-table", "a stream table that the guest set up wrongly",
	 "The guest's entry for stream {0} is not valid.\n!An entry of the guest is not valid.",
	 "A fault of the guest's driver: try another kernel there"},
	{"smmu.events", "faults of the nested SMMUv3",
	 "The host passes on or loses fault events of the guest's tables.",
	 "Look at the guest's log: its driver caused them"},
	{"smmu.migration", "accelerated SMMUv3 cannot migrate", "accel=on blocks migration.",
	 "QEMU: arm-smmuv3 without accel=on"},
};

const struct topics smmu_topics = {topics, ARRAY_SIZE(topics)};
