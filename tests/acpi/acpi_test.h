/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acpi_test.h - tables as files of the fuzz corpus, broken in one place each. */
#ifndef TESTS_ACPI_TEST_H
#define TESTS_ACPI_TEST_H

#include "../table.h"

#include "host/acpi.h"

/* One way to break a table. Widths in bytes; 0: nothing is written. */
struct broken {
	const char *name;
	const char *seed; /* "dmar/rich" */
	size_t offset;
	unsigned width;
	uint64_t value;
	size_t length;	    /* of the table then, 0: as it is; its header says so too */
	const char *expect; /* the error after "TABLE: "; NULL: it is accepted */
};

typedef int (*parse_fn)(struct iof_ctx *, struct arena *, const void *, size_t);

/* Bytes from malloc(). */
uint8_t *seed_read(const char *seed, size_t *length);
/* Parse the seed as the row breaks it and compare the outcome. */
void check_broken(const struct broken *, parse_fn);
/* Parse the seed while each allocation in turn fails: only -ENOMEM or 0 may come. */
void check_allocations(const char *seed, parse_fn);

int test_dmar(void);
int test_ivrs(void);
int test_iort(void);
int test_viot(void);

#endif
