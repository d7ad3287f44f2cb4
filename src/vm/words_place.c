// SPDX-License-Identifier: LGPL-2.1-or-later
/* words_place.c - words of an argument vector, places in words, and quoting. */
#include <errno.h>

#include "vm/words.h"

int word_plain(struct arena *arena, const char *text, struct word *word)
{
	size_t length = strlen(text);
	char *copy = arena_strndup(arena, text, length);

	if (!copy)
		return -ENOMEM;
	*word = (struct word){.text = copy,
			      .length = length,
			      .raw_length = length,
			      .line = 1,
			      .column = 1,
			      .seen_line = 1,
			      .seen_column = 1};
	return 0;
}

/* Line and column of an offset within the word, going on from where the last call stopped. */
static void locate(struct word *word, const char *source, struct place *place)
{
	if (place->offset < word->seen) {
		word->seen = word->offset;
		word->seen_line = word->line;
		word->seen_column = word->column;
	}
	for (; word->seen < place->offset; word->seen++) {
		bool is_newline = source && source[word->seen] == '\n';

		word->seen_line += is_newline;
		word->seen_column = is_newline ? 1 : word->seen_column + 1;
	}
	place->line = word->seen_line;
	place->column = word->seen_column;
}

struct place word_place(struct word *word, const char *source, size_t start, size_t end, int arg)
{
	struct place place = {.arg = arg};
	size_t first = word->offset + start, last = word->offset + end;

	if (word->chars && start < end) {
		const struct word_char *tail = &word->chars[end - 1];

		first = word->chars[start].offset;
		last = (size_t)tail->offset + tail->length;
	} else if (word->chars) {
		const struct word_char *before = start ? &word->chars[start - 1] : NULL;

		first = before ? (size_t)before->offset + before->length : word->chars[0].offset;
		last = first;
	}
	place.offset = first;
	place.length = last - first;
	locate(word, source, &place);
	return place;
}

bool word_has_variable(const struct word *word, size_t start, size_t end)
{
	for (size_t i = start; word->marks && i < end; i++) {
		if (word->marks[i] != '.')
			return true;
	}
	return false;
}

/* Characters that mean themselves anywhere in an unquoted word. */
static bool is_safe(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool is_alnum =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!is_alnum && !(c && strchr("_./:=,+@%^-", c)))
			return false;
	}
	return true;
}

static void append_single(struct buf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, text[i]);
	}
}

static void append_escaped(struct buf *out, const char *text, size_t length, const char *special)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] && strchr(special, text[i]))
			buf_putc(out, '\\');
		buf_putc(out, text[i]);
	}
}

void quote_append(struct buf *out, const char *text, size_t length, enum quote quote)
{
	switch (quote) {
	case QUOTE_NONE:
		if (length && is_safe(text, length)) {
			buf_append(out, text, length);
			break;
		}
		buf_putc(out, '\'');
		append_single(out, text, length);
		buf_putc(out, '\'');
		break;
	case QUOTE_SINGLE:
		append_single(out, text, length);
		break;
	case QUOTE_DOUBLE:
		append_escaped(out, text, length, "$`\"\\");
		break;
	case QUOTE_ANSI:
		append_escaped(out, text, length, "'\\");
		break;
	case QUOTE_RAW:
		buf_append(out, text, length);
		break;
	}
}
