// SPDX-License-Identifier: LGPL-2.1-or-later
/* pci.c - every device has its fixed PCI address (qemu-server src/PVE/QemuServer/PCI.pm),
 * and what the files that qemu-server gives -readconfig hold. */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

/* Names with a number from first on, one slot each. count 0: a name without. */
struct addresses {
	const char *name;
	unsigned first, count;
	unsigned bus, slot;
};

static const struct addresses pci[] = {
	{"piix3", 0, 0, 0, 1},	     {"ehci", 0, 0, 0, 1},	 {"vga", 0, 0, 0, 2},
	{"legacy-igd", 0, 0, 0, 2},  {"balloon0", 0, 0, 0, 3},	 {"watchdog", 0, 0, 0, 4},
	{"scsihw", 0, 2, 0, 5},	     {"pci.3", 0, 0, 0, 5},	 {"ahci0", 0, 0, 0, 7},
	{"qga0", 0, 0, 0, 8},	     {"spice", 0, 0, 0, 9},	 {"virtio", 0, 6, 0, 10},
	{"hostpci", 0, 2, 0, 16},    {"net", 0, 6, 0, 18},	 {"vga", 1, 3, 0, 24},
	{"hostpci", 2, 2, 0, 27},    {"pci.1", 0, 0, 0, 30},	 {"pci.2", 0, 0, 0, 31},
	{"net", 6, 26, 1, 1},	     {"xhci", 0, 0, 1, 27},	 {"pci.4", 0, 0, 1, 28},
	{"rng0", 0, 0, 1, 29},	     {"pci.2-igd", 0, 0, 1, 30}, {"virtio", 6, 10, 2, 1},
	{"ivshmem", 0, 0, 2, 11},    {"audio0", 0, 0, 2, 12},	 {"hostpci", 4, 12, 2, 13},
	{"virtioscsi", 0, 31, 3, 1}, {"scsihw", 2, 3, 4, 1},
};

/* On q35's root bus. */
static const struct addresses pcie[] = {
	{"vga", 0, 0, 0, 1},	       {"hostpci_bus0_", 0, 4, 0, 16},	{"ivshmem", 0, 0, 0, 20},
	{"hostpci_bus0_", 4, 7, 0, 9}, {"hostpci_bus0_", 11, 5, 0, 21},
};

static bool find(const struct addresses *table, size_t n, const char *name, unsigned *bus,
		 unsigned *slot)
{
	for (size_t i = 0; i < n; i++) {
		const struct addresses *a = &table[i];
		uint64_t number;

		if (!a->count && !str_eq(name, a->name))
			continue;
		if (a->count && (!str_starts(name, a->name) ||
				 parse_u64(name + strlen(a->name), 10, 255, &number) ||
				 number < a->first || number >= a->first + a->count))
			continue;
		*bus = a->bus;
		*slot = a->slot + (a->count ? (unsigned)number - a->first : 0);
		return true;
	}
	return false;
}

static const char *address(struct pve *p, const char *bus, unsigned n, unsigned slot)
{
	const char *text = arena_printf(p->arena, ",bus=%s.%u,addr=0x%x", bus, n, slot);

	if (!text)
		p->t->err = -ENOMEM;
	return text ? text : "";
}

const char *pve_address(struct pve *p, const char *name)
{
	unsigned bus, slot;

	if (!find(pci, ARRAY_SIZE(pci), name, &bus, &slot))
		return "";
	p->bridges |= 1u << bus;
	return address(p, p->is_arm ? "pcie" : "pci", bus, slot);
}

const char *pve_pcie_address(struct pve *p, const char *name)
{
	unsigned bus, slot;

	if (!find(pcie, ARRAY_SIZE(pcie), name, &bus, &slot))
		return "";
	return address(p, "pcie", bus, slot);
}

/* ---- what -readconfig adds ---- */

static void say_usb(struct pve *p, const char *bus)
{
	static const struct {
		const char *id, *driver, *addr, *master;
		unsigned port;
	} usb[] = {
		{"ehci", "ich9-usb-ehci1", "1d.7", NULL, 0},
		{"uhci-1", "ich9-usb-uhci1", "1d.0", "ehci.0", 0},
		{"uhci-2", "ich9-usb-uhci2", "1d.1", "ehci.0", 2},
		{"uhci-3", "ich9-usb-uhci3", "1d.2", "ehci.0", 4},
		{"ehci-2", "ich9-usb-ehci2", "1a.7", NULL, 0},
		{"uhci-4", "ich9-usb-uhci4", "1a.0", "ehci-2.0", 0},
		{"uhci-5", "ich9-usb-uhci5", "1a.1", "ehci-2.0", 2},
		{"uhci-6", "ich9-usb-uhci6", "1a.2", "ehci-2.0", 4},
	};
	size_t n = bus ? ARRAY_SIZE(usb) : 4; /* pve-usb.cfg has one of the two */

	for (size_t i = 0; i < n; i++) {
		struct pve_said *said =
			pve_say(p, &p->devices, "device", NULL, "%s,id=%s,multifunction=on,addr=%s",
				usb[i].driver, usb[i].id, usb[i].addr);

		if (bus)
			pve_set(p, said, "bus", bus, NULL);
		if (usb[i].master) {
			pve_set(p, said, "masterbus", usb[i].master, NULL);
			pve_set(p, said, "firstport", arena_printf(p->arena, "%u", usb[i].port),
				NULL);
		}
	}
}

/* pve-q35-4.0.cfg, or pve-q35.cfg for older machines. */
void pve_q35_say(struct pve *p)
{
	bool is_new = pve_since(p, 4, 0, 0);

	say_usb(p, "pcie.0");
	pve_say(p, &p->devices, "device", NULL, "ich9-intel-hda,id=audio0,bus=pcie.0,addr=1b.0");
	for (unsigned i = 1; i <= 4; i++)
		pve_say(p, &p->devices, "device", NULL,
			"%s,id=ich9-pcie-port-%u%s,multifunction=on,bus=pcie.0,addr=1c.%u,port=%u,"
			"chassis=%u",
			is_new ? "pcie-root-port" : "ioh3420", i,
			is_new ? ",x-speed=16,x-width=32" : "", i - 1, i, i);
	pve_say(p, &p->devices, "device", NULL, "i82801b11-bridge,id=pcidmi,bus=pcie.0,addr=1e.0");
	for (unsigned i = 0; i < 4; i++)
		pve_say(p, &p->devices, "device", NULL,
			"pci-bridge,id=pci.%u,bus=pcidmi,addr=%u.0,chassis_nr=%u", i, i + 1, i + 1);
}

/* pve-usb.cfg */
void pve_usb_config_say(struct pve *p)
{
	say_usb(p, NULL);
}

/* The bridges pci.1 to pci.4, as far as they are used; pc has 1 and 2 in any case. They come first,
 * on q35 behind what -readconfig adds. */
void pve_bridges_say(struct pve *p, size_t at)
{
	const struct pve_entry *scsihw = pve_get(p, "scsihw");

	if (p->bridges & 1u << 4)
		p->bridges |= 1u << 1; /* it hangs below pci.1 */
	if (!p->is_q35)
		p->bridges |= 1u << 1 | 1u << 2;
	if (!p->is_q35 && scsihw && str_starts(scsihw->value, "virtio-scsi-single"))
		p->bridges |= 1u << 3;
	for (unsigned k = 4; k >= 1; k--) {
		const char *name;

		if (!(p->bridges & 1u << k) || (p->is_q35 && k < 4))
			continue;
		name = arena_printf(p->arena, k == 2 && p->has_legacy_igd ? "pci.%u-igd" : "pci.%u",
				    k);
		if (!name) {
			p->t->err = -ENOMEM;
			return;
		}
		pve_say(p, &p->devices, "device", NULL, "pci-bridge,id=pci.%u,chassis_nr=%u%s", k,
			k, pve_address(p, name));
		pve_move(&p->devices, p->devices.n - 1, at);
	}
}
