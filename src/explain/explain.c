/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explain.c - the public face: a log goes in, messages and their causes come out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strings.h"
#include "explain/scan.h"
#include "fit/report.h"

static struct shared_catalog *catalog_unref(struct shared_catalog *shared)
{
	if (shared && --shared->n_users == 0) {
		arena_free(shared->arena);
		free(shared);
	}
	return NULL;
}

static struct shared_catalog *catalog_new(void)
{
	struct shared_catalog *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return NULL;
	shared->n_users = 1;
	shared->arena = arena_new(65536);
	if (!shared->arena || catalog_build(shared->arena, &shared->catalog) != 0)
		return catalog_unref(shared);
	return shared;
}

static struct iof_explain *explain_new(struct iof_ctx *ctx, struct shared_catalog *shared,
				       bool is_message)
{
	struct iof_explain *x = calloc(1, sizeof(*x));

	if (!x || !shared) {
		free(x);
		catalog_unref(shared);
		return NULL;
	}
	x->shared = shared;
	x->is_message = is_message;
	x->cooker.flags = CELL_BLANK | CELL_BREAK;
	x->ctx = iof_ctx_ref(ctx);
	x->arena = arena_new(8192);
	x->scratch = arena_new(8192);
	x->cells = malloc(SCAN_CELLS * sizeof(*x->cells));
	return x->arena && x->scratch && x->cells ? x : iof_explain_unref(x);
}

struct iof_explain *explain_sharing(struct iof_explain *x, bool is_message)
{
	x->shared->n_users++;
	return explain_new(x->ctx, x->shared, is_message);
}

IOF_EXPORT int iof_explain_new(struct iof_ctx *ctx, const struct iof_explain_options *options,
			       struct iof_explain **out)
{
	bool is_message = options && options->size >= sizeof(*options) && options->is_message;

	*out = explain_new(ctx, catalog_new(), is_message);
	return *out ? 0 : ctx_fail(ctx, -ENOMEM, "out of memory");
}

IOF_EXPORT struct iof_explain *iof_explain_unref(struct iof_explain *x)
{
	if (!x)
		return NULL;
	catalog_unref(x->shared);
	arena_free(x->arena);
	arena_free(x->scratch);
	free(x->cells);
	iof_ctx_unref(x->ctx);
	free(x);
	return NULL;
}

static int fail(struct iof_explain *x, int err)
{
	if (err && !x->err)
		x->err = ctx_fail(x->ctx, err, "out of memory");
	return x->err;
}

IOF_EXPORT int iof_explain_feed(struct iof_explain *x, const char *bytes, size_t length)
{
	if (x->is_finished)
		return ctx_fail(x->ctx, -EINVAL, "the log is at its end already");
	while (length && !x->err) {
		size_t taken = 0;

		scan_forget(x);
		x->n += cook(&x->cooker, bytes, length, &taken, x->cells + x->n, SCAN_CELLS - x->n);
		bytes += taken;
		length -= taken;
		fail(x, scan(x, false));
	}
	return x->err;
}

IOF_EXPORT int iof_explain_finish(struct iof_explain *x)
{
	if (x->is_finished || x->err)
		return x->err;
	scan_forget(x);
	x->n += cook_rest(&x->cooker, x->cells + x->n, SCAN_CELLS - x->n);
	x->is_finished = true;
	fail(x, scan(x, true));
	found_hide(x);
	return x->err;
}

/* ---- what was recognised ---- */

IOF_EXPORT const struct iof_explained *iof_explained_next(const struct iof_explain *x,
							  const struct iof_explained *prev)
{
	for (size_t i = prev ? prev->index + 1 : 0; x->is_finished && i < x->n_items; i++) {
		if (!x->items[i]->is_hidden)
			return x->items[i];
	}
	return NULL;
}

IOF_EXPORT const char *iof_explained_text(const struct iof_explained *e)
{
	return e->text;
}

IOF_EXPORT enum iof_speaker iof_explained_speaker(const struct iof_explained *e)
{
	return e->n_variants ? e->variants[0]->by : IOF_SPEAKER_UNKNOWN;
}

IOF_EXPORT uint64_t iof_explained_line(const struct iof_explained *e)
{
	return e->line;
}

IOF_EXPORT uint64_t iof_explained_count(const struct iof_explained *e)
{
	return e->count;
}

IOF_EXPORT uint64_t iof_explained_more(const struct iof_explained *e)
{
	return e->more;
}

IOF_EXPORT const char *iof_explained_since(const struct iof_explained *e)
{
	return e->since;
}

IOF_EXPORT const char *iof_explained_until(const struct iof_explained *e)
{
	return e->until;
}

IOF_EXPORT const char *iof_explained_operand(const struct iof_explained *e, size_t index)
{
	for (size_t i = 0; i < N_HEADS; i++) {
		bool is_again = i == HEAD_BDF && e->head[i] && e->head[HEAD_VFIO] &&
				str_eq(e->head[i], e->head[HEAD_VFIO]);

		if (e->head[i] && !is_again && index-- == 0)
			return e->head[i];
	}
	for (size_t i = 0; i < e->entry->core.n_slots; i++) {
		if (e->slot[i] && e->variants[0]->index[i] >= 0 && index-- == 0)
			return e->slot[i];
	}
	return NULL;
}

/* The kernel writes some hexadecimal numbers without 0x. NULL: no memory. */
static const char *slot_number(const struct iof_explained *e, size_t slot)
{
	const char *text = e->slot[slot];
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	if (pattern_slot_type(&e->entry->core, slot) != 'x' || !digits || text[digits])
		return text;
	return arena_printf(e->log->arena, "0x%s", text);
}

static int fill_operands(const struct iof_explained *e, const struct variant *v,
			 struct topic_operands *o)
{
	bool is_missing = false;

	for (size_t i = 0; i < N_HEADS; i++) {
		if (e->head[i] && v->head_index[i] >= 0 && v->head_index[i] < TOPIC_OPERANDS)
			o->text[v->head_index[i]] = e->head[i];
	}
	for (size_t i = 0; i < PATTERN_SLOTS; i++) {
		if (!e->slot[i] || v->index[i] < 0 || v->index[i] >= TOPIC_OPERANDS)
			continue;
		o->text[v->index[i]] = slot_number(e, i);
		is_missing |= !o->text[v->index[i]];
	}
	/* Who it is about is told by a head even where the rule's own form has none. */
	for (size_t i = 0; i < N_HEADS; i++) {
		if (e->head[i] && !o->text[0] && (i == HEAD_VFIO || i == HEAD_BDF))
			o->text[0] = e->head[i];
	}
	return is_missing ? -ENOMEM : 0;
}

/* The variant of the index-th topic: several may have one. */
static const struct variant *cause_variant(const struct iof_explained *e, size_t index)
{
	for (size_t i = 0; i < e->n_variants; i++) {
		bool is_new = true;

		for (size_t k = 0; k < i && is_new; k++)
			is_new = e->variants[k]->topic != e->variants[i]->topic;
		if (is_new && index-- == 0)
			return e->variants[i];
	}
	return NULL;
}

IOF_EXPORT int iof_explained_cause(const struct iof_explained *e, size_t index,
				   struct iof_cause *out)
{
	const struct variant *v = cause_variant(e, index);
	struct topic_operands operands = {{0}};
	struct arena *arena = e->log->arena;

	if (!v)
		return -ENOENT;
	if (fill_operands(e, v, &operands) != 0)
		return -ENOMEM;
	*out = (struct iof_cause){.id = v->topic->id,
				  .is_rule = v->rule != NULL,
				  .title = v->topic->title ? v->topic->title
					   : v->rule	   ? v->rule->title
							   : v->topic->id,
				  .because = topic_lines(arena, v->topic->cause, &operands),
				  .fixes = topic_lines(arena, v->topic->fix, &operands)};
	return out->because && out->fixes ? 0 : -ENOMEM;
}

/* ---- what a report predicts ---- */

/* 1: the text holds this message, 0: it does not. */
static int says(struct iof_explain *x, const char *text, const struct iof_explained *wanted)
{
	int err = iof_explain_feed(x, text, strlen(text)), found = 0;

	if (!err)
		err = iof_explain_finish(x);
	for (size_t i = 0; !err && !found && i < x->n_items; i++) {
		found = x->items[i]->entry == wanted->entry && found_same(wanted, x->items[i]);
	}
	return err ? err : found;
}

IOF_EXPORT const struct iof_finding *
iof_explained_finding(struct iof_ctx *ctx, const struct iof_explained *e, struct iof_report *report)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(report, finding)
	{
		const char *text = iof_finding_vmm_message(report, finding);
		struct iof_explain *x = text ? explain_sharing(e->log, true) : NULL;
		int found = x ? says(x, text, e) : 0;

		if (text && !x)
			ctx_fail(ctx, -ENOMEM, "out of memory");
		iof_explain_unref(x);
		if (found == 1)
			return finding;
	}
	return NULL;
}
