/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_BASE_GROUPS_H
#define TESTS_BASE_GROUPS_H

#include "../table.h"

/* Each returns how many tests failed. */
int test_arena(void);
int test_emit(void);
int test_error(void);
int test_interval(void);
int test_json(void);
int test_memory(void);
int test_root(void);
int test_strings(void);

#endif
