/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* calls.c - see calls.h: the kernel of this machine, and what callers make of single calls. */
#include "live/calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "live/child.h"

#define READ_CHUNK 4096
#define LINE_MAX_BYTES 4096
#define LINK_MAX_BYTES 4096

static int or_errno(int result)
{
	return result < 0 ? -errno : result;
}

static ssize_t size_or_errno(ssize_t result)
{
	return result < 0 ? -errno : result;
}

static int system_open(void *data, const char *path, int flags, unsigned mode)
{
	(void)data;
	return or_errno(open(path, flags | O_CLOEXEC, mode));
}

static int system_close(void *data, int fd)
{
	(void)data;
	return or_errno(close(fd));
}

static ssize_t system_read(void *data, int fd, void *buffer, size_t size)
{
	(void)data;
	return size_or_errno(read(fd, buffer, size));
}

static ssize_t system_write(void *data, int fd, const void *buffer, size_t size)
{
	(void)data;
	return size_or_errno(write(fd, buffer, size));
}

static int system_ioctl(void *data, int fd, unsigned long request, void *argument)
{
	(void)data;
	return or_errno(ioctl(fd, request, argument));
}

static int system_fsync(void *data, int fd)
{
	(void)data;
	return or_errno(fsync(fd));
}

static int system_fchmod(void *data, int fd, unsigned mode)
{
	(void)data;
	return or_errno(fchmod(fd, mode));
}

static int system_flock(void *data, int fd, int operation)
{
	(void)data;
	return or_errno(flock(fd, operation));
}

static int system_mkdir(void *data, const char *path, unsigned mode)
{
	(void)data;
	return or_errno(mkdir(path, mode));
}

static int system_rename(void *data, const char *from, const char *to)
{
	(void)data;
	return or_errno(rename(from, to));
}

static int system_unlink(void *data, const char *path)
{
	(void)data;
	return or_errno(unlink(path));
}

static ssize_t system_readlink(void *data, const char *path, char *buffer, size_t size)
{
	(void)data;
	return size_or_errno(readlink(path, buffer, size));
}

static int system_node(void *data, const char *path, bool *is_block, unsigned *major_number,
		       unsigned *minor_number)
{
	struct stat s;

	(void)data;
	if (stat(path, &s) < 0)
		return -errno;
	if (!S_ISBLK(s.st_mode) && !S_ISCHR(s.st_mode))
		return -ENODEV;
	*is_block = S_ISBLK(s.st_mode);
	*major_number = major(s.st_rdev);
	*minor_number = minor(s.st_rdev);
	return 0;
}

static int system_list(void *data, const char *path, int (*each)(void *, const char *),
		       void *argument)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int err = 0;

	(void)data;
	if (!folder)
		return -errno;
	while (!err) {
		errno = 0;
		entry = readdir(folder);
		if (!entry) {
			err = -errno;
			break;
		}
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			err = each(argument, entry->d_name);
	}
	closedir(folder);
	return err;
}

static void *system_map(void *data, size_t length)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)data;
	return p == MAP_FAILED ? NULL : p;
}

static int system_unmap(void *data, void *address, size_t length)
{
	(void)data;
	return or_errno(munmap(address, length));
}

static int system_write_limited(void *data, const char *path, const char *text, unsigned timeout_ms)
{
	(void)data;
	return child_write(path, text, timeout_ms);
}

static unsigned system_euid(void *data)
{
	(void)data;
	return geteuid();
}

static int64_t system_monotonic_ms(void *data)
{
	struct timespec t;

	(void)data;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const struct live_calls live_calls_system = {
	.open = system_open,
	.close = system_close,
	.read = system_read,
	.write = system_write,
	.ioctl = system_ioctl,
	.fsync = system_fsync,
	.fchmod = system_fchmod,
	.flock = system_flock,
	.mkdir = system_mkdir,
	.rename = system_rename,
	.unlink = system_unlink,
	.readlink = system_readlink,
	.node = system_node,
	.list = system_list,
	.map = system_map,
	.unmap = system_unmap,
	.write_limited = system_write_limited,
	.euid = system_euid,
	.monotonic_ms = system_monotonic_ms,
};

/* ---- with EINTR retried, and whole files ---- */

int call_open(const struct live_calls *calls, const char *path, int flags, unsigned mode)
{
	int fd;

	do
		fd = calls->open(calls->data, path, flags, mode);
	while (fd == -EINTR);
	return fd;
}

void call_close(const struct live_calls *calls, int fd)
{
	if (fd >= 0)
		calls->close(calls->data, fd);
}

int call_ioctl(const struct live_calls *calls, int fd, unsigned long request, void *argument)
{
	int result;

	do
		result = calls->ioctl(calls->data, fd, request, argument);
	while (result == -EINTR);
	return result;
}

int call_fsync(const struct live_calls *calls, int fd)
{
	int result;

	do
		result = calls->fsync(calls->data, fd);
	while (result == -EINTR);
	return result;
}

int call_fchmod(const struct live_calls *calls, int fd, unsigned mode)
{
	int result;

	do
		result = calls->fchmod(calls->data, fd, mode);
	while (result == -EINTR);
	return result;
}

int call_flock(const struct live_calls *calls, int fd, int operation)
{
	int result;

	do
		result = calls->flock(calls->data, fd, operation);
	while (result == -EINTR);
	return result;
}

int call_mkdir(const struct live_calls *calls, const char *path, unsigned mode)
{
	int result;

	do
		result = calls->mkdir(calls->data, path, mode);
	while (result == -EINTR);
	return result;
}

int call_rename(const struct live_calls *calls, const char *from, const char *to)
{
	int result;

	do
		result = calls->rename(calls->data, from, to);
	while (result == -EINTR);
	return result;
}

int call_unlink(const struct live_calls *calls, const char *path)
{
	int result;

	do
		result = calls->unlink(calls->data, path);
	while (result == -EINTR);
	return result;
}

ssize_t call_readlink(const struct live_calls *calls, const char *path, char *buffer, size_t size)
{
	ssize_t n;

	do
		n = calls->readlink(calls->data, path, buffer, size);
	while (n == -EINTR);
	return n;
}

int call_node(const struct live_calls *calls, const char *path, bool *is_block, unsigned *major,
	      unsigned *minor)
{
	int result;

	do
		result = calls->node(calls->data, path, is_block, major, minor);
	while (result == -EINTR);
	return result;
}

int call_write_limited(const struct live_calls *calls, const char *path, const char *text,
		       unsigned timeout_ms)
{
	int result;

	do
		result = calls->write_limited(calls->data, path, text, timeout_ms);
	while (result == -EINTR);
	return result;
}

int call_write_all(const struct live_calls *calls, int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t n = calls->write(calls->data, fd, at, size);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Read on until the end or an error; the buffer grows, with room for the terminator. */
static int read_on(const struct live_calls *calls, int fd, size_t max, char **buffer, size_t *n)
{
	size_t size = 0;

	for (;;) {
		ssize_t got;

		if (*n + 1 >= size) {
			char *grown = realloc(*buffer, size + READ_CHUNK);

			if (!grown)
				return -ENOMEM;
			*buffer = grown;
			size += READ_CHUNK;
		}
		got = calls->read(calls->data, fd, *buffer + *n, size - *n - 1);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		*n += (size_t)got;
		if (*n > max)
			return -EFBIG;
	}
}

int call_read_file(const struct live_calls *calls, const char *path, size_t max, char **text,
		   size_t *length)
{
	char *buffer = NULL;
	size_t n = 0;
	int fd = call_open(calls, path, O_RDONLY, 0), err;

	if (fd < 0)
		return fd;
	err = read_on(calls, fd, max, &buffer, &n);
	call_close(calls, fd);
	if (err) {
		free(buffer);
		return err;
	}
	buffer[n] = '\0';
	*text = buffer;
	*length = n;
	return 0;
}

int call_read_line(const struct live_calls *calls, const char *path, char **line)
{
	size_t n;
	int err = call_read_file(calls, path, LINE_MAX_BYTES, line, &n);

	if (!err)
		(*line)[strcspn(*line, "\n")] = '\0';
	return err;
}

int call_link_name(const struct live_calls *calls, const char *path, char **name)
{
	char target[LINK_MAX_BYTES];
	ssize_t n;
	char *slash;

	n = call_readlink(calls, path, target, sizeof(target) - 1);
	if (n < 0)
		return (int)n;
	target[n] = '\0';
	slash = strrchr(target, '/');
	*name = strdup(slash ? slash + 1 : target);
	return *name ? 0 : -ENOMEM;
}
