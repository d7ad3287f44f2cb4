/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/caps.h - what a virtual IOMMU model accepts in theory, and what this host allows of it.
 * Needs no VM.
 */
#ifndef IOMMUFIT_CAPS_H
#define IOMMUFIT_CAPS_H

#include <iommufit/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_caps;

/**
 * Capabilities of a vIOMMU model (IOF_MODEL_NONE: all models that the machine and the host's
 * architecture have) with a VMM version, on a host (NULL: theory only). devices: if host is given,
 * only these (host's BDFs, NULL at the end) count for what is allowed; NULL: all assignable
 * devices. machine: NULL = newest q35 of that version, for arm-smmuv3 and on an Arm host virt.
 * -ENOENT: no such device; -EINVAL: no such version or machine; -ENOMEM.
 */
int iof_caps(struct iof_ctx *, struct iof_host *, const struct iof_vmm *, const char *machine,
	     enum iof_model, const char *const *devices, struct iof_caps **);
struct iof_caps *iof_caps_unref(struct iof_caps *);

/** One property of a model. Strings belong to the capabilities; they may be NULL where nothing is
 * to be said. */
struct iof_cap {
	enum iof_model model;
	const char *property;
	const char *theory;	 /**< values that the VMM accepts, as "39, 48" */
	const char *here;	 /**< of them, those that this host allows for all devices
				    together, "none" or "unknown"; NULL without a host */
	const char *def;	 /**< default */
	const char *recommended; /**< what we would write */
	const char *limit;	 /**< what limits it, as "host aw-bits 39 (dmar0)" */
	/** How it is known what this host allows: measured (every device stands behind a unit that
	 * was asked, iommufit probe), read, assumed (a host or kernel that is only supposed),
	 * unknown (something is open). Without a host: assumed. */
	enum iof_provenance provenance;
	const char *open;	   /**< values that this host may or may not allow, as "on" */
	const char *missing;	   /**< the fact that decides those, as a noun phrase */
	const char *how;	   /**< how to get it, as "iommufit probe 0000:01:00.0" */
	const char *needs;	   /**< what must stand beside it, as "scalable-mode=on" */
	const char *resolved;	   /**< what the default "auto" or "host" becomes here, if it is the
				      same for all devices */
	const char *resolved_from; /**< which device or fact decides that */
	const char *libvirt;	   /**< where libvirt's XML has it below <iommu>, as
				      "driver/@aw_bits"; NULL: it cannot say it */
	const char *libvirt_since; /**< the first libvirt that has it, as "6.5" */
};
/** -ENOENT after the last. */
int iof_caps_get(const struct iof_caps *, size_t index, struct iof_cap *);

/** What one device costs all others: values of a property that another device would allow. */
struct iof_cap_cost {
	const char *device; /**< its PCI address */
	const char *unit;   /**< its IOMMU, as "dmar1"; NULL: none */
	const char *values; /**< what it costs, as "48" */
	const char *limit;  /**< why */
};
/** The costs of the property with that index of iof_caps_get(). -ENOENT after the last. */
int iof_caps_cost(const struct iof_caps *, size_t index, size_t n, struct iof_cap_cost *);

/** What "auto" becomes for one device. */
struct iof_cap_resolved {
	const char *device; /**< its PCI address */
	const char *value;  /**< NULL: not known */
};
/** Of an arm-smmuv3, which has one host unit behind it, the default "auto" of the property with
 * that index of iof_caps_get(), device by device. -ENOENT after the last. */
int iof_caps_resolved(const struct iof_caps *, size_t index, size_t n, struct iof_cap_resolved *);

/** A device that stands for all that a vIOMMU cannot tell from it. */
struct iof_caps_device {
	const char *bdf;
	const char *unit; /**< its IOMMU, as "dmar1"; NULL: none */
	size_t count;	  /**< how many it stands for, itself included */
	bool is_measured; /**< the kernel was asked about it, or about another of its unit */
};
/** -ENOENT after the last. Without a host there is none. */
int iof_caps_device(const struct iof_caps *, size_t index, struct iof_caps_device *);

/** One model. */
struct iof_caps_model {
	enum iof_model model;
	/** Whether it can be used for an assigned device at all here: works, broken (never),
	 * unknown. Without a host: whether the VMM has it. */
	enum iof_outcome usable;
	const char *why;     /**< if it does not work; else NULL */
	const char *machine; /**< the machine type that was asked about */
	/** What follows -device for it to take an assigned device here, as
	 * "intel-iommu,caching-mode=on,aw-bits=39"; NULL: nothing does, or without a host. */
	const char *device;
	const char *backend; /**< the VFIO backend that this needs, as "iommufd"; NULL: any */
};
/** -ENOENT after the last. */
int iof_caps_model_get(const struct iof_caps *, size_t index, struct iof_caps_model *);
/** The same of one model; unknown, too, if it was not asked about. why may be NULL. */
enum iof_outcome iof_caps_model(const struct iof_caps *, enum iof_model, const char **why);
/** As text or as schema iommufit.caps/1. */
int iof_caps_write(struct iof_ctx *, const struct iof_caps *, const struct iof_output *);

#ifdef __cplusplus
}
#endif
#endif
