// SPDX-License-Identifier: LGPL-2.1-or-later
/* draft.c - changes of a document, collected before they become splices. */
#include <errno.h>

#include "vm/xml/draft.h"

void draft_begin(struct xml_draft *draft, struct arena *arena, const struct xml_node *root)
{
	*draft = (struct xml_draft){.arena = arena,
				    .root = {.base = root, .name = root->name},
				    .nowhere = {.name = ""}};
}

static struct draft_node *add_node(struct xml_draft *draft, struct draft_node *parent,
				   const struct draft_node *what)
{
	struct draft_node *node = draft->err ? NULL : arena_alloc(draft->arena, sizeof(*node));

	if (!node) {
		if (!draft->err)
			draft->err = -ENOMEM;
		return &draft->nowhere;
	}
	*node = *what;
	node->parent = parent;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

static struct draft_node *opened(struct draft_node *parent, const struct xml_node *base)
{
	struct draft_node *node = parent->first;

	while (node && node->base != base)
		node = node->next;
	return node;
}

struct draft_node *draft_open(struct xml_draft *draft, const struct xml_node *base)
{
	struct draft_node what = {.base = base, .name = base->name}, *parent, *node;

	if (draft->err)
		return &draft->nowhere;
	if (base == draft->root.base)
		return &draft->root;
	parent = draft_open(draft, base->parent);
	node = opened(parent, base);
	return node ? node : add_node(draft, parent, &what);
}

/* ---- children ---- */

/* Place of a name in "a b c", 0 if it is not in there. */
static size_t rank(const char *order, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = order; (at = strstr(at, name)) != NULL; at++) {
		if ((at == order || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return (size_t)(at - order) + 1;
	}
	return 0;
}

static bool is_gone(struct draft_node *parent, const struct xml_node *base)
{
	const struct draft_node *node = opened(parent, base);

	return node && node->is_gone;
}

static const struct xml_node *find_behind(struct draft_node *parent, const char *name,
					  const char *order)
{
	const struct xml_node *behind = NULL;
	size_t own = order ? rank(order, name) : 0;

	for (const struct xml_node *c = parent->base ? parent->base->first : NULL; c; c = c->next) {
		size_t place = order ? rank(order, c->name) : 0;

		if (!own || (place && place <= own))
			behind = c;
	}
	return behind;
}

struct draft_node *draft_add(struct xml_draft *draft, struct draft_node *parent, const char *name,
			     const char *order)
{
	struct draft_node what = {.name = arena_strdup(draft->arena, name)};

	if (!what.name && !draft->err)
		draft->err = -ENOMEM;
	if (draft->err)
		return &draft->nowhere;
	what.behind = find_behind(parent, name, order);
	return add_node(draft, parent, &what);
}

static bool says(const struct draft_node *node, const char *attribute, const char *value)
{
	const char *said = value ? draft_value(node, attribute) : NULL;

	return !value || (said && str_eq(said, value));
}

struct draft_node *draft_find(struct xml_draft *draft, struct draft_node *parent, const char *name,
			      const char *attribute, const char *value)
{
	if (draft->err)
		return NULL;
	for (const struct xml_node *c = xml_child(parent->base, name); c; c = xml_sibling(c)) {
		struct draft_node *node = draft_open(draft, c);

		if (!node->is_gone && says(node, attribute, value))
			return draft->err ? NULL : node;
	}
	for (struct draft_node *node = parent->first; node; node = node->next) {
		const char *local = *name == '{' ? strchr(name, '}') + 1 : name;
		const char *own = strchr(node->name, ':');

		own = *name == '{' && own ? own + 1 : node->name;
		if (!node->base && !node->is_gone && str_eq(own, local) &&
		    says(node, attribute, value))
			return node;
	}
	return NULL;
}

struct draft_node *draft_child(struct xml_draft *draft, struct draft_node *parent, const char *name,
			       const char *order)
{
	struct draft_node *node = draft_find(draft, parent, name, NULL, NULL);
	const struct xml_node *base = node || draft->err ? NULL : xml_child(parent->base, name);

	if (node)
		return node;
	if (!base)
		return draft_add(draft, parent, name, order);
	/* What was to go stays, after all. */
	node = draft_open(draft, base);
	node->is_gone = false;
	return node;
}

/* ---- what they say ---- */

static const struct draft_change *change_of(const struct draft_node *node, const char *name)
{
	for (size_t i = node->n_changes; i-- > 0;) {
		const struct draft_change *c = &node->changes[i];

		if (str_eq(c->name, name) || (c->new_name && str_eq(c->new_name, name)))
			return c;
	}
	return NULL;
}

const char *draft_value(const struct draft_node *node, const char *attribute)
{
	const struct draft_change *change = change_of(node, attribute);

	if (!change)
		return xml_value(node->base, attribute);
	if (!change->new_name)
		return change->value;
	return str_eq(change->new_name, attribute) ? xml_value(node->base, change->name) : NULL;
}

static void add_change(struct xml_draft *draft, struct draft_node *node, struct draft_change what)
{
	struct draft_change *old;

	if (draft->err)
		return;
	old = (struct draft_change *)change_of(node, what.name);
	if (old && !old->new_name) {
		*old = what;
		return;
	}
	node->changes = arena_grow(draft->arena, node->changes, node->n_changes, &node->changes_cap,
				   sizeof(what));
	if (!node->changes) {
		node->n_changes = 0;
		draft->err = -ENOMEM;
		return;
	}
	node->changes[node->n_changes++] = what;
}

void draft_set(struct xml_draft *draft, struct draft_node *node, const char *attribute,
	       const char *value)
{
	struct draft_change what = {.name = arena_strdup(draft->arena, attribute),
				    .value = value ? arena_strdup(draft->arena, value) : NULL};

	if ((!what.name || (value && !what.value)) && !draft->err)
		draft->err = -ENOMEM;
	add_change(draft, node, what);
}

void draft_rename(struct xml_draft *draft, struct draft_node *node, const char *attribute,
		  const char *name)
{
	add_change(draft, node, (struct draft_change){.name = attribute, .new_name = name});
}

void draft_text(struct xml_draft *draft, struct draft_node *node, const char *text)
{
	const char *kept = arena_strdup(draft->arena, text);

	if (!kept && !draft->err)
		draft->err = -ENOMEM;
	if (!draft->err)
		node->text = kept;
}

void draft_remove(struct draft_node *node)
{
	node->is_gone = true;
}

bool draft_is_bare(const struct draft_node *node)
{
	for (size_t i = 0; node->base && i < node->base->n_attributes; i++) {
		if (draft_value(node, node->base->attributes[i].name))
			return false;
	}
	for (size_t i = 0; i < node->n_changes; i++) {
		if (node->changes[i].value || node->changes[i].new_name)
			return false;
	}
	for (const struct draft_node *c = node->first; c; c = c->next) {
		if (!c->base && !c->is_gone)
			return false;
	}
	for (const struct xml_node *c = node->base ? node->base->first : NULL; c; c = c->next) {
		if (!is_gone((struct draft_node *)node, c))
			return false;
	}
	return true;
}

/* ---- written ---- */

struct writer {
	struct xml_draft *draft;
	const char *source;
	struct splices *splices;
	char quote;
};

static void put_new(struct writer *w, struct buf *out, const struct draft_node *node)
{
	const char *text = node->text ? xml_escape(w->draft->arena, node->text) : "";
	bool has_children = false;

	for (const struct draft_node *c = node->first; c; c = c->next)
		has_children |= !c->is_gone;
	if (out->length)
		buf_putc(out, '\n');
	if (node->written) {
		buf_puts(out, node->written);
		return;
	}
	buf_printf(out, "<%s", node->name);
	for (size_t i = 0; i < node->n_changes; i++) {
		const struct draft_change *c = &node->changes[i];
		const char *value = c->value ? xml_escape(w->draft->arena, c->value) : NULL;

		if (c->value && !value)
			out->err = -ENOMEM;
		if (value)
			buf_printf(out, " %s=%c%s%c", c->name, w->quote, value, w->quote);
	}
	if (!text)
		out->err = -ENOMEM;
	else
		buf_printf(out, "%s%s", *text || has_children ? ">" : "/>", text);
	for (const struct draft_node *c = node->first; c; c = c->next) {
		if (!c->is_gone)
			put_new(w, out, c);
	}
	if (has_children)
		buf_putc(out, '\n');
	if (has_children || (text && *text))
		buf_printf(out, "</%s>", node->name);
}

/* A place that stays. */
static const struct xml_node *staying(struct draft_node *parent, const struct xml_node *behind)
{
	const struct xml_node *last = NULL;

	if (!behind || !is_gone(parent, behind))
		return behind;
	for (const struct xml_node *c = parent->base->first; c != behind; c = c->next) {
		if (!is_gone(parent, c))
			last = c;
	}
	return last;
}

/* New children that go to one place, together. */
static int write_new(struct writer *w, struct draft_node *node, const struct xml_node *behind)
{
	struct buf lines = {0};
	const char *text;

	w->quote = xml_quote(node->base);
	for (const struct draft_node *c = node->first; c; c = c->next) {
		if (!c->base && !c->is_gone && staying(node, c->behind) == behind)
			put_new(w, &lines, c);
	}
	if (!lines.length) {
		int err = lines.err;

		buf_free(&lines);
		return err;
	}
	text = lines.err ? NULL : arena_strndup(w->draft->arena, lines.data, lines.length);
	buf_free(&lines);
	return text ? xml_insert(w->draft->arena, w->splices, w->source, node->base, behind, text)
		    : -ENOMEM;
}

static int write_change(struct writer *w, const struct xml_node *base, const struct draft_change *c)
{
	const char *now = xml_value(base, c->name);

	if (c->new_name)
		return xml_rename(w->draft->arena, w->splices, base, c->name, c->new_name);
	if (!c->value)
		return xml_unset(w->draft->arena, w->splices, base, c->name);
	if (now && str_eq(now, c->value))
		return 0;
	return xml_set(w->draft->arena, w->splices, base, c->name, c->value);
}

static int write_node(struct writer *w, struct draft_node *node)
{
	const struct xml_node *base = node->base;
	int err = 0;

	if (node->is_gone)
		return xml_remove(w->draft->arena, w->splices, w->source, base);
	for (size_t i = 0; !err && i < node->n_changes; i++)
		err = write_change(w, base, &node->changes[i]);
	if (!err && node->text && !str_eq(node->text, base->text))
		err = xml_set_text(w->draft->arena, w->splices, base, node->text);
	if (!err)
		err = write_new(w, node, NULL);
	for (const struct xml_node *c = base->first; !err && c; c = c->next) {
		if (!is_gone(node, c))
			err = write_new(w, node, c);
	}
	for (struct draft_node *c = node->first; !err && c; c = c->next) {
		if (c->base)
			err = write_node(w, c);
	}
	return err;
}

int draft_write(struct xml_draft *draft, const char *source, struct splices *splices)
{
	struct writer w = {.draft = draft, .source = source, .splices = splices};

	return draft->err ? draft->err : write_node(&w, &draft->root);
}
