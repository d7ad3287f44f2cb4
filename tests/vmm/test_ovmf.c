/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OVMF's 64-bit window by release. 202211, 202502 and 202608 as real ones have it
 * (tests/data/firmware); the others by edk2's sources. */
#include <inttypes.h>

#include "vmm_test.h"

static const struct row {
	const char *name;
	const char *firmware;
	const char *arguments;
	struct iof_range window;
} rows[] = {
	{"202208, above RAM", "ovmf=202208", "-cpu max,phys-bits=46", {0x800000000, 0xfffffffff}},
	{"202211, an eighth",
	 "ovmf=202211",
	 "-cpu max,phys-bits=46",
	 {0x380000000000, 0x3fffffffffff}},
	{"202608, an eighth",
	 "ovmf=202608",
	 "-cpu max,phys-bits=46",
	 {0x380000000000, 0x3fffffffffff}},
	{"202611, a quarter",
	 "ovmf=202611",
	 "-cpu max,phys-bits=46",
	 {0x300000000000, 0x3fffffffffff}},
	{"202211, 47 bits at most",
	 "ovmf=202211",
	 "-cpu max,phys-bits=52,la57=off",
	 {0x700000000000, 0x7fffffffffff}},
	{"202502, 46 bits at most",
	 "ovmf=202502",
	 "-cpu max,phys-bits=52,la57=off",
	 {0x380000000000, 0x3fffffffffff}},
	{"202211 knows no guest-phys-bits",
	 "ovmf=202211",
	 "-cpu max,phys-bits=46,guest-phys-bits=39",
	 {0x380000000000, 0x3fffffffffff}},
	{"202502 does",
	 "ovmf=202502",
	 "-cpu max,phys-bits=46,guest-phys-bits=39",
	 {0x7000000000, 0x7fffffffff}},
	{"202611 does",
	 "ovmf=202611",
	 "-cpu max,phys-bits=46,guest-phys-bits=39",
	 {0x6000000000, 0x7fffffffff}},
	{"202502, a size that is asked for",
	 "ovmf=202502",
	 "-cpu max,phys-bits=46 -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536",
	 {0x1000000000, 0x1fffffffff}},
	{"202211, too small to be taken",
	 "ovmf=202211",
	 "-cpu max,phys-bits=46 -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536",
	 {0x380000000000, 0x3fffffffffff}},
	{"bits that are not trusted",
	 "ovmf=202502",
	 "-cpu EPYC,phys-bits=36",
	 {0x800000000, 0xfffffffff}},
};

static void check_row(void **state)
{
	const struct row *row = *state;
	struct iof_range found = {UINT64_MAX, 0};
	const struct iof_region *region;
	struct buf line = {0};
	struct iof_machine *m;
	struct iof_ctx *ctx;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	buf_printf(&line, "qemu-system-x86_64 -nodefaults -accel tcg -machine q35 -m 1G %s",
		   row->arguments);
	m = make_machine(ctx, "cpu:i7-13700k", "11.1", line.data,
			 (struct iof_vmm){.firmware = row->firmware});
	assert_non_null(m);
	iof_machine_region_foreach(m, region)
	{
		if (iof_region_kind(region) == IOF_REGION_MMIO64)
			found = iof_region_range(region);
	}
	assert_int_equal(found.first, row->window.first);
	assert_int_equal(found.last, row->window.last);
	iof_machine_unref(m);
	buf_free(&line);
	iof_ctx_unref(ctx);
}

int test_ovmf(void)
{
	return RUN_TABLE(rows, check_row);
}
