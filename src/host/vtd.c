/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and places: VT-d 4.1 sections 11.4.2 and 11.4.3; what older revisions named is kept. */
#include "host/vtd.h"

#include "base/strings.h"

/* clang-format off */
const struct reg_field vtd_cap_fields[] = {
	{"ND", 0, 2, "domain ids: 2^(4 + 2 ND)"},
	{"AFL", 3, 3, "advanced fault logging"},
	{"RWBF", 4, 4, "write buffers must be flushed"},
	{"PLMR", 5, 5, "protected low memory region"},
	{"PHMR", 6, 6, "protected high memory region"},
	{"CM", 7, 7, "caching mode: not-present entries may be cached, as virtual units say"},
	{"SAGAW", 8, 12, "second-stage table depths: bit n = n + 2 levels, 30 + 9 n bits"},
	{"MGAW", 16, 21, "input address width of the second stage, bits less one"},
	{"ZLR", 22, 22, "zero-length reads of write-only pages"},
	{"DEP", 23, 23, "isochronous requests (deprecated)"},
	{"FRO", 24, 33, "fault recording registers at 16 FRO"},
	{"SSLPS", 34, 37, "second-stage large pages: 2 MiB, 1 GiB, 512 GiB, 1 TiB"},
	{"PSI", 39, 39, "page-selective invalidation"},
	{"NFR", 40, 47, "fault recording registers less one"},
	{"MAMV", 48, 53, "largest address mask of a page-selective invalidation"},
	{"DWD", 54, 54, "write draining"},
	{"DRD", 55, 55, "read draining"},
	{"FS1GP", 56, 56, "first-stage 1 GiB pages"},
	{"PI", 59, 59, "posted interrupts"},
	{"FS5LP", 60, 60, "first-stage 5-level tables"},
	{"ECMDS", 61, 61, "enhanced commands"},
	{"ESIRTPS", 62, 62, "setting the interrupt table invalidates caches"},
	{"ESRTPS", 63, 63, "setting the root table invalidates caches"},
	{0},
};

const struct reg_field vtd_ecap_fields[] = {
	{"C", 0, 0, "table walks are coherent"},
	{"QI", 1, 1, "queued invalidation"},
	{"DT", 2, 2, "device TLBs (ATS)"},
	{"IR", 3, 3, "interrupt remapping"},
	{"EIM", 4, 4, "x2APIC interrupt mode"},
	{"PT", 6, 6, "hardware pass-through"},
	{"SC", 7, 7, "snoop control"},
	{"IRO", 8, 17, "IOTLB registers at 16 IRO"},
	{"MHMV", 20, 23, "largest handle mask of an interrupt invalidation"},
	{"ECS", 24, 24, "extended context entries (obsolete)"},
	{"MTS", 25, 25, "memory types"},
	{"NEST", 26, 26, "nested translation; means nothing without SMTS"},
	{"DIS", 27, 27, "deferred invalidation (obsolete)"},
	{"BROKEN_PASID", 28, 28, "process address spaces (obsolete place)"},
	{"PRS", 29, 29, "page requests"},
	{"ERS", 30, 30, "execute requests"},
	{"SRS", 31, 31, "supervisor requests"},
	{"NWFS", 33, 33, "no-write flag"},
	{"EAFS", 34, 34, "extended accessed flag"},
	{"PSS", 35, 39, "PASID bits less one"},
	{"PASID", 40, 40, "process address spaces"},
	{"DIT", 41, 41, "device-TLB invalidation throttling"},
	{"PDS", 42, 42, "page-request draining"},
	{"SMTS", 43, 43, "scalable mode"},
	{"VCS", 44, 44, "virtual commands"},
	{"SSADS", 45, 45, "second-stage accessed and dirty bits"},
	{"SSTS", 46, 46, "second stage in scalable mode"},
	{"FSTS", 47, 47, "first stage in scalable mode"},
	{"SMPWC", 48, 48, "table walks are coherent in scalable mode"},
	{"RPS", 49, 49, "PASID of requests without one"},
	{"PMS", 51, 51, "performance monitoring"},
	{"ADMS", 52, 52, "abort-DMA mode"},
	{"RPRIVS", 53, 53, "privilege of requests without PASID"},
	{0},
};
/* clang-format on */

/*
 * Newest first. Widths: 6.19 moved the driver to the generic page-table code. First stage by
 * default for user domains: between 6.12 and 7.2, about 6.14. HWPT flags: DIRTY_TRACKING and
 * NEST_PARENT 6.7 with their uapi (6.6 takes none); the PASID flag is taken (and ignored) with the
 * one allocation function of 6.14.
 */
static const struct vtd_kernel kernels[] = {
	{6, 19, true, true, true, true, true},
	{6, 14, false, true, true, true, true},
	{6, 7, false, false, true, true, false},
	{0, 0, false, false, false, false, false},
};

const struct vtd_kernel *vtd_kernel(unsigned major, unsigned minor)
{
	const struct vtd_kernel *kernel = kernels;

	if (major == 0)
		return kernel;
	while (kernel->major > major || (kernel->major == major && kernel->minor > minor))
		kernel++;
	return kernel;
}

unsigned vtd_mgaw(uint64_t cap)
{
	return (unsigned)reg_bits(cap, 16, 21) + 1;
}

unsigned vtd_sagaw(uint64_t cap)
{
	return (unsigned)reg_bits(cap, 8, 12);
}

/* Width of the deepest table format of a SAGAW-like mask; bit 4 (6 levels) makes 64, not 66. */
static unsigned deepest(unsigned sagaw)
{
	for (unsigned bit = 5; bit-- > 0;)
		if (sagaw >> bit & 1)
			return bit == 4 ? 64 : 30 + 9 * bit;
	return 0;
}

unsigned vtd_sagaw_width(uint64_t cap)
{
	return deepest(vtd_sagaw(cap));
}

bool vtd_caching_mode(uint64_t cap)
{
	return reg_bits(cap, 7, 7);
}

bool vtd_fs1gp(uint64_t cap)
{
	return reg_bits(cap, 56, 56);
}

bool vtd_fs5lp(uint64_t cap)
{
	return reg_bits(cap, 60, 60);
}

bool vtd_smts(uint64_t ecap)
{
	return reg_bits(ecap, 43, 43);
}

bool vtd_flts(uint64_t ecap)
{
	return reg_bits(ecap, 47, 47);
}

bool vtd_slts(uint64_t ecap)
{
	return reg_bits(ecap, 46, 46);
}

bool vtd_nest(uint64_t ecap)
{
	return reg_bits(ecap, 26, 26);
}

bool vtd_pasid(uint64_t ecap)
{
	return reg_bits(ecap, 40, 40);
}

unsigned vtd_pss(uint64_t ecap)
{
	return (unsigned)reg_bits(ecap, 35, 39);
}

unsigned vtd_pasid_bits(uint64_t ecap)
{
	return vtd_pasid(ecap) ? vtd_pss(ecap) + 1 : 0;
}

bool vtd_ssads(uint64_t ecap)
{
	return reg_bits(ecap, 45, 45);
}

bool vtd_smpwc(uint64_t ecap)
{
	return reg_bits(ecap, 48, 48);
}

bool vtd_snoop_control(uint64_t ecap)
{
	return reg_bits(ecap, 7, 7);
}

bool vtd_interrupt_remapping(uint64_t ecap)
{
	return reg_bits(ecap, 3, 3);
}

bool vtd_device_tlb(uint64_t ecap)
{
	return reg_bits(ecap, 2, 2);
}

static unsigned min_width(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool scalable(const struct vtd_unit *unit)
{
	return unit->scalable && vtd_smts(unit->ecap);
}

static bool has_first_stage(const struct vtd_unit *unit)
{
	return scalable(unit) && vtd_flts(unit->ecap);
}

static bool has_second_stage(const struct vtd_unit *unit)
{
	return !scalable(unit) || vtd_slts(unit->ecap);
}

/*
 * 6.19 and later (drivers/iommu/intel/iommu.c compute_vasz_lg2_ss). SAGAW is compared as a number:
 * a unit with only a deeper format passes for a shallower width and then uses the deeper table.
 */
static unsigned generic_second_stage(const struct vtd_unit *unit)
{
	static const struct {
		unsigned above, sagaw, width;
	} steps[] = {{48, 1u << 3, 57}, {39, 1u << 2, 48}, {30, 1u << 1, 39}};
	unsigned mgaw = vtd_mgaw(unit->cap), sagaw = vtd_sagaw(unit->cap);

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (mgaw > steps[i].above && sagaw >= steps[i].sagaw)
			return min_width(steps[i].width, mgaw);
	return 0;
}

/*
 * Up to 6.18: one table depth per unit, the deepest that all its stages can do (first stage: 4
 * levels, with FS5LP 5), at most 57 bits.
 */
static unsigned adjusted_width(const struct vtd_unit *unit)
{
	unsigned first = 1u << 2 | (vtd_fs5lp(unit->cap) ? 1u << 3 : 0);
	unsigned sagaw = vtd_sagaw(unit->cap) & 0xf;

	if (has_first_stage(unit))
		sagaw = has_second_stage(unit) ? sagaw & first : first;
	return min_width(deepest(sagaw), vtd_mgaw(unit->cap));
}

unsigned vtd_second_stage_width(const struct vtd_unit *unit, const struct vtd_kernel *kernel)
{
	return kernel->generic_tables ? generic_second_stage(unit) : adjusted_width(unit);
}

/* The first stage sign-extends: user space gets the lower half only. */
unsigned vtd_first_stage_width(const struct vtd_unit *unit, const struct vtd_kernel *kernel)
{
	unsigned mgaw = vtd_mgaw(unit->cap), width;

	if (!kernel->generic_tables)
		width = adjusted_width(unit);
	else
		width = min_width(mgaw > 48 && vtd_fs5lp(unit->cap) ? 57 : 48, mgaw);
	return width ? width - 1 : 0;
}

#define PAGE_4K UINT64_C(0x1000)
#define PAGE_2M UINT64_C(0x200000)
#define PAGE_1G UINT64_C(0x40000000)

/* Linux uses nothing larger than 1 GiB, whatever SSLPS says. */
uint64_t vtd_second_stage_pages(const struct vtd_unit *unit)
{
	uint64_t sslps = reg_bits(unit->cap, 34, 37);

	if (unit->no_super_pages)
		return PAGE_4K;
	return PAGE_4K | (sslps & 1 ? PAGE_2M : 0) | (sslps & 2 ? PAGE_1G : 0);
}

uint64_t vtd_first_stage_pages(const struct vtd_unit *unit)
{
	if (unit->no_super_pages)
		return PAGE_4K;
	return PAGE_4K | PAGE_2M | (vtd_fs1gp(unit->cap) ? PAGE_1G : 0);
}

static bool allowed(const struct vtd_unit *unit, const struct vtd_kernel *kernel,
		    enum domain_use use)
{
	switch (use) {
	case DOMAIN_NEST_PARENT:
		return kernel->knows_nest_parent && scalable(unit) && vtd_slts(unit->ecap) &&
		       vtd_nest(unit->ecap);
	case DOMAIN_DIRTY_TRACKING:
		return kernel->knows_dirty && scalable(unit) && vtd_slts(unit->ecap) &&
		       vtd_ssads(unit->ecap) && vtd_smpwc(unit->ecap);
	case DOMAIN_PASID:
		return kernel->knows_pasid;
	case DOMAIN_PLAIN:
		break;
	}
	return true;
}

bool vtd_domain(const struct vtd_unit *unit, const struct vtd_kernel *kernel, enum domain_use use,
		struct domain_shape *out)
{
	bool prefers_first = kernel->plain_first_stage || !has_second_stage(unit);

	if (!allowed(unit, kernel, use))
		return false;
	out->first_stage = (use == DOMAIN_PLAIN || use == DOMAIN_PASID) && prefers_first &&
			   has_first_stage(unit);
	if (!out->first_stage && !has_second_stage(unit))
		return false;
	if (out->first_stage) {
		out->width = vtd_first_stage_width(unit, kernel);
		out->page_sizes = vtd_first_stage_pages(unit);
	} else {
		out->width = vtd_second_stage_width(unit, kernel);
		out->page_sizes = vtd_second_stage_pages(unit);
	}
	return out->width != 0;
}
