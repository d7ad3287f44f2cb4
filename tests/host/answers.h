/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* answers.h - what the kernel of a capture answered (NAME.hw.jsonl) as iommufit.measured/1. */
#ifndef TESTS_HOST_ANSWERS_H
#define TESTS_HOST_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

enum answers_what {
	ANSWERS_LEGACY = 1,  /* the group route */
	ANSWERS_IOMMUFD = 2, /* domains and hw_info */
	ANSWERS_OLD = 4,     /* the small hw_info structure, which has no capabilities */
	ANSWERS_ALL = ANSWERS_LEGACY | ANSWERS_IOMMUFD,
};

/* capture: "NAME.tar.xz". only: one device, "0000:00:05.0"; NULL: all. boot_id may be NULL. The
 * caller frees it; NULL: there is no such file. */
char *answers_json(const char *capture, unsigned what, const char *only, const char *boot_id);

#endif
