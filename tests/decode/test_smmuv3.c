/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decode_test.h"

#include "host/smmuv3.h"

static void test_oas(void **state)
{
	static const unsigned expect[] = {32, 36, 40, 42, 44, 48, 52, 56, 0};

	for (unsigned code = 0; code < ARRAY_SIZE(expect); code++)
		assert_int_equal(smmuv3_oas_bits(code), expect[code]);
}

/* What the kernel answered for the emulated unit: stage 1 48 bits, stage 2 as OAS, nesting, no
 * dirty. */
static void test_registers_of_lab(void **state)
{
	static const uint32_t idr[6] = {0x0d44101b, 0x02730010, 0, 0x1414, 0, 0x74};
	const struct smmuv3_kernel *kernel = smmuv3_kernel(7, 2);
	struct domain_shape shape;
	struct smmuv3_unit unit;

	smmuv3_from_registers(idr, &unit);
	assert_int_equal(unit.oas, 44);
	assert_true(smmuv3_domain(&unit, kernel, DOMAIN_PLAIN, &shape));
	assert_true(shape.first_stage);
	assert_int_equal(shape.width, 48);
	assert_int_equal(shape.page_sizes, 0x40201000);
	assert_true(smmuv3_domain(&unit, kernel, DOMAIN_NEST_PARENT, &shape));
	assert_false(shape.first_stage);
	assert_int_equal(shape.width, 44);
	assert_false(smmuv3_domain(&unit, kernel, DOMAIN_DIRTY_TRACKING, &shape));
	assert_true(smmuv3_domain(&unit, kernel, DOMAIN_PASID, &shape));
}

static const struct row {
	const char *name;
	uint32_t features;
	unsigned oas, va_bits;
	unsigned major, minor;
	enum domain_use use;
	unsigned width; /* 0: refused */
	bool first_stage;
} rows[] = {
	{"Altra", 0x1fff, 48, 48, 7, 2, DOMAIN_PLAIN, 48, true},
	{"Altra, nest parent", 0x1fff, 48, 48, 7, 2, DOMAIN_NEST_PARENT, 48, false},
	{"Altra, nest parent, 6.12", 0x1fff, 48, 48, 6, 12, DOMAIN_NEST_PARENT, 0, false},
	{"Grace, dirty", 0x1e1fbf, 48, 48, 7, 2, DOMAIN_DIRTY_TRACKING, 0, false},
	{"VAX", 0x1fcdfcf, 52, 52, 7, 2, DOMAIN_PLAIN, 52, true},
	{"VAX, kernel of 48 bits", 0x1fcdfcf, 52, 48, 7, 2, DOMAIN_PLAIN, 48, true},
	{"VAX, dirty", 0x1fcdfcf, 52, 52, 7, 2, DOMAIN_DIRTY_TRACKING, 52, true},
	{"VAX, dirty, 6.1", 0x1fcdfcf, 52, 52, 6, 1, DOMAIN_DIRTY_TRACKING, 0, false},
	{"kernel of 39 bits", 0x1fff, 48, 39, 7, 2, DOMAIN_PLAIN, 39, true},
	{"stage 1 only", 0x8305, 44, 0, 7, 2, DOMAIN_PLAIN, 48, true},
	{"stage 1 only, nest parent", 0x8305, 44, 0, 7, 2, DOMAIN_NEST_PARENT, 0, false},
	{"stage 2 only", 0x505, 44, 0, 7, 2, DOMAIN_PLAIN, 44, false},
	{"stage 2 only, PASID", 0x505, 44, 0, 7, 2, DOMAIN_PASID, 0, false},
	{"PASID, 6.13", 0x1fff, 48, 0, 6, 13, DOMAIN_PASID, 0, false},
	{"no stage", 0x5, 44, 0, 7, 2, DOMAIN_PLAIN, 0, false},
	{"unknown kernel is the newest", 0x1fff, 48, 0, 0, 0, DOMAIN_NEST_PARENT, 48, false},
};

static void test_domain(void **state)
{
	const struct row *row = *state;
	struct domain_shape shape = {0};
	struct smmuv3_unit unit;
	bool made;

	smmuv3_from_features(row->features, row->oas, &unit);
	unit.va_bits = row->va_bits;
	made = smmuv3_domain(&unit, smmuv3_kernel(row->major, row->minor), row->use, &shape);
	assert_int_equal(made, row->width != 0);
	if (!made)
		return;
	assert_int_equal(shape.width, row->width);
	assert_int_equal(shape.first_stage, row->first_stage);
}

#define G4 SMMUV3_GRANULE_4K
#define G16 SMMUV3_GRANULE_16K
#define G64 SMMUV3_GRANULE_64K

static const struct pages {
	const char *name;
	unsigned granules, cpu_page, oas;
	uint64_t expect;
} pages[] = {
	{"4K CPU, all", G4 | G16 | G64, 0x1000, 48, 0x40201000},
	{"16K CPU, all", G4 | G16 | G64, 0x4000, 48, 0x2004000},
	{"64K CPU, all", G4 | G16 | G64, 0x10000, 48, 0x20010000},
	{"64K CPU, all, 52 bits", G4 | G16 | G64, 0x10000, 52, 0x40020010000},
	{"4K CPU, all, 52 bits", G4 | G16 | G64, 0x1000, 52, 0x40201000},
	{"64K CPU, largest smaller", G4 | G16, 0x10000, 48, 0x2004000},
	{"16K CPU, smaller", G4 | G64, 0x4000, 48, 0x40201000},
	{"4K CPU, smallest larger", G16 | G64, 0x1000, 48, 0x2004000},
	{"4K CPU, 64K unit", G64, 0x1000, 48, 0x20010000},
	{"CPU page not known", G4 | G16, 0, 48, 0x40201000},
	{"none", 0, 0x1000, 48, 0},
};

static void test_pages(void **state)
{
	const struct pages *row = *state;
	struct smmuv3_unit unit = {
		.granules = row->granules, .cpu_page = row->cpu_page, .oas = row->oas};

	assert_int_equal(smmuv3_pages(&unit), row->expect);
}

int test_smmuv3(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oas),
		cmocka_unit_test(test_registers_of_lab),
	};

	return cmocka_run_group_tests_name("smmuv3", tests, NULL, NULL) +
	       run_table("smmuv3 domains", rows, ARRAY_SIZE(rows), sizeof(rows[0]), test_domain) +
	       run_table("smmuv3 pages", pages, ARRAY_SIZE(pages), sizeof(pages[0]), test_pages);
}
