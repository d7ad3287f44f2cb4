/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* utf8.h - what the emitter needs to know about characters, without any locale. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode the character at text[0..length). Returns its bytes, 0 if they are not valid UTF-8. */
size_t utf8_decode(const char *text, size_t length, uint32_t *character);
/* Write a character's 1 to 4 bytes; returns how many. */
#define UTF8_MAX 4
size_t utf8_encode(uint32_t character, char out[UTF8_MAX]);
/* Moves the cursor, changes direction or the like: never to be sent to a terminal. */
bool utf8_is_control(uint32_t character);
/* Columns on a terminal: 0 (combining), 1 or 2. */
unsigned utf8_columns(uint32_t character);

#endif
