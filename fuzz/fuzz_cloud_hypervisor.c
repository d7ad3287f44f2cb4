/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/vm/cloud_hypervisor/cloud_hypervisor.c src/vm/cloud_hypervisor/args.c
 * src/vm/cloud_hypervisor/edit.c
 */
/* parser: src/vm/cloud_hypervisor/json.c src/vm/cloud_hypervisor/keys.c */
/*
 * The first byte is the version (30 and what it says above 'A'), the rest a config. Behind
 * "\n%%\n", each line is an edit: its number, an option, then key=value; or '!' and a remark to be
 * followed. An edited text must be read again,
 * unless a remark was followed: a member with its right name is looked into, which may refuse it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "vm/vm.h"

#define MAX_EDITS 8

static size_t parse_edits(const struct iof_vm *vm, char *text, struct vm_edit *edits)
{
	size_t n = 0;

	while (text && *text && n < MAX_EDITS) {
		char *end = strchr(text, '\n'), *key, *value;

		if (end)
			*end++ = '\0';
		if (text[0] && text[1]) {
			size_t index = (unsigned char)text[1] - (size_t)'0';

			key = text + 2;
			value = strchr(key, '=');
			if (value)
				*value++ = '\0';
			edits[n] = (struct vm_edit){
				.op = (enum edit_op)(((unsigned char)text[0]) % 6u),
				.option = index,
				.key = key,
				.value = value,
				.name = "object",
			};
			if (text[0] == '!')
				edits[n].op = EDIT_REMARK;
			if (edits[n].op == EDIT_SET && !value)
				edits[n].value = "1";
			if (index < (edits[n].op == EDIT_REMARK ? vm->n_remarks : vm->n_options))
				n++;
		}
		text = end;
	}
	return n;
}

static void edit(struct iof_ctx *ctx, const struct iof_vm *vm, char *text)
{
	struct vm_edit edits[MAX_EDITS];
	size_t n = parse_edits(vm, text, edits), length;
	struct arena *arena = arena_new(4096);
	const char *const *argv = NULL;
	struct iof_vm *again = NULL;
	const char *edited;

	if (arena && n && vm_edit_text(ctx, vm, edits, n, arena, &edited, &length, &argv) == 0) {
		int r = vm_load_edited(ctx, vm, edited, length, &again);

		bool is_followed = false;

		for (size_t i = 0; i < n; i++)
			is_followed |= edits[i].op == EDIT_REMARK;
		if (r && r != -12 && !is_followed)
			abort();
		iof_vm_unref(again);
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iof_vm_options options = {.size = sizeof(options)};
	static const char mark[] = "\n%%\n";
	char manager[64], *text, *edits;
	struct iof_ctx *ctx = NULL;
	struct iof_vm *vm = NULL;
	size_t length;

	if (size < 1 || iof_ctx_new(&ctx))
		return 0;
	text = malloc(size);
	if (text) {
		memcpy(text, data + 1, size - 1);
		text[size - 1] = '\0';
		length = size - 1;
		edits = memmem(text, length, mark, sizeof(mark) - 1);
		if (edits) {
			length = (size_t)(edits - text);
			*edits = '\0';
			edits += sizeof(mark) - 1;
		}
		snprintf(manager, sizeof(manager), "cloud-hypervisor=%u.0",
			 30u + (data[0] - 'A') % 26u);
		options.manager = data[0] == '-' ? NULL : manager;
		if (iof_vm_load_config(ctx, IOF_LANGUAGE_CLOUD_HYPERVISOR, text, length, "fuzz",
				       &options, &vm) == 0)
			edit(ctx, vm, edits);
		iof_vm_unref(vm);
	}
	free(text);
	iof_ctx_unref(ctx);
	return 0;
}
