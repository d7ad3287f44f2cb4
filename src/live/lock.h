/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lock.h - one probe at a time, and where its files are. */
#ifndef LIVE_LOCK_H
#define LIVE_LOCK_H

#include <iommufit/ctx.h>

#include "base/arena.h"
#include "live/calls.h"

#define RUN_FOLDER "/run/iommufit"
#define LOCK_PATH RUN_FOLDER "/lock"

/*
 * A descriptor that holds the lock until it is closed, or -EBUSY (another has it), -EPERM (not
 * root, or in a container) or what the file system says; the context has the text.
 *
 * A child that hangs while it unbinds a device inherits the lock: as long as it hangs, nobody else
 * begins.
 */
int lock_take(const struct live_calls *, struct iof_ctx *);
/* The same for who only asks and rebinds nothing: in a container, too. */
int lock_take_anywhere(const struct live_calls *, struct iof_ctx *);
void lock_drop(const struct live_calls *, int lock);

/* Only root of the machine itself may rebind its devices: -EPERM with the reason. */
int lock_check_place(const struct live_calls *, struct iof_ctx *);
/* This boot's id, without its newline. */
int lock_boot_id(const struct live_calls *, struct iof_ctx *, struct arena *, const char **);

#endif
