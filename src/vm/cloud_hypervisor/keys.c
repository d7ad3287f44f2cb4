/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cloud Hypervisor's options and their settings, with the version that brought them. */
#include "vm/cloud_hypervisor/cloud_hypervisor.h"

#define U8 255
#define U16 65535

static const struct ch_key platform[] = {
	{"num_pci_segments", NULL, CH_NUMBER, U16, 0},
	{"iommu_segments", NULL, CH_LIST, 0, 0},
	{"iommu_address_width", "iommu_address_width_bits", CH_NUMBER, U8, CH_VERSION(44)},
	{"iommufd", NULL, CH_SWITCH, 0, CH_VERSION(52)},
	{"vfio_p2p_dma", NULL, CH_SWITCH, 0, CH_VERSION(52)},
	{"serial_number", NULL, CH_ANY, 0, 0},
	{"uuid", NULL, CH_ANY, 0, 0},
	{"oem_strings", NULL, CH_ANY, 0, 0},
	{"tdx", NULL, CH_ANY, 0, 0},
	{"sev_snp", NULL, CH_ANY, 0, 0},
	{"iommufd_fd", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"system_serial_number", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"system_uuid", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"system_manufacturer", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"system_product_name", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"system_version", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"system_family", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"system_sku_number", NULL, CH_ANY, 0, CH_VERSION(52)},
	{"chassis_asset_tag", NULL, CH_ANY, 0, CH_VERSION(52)},
};

static const struct ch_key cpus[] = {
	{"boot", "boot_vcpus", CH_NUMBER, UINT32_MAX, 0},
	{"max", "max_vcpus", CH_NUMBER, UINT32_MAX, 0},
	{"max_phys_bits", NULL, CH_NUMBER, U8, 0},
	{"topology", NULL, CH_ANY, 0, 0},
	{"kvm_hyperv", NULL, CH_ANY, 0, 0},
	{"affinity", NULL, CH_ANY, 0, 0},
	{"features", NULL, CH_ANY, 0, 0},
	{"nested", NULL, CH_ANY, 0, 0},
	{"core_scheduling", NULL, CH_ANY, 0, 0},
	{"profile", NULL, CH_ANY, 0, 0},
};

static const struct ch_key memory[] = {
	{"size", NULL, CH_SIZE, 0, 0},	       {"hotplug_method", NULL, CH_TEXT, 0, 0},
	{"hotplug_size", NULL, CH_SIZE, 0, 0}, {"hotplugged_size", NULL, CH_SIZE, 0, 0},
	{"mergeable", NULL, CH_ANY, 0, 0},     {"shared", NULL, CH_ANY, 0, 0},
	{"hugepages", NULL, CH_ANY, 0, 0},     {"hugepage_size", NULL, CH_ANY, 0, 0},
	{"prefault", NULL, CH_ANY, 0, 0},      {"thp", NULL, CH_ANY, 0, 0},
	{"file", NULL, CH_ANY, 0, 0},	       {"reserve", NULL, CH_ANY, 0, 0},
};

static const struct ch_key zone[] = {
	{"id", NULL, CH_TEXT, 0, 0},
	{"size", NULL, CH_SIZE, 0, 0},
	{"hotplug_size", NULL, CH_SIZE, 0, 0},
	{"hotplugged_size", NULL, CH_SIZE, 0, 0},
};

static const struct ch_key segment[] = {
	{"pci_segment", NULL, CH_NUMBER, U16, 0},
	{"mmio32_aperture_weight", NULL, CH_NUMBER, UINT32_MAX, 0},
	{"mmio64_aperture_weight", NULL, CH_NUMBER, UINT32_MAX, 0},
};

static const struct ch_key console[] = {
	{"off", NULL, CH_WORD, 0, 0},
	{"tty", NULL, CH_WORD, 0, 0},
	{"pty", NULL, CH_WORD, 0, 0},
	{"null", NULL, CH_WORD, 0, 0},
	{"mode", NULL, CH_TEXT, 0, 0},
	{"iommu", NULL, CH_SWITCH, 0, 0},
	{"id", NULL, CH_TEXT, 0, 0},
	{"pci_segment", NULL, CH_NUMBER, U16, 0},
	{"pci_device_id", NULL, CH_NUMBER, U8, 0},
};

/* What devices of all kinds have. */
#define PLACED                                                                                     \
	{"iommu", NULL, CH_SWITCH, 0, 0}, {"id", NULL, CH_TEXT, 0, 0},                             \
		{"pci_segment", NULL, CH_NUMBER, U16, 0},                                          \
	{                                                                                          \
		"pci_device_id", NULL, CH_NUMBER, U8, 0                                            \
	}

static const struct ch_key disk[] = {PLACED, {"vhost_user", NULL, CH_SWITCH, 0, 0}};
static const struct ch_key net[] = {PLACED, {"vhost_user", NULL, CH_SWITCH, 0, 0}};
static const struct ch_key placed[] = {PLACED};
static const struct ch_key pmem[] = {PLACED, {"size", NULL, CH_SIZE, 0, 0}};
static const struct ch_key device[] = {
	PLACED,
	{"path", NULL, CH_TEXT, 0, 0},
	{"x_nv_gpudirect_clique", NULL, CH_ANY, 0, 0},
	{"x_exclude_mmap_bars", NULL, CH_LIST, 0, CH_VERSION(52)},
	{"fd", NULL, CH_ANY, 0, CH_VERSION(52)},
};

#define KEYS(table) table, ARRAY_SIZE(table)

const struct ch_section ch_sections[CH_SECTIONS] = {
	[CH_PLATFORM] = {"platform", "platform", CH_OBJECT, true, KEYS(platform)},
	[CH_CPUS] = {"cpus", "cpus", CH_OBJECT, true, KEYS(cpus)},
	[CH_MEMORY] = {"memory", "memory", CH_OBJECT, true, KEYS(memory)},
	[CH_ZONE] = {"memory-zone", "zones", CH_ARRAY, false, KEYS(zone)},
	[CH_SEGMENT] = {"pci-segment", "pci_segments", CH_ARRAY, true, KEYS(segment)},
	[CH_CONSOLE] = {"console", "console", CH_OBJECT, false, KEYS(console)},
	[CH_DISK] = {"disk", "disks", CH_ARRAY, false, KEYS(disk)},
	[CH_NET] = {"net", "net", CH_ARRAY, false, KEYS(net)},
	[CH_RNG] = {"rng", "rng", CH_OBJECT, false, KEYS(placed)},
	[CH_FS] = {"fs", "fs", CH_ARRAY, false, KEYS(placed)},
	[CH_PMEM] = {"pmem", "pmem", CH_ARRAY, false, KEYS(pmem)},
	[CH_VSOCK] = {"vsock", "vsock", CH_OBJECT, false, KEYS(placed)},
	[CH_BALLOON] = {"balloon", "balloon", CH_OBJECT, false, KEYS(placed)},
	[CH_WATCHDOG] = {"watchdog", "watchdog", CH_FLAG, false, NULL, 0},
	[CH_VDPA] = {"vdpa", "vdpa", CH_ARRAY, false, KEYS(placed)},
	[CH_DEVICE] = {"device", "devices", CH_ARRAY, true, KEYS(device)},
	[CH_USER_DEVICE] = {"user-device", "user_devices", CH_ARRAY, false, KEYS(placed)},
	[CH_IOMMU] = {NULL, "iommu", CH_FLAG, false, NULL, 0},
};

const struct ch_key *ch_key_find(const struct ch_section *section, const char *name)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		if (str_eq(section->keys[i].name, name))
			return &section->keys[i];
	}
	return NULL;
}

const char *ch_member(const struct ch_key *key)
{
	return key->member ? key->member : key->name;
}
