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
 * Capabilities of a vIOMMU model (IOF_MODEL_NONE: all models) with a VMM version, on a host (NULL:
 * theory only). devices: if host is given, only these (host's BDFs, NULL at the end) count for what
 * is allowed; NULL: all assignable devices. machine: NULL = newest q35 of that version.
 */
int iof_caps(struct iof_ctx *, struct iof_host *, const struct iof_vmm *, const char *machine,
	     enum iof_model, const char *const *devices, struct iof_caps **);
struct iof_caps *iof_caps_unref(struct iof_caps *);

/** One property of a model. Strings may be NULL where nothing is to be said. */
struct iof_cap {
	enum iof_model model;
	const char *property;
	const char *theory;	 /**< values that the VMM accepts, as "39, 48" */
	const char *here;	 /**< of them, those that this host allows; NULL without a host */
	const char *def;	 /**< default */
	const char *recommended; /**< what we would write */
	const char *limit;	 /**< what limits it, as "host aw-bits 39 (dmar0)" */
	enum iof_provenance provenance;
};
/** -ENOENT after the last. */
int iof_caps_get(const struct iof_caps *, size_t index, struct iof_cap *);
/** Whether the model can be used for an assigned device at all here: works, broken (never),
 * unknown. */
enum iof_outcome iof_caps_model(const struct iof_caps *, enum iof_model, const char **why);
/** As text or as schema iommufit.caps/1. */
int iof_caps_write(struct iof_ctx *, const struct iof_caps *, const struct iof_output *);

#ifdef __cplusplus
}
#endif
#endif
