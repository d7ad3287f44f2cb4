/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and places: Arm IHI 0070 sections 6.3.1 to 6.3.6; the driver's word: Linux arm-smmu-v3.h.
 */
#include "host/smmuv3.h"

#include "base/strings.h"

/* clang-format off */
const struct reg_field smmuv3_idr0_fields[] = {
	{"S2P", 0, 0, "stage 2"},
	{"S1P", 1, 1, "stage 1"},
	{"TTF", 2, 3, "table formats: 2 or 3 = AArch64"},
	{"COHACC", 4, 4, "coherent accesses"},
	{"BTM", 5, 5, "broadcast TLB maintenance"},
	{"HTTU", 6, 7, "hardware updates: 1 accessed, 2 and dirty, 3 and of tables"},
	{"DORMHINT", 8, 8, "dormant hint"},
	{"HYP", 9, 9, "hypervisor stage-1 contexts"},
	{"ATS", 10, 10, "address translation services"},
	{"NS1ATS", 11, 11, "no split-stage ATS"},
	{"ASID16", 12, 12, "16-bit ASIDs"},
	{"MSI", 13, 13, "own interrupts as MSI"},
	{"SEV", 14, 14, "wake-up events"},
	{"ATOS", 15, 15, "address translation operations"},
	{"PRI", 16, 16, "page requests"},
	{"VMW", 17, 17, "VMID wildcard"},
	{"VMID16", 18, 18, "16-bit VMIDs"},
	{"CD2L", 19, 19, "two-level context descriptor tables"},
	{"VATOS", 20, 20, "virtual address translation operations"},
	{"TTENDIAN", 21, 22, "table byte order: 0 both, 2 little, 3 big"},
	{"ATSRECERR", 23, 23, "extended records of ATS errors"},
	{"STALL_MODEL", 24, 25, "0 stall or terminate, 1 terminate, 2 stall"},
	{"TERM_MODEL", 26, 26, "terminated transactions abort always"},
	{"ST_LEVEL", 27, 28, "1 = two-level stream tables"},
	{"RME_IMPL", 30, 30, "realm management"},
	{0},
};

const struct reg_field smmuv3_idr1_fields[] = {
	{"SIDSIZE", 0, 5, "stream id bits"},
	{"SSIDSIZE", 6, 10, "substream id (PASID) bits"},
	{"PRIQS", 11, 15, "page request queue, log2"},
	{"EVENTQS", 16, 20, "event queue, log2"},
	{"CMDQS", 21, 25, "command queue, log2"},
	{"ATTR_PERMS_OVR", 26, 26, "permissions can be overridden"},
	{"ATTR_TYPES_OVR", 27, 27, "memory types can be overridden"},
	{"REL", 28, 28, "preset bases are relative"},
	{"QUEUES_PRESET", 29, 29, "queue bases are preset: not supported by Linux"},
	{"TABLES_PRESET", 30, 30, "table bases are preset: not supported by Linux"},
	{"ECMDQ", 31, 31, "enhanced command queues"},
	{0},
};

const struct reg_field smmuv3_idr3_fields[] = {
	{"HAD", 2, 2, "hierarchical attributes can be off"},
	{"PBHA", 3, 3, "page-based hardware attributes"},
	{"XNX", 4, 4, "execute-never by exception level"},
	{"PPS", 5, 5, "page requests with PASID"},
	{"MPAM", 7, 7, "memory partitioning"},
	{"FWB", 8, 8, "stage 2 forces write-back"},
	{"STT", 9, 9, "small tables"},
	{"RIL", 10, 10, "range invalidation"},
	{"BBML", 11, 12, "break-before-make level"},
	{"E0PD", 13, 13, "unprivileged accesses can be prevented"},
	{"PTWNNC", 14, 14, "walks of normal non-cacheable tables"},
	{"DPT", 15, 15, "device permission table"},
	{0},
};

const struct reg_field smmuv3_idr5_fields[] = {
	{"OAS", 0, 2, "output address bits: 0 = 32, 36, 40, 42, 44, 48, 52, 7 = 56"},
	{"GRAN4K", 4, 4, "4 KiB granule"},
	{"GRAN16K", 5, 5, "16 KiB granule"},
	{"GRAN64K", 6, 6, "64 KiB granule"},
	{"DS", 7, 7, "52 bits with 4 and 16 KiB granules"},
	{"D128", 8, 8, "128-bit descriptors"},
	{"VAX", 10, 11, "input address bits: 0 = 48, 1 = 52"},
	{"STALL_MAX", 16, 31, "most stalled transactions"},
	{0},
};

/* Linux 7.2; what lies above bit 18 has moved over time. */
const struct reg_field smmuv3_driver_fields[] = {
	{"2_LVL_STRTAB", 0, 0, "two-level stream table"},
	{"2_LVL_CDTAB", 1, 1, "two-level context descriptor table"},
	{"TT_LE", 2, 2, "little-endian tables"},
	{"TT_BE", 3, 3, "big-endian tables"},
	{"PRI", 4, 4, "page requests"},
	{"ATS", 5, 5, "address translation services"},
	{"SEV", 6, 6, "wake-up events"},
	{"MSI", 7, 7, "own interrupts as MSI"},
	{"COHERENCY", 8, 8, "coherent accesses"},
	{"TRANS_S1", 9, 9, "stage 1"},
	{"TRANS_S2", 10, 10, "stage 2"},
	{"STALLS", 11, 11, "stalls"},
	{"HYP", 12, 12, "hypervisor stage-1 contexts"},
	{"STALL_FORCE", 13, 13, "faults always stall"},
	{"VAX", 14, 14, "52-bit input addresses"},
	{"RANGE_INV", 15, 15, "range invalidation"},
	{"BTM", 16, 16, "broadcast TLB maintenance"},
	{"SVA", 17, 17, "shared virtual addressing"},
	{"E2H", 18, 18, "EL2 host contexts"},
	{"NESTING", 19, 19, "nesting"},
	{"ATTR_TYPES_OVR", 20, 20, "memory types can be overridden"},
	{"HA", 21, 21, "hardware accessed updates"},
	{"HD", 22, 22, "hardware dirty updates"},
	{"S2FWB", 23, 23, "stage 2 forces write-back"},
	{"BBML2", 24, 24, "break-before-make level 2"},
	{"HAFT", 25, 25, "hardware accessed updates of tables"},
	{0},
};
/* clang-format on */

/* Newest first. NEST_PARENT with 6.13, DIRTY_TRACKING with 6.11, the PASID flag with 6.14. */
static const struct smmuv3_kernel kernels[] = {
	{6, 14, true, true, true},
	{6, 13, true, true, false},
	{6, 11, false, true, false},
	{0, 0, false, false, false},
};

const struct smmuv3_kernel *smmuv3_kernel(unsigned major, unsigned minor)
{
	const struct smmuv3_kernel *kernel = kernels;

	if (major == 0)
		return kernel;
	while (kernel->major > major || (kernel->major == major && kernel->minor > minor))
		kernel++;
	return kernel;
}

unsigned smmuv3_oas_bits(unsigned code)
{
	static const unsigned char bits[] = {32, 36, 40, 42, 44, 48, 52, 56};

	return code < ARRAY_SIZE(bits) ? bits[code] : 0;
}

void smmuv3_from_registers(const uint32_t idr[6], struct smmuv3_unit *out)
{
	bool coherent = reg_bits(idr[0], 4, 4);

	*out = (struct smmuv3_unit){
		.stage1 = reg_bits(idr[0], 1, 1),
		.stage2 = reg_bits(idr[0], 0, 0),
		.vax = reg_bits(idr[5], 10, 11) == 1,
		.dirty = coherent && reg_bits(idr[0], 6, 7) >= 2,
		.oas = smmuv3_oas_bits((unsigned)reg_bits(idr[5], 0, 2)),
		.granules = (unsigned)reg_bits(idr[5], 4, 6),
	};
	out->nesting = out->stage1 && out->stage2;
}

void smmuv3_from_features(uint32_t features, unsigned oas, struct smmuv3_unit *out)
{
	*out = (struct smmuv3_unit){
		.stage1 = reg_bits(features, 9, 9),
		.stage2 = reg_bits(features, 10, 10),
		.vax = reg_bits(features, 14, 14),
		.dirty = reg_bits(features, 22, 22) && reg_bits(features, 8, 8),
		.oas = oas,
		.granules = SMMUV3_GRANULE_4K | SMMUV3_GRANULE_16K | SMMUV3_GRANULE_64K,
	};
	/* The NESTING bit is younger than 6.1; what it stands for is not. */
	out->nesting = out->stage1 && out->stage2;
}

/* IIDR: product, variant, revision, implementer (Arm IHI 0070 section 6.3.7). before: variant and
 * revision of the first without it (Linux 7.2 arm_smmu_device_iidr_probe). */
static const struct {
	unsigned product, before;
} nesting_errata[] = {{0x483, 0x20}, {0x487, 0x11}};

#define IMPLEMENTER_ARM 0x43bu

bool smmuv3_nesting_erratum(uint32_t iidr)
{
	for (size_t i = 0; i < ARRAY_SIZE(nesting_errata); i++)
		if (reg_bits(iidr, 0, 11) == IMPLEMENTER_ARM &&
		    reg_bits(iidr, 20, 31) == nesting_errata[i].product &&
		    reg_bits(iidr, 12, 19) < nesting_errata[i].before)
			return true;
	return false;
}

bool smmuv3_fwb(const uint32_t idr[6])
{
	return reg_bits(idr[3], 8, 8);
}

bool smmuv3_feature_nesting(uint32_t features)
{
	return reg_bits(features, 19, 19);
}

bool smmuv3_feature_fwb(uint32_t features)
{
	return reg_bits(features, 23, 23);
}

static const struct granule {
	unsigned flag;
	unsigned page;
	uint64_t sizes;
} granules[] = {
	{SMMUV3_GRANULE_4K, 0x1000, UINT64_C(0x40201000)},
	{SMMUV3_GRANULE_16K, 0x4000, UINT64_C(0x2004000)},
	{SMMUV3_GRANULE_64K, 0x10000, UINT64_C(0x20010000)},
};

/* The CPU's page if the unit has it, else the largest smaller, else the smallest larger one. */
static const struct granule *choose_granule(const struct smmuv3_unit *unit)
{
	unsigned page = unit->cpu_page ? unit->cpu_page : 0x1000;
	const struct granule *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(granules); i++) {
		if (!(unit->granules & granules[i].flag))
			continue;
		if (!found || granules[i].page <= page)
			found = &granules[i];
	}
	return found;
}

uint64_t smmuv3_pages(const struct smmuv3_unit *unit)
{
	const struct granule *granule = choose_granule(unit);

	if (!granule)
		return 0;
	/* 52-bit output: 64 KiB tables get 4 TiB blocks. */
	if (granule->page == 0x10000 && unit->oas >= 52)
		return granule->sizes | UINT64_C(1) << 42;
	return granule->sizes;
}

unsigned smmuv3_stage1_width(const struct smmuv3_unit *unit)
{
	unsigned hardware = unit->vax ? 52 : 48;
	unsigned kernel = unit->va_bits ? unit->va_bits : 48;

	return kernel < hardware ? kernel : hardware;
}

unsigned smmuv3_stage2_width(const struct smmuv3_unit *unit)
{
	return unit->oas;
}

static bool allowed(const struct smmuv3_unit *unit, const struct smmuv3_kernel *kernel,
		    enum domain_use use)
{
	switch (use) {
	case DOMAIN_NEST_PARENT:
		return kernel->knows_nest_parent && unit->nesting;
	case DOMAIN_DIRTY_TRACKING:
		return kernel->knows_dirty && unit->stage1 && unit->dirty;
	case DOMAIN_PASID:
		return kernel->knows_pasid && unit->stage1;
	case DOMAIN_PLAIN:
		break;
	}
	return unit->stage1 || unit->stage2;
}

bool smmuv3_domain(const struct smmuv3_unit *unit, const struct smmuv3_kernel *kernel,
		   enum domain_use use, struct domain_shape *out)
{
	if (!allowed(unit, kernel, use))
		return false;
	out->first_stage = use != DOMAIN_NEST_PARENT && unit->stage1;
	out->width = out->first_stage ? smmuv3_stage1_width(unit) : smmuv3_stage2_width(unit);
	out->page_sizes = smmuv3_pages(unit);
	return out->width != 0;
}
