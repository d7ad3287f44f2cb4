// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memlock.c - how much memory libvirt lets QEMU lock (qemuDomainGetMemLockLimitBytes).
 */
#include "vm/libvirt/say.h"

#define RESERVE (1024u * 1024u) /* KiB for I/O and device memory */

static unsigned count_vfio(struct lv_domain *d)
{
	const struct lv_device *hostdev;
	unsigned count = 0;

	for (size_t n = 0; (hostdev = lv_device(d, LV_HOSTDEV, n)); n++)
		count += str_eq(hostdev->kind, "pci") || str_eq(hostdev->kind, "mdev");
	return count;
}

/* QEMU opens these NVMe disks itself, through VFIO. */
static unsigned count_nvme(struct lv_domain *d)
{
	const struct lv_device *disk;
	unsigned count = 0;

	for (size_t n = 0; (disk = lv_device(d, LV_DISK, n)); n++) {
		const char *type = disk->node ? xml_value(disk->node, "type") : NULL;

		count += type && str_eq(type, "nvme");
	}
	return count;
}

static unsigned count_vdpa(struct lv_domain *d)
{
	const struct lv_device *net;
	unsigned count = 0;

	for (size_t n = 0; (net = lv_device(d, LV_NET, n)); n++)
		count += str_eq(net->kind, "vdpa");
	return count;
}

static uint64_t total_memory(struct lv_domain *d)
{
	const struct lv_device *memory;
	uint64_t sum = d->memory;

	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++)
		sum += lv_module_size(memory);
	return sum;
}

void lv_set_memlock(struct lv_domain *d)
{
	const struct xml_node *limit = xml_path(d->root, "memtune/hard_limit");
	unsigned vfio = count_vfio(d);
	uint64_t factor = count_nvme(d) + count_vdpa(d), kib;

	if (!vfio && !factor)
		return;
	/* With a vIOMMU each device has an address space of its own. */
	factor += vfio && lv_device(d, LV_IOMMU, 0) ? vfio : (vfio > 0);
	if (lv_size(limit, &kib) && kib < UINT64_MAX / 1024)
		d->t->vm->memlock = kib * 1024;
	else if (xml_path(d->root, "memoryBacking/locked"))
		d->t->vm->memlock = UINT64_MAX;
	else if (d->memory && total_memory(d) < UINT64_MAX / 1024 / (factor + 1) - RESERVE)
		d->t->vm->memlock = (factor * total_memory(d) + RESERVE) * 1024;
}
