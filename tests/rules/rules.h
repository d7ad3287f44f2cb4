/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rules.h - one case: a host, a QEMU version, a command line, and what a rule makes of them.
 * Expectations come from QEMU's and Linux' sources and from real runs, never from iommufit's own
 * answer.
 */
#ifndef TESTS_RULES_H
#define TESTS_RULES_H

#include <iommufit/iommufit.h>

#include "../captures.h"
#include "../host/members.h"

/* A capture, changed. */
struct rule_host {
	const char *capture;
	const char *kernel; /* NULL: as captured (7.2) */
	struct change changes[6];
	uint64_t memlock;     /* of the user that runs QEMU; 0: not limited */
	bool has_pasid;	      /* 0000:00:05.0 gets a PASID capability */
	const char *measured; /* what its kernel answered of 0000:00:05.0 (iommufit.measured/1);
				 NULL: it was not asked */
};

struct rule_case {
	const char *name;
	const struct rule_host *host;
	const char *qemu; /* or "cloud-hypervisor=48.0" */
	const char *line; /* a command line, mostly without its program; or a config */
	const char *plug; /* NULL: nothing is plugged */
	const char *rule;
	bool fires;
	/* "fails", or start, plug if there is one, and run: "starts works", "starts refused works";
	 * then "blocked" if migration is. */
	const char *expect;
	/* All that QEMU prints at start, plug and run, lines parted by \n; for "blocked" what it
	 * says to a migration. */
	const char *messages;
};

#define FIRES(rule) rule, true
#define SILENT(rule) rule, false

extern const struct rule_host host_intel39, host_intel39_unbound, host_intel48, host_amd,
	host_first_stage, host_no_remapping, host_off, host_none, host_virtio, host_nesting,
	host_nesting_no_1g, host_nesting_pasid, host_nesting_48, host_nesting_amd, host_tracking,
	host_told_none, host_told_parent, host_told_moment, host_told_other, host_told_no_1g,
	host_told_no_pasid, host_told_pasid, host_told_narrow, host_told_no_erratum, host_direct,
	host_direct_6_5, host_direct_6_6, host_relaxable, host_no_domain, host_mate_busy,
	host_mate_only, host_kernel_6_1, host_ivrs_hidden, host_no_hugepages, host_locked_1m,
	host_locked_64m, host_smmu, host_smmu_measured, host_smmu_accel, host_smmu_linear,
	host_smmu_big_endian, host_smmu_aarch32, host_smmu_sids, host_smmu_no_ril, host_smmu_oas42,
	host_smmu_no_4k, host_smmu_no_16k, host_smmu_no_64k, host_smmu_two, host_smmu_two_widths,
	host_smmu_s1, host_smmu_unknown, host_smmu_old, host_locked_65m, host_kernel_6_12,
	host_two_ranges, host_gpu, host_first_stage_6_12, host_first_stage_6_13, host_virtio_6_12;

struct rule_cases {
	const char *family;
	const struct rule_case *cases;
	size_t n;
};

extern const struct rule_cases config_cases, vfio_cases, memory_cases, intel_cases, nesting_cases,
	virtio_cases, amd_cases, map_cases, limits_cases, other_cases, cures_cases, manager_cases,
	proxmox_cases, cloud_hypervisor_cases, smmuv3_cases, smmuv3_host_cases;

#define CASES(name, rows) const struct rule_cases name = {#name, rows, ARRAY_SIZE(rows)}

/* Pieces of command lines. */
#define Q35 "-machine q35 -accel tcg -m 64M "
#define KVM "-machine q35 -accel kvm -m 64M "
#define BDF "0000:00:05.0"
#define DEV "-device vfio-pci,host=" BDF ",id=dev0 "
#define OBJECT "-object iommufd,id=iommufd0 "
#define DEV_FD OBJECT "-device vfio-pci,host=" BDF ",id=dev0,iommufd=iommufd0 "
#define PORT "-device pcie-root-port,id=rp0,chassis=1 "
#define PLUG "vfio-pci,host=" BDF ",id=dev0,bus=rp0"
#define PLUG_FD PLUG ",iommufd=iommufd0"
#define VIOMMU(x) "vfio " BDF ": Failed to set vIOMMU: " x
#define OLD_VIOMMU(x) "vfio " BDF ": Failed to set iommu_device: " x

/* Where iommufd cannot pin BARs: 0000:00:05.0, placed by SeaBIOS; its BAR 3 without the page of the
 * MSI-X table. From 10.0 on the second line comes once. */
#define UNPINNED "warning: IOMMU_IOAS_MAP failed: Bad address, PCI BAR?"
#define UNPINNED_AT(at, size)                                                                      \
	"vfio_container_dma_map(PTR, " at ", " size ", PTR) = -14 (Bad address)"
#define NO_P2P(bdf) bdf ": PCI peer-to-peer transactions on BARs are not supported."
#define NIC_UNPINNED_9                                                                             \
	UNPINNED "\n" UNPINNED_AT("0xfeb80000", "0x20000") "\n" UNPINNED "\n" UNPINNED_AT(         \
		"0xfeba0000", "0x20000") "\n" UNPINNED "\n" UNPINNED_AT("0xfebc1000", "0x3000")
#define NIC_UNPINNED_10                                                                            \
	UNPINNED "\nwarning: " UNPINNED_AT("0xfeb80000", "0x20000") "\n" NO_P2P(BDF) "\n" UNPINNED \
										     "\n" UNPINNED

extern const struct rule_cases *const all_cases[];
extern const size_t n_all_cases;

#define PROGRAM "qemu-system-x86_64 -nodefaults "

struct iof_host *rule_host_load(const struct rule_host *);
/* The same, once for each. */
struct iof_host *find_host(const struct rule_host *);
void drop_hosts(void);

struct run {
	struct iof_ctx *ctx;
	struct iof_vm *vm;
	struct iof_machine *machine;
	struct iof_report *report;
};

/* What is to stand before the line of a case. */
const char *program_of(const struct rule_case *);
struct iof_vm *read_line(struct iof_ctx *, const char *text, size_t length);
/* Takes vm. */
struct run run_check(const struct rule_case *, struct iof_ctx *, struct iof_host *, struct iof_vm *,
		     uint64_t memlock);
void run_end(struct run *);
/* The first finding of a rule, NULL: none. */
const struct iof_finding *run_find(const struct run *, const char *rule);

void print_examples(void);
/* story.c; returns how many failed */
int test_stories(void);

#endif
