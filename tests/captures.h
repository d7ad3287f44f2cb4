/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* captures.h - the committed captures as a list, and rendering into memory. */
#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

#include <dirent.h>
#include <stdio.h>

#include <iommufit/host.h>

#include "base/strings.h"
#include "host/capture.h"
#include "table.h"

static inline const char *test_data(void)
{
	const char *folder = getenv("IOMMUFIT_TEST_DATA");

	return folder ? folder : "tests/data";
}

static inline char *test_path(const char *format, const char *name)
{
	struct buf path = {0};

	buf_printf(&path, "%s/", test_data());
	buf_printf(&path, format, name);
	return buf_steal(&path);
}

static inline int is_capture(const struct dirent *entry)
{
	return strstr(entry->d_name, ".tar.xz") != NULL;
}

/* One test for each capture; its name is the row. */
struct capture_row {
	const char *name; /* "intel39-pb46.tar.xz" */
};

static inline int run_captures(const char *group, CMUnitTestFunction test)
{
	struct capture_row *rows;
	struct dirent **entries;
	char *folder = test_path("%s", "captures");
	int i, failed, n = scandir(folder, &entries, is_capture, alphasort);

	free(folder);
	if (n <= 0) {
		print_error("no captures in %s\n", test_data());
		return 1;
	}
	rows = calloc((size_t)n, sizeof(*rows));
	for (i = 0; i < n; i++)
		rows[i].name = entries[i]->d_name;
	failed = run_table(group, rows, (size_t)n, sizeof(*rows), test);
	for (i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	free(rows);
	return failed;
}

static inline int append_output(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

/* The host in one of its forms; the caller frees it. */
static inline char *rendered(struct iof_ctx *ctx, const struct iof_host *host,
			     enum iof_format format, bool verbose)
{
	struct buf text = {0};
	struct iof_output out = {.size = sizeof(out),
				 .write = append_output,
				 .data = &text,
				 .format = format,
				 .verbose = verbose};

	assert_int_equal(iof_host_write(ctx, host, &out), 0);
	return buf_steal(&text);
}

static inline struct iof_ctx *new_context(void)
{
	struct iof_ctx *ctx;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	return ctx;
}

static inline struct iof_host *load_capture(struct iof_ctx *ctx, const char *name)
{
	char *path = test_path("captures/%s", name);
	struct iof_host_options options = {.size = sizeof(options), .name = "host"};
	struct iof_host *host = NULL;
	int err = iof_host_load_capture(ctx, path, &options, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	free(path);
	return host;
}

/* The bytes of a committed capture. */
static inline char *read_capture(const char *name, size_t *length)
{
	char *path = test_path("captures/%s", name);
	FILE *file = fopen(path, "r");
	char *bytes = malloc(1 << 20);

	assert_non_null(file);
	*length = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	free(path);
	return bytes;
}

static inline struct root *load_capture_root(struct iof_ctx *ctx, const char *name)
{
	size_t length;
	char *bytes = read_capture(name, &length);
	struct root *root = NULL;
	int err = capture_root(ctx, bytes, length, name, &root);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	free(bytes);
	return root;
}

#endif
