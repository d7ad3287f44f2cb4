/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explain_tests.h - messages as they are seen, and what must be said of them. */
#ifndef TESTS_EXPLAIN_TESTS_H
#define TESTS_EXPLAIN_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <iommufit/iommufit.h>

#include "base/strings.h"
#include "explain/scan.h"

/* A line of excerpts.tsv; ids and operands are parted by '|'. */
struct excerpt {
	const char *name; /* the text, too */
	const char *ids, *by, *operands;
	const char *told; /* the text that is told */
};
extern struct excerpt *excerpts;
extern size_t n_excerpts;
int excerpts_load(void);
void excerpts_free(void);

/* A log that has been read; the catalogue is built once. */
struct iof_explain *read_log(const char *text, size_t length, bool is_message);
/* What is said of the log's messages, a line each: ids, operands and text, parted by tabs. */
char *summary(const struct iof_explain *);
/* The same as it must be of this excerpt. */
char *expected(const struct excerpt *);
/* Causes and ways out of the first message. */
char *answer(const struct iof_explain *);

/* Runs a test for each excerpt. */
int for_excerpts(const char *group, CMUnitTestFunction test);

int excerpts_run(void);
int wrappings_run(void);
int operands_run(void);
int rules_run(void);
int alloc_run(void);

#endif
