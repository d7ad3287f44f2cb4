/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a VM may come to need while it runs: locked memory, DMA mappings, IOVA for each vCPU, and
 * addresses for memory that is plugged later.
 */
#include "base/units.h"
#include "fit/cures.h"
#include "fit/rule.h"

/* ---- the area for memory devices ---- */

/* Whether all assigned devices reach the whole block; else *last is where the narrowest ends. */
static bool reaches(const struct scene *s, struct iof_range block, uint64_t *last)
{
	struct scene each = *s;

	*last = UINT64_MAX;
	for (size_t i = 0; i < s->m->n_cold; i++) {
		const struct device_iova *iova;

		each.device = &s->m->devices[i];
		iova = each.device->kind == DRIVER_VFIO_PCI ? scene_iova(&each) : NULL;
		if (iova && iova->n && iova->ranges[iova->n - 1].last < *last &&
		    !ranges_contain(iova->ranges, iova->n, block.first, block.last))
			*last = iova->ranges[iova->n - 1].last;
	}
	return *last == UINT64_MAX;
}

/* Slots are filled from below; slots= only pads for alignment. */
static enum answer area_outside(const struct scene *s, struct operand *op)
{
	const struct iof_machine *m = s->m;
	struct iof_range area = {m->device_memory_base,
				 m->device_memory_base + (m->max_size - m->ram_size) - 1};
	uint64_t last;

	if (!m->device_memory_size || !m->slots || reaches(s, area, &last))
		return NO;
	op[0] = hex_operand(area.first);
	op[1] = hex_operand(area.last);
	op[2] = hex_operand(last);
	return YES;
}

/* ---- locked memory ---- */

static size_t count_containers(const struct iof_machine *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_devices; i++)
		n += m->devices[i].kind == DRIVER_VFIO_PCI &&
		     is_first_of_container(m, &m->devices[i]);
	return n;
}

/* Behind a vIOMMU each device locks all RAM again, which managers do not always reckon with. */
static enum answer locked_need(const struct scene *s, struct operand *op)
{
	const struct iof_machine *m = s->m;
	size_t n = m->viommu ? count_containers(m) : 0;

	if (n < 2 || m->memlock >= locked_memory_need(m))
		return NO;
	op[0] = number_operand(n);
	op[1] = text_operand(m->viommu->driver);
	op[2] = number_operand(locked_memory_need(m) / MIB);
	op[3] = number_operand(m->ram_size / MIB);
	return YES;
}

/* ---- DMA mappings of the legacy backend ---- */

uint64_t vcpu_count(const struct iof_machine *m)
{
	static const char *const parts[] = {"drawers",	"books",   "sockets", "dies",
					    "clusters", "modules", "cores",   "threads"};
	const struct vm_option *smp = NULL, *next;
	uint64_t n, product = 1;

	for (size_t i = 0; (next = vm_option_nth(m->vm, OPTION_SMP, i)); i++)
		smp = next;
	if (!smp)
		return 1;
	if (option_value(smp, "cpus") && parse_u64(option_value(smp, "cpus"), 10, 65535, &n) == 0 &&
	    n)
		return n;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *text = option_value(smp, parts[i]);

		if (text && parse_u64(text, 10, 65535, &n) == 0 && n)
			product *= n;
		if (product > 65535)
			product = 65535;
	}
	return product;
}

/* A queue for each vCPU with this many descriptors, as fast NICs have them, each a page of its own.
 */
#define DESCRIPTORS 2048

static enum answer entries_viommu(const struct scene *s, struct operand *op)
{
	uint64_t limit = s->host->dma_entry_limit, vcpus = s->m->viommu ? vcpu_count(s->m) : 0;

	for (size_t i = 0; vcpus && i < s->m->n_cold; i++) {
		const struct machine_device *d = &s->m->devices[i];

		if (d->kind != DRIVER_VFIO_PCI || d->backend != BACKEND_LEGACY || !d->viommu ||
		    vcpus * DESCRIPTORS < limit)
			continue;
		op[0] = text_operand(d->host_bdf);
		op[1] = number_operand(vcpus);
		op[2] = number_operand(limit);
		op[3] = number_operand(vcpus * DESCRIPTORS * 2);
		return YES;
	}
	return NO;
}

static uint64_t backend_number(const struct iof_machine *m, const char *id, const char *key)
{
	for (size_t i = 0; id && i < m->vm->n_options; i++) {
		const struct vm_option *object = &m->vm->options[i];
		const char *name =
			object->kind == OPTION_OBJECT ? option_value(object, "id") : NULL;
		const char *text = name && str_eq(name, id) ? option_value(object, key) : NULL;

		if (text)
			return memory_size(text, 1);
	}
	return 0;
}

/* hw/virtio/virtio-mem.c virtio_mem_default_block_size: a transparent huge page, or the backend's
 * page. */
static uint64_t virtio_mem_blocks(const struct iof_machine *m, const struct machine_device *device)
{
	const char *id = option_value(device->option, "memdev");
	const char *block = option_value(device->option, "block-size");
	uint64_t size = backend_number(m, id, "size");
	uint64_t granule = block ? memory_size(block, 1) : backend_number(m, id, "hugetlbsize");

	if (!granule)
		granule = 2 * MIB;
	return size / granule;
}

static bool is_virtio_mem(const struct machine_device *device)
{
	return device->driver && str_eq(device->driver, "virtio-mem-pci");
}

/* KVM's slots stand for whatever else may be mapped (32764 since Linux 5.12, 509 before). */
static uint64_t memory_slots(const struct scene *s)
{
	if (!s->m->kvm)
		return 512;
	return kernel_at_least(s->host, 5, 12) ? 32764 : 509;
}

/* Blocks of all virtio-mem devices up to that one, each of which may need a mapping. */
static enum answer too_many_blocks(const struct scene *s, const struct machine_device *end,
				   struct operand *op)
{
	uint64_t blocks = 0, n = 0, slots = memory_slots(s), limit = s->host->dma_entry_limit;
	const char *region = NULL;

	for (const struct machine_device *d = s->m->devices; d < end; d++) {
		if (!is_virtio_mem(d))
			continue;
		blocks += virtio_mem_blocks(s->m, d);
		n++;
		region = option_value(d->option, "memdev");
	}
	op[2] = number_operand(limit);
	op[3] = number_operand(slots);
	op[4] = text_operand(region);
	op[5] = number_operand(blocks);
	return n && blocks + slots - n > limit ? YES : NO;
}

static enum answer blocks_before(const struct scene *s, struct operand *op)
{
	if (s->device->backend != BACKEND_LEGACY || !is_first_of_container(s->m, s->device))
		return NO;
	op[1] = number_operand(
		s->device->host && s->device->host->group ? s->device->host->group->id : 0);
	return too_many_blocks(s, s->device, op);
}

static enum answer blocks_after(const struct scene *s, struct operand *op)
{
	if (!is_virtio_mem(s->device))
		return NO;
	for (const struct machine_device *d = s->m->devices; d < s->device; d++) {
		if (d->kind != DRIVER_VFIO_PCI || d->backend != BACKEND_LEGACY)
			continue;
		op[0] = text_operand(d->host_bdf);
		return too_many_blocks(s, s->device + 1, op);
	}
	return NO;
}

/* ---- IOVA for each vCPU ---- */

/* What a device can use in the guest: its vIOMMU's width, but no more than the host's. */
static unsigned iova_bits(const struct scene *s, const struct machine_device *device)
{
	const struct machine_device *viommu = device->viommu;
	struct scene each = *s;
	const struct device_iova *iova;
	uint64_t bits;

	if (!viommu || !viommu->value[PROPERTY_AW_BITS].def)
		return 64;
	each.device = device;
	iova = scene_iova(&each);
	bits = (uint64_t)device_value(viommu, PROPERTY_AW_BITS);
	return iova && iova->width < bits ? iova->width : (unsigned)bits;
}

/* With less a vCPU's drivers have not even the addresses of a 32-bit device. */
#define TIGHT (4 * GIB)

static enum answer pool_tight(const struct scene *s, struct operand *op)
{
	uint64_t vcpus = s->m->viommu ? vcpu_count(s->m) : 0;

	for (size_t i = 0; vcpus && i < s->m->n_cold; i++) {
		const struct machine_device *d = &s->m->devices[i];
		unsigned bits = d->kind == DRIVER_VFIO_PCI ? iova_bits(s, d) : 64;

		if (bits >= 64 || ((uint64_t)1 << bits) / vcpus >= TIGHT)
			continue;
		op[0] = text_operand(d->viommu->driver);
		op[1] = number_operand(bits);
		op[2] = number_operand(vcpus);
		op[3] = number_operand(((uint64_t)1 << bits) / vcpus / MIB);
		return YES;
	}
	return NO;
}

/* ---- guest RAM above what the vIOMMU's tables can name ---- */

/* intel-iommu takes address bits from its width on as reserved in the guest's tables. */
static enum answer ram_above_width(const struct scene *s, struct operand *op)
{
	const struct machine_device *viommu = s->device->viommu;
	uint64_t last = s->m->n_ram ? s->m->ram[s->m->n_ram - 1].last : 0;
	int64_t bits;

	if (!viommu || viommu->kind != DRIVER_INTEL_IOMMU)
		return NO;
	for (size_t i = 0; i < s->m->n_cold && s->m->n_memory_devices; i++) {
		const struct machine_device *d = &s->m->devices[i];

		if (d->block.name && d->block.last > last)
			last = d->block.last;
	}
	bits = device_value(viommu, PROPERTY_AW_BITS);
	op[1] = number_operand((uint64_t)bits);
	op[2] = hex_operand(last);
	op[3] = hex_operand(bits < 64 ? (uint64_t)1 << bits : 0);
	return bits < 64 && last >> bits ? YES : NO;
}

enum { AREA, NEED, ENTRIES, BLOCKS, BLOCKS_REFUSED, POOL, RAM_WIDTH };

static const struct rule rules[] = {
	[AREA] = {"memory.hotplug-area-outside-iova", IOF_SEVERITY_WARNING,
		  "memory to be plugged that the host's IOMMU cannot map",
		  "Memory that is plugged above {2} will kill the VM.",
		  "maxmem lets memory devices go from {0} to {1}; an assigned device reaches {2}.",
		  "QEMU hw/vfio/listener.c vfio_listener_region_add", "lab", cure_max_memory,
		  "Make maxmem smaller, or use a host with a wider IOMMU."},
	[NEED] =
		{"memory.locked-need", IOF_SEVERITY_NOTE,
		 "locked memory for several devices behind a vIOMMU",
		 "QEMU will lock up to {2} MiB: the RAM once for each of {0} address spaces.",
		 "Behind {1} each assigned device has an address space of its own, and its {3} MiB "
		 "of RAM are counted for each.",
		 "Linux drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd/pages.c", "lab",
		 cure_memlock,
		 "Allow as much: ulimit -l, LimitMEMLOCK=, libvirt <memtune><hard_limit>."},
	[ENTRIES] =
		{"limits.dma-entries", IOF_SEVERITY_NOTE, "DMA mappings of a guest behind a vIOMMU",
		 "{0} can run out of DMA mappings: the kernel allows {2} of them.",
		 "Behind a vIOMMU each page that the guest maps is one; a queue for each of {1} "
		 "vCPUs with 2048 descriptors already takes that many. Room for twice that: "
		 "dma_entry_limit={3}.",
		 "Linux drivers/vfio/vfio_iommu_type1.c", "source", cure_more_entries,
		 "Raise vfio_iommu_type1.dma_entry_limit, or use the iommufd backend, which "
		 "has no such limit."},
	[BLOCKS] = {"limits.virtio-mem-blocks", IOF_SEVERITY_WARNING,
		    "virtio-mem with more blocks than DMA mappings",
		    "{0} can run out of DMA mappings for virtio-mem.",
		    "{5} blocks and {3} memory slots may each need one; the kernel allows {2}.",
		    "QEMU hw/vfio/common.c vfio_register_ram_discard_listener", "report",
		    cure_dma_entries, "Give virtio-mem a larger block-size."},
	[BLOCKS_REFUSED] =
		{"limits.virtio-mem-refused", IOF_SEVERITY_ERROR,
		 "virtio-mem with more blocks than DMA mappings, refused",
		 "QEMU will refuse {0}: virtio-mem may need more DMA mappings than there are.",
		 "{5} blocks and {3} memory slots may each need one; the kernel allows {2}.",
		 "QEMU hw/vfio/listener.c vfio_ram_discard_register_listener", "source",
		 cure_dma_entries, "Give virtio-mem a larger block-size."},
	[POOL] = {"limits.iova-per-vcpu", IOF_SEVERITY_WARNING,
		  "little IOVA for each vCPU behind a vIOMMU",
		  "The guest's drivers have {3} MiB of DMA addresses for each vCPU.",
		  "{1} bits shared by {2} vCPUs; with less than 4 GiB each, drivers with large or "
		  "many buffers may find none free.",
		  "Linux drivers/iommu/iova.c", "source", cure_pool,
		  "Use a host with a wider IOMMU, or fewer vCPUs."},
	[RAM_WIDTH] =
		{"width.ram-above-viommu", IOF_SEVERITY_WARNING,
		 "guest RAM above the vIOMMU's width",
		 "DMA of {0} to RAM above {3} will fail while the guest translates it.",
		 "The guest's RAM goes up to {2}; an intel-iommu of {1} bits takes higher "
		 "addresses in the guest's tables as a fault.",
		 "QEMU hw/i386/intel_iommu.c vtd_init (reserved bits)", "source", cure_wider_intel,
		 "Give the VM less RAM, or another vIOMMU; iommu=pt in the guest helps, too."},
};

#define RUNNING_OUT                                                                                \
	"possibly running out of DMA mappings. E.g., try increasing the 'block-size' of "          \
	"virtio-mem devies. Maximum possible DMA mappings: {2}, Maximum possible memslots: {3}"
#define OLD_WARNING "warning: vfio_register_ram_discard_listener: " RUNNING_OUT
#define NEW_TEXT "vfio_ram_discard_register_listener: " RUNNING_OUT
#define LISTENER                                                                                   \
	"vfio {0}: failed to setup container for group {1}: memory listener initialization "       \
	"failed: Region {4}: "
#define ABORT "\nhardware error: vfio: DMA mapping failed, unable to continue"

static const struct step steps[] = {
	{STAGE_MAP, COLD_AND_HOT, 0, V10_1, EFFECT_WARNS, blocks_before, &rules[BLOCKS],
	 OLD_WARNING},
	{STAGE_MAP, COLD_AND_HOT, V10_1, V10_2, EFFECT_WARNS, blocks_before, &rules[BLOCKS],
	 "warning: " NEW_TEXT},
	{STAGE_MAP, COLD_AND_HOT, V10_2, QEMU_NEVER, EFFECT_STOPS, blocks_before,
	 &rules[BLOCKS_REFUSED], LISTENER NEW_TEXT},
	{STAGE_ADD_RAM, COLD_AND_HOT, 0, V10_1, EFFECT_WARNS, blocks_after, &rules[BLOCKS],
	 OLD_WARNING},
	{STAGE_ADD_RAM, COLD_AND_HOT, V10_1, V10_2, EFFECT_WARNS, blocks_after, &rules[BLOCKS],
	 "warning: " NEW_TEXT},
	{STAGE_ADD_RAM, COLD_AND_HOT, V10_2, QEMU_NEVER, EFFECT_KILLS, blocks_after,
	 &rules[BLOCKS_REFUSED], NEW_TEXT ABORT},
	{STAGE_DONE, COLD, 0, QEMU_NEVER, EFFECT_NOTE, area_outside, &rules[AREA], NULL},
	{STAGE_DONE, COLD, 0, QEMU_NEVER, EFFECT_NOTE, locked_need, &rules[NEED], NULL},
	{STAGE_DONE, COLD, 0, QEMU_NEVER, EFFECT_NOTE, entries_viommu, &rules[ENTRIES], NULL},
	{STAGE_DONE, COLD, 0, QEMU_NEVER, EFFECT_NOTE, pool_tight, &rules[POOL], NULL},
	{STAGE_RUN, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_DEGRADES, ram_above_width,
	 &rules[RAM_WIDTH], NULL},
};

const struct rule_family limits_family = {VMM_QEMU,	     DRIVER_OTHER, steps,
					  ARRAY_SIZE(steps), rules,	   ARRAY_SIZE(rules)};
