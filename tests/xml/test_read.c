// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is read, what is refused, and that every piece stands where it is said to stand. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "inject.h"
#include "table.h"
#include "xml_tests.h"

/* ---- meaning ---- */

static const struct meaning {
	const char *name;
	const char *text;
	const char *expected;
} meanings[] = {
	{"empty element", "<a/>", "a()[]'' "},
	{"declaration, comments, PI",
	 "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<!-- <b> -->\n<?p <c> ?>\n<a ><!-- "
	 "</a> --><b/></a >\n<!-- -->\n",
	 "a()[b()[]'' ]'' "},
	{"quotes and > in values", "<a x=\"'>\" y = '\"/>'\n\tz=''/>", "a(x='> y=\"/> z=)[]'' "},
	{"references", "<a x='&lt;&#65;&#x42;&amp;amp;&quot;&apos;'>&gt;&#x20AC;</a>",
	 "a(x=<AB&amp;\"')[]'>\xe2\x82\xac' "},
	{"white space in values", "<a x=' 1\t2\r\n3&#10;'/>", "a(x= 1 2 3\n)[]'' "},
	{"CDATA", "<a>x<![CDATA[<b>&amp;]]>y</a>", "a()[]'x<b>&amp;y' "},
	{"text around children", "<a> one <b>two</b> three </a>", "a()[b()[]'two' ]'onethree' "},
	{"namespaces",
	 "<d xmlns:q='http://q/1'  type='kvm' xmlns='urn:d'><q:c q:v='1'/><e xmlns=''/></d>",
	 "d(xmlns:q=http://q/1 type=kvm xmlns=urn:d)[q:c(q:v=1)[]'' e(xmlns=)[]'' ]'' "},
	{"a prefix that nobody declared", "<d><q:c q:v='1'/></d>", "d()[q:c(q:v=1)[]'' ]'' "},
	{"Latin-1", "<?xml version='1.0' encoding='ISO-8859-1'?><a x='\xe9'>\xe8</a>",
	 "a(x=\xc3\xa9)[]'\xc3\xa8' "},
	{"carriage returns alone", "<a\rx='1\r2'>\r3\r</a>", "a(x=1 2)[]'3' "},
	{"blanks by reference at the ends", "<a>&#32;x&#32;</a>", "a()[]'x' "},
};

static void test_meaning(void **state)
{
	const struct meaning *row = *state;
	struct arena *arena = arena_new(4096);
	struct buf out = {0};

	dump(&out, must_read(arena, row->text, strlen(row->text)));
	assert_string_equal(out.data, row->expected);
	buf_free(&out);
	arena_free(arena);
}

/* ---- refusals ---- */

static const struct refusal {
	const char *name;
	const char *text;
	size_t length; /* 0: of the text */
	const char *expected;
} refusals[] = {
	{"nothing", "", 0, "x:1: empty"},
	{"no element", "\n\n", 0, "x:3: Start tag expected, '<' not found"},
	{"an open element", "<a>\n<b></a>", 0,
	 "x:2: Opening and ending tag mismatch: b line 2 and a"},
	{"a DOCTYPE", "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>", 0,
	 "x:2: a DOCTYPE is not taken"},
	{"a DOCTYPE from elsewhere", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", 0,
	 "x:1: a DOCTYPE is not taken"},
	{"an unknown entity", "<a>\n&b;</a>", 0, "x:2: Entity 'b' not defined"},
	{"an unknown entity in a value", "<a x='&b;'/>", 0, "x:1: Entity 'b' not defined"},
	{"an entity of HTML", "<a>&nbsp;</a>", 0, "x:1: Entity 'nbsp' not defined"},
	{"a NUL byte", "<a>\n\0</a>", 9, "x:2: a NUL byte"},
	{"a control character", "<a>\n\n\x1b[2J</a>", 0, "x:3: PCDATA invalid Char value 27"},
	{"a control character by number", "<a>&#27;</a>", 0,
	 "x:1: xmlParseCharRef: invalid xmlChar value 27"},
	{"bad UTF-8", "<a>\n\xe9</a>", 0,
	 "x:2: Input is not proper UTF-8, indicate encoding ! Bytes: 0xE9 0x3C 0x2F 0x61"},
	{"UTF-16", "\xff\xfe<\0a\0/\0>\0", 10, "x:1: another encoding than UTF-8 is not taken"},
	{"another encoding", "<?xml version='1.0' encoding='UTF-7'?><a/>", 0,
	 "x:1: another encoding than UTF-8 is not taken"},
	{"an attribute twice", "<a\nx='1'\nx='2'/>", 0, "x:3: Attribute x redefined"},
	{"< in a value", "<a x='<'/>", 0, "x:1: Unescaped '<' not allowed in attributes values"},
	{"two roots", "<a/>\n<b/>", 0, "x:2: Extra content at the end of the document"},
	{"-- in a comment", "<a><!-- -- --></a>", 0, "x:1: Double hyphen within comment"},
	{"cut off", "<a x='", 0, "x:1: AttValue: ' expected"},
	{"no XML at all", "qemu-system-x86_64 -M q35", 0, "x:1: Start tag expected, '<' not found"},
};

static void test_refusal(void **state)
{
	const struct refusal *row = *state;
	struct arena *arena = arena_new(4096);
	struct xml_node *root;
	struct iof_ctx *ctx;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(xml_read(ctx, arena, "x", row->text,
				  row->length ? row->length : strlen(row->text), &root),
			 -EBADMSG);
	assert_string_equal(iof_ctx_error(ctx), row->expected);
	assert_null(root);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

/* head, n times middle, tail */
static const struct size_row {
	const char *name;
	const char *head, *middle, *tail;
	unsigned n;
	const char *expected; /* NULL: it is read */
} sizes[] = {
	{"64 deep", "", "<a>", "", 64, "x:1: Premature end of data in tag a line 1"},
	{"65 deep", "", "<a>", "", 65, "x:1: elements are nested more than 64 deep"},
	{"65535 children", "<a>", "<b/>", "</a>", 65535, NULL},
	{"65536 children", "<a>", "<b/>", "</a>", 65536, "x:1: more than 65536 elements"},
	{"a long text", "<a>", "0123456789abcdef", "</a>", 600000, NULL},
	{"a long line", "<a x='", "0123456789abcdef", "'/>", 600000, NULL},
	{"too large", "<a>", "0123456789abcdef", "</a>", 1u << 20, "x:1: larger than 16 MiB"},
};

static void test_size(void **state)
{
	const struct size_row *row = *state;
	struct arena *arena = arena_new(4096);
	struct buf text = {0};
	struct xml_node *root;
	struct iof_ctx *ctx;
	int err;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	buf_puts(&text, row->head);
	for (unsigned i = 0; i < row->n; i++)
		buf_puts(&text, row->middle);
	buf_puts(&text, row->tail);
	err = xml_read(ctx, arena, "x", text.data, text.length, &root);
	assert_int_equal(err, row->expected ? -EBADMSG : 0);
	if (row->expected)
		assert_string_equal(iof_ctx_error(ctx), row->expected);
	iof_ctx_unref(ctx);
	buf_free(&text);
	arena_free(arena);
}

/* Attributes need names of their own. */
static void test_many_attributes(void **state)
{
	(void)state;
	for (unsigned n = 256; n <= 257; n++) {
		struct arena *arena = arena_new(4096);
		struct buf text = {0};
		struct xml_node *root;

		buf_puts(&text, "<a");
		for (unsigned i = 0; i < n; i++)
			buf_printf(&text, " x%u='1'", i);
		buf_puts(&text, "/>");
		assert_int_equal(xml_read(NULL, arena, "x", text.data, text.length, &root),
				 n == 256 ? 0 : -EBADMSG);
		buf_free(&text);
		arena_free(arena);
	}
}

/* ---- places ---- */

static void check_place(const char *text, const struct place *at, const char *piece, size_t length)
{
	unsigned line = 1, column = 1;

	assert_int_equal(at->length, length);
	assert_memory_equal(text + at->offset, piece, length);
	for (size_t i = 0; i < at->offset; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	assert_int_equal(at->line, line);
	assert_int_equal(at->column, column);
}

static void check_node(const char *text, const struct xml_node *node)
{
	size_t length = strlen(node->name);
	bool is_raw = !strpbrk(node->text, "<&>'\"\n");

	assert_int_equal(text[node->at.offset], '<');
	assert_memory_equal(text + node->at.offset + 1, node->name, length);
	assert_int_equal(text[node->at.offset + node->at.length - 1], '>');
	assert_int_equal(node->content, node->at.offset + node->at.length);
	assert_int_equal(text[node->end - 1], '>');
	if (node->is_empty) {
		assert_memory_equal(text + node->content - 2, "/>", 2);
		assert_int_equal(node->end, node->content);
	} else {
		assert_memory_equal(text + node->close, "</", 2);
		assert_memory_equal(text + node->close + 2, node->name, length);
	}
	for (size_t i = 0; i < node->n_attributes; i++) {
		const struct xml_attribute *a = &node->attributes[i];

		assert_memory_equal(text + a->name_offset, a->name, strlen(a->name));
		assert_int_equal(text[a->at.offset - 1], a->quote);
		assert_int_equal(text[a->at.offset + a->at.length], a->quote);
		if (!memchr(text + a->at.offset, '&', a->at.length))
			check_place(text, &a->at, a->value, strlen(a->value));
	}
	if (node->text_at.line && is_raw &&
	    !memchr(text + node->text_at.offset, '&', node->text_at.length))
		check_place(text, &node->text_at, node->text, strlen(node->text));
	for (const struct xml_node *child = node->first; child; child = child->next) {
		assert_ptr_equal(child->parent, node);
		assert_true(child->at.offset >= node->content && child->end <= node->close);
		check_node(text, child);
	}
}

static void test_places(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<domain type='kvm'\r\n\tid=\"3\" >\r\n  "
		"<!-- <x/> -->\r\n  <name>\r\n vm \r\n</name><memory "
		"unit='KiB'>4096</memory>\r\n<a/></domain>",
		"<a x='1'y='2'/>",
		"<a><b>1<!-- -->2</b><c><![CDATA[3]]></c><d>4<?p?></d> 5 </a>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts) - (*texts[0] == 0); i++) {
		struct arena *arena = arena_new(4096);
		struct xml_node *root = NULL;

		/* The second is not well-formed: a blank is missing. */
		if (i == 1)
			assert_int_equal(
				xml_read(NULL, arena, "x", texts[i], strlen(texts[i]), &root),
				-EBADMSG);
		else
			check_node(texts[i], must_read(arena, texts[i], strlen(texts[i])));
		arena_free(arena);
	}
}

static void test_text_places(void **state)
{
	static const char text[] =
		"<a><b>1<!-- -->2</b><c><![CDATA[3]]></c><d> 4\n</d><e/><f>5<?p?></f></a>";
	struct arena *arena = arena_new(4096);
	const struct xml_node *root = must_read(arena, text, strlen(text));

	(void)state;
	assert_int_equal(xml_child(root, "b")->text_at.line, 0);
	assert_string_equal(xml_child(root, "b")->text, "12");
	assert_int_equal(xml_child(root, "c")->text_at.line, 0);
	check_place(text, &xml_child(root, "d")->text_at, "4", 1);
	assert_int_equal(xml_child(root, "e")->text_at.line, 0);
	check_place(text, &xml_child(root, "f")->text_at, "5", 1);
	arena_free(arena);
}

static void test_questions(void **state)
{
	static const char text[] =
		"<domain xmlns:q='http://q/1'><a n='1'/><b/><a n='2'/><c><d n='3'/></c>"
		"<q:x n='4'/><x n='5'/><y:x n='6' xmlns:y='http://q/1'/></domain>";
	struct arena *arena = arena_new(4096);
	const struct xml_node *root = must_read(arena, text, strlen(text));

	(void)state;
	assert_string_equal(xml_value(xml_child(root, "a"), "n"), "1");
	assert_string_equal(xml_value(xml_sibling(xml_child(root, "a")), "n"), "2");
	assert_null(xml_sibling(xml_sibling(xml_child(root, "a"))));
	assert_string_equal(xml_value(xml_path(root, "c/d"), "n"), "3");
	assert_null(xml_path(root, "c/a"));
	assert_null(xml_path(root, "b/d"));
	assert_string_equal(xml_value(xml_child(root, "q:x"), "n"), "4");
	assert_string_equal(xml_value(xml_child(root, "{http://q/1}x"), "n"), "4");
	assert_string_equal(xml_value(xml_path(root, "{http://q/1}x"), "n"), "4");
	assert_string_equal(xml_value(xml_child(root, "x"), "n"), "5");
	assert_null(xml_child(root, "{http://q/2}x"));
	assert_null(xml_value(NULL, "n"));
	assert_null(xml_value(root, "n"));
	arena_free(arena);
}

/* ---- samples of other projects, where they are at hand ---- */

static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r");
	struct buf out = {0};
	char chunk[4096];
	size_t n;

	if (!file)
		return NULL;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_append(&out, chunk, n);
	fclose(file);
	*length = out.length;
	return buf_steal(&out);
}

static unsigned check_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned n = 0;

	while (dir && (entry = readdir(dir)) != NULL) {
		struct buf path = {0};
		size_t length = 0;
		char *text;

		if (!strstr(entry->d_name, ".xml"))
			continue;
		buf_printf(&path, "%s/%s", folder, entry->d_name);
		text = read_file(path.data, &length);
		if (text && length) {
			struct arena *arena = arena_new(16384);

			check_node(text, must_read(arena, text, length));
			arena_free(arena);
			n++;
		}
		free(text);
		buf_free(&path);
	}
	if (dir)
		closedir(dir);
	return n;
}

static void test_samples(void **state)
{
	const char *samples = getenv("IOMMUFIT_TEST_SAMPLES");
	struct buf observed = {0};

	(void)state;
	if (!samples || !check_folder(samples)) {
		print_message("no samples of libvirt here: skipped\n");
		skip();
	}
	buf_printf(&observed, "%s/observed-12.8.0", samples);
	assert_true(check_folder(observed.data) > 0);
	buf_free(&observed);
}

/* ---- memory ---- */

static int read_and_edit(void)
{
	static const char text[] = "<a x='1'>\n  <b y='2'>t</b>\n  <c/>\n</a>";
	struct arena *arena = arena_new(512);
	struct xml_node *root = NULL;
	struct iof_ctx *ctx = NULL;
	struct splices splices = {0};
	const char *out;
	size_t length;
	int err = arena ? iof_ctx_new(&ctx) : -ENOMEM;

	if (!err)
		err = xml_read(ctx, arena, "x", text, sizeof(text) - 1, &root);
	if (!err)
		err = xml_set(arena, &splices, root, "x", "&");
	if (!err)
		err = xml_set_text(arena, &splices, xml_child(root, "b"), "<");
	if (!err)
		err = xml_insert(arena, &splices, text, xml_child(root, "c"), NULL, "<d/>");
	if (!err)
		err = xml_insert(arena, &splices, text, root, root->last, "<d>\n<e/>\n</d>");
	if (!err)
		err = splices_apply(arena, text, sizeof(text) - 1, &splices, &out, &length);
	iof_ctx_unref(ctx);
	arena_free(arena);
	return err;
}

static void test_allocations(void **state)
{
	unsigned failed = 0;

	(void)state;
	assert_int_equal(read_and_edit(), 0); /* libxml2 keeps what it needs once */
	for (unsigned n = 1;; n++) {
		int err;

		inject_failure(n, false);
		err = read_and_edit();
		if (!inject_happened())
			break;
		assert_int_equal(err, -ENOMEM);
		failed++;
	}
	inject_failure(0, false);
	assert_true(failed > 5);
}

int test_read(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_attributes), cmocka_unit_test(test_places),
		cmocka_unit_test(test_text_places),	cmocka_unit_test(test_questions),
		cmocka_unit_test(test_samples),		cmocka_unit_test(test_allocations),
	};

	return RUN_TABLE(meanings, test_meaning) + RUN_TABLE(refusals, test_refusal) +
	       RUN_TABLE(sizes, test_size) + cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
