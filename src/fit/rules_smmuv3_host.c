/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An accelerated arm-smmuv3 (accel=on) and the host's SMMU: the nesting parent, each field of the
 * ID registers in QEMU's order (hw/arm/smmuv3-accel.c smmuv3_accel_check_hw_compatible), the
 * kernel's vIOMMU object, and what "auto" waits for.
 */
#include "fit/cures.h"
#include "fit/rule.h"
#include "vmm/smmuv3_host.h"

/* The host's unit behind an assigned device of an accelerated SMMU; NULL: not such, or not known.
 */
static const struct iommu_unit *unit_of(const struct scene *s)
{
	return s->device->host ? s->device->host->unit : NULL;
}

static bool is_accelerated(const struct scene *s)
{
	return smmuv3_is_accelerated(s->device->viommu) && s->device->backend == BACKEND_IOMMUFD;
}

static enum answer no_nesting_parent(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = unit_of(s);

	if (!is_accelerated(s))
		return NO;
	op[1] = text_operand(unit ? unit->name : "none");
	if (!unit || unit->domain[s->world].nest_parent == TRI_UNKNOWN)
		return MAYBE;
	return unit->domain[s->world].nest_parent == TRI_NO ? YES : NO;
}

static enum answer wrong_data_type(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = unit_of(s);

	if (!is_accelerated(s) || !unit || unit->kind == IOF_IOMMU_ARM_SMMUV3)
		return NO;
	/* include/uapi/linux/iommufd.h enum iommu_hw_info_type */
	op[1] = number_operand(unit->kind == IOF_IOMMU_INTEL_VTD ? 1
			       : unit->kind == IOF_IOMMU_AMD_VI	 ? 4
								 : 0);
	op[2] = text_operand(unit->name);
	return YES;
}

/* What QEMU thinks of a host's value. */
enum compare { MUST_BE, AT_LEAST, AT_MOST };

static enum answer compare(const struct scene *s, enum smmu_field field, enum compare how,
			   struct operand *op)
{
	struct smmu_value host, guest;
	bool is_good;

	if (!is_accelerated(s) || !unit_of(s))
		return NO;
	host = smmu_host_value(s->device->host, field);
	guest = smmu_guest_value(s->m, s->device->viommu, field);
	if (!host.known || !guest.known)
		return NO; /* not_measured() asks for it */
	op[1] = number_operand(host.value);
	op[2] = number_operand(guest.value);
	op[3] = text_operand(unit_of(s)->name);
	op[4] = text_operand(smmu_field_names[field]);
	is_good = how == MUST_BE    ? host.value == guest.value
		  : how == AT_LEAST ? host.value >= guest.value
				    : host.value <= guest.value;
	return is_good ? NO : YES;
}

static enum answer stream_table(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_STLEVEL, MUST_BE, op);
}

static enum answer endianness(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_TTENDIAN, AT_MOST, op);
}

static enum answer table_format(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_TTF, AT_LEAST, op);
}

static enum answer sidsize(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_SIDSIZE, AT_LEAST, op);
}

static enum answer ssidsize(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_SSIDSIZE, AT_LEAST, op);
}

static enum answer range_invalidation(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_RIL, AT_LEAST, op);
}

static enum answer output_size(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_OAS, AT_LEAST, op);
}

static enum answer translation_services(const struct scene *s, struct operand *op)
{
	return compare(s, SMMU_ATS, AT_LEAST, op);
}

static enum answer granule(const struct scene *s, enum smmu_field field, const char *size,
			   struct operand *op)
{
	enum answer answer = compare(s, field, MUST_BE, op);

	op[4] = text_operand(size);
	return answer;
}

static enum answer granule_4k(const struct scene *s, struct operand *op)
{
	return granule(s, SMMU_GRAN4K, "4 KiB", op);
}

static enum answer granule_16k(const struct scene *s, struct operand *op)
{
	return granule(s, SMMU_GRAN16K, "16 KiB", op);
}

static enum answer granule_64k(const struct scene *s, struct operand *op)
{
	return granule(s, SMMU_GRAN64K, "64 KiB", op);
}

/* Any host passes: nothing is asked of the field, or the host itself gave the value. */
static bool is_free(const struct scene *s, enum smmu_field field)
{
	const struct machine_device *smmu = s->device->viommu;
	enum property_id id = smmu_field_property(field);

	if (id == PROPERTY_NONE)
		return false;
	if (smmu_is_auto(smmu, id))
		return smmu_first_device(s->m, smmu) == s->device;
	return smmu_guest_value(s->m, smmu, field).value == 0;
}

/* The first field that decides and that nobody has read. */
static enum answer not_measured(const struct scene *s, struct operand *op)
{
	if (!is_accelerated(s))
		return NO;
	for (enum smmu_field field = 0; field < SMMU_FIELDS; field++) {
		struct smmu_value host = smmu_host_value(s->device->host, field);
		struct smmu_value guest = smmu_guest_value(s->m, s->device->viommu, field);

		if ((host.known && guest.known) || is_free(s, field))
			continue;
		op[1] = text_operand(smmu_field_names[field]);
		op[2] = unit_operand(s);
		return MAYBE;
	}
	return NO;
}

/* The first device behind an SMMU makes the vIOMMU object, of its own unit. */
static const struct machine_device *viommu_maker(const struct scene *s)
{
	const struct machine_device *d = s->m->devices;

	while (d < s->device && !(d->kind == DRIVER_VFIO_PCI && d->viommu == s->device->viommu))
		d++;
	return d;
}

static bool makes_viommu(const struct scene *s)
{
	return is_accelerated(s) && viommu_maker(s) == s->device;
}

static bool has_cmdqv(const struct machine_device *smmu)
{
	return device_value(smmu, PROPERTY_CMDQV) == ON;
}

static enum answer cmdqv_absent(const struct scene *s, struct operand *op)
{
	if (!makes_viommu(s) || !has_cmdqv(s->device->viommu))
		return NO;
	op[1] = unit_operand(s);
	switch (smmu_host_cmdqv(s->host, s->device->host)) {
	case TRI_NO:
		return YES;
	case TRI_YES:
		return NO;
	case TRI_UNKNOWN:
		break;
	}
	return MAYBE;
}

static enum answer no_viommu_object(const struct scene *s, struct operand *op)
{
	if (!makes_viommu(s) || !s->device->host)
		return NO;
	op[1] = unit_operand(s);
	switch (s->device->host->viommu) {
	case TRI_NO:
		return YES;
	case TRI_YES:
		return NO;
	case TRI_UNKNOWN:
		break;
	}
	return MAYBE;
}

static bool has_auto(const struct machine_device *smmu)
{
	static const enum property_id ids[] = {PROPERTY_ATS, PROPERTY_RIL, PROPERTY_SSIDSIZE,
					       PROPERTY_OAS};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		if (smmu_is_auto(smmu, ids[i]))
			return true;
	}
	return false;
}

/* At machine-done: the first SMMU that leaves something to a host and has met none. */
static enum answer undecided(const struct scene *s, bool (*waits)(const struct machine_device *),
			     struct operand *op)
{
	for (size_t i = 0; i < s->m->n_cold; i++) {
		const struct machine_device *smmu = &s->m->devices[i];

		if (!smmuv3_is_accelerated(smmu) || !waits(smmu) || smmu_first_device(s->m, smmu))
			continue;
		op[0] = text_operand(smmu->label);
		op[1] = text_operand(smmu->primary ? smmu->primary->name : NULL);
		return YES;
	}
	return NO;
}

static enum answer auto_undecided(const struct scene *s, struct operand *op)
{
	return undecided(s, has_auto, op);
}

static enum answer cmdqv_undecided(const struct scene *s, struct operand *op)
{
	return undecided(s, has_cmdqv, op);
}

/* One vIOMMU object is of one unit: what is behind another cannot be given to it. */
static enum answer other_unit(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = unit_of(s), *other;
	const struct machine_device *first;

	if (!is_accelerated(s) || !unit)
		return NO;
	first = viommu_maker(s);
	other = first->host ? first->host->unit : NULL;
	op[1] = text_operand(unit->name);
	op[2] = text_operand(other ? other->name : NULL);
	op[3] = text_operand(first->label);
	return other && other != unit ? YES : NO;
}

enum {
	NESTING,
	DATA_TYPE,
	TABLES,
	SIDSIZE,
	SSIDSIZE,
	RIL,
	OAS,
	ATS,
	GRANULE,
	UNKNOWN,
	CMDQV,
	OBJECT,
	UNDECIDED,
	CMDQV_UNDECIDED,
	UNITS,
};

#define SRC_CHECK "QEMU hw/arm/smmuv3-accel.c smmuv3_accel_check_hw_compatible"
#define SRC_DONE "QEMU hw/arm/smmuv3-accel.c smmuv3_accel_machine_done"

static const struct rule rules[] = {
	[NESTING] = {"smmuv3.no-nesting-parent", IOF_SEVERITY_ERROR, "host SMMU without nesting",
		     "QEMU will refuse {0}: {1} makes no nesting parent.",
		     "accel=on runs the guest's stage 1 above a stage 2 of the host; the host's "
		     "unit needs both stages, and the kernel Linux 6.13 with "
		     "CONFIG_ARM_SMMU_V3_IOMMUFD.",
		     "QEMU hw/vfio/iommufd.c iommufd_cdev_autodomains_get", "source",
		     cure_smmu_notifier, NULL},
	[DATA_TYPE] = {"smmuv3.host-type", IOF_SEVERITY_ERROR, "host IOMMU that is no SMMUv3",
		       "QEMU will refuse {0}: {2} is no SMMUv3 (type {1}).",
		       "accel=on needs an SMMUv3 below the assigned device.",
		       "QEMU hw/arm/smmuv3-accel.c smmuv3_accel_hw_compatible", "source",
		       cure_smmu_notifier, NULL},
	[TABLES] = {"smmuv3.host-tables", IOF_SEVERITY_ERROR,
		    "host SMMU whose tables are not those of QEMU's model",
		    "QEMU will refuse {0}: {4} is {1} in {3} and {2} in QEMU's model.",
		    "The host's SMMU reads the guest's stream and translation tables. It must take "
		    "two-level stream tables (ST_LEVEL 1), and little-endian (TTENDIAN 0 or 2) "
		    "tables of AArch64 (TTF 2 or 3).",
		    SRC_CHECK, "source", cure_smmu_notifier, NULL},
	[SIDSIZE] = {"smmuv3.host-sidsize", IOF_SEVERITY_ERROR, "host SMMU with short stream ids",
		     "QEMU will refuse {0}: {3} has stream ids of {1} bits, QEMU's model {2}.",
		     "Host {1}, model {2}: the host must have at least as many.", SRC_CHECK,
		     "source", cure_smmu_notifier, NULL},
	[SSIDSIZE] =
		{"smmuv3.host-ssidsize", IOF_SEVERITY_ERROR, "substream ids wider than the host's",
		 "QEMU will refuse {0}: {3} has substream ids of {1} bits, the config asks "
		 "for {2}.",
		 "Host {1}, guest {2}. Substream ids are PASIDs; the host's SMMU must have as many "
		 "bits. Of several "
		 "hosts behind one SMMU the first decides what auto is.",
		 SRC_CHECK, "lab", cure_smmu_ssidsize, NULL},
	[RIL] = {"smmuv3.host-ril", IOF_SEVERITY_ERROR, "host SMMU without range invalidation",
		 "QEMU will refuse {0}: {3} has no range invalidation.",
		 "The guest's range invalidations go to the host's SMMU.", SRC_CHECK, "source",
		 cure_smmu_ril, NULL},
	[OAS] = {"smmuv3.host-oas", IOF_SEVERITY_ERROR, "output addresses wider than the host's",
		 "QEMU will refuse {0}: {3} has output addresses of {1} bits, the guest's {2}.",
		 "Host {1} bits, guest {2}: what the guest's stage 1 puts out, the host's stage 2 "
		 "must take in.",
		 SRC_CHECK, "source", cure_smmu_host_oas, NULL},
	[ATS] = {"smmuv3.host-ats", IOF_SEVERITY_ERROR, "host SMMU without ATS",
		 "QEMU will refuse {0}: {3} has no address translation services.",
		 "The guest is told of ATS, and the host's SMMU would have to answer.", SRC_CHECK,
		 "lab", cure_smmu_ats, NULL},
	[GRANULE] = {"smmuv3.host-granule", IOF_SEVERITY_ERROR,
		     "host SMMU that lacks a page size of QEMU's model",
		     "QEMU will refuse {0}: {3} has no translation tables of {4} pages.",
		     "QEMU's model always shows granules of 4, 16 and 64 KiB to the guest, and the "
		     "host must have all three.",
		     SRC_CHECK, "source", cure_smmu_notifier, NULL},
	[UNKNOWN] = {"smmuv3.host-not-measured", IOF_SEVERITY_WARNING,
		     "host SMMU whose registers are not known",
		     "QEMU will refuse {0} unless {2} has what the guest is shown: {1} is not "
		     "known.",
		     "The registers of an SMMUv3 stand nowhere in sysfs, and the kernel log tells "
		     "some of them only. iommufit probe on a device of that unit asks the kernel.",
		     SRC_CHECK, "source", NULL, NULL},
	[CMDQV] = {"smmuv3.host-cmdqv", IOF_SEVERITY_ERROR, "cmdqv=on without such hardware",
		   "QEMU will refuse {0}: {1} has no CMDQV that a guest can have.",
		   "Command queue virtualization is NVIDIA Tegra241's (Grace), and the kernel "
		   "needs CONFIG_TEGRA241_CMDQV.",
		   "QEMU hw/arm/tegra241-cmdqv.c tegra241_cmdqv_probe", "lab", cure_smmu_cmdqv,
		   NULL},
	[OBJECT] = {"smmuv3.no-viommu-object", IOF_SEVERITY_ERROR,
		    "kernel that makes no vIOMMU object for the host's SMMU",
		    "QEMU will refuse {0}: the kernel makes no vIOMMU of {1}.",
		    "Linux wants a unit with both stages, and a way to keep the guest from getting "
		    "round the caches: S2FWB in the unit, or CANWBS of the root complex in the "
		    "IORT.",
		    "Linux drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-iommufd.c", "lab",
		    cure_smmu_notifier, NULL},
	[UNDECIDED] = {"smmuv3.auto-undecided", IOF_SEVERITY_ERROR,
		       "auto without a device whose host could decide",
		       "QEMU will stop: no assigned device behind {0} is there from the start.",
		       "auto properties take their values from the host of the first assigned "
		       "device behind the SMMU, and are fixed from then on; one that is plugged "
		       "later comes too late.",
		       SRC_DONE, "source", cure_smmu_undecided, NULL},
	[CMDQV_UNDECIDED] = {"smmuv3.cmdqv-undecided", IOF_SEVERITY_ERROR,
			     "cmdqv=on without a device from the start",
			     "QEMU will stop: no assigned device behind {0} is there from the "
			     "start.",
			     "The queues belong to the host's SMMU of the first assigned device.",
			     SRC_DONE, "source", cure_smmu_cmdqv, NULL},
	[UNITS] = {"smmuv3.units-differ", IOF_SEVERITY_ERROR,
		   "devices of two host SMMUs behind one of the guest",
		   "DMA of {0} cannot work: it is behind {1}, {3} behind {2}, and one arm-smmuv3 "
		   "is for both.",
		   "An accelerated SMMU stands for one unit of the host, that of its first device.",
		   "Linux drivers/iommu/iommufd/viommu.c iommufd_vdevice_alloc_ioctl", "source",
		   cure_smmu_notifier, NULL},
};

#define SET "vfio {0}: Failed to set vIOMMU: "

static const struct step steps[] = {
	{STAGE_ATTACH, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, no_nesting_parent,
	 &rules[NESTING], "vfio {0}: Failed to allocate hwpt: Operation not supported"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, wrong_data_type,
	 &rules[DATA_TYPE], SET "Wrong data type ({1}) for Host SMMUv3 device info"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, stream_table,
	 &rules[TABLES],
	 SET "Host SMMUv3 Stream Table format mismatch (host STLEVEL={1}, QEMU STLEVEL={2})"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, endianness, &rules[TABLES],
	 SET "Host SMMUv3 doesn't support Little-endian translation table"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, table_format,
	 &rules[TABLES], SET "Host SMMUv3 doesn't support AArch64 translation table format"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, sidsize, &rules[SIDSIZE],
	 SET "Host SMMUv3 SIDSIZE not compatible (host={1}, QEMU={2})"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, ssidsize, &rules[SSIDSIZE],
	 SET "Host SMMUv3 SSIDSIZE not compatible (host={1}, QEMU={2})"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, range_invalidation,
	 &rules[RIL], SET "Host SMMUv3 doesn't support Range Invalidation"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, output_size, &rules[OAS],
	 SET "Host SMMUv3 supports only {1}-bit IPA, but the vSMMU OAS implies {2}-bit IPA"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, translation_services,
	 &rules[ATS], SET "Host SMMUv3 doesn't support Address Translation Services"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, granule_4k,
	 &rules[GRANULE], SET "Host SMMUv3 doesn't support 4K translation granule"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, granule_16k,
	 &rules[GRANULE], SET "Host SMMUv3 doesn't support 16K translation granule"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, granule_64k,
	 &rules[GRANULE], SET "Host SMMUv3 doesn't support 64K translation granule"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, not_measured,
	 &rules[UNKNOWN], NULL},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, cmdqv_absent,
	 &rules[CMDQV],
	 SET "Failed to get hardware info: Operation not supported\n\tCMDQV requested but not "
	     "supported"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, V11_1, EFFECT_STOPS, no_viommu_object,
	 &rules[OBJECT],
	 SET "IOMMU_VIOMMU_ALLOC failed: Operation not supported\n\tUnable to alloc vIOMMU: idev "
	     "devid N:"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, no_viommu_object,
	 &rules[OBJECT],
	 SET "IOMMU_VIOMMU_ALLOC failed: Operation not supported\n\tUnable to alloc vIOMMU: hiodi "
	     "devid N:"},
	{STAGE_DONE, COLD, V11_1, QEMU_NEVER, EFFECT_STOPS, auto_undecided, &rules[UNDECIDED],
	 "arm-smmuv3 accel=on with 'auto' properties requires at least one cold-plugged VFIO "
	 "device"},
	{STAGE_DONE, COLD, V11_1, QEMU_NEVER, EFFECT_STOPS, cmdqv_undecided,
	 &rules[CMDQV_UNDECIDED],
	 "arm-smmuv3 cmdqv=on requires at least one cold-plugged VFIO device"},
	{STAGE_RUN, COLD, V11_0, QEMU_NEVER, EFFECT_BREAKS, other_unit, &rules[UNITS], NULL},
};

const struct rule_family smmuv3_host_family = {VMM_QEMU,	  DRIVER_SMMUV3, steps,
					       ARRAY_SIZE(steps), rules,	 ARRAY_SIZE(rules)};
