/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* iommufd.c - see vfio.h: the device cdev and iommufd. */
#include "live/vfio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than this is no answer. */
#define MAX_RANGES 65536u
#define MAX_HW_INFO_BYTES 65536u
/* How often an answer may grow between two questions. */
#define MAX_ROUNDS 8
/* The known kinds have 8 to 40 bytes. */
#define HW_INFO_ROOM 64u

/* None of these calls returns anything but 0. */
static int ask(struct vfio *v, int fd, unsigned long request, const char *name, void *argument)
{
	int result = vfio_ask(v, fd, request, name, argument);

	return result < 0 ? result : 0;
}

int iommufd_open(struct vfio *v)
{
	return vfio_open(v, "/dev/iommu");
}

int iommufd_device_open(struct vfio *v, const char *name)
{
	char path[VFIO_PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name) >= sizeof(path))
		return vfio_failed(v, "open", path, -ENAMETOOLONG);
	return vfio_open(v, path);
}

int iommufd_device_bind(struct vfio *v, int device, int iommufd, uint32_t *dev_id)
{
	struct uapi_vfio_bind bind = {.argsz = sizeof(bind), .iommufd = iommufd};
	int err = ask(v, device, UAPI_VFIO_DEVICE_BIND_IOMMUFD, "VFIO_DEVICE_BIND_IOMMUFD", &bind);

	if (!err)
		*dev_id = bind.out_devid;
	return err;
}

int iommufd_device_attach(struct vfio *v, int device, uint32_t pt_id)
{
	struct uapi_vfio_attach attach = {.argsz = sizeof(attach), .pt_id = pt_id};

	return ask(v, device, UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
		   &attach);
}

int iommufd_device_detach(struct vfio *v, int device)
{
	struct uapi_vfio_detach detach = {.argsz = sizeof(detach)};

	return ask(v, device, UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, "VFIO_DEVICE_DETACH_IOMMUFD_PT",
		   &detach);
}

int iommufd_ioas_alloc(struct vfio *v, int iommufd, uint32_t *ioas)
{
	struct uapi_iommu_ioas_alloc alloc = {.size = sizeof(alloc)};
	int err = ask(v, iommufd, UAPI_IOMMU_IOAS_ALLOC, "IOMMU_IOAS_ALLOC", &alloc);

	if (!err)
		*ioas = alloc.out_ioas_id;
	return err;
}

/* Ask once with room for *n. -EMSGSIZE: *n is how many there are. */
static int ranges_once(struct vfio *v, int iommufd, uint32_t ioas, uint32_t *n,
		       struct uapi_range *room, uint64_t *alignment)
{
	struct uapi_iommu_ioas_ranges asked = {
		.size = sizeof(asked), .ioas_id = ioas, .n = *n, .ranges = (uintptr_t)room};
	int err = ask(v, iommufd, UAPI_IOMMU_IOAS_IOVA_RANGES, "IOMMU_IOAS_IOVA_RANGES", &asked);

	if (!err && asked.n > *n)
		err = vfio_failed(v, "IOMMU_IOAS_IOVA_RANGES", NULL, -EBADMSG);
	*n = asked.n;
	*alignment = asked.out_alignment;
	return err;
}

int iommufd_ioas_ranges(struct vfio *v, int iommufd, uint32_t ioas, struct iommufd_ranges *out)
{
	uint32_t n = 8;
	unsigned rounds;

	memset(out, 0, sizeof(*out));
	for (rounds = 0; rounds < MAX_ROUNDS && n && n <= MAX_RANGES; rounds++) {
		struct uapi_range *room = calloc(n, sizeof(*room));
		int err;

		if (!room)
			return vfio_failed(v, "IOMMU_IOAS_IOVA_RANGES", NULL, -ENOMEM);
		err = ranges_once(v, iommufd, ioas, &n, room, &out->alignment);
		if (!err)
			err = vfio_ranges_take(room, n, &out->ranges);
		free(room);
		if (!err) {
			out->n = n;
			return 0;
		}
		if (err != -EMSGSIZE)
			return vfio_failed(v, "IOMMU_IOAS_IOVA_RANGES", NULL, err);
	}
	return vfio_failed(v, "IOMMU_IOAS_IOVA_RANGES", NULL, -EBADMSG);
}

int iommufd_ioas_map(struct vfio *v, int iommufd, uint32_t ioas, uint64_t iova, const void *memory,
		     uint64_t length, uint32_t flags)
{
	struct uapi_iommu_ioas_map map = {.size = sizeof(map),
					  .flags = flags | UAPI_IOMMU_MAP_FIXED_IOVA,
					  .ioas_id = ioas,
					  .user_va = (uintptr_t)memory,
					  .length = length,
					  .iova = iova};

	return ask(v, iommufd, UAPI_IOMMU_IOAS_MAP, "IOMMU_IOAS_MAP", &map);
}

int iommufd_ioas_unmap(struct vfio *v, int iommufd, uint32_t ioas, uint64_t iova, uint64_t length)
{
	struct uapi_iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = ioas, .iova = iova, .length = length};

	return ask(v, iommufd, UAPI_IOMMU_IOAS_UNMAP, "IOMMU_IOAS_UNMAP", &unmap);
}

int iommufd_hwpt_alloc(struct vfio *v, int iommufd, const struct iommufd_hwpt *hwpt, uint32_t *id)
{
	struct uapi_iommu_hwpt_alloc alloc = {.size = sizeof(alloc),
					      .flags = hwpt->flags,
					      .dev_id = hwpt->dev_id,
					      .pt_id = hwpt->pt_id,
					      .data_type = hwpt->data_type,
					      .data_len = (uint32_t)hwpt->n_data,
					      .data = (uintptr_t)hwpt->data};
	int err = ask(v, iommufd, UAPI_IOMMU_HWPT_ALLOC, "IOMMU_HWPT_ALLOC", &alloc);

	if (!err)
		*id = alloc.out_hwpt_id;
	return err;
}

int iommufd_viommu_alloc(struct vfio *v, int iommufd, uint32_t dev_id, uint32_t hwpt, uint32_t type,
			 uint32_t *id)
{
	struct uapi_iommu_viommu_alloc alloc = {
		.size = sizeof(alloc), .type = type, .dev_id = dev_id, .hwpt_id = hwpt};
	int err = ask(v, iommufd, UAPI_IOMMU_VIOMMU_ALLOC, "IOMMU_VIOMMU_ALLOC", &alloc);

	if (!err)
		*id = alloc.out_viommu_id;
	return err;
}

int iommufd_vdevice_alloc(struct vfio *v, int iommufd, uint32_t viommu, uint32_t dev_id,
			  uint64_t virt_id, uint32_t *id)
{
	struct uapi_iommu_vdevice_alloc alloc = {
		.size = sizeof(alloc), .viommu_id = viommu, .dev_id = dev_id, .virt_id = virt_id};
	int err = ask(v, iommufd, UAPI_IOMMU_VDEVICE_ALLOC, "IOMMU_VDEVICE_ALLOC", &alloc);

	if (!err)
		*id = alloc.out_vdevice_id;
	return err;
}

int iommufd_destroy(struct vfio *v, int iommufd, uint32_t id)
{
	struct uapi_iommu_destroy destroy = {.size = sizeof(destroy), .id = id};

	return ask(v, iommufd, UAPI_IOMMU_DESTROY, "IOMMU_DESTROY", &destroy);
}

/* ---- IOMMU_GET_HW_INFO ---- */

/*
 * Ask once, in the size that the kernel has. The capabilities are set before: a kernel that knows
 * them overwrites them, and Linux 6.6, which ends before them, refuses with E2BIG what it would
 * otherwise pass over, so that "none" and "not told" stay apart.
 */
static int hw_info_once(struct vfio *v, int iommufd, uint32_t dev_id, void *room, uint32_t n,
			struct uapi_iommu_hw_info *asked)
{
	int err;

	*asked = (struct uapi_iommu_hw_info){.size = sizeof(*asked),
					     .dev_id = dev_id,
					     .data_len = n,
					     .data = (uintptr_t)room,
					     .out_capabilities = UINT64_MAX};
	err = ask(v, iommufd, UAPI_IOMMU_GET_HW_INFO, "IOMMU_GET_HW_INFO", asked);
	if (err != -E2BIG)
		return err;
	*asked = (struct uapi_iommu_hw_info){.size = UAPI_IOMMU_HW_INFO_OLD_SIZE,
					     .dev_id = dev_id,
					     .data_len = n,
					     .data = (uintptr_t)room,
					     .out_capabilities = UINT64_MAX};
	return ask(v, iommufd, UAPI_IOMMU_GET_HW_INFO, "IOMMU_GET_HW_INFO", asked);
}

static void hw_info_take(const struct uapi_iommu_hw_info *asked, struct iommufd_hw_info *out)
{
	out->type = asked->out_data_type;
	out->n_data = asked->data_len;
	out->max_pasid_log2 = asked->out_max_pasid_log2;
	out->has_capabilities = asked->out_capabilities != UINT64_MAX;
	out->capabilities = out->has_capabilities ? asked->out_capabilities : 0;
}

int iommufd_hw_info(struct vfio *v, int iommufd, uint32_t dev_id, struct iommufd_hw_info *out)
{
	uint32_t n = HW_INFO_ROOM;
	unsigned rounds;

	memset(out, 0, sizeof(*out));
	for (rounds = 0; rounds < MAX_ROUNDS && n <= MAX_HW_INFO_BYTES; rounds++) {
		struct uapi_iommu_hw_info asked;
		unsigned char *room = calloc(1, n);
		int err;

		if (!room)
			return vfio_failed(v, "IOMMU_GET_HW_INFO", NULL, -ENOMEM);
		err = hw_info_once(v, iommufd, dev_id, room, n, &asked);
		if (!err && asked.data_len <= n) {
			hw_info_take(&asked, out);
			out->data = room;
			return 0;
		}
		free(room);
		if (err)
			return err;
		n = asked.data_len; /* what did not fit was cut: all of it once more */
	}
	return vfio_failed(v, "IOMMU_GET_HW_INFO", NULL, -EBADMSG);
}
