/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe.h - asking the kernel about devices: the object behind iof_live_probe. target.c says what
 * is to be asked, probe_legacy.c and probe_iommufd.c ask, probe_facts.c compares with the
 * prediction, probe_write.c and keep.c write.
 */
#ifndef LIVE_PROBE_H
#define LIVE_PROBE_H

#include <iommufit/live.h>

#include "base/arena.h"
#include "base/strings.h"
#include "host/measured.h"
#include "live/vfio.h"

/* A device of the group that is asked about. */
struct target_mate {
	const char *bdf;
	const char *driver; /* NULL: none */
};

/* What sysfs says of a device at this moment. */
struct probe_target {
	const char *bdf;
	const char *driver; /* NULL: none */
	bool is_vfio;	    /* bound to vfio-pci or one of its variants */
	bool has_group;
	unsigned group;
	bool is_noiommu;	   /* a group that VFIO made without an IOMMU */
	const char *cdev;	   /* "vfio0"; NULL: the kernel has no cdev for it */
	struct target_mate *mates; /* the others in the group */
	size_t n_mates;
};
/* -ENOENT: no such device. */
int target_read(const struct live_calls *, struct arena *, const char *bdf, struct probe_target *);

enum fact_result {
	FACT_CONFIRMED, /* as predicted */
	FACT_REFUTED,	/* otherwise */
	FACT_LEARNED,	/* nothing, or several values, had been predicted */
	FACT_NOT_ASKED,
	FACT_RESULTS
};
struct probe_fact {
	enum fact_result result;
	const char *name;      /* "ranges", "nest-parent" */
	const char *predicted; /* as text; NULL: not known */
	const char *measured;  /* as text; NULL: not asked, or not told */
};

struct probed {
	struct probe_target target;
	struct iof_host *host;		 /* the prediction; a reference of its own */
	bool is_asked;			 /* by an earlier run */
	const struct iof_device *device; /* in it; NULL: it does not know the device */
	struct measured_device answers;
	bool was_opened; /* so it was reset */
	bool is_refused; /* the group is not viable: there is nothing to ask */
	enum iof_live_answer answer;
	const char *why; /* of any answer but DOMAIN, a sentence */
	/* The call that failed without being an answer; call is NULL if none. */
	const char *failed_call, *failed_path;
	int failed_error;
	const char **notes; /* sentences */
	size_t n_notes, cap_notes;
	struct probe_fact *facts;
	size_t n_facts, cap_facts;
};

struct iof_live_probe {
	struct arena *arena;
	const struct live_calls *calls;
	bool reset_ok, is_locked_by_caller;
	int lock;		      /* -1: not held */
	const char *boot_id, *kernel; /* of this machine */
	const char *kept;	      /* path; NULL: not kept */
	struct probed *devices;
	size_t n_devices, cap_devices;
	bool is_out_of_memory;
};

/* One device while it is asked. */
struct probing {
	struct iof_live_probe *probe;
	struct probed *d;
	struct vfio v;
};

/* The public functions, over a table of calls. */
int probe_new(const struct live_calls *, struct iof_ctx *, const struct iof_live_probe_options *,
	      struct iof_live_probe **);
/* Take the lock of all probes, unless it is held. */
int probe_lock(struct iof_ctx *, struct iof_live_probe *);

/* Ask on one way. 0: asked, or the way is not there; what is said of it is in the device. -errno: a
 * call failed that is no answer: p->v names it. */
int probe_legacy(struct probing *);
int probe_iommufd(struct probing *);

/* A call failed: whether this is what the kernel has to say about the device (p->v as it is), and
 * not a fault of the machine. */
bool probe_is_answer(const struct vfio *);
/* A node could not be opened because there is none: the kernel was built without it, or its module
 * is not there. */
bool probe_is_missing(const struct vfio *);
/* In words: "VFIO_SET_IOMMU: Operation not permitted". */
const char *probe_failure_text(struct probing *);
void probe_note(struct probing *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Why there is no answer. The first one stays. */
void probe_why(struct probing *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ranges from malloc() into the arena; they are freed. */
int probe_take_ranges(struct probing *, struct iof_range *, size_t n, struct measured_domain *);

void probe_compare(struct iof_live_probe *, struct probed *);
const char *probe_ranges_text(struct arena *, const struct iof_range *, size_t n);

#endif
