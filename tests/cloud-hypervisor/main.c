/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own.h"

int main(void)
{
	return own_run() + edits_run();
}
