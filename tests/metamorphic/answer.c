/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An answer as text, so that two can be compared. */
#include "meta.h"

static struct cached {
	char *name;
	struct members *members;
	struct iof_host *host;
} * cache;
static size_t n_cached;

static struct cached *find(const char *capture)
{
	struct iof_ctx *ctx;

	for (size_t i = 0; i < n_cached; i++) {
		if (str_eq(cache[i].name, capture))
			return &cache[i];
	}
	cache = realloc(cache, (n_cached + 1) * sizeof(*cache));
	assert_non_null(cache);
	cache[n_cached] = (struct cached){strdup(capture), members_read(capture), NULL};
	ctx = new_context();
	assert_int_equal(
		members_host(ctx, cache[n_cached].members, NULL, 0, NULL, &cache[n_cached].host),
		0);
	iof_ctx_unref(ctx);
	return &cache[n_cached++];
}

struct iof_host *meta_host(const char *capture)
{
	return find(capture)->host;
}

const struct members *meta_members(const char *capture)
{
	return find(capture)->members;
}

void meta_free(void)
{
	for (size_t i = 0; i < n_cached; i++) {
		free(cache[i].name);
		members_free(cache[i].members);
		iof_host_unref(cache[i].host);
	}
	free(cache);
}

char *substitute(const char *text, const char *from, const char *to)
{
	struct buf out = {0};
	const char *at;

	while ((at = strstr(text, from))) {
		buf_append(&out, text, (size_t)(at - text));
		buf_puts(&out, to);
		text = at + strlen(from);
	}
	buf_puts(&out, text);
	return buf_steal(&out);
}

static void put_messages(struct buf *out, struct iof_report *report, enum iof_phase phase,
			 const char *name)
{
	const char *line;

	for (size_t i = 0; (line = iof_report_message(report, phase, i)); i++)
		buf_printf(out, "%s: %s\n", name, line);
}

static char *render(struct iof_report *report)
{
	const struct iof_finding *finding;
	struct buf out = {0};

	buf_printf(&out, "start %d plug %d run %d migrate %d verdict %d\n",
		   iof_report_start(report), iof_report_plug(report), iof_report_run(report),
		   iof_report_migrate(report), iof_report_verdict(report));
	iof_report_finding_foreach(report, finding)
		buf_printf(&out, "rule %s\n", iof_finding_rule(finding));
	put_messages(&out, report, IOF_PHASE_START, "start");
	put_messages(&out, report, IOF_PHASE_PLUG, "plug");
	put_messages(&out, report, IOF_PHASE_RUN, "run");
	put_messages(&out, report, IOF_PHASE_MIGRATE, "migrate");
	return buf_steal(&out);
}

char *answer_vm(struct iof_host *host, struct iof_vm *vm, const struct cell *cell)
{
	const char *plug = cell->plug;
	struct iof_vmm vmm = {.size = sizeof(vmm), .plug = &plug, .n_plug = plug ? 1 : 0};
	struct iof_ctx *ctx = new_context();
	struct iof_machine *machine = NULL;
	struct iof_report *report = NULL;
	struct buf version = {0};
	char *text;

	buf_printf(&version, "qemu=%s", cell->qemu);
	vmm.version = version.data;
	if (iof_machine_resolve(ctx, host, vm, &vmm, &machine))
		fail_msg("%s", iof_ctx_error(ctx));
	assert_int_equal(iof_report_new(ctx, &report), 0);
	assert_int_equal(iof_check(host, machine, NULL, report), 0);
	text = render(report);
	iof_report_unref(report);
	iof_machine_unref(machine);
	iof_ctx_unref(ctx);
	buf_free(&version);
	return text;
}

char *answer(struct iof_host *host, const struct cell *cell)
{
	struct iof_ctx *ctx = new_context();
	struct iof_vm *vm = NULL;
	char *text;

	if (iof_vm_load_argv(ctx, (const char *const *)cell->argv, cell->argc, "cell", &vm))
		fail_msg("%s", iof_ctx_error(ctx));
	text = answer_vm(host, vm, cell);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	return text;
}

void expect_same(const struct cell *cell, const char *what, const char *wanted, const char *got)
{
	if (str_eq(wanted, got))
		return;
	print_error("%s: %s, QEMU %s:", what, cell->host, cell->qemu);
	for (size_t i = 0; i < cell->argc; i++)
		print_error(" %s", cell->argv[i]);
	print_error("%s%s\n--- wanted\n%s--- got\n%s", cell->plug ? " + " : "",
		    cell->plug ? cell->plug : "", wanted, got);
	fail_msg("%s", what);
}

bool starts(const char *text)
{
	char first[16];

	snprintf(first, sizeof(first), "start %d ", IOF_OUTCOME_STARTS);
	return str_starts(text, first);
}
