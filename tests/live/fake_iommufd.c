/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_iommufd.c - the ioctls of the fake kernel: the device cdev and iommufd. */
#include "fake_private.h"

#include <errno.h>
#include <string.h>

#include "live/uapi.h"

static uint32_t new_object(struct fake_kernel *k, struct object object)
{
	size_t i;

	for (i = 0; i < k->n_objects && k->objects[i].kind != OBJECT_FREE; i++)
		;
	if (i == k->n_objects)
		k->objects = fake_grow(k->objects, ++k->n_objects, sizeof(*k->objects));
	k->objects[i] = object;
	return (uint32_t)i + 1;
}

static struct object *object_of(struct fake_kernel *k, int fd, uint32_t id)
{
	if (id < 1 || id > k->n_objects || k->objects[id - 1].kind == OBJECT_FREE ||
	    k->objects[id - 1].fd != fd)
		return NULL;
	return &k->objects[id - 1];
}

static struct object *object_of_kind(struct fake_kernel *k, int fd, uint32_t id,
				     enum object_kind kind)
{
	struct object *object = object_of(k, fd, id);

	return object && object->kind == kind ? object : NULL;
}

static int cdev_bind(struct fake_kernel *k, struct open_file *cdev, void *argument)
{
	struct uapi_vfio_bind *bind = argument;

	if (bind->argsz < sizeof(*bind) || bind->flags || cdev->iommufd >= 0)
		return -EINVAL;
	if (!fake_file_of(k, bind->iommufd, OPEN_IOMMU))
		return -EBADF;
	if (k->vfio.bind_error)
		return -k->vfio.bind_error;
	cdev->iommufd = bind->iommufd;
	k->resets++;
	bind->out_devid = new_object(k, (struct object){OBJECT_DEVICE, .fd = bind->iommufd});
	return 0;
}

static void leave(struct fake_kernel *k, struct open_file *cdev)
{
	struct object *object = object_of(k, cdev->iommufd, cdev->attached);

	if (object && object->kind == OBJECT_HWPT)
		object_of(k, object->fd, object->parent)->has_device = false;
	else if (object)
		object->has_device = false;
	if (object)
		object->users--;
	cdev->attached = 0;
}

static int cdev_attach(struct fake_kernel *k, struct open_file *cdev, void *argument)
{
	const struct uapi_vfio_attach *attach = argument;
	struct object *object = object_of(k, cdev->iommufd, attach->pt_id), *ioas = object;

	if (attach->argsz < sizeof(*attach) || attach->flags)
		return -EINVAL;
	if (!object)
		return -ENOENT;
	if (object->kind == OBJECT_HWPT) {
		ioas = object_of(k, object->fd, object->parent);
		if (k->vfio.attach_error[object->use])
			return -k->vfio.attach_error[object->use];
	} else if (object->kind == OBJECT_IOAS) {
		object->has_aperture = true;
		object->aperture = k->vfio.aperture[FAKE_PLAIN];
	} else {
		return -EINVAL;
	}
	if (cdev->attached)
		leave(k, cdev);
	ioas->has_device = true;
	object->users++;
	cdev->attached = attach->pt_id;
	return 0;
}

int fake_cdev_ioctl(struct fake_kernel *k, struct open_file *cdev, unsigned long request,
		    void *argument)
{
	if (request == UAPI_VFIO_DEVICE_BIND_IOMMUFD)
		return cdev_bind(k, cdev, argument);
	if (cdev->iommufd < 0)
		return -EINVAL; /* nothing else before it is bound */
	if (request == UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT)
		return cdev_attach(k, cdev, argument);
	if (request == UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT) {
		leave(k, cdev);
		return 0;
	}
	return -ENOTTY;
}

static int ioas_ranges(struct fake_kernel *k, int fd, void *argument)
{
	struct uapi_iommu_ioas_ranges *asked = argument;
	struct object *ioas = object_of_kind(k, fd, asked->ioas_id, OBJECT_IOAS);
	struct uapi_range ranges[FAKE_MAX_HOLES + 1];
	struct iof_range all = {0, UINT64_MAX};
	uint32_t room = asked->n;
	size_t n;

	if (!ioas)
		return -ENOENT;
	n = fake_usable(&k->vfio, ioas->has_aperture ? ioas->aperture : all, ioas->has_device,
			ranges);
	asked->n = (uint32_t)n;
	asked->out_alignment = ioas->has_aperture ? 4096 : 1;
	memcpy((void *)(uintptr_t)asked->ranges, ranges, (n < room ? n : room) * sizeof(ranges[0]));
	return n > room ? -EMSGSIZE : 0;
}

static int ioas_map(struct fake_kernel *k, int fd, void *argument)
{
	const struct uapi_iommu_ioas_map *map = argument;
	struct object *ioas = object_of_kind(k, fd, map->ioas_id, OBJECT_IOAS);
	struct iof_range all = {0, UINT64_MAX};

	if (!ioas)
		return -ENOENT;
	if (!(map->flags & UAPI_IOMMU_MAP_FIXED_IOVA))
		return -EOPNOTSUPP;
	if (!fake_is_usable(&k->vfio, ioas->has_aperture ? ioas->aperture : all, ioas->has_device,
			    map->iova, map->length))
		return -EINVAL;
	return fake_add_mapping(k, fd, map->ioas_id, map->iova, map->length);
}

static int hwpt_alloc(struct fake_kernel *k, int fd, void *argument)
{
	struct uapi_iommu_hwpt_alloc *alloc = argument;
	struct object *ioas = object_of_kind(k, fd, alloc->pt_id, OBJECT_IOAS);
	enum fake_use use = alloc->flags & UAPI_IOMMU_HWPT_NEST_PARENT	    ? FAKE_NEST_PARENT
			    : alloc->flags & UAPI_IOMMU_HWPT_DIRTY_TRACKING ? FAKE_DIRTY_TRACKING
			    : alloc->flags & UAPI_IOMMU_HWPT_PASID	    ? FAKE_PASID
									    : FAKE_PLAIN;

	if (alloc->reserved || (alloc->flags & ~0xfu))
		return -EOPNOTSUPP;
	if (!object_of_kind(k, fd, alloc->dev_id, OBJECT_DEVICE) || !object_of(k, fd, alloc->pt_id))
		return -ENOENT;
	if (k->vfio.use_error[use])
		return -k->vfio.use_error[use];
	if (!ioas) { /* a nested one, on a nest parent or a vIOMMU */
		object_of(k, fd, alloc->pt_id)->users++;
		alloc->out_hwpt_id =
			new_object(k, (struct object){OBJECT_HWPT, fd, alloc->pt_id, .use = use});
		return 0;
	}
	ioas->users++;
	ioas->has_aperture = true;
	ioas->aperture = k->vfio.aperture[use];
	alloc->out_hwpt_id =
		new_object(k, (struct object){OBJECT_HWPT, fd, alloc->pt_id, .use = use});
	return 0;
}

static int viommu_alloc(struct fake_kernel *k, int fd, void *argument)
{
	struct uapi_iommu_viommu_alloc *alloc = argument;
	struct object *hwpt = object_of_kind(k, fd, alloc->hwpt_id, OBJECT_HWPT);

	if (!hwpt || !object_of_kind(k, fd, alloc->dev_id, OBJECT_DEVICE))
		return -ENOENT;
	if (hwpt->use != FAKE_NEST_PARENT)
		return -EINVAL;
	if (k->vfio.viommu_error)
		return -k->vfio.viommu_error;
	hwpt->users++;
	alloc->out_viommu_id =
		new_object(k, (struct object){OBJECT_VIOMMU, .fd = fd, .parent = alloc->hwpt_id});
	return 0;
}

/* One for each device of a vIOMMU, until it is destroyed. */
static int vdevice_alloc(struct fake_kernel *k, int fd, void *argument)
{
	struct uapi_iommu_vdevice_alloc *alloc = argument;
	struct object *viommu = object_of_kind(k, fd, alloc->viommu_id, OBJECT_VIOMMU);

	if (!viommu || !object_of_kind(k, fd, alloc->dev_id, OBJECT_DEVICE))
		return -ENOENT;
	viommu->users++;
	alloc->out_vdevice_id = new_object(
		k, (struct object){OBJECT_VDEVICE, .fd = fd, .parent = alloc->viommu_id});
	return 0;
}

static int get_hw_info(struct fake_kernel *k, int fd, void *argument)
{
	const struct fake_vfio *v = &k->vfio;
	struct uapi_iommu_hw_info *asked = argument;
	size_t n = v->n_hw_info;
	unsigned char *to = (unsigned char *)(uintptr_t)asked->data;

	if (asked->flags || asked->reserved[0])
		return -EOPNOTSUPP;
	if (!object_of_kind(k, fd, asked->dev_id, OBJECT_DEVICE))
		return -ENOENT;
	if (n > asked->data_len)
		n = asked->data_len;
	memcpy(to, v->hw_info, n);
	memset(to + n, 0, asked->data_len - n);
	asked->data_len = v->hw_info_claims ? v->hw_info_claims : (uint32_t)v->n_hw_info;
	asked->out_data_type = v->hw_info_type;
	asked->out_max_pasid_log2 = (uint8_t)v->max_pasid_log2;
	if (asked->size >= 40 && v->hw_info_size >= 40)
		asked->out_capabilities = v->capabilities;
	return 0;
}

static int destroy(struct fake_kernel *k, int fd, void *argument)
{
	const struct uapi_iommu_destroy *gone = argument;
	struct object *object = object_of(k, fd, gone->id), *parent;

	if (!object)
		return -ENOENT;
	if (object->users)
		return -EBUSY;
	parent = object_of(k, fd, object->parent);
	if (parent)
		parent->users--;
	object->kind = OBJECT_FREE;
	return 0;
}

static int ioas_alloc(struct fake_kernel *k, int fd, void *argument)
{
	struct uapi_iommu_ioas_alloc *alloc = argument;

	alloc->out_ioas_id = new_object(k, (struct object){OBJECT_IOAS, .fd = fd});
	return 0;
}

static int ioas_unmap(struct fake_kernel *k, int fd, void *argument)
{
	const struct uapi_iommu_ioas_unmap *unmap = argument;

	return fake_drop_mapping(k, fd, unmap->ioas_id, unmap->iova, unmap->length);
}

static const struct iommufd_call {
	unsigned long request;
	uint32_t minimum, size;
	int (*make)(struct fake_kernel *, int fd, void *argument);
} iommufd_calls[] = {
	{UAPI_IOMMU_DESTROY, 8, 8, destroy},
	{UAPI_IOMMU_IOAS_ALLOC, 12, 12, ioas_alloc},
	{UAPI_IOMMU_IOAS_IOVA_RANGES, 32, 32, ioas_ranges},
	{UAPI_IOMMU_IOAS_MAP, 40, 40, ioas_map},
	{UAPI_IOMMU_IOAS_UNMAP, 24, 24, ioas_unmap},
	{UAPI_IOMMU_HWPT_ALLOC, 24, 48, hwpt_alloc},
	{UAPI_IOMMU_GET_HW_INFO, 32, 40, get_hw_info},
	{UAPI_IOMMU_VIOMMU_ALLOC, 24, 40, viommu_alloc},
	{UAPI_IOMMU_VDEVICE_ALLOC, 24, 24, vdevice_alloc},
};

/* The rule of all its structs: long enough, and zero behind what this kernel knows. */
int fake_iommufd_ioctl(struct fake_kernel *k, int fd, unsigned long request, void *argument)
{
	size_t i;

	for (i = 0; i < sizeof(iommufd_calls) / sizeof(iommufd_calls[0]); i++) {
		const struct iommufd_call *call = &iommufd_calls[i];
		uint32_t known = call->size, size, at;

		if (call->request != request)
			continue;
		if (request == UAPI_IOMMU_GET_HW_INFO)
			known = (uint32_t)k->vfio.hw_info_size;
		memcpy(&size, argument, sizeof(size));
		if (size < call->minimum)
			return -EINVAL;
		for (at = known; at < size; at++)
			if (((unsigned char *)argument)[at])
				return -E2BIG;
		return call->make(k, fd, argument);
	}
	return -ENOTTY;
}
