/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_show.h - the two forms of iof_live_rehearsal_write(). */
#ifndef LIVE_REHEARSE_SHOW_H
#define LIVE_REHEARSE_SHOW_H

#include "base/emit.h"
#include "live/rehearse.h"

/* What people call the device: its host address, else its label; NULL: there is none. */
const char *rehearse_label(const struct iof_live_rehearsal *, size_t device);
/* The answer in one sentence. 0 or -ENOMEM. */
int rehearse_summary(const struct iof_live_rehearsal *, struct buf *);
/* rehearse_json.c */
void rehearse_write_json(struct emit *, const struct iof_live_rehearsal *);

#endif
