/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * profile.h - how the facts of a host are written as JSON (schema iommufit.host/1). One table per
 * kind of object drives the reader (profile_read.c) and the writer (show/host_json.c), so that they
 * cannot disagree.
 */
#ifndef HOST_PROFILE_H
#define HOST_PROFILE_H

#include "host/host.h"

#define PROFILE_SCHEMA "iommufit.host/1"
#define PROFILE_MAX_BYTES (64u << 20)
/* What a profile's source begins with once it is loaded; the writer leaves it out again. */
#define PROFILE_SOURCE "profile of "

enum field_type {
	FIELD_STRING, /* const char *, may be null */
	FIELD_BOOL,
	FIELD_TRISTATE, /* enum tristate: "yes", "no", "unknown" */
	FIELD_ENUM,	/* an enum, by its names */
	FIELD_UNSIGNED, /* unsigned, a number */
	FIELD_INT,	/* int, a number */
	FIELD_U64,	/* uint64_t, a number */
	FIELD_HEX64,	/* uint64_t, "0x…" */
	FIELD_HEX32,
	FIELD_HEX16,
};

struct profile_field {
	const char *key;
	enum field_type type;
	size_t offset;
	uint64_t max;		  /* of numbers; 0: what the type holds */
	const char *const *names; /* of an enum, NULL at the end; the index is the value */
	size_t present; /* offset of the bool that says whether it is known, NOT_OPTIONAL: always */
	bool required;
};
#define NOT_OPTIONAL SIZE_MAX

/* Of struct iof_host, by the member of the profile that holds them. A NULL key ends each table. */
extern const struct profile_field profile_host_fields[];
extern const struct profile_field profile_cpu_fields[];
extern const struct profile_field profile_kernel_fields[];
extern const struct profile_field profile_dmar_fields[];
extern const struct profile_field profile_ivrs_fields[];
extern const struct profile_field profile_iort_fields[];
extern const struct profile_field profile_viot_fields[];
/* The members of "acpi" and their tables. */
struct profile_part {
	const char *key;
	const struct profile_field *fields;
};
extern const struct profile_part profile_acpi_parts[];

extern const struct profile_field profile_unit_fields[];     /* struct iommu_unit */
extern const struct profile_field profile_domain_fields[];   /* struct unit_domain */
extern const struct profile_field profile_group_fields[];    /* struct iommu_group */
extern const struct profile_field profile_region_fields[];   /* struct reserved_region */
extern const struct profile_field profile_device_fields[];   /* struct iof_device */
extern const struct profile_field profile_bar_fields[];	     /* struct pci_bar */
extern const struct profile_field profile_iova_fields[];     /* struct device_iova */
extern const struct profile_field profile_hugepage_fields[]; /* struct hugepage_pool */
extern const struct profile_field profile_note_fields[];     /* struct host_note */

/* Of struct measured_device: what it is, what it answered, and whether a vIOMMU can be made. */
extern const struct profile_field profile_measured_device_fields[];
extern const struct profile_field profile_measured_fields[];
extern const struct profile_field profile_measured_viommu_fields[];
extern const struct profile_field profile_measured_domain_fields[];  /* struct measured_domain */
extern const struct profile_field profile_measured_hw_info_fields[]; /* struct measured_hw_info */

extern const char *const iommu_names[];	     /* enum iof_iommu */
extern const char *const provenance_names[]; /* enum iof_provenance */
extern const char *const region_names[];     /* enum region_type */
extern const char *const tristate_names[];

#endif
