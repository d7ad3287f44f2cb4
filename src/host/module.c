// SPDX-License-Identifier: LGPL-2.1-or-later
/* module.c - the compression modules, each loaded once. */
#include <stdatomic.h>

#include "base/error.h"
#include "base/module.h"
#include "base/strings.h"
#include "host/archive_module.h"

static const char *const file_names[] = {
	[MODULE_ARCHIVE] = "iommufit-archive.so",
	[MODULE_GZ] = "iommufit-gz.so",
	[MODULE_XZ] = "iommufit-xz.so",
	[MODULE_ZSTD] = "iommufit-zstd.so",
};

int archive_module_load(struct iof_ctx *ctx, enum archive_module_kind kind,
			const struct archive_module **out)
{
	static _Atomic(const struct archive_module *) loaded[ARRAY_SIZE(file_names)];
	const struct module_file file = {.folder = "archive",
					 .name = file_names[kind],
					 .symbol = ARCHIVE_MODULE_SYMBOL,
					 .abi = ARCHIVE_MODULE_ABI,
					 .needed_for = "captures"};
	const struct module_head *head;
	int err;

	*out = atomic_load(&loaded[kind]);
	if (*out)
		return 0;
	err = module_load(ctx, &file, &head);
	if (err)
		return err;
	*out = (const struct archive_module *)head;
	atomic_store(&loaded[kind], *out);
	return 0;
}
