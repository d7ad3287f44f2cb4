/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/vm/xml/draft.c src/vm/xml/edit.c src/vm/xml/place.c src/vm/xml/tree.c */
/*
 * A document. Behind "\n%%\n", each line is an edit: its number, an element's, another one's, then
 * name=value. The edited text must be readable, if its names were names; what was read stands where
 * it is said to.
 */
#include <errno.h>
#include <stdlib.h>

#include "fuzz.h"
#include "vm/xml/draft.h"

#define MAX_EDITS 8

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static size_t check_node(const char *bytes, size_t length, const struct xml_node *node)
{
	size_t n = 1;

	expect(node->at.offset < node->tag_end && node->tag_end < node->content &&
	       node->content <= node->close && node->close <= node->end && node->end <= length);
	expect(bytes[node->at.offset] == '<' && bytes[node->content - 1] == '>' &&
	       bytes[node->end - 1] == '>');
	for (size_t i = 0; i < node->n_attributes; i++) {
		const struct xml_attribute *a = &node->attributes[i];

		expect(a->at.offset + a->at.length < node->content &&
		       bytes[a->at.offset - 1] == a->quote &&
		       bytes[a->at.offset + a->at.length] == a->quote && a->value);
	}
	for (const struct xml_node *c = node->first; c; c = c->next) {
		expect(c->parent == node && c->at.offset >= node->content && c->end <= node->close);
		n += check_node(bytes, length, c);
	}
	return n;
}

static const struct xml_node *nth(const struct xml_node *node, unsigned long n)
{
	while (n && node) {
		if (node->first)
			node = node->first;
		else {
			while (node && !node->next)
				node = node->parent;
			node = node ? node->next : NULL;
		}
		n--;
	}
	return node;
}

static bool is_name(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz")];
}

/* "1 2 name=value" */
static void make_edit(struct xml_draft *draft, const struct xml_node *root, size_t n, char *line)
{
	unsigned long op = strtoul(line, &line, 10);
	const struct xml_node *node = nth(root, strtoul(line, &line, 10) % n);
	char *equal = strchr(line, '='), *name = line + (*line == ' ');
	struct draft_node *at;

	if (!equal || !node)
		return;
	*equal = '\0';
	at = draft_open(draft, node);
	if (!is_name(name))
		return;
	if (op % 6 == 0)
		draft_set(draft, at, name, equal[1] == '-' ? NULL : equal + 1);
	else if (op % 6 == 1)
		draft_text(draft, draft_child(draft, at, name, "a b c"), equal + 1);
	else if (op % 6 == 2 && node->parent)
		draft_remove(at);
	else if (op % 6 == 3)
		draft_set(draft, draft_add(draft, at, name, "c b a"), "x", equal + 1);
	else if (op % 6 == 4)
		draft_child(draft, draft_child(draft, at, name, NULL), "inner", NULL);
	else if (draft_value(at, name))
		draft_rename(draft, at, name, "renamed");
}

#define LARGE (XML_MAX_NODES - 4 * MAX_EDITS)

static bool is_large(const struct xml_node *node, unsigned depth)
{
	for (const struct xml_node *c = node->first; c; c = c->next) {
		if (is_large(c, depth + 1))
			return true;
	}
	return depth + 4 > XML_MAX_DEPTH || node->n_attributes > 256 - MAX_EDITS;
}

static void edit(struct arena *arena, const char *text, size_t length, const struct xml_node *root,
		 size_t n, char *lines)
{
	struct splices splices = {0};
	struct xml_draft draft;
	struct xml_node *again;
	const char *out;

	draft_begin(&draft, arena, root);
	for (unsigned i = 0; lines && *lines && i < MAX_EDITS; i++) {
		char *end = strchr(lines, '\n');

		if (end)
			*end = '\0';
		make_edit(&draft, root, n, lines);
		lines = end ? end + 1 : NULL;
	}
	if (draft_write(&draft, text, &splices))
		return;
	/* A text and elements for one that was empty do not go together. */
	if (splices_apply(arena, text, length, &splices, &out, &length) == -EOPNOTSUPP)
		return;
	/* What was added may make it more than is taken. */
	if (xml_read(NULL, arena, "x", out, length, &again) == 0)
		check_node(out, length, again);
	else
		expect(n > LARGE || is_large(root, 0));
}

static bool is_text(const char *text)
{
	for (; *text; text++) {
		if (*text != '\n' && ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f))
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new(16384);
	char *text = arena ? arena_strndup(arena, (const char *)bytes, size) : NULL;
	char *edits = text ? memmem(text, size, "\n%%\n", 4) : NULL;
	struct xml_node *root = NULL;
	struct iof_ctx *ctx = NULL;

	if (edits) {
		size = (size_t)(edits - text);
		*edits = '\0';
		edits += 4;
	}
	if (text && iof_ctx_new(&ctx) == 0) {
		if (xml_read(ctx, arena, "x", text, size, &root))
			expect(!strchr(iof_ctx_error(ctx), '\n') &&
			       str_starts(iof_ctx_error(ctx), "x:"));
		else
			edit(arena, text, size, root, check_node(text, size, root),
			     edits && is_text(edits) ? edits : NULL);
	}
	iof_ctx_unref(ctx);
	arena_free(arena);
	return 0;
}
