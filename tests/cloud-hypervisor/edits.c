/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits change what they name and no other byte, and the edited text says what was asked for. */
#include "own.h"

static const struct row {
	const char *name;
	const char *text;
	const char *what; /* the option that is edited: an object's qom-type, a driver, "machine" */
	const char *key;
	const char *value; /* NULL: it is taken out */
	const char *edited;
} rows[] = {
	{"JSON: set a number",
	 "{\"payload\": {},\n\t\"cpus\": {\"boot_vcpus\":1,\"max_vcpus\":1, "
	 "\"max_phys_bits\" : 46 } }\n",
	 "cpus", "max_phys_bits", "39",
	 "{\"payload\": {},\n\t\"cpus\": {\"boot_vcpus\":1,\"max_vcpus\":1, "
	 "\"max_phys_bits\" : 39 } }\n"},
	{"JSON: add to an object",
	 "{\"payload\": {},\n \"cpus\": {\n   \"boot_vcpus\": 1,\n   "
	 "\"max_vcpus\": 1\n }}",
	 "cpus", "max_phys_bits", "39",
	 "{\"payload\": {},\n \"cpus\": {\n   \"boot_vcpus\": 1,\n   \"max_vcpus\": 1,\n   "
	 "\"max_phys_bits\": 39\n }}"},
	{"JSON: a switch of a device",
	 "{\"payload\": {}, \"devices\": [{\"path\": \"/sys/bus/pci/devices/0000:01:00.0\", "
	 "\"iommu\": true}]}",
	 "vfio-pci", "iommu", "off",
	 "{\"payload\": {}, \"devices\": [{\"path\": \"/sys/bus/pci/devices/0000:01:00.0\", "
	 "\"iommu\": false}]}"},
	{"words: set",
	 "cloud-hypervisor --kernel 'a b' \\\n\t--cpus boot=1,max_phys_bits=46  # x\n", "cpus",
	 "max_phys_bits", "39",
	 "cloud-hypervisor --kernel 'a b' \\\n\t--cpus boot=1,max_phys_bits=39  # x\n"},
	{"words: add", "cloud-hypervisor --kernel k --cpus 'boot=1' --net tap=", "cpus",
	 "max_phys_bits", "39",
	 "cloud-hypervisor --kernel k --cpus 'boot=1,max_phys_bits=39' --net tap="},
	{"words: take out", "cloud-hypervisor --kernel k --cpus boot=1,max_phys_bits=39\n", "cpus",
	 "max_phys_bits", NULL, "cloud-hypervisor --kernel k --cpus boot=1\n"},
	{"words: a device of two",
	 "cloud-hypervisor --kernel k --device path=/sys/bus/pci/devices/0000:01:00.0/ \"path=/a "
	 "b\"",
	 "vfio-pci", "iommu", "on",
	 "cloud-hypervisor --kernel k --device path=/sys/bus/pci/devices/0000:01:00.0/,iommu=on "
	 "\"path=/a b\""},
};

static size_t find_option(const struct iof_vm *vm, const char *what)
{
	for (size_t i = 0; i < vm->n_options; i++) {
		const char *driver = option_value(&vm->options[i], "driver"),
			   *type = option_value(&vm->options[i], "qom-type");

		if ((driver && str_eq(driver, what)) || (type && str_eq(type, what)))
			return i;
	}
	fail_msg("no %s", what);
	return 0;
}

static void check_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new(4096);
	struct iof_vm *vm = NULL, *again = NULL;
	const char *const *argv = NULL;
	const struct pair *pair;
	struct vm_edit edit;
	struct iof_ctx *ctx;
	const char *text;
	size_t length, option;

	assert_non_null(arena);
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(iof_vm_load(ctx, IOF_LANGUAGE_CLOUD_HYPERVISOR, row->text,
				     strlen(row->text), "row", &vm),
			 0);
	option = find_option(vm, row->what);
	edit = (struct vm_edit){.op = row->value ? EDIT_SET : EDIT_UNSET,
				.option = option,
				.key = row->key,
				.value = row->value};
	if (vm_edit_text(ctx, vm, &edit, 1, arena, &text, &length, &argv))
		fail_msg("%s", iof_ctx_error(ctx));
	assert_int_equal(length, strlen(row->edited));
	assert_memory_equal(text, row->edited, length);
	assert_int_equal(vm_load_edited(ctx, vm, text, length, &again), 0);
	pair = option_pair(&again->options[option], row->key);
	assert_true(row->value ? pair && str_eq(pair->value, row->value) : !pair);
	iof_vm_unref(vm);
	iof_vm_unref(again);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

/* A line comes back as the words it was. */
static void test_argv(void **state)
{
	static const char *const words[] = {"/opt/cloud-hypervisor", "--kernel", "a b'c", "--cpus",
					    "boot=2"};
	struct arena *arena = arena_new(4096);
	const char *const *argv = NULL;
	struct vm_edit edit = {.op = EDIT_SET, .key = "max_phys_bits", .value = "39"};
	struct iof_vm *vm = NULL;
	struct iof_ctx *ctx;
	const char *text;
	size_t length;

	(void)state;
	assert_non_null(arena);
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(iof_vm_load_argv(ctx, words, ARRAY_SIZE(words), "argv", &vm), 0);
	edit.option = find_option(vm, "cpus");
	assert_int_equal(vm_edit_text(ctx, vm, &edit, 1, arena, &text, &length, &argv), 0);
	assert_non_null(argv);
	for (size_t i = 0; i + 1 < ARRAY_SIZE(words); i++)
		assert_string_equal(argv[i], words[i]);
	assert_string_equal(argv[4], "boot=2,max_phys_bits=39");
	assert_null(argv[5]);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

int edits_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_argv)};

	return RUN_TABLE(rows, check_row) + cmocka_run_group_tests(tests, NULL, NULL);
}
