/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* emit_text.c - the text form: escaping, styles and wrapping. */
#include "base/emit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

#define DEFAULT_COLUMNS 80

/* SGR parameters (ECMA-48). */
static const char *const styles[] = {
	[STYLE_NONE] = "",     [STYLE_BOLD] = "1",   [STYLE_DIM] = "2",	  [STYLE_RED] = "31",
	[STYLE_YELLOW] = "33", [STYLE_GREEN] = "32", [STYLE_CYAN] = "36",
};

/* The next character of text as it is shown: its bytes in shown, its columns. Returns how many
 * bytes it took. */
static size_t next_shown(const char *text, size_t length, struct buf *shown, unsigned *columns)
{
	uint32_t c = 0;
	size_t n = utf8_decode(text, length, &c);
	size_t i;

	if (n && !utf8_is_control(c)) {
		buf_append(shown, text, n);
		*columns += utf8_columns(c);
		return n;
	}
	if (n == 0)
		n = 1;
	for (i = 0; i < n; i++)
		buf_printf(shown, "\\x%02x", (unsigned)(unsigned char)text[i]);
	*columns += 4 * (unsigned)n;
	return n;
}

static void show(const char *text, size_t length, struct buf *shown, unsigned *columns)
{
	while (length) {
		size_t n = next_shown(text, length, shown, columns);

		text += n;
		length -= n;
	}
}

/* Add an escaped copy to the output. */
static void emit_shown(struct emit *e, const char *text, size_t length)
{
	struct buf shown = {0};
	unsigned columns = 0;

	show(text, length, &shown, &columns);
	if (!e->err)
		e->err = shown.err;
	emit_raw(e, shown.data, shown.length);
	buf_free(&shown);
}

void emit_text(struct emit *e, enum emit_style style, const char *format, ...)
{
	bool is_styled = e->out->colour && style != STYLE_NONE;
	struct buf text = {0};
	char sequence[16];
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (!e->err)
		e->err = text.err;
	if (is_styled) {
		snprintf(sequence, sizeof(sequence), "\033[%sm", styles[style]);
		emit_raw(e, sequence, strlen(sequence));
	}
	emit_shown(e, text.data, text.length);
	if (is_styled)
		emit_raw(e, "\033[0m", 4);
	buf_free(&text);
}

/* So much of the text that its escaped form has at most so many columns; its bytes. */
static size_t cut(const char *text, unsigned width)
{
	size_t length = strlen(text), at = 0;
	unsigned columns = 0;

	while (at < length) {
		struct buf shown = {0};
		size_t n = next_shown(text + at, length - at, &shown, &columns);

		buf_free(&shown);
		if (columns > width)
			break;
		at += n;
	}
	return at;
}

void emit_column(struct emit *e, enum emit_style style, unsigned width, const char *text)
{
	unsigned columns = emit_width(text);
	const char *dots = columns > width && width > 2 ? ".." : "";
	size_t kept = columns > width ? cut(text, width - (unsigned)strlen(dots)) : strlen(text);
	struct buf shown = {0};

	buf_append(&shown, text, kept);
	buf_puts(&shown, dots);
	if (!e->err)
		e->err = shown.err;
	columns = shown.data ? emit_width(shown.data) : 0;
	if (shown.data)
		emit_text(e, style, "%s", shown.data);
	if (columns < width)
		emit_text(e, STYLE_NONE, "%*s", (int)(width - columns), "");
	buf_free(&shown);
}

void emit_newline(struct emit *e)
{
	emit_raw(e, "\n", 1);
}

static void emit_blanks(struct emit *e, size_t n)
{
	while (n--)
		emit_raw(e, " ", 1);
}

/* Words and the blanks between them; a word that is wider than the line stays whole, so that it can
 * be copied. */
static void wrap(struct emit *e, const char *text, unsigned column, unsigned indent, unsigned limit)
{
	bool at_start = true;

	while (*text) {
		size_t gap = strspn(text, " ");
		size_t length = strcspn(text + gap, " ");
		struct buf word = {0};
		unsigned width = 0;

		text += gap;
		show(text, length, &word, &width);
		if (at_start) {
			emit_blanks(e, gap);
			column += (unsigned)gap;
		} else if (length && column + gap + width > limit) {
			emit_newline(e);
			emit_blanks(e, indent);
			column = indent;
		} else if (length) {
			emit_blanks(e, gap);
			column += (unsigned)gap;
		}
		if (!e->err)
			e->err = word.err;
		emit_raw(e, word.data, word.length);
		buf_free(&word);
		column += width;
		text += length;
		at_start = false;
	}
}

void emit_wrapped(struct emit *e, unsigned indent, const char *first, const char *format, ...)
{
	unsigned limit = e->out->columns ? e->out->columns : DEFAULT_COLUMNS;
	unsigned column = indent;
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (!e->err)
		e->err = text.err;
	if (first) {
		emit_shown(e, first, strlen(first));
		column = emit_width(first);
	} else {
		emit_blanks(e, indent);
	}
	if (text.data && !text.err)
		wrap(e, text.data, column, indent, limit);
	emit_newline(e);
	buf_free(&text);
}

void emit_continued(struct emit *e, unsigned column, unsigned indent, const char *format, ...)
{
	unsigned limit = e->out->columns ? e->out->columns : DEFAULT_COLUMNS;
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (!e->err)
		e->err = text.err;
	if (text.data && !text.err)
		wrap(e, text.data, column, indent, limit);
	emit_newline(e);
	buf_free(&text);
}

unsigned emit_width(const char *text)
{
	size_t length = strlen(text);
	unsigned columns = 0;

	while (length) {
		uint32_t c = 0;
		size_t n = utf8_decode(text, length, &c);
		bool is_shown = n && !utf8_is_control(c);

		if (n == 0)
			n = 1;
		columns += is_shown ? utf8_columns(c) : 4 * (unsigned)n;
		text += n;
		length -= n;
	}
	return columns;
}
