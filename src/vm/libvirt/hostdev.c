// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hostdev.c - assigned devices (qemuBuildHostdevCommandLine). libvirt passes those with
 * IOMMUFD as open files; here they are said by their address, which comes to the same and tells
 * which device it is.
 */
#include "vm/libvirt/say.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)

static bool address_part(const struct xml_node *node, const char *name, uint64_t max, uint64_t *out)
{
	const char *text = xml_value(node, name);

	*out = 0;
	return !text || lv_number(text, max, out);
}

const char *lv_host_address(struct lv_domain *d, const struct lv_device *hostdev)
{
	const struct xml_node *address =
		hostdev->node ? xml_path(hostdev->node, "source/address") : NULL;
	uint64_t domain, bus, slot, function;

	if (!address || !address_part(address, "domain", UINT32_MAX, &domain) ||
	    !address_part(address, "bus", 255, &bus) || !address_part(address, "slot", 31, &slot) ||
	    !address_part(address, "function", 7, &function))
		return NULL;
	return lv_printf(d, "%04x:%02x:%02x.%u", (unsigned)domain, (unsigned)bus, (unsigned)slot,
			 (unsigned)function);
}

/* The device's own word, else the domain's. */
static const struct xml_attribute *iommufd_word(const struct lv_domain *d,
						const struct lv_device *hostdev)
{
	const struct xml_node *driver = hostdev->node ? xml_child(hostdev->node, "driver") : NULL;
	const struct xml_attribute *own = driver ? xml_attribute(driver, "iommufd") : NULL;
	const struct xml_node *all = xml_child(d->root, "iommufd");

	if (own && d->version >= V(12, 1))
		return own;
	return all && d->version >= V(12, 2) ? xml_attribute(all, "enabled") : NULL;
}

bool lv_uses_iommufd(const struct lv_domain *d, const struct lv_device *hostdev)
{
	const struct xml_attribute *word = iommufd_word(d, hostdev);

	return str_eq(hostdev->kind, "pci") && word && str_eq(word->value, "yes");
}

static bool is_given(const struct lv_device *hostdev)
{
	return hostdev->node && !hostdev->is_unassigned;
}

static void put_display(struct lv_words *w, const char *absent)
{
	const struct xml_attribute *display = xml_attribute(w->device->node, "display");
	const char *ramfb = xml_value(w->device->node, "ramfb");

	if (display || absent)
		lv_put(w, "display", 's', display ? display->value : absent,
		       display ? &display->at : NULL);
	if (ramfb && str_eq(ramfb, "on"))
		lv_put(w, "ramfb", 'b', "true", &xml_attribute(w->device->node, "ramfb")->at);
}

static const char *vfio_driver(const struct lv_device *hostdev)
{
	const char *ramfb = xml_value(hostdev->node, "ramfb");

	return ramfb && str_eq(ramfb, "on") ? "vfio-pci-nohotplug" : "vfio-pci";
}

static bool is_managed(const struct lv_device *hostdev)
{
	const char *managed = xml_value(hostdev->node, "managed");

	return managed && str_eq(managed, "yes");
}

static void say_pci(struct lv_domain *d, const struct lv_device *hostdev)
{
	const struct xml_node *address = xml_path(hostdev->node, "source/address");
	const struct xml_node *teaming = xml_child(hostdev->node, "teaming");
	const char *host = lv_host_address(d, hostdev);
	struct lv_words w;

	if (!host)
		return;
	w = lv_begin(d, hostdev, vfio_driver(hostdev));
	lv_put(&w, "host", 's', host, lv_at(address));
	lv_put_id(&w);
	if (lv_uses_iommufd(d, hostdev))
		lv_put(&w, "iommufd", 's', "iommufd0", &iommufd_word(d, hostdev)->at);
	put_display(&w, NULL);
	lv_put_boot_index(&w);
	lv_put_attribute(&w, "failover_pair_id", 's', teaming, "persistent");
	lv_put_address(&w);
	lv_put_rom(&w);
	lv_say_device(&w);
	if (is_managed(hostdev))
		say_binds_host(d->t);
}

static void say_mdev(struct lv_domain *d, const struct lv_device *hostdev)
{
	const struct xml_node *address = xml_path(hostdev->node, "source/address");
	const char *uuid = xml_value(address, "uuid");
	struct lv_words w;

	if (!uuid || !str_eq(hostdev->model, "vfio-pci"))
		return;
	w = lv_begin(d, hostdev, vfio_driver(hostdev));
	lv_put_id(&w);
	lv_put(&w, "sysfsdev", 's', lv_printf(d, "/sys/bus/mdev/devices/%s", uuid),
	       &xml_attribute(address, "uuid")->at);
	put_display(&w, "off");
	lv_put_boot_index(&w);
	lv_put_address(&w);
	lv_say_device(&w);
}

static void say_vhost_scsi(struct lv_domain *d, const struct lv_device *hostdev)
{
	struct lv_words w;

	if (!hostdev->pci.is_set)
		return;
	w = lv_begin(d, hostdev, lv_virtio_driver(d, "vhost-scsi", hostdev->model));
	lv_put_attribute(&w, "wwpn", 's', xml_child(hostdev->node, "source"), "wwpn");
	lv_put_id(&w);
	lv_put_address(&w);
	lv_say_device(&w);
}

static void say_backend(struct lv_domain *d)
{
	const struct lv_device *hostdev;
	struct lv_words w;

	for (size_t n = 0; (hostdev = lv_device(d, LV_HOSTDEV, n)); n++) {
		if (!is_given(hostdev) || !lv_uses_iommufd(d, hostdev))
			continue;
		w = lv_begin(d, NULL, NULL);
		lv_put(&w, "qom-type", 's', "iommufd", NULL);
		lv_put(&w, "id", 's', "iommufd0", NULL);
		lv_say_as(&w, "object", hostdev->node);
		return;
	}
}

void lv_say_hostdevs(struct lv_domain *d)
{
	const struct lv_device *hostdev;

	say_backend(d);
	for (size_t n = 0; (hostdev = lv_device(d, LV_HOSTDEV, n)) && !d->t->err; n++) {
		if (!is_given(hostdev))
			continue;
		if (str_eq(hostdev->kind, "pci"))
			say_pci(d, hostdev);
		else if (str_eq(hostdev->kind, "mdev"))
			say_mdev(d, hostdev);
		else if (str_eq(hostdev->kind, "scsi_host"))
			say_vhost_scsi(d, hostdev);
	}
}
