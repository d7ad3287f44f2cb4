/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report_write.c - what both forms of a report need. */
#include <errno.h>

#include "base/error.h"
#include "show/report_show.h"

IOF_EXPORT int iof_report_write(struct iof_ctx *ctx, struct iof_report *report,
				const struct iof_output *out)
{
	struct emit e;
	int err;

	if (!report->machine)
		return ctx_fail(ctx, -EINVAL, "the report is empty: nothing was checked");
	if (out->format > IOF_FORMAT_JSON)
		return ctx_fail(ctx, -EINVAL, "a report is text or JSON; iof_map_write() draws");
	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON)
		report_write_json(report, &e);
	else
		report_write_text(report, &e);
	err = emit_end(&e);
	/* Texts are rendered while they are written; running out of memory there must not pass for
	 * an answer. */
	return err ? err : report->err;
}

const struct pair *edit_pair(const struct iof_report *report, const struct fix_edit *edit)
{
	const struct iof_vm *vm = report->machine->vm;

	/* Options of a later round are counted in a config that is not there yet. */
	return edit->key && !edit->is_remark && edit->round == 0 && edit->option < vm->n_options
		       ? option_pair(&vm->options[edit->option], edit->key)
		       : NULL;
}

/* The first edit of the config that the first fix makes: the reader wants to be led there. */
static const struct fix_edit *first_edit(struct iof_report *report,
					 const struct iof_finding *finding)
{
	const struct iof_fix *fix = iof_finding_fix_next(report, finding, NULL);

	for (size_t i = 0; fix && i < fix->n_edits; i++) {
		const struct fix_edit *edit = &fix->edits[i];

		if (edit->where == IOF_WHERE_VM)
			return edit->round == 0 && edit->key ? edit : NULL;
	}
	return NULL;
}

static const struct place *option_place(const struct iof_vm *vm, size_t option)
{
	return option < vm->n_options ? &vm->options[option].at : NULL;
}

static const struct place *cause_place(struct iof_report *report, const struct iof_finding *finding)
{
	const struct iof_vm *vm = report->machine->vm;
	const struct place *place = NULL;
	const struct fix_edit *edit;
	const struct pair *pair;

	if (finding->problem && finding->problem->remark)
		return &finding->problem->remark->at;
	if (finding->problem && finding->problem->pair)
		return &finding->problem->pair->at;
	edit = first_edit(report, finding);
	pair = edit ? edit_pair(report, edit) : NULL;
	if (pair)
		return &pair->at;
	if (edit)
		place = option_place(vm, edit->option);
	if (!place && finding->problem)
		place = option_place(vm, finding->problem->option);
	if (!place && finding->device)
		place = option_place(vm, finding->device->option_index);
	return place;
}

const struct place *finding_place(struct iof_report *report, const struct iof_finding *finding)
{
	const struct iof_vm *vm = report->machine->vm;
	const struct place *place = cause_place(report, finding);

	/* A VM that was made without any text has no places. */
	return place && place->line && (vm->source || vm->program) ? place : NULL;
}

const char *place_file(const struct iof_report *report, const struct place *place)
{
	return place->file ? place->file : iof_vm_name(report->machine->vm);
}

static bool is_named_before(const struct iof_machine *machine, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (machine->devices[i].host == machine->devices[index].host)
			return true;
	}
	return false;
}

const struct iof_device *report_host_device(const struct iof_report *report, size_t i)
{
	const struct iof_machine *machine = report->machine;
	size_t n = 0;

	for (size_t k = 0; k < machine->n_devices; k++) {
		if (machine->devices[k].host && !is_named_before(machine, k) && n++ == i)
			return machine->devices[k].host;
	}
	return NULL;
}

const char *current_value(const struct iof_report *report, const char *target)
{
	const char *dot = strrchr(target, '.');
	struct iof_value value;

	for (size_t i = 0; dot && iof_machine_property(report->machine, i, &value) == 0; i++) {
		if (strlen(value.device) == (size_t)(dot - target) &&
		    memcmp(value.device, target, (size_t)(dot - target)) == 0 &&
		    str_eq(value.property, dot + 1))
			return value.text;
	}
	return NULL;
}

static int collect(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

void report_write_part(struct emit *e, const struct iof_report *report)
{
	struct buf text = {0};
	struct iof_output out = *e->out;
	int err;

	if (!report->part_write)
		return;
	out.write = collect;
	out.data = &text;
	err = report->part_write(report->part_data, &out);
	if (err)
		e->err = e->err ? e->err : err;
	else if (out.format == IOF_FORMAT_JSON)
		emit_json(e, report->part_name, text.data, text.length);
	else
		emit_raw(e, text.data, text.length);
	buf_free(&text);
}
