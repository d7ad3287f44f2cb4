/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * repair.c - in rounds: of the fixes of this round's findings take the first that makes things
 * better, and check again. Only fixes that the config alone can hold are taken; the others are
 * told.
 */
#include "fix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROUNDS 12
#define MAX_CANDIDATES 64

struct candidate {
	struct config config;
	struct words edits;
};

struct candidates {
	struct candidate items[MAX_CANDIDATES];
	size_t n;
};

static void candidates_free(struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++) {
		config_free(&c->items[i].config);
		words_free(&c->items[i].edits);
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

/* Whether the config can hold all of it. */
static bool is_of_config(const struct iof_fix *fix)
{
	struct iof_edit_step step;
	size_t n = 0;

	for (; iof_fix_step(fix, n, &step) == 0; n++)
		if (step.where != IOF_WHERE_VM)
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

static int add_candidate(struct tool *t, const struct job *job, const struct config *from,
			 const struct iof_fix *fix, const char *rule, struct candidates *out)
{
	struct candidate *c = &out->items[out->n];
	struct iof_edit *edit = NULL;
	int err = iof_fix_apply(t->ctx, job->vm, &fix, 1, &edit);

	if (err)
		return err;
	*c = (struct candidate){.config = {.text = NULL}};
	out->n++;
	err = config_of_edit(&c->config, from, edit);
	iof_edit_unref(edit);
	return err ? err : describe(&c->edits, fix, rule);
}

/* The fixes of the report; while it fails, only those of errors. */
static int collect(struct tool *t, const struct job *job, const struct config *from,
		   struct candidates *out, struct words *outside)
{
	bool fails = iof_report_verdict(job->report) == IOF_VERDICT_FAILS;
	const struct iof_finding *finding;
	const struct iof_fix *fix;
	int err = 0;

	words_free(outside);
	iof_report_finding_foreach(job->report, finding)
	{
		const char *rule = iof_finding_rule(finding);

		if (fails && iof_finding_severity(finding) != IOF_SEVERITY_ERROR)
			continue;
		for (fix = iof_finding_fix_next(job->report, finding, NULL); fix && !err;
		     fix = iof_finding_fix_next(job->report, finding, fix)) {
			if (!is_of_config(fix))
				err = describe(outside, fix, rule);
			else if (out->n < MAX_CANDIDATES)
				err = add_candidate(t, job, from, fix, rule, out);
		}
	}
	return err ? err : iof_report_error(job->report);
}

static int check_config(struct tool *t, struct job *job, const struct config *config)
{
	struct iof_vm *vm = NULL;
	int err = job_parse(t, job, config, &vm);

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

struct score {
	int rank;
	size_t errors;
};

static bool better(struct score a, struct score b)
{
	return a.rank != b.rank ? a.rank < b.rank : a.errors < b.errors;
}

static struct score score_of(const struct job *job)
{
	return (struct score){rank(iof_report_verdict(job->report)), count_errors(job->report)};
}

/* Index of the first best candidate that beats `now`, out->n if none does. */
static int choose(struct tool *t, struct job *job, const struct candidates *c, struct score now,
		  size_t *chosen)
{
	struct score best = now;

	*chosen = c->n;
	for (size_t i = 0; i < c->n && best.rank > 0; i++) {
		struct score score;
		int err = check_config(t, job, &c->items[i].config);

		if (err == -ENOMEM)
			return err;
		if (err)
			continue;
		score = score_of(job);
		if (better(score, best)) {
			best = score;
			*chosen = i;
		}
	}
	return 0;
}

static int take(struct repair *r, struct candidate *c)
{
	int err = words_copy(&r->edits, &c->edits);

	config_free(&r->config);
	r->config = c->config;
	c->config = (struct config){.text = NULL};
	return err;
}

static int run_round(struct tool *t, struct job *job, struct repair *r, struct candidates *c,
		     bool *goes_on)
{
	size_t chosen;
	int err = collect(t, job, &r->config, c, &r->outside);

	if (!err)
		err = choose(t, job, c, score_of(job), &chosen);
	if (err)
		return err;
	*goes_on = chosen < c->n;
	if (*goes_on)
		err = take(r, &c->items[chosen]);
	return err ? err : check_config(t, job, &r->config);
}

int repair_run(struct tool *t, struct job *job, struct repair *r)
{
	struct candidates *c = calloc(1, sizeof(*c));
	bool goes_on = true;
	int err = c ? config_copy(&r->config, &job->config) : -ENOMEM;

	if (!err)
		err = job_check(t, job, job->vm);
	if (!err)
		r->before = iof_report_verdict(job->report);
	for (int round = 0; !err && goes_on && round < MAX_ROUNDS; round++) {
		if (iof_report_verdict(job->report) == IOF_VERDICT_FITS)
			break;
		err = run_round(t, job, r, c, &goes_on);
		candidates_free(c);
	}
	if (!err)
		r->after = iof_report_verdict(job->report);
	/* What was told as an alternative is of no interest once it passes. */
	if (r->after == IOF_VERDICT_FITS)
		words_free(&r->outside);
	if (c)
		candidates_free(c);
	free(c);
	return err;
}

void repair_free(struct repair *r)
{
	config_free(&r->config);
	words_free(&r->edits);
	words_free(&r->outside);
}
