/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pattern.h - the form of a message: text with operands. {0} to {5} are operands, {*} is anything
 * of one word that is of no interest. A type may follow: {1:d}
 *
 *   d  a decimal number, {x} a hexadecimal one (0x may be missing; also "(nil)")
 *   b  a PCI address       w  a word (the default)
 *   a  an architecture, in one line
 *   t  any text            q  any text without quotes (the default behind a quote)
 *
 * A blank stands for any white space; and between any two characters a line may have been broken.
 */
#ifndef EXPLAIN_PATTERN_H
#define EXPLAIN_PATTERN_H

#include "base/arena.h"
#include "explain/cells.h"

#define PATTERN_SLOTS 12
#define TOPIC_OPERANDS 8

enum token_kind { TOKEN_TEXT, TOKEN_OPERAND };

struct token {
	enum token_kind kind;
	char type;	  /* of an operand */
	int index;	  /* as it is written, -1: of no interest */
	unsigned slot;	  /* operands are counted as they come */
	const char *text; /* with its blanks */
	size_t length;
};

struct pattern {
	struct token *tokens;
	size_t n_tokens;
	size_t anchor;	    /* token in which the search looks for it */
	const char *needle; /* its characters without blanks; in the arena */
	size_t needle_length;
	size_t needle_skip; /* characters of the token before it */
	size_t n_literal;   /* characters that are not operands, without blanks */
	unsigned n_slots;
};

/* Where it was found, in cells; end is behind the last. */
struct span {
	size_t start, end;
};

struct match {
	struct span whole;
	struct span slot[PATTERN_SLOTS];
};

/* 0, -ENOMEM, or -E2BIG: it has too many operands. */
int pattern_compile(struct arena *, const char *text, struct pattern *);
/* At this cell and nowhere else. */
bool pattern_match(const struct pattern *, const struct cell *, size_t n, size_t at,
		   struct match *);
/* Around a hit of its needle, whose first cell this is. floor: no cell before that. */
bool pattern_find(const struct pattern *, const struct cell *, size_t n, size_t floor, size_t hit,
		  struct match *);
/* Ends before cell `end` and begins where it can, not before floor. */
bool pattern_find_before(const struct pattern *, const struct cell *, size_t floor, size_t end,
			 struct match *);
/* The text of an operand, wrappings taken off; in the arena, NULL: no memory. is_text: a line break
 * in it was a blank, else it was in the middle of a word. */
char *span_text(struct arena *, const struct cell *, struct span, bool is_text);
char pattern_slot_type(const struct pattern *, size_t slot);
/* The message as the pattern has it, with these texts for its operands. */
struct buf;
void pattern_render(const struct pattern *, const char *const *slots, struct buf *);

#endif
