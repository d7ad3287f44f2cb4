/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* markup.c - text between tags. */
#include "show/markup.h"

#include <stdio.h>

#include "base/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"

static const struct {
	char character;
	const char *reference;
} references[] = {
	{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
};

static const char *reference_of(uint32_t character)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
		if ((uint32_t)references[i].character == character)
			return references[i].reference;
	}
	return NULL;
}

/* XML 1.0 has no U+FFFE and U+FFFF, HTML none of the noncharacters. */
static bool is_forbidden(uint32_t character)
{
	return utf8_is_control(character) || (character & 0xfffe) == 0xfffe ||
	       (character >= 0xfdd0 && character <= 0xfdef);
}

/* The next character; newlines stay where the text may have several lines. */
static size_t put_next(struct buf *to, const char *text, size_t length, bool lines)
{
	uint32_t c = 0;
	size_t n = utf8_decode(text, length, &c);
	const char *reference = n ? reference_of(c) : NULL;

	if (reference)
		buf_puts(to, reference);
	else if (n && (!is_forbidden(c) || (lines && c == '\n')))
		buf_append(to, text, n);
	else
		for (size_t i = 0; i < (n ? n : 1); i++)
			buf_printf(to, "\\x%02x", (unsigned)(unsigned char)text[i]);
	return n ? n : 1;
}

/* What is written goes straight into the emitter's buffer, which is flushed now and then. */
void markup_text(struct emit *e, const char *text)
{
	size_t length = strlen(text);

	while (length && !e->err && !e->buffer.err) {
		size_t n = put_next(&e->buffer, text, length, true);

		text += n;
		length -= n;
	}
	emit_raw(e, "", 0);
}

void markup(struct emit *e, const char *format, ...)
{
	va_list args;

	if (e->err)
		return;
	va_start(args, format);
	buf_vprintf(&e->buffer, format, args);
	va_end(args);
	emit_raw(e, "", 0);
}

void markup_escaped(struct emit *e, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (!e->err)
		e->err = text.err;
	if (text.data)
		markup_text(e, text.data);
	buf_free(&text);
}

void markup_cut(struct emit *e, unsigned columns, const char *text)
{
	bool is_cut = emit_width(text) > columns;
	unsigned left = is_cut && columns ? columns - 1 : columns;
	size_t length = strlen(text);

	while (length && !e->err && !e->buffer.err) {
		char one[5] = {0};
		uint32_t c;
		size_t n = utf8_decode(text, length, &c);
		unsigned width;

		memcpy(one, text, n ? n : 1);
		width = emit_width(one);
		if (width > left)
			break;
		left -= width;
		n = put_next(&e->buffer, text, length, false);
		text += n;
		length -= n;
	}
	if (is_cut)
		markup(e, "%s", ELLIPSIS);
}
