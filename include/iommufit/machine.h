/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/machine.h - a VM with every default and every "auto" resolved for one host and one VMM
 * version.
 */
#ifndef IOMMUFIT_MACHINE_H
#define IOMMUFIT_MACHINE_H

#include <iommufit/host.h>
#include <iommufit/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_machine;

/** Which VMM. Zero means: find out. Set size to sizeof(struct iof_vmm). */
struct iof_vmm {
	size_t size;
	/** "qemu=11.1.3", "qemu=11.1" (latest known point release, said as assumed); NULL: from the
	 * machine type. */
	const char *version;
	/** The version that was read from the QEMU binary (iof_vmm_read_version), NULL if not.
	 * Weaker than version. */
	const char *version_read;
	/** "iommufd" or "legacy": assume this backend for every assigned device. NULL: as the
	 * config says. */
	const char *backend;
	/** Devices that are hot-plugged after the start, guest DMA remapping still off:
	 * "vfio-pci,host=01:00.0" or the JSON of device_add. */
	const char *const *plug;
	size_t n_plug;
	/** Locked-memory limit of the VMM in bytes; UINT64_MAX unlimited, 0 not said. */
	uint64_t memlock;
};

/**
 * Find the version in a QEMU binary's bytes (the literal "QEMU emulator version" stands in it).
 * Nothing is ever executed. path is opened by this function, on the live host only. Returns 0 and a
 * string from malloc().
 */
int iof_vmm_read_version(struct iof_ctx *, const char *path, char **version);

/** Resolve. The machine keeps references to host and vm. Returns 0, -EBADMSG, -EINVAL (unknown
 * version) or -ENOMEM. */
int iof_machine_resolve(struct iof_ctx *, struct iof_host *, struct iof_vm *,
			const struct iof_vmm *, struct iof_machine **);
struct iof_machine *iof_machine_ref(struct iof_machine *);
struct iof_machine *iof_machine_unref(struct iof_machine *);

/** "11.1.3"; and how it is known, in words. */
const char *iof_machine_vmm_version(const struct iof_machine *);
const char *iof_machine_vmm_provenance(const struct iof_machine *);
/** "pc-q35-11.1" */
const char *iof_machine_type(const struct iof_machine *);

/** One resolved property. */
struct iof_value {
	const char *device;   /**< driver, as "intel-iommu" */
	const char *property; /**< as "aw-bits" */
	const char *text;     /**< value as QEMU writes it */
	enum iof_decider by;
	const char *why; /**< as "qemu default since 10.0" */
};
/** Resolved properties by index; -ENOENT after the last. */
int iof_machine_property(const struct iof_machine *, size_t index, struct iof_value *);

#ifdef __cplusplus
}
#endif
#endif
