/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acpi.h - what all ACPI tables share: the header, and reading little-endian fields of a table.
 *
 * The bytes given to a parser must live as long as what it returns; everything else is copied to
 * the arena. A malformed table is -EBADMSG with one line in the context ("PATH: offset 0x30:
 * reason").
 */
#ifndef HOST_ACPI_H
#define HOST_ACPI_H

#include "base/arena.h"
#include "base/error.h"
#include "base/strings.h"

/* More than any real table; a longer one is refused before anything is allocated. */
#define ACPI_TABLE_MAX (1u << 20)
#define ACPI_HEADER 36u

struct acpi_table {
	const uint8_t *bytes;
	size_t length;
	const char *path; /* for messages */
	uint8_t revision;
	char oem_id[7];	      /* may hold any byte but NUL; blanks at the end are cut */
	char oem_table_id[9]; /* same */
	/*
	 * Only a fact: ACPICA warns about a wrong sum and Linux uses the table all the same. The
	 * one exception is the IVRS, without whose sum the AMD driver does not start.
	 */
	bool checksum_ok;
};

/* Check and read the header. minimum: length of the fixed part of this kind of table. */
int acpi_open(struct iof_ctx *, const void *bytes, size_t length, const char *path,
	      const char *signature, size_t minimum, struct acpi_table *out);

/* A part of a table: one structure, or what is left of one. */
struct acpi_span {
	const struct acpi_table *table;
	size_t offset; /* in the table */
	size_t length;
};

/*
 * Take the first `length` bytes off a span as one structure of at least `minimum` bytes; -EBADMSG
 * if it is shorter or leads out of the span. what: name for the message, as "DRHD".
 */
int acpi_take(struct iof_ctx *, struct acpi_span *from, size_t length, size_t minimum,
	      const char *what, struct acpi_span *out);
/* -EBADMSG with place and reason. offset: in the span. */
int acpi_bad(struct iof_ctx *, const struct acpi_span *, size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Fields by offset in the span; the caller has checked the length, outside they read 0. */
uint8_t acpi_u8(const struct acpi_span *, size_t offset);
uint16_t acpi_u16(const struct acpi_span *, size_t offset);
uint32_t acpi_u32(const struct acpi_span *, size_t offset);
uint64_t acpi_u64(const struct acpi_span *, size_t offset);
/* Text of at most `length` bytes, ending at its first NUL. NULL: out of memory. */
const char *acpi_text(struct arena *, const struct acpi_span *, size_t offset, size_t length);

/* A growing array in an arena; a new zeroed element at the end, or NULL. */
struct acpi_array {
	void *items;
	size_t n;
	size_t cap;
};
void *acpi_append(struct arena *, struct acpi_array *, size_t size);

#endif
