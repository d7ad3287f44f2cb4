/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acpi_test.h"

#include "host/acpi_viot.h"

static const struct viot *parsed;

static int parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length)
{
	return viot_parse(ctx, arena, bytes, length, "VIOT", &parsed);
}

/* Nodes of viot/rich: virtio-iommu PCI 48, MMIO 64, PCI ranges 80, 104, MMIO endpoints 128, 152. */
static const struct broken rows[] = {
	{"all kinds", "viot/rich", 0, 0, 0, 0, NULL},
	{"no nodes", "viot/bare", 0, 0, 0, 0, NULL},
	{"no nodes and a wild start", "viot/bare", 38, 2, 0xfff0, 0, NULL},
	{"other signature", "viot/rich", 0, 4, 0x52414d44, 0,
	 "VIOT: offset 0x0: signature is not VIOT"},
	{"start in the header", "viot/rich", 38, 2, 12, 0,
	 "VIOT: offset 0x26: nodes start at 12, outside the table"},
	{"start behind the end", "viot/rich", 38, 2, 999, 0,
	 "VIOT: offset 0x26: nodes start at 999, outside the table"},
	{"more nodes than there are", "viot/rich", 36, 2, 9, 0,
	 "VIOT: offset 0xb4: node is 0 bytes long, less than 4"},
	{"node of length 0", "viot/rich", 50, 2, 0, 0,
	 "VIOT: offset 0x30: virtio-iommu (PCI) is 0 bytes long, less than 16"},
	{"node behind the end", "viot/rich", 50, 2, 4096, 0,
	 "VIOT: offset 0x30: virtio-iommu (PCI) is 4096 bytes long, but only 132 are left"},
	{"too large for its references", "viot/rich", 0, 0, 0, 65536,
	 "VIOT: offset 0x4: table of 65536 bytes is too large"},
};

static void test_broken(void **state)
{
	check_broken(*state, parse);
}

static void test_rich(void **state)
{
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read("viot/rich", &length);

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	assert_int_equal(parsed->n_nodes, 6);
	assert_int_equal(parsed->n_unknown, 1);
	assert_int_equal(parsed->nodes[0].bdf_first, 0x10);
	assert_int_equal(parsed->nodes[1].base, 0xa000000);
	assert_int_equal(parsed->nodes[4].base, 0xb000000);
	assert_ptr_equal(parsed->nodes[4].iommu, &parsed->nodes[1]);
	assert_null(parsed->nodes[5].iommu); /* names a range, not a virtio-iommu */
	free(bytes);
	arena_free(arena);
}

static const struct route {
	const char *name;
	const char *seed;
	uint16_t segment, bdf;
	uint16_t node; /* offset of the virtio-iommu, 0: none */
} routes[] = {
	{"first range", "viot/rich", 0, 0xffff, 48},
	{"second range", "viot/rich", 2, 0x180, 64},
	{"id outside the range", "viot/rich", 2, 0x200, 0},
	{"segment that is not there", "viot/rich", 3, 0x180, 0},
	{"lab", "viot/lab", 0, 0x28, 48},
	{"lab, bus 2", "viot/lab", 0, 0x200, 0},
};

static void test_route(void **state)
{
	const struct route *row = *state;
	struct arena *arena = arena_new(1024);
	size_t length;
	uint8_t *bytes = seed_read(row->seed, &length);
	const struct viot_node *node;

	assert_int_equal(parse(NULL, arena, bytes, length), 0);
	node = viot_iommu_of(parsed, row->segment, row->bdf);
	assert_int_equal(node ? node->offset : 0, row->node);
	free(bytes);
	arena_free(arena);
}

static void test_allocations(void **state)
{
	check_allocations("viot/rich", parse);
}

int test_viot(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests_name("viot", tests, NULL, NULL) +
	       run_table("viot broken", rows, ARRAY_SIZE(rows), sizeof(rows[0]), test_broken) +
	       run_table("viot routes", routes, ARRAY_SIZE(routes), sizeof(routes[0]), test_route);
}
