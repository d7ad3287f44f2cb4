/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cures for configs of Cloud Hypervisor, by the names of its own settings. */
#include "base/units.h"
#include "fit/cures.h"
#include "vmm/cloud_hypervisor.h"

static size_t index_of(const struct iof_machine *m, const struct vm_option *option)
{
	return (size_t)(option - m->vm->options);
}

static void set_platform(struct fix_list *list, const struct iof_machine *m, struct iof_fix *fix,
			 const char *key, const char *value)
{
	const char *target = arena_printf(list->arena, "platform.%s", key);

	if (ch_platform(m))
		fix_set(list, fix, index_of(m, ch_platform(m)), key, value, target);
}

static const char *number_text(struct fix_list *list, uint64_t number)
{
	const char *text = arena_printf(list->arena, "%llu", (unsigned long long)number);

	if (!text)
		list->err = -1;
	return text;
}

/* How many bits can be used to the full: below 4 GiB holes do no harm, RAM and BARs avoid them. */
static unsigned reachable_bits(const struct device_iova *iova)
{
	unsigned bits = 64;

	for (size_t r = 0; iova->known && r < iova->n; r++) {
		if (iova->ranges[r].first > 4 * GIB || iova->ranges[r].last < 4 * GIB)
			continue;
		for (bits = 32; bits < 64 && (UINT64_MAX >> (63 - bits)) <= iova->ranges[r].last;)
			bits++;
	}
	return bits;
}

/* Of all assigned devices that are, or are not, behind the vIOMMU. */
static unsigned common_bits(const struct iof_machine *m, bool is_behind)
{
	unsigned bits = 64;

	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];
		unsigned own = 64;

		if (device->host && (device->viommu != NULL) == is_behind)
			own = reachable_bits(device->iova);
		bits = own < bits ? own : bits;
	}
	return bits;
}

static void no_peer_to_peer(struct fix_list *list, const struct iof_machine *m)
{
	if (m->version >= CH_IOMMUFD)
		set_platform(list, m, fix_new(list, "Devices cannot write to one another's BARs."),
			     "vfio_p2p_dma", "off");
}

int cure_ch_bar(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding UNUSED)
{
	const struct vm_option *cpus = ch_object(m, "cpus", 0);
	unsigned bits = common_bits(m, false);

	if (cpus && bits < 64)
		fix_set(list,
			fix_new(list, "The guest's CPU gets the width of the host's IOMMU, and "
				      "devices are placed below its end."),
			index_of(m, cpus), "max_phys_bits", number_text(list, bits),
			"cpus.max_phys_bits");
	no_peer_to_peer(list, m);
	return list->err;
}

int cure_ch_p2p(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding)
{
	no_peer_to_peer(list, m);
	return cure_ch_iommufd(list, m, finding);
}

int cure_ch_iommufd(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding UNUSED)
{
	if (ch_switch(ch_platform(m), "iommufd", false))
		set_platform(list, m, fix_new(list, "Devices are given by their groups again."),
			     "iommufd", "off");
	return list->err;
}

int cure_ch_width(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding UNUSED)
{
	unsigned bits = common_bits(m, true);

	if (m->viommu && m->viommu->option_index != SIZE_MAX && bits < 64 &&
	    m->version >= CH_ADDRESS_WIDTH)
		fix_set(list, fix_new(list, "The guest is told what the host's IOMMU can map."),
			m->viommu->option_index, "iommu_address_width", number_text(list, bits),
			"platform.iommu_address_width");
	return list->err;
}

/* Behind the vIOMMU nothing is mapped before the guest asks for it. */
static void behind_viommu(struct fix_list *list, const struct iof_machine *m)
{
	struct iof_fix *fix =
		fix_new(list, "The devices are behind a virtual IOMMU, which the guest needs a "
			      "virtio-iommu driver for.");

	for (size_t i = 0; i < m->n_cold; i++) {
		const struct machine_device *device = &m->devices[i];

		if (device->host && !device->viommu && device->option_index != SIZE_MAX)
			fix_set(list, fix, device->option_index, "iommu", "on",
				arena_printf(list->arena, "%s.iommu", device->label));
	}
}

int cure_ch_ram(struct fix_list *list, const struct iof_machine *m,
		const struct iof_finding *finding)
{
	const struct vm_option *memory = ch_object(m, "memory", 0);
	uint64_t below = m->n_ram ? m->ram[0].last + 1 : 0;
	uint64_t end = finding->operand[4].number + 1, ram = 0;

	behind_viommu(list, m);
	if (below < 4 * GIB && end > 4 * GIB)
		ram = (below - m->ram[0].first + end - 4 * GIB) / GIB;
	if (memory && ram && ram * GIB < m->ram_size)
		fix_set(list,
			fix_new(list, arena_printf(list->arena,
						   "The VM has %llu GiB of RAM; more takes a host "
						   "that reaches further.",
						   (unsigned long long)ram)),
			index_of(m, memory), "size", number_text(list, ram * GIB), "memory.size");
	return list->err;
}

/* Out from behind the vIOMMU, with the other device of the group. */
int cure_ch_same_side(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;
	struct iof_fix *fix = NULL;

	for (size_t i = 0; i < m->n_cold; i++) {
		const struct machine_device *other = &m->devices[i];

		if (!other->viommu || !other->host || !device->host ||
		    other->host->group != device->host->group)
			continue;
		if (!fix)
			fix = fix_new(list, "The devices of the group are no longer behind the "
					    "virtual IOMMU.");
		fix_set(list, fix, other->option_index, "iommu", "off",
			arena_printf(list->arena, "%s.iommu", other->label));
	}
	return list->err;
}

/* ---- what the config itself is refused for ---- */

static void more_segments(struct fix_list *list, const struct iof_machine *m, uint64_t segment)
{
	if (segment < CH_MAX_SEGMENTS)
		set_platform(list, m, fix_new(list, "The guest gets as many PCI segments."),
			     "num_pci_segments", number_text(list, segment + 1));
}

static void set_own(struct fix_list *list, const struct problem *problem, const char *value,
		    const char *consequence)
{
	fix_set(list, fix_new(list, consequence), problem->option, problem->value, value,
		problem->value);
}

static void cure_iommu(struct fix_list *list, const struct iof_machine *m,
		       const struct problem *problem)
{
	const struct vm_option *option = &m->vm->options[problem->option];

	if (ch_switch(option, "vhost_user", false))
		set_own(list, problem, "off", "The device is no longer behind the virtual IOMMU.");
	else
		set_own(list, problem, "on", "The device is behind the virtual IOMMU.");
}

static void cure_id(struct fix_list *list, const struct problem *problem)
{
	fix_unset(list, fix_new(list, "It gets a name that is free."), problem->option, "id", "id");
}

int cure_ch_config(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	const struct problem *problem = finding->problem;
	const struct operand *about = &finding->operand[1];
	const char *key = problem ? problem->value : NULL;

	if (!key || problem->option >= m->vm->n_options || finding->device)
		return 0;
	if (str_eq(key, "iommu"))
		cure_iommu(list, m, problem);
	else if (str_eq(key, "iommu_address_width"))
		set_own(list, problem, "64", "The virtual IOMMU has all the bits that there are.");
	else if (str_eq(key, "pci_segment") || str_eq(key, "iommu_segments"))
		more_segments(list, m, about->number);
	else if (str_eq(key, "num_pci_segments"))
		set_own(list, problem,
			about->number ? number_text(list, finding->operand[2].number) : "1",
			"The guest gets as many PCI segments as this version has.");
	else if (str_eq(key, "max"))
		set_own(list, problem, number_text(list, about->number),
			"There can be as many vCPUs as start.");
	else if (str_eq(key, "id"))
		cure_id(list, problem);
	else if (str_eq(key, "path"))
		fix_remove(list, fix_new(list, "The device is given once."), problem->option,
			   "device");
	else if (strstr(key, "_weight"))
		set_own(list, problem, "1", "The segment gets its share of the addresses.");
	return list->err;
}
