/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser: src/vmm/devices.c src/vmm/edk2.c src/vmm/guest_bars.c src/vmm/guest_build.c */
/* parser: src/vmm/memory.c src/vmm/memory_device.c src/vmm/ovmf.c src/vmm/regions.c */
/* parser: src/vmm/seabios.c src/vmm/sized_bars.c src/vmm/topology.c src/vmm/vcpu.c */
/* parser: src/vmm/topology_board.c src/show/map_view.c */
/*
 * Three digits choose host, firmware and form of output; the rest is a command line, which is
 * resolved, checked and drawn. Regions must ascend, and the same input must give the same answer.
 */
#include <iommufit/iommufit.h>
#include <stdlib.h>

#include "base/strings.h"
#include "fuzz.h"

static const char *const hosts[] = {"i7-13700k", "ryzen-7800x3d", "ampere-altra"};
static const char *const firmwares[] = {"seabios=1.16.2", "seabios=1.16.3", "seabios=1.17.0",
					"ovmf=202208",	  "ovmf=202211",    "ovmf=202502",
					"ovmf=202608",	  "armvirt=202502", "none"};
static const enum iof_format formats[] = {IOF_FORMAT_TEXT, IOF_FORMAT_JSON, IOF_FORMAT_SVG,
					  IOF_FORMAT_HTML};

static int count(void *data, const char *bytes, size_t length)
{
	size_t *sum = data;

	for (size_t i = 0; i < length; i++)
		*sum = *sum * 31 + (unsigned char)bytes[i];
	return 0;
}

static void check_order(const struct iof_machine *machine)
{
	const struct iof_region *region;
	uint64_t last = 0;

	iof_machine_region_foreach(machine, region)
	{
		struct iof_range range = iof_region_range(region);

		if (range.first < last || range.last < range.first)
			abort();
		last = range.first;
	}
}

static void draw(struct iof_ctx *ctx, const struct iof_machine *machine, enum iof_format format)
{
	struct iof_report *report = NULL;
	size_t sums[2] = {0, 0};

	if (iof_report_new(ctx, &report))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
		struct iof_output out = {.size = sizeof(out),
					 .write = count,
					 .data = &sums[i],
					 .format = format,
					 .verbose = true};

		if (iof_check(NULL, machine, NULL, report) || iof_map_write(ctx, report, &out))
			break;
	}
	if (sums[1] && sums[0] != sums[1])
		abort();
	iof_report_unref(report);
}

static void resolve(struct iof_ctx *ctx, const char *text, size_t length)
{
	struct iof_vmm vmm = {.size = sizeof(vmm)};
	struct iof_host *host = NULL;
	struct iof_machine *machine = NULL;
	struct iof_vm *vm = NULL;

	vmm.firmware = firmwares[(unsigned char)text[1] % ARRAY_SIZE(firmwares)];
	if (iof_host_load_catalog(ctx, hosts[(unsigned char)text[0] % ARRAY_SIZE(hosts)], NULL,
				  &host) == 0 &&
	    iof_vm_load(ctx, IOF_LANGUAGE_QEMU_ARGV, text + 3, length - 3, "input", &vm) == 0 &&
	    iof_machine_resolve(ctx, host, vm, &vmm, &machine) == 0) {
		check_order(machine);
		draw(ctx, machine, formats[(unsigned char)text[2] % ARRAY_SIZE(formats)]);
	}
	iof_machine_unref(machine);
	iof_vm_unref(vm);
	iof_host_unref(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iof_ctx *ctx = NULL;

	if (size > 3 && iof_ctx_new(&ctx) == 0)
		resolve(ctx, (const char *)data, size);
	iof_ctx_unref(ctx);
	return 0;
}
