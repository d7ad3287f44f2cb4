// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * capture_list.c - every path that a capture may hold. A fact that the loader learns to read needs
 * its path here; the test that compares a host with the host from its capture fails otherwise.
 */
#include "host/capture.h"

static const struct capture_leaf proc_leaves[] = {
	{"version", CAPTURE_FILE, CAPTURE_VERSION},
	{"cmdline", CAPTURE_FILE, CAPTURE_CMDLINE},
	{"cpuinfo", CAPTURE_FILE, CAPTURE_CPUINFO},
	{"interrupts", CAPTURE_FILE, CAPTURE_INTERRUPTS},
	{"misc", CAPTURE_FILE, CAPTURE_AS_IS},
	{"devices", CAPTURE_FILE, CAPTURE_AS_IS},
	{"config.gz", CAPTURE_FILE, CAPTURE_KCONFIG_GZ},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf kernel_config_leaves[] = {
	{"config-*", CAPTURE_FILE, CAPTURE_KCONFIG},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf modprobe_leaves[] = {
	{"*", CAPTURE_FILE, CAPTURE_MODPROBE},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

/* Logs that a root may hold; that of the live kernel is asked for with a system call. */
static const struct capture_leaf lab_log_leaves[] = {
	{"dmesg.txt", CAPTURE_FILE, CAPTURE_LOG},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf stored_log_leaves[] = {
	{"dmesg", CAPTURE_FILE, CAPTURE_LOG},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

/* What the kernel answered to probe: only if it was in this boot, and without its boot id. */
static const struct capture_leaf run_leaves[] = {
	{"measured.json", CAPTURE_FILE, CAPTURE_MEASURED},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf dev_leaves[] = {
	{"iommu", CAPTURE_MARK, CAPTURE_AS_IS},	    {"kvm", CAPTURE_MARK, CAPTURE_AS_IS},
	{"vfio/vfio", CAPTURE_MARK, CAPTURE_AS_IS}, {"vfio/devices", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf table_leaves[] = {
	{"DMAR", CAPTURE_FILE, CAPTURE_TABLE}, {"IVRS", CAPTURE_FILE, CAPTURE_TABLE},
	{"IORT", CAPTURE_FILE, CAPTURE_TABLE}, {"VIOT", CAPTURE_FILE, CAPTURE_TABLE},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

/* The folders themselves: "there is none" and "it was not looked for" are different answers. */
static const struct capture_leaf sys_leaves[] = {
	{"class/iommu", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"class/iommu/*", CAPTURE_LINK, CAPTURE_AS_IS},
	{"kernel/iommu_groups", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"bus/pci/devices", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"bus/pci/devices/*", CAPTURE_LINK, CAPTURE_AS_IS},
	{"firmware/acpi/tables", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"kernel/irq/[0-9]/chip_name", CAPTURE_FILE, CAPTURE_AS_IS},
	{"kernel/mm/hugepages/*/free_hugepages", CAPTURE_FILE, CAPTURE_AS_IS},
	{"kernel/mm/hugepages/*/nr_hugepages", CAPTURE_FILE, CAPTURE_AS_IS},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf module_leaves[] = {
	{"iommufd/parameters/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"kvm/parameters/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"kvm_amd/parameters/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"kvm_intel/parameters/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"vfio/parameters/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"vfio_iommu_type1/parameters/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"vfio_pci/parameters/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"iommufd", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"vfio", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"vfio_iommu_type1", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"vfio_pci", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf unit_leaves[] = {
	{"intel-iommu/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"amd-iommu/*", CAPTURE_FILE, CAPTURE_AS_IS},
	{"device", CAPTURE_LINK, CAPTURE_AS_IS},
	{"devices", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"devices/*", CAPTURE_LINK, CAPTURE_AS_IS},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf group_leaves[] = {
	{"type", CAPTURE_FILE, CAPTURE_AS_IS},
	{"name", CAPTURE_FILE, CAPTURE_AS_IS},
	{"reserved_regions", CAPTURE_FILE, CAPTURE_AS_IS},
	{"devices", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"devices/*", CAPTURE_LINK, CAPTURE_AS_IS},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

static const struct capture_leaf device_leaves[] = {
	{"vendor", CAPTURE_FILE, CAPTURE_AS_IS},
	{"device", CAPTURE_FILE, CAPTURE_AS_IS},
	{"subsystem_vendor", CAPTURE_FILE, CAPTURE_AS_IS},
	{"subsystem_device", CAPTURE_FILE, CAPTURE_AS_IS},
	{"class", CAPTURE_FILE, CAPTURE_AS_IS},
	{"revision", CAPTURE_FILE, CAPTURE_AS_IS},
	{"resource", CAPTURE_FILE, CAPTURE_AS_IS},
	{"resource0_resize", CAPTURE_FILE, CAPTURE_AS_IS},
	{"resource1_resize", CAPTURE_FILE, CAPTURE_AS_IS},
	{"resource2_resize", CAPTURE_FILE, CAPTURE_AS_IS},
	{"resource3_resize", CAPTURE_FILE, CAPTURE_AS_IS},
	{"resource4_resize", CAPTURE_FILE, CAPTURE_AS_IS},
	{"resource5_resize", CAPTURE_FILE, CAPTURE_AS_IS},
	{"numa_node", CAPTURE_FILE, CAPTURE_AS_IS},
	{"dma_mask_bits", CAPTURE_FILE, CAPTURE_AS_IS},
	{"driver_override", CAPTURE_FILE, CAPTURE_AS_IS},
	{"reset_method", CAPTURE_FILE, CAPTURE_AS_IS},
	{"sriov_totalvfs", CAPTURE_FILE, CAPTURE_AS_IS},
	{"sriov_numvfs", CAPTURE_FILE, CAPTURE_AS_IS},
	{"config", CAPTURE_FILE, CAPTURE_CONFIG_SPACE},
	{"driver", CAPTURE_LINK, CAPTURE_AS_IS},
	{"iommu", CAPTURE_LINK, CAPTURE_AS_IS},
	{"iommu_group", CAPTURE_LINK, CAPTURE_AS_IS},
	{"physfn", CAPTURE_LINK, CAPTURE_AS_IS},
	{"vfio-dev", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{"vfio-dev/*", CAPTURE_FOLDER, CAPTURE_AS_IS},
	{NULL, CAPTURE_FILE, CAPTURE_AS_IS},
};

const struct capture_place capture_places[] = {
	{"/proc", proc_leaves},
	{"/boot", kernel_config_leaves},
	{"/etc/modprobe.d", modprobe_leaves},
	{"/lab", lab_log_leaves},
	{"/var/log", stored_log_leaves},
	{"/dev", dev_leaves},
	{"/run/iommufit", run_leaves},
	{"/sys", sys_leaves},
	{"/sys/module", module_leaves},
	{"/sys/firmware/acpi/tables", table_leaves},
	{"/sys/class/iommu/*", unit_leaves},
	{"/sys/kernel/iommu_groups/*", group_leaves},
	{"/sys/bus/pci/devices/*", device_leaves},
	{NULL, NULL},
};
