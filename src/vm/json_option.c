// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * json_option.c - options written as JSON, with the place of each member. json-c is no help here:
 * it tells no places and not what QEMU would say. Behaviour: qobject/json-lexer.c, json-streamer.c
 * and json-parser.c of 7.2 to 10.0 (single quotes are allowed, the first error counts, tokens are
 * read up to the closing bracket before any is judged).
 */
#include <errno.h>

#include "base/utf8.h"
#include "vm/argument.h"

enum json_token_type {
	JSON_PUNCTUATION,
	JSON_STRING,
	JSON_NUMBER,
	JSON_KEYWORD,
	JSON_ERROR,
	JSON_END
};

struct json_token {
	enum json_token_type type;
	size_t start;
	size_t end;
	char c; /* of punctuation */
};

struct json {
	struct arena *arena;
	const char *text;
	size_t pos;
	struct json_token *tokens;
	size_t n;
	size_t cap;
	size_t next; /* token that is parsed next */
	unsigned depth;
	const char *error;
	int err; /* -ENOMEM, -E2BIG */
	struct segments *out;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct json_token bad_token(size_t start, size_t end)
{
	return (struct json_token){.type = JSON_ERROR, .start = start, .end = end};
}

/* A character that no token goes on with belongs to the stray text, the end does not. */
static struct json_token stray(const struct json *j, size_t start, size_t at)
{
	return bad_token(start, j->text[at] ? at + 1 : at);
}

static struct json_token lex_string(const struct json *j, size_t start)
{
	char quote = j->text[start];
	size_t i = start + 1;

	for (; j->text[i] != quote; i++) {
		if ((unsigned char)j->text[i] < ' ' || (unsigned char)j->text[i] > 0xfd)
			return stray(j, start, i);
		if (j->text[i] == '\\') {
			i++;
			if ((unsigned char)j->text[i] < ' ' || (unsigned char)j->text[i] > 0xfd)
				return stray(j, start, i);
		}
	}
	return (struct json_token){.type = JSON_STRING, .start = start, .end = i + 1};
}

static size_t skip_digits(const struct json *j, size_t i)
{
	while (is_digit(j->text[i]))
		i++;
	return i;
}

static struct json_token lex_number(const struct json *j, size_t start)
{
	size_t i = start + (j->text[start] == '-'), from = i;

	if (!is_digit(j->text[i]))
		return stray(j, start, i);
	i = skip_digits(j, i);
	if (j->text[from] == '0' && i > from + 1)
		return bad_token(start, from + 2);
	if (j->text[i] == '.') {
		from = ++i;
		i = skip_digits(j, i);
		if (i == from)
			return stray(j, start, i);
	}
	if (j->text[i] == 'e' || j->text[i] == 'E') {
		i++;
		i += j->text[i] == '+' || j->text[i] == '-';
		from = i;
		i = skip_digits(j, i);
		if (i == from)
			return stray(j, start, i);
	}
	return (struct json_token){.type = JSON_NUMBER, .start = start, .end = i};
}

static struct json_token lex(struct json *j)
{
	size_t i = j->pos;
	struct json_token token;

	while (is_space(j->text[i]))
		i++;
	token = (struct json_token){
		.type = JSON_PUNCTUATION, .start = i, .end = i + 1, .c = j->text[i]};
	if (!j->text[i]) {
		token.type = JSON_END;
		token.end = i;
	} else if (j->text[i] == '"' || j->text[i] == '\'') {
		token = lex_string(j, i);
	} else if (j->text[i] == '-' || is_digit(j->text[i])) {
		token = lex_number(j, i);
	} else if (j->text[i] >= 'a' && j->text[i] <= 'z') {
		token.type = JSON_KEYWORD;
		while (j->text[token.end] >= 'a' && j->text[token.end] <= 'z')
			token.end++;
	} else if (!strchr("{}[]:,", j->text[i])) {
		token.type = JSON_ERROR;
	}
	j->pos = token.end;
	return token;
}

static void fail(struct json *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct json *j, const char *format, ...)
{
	va_list args;

	if (j->error || j->err)
		return;
	va_start(args, format);
	j->error = arena_vprintf(j->arena, format, args);
	va_end(args);
	if (!j->error)
		j->err = -ENOMEM;
}

/* All tokens up to the bracket that closes the first one. */
static void lex_value(struct json *j)
{
	long braces = 0, brackets = 0;

	do {
		struct json_token token = lex(j);

		if (token.type == JSON_END)
			return;
		if (token.type == JSON_ERROR)
			fail(j, "JSON parse error, stray '%.*s'", (int)(token.end - token.start),
			     j->text + token.start);
		if (j->error || j->err)
			return;
		j->tokens = arena_grow(j->arena, j->tokens, j->n, &j->cap, sizeof(token));
		if (!j->tokens) {
			j->err = -ENOMEM;
			return;
		}
		j->tokens[j->n++] = token;
		braces += (token.c == '{') - (token.c == '}');
		brackets += (token.c == '[') - (token.c == ']');
	} while (braces >= 0 && brackets >= 0 && (braces || brackets));
}

/* NULL behind the last. */
static const struct json_token *take(struct json *j)
{
	if (j->next == j->n) {
		fail(j, "JSON parse error, premature EOI");
		return NULL;
	}
	return &j->tokens[j->next++];
}

static bool next_is(const struct json *j, char c)
{
	return j->next < j->n && j->tokens[j->next].c == c;
}

static long hex4(const char *text)
{
	uint64_t value;

	if (strnlen(text, 4) < 4 || parse_u64n(text, 4, 16, 0xffff, &value) || text[1] == 'x' ||
	    text[1] == 'X')
		return -1;
	return (long)value;
}

/* Whether a code point can stand for a character: no surrogate, none of those set aside for ever.
 */
static bool is_character(long c)
{
	return c >= 0 && (c < 0xd800 || c > 0xdfff) && (c < 0xfdd0 || c > 0xfdef) &&
	       (c & 0xfffe) != 0xfffe;
}

/* Code point of \uXXXX at text (the backslash) or of a surrogate pair; its length in *length. -1:
 * none. */
static long unicode_escape(const char *text, const char *end, size_t *length)
{
	long c = hex4(text + 2), low;

	*length = end - text < 6 ? (size_t)(end - text) : 6;
	if (c < 0xd800 || c > 0xdbff || *length < 6 || text[6] != '\\' || text[7] != 'u')
		return c;
	low = hex4(text + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return -1;
	*length = 12;
	return 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
}

/* One escape at text (the backslash); returns its length, 0 on an error. */
static size_t unescape(struct json *j, const char *text, const char *end, struct buf *out)
{
	static const char codes[] = "\"'\\/bfnrt", meanings[] = "\"'\\/\b\f\n\r\t";
	const char *code = strchr(codes, text[1]);
	char character[UTF8_MAX];
	size_t length;
	long c;

	if (text[1] != 'u') {
		if (!code)
			fail(j, "JSON parse error, invalid escape sequence in string");
		else
			buf_putc(out, meanings[code - codes]);
		return code ? 2 : 0;
	}
	c = unicode_escape(text, end, &length);
	if (!is_character(c)) {
		fail(j, "JSON parse error, %.*s is not a valid Unicode character", (int)length,
		     text);
		return 0;
	}
	if (c)
		buf_append(out, character, utf8_encode((uint32_t)c, character));
	else
		buf_puts(out, "\xc0\x80"); /* as QEMU writes U+0000 */
	return length;
}

static const char *string_value(struct json *j, const struct json_token *token)
{
	const char *p = j->text + token->start + 1, *end = j->text + token->end - 1;
	struct buf out = {0};
	char *value = NULL;

	while (p < end && !j->error) {
		uint32_t character;
		size_t n = *p == '\\' ? unescape(j, p, end + 1, &out)
				      : utf8_decode(p, (size_t)(end - p), &character);

		if (!n)
			fail(j, "JSON parse error, invalid UTF-8 sequence in string");
		else if (*p != '\\')
			buf_append(&out, p, n);
		p += n;
	}
	if (!j->error && !out.err)
		value = arena_strndup(j->arena, out.data ? out.data : "", out.length);
	if (!j->error && !value)
		j->err = -ENOMEM;
	buf_free(&out);
	return value;
}

static void parse_value(struct json *j);

static void parse_member(struct json *j, struct segment *member)
{
	const struct json_token *key = take(j), *value;

	if (!key)
		return;
	*member = (struct segment){.start = key->start};
	if (key->type == JSON_STRING) {
		member->key = string_value(j, key);
	} else {
		j->next--;
		parse_value(j);
		fail(j, "JSON parse error, key is not a string in object");
	}
	if (j->error || !take(j))
		return;
	if (j->tokens[j->next - 1].c != ':') {
		fail(j, "JSON parse error, missing : in object pair");
		return;
	}
	value = j->next < j->n ? &j->tokens[j->next] : NULL;
	parse_value(j);
	if (!value || j->error || j->err)
		return;
	member->value_start = value->start;
	member->value_end = j->tokens[j->next - 1].end;
	member->end = member->value_end;
	member->json_type =
		value->type == JSON_STRING ? 's' : (value->type == JSON_NUMBER ? 'n' : 'o');
	if (value->type == JSON_STRING)
		member->value = string_value(j, value);
	else
		member->value =
			arena_strndup(j->arena, j->text + value->start, member->end - value->start);
	if (member->value && value->type == JSON_KEYWORD && !str_eq(member->value, "null")) {
		member->json_type = 'b';
		member->value = str_eq(member->value, "true") ? "on" : "off";
	}
	if (!member->value)
		j->err = -ENOMEM;
}

static bool has_key(const struct segments *list, const char *key)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(list->list[i].key, key))
			return true;
	}
	return false;
}

static void parse_object(struct json *j)
{
	struct segments members = {0};

	if (next_is(j, '}')) {
		j->next++;
		return;
	}
	do {
		struct segment member = {0};

		parse_member(j, &member);
		if (j->error || j->err)
			return;
		if (has_key(&members, member.key))
			fail(j, "JSON parse error, duplicate key");
		if (!j->err)
			j->err = segment_add(j->arena, &members, &member);
		if (j->err || !take(j))
			return;
	} while (j->tokens[j->next - 1].c == ',');
	if (j->tokens[j->next - 1].c != '}')
		fail(j, "JSON parse error, expected separator in dict");
	if (j->depth == 1) {
		j->out->list = members.list;
		j->out->n = members.n;
		j->out->cap = members.cap;
	}
}

static void parse_array(struct json *j)
{
	if (next_is(j, ']')) {
		j->next++;
		return;
	}
	do {
		parse_value(j);
		if (j->error || j->err || !take(j))
			return;
	} while (j->tokens[j->next - 1].c == ',');
	if (j->tokens[j->next - 1].c != ']')
		fail(j, "JSON parse error, expected separator in list");
}

static void parse_keyword(struct json *j, const struct json_token *token)
{
	const char *text = j->text + token->start;
	size_t length = token->end - token->start;

	if (!(length == 4 && (memcmp(text, "true", 4) == 0 || memcmp(text, "null", 4) == 0)) &&
	    !(length == 5 && memcmp(text, "false", 5) == 0))
		fail(j, "JSON parse error, invalid keyword '%.*s'", (int)length, text);
}

static void parse_value(struct json *j)
{
	const struct json_token *token = take(j);

	if (!token)
		return;
	if (token->c == '{' || token->c == '[') {
		if (++j->depth > MAX_JSON_DEPTH)
			j->err = -E2BIG;
		else if (token->c == '{')
			parse_object(j);
		else
			parse_array(j);
		j->depth--;
	} else if (token->type == JSON_PUNCTUATION) {
		fail(j, "JSON parse error, expecting value");
	} else if (token->type == JSON_KEYWORD) {
		parse_keyword(j, token);
	} else if (token->type == JSON_STRING) {
		string_value(j, token);
	}
}

int json_split(struct arena *arena, const char *text, struct segments *out)
{
	struct json j = {.arena = arena, .text = text, .out = out};

	lex_value(&j);
	if (!j.error && !j.err)
		parse_value(&j);
	if (!j.error && !j.err && lex(&j).type != JSON_END)
		fail(&j, "Expecting at most one JSON value");
	out->error = j.error;
	if (j.error)
		out->n = 0;
	out->json_open = 1;
	if (out->n) {
		const struct segment *first = &out->list[0];

		out->json_open = first->start;
		out->json_blank_after_colon =
			first->value_start && text[first->value_start - 1] == ' ';
		out->json_blank_after_comma = out->n > 1 && text[out->list[1].start - 1] == ' ';
	}
	return j.err;
}
