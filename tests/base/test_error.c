/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

#include <errno.h>

#include "base/error.h"
#include "base/strings.h"

static void error_text_is_kept(void **state)
{
	struct iof_ctx *ctx = NULL;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_string_equal(iof_ctx_error(ctx), "");
	assert_int_equal(ctx_fail(ctx, -EBADMSG, "vm.args:%d: %s", 3, "no value"), -EBADMSG);
	assert_string_equal(iof_ctx_error(ctx), "vm.args:3: no value");
	assert_int_equal(ctx_prefix(ctx, -ENOENT, "%s", "host"), -ENOENT);
	assert_string_equal(iof_ctx_error(ctx), "host: vm.args:3: no value");
	assert_int_equal(ctx_fail(ctx, -EINVAL, "%s!", iof_ctx_error(ctx)), -EINVAL);
	assert_string_equal(iof_ctx_error(ctx), "host: vm.args:3: no value!");
	assert_null(iof_ctx_unref(ctx));
}

static void no_context_is_allowed(void **state)
{
	assert_int_equal(ctx_fail(NULL, -EBADMSG, "x"), -EBADMSG);
	assert_int_equal(ctx_prefix(NULL, -EBADMSG, "x"), -EBADMSG);
	log_debug(NULL, "x");
	assert_null(iof_ctx_ref(NULL));
	assert_null(iof_ctx_unref(NULL));
}

static void last_reference_frees(void **state)
{
	struct iof_ctx *ctx = NULL;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_ptr_equal(iof_ctx_ref(ctx), ctx);
	iof_ctx_unref(ctx);
	ctx_fail(ctx, -EIO, "still here");
	assert_string_equal(iof_ctx_error(ctx), "still here");
	iof_ctx_unref(ctx);
}

static void collect_log(void *data, int level, const char *file, int line, const char *function,
			const char *text)
{
	buf_printf(data, "%d %s %s;", level, function, text);
}

static void log_obeys_its_level(void **state)
{
	struct buf log = {0};
	struct iof_ctx *ctx = NULL;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	log_info(ctx, "silent by default");
	iof_ctx_log_set(ctx, collect_log, &log, 6);
	log_info(ctx, "unit %s", "dmar0");
	log_debug(ctx, "too much");
	assert_string_equal(log.data, "6 log_obeys_its_level unit dmar0;");
	buf_free(&log);
	iof_ctx_unref(ctx);
}

static int to_buffer(void *data, const char *bytes, size_t length)
{
	buf_append(data, bytes, length);
	return 0;
}

static const struct error_row {
	const char *name;
	enum iof_format format;
	const char *text;
	const char *expected;
} errors[] = {
	{"error: text", IOF_FORMAT_TEXT, "vm:1: no", "vm:1: no\n"},
	{"error: one line only", IOF_FORMAT_TEXT, "a\nb\033[2J", "a\\x0ab\\x1b[2J\n"},
	{"error: no text", IOF_FORMAT_TEXT, NULL, "\n"},
	{"error: JSON", IOF_FORMAT_JSON, "a\n\"b\"",
	 "{\n  \"schema\": \"iommufit.error/1\",\n  \"status\": 65,\n"
	 "  \"error\": \"a\\u000a\\\"b\\\"\"\n}\n"},
	{"error: JSON without text", IOF_FORMAT_JSON, NULL,
	 "{\n  \"schema\": \"iommufit.error/1\",\n  \"status\": 65,\n  \"error\": null\n}\n"},
};

static void renders_error(void **state)
{
	const struct error_row *row = *state;
	struct buf got = {0};
	struct iof_output out = {sizeof(out), to_buffer, &got, row->format, 80, true, false};

	assert_int_equal(iof_error_write(&out, 65, row->text), 0);
	assert_string_equal(got.data, row->expected);
	buf_free(&got);
}

static void version_is_that_of_the_build(void **state)
{
	assert_string_equal(iof_version(), IOMMUFIT_VERSION);
}

int test_error(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_text_is_kept),
		cmocka_unit_test(no_context_is_allowed),
		cmocka_unit_test(last_reference_frees),
		cmocka_unit_test(log_obeys_its_level),
		cmocka_unit_test(version_is_that_of_the_build),
	};

	return RUN_TABLE(errors, renders_error) +
	       cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
