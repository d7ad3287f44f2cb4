/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The map of microvm, as info mtree of QEMU 10.0 has it. */
#include <inttypes.h>
#include <stdio.h>

#include "vmm_test.h"

static const struct row {
	const char *name;
	const char *arguments;
	const char *map;
} rows[] = {
	{"1 GiB", "microvm -m 1G", "microvm.ram 0x0-0x3fffffff\n"},
	{"3 GiB", "microvm -m 3G", "microvm.ram 0x0-0xbfffffff\n"},
	{"4 GiB with PCIe", "microvm,pcie=on -m 4G",
	 "microvm.ram 0x0-0xbfffffff\n32-bit window 0xc0000000-0xdfffffff\n"
	 "ECAM 0xe0000000-0xefffffff\nmicrovm.ram 0x100000000-0x13fffffff\n"
	 "64-bit window 0xc000000000-0xffffffffff\n"},
	{"46 bits", "microvm,pcie=on -m 1G -cpu max,phys-bits=46",
	 "microvm.ram 0x0-0x3fffffff\n32-bit window 0xc0000000-0xdfffffff\n"
	 "ECAM 0xe0000000-0xefffffff\n64-bit window 0x300000000000-0x3fffffffffff\n"},
};

static void check_row(void **state)
{
	const struct row *row = *state;
	struct buf line = {0}, map = {0};
	const struct iof_region *region;
	struct iof_machine *m;
	struct iof_ctx *ctx;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	buf_printf(&line, "qemu-system-x86_64 -nodefaults -accel tcg -machine %s", row->arguments);
	m = make_machine(ctx, "cpu:i7-13700k", "10.0", line.data, (struct iof_vmm){0});
	assert_non_null(m);
	iof_machine_region_foreach(m, region)
	{
		struct iof_range range = iof_region_range(region);

		buf_printf(&map, "%s 0x%" PRIx64 "-0x%" PRIx64 "\n", iof_region_name(region),
			   range.first, range.last);
	}
	assert_string_equal(map.data, row->map);
	iof_machine_unref(m);
	buf_free(&line);
	buf_free(&map);
	iof_ctx_unref(ctx);
}

int test_microvm(void)
{
	return RUN_TABLE(rows, check_row);
}
