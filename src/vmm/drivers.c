/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device models and their properties by QEMU version (facts: QEMU hw/i386/intel_iommu.c,
 * x86-iommu.c, amd_iommu.c, hw/virtio/virtio-iommu*.c, hw/vfio/pci.c, hw/core/machine.c and
 * hw/i386/pc*.c of 7.2 to 11.1; compared with what binaries of 7.2, 8.2, 9.1, 9.2, 10.0, 10.2
 * and 11.1 answered).
 */
#include "vmm/drivers.h"

#include <stdlib.h>

#define EVER 0, QEMU_NEVER
#define SINCE(v) v, QEMU_NEVER
#define UNTIL(v) 0, v

static const struct property_def intel_properties[] = {
	{"aw-bits", VALUE_U8, PROPERTY_AW_BITS, UNTIL(V10_0), 39, "QEMU default before 10.0"},
	{"aw-bits", VALUE_U8, PROPERTY_AW_BITS, SINCE(V10_0), 48, "QEMU default since 10.0"},
	{"caching-mode", VALUE_BOOL, PROPERTY_CACHING_MODE, EVER, OFF, NULL},
	{"x-scalable-mode", VALUE_BOOL, PROPERTY_SCALABLE_MODE, UNTIL(V11_1), OFF, NULL},
	{"scalable-mode", VALUE_BOOL, PROPERTY_SCALABLE_MODE, SINCE(V11_1), OFF, NULL},
	{"x-flts", VALUE_BOOL, PROPERTY_FIRST_STAGE, V10_0, V11_1, OFF, NULL},
	{"fsts", VALUE_BOOL, PROPERTY_FIRST_STAGE, SINCE(V11_1), OFF, NULL},
	{"fs1gp", VALUE_BOOL, PROPERTY_FS1GP, SINCE(V10_0), ON, NULL},
	{"snoop-control", VALUE_BOOL, PROPERTY_SNOOP_CONTROL, EVER, OFF, NULL},
	{"x-pasid-mode", VALUE_BOOL, PROPERTY_PASID_MODE, UNTIL(V11_1), OFF, NULL},
	{"pasid-bits", VALUE_U8, PROPERTY_PASID_BITS, SINCE(V11_1), 0, NULL},
	{"svm", VALUE_BOOL, PROPERTY_SVM, SINCE(V11_0), OFF, NULL},
	{"eim", VALUE_ON_OFF_AUTO, PROPERTY_EIM, EVER, AUTO, NULL},
	{"x-buggy-eim", VALUE_BOOL, PROPERTY_BUGGY_EIM, UNTIL(V11_0), OFF, NULL},
	{"dma-drain", VALUE_BOOL, PROPERTY_DMA_DRAIN, UNTIL(V11_1), ON, NULL},
	{"dma-translation", VALUE_BOOL, PROPERTY_DMA_TRANSLATION, EVER, ON, NULL},
	{"stale-tm", VALUE_BOOL, PROPERTY_STALE_TM, SINCE(V9_2), OFF, NULL},
	{"intremap", VALUE_ON_OFF_AUTO, PROPERTY_INTREMAP, EVER, AUTO, NULL},
	{"device-iotlb", VALUE_BOOL, PROPERTY_DEVICE_IOTLB, EVER, OFF, NULL},
	{"pt", VALUE_BOOL, PROPERTY_PT, UNTIL(V11_1), ON, NULL},
	{"version", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},
};

static const struct property_def amd_properties[] = {
	{"xtsup", VALUE_BOOL, PROPERTY_XTSUP, SINCE(V9_0), OFF, NULL},
	{"pci-id", VALUE_STRING, PROPERTY_NONE, SINCE(V10_1), 0, NULL},
	{"dma-remap", VALUE_BOOL, PROPERTY_DMA_REMAP, SINCE(V10_2), OFF, NULL},
	{"dma-translation", VALUE_BOOL, PROPERTY_DMA_TRANSLATION, SINCE(V10_2), ON, NULL},
	{"intremap", VALUE_ON_OFF_AUTO, PROPERTY_INTREMAP, EVER, AUTO, NULL},
	{"device-iotlb", VALUE_BOOL, PROPERTY_DEVICE_IOTLB, EVER, OFF, NULL},
	{"pt", VALUE_BOOL, PROPERTY_PT, UNTIL(V11_1), ON, NULL},
};

/* Every PCI device has these (hw/pci/pci.c pci_props). */
#define PCI_PROPERTIES                                                                             \
	{"addr", VALUE_ADDR, PROPERTY_ADDR, EVER, -1, NULL},                                       \
		{"romfile", VALUE_STRING, PROPERTY_NONE, EVER, 0, NULL},                           \
		{"romsize", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},                              \
		{"rombar", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},                               \
		{"multifunction", VALUE_BOOL, PROPERTY_MULTIFUNCTION, EVER, OFF, NULL},            \
		{"failover_pair_id", VALUE_STRING, PROPERTY_NONE, EVER, 0, NULL},                  \
		{"acpi-index", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},                           \
		{"busnr", VALUE_ANY, PROPERTY_NONE, SINCE(V9_1), 0, NULL},                         \
		{"x-pcie-lnksta-dllla", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                \
		{"x-pcie-extcap-init", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                 \
		{"x-pcie-err-unc-mask", VALUE_BOOL, PROPERTY_NONE, SINCE(V8_1), ON, NULL},         \
		{"x-pcie-ari-nextfn-1", VALUE_BOOL, PROPERTY_NONE, SINCE(V8_1), OFF, NULL},        \
		{"x-max-bounce-buffer-size", VALUE_ANY, PROPERTY_NONE, SINCE(V9_1), 0, NULL},      \
		{"x-pcie-ext-tag", VALUE_BOOL, PROPERTY_NONE, SINCE(V10_0), ON, NULL},             \
	{                                                                                          \
		"sriov-pf", VALUE_STRING, PROPERTY_NONE, SINCE(V10_1), 0, NULL                     \
	}

/* Properties of virtio devices on PCI, of which only the names matter. */
#define VIRTIO_PCI_PROPERTIES                                                                        \
	{"ioeventfd", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                                    \
		{"vectors", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},                                \
		{"class", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},                                  \
		{"disable-legacy", VALUE_ON_OFF_AUTO, PROPERTY_NONE, EVER, AUTO, NULL},              \
		{"disable-modern", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},                      \
		{"virtio-pci-bus-master-bug-migration", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL}, \
		{"migrate-extra", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                        \
		{"modern-pio-notify", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},                   \
		{"page-per-vq", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},                         \
		{"ats", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},                                 \
		{"aer", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},                                 \
		{"iommu_platform", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},                      \
		{"packed", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},                              \
		{"queue_reset", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                          \
		{"in_order", VALUE_BOOL, PROPERTY_NONE, SINCE(V9_2), OFF, NULL},                     \
		{"indirect_desc", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                        \
		{"event_idx", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                            \
		{"notify_on_empty", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                      \
		{"any_layout", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                           \
		{"use-started", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL},                          \
	{                                                                                            \
		"use-disabled-flag", VALUE_BOOL, PROPERTY_NONE, EVER, ON, NULL                       \
	}

static const struct property_def virtio_properties[] = {
	{"aw-bits", VALUE_U8, PROPERTY_AW_BITS, SINCE(V9_0), 64, "QEMU default"},
	{"granule", VALUE_GRANULE, PROPERTY_GRANULE, SINCE(V9_0), GRANULE_HOST,
	 "QEMU default since 9.0"},
	{"boot-bypass", VALUE_BOOL, PROPERTY_BOOT_BYPASS, EVER, ON, NULL},
	{"primary-bus", VALUE_STRING, PROPERTY_NONE, EVER, 0, NULL},
	{"reserved-regions", VALUE_ANY, PROPERTY_NONE, SINCE(V8_2), 0, NULL},
	{"len-reserved-regions", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},
	VIRTIO_PCI_PROPERTIES,
	PCI_PROPERTIES,
};

/* hw/arm/smmuv3.c, smmu-common.c */
static const struct property_def smmuv3_properties[] = {
	{"stage", VALUE_STRING, PROPERTY_STAGE, SINCE(V8_1), 1, NULL},
	{"accel", VALUE_BOOL, PROPERTY_ACCEL, SINCE(V11_0), OFF, NULL},
	{"ril", VALUE_ON_OFF_AUTO, PROPERTY_RIL, V11_0, V11_1, ON, NULL},
	{"ril", VALUE_ON_OFF_AUTO, PROPERTY_RIL, SINCE(V11_1), AUTO, "QEMU default since 11.1"},
	{"ats", VALUE_ON_OFF_AUTO, PROPERTY_ATS, V11_0, V11_1, OFF, NULL},
	{"ats", VALUE_ON_OFF_AUTO, PROPERTY_ATS, SINCE(V11_1), AUTO, "QEMU default since 11.1"},
	{"oas", VALUE_OAS, PROPERTY_OAS, V11_0, V11_1, 44, NULL},
	{"oas", VALUE_OAS, PROPERTY_OAS, SINCE(V11_1), OAS_AUTO, "QEMU default since 11.1"},
	{"ssidsize", VALUE_SSIDSIZE, PROPERTY_SSIDSIZE, V11_0, V11_1, 0, NULL},
	{"ssidsize", VALUE_SSIDSIZE, PROPERTY_SSIDSIZE, SINCE(V11_1), SSIDSIZE_AUTO,
	 "QEMU default since 11.1"},
	{"cmdqv", VALUE_ON_OFF_AUTO, PROPERTY_CMDQV, SINCE(V11_1), AUTO, NULL},
	{"identifier", VALUE_U8, PROPERTY_IDENTIFIER, SINCE(V11_1), 0, NULL},
	{"msi-gpa", VALUE_U64, PROPERTY_MSI_GPA, SINCE(V11_0), 0, NULL},
	{"smmu_per_bus", VALUE_BOOL, PROPERTY_SMMU_PER_BUS, SINCE(V10_2), OFF, NULL},
	{"primary-bus", VALUE_LINK, PROPERTY_PRIMARY_BUS, EVER, 0, NULL},
	{"bus_num", VALUE_U8, PROPERTY_NONE, EVER, 0, NULL},
	{"memory", VALUE_LINK, PROPERTY_NONE, SINCE(V11_0), 0, NULL},
	{"secure-memory", VALUE_LINK, PROPERTY_NONE, SINCE(V11_0), 0, NULL},
};

#define VFIO_PROPERTIES                                                                            \
	{"host", VALUE_HOST, PROPERTY_HOST, EVER, 0, NULL},                                        \
		{"sysfsdev", VALUE_STRING, PROPERTY_SYSFSDEV, EVER, 0, NULL},                      \
		{"iommufd", VALUE_LINK, PROPERTY_IOMMUFD, SINCE(V9_0), 0, NULL},                   \
		{"fd", VALUE_STRING, PROPERTY_FD, SINCE(V9_0), 0, NULL},                           \
		{"vf-token", VALUE_ANY, PROPERTY_NONE, SINCE(V8_1), 0, NULL},                      \
		{"display", VALUE_ON_OFF_AUTO, PROPERTY_NONE, EVER, OFF, NULL},                    \
		{"xres", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},                                 \
		{"yres", VALUE_U32, PROPERTY_NONE, EVER, 0, NULL},                                 \
		{"bootindex", VALUE_I32, PROPERTY_NONE, EVER, -1, NULL},                           \
		{"enable-migration", VALUE_ON_OFF_AUTO, PROPERTY_NONE, EVER, AUTO, NULL},          \
		{"migration-events", VALUE_BOOL, PROPERTY_NONE, SINCE(V9_1), OFF, NULL},           \
		{"skip-vsc-check", VALUE_BOOL, PROPERTY_NONE, SINCE(V9_2), ON, NULL},              \
		{"use-legacy-x86-rom", VALUE_BOOL, PROPERTY_NONE, SINCE(V10_2), OFF, NULL},        \
		{"x-no-mmap", VALUE_BOOL, PROPERTY_NO_MMAP, EVER, OFF, NULL}, PCI_PROPERTIES

static const struct property_def vfio_properties[] = {VFIO_PROPERTIES};
static const struct property_def vfio_nohotplug_properties[] = {
	VFIO_PROPERTIES,
	{"ramfb", VALUE_BOOL, PROPERTY_NONE, EVER, OFF, NULL},
	{"use-legacy-x86-rom", VALUE_BOOL, PROPERTY_NONE, SINCE(V10_2), OFF, NULL},
};

static const struct property_def pxb_properties[] = {
	{"bypass_iommu", VALUE_BOOL, PROPERTY_BYPASS_IOMMU, EVER, OFF, NULL},
	{"bus_nr", VALUE_U8, PROPERTY_BUS_NR, EVER, 0, NULL},
	{"numa_node", VALUE_U16, PROPERTY_NONE, EVER, 0, NULL},
	PCI_PROPERTIES,
};

static const struct property_def pci_properties[] = {PCI_PROPERTIES};

static const struct property_def memory_properties[] = {
	{"memdev", VALUE_STRING, PROPERTY_MEMDEV, EVER, 0, NULL},
	{"addr", VALUE_U64, PROPERTY_MEMORY_ADDR, EVER, 0, NULL},
};

#define PROPERTIES(table) table, ARRAY_SIZE(table)

static const struct driver_def drivers[] = {
	{"intel-iommu", NULL, DRIVER_INTEL_IOMMU, BUS_SYSBUS, true, EVER,
	 PROPERTIES(intel_properties)},
	{"amd-iommu", NULL, DRIVER_AMD_IOMMU, BUS_SYSBUS, true, EVER, PROPERTIES(amd_properties)},
	{"arm-smmuv3", NULL, DRIVER_SMMUV3, BUS_SYSBUS, true, EVER, PROPERTIES(smmuv3_properties)},
	{"virtio-iommu-pci", "virtio-iommu", DRIVER_VIRTIO_IOMMU, BUS_PCI, true, EVER,
	 PROPERTIES(virtio_properties)},
	{"vfio-pci", NULL, DRIVER_VFIO_PCI, BUS_PCI, true, EVER, PROPERTIES(vfio_properties)},
	{"vfio-pci-nohotplug", NULL, DRIVER_VFIO_PCI, BUS_PCI, true, EVER,
	 PROPERTIES(vfio_nohotplug_properties)},
	{"pcie-root-port", NULL, DRIVER_ROOT_PORT, BUS_PCI, false, EVER,
	 PROPERTIES(pci_properties)},
	{"ioh3420", NULL, DRIVER_ROOT_PORT, BUS_PCI, false, EVER, PROPERTIES(pci_properties)},
	{"x3130-upstream", NULL, DRIVER_ROOT_PORT, BUS_PCI, false, EVER,
	 PROPERTIES(pci_properties)},
	{"xio3130-downstream", NULL, DRIVER_ROOT_PORT, BUS_PCI, false, EVER,
	 PROPERTIES(pci_properties)},
	{"pcie-pci-bridge", NULL, DRIVER_PCI_BRIDGE, BUS_PCI, false, EVER,
	 PROPERTIES(pci_properties)},
	{"pci-bridge", NULL, DRIVER_PCI_BRIDGE, BUS_PCI, false, EVER, PROPERTIES(pci_properties)},
	{"i82801b11-bridge", NULL, DRIVER_PCI_BRIDGE, BUS_PCI, false, EVER,
	 PROPERTIES(pci_properties)},
	{"pxb-pcie", NULL, DRIVER_PXB, BUS_PCI, false, EVER, PROPERTIES(pxb_properties)},
	{"pxb-cxl", NULL, DRIVER_PXB, BUS_PCI, false, EVER, PROPERTIES(pxb_properties)},
	{"pc-dimm", NULL, DRIVER_MEMORY, BUS_OTHER, false, EVER, PROPERTIES(memory_properties)},
	{"nvdimm", NULL, DRIVER_MEMORY, BUS_OTHER, false, EVER, PROPERTIES(memory_properties)},
	{"pxb", NULL, DRIVER_PXB, BUS_PCI, false, EVER, PROPERTIES(pxb_properties)},
};

const struct driver_def driver_any_pci = {
	NULL, NULL, DRIVER_OTHER, BUS_PCI, false, EVER, PROPERTIES(pci_properties)};

#define SMMU_COMPAT "compatibility default of machine types up to 11.0"

/* hw/core/machine.c hw_compat_*, hw/i386/pc.c pc_compat_*, hw/i386/pc_q35.c class defaults. First
 * match wins. */
static const struct compat_def compats[] = {
	{DRIVER_INTEL_IOMMU, PROPERTY_AW_BITS, MACHINE_UNKNOWN, 0, V9_2, SINCE(V10_0), 39,
	 "compatibility default of machine types up to 9.1"},
	{DRIVER_INTEL_IOMMU, PROPERTY_STALE_TM, MACHINE_UNKNOWN, 0, V9_2, SINCE(V9_2), ON,
	 "compatibility default of machine types up to 9.1"},
	{DRIVER_SMMUV3, PROPERTY_RIL, MACHINE_UNKNOWN, 0, V11_1, SINCE(V11_1), ON, SMMU_COMPAT},
	{DRIVER_SMMUV3, PROPERTY_ATS, MACHINE_UNKNOWN, 0, V11_1, SINCE(V11_1), OFF, SMMU_COMPAT},
	{DRIVER_SMMUV3, PROPERTY_OAS, MACHINE_UNKNOWN, 0, V11_1, SINCE(V11_1), 44, SMMU_COMPAT},
	{DRIVER_SMMUV3, PROPERTY_SSIDSIZE, MACHINE_UNKNOWN, 0, V11_1, SINCE(V11_1), 0, SMMU_COMPAT},
	{DRIVER_INTEL_IOMMU, PROPERTY_DMA_DRAIN, MACHINE_UNKNOWN, 0, QEMU(4, 0, 0), UNTIL(V11_1),
	 OFF, "compatibility default of machine types up to 3.1"},
	{DRIVER_INTEL_IOMMU, PROPERTY_PT, MACHINE_UNKNOWN, 0, QEMU(2, 10, 0), UNTIL(V11_1), OFF,
	 "compatibility default of machine types up to 2.9"},
	{DRIVER_VIRTIO_IOMMU, PROPERTY_AW_BITS, MACHINE_UNKNOWN, 0, V9_0, SINCE(V9_0), 64,
	 "compatibility default of machine types up to 8.2"},
	{DRIVER_VIRTIO_IOMMU, PROPERTY_AW_BITS, MACHINE_Q35, V9_0, QEMU_NEVER, SINCE(V9_0), 39,
	 "default of q35 since 9.0"},
	{DRIVER_VIRTIO_IOMMU, PROPERTY_AW_BITS, MACHINE_VIRT, V9_0, QEMU_NEVER, SINCE(V9_0), 48,
	 "default of virt since 9.0"},
	{DRIVER_VIRTIO_IOMMU, PROPERTY_GRANULE, MACHINE_UNKNOWN, 0, V9_0, SINCE(V9_0), GRANULE_4K,
	 "compatibility default of machine types up to 8.2"},
};

const char *const granule_names[] = {"4k", "8k", "16k", "64k", "host", NULL};

const struct driver_def *driver_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (str_eq(name, drivers[i].name) ||
		    (drivers[i].alias && str_eq(name, drivers[i].alias)))
			return &drivers[i];
	}
	return NULL;
}

const char *driver_nearest(const char *name)
{
	const char *found = NULL;
	unsigned best = STR_FAR;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		unsigned steps = str_distance(name, drivers[i].name);

		if (steps && steps < best && str_is_near(steps, drivers[i].name)) {
			best = steps;
			found = drivers[i].name;
		}
	}
	return found;
}

static int compare_names(const void *name, const void *device)
{
	return strcmp(name, ((const struct known_device *)device)->name);
}

const struct known_device *known_device(const char *name)
{
	return bsearch(name, known_devices, n_known_devices, sizeof(known_devices[0]),
		       compare_names);
}

bool known_device_in(const struct known_device *device, uint32_t binary, bool is_arm)
{
	static const uint32_t asked[] = {V7_2, V10_0, V11_1};
	unsigned versions = is_arm ? device->versions >> ARRAY_SIZE(asked) : device->versions;
	unsigned mask = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(asked); i++) {
		bool is_before_next = i + 1 == ARRAY_SIZE(asked) || binary < asked[i + 1];

		if (binary >= asked[i] && is_before_next)
			mask = QEMU_RELEASE(binary) == asked[i] || i + 1 == ARRAY_SIZE(asked)
				       ? 1u << i
				       : 3u << i;
	}
	return (versions & mask) != 0;
}

const struct property_def *driver_property(const struct driver_def *driver, const char *name,
					   uint32_t binary)
{
	for (size_t i = 0; i < driver->n_properties; i++) {
		const struct property_def *property = &driver->properties[i];

		if (binary >= property->since && binary < property->until &&
		    str_eq(name, property->name))
			return property;
	}
	return NULL;
}

const struct property_def *driver_property_by_id(const struct driver_def *driver,
						 enum property_id id, uint32_t binary)
{
	for (size_t i = 0; i < driver->n_properties; i++) {
		const struct property_def *property = &driver->properties[i];

		if (property->id == id && binary >= property->since && binary < property->until)
			return property;
	}
	return NULL;
}

const struct compat_def *compat_find(enum driver_kind driver, enum property_id property,
				     const struct machine_type *machine, uint32_t binary)
{
	uint32_t version = machine->version ? machine->version : QEMU_RELEASE(binary);

	for (size_t i = 0; i < ARRAY_SIZE(compats); i++) {
		const struct compat_def *c = &compats[i];

		if (c->driver == driver && c->property == property && version >= c->machine_from &&
		    version < c->machine_until && binary >= c->binary_since &&
		    binary < c->binary_until &&
		    (c->family == MACHINE_UNKNOWN || c->family == machine->family))
			return c;
	}
	return NULL;
}
