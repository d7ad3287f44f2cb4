/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the options change in a profile, and what in a profile counts. */

#include "../captures.h"
#include "groups.h"
#include "host/host.h"

static char *profile_of(struct iof_ctx *ctx, const char *capture)
{
	struct iof_host *host = load_capture(ctx, capture);
	char *text = rendered(ctx, host, IOF_FORMAT_JSON, false);

	iof_host_unref(host);
	return text;
}

static struct iof_host *load(struct iof_ctx *ctx, const char *text,
			     const struct iof_host_options *options)
{
	struct iof_host *host = NULL;
	int err = iof_host_load_profile(ctx, text, strlen(text), "profile", options, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	return host;
}

/* text with the first `old` behind `after` replaced; frees text. */
static char *replaced(char *text, const char *after, const char *old, const char *new)
{
	struct buf out = {0};
	const char *at = strstr(text, after);

	assert_non_null(at);
	at = strstr(at, old);
	assert_non_null(at);
	buf_append(&out, text, (size_t)(at - text));
	buf_puts(&out, new);
	buf_puts(&out, at + strlen(old));
	free(text);
	return buf_steal(&out);
}

static void only_wanted_devices(void **state)
{
	const char *devices[] = {"00:05.0", "0000:02:01.0"};
	struct iof_host_options options = {
		.size = sizeof(options), .devices = devices, .n_devices = 2};
	struct iof_ctx *ctx = new_context();
	char *text = profile_of(ctx, "intel39-pb46.tar.xz");
	struct iof_host *host = load(ctx, text, &options);

	/* 00:05.0 is alone; 02:01.0 shares its group with 00:0d.0 and 02:02.0. */
	assert_int_equal(host->n_devices, 4);
	assert_non_null(iof_host_device(host, "00:05.0"));
	assert_non_null(iof_host_device(host, "00:0d.0"));
	assert_non_null(iof_host_device(host, "02:02.0"));
	assert_null(iof_host_device(host, "00:06.0"));
	assert_int_equal(iof_host_device(host, "02:01.0")->group->n_devices, 3);
	iof_host_unref(host);
	free(text);
	iof_ctx_unref(ctx);
}

static void other_driver(void **state)
{
	const char *drivers[] = {"0000:00:05.0=nvme", "00:06.0=none"};
	struct iof_host_options options = {
		.size = sizeof(options), .drivers = drivers, .n_drivers = 2};
	struct iof_ctx *ctx = new_context();
	char *text = profile_of(ctx, "intel39-pb46.tar.xz");
	struct iof_host *host = load(ctx, text, &options);

	assert_string_equal(iof_device_driver(iof_host_device(host, "00:05.0")), "nvme");
	assert_null(iof_device_driver(iof_host_device(host, "00:06.0")));
	iof_host_unref(host);
	free(text);
	iof_ctx_unref(ctx);
}

/* Ranges are derived again: with another kernel they may be others. */
static void other_kernel(void **state)
{
	struct iof_host_options options = {.size = sizeof(options), .kernel = "6.12"};
	struct iof_ctx *ctx = new_context();
	char *text = profile_of(ctx, "intelsm-fsts-pb48.tar.xz");
	struct iof_host *now = load(ctx, text, NULL), *then = load(ctx, text, &options);
	enum iof_provenance provenance;
	unsigned width = 0;

	assert_int_equal(iof_device_width(iof_host_device(now, "00:05.0"), &width, &provenance), 0);
	assert_int_equal(width, 47);
	assert_true(then->kernel_assumed);
	assert_int_equal(then->kernel.minor, 12);
	iof_host_unref(now);
	iof_host_unref(then);
	free(text);
	iof_ctx_unref(ctx);
}

static void derived_width_is_ignored(void **state)
{
	struct iof_ctx *ctx = new_context();
	char *text = profile_of(ctx, "intel39-pb46.tar.xz");
	struct iof_host *host;
	enum iof_provenance provenance;
	unsigned width = 0;

	text = replaced(text, "\"0000:00:05.0\",\n      \"group\"", "0x7fffffffff",
			"0x1ffffffffff");
	host = load(ctx, text, NULL);
	assert_int_equal(iof_device_width(iof_host_device(host, "00:05.0"), &width, &provenance),
			 0);
	assert_int_equal(width, 39);
	iof_host_unref(host);
	free(text);
	iof_ctx_unref(ctx);
}

static void measured_width_wins(void **state)
{
	struct iof_ctx *ctx = new_context();
	char *text = profile_of(ctx, "intel39-pb46.tar.xz");
	struct iof_host *host;
	enum iof_provenance provenance;
	unsigned width = 0;

	text = replaced(text, "\"0000:00:05.0\",\n      \"group\"", "\"provenance\": \"read\"",
			"\"provenance\": \"measured\"");
	text = replaced(text, "\"0000:00:05.0\",\n      \"group\"", "0x7fffffffff",
			"0x1ffffffffff");
	host = load(ctx, text, NULL);
	assert_int_equal(iof_device_width(iof_host_device(host, "00:05.0"), &width, &provenance),
			 0);
	assert_int_equal(width, 41);
	assert_int_equal(iof_device_width(iof_host_device(host, "00:06.0"), &width, &provenance),
			 0);
	assert_int_equal(width, 39);
	iof_host_unref(host);
	free(text);
	iof_ctx_unref(ctx);
}

/* A register that says something else changes what follows from it. */
static void registers_count(void **state)
{
	struct iof_ctx *ctx = new_context();
	char *text = profile_of(ctx, "intel48-pb48.tar.xz");
	struct iof_host *host = load(ctx, text, NULL);
	enum iof_provenance provenance;
	unsigned width = 0;
	struct buf old = {0}, new = {0};

	buf_printf(&old, "\"cap\": \"0x%llx\"", (unsigned long long)host->units[0].cap);
	/* MGAW 41 instead of 47: bits 16 to 21 hold one less than the width. */
	buf_printf(&new, "\"cap\": \"0x%llx\"",
		   (unsigned long long)((host->units[0].cap & ~(UINT64_C(0x3f) << 16)) |
					UINT64_C(41) << 16));
	iof_host_unref(host);
	text = replaced(text, "\"units\"", old.data, new.data);
	host = load(ctx, text, NULL);
	assert_int_equal(iof_device_width(iof_host_device(host, "00:05.0"), &width, &provenance),
			 0);
	assert_int_equal(width, 42);
	iof_host_unref(host);
	buf_free(&old);
	buf_free(&new);
	free(text);
	iof_ctx_unref(ctx);
}

/* Only known parameters of the kernel command line are written down. */
static void command_line_is_filtered(void **state)
{
	struct iof_ctx *ctx = new_context();
	char *text = profile_of(ctx, "intel39-pb46.tar.xz");

	assert_non_null(strstr(text, "\"command_line\": \"intel_iommu=on iommufit.omitted=9\""));
	assert_null(strstr(text, "job-capture"));
	assert_null(strstr(text, "/dev/vda"));
	free(text);
	iof_ctx_unref(ctx);
}

int test_options(void)
{
	const struct CMUnitTest options[] = {
		cmocka_unit_test(only_wanted_devices),
		cmocka_unit_test(other_driver),
		cmocka_unit_test(other_kernel),
		cmocka_unit_test(derived_width_is_ignored),
		cmocka_unit_test(measured_width_wins),
		cmocka_unit_test(registers_count),
		cmocka_unit_test(command_line_is_filtered),
	};

	return cmocka_run_group_tests(options, NULL, NULL);
}
