/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map_scale.c - the logarithmic axis of the address map, and which of its powers bear a label. */
#include "show/map_scale.h"

#include <stdio.h>
#include <string.h>

/* The first step ends between 64 MiB and 1 GiB: what is lower is of little interest. */
#define LOWEST 26
#define LOWEST_MAX 30
#define HIGHEST_MIN 33

/* The power of two that is at most, or at least, the address. */
static unsigned power_below(uint64_t address)
{
	return address ? 63 - (unsigned)__builtin_clzll(address) : 0;
}

static unsigned power_above(uint64_t last)
{
	return last ? 64 - (unsigned)__builtin_clzll(last) : 0;
}

static unsigned clamp(unsigned value, unsigned least, unsigned most)
{
	return value < least ? least : value > most ? most : value;
}

struct map_scale map_scale_for(uint64_t first, uint64_t last)
{
	return (struct map_scale){.low = clamp(power_below(first), LOWEST, LOWEST_MAX),
				  .high = clamp(power_above(last), HIGHEST_MIN, 64)};
}

static unsigned steps_of(const struct map_scale *scale)
{
	return scale->high - scale->low + 1;
}

uint32_t map_place(const struct map_scale *scale, uint64_t address)
{
	unsigned power = power_below(address);
	uint64_t place;

	if (power < scale->low)
		place = address * MAP_ONE >> scale->low;
	else
		place = (uint64_t)(power - scale->low + 1) * MAP_ONE +
			((address - (UINT64_C(1) << power)) >> (power - 16));
	place /= steps_of(scale);
	return place < MAP_ONE ? (uint32_t)place : MAP_ONE;
}

uint32_t map_place_end(const struct map_scale *scale, uint64_t last)
{
	return last == UINT64_MAX ? MAP_ONE : map_place(scale, last + 1);
}

static uint32_t place_of_power(const struct map_scale *scale, unsigned power)
{
	return power == 64 ? MAP_ONE : map_place(scale, UINT64_C(1) << power);
}

void map_power_text(unsigned power, char out[MAP_SHORT])
{
	static const char units[] = " KMGTPE";

	if (power == 0)
		snprintf(out, MAP_SHORT, "0");
	else if (power < 10)
		snprintf(out, MAP_SHORT, "%u", 1u << power);
	else if (power < 70)
		snprintf(out, MAP_SHORT, "%u%c", 1u << power % 10, units[power / 10]);
}

static unsigned label_width(const struct map_tick *tick)
{
	char text[MAP_SHORT];

	map_power_text(tick->power, text);
	return (unsigned)strlen(text);
}

unsigned map_label_column(const struct map_tick *tick, unsigned columns)
{
	unsigned at = (unsigned)((uint64_t)tick->place * columns / MAP_ONE);
	unsigned width = label_width(tick);
	unsigned first = at > width / 2 ? at - width / 2 : 0;

	if (first + width <= columns)
		return first;
	return columns > width ? columns - width : 0;
}

static bool has_room(const struct map_tick *tick, const struct map_tick *ticks, size_t n,
		     unsigned columns)
{
	unsigned first = map_label_column(tick, columns), end = first + label_width(tick);

	for (size_t i = 0; i < n; i++) {
		unsigned other = map_label_column(&ticks[i], columns);

		if (first <= other + label_width(&ticks[i]) && other <= end)
			return false;
	}
	return true;
}

/* Ends and borders first, then units, then ever finer parts of them. */
static unsigned rank_of(const struct map_scale *scale, unsigned limit, unsigned power)
{
	if (power == 0 || power == limit)
		return 0;
	if (power == scale->high || power == 32)
		return 1;
	if (power % 10 == 0)
		return 2;
	return power % 2 == limit % 2 ? 3 : 4;
}

#define RANKS 5

static void insert(struct map_tick *ticks, size_t n, struct map_tick tick)
{
	size_t i = n;

	for (; i > 0 && ticks[i - 1].place > tick.place; i--)
		ticks[i] = ticks[i - 1];
	ticks[i] = tick;
}

size_t map_ticks(const struct map_scale *scale, unsigned limit, unsigned columns,
		 struct map_tick ticks[MAP_TICKS], size_t n)
{
	bool is_minor = n > 0;

	for (unsigned rank = 0; rank < RANKS; rank++) {
		for (unsigned power = scale->low - 1; power <= scale->high; power++) {
			unsigned meant = power < scale->low ? 0 : power;
			struct map_tick tick = {.power = meant,
						.place = meant ? place_of_power(scale, meant) : 0,
						.is_minor = is_minor};

			if (rank_of(scale, limit, meant) == rank &&
			    has_room(&tick, ticks, n, columns))
				insert(ticks, n++, tick);
		}
	}
	return n;
}
