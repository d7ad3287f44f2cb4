/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * emit.h - one writer for text and JSON. It escapes control characters and invalid UTF-8 of inputs
 * everywhere, keeps the first error of the sink, and closes what is open at the end.
 */
#ifndef BASE_EMIT_H
#define BASE_EMIT_H

#include <iommufit/types.h>

#include "base/strings.h"

struct emit {
	const struct iof_output *out;
	struct buf buffer;
	int err;
	unsigned depth;
	uint64_t has_member; /* one bit per depth (at most 63 deep) */
	uint64_t is_array;
	bool inline_member;
	bool is_json; /* something was written as JSON: a newline follows at the end */
};

void emit_begin(struct emit *, const struct iof_output *);
/* Close what is open and flush; returns the first error. */
int emit_end(struct emit *);

/* Bytes that are known to be clean. */
void emit_raw(struct emit *, const char *bytes, size_t length);

/* JSON. key is NULL inside arrays and at the top. Output is indented by two; an array of ranges
 * stays on one line. */
void emit_object(struct emit *, const char *key);
void emit_object_end(struct emit *);
void emit_array(struct emit *, const char *key);
void emit_array_end(struct emit *);
void emit_string(struct emit *, const char *key, const char *value); /* NULL: null */
void emit_u64(struct emit *, const char *key, uint64_t);
void emit_i64(struct emit *, const char *key, int64_t);
void emit_hex(struct emit *, const char *key, uint64_t); /* "0x…" */
void emit_bool(struct emit *, const char *key, bool);
void emit_null(struct emit *, const char *key);
/* A JSON value that another emitter wrote, at the indentation of this place. */
void emit_json(struct emit *, const char *key, const char *text, size_t length);
void emit_range(struct emit *, const char *key, const struct iof_range *); /* ["0x0","0xfff"] */

/* Text. Styles are dropped unless out->colour. */
enum emit_style {
	STYLE_NONE,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_RED,
	STYLE_YELLOW,
	STYLE_GREEN,
	STYLE_CYAN
};
/* Escaped (also a newline: use emit_newline), no wrapping, no newline added. */
void emit_text(struct emit *, enum emit_style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A paragraph wrapped at out->columns, each line after `indent` blanks, the first after `first`
 * (may be NULL) instead. A newline ends it. A word wider than the line stays whole. */
void emit_wrapped(struct emit *, unsigned indent, const char *first, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same behind something that was already written up to that column. */
void emit_continued(struct emit *, unsigned column, unsigned indent, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void emit_newline(struct emit *);
/* In exactly so many columns: what is longer is cut and ends in "..". */
void emit_column(struct emit *, enum emit_style, unsigned width, const char *text);
/* Display columns of a UTF-8 string after escaping. */
unsigned emit_width(const char *);

#endif
