/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover.c - what a probe that was cut off has left is undone. Nothing is taken from the journal
 * but what the devices were like: what is still to do is seen from what they are like now, so that
 * it can be cut off, too, and be run again.
 */
#include "live/bind.h"

#include <errno.h>

#include "base/error.h"
#include "base/strings.h"
#include "live/qmp.h"

static int restore_all(struct binder *b, const struct journal *j)
{
	const char *why = NULL;
	int first = 0;

	for (size_t i = j->n; i > 0; i--) {
		int err = binder_restore(b, &j->devices[i - 1]);

		if (err && !first) {
			first = err;
			why = arena_strdup(b->arena, iof_ctx_error(b->ctx));
		}
	}
	if (first && why)
		iof_ctx_error_set(b->ctx, first, why);
	return first;
}

/* A reboot has given every device back to the driver that finds it. */
static int forget(struct binder *b, const struct journal *j)
{
	int err = journal_remove(b->calls, b->ctx);

	if (err)
		return err;
	return live_fail(
		b->ctx, -ESTALE, JOURNAL_PATH,
		"it is of another boot (%s): since a reboot gives devices back, nothing is "
		"restored; the journal was removed",
		j->boot_id);
}

static int recover(struct binder *b)
{
	const char *boot_id;
	struct journal j;
	int err = lock_boot_id(b->calls, b->ctx, b->arena, &boot_id);

	if (!err)
		err = journal_read(b->calls, b->ctx, b->arena, &j);
	if (err == -ENOENT) {
		binder_say(b, "no probe was cut off: there is nothing to restore");
		return journal_remove(b->calls, b->ctx);
	}
	if (err)
		return err;
	if (!str_eq(boot_id, j.boot_id))
		return forget(b, &j);
	binder_say(b, "a probe was cut off at this step: %s %s", j.step, j.step_device);
	err = restore_all(b, &j);
	return err ? err : journal_remove(b->calls, b->ctx);
}

int bind_recover(const struct live_calls *calls, struct iof_ctx *ctx,
		 const struct iof_live_bind_options *o)
{
	struct arena *arena = arena_new(4096);
	struct binder b = bind_prepare(calls, ctx, arena, o);
	int lock, err;

	if (!arena)
		return live_fail(ctx, -ENOMEM, JOURNAL_PATH, "out of memory");
	lock = lock_take(calls, ctx);
	err = lock < 0 ? lock : recover(&b);
	if (lock >= 0)
		lock_drop(calls, lock);
	arena_free(arena);
	return err;
}

IOF_EXPORT int iof_live_recover(struct iof_ctx *ctx, const struct iof_live_bind_options *o)
{
	return bind_recover(&live_calls_system, ctx, o);
}
