/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each filter lets through. */
#include "../captures.h"
#include "groups.h"
#include "host/capture.h"

struct filter_row {
	const char *name;
	enum capture_filter filter;
	const char *in;
	const char *out;
};

static const struct filter_row rows[] = {
	{"no parameters", CAPTURE_CMDLINE, "\n", "\n"},
	{"known ones", CAPTURE_CMDLINE, "intel_iommu=on,sm_on iommu=pt\n",
	 "intel_iommu=on,sm_on iommu=pt\n"},
	{"dashes", CAPTURE_CMDLINE, "vfio-pci.ids=1:2 arm-smmu-v3.disable_bypass=0",
	 "vfio-pci.ids=1:2 arm-smmu-v3.disable_bypass=0\n"},
	{"others are counted", CAPTURE_CMDLINE, "a intel_iommu=on b=c",
	 "intel_iommu=on iommufit.omitted=2\n"},
	{"counted once", CAPTURE_CMDLINE, "intel_iommu=on iommufit.omitted=2 x",
	 "intel_iommu=on iommufit.omitted=3\n"},
	{"a prefix is not enough", CAPTURE_CMDLINE, "intel_iommux=1 vfio. iommu.=1",
	 "iommufit.omitted=3\n"},
	{"quotes keep words together", CAPTURE_CMDLINE, "a=\"b intel_iommu=on\"",
	 "iommufit.omitted=1\n"},
	{"no quotes in known ones", CAPTURE_CMDLINE, "intel_iommu=\"on secret\"",
	 "iommufit.omitted=1\n"},
	{"version", CAPTURE_VERSION, "Linux version 6.1.0-9 (me@here) #1\n",
	 "Linux version 6.1.0-9\n"},
	{"short version", CAPTURE_VERSION, "Linux", "Linux\n"},
	{"cpu", CAPTURE_CPUINFO, "processor\t: 0\nSerial : 1\nflags : a\n\nprocessor : 1\n",
	 "processor\t: 0\nflags : a\n"},
	{"log", CAPTURE_LOG, "<6>[ 1.0][T1] AMD-Vi: x\n[ 2.0] usb: y\nDMAR: z",
	 "<6>[ 1.0][T1] AMD-Vi: x\nDMAR: z\n"},
	{"log of a device", CAPTURE_LOG,
	 "[ 1.0] vfio-pci 0000:01:00.0: Firmware has requested this device have a 1:1 "
	 "IOMMU mapping, rejecting\n[ 1.1] vfio-pci 0000:01:00.0: other\n",
	 "[ 1.0] vfio-pci 0000:01:00.0: Firmware has requested this device have a 1:1 IOMMU "
	 "mapping, rejecting\n"},
	{"log with a MAC", CAPTURE_LOG, "DMAR: 00:11:22:33:44:55\n", ""},
	{"log with an address", CAPTURE_LOG, "DMAR: 0000:00:02.0 [0:2.0]\n",
	 "DMAR: 0000:00:02.0 [0:2.0]\n"},
	{"interrupts", CAPTURE_INTERRUPTS,
	 "  CPU0 CPU1\n 4:  1  2  IO-APIC 4-edge ttyS0\n NMI: 0 0 Non-maskable\n 25: 3 4 PCI-MSI "
	 "0-edge AMD-Vi0-Evt\n",
	 "           CPU0\n   0:          0  IO-APIC\n   1:          0  PCI-MSI  AMD-Vi\n"},
	{"configuration", CAPTURE_KCONFIG,
	 "CONFIG_VFIO=m\nCONFIG_X=y\n# CONFIG_IOMMUFD is not set\nVFIO\n",
	 "CONFIG_VFIO=m\n# CONFIG_IOMMUFD is not set\n"},
	{"module options", CAPTURE_MODPROBE,
	 "options kvm a=1\noptions kvmx b=2\ninstall vfio /bin/sh\noptions vfio\n",
	 "options kvm a=1\n"},
	{"plain", CAPTURE_AS_IS, "0x8086\n", "0x8086\n"},
	{"plain with a UUID", CAPTURE_AS_IS, "6F9619FF-8B86-D011-B42D-00C04FC964FF", ""},
};

static void lets_through(void **state)
{
	const struct filter_row *row = *state;
	struct arena *arena = arena_new(4096);
	const char *out, *again;
	size_t length, n;

	assert_int_equal(
		capture_filter_bytes(arena, row->filter, row->in, strlen(row->in), &out, &length),
		0);
	assert_int_equal(length, strlen(row->out));
	assert_string_equal(out, row->out);
	/* What went through once goes through again. */
	assert_int_equal(capture_filter_bytes(arena, row->filter, out, length, &again, &n), 0);
	assert_string_equal(again, row->out);
	arena_free(arena);
}

/* ---- PCI configuration space ---- */

static void put32(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)value;
	at[1] = (unsigned char)(value >> 8);
	at[2] = (unsigned char)(value >> 16);
	at[3] = (unsigned char)(value >> 24);
}

/* Every byte 0xee, but for two chains: VPD, PCI Express; serial number, ATS, vendor-specific. */
static void make_config(unsigned char config[4096])
{
	memset(config, 0xee, 4096);
	config[0x06] = 0x10;
	config[0x34] = 0x50;
	config[0x50] = 0x03;
	config[0x51] = 0x60;
	config[0x60] = 0x10;
	config[0x61] = 0x00;
	put32(config + 0x100, 0x14010003);
	put32(config + 0x140, 0x1500100f & 0xfff0ffff);
	put32(config + 0x150, 0x0001000b);
}

static void config_space(void **state)
{
	unsigned char config[4096];
	struct arena *arena = arena_new(4096);
	const char *out;
	const unsigned char *bytes;
	size_t i, length;

	make_config(config);
	assert_int_equal(capture_filter_bytes(arena, CAPTURE_CONFIG_SPACE, (char *)config,
					      sizeof(config), &out, &length),
			 0);
	bytes = (const unsigned char *)out;
	assert_int_equal(length, 4096);
	assert_memory_equal(bytes, config, 64);
	assert_memory_equal(bytes + 0x60, config + 0x60, 60);
	assert_memory_equal(bytes + 0x100, config + 0x100, 4);
	assert_memory_equal(bytes + 0x150, config + 0x150, 4);
	for (i = 0x52; i < 0x60; i++)
		assert_int_equal(bytes[i], 0);
	for (i = 0x104; i < 0x140; i++)
		assert_int_equal(bytes[i], 0);
	for (i = 0x154; i < 4096; i++)
		assert_int_equal(bytes[i], 0);
	arena_free(arena);
}

/* Chains that point at themselves or out of the space end. */
static void config_space_cycles(void **state)
{
	static const size_t lengths[] = {0, 1, 63, 64, 65, 255, 256, 257, 4095, 4096, 5000};
	struct arena *arena = arena_new(4096);
	unsigned char config[5000];
	unsigned link;
	size_t i;

	for (link = 0; link < 256; link++) {
		memset(config, (int)link, sizeof(config));
		config[0x06] = 0x10;
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			const char *out;
			size_t length;

			assert_int_equal(capture_filter_bytes(arena, CAPTURE_CONFIG_SPACE,
							      (char *)config, lengths[i], &out,
							      &length),
					 0);
			assert_int_equal(length, lengths[i] > 4096 ? 4096 : lengths[i]);
		}
	}
	arena_free(arena);
}

int test_filter(void)
{
	const struct CMUnitTest config[] = {
		cmocka_unit_test(config_space),
		cmocka_unit_test(config_space_cycles),
	};

	return RUN_TABLE(rows, lets_through) + cmocka_run_group_tests(config, NULL, NULL);
}
