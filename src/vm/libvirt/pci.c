// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pci.c - the PCI address of every device, as libvirt gives it
 * (qemuDomainAssignPCIAddresses). A first round finds out which bridges are missing; the second one
 * gives the addresses.
 */
#include <errno.h>

#include "vm/libvirt/devices.h"
#include "vm/libvirt/pci.h"

/* ---- the buses that there are ---- */

static bool name_buses(struct lv_buses *buses)
{
	const char *missing = buses->d->board == LV_I440FX ? "pci-bridge" : "pcie-root-port";
	const struct lv_device *device;

	for (size_t n = 0; (device = lv_device(buses->d, LV_CONTROLLER, n)); n++) {
		const struct lv_bridge *bridge;

		if (!lv_is_pci_controller(device))
			continue;
		bridge = lv_bridge(device->model);
		if (!bridge) {
			buses->failed = true;
			lv_refuse(buses->d, lv_at(device->node),
				  "internal error: PCI controller model was not set correctly");
			return false;
		}
		lv_bus_become(&buses->list[device->index], bridge);
	}
	/* Bridges that nobody wrote but whose numbers are below one that is. */
	for (size_t i = 0; i < buses->n; i++) {
		if (!buses->list[i].bridge)
			lv_bus_become(&buses->list[i], lv_bridge(i ? missing : "pci-root"));
	}
	return true;
}

/* Those of the PIIX3 share a slot that is reserved as a whole. */
static bool is_in_piix3(const struct lv_device *device)
{
	const struct lv_pci *pci = &device->pci;

	if (device->class != LV_CONTROLLER || device->index || pci->domain || pci->bus ||
	    pci->slot != 1)
		return false;
	return (str_eq(device->kind, "ide") && pci->function == 1) ||
	       (str_eq(device->kind, "usb") && pci->function == 2 &&
		(!*device->model || str_eq(device->model, "piix3-uhci")));
}

static bool take_written(struct lv_buses *buses, struct lv_device *device)
{
	unsigned needs = lv_needs(buses->d, device);
	struct lv_pci pci = device->pci;

	if (!pci.is_set)
		return true;
	if (is_in_piix3(device)) {
		if (buses->n && !(buses->list[0].takes & LV_PLUG_PCI)) {
			buses->failed = true;
			lv_refuse(buses->d, &pci.at,
				  "internal error: Bus 0 must be PCI for integrated PIIX3 USB or "
				  "IDE controllers");
		}
		return !buses->failed;
	}
	pci.is_user = true;
	if (!lv_bus_take(buses, &pci, needs ? needs : LV_PLUG_PCI))
		return false;
	device->pci.bus = pci.bus;
	return true;
}

/* In the order in which libvirt walks over a domain's devices. */
static const enum lv_class walk[] = {
	LV_DISK,       LV_NET,	   LV_SOUND,   LV_HOSTDEV,  LV_VIDEO, LV_CONTROLLER,
	LV_SERIAL,     LV_CHANNEL, LV_CONSOLE, LV_INPUT,    LV_FS,    LV_WATCHDOG,
	LV_MEMBALLOON, LV_RNG,	   LV_SHMEM,   LV_REDIRDEV, LV_TPM,   LV_PANIC,
	LV_MEMORY,     LV_VSOCK,   LV_IOMMU,   LV_CRYPTO,
};

static bool take_all_written(struct lv_buses *buses)
{
	struct lv_device *device;

	for (size_t i = 0; i < ARRAY_SIZE(walk); i++) {
		for (size_t n = 0; (device = lv_device(buses->d, walk[i], n)); n++) {
			if (!take_written(buses, device))
				return false;
		}
	}
	return true;
}

static bool begin(struct lv_buses *buses, struct lv_domain *d, size_t n, bool may_grow)
{
	*buses = (struct lv_buses){.d = d, .may_grow = may_grow};
	return lv_buses_extend(buses, n) && name_buses(buses) && take_all_written(buses);
}

/* ---- the bridges that are missing ---- */

/* One slot more than needed, for a device that is plugged in later. */
static bool spare(struct lv_buses *buses, unsigned needs)
{
	struct lv_pci pci = {.multifunction = -1};

	return lv_bus_find(buses, &pci, needs | LV_PLUG_AUTO, -1);
}

static struct lv_device *pci_controller(struct lv_domain *d, size_t index)
{
	struct lv_device *device;

	for (size_t n = 0; (device = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (lv_is_pci_controller(device) && device->index == index)
			return device;
	}
	return NULL;
}

static bool add_bridge(struct lv_buses *buses, size_t index)
{
	struct lv_device *device;
	struct lv_pci pci = {.multifunction = -1};

	if (pci_controller(buses->d, index))
		return true;
	device = lv_add_controller(buses->d, "pci", (unsigned)index,
				   buses->list[index].bridge->model);
	return device && lv_bus_find(buses, &pci, lv_needs(buses->d, device), -1);
}

/* What the first round leaves behind: controllers for all buses. n: how many there are then. */
static bool add_bridges(struct lv_domain *d, size_t *n)
{
	size_t written = *n;
	struct lv_buses buses;

	if (!begin(&buses, d, written, true) || !lv_fill_chipset(&buses))
		return false;
	if (d->board == LV_I440FX && !lv_buses_are_full(&buses) && !spare(&buses, LV_PLUG_PCI))
		return false;
	if (!lv_fill_slots(&buses))
		return false;
	/* Only if the bridges are left to libvirt altogether. */
	if (written == 1 && buses.n > 1 && d->board != LV_I440FX && !spare(&buses, LV_PLUG_PCIE))
		return false;
	for (size_t i = 1; i < buses.n; i++) {
		if (!add_bridge(&buses, i))
			return false;
	}
	*n = buses.n;
	return true;
}

/* ---- what follows from the addresses ---- */

/* Function 0 of a slot with others in it, unless the user says otherwise. */
static void set_multifunction(struct lv_domain *d)
{
	struct lv_device **first = arena_array(d->t->vm->arena, 32 * 256, sizeof(*first));

	if (!first) {
		d->t->err = -ENOMEM;
		return;
	}
	for (size_t i = ARRAY_SIZE(walk); i-- > 0;) {
		size_t n = d->class_size[walk[i]];

		while (n-- > 0) {
			struct lv_device *device = lv_device(d, walk[i], n);

			if (device && device->pci.is_set && !device->pci.function &&
			    !device->pci.domain)
				first[(device->pci.bus & 255) * 32 + (device->pci.slot & 31)] =
					device;
		}
	}
	for (size_t i = 0; i < d->n_devices; i++) {
		const struct lv_pci *pci = &d->devices[i].pci;
		struct lv_device *zero;

		if (!pci->is_set || !pci->function)
			continue;
		zero = first[(pci->bus & 255) * 32 + (pci->slot & 31)];
		if (zero && zero->pci.multifunction < 0)
			zero->pci.multifunction = 1;
	}
}

/* Two below the lowest that is used, as an expander bus brings a bridge of its own. */
static bool number_expander(struct lv_domain *d, struct lv_device *expander)
{
	const struct lv_device *device;
	unsigned lowest = 256;

	if (expander->bus_nr)
		return true;
	for (size_t n = 0; (device = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (lv_is_pci_controller(device) && device->bus_nr && device->bus_nr < lowest)
			lowest = device->bus_nr;
	}
	if (lowest <= 2) {
		lv_refuse(
			d, lv_at(expander->node),
			"unsupported configuration: No free busNr lower than current lowest busNr "
			"is available to auto-assign to bus %u. Must be manually assigned",
			expander->pci.bus);
		return false;
	}
	expander->bus_nr = lowest - 2;
	return true;
}

static bool complete_bridge(struct lv_domain *d, struct lv_device *bridge)
{
	bool is_root_port = str_eq(bridge->model, "pcie-root-port");

	if (is_root_port || str_eq(bridge->model, "pcie-switch-downstream-port")) {
		if (bridge->chassis < 0)
			bridge->chassis = (int)bridge->index;
		if (bridge->port < 0)
			bridge->port = is_root_port
					       ? (int)(bridge->pci.slot * 8 + bridge->pci.function)
					       : (int)bridge->pci.slot;
	} else if (str_eq(bridge->model, "pci-bridge")) {
		if (bridge->chassis_nr < 0)
			bridge->chassis_nr = (int)bridge->index;
		if (bridge->index <= bridge->pci.bus) {
			lv_refuse(d, lv_at(bridge->node),
				  "unsupported configuration: PCI controller at index %u (0x%02x) "
				  "has bus='0x%02x', but index must be larger than bus",
				  bridge->index, bridge->index, bridge->pci.bus);
			return false;
		}
	} else if (strstr(bridge->model, "expander-bus")) {
		return number_expander(d, bridge);
	}
	return true;
}

static void complete_bridges(struct lv_domain *d)
{
	struct lv_device *device;

	for (size_t n = 0; (device = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (lv_is_pci_controller(device) && !complete_bridge(d, device))
			return;
	}
}

void lv_assign_pci(struct lv_domain *d)
{
	const struct lv_device *device;
	struct lv_buses buses;
	size_t n = 0;

	if (d->board == LV_OTHER || d->board == LV_MICROVM || d->t->err)
		return;
	for (size_t i = 0; (device = lv_device(d, LV_CONTROLLER, i)); i++) {
		if (lv_is_pci_controller(device) && device->index >= n)
			n = (size_t)device->index + 1;
	}
	if (!n || !add_bridges(d, &n) || !begin(&buses, d, n, false) || !lv_fill_chipset(&buses) ||
	    !lv_fill_slots(&buses))
		return;
	set_multifunction(d);
	complete_bridges(d);
}
