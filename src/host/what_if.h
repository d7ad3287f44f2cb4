/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_WHAT_IF_H
#define HOST_WHAT_IF_H

#include "host/host.h"

/*
 * The host as it would be after one change: "driver.BDF" to a driver name,
 * "vfio_iommu_type1.allow_unsafe_interrupts" or "iommufd.allow_unsafe_interrupts" to "1". The given
 * host must outlive the result. -EINVAL: an unknown change.
 */
int host_what_if(const struct iof_host *, const char *target, const char *value,
		 struct iof_host **);
/* The host with these devices bound to vfio-pci; otherwise the same. */
int host_bind(const struct iof_host *, const char *const *bdfs, size_t n, struct iof_host **);

#endif
