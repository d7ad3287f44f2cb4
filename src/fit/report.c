/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report: what the engine found, rendered when it is asked for. */
#include "fit/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

IOF_EXPORT int iof_report_new(struct iof_ctx *ctx, struct iof_report **out)
{
	struct iof_report *report = calloc(1, sizeof(*report));

	*out = NULL;
	if (report)
		report->arena = arena_new(4096);
	if (!report || !report->arena) {
		free(report);
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	}
	report->ctx = iof_ctx_ref(ctx);
	*out = report;
	return 0;
}

IOF_EXPORT struct iof_report *iof_report_unref(struct iof_report *report)
{
	if (!report)
		return NULL;
	iof_ctx_unref(report->ctx);
	arena_free(report->arena);
	free(report->findings);
	free(report->steps);
	free(report);
	return NULL;
}

IOF_EXPORT void iof_report_part_set(struct iof_report *report, const char *name,
				    iof_report_part_fn write, void *data)
{
	report->part_name = name;
	report->part_write = write;
	report->part_data = data;
}

IOF_EXPORT enum iof_verdict iof_report_verdict(const struct iof_report *report)
{
	return report->verdict;
}

IOF_EXPORT int iof_report_error(const struct iof_report *report)
{
	return report->err;
}

IOF_EXPORT enum iof_outcome iof_report_start(const struct iof_report *report)
{
	return report->start;
}

IOF_EXPORT enum iof_outcome iof_report_plug(const struct iof_report *report)
{
	return report->plug;
}

IOF_EXPORT enum iof_outcome iof_report_run(const struct iof_report *report)
{
	return report->run;
}

IOF_EXPORT enum iof_outcome iof_report_migrate(const struct iof_report *report)
{
	return report->migrate;
}

static const char *render(struct iof_report *report, const struct iof_finding *finding,
			  const char *text)
{
	const char *rendered = text ? message_render(report->arena, text, finding->operand) : NULL;

	if (text && !rendered)
		report->err = -ENOMEM;
	return rendered;
}

/* Hints begin with a tab in the tables. A refused device_add answers without them. */
static const char *settle_hints(struct iof_report *report, const char *text, bool keep)
{
	struct buf out = {0};
	const char *cursor = text, *line, *end = text + strlen(text), *settled;
	size_t length;

	if (!strchr(text, '\t'))
		return text;
	while (next_line(&cursor, end, &line, &length)) {
		bool is_hint = line[0] == '\t';

		if (is_hint && !keep)
			continue;
		if (out.length)
			buf_putc(&out, '\n');
		buf_append(&out, line + is_hint, length - is_hint);
	}
	settled = out.err ? NULL : arena_strndup(report->arena, out.data, out.length);
	buf_free(&out);
	return settled;
}

/* What QEMU prints for a finding. */
static const char *vmm_text(struct iof_report *report, const struct iof_finding *finding)
{
	const char *text = finding->problem ? finding->problem->message.text
			   : finding->step  ? finding->step->message
					    : NULL;
	const char *rendered = render(report, finding, text);

	if (rendered)
		rendered = settle_hints(report, rendered,
					finding->phase != IOF_PHASE_PLUG ||
						finding->effect != EFFECT_STOPS);
	if (text && !rendered)
		report->err = -ENOMEM;
	return rendered;
}

static int add_line(struct iof_report *report, enum iof_phase phase, const char *text,
		    size_t length, size_t *cap)
{
	const char **grown = arena_grow(report->arena, report->lines[phase], report->n_lines[phase],
					&cap[phase], sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	report->lines[phase] = grown;
	grown[report->n_lines[phase]] = arena_strndup(report->arena, text, length);
	return grown[report->n_lines[phase]++] ? 0 : -ENOMEM;
}

static void render_lines(struct iof_report *report)
{
	size_t cap[IOF_PHASE_MIGRATE + 1] = {0};

	memset(report->lines, 0, sizeof(report->lines));
	memset(report->n_lines, 0, sizeof(report->n_lines));
	report->is_rendered = true;
	for (size_t i = 0; i < report->n_findings; i++) {
		const struct iof_finding *finding = &report->findings[i];
		const char *text = finding->is_doubtful ? NULL : vmm_text(report, finding);

		while (text) {
			const char *end = strchr(text, '\n');

			if (add_line(report, finding->phase, text,
				     end ? (size_t)(end - text) : strlen(text), cap))
				report->err = -ENOMEM;
			text = end ? end + 1 : NULL;
		}
	}
}

IOF_EXPORT const char *iof_report_message(struct iof_report *report, enum iof_phase phase,
					  size_t index)
{
	if (phase < IOF_PHASE_START || phase > IOF_PHASE_MIGRATE)
		return NULL;
	if (!report->is_rendered)
		render_lines(report);
	return index < report->n_lines[phase] ? report->lines[phase][index] : NULL;
}

IOF_EXPORT const struct iof_finding *iof_report_finding_next(const struct iof_report *report,
							     const struct iof_finding *prev)
{
	const struct iof_finding *next = prev ? prev + 1 : report->findings;
	const struct iof_finding *end =
		report->n_findings ? report->findings + report->n_findings : NULL;

	while (next && next < end && next->is_repeat)
		next++;
	return next && next < end ? next : NULL;
}

IOF_EXPORT enum iof_moment iof_finding_moment(const struct iof_finding *finding)
{
	if (!finding->step)
		return IOF_MOMENT_BEFORE;
	switch (finding->step->stage) {
	case STAGE_OPEN:
	case STAGE_ATTACH:
		return IOF_MOMENT_ATTACH;
	case STAGE_MAP:
	case STAGE_ADD_RAM:
	case STAGE_PLACE:
		return IOF_MOMENT_MAP;
	default:
		return finding->step->stage < STAGE_OPEN ? IOF_MOMENT_BEFORE : IOF_MOMENT_AFTER;
	}
}

IOF_EXPORT enum iof_phase iof_finding_phase(const struct iof_finding *finding)
{
	return finding->phase;
}

IOF_EXPORT size_t iof_finding_device(const struct iof_report *report,
				     const struct iof_finding *finding)
{
	return finding->device ? (size_t)(finding->device - report->machine->devices) : SIZE_MAX;
}

IOF_EXPORT bool iof_finding_is_fatal(const struct iof_finding *finding)
{
	return finding->effect == EFFECT_STOPS || finding->effect == EFFECT_KILLS;
}

IOF_EXPORT bool iof_finding_is_doubtful(const struct iof_finding *finding)
{
	return finding->is_doubtful;
}

IOF_EXPORT const char *iof_finding_rule(const struct iof_finding *finding)
{
	return finding->rule->id;
}

IOF_EXPORT enum iof_severity iof_finding_severity(const struct iof_finding *finding)
{
	return finding->is_doubtful ? IOF_SEVERITY_WARNING : finding->rule->severity;
}

/* From facts that were assumed a rule says "would"; where a fact is missing, "may". */
static const char *soften(struct iof_report *report, const struct iof_finding *finding,
			  const char *text)
{
	const char *will = text ? strstr(text, " will ") : NULL;
	char *softened;
	const char *word = finding->is_doubtful ? "may" : "would";

	if (!will ||
	    (!finding->is_doubtful && !finding->is_assumed && !report->machine->is_hypothetical))
		return text;
	softened = arena_printf(report->arena, "%.*s %s %s", (int)(will - text), text, word,
				will + strlen(" will "));
	if (!softened)
		report->err = -ENOMEM;
	return softened;
}

IOF_EXPORT const char *iof_finding_message(struct iof_report *report,
					   const struct iof_finding *finding)
{
	const char *text = soften(report, finding, render(report, finding, finding->rule->what));

	return text ? text : finding->rule->title;
}

/* Of the fault that a fix leads to and that has none itself. */
static const char *advice_after(struct iof_report *report, const struct iof_fix *fix)
{
	const struct rule *next = fix->next_rule;
	const char *text;

	if (!next || !next->no_cure)
		return NULL;
	text = arena_printf(report->arena, "What is left then is %s: %s", next->title,
			    next->no_cure);
	if (!text)
		report->err = -ENOMEM;
	return text;
}

IOF_EXPORT const char *iof_finding_advice(struct iof_report *report,
					  const struct iof_finding *finding)
{
	const struct iof_fix *fix = iof_finding_fix_next(report, finding, NULL);

	if (fix)
		return advice_after(report, fix);
	if (finding->unsaid)
		return finding->unsaid;
	return render(report, finding, finding->advice ? finding->advice : finding->rule->no_cure);
}

IOF_EXPORT const char *iof_finding_because(struct iof_report *report,
					   const struct iof_finding *finding)
{
	const char *text = render(report, finding, finding->rule->because);

	return text ? text : "";
}

IOF_EXPORT const char *iof_finding_vmm_message(struct iof_report *report,
					       const struct iof_finding *finding)
{
	return vmm_text(report, finding);
}

IOF_EXPORT const struct iof_fix *iof_finding_fix_next(struct iof_report *report,
						      const struct iof_finding *finding,
						      const struct iof_fix *prev)
{
	struct iof_finding *own = &report->findings[finding - report->findings];

	if (prev)
		return prev->next;
	if (!own->has_fixes && report_make_fixes(report, own))
		report->err = -ENOMEM;
	return own->fixes;
}

IOF_EXPORT int iof_fix_step(const struct iof_fix *fix, size_t index, struct iof_edit_step *out)
{
	const struct fix_edit *edit;

	if (index >= fix->n_edits)
		return -ENOENT;
	edit = &fix->edits[index];
	*out = (struct iof_edit_step){.where = edit->where,
				      .op = edit->op,
				      .target = edit->target,
				      .to = edit->value,
				      .command = edit->command,
				      .why = edit->why};
	return 0;
}

IOF_EXPORT const char *iof_fix_consequence(const struct iof_fix *fix)
{
	return fix->consequence;
}

IOF_EXPORT bool iof_fix_is_checked(const struct iof_fix *fix)
{
	return fix->is_checked;
}

IOF_EXPORT const char *iof_fix_remaining(const struct iof_fix *fix)
{
	return fix->next_rule ? fix->next_rule->id : NULL;
}

IOF_EXPORT const char *iof_fix_remaining_title(const struct iof_fix *fix)
{
	return fix->next_rule ? fix->next_rule->title : NULL;
}

/* ---- the catalogue ---- */

static const struct rule *rule_at(size_t index)
{
	for (size_t f = 0; f < n_rule_families; f++) {
		if (index < rule_families[f]->n_rules)
			return &rule_families[f]->rules[index];
		index -= rule_families[f]->n_rules;
	}
	return NULL;
}

const struct rule *rule_find(const char *id)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++) {
		if (str_eq(rule->id, id))
			return rule;
	}
	return NULL;
}

/* The versions of all steps of a rule, as one span. */
static const char *rule_versions(const struct rule *rule, char *out, size_t size)
{
	uint32_t since = QEMU_NEVER, until = 0;
	const char *name = "QEMU";

	for (size_t f = 0; f < n_rule_families; f++) {
		const struct rule_family *family = rule_families[f];

		for (size_t i = 0; i < family->n_steps; i++) {
			if (family->steps[i].rule != rule)
				continue;
			name = family->vmm == VMM_QEMU ? "QEMU" : "Cloud Hypervisor";
			since = family->steps[i].since < since ? family->steps[i].since : since;
			until = family->steps[i].until > until ? family->steps[i].until : until;
		}
	}
	if (since == QEMU_NEVER || (since == 0 && until == QEMU_NEVER))
		return "all versions";
	if (until == QEMU_NEVER)
		snprintf(out, size, "%s %u.%u and later", name, QEMU_MAJOR(since),
			 QEMU_MINOR(since));
	else if (since == 0)
		snprintf(out, size, "%s before %u.%u", name, QEMU_MAJOR(until), QEMU_MINOR(until));
	else
		snprintf(out, size, "%s %u.%u to before %u.%u", name, QEMU_MAJOR(since),
			 QEMU_MINOR(since), QEMU_MAJOR(until), QEMU_MINOR(until));
	return out;
}

IOF_EXPORT int iof_rule(size_t index, struct iof_rule_info *out)
{
	static _Thread_local char versions[64];
	const struct rule *rule = rule_at(index);

	if (!rule)
		return -ENOENT;
	*out = (struct iof_rule_info){.id = rule->id,
				      .severity = rule->severity,
				      .title = rule->title,
				      .versions = rule_versions(rule, versions, sizeof(versions)),
				      .source = rule->source,
				      .confirmed = rule->confirmed};
	return 0;
}
