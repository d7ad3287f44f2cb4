/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acpi_test.h"

#include "host/acpi_ivrs.h"

static const struct ivrs *parsed;

static int parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length)
{
	return ivrs_parse(ctx, arena, bytes, length, "IVRS", &parsed);
}

/* Blocks of ivrs/rich: IVHD 0x30 (type 10h, two), 0xb4 (11h, two), 0x154 (40h, two), IVMD 0x247. */
static const struct broken rows[] = {
	{"all kinds", "ivrs/rich", 0, 0, 0, 0, NULL},
	{"one old unit", "ivrs/bare", 0, 0, 0, 0, NULL},
	{"other signature", "ivrs/rich", 0, 4, 0x52414d44, 0,
	 "IVRS: offset 0x0: signature is not IVRS"},
	{"cut header", "ivrs/rich", 0, 0, 0, 35, "IVRS: offset 0x0: truncated header"},
	{"IVHD of length 0", "ivrs/rich", 50, 2, 0, 0,
	 "IVRS: offset 0x30: IVHD is 0 bytes long, less than 24"},
	{"new IVHD too short", "ivrs/rich", 182, 2, 24, 0,
	 "IVRS: offset 0xb4: IVHD is 24 bytes long, less than 40"},
	{"IVHD behind the end", "ivrs/rich", 50, 2, 0xffff, 0,
	 "IVRS: offset 0x30: IVHD is 65535 bytes long, but only 639 are left"},
	{"IVMD too short", "ivrs/rich", 585, 2, 16, 0,
	 "IVRS: offset 0x247: IVMD is 16 bytes long, less than 32"},
	{"unknown block of length 0", "ivrs/rich", 48, 4, 0x00000099, 0,
	 "IVRS: offset 0x30: block is 0 bytes long, less than 4"},
	{"entry behind its block", "ivrs/rich", 72, 1, 0xc1, 0, NULL},
	{"32-byte entry at the end", "ivrs/rich", 172, 1, 0xc1, 0,
	 "IVRS: offset 0xac: device entry is 32 bytes long, but only 8 are left"},
	{"names behind the block", "ivrs/rich", 172, 1, 0xf0, 0,
	 "IVRS: offset 0xac: device entry is 22 bytes long, but only 8 are left"},
	{"table cut in a block", "ivrs/rich", 0, 0, 0, 100,
	 "IVRS: offset 0x30: IVHD is 100 bytes long, but only 52 are left"},
};

static void test_broken(void **state)
{
	check_broken(*state, parse);
}

static const struct ivrs_entry *entry_of(const struct ivrs_unit *unit, unsigned type, size_t nth)
{
	for (size_t i = 0; i < unit->n_entries; i++)
		if (unit->entries[i].type == type && nth-- == 0)
			return &unit->entries[i];
	fail_msg("no entry of type %#x", type);
	return NULL;
}

static void check_entries(const struct ivrs_unit *unit)
{
	assert_int_equal(entry_of(unit, IVRS_ENTRY_ALL, 0)->setting, 0xd7);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_SELECT, 0)->devid, 0x10);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_RANGE_START, 0)->devid, 0x100);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_RANGE_END, 0)->devid, 0x1ff);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_ALIAS_SELECT, 0)->alias, 0x2a0);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_ALIAS_START, 0)->alias, 0x2a8);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_EXTENDED_SELECT, 0)->extended, 0x80000000);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_EXTENDED_START, 0)->devid, 0x600);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_SPECIAL, 0)->variety, 1);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_SPECIAL, 0)->handle, 0x20);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_SPECIAL, 0)->alias, 0xa0);
	assert_int_equal(entry_of(unit, IVRS_ENTRY_SPECIAL, 1)->variety, 2);
	assert_string_equal(entry_of(unit, IVRS_ENTRY_ACPI, 0)->hid, "AMDI0020");
	assert_string_equal(entry_of(unit, IVRS_ENTRY_ACPI, 0)->cid, "PNP0D80");
	assert_string_equal(entry_of(unit, IVRS_ENTRY_ACPI, 0)->uid, "\\_SB.FUR0");
	assert_string_equal(entry_of(unit, IVRS_ENTRY_ACPI, 1)->uid, "42");
	assert_string_equal(entry_of(unit, IVRS_ENTRY_ACPI, 2)->uid, "");
}

static void check_memory(const struct ivrs *ivrs)
{
	assert_int_equal(ivrs->n_memory, 3);
	assert_int_equal(ivrs->memory[0].type, IVRS_MEMORY_ALL);
	assert_true(ivrs->memory[0].unity && ivrs->memory[0].readable && ivrs->memory[0].writable);
	assert_int_equal(ivrs->memory[0].start, 0xa0000);
	assert_int_equal(ivrs->memory[0].size, 0x20000);
	assert_int_equal(ivrs->memory[1].devid, 0x10);
	assert_false(ivrs->memory[1].writable);
	assert_true(ivrs->memory[2].exclusion && !ivrs->memory[2].unity);
	assert_int_equal(ivrs->memory[2].last_devid, 0x1ff);
}

static void test_rich(void **state)
{
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read("ivrs/rich", &length);

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	assert_true(parsed->efr_support && parsed->dma_remap && parsed->ht_ats_resv);
	assert_int_equal(parsed->gva_size, 2);
	assert_int_equal(parsed->pa_size, 48);
	assert_int_equal(parsed->va_size, 64);
	assert_int_equal(parsed->n_units, 6);
	assert_int_equal(parsed->unit_type, 0x40);
	assert_false(parsed->units[0].in_use || parsed->units[0].has_efr);
	assert_int_equal(parsed->units[0].feature, 0x80048f6e);
	assert_true(parsed->units[2].has_efr && !parsed->units[2].in_use);
	assert_int_equal(parsed->units[2].efr, 0x58f77ef22294a5a);
	assert_true(parsed->units[4].in_use && parsed->units[5].in_use);
	assert_int_equal(parsed->units[4].efr2, 0x1d);
	assert_int_equal(parsed->units[5].segment, 1);
	assert_int_equal(parsed->n_unknown, 1);
	check_entries(&parsed->units[4]);
	check_memory(parsed);
	free(bytes);
	arena_free(arena);
}

/* A virtual machine's: the width is not said, the registers' image is. */
static void test_lab(void **state)
{
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read("ivrs/lab", &length);

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	assert_int_equal(parsed->pa_size, 40);
	assert_int_equal(parsed->va_size, 0);
	assert_int_equal(parsed->n_units, 2);
	assert_int_equal(parsed->unit_type, 0x11);
	assert_int_equal(parsed->units[1].efr, 0x29d3);
	assert_int_equal(parsed->units[1].base, 0xfed80000);
	free(bytes);
	arena_free(arena);
}

static void test_allocations(void **state)
{
	check_allocations("ivrs/rich", parse);
}

int test_ivrs(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_lab),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests_name("ivrs", tests, NULL, NULL) +
	       run_table("ivrs broken", rows, ARRAY_SIZE(rows), sizeof(rows[0]), test_broken);
}
