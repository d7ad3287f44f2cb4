/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/host/profile_read.c src/host/profile_devices.c src/host/profile_json.c
 * parser: src/base/json.c
 *
 * A profile. One that is taken is written and taken again, and must then be written as the same
 * bytes.
 */
#include "fuzz.h"

#include <stdlib.h>

#include <iommufit/host.h>

#include "base/strings.h"

static int append(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

static char *written(struct iof_ctx *ctx, const struct iof_host *host, enum iof_format format)
{
	struct buf text = {0};
	struct iof_output out = {
		.size = sizeof(out), .write = append, .data = &text, .format = format};

	if (iof_host_write(ctx, host, &out) < 0)
		abort();
	return buf_steal(&text);
}

static void check_again(struct iof_ctx *ctx, const struct iof_host *host)
{
	char *first = written(ctx, host, IOF_FORMAT_JSON), *second;
	struct iof_host *again;

	if (iof_host_load_profile(ctx, first, strlen(first), "again", NULL, &again) < 0)
		abort();
	second = written(ctx, again, IOF_FORMAT_JSON);
	if (!str_eq(first, second))
		abort();
	iof_host_unref(again);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const devices[] = {"00:05.0", "0000:01:00.0"};
	static const char *const drivers[] = {"00:05.0=none"};
	struct iof_host_options options = {.size = sizeof(options),
					   .kernel = "6.12",
					   .devices = devices,
					   .n_devices = ARRAY_SIZE(devices),
					   .drivers = drivers,
					   .n_drivers = ARRAY_SIZE(drivers)};
	struct iof_ctx *ctx;
	struct iof_host *host;

	if (iof_ctx_new(&ctx) < 0)
		return 0;
	if (iof_host_load_profile(ctx, (const char *)bytes, size, "fuzz", NULL, &host) == 0) {
		check_again(ctx, host);
		free(written(ctx, host, IOF_FORMAT_TEXT));
		iof_host_unref(host);
		if (iof_host_load_profile(ctx, (const char *)bytes, size, "fuzz", &options,
					  &host) == 0)
			iof_host_unref(host);
	}
	iof_ctx_unref(ctx);
	return 0;
}
