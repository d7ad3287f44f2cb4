/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/explain.h - recognises messages of QEMU, libvirt, Proxmox and the kernel about IOMMUs
 * and address spaces in a log, whatever they are wrapped in, and says what each means with its
 * numbers.
 */
#ifndef IOMMUFIT_EXPLAIN_H
#define IOMMUFIT_EXPLAIN_H

#include <iommufit/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A log that is being read. It belongs to one thread at a time. */
struct iof_explain;
/** A message that was recognised in it. */
struct iof_explained;

/** Who says a message. */
enum iof_speaker {
	IOF_SPEAKER_UNKNOWN = 0,
	IOF_SPEAKER_QEMU = 1,
	IOF_SPEAKER_LIBVIRT = 2,
	IOF_SPEAKER_PROXMOX = 3,
	IOF_SPEAKER_KERNEL = 4,
	IOF_SPEAKER_CLOUD_HYPERVISOR = 5,
};

/** Set size to sizeof(struct iof_explain_options). */
struct iof_explain_options {
	size_t size;
	/** Each line is a message of a VMM, as iof_report_message() gives it. In an ordinary log
	 * some short messages count only where a VMM's name stands before them. */
	bool is_message;
};

/** options may be NULL. Returns 0 or -ENOMEM; the caller owns it. */
int iof_explain_new(struct iof_ctx *, const struct iof_explain_options *, struct iof_explain **);
/** NULL is allowed. Always returns NULL. */
struct iof_explain *iof_explain_unref(struct iof_explain *);
/** The next bytes of the log, cut anywhere. Lines may be of any length: what is kept does not grow
 * with them. Returns 0 or -ENOMEM. */
int iof_explain_feed(struct iof_explain *, const char *bytes, size_t length);
/** The log is at its end. Needed before messages are asked for; feeding ends with it. */
int iof_explain_finish(struct iof_explain *);

/** In the order of the log; prev NULL: the first. One that is said several times with the same
 * numbers comes once. Strings live as long as the log. */
const struct iof_explained *iof_explained_next(const struct iof_explain *,
					       const struct iof_explained *prev);
#define iof_explained_foreach(log, message)                                                        \
	for ((message) = iof_explained_next(log, NULL); (message);                                 \
	     (message) = iof_explained_next(log, message))

/** The message itself, its wrappings taken off. */
const char *iof_explained_text(const struct iof_explained *);
enum iof_speaker iof_explained_speaker(const struct iof_explained *);
/** Line of the log where it stands first, from 1. */
uint64_t iof_explained_line(const struct iof_explained *);
/** How often it is said with these numbers. */
uint64_t iof_explained_count(const struct iof_explained *);
/** How often it is said with yet other numbers that are not told one by one; 0 but for the last of
 * many. */
uint64_t iof_explained_more(const struct iof_explained *);
/** Versions of the VMM that word it like this, as "9.1"; until is the first that no longer does.
 * NULL: no bound is known, or not a VMM's. */
const char *iof_explained_since(const struct iof_explained *);
const char *iof_explained_until(const struct iof_explained *);
/** What changes from one such message to another (numbers, addresses, names), in order; NULL after
 * the last. */
const char *iof_explained_operand(const struct iof_explained *, size_t index);

/** What a message can mean: mostly one thing. */
struct iof_cause {
	const char *id;		    /**< a rule's id, or another one */
	bool is_rule;		    /**< iof_rule() knows it */
	const char *title;	    /**< what it is, in one line */
	const char *const *because; /**< why, with the numbers; NULL at the end */
	const char *const *fixes;   /**< ways out, NULL at the end; a line that begins with "& "
				     goes with the one before it */
};
/** The likeliest first. -ENOENT after the last. */
int iof_explained_cause(const struct iof_explained *, size_t index, struct iof_cause *);

/** The finding of a report that predicts this very message, with the same numbers; NULL: none. */
const struct iof_finding *iof_explained_finding(struct iof_ctx *, const struct iof_explained *,
						struct iof_report *);

/** All messages as text or as schema iommufit.explain/1. report: of the VM that the log is about,
 * whose fixes are then told where it predicts a message; NULL: none. */
int iof_explain_write(struct iof_ctx *, const struct iof_explain *, struct iof_report *report,
		      const struct iof_output *);

#ifdef __cplusplus
}
#endif
#endif
