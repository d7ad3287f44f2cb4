/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_legacy.c - a group and its container, in the order of QEMU's hw/vfio/container.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strings.h"
#include "live/rehearse.h"

#define PATH_MAX_BYTES 128

/* The number of the device's group. */
static bool find_group(struct iof_live_rehearsal *r, const struct iof_assignment *a,
		       const char *bdf, unsigned *number)
{
	char path[PATH_MAX_BYTES];
	char *name = NULL;
	uint64_t value = 0;
	int err;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	err = call_link_name(r->vfio.calls, path, &name);
	if (!err && parse_u64(name, 10, UINT32_MAX, &value))
		err = -EBADMSG;
	free(name);
	*number = (unsigned)value;
	if (rehearse_step(r, a->device, "readlink", err, "%s", path))
		return true;
	return rehearse_failed(r, SITE_GROUP_FIND, a, NULL);
}

static struct rehearse_group *known_group(const struct iof_live_rehearsal *r, unsigned number)
{
	struct rehearse_group *group = r->groups;

	while (group && group->number != number)
		group = group->next;
	return group;
}

static bool check_status(struct iof_live_rehearsal *r, const struct iof_assignment *a, int fd,
			 unsigned number)
{
	uint32_t flags = 0;
	int err = vfio_group_status(&r->vfio, fd, &flags);
	bool is_viable = flags & UAPI_VFIO_GROUP_VIABLE;

	if (!rehearse_step(r, a->device, "VFIO_GROUP_GET_STATUS", err, "group %u%s", number,
			   !err && !is_viable ? ": not viable" : ""))
		return rehearse_failed(r, SITE_GROUP_STATUS, a, NULL);
	return is_viable || rehearse_failed(r, SITE_GROUP_VIABLE, a, NULL);
}

static struct rehearse_group *open_group(struct iof_live_rehearsal *r,
					 const struct iof_assignment *a, unsigned number)
{
	struct rehearse_group *group = arena_alloc(r->arena, sizeof(*group));
	int fd;

	if (!group) {
		r->err = -ENOMEM;
		return NULL;
	}
	if (!undo_reserve(r))
		return NULL;
	fd = vfio_group_open(&r->vfio, number);
	if (!rehearse_step(r, a->device, "open", fd, "/dev/vfio/%u", number)) {
		rehearse_failed(r, SITE_GROUP_OPEN, a, NULL);
		return NULL;
	}
	undo_push(r, (struct undo){.kind = UNDO_CLOSE, .fd = fd});
	if (!check_status(r, a, fd, number))
		return NULL;
	*group = (struct rehearse_group){.next = r->groups, .number = number, .fd = fd};
	r->groups = group;
	return group;
}

static bool ask_info(struct iof_live_rehearsal *r, const struct iof_assignment *a,
		     struct rehearse_container *c)
{
	struct vfio_type1 info;
	int err = vfio_container_info(&r->vfio, c->fd, &info);

	if (!rehearse_step(r, a->device, "VFIO_IOMMU_GET_INFO", err, "%zu ranges",
			   err ? (size_t)0 : info.n_ranges))
		return rehearse_failed(r, SITE_GET_INFO, a, NULL);
	container_told(r, c, info.has_ranges ? info.ranges : NULL, info.n_ranges,
		       info.page_sizes & -info.page_sizes);
	vfio_type1_free(&info);
	return !r->err;
}

static bool set_container(struct iof_live_rehearsal *r, const struct iof_assignment *a,
			  const struct rehearse_group *group, int fd)
{
	int err;

	if (!undo_reserve(r))
		return false;
	err = vfio_group_set_container(&r->vfio, group->fd, fd);
	if (!rehearse_step(r, a->device, "VFIO_GROUP_SET_CONTAINER", err, "group %u",
			   group->number))
		return false;
	undo_push(r, (struct undo){.kind = UNDO_UNSET_CONTAINER, .fd = group->fd});
	return true;
}

/* One that others made, if the kernel takes the group into it: that fails where the group's IOMMU
 * could not reach what is mapped there. We map a few pages only, so ask of all memory. */
static bool join_container(struct iof_live_rehearsal *r, const struct iof_assignment *a,
			   struct rehearse_group *group, struct rehearse_container *c)
{
	struct rehearse_container before = *c;
	size_t n = r->n_undo;

	if (!set_container(r, a, group, c->fd))
		return rehearse_expected(r);
	if (ask_info(r, a, c) && reaches_memory(r, c, a->device)) {
		group->container = c;
		container_join(r, c, a);
		return !r->err;
	}
	undo_to(r, n);
	*c = before;
	return false;
}

static bool choose_type(struct iof_live_rehearsal *r, const struct iof_assignment *a, int fd,
			unsigned *type)
{
	int has = vfio_container_extension(&r->vfio, fd, UAPI_VFIO_TYPE1V2_IOMMU);

	*type = UAPI_VFIO_TYPE1V2_IOMMU;
	if (has == 0) {
		*type = UAPI_VFIO_TYPE1_IOMMU;
		has = vfio_container_extension(&r->vfio, fd, UAPI_VFIO_TYPE1_IOMMU);
	}
	if (rehearse_step(r, a->device, "VFIO_CHECK_EXTENSION", has == 0 ? -ENODEV : has, "type1%s",
			  *type == UAPI_VFIO_TYPE1V2_IOMMU ? "v2" : ""))
		return true;
	return rehearse_failed(r, SITE_CONTAINER_EXTENSION, a, NULL);
}

static bool set_iommu(struct iof_live_rehearsal *r, const struct iof_assignment *a, int fd,
		      unsigned type)
{
	int err = vfio_container_set_iommu(&r->vfio, fd, type);

	if (rehearse_step(r, a->device, "VFIO_SET_IOMMU", err, "type1%s",
			  type == UAPI_VFIO_TYPE1V2_IOMMU ? "v2" : ""))
		return true;
	return rehearse_failed(r, SITE_SET_IOMMU, a, NULL);
}

static bool make_container(struct iof_live_rehearsal *r, const struct iof_assignment *a,
			   struct rehearse_group *group, bool is_stand_in)
{
	struct rehearse_container *c;
	unsigned type;
	int fd;

	if (!undo_reserve(r))
		return false;
	fd = vfio_container_open(&r->vfio); /* and its version is asked */
	if (!rehearse_step(r, a->device, fd < 0 ? r->vfio.call : "open", fd, "/dev/vfio/vfio"))
		return rehearse_failed(r, SITE_CONTAINER_OPEN, a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_CLOSE, .fd = fd});
	if (!choose_type(r, a, fd, &type))
		return false;
	if (!set_container(r, a, group, fd))
		return r->err ? false : rehearse_failed(r, SITE_SET_CONTAINER, a, NULL);
	if (!set_iommu(r, a, fd, type))
		return false;
	c = container_new(r, a);
	if (!c)
		return false;
	c->fd = fd;
	c->is_stand_in = is_stand_in;
	group->container = c;
	container_join(r, c, a);
	return ask_info(r, a, c) && map_memory(r, c, a);
}

static bool is_mine(const struct rehearse_container *c, const struct iof_assignment *a,
		    bool is_stand_in)
{
	return !c->is_iommufd && c->space == a->space && c->is_stand_in == is_stand_in;
}

static bool connect_group(struct iof_live_rehearsal *r, const struct iof_assignment *a,
			  struct rehearse_group *group, bool is_stand_in)
{
	for (struct rehearse_container *c = r->containers; c; c = c->next) {
		if (is_mine(c, a, is_stand_in) && join_container(r, a, group, c))
			return true;
		if (r->err || r->failure.site)
			return false;
	}
	return make_container(r, a, group, is_stand_in);
}

/* Opening the device resets it, so only who says so gets to know. */
static bool open_device(struct iof_live_rehearsal *r, const struct iof_assignment *a,
			const struct rehearse_group *group, const char *bdf)
{
	int fd;

	if (!r->options.reset_ok) {
		rehearse_untested(r, "Whether the devices themselves open: that resets them "
				     "(--reset-ok).");
		return true;
	}
	if (!undo_reserve(r))
		return false;
	fd = vfio_group_device(&r->vfio, group->fd, bdf);
	if (!rehearse_step(r, a->device, "VFIO_GROUP_GET_DEVICE_FD", fd, "%s", bdf))
		return rehearse_failed(r, SITE_DEVICE_FD, a, NULL);
	undo_push(r, (struct undo){.kind = UNDO_CLOSE, .fd = fd});
	return true;
}

bool attach_legacy(struct iof_live_rehearsal *r, const struct iof_assignment *a, const char *bdf,
		   bool is_stand_in)
{
	struct rehearse_group *group;
	unsigned number;

	if (!find_group(r, a, bdf, &number))
		return false;
	group = known_group(r, number);
	if (!group) {
		group = open_group(r, a, number);
		if (!group || !connect_group(r, a, group, is_stand_in))
			return false;
	}
	return is_stand_in || open_device(r, a, group, bdf);
}
