/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acpi_ivrs.h - AMD's IVRS table (AMD I/O virtualization specification 48882, chapter 5). */
#ifndef HOST_ACPI_IVRS_H
#define HOST_ACPI_IVRS_H

#include "host/acpi.h"

enum ivrs_entry_type {
	IVRS_ENTRY_ALL = 0x01,
	IVRS_ENTRY_SELECT = 0x02,
	IVRS_ENTRY_RANGE_START = 0x03,
	IVRS_ENTRY_RANGE_END = 0x04,
	IVRS_ENTRY_ALIAS_SELECT = 0x42,
	IVRS_ENTRY_ALIAS_START = 0x43,
	IVRS_ENTRY_EXTENDED_SELECT = 0x46,
	IVRS_ENTRY_EXTENDED_START = 0x47,
	IVRS_ENTRY_SPECIAL = 0x48,
	IVRS_ENTRY_ACPI = 0xf0,
};

struct ivrs_entry {
	uint8_t type;	/* enum ivrs_entry_type, or one that we do not know */
	uint16_t devid; /* bus << 8 | device << 3 | function */
	uint8_t setting;
	uint16_t alias;	   /* of the ALIAS types: the id under which the device's requests come;
			      SPECIAL: its source id */
	uint32_t extended; /* of the EXTENDED types */
	uint8_t handle;	   /* SPECIAL: I/O APIC id or HPET number */
	uint8_t variety;   /* SPECIAL: 1 I/O APIC, 2 HPET */
	const char *hid;   /* ACPI: hardware id, else NULL */
	const char *cid;   /* ACPI: compatible id */
	const char *uid;   /* ACPI: unique id as text, "" if it has none */
};

/* IVHD: one unit as one type of block describes it; it usually stands in several types. */
struct ivrs_unit {
	uint8_t type; /* 0x10, 0x11, 0x40 */
	uint8_t flags;
	uint16_t devid; /* of the IOMMU's own PCI function */
	uint16_t capability;
	uint64_t base;
	uint16_t segment;
	uint16_t info;
	uint32_t feature; /* type 0x10: feature reporting; others: attributes */
	bool has_efr;	  /* types 0x11 and 0x40 carry an image of the registers */
	uint64_t efr;
	uint64_t efr2;
	bool in_use; /* of the type that Linux uses */
	struct ivrs_entry *entries;
	size_t n_entries;
};

enum ivrs_memory_scope {
	IVRS_MEMORY_ALL = 0x20,
	IVRS_MEMORY_DEVICE = 0x21,
	IVRS_MEMORY_RANGE = 0x22
};

/* IVMD */
struct ivrs_memory {
	uint8_t type; /* enum ivrs_memory_scope */
	bool unity;   /* mapped one to one: a "direct" region */
	bool readable, writable;
	bool exclusion; /* not translated at all */
	uint16_t devid;
	uint16_t last_devid; /* RANGE */
	uint16_t segment;
	uint64_t start;
	uint64_t size; /* bytes */
};

struct ivrs {
	struct acpi_table table;
	uint32_t info; /* IVinfo as it stands */
	bool efr_support;
	bool dma_remap;	   /* pre-boot DMA protection */
	unsigned gva_size; /* field as it stands: 2 = 48 bits */
	unsigned pa_size;  /* bits */
	unsigned va_size;  /* bits; 0: the table does not say, Linux then assumes 64 */
	bool ht_ats_resv;
	uint8_t unit_type;	 /* the type that Linux uses, 0 if there is no unit */
	struct ivrs_unit *units; /* of all types */
	size_t n_units;
	struct ivrs_memory *memory;
	size_t n_memory;
	size_t n_unknown;
};

int ivrs_parse(struct iof_ctx *, struct arena *, const void *bytes, size_t length, const char *path,
	       const struct ivrs **out);

#endif
