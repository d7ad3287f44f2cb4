/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* smmuv3.h - Arm SMMUv3: ID registers, the driver's features word, and what Linux makes of them. */
#ifndef HOST_SMMUV3_H
#define HOST_SMMUV3_H

#include "host/registers.h"

extern const struct reg_field smmuv3_idr0_fields[];
extern const struct reg_field smmuv3_idr1_fields[];
extern const struct reg_field smmuv3_idr3_fields[];
extern const struct reg_field smmuv3_idr5_fields[];
/* Of the kernel log line "oas 48-bit (features 0x00001fff)". */
extern const struct reg_field smmuv3_driver_fields[];

/* IDR5.OAS to bits; 0: reserved code. */
unsigned smmuv3_oas_bits(unsigned code);

#define SMMUV3_GRANULE_4K 0x1u
#define SMMUV3_GRANULE_16K 0x2u
#define SMMUV3_GRANULE_64K 0x4u

/* What a domain depends on, from whichever source is there. */
struct smmuv3_unit {
	bool stage1, stage2;
	bool vax; /* 52-bit input addresses */
	bool nesting;
	bool dirty;	   /* HTTU updates dirty state and walks are coherent */
	unsigned oas;	   /* bits */
	unsigned granules; /* SMMUV3_GRANULE_* */
	unsigned va_bits;  /* of the kernel (CONFIG_ARM64_VA_BITS); 0: 48 */
	unsigned cpu_page; /* bytes; 0: 4096 */
};

/* From IDR0, IDR1, IDR3 and IDR5 as GET_HW_INFO gives them (an array of six). coherent: COHACC, or
 * firmware's override. */
void smmuv3_from_registers(const uint32_t idr[6], struct smmuv3_unit *out);
/* From the log line. It does not tell the granules: all that fit the CPU page are assumed. */
void smmuv3_from_features(uint32_t features, unsigned oas, struct smmuv3_unit *out);

/* From IIDR: Arm's errata 1209401 (MMU-600), 2268618 and 2812531 (MMU-700), for which Linux (6.5
 * and later) does not nest. */
bool smmuv3_nesting_erratum(uint32_t iidr);
bool smmuv3_fwb(const uint32_t idr[6]); /* IDR3.FWB: stage 2 forces write-back */
/* Of the features word of Linux 6.5 and later. */
bool smmuv3_feature_nesting(uint32_t features);
/* Of Linux 6.13 and later. */
bool smmuv3_feature_fwb(uint32_t features);

struct smmuv3_kernel {
	unsigned major, minor; /* since */
	bool knows_nest_parent, knows_dirty, knows_pasid;
};
const struct smmuv3_kernel *smmuv3_kernel(unsigned major, unsigned minor);

uint64_t smmuv3_pages(const struct smmuv3_unit *);
unsigned smmuv3_stage1_width(const struct smmuv3_unit *);
unsigned smmuv3_stage2_width(const struct smmuv3_unit *);
bool smmuv3_domain(const struct smmuv3_unit *, const struct smmuv3_kernel *, enum domain_use,
		   struct domain_shape *out);

#endif
