/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What else must hold between two answers. */
#include "meta.h"

/* ---- a device that has nothing to do with it ---- */

static bool has_pci(const struct cell *cell)
{
	size_t at = cell_option(cell, "-machine", 0);

	return at && (str_starts(cell->argv[at], "q35") || str_starts(cell->argv[at], "pc")) &&
	       !str_eq(cell->set, "bad");
}

static void with_bystander(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);
	struct iof_host *host = meta_host(cell->host);
	char *wanted = answer(host, cell), *got;

	/* in JSON: made after all others, so that none gets another slot */
	cell_insert(changed, changed->argc, "-device");
	cell_insert(changed, changed->argc, "{\"driver\":\"virtio-rng-pci\",\"id\":\"bystander\"}");
	got = answer(host, changed);
	expect_same(changed, "a device that has nothing to do with it", wanted, got);
	free(wanted);
	free(got);
	cell_free(changed);
}

static void test_bystander(void **state)
{
	(void)state;
	for_cells(500, 2000, has_pci, with_bystander);
}

/* ---- the same host from another source ---- */

static const char *const captures[] = {"intel39-pb46",	    "intel48-pb48", "amd-pb48",
				       "intelsm-fsts-pb48", "intel48-noir", "virtio39-unsafe",
				       "none-pb46",	    "intel48-off"};
static const char *capture;
static struct iof_host *other;

static bool is_of_capture(const struct cell *cell)
{
	return str_eq(cell->host, capture);
}

static void compare_with_other(const struct cell *cell)
{
	char *wanted = answer(meta_host(cell->host), cell), *got = answer(other, cell);

	expect_same(cell, "the same host from another source", wanted, got);
	free(wanted);
	free(got);
}

static void test_profile(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(captures); i++) {
		struct iof_ctx *ctx = new_context();
		char *json;

		capture = captures[i];
		json = rendered(ctx, meta_host(capture), IOF_FORMAT_JSON, false);
		if (iof_host_load_profile(ctx, json, strlen(json), "profile", NULL, &other))
			fail_msg("%s", iof_ctx_error(ctx));
		for_cells(80, 50, is_of_capture, compare_with_other);
		iof_host_unref(other);
		free(json);
		iof_ctx_unref(ctx);
	}
}

/* The unbound host with its devices bound by option, and the bound one. */
static void test_bound_by_option(void **state)
{
	static const char *const devices[] = {"0000:00:05.0", "0000:00:06.0", "0000:00:07.0",
					      "0000:00:08.0", "0000:00:09.0", "0000:00:0a.0",
					      "0000:01:00.0", "0000:02:01.0", "0000:02:02.0"};
	const char *drivers[ARRAY_SIZE(devices)];
	struct buf texts[ARRAY_SIZE(devices)] = {{0}};
	struct iof_host_options options = {
		.size = sizeof(options), .drivers = drivers, .n_drivers = ARRAY_SIZE(devices)};
	struct iof_ctx *ctx = new_context();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		buf_printf(&texts[i], "%s=vfio-pci", devices[i]);
		drivers[i] = texts[i].data;
	}
	capture = "intel39-pb46";
	if (members_host(ctx, meta_members("intel39-pb46.unbound"), NULL, 0, &options, &other))
		fail_msg("%s", iof_ctx_error(ctx));
	for_cells(400, 400, is_of_capture, compare_with_other);
	iof_host_unref(other);
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		buf_free(&texts[i]);
	iof_ctx_unref(ctx);
}

/* A host of which only what the VM names was read. Every plugged device is the one with PLUGGED. */
#define PLUGGED "0000:00:05.0"

static void compare_with_partial(const struct cell *cell)
{
	const char *devices[64] = {PLUGGED};
	struct iof_host_options options = {
		.size = sizeof(options), .devices = devices, .n_devices = 1};
	struct iof_ctx *ctx = new_context();
	struct iof_vm *vm = NULL;
	const char *bdf;

	assert_int_equal(
		iof_vm_load_argv(ctx, (const char *const *)cell->argv, cell->argc, "cell", &vm), 0);
	for (size_t i = 0; (bdf = iof_vm_assigned(vm, i)); i++) {
		assert_true(options.n_devices < ARRAY_SIZE(devices));
		devices[options.n_devices++] = bdf;
	}
	/* what is no address is no device */
	if (members_host(ctx, meta_members(cell->host), NULL, 0, &options, &other)) {
		assert_string_equal(cell->set, "bad");
	} else {
		compare_with_other(cell);
		iof_host_unref(other);
	}
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
}

static void test_only_wanted_devices(void **state)
{
	(void)state;
	for_cells(100, 2000, NULL, compare_with_partial);
}

/* ---- fixes ---- */

static const struct iof_fix *first_fix(struct iof_report *report)
{
	const struct iof_finding *finding;
	struct iof_edit_step step;

	iof_report_finding_foreach(report, finding)
	{
		const struct iof_fix *fix = iof_finding_fix_next(report, finding, NULL);

		if (!fix || !iof_fix_is_checked(fix) || iof_fix_remaining(fix))
			continue;
		for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
			if (step.where != IOF_WHERE_VM)
				return NULL;
		}
		return fix;
	}
	return NULL;
}

struct checked {
	struct iof_vm *vm;
	struct iof_machine *machine;
	struct iof_report *report;
};

/* Takes vm. */
static struct checked check(struct iof_ctx *ctx, const struct cell *cell, struct iof_vm *vm)
{
	const char *plug = cell->plug;
	struct iof_vmm vmm = {.size = sizeof(vmm), .plug = &plug, .n_plug = plug ? 1 : 0};
	struct checked c = {.vm = vm};
	struct buf version = {0};

	buf_printf(&version, "qemu=%s", cell->qemu);
	vmm.version = version.data;
	if (iof_machine_resolve(ctx, meta_host(cell->host), vm, &vmm, &c.machine))
		fail_msg("%s", iof_ctx_error(ctx));
	assert_int_equal(iof_report_new(ctx, &c.report), 0);
	assert_int_equal(iof_check(NULL, c.machine, NULL, c.report), 0);
	buf_free(&version);
	return c;
}

static void end(struct checked *c)
{
	iof_report_unref(c->report);
	iof_machine_unref(c->machine);
	iof_vm_unref(c->vm);
}

static size_t count(const char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	return n;
}

static unsigned n_fixed;

/* After the fix there is nothing left to fix: a second one would change nothing. */
static void fix_twice(const struct cell *cell)
{
	struct iof_ctx *ctx = new_context();
	struct iof_edit *edit = NULL;
	struct iof_vm *vm = NULL;
	struct checked before, after;
	const struct iof_fix *fix;

	assert_int_equal(
		iof_vm_load_argv(ctx, (const char *const *)cell->argv, cell->argc, "cell", &vm), 0);
	before = check(ctx, cell, vm);
	fix = iof_report_verdict(before.report) == IOF_VERDICT_FAILS ? first_fix(before.report)
								     : NULL;
	if (fix) {
		const char *const *argv;

		assert_int_equal(iof_fix_apply(ctx, before.vm, &fix, 1, &edit), 0);
		argv = iof_edit_argv(edit);
		assert_non_null(argv);
		assert_int_equal(iof_vm_load_argv(ctx, argv, count(argv), "fixed", &vm), 0);
		after = check(ctx, cell, vm);
		if (iof_report_start(after.report) != IOF_OUTCOME_STARTS ||
		    iof_report_verdict(after.report) == IOF_VERDICT_FAILS) {
			struct cell fixed = *cell;

			fixed.argv = (char **)(uintptr_t)argv;
			fixed.argc = count(argv);
			expect_same(&fixed, "the fix", "starts and works\n", "fails\n");
		}
		n_fixed++;
		end(&after);
		iof_edit_unref(edit);
	}
	end(&before);
	iof_ctx_unref(ctx);
}

static void test_fix_twice(void **state)
{
	(void)state;
	for_cells(500, 2000, NULL, fix_twice);
	assert_true(n_fixed > 50);
}

int run_relations(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bystander),	cmocka_unit_test(test_profile),
		cmocka_unit_test(test_bound_by_option), cmocka_unit_test(test_only_wanted_devices),
		cmocka_unit_test(test_fix_twice),
	};

	return cmocka_run_group_tests_name("relations", tests, NULL, NULL);
}
