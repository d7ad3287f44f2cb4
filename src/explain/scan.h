/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scan.h - a log that is being read, and what was recognised in it. */
#ifndef EXPLAIN_SCAN_H
#define EXPLAIN_SCAN_H

#include "explain/catalog.h"
#include "explain/text.h"

#define SCAN_CELLS 32768
#define LOOK_AHEAD 2048 /* cells behind a needle in which a message must end */
#define LOOK_BACK 4096	/* cells that are kept before the place where the search is */
#define MAX_SAME 6	/* so many of one form are told one by one */
#define MAX_VARIANTS 8

/* A catalogue that several logs of one thread use. */
struct shared_catalog {
	unsigned n_users;
	struct arena *arena;
	struct catalog catalog;
};

/* A place where a message was found; spans are counted from the log's beginning. */
struct sighting {
	const struct entry *entry;
	struct match match;
	struct span heads[N_HEADS]; /* operands of heads */
	unsigned has_heads;
	size_t start; /* of the first head */
};

struct iof_explained {
	struct iof_explain *log;
	const struct entry *entry;
	const char *slot[PATTERN_SLOTS];
	const char *head[N_HEADS];
	unsigned has_heads;
	const char *text;
	uint64_t line, count, more;
	const struct variant *variants[MAX_VARIANTS];
	size_t n_variants;
	const char *since, *until;
	bool is_hidden;
	size_t index;
};

#define MAX_PENDING 16

struct iof_explain {
	struct iof_ctx *ctx;
	struct shared_catalog *shared;
	struct arena *arena;   /* of what was recognised */
	struct arena *scratch; /* of one message */
	struct cooker cooker;
	struct cell *cells;
	size_t n, marked, searched;
	uint64_t base; /* cells that are gone */
	uint16_t state;
	bool is_message, is_finished;

	struct sighting pending[MAX_PENDING];
	size_t n_pending;
	struct iof_explained **items;
	size_t n_items, cap_items;
	int err;
};

/* Recognise what can be recognised of the cells that are there. is_end: no more will come. */
int scan(struct iof_explain *, bool is_end);
/* Make room for more cells. */
void scan_forget(struct iof_explain *);

/* found.c: a sighting becomes a message of the answer. */
int found_add(struct iof_explain *, const struct sighting *);
/* At the end: what stands beside or around another message says nothing new. */
void found_hide(struct iof_explain *);
/* Whether both say the same with the same numbers. */
bool found_same(const struct iof_explained *, const struct iof_explained *);
/* Whether all its ways to be said have that flag. */
bool found_has_flag(const struct iof_explained *, unsigned flag);

/* explain.c: another log with the catalogue of this one; NULL: no memory. */
struct iof_explain *explain_sharing(struct iof_explain *, bool is_message);

#endif
