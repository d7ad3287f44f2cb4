/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe_legacy.c - asks VFIO's group and container (type1v2). The device itself is not opened, so
 * it is not reset. Sequence: Linux Documentation/driver-api/vfio.rst.
 */
#include <errno.h>
#include <stdlib.h>

#include "live/probe.h"

/* What is open; -1: not. */
struct legacy {
	int group, container, device;
	bool is_joined; /* the group is in the container */
};

static int open_group(struct probing *p, struct legacy *l)
{
	uint32_t flags;
	int err;

	l->group = vfio_group_open(&p->v, p->d->target.group);
	if (l->group < 0 && probe_is_missing(&p->v)) {
		probe_note(p, "There is no %s: this kernel has no group interface (VFIO_GROUP).",
			   p->v.path);
		return 0;
	}
	if (l->group < 0)
		return l->group;
	err = vfio_group_status(&p->v, l->group, &flags);
	if (err || (flags & UAPI_VFIO_GROUP_VIABLE))
		return err ? err : 1;
	p->d->is_refused = true;
	probe_why(p,
		  "Group %u is not viable: another device in it is bound to a driver of this "
		  "host.",
		  p->d->target.group);
	return 0;
}

static int open_container(struct probing *p, struct legacy *l)
{
	int result;

	l->container = vfio_container_open(&p->v);
	if (l->container < 0 && probe_is_missing(&p->v)) {
		probe_note(p, "There is no /dev/vfio/vfio: this kernel has no VFIO container.");
		return 0;
	}
	if (l->container < 0)
		return l->container;
	result = vfio_container_extension(&p->v, l->container, UAPI_VFIO_TYPE1V2_IOMMU);
	if (result == 0)
		probe_note(p, "The VFIO container knows no IOMMU of type 1 v2 (module "
			      "vfio_iommu_type1).");
	return result;
}

/* 1: the container has its IOMMU. 0: the kernel says no. */
static int set_iommu(struct probing *p, struct legacy *l)
{
	struct measured_domain *domain = &p->d->answers.domain[MEASURED_LEGACY];
	int err = vfio_group_set_container(&p->v, l->group, l->container);

	l->is_joined = !err;
	if (!err)
		err = vfio_container_set_iommu(&p->v, l->container, UAPI_VFIO_TYPE1V2_IOMMU);
	if (!err) {
		domain->asked = true;
		return 1;
	}
	if (!probe_is_answer(&p->v))
		return err;
	domain->asked = true;
	domain->error = p->v.error;
	domain->call = p->v.call;
	probe_why(p, "The kernel makes no VFIO domain for it: %s.", probe_failure_text(p));
	if (p->v.error == EPERM)
		probe_note(p, "EPERM of VFIO_SET_IOMMU mostly means that the host does not remap "
			      "interrupts (vfio_iommu_type1.allow_unsafe_interrupts).");
	return 0;
}

/* iommufd serves /dev/vfio/vfio where CONFIG_IOMMUFD_VFIO_CONTAINER is set. It tells the mappings
 * that are left, as Linux 5.10 began to do, but not what type1 tells since 5.8; and its ranges are
 * those of no device at all until one is opened. */
static bool is_iommufd(const struct vfio_type1 *info)
{
	return info->has_dma_avail && !info->has_migration;
}

static int take_info(struct probing *p, struct vfio_type1 *info)
{
	struct measured_domain *domain = &p->d->answers.domain[MEASURED_LEGACY];
	struct iof_range *ranges = info->ranges;

	domain->page_sizes = info->page_sizes;
	p->d->answers.dma_available = info->has_dma_avail ? info->dma_avail : 0;
	info->ranges = NULL;
	return info->has_ranges ? probe_take_ranges(p, ranges, info->n_ranges, domain) : 0;
}

/* 1: the container tells of the device. 0: it does not, and why is said. */
static int get_info(struct probing *p, struct legacy *l, struct vfio_type1 *info)
{
	int err = vfio_container_info(&p->v, l->container, info);

	if (err || !is_iommufd(info))
		return err ? err : 1;
	vfio_type1_free(info);
	if (!p->probe->reset_ok) {
		probe_note(p, "iommufd serves /dev/vfio/vfio here (IOMMUFD_VFIO_CONTAINER): it "
			      "tells the device's ranges only once the device is opened, which "
			      "resets it.");
		return 0;
	}
	l->device = vfio_group_device(&p->v, l->group, p->d->target.bdf);
	if (l->device < 0)
		return l->device;
	p->d->was_opened = true;
	err = vfio_container_info(&p->v, l->container, info);
	return err ? err : 1;
}

static int ask(struct probing *p, struct legacy *l)
{
	struct measured_domain *domain = &p->d->answers.domain[MEASURED_LEGACY];
	struct vfio_type1 info;
	int result = get_info(p, l, &info);

	if (result > 0 && !info.has_ranges)
		probe_note(p, "VFIO tells no ranges: Linux does since 5.4.");
	if (result > 0)
		return take_info(p, &info);
	memset(domain, 0, sizeof(*domain));
	return result;
}

/* In reverse. A failure here changes no answer: closing does the same. */
static void undo(struct probing *p, struct legacy *l)
{
	struct vfio v = {.calls = p->v.calls};

	call_close(v.calls, l->device);
	if (l->is_joined && vfio_group_unset_container(&v, l->group))
		probe_note(p, "%s failed (%s); closing the group does the same.", v.call,
			   strerror(v.error));
	call_close(v.calls, l->container);
	call_close(v.calls, l->group);
}

int probe_legacy(struct probing *p)
{
	struct legacy l = {-1, -1, -1, false};
	int result = open_group(p, &l);

	if (result > 0)
		result = open_container(p, &l);
	if (result > 0)
		result = set_iommu(p, &l);
	if (result > 0)
		result = ask(p, &l);
	undo(p, &l);
	return result < 0 ? result : 0;
}
