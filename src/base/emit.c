/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* emit.c - the sink and the JSON form; emit_text.c has the text form. */
#include "base/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"

#define FLUSH_AT 8192
#define MAX_DEPTH 63

void emit_begin(struct emit *e, const struct iof_output *out)
{
	*e = (struct emit){.out = out};
	if (out->size < sizeof(*out) || !out->write)
		e->err = -EINVAL;
}

static void flush(struct emit *e)
{
	if (!e->err)
		e->err = e->buffer.err;
	if (!e->err && e->buffer.length)
		e->err = e->out->write(e->out->data, e->buffer.data, e->buffer.length);
	e->buffer.length = 0;
}

int emit_end(struct emit *e)
{
	bool is_json = e->is_json;

	while (!e->err && e->depth) {
		if (e->is_array & 1ULL << e->depth)
			emit_array_end(e);
		else
			emit_object_end(e);
	}
	if (is_json)
		emit_raw(e, "\n", 1);
	flush(e);
	buf_free(&e->buffer);
	return e->err;
}

void emit_raw(struct emit *e, const char *bytes, size_t length)
{
	if (e->err)
		return;
	buf_append(&e->buffer, bytes, length);
	if (e->buffer.length >= FLUSH_AT)
		flush(e);
}

static void puts_raw(struct emit *e, const char *text)
{
	emit_raw(e, text, strlen(text));
}

static void json_escape(struct emit *e, const char *text, size_t length)
{
	char escape[16];

	while (length) {
		uint32_t c;
		size_t n = utf8_decode(text, length, &c);

		if (n == 0) {
			puts_raw(e, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			escape[0] = '\\';
			escape[1] = (char)c;
			emit_raw(e, escape, 2);
		} else if (utf8_is_control(c)) {
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)c);
			puts_raw(e, escape);
		} else {
			emit_raw(e, text, n);
		}
		text += n;
		length -= n;
	}
}

static void json_text(struct emit *e, const char *text)
{
	emit_raw(e, "\"", 1);
	json_escape(e, text, strlen(text));
	emit_raw(e, "\"", 1);
}

static void json_line(struct emit *e)
{
	unsigned i;

	emit_raw(e, "\n", 1);
	for (i = 0; i < e->depth; i++)
		emit_raw(e, "  ", 2);
}

/* What stands before a value: separator, line and key. False if it is not to be written. */
static bool json_member(struct emit *e, const char *key, bool is_inline)
{
	uint64_t bit = 1ULL << e->depth;
	bool is_array = e->is_array & bit;

	/* Members of objects have a key, others have none, and there is one value at the top. */
	if (!e->err &&
	    ((e->depth && !is_array) != (key != NULL) || (e->depth == 0 && (e->has_member & bit))))
		e->err = -EINVAL;
	if (e->err)
		return false;
	if (e->has_member & bit)
		puts_raw(e, is_inline ? ", " : ",");
	if (e->depth && !is_inline)
		json_line(e);
	e->has_member |= bit;
	e->inline_member = is_inline;
	e->is_json = true;
	if (key) {
		json_text(e, key);
		puts_raw(e, ": ");
	}
	return true;
}

static void json_open(struct emit *e, const char *key, bool is_array)
{
	uint64_t bit;

	if (!e->err && e->depth == MAX_DEPTH)
		e->err = -EOVERFLOW;
	if (!json_member(e, key, false))
		return;
	puts_raw(e, is_array ? "[" : "{");
	bit = 1ULL << ++e->depth;
	e->has_member &= ~bit;
	e->is_array = is_array ? e->is_array | bit : e->is_array & ~bit;
}

static void json_close(struct emit *e, bool is_array)
{
	uint64_t bit = 1ULL << e->depth;

	if (!e->err && (!e->depth || !(e->is_array & bit) == is_array))
		e->err = -EINVAL;
	if (e->err)
		return;
	e->depth--;
	if ((e->has_member & bit) && !e->inline_member)
		json_line(e);
	puts_raw(e, is_array ? "]" : "}");
	e->inline_member = false;
}

void emit_object(struct emit *e, const char *key)
{
	json_open(e, key, false);
}

void emit_object_end(struct emit *e)
{
	json_close(e, false);
}

void emit_array(struct emit *e, const char *key)
{
	json_open(e, key, true);
}

void emit_array_end(struct emit *e)
{
	json_close(e, true);
}

void emit_string(struct emit *e, const char *key, const char *value)
{
	if (!value)
		emit_null(e, key);
	else if (json_member(e, key, false))
		json_text(e, value);
}

void emit_u64(struct emit *e, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	if (json_member(e, key, false))
		puts_raw(e, text);
}

void emit_i64(struct emit *e, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	if (json_member(e, key, false))
		puts_raw(e, text);
}

void emit_hex(struct emit *e, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", value);
	if (json_member(e, key, false))
		puts_raw(e, text);
}

void emit_bool(struct emit *e, const char *key, bool value)
{
	if (json_member(e, key, false))
		puts_raw(e, value ? "true" : "false");
}

void emit_null(struct emit *e, const char *key)
{
	if (json_member(e, key, false))
		puts_raw(e, "null");
}

void emit_json(struct emit *e, const char *key, const char *text, size_t length)
{
	const char *end = text + length, *line;

	if (!json_member(e, key, false))
		return;
	for (bool is_first = true; next_line(&text, end, &line, &length); is_first = false) {
		if (!is_first)
			json_line(e);
		emit_raw(e, line, length);
	}
}

void emit_range(struct emit *e, const char *key, const struct iof_range *range)
{
	char text[64];

	snprintf(text, sizeof(text), "[\"0x%" PRIx64 "\", \"0x%" PRIx64 "\"]", range->first,
		 range->last);
	/* Inside an array, ranges follow each other on one line. */
	if (json_member(e, key, (e->is_array & 1ULL << e->depth) != 0))
		puts_raw(e, text);
	if (key)
		e->inline_member = false;
}
