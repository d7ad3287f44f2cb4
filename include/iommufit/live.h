/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/live.h - what touches this machine's kernel or a VM that runs. In a library of its own,
 * libiommufit-live.
 *
 * A VM that is running: what it says of itself over QMP and what /proc shows, compared with what
 * was predicted from its config. That only reads: no command that is sent changes anything in the
 * VM. What rebinds a device says so (iof_live_bind_run, iof_live_recover), and so does what opens
 * devices for a moment (iof_live_rehearse, iof_live_probe_run).
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

/* ---- probe: VFIO and iommufd are asked what a device's IOMMU can do ---- */

/**
 * One run of questions about some devices. It asks the legacy group first, which never opens the
 * device; then, only with reset_ok, the device cdev, whose opening resets the device. What it makes
 * in the kernel it gives back at once. Sources: Linux include/uapi/linux/vfio.h and iommufd.h.
 */
struct iof_live_probe;

/** Set size to sizeof(struct iof_live_probe_options); zero means the default. */
struct iof_live_probe_options {
	size_t size;
	bool reset_ok; /**< the devices may be opened, which resets them: asks iommufd, too */
	/** The run is in the ask() of iof_live_bind_run(), which holds the lock of all probes. What
	 * is kept is kept behind it. */
	bool locked;
};

/** What came out for a device, or for all of them: the worst. */
enum iof_live_answer {
	IOF_LIVE_ANSWER_UNKNOWN = 0, /**< the kernel does not tell it on the way that was allowed */
	IOF_LIVE_ANSWER_DOMAIN = 1,  /**< it makes a domain for it and told the ranges */
	IOF_LIVE_ANSWER_NONE = 2,    /**< it makes none for it */
	IOF_LIVE_ANSWER_FAILED = 3,  /**< a call failed that is no answer (no memory, in use) */
};

/** options may be NULL. Returns 0, -EPERM (not root) or -ENOMEM. */
int iof_live_probe_new(struct iof_ctx *, const struct iof_live_probe_options *,
		       struct iof_live_probe **);
struct iof_live_probe *iof_live_probe_unref(struct iof_live_probe *);
/**
 * A device of this machine to be asked ("0000:01:00.0" or "01:00.0"); host is what was predicted
 * for this machine without asking. It must be bound to a vfio driver, and nobody may have it or its
 * group open. Nothing is asked yet. Returns 0, -EINVAL (no address), -ENOENT (no such device),
 * -EBUSY (in use, or not bound to vfio: the text says by whom or to what), -EPERM or -ENOMEM.
 */
int iof_live_probe_add(struct iof_ctx *, struct iof_live_probe *, struct iof_host *host,
		       const char *bdf);
/**
 * Ask, one device after the other, and compare with what was predicted. A call that fails is part
 * of the answer. It takes the lock of all probes, and holds it until the object is given up, so
 * that what is kept is not kept by two at once. Returns 0, -EBUSY (another probe is under way),
 * another error of the lock's file, or -ENOMEM.
 */
int iof_live_probe_run(struct iof_ctx *, struct iof_live_probe *);
enum iof_live_answer iof_live_probe_answer(const struct iof_live_probe *);
/** The first call that failed with IOF_LIVE_ANSWER_FAILED: its errno (positive); 0: none. */
int iof_live_probe_error(const struct iof_live_probe *);
/**
 * The answers as a text of schema iommufit.measured/1 with those of old (such a text; NULL: none)
 * of other devices and of the same boot. name is for errors about old. *text is from malloc().
 * *ignored: why old was left out, one sentence that lives as long as the probe; NULL if it was not.
 * Returns 0 or -ENOMEM.
 */
int iof_live_probe_measured(struct iof_ctx *, struct iof_live_probe *, const char *old,
			    size_t n_old, char **text, size_t *length, const char **ignored);
/**
 * Keep the answers in /run/iommufit/measured.json, where iof_host_load() finds them until the next
 * boot: merged by device, replaced as a whole or not at all. *ignored as above. Returns 0 or what
 * the system says.
 */
int iof_live_probe_keep(struct iof_ctx *, struct iof_live_probe *, const char **ignored);
/** As text, or as schema iommufit.probe/1. */
int iof_live_probe_write(const struct iof_live_probe *, const struct iof_output *);
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
 * IOMMU); -ENOENT (no such device); -ENODEV (no IOMMU group, no vfio-pci in the kernel); or
 * -ENOMEM. The caller owns it.
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
 * Finish what a probe left that was cut off, and write what was done, as text or as schema
 * iommufit.recover/1 (out may be NULL). A journal of another boot is removed and nothing is
 * restored, for the reboot did that; it is said. Returns 0 (done, or there was nothing to do);
 * -EBADMSG (the journal is none); -EBUSY (another probe is under way, or a device is held open);
 * -EPERM; the error of a step; or what out's write returned. It can be called again.
 */
int iof_live_recover(struct iof_ctx *, const struct iof_live_bind_options *,
		     const struct iof_output *out);

/** Set size to sizeof(struct iof_live_rehearse_options); zero means the default. */
struct iof_live_rehearse_options {
	size_t size;
	/** Devices may be opened, which resets them: what iommufd is asked needs that. Without it
	 * the devices of iommufd are asked through their groups, as far as that tells. */
	bool reset_ok;
};

struct iof_live_rehearsal;

/**
 * Make the calls that QEMU would make for the assigned devices of a machine, on this host and with
 * a few pages of our own memory: open, attach, map the first and the last page of each block of
 * guest memory and of each BAR where it will be. All is undone before this returns. The devices
 * must be bound to vfio and not in use. report holds the check of that machine on this host; both
 * must live as long as the result, and the report must not be used again. options may be NULL.
 * Returns 0 (also when a call fails: that is the answer), -EPERM (not root),
 * -EBUSY (another probe or rehearsal runs), -EOPNOTSUPP (the machine is not QEMU's) or -ENOMEM.
 */
int iof_live_rehearse(struct iof_ctx *, const struct iof_machine *, struct iof_report *,
		      const struct iof_live_rehearse_options *, struct iof_live_rehearsal **);
struct iof_live_rehearsal *iof_live_rehearsal_unref(struct iof_live_rehearsal *);

/** FITS: it starts as rehearsed; DEGRADED; FAILS; UNKNOWN: it could not be asked. */
enum iof_verdict iof_live_rehearsal_verdict(const struct iof_live_rehearsal *);
/** Of the phases START, PLUG and RUN, as a report has them. */
enum iof_outcome iof_live_rehearsal_outcome(const struct iof_live_rehearsal *, enum iof_phase);
/** What QEMU would print in that phase; NULL after the last. */
const char *iof_live_rehearsal_message(const struct iof_live_rehearsal *, enum iof_phase,
				       size_t index);
/** What could not be tried, as a sentence; NULL after the last. */
const char *iof_live_rehearsal_untested(const struct iof_live_rehearsal *, size_t index);

/** One call. */
struct iof_live_step {
	enum iof_phase phase;
	size_t device;	  /**< index for iof_machine_device(); SIZE_MAX: none */
	const char *call; /**< "open", or as the kernel's headers name it: "VFIO_SET_IOMMU" */
	const char *what; /**< on what: "/dev/vfio/12", "pc.ram 0x0 to 0xfff"; NULL */
	int error;	  /**< errno, 0: done */
	bool is_expected; /**< it failed, which is an answer that QEMU goes on from */
	bool is_undo;
};
/** Calls in the order in which they were made; -ENOENT after the last. */
int iof_live_rehearsal_step(const struct iof_live_rehearsal *, size_t index,
			    struct iof_live_step *);
/** The call that ends the start or the plug, or of which something is lost: an index for
 * iof_live_rehearsal_step(); SIZE_MAX: none. */
size_t iof_live_rehearsal_failed(const struct iof_live_rehearsal *);

/** What became of something that check assumes. */
enum iof_live_finding {
	IOF_LIVE_NOT_ASKED = 0,
	IOF_LIVE_CONFIRMED = 1,
	IOF_LIVE_REFUTED = 2,
};
struct iof_live_assumption {
	enum iof_live_finding result;
	size_t device;	       /**< index for iof_machine_device(); SIZE_MAX: none */
	const char *what;      /**< "ranges", "width", "group viable", "memory reachable" */
	const char *predicted; /**< as text */
	const char *found;     /**< as text; NULL: not asked */
};
int iof_live_rehearsal_assumption(const struct iof_live_rehearsal *, size_t index,
				  struct iof_live_assumption *);
/** As text, or as schema iommufit.rehearse/1. */
int iof_live_rehearsal_write(const struct iof_live_rehearsal *, const struct iof_output *);

#ifdef __cplusplus
}
#endif
#endif
