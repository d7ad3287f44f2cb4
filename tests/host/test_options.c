/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked for and what is assumed instead of what was found; and which source a name means.
 */
#include "../captures.h"
#include "groups.h"
#include "host/host.h"
#include "members.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct option_row {
	const char *name;
	const char *device; /* NULL: all */
	const char *driver; /* NULL: as found */
	const char *kernel;
	const char *bar; /* NULL: as found */
	int err;
	const char *says;
};

static const struct option_row option_rows[] = {
	{"all", NULL, NULL, NULL, NULL, 0, NULL},
	{"one device", "0000:00:05.0", NULL, NULL, NULL, 0, NULL},
	{"short address", "00:05.0", NULL, NULL, NULL, 0, NULL},
	{"absent device", "0000:7f:00.0", NULL, NULL, NULL, 0, NULL},
	{"no address", "eth0", NULL, NULL, NULL, -EINVAL, "eth0"},
	{"driver", NULL, "00:05.0=e1000e", NULL, NULL, 0, NULL},
	{"no driver", NULL, "0000:00:05.0=none", NULL, NULL, 0, NULL},
	{"driver without address", NULL, "vfio-pci", NULL, NULL, -EINVAL, "ADDRESS=DRIVER"},
	{"driver without name", NULL, "00:05.0=", NULL, NULL, -EINVAL, "ADDRESS=DRIVER"},
	{"driver of an endless address", NULL, "0000000000000000000000000000:00:05.0=x", NULL, NULL,
	 -EINVAL, "ADDRESS=DRIVER"},
	{"driver of an absent device", NULL, "7f:00.0=vfio-pci", NULL, NULL, -ENOENT,
	 "no such device"},
	{"kernel", NULL, NULL, "6.12", NULL, 0, NULL},
	{"kernel without number", NULL, NULL, "newest", NULL, -EINVAL, "newest"},
	{"bar", NULL, NULL, NULL, "00:07.0=2:32G", 0, NULL},
	{"new bar, in bytes", NULL, NULL, NULL, "00:07.0=4:0x1000", 0, NULL},
	{"bar of an odd size", NULL, NULL, NULL, "00:07.0=2:3G", -EINVAL, "power of two"},
	{"bar that is too large", NULL, NULL, NULL, "00:07.0=2:4096T", -EINVAL, "power of two"},
	{"bar without a number", NULL, NULL, NULL, "00:07.0=2G", -EINVAL, "INDEX:SIZE"},
	{"seventh bar", NULL, NULL, NULL, "00:07.0=6:4K", -EINVAL, "INDEX:SIZE"},
	{"bar without size", NULL, NULL, NULL, "00:07.0=2:", -EINVAL, "INDEX:SIZE"},
	{"bar of an absent device", NULL, NULL, NULL, "7f:00.0=2:4K", -ENOENT, "no such device"},
};

static int load(const struct option_row *row, struct iof_ctx *ctx, struct iof_host **host)
{
	struct members *all = members_read("intel48-pb46");
	struct iof_host_options options = {
		.size = sizeof(options),
		.name = "a name",
		.kernel = row->kernel,
		.devices = row->device ? &row->device : NULL,
		.n_devices = row->device ? 1 : 0,
		.drivers = row->driver ? &row->driver : NULL,
		.n_drivers = row->driver ? 1 : 0,
		.bars = row->bar ? &row->bar : NULL,
		.n_bars = row->bar ? 1 : 0,
	};
	int err = members_host(ctx, all, NULL, 0, &options, host);

	members_free(all);
	return err;
}

static void check_devices(const struct option_row *row, const struct iof_host *host)
{
	const struct iof_device *dev = iof_host_device(host, "00:05.0");

	if (!row->device) {
		assert_int_equal(host->n_devices, 18);
		assert_int_equal(host->n_groups, 14);
	} else if (strstr(row->device, "7f")) {
		assert_int_equal(host->n_devices, 0);
		assert_int_equal(host->iommu, IOF_IOMMU_INTEL_VTD);
	} else {
		assert_int_equal(host->n_devices, 1);
		assert_int_equal(host->n_groups, 1);
		assert_true(dev->is_complete);
		assert_int_equal(dev->iova[0].width, 48);
	}
}

static void check_driver(const struct option_row *row, const struct iof_host *host)
{
	const struct iof_device *dev = iof_host_device(host, "00:05.0");

	if (!row->driver)
		return;
	assert_false(dev->driver_is_vfio);
	assert_null(dev->vfio_dev);
	if (strstr(row->driver, "none"))
		assert_null(iof_device_driver(dev));
	else
		assert_string_equal(iof_device_driver(dev), "e1000e");
}

static void check_bar(const struct option_row *row, const struct iof_host *host)
{
	const struct iof_device *dev = iof_host_device(host, "00:07.0");

	if (!row->bar)
		return;
	if (strstr(row->bar, "2:32G")) {
		assert_int_equal(dev->bars[2].size, 0x800000000);
	} else {
		assert_int_equal(dev->bars[4].size, 0x1000);
		assert_true(dev->bars[4].is_64);
		assert_true(dev->bars[4].is_prefetchable);
	}
}

static void test_option(void **state)
{
	const struct option_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	int err = load(row, ctx, &host);

	assert_int_equal(err, row->err);
	if (err) {
		assert_non_null(strstr(iof_ctx_error(ctx), row->says));
		assert_null(host);
		iof_ctx_unref(ctx);
		return;
	}
	assert_string_equal(iof_host_name(host), "a name");
	assert_int_equal(host->kernel_assumed, row->kernel != NULL);
	check_devices(row, host);
	check_driver(row, host);
	check_bar(row, host);
	assert_int_equal(iof_host_cpu_phys_bits(host), 46);
	assert_true(iof_host_iommu_is_virtual(host));
	iof_host_ref(host);
	iof_host_unref(host);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* A group of three behind a bridge: the mates come along, known as far as their group goes. */
static void test_mates(void **state)
{
	const char *wanted = "02:01.0";
	struct iof_host_options options = {
		.size = sizeof(options), .devices = &wanted, .n_devices = 1};
	struct members *all = members_read("intel48-pb46");
	struct iof_ctx *ctx = new_context();
	const struct iof_device *mate;
	struct iof_host *host = NULL;

	(void)state;
	assert_int_equal(members_host(ctx, all, NULL, 0, &options, &host), 0);
	assert_int_equal(host->n_devices, 3);
	mate = iof_host_device(host, "0000:00:0d.0");
	assert_non_null(mate);
	assert_false(mate->is_complete);
	assert_true(mate->is_bridge);
	assert_int_equal(iof_device_group(mate), iof_device_group(iof_host_device(host, wanted)));
	members_free(all);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* A module that is not loaded will be told what the command line or modprobe.d says. */
static void test_parameters(void **state)
{
	static const struct {
		const char *cmdline, *modprobe;
		enum tristate legacy, iommufd;
	} rows[] = {
		{"quiet\n", "", TRI_NO, TRI_NO},
		{"vfio_iommu_type1.allow_unsafe_interrupts=1\n", "", TRI_YES, TRI_NO},
		{"quiet\n", "# options vfio_iommu_type1 allow_unsafe_interrupts=1\n", TRI_NO,
		 TRI_NO},
		{"quiet\n", "options vfio_iommu_type1 allow_unsafe_interrupts=1\n", TRI_YES,
		 TRI_NO},
		{"quiet\n", "options\tiommufd  x=2 allow-unsafe-interrupts\noptions kvm y=1",
		 TRI_NO, TRI_YES},
		{"iommufd.allow_unsafe_interrupts=0\n",
		 "options iommufd allow_unsafe_interrupts=1\n", TRI_NO, TRI_NO},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct change changes[] = {WITHOUT("/sys/module/*"),
					   TEXT("/proc/cmdline", rows[i].cmdline),
					   TEXT("/etc/modprobe.d/vfio.conf", rows[i].modprobe),
					   TEXT("/etc/modprobe.d/README",
						"options iommufd allow_unsafe_interrupts=1")};
		struct iof_host *host = changed_host("intel48-pb46", changes, ARRAY_SIZE(changes));

		assert_int_equal(host->unsafe_legacy, rows[i].legacy);
		assert_int_equal(host->unsafe_iommufd, rows[i].iommufd);
		assert_int_equal(host->dma_entry_limit, 65535);
		iof_host_unref(host);
	}
}

static void put_file(const char *folder, const char *name, const char *text)
{
	struct buf path = {0};
	FILE *file;

	buf_printf(&path, "%s/%s", folder, name);
	file = fopen(path.data, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	buf_free(&path);
}

static void load_where(const char *where, int expected, const char *says)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	int err = iof_host_load(ctx, where, NULL, &host);

	if (err != expected || (says && !strstr(iof_ctx_error(ctx), says)))
		fail_msg("%s: %d %s", where, err, iof_ctx_error(ctx));
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

static void test_where(void **state)
{
	char folder[] = "/tmp/iommufit-host-XXXXXX",
	     *capture = test_path("%s", "captures/arm-none.tar.xz");
	struct buf path = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	load_where(folder, -EBADMSG, "neither proc nor sys");
	put_file(folder, "proc", "a file, not a folder");
	load_where(folder, 0, NULL);
	put_file(folder, "empty", "");
	buf_printf(&path, "%s/empty", folder);
	load_where(path.data, -EBADMSG, path.data);
	put_file(folder, "empty", " \n{");
	load_where(path.data, -EBADMSG, path.data);
	load_where("/tmp/iommufit/there/is/no/such", -ENOENT, "/tmp/iommufit/there/is/no/such");
	load_where("cpu:none-of-ours", -ENOENT, NULL);
	load_where("cpu:i7-13700k", 0, NULL);
	load_where(capture, 0, NULL);
	load_where("", 0, NULL);
	load_where(NULL, 0, NULL);
	unlink(path.data);
	path.length = strlen(folder);
	buf_puts(&path, "/proc");
	unlink(path.data);
	assert_int_equal(rmdir(folder), 0);
	buf_free(&path);
	free(capture);
}

/* Callers set the size; an older, shorter structure is refused. */
static void test_size_of_options(void **state)
{
	struct iof_host_options options = {.size = 4};
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	(void)state;
	assert_int_equal(iof_host_load_live(ctx, &options, &host), -EINVAL);
	iof_ctx_unref(ctx);
}

int run_options(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mates),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_size_of_options),
	};

	return RUN_TABLE(option_rows, test_option) +
	       cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
