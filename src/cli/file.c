/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file.c - files that the user names: read whole, written whole or not at all. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_fd(int fd, size_t max, char **data, size_t *length)
{
	struct bytes b = {0};
	char chunk[16384];
	int err = bytes_append(&b, "", 0);

	while (!err) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : 0;
			break;
		}
		err = b.length + (size_t)n > max ? -EFBIG : bytes_append(&b, chunk, (size_t)n);
	}
	if (err) {
		free(b.data);
		return err;
	}
	*data = b.data;
	*length = b.length;
	return 0;
}

int file_read(struct tool *t, const char *path, size_t max, char **data, size_t *length)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_fd(fd, max, data, length);

	if (fd >= 0 && !standard)
		close(fd);
	if (err == -EFBIG)
		return tool_error(t, err, "%s: larger than %zu bytes", path, max);
	return err ? tool_error(t, err, "%s: %s", standard ? "<stdin>" : path, strerror(-err)) : 0;
}

int file_read_regular(const char *path, size_t max, char **data, size_t *length)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else
		err = S_ISREG(st.st_mode) ? read_fd(fd, max, data, length) : -EBADMSG;
	close(fd);
	return err;
}

int new_file_open(struct tool *t, struct new_file *f, const char *path)
{
	struct stat st;

	*f = (struct new_file){.fd = -1, .path = path};
	/* A device or pipe cannot be replaced: it is written to. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	} else if (asprintf(&f->temporary, "%s.XXXXXX", path) < 0) {
		f->temporary = NULL;
		return -ENOMEM;
	} else {
		f->fd = mkostemp(f->temporary, O_CLOEXEC);
	}
	if (f->fd < 0) {
		int err = -errno;

		free(f->temporary);
		f->temporary = NULL;
		if (err != -EACCES && err != -EPERM)
			return tool_error(t, -EROFS, "%s: %s", path, strerror(-err));
		return tool_error(t, err, "%s: %s", path, strerror(-err));
	}
	return 0;
}

static int take_mode(int fd, const char *path)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0)
		return fchmod(fd, st.st_mode & 0777) < 0 ? -errno : 0;
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) < 0 ? -errno : 0;
}

static int give_name(const struct new_file *f)
{
	int err = take_mode(f->fd, f->path);

	if (!err && fsync(f->fd) < 0)
		err = -errno;
	if (!err && rename(f->temporary, f->path) < 0)
		err = -errno;
	return err;
}

int new_file_close(struct tool *t, struct new_file *f, bool commit)
{
	int err = 0;

	if (f->fd < 0)
		return 0;
	if (commit && f->temporary)
		err = give_name(f);
	if (f->temporary && (err || !commit))
		unlink(f->temporary);
	if (close(f->fd) < 0 && !err && commit)
		err = -errno;
	f->fd = -1;
	free(f->temporary);
	f->temporary = NULL;
	return err ? tool_error(t, err, "%s: %s", f->path, strerror(-err)) : 0;
}

int file_write(struct tool *t, const char *path, const char *data, size_t length)
{
	struct new_file file;
	int err = new_file_open(t, &file, path);
	int close_err;

	if (err)
		return err;
	err = write_all(file.fd, data, length);
	if (err)
		tool_error(t, err, "%s: %s", path, strerror(-err));
	close_err = new_file_close(t, &file, err == 0);
	return err ? err : close_err;
}
