/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* groups.h - the groups of tests of this folder; each returns how many failed. */
#ifndef TESTS_HOST_GROUPS_H
#define TESTS_HOST_GROUPS_H

int run_truth(void);
int run_unknown(void);
int run_metamorphic(void);
int run_absent(void);
int run_bad(void);
int run_options(void);
int run_parts(void);
int run_size(void);
int run_measured(void);
int run_measured_bad(void);
int run_nesting(void);
int run_memory(void);

#endif
