/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fix.h - the search for edits that make a config pass. */
#ifndef CLI_FIX_H
#define CLI_FIX_H

#include "job.h"
#include "manager.h"
#include "replace.h"

struct repair {
	enum iof_verdict before, after;
	struct config config; /* as it is after the edits */
	struct words edits;   /* what was done, one line each */
	struct words others;  /* what would have done as well, one fix a line */
	struct words left;    /* what the check of the result still finds */
	struct words names;   /* what --prefer may say */
	bool is_preferred;    /* it said one of them */
	bool is_changed;      /* the config is another; else only what is plugged */
	struct words plug;    /* the devices to be plugged, as they should be */
	struct words advice;  /* of what is left and no edit cures: what to do about it */
	struct words outside; /* what would have to be done on the host, the firmware or the VMM */
};

int repair_run(struct tool *, struct job *, struct repair *);
void repair_free(struct repair *);

/* One run of the command. */
struct fixing {
	struct job job;
	struct repair repair;
	struct managed managed; /* with --libvirt or --proxmox */
	struct replace replace; /* with --in-place */
	bool is_cured;
};

/* Write the result to where it is wanted, and the answer. */
int fix_write(struct tool *, struct fixing *);
/* What was done, what else there is, what is left: lines on standard error. */
void fix_note(const struct tool *, const struct fixing *);

#endif
