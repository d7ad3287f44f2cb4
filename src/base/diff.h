/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diff.h - what differs between two texts, line by line. */
#ifndef BASE_DIFF_H
#define BASE_DIFF_H

#include "base/strings.h"

/* As a unified diff; nothing is appended if the texts are equal. Returns 0 or -ENOMEM. */
int diff_write(struct buf *out, const char *old_name, const char *old_text, size_t old_length,
	       const char *new_name, const char *new_text, size_t new_length);

/* Each line that goes or comes, without its line end; number counts from 1 in the text that it is
 * of. Other than 0 ends it, and is returned. */
typedef int (*diff_line_fn)(void *data, bool is_added, size_t number, const char *line,
			    size_t length);
int diff_lines(const char *old_text, size_t old_length, const char *new_text, size_t new_length,
	       diff_line_fn, void *data);

#endif
