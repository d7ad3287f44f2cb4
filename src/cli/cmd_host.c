/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_host.c - iommufit host: what this host offers. */
#include "job.h"

/* The names that --host cpu:NAME takes. */
static int list_catalogue(struct tool *t)
{
	bool json = t->args.json;
	size_t n = 0;

	if (json)
		tool_print(t, "{\n  \"schema\": \"iommufit.catalogue/1\",\n  \"machines\": [");
	for (const char *name = iof_catalog_next(NULL); name; name = iof_catalog_next(name), n++) {
		if (json) {
			tool_print(t, n ? ",\n    " : "\n    ");
			bytes_json_text(&t->answer, name);
		} else {
			tool_print(t, "%s\n", name);
		}
	}
	if (json)
		tool_print(t, "\n  ]\n}\n");
	return tool_finish(t, 0);
}

int cmd_host(struct tool *t)
{
	struct iof_host *host = NULL;
	int err, status;

	if (t->args.list)
		return list_catalogue(t);
	err = host_load(t, NULL, 0, &host);
	if (!err && !t->args.quiet)
		err = iof_host_write(t->ctx, host, &t->out);
	status = err ? tool_fail(t, err) : tool_finish(t, 0);
	iof_host_unref(host);
	return status;
}
