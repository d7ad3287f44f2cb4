/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_kernel.h - a kernel in memory behind struct live_calls: files of sysfs and procfs, and VFIO
 * and iommufd with a device each. It notes every call, lets any of them fail, be interrupted or
 * short, and knows what is still open. Not thread-safe, aborts without memory.
 *
 * It keeps to the rules of Linux that matter here: a group is viable or not, SET_IOMMU needs a
 * group, a struct longer than the kernel's must end in zeros (E2BIG), one shorter than the minimum
 * is EINVAL, what was handed out must be given back before its parent is.
 */
#ifndef TESTS_FAKE_KERNEL_H
#define TESTS_FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommufit/types.h>

#include "live/calls.h"

struct fake_kernel;

struct fake_kernel *fake_kernel_new(void);
void fake_kernel_free(struct fake_kernel *);
const struct live_calls *fake_kernel_calls(struct fake_kernel *);

/* ---- files: folders come by themselves ---- */
void fake_file(struct fake_kernel *, const char *path, const char *text);
void fake_link(struct fake_kernel *, const char *path, const char *target);
void fake_remove(struct fake_kernel *, const char *path); /* and all below it */
/* A node of /dev. One that is claimed can be opened exclusively by nobody. */
void fake_node(struct fake_kernel *, const char *path, bool is_block, unsigned major,
	       unsigned minor);
void fake_claim(struct fake_kernel *, const char *path);
/* NULL: there is none. Of a link: its target. */
const char *fake_text(struct fake_kernel *, const char *path);
/* 0: nobody set it. */
unsigned fake_mode(struct fake_kernel *, const char *path);
bool fake_exists(struct fake_kernel *, const char *path);
/* Called before text is written to a file that is there; what it returns counts: 0 or -errno. Set
 * it to make `unbind` and `bind` of a driver do something. */
typedef int (*fake_on_write)(struct fake_kernel *, void *data, const char *path, const char *text);
void fake_set_on_write(struct fake_kernel *, fake_on_write, void *data);
void fake_set_euid(struct fake_kernel *, unsigned);

/* ---- what its VFIO and iommufd do: change it at any time before the call ---- */
#define FAKE_MAX_HOLES 40
enum fake_info {
	FAKE_INFO_ALL,	   /* ranges, migration, mappings left */
	FAKE_INFO_BARE,	   /* no capabilities at all: Linux before 5.4 */
	FAKE_INFO_LOOP,	   /* a chain that comes back to its start */
	FAKE_INFO_OUTSIDE, /* a chain that leaves the answer */
	FAKE_INFO_INSIDE,  /* a chain that points into the head */
	FAKE_INFO_CUT,	   /* more ranges told than there are */
	FAKE_INFO_HUGE,	   /* wants 2 GiB */
	FAKE_INFO_GROWS,   /* wants more each time */
	FAKE_INFO_UNKNOWN, /* a capability that nobody knows before the others */
	FAKE_INFO_ODD,	   /* the capabilities are not aligned */
	FAKE_INFO_DISORDER /* ranges that overlap */
};

/* The domains that can be asked for, by the flags of IOMMU_HWPT_ALLOC. */
enum fake_use { FAKE_PLAIN, FAKE_NEST_PARENT, FAKE_DIRTY_TRACKING, FAKE_PASID, FAKE_USES };

struct fake_vfio {
	const char *bdf;
	unsigned group;	  /* /dev/vfio/N */
	const char *cdev; /* "vfio0"; NULL: this kernel has none */
	bool no_group;	  /* no /dev/vfio/N */
	bool is_viable;
	bool is_compat; /* /dev/vfio/vfio is iommufd's */
	bool no_type1v2;
	int api_version;
	struct iof_range aperture[FAKE_USES];	/* of each domain */
	struct iof_range holes[FAKE_MAX_HOLES]; /* the device's reserved regions, in order */
	size_t n_holes;
	uint64_t page_sizes, dma_available;
	enum fake_info info;
	int use_error[FAKE_USES]; /* errno of IOMMU_HWPT_ALLOC, positive */
	int attach_error[FAKE_USES];
	size_t hw_info_size; /* of the kernel's struct: 32 or 40 */
	uint32_t hw_info_type;
	unsigned char hw_info[256];
	size_t n_hw_info;
	uint32_t hw_info_claims; /* data_len that is told instead; 0: the true one */
	uint64_t capabilities;
	unsigned max_pasid_log2;
	int viommu_error;
	int set_iommu_error, bind_error;
};
/* One device on an Intel host of 39 bits, bound to vfio-pci, everything as it should be: files of
 * sysfs and procfs, too. The struct may be changed. */
struct fake_vfio *fake_intel39(struct fake_kernel *);
/* A process that holds that path open. */
void fake_holder(struct fake_kernel *, unsigned pid, const char *name, const char *path);

/* ---- the log and faults ---- */
/* Calls are counted from 1 in the order in which they are made; close() is none that can fail. */
unsigned fake_n_calls(struct fake_kernel *);
/* "open /dev/vfio/3", "ioctl VFIO_SET_IOMMU", "read /proc/self/stat"; NULL after the last. */
const char *fake_call(struct fake_kernel *, unsigned n);
/* Whether there was such a call. */
bool fake_called(struct fake_kernel *, const char *call);
/* That call fails with that errno (positive) instead of being made. 0: none. */
void fake_fail_at(struct fake_kernel *, unsigned n, int error);
/* That call and all after it fail with EIO instead of being made: whoever made them can change
 * nothing any more, as if it had been killed. 0: none. */
void fake_stop_at(struct fake_kernel *, unsigned n);
/* Somebody else holds the lock. */
void fake_set_locked(struct fake_kernel *, bool);
/* Every call is interrupted once before it is made. */
void fake_interrupt(struct fake_kernel *, bool);
/* read() and write() move at most so many bytes; 0: as many as asked. */
void fake_short(struct fake_kernel *, size_t max);
/* Only so many calls are made at all: the next one ends in longjmp() to *where, as if the program
 * had been killed. 0: never. */
void fake_kill_at(struct fake_kernel *, unsigned n, void *where);
/* Forget the log and the faults. */
void fake_forget(struct fake_kernel *);

/* Descriptors, iommufd objects and mappings that are not given back yet. */
size_t fake_n_open(struct fake_kernel *);
size_t fake_n_objects(struct fake_kernel *);
size_t fake_n_mapped(struct fake_kernel *);
/* How often the device was opened, which resets it. */
unsigned fake_n_resets(struct fake_kernel *);

#endif
