// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * chipset.c - devices that i440FX and Q35 have at fixed places, and those that libvirt puts
 * where real boards have them (qemuDomainValidateDevicePCISlots*).
 */
#include "vm/libvirt/pci.h"

/* On the root bus, as if it were written. */
static bool take(struct lv_buses *buses, unsigned slot, unsigned function)
{
	struct lv_pci pci = {.slot = slot, .function = function, .is_user = true};
	bool is_q35 = buses->d->board == LV_Q35;

	return lv_bus_take(buses, &pci, is_q35 ? LV_PLUG_PCIE : LV_PLUG_PCI | LV_PLUG_AUTO);
}

static void settle(struct lv_device *device, unsigned slot, unsigned function)
{
	device->pci.is_set = true;
	device->pci.domain = device->pci.bus = 0;
	device->pci.slot = slot;
	device->pci.function = function;
	device->pci.multifunction = -1;
}

static bool is_at(const struct lv_pci *pci, unsigned slot, unsigned function)
{
	return !pci->domain && !pci->bus && pci->slot == slot && pci->function == function;
}

/* A device that can be at one place only. */
static bool pin(struct lv_buses *buses, struct lv_device *device, unsigned slot, unsigned function,
		const char *what)
{
	if (!device->pci.is_set) {
		settle(device, slot, function);
	} else if (!is_at(&device->pci, slot, function)) {
		buses->failed = true;
		lv_refuse(buses->d, &device->pci.at,
			  "internal error: %s must have PCI address 0:0:%x.%x", what, slot,
			  function);
		return false;
	}
	return true;
}

/* The first video device goes where QEMU would put it; if that is taken, anywhere. */
static bool place_video(struct lv_buses *buses, unsigned slot)
{
	struct lv_device *video = lv_device(buses->d, LV_VIDEO, 0);
	struct lv_pci pci = {.slot = slot, .is_user = true};
	unsigned needs = buses->d->board == LV_Q35 ? LV_PLUG_PCIE : LV_PLUG_PCI | LV_PLUG_AUTO;

	if (!video || str_eq(video->model, "none") || str_eq(video->model, "ramfb") ||
	    !lv_wants_address(buses->d, video))
		return true;
	if (!lv_bus_accepts(buses, &pci, needs))
		return false;
	if (lv_slot_is_used(buses, 0, slot))
		return lv_bus_find(buses, &video->pci, lv_needs(buses->d, video), -1);
	if (!take(buses, slot, 0))
		return false;
	settle(video, slot, 0);
	return true;
}

/* ---- i440FX: slot 1 is the PIIX3 ---- */

static bool is_piix3_usb(const struct lv_device *device)
{
	return str_eq(device->kind, "usb") && device->index == 0 &&
	       (!*device->model || str_eq(device->model, "piix3-uhci"));
}

static bool fill_piix3(struct lv_buses *buses)
{
	struct lv_device *device;

	for (size_t n = 0; (device = lv_device(buses->d, LV_CONTROLLER, n)); n++) {
		bool is_ide = str_eq(device->kind, "ide") && device->index == 0;

		if (!is_ide && !is_piix3_usb(device))
			continue;
		if (!pin(buses, device, 1, is_ide ? 1 : 2,
			 is_ide ? "Primary IDE controller" : "PIIX3 USB controller at index 0") ||
		    !take(buses, 1, is_ide ? 1 : 2))
			return false;
	}
	/* the ISA bridge, and power management */
	return take(buses, 1, 0) && take(buses, 1, 3) && place_video(buses, 2);
}

/* ---- Q35: slot 0x1f is the ICH9 ---- */

/* Preferred, not insisted on. */
static bool prefer(struct lv_buses *buses, struct lv_device *device, unsigned slot)
{
	if (lv_slot_is_used(buses, 0, slot))
		return false;
	if (take(buses, slot, 0))
		settle(device, slot, 0);
	return true;
}

static bool has_no_address(const struct lv_device *device)
{
	return !device->pci.is_set &&
	       !(device->node && xml_value(xml_child(device->node, "address"), "type"));
}

static bool place_q35_controller(struct lv_buses *buses, struct lv_device *device)
{
	if (str_eq(device->kind, "sata") && device->index == 0)
		return pin(buses, device, 0x1f, 2, "Primary SATA controller");
	if (!has_no_address(device))
		return true;
	if (lv_is_usb2(device) && str_eq(device->model, "ich9-uhci1")) {
		if (prefer(buses, device, 0x1d) || prefer(buses, device, 0x1a))
			device->pci.multifunction = device->pci.is_set ? 1 : -1;
	} else if (lv_is_pci_controller(device) && str_eq(device->model, "dmi-to-pci-bridge")) {
		prefer(buses, device, 0x1e);
	}
	return !buses->failed;
}

static bool place_sound(struct lv_buses *buses)
{
	struct lv_device *sound;

	if (lv_slot_is_used(buses, 0, 0x1b))
		return true;
	for (size_t n = 0; (sound = lv_device(buses->d, LV_SOUND, n)); n++) {
		if (str_eq(sound->model, "ich9") && lv_wants_address(buses->d, sound))
			return prefer(buses, sound, 0x1b) && !buses->failed;
	}
	return true;
}

static bool fill_q35(struct lv_buses *buses)
{
	struct lv_device *device;

	for (size_t n = 0; (device = lv_device(buses->d, LV_CONTROLLER, n)); n++) {
		if (!place_q35_controller(buses, device))
			return false;
	}
	/* the LPC bridge, and SMBus */
	return take(buses, 0x1f, 0) && take(buses, 0x1f, 3) && place_video(buses, 1) &&
	       place_sound(buses);
}

bool lv_fill_chipset(struct lv_buses *buses)
{
	if (buses->failed)
		return false;
	if (buses->d->board == LV_I440FX)
		return fill_piix3(buses);
	return buses->d->board != LV_Q35 || fill_q35(buses);
}
