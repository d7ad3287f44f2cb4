/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_check.c - iommufit check: will it start, will DMA work, can it migrate. */
#include "job.h"

int cmd_check(struct tool *t)
{
	struct job job = {.host = NULL};
	int err = job_open(t, &job);

	if (!err)
		err = job_check(t, &job, job.vm);
	if (!err)
		err = running_compare(t, &job);
	if (!err && !t->args.quiet)
		err = iof_report_write(t->ctx, job.report, &t->out);
	return job_finish(t, &job, err);
}
