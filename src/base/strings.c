/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return UINT32_MAX;
}

int parse_u64n(const char *text, size_t length, int base, uint64_t max, uint64_t *out)
{
	bool has_prefix = length >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	bool too_large = false;
	uint64_t value = 0;
	size_t i = 0;

	if (base == 0)
		base = has_prefix ? 16 : 10;
	if (base == 16 && has_prefix)
		i = 2;
	if (i == length)
		return -EINVAL;
	for (; i < length; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= (unsigned)base)
			return -EINVAL;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			too_large = true;
	}
	if (too_large || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int parse_u64(const char *text, int base, uint64_t max, uint64_t *out)
{
	return parse_u64n(text, strlen(text), base, max, out);
}

/* One field of hexadecimal digits, at most `width` of them, up to `stop`. */
static bool bdf_field(const char **cursor, char stop, size_t width, uint64_t max, uint64_t *out)
{
	const char *end = strchr(*cursor, stop);
	size_t length;

	if (!end)
		return false;
	length = (size_t)(end - *cursor);
	/* parse_u64n() would take a prefix, which an address never has. */
	if (length > width || memchr(*cursor, 'x', length) || memchr(*cursor, 'X', length))
		return false;
	if (parse_u64n(*cursor, length, 16, max, out) < 0)
		return false;
	*cursor = stop ? end + 1 : end;
	return true;
}

int parse_bdf(const char *text, struct pci_address *out)
{
	uint64_t domain = 0, bus, device, function;
	const char *colon = strchr(text, ':');

	if (!colon)
		return -EINVAL;
	if (strchr(colon + 1, ':') && !bdf_field(&text, ':', 8, UINT32_MAX, &domain))
		return -EINVAL;
	if (!bdf_field(&text, ':', 2, 0xff, &bus) || !bdf_field(&text, '.', 2, 0x1f, &device) ||
	    !bdf_field(&text, '\0', 1, 7, &function))
		return -EINVAL;
	*out = (struct pci_address){
		.domain = (uint32_t)domain,
		.bus = (uint8_t)bus,
		.device = (uint8_t)device,
		.function = (uint8_t)function,
	};
	return 0;
}

void format_bdf(const struct pci_address *address, char out[BDF_TEXT])
{
	snprintf(out, BDF_TEXT, "%04x:%02x:%02x.%x", address->domain, address->bus, address->device,
		 address->function & 7U);
}

int buf_reserve(struct buf *b, size_t room)
{
	size_t needed, cap;
	char *data;

	if (b->err)
		return b->err;
	/* One more for the NUL. */
	if (__builtin_add_overflow(b->length, room, &needed) || needed > SIZE_MAX / 2) {
		b->err = -ENOMEM;
		return b->err;
	}
	needed++;
	if (needed <= b->cap)
		return 0;
	cap = b->cap * 2 > needed ? b->cap * 2 : needed;
	if (cap < 64)
		cap = 64;
	data = realloc(b->data, cap);
	if (!data) {
		b->err = -ENOMEM;
		return b->err;
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

void buf_append(struct buf *b, const char *bytes, size_t length)
{
	if (!length || buf_reserve(b, length) < 0)
		return;
	memcpy(b->data + b->length, bytes, length);
	b->length += length;
	b->data[b->length] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_append(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
	buf_append(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	size_t room;
	int n;

	if (buf_reserve(b, 64) < 0)
		return;
	room = b->cap - b->length;
	va_copy(again, args);
	n = vsnprintf(b->data + b->length, room, format, args);
	if (n < 0) {
		b->err = -EINVAL;
	} else if ((size_t)n >= room && buf_reserve(b, (size_t)n) == 0) {
		room = b->cap - b->length;
		n = vsnprintf(b->data + b->length, room, format, again);
	}
	va_end(again);
	if (!b->err)
		b->length += (size_t)n;
	else if (b->data)
		b->data[b->length] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

char *buf_steal(struct buf *b)
{
	char *data = b->data;

	if (b->err) {
		buf_free(b);
		return NULL;
	}
	if (!data)
		data = calloc(1, 1);
	else
		data[b->length] = '\0';
	*b = (struct buf){0};
	return data;
}

bool next_line(const char **cursor, const char *end, const char **line, size_t *length)
{
	const char *start = *cursor;
	const char *newline;
	size_t n;

	if (start >= end)
		return false;
	newline = memchr(start, '\n', (size_t)(end - start));
	n = (size_t)((newline ? newline : end) - start);
	*cursor = newline ? newline + 1 : end;
	if (newline && n && start[n - 1] == '\r')
		n--;
	*line = start;
	*length = n;
	return true;
}

void free_pointer(void *pointer_to_pointer)
{
	void *p;

	memcpy(&p, pointer_to_pointer, sizeof(p));
	free(p);
}

unsigned str_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned row[STR_FAR + 1];

	if (n > STR_FAR || m > STR_FAR)
		return STR_FAR;
	for (size_t k = 0; k <= m; k++)
		row[k] = (unsigned)k;
	for (size_t i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= m; k++) {
			char x = a[i - 1] == '_' ? '-' : a[i - 1],
			     y = b[k - 1] == '_' ? '-' : b[k - 1];
			bool same = tolower((unsigned char)x) == tolower((unsigned char)y);
			unsigned best = diagonal + !same;

			diagonal = row[k];
			best = row[k] + 1 < best ? row[k] + 1 : best;
			row[k] = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
		}
	}
	return row[m];
}

bool str_is_near(unsigned distance, const char *name)
{
	return distance <= (strlen(name) >= 6 ? 2 : 1);
}
