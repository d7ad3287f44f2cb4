/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/live/journal.c
 *
 * The journal of a probe that was cut off. What is taken from it becomes parts of paths that root
 * writes to; and the text of what was parsed is the same bytes again, so that nothing is skipped.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "live/journal.h"

static void check_device(const struct journal_device *d)
{
	struct pci_address address;

	if (parse_bdf(d->bdf, &address) || strchr(d->bdf, '/'))
		abort();
	if (d->driver && (!*d->driver || strchr(d->driver, '/') || strchr(d->driver, '\n')))
		abort();
	if (d->override && (!*d->override || strchr(d->override, '\n')))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct iof_ctx *ctx;
	struct arena *arena = arena_new(4096);
	struct buf text = {0};
	struct journal j;

	if (!arena || (!ctx && iof_ctx_new(&ctx) < 0))
		abort();
	if (journal_parse(ctx, arena, "fuzz", (const char *)bytes, size, &j) == 0) {
		if (!j.n)
			abort();
		for (size_t i = 0; i < j.n; i++)
			check_device(&j.devices[i]);
		journal_print(&text, &j);
		if (text.length != size || memcmp(text.data, bytes, size) != 0)
			abort();
	}
	buf_free(&text);
	arena_free(arena);
	return 0;
}
