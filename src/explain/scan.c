/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scan.c - looks for the needles of all messages in one pass, and compares where one is found. */
#include "explain/scan.h"

#include <string.h>

#define SETTLED 700    /* cells behind a message after which no longer one can hold it */
#define MARK_REACH 500 /* cells in which a VMM's name must stand before a message */

/* ---- what stands before a message ---- */

static void add_head(struct iof_explain *x, struct sighting *s, enum head_kind kind,
		     const struct match *match)
{
	(void)x;
	s->has_heads |= 1u << kind;
	s->heads[kind] = match->slot[0];
	s->start = match->whole.start;
}

static void find_heads(struct iof_explain *x, struct sighting *s)
{
	const struct catalog *c = &x->shared->catalog;
	bool is_found = true;
	struct match match;

	s->start = s->match.whole.start;
	while (is_found) {
		is_found = false;
		for (unsigned kind = 0; kind < N_HEADS && !is_found; kind++) {
			/* The device's own word is the innermost. */
			if ((s->has_heads & 1u << kind) || (kind == HEAD_BDF && s->has_heads))
				continue;
			is_found =
				pattern_find_before(&c->heads[kind], x->cells, 0, s->start, &match);
			if (is_found)
				add_head(x, s, (enum head_kind)kind, &match);
		}
	}
}

/* Whether the text between a VMM's name and the message is an option that it speaks of, which may
 * go over lines, or a file, or nothing: no other message and no other program's name. */
static bool is_spoken(const struct iof_explain *x, size_t mark_end, size_t start)
{
	const struct cell *c = x->cells;
	bool is_option;

	while (mark_end < start && (c[mark_end].flags & CELL_SKIP))
		mark_end++;
	if (mark_end == start)
		return true;
	is_option = c[mark_end].c == '-';
	for (size_t i = mark_end + 1; i < start; i++) {
		bool ends_part = c[i - 1].c == ':' && (c[i].flags & CELL_BLANK) &&
				 !(i > 1 && c[i - 2].c == '"');

		if (ends_part || (!is_option && (c[i].flags & CELL_BREAK)))
			return false;
	}
	return c[start - 1].c == ':' && (is_option || start - mark_end < 80);
}

/* Whether a line has nothing before it but a place: "1:43: ". */
static bool begins_line(const struct iof_explain *x, size_t start)
{
	const struct cell *c = x->cells;
	size_t at = start;

	while (at > 0 && !(c[at].flags & CELL_BREAK) && start - at < MARK_REACH)
		at--;
	return at == start || ((at == 0 || c[at].flags & CELL_BREAK) && c[start - 1].c == ':');
}

static bool is_said_by_vmm(const struct iof_explain *x, size_t start)
{
	const struct catalog *c = &x->shared->catalog;
	size_t lowest = start < MARK_REACH ? 0 : start - MARK_REACH;
	struct match match;

	if (x->is_message && begins_line(x, start))
		return true;
	for (size_t at = start; at-- > lowest;) {
		for (size_t i = 0; i < c->n_marks; i++) {
			if (pattern_match(&c->marks[i], x->cells, start, at, &match) &&
			    is_spoken(x, match.whole.end, start))
				return true;
		}
		if (x->cells[at].flags & CELL_GAP)
			return false;
	}
	return false;
}

/* ---- whether it counts ---- */

static bool has_bare_variant(const struct entry *entry)
{
	for (const struct variant *v = entry->variants; v; v = v->next) {
		if (!(v->heads & ~(1u << HEAD_WARNING)))
			return true;
	}
	return false;
}

static bool is_generic(const struct entry *entry)
{
	for (const struct variant *v = entry->variants; v; v = v->next) {
		if (!(v->flags & MESSAGE_GENERIC))
			return false;
	}
	return true;
}

/* A short sentence without an operand that VFIO says of a device could be anybody's. */
#define SHORT 40

static bool counts(const struct iof_explain *x, const struct sighting *s)
{
	const struct entry *entry = s->entry;

	bool is_short = entry->core.n_slots == 0 && entry->core.n_literal < SHORT &&
			!s->has_heads && !has_bare_variant(entry);

	return (!is_short && !is_generic(entry)) || is_said_by_vmm(x, s->start);
}

/* ---- overlapping messages: the longest counts ---- */

static bool holds(const struct sighting *outer, const struct sighting *inner)
{
	const struct span *o = &outer->match.whole, *i = &inner->match.whole;

	/* Of two that are as long the one that says more in its own words. */
	if (o->start == i->start && o->end == i->end)
		return outer->entry->core.n_literal >= inner->entry->core.n_literal;
	return o->start <= i->start && o->end >= i->end;
}

static int settle(struct iof_explain *x, size_t before)
{
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < x->n_pending; i++) {
		if (x->pending[i].match.whole.end + SETTLED < before)
			err = err ? err : found_add(x, &x->pending[i]);
		else
			x->pending[kept++] = x->pending[i];
	}
	x->n_pending = kept;
	return err;
}

static int propose(struct iof_explain *x, const struct sighting *s)
{
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < x->n_pending; i++) {
		if (holds(&x->pending[i], s))
			return 0;
	}
	for (size_t i = 0; i < x->n_pending; i++) {
		if (!holds(s, &x->pending[i]))
			x->pending[kept++] = x->pending[i];
	}
	x->n_pending = kept;
	if (x->n_pending == MAX_PENDING) {
		err = found_add(x, &x->pending[0]);
		memmove(x->pending, x->pending + 1, (MAX_PENDING - 1) * sizeof(x->pending[0]));
		x->n_pending--;
	}
	x->pending[x->n_pending++] = *s;
	return err;
}

/* ---- the search ---- */

static int try_entry(struct iof_explain *x, const struct entry *entry, size_t first)
{
	struct sighting s = {.entry = entry};

	if (!pattern_find(&entry->core, x->cells, x->n, 0, first, &s.match))
		return 0;
	find_heads(x, &s);
	return counts(x, &s) ? propose(x, &s) : 0;
}

/* The cell where a needle that ends at `last` begins. */
static size_t first_of(const struct iof_explain *x, size_t last, size_t length)
{
	while (last > 0 && length > 1) {
		last--;
		if (!(x->cells[last].flags & CELL_SKIP))
			length--;
	}
	return last;
}

static int try_needles(struct iof_explain *x, size_t last)
{
	const struct catalog *c = &x->shared->catalog;
	const struct needles *s = &c->needles;
	int err = 0;

	for (uint16_t state = x->state; state && !err; state = s->shorter[state]) {
		for (uint16_t i = s->output[state]; i && !err; i = s->sibling[i - 1]) {
			const struct entry *entry = &c->entries[i - 1];

			err = try_entry(x, entry, first_of(x, last, entry->core.needle_length));
		}
	}
	return err;
}

static int search(struct iof_explain *x, size_t limit)
{
	const struct needles *s = &x->shared->catalog.needles;
	int err = 0;

	while (x->searched < limit && !err) {
		size_t at = x->searched++;

		if (x->cells[at].flags & CELL_SKIP)
			continue;
		x->state = needles_step(s, x->state, x->cells[at].c);
		if (s->output[x->state] || s->shorter[x->state])
			err = try_needles(x, at);
	}
	return err;
}

static void mark_prefixes(struct iof_explain *x, bool is_end)
{
	for (; x->marked < x->n; x->marked++) {
		size_t at = x->marked, end = at + 1;

		if (!(x->cells[at].flags & CELL_BREAK))
			continue;
		while (end < x->n && end - at < PREFIX_CELLS && !(x->cells[end].flags & CELL_BREAK))
			end++;
		if (end == x->n && !is_end && end - at < PREFIX_CELLS)
			return;
		cells_mark_prefix(x->cells + at, end - at);
	}
}

int scan(struct iof_explain *x, bool is_end)
{
	size_t limit = x->n > LOOK_AHEAD ? x->n - LOOK_AHEAD : 0;
	int err;

	mark_prefixes(x, is_end);
	err = search(x, is_end ? x->n : limit);
	return err ? err : settle(x, is_end ? SIZE_MAX : x->searched);
}

void scan_forget(struct iof_explain *x)
{
	size_t drop = x->searched > LOOK_BACK ? x->searched - LOOK_BACK : 0;

	if (drop == 0)
		return;
	memmove(x->cells, x->cells + drop, (x->n - drop) * sizeof(*x->cells));
	x->n -= drop;
	x->marked -= drop;
	x->searched -= drop;
	for (size_t i = 0; i < x->n_pending; i++) {
		struct sighting *s = &x->pending[i];

		s->start -= drop;
		s->match.whole.start -= drop;
		s->match.whole.end -= drop;
		for (size_t k = 0; k < PATTERN_SLOTS; k++) {
			s->match.slot[k].start -= s->match.slot[k].end ? drop : 0;
			s->match.slot[k].end -= s->match.slot[k].end ? drop : 0;
		}
		for (size_t k = 0; k < N_HEADS; k++) {
			s->heads[k].start -= s->heads[k].end ? drop : 0;
			s->heads[k].end -= s->heads[k].end ? drop : 0;
		}
	}
}
