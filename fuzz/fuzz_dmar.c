/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/host/acpi.c src/host/acpi_dmar.c */
#include "acpi_input.h"
#include "fuzz.h"

#include "host/acpi_dmar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);
	uint8_t *bytes = acpi_input(data, size);
	struct iof_ctx *ctx = NULL;
	const struct dmar *table;

	if (arena && bytes && iof_ctx_new(&ctx) == 0 &&
	    dmar_parse(ctx, arena, bytes, size, "input", &table) == 0)
		dmar_unit_at(table, 0xfed90000);
	iof_ctx_unref(ctx);
	free(bytes);
	arena_free(arena);
	return 0;
}
