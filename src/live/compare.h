/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* compare.h - a running VM against the machine that was predicted. */
#ifndef LIVE_COMPARE_H
#define LIVE_COMPARE_H

#include "live/facts.h"

#define LIVE_RESULTS (IOF_LIVE_LEFT_TO_HOST + 1)

struct iof_live_comparison {
	struct arena *arena;
	struct iof_live *live;
	const struct iof_machine *machine;
	struct iof_live_item *items;
	size_t n_items, cap_items;
	size_t count[LIVE_RESULTS];
};

/* Add an item; -ENOMEM. */
int compare_add(struct iof_live_comparison *, struct iof_live_item);
/* The same with the result that follows from both texts. */
int compare_texts(struct iof_live_comparison *, struct iof_live_item);
/* compare_devices.c, compare_map.c */
int compare_devices(struct iof_live_comparison *);
int compare_map(struct iof_live_comparison *);

#endif
