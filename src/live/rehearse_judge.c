/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_judge.c - from calls and check's findings to outcomes, messages, and what was not tried.
 */
#include <errno.h>

#include "base/strings.h"
#include "fit/verdict.h"
#include "live/rehearse.h"

static bool is_stopped(const struct iof_live_rehearsal *r, enum iof_phase phase)
{
	return (r->stop && iof_finding_phase(r->stop) == phase) ||
	       (r->failure.site && r->failure.phase == phase);
}

/* A fatal finding that the kernel did not bear out: the calls went past it, or ended elsewhere. */
static const struct iof_finding *refuted_finding(const struct iof_live_rehearsal *r,
						 enum iof_phase phase)
{
	const struct iof_finding *f = fatal_finding(r, phase);

	if (!f || f == r->stop || r->why ||
	    (r->failure.site && r->failure.phase == phase && is_predicted(f, &r->failure)))
		return NULL;
	return f;
}

static bool has_viommu(const struct iof_live_rehearsal *r)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		if (r->devices[i].a.viommu != IOF_MODEL_NONE)
			return true;
	}
	return false;
}

static const char *join(struct iof_live_rehearsal *r, const char *text, const char *more)
{
	const char *joined = arena_printf(r->arena, "%s%s", text, more ? more : "");

	if (!joined)
		r->err = -ENOMEM;
	return joined;
}

static enum iof_outcome start_outcome(struct iof_live_rehearsal *r)
{
	const struct iof_finding *open;

	if (r->why)
		return IOF_OUTCOME_UNKNOWN;
	if (is_stopped(r, IOF_PHASE_START))
		return IOF_OUTCOME_FAILS;
	open = open_question(r);
	if (open) {
		r->why = join(r, "No call tells what check misses, too: ",
			      iof_finding_because(r->report, open));
		return IOF_OUTCOME_UNKNOWN;
	}
	if (r->refuted && has_viommu(r)) {
		r->why = join(r,
			      "The kernel does what check thought that it refuses; what QEMU "
			      "itself says afterwards was not looked at. `iommufit probe` keeps "
			      "what the kernel says: check and rehearse go by it then.",
			      NULL);
		return IOF_OUTCOME_UNKNOWN;
	}
	return IOF_OUTCOME_STARTS;
}

static bool has_plugged(const struct iof_live_rehearsal *r)
{
	struct iof_machine_device device;

	for (size_t i = 0; iof_machine_device(r->machine, i, &device) == 0; i++) {
		if (device.is_plugged)
			return true;
	}
	return false;
}

static enum iof_outcome plug_outcome(const struct iof_live_rehearsal *r, enum iof_outcome start)
{
	if (!has_plugged(r))
		return IOF_OUTCOME_NONE;
	if (start == IOF_OUTCOME_FAILS)
		return IOF_OUTCOME_NOT_REACHED;
	if (start != IOF_OUTCOME_STARTS)
		return IOF_OUTCOME_UNKNOWN;
	if (r->failure.site && r->failure.phase == IOF_PHASE_PLUG)
		return r->failure.site == SITE_MAP_LATE ? IOF_OUTCOME_KILLS_VM
							: IOF_OUTCOME_REFUSED;
	if (r->stop && iof_finding_phase(r->stop) == IOF_PHASE_PLUG)
		return iof_report_plug(r->report);
	/* What breaks the run was met before the plug. */
	return r->failure.site && !r->is_plugging ? IOF_OUTCOME_UNKNOWN : IOF_OUTCOME_ACCEPTED;
}

static const struct iof_finding *find_rule(const struct iof_live_rehearsal *r, const char *rule)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(r->report, finding)
	{
		if (str_eq(iof_finding_rule(finding), rule))
			return finding;
	}
	return NULL;
}

/* Check weighs what a BAR out of reach means (peers, GPUs); where it did not foresee one, something
 * is lost. */
static enum iof_outcome run_outcome(const struct iof_live_rehearsal *r, enum iof_outcome start,
				    enum iof_outcome plug)
{
	bool is_foreseen = iof_report_start(r->report) == IOF_OUTCOME_STARTS;

	if (start != IOF_OUTCOME_STARTS || plug == IOF_OUTCOME_KILLS_VM)
		return IOF_OUTCOME_UNKNOWN;
	if (r->failure.site && r->failure.phase == IOF_PHASE_RUN)
		return IOF_OUTCOME_BROKEN;
	if (r->n_lost_bars && !find_rule(r, "map.bar-outside-iova"))
		return IOF_OUTCOME_DEGRADED;
	return is_foreseen ? iof_report_run(r->report) : IOF_OUTCOME_WORKS;
}

static enum iof_verdict verdict_of(enum iof_outcome outcome)
{
	switch (outcome) {
	case IOF_OUTCOME_FAILS:
	case IOF_OUTCOME_REFUSED:
	case IOF_OUTCOME_KILLS_VM:
	case IOF_OUTCOME_BROKEN:
		return IOF_VERDICT_FAILS;
	case IOF_OUTCOME_DEGRADED:
		return IOF_VERDICT_DEGRADED;
	case IOF_OUTCOME_UNKNOWN:
		return IOF_VERDICT_UNKNOWN;
	default:
		return IOF_VERDICT_FITS;
	}
}

static void copy_messages(struct iof_live_rehearsal *r, enum iof_phase phase)
{
	const char *text;

	for (size_t i = 0; !r->err && (text = iof_report_message(r->report, phase, i)); i++)
		rehearse_message(r, phase, text);
}

static void add_message(struct iof_live_rehearsal *r, const struct rehearse_failure *f)
{
	const char *text = message_of(r, f);

	if (text)
		rehearse_message(r, f->phase, text);
}

/* Where calls and check agree, check's messages are complete; else the call's own. */
static void phase_messages(struct iof_live_rehearsal *r, enum iof_phase phase)
{
	const struct iof_finding *f = fatal_finding(r, phase);
	bool has_failed = r->failure.site && r->failure.phase == phase;
	bool is_foretold = f && (f == r->stop || (has_failed && is_predicted(f, &r->failure)));

	if (r->outcome[phase] == IOF_OUTCOME_NOT_REACHED || r->outcome[phase] == IOF_OUTCOME_NONE)
		return;
	if (has_failed && !is_foretold)
		add_message(r, &r->failure);
	else if (is_foretold || !f)
		copy_messages(r, phase);
	if (phase == IOF_PHASE_RUN && r->bar.site && !find_rule(r, "map.bar-outside-iova"))
		add_message(r, &r->bar);
}

static void list_untested(struct iof_live_rehearsal *r)
{
	const char *unplaced = iof_machine_unplaced(r->machine);
	bool has_bars = false;

	for (size_t i = 0; i < r->n_sections; i++) {
		has_bars = has_bars || r->sections[i].kind == IOF_SECTION_BAR;
		if (r->sections[i].is_in_blocks)
			rehearse_untested(r, "Memory that the guest takes block by block "
					     "(virtio-mem).");
	}
	rehearse_untested(r, "The limit of locked memory: no more than a few pages are mapped, as "
			     "root.");
	rehearse_untested(r, "The limit of mappings (dma_entry_limit), which a vIOMMU's guest may "
			     "reach.");
	rehearse_untested(r, "Whether all of the memory can be had and pinned: fragmentation, huge "
			     "pages.");
	if (unplaced)
		rehearse_untested(r, join(r, "Where the BARs will be: ", unplaced));
	if (has_bars)
		rehearse_untested(r, "BARs themselves: memory of our own stands in for them "
				     "where they should be; firmware may move them.");
	rehearse_untested(r, "What the guest itself maps once it runs.");
}

void judge(struct iof_live_rehearsal *r)
{
	enum iof_outcome start, plug, run;

	r->refuted = refuted_finding(r, IOF_PHASE_START);
	start = start_outcome(r);
	plug = plug_outcome(r, start);
	run = run_outcome(r, start, plug);
	r->outcome[IOF_PHASE_START] = start;
	r->outcome[IOF_PHASE_PLUG] = plug;
	r->outcome[IOF_PHASE_RUN] = run;
	r->verdict = verdict_worse(verdict_of(start), verdict_of(plug));
	/* What was never reached says nothing. */
	if (start == IOF_OUTCOME_STARTS && plug != IOF_OUTCOME_KILLS_VM)
		r->verdict = verdict_worse(r->verdict, verdict_of(run));
	for (enum iof_phase phase = IOF_PHASE_START; phase <= IOF_PHASE_RUN; phase++)
		phase_messages(r, phase);
	list_assumptions(r);
	if (r->n_steps)
		list_untested(r);
}
