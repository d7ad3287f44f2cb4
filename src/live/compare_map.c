/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* compare_map.c - RAM, memory devices and BARs against the predicted address map. */
#include "live/compare.h"

#include <errno.h>
#include <inttypes.h>

static const char *hex(struct iof_live_comparison *c, uint64_t number)
{
	return arena_printf(c->arena, "0x%" PRIx64, number);
}

static int compare_numbers(struct iof_live_comparison *c, struct iof_live_item item, uint64_t live,
			   uint64_t predicted)
{
	item.live = hex(c, live);
	item.predicted = hex(c, predicted);
	return item.live && item.predicted ? compare_texts(c, item) : -ENOMEM;
}

/* RAM that is no memory device's. */
static int compare_ram(struct iof_live_comparison *c)
{
	const struct iof_region *region;
	uint64_t size = 0;

	if (!c->live->has_base_memory)
		return 0;
	iof_machine_region_foreach(c->machine, region)
	{
		struct iof_range range = iof_region_range(region);

		if (iof_region_kind(region) == IOF_REGION_RAM && !iof_region_device(region))
			size += range.last - range.first + 1;
	}
	return compare_numbers(
		c,
		(struct iof_live_item){.subject = "ram",
				       .property = "size",
				       .where = "query-memory-size-summary",
				       .why = "The VM has another amount of RAM than "
					      "its config says."},
		c->live->base_memory, size);
}

/* A region of a memory device goes by the name of its backend. */
static const struct iof_region *find_memory(const struct iof_live_comparison *c,
					    const char *backend)
{
	const struct iof_region *region;

	iof_machine_region_foreach(c->machine, region)
	{
		if (iof_region_kind(region) == IOF_REGION_RAM && iof_region_device(region) &&
		    str_eq(iof_region_name(region), backend))
			return region;
	}
	return NULL;
}

/* What belongs to a hot-plugged device: that is said once, of the device. */
static bool is_hotplugged(const struct iof_live *live, const char *id)
{
	for (size_t i = 0; *id && i < live->device_list.n; i++) {
		const struct live_device *device = &live->devices[i];

		if (device->folder == LIVE_NAMED && str_eq(device->name, id))
			return device->hotplugged;
	}
	return false;
}

static int compare_memory(struct iof_live_comparison *c, const struct live_memory *memory)
{
	const struct iof_region *region = memory->backend ? find_memory(c, memory->backend) : NULL;
	struct iof_live_item item = {.subject = memory->device	  ? memory->device
						: memory->backend ? memory->backend
								  : "memory device",
				     .property = "address",
				     .where = "query-memory-devices",
				     .why = "The memory device lies elsewhere than predicted."};

	if (memory->address == UINT64_MAX)
		return 0;
	if (!region && memory->device && is_hotplugged(c->live, memory->device))
		return 0;
	if (region)
		return compare_numbers(c, item, memory->address, iof_region_range(region).first);
	item.result = IOF_LIVE_UNEXPECTED;
	item.live = hex(c, memory->address);
	item.why = "The config has no such memory device: it was hot-plugged.";
	return item.live ? compare_add(c, item) : -ENOMEM;
}

static bool is_at(const struct live_bar *bar, unsigned bus, unsigned devfn)
{
	return bar->bus == bus && bar->slot == devfn >> 3 && bar->function == (devfn & 7);
}

/* By the device's id; else by the address that its function has in the guest. */
static const struct live_bar *find_bar(const struct iof_live *live, const struct iof_region *region)
{
	const char *id = iof_region_device(region);
	unsigned bus = 0, devfn = 0, index = (unsigned)iof_region_bar(region);
	const struct live_bar *found = NULL;

	if (iof_region_pci(region, &bus, &devfn) != 0)
		return NULL;
	for (size_t i = 0; i < live->bar_list.n; i++) {
		const struct live_bar *bar = &live->bars[i];

		if (bar->bar != index)
			continue;
		if (id && *bar->id && str_eq(bar->id, id))
			return bar;
		if (is_at(bar, bus, devfn))
			found = bar;
	}
	/* The function at that address is another device with its own id. */
	return found && *found->id && id ? NULL : found;
}

static int compare_bar(struct iof_live_comparison *c, const struct iof_region *region,
		       const struct live_bar *bar)
{
	struct iof_range range = iof_region_range(region);
	struct iof_live_item item = {
		.subject = iof_region_name(region), .property = "address", .where = "query-pci"};

	if (!bar) {
		item.result = IOF_LIVE_MISSING;
		item.predicted = hex(c, range.first);
		item.why = "The running VM has no such BAR.";
		return item.predicted ? compare_add(c, item) : -ENOMEM;
	}
	if (bar->address == UINT64_MAX) {
		item.predicted = hex(c, range.first);
		item.why = "The guest has not placed it (yet), or has switched its decoding off.";
		return item.predicted ? compare_texts(c, item) : -ENOMEM;
	}
	item.why = iof_region_provenance(region) == IOF_PROVENANCE_ASSUMED
			   ? "The firmware's release was assumed, or the guest has moved the BAR."
			   : "The guest has moved the BAR, or its firmware is another.";
	return compare_numbers(c, item, bar->address, range.first);
}

static int compare_unexpected(struct iof_live_comparison *c, const struct live_bar *bar)
{
	struct iof_live_item item = {.result = IOF_LIVE_UNEXPECTED,
				     .property = "address",
				     .live = hex(c, bar->address),
				     .where = "query-pci",
				     .why = "The prediction has no such BAR."};

	if (bar->address == UINT64_MAX || is_hotplugged(c->live, bar->id))
		return 0;
	item.subject = *bar->id ? arena_printf(c->arena, "%s BAR %u", bar->id, bar->bar)
				: arena_printf(c->arena, "%02x:%02x.%u BAR %u", bar->bus, bar->slot,
					       bar->function, bar->bar);
	return item.live ? compare_add(c, item) : -ENOMEM;
}

/* A VM of which no BAR is placed was not started, or its guest does it later. */
static bool has_placed_bar(const struct iof_live *live)
{
	for (size_t i = 0; i < live->bar_list.n; i++) {
		if (live->bars[i].address != UINT64_MAX)
			return true;
	}
	return false;
}

static int compare_bars(struct iof_live_comparison *c)
{
	const struct iof_region *region;
	bool *is_predicted; /* by BAR of the running VM */
	int err = 0;

	if (!c->live->has_pci || iof_machine_unplaced(c->machine) || !has_placed_bar(c->live))
		return 0;
	is_predicted = arena_array(c->arena, c->live->bar_list.n, sizeof(*is_predicted));
	if (!is_predicted)
		return -ENOMEM;
	iof_machine_region_foreach(c->machine, region)
	{
		const struct live_bar *bar;

		if (err || iof_region_kind(region) != IOF_REGION_BAR)
			continue;
		bar = find_bar(c->live, region);
		if (bar)
			is_predicted[bar - c->live->bars] = true;
		err = compare_bar(c, region, bar);
	}
	for (size_t i = 0; !err && i < c->live->bar_list.n; i++)
		err = is_predicted[i] ? 0 : compare_unexpected(c, &c->live->bars[i]);
	return err;
}

int compare_map(struct iof_live_comparison *c)
{
	int err = compare_ram(c);

	for (size_t i = 0; !err && i < c->live->memory_list.n; i++)
		err = compare_memory(c, &c->live->memories[i]);
	return err ? err : compare_bars(c);
}
