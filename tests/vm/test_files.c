// SPDX-License-Identifier: LGPL-2.1-or-later
/* Command lines of others: the oracle's, and samples of other projects where they are at hand. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "vm_tests.h"

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

/* ---- the oracle ---- */

static void check_cell(struct iof_ctx *ctx, struct json_object *cell)
{
	struct json_object *argv = json_object_object_get(cell, "argv");
	size_t n = json_object_array_length(argv), devices = 0, found = 0;
	const char **words = calloc(n, sizeof(*words));
	struct iof_vm *vm;

	for (size_t i = 0; i < n; i++) {
		words[i] = json_object_get_string(json_object_array_get_idx(argv, i));
		devices += str_eq(words[i], "-device");
	}
	assert_int_equal(iof_vm_load_argv(ctx, words, n, "cell", &vm), 0);
	for (size_t i = 0; i < vm->n_options; i++) {
		const struct vm_option *option = &vm->options[i];

		assert_true(option->kind != OPTION_UNKNOWN);
		if (option->error)
			fail_msg("-%s %s: %s", option->name, option->text, option->error);
		found += option->kind == OPTION_DEVICE && option_value(option, "driver");
	}
	assert_int_equal(found, devices);
	iof_vm_unref(vm);
	free(words);
}

static void test_oracle(void **state)
{
	const char *data = getenv("IOMMUFIT_TEST_DATA");
	struct iof_ctx *ctx;
	struct buf path = {0};
	const char *cursor, *line;
	size_t length = 0, cells = 0;
	char *bytes;

	(void)state;
	buf_printf(&path, "%s/oracle/train.jsonl", data ? data : "tests/data");
	bytes = read_file(path.data, &length);
	buf_free(&path);
	if (!bytes) {
		print_message("no tests/data/oracle/train.jsonl: skipped\n");
		skip();
	}
	assert_int_equal(iof_ctx_new(&ctx), 0);
	for (cursor = bytes; next_line(&cursor, bytes + length, &line, &length);
	     length = strlen(bytes)) {
		struct json_tokener *tokener = json_tokener_new();
		struct json_object *cell = json_tokener_parse_ex(tokener, line, (int)length);

		assert_non_null(cell);
		check_cell(ctx, cell);
		json_object_put(cell);
		json_tokener_free(tokener);
		cells++;
	}
	assert_true(cells > 1000);
	iof_ctx_unref(ctx);
	free(bytes);
}

/* ---- samples ---- */

static const struct {
	const char *name;
	size_t devices;
	const char *assigned;
} samples[] = {
	{"edu-nvme-eim.txt", 3, NULL},
	{"group-multiple-as.txt", 3, "00:1f.3"},
	{"guestphysbits39-custom.txt", 2, "81:00.0"},
	{"hisi-three-smmuv3.txt", 11, "0000:75:00.1"},
	{"limit-hex.txt", 1, "01:00.0"},
	{"virtio-gpu-vfio-limit39.txt", 5, "0c:00.0"},
};

static void test_samples(void **state)
{
	const char *folder = getenv("IOMMUFIT_TEST_SAMPLES");
	size_t found = 0;

	(void)state;
	for (size_t i = 0; folder && i < ARRAY_SIZE(samples); i++) {
		struct buf path = {0};
		size_t length = 0, devices = 0;
		struct iof_vm *vm;
		char *bytes;

		buf_printf(&path, "%s/%s", folder, samples[i].name);
		bytes = read_file(path.data, &length);
		buf_free(&path);
		if (!bytes)
			continue;
		found++;
		vm = must_load(bytes, length);
		while (vm_option_nth(vm, OPTION_DEVICE, devices))
			devices++;
		if (devices != samples[i].devices)
			fail_msg("%s: %zu devices", samples[i].name, devices);
		if (samples[i].assigned)
			assert_string_equal(iof_vm_assigned(vm, 0), samples[i].assigned);
		iof_vm_unref(vm);
		free(bytes);
	}
	if (!found) {
		print_message("no samples of other projects here: skipped\n");
		skip();
	}
}

/* ---- -readconfig ---- */

struct file {
	const char *bytes;
	int ret;
};

static int open_file(void *data, const char *path, char **bytes, size_t *length)
{
	const struct file *file = data;

	(void)path;
	if (file->ret)
		return file->ret;
	*bytes = strdup(file->bytes);
	*length = strlen(file->bytes);
	return *bytes ? 0 : -ENOMEM;
}

#define RC "readconfig(a.cfg)"

static const struct {
	const char *name;
	const char *file;
	const char *expected;
} configs[] = {
	{"device", "# c\n\n[device \"d\"]\n  driver = \"x\"\n  a = \"b c,d\"\n",
	 RC " device(id=d,driver=x,a=b c,d)"},
	{"carriage returns", "[device \"d\"]\r\n driver = \"x\"\r\n", RC " device(id=d,driver=x)"},
	{"several groups",
	 "[machine]\n type = \"q35\"\n[memory]\n size = \"1G\"\n[object \"o\"]\n qom-type = \"y\"\n"
	 "[smp-opts]\n cpus = \"2\"\n[global]\n driver = \"a\"\n property = \"b\"\n value = \"c\"\n"
	 "[accel]\n accel = \"kvm\"\n[chardev \"c\"]\n backend = \"null\"\n[mon]\n mode = \"m\"\n",
	 RC " machine(type=q35) m(size=1G) object(id=o,qom-type=y) smp(cpus=2) "
	    "global(driver=a,property=b,value=c) "
	    "accel(accel=kvm) chardev(id=c,backend=null) mon(mode=m)"},
	{"id inside", "[device \"d\"]\n id = \"e\"\n driver = \"x\"\n",
	 RC " device(id=e,driver=x)"},
	{"text behind", "[device] # c\n driver = \"x\" # c\n", RC " device(driver=x)"},
	{"empty value", "[device]\n driver = \"\"\n", RC " device(driver=)"},
	{"no quotes", "[device]\n driver = x\n", RC " device(driver=)"},
	{"no blanks", "[device]\n driver=\"x\"\n", RC " device(driver=\"x\"=)"},
	{"open quote", "[device]\n driver = \"x\n", RC " device(driver=x)"},
	{"blank line that is not empty", "[device]\n  \n driver = \"x\"\n", RC "!parse error"},
	{"no group", "driver = \"x\"\n", RC "!no group defined"},
	{"unknown group", "[nosuch]\n a = \"b\"\n", RC "!There is no option group 'nosuch'"},
	{"empty group", "[]\n a = \"b\"\n", RC "!no group defined"},
	{"bad id", "[device \"1x\"]\n driver = \"x\"\n",
	 RC " device(id=1x,driver=x)!Parameter 'id' expects an identifier"},
	{"same id", "[device \"a\"]\n driver = \"x\"\n[device \"a\"]\n driver = \"y\"\n",
	 RC " device(id=a,driver=x) device(id=a,driver=y)!Duplicate ID 'a' for device"},
	{"bad size", "[memory]\n size = \"abc\"\n",
	 RC " m(size=abc)!Parameter 'size' expects a non-negative number below 2^64"},
	{"unknown key", "[memory]\n foo = \"abc\"\n", RC " m(foo=abc)!Invalid parameter 'foo'"},
};

static int load_config(struct iof_ctx *ctx, struct file *file, const char *text, struct iof_vm **vm)
{
	return iof_vm_load_with_files(ctx, IOF_LANGUAGE_AUTO, text, strlen(text), "t", open_file,
				      file, vm);
}

#define READ "qemu-system-x86_64 -readconfig a.cfg"

static void test_configs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct file file = {.bytes = configs[i].file};
		struct iof_vm *vm;
		char *got;

		assert_int_equal(load_config(NULL, &file, READ, &vm), 0);
		got = describe(vm);
		if (!str_eq(got, configs[i].expected))
			fail_msg("%s:\n%s\n%s", configs[i].name, got, configs[i].expected);
		free(got);
		iof_vm_unref(vm);
	}
}

static void test_config_places(void **state)
{
	static const struct vm_edit add[] = {{.op = EDIT_ADD, .option = 3, .name = "S"}};
	static const struct vm_edit set[] = {
		{.op = EDIT_SET, .option = 1, .key = "a", .value = "b"}};
	struct file file = {.bytes = "[device \"d\"]\n driver = \"x\"\n"};
	const struct pair *driver;
	struct iof_ctx *ctx;
	struct iof_vm *vm, *edited;
	char *got;

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(load_config(ctx, &file, READ " -set device.d.a=1", &vm), 0);
	driver = option_pair(&vm->options[1], "driver");
	assert_string_equal(driver->at.file, "a.cfg");
	assert_int_equal(driver->at.line, 2);
	assert_int_equal(driver->at.column, 12);
	assert_int_equal(driver->at.arg, -1);
	assert_string_equal(option_value(&vm->options[1], "a"), "1");
	assert_int_equal(vm_edit_structure(ctx, vm, set, 1, &edited), -EOPNOTSUPP);
	assert_string_equal(iof_ctx_error(ctx),
			    "a.cfg:1: is read from a file, which is not edited");
	assert_int_equal(vm_edit_structure(ctx, vm, add, 1, &edited), 0);
	got = describe(edited);
	assert_string_equal(
		got, RC " device(id=d,driver=x,a=1) set(*group=device,*id=d,*key=a,*value=1) S()");
	free(got);
	iof_vm_unref(edited);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
}

static void test_config_errors(void **state)
{
	struct file absent = {.ret = -ENOENT}, denied = {.ret = -EACCES}, full = {.ret = -ENOMEM},
		    big = {0};
	struct buf bytes = {0};
	struct iof_ctx *ctx;
	struct iof_vm *vm;
	char *got;

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(load_config(ctx, &absent, READ, &vm), 0);
	got = describe(vm);
	assert_string_equal(got, RC "!Could not open 'a.cfg': No such file or directory");
	free(got);
	iof_vm_unref(vm);
	assert_int_equal(load_config(ctx, &denied, READ, &vm), 0);
	got = describe(vm);
	assert_string_equal(got, RC "unread");
	free(got);
	iof_vm_unref(vm);
	assert_int_equal(load_config(ctx, &full, READ, &vm), -ENOMEM);
	while (bytes.length < 1024)
		buf_puts(&bytes, "# 3456789abcdef ");
	big.bytes = bytes.data;
	assert_int_equal(load_config(ctx, &big, READ, &vm), -EBADMSG);
	assert_string_equal(iof_ctx_error(ctx), "a.cfg:1: line longer than 1023 bytes");
	while (bytes.length <= 1 << 20)
		buf_puts(&bytes, "\n123456789abcdef");
	big.bytes = bytes.data;
	assert_int_equal(load_config(ctx, &big, READ, &vm), -EBADMSG);
	assert_string_equal(iof_ctx_error(ctx), "a.cfg:1: larger than 1 MiB");
	buf_free(&bytes);
	iof_ctx_unref(ctx);
}

int test_files(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),	      cmocka_unit_test(test_samples),
		cmocka_unit_test(test_configs),	      cmocka_unit_test(test_config_places),
		cmocka_unit_test(test_config_errors),
	};

	return cmocka_run_group_tests_name("vm files", tests, NULL, NULL);
}
