/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decode_test.h"

#include "host/amdvi.h"
#include "host/host.h"
#include "host/smmuv3.h"
#include "host/vtd.h"

static const struct named_table {
	const char *name;
	const struct reg_field *fields;
	unsigned bits;
} tables[] = {
	{"CAP", vtd_cap_fields, 64},	      {"ECAP", vtd_ecap_fields, 64},
	{"EFR", amdvi_efr_fields, 64},	      {"EFR2", amdvi_efr2_fields, 64},
	{"IDR0", smmuv3_idr0_fields, 32},     {"IDR1", smmuv3_idr1_fields, 32},
	{"IDR3", smmuv3_idr3_fields, 32},     {"IDR5", smmuv3_idr5_fields, 32},
	{"driver", smmuv3_driver_fields, 32},
};

static void test_table(void **state)
{
	const struct named_table *table = *state;
	unsigned next = 0;

	for (const struct reg_field *f = table->fields; f->name; f++) {
		assert_true(f->lo >= next && f->hi >= f->lo && f->hi < table->bits);
		assert_non_null(f->meaning);
		assert_ptr_equal(reg_find(table->fields, f->name), f);
		next = f->hi + 1;
	}
	assert_null(reg_find(table->fields, "nothing"));
}

static const struct listing {
	const char *name;
	const struct reg_field *fields;
	uint64_t value;
	const char *expect;
} listings[] = {
	{"nothing", vtd_cap_fields, 0, ""},
	{"Raptor Lake graphics CAP", vtd_cap_fields, 0x1c0000c40660462,
	 "ND=2 PLMR=1 PHMR=1 SAGAW=4 MGAW=38 ZLR=1 FRO=64 SSLPS=3 DWD=1 DRD=1 FS1GP=1 "},
	{"Ivy Bridge ECAP", vtd_ecap_fields, 0xf0101a, "QI=1 IR=1 EIM=1 IRO=16 MHMV=15 "},
	{"reserved bits of CAP", vtd_cap_fields, 0xe000, "?=57344 "},
	{"Granite Rapids ECAP, top", vtd_ecap_fields, 0x3f000000000000,
	 "SMPWC=1 RPS=1 PMS=1 ADMS=1 RPRIVS=1 ?=1125899906842624 "},
	{"EPYC EFR2", amdvi_efr2_fields, 0x1d, "GCR3TRPMode=1 ?=21 "},
	{"QEMU's features", smmuv3_driver_fields, 0x305,
	 "2_LVL_STRTAB=1 TT_LE=1 COHERENCY=1 TRANS_S1=1 "},
	{"IDR5", smmuv3_idr5_fields, 0x74, "OAS=4 GRAN4K=1 GRAN16K=1 GRAN64K=1 "},
};

static void test_listing(void **state)
{
	const struct listing *row = *state;
	const struct reg_field *field = NULL;
	struct buf text = {0};
	uint64_t value;

	while ((field = reg_next_set(row->fields, row->value, field, &value)))
		buf_printf(&text, "%s=%llu ", field->name, (unsigned long long)value);
	assert_string_equal(text.data ? text.data : "", row->expect);
	buf_free(&text);
}

static void test_unit(void **state)
{
	struct iommu_unit vtd = {.has_cap = true, .has_ecap = true, .cap = 1, .ecap = 2};
	struct iommu_unit amd = {.has_efr = true, .efr = 3, .efr2 = 4};
	struct iommu_unit arm = {.has_smmu_features = true, .smmu_features = 5};
	struct iommu_unit none = {.name = "virtio0"};
	struct reg_word words[UNIT_REGISTERS];

	assert_int_equal(unit_registers(&vtd, words), 2);
	assert_string_equal(words[1].name, "ECAP");
	assert_int_equal(words[1].value, 2);
	assert_int_equal(unit_registers(&amd, words), 2);
	assert_string_equal(words[0].name, "EFR");
	assert_int_equal(unit_registers(&arm, words), 1);
	assert_string_equal(words[0].name, "features");
	arm.has_idr = true;
	assert_int_equal(unit_registers(&arm, words), 4);
	assert_string_equal(words[3].name, "IDR5");
	assert_int_equal(unit_registers(&none, words), 0);
}

int test_registers(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_unit)};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL) +
	       run_table("fields", tables, ARRAY_SIZE(tables), sizeof(tables[0]), test_table) +
	       run_table("listings", listings, ARRAY_SIZE(listings), sizeof(listings[0]),
			 test_listing);
}
