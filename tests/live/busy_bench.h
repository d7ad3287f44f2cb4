/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy_bench.h - trees of sysfs and /proc, as Linux makes them, in which a device is in use or
 * nearly so. */
#ifndef TEST_BUSY_BENCH_H
#define TEST_BUSY_BENCH_H

#include "table.h"

#include "fake_kernel.h"
#include "fake_pci.h"

#define DEVICE "0000:00:05.0"

struct bench {
	struct fake_kernel *k;
	struct fake_pci pci;
	struct iof_ctx *ctx;
};

struct bench_row {
	const char *name;
	void (*set_up)(struct bench *);
	int err;
	const char *why; /* in the text */
};

/* A file of the device. */
void bench_file(struct bench *, const char *below, const char *text);
/* Both texts, in one of four buffers by turns. */
const char *bench_join(const char *a, const char *b);
/* A child device of that subsystem. number: "8:0", of /dev/NAME; NULL: no node. */
void bench_child(struct bench *, const char *path, const char *subsystem, const char *number);
void bench_class(struct bench *, const char *class);

/* The state is a row: whether the device is in use, and that looking changes nothing. */
void bench_reason(void **state);
/* What cannot be read counts as use, and never as none: each call fails once. */
void bench_unreadable(void **state);

/* How many tests failed. */
int test_busy_storage(void);
int test_busy_devices(void);

#endif
