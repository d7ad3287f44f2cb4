/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/host/profile_read.c src/host/profile_devices.c src/host/profile_json.c
 * parser: src/base/json.c
 *
 * A profile. One that is taken is written and taken again, and must then be written as the same
 * bytes.
 */
#include "fuzz.h"
#include "host_again.h"

#include <iommufit/host.h>

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
