// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bus.c - what is free on which bus, which bus a device may be on, and which bridges are
 * made for those that find none (virDomainPCIAddress*).
 */
#include <errno.h>

#include "vm/libvirt/pci.h"

#define ANY_DEVICE (LV_PLUG_PCI | LV_PLUG_PCIE)
#define CONVENTIONAL (LV_PLUG_AUTO | LV_PLUG_PCI | LV_PLUG_BRIDGE)
#define PORT (LV_PLUG_AUTO | LV_PLUG_PCIE | LV_PLUG_UPSTREAM | LV_PLUG_PCIE_BRIDGE)

static const struct lv_bridge bridges[] = {
	{"pci-root", 0, CONVENTIONAL | LV_PLUG_EXPANDER, 1, 31},
	{"pcie-root", 0,
	 LV_PLUG_PCIE | LV_PLUG_ROOT_PORT | LV_PLUG_DMI_BRIDGE | LV_PLUG_PCIE_EXPANDER, 1, 31},
	{"pci-bridge", LV_PLUG_BRIDGE, CONVENTIONAL, 1, 31},
	{"pci-expander-bus", LV_PLUG_EXPANDER, CONVENTIONAL, 0, 31},
	{"pcie-expander-bus", LV_PLUG_PCIE_EXPANDER, LV_PLUG_ROOT_PORT | LV_PLUG_DMI_BRIDGE, 0, 31},
	{"dmi-to-pci-bridge", LV_PLUG_DMI_BRIDGE, LV_PLUG_PCI | LV_PLUG_BRIDGE, 0, 31},
	{"pcie-to-pci-bridge", LV_PLUG_PCIE_BRIDGE, CONVENTIONAL, 1, 31},
	{"pcie-root-port", LV_PLUG_ROOT_PORT | LV_PLUG_SHARES, PORT, 0, 0},
	{"pcie-switch-upstream-port", LV_PLUG_UPSTREAM, LV_PLUG_DOWNSTREAM, 0, 31},
	{"pcie-switch-downstream-port", LV_PLUG_DOWNSTREAM, PORT, 0, 0},
};

/* Not inlined: with a constant model the compiler finds comparisons that can never be equal. */
__attribute__((noinline)) const struct lv_bridge *lv_bridge(const char *model)
{
	for (size_t i = 0; i < ARRAY_SIZE(bridges); i++) {
		if (str_eq(bridges[i].model, model))
			return &bridges[i];
	}
	return NULL;
}

void lv_bus_become(struct lv_bus *bus, const struct lv_bridge *bridge)
{
	bus->bridge = bridge;
	bus->takes = bridge->takes;
}

bool lv_buses_extend(struct lv_buses *buses, size_t n)
{
	while (buses->n < n) {
		buses->list = arena_grow(buses->d->t->vm->arena, buses->list, buses->n, &buses->cap,
					 sizeof(*buses->list));
		if (!buses->list) {
			buses->d->t->err = -ENOMEM;
			buses->failed = true;
			return false;
		}
		buses->list[buses->n++] = (struct lv_bus){0};
	}
	return true;
}

bool lv_slot_is_used(const struct lv_buses *buses, unsigned bus, unsigned slot)
{
	return buses->list[bus].functions[slot] != 0;
}

bool lv_buses_are_full(const struct lv_buses *buses)
{
	for (size_t i = 0; i < buses->n; i++) {
		const struct lv_bridge *bridge = buses->list[i].bridge;

		for (unsigned slot = bridge->min_slot; slot <= bridge->max_slot; slot++) {
			if (!buses->list[i].functions[slot])
				return false;
		}
	}
	return true;
}

/* ---- may it be there ---- */

static const char *address_text(struct lv_buses *buses, const struct lv_pci *pci)
{
	return lv_printf(buses->d, "%04x:%02x:%02x.%x", pci->domain, pci->bus, pci->slot,
			 pci->function);
}

/* libvirt says which of the two it is: what the user wrote, or what it chose itself. */
static const char *error_kind(const struct lv_pci *pci)
{
	return pci->is_user ? "XML error" : "internal error";
}

#define refuse(buses, pci, format, ...)                                                            \
	((buses)->failed = true,                                                                   \
	 lv_refuse((buses)->d, (pci)->at.line ? &(pci)->at : NULL, "%s: " format, error_kind(pci), \
		   __VA_ARGS__),                                                                   \
	 false)

static const struct {
	unsigned plug;
	const char *what;
} plugs[] = {
	{LV_PLUG_PCI, "standard PCI device"},
	{LV_PLUG_PCIE, "PCI Express device"},
	{LV_PLUG_ROOT_PORT, "pcie-root-port"},
	{LV_PLUG_UPSTREAM, "pcie-switch-upstream-port"},
	{LV_PLUG_DOWNSTREAM, "pcie-switch-downstream-port"},
	{LV_PLUG_DMI_BRIDGE, "dmi-to-pci-bridge"},
	{LV_PLUG_PCIE_BRIDGE, "pcie-to-pci-bridge"},
	{LV_PLUG_EXPANDER, "pci-expander-bus"},
	{LV_PLUG_PCIE_EXPANDER, "pcie-expander-bus"},
	{LV_PLUG_BRIDGE, "pci-bridge"},
};

static const char *plug_name(unsigned needs)
{
	for (size_t i = 0; i < ARRAY_SIZE(plugs); i++) {
		if (needs & plugs[i].plug)
			return plugs[i].what;
	}
	return "device";
}

enum fit { FITS = 0, NOT_INTEGRATED, NOT_CHOSEN, WRONG_KIND };

/* What the user wrote may mix conventional and Express devices. */
static enum fit fit(unsigned takes, unsigned needs, unsigned bus, bool is_user)
{
	if (needs & LV_PLUG_INTEGRATED) {
		if (bus != 0)
			return NOT_INTEGRATED;
		takes |= LV_PLUG_AUTO;
	}
	if (is_user && (takes & ANY_DEVICE))
		takes |= ANY_DEVICE;
	if (is_user && (needs & LV_PLUG_BRIDGE))
		needs |= LV_PLUG_PCI;
	if (!is_user && (needs & LV_PLUG_AUTO) && !(takes & LV_PLUG_AUTO))
		return NOT_CHOSEN;
	return needs & takes & LV_PLUG_KINDS ? FITS : WRONG_KIND;
}

static bool is_kind_accepted(struct lv_buses *buses, const struct lv_pci *pci, unsigned needs,
			     const char *address)
{
	/* A bridge that the user puts where devices go counts as a device in the message. */
	unsigned named = needs;

	if (pci->is_user && (needs & LV_PLUG_BRIDGE))
		named |= LV_PLUG_PCI;
	switch (fit(buses->list[pci->bus].takes, needs, pci->bus, pci->is_user)) {
	case FITS:
		return true;
	case NOT_INTEGRATED:
		return refuse(buses, pci,
			      "The device at PCI address %s needs to be an integrated device "
			      "(bus=0)",
			      address);
	case NOT_CHOSEN:
		return refuse(buses, pci,
			      "The device at PCI address %s was auto-assigned this address, but "
			      "the PCI controller with index='%u' doesn't allow auto-assignment",
			      address, pci->bus);
	case WRONG_KIND:
		break;
	}
	return refuse(buses, pci,
		      "The device at PCI address %s cannot be plugged into the PCI controller with "
		      "index='%u'. It requires a controller that accepts a %s.",
		      address, pci->bus, plug_name(named));
}

static bool accepts(struct lv_buses *buses, const struct lv_pci *pci, unsigned needs,
		    const char *address)
{
	const struct lv_bridge *bridge;

	if (buses->n == 0)
		return refuse(buses, pci, "%s", "No PCI buses available");
	if (pci->domain != 0)
		return refuse(buses, pci, "Invalid PCI address %s. Only PCI domain 0 is available",
			      address);
	if (pci->bus >= buses->n)
		return refuse(buses, pci,
			      "Invalid PCI address %s. Only PCI buses up to %zu are available",
			      address, buses->n - 1);
	if (!is_kind_accepted(buses, pci, needs, address))
		return false;
	bridge = buses->list[pci->bus].bridge;
	if (pci->slot < bridge->min_slot)
		return refuse(buses, pci, "Invalid PCI address %s. slot must be >= %u", address,
			      bridge->min_slot);
	if (pci->slot > bridge->max_slot)
		return refuse(buses, pci, "Invalid PCI address %s. slot must be <= %u", address,
			      bridge->max_slot);
	if (pci->function > 7)
		return refuse(buses, pci, "Invalid PCI address %s. function must be <= 7", address);
	return true;
}

bool lv_bus_accepts(struct lv_buses *buses, const struct lv_pci *pci, unsigned needs)
{
	return accepts(buses, pci, needs, address_text(buses, pci));
}

/* ---- more buses ---- */

/* Seen in 12.8.0, not in 11.3.0: a root port is made for a pcie-to-pci-bridge, too. */
static bool is_new(const struct lv_buses *buses)
{
	return buses->d->version >= LIBVIRT_VERSION(12, 0, 0);
}

static const char *model_that_plugs(unsigned needs)
{
	for (size_t i = 0; i < ARRAY_SIZE(bridges); i++) {
		if (bridges[i].plug & needs & LV_PLUG_KINDS)
			return bridges[i].model;
	}
	return NULL;
}

static bool refuse_to_grow(struct lv_buses *buses, const struct lv_pci *pci, unsigned needs)
{
	struct lv_pci own = {.at = pci->at};
	const char *model = needs & LV_PLUG_PCIE_BRIDGE ? NULL : model_that_plugs(needs);

	if (model)
		return refuse(buses, &own,
			      "a %s slot is needed to connect a PCI controller model='%s', but "
			      "none is available, and it cannot be automatically added",
			      is_new(buses) ? "PCIe" : "PCI", model);
	return refuse(buses, &own,
		      "Cannot automatically add a new PCI bus for a device with connect flags "
		      "%.2x",
		      needs & LV_PLUG_PCIE_BRIDGE ? 0x2000u : 0u);
}

/* There is a bus that a pci-bridge can be plugged into. */
static bool has_conventional(const struct lv_buses *buses)
{
	for (size_t i = 0; i < buses->n; i++) {
		if (buses->list[i].takes & LV_PLUG_BRIDGE)
			return true;
	}
	return false;
}

/*
 * Buses up to the address's are made, of the kind that the device needs. On a machine that is all
 * Express yet, a conventional device gets a root port and a pcie-to-pci-bridge: if one bus was
 * missing, the device goes to the one behind it.
 */
static bool grow(struct lv_buses *buses, struct lv_pci *pci, unsigned needs)
{
	unsigned in_root_port =
		LV_PLUG_PCIE | LV_PLUG_UPSTREAM | (is_new(buses) ? LV_PLUG_PCIE_BRIDGE : 0);
	bool is_conventional = needs & LV_PLUG_PCI;
	size_t i = buses->n, n = (size_t)pci->bus + 1;
	bool needs_bridge;

	if (n <= i)
		return true;
	if (!is_conventional && !(needs & in_root_port))
		return refuse_to_grow(buses, pci, needs);
	needs_bridge = is_conventional && !has_conventional(buses);
	if (needs_bridge && n == i + 1) {
		n++;
		pci->bus++;
	}
	if (!lv_buses_extend(buses, n))
		return false;
	if (needs_bridge) {
		/* Kept for the bridge: no other device takes its only slot. */
		lv_bus_become(&buses->list[i], lv_bridge("pcie-root-port"));
		buses->list[i++].takes = LV_PLUG_PCIE_BRIDGE;
		lv_bus_become(&buses->list[i++], lv_bridge("pcie-to-pci-bridge"));
	}
	for (; i < n; i++)
		lv_bus_become(&buses->list[i],
			      lv_bridge(is_conventional ? "pci-bridge" : "pcie-root-port"));
	return true;
}

/* ---- take and find ---- */

bool lv_bus_take(struct lv_buses *buses, struct lv_pci *pci, unsigned needs)
{
	const char *address = address_text(buses, pci);
	uint8_t *functions;

	if (buses->failed || (buses->may_grow && !grow(buses, pci, needs)) ||
	    !accepts(buses, pci, needs, address))
		return false;
	functions = &buses->list[pci->bus].functions[pci->slot];
	if (*functions & 1u << pci->function)
		return refuse(buses, pci, "Attempted double use of PCI Address %s", address);
	if (!*functions && (needs & LV_PLUG_SHARES))
		buses->list[pci->bus].shared |= 1u << pci->slot;
	*functions |= (uint8_t)(1u << pci->function);
	return true;
}

static bool find_function(const struct lv_bus *bus, struct lv_pci *pci, bool is_any)
{
	uint8_t functions = bus->functions[pci->slot];

	for (unsigned f = pci->function; f < 8; f++) {
		if (!(functions & 1u << f)) {
			pci->function = f;
			return true;
		}
		if (!is_any)
			break;
	}
	return false;
}

static bool find_slot(const struct lv_bus *bus, struct lv_pci *pci, unsigned needs, bool is_any)
{
	for (pci->slot = bus->bridge->min_slot; pci->slot <= bus->bridge->max_slot; pci->slot++) {
		if (!bus->functions[pci->slot])
			return true;
		if ((needs & LV_PLUG_SHARES) && (bus->shared & 1u << pci->slot) &&
		    find_function(bus, pci, is_any))
			return true;
	}
	return false;
}

static bool find(struct lv_buses *buses, struct lv_pci *pci, unsigned needs, bool is_any)
{
	for (pci->bus = 0; pci->bus < buses->n; pci->bus++) {
		const struct lv_bus *bus = &buses->list[pci->bus];

		if (fit(bus->takes, needs, pci->bus, false) == FITS &&
		    find_slot(bus, pci, needs, is_any))
			return true;
	}
	if (!buses->may_grow)
		return refuse(buses, pci, "%s", "No more available PCI slots");
	if (!grow(buses, pci, needs))
		return false;
	pci->slot = buses->list[pci->bus].bridge->min_slot;
	return true;
}

bool lv_bus_find(struct lv_buses *buses, struct lv_pci *pci, unsigned needs, int function)
{
	struct lv_pci found = {.multifunction = -1,
			       .function = function < 0 ? 0 : (unsigned)function,
			       .at = pci->at};

	if (buses->failed)
		return false;
	if (buses->n == 0) {
		found.is_user = true;
		return refuse(buses, &found, "%s", "No PCI buses available");
	}
	if (!find(buses, &found, needs, function < 0) || !lv_bus_take(buses, &found, needs))
		return false;
	found.is_set = true;
	if (!buses->may_grow)
		*pci = found;
	return true;
}
