/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

int main(void)
{
	return run_truth() + run_unknown() + run_metamorphic() + run_absent() + run_bad() +
	       run_options() + run_parts() + run_size() + run_measured() + run_measured_bad() +
	       run_nesting() + run_memory();
}
