/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acpi_test.h"

#include "host/acpi_dmar.h"

static const struct dmar *parsed;

static int parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length)
{
	return dmar_parse(ctx, arena, bytes, length, "DMAR", &parsed);
}

/* Structures of dmar/rich: DRHD 0x30 and 0x48, RMRR 0x70 and 0x98, ATSR 0xb8, ... */
static const struct broken rows[] = {
	{"all kinds", "dmar/rich", 0, 0, 0, 0, NULL},
	{"as it is", "dmar/bare", 0, 0, 0, 0, NULL},
	{"other signature", "dmar/rich", 0, 4, 0x53525649, 0,
	 "DMAR: offset 0x0: signature is not DMAR"},
	{"header only half", "dmar/rich", 0, 0, 0, 20, "DMAR: offset 0x0: truncated header"},
	{"fixed part cut", "dmar/rich", 0, 0, 0, 40,
	 "DMAR: offset 0x4: 40 bytes are too few for a DMAR table"},
	{"says more than there is", "dmar/rich", 4, 4, 294, 0,
	 "DMAR: offset 0x4: table says 294 bytes, but there are 293"},
	{"says less than there is", "dmar/rich", 4, 4, 48, 0,
	 "DMAR: offset 0x4: table says 48 bytes, but there are 293"},
	{"says 4 GiB", "dmar/rich", 4, 4, UINT32_MAX, 0,
	 "DMAR: offset 0x4: table says 4294967295 bytes, but there are 293"},
	{"width 0", "dmar/rich", 36, 1, 0, 0, "DMAR: offset 0x24: host address width is 0"},
	{"DRHD of length 0", "dmar/rich", 50, 2, 0, 0,
	 "DMAR: offset 0x30: DRHD is 0 bytes long, less than 16"},
	{"DRHD behind the end", "dmar/rich", 50, 2, 0xffff, 0,
	 "DMAR: offset 0x30: DRHD is 65535 bytes long, but only 245 are left"},
	{"unknown structure of length 0", "dmar/rich", 48, 4, 0x00000042, 0,
	 "DMAR: offset 0x30: structure is 0 bytes long, less than 4"},
	{"scope of length 0", "dmar/rich", 65, 1, 0, 0,
	 "DMAR: offset 0x40: device scope is 0 bytes long, less than 6"},
	{"scope behind its structure", "dmar/rich", 65, 1, 200, 0,
	 "DMAR: offset 0x40: device scope is 200 bytes long, but only 8 are left"},
	{"structure cut", "dmar/rich", 0, 0, 0, 50,
	 "DMAR: offset 0x30: DRHD is 0 bytes long, less than 16"},
	{"wrong checksum", "dmar/rich", 9, 1, 0x55, 0, NULL},
};

static void test_broken(void **state)
{
	check_broken(*state, parse);
}

static void test_empty(void **state)
{
	struct broken row = {"", "dmar/rich", 0, 0, 0, 1, "DMAR: offset 0x0: truncated header"};

	check_broken(&row, parse);
}

static void check_units(const struct dmar *dmar)
{
	const struct dmar_unit *second = dmar_unit_at(dmar, 0xfed91000);

	assert_int_equal(dmar->n_units, 2);
	assert_false(dmar->units[0].include_pci_all);
	assert_int_equal(dmar->units[0].register_pages, 2);
	assert_int_equal(dmar->units[0].scopes.n, 1);
	assert_int_equal(dmar->units[0].scopes.items[0].path[0].device, 2);
	assert_ptr_equal(second, &dmar->units[1]);
	assert_null(dmar_unit_at(dmar, 0xfed92000));
	assert_true(second->include_pci_all);
	assert_int_equal(second->scopes.n, 3);
	assert_int_equal(second->scopes.items[0].type, DMAR_SCOPE_IOAPIC);
	assert_int_equal(second->scopes.items[0].enumeration_id, 2);
	assert_int_equal(second->scopes.items[0].start_bus, 0xf0);
	assert_int_equal(second->scopes.items[2].type, DMAR_SCOPE_BRIDGE);
	assert_int_equal(second->scopes.items[2].n_path, 2);
	assert_int_equal(second->scopes.items[2].path[0].device, 28);
}

static void check_others(const struct dmar *dmar)
{
	assert_int_equal(dmar->n_memory, 2);
	assert_int_equal(dmar->memory[0].base, 0xda34d000);
	assert_int_equal(dmar->memory[0].end, 0xda369fff);
	assert_int_equal(dmar->memory[0].scopes.n, 2);
	assert_int_equal(dmar->memory[1].segment, 1);
	assert_int_equal(dmar->n_atsr, 2);
	assert_true(dmar->atsr[0].flag);
	assert_int_equal(dmar->atsr[1].segment, 2);
	assert_int_equal(dmar->n_affinity, 1);
	assert_int_equal(dmar->affinity[0].proximity, 3);
	assert_int_equal(dmar->n_acpi_devices, 1);
	assert_int_equal(dmar->acpi_devices[0].number, 2);
	assert_string_equal(dmar->acpi_devices[0].name, "\\_SB.PC00.I2C0");
	assert_int_equal(dmar->n_satc, 1);
	assert_true(dmar->satc[0].flag);
	assert_int_equal(dmar->n_sidp, 1);
	assert_int_equal(dmar->sidp[0].scopes.items[0].path[0].device, 9);
	assert_int_equal(dmar->n_unknown, 1);
}

static void test_rich(void **state)
{
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read("dmar/rich", &length);

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	assert_int_equal(parsed->haw, 39);
	assert_true(parsed->interrupt_remapping);
	assert_true(parsed->x2apic_opt_out);
	assert_true(parsed->platform_opt_in);
	assert_true(parsed->table.checksum_ok);
	assert_string_equal(parsed->table.oem_id, "OEMID");
	assert_string_equal(parsed->table.oem_table_id, "OEMTABLE");
	check_units(parsed);
	check_others(parsed);
	bytes[9]++;
	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	assert_false(parsed->table.checksum_ok);
	free(bytes);
	arena_free(arena);
}

/* The table of a virtual machine with a 39-bit CPU. */
static void test_lab(void **state)
{
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read("dmar/lab-39", &length);

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	assert_int_equal(parsed->haw, 39);
	assert_true(parsed->interrupt_remapping);
	assert_int_equal(parsed->n_units, 1);
	assert_int_equal(parsed->units[0].base, 0xfed90000);
	assert_int_equal(parsed->n_unknown, 0);
	free(bytes);
	arena_free(arena);
}

static void test_too_large(void **state)
{
	size_t length = ACPI_TABLE_MAX + 1;
	struct arena *arena = arena_new(1024);
	uint8_t *bytes = calloc(1, length);
	struct iof_ctx *ctx;

	assert_non_null(bytes);
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_not_equal(parse(ctx, arena, bytes, length), 0);
	assert_string_equal(iof_ctx_error(ctx),
			    "DMAR: offset 0x0: table of 1048577 bytes is too large");
	assert_int_not_equal(parse(ctx, arena, bytes, 0), 0);
	assert_string_equal(iof_ctx_error(ctx), "DMAR: offset 0x0: empty table");
	iof_ctx_unref(ctx);
	free(bytes);
	arena_free(arena);
}

static void test_allocations(void **state)
{
	check_allocations("dmar/rich", parse);
}

int test_dmar(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rich),	    cmocka_unit_test(test_lab),
		cmocka_unit_test(test_empty),	    cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests_name("dmar", tests, NULL, NULL) +
	       run_table("dmar broken", rows, ARRAY_SIZE(rows), sizeof(rows[0]), test_broken);
}
