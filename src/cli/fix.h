/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fix.h - the search for edits that make a config pass. */
#ifndef CLI_FIX_H
#define CLI_FIX_H

#include "job.h"

struct repair {
	enum iof_verdict before, after;
	struct config config; /* as it is after the edits */
	struct words edits;   /* what was done, one line each */
	struct words outside; /* what would have to be done on the host, the firmware or the VMM */
};

int repair_run(struct tool *, struct job *, struct repair *);
void repair_free(struct repair *);

#endif
