/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FIT_CAPS_H
#define FIT_CAPS_H

#include <iommufit/caps.h>

#include "fit/report.h"

struct caps_model {
	enum iof_model model;
	enum iof_outcome outcome;
	const char *why;
};

struct iof_caps {
	struct arena *arena;
	const char *version, *provenance, *machine;
	const char *host; /* NULL: theory only */
	struct iof_cap *caps;
	size_t n_caps, cap_caps;
	struct caps_model models[4];
	size_t n_models;
};

#endif
