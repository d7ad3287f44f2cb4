// SPDX-License-Identifier: LGPL-2.1-or-later
/* Random documents in random style, random edits: the result says what was asked, in the style of
 * the document, and nothing else of it has changed. */
#include <errno.h>
#include <stdlib.h>

#include "xml_tests.h"

#define ROUNDS 12000
#define MAX_EDITS 5

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

#define ONE_OF(list) (list)[pick(ARRAY_SIZE(list))]

static const char *const names[] = {"a", "disk", "iommu", "q:arg", "cpu"};
static const char *const keys[] = {"x", "mode", "aw_bits", "q:k", "bus"};
static const char *const values[] = {
	"1", "on", "&lt;&amp;", "gr\xc3\xbc\xc3\x9f", "a>b", "", "/>", "&#65;", "a b", "--", "="};
/* What edits say, as it is meant. */
static const char *const news[] = {"2", "off", "<&>", "'\"", "\xe2\x82\xac", "", "x\ty"};

/* ---- a random document ---- */

struct style {
	const char *line_end; /* "": all on one line */
	const char *unit;
	bool is_tidy; /* one element per line, indented alike */
};

static void put_attributes(struct buf *out)
{
	unsigned used = 0;

	for (unsigned i = pick(4); i > 0; i--) {
		static const char *const gaps[] = {" ", "  ", " ", "\t", "\n   "};
		static const char *const equals[] = {"=", "=", " = ", "= "};
		unsigned key = pick(ARRAY_SIZE(keys));
		char quote = pick(3) ? '\'' : '"';

		if (used >> key & 1)
			continue;
		used |= 1u << key;
		buf_printf(out, "%s%s%s%c%s%c", pick(4) ? " " : ONE_OF(gaps), keys[key],
			   ONE_OF(equals), quote, ONE_OF(values), quote);
	}
	if (!pick(6))
		buf_putc(out, ' ');
}

static void put_break(struct buf *out, const struct style *style, unsigned depth)
{
	if (style->is_tidy || pick(8)) {
		buf_puts(out, style->line_end);
		if (!pick(10))
			buf_puts(out, style->line_end);
		for (unsigned i = 0; *style->line_end && i < depth; i++)
			buf_puts(out, style->unit);
	}
}

static void put_comment(struct buf *out, const struct style *style)
{
	buf_puts(out, pick(2) ? "<!-- <a x='1'/> -->" : "<!---->");
	if (!pick(5) && !style->is_tidy)
		buf_puts(out, "<?pi <b> ?>");
}

static void put_element(struct buf *out, const struct style *style, unsigned depth)
{
	const char *name = ONE_OF(names);
	unsigned children = depth > 4 ? 0 : pick(depth ? 4 : 6);

	buf_printf(out, "<%s", name);
	put_attributes(out);
	if (!children && pick(2)) {
		buf_puts(out, "/>");
		return;
	}
	buf_puts(out, ">");
	if (!children && pick(2))
		buf_puts(out, ONE_OF(values));
	if (!children && !pick(6))
		put_break(out, style, depth);
	for (unsigned i = 0; i < children; i++) {
		put_break(out, style, depth + 1);
		if (!pick(5)) {
			put_comment(out, style);
			put_break(out, style, depth + 1);
		}
		put_element(out, style, depth + 1);
		if (!pick(8))
			buf_puts(out, " <!-- that was it -->");
		if (!style->is_tidy && !pick(12))
			buf_puts(out, pick(2) ? "text" : "<![CDATA[<c>]]>");
	}
	if (children)
		put_break(out, style, depth);
	buf_printf(out, "</%s%s>", name, pick(8) ? "" : " ");
}

static struct style random_document(struct buf *out)
{
	static const char *const line_ends[] = {"\n", "\n", "\r\n", ""};
	static const char *const units[] = {"  ", "\t", "    ", " "};
	struct style style = {ONE_OF(line_ends), ONE_OF(units), pick(3) > 0};

	if (!pick(8))
		buf_puts(out, "\xef\xbb\xbf");
	if (pick(2))
		buf_printf(out, "<?xml version='1.0' encoding=\"UTF-8\"?>%s", style.line_end);
	if (!pick(4))
		buf_printf(out, "<!-- made by hand -->%s", style.line_end);
	put_element(out, &style, 0);
	if (pick(3))
		buf_puts(out, style.line_end);
	return style;
}

/* ---- edits, and what the document says after them ---- */

enum op { SET, UNSET, RENAME, TEXT, INSERT, REMOVE };

struct edit {
	enum op op;
	const struct xml_node *node; /* INSERT: the parent */
	const struct xml_node *behind;
	const char *key, *value;
	bool is_made;
};

struct round {
	struct arena *arena;
	const char *source;
	size_t length;
	const struct xml_node *root;
	struct edit edits[MAX_EDITS];
	size_t n;
	struct splices splices;
};

static const struct xml_node *random_node(const struct xml_node *node)
{
	while (node->first && pick(4)) {
		unsigned skip = pick(4);

		node = node->first;
		while (skip-- && node->next)
			node = node->next;
	}
	return node;
}

static bool is_within(const struct xml_node *node, const struct xml_node *outer)
{
	while (node && node != outer)
		node = node->parent;
	return node != NULL;
}

/* Two edits of one thing, or of what another one takes away, are not made together. */
static bool meets(const struct edit *a, const struct edit *b)
{
	if (a->op == REMOVE || b->op == REMOVE) {
		const struct edit *gone = a->op == REMOVE ? a : b, *other = gone == a ? b : a;

		return is_within(other->node, gone->node) || other->behind == gone->node ||
		       (other->op == REMOVE && is_within(gone->node, other->node));
	}
	if (a->node != b->node)
		return false;
	if (a->op >= TEXT && b->op >= TEXT)
		return true;
	return a->op < TEXT && b->op < TEXT &&
	       (str_eq(a->key, b->key) || a->op == RENAME || b->op == RENAME);
}

static struct edit random_edit(const struct round *r)
{
	struct edit e = {.op = (enum op)pick(6),
			 .node = random_node(r->root),
			 .key = ONE_OF(keys),
			 .value = ONE_OF(news)};

	if ((e.op == UNSET || e.op == RENAME) && e.node->n_attributes)
		e.key = e.node->attributes[pick((unsigned)e.node->n_attributes)].name;
	if (e.op == RENAME)
		e.value = "renamed";
	if (e.op == INSERT) {
		e.value = pick(2) ? "<n z='1'/>" : "<n>\n<o/>\n<p>1</p>\n</n>";
		for (const struct xml_node *c = e.node->first; c; c = c->next)
			e.behind = pick(2) ? c : e.behind;
	}
	return e;
}

static int make_edit(struct round *r, const struct edit *e)
{
	switch (e->op) {
	case SET:
		return xml_set(r->arena, &r->splices, e->node, e->key, e->value);
	case UNSET:
		return xml_unset(r->arena, &r->splices, e->node, e->key);
	case RENAME:
		return xml_rename(r->arena, &r->splices, e->node, e->key, e->value);
	case TEXT:
		return xml_set_text(r->arena, &r->splices, e->node, e->value);
	case INSERT:
		return xml_insert(r->arena, &r->splices, r->source, e->node, e->behind, e->value);
	default:
		return xml_remove(r->arena, &r->splices, r->source, e->node);
	}
}

static const struct edit *find_edit(const struct round *r, enum op op, const struct xml_node *node,
				    const char *key)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct edit *e = &r->edits[i];

		if (e->op == op && e->node == node && (!key || str_eq(e->key, key)))
			return e;
	}
	return NULL;
}

static void expect_attributes(struct buf *out, const struct round *r, const struct xml_node *node)
{
	const char *gap = "";

	for (size_t i = 0; i < node->n_attributes; i++) {
		const struct xml_attribute *a = &node->attributes[i];
		const struct edit *set = find_edit(r, SET, node, a->name);
		const struct edit *renamed = find_edit(r, RENAME, node, a->name);

		if (find_edit(r, UNSET, node, a->name))
			continue;
		buf_printf(out, "%s%s=%s", gap, renamed ? renamed->value : a->name,
			   set ? set->value : a->value);
		gap = " ";
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct edit *e = &r->edits[i];

		if (e->op != SET || e->node != node || xml_attribute(node, e->key))
			continue;
		buf_printf(out, "%s%s=%s", gap, e->key, e->value);
		gap = " ";
	}
}

static void expect_new(struct buf *out, const struct edit *insert)
{
	buf_puts(out, strchr(insert->value, '\n') ? "n()[o()[]'' p()[]'1' ]'' " : "n(z=1)[]'' ");
}

static void expect(struct buf *out, const struct round *r, const struct xml_node *node)
{
	const struct edit *insert = find_edit(r, INSERT, node, NULL);
	const struct edit *text = find_edit(r, TEXT, node, NULL);

	buf_printf(out, "%s(", node->name);
	expect_attributes(out, r, node);
	buf_puts(out, ")[");
	if (insert && !insert->behind)
		expect_new(out, insert);
	for (const struct xml_node *c = node->first; c; c = c->next) {
		if (!find_edit(r, REMOVE, c, NULL))
			expect(out, r, c);
		if (insert && insert->behind == c)
			expect_new(out, insert);
	}
	buf_puts(out, "]'");
	for (const char *c = text ? text->value : node->text; *c; c++) {
		if (!strchr(" \t\r\n", *c))
			buf_putc(out, *c);
	}
	buf_puts(out, "' ");
}

/* ---- bytes ---- */

/* What an edit may take away: 2 all of it, 1 blanks and "/" alone. */
static void allow(char *may, const struct round *r, const struct edit *e)
{
	const struct xml_node *node = e->node;
	const struct xml_attribute *a = e->op <= RENAME ? xml_attribute(node, e->key) : NULL;
	size_t start = 0, end = 0;

	if (a && e->op == SET) {
		start = a->at.offset;
		end = start + a->at.length;
	} else if (a && e->op == UNSET) {
		start = a->name_offset;
		end = a->at.offset + a->at.length + 1;
	} else if (a && e->op == RENAME) {
		start = a->name_offset;
		end = start + strlen(a->name);
	} else if (e->op == REMOVE) {
		start = node->at.offset;
		end = node->end;
	} else if (e->op == TEXT && node->text_at.line) {
		start = node->text_at.offset;
		end = start + node->text_at.length;
	} else if ((e->op == TEXT || e->op == INSERT) && node->is_empty) {
		start = node->tag_end;
		end = node->content;
	}
	memset(may + start, 'y', end - start);
}

/* The result without what was put in is the document without what was taken out; that is blanks, or
 * belongs to an edit. */
static bool keeps_bytes(const struct round *r, const char *text, size_t length)
{
	char *may = calloc(r->length + 1, 1);
	size_t from = 0, to = 0;
	bool good = true;

	for (size_t i = 0; i < r->n; i++)
		allow(may, r, &r->edits[i]);
	for (size_t i = 0; i <= r->splices.n; i++) {
		const struct splice *s = i < r->splices.n ? &r->splices.list[i] : NULL;
		size_t end = s ? s->start : r->length;

		good = good && length - to >= end - from &&
		       memcmp(text + to, r->source + from, end - from) == 0;
		to += end - from;
		from = end;
		for (; s && from < s->end; from++)
			good = good && (may[from] || strchr(" \t\r\n", r->source[from]));
		if (s) {
			good = good && length - to >= strlen(s->text) &&
			       memcmp(text + to, s->text, strlen(s->text)) == 0;
			to += strlen(s->text);
		}
	}
	free(may);
	return good && to == length;
}

static size_t count(const char *text, size_t length, const char *what)
{
	size_t n = 0;

	for (const char *at = text;
	     (at = memmem(at, length - (size_t)(at - text), what, strlen(what))) != NULL;
	     at += strlen(what))
		n++;
	return n;
}

/* Line ends are the document's own; lines that were put in begin with its blanks. */
static bool keeps_style(const struct round *r, const struct style *style, const char *text,
			size_t length)
{
	size_t before = count(r->source, r->length, "\n"),
	       crlf_before = count(r->source, r->length, "\r\n"), after = count(text, length, "\n"),
	       crlf_after = count(text, length, "\r\n");

	if (!*style->line_end)
		return after <= before || before;
	if (str_eq(style->line_end, "\n"))
		return crlf_after == 0;
	/* Attributes may stand on lines of their own with other ends. */
	return !crlf_before || after - crlf_after <= before - crlf_before;
}

/* Where the document shows how it indents. */
static bool indents_alike(const struct round *r, const struct style *style, const char *text,
			  const char *what)
{
	const char *at = strstr(text, what);
	char line[4] = {'\n', *style->unit, 0};

	if (!strstr(r->source, line))
		return true;
	while (at && at > text && at[-1] != '\n' && (at[-1] == ' ' || at[-1] == '\t')) {
		if (*style->line_end && style->is_tidy && at[-1] != *style->unit)
			return false;
		at--;
	}
	return true;
}

/* ---- rounds ---- */

static void add_edits(struct round *r)
{
	for (unsigned i = 1 + pick(MAX_EDITS); i > 0; i--) {
		struct edit e = random_edit(r);
		bool meets_another = false;
		int err;

		for (size_t k = 0; k < r->n; k++)
			meets_another |= meets(&e, &r->edits[k]);
		if (meets_another)
			continue;
		err = make_edit(r, &e);
		if (!err)
			r->edits[r->n++] = e;
		else if (e.op == RENAME || (e.op == REMOVE && !e.node->parent))
			assert_int_equal(err, -EINVAL);
		else
			assert_int_equal(err, e.op == TEXT ? -EOPNOTSUPP : 0);
	}
}

static size_t round_trip(struct arena *arena)
{
	struct round r = {.arena = arena};
	struct buf source = {0}, expected = {0}, found = {0};
	struct style style = random_document(&source);
	const char *text;
	size_t length, n;

	arena_reset(arena);
	r.source = source.data;
	r.length = source.length;
	r.root = must_read(arena, source.data, source.length);
	add_edits(&r);
	assert_int_equal(splices_apply(arena, r.source, r.length, &r.splices, &text, &length), 0);
	expect(&expected, &r, r.root);
	dump(&found, must_read(arena, text, length));
	if (!str_eq(expected.data, found.data))
		fail_msg("%s\nbecame\n%s\nwhich says\n%s\nnot\n%s", source.data, text, found.data,
			 expected.data);
	if (!keeps_bytes(&r, text, length) || !keeps_style(&r, &style, text, length) ||
	    !indents_alike(&r, &style, text, "<n") || !indents_alike(&r, &style, text, "<o/>"))
		fail_msg("%s\nbecame\n%s", source.data, text);
	n = r.n;
	buf_free(&source);
	buf_free(&expected);
	buf_free(&found);
	return n;
}

static void test_round_trips(void **state)
{
	struct arena *arena = arena_new(16384);
	size_t edits = 0;

	(void)state;
	seed = 88172645463325252u;
	for (unsigned i = 0; i < ROUNDS; i++)
		edits += round_trip(arena);
	assert_true(edits > 20000);
	arena_free(arena);
}

int test_random(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
	};

	return cmocka_run_group_tests_name("xml random", tests, NULL, NULL);
}
