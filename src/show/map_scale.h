/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * map_scale.h - the axis of the address map. One step for each power of two, even within a step;
 * the first step holds all that is lower. So 4 GiB and 64 TiB are both to be seen.
 */
#ifndef SHOW_MAP_SCALE_H
#define SHOW_MAP_SCALE_H

#include <iommufit/types.h>

#define MAP_ONE 65536u /* the length of the axis */
#define MAP_TICKS 66   /* 0, and the powers of two up to 2^64 */

/* Powers of two at the end of the first step and of the last. */
struct map_scale {
	unsigned low, high;
};

/* An axis for what lies in [first, last]; first: the lowest address that must stand apart from 0.
 */
struct map_scale map_scale_for(uint64_t first, uint64_t last);
/* Where an address stands, 0 to MAP_ONE; and where the byte at an address ends. */
uint32_t map_place(const struct map_scale *, uint64_t address);
uint32_t map_place_end(const struct map_scale *, uint64_t last);

/* A label on the axis. */
struct map_tick {
	unsigned power; /* of two; 0: address 0 */
	uint32_t place;
	bool is_minor; /* only where there is more room */
};

/* Columns that the label takes, as "512G". */
#define MAP_SHORT 8
void map_power_text(unsigned power, char out[MAP_SHORT]);
/* The column at which it begins on an axis of so many: in the middle of its tick, within the axis.
 */
unsigned map_label_column(const struct map_tick *, unsigned columns);

/*
 * Ticks whose labels stand apart on an axis of so many columns, ascending; `limit` is the power of
 * two at which the host's addresses end: it is labelled before the others. Ticks that are there
 * already stay; new ones are minor if there were any. Returns how many there are.
 */
size_t map_ticks(const struct map_scale *, unsigned limit, unsigned columns,
		 struct map_tick ticks[MAP_TICKS], size_t n);

#endif
