/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * smmuv3_host.h - the ID register fields that an accelerated arm-smmuv3 compares with its host
 * (hw/arm/smmuv3-accel.c smmuv3_accel_check_hw_compatible): what QEMU's model says, and what the
 * host's unit has, as far as it is known.
 */
#ifndef VMM_SMMUV3_HOST_H
#define VMM_SMMUV3_HOST_H

#include "vmm/machine.h"

enum smmu_field {
	SMMU_STLEVEL = 0,
	SMMU_TTENDIAN,
	SMMU_TTF,
	SMMU_SIDSIZE,
	SMMU_SSIDSIZE,
	SMMU_RIL,
	SMMU_OAS, /* in bits, not the register's code */
	SMMU_ATS,
	SMMU_GRAN4K,
	SMMU_GRAN16K,
	SMMU_GRAN64K,
	SMMU_FIELDS,
};
/* As the architecture names them; SMMU_OAS: "OAS". */
extern const char *const smmu_field_names[SMMU_FIELDS];

struct smmu_value {
	bool known;
	unsigned value;
};

/* Of the unit that the host's device is behind. Measured registers say all; the kernel log's
 * features word says some; the unit of a VM that has both stages is QEMU's own model. */
struct smmu_value smmu_host_value(const struct iof_device *, enum smmu_field);
/* What this arm-smmuv3 tells its guest: as written, or for "auto" what the first device behind it
 * that was there from the start brought along. */
struct smmu_value smmu_guest_value(const struct iof_machine *, const struct machine_device *smmu,
				   enum smmu_field);
/* Which property gives a field; PROPERTY_NONE: none does. */
enum property_id smmu_field_property(enum smmu_field);
/* Whether the property is "auto", so that the host decides it. */
bool smmu_is_auto(const struct machine_device *smmu, enum property_id);
/* The device whose host decides: the first behind this SMMU, on iommufd, from the start. NULL. */
const struct machine_device *smmu_first_device(const struct iof_machine *,
					       const struct machine_device *smmu);
/* The host has a Tegra241 CMDQV that can be had. */
enum tristate smmu_host_cmdqv(const struct iof_host *, const struct iof_device *);

#endif
