/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socket.h - lines over a unix socket, with one deadline for all of them. */
#ifndef LIVE_SOCKET_H
#define LIVE_SOCKET_H

#include "base/strings.h"
#include "live/qmp.h"

struct line_socket {
	struct iof_ctx *ctx;
	const char *name; /* path */
	int fd;
	uint64_t deadline;   /* milliseconds of the monotonic clock */
	unsigned timeout_ms; /* for error texts */
	struct buf in;
	size_t taken;	/* bytes of in that were handed out */
	size_t scanned; /* bytes of in without a line end */
};

int socket_open(struct line_socket *, struct iof_ctx *, const char *path, unsigned timeout_ms);
void socket_close(struct line_socket *);
/* The process that made the socket listen; 0: not known. */
uint64_t socket_peer(const struct line_socket *);
/* For struct qmp_wire. */
int socket_send(void *line_socket, const char *bytes, size_t length);
int socket_receive(void *line_socket, const char *command, const char **line, size_t *length);

#endif
