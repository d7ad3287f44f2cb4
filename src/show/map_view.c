/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map_view.c - from the regions of a machine to the groups and lanes that a picture shows. */
#include "show/map_view.h"

#include <errno.h>
#include <stdio.h>

#include "base/interval.h"
#include "base/strings.h"
#include "fit/report.h"

#define MANY 4	       /* so many alike become one group */
#define MAX_OUTLIERS 6 /* lanes for BARs that do not fit */
#define HIGH_LEAST 48  /* the axis does not grow for what the host can map beyond 256 TiB */

/* Lanes from top to bottom. */
enum lane_id {
	LANE_RAM,
	LANE_HOTPLUG,
	LANE_WINDOW,
	LANE_PLATFORM,
	LANE_BAR,
	LANE_OUTLIER,
	LANE_MORE = LANE_OUTLIER + MAX_OUTLIERS,
	N_LANES,
};

struct lane_kind {
	enum lane_id lane;
	const char *name;
};

static const struct lane_kind lane_kinds[] = {
	[IOF_REGION_UNKNOWN] = {LANE_PLATFORM, "platform"},
	[IOF_REGION_RAM] = {LANE_RAM, "RAM"},
	[IOF_REGION_HOTPLUG] = {LANE_HOTPLUG, "hotplug area"},
	[IOF_REGION_MMIO32] = {LANE_WINDOW, "BAR windows"},
	[IOF_REGION_MMIO64] = {LANE_WINDOW, "BAR windows"},
	[IOF_REGION_BAR] = {LANE_BAR, "BARs"},
	[IOF_REGION_MSI] = {LANE_PLATFORM, "platform"},
	[IOF_REGION_ECAM] = {LANE_PLATFORM, "platform"},
	[IOF_REGION_ROM] = {LANE_PLATFORM, "platform"},
};

static const struct lane_kind *kind_of(const struct map_item *item)
{
	return &lane_kinds[(size_t)item->kind < ARRAY_SIZE(lane_kinds) ? item->kind : 0];
}

uint64_t map_range_size(struct iof_range range)
{
	uint64_t less = range.last - range.first;

	return less == UINT64_MAX ? less : less + 1;
}

void map_size_text(uint64_t bytes, char out[MAP_SIZE])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	static const char *const quarters[] = {"", ".25", ".5", ".75"};
	unsigned largest = bytes ? (63 - (unsigned)__builtin_clzll(bytes)) / 10 : 0;
	uint64_t unit = UINT64_C(1) << largest * 10, tenths;

	for (unsigned i = largest + 1; i-- > 0;) {
		uint64_t whole = bytes >> i * 10, rest = bytes - (whole << i * 10);
		uint64_t quarter = UINT64_C(1) << i * 10 >> 2;

		/* "1.5 GiB" and "4078 MiB", but not "8193.5 GiB" */
		if (whole < 10000 &&
		    (rest == 0 || (whole < 1000 && quarter && rest % quarter == 0))) {
			snprintf(out, MAP_SIZE, "%u%s %s", (unsigned)whole,
				 quarters[rest ? rest / quarter : 0], units[i]);
			return;
		}
	}
	tenths = bytes % unit / (unit / 64) * 10 / 64;
	if (tenths)
		snprintf(out, MAP_SIZE, "~%u.%u %s", (unsigned)(bytes / unit), (unsigned)tenths,
			 units[largest]);
	else
		snprintf(out, MAP_SIZE, "~%u %s", (unsigned)(bytes / unit), units[largest]);
}

/* ---- groups ---- */

struct likeness {
	const struct map_item *item; /* the first */
	size_t n;
	bool is_mixed;		 /* of several drivers or BARs */
	struct map_group *group; /* NULL: not begun */
};

static bool has_one_origin(const struct map_item *a, const struct map_item *b)
{
	return a->driver && b->driver && str_eq(a->driver, b->driver) && a->bar == b->bar;
}

/* BARs that nothing maps are of little interest, whosever they are. */
static bool are_alike(const struct map_item *a, const struct map_item *b)
{
	if (a->kind != b->kind || a->fit != b->fit || a->is_mapped != b->is_mapped ||
	    (a->range.first >> 32 == 0) != (b->range.first >> 32 == 0))
		return false;
	return has_one_origin(a, b) || (a->kind == IOF_REGION_BAR && !a->is_mapped);
}

static int find_likenesses(struct map_view *view, struct likeness **likenesses, size_t *n)
{
	size_t cap = 0;

	for (size_t i = 0; i < view->n_items; i++) {
		struct likeness *grown =
			arena_grow(view->arena, *likenesses, *n, &cap, sizeof(*grown));
		struct map_item *item = &view->items[i];
		size_t k = 0;

		if (!grown)
			return -ENOMEM;
		*likenesses = grown;
		while (k < *n && !are_alike(grown[k].item, item))
			k++;
		if (k == *n)
			grown[(*n)++] = (struct likeness){.item = item};
		grown[k].n++;
		grown[k].is_mixed |= !has_one_origin(grown[k].item, item);
		item->likeness = k;
	}
	return 0;
}

static const char *name_of_many(struct arena *arena, const struct likeness *likeness)
{
	const struct map_item *item = likeness->item;

	if (likeness->is_mixed)
		return arena_printf(arena, "%zu BARs, not mapped", likeness->n);
	if (item->bar >= 0)
		return arena_printf(arena, "%zu x %s BAR %d", likeness->n, item->driver, item->bar);
	return arena_printf(arena, "%zu x %s", likeness->n, item->driver);
}

static int add_to_group(struct map_view *view, struct likeness *likeness,
			const struct map_item *item)
{
	struct map_group *group = likeness->n >= MANY ? likeness->group : NULL;
	uint64_t size = map_range_size(item->range);

	if (!group) {
		group = &view->groups[view->n_groups++];
		likeness->group = group;
		*group = (struct map_group){.first = item, .span = item->range, .name = item->name};
		if (likeness->n >= MANY)
			group->name = name_of_many(view->arena, likeness);
	}
	group->n++;
	if (item->range.last > group->span.last)
		group->span.last = item->range.last;
	if (__builtin_add_overflow(group->size, size, &group->size))
		group->size = UINT64_MAX;
	return group->name ? 0 : -ENOMEM;
}

static int make_groups(struct map_view *view)
{
	struct likeness *likenesses = NULL;
	size_t n = 0;
	int r = find_likenesses(view, &likenesses, &n);

	view->groups = arena_array(view->arena, view->n_items + 1, sizeof(*view->groups));
	if (!view->groups)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < view->n_items; i++) {
		struct map_item *item = &view->items[i];

		r = add_to_group(view, &likenesses[item->likeness], item);
		view->n_outside += item->fit == IOF_FIT_NO;
	}
	return r;
}

/* ---- lanes ---- */

static int add_piece(struct map_view *view, struct map_lane *lane, const struct map_item *item,
		     enum map_mark mark, struct iof_range range)
{
	struct map_piece piece = {.range = range,
				  .begin = map_place(&view->scale, range.first),
				  .end = map_place_end(&view->scale, range.last),
				  .mark = mark,
				  .item = item,
				  .n = 1};
	struct map_piece *last = lane->n ? &lane->pieces[lane->n - 1] : NULL;
	struct map_piece *grown;

	lane->is_outside |= mark == MARK_OUTSIDE;
	/* What the eye cannot part is one piece. */
	if (last && item && last->item != item && last->mark == mark &&
	    piece.begin <= last->end + MAP_ONE / 512) {
		last->n++;
		last->end = piece.end > last->end ? piece.end : last->end;
		last->range.last = range.last > last->range.last ? range.last : last->range.last;
		return 0;
	}
	grown = arena_grow(view->arena, lane->pieces, lane->n, &lane->cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	lane->pieces = grown;
	grown[lane->n++] = piece;
	return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The parts of an item that are and are not in the host's ranges. */
static int add_parts(struct map_view *view, struct map_lane *lane, const struct map_item *item)
{
	uint64_t at = item->range.first, last = item->range.last;
	int r = 0;

	for (size_t i = 0; i < view->n_ranges && r == 0; i++) {
		struct iof_range range = view->ranges[i];

		if (range.last < at || range.first > last)
			continue;
		if (range.first > at)
			r = add_piece(view, lane, item, MARK_OUTSIDE,
				      (struct iof_range){at, range.first - 1});
		at = range.first > at ? range.first : at;
		if (r == 0)
			r = add_piece(view, lane, item, MARK_MAPPED,
				      (struct iof_range){at, least(range.last, last)});
		if (range.last >= last)
			return r;
		at = range.last + 1;
	}
	return r ? r : add_piece(view, lane, item, MARK_OUTSIDE, (struct iof_range){at, last});
}

static int add_item(struct map_view *view, struct map_lane *lane, const struct map_item *item)
{
	static const enum map_mark marks[] = {
		[IOF_FIT_UNKNOWN] = MARK_UNKNOWN,
		[IOF_FIT_YES] = MARK_MAPPED,
		[IOF_FIT_NO] = MARK_OUTSIDE,
		[IOF_FIT_NONE] = MARK_FREE,
	};

	if (__builtin_add_overflow(lane->size, map_range_size(item->range), &lane->size))
		lane->size = UINT64_MAX;
	if (item->fit == IOF_FIT_NO)
		return add_parts(view, lane, item);
	return add_piece(view, lane, item, marks[item->fit], item->range);
}

/* The lane of an item; a BAR that does not fit has one of its own, or shares it with its like. */
static struct map_lane *lane_for(struct map_view *view, const struct map_item *item,
				 size_t *n_outliers)
{
	bool is_outlier = item->kind == IOF_REGION_BAR && item->fit == IOF_FIT_NO;
	const struct map_group *group = NULL;
	struct map_lane *lane;

	if (!is_outlier) {
		lane = &view->lanes[kind_of(item)->lane];
		lane->name = kind_of(item)->name;
		return lane;
	}
	for (size_t i = 0; i < view->n_groups && !group; i++) {
		if (view->groups[i].first == item ||
		    (view->groups[i].n > 1 && view->groups[i].first->likeness == item->likeness))
			group = &view->groups[i];
	}
	for (size_t i = 0; i < *n_outliers; i++) {
		if (group && view->lanes[LANE_OUTLIER + i].name == group->name)
			return &view->lanes[LANE_OUTLIER + i];
	}
	if (group && *n_outliers < MAX_OUTLIERS) {
		lane = &view->lanes[LANE_OUTLIER + (*n_outliers)++];
		lane->name = group->name;
		return lane;
	}
	view->lanes[LANE_MORE].name = "more BARs";
	return &view->lanes[LANE_MORE];
}

static int make_lanes(struct map_view *view)
{
	size_t outliers = 0, n = 0;
	int r = 0;

	view->lanes = arena_array(view->arena, N_LANES, sizeof(*view->lanes));
	if (!view->lanes)
		return -ENOMEM;
	for (size_t i = 0; i < view->n_items && r == 0; i++) {
		const struct map_item *item = &view->items[i];

		r = add_item(view, lane_for(view, item, &outliers), item);
	}
	for (size_t i = 0; i < N_LANES; i++) {
		if (view->lanes[i].n)
			view->lanes[n++] = view->lanes[i];
	}
	view->n_lanes = n;
	return r;
}

/* ---- the axis and the host ---- */

static void find_scale(struct map_view *view)
{
	uint64_t border = UINT64_MAX, last = 0, host = 0;

	for (size_t i = 0; i < view->n_items; i++) {
		struct iof_range range = view->items[i].range;

		if (range.first)
			border = least(border, range.first);
		if (range.last != UINT64_MAX)
			border = least(border, range.last + 1);
		last = range.last > last ? range.last : last;
	}
	if (view->n_ranges)
		host = view->ranges[view->n_ranges - 1].last;
	view->limit = ranges_width(view->ranges, view->n_ranges);
	host = least(host, (UINT64_C(1) << HIGH_LEAST) - 1);
	view->scale = map_scale_for(border, host > last ? host : last);
}

static int make_host(struct map_view *view)
{
	int r = 0;

	view->host.name = "host IOVA";
	for (size_t i = 0; i < view->n_ranges && r == 0; i++)
		r = add_piece(view, &view->host, NULL, MARK_MAPPED, view->ranges[i]);
	return r;
}

int map_view_make(struct map_view *view)
{
	int r;

	find_scale(view);
	r = make_host(view);
	if (r == 0)
		r = make_groups(view);
	return r ? r : make_lanes(view);
}

/* ---- from a report ---- */

static const char *driver_of(const struct iof_region *region)
{
	if (region->function)
		return region->function->driver;
	return region->device ? region->device->driver : NULL;
}

static struct map_item item_of(const struct iof_report *report, const struct iof_region *region)
{
	struct map_item item = {
		.kind = iof_region_kind(region),
		.range = iof_region_range(region),
		.name = iof_region_name(region),
		.device = iof_region_device(region),
		.driver = driver_of(region),
		.bar = iof_region_bar(region),
		.is_mapped = iof_region_is_mapped(region),
		.provenance = iof_region_provenance(region),
	};

	item.fit = iof_report_region_fit(report, region, &item.outside);
	return item;
}

int map_view_of(struct iof_report *report, struct arena *arena, struct map_view *view)
{
	const struct iof_region *region;
	size_t n = 0;

	*view = (struct map_view){.arena = arena};
	view->ranges_error = iof_report_ranges(report, &view->ranges, &view->n_ranges);
	if (view->ranges_error == -ENOMEM)
		return -ENOMEM;
	iof_machine_region_foreach(report->machine, region)
	{
		n++;
	}
	view->items = arena_array(arena, n + 1, sizeof(*view->items));
	if (!view->items)
		return -ENOMEM;
	iof_machine_region_foreach(report->machine, region)
	{
		view->items[view->n_items++] = item_of(report, region);
	}
	return map_view_make(view);
}
