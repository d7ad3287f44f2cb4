// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit.c - which key of the config an edit of QEMU's words means. */
#include <errno.h>

#include "vm/proxmox/edit.h"

#define SINCE_AW_BITS PVE_VERSION(9, 0, 21)
#define SINCE_GUEST_PHYS_BITS PVE_VERSION(9, 0, 18)

int pve_cannot(struct pve_editor *ed, const struct vm_option *option, const char *reason)
{
	return ctx_fail(ed->ctx, -EOPNOTSUPP, "%s:%u: %s", ed->vm->name,
			option && option->at.line ? option->at.line : 1, reason);
}

static const struct vm_option *target(const struct pve_editor *ed, const struct vm_edit *edit)
{
	return &ed->vm->options[edit->option];
}

static const char *new_text(const struct vm_edit *edit)
{
	return edit->op == EDIT_SET ? edit->value : NULL;
}

/* ---- the machine ---- */

static bool is_key(const struct vm_edit *edit, const char *key)
{
	return edit->key && str_eq(edit->key, key);
}

static bool has_intel_viommu(struct pve_editor *ed)
{
	const char *machine = pve_current(ed, "machine");

	return machine && strstr(machine, "viommu=intel");
}

static int edit_accel(struct pve_editor *ed, const struct vm_edit *edit)
{
	if (edit->op == EDIT_SET && str_eq(edit->value, "tcg"))
		return pve_change_whole(ed, "kvm", "0");
	if (edit->op == EDIT_UNSET || str_eq(edit->value, "kvm"))
		return pve_change_whole(ed, "kvm", pve_current(ed, "kvm") ? "1" : NULL);
	return pve_cannot(ed, target(ed, edit), "Proxmox starts VMs with KVM or without");
}

static int edit_machine(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option = target(ed, edit);
	const char *text;

	if (!edit->key || edit->op == EDIT_REMOVE || edit->op == EDIT_MOVE)
		return pve_cannot(ed, option, "Proxmox always writes -machine");
	if (is_key(edit, "type"))
		return pve_change_part(ed, "machine", "type", new_text(edit), NULL);
	if (is_key(edit, "accel"))
		return edit_accel(ed, edit);
	if (edit->op == EDIT_UNSET)
		return pve_cannot(ed, option, "Proxmox writes this by itself");
	if ((is_key(edit, "kernel-irqchip") || is_key(edit, "kernel_irqchip")) &&
	    str_eq(edit->value, "split") && has_intel_viommu(ed))
		return 0;
	text = arena_printf(ed->arena, "%s=%s", edit->key, edit->value);
	return text ? pve_args_append(ed, "machine", text) : -ENOMEM;
}

/* ---- the vIOMMU ---- */

static bool is_viommu(const char *driver)
{
	return driver && (str_eq(driver, "intel-iommu") || str_eq(driver, "virtio-iommu-pci") ||
			  str_eq(driver, "virtio-iommu"));
}

static int set_viommu(struct pve_editor *ed, const char *driver)
{
	bool is_intel = str_eq(driver, "intel-iommu");

	return pve_change_part(ed, "machine", "viommu", is_intel ? "intel" : "virtio", NULL);
}

static int set_width(struct pve_editor *ed, const char *driver, const char *value)
{
	if (ed->config->manager >= SINCE_AW_BITS)
		return pve_change_part(ed, "machine", "aw-bits", value, NULL);
	return pve_args_global(ed, driver, "aw-bits", value);
}

/* What Proxmox writes for viommu=intel. */
static bool is_fixed(const char *key)
{
	return str_eq(key, "intremap") || str_eq(key, "caching-mode");
}

static int edit_viommu(struct pve_editor *ed, const struct vm_edit *edit, const char *driver)
{
	const struct vm_option *option = target(ed, edit);
	bool becomes_virtio = false;
	int ret;

	for (size_t i = 0; i < ed->n_edits; i++)
		becomes_virtio |= ed->edits[i].op == EDIT_SET && is_key(&ed->edits[i], "driver") &&
				  ed->edits[i].option == edit->option &&
				  str_starts(ed->edits[i].value, "virtio");
	if (edit->op == EDIT_REMOVE) {
		ret = pve_change_part(ed, "machine", "viommu", NULL, NULL);
		return ret ? ret : pve_change_part(ed, "machine", "aw-bits", NULL, NULL);
	}
	if (edit->op == EDIT_MOVE || !edit->key)
		return pve_cannot(ed, option,
				  "Proxmox decides where the vIOMMU stands: intel "
				  "first, virtio last");
	if (is_key(edit, "driver"))
		return edit->op == EDIT_SET && is_viommu(edit->value)
			       ? set_viommu(ed, edit->value)
			       : pve_cannot(ed, option, "Proxmox has viommu=intel and virtio only");
	if (is_key(edit, "aw-bits"))
		return set_width(ed, driver, new_text(edit));
	if (is_fixed(edit->key) && edit->op == EDIT_SET && pve_boolean(edit->value) == 1)
		return 0;
	if (is_fixed(edit->key))
		return becomes_virtio ? 0
				      : pve_cannot(ed, option,
						   "Proxmox always writes intremap=on and "
						   "caching-mode=on for viommu=intel");
	return pve_args_global(ed, driver, edit->key, new_text(edit));
}

static int add_viommu(struct pve_editor *ed, const struct vm_edit *edit,
		      const struct vm_option *device, const char *driver)
{
	int ret = set_viommu(ed, driver);

	(void)edit;
	for (size_t i = 0; !ret && i < device->n_pairs; i++) {
		const struct pair *pair = &device->pairs[i];

		if (str_eq(pair->key, "driver") || str_eq(pair->key, "id"))
			continue;
		if (str_eq(pair->key, "aw-bits"))
			ret = set_width(ed, driver, pair->value);
		else if (!is_fixed(pair->key))
			ret = pve_args_global(ed, driver, pair->key, pair->value);
		else if (pve_boolean(pair->value) != 1)
			ret = pve_cannot(ed, NULL,
					 "Proxmox always writes intremap=on and "
					 "caching-mode=on for viommu=intel");
	}
	return ret;
}

/* ---- the CPU ---- */

static const char *cpu_model(const struct vm_option *option)
{
	const char *model = option_value(option, "model");

	return model ? model : "kvm64";
}

/* A part of cpu:, whose value must begin with a type. */
static int cpu_part(struct pve_editor *ed, const struct vm_option *option, const char *part,
		    const char *value)
{
	return pve_change_part(ed, "cpu", part, value, cpu_model(option));
}

/* args: -cpu takes the place of all that Proxmox says of the CPU, so it must say it again. */
static int cpu_in_args(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option = target(ed, edit);
	struct buf text = {0};
	int ret;

	buf_puts(&text, option->text ? option->text : cpu_model(option));
	/* Of several edits of this option the first one says all. */
	for (size_t i = 0; i < ed->n_edits; i++) {
		const struct vm_edit *e = &ed->edits[i];

		if (e->option != edit->option || e->op != EDIT_SET || !e->key)
			continue;
		if (e < edit && !is_key(e, "phys-bits") && !is_key(e, "guest-phys-bits") &&
		    !is_key(e, "host-phys-bits") && !is_key(e, "model")) {
			buf_free(&text);
			return 0;
		}
		buf_printf(&text, ",%s=%s", e->key, e->value);
	}
	ret = text.err ? text.err : pve_args_append(ed, "cpu", text.data);
	buf_free(&text);
	return ret;
}

static int edit_cpu(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option = target(ed, edit);
	const char *value = new_text(edit);

	if (!edit->key || edit->op == EDIT_REMOVE || edit->op == EDIT_MOVE)
		return pve_cannot(ed, option, "Proxmox always writes -cpu");
	if (is_key(edit, "model"))
		return pve_change_part(ed, "cpu", "cputype", value, NULL);
	if (is_key(edit, "phys-bits"))
		return cpu_part(ed, option, "phys-bits", value);
	if (is_key(edit, "host-phys-bits"))
		return cpu_part(ed, option, "phys-bits",
				value && pve_boolean(value) == 1 ? "host" : NULL);
	if (is_key(edit, "guest-phys-bits") && ed->config->manager >= SINCE_GUEST_PHYS_BITS)
		return cpu_part(ed, option, "guest-phys-bits", value);
	if (edit->op == EDIT_UNSET)
		return pve_cannot(ed, option, "Proxmox writes this by itself");
	return cpu_in_args(ed, edit);
}

/* ---- memory ---- */

/* MiB of "4G", "512M", "512"; 0: none, or no whole number of them. */
static uint64_t mebibytes(const char *text)
{
	static const char units[] = "MGT";
	size_t n = strspn(text, "0123456789");
	const char *unit = text[n] ? strchr(units, text[n]) : units;
	uint64_t value;

	if (parse_u64n(text, n, 10, 1u << 24, &value) || !unit || (text[n] && text[n + 1]))
		return 0;
	return value << (10 * (unit - units));
}

static const char *without_memory(struct pve_editor *ed, const char *list)
{
	struct buf out = {0};
	const char *text;

	for (const char *at = list; *(at += strspn(at, ",; "));) {
		size_t n = strcspn(at, ",; ");

		if (n != 6 || memcmp(at, "memory", 6) != 0) {
			buf_puts(&out, out.length ? "," : "");
			buf_append(&out, at, n);
		}
		at += n;
	}
	text = out.err ? NULL : arena_strdup(ed->arena, out.length ? out.data : "0");
	buf_free(&out);
	return text;
}

static int edit_memory(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option = target(ed, edit);
	const char *hotplug = pve_current(ed, "hotplug"), *text;

	if (is_key(edit, "size") && edit->op == EDIT_SET) {
		uint64_t size = mebibytes(edit->value);

		if (!size || (hotplug && strstr(hotplug, "memory")))
			return pve_cannot(ed, option,
					  "Proxmox counts memory in MiB, and with "
					  "memory hotplug decides what -m says");
		text = arena_printf(ed->arena, "%lu", (unsigned long)size);
		return text ? pve_change_part(ed, "memory", "current", text, NULL) : -ENOMEM;
	}
	if ((is_key(edit, "maxmem") || is_key(edit, "slots")) && edit->op == EDIT_UNSET &&
	    hotplug) {
		text = without_memory(ed, hotplug);
		return text ? pve_change_whole(ed, "hotplug", text) : -ENOMEM;
	}
	if (edit->op != EDIT_SET || !edit->key)
		return pve_cannot(ed, option, "Proxmox always writes -m");
	text = arena_printf(ed->arena, "%s=%s", edit->key, edit->value);
	return text ? pve_args_append(ed, "m", text) : -ENOMEM;
}

/* ---- other devices ---- */

/* A line that makes this device and nothing else that matters. */
static bool is_own_line(const struct pve_entry *e)
{
	static const char *const keys[] = {"net", "virtio", "usb", "rng", "audio", "serial"};

	for (size_t i = 0; e && i < ARRAY_SIZE(keys); i++) {
		if (str_starts(e->key, keys[i]) && strspn(e->key + strlen(keys[i]), "0123456789") ==
							   strlen(e->key + strlen(keys[i])))
			return true;
	}
	return e && (str_eq(e->key, "ivshmem") || str_eq(e->key, "watchdog"));
}

static int edit_device(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option = target(ed, edit);
	const char *driver = option_value(option, "driver"), *id = option_value(option, "id");
	const struct pve_entry *e = option->origin;

	if (is_viommu(driver) && e && str_eq(e->key, "machine"))
		return edit_viommu(ed, edit, driver);
	if (driver && str_eq(driver, "vfio-pci") && e)
		return pve_edit_hostpci(ed, edit);
	if (edit->op == EDIT_REMOVE && driver && str_eq(driver, "virtio-balloon-pci"))
		return pve_change_whole(ed, "balloon", "0");
	if (edit->op == EDIT_REMOVE && is_own_line(e))
		return pve_change_whole(ed, e->key, NULL);
	if (edit->op == EDIT_REMOVE || edit->op == EDIT_MOVE || !edit->key ||
	    str_eq(edit->key, "driver") || str_eq(edit->key, "id"))
		return pve_cannot(ed, option, "Proxmox makes this device by itself");
	if (!id || strchr(id, '.'))
		return pve_cannot(ed, option, "args: cannot reach a device without an id");
	return pve_args_set(ed, id, edit->key, new_text(edit));
}

static int add_option(struct pve_editor *ed, const struct vm_edit *edit)
{
	struct vm_option device;
	const char *driver;
	int ret;

	if (str_eq(edit->name, "machine") && edit->value && !strpbrk(edit->value, "=,"))
		return pve_change_part(ed, "machine", "type", edit->value, NULL);
	if (!str_eq(edit->name, "device") || !edit->value)
		return pve_args_append(ed, edit->name, edit->value);
	ret = device_parse(ed->ctx, ed->arena, edit->value, &device);
	if (ret)
		return ret;
	driver = option_value(&device, "driver");
	if (is_viommu(driver))
		return add_viommu(ed, edit, &device,
				  str_eq(driver, "intel-iommu") ? driver : "virtio-iommu-pci");
	if (driver && (str_eq(driver, "amd-iommu") || str_eq(driver, "arm-smmuv3")))
		return pve_cannot(ed, NULL,
				  "Proxmox has viommu=intel and virtio only, and args: "
				  "stands behind the devices");
	if (driver && str_eq(driver, "vfio-pci"))
		return pve_add_hostpci(ed, edit);
	return pve_args_append(ed, edit->name, edit->value);
}

/* ---- remarks ---- */

static int cure_remark(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct pve_remedy *remedy;
	const struct pve_entry *e;
	const struct pve_part *part;
	const char *key;
	size_t start, end;

	if (edit->option >= ed->vm->n_remarks)
		return ctx_fail(ed->ctx, -EINVAL, "an edit of a remark that does not exist");
	remedy = ed->vm->remarks[edit->option].origin;
	if (remedy && remedy->key)
		return remedy->part
			       ? pve_change_part(ed, remedy->key, remedy->part, remedy->value, NULL)
			       : pve_change_whole(ed, remedy->key, remedy->value);
	e = remedy ? remedy->misspelt : NULL;
	if (!e || !pve_cure(e, &part, &key))
		return ctx_fail(ed->ctx, -EOPNOTSUPP, "%s: no cure is known", ed->vm->name);
	start = part ? part->start : e->at.offset;
	end = part ? part->at.offset - 1 : start + strlen(e->key);
	return splice_add(ed->arena, &ed->keys, start, end, key);
}

/* ---- all ---- */

static int check_option(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option;

	if (edit->op == EDIT_REMARK)
		return 0;
	if (edit->op == EDIT_ADD)
		return edit->name && *edit->name
			       ? 0
			       : ctx_fail(ed->ctx, -EINVAL, "an option to add without a name");
	if (edit->option >= ed->vm->n_options)
		return ctx_fail(ed->ctx, -EINVAL, "an edit of an option that does not exist");
	option = target(ed, edit);
	if (option->at.file)
		return ctx_fail(ed->ctx, -EOPNOTSUPP,
				"%s:%u: is read from a file, which is not edited", option->at.file,
				option->at.line);
	return 0;
}

static int edit_one(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option;
	int ret = check_option(ed, edit);

	if (ret)
		return ret;
	if (edit->op == EDIT_REMARK)
		return cure_remark(ed, edit);
	if (edit->op == EDIT_ADD)
		return add_option(ed, edit);
	option = target(ed, edit);
	if (pve_is_args(ed, option))
		return pve_args_edit(ed, edit);
	switch (option->kind) {
	case OPTION_MACHINE:
		return edit_machine(ed, edit);
	case OPTION_CPU:
		return edit_cpu(ed, edit);
	case OPTION_MEMORY:
		return edit_memory(ed, edit);
	case OPTION_DEVICE:
		return edit_device(ed, edit);
	default:
		return pve_cannot(ed, option, "no key of the config says this");
	}
}

/* A template is not started as a VM. */
static bool is_template(const struct pve_config *config)
{
	const struct pve_key *info;
	const struct pve_entry *e = config->now[pve_slot("template", &info)];

	return e && pve_boolean(e->value) == 1;
}

int pve_edit(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits, size_t n,
	     struct arena *arena, const char **text, size_t *length)
{
	struct pve_editor ed = {.ctx = ctx,
				.vm = vm,
				.config = vm->config_data,
				.arena = arena,
				.edits = edits,
				.n_edits = n};
	int ret = 0;

	if (n && is_template(ed.config))
		return ctx_fail(ctx, -EOPNOTSUPP, "%s: a template is not started as a VM",
				vm->name);
	for (size_t i = 0; !ret && i < n; i++)
		ret = edit_one(&ed, &edits[i]);
	if (!ret)
		ret = pve_args_finish(&ed);
	if (!ret)
		ret = pve_write(&ed, text, length);
	buf_free(&ed.appended);
	return ret;
}
