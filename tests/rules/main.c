/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every rule of the catalogue in cases where it fires and where it does not, with all that QEMU
 * does and prints then. */
#include <iommufit/iommufit.h>

#include "host/what_if.h"
#include "rules.h"

#include "fit/report.h"

/* ---- one case ---- */

static const char *outcome_name(enum iof_outcome outcome)
{
	static const char *const names[] = {
		[IOF_OUTCOME_UNKNOWN] = "unknown",
		[IOF_OUTCOME_STARTS] = "starts",
		[IOF_OUTCOME_FAILS] = "fails",
		[IOF_OUTCOME_ACCEPTED] = "accepted",
		[IOF_OUTCOME_REFUSED] = "refused",
		[IOF_OUTCOME_KILLS_VM] = "kills-vm",
		[IOF_OUTCOME_NOT_REACHED] = "not-reached",
		[IOF_OUTCOME_WORKS] = "works",
		[IOF_OUTCOME_DEGRADED] = "degraded",
		[IOF_OUTCOME_BROKEN] = "broken",
		[IOF_OUTCOME_POSSIBLE] = "possible",
		[IOF_OUTCOME_BLOCKED] = "blocked",
	};

	return outcome < ARRAY_SIZE(names) && names[outcome] ? names[outcome] : "?";
}

static char *outcomes(const struct run *run, bool with_migration)
{
	enum iof_outcome start = iof_report_start(run->report), plug = iof_report_plug(run->report);
	struct buf text = {0};

	buf_puts(&text, outcome_name(start));
	if (plug != IOF_OUTCOME_NONE && plug != IOF_OUTCOME_NOT_REACHED)
		buf_printf(&text, " %s", outcome_name(plug));
	if (start != IOF_OUTCOME_FAILS)
		buf_printf(&text, " %s", outcome_name(iof_report_run(run->report)));
	if (with_migration)
		buf_printf(&text, " %s", outcome_name(iof_report_migrate(run->report)));
	return buf_steal(&text);
}

static char *messages(const struct run *run, bool of_migration)
{
	enum iof_phase first = of_migration ? IOF_PHASE_MIGRATE : IOF_PHASE_START;
	enum iof_phase last = of_migration ? IOF_PHASE_MIGRATE : IOF_PHASE_RUN;
	struct buf text = {0};
	const char *line;

	buf_puts(&text, "");
	for (enum iof_phase phase = first; phase <= last; phase++) {
		for (size_t i = 0; (line = iof_report_message(run->report, phase, i)); i++)
			buf_printf(&text, "%s%s", text.length ? "\n" : "", line);
	}
	return buf_steal(&text);
}

/* ---- its cure ---- */

/* Errors are cured, except these. */
static const struct {
	const char *rule;
	const char *name; /* of the case; NULL: all */
	const char *reason;
} incurable[] = {
	{"config.syntax", "RAM of no size", "how much RAM is wanted cannot be known"},
	{"config.syntax", "RAM of a size with a space", "how much RAM is wanted cannot be known"},
	{"config.syntax", "JSON that ends too early", "what was meant cannot be known"},
	{"config.host-address", NULL, "which device was meant cannot be known"},
	{"vfio.no-device-given", NULL, "which device was meant cannot be known"},
	{"vfio.device-absent", NULL, "which device was meant cannot be known"},
	{"vfio.fd-without-iommufd", "fd= with the legacy backend",
	 "what the descriptor is cannot be known"},
	{"vfio.no-iommu-group", NULL,
	 "an IOMMU is switched on in firmware and on the kernel's command line"},
	{"config.second-balloon", NULL, "which of the two is wanted cannot be known"},
	{"memory.no-hotplug", NULL, "which firmware and CPU are wanted cannot be known"},
	{"vfio.direct-region", NULL, "it is firmware that wants it"},
	{"vfio.no-domain", NULL, "the kernel and the unit have no width in common"},
	{"config.manager-refuses", "a setting that does not exist",
	 "what was meant cannot be known"},
	{"cloud-hypervisor.device-absent", NULL, "which device was meant cannot be known"},
	{"cloud-hypervisor.no-iommu-group", NULL,
	 "an IOMMU is switched on in firmware and on the kernel's command line"},
	{"cloud-hypervisor.direct-region", NULL, "it is firmware that wants it"},
	{"cloud-hypervisor.no-domain", NULL, "the kernel and the unit have no width in common"},
	{"cloud-hypervisor.hotplug-behind-viommu", NULL, "the plugged device is not in the config"},
};

static bool is_incurable(const struct rule_case *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(incurable); i++) {
		if (str_eq(row->rule, incurable[i].rule) &&
		    (!incurable[i].name || str_eq(row->name, incurable[i].name)))
			return true;
	}
	return false;
}

/* The host and what it becomes by each edit of a fix; each borrows from the one before. */
struct changed {
	struct iof_host **hosts;
	size_t n;
	uint64_t memlock;
};

static struct changed change_host(const struct rule_case *row, struct iof_host *host,
				  const struct iof_fix *fix)
{
	struct changed changed = {NULL, 0, row->host->memlock};
	struct iof_edit_step step;
	size_t n = 1;

	while (iof_fix_step(fix, n - 1, &step) == 0)
		n++;
	changed.hosts = calloc(n, sizeof(struct iof_host *));
	assert_non_null(changed.hosts);
	changed.hosts[changed.n++] = iof_host_ref(host);
	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		if (step.where != IOF_WHERE_HOST)
			continue;
		if (str_eq(step.target, "memlock")) {
			assert_int_equal(parse_u64(step.to, 10, UINT64_MAX, &changed.memlock), 0);
			continue;
		}
		assert_int_equal(host_what_if(changed.hosts[changed.n - 1], step.target, step.to,
					      &changed.hosts[changed.n]),
				 0);
		changed.n++;
	}
	return changed;
}

/* A case plugs one device at most: as the fix has it. */
static const char *plugged_after(const struct rule_case *row, const struct iof_fix *fix)
{
	const char *plug = row->plug;
	struct iof_edit_step step;

	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		if (step.where == IOF_WHERE_PLUG) {
			assert_string_equal(step.target, "plug.0");
			plug = step.op == IOF_OP_REMOVE ? NULL : step.to;
		}
	}
	return plug;
}

/* The fix is written into the text, the text is read anew, and then QEMU starts and nothing fails.
 */
static void expect_cured(const struct rule_case *before, const struct run *run,
			 struct iof_host *host, const struct iof_fix *fix)
{
	struct rule_case after = *before, *row = &after;
	struct changed changed = change_host(row, host, fix);
	struct iof_edit *edit = NULL;
	struct run fixed;
	const char *bytes;
	size_t length;

	row->plug = plugged_after(before, fix);
	assert_int_equal(iof_fix_apply(run->ctx, run->vm, &fix, 1, &edit), 0);
	bytes = iof_edit_bytes(edit, &length);
	fixed = run_check(row, run->ctx, changed.hosts[changed.n - 1],
			  read_line(run->ctx, bytes, length), changed.memlock);
	if (iof_report_verdict(fixed.report) == IOF_VERDICT_FAILS)
		print_error("after the fix: %.*s\n", (int)length, bytes);
	assert_int_equal(iof_report_start(fixed.report), IOF_OUTCOME_STARTS);
	assert_int_not_equal(iof_report_verdict(fixed.report), IOF_VERDICT_FAILS);
	assert_null(run_find(&fixed, row->rule));
	run_end(&fixed);
	iof_edit_unref(edit);
	while (changed.n)
		iof_host_unref(changed.hosts[--changed.n]);
	free(changed.hosts);
}

static void test_cure(const struct rule_case *row, const struct run *run, struct iof_host *host,
		      const struct iof_finding *finding)
{
	const struct iof_fix *fix = iof_finding_fix_next(run->report, finding, NULL);
	bool is_checked = fix && iof_fix_is_checked(fix);

	if (iof_report_verdict(run->report) != IOF_VERDICT_FAILS) {
		for (; fix; fix = iof_finding_fix_next(run->report, finding, fix))
			expect_cured(row, run, host, fix);
		return;
	}
	if (is_incurable(row)) {
		assert_false(is_checked);
		return;
	}
	assert_non_null(fix);
	if (!is_checked)
		assert_non_null(iof_fix_remaining(fix));
	for (; fix; fix = iof_finding_fix_next(run->report, finding, fix)) {
		if (iof_fix_is_checked(fix) && !iof_fix_remaining(fix))
			expect_cured(row, run, host, fix);
	}
}

static void expect_said(const struct rule_case *row, const struct run *run, bool fires)
{
	bool of_migration = strstr(row->expect, "blocked") || strstr(row->expect, "possible");
	char *said = outcomes(run, of_migration), *printed = messages(run, of_migration);
	const char *wanted = row->messages ? row->messages : "";

	if (row->fires != fires || !str_eq(said, row->expect) || !str_eq(printed, wanted))
		print_error("qemu %s %s%s%s\n  %s %s, wanted %s\n  %s, wanted %s\n  printed "
			    "\"%s\"\n  wanted  \"%s\"\n",
			    row->qemu, row->line, row->plug ? " + " : "",
			    row->plug ? row->plug : "", row->rule, fires ? "fires" : "is silent",
			    row->fires ? "fires" : "silent", said, row->expect, printed, wanted);
	assert_int_equal(row->fires, fires);
	assert_string_equal(said, row->expect);
	assert_string_equal(printed, wanted);
	free(said);
	free(printed);
}

/* An operand that was not there leaves a hole in the sentence. */
static bool has_hole(const char *text, bool is_doubtful)
{
	static const char *const holes[] = {"  ", " :", " ,", " .", "()", "(null)", "{", "}"};

	if (!is_doubtful && strchr(text, '?'))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(holes); i++) {
		if (strstr(text, holes[i]))
			return true;
	}
	return *text == ' ' || (*text && text[strlen(text) - 1] == ' ');
}

static void expect_sentences(const struct run *run)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(run->report, finding)
	{
		const char *what = iof_finding_message(run->report, finding);
		const char *because = iof_finding_because(run->report, finding);

		if (!*what || has_hole(what, finding->is_doubtful) ||
		    has_hole(because, finding->is_doubtful))
			fail_msg("%s: \"%s\" \"%s\"", iof_finding_rule(finding), what, because);
	}
}

static void test_case(void **state)
{
	const struct rule_case *row = *state;
	struct iof_host *host = find_host(row->host);
	struct iof_ctx *ctx = new_context();
	const struct iof_finding *finding;
	struct buf line = {0};
	struct run run;

	buf_printf(&line, "%s%s", program_of(row), row->line);
	run = run_check(row, ctx, host, read_line(ctx, line.data, line.length), row->host->memlock);
	finding = run_find(&run, row->rule);
	expect_said(row, &run, finding != NULL);
	expect_sentences(&run);
	if (finding)
		test_cure(row, &run, host, finding);
	run_end(&run);
	buf_free(&line);
	iof_ctx_unref(ctx);
}

/* ---- the catalogue ---- */

static bool has_case(const char *rule, bool fires)
{
	for (size_t f = 0; f < n_all_cases; f++) {
		for (size_t i = 0; i < all_cases[f]->n; i++) {
			const struct rule_case *row = &all_cases[f]->cases[i];

			if (str_eq(row->rule, rule) && row->fires == fires)
				return true;
		}
	}
	return false;
}

static bool is_rule(const char *id)
{
	struct iof_rule_info rule;

	for (size_t i = 0; iof_rule(i, &rule) == 0; i++) {
		if (str_eq(rule.id, id))
			return true;
	}
	return false;
}

static void test_every_rule_has_cases(void **state)
{
	struct iof_rule_info rule;
	unsigned lacking = 0;

	(void)state;
	for (size_t i = 0; iof_rule(i, &rule) == 0; i++) {
		for (int fires = 0; fires <= 1; fires++) {
			if (has_case(rule.id, fires))
				continue;
			print_error("%s: no case where it %s\n", rule.id,
				    fires ? "fires" : "is silent");
			lacking++;
		}
	}
	assert_int_equal(lacking, 0);
}

static void test_every_case_has_a_rule(void **state)
{
	(void)state;
	for (size_t f = 0; f < n_all_cases; f++) {
		for (size_t i = 0; i < all_cases[f]->n; i++) {
			if (!is_rule(all_cases[f]->cases[i].rule))
				fail_msg("no rule %s", all_cases[f]->cases[i].rule);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(incurable); i++) {
		if (!is_rule(incurable[i].rule))
			fail_msg("no rule %s", incurable[i].rule);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule_has_cases),
		cmocka_unit_test(test_every_case_has_a_rule),
	};
	int failed = 0;

	if (argc == 2 && str_eq(argv[1], "--examples")) {
		print_examples();
		drop_hosts();
		return 0;
	}
	for (size_t f = 0; f < n_all_cases; f++)
		failed += run_table(all_cases[f]->family, all_cases[f]->cases, all_cases[f]->n,
				    sizeof(struct rule_case), test_case);
	failed += test_stories();
	failed += cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
	drop_hosts();
	return failed;
}
