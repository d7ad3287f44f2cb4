// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * module.c - finds and loads the compression modules. Their place is compiled in: the library's own
 * module folder, or the build folder as long as this very code runs from there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strings.h"
#include "host/archive_module.h"
#include "host/module_paths.h"

static bool lies_below(const char *path, const char *folder)
{
	char resolved[PATH_MAX];

	return realpath(path, resolved) && str_starts(resolved, folder) &&
	       resolved[strlen(folder)] == '/';
}

/* Whether this code, in the shared library or linked into a test, was not installed. */
static bool runs_from_build_folder(void)
{
	char self[PATH_MAX];
	Dl_info info;
	ssize_t n;

	if (dladdr((void *)runs_from_build_folder, &info) && info.dli_fname &&
	    info.dli_fname[0] == '/')
		return lies_below(info.dli_fname, BUILD_FOLDER);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return false;
	self[n] = '\0';
	return lies_below(self, BUILD_FOLDER);
}

static const char *const file_names[] = {
	[MODULE_ARCHIVE] = "iommufit-archive.so",
	[MODULE_GZ] = "iommufit-gz.so",
	[MODULE_XZ] = "iommufit-xz.so",
	[MODULE_ZSTD] = "iommufit-zstd.so",
};

static int load(struct iof_ctx *ctx, const char *name, const struct archive_module **out)
{
	const char *folder = runs_from_build_folder() ? MODULE_BUILD_FOLDER : MODULE_FOLDER;
	char path[PATH_MAX];
	archive_module_fn entry;
	void *handle;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return ctx_fail(ctx, -ENAMETOOLONG, "%s/%s: the path is too long", folder, name);
	handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return ctx_fail(ctx, -EOPNOTSUPP,
				"captures need a module that cannot be loaded: %s", dlerror());
	entry = (archive_module_fn)dlsym(handle, ARCHIVE_MODULE_SYMBOL);
	*out = entry ? entry() : NULL;
	if (*out && (*out)->abi == ARCHIVE_MODULE_ABI)
		return 0;
	dlclose(handle);
	return ctx_fail(ctx, -EOPNOTSUPP, "%s: belongs to another version of iommufit", path);
}

int archive_module_load(struct iof_ctx *ctx, enum archive_module_kind kind,
			const struct archive_module **out)
{
	static _Atomic(const struct archive_module *) loaded[ARRAY_SIZE(file_names)];
	int err;

	*out = atomic_load(&loaded[kind]);
	if (*out)
		return 0;
	err = load(ctx, file_names[kind], out);
	if (!err)
		atomic_store(&loaded[kind], *out);
	return err;
}
