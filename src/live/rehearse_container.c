/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_container.c - what is mapped for one address space, whichever way it is asked. */
#include <errno.h>

#include "base/interval.h"
#include "live/rehearse.h"

#define SMALLEST_PAGE 4096u

struct rehearse_container *container_new(struct iof_live_rehearsal *r,
					 const struct iof_assignment *a)
{
	struct rehearse_container *c = arena_alloc(r->arena, sizeof(*c)), **end = &r->containers;

	if (!c) {
		r->err = -ENOMEM;
		return NULL;
	}
	*c = (struct rehearse_container){
		.space = a->space,
		.is_held_back = a->is_held_back,
		.iommufd = a->iommufd,
		.fd = -1,
		.page = SMALLEST_PAGE,
		.first = a->device,
	};
	while (*end)
		end = &(*end)->next;
	*end = c;
	return c;
}

void container_told(struct iof_live_rehearsal *r, struct rehearse_container *c,
		    const struct iof_range *ranges, size_t n, uint64_t page)
{
	c->page = page > SMALLEST_PAGE ? page : SMALLEST_PAGE;
	c->has_ranges = ranges != NULL;
	c->n_ranges = n;
	c->ranges = n ? arena_memdup(r->arena, ranges, n * sizeof(*ranges)) : NULL;
	if (n && !c->ranges)
		r->err = -ENOMEM;
}

void container_join(struct iof_live_rehearsal *r, struct rehearse_container *c,
		    const struct iof_assignment *a)
{
	struct interval_set set = {.arena = r->arena};
	bool is_first = c->first == a->device;
	int err = 0;

	if (!a->has_ranges) {
		c->is_predicted = false;
		return;
	}
	if (!is_first && !c->is_predicted)
		return;
	for (size_t i = 0; i < a->n_ranges && !err; i++)
		err = interval_add(&set, a->ranges[i].first, a->ranges[i].last);
	if (!a->n_ranges)
		err = interval_add(&set, 0, UINT64_MAX);
	if (!err && !is_first)
		err = interval_intersect(&set, c->predicted, c->n_predicted);
	if (err) {
		r->err = err;
		return;
	}
	c->is_predicted = true;
	c->predicted = set.ranges;
	c->n_predicted = set.n;
}
