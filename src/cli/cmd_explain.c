/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_explain.c - iommufit explain: what the messages of a log mean, or a rule's id. */
#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_KNOWN = 0, EXIT_NOTHING = 1 };

static bool is_rule(const struct list *operands)
{
	struct iof_rule_info rule;

	for (size_t i = 0; operands->n == 1 && iof_rule(i, &rule) == 0; i++) {
		if (strcmp(rule.id, operands->items[0]) == 0)
			return true;
	}
	return false;
}

static int feed_input(struct tool *t, struct iof_explain *log)
{
	char chunk[65536];
	int err = 0;

	while (!err) {
		ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tool_error(t, -errno, "<stdin>: %s", strerror(errno));
		if (n == 0)
			break;
		err = iof_explain_feed(log, chunk, (size_t)n);
	}
	return err;
}

/* Words of a message that was not quoted belong to one line. */
static int feed_operands(struct tool *t, struct iof_explain *log)
{
	const struct list *words = &t->args.operands;
	int err = 0;

	for (size_t i = 0; !err && i < words->n; i++) {
		err = i ? iof_explain_feed(log, " ", 1) : 0;
		if (!err)
			err = iof_explain_feed(log, words->items[i], strlen(words->items[i]));
	}
	return err;
}

static int read_log(struct tool *t, struct iof_explain **log)
{
	const struct list *words = &t->args.operands;
	bool is_input = words->n == 0 || (words->n == 1 && strcmp(words->items[0], "-") == 0);
	struct iof_explain_options options = {.size = sizeof(options), .is_message = !is_input};
	int err = iof_explain_new(t->ctx, &options, log);

	if (!err)
		err = is_input ? feed_input(t, *log) : feed_operands(t, *log);
	return err ? err : iof_explain_finish(*log);
}

static bool has_vm(const struct arguments *a)
{
	return a->vm || a->pid || a->devices.n;
}

/* Options about a VM or host say nothing without a VM. */
static int check_arguments(struct tool *t)
{
	const struct arguments *a = &t->args;

	if (!has_vm(a) && (a->host || a->vmm || a->kernel || a->firmware || a->backend ||
			   a->plug.n || a->drivers.n || a->bars.n || a->memlock || a->migrate))
		return tool_error(t, -EINVAL,
				  "explain: options about a host go with a VM (--vm FILE)");
	if ((a->vm != NULL) + (a->pid != 0) + (a->devices.n > 0) > 1)
		return tool_error(t, -EINVAL, "explain: give one VM: --vm, --pid or --device");
	return 0;
}

static int open_vm(struct tool *t, struct job *job)
{
	int err = has_vm(&t->args) ? job_open(t, job) : 0;

	return !err && job->vm ? job_check(t, job, job->vm) : err;
}

int cmd_explain(struct tool *t)
{
	struct iof_explain *log = NULL;
	struct job job = {.host = NULL};
	int status = EXIT_NOTHING, err = check_arguments(t);

	if (!err && is_rule(&t->args.operands)) {
		err = iof_rules_write(t->ctx, t->args.operands.items[0], &t->out);
		return err ? tool_fail(t, err) : tool_finish(t, EXIT_KNOWN);
	}
	if (!err)
		err = read_log(t, &log);
	if (!err)
		err = open_vm(t, &job);
	if (!err && iof_explained_next(log, NULL))
		status = EXIT_KNOWN;
	if (!err && !t->args.quiet)
		err = iof_explain_write(t->ctx, log, job.report, &t->out);
	iof_explain_unref(log);
	status = err ? tool_fail(t, err) : tool_finish(t, status);
	job_close(&job);
	return status;
}
