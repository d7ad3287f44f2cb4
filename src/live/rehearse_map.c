/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rehearse_map.c - guest memory, as QEMU's listener maps it (hw/vfio/listener.c): upwards when a
 * device is attached, a memory device's when it comes, BARs when firmware switches them on. Of each
 * stretch the first and the last page, and the first page of each hole that the kernel told of:
 * where one of these is refused, so is the whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/interval.h"
#include "live/rehearse.h"

static bool is_bar(const struct iof_section *section)
{
	return section->kind == IOF_SECTION_BAR || section->kind == IOF_SECTION_RAM_BAR;
}

static int upwards(const void *a, const void *b)
{
	const struct iof_section *x = a, *y = b;

	return (x->range.first > y->range.first) - (x->range.first < y->range.first);
}

void sections_list(struct iof_live_rehearsal *r)
{
	struct iof_section section;
	size_t n_memory = 0;

	for (size_t i = 0; iof_machine_section(r->machine, i, &section) == 0; i++) {
		struct iof_section *grown = arena_grow(r->arena, r->sections, r->n_sections,
						       &r->cap_sections, sizeof(*grown));

		if (!grown) {
			r->err = -ENOMEM;
			return;
		}
		r->sections = grown;
		grown[r->n_sections++] = section;
		n_memory += !is_bar(&section);
	}
	if (n_memory)
		qsort(r->sections, n_memory, sizeof(*r->sections), upwards);
}

static bool is_there(const struct iof_section *section, size_t device)
{
	if (is_bar(section) || section->is_in_blocks)
		return false;
	return section->device == NO_INDEX || section->device < device;
}

static bool contains(const struct rehearse_container *c, const struct iof_section *section)
{
	return !c->n_ranges ||
	       ranges_contain(c->ranges, c->n_ranges, section->range.first, section->range.last);
}

bool reaches_memory(const struct iof_live_rehearsal *r, const struct rehearse_container *c,
		    size_t device)
{
	for (size_t i = 0; i < r->n_sections && !c->is_held_back; i++) {
		if (is_there(&r->sections[i], device) && !contains(c, &r->sections[i]))
			return false;
	}
	return true;
}

/* One page of our own, aligned as the IOMMU wants it. */
static void *get_page(struct iof_live_rehearsal *r, uint64_t page)
{
	const struct live_calls *calls = r->vfio.calls;
	size_t length = 2 * (size_t)page;
	void *memory;

	if (!undo_reserve(r))
		return NULL;
	memory = calls->map(calls->data, length);
	if (!memory) {
		r->err = -ENOMEM;
		return NULL;
	}
	undo_push(r, (struct undo){.kind = UNDO_MEMORY, .memory = memory, .length = length});
	return (void *)(((uintptr_t)memory + page - 1) & ~(uintptr_t)(page - 1));
}

static int map_call(struct iof_live_rehearsal *r, const struct rehearse_container *c, uint64_t iova,
		    const void *memory, bool is_read_only)
{
	if (c->is_iommufd)
		return iommufd_ioas_map(&r->vfio, c->fd, c->ioas, iova, memory, c->page,
					UAPI_IOMMU_MAP_READABLE |
						(is_read_only ? 0 : UAPI_IOMMU_MAP_WRITEABLE));
	return vfio_container_map(&r->vfio, c->fd, iova, memory, c->page,
				  UAPI_VFIO_DMA_READ | (is_read_only ? 0 : UAPI_VFIO_DMA_WRITE));
}

static bool map_page(struct iof_live_rehearsal *r, const struct rehearse_container *c,
		     const struct iof_section *section, uint64_t iova)
{
	struct undo undo = {.kind = c->is_iommufd ? UNDO_IOAS_UNMAP : UNDO_CONTAINER_UNMAP,
			    .fd = c->fd,
			    .id = c->ioas,
			    .iova = iova,
			    .length = c->page};
	void *memory = get_page(r, c->page);
	int err;

	if (!memory || !undo_reserve(r))
		return false;
	err = map_call(r, c, iova, memory, section->kind == IOF_SECTION_ROM);
	if (!rehearse_step(r, c->first, c->is_iommufd ? "IOMMU_IOAS_MAP" : "VFIO_IOMMU_MAP_DMA",
			   err, "%s: 0x%" PRIx64 " to 0x%" PRIx64, section->name, iova,
			   iova + c->page - 1))
		return false;
	undo_push(r, undo);
	return true;
}

/* Where a hole of the container's ranges begins in the section, from `from` on; UINT64_MAX: none.
 */
static uint64_t next_hole(const struct rehearse_container *c, uint64_t from, uint64_t last)
{
	for (size_t i = 0; i < c->n_ranges && c->ranges[i].first <= from; i++) {
		if (c->ranges[i].last < from)
			continue;
		if (c->ranges[i].last >= last)
			return UINT64_MAX;
		from = c->ranges[i].last + 1;
	}
	return c->n_ranges && from <= last ? from : UINT64_MAX;
}

/* Where pages are tried, upwards: each only once. */
static uint64_t next_page(const struct rehearse_container *c, const struct iof_range *range,
			  uint64_t after)
{
	uint64_t page = c->page, last = range->last / page * page, hole;

	if (after == UINT64_MAX)
		return (range->first + page - 1) / page * page;
	hole = next_hole(c, after + page, range->last);
	hole = hole == UINT64_MAX ? hole : hole / page * page;
	if (hole > after && hole < last)
		return hole;
	return after < last ? last : UINT64_MAX;
}

static bool map_section(struct iof_live_rehearsal *r, const struct rehearse_container *c,
			const struct iof_section *section)
{
	uint64_t at = next_page(c, &section->range, UINT64_MAX);

	/* Less than a page of the IOMMU: QEMU passes it over. */
	if (section->range.last - section->range.first < c->page - 1 ||
	    at > section->range.last - (c->page - 1))
		return true;
	while (at != UINT64_MAX) {
		if (!map_page(r, c, section, at))
			return false;
		at = next_page(c, &section->range, at);
	}
	return true;
}

bool map_memory(struct iof_live_rehearsal *r, struct rehearse_container *c,
		const struct iof_assignment *a)
{
	for (size_t i = 0; i < r->n_sections && !c->is_held_back; i++) {
		const struct iof_section *section = &r->sections[i];

		if (!is_there(section, a->device) || map_section(r, c, section))
			continue;
		return r->err ? false : rehearse_failed(r, SITE_MAP_COLD, a, section);
	}
	return true;
}

static bool map_for_all(struct iof_live_rehearsal *r, const struct iof_section *section,
			enum rehearse_site site)
{
	for (struct rehearse_container *c = r->containers; c; c = c->next) {
		struct iof_assignment first = {.device = c->first, .iommufd = c->iommufd};

		if (c->is_held_back || map_section(r, c, section))
			continue;
		first.is_iommufd = c->iommufd != NULL;
		if (!r->err)
			rehearse_failed(r, site, &first, section);
		return false;
	}
	return true;
}

bool map_late_memory(struct iof_live_rehearsal *r, size_t device)
{
	for (size_t i = 0; i < r->n_sections; i++) {
		const struct iof_section *section = &r->sections[i];

		if (section->device != device || is_bar(section) || section->is_in_blocks)
			continue;
		if (!map_for_all(r, section, SITE_MAP_LATE))
			return false;
	}
	return true;
}

static bool map_bar(struct iof_live_rehearsal *r, struct rehearse_container *c,
		    const struct iof_section *section)
{
	struct iof_assignment first = {
		.device = c->first, .is_iommufd = c->iommufd != NULL, .iommufd = c->iommufd};

	if (c->is_held_back || map_section(r, c, section))
		return true;
	if (r->err)
		return false;
	if (section->kind == IOF_SECTION_RAM_BAR)
		return rehearse_failed(r, SITE_MAP_LATE, &first, section);
	rehearse_failed(r, SITE_MAP_BAR, &first, section);
	return true;
}

bool map_bars(struct iof_live_rehearsal *r, struct rehearse_container *only)
{
	for (size_t i = 0; i < r->n_sections; i++) {
		if (!is_bar(&r->sections[i]))
			continue;
		for (struct rehearse_container *c = r->containers; c; c = c->next) {
			if ((!only || c == only) && !map_bar(r, c, &r->sections[i]))
				return false;
		}
	}
	return true;
}
