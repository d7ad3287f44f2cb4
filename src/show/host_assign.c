// SPDX-License-Identifier: LGPL-2.1-or-later
/* host_assign.c - whether the devices of a host can be given to a VM, and what is in the way. */
#include <inttypes.h>

#include "host/finish.h"
#include "show/host_assign.h"

#define CLASS_BRIDGE 0x06
#define CLASS_IOMMU 0x0806

/* The first two devices of a group whose drivers use DMA themselves: one may be the device that is
 * looked at. */
struct group_users {
	const struct iof_device *users[2];
};

/* Drivers that leave DMA to others: Linux 6.12 drivers/pci/pcie/portdrv.c and
 * drivers/pci/pci-stub.c, both with driver_managed_dma set. */
static const char *const passive_drivers[] = {"pcieport", "pci-stub", "shpchp"};

static bool uses_dma(const struct iof_device *device)
{
	size_t i;

	if (!device->driver || device->driver_is_vfio)
		return false;
	for (i = 0; i < ARRAY_SIZE(passive_drivers); i++) {
		if (str_eq(device->driver, passive_drivers[i]))
			return false;
	}
	return true;
}

static void find_users(const struct iommu_group *group, struct group_users *out)
{
	size_t i, n = 0;

	for (i = 0; i < group->n_devices && n < ARRAY_SIZE(out->users); i++) {
		if (uses_dma(group->devices[i]))
			out->users[n++] = group->devices[i];
	}
}

static const struct iof_device *mate_in_use(const struct iof_device *device,
					    const struct group_users *users)
{
	return users->users[0] == device ? users->users[1] : users->users[0];
}

static bool interrupts_block(const struct iof_host *host)
{
	return host->interrupt_remapping == TRI_NO && host->unsafe_legacy != TRI_YES &&
	       host->unsafe_iommufd != TRI_YES;
}

/* What is in the way, the most fundamental first: NULL if nothing. false: out of memory. */
static bool find_obstacle(struct arena *arena, const struct iof_host *host,
			  const struct iof_device *device, const struct group_users *users,
			  const char **out)
{
	const struct reserved_region *region = device_direct_region(device);
	const struct iof_device *mate = device->group ? mate_in_use(device, users) : NULL;

	*out = NULL;
	if (!device->group)
		*out = host->iommu == IOF_IOMMU_NONE ? "no IOMMU" : "in no IOMMU group";
	else if (region)
		*out = arena_printf(arena, "firmware keeps 0x%" PRIx64 " to 0x%" PRIx64,
				    region->first, region->last);
	else if (mate)
		*out = arena_printf(arena, "its group mate %s has driver %s", mate->bdf,
				    mate->driver);
	else if (device->group->foreign)
		*out = arena_printf(arena, "%s shares its group", device->group->foreign);
	else if (interrupts_block(host))
		*out = "interrupts not remapped";
	else
		return true;
	return *out;
}

static bool find_answer(struct arena *arena, const struct iof_host *host,
			const struct iof_device *device, const struct group_users *users,
			struct assign_answer *out)
{
	const char *why;

	if (device->is_bridge || device->class_code >> 16 == CLASS_BRIDGE)
		*out = (struct assign_answer){ASSIGN_NEVER, "bridge"};
	else if (device->class_code >> 8 == CLASS_IOMMU)
		*out = (struct assign_answer){ASSIGN_NEVER, "the IOMMU itself"};
	else if (!find_obstacle(arena, host, device, users, &why))
		return false;
	else if (why)
		*out = (struct assign_answer){ASSIGN_BLOCKED, why};
	else if (!device->driver_is_vfio)
		*out = (struct assign_answer){ASSIGN_BIND, "bind to vfio-pci first"};
	else
		*out = (struct assign_answer){ASSIGN_READY, ""};
	return true;
}

const struct assign_answer *assign_answers(struct arena *arena, const struct iof_host *host)
{
	struct assign_answer *answers = arena_array(arena, host->n_devices + 1, sizeof(*answers));
	struct group_users *users = arena_array(arena, host->n_groups + 1, sizeof(*users));
	size_t i;

	if (!answers || !users)
		return NULL;
	for (i = 0; i < host->n_groups; i++)
		find_users(&host->groups[i], &users[i]);
	for (i = 0; i < host->n_devices; i++) {
		const struct iof_device *device = &host->devices[i];
		size_t group =
			device->group ? (size_t)(device->group - host->groups) : host->n_groups;

		if (!find_answer(arena, host, device, &users[group], &answers[i]))
			return NULL;
	}
	return answers;
}
