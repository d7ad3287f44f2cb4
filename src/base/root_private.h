/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root_private.h - what the kinds of root have in common. */
#ifndef BASE_ROOT_PRIVATE_H
#define BASE_ROOT_PRIVATE_H

#include "base/error.h"
#include "base/root.h"
#include "base/strings.h"

#define MAX_LINKS 40 /* as the kernel's MAXSYMLINKS */
#define MAX_PATH_LENGTH 4096
#define MAX_PENDING (16 * MAX_PATH_LENGTH)
#define MAX_NAMES 1048576
#define UNREADABLE ".unreadable"

typedef int (*root_each_fn)(void *arg, const char *name);

/* Each returns 0 or a negative errno; read and readlink leave their result in scratch. */
struct root_ops {
	int (*read)(struct root *, const char *path, size_t max);
	int (*readlink)(struct root *, const char *path);
	int (*list)(struct root *, const char *path, root_each_fn, void *arg);
	int (*exists)(struct root *, const char *path);
	void (*close)(struct root *);
};

struct member;

struct root {
	const struct root_ops *ops;
	enum root_kind kind;
	struct iof_ctx *ctx;
	bool lacked_memory; /* see root_error() */
	char *name;
	struct buf scratch; /* of the last read, so that a hundred small files cost no malloc() */
	/* ROOT_FOLDER */
	int fd;
	struct buf folder; /* of the path that was asked for last */
	int folder_fd;	/* it, once it was asked for again; -1: not yet, -2: it cannot be opened */
	bool is_manual; /* the kernel has no openat2(), or a filter forbids it */
	/* ROOT_ARCHIVE */
	struct arena *arena;
	struct buf path; /* of the member that is being added */
	struct member **table;
	size_t table_size; /* a power of two */
	size_t n_members;
	/* ROOT_IO */
	struct iof_io io;
};

int root_new(struct iof_ctx *, enum root_kind, const struct root_ops *, char *name, struct root **);

/* Read to the end of the file into scratch. size: what the file system says; 0 if it does not know.
 */
int root_slurp(struct root *, int fd, size_t size, size_t max);
int root_list_fd(int fd, root_each_fn, void *arg);

/* Tells whether a path without links (relative, "" is the root) is a link: its target into
 * `target`, -EINVAL if it is none, or another error. */
typedef int (*root_target_fn)(struct root *, const char *path, struct buf *target);
/* Follow all links of an absolute path, inside the root only. The result is relative and free of
 * links. */
int root_resolve(struct root *, const char *path, bool follow_last, root_target_fn,
		 struct buf *result);

/* For tests: as if the kernel had no openat2(). */
void root_forbid_openat2(struct root *);

#endif
