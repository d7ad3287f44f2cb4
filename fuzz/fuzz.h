/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz.h - what every fuzz target defines, as libFuzzer calls it. Always returns 0. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
