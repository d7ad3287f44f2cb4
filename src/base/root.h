/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * root.h - rooted file access: every read of /proc, /sys and /dev goes through here, from the live
 * system, a folder or an archive held in memory. Links never lead out of the root; 40 links at most
 * (-ELOOP).
 */
#ifndef BASE_ROOT_H
#define BASE_ROOT_H

#include <iommufit/host.h>

#include "base/arena.h"

struct root;

enum root_kind { ROOT_LIVE, ROOT_FOLDER, ROOT_ARCHIVE, ROOT_IO };

int root_live(struct iof_ctx *, struct root **);
int root_folder(struct iof_ctx *, const char *path, struct root **);
int root_io(struct iof_ctx *, const struct iof_io *, struct root **);

/* An archive: the caller adds its members, then uses it. Bytes are copied. name: the file; a colon
 * is added. */
int root_memory(struct iof_ctx *, const char *name, struct root **);
/* path is relative or absolute; ".." and empty parts are -EBADMSG. A later member of the same name
 * wins. */
int root_memory_file(struct root *, const char *path, const char *bytes, size_t length);
int root_memory_link(struct root *, const char *path, const char *target);
int root_memory_folder(struct root *, const char *path);

void root_free(struct root *);
enum root_kind root_kind(const struct root *);
/* What to put before a path in messages: "" live, "FOLDER", "capture.tar.xz:" */
const char *root_name(const struct root *);

/* Paths are absolute within the root. A file "PATH.unreadable" beside an absent PATH means -EACCES,
 * as our captures mark it. Bytes live in the arena, NUL-terminated. Missing: -ENOENT, quietly (no
 * context error). */
int root_read(struct root *, struct arena *, const char *path, size_t max, const char **bytes,
	      size_t *length);
/* A short text file without trailing white space. */
int root_read_line(struct root *, struct arena *, const char *path, const char **text);
/* A text file that holds one number. -EBADMSG if it is none. */
int root_read_u64(struct root *, const char *path, int base, uint64_t *out);
/* Last component of a link's target: "/sys/bus/pci/drivers/vfio-pci" -> "vfio-pci". */
int root_link_name(struct root *, struct arena *, const char *path, const char **name);
/* The link's whole target, as it is written. -EINVAL if it is none. */
int root_readlink(struct root *, struct arena *, const char *path, const char **target);
/* Names in a folder, sorted bytewise, NULL-terminated. */
int root_list(struct root *, struct arena *, const char *path, const char ***names, size_t *n);
bool root_exists(struct root *, const char *path);
/* -ENOMEM if root_exists() could not tell for want of memory, ever since. */
int root_error(const struct root *);

#endif
