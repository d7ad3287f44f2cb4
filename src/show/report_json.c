/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report_json.c - a report as schema iommufit.check/1 (docs/schema/check.json). */
#include "show/names.h"
#include "show/report_show.h"

static void put_messages(struct emit *e, struct iof_report *report, enum iof_phase phase)
{
	const char *text;

	emit_array(e, "messages");
	for (size_t i = 0; (text = iof_report_message(report, phase, i)); i++)
		emit_string(e, NULL, text);
	emit_array_end(e);
}

/* What QEMU says besides: findings that are mere notes of the start. */
static void put_notes(struct emit *e, struct iof_report *report)
{
	const struct iof_finding *finding;

	emit_array(e, "notes");
	iof_report_finding_foreach(report, finding)
	{
		if (finding->phase == IOF_PHASE_START &&
		    iof_finding_severity(finding) == IOF_SEVERITY_NOTE)
			emit_string(e, NULL, iof_finding_message(report, finding));
	}
	emit_array_end(e);
}

/* A phase has its own few outcomes; what is none of them is `other`. */
static const char *outcome_of(enum iof_outcome outcome, const enum iof_outcome *allowed, size_t n,
			      const char *other)
{
	for (size_t i = 0; i < n; i++) {
		if (allowed[i] == outcome)
			return name_outcome(outcome);
	}
	return other;
}

static void put_phases(struct emit *e, struct iof_report *report)
{
	static const enum iof_outcome start[] = {IOF_OUTCOME_STARTS, IOF_OUTCOME_FAILS};
	static const enum iof_outcome plug[] = {IOF_OUTCOME_ACCEPTED, IOF_OUTCOME_REFUSED,
						IOF_OUTCOME_KILLS_VM, IOF_OUTCOME_NOT_REACHED};
	static const enum iof_outcome run[] = {IOF_OUTCOME_WORKS, IOF_OUTCOME_DEGRADED,
					       IOF_OUTCOME_BROKEN};
	static const enum iof_outcome migrate[] = {IOF_OUTCOME_POSSIBLE, IOF_OUTCOME_BLOCKED};
	enum iof_outcome plugged = iof_report_plug(report);

	emit_object(e, "start");
	emit_string(e, "outcome",
		    outcome_of(iof_report_start(report), start, ARRAY_SIZE(start), "unknown"));
	put_messages(e, report, IOF_PHASE_START);
	put_notes(e, report);
	emit_object_end(e);
	emit_object(e, "plug");
	/* Nothing to plug: the phase is not reached. */
	emit_string(e, "outcome",
		    outcome_of(plugged, plug, ARRAY_SIZE(plug),
			       plugged == IOF_OUTCOME_NONE ? "not-reached" : "unknown"));
	put_messages(e, report, IOF_PHASE_PLUG);
	emit_object_end(e);
	emit_object(e, "run");
	emit_string(e, "dma", outcome_of(iof_report_run(report), run, ARRAY_SIZE(run), "unknown"));
	put_messages(e, report, IOF_PHASE_RUN);
	emit_object_end(e);
	emit_object(e, "migrate");
	emit_string(
		e, "outcome",
		outcome_of(iof_report_migrate(report), migrate, ARRAY_SIZE(migrate), "unknown"));
	emit_string(e, "why", report->migrate_why ? report->migrate_why : "");
	emit_object_end(e);
}

static void put_device(struct emit *e, const struct iof_device *device)
{
	enum iof_provenance provenance = IOF_PROVENANCE_UNKNOWN;
	const struct iof_range *ranges = NULL;
	unsigned width = 0;
	size_t n = 0;
	bool known = iof_device_width(device, &width, &provenance) == 0 &&
		     iof_device_ranges(device, &ranges, &n) == 0;

	emit_object(e, NULL);
	emit_string(e, "bdf", iof_device_bdf(device));
	if (iof_device_group(device) >= 0)
		emit_i64(e, "group", iof_device_group(device));
	else
		emit_null(e, "group");
	emit_string(e, "unit", iof_device_unit(device));
	if (known)
		emit_u64(e, "width", width);
	else
		emit_null(e, "width");
	emit_array(e, "ranges");
	for (size_t i = 0; known && i < n; i++)
		emit_range(e, NULL, &ranges[i]);
	emit_array_end(e);
	emit_string(e, "provenance", name_provenance(known ? provenance : IOF_PROVENANCE_UNKNOWN));
	emit_object_end(e);
}

static void put_host(struct emit *e, const struct iof_report *report)
{
	const struct iof_host *host = report->host;
	const struct iof_device *device;

	emit_object(e, "host");
	emit_string(e, "name", iof_host_name(host));
	emit_string(e, "kernel", iof_host_kernel(host));
	emit_string(e, "iommu", name_iommu(iof_host_iommu(host)));
	emit_array(e, "devices");
	for (size_t i = 0; (device = report_host_device(report, i)); i++)
		put_device(e, device);
	emit_array_end(e);
	emit_object_end(e);
}

/* Numbers as numbers: "39" becomes 39, "on" stays text. */
static void put_value(struct emit *e, const char *key, const char *text)
{
	uint64_t number;

	if (text && parse_u64(text, 10, UINT64_MAX, &number) == 0)
		emit_u64(e, key, number);
	else
		emit_string(e, key, text);
}

void json_vmm(struct emit *e, const struct iof_report *report)
{
	emit_object(e, "vmm");
	emit_string(e, "name", is_cloud_hypervisor(report->machine) ? "cloud-hypervisor" : "qemu");
	emit_string(e, "version", iof_machine_vmm_version(report->machine));
	emit_string(e, "machine", iof_machine_type(report->machine));
	emit_string(e, "provenance", iof_machine_vmm_provenance(report->machine));
	emit_object_end(e);
}

static void put_map(struct emit *e, const struct iof_report *report)
{
	const struct iof_region *region;

	emit_array(e, "map");
	iof_machine_region_foreach(report->machine, region)
	{
		struct iof_range range = iof_region_range(region);

		emit_object(e, NULL);
		emit_string(e, "kind", name_region(iof_region_kind(region)));
		emit_string(e, "name", iof_region_name(region));
		emit_hex(e, "start", range.first);
		emit_hex(e, "end", range.last);
		emit_bool(e, "fits", iof_report_region_fit(report, region, NULL) != IOF_FIT_NO);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void put_resolved(struct emit *e, const struct iof_report *report)
{
	struct iof_value value;

	emit_array(e, "resolved");
	for (size_t i = 0; iof_machine_property(report->machine, i, &value) == 0; i++) {
		emit_object(e, NULL);
		emit_string(e, "device", value.device);
		emit_string(e, "property", value.property);
		put_value(e, "value", value.text);
		emit_string(e, "by", value.why ? value.why : name_decider(value.by));
		emit_object_end(e);
	}
	emit_array_end(e);
}

static int put_changed_line(void *data, bool is_added, size_t number, const char *line,
			    size_t length)
{
	struct buf text = {0};
	struct emit *e = data;

	buf_append(&text, line, length);
	emit_object(e, NULL);
	emit_string(e, "op", is_added ? "add" : "remove");
	emit_u64(e, "line", number);
	emit_string(e, "text", text.data ? text.data : "");
	emit_object_end(e);
	buf_free(&text);
	return e->err;
}

/* In the manager's own language. */
static void put_lines(struct emit *e, const struct iof_report *report, const struct iof_fix *fix)
{
	int err;

	if (!report->machine->vm->config)
		return;
	emit_array(e, "lines");
	err = fix_lines(report, fix, put_changed_line, e);
	if (!e->err)
		e->err = err;
	emit_array_end(e);
}

static void put_fix(struct emit *e, const struct iof_report *report, const struct iof_fix *fix)
{
	struct iof_edit_step step;

	emit_object(e, NULL);
	emit_array(e, "edits");
	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		emit_object(e, NULL);
		emit_string(e, "where", name_where(step.where));
		emit_string(e, "op", name_op(step.op));
		emit_string(e, "target", step.target);
		put_value(e, "to", step.to);
		emit_string(e, "command", step.command);
		emit_string(e, "why", step.why);
		emit_object_end(e);
	}
	emit_array_end(e);
	put_lines(e, report, fix);
	emit_string(e, "consequence", iof_fix_consequence(fix));
	emit_bool(e, "checked", iof_fix_is_checked(fix));
	emit_string(e, "remaining", iof_fix_remaining(fix));
	emit_object_end(e);
}

static void put_place(struct emit *e, struct iof_report *report, const struct iof_finding *finding)
{
	const struct place *place = finding_place(report, finding);

	if (!place) {
		emit_null(e, "at");
		return;
	}
	emit_object(e, "at");
	emit_string(e, "file", place_file(report, place));
	emit_u64(e, "line", place->line);
	emit_u64(e, "column", place->column);
	emit_object_end(e);
}

void json_finding(struct emit *e, struct iof_report *report, const struct iof_finding *finding)
{
	const struct iof_fix *fix = NULL;

	emit_object(e, NULL);
	emit_string(e, "rule", iof_finding_rule(finding));
	emit_string(e, "severity", name_severity(iof_finding_severity(finding)));
	emit_string(e, "device", finding->device ? finding->device->label : NULL);
	put_place(e, report, finding);
	emit_string(e, "message", iof_finding_message(report, finding));
	emit_string(e, "because", iof_finding_because(report, finding));
	emit_string(e, "vmm_message", iof_finding_vmm_message(report, finding));
	emit_string(e, "source", finding->rule->source);
	emit_string(e, "confirmed", finding->rule->confirmed);
	emit_array(e, "fixes");
	while ((fix = iof_finding_fix_next(report, finding, fix)))
		put_fix(e, report, fix);
	emit_array_end(e);
	emit_object_end(e);
}

void report_write_json(struct iof_report *report, struct emit *e)
{
	const struct iof_finding *finding;

	emit_object(e, NULL);
	emit_string(e, "schema", "iommufit.check/1");
	emit_string(e, "verdict", name_verdict(iof_report_verdict(report)));
	put_phases(e, report);
	put_host(e, report);
	json_vmm(e, report);
	put_resolved(e, report);
	put_map(e, report);
	emit_array(e, "findings");
	iof_report_finding_foreach(report, finding)
	{
		json_finding(e, report, finding);
	}
	emit_array_end(e);
	report_write_part(e, report);
	emit_object_end(e);
}
