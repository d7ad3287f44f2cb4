// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * keyval.c - QEMU's ways to write pairs. Behaviour: util/qemu-option.c (get_opt_name_value),
 * util/keyval.c (keyval_parse_one), qemu_global_option and qemu_set_option of 7.2 to 10.0; messages
 * seen in 7.2.22.
 */
#include <errno.h>

#include "vm/argument.h"

struct splitter {
	struct arena *arena;
	const char *text;
	const char *marks;
	size_t length;
	size_t pos;
	struct segments *out;
};

int segment_add(struct arena *arena, struct segments *out, const struct segment *segment)
{
	if (out->n == MAX_PAIRS)
		return -E2BIG;
	out->list = arena_grow(arena, out->list, out->n, &out->cap, sizeof(*segment));
	if (!out->list)
		return -ENOMEM;
	out->list[out->n++] = *segment;
	return 0;
}

/* Whether that character stands there and is written out, not part of a shell variable. */
static bool is_char(const struct splitter *s, size_t offset, char c)
{
	return offset < s->length && s->text[offset] == c && !(s->marks && s->marks[offset] != '.');
}

static size_t find(const struct splitter *s, size_t from, char a, char b)
{
	while (from < s->length && !is_char(s, from, a) && !is_char(s, from, b))
		from++;
	return from;
}

static bool has_variable(const struct splitter *s, size_t start, size_t end)
{
	return s->marks && strspn(s->marks + start, ".") < end - start;
}

/* Keep the first error; one about a part with a shell variable is not certain. */
static int fail(struct splitter *s, size_t start, size_t end, const char *text)
{
	if (!text)
		return -ENOMEM;
	if (!s->out->error && !has_variable(s, start, end))
		s->out->error = text;
	return 0;
}

/* A value up to its comma, two commas being one. */
static int read_value(struct splitter *s, struct segment *segment)
{
	size_t from = s->pos, end = from, n = 0;
	char *value;

	while (end < s->length && (!is_char(s, end, ',') || is_char(s, end + 1, ',')))
		end += is_char(s, end, ',') ? 2 : 1;
	value = arena_alloc(s->arena, end - from + 1);
	if (!value)
		return -ENOMEM;
	for (size_t i = from; i < end; i++) {
		value[n++] = s->text[i];
		i += is_char(s, i, ',');
	}
	segment->value_start = from;
	segment->value_end = end;
	segment->end = end;
	segment->value = value;
	s->pos = end;
	return 0;
}

/* Step over the comma behind a pair. */
static int finish(struct splitter *s, const struct segment *segment)
{
	s->pos = segment->end;
	s->out->ends_open = is_char(s, s->pos, ',');
	s->pos += s->out->ends_open;
	return segment_add(s->arena, s->out, segment);
}

static int take(struct splitter *s, const char **out, size_t start, size_t end)
{
	*out = arena_strndup(s->arena, s->text + start, end - start);
	return *out ? 0 : -ENOMEM;
}

/* "foo" means foo=on, "nofoo" foo=off. */
static int read_flag(struct splitter *s, struct segment *segment, size_t end)
{
	size_t no =
		end - segment->start >= 2 && memcmp(s->text + segment->start, "no", 2) == 0 ? 2 : 0;

	segment->is_flag = true;
	segment->value = no ? "off" : "on";
	segment->end = end;
	segment->value_start = segment->start;
	segment->value_end = end;
	return take(s, &segment->key, segment->start + no, end);
}

static int split_opts(struct splitter *s, const char *implied)
{
	int ret = 0;

	while (!ret && s->pos < s->length) {
		struct segment segment = {.start = s->pos};
		size_t stop = find(s, s->pos, '=', ',');

		if (is_char(s, stop, '=')) {
			ret = take(s, &segment.key, s->pos, stop);
			s->pos = stop + 1;
			ret = ret ? ret : read_value(s, &segment);
		} else if (implied) {
			segment.key = implied;
			segment.is_implied = true;
			ret = read_value(s, &segment);
		} else {
			ret = read_flag(s, &segment, stop);
		}
		implied = NULL;
		ret = ret ? ret : finish(s, &segment);
	}
	return ret;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of the QAPI name at the start of text[0..length), 0 if there is none. */
static size_t qapi_name(const char *text, size_t length)
{
	size_t i = 0;

	if (length >= 2 && text[0] == '_' && text[1] == '_') {
		for (i = 2; i < length && (is_alpha(text[i]) || is_digit(text[i]) ||
					   text[i] == '-' || text[i] == '.');)
			i++;
		if (i >= length || text[i++] != '_')
			return 0;
	}
	if (i >= length || !is_alpha(text[i]))
		return 0;
	while (i < length &&
	       (is_alpha(text[i]) || is_digit(text[i]) || text[i] == '-' || text[i] == '_'))
		i++;
	return i;
}

/* Error text for the dotted key text[0..length); NULL in *error: it is well. */
static int check_key(struct splitter *s, const char *text, size_t length, const char **error)
{
	size_t from = 0, n = 0;

	*error = NULL;
	for (;;) {
		const char *part = text + from;

		for (n = 0; from && from + n < length && is_digit(part[n]);)
			n++;
		n = n ? n : qapi_name(part, length - from);
		if (!n || (from + n < length && part[n] != '.')) {
			*error = arena_printf(s->arena, "Invalid parameter '%.*s'", (int)length,
					      text);
			return *error ? 0 : -ENOMEM;
		}
		if (n >= 128) {
			*error = arena_printf(s->arena, "Parameter%s '%.*s' is too long",
					      from || n != length ? " fragment" : "", (int)n, part);
			return *error ? 0 : -ENOMEM;
		}
		from += n;
		if (from == length)
			return 0;
		from++;
	}
}

static int read_keyval(struct splitter *s, const char *implied, struct segment *segment)
{
	size_t stop = find(s, s->pos, '=', ',');
	size_t length = stop - s->pos;
	bool is_help = (length == 4 && memcmp(s->text + s->pos, "help", 4) == 0) ||
		       (length == 1 && s->text[s->pos] == '?');
	const char *error;
	int ret;

	if (!is_char(s, stop, '=') && length && (implied || is_help)) {
		segment->key = is_help && !implied ? "help" : implied;
		segment->is_implied = implied != NULL;
		segment->is_flag = !implied;
		segment->value_start = s->pos;
		segment->value_end = stop;
		segment->end = stop;
		return take(s, &segment->value, s->pos, stop);
	}
	ret = check_key(s, s->text + s->pos, length, &error);
	if (!ret && !error && !is_char(s, stop, '=')) {
		error = arena_printf(s->arena, "Expected '=' after parameter '%.*s'", (int)length,
				     s->text + s->pos);
		ret = error ? 0 : -ENOMEM;
	}
	if (!ret && error)
		ret = fail(s, s->pos, stop, error);
	if (ret)
		return ret;
	if (!is_char(s, stop, '='))
		return read_flag(s, segment, stop);
	ret = take(s, &segment->key, s->pos, stop);
	s->pos = stop + 1;
	return ret ? ret : read_value(s, segment);
}

static int split_keyval(struct splitter *s, const char *implied)
{
	int ret = 0;

	while (!ret && s->pos < s->length) {
		struct segment segment = {.start = s->pos};

		ret = read_keyval(s, implied, &segment);
		implied = NULL;
		ret = ret ? ret : finish(s, &segment);
	}
	return ret;
}

/* Model, then features; empty ones do not count (strtok in x86_cpu_parse_featurestr). */
static int split_cpu(struct splitter *s, const char *implied)
{
	size_t stop = find(s, 0, ',', ',');
	struct segment model = {.key = implied, .is_implied = true, .end = stop, .value_end = stop};
	int ret = take(s, &model.value, 0, stop);

	if (!s->length)
		return fail(s, 0, 0, "-cpu option cannot be empty");
	ret = ret ? ret : finish(s, &model);
	while (!ret && s->pos < s->length) {
		struct segment f = {.start = s->pos, .end = find(s, s->pos, ',', ',')};
		size_t equal = find(s, s->pos, '=', ',');
		bool has_sign = is_char(s, s->pos, '+') || is_char(s, s->pos, '-');

		f.is_flag = has_sign || equal >= f.end;
		f.value_start = f.is_flag ? f.start : equal + 1;
		f.value_end = f.end;
		f.value = is_char(s, s->pos, '-') ? "off" : "on";
		ret = take(s, &f.key, f.start + has_sign, f.is_flag ? f.end : equal);
		if (!ret && !f.is_flag)
			ret = take(s, &f.value, f.value_start, f.end);
		if (ret)
			break;
		if (f.end > f.start) {
			ret = finish(s, &f);
		} else {
			s->pos++;
		}
	}
	return ret;
}

/* Parts of a text "a.b.c=value": each of at most 63 characters, as QEMU's sscanf reads them. */
static int split_dotted(struct splitter *s, const char *const *keys, size_t n, bool *matches)
{
	struct segment parts[4] = {{0}};
	size_t pos = 0;
	int ret = 0;

	*matches = false;
	for (size_t i = 0; i < n; i++) {
		bool is_last = i + 1 == n, is_first_global = n == 2 && i == 0;
		size_t end = find(s, pos, is_last ? '=' : '.',
				  is_first_global ? '=' : (is_last ? '=' : '.'));

		if (end == pos || end - pos > 63 || !is_char(s, end, is_last ? '=' : '.'))
			return 0;
		parts[i] = (struct segment){.start = pos,
					    .end = end,
					    .value_start = pos,
					    .value_end = end,
					    .key = keys[i],
					    .is_implied = true};
		pos = end + 1;
	}
	parts[n] = (struct segment){.start = pos,
				    .end = s->length,
				    .value_start = pos,
				    .value_end = s->length,
				    .key = "value",
				    .is_implied = true};
	*matches = true;
	for (size_t i = 0; !ret && i <= n; i++) {
		ret = take(s, &parts[i].value, parts[i].start, parts[i].end);
		ret = ret ? ret : segment_add(s->arena, s->out, &parts[i]);
	}
	return ret;
}

static int split_global(struct splitter *s)
{
	static const char *const keys[] = {"driver", "property"};
	bool matches;
	int ret = split_dotted(s, keys, ARRAY_SIZE(keys), &matches);

	return ret || matches ? ret : split_opts(s, NULL);
}

static int split_set(struct splitter *s)
{
	static const char *const keys[] = {"group", "id", "key"};
	bool matches;
	int ret = split_dotted(s, keys, ARRAY_SIZE(keys), &matches);

	if (ret || matches)
		return ret;
	return fail(s, 0, s->length, arena_printf(s->arena, "can't parse: \"%s\"", s->text));
}

static int split(struct splitter *s, const struct option_info *info)
{
	switch (info->syntax) {
	case SYNTAX_OPTS:
		return split_opts(s, info->implied);
	case SYNTAX_KEYVAL:
		return split_keyval(s, info->implied);
	case SYNTAX_CPU:
		return split_cpu(s, info->implied);
	case SYNTAX_GLOBAL:
		return split_global(s);
	case SYNTAX_SET:
		return split_set(s);
	case SYNTAX_TEXT:
	case SYNTAX_JSON:
		break;
	}
	return 0;
}

int argument_split(struct arena *arena, const struct option_info *info, const struct word *word,
		   struct segments *out)
{
	struct splitter s = {.arena = arena,
			     .text = word->text,
			     .marks = word->marks,
			     .length = word->length,
			     .out = out};
	int ret;

	*out = (struct segments){.syntax = info->syntax};
	if (info->may_be_json && *word->text == '{') {
		out->syntax = SYNTAX_JSON;
		ret = json_split(arena, word->text, out);
		if (word->marks)
			out->error = NULL; /* what the variable holds may make it right */
		return ret;
	}
	return split(&s, info);
}

void argument_append_pair(struct buf *out, const char *key, const char *value)
{
	buf_puts(out, key);
	buf_putc(out, '=');
	for (; *value; value++) {
		buf_putc(out, *value);
		if (*value == ',')
			buf_putc(out, ',');
	}
}
