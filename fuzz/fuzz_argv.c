/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/vm/build.c src/vm/command.c src/vm/edit.c src/vm/edit_pair.c src/vm/edit_text.c */
/* parser: src/vm/json_option.c src/vm/judge.c src/vm/keyval.c src/vm/qemu_argv.c
 * src/vm/qemu_options.c */
/* parser: src/vm/readconfig.c src/vm/vm.c src/vm/words.c src/vm/words_place.c */
/*
 * The first byte says what the rest is: 'D' a device to plug, 'C' a config file, 'V' words for a VM
 * that is built, else a command line. Behind "\n%%\n", each line is an edit: its number, an option,
 * another one, then key=value. What an edited text says must be what the edited structure says.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "vm/vm.h"

#define MAX_EDITS 8

struct input {
	const char *bytes;
	size_t length;
};

static int open_config(void *data, const char *path, char **bytes, size_t *length)
{
	const struct input *input = data;

	(void)path;
	*bytes = malloc(input->length + 1);
	if (!*bytes)
		return -12;
	memcpy(*bytes, input->bytes, input->length);
	*length = input->length;
	return 0;
}

static void plug(struct iof_ctx *ctx, const char *text)
{
	struct arena *arena = arena_new(4096);
	struct vm_option option;

	if (arena)
		device_parse(ctx, arena, text, &option);
	arena_free(arena);
}

static void build(struct iof_ctx *ctx, char *text)
{
	struct iof_vm *vm;
	char *words[4] = {text, text, text, text};
	const char *properties[] = {NULL, NULL, NULL};

	for (size_t i = 1; i < ARRAY_SIZE(words); i++) {
		char *end = strchr(words[i - 1], '\n');

		if (end)
			*end = '\0';
		words[i] = end ? end + 1 : words[i - 1];
	}
	if (iof_vm_new(ctx, words[0], &vm))
		return;
	properties[0] = words[2];
	properties[1] = words[3];
	iof_vm_device_add(ctx, vm, words[1], properties);
	iof_vm_property_set(ctx, vm, words[1], words[2], words[3]);
	iof_vm_property_set(ctx, vm, "cpu", "model", words[1]);
	iof_vm_property_set(ctx, vm, "cpu", words[2], words[3]);
	iof_vm_property_set(ctx, vm, words[3], words[2], words[1]);
	iof_vm_unref(vm);
}

/* "1 2 3 key=value"; an empty key is the whole argument. */
static void read_edit(char *line, struct vm_edit *edit)
{
	char *cursor = line, *equal;

	edit->op = (enum edit_op)(strtoul(cursor, &cursor, 10) % 5);
	edit->option = strtoul(cursor, &cursor, 10);
	edit->before = strtoul(cursor, &cursor, 10);
	cursor += *cursor == ' ';
	equal = strchr(cursor, '=');
	if (equal)
		*equal = '\0';
	edit->key = *cursor ? cursor : NULL;
	edit->name = cursor;
	edit->value = equal ? equal + 1 : NULL;
}

static size_t read_edits(char *text, struct vm_edit *edits)
{
	size_t n = 0;

	while (*text && n < MAX_EDITS) {
		char *end = strchr(text, '\n');

		if (end)
			*end = '\0';
		read_edit(text, &edits[n++]);
		text = end ? end + 1 : text + strlen(text);
	}
	return n;
}

static void check_same(struct iof_ctx *ctx, const struct iof_vm *edited, const char *text,
		       size_t length, bool is_text)
{
	struct iof_vm *again;

	if (iof_vm_load(ctx, IOF_LANGUAGE_QEMU_ARGV, text, length, "edited", &again)) {
		if (is_text)
			abort();
		return;
	}
	if (again->n_args != edited->n_args || again->n_options != edited->n_options)
		abort();
	for (size_t i = 0; i < again->n_args; i++) {
		if (!str_eq(again->args[i], edited->args[i]))
			abort();
	}
	iof_vm_unref(again);
}

static void edit(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
		 size_t n)
{
	struct arena *arena = arena_new(4096);
	struct iof_vm *edited = NULL;
	const char *const *argv;
	const char *text;
	size_t length;

	if (arena && vm_edit_structure(ctx, vm, edits, n, &edited) == 0 && !vm->files &&
	    vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv) == 0 && text)
		check_same(ctx, edited, text, length, vm->form == FORM_SHELL);
	iof_vm_unref(edited);
	arena_free(arena);
}

static void load(struct iof_ctx *ctx, const char *bytes, size_t length, char *edit_text)
{
	static const char reads[] = "qemu-system-x86_64 -M q35 -readconfig a -set device.a.b=c";
	struct input input = {bytes, length};
	bool is_config = *bytes == 'C';
	struct vm_edit edits[MAX_EDITS] = {{0}};
	struct iof_vm *vm;
	size_t n;

	if (is_config) {
		input.bytes++;
		input.length--;
		bytes = reads;
		length = sizeof(reads) - 1;
	}
	if (iof_vm_load_with_files(ctx, IOF_LANGUAGE_QEMU_ARGV, bytes, length, "input",
				   is_config ? open_config : NULL, &input, &vm))
		return;
	n = read_edits(edit_text, edits);
	if (n)
		edit(ctx, vm, edits, n);
	iof_vm_unref(vm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n%%\n";
	struct iof_ctx *ctx = NULL;
	char *bytes = malloc(size + 1), *edits;

	if (!bytes || !size || iof_ctx_new(&ctx)) {
		free(bytes);
		return 0;
	}
	memcpy(bytes, data, size);
	bytes[size] = '\0';
	edits = memmem(bytes, size, mark, sizeof(mark) - 1);
	if (edits)
		size = (size_t)(edits - bytes) + 1;
	if (*bytes == 'D')
		plug(ctx, bytes + 1);
	else if (*bytes == 'V')
		build(ctx, bytes + 1);
	else
		load(ctx, bytes, size, edits ? edits + sizeof(mark) - 1 : bytes + size);
	iof_ctx_unref(ctx);
	free(bytes);
	return 0;
}
