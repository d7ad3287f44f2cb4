/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alloc.c - each allocation fails once, and once with all after it: -ENOMEM, and nothing leaks. */
#include <errno.h>

#include "../inject.h"
#include "explain_tests.h"

static const char log_text[] =
	"kvm: vfio 0000:01:00.0: Failed to set vIOMMU: aw-bits 48 > host aw-bits 39\n"
	"DMAR: Host address width 39\nkvm: Property 'a.b' not found\n"
	"kvm: vfio_container_dma_map(0x5, 0x382800000000, 0x400000000, 0x7) = -22 (Invalid "
	"argument)\n";

static int append(void *data, const char *bytes, size_t length)
{
	(void)data;
	(void)bytes;
	(void)length;
	return 0;
}

static int explain(struct iof_ctx *ctx)
{
	struct iof_output out = {.size = sizeof(out), .write = append};
	struct iof_explain *x = NULL;
	int err = iof_explain_new(ctx, NULL, &x);

	if (!err)
		err = iof_explain_feed(x, log_text, sizeof(log_text) - 1);
	if (!err)
		err = iof_explain_finish(x);
	if (!err)
		err = iof_explain_write(ctx, x, NULL, &out);
	out.format = IOF_FORMAT_JSON;
	if (!err)
		err = iof_explain_write(ctx, x, NULL, &out);
	iof_explain_unref(x);
	return err;
}

static void no_memory(void **state)
{
	struct iof_ctx *ctx;
	unsigned long n;

	(void)state;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	inject_failure(0, false);
	assert_int_equal(explain(ctx), 0);
	n = inject_count();
	assert_true(n > 5);
	for (int all_after = 0; all_after < 2; all_after++) {
		for (unsigned long i = 1; i <= n; i++) {
			int err;

			inject_failure(i, all_after);
			err = explain(ctx);
			if (inject_happened())
				assert_int_equal(err, -ENOMEM);
			inject_failure(0, false);
		}
	}
	iof_ctx_unref(ctx);
}

int alloc_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
