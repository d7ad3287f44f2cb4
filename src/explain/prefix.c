/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prefix.c - what stands before the text of a line: quote marks, timestamps, host and program of a
 * journal. It matters only where a message goes on in the next line.
 */
#include <string.h>

#include "base/strings.h"
#include "explain/cells.h"

struct line {
	const struct cell *cells;
	size_t n;
};

/* Whether cell i is there and belongs to the word before it. */
static bool goes_on(const struct line *l, size_t i)
{
	return i < l->n && !(l->cells[i].flags & (CELL_BLANK | CELL_BREAK));
}

static bool is_digit(const struct line *l, size_t i)
{
	return i < l->n && l->cells[i].c >= '0' && l->cells[i].c <= '9';
}

/* By a form: d a digit, D digits, others themselves. The cells used, 0: it is another. */
static size_t by_form(const struct line *l, size_t at, const char *form)
{
	size_t i = at;

	for (; *form; form++) {
		if (i > at && !goes_on(l, i))
			return 0;
		if (*form == 'D') {
			if (!is_digit(l, i))
				return 0;
			while (is_digit(l, i + 1) && goes_on(l, i + 1))
				i++;
		} else if (*form == 'd' ? !is_digit(l, i) : i >= l->n || l->cells[i].c != *form) {
			return 0;
		}
		i++;
	}
	return i - at;
}

static size_t word(const struct line *l, size_t at)
{
	size_t i = at < l->n ? at + 1 : at;

	while (goes_on(l, i))
		i++;
	return i - at;
}

static size_t quote_mark(const struct line *l, size_t at)
{
	return at < l->n && (l->cells[at].c == '>' || l->cells[at].c == '|') ? 1 : 0;
}

/* "[   12.345678]", "[  12.3][  T123]" */
static size_t kernel_time(const struct line *l, size_t at)
{
	size_t i = at + 1, n;

	if (at >= l->n || l->cells[at].c != '[')
		return 0;
	n = by_form(l, i, "D.D]");
	return n ? n + 1 : 0;
}

/* host and "program[123]:" behind a time */
static size_t host_and_program(const struct line *l, size_t at)
{
	size_t host = word(l, at), program = word(l, at + host);

	if (!host || !program)
		return 0;
	if (l->cells[at + host - 1].c == ':')
		return 0;
	return l->cells[at + host + program - 1].c == ':' ? host + program : 0;
}

/* "Nov 20 12:00:01 host program[1]:" */
static size_t syslog_time(const struct line *l, size_t at)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char name[4] = {0};
	size_t i = at + 3, n;

	if (at + 3 > l->n)
		return 0;
	for (size_t k = 0; k < 3; k++)
		name[k] = l->cells[at + k].c;
	if (!strstr(months, name) || (strstr(months, name) - months) % 3)
		return 0;
	n = by_form(l, i, "D");
	if (!n)
		return 0;
	i += n;
	n = by_form(l, i, "dd:dd:dd");
	if (!n)
		return 0;
	i += n;
	while (goes_on(l, i))
		i++;
	return i - at + host_and_program(l, i);
}

/* "2026-11-20T12:00:01.123456Z", "2026-11-20 12:00:01.123+0000:" and what a journal puts behind. */
static size_t iso_time(const struct line *l, size_t at)
{
	size_t i = at, n = by_form(l, i, "dddd-dd-dd");

	if (!n)
		return 0;
	i += n;
	i += i < l->n && l->cells[i].c == 'T';
	n = by_form(l, i, "dd:dd:dd");
	if (!n)
		return 0;
	i += n;
	while (goes_on(l, i))
		i++;
	/* QEMU's own, with the message behind it. */
	if (l->cells[i - 1].c == 'Z')
		return i - at;
	return i - at + host_and_program(l, i);
}

void cells_mark_prefix(struct cell *cells, size_t n)
{
	static size_t (*const forms[])(const struct line *, size_t) = {quote_mark, kernel_time,
								       syslog_time, iso_time};
	struct line line = {.cells = cells, .n = n};
	size_t at = 0, used = 1;

	while (used && at < n) {
		used = 0;
		for (size_t i = 0; !used && i < ARRAY_SIZE(forms); i++)
			used = forms[i](&line, at);
		for (size_t i = 0; i < used; i++)
			cells[at + i].flags |= CELL_SKIP;
		at += used;
	}
}
