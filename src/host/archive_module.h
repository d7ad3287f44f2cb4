/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * archive_module.h - what the library and its archive module (iommufit-archive.so, which links
 * libarchive) say to each other. The module has no undefined symbols of the library: it calls back
 * through the functions given here.
 */
#ifndef HOST_ARCHIVE_MODULE_H
#define HOST_ARCHIVE_MODULE_H

#include <stddef.h>

#include <iommufit/ctx.h>

#define ARCHIVE_MODULE_ABI 1
#define ARCHIVE_MODULE_SYMBOL "iommufit_archive_module"

#define ARCHIVE_MAX_PACKED (64u << 20)
#define ARCHIVE_MAX_TOTAL (64u << 20) /* of the unpacked stream, member headers included */
#define ARCHIVE_MAX_MEMBER (16u << 20)
#define ARCHIVE_MAX_MEMBERS 100000u
#define ARCHIVE_MAX_NAME 4096u

/* Takes the members of an archive, in order. Paths are relative, without "." or ".." parts. Each
 * returns 0 or a negative errno, which ends the reading. */
struct archive_sink {
	void *data;
	int (*file)(void *data, const char *path, const char *bytes, size_t length);
	int (*link)(void *data, const char *path, const char *target);
	int (*folder)(void *data, const char *path);
};

struct archive_writer;

/* All return 0 or a negative errno; of a failure the reason is written, where there is room for
 * one. */
struct archive_module {
	unsigned abi;
	/* -EBADMSG: not a tar archive, damaged, too large, or with members that are refused. */
	int (*read)(const char *bytes, size_t length, const struct archive_sink *, char *reason,
		    size_t size);

	/* format: "tar", "tar.gz", "tar.xz", "tar.zst"; -EINVAL: no such. The descriptor stays the
	 * caller's. */
	int (*open)(int fd, const char *format, struct archive_writer **, char *reason,
		    size_t size);
	int (*file)(struct archive_writer *, const char *path, const char *bytes, size_t length);
	int (*link)(struct archive_writer *, const char *path, const char *target);
	int (*folder)(struct archive_writer *, const char *path);
	/* Ends the archive if complete is set, and frees the writer in any case. */
	int (*close)(struct archive_writer *, int complete, char *reason, size_t size);
};

/* The module's one exported function. */
typedef const struct archive_module *(*archive_module_fn)(void);

/* The module, loaded when first needed and kept. -EOPNOTSUPP: not installed. */
int archive_module_load(struct iof_ctx *, const struct archive_module **);

#endif
