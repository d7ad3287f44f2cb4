/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * intel-iommu: what it asks of the host's IOMMU when a device is assigned, in QEMU's order: the
 * nesting parent when VFIO attaches the device (hw/vfio/iommufd.c), then hw/i386/intel_iommu.c
 * vtd_dev_set_iommu_device and vtd_check_hiod, intel_iommu_accel.c vtd_check_hiod_accel. What the
 * kernel answered to the device itself stands above what is derived.
 */
#include <errno.h>

#include "fit/cures.h"
#include "fit/rule.h"
#include "host/vtd.h"

static enum answer caching_mode_off(const struct scene *s, struct operand *op UNUSED)
{
	return viommu_is(s, DRIVER_INTEL_IOMMU, PROPERTY_CACHING_MODE, OFF) ? YES : NO;
}

/* Up to 10.1 QEMU looks at machine-done for any assigned device, bypassed or not. */
static enum answer caching_mode_off_machine(const struct scene *s, struct operand *op)
{
	op[0] = (struct operand){.kind = OPERAND_NONE};
	for (size_t i = 0; i < s->m->n_cold; i++) {
		const struct machine_device *device = &s->m->devices[i];

		if (device->kind == DRIVER_VFIO_PCI)
			op[0] = text_operand(device->host_bdf);
	}
	return op[0].kind && s->m->viommu && s->m->viommu->kind == DRIVER_INTEL_IOMMU &&
			       device_value(s->m->viommu, PROPERTY_CACHING_MODE) == OFF
		       ? YES
		       : NO;
}

/* hw/i386/pc.c pc_hotplug_allowed: before anything else of the device is looked at. */
static enum answer caching_mode_off_hot(const struct scene *s, struct operand *op UNUSED)
{
	return s->device->kind == DRIVER_VFIO_PCI && s->m->viommu &&
			       s->m->viommu->kind == DRIVER_INTEL_IOMMU &&
			       device_value(s->m->viommu, PROPERTY_CACHING_MODE) == OFF
		       ? YES
		       : NO;
}

static bool has_first_stage(const struct scene *s)
{
	return viommu_is(s, DRIVER_INTEL_IOMMU, PROPERTY_FIRST_STAGE, ON);
}

static enum answer width_exceeds_host(const struct scene *s, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);
	uint64_t bits;

	if (!has_viommu(s, DRIVER_INTEL_IOMMU))
		return NO;
	bits = (uint64_t)device_value(s->device->viommu, PROPERTY_AW_BITS);
	op[1] = number_operand(bits);
	op[3] = unit_operand(s);
	if (!iova)
		return MAYBE;
	op[2] = number_operand(iova->width);
	op[4] = hex_operand(iova->n ? iova->ranges[iova->n - 1].last : UINT64_MAX);
	return bits > op[2].number ? YES : NO;
}

static enum answer first_stage_refused(const struct scene *s, struct operand *op UNUSED)
{
	return has_first_stage(s) ? YES : NO;
}

static enum answer first_stage_needs_iommufd(const struct scene *s, struct operand *op UNUSED)
{
	return has_first_stage(s) && s->device->backend == BACKEND_LEGACY ? YES : NO;
}

/* What the kernel said to the device's own IOMMU_HWPT_ALLOC; NULL: it was not asked, or agreed. */
static const struct measured_domain *refused_parent(const struct iof_device *host)
{
	const struct measured_domain *told =
		host->measured ? &host->measured->domain[MEASURED_NEST_PARENT] : NULL;

	return told && told->asked && told->error ? told : NULL;
}

/* With PASIDs on both sides the parent is to take PASIDs, too; Linux up to 6.13 does not know the
 * flag. */
static enum tristate makes_parent(const struct scene *s, const struct unit_domain *domain)
{
	bool wants_pasid = device_value(s->device->viommu, PROPERTY_PASID_BITS) > 0 &&
			   s->device->host->pasid == TRI_YES;

	return wants_pasid && domain->nest_parent == TRI_YES ? domain->pasid : domain->nest_parent;
}

/* 11.0+: VFIO asks for a nesting parent before anything else is looked at. */
static enum answer no_nesting_parent(const struct scene *s, struct operand *op)
{
	const struct iof_device *host = s->device->host;
	const struct measured_domain *refused = host ? refused_parent(host) : NULL;
	enum tristate makes;

	if (!has_first_stage(s) || s->device->backend != BACKEND_IOMMUFD)
		return NO;
	op[1] = text_operand(host && host->unit ? host->unit->name : "none");
	op[2] = text_operand(strerrordesc_np(refused ? refused->error : EOPNOTSUPP));
	makes = host && host->unit ? makes_parent(s, &host->unit->domain[s->world]) : TRI_UNKNOWN;
	if (refused && (refused->error == EOPNOTSUPP || refused->error == ENOTTY))
		makes = TRI_NO;
	else if (refused && makes == TRI_YES)
		makes = TRI_UNKNOWN; /* it was refused for a reason of that moment */
	return makes == TRI_NO ? YES : makes == TRI_YES ? NO : MAYBE;
}

static const struct iommu_unit *nested_unit(const struct scene *s)
{
	return has_first_stage(s) && s->device->host ? s->device->host->unit : NULL;
}

/* IOMMU_GET_HW_INFO as the kernel answered it; NULL: it was not asked. */
static const struct measured_hw_info *told_hw_info(const struct scene *s)
{
	const struct measured_device *measured = s->device->host ? s->device->host->measured : NULL;

	return measured && measured->hw_info.asked && !measured->hw_info.error ? &measured->hw_info
									       : NULL;
}

/* include/uapi/linux/iommufd.h enum iommu_hw_info_type */
static unsigned hw_info_type(const struct scene *s, const struct iommu_unit *unit)
{
	const struct measured_hw_info *told = told_hw_info(s);

	if (told)
		return told->type;
	switch (unit->kind) {
	case IOF_IOMMU_INTEL_VTD:
		return HW_INFO_INTEL_VTD;
	case IOF_IOMMU_ARM_SMMUV3:
		return HW_INFO_ARM_SMMUV3;
	case IOF_IOMMU_AMD_VI:
		return HW_INFO_AMD;
	default:
		return HW_INFO_NONE;
	}
}

static enum answer wrong_host_type(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = nested_unit(s);

	if (!unit)
		return NO;
	op[1] = number_operand(hw_info_type(s, unit));
	return op[1].number == HW_INFO_INTEL_VTD ? NO : YES;
}

static enum answer no_first_stage_1g(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = nested_unit(s);

	if (!unit || !viommu_is(s, DRIVER_INTEL_IOMMU, PROPERTY_FS1GP, ON))
		return NO;
	op[1] = hex_operand(unit->cap);
	return !unit->has_cap ? MAYBE : vtd_fs1gp(unit->cap) ? NO : YES;
}

/* Whether the kernel says that the device has PASIDs. */
static enum tristate reports_pasids(const struct scene *s)
{
	const struct measured_hw_info *told = told_hw_info(s);

	if (told)
		return told->max_pasid_log2 ? TRI_YES : TRI_NO;
	return s->device->host->pasid;
}

static enum answer pasid_exceeds_host(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = nested_unit(s);
	int64_t bits;

	if (!unit)
		return NO;
	bits = device_value(s->device->viommu, PROPERTY_PASID_BITS);
	op[1] = number_operand((uint64_t)bits);
	op[2] = number_operand(unit->has_ecap ? vtd_pss(unit->ecap) + 1 : 0);
	/* only if the device itself reports PASIDs */
	if (bits == 0 || reports_pasids(s) == TRI_NO)
		return NO;
	if (!unit->has_ecap || bits <= (int64_t)op[2].number)
		return unit->has_ecap ? NO : MAYBE;
	return reports_pasids(s) == TRI_YES ? YES : MAYBE;
}

static enum answer first_stage_behind_bridge(const struct scene *s, struct operand *op UNUSED)
{
	return has_first_stage(s) && s->device->behind_bridge ? YES : NO;
}

/* Linux says the flag of every VT-d since it has hw_info (6.7). */
static enum answer read_only_left_out(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = s->device->is_nested ? nested_unit(s) : NULL;

	op[1] = text_operand(unit ? unit->name : NULL);
	return unit && unit->kind == IOF_IOMMU_INTEL_VTD && unit->errata_772415 != TRI_NO ? YES
											  : NO;
}

/* Run: the notifier is refused when the guest switches DMA remapping on. */
static enum answer snoop_control(const struct scene *s, struct operand *op UNUSED)
{
	return viommu_is(s, DRIVER_INTEL_IOMMU, PROPERTY_SNOOP_CONTROL, ON) &&
			       viommu_is(s, DRIVER_INTEL_IOMMU, PROPERTY_DMA_TRANSLATION, ON)
		       ? YES
		       : NO;
}

/* 7.2 to 9.0 start anyway; then the guest may pick an IOVA that the host cannot map. */
static enum answer width_unchecked(const struct scene *s, struct operand *op)
{
	return viommu_is(s, DRIVER_INTEL_IOMMU, PROPERTY_DMA_TRANSLATION, ON)
		       ? width_exceeds_host(s, op)
		       : NO;
}

enum {
	CACHING,
	WIDTH,
	FS_NEVER,
	FS_IOMMUFD,
	NESTING,
	HOST_TYPE,
	FS1GP,
	PASID_HOST,
	FS_BRIDGE,
	READ_ONLY,
	SNOOP,
	WIDTH_RUN,
};

#define SRC_HIOD "QEMU hw/i386/intel_iommu.c vtd_check_hiod"
#define SRC_ACCEL "QEMU hw/i386/intel_iommu_accel.c vtd_check_hiod_accel"

static const struct rule rules[] = {
	[CACHING] = {"intel.caching-mode-off", IOF_SEVERITY_ERROR,
		     "assigned device without caching-mode=on",
		     "QEMU will refuse {0}: the intel-iommu has caching-mode=off.",
		     "Without caching mode the guest does not tell the IOMMU when it maps a page, "
		     "so QEMU could not map "
		     "the page for the device.",
		     "QEMU hw/i386/intel_iommu.c vtd_dev_set_iommu_device", "lab",
		     cure_caching_mode, NULL},
	[WIDTH] =
		{"width.viommu-exceeds-host", IOF_SEVERITY_ERROR,
		 "vIOMMU wider than the host's IOMMU",
		 "QEMU will refuse {0}: the virtual IOMMU has {1} bits, the host's only {2}.",
		 "aw-bits {1} > {2}: the highest usable IOVA behind {3} is {4}, which is {2} bits.",
		 SRC_HIOD, "lab", cure_intel_width,
		 "No aw-bits of intel-iommu is as small as the host's width: use "
		 "virtio-iommu-pci."},
	[FS_NEVER] = {"intel.first-stage-refused", IOF_SEVERITY_ERROR,
		      "first-stage translation with an assigned device before 11.0",
		      "QEMU will refuse {0}: first-stage translation takes no assigned device.",
		      "QEMU 10.0 to 10.2 refuse every host device behind first-stage translation.",
		      SRC_HIOD, "lab", cure_no_first_stage, NULL},
	[FS_IOMMUFD] =
		{"intel.first-stage-needs-iommufd", IOF_SEVERITY_ERROR,
		 "first-stage translation with the legacy backend",
		 "QEMU will refuse {0}: first-stage translation with the legacy VFIO backend.",
		 "Nested tables exist with iommufd only.", SRC_ACCEL, "lab",
		 cure_first_stage_iommufd, NULL},
	[NESTING] = {"intel.no-nesting", IOF_SEVERITY_ERROR,
		     "first-stage translation on a host without nesting",
		     "QEMU will refuse {0}: the host's IOMMU cannot nest.",
		     "First-stage translation for an assigned device needs a nesting parent, which "
		     "{1} does not offer "
		     "(VT-d: scalable mode and ECAP.NEST).",
		     "Linux drivers/iommu/intel/iommu.c domain_alloc_paging_flags", "lab",
		     cure_no_first_stage, NULL},
	[HOST_TYPE] = {"intel.host-is-no-vtd", IOF_SEVERITY_ERROR,
		       "first-stage translation on another vendor's IOMMU",
		       "QEMU will refuse {0}: the host's IOMMU is no VT-d.",
		       "iommufd reports hardware type {1}; nesting intel-iommu needs type 1.",
		       SRC_ACCEL, "source", cure_no_first_stage, NULL},
	[FS1GP] = {"intel.no-first-stage-1g", IOF_SEVERITY_ERROR,
		   "fs1gp=on on a host without first-stage 1 GiB pages",
		   "QEMU will refuse {0}: the host has no first-stage 1 GiB pages.",
		   "Bit 56 (FS1GP) of the host's capability register {1} is 0.", SRC_ACCEL,
		   "source", cure_fs1gp, NULL},
	[PASID_HOST] =
		{"intel.pasid-exceeds-host", IOF_SEVERITY_ERROR, "pasid-bits above the host's",
		 "QEMU will refuse {0}: {1} bits of PASID, the host has {2}.",
		 "{1} > {2}: ECAP.PSS of the host's IOMMU plus one, and the device reports PASIDs.",
		 SRC_ACCEL, "source", cure_pasid_host, NULL},
	[FS_BRIDGE] = {"intel.first-stage-behind-bridge", IOF_SEVERITY_ERROR,
		       "first-stage translation for a device behind a PCI bridge",
		       "QEMU will refuse {0}: it stands behind a conventional PCI bridge.",
		       "Behind such a bridge all devices share one requester ID, so they cannot "
		       "have tables of their own.",
		       SRC_ACCEL, "source", cure_off_bridge, NULL},
	[READ_ONLY] =
		{"intel.read-only-not-mapped", IOF_SEVERITY_NOTE,
		 "nesting parent that takes no read-only memory",
		 "The guest's ROMs are not mapped for {0}, and its kernel must stay in scalable "
		 "mode.",
		 "{1} has erratum 772415 (Linux says so of every VT-d): the guest's first-stage "
		 "tables could be written in memory that the nesting parent has read-only. QEMU "
		 "leaves such memory out. DMA to a ROM fails, and so may a guest kernel with "
		 "intel_iommu=sm_off, or a kexec into one.",
		 "QEMU hw/i386/intel_iommu_accel.c vtd_get_host_iommu_quirks; Linux "
		 "drivers/iommu/intel/iommu.c intel_iommu_hw_info",
		 "source", NULL, "Nothing is to be done unless a device of the guest reads ROMs."},
	[SNOOP] = {"intel.snoop-control", IOF_SEVERITY_ERROR,
		   "snoop-control=on with an assigned device",
		   "DMA of {0} cannot work: QEMU aborts when the guest switches DMA remapping on.",
		   "intel-iommu refuses VFIO's notifier while snoop-control=on, and at run time "
		   "that ends the VM.",
		   "QEMU hw/i386/intel_iommu.c vtd_iommu_notify_flag_changed", "source", cure_snoop,
		   NULL},
	[WIDTH_RUN] = {"width.viommu-exceeds-host-unchecked", IOF_SEVERITY_WARNING,
		       "vIOMMU wider than the host's IOMMU, unchecked before QEMU 9.1",
		       "{0} will lose DMA that the guest maps above the host's {2} bits.",
		       "aw-bits {1} > {2}: this QEMU does not compare them; a guest IOVA above {4} "
		       "fails when it is mapped.",
		       SRC_HIOD, "source", cure_intel_width, NULL},
};

static const struct step steps[] = {
	{STAGE_ATTACH, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, no_nesting_parent,
	 &rules[NESTING], "vfio {0}: Failed to allocate hwpt: {2}"},

	{STAGE_SET_IOMMU, COLD_AND_HOT, V10_2, QEMU_NEVER, EFFECT_STOPS, caching_mode_off,
	 &rules[CACHING],
	 "vfio {0}: Failed to set vIOMMU: Device assignment is not allowed without enabling "
	 "caching-mode=on for Intel "
	 "IOMMU."},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V9_1, V10_0, EFFECT_STOPS, width_exceeds_host,
	 &rules[WIDTH], "vfio {0}: Failed to set iommu_device: aw-bits {1} > host aw-bits {2}"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V10_0, QEMU_NEVER, EFFECT_STOPS, width_exceeds_host,
	 &rules[WIDTH], "vfio {0}: Failed to set vIOMMU: aw-bits {1} > host aw-bits {2}"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V10_0, V11_0, EFFECT_STOPS, first_stage_refused,
	 &rules[FS_NEVER],
	 "vfio {0}: Failed to set vIOMMU: host device is uncompatible with stage-1 translation"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, V11_1, EFFECT_STOPS, first_stage_needs_iommufd,
	 &rules[FS_IOMMUFD], "vfio {0}: Failed to set vIOMMU: Need IOMMUFD backend when x-flts=on"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, first_stage_needs_iommufd,
	 &rules[FS_IOMMUFD], "vfio {0}: Failed to set vIOMMU: Need IOMMUFD backend when fsts=on"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, wrong_host_type,
	 &rules[HOST_TYPE],
	 "vfio {0}: Failed to set vIOMMU: Incompatible host platform IOMMU type {1}"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, no_first_stage_1g,
	 &rules[FS1GP],
	 "vfio {0}: Failed to set vIOMMU: First stage 1GB large page is unsupported by host IOMMU"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, pasid_exceeds_host,
	 &rules[PASID_HOST],
	 "vfio {0}: Failed to set vIOMMU: PASID bits size {1} > host IOMMU PASID bits size {2}"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_0, V11_1, EFFECT_STOPS, first_stage_behind_bridge,
	 &rules[FS_BRIDGE],
	 "vfio {0}: Failed to set vIOMMU: Host device downstream to a PCI bridge is unsupported "
	 "when x-flts=on"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, first_stage_behind_bridge,
	 &rules[FS_BRIDGE],
	 "vfio {0}: Failed to set vIOMMU: Host device downstream to a PCI bridge is unsupported "
	 "when fsts=on"},
	{STAGE_ALLOW, HOT, 0, V10_2, EFFECT_STOPS, caching_mode_off_hot, &rules[CACHING],
	 "Device assignment is not allowed without enabling caching-mode=on for Intel IOMMU."},
	{STAGE_DONE, COLD, 0, V10_2, EFFECT_STOPS, caching_mode_off_machine, &rules[CACHING],
	 "We need to set caching-mode=on for intel-iommu to enable device assignment with IOMMU "
	 "protection."},

	{STAGE_RUN, COLD, V11_0, QEMU_NEVER, EFFECT_NOTE, read_only_left_out, &rules[READ_ONLY],
	 NULL},
	{STAGE_RUN, COLD, 0, QEMU_NEVER, EFFECT_BREAKS, snoop_control, &rules[SNOOP], NULL},
	{STAGE_RUN, COLD, 0, V9_1, EFFECT_DEGRADES, width_unchecked, &rules[WIDTH_RUN], NULL},
};

const struct rule_family intel_host_family = {
	VMM_QEMU, DRIVER_INTEL_IOMMU, steps, ARRAY_SIZE(steps), rules, ARRAY_SIZE(rules)};
