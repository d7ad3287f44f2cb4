/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "../captures.h"
#include "groups.h"
#include "host/capture.h"

char *make_folder(void)
{
	char *folder = strdup("/tmp/iommufit-test-XXXXXX");

	assert_non_null(mkdtemp(folder));
	return folder;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

void remove_folder(char *folder)
{
	assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(folder);
}

static void make_parents(const char *folder, const char *path)
{
	struct buf part = {0};
	const char *slash;

	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		part.length = 0;
		buf_printf(&part, "%s/%.*s", folder, (int)(slash - path), path);
		assert_true(mkdir(part.data, 0755) == 0 || errno == EEXIST);
	}
	buf_free(&part);
}

void put_file(const char *folder, const char *path, const void *bytes, size_t length)
{
	struct buf name = {0};
	FILE *file;

	make_parents(folder, path);
	buf_printf(&name, "%s/%s", folder, path);
	file = fopen(name.data, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	buf_free(&name);
}

static void unpack_member(struct archive *in, struct archive_entry *entry, const char *folder)
{
	const char *path = archive_entry_pathname(entry);
	size_t length = (size_t)archive_entry_size(entry);
	char *bytes = malloc(length + 1);
	struct buf name = {0};

	buf_printf(&name, "%s/%s", folder, path);
	if (archive_entry_filetype(entry) == AE_IFDIR) {
		make_parents(folder, path);
		assert_true(mkdir(name.data, 0755) == 0 || errno == EEXIST);
	} else if (archive_entry_filetype(entry) == AE_IFLNK) {
		make_parents(folder, path);
		assert_int_equal(symlink(archive_entry_symlink(entry), name.data), 0);
	} else {
		assert_int_equal(archive_read_data(in, bytes, length), length);
		put_file(folder, path, bytes, length);
	}
	buf_free(&name);
	free(bytes);
}

void unpack(const char *capture, const char *folder)
{
	char *path = test_path("captures/%s", capture);
	struct archive *in = archive_read_new();
	struct archive_entry *entry;

	archive_read_support_format_tar(in);
	archive_read_support_filter_xz(in);
	assert_int_equal(archive_read_open_filename(in, path, 65536), ARCHIVE_OK);
	while (archive_read_next_header(in, &entry) == ARCHIVE_OK)
		unpack_member(in, entry, folder);
	archive_read_free(in);
	free(path);
}

static char *contents(int fd, size_t *length)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes = malloc((size_t)size + 1);

	assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
	close(fd);
	*length = (size_t)size;
	return bytes;
}

char *captured(const char *folder, const char *format, size_t *length)
{
	struct iof_ctx *ctx = new_context();
	int fd = memfd_create("capture", MFD_CLOEXEC);
	int err = iof_capture_write(ctx, folder, fd, format, NULL, NULL);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	iof_ctx_unref(ctx);
	return contents(fd, length);
}

char *captured_root(struct root *root, const char *format, size_t *length)
{
	struct iof_ctx *ctx = new_context();
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_int_equal(capture_write(ctx, root, fd, format, NULL, NULL), 0);
	iof_ctx_unref(ctx);
	return contents(fd, length);
}

int main(void)
{
	return test_filter() + test_bad() + test_write() + test_secrets();
}
