/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/acpi.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint8_t acpi_u8(const struct acpi_span *span, size_t offset)
{
	return offset < span->length ? span->table->bytes[span->offset + offset] : 0;
}

uint16_t acpi_u16(const struct acpi_span *span, size_t offset)
{
	return (uint16_t)(acpi_u8(span, offset) | acpi_u8(span, offset + 1) << 8);
}

uint32_t acpi_u32(const struct acpi_span *span, size_t offset)
{
	return acpi_u16(span, offset) | (uint32_t)acpi_u16(span, offset + 2) << 16;
}

uint64_t acpi_u64(const struct acpi_span *span, size_t offset)
{
	return acpi_u32(span, offset) | (uint64_t)acpi_u32(span, offset + 4) << 32;
}

const char *acpi_text(struct arena *arena, const struct acpi_span *span, size_t offset,
		      size_t length)
{
	const char *text;

	if (offset >= span->length)
		return arena_strdup(arena, "");
	if (length > span->length - offset)
		length = span->length - offset;
	text = (const char *)span->table->bytes + span->offset + offset;
	return arena_strndup(arena, text, strnlen(text, length));
}

int acpi_bad(struct iof_ctx *ctx, const struct acpi_span *span, size_t offset, const char *format,
	     ...)
{
	va_list args;
	char *reason = NULL;
	int n;

	va_start(args, format);
	n = vasprintf(&reason, format, args);
	va_end(args);
	if (n < 0)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	ctx_fail(ctx, -EBADMSG, "%s: offset 0x%zx: %s", span->table->path, span->offset + offset,
		 reason);
	free(reason);
	return -EBADMSG;
}

int acpi_take(struct iof_ctx *ctx, struct acpi_span *from, size_t length, size_t minimum,
	      const char *what, struct acpi_span *out)
{
	if (length < minimum)
		return acpi_bad(ctx, from, 0, "%s is %zu bytes long, less than %zu", what, length,
				minimum);
	if (length > from->length)
		return acpi_bad(ctx, from, 0, "%s is %zu bytes long, but only %zu are left", what,
				length, from->length);
	*out = (struct acpi_span){from->table, from->offset, length};
	from->offset += length;
	from->length -= length;
	return 0;
}

void *acpi_append(struct arena *arena, struct acpi_array *array, size_t size)
{
	void *items = arena_grow(arena, array->items, array->n, &array->cap, size);
	char *item;

	if (!items)
		return NULL;
	array->items = items;
	item = (char *)items + array->n * size;
	memset(item, 0, size);
	array->n++;
	return item;
}

/* A fixed-width header field: blanks at its end are padding. */
static void copy_id(char *out, const uint8_t *bytes, size_t length)
{
	size_t n = strnlen((const char *)bytes, length);

	while (n > 0 && bytes[n - 1] == ' ')
		n--;
	memcpy(out, bytes, n);
	out[n] = '\0';
}

static bool sums_to_zero(const uint8_t *bytes, size_t length)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

int acpi_open(struct iof_ctx *ctx, const void *bytes, size_t length, const char *path,
	      const char *signature, size_t minimum, struct acpi_table *out)
{
	struct acpi_table table = {.bytes = bytes, .length = length, .path = path};
	struct acpi_span span = {&table, 0, length};
	uint32_t said;

	if (length > ACPI_TABLE_MAX)
		return acpi_bad(ctx, &span, 0, "table of %zu bytes is too large", length);
	if (length < ACPI_HEADER)
		return acpi_bad(ctx, &span, 0, "%s", length ? "truncated header" : "empty table");
	if (memcmp(bytes, signature, 4) != 0)
		return acpi_bad(ctx, &span, 0, "signature is not %s", signature);
	said = acpi_u32(&span, 4);
	if (said != length)
		return acpi_bad(ctx, &span, 4, "table says %u bytes, but there are %zu", said,
				length);
	if (length < minimum)
		return acpi_bad(ctx, &span, 4, "%zu bytes are too few for a %s table", length,
				signature);
	table.revision = acpi_u8(&span, 8);
	copy_id(table.oem_id, table.bytes + 10, 6);
	copy_id(table.oem_table_id, table.bytes + 16, 8);
	table.checksum_ok = sums_to_zero(bytes, length);
	*out = table;
	return 0;
}
