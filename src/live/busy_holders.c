/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy_holders.c - which process holds a node open: the links in /proc/PID/fd. */
#include "live/busy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/strings.h"

int busy_add_node(struct busy *b, const char *path, bool is_block, unsigned major, unsigned minor)
{
	struct busy_node *grown =
		arena_grow(b->arena, b->nodes, b->n_nodes, &b->cap_nodes, sizeof(*grown));
	const char *slash = strrchr(path, '/');

	if (!grown)
		return -ENOMEM;
	b->nodes = grown;
	b->nodes[b->n_nodes++] = (struct busy_node){.bdf = b->bdf,
						    .path = path,
						    .name = slash ? slash + 1 : path,
						    .is_block = is_block,
						    .major = major,
						    .minor = minor};
	return 0;
}

/* The last part of a link's text, without the mark of a file that lost its name. */
static void last_part(char *target)
{
	static const char mark[] = " (deleted)";
	size_t length = strlen(target);
	char *slash;

	if (length > strlen(mark) && str_eq(target + length - strlen(mark), mark))
		target[length - strlen(mark)] = '\0';
	slash = strrchr(target, '/');
	if (slash)
		memmove(target, slash + 1, strlen(slash + 1) + 1);
}

static int held_by(struct busy *b, const struct busy_node *node, const char *process)
{
	const char *name;
	int err = busy_attribute(b, process, "comm", &name);

	b->bdf = node->bdf;
	if (err)
		return err;
	return busy_because(b, "%s is held open by %s (process %s)", node->path,
			    name ? name : "a process", strrchr(process, '/') + 1);
}

/* A container's /dev is another one: names only say where to look closer. */
static int check_file(struct busy *b, const char *process, const char *fd)
{
	char path[64], target[PATH_MAX];
	unsigned major, minor;
	bool is_block;
	ssize_t n;
	int err;

	if ((size_t)snprintf(path, sizeof(path), "%s/fd/%s", process, fd) >= sizeof(path))
		return 0;
	n = call_readlink(b->calls, path, target, sizeof(target) - 1);
	if (n < 0 && !busy_is_absent((int)n))
		return busy_unreadable(b, path, (int)n);
	if (n <= 0 || target[0] != '/')
		return 0;
	target[n] = '\0';
	last_part(target);
	for (size_t i = 0; i < b->n_nodes; i++) {
		const struct busy_node *node = &b->nodes[i];

		if (!str_eq(node->name, target))
			continue;
		err = call_node(b->calls, path, &is_block, &major, &minor);
		if (err == -ENOENT || err == -ENODEV)
			continue;
		if (err ||
		    (is_block == node->is_block && major == node->major && minor == node->minor))
			return held_by(b, node, process);
	}
	return 0;
}

static int check_process(struct busy *b, const char *pid)
{
	const char *process = busy_path(b, "/proc/%s", pid), **names;
	size_t n;
	int err = process ? busy_list(b, busy_path(b, "%s/fd", process), &names, &n) : -ENOMEM;

	for (size_t i = 0; !err && i < n; i++)
		err = check_file(b, process, names[i]);
	return err;
}

int busy_holders(struct busy *b)
{
	const char **names;
	size_t n;
	int err;

	if (!b->n_nodes)
		return 0;
	err = busy_list(b, "/proc", &names, &n);
	for (size_t i = 0; !err && i < n; i++) {
		if (names[i][0] >= '1' && names[i][0] <= '9')
			err = check_process(b, names[i]);
	}
	return err;
}
