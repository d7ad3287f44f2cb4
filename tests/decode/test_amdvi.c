/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decode_test.h"

#include <errno.h>

#include "host/amdvi.h"

static const struct text {
	const char *name;
	const char *text;
	int err;
	uint64_t efr, efr2;
} texts[] = {
	{"EFR alone", "58f77ef22294a5a", 0, 0x58f77ef22294a5a, 0},
	{"6.12: EFR first", "25bf732fa2295afe:1d", 0, 0x25bf732fa2295afe, 0x1d},
	{"6.1: EFR2 first", "1d:25bf732fa2295afe", 0, 0x25bf732fa2295afe, 0x1d},
	{"6.1 without EFR2", "0:29d3", 0, 0x29d3, 0},
	{"emulated", "29d3:0", 0, 0x29d3, 0},
	{"both 0", "0:0", 0, 0, 0},
	{"empty", "", -EBADMSG, 0, 0},
	{"colon alone", ":", -EBADMSG, 0, 0},
	{"second missing", "29d3:", -EBADMSG, 0, 0},
	{"three", "1:2:3", -EBADMSG, 0, 0},
	{"sign", "-1:0", -EBADMSG, 0, 0},
	{"not hexadecimal", "29g3:0", -EBADMSG, 0, 0},
	{"too large", "10000000000000000:0", -EBADMSG, 0, 0},
	{"blank", "29d3 :0", -EBADMSG, 0, 0},
};

static void test_text(void **state)
{
	const struct text *row = *state;
	uint64_t efr = 0, efr2 = 0;

	assert_int_equal(amdvi_parse_features(row->text, &efr, &efr2), row->err);
	assert_int_equal(efr, row->efr);
	assert_int_equal(efr2, row->efr2);
}

#define V2 (UINT64_C(1) << 4 | UINT64_C(1) << 48) /* GTSup, GIOSup */
#define PPR UINT64_C(2)
#define DIRTY (UINT64_C(1) << 49 | UINT64_C(1) << 52)
#define HATS(n) ((uint64_t)(n) << 10)
#define GATS1 (UINT64_C(1) << 12)

#define ALL64 UINT64_C(0xfff7ffffff000)
#define ALL48 UINT64_C(0xff7ffffff000)
#define ALL39 UINT64_C(0x7ffffff000)
#define OLD UINT64_C(0xffffff7ffffff000)
#define V2SIZE UINT64_C(0x40201000)

static const struct row {
	const char *name;
	uint64_t efr, efr2;
	unsigned va_size;
	unsigned major, minor;
	enum domain_use use;
	bool prefers_v2, la57;
	unsigned width; /* 0: refused */
	bool v2;
	uint64_t pages;
} rows[] = {
	/* What the kernel answered on an emulated unit. */
	{"lab", 0x29d3, 0, 0, 7, 2, DOMAIN_PLAIN, false, false, 64, false, ALL64},
	{"lab, nest parent", 0x29d3, 0, 0, 7, 2, DOMAIN_NEST_PARENT, false, false, 0, false, 0},
	{"lab, dirty", 0x29d3, 0, 0, 7, 2, DOMAIN_DIRTY_TRACKING, false, false, 0, false, 0},
	{"lab, PASID", 0x29d3, 0, 0, 7, 2, DOMAIN_PASID, false, false, 0, false, 0},
	/* Real ones. */
	{"Ryzen 3950X", 0x58f77ef22294a5a, 0, 64, 7, 2, DOMAIN_PLAIN, false, false, 64, false,
	 ALL64},
	{"Ryzen 3950X, pgtbl_v2", 0x58f77ef22294a5a, 0, 64, 7, 2, DOMAIN_PLAIN, true, false, 47,
	 true, V2SIZE},
	{"EPYC 7R13, pgtbl_v2 falls back", 0x841f77e022094ace, 0, 64, 7, 2, DOMAIN_PLAIN, true,
	 false, 64, false, ALL64},
	{"EPYC 7R13, dirty", 0x841f77e022094ace, 0, 64, 7, 2, DOMAIN_DIRTY_TRACKING, false, false,
	 64, false, ALL64},
	{"Genoa, nest parent without guest tables", 0xa5bf7320a2294aee, 0x1d, 64, 7, 2,
	 DOMAIN_NEST_PARENT, false, false, 0, false, 0},
	{"Zen 4 server, nest parent", 0x25bf732fa2295afe, 0x1d, 64, 7, 2, DOMAIN_NEST_PARENT, false,
	 true, 64, false, ALL64},
	{"Zen 4 server, nest parent, 6.19", 0x25bf732fa2295afe, 0x1d, 64, 6, 19, DOMAIN_NEST_PARENT,
	 false, true, 0, false, 0},
	{"Zen 4 server, PASID", 0x25bf732fa2295afe, 0x1d, 64, 7, 2, DOMAIN_PASID, false, true, 56,
	 true, V2SIZE},
	/* Widths by table levels and IVinfo. */
	{"4 levels", HATS(0), 0, 64, 7, 2, DOMAIN_PLAIN, false, false, 48, false, ALL48},
	{"5 levels", HATS(1), 0, 64, 7, 2, DOMAIN_PLAIN, false, false, 57, false, ALL64},
	{"VAsize 48", HATS(2), 0, 48, 7, 2, DOMAIN_PLAIN, false, false, 48, false, ALL48},
	{"VAsize 40", HATS(2), 0, 40, 7, 2, DOMAIN_PLAIN, false, false, 40, false, ALL48},
	{"VAsize 39", HATS(2), 0, 39, 7, 2, DOMAIN_PLAIN, false, false, 39, false, ALL39},
	{"VAsize 32", HATS(2), 0, 32, 7, 2, DOMAIN_PLAIN, false, false, 32, false, ALL39},
	{"VAsize 127", HATS(2), 0, 127, 7, 2, DOMAIN_PLAIN, false, false, 64, false, ALL64},
	{"VAsize 40, 6.12 does not look", HATS(2), 0, 40, 6, 12, DOMAIN_PLAIN, false, false, 64,
	 false, ALL64},
	{"lab, 6.12.117", 0x29d3, 0, 0, 6, 12, DOMAIN_PLAIN, false, false, 64, false, ALL64},
	{"lab, 6.1.176", 0x29d3, 0, 0, 6, 1, DOMAIN_PLAIN, false, false, 64, false, OLD},
	{"4 levels, 6.1 does not look", HATS(0), 0, 0, 6, 1, DOMAIN_PLAIN, false, false, 64, false,
	 OLD},
	{"no host tables, guest tables", HATS(3) | V2, 0, 0, 7, 2, DOMAIN_PLAIN, false, false, 47,
	 true, V2SIZE},
	{"no tables at all", HATS(3), 0, 0, 7, 2, DOMAIN_PLAIN, false, false, 0, false, 0},
	{"no host tables, dirty", HATS(3) | V2 | DIRTY, 0, 0, 7, 2, DOMAIN_DIRTY_TRACKING, false,
	 false, 0, false, 0},
	/* Guest tables. */
	{"v2, 5 levels", V2 | GATS1, 0, 0, 7, 2, DOMAIN_PLAIN, true, true, 56, true, V2SIZE},
	{"v2, 5 levels, CPU 4", V2 | GATS1, 0, 0, 7, 2, DOMAIN_PLAIN, true, false, 47, true,
	 V2SIZE},
	{"v2, 6.1", V2, 0, 0, 6, 1, DOMAIN_PLAIN, true, false, 48, true, V2SIZE},
	{"PASID", V2 | PPR, 0, 0, 7, 2, DOMAIN_PASID, false, false, 47, true, V2SIZE},
	{"PASID, CPU 5 levels", V2 | PPR, 0, 0, 7, 2, DOMAIN_PASID, false, true, 0, false, 0},
	{"PASID without page requests", V2, 0, 0, 7, 2, DOMAIN_PASID, false, false, 0, false, 0},
	{"PASID, 6.12", V2 | PPR, 0, 0, 6, 12, DOMAIN_PASID, false, false, 0, false, 0},
	{"dirty, 6.6", DIRTY, 0, 0, 6, 6, DOMAIN_DIRTY_TRACKING, false, false, 0, false, 0},
	{"dirty, 6.12", DIRTY, 0, 0, 6, 12, DOMAIN_DIRTY_TRACKING, false, false, 64, false, ALL64},
	{"dirty, 6.7", DIRTY, 0, 0, 6, 7, DOMAIN_DIRTY_TRACKING, false, false, 64, false, OLD},
};

static void test_domain(void **state)
{
	const struct row *row = *state;
	struct amdvi_unit unit = {.efr = row->efr,
				  .efr2 = row->efr2,
				  .va_size = row->va_size,
				  .prefers_v2 = row->prefers_v2,
				  .la57 = row->la57};
	struct domain_shape shape = {0};
	bool made = amdvi_domain(&unit, amdvi_kernel(row->major, row->minor), row->use, &shape);

	assert_int_equal(made, row->width != 0);
	if (!made)
		return;
	assert_int_equal(shape.width, row->width);
	assert_int_equal(shape.first_stage, row->v2);
	assert_int_equal(shape.page_sizes, row->pages);
}

static void test_predicates(void **state)
{
	struct amdvi_unit unit = {.efr = HATS(2) | V2 | PPR, .snp_active = true};
	const struct amdvi_kernel *kernel = amdvi_kernel(0, 0);
	struct domain_shape shape;

	assert_false(amdvi_domain(&unit, kernel, DOMAIN_PASID, &shape));
	unit.no_huge_pages = true;
	assert_int_equal(amdvi_v1_pages(&unit, kernel), 0x1000);
	assert_int_equal(amdvi_v2_pages(&unit), 0x1000);
	unit.no_huge_pages = false;
	unit.v2_page_sizes = true;
	assert_int_equal(amdvi_v1_pages(&unit, kernel), V2SIZE);
	assert_int_equal(amdvi_host_levels(HATS(2)), 6);
	assert_int_equal(amdvi_host_levels(HATS(3)), 0);
	assert_int_equal(amdvi_guest_levels(0), 0);
	assert_int_equal(amdvi_guest_levels(V2 | GATS1), 5);
	assert_int_equal(amdvi_pasid_bits(0x58f77ef22294a5a), 16);
	assert_int_equal(amdvi_pasid_bits(0x841f77e022094ace), 0);
	assert_true(amdvi_snp(0x841f77e022094ace));
	assert_false(amdvi_ht_range_ignored(0x1d));
	assert_true(amdvi_ht_range_ignored(0x800));
}

int test_amdvi(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_predicates)};

	return cmocka_run_group_tests_name("amdvi", tests, NULL, NULL) +
	       run_table("amdvi features", texts, ARRAY_SIZE(texts), sizeof(texts[0]), test_text) +
	       run_table("amdvi domains", rows, ARRAY_SIZE(rows), sizeof(rows[0]), test_domain);
}
