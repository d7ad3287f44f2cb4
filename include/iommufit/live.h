/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/live.h - a VM that is running: what it says of itself over QMP and what /proc shows,
 * compared with what was predicted from its config. In a library of its own, libiommufit-live.
 *
 * What looks at a VM only reads: no command that is sent changes anything in it. What rebinds a
 * device says so (iof_live_bind_run, iof_live_recover).
 */
#ifndef IOMMUFIT_LIVE_H
#define IOMMUFIT_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include <iommufit/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_live;
struct iof_live_comparison;

/** Set size to sizeof(struct iof_live_options); zero means the default. */
struct iof_live_options {
	size_t size;
	unsigned timeout_ms; /**< for all of a QMP session together; default 5000 */
};

/**
 * Ask a running QEMU over its QMP socket (a path): version, status, machine, CPU widths, devices
 * with the properties of IOMMUs, assigned and memory devices, PCI functions with their BARs,
 * memory. options may be NULL. A QMP monitor serves one client at a time: while libvirt or another
 * manager holds it, it does not answer. Returns 0, -ENOENT or -ECONNREFUSED (nobody listens),
 * -EACCES, -ETIMEDOUT (busy, or no answer in time), -EBADMSG (an answer that is none of QMP) or
 * -ENOMEM.
 */
int iof_live_load_qmp(struct iof_ctx *, const char *socket, const struct iof_live_options *,
		      struct iof_live **);
/** What /proc alone shows of a process: its program, its limit of locked memory, the VFIO devices
 * that it holds open. Returns 0, -ESRCH (no such process) or -ENOMEM; what may not be read stays
 * unknown. */
int iof_live_load_process(struct iof_ctx *, uint64_t pid, struct iof_live **);
/** Add what /proc shows to what QMP said, before the object is shared. */
int iof_live_add_process(struct iof_ctx *, struct iof_live *, uint64_t pid);
struct iof_live *iof_live_ref(struct iof_live *);
struct iof_live *iof_live_unref(struct iof_live *);

/** The process: the one asked for, or the one that listens at the socket (SO_PEERCRED); 0: not
 * known (it is in another PID namespace). If a manager opened the socket and handed it to QEMU,
 * this is the manager. */
uint64_t iof_live_pid(const struct iof_live *);
/** "10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)", as iof_vmm.version_read; NULL: QMP was not asked. */
const char *iof_live_version(const struct iof_live *);

/** What became of one value. */
enum iof_live_result {
	IOF_LIVE_UNKNOWN = 0,	   /**< cannot be compared; why says it */
	IOF_LIVE_AGREES = 1,	   /**< it is what was predicted */
	IOF_LIVE_DIFFERS = 2,	   /**< it is not */
	IOF_LIVE_UNEXPECTED = 3,   /**< it is there, but the config does not say so */
	IOF_LIVE_MISSING = 4,	   /**< the config says so, but it is not there */
	IOF_LIVE_LEFT_TO_HOST = 5, /**< "auto": decided from the first cold-plugged device's host */
};

struct iof_live_item {
	enum iof_live_result result;
	const char *subject;   /**< "intel-iommu", "cpu", "net0 BAR 4", "process" */
	const char *property;  /**< "aw-bits"; NULL: the thing itself */
	const char *live;      /**< as text; NULL: there is none */
	const char *predicted; /**< as text; NULL: nothing was predicted */
	const char *where;     /**< QOM path, QMP command or /proc file where it was read; NULL */
	const char *why;       /**< a sentence about a difference; NULL */
};

/**
 * Compare with a machine that was resolved from the config: a pure function of both. The result
 * keeps a reference to live; its strings live as long as it does, and so must the machine. Returns
 * 0 or -ENOMEM.
 */
int iof_live_compare(struct iof_ctx *, struct iof_live *, const struct iof_machine *,
		     struct iof_live_comparison **);
struct iof_live_comparison *iof_live_comparison_unref(struct iof_live_comparison *);
/** Items by index; -ENOENT after the last. */
int iof_live_item(const struct iof_live_comparison *, size_t index, struct iof_live_item *);
/** How many items have that result. */
size_t iof_live_count(const struct iof_live_comparison *, enum iof_live_result);

/** As text, or as one JSON object: the member "live" of iommufit.check/1. */
int iof_live_write(const struct iof_live_comparison *, const struct iof_output *);

/**
 * A device that is lent to vfio-pci while it is asked, and given back as it was. What would be done
 * is known, and can be told, before anything is.
 */
struct iof_live_bind;

/** Set size to sizeof(struct iof_live_bind_options); zero means the default. */
struct iof_live_bind_options {
	size_t size;
	unsigned unbind_timeout_ms; /**< for a driver to let a device go; default 20000 */
	unsigned bind_timeout_ms;   /**< for a driver to take it; default 60000 */
	/** Asked before each step; true: go no further, give back what was taken. May be NULL. */
	bool (*stop)(void *data);
	void *stop_data;
	/** Told of each step, one line without a newline. May be NULL. */
	void (*say)(void *data, const char *line);
	void *say_data;
};

/**
 * What it takes to give a device ("0000:01:00.0") to vfio-pci, and whether that may be done.
 * Nothing is changed: /sys and /proc are read, and block devices are opened exclusively for
 * reading, which the kernel refuses for one that is in use. Returns 0; -EBUSY (the device, or
 * another in its IOMMU group, is in use, or it cannot be told; the text says by what); -EPERM (not
 * root, or in a container); -EINVAL (no address, or no device that can be assigned: a bridge, an
 * IOMMU); -ENODEV (no such device, no IOMMU group, no vfio-pci in the kernel); or -ENOMEM. The
 * caller owns it.
 */
int iof_live_bind_plan(struct iof_ctx *, const char *bdf, struct iof_live_bind **);
struct iof_live_bind *iof_live_bind_free(struct iof_live_bind *);
/** What would be done, in order, in words; NULL after the last. None: the device is bound to VFIO
 * already, and nothing needs to be changed. The text lives as long as the plan. */
const char *iof_live_bind_step(const struct iof_live_bind *, size_t index);
/**
 * Do it: take the lock of all probes, check again, write the journal, bind, call ask(data), and
 * make everything as it was, whatever ask returned and wherever it failed. Signals are the
 * caller's: block those that would end the process. Returns what ask returned; an error of a step,
 * after which all was restored; -EINTR (stop said so; restored); -EBUSY (in use, another probe is
 * under way, or one was cut off and must be recovered first); or the error of the restoring, and
 * then the journal is kept and the text says so.
 */
int iof_live_bind_run(struct iof_ctx *, const struct iof_live_bind *,
		      const struct iof_live_bind_options *, int (*ask)(void *data), void *data);
/**
 * Finish what a probe left that was cut off. Returns 0 (done, or there was nothing to do);
 * -ESTALE: the journal is of another boot, so that there was nothing to restore; it was removed;
 * -EBADMSG (the journal is none); -EBUSY (another probe is under way, or a device is held open);
 * -EPERM; or the error of a step. It can be called again.
 */
int iof_live_recover(struct iof_ctx *, const struct iof_live_bind_options *);

#ifdef __cplusplus
}
#endif
#endif
