// SPDX-License-Identifier: LGPL-2.1-or-later
/* machine.c - the machine type and its version, and the virtual IOMMU (qemu-server
 * src/PVE/QemuServer/Machine.pm, QemuServer.pm config_to_command). */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

/* The QEMU that came with a Proxmox VE. */
static const struct {
	uint32_t since;
	const char *qemu;
} shipped[] = {
	{PVE_VERSION(9, 2, 0), "11.0.2"}, {PVE_VERSION(9, 1, 0), "10.1.2"},
	{PVE_VERSION(9, 0, 0), "10.0.2"}, {PVE_VERSION(8, 4, 0), "9.2.0"},
	{PVE_VERSION(8, 3, 0), "9.0.2"},  {PVE_VERSION(8, 1, 0), "8.1.5"},
	{PVE_VERSION(8, 0, 0), "8.0.2"},  {0, "7.2.0"},
};

/* The highest +pveN of a QEMU version (Machine.pm $PVE_MACHINE_VERSION). */
static const struct {
	unsigned major, minor, highest;
	uint32_t since;
} revisions[] = {
	{4, 1, 2, 0},
	{9, 2, 1, PVE_VERSION(8, 3, 9)},
	{10, 0, 1, PVE_VERSION(9, 0, 0)},
	{11, 0, 2, PVE_VERSION(9, 2, 0)},
};

static unsigned highest_revision(const struct pve *p, unsigned major, unsigned minor)
{
	for (size_t i = 0; i < ARRAY_SIZE(revisions); i++) {
		if (revisions[i].major == major && revisions[i].minor == minor &&
		    revisions[i].since <= p->manager)
			return revisions[i].highest;
	}
	return 0;
}

static bool at_least(const struct pve_machine *m, unsigned major, unsigned minor, unsigned revision)
{
	if (m->major != major)
		return m->major > major;
	if (m->minor != minor)
		return m->minor > minor;
	return m->revision >= revision;
}

bool pve_since(const struct pve *p, unsigned major, unsigned minor, unsigned revision)
{
	return at_least(&p->machine, major, minor, revision);
}

/* A revision is asked of QEMU only if something needs it, so that more QEMUs can run the VM. */
bool pve_needs(struct pve *p, unsigned major, unsigned minor, unsigned revision)
{
	if (!pve_since(p, major, minor, revision))
		return false;
	if (!pve_since(p, major, minor, highest_revision(p, major, minor) + 1) &&
	    revision > p->revision)
		p->revision = revision;
	return true;
}

/* ---- version ---- */

static unsigned read_number(const char **text)
{
	unsigned value = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++)
		value = value < 100000 ? value * 10 + (unsigned)(**text - '0') : value;
	return value;
}

/* "9.2.0": 9, 2. */
static bool read_version(const char *text, unsigned *major, unsigned *minor)
{
	*major = read_number(&text);
	if (*text++ != '.' || *text < '0' || *text > '9')
		return false;
	*minor = read_number(&text);
	return true;
}

static void find_qemu(struct pve *p)
{
	const char *given = p->t->vm->options_given.vmm;

	if (given && str_starts(given, "qemu="))
		given += strlen("qemu=");
	if (given && read_version(given, &p->qemu_major, &p->qemu_minor)) {
		p->qemu_text = given;
	} else {
		for (size_t i = 0; !p->qemu_text && i < ARRAY_SIZE(shipped); i++) {
			if (p->manager >= shipped[i].since)
				p->qemu_text = shipped[i].qemu;
		}
		read_version(p->qemu_text, &p->qemu_major, &p->qemu_minor);
	}
	if (p->qemu_major < 6)
		pve_refuse(p, NULL, "Detected old QEMU binary ('%s', at least 6.0 is required)",
			   p->qemu_text);
}

static unsigned windows_version(const char *ostype)
{
	uint64_t number;

	if (str_eq(ostype, "wxp") || str_eq(ostype, "w2k3") || str_eq(ostype, "w2k"))
		return 5;
	if (str_eq(ostype, "w2k8") || str_eq(ostype, "wvista"))
		return 6;
	if (str_starts(ostype, "win") && !parse_u64(ostype + 3, 10, 1000, &number))
		return (unsigned)number;
	return 0;
}

/* Windows keeps the version that it was made with, from 9.1 on; older ones have 5.1. */
static void pin_windows(struct pve *p, const char *type)
{
	const char *created = pve_value(pve_get(p, "meta"), "creation-qemu");
	const char *family = str_eq(type, "q35")  ? "pc-q35"
			     : str_eq(type, "pc") ? "pc-i440fx"
						  : type;
	unsigned major = 5, minor = 1, made_major, made_minor;

	if (created && read_version(created, &made_major, &made_minor) &&
	    (made_major > 9 || (made_major == 9 && made_minor >= 1))) {
		major = made_major;
		minor = made_minor;
	}
	if (major > p->qemu_major || (major == p->qemu_major && minor > p->qemu_minor)) {
		major = p->qemu_major;
		minor = p->qemu_minor;
		p->machine.revision = highest_revision(p, major, minor);
	}
	p->machine.major = major;
	p->machine.minor = minor;
	p->machine.is_versioned = true;
	p->machine.name = arena_printf(p->arena, "%s-%u.%u", family, major, minor);
}

/* "pc-q35-9.2+pve1.pxe" */
static void read_versioned(struct pve *p, const char *type)
{
	const char *version = type + strcspn(type, "0123456789");
	const char *plus = strstr(type, "+pve");
	size_t length = strlen(type);

	if (str_starts(type, "pc-i440fx-") || str_starts(type, "pc-q35-"))
		version = strrchr(type, '-') + 1;
	read_version(version, &p->machine.major, &p->machine.minor);
	p->machine.is_versioned = true;
	if (plus) {
		const char *revision = plus + 4;

		p->machine.revision = read_number(&revision);
	}
	p->machine.has_old_roms = length > 4 && str_eq(type + length - 4, ".pxe");
	if (p->machine.has_old_roms)
		length -= 4;
	if (plus)
		length = (size_t)(plus - type);
	p->machine.name = arena_strndup(p->arena, type, length);
}

static void find_unversioned(struct pve *p, const char *type)
{
	p->machine.major = p->qemu_major;
	p->machine.minor = p->qemu_minor;
	p->machine.revision = highest_revision(p, p->qemu_major, p->qemu_minor);
	p->machine.name = type;
}

static const char *node_name(struct pve *p)
{
	const struct config_file *file = translation_file(p->t, "/etc/hostname");
	size_t n = file ? strcspn(file->bytes, ". \t\r\n") : 0;
	const char *name = n ? arena_strndup(p->arena, file->bytes, n) : "localhost";

	if (!name)
		p->t->err = -ENOMEM;
	return name ? name : "";
}

/* The same board without a version. */
static const char *unversioned(const struct pve *p)
{
	return p->is_q35 ? "q35" : p->is_arm ? "virt" : "pc";
}

static void check_runnable(struct pve *p, const struct place *at)
{
	const struct pve_machine *m = &p->machine;
	unsigned highest = highest_revision(p, m->major, m->minor);

	if (m->major > p->qemu_major || (m->major == p->qemu_major && m->minor > p->qemu_minor)) {
		if (pve_refuse(p, at,
			       "Installed QEMU version '%s' is too old to run machine type "
			       "'%s+pve%u', please upgrade node '%s'",
			       p->qemu_text, m->name, m->revision, node_name(p)))
			pve_remedy(p, "machine", "type", unversioned(p));
	} else if (m->is_versioned && m->revision > highest) {
		if (pve_refuse(p, at,
			       "Installed qemu-server (max feature level for %u.%u is pve%u) is "
			       "too old to run machine type '%s+pve%u', please upgrade node '%s'",
			       m->major, m->minor, highest, m->name, m->revision, node_name(p)))
			pve_remedy(p, "machine", "type", m->name);
	}
}

static void find_arch(struct pve *p, const char *type)
{
	const struct pve_entry *arch = pve_get(p, "arch");
	const char *host = p->t->vm->options_given.host_arch;
	bool is_arm_host = host && str_eq(host, "aarch64");

	/* A type of its own tells where no one says. */
	if (!host && !arch && type && str_starts(type, "virt"))
		is_arm_host = true;
	p->is_arm = arch ? str_eq(arch->value, "aarch64") : is_arm_host;
	p->is_native = p->is_arm == (host ? is_arm_host : p->is_arm);
	if (!host && p->is_arm && arch)
		p->is_native = false; /* Proxmox VE runs on x86, unless told otherwise */
}

void pve_machine_find(struct pve *p)
{
	const struct pve_entry *machine = pve_get(p, "machine");
	const struct pve_entry *ostype = pve_get(p, "ostype");
	const struct pve_part *part = pve_part(machine, "type");
	const char *type = part ? part->value : NULL;

	find_qemu(p);
	find_arch(p, type);
	p->kvm = pve_get_bool(p, "kvm", p->is_native) && !p->is_template;
	p->windows = ostype ? windows_version(ostype->value) : 0;
	p->is_q35 = type && strstr(type, "q35");
	if (!type)
		type = p->is_arm ? "virt" : "pc";
	if (!strpbrk(type, "-") && p->windows)
		pin_windows(p, type);
	else if (!strpbrk(type, "-"))
		find_unversioned(p, type);
	else
		read_versioned(p, type);
	if (!p->machine.name)
		p->t->err = -ENOMEM;
	if (!p->t->err)
		check_runnable(p, part ? &part->at : NULL);
}

/* ---- said ---- */

static void say_sleep_states(struct pve *p)
{
	const struct pve_entry *machine = pve_get(p, "machine");
	const char *type = pve_value(machine, "type");
	const char *chip = p->is_q35 ? "ICH9-LPC" : "PIIX4_PM";
	bool otherwise;

	if (type ? str_starts(type, "virt") : p->is_arm)
		return;
	otherwise = !pve_needs(p, 9, 2, 1);
	if (!pve_flag(machine, "enable-s3", otherwise))
		pve_say(p, &p->command, "global", NULL, "%s.disable_s3=1", chip);
	if (!pve_flag(machine, "enable-s4", otherwise))
		pve_say(p, &p->command, "global", NULL, "%s.disable_s4=1", chip);
}

void pve_machine_say(struct pve *p)
{
	const struct pve_entry *bios = pve_get(p, "bios");
	const struct pve_part *type = pve_part(pve_get(p, "machine"), "type");
	const struct pve_entry *kvm = pve_get(p, "kvm");
	bool is_seabios = !bios || str_eq(bios->value, "seabios");
	char *name;

	if (!p->kvm)
		pve_flag_say(p, "accel", "tcg", kvm ? &kvm->value_at : NULL);
	say_sleep_states(p);
	if (!str_starts(p->machine.name, "virt") && is_seabios &&
	    (str_starts(p->vga, "serial") || str_eq(p->vga, "none")))
		pve_flag_say(p, "smm", "off", NULL);
	name = arena_printf(p->arena, "%s+pve%u", p->machine.name, p->revision);
	if (!name)
		p->t->err = -ENOMEM;
	pve_flag_say(p, "type", name, type ? &type->at : NULL);
}

/* The q35 of the same version. */
static const char *as_q35(struct pve *p)
{
	const char *type = pve_value(pve_get(p, "machine"), "type");
	char *text = type && str_starts(type, "pc-i440fx-")
			     ? arena_printf(p->arena, "pc-q35-%s", type + strlen("pc-i440fx-"))
			     : arena_strdup(p->arena, "q35");

	if (!text)
		p->t->err = -ENOMEM;
	return text;
}

/* Machine.pm assert_valid_machine_property */
static void check_viommu(struct pve *p, const struct pve_part *viommu, const struct pve_part *bits)
{
	bool is_intel = viommu && str_eq(viommu->value, "intel");

	if (is_intel && !p->is_q35) {
		if (pve_refuse(p, &viommu->at,
			       "to use Intel vIOMMU please set the machine type to q35"))
			pve_remedy(p, "machine", "type", as_q35(p));
	} else if (is_intel && bits && !str_eq(bits->value, "39") && !str_eq(bits->value, "48")) {
		if (pve_refuse(p, &bits->at,
			       "Intel vIOMMU supports only 39 or 48 bits as address width"))
			pve_remedy(p, "machine", "aw-bits",
				   strcmp(bits->value, "44") < 0 ? "39" : "48");
	} else if (bits && !viommu) {
		if (pve_refuse(p, &bits->at, "cannot set aw-bits if no vIOMMU is configured"))
			pve_remedy(p, "machine", "aw-bits", NULL);
	}
}

void pve_viommu_say(struct pve *p)
{
	const struct pve_entry *machine = pve_get(p, "machine");
	const struct pve_part *viommu = pve_part(machine, "viommu");
	const struct pve_part *bits = pve_part(machine, "aw-bits");
	bool is_intel = viommu && str_eq(viommu->value, "intel");
	struct pve_said *said;

	check_viommu(p, viommu, bits);
	if (!viommu)
		return;
	if (bits)
		pve_warn(p, &bits->at,
			 "vIOMMU 'aw-bits' set to %s. Sometimes it is necessary to set the CPU's "
			 "'guest-phys-bits' to the same value.",
			 bits->value);
	said = pve_say(p, &p->devices, "device", machine, "%s", "");
	pve_set(p, said, NULL, is_intel ? "intel-iommu" : "virtio-iommu-pci", viommu);
	if (is_intel) {
		pve_set(p, said, "intremap", "on", NULL);
		pve_set(p, said, "caching-mode", "on", NULL);
	}
	if (bits)
		pve_set(p, said, "aw-bits", bits->value, bits);
	if (!is_intel)
		return;
	pve_move(&p->devices, p->devices.n - 1, 0);
	pve_flag_say(p, "kernel-irqchip", "split", &viommu->at);
}
