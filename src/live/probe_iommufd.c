/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe_iommufd.c - asks iommufd through the device cdev. Binding it opens the device, which resets
 * it. Each kind of domain gets an address space of its own: the narrowest of all that were ever in
 * it counts. Sequence: Linux Documentation/userspace-api/iommufd.rst.
 */
#include <errno.h>
#include <stdlib.h>

#include "live/probe.h"

/* What is open; -1: not. */
struct cdev {
	int iommufd, device;
	uint32_t dev_id;
};

static const struct kind {
	enum measured_use use;
	uint32_t flags;
} kinds[] = {
	{MEASURED_PLAIN, 0},
	{MEASURED_NEST_PARENT, UAPI_IOMMU_HWPT_NEST_PARENT},
	{MEASURED_DIRTY_TRACKING, UAPI_IOMMU_HWPT_DIRTY_TRACKING},
	{MEASURED_PASID, UAPI_IOMMU_HWPT_PASID},
};

/* 1: open and bound. 0: it cannot be, and why is said. */
static int open_cdev(struct probing *p, struct cdev *c)
{
	struct measured_domain *plain = &p->d->answers.domain[MEASURED_PLAIN];
	int err;

	if (!p->d->target.cdev) {
		probe_note(p, "This kernel has no device cdev (VFIO_DEVICE_CDEV, Linux 6.6).");
		return 0;
	}
	c->iommufd = iommufd_open(&p->v);
	if (c->iommufd < 0 && probe_is_missing(&p->v)) {
		probe_note(p, "There is no /dev/iommu: this kernel has no iommufd.");
		return 0;
	}
	if (c->iommufd < 0)
		return c->iommufd;
	c->device = iommufd_device_open(&p->v, p->d->target.cdev);
	if (c->device < 0 && probe_is_missing(&p->v)) {
		probe_note(p, "There is no %s, though sysfs names it.", p->v.path);
		return 0;
	}
	if (c->device < 0)
		return c->device;
	err = iommufd_device_bind(&p->v, c->device, c->iommufd, &c->dev_id);
	p->d->was_opened |= !err;
	if (!err)
		return 1;
	if (!probe_is_answer(&p->v))
		return err;
	plain->asked = true;
	plain->error = p->v.error;
	plain->call = p->v.call;
	probe_why(p, "iommufd does not take it: %s.", probe_failure_text(p));
	if (p->v.error == EPERM)
		probe_note(p, "EPERM of VFIO_DEVICE_BIND_IOMMUFD mostly means that the host does "
			      "not remap interrupts (iommufd.allow_unsafe_interrupts).");
	return 0;
}

static int ask_hw_info(struct probing *p, const struct cdev *c)
{
	struct measured_hw_info *out = &p->d->answers.hw_info;
	struct iommufd_hw_info info;
	int err = iommufd_hw_info(&p->v, c->iommufd, c->dev_id, &info);

	if (err && !probe_is_answer(&p->v))
		return err;
	out->asked = true;
	out->error = -err;
	if (err)
		return 0;
	out->type = info.type;
	out->data = arena_memdup(p->probe->arena, info.n_data ? (void *)info.data : (void *)"",
				 info.n_data ? info.n_data : 1);
	out->n_data = info.n_data;
	out->capabilities = info.capabilities;
	out->has_capabilities = info.has_capabilities;
	out->max_pasid_log2 = info.max_pasid_log2;
	free(info.data);
	return out->data ? 0 : vfio_failed(&p->v, "IOMMU_GET_HW_INFO", NULL, -ENOMEM);
}

/* SMMUv3 alone has such an object; its hw_info is not told by every kernel that has it, so the
 * prediction counts, too. */
static bool is_smmuv3(const struct probing *p)
{
	const struct measured_hw_info *info = &p->d->answers.hw_info;

	return (info->asked && info->type == HW_INFO_ARM_SMMUV3) ||
	       iof_host_iommu(p->d->host) == IOF_IOMMU_ARM_SMMUV3;
}

/* What was made for one question; 0: nothing. */
struct made {
	uint32_t ioas, hwpt, viommu;
	bool is_attached;
};

static int ask_viommu(struct probing *p, const struct cdev *c, struct made *m)
{
	int err = iommufd_viommu_alloc(&p->v, c->iommufd, c->dev_id, m->hwpt,
				       UAPI_IOMMU_VIOMMU_ARM_SMMUV3, &m->viommu);

	if (err && !probe_is_answer(&p->v))
		return err;
	p->d->answers.viommu_asked = true;
	p->d->answers.viommu_error = -err;
	return 0;
}

/* Make the domain, attach it, read the ranges. The device's reserved regions count only once it is
 * attached. */
static int ask_domain(struct probing *p, const struct cdev *c, const struct kind *kind,
		      struct made *m)
{
	struct measured_domain *domain = &p->d->answers.domain[kind->use];
	struct iommufd_hwpt hwpt = {.dev_id = c->dev_id, .flags = kind->flags};
	struct iommufd_ranges ranges;
	int err = iommufd_ioas_alloc(&p->v, c->iommufd, &m->ioas);

	if (err)
		return err;
	hwpt.pt_id = m->ioas;
	err = iommufd_hwpt_alloc(&p->v, c->iommufd, &hwpt, &m->hwpt);
	if (!err)
		err = iommufd_device_attach(&p->v, c->device, m->hwpt);
	m->is_attached = !err && m->hwpt;
	if (err && !probe_is_answer(&p->v))
		return err;
	domain->asked = true;
	if (err) {
		domain->error = -err;
		domain->call = p->v.call;
		return 0;
	}
	err = iommufd_ioas_ranges(&p->v, c->iommufd, m->ioas, &ranges);
	if (!err) {
		domain->alignment = ranges.alignment;
		err = probe_take_ranges(p, ranges.ranges, ranges.n, domain);
	}
	if (!err && kind->use == MEASURED_NEST_PARENT && is_smmuv3(p))
		err = ask_viommu(p, c, m);
	if (err)
		domain->asked = false;
	return err;
}

static void undo_step(struct probing *p, const struct vfio *v, int err)
{
	if (err)
		probe_note(p, "%s failed (%s); closing the device does the same.", v->call,
			   strerror(v->error));
}

/* In reverse. */
static void undo_domain(struct probing *p, const struct cdev *c, const struct made *m)
{
	struct vfio v = {.calls = p->v.calls};

	if (m->viommu)
		undo_step(p, &v, iommufd_destroy(&v, c->iommufd, m->viommu));
	if (m->is_attached)
		undo_step(p, &v, iommufd_device_detach(&v, c->device));
	if (m->hwpt)
		undo_step(p, &v, iommufd_destroy(&v, c->iommufd, m->hwpt));
	if (m->ioas)
		undo_step(p, &v, iommufd_destroy(&v, c->iommufd, m->ioas));
}

static int ask_all(struct probing *p, const struct cdev *c)
{
	int err = ask_hw_info(p, c);

	for (size_t i = 0; !err && i < ARRAY_SIZE(kinds); i++) {
		struct made made = {0};

		err = ask_domain(p, c, &kinds[i], &made);
		undo_domain(p, c, &made);
	}
	return err;
}

int probe_iommufd(struct probing *p)
{
	struct cdev c = {.iommufd = -1, .device = -1};
	int result = open_cdev(p, &c);

	if (result > 0)
		result = ask_all(p, &c);
	call_close(p->v.calls, c.device);
	call_close(p->v.calls, c.iommufd);
	return result;
}
