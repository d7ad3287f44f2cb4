/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* catalog.h - the table of real machines that data/hosts.tsv becomes at build time. */
#ifndef HOST_CATALOG_H
#define HOST_CATALOG_H

#include <iommufit/types.h>

struct catalog_unit {
	const char *name;
	unsigned version_major, version_minor; /* 0.0: not known */
	uint64_t cap, ecap;
	uint64_t efr, efr2;
	uint32_t features; /* SMMUv3: the driver's word of the kernel log */
	unsigned oas;	   /* bits */
};

struct catalog_machine {
	const char *name;
	const char *description;
	const char *assumed; /* what the source does not say, NULL: nothing */
	const char *source;
	const char *expect; /* what follows from the registers, for the test */
	bool is_model;	    /* an emulation or a sample: not offered */
	enum iof_iommu kind;
	unsigned phys_bits, virt_bits; /* of the CPU, 0 unknown */
	unsigned haw;		       /* of the DMAR, 0 unknown */
	const struct catalog_unit *units;
	size_t n_units;
};

extern const struct catalog_machine catalog_machines[];
extern const size_t catalog_n_machines;

#endif
