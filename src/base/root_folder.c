/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root_folder.c - a folder that is a root, and the resolution of links without the kernel's help.
 */
#include "base/root_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Take the first part of pending; "" at the end. Pending is a cursor into a string that stays. */
static size_t next_part(const char **cursor, const char **part)
{
	const char *start = *cursor + strspn(*cursor, "/");
	size_t length = strcspn(start, "/");

	*part = start;
	*cursor = start + length;
	return length;
}

static void drop_last_part(struct buf *path)
{
	while (path->length && path->data[path->length - 1] != '/')
		path->length--;
	if (path->length)
		path->length--;
	if (path->data)
		path->data[path->length] = '\0';
}

/* Put a link's target before what is left of the path. */
static int push_target(struct buf *pending, const struct buf *target, const char *rest)
{
	struct buf joined = {0};

	buf_append(&joined, target->data, target->length);
	buf_putc(&joined, '/');
	buf_puts(&joined, rest);
	buf_free(pending);
	*pending = joined;
	if (joined.err)
		return joined.err;
	return joined.length > MAX_PENDING ? -ENAMETOOLONG : 0;
}

/* One part onto result, which is free of links again afterwards. */
static int resolve_part(struct root *root, const char *part, size_t length, bool is_last,
			root_target_fn target_of, struct buf *result, struct buf *target)
{
	size_t before = result->length;
	int err;

	if (length == 1 && part[0] == '.')
		return 0;
	if (length == 2 && part[0] == '.' && part[1] == '.') {
		drop_last_part(result);
		return 0;
	}
	if (result->length)
		buf_putc(result, '/');
	buf_append(result, part, length);
	if (result->err)
		return result->err;
	if (is_last)
		return 0;
	target->length = 0;
	err = target_of(root, result->data, target);
	if (err == -EINVAL)
		return 0;
	if (err)
		return err;
	result->length = target->length && target->data[0] == '/' ? 0 : before;
	result->data[result->length] = '\0';
	return 1;
}

int root_resolve(struct root *root, const char *path, bool follow_last, root_target_fn target_of,
		 struct buf *result)
{
	struct buf pending = {0}, target = {0};
	unsigned links = 0;
	const char *cursor, *part;
	size_t length;
	int err;

	result->length = 0;
	buf_puts(&pending, path);
	err = buf_reserve(result, 1);
	if (!err)
		result->data[0] = '\0';
	if (!err)
		err = pending.err;
	cursor = pending.data;
	while (!err && (length = next_part(&cursor, &part))) {
		bool is_last = !follow_last && cursor[strspn(cursor, "/")] == '\0';

		err = resolve_part(root, part, length, is_last, target_of, result, &target);
		if (err == 1) {
			err = ++links > MAX_LINKS ? -ELOOP : push_target(&pending, &target, cursor);
			cursor = pending.data;
		}
	}
	buf_free(&pending);
	buf_free(&target);
	return err;
}

/* ---- opening below a folder ---- */

static int target_at(struct root *root, const char *path, struct buf *target)
{
	ssize_t n;

	if (buf_reserve(target, MAX_PATH_LENGTH) < 0)
		return -ENOMEM;
	n = readlinkat(root->fd, path, target->data, target->cap - 1);
	if (n < 0)
		return -errno;
	target->length = (size_t)n;
	target->data[n] = '\0';
	return 0;
}

/* Part by part and never through a link, should the folder change meanwhile. */
static int open_parts(struct root *root, char *path, int flags)
{
	int fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 0);
	char *part = path;

	while (fd >= 0) {
		char *slash = strchr(part, '/');
		int next, err;

		if (slash)
			*slash = '\0';
		next = openat(fd, *part ? part : ".",
			      (slash ? O_PATH : flags) | O_NOFOLLOW | O_CLOEXEC);
		err = errno;
		close(fd);
		errno = err;
		fd = next;
		if (!slash)
			break;
		part = slash + 1;
	}
	return fd < 0 ? -errno : fd;
}

static int open_manually(struct root *root, const char *path, int flags)
{
	struct buf resolved = {0};
	int err = root_resolve(root, path, !(flags & O_NOFOLLOW), target_at, &resolved);

	if (!err)
		err = open_parts(root, resolved.data, flags);
	buf_free(&resolved);
	return err;
}

/* A descriptor, or a negative errno. Absolute paths and links mean the root. */
static int open_path(struct root *root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT,
	};
	long fd;

	if (!root->is_manual) {
		fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		/* EAGAIN: a rename elsewhere made ".." uncertain. */
		if (errno != ENOSYS && errno != EPERM && errno != EAGAIN)
			return -errno;
		root->is_manual = errno == ENOSYS;
	}
	return open_manually(root, path, flags);
}

static void forget_folder(struct root *root)
{
	if (root->folder_fd >= 0)
		close(root->folder_fd);
	root->folder_fd = -1;
}

/*
 * The name behind the last slash, if the folder before it is open; else NULL. A dozen files of each
 * device are read, one after the other: their folder, which stands behind links, is looked up once.
 */
static const char *name_in_folder(struct root *root, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	struct buf *folder = &root->folder;

	if (!length || !slash[1] || str_eq(slash + 1, ".") || str_eq(slash + 1, ".."))
		return NULL;
	if (folder->length != length || memcmp(folder->data, path, length) != 0) {
		forget_folder(root);
		folder->length = 0;
		folder->err = 0;
		buf_append(folder, path, length);
		return NULL;
	}
	if (root->folder_fd == -1) {
		root->folder_fd = open_path(root, folder->data, O_PATH | O_DIRECTORY);
		if (root->folder_fd < 0)
			root->folder_fd = -2;
	}
	return root->folder_fd >= 0 ? slash + 1 : NULL;
}

static int open_file(struct root *root, const char *path)
{
	const int flags = O_RDONLY | O_NOCTTY | O_NONBLOCK;
	const char *name = name_in_folder(root, path);
	int fd;

	if (!name)
		return open_path(root, path, flags);
	fd = openat(root->folder_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	/* A link may lead anywhere in the root. */
	return errno == ELOOP ? open_path(root, path, flags) : -errno;
}

static int folder_read(struct root *root, const char *path, size_t max)
{
	int fd = open_file(root, path);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -ENXIO;
	if (!err)
		err = root_slurp(root, fd, (size_t)st.st_size, max);
	close(fd);
	return err;
}

/* The target into b, which has room for it. */
static int read_target(struct root *root, const char *path, struct buf *b)
{
	const char *name = name_in_folder(root, path);
	ssize_t n;
	int fd, err;

	if (name) {
		n = readlinkat(root->folder_fd, name, b->data, b->cap - 1);
		if (n < 0)
			return -errno;
		b->length = (size_t)n;
		return 0;
	}
	fd = open_path(root, path, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", b->data, b->cap - 1);
	/* What is no link gives ENOENT for the empty name. */
	err = n >= 0 ? 0 : errno == ENOENT ? -EINVAL : -errno;
	close(fd);
	b->length = n > 0 ? (size_t)n : 0;
	return err;
}

static int folder_readlink(struct root *root, const char *path)
{
	struct buf *b = &root->scratch;
	int err;

	b->length = 0;
	b->err = 0;
	err = buf_reserve(b, MAX_PATH_LENGTH);
	if (!err)
		err = read_target(root, path, b);
	if (!err)
		b->data[b->length] = '\0';
	return err;
}

static int folder_list(struct root *root, const char *path, root_each_fn each, void *arg)
{
	int fd = open_path(root, path, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fd : root_list_fd(fd, each, arg);
}

static int folder_exists(struct root *root, const char *path)
{
	const char *name = name_in_folder(root, path);
	struct stat st;
	int fd;

	if (name && fstatat(root->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (name && !S_ISLNK(st.st_mode))
		return 0;
	fd = open_path(root, path, O_PATH);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void folder_close(struct root *root)
{
	forget_folder(root);
	buf_free(&root->folder);
	if (root->fd >= 0)
		close(root->fd);
}

static const struct root_ops folder_ops = {
	.read = folder_read,
	.readlink = folder_readlink,
	.list = folder_list,
	.exists = folder_exists,
	.close = folder_close,
};

/* Without the slashes at its end: paths that begin with one follow. */
static char *folder_name(const char *path)
{
	size_t length = strlen(path);

	while (length && path[length - 1] == '/')
		length--;
	return strndup(path, length);
}

int root_folder(struct iof_ctx *ctx, const char *path, struct root **out)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0) {
		err = -errno;
		return ctx_fail(ctx, err, "%s: %s", path, strerrordesc_np(-err));
	}
	err = root_new(ctx, ROOT_FOLDER, &folder_ops, folder_name(path), out);
	if (err)
		close(fd);
	else
		(*out)->fd = fd;
	return err;
}

void root_forbid_openat2(struct root *root)
{
	root->is_manual = true;
}
