// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit_device.c - edits of -device and -object. */
#include <errno.h>

#include "vm/argument.h"
#include "vm/libvirt/edit.h"
#include "vm/libvirt/iommu.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define OVERRIDE_SINCE V(8, 2)
#define HOSTDEV_IOMMUFD_SINCE V(12, 1)

static const char iommu_order[] = "driver acpi alias address";
static const char hostdev_order[] = "driver source teaming boot alias address rom";

static const struct {
	const char *driver, *model;
	enum lv_iommu_model id;
	uint32_t since;
} models[] = {
	{"intel-iommu", "intel", LV_INTEL, V(2, 1)},
	{"amd-iommu", "amd", LV_AMD, V(11, 5)},
	{"virtio-iommu", "virtio", LV_VIRTIO, V(8, 3)},
	{"virtio-iommu-pci", "virtio", LV_VIRTIO, V(8, 3)},
	{"arm-smmuv3", "smmuv3", LV_SMMUV3, V(5, 5)},
};

static size_t find_model(const char *driver)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(models) && !(driver && str_eq(models[i].driver, driver)))
		i++;
	return i;
}

static enum lv_iommu_model model_of(const struct draft_node *iommu)
{
	const char *model = draft_value(iommu, "model");

	for (size_t i = 0; model && i < ARRAY_SIZE(models); i++) {
		if (str_eq(models[i].model, model))
			return models[i].id;
	}
	return LV_MODEL_NONE;
}

/* ---- <qemu:override> ---- */

static struct draft_node *child_with(struct lv_editor *e, struct draft_node *parent,
				     const char *name, const char *attribute, const char *value)
{
	const char *full = arena_printf(e->arena, LV_QEMU "%s", name);
	struct draft_node *node =
		full ? draft_find(&e->draft, parent, full, attribute, value) : NULL;

	if (!node) {
		node = draft_add(&e->draft, parent, lv_qemu_name(e, name), NULL);
		if (attribute)
			draft_set(&e->draft, node, attribute, value);
	}
	return node;
}

static struct draft_node *overridden(struct lv_editor *e, const char *alias, const char *key)
{
	struct draft_node *node = child_with(e, &e->draft.root, "override", NULL, NULL);

	node = child_with(e, node, "device", "alias", alias);
	node = child_with(e, node, "frontend", NULL, NULL);
	return child_with(e, node, "property", "name", key);
}

/* As this device's other values are written in JSON, or as it is guessed for a command line. */
static const char *override_type(struct lv_editor *e, const struct vm_option *option,
				 const struct vm_edit *edit)
{
	const struct pair *pair = option ? option_pair(option, edit->key) : NULL;
	struct buf json = {0};
	const char *type;

	json_append_value(&json, edit->key, edit->value, pair ? pair->json_type : 0);
	if (json.err || !json.length)
		e->draft.err = -ENOMEM;
	if (e->draft.err || *json.data == '"')
		type = "string";
	else if (*json.data == 't' || *json.data == 'f')
		type = "bool";
	else
		type = *json.data == '-' ? "signed" : "unsigned";
	buf_free(&json);
	return type;
}

static int override(struct lv_editor *e, const char *alias, const struct vm_option *option,
		    const struct vm_edit *edit)
{
	struct draft_node *property = overridden(e, alias, edit->key);
	const char *type = edit->op == EDIT_SET ? override_type(e, option, edit) : "remove";
	const char *value = edit->value;

	if (str_eq(type, "bool"))
		value = lv_is_true(value) ? "true" : "false";
	draft_set(&e->draft, property, "type", type);
	draft_set(&e->draft, property, "value", edit->op == EDIT_SET ? value : NULL);
	return 0;
}

/* Take back an override, and what is empty without it. false: there is none. */
static bool remove_override(struct lv_editor *e, const char *alias, const char *key)
{
	struct draft_node *node =
		draft_find(&e->draft, &e->draft.root, LV_QEMU "override", NULL, NULL);

	node = node ? draft_find(&e->draft, node, LV_QEMU "device", "alias", alias) : NULL;
	node = node ? draft_find(&e->draft, node, LV_QEMU "frontend", NULL, NULL) : NULL;
	node = node ? draft_find(&e->draft, node, LV_QEMU "property", "name", key) : NULL;
	if (!node)
		return false;
	draft_remove(node);
	node = node->parent;
	if (draft_is_bare(node)) {
		draft_remove(node);
		node = node->parent; /* the device has its alias */
		if (node->base && node->base->first && !node->base->first->next)
			draft_remove(node);
		if (node->is_gone && draft_is_bare(node->parent))
			draft_remove(node->parent);
	}
	return true;
}

/* What libvirt has no word for. */
static int edit_beside(struct lv_editor *e, const struct vm_option *option,
		       const struct vm_edit *edit)
{
	const char *alias = option_value(option, "id"), *driver = option_value(option, "driver");
	const struct pair *pair = option_pair(option, edit->key);

	if (edit->op == EDIT_UNSET && alias && remove_override(e, alias, edit->key))
		return 0;
	/* What libvirt itself chose is not the user's to leave out. */
	if (edit->op == EDIT_UNSET && (!pair || pair->is_managers))
		return 0;
	if (alias && e->d->version >= OVERRIDE_SINCE)
		return override(e, alias, option, edit);
	if (edit->op != EDIT_SET || pair || !driver)
		return lv_cannot(e, "libvirt %s %s of %s",
				 e->d->version < OVERRIDE_SINCE
					 ? "before 8.2 has no <qemu:override> to change"
					 : "has no way to change",
				 edit->key, driver ? driver : "this device");
	lv_add_word(e, "-global");
	lv_add_word(e, arena_printf(e->arena, "%s.%s=%s", driver, edit->key, edit->value));
	return 0;
}

/* ---- <iommu> ---- */

static const struct lv_iommu_setting *find_setting(enum lv_iommu_model model, const char *property)
{
	for (size_t i = 0; i < lv_n_iommu_settings; i++) {
		if (lv_iommu_settings[i].model == model &&
		    str_eq(lv_iommu_settings[i].property, property))
			return &lv_iommu_settings[i];
	}
	return NULL;
}

static bool has_attribute(enum lv_iommu_model model, const char *attribute)
{
	for (size_t i = 0; i < lv_n_iommu_settings; i++) {
		if (lv_iommu_settings[i].model == model &&
		    str_eq(lv_iommu_settings[i].attribute, attribute))
			return true;
	}
	return false;
}

static const struct lv_device *find_bus(const struct lv_editor *e, const char *name)
{
	for (size_t i = 0; i < e->d->n_devices; i++) {
		const struct lv_device *c = &e->d->devices[i];

		if (c->class == LV_CONTROLLER && str_eq(c->kind, "pci") && c->alias &&
		    str_eq(c->alias, name))
			return c;
	}
	return NULL;
}

/* ---- root buses and ports that the same edits add ---- */

static const struct {
	const char *driver, *model;
} bus_models[] = {{"pxb-pcie", "pcie-expander-bus"}, {"pcie-root-port", "pcie-root-port"}};

/* libvirt's model of the bus that an edit adds, and its words; NULL: it adds none. */
static const char *added_model(struct lv_editor *e, const struct vm_edit *edit,
			       struct vm_option *option)
{
	const char *driver;

	if (edit->op != EDIT_ADD || !edit->value || !str_eq(edit->name, "device") ||
	    device_parse(e->ctx, e->arena, edit->value, option))
		return NULL;
	driver = option_value(option, "driver");
	for (size_t i = 0; driver && i < ARRAY_SIZE(bus_models); i++) {
		if (str_eq(driver, bus_models[i].driver))
			return bus_models[i].model;
	}
	return NULL;
}

/* The bus of that name, there already or to be added, behind all others then. */
static bool bus_index(struct lv_editor *e, const char *name, unsigned *index, bool *is_port)
{
	const struct lv_device *there = find_bus(e, name);
	const char *model = there ? there->model : NULL;
	unsigned next = 0;

	for (size_t i = 0; i < e->d->n_devices; i++) {
		const struct lv_device *c = &e->d->devices[i];

		if (c->class == LV_CONTROLLER && str_eq(c->kind, "pci") && c->index >= next)
			next = c->index + 1;
	}
	*index = there ? there->index : next;
	for (size_t i = 0; !model && i < e->n_edits; i++) {
		struct vm_option option;
		const char *added = added_model(e, &e->edits[i], &option);
		const char *id = added ? option_value(&option, "id") : NULL;

		if (id && str_eq(id, name))
			model = added;
		else
			*index += added != NULL;
	}
	*is_port = model && strstr(model, "-port");
	return model;
}

static void put_address(struct lv_editor *e, struct draft_node *address, unsigned bus,
			unsigned slot)
{
	draft_set(&e->draft, address, "type", "pci");
	draft_set(&e->draft, address, "domain", "0x0000");
	draft_set(&e->draft, address, "bus", arena_printf(e->arena, "0x%02x", bus));
	draft_set(&e->draft, address, "slot", arena_printf(e->arena, "0x%02x", slot));
	draft_set(&e->draft, address, "function", "0x0");
}

int lv_add_bus(struct lv_editor *e, const struct vm_edit *edit)
{
	struct vm_option option;
	const char *model = added_model(e, edit, &option), *id, *parent, *number;
	struct draft_node *controller;
	unsigned index, parent_index;
	bool is_port, is_parent_port;

	if (!model)
		return 1;
	id = option_value(&option, "id");
	parent = option_value(&option, "bus");
	number = option_value(&option, "bus_nr");
	if (!id || !bus_index(e, id, &index, &is_port) || (is_port && !parent))
		return 1;
	if (is_port && !bus_index(e, parent, &parent_index, &is_parent_port))
		return lv_cannot(e, "no bus %s", parent);
	controller = draft_add(&e->draft, lv_top(e, "devices"), "controller", NULL);
	draft_set(&e->draft, controller, "type", "pci");
	draft_set(&e->draft, controller, "index", arena_printf(e->arena, "%u", index));
	draft_set(&e->draft, controller, "model", model);
	if (is_port)
		put_address(e, draft_add(&e->draft, controller, "address", NULL), parent_index, 0);
	else if (number)
		draft_set(&e->draft, draft_add(&e->draft, controller, "target", NULL), "busNr",
			  number);
	return 0;
}

/* QEMU's value as the attribute has it; NULL: it has no such value. */
static const char *setting_value(struct lv_editor *e, const struct lv_iommu_setting *s,
				 const char *value)
{
	unsigned index;
	bool is_port;
	uint64_t n;

	if (s->type == LV_SWITCH_TEXT || s->type == LV_SWITCH_BOOL) {
		if (lv_is_true(value))
			return "on";
		return str_eq(value, "off") || str_eq(value, "no") || str_eq(value, "false") ? "off"
											     : NULL;
	}
	if (s->type != LV_BUS)
		return parse_u64(value, 0, UINT8_MAX, &n)
			       ? NULL
			       : arena_printf(e->arena, "%u", (unsigned)n);
	if (bus_index(e, value, &index, &is_port))
		return arena_printf(e->arena, "%u", index);
	return str_eq(value, "pcie.0") ? "0" : NULL;
}

static void drop_if_bare(struct draft_node *node)
{
	if (node && draft_is_bare(node))
		draft_remove(node);
}

static int edit_granule(struct lv_editor *e, struct draft_node *iommu, const struct vm_edit *edit)
{
	struct draft_node *driver, *granule;
	size_t digits = edit->op == EDIT_SET ? strspn(edit->value, "0123456789") : 0;
	bool is_host = edit->op == EDIT_SET && str_eq(edit->value, "host");

	if (edit->op == EDIT_UNSET) {
		driver = draft_find(&e->draft, iommu, "driver", NULL, NULL);
		granule = driver ? draft_find(&e->draft, driver, "granule", NULL, NULL) : NULL;
		if (!granule)
			return 1;
		draft_remove(granule);
		drop_if_bare(driver);
		return 0;
	}
	driver = draft_child(&e->draft, iommu, "driver", iommu_order);
	granule = draft_child(&e->draft, driver, "granule", NULL);
	if (!is_host && (!digits || !str_eq(edit->value + digits, "k")))
		return lv_cannot(e, "libvirt knows no granule %s", edit->value);
	draft_set(&e->draft, granule, "mode", is_host ? "host" : NULL);
	draft_set(&e->draft, granule, "size",
		  is_host ? NULL : arena_strndup(e->arena, edit->value, digits));
	draft_set(&e->draft, granule, "unit", is_host ? NULL : "KiB");
	return 0;
}

/* What the other model does not have goes, its address too. */
static int change_model(struct lv_editor *e, struct draft_node *iommu, const char *driver_name)
{
	struct draft_node *driver = draft_find(&e->draft, iommu, "driver", NULL, NULL), *address;
	size_t i = find_model(driver_name);

	if (i == ARRAY_SIZE(models) || e->d->version < models[i].since)
		return lv_cannot(e, "this libvirt has no vIOMMU for %s", driver_name);
	draft_set(&e->draft, iommu, "model", models[i].model);
	for (size_t k = 0; driver && driver->base && k < driver->base->n_attributes; k++) {
		const char *name = driver->base->attributes[k].name;

		if (!has_attribute(models[i].id, name))
			draft_set(&e->draft, driver, name, NULL);
	}
	if (driver && models[i].id != LV_VIRTIO) {
		struct draft_node *granule = draft_find(&e->draft, driver, "granule", NULL, NULL);

		if (granule)
			draft_remove(granule);
	}
	drop_if_bare(driver);
	address = draft_find(&e->draft, iommu, "address", NULL, NULL);
	if (address)
		draft_remove(address);
	return 0;
}

/* alias: for what only an override can say; option NULL: a new one. 1: libvirt has no word. */
static int edit_iommu(struct lv_editor *e, struct draft_node *iommu, const struct vm_edit *edit)
{
	enum lv_iommu_model model = model_of(iommu);
	const struct lv_iommu_setting *s;
	struct draft_node *driver;
	const char *value = NULL;

	if (str_eq(edit->key, "driver"))
		return edit->op == EDIT_SET ? change_model(e, iommu, edit->value) : -EINVAL;
	if (str_eq(edit->key, "granule") && model == LV_VIRTIO && e->d->version >= V(12, 1))
		return edit_granule(e, iommu, edit);
	s = find_setting(model, edit->key);
	if (!s || e->d->version < s->since)
		return 1;
	if (edit->op == EDIT_SET) {
		value = setting_value(e, s, edit->value);
		if (!value)
			return 1;
	}
	driver = edit->op == EDIT_SET ? draft_child(&e->draft, iommu, "driver", iommu_order)
				      : draft_find(&e->draft, iommu, "driver", NULL, NULL);
	if (!driver || (edit->op == EDIT_UNSET && !draft_value(driver, s->attribute)))
		return 1;
	draft_set(&e->draft, driver, s->attribute, value);
	if (edit->op == EDIT_UNSET)
		drop_if_bare(driver);
	return 0;
}

/* ---- host devices, and what all devices have ---- */

static int edit_backend(struct lv_editor *e, struct draft_node *hostdev, const struct vm_edit *edit)
{
	struct draft_node *driver;

	if (e->d->version < HOSTDEV_IOMMUFD_SINCE)
		return lv_cannot(e, "IOMMUFD came with libvirt 12.1");
	driver = draft_child(&e->draft, hostdev, "driver", hostdev_order);
	if (edit->op == EDIT_SET && !draft_value(driver, "name"))
		draft_set(&e->draft, driver, "name", "vfio");
	draft_set(&e->draft, driver, "iommufd", edit->op == EDIT_SET ? "yes" : "no");
	return 0;
}

static bool is_taken(const struct lv_editor *e, unsigned bus, unsigned slot)
{
	for (size_t i = 0; i < e->d->n_devices; i++) {
		const struct lv_pci *pci = &e->d->devices[i].pci;

		if (pci->is_set && !pci->domain && pci->bus == bus && pci->slot == slot)
			return true;
	}
	return false;
}

/* How many edits before this one put a device on the same bus. */
static unsigned count_before(const struct lv_editor *e, const struct vm_edit *edit)
{
	unsigned n = 0;

	for (const struct vm_edit *other = e->edits; other < edit; other++)
		n += other->op == EDIT_SET && other->key && str_eq(other->key, "bus") &&
		     str_eq(other->value, edit->value);
	return n;
}

/* A free slot of the bus: one for each device that is put there. */
static int set_bus(struct lv_editor *e, struct draft_node *device, const struct vm_edit *edit)
{
	unsigned index, skip = count_before(e, edit);
	bool is_port; /* of one slot */
	bool is_there = bus_index(e, edit->value, &index, &is_port);
	unsigned slot = !is_port, last = is_port ? 0 : 31;
	struct draft_node *address;

	while (is_there && slot <= last && (is_taken(e, index, slot) || skip)) {
		skip -= !is_taken(e, index, slot);
		slot++;
	}
	if (!is_there || slot > last)
		return lv_cannot(e, "no bus %s with a free slot", edit->value);
	address = draft_find(&e->draft, device, "address", "type", "pci");
	if (!address)
		address = draft_add(&e->draft, device, "address", hostdev_order);
	put_address(e, address, index, slot);
	draft_set(&e->draft, address, "multifunction", NULL);
	return 0;
}

static bool gets_bus(const struct lv_editor *e, const struct vm_edit *edit)
{
	for (size_t i = 0; i < e->n_edits; i++) {
		if (e->edits[i].op == EDIT_SET && e->edits[i].option == edit->option &&
		    e->edits[i].key && str_eq(e->edits[i].key, "bus"))
			return true;
	}
	return false;
}

/* A place that the user gave; libvirt then looks for one. */
static int drop_address(struct lv_editor *e, struct draft_node *device)
{
	struct draft_node *address = draft_find(&e->draft, device, "address", "type", "pci");

	if (address)
		draft_remove(address);
	return 0;
}

static bool is_address_key(const char *key)
{
	return str_eq(key, "bus") || str_eq(key, "addr") || str_eq(key, "multifunction");
}

int lv_edit_device(struct lv_editor *e, const struct vm_option *option, const struct vm_edit *edit)
{
	const struct xml_node *origin = option->origin;
	struct draft_node *node = origin ? draft_open(&e->draft, origin) : NULL;
	int ret = 1;

	if (!node)
		return edit_beside(e, option, edit);
	if (str_eq(origin->name, "iommu"))
		ret = edit_iommu(e, node, edit);
	else if (str_eq(edit->key, "iommufd"))
		ret = edit_backend(e, node, edit);
	if (ret <= 0)
		return ret;
	if (edit->op == EDIT_UNSET && is_address_key(edit->key))
		return gets_bus(e, edit) ? 0 : drop_address(e, node);
	if (str_eq(edit->key, "bus"))
		return set_bus(e, node, edit);
	if (is_address_key(edit->key))
		return lv_cannot(e, "libvirt gives a device its %s by itself", edit->key);
	if (str_eq(edit->key, "id") || str_eq(edit->key, "driver") || str_eq(edit->key, "host"))
		return lv_cannot(e, "libvirt writes %s of a device by itself", edit->key);
	return edit_beside(e, option, edit);
}

/* The element stands for more than the object: only what is known is taken out of it. */
int lv_edit_object(struct lv_editor *e, const struct vm_option *option, const struct vm_edit *edit)
{
	const struct xml_node *pages = xml_path(e->d->root, "memoryBacking/hugepages");

	if (edit->op == EDIT_UNSET && str_starts(edit->key, "hugetlb") && pages) {
		draft_remove(draft_open(&e->draft, pages));
		return 0;
	}
	return lv_edit_in_place(e, option, edit);
}

/* ---- a new <iommu> ---- */

static unsigned count_iommus(const struct lv_editor *e)
{
	return (unsigned)e->d->class_size[LV_IOMMU] + e->n_new_iommus;
}

static int add_property(struct lv_editor *e, struct draft_node *iommu, const char *alias,
			const struct pair *pair)
{
	struct vm_edit edit = {.op = EDIT_SET, .key = pair->key, .value = pair->value};
	int ret;

	if (str_eq(pair->key, "id") || str_eq(pair->key, "driver"))
		return 0;
	ret = edit_iommu(e, iommu, &edit);
	if (ret <= 0)
		return ret;
	if (e->d->version < OVERRIDE_SINCE || model_of(iommu) == LV_AMD)
		return lv_cannot(e, "libvirt has no word for %s", pair->key);
	return override(e, alias, NULL, &edit);
}

int lv_add_iommu(struct lv_editor *e, const struct vm_edit *edit)
{
	struct vm_option option;
	struct draft_node *iommu;
	const char *alias;
	size_t i;
	int err = device_parse(e->ctx, e->arena, edit->value, &option);

	if (err)
		return err;
	i = find_model(option_value(&option, "driver"));
	if (i == ARRAY_SIZE(models) || e->d->version < models[i].since)
		return 1;
	alias = arena_printf(e->arena, "iommu%u", count_iommus(e));
	iommu = draft_add(&e->draft, lv_top(e, "devices"), "iommu", NULL);
	draft_set(&e->draft, iommu, "model", models[i].model);
	for (size_t k = 0; alias && !err && k < option.n_pairs; k++)
		err = add_property(e, iommu, alias, &option.pairs[k]);
	e->n_new_iommus++;
	return alias ? err : -ENOMEM;
}
