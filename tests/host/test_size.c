/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Large hosts: what is read grows with the number of devices and no faster, and not at all if one
 * device is wanted. */
#include "../captures.h"
#include "groups.h"
#include "host/host.h"

#include <errno.h>
#include <time.h>

#define GROUPS 300

/* An embedder's access that counts, on top of a generated root. */
struct counted {
	struct root *root;
	size_t calls;
	size_t names; /* listed */
};

static void put(struct root *root, const char *path, const char *text)
{
	assert_int_equal(root_memory_file(root, path, text, strlen(text)), 0);
}

static void put_group(struct root *root, unsigned group)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/type", group);
	put(root, path, "DMA-FQ\n");
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/reserved_regions", group);
	put(root, path,
	    group % 7 ? "0x00000000fee00000 0x00000000feefffff msi\n"
		      : "0x0000000000000000 0x0000000000ffffff direct-relaxable\n"
			"0x00000000fee00000 0x00000000feefffff msi\n");
}

static void put_device(struct root *root, unsigned number, unsigned groups)
{
	unsigned group = number % groups;
	char bdf[32], path[160], target[160];

	snprintf(bdf, sizeof(bdf), "%04x:%02x:%02x.%u", number >> 13, number >> 8 & 0x1f,
		 number >> 3 & 0x1f, number & 7);
#define PUT(name, text)                                                                            \
	(snprintf(path, sizeof(path), "/sys/devices/pci0000:00/%s/" name, bdf),                    \
	 put(root, path, text))
	PUT("vendor", "0x8086\n");
	PUT("device", "0x1572\n");
	PUT("class", "0x020000\n");
	PUT("numa_node", "0\n");
	PUT("resource", "0x00000000d0000000 0x00000000d07fffff 0x000000000014220c\n");
#undef PUT
	snprintf(path, sizeof(path), "/sys/devices/pci0000:00/%s/iommu", bdf);
	snprintf(target, sizeof(target), "../../virtual/iommu/dmar%u", number % 8);
	assert_int_equal(root_memory_link(root, path, target), 0);
	snprintf(path, sizeof(path), "/sys/devices/pci0000:00/%s/iommu_group", bdf);
	snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%u", group);
	assert_int_equal(root_memory_link(root, path, target), 0);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", bdf);
	snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s", bdf);
	assert_int_equal(root_memory_link(root, path, target), 0);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/devices/%s", group, bdf);
	assert_int_equal(root_memory_link(root, path, target), 0);
}

static void put_unit(struct root *root, unsigned number)
{
	char path[128], target[128];

	snprintf(path, sizeof(path), "/sys/devices/virtual/iommu/dmar%u/intel-iommu/cap", number);
	put(root, path, "d2008c40660462\n");
	snprintf(path, sizeof(path), "/sys/devices/virtual/iommu/dmar%u/intel-iommu/ecap", number);
	put(root, path, "f050da\n");
	snprintf(path, sizeof(path), "/sys/class/iommu/dmar%u", number);
	snprintf(target, sizeof(target), "../../devices/virtual/iommu/dmar%u", number);
	assert_int_equal(root_memory_link(root, path, target), 0);
}

static struct root *generate(unsigned devices, unsigned groups)
{
	struct root *root;

	assert_int_equal(root_memory(NULL, "generated", &root), 0);
	put(root, "/proc/version", "Linux version 7.2.13 (x) (y) #1\n");
	put(root, "/proc/cmdline", "intel_iommu=on\n");
	put(root, "/proc/misc", "257 iommu\n196 vfio\n");
	for (unsigned i = 0; i < 8; i++)
		put_unit(root, i);
	for (unsigned i = 0; i < groups; i++)
		put_group(root, i);
	for (unsigned i = 0; i < devices; i++)
		put_device(root, i, groups);
	return root;
}

static int counted_read(void *data, const char *path, size_t max, char **bytes, size_t *length)
{
	struct counted *counted = data;
	struct arena *arena = arena_new(4096);
	const char *text;
	int err = root_read(counted->root, arena, path, max, &text, length);

	counted->calls++;
	if (!err) {
		*bytes = malloc(*length + 1);
		memcpy(*bytes, text, *length + 1);
	}
	arena_free(arena);
	return err;
}

static int counted_readlink(void *data, const char *path, char **target)
{
	struct counted *counted = data;
	struct arena *arena = arena_new(4096);
	const char *text;
	int err = root_readlink(counted->root, arena, path, &text);

	counted->calls++;
	if (!err)
		*target = strdup(text);
	arena_free(arena);
	return err;
}

static int counted_list(void *data, const char *path, int (*each)(void *, const char *), void *arg)
{
	struct counted *counted = data;
	struct arena *arena = arena_new(65536);
	const char **names;
	size_t n = 0;
	int err = root_list(counted->root, arena, path, &names, &n);

	counted->calls++;
	for (size_t i = 0; !err && i < n; i++) {
		counted->names++;
		err = each(arg, names[i]);
	}
	arena_free(arena);
	return err;
}

static int counted_exists(void *data, const char *path)
{
	struct counted *counted = data;

	counted->calls++;
	return root_exists(counted->root, path) ? 0 : -ENOENT;
}

static struct iof_host *load(struct counted *counted, const char *device)
{
	struct iof_io io = {.size = sizeof(io),
			    .data = counted,
			    .read = counted_read,
			    .readlink = counted_readlink,
			    .list = counted_list,
			    .exists = counted_exists};
	struct iof_host_options options = {.size = sizeof(options),
					   .devices = device ? &device : NULL,
					   .n_devices = device ? 1 : 0};
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	int err;

	counted->calls = 0;
	counted->names = 0;
	err = iof_host_load_io(ctx, &io, &options, &host);
	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	iof_ctx_unref(ctx);
	return host;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static const unsigned sizes[] = {64, 256, 1024, 4096};

/* Four devices per group at every size, so that only the number of devices differs. */
static void test_linear(void **state)
{
	double first = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct counted counted = {.root = generate(sizes[i], sizes[i] / 4)};
		double start = now(), took, calls;
		struct iof_host *host = load(&counted, NULL);

		took = (now() - start) / sizes[i];
		calls = (double)counted.calls / sizes[i];
		print_message("host of %4u devices: %.1f us and %.2f accesses per device\n",
			      sizes[i], took, calls);
		assert_int_equal(host->n_devices, sizes[i]);
		if (!i)
			first = calls;
		assert_true(calls <= first);
		iof_host_unref(host);
		root_free(counted.root);
	}
}

static void test_largest(void **state)
{
	struct counted counted = {.root = generate(4096, GROUPS)};
	struct iof_host *host = load(&counted, NULL);
	const struct iof_device *dev;
	size_t n = 0;

	(void)state;
	assert_int_equal(host->n_groups, GROUPS);
	assert_int_equal(host->n_units, 8);
	iof_host_device_foreach(host, dev)
	{
		unsigned bits;

		assert_int_equal(iof_device_width(dev, &bits, NULL), 0);
		assert_int_equal(bits, 39);
		assert_int_equal(dev->iova[0].n, 2);
		n++;
	}
	assert_int_equal(n, 4096);
	iof_host_unref(host);
	root_free(counted.root);
}

/* The wanted device's cost is that of its group, whatever else the host has. */
static void test_one_wanted(void **state)
{
	size_t calls = 0, names = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct counted counted = {.root = generate(sizes[i], sizes[i] / 4)};
		struct iof_host *host = load(&counted, "00:00.1");

		assert_int_equal(host->n_devices, 4);
		assert_int_equal(host->n_groups, 1);
		if (i) {
			assert_int_equal(counted.calls, calls);
			assert_int_equal(counted.names, names);
		}
		calls = counted.calls;
		names = counted.names;
		iof_host_unref(host);
		root_free(counted.root);
	}
	print_message("one device of any host: %zu accesses\n", calls);
}

int run_size(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_one_wanted),
	};

	return cmocka_run_group_tests_name("large hosts", tests, NULL, NULL);
}
