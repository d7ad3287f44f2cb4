/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* needles.h - finds any of many strings in one pass (Aho and Corasick 1975). */
#ifndef EXPLAIN_NEEDLES_H
#define EXPLAIN_NEEDLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct needles {
	uint8_t class_of[256]; /* characters that no needle has share class 0 */
	unsigned n_classes;
	uint16_t *next;	   /* state * n_classes + class */
	uint16_t *failure; /* where a state goes on when no character fits */
	uint16_t *output;  /* first needle that ends here, plus one */
	uint16_t *shorter; /* next state on the way of failures where a needle ends, 0: none */
	uint16_t *sibling; /* of a needle: the next one with the same text, plus one */
	size_t n_states;
};

/* needles and lengths: n of them. 0, -ENOMEM, or -E2BIG. */
int needles_build(struct arena *, struct needles *, const char *const *needles,
		  const size_t *lengths, size_t n);

static inline uint16_t needles_step(const struct needles *s, uint16_t state, char c)
{
	return s->next[(size_t)state * s->n_classes + s->class_of[(unsigned char)c]];
}

#endif
