/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/vmm/firmware_read.c */
#include <stdlib.h>

#include <iommufit/ctx.h>

#include "fuzz.h"

#include "vmm/firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iof_ctx *ctx = NULL;
	char *version = NULL;

	if (iof_ctx_new(&ctx) == 0)
		firmware_version(ctx, (const char *)data, size, &version);
	free(version);
	iof_ctx_unref(ctx);
	return 0;
}
