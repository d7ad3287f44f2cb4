// SPDX-License-Identifier: LGPL-2.1-or-later
/* tree.c - a document's meaning, by libxml2, joined with its places; and questions to it. */
#include <errno.h>
#include <stdatomic.h>

#include "vm/xml/module.h"
#include "vm/xml/place.h"

static const struct module_file module_file = {.folder = "xml",
					       .name = "iommufit-xml.so",
					       .symbol = XML_MODULE_SYMBOL,
					       .abi = XML_MODULE_ABI,
					       .needed_for = "XML configs"};

static int load(struct iof_ctx *ctx, const struct xml_module **out)
{
	static _Atomic(const struct xml_module *) loaded;
	const struct module_head *head;
	int err;

	*out = atomic_load(&loaded);
	if (*out)
		return 0;
	err = module_load(ctx, &module_file, &head);
	if (err)
		return err;
	*out = (const struct xml_module *)head;
	atomic_store(&loaded, *out);
	return 0;
}

/* ---- libxml2's elements and those of the text, side by side ---- */

struct join {
	struct xml_places *places;
	struct xml_node *open; /* NULL: outside of the root */
	struct xml_node *next; /* the element that follows in the text */
	unsigned depth;
	struct buf texts[XML_MAX_DEPTH];
	struct buf decoded;
	struct buf word; /* a name with its prefix */
};

/* Never a wrong place: where the two differ, the document is refused. */
static int differ(const struct join *j, const struct place *at)
{
	return ctx_fail(j->places->ctx, -EBADMSG, "%s:%u: the text cannot be followed",
			j->places->name, at && at->line ? at->line : j->places->line);
}

static bool has_name(struct join *j, const char *name, const char *prefix, const char *local)
{
	j->word.length = 0;
	if (prefix)
		buf_printf(&j->word, "%s:", prefix);
	buf_puts(&j->word, local);
	return j->word.err || str_eq(j->word.data, name);
}

static bool is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

static void trim(const char **text, size_t *length)
{
	while (*length && xml_is_blank(**text)) {
		(*text)++;
		(*length)--;
	}
	while (*length && xml_is_blank((*text)[*length - 1]))
		(*length)--;
}

/* Whether the raw bytes say what libxml2 says (of text: trimmed); of another encoding only ASCII is
 * compared. */
static bool says(struct join *j, const struct place *raw, bool is_value, const char *text,
		 size_t length)
{
	const char *bytes = j->places->bytes + raw->offset, *decoded;
	size_t n;

	if (!j->places->is_utf8 && !is_ascii(bytes, raw->length))
		return true;
	j->decoded.length = 0;
	xml_decode(&j->decoded, bytes, raw->length, is_value);
	decoded = j->decoded.data;
	n = j->decoded.length;
	if (!is_value)
		trim(&decoded, &n);
	return j->decoded.err || (n == length && (!n || memcmp(decoded, text, n) == 0));
}

static int take_value(struct join *j, struct xml_attribute *a, const char *text, size_t length)
{
	if (!says(j, &a->at, true, text, length))
		return differ(j, &a->at);
	a->value = arena_strndup(j->places->arena, text, length);
	return a->value ? 0 : -ENOMEM;
}

static bool is_declaration(const struct xml_attribute *a)
{
	return str_starts(a->name, "xmlns") && (!a->name[5] || a->name[5] == ':');
}

/* Attributes and declarations of namespaces, in the order of the text, from libxml2's two lists. */
static int join_attributes(struct join *j, struct xml_node *node, const struct xml_start *start)
{
	size_t n = 0, n_namespaces = 0;
	int err = 0;

	for (size_t i = 0; !err && i < node->n_attributes; i++) {
		struct xml_attribute *a = &node->attributes[i];

		if (is_declaration(a)) {
			const char *uri;

			if (n_namespaces == start->n_namespaces)
				return differ(j, &a->at);
			uri = start->namespaces[2 * n_namespaces++ + 1];
			uri = uri ? uri : "";
			err = take_value(j, a, uri, strlen(uri));
		} else {
			const char *const *said;

			if (n == start->n_attributes)
				return differ(j, &a->at);
			said = &start->attributes[5 * n++];
			if (!has_name(j, a->name, said[1], said[0]))
				return differ(j, &a->at);
			err = take_value(j, a, said[3], (size_t)(said[4] - said[3]));
		}
	}
	if (!err && (n != start->n_attributes || n_namespaces != start->n_namespaces))
		err = differ(j, &node->at);
	return err;
}

static int take_start(void *data, const struct xml_start *start)
{
	struct join *j = data;
	struct xml_node *node = j->next;
	int err;

	if (j->places->is_lost)
		return 0;
	if (!node || !has_name(j, node->name, start->prefix, start->local))
		return differ(j, node ? &node->at : NULL);
	if (start->space) {
		node->space = arena_strdup(j->places->arena, start->space);
		if (!node->space)
			return -ENOMEM;
	}
	err = join_attributes(j, node, start);
	if (err)
		return err;
	j->open = node;
	j->next = node->first;
	j->texts[j->depth++].length = 0;
	return j->word.err;
}

static int take_text(void *data, const char *bytes, size_t length)
{
	struct join *j = data;

	if (!j->depth)
		return 0;
	buf_append(&j->texts[j->depth - 1], bytes, length);
	return j->texts[j->depth - 1].err;
}

static int take_end(void *data)
{
	struct join *j = data;
	struct xml_node *node = j->open;
	const struct buf *said;
	const char *text;
	size_t length;

	if (j->places->is_lost)
		return 0;
	said = &j->texts[--j->depth];
	text = said->length ? said->data : "";
	length = said->length;
	trim(&text, &length);
	node->text = arena_strndup(j->places->arena, text, length);
	if (!node->text)
		return -ENOMEM;
	if (j->next || (node->text_at.line && !says(j, &node->text_at, false, text, length)))
		return differ(j, &node->at);
	j->open = node->parent;
	j->next = node->next;
	return j->decoded.err;
}

static int say_fault(const struct xml_places *p, int err, unsigned line, const char *reason)
{
	if (err == -EBADMSG && *reason)
		return ctx_fail(p->ctx, err, "%s:%u: %s", p->name, line ? line : 1, reason);
	return err;
}

static int join(struct xml_places *places, const struct xml_module *module)
{
	static const struct xml_handler handler = {
		.start = take_start, .text = take_text, .end = take_end};
	struct join j = {.places = places, .next = places->root};
	char reason[256] = "";
	unsigned line = 0;
	int err = module->read(places->bytes, places->length, &handler, &j, &line, reason,
			       sizeof(reason));

	err = err ? say_fault(places, err, line, reason) : 0;
	if (!err && (places->is_lost || j.open || j.depth || (places->root && !places->root->text)))
		err = differ(&j, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(j.texts); i++)
		buf_free(&j.texts[i]);
	buf_free(&j.decoded);
	buf_free(&j.word);
	return err;
}

int xml_read(struct iof_ctx *ctx, struct arena *arena, const char *name, const char *bytes,
	     size_t length, struct xml_node **root)
{
	struct xml_places places = {
		.ctx = ctx, .arena = arena, .name = name, .bytes = bytes, .length = length};
	const struct xml_module *module;
	int err;

	*root = NULL;
	if (!length)
		return ctx_fail(ctx, -EBADMSG, "%s:1: empty", name);
	err = xml_find_places(&places);
	if (!err)
		err = load(ctx, &module);
	if (!err)
		err = join(&places, module);
	if (!err)
		*root = places.root;
	return err;
}

/* ---- questions ---- */

/* "{uri}local", or the name as it is written. */
static bool is_called(const struct xml_node *node, const char *name, size_t length)
{
	const char *local, *end = *name == '{' ? memchr(name, '}', length) : NULL;
	size_t uri;

	if (!end)
		return strlen(node->name) == length && memcmp(node->name, name, length) == 0;
	uri = (size_t)(end - name) - 1;
	if (!node->space || strlen(node->space) != uri || memcmp(node->space, name + 1, uri) != 0)
		return false;
	local = strchr(node->name, ':');
	local = local ? local + 1 : node->name;
	length -= uri + 2;
	return strlen(local) == length && memcmp(local, end + 1, length) == 0;
}

static const struct xml_node *first_called(const struct xml_node *node, const char *name,
					   size_t length)
{
	while (node && !is_called(node, name, length))
		node = node->next;
	return node;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
	return node ? first_called(node->first, name, strlen(name)) : NULL;
}

static bool str_eq_or_null(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

const struct xml_node *xml_sibling(const struct xml_node *node)
{
	const struct xml_node *next = node;

	do
		next = first_called(next->next, node->name, strlen(node->name));
	while (next && !str_eq_or_null(next->space, node->space));
	return next;
}

const struct xml_node *xml_path(const struct xml_node *node, const char *path)
{
	while (node && *path) {
		/* A '/' in "{uri}" is none. */
		const char *from = *path == '{' ? strchr(path, '}') : path;
		size_t length = from ? (size_t)(from - path) + strcspn(from, "/") : strlen(path);

		node = first_called(node->first, path, length);
		path += length;
		path += *path == '/';
	}
	return node;
}

const struct xml_attribute *xml_attribute(const struct xml_node *node, const char *name)
{
	for (size_t i = 0; node && i < node->n_attributes; i++) {
		if (str_eq(node->attributes[i].name, name))
			return &node->attributes[i];
	}
	return NULL;
}

const char *xml_value(const struct xml_node *node, const char *attribute)
{
	const struct xml_attribute *a = xml_attribute(node, attribute);

	return a ? a->value : NULL;
}
