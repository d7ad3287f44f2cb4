/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pin.c - the config with what the guest sees written down, so that another version, machine or
 * host gives the same guest.
 */
#include <errno.h>
#include <stdlib.h>

#include "fit/report.h"

/* Written already, or nothing that a config could hold. */
static bool is_wanted(const struct iof_machine *m, const struct resolved *item)
{
	const struct pair *pair;

	if (!item->value.guest_visible || !item->key)
		return false;
	if (item->option == SIZE_MAX)
		return str_eq(item->key, "type");
	pair = option_pair(&m->vm->options[item->option], item->key);
	/* What the manager writes it writes everywhere; "auto", an alias or "host" is to be found
	 * out. */
	return !pair ||
	       (item->value.by != IOF_DECIDER_USER && item->value.by != IOF_DECIDER_GLOBAL &&
		item->value.by != IOF_DECIDER_MANAGER);
}

static struct vm_edit pin_edit(const struct resolved *item)
{
	const char *text = item->pin_text ? item->pin_text : item->value.text;

	return (struct vm_edit){
		.op = EDIT_SET, .option = item->option, .key = item->key, .value = text};
}

/* Without -machine there is nothing to set. */
static int add_machine(const struct iof_vm *vm, struct arena *arena, const struct resolved *item,
		       struct vm_edit *edit)
{
	*edit = (struct vm_edit){.op = EDIT_ADD,
				 .option = vm->config ? vm->n_options : 0,
				 .name = "machine",
				 .value = arena_strdup(arena, item->value.text)};
	return edit->value ? 0 : -ENOMEM;
}

/* What the language cannot say must not cost the rest. */
static int try_edit(const struct iof_vm *vm, const struct vm_edit *edit, bool *can)
{
	struct iof_vm *edited = NULL;
	int r = vm->config ? vm_edit_structure(NULL, vm, edit, 1, &edited) : 0;

	iof_vm_unref(edited);
	*can = r == 0;
	return r == -ENOMEM ? r : 0;
}

static int collect(const struct iof_machine *m, struct arena *arena, struct vm_edit *edits,
		   size_t *n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_resolved; i++) {
		const struct resolved *item = &m->resolved[i];
		struct vm_edit edit;
		bool can = false;

		if (!is_wanted(m, item))
			continue;
		edit = pin_edit(item);
		if (item->option == SIZE_MAX)
			r = add_machine(m->vm, arena, item, &edit);
		if (r == 0)
			r = try_edit(m->vm, &edit, &can);
		if (r == 0 && can)
			edits[(*n)++] = edit;
	}
	return r;
}

bool pin_is_wanted(const struct iof_machine *m, size_t index)
{
	return is_wanted(m, &m->resolved[index]);
}

IOF_EXPORT int iof_machine_pin(struct iof_ctx *ctx, const struct iof_machine *m,
			       struct iof_edit **out)
{
	struct vm_edit *edits = calloc(m->n_resolved + 1, sizeof(*edits));
	struct iof_edit *edit = edit_new();
	size_t n = 0;
	int r = edits && edit ? 0 : -ENOMEM;

	*out = NULL;
	if (r == 0)
		r = collect(m, edit->arena, edits, &n);
	if (r == 0)
		r = vm_edit_text(ctx, m->vm, edits, n, edit->arena, &edit->bytes, &edit->length,
				 &edit->argv);
	free(edits);
	if (r) {
		iof_edit_unref(edit);
		return r == -ENOMEM ? ctx_fail(ctx, r, "out of memory") : r;
	}
	*out = edit;
	return 0;
}
