/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel answered, where it equals what is derived, changes no answer; and it stands in
 * for facts that are missing. */
#include "../host/answers.h"
#include "meta.h"

enum variant { MEASURED_TOO, MEASURED_ALONE, VARIANTS };

/* Hosts with answers, each made once. */
static struct made {
	const char *capture;
	enum variant variant;
	struct iof_host *host;
} * made;
static size_t n_made;

/* Registers and the table that only answers can then replace. */
static const struct change hidden[] = {
	WITHOUT("*/intel-iommu/cap"),	 WITHOUT("*/intel-iommu/ecap"),
	WITHOUT("*/amd-iommu/features"), WITHOUT("*/IVRS"),
	WITHOUT("/lab/dmesg.txt"),
};

static struct iof_host *host_with(const char *capture, enum variant variant)
{
	const char *only = variant == MEASURED_ALONE ? "0000:00:05.0" : NULL;
	struct iof_host_options options = {.size = sizeof(options)};
	struct buf name = {0};
	struct iof_ctx *ctx;
	char *answers;

	for (size_t i = 0; i < n_made; i++)
		if (str_eq(made[i].capture, capture) && made[i].variant == variant)
			return made[i].host;
	buf_printf(&name, "%s.", capture);
	answers = answers_json(name.data, ANSWERS_ALL, only, NULL);
	assert_non_null(answers);
	options.measured = answers;
	options.measured_length = strlen(answers);
	made = realloc(made, (n_made + 1) * sizeof(*made));
	assert_non_null(made);
	made[n_made] = (struct made){capture, variant, NULL};
	ctx = new_context();
	if (members_host(ctx, meta_members(capture), hidden,
			 variant == MEASURED_ALONE ? ARRAY_SIZE(hidden) : 0, &options,
			 &made[n_made].host))
		fail_msg("%s", iof_ctx_error(ctx));
	iof_ctx_unref(ctx);
	buf_free(&name);
	free(answers);
	return made[n_made++].host;
}

static void compare(const struct cell *cell, enum variant variant, const char *what)
{
	char *wanted = answer(meta_host(cell->host), cell);
	char *got = answer(host_with(cell->host, variant), cell);

	expect_same(cell, what, wanted, got);
	free(wanted);
	free(got);
}

static void compare_measured(const struct cell *cell)
{
	compare(cell, MEASURED_TOO, "measured as well as derived");
}

static void compare_blind(const struct cell *cell)
{
	compare(cell, MEASURED_ALONE, "one device measured, registers hidden");
}

/* A kernel that was not allowed to answer tells nothing. */
static bool was_answered(const struct cell *cell)
{
	const struct iof_host *host = meta_host(cell->host);

	return iof_host_device(host, "0000:00:05.0") && host->n_units &&
	       (host->interrupt_remapping == TRI_YES || host->unsafe_iommufd == TRI_YES);
}

static void test_measured(void **state)
{
	(void)state;
	for_cells(1500, 1000, NULL, compare_measured);
}

static void test_blind(void **state)
{
	(void)state;
	for_cells(1000, 500, was_answered, compare_blind);
}

int run_measured(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_blind),
	};
	int failed = cmocka_run_group_tests_name("measured", tests, NULL, NULL);

	for (size_t i = 0; i < n_made; i++)
		iof_host_unref(made[i].host);
	free(made);
	return failed;
}
