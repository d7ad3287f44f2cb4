/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* module.h - loads the library's private modules, which bring in the libraries that it does without
 * itself. */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

#include <iommufit/ctx.h>

/* What a module's one exported function gives begins with this. */
struct module_head {
	unsigned abi;
};

struct module_file {
	const char *folder; /* below src/, where it is built */
	const char *name;   /* "iommufit-gz.so" */
	const char *symbol; /* its one exported function, without parameters */
	unsigned abi;
	const char *needed_for; /* "captures" */
};

/* dlopen() the module, which is never closed again: the caller keeps *out. It is looked for in the
 * library's own module folder, or in the build folder as long as this very code runs from there.
 * -EOPNOTSUPP: not installed, or of another version. */
int module_load(struct iof_ctx *, const struct module_file *, const struct module_head **out);

#endif
