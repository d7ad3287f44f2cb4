/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cures that change the virtual IOMMU. */
#include <errno.h>
#include <inttypes.h>

#include "fit/cures.h"

/* The vIOMMU that a finding is about: itself, or the one that translates the device. */
static const struct machine_device *finding_viommu(const struct iof_machine *m,
						   const struct iof_finding *finding)
{
	const struct machine_device *device = finding->device;

	if (device && device->kind != DRIVER_VFIO_PCI)
		return device;
	return device && device->viommu ? device->viommu : m->viommu;
}

static int one_property(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding, enum property_id id, const char *value,
			const char *consequence)
{
	const struct machine_device *viommu = finding_viommu(m, finding);

	if (viommu && viommu->option_index != SIZE_MAX)
		fix_property(list, fix_new(list, consequence), viommu, id, value);
	return list->err;
}

unsigned best_intel_width(const struct iof_machine *m)
{
	static const unsigned widths[] = {48, 39};
	unsigned host = 64;

	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *device = &m->devices[i];
		const struct device_iova *iova = device->iova;

		if (device->kind == DRIVER_VFIO_PCI && iova && iova->known && iova->width < host)
			host = iova->width;
	}
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		if (widths[i] <= host)
			return widths[i];
	}
	return 0;
}

int cure_irqchip_split(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	struct iof_fix *fix;

	for (size_t i = m->vm->n_options; i-- > 0;) {
		const struct vm_option *option = &m->vm->options[i];

		if ((option->kind != OPTION_MACHINE && option->kind != OPTION_ACCEL) ||
		    (option->kind == OPTION_ACCEL && !option_pair(option, "kernel-irqchip")))
			continue;
		fix = fix_new(list, "The interrupt controller is split between KVM and QEMU.");
		if (option_pair(option, "kernel_irqchip"))
			fix_unset(list, fix, i, "kernel_irqchip", "machine.kernel_irqchip");
		fix_set(list, fix, i, "kernel-irqchip", "split", "machine.kernel-irqchip");
		break;
	}
	return one_property(list, m, finding, PROPERTY_INTREMAP, NULL,
			    "The guest has no interrupt remapping.");
}

int cure_eim(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding_viommu(m, finding);

	if (viommu && viommu->value[PROPERTY_INTREMAP].pair && m->irqchip != IRQCHIP_KERNEL)
		one_property(list, m, finding, PROPERTY_INTREMAP, "on",
			     "The guest has interrupt remapping.");
	return one_property(list, m, finding, PROPERTY_EIM, NULL, "eim is decided by QEMU.");
}

int cure_scalable(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	return one_property(list, m, finding, PROPERTY_SCALABLE_MODE, "on",
			    "The guest sees a scalable-mode VT-d.");
}

int cure_drain(struct fix_list *list, const struct iof_machine *m,
	       const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding_viommu(m, finding);

	if (viommu && viommu->value[PROPERTY_DMA_DRAIN].pair)
		one_property(list, m, finding, PROPERTY_DMA_DRAIN, NULL, NULL);
	return one_property(list, m, finding, PROPERTY_DMA_DRAIN, "on", NULL);
}

/* Another model in place of this one; what the new one does not know goes. */
static void replace_viommu(struct fix_list *list, const struct iof_machine *m UNUSED,
			   const struct machine_device *viommu, const char *driver,
			   const char *consequence)
{
	struct iof_fix *fix = fix_new(list, consequence);
	const struct vm_option *option = viommu->option;

	for (size_t i = 0; i < option->n_pairs; i++) {
		if (!str_eq(option->pairs[i].key, "driver") && !str_eq(option->pairs[i].key, "id"))
			fix_unset(list, fix, viommu->option_index, option->pairs[i].key,
				  fix_target(list, viommu, option->pairs[i].key));
	}
	fix_set(list, fix, viommu->option_index, "driver", driver, "device.driver");
	if (str_eq(driver, "intel-iommu"))
		fix_set(list, fix, viommu->option_index, "caching-mode", "on",
			"intel-iommu.caching-mode");
}

int cure_intel_width(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding_viommu(m, finding);
	unsigned bits = best_intel_width(m);

	if (!viommu || viommu->option_index == SIZE_MAX)
		return list->err;
	if (bits)
		fix_property(list,
			     fix_new(list, bits == 39 ? "The guest's devices see 512 GiB of IOVA "
							"instead of 256 TiB."
						      : NULL),
			     viommu, PROPERTY_AW_BITS, bits == 39 ? "39" : "48");
	else if (m->version >= V9_0)
		replace_viommu(list, m, viommu, "virtio-iommu-pci",
			       "The guest needs a virtio-iommu driver (Linux has one).");
	if (finding->device && finding->device->backend == BACKEND_IOMMUFD &&
	    viommu->value[PROPERTY_FIRST_STAGE].def &&
	    device_value(viommu, PROPERTY_FIRST_STAGE) == ON)
		cure_no_first_stage(list, m, finding);
	return list->err;
}

int cure_width_48(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	one_property(list, m, finding, PROPERTY_AW_BITS, "48", NULL);
	return cure_no_first_stage(list, m, finding);
}

int cure_pasid_iotlb(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	one_property(list, m, finding, PROPERTY_DEVICE_IOTLB, NULL,
		     "The guest's devices have no TLB of their own.");
	return one_property(list, m, finding, PROPERTY_PASID_MODE, NULL,
			    "The guest has no PASIDs.");
}

int cure_pasid_20(struct fix_list *list, const struct iof_machine *m,
		  const struct iof_finding *finding)
{
	return one_property(list, m, finding, PROPERTY_PASID_BITS, "20", NULL);
}

int cure_pasid_host(struct fix_list *list, const struct iof_machine *m,
		    const struct iof_finding *finding)
{
	return one_property(list, m, finding, PROPERTY_PASID_BITS,
			    arena_printf(list->arena, "%" PRIu64, finding->operand[2].number),
			    "The guest has fewer PASIDs.");
}

int cure_svm(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding_viommu(m, finding);
	struct iof_fix *fix;

	if (!viommu || viommu->option_index == SIZE_MAX)
		return 0;
	if (!m->n_assigned) {
		fix = fix_new(list, "The guest sees shared virtual memory with all that it needs.");
		fix_property(list, fix, viommu, PROPERTY_DEVICE_IOTLB, "on");
		fix_property(list, fix, viommu, PROPERTY_SCALABLE_MODE, "on");
		fix_property(list, fix, viommu, PROPERTY_FIRST_STAGE, "on");
		fix_property(list, fix, viommu, PROPERTY_DMA_TRANSLATION, "on");
		if (viommu->value[PROPERTY_PASID_BITS].def &&
		    !device_value(viommu, PROPERTY_PASID_BITS))
			fix_property(list, fix, viommu, PROPERTY_PASID_BITS, "20");
		else if (viommu->value[PROPERTY_PASID_MODE].def)
			fix_property(list, fix, viommu, PROPERTY_PASID_MODE, "on");
	}
	return one_property(list, m, finding, PROPERTY_SVM, NULL,
			    "The guest has no shared virtual memory.");
}

int cure_caching_mode(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	return one_property(
		list, m, finding, PROPERTY_CACHING_MODE, "on",
		"The guest reports each mapping to QEMU, which costs time when it maps often.");
}

int cure_no_first_stage(struct fix_list *list, const struct iof_machine *m,
			const struct iof_finding *finding)
{
	return one_property(list, m, finding, PROPERTY_FIRST_STAGE, NULL,
			    "QEMU shadows the guest's tables instead of nesting them.");
}

int cure_first_stage_iommufd(struct fix_list *list, const struct iof_machine *m,
			     const struct iof_finding *finding)
{
	use_iommufd(list, fix_new(list, "The devices use the iommufd backend."), m);
	return cure_no_first_stage(list, m, finding);
}

int cure_fs1gp(struct fix_list *list, const struct iof_machine *m,
	       const struct iof_finding *finding)
{
	return one_property(list, m, finding, PROPERTY_FS1GP, "off",
			    "The guest does without 1 GiB IOMMU pages.");
}

int cure_snoop(struct fix_list *list, const struct iof_machine *m,
	       const struct iof_finding *finding)
{
	return one_property(list, m, finding, PROPERTY_SNOOP_CONTROL, NULL, NULL);
}

int cure_virtio_width(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	one_property(list, m, finding, PROPERTY_AW_BITS,
		     finding->operand[0].number < 32 ? "32" : "64", NULL);
	return one_property(list, m, finding, PROPERTY_AW_BITS, NULL, "aw-bits has its default.");
}

int cure_granule(struct fix_list *list, const struct iof_machine *m,
		 const struct iof_finding *finding)
{
	return one_property(list, m, finding, PROPERTY_GRANULE, "host",
			    "The guest maps pages of the host's size.");
}

int cure_other_viommu(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding_viommu(m, finding);

	if (viommu && viommu->option_index != SIZE_MAX) {
		replace_viommu(list, m, viommu, "intel-iommu",
			       "The guest sees an Intel IOMMU instead of AMD's.");
		replace_viommu(list, m, viommu, "virtio-iommu-pci",
			       "The guest needs a virtio-iommu driver (Linux has one).");
	}
	return list->err;
}

int cure_dma_remap(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding_viommu(m, finding);

	if (viommu && viommu->value[PROPERTY_DMA_REMAP].def)
		return one_property(
			list, m, finding, PROPERTY_DMA_REMAP, "on",
			"QEMU shadows the guest's tables, which costs time when it maps often.");
	return cure_other_viommu(list, m, finding);
}

int cure_remove_viommu(struct fix_list *list, const struct iof_machine *m,
		       const struct iof_finding *finding)
{
	(void)m;
	if (finding->device && finding->device->option_index != SIZE_MAX)
		fix_remove(list, fix_new(list, "The first vIOMMU stays, this one goes."),
			   finding->device->option_index, finding->device->driver);
	return list->err;
}

int cure_no_viommu(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding_viommu(m, finding);

	if (viommu && viommu->option_index != SIZE_MAX)
		fix_remove(list, fix_new(list, "The guest has no IOMMU."), viommu->option_index,
			   viommu->driver);
	return list->err;
}

/* Of the assigned devices that QEMU makes before the vIOMMU: the first in the config, and whether
 * one is not in JSON. QEMU makes devices that are written as key=value before those in JSON. */
static size_t first_before(const struct iof_machine *m, const struct machine_device *viommu,
			   bool *has_plain)
{
	size_t first = SIZE_MAX;

	*has_plain = false;
	for (const struct machine_device *d = m->devices; d < viommu; d++) {
		if (d->kind != DRIVER_VFIO_PCI || d->option_index == SIZE_MAX)
			continue;
		*has_plain |= !d->option->is_json;
		first = d->option_index < first ? d->option_index : first;
	}
	return first;
}

static void make_first(struct fix_list *list, const struct iof_machine *m,
		       const struct machine_device *viommu)
{
	bool has_plain;
	size_t first = first_before(m, viommu, &has_plain), own = viommu->option_index;
	const char *text = NULL;
	struct iof_fix *fix;
	int r = 0;

	if (viommu->option->is_json && has_plain)
		r = device_plain(list->arena, viommu->option, &text);
	if (r == -ENOMEM)
		list->err = r;
	if (r)
		return;
	fix = fix_new(list, text ? "The vIOMMU translates the device: QEMU makes devices that are "
				   "written in JSON after all others."
				 : "The vIOMMU translates the device.");
	if (text)
		fix_set(list, fix, own, NULL, text, "device");
	if (first < own)
		fix_move(list, fix, own, first, viommu->driver);
}

int cure_viommu_first(struct fix_list *list, const struct iof_machine *m,
		      const struct iof_finding *finding)
{
	const struct machine_device *viommu = finding->device->late_viommu;

	if (viommu && viommu->option_index != SIZE_MAX)
		make_first(list, m, viommu);
	/* The order is the manager's: Proxmox puts virtio-iommu last, and intel-iommu first. */
	if (viommu && m->vm->config && viommu->kind == DRIVER_VIRTIO_IOMMU)
		replace_viommu(list, m, viommu, "intel-iommu",
			       "The guest sees an Intel IOMMU instead of virtio-iommu.");
	return list->err;
}
