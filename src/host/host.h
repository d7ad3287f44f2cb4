/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host.h - a host as the rules see it. Built by load.c from one source file per kind of fact;
 * immutable afterwards.
 *
 * Worlds: where a fact is missing (an IVRS that only root may read, scalable mode that an old
 * kernel hides), each value that it may have gives one world. World 0 is the most likely.
 * Everything that depends on the missing fact is kept per world; a prediction is certain only if
 * all worlds agree. Most hosts have one.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <iommufit/host.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/interval.h"
#include "base/root.h"
#include "base/strings.h"
#include "host/measured.h"

/* Yes, no, or not to be found out. */
enum tristate { TRI_UNKNOWN = 0, TRI_NO, TRI_YES };

#define MAX_WORLDS 8

enum region_type {
	REGION_UNKNOWN = 0,
	REGION_DIRECT,
	REGION_DIRECT_RELAXABLE,
	REGION_RESERVED,
	REGION_MSI
};

struct reserved_region {
	uint64_t first, last;
	enum region_type type;
};

/* What a domain of a unit can do in one world. first > last: the kernel can make no such domain. */
struct unit_domain {
	uint64_t aperture_first;
	uint64_t aperture_last; /* plain domain: what VFIO and iommufd with flags 0 get */
	uint64_t nest_last;  /* nesting parent; meaningful if nest_parent is TRI_YES. 0: unknown */
	uint64_t dirty_last; /* the same of one that tracks dirty pages */
	uint64_t page_sizes; /* bitmap, bytes; plain domain */
	enum tristate nest_parent;
	enum tristate dirty_tracking;
	enum tristate pasid; /* HWPT_ALLOC_PASID */
	bool first_stage;    /* the plain domain uses first-stage tables */
	bool known;	     /* false: nothing can be said about the widths in this world */
};

struct iommu_unit {
	const char *name; /* "dmar0" */
	enum iof_iommu kind;
	bool is_virtual;
	uint64_t cap, ecap; /* VT-d registers */
	bool has_cap, has_ecap;
	unsigned version_major, version_minor;
	uint64_t address;   /* register base, 0 unknown */
	uint64_t efr, efr2; /* AMD */
	bool has_efr;
	uint32_t idr[6];	/* SMMUv3 */
	uint32_t iidr, aidr;	/* with has_idr */
	bool has_idr;		/* measured by probe */
	uint32_t smmu_features; /* driver's features word of the kernel log */
	bool has_smmu_features;
	unsigned oas;			   /* bits, 0 unknown */
	unsigned input_bits;		   /* virtio-iommu: width of its input range, 0 unknown */
	unsigned stage1_bits, stage2_bits; /* SMMUv2: what each stage translates (the first is
					      bounded by the upstream bus); 0: no such stage, or
					      unknown */
	uint64_t page_mask;		   /* virtio-iommu, SMMUv2; 0 unknown */
	/* Intel: the kernel says that a nesting parent takes no read-only mappings (hw_info flag
	 * ERRATA_772415_SPR17). */
	enum tristate errata_772415;
	bool aperture_is_measured; /* a device behind it was asked what a plain domain can map */
	const char *parent; /* device that it is: "arm-smmu-v3.0.auto", "virtio0", "0000:00:00.2";
			       NULL unknown */
	enum iof_provenance provenance;
	const char *path; /* where it was read */
	struct unit_domain domain[MAX_WORLDS];
};

struct iommu_group {
	unsigned id;
	const char *type; /* "DMA-FQ", NULL unknown */
	struct reserved_region *regions;
	size_t n_regions;
	enum iof_provenance regions_provenance; /* UNKNOWN: could not be read */
	struct iof_device **devices; /* every device in the group, assigned or not, PCI only */
	size_t n_devices;
	const char *foreign; /* name of a non-PCI device in it, NULL */
};

#define PCI_BARS 6
struct pci_bar {
	uint64_t address;
	uint64_t size; /* 0: absent */
	bool is_io, is_64, is_prefetchable;
	uint64_t resizable; /* bitmap of sizes: bit n = 2^n MiB; 0: not resizable or unknown */
	uint64_t msix_offset,
		msix_size; /* of the MSI-X table in it, bytes; size 0: none or unknown */
};

struct device_iova {
	struct iof_range *ranges;
	size_t n;
	unsigned width;	      /* highest usable bit plus one; 64 when there are no ranges */
	unsigned nest_width;  /* the same of a nesting parent; 0: the unit makes none, or unknown */
	unsigned dirty_width; /* the same of a domain that tracks dirty pages */
	struct iof_range *nest_ranges;	/* what a nesting parent can map */
	struct iof_range *dirty_ranges; /* what a domain that tracks dirty pages can map */
	size_t n_nest, n_dirty;
	uint64_t page_sizes; /* bitmap, bytes; plain domain, as VFIO's iova_pgsizes shows it */
	uint64_t alignment;  /* the smallest page of that domain, which is all that an IOAS tells */
	bool known;
};

struct iof_device {
	const struct iof_host *host;
	char bdf[BDF_TEXT];
	struct pci_address address;
	uint16_t vendor, device, subsystem_vendor, subsystem_device;
	uint32_t class_code; /* 24 bits */
	bool is_bridge;	     /* class 0x0604 and config header type 1 where known */
	struct pci_bar bars[PCI_BARS];
	uint64_t rom_size;	     /* bytes of its option ROM's BAR; 0: none */
	const char *driver;	     /* NULL: none */
	const char *driver_override; /* NULL: none */
	bool driver_is_vfio;  /* its driver gives a VFIO device: vfio-pci and its variants (it has
				 vfio-dev/, or by name) */
	const char *vfio_dev; /* "vfio0": its cdev; NULL none */
	struct iommu_group *group;	      /* NULL: none */
	struct iommu_unit *unit;	      /* NULL: none */
	int numa_node;			      /* -1 */
	enum tristate ats, pasid, pri, sriov; /* from config space where readable */
	unsigned pasid_width;		      /* bits */
	enum tristate canwbs; /* Arm: its root complex keeps caches coherent whatever the device
				 asks for (IORT, memory access flag CANWBS) */
	bool is_virtual_function;
	bool is_complete; /* false: only its existence and group are known (it was not asked for) */
	bool iova_is_measured; /* the kernel itself told the ranges (in a profile); else they are
				  derived */
	const struct measured_device
		*measured;    /* what it said when it was asked; NULL: it was not */
	enum tristate viommu; /* Arm: whether the kernel makes a vIOMMU object for it (it has a
				 nesting parent, and S2FWB, or its root complex CANWBS) */
	struct device_iova iova[MAX_WORLDS];
};

/* A fact that could not be read, and what it would tell. */
struct host_note {
	const char *path;
	const char *text; /* "the AMD address size that limits DMA ranges" */
};

/* Huge pages of one size that the kernel keeps ready. */
struct hugepage_pool {
	uint64_t size; /* bytes */
	uint64_t free; /* pages */
};

struct kernel_version {
	unsigned major, minor, patch; /* 0.0: unknown */
};

struct iof_host {
	unsigned refs; /* atomic */
	struct arena *arena;
	const char *name;
	const char *source; /* "live", "FOLDER", "capture.tar.xz", "profile …", "cpu:NAME" */
	bool is_live;
	bool is_hypothetical; /* from the catalogue: devices are assumed present, bound, alone in
				 their group */
	bool read_as_root;    /* the facts that only root may read are there */

	struct {
		const char *vendor; /* "GenuineIntel", "AuthenticAMD", "" (Arm) */
		const char *model;
		bool is_arm;
		unsigned phys_bits; /* as the kernel uses it; 0 unknown */
		unsigned virt_bits;
		unsigned raw_phys_bits;	  /* CPUID 0x80000008 (live only), 0 unknown */
		unsigned guest_phys_bits; /* CPUID, 0 none */
		unsigned reduced_by;	  /* bits taken by memory encryption */
		bool la57;
		bool is_guest; /* hypervisor flag */
	} cpu;

	const char *kernel_release;
	struct kernel_version kernel;
	bool kernel_assumed; /* overridden by the user */
	const char *cmdline;
	const char *config;			      /* text of the kernel config, NULL unknown */
	enum tristate iommufd, vfio_group, vfio_cdev; /* kernel configuration, by evidence first */
	enum tristate interrupt_remapping;
	enum tristate unsafe_legacy;  /* vfio_iommu_type1.allow_unsafe_interrupts */
	enum tristate unsafe_iommufd; /* iommufd.allow_unsafe_interrupts */
	uint64_t dma_entry_limit;     /* vfio_iommu_type1.dma_entry_limit, 65535 default */
	enum tristate scalable_mode;  /* Intel: active */
	bool scalable_is_learned;     /* from what was measured: true of this kernel alone */
	bool snp_host;		      /* AMD: runs as SNP host, which takes PASIDs away */
	unsigned page_size;	      /* bytes */
	struct hugepage_pool *hugepages;
	size_t n_hugepages;

	/* ACPI, where readable */
	bool has_dmar, has_ivrs, has_iort, has_viot; /* the table exists */
	bool dmar_read, ivrs_read, iort_read, viot_read;
	unsigned dmar_haw;     /* bits, 0 unknown */
	unsigned ivrs_va_size; /* bits, 0: not read or the table says 0 */
	bool ivrs_ht_ats_resv;

	enum iof_iommu iommu;
	const char *iommu_why; /* for NONE: why, and how to switch it on; one sentence */

	struct iommu_unit *units;
	size_t n_units;
	struct iommu_group *groups; /* by id */
	size_t n_groups;
	struct iof_device *devices; /* by BDF */
	size_t n_devices;

	/* What its kernel answered when it was asked, by address: of its devices, and of others
	 * behind its units. Empty for another kernel than the one that answered. */
	const struct measured_device *measured;
	size_t n_measured;
	const char *measured_ignored; /* why answers that were kept do not count, one sentence;
					 NULL: there is no such thing */

	struct host_note *notes; /* what root would add */
	size_t n_notes;

	size_t n_worlds;
	/* What tells the worlds apart, for "unknown" answers: the missing fact and how to get it.
	 * NULL if one world. */
	const char *missing_fact;
	const char *missing_how;
	const char *world_text[MAX_WORLDS]; /* "IVRS VAsize 48" */
};

/* Order of struct pci_address for qsort() and bsearch(). */
int address_order(const void *, const void *);
const struct iof_device *host_device_at(const struct iof_host *, const struct pci_address *);
/* Free huge pages of a size (0: the smallest pool). -ENODATA: unknown. *page_size is the size that
 * was meant. */
int host_hugepages(const struct iof_host *, uint64_t size, uint64_t *page_size, uint64_t *free);
/* Whether the host's kernel is at least that version; unknown counts as the newest. */
bool kernel_at_least(const struct iof_host *, unsigned major, unsigned minor);

/* Ranges common to several devices in one world: intersection of their ranges. */
int host_common_ranges(const struct iof_host *, const struct iof_device *const *devices, size_t n,
		       size_t world, struct interval_set *out);

#endif
