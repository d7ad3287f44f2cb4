/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busy_block.c - storage below a device: mounted, swap, held by md, dm, bcache, a loop device, a
 * target that exports it. Last, the kernel itself is asked: it opens a block device exclusively for
 * nobody while any of them has it (ZFS and Btrfs included).
 */
#include "live/busy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/strings.h"

/* Mounts of this process and of the first one: they may live in different mount namespaces. */
static const char *const mount_files[] = {"/proc/self/mountinfo", "/proc/1/mountinfo"};
static const char swaps[] = "/proc/swaps";
static const char block_class[] = "/sys/class/block";
static const char nvme_subsystems[] = "/sys/class/nvme-subsystem";
static const char nvmet_subsystems[] = "/sys/kernel/config/nvmet/subsystems";

/* What holders are called. */
static const struct {
	const char *name, *what;
} holder_names[] = {
	{"md", "the RAID array"},
	{"bcache", "the cached device"},
	{"drbd", "the replicated device"},
	{"nvme", "the multipath device"},
};

/* What device mapper made of it, by the beginning of its uuid. */
static const struct {
	const char *uuid, *what;
} mapper_names[] = {
	{"LVM-", "the logical volume"},
	{"mpath-", "the multipath device"},
	{"CRYPT-", "the encrypted device"},
};

/* A type in udev's data base says more than EBUSY does. */
static const struct {
	const char *type, *what;
} member_names[] = {
	{"zfs_member", "member of a ZFS pool"},
	{"LVM2_member", "LVM physical volume"},
	{"linux_raid_member", "member of a RAID array"},
	{"btrfs", "Btrfs"},
	{"swap", "swap"},
	{"ceph_bluestore", "Ceph OSD"},
};

static bool is_block(const struct beneath *d)
{
	return str_eq(d->subsystem, "block");
}

/* ---- NVMe multipath: the disk is not below the controller ---- */

static int add_head(struct busy *b, const char *subsystem)
{
	const char **names, *class;
	size_t n;
	int err = busy_list(b, subsystem, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		const char *path = busy_path(b, "%s/%s", subsystem, names[i]);

		err = path ? busy_link(b, path, "subsystem", &class) : -ENOMEM;
		if (err || !class || !str_eq(class, "block"))
			continue;
		err = busy_add_beneath(b, path, names[i], "block");
	}
	return err;
}

/* Partitions of a head are folders in it. */
static int add_partitions(struct busy *b, const struct beneath *disk)
{
	const char **names, *class;
	size_t n;
	int err = busy_list(b, disk->path, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		const char *path = busy_path(b, "%s/%s", disk->path, names[i]);

		if (!path)
			return -ENOMEM;
		if (!str_starts(names[i], disk->name))
			continue;
		err = busy_link(b, path, "subsystem", &class);
		if (!err && class && str_eq(class, "block"))
			err = busy_add_beneath(b, path, names[i], "block");
	}
	return err;
}

static int add_heads_of(struct busy *b, const char *controller)
{
	const char **names, *target;
	size_t n, first = b->n;
	int err = busy_list(b, nvme_subsystems, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		const char *path = busy_path(b, "%s/%s", nvme_subsystems, names[i]);

		err = path ? busy_link(b, path, controller, &target) : -ENOMEM;
		if (!err && target)
			err = add_head(b, path);
	}
	for (size_t i = first, last = b->n; !err && i < last; i++)
		err = add_partitions(b, &(struct beneath){.path = b->beneath[i].path,
							  .name = b->beneath[i].name});
	return err;
}

static int add_heads(struct busy *b)
{
	int err = 0;

	for (size_t i = 0, n = b->n; !err && i < n; i++) {
		if (str_eq(b->beneath[i].subsystem, "nvme"))
			err = add_heads_of(b, b->beneath[i].name);
	}
	return err;
}

/* ---- mounted, or swap ---- */

static unsigned octal(const char *at, const char *end)
{
	unsigned value = 0;

	if (end - at < 4 || *at != '\\')
		return 0;
	for (int i = 1; i < 4; i++) {
		if (at[i] < '0' || at[i] > '7')
			return 0;
		value = value * 8 + (unsigned)(at[i] - '0');
	}
	return value;
}

/* A word of mountinfo or swaps, in which blanks are \040. */
static bool is_path(const char *word, size_t length, const char *path)
{
	const char *end = word + length;

	while (word < end) {
		unsigned escaped = octal(word, end);
		char c = escaped ? (char)escaped : *word;

		if (*path++ != c)
			return false;
		word += escaped ? 4 : 1;
	}
	return !*path;
}

struct mount {
	const char *number, *point, *source;
	size_t number_length, point_length, source_length;
};

/* "36 35 8:1 / /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw" */
static bool read_mount(const char *line, size_t length, struct mount *m)
{
	const char *end = line + length, *word;
	size_t n;

	for (unsigned i = 0; i < 5; i++) {
		if (!next_word(&line, end, &word, &n))
			return false;
		if (i == 2) {
			m->number = word;
			m->number_length = n;
		}
	}
	m->point = word;
	m->point_length = n;
	do {
		if (!next_word(&line, end, &word, &n))
			return false;
	} while (n != 1 || *word != '-');
	return next_word(&line, end, &word, &n) &&
	       next_word(&line, end, &m->source, &m->source_length);
}

static int match_mount(struct busy *b, const struct mount *m, const char *file)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct beneath *d = &b->beneath[i];
		const char *number;

		if (!is_block(d) || !d->node)
			continue;
		number = busy_path(b, "%u:%u", d->major, d->minor);
		if (!number)
			return -ENOMEM;
		if (is_path(m->number, m->number_length, number) ||
		    is_path(m->source, m->source_length, d->node))
			return busy_because(b, "%s is mounted at %.*s (%s)", d->node,
					    (int)m->point_length, m->point, file);
	}
	return 0;
}

static int check_mounts(struct busy *b, const char *file)
{
	const char *text, *end, *line;
	struct mount m;
	size_t length;
	int err = busy_text(b, file, &text);

	end = text ? text + strlen(text) : NULL;
	while (!err && text && next_line(&text, end, &line, &length)) {
		if (read_mount(line, length, &m))
			err = match_mount(b, &m, file);
	}
	return err;
}

static int check_swaps(struct busy *b)
{
	const char *text, *end, *line, *word;
	size_t length, n;
	int err = busy_text(b, swaps, &text);

	end = text ? text + strlen(text) : NULL;
	while (!err && text && next_line(&text, end, &line, &length)) {
		if (!next_word(&line, line + length, &word, &n))
			continue;
		for (size_t i = 0; !err && i < b->n; i++) {
			const struct beneath *d = &b->beneath[i];

			if (is_block(d) && d->node && is_path(word, n, d->node))
				err = busy_because(b, "%s is swap (%s)", d->node, swaps);
		}
	}
	return err;
}

/* ---- held by something of the kernel's ---- */

static int describe_mapper(struct busy *b, const char *name, const char **what, const char **title)
{
	const char *folder = busy_path(b, "%s/%s/dm", block_class, name), *uuid;
	int err = folder ? busy_attribute(b, folder, "uuid", &uuid) : -ENOMEM;

	*what = "the mapped device";
	if (!err)
		err = busy_attribute(b, folder, "name", title);
	for (size_t i = 0; !err && uuid && i < ARRAY_SIZE(mapper_names); i++) {
		if (str_starts(uuid, mapper_names[i].uuid))
			*what = mapper_names[i].what;
	}
	if (!err && !*title)
		*title = name;
	return err;
}

static int describe_holder(struct busy *b, const char *name, const char **what, const char **title)
{
	*what = "the block device";
	*title = name;
	if (str_starts(name, "dm-"))
		return describe_mapper(b, name, what, title);
	for (size_t i = 0; i < ARRAY_SIZE(holder_names); i++) {
		if (str_starts(name, holder_names[i].name))
			*what = holder_names[i].what;
	}
	return 0;
}

static int check_holders(struct busy *b, const struct beneath *d)
{
	const char *folder = busy_path(b, "%s/holders", d->path), **names, *what, *title;
	size_t n;
	int err = busy_list(b, folder, &names, &n);

	if (err || !n)
		return err;
	err = describe_holder(b, names[0], &what, &title);
	if (err)
		return err;
	return busy_because(b, "%s is part of %s %s (%s/%s)", d->node ? d->node : d->name, what,
			    title, folder, names[0]);
}

/* A text names one of the device's nodes. */
static int match_node(struct busy *b, const char *path, const char *what)
{
	const char *line;
	int err = busy_line(b, path, &line);

	for (size_t i = 0; !err && line && i < b->n; i++) {
		const struct beneath *d = &b->beneath[i];

		if (is_block(d) && d->node && str_eq(line, d->node))
			err = busy_because(b, "%s is used by %s (%s)", d->node, what, path);
	}
	return err;
}

static int check_loops(struct busy *b)
{
	const char **names;
	size_t n;
	int err = busy_list(b, block_class, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		if (str_starts(names[i], "loop"))
			err = match_node(
				b, busy_path(b, "%s/%s/loop/backing_file", block_class, names[i]),
				"a loop device");
	}
	return err;
}

/* The NVMe target opens what it exports without claiming it. */
static int check_exports(struct busy *b)
{
	const char **names, **spaces;
	size_t n, n_spaces;
	int err = busy_list(b, nvmet_subsystems, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		const char *folder = busy_path(b, "%s/%s/namespaces", nvmet_subsystems, names[i]);

		err = busy_list(b, folder, &spaces, &n_spaces);
		for (size_t j = 0; !err && j < n_spaces; j++)
			err = match_node(b, busy_path(b, "%s/%s/device_path", folder, spaces[j]),
					 "the NVMe target");
	}
	return err;
}

/* ---- what the kernel says itself ---- */

static int describe_use(struct busy *b, const struct beneath *d)
{
	static const char key[] = "E:ID_FS_TYPE=";
	const char *text, *type;
	int err = busy_text(b, busy_path(b, "/run/udev/data/b%u:%u", d->major, d->minor), &text);

	if (err)
		return err;
	type = text ? strstr(text, key) : NULL;
	for (size_t i = 0; type && i < ARRAY_SIZE(member_names); i++) {
		const char *name = member_names[i].type;
		size_t length = strlen(name);

		type = strstr(text, key) + strlen(key);
		if (strncmp(type, name, length) == 0 && (!type[length] || type[length] == '\n'))
			return busy_because(b,
					    "%s is in use (%s; the kernel opens it exclusively "
					    "for nobody else)",
					    d->node, member_names[i].what);
	}
	return busy_because(b, "%s is in use (the kernel opens it exclusively for nobody else)",
			    d->node);
}

/* Read only: closing a node that was open for writing makes udev look at the disk again. */
static int check_exclusive(struct busy *b, const struct beneath *d)
{
	unsigned major, minor;
	bool is_block_node;
	int fd, err;

	err = call_node(b->calls, d->node, &is_block_node, &major, &minor);
	if (err || !is_block_node || major != d->major || minor != d->minor)
		return busy_unreadable(b, d->node, err ? err : -ENODEV);
	fd = call_open(b->calls, d->node, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd >= 0) {
		call_close(b->calls, fd);
		return 0;
	}
	if (fd == -ENOMEDIUM)
		return 0; /* an empty drive */
	return fd == -EBUSY ? describe_use(b, d) : busy_unreadable(b, d->node, fd);
}

static int check_each(struct busy *b, int (*check)(struct busy *, const struct beneath *))
{
	int err = 0;

	for (size_t i = 0; !err && i < b->n; i++) {
		if (is_block(&b->beneath[i]))
			err = check(b, &b->beneath[i]);
	}
	return err;
}

static int check_node(struct busy *b, const struct beneath *d)
{
	/* The path of a multipath disk has no node; the disk has one. */
	return d->node ? check_exclusive(b, d) : 0;
}

int busy_block(struct busy *b)
{
	int err = add_heads(b);

	for (size_t i = 0; !err && i < ARRAY_SIZE(mount_files); i++)
		err = check_mounts(b, mount_files[i]);
	if (!err)
		err = check_swaps(b);
	if (!err)
		err = check_each(b, check_holders);
	if (!err)
		err = check_loops(b);
	if (!err)
		err = check_exports(b);
	if (!err)
		err = check_each(b, check_node);
	return err;
}
