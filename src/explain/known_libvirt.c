/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_libvirt.c - what libvirt itself says. */
#include "base/strings.h"
#include "explain/catalog.h"

#define SAYS(topic, pattern)                                                                       \
	{                                                                                          \
		IOF_SPEAKER_LIBVIRT, 0, 0, 0, pattern, topic                                       \
	}
#define AROUND(pattern)                                                                            \
	{                                                                                          \
		IOF_SPEAKER_LIBVIRT, 0, 0, MESSAGE_WRAPPER, pattern, "libvirt.qemu-ended"          \
	}

static const struct known_message messages[] = {
	AROUND("internal error: QEMU unexpectedly closed the monitor"),
	AROUND("internal error: qemu unexpectedly closed the monitor"),
	AROUND("internal error: process exited while connecting to monitor"),
	AROUND("internal error: unable to execute QEMU command '{*}'"),
	SAYS("libvirt.model-and-machine",
	     "IOMMU device: '{0}' is only supported with {1:t} machines"),
	SAYS("libvirt.virtio-acpi", "IOMMU device: 'virtio' requires ACPI"),
	SAYS("libvirt.virtio-address", "IOMMU device: 'virtio' needs a PCI address"),
	SAYS("libvirt.virtio-address", "The device at PCI address {0:b} needs to be an integrated "
				       "device (bus=0)"),
	SAYS("libvirt.no-address", "iommu model '{0}' can't have address"),
	SAYS("libvirt.other-attribute",
	     "iommu model '{0}' doesn't support some additional attributes"),
	SAYS("libvirt.other-attribute", "iommu model '{0}' doesn't support additional attributes"),
	SAYS("libvirt.needs-accel", "accel must be enabled for iommu model 'smmuv3' when setting "
				    "ats, ril, ssidsize, oas, or cmdqv"),
	SAYS("libvirt.smmu-bus", "Could not find a suitable controller for smmuv3"),
	SAYS("libvirt.intremap", "IOMMU interrupt remapping requires split I/O APIC (ioapic "
				 "driver='qemu')"),
	SAYS("libvirt.eim", "IOMMU eim requires interrupt remapping to be enabled"),
	SAYS("libvirt.granule",
	     "iommu: unsupported granule size. Supported values are 4, 8, 16 and "
	     "64 KiB"),
	SAYS("libvirt.several", "IOMMU model smmuv3 must be specified for multiple IOMMU "
				"definitions"),
	SAYS("libvirt.several",
	     "device-pluggable IOMMU with pciBus attribute must be specified for "
	     "multiple IOMMU definitions"),
	SAYS("libvirt.several", "domain already has an iommu device"),
	SAYS("libvirt.old-qemu", "iommu: {0:t} is not supported with this QEMU binary"),
	SAYS("libvirt.old-qemu", "IOMMU device: {0:t} is not supported with this QEMU binary"),
	SAYS("libvirt.many-vcpus", "more than 255 vCPUs require either IOAPIC in QEMU or an iommu "
				   "device with EIM or XTSup mode enabled"),
	SAYS("libvirt.many-vcpus", "more than 255 vCPUs require extended interrupt mode enabled on "
				   "the iommu device"),
	SAYS("libvirt.many-vcpus", "more than 255 vCPUs are only supported on q35-based machine "
				   "types"),
	SAYS("libvirt.no-vfio", "VFIO PCI device assignment is not supported by the host"),
	SAYS("libvirt.no-vfio", "host doesn't support passthrough of host PCI devices"),
	SAYS("libvirt.no-iommufd", "IOMMUFD is not supported by host kernel"),
	SAYS("libvirt.no-iommufd", "IOMMUFD is not supported by this version of qemu"),
	SAYS("libvirt.fdgroup", "Setting 'fdgroup' when 'iommufd' is disabled is not supported."),
	SAYS("libvirt.hostdev-twice", "Hostdev already exists in the domain configuration"),
	SAYS("libvirt.arm-uefi", "ACPI requires UEFI on this architecture"),
	SAYS("libvirt.aw-bits", "iommu: aw-bits must be within [32,64]"),
	SAYS("libvirt.maxphysaddr-limit",
	     "attribute 'limit' is only supported for maxphysaddr mode 'passthrough'"),
	SAYS("libvirt.maxphysaddr-bits", "CPU maximum physical address bits number specification "
					 "cannot be used with mode='passthrough'"),
	SAYS("libvirt.maxphysaddr-host", "The number of virtual CPU address bits cannot exceed the "
					 "number supported by the host CPU"),
	SAYS("libvirt.maxphysaddr-arch", "CPU maximum physical address bits specification is not "
					 "supported for '{0}' architecture"),
	SAYS("libvirt.pcihole64", "64-bit PCI hole setting is only for root PCI controllers"),
	SAYS("libvirt.slots", "memory device slot '{0:d}' exceeds slots count '{1:d}'"),
	SAYS("libvirt.attribute-value", "Invalid value for attribute '{0}' in element 'driver': "
					"'{1}'"),
	SAYS("libvirt.no-iommu", "No ACPI {0} table found, IOMMU either disabled in BIOS or not "
				 "supported by this hardware platform"),
	SAYS("libvirt.no-iommu",
	     "No ACPI IORT table found, IOMMU not supported by this hardware platform"),
	SAYS("libvirt.no-iommu", "Failed to parse ACPI IORT table"),
	SAYS("libvirt.no-iommu",
	     "IOMMU appears to be disabled in kernel. Add {1} to kernel cmdline "
	     "arguments"),
	SAYS("libvirt.no-iommu", "IOMMU capability not compiled into kernel."),
	SAYS("libvirt.unknown-iommu", "Unknown if this platform has IOMMU support"),
	SAYS("libvirt.memlock",
	     "cannot limit locked memory of process {0:d} to {1:d}: Operation not "
	     "permitted"),
	SAYS("libvirt.migration-differs", "Target CPU maxphysaddr does not match source"),
	SAYS("libvirt.migration-differs",
	     "Target domain IOMMU device {0:t} '{1}' does not match source '{2}'"),
	SAYS("libvirt.migration-differs", "Target domain IOMMU device {0:t} does not match source"),
	SAYS("libvirt.migration-hostdev",
	     "cannot migrate a domain with <hostdev mode='subsystem' type='pci'>"),
	{IOF_SPEAKER_LIBVIRT, 0, 0, MESSAGE_WRAPPER, "cannot migrate domain: {*:t}",
	 "libvirt.migration-blocked"},
	SAYS("libvirt.hook", "Hook script execution failed: {0:t}"),
};

const struct known_messages libvirt_messages = {messages, ARRAY_SIZE(messages)};

static const struct topic topics[] = {
	{"libvirt.qemu-ended", "QEMU ended while libvirt was starting it or refused a command",
	 "This line only says so; why, QEMU says in the lines behind it.",
	 "See: tail -n 20 /var/log/libvirt/qemu/NAME.log, and give that to iommufit explain"},
	{"libvirt.migration-blocked", "something blocks the migration",
	 "The reason stands behind it.", "Give the whole line to iommufit explain"},
	{"libvirt.model-and-machine", "a vIOMMU model that the machine type does not take",
	 "<iommu model='{0}'> needs a machine type of: {1}.",
	 "libvirt: <type machine='q35'>hvm</type> on x86, machine='virt' on Arm\n"
	 "libvirt: another model: intel, amd and virtio for q35, smmuv3 and virtio for virt"},
	{"libvirt.virtio-acpi", "virtio-iommu without ACPI",
	 "ACPI (VIOT) tells the guest which devices it translates.",
	 "libvirt: <acpi/> in <features> (on Arm with <os firmware='efi'>)"},
	{"libvirt.virtio-address", "virtio-iommu that is not on the root bus",
	 "It is a part of the root complex.",
	 "libvirt: no <address> for it, or <address type='pci' bus='0x00' slot='0x02'/>"},
	{"libvirt.no-address", "an address for a vIOMMU that is no PCI device",
	 "{0} is no device on a bus.", "libvirt: remove <address> from <iommu model='{0}'>"},
	{"libvirt.other-attribute", "an attribute of another vIOMMU model",
	 "<driver> of <iommu model='{0}'> has attributes of another model.",
	 "libvirt: intremap, caching_mode, eim, iotlb, aw_bits, dma_translation are intel's; "
	 "aw_bits and granule virtio's; passthrough and xtsup amd's; pciBus, accel, ats, ril, "
	 "ssidsize, oas, cmdqv smmuv3's"},
	{"libvirt.needs-accel", "a property of accelerated SMMUv3 without accel",
	 "ats, ril, ssidsize, oas and cmdqv need accel='on'.",
	 "libvirt: <driver pciBus='0' accel='on' .../>"},
	{"libvirt.smmu-bus", "a pciBus that is no root complex",
	 "pciBus is the index of a libvirt controller: 0 or a pcie-expander-bus.",
	 "libvirt: <driver pciBus='0' accel='on'/>"},
	{"libvirt.intremap", "interrupt remapping with a full in-kernel interrupt controller",
	 "It cannot remap interrupts.", "libvirt: <ioapic driver='qemu'/> in <features>"},
	{"libvirt.eim", "eim without interrupt remapping",
	 "Extended interrupt mode is a part of interrupt remapping.",
	 "libvirt: <driver intremap='on' eim='on'/>"},
	{"libvirt.granule", "a granule that virtio-iommu does not have",
	 "4, 8, 16, 64 KiB or the host's.", "libvirt: <granule mode='host'/>"},
	{"libvirt.several", "more than one vIOMMU",
	 "A VM takes one; Arm's virt several smmuv3, each with its own root complex.",
	 "libvirt: remove all but one <iommu>\nlibvirt: <iommu model='smmuv3'> with pciBus= each"},
	{"libvirt.old-qemu", "a feature that this QEMU lacks", "{0} came with a later QEMU.",
	 "Use a later QEMU\nlibvirt: remove the attribute from <iommu>"},
	{"libvirt.many-vcpus", "more than 255 vCPUs",
	 "APIC IDs above 255 need a vIOMMU that remaps interrupts in extended mode, and q35.",
	 "libvirt: <iommu model='intel'><driver intremap='on' eim='on'/></iommu>\n"
	 "& <ioapic driver='qemu'/> in <features>"},
	{"libvirt.no-vfio", "a host that cannot give devices away",
	 "There are no IOMMU groups or no /dev/vfio/vfio: the IOMMU is off, or VFIO is not loaded.",
	 "Host: modprobe vfio-pci\n"
	 "Host, Intel: VT-d on in the firmware setup, intel_iommu=on on the kernel command line\n"
	 "Host, AMD: AMD-Vi on in the firmware setup"},
	{"libvirt.no-iommufd", "iommufd that is not there",
	 "iommufd takes Linux 6.2 (device files: 6.6) and QEMU 9.0.",
	 "Host: modprobe iommufd; ls -l /dev/iommu\n"
	 "libvirt: iommufd='no' in <driver> of the <hostdev>"},
	{"libvirt.fdgroup", "fdgroup without iommufd", "fdgroup belongs to iommufd.",
	 "libvirt: <iommufd enabled='yes' fdgroup='...'/>, or no fdgroup"},
	{"libvirt.hostdev-twice", "a device that is given twice",
	 "A host device can be assigned once.", "libvirt: remove one <hostdev>"},
	{"libvirt.arm-uefi", "ACPI without UEFI on Arm", "On Arm ACPI comes from UEFI firmware.",
	 "libvirt: <os firmware='efi'>\nlibvirt: remove <acpi/>"},
	{"libvirt.aw-bits", "aw_bits out of range", "aw_bits of virtio must be from 32 to 64.",
	 "libvirt: <driver aw_bits='39'/> on x86, '48' on Arm, or up to what the host's IOMMU has"},
	{"libvirt.maxphysaddr-limit", "limit on a width that is not passed through",
	 "limit goes with mode='passthrough'.",
	 "libvirt: <maxphysaddr mode='passthrough' limit='39'/>"},
	{"libvirt.maxphysaddr-bits", "bits on a width that is passed through",
	 "bits goes with mode='emulate'; what is passed through has limit.",
	 "libvirt: <maxphysaddr mode='passthrough' limit='39'/>"},
	{"libvirt.maxphysaddr-host", "a vCPU wider than the host's CPU",
	 "The VM asks for more physical address bits than the host's CPU has.",
	 "libvirt: <maxphysaddr mode='passthrough'/>, or fewer bits"},
	{"libvirt.maxphysaddr-arch", "a CPU width on an architecture without",
	 "{0} has no maxphysaddr.", "libvirt: remove <maxphysaddr>"},
	{"libvirt.pcihole64", "pcihole64 on a controller that is no root",
	 "Only the root has the window.",
	 "libvirt: <pcihole64> in <controller type='pci' index='0' model='pcie-root'>"},
	{"libvirt.slots", "a memory slot that does not exist", "Slot {0} of {1}, counted from 0.",
	 "libvirt: <maxMemory slots='...'> above {0}"},
	{"libvirt.attribute-value", "a value that an attribute does not take",
	 "{0} does not take {1}. On or off is what there is; what is to be automatic is left out.",
	 "libvirt: remove {0}='{1}', or write on or off"},
	{"libvirt.no-iommu", "a host without an IOMMU, or with one that is off",
	 "There is no ACPI table {0}: the firmware setup has it off, or this is a VM or "
	 "container.\n"
	 "!The kernel has no IOMMU groups.",
	 "Host, Intel: VT-d on in the firmware setup, intel_iommu=on on the kernel command line\n"
	 "Host, AMD: AMD-Vi or IOMMU on in the firmware setup; the kernel uses it by itself\n"
	 "In a VM: give it a vIOMMU"},
	{"libvirt.unknown-iommu", "a check that knows nothing of this platform",
	 "virt-host-validate looks for VT-d, AMD-Vi and, in later versions, SMMU.",
	 "See: iommufit host"},
	{"libvirt.memlock", "a limit of locked memory that may not be raised",
	 "libvirt wants to let process {0} lock {size 1} ({1} bytes): the RAM once for each "
	 "assigned "
	 "device behind a vIOMMU, and 1 GiB. It may not raise the limit.",
	 "Let libvirt's daemon raise it: CAP_SYS_RESOURCE in its container, or LimitMEMLOCK={1} "
	 "(or "
	 "infinity) in its unit\n"
	 "libvirt: <hard_limit unit='bytes'>{1}</hard_limit> in <memtune> says it, but needs the "
	 "right as well\n"
	 "libvirt: iommufd='yes' for the <hostdev>s, which counts the RAM once"},
	{"libvirt.migration-differs", "a migration between configs that differ",
	 "The target's is {1}, the source's {2}.\n"
	 "{0} of the vIOMMU is not the same at both ends; a value that is written and the same one "
	 "by default differ, too.\n!The width of the CPU is not the same at both ends.",
	 "libvirt: write the same value at both ends (aw_bits, maxphysaddr limit) instead of "
	 "leaving "
	 "it to defaults"},
	{"libvirt.migration-hostdev", "an assigned device cannot migrate",
	 "This libvirt or QEMU cannot migrate assigned devices.",
	 "Unplug the device before migrating: virsh detach-device\nUse later versions of both"},
	{"libvirt.hook", "a hook script refused", "The script said: {0}",
	 "See /etc/libvirt/hooks/qemu"},
};

const struct topics libvirt_topics = {topics, ARRAY_SIZE(topics)};
