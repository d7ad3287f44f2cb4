/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* members.h - the two halves of iommufit-archive.so. See host/archive_module.h for the contract. */
#ifndef ARCHIVE_MEMBERS_H
#define ARCHIVE_MEMBERS_H

#include "host/archive_module.h"

int archive_unpack(const char *bytes, size_t length, char **out, size_t *out_length, char *reason,
		   size_t size);

int archive_writer_open(int fd, const char *format, struct archive_writer **, char *reason,
			size_t size);
int archive_writer_file(struct archive_writer *, const char *path, const char *bytes,
			size_t length);
int archive_writer_link(struct archive_writer *, const char *path, const char *target);
int archive_writer_folder(struct archive_writer *, const char *path);
int archive_writer_close(struct archive_writer *, int complete, char *reason, size_t size);

#endif
