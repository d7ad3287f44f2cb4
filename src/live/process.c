/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* process.c - what /proc shows of a running VMM, without asking it. */
#include "live/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

#define MAX_LIMITS 16384 /* bytes of /proc/PID/limits; Linux writes some 1300 */

static const char vfio_folder[] = "/dev/vfio/";
static const char cdev_folder[] = "/dev/vfio/devices/";

/* Target of a link as text in the arena; NULL: not readable (or no memory, then *err). */
static const char *link_target(struct iof_live *live, int folder, const char *path, int *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(folder, path, target, sizeof(target));
	const char *copy = n > 0 ? arena_strndup(live->arena, target, (size_t)n) : NULL;

	if (n > 0 && !copy)
		*err = -ENOMEM;
	return copy;
}

/* "Max locked memory         8388608              8388608              bytes" */
static uint64_t find_memlock(const char *text, size_t length)
{
	static const char label[] = "Max locked memory", unlimited[] = "unlimited";
	const char *end = text + length, *line;
	uint64_t limit = 0;

	while (next_line(&text, end, &line, &length)) {
		size_t skip = strlen(label), digits = 0;

		if (length < skip || memcmp(line, label, skip) != 0)
			continue;
		while (skip < length && line[skip] == ' ')
			skip++;
		while (skip + digits < length && line[skip + digits] != ' ')
			digits++;
		if (digits == strlen(unlimited) && memcmp(line + skip, unlimited, digits) == 0)
			return UINT64_MAX;
		return parse_u64n(line + skip, digits, 10, UINT64_MAX - 1, &limit) ? 0 : limit;
	}
	return 0;
}

static void read_memlock(struct iof_live *live, int process)
{
	char text[MAX_LIMITS];
	int fd = openat(process, "limits", O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	if (fd < 0)
		return;
	while (length < sizeof(text) && (n = read(fd, text + length, sizeof(text) - length)) > 0)
		length += (size_t)n;
	close(fd);
	live->memlock = find_memlock(text, length);
}

/* The link says " (deleted)" once the file that runs has lost its name: an upgrade replaced it. */
static int read_program(struct iof_live *live, struct iof_ctx *ctx, int process)
{
	static const char mark[] = " (deleted)";
	int err = 0;
	const char *target = link_target(live, process, "exe", &err);
	size_t length = target ? strlen(target) : 0;
	char *version = NULL;

	if (!target)
		return err;
	live->is_replaced = length > strlen(mark) && str_eq(target + length - strlen(mark), mark);
	if (live->is_replaced)
		length -= strlen(mark);
	live->program = arena_strndup(live->arena, target, length);
	if (!live->program)
		return -ENOMEM;
	if (!live->is_replaced || iof_vmm_read_version(ctx, live->program, &version) != 0)
		return 0;
	live->on_disk = arena_strdup(live->arena, version);
	free(version);
	return live->on_disk ? 0 : -ENOMEM;
}

/* /sys/class/vfio-dev/vfio3/device -> ../../../0000:01:00.0 */
static const char *bdf_of_node(struct iof_live *live, const char *node, int *err)
{
	const char *path = arena_printf(live->arena, "/sys/class/vfio-dev/%s/device",
					node + strlen(cdev_folder));
	const char *target = path ? link_target(live, AT_FDCWD, path, err) : NULL;
	const char *slash = target ? strrchr(target, '/') : NULL;

	if (!path)
		*err = -ENOMEM;
	return slash ? slash + 1 : target;
}

static bool is_known(const struct iof_live *live, const char *node)
{
	for (size_t i = 0; i < live->vfio_list.n; i++) {
		if (str_eq(live->vfio[i].node, node))
			return true;
	}
	return false;
}

static int take_file(struct iof_live *live, int folder, const char *name)
{
	int err = 0;
	const char *target = link_target(live, folder, name, &err);
	struct live_vfio *vfio;

	if (err || !target || !str_starts(target, vfio_folder) ||
	    str_eq(target, "/dev/vfio/vfio") || is_known(live, target) ||
	    live->vfio_list.n >= LIVE_MAX_ITEMS)
		return err;
	vfio = arena_grow(live->arena, live->vfio, live->vfio_list.n, &live->vfio_list.cap,
			  sizeof(*vfio));
	if (!vfio)
		return -ENOMEM;
	live->vfio = vfio;
	vfio += live->vfio_list.n++;
	vfio->node = target;
	if (str_starts(target, cdev_folder))
		vfio->bdf = bdf_of_node(live, target, &err);
	return err;
}

static int read_files(struct iof_live *live, int process)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int err = 0;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!err && (entry = readdir(folder)))
		err = entry->d_name[0] == '.' ? 0 : take_file(live, fd, entry->d_name);
	closedir(folder);
	return err;
}

IOF_EXPORT int iof_live_add_process(struct iof_ctx *ctx, struct iof_live *live, uint64_t pid)
{
	char path[32];
	int process, err;

	snprintf(path, sizeof(path), "/proc/%" PRIu64, pid);
	process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return live_fail(ctx, -ESRCH, path, "no such process");
	live->pid = pid;
	live->has_process = true;
	read_memlock(live, process);
	err = read_program(live, ctx, process);
	if (!err)
		err = read_files(live, process);
	close(process);
	return err ? live_fail(ctx, err, path, "out of memory") : 0;
}

IOF_EXPORT int iof_live_load_process(struct iof_ctx *ctx, uint64_t pid, struct iof_live **out)
{
	struct iof_live *live = live_new(ctx);
	int err = live ? iof_live_add_process(ctx, live, pid) : -ENOMEM;

	if (err)
		iof_live_unref(live);
	*out = err ? NULL : live;
	return err;
}
