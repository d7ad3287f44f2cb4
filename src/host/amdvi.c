/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and places: AMD 48882 sections 3.4.1 (MMIO 0030h) and 3.4.8 (MMIO 01A0h). */
#include "host/amdvi.h"

#include <errno.h>

#include "base/strings.h"

/* clang-format off */
const struct reg_field amdvi_efr_fields[] = {
	{"PrefSup", 0, 0, "prefetch command"},
	{"PPRSup", 1, 1, "peripheral page requests (PRI)"},
	{"XTSup", 2, 2, "x2APIC"},
	{"NXSup", 3, 3, "no-execute"},
	{"GTSup", 4, 4, "guest (v2) tables; 0 when firmware switched SNP on"},
	{"GAPPISup", 5, 5, "guest APIC physical interrupts"},
	{"IASup", 6, 6, "invalidate-all command"},
	{"GASup", 7, 7, "guest virtual APIC"},
	{"HESup", 8, 8, "hardware error registers"},
	{"PCSup", 9, 9, "performance counters"},
	{"HATS", 10, 11, "host table levels: 0 = 4, 1 = 5, 2 = 6, 3 = no host tables"},
	{"GATS", 12, 13, "guest table levels: 0 = 4, 1 = 5"},
	{"GLXSup", 14, 15, "levels of the PASID table less one"},
	{"SmiFSup", 16, 17, "SMI filter"},
	{"SmiFRC", 18, 20, "SMI filter registers, log2"},
	{"GAMSup", 21, 23, "guest virtual APIC modes"},
	{"DualPprLogSup", 24, 25, "two page-request logs"},
	{"DualEventLogSup", 28, 29, "two event logs"},
	{"PASmax", 32, 36, "PASID bits less one"},
	{"USSup", 37, 37, "user and supervisor pages"},
	{"DevTblSegSup", 38, 39, "device table segments"},
	{"PprOvrflwEarlySup", 40, 40, "early warning of page-request overflow"},
	{"PPRAutoRspSup", 41, 41, "automatic page responses"},
	{"MarcSup", 42, 43, "memory access routing and control"},
	{"BlkStopMrkSup", 44, 44, "block stop marks"},
	{"PerfOptSup", 45, 45, "performance optimisation"},
	{"MsiCapMmioSup", 46, 46, "MSI capability through MMIO"},
	{"GIOSup", 48, 48, "guest I/O protection"},
	{"HASup", 49, 49, "host accessed bits"},
	{"EPHSup", 50, 50, "enhanced page-request handling"},
	{"AttrFWSup", 51, 51, "attribute forwarding"},
	{"HDSup", 52, 52, "host dirty bits"},
	{"InvIotlbTypeSup", 54, 54, "invalidation type of device TLBs"},
	{"GAUpdateDisSup", 62, 62, "updates of the guest APIC table can be off"},
	{"SNPSup", 63, 63, "secure nested paging"},
	{0},
};

const struct reg_field amdvi_efr2_fields[] = {
	{"SNPIOSup", 1, 1, "trusted I/O (SEV-TIO)"},
	{"GCR3TRPMode", 3, 3, "guest table pointer is a guest physical address: nesting"},
	{"SNPAVICSup", 5, 7, "guest virtual APIC with SNP"},
	{"NumIntRemapSup", 8, 9, "interrupt remapping entries"},
	{"HTRangeIgnore", 11, 11, "the HyperTransport range is ordinary memory"},
	{0},
};
/* clang-format on */

/*
 * Newest first. Generic page tables with 6.19; nesting came after it. A v2 width of 6.1 has its top
 * bit, that of 6.12 has not; between them the narrower is taken. DIRTY_TRACKING 6.7, PASID
 * flag 6.14. Pages end below 2^52 in 6.12.117 and newer, at 2^63 in 6.1.176: no mapping is so large
 * that it would matter in which version between.
 */
static const struct amdvi_kernel kernels[] = {
	{7, 0, 51, true, true, true, true, true},      {6, 19, 51, true, true, false, true, true},
	{6, 14, 51, false, true, false, true, true},   {6, 12, 51, false, true, false, true, false},
	{6, 7, 63, false, true, false, true, false},   {6, 2, 63, false, true, false, false, false},
	{0, 0, 63, false, false, false, false, false},
};

const struct amdvi_kernel *amdvi_kernel(unsigned major, unsigned minor)
{
	const struct amdvi_kernel *kernel = kernels;

	if (major == 0)
		return kernel;
	while (kernel->major > major || (kernel->major == major && kernel->minor > minor))
		kernel++;
	return kernel;
}

int amdvi_parse_features(const char *text, uint64_t *efr, uint64_t *efr2)
{
	const char *colon = strchr(text, ':');
	uint64_t first, second = 0;

	if (parse_u64n(text, colon ? (size_t)(colon - text) : strlen(text), 16, UINT64_MAX, &first))
		return -EBADMSG;
	if (colon && parse_u64(colon + 1, 16, UINT64_MAX, &second))
		return -EBADMSG;
	*efr = first > second ? first : second;
	*efr2 = first > second ? second : first;
	return 0;
}

unsigned amdvi_hats(uint64_t efr)
{
	return (unsigned)reg_bits(efr, 10, 11);
}

unsigned amdvi_host_levels(uint64_t efr)
{
	return amdvi_hats(efr) == 3 ? 0 : amdvi_hats(efr) + 4;
}

static bool guest_tables(uint64_t efr)
{
	return reg_bits(efr, 4, 4);
}

unsigned amdvi_guest_levels(uint64_t efr)
{
	if (!guest_tables(efr))
		return 0;
	return reg_bits(efr, 12, 13) == 1 ? 5 : 4;
}

unsigned amdvi_pasid_bits(uint64_t efr)
{
	return guest_tables(efr) ? (unsigned)reg_bits(efr, 32, 36) + 1 : 0;
}

bool amdvi_dirty(uint64_t efr)
{
	return reg_bits(efr, 49, 49) && reg_bits(efr, 52, 52);
}

bool amdvi_v2_tables(uint64_t efr)
{
	return guest_tables(efr) && reg_bits(efr, 48, 48);
}

bool amdvi_nest_parent(uint64_t efr, uint64_t efr2)
{
	return amdvi_v2_tables(efr) && reg_bits(efr2, 3, 3);
}

bool amdvi_snp(uint64_t efr)
{
	return reg_bits(efr, 63, 63);
}

bool amdvi_ht_range_ignored(uint64_t efr2)
{
	return reg_bits(efr2, 11, 11);
}

/* 0: no host tables. Older kernels grow the table as needed and offer everything. */
unsigned amdvi_v1_width(const struct amdvi_unit *unit, const struct amdvi_kernel *kernel)
{
	unsigned said = unit->va_size ? unit->va_size : 64;
	unsigned levels = amdvi_host_levels(unit->efr);
	unsigned table = levels * 9 + 12;

	if (!kernel->generic_tables)
		return 64;
	if (levels == 0)
		return 0;
	if (said > 64)
		said = 64;
	return table < said ? table : said;
}

unsigned amdvi_v2_width(const struct amdvi_unit *unit, const struct amdvi_kernel *kernel)
{
	unsigned width = amdvi_guest_levels(unit->efr) == 5 && unit->la57 ? 57 : 48;

	return kernel->v2_sign_extended ? width - 1 : width;
}

#define PAGE_4K UINT64_C(0x1000)
#define PAGE_2M UINT64_C(0x200000)
#define PAGE_1G UINT64_C(0x40000000)
#define PAGE_512G (UINT64_C(1) << 39)

/* Bits lo to hi. */
static uint64_t sizes(unsigned lo, unsigned hi)
{
	return reg_bits(UINT64_MAX, 0, hi - lo) << lo;
}

/*
 * v1 tables hold every power of two but 512 GiB, which hardware gets wrong. The generic code (6.19,
 * include/linux/generic_pt) offers what each level can hold, as long as one entry of the level (12,
 * 21, 30, 39, 48 bits) is smaller than the width: its entry up to half of its table, and at most
 * 2^51, as addresses have 52 bits. Hence 0xfff7ffffff000 for 64 bits and 0xff7ffffff000 for 40 to
 * 48 bits.
 */
static uint64_t generic_v1_pages(unsigned width)
{
	uint64_t pages = 0;

	for (unsigned entry = 12; entry <= 48 && entry < width; entry += 9)
		pages |= sizes(entry, entry + 8 > 51 ? 51 : entry + 8);
	return pages & ~PAGE_512G;
}

uint64_t amdvi_v1_pages(const struct amdvi_unit *unit, const struct amdvi_kernel *kernel)
{
	uint64_t pages;

	if (kernel->generic_tables)
		pages = generic_v1_pages(amdvi_v1_width(unit, kernel));
	else
		pages = sizes(12, kernel->top_page) & ~PAGE_512G;
	if (unit->no_huge_pages)
		return pages & PAGE_4K;
	if (unit->v2_page_sizes)
		return pages & (PAGE_4K | PAGE_2M | PAGE_1G);
	return pages;
}

uint64_t amdvi_v2_pages(const struct amdvi_unit *unit)
{
	return unit->no_huge_pages ? PAGE_4K : PAGE_4K | PAGE_2M | PAGE_1G;
}

/* The guest table must have the depth of the CPU's, and page requests must be there. */
static bool pasid_supported(const struct amdvi_unit *unit)
{
	if (unit->la57 && amdvi_guest_levels(unit->efr) != 5)
		return false;
	return amdvi_v2_tables(unit->efr) && reg_bits(unit->efr, 1, 1) && !unit->snp_active;
}

static bool allowed(const struct amdvi_unit *unit, const struct amdvi_kernel *kernel,
		    enum domain_use use)
{
	switch (use) {
	case DOMAIN_NEST_PARENT:
		return kernel->knows_nest_parent && amdvi_nest_parent(unit->efr, unit->efr2);
	case DOMAIN_DIRTY_TRACKING:
		return kernel->knows_dirty && amdvi_dirty(unit->efr);
	case DOMAIN_PASID:
		return kernel->knows_pasid && pasid_supported(unit);
	case DOMAIN_PLAIN:
		break;
	}
	return true;
}

bool amdvi_domain(const struct amdvi_unit *unit, const struct amdvi_kernel *kernel,
		  enum domain_use use, struct domain_shape *out)
{
	bool v1 = amdvi_v1_width(unit, kernel) != 0;

	if (!allowed(unit, kernel, use))
		return false;
	out->first_stage =
		use == DOMAIN_PASID || (use == DOMAIN_PLAIN && (unit->prefers_v2 || !v1));
	/* pgtbl_v2 falls back where the unit has no such tables. */
	if (use == DOMAIN_PLAIN && !amdvi_v2_tables(unit->efr))
		out->first_stage = false;
	if (!out->first_stage && !v1)
		return false;
	if (out->first_stage) {
		out->width = amdvi_v2_width(unit, kernel);
		out->page_sizes = amdvi_v2_pages(unit);
	} else {
		out->width = amdvi_v1_width(unit, kernel);
		out->page_sizes = amdvi_v1_pages(unit, kernel);
	}
	return true;
}
