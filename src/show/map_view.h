/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * map_view.h - the address map as all pictures show it: regions that are alike become a group, and
 * groups of one kind share a lane, whose pieces are marked by how they fit.
 */
#ifndef SHOW_MAP_VIEW_H
#define SHOW_MAP_VIEW_H

#include <iommufit/report.h>

#include "base/arena.h"
#include "show/map_scale.h"

/* A region with what was found out of it. */
struct map_item {
	enum iof_region_kind kind;
	struct iof_range range;
	const char *name;
	const char *device; /* NULL: none */
	const char *driver; /* QEMU's type of the device whose BAR or memory it is; NULL: none */
	int bar;	    /* -1: none */
	bool is_mapped;
	enum iof_fit fit;
	struct iof_range outside; /* if it does not fit */
	enum iof_provenance provenance;
	size_t likeness; /* filled in: which items are alike */
};

/* One row of the list. */
struct map_group {
	const char *name; /* "gpu0 BAR 1", "16 x pcie-root-port BAR 0", "9 BARs, not mapped" */
	const struct map_item *first;
	size_t n;
	struct iof_range span; /* from the first's first address to the last's last */
	uint64_t size;	       /* of all together, bytes */
};

enum map_mark {
	MARK_FREE,    /* nothing maps it for a device */
	MARK_MAPPED,  /* mapped, and in the host's ranges */
	MARK_UNKNOWN, /* mapped; the host's ranges are not known */
	MARK_OUTSIDE, /* mapped, and in none of the host's ranges */
};

struct map_piece {
	struct iof_range range;
	uint32_t begin, end; /* places on the axis */
	enum map_mark mark;
	const struct map_item *item; /* the first */
	size_t n;		     /* items that it stands for */
};

struct map_lane {
	const char *name;
	struct map_piece *pieces;
	size_t n, cap;
	bool is_outside; /* it has a piece that is */
	uint64_t size;	 /* bytes of its items */
};

struct map_view {
	struct arena *arena;
	struct map_item *items; /* ascending */
	size_t n_items;
	struct map_group *groups; /* ascending by span */
	size_t n_groups;
	size_t n_outside; /* items that do not fit */
	struct map_lane *lanes;
	size_t n_lanes, cap_lanes;
	const struct iof_range *ranges; /* what the host can map */
	size_t n_ranges;
	int ranges_error;     /* 0, -ENOENT: no device is assigned, -ENODATA: not known */
	struct map_lane host; /* its ranges as pieces */
	struct map_scale scale;
	unsigned limit; /* power of two at which the host's ranges end; 0: unknown or none */
};

/* items, ranges and ranges_error are filled in, and arena. Returns 0 or -ENOMEM. */
int map_view_make(struct map_view *);
/* The view of a report. The arena is the caller's. */
int map_view_of(struct iof_report *, struct arena *, struct map_view *);

/* "16 GiB", "1.5 MiB", "65532 KiB": exact, in the largest unit with at most two decimals. */
#define MAP_SIZE 32
void map_size_text(uint64_t bytes, char out[MAP_SIZE]);
/* Saturates for the whole of 2^64. */
uint64_t map_range_size(struct iof_range);

#endif
