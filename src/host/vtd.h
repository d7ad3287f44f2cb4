/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vtd.h - Intel VT-d: CAP and ECAP, and what Linux makes of them. */
#ifndef HOST_VTD_H
#define HOST_VTD_H

#include "host/registers.h"

extern const struct reg_field vtd_cap_fields[];
extern const struct reg_field vtd_ecap_fields[];

unsigned vtd_mgaw(uint64_t cap);  /* bits, 1 to 64 */
unsigned vtd_sagaw(uint64_t cap); /* bit n: n + 2 levels, 30 + 9n bits */
/* Widest address that the second-stage table formats of SAGAW can hold, in bits; 0: none. */
unsigned vtd_sagaw_width(uint64_t cap);
bool vtd_caching_mode(uint64_t cap); /* set in virtual units only */
bool vtd_fs1gp(uint64_t cap);
bool vtd_fs5lp(uint64_t cap);
bool vtd_smts(uint64_t ecap);
bool vtd_flts(uint64_t ecap);
bool vtd_slts(uint64_t ecap);
bool vtd_nest(uint64_t ecap); /* the bit alone; without SMTS it means nothing */
bool vtd_pasid(uint64_t ecap);
unsigned vtd_pasid_bits(uint64_t ecap); /* PSS + 1 if PASID, else 0 */
unsigned vtd_pss(uint64_t ecap);	/* the field alone */
bool vtd_ssads(uint64_t ecap);
bool vtd_smpwc(uint64_t ecap);
bool vtd_snoop_control(uint64_t ecap);
bool vtd_interrupt_remapping(uint64_t ecap);
bool vtd_device_tlb(uint64_t ecap);

/* How a kernel behaves; a table by version. */
struct vtd_kernel {
	unsigned major, minor;	/* since */
	bool generic_tables;	/* widths by the generic page-table code, else by adjusted widths */
	bool plain_first_stage; /* a plain user domain prefers the first stage in scalable mode */
	bool knows_nest_parent, knows_dirty, knows_pasid; /* HWPT flags that it takes */
};
/* 0.0: unknown, which counts as the newest. Never NULL. */
const struct vtd_kernel *vtd_kernel(unsigned major, unsigned minor);

struct vtd_unit {
	uint64_t cap, ecap;
	bool scalable;	     /* scalable mode is on (the kernel's choice; only counts with SMTS) */
	bool no_super_pages; /* intel_iommu=sp_off */
};

/* Second-stage width in bits; 0: the kernel finds no usable table format. */
unsigned vtd_second_stage_width(const struct vtd_unit *, const struct vtd_kernel *);
/* Of what user space sees: one less than the table's, which sign-extends. */
unsigned vtd_first_stage_width(const struct vtd_unit *, const struct vtd_kernel *);
uint64_t vtd_second_stage_pages(const struct vtd_unit *);
uint64_t vtd_first_stage_pages(const struct vtd_unit *);
/* What a domain looks like; false: the kernel refuses to make one. */
bool vtd_domain(const struct vtd_unit *, const struct vtd_kernel *, enum domain_use,
		struct domain_shape *out);

#endif
