/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report_show.h - the two forms of iof_report_write(). */
#ifndef SHOW_REPORT_SHOW_H
#define SHOW_REPORT_SHOW_H

#include "base/diff.h"
#include "base/emit.h"
#include "fit/report.h"

void report_write_text(struct iof_report *, struct emit *);
void report_write_json(struct iof_report *, struct emit *);

/* The picture of the address map, if something sticks out (map_write.c); is_apart: a blank line
 * stands before it. */
void map_write_reason(struct emit *, struct iof_report *, bool is_apart);

/* The verdict's word and two blanks; returns their columns. */
unsigned report_write_verdict(struct emit *, const struct iof_report *);
/* "this host", or the last part of its name. */
const char *host_phrase(const struct iof_host *);

/* A finding as a block: what will happen, why, what QEMU says, the ways out. */
void report_write_finding(struct emit *, struct iof_report *, const struct iof_finding *);

/* What another library adds (iof_report_part_set): as text, or as a member of the open object. */
void report_write_part(struct emit *, const struct iof_report *);

/* Members that other schemas have, too. */
void json_vmm(struct emit *, const struct iof_report *);
void json_finding(struct emit *, struct iof_report *, const struct iof_finding *);

/* An edit of a fix in words: "intel-iommu: aw-bits=48 -> aw-bits=39". */
void fix_describe(struct buf *, const struct iof_report *, const struct iof_fix *, size_t index);
/* What stands before an edit that is not made in the config, "on the host:"; NULL: it is. */
const char *fix_where(enum iof_where);
/* The lines that a fix writes: commands for the host, then the options of the config as they will
 * read. Nothing, if it only takes away. Returns 0 or -ENOMEM. */
int fix_literal(struct buf *, const struct iof_report *, const struct iof_fix *);

/* Of a manager's config (not a command line): the lines that a fix takes away and puts in. Returns
 * 0, -ENOMEM or what take() returns. */
int fix_lines(const struct iof_report *, const struct iof_fix *, diff_line_fn take, void *data);

/* Where in the config the finding's cause stands; NULL: nowhere, or the config has no lines. */
const struct place *finding_place(struct iof_report *, const struct iof_finding *);
/* The file that a place means. */
const char *place_file(const struct iof_report *, const struct place *);
/* The i-th assigned device's host device, NULL after the last. Devices that the host lacks are left
 * out. */
const struct iof_device *report_host_device(const struct iof_report *, size_t i);
/* The value as it was written that an edit changes; NULL: none. */
const struct pair *edit_pair(const struct iof_report *, const struct fix_edit *);
/* The value that an edit's target has now, as "48"; NULL: unknown or not a property. */
const char *current_value(const struct iof_report *, const char *target);

#endif
