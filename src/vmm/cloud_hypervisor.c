// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A machine of Cloud Hypervisor: version, vCPU, devices in the order in which device_manager.rs
 * makes them, and which of them are behind the virtio-iommu (facts: vmm/src/device_manager.rs
 * add_pci_devices, add_vfio_device; vmm/src/vm.rs physical_bits).
 */
#include "vmm/cloud_hypervisor.h"

#include <errno.h>

#define DEFAULT_PHYS_BITS 46 /* vm_config.rs DEFAULT_MAX_PHYS_BITS */
#define ARM_PHYS_BITS 40     /* arch/src/aarch64 get_host_cpu_phys_bits, where KVM tells none */
#define DEFAULT_WIDTH 64

/* ---- settings ---- */

uint64_t ch_number(const struct vm_option *option, const char *key, uint64_t unset)
{
	const char *text = option ? option_value(option, key) : NULL;
	uint64_t value;

	return text && parse_u64(text, 10, UINT64_MAX, &value) == 0 ? value : unset;
}

/* option_parser/src/lib.rs ByteSized */
uint64_t ch_size(const struct vm_option *option, const char *key, uint64_t unset)
{
	const char *text = option ? option_value(option, key) : NULL;
	size_t digits = text ? strspn(text, "0123456789") : 0;
	uint64_t value;
	unsigned shift;

	if (!digits || parse_u64n(text, digits, 10, UINT64_MAX, &value))
		return unset;
	shift = text[digits] == 'K' ? 10 : text[digits] == 'M' ? 20 : text[digits] == 'G' ? 30 : 0;
	return value > UINT64_MAX >> shift ? UINT64_MAX : value << shift;
}

bool ch_switch(const struct vm_option *option, const char *key, bool unset)
{
	const char *text = option ? option_value(option, key) : NULL;

	return text ? str_eq(text, "on") : unset;
}

const struct vm_option *ch_object(const struct iof_machine *m, const char *type, size_t n)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *name =
			option->kind == OPTION_OBJECT ? option_value(option, "qom-type") : NULL;

		if (name && str_eq(name, type) && n-- == 0)
			return option;
	}
	return NULL;
}

const struct vm_option *ch_platform(const struct iof_machine *m)
{
	return vm_option_nth(m->vm, OPTION_MACHINE, 0);
}

unsigned ch_segments(const struct iof_machine *m)
{
	uint64_t n = ch_number(ch_platform(m), "num_pci_segments", 1);

	return n < 1 ? 1 : n > CH_MAX_SEGMENTS ? CH_MAX_SEGMENTS : (unsigned)n;
}

/* The next range of the list; false: there is none. */
static bool next_range(const char **at, uint64_t *first, uint64_t *last)
{
	size_t digits;

	*at += strcspn(*at, "0123456789");
	digits = strspn(*at, "0123456789");
	if (!digits || parse_u64n(*at, digits, 10, UINT64_MAX, first))
		return false;
	*at += digits;
	*last = *first;
	if (**at != '-')
		return true;
	digits = strspn(*at + 1, "0123456789");
	if (!digits || parse_u64n(*at + 1, digits, 10, UINT64_MAX, last))
		return false;
	*at += 1 + digits;
	return true;
}

bool ch_list_has(const char *list, uint64_t number)
{
	uint64_t first, last;

	while (list && next_range(&list, &first, &last)) {
		if (number >= first && number <= last)
			return true;
	}
	return false;
}

uint64_t ch_list_max(const char *list)
{
	uint64_t first, last, most = 0;

	while (list && next_range(&list, &first, &last))
		most = last > most ? last : most;
	return most;
}

/* ---- version ---- */

static int parse_version(const char *text, uint32_t *version)
{
	uint64_t part[3] = {0};

	text += *text == 'v';
	for (size_t n = 0; n < 3; n++) {
		size_t digits = strspn(text, "0123456789");

		if (parse_u64n(text, digits, 10, 255, &part[n]))
			return -EINVAL;
		text += digits;
		if (*text != '.')
			break;
		text++;
	}
	if (*text && !strchr("-+~ (", *text))
		return -EINVAL;
	*version = QEMU((uint32_t)part[0], (uint32_t)part[1], (uint32_t)part[2]);
	return 0;
}

static int set_version(struct iof_ctx *ctx, struct iof_machine *m, const char *given)
{
	static const char prefix[] = "cloud-hypervisor=";
	const char *text = given;

	if (str_starts(text, prefix))
		text += strlen(prefix);
	else if (strchr(text, '='))
		return ctx_fail(ctx, -EINVAL, "%s: the config is for Cloud Hypervisor", given);
	if (parse_version(text, &m->version))
		return ctx_fail(ctx, -EINVAL, "%s: no version of Cloud Hypervisor", given);
	m->version_provenance = "as given";
	if (QEMU_MAJOR(m->version) > QEMU_MAJOR(CH_NEWEST_RELEASE))
		m->version_provenance = "as given; newer than any known here: taken as 54";
	else if (m->version < CH_OLDEST)
		m->version_provenance = "as given; older than any known here: taken as 30";
	return 0;
}

int cloud_hypervisor_find_version(struct iof_ctx *ctx, struct iof_machine *m,
				  const struct iof_vmm *vmm)
{
	int r = 0;

	m->version = CH_NEWEST_RELEASE;
	m->version_provenance = "assumed: the newest known";
	if (vmm && vmm->version)
		r = set_version(ctx, m, vmm->version);
	if (r)
		return r;
	m->version_text =
		arena_printf(m->arena, "%u.%u", QEMU_MAJOR(m->version), QEMU_MINOR(m->version));
	if (QEMU_MAJOR(m->version) > QEMU_MAJOR(CH_NEWEST_RELEASE))
		m->version = CH_NEWEST_RELEASE;
	if (m->version < CH_OLDEST)
		m->version = CH_OLDEST;
	return m->version_text ? 0 : -ENOMEM;
}

/* ---- vCPU ---- */

/* What memory encryption takes of an AMD CPU's bits counts even if it is off (CPUID 0x8000001f),
 * which a kernel that has it off does not tell. */
static void find_vcpu(struct iof_machine *m)
{
	const struct iof_host *host = m->host;
	uint64_t most = ch_number(ch_object(m, "cpus", 0), "max_phys_bits", DEFAULT_PHYS_BITS);
	const char *vendor = host->cpu.vendor ? host->cpu.vendor : "";
	unsigned bits = host->cpu.phys_bits;

	m->kvm = true;
	m->irqchip = IRQCHIP_SPLIT;
	m->vcpu.is_amd = str_eq(vendor, "AuthenticAMD");
	m->vcpu.is_intel = str_eq(vendor, "GenuineIntel");
	m->vcpu.long_mode = true;
	if (host->cpu.raw_phys_bits > host->cpu.reduced_by)
		bits = host->cpu.raw_phys_bits - host->cpu.reduced_by;
	m->map_is_assumed =
		(m->vcpu.is_amd && !host->cpu.reduced_by) || (!bits && host->cpu.is_arm);
	if (!bits && host->cpu.is_arm)
		bits = ARM_PHYS_BITS;
	m->vcpu.phys_bits = most < bits ? (unsigned)most : bits;
}

/* ---- devices ---- */

static const struct property_def viommu_properties[] = {
	{"iommu_address_width", VALUE_U8, PROPERTY_AW_BITS, 0, QEMU_NEVER, DEFAULT_WIDTH, NULL},
};
static const struct driver_def drivers[] = {
	{"virtio-iommu", NULL, DRIVER_VIRTIO_IOMMU, BUS_PCI, true, 0, QEMU_NEVER, viommu_properties,
	 ARRAY_SIZE(viommu_properties)},
	{"vfio-pci", NULL, DRIVER_VFIO_PCI, BUS_PCI, true, 0, QEMU_NEVER, NULL, 0},
	{"virtio", NULL, DRIVER_OTHER, BUS_PCI, false, 0, QEMU_NEVER, NULL, 0},
};

static const struct driver_def *find_driver(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (str_eq(drivers[i].name, name))
			return &drivers[i];
	}
	return &drivers[ARRAY_SIZE(drivers) - 1];
}

static int add_segments(struct iof_machine *m)
{
	struct machine_bus **last = &m->buses;

	for (unsigned i = 0; i < ch_segments(m); i++) {
		struct machine_bus *bus = arena_alloc(m->arena, sizeof(*bus));

		if (!bus)
			return -ENOMEM;
		bus->name = arena_printf(m->arena, "segment %u", i);
		if (!bus->name)
			return -ENOMEM;
		bus->number = i;
		bus->first_slot = 1; /* the root bridge is at 0 */
		bus->n_slots = 32;
		bus->is_hotpluggable = true;
		*last = bus;
		last = &bus->next;
	}
	return 0;
}

static void take_slot(struct iof_machine *m, struct machine_device *device)
{
	uint64_t segment = ch_number(device->option, "pci_segment", 0);
	uint64_t slot = ch_number(device->option, "pci_device_id", 0);
	struct machine_bus *bus = m->buses;

	while (bus && bus->number != segment)
		bus = bus->next;
	if (!bus)
		return; /* refused before */
	if (!slot || slot >= bus->n_slots || bus->occupant[slot << 3]) {
		for (slot = bus->first_slot; slot < bus->n_slots && bus->occupant[slot << 3];)
			slot++;
	}
	if (slot >= bus->n_slots) {
		device_problem(
			device, PROBLEM_CH_REFUSES, NULL, "pci_segment",
			(struct message){.text = NULL,
					 .operand = {text_operand("A PCI segment has 31 slots for "
								  "devices, and all are taken.")}});
		return;
	}
	bus->occupant[slot << 3] = device->driver;
	device->bus = bus;
	device->devfn = (unsigned)slot << 3;
}

static void set_width(struct iof_machine *m, struct machine_device *viommu)
{
	struct machine_value *value = &viommu->value[PROPERTY_AW_BITS];
	const struct pair *pair = option_pair(viommu->option, "iommu_address_width");
	bool has_it = m->version >= CH_ADDRESS_WIDTH;

	value->number =
		has_it ? (int64_t)ch_number(viommu->option, "iommu_address_width", DEFAULT_WIDTH)
		       : DEFAULT_WIDTH;
	value->pair = has_it ? pair : NULL;
	value->def = &viommu_properties[0];
	value->by = value->pair ? IOF_DECIDER_USER : IOF_DECIDER_VMM;
	value->why = value->pair ? NULL : "Cloud Hypervisor default";
	value->text = arena_printf(m->arena, "%lld", (long long)value->number);
}

static void set_pair(struct machine_device *device, enum property_id id, const char *key)
{
	const struct pair *pair = option_pair(device->option, key);

	if (pair)
		device->value[id] = (struct machine_value){.text = pair->value, .pair = pair};
}

static int resolve_assigned(struct iof_machine *m, struct machine_device *device,
			    const struct iof_vmm *vmm)
{
	const struct vm_option *platform = ch_platform(m);
	bool is_iommufd = m->version >= CH_IOMMUFD && ch_switch(platform, "iommufd", false);
	int r;

	set_pair(device, PROPERTY_HOST, "host");
	if (!device->value[PROPERTY_HOST].pair)
		set_pair(device, PROPERTY_SYSFSDEV, "path");
	r = machine_find_host(m, device);
	m->n_assigned++;
	device->backend = is_iommufd ? BACKEND_IOMMUFD : BACKEND_LEGACY;
	if (vmm && vmm->backend)
		device->backend =
			str_eq(vmm->backend, "iommufd") ? BACKEND_IOMMUFD : BACKEND_LEGACY;
	device->guest_address =
		arena_printf(m->arena, "%04x:00:%02x.0", device->bus ? device->bus->number : 0,
			     device->devfn >> 3);
	return device->guest_address ? r : -ENOMEM;
}

static int resolve_device(struct iof_machine *m, struct machine_device *device,
			  const struct iof_vmm *vmm)
{
	const char *driver = option_value(device->option, "driver");
	int r = 0;

	device->driver = driver ? driver : "";
	device->def = find_driver(device->driver);
	device->kind = device->def->kind;
	device->id = option_value(device->option, "id");
	take_slot(m, device);
	if (device->kind == DRIVER_VIRTIO_IOMMU)
		set_width(m, device);
	if (device->kind == DRIVER_VFIO_PCI)
		r = resolve_assigned(m, device, vmm);
	device->label = device->id			  ? device->id
			: device->kind == DRIVER_VFIO_PCI ? device->host_bdf
							  : device->driver;
	m->models |= 1u << device->kind;
	if (device->kind == DRIVER_VFIO_PCI)
		m->backends |= 1u << device->backend;
	return r;
}

static void add_device(struct iof_machine *m, const struct vm_option *option, size_t index)
{
	m->devices[m->n_devices++] = (struct machine_device){
		.option = option, .option_index = index, .is_plugged = index == SIZE_MAX};
}

/* An option of another VM, which is about to go. */
static int copy_option(struct iof_machine *m, const struct vm_option *from, struct vm_option *to)
{
	*to = (struct vm_option){.kind = OPTION_DEVICE, .name = "device", .is_json = true};
	to->pairs = arena_array(m->arena, from->n_pairs + 1, sizeof(*to->pairs));
	for (size_t i = 0; to->pairs && i < from->n_pairs; i++) {
		struct pair *pair = &to->pairs[to->n_pairs++];

		pair->key = arena_strdup(m->arena, from->pairs[i].key);
		pair->value = arena_strdup(m->arena, from->pairs[i].value);
		if (!pair->key || !pair->value)
			return -ENOMEM;
	}
	return to->pairs ? 0 : -ENOMEM;
}

static const struct vm_option *assigned_option(const struct iof_vm *vm)
{
	for (size_t i = 0; i < vm->n_options; i++) {
		const char *driver = vm->options[i].kind == OPTION_DEVICE
					     ? option_value(&vm->options[i], "driver")
					     : NULL;

		if (driver && str_eq(driver, "vfio-pci"))
			return &vm->options[i];
	}
	return NULL;
}

/* As `ch-remote add-device` takes it: path=/sys/bus/pci/devices/0000:01:00.0,iommu=on. */
static int read_plugged(struct iof_ctx *ctx, struct iof_machine *m, const char *text,
			struct vm_option *out)
{
	const char *const argv[] = {"cloud-hypervisor", "--device", text};
	const struct vm_option *option;
	struct iof_vm *vm;
	int r = iof_vm_load_argv(ctx, argv, ARRAY_SIZE(argv), "--plug", &vm);

	if (r)
		return r;
	option = assigned_option(vm);
	if (!option || !option_value(option, "path"))
		r = ctx_fail(ctx, -EBADMSG,
			     "device to plug: %s: write path=/sys/bus/pci/devices/DDDD:BB:DD.F",
			     text);
	else
		r = copy_option(m, option, out);
	iof_vm_unref(vm);
	return r;
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
		int r = read_plugged(ctx, m, vmm->plug[i], &options[i]);

		if (r)
			return r;
		add_device(m, &options[i], SIZE_MAX);
	}
	return 0;
}

/* Only what says so itself is behind it; a segment may ask for it, and then it must. */
static void find_viommu(struct iof_machine *m)
{
	for (size_t i = 0; i < m->n_devices && !m->viommu; i++) {
		if (m->devices[i].kind == DRIVER_VIRTIO_IOMMU)
			m->viommu = &m->devices[i];
	}
	for (size_t i = 0; i < m->n_devices; i++) {
		struct machine_device *device = &m->devices[i];

		if (device->kind == DRIVER_VFIO_PCI && ch_switch(device->option, "iommu", false))
			device->viommu = m->viommu;
	}
}

static int build_devices(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	size_t n = m->vm->n_options + (vmm ? vmm->n_plug : 0);
	int r;

	m->devices = arena_array(m->arena, n + 1, sizeof(*m->devices));
	if (!m->devices || add_segments(m))
		return -ENOMEM;
	for (size_t i = 0; i < m->vm->n_options; i++) {
		if (m->vm->options[i].kind == OPTION_DEVICE)
			add_device(m, &m->vm->options[i], i);
	}
	m->n_cold = m->n_devices;
	r = add_plugged(ctx, m, vmm);
	for (size_t i = 0; r == 0 && i < m->n_devices; i++)
		r = resolve_device(m, &m->devices[i], vmm);
	if (r == 0)
		find_viommu(m);
	return r;
}

/* ---- all ---- */

int cloud_hypervisor_build(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	int r;

	m->type_name = ""; /* it has but one */
	m->guest.firmware = (struct firmware){.text = "Cloud Hypervisor",
					      .provenance = "it places BARs itself"};
	find_vcpu(m);
	m->guest.firmware.is_assumed = m->map_is_assumed;
	r = ch_check_config(m);
	m->n_early_warnings = m->n_warnings;
	if (r == 0)
		r = build_devices(ctx, m, vmm);
	if (r)
		return r;
	ch_map_memory(m);
	return ch_place_bars(m);
}
