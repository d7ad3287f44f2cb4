/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* compare.c - version, machine, CPU and process against what was predicted. */
#include "live/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"

int compare_add(struct iof_live_comparison *c, struct iof_live_item item)
{
	struct iof_live_item *items =
		arena_grow(c->arena, c->items, c->n_items, &c->cap_items, sizeof(*items));

	if (!items || !item.subject)
		return -ENOMEM;
	c->items = items;
	items[c->n_items++] = item;
	c->count[item.result]++;
	return 0;
}

/* QEMU has more than one word for a switch, and numbers in two bases. */
static bool is_same(const char *a, const char *b)
{
	uint64_t x, y;

	return str_eq(a, b) || (parse_u64(a, 0, UINT64_MAX, &x) == 0 &&
				parse_u64(b, 0, UINT64_MAX, &y) == 0 && x == y);
}

int compare_texts(struct iof_live_comparison *c, struct iof_live_item item)
{
	if (!item.live || !item.predicted)
		item.result = IOF_LIVE_UNKNOWN;
	else
		item.result =
			is_same(item.live, item.predicted) ? IOF_LIVE_AGREES : IOF_LIVE_DIFFERS;
	if (item.result == IOF_LIVE_AGREES)
		item.why = NULL;
	return compare_add(c, item);
}

/* "10.0.13 (Debian ...)" and "10.0.13": the number counts. */
static int compare_version(struct iof_live_comparison *c)
{
	const char *live = c->live->version;
	size_t length = live ? strcspn(live, " ") : 0;
	const char *number = live ? arena_strndup(c->arena, live, length) : NULL;

	if (!live)
		return 0;
	if (!number)
		return -ENOMEM;
	return compare_texts(
		c, (struct iof_live_item){.subject = "qemu",
					  .property = "version",
					  .live = number,
					  .predicted = iof_machine_vmm_version(c->machine),
					  .where = "query-version",
					  .why = "The prediction is for another version than the "
						 "one that runs."});
}

static int compare_machine(struct iof_live_comparison *c)
{
	if (!c->live->machine)
		return 0;
	return compare_texts(
		c, (struct iof_live_item){.subject = "machine",
					  .property = "type",
					  .live = c->live->machine,
					  .predicted = iof_machine_type(c->machine),
					  .where = "/machine",
					  .why = "Defaults go by the machine type that runs."});
}

static int compare_width(struct iof_live_comparison *c, const struct live_property *live,
			 unsigned predicted)
{
	struct iof_live_item item = {.subject = "cpu",
				     .property = live->name,
				     .live = live->value,
				     .where = c->live->cpu_path,
				     .why = "The guest sees another width than was predicted."};

	if (!predicted) {
		item.why = "It could not be predicted: the host's CPU is not known.";
		return compare_texts(c, item);
	}
	item.predicted = arena_printf(c->arena, "%u", predicted);
	return item.predicted ? compare_texts(c, item) : -ENOMEM;
}

static int compare_cpu(struct iof_live_comparison *c)
{
	unsigned phys_bits, guest_phys_bits;
	int err = 0;

	iof_machine_cpu_widths(c->machine, &phys_bits, &guest_phys_bits);
	for (size_t i = 0; !err && i < c->live->n_cpu; i++) {
		const struct live_property *live = &c->live->cpu[i];

		if (str_eq(live->name, "phys-bits"))
			err = compare_width(c, live, phys_bits);
		else if (str_eq(live->name, "guest-phys-bits") && !str_eq(live->value, "0"))
			err = compare_width(c, live, guest_phys_bits);
	}
	return err;
}

/* What runs and what stands on disk are two programs after an upgrade. */
static int compare_program(struct iof_live_comparison *c)
{
	const struct iof_live *live = c->live;
	struct iof_live_item item = {.result = IOF_LIVE_DIFFERS,
				     .subject = "process",
				     .property = "program",
				     .live = live->version ? live->version : "removed since",
				     .predicted = live->on_disk ? live->on_disk : live->program,
				     .where = live->program};

	if (!live->is_replaced)
		return 0;
	item.why =
		live->on_disk
			? arena_printf(c->arena,
				       "The program was replaced since the start: the next start "
				       "runs QEMU %s.",
				       live->on_disk)
			: "The program was removed since the start; what the next start runs is "
			  "not known.";
	return item.why ? compare_add(c, item) : -ENOMEM;
}

static const char *limit(struct iof_live_comparison *c, uint64_t bytes)
{
	return bytes == UINT64_MAX ? "unlimited" : arena_printf(c->arena, "%" PRIu64, bytes);
}

/* Without --memlock the prediction took the process's own limit. */
static int compare_memlock(struct iof_live_comparison *c)
{
	uint64_t live = c->live->memlock, predicted = iof_machine_memlock(c->machine);
	struct iof_live_item item = {.subject = "process",
				     .property = "memlock",
				     .where = "/proc/PID/limits",
				     .why = "The limit of locked memory is another than was "
					    "assumed."};

	if (!live || !predicted || live == predicted)
		return 0;
	item.live = limit(c, live);
	item.predicted = limit(c, predicted);
	return item.live && item.predicted ? compare_texts(c, item) : -ENOMEM;
}

static bool is_assigned(const struct iof_live_comparison *c, const char *bdf)
{
	struct iof_machine_device device;

	for (size_t i = 0; iof_machine_device(c->machine, i, &device) == 0; i++) {
		if (device.host && str_eq(device.host, bdf))
			return true;
	}
	return false;
}

static int compare_open_devices(struct iof_live_comparison *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < c->live->vfio_list.n; i++) {
		const struct live_vfio *vfio = &c->live->vfio[i];
		struct iof_live_item item = {.result = IOF_LIVE_AGREES,
					     .subject = vfio->bdf,
					     .live = "open",
					     .predicted = "assigned",
					     .where = vfio->node};

		if (!vfio->bdf)
			continue;
		if (!is_assigned(c, vfio->bdf)) {
			item.result = IOF_LIVE_UNEXPECTED;
			item.predicted = NULL;
			item.why = "The process holds this host device open, but the config does "
				   "not assign it: it was hot-plugged.";
		}
		err = compare_add(c, item);
	}
	return err;
}

static int compare_all(struct iof_live_comparison *c)
{
	int (*const parts[])(struct iof_live_comparison *) = {
		compare_version, compare_machine, compare_cpu,	   compare_devices,
		compare_map,	 compare_program, compare_memlock, compare_open_devices,
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(parts); i++)
		err = parts[i](c);
	return err;
}

IOF_EXPORT int iof_live_compare(struct iof_ctx *ctx, struct iof_live *live,
				const struct iof_machine *machine, struct iof_live_comparison **out)
{
	struct iof_live_comparison *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	*out = NULL;
	if (c)
		c->arena = arena_new(8192);
	if (c && c->arena) {
		c->live = iof_live_ref(live);
		c->machine = machine;
		err = compare_all(c);
	}
	if (err) {
		iof_live_comparison_unref(c);
		return iof_ctx_error_set(ctx, err, "out of memory");
	}
	*out = c;
	return 0;
}

IOF_EXPORT struct iof_live_comparison *iof_live_comparison_unref(struct iof_live_comparison *c)
{
	if (!c)
		return NULL;
	iof_live_unref(c->live);
	arena_free(c->arena);
	free(c);
	return NULL;
}

IOF_EXPORT int iof_live_item(const struct iof_live_comparison *c, size_t index,
			     struct iof_live_item *out)
{
	if (index >= c->n_items)
		return -ENOENT;
	*out = c->items[index];
	return 0;
}

IOF_EXPORT size_t iof_live_count(const struct iof_live_comparison *c, enum iof_live_result result)
{
	return result < LIVE_RESULTS ? c->count[result] : 0;
}
