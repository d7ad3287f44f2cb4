/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.c - renders the texts of a topic with the operands of one message. */
#include "explain/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/strings.h"

/* Decimal, or hexadecimal with 0x; the sign of an error number is dropped. */
static bool operand_number(const struct topic_operands *o, size_t index, uint64_t *out)
{
	const char *text = index < TOPIC_OPERANDS ? o->text[index] : NULL;

	if (!text)
		return false;
	if (*text == '-')
		text++;
	return parse_u64(text, 0, UINT64_MAX, out) == 0;
}

static unsigned bits_of(uint64_t value)
{
	return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

enum form { FORM_DECIMAL, FORM_HEX, FORM_SIZE };

/* false: there is no such value. */
typedef bool (*compute_fn)(uint64_t a, uint64_t b, uint64_t *out);

static bool do_bits(uint64_t a, uint64_t b UNUSED, uint64_t *out)
{
	*out = bits_of(a);
	return true;
}

static bool do_end(uint64_t a, uint64_t b, uint64_t *out)
{
	return b && !__builtin_add_overflow(a, b - 1, out);
}

static bool do_end_bits(uint64_t a, uint64_t b, uint64_t *out)
{
	return do_end(a, b, out) && do_bits(*out, 0, out);
}

static bool do_less_bits(uint64_t a, uint64_t b, uint64_t *out)
{
	return do_end_bits(a, b, out) && (*out)--;
}

static bool do_same(uint64_t a, uint64_t b UNUSED, uint64_t *out)
{
	*out = a;
	return true;
}

static bool do_intel(uint64_t a, uint64_t b UNUSED, uint64_t *out)
{
	*out = a >= 48 ? 48 : 39;
	return a >= 39;
}

static bool do_less(uint64_t a, uint64_t b UNUSED, uint64_t *out)
{
	*out = a - 1;
	return a > 0;
}

static bool do_top(uint64_t a, uint64_t b UNUSED, uint64_t *out)
{
	*out = a >= 64 ? UINT64_MAX : (UINT64_C(1) << a) - 1;
	return a > 0;
}

static bool do_min(uint64_t a, uint64_t b, uint64_t *out)
{
	*out = a < b ? a : b;
	return true;
}

static bool do_max(uint64_t a, uint64_t b, uint64_t *out)
{
	*out = a > b ? a : b;
	return true;
}

static const struct function {
	const char *name;
	unsigned n_operands;
	enum form form;
	compute_fn compute;
} functions[] = {
	{"bits", 1, FORM_DECIMAL, do_bits},	   {"end", 2, FORM_HEX, do_end},
	{"endbits", 2, FORM_DECIMAL, do_end_bits}, {"lessbits", 2, FORM_DECIMAL, do_less_bits},
	{"size", 1, FORM_SIZE, do_same},	   {"intel", 1, FORM_DECIMAL, do_intel},
	{"less", 1, FORM_DECIMAL, do_less},	   {"top", 1, FORM_HEX, do_top},
	{"min", 2, FORM_DECIMAL, do_min},	   {"max", 2, FORM_DECIMAL, do_max},
};

static const struct function *find_function(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strlen(functions[i].name) == length &&
		    memcmp(functions[i].name, name, length) == 0)
			return &functions[i];
	}
	return NULL;
}

/* "bits 3", "end 2 3" at *text, which is moved behind it. */
static bool compute(const char **text, const struct topic_operands *o, uint64_t *out,
		    enum form *form)
{
	size_t name = strspn(*text, "abcdefghijklmnopqrstuvwxyz");
	const struct function *f = find_function(*text, name);
	uint64_t value[2] = {0};

	if (!f)
		return false;
	*text += name;
	for (unsigned i = 0; i < f->n_operands; i++) {
		if ((*text)[0] != ' ' || !operand_number(o, (size_t)((*text)[1] - '0'), &value[i]))
			return false;
		*text += 2;
	}
	*form = f->form;
	return f->compute(value[0], value[1], out);
}

static void put_number(struct buf *out, uint64_t value, enum form form)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t unit = 0;

	if (form == FORM_HEX) {
		buf_printf(out, "0x%" PRIx64, value);
		return;
	}
	while (form == FORM_SIZE && value && value % 1024 == 0) {
		value /= 1024;
		unit++;
	}
	buf_printf(out, "%" PRIu64, value);
	if (form == FORM_SIZE)
		buf_printf(out, " %s", units[unit]);
}

/* Behind a '{'; moves *text behind the '}'. */
static bool put_placeholder(struct buf *out, const char **text, const struct topic_operands *o)
{
	const char *at = *text;
	uint64_t value;
	enum form form;

	if (*at >= '0' && *at < '0' + TOPIC_OPERANDS && at[1] == '}') {
		const char *operand = o->text[*at - '0'];

		*text = at + 2;
		if (operand)
			buf_puts(out, operand);
		return operand != NULL;
	}
	if (!compute(&at, o, &value, &form) || *at != '}')
		return false;
	*text = at + 1;
	put_number(out, value, form);
	return true;
}

/* A side of a comparison: an operand by its digit, "#" and a number, or a computation. */
static bool side(const char **text, const struct topic_operands *o, uint64_t *out)
{
	size_t digits;
	enum form form;

	if (**text == '#') {
		digits = strspn(*text + 1, "0123456789");
		if (parse_u64n(*text + 1, digits, 10, UINT64_MAX, out) != 0)
			return false;
		*text += 1 + digits;
		return true;
	}
	if (**text >= '0' && **text <= '9')
		return operand_number(o, (size_t)(*(*text)++ - '0'), out);
	return compute(text, o, out, &form);
}

/* "?2<#39 " at *text, which is moved behind it. */
static bool holds(const char **text, const struct topic_operands *o)
{
	uint64_t left, right;
	char sign;

	if (**text != '?')
		return true;
	(*text)++;
	if (!side(text, o, &left))
		return false;
	sign = *(*text)++;
	if (!side(text, o, &right) || (**text != ' ' && **text != '?'))
		return false;
	*text += **text == ' ';
	return sign == '<' ? left < right : sign == '>' ? left > right : left == right;
}

/* One line; false: it does not hold. */
static bool put_line(struct buf *out, const char *text, const char *end,
		     const struct topic_operands *o)
{
	while (*text == '?') {
		if (!holds(&text, o))
			return false;
	}
	while (text < end) {
		if (*text == '{') {
			text++;
			if (!put_placeholder(out, &text, o))
				return false;
		} else {
			buf_putc(out, *text++);
		}
	}
	return true;
}

const char *const *topic_lines(struct arena *arena, const char *text,
			       const struct topic_operands *o)
{
	const char *end = text ? text + strlen(text) : NULL, *line;
	const char **lines;
	size_t n = 1, length;
	bool is_said = false;

	for (const char *at = text; at && *at; at++)
		n += *at == '\n';
	lines = arena_array(arena, n + 1, sizeof(*lines));
	n = 0;
	while (lines && text && next_line(&text, end, &line, &length)) {
		struct buf out = {0};

		if (*line == '!' && is_said)
			continue;
		line += *line == '!';
		is_said = put_line(&out, line, line + strcspn(line, "\n"), o);
		if (is_said)
			lines[n++] = arena_strndup(arena, out.data ? out.data : "", out.length);
		if (out.err || (is_said && !lines[n - 1]))
			lines = NULL;
		buf_free(&out);
	}
	return lines;
}
