/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* domain.c - the kinds of domain of a device, and its unit's registers, for callers. */
#include <errno.h>

#include "host/host.h"

static enum tristate has_plain(const struct unit_domain *domain)
{
	if (!domain->known)
		return TRI_UNKNOWN;
	return domain->aperture_first <= domain->aperture_last ? TRI_YES : TRI_NO;
}

static enum tristate has_nest_parent(const struct unit_domain *domain)
{
	return domain->nest_parent;
}

static enum tristate has_dirty_tracking(const struct unit_domain *domain)
{
	return domain->dirty_tracking;
}

static enum tristate has_pasid(const struct unit_domain *domain)
{
	return domain->pasid;
}

static unsigned plain_width(const struct device_iova *iova)
{
	return iova->known ? iova->width : 0;
}

static unsigned nest_width(const struct device_iova *iova)
{
	return iova->nest_width;
}

static unsigned dirty_width(const struct device_iova *iova)
{
	return iova->dirty_width;
}

static unsigned no_width(const struct device_iova *iova UNUSED)
{
	return 0;
}

static const struct {
	enum tristate (*has)(const struct unit_domain *);
	unsigned (*width)(const struct device_iova *);
} uses[] = {
	[IOF_USE_PLAIN] = {has_plain, plain_width},
	[IOF_USE_NEST_PARENT] = {has_nest_parent, nest_width},
	[IOF_USE_DIRTY_TRACKING] = {has_dirty_tracking, dirty_width},
	[IOF_USE_PASID] = {has_pasid, no_width},
};

/* A value counts only if all worlds agree on it. */
IOF_EXPORT int iof_device_domain(const struct iof_device *dev, enum iof_use use,
				 struct iof_domain *out)
{
	static const enum iof_presence presences[] = {
		[TRI_UNKNOWN] = IOF_PRESENCE_UNKNOWN,
		[TRI_NO] = IOF_PRESENCE_ABSENT,
		[TRI_YES] = IOF_PRESENCE_PRESENT,
	};
	enum tristate has;

	if (use != IOF_USE_VIOMMU && ((unsigned)use >= ARRAY_SIZE(uses) || !uses[use].has))
		return -EINVAL;
	if (!dev->group || !dev->unit)
		return -ENOENT;
	if (use == IOF_USE_VIOMMU) {
		out->presence = presences[dev->viommu];
		out->width = 0;
		out->page_sizes = 0;
		return 0;
	}
	has = uses[use].has(&dev->unit->domain[0]);
	out->width = uses[use].width(&dev->iova[0]);
	out->page_sizes = use == IOF_USE_PLAIN ? dev->iova[0].page_sizes : 0;
	for (size_t w = 1; w < dev->host->n_worlds; w++) {
		if (uses[use].has(&dev->unit->domain[w]) != has)
			has = TRI_UNKNOWN;
		if (uses[use].width(&dev->iova[w]) != out->width)
			out->width = 0;
		if (dev->iova[w].page_sizes != out->page_sizes)
			out->page_sizes = 0;
	}
	out->presence = presences[has];
	return 0;
}

static int known(bool is_known, uint64_t value, uint64_t *out)
{
	*out = is_known ? value : 0;
	return is_known ? 0 : -ENODATA;
}

IOF_EXPORT int iof_device_register(const struct iof_device *dev, const char *name, uint64_t *value)
{
	const struct iommu_unit *u = dev->unit;
	uint64_t index;

	*value = 0;
	if (!u)
		return -ENOENT;
	if (u->kind == IOF_IOMMU_INTEL_VTD && str_eq(name, "cap"))
		return known(u->has_cap, u->cap, value);
	if (u->kind == IOF_IOMMU_INTEL_VTD && str_eq(name, "ecap"))
		return known(u->has_ecap, u->ecap, value);
	if (u->kind == IOF_IOMMU_AMD_VI && str_eq(name, "efr"))
		return known(u->has_efr, u->efr, value);
	if (u->kind == IOF_IOMMU_AMD_VI && str_eq(name, "efr2"))
		return known(u->has_efr, u->efr2, value);
	if (u->kind == IOF_IOMMU_ARM_SMMUV3 && str_starts(name, "idr") &&
	    parse_u64(name + 3, 10, ARRAY_SIZE(u->idr) - 1, &index) == 0)
		return known(u->has_idr, u->idr[index], value);
	return -ENOENT;
}
