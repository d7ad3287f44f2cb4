/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inject.h - lets one allocation fail: link with the dependency `inject` of tests/meson.build. */
#ifndef TESTS_INJECT_H
#define TESTS_INJECT_H

#include <stdbool.h>

/* The n-th allocation from now on (1: the next) fails, and all after it if `all_after`. 0: none. */
void inject_failure(unsigned long n, bool all_after);
/* How many allocations there were since; whether one of them failed. */
unsigned long inject_count(void);
bool inject_happened(void);

#endif
