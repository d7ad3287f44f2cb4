// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * measured_write.c - answers of the kernel as JSON: in a host profile, in a capture, and where
 * probe keeps them (libiommufit-live has a copy of this file).
 */
#include <errno.h>

#include "base/emit.h"
#include "host/measured.h"
#include "base/strings.h"

const char *const measured_use_names[MEASURED_USES] = {
	[MEASURED_LEGACY] = "legacy",
	[MEASURED_PLAIN] = "plain",
	[MEASURED_NEST_PARENT] = "nest-parent",
	[MEASURED_DIRTY_TRACKING] = "dirty-tracking",
	[MEASURED_PASID] = "pasid",
};

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

void measured_write_domain(struct emit *e, enum measured_use use,
			   const struct measured_domain *domain)
{
	emit_object(e, measured_use_names[use]);
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

void measured_write_hw_info(struct emit *e, const struct measured_hw_info *info)
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

void measured_write_viommu(struct emit *e, int error)
{
	emit_object(e, "viommu");
	write_error(e, error);
	emit_object_end(e);
}

void measured_write_answers(struct emit *e, const struct measured_device *device)
{
	emit_object(e, "domains");
	for (size_t use = 0; use < MEASURED_USES; use++)
		if (device->domain[use].asked)
			measured_write_domain(e, (enum measured_use)use, &device->domain[use]);
	emit_object_end(e);
	if (device->hw_info.asked)
		measured_write_hw_info(e, &device->hw_info);
	if (device->viommu_asked)
		measured_write_viommu(e, device->viommu_error);
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
