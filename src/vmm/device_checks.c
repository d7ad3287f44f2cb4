/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What device models other than vIOMMUs and assigned devices say when they are made: bridges about
 * their bus, virtio about its two forms, network cards about having no peer.
 */
#include <errno.h>
#include <string.h>

#include "vmm/machine.h"

static uint64_t number_of(const struct machine_device *device, const char *key)
{
	const char *text = option_value(device->option, key);
	uint64_t number;

	return text && parse_u64(text, 0, UINT16_MAX, &number) == 0 ? number : 0;
}

static bool has_chassis(const struct machine_device *device)
{
	return device->kind == DRIVER_ROOT_PORT && !str_eq(device->driver, "x3130-upstream");
}

/* hw/pci/pcie_port.c pcie_chassis_add_slot: -EBUSY */
static void check_chassis(struct iof_machine *m, struct machine_device *device)
{
	for (const struct machine_device *other = m->devices; has_chassis(device) && other < device;
	     other++) {
		if (has_chassis(other) &&
		    number_of(other, "chassis") == number_of(device, "chassis") &&
		    number_of(other, "slot") == number_of(device, "slot"))
			device_problem(
				device, PROBLEM_CHASSIS_SLOT,
				option_pair(device->option, "chassis"), "chassis",
				(struct message){.text = "Can't add chassis slot, error -16"});
	}
}

/* hw/pci-bridge/pci_expander_bridge.c */
static void check_expander(struct machine_device *device)
{
	const struct machine_device *bridge = device->bus ? device->bus->bridge : NULL;
	const struct pair *bus = option_pair(device->option, "bus");
	bool is_bridge = device->kind == DRIVER_ROOT_PORT || device->kind == DRIVER_PCI_BRIDGE;
	/* bus=ID means the bridge behind a pxb, no bus= the root bus before it */
	bool is_on_root = bridge && bridge->kind == DRIVER_PXB &&
			  (!bus || str_eq(bridge->driver, "pxb-pcie"));

	if (is_on_root && !is_bridge)
		device_problem(device, PROBLEM_NOT_ON_THIS_BUS, bus, device->driver,
			       (struct message){
				       .text = "PCI: Only PCI/PCIe bridges can be plugged into {0}",
				       .operand = {text_operand(bridge->driver),
						   text_operand(device->id ? device->id
									   : device->driver)}});
	else if (device->kind == DRIVER_PXB && device->bus &&
		 device->bus->is_conventional != str_eq(device->driver, "pxb"))
		device_problem(
			device, PROBLEM_NOT_ON_THIS_BUS, option_pair(device->option, "driver"),
			device->driver,
			(struct message){.text = device->bus->is_conventional
							 ? "pxb-pcie devices cannot reside "
							   "on a PCI bus"
							 : "pxb devices cannot reside on a "
							   "PCIe bus",
					 .operand = {text_operand(device->driver),
						     text_operand(device->id ? device->id
									     : device->driver)}});
}

/* hw/virtio/virtio-balloon.c virtio_balloon_device_realize */
static void check_balloon(const struct iof_machine *m, struct machine_device *device)
{
	if (!device->driver || !str_starts(device->driver, "virtio-balloon"))
		return;
	for (const struct machine_device *other = m->devices; other < device; other++) {
		if (other->driver && str_starts(other->driver, "virtio-balloon"))
			device_problem(
				device, PROBLEM_SECOND_BALLOON, NULL, device->driver,
				(struct message){.text = "Only one balloon device is supported"});
	}
}

/* Models of which the old form exists, too: virtio-blk-pci, but not virtio-iommu-pci. */
static bool has_legacy_form(const char *driver)
{
	static const char *const names[] = {"virtio-blk",    "virtio-net", "virtio-scsi",
					    "virtio-serial", "virtio-rng", "virtio-balloon",
					    "virtio-9p"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *rest = str_starts(driver, names[i]) ? driver + strlen(names[i]) : NULL;

		if (rest && (str_eq(rest, "-pci") || str_eq(rest, "-pci-transitional")))
			return true;
	}
	return false;
}

/* disable-legacy=auto: the old form is off behind a PCIe port (virtio_pci_realize). */
static bool shows_legacy_form(const struct machine_device *device)
{
	const char *legacy = option_value(device->option, "disable-legacy");
	const struct machine_bus *bus = device->bus;

	if (legacy && !str_eq(legacy, "auto"))
		return value_is_off(legacy);
	return !bus || !bus->bridge || bus->is_conventional || bus->bridge->kind == DRIVER_PXB;
}

/* hw/virtio/virtio-pci.c virtio_pci_device_plugged */
static void check_virtio(struct machine_device *device)
{
	const struct pair *platform = option_pair(device->option, "iommu_platform");

	if (!platform || !value_is_on(platform->value) || !has_legacy_form(device->driver) ||
	    !shows_legacy_form(device))
		return;
	device_problem(device, PROBLEM_VIRTIO_LEGACY, platform, device->driver,
		       (struct message){.text = "VIRTIO_F_IOMMU_PLATFORM was supported by neither "
						"legacy nor transitional device",
					.operand = {text_operand(device->driver)}});
}

/* Machine type 6.1 switched hot-plug from the ports to ACPI, which knows nothing behind a pxb
 * (hw/pci/pcie.c pcie_cap_slot_pre_plug_cb). */
static void check_port(const struct iof_machine *m, struct machine_device *device)
{
	const struct machine_bus *bus = device->bus, *root = bus;

	while (root && root->parent)
		root = root->parent;
	if (!device->is_plugged || bus == root || bus->bridge->kind != DRIVER_ROOT_PORT ||
	    root->bridge == NULL || m->type.version != QEMU(6, 1, 0))
		return;
	device_problem(
		device, PROBLEM_BUS_NO_HOTPLUG, option_pair(device->option, "bus"), bus->name,
		MESSAGE1("Hot-plug failed: unsupported by the port device '{0}'", bus->name));
}

/* ACPI does the hot-plug of i440fx, and from machine type 6.1 on of q35; but not behind a pxb. */
static bool has_acpi_hotplug(const struct iof_machine *m, const struct machine_bus *bus)
{
	while (bus->parent)
		bus = bus->parent;
	if (bus->bridge)
		return false;
	return m->type.family == MACHINE_I440FX ||
	       (m->type.family == MACHINE_Q35 && m->type.version >= QEMU(6, 1, 0));
}

/* hw/pci/shpc.c shpc_device_get_slot: slot 0 is the controller itself, and yet what a device gets
 * that says none. */
void device_check_slot(struct iof_machine *m, struct machine_device *device)
{
	const struct machine_bus *bus = device->bus;

	if (!bus || device->problem.kind || device->devfn >> 3 != 0 || !bus->bridge ||
	    bus->bridge->kind != DRIVER_PCI_BRIDGE ||
	    value_is_off(option_value(bus->bridge->option, "shpc")) || has_acpi_hotplug(m, bus))
		return;
	device_problem(device, PROBLEM_HOTPLUG_SLOT, option_pair(device->option, "addr"),
		       device->driver,
		       (struct message){.text = "Unsupported PCI slot 0 for standard hotplug "
						"controller. Valid slots are between 1 and 31.",
					.operand = {text_operand(device->driver)}});
}

void device_check_model(struct iof_machine *m, struct machine_device *device)
{
	check_port(m, device);
	check_expander(device);
	check_chassis(m, device);
	check_balloon(m, device);
	check_virtio(device);
}

static bool is_network_card(const char *driver)
{
	static const char *const names[] = {
		"e1000",   "e1000-82544gc", "e1000-82545em",  "e1000e",
		"igb",	   "ne2k_pci",	    "pcnet",	      "rtl8139",
		"tulip",   "usb-net",	    "virtio-net-pci", "virtio-net-pci-non-transitional",
		"vmxnet3", "i82557b",	    "i82550",	      "virtio-net-pci-transitional"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_eq(driver, names[i]))
			return true;
	}
	return false;
}

/* net/net.c assign_name: the model, and how many of it came before */
static const char *network_name(struct iof_machine *m, const struct machine_device *device)
{
	size_t before = 0;

	if (device->id)
		return device->id;
	for (const struct machine_device *other = m->devices; other < device; other++)
		before += str_eq(other->driver, device->driver);
	return arena_printf(m->arena, "%s.%zu", device->driver, before);
}

/* net/net.c net_check_clients; with the default network nothing is said */
int machine_warn_peerless(struct iof_machine *m)
{
	int r = 0;

	for (size_t i = 0; i < m->n_cold && r == 0 && m->nodefaults; i++) {
		const struct machine_device *device = &m->devices[i];
		const char *name;

		if (!is_network_card(device->driver) || option_pair(device->option, "netdev"))
			continue;
		name = network_name(m, device);
		if (!name)
			return -ENOMEM;
		r = machine_warning(m, PROBLEM_NO_PEER, device->option_index, NULL,
				    MESSAGE1("warning: nic {0} has no peer", name));
	}
	return r;
}
