// SPDX-License-Identifier: LGPL-2.1-or-later
/* disks.c - disks with their controllers, network cards, and what comes last (qemu-server
 * src/PVE/QemuServer/DriveDevice.pm, QemuServer.pm). What is behind a disk is the storage's matter
 * and not said. */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

static const char *volume(const struct pve_entry *drive)
{
	const char *file = pve_value(drive, "file");

	if (!file)
		file = pve_value(drive, "");
	return file ? file : "none";
}

static bool is_cdrom(const struct pve_entry *drive)
{
	const char *media = pve_value(drive, "media");

	return media && str_eq(media, "cdrom");
}

/* ",drive=drive-scsi0", which block nodes do not have for an empty one. */
static const char *backing(struct pve *p, const struct pve_entry *drive)
{
	const char *text = "";

	if (!pve_since(p, 10, 0, 0) || !str_eq(volume(drive), "none"))
		text = arena_printf(p->arena, ",drive=drive-%s", drive->key);
	if (!text)
		p->t->err = -ENOMEM;
	return text ? text : "";
}

/* ---- SCSI ---- */

struct scsi {
	const char *type;   /* of the controller */
	const char *prefix; /* of its id */
	unsigned disks;	    /* on one */
	bool is_virtio;
};

static struct scsi find_scsi(const struct pve *p)
{
	const struct pve_entry *e = pve_get(p, "scsihw");
	const char *type = e ? e->value : "lsi";

	if (str_eq(type, "virtio-scsi-single"))
		return (struct scsi){"virtio-scsi-pci", "virtioscsi", 1, true};
	return (struct scsi){type, "scsihw", str_starts(type, "lsi") ? 7 : 256,
			     !str_starts(type, "lsi") && !str_eq(type, "pvscsi")};
}

static void say_scsi_controller(struct pve *p, const struct scsi *scsi,
				const struct pve_entry *drive, unsigned n)
{
	const char *id = arena_printf(p->arena, "%s%u", scsi->prefix, n);
	bool is_single = scsi->disks == 1, has_thread = pve_flag(drive, "iothread", false);
	const char *queues = pve_value(drive, "queues");
	struct pve_said *said;

	if (!id) {
		p->t->err = -ENOMEM;
		return;
	}
	if (is_single && has_thread)
		pve_say(p, &p->command, "object", drive, "iothread,id=iothread-%s", id);
	said = pve_say(p, &p->devices, "device", drive, "%s,id=%s%s", scsi->type, id,
		       pve_address(p, id));
	if (is_single && has_thread)
		pve_set(p, said, "iothread", arena_printf(p->arena, "iothread-%s", id), NULL);
	if (is_single && queues)
		pve_set(p, said, "num_queues", queues, pve_part(drive, "queues"));
}

static void say_scsi(struct pve *p)
{
	struct scsi scsi = find_scsi(p);
	unsigned long done = 0;

	for (unsigned i = 0; i < 31 && !p->t->err; i++) {
		const struct pve_entry *drive = pve_get_n(p, "scsi", i);
		unsigned n = i / scsi.disks;
		const char *kind;

		if (!drive)
			continue;
		if (i > 13 && !pve_needs(p, 4, 1, 2))
			pve_refuse(p, &drive->at,
				   "scsi%u: machine version 4.1~pve2 or higher is required to use "
				   "more than 14 SCSI disks",
				   i);
		if (scsi.disks != 1 && pve_flag(drive, "iothread", false))
			pve_warn(p, &drive->at,
				 "iothread is only valid with virtio disk or virtio-scsi-single "
				 "controller, ignoring");
		if (!(done & 1ul << n))
			say_scsi_controller(p, &scsi, drive, n);
		done |= 1ul << n;
		kind = is_cdrom(drive) ? "cd" : "hd";
		if (scsi.is_virtio)
			pve_say(p, &p->devices, "device", drive,
				"scsi-%s,bus=%s%u.0,channel=0,scsi-id=0,lun=%u%s,id=scsi%u", kind,
				scsi.prefix, n, i, backing(p, drive), i);
		else
			pve_say(p, &p->devices, "device", drive,
				"scsi-%s,bus=%s%u.0,scsi-id=%u%s,id=scsi%u", kind, scsi.prefix, n,
				i % scsi.disks, backing(p, drive), i);
	}
}

/* ---- the other disks ---- */

static void say_ide(struct pve *p)
{
	for (unsigned i = 0; i < 4 && !p->t->err; i++) {
		const struct pve_entry *drive = pve_get_n(p, "ide", i);
		unsigned controller = i / 2, unit = i % 2;

		if (!drive)
			continue;
		if (p->is_q35) { /* it takes one disk on each */
			controller += 2 * unit;
			unit = 0;
		}
		pve_say(p, &p->devices, "device", drive, "ide-%s,bus=ide.%u,unit=%u%s,id=ide%u",
			is_cdrom(drive) || p->is_template ? "cd" : "hd", controller, unit,
			backing(p, drive), i);
	}
}

static void say_virtio(struct pve *p)
{
	for (unsigned i = 0; i < 16 && !p->t->err; i++) {
		const struct pve_entry *drive = pve_get_n(p, "virtio", i);
		bool has_thread = pve_flag(drive, "iothread", false);
		const char *id = drive ? drive->key : NULL;
		struct pve_said *said;

		if (!drive)
			continue;
		if (has_thread)
			pve_say(p, &p->command, "object", drive, "iothread,id=iothread-%s", id);
		said = pve_say(p, &p->devices, "device", drive, "virtio-blk-pci%s,id=%s%s",
			       backing(p, drive), id, pve_address(p, id));
		if (has_thread)
			pve_set(p, said, "iothread", arena_printf(p->arena, "iothread-%s", id),
				NULL);
	}
}

static void say_sata(struct pve *p)
{
	bool has_controller = false;

	for (unsigned i = 0; i < 6 && !p->t->err; i++) {
		const struct pve_entry *drive = pve_get_n(p, "sata", i);

		if (!drive)
			continue;
		if (!has_controller)
			pve_say(p, &p->devices, "device", drive, "ahci,id=ahci0,multifunction=on%s",
				pve_address(p, "ahci0"));
		has_controller = true;
		pve_say(p, &p->devices, "device", drive, "ide-%s,bus=ahci0.%u%s,id=sata%u",
			is_cdrom(drive) || p->is_template ? "cd" : "hd", i, backing(p, drive), i);
	}
}

void pve_disks_say(struct pve *p)
{
	say_ide(p);
	say_scsi(p);
	say_virtio(p);
	say_sata(p);
}

/* ---- network ---- */

/* "virtio=MAC,bridge=vmbr0", "model=virtio,macaddr=MAC", "virtio,bridge=vmbr0". */
static const char *net_model(const struct pve_entry *net, const char **mac)
{
	static const char *const known[] = {
		"e1000",  "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e",
		"i82551", "i82557b",	   "i82559er",	    "ne2k_isa",	     "ne2k_pci",
		"pcnet",  "rtl8139",	   "virtio",	    "vmxnet3",
	};
	const char *model = pve_value(net, "model");

	*mac = pve_value(net, "macaddr");
	if (!model)
		model = pve_value(net, "");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (model && str_eq(model, known[i]))
			return known[i];
		if (!model && pve_value(net, known[i])) {
			*mac = pve_value(net, known[i]);
			return known[i];
		}
	}
	return NULL;
}

static void set_queues(struct pve *p, struct pve_said *said, const struct pve_entry *net)
{
	const struct pve_part *part = pve_part(net, "queues");
	uint64_t queues;

	if (part && !parse_u64(part->value, 10, 64, &queues) && queues > 1) {
		pve_set(p, said, "vectors", arena_printf(p->arena, "%u", (unsigned)queues * 2 + 2),
			part);
		pve_append(p, said, "mq=on");
		if (pve_since(p, 7, 1, 0))
			pve_append(p, said, "packed=on");
	}
	if (pve_since(p, 7, 1, 0))
		pve_append(p, said, "rx_queue_size=1024,tx_queue_size=256");
}

static const char *old_rom(const char *model)
{
	static const struct {
		const char *model, *file;
	} roms[] = {
		{"virtio", "pxe-virtio.rom"},	{"e1000", "pxe-e1000.rom"},
		{"e1000e", "pxe-e1000e.rom"},	{"pcnet", "pxe-pcnet.rom"},
		{"rtl8139", "pxe-rtl8139.rom"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(roms); i++) {
		if (str_eq(model, roms[i].model))
			return roms[i].file;
	}
	return NULL;
}

static void check_mtu(struct pve *p, const struct pve_entry *net, bool is_virtio, bool has_bridge)
{
	const struct pve_part *mtu = pve_part(net, "mtu");
	uint64_t size;

	if (!mtu)
		return;
	if (!has_bridge || !is_virtio)
		pve_warn(p, &mtu->at, "netdev %s: ignoring MTU '%s', %s", net->key, mtu->value,
			 has_bridge ? "not using VirtIO" : "no bridge configured");
	else if (!parse_u64(mtu->value, 10, 65520, &size) && size != 1 && size < 576)
		pve_refuse(p, &mtu->at,
			   "netdev %s: MTU '%s' is smaller than the IP minimum MTU '576'", net->key,
			   mtu->value);
}

static void say_net(struct pve *p, const struct pve_entry *net, unsigned n)
{
	const char *mac, *model = net_model(net, &mac), *bridge = pve_value(net, "bridge");
	bool is_virtio = model && str_eq(model, "virtio");
	const char *id = net->key, *rom;
	struct pve_said *said;

	if (!model)
		return;
	if (bridge)
		said = pve_say(p, &p->devices, "netdev", net,
			       "type=tap,id=%s,ifname=tap%si%u,script=/usr/libexec/qemu-server/"
			       "pve-bridge,downscript=/usr/libexec/qemu-server/pve-bridgedown%s",
			       id, p->vmid, n, is_virtio && p->is_native ? ",vhost=on" : "");
	else
		said = pve_say(p, &p->devices, "netdev", net, "type=user,id=%s", id);
	if (is_virtio && pve_value(net, "queues"))
		pve_set(p, said, "queues", pve_value(net, "queues"), NULL);
	pve_needs(p, 10, 0, 1);
	check_mtu(p, net, is_virtio, bridge);
	said = pve_say(p, &p->devices, "device", net, "%s", is_virtio ? "virtio-net-pci" : model);
	if (mac)
		pve_set(p, said, "mac", mac, NULL);
	pve_append(p, said,
		   arena_printf(p->arena, "netdev=%s%s,id=%s", id, pve_address(p, id), id));
	if (is_virtio)
		set_queues(p, said, net);
	if (is_virtio && bridge && pve_since(p, 10, 0, 1)) {
		const char *mtu = pve_value(net, "mtu");

		pve_set(p, said, "host_mtu", mtu && !str_eq(mtu, "1") ? mtu : "1500",
			pve_part(net, "mtu"));
	}
	rom = p->machine.has_old_roms ? old_rom(model) : NULL;
	if (rom)
		pve_set(p, said, "romfile", rom, NULL);
}

void pve_nets_say(struct pve *p)
{
	for (unsigned i = 0; i < 32 && !p->t->err; i++) {
		const struct pve_entry *net = pve_get_n(p, "net", i);

		if (net)
			say_net(p, net, i);
	}
}

/* ---- last ---- */

void pve_ivshmem_say(struct pve *p)
{
	const struct pve_entry *e = pve_get(p, "ivshmem");
	const char *size = pve_value(e, "size"), *name = pve_value(e, "name");
	struct pve_said *said;

	if (!e || !size)
		return;
	pve_say(p, &p->devices, "device", e, "ivshmem-plain,memdev=ivshmem%s",
		p->is_q35 ? pve_pcie_address(p, "ivshmem") : pve_address(p, "ivshmem"));
	said = pve_say(p, &p->devices, "object", e, "memory-backend-file,id=ivshmem,share=on");
	pve_set(p, said, "mem-path",
		arena_printf(p->arena, "/dev/shm/pve-shm-%s", name ? name : p->vmid), NULL);
	pve_set(p, said, "size", arena_printf(p->arena, "%sM", size), pve_part(e, "size"));
}

static void say_guard(struct pve *p)
{
	const struct pve_entry *sev = pve_get(p, "amd-sev"), *tdx = pve_get(p, "intel-tdx");
	const char *type = pve_value(sev, "type");

	if (type) {
		pve_say(p, &p->devices, "object", sev, "%s,id=sev0",
			str_eq(type, "snp") ? "sev-snp-guest" : "sev-guest");
		pve_flag_say(p, "confidential-guest-support", "sev0", &sev->value_at);
	} else if (tdx) {
		pve_say(p, &p->devices, "object", tdx, "tdx-guest,id=tdx0");
		pve_flag_say(p, "confidential-guest-support", "tdx0", &tdx->value_at);
		if (!pve_value(pve_get(p, "machine"), "viommu"))
			pve_flag_say(p, "kernel-irqchip", "split", NULL);
	}
}

static void say_virtiofs(struct pve *p)
{
	for (unsigned i = 0; i < 10 && !p->t->err; i++) {
		const struct pve_entry *e = pve_get_n(p, "virtiofs", i);
		const char *tag = pve_value(e, "dirid");

		if (!tag)
			tag = pve_value(e, "");
		if (e && tag)
			pve_set(p,
				pve_say(p, &p->devices, "device", e,
					"vhost-user-fs-pci,queue-size=1024,chardev=virtiofs%u", i),
				"tag", tag, NULL);
	}
}

void pve_last_devices_say(struct pve *p)
{
	say_guard(p);
	say_virtiofs(p);
}
