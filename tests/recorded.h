/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* recorded.h - what a lab recorded, as text: a file that may be compressed. Ends the test if it
 * cannot be read. */
#ifndef TESTS_RECORDED_H
#define TESTS_RECORDED_H

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>

static inline char *read_recorded(const char *path)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	char *text = NULL;
	size_t length = 0, cap = 0;
	ssize_t n = 0;

	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_filename(a, path, 1 << 16) || archive_read_next_header(a, &entry)) {
		fprintf(stderr, "%s: %s\n", path, archive_error_string(a));
		exit(99);
	}
	do {
		length += (size_t)n;
		if (cap - length < 1 << 20) {
			cap += 1 << 24;
			text = realloc(text, cap);
		}
		if (!text)
			exit(99);
		n = archive_read_data(a, text + length, cap - length - 1);
	} while (n > 0);
	text[length] = '\0';
	archive_read_free(a);
	return text;
}

#endif
