// SPDX-License-Identifier: LGPL-2.1-or-later
/* check_hostdev.c - what libvirt refuses about assigned devices and displays. */
#include <errno.h>

#include "vm/libvirt/say.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define UNSUPPORTED "unsupported configuration: "

/* What tells host devices apart: "0000:01:00.0", a UUID in lower case. NULL: nothing. */
static const char *identity(struct lv_domain *d, const struct lv_device *hostdev)
{
	const char *uuid =
		hostdev->node ? xml_value(xml_path(hostdev->node, "source/address"), "uuid") : NULL;
	char *text;

	if (str_eq(hostdev->kind, "pci"))
		return lv_host_address(d, hostdev);
	if (!str_eq(hostdev->kind, "mdev") || !uuid)
		return NULL;
	text = (char *)lv_printf(d, "%s", uuid);
	for (char *c = text; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	return text;
}

static bool is_among(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] && str_eq(list[i], text))
			return true;
	}
	return false;
}

static void check_twice(struct lv_domain *d)
{
	size_t count = d->class_size[LV_HOSTDEV];
	const char **seen = arena_array(d->t->vm->arena, count + 1, sizeof(*seen));
	const struct lv_device *hostdev;

	if (!seen) {
		d->t->err = -ENOMEM;
		return;
	}
	for (size_t n = 0; (hostdev = lv_device(d, LV_HOSTDEV, n)); n++) {
		seen[n] = identity(d, hostdev);
		if (seen[n] && is_among(seen[n], seen, n))
			lv_cure_remove(d,
				       lv_refuse(d, lv_at(hostdev->node),
						 "XML error: Hostdev already exists in the domain "
						 "configuration"),
				       hostdev->node);
	}
}

void lv_check_hostdevs(struct lv_domain *d)
{
	const struct lv_device *hostdev;

	for (size_t n = 0; (hostdev = lv_device(d, LV_HOSTDEV, n)); n++) {
		const struct xml_node *driver = xml_child(hostdev->node, "driver");
		const struct xml_node *address = xml_path(hostdev->node, "source/address");

		if (str_eq(hostdev->kind, "pci"))
			lv_check_pci_parts(d, xml_path(hostdev->node, "source/address"));
		else if (str_eq(hostdev->kind, "mdev") && address && !xml_value(address, "uuid"))
			lv_refuse(d, &address->at,
				  "XML error: Missing required attribute 'uuid' in element "
				  "'address'");
		lv_check_word(d, hostdev->node, "managed", lv_bools);
		if (d->version >= V(12, 1))
			lv_check_word(d, driver, "iommufd", lv_bools);
	}
	check_twice(d);
}

static bool is_on(const struct lv_device *hostdev, const char *attribute)
{
	const char *value = xml_value(hostdev->node, attribute);

	return value && str_eq(value, "on");
}

static void check_heads(struct lv_domain *d, const struct lv_device *video)
{
	const struct xml_attribute *heads =
		video->node ? xml_attribute(xml_child(video->node, "model"), "heads") : NULL;
	uint64_t n;

	if (heads && lv_number(heads->value, UINT32_MAX, &n) && n > 1 &&
	    !str_eq(video->model, "qxl") && !str_eq(video->model, "virtio") &&
	    !str_eq(video->model, "none"))
		lv_cure_unset(d,
			      lv_refuse(d, &heads->at,
					UNSUPPORTED "video type '%s' doesn't support multiple "
						    "'heads'",
					video->model),
			      xml_child(video->node, "model"), "heads");
}

/* Displays of assigned devices, and videos of which one is none. */
void lv_check_displays(struct lv_domain *d)
{
	const struct lv_device *device;
	unsigned n_ramfb = 0;

	for (size_t n = 0; (device = lv_device(d, LV_VIDEO, n)); n++) {
		check_heads(d, device);
		if (!str_eq(device->model, "none") || d->class_size[LV_VIDEO] < 2)
			continue;
		lv_cure_remove(d,
			       lv_refuse(d, lv_at(device->node),
					 UNSUPPORTED "a 'none' video type must be the only video "
						     "device defined for the domain"),
			       device->node);
		break;
	}
	for (size_t n = 0; (device = lv_device(d, LV_HOSTDEV, n)); n++) {
		if (is_on(device, "display") && !lv_device(d, LV_GRAPHICS, 0))
			lv_refuse(d, lv_at(device->node),
				  UNSUPPORTED "graphics device is needed for attribute value "
					      "'display=on' in <hostdev>");
		if (is_on(device, "ramfb") && n_ramfb++)
			lv_refuse(d, lv_at(device->node),
				  UNSUPPORTED "Only one vgpu device can have 'ramfb' enabled");
	}
}
