/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The check: walk QEMU's way from its command line to a running guest, and note which rule is met
 * where. The first that stops QEMU is the message that the user will see. Nothing is rendered here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fit/report.h"
#include "fit/verdict.h"

struct walk {
	struct iof_report *report;
	struct scene scene;
	struct progress progress;
	struct operand address;			  /* of the device, as every rule's operand 0 */
	struct operand operand[MESSAGE_OPERANDS]; /* of the rule that is being asked */
	enum iof_phase phase;
	bool is_stopped; /* the VM, or in the plug phase this device */
	bool is_killed;
	bool is_doubtful;
};

/* Within a stage the kernel's say (vfio) comes before the models'. */
const struct rule_family *const rule_families[] = {
	&config_family, &vfio_family,	    &topology_family,
	&memory_family, &map_family,	    &limits_family,
	&intel_family,	&intel_host_family, &virtio_family,
	&amd_family,	&smmuv3_family,	    &smmuv3_host_family,
	&host_family,	&migration_family,  &cloud_hypervisor_family,
};
const size_t n_rule_families = ARRAY_SIZE(rule_families);

static struct iof_finding *add_finding(struct iof_report *report, const struct rule *rule)
{
	struct iof_finding *finding;

	if (report->n_findings == report->cap_findings) {
		size_t cap = report->cap_findings ? 2 * report->cap_findings : 16;
		struct iof_finding *grown = realloc(report->findings, cap * sizeof(*grown));

		if (!grown) {
			report->err = -ENOMEM;
			return NULL;
		}
		report->findings = grown;
		report->cap_findings = cap;
	}
	finding = &report->findings[report->n_findings++];
	memset(finding, 0, sizeof(*finding));
	finding->rule = rule;
	return finding;
}

static void note_problem(struct walk *w, const struct problem *problem,
			 const struct machine_device *device)
{
	struct iof_finding *finding = add_finding(w->report, config_rule(problem->kind));

	w->is_stopped = true;
	if (!finding)
		return;
	finding->problem = problem;
	finding->device = device;
	finding->phase = w->phase;
	finding->effect = EFFECT_STOPS;
	memcpy(finding->operand, problem->message.operand, sizeof(finding->operand));
}

static void apply_effect(struct walk *w, const struct step *step, bool is_certain)
{
	bool is_fatal = step->effect == EFFECT_STOPS || step->effect == EFFECT_KILLS;

	if (!is_certain) {
		w->is_doubtful = w->is_doubtful || is_fatal || step->effect >= EFFECT_DEGRADES;
		return;
	}
	w->is_stopped = w->is_stopped || is_fatal;
	w->is_killed = w->is_killed || step->effect == EFFECT_KILLS;
	if (step->effect == EFFECT_BREAKS || (is_fatal && w->phase == IOF_PHASE_RUN)) {
		w->report->run = IOF_OUTCOME_BROKEN;
	} else if (step->effect == EFFECT_DEGRADES && w->report->run != IOF_OUTCOME_BROKEN) {
		w->report->run = IOF_OUTCOME_DEGRADED;
	} else if (step->effect == EFFECT_BLOCKS) {
		w->report->migrate = IOF_OUTCOME_BLOCKED;
		w->report->migrate_why = step->rule->because;
	}
}

/* What was found of that BAR before, NULL: nothing. */
static struct iof_finding *same_mapping(struct iof_report *report, const struct rule *rule,
					const struct mapping *mapping)
{
	for (size_t i = 0; mapping && i < report->n_findings; i++) {
		struct iof_finding *finding = &report->findings[i];

		if (finding->rule == rule && !finding->is_repeat &&
		    finding->mapping.function == mapping->function &&
		    finding->mapping.bar == mapping->bar)
			return finding;
	}
	return NULL;
}

/* A BAR is switched on more than once, and for more than one container: that is one finding, and a
 * line again each time. true: nothing is left to be added. */
static bool merge_finding(struct iof_finding *known, const struct step *step)
{
	if (step->effect > known->effect)
		known->effect = step->effect;
	if (!known->step->message && step->message)
		known->step = step;
	else if (step->message)
		return false;
	return true;
}

static void note_step(struct walk *w, const struct step *step, enum answer answer)
{
	struct iof_finding *known = same_mapping(w->report, step->rule, w->scene.mapping), *finding;
	/* QEMU's steps of that stage look at sizes, Cloud Hypervisor's at places. */
	bool is_placed = w->scene.mapping ||
			 (step->stage == STAGE_REGIONS && is_cloud_hypervisor(w->scene.m));

	if (known && merge_finding(known, step)) {
		apply_effect(w, step, answer == YES);
		return;
	}
	finding = add_finding(w->report, step->rule);
	if (finding && w->scene.mapping) {
		finding->mapping = *w->scene.mapping;
		finding->is_repeat = known != NULL;
	}
	if (finding && is_placed)
		finding->is_assumed = w->scene.m->guest.firmware.is_assumed;
	if (finding) {
		finding->step = step;
		finding->device =
			w->scene.mapping ? w->scene.mapping->function->device : w->scene.device;
		finding->phase = w->phase;
		finding->effect = step->effect;
		finding->is_doubtful = answer == MAYBE;
		memcpy(finding->operand, w->operand, sizeof(w->operand));
	}
	apply_effect(w, step, answer == YES);
}

/* Who cannot say knows not all of the operands: what other rules left in them must not stand for
 * those. */
static enum answer ask_again(struct walk *w, const struct step *step)
{
	for (size_t i = 1; i < ARRAY_SIZE(w->operand); i++)
		w->operand[i] = text_operand(NULL);
	w->operand[0] = w->address;
	return step->fires(&w->scene, w->operand);
}

/* All steps of a stage that this version has. Ends at the first that stops QEMU. */
void walk_stage(struct walk *w, enum stage stage)
{
	const struct step *const *step = w->report->steps + w->report->first_step[stage];
	const struct step *const *end = w->report->steps + w->report->first_step[stage + 1];
	unsigned when = w->progress.is_hot ? HOT : COLD;

	for (; step < end && !w->is_stopped; step++) {
		enum answer answer;

		if (!((*step)->when & when))
			continue;
		w->operand[0] = w->address;
		answer = (*step)->fires(&w->scene, w->operand);
		if (answer == MAYBE)
			answer = ask_again(w, *step);
		if (answer != NO)
			note_step(w, *step, answer);
	}
}

bool walk_is_stopped(const struct walk *w)
{
	return w->is_stopped;
}

struct scene *walk_scene(struct walk *w)
{
	return &w->scene;
}

static bool has_step(const struct step *step, const struct rule_family *family, enum stage stage,
		     const struct iof_machine *m)
{
	return step->stage == stage && family->vmm == m->vmm_kind && m->version >= step->since &&
	       m->version < step->until &&
	       (family->viommu == DRIVER_OTHER || m->models & 1u << family->viommu) &&
	       (!(step->when & OF_BACKEND) ||
		(step->when & OF_LEGACY && m->backends & 1u << BACKEND_LEGACY) ||
		(step->when & OF_IOMMUFD && m->backends & 1u << BACKEND_IOMMUFD));
}

/* Sort out once which steps there are: a check is then a walk along a short list. */
static int choose_steps(struct iof_report *report, const struct iof_machine *m)
{
	size_t n = 0, all = 0;

	if (report->steps && report->steps_vmm == m->vmm_kind &&
	    report->steps_version == m->version && report->steps_models == m->models &&
	    report->steps_backends == m->backends)
		return 0;
	for (size_t f = 0; f < n_rule_families; f++)
		all += rule_families[f]->n_steps;
	free(report->steps);
	report->steps = calloc(all, sizeof(*report->steps));
	if (!report->steps)
		return -ENOMEM;
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
		report->first_step[stage] = n;
		for (size_t f = 0; f < n_rule_families; f++) {
			const struct rule_family *family = rule_families[f];

			for (size_t i = 0; i < family->n_steps; i++) {
				if (has_step(&family->steps[i], family, stage, m))
					report->steps[n++] = &family->steps[i];
			}
		}
	}
	report->first_step[STAGE_COUNT] = n;
	report->steps_vmm = m->vmm_kind;
	report->steps_version = m->version;
	report->steps_models = m->models;
	report->steps_backends = m->backends;
	return 0;
}

static void set_device(struct walk *w, const struct machine_device *device)
{
	w->scene.device = device;
	w->address = (struct operand){.kind = OPERAND_TEXT, .text = device->host_bdf};
}

static void walk_device(struct walk *w, const struct machine_device *device)
{
	bool translates = is_viommu(device);

	set_device(w, device);
	if (device->problem.kind == PROBLEM_NONE || device->problem.kind >= PROBLEM_DUPLICATE_ID)
		walk_stage(w, STAGE_ALLOW);
	if (w->is_stopped)
		return;
	/* The machine has its say before the device is realized. */
	if (is_viommu(device) && device->problem.kind >= PROBLEM_PCI_SLOT)
		walk_stage(w, STAGE_PRE_PLUG);
	if (w->is_stopped)
		return;
	if (device->problem.kind) {
		note_problem(w, &device->problem, device);
		return;
	}
	if (is_memory_device(device) && (w->scene.m->n_assigned || w->scene.m->kvm))
		walk_stage(w, STAGE_ADD_RAM);
	/* An accelerated SMMU has a say about every device behind it. */
	if (!translates && device->kind != DRIVER_VFIO_PCI) {
		if (device->viommu && device->viommu->kind == DRIVER_SMMUV3)
			walk_stage(w, STAGE_REALIZE);
		return;
	}
	for (enum stage stage = STAGE_PRE_PLUG; stage <= STAGE_SET_IOMMU && !w->is_stopped;
	     stage++) {
		if (stage >= STAGE_OPEN && translates)
			break;
		if (stage != STAGE_ADD_RAM)
			walk_stage(w, stage);
	}
	if (translates)
		w->progress.n_viommus++;
	w->scene.device = NULL;
}

static uint64_t granule_mask(const struct machine_device *viommu, const struct iof_host *host)
{
	static const unsigned shift[] = {12, 13, 14, 16};
	int64_t granule = device_value(viommu, PROPERTY_GRANULE);
	uint64_t page = host->page_size ? host->page_size : 4096;

	return granule < GRANULE_HOST ? ~UINT64_C(0) << shift[granule] : ~(page - 1);
}

static void note_warnings(struct walk *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct problem *warning = &w->scene.m->warnings[i];
		struct iof_finding *finding = add_finding(w->report, config_rule(warning->kind));

		if (!finding)
			return;
		finding->problem = warning;
		finding->phase = w->phase;
		finding->effect = EFFECT_WARNS;
		memcpy(finding->operand, warning->message.operand, sizeof(finding->operand));
	}
}

static void walk_start(struct walk *w)
{
	const struct iof_machine *m = w->scene.m;

	w->phase = IOF_PHASE_START;
	note_warnings(w, 0, m->n_early_warnings);
	if (m->n_problems) {
		note_problem(w, &m->problems[0], NULL);
		return;
	}
	if (m->viommu && m->viommu->kind == DRIVER_VIRTIO_IOMMU)
		w->progress.page_mask = granule_mask(m->viommu, w->scene.host);
	walk_stage(w, STAGE_CONFIG);
	for (size_t i = 0; i < m->n_cold && !w->is_stopped; i++)
		walk_device(w, &m->devices[i]);
	w->scene.device = NULL;
	/* system/vl.c qemu_machine_creation_done */
	if (!w->is_stopped)
		note_warnings(w, m->n_early_warnings, m->n_warnings);
	if (!w->is_stopped)
		walk_stage(w, STAGE_DONE);
	w->progress.is_frozen = true;
}

static enum iof_outcome outcome_of(const struct walk *w, enum iof_outcome good,
				   enum iof_outcome bad)
{
	if (w->is_stopped)
		return bad;
	return w->is_doubtful ? IOF_OUTCOME_UNKNOWN : good;
}

/* The worst of what becomes of the devices that are plugged, one after another. */
static void walk_plug(struct walk *w)
{
	const struct iof_machine *m = w->scene.m;
	struct iof_report *report = w->report;

	w->phase = IOF_PHASE_PLUG;
	report->plug = m->n_cold == m->n_devices ? IOF_OUTCOME_NONE : IOF_OUTCOME_ACCEPTED;
	if (report->plug != IOF_OUTCOME_NONE && report->start != IOF_OUTCOME_STARTS) {
		report->plug = report->start == IOF_OUTCOME_FAILS ? IOF_OUTCOME_NOT_REACHED
								  : IOF_OUTCOME_UNKNOWN;
		return;
	}
	w->progress.is_hot = true;
	for (size_t i = m->n_cold; i < m->n_devices && report->plug != IOF_OUTCOME_KILLS_VM; i++) {
		enum iof_outcome outcome;

		w->is_stopped = w->is_killed = w->is_doubtful = false;
		walk_device(w, &m->devices[i]);
		outcome = w->is_killed ? IOF_OUTCOME_KILLS_VM
				       : outcome_of(w, IOF_OUTCOME_ACCEPTED, IOF_OUTCOME_REFUSED);
		if (outcome == IOF_OUTCOME_KILLS_VM || report->plug == IOF_OUTCOME_ACCEPTED ||
		    (outcome == IOF_OUTCOME_REFUSED && report->plug == IOF_OUTCOME_UNKNOWN))
			report->plug = outcome;
	}
	w->progress.is_hot = false;
}

/* Of each assigned device that is there: those of the start, and those whose plug was accepted. */
static void walk_run(struct walk *w)
{
	const struct iof_machine *m = w->scene.m;
	struct iof_report *report = w->report;
	size_t n = report->plug == IOF_OUTCOME_ACCEPTED ? m->n_devices : m->n_cold;

	w->phase = IOF_PHASE_RUN;
	report->run = IOF_OUTCOME_WORKS;
	if (report->start != IOF_OUTCOME_STARTS || report->plug == IOF_OUTCOME_KILLS_VM) {
		report->run = IOF_OUTCOME_UNKNOWN;
		return;
	}
	w->is_doubtful = false;
	walk_placing(w);
	for (size_t i = 0; i < n; i++) {
		w->is_stopped = false;
		set_device(w, &m->devices[i]);
		if (m->devices[i].kind == DRIVER_VFIO_PCI)
			walk_stage(w, STAGE_RUN);
	}
	w->scene.device = NULL;
	w->is_stopped = false;
	if (w->is_doubtful && report->run == IOF_OUTCOME_WORKS)
		report->run = IOF_OUTCOME_UNKNOWN;
}

static void walk_migrate(struct walk *w)
{
	struct iof_report *report = w->report;

	w->phase = IOF_PHASE_MIGRATE;
	report->migrate = w->scene.m->n_assigned ? IOF_OUTCOME_UNKNOWN : IOF_OUTCOME_POSSIBLE;
	report->migrate_why = w->scene.m->n_assigned
				      ? "Whether the host's driver of an assigned device can "
					"migrate it is not to be seen here."
				      : "No device is assigned.";
	if (report->start == IOF_OUTCOME_STARTS)
		walk_stage(w, STAGE_MIGRATE);
}

static void walk_world(struct iof_report *report, const struct iof_host *host,
		       const struct iof_machine *m, size_t world)
{
	struct walk w = {.report = report, .scene = {.host = host, .m = m, .world = world}};

	w.scene.progress = &w.progress;
	walk_start(&w);
	report->start = outcome_of(&w, IOF_OUTCOME_STARTS, IOF_OUTCOME_FAILS);
	walk_plug(&w);
	walk_run(&w);
	walk_migrate(&w);
}

static enum iof_verdict verdict_of(enum iof_outcome outcome)
{
	switch (outcome) {
	case IOF_OUTCOME_FAILS:
	case IOF_OUTCOME_REFUSED:
	case IOF_OUTCOME_KILLS_VM:
	case IOF_OUTCOME_BROKEN:
	case IOF_OUTCOME_BLOCKED:
		return IOF_VERDICT_FAILS;
	case IOF_OUTCOME_DEGRADED:
		return IOF_VERDICT_DEGRADED;
	case IOF_OUTCOME_UNKNOWN:
		return IOF_VERDICT_UNKNOWN;
	default:
		return IOF_VERDICT_FITS;
	}
}

static void set_verdict(struct iof_report *report)
{
	report->verdict = verdict_worse(verdict_of(report->start), verdict_of(report->plug));
	report->verdict = verdict_worse(report->verdict, verdict_of(report->run));
	if (report->options.migrate)
		report->verdict = verdict_worse(report->verdict, verdict_of(report->migrate));
}

static bool same_answer(const struct iof_report *a, const struct iof_report *b)
{
	return a->start == b->start && a->plug == b->plug && a->run == b->run &&
	       a->migrate == b->migrate;
}

/* What would be found if the missing fact were otherwise: it may be so. */
static void adopt_findings(struct iof_report *report, const struct iof_report *other)
{
	for (size_t i = 0; i < other->n_findings; i++) {
		struct iof_finding *finding;
		bool is_known = false;

		for (size_t k = 0; k < report->n_findings && !is_known; k++)
			is_known = report->findings[k].rule == other->findings[i].rule &&
				   report->findings[k].device == other->findings[i].device;
		finding = is_known ? NULL : add_finding(report, other->findings[i].rule);
		if (!finding)
			continue;
		*finding = other->findings[i];
		finding->is_doubtful = true;
	}
}

/* A phase that ends otherwise in another world: what was found there may or may not come. */
static void doubt(struct iof_report *report, enum iof_phase phase, enum iof_outcome *outcome,
		  enum iof_outcome other)
{
	if (*outcome == other)
		return;
	*outcome = IOF_OUTCOME_UNKNOWN;
	for (size_t i = 0; i < report->n_findings; i++) {
		if (report->findings[i].phase == phase &&
		    report->findings[i].effect >= EFFECT_STOPS)
			report->findings[i].is_doubtful = true;
	}
}

/* Walk the other worlds: where an outcome differs there, it is not known. */
static void compare_worlds(struct iof_report *report)
{
	for (size_t world = 1; world < report->host->n_worlds; world++) {
		struct iof_report other = *report;

		other.findings = NULL;
		other.n_findings = other.cap_findings = 0;
		walk_world(&other, report->host, report->machine, world);
		if (other.err)
			report->err = other.err;
		if (same_answer(report, &other)) {
			free(other.findings);
			continue;
		}
		if (!report->is_doubtful)
			adopt_findings(report, &other);
		free(other.findings);
		report->is_doubtful = true;
		doubt(report, IOF_PHASE_START, &report->start, other.start);
		doubt(report, IOF_PHASE_PLUG, &report->plug, other.plug);
		doubt(report, IOF_PHASE_RUN, &report->run, other.run);
		doubt(report, IOF_PHASE_MIGRATE, &report->migrate, other.migrate);
	}
}

/* The first device about which a rule could not say yes or no, although the host has it; NULL:
 * there is none. */
static const struct machine_device *doubted_device(const struct iof_report *report)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		const struct iof_finding *finding = &report->findings[i];

		if (finding->is_doubtful && finding->device && finding->device->host &&
		    finding->effect >= EFFECT_STOPS)
			return finding->device;
	}
	return NULL;
}

/* Which fact decides, and how to get it: the one that tells the host's worlds apart, or what the
 * kernel would answer about a device. */
static void note_missing(struct iof_report *report)
{
	const struct machine_device *device = doubted_device(report);
	struct iof_finding *finding;

	if (!report->is_doubtful && !device)
		return;
	report->is_doubtful = true;
	finding = add_finding(report, rule_find("host.fact-missing"));
	if (!finding)
		return;
	finding->phase = IOF_PHASE_START;
	finding->operand[0] = text_operand(report->host->missing_fact);
	finding->operand[1] = text_operand(report->host->missing_how);
	if (report->host->missing_fact || !device)
		return;
	finding->operand[0] = text_operand("what the kernel answers about a device's IOMMU");
	finding->operand[1] = text_operand(
		arena_printf(report->arena, "iommufit probe %s, as root", device->host_bdf));
}

IOF_EXPORT int iof_check(const struct iof_host *host, const struct iof_machine *m,
			 const struct iof_options *options, struct iof_report *report)
{
	arena_reset(report->arena);
	report->host = host ? host : m->host;
	report->machine = m;
	report->options = (struct iof_options){.migrate = options && options->migrate};
	report->n_findings = 0;
	report->is_rendered = false;
	report->is_doubtful = false;
	report->migrate_why = NULL;
	report->err = choose_steps(report, m);
	if (report->err)
		return report->err;
	walk_world(report, report->host, m, 0);
	if (report->host->n_worlds > 1)
		compare_worlds(report);
	note_missing(report);
	set_verdict(report);
	return report->err;
}
