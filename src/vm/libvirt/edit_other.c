// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit_other.c - edits of what is no device: CPU, machine, memory, firmware's strings. */
#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "vm/argument.h"
#include "vm/libvirt/edit.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)

static const char cpu_order[] = "model vendor topology cache maxphysaddr feature numa";

/* ---- sizes ---- */

bool lv_read_size(const char *text, bool is_mib, uint64_t *bytes)
{
	static const char letters[] = "kmgtKMGT";
	size_t digits = strspn(text, "0123456789");
	const char *letter = text[digits] ? strchr(letters, text[digits]) : NULL;
	uint64_t unit = is_mib ? MIB : 1, n;

	if (text[digits] && (!letter || text[digits + 1]))
		return false;
	if (letter)
		unit = (uint64_t)1 << (10 * ((size_t)(letter - letters) % 4 + 1));
	if (parse_u64n(text, digits, 10, UINT64_MAX / unit, &n))
		return false;
	*bytes = n * unit;
	return true;
}

void lv_put_size(struct lv_editor *e, struct draft_node *node, uint64_t bytes)
{
	const char *unit = draft_value(node, "unit");
	uint64_t kib, unit_kib = 1;

	/* In the unit that is there, or in the largest that it fills. */
	if (unit && (!lv_kib("1", unit, &unit_kib) || !unit_kib || bytes % (unit_kib * KIB)))
		unit = NULL;
	if (!unit) {
		kib = bytes / KIB + (bytes % KIB != 0);
		unit = kib % (GIB / KIB) == 0 ? "GiB" : kib % (MIB / KIB) == 0 ? "MiB" : "KiB";
		unit_kib = kib % (GIB / KIB) == 0   ? GIB / KIB
			   : kib % (MIB / KIB) == 0 ? MIB / KIB
						    : 1;
		bytes = kib * KIB;
		draft_set(&e->draft, node, "unit", unit);
	}
	draft_text(&e->draft, node, arena_printf(e->arena, "%" PRIu64, bytes / (unit_kib * KIB)));
}

/* ---- where it stands ---- */

static bool is_at(const struct place *at, const struct place *place)
{
	return at->line && at->offset == place->offset && at->length == place->length;
}

/* The element or, with *a, the attribute of it that the place is of. */
static const struct xml_node *find_place(const struct xml_node *node, const struct place *place,
					 const struct xml_attribute **a)
{
	*a = NULL;
	for (const struct xml_node *next = node; next;) {
		node = next;
		for (size_t i = 0; i < node->n_attributes; i++) {
			if (is_at(&node->attributes[i].at, place)) {
				*a = &node->attributes[i];
				return node;
			}
		}
		if (is_at(&node->text_at, place))
			return node;
		for (next = node->first; next && next->end <= place->offset;)
			next = next->next;
		if (next && next->at.offset > place->offset)
			next = NULL;
	}
	return NULL;
}

/* Written as the value that is there is: the same word, or yes and no. */
static const char *spelled(const char *there, const struct pair *pair, const char *value)
{
	bool is_word = str_eq(there, "yes") || str_eq(there, "no");
	bool is_switch = lv_is_true(value) || str_eq(value, "off") || str_eq(value, "no") ||
			 str_eq(value, "false");

	if (is_word && is_switch && lv_is_true(pair->value) == lv_is_true(there))
		return lv_is_true(value) ? "yes" : "no";
	return str_eq(there, pair->value) ? value : NULL;
}

int lv_edit_in_place(struct lv_editor *e, const struct vm_option *option,
		     const struct vm_edit *edit)
{
	const struct pair *pair = option_pair(option, edit->key);
	const struct xml_attribute *a;
	const struct xml_node *node = pair && pair->at.line && !pair->at.file
					      ? find_place(e->d->root, &pair->at, &a)
					      : NULL;
	const char *value;

	if (!node || edit->op != EDIT_SET)
		return lv_cannot(e, "libvirt has no word for %s of -%s", edit->key, option->name);
	value = spelled(a ? a->value : node->text, pair, edit->value);
	if (!value)
		return lv_cannot(e, "libvirt says %s of -%s otherwise", edit->key, option->name);
	if (a)
		draft_set(&e->draft, draft_open(&e->draft, node), a->name, value);
	else
		draft_text(&e->draft, draft_open(&e->draft, node), value);
	return 0;
}

/* ---- -cpu ---- */

struct cpu_width {
	const char *key;
	const char *mode; /* of <maxphysaddr> */
	const char *attribute, *other;
	uint32_t since;
};

static const struct cpu_width cpu_widths[] = {
	{"host-phys-bits-limit", "passthrough", "limit", "bits", V(9, 3)},
	{"phys-bits", "emulate", "bits", "limit", V(8, 7)},
	{"host-phys-bits", "passthrough", NULL, "bits", V(8, 7)},
};

static int edit_width(struct lv_editor *e, const struct cpu_width *w, const struct vm_edit *edit)
{
	struct draft_node *cpu = lv_top(e, "cpu"), *addr;
	bool is_emulated = !w->attribute && edit->op == EDIT_SET && !lv_is_true(edit->value);

	if (e->d->version < w->since)
		return lv_cannot(e, "this libvirt has no word for %s", w->key);
	addr = draft_child(&e->draft, cpu, "maxphysaddr", cpu_order);
	if (edit->op == EDIT_SET) {
		draft_set(&e->draft, addr, "mode", is_emulated ? "emulate" : w->mode);
		draft_set(&e->draft, addr, is_emulated ? "limit" : w->other, NULL);
		if (w->attribute)
			draft_set(&e->draft, addr, w->attribute, edit->value);
	} else if (w->attribute && str_eq(w->attribute, "limit")) {
		draft_set(&e->draft, addr, "limit", NULL);
	} else {
		draft_remove(addr);
	}
	return 0;
}

int lv_edit_cpu(struct lv_editor *e, const struct vm_option *option, const struct vm_edit *edit)
{
	for (size_t i = 0; i < ARRAY_SIZE(cpu_widths); i++) {
		if (str_eq(cpu_widths[i].key, edit->key))
			return edit_width(e, &cpu_widths[i], edit);
	}
	if (str_eq(edit->key, "guest-phys-bits"))
		return lv_cannot(e, "libvirt has no word for guest-phys-bits; <maxphysaddr "
				    "mode='passthrough' limit=...> narrows the whole vCPU");
	return lv_edit_in_place(e, option, edit);
}

/* ---- -machine ---- */

static int edit_irqchip(struct lv_editor *e, const struct vm_edit *edit)
{
	struct draft_node *features = lv_top(e, "features");
	struct draft_node *ioapic = draft_child(&e->draft, features, "ioapic", NULL);

	if (edit->op == EDIT_UNSET)
		draft_remove(ioapic);
	else if (str_eq(edit->value, "split") || str_eq(edit->value, "on"))
		draft_set(&e->draft, ioapic, "driver",
			  str_eq(edit->value, "split") ? "qemu" : "kvm");
	else
		return lv_cannot(e, "libvirt has no word for kernel-irqchip=%s", edit->value);
	return 0;
}

int lv_edit_machine(struct lv_editor *e, const struct vm_option *option, const struct vm_edit *edit)
{
	const struct xml_node *iommu;

	if (str_eq(edit->key, "kernel-irqchip") || str_eq(edit->key, "kernel_irqchip"))
		return edit_irqchip(e, edit);
	if (str_eq(edit->key, "type") && edit->op == EDIT_SET) {
		struct draft_node *os = lv_top(e, "os");

		draft_set(&e->draft, draft_child(&e->draft, os, "type", "type"), "machine",
			  edit->value);
		return 0;
	}
	if (str_eq(edit->key, "iommu") && edit->op == EDIT_UNSET) {
		iommu = xml_path(e->d->root, "devices/iommu");
		if (iommu)
			draft_remove(draft_open(&e->draft, iommu));
		return 0;
	}
	return lv_edit_in_place(e, option, edit);
}

/* ---- -m ---- */

int lv_edit_memory(struct lv_editor *e, const struct vm_option *option UNUSED,
		   const struct vm_edit *edit)
{
	bool is_size = str_eq(edit->key, "size"), is_max = str_eq(edit->key, "maxmem");
	struct draft_node *max;
	uint64_t bytes;

	if (edit->op == EDIT_UNSET && is_max) {
		draft_remove(lv_top(e, "maxMemory"));
		return 0;
	}
	if (edit->op != EDIT_SET || !(is_size || is_max || str_eq(edit->key, "slots")))
		return lv_cannot(e, "libvirt has no word for %s of -m", edit->key);
	if (!is_size && !is_max) {
		draft_set(&e->draft, lv_top(e, "maxMemory"), "slots", edit->value);
		return 0;
	}
	if (!lv_read_size(edit->value, true, &bytes))
		return lv_cannot(e, "%s is no size", edit->value);
	max = lv_top(e, is_size ? "memory" : "maxMemory");
	/* libvirt wants both. */
	if (is_max && !draft_value(max, "slots"))
		draft_set(&e->draft, max, "slots", "1");
	lv_put_size(e, max, bytes);
	return 0;
}

/* ---- -global ---- */

static const struct lv_device *pci_root(const struct lv_editor *e)
{
	for (size_t i = 0; i < e->d->n_devices; i++) {
		const struct lv_device *c = &e->d->devices[i];

		if (c->class == LV_CONTROLLER && str_eq(c->kind, "pci") && c->index == 0)
			return c->node ? c : NULL;
	}
	return NULL;
}

static int set_hole(struct lv_editor *e, struct draft_node *root, const char *value)
{
	uint64_t bytes;

	if (!lv_read_size(value, false, &bytes))
		return lv_cannot(e, "%s is no size", value);
	lv_put_size(e, draft_child(&e->draft, root, "pcihole64", NULL), bytes);
	return 0;
}

int lv_edit_global(struct lv_editor *e, const struct vm_option *option, const struct vm_edit *edit)
{
	const char *property = option_value(option, "property");

	if (edit->op == EDIT_SET && str_eq(edit->key, "value") && option->origin && property &&
	    str_eq(property, "pci-hole64-size"))
		return set_hole(e, draft_open(&e->draft, option->origin), edit->value);
	return lv_edit_in_place(e, option, edit);
}

int lv_add_global(struct lv_editor *e, const struct vm_edit *edit)
{
	static const char *const names[] = {"q35-pcihost.pci-hole64-size=",
					    "i440FX-pcihost.pci-hole64-size="};
	const struct lv_device *root = pci_root(e);

	for (size_t i = 0; root && i < ARRAY_SIZE(names); i++) {
		if (str_starts(edit->value, names[i]))
			return set_hole(e, draft_open(&e->draft, root->node),
					edit->value + strlen(names[i]));
	}
	return 1;
}

/* ---- -fw_cfg ---- */

int lv_add_fw_cfg(struct lv_editor *e, const struct vm_edit *edit)
{
	static const char name_key[] = "name=", string_key[] = ",string=";
	const char *string = strstr(edit->value, string_key);
	struct draft_node *info, *entry;
	const char *name;

	/* Nothing that would need commas doubled. */
	if (e->d->version < V(6, 5) || !str_starts(edit->value, name_key) || !string ||
	    strchr(edit->value, ',') != string || strchr(string + 1, ','))
		return 1;
	name = arena_strndup(e->arena, edit->value + strlen(name_key),
			     (size_t)(string - edit->value) - strlen(name_key));
	if (!name)
		return -ENOMEM;
	info = draft_find(&e->draft, &e->draft.root, "sysinfo", "type", "fwcfg");
	if (!info) {
		info = lv_top(e, "sysinfo");
		if (info->base) /* one of another type */
			info = draft_add(&e->draft, &e->draft.root, "sysinfo", "sysinfo");
		draft_set(&e->draft, info, "type", "fwcfg");
	}
	entry = draft_add(&e->draft, info, "entry", NULL);
	draft_set(&e->draft, entry, "name", name);
	draft_text(&e->draft, entry, string + strlen(string_key));
	return 0;
}
