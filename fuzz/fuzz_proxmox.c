/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/vm/proxmox/proxmox.c src/vm/proxmox/args.c src/vm/proxmox/command.c */
/* parser: src/vm/proxmox/cpu.c src/vm/proxmox/cure.c src/vm/proxmox/devices.c */
/* parser: src/vm/proxmox/disks.c src/vm/proxmox/edit.c src/vm/proxmox/edit_args.c */
/* parser: src/vm/proxmox/edit_hostpci.c src/vm/proxmox/edit_text.c src/vm/proxmox/firmware.c */
/* parser: src/vm/proxmox/grammar.c src/vm/proxmox/hostpci.c src/vm/proxmox/keys.c */
/* parser: src/vm/proxmox/machine.c src/vm/proxmox/memory.c src/vm/proxmox/pci.c */
/* parser: src/vm/proxmox/property.c */
/*
 * A qemu-server config. The first byte says what of the host is known: 'F' which functions it has,
 * and that files may be asked for (all of them hold the input). Behind "\n%%\n", each line is an
 * edit: its number, an option, then key=value. An edited text must be a config again, with its
 * snapshots as they were.
 */
#include <errno.h>
#include <stdlib.h>

#include "fuzz.h"
#include "vm/vm.h"

#define MAX_EDITS 4

struct input {
	const char *bytes;
	size_t length;
};

static int open_input(void *data, const char *path, char **bytes, size_t *length)
{
	const struct input *input = data;

	(void)path;
	*bytes = malloc(input->length + 1);
	if (!*bytes)
		return -ENOMEM;
	memcpy(*bytes, input->bytes, input->length);
	*length = input->length;
	return 0;
}

/* "1 2 key=value": operation, option. */
static void read_edit(char *line, struct vm_edit *edit)
{
	char *cursor = line, *equal;

	edit->op = (enum edit_op)(strtoul(cursor, &cursor, 10) % 6);
	edit->option = strtoul(cursor, &cursor, 10);
	cursor += *cursor == ' ';
	equal = strchr(cursor, '=');
	if (equal)
		*equal = '\0';
	edit->key = *cursor ? cursor : NULL;
	edit->name = cursor;
	edit->value = equal ? equal + 1 : "";
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

/* From the first snapshot on nothing changes. */
static void check_snapshots(const struct iof_vm *vm, const char *text, size_t length)
{
	const char *at = memmem(vm->source, vm->source_length, "\n[snap]\n", 8);
	const char *pending =
		at ? memmem(at, (size_t)(vm->source + vm->source_length - at), "\n[", 2) : NULL;
	size_t rest = at ? (size_t)(vm->source + vm->source_length - at) : 0;

	/* Another section may follow, and be the one that counts. */
	if (!at || !pending || memmem(pending + 1, rest - 1, "\n[", 2))
		return;
	if (length < rest || memcmp(text + length - rest, at, rest) != 0)
		abort();
}

static void edit(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
		 size_t n)
{
	struct arena *arena = arena_new(4096);
	struct iof_vm *edited = NULL;
	const char *const *argv;
	const char *text;
	size_t length;

	if (arena && vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv) == 0) {
		check_snapshots(vm, text, length);
		vm_load_edited(ctx, vm, text, length, &edited);
	}
	iof_vm_unref(edited);
	arena_free(arena);
}

static void load(struct iof_ctx *ctx, const char *bytes, size_t length, char *edit_text)
{
	static const char *const functions[] = {"0000:01:00.0", "0000:01:00.1", "0000:02:00.0"};
	bool knows_host = *bytes == 'F';
	struct input input = {bytes, length};
	struct vm_edit edits[MAX_EDITS] = {{0}};
	struct iof_vm_options options = {
		.size = sizeof(options),
		.open = knows_host ? open_input : NULL,
		.open_data = &input,
		.host_phys_bits = knows_host ? 46 : 0,
		.host_functions = knows_host ? functions : NULL,
		.n_host_functions = knows_host ? ARRAY_SIZE(functions) : 0,
		.host_arch = knows_host ? "x86_64" : NULL,
	};
	struct iof_vm *vm;
	size_t n;

	bytes += knows_host;
	length -= knows_host;
	if (iof_vm_load_config(ctx, IOF_LANGUAGE_PROXMOX, bytes, length, "100.conf", &options, &vm))
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
	load(ctx, bytes, size, edits ? edits + sizeof(mark) - 1 : bytes + size);
	iof_ctx_unref(ctx);
	free(bytes);
	return 0;
}
