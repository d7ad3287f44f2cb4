/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/vm.h - what a user asks for: a VM's config, every value with the place where it stood.
 *
 * A VM is immutable once loaded, reference-counted and shareable between threads. A VM that is
 * being built (iof_vm_new) belongs to one thread until it is first used.
 */
#ifndef IOMMUFIT_VM_H
#define IOMMUFIT_VM_H

#include <iommufit/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_vm;

/**
 * Load a config from memory. name is for errors and reports. A QEMU command line may be text as
 * people write it (quotes, backslashes, comments, several lines), a line of a libvirt log, or
 * NUL-separated as in /proc/PID/cmdline. Returns 0, -EBADMSG or -ENOMEM.
 */
int iof_vm_load(struct iof_ctx *, enum iof_language, const char *bytes, size_t length,
		const char *name, struct iof_vm **);
/** Load a command line that is already split (argv[0] is the VMM program). */
int iof_vm_load_argv(struct iof_ctx *, const char *const *argv, size_t argc, const char *name,
		     struct iof_vm **);

/**
 * Files that a config names (-readconfig) belong to the machine where the VM runs. Give this to
 * read them; otherwise they are not opened. Returns memory from malloc() or a negative errno.
 */
typedef int (*iof_vm_open_fn)(void *data, const char *path, char **bytes, size_t *length);
int iof_vm_load_with_files(struct iof_ctx *, enum iof_language, const char *bytes, size_t length,
			   const char *name, iof_vm_open_fn open, void *data, struct iof_vm **);

/** What a config leaves to its manager and to the machine where it runs. Set size to
 * sizeof(struct iof_vm_options); zero means: not known. */
struct iof_vm_options {
	size_t size;
	/** The manager whose behaviour counts, as "libvirt=9.0" or "proxmox=9.2"; NULL: the newest
	 * known one of the config's language. */
	const char *manager;
	/** Physical address bits of the host's CPU: Proxmox sizes memory hotplug by them. */
	unsigned host_phys_bits;
	iof_vm_open_fn open; /**< files that the config names; NULL: none is opened */
	void *open_data;
	/** The VMM that the manager will start, as "qemu=9.2" or "9.2.0"; NULL: the one that comes
	 * with the manager. What the manager writes depends on it. */
	const char *vmm;
	const char *host_arch;	     /**< "x86_64", "aarch64"; NULL: not known */
	const char *host_cpu_vendor; /**< "GenuineIntel", "AuthenticAMD"; NULL: not known */
	/** Addresses of the host's PCI functions as 0000:01:00.0, sorted: Proxmox passes all
	 * functions of a device at once. NULL: not known. */
	const char *const *host_functions;
	size_t n_host_functions;
};
/** The same for configs of all languages; options may be NULL. Also returns -EINVAL (an unknown
 * manager) and -EOPNOTSUPP (the module for this language is not installed). */
int iof_vm_load_config(struct iof_ctx *, enum iof_language, const char *bytes, size_t length,
		       const char *name, const struct iof_vm_options *, struct iof_vm **);
/** The language in which it is written; never AUTO. */
enum iof_language iof_vm_language(const struct iof_vm *);
/** "libvirt 12.8.0": whose behaviour was assumed; NULL: a command line, no manager is between. */
const char *iof_vm_manager(const struct iof_vm *);

/** For a VMM: an empty VM of a QEMU machine type ("q35"), and devices without any text. */
int iof_vm_new(struct iof_ctx *, const char *machine, struct iof_vm **);
/** Add a device; properties are "key", "value" pairs, NULL at the end. */
int iof_vm_device_add(struct iof_ctx *, struct iof_vm *, const char *driver,
		      const char *const *properties);
/** Set an option's property: option "machine", "cpu", "m", "accel" or a device's id. */
int iof_vm_property_set(struct iof_ctx *, struct iof_vm *, const char *option, const char *key,
			const char *value);

struct iof_vm *iof_vm_ref(struct iof_vm *);
struct iof_vm *iof_vm_unref(struct iof_vm *);
const char *iof_vm_name(const struct iof_vm *);
/** Program name of a command line, NULL if the config has none. */
const char *iof_vm_program(const struct iof_vm *);
/** Host PCI addresses of assigned devices, as written, in order; NULL after the last. */
const char *iof_vm_assigned(const struct iof_vm *, size_t index);
/** Path of the firmware image that the config names (-bios, -pflash, pflash0=), as written; NULL:
 * none, or it cannot be told. */
const char *iof_vm_firmware(const struct iof_vm *);
/** Options that iommufit does not look into, in order; NULL after the last. For --verbose. */
const char *iof_vm_ignored(const struct iof_vm *, size_t index);

#ifdef __cplusplus
}
#endif
#endif
