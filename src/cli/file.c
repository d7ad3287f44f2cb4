/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file.c - files that the user names: read whole, written whole or not at all. */
#include "place.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int fd_read(int fd, size_t max, char **data, size_t *length)
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
	int err = fd < 0 ? -errno : fd_read(fd, max, data, length);

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
		err = S_ISREG(st.st_mode) ? fd_read(fd, max, data, length) : -EBADMSG;
	close(fd);
	return err;
}

/* What cannot be replaced is written to: a device, a pipe, also by a link as /dev/stdout is one. A
 * link to a file is neither followed nor overwritten: whoever made it meant something by it. */
static int open_special(struct tool *t, const char *path, int *fd)
{
	struct stat s, target;

	*fd = -1;
	if (lstat(path, &s) < 0 || S_ISREG(s.st_mode))
		return 0;
	if (S_ISLNK(s.st_mode) && (stat(path, &target) < 0 || S_ISREG(target.st_mode)))
		return tool_error(t, -EROFS,
				  "%s: is a symbolic link; name the file that it leads to", path);
	*fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return *fd < 0 ? -errno : 0;
}

static int open_place(struct new_file *f, const char *path)
{
	int err;

	f->place = calloc(1, sizeof(*f->place));
	if (!f->place)
		return -ENOMEM;
	err = place_open(f->place, path);
	if (err)
		return err;
	f->fd = place_temporary(f->place, &f->temporary);
	return f->fd < 0 ? f->fd : 0;
}

static void forget(struct new_file *f)
{
	if (f->place)
		place_close(f->place);
	free(f->place);
	free(f->temporary);
	*f = (struct new_file){.fd = -1};
}

int new_file_open(struct tool *t, struct new_file *f, const char *path)
{
	int err;

	*f = (struct new_file){.fd = -1, .path = path};
	err = open_special(t, path, &f->fd);
	if (err && t->error)
		return err;
	if (!err && f->fd < 0)
		err = open_place(f, path);
	if (!err)
		return 0;
	forget(f);
	if (err == -ENOMEM)
		return err;
	return tool_error(t, err == -EACCES || err == -EPERM ? err : -EROFS, "%s: %s", path,
			  strerror(-err));
}

static int take_mode(const struct new_file *f)
{
	struct stat st;
	mode_t mask;

	if (fstatat(f->place->folder, f->place->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		return fchmod(f->fd, st.st_mode & 0777) < 0 ? -errno : 0;
	mask = umask(0);
	umask(mask);
	return fchmod(f->fd, 0666 & ~mask) < 0 ? -errno : 0;
}

static int give_name(const struct new_file *f)
{
	int folder = f->place->folder;
	int err = take_mode(f);

	if (!err && fsync(f->fd) < 0)
		err = -errno;
	if (!err && renameat(folder, f->temporary, folder, f->place->name) < 0)
		err = -errno;
	return err;
}

int new_file_close(struct tool *t, struct new_file *f, bool commit)
{
	const char *path = f->path;
	int err = 0;

	if (f->fd < 0)
		return 0;
	if (commit && f->temporary)
		err = give_name(f);
	if (f->temporary && (err || !commit))
		unlinkat(f->place->folder, f->temporary, 0);
	if (close(f->fd) < 0 && !err && commit)
		err = -errno;
	forget(f);
	return err ? tool_error(t, err, "%s: %s", path, strerror(-err)) : 0;
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
