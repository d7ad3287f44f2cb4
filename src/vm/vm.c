// SPDX-License-Identifier: LGPL-2.1-or-later
/* vm.c - a VM from text, from arguments, or built by its embedder. */
#include <errno.h>

#include "vm/cloud_hypervisor/cloud_hypervisor.h"
#include "vm/language.h"
#include "vm/parser.h"

#define ARENA_BLOCK 16384

struct iof_vm *vm_new(const char *name)
{
	struct arena *arena = arena_new(ARENA_BLOCK);
	struct iof_vm *vm = arena ? arena_alloc(arena, sizeof(*vm)) : NULL;

	if (vm) {
		vm->refs = 1;
		vm->arena = arena;
		vm->language = IOF_LANGUAGE_QEMU_ARGV;
		vm->name = arena_strdup(arena, name ? name : "");
	}
	if (!vm || !vm->name) {
		arena_free(arena);
		return NULL;
	}
	return vm;
}

IOF_EXPORT struct iof_vm *iof_vm_ref(struct iof_vm *vm)
{
	__atomic_add_fetch(&vm->refs, 1, __ATOMIC_RELAXED);
	return vm;
}

IOF_EXPORT struct iof_vm *iof_vm_unref(struct iof_vm *vm)
{
	if (vm && __atomic_sub_fetch(&vm->refs, 1, __ATOMIC_ACQ_REL) == 0)
		arena_free(vm->arena); /* the VM lies in it */
	return NULL;
}

IOF_EXPORT const char *iof_vm_name(const struct iof_vm *vm)
{
	return vm->name;
}

IOF_EXPORT const char *iof_vm_program(const struct iof_vm *vm)
{
	return vm->program;
}

IOF_EXPORT const char *iof_vm_assigned(const struct iof_vm *vm, size_t index)
{
	return index < vm->n_assigned ? vm->assigned[index] : NULL;
}

IOF_EXPORT const char *iof_vm_ignored(const struct iof_vm *vm, size_t index)
{
	return index < vm->n_ignored ? vm->ignored[index] : NULL;
}

IOF_EXPORT enum iof_language iof_vm_language(const struct iof_vm *vm)
{
	return vm->language;
}

IOF_EXPORT const char *iof_vm_manager(const struct iof_vm *vm)
{
	return vm->manager;
}

const struct pair *option_pair(const struct vm_option *option, const char *key)
{
	for (size_t i = option->n_pairs; i-- > 0;) {
		if (str_eq(option->pairs[i].key, key))
			return &option->pairs[i];
	}
	return NULL;
}

const char *option_value(const struct vm_option *option, const char *key)
{
	const struct pair *pair = option_pair(option, key);

	return pair ? pair->value : NULL;
}

const struct vm_option *vm_option_nth(const struct iof_vm *vm, enum option_kind kind, size_t n)
{
	for (size_t i = 0; i < vm->n_options; i++) {
		if (vm->options[i].kind == kind && n-- == 0)
			return &vm->options[i];
	}
	return NULL;
}

/* ---- from text ---- */

static int find_command(struct iof_ctx *ctx, struct iof_vm *vm, struct arena *scratch,
			struct command *command)
{
	struct scanner scanner;
	bool is_nul = memchr(vm->source, '\0', vm->source_length) != NULL;
	int ret;

	vm->form = is_nul ? FORM_NUL : FORM_SHELL;
	scanner_init(&scanner, ctx, vm->arena, scratch, vm->name, vm->source, vm->source_length);
	ret = is_nul ? command_from_nul(&scanner, command) : command_from_text(&scanner, command);
	scanner_free(&scanner);
	return ret;
}

static int load_text(struct iof_ctx *ctx, struct iof_vm *vm, iof_vm_open_fn open, void *data)
{
	struct arena *scratch = arena_new(ARENA_BLOCK);
	struct command command = {0};
	int ret = scratch ? find_command(ctx, vm, scratch, &command) : -ENOMEM;

	vm->words = command.words;
	vm->n_args = command.n;
	if (!ret)
		ret = vm_parse(ctx, vm, open, data);
	for (size_t i = 0; i < vm->n_args; i++)
		vm->words[i].chars = NULL;
	arena_free(scratch);
	return ret;
}

/* Errors without a text of their own. */
static int finish_load(struct iof_ctx *ctx, struct iof_vm *vm, int ret, struct iof_vm **out)
{
	if (ret == -ENOMEM)
		ctx_fail(ctx, ret, "out of memory");
	*out = ret ? iof_vm_unref(vm) : vm;
	return ret;
}

static int keep_text(struct iof_vm *vm, const char **to, const char *text)
{
	*to = text ? arena_strdup(vm->arena, text) : NULL;
	return text && !*to ? -ENOMEM : 0;
}

static int keep_functions(struct iof_vm *vm, const struct iof_vm_options *options)
{
	const char **functions =
		arena_array(vm->arena, options->n_host_functions + 1, sizeof(*functions));

	if (!functions)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_host_functions; i++) {
		if (keep_text(vm, &functions[i], options->host_functions[i]))
			return -ENOMEM;
	}
	vm->options_given.host_functions = functions;
	vm->options_given.n_host_functions = options->n_host_functions;
	return 0;
}

static int keep_options(struct iof_vm *vm, const struct iof_vm_options *options)
{
	struct iof_vm_options *kept = &vm->options_given;

	if (!options)
		return 0;
	kept->host_phys_bits = options->host_phys_bits;
	if (keep_text(vm, &kept->manager, options->manager) ||
	    keep_text(vm, &kept->vmm, options->vmm) ||
	    keep_text(vm, &kept->host_arch, options->host_arch) ||
	    keep_text(vm, &kept->host_cpu_vendor, options->host_cpu_vendor))
		return -ENOMEM;
	return options->host_functions ? keep_functions(vm, options) : 0;
}

/* NUL-separated arguments of Cloud Hypervisor: as a shell would have them. */
static int take_nul(struct iof_vm *vm)
{
	const char *end = vm->source + vm->source_length;
	const char **argv = NULL;
	size_t n = 0, cap = 0;

	if (!memchr(vm->source, '\0', vm->source_length) || !ch_is_program(vm->source))
		return 0;
	for (const char *at = vm->source; at < end; at += strlen(at) + 1) {
		argv = arena_grow(vm->arena, argv, n, &cap, sizeof(*argv));
		if (!argv)
			return -ENOMEM;
		argv[n++] = at;
	}
	vm->source = ch_argv_text(vm->arena, argv, n);
	if (!vm->source)
		return -ENOMEM;
	vm->source_length = strlen(vm->source);
	vm->is_argv = true;
	return 0;
}

static int read_source(struct iof_ctx *ctx, struct iof_vm *vm, enum iof_language language,
		       const struct iof_vm_options *options)
{
	iof_vm_open_fn open = options ? options->open : NULL;
	void *data = options ? options->open_data : NULL;
	int ret = keep_options(vm, options);

	if (!ret)
		ret = take_nul(vm);
	if (ret)
		return ret;
	vm->config = language_find(language, vm->source, vm->source_length);
	return vm->config ? translate(ctx, vm, open, data) : load_text(ctx, vm, open, data);
}

static int load_source(struct iof_ctx *ctx, enum iof_language language, const char *bytes,
		       size_t length, const char *name, const struct iof_vm_options *options,
		       const struct config_file *files, struct iof_vm **out)
{
	struct iof_vm *vm;
	int ret;

	*out = NULL;
	name = name ? name : "";
	if (language < IOF_LANGUAGE_AUTO || language > IOF_LANGUAGE_CLOUD_HYPERVISOR)
		return ctx_fail(ctx, -EINVAL, "%s: unknown language %d", name, (int)language);
	if (!length)
		return ctx_fail(ctx, -EBADMSG, "%s:1: empty", name);
	if (length > MAX_SOURCE)
		return ctx_fail(ctx, -EBADMSG, "%s:1: larger than 1 MiB", name);
	vm = vm_new(name);
	if (!vm)
		return finish_load(ctx, NULL, -ENOMEM, out);
	vm->source = arena_strndup(vm->arena, bytes, length);
	vm->source_length = length;
	ret = vm->source ? config_files_copy(vm->arena, files, &vm->files) : -ENOMEM;
	if (!ret)
		ret = read_source(ctx, vm, language, options);
	return finish_load(ctx, vm, ret, out);
}

IOF_EXPORT int iof_vm_load_config(struct iof_ctx *ctx, enum iof_language language,
				  const char *bytes, size_t length, const char *name,
				  const struct iof_vm_options *options, struct iof_vm **out)
{
	struct iof_vm_options known = {0};

	/* A caller that was built against an older header knows fewer of them. */
	if (options)
		memcpy(&known, options,
		       options->size < sizeof(known) ? options->size : sizeof(known));
	return load_source(ctx, language, bytes, length, name, &known, NULL, out);
}

IOF_EXPORT int iof_vm_load_with_files(struct iof_ctx *ctx, enum iof_language language,
				      const char *bytes, size_t length, const char *name,
				      iof_vm_open_fn open, void *data, struct iof_vm **out)
{
	struct iof_vm_options options = {.size = sizeof(options), .open = open, .open_data = data};

	return iof_vm_load_config(ctx, language, bytes, length, name, &options, out);
}

IOF_EXPORT int iof_vm_load(struct iof_ctx *ctx, enum iof_language language, const char *bytes,
			   size_t length, const char *name, struct iof_vm **out)
{
	return iof_vm_load_config(ctx, language, bytes, length, name, NULL, out);
}

int vm_load_edited(struct iof_ctx *ctx, const struct iof_vm *vm, const char *bytes, size_t length,
		   struct iof_vm **out)
{
	int ret = load_source(ctx, vm->language, bytes, length, vm->name, &vm->options_given,
			      vm->files, out);

	if (!ret)
		(*out)->is_argv = vm->is_argv;
	return ret;
}

/* ---- from arguments ---- */

/* Cloud Hypervisor's, maybe run by another command ("sudo"). */
static bool is_cloud_hypervisor(const char *const *argv, size_t argc)
{
	size_t i = 0;

	while (i < argc && *argv[i] != '-' && !ch_is_program(argv[i]))
		i++;
	return i < argc && *argv[i] != '-';
}

static int take_config_argv(struct iof_ctx *ctx, struct iof_vm *vm, const char *const *argv,
			    size_t argc)
{
	vm->source = ch_argv_text(vm->arena, argv, argc);
	if (!vm->source)
		return -ENOMEM;
	vm->source_length = strlen(vm->source);
	if (vm->source_length > MAX_SOURCE)
		return ctx_fail(ctx, -EBADMSG, "%s: larger than 1 MiB", vm->name);
	vm->is_argv = true;
	vm->config = &cloud_hypervisor_language;
	return translate(ctx, vm, NULL, NULL);
}

static int take_argv(struct iof_ctx *ctx, struct iof_vm *vm, const char *const *argv, size_t argc)
{
	size_t total = 0;

	if (!argc)
		return ctx_fail(ctx, -EBADMSG, "%s: no program", vm->name);
	if (argc > MAX_WORDS)
		return ctx_fail(ctx, -EBADMSG, "%s: more than 16384 words", vm->name);
	if (is_cloud_hypervisor(argv, argc))
		return take_config_argv(ctx, vm, argv, argc);
	vm->words = arena_array(vm->arena, argc, sizeof(*vm->words));
	if (!vm->words)
		return -ENOMEM;
	for (vm->n_args = 0; vm->n_args < argc; vm->n_args++) {
		total += strnlen(argv[vm->n_args], MAX_SOURCE + 1);
		if (total > MAX_SOURCE)
			return ctx_fail(ctx, -EBADMSG, "%s: larger than 1 MiB", vm->name);
		if (word_plain(vm->arena, argv[vm->n_args], &vm->words[vm->n_args]))
			return -ENOMEM;
	}
	return vm_parse(ctx, vm, NULL, NULL);
}

IOF_EXPORT int iof_vm_load_argv(struct iof_ctx *ctx, const char *const *argv, size_t argc,
				const char *name, struct iof_vm **out)
{
	struct iof_vm *vm = vm_new(name);

	*out = NULL;
	return finish_load(ctx, vm, vm ? take_argv(ctx, vm, argv, argc) : -ENOMEM, out);
}

int device_parse(struct iof_ctx *ctx, struct arena *arena, const char *text, struct vm_option *out)
{
	struct iof_vm vm = {.arena = arena, .name = "device"};
	struct word words[3];
	static const char *const texts[] = {"", "-device"};
	int ret = 0;

	if (strnlen(text, MAX_SOURCE + 1) > MAX_SOURCE)
		return ctx_fail(ctx, -EBADMSG, "device: larger than 1 MiB");
	for (size_t i = 0; !ret && i < ARRAY_SIZE(words); i++)
		ret = word_plain(arena, i < ARRAY_SIZE(texts) ? texts[i] : text, &words[i]);
	vm.words = words;
	vm.n_args = ARRAY_SIZE(words);
	if (!ret)
		ret = vm_parse(ctx, &vm, NULL, NULL);
	if (ret)
		return ret == -ENOMEM ? ctx_fail(ctx, ret, "out of memory") : ret;
	*out = vm.options[0];
	return 0;
}

int device_edit(struct arena *arena, const char *text, const struct vm_edit *how, const char **out)
{
	const char *const argv[] = {"", "-device", text};
	struct vm_edit edit = *how;
	const char *const *words;
	const char *bytes;
	struct iof_vm *vm;
	size_t length;
	int ret = iof_vm_load_argv(NULL, argv, ARRAY_SIZE(argv), "device", &vm);

	if (ret)
		return ret;
	edit.option = 0;
	ret = vm_edit_text(NULL, vm, &edit, 1, arena, &bytes, &length, &words);
	if (!ret)
		*out = words[ARRAY_SIZE(argv) - 1];
	iof_vm_unref(vm);
	return ret;
}

/* A comma in a value is written twice. */
static void put_value(struct buf *to, const char *value)
{
	for (; *value; value++)
		buf_printf(to, *value == ',' ? ",," : "%c", *value);
}

int device_plain(struct arena *arena, const struct vm_option *option, const char **out)
{
	const char *driver = option_value(option, "driver");
	struct buf text = {0};
	int ret = driver ? 0 : -EOPNOTSUPP;

	if (driver)
		put_value(&text, driver);
	for (size_t i = 0; !ret && i < option->n_pairs; i++) {
		const struct pair *pair = &option->pairs[i];

		if (pair->json_type == 'o')
			ret = -EOPNOTSUPP;
		else if (!str_eq(pair->key, "driver")) {
			buf_printf(&text, ",%s=", pair->key);
			put_value(&text, pair->value);
		}
	}
	*out = ret ? NULL : arena_strndup(arena, text.data, text.length);
	if (!ret && (text.err || !*out))
		ret = -ENOMEM;
	buf_free(&text);
	return ret;
}
