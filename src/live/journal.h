/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * journal.h - what devices were like before a probe bound them: written, and on the disk, before
 * each step, so that `probe --recover` can undo whatever was cut off.
 *
 *     iommufit-journal 1
 *     boot-id 6f0a5c9e-…
 *     step unbind 0000:01:00.0
 *     device 0000:01:00.0
 *     driver e1000e
 *     override
 *     power auto
 *     end
 *
 * device to power repeat. A word alone on its line means that there was none.
 */
#ifndef LIVE_JOURNAL_H
#define LIVE_JOURNAL_H

#include <iommufit/ctx.h>

#include "base/arena.h"
#include "base/strings.h"
#include "live/calls.h"
#include "live/lock.h"

#define JOURNAL_PATH RUN_FOLDER "/journal"
#define JOURNAL_MAX 65536u     /* bytes */
#define JOURNAL_VALUE_MAX 255u /* bytes of a driver's name or an override */

/* One device, as it was. */
struct journal_device {
	const char *bdf;
	const char *driver;   /* NULL: none */
	const char *override; /* driver_override; NULL: none */
	const char *power;    /* power/control: "on" or "auto"; NULL: there is no such file */
};

struct journal {
	const char *boot_id;
	const char *step;	 /* what is done next: a word */
	const char *step_device; /* to this device */
	struct journal_device *devices;
	size_t n, cap;
};

/* Can that text stand in a journal as a driver's name, or as an override? */
bool journal_takes_driver(const char *);
bool journal_takes_override(const char *);

/* Replace the journal as a whole, and have it on the disk. */
int journal_write(const struct live_calls *, struct iof_ctx *, const struct journal *);
/* -ENOENT: there is none (no text). -EBADMSG: it is none. Its strings are in the arena. */
int journal_read(const struct live_calls *, struct iof_ctx *, struct arena *, struct journal *);
int journal_remove(const struct live_calls *, struct iof_ctx *);

/* The parser alone: name is for messages. 0, -EBADMSG, -ENOMEM. */
int journal_parse(struct iof_ctx *, struct arena *, const char *name, const char *bytes,
		  size_t length, struct journal *);
/* The text alone. What was parsed is printed as the very bytes that it was. */
void journal_print(struct buf *, const struct journal *);

#endif
