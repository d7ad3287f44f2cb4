// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iova.c - what a domain of each unit can do under the kernel at hand, and from it and the reserved
 * regions the usable IOVA ranges of each device, in every world.
 */
#include "host/amdvi.h"
#include "host/finish.h"
#include "host/loader.h"
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

static void smmuv3_unit_domain(const struct iof_host *host, const struct iommu_unit *unit,
			       const struct guess *guess, struct unit_domain *domain)
{
	struct smmuv3_unit smmu = {0};
	bool guessed = !unit->has_idr && !unit->has_smmu_features;

	if (unit->has_idr) {
		smmuv3_from_registers(unit->idr, &smmu);
	} else if (unit->has_smmu_features) {
		smmuv3_from_features(unit->smmu_features, unit->oas, &smmu);
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
	{IOF_IOMMU_INTEL_VTD, vtd_unit_domain},
	{IOF_IOMMU_AMD_VI, amdvi_unit_domain},
	{IOF_IOMMU_ARM_SMMUV3, smmuv3_unit_domain},
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

/* Worlds that differ only in what domains can do besides are one, in which just that is unknown. */
static void merge_world(struct iof_host *host, size_t into, size_t from, bool *differs)
{
	for (size_t i = 0; i < host->n_units; i++) {
		struct unit_domain *a = &host->units[i].domain[into];
		const struct unit_domain *b = &host->units[i].domain[from];

		if (b->nest_last && (!a->nest_last || b->nest_last < a->nest_last))
			a->nest_last = b->nest_last;
		merge(&a->nest_parent, b->nest_parent, differs);
		merge(&a->dirty_tracking, b->dirty_tracking, differs);
		merge(&a->pasid, b->pasid, differs);
	}
}

static void fill_world(struct iof_host *host, const struct guess *guess, size_t world)
{
	for (size_t i = 0; i < host->n_units; i++) {
		struct iommu_unit *unit = &host->units[i];

		/* What the kernel itself said needs no derivation. */
		if (unit->provenance == IOF_PROVENANCE_MEASURED && unit->domain[0].known) {
			unit->domain[world] = unit->domain[0];
			continue;
		}
		memset(&unit->domain[world], 0, sizeof(unit->domain[world]));
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			if (kinds[k].kind == unit->kind)
				kinds[k].fill(host, unit, guess, &unit->domain[world]);
	}
}

static void find_worlds(struct iof_host *host)
{
	struct guess guesses[MAX_WORLDS];
	size_t n = host_guesses(host, guesses), kept = 0;
	bool differs = false;

	for (size_t g = 0; g < n; g++) {
		size_t same = 0;

		fill_world(host, &guesses[g], kept);
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
}

/* What is unknown in a way that has no set of values. */
static void note_unknown(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units && !host->missing_fact; i++) {
		if (host->units[i].domain[0].known)
			continue;
		host->missing_fact = "how wide the addresses of this IOMMU are";
		host->missing_how =
			"ask the kernel with a device bound to vfio-pci (iommufit probe)";
	}
}

/* ---- ranges ---- */

/* An aperture less the group's reserved regions; the relaxable ones are usable. */
static int usable(const struct iommu_group *group, uint64_t first, uint64_t last,
		  struct interval_set *set)
{
	int err = first <= last ? interval_add(set, first, last) : 0;

	for (size_t i = 0; !err && i < group->n_regions; i++)
		if (group->regions[i].type != REGION_DIRECT_RELAXABLE)
			err = interval_subtract(set, group->regions[i].first,
						group->regions[i].last);
	return err;
}

static int fill_iova(struct iof_host *host, const struct iommu_group *group,
		     const struct iommu_unit *unit, size_t world, struct device_iova *out)
{
	const struct unit_domain *domain = &unit->domain[world];
	struct interval_set set = {.arena = host->arena}, nest = {.arena = host->arena};
	int err;

	if (!domain->known)
		return 0;
	err = usable(group, domain->aperture_first, domain->aperture_last, &set);
	if (!err && domain->nest_parent == TRI_YES)
		err = usable(group, 0, domain->nest_last, &nest);
	if (err)
		return err;
	out->nest_width = ranges_width(nest.ranges, nest.n);
	out->ranges = set.ranges;
	out->n = set.n;
	out->width = set.n ? ranges_width(set.ranges, set.n) : 64;
	out->page_sizes = domain->page_sizes;
	out->known = group->regions_provenance != IOF_PROVENANCE_UNKNOWN;
	return 0;
}

static int fill_group(struct iof_host *host, struct iommu_group *group)
{
	int err = 0;

	for (size_t d = 0; !err && d < group->n_devices; d++) {
		struct iof_device *dev = group->devices[d];

		memset(dev->iova, 0, sizeof(dev->iova));
		if (d && dev->unit == group->devices[d - 1]->unit) {
			memcpy(dev->iova, group->devices[d - 1]->iova, sizeof(dev->iova));
			continue;
		}
		for (size_t w = 0; dev->unit && !err && w < host->n_worlds; w++)
			err = fill_iova(host, group, dev->unit, w, &dev->iova[w]);
	}
	return err;
}

int host_finish(struct iof_ctx *ctx, struct iof_host *host)
{
	int err = 0;

	for (size_t i = 0; i < host->n_devices; i++)
		host->devices[i].host = host;
	find_worlds(host);
	note_unknown(host);
	for (size_t i = 0; !err && i < host->n_groups; i++)
		err = fill_group(host, &host->groups[i]);
	return err ? ctx_fail(ctx, err, "out of memory") : 0;
}
