/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* registers.h - registers as tables of named bits, so that they can be listed without knowing them.
 */
#ifndef HOST_REGISTERS_H
#define HOST_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iommu_unit;

struct reg_field {
	const char *name; /* NULL ends a table */
	unsigned lo, hi;  /* bits, both belong to it */
	const char *meaning;
};

static inline uint64_t reg_bits(uint64_t value, unsigned lo, unsigned hi)
{
	unsigned n = hi - lo + 1;

	return value >> lo & (n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1);
}

static inline uint64_t reg_get(const struct reg_field *field, uint64_t value)
{
	return reg_bits(value, field->lo, field->hi);
}

/* The field of that name, or NULL. */
const struct reg_field *reg_find(const struct reg_field *table, const char *name);

/*
 * Walk the fields that are not zero: *cursor starts as NULL. Bits that no field names come last, as
 * one field named "?" with their mask in *out (so nothing that a newer unit says gets lost). NULL
 * at the end.
 */
const struct reg_field *reg_next_set(const struct reg_field *table, uint64_t value,
				     const struct reg_field *cursor, uint64_t *out);

/* The registers of a unit that are known. */
struct reg_word {
	const char *name; /* "CAP" */
	uint64_t value;
	const struct reg_field *fields;
};
#define UNIT_REGISTERS 4
size_t unit_registers(const struct iommu_unit *, struct reg_word out[UNIT_REGISTERS]);

/* What a domain is asked for: the HWPT flags of iommufd. VFIO's type1 asks for a plain one. */
enum domain_use { DOMAIN_PLAIN, DOMAIN_NEST_PARENT, DOMAIN_DIRTY_TRACKING, DOMAIN_PASID };

/* What the kernel then gives. */
struct domain_shape {
	unsigned width; /* aperture [0, 2^width - 1]; 64 at most */
	bool first_stage;
	uint64_t page_sizes; /* bitmap, bytes */
};

#endif
