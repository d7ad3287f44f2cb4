// SPDX-License-Identifier: LGPL-2.1-or-later
/* command.c - the words in qemu-server's order (QemuServer.pm config_to_command). Options
 * that bear on nothing here (monitors, pid file, boot menu) are left out. */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

/* What a template is started without. */
static void note_template(struct pve *p)
{
	size_t n = pve_n_slots();

	for (size_t i = 0; i < n && !p->t->err; i++) {
		const struct pve_entry *e = p->config->now[i];
		const struct pve_key *info;

		if (!e || pve_get(p, e->key) || pve_slot(e->key, &info) == PVE_NO_SLOT ||
		    !info->is_hardware)
			continue;
		remark_add(
			p->t, REMARK_DROPPED, &e->at, e->key,
			"A template is started for backups only: with its disks, without KVM and "
			"without all else.");
	}
}

/* l26 on q35 that was made before QEMU 6.1 keeps its PCI slots. */
static void say_slot_fixup(struct pve *p)
{
	const struct pve_entry *ostype = pve_get(p, "ostype");
	const char *made = pve_value(pve_get(p, "meta"), "creation-qemu");
	uint64_t major = 0, minor = 0;
	size_t n = made ? strcspn(made, ".") : 0;

	if (made && made[n] && !parse_u64n(made, n, 10, 1000, &major))
		parse_u64n(made + n + 1, strspn(made + n + 1, "0123456789"), 10, 1000, &minor);
	if (p->machine.is_versioned || major > 6 || (major == 6 && minor >= 1) || !p->is_q35 ||
	    !ostype || !str_eq(ostype->value, "l26") || p->qemu_major < 6 ||
	    (p->qemu_major == 6 && p->qemu_minor < 1))
		return;
	pve_say(p, &p->command, "global", NULL,
		"ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off");
}

/* Clocks (Cfg2Cmd/Timer.pm), as far as they are flags of the machine or devices. */
static void say_timers(struct pve *p)
{
	const struct pve_entry *ostype = pve_get(p, "ostype");
	bool is_linux = ostype && (str_eq(ostype->value, "l24") || str_eq(ostype->value, "l26"));
	bool has_hpet = !str_starts(p->machine.name, "virt");

	if (p->windows >= 6)
		pve_say(p, &p->command, "global", ostype, "kvm-pit.lost_tick_policy=discard");
	if (has_hpet && (p->windows >= 6 || (is_linux && pve_needs(p, 10, 1, 0))))
		pve_flag_say(p, "hpet", "off", NULL);
}

static void say_beginning(struct pve *p)
{
	const struct pve_entry *vmgenid = pve_get(p, "vmgenid"), *acpi = pve_get(p, "acpi");

	pve_firmware_say(p);
	say_slot_fixup(p);
	if (p->is_q35)
		pve_q35_say(p);
	p->n_first = p->devices.n;
	if (vmgenid && !str_eq(vmgenid->value, "0"))
		pve_say(p, &p->devices, "device", vmgenid, "vmgenid,guid=%s", vmgenid->value);
	pve_usb_say(p);
	pve_vga_find(p);
	pve_tablet_say(p);
	pve_hostpci_say(p);
	pve_usb_devices_say(p);
	pve_small_devices_say(p);
	pve_smp_say(p);
	pve_say_plain(p, &p->command, "nodefaults", NULL, NULL);
	if (acpi && pve_boolean(acpi->value) == 0)
		pve_flag_say(p, "acpi", "off", &acpi->value_at);
	pve_vga_say(p);
}

static void say_rest(struct pve *p)
{
	say_timers(p);
	pve_cpu_say(p);
	pve_memory_say(p);
	pve_agent_say(p);
	pve_spice_say(p);
	pve_balloon_say(p);
	pve_disks_say(p);
	pve_nets_say(p);
	pve_ivshmem_say(p);
	pve_bridges_say(p, p->is_q35 ? p->n_first : 0);
	pve_machine_say(p);
	pve_viommu_say(p);
	pve_last_devices_say(p);
}

/* ---- handed on ---- */

static void say_one(struct translation *t, const struct pve_said *said)
{
	const struct place *at = said->entry ? &said->entry->at : NULL;

	if (said->plain || said->is_flag) {
		say_plain(t, said->name, said->plain, at, said->entry);
		return;
	}
	say_option(t, said->name, SAY_OPTS, at, said->entry);
	for (size_t i = 0; i < said->n_pairs; i++) {
		const struct pve_pair *pair = &said->pairs[i];

		say_pair(t, pair->key, pair->value, 0, pair->at.line ? &pair->at : NULL);
	}
	say_end(t);
	if (said->binds_host)
		say_binds_host(t);
}

static void say_machine(struct pve *p)
{
	const struct pve_entry *machine = pve_get(p, "machine");

	say_option(p->t, "machine", SAY_OPTS, machine ? &machine->at : NULL, machine);
	for (size_t i = 0; i < p->flags.n; i++) {
		const struct pve_pair *pair = p->flags.items[i]->pairs;

		say_pair(p->t, pair->key, pair->value, 0, pair->at.line ? &pair->at : NULL);
	}
	say_end(p->t);
}

static void say_args(struct pve *p)
{
	const struct pve_entry *args = pve_get(p, "args");
	const char **words;
	size_t n;

	if (!args || !*args->value)
		return;
	words = pve_split_args(p->arena, args->value, &n);
	if (!words)
		remark_add(p->t, REMARK_DROPPED, &args->at, "args",
			   "A quote in it is not closed: qemu-server then takes nothing of it.");
	for (size_t i = 0; i < n; i++)
		say_word(p->t, words[i], &args->value_at, args);
}

void pve_command(struct pve *p)
{
	const struct pve_entry *template = p->config->now[pve_slot("template", &p->key)];

	p->is_template = template && pve_boolean(template->value) == 1;
	if (p->is_template)
		note_template(p);
	pve_machine_find(p);
	p->t->vm->manager_vmm = p->qemu_text;
	if (!p->t->err)
		say_beginning(p);
	if (!p->t->err)
		say_rest(p);
	say_word(p->t,
		 p->is_native ? "/usr/bin/kvm"
		 : p->is_arm  ? "/usr/bin/qemu-system-aarch64"
			      : "/usr/bin/qemu-system-x86_64",
		 NULL, NULL);
	for (size_t i = 0; i < p->command.n; i++)
		say_one(p->t, p->command.items[i]);
	for (size_t i = 0; i < p->devices.n; i++)
		say_one(p->t, p->devices.items[i]);
	say_machine(p);
	if (p->is_template)
		say_plain(p->t, "snapshot", NULL, NULL, NULL);
	say_args(p);
}
