/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cloud Hypervisor's way from a config to a running guest. The kernel says the same as to QEMU, but
 * nothing is only warned of: a BAR that cannot be mapped for other devices stops the VM, too
 * (facts: vmm/src/device_manager.rs add_vfio_device; pci/src/vfio.rs map_mmio_regions; rust-vmm
 * vfio-ioctls; main.rs). Where two forms of a message stand, the second is that of 47.0 and later.
 */
#include "fit/cures.h"
#include "fit/rule.h"
#include "fit/vfio.h"
#include "vmm/cloud_hypervisor.h"

/* ---- attaching ---- */

static bool is_attached_before(const struct scene *s, const struct machine_device *other)
{
	return other < s->device && other->kind == DRIVER_VFIO_PCI && other->host &&
	       !other->viommu && other->backend == s->device->backend;
}

static bool is_first(const struct scene *s)
{
	for (size_t i = 0; i < s->m->n_devices; i++) {
		if (is_attached_before(s, &s->m->devices[i]))
			return false;
	}
	return true;
}

static bool fits(const struct device_iova *iova, const struct ram_block *block)
{
	return !iova->n || ranges_contain(iova->ranges, iova->n, block->first, block->last);
}

/* All that are not behind the vIOMMU share one container, into which RAM goes with the first. */
static enum answer ram_beyond(const struct scene *s, bool is_of_first, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);

	if (s->device->viommu || !iova || is_first(s) != is_of_first)
		return NO;
	for (size_t i = 0; i < s->m->n_ram; i++) {
		const struct ram_block *block = &s->m->ram[i];

		if (fits(iova, block))
			continue;
		op[2] = hex_operand(block->first);
		op[3] = hex_operand(block->last - block->first + 1);
		op[4] = hex_operand(iova->ranges[iova->n - 1].last);
		return YES;
	}
	return NO;
}

static enum answer ram_outside(const struct scene *s, struct operand *op)
{
	return ram_beyond(s, true, op);
}

/* The container has mappings that its IOMMU does not take (vfio_iommu_type1 aper_conflict). */
static enum answer ram_outside_later(const struct scene *s, struct operand *op)
{
	return ram_beyond(s, false, op);
}

static enum answer locked_limit(const struct scene *s, struct operand *op)
{
	uint64_t limit = s->m->memlock;

	if (s->device->viommu || !is_first(s) || limit == 0 || limit == UINT64_MAX ||
	    s->m->ram_size <= limit)
		return NO;
	op[1] = number_operand(s->m->ram_size);
	op[2] = number_operand(limit);
	return YES;
}

/* ---- BARs ---- */

static bool is_beyond(const struct scene *s, const struct machine_device *device,
		      const struct iof_region *region, uint64_t *last)
{
	const struct device_iova *iova = &device->iova[s->world];

	if (!iova->known || !iova->n ||
	    ranges_contain(iova->ranges, iova->n, region->range.first, region->range.last))
		return false;
	*last = iova->ranges[iova->n - 1].last;
	return true;
}

/* Of the devices in the container so far, one that cannot reach it. */
static bool is_out_of_reach(const struct scene *s, const struct iof_region *region, uint64_t *last)
{
	if (is_beyond(s, s->device, region, last))
		return true;
	for (size_t i = 0; i < s->m->n_devices; i++) {
		const struct machine_device *other = &s->m->devices[i];

		if (is_attached_before(s, other) && is_beyond(s, other, region, last))
			return true;
	}
	return false;
}

/* The next of the device's BARs that are mapped for devices. They are mapped in their order. */
static const struct iof_region *next_bar(const struct scene *s, const struct iof_region *prev)
{
	const struct iof_region *found = NULL;

	for (size_t i = 0; i < s->m->n_regions; i++) {
		const struct iof_region *region = &s->m->regions[i];

		if (region->device == s->device && region->kind == IOF_REGION_BAR &&
		    region->is_mapped && (!prev || region->bar > prev->bar) &&
		    (!found || region->bar < found->bar))
			found = region;
	}
	return found;
}

static void put_bar(const struct scene *s, const struct iof_region *region, struct operand *op)
{
	const char *path = option_value(s->device->option, "path");

	op[1] = number_operand(region->bar);
	op[2] = hex_operand(region->range.first);
	op[4] = text_operand(path ? path : s->device->host_bdf);
	op[5] = text_operand(s->device->guest_address);
}

static enum answer bar_outside(const struct scene *s, struct operand *op)
{
	uint64_t last;

	if (!s->device->host || s->device->backend != BACKEND_LEGACY)
		return NO;
	for (const struct iof_region *bar = next_bar(s, NULL); bar; bar = next_bar(s, bar)) {
		if (!is_out_of_reach(s, bar, &last))
			continue;
		put_bar(s, bar, op);
		op[3] = hex_operand(last);
		return YES;
	}
	return NO;
}

/* IOMMU_IOAS_MAP pins no BAR on any kernel. */
static enum answer bar_unpinned(const struct scene *s, struct operand *op)
{
	const struct iof_region *bar;

	if (!s->device->host || s->device->backend != BACKEND_IOMMUFD)
		return NO;
	bar = next_bar(s, NULL);
	if (!bar)
		return NO;
	put_bar(s, bar, op);
	return YES;
}

static enum answer bars_unplaced(const struct scene *s, struct operand *op)
{
	const struct device_iova *iova = s->device->host ? scene_iova(s) : NULL;

	if (s->m->guest.is_placed || !s->m->guest.unplaced_why || !iova || iova->width >= 52 ||
	    s->device->viommu || s->m->version < CH_MAPS_BARS)
		return NO;
	op[1] = text_operand(s->m->guest.unplaced_why);
	op[2] = number_operand(iova->width);
	return MAYBE;
}

/* ---- while it runs ---- */

/* No limit of the host is passed on to the guest: only the width that the config says. */
static enum answer wide_viommu(const struct scene *s, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);
	int64_t bits;

	if (!s->device->viommu || !iova || !iova->n)
		return NO;
	bits = device_value(s->device->viommu, PROPERTY_AW_BITS);
	op[1] = number_operand((uint64_t)bits);
	op[2] = number_operand(iova->width);
	op[3] = hex_operand(iova->ranges[iova->n - 1].last);
	return bits > (int64_t)iova->width ? YES : NO;
}

static enum answer late_ram(const struct scene *s, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);
	struct ram_block room = {s->m->device_memory_base,
				 s->m->device_memory_base + s->m->device_memory_size - 1, NULL};

	if (s->device->viommu || !iova || !s->m->device_memory_size || fits(iova, &room))
		return NO;
	op[1] = hex_operand(room.first);
	op[2] = hex_operand(room.last);
	op[3] = hex_operand(iova->ranges[iova->n - 1].last);
	return YES;
}

static enum answer plugged_behind(const struct scene *s, struct operand *op)
{
	uint64_t segment = ch_number(s->device->option, "pci_segment", 0);

	if (s->device->kind != DRIVER_VFIO_PCI || !ch_switch(s->device->option, "iommu", false))
		return NO;
	op[1] = number_operand(segment);
	return ch_list_has(option_value(ch_platform(s->m), "iommu_segments"), segment) ? NO : YES;
}

static enum answer has_assigned(const struct scene *s, struct operand *op UNUSED)
{
	return s->m->n_assigned ? YES : NO;
}

static enum answer has_assigned_behind(const struct scene *s, struct operand *op UNUSED)
{
	for (size_t i = 0; i < s->m->n_devices; i++) {
		if (s->m->devices[i].kind == DRIVER_VFIO_PCI && s->m->devices[i].viommu)
			return YES;
	}
	return NO;
}

enum {
	ABSENT,
	NOT_IDENTIFIED,
	NO_GROUP,
	NOT_BOUND,
	GROUP_BUSY,
	SPLIT,
	DIRECT,
	NO_REMAPPING,
	NO_DOMAIN,
	NO_IOMMUFD,
	RAM_OUTSIDE,
	LOCKED,
	BAR_OUTSIDE,
	BAR_UNPINNED,
	UNPLACED,
	WIDE,
	LATE_RAM,
	PLUG_BEHIND,
	NO_MIGRATION,
	NO_MIGRATION_BEHIND,
};

#define DEVICE_MANAGER "Cloud Hypervisor vmm/src/device_manager.rs add_vfio_device"
#define CH_ID(x) "cloud-hypervisor." x

static const struct rule rules[] = {
	[ABSENT] = {CH_ID("device-absent"), IOF_SEVERITY_ERROR, "host device that does not exist",
		    "Cloud Hypervisor will stop: this host has no PCI device {0}.",
		    "There is no /sys/bus/pci/devices/{0}.", DEVICE_MANAGER, "source", NULL,
		    "Look the address up with `lspci -D`: it may have moved."},
	[NOT_IDENTIFIED] = {CH_ID("device-not-identified"), IOF_SEVERITY_WARNING,
			    "path that names no PCI device",
			    "Which host device is meant cannot be said.",
			    "path= does not end in a PCI address.", DEVICE_MANAGER, "source", NULL,
			    "Write path=/sys/bus/pci/devices/DDDD:BB:DD.F."},
	[NO_GROUP] = {CH_ID("no-iommu-group"), IOF_SEVERITY_ERROR, "device without an IOMMU group",
		      "Cloud Hypervisor will stop: no IOMMU of this host translates {0}.", "{1}",
		      DEVICE_MANAGER, "source", NULL,
		      "Switch the IOMMU on (`iommufit host` says how for this machine)."},
	[NOT_BOUND] = {CH_ID("not-bound"), IOF_SEVERITY_ERROR,
		       "device that is not bound to vfio-pci",
		       "Cloud Hypervisor will stop: {0} is not bound to vfio-pci.",
		       "It is bound to: {2} (group {1}).", DEVICE_MANAGER, "source", cure_bind,
		       NULL},
	[GROUP_BUSY] = {CH_ID("group-not-viable"), IOF_SEVERITY_ERROR,
			"group mate that a host driver holds",
			"Cloud Hypervisor will stop: the IOMMU group {1} of {0} is also used by "
			"the host.",
			"{2} in the same group is bound to {3}; a group can only be given away as "
			"a whole.",
			DEVICE_MANAGER, "source", cure_bind_mate, NULL},
	[SPLIT] = {CH_ID("group-in-several-containers"), IOF_SEVERITY_ERROR,
		   "devices of one group, not all before the virtual IOMMU",
		   "Cloud Hypervisor will stop: {0} shares group {1} with {2}, but not its "
		   "container.",
		   "A device with iommu=on gets a VFIO container of its own, and a group can only "
		   "be in one.",
		   DEVICE_MANAGER, "source", cure_ch_same_side, NULL},
	[DIRECT] = {CH_ID("direct-region"), IOF_SEVERITY_ERROR,
		    "device that firmware wants mapped one to one",
		    "Cloud Hypervisor will stop: firmware asks for a fixed one-to-one mapping of "
		    "{0}.",
		    "Group {1} has the direct region {2} to {3} (RMRR or IVMD), and the kernel "
		    "does not give such a device away.",
		    "Linux drivers/iommu/iommu.c __iommu_take_dma_ownership", "source", NULL,
		    "Look for a firmware setting or update that drops the reservation."},
	[NO_REMAPPING] = {CH_ID("no-interrupt-remapping"), IOF_SEVERITY_ERROR,
			  "host without interrupt remapping",
			  "Cloud Hypervisor will stop at {0}: the host has no interrupt remapping.",
			  "Without it a guest could send any interrupt to the host, so the kernel "
			  "refuses unless allow_unsafe_interrupts is set.",
			  "Linux drivers/vfio/vfio_iommu_type1.c", "source", cure_unsafe, NULL},
	[NO_DOMAIN] = {CH_ID("no-domain"), IOF_SEVERITY_ERROR,
		       "an IOMMU for which the kernel can make no tables",
		       "Cloud Hypervisor will stop at {0}: the kernel can make no page tables for "
		       "the host's IOMMU.",
		       "{2} has no address width and table depth that this kernel supports "
		       "together.",
		       "Linux drivers/iommu/intel/iommu.c", "source", NULL,
		       "Try another kernel version; look for a firmware update."},
	[NO_IOMMUFD] = {CH_ID("no-iommufd"), IOF_SEVERITY_ERROR, "iommufd on a kernel without it",
			"Cloud Hypervisor will stop at {0}: this kernel gives no device file for "
			"iommufd.",
			"The kernel is built without CONFIG_IOMMUFD or CONFIG_VFIO_DEVICE_CDEV.",
			"Linux drivers/vfio", "source", cure_ch_iommufd, NULL},
	[RAM_OUTSIDE] = {CH_ID("ram-outside-iova"), IOF_SEVERITY_ERROR,
			 "guest RAM that the host's IOMMU cannot map",
			 "Cloud Hypervisor will stop: guest RAM at {2} is out of reach of {0}.",
			 "The block has {3} bytes from {2} on; the highest usable address is {4}, "
			 "and each block must lie in one usable range.",
			 DEVICE_MANAGER, "source", cure_ch_ram,
			 "Give the VM less RAM, or put the device behind the virtual IOMMU "
			 "(iommu=on), or use a host with a wider IOMMU."},
	[LOCKED] = {CH_ID("locked-limit"), IOF_SEVERITY_ERROR,
		    "a locked-memory limit that is too low",
		    "Cloud Hypervisor will stop: the limit of locked memory is too low for {0}.",
		    "All {1} bytes of RAM are locked, the limit is {2}; Cloud Hypervisor does not "
		    "raise it.",
		    "Linux drivers/vfio/vfio_iommu_type1.c", "report", cure_memlock,
		    "Raise the limit (ulimit -l, LimitMEMLOCK=)."},
	[BAR_OUTSIDE] =
		{CH_ID("bar-outside-iova"), IOF_SEVERITY_ERROR,
		 "BAR that the host's IOMMU cannot map",
		 "Cloud Hypervisor will stop: BAR {1} of {0} at {2} is out of reach of the host's "
		 "IOMMU.",
		 "BARs are placed downwards from the end of the guest's address space, and each is "
		 "mapped for all assigned devices; the highest usable address is {3}.",
		 "Cloud Hypervisor pci/src/vfio.rs map_mmio_regions", "report", cure_ch_bar,
		 "Use a host with a wider IOMMU."},
	[BAR_UNPINNED] = {CH_ID("bar-not-pinned"), IOF_SEVERITY_ERROR,
			  "BAR that iommufd cannot map",
			  "Cloud Hypervisor will stop: iommufd cannot map BAR {1} of {0}.",
			  "Every BAR is mapped for the other devices (vfio_p2p_dma=on), and "
			  "IOMMU_IOAS_MAP takes no device memory: Bad address (os error 14).",
			  "Cloud Hypervisor pci/src/vfio.rs map_mmio_regions", "report",
			  cure_ch_p2p, NULL},
	[UNPLACED] = {CH_ID("bars-not-placed"), IOF_SEVERITY_WARNING,
		      "BARs whose place is not known",
		      "Whether the host's IOMMU can map the BARs of {0} cannot be said.",
		      "{1} The IOMMU has {2} bits.", "iommufit", "source", NULL,
		      "Say the size (size= of --pmem)."},
	[WIDE] = {CH_ID("viommu-exceeds-host"), IOF_SEVERITY_WARNING,
		  "virtual IOMMU wider than the host's",
		  "{0} will lose DMA that the guest maps above the host's {2} bits.",
		  "The virtual IOMMU tells the guest {1} bits, and no limit of the host is passed "
		  "on: a mapping above {3} fails.",
		  "Cloud Hypervisor virtio-devices/src/iommu.rs", "report", cure_ch_width,
		  "Use Cloud Hypervisor 44.0 or later with iommu_address_width."},
	[LATE_RAM] = {CH_ID("hotplug-outside-iova"), IOF_SEVERITY_WARNING,
		      "room for more RAM that the host's IOMMU cannot map",
		      "Adding RAM at run time will fail where {0} cannot reach it.",
		      "The room for it goes from {1} to {2}; the highest usable address is {3}.",
		      "Cloud Hypervisor vmm/src/device_manager.rs update_memory", "source", NULL,
		      "Choose a smaller hotplug_size."},
	[PLUG_BEHIND] = {CH_ID("hotplug-behind-viommu"), IOF_SEVERITY_ERROR,
			 "hot-plug behind the virtual IOMMU outside its segments",
			 "Cloud Hypervisor will refuse to plug {0} with iommu=on.",
			 "PCI segment {1} is not among the platform's iommu_segments, and only "
			 "there the guest knows of devices to come.",
			 "Cloud Hypervisor vmm/src/device_manager.rs add_device", "source", NULL,
			 "Name the segment in iommu_segments, or plug it without iommu=on."},
	[NO_MIGRATION] = {CH_ID("no-vfio-migration"), IOF_SEVERITY_NOTE,
			  "an assigned device cannot be migrated",
			  "Migration will be blocked while a device is assigned.",
			  "Cloud Hypervisor migrates VFIO devices from 54.0 on.",
			  "Cloud Hypervisor pull request 8528", "source", NULL,
			  "Use Cloud Hypervisor 54.0 or later."},
	[NO_MIGRATION_BEHIND] = {CH_ID("no-viommu-migration"), IOF_SEVERITY_NOTE,
				 "an assigned device behind the virtual IOMMU cannot be migrated",
				 "Migration will be blocked: a device is behind the virtual IOMMU.",
				 "Cloud Hypervisor refuses to migrate VFIO devices behind a "
				 "virtual IOMMU.",
				 "Cloud Hypervisor pull request 8528", "source", NULL,
				 "Leave the device before the virtual IOMMU."},
};

#define OLD(x) "Error booting VM: VmBoot(DeviceManager(" x "))"
#define NEW(x)                                                                                     \
	"Error: Cloud Hypervisor exited with the following chain of errors:\n  0: Error booting "  \
	"VM\n  1: The VM could not boot\n  2: Error from device manager\n  3: " x
#define CREATE_OLD(x) OLD("VfioCreate(" x ")")
#define CREATE_NEW(x) NEW("Cannot create a VFIO device\n  4: " x)
#define GROUP_NEW(x) CREATE_NEW("failed to open /dev/vfio/{1} group: " x "\n  5: " x)
#define DMA "failed to add guest memory map into iommu table: "
#define INVALID "Invalid argument (os error 22)"
#define NO_MEMORY "Cannot allocate memory (os error 12)"
#define SET_IOMMU "failed to set container's IOMMU driver type as VfioType1V2: "
#define MAP_OLD(x) OLD("VfioMapRegion(DmaMap(IommuDmaMap(Error(22))" x "))")
#define DEVICE ", \"{4}\", {5}"

#define STOPS(stage, backend, fires, rule, old, new)                                               \
	{stage, COLD | (backend), 0, CH_ERROR_CHAIN, EFFECT_STOPS, fires, &rules[rule], old},      \
		{stage,		 COLD | (backend),                                                 \
		 CH_ERROR_CHAIN, QEMU_NEVER,                                                       \
		 EFFECT_STOPS,	 fires,                                                            \
		 &rules[rule],	 new},                                                             \
	{                                                                                          \
		stage, HOT | (backend), 0, QEMU_NEVER, EFFECT_STOPS, fires, &rules[rule], NULL     \
	}

static const struct step steps[] = {
	{STAGE_ALLOW, HOT, 0, QEMU_NEVER, EFFECT_STOPS, plugged_behind, &rules[PLUG_BEHIND], NULL},

	STOPS(STAGE_OPEN, 0, vfio_absent, ABSENT, CREATE_OLD("InvalidPath"),
	      CREATE_NEW("invalid file path")),
	{STAGE_OPEN, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, vfio_not_identified,
	 &rules[NOT_IDENTIFIED], NULL},
	STOPS(STAGE_OPEN, 0, vfio_no_group, NO_GROUP, CREATE_OLD("InvalidPath"),
	      CREATE_NEW("invalid file path")),
	STOPS(STAGE_OPEN, OF_LEGACY, vfio_not_bound_legacy, NOT_BOUND,
	      CREATE_OLD("OpenGroup(Os { code: 2, kind: NotFound, message: \"No such file or "
			 "directory\" }, \"{1}\")"),
	      GROUP_NEW("No such file or directory (os error 2)")),
	STOPS(STAGE_OPEN, OF_IOMMUFD, vfio_not_bound_iommufd, NOT_BOUND, NULL, NULL),
	{STAGE_OPEN, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, vfio_no_iommufd, &rules[NO_IOMMUFD],
	 NULL},
	STOPS(STAGE_OPEN, OF_LEGACY, vfio_group_split_legacy, SPLIT,
	      CREATE_OLD("OpenGroup(Os { code: 16, kind: ResourceBusy, message: \"Device or "
			 "resource busy\" }, \"{1}\")"),
	      GROUP_NEW("Device or resource busy (os error 16)")),
	{STAGE_OPEN, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_group_split_iommufd, &rules[SPLIT], NULL},
	STOPS(STAGE_OPEN, OF_LEGACY, vfio_group_busy_legacy, GROUP_BUSY, CREATE_OLD("GroupViable"),
	      CREATE_NEW("group is not viable")),
	{STAGE_OPEN, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_group_busy_iommufd, &rules[GROUP_BUSY], NULL},

	STOPS(STAGE_ATTACH, OF_LEGACY, vfio_direct_region_legacy, DIRECT,
	      CREATE_OLD("GroupSetContainer"),
	      CREATE_NEW("failed to add vfio group into vfio container")),
	STOPS(STAGE_ATTACH, OF_LEGACY, vfio_no_remapping_legacy, NO_REMAPPING,
	      CREATE_OLD("ContainerSetIOMMU(Error(1))"),
	      CREATE_NEW(SET_IOMMU "Operation not permitted (os error 1)\n  5: Operation not "
				   "permitted (os error 1)")),
	STOPS(STAGE_ATTACH, OF_LEGACY, vfio_direct_region_old_kernel, DIRECT,
	      CREATE_OLD("ContainerSetIOMMU(Error(1))"),
	      CREATE_NEW(SET_IOMMU "Operation not permitted (os error 1)\n  5: Operation not "
				   "permitted (os error 1)")),
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_direct_region_iommufd, &rules[DIRECT], NULL},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_no_remapping_iommufd, &rules[NO_REMAPPING], NULL},
	STOPS(STAGE_ATTACH, OF_LEGACY, vfio_no_domain_legacy, NO_DOMAIN,
	      CREATE_OLD("ContainerSetIOMMU(Error(95))"),
	      CREATE_NEW(SET_IOMMU "Operation not supported (os error 95)\n  5: Operation not "
				   "supported (os error 95)")),
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_no_domain_iommufd, &rules[NO_DOMAIN], NULL},
	STOPS(STAGE_ATTACH, OF_LEGACY, ram_outside_later, RAM_OUTSIDE,
	      CREATE_OLD("GroupSetContainer"),
	      CREATE_NEW("failed to add vfio group into vfio container")),
	STOPS(STAGE_ATTACH, OF_LEGACY, vfio_mate_bound_only, NOT_BOUND,
	      CREATE_OLD("GroupGetDeviceFD(Error(19))"),
	      CREATE_NEW("failed to get vfio device fd: No such device (os error 19)\n  5: No such "
			 "device (os error 19)")),

	STOPS(STAGE_MAP, OF_LEGACY, ram_outside, RAM_OUTSIDE,
	      OLD("VfioDmaMap(IommuDmaMap(Error(22)))"),
	      NEW("Failed to DMA map VFIO device\n  4: " DMA INVALID "\n  5: " INVALID)),
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, ram_outside,
	 &rules[RAM_OUTSIDE], NULL},
	STOPS(STAGE_MAP, OF_LEGACY, locked_limit, LOCKED, OLD("VfioDmaMap(IommuDmaMap(Error(12)))"),
	      NEW("Failed to DMA map VFIO device\n  4: " DMA NO_MEMORY "\n  5: " NO_MEMORY)),
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, locked_limit,
	 &rules[LOCKED], NULL},

	{STAGE_REGIONS, COLD | OF_LEGACY, CH_MAPS_BARS, CH_NAMES_DEVICE, EFFECT_STOPS, bar_outside,
	 &rules[BAR_OUTSIDE], MAP_OLD("")},
	{STAGE_REGIONS, COLD | OF_LEGACY, CH_NAMES_DEVICE, CH_ERROR_CHAIN, EFFECT_STOPS,
	 bar_outside, &rules[BAR_OUTSIDE], MAP_OLD(DEVICE)},
	{STAGE_REGIONS, COLD | OF_LEGACY, CH_ERROR_CHAIN, QEMU_NEVER, EFFECT_STOPS, bar_outside,
	 &rules[BAR_OUTSIDE],
	 NEW("Failed to map VFIO MMIO region\n  4: Failed to DMA map: " DMA INVALID
	     " for device {4} (guest BDF: {5})\n  5: " DMA INVALID "\n  6: " INVALID)},
	{STAGE_REGIONS, HOT | OF_LEGACY, CH_MAPS_BARS, QEMU_NEVER, EFFECT_STOPS, bar_outside,
	 &rules[BAR_OUTSIDE], NULL},
	{STAGE_REGIONS, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, bar_unpinned,
	 &rules[BAR_UNPINNED], NULL},
	{STAGE_REGIONS, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, bars_unplaced, &rules[UNPLACED],
	 NULL},

	{STAGE_RUN, COLD, 0, QEMU_NEVER, EFFECT_DEGRADES, wide_viommu, &rules[WIDE], NULL},
	{STAGE_RUN, COLD, 0, QEMU_NEVER, EFFECT_NOTE, late_ram, &rules[LATE_RAM], NULL},

	{STAGE_MIGRATE, COLD, 0, CH_MIGRATES_VFIO, EFFECT_BLOCKS, has_assigned,
	 &rules[NO_MIGRATION], NULL},
	{STAGE_MIGRATE, COLD, CH_MIGRATES_VFIO, QEMU_NEVER, EFFECT_BLOCKS, has_assigned_behind,
	 &rules[NO_MIGRATION_BEHIND], NULL},
};

const struct rule_family cloud_hypervisor_family = {
	.viommu = DRIVER_OTHER,
	.steps = steps,
	.n_steps = ARRAY_SIZE(steps),
	.rules = rules,
	.n_rules = ARRAY_SIZE(rules),
	.vmm = VMM_CLOUD_HYPERVISOR,
};
