// SPDX-License-Identifier: LGPL-2.1-or-later
/* measured_write.c - answers of the kernel as JSON: in a host profile, and in a capture. */
#include <errno.h>

#include "base/emit.h"
#include "host/measured.h"
#include "host/profile_json.h"

/* Of enum measured_hw_info_type; what has no name is written without one. */
static const char *const hw_info_names[] = {
	[HW_INFO_NONE] = "none",
	[HW_INFO_INTEL_VTD] = "intel-vtd",
	[HW_INFO_ARM_SMMUV3] = "arm-smmuv3",
	[HW_INFO_TEGRA241_CMDQV] = "tegra241-cmdqv",
	[HW_INFO_AMD] = "amd",
};

static void write_error(struct emit *e, int error)
{
	emit_u64(e, "errno", (uint64_t)error);
	if (error)
		emit_string(e, "error", strerror(error));
}

static void write_domain(struct emit *e, const char *key, const struct measured_domain *domain)
{
	emit_object(e, key);
	write_error(e, domain->error);
	if (domain->call)
		emit_string(e, "call", domain->call);
	if (domain->has_ranges) {
		emit_array(e, "ranges");
		for (size_t i = 0; i < domain->n_ranges; i++)
			emit_range(e, NULL, &domain->ranges[i]);
		emit_array_end(e);
	}
	if (domain->page_sizes)
		emit_hex(e, "page_sizes", domain->page_sizes);
	if (domain->alignment)
		emit_u64(e, "alignment", domain->alignment);
	emit_object_end(e);
}

static void write_hw_info(struct emit *e, const struct measured_hw_info *info)
{
	static const char digits[] = "0123456789abcdef";
	struct buf data = {0};

	emit_object(e, "hw_info");
	write_error(e, info->error);
	if (!info->error) {
		emit_u64(e, "type", info->type);
		if (info->type < ARRAY_SIZE(hw_info_names))
			emit_string(e, "name", hw_info_names[info->type]);
		for (size_t i = 0; i < info->n_data; i++) {
			buf_putc(&data, digits[info->data[i] >> 4]);
			buf_putc(&data, digits[info->data[i] & 15]);
		}
		if (data.err && !e->err)
			e->err = data.err;
		emit_string(e, "data", data.length ? data.data : "");
		if (info->has_capabilities)
			emit_hex(e, "capabilities", info->capabilities);
		emit_u64(e, "max_pasid_log2", info->max_pasid_log2);
	}
	emit_object_end(e);
	buf_free(&data);
}

void measured_write_answers(struct emit *e, const struct measured_device *device)
{
	emit_object(e, "domains");
	for (size_t use = 0; use < MEASURED_USES; use++)
		if (device->domain[use].asked)
			write_domain(e, measured_use_names[use], &device->domain[use]);
	emit_object_end(e);
	if (device->hw_info.asked)
		write_hw_info(e, &device->hw_info);
	if (device->viommu_asked) {
		emit_object(e, "viommu");
		write_error(e, device->viommu_error);
		emit_object_end(e);
	}
	if (device->dma_available)
		emit_u64(e, "dma_available", device->dma_available);
}

void measured_write_device(struct emit *e, const struct measured_device *device)
{
	emit_string(e, "bdf", device->bdf);
	emit_string(e, "unit", device->unit);
	if (device->group >= 0)
		emit_u64(e, "group", (uint64_t)device->group);
	measured_write_answers(e, device);
}

/* ---- what may leave the machine ---- */

static int append(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

/* Names of system calls: nothing that could hold more than that. */
static bool is_call(const char *text)
{
	return strlen(text) < 64 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(text);
}

static void forget_texts(struct measured *measured)
{
	for (size_t i = 0; i < measured->n; i++)
		for (size_t use = 0; use < MEASURED_USES; use++) {
			struct measured_domain *domain = &measured->devices[i].domain[use];

			if (domain->call && !is_call(domain->call))
				domain->call = NULL;
		}
}

int measured_known(struct arena *arena, const char *bytes, size_t length, const char **out,
		   size_t *out_length)
{
	struct buf text = {0};
	struct iof_output output = {
		.size = sizeof(output), .write = append, .data = &text, .format = IOF_FORMAT_JSON};
	struct measured measured;
	struct emit e;
	int err = measured_parse(NULL, arena, bytes, length, "measured", &measured);

	if (err)
		return err;
	forget_texts(&measured);
	emit_begin(&e, &output);
	emit_object(&e, NULL);
	emit_string(&e, "schema", MEASURED_SCHEMA);
	emit_string(&e, "kernel", measured.kernel);
	emit_array(&e, "devices");
	for (size_t i = 0; i < measured.n; i++) {
		emit_object(&e, NULL);
		measured_write_device(&e, &measured.devices[i]);
		emit_object_end(&e);
	}
	emit_array_end(&e);
	emit_object_end(&e);
	err = emit_end(&e);
	*out = err ? NULL : arena_strndup(arena, text.data ? text.data : "", text.length);
	*out_length = text.length;
	buf_free(&text);
	return *out ? 0 : -ENOMEM;
}
