/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy_part.c - what hangs on a device and is in use by being there, or by what its attribute says.
 */
#include "live/busy.h"

#include <errno.h>

#include "base/strings.h"

static int by_being_there(struct busy *b UNUSED, const struct beneath *d UNUSED, bool *used)
{
	*used = true;
	return 0;
}

static int below_usb(struct busy *b, const struct beneath *d UNUSED, bool *used)
{
	*used = b->is_usb;
	return 0;
}

/* A DMA channel counts its users. */
static int by_users(struct busy *b, const struct beneath *d, bool *used)
{
	const char *line;
	int err = busy_attribute(b, d->path, "in_use", &line);

	*used = !err && line && !str_eq(line, "0");
	return err;
}

/* Is there a mount of that type, and of that source if there is one? */
static int find_mount(struct busy *b, const char *type, const char *source, bool *found)
{
	static const char *const files[] = {"/proc/self/mountinfo", "/proc/1/mountinfo"};
	const char *wanted = busy_path(b, " - %s %s", type, source ? source : "");
	int err = wanted ? 0 : -ENOMEM;

	*found = false;
	for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++) {
		const char *text, *at;

		err = busy_text(b, files[i], &text);
		at = !err && text ? strstr(text, wanted) : NULL;
		for (; at && !*found; at = strstr(at + 1, wanted))
			*found = !source || at[strlen(wanted)] == ' ';
	}
	return err;
}

/* virtio-9p: the tag is the mount's source. */
static int by_tag(struct busy *b, const struct beneath *d, bool *used)
{
	const char *tag;
	int err = busy_attribute(b, d->path, "mount_tag", &tag);

	*used = false;
	return err || !tag ? err : find_mount(b, "9p", tag, used);
}

static int by_virtiofs(struct busy *b, const struct beneath *d UNUSED, bool *used)
{
	return find_mount(b, "virtiofs", NULL, used);
}

/* A name like 0-1: the host's own router is 0-0. */
static int by_route(struct busy *b UNUSED, const struct beneath *d, bool *used)
{
	const char *dash = strchr(d->name, '-');

	*used = dash && !str_eq(dash, "-0");
	return 0;
}

static const struct {
	const char *subsystem, *driver; /* NULL: any */
	int (*is_used)(struct busy *, const struct beneath *, bool *used);
	const char *why;
} parts[] = {
	{"iommu", NULL, by_being_there, "it is an IOMMU"},
	{"mdev", NULL, by_being_there, "it is handed out as a mediated device"},
	{"cxl", NULL, by_being_there, "it is CXL memory"},
	{"nd", NULL, by_being_there, "it is persistent memory"},
	{"dax", NULL, by_being_there, "it is memory"},
	{"virtio", "virtio_mem", by_being_there, "it is memory"},
	{"virtio", "virtio_iommu", by_being_there, "it is an IOMMU"},
	{"virtio", "9pnet_virtio", by_tag, "its file system is mounted"},
	{"virtio", "virtiofs", by_virtiofs, "its file system is mounted"},
	{"block", NULL, below_usb, "storage hangs on this USB controller"},
	{"input", NULL, below_usb, "an input device hangs on this USB controller"},
	{"dma", NULL, by_users, "its DMA channel has users"},
	{"thunderbolt", NULL, by_route, "a device is connected through it"},
};

static int check_part(struct busy *b, const struct beneath *d)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(parts); i++) {
		bool used = false;

		if (!str_eq(d->subsystem, parts[i].subsystem) ||
		    (parts[i].driver && (!d->driver || !str_eq(d->driver, parts[i].driver))))
			continue;
		err = parts[i].is_used(b, d, &used);
		if (!err && used)
			err = busy_because(b, "%s: %s (%s)", parts[i].why, d->name, d->path);
	}
	return err;
}

int busy_part(struct busy *b)
{
	int err = 0;

	for (size_t i = 0; !err && i < b->n; i++)
		err = check_part(b, &b->beneath[i]);
	return err;
}
