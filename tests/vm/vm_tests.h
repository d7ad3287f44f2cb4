/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_VM_TESTS_H
#define TESTS_VM_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "vm/vm.h"
#include "vm/words.h"

/* A VM in one line, for tables: "m(size=1G) device(driver=vfio-pci,host=$X)?!error" (~ flag, *
 * implied, ? variable). */
char *describe(const struct iof_vm *);
void describe_option(struct buf *, const struct vm_option *);
/* The VM of a text, which must be well. */
struct iof_vm *must_load(const char *text, size_t length);

int test_parse(void);
int test_edit(void);
int test_random(void);
int test_files(void);
int test_alloc(void);

#endif
