/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measured.h - what the kernel itself answered about a device when it was asked (iommufit probe).
 * It stands above everything that is derived. Kept as JSON (schema iommufit.measured/1), in
 * /run/iommufit/measured.json of the host that was asked and in the device of a host profile.
 */
#ifndef HOST_MEASURED_H
#define HOST_MEASURED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommufit/host.h>

#include "base/strings.h"

struct arena;
struct emit;
struct iof_host;
struct json_place;
struct json_value;
struct profile_reader;

#define MEASURED_SCHEMA "iommufit.measured/1"
/* Where probe keeps its answers: a tmpfs, so that they end with the boot that they are true of. */
#define MEASURED_PATH "/run/iommufit/measured.json"
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

/* The kinds of domain that were asked for. */
enum measured_use {
	MEASURED_LEGACY = 0,	 /* VFIO container, type1v2 */
	MEASURED_PLAIN,		 /* iommufd HWPT, flags 0 */
	MEASURED_NEST_PARENT,	 /* IOMMU_HWPT_ALLOC_NEST_PARENT */
	MEASURED_DIRTY_TRACKING, /* IOMMU_HWPT_ALLOC_DIRTY_TRACKING */
	MEASURED_PASID,		 /* IOMMU_HWPT_ALLOC_PASID */
	MEASURED_USES
};
/* "legacy", "plain", "nest-parent", "dirty-tracking", "pasid". */
extern const char *const measured_use_names[MEASURED_USES];

struct measured_domain {
	bool asked;
	int error;	  /* 0: there is such a domain; else the errno (positive) of the call */
	const char *call; /* that call, "IOMMU_HWPT_ALLOC"; NULL if none failed */
	bool has_ranges;  /* false: the domain is there, its ranges were not told */
	struct iof_range *ranges; /* sorted, inclusive ends */
	size_t n_ranges;
	uint64_t page_sizes; /* bitmap, bytes; 0: not told (iommufd) */
	uint64_t alignment;  /* bytes, iommufd's out_iova_alignment; 0: not told (legacy) */
};

/* Values of Linux include/uapi/linux/iommufd.h, enum iommu_hw_info_type. */
enum measured_hw_info_type {
	HW_INFO_NONE = 0,
	HW_INFO_INTEL_VTD = 1,
	HW_INFO_ARM_SMMUV3 = 2,
	HW_INFO_TEGRA241_CMDQV = 3,
	HW_INFO_AMD = 4,
};

/* IOMMU_GET_HW_INFO. */
struct measured_hw_info {
	bool asked;
	int error; /* errno, 0: answered */
	unsigned type;
	unsigned char *data; /* as the kernel gave it, in the byte order of the host */
	size_t n_data;
	uint64_t capabilities; /* IOMMU_HW_CAP_*; kernels before 6.7 do not tell them */
	bool has_capabilities;
	unsigned max_pasid_log2;
};

struct measured_device {
	const char *bdf; /* "0000:01:00.0" */
	struct pci_address address;
	const char *unit;    /* "dmar0"; NULL: not known */
	int group;	     /* -1: not known */
	const char *boot_id; /* /proc/sys/kernel/random/boot_id */
	const char *kernel;  /* release that answered */
	struct measured_domain domain[MEASURED_USES];
	struct measured_hw_info hw_info;
	/* Whether a vIOMMU object can be made on the nesting parent (IOMMU_VIOMMU_ALLOC, Arm). */
	bool viommu_asked;
	int viommu_error;
	uint64_t dma_available; /* legacy: mappings left in a new container; 0: not told */
};

/* All answers of one host, by address, each once. */
struct measured {
	const char *boot_id; /* NULL: not told, as in a capture */
	const char *kernel;  /* NULL: not told */
	struct measured_device *devices;
	size_t n;
};

/* measured_read.c: a text of the schema, or one device of it, into the arena. What it does not know
 * is left out: a use, a member. An hw_info of an unknown type is kept. Ranges must be in order.
 * -EBADMSG "name:line: place: reason", or -ENOMEM. */
int measured_parse(struct iof_ctx *, struct arena *, const char *bytes, size_t length,
		   const char *name, struct measured *out);
/* One object of "devices". */
int measured_read_device(const struct profile_reader *, const struct json_place *,
			 const struct json_value *object, struct measured_device *out);
/* The answers alone, with boot id and kernel: the member "measured" of a device in a host profile.
 * The caller fills the rest. */
int measured_read_answers(const struct profile_reader *, const struct json_place *,
			  const struct json_value *object, struct measured_device *out);

/* measured_write.c: the same members, but boot id and kernel, into an object that is open. */
void measured_write_device(struct emit *, const struct measured_device *);
void measured_write_answers(struct emit *, const struct measured_device *);
/* Parts of it: a member of "domains", and "hw_info" and "viommu". */
void measured_write_domain(struct emit *, enum measured_use, const struct measured_domain *);
void measured_write_hw_info(struct emit *, const struct measured_hw_info *);
void measured_write_viommu(struct emit *, int error);
/* measured_known.c. What of a text may leave the machine: the answers, and neither the boot id nor
 * a text that is not a name that we know. -ENOMEM; -EBADMSG: not of the schema; -ESTALE: not of
 * that boot (NULL: of none), or another kernel's. */
int measured_known(struct arena *, const char *bytes, size_t length, const char *boot_id,
		   const char *kernel, const char **out, size_t *out_length);

/* measured_apply.c. What was answered of this host becomes its devices': host->measured, and
 * dev->measured. What does not belong to it (another kernel, group or unit) is left out with a note
 * in the log. -ENOMEM. */
int measured_attach(struct iof_ctx *, struct iof_host *, const struct measured_device *, size_t n);

#endif
