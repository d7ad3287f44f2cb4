/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_show.h - the two forms of iof_host_write(). */
#ifndef SHOW_HOST_SHOW_H
#define SHOW_HOST_SHOW_H

#include "base/emit.h"
#include "host/host.h"
#include "show/host_assign.h"

int host_write_json(struct iof_ctx *, const struct iof_host *, struct emit *);
int host_write_text(struct iof_ctx *, const struct iof_host *, struct emit *);

/* Parts of the text. */
void host_put_devices(struct emit *, const struct iof_host *, const struct assign_answer *);
void host_put_ranges(struct emit *, struct arena *, const struct iof_host *);

#endif
