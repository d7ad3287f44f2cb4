/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_bars.h - the BARs of QEMU's device models, as real binaries have them (data/qemu-bars.tsv).
 */
#ifndef VMM_KNOWN_BARS_H
#define VMM_KNOWN_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bar_kind { BAR_NONE = 0, BAR_IO, BAR_MEM32, BAR_PREF32, BAR_MEM64, BAR_PREF64 };

/* Where a device stands may matter: virtio has no I/O BAR behind a PCIe port. */
enum { BARS_ON_PC = 1, BARS_ON_Q35 = 2, BARS_BEHIND_PORT = 4 };

struct known_bar {
	uint8_t index; /* 6: option ROM */
	uint8_t kind;
	uint64_t size;
};

struct known_function {
	const char *driver;
	uint8_t versions; /* bits 0 to 2: as in 7.2, 10.0, 11.1 */
	uint8_t where;
	uint16_t class_code;
	bool is_bridge;
	struct known_bar bars[7]; /* the first of kind NONE ends them */
};

/* Sorted by driver; a driver has several rows where versions or places differ. */
extern const struct known_function known_functions[];
extern const size_t n_known_functions;

#endif
