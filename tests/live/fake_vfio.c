/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_vfio.c - the ioctls of the fake kernel: VFIO's group and container. fake_iommufd.c has the
 * others. */
#include "fake_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/uapi.h"

/* ---- nodes ---- */

int fake_vfio_open(struct fake_kernel *k, const char *path)
{
	const struct fake_vfio *v = &k->vfio;
	char group[32], cdev[64];

	snprintf(group, sizeof(group), "/dev/vfio/%u", v->group);
	snprintf(cdev, sizeof(cdev), "/dev/vfio/devices/%s", v->cdev ? v->cdev : "");
	if (strcmp(path, group) == 0 && v->bdf && !v->no_group)
		return fake_new_file(k, OPEN_GROUP, path);
	if (strcmp(path, "/dev/vfio/vfio") == 0 && !v->no_group)
		return fake_new_file(k, OPEN_CONTAINER, path);
	if (strcmp(path, "/dev/iommu") == 0 && (v->cdev || v->is_compat))
		return fake_new_file(k, OPEN_IOMMU, path);
	if (strcmp(path, cdev) == 0 && v->cdev)
		return fake_new_file(k, OPEN_CDEV, path);
	return -ENOENT;
}

/* Closing the last descriptor of an object takes with it what it held. */
void fake_vfio_close(struct fake_kernel *k, int fd)
{
	size_t i;

	for (i = 0; i < k->n_objects; i++)
		if (k->objects[i].fd == fd)
			k->objects[i].kind = OBJECT_FREE;
	for (i = 0; i < k->n_mappings;)
		if (k->mappings[i].fd == fd)
			k->mappings[i] = k->mappings[--k->n_mappings];
		else
			i++;
}

size_t fake_n_objects(struct fake_kernel *k)
{
	size_t i, n = 0;

	for (i = 0; i < k->n_objects; i++)
		n += k->objects[i].kind != OBJECT_FREE;
	return n;
}

size_t fake_n_mapped(struct fake_kernel *k)
{
	return k->n_mappings + k->n_pages;
}

unsigned fake_n_resets(struct fake_kernel *k)
{
	return k->resets;
}

/* ---- ranges ---- */

/* What is left of an aperture without the holes; returns how many. */
size_t fake_usable(const struct fake_vfio *v, struct iof_range aperture, bool holes,
		   struct uapi_range out[FAKE_MAX_HOLES + 1])
{
	uint64_t at = aperture.first;
	size_t i, n = 0;

	for (i = 0; holes && i < v->n_holes; i++) {
		struct iof_range hole = v->holes[i];

		if (hole.last < at || hole.first > aperture.last)
			continue;
		if (hole.first > at)
			out[n++] = (struct uapi_range){at, hole.first - 1};
		if (hole.last >= aperture.last)
			return n;
		at = hole.last + 1;
	}
	out[n++] = (struct uapi_range){at, aperture.last};
	return n;
}

bool fake_is_usable(const struct fake_vfio *v, struct iof_range aperture, bool holes, uint64_t iova,
		    uint64_t length)
{
	struct uapi_range ranges[FAKE_MAX_HOLES + 1];
	size_t i, n = fake_usable(v, aperture, holes, ranges);

	for (i = 0; i < n; i++)
		if (iova >= ranges[i].start && iova + (length - 1) <= ranges[i].last &&
		    iova + (length - 1) >= iova)
			return true;
	return false;
}

int fake_add_mapping(struct fake_kernel *k, int fd, uint32_t ioas, uint64_t iova, uint64_t length)
{
	size_t i;

	if (!length || iova % 4096 || length % 4096)
		return -EINVAL;
	for (i = 0; i < k->n_mappings; i++) {
		const struct mapping *m = &k->mappings[i];

		if (m->fd == fd && m->ioas == ioas && iova <= m->iova + (m->length - 1) &&
		    m->iova <= iova + (length - 1))
			return -EEXIST;
	}
	k->mappings = fake_grow(k->mappings, k->n_mappings + 1, sizeof(*k->mappings));
	k->mappings[k->n_mappings++] = (struct mapping){fd, ioas, iova, length};
	return 0;
}

int fake_drop_mapping(struct fake_kernel *k, int fd, uint32_t ioas, uint64_t iova, uint64_t length)
{
	size_t i;

	for (i = 0; i < k->n_mappings; i++) {
		const struct mapping *m = &k->mappings[i];

		if (m->fd == fd && m->ioas == ioas && m->iova == iova && m->length == length) {
			k->mappings[i] = k->mappings[--k->n_mappings];
			return 0;
		}
	}
	return -ENOENT;
}

/* ---- VFIO_IOMMU_GET_INFO ---- */

struct info_writer {
	unsigned char *bytes;	  /* argsz of them */
	uint32_t argsz, at, last; /* where the next one goes; where the last header is */
};

/* As Linux: what does not fit is not written, but counts. */
static void put_cap(struct info_writer *w, uint16_t id, const void *body, size_t size)
{
	struct uapi_vfio_cap header = {.id = id, .version = 1};
	uint32_t at = w->at, needed = (uint32_t)(sizeof(header) + size);

	w->at += needed;
	if (w->at > w->argsz)
		return;
	memcpy(w->bytes + at, &header, sizeof(header));
	memcpy(w->bytes + at + sizeof(header), body, size);
	if (w->last)
		memcpy(w->bytes + w->last + 4, &at, sizeof(at));
	w->last = at;
}

static void put_ranges(const struct fake_kernel *k, struct info_writer *w, bool is_wide)
{
	const struct fake_vfio *v = &k->vfio;
	struct {
		uint32_t n, reserved;
		struct uapi_range ranges[FAKE_MAX_HOLES + 1];
	} body = {0};
	struct iof_range all = {0, UINT64_MAX};
	size_t n = fake_usable(v, is_wide ? all : v->aperture[FAKE_PLAIN], !is_wide, body.ranges);

	body.n = (uint32_t)n;
	if (v->info == FAKE_INFO_CUT)
		body.n += 1000;
	if (v->info == FAKE_INFO_DISORDER && n > 1)
		body.ranges[1].start = body.ranges[0].last;
	put_cap(w, UAPI_VFIO_CAP_IOVA_RANGE, &body, 8 + n * sizeof(body.ranges[0]));
}

static void put_caps(const struct fake_kernel *k, struct info_writer *w, bool is_wide)
{
	const struct fake_vfio *v = &k->vfio;
	uint64_t migration[3] = {0, 0x1000, 1u << 28};
	uint32_t avail = (uint32_t)v->dma_available;

	if (v->info == FAKE_INFO_ODD)
		w->at += 3;
	if (v->info == FAKE_INFO_UNKNOWN)
		put_cap(w, 77, migration, sizeof(migration));
	if (!v->is_compat)
		put_cap(w, UAPI_VFIO_CAP_MIGRATION, migration, sizeof(migration));
	put_cap(w, UAPI_VFIO_CAP_DMA_AVAIL, &avail, sizeof(avail));
	put_ranges(k, w, is_wide);
}

/* A chain that no kernel makes. */
static void spoil(const struct fake_kernel *k, struct info_writer *w, uint32_t first)
{
	uint32_t next = k->vfio.info == FAKE_INFO_LOOP	    ? first
			: k->vfio.info == FAKE_INFO_OUTSIDE ? w->argsz - 4
							    : 8;

	if (w->at <= w->argsz && w->last)
		memcpy(w->bytes + w->last + 4, &next, sizeof(next));
}

static int get_info(struct fake_kernel *k, const struct open_file *container, void *argument)
{
	const struct fake_vfio *v = &k->vfio;
	struct uapi_vfio_iommu_info head;
	struct info_writer w = {.bytes = argument, .at = sizeof(head)};
	uint32_t first;

	memcpy(&head, argument, sizeof(head));
	if (head.argsz < 16)
		return -EINVAL;
	if (!container->has_iommu)
		return -ENOTTY;
	w.argsz = head.argsz;
	head.flags = UAPI_VFIO_INFO_PGSIZES;
	head.iova_pgsizes = v->page_sizes;
	head.cap_offset = 0;
	first = (uint32_t)sizeof(head) + (v->info == FAKE_INFO_ODD ? 3 : 0);
	if (v->info != FAKE_INFO_BARE) {
		head.flags |= UAPI_VFIO_INFO_CAPS;
		put_caps(k, &w, v->is_compat && !container->has_compat_device);
		if (v->info == FAKE_INFO_LOOP || v->info == FAKE_INFO_OUTSIDE ||
		    v->info == FAKE_INFO_INSIDE)
			spoil(k, &w, first);
	}
	if (v->info == FAKE_INFO_HUGE)
		w.at = 2u << 30;
	if (v->info == FAKE_INFO_GROWS)
		w.at = w.argsz + 8;
	if (w.at <= w.argsz && v->info != FAKE_INFO_BARE)
		head.cap_offset = first;
	head.argsz = w.at;
	/* Linux 5.3 and older know 16 bytes. */
	memcpy(argument, &head, v->info == FAKE_INFO_BARE ? 16 : sizeof(head));
	return 0;
}

/* ---- group and container ---- */

static int group_status(struct fake_kernel *k, struct open_file *group, void *argument)
{
	struct uapi_vfio_group_status *status = argument;

	if (status->argsz < sizeof(*status))
		return -EINVAL;
	status->flags = (k->vfio.is_viable ? UAPI_VFIO_GROUP_VIABLE : 0) |
			(group->container >= 0 ? UAPI_VFIO_GROUP_CONTAINER_SET : 0);
	return 0;
}

static int set_container(struct fake_kernel *k, struct open_file *group, void *argument)
{
	int32_t fd;

	memcpy(&fd, argument, sizeof(fd));
	if (group->container >= 0)
		return -EINVAL;
	if (!k->vfio.is_viable)
		return -EPERM;
	if (!fake_file_of(k, fd, OPEN_CONTAINER))
		return -EBADF;
	group->container = fd;
	return 0;
}

static int group_device(struct fake_kernel *k, struct open_file *group, void *argument)
{
	struct open_file *container = fake_file_of(k, group->container, OPEN_CONTAINER);

	if (!container || !container->has_iommu)
		return -EINVAL;
	if (strcmp(argument, k->vfio.bdf) != 0)
		return -ENODEV;
	container->has_compat_device = true;
	k->resets++;
	return fake_new_file(k, OPEN_DEVICE, "device");
}

static int unset_container(struct open_file *group)
{
	if (group->container < 0)
		return -EINVAL;
	group->container = -1;
	return 0;
}

static int group_ioctl(struct fake_kernel *k, struct open_file *group, unsigned long request,
		       void *argument)
{
	switch (request) {
	case UAPI_VFIO_GROUP_GET_STATUS:
		return group_status(k, group, argument);
	case UAPI_VFIO_GROUP_SET_CONTAINER:
		return set_container(k, group, argument);
	case UAPI_VFIO_GROUP_UNSET_CONTAINER:
		return unset_container(group);
	case UAPI_VFIO_GROUP_GET_DEVICE_FD:
		return group_device(k, group, argument);
	}
	return -ENOTTY;
}

static int set_iommu(struct fake_kernel *k, int fd, struct open_file *container)
{
	size_t i;

	for (i = 0; i < k->n_files; i++)
		if (k->files[i].kind == OPEN_GROUP && k->files[i].container == fd)
			break;
	if (i == k->n_files || container->has_iommu)
		return -EINVAL;
	if (k->vfio.set_iommu_error)
		return -k->vfio.set_iommu_error;
	container->has_iommu = true;
	return 0;
}

static int container_map(struct fake_kernel *k, int fd, void *argument)
{
	const struct uapi_vfio_map *map = argument;

	if (!fake_is_usable(&k->vfio, k->vfio.aperture[FAKE_PLAIN], true, map->iova, map->size))
		return -EINVAL;
	return fake_add_mapping(k, fd, 0, map->iova, map->size);
}

static int container_ioctl(struct fake_kernel *k, int fd, struct open_file *container,
			   unsigned long request, void *argument)
{
	const struct uapi_vfio_unmap *unmap = argument;

	switch (request) {
	case UAPI_VFIO_GET_API_VERSION:
		return k->vfio.api_version;
	case UAPI_VFIO_CHECK_EXTENSION:
		return (uintptr_t)argument == UAPI_VFIO_TYPE1V2_IOMMU && !k->vfio.no_type1v2;
	case UAPI_VFIO_SET_IOMMU:
		return set_iommu(k, fd, container);
	case UAPI_VFIO_IOMMU_GET_INFO:
		return get_info(k, container, argument);
	case UAPI_VFIO_IOMMU_MAP_DMA:
		return container_map(k, fd, argument);
	case UAPI_VFIO_IOMMU_UNMAP_DMA:
		return fake_drop_mapping(k, fd, 0, unmap->iova, unmap->size);
	}
	return -ENOTTY;
}

/* ---- by name and by descriptor ---- */

static const struct {
	unsigned long request;
	const char *name;
} names[] = {
	{UAPI_VFIO_GET_API_VERSION, "VFIO_GET_API_VERSION"},
	{UAPI_VFIO_CHECK_EXTENSION, "VFIO_CHECK_EXTENSION"},
	{UAPI_VFIO_SET_IOMMU, "VFIO_SET_IOMMU"},
	{UAPI_VFIO_GROUP_GET_STATUS, "VFIO_GROUP_GET_STATUS"},
	{UAPI_VFIO_GROUP_SET_CONTAINER, "VFIO_GROUP_SET_CONTAINER"},
	{UAPI_VFIO_GROUP_UNSET_CONTAINER, "VFIO_GROUP_UNSET_CONTAINER"},
	{UAPI_VFIO_GROUP_GET_DEVICE_FD, "VFIO_GROUP_GET_DEVICE_FD"},
	{UAPI_VFIO_IOMMU_GET_INFO, "VFIO_IOMMU_GET_INFO"},
	{UAPI_VFIO_IOMMU_MAP_DMA, "VFIO_IOMMU_MAP_DMA"},
	{UAPI_VFIO_IOMMU_UNMAP_DMA, "VFIO_IOMMU_UNMAP_DMA"},
	{UAPI_VFIO_DEVICE_BIND_IOMMUFD, "VFIO_DEVICE_BIND_IOMMUFD"},
	{UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, "VFIO_DEVICE_ATTACH_IOMMUFD_PT"},
	{UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, "VFIO_DEVICE_DETACH_IOMMUFD_PT"},
	{UAPI_IOMMU_DESTROY, "IOMMU_DESTROY"},
	{UAPI_IOMMU_IOAS_ALLOC, "IOMMU_IOAS_ALLOC"},
	{UAPI_IOMMU_IOAS_IOVA_RANGES, "IOMMU_IOAS_IOVA_RANGES"},
	{UAPI_IOMMU_IOAS_MAP, "IOMMU_IOAS_MAP"},
	{UAPI_IOMMU_IOAS_UNMAP, "IOMMU_IOAS_UNMAP"},
	{UAPI_IOMMU_HWPT_ALLOC, "IOMMU_HWPT_ALLOC"},
	{UAPI_IOMMU_GET_HW_INFO, "IOMMU_GET_HW_INFO"},
	{UAPI_IOMMU_VIOMMU_ALLOC, "IOMMU_VIOMMU_ALLOC"},
	{UAPI_IOMMU_VDEVICE_ALLOC, "IOMMU_VDEVICE_ALLOC"},
};

const char *fake_vfio_name(unsigned long request)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].request == request)
			return names[i].name;
	return "unknown";
}

int fake_vfio_ioctl(struct fake_kernel *k, int fd, unsigned long request, void *argument)
{
	struct open_file *file;

	file = fake_file_of(k, fd, OPEN_GROUP);
	if (file)
		return group_ioctl(k, file, request, argument);
	file = fake_file_of(k, fd, OPEN_CONTAINER);
	if (file)
		return container_ioctl(k, fd, file, request, argument);
	file = fake_file_of(k, fd, OPEN_CDEV);
	if (file)
		return fake_cdev_ioctl(k, file, request, argument);
	if (fake_file_of(k, fd, OPEN_IOMMU))
		return fake_iommufd_ioctl(k, fd, request, argument);
	return -ENOTTY;
}
