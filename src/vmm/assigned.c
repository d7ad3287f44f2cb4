/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Assigned devices and guest memory as the kernel is asked for them: which devices share mappings,
 * what is asked of a domain (QEMU hw/vfio/iommufd.c, container.c), and what is mapped
 * (hw/vfio/listener.c).
 */
#include <errno.h>

#include "base/error.h"
#include "base/interval.h"
#include "vmm/machine.h"

static const struct machine_device *assigned_at(const struct iof_machine *m, size_t index)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		if (m->devices[i].kind == DRIVER_VFIO_PCI && index-- == 0)
			return &m->devices[i];
	}
	return NULL;
}

/* Without a vIOMMU all see the system's memory, as they do behind accelerated SMMUs; behind any
 * other each requester ID has its own view. */
static bool shares_space(const struct machine_device *a, const struct machine_device *b)
{
	if (a == b)
		return true;
	if (b->kind != DRIVER_VFIO_PCI)
		return false;
	if (smmuv3_is_accelerated(a->viommu) && smmuv3_is_accelerated(b->viommu))
		return true;
	if (a->viommu != b->viommu)
		return false;
	return !a->viommu || (a->bus == b->bus && a->behind_bridge);
}

/* The first device that sees it gives it its number. */
static size_t space_of(const struct iof_machine *m, const struct machine_device *device)
{
	const struct machine_device *first = m->devices;

	while (!shares_space(device, first))
		first++;
	return (size_t)(first - m->devices);
}

static enum iof_model model_of(const struct machine_device *viommu)
{
	switch (viommu ? viommu->kind : DRIVER_OTHER) {
	case DRIVER_INTEL_IOMMU:
		return IOF_MODEL_INTEL;
	case DRIVER_VIRTIO_IOMMU:
		return IOF_MODEL_VIRTIO;
	case DRIVER_AMD_IOMMU:
		return IOF_MODEL_AMD;
	case DRIVER_SMMUV3:
		return IOF_MODEL_SMMUV3;
	default:
		return IOF_MODEL_NONE;
	}
}

static bool has_value(const struct machine_device *device, enum property_id id, int64_t value)
{
	return device->value[id].def && device_value(device, id) == value;
}

/* 11.1: a first stage that has PASIDs (intel_iommu.c vtd_get_viommu_flags). */
static bool wants_pasid(const struct iof_machine *m, const struct machine_device *viommu)
{
	return viommu && viommu->kind == DRIVER_INTEL_IOMMU && m->version >= V11_1 &&
	       has_value(viommu, PROPERTY_FIRST_STAGE, ON) &&
	       device_value(viommu, PROPERTY_PASID_BITS) > 0;
}

/* What is asked of a domain (hw/vfio/iommufd.c iommufd_cdev_autodomains_get). */
static void fill_domain(const struct iof_machine *m, const struct machine_device *device,
			struct iof_assignment *out)
{
	out->makes_domain = m->version >= V9_1;
	out->wants_dirty_tracking = m->version >= V9_1;
	out->wants_nest_parent = device->is_nested;
	out->wants_pasid = wants_pasid(m, device->viommu);
}

/* Certain where all possible hosts agree. */
static void fill_ranges(const struct iof_machine *m, const struct machine_device *device,
			struct iof_assignment *out)
{
	const struct device_iova *first = device->iova;

	for (size_t world = 0; first && world < m->host->n_worlds; world++) {
		const struct device_iova *iova = &device->iova[world];

		if (!iova->known || !ranges_equal(iova->ranges, iova->n, first->ranges, first->n))
			return;
	}
	if (!first || !device->host->group)
		return;
	out->has_ranges = true;
	out->ranges = first->ranges;
	out->n_ranges = first->n;
}

IOF_EXPORT int iof_machine_assignment(const struct iof_machine *m, size_t index,
				      struct iof_assignment *out)
{
	const struct machine_device *device = assigned_at(m, index), *viommu;

	if (!device)
		return -ENOENT;
	viommu = device->viommu;
	*out = (struct iof_assignment){
		.device = (size_t)(device - m->devices),
		.host = device->host_state == HOST_DEVICE_FOUND ? device->host : NULL,
		.is_iommufd = device->backend == BACKEND_IOMMUFD,
		.space = space_of(m, device),
		.viommu = model_of(viommu),
		.viommu_device = viommu ? (size_t)(viommu - m->devices) : SIZE_MAX,
	};
	if (viommu && viommu->value[PROPERTY_AW_BITS].def)
		out->aw_bits = (unsigned)device_value(viommu, PROPERTY_AW_BITS);
	out->is_held_back = viommu && viommu->kind == DRIVER_VIRTIO_IOMMU &&
			    device_value(viommu, PROPERTY_BOOT_BYPASS) == OFF;
	if (out->is_iommufd) {
		out->iommufd = device->value[PROPERTY_IOMMUFD].text;
		out->iommufd = out->iommufd ? out->iommufd : "";
		fill_domain(m, device, out);
	}
	if (out->host)
		fill_ranges(m, device, out);
	return 0;
}

/* SeaBIOS is a ROM below 4 GiB, 256 KiB for machine types of these versions (hw/i386/x86.c
 * x86_bios_rom_init). Firmware in flash memory is not mapped: it is no RAM to the listener. */
static bool has_rom(const struct iof_machine *m)
{
	return m->guest.firmware.kind == FIRMWARE_SEABIOS &&
	       (m->type.family == MACHINE_Q35 || m->type.family == MACHINE_I440FX);
}

static void set_block(struct iof_section *out, enum iof_section_kind kind,
		      const struct ram_block *block, size_t device)
{
	*out = (struct iof_section){
		.kind = kind,
		.range = {block->first, block->last},
		.name = block->name,
		.device = device,
	};
}

static bool find_memory(const struct iof_machine *m, size_t *index, struct iof_section *out)
{
	static const struct ram_block rom = {0xfffc0000, 0xffffffff, "pc.bios"};

	if (*index < m->n_ram) {
		set_block(out, IOF_SECTION_RAM, &m->ram[*index], SIZE_MAX);
		return true;
	}
	*index -= m->n_ram;
	if (has_rom(m) && (*index)-- == 0) {
		set_block(out, IOF_SECTION_ROM, &rom, SIZE_MAX);
		return true;
	}
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];

		if (device->block.name && (*index)-- == 0) {
			set_block(out, IOF_SECTION_RAM, &device->block, i);
			out->is_in_blocks = device->is_mapped_in_blocks;
			return true;
		}
	}
	return false;
}

static const char *bar_name(const struct iof_machine *m, const struct guest_function *function,
			    unsigned bar)
{
	for (size_t i = 0; i < m->n_regions; i++) {
		if (m->regions[i].function == function && m->regions[i].bar == bar)
			return m->regions[i].name;
	}
	return function->driver;
}

static bool find_bar(const struct iof_machine *m, const struct guest_function *function,
		     size_t *index, struct iof_section *out)
{
	for (unsigned i = 0; i < GUEST_ROM; i++) {
		const struct guest_bar *bar = &function->bar[i];

		if (!machine_maps_bar(m, function, i) || (*index)-- != 0)
			continue;
		*out = (struct iof_section){
			.kind = bar->is_ram ? IOF_SECTION_RAM_BAR : IOF_SECTION_BAR,
			.range = {bar->address, bar->address + bar->size - 1},
			.name = bar_name(m, function, i),
			.device = function->device ? (size_t)(function->device - m->devices)
						   : SIZE_MAX,
		};
		return true;
	}
	return false;
}

IOF_EXPORT int iof_machine_section(const struct iof_machine *m, size_t index,
				   struct iof_section *out)
{
	if (find_memory(m, &index, out))
		return 0;
	for (const struct guest_bus *bus = m->guest.is_placed ? m->guest.buses : NULL; bus;
	     bus = bus->next) {
		for (const struct guest_function *f = bus->functions; f; f = f->next) {
			if (find_bar(m, f, &index, out))
				return 0;
		}
	}
	return -ENOENT;
}
