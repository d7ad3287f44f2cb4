/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cures for what QEMU refuses about the config itself. */
#include <inttypes.h>

#include "fit/cures.h"

/* The device option that the finding is about, SIZE_MAX if it is not in the config (a device to be
 * plugged). */
static size_t problem_option(const struct iof_finding *finding)
{
	return finding->problem ? finding->problem->option : SIZE_MAX;
}

/* Take iommufd= off every device, and the objects with it. */
static void use_legacy_backend(struct fix_list *list, struct iof_fix *fix,
			       const struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *type = option_value(option, "qom-type");

		if (option->kind == OPTION_OBJECT && type && str_eq(type, "iommufd"))
			fix_remove(list, fix, i, "object iommufd");
		else if (option->kind == OPTION_DEVICE && option_pair(option, "iommufd"))
			fix_unset(list, fix, i, "iommufd", "vfio-pci.iommufd");
	}
}

/* The first iommufd object; NULL: there is none. */
static const char *iommufd_object(const struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *type = option_value(option, "qom-type");

		if (option->kind == OPTION_OBJECT && type && str_eq(type, "iommufd") &&
		    option_value(option, "id"))
			return option_value(option, "id");
	}
	return NULL;
}

void use_iommufd(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m)
{
	const char *object = iommufd_object(m);
	size_t first = m->vm->n_options;

	for (size_t i = m->vm->n_options; i-- > 0;) {
		const struct vm_option *option = &m->vm->options[i];
		const char *driver =
			option->kind == OPTION_DEVICE ? option_value(option, "driver") : NULL;

		if (!driver || !str_starts(driver, "vfio-pci") || option_pair(option, "iommufd"))
			continue;
		fix_set(list, fix, i, "iommufd", object ? object : "iommufd0", "vfio-pci.iommufd");
		first = i;
	}
	if (!object && first < m->vm->n_options)
		fix_add(list, fix, "object", "iommufd,id=iommufd0", first);
}

int cure_object_type(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	struct iof_fix *fix;

	if (!str_eq(finding->problem->value, "iommufd"))
		return 0;
	fix = fix_new(list, "The devices use the legacy VFIO backend, which this version has.");
	use_legacy_backend(list, fix, m);
	return list->err;
}

int cure_legacy(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding)
{
	struct iof_fix *fix = fix_new(list, "The devices use the legacy VFIO backend.");

	(void)finding;
	use_legacy_backend(list, fix, m);
	return list->err;
}

/* All devices through the object that the first of them names. */
int cure_one_iommufd(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding UNUSED)
{
	struct iof_fix *fix = fix_new(list, "All devices use one iommufd object.");
	const char *object = NULL;

	for (size_t i = 0; i < m->n_cold; i++) {
		const struct machine_device *device = &m->devices[i];
		const struct machine_value *value = &device->value[PROPERTY_IOMMUFD];

		if (device->kind != DRIVER_VFIO_PCI || !value->pair)
			continue;
		if (!object)
			object = value->text;
		else if (!str_eq(object, value->text))
			fix_set(list, fix, device->option_index, "iommufd", object,
				fix_target(list, device, "iommufd"));
	}
	return list->err;
}

/* All devices with iommufd, by the object that is there; else all without. */
int cure_one_backend(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	struct iof_fix *fix = fix_new(list, "All devices use the iommufd backend.");
	const char *object = iommufd_object(m);

	for (size_t i = 0; i < m->n_cold && object; i++) {
		const struct machine_device *device = &m->devices[i];

		if (device->kind == DRIVER_VFIO_PCI && device->backend == BACKEND_LEGACY)
			fix_set(list, fix, device->option_index, "iommufd", object,
				fix_target(list, device, "iommufd"));
	}
	return list->err ? list->err : cure_legacy(list, m, finding);
}

int cure_object_absent(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	const struct property_def *property = finding->problem->property;
	struct iof_fix *fix;
	size_t option = problem_option(finding);
	size_t before = option < m->vm->n_options ? option : m->vm->n_options;

	if (property && property->id != PROPERTY_IOMMUFD) {
		fix_unset(list, fix_new(list, "The device goes without it."), option,
			  property->name, fix_target(list, finding->device, property->name));
		return list->err;
	}
	fix = fix_new(list, "The object that the device names is made.");
	fix_add(list, fix, "object",
		arena_printf(list->arena, "iommufd,id=%s", finding->problem->value), before);
	return list->err;
}

int cure_device_id(struct fix_list *list, const struct iof_machine *m UNUSED,
		   const struct iof_finding *finding)
{
	if (problem_option(finding) != SIZE_MAX)
		fix_unset(list, fix_new(list, "The device has no id."), problem_option(finding),
			  "id", fix_target(list, finding->device, "id"));
	return list->err;
}

/* The alias of the same family: the newest type that this binary has. */
int cure_machine_type(struct fix_list *list, const struct iof_machine *m UNUSED,
		      const struct iof_finding *finding)
{
	static const struct {
		const char *prefix, *alias;
	} aliases[] = {{"pc-q35", "q35"}, {"q35", "q35"}, {"pc", "pc"}, {"virt", "virt"}};
	const char *name = finding->problem->value;

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (str_starts(name, aliases[i].prefix)) {
			struct iof_fix *fix = fix_new(
				list, "The VM gets this QEMU's newest machine type of that kind; "
				      "a guest may see changed hardware.");

			fix_set(list, fix, problem_option(finding), "type", aliases[i].alias,
				"machine.type");
			break;
		}
	}
	return list->err;
}

int cure_machine_iommu(struct fix_list *list, const struct iof_machine *m UNUSED,
		       const struct iof_finding *finding)
{
	fix_set(list, fix_new(list, "The board makes an SMMUv3."), problem_option(finding), "iommu",
		"smmuv3", "machine.iommu");
	fix_unset(list, fix_new(list, "The board makes no IOMMU."), problem_option(finding),
		  "iommu", "machine.iommu");
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

int cure_cpu_bits(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	size_t option = problem_option(finding);
	bool is_global = m->vm->options[option].kind == OPTION_GLOBAL;
	struct iof_fix *fix =
		fix_new(list, "The guest's CPU gets the nearest width that QEMU takes.");

	fix_set(list, fix, option, is_global ? "value" : finding->problem->pair->key,
		finding->operand[0].number < 32 ? "32" : "52", "cpu.phys-bits");
	return list->err;
}

int cure_kvm_bits(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding UNUSED)
{
	struct iof_fix *fix = fix_new(list, "The guest's CPU gets the most bits that there are.");

	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];

		if (option->kind == OPTION_CPU && option_pair(option, "phys-bits"))
			fix_set(list, fix, i, "phys-bits", "52", "cpu.phys-bits");
	}
	return list->err;
}

int cure_cpu_option(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	size_t option = problem_option(finding);

	if (option == SIZE_MAX || !finding->problem->pair)
		return list->err;
	if (m->vm->options[option].kind == OPTION_CPU)
		fix_unset(list, fix_new(list, "The guest's CPU has its usual width."), option,
			  finding->problem->pair->key,
			  arena_printf(list->arena, "cpu.%s", finding->problem->value));
	else
		fix_remove(list, fix_new(list, "The guest's CPU has its usual width."), option,
			   finding->problem->value);
	return list->err;
}

int cure_ram_backing(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	struct iof_fix *fix =
		fix_new(list, "The VM's RAM uses ordinary pages, which costs some speed.");
	size_t option = problem_option(finding);

	fix_unset(list, fix, option, "hugetlb", "object.hugetlb");
	if (option_pair(&m->vm->options[option], "hugetlbsize"))
		fix_unset(list, fix, option, "hugetlbsize", "object.hugetlbsize");
	return list->err;
}

int cure_driver(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding)
{
	struct iof_fix *fix;

	(void)m;
	if (problem_option(finding) == SIZE_MAX)
		return 0;
	fix = fix_new(list, "The device is left out.");
	fix_remove(list, fix, problem_option(finding), finding->problem->value);
	return list->err;
}

int cure_bus(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	size_t option = problem_option(finding);
	struct iof_fix *fix;

	if (finding->device && finding->device->kind == DRIVER_SMMUV3)
		return cure_smmu_bus(list, m, finding);
	if (option == SIZE_MAX) {
		fix = fix_new(list, "The VM gets a root port of that name.");
		fix_add(list, fix, "device",
			arena_printf(list->arena, "pcie-root-port,id=%s,chassis=1",
				     finding->problem->value),
			m->vm->n_options);
		return list->err;
	}
	fix = fix_new(list, "The device goes to the machine's first bus.");
	/* without bus= QEMU would choose the expander again */
	if (finding->device && finding->device->bus && finding->device->bus->bridge &&
	    finding->device->bus->bridge->kind == DRIVER_PXB && m->buses) {
		fix_set(list, fix, option, "bus", m->buses->name,
			fix_target(list, finding->device, "bus"));
		return list->err;
	}
	fix_unset(list, fix, option, "bus", fix_target(list, finding->device, "bus"));
	return list->err;
}

/* As many bits as the map needs. */
int cure_phys_bits(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	uint64_t highest = finding->operand[1].number;
	unsigned bits = 0;
	struct iof_fix *fix;

	if (m->type.family == MACHINE_VIRT) /* an Arm model's width is fixed */
		return list->err;
	while (highest >> bits && bits < 52)
		bits++;
	for (size_t i = m->vm->n_options; i-- > 0;) {
		if (m->vm->options[i].kind != OPTION_CPU)
			continue;
		fix = fix_new(
			list,
			"The guest's CPU is wider; the host's must be, too, where KVM is used.");
		fix_set(list, fix, i, "phys-bits", arena_printf(list->arena, "%u", bits),
			"cpu.phys-bits");
		return list->err;
	}
	return list->err;
}

int cure_memory_address(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding)
{
	size_t option = problem_option(finding);

	(void)m;
	if (option != SIZE_MAX && finding->problem->pair)
		fix_unset(list, fix_new(list, "QEMU picks an address in the area."), option,
			  finding->problem->value,
			  fix_target(list, finding->device, finding->problem->value));
	return list->err;
}

uint64_t free_chassis(const struct iof_machine *m)
{
	uint64_t highest = 0, number;

	for (size_t i = 0; i < m->vm->n_options; i++) {
		const char *chassis = option_value(&m->vm->options[i], "chassis");

		if (chassis && parse_u64(chassis, 0, UINT8_MAX - 1, &number) == 0 &&
		    number > highest)
			highest = number;
	}
	return highest + 1;
}

int cure_chassis(struct fix_list *list, const struct iof_machine *m,
		 const struct iof_finding *finding)
{
	size_t option = problem_option(finding);

	if (option == SIZE_MAX)
		return 0;
	fix_set(list, fix_new(list, "The port gets a chassis number of its own."), option,
		"chassis", arena_printf(list->arena, "%" PRIu64, free_chassis(m)),
		fix_target(list, finding->device, "chassis"));
	return list->err;
}

int cure_virtio_modern(struct fix_list *list, const struct iof_machine *m UNUSED,
		       const struct iof_finding *finding)
{
	size_t option = problem_option(finding);

	if (option == SIZE_MAX)
		return 0;
	fix_set(list, fix_new(list, "The device has no form for guests older than virtio 1.0."),
		option, "disable-legacy", "on",
		fix_target(list, finding->device, "disable-legacy"));
	return list->err;
}

int cure_slot(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	size_t option = problem_option(finding);

	if (option != SIZE_MAX && finding->problem->pair)
		fix_unset(list, fix_new(list, "QEMU picks a free slot."), option, "addr",
			  fix_target(list, finding->device, "addr"));
	else if (option != SIZE_MAX && option_pair(&m->vm->options[option], "bus"))
		fix_unset(list, fix_new(list, "The device goes to the machine's first bus."),
			  option, "bus", fix_target(list, finding->device, "bus"));
	return list->err;
}

int cure_hotplug_slot(struct fix_list *list, const struct iof_machine *m UNUSED,
		      const struct iof_finding *finding)
{
	const struct machine_bus *bus = finding->device->bus;
	size_t option = problem_option(finding);
	unsigned slot = 1;

	while (slot < bus->n_slots && bus->occupant[slot << 3])
		slot++;
	if (option != SIZE_MAX && slot < bus->n_slots)
		fix_set(list, fix_new(list, "The device gets a slot of its own."), option, "addr",
			arena_printf(list->arena, "%x", slot),
			fix_target(list, finding->device, "addr"));
	return list->err;
}

int cure_duplicate_id(struct fix_list *list, const struct iof_machine *m UNUSED,
		      const struct iof_finding *finding)
{
	size_t option = problem_option(finding);
	struct iof_fix *fix;

	if (option == SIZE_MAX)
		return 0;
	fix = fix_new(list, "The second device gets an id of its own.");
	fix_set(list, fix, option, "id", arena_printf(list->arena, "%s-2", finding->problem->value),
		fix_target(list, finding->device, "id"));
	return list->err;
}

/* The property's id by any name that any version has for it. */
static enum property_id property_by_any_name(const struct driver_def *driver, const char *name)
{
	for (size_t i = 0; i < driver->n_properties; i++) {
		if (str_eq(driver->properties[i].name, name))
			return driver->properties[i].id;
	}
	return PROPERTY_NONE;
}

/* x-pasid-mode=on (up to 11.0: 8 bits) and pasid-bits (11.1) say the same thing in different types.
 */
static enum property_id kindred(enum property_id id)
{
	return id == PROPERTY_PASID_BITS   ? PROPERTY_PASID_MODE
	       : id == PROPERTY_PASID_MODE ? PROPERTY_PASID_BITS
					   : id;
}

static const char *kindred_value(enum property_id id, const char *value)
{
	if (id == PROPERTY_PASID_MODE)
		return str_eq(value, "off") ? "0" : "8";
	return str_eq(value, "0") ? "off" : "on";
}

/* A -global that is at fault goes as a whole. */
static bool remove_global(struct fix_list *list, const struct iof_machine *m,
			  const struct iof_finding *finding)
{
	size_t option = problem_option(finding);

	if (option == SIZE_MAX || m->vm->options[option].kind != OPTION_GLOBAL)
		return false;
	fix_remove(list, fix_new(list, "The property has its default."), option,
		   fix_target(list, finding->device, finding->problem->value));
	return true;
}

int cure_property(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	const char *name = finding->problem->value;
	size_t option = problem_option(finding);
	const struct property_def *now;
	enum property_id id;
	struct iof_fix *fix;

	if (device && remove_global(list, m, finding))
		return list->err;
	if (option == SIZE_MAX || !device || !device->def ||
	    m->vm->options[option].kind != OPTION_DEVICE)
		return 0;
	id = property_by_any_name(device->def, name);
	now = id ? driver_property_by_id(device->def, id, m->version) : NULL;
	if (id && !now && kindred(id) != id)
		now = driver_property_by_id(device->def, kindred(id), m->version);
	if (now && finding->problem->pair) {
		const char *value = finding->problem->pair->value;

		fix = fix_new(
			list,
			"The property is written under the name that this version has for it.");
		fix_unset(list, fix, option, name, fix_target(list, device, name));
		fix_set(list, fix, option, now->name,
			now->id == id ? value : kindred_value(id, value),
			fix_target(list, device, now->name));
	}
	fix = fix_new(list, "The property is left out: this version cannot do what it asks for.");
	fix_unset(list, fix, option, name, fix_target(list, device, name));
	return list->err;
}

int cure_value(struct fix_list *list, const struct iof_machine *m,
	       const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	size_t option = problem_option(finding);
	struct iof_fix *fix;

	if (option == SIZE_MAX || !device || !finding->problem->pair ||
	    remove_global(list, m, finding))
		return list->err;
	if (m->vm->options[option].kind != OPTION_DEVICE)
		return 0;
	fix = fix_new(list, "The property is left out and has its default.");
	fix_unset(list, fix, option, finding->problem->pair->key,
		  fix_target(list, device, finding->problem->pair->key));
	return list->err;
}

/* All remarks of the kind at once: the finding is gone only when none is left. */
int cure_remark(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding)
{
	const struct remark *about = finding->problem ? finding->problem->remark : NULL;
	struct iof_fix *fix = NULL;

	for (size_t i = 0; about && i < m->vm->n_remarks; i++) {
		const struct remark *remark = &m->vm->remarks[i];

		if (remark->kind != about->kind || !remark->has_cure)
			continue;
		if (!fix)
			fix = fix_new(list, NULL);
		if (remark->target)
			fix_remark(list, fix, i, remark->target, remark->to);
		else
			fix_remark(list, fix, i, remark->text, remark->detail);
	}
	return 0;
}
