/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover.c - what a probe that was cut off has left is undone. Nothing is taken from the journal
 * but what the devices were like: what is still to do is seen from what they are like now, so that
 * it can be cut off, too, and be run again.
 */
#include "live/bind.h"

#include <errno.h>

#include "base/emit.h"
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
	binder_say(b,
		   "%s is of another boot (%s): a reboot gives devices back, and nothing is "
		   "restored; the journal is removed",
		   JOURNAL_PATH, j->boot_id);
	return journal_remove(b->calls, b->ctx);
}

/* outcome: a word for it. */
static int recover(struct binder *b, const char **outcome)
{
	const char *boot_id;
	struct journal j;
	int err = lock_boot_id(b->calls, b->ctx, b->arena, &boot_id);

	if (!err)
		err = journal_read(b->calls, b->ctx, b->arena, &j);
	if (err == -ENOENT) {
		*outcome = "nothing";
		binder_say(b, "no probe was cut off: there is nothing to restore");
		return journal_remove(b->calls, b->ctx);
	}
	if (err)
		return err;
	if (!str_eq(boot_id, j.boot_id)) {
		*outcome = "forgotten";
		return forget(b, &j);
	}
	*outcome = "restored";
	binder_say(b, "a probe was cut off at this step: %s %s", j.step, j.step_device);
	err = restore_all(b, &j);
	return err ? err : journal_remove(b->calls, b->ctx);
}

/* Lines that are kept until the end, and passed on at once. */
struct lines {
	struct bind_listener next;
	const char **text;
	size_t n, cap;
	struct arena *arena;
	int err;
};

static void keep_line(void *data, const char *line)
{
	struct lines *l = data;
	const char *copy = arena_strdup(l->arena, line);
	const char **grown = arena_grow(l->arena, l->text, l->n, &l->cap, sizeof(*grown));

	if (l->next.say)
		l->next.say(l->next.data, line);
	if (!copy || !grown) {
		l->err = -ENOMEM;
		return;
	}
	l->text = grown;
	l->text[l->n++] = copy;
}

static int write_lines(const struct lines *l, const char *outcome, const struct iof_output *out)
{
	struct emit e;

	if (out->format > IOF_FORMAT_JSON)
		return -EINVAL;
	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON) {
		emit_object(&e, NULL);
		emit_string(&e, "schema", "iommufit.recover/1");
		emit_string(&e, "outcome", outcome);
		emit_array(&e, "steps");
	}
	for (size_t i = 0; i < l->n; i++) {
		if (out->format == IOF_FORMAT_JSON) {
			emit_string(&e, NULL, l->text[i]);
		} else {
			emit_text(&e, STYLE_NONE, "%s", l->text[i]);
			emit_newline(&e);
		}
	}
	return emit_end(&e);
}

static int recover_and_write(struct binder *b, const struct iof_output *out)
{
	struct lines lines = {.next = b->listener, .arena = b->arena};
	const char *outcome = "nothing";
	int err;

	b->listener = (struct bind_listener){.say = keep_line, .data = &lines};
	err = recover(b, &outcome);
	if (!err && out)
		err = lines.err ? live_fail(b->ctx, lines.err, JOURNAL_PATH, "out of memory")
				: write_lines(&lines, outcome, out);
	return err;
}

int bind_recover(const struct live_calls *calls, struct iof_ctx *ctx,
		 const struct iof_live_bind_options *o, const struct iof_output *out)
{
	struct arena *arena = arena_new(4096);
	struct binder b = bind_prepare(calls, ctx, arena, o);
	int lock, err;

	if (!arena)
		return live_fail(ctx, -ENOMEM, JOURNAL_PATH, "out of memory");
	lock = lock_take(calls, ctx);
	err = lock < 0 ? lock : recover_and_write(&b, out);
	if (lock >= 0)
		lock_drop(calls, lock);
	arena_free(arena);
	return err;
}

IOF_EXPORT int iof_live_recover(struct iof_ctx *ctx, const struct iof_live_bind_options *o,
				const struct iof_output *out)
{
	return bind_recover(&live_calls_system, ctx, o, out);
}
