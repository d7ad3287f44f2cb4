// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Cloud Hypervisor's address map, and where it puts BARs: no guest firmware is asked (facts:
 * arch/src/x86_64/layout.rs, arch/src/aarch64/layout.rs; vmm/src/memory_manager.rs
 * MemoryManager::new, start_addr; vmm/src/device_manager.rs create_mmio_allocators; pci/src/vfio.rs
 * allocate_bars, fixup_msix_region; vm-allocator/src/address.rs first_available_range).
 */
#include "vmm/cloud_hypervisor.h"

#include <errno.h>

#define MAX_MEMORY ((uint64_t)1 << 56) /* sums of a few such sizes cannot wrap */
#define DEFAULT_MEMORY (512 * MIB)     /* vm_config.rs */
#define HOTPLUG_ALIGN (128 * MIB)      /* start_addr(), VIRTIO_MEM_ALIGN_SIZE */
#define TOP_RESERVE (64 * KIB + MIB)   /* mmio_address_space_size(), PLATFORM_DEVICE_AREA_SIZE */
#define WINDOW_ALIGN (4 * GIB)	       /* of segments above RAM */
#define VIRTIO_BAR ((uint64_t)0x80000) /* CAPABILITY_BAR_SIZE */
#define PMEM_ALIGN (2 * MIB)
#define SEGMENT_CONFIG MIB /* PCI_MMIO_CONFIG_SIZE_PER_SEGMENT */

struct layout {
	uint64_t ram, low_end;	       /* RAM is [ram, low_end) and from 4 GiB on */
	struct guest_window devices32; /* PCI devices below 4 GiB */
	uint64_t config;	       /* PCI_MMCONFIG_START */
	struct iof_range msi;	       /* last 0: not known */
};

static const struct layout x86 = {
	.ram = 0,
	.low_end = 3 * GIB,
	.devices32 = {0xc0000000, 0xe7ffffff},
	.config = 0xe8000000,
	.msi = {0xfee00000, 0xfeefffff},
};
static const struct layout arm = {
	.ram = 0x40000000,
	.low_end = 0xfc000000,
	.devices32 = {0x10000000, 0x2fffffff},
	.config = 0x30000000,
};

static const struct layout *layout_of(const struct iof_machine *m)
{
	return m->host->cpu.is_arm ? &arm : &x86;
}

static uint64_t clamp(uint64_t size)
{
	return size > MAX_MEMORY ? MAX_MEMORY : size;
}

/* ---- RAM ---- */

static void add_board(struct iof_machine *m, enum iof_region_kind kind, uint64_t first,
		      uint64_t last, const char *name)
{
	m->board[m->n_board++] = (struct board_region){kind, {first, last}, name};
}

/* Zones follow one another; what does not fit below goes on at 4 GiB. */
static void map_ram(struct iof_machine *m, const struct layout *layout)
{
	uint64_t room = layout->low_end - layout->ram;
	uint64_t low = m->ram_size < room ? m->ram_size : room;

	if (!m->ram_size)
		return;
	m->ram[0] = (struct ram_block){layout->ram, layout->ram + low - 1, "RAM"};
	m->ram[1] = (struct ram_block){4 * GIB, 4 * GIB + m->ram_size - low - 1, "RAM"};
	m->n_ram = m->ram_size > low ? 2 : 1;
	m->max_used_address = m->ram[m->n_ram - 1].last;
}

struct hotplug {
	uint64_t start; /* of the device area so far */
	uint64_t first; /* 0: no room for more memory yet */
};

static void add_room(struct hotplug *h, uint64_t size, bool is_virtio_mem)
{
	if (!size)
		return;
	if (is_virtio_mem)
		h->start = align_up(h->start, HOTPLUG_ALIGN);
	h->first = h->first ? h->first : h->start;
	h->start += size;
}

/* Where devices begin: behind RAM and the room for more. */
static uint64_t map_hotplug(struct iof_machine *m, const struct layout *layout, bool has_zones)
{
	const struct vm_option *memory = ch_object(m, "memory", 0), *zone;
	const char *method = memory ? option_value(memory, "hotplug_method") : NULL;
	bool is_virtio_mem =
		method && (strcasecmp(method, "virtio-mem") == 0 || str_eq(method, "VirtioMem"));
	bool may_grow = !has_zones && memory && option_value(memory, "hotplug_size");
	struct hotplug h = {.start = 4 * GIB};

	for (size_t i = 0; has_zones && (zone = ch_object(m, "memory-zone", i)); i++)
		may_grow = may_grow || option_value(zone, "hotplug_size");
	if (m->max_used_address >= layout->low_end)
		h.start = may_grow ? (m->max_used_address | (HOTPLUG_ALIGN - 1)) + 1
				   : m->max_used_address + 1;
	if (!has_zones)
		add_room(&h, clamp(ch_size(memory, "hotplug_size", 0)), is_virtio_mem);
	for (size_t i = 0; has_zones && (zone = ch_object(m, "memory-zone", i)); i++)
		add_room(&h, clamp(ch_size(zone, "hotplug_size", 0)) & (MAX_MEMORY - 1), true);
	if (h.first) {
		m->device_memory_base = h.first;
		m->device_memory_size = h.start - h.first;
		m->max_used_address = h.start - 1;
	}
	return h.start;
}

static uint64_t device_area_end(const struct iof_machine *m)
{
	unsigned bits = m->vcpu.phys_bits;

	return bits >= 32 && bits < 64 ? ((uint64_t)1 << bits) - TOP_RESERVE : 0;
}

static void refuse_memory(struct iof_machine *m)
{
	machine_problem(m, PROBLEM_CH_REFUSES, SIZE_MAX, NULL, "max_phys_bits",
			(struct message){
				.operand = {text_operand("RAM and the room for more of it leave no "
							 "addresses for devices.")}});
}

void ch_map_memory(struct iof_machine *m)
{
	const struct vm_option *memory = ch_object(m, "memory", 0), *zone;
	const struct layout *layout = layout_of(m);
	uint64_t size = ch_size(memory, "size", DEFAULT_MEMORY), start;
	bool has_zones = size == 0;

	for (size_t i = 0; has_zones && i < 4096 && (zone = ch_object(m, "memory-zone", i)); i++)
		size = clamp(size + clamp(ch_size(zone, "size", DEFAULT_MEMORY)));
	m->ram_size = clamp(size);
	map_ram(m, layout);
	start = map_hotplug(m, layout, has_zones);
	m->guest.mmio64 = (struct guest_window){start, device_area_end(m) - 1};
	if (m->vcpu.phys_bits && start + WINDOW_ALIGN > device_area_end(m))
		refuse_memory(m);
	add_board(m, IOF_REGION_ECAM, layout->config,
		  layout->config + ch_segments(m) * SEGMENT_CONFIG - 1, "PCI configuration");
	if (layout->msi.last)
		add_board(m, IOF_REGION_MSI, layout->msi.first, layout->msi.last, "MSI");
}

/* ---- windows of segments ---- */

static uint64_t weight_of(const struct iof_machine *m, unsigned segment, const char *key)
{
	const struct vm_option *option;
	uint64_t weight = 1;

	for (size_t i = 0; m->version >= CH_APERTURE_WEIGHTS && i < 4096 &&
			   (option = ch_object(m, "pci-segment", i));
	     i++) {
		if (ch_number(option, "pci_segment", 0) == segment)
			weight = ch_number(option, key, 1);
	}
	return weight > UINT32_MAX ? UINT32_MAX : weight;
}

/* Shares of [start, end], as create_mmio_allocators() has them: end counts as if it were in. */
static void share_out(const struct iof_machine *m, uint64_t start, uint64_t end, uint64_t align,
		      const char *key, bool is_64)
{
	uint64_t total = 0, unit, at = start;

	for (unsigned i = 0; i < ch_segments(m); i++)
		total += weight_of(m, i, key);
	unit = total ? (end - start + 1) / align / total * align : 0;
	for (struct guest_bus *bus = m->guest.buses; bus; bus = bus->next) {
		uint64_t size = unit * weight_of(m, bus->number, key);
		struct guest_window window = {at, at + size - 1};

		if (!size)
			window = (struct guest_window){1, 0};
		if (is_64)
			bus->prefetchable = window;
		else
			bus->memory = window;
		at += size;
	}
}

static void make_windows(const struct iof_machine *m)
{
	const struct guest_window *below = &layout_of(m)->devices32;

	share_out(m, m->guest.mmio64.first, m->guest.mmio64.last, WINDOW_ALIGN,
		  "mmio64_aperture_weight", true);
	if (m->version >= CH_SEGMENT_MMIO32)
		share_out(m, below->first, below->last + 1, 4 * KIB, "mmio32_aperture_weight",
			  false);
	else
		m->guest.buses->memory = *below;
}

/* ---- BARs ---- */

/* Taken from the top: the highest gap that holds it. */
struct taken {
	uint64_t first, size;
	struct taken *below;
};

struct allocator {
	struct arena *arena;
	struct guest_window window;
	struct taken *top;
};

/* BAR_UNPLACED: no room, or out of memory (then *err). */
static uint64_t allocate(struct allocator *a, uint64_t size, uint64_t align, int *err)
{
	struct taken **at = &a->top, *taken;
	uint64_t end = a->window.last + 1;

	if (a->window.first > a->window.last || !size || !align || (align & (align - 1)))
		return BAR_UNPLACED;
	for (;; at = &(*at)->below) {
		uint64_t from = *at ? (*at)->first + (*at)->size : a->window.first;

		from = (from + align - 1) & ~(align - 1);
		if (from <= end && end - from >= size)
			break;
		if (!*at)
			return BAR_UNPLACED;
		end = (*at)->first;
	}
	taken = arena_alloc(a->arena, sizeof(*taken));
	if (!taken) {
		*err = -ENOMEM;
		return BAR_UNPLACED;
	}
	*taken = (struct taken){(end - size) & ~(align - 1), size, *at};
	*at = taken;
	return taken->first;
}

struct placing {
	struct iof_machine *m;
	struct allocator *below, *above; /* by segment */
	uint64_t page;
	int err;
};

/* A MSI-X table that does not begin a page gets pages of its own behind the BAR's. */
static uint64_t fixed_size(const struct placing *p, const struct pci_bar *bar)
{
	uint64_t entries = bar->msix_size / 16, own;

	if (!bar->msix_size || bar->msix_offset % p->page == 0)
		return bar->size;
	own = align_up(bar->msix_size + (entries + 63) / 64 * 8, p->page);
	return 2 * (bar->size > own ? bar->size : own);
}

/* Nothing is left to map beside the table. */
static bool is_all_msix(const struct placing *p, const struct pci_bar *bar)
{
	return bar->msix_size && bar->msix_offset < p->page &&
	       bar->msix_offset + bar->msix_size + p->page > bar->size;
}

static bool maps_bars(const struct iof_machine *m, const struct machine_device *device)
{
	if (m->version < CH_MAPS_BARS || device->viommu)
		return false;
	return m->version < CH_IOMMUFD || ch_switch(ch_platform(m), "vfio_p2p_dma", true);
}

static void place_bar(struct placing *p, struct guest_function *function, unsigned index,
		      uint64_t align)
{
	struct guest_bar *bar = &function->bar[index];
	unsigned segment = function->bus->number;
	struct allocator *a = bar->is_64			  ? &p->above[segment]
			      : p->m->version < CH_SEGMENT_MMIO32 ? &p->below[0]
								  : &p->below[segment];

	if (bar->size && !bar->is_io)
		bar->address = allocate(a, bar->size, align, &p->err);
	if (bar->size && !bar->is_io && bar->address == BAR_UNPLACED && !p->err)
		device_problem(
			(struct machine_device *)function->device, PROBLEM_CH_REFUSES, NULL,
			"pci_segment",
			(struct message){.operand = {text_operand(
						 "The addresses of its PCI segment do not suffice "
						 "for the device's BARs.")}});
}

/* In their order, the option ROM last and below 4 GiB. */
static void place_assigned(struct placing *p, struct guest_function *function)
{
	const struct machine_device *device = function->device;
	const char *excluded = option_value(device->option, "x_exclude_mmap_bars");
	const struct iof_device *host = device->host;

	function->class_code = host ? (uint16_t)(host->class_code >> 8) : 0;
	for (unsigned i = 0; host && i < PCI_BARS; i++) {
		struct guest_bar *bar = &function->bar[i];

		*bar = (struct guest_bar){.size = pow2_ceil(host->bars[i].is_64
								    ? fixed_size(p, &host->bars[i])
								    : host->bars[i].size),
					  .is_io = host->bars[i].is_io,
					  .is_64 = host->bars[i].is_64,
					  .is_prefetchable = host->bars[i].is_prefetchable,
					  .address = BAR_UNPLACED};
		bar->is_unmapped = !maps_bars(p->m, device) || ch_list_has(excluded, i) ||
				   is_all_msix(p, &host->bars[i]);
		place_bar(p, function, i, bar->is_64 && bar->size < p->page ? p->page : bar->size);
	}
	function->bar[GUEST_ROM].size = host ? pow2_ceil(host->rom_size) : 0;
	place_bar(p, function, GUEST_ROM, function->bar[GUEST_ROM].size);
}

/* One BAR for all capabilities; a disk's is below 4 GiB, where firmware reaches it. */
static void place_virtio(struct placing *p, struct guest_function *function)
{
	bool is_disk = str_eq(function->driver, "virtio-block");

	function->bar[0] = (struct guest_bar){.size = VIRTIO_BAR,
					      .is_64 = !is_disk || function->bus->number > 0,
					      .address = BAR_UNPLACED};
	place_bar(p, function, 0, VIRTIO_BAR);
}

static int add_function(struct placing *p, struct machine_device *device)
{
	struct guest_function *function, **at;

	if (!device->bus || device->problem.kind)
		return 0;
	function = arena_alloc(p->m->arena, sizeof(*function));
	if (!function)
		return -ENOMEM;
	function->bus = device->bus->guest;
	function->devfn = device->devfn;
	function->driver = device->driver;
	function->device = device;
	for (unsigned i = 0; i < GUEST_BARS; i++)
		function->bar[i].address = BAR_UNPLACED;
	for (at = &function->bus->functions; *at && (*at)->devfn < function->devfn;)
		at = &(*at)->next;
	function->next = *at;
	*at = function;
	device->function = function;
	if (device->kind == DRIVER_VFIO_PCI)
		place_assigned(p, function);
	else if (!str_eq(device->driver, "vfio-user"))
		place_virtio(p, function);
	return p->err;
}

/* A file that is guest memory takes its addresses when the device is made, before any BAR. */
static int take_pmem(struct placing *p)
{
	for (size_t i = 0; i < p->m->n_cold; i++) {
		const struct machine_device *device = &p->m->devices[i];
		uint64_t size = ch_size(device->option, "size", 0);

		if (!str_eq(device->driver, "virtio-pmem") || !device->bus)
			continue;
		if (!size) {
			p->m->guest.unplaced_why = "A virtio-pmem file takes addresses first, and "
						   "its size is not said.";
			return 0;
		}
		allocate(&p->above[device->bus->number], size, PMEM_ALIGN, &p->err);
	}
	return p->err;
}

static int make_buses(struct iof_machine *m)
{
	struct guest_bus **last = &m->guest.buses;

	for (struct machine_bus *bus = m->buses; bus; bus = bus->next) {
		struct guest_bus *guest = arena_alloc(m->arena, sizeof(*guest));

		if (!guest)
			return -ENOMEM;
		guest->bus = bus;
		guest->number = bus->number;
		guest->is_express = true;
		bus->guest = guest;
		*last = guest;
		last = &guest->next;
	}
	return 0;
}

static int make_allocators(struct placing *p)
{
	size_t n = ch_segments(p->m);

	p->below = arena_array(p->m->arena, n, sizeof(*p->below));
	p->above = arena_array(p->m->arena, n, sizeof(*p->above));
	if (!p->below || !p->above)
		return -ENOMEM;
	for (const struct guest_bus *bus = p->m->guest.buses; bus; bus = bus->next) {
		p->below[bus->number] =
			(struct allocator){.arena = p->m->arena, .window = bus->memory};
		p->above[bus->number] =
			(struct allocator){.arena = p->m->arena, .window = bus->prefetchable};
	}
	return 0;
}

int ch_place_bars(struct iof_machine *m)
{
	struct placing p = {.m = m, .page = m->host->page_size ? m->host->page_size : 4096};
	int r = make_buses(m);

	if (!m->vcpu.phys_bits)
		m->guest.unplaced_why = "The width of the host's CPU is not known.";
	if (r || m->n_problems || m->guest.unplaced_why)
		return r;
	make_windows(m);
	r = make_allocators(&p);
	if (r == 0)
		r = take_pmem(&p);
	for (size_t i = 0; r == 0 && !m->guest.unplaced_why && i < m->n_devices; i++)
		r = add_function(&p, &m->devices[i]);
	m->guest.is_placed = !m->guest.unplaced_why;
	return r;
}
