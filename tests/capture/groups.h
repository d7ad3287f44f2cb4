/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_CAPTURE_GROUPS_H
#define TESTS_CAPTURE_GROUPS_H

#include <stddef.h>

struct root;

/* Each runs its tests and returns how many failed. */
int test_bad(void);
int test_filter(void);
int test_secrets(void);
int test_write(void);

/* A new folder below /tmp; remove_folder() takes it away with everything in it, and frees the name.
 */
char *make_folder(void);
void remove_folder(char *folder);
/* Write a file, its folders too. */
void put_file(const char *folder, const char *path, const void *bytes, size_t length);
/* Unpack a capture into a folder. */
void unpack(const char *capture, const char *folder);
/* The capture of a folder (NULL: this machine) or of a root, as bytes. */
char *captured(const char *folder, const char *format, size_t *length);
char *captured_root(struct root *, const char *format, size_t *length);

#endif
