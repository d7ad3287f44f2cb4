/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acpi_test.h"

#include <errno.h>
#include <stdio.h>

#include "inject.h"

uint8_t *seed_read(const char *seed, size_t *length)
{
	char path[512];
	uint8_t *bytes = malloc(ACPI_TABLE_MAX);
	FILE *file;

	assert_non_null(bytes);
	snprintf(path, sizeof(path), "%s/%s", getenv("IOMMUFIT_CORPUS"), seed);
	file = fopen(path, "rb");
	assert_non_null(file);
	*length = fread(bytes, 1, ACPI_TABLE_MAX, file);
	fclose(file);
	return bytes;
}

static void write_field(uint8_t *bytes, size_t offset, unsigned width, uint64_t value)
{
	for (unsigned i = 0; i < width; i++)
		bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

void check_broken(const struct broken *row, parse_fn parse)
{
	struct arena *arena = arena_new(1024);
	struct iof_ctx *ctx;
	size_t length;
	uint8_t *bytes = seed_read(row->seed, &length);
	uint8_t *exact;
	int err;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	if (row->length) {
		length = row->length;
		write_field(bytes, 4, 4, length);
	}
	write_field(bytes, row->offset, row->width, row->value);
	/* A block of exactly that size, so that the sanitizer sees a read behind it. */
	exact = malloc(length ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	err = parse(ctx, arena, exact, length);
	if (row->expect) {
		assert_int_equal(err, -EBADMSG);
		assert_string_equal(iof_ctx_error(ctx), row->expect);
	} else {
		assert_int_equal(err, 0);
	}
	free(exact);
	free(bytes);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

void check_allocations(const char *seed, parse_fn parse)
{
	size_t length;
	uint8_t *bytes = seed_read(seed, &length);
	unsigned n = 0;
	int err;

	do {
		struct arena *arena = arena_new(64);
		struct iof_ctx *ctx;

		assert_int_equal(iof_ctx_new(&ctx), 0);
		inject_failure(++n, false);
		err = parse(ctx, arena, bytes, length);
		inject_failure(0, false);
		assert_true(err == 0 || err == -ENOMEM);
		iof_ctx_unref(ctx);
		arena_free(arena);
	} while (err);
	assert_true(n > 2);
	free(bytes);
}

int main(void)
{
	return test_dmar() + test_ivrs() + test_iort() + test_viot();
}
