/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decode_test.h"

#include "host/vtd.h"

#define K4 UINT64_C(0x1000)
#define M2 UINT64_C(0x201000)
#define G1 UINT64_C(0x40201000)

/* A CAP with MGAW, SAGAW, first-stage 5 levels, both large pages. */
#define CAP(mgaw, sagaw, fs5lp)                                                                    \
	((uint64_t)((mgaw)-1) << 16 | (uint64_t)(sagaw) << 8 | UINT64_C(3) << 34 |                 \
	 UINT64_C(1) << 56 | (uint64_t)(fs5lp) << 60)

#define SMTS (UINT64_C(1) << 43)
#define SSADS (UINT64_C(1) << 45)
#define SSTS (UINT64_C(1) << 46)
#define FSTS (UINT64_C(1) << 47)
#define SMPWC (UINT64_C(1) << 48)
#define NEST (UINT64_C(1) << 26)
#define BOTH (SMTS | SSTS | FSTS)

static const struct row {
	const char *name;
	uint64_t cap, ecap;
	bool scalable;
	unsigned major, minor;
	enum domain_use use;
	unsigned width; /* 0: refused */
	bool first_stage;
	uint64_t pages;
} rows[] = {
	/* Real ones, linux-and-firmware section 2.3. */
	{"Ivy Bridge", 0xc9008020660262, 0xf0105a, true, 7, 2, DOMAIN_PLAIN, 39, false, K4},
	{"Raptor Lake", 0xd2008c40660462, 0xf050da, true, 7, 2, DOMAIN_PLAIN, 39, false, G1},
	{"Arrow Lake, 7.2", 0xc9de008cee690462, 0x12ca9a00f0ef5e, true, 7, 2, DOMAIN_PLAIN, 41,
	 true, G1},
	{"Arrow Lake, 7.2, sm_off", 0xc9de008cee690462, 0x12ca9a00f0ef5e, false, 7, 2, DOMAIN_PLAIN,
	 42, false, G1},
	{"Arrow Lake, 6.12", 0xc9de008cee690462, 0x12ca9a00f0ef5e, true, 6, 12, DOMAIN_PLAIN, 42,
	 false, G1},
	{"Nehalem", 0xc90780106f0462, 0xf020fe, true, 7, 2, DOMAIN_PLAIN, 48, false, K4},
	{"Ice Lake-SP", 0x8ed008c40780466, 0x60000f050df, true, 7, 2, DOMAIN_PLAIN, 48, false, G1},
	{"Sapphire Rapids", 0x19ed008c40780c66, 0x3ee9e86f050df, true, 7, 2, DOMAIN_PLAIN, 56, true,
	 G1},
	{"Sapphire Rapids, nest parent", 0x19ed008c40780c66, 0x3ee9e86f050df, true, 7, 2,
	 DOMAIN_NEST_PARENT, 57, false, G1},
	{"Sapphire Rapids, dirty", 0x19ed008c40780c66, 0x3ee9e86f050df, true, 7, 2,
	 DOMAIN_DIRTY_TRACKING, 57, false, G1},
	{"Sapphire Rapids, 6.12", 0x19ed008c40780c66, 0x3ee9e86f050df, true, 6, 12, DOMAIN_PLAIN,
	 57, false, G1},
	{"Sapphire Rapids, sm_off", 0x19ed008c40780c66, 0x3ee9e86f050df, false, 7, 2, DOMAIN_PLAIN,
	 57, false, G1},
	{"Sapphire Rapids, sm_off, nest", 0x19ed008c40780c66, 0x3ee9e86f050df, false, 7, 2,
	 DOMAIN_NEST_PARENT, 0, false, 0},
	{"Skylake: NEST without SMTS", 0x1c0000c40660462, 0x7e3ff0501e, true, 7, 2,
	 DOMAIN_NEST_PARENT, 0, false, 0},
	/* What the kernel answered on emulated units. */
	{"lab 39", 0x80d2008c22260206, 0xf00f4a, true, 7, 2, DOMAIN_PLAIN, 39, false, G1},
	{"lab 39, PASID flag", 0x80d2008c22260206, 0xf00f4a, true, 7, 2, DOMAIN_PASID, 39, false,
	 G1},
	{"lab 48", 0x80d2008c222f0606, 0xf00f4a, true, 7, 2, DOMAIN_PLAIN, 48, false, G1},
	{"lab first stage", 0x81d2008c222f0606, 0x880000f00f4a, true, 7, 2, DOMAIN_PLAIN, 47, true,
	 G1},
	{"lab first stage, no 1G", 0x80d2008c222f0606, 0x880000f00f4a, true, 7, 2, DOMAIN_PLAIN, 47,
	 true, M2},
	{"lab first stage, nest parent", 0x81d2008c222f0606, 0x880000f00f4a, true, 7, 2,
	 DOMAIN_NEST_PARENT, 0, false, 0},
	{"lab second stage", 0x80d2008c222f0606, 0x480080f00f4a, true, 7, 2, DOMAIN_PLAIN, 48,
	 false, G1},
	{"lab second stage, dirty", 0x80d2008c222f0606, 0x480080f00f4a, true, 7, 2,
	 DOMAIN_DIRTY_TRACKING, 0, false, 0},
	/* Widths, 6.19 and later: MGAW and SAGAW together. */
	{"MGAW 30", CAP(30, 2, 0), 0, false, 7, 2, DOMAIN_PLAIN, 0, false, 0},
	{"MGAW 31", CAP(31, 2, 0), 0, false, 7, 2, DOMAIN_PLAIN, 31, false, G1},
	{"MGAW 46", CAP(46, 4, 0), 0, false, 7, 2, DOMAIN_PLAIN, 46, false, G1},
	{"MGAW 48, 3 levels", CAP(48, 2, 0), 0, false, 7, 2, DOMAIN_PLAIN, 39, false, G1},
	{"MGAW 57, 4 levels", CAP(57, 4, 0), 0, false, 7, 2, DOMAIN_PLAIN, 48, false, G1},
	{"MGAW 57, 5 levels", CAP(57, 8, 0), 0, false, 7, 2, DOMAIN_PLAIN, 57, false, G1},
	{"MGAW 64, 6 levels", CAP(64, 16, 0), 0, false, 7, 2, DOMAIN_PLAIN, 57, false, G1},
	{"no table format", CAP(48, 0, 0), 0, false, 7, 2, DOMAIN_PLAIN, 0, false, 0},
	{"MGAW 39, first stage", CAP(39, 4, 0), BOTH, true, 7, 2, DOMAIN_PLAIN, 38, true, G1},
	{"MGAW 57, first stage, 4 levels", CAP(57, 12, 0), BOTH, true, 7, 2, DOMAIN_PLAIN, 47, true,
	 G1},
	{"MGAW 57, first stage, 5 levels", CAP(57, 12, 1), BOTH, true, 7, 2, DOMAIN_PLAIN, 56, true,
	 G1},
	{"neither stage in scalable mode", CAP(48, 4, 0), SMTS, true, 7, 2, DOMAIN_PLAIN, 0, false,
	 0},
	/* And before. */
	{"6.12, MGAW 30", CAP(30, 2, 0), 0, false, 6, 12, DOMAIN_PLAIN, 30, false, G1},
	{"6.12, MGAW 57, 4 levels", CAP(57, 4, 0), 0, false, 6, 12, DOMAIN_PLAIN, 48, false, G1},
	{"6.12, first stage only", CAP(48, 4, 0), SMTS | FSTS, true, 6, 12, DOMAIN_PLAIN, 47, true,
	 G1},
	{"6.12, both stages", CAP(57, 12, 0), BOTH, true, 6, 12, DOMAIN_PLAIN, 48, false, G1},
	{"6.18, both stages", CAP(48, 4, 0), BOTH, true, 6, 18, DOMAIN_PLAIN, 47, true, G1},
	{"6.1, dirty", CAP(48, 4, 0), BOTH | SSADS | SMPWC, true, 6, 1, DOMAIN_DIRTY_TRACKING, 0,
	 false, 0},
	{"6.12, dirty", CAP(48, 4, 0), BOTH | SSADS | SMPWC, true, 6, 12, DOMAIN_DIRTY_TRACKING, 48,
	 false, G1},
	{"6.12, nest parent", CAP(48, 4, 0), BOTH | NEST, true, 6, 12, DOMAIN_NEST_PARENT, 48,
	 false, G1},
	{"6.6, nest parent", CAP(48, 4, 0), BOTH | NEST, true, 6, 6, DOMAIN_NEST_PARENT, 0, false,
	 0},
	{"6.7, nest parent", CAP(48, 4, 0), BOTH | NEST, true, 6, 7, DOMAIN_NEST_PARENT, 48, false,
	 G1},
	{"6.5, nest parent", CAP(48, 4, 0), BOTH | NEST, true, 6, 5, DOMAIN_NEST_PARENT, 0, false,
	 0},
	{"6.12, PASID flag", CAP(48, 4, 0), BOTH, true, 6, 12, DOMAIN_PASID, 0, false, 0},
	{"unknown kernel is the newest", CAP(48, 4, 0), BOTH, true, 0, 0, DOMAIN_PLAIN, 47, true,
	 G1},
};

static void test_domain(void **state)
{
	const struct row *row = *state;
	struct vtd_unit unit = {.cap = row->cap, .ecap = row->ecap, .scalable = row->scalable};
	struct domain_shape shape = {0};
	bool made = vtd_domain(&unit, vtd_kernel(row->major, row->minor), row->use, &shape);

	assert_int_equal(made, row->width != 0);
	if (!made)
		return;
	assert_int_equal(shape.width, row->width);
	assert_int_equal(shape.first_stage, row->first_stage);
	assert_int_equal(shape.page_sizes, row->pages);
}

static void test_predicates(void **state)
{
	uint64_t cap = 0x19ed008c40780c66, ecap = 0x3ee9e86f050df; /* Sapphire Rapids */
	struct vtd_unit plain = {.cap = cap, .ecap = ecap, .no_super_pages = true};

	assert_int_equal(vtd_mgaw(cap), 57);
	assert_int_equal(vtd_sagaw(cap), 0xc);
	assert_int_equal(vtd_sagaw_width(cap), 57);
	assert_int_equal(vtd_sagaw_width(CAP(64, 16, 0)), 64);
	assert_true(vtd_fs1gp(cap) && vtd_fs5lp(cap) && !vtd_caching_mode(cap));
	assert_true(vtd_caching_mode(0x80));
	assert_true(vtd_smts(ecap) && vtd_flts(ecap) && vtd_slts(ecap) && vtd_nest(ecap));
	assert_true(vtd_ssads(ecap) && vtd_smpwc(ecap) && vtd_snoop_control(ecap));
	assert_true(vtd_interrupt_remapping(ecap) && vtd_device_tlb(ecap));
	assert_int_equal(vtd_pasid_bits(0x12ca9a00f0ef5e), 0x12ca9a00f0ef5e >> 40 & 1 ? 20 : 0);
	assert_int_equal(vtd_pasid_bits(UINT64_C(19) << 35 | UINT64_C(1) << 40), 20);
	assert_int_equal(vtd_second_stage_pages(&plain), K4);
	assert_int_equal(vtd_first_stage_pages(&plain), K4);
}

int test_vtd(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_predicates)};

	return cmocka_run_group_tests_name("vtd", tests, NULL, NULL) +
	       run_table("vtd domains", rows, ARRAY_SIZE(rows), sizeof(rows[0]), test_domain);
}
