/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lock.c - see lock.h. */
#include "live/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/strings.h"
#include "live/qmp.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define MAX_ENVIRONMENT (1u << 20)

/* Files that container managers leave in the root of a container. */
static const char *const container_files[] = {"/run/.containerenv", "/.dockerenv"};
/* Parts of a path in /proc/1/cgroup that only a container has. */
static const char *const container_groups[] = {"/docker/",	 "/docker-",  "/lxc/",
					       "/lxc.payload",	 "/kubepods", "/libpod-",
					       "/machine.slice/"};

static bool exists(const struct live_calls *calls, const char *path)
{
	int fd = call_open(calls, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

	call_close(calls, fd);
	return fd >= 0 || (fd != -ENOENT && fd != -ENOTDIR);
}

static int refuse(struct iof_ctx *ctx, const char *path)
{
	return live_fail(ctx, -EPERM, path,
			 "this is a container: devices are bound on the machine itself");
}

/* Variables are parted by NUL. */
static bool has_variable(const char *bytes, size_t length, const char *name)
{
	const char *end = bytes + length;

	while (bytes < end) {
		if (str_starts(bytes, name))
			return true;
		bytes += strlen(bytes) + 1;
	}
	return false;
}

/* A whole file of the first process; *bytes is NULL if there is none. */
static int read_first(const struct live_calls *calls, struct iof_ctx *ctx, const char *path,
		      char **bytes, size_t *length)
{
	int err = call_read_file(calls, path, MAX_ENVIRONMENT, bytes, length);

	if (!err || err == -ENOENT)
		return 0;
	return live_fail(ctx, err, path, "%s", strerror(-err));
}

static int check_environment(const struct live_calls *calls, struct iof_ctx *ctx)
{
	static const char path[] = "/proc/1/environ";
	cleanup_free char *bytes = NULL;
	size_t length;
	int err = read_first(calls, ctx, path, &bytes, &length);

	if (!err && bytes && has_variable(bytes, length, "container="))
		return refuse(ctx, path);
	return err;
}

static int check_group(const struct live_calls *calls, struct iof_ctx *ctx)
{
	static const char path[] = "/proc/1/cgroup";
	cleanup_free char *text = NULL;
	size_t length;
	int err = read_first(calls, ctx, path, &text, &length);

	for (size_t i = 0; !err && text && i < ARRAY_SIZE(container_groups); i++) {
		if (strstr(text, container_groups[i]))
			return refuse(ctx, path);
	}
	return err;
}

/* The first user namespace maps every id to itself: "0 0 4294967295". */
static int check_users(const struct live_calls *calls, struct iof_ctx *ctx)
{
	static const char path[] = "/proc/self/uid_map";
	static const uint64_t whole[] = {0, 0, 4294967295u};
	cleanup_free char *line = NULL;
	char *at, *save = NULL;
	size_t i = 0;
	int err = call_read_line(calls, path, &line);

	if (err == -ENOENT)
		return 0; /* a kernel without user namespaces */
	if (err)
		return live_fail(ctx, -EPERM, path, "%s", strerror(-err));
	for (at = strtok_r(line, " \t", &save); at; at = strtok_r(NULL, " \t", &save), i++) {
		uint64_t n;

		if (i >= ARRAY_SIZE(whole) || parse_u64(at, 10, UINT64_MAX, &n) || n != whole[i])
			break;
	}
	return at || i != ARRAY_SIZE(whole) ? refuse(ctx, path) : 0;
}

int lock_check_place(const struct live_calls *calls, struct iof_ctx *ctx)
{
	int err;

	if (calls->euid(calls->data) != 0)
		return live_fail(ctx, -EPERM, "--bind", "only root may rebind devices");
	for (size_t i = 0; i < ARRAY_SIZE(container_files); i++) {
		if (exists(calls, container_files[i]))
			return refuse(ctx, container_files[i]);
	}
	err = check_users(calls, ctx);
	if (!err)
		err = check_environment(calls, ctx);
	return err ? err : check_group(calls, ctx);
}

int lock_boot_id(const struct live_calls *calls, struct iof_ctx *ctx, struct arena *arena,
		 const char **id)
{
	cleanup_free char *line = NULL;
	int err = call_read_line(calls, BOOT_ID, &line);

	*id = err ? NULL : arena_strdup(arena, line);
	if (err)
		return live_fail(ctx, err, BOOT_ID, "%s", strerror(-err));
	return *id ? 0 : live_fail(ctx, -ENOMEM, BOOT_ID, "out of memory");
}

int lock_take(const struct live_calls *calls, struct iof_ctx *ctx)
{
	int err = lock_check_place(calls, ctx);

	return err ? err : lock_take_anywhere(calls, ctx);
}

int lock_take_anywhere(const struct live_calls *calls, struct iof_ctx *ctx)
{
	int err, fd;

	err = call_mkdir(calls, RUN_FOLDER, 0755);
	if (err && err != -EEXIST)
		return live_fail(ctx, err, RUN_FOLDER, "%s", strerror(-err));
	fd = call_open(calls, LOCK_PATH, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return live_fail(ctx, fd, LOCK_PATH, "%s", strerror(-fd));
	err = call_flock(calls, fd, LOCK_EX | LOCK_NB);
	if (!err)
		return fd;
	call_close(calls, fd);
	if (err == -EWOULDBLOCK)
		return live_fail(ctx, -EBUSY, LOCK_PATH,
				 "another probe is under way, or a driver still has not let a "
				 "device go");
	return live_fail(ctx, err, LOCK_PATH, "%s", strerror(-err));
}

/* The file stays: who removed it could remove the one that another has just locked. */
void lock_drop(const struct live_calls *calls, int lock)
{
	call_close(calls, lock);
}
