/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy_kind.c - what a device is: some can never be handed out, some carry others. */
#include "live/busy.h"

#include <errno.h>

#include "base/strings.h"

/* Base classes and classes of PCI that stay with the host. */
static const struct {
	unsigned class, mask;
	const char *why;
} never[] = {
	{0x060400, 0xffff00, "is a PCI bridge, and no device that can be assigned"},
	{0x060000, 0xff0000, "is a bridge of the platform, and no device that can be assigned"},
	{0x080600, 0xffff00, "is an IOMMU"},
	{0x050200, 0xffff00, "is CXL memory"},
};

/* Drivers whose nodes have no device in sysfs. Whoever has one open holds all their devices. */
static const struct {
	const char *driver, *node;
} driver_nodes[] = {
	{"nvidia", "/dev/nvidiactl"},
	{"nvidia", "/dev/nvidia-uvm"},
	{"nvidia", "/dev/nvidia-modeset"},
};

/* Drivers that have a device for somebody who is not seen. */
static const struct {
	const char *driver, *why;
} for_others[] = {
	{"pciback", "it is set aside for Xen's guests"},
	{"xen-pciback", "it is set aside for Xen's guests"},
};

static int check_driver(struct busy *b)
{
	for (size_t i = 0; b->driver && i < ARRAY_SIZE(for_others); i++) {
		if (str_eq(b->driver, for_others[i].driver))
			return busy_because(b, "%s (%s/driver: %s)", for_others[i].why, b->folder,
					    b->driver);
	}
	return 0;
}

static int refuse_kind(struct busy *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		if ((b->class & never[i].mask) != never[i].class)
			continue;
		if (busy_because(b, "it %s (%s/class)", never[i].why, b->folder) == -ENOMEM)
			return -ENOMEM;
		return -EINVAL;
	}
	return 0;
}

/* Unbinding a PF takes its VFs away from whoever has them. */
static int check_functions(struct busy *b)
{
	const char *line;
	uint64_t n;
	int err = busy_attribute(b, b->folder, "sriov_numvfs", &line);

	if (err || !line || (parse_u64(line, 10, UINT64_MAX, &n) == 0 && n == 0))
		return err;
	return busy_because(b, "it has %s virtual functions (%s/sriov_numvfs)", line, b->folder);
}

/* A managed link between devices: the kernel unbinds the consumer, too. */
static int check_consumer(struct busy *b, const char *name)
{
	const char *folder = busy_path(b, "%s/%s", b->folder, name), *status;
	int err = folder ? busy_attribute(b, folder, "status", &status) : -ENOMEM;

	if (err || !status || !str_eq(status, "active"))
		return err;
	return busy_because(b, "another device depends on it (%s/status: %s)", folder, status);
}

static int check_consumers(struct busy *b)
{
	const char **names;
	size_t n;
	int err = busy_list(b, b->folder, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		if (str_starts(names[i], "consumer:"))
			err = check_consumer(b, names[i]);
	}
	return err;
}

static int add_driver_nodes(struct busy *b)
{
	int err = 0;

	for (size_t i = 0; !err && b->driver && i < ARRAY_SIZE(driver_nodes); i++) {
		unsigned major, minor;
		bool is_block;

		if (!str_eq(b->driver, driver_nodes[i].driver))
			continue;
		err = call_node(b->calls, driver_nodes[i].node, &is_block, &major, &minor);
		if (err) {
			err = busy_is_absent(err) ? 0
						  : busy_unreadable(b, driver_nodes[i].node, err);
			continue;
		}
		err = busy_add_node(b, driver_nodes[i].node, is_block, major, minor);
	}
	return err;
}

int busy_kind(struct busy *b)
{
	int err = refuse_kind(b);

	if (!err)
		err = check_driver(b);
	if (!err)
		err = check_functions(b);
	if (!err)
		err = check_consumers(b);
	if (!err)
		err = add_driver_nodes(b);
	return err;
}
