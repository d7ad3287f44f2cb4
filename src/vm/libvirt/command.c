// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * command.c - a domain as QEMU's words, in libvirt's order (qemuBuildCommandLine). Left out
 * is what bears on nothing here: secrets, sockets, images, clocks, the sandbox.
 */
#include "vm/libvirt/say.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define QEMU_SPACE "{http://libvirt.org/schemas/domain/qemu/1.0}"

static void say_program(struct lv_domain *d)
{
	const struct xml_node *emulator =
		d->devices_node ? xml_child(d->devices_node, "emulator") : NULL;

	if (emulator && *emulator->text)
		say_word(d->t, emulator->text, &emulator->text_at, emulator);
	else
		say_word(d->t,
			 lv_printf(d, "/usr/bin/qemu-system-%s",
				   str_eq(d->arch, "i686") ? "i386" : d->arch),
			 NULL, NULL);
}

static void say_name(struct lv_domain *d)
{
	const struct xml_node *name = xml_child(d->root, "name");

	if (!name || !*name->text)
		return;
	say_option(d->t, "name", SAY_OPTS, &name->at, name);
	say_pair(d->t, "guest", name->text, 0, &name->text_at);
	say_pair(d->t, "debug-threads", "on", 0, NULL);
	say_end(d->t);
}

/* ---- -machine ---- */

static void put_feature(struct lv_domain *d, const char *element, const char *attribute,
			const char *key)
{
	const struct xml_node *node = xml_path(d->root, lv_printf(d, "features/%s", element));
	const struct xml_attribute *a = node ? xml_attribute(node, attribute) : NULL;

	if (a)
		say_pair(d->t, key, a->value, 0, &a->at);
}

/* Without a word libvirt takes what suits the accelerator; hosts with KVM mostly have version 3. */
static void put_gic(struct lv_domain *d)
{
	const struct xml_node *gic = xml_path(d->root, "features/gic");

	if (d->board != LV_VIRT || !str_eq(d->arch, "aarch64"))
		return;
	if (gic && xml_attribute(gic, "version"))
		put_feature(d, "gic", "version", "gic-version");
	else
		say_pair(d->t, "gic-version", d->is_kvm ? "3" : "2", 0, NULL);
}

static void put_irqchip(struct lv_domain *d)
{
	const struct xml_node *ioapic = xml_path(d->root, "features/ioapic");

	if (d->has_split_irqchip)
		say_pair(d->t, "kernel_irqchip", "split", 0, lv_at(ioapic));
	else if (d->has_kernel_irqchip)
		say_pair(d->t, "kernel_irqchip", "on", 0, lv_at(ioapic));
}

static void put_memory(struct lv_domain *d)
{
	const struct lv_device *memory;

	say_pair(d->t, "dump-guest-core", "off", 0, NULL);
	if (xml_path(d->root, "memoryBacking/nosharepages"))
		say_pair(d->t, "mem-merge", "off", 0,
			 lv_at(xml_path(d->root, "memoryBacking/nosharepages")));
	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++) {
		if (!str_eq(memory->model, "nvdimm"))
			continue;
		say_pair(d->t, "nvdimm", "on", 0, lv_at(memory->node));
		break;
	}
	if (lv_ram_id(d))
		say_pair(d->t, "memory-backend", lv_ram_id(d), 0, NULL);
	if (xml_child(d->root, "launchSecurity"))
		say_pair(d->t, "confidential-guest-support", "lsec0", 0,
			 lv_at(xml_child(d->root, "launchSecurity")));
}

/* <timer name='hpet' present='no'/> */
static void put_hpet(struct lv_domain *d)
{
	const struct xml_node *clock = xml_child(d->root, "clock");

	for (const struct xml_node *t = clock ? xml_child(clock, "timer") : NULL; t;
	     t = xml_sibling(t)) {
		const char *name = xml_value(t, "name"), *present = xml_value(t, "present");

		if (name && present && str_eq(name, "hpet"))
			say_pair(d->t, "hpet", str_eq(present, "yes") ? "on" : "off", 0, &t->at);
	}
}

static void say_machine(struct lv_domain *d)
{
	const struct xml_node *type = xml_path(d->root, "os/type");
	const struct xml_attribute *machine = type ? xml_attribute(type, "machine") : NULL;
	const struct lv_device *smmu = lv_plain_smmu(d);

	say_option(d->t, "machine", SAY_OPTS, lv_at(type), type);
	say_pair(d->t, NULL, d->machine, 0, machine ? &machine->at : NULL);
	say_pair(d->t, "usb", "off", 0, NULL);
	put_feature(d, "vmport", "state", "vmport");
	put_feature(d, "smm", "state", "smm");
	put_gic(d);
	put_irqchip(d);
	if (smmu)
		say_pair(d->t, "iommu", "smmuv3", 0, lv_at(smmu->node));
	put_memory(d);
	lv_put_flash(d);
	put_hpet(d);
	if (d->board != LV_OTHER)
		say_pair(d->t, "acpi", d->has_acpi ? "on" : "off", 0,
			 lv_at(xml_path(d->root, "features/acpi")));
	say_end(d->t);
}

/* ---- others ---- */

/* <smm><tseg unit='MiB'>48</tseg></smm> */
static void say_tseg(struct lv_domain *d)
{
	const struct xml_node *tseg = xml_path(d->root, "features/smm/tseg");
	const char *unit = xml_value(tseg, "unit");
	uint64_t kib;

	if (tseg && lv_kib(tseg->text, unit ? unit : "MiB", &kib) && kib)
		say_plain(d->t, "global",
			  lv_printf(d, "mch.extended-tseg-mbytes=%llu",
				    (unsigned long long)kib / 1024),
			  &tseg->at, tseg);
}

/* <sysinfo type='fwcfg'><entry name=...>value</entry> */
static void say_fw_cfg(struct lv_domain *d)
{
	for (const struct xml_node *s = xml_child(d->root, "sysinfo"); s; s = xml_sibling(s)) {
		const char *type = xml_value(s, "type");

		if (!type || !str_eq(type, "fwcfg"))
			continue;
		for (const struct xml_node *e = xml_child(s, "entry"); e; e = xml_sibling(e)) {
			const char *name = xml_value(e, "name"), *file = xml_value(e, "file");

			say_option(d->t, "fw_cfg", SAY_OPTS, &e->at, e);
			say_pair(d->t, "name", name ? name : "", 0, NULL);
			say_pair(d->t, file ? "file" : "string", file ? file : e->text, 0,
				 file ? &e->at : &e->text_at);
			say_end(d->t);
		}
	}
}

/* <pm><suspend-to-mem enabled='no'/> */
static void say_pm(struct lv_domain *d)
{
	static const char *const words[][2] = {{"suspend-to-mem", "disable_s3"},
					       {"suspend-to-disk", "disable_s4"}};
	const char *object = d->board == LV_Q35 ? "ICH9-LPC" : "PIIX4_PM";

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct xml_node *node = xml_path(d->root, lv_printf(d, "pm/%s", words[i][0]));
		const char *enabled = xml_value(node, "enabled");

		if (enabled)
			say_plain(d->t, "global",
				  lv_printf(d, "%s.%s=%d", object, words[i][1],
					    str_eq(enabled, "no")),
				  &node->at, node);
	}
}

static void say_kernel(struct lv_domain *d)
{
	static const char *const words[][2] = {
		{"kernel", "kernel"}, {"initrd", "initrd"}, {"cmdline", "append"}, {"dtb", "dtb"}};

	say_plain(d->t, "boot", "strict=on", NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct xml_node *node = xml_path(d->root, lv_printf(d, "os/%s", words[i][0]));

		if (node && *node->text)
			say_plain(d->t, words[i][1], node->text, &node->text_at, node);
	}
}

/* <qemu:commandline><qemu:arg value='-device'/> ... */
static void say_user_words(struct lv_domain *d)
{
	const struct xml_node *list = xml_child(d->root, QEMU_SPACE "commandline");

	for (const struct xml_node *a = list ? xml_child(list, QEMU_SPACE "arg") : NULL; a;
	     a = xml_sibling(a)) {
		const struct xml_attribute *value = xml_attribute(a, "value");

		if (value)
			say_word(d->t, value->value, &value->at, a);
	}
}

void lv_say(struct lv_domain *d)
{
	/* Since arm-smmuv3 names a bus, vIOMMUs stand behind the controllers. */
	bool is_early = d->version < V(11, 10);

	lv_name_devices(d);
	say_program(d);
	say_name(d);
	say_plain(d->t, "S", NULL, NULL, NULL);
	lv_say_flash(d);
	say_machine(d);
	say_plain(d->t, "accel", d->is_kvm ? "kvm" : "tcg", lv_at(d->root), NULL);
	say_tseg(d);
	lv_say_cpu(d);
	lv_say_loader(d);
	lv_say_memory(d);
	lv_say_smp(d);
	lv_say_numa(d);
	say_fw_cfg(d);
	if (!lv_device(d, LV_GRAPHICS, 0))
		say_plain(d->t, "display", "none", NULL, NULL);
	say_plain(d->t, "no-user-config", NULL, NULL, NULL);
	say_plain(d->t, "nodefaults", NULL, NULL, NULL);
	say_pm(d);
	say_kernel(d);
	if (is_early)
		lv_say_iommus(d);
	lv_say_controllers(d);
	if (!is_early)
		lv_say_iommus(d);
	lv_say_memory_devices(d);
	lv_say_peripherals(d);
	lv_say_hostdevs(d);
	lv_say_late(d);
	say_user_words(d);
	lv_say_last(d);
}
