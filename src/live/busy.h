/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busy.h - whether somebody uses a PCI device: what must not be taken from its driver.
 *
 * Everything here only reads /sys and /proc. The one node that is opened is that of a block device,
 * read only and exclusively, which the kernel refuses while a file system, swap or a volume manager
 * has it, and which changes nothing. What cannot be told counts as use.
 */
#ifndef LIVE_BUSY_H
#define LIVE_BUSY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "live/calls.h"

/* A device of the kernel's that hangs on the PCI device, at any depth. */
struct beneath {
	const char *path;      /* its folder in sysfs */
	const char *name;      /* "nvme0n1", "eth0", "virtio3" */
	const char *subsystem; /* "block", "net", "drm" */
	const char *driver;    /* NULL: none */
	const char *node;      /* "/dev/nvme0n1"; NULL: it has none */
	unsigned major, minor; /* of the node */
};

/* A node of /dev that nobody may hold open. */
struct busy_node {
	const char *bdf;  /* of the device that it belongs to */
	const char *path; /* "/dev/dri/card0" */
	const char *name; /* its last part */
	bool is_block;
	unsigned major, minor;
};

struct busy {
	const struct live_calls *calls;
	struct arena *arena;
	const char *why; /* the first reason, or what could not be read */

	/* The device whose turn it is. */
	const char *bdf;
	const char *folder; /* /sys/bus/pci/devices/BDF */
	const char *driver; /* NULL: none */
	unsigned class;	    /* 24 bits, as in configuration space */
	struct beneath *beneath;
	size_t n, cap;
	bool is_usb; /* a USB host controller */

	/* Of all devices that were looked at. */
	struct busy_node *nodes;
	size_t n_nodes, cap_nodes;
};

/*
 * Is any of these devices in use? 0: none is. -EBUSY: one is, or it cannot be told; -EINVAL: one
 * that can never be handed out (a bridge, an IOMMU); -ENODEV: there is no such device. why says it
 * then. -ENOMEM.
 */
int busy_devices(struct busy *, const char *const *bdfs, size_t n);
/* Is a device that is bound to vfio held open: by its own node or by that of its group? */
int busy_vfio(struct busy *, const char *bdf);

/* ---- for the checks ---- */

/* Sets why; returns -EBUSY, or -ENOMEM. */
int busy_because(struct busy *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for what cannot be read: with the path and the error. */
int busy_unreadable(struct busy *, const char *path, int err);
/* What a file or folder says that is not there, or that goes while it is read. */
bool busy_is_absent(int err);
/* A path; NULL after which out of memory is what the next call meets. */
const char *busy_path(struct busy *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A whole text file. *text is NULL if there is none. */
int busy_text(struct busy *, const char *path, const char **text);
/* Its first line. */
int busy_line(struct busy *, const char *path, const char **line);
/* An attribute of a folder. */
int busy_attribute(struct busy *, const char *folder, const char *name, const char **line);
/* The last part of a link's text; NULL if there is none. */
int busy_link(struct busy *, const char *folder, const char *name, const char **target);
/* Names in a folder, sorted; none if it does not exist. */
int busy_list(struct busy *, const char *path, const char ***names, size_t *n);
/* Somebody has that node open: -EBUSY. */
int busy_add_node(struct busy *, const char *path, bool is_block, unsigned major, unsigned minor);
int busy_holders(struct busy *);

/* The tree below a PCI device (busy_walk.c). */
int busy_walk(struct busy *);
int busy_add_beneath(struct busy *, const char *path, const char *name, const char *subsystem);
/* "8:1" */
bool parse_device_number(const char *text, unsigned *major, unsigned *minor);

/* The checks of one device: 0, -EBUSY, -EINVAL. */
int busy_kind(struct busy *);	 /* busy_kind.c: what can never be handed out */
int busy_block(struct busy *);	 /* busy_block.c */
int busy_net(struct busy *);	 /* busy_net.c */
int busy_display(struct busy *); /* busy_display.c: framebuffers and consoles */
int busy_input(struct busy *);
int busy_part(struct busy *); /* busy_part.c: what hangs on it and is never idle */

/* A driver that does nothing with the device by itself: vfio-pci and its variants (mlx5_vfio_pci),
 * pci-stub. VFIO lets such a device share a group with one that is handed out. */
bool driver_is_free(const char *name);

/* One word of a line that words are parted from by spaces; false: no more. */
bool next_word(const char **cursor, const char *end, const char **word, size_t *length);

#endif
