/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vfio_group.c - see vfio.h: the legacy route of VFIO. */
#include "live/vfio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An answer larger than this is no answer: a range needs 16 bytes, and hosts have tens. */
#define INFO_MAX_BYTES (1u << 20)
/* How often the size may grow between two questions. */
#define INFO_MAX_ROUNDS 8

int vfio_failed(struct vfio *v, const char *call, const char *path, int err)
{
	v->call = call;
	v->error = -err;
	if (path)
		snprintf(v->path, sizeof(v->path), "%s", path);
	return err;
}

int vfio_ask(struct vfio *v, int fd, unsigned long request, const char *name, void *argument)
{
	int result = call_ioctl(v->calls, fd, request, argument);

	return result < 0 ? vfio_failed(v, name, NULL, result) : result;
}

/* A call that takes a number, or none, instead of an address. */
static int ask_number(struct vfio *v, int fd, unsigned long request, const char *name,
		      unsigned long number)
{
	return vfio_ask(v, fd, request, name, (void *)number);
}

int vfio_open(struct vfio *v, const char *path)
{
	int fd = call_open(v->calls, path, O_RDWR | O_CLOEXEC, 0);

	snprintf(v->path, sizeof(v->path), "%s", path);
	return fd < 0 ? vfio_failed(v, "open", NULL, fd) : fd;
}

int vfio_group_open(struct vfio *v, unsigned group)
{
	char path[VFIO_PATH_MAX];

	snprintf(path, sizeof(path), "/dev/vfio/%u", group);
	return vfio_open(v, path);
}

int vfio_group_status(struct vfio *v, int group, uint32_t *flags)
{
	struct uapi_vfio_group_status status = {.argsz = sizeof(status)};
	int err = vfio_ask(v, group, UAPI_VFIO_GROUP_GET_STATUS, "VFIO_GROUP_GET_STATUS", &status);

	if (err < 0)
		return err;
	*flags = status.flags;
	return 0;
}

int vfio_container_open(struct vfio *v)
{
	int fd = vfio_open(v, "/dev/vfio/vfio"), version;

	if (fd < 0)
		return fd;
	version = ask_number(v, fd, UAPI_VFIO_GET_API_VERSION, "VFIO_GET_API_VERSION", 0);
	if (version == UAPI_VFIO_API_VERSION)
		return fd;
	call_close(v->calls, fd);
	return version < 0 ? version : vfio_failed(v, "VFIO_GET_API_VERSION", NULL, -EPROTO);
}

int vfio_container_extension(struct vfio *v, int container, unsigned extension)
{
	int result = ask_number(v, container, UAPI_VFIO_CHECK_EXTENSION, "VFIO_CHECK_EXTENSION",
				extension);

	return result > 0 ? 1 : result;
}

int vfio_group_set_container(struct vfio *v, int group, int container)
{
	int32_t fd = container;

	return vfio_ask(v, group, UAPI_VFIO_GROUP_SET_CONTAINER, "VFIO_GROUP_SET_CONTAINER", &fd);
}

int vfio_group_unset_container(struct vfio *v, int group)
{
	return ask_number(v, group, UAPI_VFIO_GROUP_UNSET_CONTAINER, "VFIO_GROUP_UNSET_CONTAINER",
			  0);
}

int vfio_container_set_iommu(struct vfio *v, int container, unsigned type)
{
	return ask_number(v, container, UAPI_VFIO_SET_IOMMU, "VFIO_SET_IOMMU", type);
}

/* ---- VFIO_IOMMU_GET_INFO ---- */

int vfio_ranges_take(const struct uapi_range *from, size_t n, struct iof_range **out)
{
	struct iof_range *to = calloc(n ? n : 1, sizeof(*to));
	size_t i;

	if (!to)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		bool is_bad = from[i].start > from[i].last ||
			      (i > 0 && from[i].start <= from[i - 1].last);

		if (is_bad) {
			free(to);
			return -EBADMSG;
		}
		to[i] = (struct iof_range){from[i].start, from[i].last};
	}
	*out = to;
	return 0;
}

static int take_ranges(const unsigned char *at, size_t room, struct vfio_type1 *out)
{
	struct uapi_vfio_cap_ranges cap;
	struct uapi_range *ranges;
	int err;

	if (room < sizeof(cap) || out->has_ranges)
		return -EBADMSG;
	memcpy(&cap, at, sizeof(cap));
	if (cap.n > (room - sizeof(cap)) / sizeof(*ranges))
		return -EBADMSG;
	/* They need not be aligned in the answer. */
	ranges = malloc((cap.n ? cap.n : 1) * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	memcpy(ranges, at + sizeof(cap), cap.n * sizeof(*ranges));
	err = vfio_ranges_take(ranges, cap.n, &out->ranges);
	free(ranges);
	if (err)
		return err;
	out->n_ranges = cap.n;
	out->has_ranges = true;
	return 0;
}

static int take_dma_avail(const unsigned char *at, size_t room, struct vfio_type1 *out)
{
	struct uapi_vfio_cap_dma_avail cap;

	if (room < sizeof(cap))
		return -EBADMSG;
	memcpy(&cap, at, sizeof(cap));
	out->has_dma_avail = true;
	out->dma_avail = cap.avail;
	return 0;
}

static int take_migration(const unsigned char *at, size_t room, struct vfio_type1 *out)
{
	struct uapi_vfio_cap_migration cap;

	if (room < sizeof(cap))
		return -EBADMSG;
	memcpy(&cap, at, sizeof(cap));
	out->has_migration = true;
	out->dirty_page_sizes = cap.pgsize_bitmap;
	out->max_bitmap_bytes = cap.max_bitmap_size;
	return 0;
}

static const struct cap_kind {
	uint16_t id, version;
	int (*take)(const unsigned char *at, size_t room, struct vfio_type1 *);
} cap_kinds[] = {
	{UAPI_VFIO_CAP_IOVA_RANGE, 1, take_ranges},
	{UAPI_VFIO_CAP_MIGRATION, 1, take_migration},
	{UAPI_VFIO_CAP_DMA_AVAIL, 1, take_dma_avail},
};

static int take_cap(const struct uapi_vfio_cap *header, const unsigned char *at, size_t room,
		    struct vfio_type1 *out)
{
	size_t i;

	for (i = 0; i < sizeof(cap_kinds) / sizeof(cap_kinds[0]); i++)
		if (header->id == cap_kinds[i].id && header->version == cap_kinds[i].version)
			return cap_kinds[i].take(at, room, out);
	return 0; /* a newer kernel's */
}

/* The chain goes by offsets from the start. One that leaves the answer or loops is refused: each
 * step is one of at most so many headers as fit. */
static int take_caps(const unsigned char *info, size_t size, uint32_t offset,
		     struct vfio_type1 *out)
{
	size_t left = size / sizeof(struct uapi_vfio_cap);

	while (offset) {
		struct uapi_vfio_cap header;
		int err;

		if (!left-- || offset < sizeof(struct uapi_vfio_iommu_info) || offset > size ||
		    size - offset < sizeof(header))
			return -EBADMSG;
		memcpy(&header, info + offset, sizeof(header));
		err = take_cap(&header, info + offset, size - offset, out);
		if (err)
			return err;
		offset = header.next;
	}
	return 0;
}

/* The whole answer, from malloc(): asked again with what the kernel says that it needs. */
static int get_info(struct vfio *v, int container, unsigned char **info, size_t *size)
{
	uint32_t argsz = sizeof(struct uapi_vfio_iommu_info);
	unsigned rounds;

	for (rounds = 0; rounds < INFO_MAX_ROUNDS; rounds++) {
		struct uapi_vfio_iommu_info *asked = calloc(1, argsz);
		uint32_t needed;
		int err;

		if (!asked)
			return vfio_failed(v, "VFIO_IOMMU_GET_INFO", NULL, -ENOMEM);
		asked->argsz = argsz;
		err = vfio_ask(v, container, UAPI_VFIO_IOMMU_GET_INFO, "VFIO_IOMMU_GET_INFO",
			       asked);
		needed = asked->argsz;
		if (err >= 0 && needed <= argsz) {
			*info = (unsigned char *)asked;
			*size = argsz;
			return 0;
		}
		free(asked);
		if (err < 0)
			return err;
		if (needed > INFO_MAX_BYTES)
			break;
		argsz = needed;
	}
	return vfio_failed(v, "VFIO_IOMMU_GET_INFO", NULL, -EBADMSG);
}

int vfio_container_info(struct vfio *v, int container, struct vfio_type1 *out)
{
	struct uapi_vfio_iommu_info head;
	unsigned char *info;
	size_t size;
	int err = get_info(v, container, &info, &size);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	memcpy(&head, info, sizeof(head));
	if (head.flags & UAPI_VFIO_INFO_PGSIZES)
		out->page_sizes = head.iova_pgsizes;
	if (head.flags & UAPI_VFIO_INFO_CAPS)
		err = take_caps(info, size, head.cap_offset, out);
	free(info);
	if (!err)
		return 0;
	vfio_type1_free(out);
	return vfio_failed(v, "VFIO_IOMMU_GET_INFO", NULL, err);
}

void vfio_type1_free(struct vfio_type1 *info)
{
	free(info->ranges);
	memset(info, 0, sizeof(*info));
}

/* ---- the device, and mapping ---- */

int vfio_group_device(struct vfio *v, int group, const char *bdf)
{
	char name[32];

	snprintf(name, sizeof(name), "%s", bdf);
	return vfio_ask(v, group, UAPI_VFIO_GROUP_GET_DEVICE_FD, "VFIO_GROUP_GET_DEVICE_FD", name);
}

int vfio_container_map(struct vfio *v, int container, uint64_t iova, const void *memory,
		       uint64_t length, uint32_t flags)
{
	struct uapi_vfio_map map = {.argsz = sizeof(map),
				    .flags = flags,
				    .vaddr = (uintptr_t)memory,
				    .iova = iova,
				    .size = length};
	int err = vfio_ask(v, container, UAPI_VFIO_IOMMU_MAP_DMA, "VFIO_IOMMU_MAP_DMA", &map);

	return err < 0 ? err : 0;
}

int vfio_container_unmap(struct vfio *v, int container, uint64_t iova, uint64_t length)
{
	struct uapi_vfio_unmap unmap = {.argsz = sizeof(unmap), .iova = iova, .size = length};
	int err = vfio_ask(v, container, UAPI_VFIO_IOMMU_UNMAP_DMA, "VFIO_IOMMU_UNMAP_DMA", &unmap);

	return err < 0 ? err : 0;
}
