/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Change what the hardware or firmware says, and the ranges follow as the kernel's rules demand. */
#include "../captures.h"
#include "groups.h"
#include "host/finish.h"
#include "members.h"

#include <errno.h>

#define DEVICE "0000:00:05.0"

static struct iof_host *with_kernel(const char *capture, const struct change *changes, size_t n,
				    const char *kernel)
{
	struct iof_host_options options = {.size = sizeof(options), .kernel = kernel};
	struct members *all = members_read(capture);
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	assert_int_equal(members_host(ctx, all, changes, n, &options, &host), 0);
	members_free(all);
	iof_ctx_unref(ctx);
	return host;
}

static uint64_t last_address(unsigned width)
{
	return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static const struct iof_device *device(const struct iof_host *host)
{
	const struct iof_device *dev = iof_host_device(host, DEVICE);

	assert_non_null(dev);
	return dev;
}

/* ---- VT-d ---- */

struct vtd_row {
	const char *name;
	const char *kernel; /* NULL: 7.2 of the capture */
	unsigned mgaw, sagaw;
	bool scalable, first_stage, second_stage, five_levels;
	unsigned width; /* 0: the kernel finds no table format */
};

/* The capture's command line has sm_on. */
static const struct vtd_row vtd_rows[] = {
	{"30 bits, 2 levels", NULL, 30, 0x1, false, false, true, false, 0},
	{"30 bits, 3 levels", NULL, 30, 0x2, false, false, true, false, 0},
	{"39 bits, 3 levels", NULL, 39, 0x2, false, false, true, false, 39},
	{"39 bits, 4 levels", NULL, 39, 0x4, false, false, true, false, 39},
	{"42 bits, 4 levels", NULL, 42, 0x4, false, false, true, false, 42},
	{"46 bits, 4 levels", NULL, 46, 0x4, false, false, true, false, 46},
	{"48 bits, 3 levels", NULL, 48, 0x2, false, false, true, false, 39},
	{"48 bits, 4 levels", NULL, 48, 0x4, false, false, true, false, 48},
	{"57 bits, 4 levels", NULL, 57, 0x4, false, false, true, false, 48},
	{"57 bits, 5 levels", NULL, 57, 0xc, false, false, true, false, 57},
	{"first stage 39", NULL, 39, 0x4, true, true, true, false, 38},
	{"first stage 42", NULL, 42, 0x4, true, true, true, false, 41},
	{"first stage 46", NULL, 46, 0x4, true, true, true, false, 45},
	{"first stage 48", NULL, 48, 0x4, true, true, false, false, 47},
	{"first stage 57, 4 levels", NULL, 57, 0xc, true, true, true, false, 47},
	{"first stage 57, 5 levels", NULL, 57, 0xc, true, true, true, true, 56},
	{"first stage without scalable mode counts for nothing", NULL, 48, 0x4, false, true, true,
	 false, 48},
	{"scalable mode with second stage only", NULL, 48, 0x4, true, false, true, false, 48},
	{"6.12: 30 bits, 3 levels", "6.12", 30, 0x2, false, false, true, false, 30},
	{"6.12: 42 bits", "6.12", 42, 0x4, false, false, true, false, 42},
	{"6.12: 48 bits, 3 levels", "6.12", 48, 0x2, false, false, true, false, 39},
	{"6.12: 57 bits, 4 levels", "6.12", 57, 0x4, false, false, true, false, 48},
	{"6.12: user domains use the second stage", "6.12", 42, 0x4, true, true, true, false, 42},
	{"6.12: first stage only", "6.12", 48, 0x4, true, true, false, false, 47},
	{"6.1 reports what it can do after the attach", "6.1", 39, 0x4, false, false, true, false,
	 39},
};

static void test_vtd(void **state)
{
	const struct vtd_row *row = *state;
	uint64_t cap = UINT64_C(0x81d2008c22000006), ecap = UINT64_C(0xf00f4a);
	char cap_text[32], ecap_text[32];
	struct change changes[] = {TEXT("*/intel-iommu/cap", cap_text),
				   TEXT("*/intel-iommu/ecap", ecap_text)};
	const struct device_iova *iova;
	struct iof_host *host;

	cap |= (uint64_t)(row->mgaw - 1) << 16 | (uint64_t)row->sagaw << 8;
	cap |= (uint64_t)row->five_levels << 60;
	ecap |= (uint64_t)row->scalable << 43 | (uint64_t)row->first_stage << 47 |
		(uint64_t)row->second_stage << 46;
	snprintf(cap_text, sizeof(cap_text), "%llx\n", (unsigned long long)cap);
	snprintf(ecap_text, sizeof(ecap_text), "%llx\n", (unsigned long long)ecap);
	host = with_kernel("intelsm-pb46", changes, 2, row->kernel);
	assert_int_equal(host->n_worlds, 1);
	iova = &device(host)->iova[0];
	assert_true(iova->known);
	if (row->width) {
		assert_int_equal(iova->n, row->width > 32 ? 2 : 1);
		assert_int_equal(iova->ranges[0].first, 0);
		assert_int_equal(iova->ranges[iova->n - 1].last,
				 row->width > 32 ? last_address(row->width) : 0x3fffffff);
		assert_int_equal(iova->width, row->width);
	} else {
		assert_int_equal(iova->n, 0);
		assert_true(device(host)->unit->domain[0].aperture_first >
			    device(host)->unit->domain[0].aperture_last);
	}
	iof_host_unref(host);
}

/* ---- AMD-Vi ---- */

struct amd_row {
	const char *name;
	const char *kernel;
	const char *features;
	unsigned va_size;
	unsigned width;
};

static const struct amd_row amd_rows[] = {
	{"VAsize not said", NULL, "29d3:0", 0, 64},
	{"VAsize 32", NULL, "29d3:0", 32, 32},
	{"VAsize 40", NULL, "29d3:0", 40, 40},
	{"VAsize 48", NULL, "29d3:0", 48, 48},
	{"VAsize 64", NULL, "29d3:0", 64, 64},
	{"HATS 0: 4 levels", NULL, "21d3:0", 0, 48},
	{"HATS 1: 5 levels", NULL, "25d3:0", 0, 57},
	{"HATS 1 and VAsize 40", NULL, "25d3:0", 40, 40},
	{"HATS 3: no host tables, v2 with 4 levels", NULL, "1000000000dd3:0", 0, 47},
	{"EFR2 first, as Linux 6.1 writes it", "6.1", "0:29d3", 0, 64},
	{"6.12 does not look at VAsize", "6.12", "29d3:0", 40, 64},
	{"one operand, as old kernels write it", "5.10", "29d3", 0, 64},
};

static void test_amd(void **state)
{
	const struct amd_row *row = *state;
	struct members *all = members_read("amd-pb48");
	size_t length;
	const char *table = members_bytes(all, "/sys/firmware/acpi/tables/IVRS", &length);
	uint8_t *ivrs = malloc(length), sum = 0;
	struct change changes[] = {
		TEXT("*/amd-iommu/features", row->features),
		{CHANGE_REPLACE, "/sys/firmware/acpi/tables/IVRS", (const char *)ivrs, length}};
	const struct device_iova *iova;
	struct iof_host *host;
	uint32_t info;

	assert_non_null(table);
	memcpy(ivrs, table, length);
	memcpy(&info, ivrs + 36, sizeof(info));
	info = (info & ~(0x7fu << 15)) | row->va_size << 15;
	memcpy(ivrs + 36, &info, sizeof(info));
	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + (i == 9 ? 0 : ivrs[i]));
	ivrs[9] = (uint8_t)-sum;
	host = with_kernel("amd-pb48", changes, 2, row->kernel);
	iova = &device(host)->iova[0];
	assert_int_equal(host->n_worlds, 1);
	assert_int_equal(iova->n, row->width > 40 ? 3 : 2);
	assert_int_equal(iova->ranges[1].last,
			 row->width > 39 ? 0xfcffffffff : last_address(row->width));
	if (row->width > 40)
		assert_int_equal(iova->ranges[2].last, last_address(row->width));
	assert_int_equal(iova->width, row->width);
	free(ivrs);
	members_free(all);
	iof_host_unref(host);
}

/* ---- reserved regions ---- */

struct region_row {
	const char *name;
	const char *text;
	size_t n;
	struct iof_range ranges[4]; /* of a 39-bit unit */
	bool direct;
};

static const struct region_row region_rows[] = {
	{"none", "", 1, {{0, 0x7fffffffff}}, false},
	{"direct-relaxable is not cut out",
	 "0x0000000000000000 0x0000000000ffffff direct-relaxable\n",
	 1,
	 {{0, 0x7fffffffff}},
	 false},
	{"direct is cut out and bars the device",
	 "0x000000007c000000 0x00000000803fffff direct\n",
	 2,
	 {{0, 0x7bffffff}, {0x80400000, 0x7fffffffff}},
	 true},
	{"at both ends",
	 "0x0 0xfff reserved\n0x0000007ffffff000 0x0000007fffffffff reserved\n",
	 1,
	 {{0x1000, 0x7fffffefff}},
	 false},
	{"across the end",
	 "0x0000007000000000 0xffffffffffffffff msi\n",
	 1,
	 {{0, 0x6fffffffff}},
	 false},
	{"above the end",
	 "0x0000008000000000 0x000000ffffffffff reserved\n",
	 1,
	 {{0, 0x7fffffffff}},
	 false},
	{"overlapping and unsorted",
	 "0x2000 0x3fff reserved\n0x1000 0x2fff msi\n0x5000 0x5fff reserved\n",
	 3,
	 {{0, 0xfff}, {0x4000, 0x4fff}, {0x6000, 0x7fffffffff}},
	 false},
	{"a type that does not exist yet",
	 "0x1000 0x1fff future\n",
	 2,
	 {{0, 0xfff}, {0x2000, 0x7fffffffff}},
	 false},
	{"everything", "0x0 0xffffffffffffffff reserved\n", 0, {{0, 0}}, false},
};

static void test_regions(void **state)
{
	const struct region_row *row = *state;
	struct change change = {CHANGE_REPLACE, "/sys/kernel/iommu_groups/3/reserved_regions",
				row->text, 0};
	struct iof_host *host = changed_host("intel39-pb46", &change, 1);
	const struct iof_device *dev = device(host);

	assert_int_equal(iof_device_group(dev), 3);
	assert_true(ranges_equal(dev->iova[0].ranges, dev->iova[0].n, row->ranges, row->n));
	assert_int_equal(device_direct_region(dev) != NULL, row->direct);
	iof_host_unref(host);
}

/* ---- other numbers ---- */

static void test_renumbered(void **state)
{
	struct members *all = members_read("amd-pb48");
	struct iof_ctx *ctx = new_context();
	struct iof_host *before = changed_host("amd-pb48", NULL, 0), *after = NULL;
	const struct iof_device *dev;

	(void)state;
	members_substitute(all, "0000:00:05.0", "0001:40:1d.5");
	members_substitute(all, "0000:01:00.0", "0000:00:00.7");
	members_substitute(all, "iommu_groups/3", "iommu_groups/2000000000");
	assert_int_equal(members_host(ctx, all, NULL, 0, NULL, &after), 0);
	dev = iof_host_device(after, "0001:40:1d.5");
	assert_non_null(dev);
	assert_int_equal(iof_device_group(dev), 2000000000);
	assert_null(iof_host_device(after, "0000:00:05.0"));
	assert_int_equal(dev->vendor, device(before)->vendor);
	assert_true(ranges_equal(dev->iova[0].ranges, dev->iova[0].n,
				 device(before)->iova[0].ranges, device(before)->iova[0].n));
	assert_int_equal(after->n_devices, before->n_devices);
	assert_int_equal(after->n_groups, before->n_groups);
	/* In order of addresses. */
	for (size_t i = 1; i < after->n_devices; i++)
		assert_true(host_device_at(after, &after->devices[i].address) ==
			    &after->devices[i]);
	members_free(all);
	iof_ctx_unref(ctx);
	iof_host_unref(before);
	iof_host_unref(after);
}

/* The intersection over devices of different groups. */
static void test_common(void **state)
{
	struct change change = {CHANGE_REPLACE, "/sys/kernel/iommu_groups/5/reserved_regions",
				"0x1000 0x1fff reserved\n", 0};
	struct iof_host *host = changed_host("intel39-pb46", &change, 1);
	const struct iof_device *pair[] = {device(host), iof_host_device(host, "0000:00:07.0")};
	struct interval_set common = {.arena = host->arena};
	const struct iof_range expected[] = {
		{0, 0xfff}, {0x2000, 0xfedfffff}, {0xfef00000, 0x7fffffffff}};

	(void)state;
	assert_int_equal(host_common_ranges(host, pair, 2, 0, &common), 0);
	assert_true(ranges_equal(common.ranges, common.n, expected, 3));
	iof_host_unref(host);
}

/* ---- what narrows domains on the command line ---- */

static void test_command_line(void **state)
{
	static const struct {
		const char *capture, *cmdline;
		uint64_t pages;
		unsigned width;
	} rows[] = {
		{"intel48-pb46", "intel_iommu=on,sp_off\n", 0x1000, 48},
		{"intel48-pb46", "intel_iommu=on\n", 0x40201000, 48},
		{"amd-pb48", "amd_iommu=pgtbl_v2\n", 0xfff7ffffff000, 64},
		{"amd-pb48", "amd_iommu=nohugepages\n", 0x1000, 64},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct change change = {CHANGE_REPLACE, "/proc/cmdline", rows[i].cmdline, 0};
		struct iof_host *host = changed_host(rows[i].capture, &change, 1);

		assert_int_equal(device(host)->iova[0].page_sizes, rows[i].pages);
		assert_int_equal(device(host)->iova[0].width, rows[i].width);
		iof_host_unref(host);
	}
}

/* type1 shows no page smaller than the CPU's, an IOAS does. */
static void test_small_pages(void **state)
{
	static const struct {
		const char *capture;
		uint64_t legacy, iommufd;
	} rows[] = {
		{"arm-virtio39-unsafe@stock-arm64-16k", UINT64_C(0xffffffffffffc000), 0x1000},
		{"arm-virtio39-unsafe", UINT64_C(0xfffffffffffff000), 0x1000},
		{"arm-smmu-s2@stock-arm64", 0x40201000, 0x1000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iof_host *host = changed_host(rows[i].capture, NULL, 0);

		assert_int_equal(device(host)->iova[0].page_sizes, rows[i].legacy);
		assert_int_equal(device(host)->iova[0].alignment, rows[i].iommufd);
		iof_host_unref(host);
	}
}

int run_metamorphic(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renumbered),
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_small_pages),
	};

	return RUN_TABLE(vtd_rows, test_vtd) + RUN_TABLE(amd_rows, test_amd) +
	       RUN_TABLE(region_rows, test_regions) +
	       cmocka_run_group_tests_name("other numbers", tests, NULL, NULL);
}
