// SPDX-License-Identifier: LGPL-2.1-or-later
/* host_table.c - the devices of a host as a table, and the addresses that they can use. */
#include <inttypes.h>
#include <stdio.h>

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

/* Devices with the same ranges. */
struct range_set {
	const struct iof_device *first;
	const struct iof_range *ranges;
	size_t n;
	size_t n_devices;
};

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
			if (ranges_equal(sets[j].ranges, sets[j].n, ranges, n_ranges))
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

static void put_set(struct emit *e, const struct range_set *set, bool is_only)
{
	size_t i;

	emit_newline(e);
	if (is_only)
		emit_text(e, STYLE_BOLD, "DMA addresses that devices can use");
	else if (set->n_devices == 1)
		emit_text(e, STYLE_BOLD, "DMA addresses that %s can use", set->first->bdf);
	else
		emit_text(e, STYLE_BOLD, "DMA addresses that %s and %zu more can use",
			  set->first->bdf, set->n_devices - 1);
	emit_newline(e);
	for (i = 0; i < set->n; i++) {
		emit_text(e, STYLE_NONE, "  0x%-16" PRIx64 " to 0x%" PRIx64, set->ranges[i].first,
			  set->ranges[i].last);
		emit_newline(e);
	}
	if (!set->n) {
		emit_text(e, STYLE_NONE, "  none");
		emit_newline(e);
	}
}

static bool same_region(const struct reserved_region *a, const struct reserved_region *b)
{
	return a->first == b->first && a->last == b->last && a->type == b->type;
}

/* How many groups have this region, and whether this is the first of them. */
static size_t count_region(const struct iof_host *host, size_t group,
			   const struct reserved_region *region, bool *is_first)
{
	size_t i, j, n = 0;

	*is_first = true;
	for (i = 0; i < host->n_groups; i++) {
		for (j = 0; j < host->groups[i].n_regions; j++) {
			if (!same_region(&host->groups[i].regions[j], region))
				continue;
			if (i < group)
				*is_first = false;
			n++;
			break;
		}
		if (!*is_first)
			return n;
	}
	return n;
}

/* false: it was there already. */
static bool put_region(struct emit *e, const struct iof_host *host, size_t group,
		       const struct reserved_region *region)
{
	bool is_first;
	size_t n = count_region(host, group, region, &is_first);

	if (!is_first)
		return false;
	emit_text(e, STYLE_NONE, "  0x%-16" PRIx64 " to 0x%-16" PRIx64 "  %-16s ", region->first,
		  region->last, region_names[region->type]);
	if (n == host->n_groups)
		emit_text(e, STYLE_NONE, "all groups");
	else if (n == 1)
		emit_text(e, STYLE_NONE, "group %u", host->groups[group].id);
	else
		emit_text(e, STYLE_NONE, "group %u and %zu more", host->groups[group].id, n - 1);
	emit_newline(e);
	return true;
}

static bool has_regions(const struct iof_host *host)
{
	size_t i;

	for (i = 0; i < host->n_groups; i++) {
		if (host->groups[i].n_regions)
			return true;
	}
	return false;
}

static void put_regions(struct emit *e, const struct iof_host *host)
{
	size_t i, j, shown = 0;

	if (!has_regions(host))
		return;
	emit_newline(e);
	emit_text(e, STYLE_BOLD, "Reserved addresses");
	emit_newline(e);
	for (i = 0; i < host->n_groups; i++) {
		for (j = 0; j < host->groups[i].n_regions; j++) {
			if (shown == FEW_REGIONS && !e->out->verbose) {
				emit_wrapped(e, 2, NULL, "... more (--verbose)");
				return;
			}
			shown += put_region(e, host, i, &host->groups[i].regions[j]);
		}
	}
}

void host_put_ranges(struct emit *e, const struct iof_host *host)
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
	put_regions(e, host);
}
