// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit_pair.c - set and unset pairs of an argument, in the way it is written. */
#include <errno.h>

#include "vm/edit.h"

int rope_new(struct arena *arena, const struct word *word, struct rope *rope)
{
	rope->n = word->length;
	rope->text = arena_strndup(arena, word->text, word->length);
	rope->marks = arena_alloc(arena, word->length + 1);
	rope->origin = arena_array(arena, word->length + 1, sizeof(*rope->origin));
	if (!rope->text || !rope->marks || !rope->origin)
		return -ENOMEM;
	for (size_t i = 0; i < rope->n; i++) {
		rope->marks[i] = word->marks ? word->marks[i] : '.';
		rope->origin[i] = (uint32_t)i;
	}
	return 0;
}

/* Replace [start, end) by a text. */
static int splice(struct arena *arena, struct rope *rope, size_t start, size_t end,
		  const struct buf *text)
{
	size_t tail = rope->n - end, n = start + text->length + tail;
	struct rope out = {.n = n};

	if (text->err)
		return text->err;
	out.text = arena_alloc(arena, n + 1);
	out.marks = arena_alloc(arena, n + 1);
	out.origin = arena_array(arena, n + 1, sizeof(*out.origin));
	if (!out.text || !out.marks || !out.origin)
		return -ENOMEM;
	memcpy(out.text, rope->text, start);
	memcpy(out.marks, rope->marks, start);
	memcpy(out.origin, rope->origin, start * sizeof(*out.origin));
	if (text->length)
		memcpy(out.text + start, text->data, text->length);
	memset(out.marks + start, '.', text->length);
	for (size_t i = start; i < start + text->length; i++)
		out.origin[i] = ORIGIN_NEW;
	memcpy(out.text + n - tail, rope->text + end, tail);
	memcpy(out.marks + n - tail, rope->marks + end, tail);
	memcpy(out.origin + n - tail, rope->origin + end, tail * sizeof(*out.origin));
	*rope = out;
	return 0;
}

static int cut(struct arena *arena, struct rope *rope, size_t start, size_t end)
{
	static const struct buf nothing;

	return splice(arena, rope, start, end, &nothing);
}

static int take_apart(struct arena *arena, const struct option_info *info, const struct rope *rope,
		      struct segments *parts)
{
	struct word word = {.text = rope->text, .length = rope->n};

	if (memchr(rope->marks, 'v', rope->n))
		word.marks = rope->marks;
	return argument_split(arena, info, &word, parts);
}

static long find_key(const struct segments *parts, const char *key, size_t from)
{
	for (size_t i = from; i < parts->n; i++) {
		if (str_eq(parts->list[i].key, key))
			return (long)i;
	}
	return -1;
}

/* ---- comma-separated ---- */

static void append_value(struct buf *out, enum syntax syntax, const char *value)
{
	for (; *value; value++) {
		buf_putc(out, *value);
		if (*value == ',' && (syntax == SYNTAX_OPTS || syntax == SYNTAX_KEYVAL))
			buf_putc(out, ',');
	}
}

/* Whether a value may stand without its key: it must not look like a pair of its own. */
static bool may_be_bare(enum syntax syntax, const char *value)
{
	if (syntax == SYNTAX_CPU)
		return true;
	return *value && !strchr(value, '=') && !(syntax == SYNTAX_KEYVAL && strchr(value, ','));
}

static int set_segment(struct arena *arena, struct rope *rope, const struct segments *parts,
		       const struct segment *s, const char *value)
{
	bool is_dotted =
		(parts->syntax == SYNTAX_GLOBAL || parts->syntax == SYNTAX_SET) && s->is_implied;
	bool with_key =
		s->is_flag || (s->is_implied && !is_dotted && !may_be_bare(parts->syntax, value));
	enum syntax syntax =
		parts->syntax == SYNTAX_GLOBAL && !is_dotted ? SYNTAX_OPTS : parts->syntax;
	struct buf text = {0};
	int ret;

	if (with_key)
		buf_printf(&text, "%s=", s->key);
	append_value(&text, syntax, value);
	ret = splice(arena, rope, with_key ? s->start : s->value_start, s->value_end, &text);
	buf_free(&text);
	return ret;
}

static int append_segment(struct arena *arena, struct rope *rope, const struct segments *parts,
			  const char *key, const char *value)
{
	struct buf text = {0};
	int ret;

	buf_printf(&text, "%s%s=", parts->n && !parts->ends_open ? "," : "", key);
	append_value(&text, parts->syntax == SYNTAX_GLOBAL ? SYNTAX_OPTS : parts->syntax, value);
	ret = splice(arena, rope, rope->n, rope->n, &text);
	buf_free(&text);
	return ret;
}

/* Cut a pair with the comma before it; the first one with the comma behind it. */
static int cut_segment(struct arena *arena, const struct option_info *info, struct rope *rope,
		       const struct segments *parts, size_t i)
{
	const struct segment *list = parts->list;
	int ret = 0;

	if (i)
		return cut(arena, rope, list[i - 1].end, list[i].end);
	if (parts->n == 1)
		return cut(arena, rope, 0, rope->n);
	/* A flag that comes first would be read as the implied key's value. */
	if (info->implied && list[1].is_flag)
		ret = set_segment(arena, rope, parts, &list[1], list[1].value);
	return ret ? ret : cut(arena, rope, 0, list[1].start);
}

/* Cut the pairs of a key from the given one on, the last one first, so that places before them stay
 * right. */
static int cut_key(struct arena *arena, const struct option_info *info, struct rope *rope,
		   const struct segments *parts, const char *key, size_t from)
{
	for (size_t i = parts->n; i-- > from;) {
		struct segments now;
		int ret;

		if (!str_eq(parts->list[i].key, key))
			continue;
		ret = take_apart(arena, info, rope, &now);
		if (!ret)
			ret = now.n > i ? cut_segment(arena, info, rope, &now, i) : -EINVAL;
		if (ret)
			return ret;
	}
	return 0;
}

static int edit_list(struct arena *arena, const struct option_info *info,
		     const struct segments *parts, const struct vm_edit *edit, struct rope *rope)
{
	long first = find_key(parts, edit->key, 0);
	int ret;

	if (edit->op == EDIT_UNSET)
		return first < 0 ? 0 : cut_key(arena, info, rope, parts, edit->key, (size_t)first);
	if (first < 0)
		return append_segment(arena, rope, parts, edit->key, edit->value);
	ret = cut_key(arena, info, rope, parts, edit->key, (size_t)first + 1);
	return ret ? ret : set_segment(arena, rope, parts, &parts->list[first], edit->value);
}

/* ---- JSON ---- */

/* Keys whose values are strings although they look like numbers or switches (QAPI str, OnOffAuto
 * and enumerations). */
static const char *const string_keys[] = {
	"addr",
	"bus",
	"cmdqv",
	"disable-legacy",
	"display",
	"driver",
	"eim",
	"enable-migration",
	"fd",
	"host",
	"id",
	"intremap",
	"oas",
	"ril",
	"ats",
	"serial",
	"ssidsize",
	"sysfsdev",
	"x-device-dirty-page-tracking",
	"x-migration-multifd-transfer",
};

static bool is_string_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(string_keys); i++) {
		if (str_eq(key, string_keys[i]))
			return true;
	}
	return false;
}

void json_append_string(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < ' ')
			buf_printf(out, "\\u%04x", c);
		else
			buf_putc(out, *text);
	}
	buf_putc(out, '"');
}

/* As JSON writes a number, without fraction: that is all that properties take. */
static bool is_json_number(const char *text)
{
	const char *digits = *text == '-' ? text + 1 : text;
	size_t n = strspn(digits, "0123456789");

	return n && n < 20 && !digits[n] && (*digits != '0' || n == 1);
}

void json_append_value(struct buf *out, const char *key, const char *value, char type)
{
	bool is_on = str_eq(value, "on") || str_eq(value, "true");
	bool is_switch = is_on || str_eq(value, "off") || str_eq(value, "false");
	bool is_guessed = !type && !is_string_key(key);

	if (is_switch && (type == 'b' || is_guessed))
		buf_puts(out, is_on ? "true" : "false");
	else if (is_json_number(value) && (type == 'n' || is_guessed))
		buf_puts(out, value);
	else
		json_append_string(out, value);
}

static int set_member(struct arena *arena, struct rope *rope, const struct segments *parts,
		      const struct vm_edit *edit)
{
	long i = find_key(parts, edit->key, 0);
	const struct segment *last = parts->n ? &parts->list[parts->n - 1] : NULL;
	size_t start = last ? last->end : parts->json_open, end = start;
	struct buf text = {0};
	int ret;

	if (i >= 0) {
		start = parts->list[i].value_start;
		end = parts->list[i].value_end;
	} else {
		buf_puts(&text, last ? (parts->json_blank_after_comma ? ", " : ",") : "");
		json_append_string(&text, edit->key);
		buf_puts(&text, parts->json_blank_after_colon ? ": " : ":");
	}
	json_append_value(&text, edit->key, edit->value, i >= 0 ? parts->list[i].json_type : 0);
	ret = splice(arena, rope, start, end, &text);
	buf_free(&text);
	return ret;
}

static int unset_member(struct arena *arena, struct rope *rope, const struct segments *parts,
			const char *key)
{
	long i = find_key(parts, key, 0);

	if (i < 0)
		return 0;
	if (i > 0)
		return cut(arena, rope, parts->list[i - 1].end, parts->list[i].end);
	return cut(arena, rope, parts->list[0].start,
		   parts->n > 1 ? parts->list[1].start : parts->list[0].end);
}

/* ---- both ---- */

/* Whether the argument now says what was asked for, and all else as before. */
static bool is_done(const struct segments *before, const struct segments *after,
		    const struct vm_edit *edit)
{
	long found = find_key(before, edit->key, 0);
	bool is_set = edit->op == EDIT_SET, is_json = before->syntax == SYNTAX_JSON;
	size_t n = 0;

	if (after->syntax != before->syntax || (after->error && !before->error))
		return false;
	for (size_t i = 0; i < before->n; i++) {
		bool is_it = str_eq(before->list[i].key, edit->key);
		const char *value = is_it ? edit->value : before->list[i].value;

		if (is_it && !(is_set && (long)i == found))
			continue;
		if (n >= after->n || !str_eq(after->list[n].key, before->list[i].key))
			return false;
		if (!(is_it && is_json) && !str_eq(after->list[n].value, value))
			return false;
		n++;
	}
	if (is_set && found < 0) {
		if (n >= after->n || !str_eq(after->list[n].key, edit->key) ||
		    (!is_json && !str_eq(after->list[n].value, edit->value)))
			return false;
		n++;
	}
	return n == after->n;
}

int rope_edit(struct iof_ctx *ctx, struct arena *arena, const struct vm_option *option,
	      const struct vm_edit *edit, struct rope *rope)
{
	const struct option_info *info = option_info(option->name);
	struct segments before, after;
	struct buf text = {0};
	int ret;

	if (!edit->key) {
		buf_puts(&text, edit->op == EDIT_SET && edit->value ? edit->value : "");
		ret = splice(arena, rope, 0, rope->n, &text);
		buf_free(&text);
		return ret;
	}
	if (!info || info->syntax == SYNTAX_TEXT ||
	    (edit->op == EDIT_SET && (!edit->value || !*edit->key)))
		return ctx_fail(ctx, -EINVAL, "-%s has no property to set", option->name);
	ret = take_apart(arena, info, rope, &before);
	if (!ret && before.syntax == SYNTAX_JSON) {
		if (before.error)
			return ctx_fail(ctx, -EINVAL, "-%s cannot be edited: %s", option->name,
					before.error);
		ret = edit->op == EDIT_SET ? set_member(arena, rope, &before, edit)
					   : unset_member(arena, rope, &before, edit->key);
	} else if (!ret) {
		ret = edit_list(arena, info, &before, edit, rope);
	}
	ret = ret ? ret : take_apart(arena, info, rope, &after);
	if (ret == -ENOMEM)
		return ret;
	if (ret || !is_done(&before, &after, edit))
		return ctx_fail(ctx, -EINVAL, "-%s cannot be written with that value of '%s'",
				option->name, edit->key);
	return 0;
}
