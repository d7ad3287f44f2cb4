/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report_show.h - the two forms of iof_report_write(). */
#ifndef SHOW_REPORT_SHOW_H
#define SHOW_REPORT_SHOW_H

#include "base/emit.h"
#include "fit/report.h"

void report_write_text(struct iof_report *, struct emit *);
void report_write_json(struct iof_report *, struct emit *);

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
