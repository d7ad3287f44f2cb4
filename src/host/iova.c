// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iova.c - what a domain of each unit can do under the kernel at hand, and from it and the reserved
 * regions the usable IOVA ranges of each device, in every world.
 */
#include "host/amdvi.h"
#include "host/finish.h"
#include "host/loader.h"
#include "host/measured_apply.h"
#include "host/nesting.h"
#include "host/smmuv2.h"
#include "host/smmuv3.h"
#include "host/vtd.h"
#include "host/worlds.h"

#include <errno.h>

static uint64_t last_address(unsigned width)
{
	return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static void no_domain(struct unit_domain *domain)
{
	domain->known = true;
	domain->aperture_first = 1;
	domain->aperture_last = 0;
	domain->nest_parent = TRI_NO;
	domain->dirty_tracking = TRI_NO;
	domain->pasid = TRI_NO;
}

/* What the drivers' decoders have in common. */
typedef bool (*shape_fn)(const void *unit, const void *kernel, enum domain_use,
			 struct domain_shape *);

static enum tristate tristate(bool yes)
{
	return yes ? TRI_YES : TRI_NO;
}

static void take_shapes(struct unit_domain *domain, shape_fn shape, const void *unit,
			const void *kernel)
{
	struct domain_shape plain, other;

	if (shape(unit, kernel, DOMAIN_PLAIN, &plain) && plain.width) {
		domain->known = true;
		domain->aperture_last = last_address(plain.width);
		domain->page_sizes = plain.page_sizes;
		domain->first_stage = plain.first_stage;
	} else {
		no_domain(domain);
	}
	domain->nest_parent = tristate(shape(unit, kernel, DOMAIN_NEST_PARENT, &other));
	if (domain->nest_parent == TRI_YES)
		domain->nest_last = last_address(other.width);
	domain->dirty_tracking = tristate(shape(unit, kernel, DOMAIN_DIRTY_TRACKING, &other));
	if (domain->dirty_tracking == TRI_YES)
		domain->dirty_last = last_address(other.width);
	domain->pasid = tristate(shape(unit, kernel, DOMAIN_PASID, &other));
}

/* ---- one function per kind of unit ---- */

static bool vtd_shape(const void *unit, const void *kernel, enum domain_use use,
		      struct domain_shape *out)
{
	return vtd_domain(unit, kernel, use, out);
}

static void vtd_unit_domain(const struct iof_host *host, const struct iommu_unit *unit,
			    const struct guess *guess, struct unit_domain *domain)
{
	struct vtd_unit vtd = {
		.cap = unit->cap,
		.ecap = unit->ecap,
		.scalable = guess->scalable,
		.no_super_pages = cmdline_word(host->cmdline, "intel_iommu", "sp_off"),
	};

	if (unit->has_cap && unit->has_ecap)
		take_shapes(domain, vtd_shape, &vtd,
			    vtd_kernel(guess->kernel_major, guess->kernel_minor));
}

static bool amdvi_shape(const void *unit, const void *kernel, enum domain_use use,
			struct domain_shape *out)
{
	return amdvi_domain(unit, kernel, use, out);
}

static void amdvi_unit_domain(const struct iof_host *host, const struct iommu_unit *unit,
			      const struct guess *guess, struct unit_domain *domain)
{
	const char *cmdline = host->cmdline;
	struct amdvi_unit amdvi = {
		.efr = unit->efr,
		.efr2 = unit->efr2,
		.va_size = guess->va_size,
		.prefers_v2 = cmdline_last(cmdline, "amd_iommu", "pgtbl_v1", "pgtbl_v2") == 2,
		.la57 = host->cpu.la57,
		.snp_active = host->snp_host,
		.no_huge_pages = cmdline_word(cmdline, "amd_iommu", "nohugepages"),
		.v2_page_sizes = cmdline_word(cmdline, "amd_iommu", "v2_pgsizes_only"),
	};

	if (unit->has_efr)
		take_shapes(domain, amdvi_shape, &amdvi,
			    amdvi_kernel(guess->kernel_major, guess->kernel_minor));
}

static bool smmuv3_shape(const void *unit, const void *kernel, enum domain_use use,
			 struct domain_shape *out)
{
	return smmuv3_domain(unit, kernel, use, out);
}

/* The driver's own conclusions, as the log has them, come before the registers that it draws them
 * from: firmware and errata count, too. The log does not tell the granules. */
static void smmuv3_known(const struct iof_host *host, const struct iommu_unit *unit,
			 struct smmuv3_unit *out)
{
	struct smmuv3_unit registers = {0};

	if (unit->has_idr) {
		smmuv3_from_registers(unit->idr, &registers);
		registers.nesting &= !smmuv3_nesting_erratum(unit->iidr);
		*out = registers;
	}
	if (!unit->has_smmu_features)
		return;
	smmuv3_from_features(unit->smmu_features, unit->oas, out);
	/* What another kernel would write is not known. */
	if (!host->kernel_assumed && kernel_at_least(host, 6, 5))
		out->nesting &= smmuv3_feature_nesting(unit->smmu_features);
	if (unit->has_idr) {
		out->granules = registers.granules;
		/* Kernels before 6.11 do not write whether they could track dirty pages. */
		out->dirty |= host->kernel_assumed && registers.dirty;
	}
}

static void smmuv3_unit_domain(const struct iof_host *host, const struct iommu_unit *unit,
			       const struct guess *guess, struct unit_domain *domain)
{
	struct smmuv3_unit smmu = {0};
	bool guessed = !unit->has_idr && !unit->has_smmu_features;

	if (!guessed) {
		smmuv3_known(host, unit, &smmu);
	} else {
		smmu.stage1 = !guess->stage2_only;
		smmu.stage2 = guess->stage2_only;
		smmu.vax = guess->vax;
		smmu.oas = guess->width;
		smmu.granules = SMMUV3_GRANULE_4K | SMMUV3_GRANULE_16K | SMMUV3_GRANULE_64K;
	}
	smmu.va_bits = guess->va_bits;
	smmu.cpu_page = host->page_size;
	take_shapes(domain, smmuv3_shape, &smmu,
		    smmuv3_kernel(guess->kernel_major, guess->kernel_minor));
	if (guessed) {
		domain->nest_parent = TRI_UNKNOWN;
		domain->dirty_tracking = TRI_UNKNOWN;
		domain->pasid = TRI_UNKNOWN;
	}
}

/* Linux 7.2 drivers/iommu/arm/arm-smmu/arm-smmu.c: one kind of domain, no more. */
static void smmuv2_unit_domain(const struct iof_host *host, const struct iommu_unit *unit,
			       const struct guess *guess, struct unit_domain *domain)
{
	unsigned width = smmuv2_width(unit);

	(void)guess;
	no_domain(domain);
	domain->known = width != 0;
	domain->aperture_first = 0;
	domain->aperture_last = last_address(width);
	domain->first_stage = unit->stage1_bits != 0;
	domain->page_sizes = smmuv2_pages(unit, host->page_size);
}

/* Linux 7.2 drivers/iommu/virtio-iommu.c: the geometry is the device's input range, and there is
 * nothing else. */
static void virtio_unit_domain(const struct iof_host *host, const struct iommu_unit *unit,
			       const struct guess *guess, struct unit_domain *domain)
{
	unsigned bits = unit->input_bits ? unit->input_bits : guess->width;

	(void)host;
	no_domain(domain);
	domain->known = bits != 0;
	domain->aperture_first = 0;
	domain->aperture_last = last_address(bits);
	domain->page_sizes = unit->page_mask ? unit->page_mask : ~UINT64_C(0xfff);
}

static const struct {
	enum iof_iommu kind;
	void (*fill)(const struct iof_host *, const struct iommu_unit *, const struct guess *,
		     struct unit_domain *);
} kinds[] = {
	{IOF_IOMMU_INTEL_VTD, vtd_unit_domain},	    {IOF_IOMMU_AMD_VI, amdvi_unit_domain},
	{IOF_IOMMU_ARM_SMMUV3, smmuv3_unit_domain}, {IOF_IOMMU_ARM_SMMUV2, smmuv2_unit_domain},
	{IOF_IOMMU_VIRTIO, virtio_unit_domain},
};

/* ---- worlds ---- */

static bool same_addresses(const struct unit_domain *a, const struct unit_domain *b)
{
	return a->known == b->known && a->aperture_first == b->aperture_first &&
	       a->aperture_last == b->aperture_last && a->page_sizes == b->page_sizes &&
	       a->first_stage == b->first_stage;
}

/* Whether two worlds give the same addresses in all units. */
static bool same_world(const struct iof_host *host, size_t a, size_t b)
{
	for (size_t i = 0; i < host->n_units; i++)
		if (!same_addresses(&host->units[i].domain[a], &host->units[i].domain[b]))
			return false;
	return true;
}

static void merge(enum tristate *into, enum tristate from, bool *differs)
{
	if (*into == from)
		return;
	*into = TRI_UNKNOWN;
	*differs = true;
}

/* 0: not known, or there is no such domain. */
static uint64_t lower_end(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a | b;
	return a < b ? a : b;
}

/* Worlds that differ only in what domains can do besides are one, in which just that is unknown. */
static void merge_world(struct iof_host *host, size_t into, size_t from, bool *differs)
{
	for (size_t i = 0; i < host->n_units; i++) {
		struct unit_domain *a = &host->units[i].domain[into];
		const struct unit_domain *b = &host->units[i].domain[from];

		a->nest_last = lower_end(a->nest_last, b->nest_last);
		a->dirty_last = lower_end(a->dirty_last, b->dirty_last);
		merge(&a->nest_parent, b->nest_parent, differs);
		merge(&a->dirty_tracking, b->dirty_tracking, differs);
		merge(&a->pasid, b->pasid, differs);
	}
}

static void fill_world(struct iof_host *host, const struct guess *guess, size_t world)
{
	bool kept = !host->n_measured && !host->kernel_assumed;

	for (size_t i = 0; i < host->n_units; i++) {
		struct iommu_unit *unit = &host->units[i];

		/* A profile that says only that a unit's domain was measured. */
		if (kept && unit->provenance == IOF_PROVENANCE_MEASURED && unit->domain[0].known) {
			unit->domain[world] = unit->domain[0];
			continue;
		}
		memset(&unit->domain[world], 0, sizeof(unit->domain[world]));
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			if (kinds[k].kind == unit->kind)
				kinds[k].fill(host, unit, guess, &unit->domain[world]);
	}
}

/* Each guess as a world, and how many of the measured facts it contradicts. */
static int fill_worlds(struct iof_host *host, const struct guess *guesses, size_t n,
		       unsigned against[MAX_WORLDS])
{
	struct arena *scratch = arena_new(4096);
	struct measured_facts *facts = NULL;
	int err = scratch ? measured_collect(host, scratch, &facts) : -ENOMEM;

	for (size_t g = 0; g < n && !err; g++) {
		against[g] = 0;
		fill_world(host, &guesses[g], g);
		for (size_t i = 0; facts && i < host->n_units && !err; i++)
			err = measured_overlay(scratch, &facts[i], &host->units[i].domain[g],
					       &against[g]);
	}
	for (size_t i = 0; facts && i < host->n_units && !err; i++) {
		host->units[i].aperture_is_measured = facts[i].has_aperture;
		if (facts[i].has_aperture)
			host->units[i].provenance = IOF_PROVENANCE_MEASURED;
	}
	arena_free(scratch);
	return err;
}

static unsigned least(const unsigned *numbers, size_t n)
{
	unsigned found = numbers[0];

	for (size_t i = 1; i < n; i++)
		found = numbers[i] < found ? numbers[i] : found;
	return found;
}

/* Scalable mode, if all worlds that are left have it, or none has. */
static void learn_scalable(struct iof_host *host, const struct guess *guesses, size_t n,
			   const unsigned *against, unsigned allowed)
{
	bool on = false, off = false;

	if (host->iommu != IOF_IOMMU_INTEL_VTD || host->scalable_mode != TRI_UNKNOWN)
		return;
	for (size_t g = 0; g < n; g++) {
		on |= against[g] == allowed && guesses[g].scalable;
		off |= against[g] == allowed && !guesses[g].scalable;
	}
	if (on == off || !host->n_measured)
		return;
	host->scalable_mode = on ? TRI_YES : TRI_NO;
	host->scalable_is_learned = true;
}

static void move_world(struct iof_host *host, size_t to, size_t from)
{
	for (size_t i = 0; i < host->n_units && to != from; i++)
		host->units[i].domain[to] = host->units[i].domain[from];
}

static int find_worlds(struct iof_host *host)
{
	struct guess guesses[MAX_WORLDS];
	size_t n = host_guesses(host, guesses), kept = 0;
	unsigned against[MAX_WORLDS], allowed;
	bool differs = false;
	int err = fill_worlds(host, guesses, n, against);

	if (err)
		return err;
	allowed = least(against, n);
	learn_scalable(host, guesses, n, against, allowed);
	for (size_t g = 0; g < n; g++) {
		size_t same = 0;

		if (against[g] > allowed)
			continue;
		move_world(host, kept, g);
		while (same < kept && !same_world(host, same, kept))
			same++;
		if (same < kept) {
			merge_world(host, same, kept, &differs);
			continue;
		}
		host->world_text[kept++] = guesses[g].text;
	}
	host->n_worlds = kept;
	if (kept == 1 && !differs && host->iommu != IOF_IOMMU_UNKNOWN) {
		host->missing_fact = NULL;
		host->missing_how = NULL;
		host->world_text[0] = NULL;
	}
	return 0;
}

/* What is unknown in a way that has no set of values. */
static const struct {
	enum iof_iommu kind; /* OTHER: any */
	const char *fact, *how;
} unknown_widths[] = {
	{IOF_IOMMU_ARM_SMMUV2,
	 "the address width of the SMMUv2, which its upstream bus and its stages bound",
	 "run as root, which may read the kernel log (lines with arm-smmu: \"Stage-1: 48-bit VA -> "
	 "48-bit IPA\"), or ask the kernel with a device bound to vfio-pci (iommufit probe)"},
	{IOF_IOMMU_OTHER, "how wide the addresses of this IOMMU are",
	 "ask the kernel with a device bound to vfio-pci (iommufit probe)"},
};

static void note_unknown(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units && !host->missing_fact; i++) {
		size_t k = 0;

		if (host->units[i].domain[0].known)
			continue;
		while (unknown_widths[k].kind != IOF_IOMMU_OTHER &&
		       unknown_widths[k].kind != host->units[i].kind)
			k++;
		host->missing_fact = unknown_widths[k].fact;
		host->missing_how = unknown_widths[k].how;
	}
	for (size_t i = 0; i < host->n_units && !host->missing_fact; i++) {
		if (host->units[i].kind != IOF_IOMMU_ARM_SMMUV3 ||
		    host->units[i].domain[0].nest_parent != TRI_UNKNOWN)
			continue;
		host->missing_fact = "whether the SMMU can nest";
		host->missing_how = "run as root, which may read the kernel log (lines with "
				    "arm-smmu-v3), or ask the kernel with a device bound to "
				    "vfio-pci (iommufit probe)";
	}
}

/* ---- ranges ---- */

int group_subtract(const struct iommu_group *group, struct interval_set *set)
{
	int err = 0;

	for (size_t i = 0; !err && i < group->n_regions; i++)
		if (group->regions[i].type != REGION_DIRECT_RELAXABLE)
			err = interval_subtract(set, group->regions[i].first,
						group->regions[i].last);
	return err;
}

/* What was told, or else an aperture, less the group's reserved regions: what was told of a domain
 * that no device was attached to still has them. */
static int usable(const struct iommu_group *group, const struct measured_domain *told,
		  uint64_t first, uint64_t last, struct interval_set *set)
{
	int err = 0;

	if (told) {
		for (size_t i = 0; !err && i < told->n_ranges; i++)
			err = interval_add(set, told->ranges[i].first, told->ranges[i].last);
	} else if (first <= last) {
		err = interval_add(set, first, last);
	}
	return err ? err : group_subtract(group, set);
}

/* The same for a use that the kernel may have no domain for, or whose end nobody knows. */
static int usable_for(const struct iommu_group *group, const struct measured_device *device,
		      enum measured_use use, enum tristate can, uint64_t last,
		      struct interval_set *set)
{
	const struct measured_domain *told = device ? measured_ranges(device, use) : NULL;

	if (!told && (can != TRI_YES || !last))
		return 0;
	return usable(group, told, 0, last, set);
}

static int fill_uses(const struct iommu_group *group, const struct measured_device *device,
		     const struct unit_domain *domain, struct arena *arena, struct device_iova *out)
{
	struct interval_set nest = {.arena = arena}, dirty = {.arena = arena};
	int err = usable_for(group, device, MEASURED_NEST_PARENT, domain->nest_parent,
			     domain->nest_last, &nest);

	if (!err)
		err = usable_for(group, device, MEASURED_DIRTY_TRACKING, domain->dirty_tracking,
				 domain->dirty_last, &dirty);
	out->nest_ranges = nest.ranges;
	out->n_nest = nest.n;
	out->nest_width = ranges_width(nest.ranges, nest.n);
	out->dirty_ranges = dirty.ranges;
	out->n_dirty = dirty.n;
	out->dirty_width = ranges_width(dirty.ranges, dirty.n);
	return err;
}

/* Linux 7.2 drivers/vfio/vfio_iommu_type1.c vfio_update_pgsize_bitmap: what is smaller than the
 * CPU's page is mapped by several of the unit's. */
uint64_t type1_page_sizes(uint64_t domain, unsigned cpu_page)
{
	uint64_t page = cpu_page ? cpu_page : 0x1000;

	return domain & (page - 1) ? (domain & ~(page - 1)) | page : domain;
}

static int fill_iova(struct iof_host *host, const struct iommu_group *group,
		     const struct iof_device *dev, size_t world, struct device_iova *out)
{
	const struct unit_domain *domain = &dev->unit->domain[world];
	const struct measured_domain *told = dev->measured ? measured_plain(dev->measured) : NULL;
	struct interval_set set = {.arena = host->arena};
	int err;

	if (!domain->known)
		return 0;
	err = usable(group, told, domain->aperture_first, domain->aperture_last, &set);
	if (!err)
		err = fill_uses(group, dev->measured, domain, host->arena, out);
	if (err)
		return err;
	out->ranges = set.ranges;
	out->n = set.n;
	out->width = set.n ? ranges_width(set.ranges, set.n) : 64;
	out->page_sizes = type1_page_sizes(domain->page_sizes, host->page_size);
	out->alignment = domain->page_sizes & -domain->page_sizes;
	out->known = told || group->regions_provenance != IOF_PROVENANCE_UNKNOWN;
	return 0;
}

static int fill_group(struct iof_host *host, struct iommu_group *group)
{
	const struct iof_device *like = NULL; /* the last that was not asked itself */
	int err = 0;

	for (size_t d = 0; !err && d < group->n_devices; d++) {
		struct iof_device *dev = group->devices[d];

		memset(dev->iova, 0, sizeof(dev->iova));
		dev->iova_is_measured = dev->measured && measured_plain(dev->measured);
		if (like && !dev->measured && dev->unit == like->unit) {
			memcpy(dev->iova, like->iova, sizeof(dev->iova));
			continue;
		}
		for (size_t w = 0; dev->unit && !err && w < host->n_worlds; w++)
			err = fill_iova(host, group, dev, w, &dev->iova[w]);
		if (!dev->measured)
			like = dev;
	}
	return err;
}

int host_finish(struct iof_ctx *ctx, struct iof_host *host)
{
	int err;

	for (size_t i = 0; i < host->n_devices; i++)
		host->devices[i].host = host;
	for (size_t i = 0; i < host->n_units; i++)
		host->units[i].errata_772415 = TRI_UNKNOWN;
	measured_registers(host);
	if (host->kernel_assumed)
		measured_forget(host);
	err = find_worlds(host);
	note_unknown(host);
	derive_nesting(host);
	for (size_t i = 0; !err && i < host->n_groups; i++)
		err = fill_group(host, &host->groups[i]);
	return err ? ctx_fail(ctx, err, "out of memory") : 0;
}
