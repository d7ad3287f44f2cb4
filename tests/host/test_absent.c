/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host without an active IOMMU: why, and how to switch it on, in one sentence for its processor.
 */
#include "../captures.h"
#include "groups.h"
#include "members.h"

#define INTEL                                                                                      \
	"processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Core\nflags\t\t: fpu lm\n"       \
	"address sizes\t: 46 bits physical, 48 bits virtual\n\n"
#define AMD                                                                                        \
	"processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: EPYC\nflags\t\t: fpu lm\n"       \
	"address sizes\t: 48 bits physical, 48 bits virtual\n\n"
#define ZHAOXIN "processor\t: 0\nvendor_id\t: CentaurHauls\n"
#define CPU "/proc/cpuinfo"
#define CMD "/proc/cmdline"
#define TABLES "/sys/firmware/acpi/tables"

#define MAX_CHANGES 4
#define MAX_PARTS 4

struct absent_row {
	const char *name;
	const char *capture;
	struct change changes[MAX_CHANGES];
	const char *says[MAX_PARTS];
	const char *never;
};

static const struct absent_row absent_rows[] = {
	{"switched off on the command line",
	 "intel48-off",
	 {{0}},
	 {"intel_iommu=off", "intel_iommu=on", "DMAR"},
	 "firmware setup"},
	{"iommu=off", "intel48-off", {TEXT(CMD, "iommu=off")}, {"iommu=off", "reboot"}, NULL},
	{"not asked for",
	 "intel48-off",
	 {TEXT(CMD, "quiet")},
	 {"not told", "add intel_iommu=on"},
	 "firmware setup"},
	{"asked for, and still not there",
	 "intel48-off",
	 {TEXT(CMD, "intel_iommu=on")},
	 {"log"},
	 "firmware setup"},
	{"the last word counts",
	 "intel48-off",
	 {TEXT(CMD, "intel_iommu=off intel_iommu=on")},
	 {"log"},
	 NULL},
	{"dmar unreadable is not absent",
	 "intel48-off",
	 {DENIED(TABLES "/DMAR"), TEXT(CMD, "quiet")},
	 {"DMAR table", "intel_iommu=on"},
	 "firmware setup"},
	{"intel without a table",
	 "none-pb40",
	 {TEXT(CPU, INTEL)},
	 {"no DMAR", "VT-d", "firmware setup", "intel_iommu=on"},
	 NULL},
	{"amd without a table",
	 "none-pb40",
	 {TEXT(CPU, AMD)},
	 {"no IVRS", "firmware setup", "no parameter"},
	 "amd_iommu=on"},
	{"amd off on the command line",
	 "amd-pb48",
	 {WITHOUT("/sys/class/iommu/*"), TEXT(CMD, "amd_iommu=off")},
	 {"amd_iommu=off", "remove"},
	 "amd_iommu=on"},
	{"amd table but no driver",
	 "amd-pb48",
	 {WITHOUT("/sys/class/iommu/*"), TEXT(CMD, "quiet")},
	 {"IVRS", "CONFIG_AMD_IOMMU"},
	 "amd_iommu=on"},
	{"guest", "none-pb40", {{0}}, {"guest", "QEMU"}, "firmware setup"},
	{"intel guest",
	 "none-pb40",
	 {TEXT(CPU, "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t: hypervisor lm\n")},
	 {"guest", "intel-iommu"},
	 "firmware setup"},
	{"tables not visible, intel",
	 "none-pb40",
	 {TEXT(CPU, INTEL), WITHOUT("/sys/firmware*")},
	 {"cannot be seen", "VT-d", "intel_iommu=on"},
	 NULL},
	{"tables not visible, amd",
	 "none-pb40",
	 {TEXT(CPU, AMD), WITHOUT("/sys/firmware*")},
	 {"cannot be seen", "AMD-Vi"},
	 "intel_iommu"},
	{"arm guest", "arm-none", {{0}}, {"guest", "smmuv3"}, "intel"},
	{"arm",
	 "arm-none",
	 {TEXT("*/0000:00:00.0/vendor", "0x10de"), WITHOUT("*/0000:00:00.0/config")},
	 {"SMMU", "CONFIG_ARM_SMMU_V3"},
	 "intel"},
	{"another maker",
	 "none-pb40",
	 {TEXT(CPU, ZHAOXIN)},
	 {"firmware setup", "VT-d", "AMD-Vi"},
	 NULL},
};

static size_t count_changes(const struct change *changes)
{
	size_t n = 0;

	while (n < MAX_CHANGES && changes[n].pattern)
		n++;
	return n;
}

static void test_absent(void **state)
{
	const struct absent_row *row = *state;
	struct iof_host *host =
		changed_host(row->capture, row->changes, count_changes(row->changes));
	const char *why = host->iommu_why;

	assert_int_equal(host->iommu, IOF_IOMMU_NONE);
	assert_non_null(why);
	for (size_t i = 0; i < MAX_PARTS && row->says[i]; i++)
		if (!strstr(why, row->says[i]))
			fail_msg("\"%s\" is not in: %s", row->says[i], why);
	if (row->never)
		assert_null(strstr(why, row->never));
	/* One sentence. */
	assert_null(strchr(why, '\n'));
	assert_int_equal(why[strlen(why) - 1], '.');
	assert_null(strstr(why, ". "));
	iof_host_unref(host);
}

int run_absent(void)
{
	return RUN_TABLE(absent_rows, test_absent);
}
