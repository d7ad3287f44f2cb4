/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which kind of domain the VMM attaches an assigned device to, and so which addresses count: of the
 * kernel's plain domain, of one that tracks dirty pages, or of a nesting parent (QEMU
 * hw/vfio/iommufd.c iommufd_cdev_autodomains_get, hw/vfio/device.c
 * vfio_device_get_viommu_flags_want_nesting).
 */
#include <errno.h>

#include "vmm/machine.h"

#define CAP_DIRTY_TRACKING 1 /* Linux include/uapi/linux/iommufd.h IOMMU_HW_CAP_DIRTY_TRACKING */

/* First-stage translation is done by the host's IOMMU from 11.0 on, as is an accelerated SMMUv3's
 * stage 1. */
static bool wants_nesting(const struct iof_machine *m, const struct machine_device *device)
{
	const struct machine_device *viommu = device->viommu;

	if (device->backend != BACKEND_IOMMUFD || !viommu || m->version < V11_0)
		return false;
	if (viommu->kind == DRIVER_INTEL_IOMMU)
		return viommu->value[PROPERTY_FIRST_STAGE].def &&
		       device_value(viommu, PROPERTY_FIRST_STAGE) == ON;
	return smmuv3_is_accelerated(viommu);
}

/* From 9.1 on QEMU asks for a domain that tracks dirty pages wherever the host's IOMMU can. */
static enum tristate tracks_dirty(const struct iof_machine *m, const struct machine_device *device,
				  size_t world)
{
	const struct measured_device *measured = device->host->measured;

	if (is_cloud_hypervisor(m) || device->backend != BACKEND_IOMMUFD || m->version < V9_1)
		return TRI_NO;
	if (measured && measured->hw_info.asked && !measured->hw_info.error &&
	    measured->hw_info.has_capabilities)
		return measured->hw_info.capabilities & CAP_DIRTY_TRACKING ? TRI_YES : TRI_NO;
	return device->host->unit ? device->host->unit->domain[world].dirty_tracking : TRI_NO;
}

static bool same_ranges(const struct device_iova *iova, const struct iof_range *ranges, size_t n)
{
	return iova->n == n && (n == 0 || memcmp(iova->ranges, ranges, n * sizeof(*ranges)) == 0);
}

static void use_ranges(struct device_iova *iova, struct iof_range *ranges, size_t n)
{
	iova->ranges = ranges;
	iova->n = n;
	iova->width = n ? ranges_width(ranges, n) : 64;
	iova->known = iova->known && n;
}

/*
 * Before Linux 6.16 a domain of a virtio-iommu has no aperture until a device is attached to it.
 * QEMU has it made before since 9.1 (IOMMU_HWPT_ALLOC), and iommufd takes the ranges of then: the
 * first byte. Seen on 6.12.
 */
static bool has_no_aperture(const struct iof_machine *m, const struct machine_device *device)
{
	return device->backend == BACKEND_IOMMUFD && m->vmm_kind == VMM_QEMU &&
	       m->version >= V9_1 && device->host->unit->kind == IOF_IOMMU_VIRTIO &&
	       !kernel_at_least(m->host, 6, 16);
}

static void attach(const struct iof_machine *m, struct machine_device *device,
		   struct device_iova *iova, size_t world)
{
	const struct iommu_unit *unit = device->host->unit;

	*iova = device->host->iova[world];
	if (!unit || !iova->known)
		return;
	if (has_no_aperture(m, device)) {
		static struct iof_range first_byte;

		use_ranges(iova, &first_byte, 1);
		return;
	}
	if (device->is_nested) {
		if (unit->domain[world].nest_parent != TRI_NO)
			use_ranges(iova, iova->nest_ranges, iova->n_nest);
		return;
	}
	switch (tracks_dirty(m, device, world)) {
	case TRI_YES:
		use_ranges(iova, iova->dirty_ranges, iova->n_dirty);
		break;
	case TRI_UNKNOWN:
		/* It may be either. */
		iova->known =
			same_ranges(iova, iova->dirty_ranges, iova->n_dirty) || !iova->n_dirty;
		break;
	case TRI_NO:
		break;
	}
}

int machine_attach(struct iof_machine *m)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		struct machine_device *device = &m->devices[i];
		struct device_iova *iova;

		if (!device->host)
			continue;
		iova = arena_array(m->arena, m->host->n_worlds, sizeof(*iova));
		if (!iova)
			return -ENOMEM;
		device->is_nested = wants_nesting(m, device);
		for (size_t world = 0; world < m->host->n_worlds; world++)
			attach(m, device, &iova[world], world);
		device->iova = iova;
	}
	return 0;
}
