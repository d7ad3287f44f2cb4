/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FIT_REPORT_H
#define FIT_REPORT_H

#include "fit/rule.h"

struct iof_finding {
	const struct rule *rule;
	const struct step *step;       /* NULL: about the config itself */
	const struct problem *problem; /* then: which */
	const struct machine_device *device;
	enum iof_phase phase;
	enum effect effect;
	struct operand operand[MESSAGE_OPERANDS];
	bool is_doubtful;	/* depends on a missing fact */
	bool is_assumed;	/* rests on an assumed firmware */
	bool is_repeat;		/* QEMU prints its line again; nothing new is found */
	struct mapping mapping; /* of a BAR; function NULL: of none */
	struct iof_fix *fixes;
	const char *unsaid; /* why the config's language cannot say a fix; NULL */
	const char *advice; /* in place of the rule's no_cure; NULL */
	bool has_fixes;	    /* they were looked for */
};

/* One edit of a fix. */
struct fix_edit {
	enum iof_where where;
	enum iof_op op;
	size_t option; /* of the VM as it is now; SIZE_MAX: none (a new option, or not in the VM).
			  PLUG: which of the devices to be plugged */
	size_t before;
	const char *name; /* ADD: the option */
	const char *key;
	const char *value;
	const char *target; /* for people: "intel-iommu.aw-bits" */
	const char *command;
	const char *why; /* the fault that this edit is for, where it is not the finding's own */
	bool is_remark;	 /* do what the language calls for: option is the number of its remark */
	unsigned round;	 /* edits of a later round mean the config as the earlier ones left it */
};

struct iof_fix {
	struct iof_fix *next;
	struct fix_edit *edits;
	size_t n_edits;
	const char *consequence;
	unsigned ladder; /* of those with one number the first that helps is enough; 0: none */
	bool is_checked;
	bool is_lenient;	      /* what else speaks against the config was left */
	const struct rule *next_rule; /* the fault that is left after it; NULL: none */
};

struct iof_report {
	struct arena *arena; /* texts, fixes */
	struct iof_ctx *ctx;
	const struct iof_host *host;
	const struct iof_machine *machine;
	struct iof_options options;

	enum iof_verdict verdict;
	enum iof_outcome start, plug, run, migrate;
	const char *migrate_why;
	bool is_doubtful; /* a missing fact decides */

	struct iof_finding *findings;
	size_t n_findings, cap_findings;

	/* The steps that this version, these vIOMMU models and backends have, by stage; kept from
	 * one check to the next. */
	const struct step **steps;
	size_t first_step[STAGE_COUNT + 1];
	enum vmm_kind steps_vmm;
	uint32_t steps_version, steps_models, steps_backends;
	const char **lines[IOF_PHASE_MIGRATE + 1]; /* rendered messages */
	size_t n_lines[IOF_PHASE_MIGRATE + 1];
	bool is_rendered;
	int err; /* out of memory while checking */

	/* what another library adds to the answer; NULL: nothing */
	iof_report_part_fn part_write;
	const char *part_name;
	void *part_data;
};

struct fix_list {
	struct arena *arena;
	struct iof_fix *first, **last;
	const char *advice; /* what to do when none of them helps; NULL: the rule says it */
	int err;
};

/* engine.c: try all steps of a stage. */
struct walk;
void walk_stage(struct walk *, enum stage);
bool walk_is_stopped(const struct walk *);
struct scene *walk_scene(struct walk *);
/* placing.c: what QEMU maps while the guest's firmware switches BARs on. */
void walk_placing(struct walk *);

/* fixes.c */
struct iof_fix *fix_new(struct fix_list *, const char *consequence);
void fix_set(struct fix_list *, struct iof_fix *, size_t option, const char *key, const char *value,
	     const char *target);
void fix_unset(struct fix_list *, struct iof_fix *, size_t option, const char *key,
	       const char *target);
void fix_remove(struct fix_list *, struct iof_fix *, size_t option, const char *target);
void fix_move(struct fix_list *, struct iof_fix *, size_t option, size_t before,
	      const char *target);
void fix_add(struct fix_list *, struct iof_fix *, const char *name, const char *value,
	     size_t before);
void fix_host(struct fix_list *, struct iof_fix *, const char *target, const char *to,
	      const char *command);
/* Another text for a device that is to be plugged. */
void fix_plug(struct fix_list *, struct iof_fix *, size_t index, const char *text,
	      const char *command);
/* It is not plugged at all. */
void fix_unplug(struct fix_list *, struct iof_fix *, size_t index);
/* plugged.c: a property of a device of the config, or of one that is to be plugged. */
void fix_device_set(struct fix_list *, struct iof_fix *, const struct iof_machine *,
		    const struct machine_device *, const char *key, const char *value);
void fix_device_unset(struct fix_list *, struct iof_fix *, const struct iof_machine *,
		      const struct machine_device *, const char *key);
/* What a remark of the config's language calls for. */
void fix_remark(struct fix_list *, struct iof_fix *, size_t remark, const char *target,
		const char *to);
/* "intel-iommu.aw-bits" */
const char *fix_target(struct fix_list *, const struct machine_device *, const char *key);
/* Set or, where this version's property has another name, add a vIOMMU's property. */
void fix_property(struct fix_list *, struct iof_fix *, const struct machine_device *,
		  enum property_id, const char *value);
struct vm_edit fix_to_vm_edit(const struct fix_edit *);
/* What was made of a config: new bytes, or a new argument vector. */
struct iof_edit {
	struct arena *arena;
	const char *bytes;
	size_t length;
	const char *const *argv;
};
struct iof_edit *edit_new(void); /* NULL: out of memory */

/* pin.c: whether iof_machine_pin() would write this resolved value. */
bool pin_is_wanted(const struct iof_machine *, size_t index);

/* plan.c: look for fixes of a finding, each tried on the whole VM. */
int report_make_fixes(struct iof_report *, struct iof_finding *);

#endif
