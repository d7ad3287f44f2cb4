/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IOMMUFIT_TEST_SEED sets the seed; it is printed. */
#include "meta.h"

int main(void)
{
	const char *seed = getenv("IOMMUFIT_TEST_SEED");
	uint64_t value = seed ? strtoull(seed, NULL, 0) : 20261121;
	int failed = 0;

	printf("IOMMUFIT_TEST_SEED=%llu\n", (unsigned long long)value);
	choose_seed(value);
	cells_read();
	printf("%zu cells\n", n_cells);
	failed += run_numbers();
	failed += run_widths();
	failed += run_spelling();
	failed += run_order();
	failed += run_relations();
	failed += run_measured();
	meta_free();
	cells_free();
	return failed;
}
