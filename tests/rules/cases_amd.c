/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* amd-iommu: which versions take an assigned device, and what its DMA is then worth. */
#include "rules.h"

#define AMD(options) "-device amd-iommu" options " "
#define REFUSED                                                                                    \
	"memory listener initialization failed: Region amd_iommu: device 00.02.0 requires iommu "  \
	"notifier which is not "                                                                   \
	"currently supported"
#define LEGACY "vfio " BDF ": failed to setup container for group 3: " REFUSED
#define IOMMUFD "vfio " BDF ": " REFUSED

static const struct rule_case rows[] = {
	{"full in-kernel APIC", &host_amd, "7.2",
	 "-machine q35,kernel-irqchip=on -accel kvm -m 64M " AMD(",intremap=on"), NULL,
	 FIRES("amd.intremap-kernel-irqchip"), "fails",
	 "Interrupt Remapping cannot work with kernel-irqchip=on, please use 'split|off'."},
	{"split", &host_amd, "11.1",
	 "-machine q35,kernel-irqchip=split -accel kvm -m 64M " AMD(",intremap=on"), NULL,
	 SILENT("amd.intremap-kernel-irqchip"), "starts works", NULL},

	{"9.1, legacy", &host_amd, "9.1", Q35 AMD("") DEV, NULL, FIRES("amd.no-assigned-devices"),
	 "fails", LEGACY},
	{"9.1, iommufd", &host_amd, "9.1", Q35 AMD("") DEV_FD, NULL,
	 FIRES("amd.no-assigned-devices"), "fails", IOMMUFD},
	{"9.2, pt=off", &host_amd, "9.2", Q35 AMD(",pt=off") DEV, NULL,
	 FIRES("amd.no-assigned-devices"), "fails", LEGACY},
	{"10.0.0, pt=off", &host_amd, "10.0.0", Q35 AMD(",pt=off") DEV, NULL,
	 FIRES("amd.no-assigned-devices"), "fails", LEGACY},
	{"10.0.13", &host_amd, "10.0.13", Q35 AMD("") DEV, NULL, FIRES("amd.no-assigned-devices"),
	 "fails", LEGACY},
	{"10.1", &host_amd, "10.1", Q35 AMD("") DEV_FD, NULL, FIRES("amd.no-assigned-devices"),
	 "fails", IOMMUFD},
	{"10.2, dma-remap=on", &host_amd, "10.2", Q35 AMD(",dma-remap=on") DEV, NULL,
	 SILENT("amd.no-assigned-devices"), "starts works", NULL},
	{"9.1, no assigned device", &host_amd, "9.1", Q35 AMD(""), NULL,
	 SILENT("amd.no-assigned-devices"), "starts works", NULL},

	{"9.2", &host_amd, "9.2", Q35 AMD("") DEV, NULL, FIRES("amd.dma-remap-off"),
	 "starts broken", NULL},
	{"11.1, dma-remap=off", &host_amd, "11.1", Q35 AMD("") DEV, NULL,
	 FIRES("amd.dma-remap-off"), "starts broken", NULL},
	{"11.1, dma-remap=on", &host_amd, "11.1", Q35 AMD(",dma-remap=on") DEV, NULL,
	 SILENT("amd.dma-remap-off"), "starts works", NULL},
	{"11.1, nothing is translated", &host_amd, "11.1", Q35 AMD(",dma-translation=off") DEV,
	 NULL, SILENT("amd.dma-remap-off"), "starts works", NULL},
};

CASES(amd_cases, rows);
