// SPDX-License-Identifier: LGPL-2.1-or-later
/* unpack.c - what gzip, xz and zstd have packed, through libarchive's filters alone. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "archive/members.h"

struct unpacking {
	struct archive *archive;
	char *out;
	size_t length;
	size_t room;
	char *reason;
	size_t reason_size;
};

static int refuse(struct unpacking *u, int err, const char *reason)
{
	if (u->reason_size)
		snprintf(u->reason, u->reason_size, "%s", reason);
	return err;
}

static int refuse_damaged(struct unpacking *u)
{
	const char *text = archive_error_string(u->archive);

	if (archive_errno(u->archive) == ENOMEM)
		return refuse(u, -ENOMEM, "out of memory");
	return refuse(u, -EBADMSG, text ? text : "damaged");
}

static int append(struct unpacking *u, const void *piece, size_t length)
{
	if (length > ARCHIVE_MAX_TOTAL - u->length)
		return refuse(u, -EBADMSG, "more than 64 MiB when unpacked");
	if (u->length + length > u->room) {
		size_t room = (u->length + length) * 2;
		char *bigger = realloc(u->out, room);

		if (!bigger)
			return refuse(u, -ENOMEM, "out of memory");
		u->out = bigger;
		u->room = room;
	}
	memcpy(u->out + u->length, piece, length);
	u->length += length;
	return 0;
}

static int unpack_all(struct unpacking *u)
{
	struct archive_entry *entry;
	int err;

	if (archive_read_next_header(u->archive, &entry) < ARCHIVE_WARN)
		return refuse_damaged(u);
	for (;;) {
		const void *piece;
		size_t length;
		la_int64_t offset;
		int status = archive_read_data_block(u->archive, &piece, &length, &offset);

		if (status == ARCHIVE_EOF)
			return 0;
		if (status != ARCHIVE_OK)
			return refuse_damaged(u);
		err = length ? append(u, piece, length) : 0;
		if (err)
			return err;
	}
}

static int open_archive(struct unpacking *u, const char *bytes, size_t length)
{
	struct archive *a = u->archive;

	/* A warning would mean that libarchive was built without it and would run a program
	 * instead. */
	if (archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return refuse(u, archive_errno(a) == ENOMEM ? -ENOMEM : -EOPNOTSUPP,
			      "libarchive here cannot unpack gzip, xz and zstd by itself");
	return archive_read_open_memory(a, bytes, length) == ARCHIVE_OK ? 0 : refuse_damaged(u);
}

int archive_unpack(const char *bytes, size_t length, char **out, size_t *out_length, char *reason,
		   size_t size)
{
	struct unpacking u = {.reason = reason, .reason_size = size};
	int err;

	u.archive = archive_read_new();
	if (!u.archive)
		return refuse(&u, -ENOMEM, "out of memory");
	err = open_archive(&u, bytes, length);
	if (!err)
		err = unpack_all(&u);
	archive_read_free(u.archive);
	if (err) {
		free(u.out);
		return err;
	}
	*out = u.out;
	*out_length = u.length;
	return 0;
}
