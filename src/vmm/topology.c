/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI buses and slots, as far as messages name them: "device 00.02.0". QEMU gives a device without
 * addr= the first free slot of its bus (hw/pci/pci.c do_pci_register_device).
 */
#include <errno.h>
#include <string.h>

#include "vmm/machine.h"

static const struct {
	enum machine_family family;
	const char *bus;
	bool is_conventional, is_hotpluggable;
} roots[] = {
	{MACHINE_Q35, "pcie.0", false, false},
	{MACHINE_I440FX, "pci.0", true, true},
	{MACHINE_VIRT, "pcie.0", false, false},
};

static struct machine_bus *add_bus(struct iof_machine *m, const char *name)
{
	struct machine_bus *bus = arena_alloc(m->arena, sizeof(*bus));
	struct machine_bus **last = &m->buses;

	if (!bus)
		return NULL;
	bus->name = name;
	bus->n_slots = 32;
	while (*last)
		last = &(*last)->next;
	*last = bus;
	return bus;
}

int topology_root(struct iof_machine *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct machine_bus *bus;

		if (roots[i].family != m->type.family)
			continue;
		bus = add_bus(m, roots[i].bus);
		if (!bus)
			return -ENOMEM;
		topology_add_board(m, bus);
		bus->is_conventional = roots[i].is_conventional;
		bus->is_hotpluggable = roots[i].is_hotpluggable;
		bus->bypass_iommu = m->bypass_iommu;
	}
	return 0;
}

struct machine_bus *topology_find(const struct iof_machine *m, const char *name)
{
	for (struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		if (bus->name && str_eq(bus->name, name))
			return bus;
	}
	return NULL;
}

/* QEMU searches its root buses newest first: with a pxb, a device without bus= goes there
 * (system/qdev-monitor.c qbus_find_recursive). */
struct machine_bus *topology_default(const struct iof_machine *m)
{
	struct machine_bus *found = m->buses;

	for (struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		if (bus->bridge && bus->bridge->kind == DRIVER_PXB)
			found = bus;
	}
	return found;
}

static bool has_value(const struct machine_device *device, const char *key, const char *value)
{
	const char *given = option_value(device->option, key);

	return given && str_eq(given, value);
}

int topology_add_bridge(struct iof_machine *m, struct machine_device *device)
{
	struct machine_bus *bus = add_bus(m, device->id);

	if (!bus)
		return -ENOMEM;
	bus->bridge = device;
	bus->is_hotpluggable = true;
	if (device->kind == DRIVER_PXB) {
		bus->number = (unsigned)device_value(device, PROPERTY_BUS_NR);
		bus->bypass_iommu = device_value(device, PROPERTY_BYPASS_IOMMU) == ON;
		bus->is_conventional = str_eq(device->driver, "pxb");
		bus->is_cxl = str_eq(device->driver, "pxb-cxl");
		bus->is_hotpluggable = false;
		return 0;
	}
	bus->parent = device->bus;
	bus->is_conventional = device->kind == DRIVER_PCI_BRIDGE;
	bus->bypass_iommu = device->bus && device->bus->bypass_iommu;
	if (device->kind == DRIVER_ROOT_PORT)
		bus->is_hotpluggable = !has_value(device, "hotplug", "off");
	return 0;
}

static bool slot_is_free(const struct machine_bus *bus, unsigned slot)
{
	return !bus->occupant[slot << 3];
}

/* "ICH9-LPC,id=(null)" as QEMU's printf has it. */
static const char *occupant_name(struct iof_machine *m, const struct machine_device *device)
{
	return device->id ? arena_printf(m->arena, "%s,id=%s", device->driver, device->id)
			  : arena_printf(m->arena, "%s,id=(null)", device->driver);
}

static bool refuse(struct message *problem, const char *text, unsigned slot, unsigned function,
		   const char *driver, const char *occupant)
{
	*problem = (struct message){.text = text,
				    .operand = {number_operand(slot), number_operand(function),
						text_operand(driver), text_operand(occupant)}};
	return false;
}

/* A PCIe link: below a port there is slot 0 only. */
static bool has_one_slot(const struct machine_bus *bus)
{
	return bus->bridge && bus->bridge->kind == DRIVER_ROOT_PORT &&
	       !str_eq(bus->bridge->driver, "x3130-upstream");
}

static const char *driver_of(struct iof_machine *m, const char *occupant)
{
	return arena_printf(m->arena, "%.*s", (int)strcspn(occupant, ","), occupant);
}

/* hw/pci/pci.c do_pci_register_device, pci_init_multifunction */
static bool take_function(struct iof_machine *m, struct machine_bus *bus,
			  struct machine_device *device, unsigned devfn, struct message *problem)
{
	unsigned slot = devfn >> 3, function = devfn & 7;
	const char *first = bus->occupant[slot << 3];
	const char *other = bus->occupant[devfn];
	/* function 0, which makes the guest look for others when it comes (pci_get_function_0) */
	const char *zero = has_one_slot(bus) ? bus->occupant[0] : first;

	if (other)
		return refuse(
			problem,
			strstr(other, ",id=")
				? "PCI: slot {0} function {1} not available for {2}, in use by {3}"
				: "PCI: slot {0} function {1} not available for {2}, in use by "
				  "{3},id=(null)",
			slot, function, device->driver, other);
	if (device->is_plugged && zero)
		return refuse(problem,
			      "PCI: slot {0} function {1} already occupied by {3}, new func {2} "
			      "cannot be exposed to guest.",
			      has_one_slot(bus) ? 0 : slot, function, device->driver,
			      driver_of(m, zero));
	if (function && first && !bus->is_multifunction[slot])
		return refuse(problem,
			      "PCI: single function device can't be populated in function {0}.{1}",
			      slot, function, device->driver, NULL);
	bus->occupant[devfn] = occupant_name(m, device);
	if (!function)
		bus->is_multifunction[slot] = device_value(device, PROPERTY_MULTIFUNCTION) == ON;
	device->devfn = devfn;
	return true;
}

bool topology_place(struct iof_machine *m, struct machine_bus *bus, struct machine_device *device,
		    struct message *problem)
{
	int64_t addr = device_value(device, PROPERTY_ADDR);

	if (device->value[PROPERTY_ADDR].pair && addr >= 0 && addr < 256)
		return take_function(m, bus, device, (unsigned)addr, problem);
	for (unsigned slot = bus->first_slot; slot < bus->n_slots; slot++) {
		if (slot_is_free(bus, slot))
			return take_function(m, bus, device, slot << 3, problem);
	}
	return refuse(problem, "PCI: no slot/function available for {2}, all in use or reserved", 0,
		      0, device->driver, NULL);
}

/* hw/pci/pci.c pci_device_get_iommu_bus_devfn: an express-to-PCI bridge speaks as function 0 of its
 * own bus, a PCI-to-PCI bridge as itself. */
void topology_requester(const struct machine_device *device, unsigned *bus, unsigned *devfn)
{
	const struct machine_bus *at = device->bus;

	*bus = at ? at->number : 0;
	*devfn = device->devfn;
	for (; at && at->bridge && at->parent; at = at->parent) {
		if (!at->is_conventional)
			continue;
		if (str_eq(at->bridge->driver, "pcie-pci-bridge")) {
			*bus = at->number;
			*devfn = 0;
		} else {
			*bus = at->parent->number;
			*devfn = at->bridge->devfn;
		}
	}
}
