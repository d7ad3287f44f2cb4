/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "explain_tests.h"

int main(void)
{
	int failed;

	if (excerpts_load())
		return 1;
	failed = excerpts_run() + wrappings_run() + operands_run() + rules_run() + alloc_run();
	excerpts_free();
	return failed;
}
