/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_rehearse.c - iommufit rehearse: the calls that QEMU would make, made and undone. */
#include "job.h"

#include <errno.h>

/* Said beforehand: a reset may disturb who did not expect it. */
static void announce(const struct tool *t, const struct job *job)
{
	struct iof_machine_device device;

	for (size_t i = 0; iof_machine_device(job->machine, i, &device) == 0; i++) {
		if (t->args.reset_ok && device.host)
			tool_note(t, "%s will be opened, which resets it", device.host);
	}
}

int cmd_rehearse(struct tool *t)
{
	struct iof_live_rehearse_options options = {.size = sizeof(options),
						    .reset_ok = t->args.reset_ok};
	struct iof_live_rehearsal *rehearsal = NULL;
	struct job job = {.host = NULL};
	int err = job_open(t, &job), status;

	if (!err)
		err = job_check(t, &job, job.vm);
	if (!err)
		announce(t, &job);
	if (!err)
		err = iof_live_rehearse(t->ctx, job.machine, job.report, &options, &rehearsal);
	if (!err && !t->args.quiet)
		err = iof_live_rehearsal_write(rehearsal, &t->out);
	status = err ? tool_fail(t, err)
		     : tool_finish(t, tool_verdict(iof_live_rehearsal_verdict(rehearsal)));
	iof_live_rehearsal_unref(rehearsal);
	job_close(&job);
	return status;
}
