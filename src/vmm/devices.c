/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices of a VM: in the order in which QEMU makes them, each with every property resolved,
 * and with the first thing that QEMU refuses about it (system/qdev-monitor.c
 * qdev_device_add_from_qdict: driver, bus, id, properties).
 */
#include <ctype.h>
#include <errno.h>

#include "vmm/machine.h"

void device_problem(struct machine_device *device, enum problem_kind kind, const struct pair *pair,
		    const char *value, struct message message)
{
	if (device->problem.kind == PROBLEM_NONE)
		device->problem = (struct problem){.kind = kind,
						   .message = message,
						   .option = device->option_index,
						   .pair = pair,
						   .value = value};
}

/* Before 10.2 there is an arm-smmuv3, and only the board makes it. */
static bool is_board_model(const struct iof_machine *m, const struct machine_device *device)
{
	return device->kind == DRIVER_SMMUV3 && m->is_arm && m->version < V10_2;
}

/* A vendor's build may have models of its own. */
static bool is_absent(const struct iof_machine *m, const struct machine_device *device)
{
	const struct known_device *known = known_device(device->driver);

	return !m->version_is_vendor && !is_board_model(m, device) &&
	       (!known || !known_device_in(known, m->version, m->is_arm));
}

/* From here on a fixed model is refused after its bus was looked at, and in other words (seen: 7.2
 * and 10.0). */
#define FIXED_BY_BUS V10_0

/* Models that are there from the start or never. */
static bool is_fixed(const struct machine_device *device)
{
	bool is_board =
		device->def && (device->def->bus == BUS_SYSBUS ||
				device->kind == DRIVER_VIRTIO_IOMMU || device->kind == DRIVER_PXB);

	return device->is_plugged && (is_board || str_eq(device->driver, "vfio-pci-nohotplug"));
}

static void check_driver(struct iof_machine *m, struct machine_device *device)
{
	if (!device->driver[0]) {
		device_problem(device, PROBLEM_DRIVER_MISSING, NULL, "driver",
			       MESSAGE1("Parameter '{0}' is missing", "driver"));
	} else if (is_absent(m, device)) {
		device_problem(device, PROBLEM_DRIVER_ABSENT, option_pair(device->option, "driver"),
			       device->driver,
			       MESSAGE1("'{0}' is not a valid device model name", device->driver));
	} else if (is_board_model(m, device) && !device->is_boards) {
		device_problem(device, PROBLEM_BOARD_ONLY, option_pair(device->option, "driver"),
			       device->driver,
			       MESSAGE2("Parameter '{1}' expects a pluggable device type",
					device->driver, "driver"));
	} else if (is_fixed(device) && m->version < FIXED_BY_BUS) {
		device_problem(device, PROBLEM_NOT_HOTPLUGGABLE, NULL, device->driver,
			       MESSAGE2("Parameter '{1}' expects a pluggable device type",
					device->driver, "driver"));
	} else if (device->def && device->def->bus == BUS_SYSBUS &&
		   m->type.family != (m->is_arm ? MACHINE_VIRT : MACHINE_Q35)) {
		device_problem(device, PROBLEM_NOT_SYSBUS, option_pair(device->option, "driver"),
			       device->driver,
			       MESSAGE2("Parameter '{0}' expects a dynamic sysbus device type for "
					"the machine",
					"driver", device->driver));
	}
}

static bool is_on_pci(const struct machine_device *device)
{
	return device->def && device->def->bus == BUS_PCI;
}

/* A bridge without an id makes a bus whose name QEMU invents: then a bus that is not found may be
 * that one. */
static bool has_unnamed_bus(const struct iof_machine *m)
{
	for (const struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		if (!bus->name)
			return true;
	}
	return false;
}

static void find_bus(struct iof_machine *m, struct machine_device *device)
{
	const struct pair *pair = option_pair(device->option, "bus");

	if (device->problem.kind || !is_on_pci(device))
		return;
	device->bus = pair ? topology_find(m, pair->value) : topology_default(m);
	if (!device->bus && pair && !has_unnamed_bus(m) && !strchr(pair->value, '/')) {
		device_problem(device, PROBLEM_BUS_ABSENT, pair, pair->value,
			       MESSAGE1("Bus '{0}' not found", pair->value));
	} else if (!device->bus && !pair) {
		device_problem(device, PROBLEM_NO_PCI_BUS, NULL, device->driver,
			       MESSAGE1("No 'PCI' bus found for device '{0}'", device->driver));
	} else if (device->bus && device->is_plugged && !device->bus->is_hotpluggable &&
		   !is_fixed(device)) {
		device_problem(
			device, PROBLEM_BUS_NO_HOTPLUG, pair, device->bus->name,
			MESSAGE1("Bus '{0}' does not support hotplugging", device->bus->name));
	}
}

static void check_fixed(const struct iof_machine *m, struct machine_device *device)
{
	if (is_fixed(device) && m->version >= FIXED_BY_BUS)
		device_problem(
			device, PROBLEM_NOT_HOTPLUGGABLE, NULL, device->driver,
			MESSAGE1("Device '{0}' does not support hotplugging", device->driver));
}

/* qemu/id.c id_wellformed(). Written as key=value, QEMU looks at it while it reads the option. */
static bool is_identifier(const char *id)
{
	return isalpha((unsigned char)*id) &&
	       id[strspn(id,
			 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")] ==
		       '\0';
}

static void check_id(struct iof_machine *m, struct machine_device *device)
{
	const struct pair *id = option_pair(device->option, "id");

	if (id && id->json_type == 's' && m->version >= V11_1 && !is_identifier(id->value))
		device_problem(device, PROBLEM_ID, id, id->value,
			       MESSAGE1("Invalid qdev ID '{0}'", id->value));
	for (const struct machine_device *other = m->devices; device->id && other < device;
	     other++) {
		if (other->id && str_eq(other->id, device->id))
			device_problem(device, PROBLEM_DUPLICATE_ID,
				       option_pair(device->option, "id"), device->id,
				       MESSAGE1("Duplicate device ID '{0}'", device->id));
	}
}

static bool is_behind_bridge(const struct machine_bus *bus)
{
	for (; bus && bus->bridge; bus = bus->parent) {
		if (bus->is_conventional && bus->parent)
			return true;
	}
	return false;
}

static bool translates(const struct iof_machine *m, const struct machine_device *viommu,
		       const struct machine_device *device)
{
	return viommu->kind != DRIVER_SMMUV3 || smmuv3_covers(m, viommu, device->bus);
}

/* The vIOMMU is asked for when the device is realized: one that comes later on the command line
 * never is. Of several for one bus the last counts (pci_setup_iommu); x86 takes one only. */
static void find_viommu(const struct iof_machine *m, struct machine_device *device)
{
	if (!device->bus || device->bus->bypass_iommu)
		return;
	for (const struct machine_device *other = m->devices; other < m->devices + m->n_devices;
	     other++) {
		if (!is_viommu(other) || other == device || !translates(m, other, device))
			continue;
		if (other < device && (!device->viommu || m->is_arm))
			device->viommu = other;
		else if (other > device && !device->viommu && !device->late_viommu)
			device->late_viommu = other;
	}
}

#define PCI_DEVICES "/sys/bus/pci/devices/"

/* host=, sysfsdev=, fd=: the device of the host that is meant. */
int machine_find_host(struct iof_machine *m, struct machine_device *device)
{
	const struct machine_value *host = &device->value[PROPERTY_HOST];
	const struct machine_value *sysfs = &device->value[PROPERTY_SYSFSDEV];
	struct pci_address address;
	char bdf[BDF_TEXT];
	const char *name = NULL;

	if (device->value[PROPERTY_FD].pair) {
		device->host_state = HOST_DEVICE_UNKNOWN;
	} else if (sysfs->pair) {
		name = strrchr(sysfs->text, '/') ? strrchr(sysfs->text, '/') + 1 : sysfs->text;
		device->host_state = HOST_DEVICE_UNKNOWN;
	} else if (host->pair) {
		name = host->text;
	} else {
		device->host_state = HOST_DEVICE_NOT_GIVEN;
	}
	device->host_bdf = "?";
	if (!name)
		return 0;
	if (parse_bdf(name, &address)) {
		/* That folder holds PCI devices alone, by their addresses. */
		if (sysfs->pair && str_starts(sysfs->text, PCI_DEVICES) &&
		    str_eq(sysfs->text + strlen(PCI_DEVICES), name) && *name) {
			device->host_bdf = name;
			device->host_state = HOST_DEVICE_ABSENT;
		}
		return 0;
	}
	format_bdf(&address, bdf);
	device->host_bdf = arena_strdup(m->arena, bdf);
	device->host = host_device_at(m->host, &address);
	/* A catalogue machine has no devices of its own: any is taken as present, bound and alone
	 * in its group. */
	if (!device->host && m->is_hypothetical)
		device->host = iof_host_device_next(m->host, NULL);
	device->host_state = device->host ? HOST_DEVICE_FOUND : HOST_DEVICE_ABSENT;
	return device->host_bdf ? 0 : -ENOMEM;
}

/* iommufd= with nothing behind it is no link */
static bool has_iommufd(const struct machine_device *device)
{
	const struct machine_value *value = &device->value[PROPERTY_IOMMUFD];

	return value->pair && *value->text;
}

static int resolve_assigned(struct iof_machine *m, struct machine_device *device,
			    const struct iof_vmm *vmm)
{
	unsigned bus, devfn;
	int r;

	if (device->kind != DRIVER_VFIO_PCI)
		return 0;
	r = machine_find_host(m, device);
	m->n_assigned++;
	device->backend = has_iommufd(device) ? BACKEND_IOMMUFD : BACKEND_LEGACY;
	if (vmm && vmm->backend)
		device->backend =
			str_eq(vmm->backend, "iommufd") ? BACKEND_IOMMUFD : BACKEND_LEGACY;
	device->behind_bridge = is_behind_bridge(device->bus);
	topology_requester(device, &bus, &devfn);
	device->guest_address = arena_printf(m->arena, "%02x.%02x.%x", bus, devfn >> 3, devfn & 7);
	return device->guest_address ? r : -ENOMEM;
}

static int resolve_device(struct iof_machine *m, struct machine_device *device,
			  const struct iof_vmm *vmm)
{
	const struct pair *driver = option_pair(device->option, "driver");
	const struct pair *id = option_pair(device->option, "id");
	const struct known_device *known;
	struct message refusal;
	int r;

	device->def = driver ? driver_find(driver->value) : NULL;
	known = driver ? known_device(driver->value) : NULL;
	if (!device->def && known && known->bus == BUS_PCI)
		device->def = &driver_any_pci;
	device->driver = device->def && device->def->name ? device->def->name
			 : driver			  ? driver->value
							  : "";
	device->kind = device->def ? device->def->kind : DRIVER_OTHER;
	device->id = id ? id->value : NULL;
	check_driver(m, device);
	device_set_defaults(m, device);
	find_bus(m, device);
	check_fixed(m, device);
	device_apply_globals(m, device);
	check_id(m, device);
	r = device_set_properties(m, device);
	if (r)
		return r;
	smmuv3_resolve(m, device);
	if (is_memory_device(device))
		memory_device_place(m, device);
	device_check_model(m, device);
	if (device->bus && !device->problem.kind &&
	    !topology_place(m, device->bus, device, &refusal))
		device_problem(device, PROBLEM_PCI_SLOT, option_pair(device->option, "addr"),
			       device->driver, refusal);
	device_check_slot(m, device);
	if (device->kind == DRIVER_ROOT_PORT || device->kind == DRIVER_PCI_BRIDGE ||
	    device->kind == DRIVER_PXB) {
		r = topology_add_bridge(m, device);
		if (r)
			return r;
	}
	/* amd-iommu brings a PCI function of its own along. */
	if (device->kind == DRIVER_AMD_IOMMU && m->buses) {
		struct machine_device *function = arena_alloc(m->arena, sizeof(*function));

		if (!function)
			return -ENOMEM;
		function->driver = "AMDVI-PCI";
		topology_place(m, m->buses, function, &refusal);
	}
	r = resolve_assigned(m, device, vmm);
	device->label = device->id			  ? device->id
			: device->kind == DRIVER_VFIO_PCI ? device->host_bdf
							  : device->driver;
	return r;
}

static void add_option(struct iof_machine *m, const struct vm_option *option, size_t index)
{
	struct machine_device *device = &m->devices[m->n_devices++];

	device->option = option;
	device->option_index = index;
	device->is_plugged = index == SIZE_MAX;
}

static int add_plugged(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	struct vm_option *options;

	if (!vmm || !vmm->n_plug)
		return 0;
	options = arena_array(m->arena, vmm->n_plug, sizeof(*options));
	if (!options)
		return -ENOMEM;
	for (size_t i = 0; i < vmm->n_plug; i++) {
		int r = device_parse(ctx, m->arena, vmm->plug[i], &options[i]);

		if (r)
			return ctx_prefix(ctx, r, "device to plug");
		/* until 9.2 QMP's device_add went through text, and JSON types were lost on the way
		 */
		for (size_t k = 0; m->version < V9_2 && k < options[i].n_pairs; k++)
			options[i].pairs[k].json_type = 0;
		add_option(m, &options[i], SIZE_MAX);
	}
	return 0;
}

/* The vIOMMU that is found at plug time is any of the board: order no longer matters. */
static void find_viommus(struct iof_machine *m)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		struct machine_device *device = &m->devices[i];

		m->models |= 1u << device->kind;
		if (device->kind == DRIVER_VFIO_PCI)
			m->backends |= 1u << device->backend;
		find_viommu(m, device);
		if (!m->viommu && is_viommu(device))
			m->viommu = device;
	}
}

int machine_build_devices(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	size_t n = m->vm->n_options + 1 + (vmm ? vmm->n_plug : 0), n_plain = 0;
	int r;

	m->devices = arena_array(m->arena, n, sizeof(*m->devices));
	if (!m->devices || topology_root(m) || smmuv3_add_board(m))
		return -ENOMEM;
	/* key=value devices first, then what -drive makes, then those in JSON (system/vl.c
	 * qemu_create_cli_devices) */
	for (int json = 0; json <= 1; json++) {
		for (size_t i = 0; i < m->vm->n_options; i++) {
			const struct vm_option *option = &m->vm->options[i];

			if (option->kind == OPTION_DEVICE && option->is_json == (json == 1) &&
			    !option->error)
				add_option(m, option, i);
		}
		n_plain = json == 0 ? m->n_devices : n_plain;
	}
	m->n_cold = m->n_devices;
	r = add_plugged(ctx, m, vmm);
	for (size_t i = 0; r == 0 && i < m->n_devices; i++) {
		if (i == n_plain)
			topology_add_drives(m);
		r = resolve_device(m, &m->devices[i], vmm);
	}
	if (n_plain == m->n_devices)
		topology_add_drives(m);
	if (r)
		return r;
	find_viommus(m);
	r = machine_warn_peerless(m);
	return r ? r : machine_warn_unused_globals(m);
}
