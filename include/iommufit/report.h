/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/report.h - the check: findings from rules, predictions for start, plug, run and migrate,
 * and fixes.
 */
#ifndef IOMMUFIT_REPORT_H
#define IOMMUFIT_REPORT_H

#include <iommufit/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_report;
struct iof_finding;
struct iof_fix;

/** Options of a check. Set size to sizeof(struct iof_options). */
struct iof_options {
	size_t size;
	bool migrate; /**< let migration count for the verdict */
};

/** An empty report; reuse it for many checks. It belongs to one thread at a time. */
int iof_report_new(struct iof_ctx *, struct iof_report **);
struct iof_report *iof_report_unref(struct iof_report *);

/**
 * The check: a pure function of host and machine. No I/O, no clock, no globals. host may be NULL:
 * the one that the machine was resolved with. What report held before is gone; strings of it become
 * invalid.
 */
int iof_check(const struct iof_host *, const struct iof_machine *, const struct iof_options *,
	      struct iof_report *);

/** 0, or -ENOMEM if memory ran out while findings were rendered or fixes looked for: the answers
 * are then incomplete. */
int iof_report_error(const struct iof_report *);
enum iof_verdict iof_report_verdict(const struct iof_report *);
enum iof_outcome iof_report_start(const struct iof_report *);
enum iof_outcome iof_report_plug(const struct iof_report *);
enum iof_outcome iof_report_run(const struct iof_report *);
enum iof_outcome iof_report_migrate(const struct iof_report *);

/** Phases of messages. */
enum iof_phase {
	IOF_PHASE_UNKNOWN = 0,
	IOF_PHASE_START = 1,
	IOF_PHASE_PLUG = 2,
	IOF_PHASE_RUN = 3,
	IOF_PHASE_MIGRATE = 4,
};
/**
 * What the VMM will print in that phase about this VM's devices and IOMMU, in order; NULL after the
 * last. Rendered when asked for; lives until the report is used again.
 */
const char *iof_report_message(struct iof_report *, enum iof_phase, size_t index);

const struct iof_finding *iof_report_finding_next(const struct iof_report *,
						  const struct iof_finding *prev);
#define iof_report_finding_foreach(report, finding)                                                \
	for ((finding) = iof_report_finding_next(report, NULL); (finding);                         \
	     (finding) = iof_report_finding_next(report, finding))

/** Whether a region of the machine's map lies in what the host's IOMMU can map. */
enum iof_fit {
	IOF_FIT_UNKNOWN = 0,
	IOF_FIT_YES = 1,
	IOF_FIT_NO = 2,	  /**< it is mapped for an assigned device, and sticks out */
	IOF_FIT_NONE = 3, /**< nothing maps it, or no device is assigned */
};
/** Of all assigned devices of the machine that was checked last. *outside (may be NULL) is the
 * first part that no range holds. */
enum iof_fit iof_report_region_fit(const struct iof_report *, const struct iof_region *,
				   struct iof_range *outside);
/** The IOVA ranges that all assigned devices have in common, ascending; they live until the report
 * is used again. Returns 0, -ENOENT (no assigned device with an IOMMU), -ENODATA (not known) or
 * -ENOMEM. */
int iof_report_ranges(struct iof_report *, const struct iof_range **ranges, size_t *n);

/** Rule id, as "width.viommu-exceeds-host". */
const char *iof_finding_rule(const struct iof_finding *);
enum iof_severity iof_finding_severity(const struct iof_finding *);
/** What will happen / why, with the numbers / what the VMM prints (NULL if nothing). Rendered when
 * asked for. */
const char *iof_finding_message(struct iof_report *, const struct iof_finding *);
const char *iof_finding_because(struct iof_report *, const struct iof_finding *);
const char *iof_finding_vmm_message(struct iof_report *, const struct iof_finding *);

/** When a finding is met, seen from an assigned device. */
enum iof_moment {
	IOF_MOMENT_UNKNOWN = 0,
	IOF_MOMENT_BEFORE = 1, /**< before the kernel is asked for the device */
	IOF_MOMENT_ATTACH = 2, /**< while it is opened and attached to a container or IOAS */
	IOF_MOMENT_MAP = 3,    /**< when guest memory is mapped for it */
	IOF_MOMENT_AFTER = 4,
};
enum iof_moment iof_finding_moment(const struct iof_finding *);
enum iof_phase iof_finding_phase(const struct iof_finding *);
/** The device that it is about, or at which it is met: index for iof_machine_device(); SIZE_MAX:
 * none. */
size_t iof_finding_device(const struct iof_report *, const struct iof_finding *);
/** It ends the start, refuses the device that is plugged, or ends the VM. */
bool iof_finding_is_fatal(const struct iof_finding *);
/** It depends on a fact that is missing. */
bool iof_finding_is_doubtful(const struct iof_finding *);

/** What a person has to do about it where no fix is known, or where one leads to a fault that has
 * none; NULL: nothing is told. */
const char *iof_finding_advice(struct iof_report *, const struct iof_finding *);

/** Where an edit is made. */
enum iof_where {
	IOF_WHERE_UNKNOWN = 0,
	IOF_WHERE_VM = 1,
	IOF_WHERE_HOST = 2,
	IOF_WHERE_FIRMWARE = 3,
	IOF_WHERE_VMM = 4,
	IOF_WHERE_PLUG = 5, /**< the device that is to be plugged: target "plug.0" for the first,
			       to is its whole text */
};
enum iof_op {
	IOF_OP_UNKNOWN = 0,
	IOF_OP_SET = 1,
	IOF_OP_UNSET = 2,
	IOF_OP_ADD = 3,	   /**< a new option: target "device", to "pcie-root-port,id=rp0" */
	IOF_OP_REMOVE = 4, /**< a whole option */
	IOF_OP_MOVE = 5,   /**< an option before another */
};
struct iof_edit_step {
	enum iof_where where;
	enum iof_op op;
	const char *target;  /**< "intel-iommu.aw-bits" */
	const char *to;	     /**< new value; NULL for unset and remove */
	const char *command; /**< the command or config line for a person; NULL if the edit says it
				all */
	const char *why; /**< the further fault that this edit is for; NULL: the finding's own */
};

/** Fixes of a finding, the least invasive first. Each was tried: the check was run on its result.
 */
const struct iof_fix *iof_finding_fix_next(struct iof_report *, const struct iof_finding *,
					   const struct iof_fix *prev);
/** The edits of a fix belong together. -ENOENT after the last. */
int iof_fix_step(const struct iof_fix *, size_t index, struct iof_edit_step *);
const char *iof_fix_consequence(const struct iof_fix *);
/** Whether the check on the result says that it starts (host edits are taken as done). */
bool iof_fix_is_checked(const struct iof_fix *);
/** Rule of the fault that is left after this fix, because it has no cure in the config; and what it
 * is, in one line. NULL: none is left. */
const char *iof_fix_remaining(const struct iof_fix *);
const char *iof_fix_remaining_title(const struct iof_fix *);

/** The edited config: new bytes in the config's own language. Nothing is written anywhere. */
struct iof_edit;
int iof_fix_apply(struct iof_ctx *, const struct iof_vm *, const struct iof_fix *const *fixes,
		  size_t n, struct iof_edit **);
struct iof_edit *iof_edit_unref(struct iof_edit *);
const char *iof_edit_bytes(const struct iof_edit *, size_t *length);
/** For a config that came as argv: the new vector, NULL at the end; else NULL. */
const char *const *iof_edit_argv(const struct iof_edit *);

/**
 * The config with every value written down that the guest sees and that a default, "auto", an alias
 * or the host decided: what a migratable definition needs (QEMU docs/devel/migration/
 * compatibility.rst). What its language cannot say is left as it is. Returns 0, -EOPNOTSUPP (the
 * text cannot be edited) or -ENOMEM.
 */
int iof_machine_pin(struct iof_ctx *, const struct iof_machine *, struct iof_edit **);
/** All resolved values with who decided each, as text or as schema iommufit.resolve/1. */
int iof_machine_write(struct iof_ctx *, const struct iof_machine *, const struct iof_output *);

/** What differs between two texts, as a unified diff; nothing if they are equal. Bytes are written
 * as they are; of out only size, write and data count. */
int iof_text_diff(struct iof_ctx *, const char *old_name, const char *old_text, size_t old_length,
		  const char *new_name, const char *new_text, size_t new_length,
		  const struct iof_output *out);

/** The whole report as text (verdict first) or as schema iommufit.check/1. */
int iof_report_write(struct iof_ctx *, struct iof_report *, const struct iof_output *);

/**
 * Let iof_report_write(), and iof_map_write() as text and JSON, end with what another library says
 * of the same VM: write renders lines of text, or one JSON value that becomes the member `name`.
 * data and name must live as long as the report is used; write NULL: no such part (the default).
 */
typedef int (*iof_report_part_fn)(void *data, const struct iof_output *);
void iof_report_part_set(struct iof_report *, const char *name, iof_report_part_fn write,
			 void *data);

/** The guest's address map against the ranges that the host can map: a picture as text, as SVG or
 * as an HTML page with findings and fixes, or schema iommufit.map/1. */
int iof_map_write(struct iof_ctx *, struct iof_report *, const struct iof_output *);

/** The catalogue of rules. */
struct iof_rule_info {
	const char *id;
	enum iof_severity severity;
	const char *title;     /**< one line: what is wrong */
	const char *versions;  /**< "QEMU 9.1 and later"; until the next call in this thread */
	const char *source;    /**< where the behaviour is defined */
	const char *confirmed; /**< "lab", "report" or "source" */
};
/** -ENOENT after the last. */
int iof_rule(size_t index, struct iof_rule_info *);
/** The catalogue, or one rule by id, as text or as schema iommufit.rules/1. -ENOENT: no such rule.
 */
int iof_rules_write(struct iof_ctx *, const char *id, const struct iof_output *);

#ifdef __cplusplus
}
#endif
#endif
