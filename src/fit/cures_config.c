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
	for (size_t i = m->n_cold; i < m->n_devices; i++) {
		if (option_pair(m->devices[i].option, "iommufd"))
			fix_device_unset(list, fix, m, &m->devices[i], "iommufd");
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

	for (size_t i = 0; i < m->n_devices && object; i++) {
		const struct machine_device *device = &m->devices[i];

		if (device->kind == DRIVER_VFIO_PCI && device->backend == BACKEND_LEGACY)
			fix_device_set(list, fix, m, device, "iommufd", object);
	}
	return list->err ? list->err : cure_legacy(list, m, finding);
}

int cure_object_absent(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	const struct property_def *property = finding->problem->property;
	struct iof_fix *fix;
	const char *id;
	size_t option = problem_option(finding);
	size_t before = option < m->vm->n_options ? option : m->vm->n_options;

	if (property && property->id != PROPERTY_IOMMUFD) {
		fix_unset(list, fix_new(list, "The device goes without it."), option,
			  property->name, fix_target(list, finding->device, property->name));
		return list->err;
	}
	fix = fix_new(list, "The object that the device names is made.");
	id = unused_id(list, m, finding->problem->value);
	fix_add(list, fix, "object", arena_printf(list->arena, "iommufd,id=%s", id), before);
	if (finding->device && id && !str_eq(id, finding->problem->value))
		fix_device_set(list, fix, m, finding->device, "iommufd", id);
	return list->err;
}

int cure_device_id(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	if (finding->device)
		fix_device_unset(list, fix_new(list, "The device has no id."), m, finding->device,
				 "id");
	return list->err;
}

int cure_duplicate_id(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	const char *id = unused_id(list, m, finding->problem->value);

	if (finding->device)
		fix_device_set(list, fix_new(list, "The second device gets an id of its own."), m,
			       finding->device, "id", id);
	return list->err;
}

/* Without anything that says what it is, nothing is lost with it. */
int cure_driver_missing(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;

	if (!device)
		return list->err;
	if (option_pair(device->option, "host") || option_pair(device->option, "sysfsdev"))
		fix_device_set(list, fix_new(list, "The device is an assigned PCI device."), m,
			       device, "driver", "vfio-pci");
	else if (!device->is_plugged && !device->option->n_pairs)
		fix_remove(list, fix_new(list, "What says nothing is left out."),
			   device->option_index, "device");
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
	const char *nearest = driver_nearest(finding->problem->value);

	if (nearest && finding->device)
		fix_device_set(list,
			       fix_new(list, "The device is of the model whose name is nearest."),
			       m, finding->device, "driver", nearest);
	if (problem_option(finding) != SIZE_MAX)
		fix_remove(list, fix_new(list, "The device is left out."), problem_option(finding),
			   finding->problem->value);
	return list->err;
}

static bool is_below_expander(const struct machine_device *device)
{
	return device->bus && device->bus->bridge && device->bus->bridge->kind == DRIVER_PXB;
}

/* An expander of the other kind of bus; one that takes bridges only, on a board of that kind. */
static int cure_expander(struct fix_list *list, const struct iof_machine *m,
			 const struct iof_finding *finding)
{
	if (!str_eq(finding->device->driver, "pxb"))
		return cure_use_q35(list, m, finding);
	fix_device_set(list, fix_new(list, "The expander makes a PCIe bus."), m, finding->device,
		       "driver", "pxb-pcie");
	return list->err;
}

int cure_bus(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	size_t option = problem_option(finding);
	struct iof_fix *fix;

	if (finding->device && finding->device->kind == DRIVER_SMMUV3)
		return cure_smmu_bus(list, m, finding);
	if (finding->device && finding->device->kind == DRIVER_PXB &&
	    finding->problem->kind == PROBLEM_NOT_ON_THIS_BUS &&
	    !is_below_expander(finding->device))
		return cure_expander(list, m, finding);
	if (finding->device && finding->device->is_plugged)
		cure_hotplug_bus(list, m, finding);
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
	if (finding->device && is_below_expander(finding->device) && m->buses) {
		fix_set(list, fix, option, "bus", m->buses->name,
			fix_target(list, finding->device, "bus"));
		return list->err;
	}
	fix_unset(list, fix, option, "bus", fix_target(list, finding->device, "bus"));
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

	if (option == SIZE_MAX)
		return cure_hotplug_bus(list, m, finding);
	if (finding->problem->pair)
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

/* Whether the device itself says it: in the config, or as it is to be plugged. */
static bool is_said_by_device(const struct iof_machine *m, const struct iof_finding *finding)
{
	size_t option = problem_option(finding);

	return option == SIZE_MAX ? finding->device->is_plugged
				  : m->vm->options[option].kind == OPTION_DEVICE;
}

/* What the manager says of itself cannot be unsaid: libvirt's pci-id= of amd-iommu, which QEMU has
 * since 10.1. */
static int cure_managers_property(struct fix_list *list, const struct iof_machine *m,
				  const struct iof_finding *finding)
{
	if (!m->vm->config || (finding->device->kind != DRIVER_AMD_IOMMU &&
			       finding->device->kind != DRIVER_VIRTIO_IOMMU))
		return list->err;
	return cure_other_viommu(list, m, finding);
}

int cure_property(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	const char *name = finding->problem->value;
	const struct property_def *now;
	enum property_id id;
	struct iof_fix *fix;

	if (!device || remove_global(list, m, finding))
		return list->err;
	if (!device->def || !is_said_by_device(m, finding))
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
		fix_device_unset(list, fix, m, device, name);
		fix_device_set(list, fix, m, device, now->name,
			       now->id == id ? value : kindred_value(id, value));
	}
	fix = fix_new(list, "The property is left out: this version cannot do what it asks for.");
	fix_device_unset(list, fix, m, device, name);
	return cure_managers_property(list, m, finding);
}

int cure_value(struct fix_list *list, const struct iof_machine *m,
	       const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;

	if (!device || !finding->problem->pair || remove_global(list, m, finding) ||
	    !is_said_by_device(m, finding))
		return list->err;
	fix_device_unset(list, fix_new(list, "The property is left out and has its default."), m,
			 device, finding->problem->pair->key);
	return cure_managers_property(list, m, finding);
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
