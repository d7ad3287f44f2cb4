/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load.h - a host from a root, whatever kind of source the root stands for. */
#ifndef HOST_LOAD_H
#define HOST_LOAD_H

#include "host/host.h"

/* Reads everything from the root; the root stays the caller's. source: what to call it in
 * host->source. */
int host_load_from_root(struct iof_ctx *, struct root *, const char *source,
			const struct iof_host_options *, struct iof_host **out);

#endif
