/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socket.c - see socket.h. The descriptor never blocks: poll() waits, no longer than the deadline.
 */
#include "live/socket.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536 /* bytes per read */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int fail_errno(const struct line_socket *s, int error)
{
	if (error == ECONNREFUSED)
		return live_fail(
			s->ctx, -ENOENT, s->name,
			"nobody listens there: the VM has ended, or this is no QMP socket");
	if (error == EPROTOTYPE)
		return live_fail(s->ctx, -EBADMSG, s->name, "no stream socket");
	/* Nobody has accepted the clients before this one. */
	if (error == EAGAIN)
		return live_fail(s->ctx, -ETIMEDOUT, s->name,
				 "busy: others wait for this QMP monitor already");
	if (error == EPIPE || error == ECONNRESET)
		return live_fail(s->ctx, -EIO, s->name, "the connection was closed");
	return live_fail(s->ctx, -error, s->name, "%s", strerrordesc_np(error));
}

/* what: what is waited for; NULL: that it can be written to. */
static int wait_for(const struct line_socket *s, short events, const char *what)
{
	uint64_t now = now_ms();
	struct pollfd p = {.fd = s->fd, .events = events};
	int n = now < s->deadline ? poll(&p, 1, (int)(s->deadline - now)) : 0;

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return fail_errno(s, errno);
	if (n > 0)
		return 0;
	if (what && str_eq(what, "greeting"))
		return live_fail(s->ctx, -ETIMEDOUT, s->name,
				 "no greeting within %u ms: a QMP monitor serves one client at a "
				 "time, and another (libvirt, Proxmox) seems to have it",
				 s->timeout_ms);
	return live_fail(s->ctx, -ETIMEDOUT, s->name, "%s: no answer within %u ms",
			 what ? what : "command", s->timeout_ms);
}

int socket_open(struct line_socket *s, struct iof_ctx *ctx, const char *path, unsigned timeout_ms)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*s = (struct line_socket){.ctx = ctx,
				  .name = path,
				  .fd = -1,
				  .timeout_ms = timeout_ms,
				  .deadline = now_ms() + timeout_ms};
	if (!*path)
		return live_fail(ctx, -EINVAL, "QMP socket", "an empty name");
	if (strlen(path) >= sizeof(address.sun_path))
		return live_fail(ctx, -ENAMETOOLONG, path,
				 "a socket's path has at most %zu bytes: change into its folder",
				 sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int err = fail_errno(s, errno);

		socket_close(s);
		return err;
	}
	return 0;
}

void socket_close(struct line_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	buf_free(&s->in);
}

uint64_t socket_peer(const struct line_socket *s)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
		return 0;
	return (uint64_t)peer.pid;
}

int socket_send(void *data, const char *bytes, size_t length)
{
	struct line_socket *s = data;

	while (length) {
		ssize_t n = send(s->fd, bytes, length, MSG_NOSIGNAL);
		int err = 0;

		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			err = wait_for(s, POLLOUT, NULL);
		} else if (errno != EINTR) {
			err = fail_errno(s, errno);
		}
		if (err)
			return err;
	}
	return 0;
}

/* Read once; 0 also if nothing came yet. */
static int fill(struct line_socket *s, const char *command)
{
	ssize_t n;
	int err;

	if (s->taken) {
		memmove(s->in.data, s->in.data + s->taken, s->in.length - s->taken);
		s->in.length -= s->taken;
		s->taken = 0;
	}
	if (s->in.length > QMP_MAX_LINE)
		return live_fail(s->ctx, -EBADMSG, s->name, "%s: a line of more than %zu bytes",
				 command, QMP_MAX_LINE);
	err = wait_for(s, POLLIN, command);
	if (err)
		return err;
	if (buf_reserve(&s->in, CHUNK))
		return live_fail(s->ctx, -ENOMEM, s->name, "out of memory");
	n = recv(s->fd, s->in.data + s->in.length, CHUNK, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : fail_errno(s, errno);
	if (n == 0)
		return live_fail(s->ctx, -EBADMSG, s->name,
				 "%s: the connection was closed before the answer", command);
	s->in.length += (size_t)n;
	return 0;
}

int socket_receive(void *data, const char *command, const char **line, size_t *length)
{
	struct line_socket *s = data;

	s->scanned = 0;
	for (;;) {
		char *start = s->in.data + s->taken, *end = NULL;
		size_t have = s->in.length - s->taken;
		int err;

		if (have > s->scanned)
			end = memchr(start + s->scanned, '\n', have - s->scanned);
		if (end) {
			*line = start;
			*length = (size_t)(end - start);
			s->taken += *length + 1;
			return 0;
		}
		s->scanned = have;
		err = fill(s, command);
		if (err)
			return err;
	}
}
