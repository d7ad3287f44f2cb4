/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_rules.c - iommufit rules: the catalogue. */
#include "tool.h"

#include <errno.h>

int cmd_rules(struct tool *t)
{
	const char *id = t->args.operands.n ? t->args.operands.items[0] : NULL;
	int err = iof_rules_write(t->ctx, id, &t->out);

	if (err == -ENOENT)
		tool_error(t, err, "no rule '%s' (iommufit rules lists them)", id);
	return err ? tool_fail(t, err) : tool_finish(t, 0);
}
