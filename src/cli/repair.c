/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * repair.c - in rounds: of the fixes of this round's findings take the first that makes things
 * better, and check again. Only fixes that the config alone can hold are taken; the others are
 * told.
 */
#include "fix.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROUNDS 12
#define MAX_CANDIDATES 64

struct score {
	int rank;
	size_t errors;
};

/* A fix of a finding of this round. */
struct candidate {
	struct config config; /* with it; empty if it is not of the config */
	struct words plug;    /* what is plugged then */
	struct words edits;   /* in words, an edit each */
	struct words names;   /* what --prefer may call it */
	bool is_outside;      /* a change of the host, the firmware or the VMM */
	size_t finding;	      /* which of the report */
	struct score score;   /* of the config with it, once it was tried */
};

struct candidates {
	struct candidate items[MAX_CANDIDATES];
	size_t n;
};

static void candidates_free(struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++) {
		config_free(&c->items[i].config);
		words_free(&c->items[i].plug);
		words_free(&c->items[i].edits);
		words_free(&c->items[i].names);
	}
	c->n = 0;
}

static int describe_step(struct words *to, const struct iof_edit_step *s, const char *rule)
{
	static const char *const verbs[] = {
		[IOF_OP_SET] = "set",	    [IOF_OP_UNSET] = "unset", [IOF_OP_ADD] = "add",
		[IOF_OP_REMOVE] = "remove", [IOF_OP_MOVE] = "move",
	};
	const char *verb = s->op <= IOF_OP_MOVE && verbs[s->op] ? verbs[s->op] : "change";
	struct bytes line = {0};
	int err;

	if (s->where != IOF_WHERE_VM && s->command)
		bytes_printf(&line, "%s", s->command);
	else
		bytes_printf(&line, "%s %s%s%s", verb, s->target ? s->target : "",
			     !s->to		    ? ""
			     : s->op == IOF_OP_MOVE ? " before "
			     : s->op == IOF_OP_ADD  ? " "
						    : " to ",
			     s->to ? s->to : "");
	bytes_printf(&line, " (%s)", s->why ? s->why : rule);
	err = line.err ? line.err : words_add(to, line.data);
	free(line.data);
	return err;
}

/* Whether the config, and the device that is plugged, can hold all of it. */
static bool is_of_config(const struct iof_fix *fix)
{
	struct iof_edit_step step;
	size_t n = 0;

	for (; iof_fix_step(fix, n, &step) == 0; n++)
		if (step.where != IOF_WHERE_VM && step.where != IOF_WHERE_PLUG)
			return false;
	return n > 0;
}

static int describe(struct words *to, const struct iof_fix *fix, const char *rule)
{
	struct iof_edit_step step;
	int err = 0;

	for (size_t i = 0; !err && iof_fix_step(fix, i, &step) == 0; i++)
		err = describe_step(to, &step, rule);
	return err;
}

static int add_name(struct words *names, const char *text, size_t length)
{
	char *name = length ? strndup(text, length) : NULL;
	int err = 0;

	if (length && !name)
		return -ENOMEM;
	if (name && !words_have(names, name))
		err = words_add(names, name);
	free(name);
	return err;
}

/* What a step is called by: the property with and without its device, the device, what is added,
 * and where it is done if that is not the config. */
static int name_step(struct words *names, const struct iof_edit_step *s)
{
	static const char *const places[] = {[IOF_WHERE_HOST] = "host",
					     [IOF_WHERE_FIRMWARE] = "firmware",
					     [IOF_WHERE_VMM] = "vmm",
					     [IOF_WHERE_PLUG] = "plug"};
	const char *target = s->target ? s->target : "";
	const char *dot = strrchr(target, '.');
	int err = 0;

	if (s->where != IOF_WHERE_VM && s->where <= IOF_WHERE_PLUG && places[s->where])
		err = add_name(names, places[s->where], strlen(places[s->where]));
	if (!err && dot)
		err = add_name(names, dot + 1, strlen(dot + 1));
	if (!err && dot)
		err = add_name(names, target, (size_t)(dot - target));
	if (!err)
		err = add_name(names, target, strlen(target));
	if (!err && s->op == IOF_OP_ADD && s->to)
		err = add_name(names, s->to, strcspn(s->to, ","));
	if (!err && s->op == IOF_OP_MOVE)
		err = add_name(names, "move", 4);
	return err;
}

static int name_fix(struct words *names, const struct iof_fix *fix)
{
	struct iof_edit_step step;
	int err = 0;

	for (size_t i = 0; !err && iof_fix_step(fix, i, &step) == 0; i++)
		err = name_step(names, &step);
	return err;
}

/* The devices to be plugged, as the fix has them: "plug.0" is the first. */
static int change_plug(struct words *to, const struct words *from, const struct iof_fix *fix)
{
	struct iof_edit_step step, found;
	char target[32];
	int err = 0;

	for (size_t i = 0; !err && i < from->n; i++) {
		found.where = IOF_WHERE_UNKNOWN;
		snprintf(target, sizeof(target), "plug.%zu", i);
		for (size_t k = 0; iof_fix_step(fix, k, &step) == 0; k++)
			if (step.where == IOF_WHERE_PLUG && strcmp(step.target, target) == 0)
				found = step;
		if (found.where == IOF_WHERE_UNKNOWN)
			err = words_add(to, from->items[i]);
		else if (found.op == IOF_OP_SET)
			err = words_add(to, found.to);
	}
	return err;
}

static int add_candidate(struct tool *t, const struct job *job, const struct repair *r,
			 const struct iof_fix *fix, const char *rule, size_t finding,
			 struct candidates *out)
{
	struct candidate *c = &out->items[out->n];
	struct iof_edit *edit = NULL;
	bool is_outside = !is_of_config(fix);
	int err = is_outside ? 0 : iof_fix_apply(t->ctx, job->vm, &fix, 1, &edit);

	if (err)
		return err;
	*c = (struct candidate){.is_outside = is_outside, .finding = finding};
	out->n++;
	if (edit)
		err = config_of_edit(&c->config, &r->config, edit);
	iof_edit_unref(edit);
	if (!err)
		err = change_plug(&c->plug, &r->plug, fix);
	if (!err)
		err = describe(&c->edits, fix, rule);
	return err ? err : name_fix(&c->names, fix);
}

/* The fixes of the report; while it fails, only those of errors. */
static int collect(struct tool *t, const struct job *job, const struct repair *r,
		   struct candidates *out)
{
	bool fails = iof_report_verdict(job->report) == IOF_VERDICT_FAILS;
	const struct iof_finding *finding;
	const struct iof_fix *fix;
	size_t n = 0;
	int err = 0;

	iof_report_finding_foreach(job->report, finding)
	{
		const char *rule = iof_finding_rule(finding);

		n++;
		if (fails && iof_finding_severity(finding) != IOF_SEVERITY_ERROR)
			continue;
		for (fix = iof_finding_fix_next(job->report, finding, NULL); fix && !err;
		     fix = iof_finding_fix_next(job->report, finding, fix)) {
			if (out->n < MAX_CANDIDATES)
				err = add_candidate(t, job, r, fix, rule, n, out);
		}
	}
	return err ? err : iof_report_error(job->report);
}

static int check_config(struct tool *t, struct job *job, const struct config *config,
			const struct words *plug)
{
	struct iof_vm *vm = NULL;
	int err = job_parse(t, job, config, &vm);

	job->vmm.plug = (const char *const *)plug->items;
	job->vmm.n_plug = plug->n;
	return err ? err : job_check(t, job, vm);
}

static int rank(enum iof_verdict verdict)
{
	static const int ranks[] = {
		[IOF_VERDICT_FITS] = 0,
		[IOF_VERDICT_DEGRADED] = 1,
		[IOF_VERDICT_UNKNOWN] = 2,
		[IOF_VERDICT_FAILS] = 3,
	};

	return (size_t)verdict < sizeof(ranks) / sizeof(ranks[0]) ? ranks[verdict] : 2;
}

/* How many errors are left: the measure of progress while it still fails. */
static size_t count_errors(const struct iof_report *report)
{
	const struct iof_finding *finding;
	size_t n = 0;

	iof_report_finding_foreach(report, finding) n +=
		iof_finding_severity(finding) == IOF_SEVERITY_ERROR;
	return n;
}

static bool better(struct score a, struct score b)
{
	return a.rank != b.rank ? a.rank < b.rank : a.errors < b.errors;
}

static struct score score_of(const struct job *job)
{
	return (struct score){rank(iof_report_verdict(job->report)), count_errors(job->report)};
}

/* Check the config with each of them. */
static int try_all(struct tool *t, struct job *job, struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++) {
		int err = c->items[i].is_outside
				  ? -ENOTSUP
				  : check_config(t, job, &c->items[i].config, &c->items[i].plug);

		if (err == -ENOMEM)
			return err;
		c->items[i].score = err ? (struct score){INT_MAX, SIZE_MAX} : score_of(job);
	}
	return 0;
}

/* Index of the first best candidate that beats `now`, c->n if none does. */
static size_t choose(const struct candidates *c, struct score now, const char *prefer)
{
	size_t chosen = c->n;
	struct score best = now;

	for (size_t i = 0; i < c->n; i++) {
		if (prefer && !words_have(&c->items[i].names, prefer))
			continue;
		if (better(c->items[i].score, best)) {
			best = c->items[i].score;
			chosen = i;
		}
	}
	return chosen;
}

static bool are_same_words(const struct words *a, const struct words *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool is_same_config(const struct config *a, const struct config *b)
{
	if (a->text || b->text)
		return a->text && b->text && a->length == b->length &&
		       memcmp(a->text, b->text, a->length) == 0;
	return are_same_words(&a->words, &b->words);
}

static bool is_same_result(const struct candidate *a, const struct candidate *b)
{
	return is_same_config(&a->config, &b->config) && are_same_words(&a->plug, &b->plug);
}

static int add_joined(struct words *to, const struct words *edits, const char *before)
{
	struct bytes line = {0};
	int err;

	bytes_printf(&line, "%s", before);
	for (size_t i = 0; i < edits->n; i++)
		bytes_printf(&line, "%s%s", i ? ", and " : "", edits->items[i]);
	err = line.err ? line.err : words_have(to, line.data) ? 0 : words_add(to, line.data);
	free(line.data);
	return err;
}

/* What would have done as well: of the same finding, or with the same result. */
static int name_others(struct repair *r, const struct candidates *c, size_t chosen)
{
	const struct candidate *best = &c->items[chosen];
	int err = 0;

	for (size_t i = 0; !err && i < c->n; i++) {
		const struct candidate *o = &c->items[i];

		if (i == chosen || (o->is_outside && o->finding != best->finding) ||
		    (!o->is_outside && (better(best->score, o->score) || is_same_result(o, best))))
			continue;
		err = add_joined(&r->others, &o->edits, o->is_outside ? "not in the config: " : "");
	}
	return err;
}

static int list_outside(struct repair *r, const struct candidates *c, const char *prefer)
{
	int err = 0;

	words_free(&r->outside);
	for (size_t i = 0; !err && i < c->n; i++)
		if (c->items[i].is_outside && (!prefer || words_have(&c->items[i].names, prefer)))
			err = add_joined(&r->outside, &c->items[i].edits, "");
	return err;
}

static int take(struct repair *r, struct candidate *c)
{
	int err = words_copy(&r->edits, &c->edits);

	r->is_changed = r->is_changed || !is_same_config(&r->config, &c->config);
	config_free(&r->config);
	r->config = c->config;
	c->config = (struct config){.text = NULL};
	words_free(&r->plug);
	r->plug = c->plug;
	c->plug = (struct words){NULL, 0};
	return err;
}

/* Whether --prefer means one of these; *outside: it means only such as are not of the config. */
static bool is_preferred(const struct candidates *c, const char *prefer, bool *outside)
{
	bool known = false, inside = false;

	for (size_t i = 0; prefer && i < c->n; i++) {
		if (!words_have(&c->items[i].names, prefer))
			continue;
		known = true;
		inside = inside || !c->items[i].is_outside;
	}
	*outside = known && !inside;
	return known;
}

static int collect_names(struct repair *r, const struct candidates *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < c->n; i++)
		for (size_t k = 0; !err && k < c->items[i].names.n; k++)
			err = add_name(&r->names, c->items[i].names.items[k],
				       strlen(c->items[i].names.items[k]));
	return err;
}

static int run_round(struct tool *t, struct job *job, struct repair *r, struct candidates *c,
		     bool *goes_on)
{
	const char *prefer = t->args.prefer;
	struct score now = score_of(job);
	bool only_outside = false, known;
	size_t chosen = c->n;
	int err = collect(t, job, r, c);

	if (!err)
		err = collect_names(r, c);
	known = is_preferred(c, prefer, &only_outside);
	r->is_preferred = r->is_preferred || known;
	if (!err)
		err = list_outside(r, c, known ? prefer : NULL);
	if (!err && !only_outside)
		err = try_all(t, job, c);
	if (err)
		return err;
	chosen = only_outside ? c->n : choose(c, now, known ? prefer : NULL);
	if (chosen == c->n && known && !only_outside)
		chosen = choose(c, now, NULL);
	*goes_on = chosen < c->n;
	if (*goes_on)
		err = name_others(r, c, chosen);
	if (!err && *goes_on)
		err = take(r, &c->items[chosen]);
	return err ? err : check_config(t, job, &r->config, &r->plug);
}

/* What the reader has to do about a fault that no edit cures, whether of the config or not. */
static int add_advice(struct job *job, struct repair *r, const struct iof_finding *finding)
{
	const char *advice = iof_finding_severity(finding) == IOF_SEVERITY_ERROR
				     ? iof_finding_advice(job->report, finding)
				     : NULL;
	struct bytes line = {0};
	int err;

	if (!advice)
		return 0;
	bytes_printf(&line, "%s (%s)", advice, iof_finding_rule(finding));
	err = line.err				  ? line.err
	      : words_have(&r->advice, line.data) ? 0
						  : words_add(&r->advice, line.data);
	free(line.data);
	return err;
}

/* It may be what a VMM prints, in several lines. */
static void add_reason(struct bytes *line, const char *because)
{
	size_t n;

	for (; because && *because; because += n + (because[n] == '\n')) {
		n = strcspn(because, "\n");
		bytes_printf(line, " %.*s", (int)n, because);
	}
}

/* A manager's refusal says itself why. */
static const char *reason_of(struct iof_report *report, const struct iof_finding *finding)
{
	const char *because = iof_finding_because(report, finding);

	return because && *because ? because : iof_finding_vmm_message(report, finding);
}

/* What the last check still finds wrong. */
static int list_left(struct job *job, struct repair *r)
{
	const struct iof_finding *finding;
	int err = 0;

	iof_report_finding_foreach(job->report, finding)
	{
		enum iof_severity severity = iof_finding_severity(finding);
		const char *message = iof_finding_message(job->report, finding);
		struct bytes line = {0};

		if (severity != IOF_SEVERITY_ERROR && severity != IOF_SEVERITY_WARNING)
			continue;
		bytes_printf(&line, "%s", message ? message : "");
		if (severity == IOF_SEVERITY_ERROR)
			add_reason(&line, reason_of(job->report, finding));
		bytes_printf(&line, " (%s)", iof_finding_rule(finding));
		err = line.err ? line.err : words_add(&r->left, line.data);
		free(line.data);
		if (!err)
			err = add_advice(job, r, finding);
		if (err)
			break;
	}
	return err ? err : iof_report_error(job->report);
}

static int unknown_preference(struct tool *t, const struct repair *r)
{
	struct bytes list = {0};
	int err;

	for (size_t i = 0; i < r->names.n; i++)
		bytes_printf(&list, " %s", r->names.items[i]);
	err = tool_error(t, -EINVAL, "--prefer: no fix here is called '%.200s'; there is:%s",
			 t->args.prefer, list.data ? list.data : " none");
	free(list.data);
	return err;
}

static int run_rounds(struct tool *t, struct job *job, struct repair *r, struct candidates *c)
{
	bool goes_on = true;
	int err = 0;

	for (int round = 0; !err && goes_on && round < MAX_ROUNDS; round++) {
		if (iof_report_verdict(job->report) == IOF_VERDICT_FITS)
			break;
		err = run_round(t, job, r, c, &goes_on);
		candidates_free(c);
	}
	candidates_free(c);
	return err;
}

int repair_run(struct tool *t, struct job *job, struct repair *r)
{
	struct candidates *c = calloc(1, sizeof(*c));
	int err = c ? config_copy(&r->config, &job->config) : -ENOMEM;

	for (size_t i = 0; !err && i < t->args.plug.n; i++)
		err = words_add(&r->plug, t->args.plug.items[i]);
	if (!err)
		err = job_check(t, job, job->vm);
	if (!err)
		r->before = iof_report_verdict(job->report);
	if (!err)
		err = run_rounds(t, job, r, c);
	if (!err)
		r->after = iof_report_verdict(job->report);
	/* What was told as an alternative is of no interest once it passes. */
	if (r->after == IOF_VERDICT_FITS)
		words_free(&r->outside);
	else if (!err)
		err = list_left(job, r);
	if (!err && t->args.prefer && !r->is_preferred && r->before != IOF_VERDICT_FITS)
		err = unknown_preference(t, r);
	free(c);
	return err;
}

void repair_free(struct repair *r)
{
	config_free(&r->config);
	words_free(&r->edits);
	words_free(&r->others);
	words_free(&r->left);
	words_free(&r->names);
	words_free(&r->outside);
	words_free(&r->plug);
	words_free(&r->advice);
}
