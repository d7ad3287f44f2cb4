/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decode_test.h"

#include <errno.h>

#include <iommufit/host.h>

#include "host/amdvi.h"
#include "host/catalog.h"
#include "host/host.h"
#include "host/smmuv3.h"
#include "host/vtd.h"
#include "inject.h"

static void derive_vtd(const struct catalog_unit *from, struct buf *out)
{
	struct vtd_unit unit = {.cap = from->cap, .ecap = from->ecap};

	buf_printf(out, "MGAW%u/SAGAW%#x->2nd%u", vtd_mgaw(from->cap), vtd_sagaw(from->cap),
		   vtd_second_stage_width(&unit, vtd_kernel(7, 2)));
}

static unsigned field(uint64_t efr, const char *name)
{
	return (unsigned)reg_get(reg_find(amdvi_efr_fields, name), efr);
}

static void derive_amd(const struct catalog_unit *from, struct buf *out)
{
	buf_printf(out, "HATS%u/GATS%u/GT%u/HD%u/PASID%u", amdvi_hats(from->efr),
		   field(from->efr, "GATS"), field(from->efr, "GTSup"), field(from->efr, "HDSup"),
		   field(from->efr, "PASmax") + 1);
}

static void derive_smmuv3(const struct catalog_unit *from, struct buf *out)
{
	struct smmuv3_unit unit;

	smmuv3_from_features(from->features, from->oas, &unit);
	unit.va_bits = 52;
	buf_printf(out, "S1 %u, S2 %u", smmuv3_stage1_width(&unit), smmuv3_stage2_width(&unit));
}

/* Units that give the same text are said once. */
static char *derive(const struct catalog_machine *machine)
{
	struct buf all = {0};

	for (size_t i = 0; i < machine->n_units; i++) {
		struct buf one = {0};

		if (machine->kind == IOF_IOMMU_INTEL_VTD)
			derive_vtd(&machine->units[i], &one);
		else if (machine->kind == IOF_IOMMU_AMD_VI)
			derive_amd(&machine->units[i], &one);
		else
			derive_smmuv3(&machine->units[i], &one);
		if (i == 0 || !strstr(all.data, one.data))
			buf_printf(&all, "%s%s", i ? "; " : "", one.data);
		buf_free(&one);
	}
	return buf_steal(&all);
}

static void test_expect(void **state)
{
	const struct catalog_machine *machine = *state;
	char *text = derive(machine);

	assert_non_null(text);
	assert_string_equal(text, machine->expect);
	free(text);
}

static struct iof_ctx *ctx;

static void test_load(void **state)
{
	const struct catalog_machine *machine = *state;
	const struct iof_device *device;
	struct iof_host *host;
	unsigned width;
	size_t n = 0;
	int err = iof_host_load_catalog(ctx, machine->name, NULL, &host);

	if (machine->is_model) {
		assert_int_equal(err, -ENOENT);
		return;
	}
	assert_int_equal(err, 0);
	assert_string_equal(iof_host_name(host), machine->name);
	assert_int_equal(iof_host_iommu(host), machine->kind);
	assert_true(host->is_hypothetical);
	iof_host_device_foreach(host, device)
	{
		assert_int_equal(iof_device_group(device), ++n);
		assert_string_equal(iof_device_driver(device), "vfio-pci");
		assert_int_equal(iof_device_width(device, &width, NULL), 0);
		assert_true(width >= 38 && width <= 64);
	}
	assert_int_equal(n, machine->n_units);
	iof_host_unref(host);
}

static const struct width {
	const char *name;
	const char *kernel; /* NULL: newest */
	const char *bdf;
	unsigned width;
} widths[] = {
	{"i7-13700k", NULL, "0000:01:00.0", 39},
	{"i7-13700k", NULL, "02:00.0", 39},
	{"core-ultra-5-235u", NULL, "0000:01:00.0", 41},
	{"core-ultra-5-235u", "6.12", "0000:01:00.0", 42},
	{"clarkdale-asrock", NULL, "0000:01:00.0", 39},
	{"clarkdale-asrock", NULL, "0000:02:00.0", 48},
	{"xeon-4314", NULL, "0000:01:00.0", 48},
	{"sapphire-rapids", NULL, "0000:01:00.0", 56},
	{"sapphire-rapids", "6.12", "0000:01:00.0", 57},
	{"epyc-7763", NULL, "0000:01:00.0", 64},
	{"ampere-altra", NULL, "0000:01:00.0", 48},
	/* Any device that is named is assumed there. */
	{"i7-13700k", NULL, "0000:65:00.1", 39},
};

static void test_width(void **state)
{
	const struct width *row = *state;
	struct iof_host_options options = {.size = sizeof(options),
					   .kernel = row->kernel,
					   .devices = &row->bdf,
					   .n_devices = 1};
	enum iof_provenance provenance = IOF_PROVENANCE_UNKNOWN;
	struct iof_host *host;
	unsigned width = 0;

	assert_int_equal(iof_host_load_catalog(ctx, row->name, &options, &host), 0);
	assert_non_null(iof_host_device(host, row->bdf));
	assert_int_equal(iof_device_width(iof_host_device(host, row->bdf), &width, &provenance), 0);
	assert_int_equal(width, row->width);
	assert_int_equal(provenance, IOF_PROVENANCE_ASSUMED);
	iof_host_unref(host);
}

static void test_options(void **state)
{
	const char *const devices[] = {"01:00.0", "0000:0a:00.0", "0a:00.0", "nonsense",
				       "0001:01:00.0"};
	const char *const drivers[] = {"0a:00.0=none"};
	struct iof_host_options options = {.size = sizeof(options),
					   .devices = devices,
					   .n_devices = ARRAY_SIZE(devices),
					   .drivers = drivers,
					   .n_drivers = 1};
	struct iof_host *host;

	assert_int_equal(iof_host_load_catalog(ctx, "i7-13700k", &options, &host), 0);
	assert_int_equal(host->n_devices, 4);
	assert_null(iof_device_driver(iof_host_device(host, "0a:00.0")));
	assert_non_null(iof_device_driver(iof_host_device(host, "01:00.0")));
	assert_non_null(iof_host_device(host, "0001:01:00.0"));
	iof_host_unref(host);
	assert_int_equal(iof_host_load_catalog(ctx, "no-such", NULL, &host), -ENOENT);
	assert_string_equal(iof_ctx_error(ctx), "cpu:no-such: not in the catalogue");
}

static void test_names(void **state)
{
	size_t n = 0, offered = 0;

	for (const char *name = iof_catalog_next(NULL); name; name = iof_catalog_next(name))
		n++;
	for (size_t i = 0; i < catalog_n_machines; i++)
		offered += !catalog_machines[i].is_model;
	assert_int_equal(n, offered);
	assert_true(n >= 60 && n < catalog_n_machines);
	assert_null(iof_catalog_next("no-such"));
}

/* The HyperTransport hole, the MSI windows. */
static void test_ranges(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		struct iof_range last;
	} rows[] = {
		{"ryzen-3950x", 3, {UINT64_C(0x10000000000), UINT64_MAX}},
		{"i7-3770", 2, {0xfef00000, UINT64_C(0x7fffffffff)}},
		{"ampere-altra", 2, {0x8100000, UINT64_C(0xffffffffffff)}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct iof_range *ranges;
		struct iof_host *host;
		size_t n;

		assert_int_equal(iof_host_load_catalog(ctx, rows[i].name, NULL, &host), 0);
		assert_int_equal(iof_device_ranges(iof_host_device(host, "01:00.0"), &ranges, &n),
				 0);
		assert_int_equal(n, rows[i].n);
		assert_int_equal(ranges[n - 1].first, rows[i].last.first);
		assert_int_equal(ranges[n - 1].last, rows[i].last.last);
		iof_host_unref(host);
	}
}

static void test_allocations(void **state)
{
	/* Enough devices to need more than the first block of memory. */
	static const char *devices[256];
	struct iof_host_options options = {
		.size = sizeof(options), .devices = devices, .n_devices = ARRAY_SIZE(devices)};
	struct iof_host *host;
	unsigned long n = 0;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		devices[i] = "0a:00.0";
	do {
		host = NULL;
		inject_failure(++n, false);
		err = iof_host_load_catalog(ctx, "core-ultra-h", &options, &host);
		inject_failure(0, false);
		assert_true(err == 0 || err == -ENOMEM);
	} while (err);
	assert_true(n > 3);
	iof_host_unref(host);
}

int test_catalog(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_allocations),
	};
	int failed;

	if (iof_ctx_new(&ctx))
		return 1;
	failed =
		cmocka_run_group_tests_name("catalogue", tests, NULL, NULL) +
		run_table("derived widths", catalog_machines, catalog_n_machines,
			  sizeof(catalog_machines[0]), test_expect) +
		run_table("machines", catalog_machines, catalog_n_machines,
			  sizeof(catalog_machines[0]), test_load) +
		run_table("host widths", widths, ARRAY_SIZE(widths), sizeof(widths[0]), test_width);
	iof_ctx_unref(ctx);
	return failed;
}
