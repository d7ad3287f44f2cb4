/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host with one thing changed, so that a fix that touches the host can be tried, too. */
#include "host/what_if.h"

#include <errno.h>

static int copy_devices(struct iof_host *host, const struct iof_host *from)
{
	host->devices = arena_array(host->arena, from->n_devices + 1, sizeof(*host->devices));
	host->groups = arena_array(host->arena, from->n_groups + 1, sizeof(*host->groups));
	if (!host->devices || !host->groups)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_groups; i++) {
		struct iommu_group *group = &host->groups[i];

		*group = from->groups[i];
		group->devices =
			arena_array(host->arena, group->n_devices + 1, sizeof(*group->devices));
		if (!group->devices)
			return -ENOMEM;
		for (size_t d = 0; d < group->n_devices; d++)
			group->devices[d] =
				&host->devices[from->groups[i].devices[d] - from->devices];
	}
	for (size_t i = 0; i < from->n_devices; i++) {
		host->devices[i] = from->devices[i];
		if (host->devices[i].group)
			host->devices[i].group =
				&host->groups[from->devices[i].group - from->groups];
	}
	return 0;
}

static int change_driver(struct iof_host *host, const char *bdf, const char *driver)
{
	for (size_t i = 0; i < host->n_devices; i++) {
		struct iof_device *device = &host->devices[i];

		if (!str_eq(device->bdf, bdf))
			continue;
		device->driver = arena_strdup(host->arena, driver);
		device->driver_is_vfio = str_starts(driver, "vfio");
		return device->driver ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

/* "bar.0000:01:00.0.1": a BAR that is resized. */
static int change_bar(struct iof_host *host, const char *target, uint64_t size)
{
	const char *dot = strrchr(target, '.');
	uint64_t bar;

	if (!dot || parse_u64(dot + 1, 10, PCI_BARS - 1, &bar))
		return -EINVAL;
	for (size_t i = 0; i < host->n_devices; i++) {
		struct iof_device *device = &host->devices[i];

		if (strlen(device->bdf) != (size_t)(dot - target) ||
		    memcmp(device->bdf, target, (size_t)(dot - target)) != 0)
			continue;
		device->bars[bar].size = size;
		return 0;
	}
	return -EINVAL;
}

static int change(struct iof_host *host, const char *target, const char *value)
{
	uint64_t number;

	if (str_starts(target, "bar."))
		return parse_u64(value, 10, UINT64_MAX, &number)
			       ? -EINVAL
			       : change_bar(host, target + strlen("bar."), number);
	if (str_eq(target, "vfio_iommu_type1.dma_entry_limit"))
		return parse_u64(value, 10, UINT32_MAX, &host->dma_entry_limit);
	if (str_starts(target, "driver."))
		return change_driver(host, target + strlen("driver."), value);
	if (str_eq(target, "vfio_iommu_type1.allow_unsafe_interrupts"))
		host->unsafe_legacy = TRI_YES;
	else if (str_eq(target, "iommufd.allow_unsafe_interrupts"))
		host->unsafe_iommufd = TRI_YES;
	else
		return -EINVAL;
	return 0;
}

static struct iof_host *copy_host(const struct iof_host *from)
{
	struct arena *arena = arena_new(4096);
	struct iof_host *host = arena ? arena_alloc(arena, sizeof(*host)) : NULL;

	if (host) {
		*host = *from;
		host->refs = 1;
		host->arena = arena;
	}
	if (!host || copy_devices(host, from)) {
		arena_free(arena);
		return NULL;
	}
	return host;
}

static int finish(struct iof_host *host, int r, struct iof_host **out)
{
	if (r)
		arena_free(host->arena);
	else
		*out = host;
	return r;
}

int host_what_if(const struct iof_host *from, const char *target, const char *value,
		 struct iof_host **out)
{
	struct iof_host *host = copy_host(from);

	*out = NULL;
	return host ? finish(host, change(host, target, value), out) : -ENOMEM;
}

int host_bind(const struct iof_host *from, const char *const *bdfs, size_t n, struct iof_host **out)
{
	struct iof_host *host = copy_host(from);
	int r = host ? 0 : -ENOMEM;

	*out = NULL;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = change_driver(host, bdfs[i], "vfio-pci");
	return host ? finish(host, r, out) : r;
}
