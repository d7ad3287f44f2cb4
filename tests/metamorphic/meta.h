/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * meta.h - relations between answers: change host or command line in a way of which it is known
 * what must follow, and compare. Cells of the oracle are the raw material; what they say is not
 * looked at.
 */
#ifndef TESTS_META_H
#define TESTS_META_H

#include <iommufit/iommufit.h>

#include "../captures.h"
#include "../host/members.h"

struct cell {
	const char *host;
	const char *qemu;
	const char *set;
	char **argv; /* NULL at the end */
	size_t argc;
	char *plug; /* NULL: none */
};

/* The cells of x86 that need no memory map. */
extern struct cell *cells;
extern size_t n_cells;
void cells_read(void);
void cells_free(void);
/* A copy that can be changed; the caller frees. */
struct cell *cell_copy(const struct cell *);
void cell_free(struct cell *);
/* Replace in every argument and in the device to plug. */
void cell_substitute(struct cell *, const char *from, const char *to);
void cell_replace(struct cell *, size_t index, char *argument);
/* index: argc appends. */
void cell_insert(struct cell *, size_t index, const char *argument);
void cell_remove(struct cell *, size_t index);
/* Index of the value of the n-th option of that name, 0: none. */
size_t cell_option(const struct cell *, const char *name, size_t nth);

/* A choice that a seed repeats. */
uint64_t choose(uint64_t below);
void choose_seed(uint64_t seed);
/* Calls for `n` cells that `wanted` accepts (NULL: all), or for all if there are fewer. At least
 * `least` there must be. */
void for_cells(size_t n, size_t least, bool (*wanted)(const struct cell *),
	       void (*test)(const struct cell *));

/* Start, plug, run, migrate, verdict, the rules that fired, all messages: as text. The caller
 * frees. */
char *answer(struct iof_host *, const struct cell *);
char *answer_vm(struct iof_host *, struct iof_vm *, const struct cell *);
char *substitute(const char *text, const char *from, const char *to);
/* Fails with both answers and the command line if they differ. */
void expect_same(const struct cell *, const char *what, const char *wanted, const char *got);
bool starts(const char *answer);

/* A capture as it is; loaded once. */
struct iof_host *meta_host(const char *capture);
const struct members *meta_members(const char *capture);
void meta_free(void);

bool has_text(const struct cell *, const char *text);

int run_numbers(void);
int run_widths(void);
int run_spelling(void);
int run_order(void);
int run_relations(void);
int run_measured(void);

#endif
