/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_capture.c - iommufit capture: a snapshot of the host; says what it took. */
#include "job.h"

#include <errno.h>
#include <string.h>

/* Longer names first: "x.tar.gz" ends in no other. */
static const char *const formats[] = {"tar.zst", "tar.xz", "tar.gz", "tar"};

static const char *format_of(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t suffix = strlen(formats[i]);

		if (length > suffix + 1 && path[length - suffix - 1] == '.' &&
		    strcmp(path + length - suffix, formats[i]) == 0)
			return formats[i];
	}
	return NULL;
}

struct taken {
	struct tool *tool;
	size_t n;
};

static void took(void *data, const char *path)
{
	struct taken *taken = data;
	struct bytes *answer = &taken->tool->answer;

	if (taken->tool->args.json) {
		bytes_append(answer, taken->n ? ",\n    " : "\n    ", taken->n ? 6 : 5);
		bytes_json_text(answer, path);
	} else {
		bytes_printf(answer, "%s\n", path);
	}
	taken->n++;
}

static int write_capture(struct tool *t, const char *path, const char *format)
{
	struct taken taken = {.tool = t};
	struct new_file file;
	int err, close_err;

	if (t->args.json) {
		tool_print(t, "{\n  \"schema\": \"iommufit.capture/1\",\n  \"file\": ");
		bytes_json_text(&t->answer, path);
		tool_print(t, ",\n  \"format\": \"%s\",\n  \"members\": [", format);
	}
	err = new_file_open(t, &file, path);
	if (err)
		return err;
	err = iof_capture_write(t->ctx, t->args.host && *t->args.host ? t->args.host : NULL,
				file.fd, format, took, &taken);
	close_err = new_file_close(t, &file, err == 0);
	err = err ? err : close_err;
	if (err)
		return err;
	return t->args.json ? tool_print(t, "\n  ]\n}\n")
			    : tool_print(t, "%zu files in %s\n", taken.n, path);
}

int cmd_capture(struct tool *t)
{
	const char *path = t->args.output;
	const char *format = t->args.format;
	int err;

	if (!path)
		return tool_fail(t, tool_error(t, -EINVAL, "capture: no -o FILE"));
	if (!format)
		format = format_of(path);
	if (!format) {
		err = tool_error(
			t, -EINVAL,
			"capture: '%s' does not end in .tar, .tar.gz, .tar.xz or .tar.zst; "
			"give --format",
			path);
		return tool_fail(t, err);
	}
	err = write_capture(t, path, format);
	return err ? tool_fail(t, err) : tool_finish(t, 0);
}
