// SPDX-License-Identifier: LGPL-2.1-or-later
/* alias.c - the ids that libvirt gives (qemu_alias.c). Those that the user gave stay. */
#include <errno.h>

#include "vm/libvirt/say.h"

static const char *controller_name(struct lv_domain *d, const struct lv_device *c)
{
	bool is_first = c->index == 0;

	if (str_eq(c->kind, "pci")) {
		if (str_eq(c->model, "pcie-root"))
			return "pcie.0";
		return lv_printf(d, "pci.%u", c->index);
	}
	if (str_eq(c->kind, "usb") && is_first)
		return "usb";
	if (str_eq(c->kind, "ide") && is_first)
		return "ide";
	if (str_eq(c->kind, "sata") && is_first && d->board == LV_Q35)
		return "ide";
	return lv_printf(d, "%s%u", c->kind, c->index);
}

/* "vdb" is 1, "vdaa" 26 (virDiskNameToIndex). */
unsigned lv_disk_number(const struct lv_device *disk)
{
	const char *name = disk->node ? xml_value(xml_child(disk->node, "target"), "dev") : NULL;
	unsigned n = 0;

	if (!name || strlen(name) < 3)
		return disk->index;
	for (name += 2; *name >= 'a' && *name <= 'z' && n < 1000000; name++)
		n = n * 26 + (unsigned)(*name - 'a') + 1;
	return n ? n - 1 : 0;
}

static const char *memory_name(struct lv_domain *d, const struct lv_device *memory, unsigned place)
{
	if (lv_is_dimm(memory))
		return lv_printf(d, "%s%u", memory->model, memory->index);
	return lv_printf(d, "%s%u",
			 str_eq(memory->model, "virtio-mem")	? "virtiomem"
			 : str_eq(memory->model, "virtio-pmem") ? "virtiopmem"
								: memory->model,
			 place);
}

static const char *const prefixes[LV_CLASSES] = {
	[LV_FS] = "fs",
	[LV_NET] = "net",
	[LV_INPUT] = "input",
	[LV_SOUND] = "sound",
	[LV_VIDEO] = "video",
	[LV_HOSTDEV] = "hostdev",
	[LV_RNG] = "rng",
	[LV_MEMBALLOON] = "balloon",
	[LV_WATCHDOG] = "watchdog",
	[LV_SHMEM] = "shmem",
	[LV_TPM] = "tpm",
	[LV_PANIC] = "panic",
	[LV_VSOCK] = "vsock",
	[LV_CRYPTO] = "crypto",
	[LV_IOMMU] = "iommu",
	[LV_REDIRDEV] = "redir",
	[LV_SERIAL] = "serial",
	[LV_CONSOLE] = "console",
	[LV_CHANNEL] = "channel",
};

static const char *own_name(struct lv_domain *d, const struct lv_device *device, unsigned place)
{
	if (device->class == LV_CONTROLLER)
		return controller_name(d, device);
	if (device->class == LV_DISK)
		return lv_printf(d, "%s-disk%u", device->kind, lv_disk_number(device));
	if (device->class == LV_MEMORY)
		return memory_name(d, device, place);
	return prefixes[device->class] ? lv_printf(d, "%s%u", prefixes[device->class], place)
				       : NULL;
}

/* ---- slots of DIMMs ---- */

static bool slot_of(const struct lv_device *memory, unsigned *slot)
{
	const struct xml_node *address = memory->node ? xml_child(memory->node, "address") : NULL;
	const char *type = xml_value(address, "type");
	uint64_t n;

	if (!type || !str_eq(type, "dimm") ||
	    !lv_number(xml_value(address, "slot"), UINT16_MAX, &n))
		return false;
	*slot = (unsigned)n;
	return true;
}

#define MAX_SLOTS (UINT16_MAX + 1u)

/* Slots that are written stay; the others get the lowest free ones in their order. */
static void number_dimms(struct lv_domain *d)
{
	bool *taken = arena_alloc(d->t->vm->arena, MAX_SLOTS + LV_MAX_DEVICES);
	struct lv_device *memory;
	unsigned slot, next = 0;

	if (!taken) {
		d->t->err = -ENOMEM;
		return;
	}
	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++) {
		if (lv_is_dimm(memory) && slot_of(memory, &slot))
			taken[slot] = true;
	}
	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++) {
		if (!lv_is_dimm(memory))
			continue;
		if (!slot_of(memory, &slot)) {
			while (taken[next])
				next++;
			slot = next++;
		}
		memory->index = slot;
	}
}

/* Those of one kind are counted together. */
static unsigned count_before(const struct lv_domain *d, size_t at)
{
	const struct lv_device *device = &d->devices[at];
	unsigned n = 0;

	for (size_t i = at; i-- > 0 && d->devices[i].class == device->class;) {
		if (device->class != LV_MEMORY || str_eq(d->devices[i].model, device->model))
			n++;
	}
	return n;
}

void lv_name_devices(struct lv_domain *d)
{
	if (lv_device(d, LV_MEMORY, 0))
		number_dimms(d);
	for (size_t i = 0; i < d->n_devices; i++) {
		if (!d->devices[i].alias)
			d->devices[i].alias = own_name(d, &d->devices[i], count_before(d, i));
	}
}
