/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_assign.h - whether the devices of a host can be given to a VM, and what is in the way. */
#ifndef SHOW_HOST_ASSIGN_H
#define SHOW_HOST_ASSIGN_H

#include "host/host.h"

enum assign_state {
	ASSIGN_READY,	/* bound to a VFIO driver, nothing in the way */
	ASSIGN_BIND,	/* once it is bound to one */
	ASSIGN_BLOCKED, /* not as things are */
	ASSIGN_NEVER,	/* bridges and IOMMUs are not given to VMs */
};

struct assign_answer {
	enum assign_state state;
	const char *why; /* "" if ready */
};

/* One answer for each device, in host->devices' order. NULL: out of memory. */
const struct assign_answer *assign_answers(struct arena *, const struct iof_host *);

#endif
