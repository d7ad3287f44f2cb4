/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

#include <errno.h>

#include "base/emit.h"
#include "base/utf8.h"

static int to_buffer(void *data, const char *bytes, size_t length)
{
	buf_append(data, bytes, length);
	return 0;
}

static struct iof_output output_to(struct buf *b, enum iof_format format)
{
	return (struct iof_output){
		sizeof(struct iof_output), to_buffer, b, format, 20, false, false};
}

static const struct escape_row {
	const char *name;
	const char *input;
	const char *json; /* without quotes */
	const char *text;
	unsigned columns;
} escapes[] = {
	{"escape: nothing to do", "dmar0", "dmar0", "dmar0", 5},
	{"escape: empty", "", "", "", 0},
	{"escape: quote and backslash", "\"\\", "\\\"\\\\", "\"\\", 2},
	{"escape: newline", "a\nb", "a\\u000ab", "a\\x0ab", 6},
	{"escape: tab", "\t", "\\u0009", "\\x09", 4},
	{"escape: terminal sequence", "\033[31m", "\\u001b[31m", "\\x1b[31m", 8},
	{"escape: DEL", "\177", "\\u007f", "\\x7f", 4},
	{"escape: C1",
	 "\xc2\x9b"
	 "A",
	 "\\u009bA", "\\xc2\\x9bA", 9},
	{"escape: reversed direction", "\xe2\x80\xae", "\\u202e", "\\xe2\\x80\\xae", 12},
	{"escape: umlaut", "\xc3\xa4", "\xc3\xa4", "\xc3\xa4", 1},
	{"escape: wide", "\xe6\xbc\xa2", "\xe6\xbc\xa2", "\xe6\xbc\xa2", 2},
	{"escape: combining", "e\xcc\x81", "e\xcc\x81", "e\xcc\x81", 1},
	{"escape: four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 2},
	{"escape: stray continuation", "\x80x", "\\ufffdx", "\\x80x", 5},
	{"escape: cut off", "a\xe6\xbc", "a\\ufffd\\ufffd", "a\\xe6\\xbc", 9},
	{"escape: overlong slash", "\xc0\xaf", "\\ufffd\\ufffd", "\\xc0\\xaf", 8},
	{"escape: overlong NUL", "\xe0\x80\x80", "\\ufffd\\ufffd\\ufffd", "\\xe0\\x80\\x80", 12},
	{"escape: surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd", "\\xed\\xa0\\x80", 12},
	{"escape: above Unicode", "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd",
	 "\\xf4\\x90\\x80\\x80", 16},
	{"escape: never a first byte", "\xff", "\\ufffd", "\\xff", 4},
};

static void escapes_input(void **state)
{
	const struct escape_row *row = *state;
	struct buf json = {0}, text = {0}, expected = {0};
	struct iof_output out = output_to(&json, IOF_FORMAT_JSON);
	struct emit e;

	buf_printf(&expected, "\"%s\"\n", row->json);
	emit_begin(&e, &out);
	emit_string(&e, NULL, row->input);
	assert_int_equal(emit_end(&e), 0);
	assert_string_equal(json.data, expected.data);

	out = output_to(&text, IOF_FORMAT_TEXT);
	emit_begin(&e, &out);
	emit_text(&e, STYLE_RED, "%s", row->input);
	emit_newline(&e);
	assert_int_equal(emit_end(&e), 0);
	assert_int_equal(text.length, strlen(row->text) + 1);
	assert_memory_equal(text.data, row->text, strlen(row->text));
	assert_int_equal(emit_width(row->input), row->columns);
	buf_free(&json);
	buf_free(&text);
	buf_free(&expected);
}

static void json_has_one_layout(void **state)
{
	static const char expected[] =
		"{\n"
		"  \"s\": \"x\",\n"
		"  \"none\": null,\n"
		"  \"u\": 18446744073709551615,\n"
		"  \"i\": -9223372036854775808,\n"
		"  \"h\": \"0xfee00000\",\n"
		"  \"b\": true,\n"
		"  \"empty\": [],\n"
		"  \"void\": {},\n"
		"  \"range\": [\"0x0\", \"0xffffffffffffffff\"],\n"
		"  \"ranges\": [[\"0x0\", \"0xfff\"], [\"0x2000\", \"0x2fff\"]],\n"
		"  \"list\": [\n"
		"    \"a\",\n"
		"    {\n"
		"      \"k\": false\n"
		"    }\n"
		"  ]\n"
		"}\n";
	struct iof_range all = {0, UINT64_MAX}, low = {0, 0xfff}, high = {0x2000, 0x2fff};
	struct buf got = {0};
	struct iof_output out = output_to(&got, IOF_FORMAT_JSON);
	struct emit e;

	emit_begin(&e, &out);
	emit_object(&e, NULL);
	emit_string(&e, "s", "x");
	emit_string(&e, "none", NULL);
	emit_u64(&e, "u", UINT64_MAX);
	emit_i64(&e, "i", INT64_MIN);
	emit_hex(&e, "h", 0xfee00000);
	emit_bool(&e, "b", true);
	emit_array(&e, "empty");
	emit_array_end(&e);
	emit_object(&e, "void");
	emit_object_end(&e);
	emit_range(&e, "range", &all);
	emit_array(&e, "ranges");
	emit_range(&e, NULL, &low);
	emit_range(&e, NULL, &high);
	emit_array_end(&e);
	emit_array(&e, "list");
	emit_string(&e, NULL, "a");
	emit_object(&e, NULL);
	emit_bool(&e, "k", false);
	/* What is open is closed at the end. */
	assert_int_equal(emit_end(&e), 0);
	assert_string_equal(got.data, expected);
	buf_free(&got);
}

enum wrong { TWO_TOPS, KEY_IN_ARRAY, NO_KEY, WRONG_END, END_OF_NOTHING, TOO_DEEP, OLD_OUTPUT };

static const struct wrong_row {
	const char *name;
	enum wrong wrong;
	int expected;
} wrongs[] = {
	{"emit: two values at the top", TWO_TOPS, -EINVAL},
	{"emit: key in an array", KEY_IN_ARRAY, -EINVAL},
	{"emit: no key in an object", NO_KEY, -EINVAL},
	{"emit: wrong end", WRONG_END, -EINVAL},
	{"emit: end of nothing", END_OF_NOTHING, -EINVAL},
	{"emit: too deep", TOO_DEEP, -EOVERFLOW},
	{"emit: output without size", OLD_OUTPUT, -EINVAL},
};

static void misuse(struct emit *e, enum wrong wrong)
{
	int i;

	if (wrong == TWO_TOPS)
		emit_u64(e, NULL, 1), emit_u64(e, NULL, 2);
	if (wrong == KEY_IN_ARRAY)
		emit_array(e, NULL), emit_u64(e, "k", 2);
	if (wrong == NO_KEY)
		emit_object(e, NULL), emit_u64(e, NULL, 2);
	if (wrong == WRONG_END)
		emit_object(e, NULL), emit_array_end(e);
	if (wrong == END_OF_NOTHING)
		emit_object_end(e);
	for (i = 0; wrong == TOO_DEEP && i < 100; i++)
		emit_array(e, NULL);
}

static void reports_misuse(void **state)
{
	const struct wrong_row *row = *state;
	struct buf got = {0};
	struct iof_output out = output_to(&got, IOF_FORMAT_JSON);
	struct emit e;

	if (row->wrong == OLD_OUTPUT)
		out.size = 0;
	emit_begin(&e, &out);
	misuse(&e, row->wrong);
	assert_int_equal(emit_end(&e), row->expected);
	buf_free(&got);
}

static const struct wrap_row {
	const char *name;
	unsigned columns;
	unsigned indent;
	const char *first;
	const char *text;
	const char *expected;
} wraps[] = {
	{"wrap: fits", 20, 0, NULL, "one two", "one two\n"},
	{"wrap: exactly fits", 7, 0, NULL, "one two", "one two\n"},
	{"wrap: one too many", 6, 0, NULL, "one two", "one\ntwo\n"},
	{"wrap: indent", 10, 2, NULL, "one two three", "  one two\n  three\n"},
	{"wrap: first", 10, 2, "- ", "one two three", "- one two\n  three\n"},
	{"wrap: nothing before the first line", 9, 4, "", "one two six", "one two\n    six\n"},
	{"wrap: long word stays whole", 8, 2, NULL, "a intel-iommu,aw-bits=39 b",
	 "  a\n  intel-iommu,aw-bits=39\n  b\n"},
	{"wrap: long word first", 5, 2, NULL, "abcdefgh", "  abcdefgh\n"},
	{"wrap: blanks are kept", 20, 0, NULL, "  a   b", "  a   b\n"},
	{"wrap: blanks end a line", 4, 0, NULL, "abc    d", "abc\nd\n"},
	{"wrap: blanks at the end", 20, 0, NULL, "a  ", "a\n"},
	{"wrap: nothing", 20, 2, "x", "", "x\n"},
	{"wrap: wide characters count twice", 5, 0, NULL, "\xe6\xbc\xa2 \xe6\xbc\xa2 a",
	 "\xe6\xbc\xa2 \xe6\xbc\xa2\na\n"},
	{"wrap: escapes count", 8, 0, NULL, "a\nb cd", "a\\x0ab\ncd\n"},
	{"wrap: 80 columns by default", 0, 0, NULL,
	 "aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaaa b",
	 "aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaaa\nb\n"},
};

static void wraps_text(void **state)
{
	const struct wrap_row *row = *state;
	struct buf got = {0};
	struct iof_output out = output_to(&got, IOF_FORMAT_TEXT);
	struct emit e;

	out.columns = row->columns;
	emit_begin(&e, &out);
	emit_wrapped(&e, row->indent, row->first, "%s", row->text);
	assert_int_equal(emit_end(&e), 0);
	assert_string_equal(got.data, row->expected);
	buf_free(&got);
}

static void styles_need_colour(void **state)
{
	struct buf got = {0};
	struct iof_output out = output_to(&got, IOF_FORMAT_TEXT);
	struct emit e;

	emit_begin(&e, &out);
	emit_text(&e, STYLE_BOLD, "a");
	out.colour = true;
	emit_text(&e, STYLE_RED, "b%c", '\033');
	emit_text(&e, STYLE_NONE, "c");
	assert_int_equal(emit_end(&e), 0);
	assert_string_equal(got.data, "a\033[31mb\\x1b\033[0mc");
	buf_free(&got);
}

static int fail_at_once(void *data, const char *bytes, size_t length)
{
	int *calls = data;

	++*calls;
	return *calls == 1 ? -ENOSPC : -EIO;
}

static void first_error_of_the_sink_is_kept(void **state)
{
	int calls = 0, i;
	struct iof_output out = {sizeof(out), fail_at_once, &calls, IOF_FORMAT_JSON,
				 80,	      false,	    false};
	struct emit e;

	emit_begin(&e, &out);
	emit_array(&e, NULL);
	for (i = 0; i < 10000; i++)
		emit_u64(&e, NULL, 12345678);
	assert_int_equal(emit_end(&e), -ENOSPC);
	assert_int_equal(calls, 1);
}

int test_emit(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_one_layout),
		cmocka_unit_test(styles_need_colour),
		cmocka_unit_test(first_error_of_the_sink_is_kept),
	};

	return RUN_TABLE(escapes, escapes_input) + RUN_TABLE(wrongs, reports_misuse) +
	       RUN_TABLE(wraps, wraps_text) +
	       cmocka_run_group_tests_name("emit", tests, NULL, NULL);
}
