/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy.c - see busy.h: the order of the checks, and how they read. */
#include "live/busy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strings.h"

#define MAX_TEXT (4u << 20) /* bytes; mountinfo of a host with many containers has some 100 KiB */

int busy_because(struct busy *b, const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	text = arena_vprintf(b->arena, format, list);
	va_end(list);
	b->why = text ? text : "out of memory";
	return text ? -EBUSY : -ENOMEM;
}

int busy_unreadable(struct busy *b, const char *path, int err)
{
	if (err == -ENOMEM)
		return err;
	return busy_because(b, "it cannot be told whether the device is in use: %s: %s", path,
			    strerror(-err));
}

const char *busy_path(struct busy *b, const char *format, ...)
{
	va_list list;
	const char *path;

	va_start(list, format);
	path = arena_vprintf(b->arena, format, list);
	va_end(list);
	return path;
}

bool busy_is_absent(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ENODEV || err == -ENXIO ||
	       err == -ESRCH;
}

int busy_text(struct busy *b, const char *path, const char **text)
{
	char *read = NULL;
	size_t length;
	int err;

	*text = NULL;
	if (!path)
		return -ENOMEM;
	err = call_read_file(b->calls, path, MAX_TEXT, &read, &length);
	if (err)
		return busy_is_absent(err) ? 0 : busy_unreadable(b, path, err);
	*text = arena_strndup(b->arena, read, length);
	free(read);
	return *text ? 0 : -ENOMEM;
}

int busy_line(struct busy *b, const char *path, const char **line)
{
	const char *text;
	int err = busy_text(b, path, &text);

	*line = NULL;
	if (err || !text)
		return err;
	*line = arena_strndup(b->arena, text, strcspn(text, "\n"));
	return *line ? 0 : -ENOMEM;
}

int busy_attribute(struct busy *b, const char *folder, const char *name, const char **line)
{
	return busy_line(b, busy_path(b, "%s/%s", folder, name), line);
}

int busy_link(struct busy *b, const char *folder, const char *name, const char **target)
{
	const char *path = busy_path(b, "%s/%s", folder, name);
	char *read = NULL;
	int err = path ? call_link_name(b->calls, path, &read) : -ENOMEM;

	*target = NULL;
	if (err)
		return busy_is_absent(err) || err == -EINVAL ? 0 : busy_unreadable(b, path, err);
	*target = arena_strdup(b->arena, read);
	free(read);
	return *target ? 0 : -ENOMEM;
}

struct names {
	struct busy *busy;
	const char **names;
	size_t n, cap;
};

static int take_name(void *argument, const char *name)
{
	struct names *list = argument;
	const char *copy = arena_strdup(list->busy->arena, name);
	const char **grown = arena_grow(list->busy->arena, list->names, list->n, &list->cap,
					sizeof(*list->names));

	if (!copy || !grown)
		return -ENOMEM;
	list->names = grown;
	list->names[list->n++] = copy;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int busy_list(struct busy *b, const char *path, const char ***names, size_t *n)
{
	struct names list = {.busy = b};
	int err;

	do {
		list.n = 0;
		err = path ? b->calls->list(b->calls->data, path, take_name, &list) : -ENOMEM;
	} while (err == -EINTR);
	*names = list.names;
	*n = list.n;
	if (err)
		return busy_is_absent(err) ? 0 : busy_unreadable(b, path, err);
	if (list.n)
		qsort(list.names, list.n, sizeof(*list.names), compare_names);
	return 0;
}

bool next_word(const char **cursor, const char *end, const char **word, size_t *length)
{
	const char *at = *cursor;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	*word = at;
	while (at < end && *at != ' ' && *at != '\t')
		at++;
	*length = (size_t)(at - *word);
	*cursor = at;
	return *length > 0;
}

bool driver_is_free(const char *name)
{
	return str_eq(name, "pci-stub") || str_eq(name, "vfio-pci") || strstr(name, "_vfio_pci") ||
	       strstr(name, "-vfio-pci");
}

/* The order in which reasons are told: what a device is, what its parts do, who holds them. */
static int (*const checks[])(struct busy *) = {
	busy_kind, busy_block, busy_net, busy_display, busy_input, busy_part,
};

static int read_class(struct busy *b)
{
	const char *line;
	uint64_t class;
	int err = busy_attribute(b, b->folder, "class", &line);

	if (err)
		return err;
	if (!line) {
		busy_because(b, "there is no such device");
		return -ENODEV;
	}
	if (parse_u64(line, 16, 0xffffff, &class))
		return busy_unreadable(b, busy_path(b, "%s/class", b->folder), -EBADMSG);
	b->class = (unsigned)class;
	b->is_usb = class >> 8 == 0x0c03;
	return 0;
}

static int check_device(struct busy *b, const char *bdf)
{
	int err;

	b->bdf = bdf;
	b->beneath = NULL;
	b->n = b->cap = 0;
	b->folder = busy_path(b, "/sys/bus/pci/devices/%s", bdf);
	err = b->folder ? read_class(b) : -ENOMEM;
	if (!err)
		err = busy_link(b, b->folder, "driver", &b->driver);
	if (!err)
		err = busy_walk(b);
	for (size_t i = 0; !err && i < ARRAY_SIZE(checks); i++)
		err = checks[i](b);
	return err;
}

/* Each reason begins with the device. */
static int name_device(struct busy *b, int err)
{
	const char *why = b->why;

	if (err == 0 || err == -ENOMEM || !why)
		return err;
	b->why = arena_printf(b->arena, "%s: %s", b->bdf, why);
	return b->why ? err : -ENOMEM;
}

int busy_devices(struct busy *b, const char *const *bdfs, size_t n)
{
	int err = 0;

	b->why = NULL;
	b->nodes = NULL;
	b->n_nodes = b->cap_nodes = 0;
	for (size_t i = 0; !err && i < n; i++)
		err = check_device(b, bdfs[i]);
	if (!err)
		err = busy_holders(b);
	return name_device(b, err);
}

static int add_vfio_cdev(struct busy *b, const char *folder)
{
	const char *text, *parent = busy_path(b, "%s/vfio-dev", folder), **names;
	unsigned major, minor;
	size_t n;
	int err = busy_list(b, parent, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		const char *node = busy_path(b, "/dev/vfio/devices/%s", names[i]);

		err = node ? busy_line(b, busy_path(b, "%s/%s/dev", parent, names[i]), &text)
			   : -ENOMEM;
		if (!err && text && parse_device_number(text, &major, &minor))
			err = busy_add_node(b, node, false, major, minor);
	}
	return err;
}

static int add_vfio_group(struct busy *b, const char *folder)
{
	const char *group, *text, *node;
	unsigned major, minor;
	int err = busy_link(b, folder, "iommu_group", &group);

	if (err || !group)
		return err;
	node = busy_path(b, "/dev/vfio/%s", group);
	err = node ? busy_line(b, busy_path(b, "/sys/class/vfio/%s/dev", group), &text) : -ENOMEM;
	if (!err && text && parse_device_number(text, &major, &minor))
		err = busy_add_node(b, node, false, major, minor);
	return err;
}

int busy_vfio(struct busy *b, const char *bdf)
{
	const char *folder = busy_path(b, "/sys/bus/pci/devices/%s", bdf);
	int err = folder ? 0 : -ENOMEM;

	b->why = NULL;
	b->bdf = bdf;
	b->nodes = NULL;
	b->n_nodes = b->cap_nodes = 0;
	if (!err)
		err = add_vfio_cdev(b, folder);
	if (!err)
		err = add_vfio_group(b, folder);
	if (!err)
		err = busy_holders(b);
	return name_device(b, err);
}
