/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acpi_input.h - what the fuzz targets of ACPI tables share. */
#ifndef FUZZ_ACPI_INPUT_H
#define FUZZ_ACPI_INPUT_H

#include "host/acpi.h"

#include <stdlib.h>

/*
 * A copy of the input as a table. Its length field is set right, as otherwise each insertion ends
 * at the header; an odd creator revision (the last byte of the header) keeps the field as it is.
 */
static inline uint8_t *acpi_input(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return NULL;
	memcpy(copy, data, size);
	if (size < ACPI_HEADER || copy[ACPI_HEADER - 1] & 1)
		return copy;
	for (unsigned i = 0; i < 4; i++)
		copy[4 + i] = (uint8_t)(size >> 8 * i);
	return copy;
}

#endif
