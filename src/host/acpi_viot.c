/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/acpi_viot.h"

#include <errno.h>

#define VIOT_FIXED 48

struct parser {
	struct iof_ctx *ctx;
	struct arena *arena;
	struct viot *viot;
	struct acpi_array nodes;
	struct acpi_span table;
};

/* Offset of the reference to a virtio-iommu; 0: the type has none. */
static const struct {
	const char *name;
	size_t minimum;
	size_t reference;
} kinds[] = {
	[VIOT_PCI_RANGE] = {"PCI range", 24, 16},
	[VIOT_MMIO] = {"MMIO endpoint", 24, 16},
	[VIOT_IOMMU_PCI] = {"virtio-iommu (PCI)", 16, 0},
	[VIOT_IOMMU_MMIO] = {"virtio-iommu (MMIO)", 16, 0},
};

static void fill(struct viot_node *node, const struct acpi_span *s)
{
	switch (node->type) {
	case VIOT_PCI_RANGE:
		node->endpoint = acpi_u32(s, 4);
		node->segment_first = acpi_u16(s, 8);
		node->segment_last = acpi_u16(s, 10);
		node->bdf_first = acpi_u16(s, 12);
		node->bdf_last = acpi_u16(s, 14);
		break;
	case VIOT_MMIO:
		node->endpoint = acpi_u32(s, 4);
		node->base = acpi_u64(s, 8);
		break;
	case VIOT_IOMMU_PCI:
		node->segment_first = node->segment_last = acpi_u16(s, 4);
		node->bdf_first = node->bdf_last = acpi_u16(s, 6);
		break;
	case VIOT_IOMMU_MMIO:
		node->base = acpi_u64(s, 8);
		break;
	}
}

static int parse_node(struct parser *p, struct acpi_span *rest)
{
	uint8_t type = acpi_u8(rest, 0);
	bool known = type >= VIOT_PCI_RANGE && type < ARRAY_SIZE(kinds);
	struct viot_node *node;
	struct acpi_span s;
	int err = acpi_take(p->ctx, rest, acpi_u16(rest, 2), known ? kinds[type].minimum : 4,
			    known ? kinds[type].name : "node", &s);

	if (err)
		return err;
	if (!known) {
		p->viot->n_unknown++;
		return 0;
	}
	node = acpi_append(p->arena, &p->nodes, sizeof(*node));
	if (!node)
		return ctx_fail(p->ctx, -ENOMEM, "out of memory");
	node->type = type;
	node->offset = (uint16_t)s.offset;
	fill(node, &s);
	return 0;
}

/* Nodes are in ascending order of their offset. */
static const struct viot_node *node_at(const struct viot *viot, uint16_t offset)
{
	size_t low = 0, high = viot->n_nodes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (viot->nodes[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < viot->n_nodes && viot->nodes[low].offset == offset ? &viot->nodes[low] : NULL;
}

static void link_nodes(struct parser *p)
{
	for (size_t i = 0; i < p->viot->n_nodes; i++) {
		struct viot_node *node = &p->viot->nodes[i];
		size_t reference = kinds[node->type].reference;
		const struct viot_node *to;

		if (!reference)
			continue;
		to = node_at(p->viot, acpi_u16(&p->table, node->offset + reference));
		if (to && !kinds[to->type].reference)
			node->iommu = to;
	}
}

static int parse_nodes(struct parser *p)
{
	uint16_t count = acpi_u16(&p->table, 36);
	uint16_t first = acpi_u16(&p->table, 38);
	struct acpi_span rest = p->table;
	int err;

	/* References are 16 bits wide: nothing behind that can be meant. */
	if (p->table.length > UINT16_MAX)
		return acpi_bad(p->ctx, &p->table, 4, "table of %zu bytes is too large",
				p->table.length);
	if (count == 0)
		return 0;
	if (first < VIOT_FIXED || first > rest.length)
		return acpi_bad(p->ctx, &p->table, 38, "nodes start at %u, outside the table",
				first);
	rest.offset += first;
	rest.length -= first;
	for (uint16_t i = 0; i < count; i++) {
		err = parse_node(p, &rest);
		if (err)
			return err;
	}
	return 0;
}

int viot_parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length,
	       const char *path, const struct viot **out)
{
	struct parser p = {.ctx = ctx, .arena = arena};
	int err;

	p.viot = arena_alloc(arena, sizeof(*p.viot));
	if (!p.viot)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	err = acpi_open(ctx, bytes, length, path, "VIOT", VIOT_FIXED, &p.viot->table);
	if (err)
		return err;
	p.table = (struct acpi_span){&p.viot->table, 0, length};
	err = parse_nodes(&p);
	if (err)
		return err;
	p.viot->nodes = p.nodes.items;
	p.viot->n_nodes = p.nodes.n;
	link_nodes(&p);
	*out = p.viot;
	return 0;
}

const struct viot_node *viot_iommu_of(const struct viot *viot, uint16_t segment, uint16_t bdf)
{
	for (size_t i = 0; i < viot->n_nodes; i++) {
		const struct viot_node *node = &viot->nodes[i];

		if (node->type == VIOT_PCI_RANGE && segment >= node->segment_first &&
		    segment <= node->segment_last && bdf >= node->bdf_first &&
		    bdf <= node->bdf_last)
			return node->iommu;
	}
	return NULL;
}
