/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decode_test.h"

int main(void)
{
	return test_registers() + test_vtd() + test_amdvi() + test_smmuv3() + test_catalog();
}
