/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* amdvi.h - AMD-Vi: EFR and EFR2, and what Linux makes of them. */
#ifndef HOST_AMDVI_H
#define HOST_AMDVI_H

#include "host/registers.h"

extern const struct reg_field amdvi_efr_fields[];
extern const struct reg_field amdvi_efr2_fields[];

/*
 * The text of amd-iommu/features: "EFR" (old), "EFR2:EFR" (6.1) or "EFR:EFR2" (6.12 and later). The
 * larger operand is EFR: EFR2 has few and low bits. 0 or -EBADMSG (without a context text).
 */
int amdvi_parse_features(const char *text, uint64_t *efr, uint64_t *efr2);

unsigned amdvi_hats(uint64_t efr);	   /* the field: 0, 1, 2; 3 = no host tables */
unsigned amdvi_host_levels(uint64_t efr);  /* 4, 5, 6; 0: none */
unsigned amdvi_guest_levels(uint64_t efr); /* 4 or 5; 0: no guest tables (GTSup clear) */
unsigned amdvi_pasid_bits(uint64_t efr);   /* PASmax + 1 with GTSup, else 0 */
bool amdvi_dirty(uint64_t efr);		   /* HASup and HDSup */
bool amdvi_v2_tables(uint64_t efr);	   /* GTSup and GIOSup */
bool amdvi_nest_parent(uint64_t efr, uint64_t efr2);
bool amdvi_snp(uint64_t efr);
bool amdvi_ht_range_ignored(uint64_t efr2); /* the HyperTransport hole is not reserved */

struct amdvi_kernel {
	unsigned major, minor; /* since */
	unsigned top_page;     /* log2 of the largest page of a v1 table, but for generic ones */
	bool generic_tables;   /* widths by the generic page-table code */
	bool v2_sign_extended; /* the top bit of a v2 width is taken off */
	bool knows_nest_parent, knows_dirty, knows_pasid;
};
const struct amdvi_kernel *amdvi_kernel(unsigned major, unsigned minor);

struct amdvi_unit {
	uint64_t efr, efr2;
	unsigned va_size;   /* bits, of IVinfo; 0: not said */
	bool prefers_v2;    /* amd_iommu=pgtbl_v2 */
	bool la57;	    /* the CPU uses 5-level tables */
	bool snp_active;    /* the kernel runs as SNP host: no PASID */
	bool no_huge_pages; /* amd_iommu=nohugepages */
	bool v2_page_sizes; /* amd_iommu=v2_pgsizes_only */
};

unsigned amdvi_v1_width(const struct amdvi_unit *, const struct amdvi_kernel *);
unsigned amdvi_v2_width(const struct amdvi_unit *, const struct amdvi_kernel *);
uint64_t amdvi_v1_pages(const struct amdvi_unit *, const struct amdvi_kernel *);
uint64_t amdvi_v2_pages(const struct amdvi_unit *);
/* first_stage: v2 tables. */
bool amdvi_domain(const struct amdvi_unit *, const struct amdvi_kernel *, enum domain_use,
		  struct domain_shape *out);

#endif
