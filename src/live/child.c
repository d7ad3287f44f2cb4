/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* child.c - see child.h. */
#include "live/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the child: no memory is allocated and nothing of the parent's is touched. The exit status is
 * the errno. */
static void __attribute__((noreturn)) write_and_exit(const char *path, const char *text)
{
	size_t length = strlen(text);
	ssize_t n;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		_exit(errno);
	do
		n = write(fd, text, length);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		_exit(errno);
	_exit((size_t)n == length ? 0 : EIO);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether the child ends in time. A pidfd tells it without signals; Linux before 5.3 has none. */
static int wait_limited(pid_t pid, unsigned timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (;;) {
		int64_t left = deadline - now_ms();
		int status;
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR)) {
			if (fd >= 0)
				close(fd);
			if (ended < 0)
				return -errno;
			return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
		}
		if (left <= 0)
			break;
		if (fd >= 0) {
			struct pollfd p = {.fd = fd, .events = POLLIN};

			poll(&p, 1, (int)left);
		} else {
			poll(NULL, 0, left < 10 ? (int)left : 10);
		}
	}
	if (fd >= 0)
		close(fd);
	/* A child that hangs in the driver does not die of this before the driver returns: it must
	 * not be waited for. */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, WNOHANG);
	return -ETIMEDOUT;
}

int child_write(const char *path, const char *text, unsigned timeout_ms)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		write_and_exit(path, text);
	return wait_limited(pid, timeout_ms);
}
