/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxmox_tests.h - qemu-server configs: read, told as text, edited. */
#ifndef TESTS_PROXMOX_TESTS_H
#define TESTS_PROXMOX_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <iommufit/iommufit.h>

#include "vm/language.h"
#include "vmm/machine.h"

#include "../table.h"

/* A file of the test's data or samples; NULL: it is not there. */
char *read_text(const char *folder, const char *name, size_t *length);
/* What a config of the real world may ask of its machine: a host that is made up. */
extern const char *const test_functions[];
extern const size_t n_test_functions;
/* Gives the files of a folder by their base names, for iof_vm_options.open. */
int open_in(void *folder, const char *path, char **bytes, size_t *length);

/* The words of a VM, one option a line. */
char *words_text(const struct iof_vm *);
/* All that matters of a machine, one fact a line. */
char *machine_text(struct iof_ctx *, struct iof_host *, const struct iof_machine *);
/* The first line that differs, printed; true: none. */
bool same_text(const char *name, const char *mine, const char *peers);

bool samples_are_there(void); /* says so if not */
int samples_run(void);
int grammar_run(void);
int own_run(void);
int edits_run(void);
int random_run(void);
int alloc_run(void);

#endif
