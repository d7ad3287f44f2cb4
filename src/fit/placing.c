/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's firmware places BARs and switches them on, and QEMU maps each that can be mapped for
 * every container (hw/pci/pci.c pci_update_mappings, hw/vfio/listener.c). This walks the same way,
 * so that messages come in QEMU's order and number.
 */
#include "fit/report.h"

/* Behind a vIOMMU each requester ID has a space of its own. */
bool shares_address_space(const struct machine_device *a, const struct machine_device *b)
{
	if (smmuv3_is_accelerated(a->viommu) && smmuv3_is_accelerated(b->viommu))
		return true;
	if (a->viommu != b->viommu)
		return false;
	return !a->viommu || (a->bus == b->bus && a->behind_bridge);
}

/* hw/vfio/iommufd.c iommufd_cdev_attach: a container is of one iommufd object. */
static bool shares_iommufd(const struct machine_device *a, const struct machine_device *b)
{
	const char *of_a = a->value[PROPERTY_IOMMUFD].text;
	const char *of_b = b->value[PROPERTY_IOMMUFD].text;

	return a->backend != BACKEND_IOMMUFD || of_a == of_b ||
	       (of_a && of_b && str_eq(of_a, of_b));
}

bool shares_container(const struct machine_device *a, const struct machine_device *b)
{
	return a->kind == DRIVER_VFIO_PCI && b->kind == DRIVER_VFIO_PCI &&
	       a->backend == b->backend && shares_iommufd(a, b) && shares_address_space(a, b);
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
bool maps_system_memory(const struct machine_device *device)
{
	const struct machine_device *viommu = device->viommu;

	return !viommu || viommu->kind != DRIVER_VIRTIO_IOMMU ||
	       device_value(viommu, PROPERTY_BOOT_BYPASS) != OFF;
}

static uint64_t host_page(const struct scene *scene)
{
	return scene->host->page_size ? scene->host->page_size : 4096;
}

/* What the device cannot reach the range by, NULL: it can, or it is not known. */
static const struct device_iova *
beyond_device(const struct scene *s, const struct machine_device *device, struct iof_range range)
{
	const struct device_iova *iova = &device->iova[s->world];

	return iova->known && iova->n &&
			       !ranges_contain(iova->ranges, iova->n, range.first, range.last)
		       ? iova
		       : NULL;
}

static bool is_assigned(const struct machine_device *device)
{
	return device->kind == DRIVER_VFIO_PCI && device->host;
}

/* Of a device in the scene's container that cannot reach the range, NULL: all can. */
static const struct device_iova *find_beyond(const struct scene *s, struct iof_range range)
{
	const struct device_iova *iova = NULL;

	for (size_t i = 0; i < s->m->n_cold && !iova; i++) {
		const struct machine_device *d = &s->m->devices[i];

		if (is_assigned(d) && (d == s->device || shares_container(d, s->device)))
			iova = beyond_device(s, d, range);
	}
	return iova;
}

/* An iommufd container pins no BAR: it takes its dma-buf, which QEMU asks for from 11.0 on, Linux
 * makes from 6.19 on, and only of whole pages. */
static bool is_unpinned(const struct scene *s, const struct machine_device *device,
			const struct mapping *mapping)
{
	if (device->backend != BACKEND_IOMMUFD || mapping->is_ram || mapping->beyond)
		return false;
	return s->m->version < V11_0 || !kernel_at_least(s->host, 6, 19) ||
	       mapping->function->bar[mapping->bar].size < host_page(s);
}

static bool is_all_well(const struct scene *s, const struct mapping *mapping)
{
	for (size_t i = 0; i < s->m->n_cold; i++) {
		const struct machine_device *d = &s->m->devices[i];

		if (is_assigned(d) &&
		    (beyond_device(s, d, mapping->range) || is_unpinned(s, d, mapping)))
			return false;
	}
	return true;
}

/* Rules are asked only where something is amiss. */
static void map_section(struct walk *w, struct mapping *mapping)
{
	struct scene *scene = walk_scene(w);
	const struct iof_machine *m = scene->m;

	if (is_all_well(scene, mapping))
		return;
	scene->progress->is_amiss = true;
	scene->mapping = mapping;
	for (size_t i = 0; i < m->n_cold && !walk_is_stopped(w); i++) {
		scene->device = &m->devices[i];
		if (!is_assigned(scene->device) || !is_first_of_container(m, scene->device) ||
		    !maps_system_memory(scene->device))
			continue;
		mapping->beyond = find_beyond(scene, mapping->range);
		mapping->is_unpinned = is_unpinned(scene, scene->device, mapping);
		if (mapping->beyond || mapping->is_unpinned)
			walk_stage(w, STAGE_PLACE);
	}
	scene->mapping = NULL;
	scene->device = NULL;
}

/* vfio-pci maps what the kernel lets it map; the memory of other devices is mapped if it is RAM. */
static bool is_mapped(const struct guest_function *function, unsigned index)
{
	const struct guest_bar *bar = &function->bar[index];
	const struct machine_device *device = function->device;

	if (!bar->size || bar->is_io || bar->address == BAR_UNPLACED ||
	    bar->address + bar->size - 1 < bar->address)
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

/* A BAR smaller than a page is stretched to a whole one (vfio_sub_page_bar_update_mapping), if the
 * host has it in a page of its own. */
static bool is_stretched(const struct guest_function *function, unsigned index, uint64_t page)
{
	const struct guest_bar *bar = &function->bar[index];

	return !bar->is_ram && bar->address % page == 0 &&
	       device_maps_small_bar(function->device->host, index, page);
}

/* In the order of BARs, but small ones once all are switched on. */
static void switch_on(struct walk *w, const struct guest_function *function)
{
	uint64_t page = host_page(walk_scene(w));
	unsigned small = 0;

	for (unsigned i = 0; i < GUEST_ROM; i++) {
		const struct guest_bar *bar = &function->bar[i];

		if (!is_mapped(function, i))
			continue;
		if (bar->size < page)
			small |= 1u << i;
		else
			map_around_msix(w, (struct mapping){function, i, .is_ram = bar->is_ram},
					bar->size, page);
	}
	for (unsigned i = 0; small >> i; i++) {
		if (small >> i & 1 && is_stretched(function, i, page))
			map_around_msix(w, (struct mapping){function, i, .is_ram = false}, page,
					page);
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

static bool is_span_reached(const struct scene *s, struct iof_range span)
{
	for (size_t i = 0; i < s->m->n_cold && span.first <= span.last; i++) {
		const struct machine_device *d = &s->m->devices[i];

		if (is_assigned(d) && beyond_device(s, d, span))
			return false;
	}
	return true;
}

/* Nearly always no BAR is out of reach, and with the legacy backend alone there is nothing else. */
static bool is_nothing_amiss(const struct scene *s)
{
	const struct iof_machine *m = s->m;

	for (size_t i = 0; i < m->n_cold; i++) {
		if (is_assigned(&m->devices[i]) && m->devices[i].backend != BACKEND_LEGACY)
			return false;
	}
	if (is_span_reached(s, m->bar_span[0]) && is_span_reached(s, m->bar_span[1]))
		return true;
	for (size_t r = 0; r < m->n_regions; r++) {
		const struct iof_region *region = &m->regions[r];

		if (region->kind != IOF_REGION_BAR || !is_mapped(region->function, region->bar))
			continue;
		for (size_t i = 0; i < m->n_cold; i++) {
			if (is_assigned(&m->devices[i]) &&
			    beyond_device(s, &m->devices[i], region->range))
				return false;
		}
	}
	return true;
}

void walk_placing(struct walk *w)
{
	const struct scene *scene = walk_scene(w);
	const struct guest *guest = &scene->m->guest;
	unsigned times = times_switched_on(&guest->firmware);

	if (!guest->is_placed || !scene->m->n_assigned || is_nothing_amiss(scene))
		return;
	for (unsigned i = 0; i < times && (i == 0 || scene->progress->is_amiss); i++) {
		for (const struct guest_bus *bus = guest->buses; bus; bus = bus->next) {
			for (const struct guest_function *f = bus->functions; f; f = f->next)
				switch_on(w, f);
		}
	}
}
