/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio.h - the calls of VFIO and iommufd, one function each, typed. All return 0 (or what the call
 * returns) or a negative errno, and name the call that failed in struct vfio. Nothing here decides
 * anything. EINTR is retried; answers of the kernel are checked before they are believed
 * (-EBADMSG).
 */
#ifndef LIVE_VFIO_H
#define LIVE_VFIO_H

#include <stdbool.h>

#include <iommufit/types.h>

#include "live/calls.h"
#include "live/uapi.h"

#define VFIO_PATH_MAX 96

/* What the wrappers work with. Zeroed but for calls. */
struct vfio {
	const struct live_calls *calls;
	/* The last call that failed: "open", or the name of an ioctl as the kernel's headers have
	 * it
	 * ("VFIO_SET_IOMMU"); NULL: none. */
	const char *call;
	int error;		  /* its errno, positive */
	char path[VFIO_PATH_MAX]; /* what was opened or asked; "" if that is not known */
};

/* Note a failure of a call on a path (may be NULL: the last one opened stays); returns err. */
int vfio_failed(struct vfio *, const char *call, const char *path, int err);
/* Open a device node for reading and writing. */
int vfio_open(struct vfio *, const char *path);
/* An ioctl, by its name in the kernel's headers. Returns what it returns. */
int vfio_ask(struct vfio *, int fd, unsigned long request, const char *name, void *argument);

/* ---- the legacy route: group and container (vfio_group.c) ----
 * Descriptors are closed with call_close(). A group must leave its container first. */

int vfio_group_open(struct vfio *, unsigned group);
/* UAPI_VFIO_GROUP_* */
int vfio_group_status(struct vfio *, int group, uint32_t *flags);
/* /dev/vfio/vfio, with its API version checked (-EPROTO). */
int vfio_container_open(struct vfio *);
/* 1: has that kind of IOMMU (UAPI_VFIO_TYPE1V2_IOMMU); 0: not. */
int vfio_container_extension(struct vfio *, int container, unsigned extension);
int vfio_group_set_container(struct vfio *, int group, int container);
int vfio_group_unset_container(struct vfio *, int group);
int vfio_container_set_iommu(struct vfio *, int container, unsigned type);

/* VFIO_IOMMU_GET_INFO with all its capabilities. */
struct vfio_type1 {
	uint64_t page_sizes; /* bitmap of bytes; 0: not told */
	bool has_ranges;     /* Linux before 5.4 does not tell them */
	struct iof_range *ranges;
	size_t n_ranges;
	bool has_dma_avail;
	uint64_t dma_avail; /* mappings that the container may still make */
	bool has_migration;
	uint64_t dirty_page_sizes, max_bitmap_bytes;
};
/* The result's ranges are from malloc(); vfio_type1_free() after success. */
int vfio_container_info(struct vfio *, int container, struct vfio_type1 *);
void vfio_type1_free(struct vfio_type1 *);

/* Opens the device: this resets it. Returns its descriptor. */
int vfio_group_device(struct vfio *, int group, const char *bdf);
/* flags: UAPI_VFIO_DMA_* */
int vfio_container_map(struct vfio *, int container, uint64_t iova, const void *memory,
		       uint64_t length, uint32_t flags);
int vfio_container_unmap(struct vfio *, int container, uint64_t iova, uint64_t length);

/* ---- device cdev and iommufd (iommufd.c) ---- */

/* /dev/iommu */
int iommufd_open(struct vfio *);
/* /dev/vfio/devices/NAME, NAME as in the device's vfio-dev folder in sysfs. Binding it opens the
 * device, which resets it. */
int iommufd_device_open(struct vfio *, const char *name);
int iommufd_device_bind(struct vfio *, int device, int iommufd, uint32_t *dev_id);
/* To an IOAS or to an HWPT. */
int iommufd_device_attach(struct vfio *, int device, uint32_t pt_id);
int iommufd_device_detach(struct vfio *, int device);

int iommufd_ioas_alloc(struct vfio *, int iommufd, uint32_t *ioas);
struct iommufd_ranges {
	struct iof_range *ranges; /* from malloc() */
	size_t n;
	uint64_t alignment; /* bytes */
};
int iommufd_ioas_ranges(struct vfio *, int iommufd, uint32_t ioas, struct iommufd_ranges *);
/* flags: UAPI_IOMMU_MAP_*, always at a fixed IOVA. */
int iommufd_ioas_map(struct vfio *, int iommufd, uint32_t ioas, uint64_t iova, const void *memory,
		     uint64_t length, uint32_t flags);
int iommufd_ioas_unmap(struct vfio *, int iommufd, uint32_t ioas, uint64_t iova, uint64_t length);

/* pt_id: an IOAS, or a nest parent for a nested domain, or a vIOMMU. flags: UAPI_IOMMU_HWPT_*; data
 * of a nested domain, NULL otherwise. */
struct iommufd_hwpt {
	uint32_t dev_id, pt_id, flags;
	uint32_t data_type;
	const void *data;
	size_t n_data;
};
int iommufd_hwpt_alloc(struct vfio *, int iommufd, const struct iommufd_hwpt *, uint32_t *id);
int iommufd_viommu_alloc(struct vfio *, int iommufd, uint32_t dev_id, uint32_t hwpt, uint32_t type,
			 uint32_t *id);
/* virt_id: the device's number as the guest has it. */
int iommufd_vdevice_alloc(struct vfio *, int iommufd, uint32_t viommu, uint32_t dev_id,
			  uint64_t virt_id, uint32_t *id);
int iommufd_destroy(struct vfio *, int iommufd, uint32_t id);

struct iommufd_hw_info {
	uint32_t type;
	unsigned char *data; /* from malloc(), NULL if there is none */
	size_t n_data;
	bool has_capabilities; /* Linux 6.6 does not tell them */
	uint64_t capabilities;
	unsigned max_pasid_log2;
};
int iommufd_hw_info(struct vfio *, int iommufd, uint32_t dev_id, struct iommufd_hw_info *);

/* n ranges of the kernel, checked (in order, apart from each other, each of them one) and copied
 * into memory from malloc(). -EBADMSG, -ENOMEM. */
int vfio_ranges_take(const struct uapi_range *, size_t n, struct iof_range **);

#endif
