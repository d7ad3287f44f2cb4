/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pci.h - PCI buses as libvirt keeps book of them while it gives addresses.
 */
#ifndef VM_LIBVIRT_PCI_H
#define VM_LIBVIRT_PCI_H

#include "vm/libvirt/say.h"

/* What plugs into a bus; of a bus: what it takes. */
enum lv_plug {
	LV_PLUG_PCI = 1u << 0, /* a conventional device */
	LV_PLUG_PCIE = 1u << 1,
	LV_PLUG_ROOT_PORT = 1u << 2,
	LV_PLUG_UPSTREAM = 1u << 3,
	LV_PLUG_DOWNSTREAM = 1u << 4,
	LV_PLUG_DMI_BRIDGE = 1u << 5,
	LV_PLUG_PCIE_BRIDGE = 1u << 6, /* pcie-to-pci-bridge */
	LV_PLUG_EXPANDER = 1u << 7,
	LV_PLUG_PCIE_EXPANDER = 1u << 8,
	LV_PLUG_BRIDGE = 1u << 9,
	LV_PLUG_KINDS = (1u << 10) - 1,
	LV_PLUG_AUTO = 1u << 10,   /* the bus: libvirt may choose it; a device: only such a bus */
	LV_PLUG_SHARES = 1u << 11, /* several go as functions into one slot */
	LV_PLUG_INTEGRATED = 1u << 12, /* belongs on the root bus */
};

/* What the PCI controllers of a model are. */
struct lv_bridge {
	const char *model;
	unsigned plug;	/* into what it plugs */
	unsigned takes; /* what its bus takes */
	unsigned min_slot, max_slot;
};

struct lv_bus {
	const struct lv_bridge *bridge;
	unsigned takes;
	uint32_t shared; /* slots whose devices share them */
	uint8_t functions[32];
};

struct lv_buses {
	struct lv_domain *d;
	struct lv_bus *list;
	size_t n, cap;
	bool may_grow; /* to find out which bridges are needed */
	bool failed;   /* something was refused */
};

const struct lv_bridge *lv_bridge(const char *model); /* NULL: unknown */
void lv_bus_become(struct lv_bus *, const struct lv_bridge *);
/* Make room for n buses in all. */
bool lv_buses_extend(struct lv_buses *, size_t n);
bool lv_slot_is_used(const struct lv_buses *, unsigned bus, unsigned slot);
/* Whether such a device can be at the address; if not, libvirt refuses. */
bool lv_bus_accepts(struct lv_buses *, const struct lv_pci *, unsigned needs);
/* Take an address that is written or fixed. If a bus must be made for it, it may move. */
bool lv_bus_take(struct lv_buses *, struct lv_pci *, unsigned needs);
/* Find an address and take it. function -1: the first that is free. */
bool lv_bus_find(struct lv_buses *, struct lv_pci *, unsigned needs, int function);
/* No slot of any bus is free. */
bool lv_buses_are_full(const struct lv_buses *);

/* slots.c: what a device plugs into, 0: not on PCI. */
unsigned lv_needs(const struct lv_domain *, const struct lv_device *);
/* libvirt is to find an address for it, if it needs one. */
bool lv_wants_address(const struct lv_domain *, const struct lv_device *);
bool lv_is_usb2(const struct lv_device *); /* one of an EHCI with its companions */
bool lv_is_pci_controller(const struct lv_device *);
/* Every device that libvirt finds an address for, in its order. */
bool lv_fill_slots(struct lv_buses *);
/* What the chipset has at fixed places, or prefers there. */
bool lv_fill_chipset(struct lv_buses *);

#endif
