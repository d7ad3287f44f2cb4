/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diff.c - a unified diff by the longest common subsequence of lines. */
#include "base/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 3
#define MAX_TABLE (4u << 20) /* cells; beyond that the middle is shown as replaced */

struct line {
	const char *text;
	size_t length; /* with its newline */
};

struct lines {
	struct line *items;
	size_t n;
};

struct diff {
	struct lines from, to;
	bool *removed, *added; /* one per line */
};

static int split(struct lines *lines, const char *text, size_t length)
{
	size_t n = 1;

	for (size_t i = 0; i < length; i++)
		n += text[i] == '\n';
	lines->items = calloc(n, sizeof(*lines->items));
	if (!lines->items)
		return -ENOMEM;
	while (length) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) + 1 : length;

		lines->items[lines->n++] = (struct line){text, line};
		text += line;
		length -= line;
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Lengths of the common subsequences of the tails that begin at each pair of lines. */
static uint32_t *make_table(const struct line *a, size_t n, const struct line *b, size_t m)
{
	uint32_t *table;

	if (n + 1 > MAX_TABLE / (m + 1))
		return NULL;
	table = calloc((n + 1) * (m + 1), sizeof(*table));
	for (size_t i = table ? n : 0; i-- > 0;) {
		uint32_t *row = table + i * (m + 1), *below = row + m + 1;

		for (size_t j = m; j-- > 0;) {
			if (same(&a[i], &b[j]))
				row[j] = below[j + 1] + 1;
			else
				row[j] = below[j] > row[j + 1] ? below[j] : row[j + 1];
		}
	}
	return table;
}

/* Marks what differs between lines [start, start + n) of from and [start, start + m) of to. */
static void compare_middle(struct diff *d, size_t start, size_t n, size_t m)
{
	const struct line *a = d->from.items + start, *b = d->to.items + start;
	uint32_t *table = make_table(a, n, b, m);
	size_t i = 0, j = 0;

	while (i < n || j < m) {
		if (table && i < n && j < m && same(&a[i], &b[j])) {
			i++;
			j++;
		} else if (j == m || (i < n && (!table || table[(i + 1) * (m + 1) + j] >=
								  table[i * (m + 1) + j + 1]))) {
			d->removed[start + i++] = true;
		} else {
			d->added[start + j++] = true;
		}
	}
	free(table);
}

static void compare(struct diff *d)
{
	size_t n = d->from.n, m = d->to.n, start = 0;

	while (start < n && start < m && same(&d->from.items[start], &d->to.items[start]))
		start++;
	while (n > start && m > start && same(&d->from.items[n - 1], &d->to.items[m - 1])) {
		n--;
		m--;
	}
	compare_middle(d, start, n - start, m - start);
}

static void write_line(struct buf *out, char mark, const struct line *line)
{
	buf_append(out, &mark, 1);
	buf_append(out, line->text, line->length);
	if (line->text[line->length - 1] != '\n')
		buf_printf(out, "\n\\ No newline at end of file\n");
}

struct hunk {
	size_t from, to;	 /* first lines, from 0 */
	size_t from_end, to_end; /* behind the last */
};

/* The next hunk: changes that are at most 2 * CONTEXT common lines apart, and their context. */
static bool next_hunk(const struct diff *d, size_t i, size_t j, struct hunk *h)
{
	size_t common = 0;

	while (i < d->from.n && j < d->to.n && !d->removed[i] && !d->added[j]) {
		i++;
		j++;
	}
	if (i == d->from.n && j == d->to.n)
		return false;
	h->from = i > CONTEXT ? i - CONTEXT : 0;
	h->to = j - (i - h->from);
	while ((i < d->from.n || j < d->to.n) && common <= 2 * CONTEXT) {
		if (i < d->from.n && d->removed[i]) {
			i++;
			common = 0;
		} else if (j < d->to.n && d->added[j]) {
			j++;
			common = 0;
		} else {
			i++;
			j++;
			common++;
		}
	}
	if (common > CONTEXT) {
		i -= common - CONTEXT;
		j -= common - CONTEXT;
	}
	h->from_end = i;
	h->to_end = j;
	return true;
}

static void write_hunk(const struct diff *d, const struct hunk *h, struct buf *out)
{
	size_t i = h->from, j = h->to, n = h->from_end - i, m = h->to_end - j;

	buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", n ? i + 1 : i, n, m ? j + 1 : j, m);
	while (i < h->from_end || j < h->to_end) {
		if (i < h->from_end && d->removed[i]) {
			write_line(out, '-', &d->from.items[i++]);
		} else if (j < h->to_end && d->added[j]) {
			write_line(out, '+', &d->to.items[j++]);
		} else {
			write_line(out, ' ', &d->from.items[i++]);
			j++;
		}
	}
}

static int write_hunks(const struct diff *d, struct buf *out, const char *old_name,
		       const char *new_name)
{
	struct hunk h = {0};

	for (bool first = true; next_hunk(d, h.from_end, h.to_end, &h); first = false) {
		if (first)
			buf_printf(out, "--- %s\n+++ %s\n", old_name, new_name);
		write_hunk(d, &h, out);
	}
	return out->err;
}

static int diff_make(struct diff *d, const char *old_text, size_t old_length, const char *new_text,
		     size_t new_length)
{
	int err = split(&d->from, old_text, old_length);

	if (!err)
		err = split(&d->to, new_text, new_length);
	if (err)
		return err;
	d->removed = calloc(d->from.n + 1, sizeof(bool));
	d->added = calloc(d->to.n + 1, sizeof(bool));
	if (!d->removed || !d->added)
		return -ENOMEM;
	compare(d);
	return 0;
}

static void diff_free(struct diff *d)
{
	free(d->from.items);
	free(d->to.items);
	free(d->removed);
	free(d->added);
}

int diff_write(struct buf *out, const char *old_name, const char *old_text, size_t old_length,
	       const char *new_name, const char *new_text, size_t new_length)
{
	struct diff d = {.removed = NULL};
	int err = diff_make(&d, old_text, old_length, new_text, new_length);

	if (!err)
		err = write_hunks(&d, out, old_name, new_name);
	diff_free(&d);
	return err;
}

static int give(diff_line_fn take, void *data, bool is_added, size_t number,
		const struct line *line)
{
	size_t length = line->length;

	while (length && (line->text[length - 1] == '\n' || line->text[length - 1] == '\r'))
		length--;
	return take(data, is_added, number + 1, line->text, length);
}

int diff_lines(const char *old_text, size_t old_length, const char *new_text, size_t new_length,
	       diff_line_fn take, void *data)
{
	struct diff d = {.removed = NULL};
	int err = diff_make(&d, old_text, old_length, new_text, new_length);
	size_t i = 0, j = 0;

	while (!err && (i < d.from.n || j < d.to.n)) {
		if (i < d.from.n && d.removed[i]) {
			err = give(take, data, false, i, &d.from.items[i]);
			i++;
		} else if (j < d.to.n && d.added[j]) {
			err = give(take, data, true, j, &d.to.items[j]);
			j++;
		} else {
			i++;
			j++;
		}
	}
	diff_free(&d);
	return err;
}
