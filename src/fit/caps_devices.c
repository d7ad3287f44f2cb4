/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The devices that stand for all: one for each unit, and for each way in which its devices differ.
 */
#include "fit/caps.h"

#include <errno.h>

#include "host/what_if.h"

static bool same_ranges(const struct device_iova *a, const struct device_iova *b)
{
	return a->known == b->known && a->n == b->n && a->nest_width == b->nest_width &&
	       (a->n == 0 || memcmp(a->ranges, b->ranges, a->n * sizeof(*a->ranges)) == 0);
}

/* Whether nothing that a vIOMMU could see tells them apart. */
static bool is_alike(const struct iof_host *host, const struct iof_device *a,
		     const struct iof_device *b)
{
	if (a->unit != b->unit || a->pasid != b->pasid || a->pasid_width != b->pasid_width ||
	    a->ats != b->ats || a->viommu != b->viommu)
		return false;
	for (size_t w = 0; w < host->n_worlds; w++) {
		if (!same_ranges(&a->iova[w], &b->iova[w]))
			return false;
	}
	return true;
}

static struct iof_caps_device *stands_for(struct question *q, const struct iof_device *device)
{
	for (size_t i = 0; i < q->caps->n_devices; i++) {
		struct iof_caps_device *other = &q->caps->devices[i];

		if (is_alike(q->host, device, iof_host_device(q->host, other->bdf)))
			return other;
	}
	return NULL;
}

/* It, or another behind its unit. */
static bool is_asked(const struct iof_device *device)
{
	const struct iommu_unit *unit = device->unit;

	return device->measured || (unit && (unit->aperture_is_measured ||
					     unit->provenance == IOF_PROVENANCE_MEASURED));
}

static int add_device(struct question *q, const struct iof_device *device)
{
	struct iof_caps *caps = q->caps;
	struct iof_caps_device *grown = arena_grow(caps->arena, caps->devices, caps->n_devices,
						   &caps->cap_devices, sizeof(*grown));
	struct iof_caps_device *one;

	if (!grown)
		return -ENOMEM;
	caps->devices = grown;
	one = &grown[caps->n_devices];
	*one = (struct iof_caps_device){.bdf = arena_strdup(caps->arena, device->bdf),
					.is_measured = is_asked(device),
					.count = 1};
	if (device->unit)
		one->unit = arena_strdup(caps->arena, device->unit->name);
	if (!one->bdf || (device->unit && !one->unit))
		return -ENOMEM;
	caps->n_devices++;
	return 0;
}

static bool is_alone(const struct iof_device *device)
{
	return device->group->n_devices == 1;
}

#define CLASS_BRIDGE 0x06

/* Ranges that are not known may be there. */
static bool is_assignable(const struct iof_device *device)
{
	return device->group && device->class_code >> 16 != CLASS_BRIDGE && !device->is_bridge &&
	       (device->iova[0].n || !device->iova[0].known);
}

/* The likelier one stands for its like: asked, then bound to VFIO, then any. */
enum { RANK_ASKED = 0, RANK_BOUND, RANK_ANY, RANKS };

static unsigned rank_of(const struct iof_device *device)
{
	if (device->measured)
		return RANK_ASKED;
	return device->driver_is_vfio ? RANK_BOUND : RANK_ANY;
}

/* Alone: only devices that need no other to be taken from the host with them. */
static int choose_some(struct question *q, bool alone, unsigned rank)
{
	const struct iof_device *device;
	int r = 0;

	iof_host_device_foreach(q->host, device)
	{
		struct iof_caps_device *other;

		if (!is_assignable(device) || (alone && !is_alone(device)) ||
		    rank != rank_of(device))
			continue;
		other = stands_for(q, device);
		if (other)
			other->count++;
		else
			r = add_device(q, device);
		if (r)
			break;
	}
	return r;
}

static int choose_all(struct question *q, bool alone)
{
	int r = 0;

	for (unsigned rank = 0; r == 0 && rank < RANKS; rank++)
		r = choose_some(q, alone, rank);
	return r;
}

static bool is_chosen(const struct question *q, const struct iof_device *device)
{
	for (size_t i = 0; i < q->caps->n_devices; i++) {
		if (str_eq(q->caps->devices[i].bdf, device->bdf))
			return true;
	}
	return false;
}

static int choose_given(struct question *q, const char *const *devices)
{
	int r = 0;

	for (; *devices && r == 0; devices++) {
		const struct iof_device *device = iof_host_device(q->host, *devices);

		if (!device)
			return ctx_fail(q->ctx, -ENOENT, "%s: no such device on this host",
					*devices);
		if (!is_chosen(q, device))
			r = add_device(q, device);
	}
	return r;
}

static void add_once(const char **bdfs, size_t *n, const struct iof_device *device)
{
	for (size_t i = 0; i < *n; i++) {
		if (str_eq(bdfs[i], device->bdf))
			return;
	}
	if (!device->driver_is_vfio)
		bdfs[(*n)++] = device->bdf;
}

/* The device, and what of its group has a driver. */
static void add_to_bind(const struct iof_device *device, const char **bdfs, size_t *n)
{
	add_once(bdfs, n, device);
	for (size_t i = 0; device->group && i < device->group->n_devices; i++) {
		const struct iof_device *mate = device->group->devices[i];

		if (!mate->is_bridge && mate->driver)
			add_once(bdfs, n, mate);
	}
}

/* The host as it would be when the devices are assigned. */
static int bind_devices(struct question *q)
{
	const char **bdfs = arena_array(q->caps->arena, q->host->n_devices + 1, sizeof(*bdfs));
	size_t n = 0;
	int r;

	if (!bdfs)
		return -ENOMEM;
	for (size_t i = 0; i < q->caps->n_devices; i++)
		add_to_bind(iof_host_device(q->host, q->caps->devices[i].bdf), bdfs, &n);
	if (n == 0)
		return 0;
	r = host_bind(q->host, bdfs, n, &q->bound);
	if (r == 0)
		q->host = q->bound;
	return r;
}

int caps_choose_devices(struct question *q, const char *const *devices)
{
	int r = 0;

	if (devices && *devices)
		r = choose_given(q, devices);
	else
		r = choose_all(q, true);
	if (r == 0 && q->caps->n_devices == 0)
		r = choose_all(q, false);
	return r ? r : bind_devices(q);
}

enum iof_provenance caps_provenance(const struct question *q)
{
	if (q->host->is_hypothetical || q->host->kernel_assumed)
		return IOF_PROVENANCE_ASSUMED;
	for (size_t i = 0; i < q->caps->n_devices; i++) {
		if (!q->caps->devices[i].is_measured)
			return IOF_PROVENANCE_READ;
	}
	return IOF_PROVENANCE_MEASURED;
}

const char *caps_unasked(const struct question *q)
{
	for (size_t i = 0; i < q->caps->n_devices; i++) {
		if (!q->caps->devices[i].is_measured)
			return q->caps->devices[i].bdf;
	}
	return NULL;
}
