// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * smmuv2.c - Arm SMMU of version 1 and 2. Its width is that of its upstream bus (first stage: VA)
 * or of intermediate addresses (second stage: IPA); no register is to be had, and the driver writes
 * both to the kernel log (Linux 7.2 drivers/iommu/arm/arm-smmu/arm-smmu.c
 * arm_smmu_device_cfg_probe). Nothing here is guessed.
 */
#include "host/smmuv2.h"

#include "host/loader.h"
#include "host/smmuv3.h"

static const struct {
	const char *label; /* what stands before the number */
	int base;
	uint64_t max;
	enum { STAGE1, STAGE2, VERSION, PAGES } what;
} numbers[] = {
	{"Stage-1: ", 10, 64, STAGE1},
	{"Stage-2: ", 10, 64, STAGE2},
	{"SMMUv", 10, 2, VERSION},
	{"Supported page sizes: ", 0, UINT64_MAX, PAGES},
};

void smmuv2_line(struct iommu_unit *unit, const char *line, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t value;

		if (!log_number(line, length, numbers[i].label, numbers[i].base, numbers[i].max,
				&value))
			continue;
		switch (numbers[i].what) {
		case STAGE1:
			unit->stage1_bits = (unsigned)value;
			break;
		case STAGE2:
			unit->stage2_bits = (unsigned)value;
			break;
		case VERSION:
			unit->version_major = (unsigned)value;
			break;
		case PAGES:
			unit->page_mask = value;
			break;
		}
	}
	if (smmuv2_width(unit))
		unit->provenance = IOF_PROVENANCE_READ;
}

/* Where there is a first stage, domains use it. Version 1 has no AArch64 tables: 32 bits in the
 * first stage and 40 in the second are what the others hold. */
unsigned smmuv2_width(const struct iommu_unit *unit)
{
	unsigned bits = unit->stage1_bits ? unit->stage1_bits : unit->stage2_bits;
	unsigned most = unit->version_major != 1 ? 64 : unit->stage1_bits ? 32 : 40;

	return bits < most ? bits : most;
}

uint64_t smmuv2_pages(const struct iommu_unit *unit, unsigned cpu_page)
{
	uint64_t mask = unit->page_mask;
	struct smmuv3_unit pages = {
		.granules = SMMUV3_GRANULE_4K | SMMUV3_GRANULE_16K | SMMUV3_GRANULE_64K,
		.cpu_page = cpu_page,
	};

	if (!mask)
		return smmuv3_pages(&pages);
	pages.granules = (mask & 0x1000 ? SMMUV3_GRANULE_4K : 0) |
			 (mask & 0x4000 ? SMMUV3_GRANULE_16K : 0) |
			 (mask & 0x10000 ? SMMUV3_GRANULE_64K : 0);
	return smmuv3_pages(&pages) & mask;
}
