/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which parts of the guest's address map the host's IOMMU can map, for all assigned devices at
 * once. */
#include <errno.h>
#include <stdlib.h>

#include "fit/report.h"

IOF_EXPORT int iof_report_ranges(struct iof_report *report, const struct iof_range **ranges,
				 size_t *n)
{
	const struct iof_machine *m = report->machine;
	struct interval_set set = {.arena = report->arena};
	size_t devices = 0;
	int r = interval_add(&set, 0, UINT64_MAX);

	*ranges = NULL;
	*n = 0;
	for (size_t i = 0; r == 0 && i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];

		if (!device->host || !device->host->group)
			continue;
		if (!device->iova->known)
			return -ENODATA;
		devices++;
		if (device->iova->n)
			r = interval_intersect(&set, device->iova->ranges, device->iova->n);
	}
	if (r == 0 && devices == 0)
		return -ENOENT;
	*ranges = set.ranges;
	*n = set.n;
	return r;
}

/* The first part of [first,last] that is in no range. */
static struct iof_range first_outside(const struct iof_range *ranges, size_t n, struct iof_range r)
{
	for (size_t i = 0; i < n && ranges[i].first <= r.last; i++) {
		if (ranges[i].first > r.first)
			return (struct iof_range){r.first, ranges[i].first - 1};
		if (ranges[i].last >= r.first && ranges[i].last < r.last)
			r.first = ranges[i].last + 1;
	}
	return r;
}

static enum iof_fit device_fit(const struct device_iova *iova, const struct iof_region *region,
			       struct iof_range *outside)
{
	if (!iova->known)
		return IOF_FIT_UNKNOWN;
	if (!iova->n ||
	    ranges_contain(iova->ranges, iova->n, region->range.first, region->range.last))
		return IOF_FIT_YES;
	*outside = first_outside(iova->ranges, iova->n, region->range);
	return IOF_FIT_NO;
}

IOF_EXPORT enum iof_fit iof_report_region_fit(const struct iof_report *report,
					      const struct iof_region *region,
					      struct iof_range *outside)
{
	const struct iof_machine *m = report->machine;
	enum iof_fit fit = IOF_FIT_NONE;
	struct iof_range part = {0, 0};

	if (outside)
		*outside = part;
	if (!region->is_mapped)
		return IOF_FIT_NONE;
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];
		enum iof_fit one;

		if (!device->host || !device->host->group)
			continue;
		one = device_fit(device->iova, region, &part);
		if (one == IOF_FIT_NO && outside)
			*outside = part;
		if (one == IOF_FIT_NO)
			return IOF_FIT_NO;
		if (fit == IOF_FIT_NONE || one == IOF_FIT_UNKNOWN)
			fit = one;
	}
	return fit;
}
