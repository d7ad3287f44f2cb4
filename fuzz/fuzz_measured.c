/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/host/measured_read.c src/host/measured_apply.c src/host/measured_write.c
 * parser: src/host/measured_known.c src/host/nesting.c
 *
 * What a kernel answered, of a host with a unit of each kind. What is taken gives ranges in order;
 * it is written into a profile, and the profile gives the same again. What may leave the machine is
 * taken, too.
 */
#include "fuzz.h"
#include "host_again.h"

#include <errno.h>
#include <stdlib.h>

#include <iommufit/host.h>

#include "base/strings.h"
#include "host/host.h"

#define GROUP(id)                                                                                  \
	"{\"id\":" id ",\"regions_provenance\":\"read\",\"reserved_regions\":["                    \
	"{\"first\":\"0xfee00000\",\"last\":\"0xfeefffff\",\"type\":\"msi\"},"                     \
	"{\"first\":\"0xfd00000000\",\"last\":\"0xffffffffff\",\"type\":\"reserved\"}]}"
#define DEVICE(bdf, group, unit) "{\"bdf\":\"" bdf "\",\"group\":" group ",\"unit\":\"" unit "\"}"

static const char host_text[] =
	"{\"schema\":\"iommufit.host/1\",\"iommu\":\"arm-smmuv3\",\"cpu\":{},"
	"\"kernel\":{\"release\":\"7.2\"},\"units\":["
	"{\"name\":\"dmar0\",\"kind\":\"intel-vtd\",\"provenance\":\"read\","
	"\"cap\":\"0xd2008c40660462\",\"ecap\":\"0xf050da\"},"
	"{\"name\":\"ivhd0\",\"kind\":\"amd-vi\"},{\"name\":\"smmu3.0\",\"kind\":\"arm-smmuv3\"},"
	"{\"name\":\"smmu.0\",\"kind\":\"arm-smmuv2\"},{\"name\":\"v\",\"kind\":\"virtio-iommu\"}],"
	"\"groups\":[" GROUP("0") "," GROUP("1") "," GROUP("2") "],\"devices\":[" DEVICE(
		"0000:00:01.0", "0",
		"dmar0") "," DEVICE("0000:00:01.1", "0",
				    "dmar0") "," DEVICE("0000:00:02.0", "1",
							"ivhd0") "," DEVICE("0000:00:03.0", "2",
									    "smmu3.0") "," DEVICE("0000:00:04.0",
												  "2",
												  "smmu.0") "," DEVICE("0000:00:05.0",
														       "2",
														       "v") "]}";

static void check_order(const struct iof_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ranges[i].first > ranges[i].last ||
		    (i && ranges[i - 1].last >= ranges[i].first))
			abort();
}

static void check_ranges(const struct iof_host *host)
{
	if (!host->n_worlds || host->n_worlds > MAX_WORLDS)
		abort();
	for (size_t i = 0; i < host->n_devices; i++)
		for (size_t w = 0; w < host->n_worlds; w++) {
			const struct device_iova *iova = &host->devices[i].iova[w];

			check_order(iova->ranges, iova->n);
			check_order(iova->nest_ranges, iova->n_nest);
			check_order(iova->dirty_ranges, iova->n_dirty);
		}
}

/* Filtered once or twice is the same. */
static void check_known(const char *bytes, size_t size)
{
	struct arena *arena = arena_new(4096);
	const char *once, *twice;
	size_t n_once, n_twice;

	if (!arena)
		abort();
	if (measured_known(arena, bytes, size, NULL, "7.2", &once, &n_once) == 0 &&
	    (measured_known(arena, once, n_once, NULL, "7.2", &twice, &n_twice) ||
	     n_once != n_twice || memcmp(once, twice, n_once) != 0))
		abort();
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct iof_host_options options = {
		.size = sizeof(options), .measured = (const char *)bytes, .measured_length = size};
	struct iof_ctx *ctx;
	struct iof_host *host;

	if (!size || iof_ctx_new(&ctx) < 0)
		return 0;
	if (iof_host_load_profile(ctx, host_text, sizeof(host_text) - 1, "host", &options, &host) ==
	    0) {
		check_ranges(host);
		check_again(ctx, host);
		free(written(ctx, host, IOF_FORMAT_TEXT));
		iof_host_unref(host);
		check_known((const char *)bytes, size);
	} else if (strchr(iof_ctx_error(ctx), '\n')) {
		abort();
	}
	iof_ctx_unref(ctx);
	return 0;
}
