/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How devices stand to one another and to their bus: order on the command line, slots, BARs. */
#include "fit/cures.h"
#include "fit/rule.h"
#include "host/vtd.h"

bool device_maps_small_bar(const struct iof_device *device, unsigned bar, uint64_t page)
{
	uint64_t first = device->bars[bar].address;

	for (unsigned i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *other = &device->bars[i];

		if (i != bar && other->size && !other->is_io &&
		    other->address / page == first / page)
			return false;
	}
	return first % page == 0;
}

/* 11.0+ wants a dma-buf for each BAR that it maps; the kernel gives none for a part of a page. */
static enum answer small_bar(const struct scene *s, struct operand *op)
{
	const struct iof_device *device = s->device->host;
	uint64_t page = s->host->page_size ? s->host->page_size : 4096;

	if (!device || device_value(s->device, PROPERTY_NO_MMAP) == ON ||
	    !kernel_at_least(s->host, 6, 19))
		return NO;
	for (unsigned i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *bar = &device->bars[i];

		if (!bar->size || bar->is_io || bar->size >= page ||
		    !device_maps_small_bar(device, i, page))
			continue;
		op[1] = number_operand(i);
		op[2] = number_operand(bar->size);
		return YES;
	}
	return NO;
}

/* From 11.1 on it is said once, of the first. */
static enum answer small_bar_once(const struct scene *s, struct operand *op)
{
	enum answer answer = s->progress->told_dma_buf ? NO : small_bar(s, op);

	s->progress->told_dma_buf = s->progress->told_dma_buf || answer == YES;
	return answer;
}

/* 11.0 and newer on a kernel that has no dma-buf of BARs. */
static enum answer no_dma_buf(const struct scene *s, struct operand *op UNUSED)
{
	const struct iof_device *device = s->device->host;
	uint64_t page = s->host->page_size ? s->host->page_size : 4096;

	if (!device || device_value(s->device, PROPERTY_NO_MMAP) == ON ||
	    kernel_at_least(s->host, 6, 19) || s->progress->told_dma_buf)
		return NO;
	for (unsigned i = 0; i < PCI_BARS && !s->progress->told_dma_buf; i++)
		s->progress->told_dma_buf = !device->bars[i].is_io && device->bars[i].size >= page;
	return s->progress->told_dma_buf ? YES : NO;
}

/* backends/iommufd.c: since 11.1 the object itself looks for /dev/iommu, whoever uses it; 10.0 does
 * not. One that is given an open fd needs none. */
static enum answer no_dev_iommu(const struct scene *s, struct operand *op)
{
	if (s->host->iommufd != TRI_NO)
		return NO;
	for (size_t i = 0; i < s->m->vm->n_options; i++) {
		const struct vm_option *option = &s->m->vm->options[i];
		const char *type = option_value(option, "qom-type");

		if (option->kind != OPTION_OBJECT || !type || !str_eq(type, "iommufd") ||
		    option_pair(option, "fd"))
			continue;
		op[0] = text_operand(option_value(option, "id"));
		return YES;
	}
	return NO;
}

/*
 * Linux 6.12 gives iommufd a second stage, whatever the unit has, and then finds that the device
 * cannot use it; 6.13 takes the first stage again ("Do not use first stage for user domain
 * translation" in drivers/iommu/intel/iommu.c).
 */
static enum answer no_second_stage(const struct scene *s, struct operand *op)
{
	const struct iommu_unit *unit = s->device->host ? s->device->host->unit : NULL;

	if (!unit || s->device->backend != BACKEND_IOMMUFD || unit->kind != IOF_IOMMU_INTEL_VTD ||
	    !unit->domain[s->world].first_stage || !unit->has_ecap || vtd_slts(unit->ecap) ||
	    !kernel_at_least(s->host, 6, 12) || kernel_at_least(s->host, 6, 13))
		return NO;
	op[1] = text_operand(unit->name);
	return YES;
}

static enum answer late_viommu(const struct scene *s, struct operand *op)
{
	if (!s->device->late_viommu)
		return NO;
	op[1] = text_operand(s->device->late_viommu->driver);
	return YES;
}

static enum answer two_viommus(const struct scene *s, struct operand *op)
{
	op[0] = text_operand(s->device->driver);
	return !s->m->is_arm && is_viommu(s->device) && s->progress->n_viommus > 0 ? YES : NO;
}

/* hw/arm/virt.c: a virtio-iommu beside another or the board's SMMU; it does not look at SMMUs for
 * one bus. */
static enum answer two_viommus_arm(const struct scene *s, struct operand *op)
{
	op[0] = text_operand(s->device->driver);
	if (!s->m->is_arm || s->device->kind != DRIVER_VIRTIO_IOMMU)
		return NO;
	for (const struct machine_device *other = s->m->devices; other < s->device; other++) {
		if (other->kind == DRIVER_VIRTIO_IOMMU || other->is_boards)
			return YES;
	}
	return NO;
}

/* Below a root port only slot 0 is ever looked at by the guest. */
static enum answer slot_not_valid(const struct scene *s, struct operand *op)
{
	const struct machine_bus *bus = s->device->bus;

	op[1] = number_operand(s->device->devfn >> 3);
	op[2] = text_operand(s->device->driver);
	return bus && bus->bridge && bus->bridge->kind == DRIVER_ROOT_PORT && s->device->devfn >= 8
		       ? YES
		       : NO;
}

/* An earlier device of the same address space that uses the other backend: since containers are
 * QOM objects, QEMU takes one backend's for the other's and aborts. */
static enum answer mixed_space(const struct scene *s, enum backend backend, struct operand *op)
{
	for (const struct machine_device *other = s->m->devices;
	     other < s->device && s->device->backend == backend; other++) {
		if (other->kind == DRIVER_VFIO_PCI && other->backend != backend &&
		    shares_address_space(other, s->device)) {
			op[1] = text_operand(other->host_bdf);
			return YES;
		}
	}
	return NO;
}

static enum answer mixed_space_legacy(const struct scene *s, struct operand *op)
{
	return mixed_space(s, BACKEND_LEGACY, op);
}

static enum answer mixed_space_iommufd(const struct scene *s, struct operand *op)
{
	return mixed_space(s, BACKEND_IOMMUFD, op);
}

enum {
	TWO_VIOMMUS,
	LATE_VIOMMU,
	SMALL_BAR,
	NO_DMA_BUF,
	SLOT_INVALID,
	NO_DEV_IOMMU,
	MIXED_SPACE,
	NO_STAGE
};

static const struct rule rules[] = {
	[TWO_VIOMMUS] = {"viommu.more-than-one", IOF_SEVERITY_ERROR, "more than one vIOMMU",
			 "QEMU will refuse the {0}: there is a vIOMMU already.",
			 "An x86 machine takes one vIOMMU, and Arm's virt no virtio-iommu beside "
			 "another.",
			 "QEMU hw/i386/pc.c pc_machine_device_pre_plug_cb", "lab",
			 cure_remove_viommu, NULL},
	[LATE_VIOMMU] =
		{"order.viommu-after-device", IOF_SEVERITY_ERROR,
		 "vIOMMU after the assigned device",
		 "DMA of {0} cannot work once the guest uses its IOMMU: {1} comes after it.",
		 "QEMU asks for the vIOMMU when it makes the device; one that comes later on the "
		 "command line "
		 "never translates it, while the guest is told that it does.",
		 "QEMU hw/pci/pci.c pci_device_iommu_address_space", "source", cure_viommu_first,
		 NULL},
	[SMALL_BAR] = {"vfio.bar-without-dma-buf", IOF_SEVERITY_NOTE, "BAR smaller than a page",
		       "QEMU will warn that BAR {1} of {0} takes no part in peer-to-peer DMA.",
		       "It has {2} bytes, less than a page, so the kernel makes no dma-buf of it. "
		       "The VM runs.",
		       "QEMU 11.0 hw/vfio/region.c", "lab", NULL, "Nothing has to be done."},
	[NO_DMA_BUF] =
		{"vfio.no-dma-buf", IOF_SEVERITY_NOTE, "kernel that makes no dma-buf of BARs",
		 "QEMU will warn that this kernel makes no dma-buf of BARs.",
		 "Linux has it from 6.19 on. The iommufd backend needs it for peer-to-peer DMA; "
		 "the VM runs.",
		 "QEMU 11.0 hw/vfio/region.c vfio_region_create_dma_buf", "lab", NULL,
		 "Nothing has to be done, unless devices of the VM write to one another."},
	[SLOT_INVALID] =
		{"vfio.slot-not-valid", IOF_SEVERITY_WARNING, "a second device below one root port",
		 "QEMU will warn about {0}: below a root port only slot 0 is valid, not {1}.",
		 "A PCIe link has one device. The VM starts, but the guest will not see this one.",
		 "QEMU hw/pci/pci.c pci_qdev_realize", "lab", NULL,
		 "Give each device a pcie-root-port of its own."},
	[NO_DEV_IOMMU] =
		{"vfio.no-dev-iommu", IOF_SEVERITY_ERROR, "iommufd object on a kernel without it",
		 "QEMU will refuse the iommufd object {0}: this kernel has no /dev/iommu.",
		 "The kernel is built without CONFIG_IOMMUFD. The object looks for it, even if no "
		 "device uses the object.",
		 "QEMU 11.1 backends/iommufd.c", "lab", cure_legacy, NULL},
	[MIXED_SPACE] =
		{"vfio.backends-in-one-space", IOF_SEVERITY_ERROR,
		 "both backends in one guest address space",
		 "QEMU will abort at {0}: {1} in the same address space uses the other backend.",
		 "From 10.2 on QEMU takes the container of one backend for one of the other. "
		 "Without a vIOMMU all devices share one address space.",
		 "QEMU hw/vfio/container-legacy.c vfio_container_connect, iommufd.c "
		 "iommufd_cdev_attach",
		 "lab", cure_one_backend, NULL},
	[NO_STAGE] = {"vfio.no-second-stage", IOF_SEVERITY_ERROR,
		      "iommufd on Linux 6.12 and a unit with a first stage only",
		      "QEMU will refuse {0}: this kernel cannot attach it to tables of iommufd.",
		      "Linux 6.12 makes second-stage tables for iommufd, and {1} has a first stage "
		      "only. The legacy backend gets a first stage.",
		      "Linux 6.12 drivers/iommu/intel/iommu.c", "lab", cure_legacy, NULL},
};

static const struct step steps[] = {
	{STAGE_CONFIG, COLD, V11_1, QEMU_NEVER, EFFECT_STOPS, no_dev_iommu, &rules[NO_DEV_IOMMU],
	 "/dev/iommu does not exist (is your kernel config missing CONFIG_IOMMUFD?)"},
	{STAGE_PRE_PLUG, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, two_viommus,
	 &rules[TWO_VIOMMUS], "QEMU does not support multiple vIOMMUs for x86 yet."},
	{STAGE_PRE_PLUG, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, two_viommus_arm,
	 &rules[TWO_VIOMMUS], "virt machine does not support multiple IOMMUs"},
	{STAGE_PRE_PLUG, COLD, V8_1, QEMU_NEVER, EFFECT_WARNS, slot_not_valid, &rules[SLOT_INVALID],
	 "warning: PCI: slot {1} is not valid for {2}, parent device only allows plugging into "
	 "slot 0."},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, V11_0, EFFECT_STOPS, no_second_stage,
	 &rules[NO_STAGE], "vfio {0}: [iommufd=N] error attach {0} (N) to id=N: Invalid argument"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, V11_0, QEMU_NEVER, EFFECT_STOPS, no_second_stage,
	 &rules[NO_STAGE],
	 "vfio {0}: [iommufd=N] error attach {0} (N) pasid 0 to id=N: Invalid argument"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_LEGACY, V10_2, QEMU_NEVER, EFFECT_KILLS,
	 mixed_space_legacy, &rules[MIXED_SPACE],
	 "./include/hw/vfio/vfio-container-legacy.h:15:VFIO_IOMMU_LEGACY: Object PTR is not an "
	 "instance of type vfio-iommu-legacy"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, V10_2, QEMU_NEVER, EFFECT_KILLS,
	 mixed_space_iommufd, &rules[MIXED_SPACE],
	 "hw/vfio/vfio-iommufd.h:33:VFIO_IOMMU_IOMMUFD: Object PTR is not an instance of type "
	 "vfio-iommu-iommufd"},
	{STAGE_REGIONS, COLD_AND_HOT, V11_0, V11_1, EFFECT_WARNS, no_dma_buf, &rules[NO_DMA_BUF],
	 "warning: VFIO dma-buf not supported in kernel: PCI BAR IOMMU mappings may fail"},
	{STAGE_REGIONS, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_WARNS, no_dma_buf,
	 &rules[NO_DMA_BUF],
	 "warning: VFIO dma-buf not supported in kernel, using mmap fallback, P2P DMA will not "
	 "work"},
	{STAGE_REGIONS, COLD_AND_HOT, V11_0, V11_1, EFFECT_WARNS, small_bar, &rules[SMALL_BAR],
	 "{0} BAR {1}: failed to create dma-buf: PCI BAR IOMMU mappings may fail: Invalid "
	 "argument"},
	{STAGE_REGIONS, COLD_AND_HOT, V11_1, QEMU_NEVER, EFFECT_WARNS, small_bar_once,
	 &rules[SMALL_BAR],
	 "warning: {0} BAR {1}: dma-buf unavailable, using mmap fallback, P2P DMA will not work: "
	 "Invalid argument"},
	{STAGE_RUN, COLD, 0, QEMU_NEVER, EFFECT_BREAKS, late_viommu, &rules[LATE_VIOMMU], NULL},
};

const struct rule_family topology_family = {VMM_QEMU,	       DRIVER_OTHER, steps,
					    ARRAY_SIZE(steps), rules,	     ARRAY_SIZE(rules)};
