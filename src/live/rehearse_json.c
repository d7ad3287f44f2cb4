/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_json.c - schema iommufit.rehearse/1. */
#include <errno.h>

#include "live/rehearse_show.h"

static const char *verdict_name(enum iof_verdict verdict)
{
	static const char *const names[] = {
		[IOF_VERDICT_UNKNOWN] = "unknown",
		[IOF_VERDICT_FITS] = "fits",
		[IOF_VERDICT_DEGRADED] = "degraded",
		[IOF_VERDICT_FAILS] = "fails",
	};

	return names[verdict];
}

static const char *outcome_name(enum iof_outcome outcome)
{
	static const char *const names[] = {
		[IOF_OUTCOME_UNKNOWN] = "unknown",  [IOF_OUTCOME_STARTS] = "starts",
		[IOF_OUTCOME_FAILS] = "fails",	    [IOF_OUTCOME_ACCEPTED] = "accepted",
		[IOF_OUTCOME_REFUSED] = "refused",  [IOF_OUTCOME_KILLS_VM] = "kills-vm",
		[IOF_OUTCOME_WORKS] = "works",	    [IOF_OUTCOME_DEGRADED] = "degraded",
		[IOF_OUTCOME_BROKEN] = "broken",    [IOF_OUTCOME_NOT_REACHED] = "not-reached",
		[IOF_OUTCOME_NONE] = "not-reached",
	};
	const char *name = outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : NULL;

	return name ? name : "unknown";
}

static const char *phase_name(enum iof_phase phase)
{
	return phase == IOF_PHASE_PLUG ? "plug" : phase == IOF_PHASE_RUN ? "run" : "start";
}

static void put_phase(struct emit *e, const struct iof_live_rehearsal *r, enum iof_phase phase,
		      const char *member)
{
	emit_object(e, phase_name(phase));
	emit_string(e, member, outcome_name(r->outcome[phase]));
	emit_array(e, "messages");
	for (size_t i = 0; i < r->n_messages[phase]; i++)
		emit_string(e, NULL, r->messages[phase][i]);
	emit_array_end(e);
	emit_object_end(e);
}

static void put_step(struct emit *e, const struct iof_live_rehearsal *r, const char *key,
		     const struct iof_live_step *step)
{
	emit_object(e, key);
	emit_string(e, "phase", step->is_undo ? "undo" : phase_name(step->phase));
	emit_string(e, "device", rehearse_label(r, step->device));
	emit_string(e, "call", step->call);
	emit_string(e, "what", step->what);
	emit_string(e, "result", !step->error ? "done" : step->is_expected ? "expected" : "failed");
	emit_u64(e, "errno", (uint64_t)step->error);
	emit_string(e, "error", step->error ? rehearse_error(step->error) : NULL);
	emit_object_end(e);
}

static void put_failed(struct emit *e, const struct iof_live_rehearsal *r)
{
	size_t index = iof_live_rehearsal_failed(r);

	if (index < r->n_steps)
		put_step(e, r, "failed", &r->steps[index]);
	else
		emit_null(e, "failed");
}

static void put_refusal(struct emit *e, const struct iof_live_rehearsal *r)
{
	if (!r->stop) {
		emit_null(e, "refused");
		return;
	}
	emit_object(e, "refused");
	emit_string(e, "rule", iof_finding_rule(r->stop));
	emit_string(e, "device", rehearse_label(r, iof_finding_device(r->report, r->stop)));
	emit_string(e, "message", iof_finding_message(r->report, r->stop));
	emit_object_end(e);
}

static void put_assumptions(struct emit *e, const struct iof_live_rehearsal *r)
{
	static const char *const results[] = {
		[IOF_LIVE_NOT_ASKED] = "not-asked",
		[IOF_LIVE_CONFIRMED] = "confirmed",
		[IOF_LIVE_REFUTED] = "refuted",
	};

	emit_array(e, "assumptions");
	for (size_t i = 0; i < r->n_assumptions; i++) {
		const struct iof_live_assumption *a = &r->assumptions[i];

		emit_object(e, NULL);
		emit_string(e, "device", rehearse_label(r, a->device));
		emit_string(e, "what", a->what);
		emit_string(e, "result", results[a->result]);
		emit_string(e, "predicted", a->predicted);
		emit_string(e, "found", a->found);
		emit_object_end(e);
	}
	emit_array_end(e);
}

void rehearse_write_json(struct emit *e, const struct iof_live_rehearsal *r)
{
	struct buf summary = {0};

	if (rehearse_summary(r, &summary))
		e->err = e->err ? e->err : -ENOMEM;
	emit_object(e, NULL);
	emit_string(e, "schema", "iommufit.rehearse/1");
	emit_string(e, "verdict", verdict_name(r->verdict));
	emit_string(e, "summary", summary.data ? summary.data : "");
	emit_object(e, "vmm");
	emit_string(e, "name", "qemu");
	emit_string(e, "version", iof_machine_vmm_version(r->machine));
	emit_string(e, "machine", iof_machine_type(r->machine));
	emit_string(e, "provenance", iof_machine_vmm_provenance(r->machine));
	emit_object_end(e);
	put_phase(e, r, IOF_PHASE_START, "outcome");
	put_phase(e, r, IOF_PHASE_PLUG, "outcome");
	put_phase(e, r, IOF_PHASE_RUN, "dma");
	put_failed(e, r);
	put_refusal(e, r);
	put_assumptions(e, r);
	emit_array(e, "untested");
	for (size_t i = 0; i < r->n_untested; i++)
		emit_string(e, NULL, r->untested[i]);
	emit_array_end(e);
	emit_bool(e, "reset", r->options.reset_ok);
	emit_bool(e, "undone", !r->is_left);
	emit_array(e, "calls");
	for (size_t i = 0; i < r->n_steps; i++)
		put_step(e, r, NULL, &r->steps[i]);
	emit_array_end(e);
	emit_object_end(e);
	buf_free(&summary);
}
