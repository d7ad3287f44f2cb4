/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report_text.c - a report for people: the verdict in one line, then each finding with its cure. */
#include <inttypes.h>

#include "show/names.h"
#include "show/report_show.h"

#define INDENT 8 /* text of a finding, after its label */

static const struct {
	const char *text;
	enum emit_style style;
} verdicts[] = {
	[IOF_VERDICT_UNKNOWN] = {"UNKNOWN", STYLE_YELLOW},
	[IOF_VERDICT_FITS] = {"FITS", STYLE_GREEN},
	[IOF_VERDICT_DEGRADED] = {"DEGRADED", STYLE_YELLOW},
	[IOF_VERDICT_FAILS] = {"FAILS", STYLE_RED},
};

/* The sentence of the first line, for the phase that decides: "QEMU 11.1.3 <verb> this VM on
 * HOST<rest>." */
struct sentence {
	enum iof_phase phase;
	enum iof_outcome outcome;
	const char *verb;
	const char *rest;
};

static const struct sentence failures[] = {
	{IOF_PHASE_START, IOF_OUTCOME_FAILS, "not start", ""},
	{IOF_PHASE_PLUG, IOF_OUTCOME_KILLS_VM, "start", ", but die when the device is plugged"},
	{IOF_PHASE_PLUG, IOF_OUTCOME_REFUSED, "start", ", but refuse the device that is plugged"},
	{IOF_PHASE_RUN, IOF_OUTCOME_BROKEN, "start", ", but DMA cannot work"},
	{IOF_PHASE_MIGRATE, IOF_OUTCOME_BLOCKED, "start", ", but cannot migrate it"},
};

static const struct sentence fits = {0, 0, "start", ", and DMA works"};
static const struct sentence fits_plain = {0, 0, "start", "; it has no assigned device"};
static const struct sentence degraded = {0, 0, "start", ", but something is lost"};

static enum iof_outcome phase_outcome(const struct iof_report *report, enum iof_phase phase)
{
	switch (phase) {
	case IOF_PHASE_START:
		return iof_report_start(report);
	case IOF_PHASE_PLUG:
		return iof_report_plug(report);
	case IOF_PHASE_RUN:
		return iof_report_run(report);
	case IOF_PHASE_MIGRATE:
		return iof_report_migrate(report);
	case IOF_PHASE_UNKNOWN:
		break;
	}
	return IOF_OUTCOME_UNKNOWN;
}

/* NULL: a fact is missing. */
static const struct sentence *sentence_of(const struct iof_report *report)
{
	switch (iof_report_verdict(report)) {
	case IOF_VERDICT_FITS:
		return report->machine->n_assigned ? &fits : &fits_plain;
	case IOF_VERDICT_DEGRADED:
		return &degraded;
	case IOF_VERDICT_FAILS:
		for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
			if (phase_outcome(report, failures[i].phase) == failures[i].outcome)
				return &failures[i];
		}
		return &failures[0];
	case IOF_VERDICT_UNKNOWN:
		break;
	}
	return NULL;
}

const char *host_phrase(const struct iof_host *host)
{
	return name_host(iof_host_name(host), host->is_live);
}

unsigned report_write_verdict(struct emit *e, const struct iof_report *report)
{
	enum iof_verdict verdict = iof_report_verdict(report);
	size_t index = (size_t)verdict < ARRAY_SIZE(verdicts) ? (size_t)verdict : 0;

	emit_text(e, verdicts[index].style, "%s", verdicts[index].text);
	emit_text(e, STYLE_NONE, "  ");
	return emit_width(verdicts[index].text) + 2;
}

static void write_verdict(struct emit *e, const struct iof_report *report)
{
	const char *version = iof_machine_vmm_version(report->machine);
	const char *name = iof_machine_vmm_name(report->machine);
	const struct sentence *sentence = sentence_of(report);
	const char *host = host_phrase(report->host);
	unsigned indent = report_write_verdict(e, report);

	if (sentence)
		emit_continued(e, indent, indent, "%s %s %s %s this VM on %s%s.", name, version,
			       report->host->is_hypothetical ? "would" : "will", sentence->verb,
			       host, sentence->rest);
	else
		emit_continued(
			e, indent, indent,
			"Whether %s %s can run this VM on %s depends on a fact that is missing.",
			name, version, host);
}

/* ---- findings ---- */

static void write_label(struct emit *e, const char *label)
{
	emit_text(e, STYLE_DIM, "  %-*s", INDENT - 2, label);
}

static void write_field(struct emit *e, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	write_label(e, label);
	emit_continued(e, INDENT, INDENT, "%s", text);
}

/* QEMU's own lines stay apart. */
static void write_vmm_message(struct emit *e, const char *text)
{
	const char *label = "says";
	const char *end = text ? text + strlen(text) : NULL;
	const char *line;
	size_t length;

	while (text && next_line(&text, end, &line, &length)) {
		write_label(e, label);
		emit_continued(e, INDENT, INDENT, "%.*s", (int)length, line);
		label = "";
	}
}

static void write_edit(struct emit *e, const struct iof_report *report, const struct iof_fix *fix,
		       size_t index)
{
	struct buf text = {0};

	fix_describe(&text, report, fix, index);
	if (!e->err)
		e->err = text.err;
	emit_continued(e, INDENT, INDENT, "%s", text.data ? text.data : "");
	buf_free(&text);
}

/* A fix that does not lead all the way says what waits at its end. */
static void write_remaining(struct emit *e, const struct iof_fix *fix)
{
	const char *rule = iof_fix_remaining(fix);

	if (!rule && iof_fix_is_checked(fix))
		return;
	write_label(e, "");
	if (rule)
		emit_continued(e, INDENT, INDENT, "Then what is left is: %s (%s).",
			       iof_fix_remaining_title(fix), rule);
	else
		emit_continued(e, INDENT, INDENT, "(Not tried.)");
}

struct changed_lines {
	struct emit *e;
	const char *label; /* of the next line; "" after the first */
	size_t n;
};

/* Indentation is the file's business; what is to be seen is the line. */
static int write_changed_line(void *data, bool is_added, size_t number, const char *line,
			      size_t length)
{
	struct changed_lines *lines = data;

	while (length && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	write_label(lines->e, lines->label);
	emit_text(lines->e, is_added ? STYLE_GREEN : STYLE_RED, "%c", is_added ? '+' : '-');
	emit_continued(lines->e, INDENT + 1, INDENT + 2, " %.*s", (int)length, line);
	lines->label = "";
	lines->n += number > 0;
	return lines->e->err;
}

/* What a fix changes in a manager's config, in its own language. true: it said all about the
 * config.
 */
static bool write_config_lines(struct emit *e, const struct iof_report *report,
			       const struct iof_fix *fix, const char *label)
{
	struct changed_lines lines = {.e = e, .label = label};
	int err = fix_lines(report, fix, write_changed_line, &lines);

	if (!e->err)
		e->err = err;
	return lines.n > 0;
}

/* Why an edit is there that is for another fault; said once. */
static void write_why(struct emit *e, const char *why, const char **said)
{
	if (!why || (*said && str_eq(*said, why)))
		return;
	*said = why;
	write_label(e, "");
	emit_continued(e, INDENT, INDENT, "(%s)", why);
}

/* Its edits belong together: the first bears the label. */
static void write_fix(struct emit *e, const struct iof_report *report, const struct iof_fix *fix,
		      const char *label)
{
	const char *consequence = iof_fix_consequence(fix);
	const char *phrase = NULL, *why = NULL;
	struct iof_edit_step step;
	bool has_lines = write_config_lines(e, report, fix, label);

	if (has_lines)
		label = "and";
	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		const char *before = phrase;

		if (has_lines && step.where == IOF_WHERE_VM) {
			write_why(e, step.why, &why);
			continue;
		}
		phrase = fix_where(step.where);
		if (phrase && phrase != before) {
			write_label(e, i == 0 ? label : "and");
			emit_text(e, STYLE_NONE, "%s", phrase);
			emit_newline(e);
			write_label(e, "");
		} else {
			write_label(e, i == 0 ? label : "and");
		}
		write_edit(e, report, fix, i);
		write_why(e, step.why, &why);
	}
	if (consequence && *consequence) {
		write_label(e, "");
		emit_continued(e, INDENT, INDENT, "%s", consequence);
	}
	write_remaining(e, fix);
}

static void write_fixes(struct emit *e, struct iof_report *report,
			const struct iof_finding *finding)
{
	const struct iof_fix *fix = NULL;
	const char *label = "fix";

	while ((fix = iof_finding_fix_next(report, finding, fix))) {
		write_fix(e, report, fix, label);
		label = "or";
	}
	if (str_eq(label, "fix"))
		write_field(e, "cure", iof_finding_advice(report, finding));
}

static void write_rule(struct emit *e, struct iof_report *report, const struct iof_finding *finding)
{
	const struct place *place = finding_place(report, finding);
	const char *only =
		str_eq(finding->rule->confirmed, "source") ? ", known from the source only" : "";
	const char *rule = iof_finding_rule(finding);

	write_label(e, "rule");
	if (!place)
		emit_continued(e, INDENT, INDENT, "%s%s", rule, only);
	else if (report->machine->vm->source || place->file)
		emit_continued(e, INDENT, INDENT, "%s%s (%s:%u:%u)", rule, only,
			       place_file(report, place), place->line, place->column);
	else
		emit_continued(e, INDENT, INDENT, "%s%s (%s, argument %d)", rule, only,
			       place_file(report, place), place->arg);
}

static void write_finding_title(struct emit *e, struct iof_report *report,
				const struct iof_finding *finding)
{
	static const enum emit_style styles[] = {
		[IOF_SEVERITY_ERROR] = STYLE_RED,
		[IOF_SEVERITY_WARNING] = STYLE_YELLOW,
		[IOF_SEVERITY_NOTE] = STYLE_CYAN,
	};
	enum iof_severity severity = iof_finding_severity(finding);
	size_t index = (size_t)severity < ARRAY_SIZE(styles) ? (size_t)severity : 0;
	const char *name = name_severity(severity);

	emit_text(e, styles[index], "%s:", name);
	emit_continued(e, emit_width(name) + 1, 2, " %s", iof_finding_message(report, finding));
}

/* Blocks stand apart; notes of a line each follow one another. */
static bool is_block(const struct emit *e, const struct iof_finding *finding)
{
	return e->out->verbose || iof_finding_severity(finding) != IOF_SEVERITY_NOTE;
}

void report_write_finding(struct emit *e, struct iof_report *report,
			  const struct iof_finding *finding)
{
	write_finding_title(e, report, finding);
	/* A note is worth a line, not a block. */
	if (!is_block(e, finding))
		return;
	write_field(e, "why", iof_finding_because(report, finding));
	write_vmm_message(e, iof_finding_vmm_message(report, finding));
	write_fixes(e, report, finding);
	write_rule(e, report, finding);
}

/* Returns whether a blank line stands at the end. */
static bool write_findings(struct emit *e, struct iof_report *report)
{
	const struct iof_finding *finding;
	bool after_block = false;

	iof_report_finding_foreach(report, finding)
	{
		if (is_block(e, finding) || after_block)
			emit_newline(e);
		report_write_finding(e, report, finding);
		after_block = is_block(e, finding);
	}
	if (after_block)
		emit_newline(e);
	return after_block;
}

/* ---- what stands below ---- */

/* A phase that went as the first line says needs no line of its own; migration has its finding. */
static bool phases_say_more(const struct iof_report *report)
{
	return iof_report_plug(report) != IOF_OUTCOME_NONE || report->options.migrate ||
	       (iof_report_start(report) == IOF_OUTCOME_STARTS &&
		iof_report_run(report) != IOF_OUTCOME_WORKS);
}

static void write_phases(struct emit *e, const struct iof_report *report)
{
	enum iof_outcome plug = iof_report_plug(report);
	const char *why = report->migrate_why;

	if (!phases_say_more(report))
		return;
	emit_wrapped(
		e, 2, "", "Start: %s.%s%s%s DMA: %s. Migration: %s.%s%s",
		name_outcome(iof_report_start(report)), plug == IOF_OUTCOME_NONE ? "" : " Plug: ",
		plug == IOF_OUTCOME_NONE ? "" : name_outcome(plug),
		plug == IOF_OUTCOME_NONE ? "" : ".", name_outcome(iof_report_run(report)),
		name_outcome(iof_report_migrate(report)), why && *why ? " " : "", why ? why : "");
}

/* A missing fact that decides is a finding; one that does not is of interest to few. */
static void write_missing(struct emit *e, const struct iof_report *report)
{
	const struct iof_host *host = report->host;

	if (host->n_worlds > 1 && host->missing_fact && !report->is_doubtful && e->out->verbose)
		emit_wrapped(e, 2, "", "Missing: %s%s%s.", host->missing_fact,
			     host->missing_how ? "; " : "",
			     host->missing_how ? host->missing_how : "");
}

static void write_provenance(struct emit *e, const struct iof_report *report)
{
	const char *type = iof_machine_type(report->machine);

	emit_wrapped(e, 2, "", "%s %s (%s)%s%s.", iof_machine_vmm_name(report->machine),
		     iof_machine_vmm_version(report->machine),
		     iof_machine_vmm_provenance(report->machine), type && *type ? ", machine " : "",
		     type ? type : "");
}

/* ---- --verbose ---- */

static void write_resolved(struct emit *e, const struct iof_report *report)
{
	struct iof_value value;

	for (size_t i = 0; iof_machine_property(report->machine, i, &value) == 0; i++) {
		if (i == 0) {
			emit_newline(e);
			emit_text(e, STYLE_BOLD, "Resolved properties");
			emit_newline(e);
		}
		emit_wrapped(e, 6, "  ", "%s.%s = %s (%s)", value.device, value.property,
			     value.text, value.why ? value.why : name_decider(value.by));
	}
}

static void write_device(struct emit *e, const struct iof_device *device)
{
	enum iof_provenance provenance = IOF_PROVENANCE_UNKNOWN;
	const struct iof_range *ranges = NULL;
	unsigned width = 0;
	size_t n = 0;
	bool known = iof_device_width(device, &width, &provenance) == 0 &&
		     iof_device_ranges(device, &ranges, &n) == 0;

	if (!known) {
		emit_wrapped(e, 6, "  ", "%s: width not known", iof_device_bdf(device));
		return;
	}
	emit_wrapped(e, 6, "  ", "%s: %u bits, %s (%s)", iof_device_bdf(device), width,
		     iof_device_unit(device) ? iof_device_unit(device) : "no unit",
		     name_provenance(provenance));
	for (size_t i = 0; i < n; i++)
		emit_wrapped(e, 6, NULL, "0x%" PRIx64 " to 0x%" PRIx64, ranges[i].first,
			     ranges[i].last);
}

static void write_devices(struct emit *e, const struct iof_report *report)
{
	const struct iof_device *device;

	for (size_t i = 0; (device = report_host_device(report, i)); i++) {
		if (i == 0) {
			emit_newline(e);
			emit_text(e, STYLE_BOLD, "Usable addresses of the assigned devices");
			emit_newline(e);
		}
		write_device(e, device);
	}
}

static void write_ignored(struct emit *e, const struct iof_report *report)
{
	const char *option;

	for (size_t i = 0; (option = iof_vm_ignored(report->machine->vm, i)); i++) {
		if (i == 0) {
			emit_newline(e);
			emit_text(e, STYLE_BOLD, "Options that were not looked into");
			emit_newline(e);
		}
		emit_wrapped(e, 6, "  ", "%s", option);
	}
}

/* A VM without assigned devices fits on a host without an IOMMU; the reader may still want to know.
 */
static void write_host(struct emit *e, const struct iof_report *report)
{
	const struct iof_host *host = report->host;

	if (iof_host_iommu(host) == IOF_IOMMU_NONE && host->iommu_why &&
	    !report->machine->n_assigned)
		emit_wrapped(e, 2, "", "Host: %s", host->iommu_why);
}

void report_write_text(struct iof_report *report, struct emit *e)
{
	write_verdict(e, report);
	map_write_reason(e, report, write_findings(e, report));
	write_phases(e, report);
	write_host(e, report);
	write_missing(e, report);
	write_provenance(e, report);
	report_write_part(e, report);
	if (!e->out->verbose)
		return;
	write_resolved(e, report);
	write_devices(e, report);
	write_ignored(e, report);
}
