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

/* Both stages from virt-9.2 on in QEMU 9.2 and newer, whatever -global says. */
static void set_nested(const struct iof_machine *m, struct machine_device *device)
{
	struct machine_value *stage = &device->value[PROPERTY_STAGE];

	if (m->version < V9_2 || (m->type.version && m->type.version < V9_2))
		return;
	stage->text = "nested";
	stage->by = IOF_DECIDER_MACHINE_TYPE;
	stage->why = "set by the board since virt-9.2";
	stage->pair = NULL;
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
