/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/interval.h"

#include <errno.h>
#include <string.h>

/* Index of the first range whose end is at or after address. */
static size_t first_ending_at(const struct iof_range *ranges, size_t n, uint64_t address)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Put `count` ranges in the place of [from, to). */
static int replace(struct interval_set *set, size_t from, size_t to, const struct iof_range *with,
		   size_t count)
{
	size_t n = set->n - (to - from) + count;

	if (n > set->cap) {
		/* At most one more than before, so that one step of growth is enough. */
		struct iof_range *grown = arena_grow(set->arena, set->ranges, set->n, &set->cap,
						     sizeof(*set->ranges));

		if (!grown)
			return -ENOMEM;
		set->ranges = grown;
	}
	if (set->n > to)
		memmove(set->ranges + from + count, set->ranges + to,
			(set->n - to) * sizeof(*set->ranges));
	if (count)
		memcpy(set->ranges + from, with, count * sizeof(*with));
	set->n = n;
	return 0;
}

int interval_add(struct interval_set *set, uint64_t first, uint64_t last)
{
	struct iof_range joined = {first, last};
	size_t from, to;

	if (first > last)
		return -EINVAL;
	/* A range that ends right before this one is joined to it, too. */
	from = first_ending_at(set->ranges, set->n, first ? first - 1 : 0);
	for (to = from; to < set->n; to++) {
		const struct iof_range *r = &set->ranges[to];

		if (last != UINT64_MAX && r->first > last + 1)
			break;
		if (r->first < joined.first)
			joined.first = r->first;
		if (r->last > joined.last)
			joined.last = r->last;
	}
	return replace(set, from, to, &joined, 1);
}

int interval_subtract(struct interval_set *set, uint64_t first, uint64_t last)
{
	struct iof_range kept[2];
	size_t from, to, count = 0;

	if (first > last)
		return -EINVAL;
	from = first_ending_at(set->ranges, set->n, first);
	for (to = from; to < set->n && set->ranges[to].first <= last; to++)
		;
	if (from == to)
		return 0;
	if (set->ranges[from].first < first)
		kept[count++] = (struct iof_range){set->ranges[from].first, first - 1};
	if (set->ranges[to - 1].last > last)
		kept[count++] = (struct iof_range){last + 1, set->ranges[to - 1].last};
	return replace(set, from, to, kept, count);
}

int interval_intersect(struct interval_set *set, const struct iof_range *ranges, size_t n)
{
	struct interval_set common = {.arena = set->arena};
	size_t a = 0, b = 0;

	while (a < set->n && b < n) {
		const struct iof_range *x = &set->ranges[a], *y = &ranges[b];
		uint64_t first = x->first > y->first ? x->first : y->first;
		uint64_t last = x->last < y->last ? x->last : y->last;
		int err;

		if (first <= last) {
			err = interval_add(&common, first, last);
			if (err)
				return err;
		}
		if (x->last < y->last)
			a++;
		else
			b++;
	}
	*set = common;
	return 0;
}

bool ranges_contain(const struct iof_range *ranges, size_t n, uint64_t first, uint64_t last)
{
	size_t i;

	if (first > last)
		return false;
	i = first_ending_at(ranges, n, first);
	return i < n && ranges[i].first <= first && last <= ranges[i].last;
}

unsigned ranges_width(const struct iof_range *ranges, size_t n)
{
	uint64_t last = n ? ranges[n - 1].last : 0;

	return last ? 64U - (unsigned)__builtin_clzll(last) : 0;
}

bool ranges_equal(const struct iof_range *a, size_t na, const struct iof_range *b, size_t nb)
{
	size_t i;

	if (na != nb)
		return false;
	for (i = 0; i < na; i++) {
		if (a[i].first != b[i].first || a[i].last != b[i].last)
			return false;
	}
	return true;
}
