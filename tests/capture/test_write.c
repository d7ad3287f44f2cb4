/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host of a capture is the host that was captured. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../captures.h"
#include "groups.h"
#include "host/capture.h"
#include "host/load.h"

/* A root in memory, from an archive in memory. */
static struct root *root_of(struct iof_ctx *ctx, const char *bytes, size_t length)
{
	struct root *root = NULL;
	int err = capture_root(ctx, bytes, length, "capture", &root);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	return root;
}

static struct iof_host *host_of(struct iof_ctx *ctx, struct root *root)
{
	struct iof_host_options options = {.size = sizeof(options), .name = "host"};
	struct iof_host *host = NULL;
	int err = host_load_from_root(ctx, root, "here", &options, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	return host;
}

/* The capture of a root gives the same host as the root itself. */
static void check_same(struct iof_ctx *ctx, struct root *root, const char *format)
{
	size_t length;
	char *bytes = captured_root(root, format, &length);
	struct root *copied = root_of(ctx, bytes, length);
	struct iof_host *original = host_of(ctx, root), *copy = host_of(ctx, copied);
	char *first = rendered(ctx, original, IOF_FORMAT_JSON, false);
	char *second = rendered(ctx, copy, IOF_FORMAT_JSON, false);

	assert_string_equal(first, second);
	free(first);
	free(second);
	iof_host_unref(original);
	iof_host_unref(copy);
	root_free(copied);
	free(bytes);
}

static void same_host(void **state)
{
	const struct capture_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct root *root = load_capture_root(ctx, row->name);

	check_same(ctx, root, "tar");
	root_free(root);
	iof_ctx_unref(ctx);
}

struct format_row {
	const char *name;
	const char *magic; /* that the file begins with */
};

static const struct format_row formats[] = {
	{"tar", "boot/"},
	{"tar.gz", "\x1f\x8b"},
	{"tar.xz", "\xfd"
		   "7zXZ"},
	{"tar.zst", "\x28\xb5\x2f\xfd"},
};

static void every_format(void **state)
{
	const struct format_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct root *root = load_capture_root(ctx, "virtio39.tar.xz");
	size_t length;
	char *bytes = captured_root(root, row->name, &length);

	assert_memory_equal(bytes, row->magic, strlen(row->magic));
	check_same(ctx, root, row->name);
	free(bytes);
	root_free(root);
	iof_ctx_unref(ctx);
}

/* A folder of files gives the same bytes as the archive that it came from. */
static void folder(void **state)
{
	struct iof_ctx *ctx = new_context();
	struct root *root = load_capture_root(ctx, "arm-none.tar.xz");
	char *unpacked = make_folder();
	size_t n, m;
	char *first, *second;

	unpack("arm-none.tar.xz", unpacked);
	first = captured_root(root, "tar", &n);
	second = captured(unpacked, "tar", &m);
	assert_int_equal(n, m);
	assert_memory_equal(first, second, n);
	free(first);
	free(second);
	root_free(root);
	remove_folder(unpacked);
	iof_ctx_unref(ctx);
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
	struct root *root = load_capture_root(ctx, "intel39-pb46.tar.xz");
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t n = 0;

	assert_int_equal(capture_write(ctx, root, fd, "tar", count_path, &n), 0);
	assert_true(n > 300);
	close(fd);
	root_free(root);
	iof_ctx_unref(ctx);
}

/* What this user may not read is there nevertheless, and stays told from what is absent. */
static void unreadable_stays_unreadable(void **state)
{
	static const char ivrs[] = "/sys/firmware/acpi/tables/IVRS.unreadable";
	struct iof_ctx *ctx = new_context();
	struct root *root;
	size_t length;
	char *bytes;

	assert_int_equal(root_memory(ctx, "plain user", &root), 0);
	assert_int_equal(root_memory_file(root, ivrs, "", 0), 0);
	bytes = captured_root(root, "tar", &length);
	assert_non_null(memmem(bytes, length, ivrs + 1, strlen(ivrs + 1)));
	assert_null(memmem(bytes, length, "tables/DMAR", strlen("tables/DMAR")));
	free(bytes);
	root_free(root);
	iof_ctx_unref(ctx);
}

/* Answers go in if they are of this boot, and are then believed. */
struct boot_row {
	const char *name;
	const char *boot_id; /* NULL: the root does not have it */
	const char *text;
	bool taken;
};

#define BOOT "0b6e8f1c-7d0c-4c58-9f38-0c7c0a1f2b3d"
#define ANSWERS(more)                                                                              \
	"{\"schema\":\"iommufit.measured/1\"," more "\"devices\":[{\"bdf\":\"00:05.0\","           \
	"\"domains\":{\"plain\":{\"ranges\":[[\"0x0\",\"0xffffffff\"]]}}}]}"

static const struct boot_row boots[] = {
	{"this boot", BOOT "\n", ANSWERS("\"boot_id\":\"" BOOT "\","), true},
	{"another boot", BOOT "\n", ANSWERS("\"boot_id\":\"1\","), false},
	{"no boot id", BOOT "\n", ANSWERS(""), false},
	{"of a capture again", NULL, ANSWERS(""), true},
	{"a boot id that nothing vouches for", NULL, ANSWERS("\"boot_id\":\"" BOOT "\","), false},
	{"another kernel", NULL, ANSWERS("\"kernel\":\"5.4\","), false},
	{"not even JSON", BOOT "\n", "measured", false},
};

static void keeps_answers(void **state)
{
	const struct boot_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct root *root = load_capture_root(ctx, "intel39-pb46.tar.xz"), *copied;
	struct iof_host *host;
	size_t length;
	char *bytes;

	if (row->boot_id)
		assert_int_equal(root_memory_file(root, "/proc/sys/kernel/random/boot_id",
						  row->boot_id, strlen(row->boot_id)),
				 0);
	assert_int_equal(
		root_memory_file(root, "/run/iommufit/measured.json", row->text, strlen(row->text)),
		0);
	bytes = captured_root(root, "tar", &length);
	assert_null(memmem(bytes, length, "boot_id", strlen("boot_id")));
	assert_null(memmem(bytes, length, BOOT, strlen(BOOT)));
	copied = root_of(ctx, bytes, length);
	host = host_of(ctx, copied);
	assert_int_equal(host->n_measured, row->taken);
	assert_int_equal(iof_host_device(host, "00:06.0")->iova[0].width, row->taken ? 32 : 39);
	iof_host_unref(host);
	root_free(copied);
	root_free(root);
	free(bytes);
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
	{"no such format", "/proc/self/fd", "zip", "/dev/null", -EINVAL},
	{"no format", "/proc/self/fd", "", "/dev/null", -EINVAL},
	{"full disk", "/proc/self/fd", "tar", "/dev/full", -ENOSPC},
	{"no such root", "/nonexistent", "tar", "/dev/null", -ENOENT},
};

static void is_refused(void **state)
{
	const struct refused_row *row = *state;
	struct iof_ctx *ctx = new_context();
	int fd = open(row->out, O_WRONLY | O_CLOEXEC);

	assert_int_equal(iof_capture_write(ctx, row->folder, fd, row->format, NULL, NULL),
			 row->err);
	assert_true(*iof_ctx_error(ctx) != '\0');
	assert_null(strchr(iof_ctx_error(ctx), '\n'));
	close(fd);
	iof_ctx_unref(ctx);
}

int test_write(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(folder),
		cmocka_unit_test(says_what_it_took),
		cmocka_unit_test(unreadable_stays_unreadable),
		cmocka_unit_test(live),
	};

	return run_captures("same host", same_host) + RUN_TABLE(formats, every_format) +
	       RUN_TABLE(boots, keeps_answers) + RUN_TABLE(refused, is_refused) +
	       cmocka_run_group_tests(others, NULL, NULL);
}
