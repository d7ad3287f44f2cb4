/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_host.c - iommufit host: what this host offers. */
#include "job.h"

int cmd_host(struct tool *t)
{
	struct iof_host *host = NULL;
	int err = host_load(t, NULL, 0, &host);
	int status;

	if (!err && !t->args.quiet)
		err = iof_host_write(t->ctx, host, &t->out);
	status = err ? tool_fail(t, err) : tool_finish(t, 0);
	iof_host_unref(host);
	return status;
}
