/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* interval.h - sets of addresses over the full 64-bit space, as sorted disjoint inclusive ranges.
 */
#ifndef BASE_INTERVAL_H
#define BASE_INTERVAL_H

#include <iommufit/types.h>

#include "base/arena.h"

/* Zero-initialise and set arena. Adjacent ranges are joined. All return 0 or -ENOMEM; first > last
 * is -EINVAL. */
struct interval_set {
	struct iof_range *ranges;
	size_t n;
	size_t cap;
	struct arena *arena;
};

int interval_add(struct interval_set *, uint64_t first, uint64_t last);
int interval_subtract(struct interval_set *, uint64_t first, uint64_t last);
/* Keep what is also in ranges[0..n), which must be sorted and disjoint. */
int interval_intersect(struct interval_set *, const struct iof_range *ranges, size_t n);

/* Whether [first,last] lies wholly in one of the sorted disjoint ranges. */
bool ranges_contain(const struct iof_range *ranges, size_t n, uint64_t first, uint64_t last);
/* Highest set bit of the last end, plus one; 0 for none. */
unsigned ranges_width(const struct iof_range *ranges, size_t n);
bool ranges_equal(const struct iof_range *a, size_t na, const struct iof_range *b, size_t nb);

#endif
