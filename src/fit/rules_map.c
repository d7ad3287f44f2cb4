/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BARs against the addresses that the host's IOMMU can map. QEMU maps the memory of an assigned
 * device's BARs for all assigned devices, so that they reach one another (peer-to-peer); a BAR that
 * is RAM (ivshmem) like any RAM. When one cannot be mapped it warns of the former and aborts for
 * the latter (hw/vfio/listener.c; up to 10.0 common.c).
 */
#include "fit/cures.h"
#include "fit/rule.h"

#define CLASS_DISPLAY 0x03
#define CLASS_ACCELERATOR 0x12

static uint64_t page_size(const struct scene *s)
{
	return s->host->page_size ? s->host->page_size : 4096;
}

static const char *owner_name(const struct guest_function *function)
{
	const struct machine_device *device = function->device;

	if (!device)
		return function->driver;
	return device->host_bdf ? device->host_bdf : device->label;
}

static enum answer outside(const struct scene *s, bool is_ram, struct operand *op)
{
	const struct device_iova *iova = s->mapping->is_ram == is_ram ? s->mapping->beyond : NULL;

	if (!iova)
		return NO;
	op[0] = text_operand(owner_name(s->mapping->function));
	op[1] = number_operand(s->mapping->bar);
	op[2] = hex_operand(s->mapping->range.first);
	op[3] = hex_operand(s->mapping->range.last - s->mapping->range.first + 1);
	op[4] = hex_operand(iova->ranges[iova->n - 1].last);
	op[5] = text_operand(s->m->guest.firmware.text);
	return YES;
}

static enum answer bar_outside_legacy(const struct scene *s, struct operand *op)
{
	return s->device->backend == BACKEND_LEGACY ? outside(s, false, op) : NO;
}

static enum answer bar_outside_iommufd(const struct scene *s, struct operand *op)
{
	return s->device->backend == BACKEND_IOMMUFD ? outside(s, false, op) : NO;
}

/* From 10.0 on it is said once in a run, whichever BAR it is about. */
static enum answer bar_outside_untold(const struct scene *s, struct operand *op)
{
	enum answer answer = s->progress->told_p2p ? NO : outside(s, false, op);

	s->progress->told_p2p = s->progress->told_p2p || answer == YES;
	return answer;
}

static enum answer bar_outside_told(const struct scene *s, struct operand *op)
{
	return s->progress->told_p2p ? outside(s, false, op) : NO;
}

static enum answer ram_outside_legacy(const struct scene *s, struct operand *op)
{
	return s->device->backend == BACKEND_LEGACY ? outside(s, true, op) : NO;
}

static enum answer ram_outside_iommufd(const struct scene *s, struct operand *op)
{
	return s->device->backend == BACKEND_IOMMUFD ? outside(s, true, op) : NO;
}

/* Functions of one card do not write to one another's BARs. */
static bool is_other_card(const struct machine_device *a, const struct machine_device *b)
{
	const struct pci_address *x = &a->host->address, *y = &b->host->address;

	return x->domain != y->domain || x->bus != y->bus || x->device != y->device;
}

/* A device of the scene's container that could write to the BAR. */
static bool has_peer(const struct scene *s)
{
	const struct machine_device *owner = s->mapping->function->device;

	for (size_t i = 0; owner && owner->host && i < s->m->n_cold; i++) {
		const struct machine_device *d = &s->m->devices[i];

		if (d->kind == DRIVER_VFIO_PCI && d->host &&
		    (d == s->device || shares_container(d, s->device)) && is_other_card(d, owner))
			return true;
	}
	return false;
}

static bool is_gpu(const struct scene *s)
{
	const struct machine_device *owner = s->mapping->function->device;
	unsigned class = owner && owner->host ? owner->host->class_code >> 16 : 0;

	return class == CLASS_DISPLAY || class == CLASS_ACCELERATOR;
}

static enum answer missed_bar(const struct scene *s, struct operand *op)
{
	return has_peer(s) || is_gpu(s) ? outside(s, false, op) : NO;
}

static enum answer not_pinned(const struct scene *s, struct operand *op)
{
	if (!s->mapping->is_unpinned)
		return NO;
	op[0] = text_operand(owner_name(s->mapping->function));
	op[1] = number_operand(s->mapping->bar);
	op[2] = hex_operand(s->mapping->range.first);
	op[3] = hex_operand(s->mapping->range.last - s->mapping->range.first + 1);
	op[4] = text_operand(s->m->version < V11_0 ? "this QEMU does not ask for one"
			     : s->mapping->function->bar[s->mapping->bar].size < page_size(s)
				     ? "the kernel makes none of less than a page"
				     : "this kernel makes none (Linux does from 6.19 on)");
	return YES;
}

static enum answer not_pinned_untold(const struct scene *s, struct operand *op)
{
	enum answer answer = s->progress->told_p2p ? NO : not_pinned(s, op);

	s->progress->told_p2p = s->progress->told_p2p || answer == YES;
	return answer;
}

static enum answer not_pinned_told(const struct scene *s, struct operand *op)
{
	return s->progress->told_p2p ? not_pinned(s, op) : NO;
}

/* With iommufd no card's BARs can be mapped, so it is said only where it is often missed: of GPUs
 * beside which there is another card. A register block of less than a page is no such target. */
static enum answer missed_gpu(const struct scene *s, struct operand *op)
{
	uint64_t size = s->mapping->function->bar[s->mapping->bar].size;

	return is_gpu(s) && has_peer(s) && size >= page_size(s) ? not_pinned(s, op) : NO;
}

/* Nothing can be said about BARs: worth a word where one could end up out of reach. */
static enum answer not_placed(const struct scene *s, struct operand *op)
{
	const struct iof_machine *m = s->m;
	struct scene each = *s;

	if (m->guest.is_placed || !m->guest.unplaced_why)
		return NO;
	for (size_t i = 0; i < m->n_cold; i++) {
		const struct device_iova *iova;

		each.device = &m->devices[i];
		if (each.device->kind != DRIVER_VFIO_PCI || !each.device->host)
			continue;
		iova = scene_iova(&each);
		for (unsigned bar = 0; bar < PCI_BARS && iova && iova->width < 52; bar++) {
			if (!each.device->host->bars[bar].is_64)
				continue;
			op[0] = text_operand(each.device->host_bdf);
			op[1] = text_operand(m->guest.unplaced_why);
			op[2] = number_operand(iova->width);
			return YES;
		}
	}
	return NO;
}

enum { BAR_OUTSIDE, BAR_UNPINNED, RAM_OUTSIDE, NOT_PLACED };

static const struct rule rules[] = {
	[BAR_OUTSIDE] =
		{"map.bar-outside-iova", IOF_SEVERITY_WARNING,
		 "BAR that the host's IOMMU cannot map",
		 "BAR {1} of {0} will be at {2}, out of reach of the host's IOMMU: no assigned "
		 "device "
		 "can write to it.",
		 "{5} places BAR {1} of {3} bytes at {2}; the highest usable address is {4}. DMA "
		 "to the guest's RAM works.",
		 "QEMU hw/vfio/listener.c vfio_listener_region_add", "lab", cure_bar_place,
		 "Use a host with a wider IOMMU, or firmware that places BARs lower."},
	[BAR_UNPINNED] =
		{"map.bar-not-pinned", IOF_SEVERITY_NOTE, "BAR that iommufd cannot map",
		 "No assigned device will be able to write to BAR {1} of {0}.",
		 "The iommufd backend maps a BAR by its dma-buf, and {4}. DMA to the guest's RAM "
		 "works.",
		 "QEMU hw/vfio/listener.c, Linux drivers/iommu/iommufd/pages.c", "lab", cure_legacy,
		 "Use the legacy backend, or QEMU 11.0 or later on Linux 6.19 or later."},
	[NOT_PLACED] = {"map.bars-not-placed", IOF_SEVERITY_NOTE, "BARs whose place is not known",
			"Whether the host's IOMMU can map the BARs of {0} cannot be said.",
			"{1} The IOMMU has {2} bits.", "iommufit", "lab", NULL,
			"Say which firmware the guest starts (--firmware)."},
	[RAM_OUTSIDE] =
		{"map.ram-bar-outside-iova", IOF_SEVERITY_ERROR,
		 "memory BAR that the host's IOMMU cannot map",
		 "QEMU will abort when the firmware places the memory BAR {1} of {0} at {2}.",
		 "{5} places BAR {1} of {3} bytes at {2}; the highest usable address is {4}. QEMU "
		 "maps it like RAM, and cannot go on without.",
		 "QEMU hw/vfio/listener.c vfio_listener_region_add", "source", cure_bar_place,
		 "Use a host with a wider IOMMU, or firmware that places BARs lower."},
};

#define INVALID "Invalid argument"
#define MAP_OLD "vfio_dma_map(PTR, {2}, {3}, PTR) = -22 (" INVALID ")"
#define MAP "vfio_container_dma_map(PTR, {2}, {3}, PTR) = -22 (" INVALID ")"
#define TYPE1 "VFIO_MAP_DMA failed: " INVALID "\n"
#define IOAS "IOMMU_IOAS_MAP failed: " INVALID "\n"
#define P2P "\n{0}: PCI peer-to-peer transactions on BARs are not supported."
#define UNPINNED "warning: IOMMU_IOAS_MAP failed: Bad address, PCI BAR?"
#define FAULT "vfio_container_dma_map(PTR, {2}, {3}, PTR) = -14 (Bad address)"
#define ABORT "\nhardware error: vfio: DMA mapping failed, unable to continue"

static const struct step steps[] = {
	{STAGE_PLACE, COLD, 0, QEMU_NEVER, EFFECT_DEGRADES, missed_bar, &rules[BAR_OUTSIDE], NULL},
	{STAGE_PLACE, COLD | OF_LEGACY, 0, V9_0, EFFECT_WARNS, bar_outside_legacy,
	 &rules[BAR_OUTSIDE], TYPE1 MAP_OLD},
	{STAGE_PLACE, COLD | OF_LEGACY, V9_0, V10_0, EFFECT_WARNS, bar_outside_legacy,
	 &rules[BAR_OUTSIDE], TYPE1 MAP},
	{STAGE_PLACE, COLD | OF_IOMMUFD, V9_0, V10_0, EFFECT_WARNS, bar_outside_iommufd,
	 &rules[BAR_OUTSIDE], IOAS MAP},
	{STAGE_PLACE, COLD, V10_0, QEMU_NEVER, EFFECT_WARNS, bar_outside_told, &rules[BAR_OUTSIDE],
	 NULL},
	{STAGE_PLACE, COLD, V10_0, QEMU_NEVER, EFFECT_WARNS, bar_outside_untold,
	 &rules[BAR_OUTSIDE], "warning: " MAP P2P},

	{STAGE_PLACE, COLD, V9_0, QEMU_NEVER, EFFECT_DEGRADES, missed_gpu, &rules[BAR_UNPINNED],
	 NULL},
	{STAGE_PLACE, COLD, V9_0, V10_0, EFFECT_WARNS, not_pinned, &rules[BAR_UNPINNED],
	 UNPINNED "\n" FAULT},
	{STAGE_PLACE, COLD, V10_0, QEMU_NEVER, EFFECT_WARNS, not_pinned_told, &rules[BAR_UNPINNED],
	 UNPINNED},
	{STAGE_PLACE, COLD, V10_0, QEMU_NEVER, EFFECT_WARNS, not_pinned_untold,
	 &rules[BAR_UNPINNED], UNPINNED "\nwarning: " FAULT P2P},

	{STAGE_DONE, COLD, 0, QEMU_NEVER, EFFECT_NOTE, not_placed, &rules[NOT_PLACED], NULL},

	{STAGE_PLACE, COLD | OF_LEGACY, 0, V9_0, EFFECT_KILLS, ram_outside_legacy,
	 &rules[RAM_OUTSIDE], TYPE1 MAP_OLD ABORT},
	{STAGE_PLACE, COLD | OF_LEGACY, V9_0, V10_0, EFFECT_KILLS, ram_outside_legacy,
	 &rules[RAM_OUTSIDE], TYPE1 MAP ABORT},
	{STAGE_PLACE, COLD | OF_IOMMUFD, V9_0, V10_0, EFFECT_KILLS, ram_outside_iommufd,
	 &rules[RAM_OUTSIDE], IOAS MAP ABORT},
	{STAGE_PLACE, COLD | OF_LEGACY, V10_0, QEMU_NEVER, EFFECT_KILLS, ram_outside_legacy,
	 &rules[RAM_OUTSIDE], MAP ABORT},
	{STAGE_PLACE, COLD | OF_IOMMUFD, V10_0, QEMU_NEVER, EFFECT_KILLS, ram_outside_iommufd,
	 &rules[RAM_OUTSIDE], MAP ABORT},
};

const struct rule_family map_family = {VMM_QEMU,	  DRIVER_OTHER, steps,
				       ARRAY_SIZE(steps), rules,	ARRAY_SIZE(rules)};
