/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proxmox_tests.h"

int main(int argc, char **argv)
{
	if (argc > 1 && str_eq(argv[1], "samples"))
		return samples_are_there() ? samples_run() + grammar_run() : 77; /* skipped */
	return own_run() + edits_run() + random_run() + alloc_run();
}
