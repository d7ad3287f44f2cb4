/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root.c - what all roots share, the live one, and that of an embedder. */
#include "base/root_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int root_new(struct iof_ctx *ctx, enum root_kind kind, const struct root_ops *ops, char *name,
	     struct root **out)
{
	struct root *root = name ? calloc(1, sizeof(*root)) : NULL;

	if (!root) {
		free(name);
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	}
	root->ops = ops;
	root->kind = kind;
	root->ctx = iof_ctx_ref(ctx);
	root->name = name;
	root->fd = -1;
	root->folder_fd = -1;
	*out = root;
	return 0;
}

void root_free(struct root *root)
{
	if (!root)
		return;
	if (root->ops->close)
		root->ops->close(root);
	buf_free(&root->scratch);
	free(root->name);
	iof_ctx_unref(root->ctx);
	free(root);
}

enum root_kind root_kind(const struct root *root)
{
	return root->kind;
}

const char *root_name(const struct root *root)
{
	return root->name;
}

int root_slurp(struct root *root, int fd, size_t size, size_t max)
{
	struct buf *b = &root->scratch;

	b->length = 0;
	b->err = 0;
	for (;;) {
		ssize_t n;

		/* sysfs does not tell sizes; nearly all of its files fit a page. */
		if (buf_reserve(b, 4096) < 0)
			return -ENOMEM;
		n = read(fd, b->data + b->length, b->cap - b->length - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		b->length += (size_t)n;
		b->data[b->length] = '\0';
		if (b->length > max)
			return -EFBIG;
		/* Another read would only say what the size says. */
		if (n == 0 || b->length == size)
			return 0;
	}
}

/* Takes over fd. */
int root_list_fd(int fd, root_each_fn each, void *arg)
{
	DIR *folder = fdopendir(fd);
	struct dirent *entry;
	int err = 0;

	if (!folder) {
		err = -errno;
		close(fd);
		return err;
	}
	while (!err && (errno = 0, entry = readdir(folder))) {
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			err = each(arg, entry->d_name);
	}
	if (!err && errno)
		err = -errno;
	closedir(folder);
	return err;
}

/* ---- the live system ---- */

static int live_read(struct root *root, const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	err = root_slurp(root, fd, 0, max);
	close(fd);
	return err;
}

static int live_readlink(struct root *root, const char *path)
{
	struct buf *b = &root->scratch;
	ssize_t n;

	b->length = 0;
	b->err = 0;
	if (buf_reserve(b, MAX_PATH_LENGTH) < 0)
		return -ENOMEM;
	n = readlink(path, b->data, b->cap - 1);
	if (n < 0)
		return -errno;
	b->length = (size_t)n;
	b->data[n] = '\0';
	return 0;
}

static int live_list(struct root *root UNUSED, const char *path, root_each_fn each, void *arg)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : root_list_fd(fd, each, arg);
}

static int live_exists(struct root *root UNUSED, const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -errno : 0;
}

static const struct root_ops live_ops = {
	.read = live_read,
	.readlink = live_readlink,
	.list = live_list,
	.exists = live_exists,
};

int root_live(struct iof_ctx *ctx, struct root **out)
{
	return root_new(ctx, ROOT_LIVE, &live_ops, strdup(""), out);
}

/* ---- an embedder's access ---- */

/* What it handed out becomes the scratch. */
static void io_take(struct root *root, char *bytes, size_t length)
{
	buf_free(&root->scratch);
	root->scratch = (struct buf){.data = bytes, .length = length, .cap = length + 1};
}

static int io_read(struct root *root, const char *path, size_t max)
{
	size_t length = 0;
	char *bytes = NULL;
	int err = root->io.read(root->io.data, path, max, &bytes, &length);

	if (err)
		return err < 0 ? err : -EIO;
	if (!bytes)
		return -EIO;
	io_take(root, bytes, length);
	return length > max ? -EFBIG : 0;
}

static int io_readlink(struct root *root, const char *path)
{
	char *target = NULL;
	int err = root->io.readlink(root->io.data, path, &target);

	if (err)
		return err < 0 ? err : -EIO;
	if (!target)
		return -EIO;
	io_take(root, target, strlen(target));
	return 0;
}

static int io_list(struct root *root, const char *path, root_each_fn each, void *arg)
{
	return root->io.list(root->io.data, path, each, arg);
}

static int io_exists(struct root *root, const char *path)
{
	return root->io.exists(root->io.data, path);
}

static void io_close(struct root *root)
{
	if (root->io.close)
		root->io.close(root->io.data);
}

static const struct root_ops io_ops = {
	.read = io_read,
	.readlink = io_readlink,
	.list = io_list,
	.exists = io_exists,
	.close = io_close,
};

int root_io(struct iof_ctx *ctx, const struct iof_io *io, struct root **out)
{
	int err;

	if (io->size < sizeof(*io) || !io->read || !io->readlink || !io->list || !io->exists)
		return ctx_fail(ctx, -EINVAL, "struct iof_io: size or a function is missing");
	err = root_new(ctx, ROOT_IO, &io_ops, strdup(""), out);
	if (!err)
		(*out)->io = *io;
	return err;
}

/* ---- access ---- */

/* What is absent may be marked as there but not readable, in captures of ours: -EACCES instead of
 * -ENOENT. */
static int absent_result(struct root *root, const char *path)
{
	struct buf marker = {0};
	int err;

	if (root->kind != ROOT_FOLDER && root->kind != ROOT_ARCHIVE)
		return -ENOENT;
	buf_printf(&marker, "%s" UNREADABLE, path);
	err = marker.err ? marker.err : root->ops->exists(root, marker.data);
	buf_free(&marker);
	if (err == -ENOMEM)
		return err;
	return err ? -ENOENT : -EACCES;
}

/* Absent and unreadable in one form each; what is neither gets a text. */
static int access_result(struct root *root, const char *path, int err)
{
	if (err == -ENOTDIR)
		err = -ENOENT;
	if (err == -EPERM)
		err = -EACCES;
	if (err == -ENOENT)
		err = absent_result(root, path);
	if (!err || err == -ENOENT || err == -EACCES || err == -EINVAL)
		return err;
	if (err == -ENOMEM)
		return ctx_fail(root->ctx, err, "out of memory");
	return ctx_fail(root->ctx, err, "%s%s: %s", root->name, path, strerrordesc_np(-err));
}

static int read_scratch(struct root *root, const char *path, size_t max)
{
	if (path[0] != '/')
		return -EINVAL;
	return access_result(root, path, root->ops->read(root, path, max));
}

int root_read(struct root *root, struct arena *arena, const char *path, size_t max,
	      const char **bytes, size_t *length)
{
	int err = read_scratch(root, path, max);
	const char *copy;

	if (err)
		return err;
	copy = arena_strndup(arena, root->scratch.data, root->scratch.length);
	if (!copy)
		return ctx_fail(root->ctx, -ENOMEM, "out of memory");
	*bytes = copy;
	*length = root->scratch.length;
	return 0;
}

static bool is_trailing(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\0';
}

/* A line in scratch, trimmed. */
static int read_trimmed(struct root *root, const char *path)
{
	int err = read_scratch(root, path, 65536);
	struct buf *b = &root->scratch;

	if (err)
		return err;
	while (b->length && is_trailing(b->data[b->length - 1]))
		b->length--;
	if (b->data)
		b->data[b->length] = '\0';
	return 0;
}

int root_read_line(struct root *root, struct arena *arena, const char *path, const char **text)
{
	int err = read_trimmed(root, path);
	const char *copy;

	if (err)
		return err;
	copy = arena_strndup(arena, root->scratch.data, root->scratch.length);
	if (!copy)
		return ctx_fail(root->ctx, -ENOMEM, "out of memory");
	*text = copy;
	return 0;
}

int root_read_u64(struct root *root, const char *path, int base, uint64_t *out)
{
	int err = read_trimmed(root, path);

	if (err)
		return err;
	if (parse_u64n(root->scratch.data, root->scratch.length, base, UINT64_MAX, out) < 0)
		return ctx_fail(root->ctx, -EBADMSG, "%s%s:1: not a number", root->name, path);
	return 0;
}

int root_readlink(struct root *root, struct arena *arena, const char *path, const char **target)
{
	int err = path[0] == '/' ? root->ops->readlink(root, path) : -EINVAL;
	const char *copy;

	err = access_result(root, path, err);
	if (err)
		return err;
	copy = arena_strdup(arena, root->scratch.data);
	if (!copy)
		return ctx_fail(root->ctx, -ENOMEM, "out of memory");
	*target = copy;
	return 0;
}

int root_link_name(struct root *root, struct arena *arena, const char *path, const char **name)
{
	int err = path[0] == '/' ? root->ops->readlink(root, path) : -EINVAL;
	const char *slash, *copy;

	err = access_result(root, path, err);
	if (err)
		return err;
	slash = strrchr(root->scratch.data, '/');
	copy = arena_strdup(arena, slash ? slash + 1 : root->scratch.data);
	if (!copy)
		return ctx_fail(root->ctx, -ENOMEM, "out of memory");
	*name = copy;
	return 0;
}

struct listing {
	struct arena *arena;
	const char **names;
	size_t n;
	size_t cap;
};

static int listing_add(void *arg, const char *name)
{
	struct listing *listing = arg;
	size_t length = strlen(name), marker = strlen(UNREADABLE);
	const char **grown;

	/* What was not readable was there nevertheless. */
	if (length > marker && str_eq(name + length - marker, UNREADABLE))
		length -= marker;
	if (listing->n == MAX_NAMES)
		return -EFBIG;
	/* One more for the NULL at the end. */
	grown = arena_grow(listing->arena, listing->names, listing->n + 1, &listing->cap,
			   sizeof(*listing->names));
	if (!grown)
		return -ENOMEM;
	listing->names = grown;
	grown[listing->n] = arena_strndup(listing->arena, name, length);
	return grown[listing->n++] ? 0 : -ENOMEM;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Sorted, each name once. */
static void listing_finish(struct listing *listing)
{
	size_t i, kept = 0;

	if (listing->n)
		qsort(listing->names, listing->n, sizeof(*listing->names), compare_names);
	for (i = 0; i < listing->n; i++) {
		if (!kept || !str_eq(listing->names[kept - 1], listing->names[i]))
			listing->names[kept++] = listing->names[i];
	}
	listing->names[kept] = NULL;
	listing->n = kept;
}

int root_list(struct root *root, struct arena *arena, const char *path, const char ***names,
	      size_t *n)
{
	struct listing listing = {.arena = arena};
	int err = path[0] == '/' ? root->ops->list(root, path, listing_add, &listing) : -EINVAL;

	err = access_result(root, path, err);
	if (err)
		return err;
	if (!listing.names)
		listing.names = arena_array(arena, 1, sizeof(*listing.names));
	if (!listing.names)
		return ctx_fail(root->ctx, -ENOMEM, "out of memory");
	listing_finish(&listing);
	*names = listing.names;
	*n = listing.n;
	return 0;
}

bool root_exists(struct root *root, const char *path)
{
	int err;

	if (path[0] != '/')
		return false;
	err = access_result(root, path, root->ops->exists(root, path));
	if (err == -ENOMEM)
		root->lacked_memory = true;
	return err == 0 || err == -EACCES;
}

int root_error(const struct root *root)
{
	return root->lacked_memory ? -ENOMEM : 0;
}
