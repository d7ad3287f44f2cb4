/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * intel-iommu: option validation (QEMU hw/i386/intel_iommu.c vtd_decide_config, x86-iommu.c
 * x86_iommu_realize) and what it asks of the host's IOMMU (vtd_check_hiod,
 * vtd_dev_set_iommu_device).
 */
#include "fit/cures.h"
#include "fit/rule.h"
#include "host/vtd.h"

static bool is_intel(const struct scene *s)
{
	return s->device->kind == DRIVER_INTEL_IOMMU;
}

static bool own_is(const struct scene *s, enum property_id id, int64_t value)
{
	return s->device->value[id].def && device_value(s->device, id) == value;
}

/* x86_iommu_realize: auto means off with a full in-kernel irqchip, on otherwise. */
static bool has_intremap(const struct scene *s)
{
	int64_t intremap = device_value(s->device, PROPERTY_INTREMAP);

	return intremap == ON || (intremap == AUTO && s->m->irqchip != IRQCHIP_KERNEL);
}

static enum answer intremap_kernel_irqchip(const struct scene *s, struct operand *op)
{
	op[1] = text_operand(s->device->driver);
	return is_intel(s) && own_is(s, PROPERTY_INTREMAP, ON) && s->m->irqchip == IRQCHIP_KERNEL
		       ? YES
		       : NO;
}

static enum answer eim_without_intremap(const struct scene *s, struct operand *op UNUSED)
{
	return is_intel(s) && own_is(s, PROPERTY_EIM, ON) && !has_intremap(s) ? YES : NO;
}

static enum answer eim_needs_split(const struct scene *s, struct operand *op UNUSED)
{
	return is_intel(s) && own_is(s, PROPERTY_EIM, ON) && !own_is(s, PROPERTY_BUGGY_EIM, ON) &&
			       s->m->irqchip != IRQCHIP_SPLIT
		       ? YES
		       : NO;
}

static enum answer first_stage_not_scalable(const struct scene *s, struct operand *op UNUSED)
{
	return is_intel(s) && own_is(s, PROPERTY_FIRST_STAGE, ON) &&
			       own_is(s, PROPERTY_SCALABLE_MODE, OFF)
		       ? YES
		       : NO;
}

static bool bad_width(const struct scene *s, struct operand *op)
{
	int64_t bits = device_value(s->device, PROPERTY_AW_BITS);

	op[0] = number_operand((uint64_t)bits);
	return bits != 39 && bits != 48;
}

static enum answer width_any_mode(const struct scene *s, struct operand *op)
{
	return is_intel(s) && bad_width(s, op) ? YES : NO;
}

static enum answer width_legacy_mode(const struct scene *s, struct operand *op)
{
	return is_intel(s) && own_is(s, PROPERTY_SCALABLE_MODE, OFF) && bad_width(s, op) ? YES : NO;
}

static enum answer width_scalable_mode(const struct scene *s, struct operand *op)
{
	return is_intel(s) && own_is(s, PROPERTY_SCALABLE_MODE, ON) &&
			       own_is(s, PROPERTY_FIRST_STAGE, OFF) && bad_width(s, op)
		       ? YES
		       : NO;
}

static enum answer width_first_stage(const struct scene *s, struct operand *op)
{
	op[0] = number_operand((uint64_t)device_value(s->device, PROPERTY_AW_BITS));
	return is_intel(s) && own_is(s, PROPERTY_FIRST_STAGE, ON) &&
			       !own_is(s, PROPERTY_AW_BITS, 48)
		       ? YES
		       : NO;
}

static enum answer scalable_needs_drain(const struct scene *s, struct operand *op UNUSED)
{
	return is_intel(s) && own_is(s, PROPERTY_SCALABLE_MODE, ON) &&
			       own_is(s, PROPERTY_DMA_DRAIN, OFF)
		       ? YES
		       : NO;
}

static bool has_pasid(const struct scene *s)
{
	return own_is(s, PROPERTY_PASID_MODE, ON) ||
	       device_value(s->device, PROPERTY_PASID_BITS) > 0;
}

static enum answer pasid_not_scalable(const struct scene *s, struct operand *op UNUSED)
{
	return is_intel(s) && has_pasid(s) && own_is(s, PROPERTY_SCALABLE_MODE, OFF) ? YES : NO;
}

static enum answer pasid_device_iotlb(const struct scene *s, struct operand *op UNUSED)
{
	return is_intel(s) && has_pasid(s) && own_is(s, PROPERTY_DEVICE_IOTLB, ON) ? YES : NO;
}

static enum answer pasid_too_wide(const struct scene *s, struct operand *op)
{
	op[0] = number_operand((uint64_t)device_value(s->device, PROPERTY_PASID_BITS));
	return is_intel(s) && device_value(s->device, PROPERTY_PASID_BITS) > 20 ? YES : NO;
}

static bool wants_svm(const struct scene *s)
{
	return is_intel(s) && own_is(s, PROPERTY_SVM, ON);
}

static enum answer svm_needs_iotlb(const struct scene *s, struct operand *op UNUSED)
{
	return wants_svm(s) && own_is(s, PROPERTY_DEVICE_IOTLB, OFF) ? YES : NO;
}

static enum answer svm_needs_first_stage(const struct scene *s, struct operand *op UNUSED)
{
	return wants_svm(s) && own_is(s, PROPERTY_FIRST_STAGE, OFF) ? YES : NO;
}

static enum answer svm_needs_translation(const struct scene *s, struct operand *op UNUSED)
{
	return wants_svm(s) && own_is(s, PROPERTY_DMA_TRANSLATION, OFF) ? YES : NO;
}

static enum answer svm_needs_pasid(const struct scene *s, struct operand *op UNUSED)
{
	return wants_svm(s) && !has_pasid(s) ? YES : NO;
}

/* ---- with an assigned device behind it ---- */

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

/* First stage on iommufd goes through a nesting parent, whose width may be another than a plain
 * domain's. */
static unsigned attached_width(const struct scene *s, const struct device_iova *iova)
{
	bool nests = has_first_stage(s) && s->device->backend == BACKEND_IOMMUFD &&
		     s->m->version >= V11_0;

	return nests && iova->nest_width ? iova->nest_width : iova->width;
}

static enum answer width_exceeds_host(const struct scene *s, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);
	uint64_t bits;

	if (!has_viommu(s, DRIVER_INTEL_IOMMU))
		return NO;
	bits = (uint64_t)device_value(s->device->viommu, PROPERTY_AW_BITS);
	op[1] = number_operand(bits);
	if (!iova)
		return MAYBE;
	op[2] = number_operand(attached_width(s, iova));
	op[3] = text_operand(s->device->host->unit ? s->device->host->unit->name
						   : "the host's IOMMU");
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

/* 11.0+: VFIO asks for a nesting parent before anything else is looked at. */
static enum answer no_nesting_parent(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = s->device->host ? s->device->host->unit : NULL;

	if (!has_first_stage(s) || s->device->backend != BACKEND_IOMMUFD)
		return NO;
	op[1] = text_operand(unit ? unit->name : "none");
	if (!unit || unit->domain[s->world].nest_parent == TRI_UNKNOWN)
		return MAYBE;
	return unit->domain[s->world].nest_parent == TRI_NO ? YES : NO;
}

static const struct iommu_unit *nested_unit(const struct scene *s)
{
	return has_first_stage(s) && s->device->host ? s->device->host->unit : NULL;
}

static enum answer wrong_host_type(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = nested_unit(s);

	if (!unit || unit->kind == IOF_IOMMU_INTEL_VTD)
		return NO;
	/* include/uapi/linux/iommufd.h enum iommu_hw_info_type */
	op[1] = number_operand(unit->kind == IOF_IOMMU_ARM_SMMUV3 ? 2
			       : unit->kind == IOF_IOMMU_AMD_VI	  ? 4
								  : 0);
	return YES;
}

static enum answer no_first_stage_1g(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = nested_unit(s);

	if (!unit || !viommu_is(s, DRIVER_INTEL_IOMMU, PROPERTY_FS1GP, ON))
		return NO;
	op[1] = hex_operand(unit->cap);
	return !unit->has_cap ? MAYBE : vtd_fs1gp(unit->cap) ? NO : YES;
}

static enum answer pasid_exceeds_host(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = nested_unit(s);
	int64_t bits;

	if (!unit)
		return NO;
	bits = device_value(s->device->viommu, PROPERTY_PASID_BITS);
	op[1] = number_operand((uint64_t)bits);
	op[2] = number_operand(unit->has_ecap ? vtd_pasid_bits(unit->ecap) : 0);
	/* only if the device itself reports PASIDs */
	if (bits == 0 || s->device->host->pasid == TRI_NO)
		return NO;
	if (!unit->has_ecap || bits <= (int64_t)vtd_pasid_bits(unit->ecap))
		return unit->has_ecap ? NO : MAYBE;
	return s->device->host->pasid == TRI_YES ? YES : MAYBE;
}

static enum answer first_stage_behind_bridge(const struct scene *s, struct operand *op UNUSED)
{
	return has_first_stage(s) && s->device->behind_bridge ? YES : NO;
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
	INTREMAP,
	EIM_INTREMAP,
	EIM_SPLIT,
	FS_SCALABLE,
	AW_BITS,
	FS_AW_BITS,
	DRAIN,
	PASID_IOTLB,
	PASID_SCALABLE,
	PASID_WIDTH,
	SVM,
	CACHING,
	WIDTH,
	FS_NEVER,
	FS_IOMMUFD,
	NESTING,
	HOST_TYPE,
	FS1GP,
	PASID_HOST,
	FS_BRIDGE,
	SNOOP,
	WIDTH_RUN,
};

#define SRC_DECIDE "QEMU hw/i386/intel_iommu.c vtd_decide_config"
#define SRC_HIOD "QEMU hw/i386/intel_iommu.c vtd_check_hiod"
#define SRC_ACCEL "QEMU hw/i386/intel_iommu_accel.c vtd_check_hiod_accel"

static const struct rule rules[] = {
	[INTREMAP] = {"intel.intremap-kernel-irqchip", IOF_SEVERITY_ERROR,
		      "interrupt remapping with a full in-kernel interrupt controller",
		      "QEMU will refuse the {1}: intremap=on with kernel-irqchip=on.",
		      "A full in-kernel interrupt controller cannot remap; QEMU wants "
		      "kernel-irqchip=split or off.",
		      "QEMU hw/i386/x86-iommu.c x86_iommu_realize", "lab", cure_irqchip_split,
		      NULL},
	[EIM_INTREMAP] =
		{"intel.eim-without-intremap", IOF_SEVERITY_ERROR,
		 "eim=on without interrupt remapping",
		 "QEMU will refuse the intel-iommu: eim=on while interrupt remapping is off.",
		 "Extended interrupt mode is a property of interrupt remapping, which is off here.",
		 SRC_DECIDE, "lab", cure_eim, NULL},
	[EIM_SPLIT] = {"intel.eim-needs-split-irqchip", IOF_SEVERITY_ERROR,
		       "eim=on without a split interrupt controller (before 9.0)",
		       "QEMU will refuse the intel-iommu: eim=on without KVM's split interrupt "
		       "controller.",
		       "QEMU before 9.0 takes eim=on only with accel=kvm,kernel-irqchip=split.",
		       SRC_DECIDE, "lab", cure_eim, NULL},
	[FS_SCALABLE] =
		{"intel.first-stage-needs-scalable", IOF_SEVERITY_ERROR,
		 "first-stage translation without scalable mode",
		 "QEMU will refuse the intel-iommu: first-stage translation without scalable mode.",
		 "First-stage tables are a part of scalable mode.", SRC_DECIDE, "lab",
		 cure_scalable, NULL},
	[AW_BITS] = {"intel.aw-bits-unsupported", IOF_SEVERITY_ERROR,
		     "aw-bits that intel-iommu does not know",
		     "QEMU will refuse the intel-iommu: aw-bits={0}.",
		     "The emulated VT-d has 39 bits (three levels) or 48 (four levels), and "
		     "nothing else.",
		     SRC_DECIDE, "lab", cure_intel_width, NULL},
	[FS_AW_BITS] =
		{"intel.first-stage-needs-48-bits", IOF_SEVERITY_ERROR,
		 "first-stage translation with aw-bits other than 48",
		 "QEMU will refuse the intel-iommu: first-stage translation with aw-bits={0}.",
		 "First-stage tables have four levels: 48 bits.", SRC_DECIDE, "lab", cure_width_48,
		 NULL},
	[DRAIN] = {"intel.scalable-needs-drain", IOF_SEVERITY_ERROR,
		   "scalable mode with dma-drain=off",
		   "QEMU will refuse the intel-iommu: scalable mode with dma-drain=off.",
		   "Scalable mode needs DMA draining.", SRC_DECIDE, "lab", cure_drain, NULL},
	[PASID_IOTLB] = {"intel.pasid-with-device-iotlb", IOF_SEVERITY_ERROR,
			 "PASIDs with device-iotlb=on before 11.0",
			 "QEMU will refuse the intel-iommu: PASIDs with device-iotlb=on.",
			 "QEMU before 11.0 cannot invalidate a device's TLB by PASID.",
			 "QEMU hw/i386/intel_iommu.c vtd_realize", "lab", cure_pasid_iotlb, NULL},
	[PASID_SCALABLE] = {"intel.pasid-needs-scalable", IOF_SEVERITY_ERROR,
			    "PASID without scalable mode",
			    "QEMU will refuse the intel-iommu: PASID without scalable mode.",
			    "Process address space IDs exist in scalable mode only.", SRC_DECIDE,
			    "lab", cure_scalable, NULL},
	[PASID_WIDTH] = {"intel.pasid-bits-too-wide", IOF_SEVERITY_ERROR, "pasid-bits above 20",
			 "QEMU will refuse the intel-iommu: pasid-bits={0}.",
			 "PCI knows at most 20 bits of PASID.", SRC_DECIDE, "lab", cure_pasid_20,
			 NULL},
	[SVM] = {"intel.svm-incomplete", IOF_SEVERITY_ERROR, "svm=on without what it needs",
		 "QEMU will refuse the intel-iommu: svm=on is incomplete.",
		 "Shared virtual memory needs device-iotlb=on, first-stage translation, DMA "
		 "translation and PASIDs.",
		 SRC_DECIDE, "lab", cure_svm, NULL},
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
	[PASID_HOST] = {"intel.pasid-exceeds-host", IOF_SEVERITY_ERROR,
			"pasid-bits above the host's",
			"QEMU will refuse {0}: {1} bits of PASID, the host has {2}.",
			"{1} > {2}: ECAP.PSS of the host's IOMMU plus one.", SRC_ACCEL, "source",
			cure_pasid_host, NULL},
	[FS_BRIDGE] = {"intel.first-stage-behind-bridge", IOF_SEVERITY_ERROR,
		       "first-stage translation for a device behind a PCI bridge",
		       "QEMU will refuse {0}: it stands behind a conventional PCI bridge.",
		       "Behind such a bridge all devices share one requester ID, so they cannot "
		       "have tables of their own.",
		       SRC_ACCEL, "source", cure_off_bridge, NULL},
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
	{STAGE_REALIZE, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, intremap_kernel_irqchip,
	 &rules[INTREMAP],
	 "Interrupt Remapping cannot work with kernel-irqchip=on, please use 'split|off'."},
	{STAGE_REALIZE, COLD_AND_HOT, 0, V11_0, EFFECT_STOPS, pasid_device_iotlb,
	 &rules[PASID_IOTLB], "PASID based device IOTLB is not supported"},
	{STAGE_REALIZE, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, eim_without_intremap,
	 &rules[EIM_INTREMAP], "eim=on cannot be selected without intremap=on"},
	{STAGE_REALIZE, COLD_AND_HOT, 0, V9_0, EFFECT_STOPS, eim_needs_split, &rules[EIM_SPLIT],
	 "eim=on requires accel=kvm,kernel-irqchip=split"},
	{STAGE_REALIZE, COLD_AND_HOT, V10_0, V11_1, EFFECT_STOPS, first_stage_not_scalable,
	 &rules[FS_SCALABLE], "x-flts is only available in scalable mode"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, first_stage_not_scalable,
	 &rules[FS_SCALABLE], "fsts is only available in scalable mode"},
	{STAGE_REALIZE, COLD_AND_HOT, 0, V10_0, EFFECT_STOPS, width_any_mode, &rules[AW_BITS],
	 "Supported values for aw-bits are: 39, 48"},
	{STAGE_REALIZE, COLD_AND_HOT, V10_0, QEMU_NEVER, EFFECT_STOPS, width_legacy_mode,
	 &rules[AW_BITS], "Legacy mode: supported values for aw-bits are: 39, 48"},
	{STAGE_REALIZE, COLD_AND_HOT, V10_0, V11_0, EFFECT_STOPS, width_scalable_mode,
	 &rules[AW_BITS], "Scalable mode(flts=off): supported values for aw-bits are: 39, 48"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_0, V11_1, EFFECT_STOPS, width_scalable_mode,
	 &rules[AW_BITS], "Scalable mode(x-flts=off): supported values for aw-bits are: 39, 48"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, width_scalable_mode,
	 &rules[AW_BITS], "Scalable mode(fsts=off): supported values for aw-bits are: 39, 48"},
	{STAGE_REALIZE, COLD_AND_HOT, V10_0, V11_0, EFFECT_STOPS, width_first_stage,
	 &rules[FS_AW_BITS], "Scalable mode(flts=on): supported value for aw-bits is: 48"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_0, V11_1, EFFECT_STOPS, width_first_stage,
	 &rules[FS_AW_BITS], "Scalable mode(x-flts=on): supported value for aw-bits is: 48"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, width_first_stage,
	 &rules[FS_AW_BITS], "Scalable mode(fsts=on): supported value for aw-bits is: 48"},
	{STAGE_REALIZE, COLD_AND_HOT, 0, V11_1, EFFECT_STOPS, scalable_needs_drain, &rules[DRAIN],
	 "Need to set dma_drain for scalable mode"},
	{STAGE_REALIZE, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, pasid_not_scalable,
	 &rules[PASID_SCALABLE], "Need to set scalable mode for PASID"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, pasid_too_wide,
	 &rules[PASID_WIDTH], "PASID width {0} exceeds Max PASID Width 20 allowed in PCI spec"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, svm_needs_iotlb, &rules[SVM],
	 "Need to set device IOTLB for svm"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_0, V11_1, EFFECT_STOPS, svm_needs_first_stage,
	 &rules[SVM], "Need to set flts for svm"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_STOPS, svm_needs_first_stage,
	 &rules[SVM], "Need to set fsts for svm"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, svm_needs_translation,
	 &rules[SVM], "Need to set dma-translation for svm"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, svm_needs_pasid, &rules[SVM],
	 "Need to set PASID support for svm"},

	{STAGE_ATTACH, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, no_nesting_parent,
	 &rules[NESTING], "vfio {0}: Failed to allocate hwpt: Operation not supported"},

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

	{STAGE_RUN, COLD, 0, QEMU_NEVER, EFFECT_BREAKS, snoop_control, &rules[SNOOP], NULL},
	{STAGE_RUN, COLD, 0, V9_1, EFFECT_DEGRADES, width_unchecked, &rules[WIDTH_RUN], NULL},
};

const struct rule_family intel_family = {VMM_QEMU, DRIVER_INTEL_IOMMU, steps, ARRAY_SIZE(steps),
					 rules,	   ARRAY_SIZE(rules)};
