// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * library.c - what the calls cost that a program makes over and over, the host loaded.
 *
 * library HOST           prints nanoseconds of each call, the best of several rounds
 * library HOST CALL N    makes one call N times, for callgrind to count
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <iommufit/iommufit.h>

#define ROUNDS 15

static const char *const fitting[] = {
	"qemu-system-x86_64",
	"-machine",
	"q35,accel=kvm,kernel-irqchip=split",
	"-m",
	"4G",
	"-nodefaults",
	"-device",
	"intel-iommu,intremap=on,caching-mode=on,aw-bits=39",
	"-device",
	"pcie-root-port,id=rp0,chassis=1",
	"-device",
	"vfio-pci,host=0000:01:00.0,bus=rp0",
	"-device",
	"vfio-pci,host=0000:00:0a.0",
};

static const char *const failing[] = {
	"qemu-system-x86_64",
	"-machine",
	"q35,accel=kvm,kernel-irqchip=split",
	"-m",
	"4G",
	"-nodefaults",
	"-device",
	"intel-iommu,intremap=on,caching-mode=on,aw-bits=48",
	"-device",
	"pcie-root-port,id=rp0,chassis=1",
	"-device",
	"vfio-pci,host=0000:01:00.0,bus=rp0",
	"-device",
	"vfio-pci,host=0000:00:0a.0",
};

#define N_ARGUMENTS (sizeof(fitting) / sizeof(fitting[0]))

struct bench {
	struct iof_ctx *ctx;
	struct iof_host *host;
	struct iof_vm *vm;
	struct iof_machine *fits, *fails;
	struct iof_report *report;
};

static int load_vm(struct bench *b, const char *const *argv, struct iof_vm **vm)
{
	return iof_vm_load_argv(b->ctx, argv, N_ARGUMENTS, "bench", vm);
}

static int resolve(struct bench *b, struct iof_vm *vm, struct iof_machine **machine)
{
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = "qemu=10.1"};

	return iof_machine_resolve(b->ctx, b->host, vm, &vmm, machine);
}

/* ---- the calls ---- */

static int call_check(struct bench *b)
{
	return iof_check(b->host, b->fits, NULL, b->report);
}

static int call_check_failing(struct bench *b)
{
	return iof_check(b->host, b->fails, NULL, b->report);
}

static int call_resolve(struct bench *b)
{
	struct iof_machine *machine = NULL;
	int err = resolve(b, b->vm, &machine);

	iof_machine_unref(machine);
	return err;
}

static int call_load_argv(struct bench *b)
{
	struct iof_vm *vm = NULL;
	int err = load_vm(b, fitting, &vm);

	iof_vm_unref(vm);
	return err;
}

static const struct call {
	const char *name;
	int (*function)(struct bench *);
	unsigned long times; /* in a round */
} calls[] = {
	{"iof_check", call_check, 20000},
	{"iof_check_failing", call_check_failing, 20000},
	{"iof_machine_resolve", call_resolve, 1000},
	{"iof_vm_load_argv", call_load_argv, 1000},
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int repeat(struct bench *b, const struct call *call, unsigned long times)
{
	int err = 0;

	while (times-- && !err)
		err = call->function(b);
	return err;
}

/* The best round: whatever else runs here can only make one worse. */
static int measure(struct bench *b, const struct call *call)
{
	double best = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = seconds(), took;
		int err = repeat(b, call, call->times);

		if (err)
			return err;
		took = (seconds() - start) / (double)call->times;
		if (!round || took < best)
			best = took;
	}
	printf("%s %.1f\n", call->name, best * 1e9);
	return 0;
}

static int run(struct bench *b, const char *wanted, unsigned long times)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int err = 0;

		if (!wanted)
			err = measure(b, &calls[i]);
		else if (strcmp(wanted, calls[i].name) == 0)
			return repeat(b, &calls[i], times);
		if (err)
			return err;
	}
	return wanted ? -EINVAL : 0;
}

static int prepare(struct bench *b, const char *host)
{
	struct iof_vm *bad = NULL;
	int err = iof_ctx_new(&b->ctx);

	if (!err)
		err = iof_host_load(b->ctx, host, NULL, &b->host);
	if (!err)
		err = load_vm(b, fitting, &b->vm);
	if (!err)
		err = load_vm(b, failing, &bad);
	if (!err)
		err = resolve(b, b->vm, &b->fits);
	if (!err)
		err = resolve(b, bad, &b->fails);
	if (!err)
		err = iof_report_new(b->ctx, &b->report);
	if (!err)
		err = call_check(b);
	if (!err && iof_report_verdict(b->report) == IOF_VERDICT_FAILS)
		err = -ECANCELED;
	if (!err)
		err = call_check_failing(b);
	if (!err && iof_report_verdict(b->report) != IOF_VERDICT_FAILS)
		err = -ECANCELED;
	iof_vm_unref(bad);
	return err;
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	int err = argc == 2 || argc == 4 ? prepare(&b, argv[1]) : -EINVAL;

	if (!err)
		err = run(&b, argc == 4 ? argv[2] : NULL,
			  argc == 4 ? strtoul(argv[3], NULL, 10) : 0);
	if (err)
		fprintf(stderr, "library: %s (%s)\n", strerror(-err), iof_ctx_error(b.ctx));
	iof_report_unref(b.report);
	iof_machine_unref(b.fits);
	iof_machine_unref(b.fails);
	iof_vm_unref(b.vm);
	iof_host_unref(b.host);
	iof_ctx_unref(b.ctx);
	return err ? 1 : 0;
}
