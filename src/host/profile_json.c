// SPDX-License-Identifier: LGPL-2.1-or-later
/* profile_json.c - strict access to the parts of a JSON text, with messages that say where. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "host/profile_json.h"

#define MAX_TEXT 65536u /* bytes of one string; a kernel command line has 4096 at most */

static void put_place(struct buf *text, const struct json_place *place)
{
	if (!place)
		return;
	put_place(text, place->up);
	if (!place->key)
		buf_printf(text, "[%zu]", place->index);
	else
		buf_printf(text, "%s%s", text->length ? "." : "", place->key);
}

/* The deepest value on the way to a place that is there. */
static const struct json_value *value_at(const struct json_value *root,
					 const struct json_place *place)
{
	const struct json_value *up = place ? value_at(root, place->up) : root, *value = NULL;

	if (!place)
		return root;
	if (place->key && up->type == JSON_OBJECT)
		value = json_member(up, place->key);
	else if (!place->key && up->type == JSON_ARRAY && place->index < up->n)
		value = &up->items[place->index];
	return value ? value : up;
}

static size_t line_at(const char *bytes, size_t offset)
{
	size_t line = 1;
	size_t i;

	for (i = 0; i < offset; i++)
		line += bytes[i] == '\n';
	return line;
}

int profile_refuse(const struct profile_reader *r, const struct json_place *place,
		   const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	char reason[200];

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	put_place(&text, place);
	ctx_fail(r->ctx, -EBADMSG, "%s:%zu: %s: %s", r->name,
		 line_at(r->bytes, value_at(r->root, place)->start),
		 text.length && !text.err ? text.data : "profile", reason);
	buf_free(&text);
	return -EBADMSG;
}

static bool is_blank(const char *bytes, size_t length)
{
	while (length && strchr(" \t\r\n", bytes[length - 1]))
		length--;
	return length == 0;
}

static int refuse_text(const struct profile_reader *r, const char *bytes,
		       const struct json_error *error)
{
	size_t line = line_at(bytes, error->offset);

	if (error->is_short)
		return ctx_fail(r->ctx, -EBADMSG, "%s:%zu: the JSON text ends too early", r->name,
				line);
	return ctx_fail(r->ctx, -EBADMSG, "%s:%zu: not valid JSON: %s", r->name, line,
			error->reason);
}

int profile_parse(const struct profile_reader *r, struct arena *arena, const char *bytes,
		  size_t length, const struct json_value **out)
{
	const char *nul = memchr(bytes, '\0', length);
	struct json_value *value;
	struct json_error error;
	int err;

	*out = NULL;
	if (is_blank(bytes, length))
		return ctx_fail(r->ctx, -EBADMSG, "%s:1: empty", r->name);
	if (length > PROFILE_MAX_BYTES)
		return ctx_fail(r->ctx, -EBADMSG, "%s:1: larger than %u MiB", r->name,
				PROFILE_MAX_BYTES >> 20);
	if (nul)
		return ctx_fail(r->ctx, -EBADMSG, "%s:%zu: a zero byte in the text", r->name,
				line_at(bytes, (size_t)(nul - bytes)));
	value = arena_alloc(arena, sizeof(*value));
	err = value ? json_parse(arena, bytes, length, value, &error) : -ENOMEM;
	if (err == -EBADMSG)
		return refuse_text(r, bytes, &error);
	if (err)
		return ctx_fail(r->ctx, err, "%s: out of memory", r->name);
	if (value->type != JSON_OBJECT)
		return ctx_fail(r->ctx, -EBADMSG, "%s:1: not a JSON object", r->name);
	*out = value;
	return 0;
}

static const char *type_text(enum json_type type)
{
	switch (type) {
	case JSON_BOOL:
		return "true or false";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	default:
		return "something else";
	}
}

int profile_object(const struct profile_reader *r, const struct json_place *place,
		   const struct json_value *value)
{
	if (value->type == JSON_OBJECT)
		return 0;
	return profile_refuse(r, place, "must be an object");
}

int profile_member(const struct profile_reader *r, const struct json_place *place,
		   const struct json_value *object, const char *key, enum json_type type,
		   bool required, const struct json_value **out)
{
	struct json_place here = {.up = place, .key = key};

	*out = json_member(object, key);
	if (*out && (*out)->type == JSON_NULL)
		*out = NULL;
	if (!*out)
		return required ? profile_refuse(r, &here, "is missing") : 0;
	if ((*out)->type != type)
		return profile_refuse(r, &here, "must be %s", type_text(type));
	return 0;
}

int profile_string(const struct profile_reader *r, const struct json_place *place,
		   const struct json_value *value, const char **out)
{
	if (value->type != JSON_STRING)
		return profile_refuse(r, place, "must be a string");
	if (value->n > MAX_TEXT)
		return profile_refuse(r, place, "is longer than %u bytes", MAX_TEXT);
	if (strlen(value->text) != value->n)
		return profile_refuse(r, place, "holds a zero byte");
	*out = arena_strndup(r->arena, value->text, value->n);
	return *out ? 0 : ctx_fail(r->ctx, -ENOMEM, "%s: out of memory", r->name);
}

int profile_text(const struct profile_reader *r, const struct json_place *place,
		 const struct json_value *object, const char *key, const char **out)
{
	struct json_place here = {.up = place, .key = key};
	const struct json_value *value;
	int err = profile_member(r, place, object, key, JSON_STRING, false, &value);

	*out = NULL;
	return err || !value ? err : profile_string(r, &here, value, out);
}

int profile_address(const struct profile_reader *r, const struct json_place *place,
		    const struct json_value *value, uint64_t *out)
{
	const char *text;

	if (value->type != JSON_STRING)
		return profile_refuse(r, place, "must be a string such as \"0x1000\"");
	text = value->text;
	if (!str_starts(text, "0x") || parse_u64n(text, value->n, 16, UINT64_MAX, out) < 0)
		return profile_refuse(r, place, "must be a 64-bit number such as \"0x1000\"");
	return 0;
}

static const enum json_type json_types[] = {
	[FIELD_STRING] = JSON_STRING,	 [FIELD_BOOL] = JSON_BOOL,
	[FIELD_TRISTATE] = JSON_STRING,	 [FIELD_ENUM] = JSON_STRING,
	[FIELD_UNSIGNED] = JSON_INTEGER, [FIELD_INT] = JSON_INTEGER,
	[FIELD_U64] = JSON_INTEGER,	 [FIELD_HEX64] = JSON_STRING,
	[FIELD_HEX32] = JSON_STRING,	 [FIELD_HEX16] = JSON_STRING,
};

static const uint64_t type_limits[] = {
	[FIELD_UNSIGNED] = UINT_MAX, [FIELD_INT] = INT_MAX,	 [FIELD_U64] = UINT64_MAX,
	[FIELD_HEX64] = UINT64_MAX,  [FIELD_HEX32] = UINT32_MAX, [FIELD_HEX16] = UINT16_MAX,
};

static int read_name(const struct profile_reader *r, const struct json_place *place,
		     const struct json_value *value, const char *const *names, unsigned *out)
{
	const char *text = value->text;
	unsigned i;

	for (i = 0; names[i]; i++) {
		if (str_eq(names[i], text)) {
			*out = i;
			return 0;
		}
	}
	return profile_refuse(r, place, "has a value that is not known here");
}

/* A number as JSON or as "0x…", at most the field's limit. */
static int read_number(const struct profile_reader *r, const struct json_place *place,
		       const struct json_value *value, const struct profile_field *field,
		       uint64_t *out)
{
	uint64_t max = field->max ? field->max : type_limits[field->type];
	int err = 0;

	if (json_types[field->type] == JSON_STRING)
		err = profile_address(r, place, value, out);
	else if (json_int64(value) < 0)
		return profile_refuse(r, place, "must not be negative");
	else
		*out = value->number;
	if (!err && *out > max)
		return profile_refuse(r, place, "is out of range");
	return err;
}

static int read_int(const struct profile_reader *r, const struct json_place *place,
		    const struct json_value *value, void *to)
{
	int64_t number = json_int64(value);
	int narrow = (int)number;

	if (number < -1 || number > INT_MAX)
		return profile_refuse(r, place, "is out of range");
	memcpy(to, &narrow, sizeof(narrow));
	return 0;
}

static void store(enum field_type type, uint64_t number, void *to)
{
	uint32_t wide = (uint32_t)number;
	uint16_t narrow = (uint16_t)number;

	switch (type) {
	case FIELD_HEX16:
		memcpy(to, &narrow, sizeof(narrow));
		break;
	case FIELD_UNSIGNED:
	case FIELD_HEX32:
		memcpy(to, &wide, sizeof(wide));
		break;
	default:
		memcpy(to, &number, sizeof(number));
	}
}

static int read_value(const struct profile_reader *r, const struct json_place *place,
		      const struct json_value *value, const struct profile_field *field, void *to)
{
	const char *const *names = field->names ? field->names : tristate_names;
	const char *text;
	uint64_t number;
	unsigned index = 0;
	int err;

	static_assert(sizeof(enum iof_iommu) == sizeof(index) &&
			      sizeof(enum tristate) == sizeof(index),
		      "enumerations are read as unsigned");
	switch (field->type) {
	case FIELD_STRING:
		err = profile_string(r, place, value, &text);
		if (!err)
			memcpy(to, &text, sizeof(text));
		return err;
	case FIELD_BOOL:
		*(bool *)to = value->boolean;
		return 0;
	case FIELD_TRISTATE:
	case FIELD_ENUM:
		err = read_name(r, place, value, names, &index);
		if (!err)
			memcpy(to, &index, sizeof(index));
		return err;
	case FIELD_INT:
		return read_int(r, place, value, to);
	default:
		err = read_number(r, place, value, field, &number);
		if (!err)
			store(field->type, number, to);
		return err;
	}
}

int profile_fields(const struct profile_reader *r, const struct json_place *place,
		   const struct json_value *object, const struct profile_field *field, void *base)
{
	for (; field->key; field++) {
		struct json_place here = {.up = place, .key = field->key};
		const struct json_value *value;
		int err;

		err = profile_member(r, place, object, field->key, json_types[field->type],
				     field->required, &value);
		if (!err && value)
			err = read_value(r, &here, value, field, (char *)base + field->offset);
		if (err)
			return err;
		if (value && field->present != NOT_OPTIONAL)
			*(bool *)((char *)base + field->present) = true;
	}
	return 0;
}
