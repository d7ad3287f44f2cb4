/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root_folder.c - files below a folder that stands for a machine's root; the kernel keeps links
 * inside. */
#include "root_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int root_open(const char *where)
{
	struct stat s;
	bool is_folder = where && *where && stat(where, &s) == 0 && S_ISDIR(s.st_mode);
	int fd = open(is_folder ? where : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool is_own_root(int root)
{
	struct stat a, b;

	return fstat(root, &a) == 0 && stat("/", &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int root_open_below(int root, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	/* Not known or not allowed (a sandbox): only where links cannot lead out. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM) && is_own_root(root))
		fd = openat(root, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}
