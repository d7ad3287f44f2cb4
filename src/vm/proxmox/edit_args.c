// SPDX-License-Identifier: LGPL-2.1-or-later
/* edit_args.c - what no key of the config can say goes to "args:", which qemu-server puts
 * behind all else: -machine and -m add to the earlier ones, -cpu replaces the earlier one, -set and
 * -global reach into devices. Its words are edited as those of a command line. */
#include <errno.h>

#include "vm/proxmox/edit.h"
#include "vm/words.h"

#define PROGRAM "qemu "

bool pve_is_args(const struct pve_editor *ed, const struct vm_option *option)
{
	const struct pve_entry *origin = option->origin;

	(void)ed;
	return origin && str_eq(origin->key, "args");
}

/* Its number among the options of args. */
static size_t args_index(const struct pve_editor *ed, size_t option)
{
	size_t n = 0;

	for (size_t i = 0; i < option; i++)
		n += pve_is_args(ed, &ed->vm->options[i]) && !ed->vm->options[i].at.file;
	return n;
}

int pve_args_edit(struct pve_editor *ed, const struct vm_edit *edit)
{
	struct vm_edit own = *edit;

	own.option = args_index(ed, edit->option);
	if (edit->op == EDIT_MOVE) {
		if (edit->before < ed->vm->n_options &&
		    !pve_is_args(ed, &ed->vm->options[edit->before]))
			return pve_cannot(ed, &ed->vm->options[edit->option],
					  "args: stands behind all that Proxmox writes");
		own.before = args_index(ed, edit->before);
	}
	ed->args_edits = arena_grow(ed->arena, ed->args_edits, ed->n_args_edits,
				    &ed->args_edits_cap, sizeof(own));
	if (!ed->args_edits)
		return -ENOMEM;
	ed->args_edits[ed->n_args_edits++] = own;
	return 0;
}

int pve_args_append(struct pve_editor *ed, const char *name, const char *argument)
{
	buf_printf(&ed->appended, "%s-%s", ed->appended.length ? " " : "", name);
	if (argument) {
		buf_putc(&ed->appended, ' ');
		quote_append(&ed->appended, argument, strlen(argument), QUOTE_NONE);
	}
	return ed->appended.err;
}

/* ---- -global and -set ---- */

static bool is_pair(const struct vm_option *option, const char *key, const char *value)
{
	const char *own = option_value(option, key);

	return own && str_eq(own, value);
}

int pve_args_global(struct pve_editor *ed, const char *driver, const char *property,
		    const char *value)
{
	const char *text;

	for (size_t i = 0; i < ed->vm->n_options; i++) {
		const struct vm_option *option = &ed->vm->options[i];

		if (option->kind != OPTION_GLOBAL || !pve_is_args(ed, option) ||
		    !is_pair(option, "driver", driver) || !is_pair(option, "property", property))
			continue;
		return pve_args_edit(ed, &(struct vm_edit){.op = value ? EDIT_SET : EDIT_REMOVE,
							   .option = i,
							   .key = "value",
							   .value = value});
	}
	if (!value)
		return 0;
	text = arena_printf(ed->arena, "%s.%s=%s", driver, property, value);
	return text ? pve_args_append(ed, "global", text) : -ENOMEM;
}

int pve_args_set(struct pve_editor *ed, const char *id, const char *property, const char *value)
{
	const char *begin = arena_printf(ed->arena, "device.%s.%s=", id, property);
	const char *text;
	int ret = 0;

	if (!begin)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < ed->vm->n_options; i++) {
		const struct vm_option *option = &ed->vm->options[i];

		if (option->kind == OPTION_SET && pve_is_args(ed, option) && option->text &&
		    str_starts(option->text, begin))
			ret = pve_args_edit(ed, &(struct vm_edit){.op = EDIT_REMOVE, .option = i});
	}
	if (ret || !value)
		return ret;
	text = arena_printf(ed->arena, "%s%s", begin, value);
	return text ? pve_args_append(ed, "set", text) : -ENOMEM;
}

/* ---- the whole ---- */

/* Whether a shell would part it as Perl does. */
static bool reads_alike(const struct iof_vm *shell, struct arena *arena, const char *args)
{
	size_t n;
	const char **words = pve_split_args(arena, args, &n);

	if (!words || shell->n_args != n + 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(words[i], shell->args[i + 1]))
			return false;
	}
	return true;
}

static int load_shell(struct pve_editor *ed, const char *args, struct iof_vm **out)
{
	const char *text = arena_printf(ed->arena, PROGRAM "%s", args);
	int ret;

	if (!text)
		return -ENOMEM;
	ret = iof_vm_load(ed->ctx, IOF_LANGUAGE_QEMU_ARGV, text, strlen(text), ed->vm->name, out);
	if (ret == -ENOMEM || (!ret && reads_alike(*out, ed->arena, args)))
		return ret;
	iof_vm_unref(*out);
	*out = NULL;
	return ctx_fail(ed->ctx, -EOPNOTSUPP,
			"%s: args: holds characters that cannot be edited safely", ed->vm->name);
}

static int edit_words_of(struct pve_editor *ed, const char **args)
{
	const char *const *argv;
	struct iof_vm *shell;
	const char *text;
	size_t length;
	int ret = load_shell(ed, *args, &shell);

	if (ret)
		return ret;
	ret = vm_edit_text(ed->ctx, shell, ed->args_edits, ed->n_args_edits, ed->arena, &text,
			   &length, &argv);
	if (!ret) {
		text += strcspn(text, " ");
		*args = text + strspn(text, " ");
	}
	iof_vm_unref(shell);
	return ret;
}

int pve_args_finish(struct pve_editor *ed)
{
	const char *args = pve_current(ed, "args");
	int ret = 0;

	if (!ed->n_args_edits && !ed->appended.length)
		return ed->appended.err;
	if (args && ed->n_args_edits)
		ret = edit_words_of(ed, &args);
	if (ret)
		return ret;
	if (ed->appended.length) {
		size_t n;

		if (args && *args && !pve_split_args(ed->arena, args, &n))
			args = NULL; /* nothing of it counted */
		args = arena_printf(ed->arena, "%s%s%s", args ? args : "", args && *args ? " " : "",
				    ed->appended.data);
		if (!args)
			return -ENOMEM;
	}
	return pve_change_whole(ed, "args", args && *args ? args : NULL);
}
