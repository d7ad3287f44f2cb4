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

static int add_file(void *data, const char *path, const char *bytes, size_t length)
{
	return root_memory_file(data, path, bytes, length);
}

static int add_link(void *data, const char *path, const char *target)
{
	return root_memory_link(data, path, target);
}

static int add_folder(void *data, const char *path)
{
	return root_memory_folder(data, path);
}

int capture_root(struct iof_ctx *ctx, const struct archive_module *module, const char *bytes,
		 size_t length, const char *name, struct root **out)
{
	char reason[256] = "";
	struct archive_sink sink = {.file = add_file, .link = add_link, .folder = add_folder};
	struct root *root;
	int err = root_memory(ctx, name, &root);

	if (err)
		return err;
	sink.data = root;
	err = module->read(bytes, length, &sink, reason, sizeof(reason));
	if (!err && !root_exists(root, "/sys") && !root_exists(root, "/proc"))
		err = ctx_fail(ctx, -EBADMSG, "%s: holds neither sys/ nor proc/: not a capture",
			       name);
	else if (err)
		ctx_fail(ctx, err, "%s: %s", name, *reason ? reason : strerror(-err));
	if (err) {
		root_free(root);
		return err;
	}
	*out = root;
	return 0;
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
	const struct archive_module *module;
	char *bytes = NULL;
	size_t length = 0;
	struct root *root = NULL;
	int err;

	*out = NULL;
	err = read_packed(ctx, path, &bytes, &length);
	if (!err)
		err = archive_module_load(ctx, &module);
	if (!err)
		err = capture_root(ctx, module, bytes, length, path, &root);
	free(bytes);
	if (err)
		return err;
	err = host_load_from_root(ctx, root, path, options, out);
	root_free(root);
	return err;
}
