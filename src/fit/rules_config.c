/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What QEMU refuses about the config itself. These rules have no function: resolving the machine
 * finds the problem, with QEMU's message in it (src/vmm); here stands what it means. The first ones
 * are the manager's: what libvirt or Proxmox does with its config before there is a QEMU.
 */
#include "fit/cures.h"
#include "fit/rule.h"

#define QDEV "QEMU system/qdev-monitor.c qdev_device_add_from_qdict"

static const struct rule rules[PROBLEM_COUNT] = {
	[PROBLEM_NONE] = {"config.unknown", IOF_SEVERITY_NOTE, "nothing", "", "", "", "source",
			  NULL, NULL},
	[PROBLEM_MANAGER_REFUSES] =
		{"config.manager-refuses", IOF_SEVERITY_ERROR,
		 "a config that libvirt or Proxmox refuses",
		 "{2} will refuse this config; no VMM is started.", "{1}",
		 "libvirt src/conf/domain_validate.c, src/qemu/qemu_validate.c; qemu-server "
		 "src/PVE/QemuServer.pm",
		 "lab", cure_remark, "Change what it complains of."},
	[PROBLEM_CH_REFUSES] = {"cloud-hypervisor.config-refused", IOF_SEVERITY_ERROR,
				"a config that Cloud Hypervisor refuses",
				"Cloud Hypervisor will refuse this config.", "{0}",
				"Cloud Hypervisor vmm/src/config.rs VmConfig::validate", "source",
				cure_ch_config, "Change what it complains of."},
	[PROBLEM_MANAGER_DROPS] =
		{"config.setting-dropped", IOF_SEVERITY_WARNING, "a setting that the manager drops",
		 "{2} will drop {0}: the VM starts without it.", "{1}",
		 "libvirt src/conf/domain_conf.c; qemu-server src/PVE/QemuServer.pm", "lab",
		 cure_remark, "Write it as the manager knows it, or leave it out."},
	[PROBLEM_MANAGER_NO_EFFECT] =
		{"config.setting-without-effect", IOF_SEVERITY_WARNING,
		 "a setting that has no effect", "{2} takes {0}, and it will have no effect.",
		 "{1}", "libvirt src/qemu/qemu_command.c, QEMU target/i386/host-cpu.c", "lab",
		 cure_remark, "Write what was meant, or leave it out."},
	[PROBLEM_MANAGER_PENDING] =
		{"config.pending-change", IOF_SEVERITY_NOTE,
		 "a change that waits for the next start",
		 "{0} will be {1} from the next start on; the answer is for the config after that.",
		 "Proxmox keeps changes that a running VM cannot take in a section [PENDING], and "
		 "applies them at the next start.",
		 "qemu-server src/PVE/QemuServer.pm vmconfig_apply_pending", "source", NULL,
		 "Nothing has to be done."},
	[PROBLEM_MANAGER_WARNS] = {"config.manager-warns", IOF_SEVERITY_NOTE,
				   "something that the manager warns of", "{2} will say: {0}",
				   "{1}", "qemu-server src/PVE/QemuServer.pm", "lab", cure_remark,
				   "Nothing has to be done."},
	[PROBLEM_MANAGER_ASSUMES] = {"config.host-decides", IOF_SEVERITY_NOTE,
				     "something that the host decides and that is not known here",
				     "{2} will ask the host for {0}.", "{1}.",
				     "qemu-server src/PVE/QemuServer/PCI.pm parse_hostpci",
				     "source", NULL,
				     "Name the functions one by one, or check on the host itself."},
	[PROBLEM_SYNTAX] = {"config.syntax", IOF_SEVERITY_ERROR, "an option that QEMU cannot read",
			    "QEMU will stop while it reads its command line.", "{0}",
			    "QEMU util/qemu-option.c", "lab", cure_syntax, "Correct the option."},
	[PROBLEM_OBJECT_TYPE] = {"config.object-type", IOF_SEVERITY_ERROR,
				 "an object type that this version lacks",
				 "QEMU will stop: it has no object of type {0}.",
				 "The iommufd backend came with QEMU 9.0.", "QEMU qapi/qom.json",
				 "lab", cure_object_type, NULL},
	[PROBLEM_MACHINE_TYPE] =
		{"config.machine-type", IOF_SEVERITY_ERROR,
		 "a machine type that this version lacks",
		 "QEMU will stop: it has no machine type {0}.",
		 "A QEMU knows the machine types of its own and of earlier versions only.",
		 "QEMU system/vl.c select_machine", "lab", cure_machine_type, NULL},
	[PROBLEM_MACHINE_OPTION] = {"config.machine-option", IOF_SEVERITY_ERROR,
				    "a machine option that QEMU refuses",
				    "QEMU will refuse a machine option.", "{0}",
				    "QEMU hw/core/machine.c", "lab", cure_machine_option,
				    "Correct the option."},
	[PROBLEM_MEMORY_SIZES] =
		{"memory.size-options", IOF_SEVERITY_ERROR,
		 "slots= and maxmem= that do not go together",
		 "QEMU will refuse -m: its sizes do not go together.",
		 "slots= needs a maxmem= that is larger than the RAM; maxmem= is never smaller "
		 "than the RAM, and means bytes where it has no suffix.",
		 "QEMU hw/core/machine.c machine_set_mem", "lab", cure_memory_sizes,
		 "Write maxmem= with its unit, or leave out both."},
	[PROBLEM_NO_USER_APIC] =
		{"config.no-user-apic", IOF_SEVERITY_ERROR,
		 "KVM without its interrupt controller since 8.0",
		 "QEMU will refuse KVM without its interrupt controller.",
		 "kernel-irqchip=off leaves it to QEMU, which 8.0 and later do not do.",
		 "QEMU hw/i386/kvm/apic.c, hw/i386/x86-common.c x86_cpus_init", "lab",
		 cure_user_apic, NULL},
	[PROBLEM_MACHINE_IOMMU] = {"config.machine-iommu", IOF_SEVERITY_ERROR,
				   "an iommu= that the board has not",
				   "QEMU will refuse the machine: it makes no such IOMMU.",
				   "virt takes iommu=smmuv3 and iommu=none; any other is a "
				   "-device.",
				   "QEMU hw/arm/virt.c virt_set_iommu", "lab", cure_machine_iommu,
				   NULL},
	[PROBLEM_CPU_BITS] = {"config.phys-bits", IOF_SEVERITY_ERROR, "phys-bits out of range",
			      "QEMU will refuse the CPU: phys-bits={0}.",
			      "phys-bits must be from 32 to 52.",
			      "QEMU target/i386/cpu.c x86_cpu_realizefn", "lab", cure_cpu_bits,
			      NULL},
	[PROBLEM_CPU_OPTION] =
		{"config.cpu-option", IOF_SEVERITY_ERROR, "a CPU property that QEMU refuses",
		 "QEMU will refuse the CPU {2}: a width is given that it does not take.",
		 "phys-bits and guest-phys-bits are for 64-bit models; guest-phys-bits "
		 "came with QEMU 9.1 and is at most phys-bits.",
		 "QEMU target/i386/cpu.c x86_cpu_realizefn", "lab", cure_cpu_option, NULL},
	[PROBLEM_RAM_BACKING] =
		{"config.ram-backing", IOF_SEVERITY_ERROR, "huge pages that the host has not",
		 "QEMU will stop: the host has too few huge pages for the VM's RAM.",
		 "It has {0} free pages of {2} bytes; {1} bytes are asked for.",
		 "QEMU backends/hostmem.c", "lab", cure_ram_backing, NULL},
	[PROBLEM_DRIVER_ABSENT] = {"config.driver-absent", IOF_SEVERITY_ERROR,
				   "a device model that this QEMU lacks",
				   "QEMU will refuse the device: it has no model {0}.",
				   "An x86 QEMU has intel-iommu, amd-iommu and virtio-iommu-pci, "
				   "one for Arm arm-smmuv3 and virtio-iommu-pci.",
				   QDEV, "lab", cure_driver, NULL},
	[PROBLEM_DRIVER_MISSING] = {"config.driver-missing", IOF_SEVERITY_ERROR,
				    "-device without a model",
				    "QEMU will refuse a device: no model is named.",
				    "-device must name its driver.", QDEV, "lab",
				    cure_driver_missing,
				    "Write the model first: -device vfio-pci,..."},
	[PROBLEM_NOT_SYSBUS] = {"config.machine-without-viommu", IOF_SEVERITY_ERROR,
				"a machine type that takes no such vIOMMU",
				"QEMU will refuse the {1}: this machine type takes none.",
				"intel-iommu and amd-iommu exist on q35 only, arm-smmuv3 on virt.",
				QDEV, "lab", cure_use_q35, NULL},
	[PROBLEM_BOARD_ONLY] = {"config.board-only", IOF_SEVERITY_ERROR,
				"a model that only the board makes",
				"QEMU will refuse the {0}: in this version only the board makes "
				"one.",
				"Before QEMU 10.2 Arm's virt has one SMMUv3, for -machine "
				"iommu=smmuv3; -device arm-smmuv3 came with 10.2.",
				QDEV, "lab", cure_board_smmu, NULL},
	[PROBLEM_NO_PCI_BUS] = {"config.no-pci", IOF_SEVERITY_ERROR,
				"a PCI device on a machine without PCI",
				"QEMU will refuse the {0}: this machine type has no PCI bus.",
				"Assigned devices and virtio-iommu-pci need PCI.", QDEV, "lab",
				cure_use_q35, NULL},
	[PROBLEM_BUS_ABSENT] = {"config.bus-absent", IOF_SEVERITY_ERROR,
				"a bus that does not exist",
				"QEMU will refuse a device: there is no bus {0}.",
				"A bus must be made by a device that stands before this one.", QDEV,
				"lab", cure_bus, NULL},
	[PROBLEM_BUS_NO_HOTPLUG] =
		{"config.bus-without-hotplug", IOF_SEVERITY_ERROR, "hot-plug on a fixed bus",
		 "QEMU will refuse to plug the device: bus {0} takes none at run time.",
		 "On q35 a device can be plugged into a pcie-root-port only.", QDEV, "lab",
		 cure_hotplug_bus,
		 "Start the VM with -device pcie-root-port,id=rp0,chassis=1 and plug with "
		 "bus=rp0."},
	[PROBLEM_NOT_HOTPLUGGABLE] = {"config.not-hotpluggable", IOF_SEVERITY_ERROR,
				      "a device that cannot be plugged",
				      "QEMU will refuse to plug the {0}.",
				      "This model is there from the start or never.", QDEV, "lab",
				      cure_not_hotpluggable, "Put it into the VM's config."},
	[PROBLEM_DUPLICATE_ID] = {"config.duplicate-id", IOF_SEVERITY_ERROR,
				  "an id that is used twice",
				  "QEMU will refuse a device: the id {0} is taken.",
				  "Ids must be unique.", QDEV, "lab", cure_duplicate_id, NULL},
	[PROBLEM_ID] = {"config.id-not-valid", IOF_SEVERITY_ERROR, "an id that is no identifier",
			"QEMU will refuse a device: {0} is no id.",
			"An id begins with a letter and goes on with letters, digits and -._ only; "
			"in JSON it is looked at since QEMU 11.1.",
			QDEV, "lab", cure_device_id, NULL},
	[PROBLEM_PROPERTY_ABSENT] =
		{"config.property-absent", IOF_SEVERITY_ERROR, "a property that this version lacks",
		 "QEMU will refuse the {0}: this version knows no property {1}.",
		 "Properties come, go and are renamed between versions.",
		 "QEMU qom/object.c object_property_find_err", "lab", cure_property, NULL},
	[PROBLEM_VALUE] = {"config.property-value", IOF_SEVERITY_ERROR,
			   "a value that a property does not take",
			   "QEMU will refuse a value of {0}.",
			   "The property has another type or range.",
			   "QEMU qapi/qobject-input-visitor.c", "lab", cure_value, NULL},
	[PROBLEM_ADDRESS_SPACE] =
		{"memory.phys-bits-too-low", IOF_SEVERITY_ERROR,
		 "a memory map that the vCPU cannot address",
		 "QEMU will stop: the guest's addresses end at {1}, the vCPU's at {0}.",
		 "RAM, the area for memory devices (maxmem, slots) and the 64-bit PCI hole need "
		 "more than "
		 "{2} bits. With an AMD vCPU all RAM above 4 GiB moves to 1 TiB when it would "
		 "touch the "
		 "HyperTransport hole below it.",
		 "QEMU hw/i386/pc.c pc_memory_init", "lab", cure_phys_bits, NULL},
	[PROBLEM_MEMORY_HOTPLUG] =
		{"memory.no-hotplug", IOF_SEVERITY_ERROR,
		 "a memory device of which the guest could not be told",
		 "QEMU will refuse the {2}: this machine has no ACPI device for such.",
		 "acpi=off takes it away; Arm's virt has it with firmware and a 64-bit CPU only.",
		 "QEMU hw/i386/pc.c pc_memory_pre_plug, hw/arm/virt.c virt_memory_pre_plug", "lab",
		 NULL,
		 "Start the VM with ACPI (on Arm: UEFI firmware and a 64-bit CPU), or with more "
		 "-m."},
	[PROBLEM_MEMORY_ROOM] =
		{"memory.no-room", IOF_SEVERITY_ERROR, "a memory device for which -m has no room",
		 "QEMU will refuse the {2}: -m leaves no room for it.",
		 "A DIMM takes one of slots=, and all memory devices together have the bytes from "
		 "the RAM's size to maxmem=.",
		 "QEMU hw/mem/pc-dimm.c pc_dimm_get_free_slot, hw/mem/memory-device.c", "lab",
		 cure_memory_room, NULL},
	[PROBLEM_RAM_BEYOND_KVM] = {"memory.ram-beyond-host-cpu", IOF_SEVERITY_ERROR,
				    "more RAM than the host's CPU addresses",
				    "QEMU will abort: KVM takes no {1} bytes of RAM at {0}.",
				    "The host's CPU has {2} address bits, whatever the vCPU has.",
				    "Linux arch/x86/kvm/x86.c kvm_arch_prepare_memory_region",
				    "lab", cure_ram_beyond_kvm, "Give the VM less RAM."},
	[PROBLEM_MEMORY_DEVICE] =
		{"memory.device-out-of-area", IOF_SEVERITY_ERROR,
		 "a memory device outside the area for such",
		 "QEMU will refuse a memory device at {0}: the area for such begins at {2}.",
		 "The area begins above RAM and has {3} bytes: maxmem less the RAM, and 1 GiB for "
		 "each slot.",
		 "QEMU hw/mem/memory-device.c", "lab", cure_memory_address, NULL},
	[PROBLEM_MEMORY_PLACE] = {"memory.device-misplaced", IOF_SEVERITY_ERROR,
				  "a memory device where another one is, or at an odd address",
				  "QEMU will refuse a memory device: {0} is in its way.",
				  "Memory devices must not overlap, and begin at a multiple of "
				  "2 MiB.",
				  "QEMU hw/mem/memory-device.c memory_device_get_free_addr", "lab",
				  cure_memory_address, NULL},
	[PROBLEM_HOST_ADDRESS] =
		{"config.host-address", IOF_SEVERITY_ERROR, "a host device that is no PCI address",
		 "QEMU will refuse the device: host={2} is no PCI address.",
		 "An address has the form DDDD:BB:DD.F or BB:DD.F, in hexadecimal.",
		 "QEMU hw/core/qdev-properties-system.c set_pci_host_devaddr", "lab", NULL,
		 "Write the address that `lspci -D` shows."},
	[PROBLEM_OBJECT_ABSENT] = {"config.object-absent", IOF_SEVERITY_ERROR,
				   "an object that is not there",
				   "QEMU will refuse the device: there is no object {0}.",
				   "iommufd= names an -object iommufd that does not exist.",
				   "QEMU qom/object.c object_resolve_link", "lab",
				   cure_object_absent, NULL},
	[PROBLEM_PCI_SLOT] = {"config.pci-slot", IOF_SEVERITY_ERROR, "a PCI slot that is taken",
			      "QEMU will refuse the {2}: its PCI slot is not free.",
			      "A function can be given once, and functions other than 0 need "
			      "multifunction=on at function 0.",
			      "QEMU hw/pci/pci.c do_pci_register_device", "lab", cure_slot, NULL},
	[PROBLEM_HOTPLUG_SLOT] = {"config.hotplug-slot", IOF_SEVERITY_ERROR,
				  "slot 0 of a bridge with a hot-plug controller",
				  "QEMU will refuse the {0}: slot 0 of its bridge is taken.",
				  "It belongs to the bridge's own hot-plug controller, but is what "
				  "a device without addr= gets.",
				  "QEMU hw/pci/shpc.c shpc_device_get_slot", "lab",
				  cure_hotplug_slot, NULL},
	[PROBLEM_SECOND_BALLOON] = {"config.second-balloon", IOF_SEVERITY_ERROR,
				    "a second virtio-balloon",
				    "QEMU will refuse the second virtio-balloon.",
				    "A VM can have one.",
				    "QEMU hw/virtio/virtio-balloon.c virtio_balloon_device_realize",
				    "lab", NULL, "Remove one of them."},
	[PROBLEM_CHASSIS_SLOT] =
		{"config.chassis-slot", IOF_SEVERITY_ERROR,
		 "two root ports with one chassis and slot",
		 "QEMU will refuse a root port: its chassis and slot numbers are taken.",
		 "Each port needs its own pair of chassis= and slot=; both are 0 where they are "
		 "not given.",
		 "QEMU hw/pci/pcie_port.c pcie_chassis_add_slot", "lab", cure_chassis, NULL},
	[PROBLEM_NOT_ON_THIS_BUS] =
		{"config.not-on-this-bus", IOF_SEVERITY_ERROR, "a bus that takes no such device",
		 "QEMU will refuse {1}: the bus that it goes to does not take it.",
		 "A pxb-pcie takes bridges only, and a pxb needs a conventional PCI bus. Without "
		 "bus= "
		 "a device goes to the last pxb, if there is one.",
		 "QEMU hw/pci-bridge/pci_expander_bridge.c", "lab", cure_bus, NULL},
	[PROBLEM_VIRTIO_LEGACY] =
		{"config.virtio-legacy-iommu", IOF_SEVERITY_ERROR,
		 "iommu_platform=on for a virtio device that has its old form",
		 "QEMU will refuse a {0}: iommu_platform=on needs a device without the old form.",
		 "On a root bus or a conventional bus the device shows virtio 0.9, too, and that "
		 "cannot have its DMA translated.",
		 "QEMU hw/virtio/virtio-pci.c virtio_pci_device_plugged", "lab", cure_virtio_modern,
		 NULL},
	[PROBLEM_SHORT_FORM] = {"config.short-form", IOF_SEVERITY_NOTE,
				"an option in a deprecated form",
				"QEMU will warn that -{1} is written in a deprecated form.",
				"Mostly a boolean without its value. It still works.",
				"QEMU util/qemu-option.c", "lab", NULL, "Write the value, too."},
	[PROBLEM_PHYS_BITS_DIFFER] =
		{"config.phys-bits-differ", IOF_SEVERITY_NOTE,
		 "a vCPU width that is not the host's",
		 "QEMU will warn that the vCPU has {1} address bits and the host {0}.",
		 "The VM runs; a guest that uses addresses above the host's width would fail.",
		 "QEMU target/i386/host-cpu.c", "lab", NULL, "Nothing has to be done."},
	[PROBLEM_USER_APIC] = {"config.user-apic", IOF_SEVERITY_NOTE,
			       "KVM without its interrupt controller before 8.0",
			       "QEMU will warn that KVM's interrupt controller is not used.",
			       "kernel-irqchip=off is slow, and QEMU 8.0 and later refuse it.",
			       "QEMU hw/i386/x86.c x86_cpus_init", "lab", NULL,
			       "Use kernel-irqchip=split."},
	[PROBLEM_GLOBAL_UNUSED] = {"config.global-unused", IOF_SEVERITY_NOTE,
				   "-global for a device that is not there",
				   "QEMU will warn that -global {0}.{1} is not used.",
				   "No such device is in the VM.", "QEMU hw/core/qdev-properties.c",
				   "lab", NULL, "Remove it, or add the device."},
	[PROBLEM_NO_PEER] = {"config.nic-without-peer", IOF_SEVERITY_NOTE,
			     "a network card that is not connected",
			     "QEMU will warn that the network card {0} has no peer.",
			     "It has no netdev=; the guest sees a card without a cable.",
			     "QEMU net/net.c net_check_clients", "lab", NULL,
			     "Give it a -netdev, or remove it."},
	[PROBLEM_LOW_RAM] = {"config.low-ram", IOF_SEVERITY_NOTE, "an odd max-ram-below-4g",
			     "QEMU will warn of max-ram-below-4g={1}.",
			     "Large pages cannot map RAM that is split at such a place. The VM "
			     "runs.",
			     "QEMU hw/i386/pc_q35.c, pc_piix.c", "lab", NULL,
			     "Take a multiple of 1 GiB, or leave it out."},
};

const struct rule_family config_family = {VMM_QEMU, DRIVER_OTHER, NULL,
					  0,	    rules + 1,	  PROBLEM_COUNT - 1};

const struct rule *config_rule(enum problem_kind kind)
{
	return &rules[kind < PROBLEM_COUNT ? kind : PROBLEM_NONE];
}
