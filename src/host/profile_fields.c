// SPDX-License-Identifier: LGPL-2.1-or-later
/* profile_fields.c - the members of a profile and where they live in the structures of host.h. */
#include "host/profile.h"

const char *const iommu_names[] = {"unknown",	 "none",       "intel-vtd",
				   "amd-vi",	 "arm-smmuv3", "virtio-iommu",
				   "arm-smmuv2", "other",      NULL};
const char *const provenance_names[] = {"unknown", "measured", "read", "assumed", NULL};
const char *const region_names[] = {"unknown",	"direct", "direct-relaxable",
				    "reserved", "msi",	  NULL};
const char *const tristate_names[] = {"unknown", "no", "yes", NULL};

#define PLAIN(key_, type_, object_, member_)                                                       \
	{                                                                                          \
		.key = key_, .type = type_, .offset = offsetof(struct object_, member_),           \
		.present = NOT_OPTIONAL                                                            \
	}
#define NEEDED(key_, type_, object_, member_)                                                      \
	{                                                                                          \
		.key = key_, .type = type_, .offset = offsetof(struct object_, member_),           \
		.present = NOT_OPTIONAL, .required = true                                          \
	}
#define LIMITED(key_, type_, object_, member_, max_)                                               \
	{                                                                                          \
		.key = key_, .type = type_, .offset = offsetof(struct object_, member_),           \
		.max = max_, .present = NOT_OPTIONAL                                               \
	}
#define NAMED(key_, object_, member_, names_)                                                      \
	{                                                                                          \
		.key = key_, .type = FIELD_ENUM, .offset = offsetof(struct object_, member_),      \
		.names = names_, .present = NOT_OPTIONAL                                           \
	}
#define OPTIONAL(key_, type_, object_, member_, has_)                                              \
	{                                                                                          \
		.key = key_, .type = type_, .offset = offsetof(struct object_, member_),           \
		.present = offsetof(struct object_, has_)                                          \
	}
#define END                                                                                        \
	{                                                                                          \
		.key = NULL                                                                        \
	}

const struct profile_field profile_host_fields[] = {
	PLAIN("name", FIELD_STRING, iof_host, name),
	PLAIN("source", FIELD_STRING, iof_host, source),
	PLAIN("hypothetical", FIELD_BOOL, iof_host, is_hypothetical),
	PLAIN("read_as_root", FIELD_BOOL, iof_host, read_as_root),
	{.key = "iommu",
	 .type = FIELD_ENUM,
	 .offset = offsetof(struct iof_host, iommu),
	 .names = iommu_names,
	 .present = NOT_OPTIONAL,
	 .required = true},
	PLAIN("iommu_why", FIELD_STRING, iof_host, iommu_why),
	END};

const struct profile_field profile_cpu_fields[] = {
	PLAIN("vendor", FIELD_STRING, iof_host, cpu.vendor),
	PLAIN("model", FIELD_STRING, iof_host, cpu.model),
	PLAIN("arm", FIELD_BOOL, iof_host, cpu.is_arm),
	LIMITED("phys_bits", FIELD_UNSIGNED, iof_host, cpu.phys_bits, 64),
	LIMITED("virt_bits", FIELD_UNSIGNED, iof_host, cpu.virt_bits, 64),
	LIMITED("raw_phys_bits", FIELD_UNSIGNED, iof_host, cpu.raw_phys_bits, 64),
	LIMITED("guest_phys_bits", FIELD_UNSIGNED, iof_host, cpu.guest_phys_bits, 64),
	LIMITED("reduced_by", FIELD_UNSIGNED, iof_host, cpu.reduced_by, 64),
	PLAIN("la57", FIELD_BOOL, iof_host, cpu.la57),
	PLAIN("guest", FIELD_BOOL, iof_host, cpu.is_guest),
	END};

const struct profile_field profile_kernel_fields[] = {
	PLAIN("release", FIELD_STRING, iof_host, kernel_release),
	PLAIN("assumed", FIELD_BOOL, iof_host, kernel_assumed),
	PLAIN("command_line", FIELD_STRING, iof_host, cmdline),
	LIMITED("page_size", FIELD_UNSIGNED, iof_host, page_size, 1u << 30),
	PLAIN("iommufd", FIELD_TRISTATE, iof_host, iommufd),
	PLAIN("vfio_group", FIELD_TRISTATE, iof_host, vfio_group),
	PLAIN("vfio_cdev", FIELD_TRISTATE, iof_host, vfio_cdev),
	PLAIN("interrupt_remapping", FIELD_TRISTATE, iof_host, interrupt_remapping),
	PLAIN("unsafe_interrupts_legacy", FIELD_TRISTATE, iof_host, unsafe_legacy),
	PLAIN("unsafe_interrupts_iommufd", FIELD_TRISTATE, iof_host, unsafe_iommufd),
	PLAIN("dma_entry_limit", FIELD_U64, iof_host, dma_entry_limit),
	PLAIN("scalable_mode", FIELD_TRISTATE, iof_host, scalable_mode),
	PLAIN("scalable_mode_measured", FIELD_BOOL, iof_host, scalable_is_learned),
	PLAIN("snp_host", FIELD_BOOL, iof_host, snp_host),
	END};

const struct profile_field profile_dmar_fields[] = {
	PLAIN("present", FIELD_BOOL, iof_host, has_dmar),
	PLAIN("read", FIELD_BOOL, iof_host, dmar_read),
	LIMITED("host_address_width", FIELD_UNSIGNED, iof_host, dmar_haw, 256), END};

const struct profile_field profile_ivrs_fields[] = {
	PLAIN("present", FIELD_BOOL, iof_host, has_ivrs),
	PLAIN("read", FIELD_BOOL, iof_host, ivrs_read),
	LIMITED("va_size", FIELD_UNSIGNED, iof_host, ivrs_va_size, 256),
	PLAIN("ht_ats_reserved", FIELD_BOOL, iof_host, ivrs_ht_ats_resv), END};

const struct profile_field profile_iort_fields[] = {
	PLAIN("present", FIELD_BOOL, iof_host, has_iort),
	PLAIN("read", FIELD_BOOL, iof_host, iort_read), END};

const struct profile_field profile_viot_fields[] = {
	PLAIN("present", FIELD_BOOL, iof_host, has_viot),
	PLAIN("read", FIELD_BOOL, iof_host, viot_read), END};

const struct profile_part profile_acpi_parts[] = {
	{"dmar", profile_dmar_fields},
	{"ivrs", profile_ivrs_fields},
	{"iort", profile_iort_fields},
	{"viot", profile_viot_fields},
	{NULL, NULL},
};

const struct profile_field profile_unit_fields[] = {
	NEEDED("name", FIELD_STRING, iommu_unit, name),
	{.key = "kind",
	 .type = FIELD_ENUM,
	 .offset = offsetof(struct iommu_unit, kind),
	 .names = iommu_names,
	 .present = NOT_OPTIONAL,
	 .required = true},
	PLAIN("virtual", FIELD_BOOL, iommu_unit, is_virtual),
	NAMED("provenance", iommu_unit, provenance, provenance_names),
	PLAIN("path", FIELD_STRING, iommu_unit, path),
	LIMITED("version_major", FIELD_UNSIGNED, iommu_unit, version_major, 255),
	LIMITED("version_minor", FIELD_UNSIGNED, iommu_unit, version_minor, 255),
	PLAIN("address", FIELD_HEX64, iommu_unit, address),
	OPTIONAL("cap", FIELD_HEX64, iommu_unit, cap, has_cap),
	OPTIONAL("ecap", FIELD_HEX64, iommu_unit, ecap, has_ecap),
	OPTIONAL("efr", FIELD_HEX64, iommu_unit, efr, has_efr),
	OPTIONAL("efr2", FIELD_HEX64, iommu_unit, efr2, has_efr),
	OPTIONAL("idr0", FIELD_HEX32, iommu_unit, idr[0], has_idr),
	OPTIONAL("idr1", FIELD_HEX32, iommu_unit, idr[1], has_idr),
	OPTIONAL("idr2", FIELD_HEX32, iommu_unit, idr[2], has_idr),
	OPTIONAL("idr3", FIELD_HEX32, iommu_unit, idr[3], has_idr),
	OPTIONAL("idr4", FIELD_HEX32, iommu_unit, idr[4], has_idr),
	OPTIONAL("idr5", FIELD_HEX32, iommu_unit, idr[5], has_idr),
	OPTIONAL("iidr", FIELD_HEX32, iommu_unit, iidr, has_idr),
	OPTIONAL("aidr", FIELD_HEX32, iommu_unit, aidr, has_idr),
	OPTIONAL("smmu_features", FIELD_HEX32, iommu_unit, smmu_features, has_smmu_features),
	LIMITED("oas", FIELD_UNSIGNED, iommu_unit, oas, 64),
	LIMITED("input_bits", FIELD_UNSIGNED, iommu_unit, input_bits, 64),
	LIMITED("stage1_bits", FIELD_UNSIGNED, iommu_unit, stage1_bits, 64),
	LIMITED("stage2_bits", FIELD_UNSIGNED, iommu_unit, stage2_bits, 64),
	PLAIN("page_mask", FIELD_HEX64, iommu_unit, page_mask),
	PLAIN("errata_772415", FIELD_TRISTATE, iommu_unit, errata_772415),
	PLAIN("parent", FIELD_STRING, iommu_unit, parent),
	END};

const struct profile_field profile_domain_fields[] = {
	PLAIN("known", FIELD_BOOL, unit_domain, known),
	PLAIN("first", FIELD_HEX64, unit_domain, aperture_first),
	PLAIN("last", FIELD_HEX64, unit_domain, aperture_last),
	PLAIN("nest_last", FIELD_HEX64, unit_domain, nest_last),
	PLAIN("dirty_last", FIELD_HEX64, unit_domain, dirty_last),
	PLAIN("page_sizes", FIELD_HEX64, unit_domain, page_sizes),
	PLAIN("nest_parent", FIELD_TRISTATE, unit_domain, nest_parent),
	PLAIN("dirty_tracking", FIELD_TRISTATE, unit_domain, dirty_tracking),
	PLAIN("pasid", FIELD_TRISTATE, unit_domain, pasid),
	PLAIN("first_stage", FIELD_BOOL, unit_domain, first_stage),
	END};

const struct profile_field profile_group_fields[] = {
	NEEDED("id", FIELD_UNSIGNED, iommu_group, id),
	PLAIN("type", FIELD_STRING, iommu_group, type),
	NAMED("regions_provenance", iommu_group, regions_provenance, provenance_names),
	PLAIN("foreign", FIELD_STRING, iommu_group, foreign), END};

const struct profile_field profile_region_fields[] = {
	NEEDED("first", FIELD_HEX64, reserved_region, first),
	NEEDED("last", FIELD_HEX64, reserved_region, last),
	NAMED("type", reserved_region, type, region_names), END};

const struct profile_field profile_device_fields[] = {
	PLAIN("vendor", FIELD_HEX16, iof_device, vendor),
	PLAIN("device", FIELD_HEX16, iof_device, device),
	PLAIN("subsystem_vendor", FIELD_HEX16, iof_device, subsystem_vendor),
	PLAIN("subsystem_device", FIELD_HEX16, iof_device, subsystem_device),
	LIMITED("class", FIELD_HEX32, iof_device, class_code, 0xffffff),
	PLAIN("bridge", FIELD_BOOL, iof_device, is_bridge),
	PLAIN("driver", FIELD_STRING, iof_device, driver),
	PLAIN("driver_is_vfio", FIELD_BOOL, iof_device, driver_is_vfio),
	PLAIN("vfio_dev", FIELD_STRING, iof_device, vfio_dev),
	PLAIN("numa_node", FIELD_INT, iof_device, numa_node),
	PLAIN("ats", FIELD_TRISTATE, iof_device, ats),
	PLAIN("pasid", FIELD_TRISTATE, iof_device, pasid),
	LIMITED("pasid_width", FIELD_UNSIGNED, iof_device, pasid_width, 32),
	PLAIN("pri", FIELD_TRISTATE, iof_device, pri),
	PLAIN("sriov", FIELD_TRISTATE, iof_device, sriov),
	PLAIN("canwbs", FIELD_TRISTATE, iof_device, canwbs),
	PLAIN("viommu", FIELD_TRISTATE, iof_device, viommu),
	PLAIN("virtual_function", FIELD_BOOL, iof_device, is_virtual_function),
	PLAIN("complete", FIELD_BOOL, iof_device, is_complete),
	PLAIN("rom_size", FIELD_HEX64, iof_device, rom_size),
	END};

const struct profile_field profile_bar_fields[] = {
	PLAIN("address", FIELD_HEX64, pci_bar, address),
	NEEDED("size", FIELD_HEX64, pci_bar, size),
	PLAIN("io", FIELD_BOOL, pci_bar, is_io),
	PLAIN("bits64", FIELD_BOOL, pci_bar, is_64),
	PLAIN("prefetchable", FIELD_BOOL, pci_bar, is_prefetchable),
	PLAIN("resizable", FIELD_HEX64, pci_bar, resizable),
	PLAIN("msix_offset", FIELD_HEX64, pci_bar, msix_offset),
	PLAIN("msix_size", FIELD_HEX64, pci_bar, msix_size),
	END};

const struct profile_field profile_hugepage_fields[] = {
	NEEDED("size", FIELD_U64, hugepage_pool, size),
	NEEDED("free", FIELD_U64, hugepage_pool, free), END};

const struct profile_field profile_note_fields[] = {NEEDED("path", FIELD_STRING, host_note, path),
						    NEEDED("text", FIELD_STRING, host_note, text),
						    END};

const struct profile_field profile_iova_fields[] = {
	PLAIN("known", FIELD_BOOL, device_iova, known),
	LIMITED("width", FIELD_UNSIGNED, device_iova, width, 64),
	LIMITED("nest_width", FIELD_UNSIGNED, device_iova, nest_width, 64),
	LIMITED("dirty_width", FIELD_UNSIGNED, device_iova, dirty_width, 64),
	PLAIN("page_sizes", FIELD_HEX64, device_iova, page_sizes),
	END};

/* ---- what was measured ---- */

#define MAX_ERRNO 4095 /* as Linux has it */

const struct profile_field profile_measured_device_fields[] = {
	PLAIN("unit", FIELD_STRING, measured_device, unit),
	PLAIN("group", FIELD_INT, measured_device, group), END};

const struct profile_field profile_measured_fields[] = {
	PLAIN("boot_id", FIELD_STRING, measured_device, boot_id),
	PLAIN("kernel", FIELD_STRING, measured_device, kernel),
	PLAIN("dma_available", FIELD_U64, measured_device, dma_available), END};

const struct profile_field profile_measured_viommu_fields[] = {
	LIMITED("errno", FIELD_UNSIGNED, measured_device, viommu_error, MAX_ERRNO), END};

const struct profile_field profile_measured_domain_fields[] = {
	LIMITED("errno", FIELD_UNSIGNED, measured_domain, error, MAX_ERRNO),
	PLAIN("call", FIELD_STRING, measured_domain, call),
	PLAIN("page_sizes", FIELD_HEX64, measured_domain, page_sizes),
	PLAIN("alignment", FIELD_U64, measured_domain, alignment), END};

const struct profile_field profile_measured_hw_info_fields[] = {
	LIMITED("errno", FIELD_UNSIGNED, measured_hw_info, error, MAX_ERRNO),
	PLAIN("type", FIELD_UNSIGNED, measured_hw_info, type),
	OPTIONAL("capabilities", FIELD_HEX64, measured_hw_info, capabilities, has_capabilities),
	LIMITED("max_pasid_log2", FIELD_UNSIGNED, measured_hw_info, max_pasid_log2, 255), END};
