/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pattern.c - compiles the form of a message and compares it with cells. */
#include "explain/pattern.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"

#define MAX_NEEDLE 24
#define MAX_STEPS 4000 /* of one comparison; hostile text must not cost more */
#define MAX_WORD 300
#define MAX_TEXT 600
#define MAX_BREAKS 4 /* in one operand */
#define REACH 300    /* cells that an operand at the beginning may go back */

/* ---- compiling ---- */

static bool is_placeholder(const char *text)
{
	return text[0] == '{' &&
	       ((text[1] >= '0' && text[1] < '0' + TOPIC_OPERANDS) || text[1] == '*') &&
	       (text[2] == '}' || (text[2] == ':' && text[3] && text[4] == '}'));
}

static void read_placeholder(const char *text, char before, struct token *token)
{
	*token = (struct token){.kind = TOKEN_OPERAND,
				.index = text[1] == '*' ? -1 : text[1] - '0',
				.type = text[2] == ':'	 ? text[3]
					: before == '\'' ? 'q'
							 : 'w',
				.length = text[2] == ':' ? 5 : 3};
}

/* Addresses of QEMU's own memory and run-dependent numbers, as rules write them. */
static size_t masked(const char *text, char before, struct token *token)
{
	bool is_number = text[0] == 'N' && (before == '=' || before == '(' || before == ' ') &&
			 strchr(" :)]", text[1] ? text[1] : ' ');

	if (!str_starts(text, "PTR") && !is_number)
		return 0;
	*token = (struct token){.kind = TOKEN_OPERAND,
				.index = -1,
				.type = is_number ? 'n' : 'x',
				.length = is_number ? 1 : 3};
	return token->length;
}

static size_t next_token(const char *text, char before, struct token *token)
{
	size_t length = 0;
	struct token ignored;

	if (is_placeholder(text)) {
		read_placeholder(text, before, token);
		return token->length;
	}
	if (masked(text, before, token))
		return token->length;
	while (text[length] && !is_placeholder(text + length) &&
	       !(length && masked(text + length, text[length - 1], &ignored)))
		length++;
	*token = (struct token){.kind = TOKEN_TEXT, .text = text, .length = length};
	return length;
}

/* The longest run without '>', which may be a quote mark, and at most MAX_NEEDLE characters. */
static void consider_needle(struct pattern *p, size_t index, const struct token *token)
{
	size_t dense = 0, run = 0, skip = 0;

	for (size_t i = 0; i <= token->length; i++) {
		bool ends = i == token->length || token->text[i] == '>' || run == MAX_NEEDLE;

		if (ends && run > p->needle_length) {
			p->anchor = index;
			p->needle_length = run;
			p->needle_skip = skip;
		}
		if (i == token->length)
			break;
		if (ends) {
			run = 0;
			skip = dense + (token->text[i] == '>');
		}
		if (token->text[i] != ' ')
			dense++;
		if (token->text[i] != ' ' && token->text[i] != '>')
			run++;
	}
	p->n_literal += dense;
}

static int copy_needle(struct arena *arena, struct pattern *p)
{
	char *needle = arena_alloc(arena, p->needle_length + 1);
	const struct token *token = &p->tokens[p->anchor];
	size_t dense = 0, n = 0;

	if (!needle)
		return -ENOMEM;
	for (size_t i = 0; i < token->length && n < p->needle_length; i++) {
		if (token->text[i] == ' ')
			continue;
		if (dense++ >= p->needle_skip)
			needle[n++] = token->text[i];
	}
	p->needle = needle;
	return 0;
}

int pattern_compile(struct arena *arena, const char *text, struct pattern *p)
{
	char *copy = arena_strdup(arena, text), before = ' ';
	size_t n = 1;

	*p = (struct pattern){0};
	for (const char *at = text; *at; at++)
		n += *at == '{' || *at == 'P' || *at == 'N' ? 2 : 0;
	p->tokens = arena_array(arena, n, sizeof(*p->tokens));
	if (!copy || !p->tokens)
		return -ENOMEM;
	while (*copy) {
		struct token *token = &p->tokens[p->n_tokens];

		copy += next_token(copy, before, token);
		before = copy[-1];
		if (token->kind == TOKEN_TEXT)
			consider_needle(p, p->n_tokens, token);
		else if (p->n_slots == PATTERN_SLOTS)
			return -E2BIG;
		else
			token->slot = p->n_slots++;
		p->n_tokens++;
	}
	return p->needle_length ? copy_needle(arena, p) : 0;
}

/* ---- comparing ---- */

struct comparison {
	const struct pattern *pattern;
	const struct cell *cells;
	size_t n;
	size_t start;
	size_t must_end; /* 0: anywhere */
	struct match *match;
	unsigned steps;
};

/* Whether cell `at` may stand behind the one before it. */
static bool may_follow(const struct comparison *c, size_t at, bool wants_blank)
{
	uint8_t flags = c->cells[at].flags;

	if (at == c->start)
		return true;
	if (flags & CELL_GAP)
		return false;
	if (flags & CELL_BREAK)
		return true;
	return wants_blank == !!(flags & CELL_BLANK);
}

/* Skip marks that are no part of a message. SIZE_MAX: nothing is left. *space: white space stood
 * there. */
static size_t next_cell(const struct comparison *c, size_t at, bool *space)
{
	while (at < c->n && (c->cells[at].flags & CELL_SKIP) && at != c->start) {
		if (c->cells[at].flags & CELL_GAP)
			return SIZE_MAX;
		*space |= !!(c->cells[at].flags & (CELL_BREAK | CELL_BLANK));
		at++;
	}
	return at < c->n ? at : SIZE_MAX;
}

/* The cell behind this character, SIZE_MAX: it is another. */
static size_t match_char(const struct comparison *c, size_t at, char ch, bool wants_blank)
{
	bool after_skip = false;
	size_t next = next_cell(c, at, &after_skip);

	/* What stands before a line may begin like what is looked for: "[", "20", ">". */
	if (next != SIZE_MAX && next != at && c->cells[next].c == ch && after_skip &&
	    !(c->cells[next].flags & CELL_GAP))
		return next + 1;
	if (at < c->n && c->cells[at].c == ch && may_follow(c, at, wants_blank))
		return at + 1;
	return SIZE_MAX;
}

static size_t match_text(const struct comparison *c, const struct token *token, size_t at,
			 bool *wants_blank)
{
	for (size_t i = 0; i < token->length; i++) {
		if (token->text[i] == ' ') {
			*wants_blank = true;
			continue;
		}
		at = match_char(c, at, token->text[i], *wants_blank);
		if (at == SIZE_MAX)
			return SIZE_MAX;
		*wants_blank = false;
	}
	return at;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether a character may be the i-th of an operand of that type. */
static bool may_be(char type, char c, size_t i)
{
	switch (type) {
	case 'd':
	case 'n':
		return (c >= '0' && c <= '9') || (i == 0 && c == '-') || (type == 'n' && c == 'N');
	case 'x':
		return is_hex(c) || (i == 1 && (c == 'x' || c == 'X')) || strchr("(nil)PTR", c);
	case 'b':
		return is_hex(c) || c == ':' || c == '.';
	case 'a':
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
	case 'q':
		return c != '\'' && c != '"';
	case 'w':
		return c != '<' && c != '>';
	default:
		return true;
	}
}

static bool match_from(struct comparison *, size_t token, size_t at, bool wants_blank);

/* An operand goes over a line break only as a whole: what follows must be of its kind up to the
 * line's end. "39" at a line's end is not followed by another line's first digits. */
static bool is_rest_of_word(const struct comparison *c, char type, size_t at)
{
	bool seems_number = c->cells[at].c >= '0' && c->cells[at].c <= '9';
	size_t i = at;

	do {
		if (!may_be(type, c->cells[i].c, 2) || (seems_number && !is_hex(c->cells[i].c)))
			return false;
		i++;
	} while (i < c->n && !(c->cells[i].flags & CELL_BLANK));
	return (i == c->n || (c->cells[i].flags & CELL_BREAK)) && i - at < 12 &&
	       c->cells[at].line == c->cells[i - 1].line;
}

static bool ends_word(const struct comparison *c, char type, size_t at, bool is_last)
{
	uint8_t flags = c->cells[at].flags;

	if ((flags & CELL_GAP) || (type == 'a' && (flags & CELL_BREAK)))
		return true;
	if (flags & CELL_BREAK) {
		bool is_digit = c->cells[at].c >= '0' && c->cells[at].c <= '9';
		bool was_digit = c->cells[at - 1].c >= '0' && c->cells[at - 1].c <= '9';

		return is_last && !(is_digit && was_digit && c->cells[at - 1].column >= 24 &&
				    is_rest_of_word(c, type, at));
	}
	return (flags & CELL_BLANK) && type != 't' && type != 'q';
}

/* "01:00.0", "0000:01:00.0"; not what is left of one whose beginning is in the line before. */
static bool is_address(const struct comparison *c, size_t at, size_t end)
{
	unsigned colons = 0, dots = 0;
	size_t first = 0;

	for (size_t i = at; i < end; i++) {
		colons += c->cells[i].c == ':';
		dots += c->cells[i].c == '.';
		first += colons == 0 && !(c->cells[i].flags & CELL_SKIP && i > at);
	}
	return dots == 1 && ((colons == 1 && first <= 2) || (colons == 2 && first >= 4));
}

/* Whether what holds the message goes on here: behind a JSON string, at a tag of a web page, or
 * behind a device's name whose colon is at the end of a line. */
static bool ends_before(const struct comparison *c, char type, size_t at, size_t i, bool is_last)
{
	const struct cell *cells = c->cells;
	char next = i + 1 < c->n ? cells[i + 1].c : '"';

	if (is_last)
		return (cells[i].c == '"' && (type == 'w' || strchr(",}]\"", next))) ||
		       (cells[i].c == '<' && next == '/') ||
		       (cells[i].c == '`' && (i + 1 == c->n || cells[i + 1].flags));
	return type == 'w' && (cells[i].flags & CELL_BREAK) && cells[i - 1].c == ':' &&
	       is_address(c, at, i - 1);
}

/* How far an operand may go at most: the cells that it may have, one behind another. */
static size_t operand_end(const struct comparison *c, char type, size_t at, bool is_last)
{
	size_t max = type == 't' || type == 'q' ? MAX_TEXT : MAX_WORD, breaks = 0, i = at, n = 0;
	bool after_skip = false;

	for (; i < c->n && n < max; i++) {
		bool is_skip = i > at && (c->cells[i].flags & CELL_SKIP);

		if (i > at && !after_skip &&
		    (ends_word(c, type, i, is_last) || ends_before(c, type, at, i, is_last)))
			break;
		if (i > at && (c->cells[i].flags & CELL_BREAK) && ++breaks > MAX_BREAKS)
			break;
		after_skip = is_skip;
		if (!is_skip && !may_be(type, c->cells[i].c, n++))
			break;
	}
	return i;
}

static bool has_before(const struct comparison *c, size_t at, size_t end, char wanted)
{
	bool is_odd = false;

	for (size_t i = at; i < end; i++)
		is_odd ^= c->cells[i].c == wanted;
	return is_odd;
}

/* Whether the last character belongs to the sentence around the operand: a stop, or a bracket or
 * quote that was opened outside. */
static bool is_stop(const struct comparison *c, size_t at, size_t end)
{
	char last = c->cells[end - 1].c;

	switch (last) {
	case ')':
		return !has_before(c, at, end, '(') && !has_before(c, at, end - 1, ')');
	case '\'':
	case '"':
	case '`':
		return has_before(c, at, end, last);
	default:
		return strchr(".,;:]}", last);
	}
}

static size_t without_stop(const struct comparison *c, size_t at, size_t end)
{
	while (end > at + 1 && is_stop(c, at, end))
		end--;
	return end;
}

static bool take_operand(struct comparison *c, size_t token, size_t at, size_t end,
			 bool wants_blank)
{
	if (c->pattern->tokens[token].type == 'b' && !is_address(c, at, end))
		return false;
	if (!match_from(c, token + 1, end, wants_blank))
		return false;
	c->match->slot[c->pattern->tokens[token].slot] = (struct span){at, end};
	return true;
}

/* Quotes may hold nothing. */
static bool may_be_empty(char type)
{
	return type == 'q' || type == 't';
}

static bool match_operand(struct comparison *c, size_t token, size_t at, bool wants_blank)
{
	const struct token *t = &c->pattern->tokens[token];
	bool is_last = token + 1 == c->pattern->n_tokens, space = false;
	size_t first = next_cell(c, at, &space), end;

	if (first == SIZE_MAX || (first == at && !may_follow(c, at, wants_blank)))
		return false;
	end = operand_end(c, t->type, first, is_last);
	if (may_be_empty(t->type) && !is_last && take_operand(c, token, at, at, wants_blank))
		return true;
	if (end == first)
		return false;
	if (is_last)
		return take_operand(c, token, first, without_stop(c, first, end), false);
	for (size_t i = first + 1; i <= end; i++) {
		if (take_operand(c, token, first, i, false))
			return true;
		if (c->steps > MAX_STEPS)
			return false;
	}
	return false;
}

static bool match_from(struct comparison *c, size_t token, size_t at, bool wants_blank)
{
	if (++c->steps > MAX_STEPS)
		return false;
	for (; token < c->pattern->n_tokens; token++) {
		const struct token *t = &c->pattern->tokens[token];

		if (t->kind == TOKEN_OPERAND)
			return match_operand(c, token, at, wants_blank);
		at = match_text(c, t, at, &wants_blank);
		if (at == SIZE_MAX)
			return false;
	}
	c->match->whole.end = at;
	while (c->must_end && at < c->must_end && (c->cells[at].flags & CELL_SKIP))
		at++;
	return !c->must_end || at == c->must_end;
}

/* Whether a message may begin here. */
static bool may_begin(const struct pattern *p, const struct cell *cell)
{
	const struct token *first = &p->tokens[0];

	if (first->kind == TOKEN_TEXT)
		return cell->c == first->text[0];
	return may_be(first->type, cell->c, 0);
}

bool pattern_match(const struct pattern *p, const struct cell *cells, size_t n, size_t at,
		   struct match *match)
{
	struct comparison c = {.pattern = p, .cells = cells, .n = n, .start = at, .match = match};

	/* Mostly it does not, and a match is large. */
	if (at >= n || !may_begin(p, &cells[at]))
		return false;
	*match = (struct match){.whole = {.start = at}};
	return match_from(&c, 0, at, false);
}

/* Whether a word begins here: a message or what stands before it does. */
static bool begins_word(const struct cell *cells, size_t floor, size_t at)
{
	return at == floor || cells[at].flags || strchr("('\">[{", cells[at - 1].c);
}

bool pattern_find(const struct pattern *p, const struct cell *cells, size_t n, size_t floor,
		  size_t hit, struct match *match)
{
	size_t lowest = hit - floor < REACH ? floor : hit - REACH;
	bool needs_reach = p->anchor > 0 || p->needle_skip > 0;
	struct match best;
	bool is_found = false;

	if (!needs_reach)
		return pattern_match(p, cells, n, hit, match);
	for (size_t at = hit + 1; at-- > lowest;) {
		if (!may_begin(p, &cells[at]) ||
		    (p->tokens[0].kind == TOKEN_OPERAND && !begins_word(cells, floor, at)))
			continue;
		if (pattern_match(p, cells, n, at, &best) && best.whole.end > hit) {
			*match = best;
			is_found = true;
			break;
		}
	}
	return is_found;
}

static bool match_until(const struct pattern *p, const struct cell *cells, size_t at, size_t end,
			struct match *match)
{
	struct comparison c = {.pattern = p,
			       .cells = cells,
			       .n = end,
			       .start = at,
			       .must_end = end,
			       .match = match};

	*match = (struct match){.whole = {.start = at}};
	return match_from(&c, 0, at, false);
}

bool pattern_find_before(const struct pattern *p, const struct cell *cells, size_t floor,
			 size_t end, struct match *match)
{
	size_t lowest = end - floor < REACH ? floor : end - REACH;

	for (size_t at = end; at-- > lowest;) {
		if (!may_begin(p, &cells[at]) || (cells[at].flags & CELL_SKIP) ||
		    !begins_word(cells, floor, at))
			continue;
		if (match_until(p, cells, at, end, match))
			return true;
	}
	return false;
}

char *span_text(struct arena *arena, const struct cell *cells, struct span span, bool is_text)
{
	char *text = arena_alloc(arena, 2 * (span.end - span.start) + 1), *to = text;
	bool after_skip = true, is_broken = false;

	for (size_t i = span.start; text && i < span.end; i++) {
		uint8_t flags = cells[i].flags;
		bool is_skip = (flags & CELL_SKIP) && i > span.start;

		is_broken |= i > span.start && (flags & CELL_BREAK);
		if (!is_skip) {
			bool is_blank = !after_skip && (flags & CELL_BLANK) && !is_broken;

			if (is_blank || (is_broken && is_text))
				*to++ = ' ';
			*to++ = cells[i].c;
			is_broken = false;
		}
		after_skip = is_skip;
	}
	return text;
}

char pattern_slot_type(const struct pattern *p, size_t slot)
{
	for (size_t i = 0; i < p->n_tokens; i++) {
		if (p->tokens[i].kind == TOKEN_OPERAND && p->tokens[i].slot == slot)
			return p->tokens[i].type;
	}
	return 'w';
}

void pattern_render(const struct pattern *p, const char *const *slots, struct buf *out)
{
	for (size_t i = 0; i < p->n_tokens; i++) {
		const struct token *token = &p->tokens[i];

		if (token->kind == TOKEN_TEXT)
			buf_append(out, token->text, token->length);
		else
			buf_puts(out, slots[token->slot] ? slots[token->slot] : "");
	}
}
