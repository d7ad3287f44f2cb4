/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strings.h - strings, numbers and a growing buffer. */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* How many characters differ, to the extent that it matters: '_' is as good as '-', case does not
 * count. STR_FAR: too many. */
#define STR_FAR 24u
unsigned str_distance(const char *a, const char *b);
/* Near: a slip or two, in a longer name. */
bool str_is_near(unsigned distance, const char *name);

/* The whole of text[0..length) is one number in this base (16: with or without 0x; 0: 0x prefix
 * means 16, else 10). 0, or -EINVAL (empty, sign, white space, other text) or -ERANGE (more than
 * max). */
int parse_u64n(const char *text, size_t length, int base, uint64_t max, uint64_t *out);
int parse_u64(const char *text, int base, uint64_t max, uint64_t *out);

/* A PCI address "0000:01:00.0" or "01:00.0" (domain 0); hexadecimal, function one digit 0-7, device
 * <= 0x1f. */
struct pci_address {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;
	uint8_t function;
};
int parse_bdf(const char *text, struct pci_address *out);
#define BDF_TEXT 24 /* room for "ffffffff:ff:1f.7" and NUL */
void format_bdf(const struct pci_address *, char out[BDF_TEXT]);

/* A growing buffer from malloc(). After an allocation failure err is -ENOMEM and appends do
 * nothing. */
struct buf {
	char *data; /* NUL-terminated when length > 0 */
	size_t length;
	size_t cap;
	int err;
};
void buf_append(struct buf *, const char *bytes, size_t length);
void buf_puts(struct buf *, const char *text);
void buf_putc(struct buf *, char);
void buf_printf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
/* Room for that many more bytes and a NUL, for who writes into data itself. Returns 0 or -ENOMEM.
 */
int buf_reserve(struct buf *, size_t room);
void buf_free(struct buf *);
/* The data, to be freed by the caller; NULL on an allocation failure. An empty buffer gives "". */
char *buf_steal(struct buf *);

/* Next line of *cursor up to end; strips "\n" and "\r\n". false at the end. */
bool next_line(const char **cursor, const char *end, const char **line, size_t *length);

#define cleanup_free __attribute__((cleanup(free_pointer)))
void free_pointer(void *pointer_to_pointer);

/* A parameter that a table's signature has and this function does not need. */
#define UNUSED __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
