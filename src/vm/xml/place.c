// SPDX-License-Identifier: LGPL-2.1-or-later
/* place.c - where the pieces of an XML document stand in its text. */
#include <errno.h>
#include <strings.h>

#include "base/utf8.h"
#include "vm/xml/place.h"

struct scanner {
	struct xml_places *to;
	const char *at, *end;
	struct xml_node *open; /* the innermost element that is not closed */
	unsigned depth, n_nodes, n_declarations;
	size_t attributes_cap;
	/* Lines are counted up to here. */
	const char *seen;
	unsigned line;
	const char *line_start;
	/* Of the text in open: pieces that say something, and whether one of them is not plain. */
	unsigned pieces[XML_MAX_DEPTH];
	bool is_followed;
	int err;
};

static struct place place_of(struct scanner *s, const char *from, const char *to)
{
	for (; s->seen < from; s->seen++) {
		if (*s->seen == '\n') {
			s->line++;
			s->line_start = s->seen + 1;
		}
	}
	return (struct place){.line = s->line,
			      .column = (unsigned)(from - s->line_start) + 1,
			      .offset = (size_t)(from - s->to->bytes),
			      .length = (size_t)(to - from),
			      .arg = -1};
}

static bool refuse(struct scanner *s, const char *reason)
{
	if (!s->err)
		s->err = ctx_fail(s->to->ctx, -EBADMSG, "%s:%u: %s", s->to->name,
				  place_of(s, s->at, s->at).line, reason);
	return false;
}

static bool fail_memory(struct scanner *s)
{
	s->err = -ENOMEM;
	return false;
}

/* Not as a well-formed document would go on. */
static bool lose(struct scanner *s)
{
	s->is_followed = false;
	return false;
}

static bool starts(const struct scanner *s, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(s->end - s->at) >= length && memcmp(s->at, text, length) == 0;
}

static bool skip_behind(struct scanner *s, const char *mark)
{
	const char *found = memmem(s->at, (size_t)(s->end - s->at), mark, strlen(mark));

	if (!found)
		return lose(s);
	s->at = found + strlen(mark);
	return true;
}

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->end && xml_is_blank(*s->at))
		s->at++;
}

static const char *take_name(struct scanner *s)
{
	const char *start = s->at;
	char *name;

	while (s->at < s->end && !xml_is_blank(*s->at) && !strchr("=<>/'\"", *s->at))
		s->at++;
	if (s->at == start) {
		lose(s);
		return NULL;
	}
	name = arena_strndup(s->to->arena, start, (size_t)(s->at - start));
	if (!name)
		fail_memory(s);
	return name;
}

/* ---- tags ---- */

/* name = "value" */
static bool take_attribute(struct scanner *s, struct xml_attribute *a)
{
	const char *end;

	*a = (struct xml_attribute){.name_offset = (size_t)(s->at - s->to->bytes)};
	a->name = take_name(s);
	if (!a->name)
		return false;
	skip_blanks(s);
	if (s->at == s->end || *s->at != '=')
		return lose(s);
	s->at++;
	skip_blanks(s);
	if (s->at == s->end || (*s->at != '"' && *s->at != '\''))
		return lose(s);
	a->quote = *s->at++;
	end = memchr(s->at, a->quote, (size_t)(s->end - s->at));
	if (!end)
		return lose(s);
	a->at = place_of(s, s->at, end);
	s->at = end + 1;
	return true;
}

static bool add_attribute(struct scanner *s, struct xml_node *node)
{
	struct xml_attribute a;

	if (node->n_attributes == XML_MAX_ATTRIBUTES)
		return refuse(s, "more than 256 attributes");
	if (!take_attribute(s, &a))
		return false;
	if (str_starts(a.name, "xmlns") && ++s->n_declarations > XML_MAX_DECLARATIONS)
		return refuse(s, "more than 1024 namespaces are declared");
	node->attributes = arena_grow(s->to->arena, node->attributes, node->n_attributes,
				      &s->attributes_cap, sizeof(a));
	if (!node->attributes)
		return fail_memory(s);
	node->attributes[node->n_attributes++] = a;
	return true;
}

static bool take_attributes(struct scanner *s, struct xml_node *node)
{
	s->attributes_cap = 0;
	for (;;) {
		const char *before = s->at;

		skip_blanks(s);
		if (s->at == s->end)
			return lose(s);
		if (*s->at == '/' || *s->at == '>') {
			node->tag_end = (size_t)(before - s->to->bytes);
			return true;
		}
		if (s->at == before)
			return lose(s);
		if (!add_attribute(s, node))
			return false;
	}
}

static struct xml_node *add_node(struct scanner *s)
{
	struct xml_node *node = arena_alloc(s->to->arena, sizeof(*node));

	if (!node) {
		fail_memory(s);
		return NULL;
	}
	node->parent = s->open;
	if (!s->open)
		s->to->root = node;
	else if (s->open->last)
		s->open->last->next = node;
	else
		s->open->first = node;
	if (s->open)
		s->open->last = node;
	return node;
}

static bool take_start(struct scanner *s)
{
	const char *start = s->at;
	struct xml_node *node;

	if (!s->open && s->to->root)
		return lose(s);
	if (s->depth == XML_MAX_DEPTH)
		return refuse(s, "elements are nested more than 64 deep");
	if (s->n_nodes++ == XML_MAX_NODES)
		return refuse(s, "more than 65536 elements");
	node = add_node(s);
	if (!node)
		return false;
	node->at = place_of(s, start, start);
	s->at++;
	node->name = take_name(s);
	if (!node->name || !take_attributes(s, node))
		return false;
	node->is_empty = *s->at == '/';
	s->at += node->is_empty;
	if (s->at == s->end || *s->at != '>')
		return lose(s);
	s->at++;
	node->content = (size_t)(s->at - s->to->bytes);
	node->at.length = node->content - node->at.offset;
	node->close = node->end = node->content;
	if (!node->is_empty) {
		s->open = node;
		s->pieces[s->depth++] = 0;
	}
	return true;
}

static bool take_end(struct scanner *s)
{
	struct xml_node *node = s->open;
	size_t length = node ? strlen(node->name) : 0;

	if (!node)
		return lose(s);
	node->close = (size_t)(s->at - s->to->bytes);
	s->at += 2;
	if (!starts(s, node->name))
		return lose(s);
	s->at += length;
	skip_blanks(s);
	if (s->at == s->end || *s->at != '>')
		return lose(s);
	s->at++;
	node->end = (size_t)(s->at - s->to->bytes);
	if (s->pieces[--s->depth] != 1)
		node->text_at = (struct place){0};
	s->open = node->parent;
	return true;
}

/* ---- what stands between tags ---- */

static bool take_text(struct scanner *s)
{
	const char *from = s->at, *to;

	to = memchr(s->at, '<', (size_t)(s->end - s->at));
	s->at = to = to ? to : s->end;
	while (from < to && xml_is_blank(*from))
		from++;
	while (from < to && xml_is_blank(to[-1]))
		to--;
	if (from == to)
		return true;
	if (!s->open)
		return lose(s);
	s->open->text_at = place_of(s, from, to);
	s->pieces[s->depth - 1]++;
	return true;
}

/* Counts as two pieces: it is not edited as text is. */
static bool take_cdata(struct scanner *s)
{
	if (!s->open)
		return lose(s);
	s->pieces[s->depth - 1] += 2;
	return skip_behind(s, "]]>");
}

static bool take_mark(struct scanner *s)
{
	if (starts(s, "<!--")) {
		s->at += 4;
		return skip_behind(s, "-->");
	}
	if (starts(s, "<![CDATA["))
		return take_cdata(s);
	if (starts(s, "<!DOCTYPE"))
		return refuse(s, "a DOCTYPE is not taken");
	if (starts(s, "<?"))
		return skip_behind(s, "?>");
	if (starts(s, "</"))
		return take_end(s);
	return starts(s, "<!") ? lose(s) : take_start(s);
}

/* ---- encoding ---- */

/* Single bytes, of which those below 0x80 are ASCII's. */
static const char *const encodings[] = {"ISO-8859-", "ISO8859-", "ISO_8859-", "windows-125",
					"KOI8-",     "latin1",	 "US-ASCII",  "ASCII"};

static bool is_single_byte(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		if (strncasecmp(name, encodings[i], strlen(encodings[i])) == 0)
			return true;
	}
	return false;
}

/* The XML declaration's encoding="...". */
static bool take_declaration(struct scanner *s)
{
	struct xml_attribute a;

	if (!starts(s, "<?xml") || s->end - s->at < 6 || !xml_is_blank(s->at[5]))
		return true;
	s->at += 5;
	for (;;) {
		const char *encoding;

		skip_blanks(s);
		if (s->at == s->end || *s->at == '?')
			return skip_behind(s, "?>");
		if (!take_attribute(s, &a))
			return false;
		if (!str_eq(a.name, "encoding"))
			continue;
		encoding = arena_strndup(s->to->arena, s->to->bytes + a.at.offset, a.at.length);
		if (!encoding)
			return fail_memory(s);
		s->to->is_utf8 = strcasecmp(encoding, "UTF-8") == 0;
		if (!s->to->is_utf8 && !is_single_byte(encoding))
			return refuse(s, "another encoding than UTF-8 is not taken");
	}
}

static bool take_begin(struct scanner *s)
{
	const char *nul = memchr(s->at, '\0', s->to->length);

	if (starts(s, "\xff\xfe") || starts(s, "\xfe\xff"))
		return refuse(s, "another encoding than UTF-8 is not taken");
	if (nul) {
		s->at = nul;
		return refuse(s, "a NUL byte");
	}
	if (starts(s, "\xef\xbb\xbf"))
		s->at += 3;
	return take_declaration(s);
}

int xml_find_places(struct xml_places *places)
{
	struct scanner s = {
		.to = places,
		.at = places->bytes,
		.end = places->bytes + places->length,
		.seen = places->bytes,
		.line = 1,
		.line_start = places->bytes,
		.is_followed = true,
	};
	bool goes_on;

	places->is_utf8 = true;
	if (places->length > XML_MAX_SOURCE)
		return ctx_fail(places->ctx, -EBADMSG, "%s:1: larger than 16 MiB", places->name);
	goes_on = take_begin(&s);
	while (goes_on && s.at < s.end)
		goes_on = *s.at == '<' ? take_mark(&s) : take_text(&s);
	places->is_lost = !s.is_followed || s.open || !places->root;
	places->line = place_of(&s, s.at, s.at).line;
	return s.err;
}

/* ---- what raw text says ---- */

static size_t decode_number(const char *raw, size_t length, uint32_t *character)
{
	const char *end = memchr(raw, ';', length);
	bool is_hex = length > 2 && raw[2] == 'x';
	uint64_t value;

	if (!end || parse_u64n(raw + 2 + is_hex, (size_t)(end - raw) - 2 - is_hex, is_hex ? 16 : 10,
			       0x10ffff, &value))
		return 0;
	*character = (uint32_t)value;
	return (size_t)(end - raw) + 1;
}

/* The reference at raw, as "&amp;"; returns its length. */
static size_t decode_reference(struct buf *out, const char *raw, size_t length)
{
	static const struct {
		const char *name;
		char meaning;
	} entities[] = {
		{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&apos;", '\''}, {"&quot;", '"'}};
	char bytes[UTF8_MAX];
	uint32_t character;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
		n = strlen(entities[i].name);
		if (length >= n && memcmp(raw, entities[i].name, n) == 0) {
			buf_putc(out, entities[i].meaning);
			return n;
		}
	}
	n = length > 1 && raw[1] == '#' ? decode_number(raw, length, &character) : 0;
	if (!n) {
		buf_putc(out, *raw);
		return 1;
	}
	buf_append(out, bytes, utf8_encode(character, bytes));
	return n;
}

void xml_decode(struct buf *out, const char *raw, size_t length, bool is_value)
{
	for (size_t i = 0; i < length;) {
		if (raw[i] == '&') {
			i += decode_reference(out, raw + i, length - i);
			continue;
		}
		if (raw[i] == '\r' && i + 1 < length && raw[i + 1] == '\n')
			i++;
		if (is_value && xml_is_blank(raw[i]))
			buf_putc(out, ' ');
		else
			buf_putc(out, raw[i] == '\r' ? '\n' : raw[i]);
		i++;
	}
}
