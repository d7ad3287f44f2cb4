/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * archive_module.h - what the library and its compression modules say to each other.
 * iommufit-gz.so, iommufit-xz.so and iommufit-zstd.so (zlib, liblzma, libzstd) unpack one format
 * each, much faster than iommufit-archive.so (libarchive) can be loaded; the latter writes, and
 * reads where they are not installed. None has undefined symbols of the library.
 */
#ifndef HOST_ARCHIVE_MODULE_H
#define HOST_ARCHIVE_MODULE_H

#include <stddef.h>

#include <iommufit/ctx.h>

#include "base/module.h"

#define ARCHIVE_MODULE_ABI 2
#define ARCHIVE_MODULE_SYMBOL "iommufit_archive_module"

#define ARCHIVE_MAX_PACKED (64u << 20)
#define ARCHIVE_MAX_TOTAL (64u << 20) /* unpacked */

struct archive_writer;

/* A piece of what was unpacked; other than 0: enough. */
typedef int (*archive_take_fn)(void *data, const char *bytes, size_t length);

/* All return 0 or a negative errno; of a failure the reason is written, where there is room for
 * one. */
struct archive_module {
	struct module_head head;
	/* The unpacked bytes, from malloc(). -EBADMSG: damaged, or more than ARCHIVE_MAX_TOTAL. */
	int (*unpack)(const char *bytes, size_t length, char **out, size_t *out_length,
		      char *reason, size_t size);

	/* iommufit-xz.so only: what LZMA packed (the .lzma form), piece by piece until take()
	 * returns other than 0; what follows the stream is ignored. */
	int (*unpack_lzma)(const char *bytes, size_t length, archive_take_fn take, void *data);

	/* The rest is NULL in a module that only unpacks.
	 * format: "tar", "tar.gz", "tar.xz", "tar.zst"; -EINVAL: no such. The descriptor stays the
	 * caller's. */
	int (*open)(int fd, const char *format, struct archive_writer **, char *reason,
		    size_t size);
	int (*file)(struct archive_writer *, const char *path, const char *bytes, size_t length);
	int (*link)(struct archive_writer *, const char *path, const char *target);
	int (*folder)(struct archive_writer *, const char *path);
	/* Ends the archive if complete is set, and frees the writer in any case. */
	int (*close)(struct archive_writer *, int complete, char *reason, size_t size);
};

enum archive_module_kind { MODULE_ARCHIVE, MODULE_GZ, MODULE_XZ, MODULE_ZSTD };

/* The module, loaded when first needed and kept. -EOPNOTSUPP: not installed. */
int archive_module_load(struct iof_ctx *, enum archive_module_kind, const struct archive_module **);

#endif
