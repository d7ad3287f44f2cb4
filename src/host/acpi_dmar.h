/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acpi_dmar.h - Intel's DMAR table (VT-d 4.1 chapter 8). */
#ifndef HOST_ACPI_DMAR_H
#define HOST_ACPI_DMAR_H

#include "host/acpi.h"

enum dmar_scope_type {
	DMAR_SCOPE_ENDPOINT = 1,
	DMAR_SCOPE_BRIDGE = 2, /* the bridge and all below it */
	DMAR_SCOPE_IOAPIC = 3,
	DMAR_SCOPE_HPET = 4,
	DMAR_SCOPE_ACPI = 5,
};

struct dmar_path {
	uint8_t device;
	uint8_t function;
};

struct dmar_scope {
	uint8_t type; /* enum dmar_scope_type, or one that we do not know */
	uint8_t flags;
	uint8_t enumeration_id;
	uint8_t start_bus;
	struct dmar_path *path; /* from start_bus downwards, one bridge per step */
	size_t n_path;
};

struct dmar_scopes {
	struct dmar_scope *items;
	size_t n;
};

/* DRHD: one remapping unit. */
struct dmar_unit {
	bool include_pci_all;
	unsigned register_pages; /* size of its register block, 4 KiB pages */
	uint16_t segment;
	uint64_t base;
	struct dmar_scopes scopes;
};

/* RMRR: memory that devices reach without the driver's knowledge. */
struct dmar_memory {
	uint16_t segment;
	uint64_t base;
	uint64_t end; /* inclusive */
	struct dmar_scopes scopes;
};

/* ATSR (flag: all ports), SATC (flag: ATC required) and SIDP (no flag). */
struct dmar_devices {
	bool flag;
	uint16_t segment;
	struct dmar_scopes scopes;
};

/* RHSA */
struct dmar_affinity {
	uint64_t base;
	uint32_t proximity;
};

/* ANDD */
struct dmar_acpi_device {
	uint8_t number;
	const char *name;
};

struct dmar {
	struct acpi_table table;
	unsigned haw; /* host address width, bits */
	bool interrupt_remapping;
	bool x2apic_opt_out;
	bool platform_opt_in; /* Linux then switches the IOMMU on by itself for external devices */
	struct dmar_unit *units;
	size_t n_units;
	struct dmar_memory *memory;
	size_t n_memory;
	struct dmar_devices *atsr;
	size_t n_atsr;
	struct dmar_devices *satc;
	size_t n_satc;
	struct dmar_devices *sidp;
	size_t n_sidp;
	struct dmar_affinity *affinity;
	size_t n_affinity;
	struct dmar_acpi_device *acpi_devices;
	size_t n_acpi_devices;
	size_t n_unknown; /* structures of types that we do not know */
};

/* path: for messages ("/sys/firmware/acpi/tables/DMAR"). *out lives in the arena. */
int dmar_parse(struct iof_ctx *, struct arena *, const void *bytes, size_t length, const char *path,
	       const struct dmar **out);
/* By register base, as /sys/class/iommu/dmarN/intel-iommu/address names it; NULL if absent. */
const struct dmar_unit *dmar_unit_at(const struct dmar *, uint64_t base);

#endif
