// SPDX-License-Identifier: LGPL-2.1-or-later
/* nesting.c - whether Linux makes a vIOMMU object for a device behind an SMMUv3, and Intel's
 * erratum. */
#include "host/nesting.h"

#include "host/acpi_iort.h"
#include "host/loader.h"
#include "host/measured_apply.h"
#include "host/smmuv3.h"
#include "host/vtd.h"

/* ---- Arm: CANWBS of the root complex ---- */

/* A segment has one root complex (Linux 7.2 drivers/acpi/arm64/iort.c). */
static const struct iort_node *root_complex(const struct iort *iort, uint32_t segment)
{
	for (size_t i = 0; i < iort->n_nodes; i++)
		if (iort->nodes[i].type == IORT_ROOT_COMPLEX &&
		    iort->nodes[i].root_complex.segment == segment)
			return &iort->nodes[i];
	return NULL;
}

#define ACCESS_CANWBS 0x4u

static enum tristate canwbs(const struct loader *load, const struct iof_device *dev)
{
	const struct iommu_unit *unit = dev->unit;
	const struct iort_node *node;

	if (load->iort) {
		node = root_complex(load->iort, dev->address.domain);
		if (!node)
			return TRI_UNKNOWN;
		return node->root_complex.access & ACCESS_CANWBS ? TRI_YES : TRI_NO;
	}
	/* A device tree cannot say it. The kernel itself numbers the platform devices that it makes
	 * from ACPI: "arm-smmu-v3.0.auto". */
	if (load->host->has_iort || !unit || !unit->parent)
		return TRI_UNKNOWN;
	return strstr(unit->parent, ".auto") ? TRI_UNKNOWN : TRI_NO;
}

int load_canwbs(struct loader *load)
{
	struct iof_host *host = load->host;

	for (size_t i = 0; i < host->n_devices; i++) {
		struct iof_device *dev = &host->devices[i];

		if (dev->unit && dev->unit->kind == IOF_IOMMU_ARM_SMMUV3)
			dev->canwbs = canwbs(load, dev);
	}
	return 0;
}

/* ---- Arm: the vIOMMU object ---- */

/* What all worlds agree on. */
static enum tristate nest_parent(const struct iof_host *host, const struct iommu_unit *unit)
{
	enum tristate first = unit->domain[0].nest_parent;

	for (size_t w = 1; w < host->n_worlds; w++)
		if (unit->domain[w].nest_parent != first)
			return TRI_UNKNOWN;
	return first;
}

/* The driver's own word counts. Linux 6.13 and 6.14 did not look for it at first (commit
 * 45e00e367189, 6.15, later in their stable releases, too). */
static enum tristate forced_write_back(const struct iof_host *host, const struct iommu_unit *unit)
{
	if (unit->has_smmu_features && !host->kernel_assumed)
		return smmuv3_feature_fwb(unit->smmu_features) ? TRI_YES : TRI_NO;
	if (!unit->has_idr)
		return TRI_UNKNOWN;
	if (!smmuv3_fwb(unit->idr))
		return TRI_NO;
	return kernel_at_least(host, 6, 15) ? TRI_YES : TRI_UNKNOWN;
}

static bool driver_lacks_iommufd(const struct iof_host *host)
{
	struct config_text value;

	return host->config && !host->kernel_assumed &&
	       config_value(host->config, "CONFIG_ARM_SMMU_V3_IOMMUFD", &value) &&
	       *value.text == 'n';
}

/* Linux 7.2 drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-iommufd.c arm_smmu_get_viommu_size: nesting,
 * and a way to keep a guest from going round the caches. */
static enum tristate smmuv3_viommu(const struct iof_host *host, const struct iof_device *dev)
{
	enum tristate nest = nest_parent(host, dev->unit), fwb;

	if (nest != TRI_YES)
		return nest;
	if (driver_lacks_iommufd(host))
		return TRI_NO;
	fwb = forced_write_back(host, dev->unit);
	if (fwb == TRI_YES || dev->canwbs == TRI_YES)
		return TRI_YES;
	return fwb == TRI_NO && dev->canwbs == TRI_NO ? TRI_NO : TRI_UNKNOWN;
}

static void derive_viommu(const struct iof_host *host, struct iof_device *dev)
{
	dev->viommu = dev->measured ? measured_viommu(dev->measured) : TRI_UNKNOWN;
	if (dev->viommu == TRI_UNKNOWN && dev->unit && dev->unit->kind == IOF_IOMMU_ARM_SMMUV3)
		dev->viommu = smmuv3_viommu(host, dev);
}

/* ---- Intel: read-only mappings ---- */

/* Linux sets the flag on every unit since it has nesting parents (7.2
 * drivers/iommu/intel/iommu.c intel_iommu_hw_info). */
static void derive_erratum(const struct iof_host *host, struct iommu_unit *unit)
{
	bool known = unit->errata_772415 != TRI_UNKNOWN && !host->kernel_assumed;

	if (unit->kind != IOF_IOMMU_INTEL_VTD || known)
		return;
	unit->errata_772415 = vtd_kernel(host->kernel.major, host->kernel.minor)->knows_nest_parent
				      ? TRI_YES
				      : TRI_NO;
}

void derive_nesting(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units; i++)
		derive_erratum(host, &host->units[i]);
	for (size_t i = 0; i < host->n_devices; i++)
		derive_viommu(host, &host->devices[i]);
}
