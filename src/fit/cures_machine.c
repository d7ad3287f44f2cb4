/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cures of the machine: its type, its accelerator, its own options. */
#include "fit/cures.h"

/* The alias of the same family: the newest type that this binary has. A name of no family may have
 * been any; most devices that are looked at here need the newer chipset. */
int cure_machine_type(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	static const struct {
		const char *prefix, *alias;
	} aliases[] = {{"pc-q35", "q35"}, {"q35", "q35"}, {"pc", "pc"}, {"virt", "virt"}};
	const char *name = finding->problem->value;
	size_t option = finding->problem->option;

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (!str_starts(name, aliases[i].prefix))
			continue;
		fix_set(list,
			fix_new(list, "The VM gets this QEMU's newest machine type of that kind; "
				      "a guest may see changed hardware."),
			option, "type", aliases[i].alias, "machine.type");
		return list->err;
	}
	fix_set(list,
		fix_new(list, m->is_arm ? "The VM is a virt machine." : "The VM is a q35 machine."),
		option, "type", m->is_arm ? "virt" : "q35", "machine.type");
	return list->err;
}

static size_t machine_option_index(const struct iof_machine *m)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < m->vm->n_options; i++) {
		if (m->vm->options[i].kind == OPTION_MACHINE &&
		    (found == SIZE_MAX || option_pair(&m->vm->options[i], "type")))
			found = i;
	}
	return found;
}

static void use_accelerator(struct fix_list *list, const struct iof_finding *finding)
{
	const struct problem *problem = finding->problem;

	fix_set(list, fix_new(list, "The VM runs by emulation, on any host."), problem->option,
		problem->pair->key, "tcg", "accel");
	fix_set(list, fix_new(list, "The VM runs with the host's KVM."), problem->option,
		problem->pair->key, "kvm", "accel");
}

int cure_machine_option(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding)
{
	const struct problem *problem = finding->problem;
	const struct vm_option *option =
		problem->option < m->vm->n_options ? &m->vm->options[problem->option] : NULL;
	struct iof_fix *fix;

	/* more vCPUs than the interrupt controller of the board knows */
	if (!problem->pair && m->type.family == MACHINE_VIRT && machine_option_index(m) != SIZE_MAX)
		fix_set(list, fix_new(list, "The board has a GICv3."), machine_option_index(m),
			"gic-version", "3", "machine.gic-version");
	if (!option || !problem->pair)
		return list->err;
	if (option->kind == OPTION_MACHINE) {
		fix_unset(list, fix_new(list, "The option is left out and has its default."),
			  problem->option, problem->pair->key,
			  arena_printf(list->arena, "machine.%s", problem->pair->key));
		return list->err;
	}
	/* -accel beside -machine accel= */
	for (size_t i = 0; i < m->vm->n_options; i++) {
		if (m->vm->options[i].kind != OPTION_MACHINE ||
		    !option_pair(&m->vm->options[i], "accel"))
			continue;
		fix = fix_new(list, "What -accel says counts.");
		if (m->vm->options[i].text)
			fix_unset(list, fix, i, "accel", "machine.accel");
		else
			fix_remove(list, fix, i, m->vm->options[i].name);
		return list->err;
	}
	use_accelerator(list, finding);
	return list->err;
}

int cure_machine_iommu(struct fix_list *list, const struct iof_machine *m UNUSED,
		       const struct iof_finding *finding)
{
	fix_set(list, fix_new(list, "The board makes an SMMUv3."), finding->problem->option,
		"iommu", "smmuv3", "machine.iommu");
	fix_unset(list, fix_new(list, "The board makes no IOMMU."), finding->problem->option,
		  "iommu", "machine.iommu");
	return list->err;
}

/* kernel-irqchip=off under KVM: split is what a vIOMMU that remaps interrupts needs. */
int cure_user_apic(struct fix_list *list, const struct iof_machine *m UNUSED,
		   const struct iof_finding *finding)
{
	const struct problem *problem = finding->problem;

	if (problem->pair && problem->option != SIZE_MAX)
		fix_set(list,
			fix_new(list, "The interrupt controller is split between KVM and QEMU."),
			problem->option, problem->pair->key, "split", "machine.kernel-irqchip");
	return list->err;
}

int cure_use_q35(struct fix_list *list, const struct iof_machine *m,
		 const struct iof_finding *finding)
{
	struct iof_fix *fix =
		fix_new(list, "The guest sees another chipset (q35) and may need drivers for it.");
	size_t option = machine_option_index(m);

	(void)finding;
	if (option == SIZE_MAX)
		fix_add(list, fix, "machine", "q35", 0);
	else
		fix_set(list, fix, option, "type", "q35", "machine.type");
	return list->err;
}
