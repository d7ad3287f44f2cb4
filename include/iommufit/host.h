/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/host.h - what a host offers: IOMMU units, groups, devices, CPU and kernel.
 *
 * A host is immutable once loaded, atomically reference-counted and shareable between threads.
 * Strings and arrays returned live as long as the host.
 */
#ifndef IOMMUFIT_HOST_H
#define IOMMUFIT_HOST_H

#include <iommufit/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_host;
struct iof_device;

/**
 * How the library reads files; an embedder may replace it. Paths are absolute ("/sys/class/iommu")
 * and mean the root of the host that is looked at. All functions return 0 or a negative errno
 * (-ENOENT: absent, -EACCES: there but not readable by us: the two are never confused). Set size to
 * sizeof(struct iof_io).
 */
struct iof_io {
	size_t size;
	void *data;
	/** Whole content, at most max bytes (-EFBIG if there is more), into memory from malloc(),
	 * NUL-terminated. */
	int (*read)(void *data, const char *path, size_t max, char **bytes, size_t *length);
	/** Text of a symbolic link into memory from malloc(). -EINVAL if it is none. */
	int (*readlink)(void *data, const char *path, char **target);
	/** Calls each() for every name in a folder except . and .., in any order; stops when it
	 * returns non-zero. */
	int (*list)(void *data, const char *path, int (*each)(void *arg, const char *name),
		    void *arg);
	/** 0 if the path (links followed) exists. */
	int (*exists)(void *data, const char *path);
	/** Called once when the host has been loaded or loading failed; may be NULL. */
	void (*close)(void *data);
};

/** What to read and what to believe instead. Zero means: as found. Set size to sizeof(struct
 * iof_host_options). */
struct iof_host_options {
	size_t size;
	const char *name;   /**< what to call this host in reports */
	const char *kernel; /**< "6.12": assume this kernel version */
	/** Only these PCI devices (and their group mates) are wanted: makes loading independent of
	 * the size of the host. NULL: everything. "0000:01:00.0" or "01:00.0". */
	const char *const *devices;
	size_t n_devices;
	/** Assume these bindings: pairs "BDF=DRIVER" ("none": no driver). */
	const char *const *drivers;
	size_t n_drivers;
	/** Assume these BAR sizes, as after a resize: "BDF=INDEX:SIZE", SIZE a power of two, in
	 * bytes or with K, M, G or T. A BAR that the device has not becomes a 64-bit prefetchable
	 * one. */
	const char *const *bars;
	size_t n_bars;
	/** What the kernel of this host answered when it was asked (schema iommufit.measured/1),
	 * instead of what is kept in /run/iommufit/measured.json and in a profile; its boot id does
	 * not count. Needs no NUL. NULL: as found. */
	const char *measured;
	size_t measured_length;
};

/** This machine. Works as a plain user; what only root may read becomes a set of possible values.
 */
int iof_host_load_live(struct iof_ctx *, const struct iof_host_options *, struct iof_host **);
/** A folder that is a root (proc/, sys/; dev/ and the log as lab/dmesg.txt if there). */
int iof_host_load_root(struct iof_ctx *, const char *path, const struct iof_host_options *,
		       struct iof_host **);
/** A capture: a tar archive, plain or compressed, read in memory. Needs the archive module
 * (libarchive). */
int iof_host_load_capture(struct iof_ctx *, const char *path, const struct iof_host_options *,
			  struct iof_host **);
/** A profile (schema iommufit.host/1), as iof_host_write() makes it. bytes need no NUL. name is for
 * errors. */
int iof_host_load_profile(struct iof_ctx *, const char *bytes, size_t length, const char *name,
			  const struct iof_host_options *, struct iof_host **);
/** A machine of the built-in catalogue; -ENOENT if there is none of that name. */
int iof_host_load_catalog(struct iof_ctx *, const char *name, const struct iof_host_options *,
			  struct iof_host **);
/** Any source, through the embedder's own access. io is copied; its close() is called before this
 * returns. */
int iof_host_load_io(struct iof_ctx *, const struct iof_io *, const struct iof_host_options *,
		     struct iof_host **);
/** By what the text is: NULL or "" = live, "cpu:NAME", a folder, a profile, a capture. */
int iof_host_load(struct iof_ctx *, const char *where, const struct iof_host_options *,
		  struct iof_host **);

struct iof_host *iof_host_ref(struct iof_host *);
struct iof_host *iof_host_unref(struct iof_host *);

const char *iof_host_name(const struct iof_host *);
/** Kernel release ("6.12.43+deb13-amd64"), "" if unknown. */
const char *iof_host_kernel(const struct iof_host *);
/** The kind of IOMMU that is active; NONE only if it was looked for and is absent. */
enum iof_iommu iof_host_iommu(const struct iof_host *);
/** Whether the IOMMU units are themselves virtual (this host is a guest). */
bool iof_host_iommu_is_virtual(const struct iof_host *);
/** CPU physical address width in bits as the kernel uses it; 0 if unknown. */
unsigned iof_host_cpu_phys_bits(const struct iof_host *);
/** "GenuineIntel", "AuthenticAMD"; NULL if unknown, or not x86. */
const char *iof_host_cpu_vendor(const struct iof_host *);
/** "x86_64" or "aarch64"; NULL if unknown. */
const char *iof_host_arch(const struct iof_host *);

/** PCI devices in BDF order; prev = NULL starts, NULL ends. */
const struct iof_device *iof_host_device_next(const struct iof_host *,
					      const struct iof_device *prev);
#define iof_host_device_foreach(host, dev)                                                         \
	for ((dev) = iof_host_device_next(host, NULL); (dev);                                      \
	     (dev) = iof_host_device_next(host, dev))
/** By "0000:01:00.0" or "01:00.0"; NULL if absent. */
const struct iof_device *iof_host_device(const struct iof_host *, const char *bdf);

const char *iof_device_bdf(const struct iof_device *);
/** Group number, -1 if the device has none. */
int iof_device_group(const struct iof_device *);
/** Driver name, NULL if none is bound. */
const char *iof_device_driver(const struct iof_device *);
/** Name of the IOMMU unit ("dmar0"), NULL if none. */
const char *iof_device_unit(const struct iof_device *);
/**
 * Host aw-bits as QEMU computes them: the highest usable IOVA bit plus one (hw/vfio/device.c
 * vfio_device_get_aw_bits, 9.1+). Returns 0; -ENODATA if the possible values differ, then *bits is
 * the lowest; -ENOENT for a device without an IOMMU group.
 */
int iof_device_width(const struct iof_device *, unsigned *bits, enum iof_provenance *);
/** Usable IOVA ranges of a plain domain, ascending. -ENODATA as above (*ranges are then those of
 * the lowest). */
int iof_device_ranges(const struct iof_device *, const struct iof_range **ranges, size_t *n);

/** The kinds of IOMMU domain that a VMM asks the kernel for (Linux include/uapi/linux/iommufd.h,
 * enum iommufd_hwpt_alloc_flags). */
enum iof_use {
	IOF_USE_UNKNOWN = 0,
	IOF_USE_PLAIN = 1,	    /**< VFIO's container, or an HWPT without flags */
	IOF_USE_NEST_PARENT = 2,    /**< IOMMU_HWPT_ALLOC_NEST_PARENT */
	IOF_USE_DIRTY_TRACKING = 3, /**< IOMMU_HWPT_ALLOC_DIRTY_TRACKING */
	IOF_USE_PASID = 4,	    /**< IOMMU_HWPT_ALLOC_PASID */
	/** No domain, but the object on a nesting parent that stands for a guest's IOMMU
	 * (IOMMU_VIOMMU_ALLOC; Arm); it has no width. */
	IOF_USE_VIOMMU = 5,
};

enum iof_presence {
	IOF_PRESENCE_UNKNOWN = 0, /**< the possible values differ */
	IOF_PRESENCE_ABSENT = 1,
	IOF_PRESENCE_PRESENT = 2,
};

/** What such a domain of a device can do. Set size to sizeof(struct iof_domain). */
struct iof_domain {
	size_t size;
	enum iof_presence presence;
	/** Highest usable IOVA bit plus one, as iof_device_width() has it; 0: not known. */
	unsigned width;
	uint64_t page_sizes; /**< bitmap of bytes, of a plain domain; 0: not known */
};

/** Returns 0, -EINVAL (no such use) or -ENOENT for a device without an IOMMU group. */
int iof_device_domain(const struct iof_device *, enum iof_use, struct iof_domain *);
/**
 * A register of the device's IOMMU unit: "cap" and "ecap" of VT-d (Intel VT-d 4.1 §11.4.2 and
 * §11.4.3), "efr" and "efr2" of AMD-Vi, "idr0" to "idr5" of SMMUv3. Returns 0, -ENODATA (not
 * known) or -ENOENT (its unit has no such register, or it has none).
 */
int iof_device_register(const struct iof_device *, const char *name, uint64_t *value);

/** What the host offers, as text or as schema iommufit.host/1; the JSON form is the profile. */
int iof_host_write(struct iof_ctx *, const struct iof_host *, const struct iof_output *);

/** Names of the built-in catalogue, NULL at the end. */
const char *iof_catalog_next(const char *prev);

/**
 * Write a capture of this machine (or of root, if not NULL) to a file descriptor: an allowlist of
 * files, no serial numbers, MAC addresses, UUIDs or secrets. format: "tar", "tar.gz", "tar.xz" or
 * "tar.zst". took() is called with each path that goes in (may be NULL). Needs the archive module.
 */
int iof_capture_write(struct iof_ctx *, const char *root, int fd, const char *format,
		      void (*took)(void *data, const char *path), void *data);

#ifdef __cplusplus
}
#endif
#endif
