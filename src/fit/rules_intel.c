/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * intel-iommu: option validation (QEMU hw/i386/intel_iommu.c vtd_realize, vtd_decide_config,
 * x86-iommu.c x86_iommu_realize).
 */
#include "fit/cures.h"
#include "fit/rule.h"

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
};

#define SRC_DECIDE "QEMU hw/i386/intel_iommu.c vtd_decide_config"

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
};

const struct rule_family intel_family = {VMM_QEMU, DRIVER_INTEL_IOMMU, steps, ARRAY_SIZE(steps),
					 rules,	   ARRAY_SIZE(rules)};
