/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cures.h - for each kind of fault, what could be changed; the least invasive first. Each is tried
 * before it is shown. */
#ifndef FIT_CURES_H
#define FIT_CURES_H

#include "fit/report.h"

/* Every assigned device on iommufd that is not there yet; with an object for it, if there is none.
 */
void use_iommufd(struct fix_list *, struct iof_fix *, const struct iof_machine *);

/* vIOMMU options */
int cure_irqchip_split(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_eim(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_scalable(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_intel_width(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_width_48(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_drain(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_user_apic(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_pasid_iotlb(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_pasid_20(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_pasid_host(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_svm(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_caching_mode(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_no_first_stage(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_first_stage_iommufd(struct fix_list *, const struct iof_machine *,
			     const struct iof_finding *);
int cure_fs1gp(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_snoop(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_virtio_width(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_granule(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_other_viommu(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_dma_remap(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_no_viommu(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_one_space(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_viommu_first(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_remove_viommu(struct fix_list *, const struct iof_machine *, const struct iof_finding *);

/* assigned devices and the host */
int cure_off_bridge(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_bind(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_bind_mate(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_unsafe(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_one_iommufd(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_one_backend(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_fd(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_legacy(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_remove_device(struct fix_list *, const struct iof_machine *, const struct iof_finding *);

/* SMMUv3 of Arm's virt */
int cure_board_smmu(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_accelerate(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_notifier(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_plain(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_kvm(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_auto(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_oas(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_stage(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_bus(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_bypass(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_acpi(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_iommufd(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_before(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_emulated(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_ssidsize(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_ril(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_host_oas(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_ats(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_cmdqv(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_smmu_undecided(struct fix_list *, const struct iof_machine *, const struct iof_finding *);

/* the config itself */
int cure_syntax(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_driver_missing(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_remark(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_object_type(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_object_absent(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_machine_type(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_machine_option(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_machine_iommu(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_use_q35(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_cpu_option(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_cpu_bits(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ram_backing(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_driver(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_bus(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_virtio_modern(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
/* A chassis number above all that the config names. */
uint64_t free_chassis(const struct iof_machine *);
int cure_chassis(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_kvm_bits(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_phys_bits(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_memory_block(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_beyond_kvm(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ram_beyond_kvm(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_memlock(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_memory_address(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_dma_entries(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_more_entries(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_slot(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_hotplug_slot(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_device_id(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_duplicate_id(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_property(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_value(struct fix_list *, const struct iof_machine *, const struct iof_finding *);

/* a device that is to be plugged */
int cure_hotplug_bus(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_not_hotpluggable(struct fix_list *, const struct iof_machine *,
			  const struct iof_finding *);

/* where things lie in the guest's address map */
int cure_bar_place(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_memory_room(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_max_memory(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_pool(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_wider_intel(struct fix_list *, const struct iof_machine *, const struct iof_finding *);

/* Cloud Hypervisor */
int cure_ch_config(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ch_bar(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ch_p2p(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ch_width(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ch_ram(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ch_iommufd(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ch_same_side(struct fix_list *, const struct iof_machine *, const struct iof_finding *);
int cure_ch_plug(struct fix_list *, const struct iof_machine *, const struct iof_finding *);

/* Index of the last option of a kind, SIZE_MAX: none. */
size_t last_option(const struct iof_machine *, enum option_kind);
#define DEFAULT_CPU "qemu64" /* hw/i386/pc.c TARGET_DEFAULT_CPU_TYPE */
/* base, or base-2, base-3 and so on: an id that no option has. */
const char *unused_id(struct fix_list *, const struct iof_machine *, const char *base);
/* Bytes that QEMU locks at most: all RAM once for each address space that there can be. */
uint64_t locked_memory_need(const struct iof_machine *);
/* -smp */
uint64_t vcpu_count(const struct iof_machine *);
/* Widest aw-bits that intel-iommu has and the host allows for all assigned devices; 0: none. */
unsigned best_intel_width(const struct iof_machine *);

#endif
