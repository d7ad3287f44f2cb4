/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

int main(void)
{
	return test_round_trip() + test_options() + test_bad() + test_text() + test_memory();
}
