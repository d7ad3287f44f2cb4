/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cures that change an SMMUv3 or what stands behind it. */
#include <inttypes.h>

#include "fit/cures.h"
#include "vmm/smmuv3_host.h"

/* What accel=on is needed for. */
static const enum property_id accel_only[] = {PROPERTY_ACCEL, PROPERTY_RIL,	 PROPERTY_ATS,
					      PROPERTY_OAS,   PROPERTY_SSIDSIZE, PROPERTY_CMDQV};

static const struct machine_device *finding_smmu(const struct iof_machine *m,
						 const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;

	if (device && device->kind == DRIVER_SMMUV3)
		return device;
	if (device && device->viommu && device->viommu->kind == DRIVER_SMMUV3)
		return device->viommu;
	for (size_t i = 0; !device && i < m->n_cold; i++) {
		if (smmuv3_is_accelerated(&m->devices[i]) && !smmu_first_device(m, &m->devices[i]))
			return &m->devices[i];
	}
	return NULL;
}

/* The option that says -global arm-smmuv3.NAME; SIZE_MAX: none does. */
static size_t global_of(const struct iof_machine *m, const struct machine_value *value)
{
	for (size_t i = 0; value->by == IOF_DECIDER_GLOBAL && i < m->vm->n_options; i++) {
		if (m->vm->options[i].kind == OPTION_GLOBAL &&
		    option_pair(&m->vm->options[i], "value") == value->pair)
			return i;
	}
	return SIZE_MAX;
}

/* NULL: the property gets its default. */
static void set_property(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m,
			 const struct machine_device *smmu, enum property_id id, const char *value)
{
	const struct machine_value *now = &smmu->value[id];
	size_t global = global_of(m, now);
	const char *target = now->def ? fix_target(list, smmu, now->def->name) : NULL;

	if (!now->def || (!value && !now->pair))
		return;
	if (global != SIZE_MAX && value)
		fix_set(list, fix, global, "value", value, target);
	else if (global != SIZE_MAX)
		fix_remove(list, fix, global, target);
	else if (value && !smmu->is_boards)
		fix_set(list, fix, smmu->option_index, now->def->name, value, target);
	else if (!smmu->is_boards)
		fix_unset(list, fix, smmu->option_index, now->pair->key, target);
}

static int one(struct fix_list *list, const struct iof_machine *m,
	       const struct iof_finding *finding, enum property_id id, const char *value,
	       const char *consequence)
{
	const struct machine_device *smmu = finding_smmu(m, finding);

	if (smmu)
		set_property(list, fix_new(list, consequence), m, smmu, id, value);
	return list->err;
}

static void remove_smmu(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m,
			const struct machine_device *smmu)
{
	for (size_t i = 0; i < ARRAY_SIZE(accel_only); i++) {
		size_t global = global_of(m, &smmu->value[accel_only[i]]);

		if (global != SIZE_MAX)
			fix_remove(list, fix, global, smmu->driver);
	}
	if (smmu->is_boards)
		fix_unset(list, fix, smmu->option_index, "iommu", "machine.iommu");
	else
		fix_remove(list, fix, smmu->option_index, smmu->driver);
}

/* A virtio-iommu takes assigned devices; it must come before them. */
static void use_virtio(struct fix_list *list, const struct iof_machine *m)
{
	struct iof_fix *fix = fix_new(list, "The guest sees a virtio-iommu instead of an SMMU "
					    "(Linux has the driver).");
	size_t first = m->vm->n_options;

	for (size_t i = m->n_cold; i-- > 0;) {
		const struct machine_device *device = &m->devices[i];

		if (device->kind == DRIVER_SMMUV3)
			remove_smmu(list, fix, m, device);
		if (device->bus && device->option_index < first)
			first = device->option_index;
	}
	fix_add(list, fix, "device", "virtio-iommu-pci,bus=pcie.0", first);
}

static void use_none(struct fix_list *list, const struct iof_machine *m,
		     const struct machine_device *smmu)
{
	if (smmu)
		remove_smmu(list, fix_new(list, "The guest has no IOMMU for these devices."), m,
			    smmu);
}

/* A number for an expander bus and the port on it: two below the lowest one, as libvirt does it. 0:
 * there is no room. */
static unsigned free_bus_number(const struct iof_machine *m)
{
	unsigned lowest = 130, n = 0;

	for (const struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		n++;
		if (bus->bridge && bus->bridge->kind == DRIVER_PXB && bus->number < lowest)
			lowest = bus->number;
	}
	return lowest > n + 2 ? lowest - 2 : 0;
}

/* "pxb0", or the first such name that no bus has, nor its port. */
static const char *free_root_name(struct arena *arena, const struct iof_machine *m)
{
	for (unsigned i = 0;; i++) {
		const char *name = arena_printf(arena, "pxb%u", i);
		const char *port = arena_printf(arena, "pxb%u-port", i);

		if (!name || !port || (!topology_find(m, name) && !topology_find(m, port)))
			return port ? name : NULL;
	}
}

/* A pxb-pcie asks pcie.0 for no SMMU that is for pcie.0 only. smmu: one of its own, NULL. */
static bool add_root(struct fix_list *list, const struct iof_machine *m,
		     const struct machine_device *device, const char *smmu, const char *consequence)
{
	const char *name = free_root_name(list->arena, m);
	unsigned number = free_bus_number(m);
	size_t at = device->option_index;
	struct iof_fix *fix;

	if (at == SIZE_MAX || !number || !name)
		return false;
	fix = fix_new(list, consequence);
	fix_set(list, fix, at, "bus", arena_printf(list->arena, "%s-port", name),
		fix_target(list, device, "bus"));
	if (option_pair(device->option, "addr"))
		fix_unset(list, fix, at, "addr", fix_target(list, device, "addr"));
	fix_add(list, fix, "device",
		arena_printf(list->arena, "pxb-pcie,id=%s,bus_nr=%u,bus=pcie.0", name, number), at);
	if (smmu)
		fix_add(list, fix, "device",
			arena_printf(list->arena, "arm-smmuv3,primary-bus=%s,%s", name, smmu), at);
	fix_add(list, fix, "device",
		arena_printf(list->arena, "pcie-root-port,id=%s-port,bus=%s,chassis=%" PRIu64, name,
			     name, free_chassis(m)),
		at);
	return true;
}

static const struct iommu_unit *unit_of(const struct machine_device *device)
{
	return device && device->host ? device->host->unit : NULL;
}

/* Behind another unit of the host than the first device, whose values are no good for this one. */
static void use_own_smmu(struct fix_list *list, const struct iof_machine *m,
			 const struct machine_device *device)
{
	const struct machine_device *first = device && smmuv3_is_accelerated(device->viommu)
						     ? smmu_first_device(m, device->viommu)
						     : NULL;

	if (first && unit_of(first) && unit_of(device) && unit_of(first) != unit_of(device))
		add_root(list, m, device, "accel=on",
			 "The device stands behind a root bus and an SMMU of its own.");
}

int cure_smmu_notifier(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	use_own_smmu(list, m, finding->device);
	use_none(list, m, finding_smmu(m, finding));
	use_virtio(list, m);
	return list->err;
}

/* Before all that could stand behind it. */
static void accelerate_board(struct fix_list *list, struct iof_fix *fix,
			     const struct iof_machine *m, const struct machine_device *smmu)
{
	size_t first = m->vm->n_options;

	remove_smmu(list, fix, m, smmu);
	for (size_t i = m->vm->n_options; i-- > 0;)
		first = m->vm->options[i].kind == OPTION_DEVICE ? i : first;
	fix_add(list, fix, "device", "arm-smmuv3,primary-bus=pcie.0,accel=on", first);
}

/* An emulated SMMU that a device stands behind. */
int cure_smmu_accelerate(struct fix_list *list, const struct iof_machine *m,
			 const struct iof_finding *finding)
{
	const struct machine_device *smmu = finding_smmu(m, finding);
	struct iof_fix *fix = NULL;

	if (smmu && m->version >= V11_0)
		fix = fix_new(list, "The host's SMMU walks the guest's tables.");
	if (fix && smmu->is_boards)
		accelerate_board(list, fix, m, smmu);
	else if (fix)
		set_property(list, fix, m, smmu, PROPERTY_ACCEL, "on");
	if (fix)
		use_iommufd(list, fix, m);
	return cure_smmu_notifier(list, m, finding);
}

int cure_board_smmu(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	size_t machine = SIZE_MAX;
	struct iof_fix *fix;

	machine_option(m, "type", &machine);
	if (machine != SIZE_MAX && !smmuv3_is_on_board(m)) {
		fix = fix_new(list, "The board makes the SMMU, for all buses.");
		fix_remove(list, fix, finding->device->option_index, finding->device->driver);
		fix_set(list, fix, machine, "iommu", "smmuv3", "machine.iommu");
	}
	fix = fix_new(list, "The guest has no IOMMU.");
	fix_remove(list, fix, finding->device->option_index, finding->device->driver);
	return list->err;
}

/* accel=off, and with it all that needs it. */
static void make_plain(struct fix_list *list, const struct iof_machine *m,
		       const struct machine_device *smmu, const char *consequence)
{
	struct iof_fix *fix = fix_new(list, consequence);

	for (size_t i = 0; i < ARRAY_SIZE(accel_only); i++)
		set_property(list, fix, m, smmu, accel_only[i], NULL);
}

int cure_smmu_plain(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	make_plain(list, m, finding_smmu(m, finding), "QEMU emulates the SMMU, with its defaults.");
	return list->err;
}

int cure_smmu_kvm(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	struct iof_fix *fix = fix_new(list, "The VM runs with KVM.");
	bool has_cpu = false;

	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];

		if (option->kind == OPTION_ACCEL)
			fix_set(list, fix, i, "accel", "kvm", "accel");
		else if (option->kind == OPTION_MACHINE && option_pair(option, "accel"))
			fix_set(list, fix, i, "accel", "kvm", "machine.accel");
		if (option->kind == OPTION_CPU) {
			fix_set(list, fix, i, "model", "host", "cpu");
			has_cpu = true;
		}
	}
	if (fix && !fix->n_edits)
		fix_add(list, fix, "accel", "kvm", m->vm->n_options);
	if (!has_cpu)
		fix_add(list, fix, "cpu", "host", m->vm->n_options);
	make_plain(list, m, finding_smmu(m, finding), "QEMU emulates the SMMU, with its defaults.");
	return cure_smmu_notifier(list, m, finding);
}

int cure_smmu_auto(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	const struct machine_device *smmu = finding_smmu(m, finding);
	struct iof_fix *fix = fix_new(list, "The properties have their defaults.");

	for (size_t i = 0; smmu && i < ARRAY_SIZE(accel_only); i++) {
		if (smmu_is_auto(smmu, accel_only[i]))
			set_property(list, fix, m, smmu, accel_only[i], NULL);
	}
	return list->err;
}

int cure_smmu_oas(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	one(list, m, finding, PROPERTY_OAS, NULL, "oas has its default.");
	return one(list, m, finding, PROPERTY_OAS, "44",
		   "The guest's output addresses have 44 bits.");
}

int cure_smmu_stage(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	const struct machine_device *smmu = finding_smmu(m, finding);

	one(list, m, finding, PROPERTY_STAGE, "1", "The guest's SMMU has stage 1.");
	make_plain(list, m, smmu, "QEMU emulates the SMMU.");
	return cure_smmu_notifier(list, m, finding);
}

/* The first root bus that has no SMMU. */
static const char *free_bus(const struct iof_machine *m)
{
	for (const struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		bool is_taken = bus->parent || bus->is_conventional || bus->is_cxl || !bus->name;

		for (size_t i = 0; !is_taken && i < m->n_devices; i++)
			is_taken =
				m->devices[i].kind == DRIVER_SMMUV3 && m->devices[i].primary == bus;
		if (!is_taken)
			return bus->name;
	}
	return NULL;
}

int cure_smmu_bus(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	const char *bus = free_bus(m);

	if (bus)
		one(list, m, finding, PROPERTY_PRIMARY_BUS, bus,
		    "The SMMU is for a root bus that has none.");
	return cure_remove_viommu(list, m, finding);
}

int cure_smmu_bypass(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	const struct machine_bus *bus = finding_smmu(m, finding)->primary;
	struct iof_fix *fix = fix_new(list, "The SMMU translates the bus.");

	if (bus->bridge)
		fix_unset(list, fix, bus->bridge->option_index, "bypass_iommu",
			  fix_target(list, bus->bridge, "bypass_iommu"));
	for (size_t i = 0; !bus->bridge && i < m->vm->n_options; i++) {
		static const char *const keys[] = {"default-bus-bypass-iommu",
						   "default_bus_bypass_iommu"};

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			if (m->vm->options[i].kind == OPTION_MACHINE &&
			    option_pair(&m->vm->options[i], keys[k]))
				fix_unset(list, fix, i, keys[k],
					  "machine.default-bus-bypass-iommu");
		}
	}
	use_none(list, m, finding_smmu(m, finding));
	return list->err;
}

#define FIRMWARE "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"

int cure_smmu_acpi(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	struct iof_fix *fix = fix_new(list, "The guest boots with UEFI firmware, which tells it of "
					    "the SMMU.");

	for (size_t i = 0; i < m->vm->n_options; i++) {
		if (m->vm->options[i].kind == OPTION_MACHINE &&
		    option_pair(&m->vm->options[i], "acpi"))
			fix_unset(list, fix, i, "acpi", "machine.acpi");
	}
	if (!m->vm->has_firmware)
		fix_add(list, fix, "bios", FIRMWARE, m->vm->n_options);
	return cure_smmu_notifier(list, m, finding);
}

/* All devices, so that they share one IOAS. */
int cure_smmu_iommufd(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	use_iommufd(list, fix_new(list, "Devices are assigned through iommufd."), m);
	return cure_smmu_notifier(list, m, finding);
}

int cure_smmu_emulated(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;

	add_root(list, m, device, NULL,
		 "The device stands behind a root bus of its own, without an SMMU.");
	make_plain(list, m, device->viommu, "QEMU emulates the SMMU.");
	use_none(list, m, device->viommu);
	return list->err;
}

/* Without the default cards, or behind the SMMU, where QEMU says what it does not take. */
int cure_smmu_before(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding UNUSED)
{
	struct iof_fix *fix;

	if (!m->nodefaults) {
		fix = fix_new(list, "The VM has no devices but those that its config names.");
		fix_add(list, fix, "nodefaults", NULL, 0);
	}
	for (size_t i = 0; i < m->n_cold; i++) {
		const struct machine_device *device = &m->devices[i];
		const struct machine_device *smmu = device->late_viommu;

		if (device->kind != DRIVER_OTHER || !smmuv3_is_accelerated(smmu) ||
		    smmu->option_index == SIZE_MAX)
			continue;
		if (!add_root(list, m, device, NULL,
			      "The device stands behind a root bus of its own, without an SMMU."))
			continue;
		use_none(list, m, smmu);
		break;
	}
	return list->err;
}

int cure_smmu_ssidsize(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	one(list, m, finding, PROPERTY_SSIDSIZE,
	    arena_printf(list->arena, "%u", (unsigned)finding->operand[1].number),
	    "The guest has as many PASID bits as the host.");
	one(list, m, finding, PROPERTY_SSIDSIZE, "0", "The guest has no PASIDs.");
	return cure_smmu_notifier(list, m, finding);
}

int cure_smmu_ril(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	one(list, m, finding, PROPERTY_RIL, "off",
	    "The guest invalidates page by page, which takes longer.");
	return cure_smmu_notifier(list, m, finding);
}

int cure_smmu_host_oas(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	one(list, m, finding, PROPERTY_OAS, NULL,
	    "The guest has the width of the first device, before virt-11.1 44 bits.");
	if (finding->operand[1].number >= 48)
		one(list, m, finding, PROPERTY_OAS, "48",
		    "The guest's output addresses have 48 bits.");
	if (finding->operand[1].number >= 44)
		one(list, m, finding, PROPERTY_OAS, "44",
		    "The guest's output addresses have 44 bits.");
	return cure_smmu_notifier(list, m, finding);
}

int cure_smmu_ats(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	one(list, m, finding, PROPERTY_ATS, "off",
	    "The guest's devices do not cache translations.");
	return cure_smmu_notifier(list, m, finding);
}

int cure_smmu_cmdqv(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	one(list, m, finding, PROPERTY_CMDQV, NULL,
	    "The guest's commands go through QEMU, if the host has no queues for them.");
	return cure_smmu_notifier(list, m, finding);
}

/* Pinned to what an emulated SMMU has, which every host can give. */
int cure_smmu_undecided(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding)
{
	static const struct {
		enum property_id id;
		const char *value;
	} pins[] = {{PROPERTY_ATS, "off"},
		    {PROPERTY_RIL, "on"},
		    {PROPERTY_SSIDSIZE, "0"},
		    {PROPERTY_OAS, "44"}};
	const struct machine_device *smmu = finding_smmu(m, finding);
	struct iof_fix *fix = fix_new(list, "Nothing is left to the host of the first device; one "
					    "that lacks any of it is refused.");

	for (size_t i = 0; smmu && i < ARRAY_SIZE(pins); i++) {
		if (smmu_is_auto(smmu, pins[i].id))
			set_property(list, fix, m, smmu, pins[i].id, pins[i].value);
	}
	if (smmu)
		make_plain(list, m, smmu, "QEMU emulates the SMMU.");
	use_none(list, m, smmu);
	return list->err;
}
