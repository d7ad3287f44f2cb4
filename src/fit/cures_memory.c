/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cures for RAM that lies too high: a wider vCPU, memory devices where QEMU puts them, a smaller
 * area for them, and at last less RAM. On a PC with an AMD vCPU all RAM above 4 GiB moves to 1 TiB
 * when it would touch the hole below that, so that a little less may do.
 */
#include <inttypes.h>

#include "base/units.h"
#include "fit/cures.h"

#define HT_START ((uint64_t)0xfd00000000)
#define HOLE64 (33 * GIB) /* of q35, aligned */

size_t last_option(const struct iof_machine *m, enum option_kind kind)
{
	for (size_t i = m->vm->n_options; i-- > 0;) {
		if (m->vm->options[i].kind == kind)
			return i;
	}
	return SIZE_MAX;
}

static bool has_area(const struct iof_machine *m)
{
	return m->type.family == MACHINE_Q35 || m->type.family == MACHINE_I440FX ||
	       m->type.family == MACHINE_VIRT;
}

/* Where RAM would end without AMD's hole: below 4 GiB a PC has some of it. */
static uint64_t end_of_ram(const struct iof_machine *m, uint64_t ram)
{
	uint64_t below = m->n_ram ? m->ram[0].last + 1 : 0;

	if (m->type.family == MACHINE_VIRT)
		return m->ram[0].first + ram;
	return below < 4 * GIB ? 4 * GIB - below + ram : ram;
}

static const char *address_key(const struct machine_device *device)
{
	return device->kind == DRIVER_MEMORY ? "addr" : "memaddr";
}

/* The most that helps is enough. */
enum { LESS_TO_PLUG = 1, LESS_RAM };

/* What the memory devices of the config, and those to be plugged, take. */
struct need {
	uint64_t slots, bytes;
	size_t n_devices;
};

static struct need memory_need(const struct iof_machine *m)
{
	struct need need = {0};

	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];
		const char *id =
			is_memory_device(device) ? option_value(device->option, "memdev") : NULL;

		need.n_devices += is_memory_device(device);
		need.slots += device->kind == DRIVER_MEMORY;
		need.bytes += id ? memory_backend_size(m, id) : 0;
	}
	return need;
}

/* QEMU gives each memory device the lowest address that is free. */
static void let_place(struct fix_list *list, struct iof_fix *fix, const struct iof_machine *m)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];

		if (is_memory_device(device) && option_pair(device->option, address_key(device)))
			fix_device_unset(list, fix, m, device, address_key(device));
	}
}

/* As -m has it. */
static const char *size_text(struct fix_list *list, uint64_t bytes)
{
	if (bytes % GIB == 0)
		return arena_printf(list->arena, "%" PRIu64 "G", bytes / GIB);
	return arena_printf(list->arena, "%" PRIu64 "M", (bytes + MIB - 1) / MIB);
}

static void set_max(struct fix_list *list, const struct iof_machine *m, size_t option,
		    uint64_t bytes)
{
	const struct vm_option *memory = &m->vm->options[option];
	struct iof_fix *fix =
		fix_new(list, bytes ? "Less memory can be plugged." : "No memory can be plugged.");

	if (fix)
		fix->ladder = LESS_TO_PLUG;
	if (bytes) {
		fix_set(list, fix, option, "maxmem", size_text(list, m->ram_size + bytes),
			"m.maxmem");
	} else {
		fix_unset(list, fix, option, "maxmem", "m.maxmem");
		if (option_pair(memory, "slots"))
			fix_unset(list, fix, option, "slots", "m.slots");
	}
	let_place(list, fix, m);
}

/* The area for memory devices ends below `end`, when RAM is where it is or stays below AMD's hole;
 * else it has what the devices take and no more. */
static void less_to_plug(struct fix_list *list, const struct iof_machine *m, size_t option,
			 uint64_t end)
{
	uint64_t ram_end = (end_of_ram(m, m->ram_size) + GIB - 1) / GIB * GIB;
	const struct {
		uint64_t base, end;
	} areas[] = {{m->device_memory_base, end},
		     {m->device_memory_base, end > HOLE64 ? end - HOLE64 : 0},
		     {ram_end, end < HT_START - HOLE64 ? end : HT_START - HOLE64}};
	struct need need = memory_need(m);

	if (m->max_size <= m->ram_size)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
		uint64_t base = areas[i].base + m->slots * GIB;
		uint64_t room = areas[i].end > base ? (areas[i].end - base) / GIB * GIB : 0;

		if (room >= GIB && room >= need.bytes && m->ram_size + room < m->max_size)
			set_max(list, m, option, room);
	}
	if (m->ram_size + need.bytes < m->max_size && (!need.n_devices || need.bytes))
		set_max(list, m, option, need.bytes);
}

/* Of -m and, where the RAM has a backend of its own, of that. */
static void set_ram(struct fix_list *list, const struct iof_machine *m, size_t option,
		    uint64_t bytes)
{
	const struct pair *backend = machine_option(m, "memory-backend", NULL);
	struct need need = memory_need(m);
	const char *size = size_text(list, bytes);
	struct iof_fix *fix =
		fix_new(list, arena_printf(list->arena,
					   "The VM has %s of RAM instead of %s; more takes a host "
					   "that reaches further.",
					   size, size_text(list, m->ram_size)));

	if (fix)
		fix->ladder = LESS_RAM;
	fix_set(list, fix, option, "size", size, "m.size");
	for (size_t i = 0; backend && i < m->vm->n_options; i++) {
		const struct vm_option *object = &m->vm->options[i];
		const char *id = object->kind == OPTION_OBJECT ? option_value(object, "id") : NULL;

		if (id && str_eq(id, backend->value))
			fix_set(list, fix, i, "size", size, "object.size");
	}
	if (m->max_size <= m->ram_size)
		return;
	if (need.n_devices) {
		fix_set(list, fix, option, "maxmem", size_text(list, bytes + need.bytes),
			"m.maxmem");
	} else {
		fix_unset(list, fix, option, "maxmem", "m.maxmem");
		if (option_pair(&m->vm->options[option], "slots"))
			fix_unset(list, fix, option, "slots", "m.slots");
	}
	let_place(list, fix, m);
}

/* -numa cuts the RAM into nodes that have sizes of their own. */
static bool has_nodes(const struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		if (str_eq(m->vm->options[i].name, "numa"))
			return true;
	}
	return false;
}

/* RAM and memory devices end below `end`, and with the window above them so does all else. */
static void less_ram(struct fix_list *list, const struct iof_machine *m, size_t option,
		     uint64_t end)
{
	struct need need = memory_need(m);
	uint64_t devices = need.n_devices ? need.bytes + (m->slots + 1) * GIB : 0;
	uint64_t used = end_of_ram(m, 0) + devices;
	uint64_t ends[] = {end, end > HOLE64 ? end - HOLE64 : 0,
			   end < HT_START ? end - HOLE64 : HT_START - HOLE64};

	if (has_nodes(m) || end <= HOLE64)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		uint64_t ram = ends[i] > used ? (ends[i] - used) / GIB * GIB : 0;

		if (ram && ram < m->ram_size)
			set_ram(list, m, option, ram);
	}
}

static void lower_memory(struct fix_list *list, const struct iof_machine *m, uint64_t last)
{
	size_t option = last_option(m, OPTION_MEMORY);
	uint64_t end = last < UINT64_MAX ? last + 1 : last;

	if (option == SIZE_MAX || !has_area(m))
		return;
	less_to_plug(list, m, option, end);
	less_ram(list, m, option, end);
}

/* A memory device that was put out of reach by its addr=: without it QEMU takes the lowest free
 * one. */
static void place_block(struct fix_list *list, const struct iof_machine *m, uint64_t first)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];
		const char *key = address_key(device);

		if (!device->block.name || device->block.first != first ||
		    !option_pair(device->option, key))
			continue;
		fix_device_unset(list,
				 fix_new(list, "QEMU places the memory device as low as it can."),
				 m, device, key);
		break;
	}
}

int cure_memory_block(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;

	place_block(list, m, finding->operand[2].number);
	/* A plain domain may reach further than a nesting parent. */
	if (device && device->is_nested && device->viommu->kind == DRIVER_INTEL_IOMMU)
		cure_no_first_stage(list, m, finding);
	/* VFIO asks for the ranges once the device is attached (vmm/attached.c). */
	if (device && device->backend == BACKEND_IOMMUFD && finding->operand[5].number == 0)
		cure_legacy(list, m, finding);
	else
		lower_memory(list, m, finding->operand[5].number);
	return list->err;
}

static uint64_t last_of_bits(uint64_t bits)
{
	return bits && bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
}

int cure_beyond_kvm(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	place_block(list, m, finding->operand[2].number);
	lower_memory(list, m, last_of_bits(finding->operand[4].number));
	return list->err;
}

int cure_ram_beyond_kvm(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding)
{
	lower_memory(list, m, last_of_bits(finding->operand[2].number));
	return list->err;
}

/* As many bits as the map needs. */
static void widen_cpu(struct fix_list *list, const struct iof_machine *m, uint64_t highest)
{
	size_t option = last_option(m, OPTION_CPU);
	const char *text;
	struct iof_fix *fix;
	unsigned bits = 0;

	while (highest >> bits && bits < 52)
		bits++;
	text = arena_printf(list->arena, "%u", bits);
	fix = fix_new(list,
		      "The guest's CPU is wider; the host's must be, too, where KVM is used.");
	if (option == SIZE_MAX)
		fix_add(list, fix, "cpu",
			arena_printf(list->arena, DEFAULT_CPU ",phys-bits=%u", bits), 0);
	else
		fix_set(list, fix, option, "phys-bits", text, "cpu.phys-bits");
	if (option == SIZE_MAX || !option_pair(&m->vm->options[option], "host-phys-bits-limit"))
		return;
	fix_unset(list, fix_new(list, "The guest's CPU is as wide as the host's."), option,
		  "host-phys-bits-limit", "cpu.host-phys-bits-limit");
}

int cure_phys_bits(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	if (m->type.family != MACHINE_VIRT) /* an Arm model's width is fixed */
		widen_cpu(list, m, finding->operand[1].number);
	lower_memory(list, m, finding->operand[0].number);
	return list->err;
}

int cure_memory_address(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding)
{
	if (finding->device && finding->problem->pair)
		fix_device_unset(list, fix_new(list, "QEMU picks an address in the area."), m,
				 finding->device, finding->problem->value);
	return list->err;
}

/* What fits below the limit, and what fits without being moved above AMD's hole. */
int cure_max_memory(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	size_t option = last_option(m, OPTION_MEMORY);

	if (option != SIZE_MAX && has_area(m))
		less_to_plug(list, m, option, finding->operand[2].number + 1);
	return list->err;
}

/* As many slots and bytes as all memory devices of the config take. */
int cure_memory_room(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding UNUSED)
{
	size_t option = last_option(m, OPTION_MEMORY);
	struct need need = memory_need(m);
	struct iof_fix *fix;

	if (option == SIZE_MAX || need.bytes >= GIB << 20)
		return 0;
	fix = fix_new(list, "Memory devices get as much room as they take.");
	if (need.slots > m->slots)
		fix_set(list, fix, option, "slots",
			arena_printf(list->arena, "%" PRIu64, need.slots), "m.slots");
	if (m->ram_size + need.bytes > m->max_size)
		fix_set(list, fix, option, "maxmem", size_text(list, m->ram_size + need.bytes),
			"m.maxmem");
	return list->err;
}

/* With memory devices as much room as they take, else none. */
int cure_memory_sizes(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	size_t option = finding->problem->option;
	struct iof_fix *fix;

	if (memory_need(m).n_devices)
		return cure_memory_room(list, m, finding);
	fix = fix_new(list, "No memory can be plugged.");
	if (option_pair(&m->vm->options[option], "maxmem"))
		fix_unset(list, fix, option, "maxmem", "m.maxmem");
	if (option_pair(&m->vm->options[option], "slots"))
		fix_unset(list, fix, option, "slots", "m.slots");
	return list->err;
}
