/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* describe.h - a machine, and what the check says of it, as text that can be compared. */
#ifndef TESTS_LIBVIRT_DESCRIBE_H
#define TESTS_LIBVIRT_DESCRIBE_H

#include <iommufit/iommufit.h>

#include "base/strings.h"

/* From malloc(). The VM stays the caller's. */
char *describe_machine(struct iof_ctx *, struct iof_host *, struct iof_vm *, const char *qemu);
/* The first message of the start; NULL: it starts, or none. From malloc(). */
char *first_refusal(struct iof_ctx *, struct iof_host *, struct iof_vm *, const char *qemu);
/* A whole file; NULL: it cannot be read. From malloc(). */
char *read_text(const char *path, size_t *length);

#endif
