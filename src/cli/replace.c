/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replace.c - new bytes for a file in place: a new file beside it, complete and on the disk, gets
 * its name by one rename; what was there keeps a second, dated name from before that.
 */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "attributes.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

static int fail(struct tool *t, const struct replace *r, int err, const char *what)
{
	return tool_error(t, err, "%s: %s%s%s", r->path, what ? what : "", what ? ": " : "",
			  strerror(-err));
}

/* ---- what is there ---- */

static int is_leftover(void *data, const char *entry)
{
	const struct replace *r = data;
	struct stat s;

	return place_is_backup(&r->place, entry) &&
	       fstatat(r->place.folder, entry, &s, AT_SYMLINK_NOFOLLOW) == 0 &&
	       s.st_dev == r->status.st_dev && s.st_ino == r->status.st_ino;
}

struct counter {
	const struct replace *replace;
	nlink_t n;
};

static int count_leftover(void *data, const char *entry)
{
	struct counter *c = data;

	c->n += (nlink_t)is_leftover((void *)(uintptr_t)c->replace, entry);
	return 0;
}

/* A run that was killed between backup and rename left the file a second name; those are no names
 * that anybody else goes by. */
static int check_links(struct tool *t, const struct replace *r)
{
	struct counter c = {.replace = r};
	int err;

	if (r->status.st_nlink <= 1)
		return 0;
	err = place_entries(&r->place, count_leftover, &c);
	if (err)
		return fail(t, r, err, NULL);
	if (r->status.st_nlink - c.n <= 1)
		return 0;
	return tool_error(t, -EROFS,
			  "%s: has %lu names (hard links), of which a replacement would reach one",
			  r->path, (unsigned long)(r->status.st_nlink - c.n));
}

static int check_kind(struct tool *t, const struct replace *r)
{
	if (S_ISDIR(r->status.st_mode))
		return tool_error(t, -EISDIR, "%s: is a folder", r->path);
	if (!S_ISREG(r->status.st_mode))
		return tool_error(t, -EROFS, "%s: is no regular file, it cannot be replaced",
				  r->path);
	return check_links(t, r);
}

static int open_file(struct tool *t, struct replace *r, size_t max)
{
	int err;

	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	r->fd = openat(r->place.folder, r->place.name,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (r->fd < 0 && errno == ELOOP)
		return tool_error(t, -EROFS,
				  "%s: is a symbolic link; name the file that it leads to",
				  r->path);
	if (r->fd < 0)
		return fail(t, r, -errno, NULL);
	if (fstat(r->fd, &r->status) < 0)
		return fail(t, r, -errno, NULL);
	err = check_kind(t, r);
	if (err)
		return err;
	err = fd_read(r->fd, max, &r->data, &r->length);
	if (err == -EFBIG)
		return tool_error(t, err, "%s: larger than %zu bytes", r->path, max);
	return err ? fail(t, r, err, NULL) : 0;
}

int replace_open_at(struct tool *t, struct replace *r, struct place *place, const char *path,
		    size_t max)
{
	*r = (struct replace){.place = *place, .fd = -1, .path = strdup(path)};
	*place = (struct place){.folder = -1};
	return r->path ? open_file(t, r, max) : -ENOMEM;
}

int replace_open(struct tool *t, struct replace *r, const char *path, size_t max)
{
	struct place place;
	int err = place_open(&place, path);

	*r = (struct replace){.place = {.folder = -1}, .fd = -1};
	if (err)
		return tool_error(t, err, "%s: %s", path, strerror(-err));
	return replace_open_at(t, r, &place, path, max);
}

void replace_close(struct replace *r)
{
	if (r->fd >= 0)
		close(r->fd);
	place_close(&r->place);
	free(r->path);
	free(r->data);
	free(r->backup);
	*r = (struct replace){.place = {.folder = -1}, .fd = -1};
}

/* ---- whether it is still that ---- */

static bool is_same_status(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int compare_bytes(const struct replace *r, bool *same)
{
	char chunk[16384];
	size_t at = 0;
	ssize_t n;

	*same = false;
	while ((n = pread(r->fd, chunk, sizeof(chunk), (off_t)at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n > r->length - at || memcmp(r->data + at, chunk, (size_t)n) != 0)
			return 0;
		at += (size_t)n;
	}
	*same = at == r->length;
	return 0;
}

static int say_changed(struct tool *t, const struct replace *r)
{
	return tool_error(t, -EBUSY, "%s: was changed meanwhile; nothing was written", r->path);
}

static int check_unchanged(struct tool *t, const struct replace *r)
{
	struct stat s;
	bool same = false;
	int err = 0;

	if (fstatat(r->place.folder, r->place.name, &s, AT_SYMLINK_NOFOLLOW) < 0)
		err = errno == ENOENT ? 0 : -errno;
	else if (is_same_status(&s, &r->status))
		err = compare_bytes(r, &same);
	if (err)
		return fail(t, r, err, NULL);
	return same ? 0 : say_changed(t, r);
}

/* ---- the new file and the backup ---- */

static int remove_leftover(void *data, const char *entry)
{
	const struct replace *r = data;

	if (place_is_temporary(&r->place, entry) || is_leftover(data, entry))
		unlinkat(r->place.folder, entry, 0);
	return 0;
}

/* Two runs at the same file: the second gives way. So what lies there is of runs that are gone. */
static int take_turn(struct tool *t, struct replace *r)
{
	int err;

	if (flock(r->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return tool_error(t, -EBUSY, "%s: is locked by another program", r->path);
	err = check_unchanged(t, r);
	if (!err)
		place_entries(&r->place, remove_leftover, r);
	return err;
}

static int sync_file(const struct replace *r, int fd)
{
	if (fsync(fd) == 0)
		return 0;
	/* pmxcfs has its data in a database and no fsync for its files. */
	if (r->is_fuse && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
		return 0;
	return -errno;
}

static int keep_attributes(struct tool *t, const struct replace *r, int fd)
{
	char *lost = NULL;
	int err = attributes_copy(r->fd, &r->status, fd, &lost);
	bool tolerable = r->is_fuse && (err == -EPERM || err == -EACCES || err == -EOPNOTSUPP ||
					err == -ENOSYS || err == -EINVAL);

	if (err && !tolerable)
		tool_error(t, err, "%s: its %s cannot be kept: %s; nothing was changed", r->path,
			   lost ? lost : "attributes", strerror(-err));
	free(lost);
	return tolerable ? 0 : err;
}

/* A complete file beside it, on the disk; its name, or NULL and *err. */
static char *write_beside(struct tool *t, const struct replace *r, const char *data, size_t length,
			  int *err)
{
	char *name = NULL;
	int fd = place_temporary(&r->place, &name);

	if (fd < 0) {
		*err = fail(t, r, fd == -EACCES || fd == -EPERM || fd == -ENOSPC ? fd : -EROFS,
			    fd == -EACCES || fd == -EPERM || fd == -ENOSPC ? "its folder"
									   : strerror(-fd));
		return NULL;
	}
	*err = write_all(fd, data, length);
	if (*err)
		fail(t, r, *err, NULL);
	else
		*err = keep_attributes(t, r, fd);
	if (!*err) {
		*err = sync_file(r, fd);
		if (*err)
			fail(t, r, *err, NULL);
	}
	if (close(fd) < 0 && !*err)
		*err = fail(t, r, -errno, NULL);
	if (!*err)
		return name;
	unlinkat(r->place.folder, name, 0);
	free(name);
	return NULL;
}

/* A second name; the file that has it must be the one that was read. */
static int link_backup(const struct replace *r, const char *name)
{
	struct stat s;
	int err;

	if (linkat(r->place.folder, r->place.name, r->place.folder, name, 0) < 0)
		return -errno;
	if (fstatat(r->place.folder, name, &s, AT_SYMLINK_NOFOLLOW) < 0)
		err = -errno;
	else
		err = s.st_dev == r->status.st_dev && s.st_ino == r->status.st_ino ? 0 : -EBUSY;
	if (err)
		unlinkat(r->place.folder, name, 0);
	return err;
}

/* Where there are no hard links. */
static int copy_backup(struct tool *t, const struct replace *r, const char *name)
{
	int folder = r->place.folder, err = 0;
	char *copy = write_beside(t, r, r->data, r->length, &err);

	if (!copy)
		return err;
	if (renameat2(folder, copy, folder, name, RENAME_NOREPLACE) < 0)
		err = -errno;
	/* A file system that does not know the flag. */
	if (err == -EINVAL || err == -ENOSYS) {
		err = faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? -EEXIST : 0;
		if (!err && renameat(folder, copy, folder, name) < 0)
			err = -errno;
	}
	if (err)
		unlinkat(folder, copy, 0);
	free(copy);
	return err;
}

static bool has_no_links(int err)
{
	return err == -EPERM || err == -EOPNOTSUPP || err == -ENOSYS || err == -EMLINK ||
	       err == -EINVAL;
}

static int make_backup(struct tool *t, struct replace *r)
{
	int err = -EEXIST;

	for (unsigned n = 0; err == -EEXIST; n++) {
		char *name = place_backup(&r->place, n);

		if (!name)
			return fail(t, r, -EEXIST, "no name for the backup");
		err = link_backup(r, name);
		if (has_no_links(err))
			err = copy_backup(t, r, name);
		if (!err)
			r->backup = name;
		else
			free(name);
	}
	if (err == -EBUSY || err == -ENOENT)
		return say_changed(t, r);
	return err && !t->error ? fail(t, r, err, "the backup") : err;
}

static void drop_backup(struct replace *r)
{
	if (r->backup)
		unlinkat(r->place.folder, r->backup, 0);
	free(r->backup);
	r->backup = NULL;
}

static int give_name(struct tool *t, struct replace *r, const char *temporary)
{
	int folder = r->place.folder;
	int err = make_backup(t, r);

	if (!err) {
		err = place_sync(&r->place);
		if (err)
			fail(t, r, err, "its folder");
	}
	if (!err)
		err = check_unchanged(t, r);
	if (!err && renameat(folder, temporary, folder, r->place.name) < 0)
		err = fail(t, r, -errno, NULL);
	if (!err)
		return 0;
	unlinkat(folder, temporary, 0);
	drop_backup(r);
	return err;
}

static void find_file_system(struct replace *r)
{
	struct statfs s;

	r->is_fuse = fstatfs(r->place.folder, &s) == 0 && s.f_type == FUSE_SUPER_MAGIC;
}

int replace_commit(struct tool *t, struct replace *r, const char *data, size_t length)
{
	char *temporary;
	int err = take_turn(t, r);

	if (err)
		return err;
	find_file_system(r);
	if (r->is_fuse)
		tool_note(t,
			  "%s: on a FUSE file system, as Proxmox's /etc/pve: a new file gets the "
			  "name; owner, mode and access lists are what that file system gives it",
			  r->path);
	temporary = write_beside(t, r, data, length, &err);
	if (!temporary)
		return err;
	err = give_name(t, r, temporary);
	free(temporary);
	if (err)
		return err;
	err = place_sync(&r->place);
	return err ? tool_error(t, err, "%s: written, but a crash may still undo it: %s", r->path,
				strerror(-err))
		   : 0;
}
