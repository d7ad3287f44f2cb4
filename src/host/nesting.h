/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nesting.h - what an accelerated vIOMMU needs besides a nesting parent. */
#ifndef HOST_NESTING_H
#define HOST_NESTING_H

#include "host/host.h"

/* From units, domains and devices: dev->viommu (Arm) and unit->errata_772415 (Intel), measured or
 * as Linux would have it. After the worlds are known. */
void derive_nesting(struct iof_host *);

#endif
