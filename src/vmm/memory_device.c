/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DIMMs, virtio-mem and virtio-pmem: where QEMU puts each, or why it refuses one
 * (hw/mem/memory-device.c, hw/mem/pc-dimm.c, hw/i386/pc.c pc_memory_pre_plug).
 */
#include "vmm/machine.h"
#include "vmm/place.h"

#define ALIGNMENT (2 * MIB) /* without huge pages */

static bool is_virtio(const struct machine_device *device)
{
	return device->kind != DRIVER_MEMORY;
}

bool is_memory_device(const struct machine_device *device)
{
	return device->kind == DRIVER_MEMORY ||
	       (device->driver && (str_eq(device->driver, "virtio-mem-pci") ||
				   str_eq(device->driver, "virtio-pmem-pci")));
}

/* An earlier memory device, NULL: none. */
static const struct machine_device *block_in_the_way(const struct iof_machine *m,
						     const struct machine_device *device,
						     uint64_t at, uint64_t size)
{
	for (const struct machine_device *other = m->devices; other < device; other++) {
		if (other->block.name && other->block.first <= at + size - 1 &&
		    other->block.last >= at)
			return other;
	}
	return NULL;
}

/* memory_device_get_free_addr: the first gap that is large enough. */
static uint64_t free_address(const struct iof_machine *m, const struct machine_device *device,
			     uint64_t size)
{
	uint64_t at = m->device_memory_base;
	const struct machine_device *other;

	while ((other = block_in_the_way(m, device, at, size)))
		at = align_up(other->block.last + 1, ALIGNMENT);
	return at;
}

static bool refuse(struct machine_device *device, enum problem_kind kind, const char *value,
		   const char *text, struct operand first, struct operand second)
{
	device_problem(device, kind, NULL, value,
		       (struct message){.text = text,
					.operand = {first, second, text_operand(device->driver)}});
	return false;
}

static bool is_told_to_guest(const struct iof_machine *m, struct machine_device *device)
{
	static const struct operand none = {0};
	bool is_pc = m->type.family == MACHINE_Q35 || m->type.family == MACHINE_I440FX;

	if (m->type.family == MACHINE_VIRT && !virt_has_memory_hotplug(m))
		return refuse(device, PROBLEM_MEMORY_HOTPLUG, "acpi",
			      "memory hotplug is not enabled: missing acpi-ged device", none, none);
	if (is_pc && !is_virtio(device) && !machine_flag(m, "acpi", true))
		return refuse(device, PROBLEM_MEMORY_HOTPLUG, "acpi",
			      "memory hotplug is not enabled: missing acpi device or acpi disabled",
			      none, none);
	return true;
}

/* pc_dimm_get_free_slot; virtio devices need none. */
static bool has_slot(const struct iof_machine *m, struct machine_device *device)
{
	static const struct operand none = {0};

	if (is_virtio(device) || m->n_dimms <= m->slots)
		return true;
	return refuse(device, PROBLEM_MEMORY_ROOM, "slots",
		      m->slots ? "no free slots available"
			       : "no slots where allocated, please specify the 'slots' option",
		      none, none);
}

/* memory_device_check_addable */
static bool has_room(const struct iof_machine *m, struct machine_device *device, uint64_t size)
{
	static const struct operand none = {0};
	uint64_t used = 0, most = m->max_size > m->ram_size ? m->max_size - m->ram_size : 0;

	if (!m->device_memory_size)
		return refuse(
			device, PROBLEM_MEMORY_ROOM, "maxmem",
			m->version < V8_1
				? "memory devices (e.g. for memory hotplug) are not enabled, "
				  "please specify the maxmem option"
				: "the configuration is not prepared for memory devices (e.g., "
				  "for memory hotplug), consider specifying the maxmem option",
			none, none);
	for (const struct machine_device *other = m->devices; other < device; other++) {
		if (other->block.name)
			used += other->block.last - other->block.first + 1;
	}
	if (size <= most && used <= most - size)
		return true;
	return refuse(device, PROBLEM_MEMORY_ROOM, "maxmem",
		      "not enough space, currently {0} in use of total space for memory devices "
		      "{1}",
		      hex_operand(used), hex_operand(most));
}

static const char *backend(const struct machine_device *device)
{
	return is_virtio(device) ? option_value(device->option, "memdev")
				 : device->value[PROPERTY_MEMDEV].text;
}

/* Whether an address is given; for virtio devices 0 means that QEMU chooses. */
static bool given_address(const struct machine_device *device, uint64_t *at)
{
	const char *text;

	if (!is_virtio(device)) {
		*at = (uint64_t)device_value(device, PROPERTY_MEMORY_ADDR);
		return device->value[PROPERTY_MEMORY_ADDR].pair;
	}
	text = option_value(device->option, "memaddr");
	return text && parse_u64(text, 0, UINT64_MAX, at) == 0 && *at;
}

static bool has_area(const struct iof_machine *m)
{
	return m->type.family == MACHINE_Q35 || m->type.family == MACHINE_I440FX ||
	       m->type.family == MACHINE_VIRT;
}

static void misplaced(struct machine_device *device, const char *text, struct operand operand)
{
	const char *key = is_virtio(device) ? "memaddr" : "addr";

	device_problem(device, PROBLEM_MEMORY_PLACE, option_pair(device->option, key), key,
		       (struct message){.text = text, .operand = {operand}});
}

static bool is_in_area(const struct iof_machine *m, struct machine_device *device, uint64_t at,
		       uint64_t size)
{
	uint64_t base = m->device_memory_base, room = m->device_memory_size;
	const char *key = is_virtio(device) ? "memaddr" : "addr";

	if (at >= base && size <= room && at - base <= room - size)
		return true;
	device_problem(
		device, PROBLEM_MEMORY_DEVICE, option_pair(device->option, key), key,
		(struct message){.text = "can't add memory device [{0}:{1}], usable range for "
					 "memory devices [{2}:{3}]",
				 .operand = {hex_operand(at), hex_operand(size), hex_operand(base),
					     hex_operand(room)}});
	return false;
}

void memory_device_place(struct iof_machine *m, struct machine_device *device)
{
	const struct machine_device *other;
	const char *id = backend(device);
	uint64_t size = id ? memory_backend_size(m, id) : 0, at;

	if (device->problem.kind || !has_area(m) || !is_told_to_guest(m, device) || !size)
		return;
	m->n_dimms += !is_virtio(device);
	if (!has_slot(m, device) || !has_room(m, device, size))
		return;
	if (!given_address(device, &at))
		at = free_address(m, device, size);
	else if (at % ALIGNMENT) {
		misplaced(device, "address must be aligned to {0} bytes", hex_operand(ALIGNMENT));
		return;
	}
	if (!is_in_area(m, device, at, size))
		return;
	other = block_in_the_way(m, device, at, size);
	if (other) {
		misplaced(device, "address range conflicts with memory device id='{0}'",
			  text_operand(other->id ? other->id : "(unnamed)"));
		return;
	}
	m->n_memory_devices++;
	device->block = (struct ram_block){at, at + size - 1, id};
	device->is_mapped_in_blocks = is_virtio(device) && str_starts(device->driver, "virtio-mem");
}
