/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "explain_tests.h"

int main(void)
{
	if (excerpts_load())
		return 1;
	return excerpts_run() + wrappings_run() + operands_run() + rules_run() + alloc_run();
}
