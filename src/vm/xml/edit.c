// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit.c - edits of an XML document as splices of its text, in the style of what stands around
 * them. */
#include <errno.h>

#include "base/utf8.h"
#include "vm/xml/place.h"

/* Any other character than ASCII is written by number: that is right in every encoding. */
const char *xml_escape(struct arena *arena, const char *text)
{
	static const char special[] = "&<>'\"\t\n\r";
	static const char *const escapes[] = {"&amp;",	"&lt;", "&gt;",	 "&apos;",
					      "&quot;", "&#9;", "&#10;", "&#13;"};
	size_t length = strlen(text);
	struct buf out = {0};
	const char *escaped;

	for (size_t i = 0; i < length;) {
		const char *found = strchr(special, text[i]);
		uint32_t character;
		size_t n = found ? 1 : utf8_decode(text + i, length - i, &character);

		if (found)
			buf_puts(&out, escapes[found - special]);
		else if (n > 1)
			buf_printf(&out, "&#x%X;", character);
		else
			buf_putc(&out, text[i]);
		i += n ? n : 1;
	}
	escaped = out.err ? NULL : arena_strndup(arena, out.data ? out.data : "", out.length);
	buf_free(&out);
	return escaped;
}

/* ---- attributes ---- */

/* As the neighbours are quoted; ' as libvirt itself writes. */
char xml_quote(const struct xml_node *node)
{
	for (; node; node = node->parent) {
		if (node->n_attributes)
			return node->attributes[node->n_attributes - 1].quote;
	}
	return '\'';
}

int xml_set(struct arena *arena, struct splices *splices, const struct xml_node *node,
	    const char *name, const char *value)
{
	const struct xml_attribute *a = xml_attribute(node, name);
	const char *escaped = xml_escape(arena, value);
	char quote = xml_quote(node);

	if (!escaped)
		return -ENOMEM;
	if (a)
		return splice_add(arena, splices, a->at.offset, a->at.offset + a->at.length,
				  escaped);
	return splice_add(arena, splices, node->tag_end, node->tag_end,
			  arena_printf(arena, " %s=%c%s%c", name, quote, escaped, quote));
}

/* Where the blanks before an attribute begin: behind the one before it, or behind the name. */
static size_t gap_before(const struct xml_node *node, const struct xml_attribute *a)
{
	if (a == node->attributes)
		return node->at.offset + 1 + strlen(node->name);
	return a[-1].at.offset + a[-1].at.length + 1;
}

int xml_unset(struct arena *arena, struct splices *splices, const struct xml_node *node,
	      const char *name)
{
	const struct xml_attribute *a = xml_attribute(node, name);

	if (!a)
		return 0;
	return splice_add(arena, splices, gap_before(node, a), a->at.offset + a->at.length + 1, "");
}

int xml_rename(struct arena *arena, struct splices *splices, const struct xml_node *node,
	       const char *name, const char *new_name)
{
	const struct xml_attribute *a = xml_attribute(node, name);

	if (!a || xml_attribute(node, new_name))
		return -EINVAL;
	return splice_add(arena, splices, a->name_offset, a->name_offset + strlen(name), new_name);
}

/* ---- layout ---- */

/* How something is set on lines of its own. */
struct layout {
	bool is_inline; /* everything on one line */
	const char *line_end;
	const char *indent; /* of an element at this place */
	const char *unit;   /* one step more */
};

/* The blanks before offset, if nothing else stands before it on its line; *start: of the line. */
static bool stands_alone_before(const char *source, size_t offset, size_t *start)
{
	while (offset > 0 && (source[offset - 1] == ' ' || source[offset - 1] == '\t'))
		offset--;
	*start = offset;
	return offset > 0 && source[offset - 1] == '\n';
}

static const char *line_end_before(const char *source, size_t start)
{
	return start > 1 && source[start - 2] == '\r' ? "\r\n" : "\n";
}

static const char *indent_of(struct arena *arena, const char *source, const struct xml_node *node,
			     bool *is_alone)
{
	size_t start;

	*is_alone = stands_alone_before(source, node->at.offset, &start);
	/* The root may be the first thing of all. */
	if (!*is_alone && node->parent)
		return "";
	return arena_strndup(arena, source + start, node->at.offset - start);
}

/* What a child has more than its parent: blanks or a tab. Of the nearest pair upwards; *unit stays
 * as it was if there is none. */
static int unit_of(struct arena *arena, const char *source, const struct xml_node *child,
		   const char **unit)
{
	for (; child && child->parent && !*unit; child = child->parent) {
		bool is_alone, is_outer_alone;
		const char *inner = indent_of(arena, source, child, &is_alone);
		const char *outer = indent_of(arena, source, child->parent, &is_outer_alone);

		if (!inner || !outer)
			return -ENOMEM;
		if (is_alone && strlen(inner) > strlen(outer) && str_starts(inner, outer))
			*unit = inner + strlen(outer);
	}
	return 0;
}

/* Upwards from the element, or from its first child, or anywhere at the top. */
static int any_unit(struct arena *arena, const char *source, const struct xml_node *node,
		    const char **unit)
{
	const struct xml_node *root = node;
	int err = unit_of(arena, source, node, unit);

	while (root->parent)
		root = root->parent;
	if (!err)
		err = unit_of(arena, source, node->first, unit);
	if (!err)
		err = unit_of(arena, source, root->first, unit);
	if (!*unit)
		*unit = "  ";
	return err;
}

/* Of a child of parent; like: another child, NULL if there is none. */
static int find_layout(struct arena *arena, const char *source, const struct xml_node *parent,
		       const struct xml_node *like, struct layout *out)
{
	const struct xml_node *model = like ? like : parent;
	bool is_alone;
	size_t start;

	*out = (struct layout){.indent = indent_of(arena, source, model, &is_alone)};
	if (!out->indent || any_unit(arena, source, parent, &out->unit))
		return -ENOMEM;
	if (is_alone) {
		stands_alone_before(source, model->at.offset, &start);
		out->line_end = line_end_before(source, start);
	} else {
		const char *newline = parent->parent ? NULL : strchr(source, '\n');
		const char *last = newline ? strrchr(source, '\n') : NULL;

		/* A root on the first line, of a file that has more. */
		out->is_inline = like || !newline || newline[1] == '\0';
		out->line_end = last && last > source && last[-1] == '\r' ? "\r\n" : "\n";
	}
	if (!like)
		out->indent = arena_printf(arena, "%s%s", out->indent, out->unit);
	return out->indent ? 0 : -ENOMEM;
}

/* ---- elements ---- */

/* Lines of elements, each one or a part of one; set as the layout wants. */
static void put_lines(struct buf *out, const struct layout *layout, const char *lines)
{
	const char *cursor = lines, *end = lines + strlen(lines), *line;
	unsigned depth = 0;
	size_t length;

	while (next_line(&cursor, end, &line, &length)) {
		bool is_end = length > 1 && line[1] == '/';

		depth -= is_end && depth;
		if (!layout->is_inline) {
			buf_puts(out, layout->line_end);
			buf_puts(out, layout->indent);
			for (unsigned i = 0; i < depth; i++)
				buf_puts(out, layout->unit);
		}
		buf_append(out, line, length);
		depth += !is_end && length > 2 && line[length - 2] != '/' &&
			 !memmem(line, length, "</", 2);
	}
}

/* Behind comments that stand on the same line, if nothing else follows there. */
static size_t skip_comments(const char *source, size_t offset, size_t end)
{
	size_t at = offset;

	while (at < end) {
		const char *close;

		if (source[at] == ' ' || source[at] == '\t') {
			at++;
			continue;
		}
		if (source[at] == '\n' || (source[at] == '\r' && source[at + 1] == '\n'))
			return at;
		if (end - at < 7 || memcmp(source + at, "<!--", 4) != 0)
			break;
		close = memmem(source + at + 4, end - at - 4, "-->", 3);
		if (!close || memchr(source + at, '\n', (size_t)(close - source) - at))
			break;
		at = (size_t)(close - source) + 3;
	}
	return offset;
}

static int add_buf(struct arena *arena, struct splices *splices, size_t start, size_t end,
		   struct buf *text)
{
	const char *kept =
		text->err ? NULL : arena_strndup(arena, text->data ? text->data : "", text->length);

	buf_free(text);
	return splice_add(arena, splices, start, end, kept);
}

/* Between the tags of an element without children. */
static int fill(struct arena *arena, struct splices *splices, const char *source,
		const struct xml_node *parent, struct layout *layout, const char *lines)
{
	const char *content = source + parent->content;
	size_t length = parent->close - parent->content;
	bool has_line = memchr(content, '\n', length) != NULL;
	size_t start = parent->content, end = parent->content;
	struct buf out = {0};
	bool is_alone;

	if (!has_line && length && strspn(content, " \t\r") < length)
		layout->is_inline = true; /* text or a comment, on one line */
	if (has_line)
		start = end = skip_comments(source, start, parent->close);
	if (parent->is_empty) {
		start = parent->tag_end;
		buf_putc(&out, '>');
	}
	put_lines(&out, layout, lines);
	if (!has_line && !layout->is_inline) {
		const char *indent = indent_of(arena, source, parent, &is_alone);

		if (!indent)
			out.err = -ENOMEM;
		else
			buf_printf(&out, "%s%s", layout->line_end, indent);
		end = parent->close; /* blanks that it had inside */
	}
	if (parent->is_empty)
		buf_printf(&out, "</%s>", parent->name);
	return add_buf(arena, splices, start, end, &out);
}

int xml_insert(struct arena *arena, struct splices *splices, const char *source,
	       const struct xml_node *parent, const struct xml_node *behind, const char *element)
{
	const struct xml_node *like = behind ? behind : parent->first;
	struct layout layout;
	struct buf out = {0};
	size_t at;
	int err = find_layout(arena, source, parent, like, &layout);

	if (err)
		return err;
	if (!like)
		return fill(arena, splices, source, parent, &layout, element);
	at = behind ? behind->end : parent->content;
	if (!layout.is_inline)
		at = skip_comments(source, at, parent->close);
	put_lines(&out, &layout, element);
	return add_buf(arena, splices, at, at, &out);
}

int xml_remove(struct arena *arena, struct splices *splices, const char *source,
	       const struct xml_node *node)
{
	size_t start = node->at.offset, end = node->end, line_start;

	if (!node->parent)
		return -EINVAL;
	if (stands_alone_before(source, start, &line_start)) {
		size_t at = end;

		while (source[at] == ' ' || source[at] == '\t')
			at++;
		at += source[at] == '\r';
		if (source[at] == '\n') {
			start = line_start;
			end = at + 1;
		}
	}
	return splice_add(arena, splices, start, end, "");
}

int xml_set_text(struct arena *arena, struct splices *splices, const struct xml_node *node,
		 const char *text)
{
	const char *escaped = xml_escape(arena, text);

	if (!escaped)
		return -ENOMEM;
	if (node->text_at.line)
		return splice_add(arena, splices, node->text_at.offset,
				  node->text_at.offset + node->text_at.length, escaped);
	if (*node->text)
		return -EOPNOTSUPP; /* in several pieces, or as CDATA */
	if (!node->is_empty)
		return splice_add(arena, splices, node->content, node->content, escaped);
	return splice_add(arena, splices, node->tag_end, node->content,
			  arena_printf(arena, ">%s</%s>", escaped, node->name));
}
