/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fixes as lists of edits, and their application to the config's text. */
#include <errno.h>
#include <stdlib.h>

#include "base/diff.h"
#include "fit/report.h"

struct iof_fix *fix_new(struct fix_list *list, const char *consequence)
{
	struct iof_fix *fix = arena_alloc(list->arena, sizeof(*fix));

	if (!fix) {
		list->err = -ENOMEM;
		return NULL;
	}
	fix->consequence = consequence;
	*list->last = fix;
	list->last = &fix->next;
	return fix;
}

static const char *keep(struct fix_list *list, const char *text)
{
	const char *copy = text ? arena_strdup(list->arena, text) : NULL;

	if (text && !copy)
		list->err = -ENOMEM;
	return copy;
}

static void add_edit(struct fix_list *list, struct iof_fix *fix, struct fix_edit edit)
{
	struct fix_edit *edits;

	if (!fix || list->err)
		return;
	edits = arena_array(list->arena, fix->n_edits + 1, sizeof(*edits));
	if (!edits) {
		list->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < fix->n_edits; i++)
		edits[i] = fix->edits[i];
	edit.key = keep(list, edit.key);
	edit.value = keep(list, edit.value);
	edit.target = keep(list, edit.target);
	edit.command = keep(list, edit.command);
	edits[fix->n_edits++] = edit;
	fix->edits = edits;
}

void fix_set(struct fix_list *list, struct iof_fix *fix, size_t option, const char *key,
	     const char *value, const char *target)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_VM,
				   .op = IOF_OP_SET,
				   .option = option,
				   .key = key,
				   .value = value,
				   .target = target});
}

void fix_unset(struct fix_list *list, struct iof_fix *fix, size_t option, const char *key,
	       const char *target)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_VM,
				   .op = IOF_OP_UNSET,
				   .option = option,
				   .key = key,
				   .target = target});
}

void fix_remove(struct fix_list *list, struct iof_fix *fix, size_t option, const char *target)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_VM,
				   .op = IOF_OP_REMOVE,
				   .option = option,
				   .target = target});
}

void fix_move(struct fix_list *list, struct iof_fix *fix, size_t option, size_t before,
	      const char *target)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_VM,
				   .op = IOF_OP_MOVE,
				   .option = option,
				   .before = before,
				   .target = target});
}

void fix_add(struct fix_list *list, struct iof_fix *fix, const char *name, const char *value,
	     size_t before)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_VM,
				   .op = IOF_OP_ADD,
				   .option = before,
				   .name = name,
				   .value = value,
				   .target = name});
}

void fix_host(struct fix_list *list, struct iof_fix *fix, const char *target, const char *to,
	      const char *command)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_HOST,
				   .op = IOF_OP_SET,
				   .option = SIZE_MAX,
				   .value = to,
				   .target = target,
				   .command = command});
}

void fix_plug(struct fix_list *list, struct iof_fix *fix, size_t index, const char *text,
	      const char *command)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_PLUG,
				   .op = IOF_OP_SET,
				   .option = index,
				   .value = text,
				   .target = arena_printf(list->arena, "plug.%zu", index),
				   .command = command});
}

void fix_unplug(struct fix_list *list, struct iof_fix *fix, size_t index)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_PLUG,
				   .op = IOF_OP_REMOVE,
				   .option = index,
				   .target = arena_printf(list->arena, "plug.%zu", index),
				   .command = "# plug nothing: the VM has it"});
}

void fix_remark(struct fix_list *list, struct iof_fix *fix, size_t remark, const char *target,
		const char *to)
{
	add_edit(list, fix,
		 (struct fix_edit){.where = IOF_WHERE_VM,
				   .op = to ? IOF_OP_SET : IOF_OP_UNSET,
				   .is_remark = true,
				   .option = remark,
				   .value = to,
				   .target = target});
}

const char *fix_target(struct fix_list *list, const struct machine_device *device, const char *key)
{
	const char *target =
		arena_printf(list->arena, "%s.%s", device ? device->driver : "device", key);

	if (!target)
		list->err = -ENOMEM;
	return target;
}

void fix_property(struct fix_list *list, struct iof_fix *fix, const struct machine_device *device,
		  enum property_id id, const char *value)
{
	const struct machine_value *now = &device->value[id];
	size_t option = device->option_index;
	const char *target;

	if (!now->def)
		return;
	target = fix_target(list, device, now->def->name);
	/* A value that -global sets is beaten by one on the device. */
	if (value)
		fix_set(list, fix, option, now->def->name, value, target);
	else if (now->pair && (now->by == IOF_DECIDER_USER || now->by == IOF_DECIDER_MANAGER))
		fix_unset(list, fix, option, now->pair->key, target);
	else
		fix_set(list, fix, option, now->def->name, "off", target);
}

/* ---- application ---- */

struct iof_edit *edit_new(void)
{
	struct arena *arena = arena_new(4096);
	struct iof_edit *edit = arena ? arena_alloc(arena, sizeof(*edit)) : NULL;

	if (!edit) {
		arena_free(arena);
		return NULL;
	}
	edit->arena = arena;
	return edit;
}

struct vm_edit fix_to_vm_edit(const struct fix_edit *edit)
{
	static const enum edit_op ops[] = {[IOF_OP_SET] = EDIT_SET,
					   [IOF_OP_UNSET] = EDIT_UNSET,
					   [IOF_OP_ADD] = EDIT_ADD,
					   [IOF_OP_REMOVE] = EDIT_REMOVE,
					   [IOF_OP_MOVE] = EDIT_MOVE};

	return (struct vm_edit){.op = edit->is_remark ? EDIT_REMARK : ops[edit->op],
				.option = edit->option,
				.key = edit->key,
				.value = edit->value,
				.name = edit->name,
				.before = edit->before};
}

static size_t round_edits(const struct iof_fix *fix, unsigned round, struct vm_edit *out)
{
	size_t n = 0;

	for (size_t i = 0; i < fix->n_edits; i++) {
		if (fix->edits[i].round == round && fix->edits[i].where == IOF_WHERE_VM)
			out[n++] = fix_to_vm_edit(&fix->edits[i]);
	}
	return n;
}

/* Write one round's edits into the text, and read the result as the next round's config. */
static int apply_round(struct iof_ctx *ctx, struct iof_vm **vm, const struct vm_edit *edits,
		       size_t n, struct iof_edit *out)
{
	struct iof_vm *next = NULL;
	size_t argc = 0;
	int r = vm_edit_text(ctx, *vm, edits, n, out->arena, &out->bytes, &out->length, &out->argv);

	if (r)
		return r;
	if (out->argv) {
		while (out->argv[argc])
			argc++;
		r = iof_vm_load_argv(ctx, out->argv, argc, (*vm)->name, &next);
	} else {
		r = vm_load_edited(ctx, *vm, out->bytes, out->length, &next);
	}
	if (r)
		return r;
	iof_vm_unref(*vm);
	*vm = next;
	return 0;
}

static int apply_fix(struct iof_ctx *ctx, struct iof_vm **vm, const struct iof_fix *fix,
		     struct iof_edit *out)
{
	struct vm_edit *edits = calloc(fix->n_edits ? fix->n_edits : 1, sizeof(*edits));
	unsigned last = fix->n_edits ? fix->edits[fix->n_edits - 1].round : 0;
	int r = 0;

	if (!edits)
		return -ENOMEM;
	for (unsigned round = 0; r == 0 && round <= last; round++) {
		size_t n = round_edits(fix, round, edits);

		if (n)
			r = apply_round(ctx, vm, edits, n, out);
	}
	free(edits);
	return r;
}

IOF_EXPORT int iof_fix_apply(struct iof_ctx *ctx, const struct iof_vm *vm,
			     const struct iof_fix *const *fixes, size_t n, struct iof_edit **out)
{
	struct iof_edit *edit = edit_new();
	struct iof_vm *work = iof_vm_ref((struct iof_vm *)(uintptr_t)vm);
	int r = edit ? vm_edit_text(ctx, vm, NULL, 0, edit->arena, &edit->bytes, &edit->length,
				    &edit->argv)
		     : -ENOMEM;

	*out = NULL;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = apply_fix(ctx, &work, fixes[i], edit);
	iof_vm_unref(work);
	if (r) {
		iof_edit_unref(edit);
		return r == -ENOMEM ? ctx_fail(ctx, r, "out of memory") : r;
	}
	*out = edit;
	return 0;
}

IOF_EXPORT struct iof_edit *iof_edit_unref(struct iof_edit *edit)
{
	if (edit)
		arena_free(edit->arena);
	return NULL;
}

IOF_EXPORT const char *iof_edit_bytes(const struct iof_edit *edit, size_t *length)
{
	*length = edit->length;
	return edit->bytes;
}

IOF_EXPORT const char *const *iof_edit_argv(const struct iof_edit *edit)
{
	return edit->argv;
}

IOF_EXPORT int iof_text_diff(struct iof_ctx *ctx, const char *old_name, const char *old_text,
			     size_t old_length, const char *new_name, const char *new_text,
			     size_t new_length, const struct iof_output *out)
{
	struct buf text = {0};
	int r = diff_write(&text, old_name, old_text, old_length, new_name, new_text, new_length);

	if (r == 0)
		r = text.err;
	if (r == 0 && text.length)
		r = out->write(out->data, text.data, text.length);
	buf_free(&text);
	return r == -ENOMEM ? ctx_fail(ctx, r, "out of memory") : r;
}
