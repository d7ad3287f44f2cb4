/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * uapi.h - the calls of VFIO and iommufd that are made here, as Linux lays them out. Defined here,
 * since the headers of the oldest system that this builds on (Debian 12, Linux 6.1) lack iommufd,
 * and since a newer header's structs are larger than an older kernel's.
 *
 * Sources: Linux include/uapi/linux/vfio.h and include/uapi/linux/iommufd.h (7.2). A struct of
 * iommufd begins with its size: a kernel that knows a shorter one accepts a longer one whose tail
 * is zero, and answers with E2BIG otherwise.
 */
#ifndef LIVE_UAPI_H
#define LIVE_UAPI_H

#include <stdint.h>
#include <sys/ioctl.h>

#define UAPI_CALL(nr) _IO(';', nr)

/* ---- VFIO: container, group, device ---- */

#define UAPI_VFIO_GET_API_VERSION UAPI_CALL(100)
#define UAPI_VFIO_CHECK_EXTENSION UAPI_CALL(101)
#define UAPI_VFIO_SET_IOMMU UAPI_CALL(102)
#define UAPI_VFIO_GROUP_GET_STATUS UAPI_CALL(103)
#define UAPI_VFIO_GROUP_SET_CONTAINER UAPI_CALL(104)
#define UAPI_VFIO_GROUP_UNSET_CONTAINER UAPI_CALL(105)
#define UAPI_VFIO_GROUP_GET_DEVICE_FD UAPI_CALL(106)
#define UAPI_VFIO_IOMMU_GET_INFO UAPI_CALL(112)
#define UAPI_VFIO_IOMMU_MAP_DMA UAPI_CALL(113)
#define UAPI_VFIO_IOMMU_UNMAP_DMA UAPI_CALL(114)
#define UAPI_VFIO_DEVICE_BIND_IOMMUFD UAPI_CALL(118)
#define UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT UAPI_CALL(119)
#define UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT UAPI_CALL(120)

#define UAPI_VFIO_API_VERSION 0
#define UAPI_VFIO_TYPE1_IOMMU 1
#define UAPI_VFIO_TYPE1V2_IOMMU 3

#define UAPI_VFIO_GROUP_VIABLE (1u << 0)
#define UAPI_VFIO_GROUP_CONTAINER_SET (1u << 1)

struct uapi_vfio_group_status {
	uint32_t argsz;
	uint32_t flags;
};

#define UAPI_VFIO_INFO_PGSIZES (1u << 0)
#define UAPI_VFIO_INFO_CAPS (1u << 1)

/* Linux before 5.4 ends before cap_offset. */
struct uapi_vfio_iommu_info {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova_pgsizes;
	uint32_t cap_offset; /* from the start of this struct; 0: none */
	uint32_t pad;
};

#define UAPI_VFIO_CAP_IOVA_RANGE 1
#define UAPI_VFIO_CAP_MIGRATION 2
#define UAPI_VFIO_CAP_DMA_AVAIL 3

struct uapi_vfio_cap {
	uint16_t id;
	uint16_t version;
	uint32_t next; /* from the start of the info struct; 0: the last */
};

/* Followed by n ranges. */
struct uapi_vfio_cap_ranges {
	struct uapi_vfio_cap header;
	uint32_t n;
	uint32_t reserved;
};

struct uapi_range {
	uint64_t start;
	uint64_t last; /* inclusive */
};

struct uapi_vfio_cap_migration {
	struct uapi_vfio_cap header;
	uint32_t flags;
	uint32_t reserved;
	uint64_t pgsize_bitmap;
	uint64_t max_bitmap_size;
};

struct uapi_vfio_cap_dma_avail {
	struct uapi_vfio_cap header;
	uint32_t avail;
};

#define UAPI_VFIO_DMA_READ (1u << 0)
#define UAPI_VFIO_DMA_WRITE (1u << 1)

struct uapi_vfio_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t vaddr;
	uint64_t iova;
	uint64_t size;
};

struct uapi_vfio_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t size;
};

/* The first 16 bytes alone, which every kernel takes: a token is none of our business. */
struct uapi_vfio_bind {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t out_devid;
};

struct uapi_vfio_attach {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pt_id;
};

struct uapi_vfio_detach {
	uint32_t argsz;
	uint32_t flags;
};

/* ---- iommufd ---- */

#define UAPI_IOMMU_DESTROY UAPI_CALL(0x80)
#define UAPI_IOMMU_IOAS_ALLOC UAPI_CALL(0x81)
#define UAPI_IOMMU_IOAS_IOVA_RANGES UAPI_CALL(0x84)
#define UAPI_IOMMU_IOAS_MAP UAPI_CALL(0x85)
#define UAPI_IOMMU_IOAS_UNMAP UAPI_CALL(0x86)
#define UAPI_IOMMU_HWPT_ALLOC UAPI_CALL(0x89)	/* 6.6 */
#define UAPI_IOMMU_GET_HW_INFO UAPI_CALL(0x8a)	/* 6.6 */
#define UAPI_IOMMU_VIOMMU_ALLOC UAPI_CALL(0x90) /* 6.13 */

struct uapi_iommu_destroy {
	uint32_t size;
	uint32_t id;
};

struct uapi_iommu_ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t out_ioas_id;
};

struct uapi_iommu_ioas_ranges {
	uint32_t size;
	uint32_t ioas_id;
	uint32_t n; /* in: room for so many; out: how many there are */
	uint32_t reserved;
	uint64_t ranges; /* address of struct uapi_range[] */
	uint64_t out_alignment;
};

#define UAPI_IOMMU_MAP_FIXED_IOVA (1u << 0)
#define UAPI_IOMMU_MAP_WRITEABLE (1u << 1)
#define UAPI_IOMMU_MAP_READABLE (1u << 2)

struct uapi_iommu_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	uint32_t reserved;
	uint64_t user_va;
	uint64_t length;
	uint64_t iova;
};

struct uapi_iommu_ioas_unmap {
	uint32_t size;
	uint32_t ioas_id;
	uint64_t iova;
	uint64_t length; /* out: bytes unmapped */
};

#define UAPI_IOMMU_HWPT_NEST_PARENT (1u << 0)
#define UAPI_IOMMU_HWPT_DIRTY_TRACKING (1u << 1)
#define UAPI_IOMMU_HWPT_PASID (1u << 3) /* 6.15 */

#define UAPI_IOMMU_HWPT_DATA_NONE 0
#define UAPI_IOMMU_HWPT_DATA_VTD_S1 1
#define UAPI_IOMMU_HWPT_DATA_ARM_SMMUV3 2
#define UAPI_IOMMU_HWPT_DATA_AMD_GUEST 3

/* 40 bytes until Linux 6.10. */
struct uapi_iommu_hwpt_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t pt_id;
	uint32_t out_hwpt_id;
	uint32_t reserved;
	uint32_t data_type;
	uint32_t data_len;
	uint64_t data;
	uint32_t fault_id;
	uint32_t reserved2;
};

/* 32 bytes in Linux 6.6, which ends before out_capabilities. */
#define UAPI_IOMMU_HW_INFO_OLD_SIZE 32u
struct uapi_iommu_hw_info {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t data_len; /* in: room; out: bytes that there are */
	uint64_t data;
	uint32_t out_data_type;
	uint8_t out_max_pasid_log2; /* reserved before 6.15 */
	uint8_t reserved[3];
	uint64_t out_capabilities;
};

#define UAPI_IOMMU_HW_CAP_DIRTY_TRACKING (1ull << 0)

#define UAPI_IOMMU_VIOMMU_ARM_SMMUV3 1

/* 24 bytes until Linux 6.16. */
struct uapi_iommu_viommu_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t type;
	uint32_t dev_id;
	uint32_t hwpt_id;
	uint32_t out_viommu_id;
	uint32_t data_len;
	uint32_t reserved;
	uint64_t data;
};

#define UAPI_IOMMU_VDEVICE_ALLOC UAPI_CALL(0x91) /* 6.14 */
struct uapi_iommu_vdevice_alloc {
	uint32_t size;
	uint32_t viommu_id;
	uint32_t dev_id;
	uint32_t out_vdevice_id;
	uint64_t virt_id; /* what the guest calls the device: its stream ID */
};

/* What IOMMU_HWPT_ALLOC takes for a first-stage domain of VT-d. */
struct uapi_iommu_hwpt_vtd_s1 {
	uint64_t flags;
	uint64_t pgtbl_addr;
	uint32_t addr_width;
	uint32_t reserved;
};

/* ... and of SMMUv3: the first two words of a stream table entry, little-endian. */
struct uapi_iommu_hwpt_arm_smmuv3 {
	uint64_t ste[2];
};

#define UAPI_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
UAPI_SIZE(uapi_vfio_group_status, 8);
UAPI_SIZE(uapi_vfio_iommu_info, 24);
UAPI_SIZE(uapi_vfio_cap, 8);
UAPI_SIZE(uapi_vfio_cap_ranges, 16);
UAPI_SIZE(uapi_range, 16);
UAPI_SIZE(uapi_vfio_cap_migration, 32);
UAPI_SIZE(uapi_vfio_cap_dma_avail, 12);
UAPI_SIZE(uapi_vfio_map, 32);
UAPI_SIZE(uapi_vfio_unmap, 24);
UAPI_SIZE(uapi_vfio_bind, 16);
UAPI_SIZE(uapi_vfio_attach, 12);
UAPI_SIZE(uapi_vfio_detach, 8);
UAPI_SIZE(uapi_iommu_destroy, 8);
UAPI_SIZE(uapi_iommu_ioas_alloc, 12);
UAPI_SIZE(uapi_iommu_ioas_ranges, 32);
UAPI_SIZE(uapi_iommu_ioas_map, 40);
UAPI_SIZE(uapi_iommu_ioas_unmap, 24);
UAPI_SIZE(uapi_iommu_hwpt_alloc, 48);
UAPI_SIZE(uapi_iommu_hw_info, 40);
UAPI_SIZE(uapi_iommu_viommu_alloc, 40);
UAPI_SIZE(uapi_iommu_vdevice_alloc, 24);
UAPI_SIZE(uapi_iommu_hwpt_vtd_s1, 24);
UAPI_SIZE(uapi_iommu_hwpt_arm_smmuv3, 16);

#endif
