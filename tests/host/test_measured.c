/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel answered stands above what is derived, and helps the other devices of the unit.
 */
#include "../captures.h"
#include "answers.h"
#include "groups.h"
#include "host/finish.h"
#include "members.h"

#include <errno.h>

#define DEVICE "0000:00:05.0"
#define MATE "0000:00:09.0"
#define RUN "/run/iommufit/measured.json"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define THIS_BOOT "0b6e8f1c-7d0c-4c58-9f38-0c7c0a1f2b3d"
#define OTHER_BOOT "11111111-7d0c-4c58-9f38-0c7c0a1f2b3d"

/* Unpacked once for all rows in a row. */
static const struct members *unpacked(const char *capture)
{
	static struct members *last;
	static char *last_name;
	char *base = capture ? strndup(capture, strcspn(capture, ".")) : NULL;

	if (base && last && str_eq(base, last_name)) {
		free(base);
		return last;
	}
	if (last)
		members_free(last);
	free(last_name);
	last_name = base;
	last = base ? members_read(base) : NULL;
	return last;
}

static struct iof_host *load(const char *capture, const struct change *changes, size_t n,
			     const char *answers, const char *kernel)
{
	struct iof_host_options options = {.size = sizeof(options),
					   .name = "host",
					   .kernel = kernel,
					   .measured = answers,
					   .measured_length = answers ? strlen(answers) : 0};
	const struct members *all = unpacked(capture);
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	int err = members_host(ctx, all, changes, n, &options, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	iof_ctx_unref(ctx);
	return host;
}

static void same_iova(const struct device_iova *a, const struct device_iova *b)
{
	assert_int_equal(a->known, b->known);
	assert_true(ranges_equal(a->ranges, a->n, b->ranges, b->n));
	assert_int_equal(a->width, b->width);
	assert_int_equal(a->page_sizes, b->page_sizes);
	assert_int_equal(a->nest_width, b->nest_width);
	assert_int_equal(a->dirty_width, b->dirty_width);
	assert_true(ranges_equal(a->nest_ranges, a->n_nest, b->nest_ranges, b->n_nest));
	assert_true(ranges_equal(a->dirty_ranges, a->n_dirty, b->dirty_ranges, b->n_dirty));
}

/* All that rules can see of what follows from the facts. */
static void same_host(const struct iof_host *a, const struct iof_host *b)
{
	assert_int_equal(a->n_worlds, b->n_worlds);
	assert_int_equal(a->n_devices, b->n_devices);
	assert_int_equal(a->scalable_mode, b->scalable_mode);
	for (size_t i = 0; i < a->n_devices; i++)
		for (size_t w = 0; w < a->n_worlds; w++)
			same_iova(&a->devices[i].iova[w], &b->devices[i].iova[w]);
	for (size_t i = 0; i < a->n_units; i++)
		for (size_t w = 0; w < a->n_worlds; w++) {
			const struct unit_domain *x = &a->units[i].domain[w],
						 *y = &b->units[i].domain[w];

			assert_int_equal(x->aperture_first, y->aperture_first);
			assert_int_equal(x->aperture_last, y->aperture_last);
			assert_int_equal(x->nest_parent, y->nest_parent);
			assert_int_equal(x->dirty_tracking, y->dirty_tracking);
			assert_int_equal(x->pasid, y->pasid);
			assert_int_equal(x->first_stage, y->first_stage);
		}
}

/* ---- every capture ---- */

static size_t told;

/* A device gives exactly what it was told, and says so. */
static void check_told(const struct iof_host *host)
{
	for (size_t i = 0; i < host->n_measured; i++) {
		const struct measured_device *device = &host->measured[i];
		const struct measured_domain *plain = &device->domain[MEASURED_PLAIN];
		const struct iof_device *dev = iof_host_device(host, device->bdf);
		const struct iof_range *ranges;
		enum iof_provenance provenance;
		unsigned bits;
		size_t n;

		if (!plain->has_ranges)
			plain = &device->domain[MEASURED_LEGACY];
		if (!dev)
			continue;
		assert_ptr_equal(dev->measured, device);
		assert_int_equal(dev->iova_is_measured, plain->has_ranges);
		if (!plain->has_ranges)
			continue;
		assert_int_equal(iof_device_ranges(dev, &ranges, &n), 0);
		assert_true(ranges_equal(ranges, n, plain->ranges, plain->n_ranges));
		assert_int_equal(iof_device_width(dev, &bits, &provenance), 0);
		assert_int_equal(bits, ranges_width(plain->ranges, plain->n_ranges));
		assert_int_equal(provenance, IOF_PROVENANCE_MEASURED);
		told++;
	}
}

/* A profile keeps the answers, and gives the same host again. */
static void check_profile(const struct iof_host *host)
{
	struct iof_ctx *ctx = new_context();
	char *first = rendered(ctx, host, IOF_FORMAT_JSON, false), *second;
	struct iof_host *again = NULL;
	int err = iof_host_load_profile(ctx, first, strlen(first), "profile", NULL, &again);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	assert_int_equal(again->n_measured, host->n_measured);
	same_host(host, again);
	check_told(again);
	second = rendered(ctx, again, IOF_FORMAT_JSON, false);
	assert_string_equal(first, second);
	free(first);
	free(second);
	iof_host_unref(again);
	iof_ctx_unref(ctx);
}

static void with_answers(const char *capture, unsigned what, const struct iof_host *derived)
{
	char *answers = answers_json(capture, what, NULL, NULL);
	struct iof_host *host = load(capture, NULL, 0, answers, NULL);

	check_told(host);
	same_host(derived, host);
	check_profile(host);
	iof_host_unref(host);
	free(answers);
}

/* Equal to what is derived, they change nothing. */
static void test_capture(void **state)
{
	const struct capture_row *row = *state;
	struct iof_host *derived = load(row->name, NULL, 0, NULL, NULL);

	with_answers(row->name, ANSWERS_ALL, derived);
	with_answers(row->name, ANSWERS_LEGACY, derived);
	with_answers(row->name, ANSWERS_IOMMUFD, derived);
	with_answers(row->name, ANSWERS_ALL | ANSWERS_OLD, derived);
	iof_host_unref(derived);
}

/* ---- one device, and nothing else that tells ---- */

struct blind_row {
	const char *name; /* capture */
	unsigned what;
	const char *hidden[4];
};

static const struct blind_row blind_rows[] = {
	{"intel48-pb46", ANSWERS_ALL, {"*/intel-iommu/cap", "*/intel-iommu/ecap"}},
	{"intel48-pb46", ANSWERS_LEGACY, {"*/intel-iommu/cap", "*/intel-iommu/ecap"}},
	{"intel39-pb46", ANSWERS_IOMMUFD, {"*/intel-iommu/cap", "*/intel-iommu/ecap"}},
	{"intelsm-fsts-pb48", ANSWERS_ALL, {"*/intel-iommu/*", "/proc/cmdline", "/proc/config.gz"}},
	{"intelsm-fsts-pb48", ANSWERS_ALL, {"/proc/cmdline", "/proc/config.gz"}},
	{"amd-pb48", ANSWERS_ALL, {"*/amd-iommu/features", "*/IVRS"}},
	{"amd-pb40", ANSWERS_LEGACY, {"*/IVRS"}},
	{"arm-smmu", ANSWERS_ALL, {"/lab/dmesg.txt", "/proc/config.gz"}},
	{"arm-smmu", ANSWERS_LEGACY, {"/lab/dmesg.txt", "/proc/config.gz"}},
	{"arm-smmu-nested", ANSWERS_IOMMUFD | ANSWERS_OLD, {"/lab/dmesg.txt"}},
	{"virtio39-unsafe", ANSWERS_ALL, {"/lab/dmesg.txt"}},
	{"arm-virtio", ANSWERS_IOMMUFD, {"/lab/dmesg.txt"}},
};

static void test_blind(void **state)
{
	const struct blind_row *row = *state;
	char *answers = answers_json(row->name, row->what, DEVICE, NULL);
	struct iof_host *truth = load(row->name, NULL, 0, NULL, NULL), *host;
	const struct iof_device *dev, *expected;
	enum iof_provenance provenance;
	struct change changes[4];
	unsigned bits;
	size_t n = 0;

	for (; n < 4 && row->hidden[n]; n++)
		changes[n] = (struct change)WITHOUT(row->hidden[n]);
	host = load(row->name, changes, n, answers, NULL);
	assert_int_equal(host->n_worlds, 1);
	dev = iof_host_device(host, DEVICE);
	expected = iof_host_device(truth, DEVICE);
	assert_true(ranges_equal(dev->iova[0].ranges, dev->iova[0].n, expected->iova[0].ranges,
				 expected->iova[0].n));
	dev = iof_host_device(host, MATE);
	expected = iof_host_device(truth, MATE);
	assert_null(dev->measured);
	assert_false(dev->iova_is_measured);
	assert_int_equal(iof_device_width(dev, &bits, &provenance), 0);
	assert_int_equal(provenance, IOF_PROVENANCE_MEASURED);
	assert_true(ranges_equal(dev->iova[0].ranges, dev->iova[0].n, expected->iova[0].ranges,
				 expected->iova[0].n));
	if (row->what & ANSWERS_LEGACY)
		assert_int_equal(dev->iova[0].page_sizes, expected->iova[0].page_sizes);
	if (row->what & ANSWERS_IOMMUFD)
		assert_int_equal(dev->unit->domain[0].nest_parent,
				 expected->unit->domain[0].nest_parent);
	check_profile(host);
	iof_host_unref(host);
	iof_host_unref(truth);
	free(answers);
}

/* ---- which boot, which kernel, which device ---- */

struct boot_row {
	const char *name;
	const char *in_file; /* NULL: not told */
	const char *in_proc; /* NULL: no such file; "": not readable */
	bool counts;
};

static const struct boot_row boot_rows[] = {
	{"this boot", THIS_BOOT, THIS_BOOT "\n", true},
	{"another boot", OTHER_BOOT, THIS_BOOT "\n", false},
	{"no boot id in the file", NULL, THIS_BOOT "\n", false},
	{"a capture has none", NULL, NULL, true},
	{"nothing to compare with", THIS_BOOT, NULL, false},
	{"boot id unreadable", THIS_BOOT, "", false},
};

static void test_boot(void **state)
{
	const struct boot_row *row = *state;
	char *answers = answers_json("intel48-pb46.", ANSWERS_ALL, NULL, row->in_file);
	struct change changes[] = {TEXT(RUN, answers), DENIED(BOOT_ID), DENIED(BOOT_ID)};
	struct iof_host *host;

	if (row->in_proc && *row->in_proc)
		changes[1] = changes[2] = (struct change)TEXT(BOOT_ID, row->in_proc);
	host = load("intel48-pb46", changes, row->in_proc ? 2 : 1, NULL, NULL);
	assert_int_equal(host->n_measured != 0, row->counts);
	assert_int_equal(iof_host_device(host, DEVICE)->iova_is_measured, row->counts);
	assert_int_equal(host->measured_ignored == NULL, row->counts);
	iof_host_unref(host);
	free(answers);
}

#define HEAD "{\"schema\":\"iommufit.measured/1\","
/* 40 bits, where the registers say 48. */
#define NARROW                                                                                     \
	"\"domains\":{\"plain\":{\"ranges\":[[\"0x0\",\"0xfedfffff\"],[\"0xfef00000\","            \
	"\"0xffffffffff\"]],\"alignment\":4096},\"nest-parent\":{\"ranges\":[[\"0x0\","            \
	"\"0xfffffffff\"]]}}}"

struct other_row {
	const char *name;
	const char *answers;
	const char *kernel; /* what-if */
	unsigned width;	    /* of DEVICE */
	unsigned mate;	    /* of MATE */
	unsigned nest;	    /* of MATE */
	enum iof_provenance provenance;
};

static const struct other_row other_rows[] = {
	{"measured wins", HEAD "\"devices\":[{\"bdf\":\"00:05.0\"," NARROW "]}", NULL, 40, 40, 36,
	 IOF_PROVENANCE_MEASURED},
	{"by this kernel",
	 HEAD "\"kernel\":\"7.2.13-vfiolab\",\"devices\":[{\"bdf\":\"00:05.0\"," NARROW "]}", NULL,
	 40, 40, 36, IOF_PROVENANCE_MEASURED},
	{"by another kernel",
	 HEAD "\"kernel\":\"6.1.0-1-amd64\",\"devices\":[{\"bdf\":\"00:05.0\"," NARROW "]}", NULL,
	 48, 48, 0, IOF_PROVENANCE_READ},
	{"what if: another kernel", HEAD "\"devices\":[{\"bdf\":\"00:05.0\"," NARROW "]}", "6.12",
	 48, 48, 0, IOF_PROVENANCE_ASSUMED},
	{"a group that it is not in any more",
	 HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"group\":99," NARROW "]}", NULL, 48, 48, 0,
	 IOF_PROVENANCE_READ},
	{"a unit that it is not behind any more",
	 HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"unit\":\"dmar7\"," NARROW "]}", NULL, 48, 48, 0,
	 IOF_PROVENANCE_READ},
	{"a device that is gone",
	 HEAD "\"devices\":[{\"bdf\":\"07:00.0\",\"unit\":\"dmar0\"," NARROW "]}", NULL, 40, 40, 36,
	 IOF_PROVENANCE_MEASURED},
	{"a device of nowhere",
	 HEAD "\"devices\":[{\"bdf\":\"07:00.0\",\"unit\":\"dmar9\"," NARROW "]}", NULL, 48, 48, 0,
	 IOF_PROVENANCE_READ},
	{"an error of that moment",
	 HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"domains\":{\"plain\":{\"errno\":16},"
	      "\"nest-parent\":{\"errno\":12}}}]}",
	 NULL, 48, 48, 0, IOF_PROVENANCE_READ},
	{"no answers at all", HEAD "\"devices\":[]}", NULL, 48, 48, 0, IOF_PROVENANCE_READ},
	{"an hw_info of another vendor",
	 HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"hw_info\":{\"type\":4,\"data\":"
	      "\"00000000000000000000000000000000\"}}]}",
	 NULL, 48, 48, 0, IOF_PROVENANCE_READ},
	{"an hw_info that is too short",
	 HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"hw_info\":{\"type\":1,\"data\":\"0000\"}}]}",
	 NULL, 48, 48, 0, IOF_PROVENANCE_READ},
	{"a unit whose nesting parent can be made, but nobody knows how wide",
	 HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"domains\":{\"nest-parent\":{\"errno\":0}}}]}",
	 NULL, 48, 48, 0, IOF_PROVENANCE_READ},
};

static void test_other(void **state)
{
	const struct other_row *row = *state;
	struct iof_host *host = load("intel48-pb46", NULL, 0, row->answers, row->kernel);
	const struct iof_device *dev = iof_host_device(host, DEVICE);
	const struct iof_device *mate = iof_host_device(host, MATE);
	enum iof_provenance provenance;
	unsigned bits;

	assert_int_equal(iof_device_width(dev, &bits, &provenance), 0);
	assert_int_equal(bits, row->width);
	assert_int_equal(provenance, row->provenance);
	assert_int_equal(iof_device_width(mate, &bits, &provenance), 0);
	assert_int_equal(bits, row->mate);
	assert_int_equal(mate->iova[0].nest_width, row->nest);
	check_profile(host);
	iof_host_unref(host);
}

/* ---- worlds ---- */

struct world_row {
	const char *name;
	const char *capture;
	const char *version; /* NULL: the capture's */
	const char *answers; /* domains of DEVICE; NULL: the capture's own answers */
	size_t before, after;
	enum tristate scalable, nest;
};

#define DOMAINS(text) HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"domains\":{" text "}}]}"
#define WIDE48 "\"ranges\":[[\"0x0\",\"0xfedfffff\"],[\"0xfef00000\",\"0xffffffffffff\"]]"
#define WIDE47 "\"ranges\":[[\"0x0\",\"0xfedfffff\"],[\"0xfef00000\",\"0x7fffffffffff\"]]"

/* The kernel configuration and the command line are not there. The unit of intelsm-fsts can do the
 * first stage alone in scalable mode. */
static const struct world_row world_rows[] = {
	{"first stage: scalable mode is on", "intelsm-fsts-pb48", NULL, NULL, 2, 1, TRI_YES,
	 TRI_NO},
	{"48 bits: scalable mode is off", "intelsm-fsts-pb48", NULL,
	 DOMAINS("\"plain\":{" WIDE48 "}"), 2, 1, TRI_NO, TRI_NO},
	{"only what does not depend on it", "intelsm-fsts-pb48", NULL,
	 DOMAINS("\"dirty-tracking\":{\"errno\":95}"), 2, 2, TRI_UNKNOWN, TRI_NO},
	{"what no world explains", "intelsm-fsts-pb48", NULL,
	 DOMAINS("\"plain\":{\"ranges\":[[\"0x0\",\"0xfedfffff\"],[\"0xfef00000\","
		 "\"0xfffffffffff\"]]}"),
	 2, 2, TRI_UNKNOWN, TRI_NO},
	{"a vendor's kernel, which may have taken over more", "intelsm-fsts-pb48",
	 "5.14.0-570.el9.x86_64", DOMAINS("\"plain\":{" WIDE47 "},\"pasid\":{\"errno\":0}"), 2, 1,
	 TRI_YES, TRI_NO},
};

/* What was learned is not known of another kernel, not even from a profile. */
static void check_forgotten(const struct iof_host *host, size_t worlds)
{
	struct iof_host_options options = {.size = sizeof(options), .kernel = "7.1"};
	struct iof_ctx *ctx = new_context();
	char *text = rendered(ctx, host, IOF_FORMAT_JSON, false);
	struct iof_host *then = NULL;

	assert_int_equal(iof_host_load_profile(ctx, text, strlen(text), "profile", &options, &then),
			 0);
	assert_int_equal(then->n_worlds, worlds);
	assert_int_equal(then->scalable_mode, TRI_UNKNOWN);
	iof_host_unref(then);
	free(text);
	iof_ctx_unref(ctx);
}

static void test_worlds(void **state)
{
	const struct world_row *row = *state;
	char *own = answers_json("intelsm-fsts-pb48.", ANSWERS_ALL, DEVICE, NULL);
	struct change changes[] = {WITHOUT("/proc/cmdline"), WITHOUT("/proc/config.gz"),
				   WITHOUT("/nothing")};
	struct buf version = {0};
	struct iof_host *host;

	if (row->version) {
		buf_printf(&version, "Linux version %s (x) (y) #1\n", row->version);
		changes[2] = (struct change)TEXT("/proc/version", version.data);
	}
	host = load(row->capture, changes, 3, NULL, NULL);
	assert_int_equal(host->n_worlds, row->before);
	assert_non_null(host->missing_fact);
	iof_host_unref(host);
	host = load(row->capture, changes, 3, row->answers ? row->answers : own, NULL);
	assert_int_equal(host->n_worlds, row->after);
	assert_int_equal(host->missing_fact == NULL, row->after == 1);
	assert_int_equal(host->scalable_mode, row->scalable);
	assert_int_equal(host->units[0].domain[0].nest_parent, row->nest);
	check_profile(host);
	check_forgotten(host, row->before);
	iof_host_unref(host);
	buf_free(&version);
	free(own);
}

/* A profile that was measured, and another kernel: the registers stay, the answers do not. */
static void test_profile_kernel(void **state)
{
	struct iof_host_options options = {.size = sizeof(options), .kernel = "6.12"};
	char *answers = answers_json("arm-smmu.", ANSWERS_ALL, DEVICE, NULL);
	const struct change changes[] = {WITHOUT("/lab/dmesg.txt")};
	struct iof_host *host = load("arm-smmu", changes, 1, answers, NULL), *then = NULL;
	struct iof_ctx *ctx = new_context();
	char *text = rendered(ctx, host, IOF_FORMAT_JSON, false);
	enum iof_provenance provenance;
	unsigned bits;

	(void)state;
	assert_int_equal(iof_host_load_profile(ctx, text, strlen(text), "profile", &options, &then),
			 0);
	assert_int_equal(then->n_measured, 0);
	assert_true(then->units[0].has_idr);
	assert_int_equal(then->units[0].idr[5], 0x74);
	assert_int_equal(then->units[0].domain[0].nest_parent, TRI_NO);
	assert_int_equal(iof_device_width(iof_host_device(then, DEVICE), &bits, &provenance), 0);
	assert_int_equal(bits, 48);
	assert_int_equal(provenance, IOF_PROVENANCE_ASSUMED);
	check_profile(then);
	iof_host_unref(then);
	iof_host_unref(host);
	free(text);
	free(answers);
	iof_ctx_unref(ctx);
}

/* Only some devices are wanted: those that are not may still tell about the unit. */
static void test_wanted(void **state)
{
	const char *wanted = MATE;
	const char *answers =
		HEAD "\"devices\":[{\"bdf\":\"00:05.0\",\"unit\":\"dmar0\"," NARROW "]}";
	struct iof_host_options options = {.size = sizeof(options),
					   .devices = &wanted,
					   .n_devices = 1,
					   .measured = answers,
					   .measured_length = strlen(answers)};
	struct members *all = members_read("intel48-pb46");
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL, *again = NULL;
	char *text;

	(void)state;
	assert_int_equal(members_host(ctx, all, NULL, 0, &options, &host), 0);
	assert_null(iof_host_device(host, DEVICE));
	assert_int_equal(iof_host_device(host, MATE)->iova[0].width, 40);
	check_profile(host);
	iof_host_unref(host);
	/* The same from a whole profile. */
	options.devices = NULL;
	options.n_devices = 0;
	assert_int_equal(members_host(ctx, all, NULL, 0, &options, &host), 0);
	text = rendered(ctx, host, IOF_FORMAT_JSON, false);
	options = (struct iof_host_options){
		.size = sizeof(options), .devices = &wanted, .n_devices = 1};
	assert_int_equal(
		iof_host_load_profile(ctx, text, strlen(text), "profile", &options, &again), 0);
	assert_null(iof_host_device(again, DEVICE));
	assert_int_equal(iof_host_device(again, MATE)->iova[0].width, 40);
	free(text);
	iof_host_unref(again);
	iof_host_unref(host);
	members_free(all);
	iof_ctx_unref(ctx);
}

int run_measured(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_wanted),
					   cmocka_unit_test(test_profile_kernel)};
	int failed = run_captures("measured as derived", test_capture);

	print_message("host: %zu devices gave exactly what their kernel had answered\n", told);
	assert_true(told > 400);
	failed += RUN_TABLE(blind_rows, test_blind) + RUN_TABLE(boot_rows, test_boot) +
		  RUN_TABLE(other_rows, test_other) + RUN_TABLE(world_rows, test_worlds) +
		  cmocka_run_group_tests(tests, NULL, NULL);
	unpacked(NULL);
	return failed;
}
