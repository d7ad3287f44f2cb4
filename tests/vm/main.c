// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vm_tests.h"

int main(void)
{
	return test_parse() + test_edit() + test_random() + test_files() + test_alloc();
}
