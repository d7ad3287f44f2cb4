/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* measured_apply.h - what the kernel answered, over what is derived. */
#ifndef HOST_MEASURED_APPLY_H
#define HOST_MEASURED_APPLY_H

#include "host/host.h"

/* One device's answer, which a derived aperture must explain. */
struct measured_witness {
	const struct measured_domain *told;
	const struct iommu_group *group; /* NULL: it is not in this host */
	const struct measured_witness *next;
};

/* What the devices behind one unit answered, taken together. */
struct measured_facts {
	bool has_aperture;
	uint64_t first, last; /* of a plain domain; first > last: it can map nothing */
	uint64_t page_sizes;  /* as type1 shows them; 0: not told */
	unsigned cpu_page;    /* bytes */
	uint64_t alignment;   /* 0: not told */
	enum tristate can[MEASURED_USES];
	bool has_last[MEASURED_USES];
	uint64_t end[MEASURED_USES]; /* last address */
	const struct measured_witness *witnesses;
	size_t n_witnesses;
};

/* The unit that a measured device is behind, or NULL. */
struct iommu_unit *measured_unit(const struct iof_host *, const struct measured_device *);
/* What a plain domain can map, as the device told it; NULL: it did not. */
const struct measured_domain *measured_plain(const struct measured_device *);
/* The same for another use. */
const struct measured_domain *measured_ranges(const struct measured_device *, enum measured_use);
/* Whether the kernel makes such a domain. */
enum tristate measured_can(const struct measured_device *, enum measured_use);
/* Whether it makes a vIOMMU object. */
enum tristate measured_viommu(const struct measured_device *);

/* Registers that IOMMU_GET_HW_INFO told, into the units: true of the hardware whatever the kernel.
 */
void measured_registers(struct iof_host *);
/* Forget the rest: another kernel would answer otherwise. */
void measured_forget(struct iof_host *);

/* One entry for each unit, in the arena; NULL if nothing was measured. -ENOMEM. */
int measured_collect(const struct iof_host *, struct arena *, struct measured_facts **out);
/* The facts over what is derived of the unit in one world. Adds to *against how many of them the
 * derived ones contradict. -ENOMEM. */
int measured_overlay(struct arena *scratch, const struct measured_facts *, struct unit_domain *,
		     unsigned *against);

#endif
