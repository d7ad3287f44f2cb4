/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* smmuv2.h - Arm SMMU of version 1 and 2 (Linux arm-smmu): what its lines of the kernel log mean.
 */
#ifndef HOST_SMMUV2_H
#define HOST_SMMUV2_H

#include "host/host.h"

/* "Stage-1: 48-bit VA -> 48-bit IPA", "Stage-2: 40-bit IPA -> 48-bit PA", "SMMUv2 with:",
 * "Supported page sizes: 0x61311000", into the unit. */
void smmuv2_line(struct iommu_unit *, const char *line, size_t length);
/* Width of the addresses that a domain translates, in bits; 0: not known. */
unsigned smmuv2_width(const struct iommu_unit *);
/* Of its domains, bytes, as VFIO shows them. cpu_page: bytes. */
uint64_t smmuv2_pages(const struct iommu_unit *, unsigned cpu_page);

#endif
