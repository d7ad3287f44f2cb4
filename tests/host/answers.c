/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answers.h"

#include <inttypes.h>
#include <json-c/json.h>

#include "../captures.h"

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static const char *text(struct json_object *object, const char *key)
{
	return json_object_get_string(member(object, key));
}

static void put_ranges(struct buf *out, struct json_object *ranges)
{
	buf_puts(out, "\"ranges\":[");
	for (size_t i = 0; i < json_object_array_length(ranges); i++) {
		struct json_object *range = json_object_array_get_idx(ranges, i);

		buf_printf(out, "%s[\"%s\",\"%s\"]", i ? "," : "",
			   json_object_get_string(json_object_array_get_idx(range, 0)),
			   json_object_get_string(json_object_array_get_idx(range, 1)));
	}
	buf_puts(out, "]");
}

static void put_legacy(struct buf *out, struct json_object *legacy)
{
	if (member(legacy, "iova_ranges")) {
		buf_puts(out, "\"legacy\":{");
		put_ranges(out, member(legacy, "iova_ranges"));
		buf_printf(out, ",\"page_sizes\":\"%s\"},", text(legacy, "iova_pgsizes"));
	} else if (member(legacy, "set_iommu_errno")) {
		buf_printf(out, "\"legacy\":{\"errno\":%s,\"error\":\"%s\",\"call\":\"%s\"},",
			   text(legacy, "set_iommu_errno"), text(legacy, "set_iommu_error"),
			   "VFIO_SET_IOMMU");
	}
}

static void put_ability(struct buf *out, struct json_object *iommufd, const char *key,
			const char *use)
{
	if (!member(iommufd, key))
		return;
	if (str_eq(text(iommufd, key), "ok"))
		buf_printf(out, "\"%s\":{\"errno\":0},", use);
	else
		buf_printf(out,
			   "\"%s\":{\"errno\":95,\"error\":\"%s\",\"call\":\"IOMMU_HWPT_ALLOC\"},",
			   use, text(iommufd, key));
}

static void put_iommufd(struct buf *out, struct json_object *iommufd)
{
	if (member(iommufd, "iova_ranges")) {
		buf_puts(out, "\"plain\":{");
		put_ranges(out, member(iommufd, "iova_ranges"));
		buf_printf(out, ",\"alignment\":%s},", text(iommufd, "iova_alignment"));
	} else if (member(iommufd, "bind_errno")) {
		buf_printf(out, "\"plain\":{\"errno\":%s,\"call\":\"VFIO_DEVICE_BIND_IOMMUFD\"},",
			   text(iommufd, "bind_errno"));
	}
	put_ability(out, iommufd, "hwpt_alloc_nest_parent", "nest-parent");
	put_ability(out, iommufd, "hwpt_alloc_dirty_tracking", "dirty-tracking");
	put_ability(out, iommufd, "hwpt_alloc_pasid", "pasid");
}

/* Words of 64 bits into the bytes of a little-endian host. */
static void put_hw_info(struct buf *out, struct json_object *info, bool old)
{
	struct json_object *data = member(info, "data");

	if (!info)
		return;
	buf_printf(out, "\"hw_info\":{\"type\":%s,\"data\":\"", text(info, "type"));
	for (size_t i = 0; i < json_object_array_length(data); i++) {
		uint64_t word = strtoull(json_object_get_string(json_object_array_get_idx(data, i)),
					 NULL, 16);

		for (size_t b = 0; b < sizeof(word); b++)
			buf_printf(out, "%02x", (unsigned)(word >> 8 * b & 0xff));
	}
	buf_puts(out, "\"");
	if (!old)
		buf_printf(out, ",\"capabilities\":\"%s\"", text(info, "capabilities"));
	buf_printf(out, ",\"max_pasid_log2\":%s},", text(info, "max_pasid_log2"));
}

static void put_device(struct buf *out, struct json_object *line, unsigned what)
{
	struct json_object *legacy = member(line, "legacy"), *iommufd = member(line, "iommufd");
	const char *group = text(legacy, "group");

	buf_printf(out, "{\"bdf\":\"%s\",", text(line, "bdf"));
	if (group)
		buf_printf(out, "\"group\":%s,", strrchr(group, '/') + 1);
	if (what & ANSWERS_IOMMUFD)
		put_hw_info(out, member(iommufd, "hw_info"), what & ANSWERS_OLD);
	if (what & ANSWERS_LEGACY && member(legacy, "dma_avail"))
		buf_printf(out, "\"dma_available\":%s,", text(legacy, "dma_avail"));
	buf_puts(out, "\"domains\":{");
	if (what & ANSWERS_LEGACY)
		put_legacy(out, legacy);
	if (what & ANSWERS_IOMMUFD)
		put_iommufd(out, iommufd);
	/* A use that nobody knows ends the list. */
	buf_puts(out, "\"later\":null}}");
}

char *answers_json(const char *capture, unsigned what, const char *only, const char *boot_id)
{
	char *base = strndup(capture, strcspn(capture, "."));
	char *path = test_path("captures/%s.hw.jsonl", base), *line = NULL;
	FILE *file = fopen(path, "re");
	struct buf out = {0};
	size_t cap = 0, n = 0;

	free(base);
	free(path);
	if (!file)
		return NULL;
	buf_puts(&out, "{\"schema\":\"iommufit.measured/1\",");
	if (boot_id)
		buf_printf(&out, "\"boot_id\":\"%s\",", boot_id);
	buf_puts(&out, "\"devices\":[");
	while (getline(&line, &cap, file) > 0) {
		struct json_object *object = json_tokener_parse(line);

		if (!only || str_eq(text(object, "bdf"), only)) {
			buf_puts(&out, n++ ? ",\n" : "\n");
			put_device(&out, object, what);
		}
		json_object_put(object);
	}
	buf_puts(&out, "]}\n");
	free(line);
	fclose(file);
	return buf_steal(&out);
}
