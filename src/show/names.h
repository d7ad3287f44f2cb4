/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.h - the words that answers use for the values of enumerations. */
#ifndef SHOW_NAMES_H
#define SHOW_NAMES_H

#include <stdbool.h>

#include <iommufit/report.h>
#include <iommufit/types.h>

/* "unknown" for values that are not known. */
const char *name_verdict(enum iof_verdict);
const char *name_outcome(enum iof_outcome);
const char *name_severity(enum iof_severity);
const char *name_provenance(enum iof_provenance);
const char *name_iommu(enum iof_iommu);
const char *name_model(enum iof_model);
const char *name_where(enum iof_where);
const char *name_op(enum iof_op);
const char *name_region(enum iof_region_kind);
const char *name_decider(enum iof_decider);
const char *name_language(enum iof_language);
/* Of a host: "this host", or the last part of its name. */
const char *name_host(const char *name, bool is_live);

#endif
