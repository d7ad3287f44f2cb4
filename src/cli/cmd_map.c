/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_map.c - iommufit map: the guest's address map against the ranges of the host's IOMMU. */
#include "job.h"

#include <errno.h>

static int find_form(struct tool *t)
{
	const struct arguments *a = &t->args;

	if (a->json + a->svg + a->html > 1)
		return tool_error(t, -EINVAL, "map: give one of --json, --svg and --html");
	if (a->svg)
		t->out.format = IOF_FORMAT_SVG;
	if (a->html)
		t->out.format = IOF_FORMAT_HTML;
	/* Colours are for the terminal, not for a file. */
	if (a->output)
		t->out.colour = false;
	return 0;
}

static int write_map(struct tool *t, struct iof_report *report)
{
	int err = 0;

	if (!t->args.quiet || t->args.output)
		err = iof_map_write(t->ctx, report, &t->out);
	if (err || !t->args.output)
		return err;
	err = t->answer.err ? t->answer.err
			    : file_write(t, t->args.output, t->answer.data, t->answer.length);
	t->answer.length = 0;
	return err;
}

int cmd_map(struct tool *t)
{
	struct job job = {.host = NULL};
	int err = find_form(t);

	if (!err)
		err = job_open(t, &job);
	if (!err)
		err = job_check(t, &job, job.vm);
	if (!err)
		err = running_compare(t, &job);
	if (!err)
		err = write_map(t, job.report);
	return job_finish(t, &job, err);
}
