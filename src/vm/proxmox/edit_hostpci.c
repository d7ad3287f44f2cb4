// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit_hostpci.c - edits of assigned devices as edits of hostpciN. */
#include <errno.h>

#include "vm/proxmox/edit.h"

static const struct {
	const char *property, *part;
	bool is_switch;
} parts[] = {
	{"rombar", "rombar", true},
	{"x-vga", "x-vga", true},
	{"romfile", "romfile", false},
	{"x-pci-vendor-id", "vendor-id", false},
	{"x-pci-device-id", "device-id", false},
	{"x-pci-sub-vendor-id", "sub-vendor-id", false},
	{"x-pci-sub-device-id", "sub-device-id", false},
};

/* Functions of the same entry. */
static size_t siblings(const struct pve_editor *ed, const struct vm_option *option)
{
	size_t n = 0;

	for (size_t i = 0; i < ed->vm->n_options; i++) {
		const char *driver = option_value(&ed->vm->options[i], "driver");

		n += ed->vm->options[i].origin == option->origin && driver &&
		     str_eq(driver, "vfio-pci");
	}
	return n;
}

static bool is_first(const struct vm_option *option)
{
	const char *id = option_value(option, "id");
	const char *dot = id ? strchr(id, '.') : NULL;

	return !dot || str_eq(dot, ".0");
}

static const char *switch_text(const char *value)
{
	int on = pve_boolean(value);

	return on < 0 ? value : on ? "1" : "0";
}

/* ---- the bus ---- */

static bool is_edited(const struct pve_editor *ed, const struct vm_edit *about, const char *key)
{
	for (size_t i = 0; i < ed->n_edits; i++) {
		const struct vm_edit *e = &ed->edits[i];

		if (e->op != EDIT_ADD && e->option == about->option && e->key &&
		    str_eq(e->key, key))
			return true;
	}
	return false;
}

/* pcie=1 is a root port of its own, without it the device stands behind a conventional bridge. */
static int edit_bus(struct pve_editor *ed, const struct vm_edit *edit, const struct pve_entry *e)
{
	const struct vm_option *option = &ed->vm->options[edit->option];
	bool is_q35 = false, is_pcie = pve_flag(e, "pcie", false);

	for (size_t i = 0; i < ed->vm->n_options; i++) {
		const char *type = ed->vm->options[i].kind == OPTION_MACHINE
					   ? option_value(&ed->vm->options[i], "type")
					   : NULL;

		is_q35 = type ? strstr(type, "q35") != NULL : is_q35;
	}
	if (edit->op == EDIT_UNSET && is_q35 && !is_pcie)
		return pve_change_part(ed, e->key, "pcie", "1", NULL);
	if (edit->op == EDIT_SET && is_pcie && str_starts(edit->value, "pci."))
		return pve_change_part(ed, e->key, "pcie", NULL, NULL);
	return pve_cannot(ed, option, "Proxmox gives every device its place");
}

/* ---- properties ---- */

static int edit_other(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option = &ed->vm->options[edit->option];
	const char *id = option_value(option, "id");
	const char *value = edit->op == EDIT_SET ? edit->value : NULL;

	if (!id || strchr(id, '.'))
		return pve_cannot(ed, option,
				  "only a device of one function can be told more in args:; name "
				  "the functions in hostpci entries of their own");
	return pve_args_set(ed, id, edit->key, value);
}

static int edit_property(struct pve_editor *ed, const struct vm_edit *edit,
			 const struct pve_entry *e)
{
	const struct vm_option *option = &ed->vm->options[edit->option];
	const char *value = edit->op == EDIT_SET ? edit->value : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!str_eq(edit->key, parts[i].property) || !is_first(option))
			continue;
		if (str_eq(edit->key, "romfile") && value) {
			if (!str_starts(value, "/usr/share/kvm/"))
				break;
			value += strlen("/usr/share/kvm/");
		}
		if (value && parts[i].is_switch)
			value = switch_text(value);
		return pve_change_part(ed, e->key, parts[i].part, value, NULL);
	}
	return edit_other(ed, edit);
}

/* ---- functions ---- */

static bool is_removed(const struct pve_editor *ed, size_t option)
{
	for (size_t i = 0; i < ed->n_edits; i++) {
		if (ed->edits[i].op == EDIT_REMOVE && ed->edits[i].option == option)
			return true;
	}
	return false;
}

/* The functions that stay, one by one; host: instead of one of them. */
static int list_functions(struct pve_editor *ed, const struct pve_entry *e, size_t changed,
			  const char *host)
{
	struct buf list = {0};
	const char *text;
	int ret;

	for (size_t i = 0; i < ed->vm->n_options; i++) {
		const struct vm_option *option = &ed->vm->options[i];
		const char *own = option_value(option, "host");

		if (option->origin != e || !own || is_removed(ed, i))
			continue;
		buf_puts(&list, list.length ? ";" : "");
		buf_puts(&list, host && i == changed ? host : own);
	}
	text = list.err ? NULL : arena_strdup(ed->arena, list.length ? list.data : "");
	buf_free(&list);
	if (!text)
		return -ENOMEM;
	if (!*text)
		return pve_change_whole(ed, e->key, NULL);
	ret = pve_change_part(ed, e->key, "host", text, NULL);
	return ret;
}

static int edit_host(struct pve_editor *ed, const struct vm_edit *edit, const struct pve_entry *e)
{
	const struct vm_option *option = &ed->vm->options[edit->option];

	if (pve_part(e, "mapping") && siblings(ed, option) > 1)
		return pve_cannot(ed, option, "the mapping says which functions it has");
	if (edit->op == EDIT_REMOVE && siblings(ed, option) == 1)
		return pve_change_whole(ed, e->key, NULL);
	if (pve_part(e, "mapping"))
		return pve_cannot(ed, option, "the mapping says which device it is");
	return list_functions(ed, e, edit->option, edit->op == EDIT_SET ? edit->value : NULL);
}

int pve_edit_hostpci(struct pve_editor *ed, const struct vm_edit *edit)
{
	const struct vm_option *option = &ed->vm->options[edit->option];
	const struct pve_entry *e = option->origin;

	if (edit->op == EDIT_REMOVE)
		return edit_host(ed, edit, e);
	if (edit->op == EDIT_MOVE || !edit->key)
		return pve_cannot(ed, option, "Proxmox decides the order of devices");
	if (str_eq(edit->key, "host") && edit->op == EDIT_SET)
		return edit_host(ed, edit, e);
	if (str_eq(edit->key, "bus"))
		return edit_bus(ed, edit, e);
	if (str_eq(edit->key, "addr") && is_edited(ed, edit, "bus"))
		return 0; /* the place comes with the bus */
	if (str_eq(edit->key, "addr") || str_eq(edit->key, "id") ||
	    str_eq(edit->key, "multifunction") || str_eq(edit->key, "driver"))
		return pve_cannot(ed, option, "Proxmox gives every device its place and name");
	return edit_property(ed, edit, e);
}

/* ---- anew ---- */

static const char *free_key(struct pve_editor *ed)
{
	for (unsigned i = 0; i < 16; i++) {
		const char *key = arena_printf(ed->arena, "hostpci%u", i);

		if (!key || !pve_current(ed, key))
			return key;
	}
	return "";
}

static bool is_root_port(const struct vm_option *device, const struct pve_editor *ed)
{
	const char *bus = option_value(device, "bus");

	(void)ed;
	return bus && !str_starts(bus, "pci.");
}

static int add_properties(struct pve_editor *ed, const struct vm_option *device, const char *key)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < device->n_pairs; i++) {
		const struct pair *pair = &device->pairs[i];
		bool is_said = false;

		for (size_t k = 0; k < ARRAY_SIZE(parts); k++) {
			if (!str_eq(pair->key, parts[k].property) || str_eq(pair->key, "romfile"))
				continue;
			is_said = true;
			ret = pve_change_part(
				ed, key, parts[k].part,
				parts[k].is_switch ? switch_text(pair->value) : pair->value, NULL);
		}
		if (is_said || str_eq(pair->key, "driver") || str_eq(pair->key, "host") ||
		    str_eq(pair->key, "id") || str_eq(pair->key, "bus") ||
		    str_eq(pair->key, "addr"))
			continue;
		ret = pve_args_set(ed, key, pair->key, pair->value);
	}
	return ret;
}

int pve_add_hostpci(struct pve_editor *ed, const struct vm_edit *edit)
{
	struct vm_option device;
	const char *host, *key;
	int ret = device_parse(ed->ctx, ed->arena, edit->value, &device);

	if (ret)
		return ret;
	host = option_value(&device, "host");
	key = free_key(ed);
	if (!key)
		return -ENOMEM;
	if (!host)
		return ctx_fail(ed->ctx, -EOPNOTSUPP,
				"a device without host= has no place in hostpci");
	if (!*key)
		return ctx_fail(ed->ctx, -EOPNOTSUPP, "Proxmox assigns 16 devices at most");
	ret = pve_change_part(ed, key, "host", host, NULL);
	if (!ret && is_root_port(&device, ed))
		ret = pve_change_part(ed, key, "pcie", "1", NULL);
	return ret ? ret : add_properties(ed, &device, key);
}
