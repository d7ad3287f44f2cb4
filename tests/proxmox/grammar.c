/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * grammar.c - sections, duplicates and what cannot be parsed: qemu-server's own cases
 * (parse-config-input, what it writes back in parse-config-expected, what its strict mode dies of
 * in NAME.strict.error).
 */
#include <dirent.h>

#include "proxmox_tests.h"
#include "vm/proxmox/proxmox.h"

static char *inputs, *outputs;

static struct iof_vm *load(struct iof_ctx *ctx, const char *in, const char *name)
{
	struct iof_vm *vm = NULL;
	size_t length;
	char *text = read_text(in, name, &length);

	if (text && iof_vm_load(ctx, IOF_LANGUAGE_PROXMOX, text, length, "8006.conf", &vm))
		print_error("%s\n", iof_ctx_error(ctx));
	free(text);
	return vm;
}

static bool same_entries(const struct pve_entry *const *a, const struct pve_entry *const *b)
{
	for (size_t i = 0; i < pve_n_slots(); i++) {
		if (!a[i] != !b[i] || (a[i] && !str_eq(a[i]->value, b[i]->value))) {
			print_message("differs: %s\n", a[i] ? a[i]->key : b[i]->key);
			return false;
		}
	}
	return true;
}

static const char *first_warning(const struct iof_vm *vm)
{
	for (size_t i = 0; i < vm->n_remarks; i++) {
		if (vm->remarks[i].kind == REMARK_WARNED &&
		    str_starts(vm->remarks[i].text, "vm 8006 - "))
			return vm->remarks[i].text;
	}
	return "";
}

static void test_case(void **state)
{
	const char *name = *(const char *const *)*state;
	struct iof_ctx *ctx = NULL;
	struct iof_vm *in, *out;
	struct buf error = {0};
	const struct pve_config *a, *b;
	char *strict;
	size_t length;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	in = load(ctx, inputs, name);
	out = load(ctx, outputs, name);
	if (!out) /* it comes back as it was */
		out = load(ctx, inputs, name);
	assert_non_null(in);
	assert_non_null(out);
	a = in->config_data;
	b = out->config_data;
	assert_true(same_entries(a->main, b->main));
	assert_true(same_entries(a->pending, b->pending));
	buf_printf(&error, "%s.strict.error", name);
	strict = read_text(outputs, error.data, &length);
	if (strict)
		strict[strcspn(strict, "\n")] = '\0';
	assert_string_equal(first_warning(in), strict ? strict : "");
	free(strict);
	buf_free(&error);
	iof_vm_unref(in);
	iof_vm_unref(out);
	iof_ctx_unref(ctx);
}

static int is_conf(const struct dirent *entry)
{
	return strstr(entry->d_name, ".conf") != NULL;
}

int grammar_run(void)
{
	const char *samples = getenv("IOMMUFIT_TEST_SAMPLES");
	struct dirent **names = NULL;
	struct buf in = {0}, out = {0};
	int n, failed = 0;

	buf_printf(&in, "%s/parse-config/parse-config-input", samples ? samples : "");
	buf_printf(&out, "%s/parse-config/parse-config-expected", samples ? samples : "");
	inputs = in.data;
	outputs = out.data;
	n = scandir(inputs, &names, is_conf, alphasort);
	if (n <= 0)
		failed = 1;
	for (int i = 0; i < n; i++) {
		const char *row = names[i]->d_name;
		struct CMUnitTest test = {
			.name = row, .test_func = test_case, .initial_state = &row};

		failed += _cmocka_run_group_tests(row, &test, 1, NULL, NULL);
		free(names[i]);
	}
	free(names);
	buf_free(&in);
	buf_free(&out);
	return failed;
}
