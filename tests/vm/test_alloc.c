// SPDX-License-Identifier: LGPL-2.1-or-later
/* Each allocation fails once: loading and editing end in -ENOMEM, nothing leaks. */
#include <errno.h>
#include <stdlib.h>

#include "inject.h"
#include "vm_tests.h"

static int open_file(void *data, const char *path, char **bytes, size_t *length)
{
	static const char text[] = "[device \"d\"]\n driver = \"x\"\n";

	(void)data;
	(void)path;
	*bytes = malloc(sizeof(text));
	*length = sizeof(text) - 1;
	if (!*bytes)
		return -ENOMEM;
	memcpy(*bytes, text, sizeof(text));
	return 0;
}

static int edit(struct iof_ctx *ctx, const struct iof_vm *vm)
{
	static const struct vm_edit edits[] = {
		{.op = EDIT_SET, .option = 0, .key = "type", .value = "p c"},
		{.op = EDIT_SET, .option = 1, .key = "host", .value = "02:00.0"},
		{.op = EDIT_UNSET, .option = 1, .key = "foo"},
		{.op = EDIT_SET, .option = 2, .key = "aw-bits", .value = "39"},
		{.op = EDIT_ADD, .option = 1, .name = "device", .value = "a b"},
		{.op = EDIT_REMOVE, .option = 3},
		{.op = EDIT_MOVE, .option = 4, .before = 0},
	};
	struct arena *arena = arena_new(512);
	const char *const *argv;
	struct iof_vm *edited = NULL;
	const char *text;
	size_t length;
	int ret = arena ? 0 : -ENOMEM;

	if (!ret)
		ret = vm_edit_structure(ctx, vm, edits, ARRAY_SIZE(edits), &edited);
	if (!ret)
		ret = vm_edit_text(ctx, vm, edits, ARRAY_SIZE(edits), arena, &text, &length, &argv);
	iof_vm_unref(edited);
	arena_free(arena);
	return ret;
}

static int load_and_edit(void)
{
	static const char text[] =
		"qemu-system-x86_64 -M q35,x=$y -device 'vfio-pci,host=01:00.0,foo,id=a' -device "
		"'{\"driver\":\"in\\u0074el\",\"b\":[1]}' -m 1G,slots=x -set device.a.z=1 # "
		"c\n-cpu "
		"host,+a -global a.b=c -drive id=1x -pflash f -foo bar img -readconfig c -S\n";
	struct iof_ctx *ctx = NULL;
	struct iof_vm *vm = NULL;
	int ret = iof_ctx_new(&ctx);

	if (!ret)
		ret = iof_vm_load_with_files(ctx, IOF_LANGUAGE_AUTO, text, sizeof(text) - 1, "t",
					     open_file, NULL, &vm);
	if (!ret)
		ret = edit(ctx, vm);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	return ret;
}

static int build(void)
{
	static const char *const properties[] = {"host", "01:00.0", "id", "d", NULL};
	struct iof_ctx *ctx = NULL;
	struct iof_vm *vm = NULL;
	int ret = iof_ctx_new(&ctx);

	if (!ret)
		ret = iof_vm_new(ctx, "q35", &vm);
	if (!ret)
		ret = iof_vm_device_add(ctx, vm, "vfio-pci", properties);
	if (!ret)
		ret = iof_vm_property_set(ctx, vm, "d", "bus", "rp0");
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	return ret;
}

static void each_fails(int (*run)(void))
{
	unsigned long n = 0;

	for (;;) {
		int ret;

		inject_failure(++n, false);
		ret = run();
		if (!inject_happened()) {
			inject_failure(0, false);
			assert_int_equal(ret, 0);
			break;
		}
		inject_failure(0, false);
		assert_int_equal(ret, -ENOMEM);
	}
	assert_true(n > 5);
}

static void test_load_and_edit(void **state)
{
	(void)state;
	each_fails(load_and_edit);
}

static void test_build(void **state)
{
	(void)state;
	each_fails(build);
}

int test_alloc(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_and_edit),
		cmocka_unit_test(test_build),
	};

	return cmocka_run_group_tests_name("vm allocations", tests, NULL, NULL);
}
