// SPDX-License-Identifier: LGPL-2.1-or-later
/* host_table.c - the devices of a host as a table, and the addresses that they can use. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/interval.h"
#include "host/profile.h"
#include "show/host_show.h"
#include "show/pci_class.h"

#define FEW_DEVICES 64
#define FEW_SETS 8
#define FEW_REGIONS 16
#define WHY_COLUMN 54 /* where the last column of the table starts */

/* ---- devices ---- */

static void put_device(struct emit *e, const struct iof_device *device,
		       const struct assign_answer *answer)
{
	static const enum emit_style styles[] = {
		[ASSIGN_READY] = STYLE_GREEN,
		[ASSIGN_BIND] = STYLE_NONE,
		[ASSIGN_BLOCKED] = STYLE_YELLOW,
		[ASSIGN_NEVER] = STYLE_DIM,
	};
	const char *why = answer->state == ASSIGN_READY ? "yes" : answer->why;
	unsigned columns = e->out->columns ? e->out->columns : 80;
	enum iof_provenance provenance;
	char group[16] = "-", bits[16] = "-";
	char start[160];
	unsigned width;

	if (device->group)
		snprintf(group, sizeof(group), "%u", device->group->id);
	if (device->unit && iof_device_width(device, &width, &provenance) == 0)
		snprintf(bits, sizeof(bits), "%u", width);
	else if (device->unit)
		snprintf(bits, sizeof(bits), "?");
	snprintf(start, sizeof(start), "%-12s %5s %4s  %-15s %-12.40s ", device->bdf, group, bits,
		 pci_class_name(device->class_code), device->driver ? device->driver : "-");
	if (emit_width(start) + emit_width(why) > columns) {
		emit_wrapped(e, WHY_COLUMN, start, "%s", why);
		return;
	}
	emit_text(e, STYLE_NONE, "%s", start);
	emit_text(e, styles[answer->state], "%s", why);
	emit_newline(e);
}

void host_put_devices(struct emit *e, const struct iof_host *host,
		      const struct assign_answer *answers)
{
	size_t i, shown = 0, left = 0;

	if (!host->n_devices)
		return;
	emit_newline(e);
	emit_text(e, STYLE_BOLD, "%-12s %5s %4s  %-15s %-12s %s", "DEVICE", "GROUP", "BITS",
		  "CLASS", "DRIVER", "CAN BE GIVEN TO A VM");
	emit_newline(e);
	for (i = 0; i < host->n_devices; i++) {
		if (!e->out->verbose && shown == FEW_DEVICES) {
			left++;
			continue;
		}
		put_device(e, &host->devices[i], &answers[i]);
		shown++;
	}
	if (left) {
		emit_text(e, STYLE_DIM, "... %zu more (--verbose)", left);
		emit_newline(e);
	}
}

/* ---- address ranges ---- */

/* Devices with the same ranges, in every kind of domain. */
struct range_set {
	const struct iof_device *first;
	const struct iof_range *ranges;
	size_t n;
	size_t n_devices;
};

static const struct device_iova *uses_of(const struct iof_device *device)
{
	return device->host->n_worlds == 1 ? &device->iova[0] : NULL;
}

static bool same_uses(const struct iof_device *x, const struct iof_device *y)
{
	const struct device_iova *a = uses_of(x), *b = uses_of(y);

	return !a || !b ||
	       (x->viommu == y->viommu &&
		ranges_equal(a->nest_ranges, a->n_nest, b->nest_ranges, b->n_nest) &&
		ranges_equal(a->dirty_ranges, a->n_dirty, b->dirty_ranges, b->n_dirty));
}

/* Sorts each device into a set; returns how many sets there are, FEW_SETS + 1 if that is too many
 * to show. */
static size_t find_sets(const struct iof_host *host, struct range_set sets[FEW_SETS])
{
	size_t i, j, n = 0;

	for (i = 0; i < host->n_devices; i++) {
		const struct iof_device *device = &host->devices[i];
		const struct iof_range *ranges;
		size_t n_ranges;

		if (!device->unit || iof_device_ranges(device, &ranges, &n_ranges) < 0)
			continue;
		for (j = 0; j < n; j++) {
			if (ranges_equal(sets[j].ranges, sets[j].n, ranges, n_ranges) &&
			    same_uses(sets[j].first, device))
				break;
		}
		if (j == FEW_SETS)
			return FEW_SETS + 1;
		if (j == n)
			sets[n++] = (struct range_set){device, ranges, n_ranges, 0};
		sets[j].n_devices++;
	}
	return n;
}

static void put_range_lines(struct emit *e, const struct iof_range *ranges, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		emit_text(e, STYLE_NONE, "  0x%-16" PRIx64 " to 0x%" PRIx64, ranges[i].first,
			  ranges[i].last);
		emit_newline(e);
	}
}

/* Another kind of domain, if the kernel makes it and it can map something else. */
static void put_use(struct emit *e, const struct range_set *set, const char *title,
		    const struct iof_range *ranges, size_t n)
{
	if (!n || ranges_equal(ranges, n, set->ranges, set->n))
		return;
	emit_text(e, STYLE_NONE, "%s, %u bits", title, ranges_width(ranges, n));
	emit_newline(e);
	put_range_lines(e, ranges, n);
}

/* What an accelerated SMMUv3 of a VM needs besides a nesting parent. */
static const char *const viommu_texts[] = {
	[TRI_UNKNOWN] = "Whether the kernel makes vIOMMU objects on it is not known.",
	[TRI_NO] = "The kernel makes no vIOMMU objects on it.",
	[TRI_YES] = "The kernel makes vIOMMU objects on it.",
};

static void put_set(struct emit *e, const struct range_set *set, bool is_only)
{
	const struct device_iova *uses = uses_of(set->first);

	emit_newline(e);
	if (is_only)
		emit_text(e, STYLE_BOLD, "DMA addresses that devices can use");
	else if (set->n_devices == 1)
		emit_text(e, STYLE_BOLD, "DMA addresses that %s can use", set->first->bdf);
	else
		emit_text(e, STYLE_BOLD, "DMA addresses that %s and %zu more can use",
			  set->first->bdf, set->n_devices - 1);
	emit_newline(e);
	put_range_lines(e, set->ranges, set->n);
	if (!set->n) {
		emit_text(e, STYLE_NONE, "  none");
		emit_newline(e);
	}
	if (!uses)
		return;
	put_use(e, set, "In a nesting parent", uses->nest_ranges, uses->n_nest);
	put_use(e, set, "With dirty tracking", uses->dirty_ranges, uses->n_dirty);
	if (uses->n_nest && set->first->unit->kind == IOF_IOMMU_ARM_SMMUV3)
		emit_wrapped(e, 2, NULL, "%s", viommu_texts[set->first->viommu]);
}

/* A region as one of a group's. */
struct group_region {
	const struct reserved_region *region;
	const struct iommu_group *group;
};

static int compare_regions(const struct reserved_region *a, const struct reserved_region *b)
{
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	return (a->type > b->type) - (a->type < b->type);
}

static int by_address(const void *a, const void *b)
{
	const struct group_region *x = a, *y = b;
	int order = compare_regions(x->region, y->region);

	/* Groups are one array. */
	return order ? order : (x->group > y->group) - (x->group < y->group);
}

static const struct group_region *sorted_regions(struct arena *arena, const struct iof_host *host,
						 size_t *n)
{
	struct group_region *regions;
	size_t i, j;

	*n = 0;
	for (i = 0; i < host->n_groups; i++)
		*n += host->groups[i].n_regions;
	regions = arena_array(arena, *n + 1, sizeof(*regions));
	if (!regions)
		return NULL;
	*n = 0;
	for (i = 0; i < host->n_groups; i++) {
		for (j = 0; j < host->groups[i].n_regions; j++)
			regions[(*n)++] = (struct group_region){&host->groups[i].regions[j],
								&host->groups[i]};
	}
	qsort(regions, *n, sizeof(*regions), by_address);
	return regions;
}

/* The region that n_groups groups have, of which this is the first. */
static void put_region(struct emit *e, const struct iof_host *host, const struct group_region *at,
		       size_t n_groups)
{
	emit_text(e, STYLE_NONE, "  0x%-16" PRIx64 " to 0x%-16" PRIx64 "  %-16s ",
		  at->region->first, at->region->last, region_names[at->region->type]);
	if (n_groups == host->n_groups)
		emit_text(e, STYLE_NONE, "all groups");
	else if (n_groups == 1)
		emit_text(e, STYLE_NONE, "group %u", at->group->id);
	else
		emit_text(e, STYLE_NONE, "group %u and %zu more", at->group->id, n_groups - 1);
	emit_newline(e);
}

static void put_regions(struct emit *e, struct arena *arena, const struct iof_host *host)
{
	size_t i, next, n, n_groups, shown = 0;
	const struct group_region *regions = sorted_regions(arena, host, &n);

	if (!regions && !e->err)
		e->err = -ENOMEM;
	if (!regions || !n)
		return;
	emit_newline(e);
	emit_text(e, STYLE_BOLD, "Reserved addresses");
	emit_newline(e);
	for (i = 0; i < n; i = next) {
		if (shown++ == FEW_REGIONS && !e->out->verbose) {
			emit_wrapped(e, 2, NULL, "... more (--verbose)");
			return;
		}
		n_groups = 1;
		for (next = i + 1; next < n; next++) {
			if (compare_regions(regions[i].region, regions[next].region) != 0)
				break;
			n_groups += regions[next].group != regions[next - 1].group;
		}
		put_region(e, host, &regions[i], n_groups);
	}
}

void host_put_ranges(struct emit *e, struct arena *arena, const struct iof_host *host)
{
	struct range_set sets[FEW_SETS];
	size_t i, n = find_sets(host, sets);

	if (n > FEW_SETS) {
		emit_newline(e);
		emit_wrapped(e, 0, NULL,
			     "The devices' address ranges differ in more than %d ways: see --json.",
			     FEW_SETS);
	}
	for (i = 0; i < n && n <= FEW_SETS; i++)
		put_set(e, &sets[i], n == 1);
	put_regions(e, arena, host);
}
