/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checking one case. */
#include "rules.h"

const struct rule_cases *const all_cases[] = {&config_cases,  &vfio_cases,
					      &memory_cases,  &intel_cases,
					      &nesting_cases, &virtio_cases,
					      &amd_cases,     &map_cases,
					      &limits_cases,  &other_cases,
					      &cures_cases,   &manager_cases,
					      &proxmox_cases, &cloud_hypervisor_cases,
					      &smmuv3_cases,  &smmuv3_host_cases};
const size_t n_all_cases = ARRAY_SIZE(all_cases);

struct cached {
	const struct rule_host *want;
	struct iof_host *host;
};
static struct cached *cache;
static size_t n_cached;

struct iof_host *find_host(const struct rule_host *want)
{
	for (size_t i = 0; i < n_cached; i++) {
		if (cache[i].want == want)
			return cache[i].host;
	}
	cache = realloc(cache, (n_cached + 1) * sizeof(*cache));
	assert_non_null(cache);
	cache[n_cached] = (struct cached){want, rule_host_load(want)};
	return cache[n_cached++].host;
}

/* A command line lacks its program, a config of a manager is whole. */
const char *program_of(const struct rule_case *row)
{
	bool is_whole = str_starts(row->line, "qemu-") || strchr(row->qemu, '=') ||
			row->line[0] == '<' || row->line[strlen(row->line) - 1] == '\n';

	return is_whole ? "" : PROGRAM;
}

struct iof_vm *read_line(struct iof_ctx *ctx, const char *text, size_t length)
{
	struct iof_vm *vm = NULL;

	if (iof_vm_load(ctx, IOF_LANGUAGE_AUTO, text, length, "case", &vm))
		print_error("%s\n", iof_ctx_error(ctx));
	assert_non_null(vm);
	return vm;
}

/* Takes vm. */
struct run run_check(const struct rule_case *row, struct iof_ctx *ctx, struct iof_host *host,
		     struct iof_vm *vm, uint64_t memlock)
{
	struct iof_vmm vmm = {.size = sizeof(vmm),
			      .plug = &row->plug,
			      .n_plug = row->plug ? 1 : 0,
			      .memlock = memlock};
	struct run run = {.ctx = ctx, .vm = vm};
	struct buf version = {0};
	int r;

	buf_printf(&version, "%s%s", strchr(row->qemu, '=') ? "" : "qemu=", row->qemu);
	vmm.version = version.data;
	r = iof_machine_resolve(ctx, host, vm, &vmm, &run.machine);
	if (r)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(r, 0);
	assert_int_equal(iof_report_new(ctx, &run.report), 0);
	assert_int_equal(iof_check(host, run.machine, NULL, run.report), 0);
	buf_free(&version);
	return run;
}

void run_end(struct run *run)
{
	iof_report_unref(run->report);
	iof_machine_unref(run->machine);
	iof_vm_unref(run->vm);
}

const struct iof_finding *run_find(const struct run *run, const char *rule)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(run->report, finding)
	{
		if (str_eq(iof_finding_rule(finding), rule))
			return finding;
	}
	return NULL;
}

void drop_hosts(void)
{
	for (size_t i = 0; i < n_cached; i++)
		iof_host_unref(cache[i].host);
	free(cache);
}
