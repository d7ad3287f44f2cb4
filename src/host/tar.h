/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tar.h - the members of a tar archive that lies in memory. */
#ifndef HOST_TAR_H
#define HOST_TAR_H

#include <stddef.h>

#define TAR_MAX_MEMBER (16u << 20)
#define TAR_MAX_MEMBERS 100000u
#define TAR_MAX_NAME 4096u

/* Takes the members, in order. Paths are relative, without "." or ".." parts. Each returns 0 or a
 * negative errno, which ends the reading. Nothing that is given lives longer than the call. */
struct tar_sink {
	void *data;
	int (*file)(void *data, const char *path, const char *bytes, size_t length);
	int (*link)(void *data, const char *path, const char *target);
	int (*folder)(void *data, const char *path);
};

/*
 * Old, ustar, GNU and pax archives. Only files, folders, symbolic and hard links are taken (a hard
 * link as a symbolic one from the root); everything else, absolute names and names that lead
 * upwards are refused. 0, what the sink returned, or -EBADMSG with the reason written.
 */
int tar_read(const char *bytes, size_t length, const struct tar_sink *, char *reason, size_t size);

#endif
