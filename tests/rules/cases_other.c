/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Missing facts about the host, and migration. */
#include "rules.h"

#define INTEL48 "-device intel-iommu,caching-mode=on,aw-bits=48 "
#define INTEL39 "-device intel-iommu,caching-mode=on,aw-bits=39 "

static const struct rule_case rows[] = {
	{"the IVRS is hidden, and its width decides", &host_ivrs_hidden, "11.1", Q35 INTEL48 DEV,
	 NULL, FIRES("host.fact-missing"), "unknown unknown", NULL},
	{"the IVRS is hidden, and no width decides", &host_ivrs_hidden, "11.1", Q35 DEV, NULL,
	 SILENT("host.fact-missing"), "starts works", NULL},
	{"the IVRS is there", &host_amd, "11.1", Q35 INTEL48 DEV, NULL, SILENT("host.fact-missing"),
	 "starts works", NULL},

	{"behind a vIOMMU, 8.1", &host_intel39, "8.1", Q35 INTEL39 DEV, NULL,
	 FIRES("migration.viommu"), "starts works blocked",
	 BDF ": Migration is currently not supported with vIOMMU enabled"},
	{"behind a vIOMMU, 10.2", &host_intel39, "10.2", Q35 INTEL39 DEV, NULL,
	 FIRES("migration.viommu"), "starts works blocked",
	 BDF ": Migration is currently not supported with vIOMMU enabled"},
	{"behind a vIOMMU, 11.0", &host_intel39, "11.0", Q35 INTEL39 DEV, NULL,
	 SILENT("migration.viommu"), "starts works", NULL},
	{"beside a vIOMMU, 10.2", &host_intel39, "10.2",
	 "-machine q35,default_bus_bypass_iommu=on -accel tcg -m 64M " INTEL39 DEV, NULL,
	 SILENT("migration.viommu"), "starts works", NULL},
	{"no assigned device", &host_intel39, "10.2", Q35 INTEL39, NULL, SILENT("migration.viommu"),
	 "starts works possible", NULL},
};

CASES(other_cases, rows);
