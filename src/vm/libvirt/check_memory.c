// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check_memory.c - what libvirt refuses about memory devices
 * (qemuDomainDefValidateMemoryHotplug, virDomainMemoryDefValidate).
 */
#include <errno.h>

#include "vm/libvirt/say.h"

#define UNSUPPORTED "unsupported configuration: "

static bool has_hotplug(const struct lv_domain *d)
{
	return d->slots || d->max_memory;
}

/* libvirt makes one where there is none. */
static unsigned count_nodes(const struct lv_domain *d)
{
	return d->numa_nodes ? d->numa_nodes : has_hotplug(d);
}

static unsigned count_dimms(struct lv_domain *d)
{
	const struct lv_device *memory;
	unsigned count = 0;

	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++)
		count += lv_is_dimm(memory);
	return count;
}

/* Enclave memory is part of the machine. */
static const struct lv_device *first_plugged(struct lv_domain *d)
{
	const struct lv_device *memory;

	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++) {
		if (!str_eq(memory->model, "sgx-epc"))
			return memory;
	}
	return NULL;
}

static void check_room(struct lv_domain *d)
{
	const struct lv_device *memory = first_plugged(d);
	uint64_t room = d->max_memory > d->memory ? d->max_memory - d->memory : 0, sum = 0;
	unsigned dimms = count_dimms(d);

	if (!memory)
		return;
	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++)
		sum += str_eq(memory->model, "sgx-epc") ? 0 : lv_module_size(memory);
	memory = first_plugged(d);
	if (!has_hotplug(d))
		lv_refuse(d, lv_at(memory->node),
			  UNSUPPORTED "cannot use/hotplug a memory device when domain 'maxMemory' "
				      "is not defined");
	else if (dimms > d->slots)
		lv_refuse(d, lv_at(memory->node),
			  UNSUPPORTED "memory device count '%u' exceeds slots count '%u'", dimms,
			  d->slots);
	else if (sum > room)
		lv_refuse(d, lv_at(memory->node),
			  UNSUPPORTED "memory device total size exceeds hotplug space");
}

static void check_node(struct lv_domain *d, const struct lv_device *memory)
{
	const struct xml_node *node = xml_path(memory->node, "target/node");
	unsigned count = count_nodes(d);
	uint64_t n;

	if (!node || !lv_number(node->text, INT32_MAX, &n))
		return;
	if (!count)
		lv_refuse(d, &node->at,
			  "can't add memory backend as guest has no NUMA nodes configured");
	else if (n >= count)
		lv_refuse(d, &node->at,
			  "can't add memory backend for guest node '%u' as the guest has only '%u' "
			  "NUMA nodes configured",
			  (unsigned)n, count);
}

static void check_source(struct lv_domain *d, const struct lv_device *memory)
{
	bool is_pmem = str_eq(memory->model, "virtio-pmem");
	const char *access = xml_value(memory->node, "access");

	if (!is_pmem && !str_eq(memory->model, "nvdimm"))
		return;
	if (!xml_path(memory->node, "source/path"))
		lv_refuse(d, lv_at(memory->node), "path is required for model '%s'", memory->model);
	else if (is_pmem && (!access || !str_eq(access, "shared")))
		lv_refuse(d, lv_at(memory->node),
			  UNSUPPORTED "shared access mode required for virtio-pmem device");
	else if (is_pmem && xml_path(memory->node, "target/node"))
		lv_refuse(d, lv_at(memory->node),
			  UNSUPPORTED "virtio-pmem does not support NUMA nodes");
}

static uint64_t kib_at(const struct lv_device *memory, const char *path)
{
	uint64_t kib = 0;

	lv_size(xml_path(memory->node, path), &kib);
	return kib;
}

static void check_blocks(struct lv_domain *d, const struct lv_device *memory)
{
	uint64_t block = kib_at(memory, "target/block"), base = 0;
	uint64_t requested = kib_at(memory, "target/requested"), size = lv_module_size(memory);
	const struct place *at = lv_at(memory->node);

	if (!str_eq(memory->model, "virtio-mem"))
		return;
	lv_number(xml_value(xml_path(memory->node, "target/address"), "base"), UINT64_MAX, &base);
	if (requested > size)
		lv_refuse(d, at, "requested size must be smaller than or equal to @size (%lluKiB)",
			  (unsigned long long)size);
	else if (!block || (block & (block - 1)))
		lv_refuse(d, at, "block size must be a power of two");
	else if (block < 2048)
		lv_refuse(d, at, "block size too small, must be at least 2048KiB");
	else if (requested % block)
		lv_refuse(d, at, "requested size must be an integer multiple of block size");
	else if (block < UINT64_MAX / 1024 && base % (block * 1024))
		lv_refuse(d, at, "memory device address must be aligned to blocksize");
}

/* ---- addresses ---- */

/* Where a device lies and which slot it has; -1: not said. */
struct spot {
	const struct lv_device *device;
	uint64_t start, end; /* bytes [start, end); end 0: not said */
	int64_t slot;
};

static uint64_t mapped_size(const struct lv_device *memory)
{
	uint64_t size = lv_module_size(memory), label = 0, align = 4;

	if (!str_eq(memory->model, "nvdimm"))
		return size;
	lv_size(xml_path(memory->node, "target/label/size"), &label);
	if (!lv_size(xml_path(memory->node, "source/alignsize"), &align) || !align)
		align = 4;
	label = label > size ? 0 : (label + align - 1) / align * align;
	return size - (label < size ? label : 0);
}

static struct spot find_spot(const struct lv_device *memory)
{
	struct spot spot = {.device = memory, .slot = -1};
	const struct xml_node *address = xml_child(memory->node, "address");
	uint64_t size = mapped_size(memory), n;

	if (lv_is_dimm(memory) && lv_number(xml_value(address, "slot"), UINT32_MAX, &n))
		spot.slot = (int64_t)n;
	if (!lv_is_dimm(memory))
		address = xml_path(memory->node, "target/address");
	if (lv_number(xml_value(address, "base"), UINT64_MAX, &n) && n &&
	    size <= (UINT64_MAX - n) / 1024) {
		spot.start = n;
		spot.end = n + size * 1024;
	}
	return spot;
}

static bool check_pair(struct lv_domain *d, const struct spot *a, const struct spot *b)
{
	if (a->slot >= 0 && a->slot == b->slot)
		lv_refuse(d, lv_at(a->device->node),
			  UNSUPPORTED "memory device slot '%u' is already being used by another "
				      "memory device",
			  (unsigned)a->slot);
	else if (a->start < b->end && b->start < a->end)
		lv_refuse(d, lv_at(a->device->node),
			  UNSUPPORTED "memory device address [0x%llx:0x%llx] overlaps with other "
				      "memory device (0x%llx)",
			  (unsigned long long)a->start, (unsigned long long)a->end,
			  (unsigned long long)b->start);
	else
		return false;
	return true;
}

/* libvirt stops at the first. */
static void check_conflicts(struct lv_domain *d)
{
	size_t n = d->class_size[LV_MEMORY];
	struct spot *spots = arena_array(d->t->vm->arena, n + 1, sizeof(*spots));

	if (!spots) {
		d->t->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < n; i++)
		spots[i] = find_spot(lv_device(d, LV_MEMORY, i));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			if (i != k && check_pair(d, &spots[i], &spots[k]))
				return;
		}
	}
}

static void check_slot(struct lv_domain *d, const struct lv_device *memory)
{
	struct spot spot = find_spot(memory);

	if (spot.slot >= (int64_t)d->slots)
		lv_refuse(d, lv_at(memory->node),
			  UNSUPPORTED "memory device slot '%u' exceeds slots count '%u'",
			  (unsigned)spot.slot, d->slots);
}

/* qemuDomainAssignMemoryDeviceSlots(), before anything is checked. */
void lv_check_memory_slots(struct lv_domain *d)
{
	const struct lv_device *memory;
	unsigned taken = 0;

	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++) {
		if (!lv_is_dimm(memory))
			continue;
		if (find_spot(memory).slot < 0 && count_dimms(d) > d->slots && taken >= d->slots) {
			lv_refuse(d, lv_at(memory->node),
				  "internal error: failed to find an empty memory slot");
			return;
		}
		taken++;
	}
}

/* Seen with 9.0 and no more with 11.3. */
static void check_slots_said(struct lv_domain *d)
{
	if (d->version < LIBVIRT_VERSION(10, 0, 0) && (!d->slots != !d->max_memory))
		lv_refuse(d, lv_at(xml_child(d->root, "maxMemory")),
			  "XML error: both maximum memory size and memory slot count must be "
			  "specified");
}

void lv_check_memory(struct lv_domain *d)
{
	const struct lv_device *memory;

	check_slots_said(d);
	check_room(d);
	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++) {
		check_node(d, memory);
		check_source(d, memory);
		check_blocks(d, memory);
		check_slot(d, memory);
	}
	if (d->version >= LIBVIRT_VERSION(9, 1, 0)) /* 9.0 took it, 11.3 does not */
		check_conflicts(d);
}
