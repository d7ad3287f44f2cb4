// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * write.c - a tar archive to a descriptor. Owners, times and modes are the same for every capture:
 * they say nothing about the host.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "archive/members.h"

struct archive_writer {
	struct archive *archive;
	struct archive_entry *entry;
};

static const struct {
	const char *format;
	int (*add)(struct archive *);
} filters[] = {
	{"tar", archive_write_add_filter_none},
	{"tar.gz", archive_write_add_filter_gzip},
	{"tar.xz", archive_write_add_filter_xz},
	{"tar.zst", archive_write_add_filter_zstd},
};

static int archive_failure(struct archive *archive, char *reason, size_t size)
{
	const char *text = archive ? archive_error_string(archive) : NULL;
	int err = archive ? archive_errno(archive) : ENOMEM;

	if (size)
		snprintf(reason, size, "%s", text ? text : "cannot write the archive");
	return err > 0 ? -err : -EIO;
}

static void writer_free(struct archive_writer *w)
{
	if (!w)
		return;
	if (w->archive)
		archive_write_free(w->archive);
	if (w->entry)
		archive_entry_free(w->entry);
	free(w);
}

static struct archive_writer *writer_new(void)
{
	struct archive_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->archive = archive_write_new();
	w->entry = archive_entry_new();
	if (w->archive && w->entry)
		return w;
	writer_free(w);
	return NULL;
}

int archive_writer_open(int fd, const char *format, struct archive_writer **out, char *reason,
			size_t size)
{
	size_t n = sizeof(filters) / sizeof(filters[0]);
	struct archive_writer *w;
	size_t i = 0;
	int err;

	*out = NULL;
	while (i < n && strcmp(filters[i].format, format) != 0)
		i++;
	if (i == n) {
		if (size)
			snprintf(reason, size,
				 "unknown format '%.32s' (tar, tar.gz, tar.xz, tar.zst)", format);
		return -EINVAL;
	}
	w = writer_new();
	if (!w)
		return archive_failure(NULL, reason, size);
	if (archive_write_set_format_pax_restricted(w->archive) != ARCHIVE_OK ||
	    filters[i].add(w->archive) != ARCHIVE_OK ||
	    archive_write_open_fd(w->archive, fd) != ARCHIVE_OK) {
		err = archive_failure(w->archive, reason, size);
		writer_free(w);
		return err;
	}
	*out = w;
	return 0;
}

static int put_header(struct archive_writer *w)
{
	archive_entry_set_mtime(w->entry, 0, 0);
	if (archive_write_header(w->archive, w->entry) < ARCHIVE_WARN)
		return archive_failure(w->archive, NULL, 0);
	return 0;
}

static void start_entry(struct archive_writer *w, const char *path, __LA_MODE_T type, unsigned mode)
{
	archive_entry_clear(w->entry);
	archive_entry_set_pathname(w->entry, path);
	archive_entry_set_filetype(w->entry, type);
	archive_entry_set_perm(w->entry, (__LA_MODE_T)mode);
}

int archive_writer_file(struct archive_writer *w, const char *path, const char *bytes,
			size_t length)
{
	int err;

	start_entry(w, path, AE_IFREG, 0644);
	archive_entry_set_size(w->entry, (la_int64_t)length);
	err = put_header(w);
	if (!err && length && archive_write_data(w->archive, bytes, length) != (la_ssize_t)length)
		err = archive_failure(w->archive, NULL, 0);
	return err;
}

int archive_writer_link(struct archive_writer *w, const char *path, const char *target)
{
	start_entry(w, path, AE_IFLNK, 0777);
	archive_entry_set_symlink(w->entry, target);
	return put_header(w);
}

int archive_writer_folder(struct archive_writer *w, const char *path)
{
	start_entry(w, path, AE_IFDIR, 0755);
	return put_header(w);
}

int archive_writer_close(struct archive_writer *w, int complete, char *reason, size_t size)
{
	int err = 0;

	if (!complete)
		archive_write_fail(w->archive);
	else if (archive_write_close(w->archive) != ARCHIVE_OK)
		err = archive_failure(w->archive, reason, size);
	writer_free(w);
	return err;
}
