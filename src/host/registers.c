/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/registers.h"

#include "host/amdvi.h"
#include "host/host.h"
#include "host/smmuv3.h"
#include "host/vtd.h"

static const struct reg_field unnamed = {"?", 0, 63, "bits without a name"};

const struct reg_field *reg_find(const struct reg_field *table, const char *name)
{
	for (; table->name; table++)
		if (str_eq(table->name, name))
			return table;
	return NULL;
}

static uint64_t unnamed_bits(const struct reg_field *table, uint64_t value)
{
	for (; table->name; table++)
		value &= ~(reg_bits(UINT64_MAX, 0, table->hi - table->lo) << table->lo);
	return value;
}

const struct reg_field *reg_next_set(const struct reg_field *table, uint64_t value,
				     const struct reg_field *cursor, uint64_t *out)
{
	if (cursor == &unnamed)
		return NULL;
	for (cursor = cursor ? cursor + 1 : table; cursor->name; cursor++) {
		*out = reg_get(cursor, value);
		if (*out)
			return cursor;
	}
	*out = unnamed_bits(table, value);
	return *out ? &unnamed : NULL;
}

size_t unit_registers(const struct iommu_unit *unit, struct reg_word out[UNIT_REGISTERS])
{
	const struct {
		bool known;
		struct reg_word word;
	} words[] = {
		{unit->has_cap, {"CAP", unit->cap, vtd_cap_fields}},
		{unit->has_ecap, {"ECAP", unit->ecap, vtd_ecap_fields}},
		{unit->has_efr, {"EFR", unit->efr, amdvi_efr_fields}},
		{unit->has_efr, {"EFR2", unit->efr2, amdvi_efr2_fields}},
		{unit->has_idr, {"IDR0", unit->idr[0], smmuv3_idr0_fields}},
		{unit->has_idr, {"IDR1", unit->idr[1], smmuv3_idr1_fields}},
		{unit->has_idr, {"IDR3", unit->idr[3], smmuv3_idr3_fields}},
		{unit->has_idr, {"IDR5", unit->idr[5], smmuv3_idr5_fields}},
		{unit->has_smmu_features && !unit->has_idr,
		 {"features", unit->smmu_features, smmuv3_driver_fields}},
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words) && n < UNIT_REGISTERS; i++)
		if (words[i].known)
			out[n++] = words[i].word;
	return n;
}
