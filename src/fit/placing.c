/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's firmware places BARs and switches them on, and QEMU maps each that can be mapped for
 * every container (hw/pci/pci.c pci_update_mappings, hw/vfio/listener.c). This walks the same way,
 * so that messages come in QEMU's order and number.
 */
#include "fit/report.h"

bool shares_container(const struct machine_device *a, const struct machine_device *b)
{
	if (a->kind != DRIVER_VFIO_PCI || b->kind != DRIVER_VFIO_PCI || a->backend != b->backend ||
	    a->viommu != b->viommu)
		return false;
	return !a->viommu || (a->bus == b->bus && a->behind_bridge);
}

bool is_first_of_container(const struct iof_machine *m, const struct machine_device *device)
{
	for (const struct machine_device *d = m->devices; d < device; d++) {
		if (!d->problem.kind && shares_container(d, device))
			return false;
	}
	return true;
}

/* Until the guest's own driver comes, a vIOMMU passes addresses through; a virtio-iommu without
 * boot-bypass lets nothing through. */
static bool maps_system_memory(const struct machine_device *device)
{
	const struct machine_device *viommu = device->viommu;

	return !viommu || viommu->kind != DRIVER_VIRTIO_IOMMU ||
	       device_value(viommu, PROPERTY_BOOT_BYPASS) != OFF;
}

static void map_section(struct walk *w, struct mapping *mapping)
{
	struct scene *scene = walk_scene(w);
	const struct iof_machine *m = scene->m;

	scene->mapping = mapping;
	for (size_t i = 0; i < m->n_cold && !walk_is_stopped(w); i++) {
		scene->device = &m->devices[i];
		if (scene->device->kind == DRIVER_VFIO_PCI && scene->device->host &&
		    is_first_of_container(m, scene->device) && maps_system_memory(scene->device))
			walk_stage(w, STAGE_PLACE);
	}
	scene->mapping = NULL;
	scene->device = NULL;
}

static uint64_t host_page(const struct scene *scene)
{
	return scene->host->page_size ? scene->host->page_size : 4096;
}

/* vfio-pci maps what the kernel lets it map; the memory of other devices is mapped if it is RAM. */
static bool is_mapped(const struct guest_function *function, unsigned index)
{
	const struct guest_bar *bar = &function->bar[index];
	const struct machine_device *device = function->device;

	if (!bar->size || bar->is_io || bar->address == BAR_UNPLACED)
		return false;
	return bar->is_ram || (device && device->kind == DRIVER_VFIO_PCI && device->host &&
			       device_value(device, PROPERTY_NO_MMAP) != ON);
}

static void map_part(struct walk *w, struct mapping mapping, uint64_t from, uint64_t to)
{
	uint64_t address = mapping.function->bar[mapping.bar].address;

	if (from >= to)
		return;
	mapping.range = (struct iof_range){address + from, address + to - 1};
	map_section(w, &mapping);
}

/* The MSI-X table is emulated: the pages that it touches are not mapped. */
static void map_around_msix(struct walk *w, struct mapping mapping, uint64_t size, uint64_t page)
{
	const struct machine_device *device = mapping.function->device;
	const struct pci_bar *host =
		mapping.is_ram || !device ? NULL : &device->host->bars[mapping.bar];
	uint64_t from, to;

	if (!host || !host->msix_size || host->msix_offset >= size ||
	    host->msix_size > size - host->msix_offset) {
		map_part(w, mapping, 0, size);
		return;
	}
	from = host->msix_offset / page * page;
	to = (host->msix_offset + host->msix_size + page - 1) / page * page;
	map_part(w, mapping, 0, from);
	map_part(w, mapping, to, size);
}

/* A BAR smaller than a page is stretched to a whole one, once all are switched on
 * (vfio_sub_page_bar_update_mapping), if the host has it in a page of its own. */
static void map_bar(struct walk *w, const struct guest_function *function, unsigned index,
		    bool small)
{
	const struct guest_bar *bar = &function->bar[index];
	uint64_t page = host_page(walk_scene(w));
	struct mapping mapping = {.function = function, .bar = index, .is_ram = bar->is_ram};

	if (!is_mapped(function, index) || small != (bar->size < page))
		return;
	if (small && (bar->is_ram || bar->address % page ||
		      !device_maps_small_bar(function->device->host, index, page)))
		return;
	map_around_msix(w, mapping, small ? page : bar->size, page);
}

static void switch_on(struct walk *w, const struct guest_function *function)
{
	for (int small = 0; small <= 1; small++) {
		for (unsigned i = 0; i < GUEST_ROM; i++)
			map_bar(w, function, i, small);
	}
}

/*
 * How often firmware switches the memory of a device on that it has no driver for. OVMF (edk2
 * MdeModulePkg/Bus/Pci/PciBusDxe) does it three times: each message that is not printed once only
 * came three times in the lab, with SeaBIOS once.
 */
static unsigned times_switched_on(const struct firmware *firmware)
{
	return firmware->kind == FIRMWARE_OVMF || firmware->kind == FIRMWARE_ARMVIRT ? 3 : 1;
}

void walk_placing(struct walk *w)
{
	const struct guest *guest = &walk_scene(w)->m->guest;
	unsigned times = times_switched_on(&guest->firmware);

	if (!guest->is_placed || !walk_scene(w)->m->n_assigned)
		return;
	for (unsigned i = 0; i < times; i++) {
		for (const struct guest_bus *bus = guest->buses; bus; bus = bus->next) {
			for (const struct guest_function *f = bus->functions; f; f = f->next)
				switch_on(w, f);
		}
	}
}
