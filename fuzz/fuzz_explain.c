/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/explain/cells.c src/explain/explain.c src/explain/found.c src/explain/needles.c */
/* parser: src/explain/pattern.c src/explain/prefix.c src/explain/scan.c src/explain/text.c */
/* parser: src/show/explain_write.c */
/*
 * A log, as a whole and in pieces: the answer is the same, in text and in JSON, and nothing in it
 * moves a terminal. The first byte says whether its lines are messages, and how long a piece is.
 */
#include "fuzz.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

#include <iommufit/iommufit.h>

#include "explain/scan.h"

static struct iof_ctx *ctx;
static struct iof_explain *catalogue; /* building it takes longer than most logs */

static void write_as(const struct iof_explain *x, enum iof_format format, struct buf *text)
{
	struct iof_output out = {
		.size = sizeof(out), .write = append, .data = text, .format = format};

	if (iof_explain_write(ctx, x, NULL, &out) < 0)
		abort();
}

static void answer(const char *bytes, size_t size, size_t piece, bool is_message, struct buf *text)
{
	struct iof_explain *x = explain_sharing(catalogue, is_message);

	if (!x)
		abort();
	for (size_t at = 0; at < size; at += piece) {
		if (iof_explain_feed(x, bytes + at, size - at < piece ? size - at : piece) < 0)
			abort();
	}
	if (iof_explain_finish(x) < 0)
		abort();
	write_as(x, IOF_FORMAT_TEXT, text);
	write_as(x, IOF_FORMAT_JSON, text);
	iof_explain_unref(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct buf whole = {0}, parts = {0};
	const char *log = (const char *)bytes + 1;
	bool is_message = size && bytes[0] & 1;

	if (!ctx && (iof_ctx_new(&ctx) < 0 || iof_explain_new(ctx, NULL, &catalogue) < 0))
		abort();
	if (size == 0)
		return 0;
	answer(log, size - 1, size, is_message, &whole);
	answer(log, size - 1, 1 + bytes[0] / 2 % 64, is_message, &parts);
	if (whole.length != parts.length || memcmp(whole.data, parts.data, whole.length) != 0)
		abort();
	for (size_t i = 0; i < whole.length; i++) {
		unsigned char c = (unsigned char)whole.data[i];

		if ((c < ' ' && c != '\n') || c == 0x7f)
			abort();
	}
	buf_free(&whole);
	buf_free(&parts);
	return 0;
}
