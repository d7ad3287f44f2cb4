/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busy_walk.c - the devices below a PCI device. A child's folder is inside its parent's in sysfs,
 * so that a walk without links finds disks behind host adapters, behind USB hubs and behind a
 * VMD alike. What the kernel hangs elsewhere (md, dm, multipath heads) is looked up by the checks.
 */
#include "live/busy.h"

#include <errno.h>
#include <limits.h>

#include "base/strings.h"

#define MAX_DEPTH 40u
#define MAX_BENEATH 65536u

bool parse_device_number(const char *text, unsigned *major, unsigned *minor)
{
	const char *colon = strchr(text, ':');
	uint64_t a, b;

	if (!colon || parse_u64n(text, (size_t)(colon - text), 10, UINT_MAX, &a) ||
	    parse_u64(colon + 1, 10, UINT_MAX, &b))
		return false;
	*major = (unsigned)a;
	*minor = (unsigned)b;
	return true;
}

/* DEVNAME of a uevent file is the node's path below /dev. */
static const char *node_of_uevent(struct busy *b, const char *text)
{
	static const char key[] = "DEVNAME=";
	const char *end = text + strlen(text), *line;
	size_t length;

	while (next_line(&text, end, &line, &length)) {
		if (length > strlen(key) && memcmp(line, key, strlen(key)) == 0)
			return busy_path(b, "/dev/%.*s", (int)(length - strlen(key)),
					 line + strlen(key));
	}
	return NULL;
}

static int read_node(struct busy *b, struct beneath *d)
{
	const char *number, *uevent;
	int err = busy_attribute(b, d->path, "dev", &number);

	if (err || !number)
		return err;
	err = busy_text(b, busy_path(b, "%s/uevent", d->path), &uevent);
	if (err)
		return err;
	d->node = uevent ? node_of_uevent(b, uevent) : NULL;
	if (!d->node)
		d->node = busy_path(b, "/dev/%s", d->name);
	if (!d->node)
		return -ENOMEM;
	if (!parse_device_number(number, &d->major, &d->minor))
		return busy_unreadable(b, busy_path(b, "%s/dev", d->path), -EBADMSG);
	return busy_add_node(b, d->node, str_eq(d->subsystem, "block"), d->major, d->minor);
}

int busy_add_beneath(struct busy *b, const char *path, const char *name, const char *subsystem)
{
	struct beneath *grown = arena_grow(b->arena, b->beneath, b->n, &b->cap, sizeof(*grown));
	struct beneath *d;
	int err;

	if (!grown)
		return -ENOMEM;
	if (b->n >= MAX_BENEATH)
		return busy_unreadable(b, path, -E2BIG);
	b->beneath = grown;
	d = &grown[b->n];
	*d = (struct beneath){.path = path, .name = name, .subsystem = subsystem};
	err = busy_link(b, path, "driver", &d->driver);
	if (!err)
		err = read_node(b, d);
	b->n += !err;
	return err;
}

/* Folders without devices that are big. */
static bool is_skipped(const char *name)
{
	return str_eq(name, "power") || str_eq(name, "msi_irqs") || str_eq(name, "statistics");
}

static int walk(struct busy *b, const char *folder, unsigned depth)
{
	const char **names, *subsystem;
	size_t n;
	int err = busy_list(b, folder, &names, &n);

	if (!err && depth > MAX_DEPTH)
		return busy_unreadable(b, folder, -ELOOP);
	for (size_t i = 0; !err && i < n; i++) {
		const char *path = busy_path(b, "%s/%s", folder, names[i]);
		char byte;

		if (!path)
			return -ENOMEM;
		if (is_skipped(names[i]) || call_readlink(b->calls, path, &byte, sizeof(byte)) > 0)
			continue;
		err = busy_link(b, path, "subsystem", &subsystem);
		if (!err && subsystem)
			err = busy_add_beneath(b, path, names[i], subsystem);
		if (!err)
			err = walk(b, path, depth + 1);
	}
	return err;
}

int busy_walk(struct busy *b)
{
	return walk(b, b->folder, 0);
}
