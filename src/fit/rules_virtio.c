/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virtio-iommu (QEMU hw/virtio/virtio-iommu.c): its width is never compared with the host's; page
 * sizes are, from 9.1 when a device is attached, before when the machine is done.
 */
#include "fit/cures.h"
#include "fit/rule.h"

static enum answer width_out_of_range(const struct scene *s, struct operand *op)
{
	int64_t bits = device_value(s->device, PROPERTY_AW_BITS);

	op[0] = number_operand((uint64_t)bits);
	return s->device->kind == DRIVER_VIRTIO_IOMMU && (bits < 32 || bits > 64) ? YES : NO;
}

/* What QEMU takes as the host's page sizes: type1 says all, an IOAS only its alignment. */
static uint64_t host_page_mask(const struct scene *s)
{
	const struct device_iova *iova = scene_iova(s);

	if (!iova)
		return 0;
	return s->device->backend == BACKEND_IOMMUFD ? iova->alignment : iova->page_sizes;
}

static uint64_t lowest_bit(uint64_t mask)
{
	return mask & -mask;
}

/* virtio_iommu_set_host_iova_ranges returns early for a device without ranges. */
static bool is_asked(const struct scene *s)
{
	const struct device_iova *iova = scene_iova(s);

	return has_viommu(s, DRIVER_VIRTIO_IOMMU) && iova && iova->n > 0 && iova->page_sizes;
}

static enum answer page_sizes_conflict(const struct scene *s, struct operand *op)
{
	uint64_t mask = host_page_mask(s);

	op[2] = hex_operand(s->progress->page_mask);
	if (has_viommu(s, DRIVER_VIRTIO_IOMMU) && !scene_iova(s) &&
	    device_value(s->device->viommu, PROPERTY_GRANULE) > GRANULE_4K &&
	    device_value(s->device->viommu, PROPERTY_GRANULE) < GRANULE_HOST)
		return MAYBE;
	if (!is_asked(s))
		return NO;
	op[1] = hex_operand(mask);
	if (!(mask & s->progress->page_mask))
		return YES;
	if (!s->progress->is_frozen)
		s->progress->page_mask &= mask;
	return NO;
}

static enum answer granule_frozen(const struct scene *s, struct operand *op)
{
	uint64_t granule = lowest_bit(s->progress->page_mask);

	op[1] = hex_operand(granule);
	op[2] = hex_operand(host_page_mask(s));
	return is_asked(s) && s->progress->is_frozen && !(granule & host_page_mask(s)) ? YES : NO;
}

/* 9.0 looks at the machine's end, with the container already in use: that aborts. */
static enum answer page_sizes_conflict_late(const struct scene *s, struct operand *op)
{
	struct scene each = *s;
	uint64_t region = 0; /* QEMU numbers the IOMMU regions as devices ask for them */

	for (size_t i = 0; i < s->m->n_cold; i++) {
		each.device = &s->m->devices[i];
		if (each.device->kind != DRIVER_VFIO_PCI || !has_viommu(&each, DRIVER_VIRTIO_IOMMU))
			continue;
		op[0] = text_operand(each.device->host_bdf);
		op[3] = number_operand(region++);
		op[4] = number_operand(each.device->devfn);
		if (page_sizes_conflict(&each, op) != NO)
			return YES;
	}
	return NO;
}

/* 7.2 and 8.0: the IOMMU region is live when the guest does not boot in bypass, and the mask is
 * then compared at once. */
static enum answer page_mask_differs(const struct scene *s, struct operand *op)
{
	uint64_t mask = host_page_mask(s);

	op[1] = hex_operand(s->progress->page_mask);
	op[2] = hex_operand(mask);
	return viommu_is(s, DRIVER_VIRTIO_IOMMU, PROPERTY_BOOT_BYPASS, OFF) && mask &&
			       mask != s->progress->page_mask
		       ? YES
		       : NO;
}

/* Before 8.2 the guest is not told of the host's width, and may pick an IOVA above it. */
static enum answer width_untold(const struct scene *s, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);

	if (!has_viommu(s, DRIVER_VIRTIO_IOMMU))
		return NO;
	op[1] = number_operand(64);
	op[3] = unit_operand(s);
	if (!iova)
		return MAYBE;
	op[2] = number_operand(iova->width);
	op[4] = hex_operand(iova->n ? iova->ranges[iova->n - 1].last : UINT64_MAX);
	return iova->width < 64 ? YES : NO;
}

/* From 8.2 on the guest is told what the host's IOMMU cannot map, above its width too. */
static enum answer width_told(const struct scene *s, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);
	int64_t bits;

	if (!has_viommu(s, DRIVER_VIRTIO_IOMMU) || !iova || !iova->n)
		return NO;
	bits = s->device->viommu->value[PROPERTY_AW_BITS].def
		       ? device_value(s->device->viommu, PROPERTY_AW_BITS)
		       : 64;
	op[1] = number_operand((uint64_t)bits);
	op[2] = number_operand(iova->width);
	op[3] = hex_operand(iova->ranges[iova->n - 1].last);
	return iova->width < bits ? YES : NO;
}

static bool same_ranges(const struct device_iova *a, const struct device_iova *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->ranges[i].first != b->ranges[i].first ||
		    a->ranges[i].last != b->ranges[i].last)
			return false;
	}
	return true;
}

/* Functions of one slot without ACS, or all below one conventional bridge: the guest puts them into
 * one group, and Linux asks only the first for its reserved regions. */
static bool shares_guest_group(const struct machine_device *a, const struct machine_device *b)
{
	if (a->bus != b->bus || !a->bus)
		return false;
	return a->bus->is_conventional || a->devfn >> 3 == b->devfn >> 3;
}

static enum answer group_of_several(const struct scene *s, struct operand *op)
{
	struct scene each = *s;
	const struct device_iova *iova = scene_iova(s);

	if (!has_viommu(s, DRIVER_VIRTIO_IOMMU) || !iova)
		return NO;
	for (const struct machine_device *other = s->m->devices; other < s->device; other++) {
		each.device = other;
		if (other->kind != DRIVER_VFIO_PCI || other->viommu != s->device->viommu ||
		    !scene_iova(&each) || same_ranges(iova, scene_iova(&each)) ||
		    !shares_guest_group(other, s->device))
			continue;
		op[1] = text_operand(other->host_bdf);
		op[2] = number_operand(iova->width);
		op[3] = number_operand(scene_iova(&each)->width);
		return YES;
	}
	return NO;
}

/* Devices below one conventional bridge share its requester ID: the second finds the place taken.
 */
static enum answer aliased(const struct scene *s, struct operand *op)
{
	if (!has_viommu(s, DRIVER_VIRTIO_IOMMU) || !s->device->behind_bridge)
		return NO;
	for (const struct machine_device *other = s->m->devices; other < s->device; other++) {
		if (other->kind != DRIVER_VFIO_PCI || other->bus != s->device->bus ||
		    !other->viommu)
			continue;
		op[1] = text_operand(other->host_bdf);
		return YES;
	}
	return NO;
}

static enum answer not_on_root_bus(const struct scene *s, struct operand *op UNUSED)
{
	return s->device->kind == DRIVER_VIRTIO_IOMMU && s->device->bus && s->device->bus->parent
		       ? YES
		       : NO;
}

enum {
	AW_BITS,
	PAGES,
	FROZEN,
	PAGES_LATE,
	WIDTH_UNTOLD,
	WIDTH_TOLD,
	GROUP,
	ALIASED,
	ROOT_BUS,
	MASK_DIFFERS
};

static const struct rule rules[] = {
	[AW_BITS] = {"virtio.aw-bits-out-of-range", IOF_SEVERITY_ERROR,
		     "virtio-iommu aw-bits outside 32 to 64",
		     "QEMU will refuse the virtio-iommu: aw-bits={0}.",
		     "aw-bits must be from 32 to 64.",
		     "QEMU hw/virtio/virtio-iommu.c virtio_iommu_device_realize", "lab",
		     cure_virtio_width, NULL},
	[PAGES] = {"virtio.page-sizes-incompatible", IOF_SEVERITY_ERROR,
		   "virtio-iommu granule that the host's IOMMU cannot map",
		   "QEMU will refuse {0}: its host pages do not fit the virtual IOMMU's granule.",
		   "The host maps pages of {1}, the virtual IOMMU allows only {2}: no size in "
		   "common.",
		   "QEMU hw/virtio/virtio-iommu.c virtio_iommu_set_host_iova_ranges", "lab",
		   cure_granule, NULL},
	[FROZEN] = {"virtio.granule-frozen", IOF_SEVERITY_ERROR,
		    "hot-plug behind a virtio-iommu with a fixed granule",
		    "QEMU will refuse {0}: the virtual IOMMU's granule is fixed since the start.",
		    "The granule is {1}; the host maps pages of {2}, which does not hold it.",
		    "QEMU hw/virtio/virtio-iommu.c virtio_iommu_set_iommu_device", "lab",
		    cure_granule, NULL},
	[PAGES_LATE] = {"virtio.page-sizes-abort", IOF_SEVERITY_ERROR,
			"virtio-iommu granule that the host cannot map (QEMU 9.0)",
			"QEMU will abort at start: the host pages of {0} do not fit the virtual "
			"IOMMU's granule.",
			"The host maps pages of {1}, the virtual IOMMU allows only {2}: no size in "
			"common, and QEMU 9.0 "
			"finds out too late.",
			"QEMU 9.0 hw/virtio/virtio-iommu.c virtio_iommu_freeze_granule", "lab",
			cure_granule, NULL},
	[WIDTH_UNTOLD] = {"virtio.width-untold", IOF_SEVERITY_WARNING,
			  "virtio-iommu wider than the host's IOMMU, untold before QEMU 8.2",
			  "{0} will lose DMA that the guest maps above the host's {2} bits.",
			  "This QEMU's virtio-iommu has 64 bits and does not tell the guest that "
			  "{3} ends at {4}.",
			  "QEMU 8.2 hw/virtio/virtio-iommu.c virtio_iommu_set_iova_ranges",
			  "source", NULL,
			  "Use QEMU 8.2 or later, or on x86 intel-iommu with caching-mode=on."},
	[WIDTH_TOLD] =
		{"virtio.width-told", IOF_SEVERITY_NOTE, "virtio-iommu wider than the host's IOMMU",
		 "The guest will be told that {0} has no DMA addresses above {3}.",
		 "The virtual IOMMU has {1} bits, the host's {2}; the rest is a reserved region "
		 "of the device, which Linux and Windows keep to.",
		 "QEMU hw/virtio/virtio-iommu.c virtio_iommu_set_host_iova_ranges", "lab", NULL,
		 "Nothing has to be done."},
	[GROUP] = {"virtio.group-of-several", IOF_SEVERITY_WARNING,
		   "devices with different reserved regions in one guest group",
		   "The guest will map addresses that {0} cannot use: it keeps to the reserved "
		   "regions of {1} only.",
		   "Both are in one group of the guest; Linux asks its first device ({3} bits) for "
		   "reserved regions, not the other ({2} bits).",
		   "Linux drivers/iommu/virtio-iommu.c viommu_get_resv_regions", "source",
		   cure_off_bridge, "Give each device a pcie-root-port of its own."},
	[ALIASED] = {"virtio.aliased-devices", IOF_SEVERITY_ERROR,
		     "two devices behind one conventional PCI bridge",
		     "QEMU will refuse {0}: it stands behind the same PCI bridge as {1}.",
		     "Behind such a bridge both have the bridge's requester ID, and virtio-iommu "
		     "cannot part them.",
		     "QEMU hw/virtio/virtio-iommu.c virtio_iommu_set_host_iova_ranges", "lab",
		     cure_off_bridge, NULL},
	[MASK_DIFFERS] = {"virtio.page-mask-differs", IOF_SEVERITY_NOTE,
			  "virtio-iommu page sizes that are not the host's",
			  "QEMU will warn that the page sizes of {0} are not the virtual IOMMU's.",
			  "The virtual IOMMU has {1}, the host maps {2}; the smallest size is "
			  "common, so it works.",
			  "QEMU 7.2 hw/virtio/virtio-iommu.c virtio_iommu_set_page_size_mask",
			  "lab", NULL, "Nothing has to be done."},
	[ROOT_BUS] = {"virtio.not-on-root-bus", IOF_SEVERITY_ERROR,
		      "virtio-iommu-pci below a bridge",
		      "QEMU will refuse the virtio-iommu: it must be on a root bus.",
		      "The virtual IOMMU is a part of the root complex.",
		      "QEMU hw/virtio/virtio-iommu-pci.c virtio_iommu_pci_realize", "lab",
		      cure_off_bridge, NULL},
};

static const struct step steps[] = {
	{STAGE_REALIZE, COLD_AND_HOT, V9_0, QEMU_NEVER, EFFECT_STOPS, width_out_of_range,
	 &rules[AW_BITS], "aw-bits must be within [32,64]"},
	{STAGE_REALIZE, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, not_on_root_bus,
	 &rules[ROOT_BUS], "virtio-iommu-pci must be plugged on the root bus"},
	{STAGE_MAP, HOT, 0, V8_1, EFFECT_WARNS, page_mask_differs, &rules[MASK_DIFFERS],
	 "warning: virtio-iommu page mask {1} does not match {2}"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V9_1, V10_0, EFFECT_STOPS, aliased, &rules[ALIASED],
	 "vfio {0}: Failed to set iommu_device: virtio_iommu_set_host_iova_ranges virtio-iommu "
	 "does not support aliased BDF"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V10_0, QEMU_NEVER, EFFECT_STOPS, aliased, &rules[ALIASED],
	 "vfio {0}: Failed to set vIOMMU: virtio_iommu_set_host_iova_ranges virtio-iommu does not "
	 "support aliased BDF"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V9_1, V10_0, EFFECT_STOPS, page_sizes_conflict,
	 &rules[PAGES],
	 "vfio {0}: Failed to set iommu_device: {0}: virtio-iommu reports a page size mask {1} "
	 "incompatible with "
	 "currently supported mask {2}"},
	{STAGE_SET_IOMMU, COLD_AND_HOT, V10_0, QEMU_NEVER, EFFECT_STOPS, page_sizes_conflict,
	 &rules[PAGES],
	 "vfio {0}: Failed to set vIOMMU: {0}: virtio-iommu reports a page size mask {1} "
	 "incompatible with currently "
	 "supported mask {2}"},
	{STAGE_SET_IOMMU, HOT, V9_1, V10_0, EFFECT_STOPS, granule_frozen, &rules[FROZEN],
	 "vfio {0}: Failed to set iommu_device: {0}: virtio-iommu does not support frozen granule "
	 "{1}"},
	{STAGE_SET_IOMMU, HOT, V10_0, QEMU_NEVER, EFFECT_STOPS, granule_frozen, &rules[FROZEN],
	 "vfio {0}: Failed to set vIOMMU: {0}: virtio-iommu does not support frozen granule {1}"},
	{STAGE_DONE, COLD, V9_0, V9_1, EFFECT_KILLS, page_sizes_conflict_late, &rules[PAGES_LATE],
	 "virtio-iommu virtio-iommu-memory-region-{3}-{4} reports a page size mask {1} "
	 "incompatible with currently "
	 "supported mask {2}\nhardware error: vfio: DMA mapping failed, unable to continue"},
	{STAGE_RUN, COLD, 0, V8_2, EFFECT_DEGRADES, width_untold, &rules[WIDTH_UNTOLD], NULL},
	{STAGE_RUN, COLD, V8_2, QEMU_NEVER, EFFECT_NOTE, width_told, &rules[WIDTH_TOLD], NULL},
	{STAGE_RUN, COLD, V8_2, QEMU_NEVER, EFFECT_DEGRADES, group_of_several, &rules[GROUP], NULL},
};

const struct rule_family virtio_family = {VMM_QEMU, DRIVER_VIRTIO_IOMMU, steps, ARRAY_SIZE(steps),
					  rules,    ARRAY_SIZE(rules)};
