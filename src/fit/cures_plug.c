/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cures for a device that is to be plugged: where it could go, or that it is there from the start.
 */
#include <inttypes.h>

#include "fit/cures.h"

static bool is_free_port(const struct machine_bus *bus)
{
	return bus->is_hotpluggable && bus->bridge && bus->bridge->kind == DRIVER_ROOT_PORT &&
	       !bus->occupant[0];
}

static void use_port(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m,
		     const struct machine_device *device, const char *bus)
{
	fix_device_set(list, fix, m, device, "bus", bus);
	if (option_pair(device->option, "addr"))
		fix_device_unset(list, fix, m, device, "addr");
}

/* A root port that is free, else one more. */
int cure_hotplug_bus(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	struct iof_fix *fix;
	const char *id;

	if (!device || !device->is_plugged)
		return list->err;
	for (const struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		if (!is_free_port(bus))
			continue;
		use_port(list, fix_new(list, "The device goes to a root port that is free."), m,
			 device, bus->name);
		break;
	}
	id = unused_id(list, m, "rp0");
	fix = fix_new(list, "The VM gets a root port for the device, from its next start on.");
	fix_add(list, fix, "device",
		arena_printf(list->arena, "pcie-root-port,id=%s,chassis=%" PRIu64, id,
			     free_chassis(m)),
		m->vm->n_options);
	use_port(list, fix, m, device, id);
	return list->err;
}

/* From the start, before all devices that a vIOMMU has to be made before. */
int cure_not_hotpluggable(struct fix_list *list, const struct iof_machine *m,
			  const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	bool has_viommu = m->viommu && !m->viommu->is_plugged;
	size_t first = 0;
	struct iof_fix *fix;

	if (!device || !device->is_plugged)
		return list->err;
	if (str_eq(device->driver, "vfio-pci-nohotplug")) {
		fix = fix_new(list, "The device is one that can be plugged.");
		fix_device_set(list, fix, m, device, "driver", "vfio-pci");
		return list->err;
	}
	fix = fix_new(list, has_viommu ? "The VM keeps the vIOMMU that it has."
				       : "The VM has it from its next start on.");
	while (first < m->vm->n_options && m->vm->options[first].kind != OPTION_DEVICE)
		first++;
	if (!has_viommu)
		fix_add(list, fix, "device", device->driver, first);
	fix_unplug(list, fix, (size_t)(device - &m->devices[m->n_cold]));
	return list->err;
}
