/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tool.h - what all commands share: output, errors, exit statuses, files. */
#ifndef CLI_TOOL_H
#define CLI_TOOL_H

#include <iommufit/iommufit.h>

#include "options.h"

enum exit_status {
	EXIT_FITS = 0,
	EXIT_DEGRADED = 1,
	EXIT_FAILS = 2,
	EXIT_UNKNOWN = 3,
	EXIT_USAGE = 64,
	EXIT_BAD_INPUT = 65,
	EXIT_NO_INPUT = 66,
	EXIT_INTERNAL = 70,
	EXIT_SYSTEM = 71,
	EXIT_CANNOT_CREATE = 73,
	EXIT_IO = 74,
	EXIT_PERMISSION = 77,
};

/* Bytes that grow. After an allocation failure err is set and appends do nothing. */
struct bytes {
	char *data; /* NUL-terminated once something was appended */
	size_t length;
	size_t cap;
	int err;
};
int bytes_append(struct bytes *, const char *data, size_t length);
__attribute__((format(printf, 2, 3))) int bytes_printf(struct bytes *, const char *format, ...);
/* As a JSON string with its quotes; NULL: null. Invalid UTF-8 becomes U+FFFD. */
int bytes_json(struct bytes *, const char *text, size_t length);
int bytes_json_text(struct bytes *, const char *text);
/* As one word for a shell. */
int bytes_shell(struct bytes *, const char *word);

struct tool {
	struct arguments args;
	struct iof_ctx *ctx;
	/* The answer is collected here and written at once, so that an error never follows half an
	 * answer. */
	struct bytes answer;
	struct iof_output out;
	char *error; /* our own error text; NULL: the context's */
};

/* Set our error text; returns err. */
__attribute__((format(printf, 3, 4))) int tool_error(struct tool *, int err, const char *format,
						     ...);
/* The exit status that says a verdict. */
int tool_verdict(enum iof_verdict);
/* Report the error and return its exit status. */
int tool_fail(struct tool *, int err);
/* A line on standard error unless --quiet. */
__attribute__((format(printf, 2, 3))) void tool_note(const struct tool *, const char *format, ...);
/* Append to the answer. */
__attribute__((format(printf, 2, 3))) int tool_print(struct tool *, const char *format, ...);
/* Write the answer to standard output (unless --quiet); status if that works, else the error's. */
int tool_finish(struct tool *, int status);

/* All that is left to read, at most max bytes (else -EFBIG), into memory from malloc(),
 * NUL-terminated. */
int fd_read(int fd, size_t max, char **data, size_t *length);
/* A whole file ("-": standard input) of at most max bytes into memory from malloc(),
 * NUL-terminated. */
int file_read(struct tool *, const char *path, size_t max, char **data, size_t *length);
/* The same without error text and for regular files only: what a config names is hostile. */
int file_read_regular(const char *path, size_t max, char **data, size_t *length);

struct place;
/* A file that appears under its name when it is complete. */
struct new_file {
	int fd;
	struct place *place; /* NULL: a device or a pipe, which is written to */
	char *temporary;     /* the name that it has until then */
	const char *path;
};
int new_file_open(struct tool *, struct new_file *, const char *path);
/* commit: give it its name; else throw it away. */
int new_file_close(struct tool *, struct new_file *, bool commit);
/* A whole file, in one go: replaced, or as it was. */
int file_write(struct tool *, const char *path, const char *data, size_t length);
int write_all(int fd, const char *data, size_t length);
/* For struct iof_output; data is a struct bytes. */
int write_to_bytes(void *data, const char *bytes, size_t length);

int cmd_host(struct tool *);
int cmd_capture(struct tool *);
int cmd_caps(struct tool *);
int cmd_check(struct tool *);
int cmd_explain(struct tool *);
int cmd_fix(struct tool *);
int cmd_hook(struct tool *);
int cmd_map(struct tool *);
int cmd_probe(struct tool *);
int cmd_rehearse(struct tool *);
int cmd_resolve(struct tool *);
int cmd_rules(struct tool *);

#endif
