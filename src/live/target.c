/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* target.c - see probe.h: what sysfs says of a device now. A loaded host may be older, and holds
 * only what it was asked for. */
#include <errno.h>
#include <stdlib.h>

#include "live/probe.h"

#define DEVICES "/sys/bus/pci/devices"
#define GROUPS "/sys/kernel/iommu_groups"

/* The last part of a link's text into the arena; NULL: there is no link. */
static int link_name(const struct live_calls *calls, struct arena *arena, const char *path,
		     const char **out)
{
	char *name = NULL;
	int err = call_link_name(calls, path, &name);

	*out = NULL;
	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	*out = arena_strdup(arena, name);
	free(name);
	return *out ? 0 : -ENOMEM;
}

static int list(const struct live_calls *calls, const char *path,
		int (*each)(void *argument, const char *name), void *argument)
{
	int err;

	do
		err = path ? calls->list(calls->data, path, each, argument) : -ENOMEM;
	while (err == -EINTR);
	return err;
}

static int driver_of(const struct live_calls *calls, struct arena *arena, const char *bdf,
		     const char **driver)
{
	const char *path = arena_printf(arena, DEVICES "/%s/driver", bdf);

	return path ? link_name(calls, arena, path, driver) : -ENOMEM;
}

struct cdev_search {
	struct arena *arena;
	const char *name;
};

static int take_cdev(void *argument, const char *name)
{
	struct cdev_search *search = argument;

	if (strncmp(name, "vfio", 4) != 0)
		return 0;
	search->name = arena_strdup(search->arena, name);
	return search->name ? 1 : -ENOMEM;
}

/* The folder is there for every device that VFIO serves; the cdev itself only where the kernel has
 * it: then the name has a number, too. */
static int find_cdev(const struct live_calls *calls, struct arena *arena, struct probe_target *t,
		     bool *has_folder)
{
	struct cdev_search search = {.arena = arena};
	const char *path = arena_printf(arena, DEVICES "/%s/vfio-dev", t->bdf), *number;
	char *line = NULL;
	int err;

	*has_folder = false;
	if (!path)
		return -ENOMEM;
	err = list(calls, path, take_cdev, &search);
	if (err == -ENOENT)
		return 0;
	if (err < 0)
		return err;
	*has_folder = true;
	if (!search.name)
		return 0;
	number = arena_printf(arena, "%s/%s/dev", path, search.name);
	if (!number)
		return -ENOMEM;
	err = call_read_line(calls, number, &line);
	free(line);
	if (!err)
		t->cdev = search.name;
	return err == -ENOENT ? 0 : err;
}

struct mates {
	const struct live_calls *calls;
	struct arena *arena;
	struct probe_target *target;
	size_t cap;
};

static int take_mate(void *argument, const char *name)
{
	struct mates *m = argument;
	struct probe_target *t = m->target;
	struct target_mate *grown;
	const char *bdf;

	if (strcmp(name, t->bdf) == 0)
		return 0;
	grown = arena_grow(m->arena, t->mates, t->n_mates, &m->cap, sizeof(*grown));
	bdf = arena_strdup(m->arena, name);
	if (!grown || !bdf)
		return -ENOMEM;
	t->mates = grown;
	grown[t->n_mates++] = (struct target_mate){.bdf = bdf};
	return driver_of(m->calls, m->arena, bdf, &grown[t->n_mates - 1].driver);
}

static int read_group(const struct live_calls *calls, struct arena *arena, struct probe_target *t)
{
	const char *path = arena_printf(arena, DEVICES "/%s/iommu_group", t->bdf), *name;
	struct mates mates = {calls, arena, t, 0};
	char *line = NULL;
	uint64_t number;
	int err = path ? link_name(calls, arena, path, &name) : -ENOMEM;

	if (err || !name)
		return err;
	if (parse_u64(name, 10, UINT32_MAX, &number) != 0)
		return -EBADMSG;
	t->has_group = true;
	t->group = (unsigned)number;
	path = arena_printf(arena, GROUPS "/%u/name", t->group);
	err = path ? call_read_line(calls, path, &line) : -ENOMEM;
	if (!err)
		t->is_noiommu = strcmp(line, "vfio-noiommu") == 0;
	free(line);
	if (err && err != -ENOENT)
		return err;
	path = arena_printf(arena, GROUPS "/%u/devices", t->group);
	err = list(calls, path, take_mate, &mates);
	return err == -ENOENT ? 0 : err;
}

struct found {
	const char *name;
	bool is_there;
};

static int is_name(void *argument, const char *name)
{
	struct found *found = argument;

	found->is_there = strcmp(name, found->name) == 0;
	return found->is_there;
}

/* As busy as it may be, the folder can be listed. */
static int find_device(const struct live_calls *calls, const char *bdf)
{
	struct found found = {.name = bdf};
	int err = list(calls, DEVICES, is_name, &found);

	if (err < 0)
		return err;
	return found.is_there ? 0 : -ENOENT;
}

int target_read(const struct live_calls *calls, struct arena *arena, const char *bdf,
		struct probe_target *t)
{
	bool has_folder = false;
	int err = find_device(calls, bdf);

	*t = (struct probe_target){.bdf = arena_strdup(arena, bdf)};
	if (!t->bdf)
		return -ENOMEM;
	if (!err)
		err = driver_of(calls, arena, bdf, &t->driver);
	if (!err)
		err = find_cdev(calls, arena, t, &has_folder);
	/* Linux before 6.1 has no such folder: then the name tells it (vfio-pci, mlx5_vfio_pci). */
	t->is_vfio = t->driver && (has_folder || strstr(t->driver, "vfio"));
	return err ? err : read_group(calls, arena, t);
}
