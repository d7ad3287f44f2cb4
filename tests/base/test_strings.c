/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

#include <errno.h>

#include "base/strings.h"

static const struct number_row {
	const char *name;
	const char *text;
	int base;
	uint64_t max;
	int err;
	uint64_t expected;
} numbers[] = {
	{"number: 0", "0", 10, UINT64_MAX, 0, 0},
	{"number: leading zeros", "000000000000000000000000000042", 10, UINT64_MAX, 0, 42},
	{"number: largest", "18446744073709551615", 10, UINT64_MAX, 0, UINT64_MAX},
	{"number: one more", "18446744073709551616", 10, UINT64_MAX, -ERANGE, 0},
	{"number: overflow in the product", "99999999999999999999", 10, UINT64_MAX, -ERANGE, 0},
	{"number: far too large", "1000000000000000000000000000000", 10, UINT64_MAX, -ERANGE, 0},
	{"number: too large and no number", "99999999999999999999x", 10, UINT64_MAX, -EINVAL, 0},
	{"number: the limit", "64", 10, 64, 0, 64},
	{"number: above the limit", "65", 10, 64, -ERANGE, 0},
	{"number: empty", "", 10, UINT64_MAX, -EINVAL, 0},
	{"number: minus", "-1", 10, UINT64_MAX, -EINVAL, 0},
	{"number: plus", "+1", 10, UINT64_MAX, -EINVAL, 0},
	{"number: blank before", " 1", 10, UINT64_MAX, -EINVAL, 0},
	{"number: blank after", "1 ", 10, UINT64_MAX, -EINVAL, 0},
	{"number: newline after", "1\n", 10, UINT64_MAX, -EINVAL, 0},
	{"number: unit after", "1G", 10, UINT64_MAX, -EINVAL, 0},
	{"number: hexadecimal digit in decimal", "1a", 10, UINT64_MAX, -EINVAL, 0},
	{"number: prefix in decimal", "0x10", 10, UINT64_MAX, -EINVAL, 0},
	{"number: hexadecimal", "fEd0", 16, UINT64_MAX, 0, 0xfed0},
	{"number: hexadecimal with prefix", "0xFed0", 16, UINT64_MAX, 0, 0xfed0},
	{"number: prefix alone", "0x", 16, UINT64_MAX, -EINVAL, 0},
	{"number: prefix twice", "0x0x1", 16, UINT64_MAX, -EINVAL, 0},
	{"number: largest hexadecimal", "0xffffffffffffffff", 16, UINT64_MAX, 0, UINT64_MAX},
	{"number: 65 bits", "0x10000000000000000", 16, UINT64_MAX, -ERANGE, 0},
	{"number: any base, decimal", "010", 0, UINT64_MAX, 0, 10},
	{"number: any base, hexadecimal", "0X10", 0, UINT64_MAX, 0, 16},
	{"number: any base, prefix alone", "0x", 0, UINT64_MAX, -EINVAL, 0},
	{"number: minus after the prefix", "0x-1", 0, UINT64_MAX, -EINVAL, 0},
	{"number: not ASCII", "\xef\xbc\x91", 10, UINT64_MAX, -EINVAL, 0},
};

static void parses_number(void **state)
{
	const struct number_row *row = *state;
	uint64_t got = 0x5a5a;

	assert_int_equal(parse_u64(row->text, row->base, row->max, &got), row->err);
	assert_int_equal(got, row->err ? 0x5a5a : row->expected);
}

static void number_ends_at_its_length(void **state)
{
	uint64_t got;

	assert_int_equal(parse_u64n("1234", 2, 10, 99, &got), 0);
	assert_int_equal(got, 12);
	assert_int_equal(parse_u64n("1\0002", 3, 10, 99, &got), -EINVAL);
	assert_int_equal(parse_u64n("0x", 1, 16, 99, &got), 0);
}

static const struct bdf_row {
	const char *name;
	const char *text;
	const char *expected; /* NULL: refused */
} bdfs[] = {
	{"bdf: with domain", "0000:01:00.0", "0000:01:00.0"},
	{"bdf: without domain", "01:00.0", "0000:01:00.0"},
	{"bdf: short fields", "1:0.7", "0000:01:00.7"},
	{"bdf: capitals", "ABCD:FF:1F.7", "abcd:ff:1f.7"},
	{"bdf: long domain", "ffffffff:ff:1f.7", "ffffffff:ff:1f.7"},
	{"bdf: domain of VMD", "10000:e1:00.0", "10000:e1:00.0"},
	{"bdf: domain too long", "100000000:00:00.0", NULL},
	{"bdf: bus too large", "100:00.0", NULL},
	{"bdf: device too large", "00:20.0", NULL},
	{"bdf: function too large", "00:00.8", NULL},
	{"bdf: function of two digits", "00:00.00", NULL},
	{"bdf: no function", "00:00", NULL},
	{"bdf: empty function", "00:00.", NULL},
	{"bdf: no bus", ":00.0", NULL},
	{"bdf: empty domain", ":00:00.0", NULL},
	{"bdf: text after", "00:00.0 ", NULL},
	{"bdf: text before", " 00:00.0", NULL},
	{"bdf: minus", "-1:00.0", NULL},
	{"bdf: prefix", "0x1:00:00.0", NULL},
	{"bdf: three colons", "0:0:0:0.0", NULL},
	{"bdf: two dots", "0:0.0.0", NULL},
	{"bdf: dot first", "0.0:0", NULL},
	{"bdf: empty", "", NULL},
	{"bdf: a name", "dmar0", NULL},
};

static void parses_bdf(void **state)
{
	const struct bdf_row *row = *state;
	struct pci_address address;
	char text[BDF_TEXT];
	int err = parse_bdf(row->text, &address);

	assert_int_equal(err, row->expected ? 0 : -EINVAL);
	if (err)
		return;
	format_bdf(&address, text);
	assert_string_equal(text, row->expected);
}

static void buffer_grows(void **state)
{
	struct buf b = {0};
	char *text;
	int i;

	for (i = 0; i < 1000; i++) {
		buf_puts(&b, "ab");
		buf_putc(&b, 'c');
		buf_append(&b, "dxx", 1);
		buf_printf(&b, "%03d", i);
	}
	assert_int_equal(b.err, 0);
	assert_int_equal(b.length, 7000);
	assert_int_equal(strlen(b.data), 7000);
	text = buf_steal(&b);
	assert_null(b.data);
	assert_string_equal(text + 6993, "abcd999");
	free(text);
}

static void buffer_prints_much_at_once(void **state)
{
	struct buf b = {0};

	buf_printf(&b, "%5000s|", "");
	assert_int_equal(b.length, 5001);
	assert_int_equal(b.data[5000], '|');
	buf_free(&b);
}

static void empty_buffer_gives_empty_text(void **state)
{
	struct buf b = {0};
	char *text = buf_steal(&b);

	assert_string_equal(text, "");
	free(text);
}

static void buffer_keeps_its_error(void **state)
{
	struct buf b = {0};

	buf_puts(&b, "text");
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -ENOMEM);
	buf_puts(&b, "more");
	assert_int_equal(b.length, 4);
	assert_null(buf_steal(&b));
	assert_null(b.data);
}

static const struct lines_row {
	const char *name;
	const char *text;
	const char *expected; /* each line in brackets */
} lines[] = {
	{"lines: none", "", ""},
	{"lines: one without end", "a", "[a]"},
	{"lines: one", "a\n", "[a]"},
	{"lines: an empty one", "\n", "[]"},
	{"lines: empty ones between", "a\n\n\nb", "[a][][][b]"},
	{"lines: DOS", "a\r\nb\r\n", "[a][b]"},
	{"lines: empty DOS", "\r\n\r\n", "[][]"},
	{"lines: carriage return within", "a\rb\n", "[a\rb]"},
	{"lines: two carriage returns", "a\r\r\n", "[a\r]"},
};

static void splits_lines(void **state)
{
	const struct lines_row *row = *state;
	const char *cursor = row->text, *end = cursor + strlen(cursor), *line;
	struct buf got = {0};
	size_t length;
	char *text;

	while (next_line(&cursor, end, &line, &length)) {
		buf_putc(&got, '[');
		buf_append(&got, line, length);
		buf_putc(&got, ']');
	}
	text = buf_steal(&got);
	assert_string_equal(text, row->expected);
	free(text);
}

int test_strings(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_ends_at_its_length),
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(buffer_prints_much_at_once),
		cmocka_unit_test(empty_buffer_gives_empty_text),
		cmocka_unit_test(buffer_keeps_its_error),
	};

	return RUN_TABLE(numbers, parses_number) + RUN_TABLE(bdfs, parses_bdf) +
	       RUN_TABLE(lines, splits_lines) +
	       cmocka_run_group_tests_name("strings", tests, NULL, NULL);
}
