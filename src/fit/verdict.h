/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verdict.h - which of two verdicts counts: a definite failure beats a missing fact. */
#ifndef FIT_VERDICT_H
#define FIT_VERDICT_H

#include <iommufit/types.h>

static inline enum iof_verdict verdict_worse(enum iof_verdict a, enum iof_verdict b)
{
	static const unsigned rank[] = {[IOF_VERDICT_FITS] = 0,
					[IOF_VERDICT_DEGRADED] = 1,
					[IOF_VERDICT_UNKNOWN] = 2,
					[IOF_VERDICT_FAILS] = 3};

	return rank[a] >= rank[b] ? a : b;
}

#endif
