/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest RAM against the addresses that the host's IOMMU can map. QEMU maps all RAM for each
 * assigned device when it is attached, and new RAM at once (hw/vfio/listener.c; up to 10.0
 * common.c).
 */
#include "fit/cures.h"
#include "fit/rule.h"

static enum answer block_outside(const struct device_iova *iova, const struct ram_block *block,
				 struct operand *op)
{
	if (!iova->n || ranges_contain(iova->ranges, iova->n, block->first, block->last))
		return NO;
	op[2] = hex_operand(block->first);
	op[3] = hex_operand(block->last - block->first + 1);
	op[4] = text_operand(block->name);
	op[5] = hex_operand(iova->ranges[iova->n - 1].last);
	return YES;
}

/* The listener walks the address space upwards; the first that fails is the one that is named. */
static enum answer ram_outside(const struct scene *s, enum backend backend, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);
	enum answer answer = NO;

	if (s->device->backend != backend || !iova)
		return NO;
	op[1] = number_operand(s->device->host->group ? s->device->host->group->id : 0);
	for (size_t i = 0; i < s->m->n_ram && answer == NO; i++)
		answer = block_outside(iova, &s->m->ram[i], op);
	if (!s->m->n_memory_devices)
		return answer;
	for (const struct machine_device *d = s->m->devices; d < s->device && answer == NO; d++) {
		if (d->block.name && !d->is_mapped_in_blocks)
			answer = block_outside(iova, &d->block, op);
	}
	return answer;
}

static enum answer ram_outside_legacy(const struct scene *s, struct operand *op)
{
	return ram_outside(s, BACKEND_LEGACY, op);
}

static enum answer ram_outside_iommufd(const struct scene *s, struct operand *op)
{
	return ram_outside(s, BACKEND_IOMMUFD, op);
}

/* RAM that comes while a device is attached already: too late to say no. */
static enum answer late_ram(const struct scene *s, enum backend backend, struct operand *op)
{
	struct scene each = *s;

	if (!s->device->block.name || s->device->is_mapped_in_blocks)
		return NO;
	op[0] = text_operand(s->device->label);
	for (const struct machine_device *d = s->m->devices; d < s->device; d++) {
		each.device = d;
		if (d->kind == DRIVER_VFIO_PCI && d->backend == backend && scene_iova(&each) &&
		    block_outside(scene_iova(&each), &s->device->block, op) == YES)
			return YES;
	}
	return NO;
}

static enum answer late_ram_legacy(const struct scene *s, struct operand *op)
{
	return late_ram(s, BACKEND_LEGACY, op);
}

static enum answer late_ram_iommufd(const struct scene *s, struct operand *op)
{
	return late_ram(s, BACKEND_IOMMUFD, op);
}

/* The firmware's image below 4 GiB is mapped like RAM (256 KiB of SeaBIOS where nothing else is
 * given). */
static const struct ram_block bios = {0xfffc0000, 0xffffffff, "pc.bios"};

/* A nesting parent of VT-d takes no read-only memory (intel.read-only-not-mapped). */
static bool maps_read_only(const struct machine_device *device)
{
	const struct iommu_unit *unit =
		device->is_nested && device->host ? device->host->unit : NULL;

	return !unit || unit->kind != IOF_IOMMU_INTEL_VTD || unit->errata_772415 == TRI_NO;
}

static bool lock_block(const struct scene *s, const struct ram_block *block, struct operand *op)
{
	uint64_t size = block->last - block->first + 1, limit = s->m->memlock;

	if (size <= limit && s->progress->locked <= limit - size) {
		s->progress->locked += size;
		return true;
	}
	op[2] = hex_operand(block->first);
	op[3] = hex_operand(size);
	op[4] = text_operand(block->name);
	op[5] = number_operand(limit);
	return false;
}

/* Pages are charged to the user's locked memory, block by block, upwards. */
static enum answer locked_limit(const struct scene *s, enum backend backend, struct operand *op)
{
	bool fit = true;

	if (s->device->backend != backend || s->m->memlock == 0 || s->m->memlock == UINT64_MAX ||
	    !s->m->n_ram || !is_first_of_container(s->m, s->device))
		return NO;
	op[1] = number_operand(
		s->device->host && s->device->host->group ? s->device->host->group->id : 0);
	fit = lock_block(s, &s->m->ram[0], op);
	if (fit && maps_read_only(s->device))
		fit = lock_block(s, &bios, op);
	if (fit && s->m->n_ram > 1)
		fit = lock_block(s, &s->m->ram[1], op);
	for (const struct machine_device *d = s->m->devices;
	     fit && d < s->device && s->m->n_memory_devices; d++) {
		if (d->block.name && !d->is_mapped_in_blocks)
			fit = lock_block(s, &d->block, op);
	}
	return fit ? NO : YES;
}

static enum answer locked_limit_legacy(const struct scene *s, struct operand *op)
{
	return locked_limit(s, BACKEND_LEGACY, op);
}

static enum answer locked_limit_iommufd(const struct scene *s, struct operand *op)
{
	return locked_limit(s, BACKEND_IOMMUFD, op);
}

enum { OUTSIDE, LATE, LOCKED };

static const struct rule rules[] = {
	[OUTSIDE] = {"memory.outside-iova", IOF_SEVERITY_ERROR,
		     "guest RAM that the host's IOMMU cannot map",
		     "QEMU will refuse {0}: guest RAM at {2} is out of reach of the host's IOMMU.",
		     "The block {4} has {3} bytes from {2} on; the highest usable address is {5}, "
		     "and each block must lie in "
		     "one usable range.",
		     "QEMU hw/vfio/listener.c vfio_listener_region_add", "lab", cure_memory_block,
		     "Give the VM less RAM (-m, maxmem), or a host with a wider IOMMU."},
	[LATE] = {"memory.late-outside-iova", IOF_SEVERITY_ERROR,
		  "RAM added after an assigned device, out of its reach",
		  "QEMU will abort: RAM of {0} at {2} is out of reach of an assigned device.",
		  "The block {4} has {3} bytes from {2} on; the highest usable address is {5}. The "
		  "device is attached "
		  "already, so QEMU can only give up.",
		  "QEMU hw/vfio/listener.c vfio_listener_region_add", "lab", cure_memory_block,
		  "Place the memory device lower (addr=, smaller maxmem), or do not plug it."},
	[LOCKED] = {"memory.locked-limit", IOF_SEVERITY_ERROR,
		    "a locked-memory limit that is too low",
		    "QEMU will refuse {0}: the limit of locked memory is too low.",
		    "The block {4} ({3} bytes at {2}) does not fit into the limit of {5} bytes. "
		    "All RAM and the firmware are "
		    "locked, and with a vIOMMU once more for each device.",
		    "Linux drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd/pages.c", "lab",
		    cure_memlock,
		    "Raise the limit (ulimit -l, LimitMEMLOCK=, libvirt <memtune><hard_limit>)."},
};

#define CONTAINER "vfio {0}: failed to setup container for group {1}: "
#define LISTENER "memory listener initialization failed: Region {4}: "
#define INVALID "Invalid argument"
#define NO_MEMORY "Cannot allocate memory"
#define MAP_OLD "vfio_dma_map(PTR, {2}, {3}, PTR) = -22 (" INVALID ")"
#define MAP "vfio_container_dma_map(PTR, {2}, {3}, PTR) = -22 (" INVALID ")"
#define LOCK_OLD "vfio_dma_map(PTR, {2}, {3}, PTR) = -12 (" NO_MEMORY ")"
#define LOCK "vfio_container_dma_map(PTR, {2}, {3}, PTR) = -12 (" NO_MEMORY ")"
#define TYPE1 "VFIO_MAP_DMA failed: " INVALID "\n"
#define IOAS "IOMMU_IOAS_MAP failed: " INVALID "\n"
#define ABORT "\nhardware error: vfio: DMA mapping failed, unable to continue"

static const struct step steps[] = {
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, 0, V9_0, EFFECT_STOPS, ram_outside_legacy,
	 &rules[OUTSIDE], TYPE1 CONTAINER LISTENER MAP_OLD},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, V9_0, V10_0, EFFECT_STOPS, ram_outside_legacy,
	 &rules[OUTSIDE], TYPE1 CONTAINER LISTENER MAP},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, V10_0, QEMU_NEVER, EFFECT_STOPS, ram_outside_legacy,
	 &rules[OUTSIDE], CONTAINER LISTENER MAP},
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, V9_0, V10_0, EFFECT_STOPS, ram_outside_iommufd,
	 &rules[OUTSIDE], IOAS "vfio {0}: " LISTENER MAP},
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, V10_0, QEMU_NEVER, EFFECT_STOPS, ram_outside_iommufd,
	 &rules[OUTSIDE], "vfio {0}: " LISTENER MAP},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, 0, V9_0, EFFECT_STOPS, locked_limit_legacy,
	 &rules[LOCKED], "VFIO_MAP_DMA failed: " NO_MEMORY "\n" CONTAINER LISTENER LOCK_OLD},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, V9_0, V10_0, EFFECT_STOPS, locked_limit_legacy,
	 &rules[LOCKED], "VFIO_MAP_DMA failed: " NO_MEMORY "\n" CONTAINER LISTENER LOCK},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, V10_0, QEMU_NEVER, EFFECT_STOPS, locked_limit_legacy,
	 &rules[LOCKED], CONTAINER LISTENER LOCK},
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, V9_0, V10_0, EFFECT_STOPS, locked_limit_iommufd,
	 &rules[LOCKED], "IOMMU_IOAS_MAP failed: " NO_MEMORY "\nvfio {0}: " LISTENER LOCK},
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, V10_0, QEMU_NEVER, EFFECT_STOPS,
	 locked_limit_iommufd, &rules[LOCKED], "vfio {0}: " LISTENER LOCK},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_LEGACY, 0, V9_0, EFFECT_KILLS, late_ram_legacy,
	 &rules[LATE], TYPE1 MAP_OLD ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_LEGACY, V9_0, V10_0, EFFECT_KILLS, late_ram_legacy,
	 &rules[LATE], TYPE1 MAP ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_IOMMUFD, V9_0, V10_0, EFFECT_KILLS, late_ram_iommufd,
	 &rules[LATE], IOAS MAP ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_LEGACY, V10_0, QEMU_NEVER, EFFECT_KILLS, late_ram_legacy,
	 &rules[LATE], MAP ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_IOMMUFD, V10_0, QEMU_NEVER, EFFECT_KILLS,
	 late_ram_iommufd, &rules[LATE], MAP ABORT},
};

const struct rule_family memory_family = {VMM_QEMU,	     DRIVER_OTHER, steps,
					  ARRAY_SIZE(steps), rules,	   ARRAY_SIZE(rules)};
