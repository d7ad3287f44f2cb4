/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* members.h - a capture in memory whose members can be changed before a host is loaded from it. */
#ifndef TESTS_HOST_MEMBERS_H
#define TESTS_HOST_MEMBERS_H

#include "host/host.h"

enum change_what {
	CHANGE_REPLACE,
	CHANGE_REMOVE,
	CHANGE_UNREADABLE,
	CHANGE_CUT,  /* to its first `length` bytes */
	CHANGE_LINK, /* a link to `bytes` in its place */
};

/* For each member whose path ("/proc/cpuinfo") fits the pattern (fnmatch). A replaced file that was
 * not there is made. */
struct change {
	enum change_what what;
	const char *pattern;
	const char *bytes;
	size_t length; /* 0: strlen(bytes) */
};

#define TEXT(pattern, text)                                                                        \
	{                                                                                          \
		CHANGE_REPLACE, pattern, text, 0                                                   \
	}
#define WITHOUT(pattern)                                                                           \
	{                                                                                          \
		CHANGE_REMOVE, pattern, NULL, 0                                                    \
	}
#define DENIED(pattern)                                                                            \
	{                                                                                          \
		CHANGE_UNREADABLE, pattern, NULL, 0                                                \
	}
#define CUT(pattern, length)                                                                       \
	{                                                                                          \
		CHANGE_CUT, pattern, NULL, length                                                  \
	}
#define LINK(pattern, target)                                                                      \
	{                                                                                          \
		CHANGE_LINK, pattern, target, 0                                                    \
	}
#define BYTES(pattern, array)                                                                      \
	{                                                                                          \
		CHANGE_REPLACE, pattern, (const char *)(array), sizeof(array)                      \
	}

struct members;

/* name: "intel48-pb46", without folder and ending. */
struct members *members_read(const char *name);
void members_free(struct members *);
/* Bytes of a file, NULL if absent. */
const char *members_bytes(const struct members *, const char *path, size_t *length);
/* Replace a part of all paths and link targets: another number for a device or a group. */
void members_substitute(struct members *, const char *from, const char *to);
/* The root with the changes made; the caller frees it. */
struct root *members_root(const struct members *, const struct change *, size_t n);
/* As host_load_from_root(): 0 or an error, its text in ctx. */
int members_host(struct iof_ctx *, const struct members *, const struct change *, size_t n,
		 const struct iof_host_options *, struct iof_host **);
/* The same from a capture's name; asserts that it succeeds. */
struct iof_host *changed_host(const char *name, const struct change *, size_t n);

#endif
