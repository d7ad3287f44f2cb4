/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tool.c - answers, errors and exit statuses. */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The only place where an errno becomes an exit status; what is not here is 71, the system refused.
 */
static const struct {
	int err;
	enum exit_status status;
} statuses[] = {
	{EINVAL, EXIT_USAGE},
	{EBADMSG, EXIT_BAD_INPUT},
	{EFBIG, EXIT_BAD_INPUT},
	{ELOOP, EXIT_BAD_INPUT},
	{EISDIR, EXIT_BAD_INPUT},
	{ENAMETOOLONG, EXIT_BAD_INPUT},
	{ENOENT, EXIT_NO_INPUT},
	{ENOTDIR, EXIT_NO_INPUT},
	{ESRCH, EXIT_NO_INPUT},
	{EFAULT, EXIT_INTERNAL},
	{ENOTRECOVERABLE, EXIT_INTERNAL},
	{EROFS, EXIT_CANNOT_CREATE},
	{EEXIST, EXIT_CANNOT_CREATE},
	{EBUSY, EXIT_CANNOT_CREATE},
	{EIO, EXIT_IO},
	{ENOSPC, EXIT_IO},
	{EDQUOT, EXIT_IO},
	{EPIPE, EXIT_IO},
	{EBADF, EXIT_IO},
	{EACCES, EXIT_PERMISSION},
	{EPERM, EXIT_PERMISSION},
};

static int status_of(int err)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].err == -err)
			return (int)statuses[i].status;
	return EXIT_SYSTEM;
}

int tool_error(struct tool *t, int err, const char *format, ...)
{
	va_list list;

	free(t->error);
	va_start(list, format);
	if (vasprintf(&t->error, format, list) < 0)
		t->error = NULL;
	va_end(list);
	return err;
}

int write_all(int fd, const char *data, size_t length)
{
	while (length) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

int write_to_bytes(void *data, const char *bytes, size_t length)
{
	return bytes_append(data, bytes, length);
}

/* Needs no memory, for there may be none. */
static void report_no_memory(bool json)
{
	static const char line[] = "iommufit: out of memory\n";
	static const char object[] = "{\"schema\":\"iommufit.error/1\",\"status\":71,"
				     "\"error\":\"out of memory\"}\n";

	if (json)
		write_all(STDOUT_FILENO, object, sizeof(object) - 1);
	else
		write_all(STDERR_FILENO, line, sizeof(line) - 1);
}

static void report_error(const struct tool *t, int status, const char *text)
{
	struct bytes line = {0};
	bool json = t->args.json && !t->args.quiet;
	struct iof_output out = {.size = sizeof(out),
				 .write = write_to_bytes,
				 .data = &line,
				 .format = json ? IOF_FORMAT_JSON : IOF_FORMAT_TEXT};

	if (!json)
		bytes_printf(&line, "iommufit: ");
	if (iof_error_write(&out, status, text) == 0 && !line.err)
		write_all(json ? STDOUT_FILENO : STDERR_FILENO, line.data, line.length);
	else
		report_no_memory(json);
	free(line.data);
}

int tool_fail(struct tool *t, int err)
{
	int status = status_of(err);
	const char *text = t->error;

	if (!text && t->ctx && *iof_ctx_error(t->ctx))
		text = iof_ctx_error(t->ctx);
	report_error(t, status, text ? text : strerror(-err));
	return status;
}

void tool_note(const struct tool *t, const char *format, ...)
{
	struct bytes line = {0};
	va_list list;
	char *text = NULL;
	struct iof_output out = {.size = sizeof(out), .write = write_to_bytes, .data = &line};

	if (t->args.quiet)
		return;
	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	bytes_printf(&line, "iommufit: ");
	if (text && iof_error_write(&out, 0, text) == 0 && !line.err)
		write_all(STDERR_FILENO, line.data, line.length);
	free(text);
	free(line.data);
}

int tool_print(struct tool *t, const char *format, ...)
{
	va_list list;
	char *text;
	int err, length;

	va_start(list, format);
	length = vasprintf(&text, format, list);
	va_end(list);
	if (length < 0)
		return -ENOMEM;
	err = bytes_append(&t->answer, text, (size_t)length);
	free(text);
	return err;
}

int tool_finish(struct tool *t, int status)
{
	int err = t->answer.err;

	if (!err && !t->args.quiet)
		err = write_all(STDOUT_FILENO, t->answer.data, t->answer.length);
	if (!err)
		return status;
	if (err == -ENOMEM)
		return tool_fail(t, err);
	/* A reader that went away wants to hear nothing; and JSON would go where we just failed to
	 * write. */
	t->args.json = false;
	tool_error(t, err, "standard output: %s", strerror(-err));
	if (err != -EPIPE)
		tool_fail(t, err);
	return EXIT_IO;
}

int tool_verdict(enum iof_verdict verdict)
{
	switch (verdict) {
	case IOF_VERDICT_FITS:
		return EXIT_FITS;
	case IOF_VERDICT_DEGRADED:
		return EXIT_DEGRADED;
	case IOF_VERDICT_FAILS:
		return EXIT_FAILS;
	case IOF_VERDICT_UNKNOWN:
		break;
	}
	return EXIT_UNKNOWN;
}
