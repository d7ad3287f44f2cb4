/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host of a capture is the host that was captured. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../captures.h"
#include "groups.h"
#include "host/host.h"

/* Its profile, but for what it was read from. */
static char *profile_of(struct iof_ctx *ctx, struct iof_host *host)
{
	host->source = "here";
	return rendered(ctx, host, IOF_FORMAT_JSON, false);
}

static struct iof_host *load(struct iof_ctx *ctx, const char *path,
			     int (*loader)(struct iof_ctx *, const char *, const struct iof_host_options *,
					   struct iof_host **))
{
	struct iof_host_options options = { .size = sizeof(options), .name = "host" };
	struct iof_host *host = NULL;
	int err = loader(ctx, path, &options, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	return host;
}

static void check_same(const char *folder, const char *format)
{
	struct iof_ctx *ctx = new_context();
	char *out = make_folder();
	struct buf path = { 0 };
	size_t length;
	char *bytes = captured(folder, format, &length);
	struct iof_host *original = load(ctx, folder, iof_host_load_root), *copy;
	char *first, *second;

	put_file(out, "capture", bytes, length);
	buf_printf(&path, "%s/capture", out);
	copy = load(ctx, path.data, iof_host_load_capture);
	first = profile_of(ctx, original);
	second = profile_of(ctx, copy);
	assert_string_equal(first, second);
	free(first);
	free(second);
	iof_host_unref(original);
	iof_host_unref(copy);
	buf_free(&path);
	free(bytes);
	remove_folder(out);
	iof_ctx_unref(ctx);
}

static void same_host(void **state)
{
	const struct capture_row *row = *state;
	char *folder = make_folder();

	unpack(row->name, folder);
	check_same(folder, "tar");
	remove_folder(folder);
}

struct format_row {
	const char *name;
	const char *magic; /* that the file begins with */
};

static const struct format_row formats[] = {
	{ "tar", "boot/" },
	{ "tar.gz", "\x1f\x8b" },
	{ "tar.xz", "\xfd" "7zXZ" },
	{ "tar.zst", "\x28\xb5\x2f\xfd" },
};

static void every_format(void **state)
{
	const struct format_row *row = *state;
	char *folder = make_folder();
	size_t length;
	char *bytes;

	unpack("virtio39.tar.xz", folder);
	check_same(folder, row->name);
	bytes = captured(folder, row->name, &length);
	assert_memory_equal(bytes, row->magic, strlen(row->magic));
	free(bytes);
	remove_folder(folder);
}

/* The same host gives the same bytes: order and times do not depend on anything else. */
static void reproducible(void **state)
{
	char *a = make_folder(), *b = make_folder();
	size_t n, m;
	char *first, *second;

	unpack("amd-pb48.tar.xz", a);
	unpack("amd-pb48.tar.xz", b);
	first = captured(a, "tar", &n);
	second = captured(b, "tar", &m);
	assert_int_equal(n, m);
	assert_memory_equal(first, second, n);
	free(first);
	free(second);
	remove_folder(a);
	remove_folder(b);
}

static void count_path(void *data, const char *path)
{
	size_t *n = data;

	assert_int_equal(*path, '/');
	assert_null(strstr(path, "/../"));
	++*n;
}

static void says_what_it_took(void **state)
{
	struct iof_ctx *ctx = new_context();
	char *folder = make_folder();
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t n = 0;

	unpack("intel39-pb46.tar.xz", folder);
	assert_int_equal(iof_capture_write(ctx, folder, fd, "tar", count_path, &n), 0);
	assert_true(n > 300);
	close(fd);
	remove_folder(folder);
	iof_ctx_unref(ctx);
}

static void live(void **state)
{
	size_t length;
	char *bytes = captured(NULL, "tar.zst", &length);

	assert_true(length > 100);
	free(bytes);
}

struct refused_row {
	const char *name;
	const char *folder;
	const char *format;
	const char *out;
	int err;
};

static const struct refused_row refused[] = {
	{ "no such format", "/proc/self/fd", "zip", "/dev/null", -EINVAL },
	{ "no format", "/proc/self/fd", "", "/dev/null", -EINVAL },
	{ "full disk", "/proc/self/fd", "tar", "/dev/full", -ENOSPC },
	{ "no such root", "/nonexistent", "tar", "/dev/null", -ENOENT },
};

static void is_refused(void **state)
{
	const struct refused_row *row = *state;
	struct iof_ctx *ctx = new_context();
	int fd = open(row->out, O_WRONLY | O_CLOEXEC);

	assert_int_equal(iof_capture_write(ctx, row->folder, fd, row->format, NULL, NULL), row->err);
	assert_true(*iof_ctx_error(ctx) != '\0');
	assert_null(strchr(iof_ctx_error(ctx), '\n'));
	close(fd);
	iof_ctx_unref(ctx);
}

int test_write(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(reproducible),
		cmocka_unit_test(says_what_it_took),
		cmocka_unit_test(live),
	};

	return run_captures("same host", same_host) + RUN_TABLE(formats, every_format) +
	       RUN_TABLE(refused, is_refused) + cmocka_run_group_tests(others, NULL, NULL);
}
