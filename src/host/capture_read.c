// SPDX-License-Identifier: LGPL-2.1-or-later
/* capture_read.c - a host from a capture: the archive is unpacked into memory, and read there like
 * any other root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/root.h"
#include "host/capture.h"
#include "host/load.h"
#include "host/tar.h"

struct unpacking {
	struct root *root;
	bool has_host; /* a member below sys/ or proc/ */
};

static void look_at(struct unpacking *u, const char *path)
{
	if (str_starts(path, "sys/") || str_starts(path, "proc/") || str_eq(path, "sys"))
		u->has_host = true;
}

static int add_file(void *data, const char *path, const char *bytes, size_t length)
{
	struct unpacking *u = data;

	look_at(u, path);
	return root_memory_file(u->root, path, bytes, length);
}

static int add_link(void *data, const char *path, const char *target)
{
	struct unpacking *u = data;

	look_at(u, path);
	return root_memory_link(u->root, path, target);
}

static int add_folder(void *data, const char *path)
{
	struct unpacking *u = data;

	look_at(u, path);
	return root_memory_folder(u->root, path);
}

/* What a file is packed with, by its first bytes. */
static const struct {
	const char *magic;
	size_t length;
	enum archive_module_kind module;
} packings[] = {
	{"\xfd"
	 "7zXZ",
	 6, MODULE_XZ},
	{"\x1f\x8b", 2, MODULE_GZ},
	{"\x28\xb5\x2f\xfd", 4, MODULE_ZSTD},
};

/* The module that unpacks these bytes; NULL: they are not packed. */
static int find_module(struct iof_ctx *ctx, const char *bytes, size_t length,
		       const struct archive_module **out)
{
	size_t i;
	int err;

	*out = NULL;
	for (i = 0; i < ARRAY_SIZE(packings); i++) {
		if (length < packings[i].length ||
		    memcmp(bytes, packings[i].magic, packings[i].length) != 0)
			continue;
		err = archive_module_load(ctx, packings[i].module, out);
		/* A package may have left the small ones out. */
		if (err == -EOPNOTSUPP && packings[i].module != MODULE_ARCHIVE)
			err = archive_module_load(ctx, MODULE_ARCHIVE, out);
		return err;
	}
	return 0;
}

int capture_members(struct iof_ctx *ctx, const char *bytes, size_t length, const char *name,
		    struct root **out)
{
	struct tar_sink sink = {.file = add_file, .link = add_link, .folder = add_folder};
	struct unpacking u = {0};
	char reason[256] = "";
	int err = root_memory(ctx, name, &u.root);

	if (err)
		return err;
	sink.data = &u;
	err = tar_read(bytes, length, &sink, reason, sizeof(reason));
	if (err == -EBADMSG && *reason)
		ctx_fail(ctx, err, "%s: %s", name, reason);
	else if (err)
		ctx_prefix(ctx, err, "%s", name);
	else if (!u.has_host)
		err = ctx_fail(ctx, -EBADMSG, "%s: holds neither sys/ nor proc/: not a capture",
			       name);
	if (err) {
		root_free(u.root);
		return err;
	}
	*out = u.root;
	return 0;
}

int capture_root(struct iof_ctx *ctx, const char *bytes, size_t length, const char *name,
		 struct root **out)
{
	const struct archive_module *module;
	char reason[256] = "";
	char *unpacked = NULL;
	int err;

	if (!length)
		return ctx_fail(ctx, -EBADMSG, "%s: empty", name);
	err = find_module(ctx, bytes, length, &module);
	if (err)
		return err;
	if (module) {
		err = module->unpack(bytes, length, &unpacked, &length, reason, sizeof(reason));
		if (err)
			return ctx_fail(ctx, err, "%s: %s", name,
					*reason ? reason : strerror(-err));
		bytes = unpacked;
	}
	err = capture_members(ctx, bytes, length, name, out);
	free(unpacked);
	return err;
}

/* size bytes, or until the end if the file shrinks meanwhile. */
static int read_fully(int fd, char *bytes, size_t size, size_t *length)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, bytes + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*length = got;
	return 0;
}

static int read_packed(struct iof_ctx *ctx, const char *path, char **bytes, size_t *length)
{
	/* Non-blocking, so that opening a pipe does not wait for a writer; files do not care. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int err;

	if (fd < 0)
		return ctx_fail(ctx, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		err = ctx_fail(ctx, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err = ctx_fail(ctx, -EBADMSG, "%s: neither a file nor a folder", path);
	else if (st.st_size > (off_t)ARCHIVE_MAX_PACKED)
		err = ctx_fail(ctx, -EBADMSG, "%s: larger than %u MiB", path,
			       ARCHIVE_MAX_PACKED >> 20);
	else if (!(*bytes = malloc((size_t)st.st_size + 1)))
		err = ctx_fail(ctx, -ENOMEM, "%s: out of memory", path);
	else if ((err = read_fully(fd, *bytes, (size_t)st.st_size, length)) < 0)
		ctx_fail(ctx, err, "%s: %s", path, strerror(-err));
	close(fd);
	return err;
}

IOF_EXPORT int iof_host_load_capture(struct iof_ctx *ctx, const char *path,
				     const struct iof_host_options *options, struct iof_host **out)
{
	char *bytes = NULL;
	size_t length = 0;
	struct root *root = NULL;
	int err;

	*out = NULL;
	err = read_packed(ctx, path, &bytes, &length);
	if (!err)
		err = capture_root(ctx, bytes, length, path, &root);
	free(bytes);
	if (err)
		return err;
	err = host_load_from_root(ctx, root, path, options, out);
	root_free(root);
	return err;
}
