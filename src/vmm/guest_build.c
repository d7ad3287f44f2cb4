/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's PCI tree: each function with its BARs, in the order in which firmware numbers buses
 * (depth first, then the further root buses of pxb).
 */
#include <errno.h>

#include "vmm/machine.h"
#include "vmm/place.h"

#define MAX_BUSES 256 /* PCI has no more numbers */

static uint64_t reserve_of(const struct machine_device *bridge, const char *key)
{
	const char *text = bridge ? option_value(bridge->option, key) : NULL;

	return text ? memory_size(text, 1) : RESERVE_DEFAULT;
}

static struct guest_bus *new_bus(struct iof_machine *m, struct machine_bus *bus)
{
	struct guest_bus *guest = arena_alloc(m->arena, sizeof(*guest));
	const struct machine_device *bridge = bus->bridge;

	if (!guest)
		return NULL;
	guest->bus = bus;
	guest->number = bus->number;
	guest->is_express = !bus->is_conventional;
	guest->is_hotpluggable = bus->is_hotpluggable;
	guest->reserve_io = reserve_of(bridge, "io-reserve");
	guest->reserve_mem = reserve_of(bridge, "mem-reserve");
	guest->reserve_pref32 = reserve_of(bridge, "pref32-reserve");
	guest->reserve_pref64 = reserve_of(bridge, "pref64-reserve");
	bus->guest = guest;
	return guest;
}

static void link_function(struct guest_bus *bus, struct guest_function *function)
{
	struct guest_function **at = &bus->functions;

	while (*at && (*at)->devfn < function->devfn)
		at = &(*at)->next;
	function->next = *at;
	function->bus = bus;
	*at = function;
}

static struct guest_function *new_function(struct iof_machine *m, struct guest_bus *bus,
					   unsigned devfn, const char *driver)
{
	struct guest_function *function = arena_alloc(m->arena, sizeof(*function));

	if (!function)
		return NULL;
	function->driver = driver;
	function->devfn = devfn;
	for (unsigned i = 0; i < GUEST_BARS; i++)
		function->bar[i].address = BAR_UNPLACED;
	link_function(bus, function);
	return function;
}

static int add_device(struct iof_machine *m, struct machine_device *device)
{
	struct guest_function *function;

	if (!device->bus || device->problem.kind || device->is_plugged)
		return 0;
	function = new_function(m, device->bus->guest, device->devfn, device->driver);
	if (!function)
		return -ENOMEM;
	function->device = device;
	device->function = function;
	return 0;
}

/* What stands in a slot and is none of the command line's: the board's own, and default devices. */
static int add_board(struct iof_machine *m, const struct machine_bus *bus)
{
	const struct guest_function *at = bus->guest->functions;

	for (unsigned devfn = 0; devfn < ARRAY_SIZE(bus->occupant); devfn++) {
		struct guest_function *function;

		while (at && at->devfn < devfn)
			at = at->next;
		if (!bus->occupant[devfn] || (at && at->devfn == devfn) ||
		    strchr(bus->occupant[devfn], ','))
			continue;
		function = new_function(m, bus->guest, devfn, bus->occupant[devfn]);
		if (!function)
			return -ENOMEM;
	}
	return 0;
}

struct numbering {
	struct guest *guest;
	struct guest_bus **last;
	unsigned next;
	bool is_full;
};

static void number_bus(struct numbering *n, struct guest_bus *bus)
{
	if (n->next >= MAX_BUSES) {
		n->is_full = true;
		return;
	}
	bus->number = n->next++;
	*n->last = bus;
	n->last = &bus->next;
	for (struct guest_function *f = bus->functions; f; f = f->next) {
		if (f->secondary)
			number_bus(n, f->secondary);
	}
}

static struct guest_bus *root_of(const struct machine_bus *bus)
{
	return bus->guest->bridge ? bus->guest->bridge->bus : bus->guest;
}

/* Root buses: the board's, then those of pxb by their number. */
static const struct machine_bus *next_root(const struct iof_machine *m, int64_t after)
{
	const struct machine_bus *found = NULL;

	for (const struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		bool is_root = !bus->bridge || bus->bridge->kind == DRIVER_PXB;

		if (is_root && bus->guest && (int64_t)bus->number > after &&
		    (!found || bus->number < found->number))
			found = bus;
	}
	return found;
}

static void number_buses(struct iof_machine *m)
{
	struct numbering n = {.guest = &m->guest, .last = &m->guest.buses};
	const struct machine_bus *root = NULL;

	while ((root = next_root(m, root ? (int64_t)root->number : -1))) {
		n.next = root->number > n.next ? root->number : n.next;
		number_bus(&n, root_of(root));
	}
	if (n.is_full)
		m->guest.unplaced_why = "The config has more PCI buses than there are numbers.";
}

static int make_buses(struct iof_machine *m)
{
	for (struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		if (!new_bus(m, bus))
			return -ENOMEM;
	}
	return 0;
}

static void link_bridge(struct guest_function *bridge, struct guest_bus *secondary)
{
	bridge->secondary = secondary;
	secondary->bridge = bridge;
}

/* pxb's slots are behind a bridge, the only device on its root bus (hw/pci-bridge/
 * pci_expander_bridge.c pxb_dev_realize_common). */
static int add_expander_root(struct iof_machine *m, struct machine_bus *bus)
{
	struct guest_bus *root = arena_alloc(m->arena, sizeof(*root));
	struct guest_function *bridge = root ? new_function(m, root, 0, "pci-bridge") : NULL;

	if (!bridge)
		return -ENOMEM;
	root->bus = bus;
	root->number = bus->number;
	root->reserve_io = root->reserve_mem = RESERVE_DEFAULT;
	root->reserve_pref32 = root->reserve_pref64 = RESERVE_DEFAULT;
	bridge->class_code = 0x0604;
	link_bridge(bridge, bus->guest);
	return 0;
}

static int link_bridges(struct iof_machine *m)
{
	for (struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		bool is_root = !bus->bridge || bus->bridge->kind == DRIVER_PXB;

		if (is_root && bus->bridge && bus->is_conventional && add_expander_root(m, bus))
			return -ENOMEM;
		if (!is_root && bus->bridge->function)
			link_bridge(bus->bridge->function, bus->guest);
	}
	return 0;
}

static void choose_placement(struct iof_machine *m)
{
	struct guest *guest = &m->guest;

	if (guest->unplaced_why)
		return;
	if (m->type.family == MACHINE_VIRT && guest->firmware.kind == FIRMWARE_ARMVIRT)
		return;
	if (m->type.family != MACHINE_Q35 && m->type.family != MACHINE_I440FX &&
	    m->type.family != MACHINE_VIRT)
		guest->unplaced_why = "Where BARs go on this machine type is not predicted.";
	else if (guest->firmware.kind == FIRMWARE_NONE)
		guest->unplaced_why = "No firmware places BARs: the guest's kernel will.";
	else if (guest->firmware.kind != FIRMWARE_SEABIOS && guest->firmware.kind != FIRMWARE_OVMF)
		guest->unplaced_why = "Where this firmware puts BARs is not known.";
	else if (!m->vcpu.phys_bits)
		guest->unplaced_why = "The width of the host's CPU is not known.";
}

int machine_place_bars(struct iof_machine *m)
{
	int r = make_buses(m);

	for (size_t i = 0; r == 0 && i < m->n_cold; i++)
		r = add_device(m, &m->devices[i]);
	for (const struct machine_bus *bus = m->buses; r == 0 && bus; bus = bus->next)
		r = add_board(m, bus);
	if (r == 0)
		r = link_bridges(m);
	if (r)
		return r;
	for (const struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		for (struct guest_function *f = bus->guest->functions; f; f = f->next)
			guest_find_bars(m, f);
	}
	number_buses(m);
	choose_placement(m);
	if (m->guest.unplaced_why || m->n_problems)
		return 0;
	if (m->guest.firmware.kind == FIRMWARE_ARMVIRT)
		return armvirt_place(m);
	return m->guest.firmware.kind == FIRMWARE_OVMF ? ovmf_place(m) : seabios_place(m);
}
