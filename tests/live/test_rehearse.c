/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_rehearse.c - a rehearsal against a fake kernel: every call refused with every error, each
 * interrupted, kernels that are older, and kernels that are not what check thinks.
 */
#include "captures.h"

#include <errno.h>

#include <iommufit/report.h>

#include "fake_kernel.h"
#include "live/rehearse.h"

#define Q35                                                                                        \
	"qemu-system-x86_64 -nodefaults -M pc-q35-11.1,kernel-irqchip=split -accel kvm -cpu host "
#define Q35_90                                                                                     \
	"qemu-system-x86_64 -nodefaults -M pc-q35-9.0,kernel-irqchip=split -accel kvm -cpu host "
#define Q35_72                                                                                     \
	"qemu-system-x86_64 -nodefaults -M pc-q35-7.2,kernel-irqchip=split -accel kvm -cpu host "
#define LEGACY "-device vfio-pci,host=0000:00:05.0 "
#define IOMMUFD "-object iommufd,id=i0 -device vfio-pci,host=0000:00:05.0,iommufd=i0 "
#define INTEL "-device intel-iommu,caching-mode=on,aw-bits=39 "
#define NESTED "-device intel-iommu,caching-mode=on,scalable-mode=on,fsts=on "

struct bench {
	struct fake_kernel *k;
	struct fake_vfio *f;
	struct iof_ctx *ctx;
	struct iof_host *host;
	struct iof_vm *vm;
	struct iof_machine *machine;
	struct iof_report *report;
	struct iof_live_rehearsal *r;
};

static void new_kernel(struct bench *b)
{
	if (b->k)
		fake_kernel_free(b->k);
	b->k = fake_kernel_new();
	b->f = fake_intel39(b->k);
}

static void open_bench(struct bench *b, const char *host, const char *config, const char *version)
{
	struct iof_vmm vmm = {.size = sizeof(vmm),
			      .version = version,
			      .firmware = strstr(config, "aarch64") ? "armvirt=202505"
								    : "seabios=1.16.3"};

	memset(b, 0, sizeof(*b));
	b->ctx = new_context();
	b->host = load_capture(b->ctx, host);
	assert_int_equal(
		iof_vm_load(b->ctx, IOF_LANGUAGE_QEMU_ARGV, config, strlen(config), "vm", &b->vm),
		0);
	assert_int_equal(iof_machine_resolve(b->ctx, b->host, b->vm, &vmm, &b->machine), 0);
	assert_int_equal(iof_report_new(b->ctx, &b->report), 0);
	new_kernel(b);
}

/* What is still there afterwards would be a leak in every run; pages that munmap() refuses to take
 * are. */
static int try_rehearsal(struct bench *b, bool reset_ok)
{
	struct iof_live_rehearse_options options = {.size = sizeof(options), .reset_ok = reset_ok};
	int err;

	iof_live_rehearsal_unref(b->r);
	assert_int_equal(iof_check(NULL, b->machine, NULL, b->report), 0);
	err = rehearse_run(b->ctx, fake_kernel_calls(b->k), b->machine, b->report, &options, &b->r);
	assert_int_equal(fake_n_open(b->k), 0);
	assert_int_equal(fake_n_objects(b->k), 0);
	return err;
}

static void rehearse(struct bench *b, bool reset_ok)
{
	assert_int_equal(try_rehearsal(b, reset_ok), 0);
	assert_int_equal(fake_n_mapped(b->k), 0);
}

static void close_bench(struct bench *b)
{
	iof_live_rehearsal_unref(b->r);
	iof_report_unref(b->report);
	iof_machine_unref(b->machine);
	iof_vm_unref(b->vm);
	iof_host_unref(b->host);
	iof_ctx_unref(b->ctx);
	fake_kernel_free(b->k);
}

static size_t count_steps(const struct iof_live_rehearsal *r, const char *call, int error)
{
	struct iof_live_step step;
	size_t n = 0;

	for (size_t i = 0; iof_live_rehearsal_step(r, i, &step) == 0; i++)
		n += strcmp(step.call, call) == 0 && step.error == error;
	return n;
}

static char *written(const struct iof_live_rehearsal *r, enum iof_format format)
{
	struct buf text = {0};
	struct iof_output out = {.size = sizeof(out),
				 .write = append_output,
				 .data = &text,
				 .format = format,
				 .verbose = true};

	assert_int_equal(iof_live_rehearsal_write(r, &out), 0);
	return buf_steal(&text);
}

static void expect_text(const struct iof_live_rehearsal *r, const char *part)
{
	char *text = written(r, IOF_FORMAT_JSON);

	if (!strstr(text, part))
		print_error("not in the answer: %s\n%s\n", part, text);
	assert_non_null(strstr(text, part));
	free(text);
}

/* ---- kernels of every kind ---- */

static void as_it_is(struct fake_vfio *f)
{
	(void)f;
}

static void not_viable(struct fake_vfio *f)
{
	f->is_viable = false;
}

static void refuses_iommu(struct fake_vfio *f)
{
	f->set_iommu_error = EPERM;
}

static void refuses_bind(struct fake_vfio *f)
{
	f->bind_error = EPERM;
}

static void bind_is_busy(struct fake_vfio *f)
{
	f->bind_error = EBUSY;
}

static void narrow(struct fake_vfio *f)
{
	for (int i = 0; i < FAKE_USES; i++)
		f->aperture[i].last = UINT64_C(0x3fffffffff);
}

static void hole_in_memory(struct fake_vfio *f)
{
	f->holes[0] = (struct iof_range){0x40000000, 0x400fffff};
	f->holes[1] = (struct iof_range){0xfee00000, 0xfeefffff};
	f->n_holes = 2;
}

static void hole_at_bars(struct fake_vfio *f)
{
	f->holes[0] = (struct iof_range){0xe0000000, 0xfeefffff};
}

static void tracks_dirty(struct fake_vfio *f)
{
	f->capabilities = 1;
	f->use_error[FAKE_DIRTY_TRACKING] = 0;
}

static void no_dirty_after_all(struct fake_vfio *f)
{
	f->capabilities = 1;
}

static void nests(struct fake_vfio *f)
{
	for (int i = 0; i < FAKE_USES; i++)
		f->aperture[i].last = UINT64_C(0xffffffffffff);
	f->use_error[FAKE_NEST_PARENT] = 0;
}

static void old_hw_info(struct fake_vfio *f)
{
	f->hw_info_size = 32;
}

static void no_capabilities(struct fake_vfio *f)
{
	f->info = FAKE_INFO_BARE;
}

static void type1_only(struct fake_vfio *f)
{
	f->no_type1v2 = true;
}

static void no_cdev(struct fake_vfio *f)
{
	f->cdev = NULL;
}

static void big_pages(struct fake_vfio *f)
{
	f->page_sizes = 0x10000;
}

static void nests_smmu(struct fake_vfio *f)
{
	nests(f);
	f->hw_info_type = 2;
	f->n_hw_info = 40;
}

static void no_viommu(struct fake_vfio *f)
{
	nests_smmu(f);
	f->viommu_error = EOPNOTSUPP;
}

#define SMMU "arm-smmu.tar.xz"
#define ACCEL                                                                                      \
	"qemu-system-aarch64 -nodefaults -M virt-11.1,gic-version=3 -accel kvm -cpu host -m 1G "   \
	"-bios QEMU_EFI.fd -device arm-smmuv3,primary-bus=pcie.0,accel=on,id=smmu "

#define H39 "intel39-pb46.tar.xz"
#define H48 "intel48-pb48.tar.xz"
#define NOIR "intel48-noir.tar.xz"

static const struct kernel_row {
	const char *name;
	const char *host, *config, *version;
	void (*change)(struct fake_vfio *);
	bool reset_ok;
	enum iof_verdict verdict;
	const char *call; /* that is named; NULL: none */
	int error;
	const char *part; /* of the answer */
} kernel_rows[] = {
	{"legacy", H39, Q35 LEGACY, "qemu=11.1.3", as_it_is, false, IOF_VERDICT_FITS, NULL, 0,
	 "\"found\": \"39 bits\""},
	{"iommufd by its group", H39, Q35 IOMMUFD, "qemu=11.1.3", as_it_is, false, IOF_VERDICT_FITS,
	 NULL, 0, "Their groups were asked"},
	{"iommufd", H39, Q35 IOMMUFD, "qemu=11.1.3", as_it_is, true, IOF_VERDICT_FITS, NULL, 0,
	 "\"call\": \"IOMMU_HWPT_ALLOC\""},
	{"iommufd of 9.0 leaves domains to the kernel", H39, Q35_90 IOMMUFD, "qemu=9.0.0", as_it_is,
	 true, IOF_VERDICT_FITS, NULL, 0, "\"what\": \"IOAS"},
	{"behind a vIOMMU", H39, Q35 INTEL LEGACY, "qemu=11.1.3", as_it_is, false, IOF_VERDICT_FITS,
	 NULL, 0, "\"result\": \"confirmed\""},
	{"group not viable", H39, Q35 LEGACY, "qemu=11.1.3", not_viable, false, IOF_VERDICT_FAILS,
	 "VFIO_GROUP_GET_STATUS", 0, "group 3 is not viable"},
	{"group not viable, iommufd", H39, Q35 IOMMUFD, "qemu=11.1.3", not_viable, false,
	 IOF_VERDICT_FAILS, "VFIO_GROUP_GET_STATUS", 0, "error bind device fd=N to iommufd=N"},
	{"no unsafe interrupts, not foreseen", H39, Q35 LEGACY, "qemu=11.1.3", refuses_iommu, false,
	 IOF_VERDICT_FAILS, "VFIO_SET_IOMMU", EPERM,
	 "failed to setup container for group 3: Failed to set iommu for container: Operation not "
	 "permitted"},
	{"no unsafe interrupts, foreseen", NOIR, Q35 LEGACY, "qemu=11.1.3", refuses_iommu, false,
	 IOF_VERDICT_FAILS, "VFIO_SET_IOMMU", EPERM, "\"found\": \"not isolated\""},
	{"foreseen, but the kernel takes it", NOIR, Q35 LEGACY, "qemu=11.1.3", as_it_is, false,
	 IOF_VERDICT_FITS, NULL, 0, "\"result\": \"refuted\""},
	{"the group refuses in iommufd's place", H39, Q35 IOMMUFD, "qemu=11.1.3", refuses_iommu,
	 false, IOF_VERDICT_UNKNOWN, "VFIO_SET_IOMMU", EPERM, "only iommufd itself can tell"},
	{"bind refused", H39, Q35 IOMMUFD, "qemu=11.1.3", refuses_bind, true, IOF_VERDICT_FAILS,
	 "VFIO_DEVICE_BIND_IOMMUFD", EPERM, "error bind device fd=N to iommufd=N: Operation not"},
	{"bind of what the VM has through its group", H39,
	 Q35 LEGACY "-object iommufd,id=i0 -device vfio-pci,host=0000:00:05.0,iommufd=i0,id=again",
	 "qemu=11.1.3", bind_is_busy, true, IOF_VERDICT_FAILS, "VFIO_DEVICE_BIND_IOMMUFD", EBUSY,
	 "error bind device fd=N to iommufd=N: Device or resource busy"},
	{"narrower than check thinks", H39, Q35 INTEL LEGACY, "qemu=11.1.3", narrow, false,
	 IOF_VERDICT_FAILS, NULL, 0, "Failed to set vIOMMU: aw-bits 39 > host aw-bits 38"},
	{"narrower, no check of that in 9.0", H39, Q35_90 INTEL LEGACY, "qemu=9.0.0", narrow, false,
	 IOF_VERDICT_FITS, NULL, 0, "\"predicted\": \"39 bits\""},
	{"memory beyond", H39, Q35 "-m 400G " LEGACY, "qemu=11.1.3", narrow, false,
	 IOF_VERDICT_FAILS, "VFIO_IOMMU_MAP_DMA", EINVAL,
	 "Region pc.ram: vfio_container_dma_map(PTR, 0x100000000, 0x6380000000, PTR) = -22"},
	{"memory beyond, iommufd", H39, Q35 "-m 400G " IOMMUFD, "qemu=11.1.3", narrow, true,
	 IOF_VERDICT_FAILS, "IOMMU_IOAS_MAP", EINVAL,
	 "vfio 0000:00:05.0: memory listener initialization failed: Region pc.ram"},
	{"a hole amid memory", H39, Q35 "-m 2G " LEGACY, "qemu=11.1.3", hole_in_memory, false,
	 IOF_VERDICT_FAILS, "VFIO_IOMMU_MAP_DMA", EINVAL, "pc.ram: 0x40000000 to 0x40000fff"},
	{"a hole amid memory, old QEMU", H39, Q35_72 "-m 2G " LEGACY, "qemu=7.2.22", hole_in_memory,
	 false, IOF_VERDICT_FAILS, "VFIO_IOMMU_MAP_DMA", EINVAL,
	 "Region pc.ram: vfio_dma_map(PTR, 0x0, 0x80000000, PTR) = -22 (Invalid argument)"},
	{"BARs out of reach", H39, Q35 LEGACY, "qemu=11.1.3", hole_at_bars, false,
	 IOF_VERDICT_DEGRADED, "VFIO_IOMMU_MAP_DMA", EINVAL,
	 "PCI peer-to-peer transactions on BARs are not supported."},
	{"dirty tracking", H39, Q35 IOMMUFD, "qemu=11.1.3", tracks_dirty, true, IOF_VERDICT_FITS,
	 NULL, 0, "\"what\": \"dirty tracking\""},
	{"dirty tracking before 9.1", H39, Q35_90 IOMMUFD, "qemu=9.0.0", tracks_dirty, true,
	 IOF_VERDICT_FITS, NULL, 0, "\"reset\": true"},
	{"dirty tracking that is none", H39, Q35 IOMMUFD, "qemu=11.1.3", no_dirty_after_all, true,
	 IOF_VERDICT_FAILS, "IOMMU_HWPT_ALLOC", EOPNOTSUPP, "Failed to allocate hwpt"},
	{"no nesting, as foreseen", H48, Q35 NESTED IOMMUFD, "qemu=11.1.3", as_it_is, true,
	 IOF_VERDICT_FAILS, "IOMMU_HWPT_ALLOC", EOPNOTSUPP, "\"found\": \"cannot be made\""},
	{"no nesting, not to be asked by the group", H48, Q35 NESTED IOMMUFD, "qemu=11.1.3",
	 as_it_is, false, IOF_VERDICT_FAILS, NULL, 0, "\"rule\": \"intel.no-nesting\""},
	{"nesting, against the prediction", H48, Q35 NESTED IOMMUFD, "qemu=11.1.3", nests, true,
	 IOF_VERDICT_UNKNOWN, NULL, 0, "\"what\": \"nested: VT-d first stage\""},
	{"an accelerated SMMU", SMMU, ACCEL IOMMUFD, "qemu=11.1.3", nests_smmu, true,
	 IOF_VERDICT_UNKNOWN, NULL, 0, "\"call\": \"IOMMU_VDEVICE_ALLOC\""},
	{"an SMMU without a vIOMMU object", SMMU, ACCEL IOMMUFD, "qemu=11.1.3", no_viommu, true,
	 IOF_VERDICT_FAILS, "IOMMU_VIOMMU_ALLOC", EOPNOTSUPP,
	 "Failed to set vIOMMU: IOMMU_VIOMMU_ALLOC failed: Operation not supported"},
	{"Linux 6.6: a shorter hw_info", H39, Q35 IOMMUFD, "qemu=11.1.3", old_hw_info, true,
	 IOF_VERDICT_FITS, NULL, 0, "\"what\": \"plain\""},
	{"Linux before 5.4: no ranges", H39, Q35 LEGACY, "qemu=11.1.3", no_capabilities, false,
	 IOF_VERDICT_FITS, NULL, 0, "\"result\": \"not-asked\""},
	{"no type1v2", H39, Q35 LEGACY, "qemu=11.1.3", type1_only, false, IOF_VERDICT_FAILS,
	 "VFIO_CHECK_EXTENSION", ENODEV, "No available IOMMU models"},
	{"no /dev/iommu", H39, Q35 IOMMUFD, "qemu=11.1.3", no_cdev, true, IOF_VERDICT_FAILS, "open",
	 ENOENT, "/dev/iommu does not exist (is your kernel config missing CONFIG_IOMMUFD?)"},
	{"no cdev", H39, Q35_90 IOMMUFD, "qemu=9.0.0", no_cdev, true, IOF_VERDICT_FAILS, "open",
	 ENOENT, "Failed to open /dev/vfio/devices/vfio0"},
	{"pages of 64 KiB", H39, Q35 LEGACY, "qemu=11.1.3", big_pages, false, IOF_VERDICT_FITS,
	 NULL, 0, "pc.ram: 0x0 to 0xffff"},
};

static void test_kernel(void **state)
{
	const struct kernel_row *row = *state;
	struct iof_live_step step;
	struct bench b;

	open_bench(&b, row->host, row->config, row->version);
	row->change(b.f);
	rehearse(&b, row->reset_ok);
	expect_text(b.r, row->part);
	assert_int_equal(iof_live_rehearsal_verdict(b.r), row->verdict);
	if (row->call) {
		assert_int_equal(
			iof_live_rehearsal_step(b.r, iof_live_rehearsal_failed(b.r), &step), 0);
		assert_string_equal(step.call, row->call);
		assert_int_equal(step.error, row->error);
	} else {
		assert_true(iof_live_rehearsal_failed(b.r) == SIZE_MAX);
	}
	assert_int_equal(fake_n_resets(b.k) != 0,
			 row->reset_ok && row->error != EPERM && row->error != ENOENT);
	close_bench(&b);
}

/* ---- every call, every error ---- */

static const struct way_row {
	const char *name;
	const char *host, *config;
	bool reset_ok;
	void (*change)(struct fake_vfio *);
} way_rows[] = {
	{"legacy", H39, Q35 LEGACY, false, as_it_is},
	{"legacy, device opened", H39, Q35 INTEL LEGACY, true, as_it_is},
	{"iommufd", H39, Q35 IOMMUFD, true, as_it_is},
	{"iommufd by its group", H39, Q35 IOMMUFD, false, as_it_is},
	{"nested", H48, Q35 NESTED IOMMUFD, true, nests},
	{"accelerated SMMU", SMMU, ACCEL IOMMUFD, true, nests_smmu},
};

static bool is_undoing(const char *call)
{
	static const char *const undoing[] = {"VFIO_GROUP_UNSET_CONTAINER", "VFIO_IOMMU_UNMAP_DMA",
					      "VFIO_DEVICE_DETACH_IOMMUFD_PT", "IOMMU_DESTROY",
					      "IOMMU_IOAS_UNMAP"};

	for (size_t i = 0; i < sizeof(undoing) / sizeof(undoing[0]); i++) {
		if (strcmp(call, undoing[i]) == 0)
			return true;
	}
	return strncmp(call, "munmap", 6) == 0;
}

/* The call's own name: what stands behind "ioctl ", or what the kind is called. */
static void take_name(const char *logged, char name[64])
{
	static const char *const kinds[][2] = {{"list", "opendir"}, {"unmap", "munmap"}};
	size_t length;

	if (strncmp(logged, "ioctl ", 6) == 0)
		logged += 6;
	if (strncmp(logged, "open /sys", 9) == 0)
		logged = "read"; /* a file of sysfs is one thing to the caller */
	length = strcspn(logged, " ");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i][0]) == length && strncmp(logged, kinds[i][0], length) == 0) {
			logged = kinds[i][1];
			length = strlen(logged);
		}
	}
	assert_true(length < 64);
	memcpy(name, logged, length);
	name[length] = '\0';
}

/* What the report must say of a call that failed: its name with that error, as the end, as an
 * answer, or as something that could not be undone. */
static void expect_named(const struct iof_live_rehearsal *r, const char *logged, int error)
{
	char name[64];

	take_name(logged, name);
	if (count_steps(r, name, error) == 0)
		print_error("%s with %s is not named\n", logged, strerror(error));
	assert_true(count_steps(r, name, error) > 0);
	if (is_undoing(name))
		expect_text(r, "\"undone\": false");
	else
		assert_true(iof_live_rehearsal_failed(r) != SIZE_MAX ||
			    iof_live_rehearsal_verdict(r) == IOF_VERDICT_UNKNOWN ||
			    strcmp(name, "IOMMU_IOAS_IOVA_RANGES") == 0);
}

static void test_refusals(void **state)
{
	static const int errors[] = {EPERM,  ENOENT, EIO,    ENODEV, EBUSY,	 EINVAL,
				     ENOTTY, ENOSPC, EFAULT, EACCES, EOPNOTSUPP, ENOMEM};
	const struct way_row *row = *state;
	struct bench b;
	unsigned n, calls, locked, asked;

	open_bench(&b, row->host, row->config, "qemu=11.1.3");
	row->change(b.f);
	rehearse(&b, row->reset_ok);
	calls = fake_n_calls(b.k);
	for (locked = 1; strncmp(fake_call(b.k, locked), "flock", 5) != 0;)
		locked++;
	for (n = asked = 1; n <= calls; n++)
		asked = strstr(fake_call(b.k, n), " /proc") ? n : asked;
	assert_true(locked < asked && asked + 10 < calls);
	assert_true(calls > 10);
	for (n = 1; n <= calls; n++) {
		for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
			const char *logged;
			int err;

			new_kernel(&b);
			row->change(b.f);
			fake_fail_at(b.k, n, errors[e]);
			err = try_rehearsal(&b, row->reset_ok);
			logged = fake_call(b.k, n);
			if (n <= locked)
				continue;
			if (err) { /* memory of our own */
				assert_int_equal(err, -ENOMEM);
				assert_true(errors[e] == ENOMEM || strncmp(logged, "map", 3) == 0);
				continue;
			}
			/* Who uses it: what cannot be told is an answer, too. */
			if (n <= asked && strcmp(logged, "open /dev/iommu") != 0)
				assert_true(iof_live_rehearsal_verdict(b.r) ==
						    IOF_VERDICT_UNKNOWN ||
					    iof_live_rehearsal_failed(b.r) == SIZE_MAX);
			else
				expect_named(b.r, logged, errors[e]);
		}
	}
	close_bench(&b);
}

static void test_interruptions(void **state)
{
	const struct way_row *row = *state;
	struct bench b;
	char *before, *after;

	open_bench(&b, row->host, row->config, "qemu=11.1.3");
	row->change(b.f);
	rehearse(&b, row->reset_ok);
	before = written(b.r, IOF_FORMAT_JSON);
	new_kernel(&b);
	row->change(b.f);
	fake_interrupt(b.k, true);
	rehearse(&b, row->reset_ok);
	after = written(b.r, IOF_FORMAT_JSON);
	assert_string_equal(before, after);
	free(before);
	free(after);
	close_bench(&b);
}

/* ---- what is no call ---- */

/* CONFIG_VFIO without CONFIG_VFIO_DEVICE_CDEV, as Debian's kernels are. */
static void test_no_number(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, H39, Q35_90 IOMMUFD, "qemu=10.0.13");
	fake_remove(b.k, "/sys/bus/pci/devices/0000:00:05.0/vfio-dev/vfio0/dev");
	fake_file(b.k, "/sys/bus/pci/devices/0000:00:05.0/vfio-dev/vfio0/uevent", "");
	rehearse(&b, true);
	assert_int_equal(iof_live_rehearsal_verdict(b.r), IOF_VERDICT_FAILS);
	expect_text(b.r, "failed to load \\\"/sys/bus/pci/devices/0000:00:05.0/vfio-dev/vfio0/dev");
	close_bench(&b);
}

static void test_other_driver(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, H39, Q35 LEGACY, "qemu=11.1.3");
	fake_remove(b.k, "/sys/bus/pci/devices/0000:00:05.0/driver");
	fake_link(b.k, "/sys/bus/pci/devices/0000:00:05.0/driver",
		  "../../../../bus/pci/drivers/e1000e");
	rehearse(&b, false);
	assert_int_equal(iof_live_rehearsal_verdict(b.r), IOF_VERDICT_UNKNOWN);
	expect_text(b.r, "0000:00:05.0 is bound to e1000e, not to vfio-pci");
	assert_false(fake_called(b.k, "open /dev/vfio/3"));
	close_bench(&b);
}

static void test_in_use(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, H39, Q35 LEGACY, "qemu=11.1.3");
	fake_file(b.k, "/sys/class/vfio/3/dev", "510:3\n");
	fake_node(b.k, "/dev/vfio/3", false, 510, 3);
	fake_holder(b.k, 4711, "qemu-system-x86", "/dev/vfio/3");
	rehearse(&b, false);
	assert_int_equal(iof_live_rehearsal_verdict(b.r), IOF_VERDICT_UNKNOWN);
	expect_text(b.r, "4711");
	assert_false(fake_called(b.k, "open /dev/vfio/3"));
	close_bench(&b);
}

/* QEMU refuses before it asks the kernel: so nothing is asked. */
static void test_config_first(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, H39, Q35 "-device intel-iommu,aw-bits=40 " LEGACY, "qemu=11.1.3");
	rehearse(&b, true);
	assert_int_equal(iof_live_rehearsal_verdict(b.r), IOF_VERDICT_FAILS);
	expect_text(b.r, "Legacy mode: supported values for aw-bits are: 39, 48");
	expect_text(b.r, "\"calls\": []");
	close_bench(&b);
}

/* A rule that was renamed would silently be no kernel's any more. */
static void test_rules_are_there(void **state)
{
	const char *rule;

	(void)state;
	for (size_t i = 0; (rule = answered_rule(i)); i++) {
		struct iof_rule_info info = {.id = ""};
		size_t n = 0;

		while (iof_rule(n, &info) == 0 && strcmp(info.id, rule) != 0)
			n++;
		assert_string_equal(info.id, rule);
	}
}

static void test_text(void **state)
{
	struct bench b;
	char *text;

	(void)state;
	open_bench(&b, H39, Q35 LEGACY, "qemu=11.1.3");
	b.f->set_iommu_error = EPERM;
	rehearse(&b, false);
	text = written(b.r, IOF_FORMAT_TEXT);
	assert_int_equal(
		strncmp(text, "FAILS  QEMU 11.1.3 will not start this VM: VFIO_SET_IOMMU", 57), 0);
	assert_non_null(strstr(text, "EPERM (Operation not permitted)"));
	free(text);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_other_driver),	cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_no_number),	cmocka_unit_test(test_config_first),
		cmocka_unit_test(test_rules_are_there), cmocka_unit_test(test_text),
	};
	int failed = RUN_TABLE(kernel_rows, test_kernel);

	failed += RUN_TABLE(way_rows, test_refusals);
	failed += RUN_TABLE(way_rows, test_interruptions);
	failed += cmocka_run_group_tests(others, NULL, NULL);
	return failed != 0;
}
