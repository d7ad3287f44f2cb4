/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp.h - QEMU's machine protocol from the client's side: one command, one answer, events passed
 * over. Whoever carries the lines is apart (socket.c), so that answers can come from anywhere.
 */
#ifndef LIVE_QMP_H
#define LIVE_QMP_H

#include <iommufit/ctx.h>

#include "base/json.h"
#include "base/strings.h"

#define QMP_MAX_LINE                                                                               \
	((size_t)4 << 20)     /* bytes; the largest honest answer (compat-props) has 1 MiB */
#define QMP_MAX_EVENTS 10000u /* between two answers */
#define QMP_MAX_COMMANDS 50000u

/* Who carries the lines. Both set the error's text in the session's context. */
struct qmp_wire {
	int (*send)(void *data, const char *bytes, size_t length);
	/* The next line without its end; it lives until the next call. command: what is waited
	 * for. */
	int (*receive)(void *data, const char *command, const char **line, size_t *length);
	void *data;
};

struct qmp {
	struct iof_ctx *ctx;
	const char *name; /* of the socket, for errors */
	struct qmp_wire wire;
	struct arena *arena; /* of the last answer */
	unsigned n_commands; /* so far; also the id of the last one */
};

/* The greeting and capabilities. */
int qmp_open(struct qmp *);
/* arguments: pairs of a key and a string, NULL at the end; a value that begins with '\1' is raw
 * JSON. *answer is NULL if this QEMU refuses the command or lacks it; it lives until the next
 * one. */
int qmp_ask(struct qmp *, const char *command, const char *const *arguments,
	    const struct json_value **answer);
#define QMP_RAW "\1"
/* "SOCKET: COMMAND: reason"; returns -EBADMSG. */
int qmp_bad(const struct qmp *, const char *command, const char *reason);
/* Set the error "SOCKET: text" and return err. */
int live_fail(struct iof_ctx *, int err, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
