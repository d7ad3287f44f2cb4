// SPDX-License-Identifier: LGPL-2.1-or-later
/* host.c - the host object: its life, what callers may ask of it, and look-ups. */
#include "host/finish.h"

#include <errno.h>
#include <stdlib.h>

#define HOST_BLOCK (64u * 1024)

struct iof_host *host_new(void)
{
	struct arena *arena = arena_new(HOST_BLOCK);
	struct iof_host *host;

	if (!arena)
		return NULL;
	host = arena_alloc(arena, sizeof(*host));
	if (!host) {
		arena_free(arena);
		return NULL;
	}
	host->refs = 1;
	host->arena = arena;
	host->name = "";
	host->source = "";
	host->cpu.vendor = "";
	host->cpu.model = "";
	host->kernel_release = "";
	host->cmdline = "";
	host->page_size = 4096;
	host->dma_entry_limit = 65535;
	host->n_worlds = 1;
	return host;
}

void host_free(struct iof_host *host)
{
	if (host)
		arena_free(host->arena);
}

IOF_EXPORT struct iof_host *iof_host_ref(struct iof_host *host)
{
	if (host)
		__atomic_fetch_add(&host->refs, 1, __ATOMIC_RELAXED);
	return host;
}

IOF_EXPORT struct iof_host *iof_host_unref(struct iof_host *host)
{
	if (host && __atomic_fetch_sub(&host->refs, 1, __ATOMIC_ACQ_REL) == 1)
		host_free(host);
	return NULL;
}

IOF_EXPORT const char *iof_host_name(const struct iof_host *host)
{
	return host->name;
}

IOF_EXPORT const char *iof_host_kernel(const struct iof_host *host)
{
	return host->kernel_release;
}

IOF_EXPORT enum iof_iommu iof_host_iommu(const struct iof_host *host)
{
	return host->iommu;
}

IOF_EXPORT bool iof_host_iommu_is_virtual(const struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units; i++)
		if (host->units[i].is_virtual)
			return true;
	return false;
}

IOF_EXPORT unsigned iof_host_cpu_phys_bits(const struct iof_host *host)
{
	return host->cpu.phys_bits;
}

IOF_EXPORT const char *iof_host_cpu_vendor(const struct iof_host *host)
{
	return host->cpu.vendor && *host->cpu.vendor ? host->cpu.vendor : NULL;
}

IOF_EXPORT const char *iof_host_arch(const struct iof_host *host)
{
	if (host->cpu.is_arm)
		return "aarch64";
	return iof_host_cpu_vendor(host) ? "x86_64" : NULL;
}

IOF_EXPORT const struct iof_device *iof_host_device_next(const struct iof_host *host,
							 const struct iof_device *prev)
{
	const struct iof_device *next = prev ? prev + 1 : host->devices;

	return next && next < host->devices + host->n_devices ? next : NULL;
}

IOF_EXPORT const struct iof_device *iof_host_device(const struct iof_host *host, const char *bdf)
{
	struct pci_address at;

	return bdf && parse_bdf(bdf, &at) == 0 ? host_device_at(host, &at) : NULL;
}

IOF_EXPORT const char *iof_device_bdf(const struct iof_device *dev)
{
	return dev->bdf;
}

IOF_EXPORT int iof_device_group(const struct iof_device *dev)
{
	return dev->group ? (int)dev->group->id : -1;
}

IOF_EXPORT const char *iof_device_driver(const struct iof_device *dev)
{
	return dev->driver;
}

IOF_EXPORT const char *iof_device_unit(const struct iof_device *dev)
{
	return dev->unit ? dev->unit->name : NULL;
}

static enum iof_provenance device_provenance(const struct iof_device *dev)
{
	const struct iommu_unit *unit = dev->unit;
	bool registers_only;

	if (dev->iova_is_measured || (unit && unit->aperture_is_measured))
		return IOF_PROVENANCE_MEASURED;
	if (!unit)
		return IOF_PROVENANCE_UNKNOWN;
	/* Registers are measured, what follows from them is not. */
	registers_only = unit->provenance == IOF_PROVENANCE_MEASURED &&
			 (dev->host->n_measured || dev->host->kernel_assumed);
	if (unit->provenance != IOF_PROVENANCE_READ && !registers_only)
		return unit->provenance;
	return dev->host->kernel_assumed ? IOF_PROVENANCE_ASSUMED : IOF_PROVENANCE_READ;
}

/* The world with the narrowest ranges of those that are known, and whether all agree on the width.
 */
static const struct device_iova *lowest_iova(const struct iof_device *dev, bool *agree)
{
	const struct device_iova *lowest = NULL;
	size_t n = dev->host->n_worlds;

	*agree = true;
	for (size_t w = 0; w < n; w++) {
		const struct device_iova *iova = &dev->iova[w];

		if (!iova->known) {
			*agree = false;
			continue;
		}
		if (lowest && lowest->width != iova->width)
			*agree = false;
		if (!lowest || iova->width < lowest->width)
			lowest = iova;
	}
	return lowest;
}

IOF_EXPORT int iof_device_width(const struct iof_device *dev, unsigned *bits,
				enum iof_provenance *provenance)
{
	const struct device_iova *lowest;
	bool agree;

	*bits = 0;
	if (provenance)
		*provenance = device_provenance(dev);
	if (!dev->group)
		return -ENOENT;
	lowest = lowest_iova(dev, &agree);
	if (lowest)
		*bits = lowest->width;
	return agree ? 0 : -ENODATA;
}

IOF_EXPORT int iof_device_ranges(const struct iof_device *dev, const struct iof_range **ranges,
				 size_t *n)
{
	const struct device_iova *lowest;
	bool agree;

	*ranges = NULL;
	*n = 0;
	if (!dev->group)
		return -ENOENT;
	lowest = lowest_iova(dev, &agree);
	if (lowest) {
		*ranges = lowest->ranges;
		*n = lowest->n;
	}
	for (size_t w = 0; agree && w < dev->host->n_worlds; w++)
		agree = ranges_equal(dev->iova[w].ranges, dev->iova[w].n, *ranges, *n);
	return agree ? 0 : -ENODATA;
}

int address_order(const void *one, const void *other)
{
	const struct pci_address *a = one, *b = other;

	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->bus != b->bus)
		return a->bus < b->bus ? -1 : 1;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return (int)a->function - (int)b->function;
}

static int compare_device(const void *key, const void *member)
{
	return address_order(key, &((const struct iof_device *)member)->address);
}

const struct iof_device *host_device_at(const struct iof_host *host, const struct pci_address *at)
{
	if (!host->n_devices)
		return NULL;
	return bsearch(at, host->devices, host->n_devices, sizeof(*host->devices), compare_device);
}

bool kernel_at_least(const struct iof_host *host, unsigned major, unsigned minor)
{
	const struct kernel_version *kernel = &host->kernel;

	if (!kernel->major)
		return true;
	return kernel->major > major || (kernel->major == major && kernel->minor >= minor);
}

/* A number of at most six digits; 0 if there is none. */
static unsigned version_number(const char **text)
{
	unsigned value = 0;

	for (int i = 0; i < 6 && **text >= '0' && **text <= '9'; i++, (*text)++)
		value = value * 10 + (unsigned)(**text - '0');
	return value;
}

struct kernel_version kernel_version_parse(const char *release)
{
	struct kernel_version version = {0};
	const char *at = release;

	version.major = version_number(&at);
	if (!version.major || *at != '.') {
		version.major = 0;
		return version;
	}
	at++;
	version.minor = version_number(&at);
	if (*at == '.') {
		at++;
		version.patch = version_number(&at);
	}
	return version;
}

int host_common_ranges(const struct iof_host *host, const struct iof_device *const *devices,
		       size_t n, size_t world, struct interval_set *out)
{
	int err = interval_add(out, 0, UINT64_MAX);

	(void)host;
	for (size_t i = 0; !err && i < n; i++)
		err = interval_intersect(out, devices[i]->iova[world].ranges,
					 devices[i]->iova[world].n);
	return err;
}

const struct reserved_region *device_direct_region(const struct iof_device *dev)
{
	for (size_t i = 0; dev->group && i < dev->group->n_regions; i++)
		if (dev->group->regions[i].type == REGION_DIRECT)
			return &dev->group->regions[i];
	return NULL;
}

static int find_device(struct iof_host *host, const char *pair, struct iof_device **out,
		       const char **value)
{
	const char *equals = strchr(pair, '=');
	struct pci_address at;
	char bdf[BDF_TEXT];

	if (!equals || (size_t)(equals - pair) >= sizeof(bdf))
		return -EINVAL;
	memcpy(bdf, pair, (size_t)(equals - pair));
	bdf[equals - pair] = '\0';
	if (parse_bdf(bdf, &at) || !equals[1])
		return -EINVAL;
	/* The lookup gives a constant because the host is one for everybody else. */
	*out = (struct iof_device *)(uintptr_t)host_device_at(host, &at);
	*value = equals + 1;
	return 0;
}

static int apply_driver(struct iof_ctx *ctx, struct iof_host *host, const char *pair, bool partial)
{
	struct iof_device *dev;
	const char *driver;

	if (find_device(host, pair, &dev, &driver))
		return ctx_fail(ctx, -EINVAL, "driver %s: expected ADDRESS=DRIVER", pair);
	if (!dev && partial)
		return 0;
	if (!dev)
		return ctx_fail(ctx, -ENOENT, "driver %s: the host has no such device", pair);
	if (str_eq(driver, "none")) {
		dev->driver = NULL;
		dev->driver_is_vfio = false;
		dev->vfio_dev = NULL;
		return 0;
	}
	if (!dev->driver || !str_eq(dev->driver, driver))
		dev->vfio_dev = NULL;
	dev->driver = arena_strdup(host->arena, driver);
	if (!dev->driver)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	dev->driver_is_vfio = strstr(driver, "vfio") != NULL;
	return 0;
}

#define BAR_MIN 16u
#define BAR_MAX ((uint64_t)1 << 51) /* resizable BARs end here (PCI Express 6.0 chapter 7.8.6) */

/* "INDEX:SIZE", the size in bytes or with K, M, G or T */
static bool parse_bar(const char *text, uint64_t *index, uint64_t *size)
{
	static const char suffixes[] = "KMGT";
	const char *colon = strchr(text, ':'), *suffix;
	size_t length;

	if (!colon || parse_u64n(text, (size_t)(colon - text), 10, PCI_BARS - 1, index))
		return false;
	length = strlen(colon + 1);
	suffix = length ? strchr(suffixes, colon[length]) : NULL;
	if (parse_u64n(colon + 1, length - (suffix != NULL), 0, BAR_MAX, size))
		return false;
	if (suffix && *size > BAR_MAX >> 10 * (suffix - suffixes + 1))
		return false;
	if (suffix)
		*size <<= 10 * (suffix - suffixes + 1);
	return *size >= BAR_MIN && (*size & (*size - 1)) == 0;
}

static int apply_bar(struct iof_ctx *ctx, struct iof_host *host, const char *pair, bool partial)
{
	uint64_t index, size;
	struct iof_device *dev;
	const char *value;

	if (find_device(host, pair, &dev, &value) || !parse_bar(value, &index, &size))
		return ctx_fail(ctx, -EINVAL,
				"bar %s: expected ADDRESS=INDEX:SIZE, the size a power of two",
				pair);
	if (!dev && partial)
		return 0;
	if (!dev)
		return ctx_fail(ctx, -ENOENT, "bar %s: the host has no such device", pair);
	if (!dev->bars[index].size)
		dev->bars[index].is_64 = dev->bars[index].is_prefetchable = true;
	dev->bars[index].size = size;
	return 0;
}

static int apply_kernel(struct iof_ctx *ctx, struct iof_host *host, const char *kernel)
{
	struct kernel_version version = kernel_version_parse(kernel);

	if (!version.major)
		return ctx_fail(ctx, -EINVAL, "kernel %s: expected a version as 6.12", kernel);
	host->kernel_release = arena_strdup(host->arena, kernel);
	if (!host->kernel_release)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	host->kernel = version;
	host->kernel_assumed = true;
	/* What the running kernel has is no evidence of an older one: iommufd came with 6.2, device
	 * files with 6.6. */
	if (!kernel_at_least(host, 6, 2))
		host->iommufd = TRI_NO;
	if (!kernel_at_least(host, 6, 6))
		host->vfio_cdev = TRI_NO;
	return 0;
}

int host_apply_options(struct iof_ctx *ctx, struct iof_host *host,
		       const struct iof_host_options *options)
{
	int err = 0;

	if (!options)
		return 0;
	if (options->name) {
		host->name = arena_strdup(host->arena, options->name);
		if (!host->name)
			return ctx_fail(ctx, -ENOMEM, "out of memory");
	}
	if (options->kernel)
		err = apply_kernel(ctx, host, options->kernel);
	for (size_t i = 0; !err && i < options->n_drivers; i++)
		err = apply_driver(ctx, host, options->drivers[i], options->n_devices != 0);
	for (size_t i = 0; !err && i < options->n_bars; i++)
		err = apply_bar(ctx, host, options->bars[i], options->n_devices != 0);
	return err;
}
