// SPDX-License-Identifier: LGPL-2.1-or-later
/* Edits of a document: before, what is asked, after. */
#include <errno.h>
#include <stdlib.h>

#include "table.h"
#include "xml_tests.h"

/* One step: an operation, a path from the root ("" is the root), and its operands. */
enum step_op { END = 0, SET, UNSET, RENAME, TEXT, INSERT, BEHIND, REMOVE };

struct step {
	enum step_op op;
	const char *path; /* BEHIND: of the sibling */
	const char *name, *value;
	int err;
};

#define ATTRIBUTE(op, path, name, value)                                                           \
	{                                                                                          \
		op, path, name, value, 0                                                           \
	}
#define WITH(op, path, value)                                                                      \
	{                                                                                          \
		op, path, NULL, value, 0                                                           \
	}
#define ONLY(op, path)                                                                             \
	{                                                                                          \
		op, path, NULL, NULL, 0                                                            \
	}

static const struct edit_row {
	const char *name;
	const char *before;
	struct step steps[4];
	const char *after;
} rows[] = {
	{"a value",
	 "<a x=\"1\" y='2'/>",
	 {ATTRIBUTE(SET, "", "x", "<'&\">")},
	 "<a x=\"&lt;&apos;&amp;&quot;&gt;\" y='2'/>"},
	{"a value in other letters",
	 "<a x=''/>",
	 {ATTRIBUTE(SET, "", "x", "\xc3\xa9\n")},
	 "<a x='&#xE9;&#10;'/>"},
	{"a new attribute",
	 "<a x=\"1\"  />",
	 {ATTRIBUTE(SET, "", "y", "2")},
	 "<a x=\"1\" y=\"2\"  />"},
	{"the first attribute", "<a/>", {ATTRIBUTE(SET, "", "y", "2")}, "<a y='2'/>"},
	{"the first attribute, quoted as the parent's",
	 "<a x=\"1\"><b></b></a>",
	 {ATTRIBUTE(SET, "b", "y", "2")},
	 "<a x=\"1\"><b y=\"2\"></b></a>"},
	{"an attribute less",
	 "<a x='1'\n   y = \"2\" z='3'/>",
	 {ATTRIBUTE(UNSET, "", "y", NULL)},
	 "<a x='1' z='3'/>"},
	{"the only attribute less", "<a  x='1' />", {ATTRIBUTE(UNSET, "", "x", NULL)}, "<a />"},
	{"the last less, another more",
	 "<a x='1' y='2'>\n</a>",
	 {ATTRIBUTE(UNSET, "", "y", NULL), ATTRIBUTE(SET, "", "z", "3")},
	 "<a x='1' z='3'>\n</a>"},
	{"not there", "<a x='1'/>", {ATTRIBUTE(UNSET, "", "y", NULL)}, "<a x='1'/>"},
	{"another name",
	 "<a ssidSize = '1'/>",
	 {ATTRIBUTE(RENAME, "", "ssidSize", "ssidsize")},
	 "<a ssidsize = '1'/>"},
	{"a name that is taken",
	 "<a x='1' y='2'/>",
	 {{RENAME, "", "x", "y", -EINVAL}},
	 "<a x='1' y='2'/>"},
	{"text",
	 "<a>\n  1 <!-- c -->\n</a>",
	 {WITH(TEXT, "", "2 < 3")},
	 "<a>\n  2 &lt; 3 <!-- c -->\n</a>"},
	{"text of an empty element",
	 "<a x='1' />",
	 {WITH(TEXT, "", "2"), ATTRIBUTE(SET, "", "y", "3")},
	 "<a x='1' y='3'>2</a>"},
	{"text of an element without", "<a></a>", {WITH(TEXT, "", "2")}, "<a>2</a>"},
	{"text in pieces", "<a>1<b/>2</a>", {{TEXT, "", NULL, "3", -EOPNOTSUPP}}, "<a>1<b/>2</a>"},
	{"an element behind",
	 "<a>\n\t<b/>\n\t<c/>\n</a>\n",
	 {WITH(BEHIND, "b", "<n/>")},
	 "<a>\n\t<b/>\n\t<n/>\n\t<c/>\n</a>\n"},
	{"an element first",
	 "<a> <!-- of a -->\n\n  <!-- of b -->\n  <b/>\n</a>\n",
	 {WITH(INSERT, "", "<n/>")},
	 "<a> <!-- of a -->\n  <n/>\n\n  <!-- of b -->\n  <b/>\n</a>\n"},
	{"behind a comment on its line",
	 "<a>\n  <b/> <!-- of b -->\n</a>\n",
	 {WITH(BEHIND, "b", "<n/>")},
	 "<a>\n  <b/> <!-- of b -->\n  <n/>\n</a>\n"},
	{"before a comment that goes on",
	 "<a>\n  <b/> <!-- of\n c -->\n</a>\n",
	 {WITH(BEHIND, "b", "<n/>")},
	 "<a>\n  <b/>\n  <n/> <!-- of\n c -->\n</a>\n"},
	{"several lines",
	 "<a>\n  <b>\n      <c/>\n  </b>\n</a>\n",
	 {WITH(BEHIND, "b", "<n x='1'>\n<o/>\n<p>1</p>\n</n>\n<q/>")},
	 "<a>\n  <b>\n      <c/>\n  </b>\n  <n x='1'>\n    <o/>\n    <p>1</p>\n  </n>\n  "
	 "<q/>\n</a>\n"},
	{"on one line",
	 "<a><b/><c/></a>\n",
	 {WITH(BEHIND, "b", "<n>\n<o/>\n</n>")},
	 "<a><b/><n><o/></n><c/></a>\n"},
	{"on one line, first", "<a x='1'/>", {WITH(INSERT, "", "<n/>")}, "<a x='1'><n/></a>"},
	{"an empty element is opened",
	 "<a>\r\n\t<b x='1' />\r\n</a>\r\n",
	 {WITH(INSERT, "b", "<n/>"), ATTRIBUTE(SET, "b", "y", "2")},
	 "<a>\r\n\t<b x='1' y='2'>\r\n\t\t<n/>\r\n\t</b>\r\n</a>\r\n"},
	{"an element without content is opened",
	 "<a>\n   <b></b>\n</a>\n",
	 {WITH(INSERT, "b", "<n/>")},
	 "<a>\n   <b>\n      <n/>\n   </b>\n</a>\n"},
	{"an element with a blank line",
	 "<a>\n  <b>\n\n  </b>\n</a>\n",
	 {WITH(INSERT, "b", "<n/>")},
	 "<a>\n  <b>\n    <n/>\n\n  </b>\n</a>\n"},
	{"a root without content",
	 "<?xml version='1.0'?>\n<a/>\n",
	 {WITH(INSERT, "", "<n/>")},
	 "<?xml version='1.0'?>\n<a>\n  <n/>\n</a>\n"},
	{"into text",
	 "<a>\n  <b>text</b>\n</a>",
	 {WITH(INSERT, "b", "<n/>")},
	 "<a>\n  <b><n/>text</b>\n</a>"},
	{"not indented at all",
	 "<a>\n<b/>\n</a>",
	 {WITH(BEHIND, "b", "<n/>")},
	 "<a>\n<b/>\n<n/>\n</a>"},
	{"the element with its line",
	 "<a>\n  <b>\n </b> \t\r\n  <c/>\n</a>",
	 {ONLY(REMOVE, "b")},
	 "<a>\n  <c/>\n</a>"},
	{"the element alone",
	 "<a>\n  <b/> <!-- c -->\n  <c/><d/>\n</a>",
	 {ONLY(REMOVE, "b"), ONLY(REMOVE, "c")},
	 "<a>\n   <!-- c -->\n  <d/>\n</a>"},
	{"the root", "<a/>", {{REMOVE, "", NULL, NULL, -EINVAL}}, "<a/>"},
	{"the only element", "<a>\n  <b/>\n</a>", {ONLY(REMOVE, "b")}, "<a>\n</a>"},
	{"one for another",
	 "<a>\n  <b/>\n  <c/>\n</a>",
	 {ONLY(REMOVE, "c"), WITH(BEHIND, "b", "<n/>")},
	 "<a>\n  <b/>\n  <n/>\n</a>"},
};

static int make_step(struct arena *arena, struct splices *splices, const char *source,
		     const struct xml_node *root, const struct step *step)
{
	const struct xml_node *node = xml_path(root, step->path);

	assert_non_null(node);
	switch (step->op) {
	case SET:
		return xml_set(arena, splices, node, step->name, step->value);
	case UNSET:
		return xml_unset(arena, splices, node, step->name);
	case RENAME:
		return xml_rename(arena, splices, node, step->name, step->value);
	case TEXT:
		return xml_set_text(arena, splices, node, step->value);
	case INSERT:
		return xml_insert(arena, splices, source, node, NULL, step->value);
	case BEHIND:
		return xml_insert(arena, splices, source, node->parent, node, step->value);
	case REMOVE:
		return xml_remove(arena, splices, source, node);
	default:
		return -ENOSYS;
	}
}

static void test_row(void **state)
{
	const struct edit_row *row = *state;
	struct arena *arena = arena_new(4096);
	size_t length = strlen(row->before);
	const struct xml_node *root = must_read(arena, row->before, length);
	struct splices splices = {0};
	const char *text;

	for (const struct step *s = row->steps; s < row->steps + 4 && s->op; s++)
		assert_int_equal(make_step(arena, &splices, row->before, root, s), s->err);
	assert_int_equal(splices_apply(arena, row->before, length, &splices, &text, &length), 0);
	assert_string_equal(text, row->after);
	must_read(arena, text, length);
	arena_free(arena);
}

int test_edit(void)
{
	return RUN_TABLE(rows, test_row);
}
