/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/host/tar.c src/host/capture_filter.c src/host/capture_config.c
 *
 * The archive of a capture, packed or not. A host is loaded from the one that is taken, and what of
 * its members would go into a capture is filtered.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "host/capture.h"
#include "host/load.h"
#include "host/tar.h"

/* Filters take any bytes, and what they let through goes through again. */
static int filter(void *data, const char *path, const char *bytes, size_t length)
{
	struct arena *arena = arena_new(4096);
	unsigned i;

	for (i = CAPTURE_AS_IS; arena && i <= CAPTURE_MODPROBE; i++) {
		const char *once, *twice;
		size_t n, m;

		if (capture_filter_bytes(arena, i, bytes, length, &once, &n) < 0 ||
		    capture_filter_bytes(arena, i, once, n, &twice, &m) < 0)
			abort();
		if (n != m || memcmp(once, twice, n) != 0)
			abort();
	}
	arena_free(arena);
	return 0;
}

static int ignore_link(void *data, const char *path, const char *target)
{
	return 0;
}

static int ignore_folder(void *data, const char *path)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct tar_sink sink = {
		.file = filter, .link = ignore_link, .folder = ignore_folder};
	struct iof_ctx *ctx;
	struct iof_host *host;
	struct root *root;

	tar_read((const char *)bytes, size, &sink, NULL, 0);
	if (iof_ctx_new(&ctx) < 0)
		return 0;
	if (capture_root(ctx, (const char *)bytes, size, "fuzz", &root) == 0) {
		if (host_load_from_root(ctx, root, "fuzz", NULL, &host) == 0)
			iof_host_unref(host);
		root_free(root);
	}
	iof_ctx_unref(ctx);
	return 0;
}
