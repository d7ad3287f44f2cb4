/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/host/sysfs.c src/host/pci.c src/host/kernel.c src/host/cmdline.c src/host/irq.c
 * src/host/config.c src/host/inflate.c src/host/collect.c src/host/source.c
 * src/host/measured_load.c src/host/dmesg.c src/host/smmuv2.c
 *
 * A host whose files hold what the input says. The input is a row of sections: the number of an
 * entry below, a length (16 bits, little-endian), and that many bytes, which are the file's text,
 * the link's target or the folder's names (one per line). What no section replaces has its default.
 * Bytes that start with 0xff stand for an error.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>

#include <iommufit/host.h>

#include "base/strings.h"
#include "host/host.h"

#define UNIT "/sys/class/iommu/*"
#define DEVICE "/sys/bus/pci/devices/*"
#define GROUP "/sys/kernel/iommu_groups/*"
#define MODULE "/sys/module"
#define TABLES "/sys/firmware/acpi/tables"

/* "*" stands for one part of a path. NULL: absent unless a section brings it. New ones only at the
 * end. */
static const struct entry {
	const char *path;
	const char *bytes;
} entries[] = {
	{"/proc/version", "Linux version 7.2.13 (x) (y) #1\n"},
	{"/proc/cmdline", "quiet intel_iommu=on\n"},
	{"/proc/cpuinfo",
	 "vendor_id\t: GenuineIntel\naddress sizes\t: 46 bits physical, 48 bits virtual\n"},
	{"/proc/misc", "257 iommu\n"},
	{"/proc/devices", NULL},
	{"/proc/interrupts", NULL},
	{"/proc/config.gz", NULL},
	{"/lab/dmesg.txt", NULL},
	{"/etc/modprobe.d", NULL},
	{"/etc/modprobe.d/*", NULL},
	{MODULE "/vfio_iommu_type1/parameters/allow_unsafe_interrupts", NULL},
	{MODULE "/vfio_iommu_type1/parameters/dma_entry_limit", NULL},
	{MODULE "/iommufd/parameters/allow_unsafe_interrupts", NULL},
	{MODULE "/kvm_amd/parameters/sev_snp", NULL},
	{"/sys/kernel/irq/*/chip_name", NULL},
	{TABLES "/DMAR", NULL},
	{TABLES "/IVRS", NULL},
	{"/sys", ""},
	{TABLES, NULL},
	{"/sys/class/iommu", "dmar0\ndmar1\n"},
	{UNIT, "../../devices/pci0000:00/0000:00:02.0/virtio0/iommu/x"},
	{UNIT "/device", NULL},
	{UNIT "/intel-iommu/cap", "d2008c40660462\n"},
	{UNIT "/intel-iommu/ecap", "f050da\n"},
	{UNIT "/intel-iommu/address", "fed90000\n"},
	{UNIT "/intel-iommu/version", "1:0\n"},
	{UNIT "/amd-iommu/features", "29d3:0\n"},
	{UNIT "/amd-iommu/cap", "1f03000f\n"},
	{"/sys/kernel/iommu_groups", "3\n"},
	{GROUP "/type", "DMA-FQ\n"},
	{GROUP "/reserved_regions", "0x00000000fee00000 0x00000000feefffff msi\n"},
	{GROUP "/devices", "0000:01:00.0\n0000:01:00.1\n"},
	{"/sys/bus/pci/devices", "0000:01:00.0\n0000:01:00.1\n0000:00:00.0\n"},
	{DEVICE, ""},
	{DEVICE "/class", "0x020000\n"},
	{DEVICE "/vendor", "0x8086\n"},
	{DEVICE "/device", "0x1572\n"},
	{DEVICE "/subsystem_vendor", "0x8086\n"},
	{DEVICE "/subsystem_device", "0x0001\n"},
	{DEVICE "/config", NULL},
	{DEVICE "/resource", "0x00000000d0000000 0x00000000d07fffff 0x000000000014220c\n"},
	{DEVICE "/resource0_resize", NULL},
	{DEVICE "/numa_node", "-1\n"},
	{DEVICE "/driver_override", "(null)\n"},
	{DEVICE "/driver", "../../../bus/pci/drivers/vfio-pci"},
	{DEVICE "/vfio-dev", "vfio0\n"},
	{DEVICE "/iommu_group", "../../../kernel/iommu_groups/3"},
	{DEVICE "/iommu", "../../virtual/iommu/dmar0"},
	{DEVICE "/physfn", NULL},
	{"/boot/*", NULL},
	{"/sys/kernel/mm/hugepages/*", NULL},
	{"/run/iommufit/measured.json", NULL},
	{"/proc/sys/kernel/random/boot_id", NULL},
};

struct section {
	const uint8_t *bytes;
	size_t length;
	bool given;
};

struct input {
	struct section sections[ARRAY_SIZE(entries)];
};

/* The harness itself is none of the code under test, and its comparisons would cost more than that.
 */
#if defined(__clang__)
#define NOT_COVERED __attribute__((no_sanitize("coverage")))
#else
#define NOT_COVERED
#endif

NOT_COVERED static bool fits(const char *pattern, const char *path)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			size_t n = strcspn(path, "/");

			if (!n)
				return false;
			path += n;
		} else if (*pattern != *path++) {
			return false;
		}
	}
	return !*path;
}

NOT_COVERED static int find(void *data, const char *path, const uint8_t **bytes, size_t *length)
{
	static const int errors[] = {-EACCES, -ELOOP,	-EIO,	 -EFBIG,
				     -EPERM,  -ENOTDIR, -EISDIR, -EBUSY};
	const struct input *input = data;
	size_t i = 0;

	while (i < ARRAY_SIZE(entries) && !fits(entries[i].path, path))
		i++;
	if (i == ARRAY_SIZE(entries))
		return -ENOENT;
	if (!input->sections[i].given) {
		*bytes = (const uint8_t *)entries[i].bytes;
		*length = entries[i].bytes ? strlen(entries[i].bytes) : 0;
		return *bytes ? 0 : -ENOENT;
	}
	*bytes = input->sections[i].bytes;
	*length = input->sections[i].length;
	if (*length >= 2 && (*bytes)[0] == 0xff)
		return errors[(*bytes)[1] % ARRAY_SIZE(errors)];
	return 0;
}

static char *copy(const uint8_t *bytes, size_t length)
{
	char *out = malloc(length + 1);

	if (out) {
		if (length)
			memcpy(out, bytes, length);
		out[length] = '\0';
	}
	return out;
}

static int input_read(void *data, const char *path, size_t max, char **out, size_t *length)
{
	const uint8_t *bytes;
	int err = find(data, path, &bytes, length);

	if (err)
		return err;
	if (*length > max)
		return -EFBIG;
	*out = copy(bytes, *length);
	return *out ? 0 : -ENOMEM;
}

static int input_readlink(void *data, const char *path, char **target)
{
	const uint8_t *bytes;
	size_t length;
	int err = find(data, path, &bytes, &length);

	if (err)
		return err;
	if (!length || memchr(bytes, '\n', length))
		return -EINVAL;
	*target = copy(bytes, length);
	return *target ? 0 : -ENOMEM;
}

static int input_list(void *data, const char *path, int (*each)(void *, const char *), void *arg)
{
	const uint8_t *bytes;
	size_t length;
	int err = find(data, path, &bytes, &length);

	while (!err && length) {
		const uint8_t *end = memchr(bytes, '\n', length);
		size_t n = end ? (size_t)(end - bytes) : length;
		char *name = copy(bytes, n);

		if (!name)
			return -ENOMEM;
		if (*name && !strchr(name, '/'))
			err = each(arg, name);
		free(name);
		n += end != NULL;
		bytes += n;
		length -= n;
	}
	return err;
}

static int input_exists(void *data, const char *path)
{
	const uint8_t *bytes;
	size_t length;

	return find(data, path, &bytes, &length);
}

static void split(const uint8_t *data, size_t size, struct input *out)
{
	while (size >= 3) {
		struct section *section = &out->sections[data[0] % ARRAY_SIZE(entries)];
		size_t length = data[1] | (size_t)data[2] << 8;

		data += 3;
		size -= 3;
		if (length > size)
			length = size;
		*section = (struct section){.bytes = data, .length = length, .given = true};
		data += length;
		size -= length;
	}
}

/* What always holds of a host: ranges in order and apart from each other, as wide as they say. */
static void check(const struct iof_host *host)
{
	const struct iof_device *dev;

	if (!host->n_worlds || host->n_worlds > MAX_WORLDS)
		abort();
	iof_host_device_foreach(host, dev)
	{
		const struct iof_range *ranges;
		enum iof_provenance provenance;
		unsigned bits;
		size_t n;

		iof_device_width(dev, &bits, &provenance);
		iof_device_ranges(dev, &ranges, &n);
		for (size_t i = 0; i < n; i++)
			if (ranges[i].first > ranges[i].last ||
			    (i && ranges[i - 1].last >= ranges[i].first))
				abort();
		if (iof_host_device(host, iof_device_bdf(dev)) != dev || bits > 64)
			abort();
	}
	if (host->iommu == IOF_IOMMU_NONE && !host->iommu_why)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const device = "01:00.0";
	struct input input = {0};
	struct iof_io io = {.size = sizeof(io),
			    .data = &input,
			    .read = input_read,
			    .readlink = input_readlink,
			    .list = input_list,
			    .exists = input_exists};
	struct iof_host_options options = {
		.size = sizeof(options), .devices = &device, .n_devices = 1};
	struct iof_host *host = NULL;
	struct iof_ctx *ctx;

	if (!size || iof_ctx_new(&ctx))
		return 0;
	split(data + 1, size - 1, &input);
	if (iof_host_load_io(ctx, &io, data[0] & 1 ? &options : NULL, &host) == 0)
		check(host);
	else if (!*iof_ctx_error(ctx) || strchr(iof_ctx_error(ctx), '\n'))
		abort();
	iof_host_unref(host);
	iof_ctx_unref(ctx);
	return 0;
}
