/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rehearse_message.c - what QEMU prints when a call fails, by call, backend and version (QEMU
 * hw/vfio/container.c, container-legacy.c, iommufd.c, listener.c, backends/iommufd.c; those that
 * the lab has seen word by word). Used where check did not predict the failure.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "live/rehearse.h"
#include "vmm/versions.h"

enum { LEGACY = 1, IOMMUFD = 2, BOTH = 3 };

/*
 * Placeholders: D device, G group, A first address, S size, R region, E error in words, N errno, W
 * the vIOMMU's width, H the host's, O the owner of a BAR, P what was opened.
 */
struct line {
	enum rehearse_site site;
	unsigned backend;
	uint32_t since, until;
	const char *text;
};

#define VFIO "vfio {D}: "
#define CONTAINER VFIO "failed to setup container for group {G}: "
#define CDEV VFIO "vfio /sys/bus/pci/devices/{D}/vfio-dev: "
#define LISTENER "memory listener initialization failed: Region {R}: "
#define MAP_OLD "vfio_dma_map(PTR, {A}, {S}, PTR) = -{N} ({E})"
#define MAP "vfio_container_dma_map(PTR, {A}, {S}, PTR) = -{N} ({E})"
#define TYPE1 "VFIO_MAP_DMA failed: {E}\n"
#define IOAS "IOMMU_IOAS_MAP failed: {E}\n"
#define ABORT "\nhardware error: vfio: DMA mapping failed, unable to continue"
#define P2P "\n{O}: PCI peer-to-peer transactions on BARs are not supported."

static const struct line lines[] = {
	{SITE_GROUP_FIND, LEGACY, 0, QEMU_NEVER, VFIO "no iommu_group found: {E}"},
	{SITE_GROUP_OPEN, LEGACY, 0, V9_1, VFIO "failed to open /dev/vfio/{G}: {E}"},
	{SITE_GROUP_OPEN, LEGACY, V9_1, QEMU_NEVER, VFIO "Could not open '/dev/vfio/{G}': {E}"},
	{SITE_GROUP_STATUS, LEGACY, 0, QEMU_NEVER, VFIO "failed to get group {G} status: {E}"},
	{SITE_GROUP_VIABLE, LEGACY, 0, QEMU_NEVER,
	 VFIO "group {G} is not viable\nPlease ensure all devices within the iommu_group are bound "
	      "to their vfio bus driver."},
	{SITE_CONTAINER_OPEN, LEGACY, 0, V9_1, CONTAINER "failed to open /dev/vfio/vfio: {E}"},
	{SITE_CONTAINER_OPEN, LEGACY, V9_1, QEMU_NEVER,
	 CONTAINER "Could not open '/dev/vfio/vfio': {E}"},
	{SITE_CONTAINER_EXTENSION, LEGACY, 0, QEMU_NEVER, CONTAINER "No available IOMMU models"},
	{SITE_SET_CONTAINER, LEGACY, 0, QEMU_NEVER, CONTAINER "Failed to set group container: {E}"},
	{SITE_SET_IOMMU, LEGACY, 0, QEMU_NEVER, CONTAINER "Failed to set iommu for container: {E}"},
	{SITE_GET_INFO, LEGACY, 0, QEMU_NEVER, CONTAINER "Failed to get VFIO IOMMU info: {E}"},
	{SITE_DEVICE_FD, LEGACY, 0, QEMU_NEVER,
	 VFIO "error getting device from group {G}: {E}\nVerify all devices in group {G} are bound "
	      "to vfio-<bus> or pci-stub and not already in use"},

	/* The group route in its place: what the device itself would be told. */
	{SITE_GROUP_FIND, IOMMUFD, 0, QEMU_NEVER,
	 CDEV "couldn't open directory /sys/bus/pci/devices/{D}/vfio-dev: {E}"},
	{SITE_GROUP_VIABLE, IOMMUFD, 0, QEMU_NEVER,
	 VFIO "error bind device fd=N to iommufd=N: Operation not permitted"},
	{SITE_CDEV_FIND, IOMMUFD, 0, QEMU_NEVER,
	 CDEV "couldn't open directory /sys/bus/pci/devices/{D}/vfio-dev: {E}"},
	{SITE_IOMMUFD_OBJECT, IOMMUFD, 0, QEMU_NEVER,
	 "/dev/iommu does not exist (is your kernel config missing CONFIG_IOMMUFD?)"},
	{SITE_CDEV_NUMBER, IOMMUFD, 0, QEMU_NEVER, CDEV "failed to load \"{P}\""},
	{SITE_CDEV_OPEN, IOMMUFD, 0, QEMU_NEVER, CDEV "Failed to open {P}"},
	{SITE_IOMMUFD_OPEN, IOMMUFD, 0, V9_1, VFIO "/dev/iommu opening failed: {E}"},
	{SITE_IOMMUFD_OPEN, IOMMUFD, V9_1, QEMU_NEVER, VFIO "Could not open '/dev/iommu': {E}"},
	{SITE_BIND, IOMMUFD, 0, QEMU_NEVER, VFIO "error bind device fd=N to iommufd=N: {E}"},
	{SITE_IOAS_ALLOC, IOMMUFD, 0, QEMU_NEVER, VFIO "Failed to allocate ioas: {E}"},
	{SITE_HW_INFO, IOMMUFD, 0, QEMU_NEVER, VFIO "Failed to get hardware info: {E}"},
	{SITE_HWPT_ALLOC, IOMMUFD, 0, QEMU_NEVER, VFIO "Failed to allocate hwpt: {E}"},
	{SITE_ATTACH, IOMMUFD, 0, QEMU_NEVER, VFIO "[iommufd=N] error attach {D} (N) to id=N: {E}"},
	{SITE_VIOMMU_ALLOC, IOMMUFD, V11_0, QEMU_NEVER,
	 VFIO "Failed to set vIOMMU: IOMMU_VIOMMU_ALLOC failed: {E}\nUnable to alloc vIOMMU: "
	      "hiodi devid N: "},
	{SITE_NESTED_ALLOC, IOMMUFD, V11_0, QEMU_NEVER,
	 VFIO "Failed to set vIOMMU: Failed to allocate hwpt: {E}"},

	{SITE_WIDTH, BOTH, V9_1, V10_0,
	 VFIO "Failed to set iommu_device: aw-bits {W} > host aw-bits {H}"},
	{SITE_WIDTH, BOTH, V10_0, QEMU_NEVER,
	 VFIO "Failed to set vIOMMU: aw-bits {W} > host aw-bits {H}"},

	{SITE_MAP_COLD, LEGACY, 0, V9_0, TYPE1 CONTAINER LISTENER MAP_OLD},
	{SITE_MAP_COLD, LEGACY, V9_0, V10_0, TYPE1 CONTAINER LISTENER MAP},
	{SITE_MAP_COLD, LEGACY, V10_0, QEMU_NEVER, CONTAINER LISTENER MAP},
	{SITE_MAP_COLD, IOMMUFD, V9_0, V10_0, IOAS VFIO LISTENER MAP},
	{SITE_MAP_COLD, IOMMUFD, V10_0, QEMU_NEVER, VFIO LISTENER MAP},
	{SITE_MAP_LATE, LEGACY, 0, V9_0, TYPE1 MAP_OLD ABORT},
	{SITE_MAP_LATE, LEGACY, V9_0, V10_0, TYPE1 MAP ABORT},
	{SITE_MAP_LATE, IOMMUFD, V9_0, V10_0, IOAS MAP ABORT},
	{SITE_MAP_LATE, BOTH, V10_0, QEMU_NEVER, MAP ABORT},
	{SITE_MAP_BAR, LEGACY, 0, V9_0, TYPE1 MAP_OLD},
	{SITE_MAP_BAR, LEGACY, V9_0, V10_0, TYPE1 MAP},
	{SITE_MAP_BAR, IOMMUFD, V9_0, V10_0, IOAS MAP},
	{SITE_MAP_BAR, BOTH, V10_0, QEMU_NEVER, "warning: " MAP P2P},
};

static const struct line *line_of(const struct iof_live_rehearsal *r,
				  const struct rehearse_failure *f)
{
	unsigned backend = f->is_iommufd ? IOMMUFD : LEGACY;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i].site == f->site && lines[i].backend & backend &&
		    r->version >= lines[i].since && r->version < lines[i].until)
			return &lines[i];
	}
	return NULL;
}

static const char *owner_of(const struct iof_live_rehearsal *r, const struct iof_section *section)
{
	struct iof_machine_device device;

	if (section->device == NO_INDEX ||
	    iof_machine_device(r->machine, section->device, &device) != 0)
		return section->name;
	return device.host ? device.host : device.label;
}

static void put(const struct iof_live_rehearsal *r, const struct rehearse_failure *f, char what,
		struct buf *out)
{
	const struct iof_range *range = &f->section.range;

	switch (what) {
	case 'D':
		buf_puts(out, f->bdf ? f->bdf : "");
		break;
	case 'G':
		buf_printf(out, "%u", f->group);
		break;
	case 'A':
		buf_printf(out, "0x%" PRIx64, range->first);
		break;
	case 'S':
		buf_printf(out, "0x%" PRIx64, range->last - range->first + 1);
		break;
	case 'R':
		buf_puts(out, f->section.name ? f->section.name : "");
		break;
	case 'E':
		buf_puts(out, rehearse_error(f->error));
		break;
	case 'N':
		buf_printf(out, "%d", f->error);
		break;
	case 'W':
		buf_printf(out, "%u", f->wanted_width);
		break;
	case 'H':
		buf_printf(out, "%u", f->width);
		break;
	case 'P':
		buf_puts(out, r->steps[f->step].what);
		break;
	case 'O':
		buf_puts(out, owner_of(r, &f->section));
		break;
	default:
		break;
	}
}

const char *rehearse_error(int error)
{
	const char *text = strerrordesc_np(error);

	return text ? text : "Unknown error";
}

const char *message_of(struct iof_live_rehearsal *r, const struct rehearse_failure *f)
{
	const struct line *line = line_of(r, f);
	struct buf out = {0};
	const char *text = NULL;

	if (!line)
		return NULL;
	for (const char *at = line->text; *at; at++) {
		if (*at == '{' && at[1] && at[2] == '}') {
			put(r, f, at[1], &out);
			at += 2;
		} else {
			buf_putc(&out, *at);
		}
	}
	if (!out.err)
		text = arena_strndup(r->arena, out.data, out.length);
	if (!text)
		r->err = -ENOMEM;
	buf_free(&out);
	return text;
}
