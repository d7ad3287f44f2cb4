/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_again.h - a host that was taken is written, taken again, and must then be written as the
 * same bytes. */
#ifndef FUZZ_HOST_AGAIN_H
#define FUZZ_HOST_AGAIN_H

#include <stdlib.h>

#include <iommufit/host.h>

#include "output.h"

static char *written(struct iof_ctx *ctx, const struct iof_host *host, enum iof_format format)
{
	struct buf text = {0};
	struct iof_output out = {.size = sizeof(out),
				 .write = append,
				 .data = &text,
				 .format = format,
				 .verbose = true};

	if (iof_host_write(ctx, host, &out) < 0)
		abort();
	return buf_steal(&text);
}

static void check_again(struct iof_ctx *ctx, const struct iof_host *host)
{
	char *first = written(ctx, host, IOF_FORMAT_JSON), *second;
	struct iof_host *again;

	if (iof_host_load_profile(ctx, first, strlen(first), "again", NULL, &again) < 0)
		abort();
	second = written(ctx, again, IOF_FORMAT_JSON);
	if (!str_eq(first, second))
		abort();
	iof_host_unref(again);
	free(first);
	free(second);
}

#endif
