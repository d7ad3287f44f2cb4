/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fact that is missing gives a set of possible values that holds the truth, and says how to find
 * it; never a wrong answer. The truth is what the whole capture gives, which test_truth.c compares
 * with the kernel. */
#include "../captures.h"
#include "groups.h"
#include "host/finish.h"
#include "members.h"

#include <errno.h>

#define MAX_CHANGES 4

struct missing_row {
	const char *name;
	const char *capture;
	struct change changes[MAX_CHANGES];
	size_t worlds;	   /* expected, 0: any number */
	const char *fact;  /* part of missing_fact; NULL: nothing is missing */
	const char *how;   /* part of missing_how */
	bool truth_inside; /* the truth is one of the worlds */
};

#define LOG "/lab/dmesg.txt"
#define GZ "/proc/config.gz"
#define NO_SM "console=ttyS0 intel_iommu=on\n"

static const struct missing_row missing_rows[] = {
	{"smmu, no log", "arm-smmu", {WITHOUT(LOG)}, 0, "features", "log", true},
	{"smmu, log denied", "arm-smmu", {DENIED(LOG)}, 0, "features", "root", true},
	{"smmu, log without its lines",
	 "arm-smmu",
	 {TEXT(LOG, "[    0.1] Linux\n")},
	 0,
	 "features",
	 "probe",
	 true},
	{"smmu of a device tree, no log",
	 "arm-smmu-dt",
	 {WITHOUT(LOG)},
	 0,
	 "features",
	 "log",
	 true},
	{"smmu, nested, no log", "arm-smmu-nested", {WITHOUT(LOG)}, 0, "features", "log", true},
	{"smmu, log but no configuration",
	 "arm-smmu",
	 {DENIED(GZ)},
	 2,
	 "kernel's own addresses",
	 "configuration",
	 true},
	{"virtio, no log", "virtio39-unsafe", {WITHOUT(LOG)}, 0, "virtio-iommu", "log", true},
	{"virtio 48, log denied",
	 "virtio48-unsafe",
	 {DENIED(LOG)},
	 0,
	 "virtio-iommu",
	 "root",
	 true},
	{"virtio on arm, no log", "arm-virtio", {WITHOUT(LOG)}, 0, "virtio-iommu", "log", true},
	{"ivrs denied",
	 "amd-pb48",
	 {DENIED("/sys/firmware/acpi/tables/*")},
	 4,
	 "VAsize",
	 "root",
	 true},
	{"ivrs not visible", "amd-pb40", {WITHOUT("/sys/firmware/*")}, 4, "VAsize", "root", true},
	{"scalable mode: no configuration, silent command line",
	 "intelsm-fsts-pb48",
	 {TEXT("/proc/cmdline", NO_SM), WITHOUT(GZ)},
	 2,
	 "scalable mode",
	 "sm_on",
	 true},
	{"scalable mode: same, log only",
	 "intelsm-fsts-no1g",
	 {TEXT("/proc/cmdline", NO_SM), DENIED(GZ), DENIED(LOG)},
	 2,
	 "scalable mode",
	 "configuration",
	 true},
	{"scalable mode: does not matter with a second stage only",
	 "intelsm-pb46",
	 {TEXT("/proc/cmdline", NO_SM), WITHOUT(GZ)},
	 1,
	 NULL,
	 NULL,
	 true},
	{"scalable mode: command line is enough",
	 "intelsm-fsts-pb48",
	 {WITHOUT(GZ), WITHOUT(LOG)},
	 1,
	 NULL,
	 NULL,
	 true},
	{"no registers",
	 "intel48-pb46",
	 {WITHOUT("*/intel-iommu/cap")},
	 1,
	 "how wide",
	 "probe",
	 false},
	{"registers denied",
	 "intel48-pb46",
	 {DENIED("*/intel-iommu/ecap")},
	 1,
	 "how wide",
	 "probe",
	 false},
	{"no efr", "amd-pb48", {WITHOUT("*/amd-iommu/features")}, 1, "how wide", "probe", false},
	{"reserved regions denied",
	 "intel48-pb46",
	 {DENIED("/sys/kernel/iommu_groups/*/reserved_regions")},
	 1,
	 NULL,
	 NULL,
	 false},
	{"vendor kernel, scalable mode with both stages",
	 "intelsm-pb46",
	 {TEXT("/proc/version", "Linux version 5.14.0-570.el9.x86_64 (x) (y) #1\n"),
	  TEXT("*/intel-iommu/ecap", "c80080f00f4a\n")},
	 2,
	 "vendor",
	 "probe",
	 true},
};

static size_t count_changes(const struct change *changes)
{
	size_t n = 0;

	while (n < MAX_CHANGES && changes[n].pattern)
		n++;
	return n;
}

static const struct iof_device *assigned(const struct iof_host *host)
{
	const struct iof_device *dev = iof_host_device(host, "0000:00:05.0");

	assert_non_null(dev);
	return dev;
}

static bool holds(const struct iof_host *host, const struct iof_device *dev,
		  const struct device_iova *truth)
{
	for (size_t w = 0; w < host->n_worlds; w++)
		if (dev->iova[w].known &&
		    ranges_equal(dev->iova[w].ranges, dev->iova[w].n, truth->ranges, truth->n))
			return true;
	return false;
}

static void check_missing(const struct iof_host *host, const struct missing_row *row)
{
	if (!row->fact) {
		assert_null(host->missing_fact);
		return;
	}
	assert_non_null(host->missing_fact);
	assert_non_null(strstr(host->missing_fact, row->fact));
	assert_non_null(strstr(host->missing_how, row->how));
}

static void test_missing(void **state)
{
	const struct missing_row *row = *state;
	struct iof_host *whole = changed_host(row->capture, NULL, 0);
	struct iof_host *host =
		changed_host(row->capture, row->changes, count_changes(row->changes));
	const struct iof_device *dev = assigned(host);
	const struct iof_range *ranges;
	enum iof_provenance provenance;
	unsigned bits;
	size_t n;
	int err = iof_device_width(dev, &bits, &provenance);

	check_missing(host, row);
	if (row->worlds)
		assert_int_equal(host->n_worlds, row->worlds);
	else
		assert_true(host->n_worlds > 1);
	assert_int_equal(holds(host, dev, &assigned(whole)->iova[0]), row->truth_inside);
	assert_int_equal(err, host->n_worlds > 1 || !row->truth_inside ? -ENODATA : 0);
	assert_int_equal(iof_device_ranges(dev, &ranges, &n), err);
	for (size_t w = 0; w < host->n_worlds; w++) {
		assert_true(bits <= dev->iova[w].width || !dev->iova[w].known);
		if (host->n_worlds > 1 && w)
			assert_non_null(host->world_text[w]);
	}
	iof_host_unref(whole);
	iof_host_unref(host);
}

/* What a plain user cannot read. */
static const struct change plain_user[] = {
	DENIED("/sys/firmware/acpi/tables/*"),
	DENIED(LOG),
	DENIED("/lab/*"),
	CUT("/sys/devices/*/config", 64),
};

static void test_plain_user(void **state)
{
	const struct capture_row *row = *state;
	char *name = strndup(row->name, strlen(row->name) - strlen(".tar.xz"));
	struct iof_host *whole = changed_host(name, NULL, 0);
	struct iof_host *host = changed_host(name, plain_user, ARRAY_SIZE(plain_user));
	const struct iof_device *dev;

	assert_false(host->read_as_root);
	assert_true(whole->read_as_root);
	assert_int_equal(host->iommu, whole->iommu);
	assert_int_equal(host->interrupt_remapping, whole->interrupt_remapping);
	assert_true(host->n_notes > 0);
	assert_int_equal(host->n_devices, whole->n_devices);
	iof_host_device_foreach(host, dev)
	{
		const struct iof_device *same = iof_host_device(whole, dev->bdf);
		unsigned bits, whole_bits;

		assert_int_equal(dev->vendor, same->vendor);
		assert_int_equal(dev->is_bridge, same->is_bridge);
		assert_int_equal(dev->ats, TRI_UNKNOWN);
		assert_int_equal(same->ats, TRI_NO);
		if (!same->group)
			continue;
		assert_true(holds(host, dev, &same->iova[0]));
		if (iof_device_width(dev, &bits, NULL) == 0) {
			assert_int_equal(iof_device_width(same, &whole_bits, NULL), 0);
			assert_int_equal(bits, whole_bits);
		}
	}
	free(name);
	iof_host_unref(whole);
	iof_host_unref(host);
}

/* Could not be read is not the same as not there. */
static void test_unreadable_class(void **state)
{
	const struct change changes[] = {WITHOUT("/sys/class/iommu/*"), DENIED("/sys/class/iommu")};
	struct iof_host *host = changed_host("intel48-pb46", changes, 2);

	(void)state;
	assert_int_equal(host->iommu, IOF_IOMMU_UNKNOWN);
	assert_null(host->iommu_why);
	assert_non_null(host->missing_fact);
	assert_non_null(host->missing_how);
	iof_host_unref(host);
}

static void test_no_sysfs(void **state)
{
	const struct change changes[] = {WITHOUT("/sys"), WITHOUT("/sys/*")};
	struct iof_host *host = changed_host("none-pb40", changes, 2);

	(void)state;
	assert_int_equal(host->iommu, IOF_IOMMU_UNKNOWN);
	assert_null(host->iommu_why);
	iof_host_unref(host);
}

int run_unknown(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unreadable_class),
		cmocka_unit_test(test_no_sysfs),
	};

	return RUN_TABLE(missing_rows, test_missing) +
	       run_captures("as a plain user", test_plain_user) +
	       cmocka_run_group_tests_name("unreadable is not absent", tests, NULL, NULL);
}
