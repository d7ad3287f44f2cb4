/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cures that change the host, or how a device is assigned. Host commands are shown, never run. */
#include <inttypes.h>

#include "fit/cures.h"

static int bind_device(struct fix_list *list, const char *bdf, const char *consequence)
{
	struct iof_fix *fix = fix_new(list, consequence);

	fix_host(list, fix, arena_printf(list->arena, "driver.%s", bdf), "vfio-pci",
		 arena_printf(list->arena, "driverctl set-override %s vfio-pci", bdf));
	return list->err;
}

int cure_bind(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	(void)m;
	return bind_device(list, finding->device->host_bdf,
			   "The host can no longer use the device.");
}

int cure_bind_mate(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	(void)m;
	return bind_device(list, finding->operand[2].text,
			   "The host can no longer use that device either.");
}

int cure_unsafe(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding)
{
	bool is_iommufd = finding->device->backend == BACKEND_IOMMUFD;
	struct iof_fix *fix = fix_new(
		list, "The guest could send any interrupt to the host: only for a guest that you "
		      "trust. Better: switch interrupt remapping on in the firmware setup.");

	(void)m;
	fix_host(list, fix,
		 is_iommufd ? "iommufd.allow_unsafe_interrupts"
			    : "vfio_iommu_type1.allow_unsafe_interrupts",
		 "1",
		 is_iommufd ? "echo 1 > /sys/module/iommufd/parameters/allow_unsafe_interrupts"
			    : "echo 1 > "
			      "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	return list->err;
}

int cure_remove_device(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	(void)m;
	if (finding->device->option_index != SIZE_MAX)
		fix_remove(list, fix_new(list, "The device is given once."),
			   finding->device->option_index, finding->device->label);
	return list->err;
}

/* A bus on which all devices have the requester ID of its bridge. */
static const char *shared_bus(const struct iof_machine *m)
{
	for (const struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		/* The board's own bridge (i82801b11) is for bridges. */
		if (bus->is_conventional && bus->bridge &&
		    strstr(bus->bridge->driver, "pci-bridge"))
			return bus->name;
	}
	return NULL;
}

static void share_bus(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m,
		      const struct iommu_group *group, const char *bus)
{
	for (size_t i = 0; i < m->n_cold; i++) {
		const struct machine_device *device = &m->devices[i];

		if (device->kind != DRIVER_VFIO_PCI || !device->host ||
		    device->host->group != group || device->option_index == SIZE_MAX)
			continue;
		fix_set(list, fix, device->option_index, "bus", bus,
			fix_target(list, device, "bus"));
		if (option_pair(device->option, "addr"))
			fix_unset(list, fix, device->option_index, "addr",
				  fix_target(list, device, "addr"));
	}
}

/* Behind a conventional bridge the vIOMMU takes the devices for one. Else there is none. */
int cure_one_space(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	const char *bus = shared_bus(m);

	if (bus && device && device->host && device->host->group)
		share_bus(list,
			  fix_new(list, "The devices stand behind a PCI bridge and share what the "
					"guest's IOMMU maps."),
			  m, device->host->group, bus);
	return cure_no_viommu(list, m, finding);
}

int cure_off_bridge(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;

	(void)m;
	if (device->option_index != SIZE_MAX && option_pair(device->option, "addr") &&
	    option_pair(device->option, "bus")) {
		struct iof_fix *fix =
			fix_new(list, "The device goes to a free slot of the machine's root bus.");

		fix_unset(list, fix, device->option_index, "bus", fix_target(list, device, "bus"));
		fix_unset(list, fix, device->option_index, "addr",
			  fix_target(list, device, "addr"));
		return list->err;
	}
	if (device->option_index != SIZE_MAX && option_pair(device->option, "bus"))
		fix_unset(list, fix_new(list, "The device goes to the machine's root bus."),
			  device->option_index, "bus", fix_target(list, device, "bus"));
	return list->err;
}

#define FIRMWARE ((uint64_t)16 << 20) /* more than any firmware image maps */

/* Without a vIOMMU: one for each backend and iommufd object. */
static uint64_t count_containers(const struct iof_machine *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n_devices; i++)
		n += m->devices[i].kind == DRIVER_VFIO_PCI &&
		     is_first_of_container(m, &m->devices[i]);
	return n ? n : 1;
}

uint64_t locked_memory_need(const struct iof_machine *m)
{
	uint64_t spaces = m->viommu ? m->n_assigned : count_containers(m);
	uint64_t ram = (m->max_size > m->ram_size ? m->max_size : m->ram_size) + FIRMWARE;

	return ram > UINT64_MAX / 2 / spaces ? UINT64_MAX / 2 : ram * spaces;
}

int cure_memlock(struct fix_list *list, const struct iof_machine *m,
		 const struct iof_finding *finding UNUSED)
{
	uint64_t kib = (locked_memory_need(m) + 1023) / 1024;

	fix_host(list, fix_new(list, "The VM may lock all its memory."), "memlock",
		 arena_printf(list->arena, "%" PRIu64, kib * 1024),
		 arena_printf(list->arena, "ulimit -l %" PRIu64, kib));
	return list->err;
}

static int set_entry_limit(struct fix_list *list, uint64_t limit)
{
	fix_host(list, fix_new(list, "The kernel keeps more mappings for each container."),
		 "vfio_iommu_type1.dma_entry_limit", arena_printf(list->arena, "%" PRIu64, limit),
		 arena_printf(list->arena,
			      "echo %" PRIu64
			      " > /sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
			      limit));
	return list->err;
}

/* Twice what virtio-mem and the memory slots may come to. */
int cure_dma_entries(struct fix_list *list, const struct iof_machine *m UNUSED,
		     const struct iof_finding *finding)
{
	return set_entry_limit(list, 2 * (finding->operand[5].number + finding->operand[3].number));
}

int cure_more_entries(struct fix_list *list, const struct iof_machine *m UNUSED,
		      const struct iof_finding *finding)
{
	return set_entry_limit(list, finding->operand[3].number);
}

/* A descriptor is one of the device's cdev; without iommufd it says nothing. */
int cure_fd(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	struct iof_fix *fix;
	const char *id;

	if (option_pair(device->option, "host") || option_pair(device->option, "sysfsdev"))
		fix_device_unset(list, fix_new(list, "QEMU opens the device itself."), m, device,
				 "fd");
	id = unused_id(list, m, "iommufd0");
	fix = fix_new(list, "The device uses the iommufd backend.");
	fix_add(list, fix, "object", arena_printf(list->arena, "iommufd,id=%s", id), 0);
	fix_device_set(list, fix, m, device, "iommufd", id);
	return list->err;
}
