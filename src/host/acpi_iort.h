/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acpi_iort.h - Arm's IORT table (DEN0049). */
#ifndef HOST_ACPI_IORT_H
#define HOST_ACPI_IORT_H

#include "host/acpi.h"

enum iort_node_type {
	IORT_ITS_GROUP = 0,
	IORT_NAMED_COMPONENT = 1,
	IORT_ROOT_COMPLEX = 2,
	IORT_SMMU = 3,
	IORT_SMMUV3 = 4,
	IORT_PMCG = 5,
	IORT_RMR = 6,
	IORT_IWB = 7,
};

struct iort_node;

/* Input ids [first, last] become output_first + (id - first) at target. */
struct iort_mapping {
	uint32_t first;
	uint32_t last;
	uint32_t output_first;
	const struct iort_node *target; /* NULL: the reference does not name a node */
	uint32_t reference;		/* offset in the table */
	bool single;			/* the output does not depend on the input */
};

struct iort_smmuv3 {
	uint64_t base;
	uint32_t flags;
	bool coherent; /* COHACC override */
	unsigned httu; /* override, as IDR0.HTTU */
	bool has_proximity;
	uint32_t proximity;
	uint32_t model; /* 0 generic, 1 HiSilicon hi161x, 2 Cavium CN99xx */
	uint32_t id_mapping_index;
};

struct iort_smmu {
	uint64_t base;
	uint64_t span;
	uint32_t model;
	uint32_t flags;
};

struct iort_root_complex {
	uint32_t segment;
	bool coherent;	/* CCA */
	uint8_t access; /* memory access flags: bit 0 CPM, 1 DACS, 2 CANWBS */
	bool ats, pri, pasid;
	unsigned address_limit; /* bits that a device may use, 0: not said */
	unsigned pasid_width;	/* bits, 0: not said */
};

struct iort_named_component {
	uint32_t flags;
	unsigned address_limit;
	const char *path; /* in the ACPI namespace */
};

struct iort_memory {
	uint64_t base;
	uint64_t size; /* bytes */
};

struct iort_rmr {
	bool remap_permitted; /* "direct-relaxable" instead of "direct" */
	bool privileged;
	unsigned attributes;
	struct iort_memory *memory;
	size_t n_memory;
};

struct iort_node {
	uint8_t type; /* enum iort_node_type, or one that we do not know */
	uint8_t revision;
	uint32_t id;
	uint32_t offset; /* in the table */
	union {
		struct iort_smmuv3 smmuv3;
		struct iort_smmu smmu;
		struct iort_root_complex root_complex;
		struct iort_named_component named_component;
		struct iort_rmr rmr;
		size_t n_its;
	};
	struct iort_mapping *mappings;
	size_t n_mappings;
};

struct iort {
	struct acpi_table table;
	struct iort_node *nodes;
	size_t n_nodes;
	size_t n_unknown;
};

int iort_parse(struct iof_ctx *, struct arena *, const void *bytes, size_t length, const char *path,
	       const struct iort **out);
/*
 * The SMMU (v1 to v3) that translates requester id `rid` of a PCI segment, with the stream id that
 * it sees; NULL if there is none.
 */
const struct iort_node *iort_smmu_of(const struct iort *, uint32_t segment, uint32_t rid,
				     uint32_t *stream);

#endif
