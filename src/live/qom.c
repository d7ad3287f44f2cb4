/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qom.c - the objects of a running QEMU: which devices are there, and the properties of some. */
#include "live/facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static const char *const folders[LIVE_FOLDERS] = {
	[LIVE_NAMED] = "/machine/peripheral",
	[LIVE_UNNAMED] = "/machine/peripheral-anon",
	[LIVE_BOARD] = "/machine/unattached",
};

/* Devices whose properties matter here; the others are only counted. */
static const char *const models[] = {
	"intel-iommu", "amd-iommu", "arm-smmuv3", "virtio-iommu-", "vfio-pci",
	"pc-dimm",     "nvdimm",    "virtio-mem", "virtio-pmem",
};

/* Not theirs, but QOM's own or the bus's. */
static const char *const general[] = {"type",	      "realized",    "hotplugged",
				      "hotpluggable", "parent_bus",  "acpi-index",
				      "romfile",      "legacy-addr", "failover_pair_id"};

static bool is_model(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		if (str_starts(type, models[i]))
			return true;
	}
	return false;
}

static bool is_plain(const char *name, const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(general); i++) {
		if (str_eq(name, general[i]))
			return false;
	}
	return !strchr(type, '<') && !str_starts(name, "x-");
}

/* An answer as text; NULL: no scalar, or no memory (then *err). */
static const char *scalar(struct iof_live *live, const struct json_value *value, int *err)
{
	const char *text = NULL;

	switch (value->type) {
	case JSON_BOOL:
		return value->boolean ? "on" : "off";
	case JSON_STRING:
		text = arena_strdup(live->arena, value->text);
		break;
	case JSON_INTEGER:
		text = value->is_negative ? arena_printf(live->arena, "%" PRId64, json_int64(value))
					  : arena_printf(live->arena, "%" PRIu64, value->number);
		break;
	case JSON_NULL:
	case JSON_REAL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		return NULL;
	}
	if (!text)
		*err = -ENOMEM;
	return text;
}

int live_ask_property(struct iof_live *live, struct qmp *q, const char *path, const char *property,
		      const char **value)
{
	const char *const arguments[] = {"path", path, "property", property, NULL};
	const struct json_value *answer;
	int err = qmp_ask(q, "qom-get", arguments, &answer);

	*value = NULL;
	if (err)
		return err;
	if (answer)
		*value = scalar(live, answer, &err);
	return err ? err : *value ? 0 : -ENOENT;
}

/* A list of names and types, copied: the next question forgets the answer. NULL: none there. */
struct listing {
	struct live_property *items; /* value is the type */
	size_t n;
};

static int ask_list(struct iof_live *live, struct qmp *q, const char *path, struct listing *list)
{
	const char *const arguments[] = {"path", path, NULL};
	const struct json_value *answer;
	int err = qmp_ask(q, "qom-list", arguments, &answer);

	*list = (struct listing){.n = 0};
	if (err || !answer)
		return err;
	if (answer->type != JSON_ARRAY)
		return qmp_bad(q, "qom-list", "the answer is no list");
	if (answer->n > LIVE_MAX_ITEMS)
		return qmp_bad(q, "qom-list", "the answer has too many items");
	list->items = arena_array(live->arena, answer->n, sizeof(*list->items));
	if (!list->items)
		return -ENOMEM;
	for (size_t i = 0; !err && i < answer->n; i++) {
		struct live_property *item = &list->items[list->n++];

		item->name = live_text(live, &answer->items[i], "name", &err);
		item->value = live_text(live, &answer->items[i], "type", &err);
		if (!err && (!item->name || !item->value))
			err = qmp_bad(q, "qom-list", "an item without name or type");
	}
	return err;
}

static int ask_properties(struct iof_live *live, struct qmp *q, struct live_device *device)
{
	struct live_property *properties;
	struct listing list;
	size_t n = 0;
	int err = ask_list(live, q, device->path, &list);

	properties = err ? NULL : arena_array(live->arena, list.n, sizeof(*properties));
	if (!properties)
		return err ? err : -ENOMEM;
	for (size_t i = 0; i < list.n; i++) {
		const char *name = list.items[i].name;

		if (!is_plain(name, list.items[i].value))
			continue;
		err = live_ask_property(live, q, device->path, name, &properties[n].value);
		if (err == -ENOENT)
			continue;
		if (err)
			return err;
		properties[n++].name = name;
	}
	device->properties = properties;
	device->n_properties = n;
	return 0;
}

/* "child<virtio-net-pci>" -> "virtio-net-pci"; NULL: no child, or no memory. */
static const char *child_type(struct iof_live *live, const char *type, int *err)
{
	static const char prefix[] = "child<";
	size_t length = strlen(type);
	const char *copy;

	if (!str_starts(type, prefix) || type[length - 1] != '>')
		return NULL;
	copy = arena_strndup(live->arena, type + strlen(prefix), length - strlen(prefix) - 1);
	if (!copy)
		*err = -ENOMEM;
	return copy;
}

/* N of "device[N]" */
static bool device_number(const char *name, uint64_t *number)
{
	static const char prefix[] = "device[";
	size_t length = strlen(name);

	return str_starts(name, prefix) && name[length - 1] == ']' &&
	       parse_u64n(name + strlen(prefix), length - strlen(prefix) - 1, 10, UINT64_MAX,
			  number) == 0;
}

static int take_device(struct iof_live *live, struct qmp *q, enum live_folder folder,
		       const struct live_property *child)
{
	struct live_device device = {.name = child->name, .folder = folder};
	struct live_device *added;
	const char *hotplugged;
	int err = 0;

	device.type = child_type(live, child->value, &err);
	if (!device.type)
		return err;
	/* Other things live there, too: memory regions, interrupt lines. */
	if (folder != LIVE_NAMED && !device_number(child->name, &device.number))
		return 0;
	if (folder == LIVE_BOARD && !is_model(device.type))
		return 0;
	device.path = arena_printf(live->arena, "%s/%s", folders[folder], child->name);
	if (!device.path)
		return -ENOMEM;
	err = live_ask_property(live, q, device.path, "hotplugged", &hotplugged);
	if (err && err != -ENOENT)
		return err;
	device.hotplugged = !err && str_eq(hotplugged, "on");
	err = is_model(device.type) ? ask_properties(live, q, &device) : 0;
	if (err)
		return err;
	added = LIVE_ADD(live, q, "qom-list", devices, device_list, &err);
	if (added)
		*added = device;
	return err;
}

/* QOM lists children in no order. */
static int by_number(const void *left, const void *right)
{
	const struct live_device *a = left, *b = right;

	if (a->folder != b->folder)
		return a->folder < b->folder ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return strcmp(a->name, b->name);
}

int live_ask_devices(struct iof_live *live, struct qmp *q)
{
	int err = 0;

	for (enum live_folder folder = 0; folder < LIVE_FOLDERS; folder++) {
		struct listing list;

		err = ask_list(live, q, folders[folder], &list);
		for (size_t i = 0; !err && i < list.n; i++)
			err = take_device(live, q, folder, &list.items[i]);
		if (err)
			return err;
		live->has_folder[folder] = list.items != NULL;
	}
	if (live->device_list.n)
		qsort(live->devices, live->device_list.n, sizeof(*live->devices), by_number);
	return 0;
}

int live_ask_cpu(struct iof_live *live, struct qmp *q)
{
	static const char *const properties[] = {"phys-bits", "guest-phys-bits", "host-phys-bits",
						 "host-phys-bits-limit"};

	for (size_t i = 0; live->cpu_path && i < ARRAY_SIZE(properties); i++) {
		struct live_property *property = &live->cpu[live->n_cpu];
		int err =
			live_ask_property(live, q, live->cpu_path, properties[i], &property->value);

		if (err && err != -ENOENT)
			return err;
		property->name = properties[i];
		live->n_cpu += !err;
	}
	return 0;
}
