// SPDX-License-Identifier: LGPL-2.1-or-later
/* sysfs.c - IOMMU units and groups. */
#include "host/amdvi.h"
#include "host/loader.h"
#include "host/vtd.h"

#include <errno.h>

#define CLASS "/sys/class/iommu"
#define GROUPS "/sys/kernel/iommu_groups"

/* ---- units ---- */

static const char *unit_path(struct loader *load, const struct iommu_unit *unit, const char *name)
{
	const char *path = arena_printf(load->scratch, CLASS "/%s/%s", unit->name, name);

	if (!path)
		fact_no_memory(load);
	return path;
}

/* found: whether it is there and readable. */
static int unit_register(struct loader *load, const struct iommu_unit *unit, const char *name,
			 uint64_t *out, bool *found)
{
	const char *path = unit_path(load, unit, name);
	int err;

	if (!path)
		return -ENOMEM;
	err = fact_u64(load, path, 16, UINT64_MAX, out);
	*found = !err;
	return fact_optional(err);
}

static int read_vtd_version(struct loader *load, struct iommu_unit *unit)
{
	const char *path = unit_path(load, unit, "intel-iommu/version"), *text, *colon;
	uint64_t major, minor;
	int err;

	if (!path)
		return -ENOMEM;
	err = fact_line(load, load->scratch, path, &text);
	if (err)
		return fact_optional(err);
	colon = strchr(text, ':');
	if (!colon || parse_u64n(text, (size_t)(colon - text), 10, 15, &major) ||
	    parse_u64(colon + 1, 10, 15, &minor))
		return fact_bad(load, path, 1, "expected MAJOR:MINOR");
	unit->version_major = (unsigned)major;
	unit->version_minor = (unsigned)minor;
	return 0;
}

static int read_vtd(struct loader *load, struct iommu_unit *unit)
{
	bool has_address;
	int err = unit_register(load, unit, "intel-iommu/cap", &unit->cap, &unit->has_cap);

	if (!err)
		err = unit_register(load, unit, "intel-iommu/ecap", &unit->ecap, &unit->has_ecap);
	if (!err)
		err = unit_register(load, unit, "intel-iommu/address", &unit->address,
				    &has_address);
	if (!err)
		err = read_vtd_version(load, unit);
	if (unit->has_cap)
		unit->provenance = IOF_PROVENANCE_READ;
	/* Hardware never caches entries that are not present (VT-d 4.1 chapter 11.4.2). */
	unit->is_virtual |= unit->has_cap && vtd_caching_mode(unit->cap);
	return err;
}

/* NpCache in the capability header (AMD 48882 chapter 3.2.1): set by emulations only. */
#define AMD_CAP_NPCACHE (UINT64_C(1) << 26)

static int read_amdvi(struct loader *load, struct iommu_unit *unit)
{
	const char *path = unit_path(load, unit, "amd-iommu/features"), *text;
	uint64_t cap = 0;
	bool has_cap;
	int err;

	if (!path)
		return -ENOMEM;
	err = fact_line(load, load->scratch, path, &text);
	if (!err) {
		if (amdvi_parse_features(text, &unit->efr, &unit->efr2))
			return fact_bad(load, path, 1, "expected one or two hexadecimal numbers");
		unit->has_efr = true;
		unit->provenance = IOF_PROVENANCE_READ;
	}
	err = fact_optional(err);
	if (!err)
		err = unit_register(load, unit, "amd-iommu/cap", &cap, &has_cap);
	unit->is_virtual |= (cap & AMD_CAP_NPCACHE) != 0;
	return err;
}

static int read_nothing(struct loader *load, struct iommu_unit *unit)
{
	(void)load;
	unit->is_virtual |= unit->kind == IOF_IOMMU_VIRTIO;
	return 0;
}

/* Names that drivers give their units (Linux 7.2 drivers/iommu). */
static const struct unit_kind {
	const char *prefix;
	const char *attributes; /* folder of the driver's attributes, NULL none */
	enum iof_iommu kind;
	int (*read)(struct loader *, struct iommu_unit *);
} unit_kinds[] = {
	{"dmar", "intel-iommu", IOF_IOMMU_INTEL_VTD, read_vtd},
	{"ivhd", "amd-iommu", IOF_IOMMU_AMD_VI, read_amdvi},
	{"smmu3.", NULL, IOF_IOMMU_ARM_SMMUV3, read_nothing},
	{"smmu.", NULL, IOF_IOMMU_ARM_SMMUV2, read_nothing},
};

static const struct unit_kind other_kind = {"", NULL, IOF_IOMMU_OTHER, read_nothing};
static const struct unit_kind virtio_kind = {"", NULL, IOF_IOMMU_VIRTIO, read_nothing};

/* A virtio-iommu's unit is named after its PCI function; the virtio device is its parent. */
static const struct unit_kind *find_kind(const struct iommu_unit *unit)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_kinds); i++)
		if (str_starts(unit->name, unit_kinds[i].prefix))
			return &unit_kinds[i];
	if (str_starts(unit->parent ? unit->parent : unit->name, "virtio"))
		return &virtio_kind;
	return &other_kind;
}

/* The unit's own folder is PARENT/iommu/NAME; "device" in it leads to the parent where the kernel
 * has that link. */
static int read_parent(struct loader *load, struct iommu_unit *unit)
{
	const char *path = unit_path(load, unit, "device"), *target;
	int err;

	if (!path)
		return -ENOMEM;
	err = fact_link(load, load->host->arena, path, &unit->parent);
	if (fact_optional(err))
		return err;
	if (!err)
		return 0;
	path = arena_printf(load->scratch, CLASS "/%s", unit->name);
	if (!path)
		return fact_no_memory(load);
	err = root_readlink(load->root, load->scratch, path, &target);
	if (err == -ENOMEM)
		return fact_no_memory(load);
	if (!err) {
		const char *end = strstr(target, "/iommu/"), *start = end;

		while (start && start > target && start[-1] != '/')
			start--;
		if (start && start < end) {
			unit->parent =
				arena_strndup(load->host->arena, start, (size_t)(end - start));
			if (!unit->parent)
				return fact_no_memory(load);
		}
	}
	return 0;
}

static int load_unit(struct loader *load, struct iommu_unit *unit, const char *name)
{
	const struct unit_kind *kind;
	int err;

	unit->name = arena_strdup(load->host->arena, name);
	unit->path = arena_printf(load->host->arena, CLASS "/%s", name);
	if (!unit->name || !unit->path)
		return fact_no_memory(load);
	if (strlen(name) < 4 || !str_starts(name, "dmar")) {
		err = read_parent(load, unit);
		if (err)
			return err;
	}
	kind = find_kind(unit);
	unit->kind = kind->kind;
	unit->is_virtual = load->host->cpu.is_guest;
	if (kind->attributes) {
		const char *path =
			arena_printf(load->host->arena, CLASS "/%s/%s", name, kind->attributes);

		if (!path)
			return fact_no_memory(load);
		unit->path = path;
	}
	err = kind->read(load, unit);
	arena_reset(load->scratch);
	return err;
}

int load_units(struct loader *load, const char *const *names, size_t n)
{
	struct iof_host *host = load->host;
	int err = 0;

	host->units = arena_array(host->arena, n ? n : 1, sizeof(*host->units));
	if (!host->units)
		return fact_no_memory(load);
	for (size_t i = 0; !err && i < n; i++)
		err = load_unit(load, &host->units[host->n_units++], names[i]);
	return err;
}

int load_unit_names(struct loader *load, const char ***names, size_t *n)
{
	struct iof_host *host = load->host;
	int err = fact_list(load, load->texts, CLASS, names, n);

	if (err == -EACCES || (err == -ENOENT && !root_exists(load->root, "/sys"))) {
		host->iommu = IOF_IOMMU_UNKNOWN;
		host->missing_fact = "which IOMMU is active";
		host->missing_how = "make " CLASS " readable";
		return fact_note(load, CLASS, "which IOMMU is active");
	}
	if (fact_optional(err))
		return err;
	host->iommu = *n ? IOF_IOMMU_OTHER : IOF_IOMMU_NONE;
	return 0;
}

/* ---- groups ---- */

static const struct {
	const char *text;
	enum region_type type;
} region_types[] = {
	{"direct", REGION_DIRECT},
	{"direct-relaxable", REGION_DIRECT_RELAXABLE},
	{"reserved", REGION_RESERVED},
	{"msi", REGION_MSI},
};

/* "0x00000000fee00000 0x00000000feefffff msi"; both ends belong to it. A type of the future counts
 * as reserved. */
static bool parse_region(const char *line, size_t length, struct reserved_region *out)
{
	const char *end = line + length;
	const char *first = memchr(line, ' ', length);
	const char *second = first ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;

	if (!second || second + 1 == end ||
	    parse_u64n(line, (size_t)(first - line), 16, UINT64_MAX, &out->first) ||
	    parse_u64n(first + 1, (size_t)(second - first - 1), 16, UINT64_MAX, &out->last) ||
	    out->first > out->last)
		return false;
	out->type = REGION_RESERVED;
	second++;
	for (size_t i = 0; i < ARRAY_SIZE(region_types); i++)
		if (strlen(region_types[i].text) == (size_t)(end - second) &&
		    memcmp(second, region_types[i].text, (size_t)(end - second)) == 0)
			out->type = region_types[i].type;
	return true;
}

static int parse_regions(struct loader *load, struct iommu_group *group, const char *path,
			 const char *text, size_t length)
{
	const char *cursor = text, *line;
	size_t n, cap = 0;

	while (next_line(&cursor, text + length, &line, &n)) {
		if (group->n_regions == cap) {
			struct reserved_region *grown =
				arena_grow(load->host->arena, group->regions, group->n_regions,
					   &cap, sizeof(*grown));

			if (!grown)
				return fact_no_memory(load);
			group->regions = grown;
		}
		if (!parse_region(line, n, &group->regions[group->n_regions]))
			return fact_bad(load, path, (unsigned)group->n_regions + 1,
					"expected FIRST LAST TYPE");
		group->n_regions++;
	}
	group->regions_provenance = IOF_PROVENANCE_READ;
	return 0;
}

static int read_regions(struct loader *load, struct iommu_group *group)
{
	const char *path = arena_printf(load->scratch, GROUPS "/%u/reserved_regions", group->id);
	const char *text;
	size_t length;
	int err;

	if (!path)
		return fact_no_memory(load);
	err = fact_read(load, load->scratch, path, FACT_SMALL, &text, &length);
	if (err == -EACCES)
		return fact_note(load, GROUPS "/*/reserved_regions",
				 "which addresses are reserved");
	return err ? fact_optional(err) : parse_regions(load, group, path, text, length);
}

int load_group(struct loader *load, struct iommu_group *group, const char ***devices, size_t *n)
{
	const char *path = arena_printf(load->scratch, GROUPS "/%u/type", group->id);
	int err;

	if (!path)
		return fact_no_memory(load);
	err = fact_optional(fact_line(load, load->host->arena, path, &group->type));
	if (!err)
		err = read_regions(load, group);
	if (err)
		return err;
	path = arena_printf(load->scratch, GROUPS "/%u/devices", group->id);
	if (!path)
		return fact_no_memory(load);
	return fact_optional(fact_list(load, load->texts, path, devices, n));
}
