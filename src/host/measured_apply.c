// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * measured_apply.c - what the kernel answered stands above what is derived: registers of a unit,
 * what its domains can map, and which kinds of them there are.
 */
#include "host/measured_apply.h"

#include <errno.h>

#include "host/finish.h"

/* ---- answers ---- */

const struct measured_domain *measured_ranges(const struct measured_device *device,
					      enum measured_use use)
{
	const struct measured_domain *domain = &device->domain[use];

	return domain->asked && !domain->error && domain->has_ranges ? domain : NULL;
}

const struct measured_domain *measured_plain(const struct measured_device *device)
{
	const struct measured_domain *domain = measured_ranges(device, MEASURED_PLAIN);

	return domain ? domain : measured_ranges(device, MEASURED_LEGACY);
}

/* Errors that say what the kernel can do. Any other says something about that moment: a group in
 * use, no memory, interrupts that are not remapped. */
static enum tristate answer(bool asked, int error)
{
	if (!asked)
		return TRI_UNKNOWN;
	if (!error)
		return TRI_YES;
	return error == EOPNOTSUPP || error == ENOTTY ? TRI_NO : TRI_UNKNOWN;
}

enum tristate measured_can(const struct measured_device *device, enum measured_use use)
{
	const struct measured_domain *domain = &device->domain[use];

	/* A kernel without the call makes plain domains nevertheless, when a device is attached;
	 * and before that call other ones may fail. */
	if (use <= MEASURED_PLAIN && domain->error == ENOTTY)
		return TRI_UNKNOWN;
	if (domain->error && domain->call && !str_eq(domain->call, "IOMMU_HWPT_ALLOC"))
		return TRI_UNKNOWN;
	return answer(domain->asked, domain->error);
}

enum tristate measured_viommu(const struct measured_device *device)
{
	return answer(device->viommu_asked, device->viommu_error);
}

/* ---- which host they are of ---- */

struct iommu_unit *measured_unit(const struct iof_host *host, const struct measured_device *device)
{
	const struct iof_device *dev = host_device_at(host, &device->address);

	if (dev)
		return dev->unit;
	for (size_t i = 0; device->unit && i < host->n_units; i++)
		if (str_eq(host->units[i].name, device->unit))
			return &host->units[i];
	return NULL;
}

/* NULL: it is this host's. */
static const char *foreign(const struct iof_host *host, const struct measured_device *device,
			   const struct iof_device *dev)
{
	if (device->kernel && *host->kernel_release && !host->kernel_assumed &&
	    !str_eq(device->kernel, host->kernel_release))
		return "another kernel answered";
	if (!dev)
		return NULL;
	if (device->group >= 0 && (!dev->group || dev->group->id != (unsigned)device->group))
		return "the device is in another group now";
	if (device->unit && dev->unit && !str_eq(device->unit, dev->unit->name))
		return "the device is behind another IOMMU now";
	return NULL;
}

int measured_attach(struct iof_ctx *ctx, struct iof_host *host,
		    const struct measured_device *devices, size_t n)
{
	struct measured_device *kept = arena_array(host->arena, n + 1, sizeof(*kept));

	if (!kept)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		const struct iof_device *dev = host_device_at(host, &devices[i].address);
		const char *why = foreign(host, &devices[i], dev);

		if (why) {
			log_info(ctx, "%s: what was measured is ignored: %s", devices[i].bdf, why);
			host->measured_ignored =
				arena_printf(host->arena, "What was measured of %s is ignored: %s.",
					     devices[i].bdf, why);
			if (!host->measured_ignored)
				return ctx_fail(ctx, -ENOMEM, "out of memory");
			continue;
		}
		if (!dev && !measured_unit(host, &devices[i]))
			continue;
		kept[host->n_measured] = devices[i];
		if (dev)
			host->devices[dev - host->devices].measured = &kept[host->n_measured];
		host->n_measured++;
	}
	host->measured = kept;
	return 0;
}

void measured_forget(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_devices; i++)
		host->devices[i].measured = NULL;
	host->measured = NULL;
	host->n_measured = 0;
}

/* ---- registers ---- */

/* Arm64 and x86 are little-endian. */
static uint32_t get_u32(const unsigned char *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get_u64(const unsigned char *at)
{
	return get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

/* struct iommu_hw_info_vtd: flags, reserved, cap_reg, ecap_reg. */
static void take_vtd(struct iommu_unit *unit, const unsigned char *data)
{
	unit->errata_772415 = get_u32(data) & 1 ? TRI_YES : TRI_NO;
	unit->cap = get_u64(data + 8);
	unit->ecap = get_u64(data + 16);
	unit->has_cap = unit->has_ecap = true;
}

/* struct iommu_hw_info_arm_smmuv3: flags, reserved, idr[6], iidr, aidr. */
static void take_smmuv3(struct iommu_unit *unit, const unsigned char *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit->idr); i++)
		unit->idr[i] = get_u32(data + 8 + 4 * i);
	unit->iidr = get_u32(data + 32);
	unit->aidr = get_u32(data + 36);
	unit->has_idr = true;
}

/* struct iommu_hw_info_amd: efr, efr2. */
static void take_amd(struct iommu_unit *unit, const unsigned char *data)
{
	unit->efr = get_u64(data);
	unit->efr2 = get_u64(data + 8);
	unit->has_efr = true;
}

static const struct {
	unsigned type;
	enum iof_iommu kind;
	size_t size; /* bytes; what a newer kernel puts behind them is not known here */
	void (*take)(struct iommu_unit *, const unsigned char *data);
} hw_infos[] = {
	{HW_INFO_INTEL_VTD, IOF_IOMMU_INTEL_VTD, 24, take_vtd},
	{HW_INFO_ARM_SMMUV3, IOF_IOMMU_ARM_SMMUV3, 40, take_smmuv3},
	{HW_INFO_AMD, IOF_IOMMU_AMD_VI, 16, take_amd},
};

void measured_registers(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_measured; i++) {
		const struct measured_hw_info *info = &host->measured[i].hw_info;
		struct iommu_unit *unit = measured_unit(host, &host->measured[i]);

		if (!unit || !info->asked || info->error)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(hw_infos); k++) {
			if (info->type != hw_infos[k].type || unit->kind != hw_infos[k].kind ||
			    info->n_data < hw_infos[k].size)
				continue;
			hw_infos[k].take(unit, info->data);
			unit->provenance = IOF_PROVENANCE_MEASURED;
		}
	}
}

/* ---- apertures ---- */

/* The greatest end of a power of two in (after, upto]; 0: there is none. */
static uint64_t power_end(uint64_t after, uint64_t upto)
{
	for (unsigned bits = 64; bits > 0; bits--) {
		uint64_t end = UINT64_MAX >> (64 - bits);

		if (end <= upto)
			return end > after ? end : 0;
	}
	return 0;
}

/* The aperture that is left of ranges when the group's reserved regions are put back where they
 * hide its ends: apertures start at 0 and end at powers of two. */
static void infer_aperture(const struct iommu_group *group, const struct measured_domain *domain,
			   uint64_t *first, uint64_t *last)
{
	*first = 1;
	*last = 0;
	if (!domain->n_ranges)
		return;
	*first = domain->ranges[0].first;
	*last = domain->ranges[domain->n_ranges - 1].last;
	for (size_t i = 0; group && i < group->n_regions; i++) {
		const struct reserved_region *region = &group->regions[i];
		uint64_t end;

		if (region->type == REGION_DIRECT_RELAXABLE)
			continue;
		if (region->first == 0 && region->last < UINT64_MAX && *first <= region->last + 1)
			*first = 0;
		if (*last == UINT64_MAX || region->first > *last + 1 || region->last <= *last)
			continue;
		end = power_end(*last, region->last);
		if (end)
			*last = end;
	}
}

static void add_aperture(struct measured_facts *facts, uint64_t first, uint64_t last)
{
	if (!facts->has_aperture || facts->first > facts->last) {
		facts->first = first;
		facts->last = last;
	} else if (first <= last) {
		facts->first = first < facts->first ? first : facts->first;
		facts->last = last > facts->last ? last : facts->last;
	}
	facts->has_aperture = true;
}

static void add_device(struct measured_facts *facts, const struct measured_device *device,
		       const struct iommu_group *group)
{
	const struct measured_domain *domain = measured_plain(device);
	uint64_t first, last;

	if (domain) {
		infer_aperture(group, domain, &first, &last);
		add_aperture(facts, first, last);
		if (domain->alignment)
			facts->alignment = domain->alignment;
	}
	domain = measured_ranges(device, MEASURED_LEGACY);
	if (domain && domain->page_sizes)
		facts->page_sizes = domain->page_sizes;
	for (enum measured_use use = 0; use < MEASURED_USES; use++) {
		enum tristate can = measured_can(device, use);

		if (facts->can[use] != TRI_YES && can != TRI_UNKNOWN)
			facts->can[use] = can;
		domain = measured_ranges(device, use);
		if (!domain)
			continue;
		infer_aperture(group, domain, &first, &last);
		if (!facts->has_last[use] || last > facts->end[use])
			facts->end[use] = last;
		facts->has_last[use] = true;
	}
}

/* More devices of a unit than these say nothing new. */
#define MAX_WITNESSES 16

static int add_witness(struct measured_facts *facts, struct arena *arena,
		       const struct measured_domain *told, const struct iommu_group *group)
{
	struct measured_witness *witness;

	if (!told || facts->n_witnesses == MAX_WITNESSES)
		return 0;
	witness = arena_alloc(arena, sizeof(*witness));
	if (!witness)
		return -ENOMEM;
	*witness = (struct measured_witness){told, group, facts->witnesses};
	facts->witnesses = witness;
	facts->n_witnesses++;
	return 0;
}

int measured_collect(const struct iof_host *host, struct arena *arena, struct measured_facts **out)
{
	int err = 0;

	*out = NULL;
	if (!host->n_measured)
		return 0;
	*out = arena_array(arena, host->n_units + 1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (size_t i = 0; i < host->n_units; i++)
		(*out)[i].cpu_page = host->page_size;
	for (size_t i = 0; i < host->n_measured && !err; i++) {
		const struct measured_device *device = &host->measured[i];
		const struct iof_device *dev = host_device_at(host, &device->address);
		const struct iommu_group *group = dev ? dev->group : NULL;
		const struct iommu_unit *unit = measured_unit(host, device);

		if (!unit)
			continue;
		add_device(&(*out)[unit - host->units], device, group);
		err = add_witness(&(*out)[unit - host->units], arena, measured_plain(device),
				  group);
	}
	return err;
}

/* ---- over what is derived ---- */

/* Whether what is derived gives the ranges that this device told. */
static int explains(struct arena *scratch, const struct unit_domain *derived,
		    const struct measured_domain *told, const struct iommu_group *group, bool *out)
{
	struct interval_set expected = {.arena = scratch}, found = {.arena = scratch};
	int err = 0;

	*out = false;
	if (!derived->known)
		return 0;
	/* Without the group there is only the width to compare. */
	if (!group) {
		struct iof_range aperture = {derived->aperture_first, derived->aperture_last};

		*out = ranges_width(&aperture, aperture.first <= aperture.last) ==
		       ranges_width(told->ranges, told->n_ranges);
		return 0;
	}
	for (size_t i = 0; i < told->n_ranges && !err; i++)
		err = interval_add(&found, told->ranges[i].first, told->ranges[i].last);
	if (!err)
		err = group_subtract(group, &found);
	if (!err && derived->aperture_first <= derived->aperture_last)
		err = interval_add(&expected, derived->aperture_first, derived->aperture_last);
	if (!err)
		err = group_subtract(group, &expected);
	*out = !err && ranges_equal(expected.ranges, expected.n, found.ranges, found.n);
	return err;
}

static int all_explained(struct arena *scratch, const struct measured_facts *facts,
			 const struct unit_domain *derived, bool *out)
{
	const struct measured_witness *witness = facts->witnesses;
	int err = 0;

	*out = true;
	for (; witness && *out && !err; witness = witness->next)
		err = explains(scratch, derived, witness->told, witness->group, out);
	return err;
}

static void overlay_can(enum tristate *derived, enum tristate measured, unsigned *against)
{
	if (measured == TRI_UNKNOWN)
		return;
	*against += *derived != TRI_UNKNOWN && *derived != measured;
	*derived = measured;
}

/* Where a domain of some use ends. One that the kernel makes although it was derived that it does
 * not, and of which no ranges were told, ends nobody knows where. */
static void overlay_last(uint64_t *last, enum tristate derived, enum tristate now,
			 const struct measured_facts *facts, enum measured_use use,
			 unsigned *against)
{
	if (facts->has_last[use]) {
		*against += derived == TRI_YES && *last != facts->end[use];
		*last = facts->end[use];
	} else if (now == TRI_NO || (now == TRI_YES && derived == TRI_NO)) {
		*last = 0;
	}
}

static void overlay_pages(struct unit_domain *domain, const struct measured_facts *facts,
			  unsigned *against)
{
	uint64_t pages = domain->page_sizes;

	if (facts->page_sizes && facts->page_sizes != type1_page_sizes(pages, facts->cpu_page))
		pages = facts->page_sizes;
	else if (facts->alignment)
		pages = (pages & ~(facts->alignment - 1)) | facts->alignment;
	*against += domain->known && pages != domain->page_sizes;
	domain->page_sizes = pages;
}

int measured_overlay(struct arena *scratch, const struct measured_facts *facts,
		     struct unit_domain *domain, unsigned *against)
{
	enum tristate nest = domain->nest_parent, dirty = domain->dirty_tracking;
	bool fits = true;
	int err = 0;

	if (facts->has_aperture) {
		overlay_pages(domain, facts, against);
		err = all_explained(scratch, facts, domain, &fits);
		*against += !fits && domain->known;
		if (!fits) {
			domain->aperture_first = facts->first;
			domain->aperture_last = facts->last;
		}
		domain->known = true;
	} else if (facts->can[MEASURED_PLAIN] == TRI_NO) {
		*against += domain->known && domain->aperture_first <= domain->aperture_last;
		domain->aperture_first = 1;
		domain->aperture_last = 0;
		domain->known = true;
	}
	overlay_can(&domain->nest_parent, facts->can[MEASURED_NEST_PARENT], against);
	overlay_can(&domain->dirty_tracking, facts->can[MEASURED_DIRTY_TRACKING], against);
	overlay_can(&domain->pasid, facts->can[MEASURED_PASID], against);
	overlay_last(&domain->nest_last, nest, domain->nest_parent, facts, MEASURED_NEST_PARENT,
		     against);
	overlay_last(&domain->dirty_last, dirty, domain->dirty_tracking, facts,
		     MEASURED_DIRTY_TRACKING, against);
	return err;
}
