// SPDX-License-Identifier: LGPL-2.1-or-later
/* absent.c - why a host has no active IOMMU, and how to switch it on: one sentence. */
#include "host/loader.h"

#define TABLES "/sys/firmware/acpi/tables"

enum maker { MAKER_INTEL, MAKER_AMD, MAKER_ARM, MAKER_OTHER };

/* What decides; the first case of the table whose conditions all hold gives the sentence. */
struct situation {
	enum maker maker;
	enum tristate table; /* firmware describes an IOMMU; UNKNOWN: tables cannot be seen */
	bool is_guest;
	bool is_off; /* on the command line */
	bool is_on;
};

enum { ANY = -1 };

static const struct {
	int maker, table, is_guest, is_off, is_on;
	const char *why;
} cases[] = {
	{MAKER_INTEL, TRI_YES, ANY, true, ANY,
	 "No IOMMU is active: firmware offers VT-d (there is a DMAR table), but the kernel command "
	 "line switches it off; replace intel_iommu=off or iommu=off by intel_iommu=on and "
	 "reboot."},
	{MAKER_INTEL, TRI_YES, ANY, ANY, true,
	 "No IOMMU is active although firmware offers VT-d (there is a DMAR table) and the command "
	 "line has intel_iommu=on: the kernel log says why (lines with DMAR), a kernel without "
	 "CONFIG_INTEL_IOMMU among the reasons."},
	{MAKER_INTEL, TRI_YES, ANY, ANY, ANY,
	 "No IOMMU is active: firmware offers VT-d (there is a DMAR table), but the kernel was not "
	 "told to use it; add intel_iommu=on to the kernel command line and reboot."},
	{MAKER_AMD, TRI_YES, ANY, true, ANY,
	 "No IOMMU is active: firmware offers AMD-Vi (there is an IVRS table), but the kernel "
	 "command line switches it off; remove amd_iommu=off or iommu=off and reboot, AMD-Vi is "
	 "then on by default."},
	{MAKER_AMD, TRI_YES, ANY, ANY, ANY,
	 "No IOMMU is active although firmware offers AMD-Vi (there is an IVRS table), which is on "
	 "by default: the kernel log says why (lines with AMD-Vi), a kernel without "
	 "CONFIG_AMD_IOMMU among the reasons."},
	{MAKER_INTEL, ANY, true, ANY, ANY,
	 "No IOMMU is active: this is a guest without a virtual IOMMU; give its VM one (QEMU: "
	 "-device intel-iommu on a q35 machine) and boot this kernel with intel_iommu=on."},
	{MAKER_AMD, ANY, true, ANY, ANY,
	 "No IOMMU is active: this is a guest without a virtual IOMMU; give its VM one (QEMU: "
	 "-device amd-iommu, or -device intel-iommu together with intel_iommu=on on this kernel's "
	 "command line)."},
	{MAKER_ARM, ANY, true, ANY, ANY,
	 "No IOMMU is active: this is a guest without a virtual IOMMU; give its VM one (QEMU: "
	 "-machine virt,iommu=smmuv3)."},
	{MAKER_INTEL, TRI_NO, ANY, ANY, ANY,
	 "No IOMMU is active: firmware has no DMAR table, so VT-d is switched off there or "
	 "missing; "
	 "switch on VT-d in the firmware setup, add intel_iommu=on to the kernel command line and "
	 "reboot."},
	{MAKER_AMD, TRI_NO, ANY, ANY, ANY,
	 "No IOMMU is active: firmware has no IVRS table, so AMD-Vi is switched off there or "
	 "missing; switch on IOMMU (AMD-Vi) in the firmware setup and reboot, the kernel needs no "
	 "parameter for it."},
	{MAKER_INTEL, ANY, ANY, ANY, ANY,
	 "No IOMMU is active, and firmware's tables cannot be seen from here; on the machine "
	 "itself switch on VT-d in the firmware setup and add intel_iommu=on to the kernel command "
	 "line."},
	{MAKER_AMD, ANY, ANY, ANY, ANY,
	 "No IOMMU is active, and firmware's tables cannot be seen from here; on the machine "
	 "itself switch on IOMMU (AMD-Vi) in the firmware setup, the kernel needs no parameter for "
	 "it."},
	{MAKER_ARM, ANY, ANY, ANY, ANY,
	 "No IOMMU is active: firmware (IORT table or device tree) describes no SMMU that the "
	 "kernel drives; switch on the SMMU in the firmware setup, the kernel needs "
	 "CONFIG_ARM_SMMU_V3."},
	{ANY, ANY, ANY, ANY, ANY,
	 "No IOMMU is active; switch it on in the firmware setup (VT-d on Intel, which also needs "
	 "intel_iommu=on on the kernel command line; IOMMU or AMD-Vi on AMD)."},
};

static enum maker find_maker(const struct iof_host *host)
{
	/* A table says more than the processor: emulations mix them. */
	if (host->has_dmar)
		return MAKER_INTEL;
	if (host->has_ivrs)
		return MAKER_AMD;
	if (host->cpu.is_arm)
		return MAKER_ARM;
	if (str_eq(host->cpu.vendor, "GenuineIntel"))
		return MAKER_INTEL;
	if (str_eq(host->cpu.vendor, "AuthenticAMD") || str_eq(host->cpu.vendor, "HygonGenuine"))
		return MAKER_AMD;
	return MAKER_OTHER;
}

static struct situation look(struct loader *load)
{
	const struct iof_host *host = load->host;
	const char *cmdline = host->cmdline;
	struct situation now = {.maker = find_maker(host), .is_guest = host->cpu.is_guest};
	const char *key = now.maker == MAKER_AMD ? "amd_iommu" : "intel_iommu";

	if (host->has_dmar || host->has_ivrs || host->has_iort || host->has_viot)
		now.table = TRI_YES;
	else if (root_exists(load->root, TABLES))
		now.table = TRI_NO;
	now.is_off = cmdline_last(cmdline, key, "off", "on") == 1 ||
		     cmdline_last(cmdline, "iommu", "off", "on") == 1;
	now.is_on = cmdline_last(cmdline, key, "on", "off") == 1;
	return now;
}

static bool fits(int condition, int value)
{
	return condition == ANY || condition == value;
}

int load_absence(struct loader *load)
{
	struct situation now;

	if (load->host->iommu != IOF_IOMMU_NONE)
		return 0;
	now = look(load);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!fits(cases[i].maker, (int)now.maker) ||
		    !fits(cases[i].table, (int)now.table) ||
		    !fits(cases[i].is_guest, now.is_guest) || !fits(cases[i].is_off, now.is_off) ||
		    !fits(cases[i].is_on, now.is_on))
			continue;
		load->host->iommu_why = cases[i].why;
		break;
	}
	return 0;
}
