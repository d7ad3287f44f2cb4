/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plugged.c - edits of a device, whether it is in the config or is to be plugged. Of the latter the
 * whole device_add is said anew: nobody has a text to edit.
 */
#include <errno.h>

#include "fit/cures.h"

static const char *device_add(struct fix_list *list, const char *text)
{
	if (*text == '{')
		return arena_printf(list->arena, "{\"execute\":\"device_add\",\"arguments\":%s}",
				    text);
	return arena_printf(list->arena, "device_add %s", text);
}

/* The edit of that plugged device that the fix has already, NULL: none. */
static struct fix_edit *find_edit(struct iof_fix *fix, size_t index)
{
	for (size_t i = 0; i < fix->n_edits; i++) {
		if (fix->edits[i].where == IOF_WHERE_PLUG && fix->edits[i].option == index)
			return &fix->edits[i];
	}
	return NULL;
}

static void edit_plugged(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m,
			 const struct machine_device *device, const struct vm_edit *how)
{
	size_t index = (size_t)(device - &m->devices[m->n_cold]);
	struct fix_edit *before = find_edit(fix, index);
	const char *text = before ? before->value : device->option->text;
	int r = device_edit(list->arena, text, how, &text);

	if (r == -ENOMEM)
		list->err = r;
	if (r)
		return;
	if (before) {
		before->value = text;
		before->command = device_add(list, text);
		return;
	}
	fix_plug(list, fix, index, text, device_add(list, text));
}

void fix_device_set(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m,
		    const struct machine_device *device, const char *key, const char *value)
{
	const struct vm_edit how = {.op = EDIT_SET, .key = key, .value = value};

	if (!fix || list->err)
		return;
	if (device->is_plugged)
		edit_plugged(list, fix, m, device, &how);
	else
		fix_set(list, fix, device->option_index, key, value, fix_target(list, device, key));
}

void fix_device_unset(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m,
		      const struct machine_device *device, const char *key)
{
	const struct vm_edit how = {.op = EDIT_UNSET, .key = key};

	if (!fix || list->err)
		return;
	if (device->is_plugged)
		edit_plugged(list, fix, m, device, &how);
	else
		fix_unset(list, fix, device->option_index, key, fix_target(list, device, key));
}
