// SPDX-License-Identifier: LGPL-2.1-or-later
/* profile_json.c - strict access to the parts of a JSON text, with messages that say where. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/utf8.h"
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
	ctx_fail(r->ctx, -EBADMSG, "%s: %s: %s", r->name,
		 text.length && !text.err ? text.data : "profile", reason);
	buf_free(&text);
	return -EBADMSG;
}

static size_t line_at(const char *bytes, size_t offset)
{
	size_t line = 1;
	size_t i;

	for (i = 0; i < offset; i++)
		line += bytes[i] == '\n';
	return line;
}

static bool is_blank(const char *bytes, size_t length)
{
	while (length && strchr(" \t\r\n", bytes[length - 1]))
		length--;
	return length == 0;
}

static int check_parsed(const struct profile_reader *r, json_tokener *tokener, json_object *object,
			const char *bytes, size_t length)
{
	enum json_tokener_error error = json_tokener_get_error(tokener);
	size_t end = json_tokener_get_parse_end(tokener);

	/* A number or a word at the top has no end of its own. */
	if (error == json_tokener_continue && !strchr("{[\"", bytes[strspn(bytes, " \t\r\n")]))
		return ctx_fail(r->ctx, -EBADMSG, "%s:1: not a JSON object", r->name);
	if (error == json_tokener_continue)
		return ctx_fail(r->ctx, -EBADMSG, "%s:%zu: the JSON text ends too early", r->name,
				line_at(bytes, length));
	if (error == json_tokener_success && !object && length > 4)
		return ctx_fail(r->ctx, -ENOMEM, "%s: out of memory", r->name);
	if (error != json_tokener_success)
		return ctx_fail(r->ctx, -EBADMSG, "%s:%zu: not valid JSON: %s", r->name,
				line_at(bytes, end), json_tokener_error_desc(error));
	if (!is_blank(bytes + end, length - end))
		return ctx_fail(r->ctx, -EBADMSG, "%s:%zu: text after the end of the JSON value",
				r->name, line_at(bytes, end));
	if (json_object_get_type(object) != json_type_object)
		return ctx_fail(r->ctx, -EBADMSG, "%s:1: not a JSON object", r->name);
	return 0;
}

int profile_parse(const struct profile_reader *r, const char *bytes, size_t length,
		  json_object **out)
{
	const char *nul = memchr(bytes, '\0', length);
	json_tokener *tokener;
	json_object *object;
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
	tokener = json_tokener_new_ex(PROFILE_MAX_DEPTH);
	if (!tokener)
		return ctx_fail(r->ctx, -ENOMEM, "%s: out of memory", r->name);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, bytes, (int)length);
	err = check_parsed(r, tokener, object, bytes, length);
	json_tokener_free(tokener);
	if (err) {
		json_object_put(object);
		return err;
	}
	*out = object;
	return 0;
}

static const char *type_text(enum json_type type)
{
	switch (type) {
	case json_type_boolean:
		return "true or false";
	case json_type_int:
		return "a whole number";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		return "a string";
	default:
		return "something else";
	}
}

int profile_object(const struct profile_reader *r, const struct json_place *place,
		   json_object *value)
{
	if (json_object_get_type(value) == json_type_object)
		return 0;
	return profile_refuse(r, place, "must be an object");
}

int profile_member(const struct profile_reader *r, const struct json_place *place,
		   json_object *object, const char *key, enum json_type type, bool required,
		   json_object **out)
{
	struct json_place here = {.up = place, .key = key};

	*out = NULL;
	json_object_object_get_ex(object, key, out);
	if (!*out)
		return required ? profile_refuse(r, &here, "is missing") : 0;
	if (json_object_get_type(*out) != type)
		return profile_refuse(r, &here, "must be %s", type_text(type));
	return 0;
}

/* json-c lets through some sequences that are none. */
static bool is_utf8(const char *text, size_t length)
{
	size_t n;

	for (; length; text += n, length -= n) {
		uint32_t c;

		n = utf8_decode(text, length, &c);
		if (!n)
			return false;
	}
	return true;
}

int profile_string(const struct profile_reader *r, const struct json_place *place,
		   json_object *value, const char **out)
{
	const char *text;
	size_t length;

	if (json_object_get_type(value) != json_type_string)
		return profile_refuse(r, place, "must be a string");
	text = json_object_get_string(value);
	length = (size_t)json_object_get_string_len(value);
	if (length > MAX_TEXT)
		return profile_refuse(r, place, "is longer than %u bytes", MAX_TEXT);
	if (strlen(text) != length)
		return profile_refuse(r, place, "holds a zero byte");
	if (!is_utf8(text, length))
		return profile_refuse(r, place, "is not valid UTF-8");
	*out = arena_strndup(r->arena, text, length);
	return *out ? 0 : ctx_fail(r->ctx, -ENOMEM, "%s: out of memory", r->name);
}

int profile_text(const struct profile_reader *r, const struct json_place *place,
		 json_object *object, const char *key, const char **out)
{
	struct json_place here = {.up = place, .key = key};
	json_object *value;
	int err = profile_member(r, place, object, key, json_type_string, false, &value);

	*out = NULL;
	return err || !value ? err : profile_string(r, &here, value, out);
}

int profile_address(const struct profile_reader *r, const struct json_place *place,
		    json_object *value, uint64_t *out)
{
	const char *text;

	if (json_object_get_type(value) != json_type_string)
		return profile_refuse(r, place, "must be a string such as \"0x1000\"");
	text = json_object_get_string(value);
	if (!str_starts(text, "0x") ||
	    parse_u64n(text, (size_t)json_object_get_string_len(value), 16, UINT64_MAX, out) < 0)
		return profile_refuse(r, place, "must be a 64-bit number such as \"0x1000\"");
	return 0;
}

static const enum json_type json_types[] = {
	[FIELD_STRING] = json_type_string,   [FIELD_BOOL] = json_type_boolean,
	[FIELD_TRISTATE] = json_type_string, [FIELD_ENUM] = json_type_string,
	[FIELD_UNSIGNED] = json_type_int,    [FIELD_INT] = json_type_int,
	[FIELD_U64] = json_type_int,	     [FIELD_HEX64] = json_type_string,
	[FIELD_HEX32] = json_type_string,    [FIELD_HEX16] = json_type_string,
};

static const uint64_t type_limits[] = {
	[FIELD_UNSIGNED] = UINT_MAX, [FIELD_INT] = INT_MAX,	 [FIELD_U64] = UINT64_MAX,
	[FIELD_HEX64] = UINT64_MAX,  [FIELD_HEX32] = UINT32_MAX, [FIELD_HEX16] = UINT16_MAX,
};

static int read_name(const struct profile_reader *r, const struct json_place *place,
		     json_object *value, const char *const *names, unsigned *out)
{
	const char *text = json_object_get_string(value);
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
		       json_object *value, const struct profile_field *field, uint64_t *out)
{
	uint64_t max = field->max ? field->max : type_limits[field->type];
	int err = 0;

	if (json_types[field->type] == json_type_string)
		err = profile_address(r, place, value, out);
	else if (json_object_get_int64(value) < 0)
		return profile_refuse(r, place, "must not be negative");
	else
		*out = json_object_get_uint64(value);
	if (!err && *out > max)
		return profile_refuse(r, place, "is out of range");
	return err;
}

static int read_int(const struct profile_reader *r, const struct json_place *place,
		    json_object *value, void *to)
{
	int64_t number = json_object_get_int64(value);
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
		      json_object *value, const struct profile_field *field, void *to)
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
		*(bool *)to = json_object_get_boolean(value);
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
		   json_object *object, const struct profile_field *field, void *base)
{
	for (; field->key; field++) {
		struct json_place here = {.up = place, .key = field->key};
		json_object *value;
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
