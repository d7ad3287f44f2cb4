/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * finish.h - from the facts of a host (units, groups, kernel) to what follows from them: worlds,
 * what a domain of each unit can do in each world, and the usable IOVA ranges of each device.
 */
#ifndef HOST_FINISH_H
#define HOST_FINISH_H

#include "host/host.h"

/* A host with no facts yet (refs 1, its arena made); the caller fills it. NULL: out of memory. */
struct iof_host *host_new(void);
void host_free(struct iof_host *);

/*
 * Derive n_worlds, missing_*, world_text, unit->domain[] and device->iova[]; sorts nothing.
 * Expected: devices sorted by address, groups by id, their links set, kernel and scalable_mode as
 * far as known (TRI_UNKNOWN: this decides by kernel configuration and command line, else by
 * worlds); host->measured as far as it was asked. What was measured stands above what is derived,
 * and a world that contradicts it is none; of another kernel than the one that answered
 * (kernel_assumed), only the registers count. A domain whose unit has provenance MEASURED and a
 * known domain[0] keeps it if nothing else was measured. -ENOMEM, or 0.
 */
int host_finish(struct iof_ctx *, struct iof_host *);

/* Take a group's reserved regions out of a set; the relaxable ones are usable. -ENOMEM. */
int group_subtract(const struct iommu_group *, struct interval_set *);

/* The page sizes of a domain as VFIO's type1 shows them on a CPU with such pages. */
uint64_t type1_page_sizes(uint64_t domain, unsigned cpu_page);

/* Apply the options that change what was found: name, kernel version, bindings. Before
 * host_finish(). */
int host_apply_options(struct iof_ctx *, struct iof_host *, const struct iof_host_options *);

/* "6.12.43+deb13-amd64" to numbers; leaves 0.0 if there are none. */
struct kernel_version kernel_version_parse(const char *release);

/* The first region of its group that makes this device unassignable (type direct), or NULL. */
const struct reserved_region *device_direct_region(const struct iof_device *);

#endif
