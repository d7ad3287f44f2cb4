/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Assigned devices: found, bound, their group or cdev opened, attached (QEMU hw/vfio/pci.c,
 * container.c, iommufd.c), and what the kernel says to that (Linux drivers/vfio, drivers/iommu).
 */
#include "fit/cures.h"
#include "fit/rule.h"
#include "fit/vfio.h"

static bool is_legacy(const struct scene *s)
{
	return s->device->backend == BACKEND_LEGACY;
}

static const struct iommu_group *host_group(const struct scene *s)
{
	return s->device->host ? s->device->host->group : NULL;
}

static bool is_vfio(const struct iof_device *device)
{
	return device->driver && device->driver_is_vfio;
}

static void put_group(const struct scene *s, struct operand *op)
{
	const struct iommu_group *group = host_group(s);

	op[1] = number_operand(group ? group->id : 0);
}

static enum answer not_given(const struct scene *s, struct operand *op UNUSED)
{
	return s->device->host_state == HOST_DEVICE_NOT_GIVEN ? YES : NO;
}

/* fd= is a device file of iommufd. */
static enum answer fd_without_iommufd(const struct scene *s, struct operand *op UNUSED)
{
	return s->device->value[PROPERTY_FD].pair && is_legacy(s) ? YES : NO;
}

enum answer vfio_absent(const struct scene *s, struct operand *op UNUSED)
{
	return s->device->host_state == HOST_DEVICE_ABSENT ? YES : NO;
}

/* Given by a descriptor that could not be followed: everything about it is unknown. */
enum answer vfio_not_identified(const struct scene *s, struct operand *op UNUSED)
{
	return s->device->host_state == HOST_DEVICE_UNKNOWN && !s->device->host ? MAYBE : NO;
}

/* No group: the host has no IOMMU, or it does not translate this device. */
enum answer vfio_no_group(const struct scene *s, struct operand *op)
{
	const struct iof_host *host = s->host;

	if (!s->device->host || host_group(s))
		return NO;
	if (host->iommu == IOF_IOMMU_UNKNOWN)
		return MAYBE;
	op[1] = text_operand(host->iommu == IOF_IOMMU_NONE && host->iommu_why
				     ? host->iommu_why
				     : "The IOMMU does not translate this device.");
	return YES;
}

static enum answer no_group_legacy(const struct scene *s, struct operand *op)
{
	return is_legacy(s) ? vfio_no_group(s, op) : NO;
}

static enum answer no_group_iommufd(const struct scene *s, struct operand *op)
{
	return is_legacy(s) ? NO : vfio_no_group(s, op);
}

/* The node /dev/vfio/N is there as soon as one device of the group is bound to vfio. */
static bool group_has_node(const struct iommu_group *group)
{
	for (size_t i = 0; i < group->n_devices; i++) {
		if (is_vfio(group->devices[i]))
			return true;
	}
	return false;
}

static void put_driver(const struct scene *s, struct operand *op)
{
	put_group(s, op);
	op[2] = text_operand(s->device->host->driver ? s->device->host->driver : "no driver");
}

enum answer vfio_not_bound_legacy(const struct scene *s, struct operand *op)
{
	const struct iommu_group *group = host_group(s);

	if (!is_legacy(s) || !group)
		return NO;
	put_driver(s, op);
	return group_has_node(group) ? NO : YES;
}

enum answer vfio_not_bound_iommufd(const struct scene *s, struct operand *op)
{
	if (is_legacy(s) || !host_group(s))
		return NO;
	put_driver(s, op);
	return is_vfio(s->device->host) ? NO : YES;
}

/* Bound itself it is not, but a mate is: the group opens, the device does not. */
enum answer vfio_mate_bound_only(const struct scene *s, struct operand *op)
{
	if (!is_legacy(s) || !host_group(s))
		return NO;
	put_driver(s, op);
	return is_vfio(s->device->host) ? NO : YES;
}

/* Bridges and devices without a driver do no harm (Linux driver_managed_dma: pcieport, pci-stub).
 */
static bool holds_group(const struct iof_device *device)
{
	return device->driver && !device->driver_is_vfio && !str_eq(device->driver, "pcieport") &&
	       !str_eq(device->driver, "pci-stub") && !str_eq(device->driver, "shpchp");
}

static const struct iof_device *foreign_mate(const struct iommu_group *group)
{
	for (size_t i = 0; i < group->n_devices; i++) {
		if (holds_group(group->devices[i]))
			return group->devices[i];
	}
	return NULL;
}

static enum answer group_busy(const struct scene *s, struct operand *op)
{
	const struct iommu_group *group = host_group(s);
	const struct iof_device *mate = group ? foreign_mate(group) : NULL;

	put_group(s, op);
	if (!mate)
		return NO;
	op[2] = text_operand(mate->bdf);
	op[3] = text_operand(mate->driver);
	return YES;
}

enum answer vfio_group_busy_legacy(const struct scene *s, struct operand *op)
{
	return is_legacy(s) ? group_busy(s, op) : NO;
}

enum answer vfio_group_busy_iommufd(const struct scene *s, struct operand *op)
{
	return is_legacy(s) ? NO : group_busy(s, op);
}

/* A direct region that the kernel does not relax: the firmware wants this device mapped one to one.
 */
static enum answer direct_region(const struct scene *s, struct operand *op)
{
	const struct iommu_group *group = host_group(s);

	put_group(s, op);
	for (size_t i = 0; group && i < group->n_regions; i++) {
		if (group->regions[i].type != REGION_DIRECT)
			continue;
		op[2] = hex_operand(group->regions[i].first);
		op[3] = hex_operand(group->regions[i].last);
		return YES;
	}
	return NO;
}

enum answer vfio_direct_region_legacy(const struct scene *s, struct operand *op)
{
	return is_legacy(s) && kernel_at_least(s->host, 6, 6) ? direct_region(s, op) : NO;
}

enum answer vfio_direct_region_old_kernel(const struct scene *s, struct operand *op)
{
	return is_legacy(s) && !kernel_at_least(s->host, 6, 6) ? direct_region(s, op) : NO;
}

enum answer vfio_direct_region_iommufd(const struct scene *s, struct operand *op)
{
	return is_legacy(s) ? NO : direct_region(s, op);
}

static enum answer no_isolated_msi(const struct scene *s, enum tristate unsafe)
{
	if (!host_group(s) || unsafe == TRI_YES || s->host->interrupt_remapping == TRI_YES)
		return NO;
	return s->host->interrupt_remapping == TRI_NO && unsafe == TRI_NO ? YES : MAYBE;
}

enum answer vfio_no_remapping_legacy(const struct scene *s, struct operand *op)
{
	put_group(s, op);
	return is_legacy(s) ? no_isolated_msi(s, s->host->unsafe_legacy) : NO;
}

enum answer vfio_no_remapping_iommufd(const struct scene *s, struct operand *op)
{
	put_group(s, op);
	return is_legacy(s) ? NO : no_isolated_msi(s, s->host->unsafe_iommufd);
}

enum answer vfio_no_iommufd(const struct scene *s, struct operand *op UNUSED)
{
	if (is_legacy(s) || !host_group(s) || !is_vfio(s->device->host))
		return NO;
	return s->host->vfio_cdev == TRI_NO || s->host->iommufd == TRI_NO ? YES : NO;
}

/* Since Linux 6.1 a VFIO device has a folder vfio-dev; its number is in there only with a device
 * file. */
static enum answer no_cdev_number(const struct scene *s, struct operand *op)
{
	if (!s->device->host || !s->device->host->vfio_dev)
		return NO;
	op[1] = text_operand(s->device->host->vfio_dev);
	return vfio_no_iommufd(s, op);
}

/* The kernel finds no page-table format that the unit has: nothing can be attached. */
static enum answer no_domain(const struct scene *s, enum backend backend, struct operand *op)
{
	const struct device_iova *iova = scene_iova(s);

	put_group(s, op);
	op[2] = text_operand(s->device->host && s->device->host->unit ? s->device->host->unit->name
								      : "none");
	return s->device->backend == backend && iova && iova->n == 0 ? YES : NO;
}

enum answer vfio_no_domain_legacy(const struct scene *s, struct operand *op)
{
	return no_domain(s, BACKEND_LEGACY, op);
}

enum answer vfio_no_domain_iommufd(const struct scene *s, struct operand *op)
{
	return no_domain(s, BACKEND_IOMMUFD, op);
}

static enum answer used_twice(const struct scene *s, struct operand *op)
{
	for (const struct machine_device *other = s->m->devices; other < s->device; other++) {
		if (other->kind == DRIVER_VFIO_PCI && other->host_state == HOST_DEVICE_FOUND &&
		    str_eq(other->host_bdf, s->device->host_bdf)) {
			op[1] = text_operand(other->label);
			return YES;
		}
	}
	return NO;
}

static enum answer used_twice_legacy(const struct scene *s, struct operand *op)
{
	return is_legacy(s) ? used_twice(s, op) : NO;
}

static enum answer used_twice_iommufd(const struct scene *s, struct operand *op)
{
	return is_legacy(s) ? NO : used_twice(s, op);
}

/* An earlier device of this VM in the same group, NULL: none. */
static const struct machine_device *mate_in_vm(const struct scene *s, enum backend backend)
{
	for (const struct machine_device *other = s->m->devices; other < s->device; other++) {
		if (other->kind == DRIVER_VFIO_PCI && other->host && host_group(s) &&
		    other->host->group == host_group(s) && other->backend == backend)
			return other;
	}
	return NULL;
}

static enum answer group_split(const struct scene *s, enum backend backend, struct operand *op)
{
	const struct machine_device *other =
		s->device->backend == backend ? mate_in_vm(s, backend) : NULL;
	bool is_same = other && str_eq(other->host_bdf, s->device->host_bdf);

	put_group(s, op);
	if (!other || (is_same && backend == BACKEND_IOMMUFD) ||
	    shares_address_space(s->device, other))
		return NO;
	op[2] = text_operand(other->host_bdf);
	return YES;
}

enum answer vfio_group_split_legacy(const struct scene *s, struct operand *op)
{
	return group_split(s, BACKEND_LEGACY, op);
}

enum answer vfio_group_split_iommufd(const struct scene *s, struct operand *op)
{
	return group_split(s, BACKEND_IOMMUFD, op);
}

/* One group, two iommufd objects: the kernel lets one of them own the group. */
static enum answer two_iommufds(const struct scene *s, struct operand *op)
{
	const struct machine_device *device = s->device;

	put_group(s, op);
	for (const struct machine_device *other = s->m->devices; other < device; other++) {
		if (device->backend == BACKEND_IOMMUFD && other->backend == BACKEND_IOMMUFD &&
		    other->host && host_group(s) && other->host->group == host_group(s) &&
		    !str_eq(other->value[PROPERTY_IOMMUFD].text,
			    device->value[PROPERTY_IOMMUFD].text)) {
			op[2] = text_operand(other->host_bdf);
			return YES;
		}
	}
	return NO;
}

/* One group, two backends: the kernel gives the group to the first only. */
static enum answer mixed_backends(const struct scene *s, enum backend mine, enum backend other,
				  struct operand *op)
{
	const struct machine_device *mate =
		s->device->backend == mine ? mate_in_vm(s, other) : NULL;

	put_group(s, op);
	if (!mate)
		return NO;
	op[2] = text_operand(mate->host_bdf);
	return YES;
}

static enum answer mixed_legacy(const struct scene *s, struct operand *op)
{
	return mixed_backends(s, BACKEND_LEGACY, BACKEND_IOMMUFD, op);
}

static enum answer mixed_iommufd(const struct scene *s, struct operand *op)
{
	return mixed_backends(s, BACKEND_IOMMUFD, BACKEND_LEGACY, op);
}

enum {
	NOT_GIVEN,
	ABSENT,
	NOT_IDENTIFIED,
	NO_GROUP,
	NOT_BOUND,
	GROUP_BUSY,
	DIRECT,
	NO_REMAPPING,
	NO_IOMMUFD,
	TWICE,
	SPLIT,
	MIXED,
	FD_LEGACY,
	NO_DOMAIN,
	TWO_IOMMUFDS,
};

static const struct rule rules[] = {
	[NOT_GIVEN] = {"vfio.no-device-given", IOF_SEVERITY_ERROR, "vfio-pci without a host device",
		       "QEMU will refuse this vfio-pci device: it names no host device.",
		       "One of host=, sysfsdev= or fd= must say which device is meant.",
		       "QEMU hw/vfio/pci.c vfio_pci_realize", "lab", NULL,
		       "Write host=DDDD:BB:DD.F with the address from `lspci -D`."},
	[ABSENT] = {"vfio.device-absent", IOF_SEVERITY_ERROR, "host device that does not exist",
		    "QEMU will refuse {0}: this host has no such PCI device.",
		    "There is no /sys/bus/pci/devices/{0}.",
		    "QEMU hw/vfio/device.c vfio_device_get_name", "lab", NULL,
		    "Look the address up with `lspci -D`: it may have moved."},
	[NOT_IDENTIFIED] =
		{"vfio.device-not-identified", IOF_SEVERITY_WARNING,
		 "device given by a file descriptor", "Which host device this is cannot be said.",
		 "It is given by a file descriptor or path that could not be followed here.",
		 "QEMU hw/vfio/iommufd.c", "source", NULL,
		 "Run the check as root with --pid, or name the device with host=."},
	[NO_GROUP] = {"vfio.no-iommu-group", IOF_SEVERITY_ERROR, "device without an IOMMU group",
		      "QEMU will refuse {0}: no IOMMU of this host translates it.", "{1}",
		      "QEMU hw/vfio/container.c vfio_device_get_groupid", "lab", NULL,
		      "Switch the IOMMU on (`iommufit host` says how for this machine)."},
	[NOT_BOUND] = {"vfio.not-bound", IOF_SEVERITY_ERROR, "device that is not bound to vfio-pci",
		       "QEMU will refuse {0}: it is not bound to vfio-pci.",
		       "It is bound to: {2} (group {1}).", "Linux drivers/vfio", "lab", cure_bind,
		       NULL},
	[GROUP_BUSY] = {"vfio.group-not-viable", IOF_SEVERITY_ERROR,
			"group mate that a host driver holds",
			"QEMU will refuse {0}: its IOMMU group {1} is also used by the host.",
			"{2} in the same group is bound to {3}; a group can only be given away as "
			"a whole.",
			"Linux drivers/iommu/iommu.c iommu_group_claim_dma_owner", "lab",
			cure_bind_mate, NULL},
	[DIRECT] = {"vfio.direct-region", IOF_SEVERITY_ERROR,
		    "device that firmware wants mapped one to one",
		    "QEMU will refuse {0}: firmware asks for a fixed one-to-one mapping of it.",
		    "Group {1} has the direct region {2} to {3} (RMRR or IVMD), and the kernel "
		    "does not give such a "
		    "device away.",
		    "Linux drivers/iommu/iommu.c __iommu_take_dma_ownership", "source", NULL,
		    "Look for a firmware setting or update that drops the reservation (often RAID "
		    "or management "
		    "controllers)."},
	[NO_REMAPPING] = {"vfio.no-interrupt-remapping", IOF_SEVERITY_ERROR,
			  "host without interrupt remapping",
			  "QEMU will refuse {0}: the host has no interrupt remapping.",
			  "Without it a guest could send any interrupt to the host, so the kernel "
			  "refuses unless "
			  "allow_unsafe_interrupts is set.",
			  "Linux drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd/device.c",
			  "lab", cure_unsafe, NULL},
	[NO_IOMMUFD] = {"vfio.no-iommufd", IOF_SEVERITY_ERROR, "iommufd on a kernel without it",
			"QEMU will refuse {0}: this kernel gives no device file for iommufd.",
			"The kernel is built without CONFIG_IOMMUFD or CONFIG_VFIO_DEVICE_CDEV.",
			"Linux drivers/vfio", "lab", cure_legacy, NULL},
	[TWICE] = {"vfio.device-used-twice", IOF_SEVERITY_ERROR, "device given to the VM twice",
		   "QEMU will refuse {0}: it is already given to this VM as {1}.",
		   "A host device can be assigned once.",
		   "QEMU hw/vfio/container.c vfio_attach_device", "lab", cure_remove_device,
		   "Plug another device: this one is in the VM already."},
	[SPLIT] = {"vfio.group-in-several-address-spaces", IOF_SEVERITY_ERROR,
		   "devices of one group in several address spaces",
		   "QEMU will refuse {0}: it shares group {1} with {2}, but not its guest address "
		   "space.",
		   "Behind a vIOMMU each device has its own address space, and a group can only be "
		   "in one.",
		   "QEMU hw/vfio/container.c vfio_get_group", "lab", cure_one_space, NULL},
	[NO_DOMAIN] =
		{"vfio.no-domain", IOF_SEVERITY_ERROR,
		 "an IOMMU for which the kernel can make no tables",
		 "QEMU will refuse {0}: the kernel can make no page tables for the host's IOMMU.",
		 "{2} has no address width and table depth that this kernel supports together.",
		 "Linux drivers/iommu/generic_pt, drivers/iommu/intel/iommu.c", "source", NULL,
		 "Try another kernel version; look for a firmware update."},
	[FD_LEGACY] = {"vfio.fd-without-iommufd", IOF_SEVERITY_ERROR,
		       "fd= without the iommufd backend",
		       "QEMU will refuse this vfio-pci device: fd= goes with iommufd= only.",
		       "A device file descriptor is passed to the iommufd backend; the legacy one "
		       "knows groups.",
		       "QEMU hw/vfio/device.c vfio_device_get_name", "lab", cure_fd,
		       "Add -object iommufd,id=iommufd0 and iommufd=iommufd0, or use host=."},
	[TWO_IOMMUFDS] = {"vfio.group-in-several-iommufds", IOF_SEVERITY_ERROR,
			  "one group through two iommufd objects",
			  "QEMU will refuse {0}: it shares group {1} with {2}, which uses another "
			  "iommufd object.",
			  "The kernel lets one iommufd own a group.",
			  "Linux drivers/iommu/iommufd/device.c iommufd_device_bind", "lab",
			  cure_one_iommufd, NULL},
	[MIXED] = {"vfio.mixed-backends", IOF_SEVERITY_ERROR, "one group through both backends",
		   "QEMU will refuse {0}: it shares group {1} with {2}, which uses the other "
		   "backend.",
		   "The kernel gives a group either to the legacy backend or to iommufd.",
		   "Linux drivers/vfio/group.c", "lab", cure_legacy, NULL},
};

#define GIVE_OLD                                                                                   \
	"No provided host device\n\tUse -device vfio-pci,host=DDDD:BB:DD.F or -device "            \
	"vfio-pci,sysfsdev=PATH_TO_DEVICE"
#define GIVE_NEW                                                                                   \
	"No provided host device\n\tUse -device vfio-pci,host=DDDD:BB:DD.F or -device "            \
	"vfio-pci,fd=DEVICE_FD or "                                                                \
	"-device vfio-pci,sysfsdev=PATH_TO_DEVICE"
#define NO_CDEV                                                                                    \
	"vfio {0}: vfio /sys/bus/pci/devices/{0}/vfio-dev: couldn't open directory "               \
	"/sys/bus/pci/devices/{0}/vfio-dev: No such file or directory"
#define NO_CDEV_NUMBER                                                                             \
	"vfio {0}: vfio /sys/bus/pci/devices/{0}/vfio-dev: failed to load "                        \
	"\"/sys/bus/pci/devices/{0}/vfio-dev/{1}/dev\""
#define NOT_VIABLE                                                                                 \
	"vfio {0}: group {1} is not viable\n\tPlease ensure all devices within the iommu_group "   \
	"are bound to their "                                                                      \
	"vfio bus driver."
#define CONTAINER "vfio {0}: failed to setup container for group {1}: "
#define BIND "vfio {0}: error bind device fd=N to iommufd=N: "

static const struct step steps[] = {

	{STAGE_OPEN, COLD_AND_HOT, V9_0, QEMU_NEVER, EFFECT_STOPS, fd_without_iommufd,
	 &rules[FD_LEGACY], "Use FD passing only with iommufd backend"},
	{STAGE_OPEN, COLD_AND_HOT, 0, V9_0, EFFECT_STOPS, not_given, &rules[NOT_GIVEN], GIVE_OLD},
	{STAGE_OPEN, COLD_AND_HOT, V9_0, QEMU_NEVER, EFFECT_STOPS, not_given, &rules[NOT_GIVEN],
	 GIVE_NEW},
	{STAGE_OPEN, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, vfio_absent, &rules[ABSENT],
	 "vfio /sys/bus/pci/devices/{0}: no such host device: No such file or directory"},
	{STAGE_OPEN, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, vfio_not_identified,
	 &rules[NOT_IDENTIFIED], NULL},
	{STAGE_OPEN, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS, no_group_legacy,
	 &rules[NO_GROUP], "vfio {0}: no iommu_group found: No such file or directory"},
	{STAGE_OPEN, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, no_group_iommufd,
	 &rules[NO_GROUP], NO_CDEV},
	{STAGE_OPEN, COLD_AND_HOT | OF_LEGACY, 0, V9_1, EFFECT_STOPS, vfio_not_bound_legacy,
	 &rules[NOT_BOUND], "vfio {0}: failed to open /dev/vfio/{1}: No such file or directory"},
	{STAGE_OPEN, COLD_AND_HOT | OF_LEGACY, V9_1, QEMU_NEVER, EFFECT_STOPS,
	 vfio_not_bound_legacy, &rules[NOT_BOUND],
	 "vfio {0}: Could not open '/dev/vfio/{1}': No such file or directory"},
	{STAGE_OPEN, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, vfio_not_bound_iommufd,
	 &rules[NOT_BOUND], NO_CDEV},
	{STAGE_OPEN, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, no_cdev_number, &rules[NO_IOMMUFD],
	 NO_CDEV_NUMBER},
	{STAGE_OPEN, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, vfio_no_iommufd, &rules[NO_IOMMUFD],
	 NO_CDEV},
	{STAGE_OPEN, COLD_AND_HOT | OF_LEGACY, 0, V9_1, EFFECT_STOPS, mixed_legacy, &rules[MIXED],
	 "vfio {0}: failed to open /dev/vfio/{1}: Device or resource busy"},
	{STAGE_OPEN, COLD_AND_HOT | OF_LEGACY, V9_1, QEMU_NEVER, EFFECT_STOPS, mixed_legacy,
	 &rules[MIXED], "vfio {0}: Could not open '/dev/vfio/{1}': Device or resource busy"},
	{STAGE_OPEN, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS, vfio_group_split_legacy,
	 &rules[SPLIT], "vfio {0}: group {1} used in multiple address spaces"},
	{STAGE_OPEN, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS, vfio_group_busy_legacy,
	 &rules[GROUP_BUSY], NOT_VIABLE},

	{STAGE_ATTACH, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_direct_region_legacy, &rules[DIRECT],
	 CONTAINER "Failed to set group container: Invalid argument"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_no_remapping_legacy, &rules[NO_REMAPPING],
	 CONTAINER "Failed to set iommu for container: Operation not permitted"},
	{STAGE_ATTACH, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, vfio_direct_region_old_kernel,
	 &rules[DIRECT], CONTAINER "Failed to set iommu for container: Operation not permitted"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_group_busy_iommufd, &rules[GROUP_BUSY], BIND "Operation not permitted"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_direct_region_iommufd, &rules[DIRECT], BIND "Invalid argument"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_no_remapping_iommufd, &rules[NO_REMAPPING], BIND "Operation not permitted"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS, vfio_no_domain_legacy,
	 &rules[NO_DOMAIN], CONTAINER "Failed to set iommu for container: Operation not supported"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_no_domain_iommufd, &rules[NO_DOMAIN],
	 "vfio {0}: Failed to allocate hwpt: Operation not supported"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, two_iommufds,
	 &rules[TWO_IOMMUFDS], BIND "Operation not permitted"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, mixed_iommufd,
	 &rules[MIXED], BIND "Device or resource busy"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, V11_0, EFFECT_STOPS, vfio_group_split_iommufd,
	 &rules[SPLIT], "vfio {0}: [iommufd=N] error attach {0} (N) to id=N: Invalid argument"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, V11_0, QEMU_NEVER, EFFECT_STOPS,
	 vfio_group_split_iommufd, &rules[SPLIT],
	 "vfio {0}: [iommufd=N] error attach {0} (N) pasid 0 to id=N: Invalid argument"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS, used_twice_legacy,
	 &rules[TWICE], "vfio {0}: device is already attached"},
	{STAGE_ATTACH, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, used_twice_iommufd,
	 &rules[TWICE], BIND "Invalid argument"},

	/* hw/vfio/container.c vfio_legacy_attach_device: the device is asked for when its group is
	 * in the container, and memory is mapped. */
	{STAGE_REGIONS, COLD_AND_HOT, 0, QEMU_NEVER, EFFECT_STOPS, vfio_mate_bound_only,
	 &rules[NOT_BOUND],
	 "vfio {0}: error getting device from group {1}: No such device\n\tVerify all devices in "
	 "group {1} are bound "
	 "to vfio-<bus> or pci-stub and not already in use"},
};

const struct rule_family vfio_family = {VMM_QEMU,	   DRIVER_OTHER, steps,
					ARRAY_SIZE(steps), rules,	 ARRAY_SIZE(rules)};
