/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diff.h - what differs between two texts, as a unified diff. */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "tool.h"

/* Nothing is appended if the texts are equal. */
int diff_write(struct bytes *out, const char *old_name, const char *old_text, size_t old_length,
	       const char *new_name, const char *new_text, size_t new_length);

#endif
