// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * module.c - finds and loads the archive module. Its place is compiled in: the library's own module
 * folder, or the build folder as long as this very code runs from there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
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

int archive_module_load(struct iof_ctx *ctx, const struct archive_module **out)
{
	static _Atomic(const struct archive_module *) loaded;
	const struct archive_module *module = atomic_load(&loaded);
	const char *path = ARCHIVE_MODULE_PATH;
	archive_module_fn entry;
	void *handle;

	if (module) {
		*out = module;
		return 0;
	}
	if (runs_from_build_folder())
		path = ARCHIVE_MODULE_BUILD_PATH;
	handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return ctx_fail(ctx, -EOPNOTSUPP,
				"captures need the archive module, which cannot be loaded: %s",
				dlerror());
	entry = (archive_module_fn)dlsym(handle, ARCHIVE_MODULE_SYMBOL);
	module = entry ? entry() : NULL;
	if (!module || module->abi != ARCHIVE_MODULE_ABI) {
		dlclose(handle);
		return ctx_fail(ctx, -EOPNOTSUPP, "%s: belongs to another version of iommufit",
				path);
	}
	atomic_store(&loaded, module);
	*out = module;
	return 0;
}
