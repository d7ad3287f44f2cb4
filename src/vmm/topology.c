/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI buses and slots, as far as messages name them: "device 00.02.0". QEMU gives a device without addr= the first free
 * slot of its bus (hw/pci/pci.c do_pci_register_device).
 */
#include <errno.h>

#include "vmm/machine.h"

/* Slots that the board itself has taken, and those that default devices take without -nodefaults. */
static const struct {
	enum machine_family family;
	const char *bus;
	uint32_t board, defaults;
	bool is_conventional, is_hotpluggable;
} roots[] = {
	{ MACHINE_Q35, "pcie.0", 1u << 0 | 1u << 31, 1u << 1 | 1u << 2, false, false },
	{ MACHINE_I440FX, "pci.0", 1u << 0 | 1u << 1, 1u << 2 | 1u << 3, true, true },
	{ MACHINE_VIRT, "pcie.0", 1u << 0, 1u << 1, false, false },
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
		bus->used = roots[i].board | (m->nodefaults ? 0 : roots[i].defaults);
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

struct machine_bus *topology_default(const struct iof_machine *m)
{
	return m->buses;
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
		bus->is_hotpluggable = false;
		return 0;
	}
	bus->parent = device->bus;
	bus->is_conventional = device->kind == DRIVER_PCI_BRIDGE;
	bus->bypass_iommu = device->bus && device->bus->bypass_iommu;
	if (device->kind == DRIVER_ROOT_PORT)
		bus->n_slots = 1;
	else
		bus->first_slot = bus->is_conventional ? 1 : 0; /* slot 0 is the hot-plug controller's */
	return 0;
}

bool topology_place(struct machine_bus *bus, struct machine_device *device)
{
	int64_t addr = device_value(device, PROPERTY_ADDR);

	if (device->value[PROPERTY_ADDR].pair && addr >= 0) {
		device->devfn = (unsigned)addr;
		bus->used |= 1u << (addr >> 3 & 31);
		return true;
	}
	for (unsigned slot = bus->first_slot; slot < bus->n_slots; slot++) {
		if (!(bus->used & 1u << slot)) {
			bus->used |= 1u << slot;
			device->devfn = slot << 3;
			return true;
		}
	}
	return false;
}
