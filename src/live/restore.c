/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* restore.c - see bind.h: the single writes, and a device made as it was. */
#include "live/bind.h"

#include <errno.h>
#include <stdlib.h>

#include "base/strings.h"
#include "live/busy.h"
#include "live/qmp.h"

#define DEVICES "/sys/bus/pci/devices/"
#define DRIVERS "/sys/bus/pci/drivers/"

void binder_say(struct binder *b, const char *format, ...)
{
	va_list list;
	const char *text;

	if (!b->listener.say)
		return;
	va_start(list, format);
	text = arena_vprintf(b->arena, format, list);
	va_end(list);
	if (text)
		b->listener.say(b->listener.data, text);
}

/* ---- reading ---- */

static int no_memory(struct binder *b)
{
	return live_fail(b->ctx, -ENOMEM, "--bind", "out of memory");
}

/* An attribute's line in the arena; NULL: no such file. */
static int read_attribute(struct binder *b, const char *bdf, const char *name, const char **out)
{
	const char *path = arena_printf(b->arena, DEVICES "%s/%s", bdf, name);
	cleanup_free char *line = NULL;
	int err = path ? call_read_line(b->calls, path, &line) : -ENOMEM;

	*out = NULL;
	if (err == -ENOENT)
		return 0;
	if (err && path)
		return live_fail(b->ctx, err, path, "%s", strerror(-err));
	*out = err ? NULL : arena_strdup(b->arena, line);
	return *out ? 0 : no_memory(b);
}

int binder_driver(struct binder *b, const char *bdf, const char **driver)
{
	const char *path = arena_printf(b->arena, DEVICES "%s/driver", bdf), *class;
	cleanup_free char *name = NULL;
	int err = path ? call_link_name(b->calls, path, &name) : -ENOMEM;

	*driver = NULL;
	if (err == -ENOENT) {
		err = read_attribute(b, bdf, "class", &class);
		return err || class ? err
				    : live_fail(b->ctx, -ENODEV, bdf, "there is no such device");
	}
	if (err && path)
		return live_fail(b->ctx, err, path, "%s", strerror(-err));
	*driver = err ? NULL : arena_strdup(b->arena, name);
	return *driver ? 0 : no_memory(b);
}

/* The kernel prints a missing text as "(null)". */
int binder_override(struct binder *b, const char *bdf, const char **text)
{
	int err = read_attribute(b, bdf, "driver_override", text);

	if (!err && *text && (!**text || str_eq(*text, "(null)")))
		*text = NULL;
	return err;
}

int binder_power(struct binder *b, const char *bdf, const char **text)
{
	return read_attribute(b, bdf, "power/control", text);
}

/* ---- writing ---- */

static int write_text(struct binder *b, const char *path, const char *text, unsigned ms)
{
	int err = path ? call_write_limited(b->calls, path, text, ms) : -ENOMEM;

	if (!err || !path)
		return err ? no_memory(b) : 0;
	if (err != -ETIMEDOUT)
		return live_fail(b->ctx, err, path, "%s", strerror(-err));
	b->timed_out = true;
	return live_fail(b->ctx, err, path, "the driver has not answered for %u ms", ms);
}

int binder_set_override(struct binder *b, const char *bdf, const char *text)
{
	return write_text(b, arena_printf(b->arena, DEVICES "%s/driver_override", bdf),
			  text ? text : "\n", b->limits.unbind_ms);
}

int binder_set_power(struct binder *b, const char *bdf, const char *text)
{
	return write_text(b, arena_printf(b->arena, DEVICES "%s/power/control", bdf), text,
			  b->limits.unbind_ms);
}

/* By the driver's own file: it refuses a device that another driver has by now. */
int binder_unbind(struct binder *b, const char *bdf, const char *driver)
{
	return write_text(b, arena_printf(b->arena, DRIVERS "%s/unbind", driver), bdf,
			  b->limits.unbind_ms);
}

int binder_attach(struct binder *b, const char *bdf, const char *driver)
{
	return write_text(b, arena_printf(b->arena, DRIVERS "%s/bind", driver), bdf,
			  b->limits.bind_ms);
}

int binder_drivers_probe(struct binder *b, const char *bdf)
{
	return write_text(b, "/sys/bus/pci/drivers_probe", bdf, b->limits.bind_ms);
}

/* ---- as it was ---- */

static bool is_same(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : !a && !b;
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

/* Unbinding waits for whoever has the device open. */
static int take_back(struct binder *b, const struct journal_device *d)
{
	struct busy busy = {.calls = b->calls, .arena = b->arena};
	int err = busy_vfio(&busy, d->bdf);

	if (err)
		return live_fail(b->ctx, err, "--bind", "%s",
				 busy.why ? busy.why : "out of memory");
	binder_say(b, "%s: unbind it from " VFIO_DRIVER, d->bdf);
	return binder_unbind(b, d->bdf, VFIO_DRIVER);
}

/* Is it one that we have set? */
static bool is_ours(const char *override, const struct journal_device *d)
{
	return override &&
	       (str_eq(override, VFIO_DRIVER) || (d->driver && str_eq(override, d->driver)));
}

static int restore_override(struct binder *b, const struct journal_device *d)
{
	const char *now;
	int err = binder_override(b, d->bdf, &now);

	if (err || is_same(now, d->override))
		return err;
	if (!is_ours(now, d)) {
		binder_say(b, "%s: driver_override is %s by now, which was not us: left as it is",
			   d->bdf, or_none(now));
		return 0;
	}
	binder_say(b, "%s: driver_override as before: %s", d->bdf, or_none(d->override));
	return binder_set_override(b, d->bdf, d->override);
}

/* An override that was set for the next time would keep the driver from taking it back. */
static int make_way(struct binder *b, const struct journal_device *d)
{
	const char *now;
	int err;

	if (!d->override || !d->driver || str_eq(d->override, d->driver))
		return restore_override(b, d);
	err = binder_override(b, d->bdf, &now);
	if (err || (!is_ours(now, d) && !is_same(now, d->override)))
		return err;
	binder_say(b, "%s: driver_override %s, until it is bound", d->bdf, d->driver);
	return binder_set_override(b, d->bdf, d->driver);
}

static int check_driver(struct binder *b, const struct journal_device *d)
{
	const char *now;
	int err = binder_driver(b, d->bdf, &now);

	if (err || is_same(now, d->driver))
		return err;
	return live_fail(b->ctx, -EIO, d->bdf, "its driver was %s and is %s now",
			 or_none(d->driver), or_none(now));
}

/* Its own driver by name, for several may match. If that one does not take it (its module was
 * loaded anew and the name is gone), whoever the bus finds. */
static int give_back(struct binder *b, const struct journal_device *d)
{
	const char *now;
	int err, first;

	binder_say(b, "%s: bind it to %s", d->bdf, d->driver);
	first = binder_attach(b, d->bdf, d->driver);
	if (first && first != -ETIMEDOUT && first != -ENOMEM) {
		err = binder_drivers_probe(b, d->bdf);
		if (!err)
			err = binder_driver(b, d->bdf, &now);
		if (!err && !now)
			return live_fail(b->ctx, first, d->bdf, "%s does not take it back: %s",
					 d->driver, strerror(-first));
		first = err;
	}
	return first ? first : check_driver(b, d);
}

static int restore_driver(struct binder *b, const struct journal_device *d)
{
	const char *now;
	int err = binder_driver(b, d->bdf, &now);

	if (err || is_same(now, d->driver))
		return err;
	if (now) {
		binder_say(b, "%s: its driver is %s by now, which was not us: left as it is",
			   d->bdf, now);
		return 0;
	}
	err = make_way(b, d);
	return err ? err : give_back(b, d);
}

static int restore_power(struct binder *b, const struct journal_device *d)
{
	const char *now;
	int err = binder_power(b, d->bdf, &now);

	if (err || !now || !d->power || str_eq(now, d->power))
		return err;
	binder_say(b, "%s: power/control as before: %s", d->bdf, d->power);
	return binder_set_power(b, d->bdf, d->power);
}

static int restore(struct binder *b, const struct journal_device *d)
{
	const char *now;
	int err = binder_driver(b, d->bdf, &now);

	if (!err && now && str_eq(now, VFIO_DRIVER) && !is_same(now, d->driver))
		err = take_back(b, d);
	if (!err)
		err = restore_driver(b, d);
	if (!err)
		err = restore_override(b, d);
	return err ? err : restore_power(b, d);
}

int binder_restore(struct binder *b, const struct journal_device *d)
{
	int err = restore(b, d);

	if (err != -ENODEV)
		return err;
	/* Unplugged meanwhile, unless it was the driver that said so. */
	err = binder_driver(b, d->bdf, &(const char *){NULL});
	if (err != -ENODEV)
		return err ? err : -ENODEV;
	binder_say(b, "%s: is gone: there is nothing to restore", d->bdf);
	return 0;
}
