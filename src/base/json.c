/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"

#include <errno.h>

struct parser {
	struct arena *arena;
	const char *start;
	const char *at;
	const char *end;
	unsigned depth;
	size_t n_values;
	/* Values of containers that are still open; a container that closes takes its own from the
	 * end. */
	struct json_value *open;
	size_t n_open;
	size_t open_cap;
	struct json_error *error;
};

static int refuse(struct parser *p, const char *reason)
{
	p->error->offset = (size_t)(p->at - p->start);
	p->error->reason = reason;
	p->error->is_short = p->at >= p->end;
	return -EBADMSG;
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end &&
	       (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
		p->at++;
}

static bool take(struct parser *p, char c)
{
	if (p->at >= p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

/* ---- strings ---- */

static int take_hex(struct parser *p, uint32_t *out)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++, p->at++) {
		char c = p->at < p->end ? *p->at : '\0';

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return refuse(p, "four hexadecimal digits expected");
	}
	*out = value;
	return 0;
}

/* What stands behind "\u"; half a pair is no character. */
static int take_unicode(struct parser *p, char **out)
{
	uint32_t c, low;
	int err = take_hex(p, &c);

	if (err)
		return err;
	if (c >= 0xd800 && c < 0xdc00) {
		if (!take(p, '\\') || !take(p, 'u'))
			return refuse(p, "half of a character");
		err = take_hex(p, &low);
		if (err)
			return err;
		if (low < 0xdc00 || low > 0xdfff)
			return refuse(p, "half of a character");
		c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
	} else if (c >= 0xdc00 && c <= 0xdfff) {
		return refuse(p, "half of a character");
	}
	*out += utf8_encode(c, *out);
	return 0;
}

static int take_escape(struct parser *p, char **out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (take(p, 'u'))
		return take_unicode(p, out);
	found = p->at < p->end && *p->at ? strchr(names, *p->at) : NULL;
	if (!found)
		return refuse(p, "unknown escape");
	p->at++;
	*(*out)++ = values[found - names];
	return 0;
}

/* The byte behind the string's last one. Nothing is longer unescaped than it is written. */
static const char *string_end(const struct parser *p)
{
	const char *at = p->at;

	while (at < p->end && *at != '"')
		at += *at == '\\' && at + 1 < p->end ? 2 : 1;
	return at;
}

static int take_plain(struct parser *p, char **out)
{
	unsigned char c = (unsigned char)*p->at;
	uint32_t character;
	size_t n = 1;

	if (c < 0x20)
		return refuse(p, "control character in a string");
	if (c >= 0x80)
		n = utf8_decode(p->at, (size_t)(p->end - p->at), &character);
	if (!n)
		return refuse(p, "not valid UTF-8");
	memcpy(*out, p->at, n);
	*out += n;
	p->at += n;
	return 0;
}

/* Behind the opening quote. */
static int take_string(struct parser *p, const char **text, size_t *length)
{
	char *out = arena_alloc(p->arena, (size_t)(string_end(p) - p->at) + 1);
	char *start = out;
	int err = 0;

	if (!out)
		return -ENOMEM;
	while (!err && !take(p, '"')) {
		if (p->at >= p->end)
			err = refuse(p, "string without an end");
		else if (take(p, '\\'))
			err = take_escape(p, &out);
		else
			err = take_plain(p, &out);
	}
	*text = start;
	*length = (size_t)(out - start);
	return err;
}

/* ---- numbers and words ---- */

static size_t take_digits(struct parser *p)
{
	const char *start = p->at;

	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		p->at++;
	return (size_t)(p->at - start);
}

static int take_number(struct parser *p, struct json_value *out)
{
	bool is_negative = take(p, '-'), is_real = false;
	const char *digits = p->at;
	size_t n = take_digits(p);

	if (n > 1 && *digits == '0')
		p->at = digits;
	if (!n || p->at == digits)
		return refuse(p, "malformed number");
	out->type = JSON_REAL;
	if (take(p, '.')) {
		is_real = true;
		if (!take_digits(p))
			return refuse(p, "malformed number");
	}
	if (take(p, 'e') || take(p, 'E')) {
		is_real = true;
		if (!take(p, '+'))
			take(p, '-');
		if (!take_digits(p))
			return refuse(p, "malformed number");
	}
	if (is_real ||
	    parse_u64n(digits, n, 10, is_negative ? INT64_MAX : UINT64_MAX, &out->number) < 0)
		return 0;
	out->type = JSON_INTEGER;
	out->is_negative = is_negative && out->number;
	if (out->is_negative)
		out->number = -out->number;
	return 0;
}

static int take_word(struct parser *p, struct json_value *out)
{
	static const struct {
		const char *word;
		size_t length;
		enum json_type type;
		bool value;
	} words[] = {
		{"true", 4, JSON_BOOL, true},
		{"false", 5, JSON_BOOL, false},
		{"null", 4, JSON_NULL, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if ((size_t)(p->end - p->at) < words[i].length ||
		    memcmp(p->at, words[i].word, words[i].length) != 0)
			continue;
		p->at += words[i].length;
		out->type = words[i].type;
		out->boolean = words[i].value;
		return 0;
	}
	return refuse(p, "unexpected character");
}

/* ---- arrays and objects ---- */

static int take_value(struct parser *p, struct json_value *out);

static int take_key(struct parser *p, struct json_value *out)
{
	size_t length;
	int err;

	if (!take(p, '"'))
		return refuse(p, "the name of a member expected");
	err = take_string(p, &out->key, &length);
	if (err)
		return err;
	if (strlen(out->key) != length)
		return refuse(p, "zero byte in the name of a member");
	skip_blanks(p);
	return take(p, ':') ? 0 : refuse(p, "':' expected");
}

static int take_item(struct parser *p, bool is_object)
{
	struct json_value item = {0};
	struct json_value *grown;
	int err = 0;

	skip_blanks(p);
	item.key_start = (size_t)(p->at - p->start);
	if (is_object)
		err = take_key(p, &item);
	if (!err)
		err = take_value(p, &item);
	if (err)
		return err;
	grown = arena_grow(p->arena, p->open, p->n_open, &p->open_cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	p->open = grown;
	p->open[p->n_open++] = item;
	skip_blanks(p);
	return 0;
}

/* Behind the opening bracket. */
static int take_items(struct parser *p, char closing, struct json_value *out)
{
	size_t first = p->n_open;
	int err = 0;

	out->type = closing == '}' ? JSON_OBJECT : JSON_ARRAY;
	skip_blanks(p);
	if (take(p, closing))
		return 0;
	do
		err = take_item(p, closing == '}');
	while (!err && take(p, ','));
	if (err)
		return err;
	if (!take(p, closing))
		return refuse(p, closing == '}' ? "',' or '}' expected" : "',' or ']' expected");
	out->n = p->n_open - first;
	out->items = arena_memdup(p->arena, p->open + first, out->n * sizeof(*out->items));
	p->n_open = first;
	return out->items ? 0 : -ENOMEM;
}

static int take_container(struct parser *p, char closing, struct json_value *out)
{
	int err;

	if (++p->depth > JSON_MAX_DEPTH)
		return refuse(p, "nested too deeply");
	err = take_items(p, closing, out);
	p->depth--;
	return err;
}

static int take_any(struct parser *p, struct json_value *out)
{
	if (p->at >= p->end)
		return refuse(p, "a value expected");
	if (++p->n_values > JSON_MAX_VALUES)
		return refuse(p, "too many values");
	if (take(p, '{'))
		return take_container(p, '}', out);
	if (take(p, '['))
		return take_container(p, ']', out);
	if (take(p, '"')) {
		out->type = JSON_STRING;
		return take_string(p, &out->text, &out->n);
	}
	if (*p->at == '-' || (*p->at >= '0' && *p->at <= '9'))
		return take_number(p, out);
	return take_word(p, out);
}

static int take_value(struct parser *p, struct json_value *out)
{
	int err;

	skip_blanks(p);
	out->start = (size_t)(p->at - p->start);
	err = take_any(p, out);
	out->end = (size_t)(p->at - p->start);
	return err;
}

int json_parse(struct arena *arena, const char *bytes, size_t length, struct json_value *out,
	       struct json_error *error)
{
	struct parser p = {
		.arena = arena, .start = bytes, .at = bytes, .end = bytes + length, .error = error};
	int err;

	*out = (struct json_value){0};
	*error = (struct json_error){0};
	err = take_value(&p, out);
	if (err)
		return err;
	skip_blanks(&p);
	return p.at == p.end ? 0 : refuse(&p, "text after the end of the JSON value");
}

const struct json_value *json_member(const struct json_value *object, const char *key)
{
	if (object->type != JSON_OBJECT)
		return NULL;
	for (size_t i = object->n; i-- > 0;)
		if (str_eq(object->items[i].key, key))
			return &object->items[i];
	return NULL;
}

int64_t json_int64(const struct json_value *value)
{
	if (value->is_negative)
		return (int64_t)value->number;
	return value->number > INT64_MAX ? INT64_MAX : (int64_t)value->number;
}
