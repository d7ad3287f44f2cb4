// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "vm_tests.h"

#define Q "qemu-system-x86_64"
#define SET(i, k, v)                                                                               \
	{                                                                                          \
		.op = EDIT_SET, .option = i, .key = k, .value = v                                  \
	}
#define UNSET(i, k)                                                                                \
	{                                                                                          \
		.op = EDIT_UNSET, .option = i, .key = k                                            \
	}
#define ADD(i, n, v)                                                                               \
	{                                                                                          \
		.op = EDIT_ADD, .option = i, .name = n, .value = v                                 \
	}
#define REMOVE(i)                                                                                  \
	{                                                                                          \
		.op = EDIT_REMOVE, .option = i                                                     \
	}
#define MOVE(i, b)                                                                                 \
	{                                                                                          \
		.op = EDIT_MOVE, .option = i, .before = b                                          \
	}

/* ---- what becomes of a text ---- */

static const struct {
	const char *name;
	const char *text;
	struct vm_edit edits[3];
	size_t n;
	const char *expected;
} cases[] = {
	{"set", Q " -device x,a=1,b=2 -S", {SET(0, "a", "3")}, 1, Q " -device x,a=3,b=2 -S"},
	{"set a missing key", Q " -device x -S", {SET(0, "a", "3")}, 1, Q " -device x,a=3 -S"},
	{"set behind an open comma",
	 Q " -device x, -S",
	 {SET(0, "a", "3")},
	 1,
	 Q " -device x,a=3 -S"},
	{"set twice",
	 Q " -device x -S",
	 {SET(0, "a", "3"), SET(0, "a", "4")},
	 2,
	 Q " -device x,a=4 -S"},
	{"set two keys",
	 Q " -device x,b=1",
	 {SET(0, "a", "3"), SET(0, "b", "4")},
	 2,
	 Q " -device x,b=4,a=3"},
	{"set the implied key", Q " -M q35,a=b", {SET(0, "type", "pc")}, 1, Q " -M pc,a=b"},
	{"set the implied key to what looks like a pair",
	 Q " -device x,a=b",
	 {SET(0, "driver", "c=d")},
	 1,
	 Q " -device driver=c=d,a=b"},
	{"set one of several",
	 Q " -device x,a=1,b=2,a=3",
	 {SET(0, "a", "4")},
	 1,
	 Q " -device x,a=4,b=2"},
	{"set a flag",
	 Q " -device x,a,nob",
	 {SET(0, "a", "off"), SET(0, "b", "on")},
	 2,
	 Q " -device x,a=off,b=on"},
	{"set a comma", Q " -device x", {SET(0, "a", "1,2")}, 1, Q " -device x,a=1,,2"},
	{"set in single quotes",
	 Q " -device 'x,a=1 2'",
	 {SET(0, "a", "it's"), SET(0, "b", "$")},
	 2,
	 Q " -device 'x,a=it'\\''s,b=$'"},
	{"set in double quotes",
	 Q " -device \"x,a=1\" -S",
	 {SET(0, "a", "$\"b")},
	 1,
	 Q " -device \"x,a=\\$\\\"b\" -S"},
	{"set in ANSI quotes",
	 Q " -device $'x,a=1' -S",
	 {SET(0, "a", "'b")},
	 1,
	 Q " -device $'x,a=\\'b' -S"},
	{"set in quotes of its own",
	 Q " -device x,a='1',b=2",
	 {SET(0, "a", "3 4")},
	 1,
	 Q " -device x,a='3 4',b=2"},
	{"set without quotes",
	 Q " -device x,a=1,b=2",
	 {SET(0, "a", "3 4")},
	 1,
	 Q " -device x,a='3 4',b=2"},
	{"set a value in a variable",
	 Q " -device x,host=\"$BDF\",b=2",
	 {SET(0, "host", "01:00.0")},
	 1,
	 Q " -device x,host=\"01:00.0\",b=2"},
	{"set behind a variable",
	 Q " -cpu $CPU -S",
	 {SET(0, "phys-bits", "39")},
	 1,
	 Q " -cpu $CPU,phys-bits=39 -S"},
	{"set the rest of a continued word",
	 Q " -device x,a=1,\\\nb=2",
	 {SET(0, "a", "3")},
	 1,
	 Q " -device x,a=3,\\\nb=2"},
	{"set in an empty argument",
	 Q " -m '' -S",
	 {SET(0, "size", "1G")},
	 1,
	 Q " -m 'size=1G' -S"},
	{"set the whole", Q " -m 1G,slots=2 -S", {SET(0, NULL, "4G")}, 1, Q " -m 4G -S"},
	{"set the whole of a plain argument",
	 Q " -bios 'a b' -S",
	 {SET(0, NULL, "c d")},
	 1,
	 Q " -bios 'c d' -S"},
	{"set a disk image", Q " 'a b' -S", {SET(0, NULL, "c")}, 1, Q " 'c' -S"},
	{"cpu",
	 Q " -cpu host,+a,b=1,-c",
	 {SET(0, "a", "off"), SET(0, "b", "2"), SET(0, "d", "on")},
	 3,
	 Q " -cpu host,a=off,b=2,-c,d=on"},
	{"cpu model", Q " -cpu host,+a", {SET(0, "model", "max"), UNSET(0, "a")}, 2, Q " -cpu max"},
	{"global", Q " -global a.b=1 -S", {SET(0, "value", "2,3")}, 1, Q " -global a.b=2,3 -S"},
	{"global, long form",
	 Q " -global driver=a,property=b,value=1",
	 {SET(0, "value", "2,3")},
	 1,
	 Q " -global driver=a,property=b,value=2,,3"},
	{"unset", Q " -device x,a=1,b=2 -S", {UNSET(0, "a")}, 1, Q " -device x,b=2 -S"},
	{"unset the last", Q " -device 'x,a=1' -S", {UNSET(0, "a")}, 1, Q " -device 'x' -S"},
	{"unset all of a key",
	 Q " -device x,a,b=2,noa -S",
	 {UNSET(0, "a")},
	 1,
	 Q " -device x,b=2 -S"},
	{"unset what is not there", Q " -device x -S", {UNSET(0, "a")}, 1, Q " -device x -S"},
	{"unset the first before a flag",
	 Q " -m 1G,slots -S",
	 {UNSET(0, "size")},
	 1,
	 Q " -m slots=on -S"},
	{"unset the only one", Q " -m 1G -S", {UNSET(0, "size")}, 1, Q " -m '' -S"},
	{"unset what leaves a comment sign first",
	 Q " -drive a=1,#=2 -S",
	 {UNSET(0, "a")},
	 1,
	 Q " -drive ''#=2 -S"},
	{"set drops -set",
	 Q " -device x,id=d -set device.d.a=1 -S",
	 {SET(0, "a", "2")},
	 1,
	 Q " -device x,id=d,a=2 -S"},
	{"unset drops -set",
	 Q " -device x,id=d -set device.d.a=1 -S",
	 {UNSET(0, "a")},
	 1,
	 Q " -device x,id=d -S"},
	/* JSON */
	{"JSON",
	 Q " -device '{\"driver\":\"x\",\"a\":1,\"b\":true,\"c\":\"1\"}'",
	 {SET(0, "a", "2"), SET(0, "b", "off"), SET(0, "c", "2")},
	 3,
	 Q " -device '{\"driver\":\"x\",\"a\":2,\"b\":false,\"c\":\"2\"}'"},
	{"JSON, new keys",
	 Q " -device '{\"driver\":\"x\"}'",
	 {SET(0, "aw-bits", "39"), SET(0, "caching-mode", "on"), SET(0, "intremap", "on")},
	 3,
	 Q
	 " -device '{\"driver\":\"x\",\"aw-bits\":39,\"caching-mode\":true,\"intremap\":\"on\"}'"},
	{"JSON, spaced",
	 Q " -device '{ \"driver\": \"x\", \"a\": 1 }'",
	 {SET(0, "b", "y"), UNSET(0, "a")},
	 2,
	 Q " -device '{ \"driver\": \"x\", \"b\": \"y\" }'"},
	{"JSON, quotes",
	 Q " -device \"{'driver':'x'}\"",
	 {SET(0, "driver", "a\"\\\n'")},
	 1,
	 Q " -device \"{'driver':\\\"a\\\\\\\"\\\\\\\\\\\\u000a'\\\"}\""},
	{"JSON, unset the first",
	 Q " -device '{\"a\":1,\"driver\":\"x\"}'",
	 {UNSET(0, "a")},
	 1,
	 Q " -device '{\"driver\":\"x\"}'"},
	{"JSON, unset all", Q " -device '{\"a\":1}'", {UNSET(0, "a")}, 1, Q " -device '{}'"},
	{"JSON, empty",
	 Q " -device '{}'",
	 {SET(0, "driver", "x")},
	 1,
	 Q " -device '{\"driver\":\"x\"}'"},
	{"JSON without shell quotes",
	 Q " -device {\"driver\":\"x\"} -S",
	 {SET(0, "a", "b c")},
	 1,
	 Q " -device {\"driver\":\"x\",\"a\":\"b c\"} -S"},
	{"JSON, no number",
	 Q " -device '{\"a\":1}'",
	 {SET(0, "a", "0x10")},
	 1,
	 Q " -device '{\"a\":\"0x10\"}'"},
	/* options */
	{"add", Q " -m 1G -S\n", {ADD(1, "device", "x")}, 1, Q " -m 1G -device x -S\n"},
	{"add at the end",
	 Q " -m 1G -S # c\n",
	 {ADD(2, "device", "x y")},
	 1,
	 Q " -m 1G -S -device 'x y' # c\n"},
	{"add before all", Q " -m 1G\n", {ADD(0, "nodefaults", NULL)}, 1, Q " -nodefaults -m 1G\n"},
	{"add without any", Q " -m 1G -S", {REMOVE(0), REMOVE(1), ADD(2, "S", NULL)}, 3, Q " -S"},
	{"add an empty argument", Q " -m 1G\n", {ADD(1, "bios", "")}, 1, Q " -m 1G -bios ''\n"},
	{"add JSON",
	 Q " -m 1G\n",
	 {ADD(1, "device", "{\"a\":1}")},
	 1,
	 Q " -m 1G -device '{\"a\":1}'\n"},
	{"add a line",
	 Q " \\\n  -m 1G \\\n  -S\n",
	 {ADD(1, "device", "x")},
	 1,
	 Q " \\\n  -m 1G \\\n  -device x \\\n  -S\n"},
	{"add a line at the end",
	 Q " \\\n  -m 1G \\\n  -S\n",
	 {ADD(2, "device", "x")},
	 1,
	 Q " \\\n  -m 1G \\\n  -S \\\n  -device x\n"},
	{"add a line to the program's",
	 Q " -m 1G \\\n\t-S\n",
	 {ADD(0, "device", "x")},
	 1,
	 Q " -device x \\\n\t-m 1G \\\n\t-S\n"},
	{"add two",
	 Q " -m 1G \\\n\t-S\n",
	 {ADD(1, "device", "x"), ADD(1, "device", "y")},
	 2,
	 Q " -m 1G \\\n\t-device x \\\n\t-device y \\\n\t-S\n"},
	{"add to lines without backslashes",
	 Q "\n  -m 1G\n  -S\n",
	 {ADD(1, "device", "x")},
	 1,
	 Q "\n  -m 1G\n  -device x\n  -S\n"},
	{"add above a comment",
	 Q "\n  -m 1G\n  # stop\n  -S\n",
	 {ADD(1, "device", "x")},
	 1,
	 Q "\n  -m 1G\n  -device x\n  # stop\n  -S\n"},
	{"add beside a redirection",
	 Q " -m 1G 2>log -S\n",
	 {ADD(1, "device", "x")},
	 1,
	 Q " -m 1G -device x 2>log -S\n"},
	{"add to options only", "-M q35\n", {ADD(0, "S", NULL)}, 1, " -S -M q35\n"},
	{"add in an array",
	 "a=(-M q35 -m 1G)\n",
	 {ADD(0, "S", NULL), ADD(2, "device", "x")},
	 2,
	 "a=( -S -M q35 -m 1G -device x)\n"},
	{"remove", Q " -m 1G -S -nodefaults\n", {REMOVE(1)}, 1, Q " -m 1G -nodefaults\n"},
	{"remove a line",
	 Q " \\\n  -m 1G \\\n  -S \\\n  -nodefaults\n",
	 {REMOVE(1)},
	 1,
	 Q " \\\n  -m 1G \\\n  -nodefaults\n"},
	{"remove the last line",
	 Q " \\\n  -m 1G \\\n  -S\necho\n",
	 {REMOVE(1)},
	 1,
	 Q " \\\n  -m 1G\necho\n"},
	{"remove what was commented",
	 Q " \\\n  -m 1G \\\n  # stop\n  -S \\\n  -nodefaults\n",
	 {REMOVE(1)},
	 1,
	 Q " \\\n  -m 1G \\\n  # stop\n   \\\n  -nodefaults\n"},
	{"remove and set", Q " -m 1G -S", {REMOVE(0), SET(0, "size", "2G")}, 2, Q " -S"},
	{"replace",
	 Q " \\\n -m 1G \\\n -S\n",
	 {REMOVE(0), ADD(0, "m", "2G")},
	 2,
	 Q " \\\n -m 2G \\\n -S\n"},
	{"move", Q " -m 1G -S -device 'x'\n", {MOVE(2, 0)}, 1, Q " -device 'x' -m 1G -S\n"},
	{"move lines",
	 Q " \\\n  -m 1G \\\n  -S \\\n  -device 'x'\n",
	 {MOVE(2, 1)},
	 1,
	 Q " \\\n  -m 1G \\\n  -device 'x' \\\n  -S\n"},
	{"move to the end", Q " -m 1G \\\n -S\n", {MOVE(0, 2)}, 1, Q " \\\n -S \\\n -m 1G\n"},
	{"move and set",
	 Q " -S -device x -m 1G",
	 {MOVE(1, 0), SET(1, "a", "1")},
	 2,
	 Q " -device x,a=1 -S -m 1G"},
	{"move twice",
	 Q " -S -device x -m 1G",
	 {MOVE(0, 1), MOVE(0, 3)},
	 2,
	 Q " -device x -m 1G -S"},
	{"move to where it is", Q " -S -m 1G", {MOVE(0, 0)}, 1, Q " -S -m 1G"},
	{"move a disk image to a line of its own",
	 Q "\n-m 1G a.img\n-S\n",
	 {MOVE(1, 2)},
	 1,
	 Q "\n-m 1G a.img\n-S\n"},
	{"continued with carriage returns",
	 Q " \\\r\n -m 1G \\\r\n -S\r\n",
	 {ADD(1, "device", "x")},
	 1,
	 Q " \\\r\n -m 1G \\\r\n -device x \\\r\n -S\r\n"},
};

static void check(const char *name, const struct iof_vm *vm, const struct vm_edit *edits, size_t n,
		  const char *expected)
{
	struct arena *arena = arena_new(4096);
	const char *const *argv;
	struct iof_ctx *ctx;
	struct iof_vm *edited, *again;
	const char *text;
	size_t length;
	char *a, *b;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	if (vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv))
		fail_msg("%s: %s", name, iof_ctx_error(ctx));
	if (length != strlen(expected) || !str_eq(text, expected))
		fail_msg("%s:\n%s\n%s", name, text, expected);
	assert_int_equal(vm_edit_structure(ctx, vm, edits, n, &edited), 0);
	again = must_load(text, length);
	a = describe(edited);
	b = describe(again);
	if (!str_eq(a, b))
		fail_msg("%s:\n%s\n%s", name, a, b);
	free(a);
	free(b);
	iof_vm_unref(edited);
	iof_vm_unref(again);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iof_vm *vm = must_load(cases[i].text, strlen(cases[i].text));

		check(cases[i].name, vm, cases[i].edits, cases[i].n, cases[i].expected);
		iof_vm_unref(vm);
	}
}

/* ---- what cannot be ---- */

static const struct {
	const char *name;
	struct vm_edit edit;
	int err;
	const char *error;
} refused[] = {
	{"no such option", REMOVE(5), -EINVAL, "an edit of an option that does not exist"},
	{"behind the end", MOVE(0, 6), -EINVAL, "an edit of an option that does not exist"},
	{"no name", ADD(0, "", "x"), -EINVAL, "an option to add without a name"},
	{"odd name", ADD(0, "a b", "x"), -EINVAL, "an option to add without a name"},
	{"no argument", SET(0, "a", "b"), -EINVAL, "-S has no argument to edit"},
	{"no pairs", SET(1, "a", "b"), -EINVAL, "-bios has no property to set"},
	{"broken JSON", SET(2, "a", "b"), -EINVAL,
	 "-device cannot be edited: JSON parse error, premature EOI"},
	{"comma in a cpu property", SET(3, "a", "b,c"), -EINVAL,
	 "-cpu cannot be written with that value of 'a'"},
	{"key that is none", SET(3, "a=b", "c"), -EINVAL,
	 "-cpu cannot be written with that value of 'a=b'"},
	{"driver with a dot", SET(4, "driver", "a.b"), -EINVAL,
	 "-global cannot be written with that value of 'driver'"},
};

static void test_refused(void **state)
{
	static const char text[] = Q " -S -bios x -device '{\"a\":' -cpu host -global a.b=1";
	struct iof_vm *vm = must_load(text, sizeof(text) - 1), *edited;
	struct arena *arena = arena_new(4096);
	struct iof_ctx *ctx;

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		int ret = vm_edit_structure(ctx, vm, &refused[i].edit, 1, &edited);

		if (ret != refused[i].err || edited ||
		    !str_eq(iof_ctx_error(ctx), refused[i].error))
			fail_msg("%s: %d %s", refused[i].name, ret, iof_ctx_error(ctx));
	}
	iof_ctx_unref(ctx);
	arena_free(arena);
	iof_vm_unref(vm);
}

/* ---- other forms ---- */

static void test_nul(void **state)
{
	static const char bytes[] = Q "\0-m\0001G\0-bios\0\0";
	static const char expected[] = Q "\0-m\0002G\0-device\0a 'b\0-bios\0\0";
	static const struct vm_edit edits[] = {SET(0, "size", "2G"), ADD(1, "device", "a 'b")};
	struct iof_vm *vm = must_load(bytes, sizeof(bytes) - 1);
	struct arena *arena = arena_new(4096);
	const char *const *argv;
	const char *text;
	size_t length;

	(void)state;
	assert_int_equal(vm_edit_text(NULL, vm, edits, 2, arena, &text, &length, &argv), 0);
	assert_int_equal(length, sizeof(expected) - 1);
	assert_memory_equal(text, expected, length);
	assert_null(argv);
	iof_vm_unref(vm);
	arena_free(arena);
}

static void test_argv(void **state)
{
	static const char *const given[] = {Q, "-m", "1G", "-S"};
	static const char *const expected[] = {Q, "-m", "2G", "-device", "x", "-S", NULL};
	static const struct vm_edit edits[] = {SET(0, "size", "2G"), ADD(1, "device", "x")};
	struct arena *arena = arena_new(4096);
	const char *const *argv;
	struct iof_vm *vm;
	const char *text;
	size_t length;

	(void)state;
	assert_int_equal(iof_vm_load_argv(NULL, given, ARRAY_SIZE(given), "argv", &vm), 0);
	assert_int_equal(vm_edit_text(NULL, vm, edits, 2, arena, &text, &length, &argv), 0);
	assert_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		if (!expected[i])
			assert_null(argv[i]);
		else
			assert_string_equal(argv[i], expected[i]);
	}
	iof_vm_unref(vm);
	arena_free(arena);
}

/* ---- a device that is to be plugged, or that leaves JSON ---- */

static void test_device_edit(void **state)
{
	static const struct {
		const char *text;
		struct vm_edit edit;
		const char *expected; /* NULL: it cannot be edited */
	} rows[] = {
		{"vfio-pci,host=1:00.0", SET(9, "bus", "rp0"), "vfio-pci,host=1:00.0,bus=rp0"},
		{"{\"driver\":\"x\",\"a\":1}", UNSET(9, "a"), "{\"driver\":\"x\"}"},
		{"{\"driver\":\"x\"}", SET(9, "a", "b"), "{\"driver\":\"x\",\"a\":\"b\"}"},
		{"{\"driver\":", SET(9, "a", "b"), NULL},
		{"-x", SET(9, "a", "b"), "-x,a=b"},
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *out = NULL;

		assert_int_equal(device_edit(arena, rows[i].text, &rows[i].edit, &out),
				 rows[i].expected ? 0 : -EINVAL);
		if (rows[i].expected)
			assert_string_equal(out, rows[i].expected);
	}
	arena_free(arena);
}

static void test_device_plain(void **state)
{
	static const struct {
		const char *json, *expected; /* NULL: only JSON can say it */
	} rows[] = {
		{"{\"driver\":\"x\",\"a\":1,\"b\":true,\"c\":false}", "x,a=1,b=on,c=off"},
		{"{\"a\":\"p,q\",\"driver\":\"x\"}", "x,a=p,,q"},
		{"{\"driver\":\"x\",\"a\":[1]}", NULL},
		{"{\"a\":1}", NULL},
	};
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vm_option option;
		const char *out;

		assert_int_equal(device_parse(NULL, arena, rows[i].json, &option), 0);
		assert_int_equal(device_plain(arena, &option, &out),
				 rows[i].expected ? 0 : -EOPNOTSUPP);
		if (rows[i].expected)
			assert_string_equal(out, rows[i].expected);
	}
	arena_free(arena);
}

int test_edit(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),	    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),	    cmocka_unit_test(test_argv),
		cmocka_unit_test(test_device_edit), cmocka_unit_test(test_device_plain),
	};

	return cmocka_run_group_tests_name("vm edit", tests, NULL, NULL);
}
