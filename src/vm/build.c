// SPDX-License-Identifier: LGPL-2.1-or-later
/* build.c - a VM that an embedder builds without any text: each step adds or changes words, then
 * reads them. */
#include <errno.h>

#include "vm/edit.h"

/* Take these words in place of the VM's own. On failure the VM stays as it was. */
static int take_words(struct iof_ctx *ctx, struct iof_vm *vm, struct word *words, size_t n)
{
	struct iof_vm before = *vm;
	int ret;

	vm->words = words;
	vm->n_args = n;
	vm->options = NULL;
	vm->n_options = 0;
	vm->assigned = NULL;
	vm->n_assigned = 0;
	vm->ignored = NULL;
	vm->n_ignored = 0;
	ret = vm_parse(ctx, vm, NULL, NULL);
	if (ret)
		*vm = before;
	return ret;
}

static int add_words(struct iof_ctx *ctx, struct iof_vm *vm, const char *name, const char *argument)
{
	struct word *words;

	if (vm->n_args + 2 > MAX_WORDS)
		return ctx_fail(ctx, -EINVAL, "more than 16384 words");
	words = arena_array(vm->arena, vm->n_args + 2, sizeof(*words));
	if (!words)
		return -ENOMEM;
	memcpy(words, vm->words, vm->n_args * sizeof(*words));
	if (word_plain(vm->arena, name, &words[vm->n_args]) ||
	    word_plain(vm->arena, argument, &words[vm->n_args + 1]))
		return -ENOMEM;
	return take_words(ctx, vm, words, vm->n_args + 2);
}

static int fail_memory(struct iof_ctx *ctx, int ret)
{
	return ret == -ENOMEM ? ctx_fail(ctx, ret, "out of memory") : ret;
}

IOF_EXPORT int iof_vm_new(struct iof_ctx *ctx, const char *machine, struct iof_vm **out)
{
	static const char *const argv[] = {""};
	struct iof_vm *vm = NULL;
	int ret = iof_vm_load_argv(ctx, argv, 1, "VM", &vm);

	*out = NULL;
	if (!ret && machine)
		ret = iof_vm_property_set(ctx, vm, "machine", "type", machine);
	if (ret)
		iof_vm_unref(vm);
	else
		*out = vm;
	return ret;
}

static bool is_key(const char *key)
{
	return *key && !strpbrk(key, "=,");
}

IOF_EXPORT int iof_vm_device_add(struct iof_ctx *ctx, struct iof_vm *vm, const char *driver,
				 const char *const *properties)
{
	struct buf argument = {0};
	int ret = 0;

	if (!*driver)
		return ctx_fail(ctx, -EINVAL, "a device needs a driver");
	if (strpbrk(driver, "=,"))
		argument_append_pair(&argument, "driver", driver);
	else
		buf_puts(&argument, driver);
	for (size_t i = 0; !ret && properties && properties[i]; i += 2) {
		if (!properties[i + 1] || !is_key(properties[i]))
			ret = ctx_fail(
				ctx, -EINVAL,
				"properties are pairs of a key without '=' and ',' and a value");
		if (ret)
			break;
		buf_putc(&argument, ',');
		argument_append_pair(&argument, properties[i], properties[i + 1]);
	}
	if (!ret)
		ret = argument.err ? argument.err : add_words(ctx, vm, "-device", argument.data);
	buf_free(&argument);
	return fail_memory(ctx, ret);
}

/* The option that iof_vm_property_set() means. */
static long find_option(const struct iof_vm *vm, const char *name)
{
	const struct option_info *info = option_info(name);
	bool is_option = info && info->has_argument && info->syntax != SYNTAX_TEXT &&
			 info->kind != OPTION_DEVICE;

	for (size_t i = 0; i < vm->n_options; i++) {
		const struct vm_option *o = &vm->options[i];
		const char *id = option_value(o, "id");

		if (is_option ? o->kind == info->kind && o->text
			      : o->kind == OPTION_DEVICE && id && str_eq(id, name))
			return (long)i;
	}
	return is_option ? -1 : -2;
}

IOF_EXPORT int iof_vm_property_set(struct iof_ctx *ctx, struct iof_vm *vm, const char *option,
				   const char *key, const char *value)
{
	long found = find_option(vm, option);
	bool is_model = str_eq(option, "cpu") && str_eq(key, "model");
	struct buf name = {0}, argument = {0};
	int ret;

	if (!is_key(key))
		return ctx_fail(ctx, -EINVAL, "a key has no '=' and no ','");
	if (found == -2 || (found == -1 && str_eq(option, "cpu") && !is_model))
		return ctx_fail(ctx, -ENOENT, "no option or device '%s'", option);
	if (found >= 0) {
		struct vm_edit edit = {
			.op = EDIT_SET, .option = (size_t)found, .key = key, .value = value};
		struct word *words;
		size_t n;

		ret = edit_words(ctx, vm, &edit, 1, vm->arena, &words, &n);
		return fail_memory(ctx, ret ? ret : take_words(ctx, vm, words, n));
	}
	buf_printf(&name, "-%s", option);
	if (is_model)
		buf_puts(&argument, value);
	else
		argument_append_pair(&argument, key, value);
	ret = name.err || argument.err
		      ? -ENOMEM
		      : add_words(ctx, vm, name.data, argument.data ? argument.data : "");
	buf_free(&name);
	buf_free(&argument);
	return fail_memory(ctx, ret);
}
