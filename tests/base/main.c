/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

int main(void)
{
	int failed = test_arena() + test_emit() + test_error() + test_interval() + test_json() +
		     test_memory() + test_root() + test_strings();

	return failed != 0;
}
