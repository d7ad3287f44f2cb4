/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_PROFILE_GROUPS_H
#define TESTS_PROFILE_GROUPS_H

/* Each runs its tests and returns how many failed. */
int test_bad(void);
int test_memory(void);
int test_options(void);
int test_round_trip(void);
int test_text(void);

#endif
