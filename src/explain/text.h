/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.h - texts over the operands of a message. {N} is operand N as it was said; {f N M} computes:
 *
 *   bits N      bits that the address N needs      end N M     last byte of M bytes at N
 *   endbits N M bits that this last byte needs     size N      bytes for people: 16 GiB
 *   intel N     the wider of 39 and 48 that is not more than N; nothing below 39
 *   less N      N - 1    top N   the highest address of N bits    min N M, max N M
 *
 *   lessbits N M  endbits N M less one
 *
 * A line that begins with "!" stands only if the one before it was left out. A line may begin with
 * a condition, "?2<#39 " or "?endbits 2 3>#48 "; it is left out if that does not hold or if an
 * operand of it is missing. Both sides of the comparison are numbers or such computations.
 */
#ifndef EXPLAIN_TEXT_H
#define EXPLAIN_TEXT_H

#include "base/arena.h"
#include "explain/pattern.h"

struct topic_operands {
	const char *text[TOPIC_OPERANDS]; /* NULL: not said */
};

/* The lines of a template that hold, rendered; n of them in the arena, NULL at the end. NULL: no
 * memory. */
const char *const *topic_lines(struct arena *, const char *text, const struct topic_operands *);

#endif
