// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * module.c - finds and loads the private modules. Their place is compiled in: the library's own
 * module folder, or the build folder as long as this very code runs from there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/module.h"
#include "base/module_paths.h"
#include "base/strings.h"

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

static int find(const struct module_file *file, char *path, size_t size)
{
	int length = runs_from_build_folder()
			     ? snprintf(path, size, "%s/src/%s/%s", BUILD_FOLDER, file->folder,
					file->name)
			     : snprintf(path, size, "%s/%s", MODULE_FOLDER, file->name);

	return length < (int)size ? 0 : -ENAMETOOLONG;
}

int module_load(struct iof_ctx *ctx, const struct module_file *file, const struct module_head **out)
{
	const struct module_head *(*entry)(void);
	char path[PATH_MAX];
	void *handle;

	*out = NULL;
	if (find(file, path, sizeof(path)))
		return ctx_fail(ctx, -ENAMETOOLONG, "%s: its path is too long", file->name);
	handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return ctx_fail(ctx, -EOPNOTSUPP, "%s need a module that cannot be loaded: %s",
				file->needed_for, dlerror());
	entry = (const struct module_head *(*)(void))dlsym(handle, file->symbol);
	*out = entry ? entry() : NULL;
	if (*out && (*out)->abi == file->abi)
		return 0;
	*out = NULL;
	dlclose(handle);
	return ctx_fail(ctx, -EOPNOTSUPP, "%s: belongs to another version of iommufit", path);
}
