/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layouts: Arm DEN0049E chapter 3. Offsets of node data count from the node's start. */
#include "host/acpi_iort.h"

#include <errno.h>

#define IORT_FIXED 48
#define NODE_FIXED 16
#define MAPPING_SIZE 20
#define RMR_SIZE 20
#define MAX_HOPS 16 /* of a mapping chain; a cycle ends here */

struct parser {
	struct iof_ctx *ctx;
	struct arena *arena;
	struct iort *iort;
	struct acpi_array nodes;
	struct acpi_span table;
};

static int fill_its(struct parser *p UNUSED, const struct acpi_span *s, struct iort_node *node)
{
	node->n_its = acpi_u32(s, 16);
	return 0;
}

static int fill_named_component(struct parser *p, const struct acpi_span *s, struct iort_node *node)
{
	node->named_component.flags = acpi_u32(s, 16);
	node->named_component.address_limit = acpi_u8(s, 28);
	node->named_component.path = acpi_text(p->arena, s, 29, s->length);
	return node->named_component.path ? 0 : -ENOMEM;
}

/* Fields behind the segment came with later revisions; where the node is shorter they read 0. */
static int fill_root_complex(struct parser *p UNUSED, const struct acpi_span *s,
			     struct iort_node *node)
{
	struct iort_root_complex *rc = &node->root_complex;
	uint32_t ats = acpi_u32(s, 24);

	rc->coherent = acpi_u32(s, 16) & 1;
	rc->access = acpi_u8(s, 23);
	rc->ats = ats & 1;
	rc->pri = ats & 2;
	rc->pasid = ats & 4;
	rc->segment = acpi_u32(s, 28);
	if (node->revision >= 1)
		rc->address_limit = acpi_u8(s, 32);
	if (node->revision >= 4)
		rc->pasid_width = acpi_u16(s, 33) & 0x1f;
	return 0;
}

static int fill_smmu(struct parser *p UNUSED, const struct acpi_span *s, struct iort_node *node)
{
	node->smmu.base = acpi_u64(s, 16);
	node->smmu.span = acpi_u64(s, 24);
	node->smmu.model = acpi_u32(s, 32);
	node->smmu.flags = acpi_u32(s, 36);
	return 0;
}

static int fill_smmuv3(struct parser *p UNUSED, const struct acpi_span *s, struct iort_node *node)
{
	struct iort_smmuv3 *smmu = &node->smmuv3;

	smmu->base = acpi_u64(s, 16);
	smmu->flags = acpi_u32(s, 24);
	smmu->coherent = smmu->flags & 1;
	smmu->httu = smmu->flags >> 1 & 3;
	smmu->model = acpi_u32(s, 40);
	smmu->has_proximity = smmu->flags & 8;
	if (smmu->has_proximity)
		smmu->proximity = acpi_u32(s, 60);
	smmu->id_mapping_index = acpi_u32(s, 64);
	return 0;
}

static int fill_rmr(struct parser *p, const struct acpi_span *s, struct iort_node *node)
{
	struct iort_rmr *rmr = &node->rmr;
	uint32_t flags = acpi_u32(s, 16), n = acpi_u32(s, 20), offset = acpi_u32(s, 24);

	rmr->remap_permitted = flags & 1;
	rmr->privileged = flags & 2;
	rmr->attributes = flags >> 2 & 0xff;
	if (n == 0)
		return 0;
	if (offset > s->length || n > (s->length - offset) / RMR_SIZE)
		return acpi_bad(p->ctx, s, 20, "%u memory ranges at %u lead out of the node", n,
				offset);
	rmr->memory = arena_array(p->arena, n, sizeof(*rmr->memory));
	if (!rmr->memory)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		rmr->memory[i].base = acpi_u64(s, offset + i * RMR_SIZE);
		rmr->memory[i].size = acpi_u64(s, offset + i * RMR_SIZE + 8);
	}
	rmr->n_memory = n;
	return 0;
}

static int fill_nothing(struct parser *p UNUSED, const struct acpi_span *s __attribute__((unused)),
			struct iort_node *node __attribute__((unused)))
{
	return 0;
}

/* Index: the node's type. Minimum: the oldest revision's length. */
static const struct {
	const char *name;
	size_t minimum;
	int (*fill)(struct parser *, const struct acpi_span *, struct iort_node *);
} kinds[] = {
	[IORT_ITS_GROUP] = {"ITS group", 20, fill_its},
	[IORT_NAMED_COMPONENT] = {"named component", 29, fill_named_component},
	[IORT_ROOT_COMPLEX] = {"root complex", 32, fill_root_complex},
	[IORT_SMMU] = {"SMMU", 40, fill_smmu},
	[IORT_SMMUV3] = {"SMMUv3", 60, fill_smmuv3},
	[IORT_PMCG] = {"PMCG", NODE_FIXED, fill_nothing},
	[IORT_RMR] = {"RMR", 28, fill_rmr},
	[IORT_IWB] = {"IWB", NODE_FIXED, fill_nothing},
};

static uint32_t end_of(uint32_t first, uint32_t count)
{
	return count > UINT32_MAX - first ? UINT32_MAX : first + count;
}

static int parse_mappings(struct parser *p, const struct acpi_span *s, struct iort_node *node)
{
	uint32_t n = acpi_u32(s, 8), offset = acpi_u32(s, 12);

	if (n == 0)
		return 0;
	if (offset > s->length || n > (s->length - offset) / MAPPING_SIZE)
		return acpi_bad(p->ctx, s, 8, "%u id mappings at %u lead out of the node", n,
				offset);
	node->mappings = arena_array(p->arena, n, sizeof(*node->mappings));
	if (!node->mappings)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct iort_mapping *mapping = &node->mappings[i];
		size_t at = offset + i * MAPPING_SIZE;

		mapping->first = acpi_u32(s, at);
		/* The table counts ids from 0: 0xff means 256 of them. */
		mapping->last = end_of(mapping->first, acpi_u32(s, at + 4));
		mapping->output_first = acpi_u32(s, at + 8);
		mapping->reference = acpi_u32(s, at + 12);
		mapping->single = acpi_u32(s, at + 16) & 1;
		if (mapping->single)
			mapping->last = mapping->first;
	}
	node->n_mappings = n;
	return 0;
}

static int parse_node(struct parser *p, struct acpi_span *rest)
{
	uint8_t type = acpi_u8(rest, 0);
	bool known = type < ARRAY_SIZE(kinds);
	struct iort_node *node;
	struct acpi_span s;
	int err =
		acpi_take(p->ctx, rest, acpi_u16(rest, 1), known ? kinds[type].minimum : NODE_FIXED,
			  known ? kinds[type].name : "node", &s);

	if (err)
		return err;
	if (!known) {
		p->iort->n_unknown++;
		return 0;
	}
	node = acpi_append(p->arena, &p->nodes, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->type = type;
	node->revision = acpi_u8(&s, 3);
	node->id = acpi_u32(&s, 4);
	node->offset = (uint32_t)s.offset;
	err = kinds[type].fill(p, &s, node);
	return err ? err : parse_mappings(p, &s, node);
}

/* Nodes are in ascending order of their offset. */
static const struct iort_node *node_at(const struct iort *iort, uint32_t offset)
{
	size_t low = 0, high = iort->n_nodes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (iort->nodes[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < iort->n_nodes && iort->nodes[low].offset == offset ? &iort->nodes[low] : NULL;
}

static void link_nodes(struct iort *iort)
{
	for (size_t i = 0; i < iort->n_nodes; i++)
		for (size_t j = 0; j < iort->nodes[i].n_mappings; j++) {
			struct iort_mapping *mapping = &iort->nodes[i].mappings[j];

			mapping->target = node_at(iort, mapping->reference);
		}
}

static int parse_nodes(struct parser *p)
{
	uint32_t count = acpi_u32(&p->table, 36), first = acpi_u32(&p->table, 40);
	struct acpi_span rest = p->table;
	int err;

	if (count == 0)
		return 0;
	if (first < IORT_FIXED || first > rest.length)
		return acpi_bad(p->ctx, &p->table, 40, "nodes start at %u, outside the table",
				first);
	rest.offset += first;
	rest.length -= first;
	for (uint32_t i = 0; i < count; i++) {
		err = parse_node(p, &rest);
		if (err)
			return err;
	}
	return 0;
}

int iort_parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length,
	       const char *path, const struct iort **out)
{
	struct parser p = {.ctx = ctx, .arena = arena};
	int err;

	p.iort = arena_alloc(arena, sizeof(*p.iort));
	if (!p.iort)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	err = acpi_open(ctx, bytes, length, path, "IORT", IORT_FIXED, &p.iort->table);
	if (err)
		return err;
	p.table = (struct acpi_span){&p.iort->table, 0, length};
	err = parse_nodes(&p);
	if (err == -ENOMEM)
		return ctx_fail(ctx, err, "out of memory");
	if (err)
		return err;
	p.iort->nodes = p.nodes.items;
	p.iort->n_nodes = p.nodes.n;
	link_nodes(p.iort);
	*out = p.iort;
	return 0;
}

static const struct iort_mapping *mapping_of(const struct iort_node *node, uint32_t id)
{
	for (size_t i = 0; i < node->n_mappings; i++) {
		const struct iort_mapping *mapping = &node->mappings[i];

		/* A single mapping is for the node's own interrupts, not for what it translates. */
		if (!mapping->single && id >= mapping->first && id <= mapping->last)
			return mapping;
	}
	return NULL;
}

static const struct iort_node *follow(const struct iort_node *node, uint32_t id, uint32_t *stream)
{
	for (unsigned hops = 0; node && hops < MAX_HOPS; hops++) {
		const struct iort_mapping *mapping;

		if (node->type == IORT_SMMU || node->type == IORT_SMMUV3) {
			*stream = id;
			return node;
		}
		mapping = mapping_of(node, id);
		if (!mapping)
			return NULL;
		id = mapping->output_first + (id - mapping->first);
		node = mapping->target;
	}
	return NULL;
}

const struct iort_node *iort_smmu_of(const struct iort *iort, uint32_t segment, uint32_t rid,
				     uint32_t *stream)
{
	for (size_t i = 0; i < iort->n_nodes; i++) {
		const struct iort_node *node = &iort->nodes[i];
		const struct iort_node *smmu;

		if (node->type != IORT_ROOT_COMPLEX || node->root_complex.segment != segment)
			continue;
		smmu = follow(node, rid, stream);
		if (smmu)
			return smmu;
	}
	return NULL;
}
