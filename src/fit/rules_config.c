/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What QEMU refuses about the config itself. These rules have no function: resolving the machine finds the problem, with
 * QEMU's message in it (src/vmm); here stands what it means.
 */
#include "fit/cures.h"
#include "fit/rule.h"

#define QDEV "QEMU system/qdev-monitor.c qdev_device_add_from_qdict"

static const struct rule rules[PROBLEM_COUNT] = {
	[PROBLEM_NONE] = { "config.unknown", IOF_SEVERITY_NOTE, "nothing", "", "", "", "source", NULL, NULL },
	[PROBLEM_SYNTAX] = { "config.syntax", IOF_SEVERITY_ERROR, "an option that QEMU cannot read",
			     "QEMU will stop while it reads its command line.", "{0}", "QEMU util/qemu-option.c", "source",
			     NULL, "Correct the option." },
	[PROBLEM_OBJECT_TYPE] = { "config.object-type", IOF_SEVERITY_ERROR, "an object type that this version lacks",
				  "QEMU will stop: it has no object of type {0}.",
				  "The iommufd backend came with QEMU 9.0.", "QEMU qapi/qom.json", "lab",
				  cure_object_type, NULL },
	[PROBLEM_MACHINE_TYPE] = { "config.machine-type", IOF_SEVERITY_ERROR, "a machine type that this version lacks",
				   "QEMU will stop: it has no machine type {0}.",
				   "A QEMU knows the machine types of its own and of earlier versions only.",
				   "QEMU system/vl.c select_machine", "lab", cure_machine_type, NULL },
	[PROBLEM_MACHINE_OPTION] = { "config.machine-option", IOF_SEVERITY_ERROR, "a machine option that QEMU refuses",
				     "QEMU will refuse a machine option.", "{0}", "QEMU hw/core/machine.c", "source", NULL,
				     "Correct the option." },
	[PROBLEM_CPU_BITS] = { "config.phys-bits", IOF_SEVERITY_ERROR, "phys-bits out of range",
			       "QEMU will refuse the CPU: phys-bits={0}.", "phys-bits must be from 32 to 52.",
			       "QEMU target/i386/cpu.c x86_cpu_realizefn", "source", cure_cpu_bits, NULL },
	[PROBLEM_RAM_BACKING] = { "config.ram-backing", IOF_SEVERITY_ERROR, "huge pages that the host has not",
				  "QEMU will stop: the host has too few huge pages for the VM's RAM.",
				  "It has {0} free pages of {2} bytes; {1} bytes are asked for.",
				  "QEMU backends/hostmem.c", "lab", cure_ram_backing, NULL },
	[PROBLEM_DRIVER_ABSENT] = { "config.driver-absent", IOF_SEVERITY_ERROR, "a device model that this QEMU lacks",
				    "QEMU will refuse the device: it has no model {0}.",
				    "An x86 QEMU has intel-iommu, amd-iommu and virtio-iommu-pci.", QDEV, "lab",
				    cure_driver, NULL },
	[PROBLEM_DRIVER_MISSING] = { "config.driver-missing", IOF_SEVERITY_ERROR, "-device without a model",
				     "QEMU will refuse a device: no model is named.", "-device must name its driver.", QDEV,
				     "source", NULL, "Write the model first: -device vfio-pci,..." },
	[PROBLEM_NOT_SYSBUS] = { "config.machine-without-viommu", IOF_SEVERITY_ERROR,
				 "a machine type that takes no such vIOMMU",
				 "QEMU will refuse the {1}: this machine type takes none.",
				 "intel-iommu and amd-iommu exist on q35 only.", QDEV, "lab", cure_use_q35, NULL },
	[PROBLEM_NO_PCI_BUS] = { "config.no-pci", IOF_SEVERITY_ERROR, "a PCI device on a machine without PCI",
				 "QEMU will refuse the {0}: this machine type has no PCI bus.",
				 "Assigned devices and virtio-iommu-pci need PCI.", QDEV, "lab", cure_use_q35, NULL },
	[PROBLEM_BUS_ABSENT] = { "config.bus-absent", IOF_SEVERITY_ERROR, "a bus that does not exist",
				 "QEMU will refuse a device: there is no bus {0}.",
				 "A bus must be made by a device that stands before this one.", QDEV, "source", cure_bus,
				 NULL },
	[PROBLEM_BUS_NO_HOTPLUG] = { "config.bus-without-hotplug", IOF_SEVERITY_ERROR, "hot-plug on a fixed bus",
				     "QEMU will refuse to plug the device: bus {0} takes none at run time.",
				     "On q35 a device can be plugged into a pcie-root-port only.", QDEV, "source", NULL,
				     "Start the VM with -device pcie-root-port,id=rp0,chassis=1 and plug with bus=rp0." },
	[PROBLEM_NOT_HOTPLUGGABLE] = { "config.not-hotpluggable", IOF_SEVERITY_ERROR, "a device that cannot be plugged",
				       "QEMU will refuse to plug the {0}.", "This model is there from the start or never.",
				       QDEV, "source", NULL, "Put it into the VM's config." },
	[PROBLEM_DUPLICATE_ID] = { "config.duplicate-id", IOF_SEVERITY_ERROR, "an id that is used twice",
				   "QEMU will refuse a device: the id {0} is taken.", "Ids must be unique.", QDEV, "source",
				   cure_duplicate_id, NULL },
	[PROBLEM_PROPERTY_ABSENT] = { "config.property-absent", IOF_SEVERITY_ERROR,
				      "a property that this version lacks",
				      "QEMU will refuse the {0}: this version knows no property {1}.",
				      "Properties come, go and are renamed between versions.",
				      "QEMU qom/object.c object_property_find_err", "lab", cure_property, NULL },
	[PROBLEM_VALUE] = { "config.property-value", IOF_SEVERITY_ERROR, "a value that a property does not take",
			    "QEMU will refuse a value of {0}.", "The property has another type or range.",
			    "QEMU qapi/qobject-input-visitor.c", "lab", cure_value, NULL },
	[PROBLEM_HOST_ADDRESS] = { "config.host-address", IOF_SEVERITY_ERROR, "a host device that is no PCI address",
				   "QEMU will refuse the device: host={2} is no PCI address.",
				   "An address has the form DDDD:BB:DD.F or BB:DD.F, in hexadecimal.",
				   "QEMU hw/core/qdev-properties-system.c set_pci_host_devaddr", "lab", NULL,
				   "Write the address that `lspci -D` shows." },
	[PROBLEM_OBJECT_ABSENT] = { "config.object-absent", IOF_SEVERITY_ERROR, "an object that is not there",
				    "QEMU will refuse the device: there is no object {0}.",
				    "iommufd= names an -object iommufd that does not exist.",
				    "QEMU qom/object.c object_resolve_link", "lab", cure_object_absent, NULL },
	[PROBLEM_PCI_SLOT] = { "config.pci-slot", IOF_SEVERITY_ERROR, "a PCI slot that is taken",
			       "QEMU will refuse the {2}: its PCI slot is not free.",
			       "A function can be given once, and functions other than 0 need multifunction=on at function 0.",
			       "QEMU hw/pci/pci.c do_pci_register_device", "lab", cure_slot, NULL },
};

const struct rule_family config_family = { NULL, 0, rules + 1, PROBLEM_COUNT - 1 };

const struct rule *config_rule(enum problem_kind kind)
{
	return &rules[kind < PROBLEM_COUNT ? kind : PROBLEM_NONE];
}
