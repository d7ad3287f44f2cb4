/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmm_test.h - a command line and a host from the catalogue become a machine. */
#ifndef TESTS_VMM_TEST_H
#define TESTS_VMM_TEST_H

#include "../table.h"
#include "vmm/machine.h"

int test_firmware_kinds(void);
int test_firmware_errors(void);
int test_images(void);
int test_vcpu(void);
int test_microvm(void);
int test_ovmf(void);
int test_virt(void);
int test_virt_bars(void);

/* Unpacked, from malloc(). */
char *read_records(struct iof_ctx *, const char *path, size_t *length);

/* version: "7.2". NULL and its reason in error: refused. */
struct iof_machine *make_machine(struct iof_ctx *, const char *host, const char *version,
				 const char *line, struct iof_vmm);

#endif
