/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serial numbers, addresses, identifiers and secrets are planted in a host, and looked for in its
 * capture. */
#include <unistd.h>

#include "../captures.h"
#include "groups.h"

#define MAC "52:54:00:c0:ff:ee"
#define UUID "6f9619ff-8b86-d011-b42d-00c04fc964ff"
#define SERIAL "S4EWNX0R512345"
#define SECRET "hunter2"

#define DEVICE "sys/devices/pci0000:00/0000:00:05.0/"

struct planted {
	const char *path;
	const char *text;
};

static const struct planted texts[] = {
	{"proc/cmdline",
	 "root=UUID=" UUID " intel_iommu=on luks.key=" SECRET " rd.iscsi.password=\"a " SECRET "\" "
	 "ip=dhcp:" MAC " vfio_pci.ids=10de:1b80 vfio_pci.ids=" MAC " quiet\n"},
	{"proc/version", "Linux version 6.12.43 (" SECRET "@" SERIAL ") (gcc) #1 SMP " UUID "\n"},
	{"proc/cpuinfo",
	 "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: CPU\nSerial\t\t: " SERIAL
	 "\nflags\t\t: fpu la57\naddress sizes\t: 46 bits physical, 57 bits virtual\n\n"
	 "processor\t: 1\nmodel name\t: " SECRET "\n"},
	{"proc/interrupts", "   CPU0\n  24: 12 IR-PCI-MSI-0000:00:05.0 0-edge enp0s5-" MAC
			    "\n  25: 9 " MAC " 0-edge " SECRET "\n"},
	{"proc/net/arp", MAC "\n"},
	{"proc/mounts", "/dev/disk/by-uuid/" UUID "\n"},
	{"etc/shadow", SECRET "\n"},
	{"etc/machine-id", SERIAL "\n"},
	{"etc/modprobe.d/a.conf",
	 "options vfio_pci ids=10de:1b80\noptions wifi key=" SECRET "\n# " SERIAL "\n"},
	{"boot/config-6.12.43",
	 "CONFIG_IOMMUFD=m\nCONFIG_BUILD_SALT=\"" SECRET "\"\n# CONFIG_VFIO is not set\n"},
	{"boot/config-6.1.0", "CONFIG_IOMMUFD=" SECRET "\n"},
	{"lab/dmesg.txt",
	 "[    0.1] Linux version 6.12.43 (" SECRET ")\n[    0.2] Command line: key=" SECRET
	 "\n[    0.3] DMAR: Host address width 39\n[    0.4] DMAR: " MAC "\n"
	 "[    0.5] audit: " SECRET "\n[    0.6] pci 0000:00:05.0: Adding to iommu group 3\n"
	 "[    0.7] nvme nvme0: " SERIAL "\n[    0.8] igb 0000:00:05.0: " MAC "\n"},
	{"proc/sys/kernel/random/boot_id", UUID "\n"},
	{"run/iommufit/measured.json",
	 "{\"schema\":\"iommufit.measured/1\",\"boot_id\":\"" UUID "\",\"kernel\":\"6.12.43\","
	 "\"by\":\"" SECRET "\",\"devices\":[{\"bdf\":\"0000:00:05.0\",\"unit\":\"" SERIAL
	 "\",\"mac\":\"" MAC "\",\"domains\":{\"plain\":{\"ranges\":[[\"0x0\",\"0x7fffffffff\"]],"
	 "\"call\":\"" SECRET "\"},\"nest-parent\":{\"errno\":95,\"error\":\"" SECRET
	 "\",\"call\":\"IOMMU_HWPT_ALLOC\"}},\"hw_info\":{\"type\":1,\"data\":\"00\",\"name\":"
	 "\"" SECRET "\"}}]}\n"},
	{"sys/class/dmi/id/product_uuid", UUID "\n"},
	{"sys/class/dmi/id/product_serial", SERIAL "\n"},
	{"sys/class/net/eth0/address", MAC "\n"},
	{"sys/module/vfio_pci/parameters/ids", MAC "\n"},
	{DEVICE "vendor", "0x8086\n"},
	{DEVICE "device", "0x1533\n"},
	{DEVICE "class", "0x020000\n"},
	{DEVICE "vpd", SERIAL},
	{DEVICE "serial_number", SERIAL "\n"},
	{DEVICE "net/eth0/address", MAC "\n"},
	{DEVICE "nvme/nvme0/serial", SERIAL "\n"},
	{DEVICE "label", SECRET "\n"},
	{DEVICE "driver_override", "(null)\n"},
};

/* What must be there nevertheless. */
static const char *const wanted[] = {
	"intel_iommu=on vfio_pci.ids=10de:1b80 iommufit.omitted=6\n",
	"Linux version 6.12.43\n",
	"address sizes\t: 46 bits physical",
	"IR-PCI-MSI-0000:00:05.0\n",
	"options vfio_pci ids=10de:1b80\n",
	"CONFIG_IOMMUFD=m\n",
	"# CONFIG_VFIO is not set\n",
	"[    0.3] DMAR: Host address width 39\n",
	"Adding to iommu group 3\n",
	"\"0x7fffffffff\"",
	"\"call\": \"IOMMU_HWPT_ALLOC\"",
};

static const char *const forbidden[] = {
	MAC,	 UUID,	   SERIAL, SECRET,   "audit",	   "CPU1",
	"6.1.0", "dmi/id", "net/", "shadow", "machine-id", "vpd",
};

static bool holds(const char *bytes, size_t length, const char *text)
{
	return memmem(bytes, length, text, strlen(text)) != NULL;
}

static void nothing_gets_out(void **state)
{
	char *folder = make_folder();
	struct buf link = {0};
	size_t i, length;
	char *bytes;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		put_file(folder, texts[i].path, texts[i].text, strlen(texts[i].text));
	put_file(folder, "sys/bus/pci/devices/.keep", "", 0);
	buf_printf(&link, "%s/sys/bus/pci/devices/0000:00:05.0", folder);
	assert_int_equal(symlink("../../../devices/pci0000:00/0000:00:05.0", link.data), 0);
	buf_free(&link);
	bytes = captured(folder, "tar", &length);
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!holds(bytes, length, wanted[i]))
			print_error("missing: %s\n", wanted[i]);
		assert_true(holds(bytes, length, wanted[i]));
	}
	for (i = 0; i < ARRAY_SIZE(forbidden); i++) {
		if (holds(bytes, length, forbidden[i]))
			print_error("found: %s in %.60s\n", forbidden[i],
				    (const char *)memmem(bytes, length, forbidden[i],
							 strlen(forbidden[i])) -
					    30);
		assert_false(holds(bytes, length, forbidden[i]));
	}
	free(bytes);
	remove_folder(folder);
}

/* What is needed of a device is there, and what is not is not. */
static void only_what_is_needed(void **state)
{
	struct iof_ctx *ctx = new_context();
	char *folder = make_folder();
	size_t length;
	char *bytes;

	unpack("arm-smmu.tar.xz", folder);
	bytes = captured(folder, "tar", &length);
	assert_true(holds(bytes, length, "0000:00:05.0/vendor"));
	assert_true(holds(bytes, length, "0000:00:05.0/config"));
	assert_true(holds(bytes, length, "sys/bus/pci/devices/0000:00:05.0"));
	assert_false(holds(bytes, length, "job-capture"));
	assert_false(holds(bytes, length, "khugepaged"));
	assert_false(holds(bytes, length, "lspci"));
	free(bytes);
	remove_folder(folder);
	iof_ctx_unref(ctx);
}

int test_secrets(void)
{
	const struct CMUnitTest secrets[] = {
		cmocka_unit_test(nothing_gets_out),
		cmocka_unit_test(only_what_is_needed),
	};

	return cmocka_run_group_tests(secrets, NULL, NULL);
}
