// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * implied.c - the order and the numbers of controllers, and those that nobody wrote but
 * that other devices need (virDomainControllerInsert, virDomainAssignControllerIndexes,
 * virDomainDefAddImplicitControllers).
 */
#include "vm/libvirt/devices.h"

/* Before, what libvirt numbers or adds by itself stays where it stood, or goes to the end. Seen
 * in 9.0.0 and 11.3.0; the versions between them are not known. */
#define SORTED_SINCE LIBVIRT_VERSION(10, 9, 0)
#define SERIAL_PORTS 31u /* of a virtio-serial controller */

bool lv_has_controller(struct lv_domain *d, const char *kind, unsigned index)
{
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, kind) && c->has_index && c->index == index)
			return true;
	}
	return false;
}

/* ---- order ---- */

void lv_move_device(struct lv_domain *d, enum lv_class class, size_t from, size_t to)
{
	struct lv_device *list = lv_device(d, class, 0), moved;

	if (!list || from == to)
		return;
	moved = list[from];
	if (to < from)
		memmove(&list[to + 1], &list[to], (from - to) * sizeof(*list));
	else
		memmove(&list[from], &list[from + 1], (to - from) * sizeof(*list));
	list[to] = moved;
}

/* A companion of an EHCI. */
static bool has_master(const struct lv_device *c)
{
	return str_starts(c->model, "ich9-uhci") ||
	       (c->node && xml_value(xml_child(c->node, "master"), "startport"));
}

static bool controller_follows(const struct lv_device *other, const struct lv_device *c)
{
	/* One that has no number yet stays behind those that it was written behind. */
	if (!other->has_index || !c->has_index)
		return false;
	return other->index > c->index ||
	       (other->index == c->index && !has_master(c) && has_master(other));
}

static bool disk_follows(const struct lv_device *other, const struct lv_device *disk)
{
	return lv_disk_number(other) > lv_disk_number(disk);
}

typedef bool follows_fn(const struct lv_device *other, const struct lv_device *);

/* Among those of its kind that stand before it; they are together already. */
static size_t place_among(const struct lv_device *list, size_t n, follows_fn *follows)
{
	const struct lv_device *device = &list[n];
	bool is_found = false;
	size_t place = n;

	for (size_t i = n; i-- > 0;) {
		if (!str_eq(list[i].kind, device->kind))
			continue;
		if (follows(&list[i], device))
			place = i;
		else if (!is_found)
			place = i + 1;
		is_found = true;
	}
	return place;
}

/* Of one kind together, in the order of their numbers. */
static void sort(struct lv_domain *d, enum lv_class class, follows_fn *follows)
{
	for (size_t n = 1; n < d->class_size[class]; n++) {
		struct lv_device *list = lv_device(d, class, 0);

		if (!list)
			return;
		lv_move_device(d, class, n, place_among(list, n, follows));
	}
}

static void sort_controllers(struct lv_domain *d)
{
	sort(d, LV_CONTROLLER, controller_follows);
}

void lv_sort_disks(struct lv_domain *d)
{
	sort(d, LV_DISK, disk_follows);
}

struct lv_device *lv_add_controller(struct lv_domain *d, const char *kind, unsigned index,
				    const char *model)
{
	struct lv_device *c = lv_add(d, LV_CONTROLLER), *list = lv_device(d, LV_CONTROLLER, 0);
	size_t last = d->class_size[LV_CONTROLLER] - 1, place = last;

	if (!c || !list)
		return NULL;
	c->kind = kind;
	c->model = model;
	c->index = index;
	c->has_index = true;
	if (d->version >= SORTED_SINCE)
		place = place_among(list, last, controller_follows);
	lv_move_device(d, LV_CONTROLLER, last, place);
	return &list[place];
}

static void need_controller(struct lv_domain *d, const char *kind, unsigned index,
			    const char *model)
{
	if (!d->t->err && !lv_has_controller(d, kind, index))
		lv_add_controller(d, kind, index, model);
}

/* ---- numbers ---- */

static unsigned unused_index(struct lv_domain *d, const char *kind)
{
	unsigned index = 0;

	while (lv_has_controller(d, kind, index))
		index++;
	return index;
}

static bool is_usb2(const struct lv_device *c)
{
	return str_eq(c->kind, "usb") && str_starts(c->model, "ich9-");
}

/* The USB controller before it, if this one can be of the same set. */
static const struct lv_device *set_to_join(struct lv_domain *d, size_t n)
{
	const struct lv_device *list = lv_device(d, LV_CONTROLLER, 0), *before = NULL;

	for (size_t i = n; i-- > 0 && !before;) {
		if (str_eq(list[i].kind, "usb"))
			before = &list[i];
	}
	if (!before || !is_usb2(before))
		return NULL;
	for (size_t i = 0; i < d->class_size[LV_CONTROLLER]; i++) {
		if (str_eq(list[i].kind, "usb") && list[i].has_index &&
		    list[i].index == before->index && str_eq(list[i].model, list[n].model))
			return NULL;
	}
	return before;
}

void lv_number_controllers(struct lv_domain *d)
{
	bool is_moved = false;
	struct lv_device *c;

	sort_controllers(d);
	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		const struct lv_device *set = NULL;

		if (c->has_index)
			continue;
		if (n && is_usb2(c)) {
			is_moved = true;
			set = set_to_join(d, n);
		}
		c->index = set ? set->index : unused_index(d, c->kind);
		c->has_index = true;
	}
	if (is_moved && d->version >= SORTED_SINCE)
		sort_controllers(d);
}

void lv_refuse_duplicates(struct lv_domain *d)
{
	const struct lv_device *c, *other;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "usb"))
			continue;
		for (size_t i = 0; i < n && (other = lv_device(d, LV_CONTROLLER, i)); i++) {
			if (other->index != c->index || !str_eq(other->kind, c->kind))
				continue;
			lv_refuse(d, lv_at(c->node),
				  "XML error: Multiple '%s' controllers with index '%u'", c->kind,
				  c->index);
			return;
		}
	}
}

/* ---- for disks ---- */

static bool own_controller(const struct lv_device *device, const char *type, unsigned *index)
{
	const struct xml_node *address = device->node ? xml_child(device->node, "address") : NULL;
	const char *own = xml_value(address, "type");
	uint64_t n = 0;

	if (!own || !str_eq(own, type))
		return false;
	lv_number(xml_value(address, "controller"), 1023, &n);
	*index = (unsigned)n;
	return true;
}

/* Disks that a controller takes, without an address of their own. */
static const struct {
	const char *kind;
	unsigned disks;
} disk_controllers[] = {{"scsi", 7}, {"fdc", 2}, {"ide", 4}, {"sata", 6}, {"nvme", 0}};

static void need_for_disks(struct lv_domain *d, const char *kind, unsigned per_controller)
{
	const struct lv_device *disk;
	long highest = -1;

	for (size_t n = 0; (disk = lv_device(d, LV_DISK, n)); n++) {
		unsigned index = 0;

		if (!str_eq(disk->kind, kind))
			continue;
		if (!own_controller(disk, "drive", &index) && per_controller)
			index = lv_disk_number(disk) / per_controller;
		if (index > highest)
			highest = (long)index;
	}
	for (long i = 0; i <= highest && i <= 1023; i++)
		need_controller(d, kind, (unsigned)i, "");
}

/* ---- for host devices on SCSI ---- */

static const char *scsi_model(struct lv_domain *d, unsigned index)
{
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "scsi") && c->index == index)
			return c->model;
	}
	return "";
}

static void need_for_hostdevs(struct lv_domain *d)
{
	const struct lv_device *device;
	const char *model = "";
	long highest = -1;

	for (size_t n = 0; (device = lv_device(d, LV_HOSTDEV, n)); n++) {
		unsigned index = 0;

		if (!str_eq(device->kind, "scsi"))
			continue;
		own_controller(device, "drive", &index);
		if (index <= highest)
			continue;
		highest = (long)index;
		if (*scsi_model(d, index))
			model = scsi_model(d, index);
	}
	for (long i = 0; i <= highest; i++)
		need_controller(d, "scsi", (unsigned)i, model);
}

/* ---- for channels and consoles ---- */

static void need_for_class(struct lv_domain *d, enum lv_class class)
{
	const struct lv_device *device;

	for (size_t n = 0; (device = lv_device(d, class, n)); n++) {
		unsigned index = 0;

		if (!str_eq(device->kind, "virtio"))
			continue;
		own_controller(device, "virtio-serial", &index);
		need_controller(d, "virtio-serial", index, "");
	}
}

/* Ports of a controller; the first one is a console's. */
static unsigned serial_ports(const struct lv_device *c)
{
	uint64_t n;

	if (c->node && lv_number(xml_value(c->node, "ports"), INT32_MAX, &n))
		return (unsigned)n;
	return SERIAL_PORTS;
}

/* More channels than ports bring more controllers (qemuDomainAssignVirtioSerialAddresses). */
void lv_need_ports(struct lv_domain *d)
{
	const struct lv_device *device;
	size_t channels = 0, ports = 0;

	for (size_t n = 0; (device = lv_device(d, LV_CHANNEL, n)); n++)
		channels += str_eq(device->kind, "virtio");
	for (size_t n = 0; (device = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(device->kind, "virtio-serial") && serial_ports(device))
			ports += serial_ports(device) - 1;
	}
	for (; channels > ports && !d->t->err; ports += SERIAL_PORTS - 1)
		need_controller(d, "virtio-serial", unused_index(d, "virtio-serial"), "");
}

void lv_add_implied(struct lv_domain *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(disk_controllers); i++)
		need_for_disks(d, disk_controllers[i].kind, disk_controllers[i].disks);
	need_for_class(d, LV_CHANNEL);
	need_for_class(d, LV_CONSOLE);
	need_for_hostdevs(d);
}
