// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * slots.c - what kind of slot libvirt gives each device, what the chipsets have at fixed
 * places, and in which order the rest is served (qemu_domain_address.c). Devices that follow QEMU's
 * order of old come first; do not sort.
 */
#include "vm/libvirt/pci.h"

#define PLAIN (LV_PLUG_PCI | LV_PLUG_AUTO)

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && str_eq(text + n - m, end);
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(name, names[i]))
			return true;
	}
	return false;
}

#define IS_ONE_OF(name, ...)                                                                       \
	is_one_of(name, (const char *const[]){__VA_ARGS__},                                        \
		  ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

bool lv_is_pci_controller(const struct lv_device *device)
{
	return device->class == LV_CONTROLLER && str_eq(device->kind, "pci");
}

bool lv_is_usb2(const struct lv_device *device)
{
	return device->class == LV_CONTROLLER && str_eq(device->kind, "usb") &&
	       str_starts(device->model, "ich9-");
}

/* ---- what a device plugs into ---- */

/* A device that is Express where the machine is. */
static unsigned express(const struct lv_domain *d)
{
	return d->board == LV_I440FX ? PLAIN : LV_PLUG_PCIE | LV_PLUG_AUTO;
}

/* Transitional ones work in conventional slots only. */
static unsigned virtio(const struct lv_domain *d, const struct lv_device *device)
{
	bool is_transitional = ends_with(device->model, "-transitional") &&
			       !ends_with(device->model, "-non-transitional");

	return is_transitional ? PLAIN : express(d);
}

static unsigned scsi_needs(const struct lv_domain *d, const struct lv_device *device)
{
	if (str_starts(device->model, "virtio"))
		return virtio(d, device);
	return IS_ONE_OF(device->model, "", "ncr53c90") ? 0 : PLAIN;
}

static unsigned controller_needs(const struct lv_domain *d, const struct lv_device *device)
{
	if (str_eq(device->kind, "pci")) {
		const struct lv_bridge *bridge = lv_bridge(device->model);

		return bridge ? bridge->plug : 0;
	}
	if (str_eq(device->kind, "usb")) {
		if (IS_ONE_OF(device->model, "nec-xhci", "qemu-xhci"))
			return express(d);
		return str_eq(device->model, "none") ? 0 : PLAIN;
	}
	if (str_eq(device->kind, "scsi"))
		return scsi_needs(d, device);
	if (str_eq(device->kind, "virtio-serial"))
		return virtio(d, device);
	if (str_eq(device->kind, "nvme"))
		return express(d);
	return IS_ONE_OF(device->kind, "sata", "ide") ? PLAIN : 0;
}

static unsigned fs_needs(const struct lv_domain *d, const struct lv_device *device)
{
	if (str_eq(device->kind, "virtiofs"))
		return express(d);
	return IS_ONE_OF(device->kind, "", "path", "handle", "mtp") ? virtio(d, device) : 0;
}

/* Models that libvirt knows by name to be conventional; others count as Express. */
static bool is_conventional_nic(const char *model)
{
	return IS_ONE_OF(model, "netfront", "rtl8139", "e1000", "spapr-vlan", "lan9118",
			 "smc91c111", "vlance", "vmxnet", "vmxnet2", "vmxnet3", "Am79C970A",
			 "Am79C973", "82540EM", "82545EM", "82543GC");
}

static unsigned net_needs(const struct lv_domain *d, const struct lv_device *device)
{
	if (str_starts(device->model, "virtio"))
		return virtio(d, device);
	if (str_eq(device->model, "usb-net"))
		return 0;
	return is_conventional_nic(device->model) ? PLAIN : express(d);
}

static unsigned sound_needs(const struct lv_domain *d, const struct lv_device *device)
{
	if (str_eq(device->model, "virtio"))
		return express(d);
	return IS_ONE_OF(device->model, "es1370", "ac97", "ich6", "ich9") ? PLAIN : 0;
}

static unsigned video_needs(const struct lv_domain *d, const struct lv_device *device)
{
	if (IS_ONE_OF(device->model, "virtio", "bochs"))
		return express(d);
	return IS_ONE_OF(device->model, "vga", "cirrus", "vmvga", "xen", "vbox", "qxl", "parallels")
		       ? PLAIN
		       : 0;
}

/* Whether a host's device is Express stands in its config space; one that is not there counts as
 * Express, which nearly all are. */
static unsigned hostdev_needs(const struct lv_domain *d, const struct lv_device *device)
{
	if (str_eq(device->kind, "scsi_host"))
		return virtio(d, device);
	return IS_ONE_OF(device->kind, "pci", "mdev") ? express(d) : 0;
}

static unsigned iommu_needs(const struct lv_domain *d, const struct lv_device *device)
{
	return IS_ONE_OF(device->model, "virtio", "amd") ? express(d) | LV_PLUG_INTEGRATED : 0;
}

unsigned lv_needs(const struct lv_domain *d, const struct lv_device *device)
{
	switch (device->class) {
	case LV_CONTROLLER:
		return controller_needs(d, device);
	case LV_DISK:
		return str_eq(device->kind, "virtio") ? virtio(d, device) : 0;
	case LV_FS:
		return fs_needs(d, device);
	case LV_NET:
		return net_needs(d, device);
	case LV_INPUT:
		return str_eq(device->kind, "virtio") ? virtio(d, device) : 0;
	case LV_SOUND:
		return sound_needs(d, device);
	case LV_VIDEO:
		return video_needs(d, device);
	case LV_HOSTDEV:
		return hostdev_needs(d, device);
	case LV_MEMBALLOON:
		return str_starts(device->model, "virtio") ? virtio(d, device) : 0;
	case LV_RNG:
	case LV_VSOCK:
		return virtio(d, device);
	case LV_WATCHDOG:
		return str_eq(device->model, "i6300esb") ? PLAIN : 0;
	case LV_SHMEM:
	case LV_CRYPTO:
		return PLAIN;
	case LV_MEMORY:
		return str_starts(device->model, "virtio-") ? express(d) : 0;
	case LV_PANIC:
		return str_eq(device->model, "pvpanic") ? express(d) | LV_PLUG_INTEGRATED : 0;
	case LV_IOMMU:
		return iommu_needs(d, device);
	case LV_SERIAL:
		return str_eq(device->model, "pci-serial") ? PLAIN : 0;
	default:
		return 0;
	}
}

/* ---- which devices are served ---- */

static const char *address_type(const struct lv_device *device)
{
	return device->node ? xml_value(xml_child(device->node, "address"), "type") : NULL;
}

bool lv_wants_address(const struct lv_domain *d, const struct lv_device *device)
{
	const char *type = address_type(device);

	if (device->pci.is_set || device->is_unassigned || device->is_mmio)
		return false;
	return (!type || str_eq(type, "pci")) && lv_needs(d, device) != 0;
}

static const struct place *device_at(const struct lv_device *device)
{
	return device->node ? &device->node->at : NULL;
}

static bool find_for(struct lv_buses *buses, struct lv_device *device, int function)
{
	const struct place *at = device_at(device);

	if (at)
		device->pci.at = *at;
	return lv_bus_find(buses, &device->pci, lv_needs(buses->d, device), function);
}

static bool fill_class(struct lv_buses *buses, enum lv_class class)
{
	struct lv_device *device;

	for (size_t n = 0; (device = lv_device(buses->d, class, n)); n++) {
		if (class == LV_MEMBALLOON && n)
			break;
		if (lv_wants_address(buses->d, device) && !find_for(buses, device, -1))
			return false;
	}
	return true;
}

static bool fill_bridges(struct lv_buses *buses)
{
	struct lv_device *device;

	for (size_t n = 0; (device = lv_device(buses->d, LV_CONTROLLER, n)); n++) {
		if (lv_is_pci_controller(device) && lv_wants_address(buses->d, device) &&
		    !find_for(buses, device, -1))
			return false;
	}
	return true;
}

/* ---- USB 2 controllers: an EHCI and its companions are one device ---- */

static int usb2_function(const char *model)
{
	return str_eq(model, "ich9-uhci1")   ? 0
	       : str_eq(model, "ich9-uhci2") ? 1
	       : str_eq(model, "ich9-uhci3") ? 2
					     : 7;
}

static const struct lv_device *placed_companion(struct lv_domain *d, unsigned index)
{
	const struct lv_device *other;

	for (size_t n = 0; (other = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (lv_is_usb2(other) && other->index == index && other->pci.is_set)
			return other;
	}
	return NULL;
}

static bool fill_usb2(struct lv_buses *buses, struct lv_device *device)
{
	const struct lv_device *other = placed_companion(buses->d, device->index);
	int function = usb2_function(device->model);

	if (other) {
		struct lv_pci pci = other->pci;

		pci.function = (unsigned)function;
		pci.is_user = true;
		if (!lv_bus_take(buses, &pci, lv_needs(buses->d, device)))
			return false;
		device->pci = pci;
		device->pci.is_user = false;
	} else if (!find_for(buses, device, function)) {
		return false;
	}
	device->pci.multifunction = function ? -1 : 1;
	return true;
}

static bool fill_controllers(struct lv_buses *buses)
{
	struct lv_device *device;

	for (size_t n = 0; (device = lv_device(buses->d, LV_CONTROLLER, n)); n++) {
		if (lv_is_pci_controller(device) || !lv_wants_address(buses->d, device) ||
		    (str_eq(device->kind, "ide") && device->index == 0))
			continue;
		if (!(lv_is_usb2(device) ? fill_usb2(buses, device) : find_for(buses, device, -1)))
			return false;
	}
	return true;
}

bool lv_fill_slots(struct lv_buses *buses)
{
	static const enum lv_class order[] = {
		LV_DISK,  LV_HOSTDEV, LV_MEMBALLOON, LV_RNG,   LV_WATCHDOG, LV_VIDEO,  LV_SHMEM,
		LV_INPUT, LV_SERIAL,  LV_IOMMU,	     LV_VSOCK, LV_MEMORY,   LV_CRYPTO, LV_PANIC,
	};

	if (!fill_bridges(buses) || !fill_class(buses, LV_FS) || !fill_class(buses, LV_NET) ||
	    !fill_class(buses, LV_SOUND) || !fill_controllers(buses))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (!fill_class(buses, order[i]))
			return false;
	}
	return true;
}
