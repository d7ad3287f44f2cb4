/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.h - a JSON text as a tree in an arena, as RFC 8259 has it and no more. Why not json-c: its
 * 0.16 crashes, or goes on with half a string, when it gets no memory.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define JSON_MAX_DEPTH 32u
#define JSON_MAX_VALUES (1u << 22)

enum json_type {
	JSON_NULL = 0,
	JSON_BOOL,
	JSON_INTEGER, /* fits int64_t or uint64_t */
	JSON_REAL,    /* any other number; its value is of no use here */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_value {
	const char *key; /* of a member, NUL-terminated; NULL otherwise */
	enum json_type type;
	bool is_negative; /* JSON_INTEGER: number is an int64_t */
	/* Bytes of the text: the value is [start, end); a member's name begins at its quote. */
	size_t start, end, key_start;
	size_t n; /* bytes of text, or items */
	union {
		bool boolean;
		uint64_t number;
		const char *text;		/* NUL-terminated; may hold further NULs */
		const struct json_value *items; /* of an array or an object, in order */
	};
};

/* Where and why a text is none. */
struct json_error {
	size_t offset;
	const char *reason;
	bool is_short; /* the text ends too early */
};

/* 0, -EBADMSG with the error filled, or -ENOMEM. The value and all below it live in the arena. */
int json_parse(struct arena *, const char *bytes, size_t length, struct json_value *,
	       struct json_error *);
/* The last member of that name, or NULL. */
const struct json_value *json_member(const struct json_value *object, const char *key);
/* An integer as int64_t; INT64_MAX if it is greater. */
int64_t json_int64(const struct json_value *);

#endif
