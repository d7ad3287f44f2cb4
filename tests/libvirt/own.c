// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Small domains, each with the words that libvirt 12.8 (NAME.words) starts QEMU with, and what it
 * refuses, drops or takes in vain. NAME.9.0.words: the same for libvirt 9.0. With --write FOLDER
 * the expectations are written anew, to be read before they are committed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include <iommufit/iommufit.h>

#include "../table.h"
#include "describe.h"
#include "inject.h"
#include "vm/libvirt/libvirt.h"

static const char *folder;

static const char *kind_name(enum remark_kind kind)
{
	static const char *const names[] = {[REMARK_REFUSED] = "refused",
					    [REMARK_DROPPED] = "dropped",
					    [REMARK_INEFFECTIVE] = "no effect",
					    [REMARK_PENDING] = "pending",
					    [REMARK_WARNED] = "warned"};

	return names[kind];
}

static const char *op_name(enum lv_cure_op op)
{
	static const char *const names[] = {[LV_CURE_SET] = "set",
					    [LV_CURE_UNSET] = "unset",
					    [LV_CURE_RENAME] = "rename",
					    [LV_CURE_REMOVE] = "remove",
					    [LV_CURE_INSERT] = "insert"};

	return names[op];
}

static void add_remark(struct buf *out, const struct remark *remark)
{
	const struct lv_cure *cure = remark->has_cure ? remark->origin : NULL;

	buf_printf(out, "%u: %s: %s\n", remark->at.line, kind_name(remark->kind), remark->text);
	if (remark->detail)
		buf_printf(out, "  because: %s\n", remark->detail);
	for (; cure; cure = cure->next)
		buf_printf(out, "  cure: %s %s%s%s %s %s\n", op_name(cure->op), cure->node->name,
			   cure->path ? "/" : "", cure->path ? cure->path : "",
			   cure->attribute ? cure->attribute : "", cure->value ? cure->value : "");
}

static char *words_of(struct iof_ctx *ctx, const char *text, const char *name, const char *manager)
{
	struct iof_vm_options options = {.size = sizeof(options), .manager = manager};
	struct buf out = {0};
	struct iof_vm *vm;

	if (iof_vm_load_config(ctx, IOF_LANGUAGE_AUTO, text, strlen(text), name, &options, &vm)) {
		buf_printf(&out, "error: %s\n", iof_ctx_error(ctx));
		return buf_steal(&out);
	}
	for (size_t i = 0; i < vm->n_args; i++) {
		bool is_option = vm->args[i][0] == '-' &&
				 (i == 0 || vm->args[i - 1][0] != '-' || vm->args[i][1] != '\0');

		buf_printf(&out, "%s%s", i == 0 ? "" : is_option ? "\n" : " ", vm->args[i]);
	}
	buf_puts(&out, "\n");
	if (vm->memlock)
		buf_printf(&out, "memlock %llu\n", (unsigned long long)vm->memlock);
	for (size_t i = 0; i < vm->n_options; i++) {
		if (vm->options[i].binds_host)
			buf_printf(&out, "binds %s\n", option_value(&vm->options[i], "host"));
	}
	for (size_t i = 0; i < vm->n_remarks; i++)
		add_remark(&out, &vm->remarks[i]);
	iof_vm_unref(vm);
	return buf_steal(&out);
}

struct row {
	const char *name;
};

static char *path_of(const char *name, const char *end)
{
	struct buf path = {0};

	buf_printf(&path, "%s/%s%s", folder, name, end);
	return buf_steal(&path);
}

static void compare(struct iof_ctx *ctx, const char *name, const char *xml, const char *end,
		    const char *manager)
{
	char *path = path_of(name, end), *have = words_of(ctx, xml, name, manager);
	size_t length;
	char *want = read_text(path, &length);

	free(path);
	if (want)
		assert_string_equal(have, want);
	else
		assert_string_equal(end, ".9.0.words"); /* the other is always there */
	free(want);
	free(have);
}

static void test_words(void **state)
{
	const struct row *row = *state;
	char *path = path_of(row->name, ".xml");
	struct iof_ctx *ctx;
	size_t length;
	char *xml = read_text(path, &length);

	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_non_null(xml);
	compare(ctx, row->name, xml, ".words", NULL);
	compare(ctx, row->name, xml, ".9.0.words", "libvirt=9.0");
	iof_ctx_unref(ctx);
	free(xml);
	free(path);
}

/* Each allocation fails once, and all from there on. */
static void test_memory(void **state)
{
	const struct row *row = *state;
	char *path = path_of(row->name, ".xml");
	bool has_failed = true;
	size_t length;
	char *xml = read_text(path, &length);

	assert_non_null(xml);
	for (unsigned long n = 1; has_failed; n++) {
		struct iof_ctx *ctx = NULL;
		struct iof_vm *vm = NULL;
		int ret;

		inject_failure((n + 1) / 2, n % 2);
		ret = iof_ctx_new(&ctx);
		if (!ret)
			ret = iof_vm_load(ctx, IOF_LANGUAGE_LIBVIRT, xml, length, row->name, &vm);
		has_failed = inject_happened();
		inject_failure(0, false);
		iof_vm_unref(vm);
		iof_ctx_unref(ctx);
		assert_int_equal(ret, has_failed ? -ENOMEM : 0);
	}
	free(xml);
	free(path);
}

static void write_file(const char *name, const char *end, const char *text)
{
	char *path = path_of(name, end);
	FILE *file = fopen(path, "w");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
	free(path);
}

static void write_words(const char *name)
{
	char *path = path_of(name, ".xml"), *new, *old;
	struct iof_ctx *ctx;
	size_t length;
	char *xml = read_text(path, &length);

	if (!xml || iof_ctx_new(&ctx))
		return;
	new = words_of(ctx, xml, name, NULL);
	old = words_of(ctx, xml, name, "libvirt=9.0");
	write_file(name, ".words", new);
	if (!str_eq(new, old))
		write_file(name, ".9.0.words", old);
	free(new);
	free(old);
	free(xml);
	free(path);
	iof_ctx_unref(ctx);
}

static int is_xml(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && str_eq(dot, ".xml");
}

int main(int argc, char **argv)
{
	const char *data = getenv("IOMMUFIT_TEST_LIBVIRT");
	bool is_writing = argc == 3 && str_eq(argv[1], "--write");
	struct dirent **entries;
	struct row *rows;
	int n, failed = 0;

	folder = is_writing ? argv[2] : data ? data : "tests/data/libvirt";
	n = scandir(folder, &entries, is_xml, alphasort);
	if (n <= 0)
		return 1;
	rows = calloc((size_t)n, sizeof(*rows));
	for (int i = 0; rows && i < n; i++) {
		*strrchr(entries[i]->d_name, '.') = '\0';
		rows[i].name = entries[i]->d_name;
		if (is_writing)
			write_words(rows[i].name);
	}
	if (rows && !is_writing) {
		failed = run_table("words", rows, (size_t)n, sizeof(*rows), test_words);
		failed += run_table("memory", rows, (size_t)n, sizeof(*rows), test_memory);
	}
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	free(rows);
	return failed;
}
