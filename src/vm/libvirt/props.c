// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * props.c - the properties of one device or object, collected, changed by <qemu:override>,
 * then said as the JSON that libvirt passes.
 */
#include <errno.h>
#include <stdarg.h>

#include "vm/libvirt/say.h"

#define QEMU_SPACE "{http://libvirt.org/schemas/domain/qemu/1.0}"

static bool is_switch_on(const char *value)
{
	return str_eq(value, "on") || str_eq(value, "yes") || str_eq(value, "true");
}

const struct place *lv_at(const struct xml_node *node)
{
	return node ? &node->at : NULL;
}

const char *lv_printf(struct lv_domain *d, const char *format, ...)
{
	const char *text;
	va_list args;

	va_start(args, format);
	text = arena_vprintf(d->t->vm->arena, format, args);
	va_end(args);
	if (!text && !d->t->err)
		d->t->err = -ENOMEM;
	return text ? text : "";
}

struct lv_words lv_begin(struct lv_domain *d, const struct lv_device *device, const char *driver)
{
	struct lv_words w = {.d = d, .device = device};

	if (driver)
		lv_put(&w, "driver", 's', driver, NULL);
	return w;
}

void lv_put(struct lv_words *w, const char *key, char type, const char *value,
	    const struct place *at)
{
	struct translation *t = w->d->t;
	struct lv_property *property;

	if (t->err || !value)
		return;
	w->list = arena_grow(t->vm->arena, w->list, w->n, &w->cap, sizeof(*w->list));
	if (!w->list) {
		w->n = 0;
		t->err = -ENOMEM;
		return;
	}
	property = &w->list[w->n++];
	*property = (struct lv_property){.key = key, .value = value, .type = type};
	if (at)
		property->at = *at;
}

void lv_put_number(struct lv_words *w, const char *key, uint64_t value, const struct place *at)
{
	lv_put(w, key, 'n', lv_printf(w->d, "%llu", (unsigned long long)value), at);
}

void lv_put_attribute(struct lv_words *w, const char *key, char type, const struct xml_node *node,
		      const char *attribute)
{
	const struct xml_attribute *a = node ? xml_attribute(node, attribute) : NULL;
	uint64_t n;

	if (!a)
		return;
	if (type == 'n' && !lv_number(a->value, UINT64_MAX, &n))
		return; /* libvirt refuses it, which check.c says */
	if (type == 'n')
		lv_put_number(w, key, n, &a->at);
	else
		lv_put(w, key, type, a->value, &a->at);
}

void lv_put_switch(struct lv_words *w, const char *key, const struct xml_node *node,
		   const char *attribute)
{
	const struct xml_attribute *a = node ? xml_attribute(node, attribute) : NULL;

	if (a && (is_switch_on(a->value) || str_eq(a->value, "off") || str_eq(a->value, "no")))
		lv_put(w, key, 'b', is_switch_on(a->value) ? "true" : "false", &a->at);
}

void lv_put_id(struct lv_words *w)
{
	const struct xml_node *alias = w->device->node ? xml_child(w->device->node, "alias") : NULL;
	const struct xml_attribute *name = alias ? xml_attribute(alias, "name") : NULL;
	bool is_own = name && str_eq(name->value, w->device->alias);

	lv_put(w, "id", 's', w->device->alias, is_own ? &name->at : NULL);
}

void lv_put_boot_index(struct lv_words *w)
{
	if (w->device->node)
		lv_put_attribute(w, "bootindex", 'n', xml_child(w->device->node, "boot"), "order");
}

const char *lv_bus_name(struct lv_domain *d, unsigned index)
{
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "pci") && c->index == index && c->alias)
			return c->alias;
	}
	if (index)
		return NULL;
	return d->board == LV_I440FX ? "pci.0" : "pcie.0";
}

void lv_put_address(struct lv_words *w)
{
	const struct lv_pci *pci = &w->device->pci;
	const struct place *at = pci->is_user ? &pci->at : NULL;
	const char *bus = pci->is_set ? lv_bus_name(w->d, pci->bus) : NULL;

	if (!bus)
		return;
	lv_put(w, "bus", 's', bus, at);
	if (pci->multifunction >= 0)
		lv_put(w, "multifunction", 'b', pci->multifunction ? "true" : "false", at);
	lv_put(w, "addr", 's',
	       pci->function ? lv_printf(w->d, "0x%x.0x%x", pci->slot, pci->function)
			     : lv_printf(w->d, "0x%x", pci->slot),
	       at);
	if (w->device->node)
		lv_put_attribute(w, "acpi-index", 'n', xml_child(w->device->node, "acpi"), "index");
}

/* qemuBuildRomProps() */
void lv_put_rom(struct lv_words *w)
{
	const struct xml_node *rom = w->device->node ? xml_child(w->device->node, "rom") : NULL;
	const char *enabled = xml_value(rom, "enabled"), *bar = xml_value(rom, "bar");

	if (!rom)
		return;
	if (enabled && str_eq(enabled, "no")) {
		lv_put(w, "romfile", 's', "", &xml_attribute(rom, "enabled")->at);
		return;
	}
	if (bar)
		lv_put_number(w, "rombar", str_eq(bar, "on"), &xml_attribute(rom, "bar")->at);
	lv_put_attribute(w, "romfile", 's', rom, "file");
}

void lv_put_virtio(struct lv_words *w, const struct xml_node *driver)
{
	lv_put_switch(w, "iommu_platform", driver, "iommu");
	lv_put_switch(w, "ats", driver, "ats");
	lv_put_switch(w, "packed", driver, "packed");
	lv_put_switch(w, "page-per-vq", driver, "page_per_vq");
}

/* qemuBuildVirtioDevGetConfig() */
const char *lv_virtio_driver(struct lv_domain *d, const char *base, const char *model)
{
	const char *suffix = "";

	if (str_eq(model, "virtio-transitional"))
		suffix = "-transitional";
	else if (str_eq(model, "virtio-non-transitional"))
		suffix = "-non-transitional";
	return lv_printf(d, "%s-pci%s", base, suffix);
}

/* ---- <qemu:override> ---- */

static struct lv_property *find(struct lv_words *w, const char *key)
{
	for (size_t i = 0; i < w->n; i++) {
		if (str_eq(w->list[i].key, key))
			return &w->list[i];
	}
	return NULL;
}

static void drop(struct lv_words *w, struct lv_property *property)
{
	size_t i = (size_t)(property - w->list);

	memmove(property, property + 1, (w->n - i - 1) * sizeof(*property));
	w->n--;
}

static void override(struct lv_words *w, const struct xml_node *node)
{
	const char *key = xml_value(node, "name"), *type = xml_value(node, "type");
	const struct xml_attribute *value = xml_attribute(node, "value");
	struct lv_property *old = key ? find(w, key) : NULL;
	char json = 's';

	if (!key || !type)
		return;
	if (str_eq(type, "remove")) {
		if (old)
			drop(w, old);
		return;
	}
	if (!value)
		return;
	if (str_eq(type, "signed") || str_eq(type, "unsigned"))
		json = 'n';
	else if (str_eq(type, "bool"))
		json = 'b';
	if (!old) {
		lv_put(w, key, json, value->value, &value->at);
		return;
	}
	old->value = value->value;
	old->type = json;
	old->at = value->at;
}

static void override_all(struct lv_words *w, const char *alias)
{
	const struct xml_node *list = xml_child(w->d->root, QEMU_SPACE "override");
	const struct xml_node *device = list ? xml_child(list, QEMU_SPACE "device") : NULL;

	for (; device; device = xml_sibling(device)) {
		const char *name = xml_value(device, "alias");
		const struct xml_node *front = xml_child(device, QEMU_SPACE "frontend");

		if (!name || !str_eq(name, alias) || !front)
			continue;
		for (const struct xml_node *p = xml_child(front, QEMU_SPACE "property"); p;
		     p = xml_sibling(p))
			override(w, p);
	}
}

/* ---- said ---- */

void lv_say_as(struct lv_words *w, const char *option, const struct xml_node *node)
{
	say_option(w->d->t, option, SAY_JSON, lv_at(node), node);
	for (size_t i = 0; i < w->n; i++) {
		const struct lv_property *p = &w->list[i];

		say_pair(w->d->t, p->key, p->value, p->type, &p->at);
	}
	say_end(w->d->t);
}

static void say_list(struct lv_words *w, const char *option)
{
	lv_say_as(w, option, w->device ? w->device->node : NULL);
}

void lv_say_device(struct lv_words *w)
{
	const struct lv_property *id = find(w, "id");

	if (id)
		override_all(w, id->value);
	say_list(w, "device");
}

void lv_say_object(struct lv_words *w)
{
	say_list(w, "object");
}
