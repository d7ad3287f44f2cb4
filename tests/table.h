/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.h - a table of rows as a cmocka group: every row is a test of its own. */
#ifndef TESTS_TABLE_H
#define TESTS_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each row begins with `const char *name`; the test finds its row in *state. Returns how many
 * failed. */
static inline int run_table(const char *group, const void *rows, size_t n, size_t size,
			    CMUnitTestFunction test)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	const char *row = rows;
	int failed;
	size_t i;

	if (!tests)
		return 1;
	for (i = 0; i < n; i++, row += size) {
		memcpy(&tests[i].name, row, sizeof(tests[i].name));
		tests[i].test_func = test;
		tests[i].initial_state = (void *)(uintptr_t)row;
	}
	failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	free(tests);
	return failed;
}

#define RUN_TABLE(rows, test)                                                                      \
	run_table(#rows, rows, sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]), test)

#endif
