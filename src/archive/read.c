// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * read.c - the members of a tar archive, plain or compressed, from memory. Only what a capture
 * needs is allowed: plain files, folders, symbolic links and hard links; everything else, and every
 * name that leads out, is refused.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "archive/members.h"

/* Packed bytes handed to the decompressor at a time. It bounds what is unpacked between two looks
 * at the total. */
#define SLICE (16u << 10)

struct reading {
	struct archive *archive;
	const struct archive_sink *sink;
	const char *bytes;
	size_t length;
	size_t offset;
	size_t n_members;
	char *gathered; /* a member that came in several pieces */
	size_t gathered_size;
	char *reason;
	size_t reason_size;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct reading *r, int err,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (r->reason_size)
		vsnprintf(r->reason, r->reason_size, format, args);
	va_end(args);
	return err;
}

static int refuse_damaged(struct reading *r)
{
	const char *text = archive_error_string(r->archive);

	if (archive_errno(r->archive) == ENOMEM)
		return refuse(r, -ENOMEM, "out of memory");
	return refuse(r, -EBADMSG, "not a readable tar archive: %s", text ? text : "damaged");
}

/* libarchive's read callback. */
static la_ssize_t next_slice(struct archive *archive, void *data, const void **out)
{
	struct reading *r = data;
	size_t n = r->length - r->offset;

	if (archive_filter_bytes(archive, 0) > (la_int64_t)ARCHIVE_MAX_TOTAL) {
		archive_set_error(archive, EFBIG, "more than %u MiB when unpacked",
				  ARCHIVE_MAX_TOTAL >> 20);
		return ARCHIVE_FATAL;
	}
	if (n > SLICE)
		n = SLICE;
	*out = r->bytes + r->offset;
	r->offset += n;
	return (la_ssize_t)n;
}

/* The name without a leading "./" and trailing slashes, into out; -EBADMSG if it is absolute or
 * leads upwards. */
static int clean_name(struct reading *r, const char *name, char out[ARCHIVE_MAX_NAME])
{
	size_t length = 0;

	if (!name || !*name)
		return refuse(r, -EBADMSG, "a member has no readable name");
	if (*name == '/')
		return refuse(r, -EBADMSG, "a member has an absolute name");
	while (*name) {
		size_t part = strcspn(name, "/");

		if (part == 2 && memcmp(name, "..", 2) == 0)
			return refuse(r, -EBADMSG, "a member's name has a '..' part");
		if (part && !(part == 1 && *name == '.')) {
			if (length + part + 2 > ARCHIVE_MAX_NAME)
				return refuse(r, -EBADMSG,
					      "a member's name is longer than %u bytes",
					      ARCHIVE_MAX_NAME);
			if (length)
				out[length++] = '/';
			memcpy(out + length, name, part);
			length += part;
		}
		name += part;
		name += strspn(name, "/");
	}
	out[length] = '\0';
	return 0;
}

static int gather(struct reading *r, size_t used, const void *piece, size_t length)
{
	if (used + length > r->gathered_size) {
		size_t size = (used + length) * 2;
		char *bigger = realloc(r->gathered, size);

		if (!bigger)
			return refuse(r, -ENOMEM, "out of memory");
		r->gathered = bigger;
		r->gathered_size = size;
	}
	memcpy(r->gathered + used, piece, length);
	return 0;
}

/* Most members come in one piece, which goes to the sink without a copy here. */
static int take_file(struct reading *r, const char *path, size_t size)
{
	const char *bytes = "";
	size_t got = 0;

	for (;;) {
		const void *piece;
		size_t length;
		la_int64_t offset;
		int status = archive_read_data_block(r->archive, &piece, &length, &offset);
		int err;

		if (status == ARCHIVE_EOF)
			break;
		if (status != ARCHIVE_OK)
			return refuse_damaged(r);
		if (length == 0)
			continue;
		if (offset != (la_int64_t)got || length > size - got)
			return refuse(r, -EBADMSG, "a member has holes or a wrong size");
		if (got == 0 && length == size) {
			bytes = piece;
			got = length;
			break;
		}
		err = gather(r, got, piece, length);
		if (err)
			return err;
		got += length;
		bytes = r->gathered;
	}
	if (got != size)
		return refuse(r, -EBADMSG, "a member ends before its size");
	return r->sink->file(r->sink->data, path, bytes, size);
}

static int take_link(struct reading *r, const char *path, const char *target)
{
	if (!target || !*target)
		return refuse(r, -EBADMSG, "a link has no target");
	if (strlen(target) >= ARCHIVE_MAX_NAME)
		return refuse(r, -EBADMSG, "a link's target is longer than %u bytes",
			      ARCHIVE_MAX_NAME);
	return r->sink->link(r->sink->data, path, target);
}

/* A hard link becomes a symbolic one from the root: the same bytes, and it cannot lead out. */
static int take_hardlink(struct reading *r, const char *path, const char *target)
{
	char name[ARCHIVE_MAX_NAME + 1] = "/";
	int err = clean_name(r, target, name + 1);

	return err ? err : r->sink->link(r->sink->data, path, name);
}

static int take_member(struct reading *r, struct archive_entry *entry)
{
	char path[ARCHIVE_MAX_NAME];
	la_int64_t size = archive_entry_size(entry);
	int err;

	if (++r->n_members > ARCHIVE_MAX_MEMBERS)
		return refuse(r, -EBADMSG, "more than %u members", ARCHIVE_MAX_MEMBERS);
	err = clean_name(r, archive_entry_pathname(entry), path);
	if (err)
		return err;
	if (archive_entry_hardlink(entry))
		return take_hardlink(r, path, archive_entry_hardlink(entry));
	switch (archive_entry_filetype(entry)) {
	case AE_IFDIR:
		return *path ? r->sink->folder(r->sink->data, path) : 0;
	case AE_IFLNK:
		return take_link(r, path, archive_entry_symlink(entry));
	case AE_IFREG:
		if (size < 0 || size > (la_int64_t)ARCHIVE_MAX_MEMBER)
			return refuse(r, -EBADMSG, "a member is larger than %u MiB",
				      ARCHIVE_MAX_MEMBER >> 20);
		return take_file(r, path, (size_t)size);
	default:
		return refuse(r, -EBADMSG, "a member is neither file, folder nor link");
	}
}

static int take_members(struct reading *r)
{
	for (;;) {
		struct archive_entry *entry;
		la_int64_t before, after;
		int status, err;

		/* Where the member ends, so that the end mark (two empty blocks) can be told from a
		 * cut. */
		if (r->n_members && archive_read_data_skip(r->archive) < ARCHIVE_WARN)
			return refuse_damaged(r);
		before = archive_filter_bytes(r->archive, 0);
		status = archive_read_next_header(r->archive, &entry);
		after = archive_filter_bytes(r->archive, 0);
		if (status == ARCHIVE_EOF && after == before)
			return refuse(r, -EBADMSG,
				      "truncated: the end mark of the archive is missing");
		if (status == ARCHIVE_EOF)
			return 0;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return refuse_damaged(r);
		if (after > (la_int64_t)ARCHIVE_MAX_TOTAL)
			return refuse(r, -EBADMSG, "more than %u MiB when unpacked",
				      ARCHIVE_MAX_TOTAL >> 20);
		err = take_member(r, entry);
		if (err)
			return err;
	}
}

static int open_archive(struct reading *r)
{
	struct archive *a = r->archive;

	/* A warning would mean that libarchive was built without it and would run a program
	 * instead. */
	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return refuse(r, archive_errno(a) == ENOMEM ? -ENOMEM : -EOPNOTSUPP,
			      "libarchive here cannot read gzip, xz and zstd by itself");
	if (archive_read_open(a, r, NULL, next_slice, NULL) != ARCHIVE_OK)
		return refuse_damaged(r);
	return 0;
}

int archive_read_members(const char *bytes, size_t length, const struct archive_sink *sink,
			 char *reason, size_t size)
{
	struct reading r = {.sink = sink,
			    .bytes = bytes,
			    .length = length,
			    .reason = reason,
			    .reason_size = size};
	int err;

	if (length == 0)
		return refuse(&r, -EBADMSG, "empty");
	if (length > ARCHIVE_MAX_PACKED)
		return refuse(&r, -EBADMSG, "larger than %u MiB", ARCHIVE_MAX_PACKED >> 20);
	r.archive = archive_read_new();
	if (!r.archive)
		return refuse(&r, -ENOMEM, "out of memory");
	err = open_archive(&r);
	if (!err)
		err = take_members(&r);
	if (!err && !r.n_members)
		err = refuse(&r, -EBADMSG, "an archive without members");
	archive_read_free(r.archive);
	free(r.gathered);
	return err;
}
