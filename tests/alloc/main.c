// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The library's own allocations, from loading a host to the edited command line: each fails once,
 * the run ends in -ENOMEM, nothing leaks (AddressSanitizer looks), and the next run is as good as
 * the first.
 */
#include <errno.h>

#include "../captures.h"
#include "inject.h"
#include "iommufit/caps.h"
#include "iommufit/report.h"

static const char command_line[] =
	"qemu-system-x86_64 -machine q35,accel=kvm,kernel-irqchip=split -m 4G -nodefaults "
	"-device intel-iommu,intremap=on,caching-mode=on,aw-bits=48 -device pcie-root-port,id=rp0 "
	"-device vfio-pci,host=01:00.0,bus=rp0,id=gpu "
	"-device '{\"driver\":\"vfio-pci\",\"host\":\"0000:00:0a.0\"}'\n";

struct run {
	const char *where; /* of the host */
	struct iof_ctx *ctx;
	struct iof_host *host;
	struct iof_vm *vm;
	struct iof_machine *machine;
	struct iof_report *report;
	struct buf text;
};

static int write_report(struct run *run, enum iof_format format)
{
	struct iof_output out = {.size = sizeof(out),
				 .write = append_output,
				 .data = &run->text,
				 .format = format,
				 .verbose = true};

	return iof_report_write(run->ctx, run->report, &out);
}

/* Every fix of every finding, into new text. */
static int apply_fixes(struct run *run)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(run->report, finding)
	{
		const struct iof_fix *fix = NULL;

		while ((fix = iof_finding_fix_next(run->report, finding, fix))) {
			struct iof_edit *edit = NULL;
			int err = iof_fix_apply(run->ctx, run->vm, &fix, 1, &edit);

			iof_edit_unref(edit);
			if (err)
				return err;
		}
	}
	return iof_report_error(run->report);
}

static int load_host(struct run *run)
{
	return iof_host_load(run->ctx, run->where, NULL, &run->host);
}

static int load_vm(struct run *run)
{
	return iof_vm_load(run->ctx, IOF_LANGUAGE_AUTO, command_line, sizeof(command_line) - 1,
			   "vm", &run->vm);
}

static int resolve(struct run *run)
{
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = "qemu=10.1"};

	return iof_machine_resolve(run->ctx, run->host, run->vm, &vmm, &run->machine);
}

static int check(struct run *run)
{
	int err = iof_report_new(run->ctx, &run->report);

	return err ? err : iof_check(NULL, run->machine, NULL, run->report);
}

static int write_text(struct run *run)
{
	return write_report(run, IOF_FORMAT_TEXT);
}

static int write_json(struct run *run)
{
	return write_report(run, IOF_FORMAT_JSON);
}

static int write_host(struct run *run)
{
	struct iof_output out = {.size = sizeof(out),
				 .write = append_output,
				 .data = &run->text,
				 .format = IOF_FORMAT_JSON};

	return iof_host_write(run->ctx, run->host, &out);
}

static int (*const steps[])(struct run *) = {
	load_host, load_vm, resolve, check, write_text, write_json, apply_fixes, write_host,
};

/* The whole way; the text of all answers is the caller's. */
static int go(const char *where, char **text)
{
	struct run run = {.where = where};
	int err = iof_ctx_new(&run.ctx);

	for (size_t i = 0; i < ARRAY_SIZE(steps) && !err; i++)
		err = steps[i](&run);
	iof_report_unref(run.report);
	iof_machine_unref(run.machine);
	iof_vm_unref(run.vm);
	iof_host_unref(run.host);
	iof_ctx_unref(run.ctx);
	if (!err)
		err = run.text.err;
	*text = err ? NULL : buf_steal(&run.text);
	buf_free(&run.text);
	return err;
}

struct source_row {
	const char *name;
	const char *where; /* NULL: this machine; else below the test data, or a name of the
			      catalogue */
	bool all_after;
};

static const struct source_row sources[] = {
	{"capture", "captures/intel39-pb46.tar.xz", false},
	{"capture, AMD", "captures/amd-pb48.tar.xz", false},
	{"capture, Arm", "captures/arm-smmu.tar.xz", false},
	{"catalogue", "cpu:ryzen-7800x3d", false},
	{"this machine", NULL, false},
	{"this machine, all after", NULL, true},
};

static void test_each_fails(void **state)
{
	const struct source_row *row = *state;
	char *where = row->where && strchr(row->where, '/') ? test_path("%s", row->where) : NULL;
	const char *source = where ? where : row->where;
	char *wanted, *text;
	unsigned long n = 0;

	assert_int_equal(go(source, &wanted), 0);
	for (;;) {
		bool happened;
		int err;

		inject_failure(++n, row->all_after);
		err = go(source, &text);
		happened = inject_happened();
		inject_failure(0, false);
		if (!happened) {
			assert_int_equal(err, 0);
			assert_string_equal(text, wanted);
			free(text);
			break;
		}
		/* A buffer that was to save time may be done without. */
		if (!err)
			assert_string_equal(text, wanted);
		else
			assert_int_equal(err, -ENOMEM);
		free(text);
	}
	print_message("%lu allocations were failed\n", n - 1);
	assert_true(n > 100);
	free(wanted);
	free(where);
}

int main(void)
{
	return run_table("allocations", sources, ARRAY_SIZE(sources), sizeof(*sources),
			 test_each_fails);
}
