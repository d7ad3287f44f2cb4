/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.c - enumerations in words. JSON members are made of them: they are part of the schemas. */
#include "show/names.h"

#include "base/strings.h"

#define NAME(table, value) name_in(table, ARRAY_SIZE(table), (size_t)(value))

static const char *name_in(const char *const *table, size_t n, size_t value)
{
	return value < n && table[value] ? table[value] : "unknown";
}

const char *name_verdict(enum iof_verdict value)
{
	static const char *const names[] = {
		[IOF_VERDICT_FITS] = "fits",
		[IOF_VERDICT_DEGRADED] = "degraded",
		[IOF_VERDICT_FAILS] = "fails",
	};

	return NAME(names, value);
}

const char *name_outcome(enum iof_outcome value)
{
	static const char *const names[] = {
		[IOF_OUTCOME_STARTS] = "starts",     [IOF_OUTCOME_FAILS] = "fails",
		[IOF_OUTCOME_ACCEPTED] = "accepted", [IOF_OUTCOME_REFUSED] = "refused",
		[IOF_OUTCOME_KILLS_VM] = "kills-vm", [IOF_OUTCOME_NOT_REACHED] = "not-reached",
		[IOF_OUTCOME_WORKS] = "works",	     [IOF_OUTCOME_DEGRADED] = "degraded",
		[IOF_OUTCOME_BROKEN] = "broken",     [IOF_OUTCOME_POSSIBLE] = "possible",
		[IOF_OUTCOME_BLOCKED] = "blocked",   [IOF_OUTCOME_NONE] = "none",
	};

	return NAME(names, value);
}

const char *name_severity(enum iof_severity value)
{
	static const char *const names[] = {
		[IOF_SEVERITY_ERROR] = "error",
		[IOF_SEVERITY_WARNING] = "warning",
		[IOF_SEVERITY_NOTE] = "note",
	};

	return NAME(names, value);
}

const char *name_provenance(enum iof_provenance value)
{
	static const char *const names[] = {
		[IOF_PROVENANCE_MEASURED] = "measured",
		[IOF_PROVENANCE_READ] = "read",
		[IOF_PROVENANCE_ASSUMED] = "assumed",
	};

	return NAME(names, value);
}

const char *name_iommu(enum iof_iommu value)
{
	static const char *const names[] = {
		[IOF_IOMMU_NONE] = "none",	     [IOF_IOMMU_INTEL_VTD] = "intel-vtd",
		[IOF_IOMMU_AMD_VI] = "amd-vi",	     [IOF_IOMMU_ARM_SMMUV3] = "arm-smmuv3",
		[IOF_IOMMU_VIRTIO] = "virtio-iommu", [IOF_IOMMU_ARM_SMMUV2] = "arm-smmuv2",
		[IOF_IOMMU_OTHER] = "other",
	};

	return NAME(names, value);
}

const char *name_model(enum iof_model value)
{
	static const char *const names[] = {
		[IOF_MODEL_NONE] = "none",	     [IOF_MODEL_INTEL] = "intel-iommu",
		[IOF_MODEL_VIRTIO] = "virtio-iommu", [IOF_MODEL_AMD] = "amd-iommu",
		[IOF_MODEL_SMMUV3] = "arm-smmuv3",
	};

	return NAME(names, value);
}

const char *name_where(enum iof_where value)
{
	static const char *const names[] = {
		[IOF_WHERE_VM] = "vm",
		[IOF_WHERE_HOST] = "host",
		[IOF_WHERE_FIRMWARE] = "firmware",
		[IOF_WHERE_VMM] = "vmm",
		[IOF_WHERE_PLUG] = "plug",
	};

	return NAME(names, value);
}

const char *name_op(enum iof_op value)
{
	static const char *const names[] = {
		[IOF_OP_SET] = "set",	    [IOF_OP_UNSET] = "unset", [IOF_OP_ADD] = "add",
		[IOF_OP_REMOVE] = "remove", [IOF_OP_MOVE] = "move",
	};

	return NAME(names, value);
}

const char *name_region(enum iof_region_kind value)
{
	static const char *const names[] = {
		[IOF_REGION_RAM] = "ram",	[IOF_REGION_HOTPLUG] = "hotplug",
		[IOF_REGION_MMIO32] = "mmio32", [IOF_REGION_MMIO64] = "mmio64",
		[IOF_REGION_BAR] = "bar",	[IOF_REGION_MSI] = "msi",
		[IOF_REGION_ECAM] = "ecam",	[IOF_REGION_ROM] = "rom",
	};

	return NAME(names, value);
}

const char *name_decider(enum iof_decider value)
{
	static const char *const names[] = {
		[IOF_DECIDER_USER] = "the config",
		[IOF_DECIDER_GLOBAL] = "-global",
		[IOF_DECIDER_MACHINE_TYPE] = "the machine type",
		[IOF_DECIDER_VMM] = "the VMM",
		[IOF_DECIDER_HOST] = "the host",
		[IOF_DECIDER_MANAGER] = "the manager",
	};

	return NAME(names, value);
}

const char *name_language(enum iof_language value)
{
	static const char *const names[] = {
		[IOF_LANGUAGE_QEMU_ARGV] = "qemu",
		[IOF_LANGUAGE_LIBVIRT] = "libvirt",
		[IOF_LANGUAGE_PROXMOX] = "proxmox",
		[IOF_LANGUAGE_CLOUD_HYPERVISOR] = "cloud-hypervisor",
	};

	return NAME(names, value);
}

const char *name_host(const char *name, bool is_live)
{
	const char *slash = name ? strrchr(name, '/') : NULL;

	if (is_live || !name || !*name)
		return "this host";
	return slash && slash[1] ? slash + 1 : name;
}
