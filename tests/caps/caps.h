/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caps.h - hosts for the tests of caps. */
#ifndef TESTS_CAPS_H
#define TESTS_CAPS_H

#include <iommufit/iommufit.h>

#include "../captures.h"

/* A capture or a profile of tests/data, by its path there; fails the test if it cannot be read. */
struct iof_host *load_host(struct iof_ctx *, const char *path, const struct iof_host_options *);

/* The same of a profile's text; name is what it is called. */
struct iof_host *load_text(struct iof_ctx *, const char *name, const char *text,
			   const struct iof_host_options *);
/* The bytes of a file, for free(). */
char *read_text(const char *path);

/* agree.c: *state is a struct capture_row whose name is such a path. */
void test_agrees(void **state);
void test_drawn(void **state);

#endif
