/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bad input in place of each file: one line with the file and the reason, -EBADMSG. */
#include "../captures.h"
#include "groups.h"
#include "host/load.h"
#include "members.h"

#include <errno.h>

#define UNIT "/sys/devices/virtual/iommu/dmar0/intel-iommu"
#define DEVICE "/sys/devices/pci0000:00/0000:00:05.0"
#define GROUP "/sys/kernel/iommu_groups/3"
#define MODULE "/sys/module/vfio_iommu_type1/parameters"

static const uint8_t binary[] = {0x7f, 'E', 'L', 'F', 0, 1, 2, 3, 0xff, 0xfe, '\n', 0, 0x80};
static char long_line[200 * 1024];

struct bad_row {
	const char *name;
	const char *capture; /* NULL: intel48-pb46 */
	struct change change;
	const char *says; /* part of the error; NULL: this is no error */
};

static const struct bad_row bad_rows[] = {
	{"version: empty", NULL, TEXT("/proc/version", ""), "/proc/version:1:"},
	{"version: something else", NULL, TEXT("/proc/version", "FreeBSD 14\n"), "Linux version"},
	{"version: no number", NULL, TEXT("/proc/version", "Linux version next\n"),
	 "kernel version"},
	{"version: leads out", NULL, TEXT("/proc/version", "Linux version 6.1/../../x y\n"),
	 "kernel version"},
	{"version: two lines", NULL, TEXT("/proc/version", "Linux version 6.1\n.2 x\n"),
	 "kernel version"},
	{"unit: name with control characters", NULL,
	 TEXT("/sys/class/iommu/dmar\n\0337/intel-iommu/cap", "x"), "dmar??7/intel-iommu/cap:1:"},
	{"version: binary", NULL, BYTES("/proc/version", binary), "binary"},
	{"cpuinfo: empty", NULL, TEXT("/proc/cpuinfo", ""), "no processor"},
	{"cpuinfo: binary", NULL, BYTES("/proc/cpuinfo", binary), "no processor"},
	{"cpuinfo: sizes", NULL,
	 TEXT("/proc/cpuinfo", "address sizes : x bits physical, 48 bits virtual\n"),
	 "/proc/cpuinfo:1:"},
	{"cpuinfo: sizes cut off", NULL,
	 TEXT("/proc/cpuinfo", "a: b\naddress sizes : 46 bits phys"), "/proc/cpuinfo:2:"},
	{"cpuinfo: 65 bits", NULL,
	 TEXT("/proc/cpuinfo", "address sizes : 65 bits physical, 48 bits virtual\n"),
	 "address sizes"},
	{"cpuinfo: no virtual", NULL, TEXT("/proc/cpuinfo", "address sizes : 46 bits physical, \n"),
	 "virtual"},
	{"cmdline: binary", NULL, BYTES("/proc/cmdline", binary), "/proc/cmdline:1: binary"},
	{"cmdline: too long",
	 NULL,
	 {CHANGE_REPLACE, "/proc/cmdline", long_line, sizeof(long_line)},
	 "too large"},
	{"cap: empty", NULL, TEXT(UNIT "/cap", ""), "found nothing"},
	{"cap: text", NULL, TEXT(UNIT "/cap", "zzz\n"),
	 "intel-iommu/cap:1: expected a hexadecimal"},
	{"cap: too many digits", NULL, TEXT(UNIT "/cap", "10000000000000000\n"), "hexadecimal"},
	{"cap: sign", NULL, TEXT(UNIT "/cap", "-1\n"), "hexadecimal"},
	{"ecap: two numbers", NULL, TEXT(UNIT "/ecap", "1 2\n"), "hexadecimal"},
	{"ecap: binary", NULL, BYTES(UNIT "/ecap", binary), "binary"},
	{"address: text", NULL, TEXT(UNIT "/address", "fed9000g\n"), "hexadecimal"},
	{"unit version: text", NULL, TEXT(UNIT "/version", "one\n"), "MAJOR:MINOR"},
	{"unit version: half", NULL, TEXT(UNIT "/version", "1:\n"), "MAJOR:MINOR"},
	{"features: text", "amd-pb48", TEXT("*/amd-iommu/features", "x:y\n"),
	 "amd-iommu/features:1:"},
	{"features: empty", "amd-pb48", TEXT("*/amd-iommu/features", ""), "hexadecimal"},
	{"amd cap: text", "amd-pb48", TEXT("*/amd-iommu/cap", "no\n"), "hexadecimal"},
	{"a folder where a file should be", NULL, TEXT(UNIT "/cap/x", "1"), "is a folder"},
	{"regions: two numbers", NULL, TEXT(GROUP "/reserved_regions", "0x1 0x2\n"),
	 "reserved_regions:1:"},
	{"regions: third line", NULL,
	 TEXT(GROUP "/reserved_regions", "0x1 0x2 msi\n0x3 0x4 msi\nx\n"),
	 "reserved_regions:3: expected FIRST LAST TYPE"},
	{"regions: backwards", NULL, TEXT(GROUP "/reserved_regions", "0x2 0x1 msi\n"),
	 "FIRST LAST TYPE"},
	{"regions: too large", NULL,
	 TEXT(GROUP "/reserved_regions", "0x1 0x10000000000000000 msi\n"), "FIRST LAST TYPE"},
	{"regions: binary", NULL, BYTES(GROUP "/reserved_regions", binary), "reserved_regions:1:"},
	{"resource: text", NULL, TEXT(DEVICE "/resource", "hello\n"), "0000:00:05.0/resource:1:"},
	{"resource: second line", NULL, TEXT(DEVICE "/resource", "0x0 0x0 0x0\n0x0 0x0\n"),
	 "resource:2:"},
	{"resource: backwards", NULL, TEXT(DEVICE "/resource", "0x2000 0x1000 0x200\n"),
	 "resource:1:"},
	{"resource: everything", NULL, TEXT(DEVICE "/resource", "0x0 0xffffffffffffffff 0x200\n"),
	 "resource:1:"},
	{"resource: empty means none", NULL, TEXT(DEVICE "/resource", ""), NULL},
	{"class: text", NULL, TEXT(DEVICE "/class", "network\n"), "class:1:"},
	{"class: too large", NULL, TEXT(DEVICE "/class", "0x1000000\n"), "class:1:"},
	{"numa node: text", NULL, TEXT(DEVICE "/numa_node", "-2\n"), "number of a node"},
	{"config: empty", NULL, TEXT(DEVICE "/config", ""), NULL},
	{"config: binary", NULL, BYTES(DEVICE "/config", binary), NULL},
	{"vendor: text, config missing", NULL,
	 TEXT("/sys/devices/pci0000:00/0000:00:05.0/resource2_resize", "x"), NULL},
	{"group: leads to no number", NULL,
	 LINK(DEVICE "/iommu_group", "../../../kernel/iommu_groups/three"), "no IOMMU group"},
	{"group: too large", NULL,
	 LINK(DEVICE "/iommu_group", "../../../kernel/iommu_groups/4294967296"), "no IOMMU group"},
	{"group: a file", NULL, TEXT(DEVICE "/iommu_group", "3"), "expected a symbolic link"},
	{"driver: a file", NULL, TEXT(DEVICE "/driver", "vfio-pci"), "expected a symbolic link"},
	{"device: a circle", NULL, LINK("/sys/bus/pci/devices/0000:00:05.0", "0000:00:05.0"),
	 "symbolic links"},
	{"unit: a circle", NULL, LINK("/sys/class/iommu/dmar0", "../iommu/dmar0"),
	 "symbolic links"},
	{"dma limit: text", NULL, TEXT(MODULE "/dma_entry_limit", "many\n"),
	 "dma_entry_limit:1: expected a decimal"},
	{"dma limit: too large", NULL, TEXT(MODULE "/dma_entry_limit", "4294967296\n"), "decimal"},
	{"unsafe: text", NULL, TEXT(MODULE "/allow_unsafe_interrupts", "maybe\n"),
	 "expected Y or N"},
	{"dmar: empty", NULL, TEXT("/sys/firmware/acpi/tables/DMAR", ""), "tables/DMAR"},
	{"dmar: binary", NULL, BYTES("/sys/firmware/acpi/tables/DMAR", binary), "tables/DMAR"},
	{"ivrs: cut off", "amd-pb48", CUT("/sys/firmware/acpi/tables/IVRS", 60), "tables/IVRS"},
	{"iort: cut off", "arm-smmu", CUT("/sys/firmware/acpi/tables/IORT", 60), "tables/IORT"},
	{"viot: cut off", "virtio39", CUT("/sys/firmware/acpi/tables/VIOT", 50), "tables/VIOT"},
	{"config.gz: cut off", "arm-smmu", CUT("/proc/config.gz", 1000), "/proc/config.gz:1:"},
	{"config.gz: binary", "arm-smmu", BYTES("/proc/config.gz", binary), "gzip"},
	{"config.gz: empty", "arm-smmu", TEXT("/proc/config.gz", ""), NULL},
	{"log: binary", "arm-smmu", BYTES("/lab/dmesg.txt", binary), NULL},
	{"misc: binary", NULL, BYTES("/proc/misc", binary), NULL},
	{"interrupts: binary", NULL, BYTES("/proc/interrupts", binary), NULL},
};

static void test_bad(void **state)
{
	const struct bad_row *row = *state;
	struct members *all = members_read(row->capture ? row->capture : "intel48-pb46");
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	int err = members_host(ctx, all, &row->change, 1, NULL, &host);

	if (row->says) {
		if (err != -EBADMSG || !strstr(iof_ctx_error(ctx), row->says))
			fail_msg("%d: \"%s\" is not in: %s", err, row->says, iof_ctx_error(ctx));
		assert_null(host);
		assert_null(strchr(iof_ctx_error(ctx), '\n'));
		assert_true(str_starts(iof_ctx_error(ctx), "memory:"));
	} else {
		if (err)
			fail_msg("%d: %s", err, iof_ctx_error(ctx));
		iof_host_unref(host);
	}
	members_free(all);
	iof_ctx_unref(ctx);
}

static void test_not_a_root(void **state)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	struct root *root;

	(void)state;
	assert_int_equal(root_memory(ctx, "memory", &root), 0);
	assert_int_equal(host_load_from_root(ctx, root, "memory:", NULL, &host), -EBADMSG);
	assert_non_null(strstr(iof_ctx_error(ctx), "not a host's root"));
	root_free(root);
	iof_ctx_unref(ctx);
}

int run_bad(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_not_a_root)};

	memset(long_line, 'x', sizeof(long_line));
	return RUN_TABLE(bad_rows, test_bad) +
	       cmocka_run_group_tests_name("not a root", tests, NULL, NULL);
}
