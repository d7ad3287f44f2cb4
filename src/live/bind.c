/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bind.c - see bind.h: each step is in the journal before it is done. */
#include "live/bind.h"

#include <errno.h>

#include "base/error.h"
#include "base/strings.h"
#include "live/qmp.h"

#define UNBIND_MS 20000u
#define BIND_MS 60000u

#define HAS_OPTION(o, member)                                                                      \
	((o) && (o)->size >= offsetof(struct iof_live_bind_options, member) + sizeof((o)->member))

struct binder bind_prepare(const struct live_calls *calls, struct iof_ctx *ctx, struct arena *arena,
			   const struct iof_live_bind_options *o)
{
	struct binder b = {.calls = calls,
			   .ctx = ctx,
			   .arena = arena,
			   .limits = {.unbind_ms = UNBIND_MS, .bind_ms = BIND_MS}};

	if (HAS_OPTION(o, unbind_timeout_ms) && o->unbind_timeout_ms)
		b.limits.unbind_ms = o->unbind_timeout_ms;
	if (HAS_OPTION(o, bind_timeout_ms) && o->bind_timeout_ms)
		b.limits.bind_ms = o->bind_timeout_ms;
	if (HAS_OPTION(o, say_data))
		b.listener = (struct bind_listener){.say = o->say, .data = o->say_data};
	return b;
}

struct run {
	struct binder binder;
	const struct iof_live_bind_options *options;
	struct journal journal; /* a copy: its step changes */
	const char *bdf;
};

/* Write down what comes next, unless nothing shall. */
static int announce(struct run *r, const char *step, const char *bdf)
{
	const struct iof_live_bind_options *o = r->options;

	if (HAS_OPTION(o, stop_data) && o->stop && o->stop(o->stop_data))
		return live_fail(r->binder.ctx, -EINTR, r->bdf, "interrupted");
	r->journal.step = step;
	r->journal.step_device = bdf;
	return journal_write(r->binder.calls, r->binder.ctx, &r->journal);
}

static int unbind(struct run *r, const struct journal_device *d)
{
	int err = announce(r, "unbind", d->bdf);

	if (err)
		return err;
	binder_say(&r->binder, "%s: unbind it from %s", d->bdf, d->driver);
	return binder_unbind(&r->binder, d->bdf, d->driver);
}

static int probe(struct run *r, const struct journal_device *d)
{
	const char *driver;
	int err = announce(r, "bind", d->bdf);

	if (err)
		return err;
	binder_say(&r->binder, "%s: bind it to %s", d->bdf, VFIO_DRIVER);
	err = binder_drivers_probe(&r->binder, d->bdf);
	if (!err)
		err = binder_driver(&r->binder, d->bdf, &driver);
	if (!err && (!driver || !str_eq(driver, VFIO_DRIVER)))
		err = live_fail(r->binder.ctx, -EIO, d->bdf,
				"%s does not take it: its driver is %s", VFIO_DRIVER,
				driver ? driver : "none");
	return err;
}

static int lend(struct run *r, const struct journal_device *d)
{
	int err = announce(r, "override", d->bdf);

	if (err)
		return err;
	binder_say(&r->binder, "%s: driver_override " VFIO_DRIVER, d->bdf);
	err = binder_set_override(&r->binder, d->bdf, VFIO_DRIVER);
	if (!err && d->driver)
		err = unbind(r, d);
	return err ? err : probe(r, d);
}

/* Mates first: the group must be free before its device is asked. */
static int take(struct run *r)
{
	int err = 0;

	for (size_t i = 0; !err && i < r->journal.n; i++) {
		const struct journal_device *d = &r->journal.devices[i];

		err = str_eq(d->bdf, r->bdf) ? lend(r, d) : unbind(r, d);
	}
	return err;
}

/* All of it, even if a part fails. The journal goes last, and stays while anything is open. */
static int give_back(struct run *r)
{
	int first = 0;

	for (size_t i = r->journal.n; i > 0; i--) {
		const struct journal_device *d = &r->journal.devices[i - 1];
		int err;

		r->journal.step = "restore";
		r->journal.step_device = d->bdf;
		/* The journal of before serves as well. */
		err = journal_write(r->binder.calls, NULL, &r->journal);
		if (err != -ENOMEM)
			err = 0;
		err = binder_restore(&r->binder, d);
		if (err && !first)
			first = err;
	}
	if (first)
		return first;
	if (r->binder.timed_out)
		return live_fail(r->binder.ctx, -ETIMEDOUT, r->bdf,
				 "a driver had not answered in time, and may act yet");
	return journal_remove(r->binder.calls, r->binder.ctx);
}

/* why: what had failed before, or NULL. */
static int fail_restore(struct run *r, int err, const char *why)
{
	const char *text = arena_printf(
		r->binder.arena, "%s%s%s; 'iommufit probe --recover' finishes it, or a reboot",
		why ? why : "", why ? "; then " : "", iof_ctx_error(r->binder.ctx));

	if (text)
		iof_ctx_error_set(r->binder.ctx, err, text);
	return err;
}

static int run_bound(struct run *r, int (*ask)(void *data), void *data)
{
	const char *why = NULL;
	int err = take(r), restored;

	if (!err)
		err = announce(r, "ask", r->bdf);
	if (!err)
		err = ask(data);
	if (err)
		why = arena_strdup(r->binder.arena, iof_ctx_error(r->binder.ctx));
	restored = give_back(r);
	if (restored)
		return fail_restore(r, restored, why);
	if (err && why)
		iof_ctx_error_set(r->binder.ctx, err, why);
	return err;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : !a && !b;
}

/* Is what was shown still what would be done? */
static bool is_same_plan(const struct journal *a, const struct journal *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct journal_device *x = &a->devices[i], *y = &b->devices[i];

		if (!str_eq(x->bdf, y->bdf) || !is_same_text(x->driver, y->driver) ||
		    !is_same_text(x->override, y->override) || !is_same_text(x->power, y->power))
			return false;
	}
	return true;
}

static int check_journal(struct run *r)
{
	struct journal left;
	int err = journal_read(r->binder.calls, r->binder.ctx, r->binder.arena, &left);

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	return live_fail(r->binder.ctx, -EBUSY, JOURNAL_PATH,
			 "a probe of %s was cut off: 'iommufit probe --recover' first",
			 left.devices[left.n - 1].bdf);
}

/* With the lock held: look again, for time has passed since. */
static int run_locked(struct run *r, const struct iof_live_bind *plan, int (*ask)(void *data),
		      void *data)
{
	struct iof_live_bind *again = NULL;
	int err = check_journal(r);

	if (!err)
		err = bind_plan(r->binder.calls, r->binder.ctx, plan->bdf, &again);
	if (err)
		return err;
	if (!is_same_plan(&plan->journal, &again->journal) || plan->is_bound != again->is_bound) {
		err = live_fail(r->binder.ctx, -EBUSY, plan->bdf,
				"its drivers have changed since they were looked at");
	} else if (!again->journal.n) {
		err = ask(data);
	} else {
		r->journal = again->journal;
		err = run_bound(r, ask, data);
	}
	iof_live_bind_free(again);
	return err;
}

int bind_run(const struct live_calls *calls, struct iof_ctx *ctx, const struct iof_live_bind *plan,
	     const struct iof_live_bind_options *o, int (*ask)(void *data), void *data)
{
	struct arena *arena = arena_new(4096);
	struct run r = {
		.binder = bind_prepare(calls, ctx, arena, o), .options = o, .bdf = plan->bdf};
	int err = arena ? 0 : live_fail(ctx, -ENOMEM, plan->bdf, "out of memory"), lock;

	lock = err ? err : lock_take(calls, ctx);
	if (!err)
		err = lock < 0 ? lock : run_locked(&r, plan, ask, data);
	if (lock >= 0)
		lock_drop(calls, lock);
	arena_free(arena);
	return err;
}

IOF_EXPORT int iof_live_bind_run(struct iof_ctx *ctx, const struct iof_live_bind *plan,
				 const struct iof_live_bind_options *o, int (*ask)(void *data),
				 void *data)
{
	return bind_run(plan->calls, ctx, plan, o, ask, data);
}
