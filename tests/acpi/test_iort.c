/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acpi_test.h"

#include "host/acpi_iort.h"

static const struct iort *parsed;

static int parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length)
{
	return iort_parse(ctx, arena, bytes, length, "IORT", &parsed);
}

/* Nodes of iort/rich: ITS 48, SMMUv3 72, SMMU 180, root complexes 240, 320, 433, component 372,
 * PMCG 489, RMR 521, IWB 609, unknown 633. */
static const struct broken rows[] = {
	{"all kinds", "iort/rich", 0, 0, 0, 0, NULL},
	{"no nodes", "iort/bare", 0, 0, 0, 0, NULL},
	{"no nodes and a wild start", "iort/bare", 40, 4, 0xfffffff0, 0, NULL},
	{"other signature", "iort/rich", 0, 4, 0x52414d44, 0,
	 "IORT: offset 0x0: signature is not IORT"},
	{"start in the header", "iort/rich", 40, 4, 12, 0,
	 "IORT: offset 0x28: nodes start at 12, outside the table"},
	{"start behind the end", "iort/rich", 40, 4, 4096, 0,
	 "IORT: offset 0x28: nodes start at 4096, outside the table"},
	{"more nodes than there are", "iort/rich", 36, 4, 12, 0,
	 "IORT: offset 0x28d: ITS group is 0 bytes long, less than 20"},
	{"4 billion nodes", "iort/rich", 36, 4, UINT32_MAX, 0,
	 "IORT: offset 0x28d: ITS group is 0 bytes long, less than 20"},
	{"fewer nodes than there are", "iort/rich", 36, 4, 2, 0, NULL},
	{"node of length 0", "iort/rich", 73, 2, 0, 0,
	 "IORT: offset 0x48: SMMUv3 is 0 bytes long, less than 60"},
	{"node behind the end", "iort/rich", 73, 2, 0xffff, 0,
	 "IORT: offset 0x48: SMMUv3 is 65535 bytes long, but only 581 are left"},
	{"unknown node of length 4", "iort/rich", 634, 2, 4, 0,
	 "IORT: offset 0x279: node is 4 bytes long, less than 16"},
	{"mappings behind the node", "iort/rich", 80, 4, 3, 0,
	 "IORT: offset 0x50: 3 id mappings at 68 lead out of the node"},
	{"mappings overflow", "iort/rich", 80, 4, 0x0ccccccd, 0,
	 "IORT: offset 0x50: 214748365 id mappings at 68 lead out of the node"},
	{"mappings start behind the node", "iort/rich", 84, 4, 0xffffffff, 0,
	 "IORT: offset 0x50: 2 id mappings at 4294967295 lead out of the node"},
	{"memory ranges behind the node", "iort/rich", 541, 4, 4, 0,
	 "IORT: offset 0x21d: 4 memory ranges at 28 lead out of the node"},
};

static void test_broken(void **state)
{
	check_broken(*state, parse);
}

static void check_smmus(const struct iort *iort)
{
	const struct iort_smmuv3 *smmu = &iort->nodes[1].smmuv3;

	assert_int_equal(iort->nodes[0].n_its, 1);
	assert_int_equal(smmu->base, 0x2b400000);
	assert_true(smmu->coherent && smmu->has_proximity);
	assert_int_equal(smmu->httu, 3);
	assert_int_equal(smmu->model, 1);
	assert_int_equal(smmu->proximity, 3);
	assert_int_equal(smmu->id_mapping_index, 1);
	assert_int_equal(iort->nodes[2].smmu.base, 0x2b500000);
	assert_int_equal(iort->nodes[2].smmu.span, 0x10000);
	assert_int_equal(iort->nodes[2].smmu.model, 3);
}

static void check_devices(const struct iort *iort)
{
	const struct iort_root_complex *rc = &iort->nodes[3].root_complex;
	const struct iort_rmr *rmr = &iort->nodes[8].rmr;

	assert_true(rc->coherent && rc->ats && rc->pri && rc->pasid);
	assert_int_equal(rc->access, 7);
	assert_int_equal(rc->segment, 0);
	assert_int_equal(rc->address_limit, 48);
	assert_int_equal(rc->pasid_width, 20);
	assert_int_equal(iort->nodes[4].root_complex.address_limit, 0); /* revision 0 */
	assert_int_equal(iort->nodes[5].named_component.address_limit, 40);
	assert_string_equal(iort->nodes[5].named_component.path, "\\_SB.USB0");
	assert_true(rmr->remap_permitted && rmr->privileged);
	assert_int_equal(rmr->attributes, 5);
	assert_int_equal(rmr->n_memory, 2);
	assert_int_equal(rmr->memory[1].base, 0x83000000);
	assert_int_equal(rmr->memory[1].size, 0x1000);
}

static void test_rich(void **state)
{
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read("iort/rich", &length);

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	assert_int_equal(parsed->n_nodes, 10);
	assert_int_equal(parsed->n_unknown, 1);
	check_smmus(parsed);
	check_devices(parsed);
	free(bytes);
	arena_free(arena);
}

static const struct route {
	const char *name;
	const char *seed;
	uint32_t segment, rid;
	uint32_t node; /* offset of the SMMU, 0: none */
	uint32_t stream;
} routes[] = {
	{"first id", "iort/rich", 0, 0, 72, 0x1000},
	{"last of the mapping", "iort/rich", 0, 0xff, 72, 0x10ff},
	{"next mapping, old SMMU", "iort/rich", 0, 0x100, 180, 0x100},
	{"id that nothing maps", "iort/rich", 0, 0x10000, 0, 0},
	{"reference to no node", "iort/rich", 1, 0, 0, 0},
	{"mapping to itself", "iort/rich", 2, 0, 0, 0},
	{"segment that is not there", "iort/rich", 3, 0, 0, 0},
	{"lab", "iort/lab-smmu", 0, 0x28, 72, 0x28},
	{"lab, bus past the unit", "iort/lab-smmu", 0, 0x200, 0, 0},
	{"lab without a unit", "iort/lab-none", 0, 0x28, 0, 0},
};

static void test_route(void **state)
{
	const struct route *row = *state;
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read(row->seed, &length);
	const struct iort_node *node;
	uint32_t stream = 0;

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	node = iort_smmu_of(parsed, row->segment, row->rid, &stream);
	assert_int_equal(node ? node->offset : 0, row->node);
	assert_int_equal(stream, row->stream);
	free(bytes);
	arena_free(arena);
}

static void test_allocations(void **state)
{
	check_allocations("iort/rich", parse);
}

int test_iort(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests_name("iort", tests, NULL, NULL) +
	       run_table("iort broken", rows, ARRAY_SIZE(rows), sizeof(rows[0]), test_broken) +
	       run_table("iort routes", routes, ARRAY_SIZE(routes), sizeof(routes[0]), test_route);
}
