/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_resolve.c - iommufit resolve: every default and "auto" spelled out, and who decided it. */
#include "job.h"

#include <errno.h>
#include <stdlib.h>

/* The config with the resolved values written down; nothing but it goes to standard output. */
static int write_pinned(struct tool *t, struct job *job)
{
	struct bytes before = {0}, after = {0};
	struct config pinned = {.text = NULL};
	struct iof_edit *edit = NULL;
	int err = iof_machine_pin(t->ctx, job->machine, &edit);

	if (!err)
		err = config_of_edit(&pinned, &job->config, edit);
	if (!err)
		err = config_text(&job->config, &before);
	if (!err)
		err = config_text(&pinned, &after);
	if (!err && t->args.diff)
		err = iof_text_diff(t->ctx, job->config.name, before.data, before.length,
				    job->config.name, after.data, after.length, &t->out);
	else if (!err && t->args.output)
		err = file_write(t, t->args.output, after.data, after.length);
	else if (!err)
		err = bytes_append(&t->answer, after.data, after.length);
	iof_edit_unref(edit);
	config_free(&pinned);
	free(before.data);
	free(after.data);
	return err;
}

int cmd_resolve(struct tool *t)
{
	const struct arguments *a = &t->args;
	struct job job = {.host = NULL};
	int err = job_open(t, &job);
	int status;

	if (!err && !a->pin && (a->diff || a->output))
		err = tool_error(t, -EINVAL, "resolve: --diff and --output are for --pin");
	if (!err && a->pin && a->json)
		err = tool_error(t, -EINVAL, "resolve: --pin writes the config; leave out --json");
	if (!err)
		err = job_check(t, &job, job.vm);
	if (!err && a->pin)
		err = write_pinned(t, &job);
	else if (!err)
		err = iof_machine_write(t->ctx, job.machine, &t->out);
	status = err ? tool_fail(t, err) : tool_finish(t, EXIT_FITS);
	job_close(&job);
	return status;
}
