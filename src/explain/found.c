/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* found.c - the messages of the answer: counted, with what they are about. */
#include "explain/scan.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"

/* ---- which of the ways to say it this is ---- */

/* Heads that say little: they are dropped or added by what passes a message on. */
#define LIGHT_HEADS (1u << HEAD_WARNING | 1u << HEAD_ERROR | 1u << HEAD_BDF | 1u << HEAD_HARDWARE)

static unsigned distance(const struct variant *v, unsigned heads)
{
	unsigned differs = v->heads ^ heads;

	return 4 * (unsigned)__builtin_popcount(differs & ~LIGHT_HEADS) +
	       (unsigned)__builtin_popcount(differs & LIGHT_HEADS & ~(1u << HEAD_ERROR));
}

static void choose_variants(struct iof_explained *e)
{
	unsigned nearest = UINT32_MAX;

	for (const struct variant *v = e->entry->variants; v; v = v->next) {
		unsigned d = distance(v, e->has_heads);

		if (d < nearest) {
			nearest = d;
			e->n_variants = 0;
		}
		if (d == nearest && e->n_variants < MAX_VARIANTS)
			e->variants[e->n_variants++] = v;
	}
}

static const char *version(struct arena *arena, uint32_t v)
{
	if (v == 0 || v >= QEMU_NEVER)
		return NULL;
	return QEMU_MICRO(v) ? arena_printf(arena, "%u.%u.%u", QEMU_MAJOR(v), QEMU_MINOR(v),
					    QEMU_MICRO(v))
			     : arena_printf(arena, "%u.%u", QEMU_MAJOR(v), QEMU_MINOR(v));
}

static void find_versions(struct arena *arena, struct iof_explained *e)
{
	uint32_t since = QEMU_NEVER, until = 0;

	for (size_t i = 0; i < e->n_variants; i++) {
		since = e->variants[i]->since < since ? e->variants[i]->since : since;
		until = e->variants[i]->until > until ? e->variants[i]->until : until;
	}
	e->since = version(arena, since);
	e->until = version(arena, until);
}

/* ---- texts ---- */

static int read_texts(struct iof_explain *x, const struct sighting *s, struct iof_explained *e)
{
	bool is_missing = false;

	for (unsigned i = 0; i < s->entry->core.n_slots; i++) {
		e->slot[i] = span_text(x->scratch, x->cells, s->match.slot[i],
				       pattern_slot_type(&s->entry->core, i) == 't');
		is_missing |= !e->slot[i];
	}
	for (unsigned i = 0; i < N_HEADS; i++) {
		if (!(s->has_heads & 1u << i) || !s->heads[i].end)
			continue;
		e->head[i] = span_text(x->scratch, x->cells, s->heads[i], false);
		is_missing |= !e->head[i];
	}
	return is_missing ? -ENOMEM : 0;
}

/* The order in which QEMU puts heads before a message. */
static const enum head_kind head_order[] = {
	HEAD_WARNING,  HEAD_ERROR,  HEAD_HARDWARE, HEAD_VFIO,	HEAD_CONTAINER,
	HEAD_LISTENER, HEAD_REGION, HEAD_VIOMMU,   HEAD_DEVICE, HEAD_BDF};

static const char *canonical(struct iof_explain *x, const struct iof_explained *e)
{
	const struct catalog *c = &x->shared->catalog;
	struct buf text = {0};
	const char *copy;

	for (size_t i = 0; i < ARRAY_SIZE(head_order); i++) {
		enum head_kind kind = head_order[i];

		if (kind != HEAD_ERROR && e->has_heads & 1u << kind)
			pattern_render(&c->heads[kind], &e->head[kind], &text);
	}
	pattern_render(&e->entry->core, e->slot, &text);
	copy = text.err ? NULL : arena_strndup(x->arena, text.data ? text.data : "", text.length);
	buf_free(&text);
	return copy;
}

/* ---- counting ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

/* Whether an operand tells: addresses of QEMU's own memory do not. */
static bool slot_tells(const struct iof_explained *e, size_t slot)
{
	for (size_t i = 0; i < e->n_variants; i++) {
		if (e->variants[i]->index[slot] >= 0)
			return true;
	}
	return false;
}

bool found_same(const struct iof_explained *a, const struct iof_explained *b)
{
	for (size_t i = 0; i < PATTERN_SLOTS; i++) {
		if (slot_tells(a, i) && !same_text(a->slot[i], b->slot[i]))
			return false;
	}
	for (size_t i = 0; i < N_HEADS; i++) {
		if (!same_text(a->head[i], b->head[i]))
			return false;
	}
	return (a->has_heads & ~LIGHT_HEADS) == (b->has_heads & ~LIGHT_HEADS);
}

/* Counted with one that is there already? */
static bool count_again(struct iof_explain *x, const struct iof_explained *e)
{
	struct iof_explained *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < x->n_items; i++) {
		struct iof_explained *other = x->items[i];

		if (other->entry != e->entry)
			continue;
		if (found_same(other, e)) {
			other->count++;
			return true;
		}
		last = other;
		n++;
	}
	if (n < MAX_SAME)
		return false;
	last->more++;
	return true;
}

static int keep(struct iof_explain *x, const struct iof_explained *e)
{
	struct iof_explained *copy = arena_memdup(x->arena, e, sizeof(*e));
	struct iof_explained **items =
		arena_grow(x->arena, x->items, x->n_items, &x->cap_items, sizeof(*items));

	if (!copy || !items)
		return -ENOMEM;
	x->items = items;
	for (size_t i = 0; i < PATTERN_SLOTS; i++)
		copy->slot[i] = e->slot[i] ? arena_strdup(x->arena, e->slot[i]) : NULL;
	for (size_t i = 0; i < N_HEADS; i++)
		copy->head[i] = e->head[i] ? arena_strdup(x->arena, e->head[i]) : NULL;
	find_versions(x->arena, copy);
	copy->text = canonical(x, copy);
	copy->index = x->n_items;
	x->items[x->n_items++] = copy;
	return copy->text ? 0 : -ENOMEM;
}

int found_add(struct iof_explain *x, const struct sighting *s)
{
	struct iof_explained e = {.log = x,
				  .entry = s->entry,
				  .has_heads = s->has_heads,
				  .line = x->cells[s->start].line,
				  .count = 1};
	int err;

	arena_reset(x->scratch);
	err = read_texts(x, s, &e);
	if (err)
		return err;
	choose_variants(&e);
	return count_again(x, &e) ? 0 : keep(x, &e);
}

/* ---- what says nothing new ---- */

bool found_has_flag(const struct iof_explained *e, unsigned flag)
{
	for (size_t i = 0; i < e->n_variants; i++) {
		if ((e->variants[i]->flags & flag) != flag)
			return false;
	}
	return e->n_variants > 0;
}

static bool shares_topic(const struct iof_explained *a, const struct iof_explained *b)
{
	for (size_t i = 0; i < a->n_variants; i++) {
		for (size_t k = 0; k < b->n_variants; k++) {
			if (a->variants[i]->topic == b->variants[k]->topic)
				return true;
		}
	}
	return false;
}

/* What QEMU prints before it aborts is also printed where it goes on: whether it aborted is said by
 * another line of the log. */
static void drop_variants(struct iof_explained *e, bool is_abort)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n_variants; i++)
		kept += is_abort == !!(e->variants[i]->flags & MESSAGE_ABORTS);
	if (!kept || kept == e->n_variants)
		return;
	kept = 0;
	for (size_t i = 0; i < e->n_variants; i++) {
		if (is_abort == !!(e->variants[i]->flags & MESSAGE_ABORTS))
			e->variants[kept++] = e->variants[i];
	}
	e->n_variants = kept;
}

static void judge_aborts(struct iof_explain *x)
{
	bool is_abort = false;

	for (size_t i = 0; i < x->n_items; i++)
		is_abort |= found_has_flag(x->items[i], MESSAGE_ABORTS | MESSAGE_COMPANION);
	for (size_t i = 0; i < x->n_items; i++)
		drop_variants(x->items[i], is_abort);
}

/* Without a number of its own, and told by another message that has some. */
static bool is_told_by(const struct iof_explained *e, const struct iof_explained *other)
{
	bool is_beside = false;

	for (size_t i = 0; i < e->n_variants; i++)
		is_beside |= (e->variants[i]->flags & MESSAGE_COMPANION) != 0;
	return is_beside && e->entry->core.n_slots == 0 && other->entry->core.n_slots > 0 &&
	       shares_topic(e, other);
}

void found_hide(struct iof_explain *x)
{
	judge_aborts(x);
	for (size_t i = 0; i < x->n_items; i++) {
		struct iof_explained *e = x->items[i];

		for (size_t k = 0; k < x->n_items && !e->is_hidden; k++) {
			const struct iof_explained *other = x->items[k];

			if (found_has_flag(e, MESSAGE_WRAPPER))
				e->is_hidden = !found_has_flag(other, MESSAGE_WRAPPER);
			else if (found_has_flag(e, MESSAGE_COMPANION))
				e->is_hidden = !found_has_flag(other, MESSAGE_COMPANION) &&
					       shares_topic(e, other);
			else
				e->is_hidden = is_told_by(e, other);
		}
	}
}
