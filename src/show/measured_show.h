/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* measured_show.h - what the kernel answered, as text and as JSON. */
#ifndef SHOW_MEASURED_SHOW_H
#define SHOW_MEASURED_SHOW_H

#include "base/emit.h"
#include "host/host.h"

/* The member "measured" of a device; nothing if it was not asked. */
void measured_put_json(struct emit *, const struct iof_device *);
/* The top-level member "measured": devices behind the units that are not among the devices. */
void measured_put_elsewhere(struct emit *, const struct iof_host *);

/* What was measured, or what probe would tell. */
void measured_put_text(struct emit *, struct arena *, const struct iof_host *);

#endif
