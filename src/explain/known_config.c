/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_config.c - what QEMU says about options, properties, buses and the machine. The rules about
 * the config pass QEMU's own words on, so their forms stand here. */
#include "base/strings.h"
#include "explain/catalog.h"
#include "vmm/versions.h"

#define SAYS(topic, pattern)                                                                       \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, 0, pattern, topic                                          \
	}
/* Anybody could say it. */
#define OFTEN(topic, pattern)                                                                      \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, MESSAGE_GENERIC, pattern, topic                            \
	}
#define SINCE(version, topic, pattern)                                                             \
	{                                                                                          \
		IOF_SPEAKER_QEMU, version, 0, 0, pattern, topic                                    \
	}
#define BESIDE(topic, pattern)                                                                     \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, MESSAGE_COMPANION | MESSAGE_GENERIC, pattern, topic        \
	}

static const struct known_message messages[] = {
	OFTEN("config.property-absent", "Property '{0}.{1}' not found"),
	OFTEN("config.property-value", "Property '{0}.{1}' doesn't take value '{2}'"),
	SAYS("config.property-absent",
	     "can't apply global {0}.{1}={2:t}: Property '{*}' not found"),
	SAYS("config.property-value", "can't apply global {0}.{1}={2:t}: Parameter '{*}' {*:t}"),
	SAYS("config.property-value", "can't apply global {0}.{1}={2:t}: {*:t}"),
	OFTEN("config.property-value", "Parameter '{1}' expects 'on' or 'off'"),
	OFTEN("config.property-value", "Parameter '{1}' expects {3}"),
	OFTEN("config.property-value", "Parameter '{1}' does not accept value '{2}'"),
	OFTEN("config.property-value", "Invalid parameter type for '{1}', expected: {3}"),
	OFTEN("config.property-value", "Parameter '{1}' expects a number"),
	OFTEN("config.property-value", "Value '{2}' is too large for parameter '{1}'"),
	OFTEN("config.property-value", "Value '{2}' is out of range for parameter '{1}'"),
	SAYS("config.object-type", "Parameter 'qom-type' does not accept value '{0}'"),
	OFTEN("config.object-type", "invalid object type: {0}"),
	OFTEN("config.driver-absent", "'{0}' is not a valid device model name"),
	OFTEN("config.driver-missing", "Parameter 'driver' is missing"),
	SAYS("config.machine-without-viommu",
	     "Parameter 'driver' expects a dynamic sysbus device type for the machine"),
	SAYS("config.driver-absent", "Parameter 'driver' expects a pluggable device type"),
	SAYS("config.machine-without-viommu", "Machine-type '{0}' not supported by {1}"),
	OFTEN("config.no-pci", "No 'PCI' bus found for device '{0}'"),
	SAYS("config.no-pci", "VIRTIO-IOMMU is not attached to any PCI bus!"),
	OFTEN("config.bus-absent", "Bus '{0}' not found"),
	OFTEN("config.not-on-this-bus", "Device '{0}' can't go on {1} bus"),
	OFTEN("config.bus-without-hotplug", "Bus '{0}' does not support hotplugging"),
	OFTEN("config.not-hotpluggable", "Device '{0}' does not support hotplugging"),
	OFTEN("config.object-absent", "Device '{0}' not found"),
	OFTEN("config.object-absent", "Memory backend '{0}' not found"),
	OFTEN("config.no-peer", "nic {0} has no peer"),
	OFTEN("config.duplicate-id", "Duplicate ID '{0}' for {1}"),
	OFTEN("config.duplicate-id", "Duplicate device ID '{0}'"),
	OFTEN("config.id-not-valid", "Invalid qdev ID '{0}'"),
	SAYS("config.machine-iommu", "Invalid iommu value"),
	SAYS("config.machine-iommu", "Valid values are none, smmuv3."),
	SAYS("config.hotplug-slot",
	     "Unsupported PCI slot {0:d} for standard hotplug controller. Valid slots are between "
	     "{1:d} and {2:d}."),
	SAYS("config.chassis-slot", "Can't add chassis slot, error {0}"),
	SAYS("config.not-on-this-bus", "PCI: Only PCI/PCIe bridges can be plugged into {0}"),
	SAYS("config.not-on-this-bus", "pxb devices cannot reside on a PCIe bus"),
	SAYS("config.not-on-this-bus", "pxb-pcie devices cannot reside on a PCI bus"),
	SAYS("config.bus-without-hotplug", "Hot-plug failed: unsupported by the port device '{0}'"),
	SAYS("config.virtio-legacy-iommu",
	     "VIRTIO_F_IOMMU_PLATFORM was supported by neither legacy nor transitional device"),
	OFTEN("config.second-balloon", "Only one balloon device is supported"),
	SAYS("config.pci-slot",
	     "PCI: slot {0} function {1} not available for {2}, in use by {3:t},id={4}"),
	SAYS("config.pci-slot", "PCI: slot {0} function {1} not available for {2}, reserved"),
	SAYS("config.pci-slot", "PCI: slot {0} function {1} not available for {2}, in use by {3}"),
	SAYS("config.pci-slot",
	     "PCI: single function device can't be populated in function {0}.{1}"),
	SAYS("config.pci-slot", "PCI: no slot/function available for {2}, all in use or reserved"),
	SAYS("config.pci-slot", "PCI: slot {0} function {1} already occupied by {3}, new func {2} "
				"cannot be exposed to "
				"guest."),
	OFTEN("config.machine-type", "unsupported machine type: \"{0:q}\""),
	OFTEN("config.machine-type", "unsupported machine type"),
	BESIDE("config.machine-type", "Use -machine help to list supported machines"),
	OFTEN("config.syntax", "{0:w}: invalid option"),
	OFTEN("config.syntax", "Invalid parameter '{1}'"),
	OFTEN("config.syntax", "Expected '=' after parameter '{1}'"),
	OFTEN("config.syntax", "Parameter 'id' expects an identifier"),
	BESIDE("config.syntax",
	       "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."),
	OFTEN("config.syntax", "Parameter 'id' is missing"),
	OFTEN("config.syntax", "Parameter 'qom-type' is missing"),
	OFTEN("config.syntax", "Parameter '{1}' expects a non-negative number below 2^64"),
	BESIDE("config.syntax",
	       "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-"),
	BESIDE("config.syntax", "and exabytes, respectively."),
	OFTEN("config.syntax", "There is no option group '{0}'"),
	OFTEN("config.syntax", "there is no {0} \"{1:q}\" defined"),
	OFTEN("config.syntax", "JSON parse error, {0:t}"),
	OFTEN("config.syntax", "Expecting at most one JSON value"),
	OFTEN("config.syntax", "Could not open '{0}': {1:t}"),
	OFTEN("config.syntax", "requires an argument"),
	OFTEN("config.syntax", "can't parse: \"{0:q}\""),
	SAYS("config.syntax", "-cpu option cannot be empty"),
	SAYS("config.syntax", "-set is not supported with {0}"),
	SAYS("config.short-form", "short-form boolean option '{0}' deprecated"),
	BESIDE("config.short-form", "Please use {0} instead"),
	SAYS("config.global-unused", "global {0}.{1}={2:t} not used"),
	SAYS("config.global-unused", "global {0}.{1} has invalid class name"),
	SAYS("config.phys-bits-differ",
	     "Host physical bits ({0:d}) does not match phys-bits property ({1:d})"),
	SAYS("config.phys-bits", "phys-bits should be between 32 and {1:d} (but is {0:d})"),
	SAYS("config.phys-bits", "phys-bits should be at least 32 (but is {0:d})"),
	SINCE(V9_1, "config.cpu-option",
	      "guest-phys-bits should be between 32 and {1:d} (but is {0:d})"),
	SAYS("config.cpu-option", "phys-bits is not user-configurable in 32 bit"),
	SINCE(V9_1, "config.cpu-option", "guest-phys-bits is not user-configurable in 32 bit"),
	SAYS("config.ram-backing",
	     "unable to map backing store for guest RAM: Cannot allocate memory"),
	SAYS("config.machine-option",
	     "The -accel and \"-machine accel=\" options are incompatible"),
	OFTEN("config.machine-option", "invalid accelerator {0}"),
	SAYS("config.machine-option", "KVM does not support userspace APIC"),
	SAYS("config.machine-option",
	     "Machine option 'max-ram-below-4g={0}' expects size less than or equal to 4G"),
	SAYS("config.low-ram",
	     "There is possibly poor performance as the ram size  ({0:x}) is more then twice the "
	     "size of max-ram-below-4g ({1:d}) and max-ram-below-4g is not a multiple of 1G."),
	SAYS("config.low-ram",
	     "Large machine and max_ram_below_4g ({1:d}) not a multiple of 1G; possible bad "
	     "performance."),
	SAYS("config.machine-option", "highmem-mmio-size is not a power of 2"),
	SAYS("config.machine-option",
	     "highmem-mmio-size cannot be set to a lower value than the default ({0:t})"),
	SAYS("config.machine-option",
	     "Number of SMP CPUs requested ({0:d}) exceeds max CPUs supported by machine "
	     "'mach-virt' ({1:d})"),
	SAYS("config.machine-option", "GICv2 + ITS is an invalid configuration."),
	SAYS("config.machine-option", "unsupported number of memory slots: {0:d}"),
	SAYS("config.machine-option", "unsupported amount of memory slots: {0:d}"),
	SAYS("memory.phys-bits-too-low",
	     "Address space limit {0:x} < {1:x} phys-bits too low ({2:d})"),
	SAYS("memory.phys-bits-too-low",
	     "Addressing limited to {2:d} bits, but memory exceeds it by {3:d} bytes"),
	SAYS("memory.phys-bits-too-low",
	     "-m and ,maxmem option values require an IPA range ({3:d} bits) larger than the one "
	     "supported by the host ({2:d} bits)"),
	SAYS("memory.phys-bits-too-low",
	     "VCPU supports less PA bits ({2:d}) than requested by the memory map ({3:d})"),
	SAYS("memory.device-out-of-area",
	     "can't add memory device [{0:x}:{1:x}], usable range for memory devices "
	     "[{2:x}:{3:x}]"),
	OFTEN("config.syntax",
	      "Could not parse {*:t} fd {0:t}:Invalid file descriptor number '{1}'"),
	OFTEN("config.syntax", "array size property {0} may not be set more than once"),
	OFTEN("config.syntax", "name, plus exactly one of file, string and gen_id, are needed"),
	OFTEN("config.syntax", "failed to find romfile \"{0:q}\""),
	OFTEN("config.syntax", "could not load PC BIOS '{0}'"),
	OFTEN("config.short-form", "Using a multiplier suffix on hex numbers is deprecated: {0}"),
	OFTEN("config.machine-option", "Invalid CPU topology: {0:t}"),
	OFTEN("config.machine-option", "Deprecated CPU topology (considered invalid): {0:t}"),
	OFTEN("config.machine-option",
	      "Invalid SMP CPUs {0:d}. The max CPUs supported by machine '{1}' is {2:d}"),
	OFTEN("config.machine-option", "Invalid 'thread' setting {0}"),
	OFTEN("config.machine-option",
	      "Do not use kernel-irqchip except for the {0:t} machine type."),
	OFTEN("config.cpu-model", "unable to find CPU model '{0}'"),
	OFTEN("config.cpu-model", "CPU model '{0}' requires KVM or HVF"),
	SAYS("config.phys-bits", "Assertion `cpu->phys_bits <= 52' failed."),
	OFTEN("config.ram-backing", "cannot set up guest memory '{0}': Cannot allocate memory"),
	OFTEN("config.ram-backing", "can't open backing store {0} for guest RAM: {1:t}"),
	OFTEN("config.memory-backend", "'{0}' property must be set"),
	SAYS("config.memory-backend",
	     "Machine memory size does not match the size of the memory backend"),
	SAYS("config.memory-backend",
	     "total memory for NUMA nodes ({0:x}) should equal RAM size ({1:x})"),
	SAYS("memory.device-misplaced", "address range conflicts with memory device id='{0}'"),
	SAYS("memory.size-options", "invalid value of maxmem: {*:t}"),
	SAYS("memory.size-options", "slots specified but no max-size"),
	SAYS("memory.no-room", "no slots where allocated, please specify the 'slots' option"),
	SAYS("memory.no-room", "no slots available"),
	SAYS("memory.no-room",
	     "not enough space, currently {0:x} in use of total space for memory devices {1:x}"),
	SAYS("memory.no-room", "memory devices (e.g. for memory hotplug) are not enabled, please "
			       "specify the maxmem option"),
	SAYS("memory.no-room",
	     "the configuration is not prepared for memory devices (e.g., for memory hotplug), "
	     "consider specifying the maxmem option"),
	SAYS("memory.no-hotplug", "memory hotplug is not enabled: missing acpi device."),
	SAYS("memory.no-hotplug",
	     "memory hotplug is not enabled: missing acpi-ged device or 64-bit CPU"),
};

const struct known_messages config_messages = {messages, ARRAY_SIZE(messages)};

static const struct topic topics[] = {
	{"config.property-absent", NULL,
	 "This QEMU's {0} has no property {1}. Properties come, go and are renamed between "
	 "versions: x-flts is fsts, x-scalable-mode is scalable-mode and x-pasid-mode is "
	 "pasid-bits "
	 "from 11.1 on; aw-bits of virtio-iommu came with 9.0; dma-drain and pt went with 11.1.\n"
	 "Names are exact: aw-bits, not aw_bits.",
	 "See what there is: qemu-system-x86_64 -device {0},help\n"
	 "Remove {1}= from {0}, or use a QEMU that has it\n"
	 "libvirt: <qemu:commandline> and <qemu:override> are passed on as they are; look there "
	 "too"},
	{"config.property-value", NULL,
	 "Property {1} does not take the value {2}.\n!Property {1} has another type or range.\n"
	 "It takes: {3}.",
	 "Correct {1}={2}\n!Correct {1}=\n"
	 "In JSON numbers have no quotes and switches are true or false, but enumerations and "
	 "\"on\", \"off\", \"auto\" are strings"},
	{"config.object-type", NULL,
	 "This QEMU has no object type {0}. The iommufd backend came with QEMU 9.0.",
	 "Use QEMU 9.0 or later\n"
	 "Remove -object {0} and iommufd= from the vfio-pci devices (libvirt: iommufd='no')"},
	{"config.driver-absent", NULL,
	 "This QEMU has no device model {0} that can be given by -device.\n"
	 "!This device model is a part of the machine or of another architecture.",
	 "See what there is: qemu-system-x86_64 -device help\n"
	 "vIOMMUs are intel-iommu, amd-iommu and virtio-iommu-pci on x86; virtio-iommu-pci and, "
	 "from 10.2 on, arm-smmuv3 on Arm"},
	{"config.driver-missing", NULL, "-device must name its model.",
	 "QEMU: -device vfio-pci,host=... with the model first, or driver=vfio-pci"},
	{"config.machine-without-viommu", NULL,
	 "The machine type takes no such vIOMMU: intel-iommu and amd-iommu exist on q35 only.",
	 "QEMU: -machine q35\nlibvirt: <type machine='q35'>hvm</type>\nProxmox: machine: q35"},
	{"config.no-pci", NULL,
	 "The machine type has no PCI bus for {0}.\n!The machine type has no "
	 "PCI bus for it.",
	 "QEMU: -machine q35 (on Arm: virt)"},
	{"config.bus-absent", NULL,
	 "There is no bus {0}: the device that makes it must stand before the one that uses it.",
	 "QEMU: -device pcie-root-port,id={0},chassis=1 before it\n"
	 "Write bus=pcie.0 for the root bus of q35 and virt (pci.0 of pc)"},
	{"config.bus-without-hotplug", NULL,
	 "On q35 a device can be plugged into a pcie-root-port only, and {0} is none.",
	 "Start the VM with -device pcie-root-port,id=rp0,chassis=1 and plug with bus=rp0"},
	{"config.not-hotpluggable", NULL, "{0} is there from the start or never.",
	 "Put {0} into the VM's config"},
	{"config.no-peer", "a network card that is connected to nothing",
	 "{0} has no netdev=; the guest sees a card whose cable is out.",
	 "QEMU: -netdev user,id=net0 and netdev=net0 on the device"},
	{"config.duplicate-id", NULL, "The id {0} is taken; ids must be unique.",
	 "Give one of them another id"},
	{"config.id-not-valid", NULL,
	 "{0} is no id: it must begin with a letter, and go on with letters, digits and -._",
	 "Give the device another id"},
	{"config.machine-iommu", NULL, NULL,
	 "QEMU: -machine iommu=smmuv3 or iommu=none; any other is a -device"},
	{"config.machine-type", NULL,
	 "This QEMU does not know the machine type {0}: it is of a later version, or one that was "
	 "dropped.\n!This QEMU does not know the machine type: it is of a later version, or one "
	 "that was dropped.",
	 "See what there is: qemu-system-x86_64 -machine help\n"
	 "QEMU: -machine q35, the newest that it has; then aw-bits and other defaults are its own\n"
	 "A machine type with +pveN is Proxmox's, with rhel Red Hat's: their QEMU knows it"},
	{"config.machine-option", NULL, "A machine option does not go with the others.",
	 "Correct the option"},
	{"config.cpu-model", "a CPU model that this QEMU does not have",
	 "There is no CPU model {0} here: host and others need KVM (-accel kvm).",
	 "QEMU: -accel kvm with -cpu host\nSee what there is: qemu-system-x86_64 -cpu help"},
	{"config.memory-backend", "a memory backend that does not go with -m",
	 "A memory device needs memdev=, and backends must have the sizes that -m says.",
	 "QEMU: -object memory-backend-ram,id=ram0,size=... and memory-backend=ram0 or memdev=ram0 "
	 "with one size"},
	{"config.phys-bits", NULL,
	 "phys-bits is {0}, but must be from 32 to {1}.\n!phys-bits is {0}, "
	 "but must be at least 32.",
	 "QEMU: -cpu host, or phys-bits= within these limits"},
	{"config.cpu-option", NULL,
	 "guest-phys-bits is {0}, but must be from 32 to the phys-bits of the vCPU, {1}.\n"
	 "!phys-bits and guest-phys-bits are for 64-bit CPU models.",
	 "QEMU: guest-phys-bits={1} or less in place of {0}\n"
	 "!QEMU: remove phys-bits= and guest-phys-bits=, or take a 64-bit model as -cpu host\n"
	 "?0>1 Proxmox: cpu: host,guest-phys-bits={1}"},
	{"config.phys-bits-differ", NULL,
	 "The vCPU shows {1} bits, the host's CPU has {0}.\n"
	 "?1>0 {1} > {0}: a guest that uses addresses above {top 0} would fail.\n"
	 "?1<0 {1} < {0}: the VM runs.",
	 "?1<0 Nothing has to be done\n"
	 "?1>0 QEMU: phys-bits={0} or host-phys-bits=on"},
	{"config.ram-backing", NULL, "The host has too few huge pages for the VM's RAM.",
	 "Host: sysctl vm.nr_hugepages=N with the RAM's size divided by 2 MiB\n"
	 "Use ordinary pages (QEMU: no mem-path=; libvirt: no <hugepages/>; Proxmox: no "
	 "hugepages:)"},
	{"config.object-absent", NULL,
	 "There is no device or object {0}: it must stand before the one that names it.",
	 "QEMU: -object iommufd,id={0} if it is meant by iommufd={0}\nCorrect the name"},
	{"config.pci-slot", NULL,
	 "Slot {0}, function {1} is not free for {2}: {3} is there.\n"
	 "!Slot {0}, function {1} is not free for {2}.\n"
	 "!Slot {0} has a function {1} but no function 0 with multifunction=on.\n"
	 "!There is no free slot for {2}.",
	 "Another addr=, or none: QEMU then takes the first free slot\n"
	 "Functions other than 0 need multifunction=on at function 0"},
	{"config.hotplug-slot", NULL,
	 "Slot 0 of a bridge belongs to its hot-plug controller, but is what a device without "
	 "addr= "
	 "gets. q35 has ACPI in its place from machine type 6.1 on.",
	 "QEMU: addr=1 on the device\nQEMU: shpc=off on a pci-bridge"},
	{"config.chassis-slot", NULL,
	 "Two root ports have one pair of chassis= and slot=; both are 0 where they are not given.",
	 "QEMU: -device pcie-root-port,id=rp1,chassis=2 with a number of its own for each"},
	{"config.second-balloon", NULL, "A VM can have one balloon.", "Remove one of them"},
	{"config.not-on-this-bus", NULL,
	 "A pxb-pcie takes bridges only and stands on a PCIe bus; a pxb needs a conventional PCI "
	 "bus.",
	 "QEMU: -device pcie-root-port,id=rp0,chassis=1,bus=PXB and the device with bus=rp0"},
	{"config.syntax", NULL, "QEMU cannot read an option: {0}\n!QEMU cannot read an option.",
	 "Correct the option; the text before the message says which"},
	{"config.short-form", NULL, "A boolean without its value; it still works.",
	 "Write {0}=on, or {0}=off for the form with no before it"},
	{"config.global-unused", NULL, "No device {0} is in the VM, so {1} is not used.",
	 "Remove it, or add the device"},
	{"memory.phys-bits-too-low", NULL,
	 "The guest's addresses go up to {1}, which takes {bits 1} bits; the vCPU has {2} ({0}).\n"
	 "!The guest's addresses take {3} bits; the vCPU or the host has {2}.\n"
	 "RAM, the area for memory devices (maxmem, slots) and the 64-bit PCI hole count. With an "
	 "AMD vCPU, RAM that would touch 0xfd00000000 moves above 1 TiB.",
	 "QEMU: phys-bits={bits 1} or more, or -cpu host where the host's CPU has that\n"
	 "QEMU: lower maxmem= and slots= of -m (libvirt: <maxMemory>), or -m itself\n"
	 "Proxmox: cpu: host,phys-bits=host, or hotplug: without memory"},
	{"memory.device-out-of-area", NULL,
	 "A memory device from {0} ({size 1}) lies outside of the area for such, which begins at "
	 "{2} and has {size 3}.",
	 "QEMU: no addr= (memaddr=) on it, or one in that area; or a larger maxmem="},
	{"memory.device-misplaced", "a memory device where another is",
	 "The address of this memory device is taken by {0}.",
	 "QEMU: no addr= (memaddr=) on it: QEMU then takes the first free place"},
	{"config.low-ram", NULL,
	 "RAM is split at max-ram-below-4g ({1} bytes), which is no multiple of 1 GiB: the part "
	 "above 4 GiB then begins within a huge page.",
	 "QEMU: -machine max-ram-below-4g=2G, or leave it out"},
	{"config.virtio-legacy-iommu", NULL,
	 "iommu_platform=on is of virtio 1.0, but the device also shows the legacy form, as it "
	 "does on a root bus.",
	 "QEMU: disable-legacy=on on the device, or put it below a pcie-root-port"},
	{"memory.no-room", NULL,
	 "-m has no room for the memory device: it takes one of slots=, and the bytes between the "
	 "RAM's size and maxmem=.",
	 "QEMU: -m size=...,slots=8,maxmem=... larger\nlibvirt: <maxMemory slots='8' unit='GiB'>"},
	{"memory.no-hotplug", NULL, "This machine has no ACPI device to tell the guest.",
	 "QEMU: no acpi=off; on Arm UEFI firmware and a 64-bit CPU"},
};

const struct topics config_topics = {topics, ARRAY_SIZE(topics)};
