// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vm_tests.h"

void describe_option(struct buf *out, const struct vm_option *option)
{
	buf_printf(out, "%s%s", option->name, option->is_json ? "{" : "(");
	for (size_t i = 0; i < option->n_pairs; i++) {
		const struct pair *pair = &option->pairs[i];

		buf_printf(out, "%s%s%s%s=%s%s", i ? "," : "", pair->is_implied ? "*" : "",
			   pair->is_flag ? "~" : "", pair->key, pair->value,
			   pair->has_variable ? "?" : "");
		if (pair->json_type)
			buf_printf(out, ":%c", pair->json_type);
	}
	if (!option->n_pairs && option->text && !option->is_json)
		buf_puts(out, option->text);
	buf_puts(out, option->is_json ? "}" : ")");
	if (option->has_variable)
		buf_putc(out, '?');
	if (option->is_unread)
		buf_puts(out, "unread");
	if (option->warnings)
		buf_printf(out, "^%s", option->warnings);
	if (option->error)
		buf_printf(out, "!%s", option->error);
}

char *describe(const struct iof_vm *vm)
{
	struct buf out = {0};

	for (size_t i = 0; i < vm->n_options; i++) {
		if (i)
			buf_putc(&out, ' ');
		describe_option(&out, &vm->options[i]);
	}
	return buf_steal(&out);
}

struct iof_vm *must_load(const char *text, size_t length)
{
	struct iof_ctx *ctx;
	struct iof_vm *vm;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	if (iof_vm_load(ctx, IOF_LANGUAGE_AUTO, text, length, "t", &vm))
		fail_msg("%s: %s", iof_ctx_error(ctx), text);
	iof_ctx_unref(ctx);
	return vm;
}
