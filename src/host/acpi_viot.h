/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acpi_viot.h - the VIOT table: which devices stand behind which virtio-iommu. */
#ifndef HOST_ACPI_VIOT_H
#define HOST_ACPI_VIOT_H

#include "host/acpi.h"

enum viot_node_type {
	VIOT_PCI_RANGE = 1,
	VIOT_MMIO = 2,
	VIOT_IOMMU_PCI = 3,
	VIOT_IOMMU_MMIO = 4,
};

struct viot_node {
	uint8_t type;
	uint16_t offset;   /* in the table */
	uint32_t endpoint; /* PCI_RANGE: id of its first device; MMIO: id */
	uint16_t segment_first, segment_last;
	uint16_t bdf_first,
		bdf_last; /* bus << 8 | device << 3 | function; IOMMU_PCI: its own, in bdf_first */
	uint64_t base;	  /* MMIO, IOMMU_MMIO */
	const struct viot_node
		*iommu; /* of the ranges; NULL if the reference names no virtio-iommu */
};

struct viot {
	struct acpi_table table;
	struct viot_node *nodes;
	size_t n_nodes;
	size_t n_unknown;
};

int viot_parse(struct iof_ctx *, struct arena *, const void *bytes, size_t length, const char *path,
	       const struct viot **out);
/* The virtio-iommu of a PCI device, or NULL. */
const struct viot_node *viot_iommu_of(const struct viot *, uint16_t segment, uint16_t bdf);

#endif
