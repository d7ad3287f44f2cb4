/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/vm/libvirt/libvirt.c src/vm/libvirt/alias.c src/vm/libvirt/check.c */
/* parser: src/vm/libvirt/check_iommu.c src/vm/libvirt/check_memory.c src/vm/libvirt/command.c */
/* parser: src/vm/libvirt/controllers.c src/vm/libvirt/cpu.c src/vm/libvirt/devices.c */
/* parser: src/vm/libvirt/firmware.c src/vm/libvirt/hostdev.c src/vm/libvirt/iommu.c */
/* parser: src/vm/libvirt/known.c src/vm/libvirt/memory.c src/vm/libvirt/memlock.c */
/* parser: src/vm/libvirt/pci.c src/vm/libvirt/peripherals.c src/vm/libvirt/props.c */
/* parser: src/vm/translate.c */
/*
 * A domain, read as libvirt of two versions would, resolved and checked. The first byte chooses the
 * host, if it is no '<'. What every place says must lie in the text, and what is cured must be
 * readable.
 */
#include <stdlib.h>

#include <iommufit/iommufit.h>

#include "fuzz.h"
#include "vm/vm.h"

static const char *const managers[] = {NULL, "libvirt=9.0"};
static const char *const hosts[] = {"i7-13700k", "ryzen-7800x3d", "ampere-altra"};

static void expect_inside(const struct iof_vm *vm, const struct place *at)
{
	if (at->line &&
	    (at->offset > vm->source_length || at->length > vm->source_length - at->offset))
		abort();
}

static void expect_places(const struct iof_vm *vm)
{
	for (size_t i = 0; i < vm->n_options; i++) {
		const struct vm_option *option = &vm->options[i];

		expect_inside(vm, &option->at);
		for (size_t k = 0; k < option->n_pairs; k++)
			expect_inside(vm, &option->pairs[k].at);
	}
	for (size_t i = 0; i < vm->n_remarks; i++)
		expect_inside(vm, &vm->remarks[i].at);
}

/* All that it can do about its remarks, at once. */
static void cure(struct iof_ctx *ctx, const struct iof_vm *vm)
{
	struct vm_edit *edits = calloc(vm->n_remarks + 1, sizeof(*edits));
	struct iof_vm *edited = NULL;
	size_t n = 0;

	for (size_t i = 0; edits && i < vm->n_remarks; i++) {
		if (vm->remarks[i].has_cure)
			edits[n++] = (struct vm_edit){.op = EDIT_REMARK, .option = i};
	}
	if (n)
		vm_edit_structure(ctx, vm, edits, n, &edited);
	iof_vm_unref(edited);
	free(edits);
}

static void check(struct iof_ctx *ctx, struct iof_vm *vm, const char *host_name)
{
	struct iof_machine *machine = NULL;
	struct iof_report *report = NULL;
	struct iof_host *host = NULL;

	if (iof_host_load_catalog(ctx, host_name, NULL, &host) == 0 &&
	    iof_machine_resolve(ctx, host, vm, NULL, &machine) == 0 &&
	    iof_report_new(ctx, &report) == 0)
		iof_check(NULL, machine, NULL, report);
	iof_report_unref(report);
	iof_machine_unref(machine);
	iof_host_unref(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t skip = size && data[0] != '<';
	const char *host = hosts[skip ? data[0] % 3 : 0];
	struct iof_ctx *ctx = NULL;
	struct iof_vm *vm;

	if (size <= skip || iof_ctx_new(&ctx))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		struct iof_vm_options options = {.size = sizeof(options), .manager = managers[i]};

		if (iof_vm_load_config(ctx, IOF_LANGUAGE_LIBVIRT, (const char *)data + skip,
				       size - skip, "input", &options, &vm))
			continue;
		expect_places(vm);
		cure(ctx, vm);
		check(ctx, vm, host);
		iof_vm_unref(vm);
	}
	iof_ctx_unref(ctx);
	return 0;
}
