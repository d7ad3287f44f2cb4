/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fix_words.c - the edits of a fix in words, and as the literal lines that are to be written. */
#include <errno.h>

#include "show/report_show.h"

/* ---- in words ---- */

/* "aw-bits=48 -> aw-bits=39"; what was written without its key stays without it. */
static void describe_change(struct buf *to, const struct iof_report *report,
			    const struct fix_edit *edit)
{
	const struct pair *pair = edit_pair(report, edit);
	const char *dot = strrchr(edit->target, '.');
	const char *key = dot ? dot + 1 : edit->target;
	const char *now = pair ? NULL : current_value(report, edit->target);

	if (pair && pair->is_implied)
		buf_printf(to, "%s -> %s", pair->value, edit->value);
	else if (pair)
		buf_printf(to, "%s=%s -> %s=%s", key, pair->value, key, edit->value);
	else
		buf_printf(to, "add %s=%s", key, edit->value);
	if (now)
		buf_printf(to, " (without it: %s)", now);
}

static void describe_set(struct buf *to, const struct iof_report *report,
			 const struct fix_edit *edit)
{
	const char *dot = edit->target ? strrchr(edit->target, '.') : NULL;

	if (!edit->target || !edit->value) {
		buf_printf(to, "set %s", edit->target ? edit->target : "");
		return;
	}
	buf_printf(to, "%.*s%s", dot ? (int)(dot - edit->target) : 0, edit->target,
		   dot ? ": " : "");
	describe_change(to, report, edit);
}

void fix_describe(struct buf *to, const struct iof_report *report, const struct iof_fix *fix,
		  size_t index)
{
	struct iof_edit_step step;
	const char *target;

	if (iof_fix_step(fix, index, &step) != 0)
		return;
	target = step.target ? step.target : "";
	if (step.command) {
		buf_puts(to, step.command);
		return;
	}
	switch (step.op) {
	case IOF_OP_SET:
		describe_set(to, report, &fix->edits[index]);
		return;
	case IOF_OP_UNSET:
		buf_printf(to, "leave out %s", target);
		return;
	case IOF_OP_ADD:
		buf_printf(to, "add -%s %s", target, step.to ? step.to : "");
		return;
	case IOF_OP_REMOVE:
		buf_printf(to, "remove %s", target);
		return;
	case IOF_OP_MOVE:
		buf_printf(to, "move %s before %s", target, step.to ? step.to : "the other");
		return;
	case IOF_OP_UNKNOWN:
		break;
	}
	buf_printf(to, "change %s", target);
}

const char *fix_where(enum iof_where where)
{
	switch (where) {
	case IOF_WHERE_HOST:
		return "on the host:";
	case IOF_WHERE_FIRMWARE:
		return "in the firmware's setup:";
	case IOF_WHERE_VMM:
		return "with another VMM:";
	case IOF_WHERE_PLUG:
		return "when it is plugged:";
	case IOF_WHERE_VM:
	case IOF_WHERE_UNKNOWN:
		break;
	}
	return NULL;
}

/* ---- as lines ---- */

static void line_break(struct buf *to)
{
	if (to->length)
		buf_putc(to, '\n');
}

/* As one word of a shell. */
static void put_word(struct buf *to, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_-+=:,./@%";

	if (*word && strspn(word, plain) == strlen(word)) {
		buf_puts(to, word);
		return;
	}
	buf_putc(to, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_puts(to, "'\\''");
		else
			buf_putc(to, *word);
	}
	buf_putc(to, '\'');
}

/* As the user wrote it where there is a text for people, else made anew. */
static void put_option(struct buf *to, const struct iof_vm *vm, const struct vm_option *option)
{
	const struct place *at = &option->at;

	line_break(to);
	if (vm->source && vm->form == FORM_SHELL && !at->file && at->length &&
	    at->offset <= vm->source_length && at->length <= vm->source_length - at->offset) {
		buf_append(to, vm->source + at->offset, at->length);
		return;
	}
	buf_printf(to, "-%s", option->name);
	if (option->text) {
		buf_putc(to, ' ');
		put_word(to, option->text);
	}
}

static bool is_same_option(const struct vm_option *a, const struct vm_option *b)
{
	if (!str_eq(a->name, b->name) || !a->text != !b->text)
		return false;
	return !a->text || str_eq(a->text, b->text);
}

static size_t find_option(const struct iof_vm *vm, size_t from, size_t to,
			  const struct vm_option *option)
{
	while (from < to && !is_same_option(&vm->options[from], option))
		from++;
	return from;
}

/* What the edits leave as it is mostly stands in the same order. */
static void put_new_options(struct buf *to, const struct iof_vm *before, const struct iof_vm *after)
{
	size_t from = 0;

	for (size_t i = 0; i < after->n_options; i++) {
		const struct vm_option *option = &after->options[i];
		size_t at = find_option(before, from, before->n_options, option);

		if (at < before->n_options)
			from = at + 1;
		else if (find_option(before, 0, from, option) == from)
			put_option(to, after, option);
	}
}

/* An option that is moved is as it was: both, in their new order, say what is meant. */
static void put_moves(struct buf *to, const struct iof_vm *vm, const struct iof_fix *fix)
{
	for (size_t i = 0; i < fix->n_edits; i++) {
		const struct fix_edit *edit = &fix->edits[i];

		if (edit->where != IOF_WHERE_VM || edit->op != IOF_OP_MOVE || edit->round > 0 ||
		    edit->option >= vm->n_options || edit->before >= vm->n_options)
			continue;
		put_option(to, vm, &vm->options[edit->option]);
		put_option(to, vm, &vm->options[edit->before]);
	}
}

static int put_config_lines(struct buf *to, const struct iof_report *report,
			    const struct iof_fix *fix)
{
	const struct iof_vm *before = report->machine->vm;
	struct iof_edit *edit = NULL;
	struct iof_vm *after = NULL;
	const char *const *argv;
	size_t length, argc = 0;
	const char *bytes;
	int r = iof_fix_apply(report->ctx, before, &fix, 1, &edit);

	if (r)
		return r;
	argv = iof_edit_argv(edit);
	bytes = iof_edit_bytes(edit, &length);
	while (argv && argv[argc])
		argc++;
	if (argv)
		r = iof_vm_load_argv(report->ctx, argv, argc, before->name, &after);
	else
		r = vm_load_edited(report->ctx, before, bytes, length, &after);
	if (r == 0) {
		put_moves(to, before, fix);
		put_new_options(to, before, after);
	}
	iof_vm_unref(after);
	iof_edit_unref(edit);
	return r;
}

/* ---- as changed lines of a manager's config ---- */

static bool has_config_edits(const struct iof_fix *fix)
{
	for (size_t i = 0; i < fix->n_edits; i++) {
		if (fix->edits[i].where == IOF_WHERE_VM)
			return true;
	}
	return false;
}

int fix_lines(const struct iof_report *report, const struct iof_fix *fix, diff_line_fn take,
	      void *data)
{
	const struct iof_vm *vm = report->machine->vm;
	struct iof_edit *edit = NULL;
	const char *bytes;
	size_t length;
	int r;

	if (!vm->config || !has_config_edits(fix))
		return 0;
	r = iof_fix_apply(NULL, vm, &fix, 1, &edit);
	if (r)
		return r == -ENOMEM ? r : 0;
	bytes = iof_edit_bytes(edit, &length);
	r = diff_lines(vm->source, vm->source_length, bytes, length, take, data);
	iof_edit_unref(edit);
	return r;
}

static int put_added_line(void *data, bool is_added, size_t number UNUSED, const char *line,
			  size_t length)
{
	struct buf *to = data;

	if (!is_added)
		return 0;
	line_break(to);
	buf_append(to, line, length);
	return to->err;
}

int fix_literal(struct buf *to, const struct iof_report *report, const struct iof_fix *fix)
{
	struct iof_edit_step step;
	bool in_config = false;
	int r = 0;

	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		in_config |= step.where == IOF_WHERE_VM;
		if (step.where == IOF_WHERE_VM || !step.command)
			continue;
		line_break(to);
		buf_puts(to, step.command);
	}
	if (report->machine->vm->config)
		r = fix_lines(report, fix, put_added_line, to);
	else if (in_config)
		r = put_config_lines(to, report, fix);
	/* A config that cannot be edited as text has no lines; only memory is an error. */
	return to->err ? to->err : r == -ENOMEM ? r : 0;
}
