/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map_show.h - the forms of iof_map_write(), and what they share. */
#ifndef SHOW_MAP_SHOW_H
#define SHOW_MAP_SHOW_H

#include "show/map_view.h"
#include "show/report_show.h"

/* map_words.c */
/* The answer in a sentence or two: what sticks out of what, or that everything fits. Lives in the
 * view's arena; NULL: out of memory. */
const char *map_sentence(const struct iof_report *, const struct map_view *);
/* What is assumed or missing: the firmware, or why BARs were not placed; NULL: out of memory. */
const char *map_firmware_text(const struct iof_report *, const struct map_view *);
/* "yes", "no", "unknown", "not-mapped" */
const char *map_fit_name(enum iof_fit);
/* The same for people. */
const char *map_fit_text(enum iof_fit);
/* Whether the finding is about addresses that do not fit. */
bool map_is_concerned(const struct iof_finding *);
/* What the marks mean, in map_mark's order. */
extern const char *const map_mark_texts[];

/* The picture alone, for check. */
void map_picture_text(struct emit *, const struct map_view *);
void map_write_text(struct emit *, struct iof_report *, const struct map_view *);
void map_write_json(struct emit *, struct iof_report *, const struct map_view *);
void map_write_svg(struct emit *, struct iof_report *, const struct map_view *);
void map_write_html(struct emit *, struct iof_report *, const struct map_view *);

#endif
