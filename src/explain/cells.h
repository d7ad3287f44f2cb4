/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cells.h - a log as a stream of characters that can be seen, whatever it is wrapped in: colours,
 * escapes of JSON and HTML, quote marks of mail, prefixes of journals, line breaks. White space is
 * no character but a mark on the one that follows.
 */
#ifndef EXPLAIN_CELLS_H
#define EXPLAIN_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cell_flag {
	CELL_BLANK = 1, /* white space stood before it */
	CELL_BREAK = 2, /* a line break stood before it */
	CELL_GAP = 4,	/* an empty line did: no message goes across */
	CELL_SKIP = 8,	/* belongs to a quote mark or a prefix, probably not to a message */
};

struct cell {
	char c;
	uint8_t flags;
	uint16_t column; /* of a line of the input, saturating */
	uint32_t line;	 /* from 1, saturating */
};

/* What is kept from one chunk to the next. */
struct cooker {
	char held[16]; /* an escape that is not complete yet */
	uint8_t n_held;
	uint8_t terminal;    /* state of a terminal's escape sequence */
	uint16_t n_terminal; /* its length so far */
	uint8_t flags;	     /* for the next cell */
	bool has_line;	     /* something stood on this line */
	uint32_t line;	     /* from 0 */
	uint16_t column;
};

/* Turn bytes into at most cap cells; *taken says how many bytes are used up. The number of cells.
 */
size_t cook(struct cooker *, const char *bytes, size_t length, size_t *taken, struct cell *,
	    size_t cap);
/* What was held back at the end of the input. */
size_t cook_rest(struct cooker *, struct cell *, size_t cap);
/* No step makes more cells than this. */
#define COOK_ROOM 32

/* cells[0] begins a line, and n cells of it are there: mark what stands before its text. */
void cells_mark_prefix(struct cell *cells, size_t n);
#define PREFIX_CELLS 200 /* so many are enough to know */

#endif
