/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * amd-iommu (QEMU hw/i386/amd_iommu.c) never looks at the host. Most versions refuse VFIO's
 * notifier; from 10.2 dma-remap makes it work.
 */
#include "fit/cures.h"
#include "fit/rule.h"

#define V10_0F QEMU(10, 0, 3) /* the refusal came back with a stable update of 10.0 */

static enum answer refuses_notifier(const struct scene *s, enum backend backend, struct operand *op)
{
	if (!has_viommu(s, DRIVER_AMD_IOMMU) || s->device->backend != backend)
		return NO;
	op[1] = number_operand(
		s->device->host && s->device->host->group ? s->device->host->group->id : 0);
	op[2] = text_operand(s->device->guest_address);
	return YES;
}

/* Then no RAM is mapped either: the listener meets amd-iommu's region first. */
bool amd_refuses_notifier(const struct scene *s)
{
	bool has_alias = s->m->version >= V9_2 && s->m->version < V10_0F;

	if (!has_viommu(s, DRIVER_AMD_IOMMU) || s->m->version >= V10_2)
		return false;
	return !has_alias || viommu_is(s, DRIVER_AMD_IOMMU, PROPERTY_PT, OFF);
}

static enum answer notifier_legacy(const struct scene *s, struct operand *op)
{
	return refuses_notifier(s, BACKEND_LEGACY, op);
}

static enum answer notifier_iommufd(const struct scene *s, struct operand *op)
{
	return refuses_notifier(s, BACKEND_IOMMUFD, op);
}

/* 9.2 and the first 10.0: untranslated when pt=on, and then nobody asks for the notifier. */
static enum answer notifier_legacy_no_pt(const struct scene *s, struct operand *op)
{
	return viommu_is(s, DRIVER_AMD_IOMMU, PROPERTY_PT, OFF)
		       ? refuses_notifier(s, BACKEND_LEGACY, op)
		       : NO;
}

static enum answer notifier_iommufd_no_pt(const struct scene *s, struct operand *op)
{
	return viommu_is(s, DRIVER_AMD_IOMMU, PROPERTY_PT, OFF)
		       ? refuses_notifier(s, BACKEND_IOMMUFD, op)
		       : NO;
}

static enum answer not_remapped(const struct scene *s, struct operand *op UNUSED)
{
	if (!has_viommu(s, DRIVER_AMD_IOMMU))
		return NO;
	return viommu_is(s, DRIVER_AMD_IOMMU, PROPERTY_DMA_REMAP, ON) ||
			       viommu_is(s, DRIVER_AMD_IOMMU, PROPERTY_DMA_TRANSLATION, OFF)
		       ? NO
		       : YES;
}

static enum answer intremap_kernel_irqchip(const struct scene *s, struct operand *op)
{
	op[1] = text_operand(s->device->driver);
	return s->device->kind == DRIVER_AMD_IOMMU &&
			       device_value(s->device, PROPERTY_INTREMAP) == ON &&
			       s->m->irqchip == IRQCHIP_KERNEL
		       ? YES
		       : NO;
}

enum { NOTIFIER, NOT_REMAPPED, INTREMAP };

static const struct rule rules[] = {
	[NOTIFIER] = {"amd.no-assigned-devices", IOF_SEVERITY_ERROR,
		      "amd-iommu that takes no assigned device in this version",
		      "QEMU will refuse {0}: this version's amd-iommu takes no assigned device.",
		      "VFIO must be told when the guest maps memory, and amd-iommu can do that "
		      "from QEMU 10.2 on "
		      "(dma-remap=on).",
		      "QEMU hw/i386/amd_iommu.c amdvi_iommu_notify_flag_changed", "lab",
		      cure_other_viommu, NULL},
	[NOT_REMAPPED] = {"amd.dma-remap-off", IOF_SEVERITY_ERROR, "amd-iommu without dma-remap=on",
			  "DMA of {0} cannot work once the guest uses its IOMMU: amd-iommu does "
			  "not remap it.",
			  "Without dma-remap=on the device keeps seeing guest memory untranslated, "
			  "whatever tables the "
			  "guest sets up (a guest with iommu=pt is not affected).",
			  "QEMU 10.2 hw/i386/amd_iommu.c amdvi_switch_address_space", "source",
			  cure_dma_remap, NULL},
	[INTREMAP] = {"amd.intremap-kernel-irqchip", IOF_SEVERITY_ERROR,
		      "interrupt remapping with a full in-kernel interrupt controller",
		      "QEMU will refuse the {1}: intremap=on with kernel-irqchip=on.",
		      "A full in-kernel interrupt controller cannot remap; QEMU wants "
		      "kernel-irqchip=split or off.",
		      "QEMU hw/i386/x86-iommu.c x86_iommu_realize", "lab", cure_irqchip_split,
		      NULL},
};

#define LEGACY_TEXT                                                                                \
	"vfio {0}: failed to setup container for group {1}: memory listener initialization "       \
	"failed: Region "                                                                          \
	"amd_iommu: device {2} requires iommu notifier which is not currently supported"
#define IOMMUFD_TEXT                                                                               \
	"vfio {0}: memory listener initialization failed: Region amd_iommu: device {2} requires "  \
	"iommu notifier "                                                                          \
	"which is not currently supported"

static const struct step steps[] = {
	{STAGE_REALIZE, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, intremap_kernel_irqchip,
	 &rules[INTREMAP],
	 "Interrupt Remapping cannot work with kernel-irqchip=on, please use 'split|off'."},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, 0, V9_2, EFFECT_STOPS, notifier_legacy,
	 &rules[NOTIFIER], LEGACY_TEXT},
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, 0, V9_2, EFFECT_STOPS, notifier_iommufd,
	 &rules[NOTIFIER], IOMMUFD_TEXT},
	{STAGE_MAP, COLD_AND_HOT, V9_2, V10_0F, EFFECT_STOPS, notifier_legacy_no_pt,
	 &rules[NOTIFIER], LEGACY_TEXT},
	{STAGE_MAP, COLD_AND_HOT, V9_2, V10_0F, EFFECT_STOPS, notifier_iommufd_no_pt,
	 &rules[NOTIFIER], IOMMUFD_TEXT},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, V10_0F, V10_2, EFFECT_STOPS, notifier_legacy,
	 &rules[NOTIFIER], LEGACY_TEXT},
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, V10_0F, V10_2, EFFECT_STOPS, notifier_iommufd,
	 &rules[NOTIFIER], IOMMUFD_TEXT},
	{STAGE_RUN, COLD, V9_2, QEMU_NEVER, EFFECT_BREAKS, not_remapped, &rules[NOT_REMAPPED],
	 NULL},
};

const struct rule_family amd_family = {VMM_QEMU, DRIVER_AMD_IOMMU, steps, ARRAY_SIZE(steps),
				       rules,	 ARRAY_SIZE(rules)};
