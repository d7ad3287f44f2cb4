/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bytes.c - growing text, and how it is quoted for JSON and for a shell. */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bytes_reserve(struct bytes *b, size_t more)
{
	size_t need, cap = b->cap ? b->cap : 1024;
	char *data;

	if (b->err)
		return b->err;
	if (__builtin_add_overflow(b->length, more, &need) || need > SIZE_MAX / 4) {
		b->err = -ENOMEM;
		return b->err;
	}
	if (need < b->cap)
		return 0;
	while (cap <= need)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->err = -ENOMEM;
		return b->err;
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

int bytes_append(struct bytes *b, const char *data, size_t length)
{
	int err = bytes_reserve(b, length);

	if (err)
		return err;
	if (length)
		memcpy(b->data + b->length, data, length);
	b->length += length;
	b->data[b->length] = 0;
	return 0;
}

int bytes_printf(struct bytes *b, const char *format, ...)
{
	va_list list;
	char *text;
	int length, err;

	va_start(list, format);
	length = vasprintf(&text, format, list);
	va_end(list);
	if (length < 0) {
		b->err = -ENOMEM;
		return b->err;
	}
	err = bytes_append(b, text, (size_t)length);
	free(text);
	return err;
}

/* Length of the valid UTF-8 sequence at text, 0 if there is none (RFC 3629: no surrogates, shortest
 * form). */
static size_t utf8_length(const unsigned char *text, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t n = 1; n <= 4 && n <= left; n++) {
		uint32_t value = text[0] & (unsigned char)~forms[n - 1].mask;

		if ((text[0] & forms[n - 1].mask) != forms[n - 1].lead)
			continue;
		for (size_t i = 1; i < n; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (text[i] & 0x3f);
		}
		if (value < forms[n - 1].least || value > 0x10ffff ||
		    (value >= 0xd800 && value <= 0xdfff))
			return 0;
		return n;
	}
	return 0;
}

int bytes_json(struct bytes *b, const char *text, size_t length)
{
	bytes_append(b, "\"", 1);
	for (size_t i = 0; i < length;) {
		unsigned char c = (unsigned char)text[i];
		size_t n = utf8_length((const unsigned char *)text + i, length - i);

		if (n == 0)
			bytes_append(b, "\\ufffd", 6);
		else if (c == '"' || c == '\\')
			bytes_printf(b, "\\%c", c);
		else if (c == '\n')
			bytes_append(b, "\\n", 2);
		else if (c < 0x20 || c == 0x7f)
			bytes_printf(b, "\\u%04x", c);
		else
			bytes_append(b, text + i, n);
		i += n ? n : 1;
	}
	return bytes_append(b, "\"", 1);
}

int bytes_json_text(struct bytes *b, const char *text)
{
	return text ? bytes_json(b, text, strlen(text)) : bytes_append(b, "null", 4);
}

int bytes_shell(struct bytes *b, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_=,./:@%+";

	if (*word && word[strspn(word, plain)] == 0)
		return bytes_append(b, word, strlen(word));
	bytes_append(b, "'", 1);
	for (; *word; word++) {
		if (*word == '\'')
			bytes_append(b, "'\\''", 4);
		else
			bytes_append(b, word, 1);
	}
	return bytes_append(b, "'", 1);
}
