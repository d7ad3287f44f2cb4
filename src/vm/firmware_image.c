// SPDX-License-Identifier: LGPL-2.1-or-later
/* firmware_image.c - which file the config gives the guest as its firmware. */
#include <errno.h>

#include "base/json.h"
#include "vm/vm.h"

#define MAX_NODES 8 /* block nodes on top of each other: a filter, a format, a file */

/* The last -machine that has it counts. */
static const char *machine_value(const struct iof_vm *vm, const char *key)
{
	const char *value = NULL, *found;
	const struct vm_option *machine;

	for (size_t n = 0; (machine = vm_option_nth(vm, OPTION_MACHINE, n)); n++) {
		found = option_value(machine, key);
		value = found ? found : value;
	}
	return value;
}

/* Flash 0 holds the code, flash 1 the variables (hw/i386/pc_sysfw.c, hw/arm/virt.c). Drives without
 * a unit get the next free one (blockdev.c drive_new), so the first is 0. */
static const char *flash_drive(const struct iof_vm *vm)
{
	const struct vm_option *drive;

	for (size_t n = 0; (drive = vm_option_nth(vm, OPTION_DRIVE, n)); n++) {
		const char *interface = option_value(drive, "if");
		const char *unit = option_value(drive, "unit");

		if (!unit)
			unit = option_value(drive, "index");
		if (!interface || !str_eq(interface, "pflash") || (unit && !str_eq(unit, "0")))
			continue;
		return option_value(drive, "file") ? option_value(drive, "file")
						   : option_value(drive, "file.filename");
	}
	return NULL;
}

static const struct vm_option *find_node(const struct iof_vm *vm, const char *name)
{
	const struct vm_option *node;

	for (size_t n = 0; (node = vm_option_nth(vm, OPTION_BLOCKDEV, n)); n++) {
		const char *own = option_value(node, "node-name");

		if (own && str_eq(own, name))
			return node;
	}
	return NULL;
}

/* {"file": {"driver": "file", "filename": "/a/b"}} */
static int nested_file(struct arena *arena, const char *text, const char **path)
{
	const struct json_value *name = NULL;
	struct json_error error;
	struct json_value file;
	int r = json_parse(arena, text, strlen(text), &file, &error);

	if (r)
		return r == -ENOMEM ? r : 0;
	for (unsigned depth = 0; depth < MAX_NODES && file.type == JSON_OBJECT; depth++) {
		const struct json_value *below = json_member(&file, "file");

		name = json_member(&file, "filename");
		if (name || !below)
			break;
		file = *below;
	}
	*path = name && name->type == JSON_STRING ? name->text : NULL;
	return 0;
}

/* From the node that pflash0= names down to the one that opens a file. */
static int follow_nodes(struct iof_vm *vm, const char *name, const char **path)
{
	for (unsigned depth = 0; name && depth < MAX_NODES; depth++) {
		const struct vm_option *node = find_node(vm, name);
		const struct pair *file = node ? option_pair(node, "file") : NULL;

		if (!node)
			return 0;
		*path = option_value(node, "filename");
		if (!*path)
			*path = option_value(node, "file.filename");
		if (*path)
			return 0;
		if (file && file->json_type == 'o')
			return nested_file(vm->arena, file->value, path);
		name = file ? file->value : NULL;
	}
	return 0;
}

int vm_find_firmware(struct iof_vm *vm)
{
	const struct vm_option *bios, *last = NULL;
	const char *node = machine_value(vm, "pflash0");
	int r = 0;

	vm->firmware_image = NULL;
	vm->has_firmware = node || flash_drive(vm);
	if (node)
		r = follow_nodes(vm, node, &vm->firmware_image);
	else
		vm->firmware_image = flash_drive(vm);
	if (vm->has_firmware || r)
		return r;
	/* -bios is short for -machine firmware= (system/vl.c). */
	for (size_t n = 0; (bios = vm_option_nth(vm, OPTION_BIOS, n)); n++)
		last = bios;
	vm->firmware_image = last ? last->text : machine_value(vm, "firmware");
	vm->has_firmware = vm->firmware_image != NULL;
	return 0;
}

IOF_EXPORT const char *iof_vm_firmware(const struct iof_vm *vm)
{
	return vm->firmware_image;
}
