/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cloud_hypervisor.h - Cloud Hypervisor by version: its machine, its address map,
 * what it refuses.
 */
#ifndef VMM_CLOUD_HYPERVISOR_H
#define VMM_CLOUD_HYPERVISOR_H

#include "vmm/machine.h"
#include "vmm/place.h"

/* The releases that changed something here (release-notes.md). */
#define CH(major) QEMU(major, 0, 0)
#define CH_OLDEST CH(30)
#define CH_MORE_SEGMENTS CH(32)	   /* 96 PCI segments, 16 before */
#define CH_SEGMENT_MMIO32 CH(37)   /* each segment has room below 4 GiB */
#define CH_MAPS_BARS CH(38)	   /* BARs are mapped for devices: peer-to-peer DMA */
#define CH_APERTURE_WEIGHTS CH(39) /* --pci-segment */
#define CH_ADDRESS_WIDTH CH(44)	   /* iommu_address_width */
#define CH_NAMES_DEVICE CH(45)	   /* errors of DMA mappings name the device */
#define CH_ERROR_CHAIN CH(47)	   /* errors are printed as a list */
#define CH_IOMMUFD CH(52)	   /* iommufd, vfio_p2p_dma, x_exclude_mmap_bars */
#define CH_MIGRATES_VFIO CH(54)
#define CH_NEWEST_RELEASE CH(54)

#define CH_MAX_SEGMENTS 96u

/* A setting of the object or device that an option is for. */
uint64_t ch_number(const struct vm_option *, const char *key, uint64_t unset);
uint64_t ch_size(const struct vm_option *, const char *key, uint64_t unset);
bool ch_switch(const struct vm_option *, const char *key, bool unset);
/* The option of an -object of that type, NULL. */
const struct vm_option *ch_object(const struct iof_machine *, const char *type, size_t n);
const struct vm_option *ch_platform(const struct iof_machine *);
unsigned ch_segments(const struct iof_machine *);
/* Whether a list "[1,3-5]" holds the number. */
bool ch_list_has(const char *list, uint64_t number);
/* The highest number in it. */
uint64_t ch_list_max(const char *list);

/* cloud_hypervisor_check.c: VmConfig::validate() */
int ch_check_config(struct iof_machine *);
/* cloud_hypervisor_map.c */
void ch_map_memory(struct iof_machine *);
int ch_place_bars(struct iof_machine *);

#endif
