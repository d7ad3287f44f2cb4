/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest RAM against the addresses that the host's IOMMU can map. QEMU maps all RAM for each
 * assigned device when it is attached, and new RAM at once (hw/vfio/listener.c; up to 10.0
 * common.c).
 */
#include "base/units.h"
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

/* How far a device's mapping has come: which block is at fault, and why. */
enum fault { FAULT_NONE = 0, FAULT_OUTSIDE, FAULT_LOCKED };

struct mapping_walk {
	const struct scene *scene;
	uint64_t locked; /* bytes, of this backend: VFIO counts them by process, iommufd by user */
	uint64_t next;	 /* everything below is mapped */
	enum fault fault;
	struct operand *op;
};

static bool is_limited(const struct iof_machine *m)
{
	return m->memlock != 0 && m->memlock != UINT64_MAX;
}

static void map_block(struct mapping_walk *walk, const struct ram_block *block)
{
	const struct scene *s = walk->scene;
	const struct device_iova *iova = scene_iova(s);
	uint64_t size = block->last - block->first + 1, limit = s->m->memlock;

	if (walk->fault)
		return;
	if (iova && block_outside(iova, block, walk->op) == YES) {
		walk->fault = FAULT_OUTSIDE;
	} else if (is_limited(s->m) && (size > limit || walk->locked > limit - size)) {
		walk->op[2] = hex_operand(block->first);
		walk->op[3] = hex_operand(size);
		walk->op[4] = text_operand(block->name);
		walk->op[5] = number_operand(limit);
		walk->fault = FAULT_LOCKED;
	} else {
		walk->locked += size;
	}
}

/* A nesting parent of VT-d takes no read-only memory (intel.read-only-not-mapped). */
static bool maps_read_only(const struct machine_device *device)
{
	const struct iommu_unit *unit =
		device->is_nested && device->host ? device->host->unit : NULL;

	return !unit || unit->kind != IOF_IOMMU_INTEL_VTD || unit->errata_772415 == TRI_NO;
}

/*
 * What lies below 1 MiB covers RAM on i440fx from the start, on q35 from the first reset on (the
 * chipset's PAM registers). The firmware's image below 4 GiB is mapped like RAM (256 KiB of SeaBIOS
 * where nothing else is given).
 */
static void map_low(struct mapping_walk *walk)
{
	static const struct ram_block rom = {0xc0000, 0xdffff, "pc.rom"},
				      isa_bios = {0xe0000, 0xfffff, "pc.bios"},
				      bios = {0xfffc0000, 0xffffffff, "pc.bios"};
	const struct iof_machine *m = walk->scene->m;
	struct ram_block low = m->ram[0], below = m->ram[0];
	bool is_split = m->type.family == MACHINE_I440FX ||
			(m->type.family == MACHINE_Q35 && walk->scene->progress->is_hot);

	if (is_split && low.last >= MIB) {
		below.last = rom.first - 1;
		map_block(walk, &below);
		if (maps_read_only(walk->scene->device)) {
			map_block(walk, &rom);
			map_block(walk, &isa_bios);
		}
		low.first = MIB;
	}
	map_block(walk, &low);
	if (is_limited(m) && maps_read_only(walk->scene->device))
		map_block(walk, &bios);
	if (m->n_ram > 1)
		map_block(walk, &m->ram[1]);
}

/* The memory device that comes next upwards, of those that are there already. */
static const struct ram_block *next_block(const struct mapping_walk *walk)
{
	const struct iof_machine *m = walk->scene->m;
	const struct ram_block *next = NULL;

	for (const struct machine_device *d = m->devices; d < walk->scene->device; d++) {
		if (d->block.name && !d->is_mapped_in_blocks && d->block.first >= walk->next &&
		    (!next || d->block.first < next->first))
			next = &d->block;
	}
	return next;
}

/* The listener walks the address space upwards; the first that fails is the one that is named. */
static enum fault map_ram(const struct scene *s, enum backend backend, bool keeps,
			  struct operand *op)
{
	struct mapping_walk walk = {.scene = s, .locked = s->progress->locked[backend], .op = op};

	if (s->device->backend != backend || !s->m->n_ram ||
	    !is_first_of_container(s->m, s->device) || amd_refuses_notifier(s) ||
	    !maps_system_memory(s->device))
		return FAULT_NONE;
	op[1] = number_operand(
		s->device->host && s->device->host->group ? s->device->host->group->id : 0);
	map_low(&walk);
	for (const struct ram_block *block = s->m->n_memory_devices ? next_block(&walk) : NULL;
	     block && !walk.fault; block = next_block(&walk)) {
		map_block(&walk, block);
		walk.next = block->last;
	}
	if (keeps)
		s->progress->locked[backend] = walk.locked;
	return walk.fault;
}

static enum answer ram_outside(const struct scene *s, enum backend backend, struct operand *op)
{
	return scene_iova(s) && map_ram(s, backend, false, op) == FAULT_OUTSIDE ? YES : NO;
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
		    maps_system_memory(d) &&
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

/* Pages are charged block by block, upwards. */
static enum answer locked_limit(const struct scene *s, enum backend backend, struct operand *op)
{
	return is_limited(s->m) && map_ram(s, backend, true, op) == FAULT_LOCKED ? YES : NO;
}

/* A new block is mapped for every container that there is. */
static enum answer late_lock(const struct scene *s, enum backend backend, struct operand *op)
{
	const struct ram_block *block = &s->device->block;
	uint64_t size = block->last - block->first + 1;

	if (!is_limited(s->m) || !block->name || s->device->is_mapped_in_blocks)
		return NO;
	for (const struct machine_device *d = s->m->devices; d < s->device; d++) {
		uint64_t *locked = &s->progress->locked[backend];

		if (d->kind != DRIVER_VFIO_PCI || d->backend != backend || !maps_system_memory(d) ||
		    !is_first_of_container(s->m, d))
			continue;
		if (*locked + size > s->m->memlock) {
			op[0] = text_operand(s->device->label);
			op[2] = hex_operand(block->first);
			op[3] = hex_operand(size);
			op[4] = text_operand(block->name);
			op[5] = number_operand(s->m->memlock);
			return YES;
		}
		*locked += size;
	}
	return NO;
}

static enum answer late_lock_legacy(const struct scene *s, struct operand *op)
{
	return late_lock(s, BACKEND_LEGACY, op);
}

static enum answer late_lock_iommufd(const struct scene *s, struct operand *op)
{
	return late_lock(s, BACKEND_IOMMUFD, op);
}

static enum answer locked_limit_legacy(const struct scene *s, struct operand *op)
{
	return locked_limit(s, BACKEND_LEGACY, op);
}

static enum answer locked_limit_iommufd(const struct scene *s, struct operand *op)
{
	return locked_limit(s, BACKEND_IOMMUFD, op);
}

/*
 * KVM takes no memory slot that ends above what the host's CPU addresses
 * (kvm_arch_prepare_memory_region since 5.18). RAM and firmware have the slots before: below 1 MiB
 * i440fx, and q35 after its first reset, cut three more.
 */
static enum answer beyond_kvm(const struct scene *s, struct operand *op)
{
	const struct ram_block *block = &s->device->block;
	uint64_t slot = s->m->n_ram + 1;

	if (!block->name || !is_beyond_kvm(s->m, block->last))
		return NO;
	if (s->m->type.family == MACHINE_I440FX || s->progress->is_hot)
		slot += 3;
	for (const struct machine_device *d = s->m->devices; d < s->device; d++)
		slot += d->block.name != NULL;
	op[0] = text_operand(s->device->label);
	op[1] = number_operand(slot);
	op[2] = hex_operand(block->first);
	op[3] = hex_operand(block->last - block->first + 1);
	op[4] = number_operand(kvm_address_bits(s->m));
	return YES;
}

/* Since 11.0 more than 52 bits may be given, but KVM's MSRs cannot say so. */
static enum answer too_wide_for_kvm(const struct scene *s, struct operand *op)
{
	op[0] = number_operand(s->m->vcpu.phys_bits);
	return s->m->kvm && s->m->vcpu.long_mode && s->m->vcpu.phys_bits > 52 ? YES : NO;
}

enum { OUTSIDE, LATE, LOCKED, LATE_LOCK, BEYOND_KVM, KVM_BITS };

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
	[KVM_BITS] = {"memory.phys-bits-above-kvm", IOF_SEVERITY_ERROR,
		      "more than 52 address bits with KVM",
		      "QEMU will abort: KVM has no {0} address bits.",
		      "From 11.0 on QEMU takes any number of bits; x86 has at most 52.",
		      "QEMU target/i386/kvm/kvm.c kvm_get_msrs", "lab", cure_kvm_bits, NULL},
	[BEYOND_KVM] =
		{"memory.device-beyond-host-cpu", IOF_SEVERITY_ERROR,
		 "a memory device above what the host's CPU addresses",
		 "QEMU will abort: KVM takes no memory at {2}, where {0} is.",
		 "The host's CPU has {4} address bits, whatever the vCPU has.",
		 "Linux arch/x86/kvm/x86.c kvm_arch_prepare_memory_region", "lab", cure_beyond_kvm,
		 "Place the memory device lower (addr=, smaller maxmem), or do not plug it."},
	[LATE_LOCK] =
		{"memory.late-locked-limit", IOF_SEVERITY_ERROR,
		 "RAM added after an assigned device, beyond the locked-memory limit",
		 "QEMU will abort: RAM of {0} cannot be locked any more.",
		 "The block {4} ({3} bytes at {2}) does not fit into the limit of {5} bytes, "
		 "beside what is locked already.",
		 "QEMU hw/vfio/listener.c vfio_listener_region_add", "lab", cure_memlock,
		 "Raise the limit (ulimit -l, LimitMEMLOCK=, libvirt <memtune><hard_limit>)."},
};

#define KVM_REFUSES                                                                                \
	"kvm_set_user_memory_region: KVM_SET_USER_MEMORY_REGION failed, slot={1}, start={2}, "     \
	"size={3}: Invalid argument\nkvm_set_phys_mem: error registering slot: Invalid argument"
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
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_LEGACY, 0, V9_0, EFFECT_KILLS, late_lock_legacy,
	 &rules[LATE_LOCK], "VFIO_MAP_DMA failed: " NO_MEMORY "\n" LOCK_OLD ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_LEGACY, V9_0, V10_0, EFFECT_KILLS, late_lock_legacy,
	 &rules[LATE_LOCK], "VFIO_MAP_DMA failed: " NO_MEMORY "\n" LOCK ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_IOMMUFD, V9_0, V10_0, EFFECT_KILLS, late_lock_iommufd,
	 &rules[LATE_LOCK], "IOMMU_IOAS_MAP failed: " NO_MEMORY "\n" LOCK ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_LEGACY, V10_0, QEMU_NEVER, EFFECT_KILLS, late_lock_legacy,
	 &rules[LATE_LOCK], LOCK ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT | OF_IOMMUFD, V10_0, QEMU_NEVER, EFFECT_KILLS,
	 late_lock_iommufd, &rules[LATE_LOCK], LOCK ABORT},
	{STAGE_ADD_RAM, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_KILLS, beyond_kvm, &rules[BEYOND_KVM],
	 KVM_REFUSES},
	{STAGE_DONE, COLD, V11_0, QEMU_NEVER, EFFECT_KILLS, too_wide_for_kvm, &rules[KVM_BITS],
	 "target/i386/kvm/kvm.c:5068: kvm_get_msrs: Assertion `cpu->phys_bits <= 52' failed."},
};

const struct rule_family memory_family = {VMM_QEMU,	     DRIVER_OTHER, steps,
					  ARRAY_SIZE(steps), rules,	   ARRAY_SIZE(rules)};
