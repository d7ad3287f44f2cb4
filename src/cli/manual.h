/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manual.h - the prose of the man pages; linked with their generator only. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "options.h"

struct manual_item {
	const char *term;
	const char *text;
};

struct manual {
	const char *const *description;	    /* paragraphs, NULL at the end */
	const struct manual_item *files;    /* term NULL at the end; may be NULL */
	const struct manual_item *examples; /* command and what it does */
};

extern const struct manual manuals[N_COMMANDS];
extern const struct manual tool_manual;
extern const struct manual_item environment[];

#endif
