/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_DECODE_TEST_H
#define TESTS_DECODE_TEST_H

#include "../table.h"

#include "base/strings.h"
#include "host/registers.h"

int test_registers(void);
int test_vtd(void);
int test_amdvi(void);
int test_smmuv3(void);
int test_catalog(void);

#endif
