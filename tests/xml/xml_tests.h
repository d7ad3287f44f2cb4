/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_XML_TESTS_H
#define TESTS_XML_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "vm/xml/tree.h"

/* The document, which must be well. */
struct xml_node *must_read(struct arena *, const char *text, size_t length);
/* All of a tree in one line, its places not: "a(x=1 y=2)[b()[] ]'text'", white space of texts left
 * out. */
void dump(struct buf *, const struct xml_node *);

int test_read(void);
int test_edit(void);
int test_random(void);

#endif
