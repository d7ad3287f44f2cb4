/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SMMUv3 of Arm's virt: one that the board makes for iommu=smmuv3, or one for each root bus by
 * -device (hw/arm/virt.c create_smmu, virt_machine_device_pre_plug_cb; hw/arm/smmuv3.c).
 */
#include <errno.h>

#include "vmm/machine.h"

bool smmuv3_is_on_board(const struct iof_machine *m)
{
	const struct pair *iommu = machine_option(m, "iommu", NULL);

	return m->type.family == MACHINE_VIRT && iommu && str_eq(iommu->value, "smmuv3");
}

/* As if it were -device arm-smmuv3, so that defaults and -global are found in the same way; its
 * place is that of the machine option. */
int smmuv3_add_board(struct iof_machine *m)
{
	struct vm_option *option;
	struct pair *pair;
	size_t index = SIZE_MAX;

	if (!smmuv3_is_on_board(m))
		return 0;
	option = arena_alloc(m->arena, sizeof(*option));
	pair = arena_alloc(m->arena, sizeof(*pair));
	if (!option || !pair)
		return -ENOMEM;
	pair->key = "driver";
	pair->value = "arm-smmuv3";
	machine_option(m, "iommu", &index);
	*option = (struct vm_option){.kind = OPTION_DEVICE,
				     .name = "machine",
				     .pairs = pair,
				     .n_pairs = 1,
				     .at = m->vm->options[index].at};
	m->devices[m->n_devices++] =
		(struct machine_device){.option = option, .option_index = index, .is_boards = true};
	return 0;
}

static void set_by_board(struct machine_device *device, enum property_id id, int64_t number,
			 const char *text, const char *why)
{
	struct machine_value *value = &device->value[id];

	if (!value->def || !text)
		return;
	*value = (struct machine_value){.number = number,
					.text = text,
					.by = IOF_DECIDER_MACHINE_TYPE,
					.why = why,
					.def = value->def};
}

/* Both stages from virt-9.2 on in QEMU 9.2 and newer, whatever -global says. */
static void set_nested(const struct iof_machine *m, struct machine_device *device)
{
	if (m->version >= V9_2 && (!m->type.version || m->type.version >= V9_2))
		set_by_board(device, PROPERTY_STAGE, 0, "nested",
			     "set by the board since virt-9.2");
}

/* The doorbell for MSIs that an accelerated one maps: GITS_TRANSLATER or V2M_MSI_SETSPI_NS. */
static void set_doorbell(struct iof_machine *m, struct machine_device *device)
{
	for (size_t i = 0; i < m->n_board; i++) {
		uint64_t at = m->board[i].range.first + 0x40;

		if (m->board[i].kind == IOF_REGION_MSI)
			set_by_board(device, PROPERTY_MSI_GPA, (int64_t)at,
				     arena_printf(m->arena, "0x%llx", (unsigned long long)at),
				     "set by the board for accel=on");
	}
}

void smmuv3_resolve(struct iof_machine *m, struct machine_device *device)
{
	const struct machine_value *bus = &device->value[PROPERTY_PRIMARY_BUS];

	if (device->kind != DRIVER_SMMUV3)
		return;
	if (device->is_boards) {
		set_nested(m, device);
		device->primary = m->buses;
	} else if (bus->pair && *bus->text) {
		device->primary = topology_find(m, bus->text);
	}
	if (!device->is_boards)
		set_by_board(device, PROPERTY_SMMU_PER_BUS, ON, "on",
			     "set by the board for each of -device");
	if (device_value(device, PROPERTY_ACCEL) == ON)
		set_doorbell(m, device);
}

static const struct machine_bus *root_of(const struct machine_bus *bus)
{
	while (bus && bus->parent)
		bus = bus->parent;
	return bus;
}

/* hw/pci/pci.c pci_device_get_iommu_bus_devfn: a pxb's bus asks pcie.0's, unless those are each for
 * one bus. */
bool smmuv3_covers(const struct iof_machine *m, const struct machine_device *smmu,
		   const struct machine_bus *bus)
{
	if (smmu->problem.kind || !smmu->primary)
		return false;
	return root_of(bus) == smmu->primary || (smmu->is_boards && smmu->primary == m->buses);
}
