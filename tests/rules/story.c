/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What takes several edits to mend: the first fix must hold them all.
 *
 * A CPU of 46 bits over an IOMMU of 39, a GPU with a BAR of 16 GiB, a vIOMMU with its default
 * width: the VM does not start, and once it does the BAR is out of reach. And SMMUs of the host
 * that nest, while the guest's does not make use of it, or is one for two of the host's.
 */
#include "rules.h"

#define PFLASH "-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd "
#define VM(cpu)                                                                                    \
	"-machine q35,accel=kvm,kernel-irqchip=split -m 16G " cpu                                  \
	"-device pcie-root-port,id=rp1,chassis=1 "
#define INTEL "-device intel-iommu,caching-mode=on "
#define GPU "-device vfio-pci,host=0000:00:07.0,id=gpu0,bus=rp1 "

#define ARM                                                                                        \
	"qemu-system-aarch64 -nodefaults -m 64M -accel kvm -cpu host -bios "                       \
	"/usr/share/qemu-efi-aarch64/QEMU_EFI.fd -machine virt,gic-version=3"
#define SMMU(x) " -device arm-smmuv3,primary-bus=pcie.0" x " "
#define ROOT                                                                                       \
	"vfio-pci.bus=pxb0-port device=pxb-pcie,id=pxb0,bus_nr=128,bus=pcie.0 "                    \
	"device=arm-smmuv3,primary-bus=pxb0,accel=on "                                             \
	"device=pcie-root-port,id=pxb0-port,bus=pxb0,chassis=1 "

struct story {
	const char *name;
	const struct rule_host *host;
	const char *qemu;
	const char *line;
	const char *steps; /* "target=value" of the first fix, each with a blank */
};

static const struct story stories[] = {
	{"OVMF", &host_gpu, "11.1", VM("-cpu host ") INTEL PFLASH GPU,
	 "intel-iommu.aw-bits=39 cpu.guest-phys-bits=39 "},
	{"OVMF, the vIOMMU after the firmware, 10.0", &host_gpu, "10.0",
	 VM("-cpu host ") PFLASH INTEL GPU, "intel-iommu.aw-bits=39 cpu.guest-phys-bits=39 "},
	{"OVMF, QEMU without guest-phys-bits", &host_gpu, "9.0", VM("-cpu host ") PFLASH GPU,
	 "cpu.host-phys-bits-limit=39 "},
	{"SeaBIOS", &host_gpu, "11.1", VM("-cpu host ") INTEL GPU,
	 "intel-iommu.aw-bits=39 cpu.host-phys-bits-limit=39 "},
	{"SeaBIOS, a named model", &host_gpu, "11.1", VM("-cpu Skylake-Client ") INTEL GPU,
	 "intel-iommu.aw-bits=39 cpu.phys-bits=39 "},
	{"SeaBIOS, no -cpu", &host_gpu, "11.1", VM("") INTEL GPU,
	 "intel-iommu.aw-bits=39 cpu=qemu64,phys-bits=39 "},

	{"the board's SMMU", &host_smmu_accel, "11.1", ARM ",iommu=smmuv3 " DEV_FD,
	 "machine.iommu=(null) device=arm-smmuv3,primary-bus=pcie.0,accel=on "},
	{"an emulated SMMU, legacy backend", &host_smmu_accel, "11.1", ARM SMMU("") DEV,
	 "arm-smmuv3.accel=on vfio-pci.iommufd=iommufd0 object=iommufd,id=iommufd0 "},
	{"the same beside an iommufd object", &host_smmu_accel, "11.0", ARM SMMU("") OBJECT DEV,
	 "arm-smmuv3.accel=on vfio-pci.iommufd=iommufd0 "},
	{"an emulated SMMU on a host that cannot nest", &host_smmu_s1, "11.1", ARM SMMU("") DEV_FD,
	 "arm-smmuv3=(null) "},
	{"two of the host's behind one", &host_smmu_two, "11.1",
	 ARM SMMU(",accel=on") DEV_FD
	 "-device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=iommufd0 ",
	 ROOT},
	{"one of them between two of the other", &host_smmu_two, "11.1",
	 ARM SMMU(",accel=on,ats=off,ril=on,ssidsize=0,oas=44") DEV_FD
	 "-device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=iommufd0 "
	 "-device vfio-pci,host=0000:00:07.0,id=dev2,iommufd=iommufd0 ",
	 ROOT "vfio-pci.bus=pcie.0 "},
};

static const struct iof_fix *first_fix(const struct run *run)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(run->report, finding)
	{
		const struct iof_fix *fix = iof_finding_fix_next(run->report, finding, NULL);

		if (fix)
			return fix;
	}
	return NULL;
}

static char *steps_of(const struct iof_fix *fix)
{
	struct iof_edit_step step;
	struct buf text = {0};

	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++)
		buf_printf(&text, "%s=%s ", step.target, step.to ? step.to : "(null)");
	return buf_steal(&text);
}

/* Nothing but notes. */
static void expect_clean(const struct run *run)
{
	const struct iof_finding *finding;

	assert_int_equal(iof_report_verdict(run->report), IOF_VERDICT_FITS);
	iof_report_finding_foreach(run->report, finding)
	{
		if (iof_finding_severity(finding) != IOF_SEVERITY_NOTE &&
		    !str_eq(iof_finding_rule(finding), "config.phys-bits-differ"))
			fail_msg("left: %s", iof_finding_rule(finding));
	}
}

static void test_story(void **state)
{
	const struct story *story = *state;
	struct rule_case row = {.name = story->name, .qemu = story->qemu};
	struct iof_host *host = find_host(story->host);
	struct iof_ctx *ctx = new_context();
	struct iof_edit *edit = NULL;
	struct buf line = {0};
	const struct iof_fix *fix;
	struct run run, fixed;
	const char *bytes;
	char *steps;
	size_t length;

	buf_printf(&line, "%s%s", str_starts(story->line, "qemu-") ? "" : PROGRAM, story->line);
	run = run_check(&row, ctx, host, read_line(ctx, line.data, line.length), 0);
	fix = first_fix(&run);
	assert_non_null(fix);
	steps = steps_of(fix);
	assert_string_equal(steps, story->steps);
	assert_int_equal(iof_fix_apply(ctx, run.vm, &fix, 1, &edit), 0);
	bytes = iof_edit_bytes(edit, &length);
	fixed = run_check(&row, ctx, host, read_line(ctx, bytes, length), 0);
	expect_clean(&fixed);
	run_end(&fixed);
	iof_edit_unref(edit);
	free(steps);
	run_end(&run);
	buf_free(&line);
	iof_ctx_unref(ctx);
}

int test_stories(void)
{
	return run_table("stories", stories, ARRAY_SIZE(stories), sizeof(stories[0]), test_story);
}
