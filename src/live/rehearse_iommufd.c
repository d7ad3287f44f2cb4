/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_iommufd.c - a device's cdev, its IOAS and domains, in the order of QEMU's
 * hw/vfio/iommufd.c; and what an accelerated vIOMMU asks for beside (hw/arm/smmuv3-accel.c). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "live/rehearse.h"

#define PATH_MAX_BYTES 128
#define NAME_MAX_BYTES 32

struct device {
	const struct iof_assignment *a;
	const char *bdf;
	int fd, iommufd;
	uint32_t id;
	uint32_t domain; /* that it is attached to; 0: the IOAS */
};

static int take_name(void *argument, const char *name)
{
	if (!str_starts(name, "vfio") || strlen(name) >= NAME_MAX_BYTES)
		return 0;
	memcpy(argument, name, strlen(name) + 1);
	return 1;
}

/* A kernel without the device cdev has the folder, but no number in it. */
static bool read_number(struct iof_live_rehearsal *r, const struct iof_assignment *a,
			const char *folder, const char *name)
{
	char path[PATH_MAX_BYTES + NAME_MAX_BYTES + 8];
	char *number = NULL;
	int err;

	snprintf(path, sizeof(path), "%s/%s/dev", folder, name);
	err = call_read_line(r->vfio.calls, path, &number);
	free(number);
	if (rehearse_step(r, a->device, "read", err, "%s", path))
		return true;
	return rehearse_failed(r, SITE_CDEV_NUMBER, a, NULL);
}

static bool find_cdev(struct iof_live_rehearsal *r, const struct iof_assignment *a, const char *bdf,
		      char name[NAME_MAX_BYTES])
{
	const struct live_calls *calls = r->vfio.calls;
	char path[PATH_MAX_BYTES];
	int err;

	name[0] = '\0';
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	do
		err = calls->list(calls->data, path, take_name, name);
	while (err == -EINTR);
	if (err >= 0 && !name[0])
		err = -ENOENT;
	if (!rehearse_step(r, a->device, "opendir", err, "%s", path))
		return rehearse_failed(r, SITE_CDEV_FIND, a, NULL);
	return read_number(r, a, path, name);
}

/* One descriptor for each iommufd object, opened when its first device comes. */
static bool open_iommufd(struct iof_live_rehearsal *r, const struct iof_assignment *a,
			 enum rehearse_site site, int *fd)
{
	struct rehearse_iommufd *known = r->iommufds;

	while (known && !str_eq(known->id, a->iommufd))
		known = known->next;
	if (known) {
		*fd = known->fd;
		return true;
	}
	known = arena_alloc(r->arena, sizeof(*known));
	if (!known)
		r->err = -ENOMEM;
	if (!known || !undo_reserve(r))
		return false;
	*fd = iommufd_open(&r->vfio);
	if (!rehearse_step(r, a->device, "open", *fd, "/dev/iommu"))
		return rehearse_failed(r, site, a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_CLOSE, .fd = *fd});
	*known = (struct rehearse_iommufd){.next = r->iommufds, .id = a->iommufd, .fd = *fd};
	r->iommufds = known;
	return true;
}

static bool open_cdev(struct iof_live_rehearsal *r, struct device *d)
{
	char name[NAME_MAX_BYTES];

	if (!find_cdev(r, d->a, d->bdf, name) || !undo_reserve(r))
		return false;
	d->fd = iommufd_device_open(&r->vfio, name);
	if (!rehearse_step(r, d->a->device, "open", d->fd, "/dev/vfio/devices/%s", name))
		return rehearse_failed(r, SITE_CDEV_OPEN, d->a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_CLOSE, .fd = d->fd});
	return true;
}

static bool bind_device(struct iof_live_rehearsal *r, struct device *d)
{
	int err = iommufd_device_bind(&r->vfio, d->fd, d->iommufd, &d->id);

	if (rehearse_step(r, d->a->device, "VFIO_DEVICE_BIND_IOMMUFD", err, "%s", d->bdf))
		return true;
	return rehearse_failed(r, SITE_BIND, d->a, NULL);
}

/* To a domain, or to an IOAS. The error is left to the caller. */
static int attach_to(struct iof_live_rehearsal *r, const struct device *d, uint32_t id,
		     const char *what)
{
	int err;

	if (!undo_reserve(r))
		return r->err;
	err = iommufd_device_attach(&r->vfio, d->fd, id);
	if (rehearse_step(r, d->a->device, "VFIO_DEVICE_ATTACH_IOMMUFD_PT", err, "%s %u", what, id))
		undo_push(r, (struct undo){.kind = UNDO_DETACH, .fd = d->fd});
	return r->err ? r->err : err;
}

/* -EINVAL says that the domain is none for this device; any other error ends it. */
static bool try_domains(struct iof_live_rehearsal *r, struct device *d,
			const struct rehearse_container *c, int *err)
{
	for (size_t i = 0; i < c->n_domains; i++) {
		*err = attach_to(r, d, c->domains[i], "HWPT");
		if (!*err) {
			d->domain = c->domains[i];
			return true;
		}
		if (*err != -EINVAL)
			return false;
		rehearse_expected(r);
	}
	return false;
}

/* What QEMU asks for: dirty tracking as the hardware offers it, the rest as the vIOMMU wants. */
static bool ask_hardware(struct iof_live_rehearsal *r, const struct device *d, uint32_t *flags,
			 int *err)
{
	struct iommufd_hw_info info;

	*err = iommufd_hw_info(&r->vfio, d->iommufd, d->id, &info);
	if (!rehearse_step(r, d->a->device, "IOMMU_GET_HW_INFO", *err, "type %u",
			   *err ? 0 : info.type))
		return false;
	*flags = d->a->wants_nest_parent ? UAPI_IOMMU_HWPT_NEST_PARENT : 0;
	if (d->a->wants_dirty_tracking && info.has_capabilities &&
	    info.capabilities & UAPI_IOMMU_HW_CAP_DIRTY_TRACKING)
		*flags |= UAPI_IOMMU_HWPT_DIRTY_TRACKING;
	if (d->a->wants_pasid && info.max_pasid_log2)
		*flags |= UAPI_IOMMU_HWPT_PASID;
	free(info.data);
	return true;
}

static const char *flags_text(uint32_t flags)
{
	static const char *const names[] = {
		"plain",
		"nest parent",
		"dirty tracking",
		"nest parent, dirty tracking",
	};

	return names[flags & (UAPI_IOMMU_HWPT_NEST_PARENT | UAPI_IOMMU_HWPT_DIRTY_TRACKING)];
}

static bool make_domain(struct iof_live_rehearsal *r, struct device *d,
			struct rehearse_container *c, uint32_t flags, int *err)
{
	struct iommufd_hwpt hwpt = {.dev_id = d->id, .pt_id = c->ioas, .flags = flags};
	uint32_t *grown =
		arena_grow(r->arena, c->domains, c->n_domains, &c->cap_domains, sizeof(*grown));
	uint32_t id;

	if (!grown)
		r->err = -ENOMEM;
	if (!grown || !undo_reserve(r)) {
		*err = r->err;
		return false;
	}
	c->domains = grown;
	*err = iommufd_hwpt_alloc(&r->vfio, d->iommufd, &hwpt, &id);
	if (!rehearse_step(r, d->a->device, "IOMMU_HWPT_ALLOC", *err, "%s%s", flags_text(flags),
			   flags & UAPI_IOMMU_HWPT_PASID ? ", PASID" : ""))
		return false;
	undo_push(r, (struct undo){.kind = UNDO_DESTROY, .fd = d->iommufd, .id = id});
	c->domains[c->n_domains++] = id;
	d->domain = id;
	return true;
}

/* Attach to a container that is there. false with *site: where it failed, and the last step is that
 * call. */
static bool attach_container(struct iof_live_rehearsal *r, struct device *d,
			     struct rehearse_container *c, enum rehearse_site *site)
{
	uint32_t flags;
	int err = 0;

	*site = SITE_ATTACH;
	if (!d->a->makes_domain) {
		d->domain = 0;
		return attach_to(r, d, c->ioas, "IOAS") == 0;
	}
	if (try_domains(r, d, c, &err))
		return true;
	if (err && err != -EINVAL)
		return false;
	*site = SITE_HW_INFO;
	if (!ask_hardware(r, d, &flags, &err))
		return false;
	*site = SITE_HWPT_ALLOC;
	if (!make_domain(r, d, c, flags, &err))
		return false;
	*site = SITE_ATTACH;
	return attach_to(r, d, d->domain, "HWPT") == 0;
}

static void ask_ranges(struct iof_live_rehearsal *r, const struct device *d,
		       struct rehearse_container *c)
{
	struct iommufd_ranges ranges;
	int err = iommufd_ioas_ranges(&r->vfio, c->fd, c->ioas, &ranges);

	if (!rehearse_step(r, d->a->device, "IOMMU_IOAS_IOVA_RANGES", err, "%zu ranges",
			   err ? (size_t)0 : ranges.n)) {
		/* QEMU warns and goes on with 64 bits. */
		rehearse_expected(r);
		container_told(r, c, NULL, 0, 0);
		return;
	}
	container_told(r, c, ranges.ranges, ranges.n, ranges.alignment);
	free(ranges.ranges);
}

/* An IOAS that others made: the kernel refuses a device that could not reach what is mapped there.
 * We map a few pages only, so ask of all memory. */
static bool join_ioas(struct iof_live_rehearsal *r, struct device *d, struct rehearse_container *c)
{
	struct rehearse_container before = *c;
	size_t n = r->n_undo;
	enum rehearse_site site;

	if (attach_container(r, d, c, &site)) {
		ask_ranges(r, d, c);
		if (!r->err && reaches_memory(r, c, d->a->device)) {
			container_join(r, c, d->a);
			return !r->err;
		}
	} else {
		rehearse_expected(r);
	}
	undo_to(r, n);
	*c = before;
	return false;
}

static bool make_ioas(struct iof_live_rehearsal *r, struct device *d)
{
	struct rehearse_container *c;
	enum rehearse_site site;
	uint32_t ioas;
	int err;

	if (!undo_reserve(r))
		return false;
	err = iommufd_ioas_alloc(&r->vfio, d->iommufd, &ioas);
	if (!rehearse_step(r, d->a->device, "IOMMU_IOAS_ALLOC", err, NULL))
		return rehearse_failed(r, SITE_IOAS_ALLOC, d->a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_DESTROY, .fd = d->iommufd, .id = ioas});
	c = container_new(r, d->a);
	if (!c)
		return false;
	c->is_iommufd = true;
	c->fd = d->iommufd;
	c->ioas = ioas;
	if (!attach_container(r, d, c, &site))
		return r->err ? false : rehearse_failed(r, site, d->a, NULL);
	container_join(r, c, d->a);
	ask_ranges(r, d, c);
	return !r->err && map_memory(r, c, d->a);
}

static bool connect_ioas(struct iof_live_rehearsal *r, struct device *d)
{
	for (struct rehearse_container *c = r->containers; c; c = c->next) {
		if (c->is_iommufd && c->space == d->a->space && c->fd == d->iommufd &&
		    join_ioas(r, d, c))
			return true;
		if (r->err || r->failure.site)
			return false;
	}
	return make_ioas(r, d);
}

/* A domain of the guest's own, on the nest parent: what comes when it switches translation on. The
 * kernel looks at the form, not at the tables. */
static bool make_nested(struct iof_live_rehearsal *r, const struct device *d, uint32_t parent,
			uint32_t type, const void *data, size_t size, const char *what)
{
	struct iommufd_hwpt hwpt = {
		.dev_id = d->id, .pt_id = parent, .data_type = type, .data = data, .n_data = size};
	uint32_t id;
	int err;

	if (!undo_reserve(r))
		return false;
	err = iommufd_hwpt_alloc(&r->vfio, d->iommufd, &hwpt, &id);
	if (!rehearse_step(r, d->a->device, "IOMMU_HWPT_ALLOC", err, "nested: %s", what))
		return rehearse_failed(r, SITE_NESTED_ALLOC, d->a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_DESTROY, .fd = d->iommufd, .id = id});
	return true;
}

static bool nest_intel(struct iof_live_rehearsal *r, const struct device *d, uint32_t parent)
{
	struct uapi_iommu_hwpt_vtd_s1 first = {.addr_width = d->a->aw_bits};

	return make_nested(r, d, parent, UAPI_IOMMU_HWPT_DATA_VTD_S1, &first, sizeof(first),
			   "VT-d first stage");
}

/* Stream table entries of one valid bit, and of "bypass" (configuration 4). */
#define STE_ABORT 1u
#define STE_BYPASS 9u

/* What QEMU keeps ready: a device that may do nothing, and one that goes through. */
static bool make_smmu_domains(struct iof_live_rehearsal *r, const struct device *d, uint32_t viommu)
{
	struct uapi_iommu_hwpt_arm_smmuv3 abort = {.ste = {STE_ABORT}};
	struct uapi_iommu_hwpt_arm_smmuv3 bypass = {.ste = {STE_BYPASS}};

	return make_nested(r, d, viommu, UAPI_IOMMU_HWPT_DATA_ARM_SMMUV3, &abort, sizeof(abort),
			   "abort") &&
	       make_nested(r, d, viommu, UAPI_IOMMU_HWPT_DATA_ARM_SMMUV3, &bypass, sizeof(bypass),
			   "bypass");
}

static bool make_viommu(struct iof_live_rehearsal *r, const struct device *d, uint32_t *id)
{
	struct rehearse_viommu *known = r->viommus;
	int err;

	while (known && (known->device != d->a->viommu_device || known->iommufd != d->iommufd))
		known = known->next;
	if (known) {
		*id = known->id;
		return true;
	}
	known = arena_alloc(r->arena, sizeof(*known));
	if (!known)
		r->err = -ENOMEM;
	if (!known || !undo_reserve(r))
		return false;
	err = iommufd_viommu_alloc(&r->vfio, d->iommufd, d->id, d->domain,
				   UAPI_IOMMU_VIOMMU_ARM_SMMUV3, id);
	if (!rehearse_step(r, d->a->device, "IOMMU_VIOMMU_ALLOC", err, "SMMUv3"))
		return rehearse_failed(r, SITE_VIOMMU_ALLOC, d->a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_DESTROY, .fd = d->iommufd, .id = *id});
	*known = (struct rehearse_viommu){r->viommus, d->a->viommu_device, d->iommufd, *id};
	r->viommus = known;
	return make_smmu_domains(r, d, *id);
}

/* What comes when the guest writes its stream table. The number is the guest's own; any does, as
 * long as no other device of that vIOMMU has it. */
static bool make_vdevice(struct iof_live_rehearsal *r, const struct device *d, uint32_t viommu)
{
	uint32_t id;
	int err;

	if (!undo_reserve(r))
		return false;
	err = iommufd_vdevice_alloc(&r->vfio, d->iommufd, viommu, d->id, d->a->device, &id);
	if (!rehearse_step(r, d->a->device, "IOMMU_VDEVICE_ALLOC", err, "%s", d->bdf))
		return rehearse_failed(r, SITE_VDEVICE_ALLOC, d->a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_DESTROY, .fd = d->iommufd, .id = id});
	return true;
}

/* What comes later is the guest's doing: it ends no start. */
static bool nest_later(struct iof_live_rehearsal *r, const struct device *d, uint32_t viommu,
		       bool (*make)(struct iof_live_rehearsal *, const struct device *, uint32_t))
{
	enum iof_phase phase = r->phase;
	bool is_made;

	r->phase = IOF_PHASE_RUN;
	is_made = make(r, d, viommu);
	r->phase = phase;
	return is_made;
}

static bool nest_smmuv3(struct iof_live_rehearsal *r, const struct device *d)
{
	uint32_t viommu;

	return make_viommu(r, d, &viommu) && nest_later(r, d, viommu, make_vdevice);
}

static bool nest(struct iof_live_rehearsal *r, const struct device *d)
{
	if (!d->a->wants_nest_parent)
		return true;
	if (d->a->viommu == IOF_MODEL_SMMUV3)
		return nest_smmuv3(r, d);
	return nest_later(r, d, d->domain, nest_intel);
}

bool attach_iommufd(struct iof_live_rehearsal *r, const struct iof_assignment *a, const char *bdf)
{
	struct device d = {.a = a, .bdf = bdf};

	return open_cdev(r, &d) && open_iommufd(r, a, SITE_IOMMUFD_OPEN, &d.iommufd) &&
	       bind_device(r, &d) && connect_ioas(r, &d) && nest(r, &d);
}

bool find_iommufd(struct iof_live_rehearsal *r, const struct iof_assignment *a, const char *bdf)
{
	char name[NAME_MAX_BYTES];
	int fd;

	return find_cdev(r, a, bdf, name) && open_iommufd(r, a, SITE_IOMMUFD_OPEN, &fd);
}

bool make_iommufd_object(struct iof_live_rehearsal *r, const struct iof_assignment *a)
{
	int fd;

	return open_iommufd(r, a, SITE_IOMMUFD_OBJECT, &fd);
}
