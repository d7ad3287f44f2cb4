/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/types.h - values that every part of the interface shares.
 *
 * Enumerations have fixed values and 0 always means "unknown". A caller must tolerate values that
 * it does not know: they are only ever added.
 */
#ifndef IOMMUFIT_TYPES_H
#define IOMMUFIT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A range of addresses in bytes; both ends belong to it, so [0, 2^64-1] can be said. */
struct iof_range {
	uint64_t first;
	uint64_t last;
};

/** How a fact is known. Boldness follows from it: "will" from measured or read, "would, if" from
 * assumed. */
enum iof_provenance {
	IOF_PROVENANCE_UNKNOWN = 0,
	IOF_PROVENANCE_MEASURED = 1, /**< the kernel was asked (VFIO, iommufd) */
	IOF_PROVENANCE_READ =
		2, /**< read from sysfs, procfs, ACPI, the kernel log or the user's config */
	IOF_PROVENANCE_ASSUMED = 3, /**< from a version table or a convention */
};

/** The kind of IOMMU that a host has. */
enum iof_iommu {
	IOF_IOMMU_UNKNOWN = 0,
	IOF_IOMMU_NONE = 1, /**< looked for and absent */
	IOF_IOMMU_INTEL_VTD = 2,
	IOF_IOMMU_AMD_VI = 3,
	IOF_IOMMU_ARM_SMMUV3 = 4,
	IOF_IOMMU_VIRTIO = 5,
	IOF_IOMMU_ARM_SMMUV2 = 6,
	IOF_IOMMU_OTHER = 7,
};

/** The virtual IOMMU models that iommufit knows. */
enum iof_model {
	IOF_MODEL_UNKNOWN = 0,
	IOF_MODEL_NONE = 1,
	IOF_MODEL_INTEL = 2,
	IOF_MODEL_VIRTIO = 3,
	IOF_MODEL_AMD = 4,
	IOF_MODEL_SMMUV3 = 5,
};

/** The languages in which a VM can be written. AUTO recognises by content. */
enum iof_language {
	IOF_LANGUAGE_AUTO = 0,
	IOF_LANGUAGE_QEMU_ARGV =
		1, /**< a QEMU command line, as text or as NUL-separated /proc/PID/cmdline */
	IOF_LANGUAGE_LIBVIRT = 2,	   /**< libvirt domain XML */
	IOF_LANGUAGE_PROXMOX = 3,	   /**< a VM's .conf of Proxmox VE's qemu-server */
	IOF_LANGUAGE_CLOUD_HYPERVISOR = 4, /**< its JSON config, or its command line */
};

/** The answer; the worst of start, plug and run. fails > unknown > degraded > fits. */
enum iof_verdict {
	IOF_VERDICT_UNKNOWN = 0,
	IOF_VERDICT_FITS = 1,
	IOF_VERDICT_DEGRADED = 2, /**< starts, something is lost */
	IOF_VERDICT_FAILS =
		3, /**< does not start, or a device cannot be attached, or its DMA cannot work */
};

/** What becomes of one phase. Which values can occur depends on the phase. */
enum iof_outcome {
	IOF_OUTCOME_UNKNOWN = 0,
	IOF_OUTCOME_STARTS = 1,
	IOF_OUTCOME_FAILS = 2,
	IOF_OUTCOME_ACCEPTED = 3,
	IOF_OUTCOME_REFUSED = 4,
	IOF_OUTCOME_KILLS_VM = 5,
	IOF_OUTCOME_NOT_REACHED = 6,
	IOF_OUTCOME_WORKS = 7,
	IOF_OUTCOME_DEGRADED = 8,
	IOF_OUTCOME_BROKEN = 9,
	IOF_OUTCOME_POSSIBLE = 10,
	IOF_OUTCOME_BLOCKED = 11,
	IOF_OUTCOME_NONE = 12, /**< the phase was not asked for (no device to plug) */
};

enum iof_severity {
	IOF_SEVERITY_UNKNOWN = 0,
	IOF_SEVERITY_ERROR = 1,
	IOF_SEVERITY_WARNING = 2,
	IOF_SEVERITY_NOTE = 3,
};

/** Who decided the value of a property. */
enum iof_decider {
	IOF_DECIDER_UNKNOWN = 0,
	IOF_DECIDER_USER = 1,	      /**< written in the config */
	IOF_DECIDER_GLOBAL = 2,	      /**< -global */
	IOF_DECIDER_MACHINE_TYPE = 3, /**< compatibility default of the machine type */
	IOF_DECIDER_VMM = 4,	      /**< default of that VMM version */
	IOF_DECIDER_HOST = 5,	      /**< taken from the host */
	IOF_DECIDER_MANAGER = 6,      /**< libvirt or Proxmox, where the config leaves it open */
};

/** Output format of the *_write functions. */
enum iof_format {
	IOF_FORMAT_TEXT = 0,
	IOF_FORMAT_JSON = 1,
	IOF_FORMAT_SVG = 2,  /**< iof_map_write() only, as HTML */
	IOF_FORMAT_HTML = 3, /**< one page that loads nothing */
};

/**
 * Where rendered text goes. Set size to sizeof(struct iof_output). write() returns 0 or a negative
 * errno, which the rendering function then returns. The bytes are UTF-8; control characters of
 * inputs are escaped.
 */
struct iof_output {
	size_t size;
	int (*write)(void *data, const char *bytes, size_t length);
	void *data;
	enum iof_format format;
	unsigned columns; /**< width of text lines in characters; 0 = 80 */
	bool colour;
	bool verbose;
};

#ifdef __cplusplus
}
#endif
#endif
