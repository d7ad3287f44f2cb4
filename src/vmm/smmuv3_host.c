/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fields of SMMUv3 ID registers, of the host and of QEMU's model. */
#include "vmm/smmuv3_host.h"

#include "host/loader.h"
#include "host/smmuv3.h"

const char *const smmu_field_names[SMMU_FIELDS] = {
	"ST_LEVEL", "TTENDIAN", "TTF",	  "SIDSIZE", "SSIDSIZE", "RIL",
	"OAS",	    "ATS",	"GRAN4K", "GRAN16K", "GRAN64K",
};

/* Where a field is (Arm IHI 0070 section 6.3), what QEMU's own model has when nothing is
 * accelerated (hw/arm/smmuv3.c smmuv3_init_id_regs; read off a guest of QEMU 11.1), and the bit of
 * the Linux driver's features word. */
static const struct {
	unsigned char reg, low, high;
	unsigned char model;
	signed char feature; /* -1: it has none */
	bool zero_is_no;     /* without that bit the hardware has not got it */
	enum property_id property;
} fields[SMMU_FIELDS] = {
	[SMMU_STLEVEL] = {0, 27, 28, 1, 0, true, PROPERTY_NONE},
	[SMMU_TTENDIAN] = {0, 21, 22, 2, -1, false, PROPERTY_NONE},
	[SMMU_TTF] = {0, 2, 3, 2, -1, false, PROPERTY_NONE},
	[SMMU_SIDSIZE] = {1, 0, 5, 16, -1, false, PROPERTY_NONE},
	[SMMU_SSIDSIZE] = {1, 6, 10, 0, -1, false, PROPERTY_SSIDSIZE},
	[SMMU_RIL] = {3, 10, 10, 1, 15, true, PROPERTY_RIL},
	[SMMU_OAS] = {5, 0, 2, 4, -1, false, PROPERTY_OAS},
	[SMMU_ATS] = {0, 10, 10, 0, 5, false, PROPERTY_ATS},
	[SMMU_GRAN4K] = {5, 4, 4, 1, -1, false, PROPERTY_NONE},
	[SMMU_GRAN16K] = {5, 5, 5, 1, -1, false, PROPERTY_NONE},
	[SMMU_GRAN64K] = {5, 6, 6, 1, -1, false, PROPERTY_NONE},
};

enum property_id smmu_field_property(enum smmu_field field)
{
	return fields[field].property;
}

static struct smmu_value known(unsigned value)
{
	return (struct smmu_value){true, value};
}

static struct smmu_value from_registers(const struct iommu_unit *unit, enum smmu_field field)
{
	unsigned value = (unsigned)reg_bits(unit->idr[fields[field].reg], fields[field].low,
					    fields[field].high);

	return known(field == SMMU_OAS ? smmuv3_oas_bits(value) : value);
}

/* Linux arm_smmu_device_hw_probe: TT_LE and TT_BE are bits 2 and 3; a unit without AArch64 tables
 * is not driven at all; ATS is only looked at with CONFIG_PCI_ATS. */
static struct smmu_value from_features(const struct iommu_unit *unit, enum smmu_field field)
{
	bool is_set = fields[field].feature >= 0 &&
		      reg_bits(unit->smmu_features, (unsigned)fields[field].feature,
			       (unsigned)fields[field].feature);
	unsigned endian = (unsigned)reg_bits(unit->smmu_features, 2, 3);

	switch (field) {
	case SMMU_TTENDIAN:
		return known(endian == 3 ? 0 : endian == 1 ? 2 : 3);
	case SMMU_TTF:
		return known(2);
	case SMMU_OAS:
		return (struct smmu_value){unit->oas != 0, unit->oas};
	default:
		break;
	}
	if (is_set || fields[field].zero_is_no)
		return known(is_set);
	return (struct smmu_value){0};
}

/* An accelerated arm-smmuv3 has one stage: a VM's unit with both is emulated. */
static bool is_emulated(const struct iommu_unit *unit)
{
	return unit->is_virtual && unit->has_smmu_features &&
	       reg_bits(unit->smmu_features, 9, 10) == 3;
}

struct smmu_value smmu_host_value(const struct iof_device *device, enum smmu_field field)
{
	const struct iommu_unit *unit = device ? device->unit : NULL;
	struct smmu_value value = {0};

	if (!unit || unit->kind != IOF_IOMMU_ARM_SMMUV3)
		return value;
	if (unit->has_idr)
		return from_registers(unit, field);
	if (unit->has_smmu_features)
		value = from_features(unit, field);
	if (!value.known && is_emulated(unit))
		value = known(fields[field].model);
	return value;
}

bool smmu_is_auto(const struct machine_device *smmu, enum property_id id)
{
	const struct machine_value *value = &smmu->value[id];

	if (!value->def)
		return false;
	switch (value->def->type) {
	case VALUE_ON_OFF_AUTO:
		return value->number == AUTO;
	case VALUE_OAS:
		return value->number == OAS_AUTO;
	case VALUE_SSIDSIZE:
		return value->number == SSIDSIZE_AUTO;
	default:
		return false;
	}
}

const struct machine_device *smmu_first_device(const struct iof_machine *m,
					       const struct machine_device *smmu)
{
	for (size_t i = 0; i < m->n_cold; i++) {
		const struct machine_device *device = &m->devices[i];

		if (device->kind == DRIVER_VFIO_PCI && device->viommu == smmu &&
		    device->backend == BACKEND_IOMMUFD)
			return device;
	}
	return NULL;
}

/* The first device's host decides, also where it has a width that oas= cannot name. */
static struct smmu_value resolve_auto(const struct iof_machine *m,
				      const struct machine_device *smmu, enum smmu_field field)
{
	const struct machine_device *first = smmu_first_device(m, smmu);

	if (!smmuv3_is_accelerated(smmu))
		return known(field == SMMU_OAS ? 44 : fields[field].model);
	return first ? smmu_host_value(first->host, field) : (struct smmu_value){0};
}

struct smmu_value smmu_guest_value(const struct iof_machine *m, const struct machine_device *smmu,
				   enum smmu_field field)
{
	enum property_id id = fields[field].property;

	if (id == PROPERTY_NONE)
		return known(fields[field].model);
	if (smmu_is_auto(smmu, id))
		return resolve_auto(m, smmu, field);
	return known((unsigned)device_value(smmu, id));
}

enum tristate smmu_host_cmdqv(const struct iof_host *host, const struct iof_device *device)
{
	struct config_text value;

	if (!device || !device->unit)
		return TRI_UNKNOWN;
	if (is_emulated(device->unit))
		return TRI_NO;
	if (host->config && !config_value(host->config, "CONFIG_TEGRA241_CMDQV", &value))
		return TRI_NO;
	return TRI_UNKNOWN;
}
