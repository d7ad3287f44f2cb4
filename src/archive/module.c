// SPDX-License-Identifier: LGPL-2.1-or-later
/* module.c - what the library finds when it loads iommufit-archive.so. */
#include "archive/members.h"

const struct module_head *iommufit_archive_module(void);

__attribute__((visibility("default"))) const struct module_head *iommufit_archive_module(void)
{
	static const struct archive_module module = {
		.head = {ARCHIVE_MODULE_ABI},
		.unpack = archive_unpack,
		.open = archive_writer_open,
		.file = archive_writer_file,
		.link = archive_writer_link,
		.folder = archive_writer_folder,
		.close = archive_writer_close,
	};

	return &module.head;
}
