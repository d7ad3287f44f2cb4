/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/live/vfio_group.c src/live/keep.c
 *
 * What probe reads. The first byte chooses: the answer of VFIO_IOMMU_GET_INFO, whose capabilities
 * are a chain by offsets; or the answers that an earlier probe kept, into which new ones are
 * merged.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "live/probe.h"

struct answer {
	const uint8_t *bytes;
	size_t size;
};

/* As the kernel, it writes no more than there is room for. */
static int answer_ioctl(void *data, int fd UNUSED, unsigned long request UNUSED, void *argument)
{
	const struct answer *answer = data;
	uint32_t room;

	memcpy(&room, argument, sizeof(room));
	memcpy(argument, answer->bytes, room < answer->size ? room : answer->size);
	return 0;
}

static void fuzz_info(const uint8_t *bytes, size_t size)
{
	struct answer answer = {bytes, size};
	struct live_calls calls = {.data = &answer, .ioctl = answer_ioctl};
	struct vfio v = {.calls = &calls};
	struct vfio_type1 info;
	int err = vfio_container_info(&v, 3, &info);

	if (err && (err != -EBADMSG || !v.call || info.ranges))
		abort();
	for (size_t i = 0; !err && i < info.n_ranges; i++)
		if (info.ranges[i].first > info.ranges[i].last ||
		    (i && info.ranges[i].first <= info.ranges[i - 1].last))
			abort();
	if (!err)
		vfio_type1_free(&info);
}

static void fuzz_keep(const uint8_t *bytes, size_t size)
{
	struct iof_range range = {0, 0x7fffffffff};
	struct probed device = {.answers = {.bdf = "0000:00:05.0", .group = 3}};
	struct iof_live_probe probe = {.arena = arena_new(4096),
				       .boot_id = "b",
				       .kernel = "6.12",
				       .devices = &device,
				       .n_devices = 1};
	struct measured_domain *domain = &device.answers.domain[MEASURED_LEGACY];
	const struct json_value *devices;
	const char *ignored;
	struct json_value root;
	struct json_error error;
	size_t length;
	char *text;

	*domain = (struct measured_domain){
		.asked = true, .has_ranges = true, .ranges = &range, .n_ranges = 1};
	if (!probe.arena || iof_live_probe_measured(NULL, &probe, (const char *)bytes, size, &text,
						    &length, &ignored))
		abort();
	if (json_parse(probe.arena, text, length, &root, &error))
		abort();
	/* The new answers are there, as the last. */
	devices = json_member(&root, "devices");
	if (!devices || !devices->n ||
	    strcmp(json_member(&devices->items[devices->n - 1], "bdf")->text, "0000:00:05.0") != 0)
		abort();
	free(text);
	arena_free(probe.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (!size)
		return 0;
	if (bytes[0] == 'k')
		fuzz_keep(bytes + 1, size - 1);
	else
		fuzz_info(bytes + 1, size - 1);
	return 0;
}
