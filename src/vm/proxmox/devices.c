// SPDX-License-Identifier: LGPL-2.1-or-later
/* devices.c - USB, displays, and devices that come singly (qemu-server
 * src/PVE/QemuServer/USB.pm, QemuServer.pm). */
#include <errno.h>
#include <strings.h>

#include "vm/proxmox/proxmox.h"

#define MAX_USB 14u
#define OLD_MAX_USB 5u

/* ---- USB ---- */

static bool uses_qemu_xhci(const struct pve *p)
{
	const struct pve_entry *ostype = pve_get(p, "ostype");

	return pve_since(p, 7, 1, 0) && ostype && (str_eq(ostype->value, "l26") || p->windows > 7);
}

struct usb_needs {
	bool any, usb2, usb3;
};

static struct usb_needs find_usb(struct pve *p)
{
	struct usb_needs needs = {0};

	for (unsigned i = 0; i < MAX_USB; i++) {
		const struct pve_entry *e = pve_get_n(p, "usb", i);

		if (!e)
			continue;
		if (i >= OLD_MAX_USB && !uses_qemu_xhci(p))
			pve_refuse(p, &e->at,
				   "using usb%u is only possible with machine type >= 7.1 and "
				   "ostype l26 or windows > 7",
				   i);
		needs.any = true;
		if (pve_flag(e, "usb3", false))
			needs.usb3 = true;
		else
			needs.usb2 = true;
	}
	return needs;
}

void pve_usb_say(struct pve *p)
{
	struct usb_needs needs;

	if (p->is_arm)
		pve_say(p, &p->devices, "device", NULL, "usb-ehci,id=ehci%s",
			pve_address(p, "ehci"));
	else if (!p->is_q35)
		pve_say(p, &p->devices, "device", NULL, "piix3-usb-uhci,id=uhci%s.0x2",
			pve_address(p, "piix3"));
	needs = find_usb(p);
	if (!uses_qemu_xhci(p) && !p->is_q35 && needs.usb2 && !p->is_arm)
		pve_usb_config_say(p);
	/* Its bridge is noted even if it is not said. */
	if (uses_qemu_xhci(p) && needs.any)
		pve_say(p, &p->devices, "device", NULL, "qemu-xhci,p2=15,p3=15,id=xhci%s",
			pve_address(p, "xhci"));
	else if (needs.usb3)
		pve_say(p, &p->devices, "device", NULL, "nec-usb-xhci,id=xhci%s",
			pve_address(p, "xhci"));
	else
		pve_address(p, "xhci");
}

void pve_tablet_say(struct pve *p)
{
	const struct pve_entry *tablet = pve_get(p, "tablet");
	bool has = tablet ? pve_boolean(tablet->value) == 1
			  : !p->n_qxl && !str_starts(p->vga, "serial");

	if (!has)
		return;
	pve_say(p, &p->devices, "device", tablet, "usb-tablet,id=tablet,bus=%s.0,port=1",
		p->is_q35 || p->is_arm ? "ehci" : "uhci");
	if (p->is_arm)
		pve_say(p, &p->devices, "device", NULL, "usb-kbd,id=keyboard,bus=ehci.0,port=2");
}

static const char *usb_host(const struct pve_entry *e)
{
	const char *host = pve_value(e, "host");

	return host ? host : pve_value(e, "");
}

/* "046d:c52b" or "1-2.3" */
static void say_usb_host(struct pve *p, const struct pve_entry *e, unsigned n, const char *port)
{
	const char *host = usb_host(e);
	const char *colon = host ? strchr(host, ':') : NULL,
		   *dash = host ? strchr(host, '-') : NULL;
	bool on_xhci = pve_flag(e, "usb3", false) || *port;
	struct pve_said *said = pve_say(p, &p->devices, "device", e, "usb-host%s%s",
					on_xhci ? ",bus=xhci.0" : "", port);

	if (!host && !pve_value(e, "mapping"))
		pve_refuse(p, &e->at, "no usb id or path given");
	if (colon) {
		const char *vendor = str_starts(host, "0x") ? host + 2 : host;
		const char *product = str_starts(colon + 1, "0x") ? colon + 3 : colon + 1;

		pve_set(p, said, "vendorid",
			arena_printf(p->arena, "0x%.*s", (int)(colon - vendor), vendor), NULL);
		pve_set(p, said, "productid", arena_printf(p->arena, "0x%s", product), NULL);
	} else if (dash) {
		pve_set(p, said, "hostbus", arena_strndup(p->arena, host, (size_t)(dash - host)),
			NULL);
		pve_set(p, said, "hostport", dash + 1, NULL);
	}
	pve_set(p, said, "id", arena_printf(p->arena, "usb%u", n), NULL);
}

void pve_usb_devices_say(struct pve *p)
{
	bool new_xhci = uses_qemu_xhci(p);

	for (unsigned i = 0; i < MAX_USB && !p->t->err; i++) {
		const struct pve_entry *e = pve_get_n(p, "usb", i);
		const char *host = usb_host(e);
		const char *port = new_xhci ? arena_printf(p->arena, ",port=%u", i + 1) : "";
		bool on_xhci = new_xhci || (pve_flag(e, "usb3", false) && pve_since(p, 4, 0, 0));

		if (!port) {
			p->t->err = -ENOMEM;
			return;
		}
		if (!e)
			continue;
		if (host && strcasecmp(host, "spice") == 0)
			pve_say(p, &p->devices, "device", e,
				"usb-redir,chardev=usbredirchardev%u,id=usbredirdev%u,bus=%s.0%s",
				i, i, on_xhci ? "xhci" : "ehci", port);
		else
			say_usb_host(p, e, i, port);
	}
}

/* ---- displays ---- */

void pve_vga_find(struct pve *p)
{
	const char *type = pve_value(pve_get(p, "vga"), "type");

	if (p->is_template)
		type = "none";
	if (type && str_starts(type, "qxl")) {
		p->n_qxl = type[3] ? (unsigned)(type[3] - '0') : 1;
		type = "qxl";
	}
	if (!type)
		type = p->is_arm ? "virtio" : !p->windows || p->windows >= 6 ? "std" : "cirrus";
	p->vga = type;
}

static const char *vga_driver(const struct pve *p, unsigned n)
{
	static const struct {
		const char *type, *driver;
	} drivers[] = {
		{"cirrus", "cirrus-vga"},	{"std", "VGA"},
		{"vmware", "vmware-svga"},	{"virtio", "virtio-vga"},
		{"virtio-gl", "virtio-vga-gl"},
	};

	if (p->n_qxl)
		return n ? "qxl" : "qxl-vga";
	if (p->is_arm && str_eq(p->vga, "virtio"))
		return "virtio-gpu";
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (str_eq(p->vga, drivers[i].type))
			return drivers[i].driver;
	}
	return NULL;
}

static void set_vga_memory(struct pve *p, struct pve_said *said, const struct pve_entry *vga,
			   unsigned n)
{
	const struct pve_part *part = pve_part(vga, "memory");
	uint64_t size;

	if (!part || parse_u64(part->value, 10, 512, &size)) {
		if (p->n_qxl && n)
			pve_append(p, said, "ram_size=67108864,vram_size=33554432");
		return;
	}
	if (str_starts(p->vga, "virtio")) {
		pve_set(p, said, "max_hostmem",
			arena_printf(p->arena, "%lu", (unsigned long)size << 20), part);
		return;
	}
	pve_set(p, said, "vgamem_mb", part->value, part);
	if (!p->n_qxl)
		return;
	pve_set(p, said, "ram_size_mb", arena_printf(p->arena, "%lu", (unsigned long)size * 4),
		part);
	pve_set(p, said, "vram_size_mb", arena_printf(p->arena, "%lu", (unsigned long)size * 2),
		part);
}

static void say_display(struct pve *p, unsigned n)
{
	const struct pve_entry *vga = pve_get(p, "vga"), *bios = pve_get(p, "bios");
	const struct pve_entry *ostype = pve_get(p, "ostype");
	const char *driver = vga_driver(p, n);
	const char *id = n ? arena_printf(p->arena, "vga%u", n) : "vga";
	struct pve_said *said;

	if (!driver || !id) {
		if (!id)
			p->t->err = -ENOMEM;
		return;
	}
	said = pve_say(p, &p->devices, "device", vga, "%s,id=%s", driver, id);
	set_vga_memory(p, said, vga, n);
	if (p->n_qxl && pve_since(p, 4, 1, 0) &&
	    (!ostype || str_eq(ostype->value, "l24") || str_eq(ostype->value, "l26") ||
	     str_eq(ostype->value, "other")))
		pve_append(p, said, "max_outputs=4");
	pve_append(p, said, p->is_q35 && !n ? pve_pcie_address(p, id) : pve_address(p, id));
	if (str_eq(driver, "VGA") && p->windows && !(bios && str_eq(bios->value, "ovmf")))
		pve_append(p, said, "edid=off");
}

void pve_vga_say(struct pve *p)
{
	const struct pve_entry *vga = pve_get(p, "vga");

	if (!str_starts(p->vga, "serial") && !str_eq(p->vga, "none")) {
		say_display(p, 0);
		return;
	}
	if (str_eq(p->vga, "none"))
		pve_say_plain(p, &p->command, "vga", vga, "none");
	pve_say_plain(p, &p->command, "nographic", vga, NULL);
}

static void say_more_displays(struct pve *p)
{
	const struct pve_entry *vga = pve_get(p, "vga");
	uint64_t size;

	if (p->windows) {
		for (unsigned n = 1; n < p->n_qxl; n++)
			say_display(p, n);
		return;
	}
	/* One card with room for all of them. */
	if (!pve_value(vga, "memory") || parse_u64(pve_value(vga, "memory"), 10, 512, &size)) {
		pve_say(p, &p->command, "global", vga, "qxl-vga.ram_size=134217728");
		pve_say(p, &p->command, "global", vga, "qxl-vga.vram_size=67108864");
		return;
	}
	pve_say(p, &p->command, "global", vga, "qxl-vga.ram_size=%lu",
		(unsigned long)(p->n_qxl * 4 * size) << 20);
	pve_say(p, &p->command, "global", vga, "qxl-vga.vram_size=%lu",
		(unsigned long)(p->n_qxl * 2 * size) << 20);
}

void pve_spice_say(struct pve *p)
{
	const struct pve_entry *vga = pve_get(p, "vga");
	bool is_spice = p->n_qxl || str_starts(p->vga, "virtio");
	bool has_clipboard = pve_value(vga, "clipboard");

	if (has_clipboard && (str_starts(p->vga, "serial") || str_eq(p->vga, "none")))
		pve_refuse(p, &vga->at, "vga type %s is not compatible with VNC clipboard", p->vga);
	if (!is_spice && !has_clipboard)
		return;
	if (p->n_qxl > 1)
		say_more_displays(p);
	pve_say(p, &p->devices, "device", vga, "virtio-serial,id=spice%s", pve_address(p, "spice"));
	pve_say(p, &p->devices, "device", vga,
		"virtserialport,chardev=vdagent,name=com.redhat.spice.0");
}

/* ---- the others ---- */

static void say_audio(struct pve *p)
{
	const struct pve_entry *e = pve_get(p, "audio0");
	const char *device = pve_value(e, "device");
	const char *address;

	if (!e || !device || !pve_since(p, 4, 0, 0))
		return;
	address = pve_address(p, "audio0");
	if (str_eq(device, "AC97")) {
		pve_say(p, &p->devices, "device", e, "AC97,id=audiodev0%s", address);
		return;
	}
	pve_say(p, &p->devices, "device", e, "%s,id=audiodev0%s", device, address);
	pve_say(p, &p->devices, "device", e, "hda-micro,id=audiodev0-codec0,bus=audiodev0.0,cad=0");
	pve_say(p, &p->devices, "device", e,
		"hda-duplex,id=audiodev0-codec1,bus=audiodev0.0,cad=1");
}

void pve_small_devices_say(struct pve *p)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct pve_entry *e = pve_get_n(p, "serial", i);

		/* On Arm the first one is the board's own. */
		if (e && !(p->is_arm && i == 0))
			pve_say(p, &p->devices, "device", e, "isa-serial,chardev=serial%u", i);
	}
	say_audio(p);
	if (pve_get(p, "tpmstate0") && !p->is_template)
		pve_say(p, &p->devices, "device", pve_get(p, "tpmstate0"), "tpm-tis,tpmdev=tpmdev");
}

static void say_rng(struct pve *p)
{
	const struct pve_entry *e = pve_get(p, "rng0");
	const char *source = pve_value(e, "source"), *most = pve_value(e, "max_bytes");
	const char *period = pve_value(e, "period");
	struct pve_said *said;

	if (!e || !pve_needs(p, 4, 1, 2))
		return;
	if (!source)
		source = pve_value(e, "");
	said = pve_say(p, &p->devices, "object", e, "rng-random,id=rng0");
	pve_set(p, said, "filename", source ? source : "/dev/urandom", NULL);
	said = pve_say(p, &p->devices, "device", e, "virtio-rng-pci,rng=rng0");
	if (!most || !str_eq(most, "0")) {
		pve_set(p, said, "max-bytes", most ? most : "1024", NULL);
		pve_set(p, said, "period", period ? period : "1000", NULL);
	}
	pve_append(p, said, pve_address(p, "rng0"));
}

void pve_agent_say(struct pve *p)
{
	const struct pve_entry *e = pve_get(p, "agent");
	const char *enabled = pve_value(e, "enabled"), *type = pve_value(e, "type");

	if (!enabled)
		enabled = pve_value(e, "");
	if (enabled && pve_boolean(enabled) == 1 && type && str_eq(type, "isa")) {
		pve_say(p, &p->devices, "device", e, "isa-serial,chardev=qga0");
	} else if (enabled && pve_boolean(enabled) == 1) {
		pve_say(p, &p->devices, "device", e, "virtio-serial,id=qga0%s",
			pve_address(p, "qga0"));
		pve_say(p, &p->devices, "device", e,
			"virtserialport,chardev=qga0,name=org.qemu.guest_agent.0");
	}
	say_rng(p);
}

void pve_balloon_say(struct pve *p)
{
	const struct pve_entry *balloon = pve_get(p, "balloon"), *watchdog = pve_get(p, "watchdog");
	const char *model = pve_value(watchdog, "model");

	if (!balloon || !str_eq(balloon->value, "0"))
		pve_say(p, &p->devices, "device", balloon, "virtio-balloon-pci,id=balloon0%s%s",
			pve_address(p, "balloon0"),
			pve_since(p, 6, 2, 0) ? ",free-page-reporting=on" : "");
	if (!model)
		model = pve_value(watchdog, "");
	if (watchdog)
		pve_say(p, &p->devices, "device", watchdog, "%s%s", model ? model : "i6300esb",
			pve_address(p, "watchdog"));
}
