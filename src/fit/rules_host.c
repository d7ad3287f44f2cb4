/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host itself leaves open, and what a VM with assigned devices can still migrate. */
#include "fit/rule.h"

static enum answer viommu_blocks(const struct scene *s, struct operand *op)
{
	for (size_t i = 0; i < s->m->n_devices; i++) {
		const struct machine_device *device = &s->m->devices[i];

		if (device->kind != DRIVER_VFIO_PCI || !device->viommu)
			continue;
		op[0] = text_operand(device->host_bdf);
		op[1] = text_operand(device->viommu->driver);
		return YES;
	}
	return NO;
}

enum { FACT_MISSING };

static const struct rule host_rules[] = {
	[FACT_MISSING] = {"host.fact-missing", IOF_SEVERITY_WARNING,
			  "a fact about the host is missing",
			  "The answer depends on a fact that could not be read: {0}.",
			  "To find out: {1}.", "iommufit", "lab", NULL, NULL},
};

enum { VIOMMU };

static const struct rule migration_rules[] = {
	[VIOMMU] = {"migration.viommu", IOF_SEVERITY_NOTE,
		    "assigned device behind a vIOMMU cannot migrate",
		    "This VM cannot migrate: {0} stands behind {1}.",
		    "QEMU 8.1 to 10.2 block the migration of VFIO devices behind a vIOMMU.",
		    "QEMU hw/vfio/migration.c vfio_viommu_preset", "source", NULL,
		    "Use QEMU 11.0 or later, or leave the device outside the vIOMMU."},
};

static const struct step migration_steps[] = {
	{STAGE_MIGRATE, COLD, V8_1, V11_0, EFFECT_BLOCKS, viommu_blocks, &migration_rules[VIOMMU],
	 "{0}: Migration is currently not supported with vIOMMU enabled"},
};

const struct rule_family host_family = {VMM_QEMU, DRIVER_OTHER, NULL,
					0,	  host_rules,	ARRAY_SIZE(host_rules)};
const struct rule_family migration_family = {VMM_QEMU,	      DRIVER_OTHER,
					     migration_steps, ARRAY_SIZE(migration_steps),
					     migration_rules, ARRAY_SIZE(migration_rules)};
