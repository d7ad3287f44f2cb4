/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cells.c - takes the wrappings off a log, byte by byte. */
#include "explain/cells.h"

#include <string.h>

#include "base/strings.h"

enum terminal_state { PLAIN = 0, ESCAPE, SEQUENCE, COMMAND, COMMAND_ESCAPE };
#define MAX_COMMAND 512 /* bytes of a title or link; then it was none */

struct sink {
	struct cooker *cooker;
	struct cell *cells;
	size_t n;
};

static void put_break(struct sink *s)
{
	struct cooker *c = s->cooker;

	c->flags |= CELL_BLANK | CELL_BREAK | (c->has_line ? 0 : CELL_GAP);
	c->has_line = false;
}

static void put_char(struct sink *s, char ch)
{
	struct cooker *c = s->cooker;

	s->cells[s->n++] = (struct cell){.c = ch,
					 .flags = c->flags,
					 .column = c->column,
					 .line = c->line == UINT32_MAX ? c->line : c->line + 1};
	c->flags = 0;
	c->has_line = true;
}

/* ECMA-48: CSI up to a final byte; OSC and its like up to BEL or ST; others have one more byte. */
static bool in_terminal_sequence(struct cooker *c, unsigned char byte)
{
	if (c->terminal == PLAIN) {
		c->terminal = byte == 0x1b ? ESCAPE : PLAIN;
		c->n_terminal = 0;
		return byte == 0x1b;
	}
	if (byte == '\n' || ++c->n_terminal > MAX_COMMAND) {
		c->terminal = PLAIN;
		return false;
	}
	switch (c->terminal) {
	case ESCAPE:
		c->terminal = byte == '[' ? SEQUENCE : memchr("]PX^_", byte, 5) ? COMMAND : PLAIN;
		if (memchr("()*+#% ", byte, 7))
			c->terminal = SEQUENCE;
		break;
	case SEQUENCE:
		if (byte >= 0x40 || (byte >= '0' && c->n_terminal == 2))
			c->terminal = byte >= 0x40 ? PLAIN : SEQUENCE;
		else if (byte < 0x20)
			c->terminal = PLAIN;
		break;
	case COMMAND:
		c->terminal = byte == 0x07 ? PLAIN : byte == 0x1b ? COMMAND_ESCAPE : COMMAND;
		break;
	default:
		c->terminal = PLAIN;
		break;
	}
	return true;
}

/* One byte behind all escapes. */
static void put_byte(struct sink *s, unsigned char byte)
{
	struct cooker *c = s->cooker;

	if ((c->terminal != PLAIN || byte == 0x1b) && in_terminal_sequence(c, byte))
		return;
	if (byte > 0x20 && byte != 0x7f)
		put_char(s, (char)byte);
	else if (byte == '\n')
		put_break(s);
	else if (byte == ' ' || byte == '\t' || byte == '\v' || byte == '\f')
		c->flags |= CELL_BLANK;
}

/* ---- escapes ---- */

struct spelling {
	const char *from;
	const char *to; /* "\n": a line break of the message's own */
};

/* Entities of pasted web pages, typographic characters of forum software, rsyslog's and less's
 * ways to show an escape. */
static const struct spelling spellings[] = {
	{"&gt;", ">"},		{"&lt;", "<"},		{"&amp;", "&"},
	{"&quot;", "\""},	{"&apos;", "'"},	{"&#39;", "'"},
	{"&#039;", "'"},	{"&#x27;", "'"},	{"&#34;", "\""},
	{"&#62;", ">"},		{"&#60;", "<"},		{"&nbsp;", " "},
	{"&#160;", " "},	{"&#x2F;", "/"},	{"&#47;", "/"},
	{"\xc2\xa0", " "},	{"\xe2\x80\x98", "'"},	{"\xe2\x80\x99", "'"},
	{"\xe2\x80\x9c", "\""}, {"\xe2\x80\x9d", "\""}, {"\xe2\x80\x8b", ""},
	{"\xef\xbb\xbf", ""},	{"#033[", "\033["},	{"^[[", "\033["},
	{"\xc2\xad", ""},	{"\xe2\x80\xaf", " "},
};

/* Whether byte may begin an escape. */
static bool is_lead(unsigned char byte)
{
	return byte == '&' || byte == '\\' || byte == '#' || byte == '^' || byte == 0xc2 ||
	       byte == 0xe2 || byte == 0xef;
}

enum { INCOMPLETE = -1 };

static int hex_value(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* "x1b", "u003e": so many hexadecimal digits. The character, INCOMPLETE, or -2. */
static int hex_escape(const char *text, size_t length, size_t digits)
{
	int value = 0;

	for (size_t i = 1; i <= digits; i++) {
		if (i >= length)
			return INCOMPLETE;
		if (hex_value(text[i]) < 0)
			return -2;
		value = value * 16 + hex_value(text[i]);
	}
	return value;
}

/* Backslashes, how many there are says how often the text was quoted; what follows says what is
 * meant. Returns the bytes used, or INCOMPLETE. */
static int put_backslash(struct sink *s, const char *text, size_t length, bool is_end)
{
	size_t n = 0;
	int value;
	char c;

	while (n < length && text[n] == '\\')
		n++;
	if (n >= length || n > 8)
		return is_end || n > 8 ? (int)n : INCOMPLETE;
	c = text[n];
	if (c == 'n' || c == 'r') {
		if (c == 'n')
			put_break(s);
		return (int)n + 1;
	}
	if (c == 't') {
		put_byte(s, '\t');
		return (int)n + 1;
	}
	if (c != 'u' && c != 'x' && c != '0')
		return (int)n; /* \" and \/ are the character; a lone one goes on a line */
	if (c == '0')
		value = length - n < 3 ? (is_end ? -2 : INCOMPLETE)
				       : (memcmp(text + n, "033", 3) == 0 ? 0x1b : -2);
	else
		value = hex_escape(text + n, length - n, c == 'u' ? 4 : 2);
	if (value == INCOMPLETE)
		return is_end ? (int)n : INCOMPLETE;
	if (value < 0 || value > 0x7f)
		return (int)n;
	put_byte(s, (unsigned char)value);
	return (int)(n + (c == 'u' ? 5 : 3));
}

/* An escape at text[0]; the bytes used, or INCOMPLETE. */
static int put_escape(struct sink *s, const char *text, size_t length, bool is_end)
{
	if (text[0] == '\\')
		return put_backslash(s, text, length, is_end);
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		const char *from = spellings[i].from;
		size_t size = strlen(from), common = length < size ? length : size;

		if (memcmp(text, from, common) != 0)
			continue;
		if (common < size && !is_end)
			return INCOMPLETE;
		if (common < size)
			continue;
		for (const char *to = spellings[i].to; *to; to++)
			put_byte(s, (unsigned char)*to);
		return (int)size;
	}
	put_byte(s, (unsigned char)text[0]);
	return 1;
}

/* Move on in the input by what was used. */
static void count(struct cooker *c, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n') {
			c->line += c->line != UINT32_MAX;
			c->column = 0;
		} else {
			c->column = (uint16_t)(c->column + (c->column != UINT16_MAX));
		}
	}
}

/* Bytes that were held back, with what comes now behind them. true: they are through. */
static bool cook_held(struct sink *s, const char *bytes, size_t length, size_t *taken, bool is_end)
{
	struct cooker *c = s->cooker;
	size_t before = c->n_held, more = sizeof(c->held) - before;
	int used;

	more = more < length ? more : length;
	memcpy(c->held + before, bytes, more);
	used = put_escape(s, c->held, before + more, is_end || more < length || !more);
	if (used == INCOMPLETE) {
		c->n_held = (uint8_t)(before + more);
		*taken += more;
		return false;
	}
	count(c, c->held, (size_t)used);
	if ((size_t)used < before) {
		memmove(c->held, c->held + used, before - (size_t)used);
		c->n_held = (uint8_t)(before - (size_t)used);
		if (!is_lead((unsigned char)c->held[0])) {
			for (size_t i = 0; i < c->n_held; i++)
				put_byte(s, (unsigned char)c->held[i]);
			count(c, c->held, c->n_held);
			c->n_held = 0;
		}
		return c->n_held == 0;
	}
	*taken += (size_t)used - before;
	c->n_held = 0;
	return true;
}

size_t cook(struct cooker *c, const char *bytes, size_t length, size_t *taken, struct cell *cells,
	    size_t cap)
{
	struct sink s = {.cooker = c, .cells = cells};
	size_t at = 0;

	*taken = 0;
	while (c->n_held && cap - s.n > COOK_ROOM) {
		size_t used = 0;
		bool is_through = cook_held(&s, bytes + at, length - at, &used, false);

		at += used;
		if (!is_through && at == length)
			break;
	}
	while (!c->n_held && at < length && cap - s.n > COOK_ROOM) {
		unsigned char byte = (unsigned char)bytes[at];
		int used = 1;

		if (is_lead(byte))
			used = put_escape(&s, bytes + at, length - at, false);
		else
			put_byte(&s, byte);
		if (used == INCOMPLETE) {
			c->n_held = (uint8_t)(length - at);
			memcpy(c->held, bytes + at, length - at);
			at = length;
			break;
		}
		count(c, bytes + at, (size_t)used);
		at += (size_t)used;
	}
	*taken = at;
	return s.n;
}

size_t cook_rest(struct cooker *c, struct cell *cells, size_t cap)
{
	struct sink s = {.cooker = c, .cells = cells};
	size_t none = 0;

	while (c->n_held && cap - s.n > COOK_ROOM)
		cook_held(&s, "", 0, &none, true);
	return s.n;
}
