/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest physical address map as one list: RAM, the area for memory devices, firmware's windows,
 * BARs. */
#include <errno.h>
#include <stdlib.h>

#include "vmm/machine.h"
#include "vmm/place.h"

struct list {
	struct iof_machine *m;
	size_t cap;
};

static int add(struct list *list, struct iof_region region)
{
	struct iof_machine *m = list->m;
	struct iof_region *grown =
		arena_grow(m->arena, m->regions, m->n_regions, &list->cap, sizeof(*grown));

	if (!grown || !region.name)
		return -ENOMEM;
	m->regions = grown;
	grown[m->n_regions++] = region;
	return 0;
}

static int add_block(struct list *list, enum iof_region_kind kind, const char *name, uint64_t first,
		     uint64_t last)
{
	return add(list, (struct iof_region){.kind = kind,
					     .name = name,
					     .range = {first, last},
					     .is_mapped = kind == IOF_REGION_RAM});
}

static int add_memory(struct list *list)
{
	const struct iof_machine *m = list->m;
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_ram; i++)
		r = add_block(list, IOF_REGION_RAM, m->ram[i].name, m->ram[i].first,
			      m->ram[i].last);
	if (r == 0 && m->device_memory_size)
		r = add_block(list, IOF_REGION_HOTPLUG, "device-memory", m->device_memory_base,
			      m->device_memory_base + m->device_memory_size - 1);
	for (size_t i = 0; r == 0 && i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];

		if (device->block.name)
			r = add(list, (struct iof_region){
					      .kind = IOF_REGION_RAM,
					      .name = device->block.name,
					      .range = {device->block.first, device->block.last},
					      .device = device,
					      .is_mapped = true});
	}
	return r;
}

/* What the board itself gives a place. */
static int add_board(struct list *list)
{
	const struct iof_machine *m = list->m;
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_board; i++)
		r = add(list, (struct iof_region){.kind = m->board[i].kind,
						  .name = m->board[i].name,
						  .range = m->board[i].range,
						  .is_assumed = m->map_is_assumed});
	return r;
}

static int add_window(struct list *list, enum iof_region_kind kind, const char *name,
		      const struct guest_window *window)
{
	struct iof_region region = {.kind = kind,
				    .name = name,
				    .range = {window->first, window->last},
				    .is_assumed = list->m->guest.firmware.is_assumed};

	return window->first < window->last ? add(list, region) : 0;
}

/* vfio-pci maps a BAR that can be memory-mapped, which takes whole pages (hw/vfio/region.c). */
static bool is_mapped_bar(const struct iof_machine *m, const struct guest_function *function,
			  const struct guest_bar *bar)
{
	const struct machine_device *device = function->device;
	uint64_t page = m->host->page_size ? m->host->page_size : 4096;

	if (bar->is_ram || bar->is_unmapped)
		return bar->is_ram;
	return device && device->kind == DRIVER_VFIO_PCI && bar->size >= page &&
	       device_value(device, PROPERTY_NO_MMAP) != ON;
}

static bool has_place(const struct guest_bar *bar, unsigned index)
{
	return bar->size && !bar->is_io && bar->address != BAR_UNPLACED && index != GUEST_ROM &&
	       bar->address + bar->size - 1 >= bar->address;
}

bool machine_maps_bar(const struct iof_machine *m, const struct guest_function *function,
		      unsigned index)
{
	const struct guest_bar *bar = &function->bar[index];

	return has_place(bar, index) && is_mapped_bar(m, function, bar);
}

static void widen_span(struct iof_machine *m, uint64_t first, uint64_t last)
{
	struct iof_range *span = &m->bar_span[last >= 4 * GIB];

	span->first = first < span->first ? first : span->first;
	span->last = last > span->last ? last : span->last;
}

static int add_bar(struct list *list, const struct guest_function *function, unsigned index)
{
	const struct guest_bar *bar = &function->bar[index];
	struct iof_machine *m = list->m;
	const char *label = function->device ? function->device->label : function->driver;

	if (!has_place(bar, index))
		return 0;
	if (bar->is_ram || (function->device && function->device->kind == DRIVER_VFIO_PCI))
		widen_span(m, bar->address, bar->address + bar->size - 1);
	return add(list,
		   (struct iof_region){.kind = IOF_REGION_BAR,
				       .name = arena_printf(m->arena, "%s BAR %u", label, index),
				       .range = {bar->address, bar->address + bar->size - 1},
				       .device = function->device,
				       .function = function,
				       .bar = index,
				       .is_mapped = is_mapped_bar(m, function, bar),
				       .is_assumed = m->guest.firmware.is_assumed});
}

/* Where the BARs of one of Cloud Hypervisor's PCI segments go. */
static int add_segment(struct list *list, const struct guest_bus *bus)
{
	const struct iof_machine *m = list->m;
	bool is_only = !m->guest.buses->next;
	const char *below = "32-bit window", *above = "64-bit window";
	int r = 0;

	if (!is_only) {
		below = arena_printf(m->arena, "segment %u %s", bus->number, below);
		above = arena_printf(m->arena, "segment %u %s", bus->number, above);
	}
	if (bus->memory.first < bus->memory.last)
		r = add_window(list, IOF_REGION_MMIO32, below, &bus->memory);
	if (r == 0 && bus->prefetchable.first < bus->prefetchable.last)
		r = add_window(list, IOF_REGION_MMIO64, above, &bus->prefetchable);
	return r;
}

static int add_guest(struct list *list)
{
	const struct guest *guest = &list->m->guest;
	int r = 0;

	if (!guest->is_placed)
		return 0;
	if (!list->m->n_board) /* else they are there already */
		r = add_window(list, IOF_REGION_MMIO32, "32-bit window", &guest->mmio32);
	if (r == 0 && !list->m->n_board)
		r = add_window(list, IOF_REGION_MMIO64, "64-bit window", &guest->mmio64);
	for (const struct guest_bus *bus = guest->buses; bus && r == 0; bus = bus->next) {
		if (is_cloud_hypervisor(list->m))
			r = add_segment(list, bus);
		for (const struct guest_function *f = bus->functions; f && r == 0; f = f->next) {
			for (unsigned i = 0; i < GUEST_BARS && r == 0; i++)
				r = add_bar(list, f, i);
		}
	}
	return r;
}

/* Ascending; a window before what lies in it. */
static int by_address(const void *a, const void *b)
{
	const struct iof_region *x = a, *y = b;

	if (x->range.first != y->range.first)
		return x->range.first < y->range.first ? -1 : 1;
	if (x->range.last != y->range.last)
		return x->range.last > y->range.last ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

int machine_list_regions(struct iof_machine *m)
{
	struct list list = {.m = m};
	int r = add_memory(&list);

	m->bar_span[0] = m->bar_span[1] = (struct iof_range){UINT64_MAX, 0};
	if (r == 0)
		r = add_board(&list);
	if (r == 0)
		r = add_guest(&list);
	if (r == 0 && m->n_regions)
		qsort(m->regions, m->n_regions, sizeof(*m->regions), by_address);
	return r;
}

IOF_EXPORT const struct iof_region *iof_machine_region_next(const struct iof_machine *m,
							    const struct iof_region *prev)
{
	const struct iof_region *next = prev ? prev + 1 : m->regions;

	return next && next < m->regions + m->n_regions ? next : NULL;
}

IOF_EXPORT enum iof_region_kind iof_region_kind(const struct iof_region *region)
{
	return region->kind;
}

IOF_EXPORT struct iof_range iof_region_range(const struct iof_region *region)
{
	return region->range;
}

IOF_EXPORT const char *iof_region_name(const struct iof_region *region)
{
	return region->name;
}

IOF_EXPORT const char *iof_region_device(const struct iof_region *region)
{
	return region->device ? region->device->label : NULL;
}

IOF_EXPORT int iof_region_bar(const struct iof_region *region)
{
	return region->kind == IOF_REGION_BAR ? (int)region->bar : -1;
}

IOF_EXPORT int iof_region_pci(const struct iof_region *region, unsigned *bus, unsigned *devfn)
{
	if (!region->function)
		return -ENOENT;
	*bus = region->function->bus->number;
	*devfn = region->function->devfn;
	return 0;
}

IOF_EXPORT bool iof_region_is_mapped(const struct iof_region *region)
{
	return region->is_mapped;
}

IOF_EXPORT enum iof_provenance iof_region_provenance(const struct iof_region *region)
{
	return region->is_assumed ? IOF_PROVENANCE_ASSUMED : IOF_PROVENANCE_READ;
}

IOF_EXPORT const char *iof_machine_firmware(const struct iof_machine *m)
{
	return m->guest.firmware.text ? m->guest.firmware.text : "unknown";
}

IOF_EXPORT const char *iof_machine_firmware_provenance(const struct iof_machine *m)
{
	return m->guest.firmware.provenance ? m->guest.firmware.provenance : "";
}

IOF_EXPORT const char *iof_machine_unplaced(const struct iof_machine *m)
{
	return m->guest.is_placed ? NULL : m->guest.unplaced_why;
}
