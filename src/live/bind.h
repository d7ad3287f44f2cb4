/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bind.h - lend a device to vfio-pci and give it back (bind.c), and give back what a probe that was
 * cut off has left (recover.c).
 *
 * Written are, of each device: driver_override and power/control, of drivers: bind and unbind, and
 * drivers_probe of the bus. Nothing else; a test lists every path.
 */
#ifndef LIVE_BIND_H
#define LIVE_BIND_H

#include <iommufit/live.h>

#include "live/journal.h"

#define VFIO_DRIVER "vfio-pci"

/* How long a write may take, in milliseconds. */
struct bind_limits {
	unsigned unbind_ms; /* also for driver_override and power/control: they wait for the same */
	unsigned bind_ms;   /* a driver may load firmware */
};

/* Whoever wants to hear what is done: one line each; NULL: nobody. */
struct bind_listener {
	void (*say)(void *data, const char *line);
	void *data;
};

/* What is written where, with which words. */
struct binder {
	const struct live_calls *calls;
	struct iof_ctx *ctx;
	struct arena *arena;
	struct bind_limits limits;
	struct bind_listener listener;
	bool timed_out; /* a write did not return in time, and may still take effect */
};

void binder_say(struct binder *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The driver of a device; NULL: none. -ENODEV: the device is gone. */
int binder_driver(struct binder *, const char *bdf, const char **driver);
/* driver_override; NULL: none. */
int binder_override(struct binder *, const char *bdf, const char **text);
/* power/control; NULL: there is no such file. */
int binder_power(struct binder *, const char *bdf, const char **text);
int binder_set_override(struct binder *, const char *bdf, const char *text);
int binder_set_power(struct binder *, const char *bdf, const char *text);
int binder_unbind(struct binder *, const char *bdf, const char *driver);
int binder_attach(struct binder *, const char *bdf, const char *driver);
int binder_drivers_probe(struct binder *, const char *bdf);

/*
 * Make a device as it was, whatever of that is still to do. What somebody else has changed
 * meanwhile is left alone. 0, or the first error, with its text.
 */
int binder_restore(struct binder *, const struct journal_device *);

struct iof_live_bind {
	struct arena *arena;
	const struct live_calls *calls;
	const char *bdf;
	const char *group;
	struct journal journal; /* what is changed: mates first, the device last */
	bool is_bound;		/* the device itself is bound to vfio already */
	const char **steps;	/* in words */
	size_t n_steps, cap_steps;
};

/* The public functions, over a table of calls. */
int bind_plan(const struct live_calls *, struct iof_ctx *, const char *bdf,
	      struct iof_live_bind **);
int bind_run(const struct live_calls *, struct iof_ctx *, const struct iof_live_bind *,
	     const struct iof_live_bind_options *, int (*ask)(void *data), void *data);
int bind_recover(const struct live_calls *, struct iof_ctx *, const struct iof_live_bind_options *,
		 const struct iof_output *);

/* Options with their defaults. */
struct binder bind_prepare(const struct live_calls *, struct iof_ctx *, struct arena *,
			   const struct iof_live_bind_options *);

#endif
