/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_CLOUD_HYPERVISOR_OWN_H
#define TESTS_CLOUD_HYPERVISOR_OWN_H

#include "../table.h"
#include "vmm/machine.h"

int own_run(void);
int edits_run(void);

#endif
