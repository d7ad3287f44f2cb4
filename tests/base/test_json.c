/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "../table.h"
#include "base/json.h"
#include "base/strings.h"
#include "groups.h"

struct json_row {
	const char *name;
	const char *text;
	const char *wanted; /* the value written again, or the reason why it is none */
	bool is_short;
};

#define DEEP8 "[[[[[[[["
#define DEEP32 DEEP8 DEEP8 DEEP8 DEEP8
#define END8 "]]]]]]]]"
#define END32 END8 END8 END8 END8

static const struct json_row good[] = {
	{"null", "null", "null", false},
	{"true", " true\n", "true", false},
	{"false", "false", "false", false},
	{"zero", "0", "0", false},
	{"minus zero", "-0", "0", false},
	{"greatest", "18446744073709551615", "18446744073709551615", false},
	{"too great", "18446744073709551616", "real", false},
	{"lowest that counts", "-9223372036854775807", "-9223372036854775807", false},
	{"too low", "-9223372036854775809", "real", false},
	{"fraction", "1.5", "real", false},
	{"exponent", "1e-2", "real", false},
	{"string", "\"a b\"", "'a b'", false},
	{"escapes", "\"\\\"\\\\\\/\\n\\t\"", "'\"\\/\n\t'", false},
	{"two bytes", "\"\\u00e4\"", "'\xc3\xa4'", false},
	{"three bytes", "\"\\u20AC\"", "'\xe2\x82\xac'", false},
	{"four bytes", "\"\\ud83d\\ude00\"", "'\xf0\x9f\x98\x80'", false},
	{"UTF-8", "\"\xe2\x82\xac\"", "'\xe2\x82\xac'", false},
	{"empty array", "[ ]", "[]", false},
	{"array", "[1, \"a\" ,[true]]", "[1,'a',[true]]", false},
	{"empty object", "{}", "{}", false},
	{"object", "{\"a\" : 1,\"b\":{\"c\":[]}}", "{a:1,b:{c:[]}}", false},
	{"deep", DEEP32 END32, DEEP32 END32, false},
};

static const struct json_row bad[] = {
	{"nothing", "", "a value expected", true},
	{"cut in a word", "tru", "unexpected character", false},
	{"cut in a string", "\"ab", "string without an end", true},
	{"cut behind a backslash", "\"ab\\", "unknown escape", true},
	{"cut in an array", "[1,", "a value expected", true},
	{"cut in an object", "{\"a\"", "':' expected", true},
	{"comma at the end", "[1,]", "unexpected character", false},
	{"comma at the end of an object", "{\"a\":1,}", "the name of a member expected", false},
	{"no comma", "[1 2]", "',' or ']' expected", false},
	{"wrong bracket", "{\"a\":1]", "',' or '}' expected", false},
	{"text behind", "1 2", "text after the end of the JSON value", false},
	{"leading zero", "01", "malformed number", false},
	{"plus", "+1", "unexpected character", false},
	{"point alone", "1.", "malformed number", true},
	{"minus alone", "-", "malformed number", true},
	{"hexadecimal", "0x10", "text after the end of the JSON value", false},
	{"NaN", "NaN", "unexpected character", false},
	{"single quotes", "'a'", "unexpected character", false},
	{"comment", "/* */ 1", "unexpected character", false},
	{"line break in a string", "\"a\nb\"", "control character in a string", false},
	{"unknown escape", "\"\\x\"", "unknown escape", false},
	{"short escape", "\"\\u12\"", "four hexadecimal digits expected", false},
	{"high half alone", "\"\\ud83d\"", "half of a character", false},
	{"high half twice", "\"\\ud83d\\ud83d\"", "half of a character", false},
	{"low half alone", "\"\\ude00\"", "half of a character", false},
	{"not UTF-8", "\"\xff\"", "not valid UTF-8", false},
	{"zero byte in a name", "{\"a\\u0000\":1}", "zero byte in the name of a member", false},
	{"too deep", DEEP32 "[" END32 "]", "nested too deeply", false},
};

static void put(struct buf *out, const struct json_value *value)
{
	static const char *const words[] = {[JSON_NULL] = "null", [JSON_REAL] = "real"};
	bool is_object = value->type == JSON_OBJECT;

	if (value->key)
		buf_printf(out, "%s:", value->key);
	switch (value->type) {
	case JSON_BOOL:
		buf_puts(out, value->boolean ? "true" : "false");
		break;
	case JSON_INTEGER:
		if (value->is_negative)
			buf_printf(out, "%lld", (long long)json_int64(value));
		else
			buf_printf(out, "%llu", (unsigned long long)value->number);
		break;
	case JSON_STRING:
		buf_printf(out, "'%s'", value->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		buf_putc(out, is_object ? '{' : '[');
		for (size_t i = 0; i < value->n; i++) {
			if (i)
				buf_putc(out, ',');
			put(out, &value->items[i]);
		}
		buf_putc(out, is_object ? '}' : ']');
		break;
	default:
		buf_puts(out, words[value->type]);
	}
}

/* A copy without a NUL behind it, so that AddressSanitizer sees a byte read too many. */
static int parse(struct arena *arena, const char *text, struct json_value *value,
		 struct json_error *error)
{
	size_t length = strlen(text);
	char *copy = malloc(length ? length : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, length);
	err = json_parse(arena, copy, length, value, error);
	free(copy);
	return err;
}

static void test_good(void **state)
{
	const struct json_row *row = *state;
	struct arena *arena = arena_new(1024);
	struct json_value value;
	struct json_error error;
	struct buf again = {0};

	assert_int_equal(parse(arena, row->text, &value, &error), 0);
	put(&again, &value);
	assert_string_equal(again.data, row->wanted);
	buf_free(&again);
	arena_free(arena);
}

static void test_bad(void **state)
{
	const struct json_row *row = *state;
	struct arena *arena = arena_new(1024);
	struct json_value value;
	struct json_error error;

	assert_int_equal(parse(arena, row->text, &value, &error), -EBADMSG);
	assert_string_equal(error.reason, row->wanted);
	assert_int_equal(error.is_short, row->is_short);
	assert_in_range(error.offset, 0, strlen(row->text));
	arena_free(arena);
}

static void test_members(void **state)
{
	struct arena *arena = arena_new(1024);
	struct json_value value;
	struct json_error error;

	(void)state;
	assert_int_equal(parse(arena, "{\"a\":1,\"b\":2,\"a\":3}", &value, &error), 0);
	assert_int_equal(json_int64(json_member(&value, "a")), 3);
	assert_int_equal(json_int64(json_member(&value, "b")), 2);
	assert_null(json_member(&value, "c"));
	assert_null(json_member(json_member(&value, "a"), "a"));
	arena_free(arena);
}

int test_json(void)
{
	const struct CMUnitTest members[] = {cmocka_unit_test(test_members)};

	return RUN_TABLE(good, test_good) + RUN_TABLE(bad, test_bad) +
	       cmocka_run_group_tests_name("JSON members", members, NULL, NULL);
}
