/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives that are none, or that want to do harm: each gives one line that names the file and the
 * reason. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "../captures.h"
#include "groups.h"

/* An archive of one member besides sys/x, made by hand. */
struct member {
	const char *path;
	unsigned type;
	const char *target; /* of a link */
	bool is_hardlink;
	size_t size;
};

static char *packed(const struct member *member, int (*filter)(struct archive *), size_t *length)
{
	size_t room = (size_t)96 << 20;
	char *bytes = malloc(room);
	struct archive *out = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	assert_non_null(bytes);
	archive_write_set_format_gnutar(out);
	assert_int_equal(filter(out), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(out, bytes, room, length), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "sys/x");
	archive_entry_set_filetype(entry, AE_IFDIR);
	assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
	archive_entry_clear(entry);
	archive_entry_set_pathname(entry, member->path);
	archive_entry_set_filetype(entry, (__LA_MODE_T)member->type);
	archive_entry_set_size(entry, (la_int64_t)member->size);
	if (member->target && member->is_hardlink)
		archive_entry_set_hardlink(entry, member->target);
	else if (member->target)
		archive_entry_set_symlink(entry, member->target);
	assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_close(out), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(out);
	return bytes;
}

static int load_bytes(const char *bytes, size_t length, char **error)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	char *folder = make_folder();
	struct buf path = {0};
	int err;

	put_file(folder, "c", bytes, length);
	buf_printf(&path, "%s/c", folder);
	err = iof_host_load_capture(ctx, path.data, NULL, &host);
	if (err) {
		assert_null(host);
		assert_memory_equal(iof_ctx_error(ctx), path.data, path.length);
		assert_null(strchr(iof_ctx_error(ctx), '\n'));
	}
	if (error)
		*error = strdup(iof_ctx_error(ctx));
	iof_host_unref(host);
	buf_free(&path);
	remove_folder(folder);
	iof_ctx_unref(ctx);
	return err;
}

static void assert_refused(const char *bytes, size_t length, const char *reason)
{
	char *error;

	assert_int_equal(load_bytes(bytes, length, &error), -EBADMSG);
	if (!strstr(error, reason))
		assert_string_equal(error, reason);
	free(error);
}

struct member_row {
	const char *name;
	struct member member;
	const char *reason;
};

static const struct member_row members[] = {
	{"absolute", {"/etc/passwd", AE_IFREG, NULL, false, 0}, "a member has an absolute name"},
	{"upwards",
	 {"sys/../../etc/passwd", AE_IFREG, NULL, false, 0},
	 "a member's name has a '..' part"},
	{"upwards alone", {"..", AE_IFDIR, NULL, false, 0}, "a member's name has a '..' part"},
	{"character device",
	 {"dev/null", AE_IFCHR, NULL, false, 0},
	 "neither file, folder nor link"},
	{"block device", {"dev/sda", AE_IFBLK, NULL, false, 0}, "neither file, folder nor link"},
	{"pipe", {"dev/pipe", AE_IFIFO, NULL, false, 0}, "neither file, folder nor link"},
	{"hard link outside",
	 {"sys/y", AE_IFREG, "../etc/passwd", true, 0},
	 "a member's name has a '..' part"},
	{"absolute hard link",
	 {"sys/y", AE_IFREG, "/etc/passwd", true, 0},
	 "a member has an absolute name"},
	{"link to itself",
	 {"sys/class/iommu", AE_IFLNK, "iommu", false, 0},
	 "/sys/class/iommu:1: too many levels of symbolic links"},
	{"large member", {"sys/y", AE_IFREG, NULL, false, (16u << 20) + 1}, "larger than 16 MiB"},
};

static void member_is_refused(void **state)
{
	const struct member_row *row = *state;
	size_t length;
	char *bytes = packed(&row->member, archive_write_add_filter_none, &length);

	assert_refused(bytes, length, row->reason);
	free(bytes);
}

struct bytes_row {
	const char *name;
	const char *bytes;
	size_t length;
	const char *reason;
};

#define BYTES(text) text, sizeof(text) - 1
static const struct bytes_row not_archives[] = {
	{"empty", BYTES(""), "empty"},
	{"one byte", BYTES("x"), "not a tar archive"},
	{"text", BYTES("this is no archive\n"), "not a tar archive"},
	{"binary",
	 BYTES("\x7f"
	       "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
	 "not a tar archive"},
	{"xz magic alone",
	 BYTES("\xfd"
	       "7zXZ\0"),
	 "truncated xz data"},
	{"gzip magic alone", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\x03"), "truncated"},
	{"zstd magic alone", BYTES("\x28\xb5\x2f\xfd"), "runcated"},
};

static void bytes_are_refused(void **state)
{
	const struct bytes_row *row = *state;

	assert_refused(row->bytes, row->length, row->reason);
}

static void zeros_only(void **state)
{
	static const char zeros[10240];

	assert_refused(zeros, sizeof(zeros), "an archive without members");
}

static void no_host_in_it(void **state)
{
	struct member member = {.path = "home/readme", .type = AE_IFREG};
	size_t length;
	char *bytes = packed(&member, archive_write_add_filter_none, &length);

	/* Rename sys/x, which every packed() has. */
	memcpy(bytes, "zzz", 3);
	assert_int_equal(load_bytes(bytes, length, NULL), -EBADMSG);
	free(bytes);
}

/* Few bytes that unpack to many. */
static void bomb(void **state)
{
	static const struct member member = {.path = "sys/y", .type = AE_IFREG};
	size_t i, n = 6, length, packed_length, size = (size_t)15 << 20;
	char *zeros = calloc(1, size), *bytes = malloc(1 << 20);
	struct archive *out = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	archive_write_set_format_gnutar(out);
	assert_int_equal(archive_write_add_filter_zstd(out), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(out, bytes, 1 << 20, &packed_length),
			 ARCHIVE_OK);
	for (i = 0; i < n; i++) {
		archive_entry_clear(entry);
		archive_entry_set_pathname(entry, member.path);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, (la_int64_t)size);
		assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
		assert_int_equal(archive_write_data(out, zeros, size), size);
	}
	assert_int_equal(archive_write_close(out), ARCHIVE_OK);
	length = packed_length;
	archive_write_free(out);
	archive_entry_free(entry);
	assert_refused(bytes, length, "more than 64 MiB when unpacked");
	free(bytes);
	free(zeros);
}

/* Whatever is cut off, the rest is refused. */
static void every_cut(void **state)
{
	size_t n, length;
	char *bytes = read_capture("arm-none.tar.xz", &length);

	for (n = 0; n < length; n += 1 + length / 100)
		assert_int_equal(load_bytes(bytes, n, NULL), -EBADMSG);
	free(bytes);
}

static void every_cut_of_a_plain_one(void **state)
{
	struct member member = {.path = "proc/version", .type = AE_IFREG};
	size_t n, length;
	char *bytes = packed(&member, archive_write_add_filter_none, &length);

	/* Two members, then two empty blocks. */
	for (n = 0; n < 3 * 512; n += 128)
		assert_int_equal(load_bytes(bytes, n, NULL), -EBADMSG);
	free(bytes);
}

/* A flipped bit is an error or changes a host; it never does more. */
static void flipped_bits(void **state)
{
	size_t n, length;
	char *bytes = read_capture("arm-none.tar.xz", &length);

	for (n = 0; n < length; n += 1 + length / 150) {
		int err;

		bytes[n] = (char)(bytes[n] ^ 0x10);
		err = load_bytes(bytes, length, NULL);
		assert_true(err == 0 || err == -EBADMSG);
		bytes[n] = (char)(bytes[n] ^ 0x10);
	}
	free(bytes);
}

struct file_row {
	const char *name;
	const char *path;
	int err;
};

static const struct file_row files[] = {
	{"absent", "/nonexistent/capture.tar", -ENOENT},
	{"folder", "/tmp", -EBADMSG},
	{"device", "/dev/zero", -EBADMSG},
};

static void file_is_refused(void **state)
{
	const struct file_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	assert_int_equal(iof_host_load_capture(ctx, row->path, NULL, &host), row->err);
	assert_memory_equal(iof_ctx_error(ctx), row->path, strlen(row->path));
	iof_ctx_unref(ctx);
}

static void pipe_does_not_block(void **state)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	char *folder = make_folder();
	struct buf path = {0};

	buf_printf(&path, "%s/pipe", folder);
	assert_int_equal(mkfifo(path.data, 0600), 0);
	assert_int_equal(iof_host_load_capture(ctx, path.data, NULL, &host), -EBADMSG);
	buf_free(&path);
	remove_folder(folder);
	iof_ctx_unref(ctx);
}

int test_bad(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(zeros_only),
		cmocka_unit_test(no_host_in_it),
		cmocka_unit_test(bomb),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(every_cut_of_a_plain_one),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(pipe_does_not_block),
	};

	return RUN_TABLE(members, member_is_refused) + RUN_TABLE(not_archives, bytes_are_refused) +
	       RUN_TABLE(files, file_is_refused) + cmocka_run_group_tests(others, NULL, NULL);
}
