/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_vfio.c - the typed calls of VFIO and iommufd against a fake kernel: what they believe of an
 * answer, older and newer structs, interruptions. */
#include "table.h"

#include <errno.h>

#include "fake_kernel.h"
#include "live/vfio.h"

struct bench {
	struct fake_kernel *k;
	struct fake_vfio *f;
	struct vfio v;
	int group, container, iommufd, device;
	uint32_t dev_id;
};

static void open_bench(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->k = fake_kernel_new();
	b->f = fake_intel39(b->k);
	b->v.calls = fake_kernel_calls(b->k);
	b->group = b->container = b->iommufd = b->device = -1;
}

static void open_container(struct bench *b)
{
	b->group = vfio_group_open(&b->v, 3);
	b->container = vfio_container_open(&b->v);
	assert_true(b->group >= 0 && b->container >= 0);
	assert_int_equal(vfio_group_set_container(&b->v, b->group, b->container), 0);
	assert_int_equal(vfio_container_set_iommu(&b->v, b->container, 3), 0);
}

static void open_device(struct bench *b)
{
	b->iommufd = iommufd_open(&b->v);
	b->device = iommufd_device_open(&b->v, "vfio0");
	assert_true(b->iommufd >= 0 && b->device >= 0);
	assert_int_equal(iommufd_device_bind(&b->v, b->device, b->iommufd, &b->dev_id), 0);
}

static void close_bench(struct bench *b)
{
	call_close(b->v.calls, b->device);
	call_close(b->v.calls, b->iommufd);
	call_close(b->v.calls, b->container);
	call_close(b->v.calls, b->group);
	assert_int_equal(fake_n_open(b->k), 0);
	assert_int_equal(fake_n_objects(b->k), 0);
	fake_kernel_free(b->k);
}

/* ---- VFIO_IOMMU_GET_INFO ---- */

static const struct info_row {
	const char *name;
	enum fake_info info;
	int err;
	bool has_ranges, has_dma_avail;
} info_rows[] = {
	{"all capabilities", FAKE_INFO_ALL, 0, true, true},
	{"none: an old kernel", FAKE_INFO_BARE, 0, false, false},
	{"one that nobody knows", FAKE_INFO_UNKNOWN, 0, true, true},
	{"not aligned", FAKE_INFO_ODD, 0, true, true},
	{"a chain that loops", FAKE_INFO_LOOP, -EBADMSG, false, false},
	{"a chain that leaves the answer", FAKE_INFO_OUTSIDE, -EBADMSG, false, false},
	{"a chain into the head", FAKE_INFO_INSIDE, -EBADMSG, false, false},
	{"more ranges than bytes", FAKE_INFO_CUT, -EBADMSG, false, false},
	{"two gigabytes", FAKE_INFO_HUGE, -EBADMSG, false, false},
	{"one that grows for ever", FAKE_INFO_GROWS, -EBADMSG, false, false},
	{"ranges that overlap", FAKE_INFO_DISORDER, -EBADMSG, false, false},
};

static void test_info(void **state)
{
	const struct info_row *row = *state;
	struct vfio_type1 info;
	struct bench b;

	open_bench(&b);
	b.f->info = row->info;
	open_container(&b);
	assert_int_equal(vfio_container_info(&b.v, b.container, &info), row->err);
	if (row->err) {
		assert_string_equal(b.v.call, "VFIO_IOMMU_GET_INFO");
		assert_int_equal(b.v.error, -row->err);
		assert_null(info.ranges);
	} else {
		assert_int_equal(info.page_sizes, 0x40201000);
		assert_int_equal(info.has_ranges, row->has_ranges);
		assert_int_equal(info.has_dma_avail, row->has_dma_avail);
		if (row->has_ranges) {
			assert_int_equal(info.n_ranges, 2);
			assert_int_equal(info.ranges[0].last, 0xfedfffff);
			assert_int_equal(info.ranges[1].last, 0x7fffffffff);
		}
		vfio_type1_free(&info);
	}
	close_bench(&b);
}

/* ---- IOMMU_GET_HW_INFO ---- */

static const struct hw_row {
	const char *name;
	size_t struct_size, n_data;
	uint32_t claims;
	int err;
	bool has_capabilities;
} hw_rows[] = {
	{"Linux 6.7 and later", 40, 24, 0, 0, true},
	{"Linux 6.6: 32 bytes", 32, 24, 0, 0, false},
	{"a kind without data", 40, 0, 0, 0, true},
	{"more data than the first buffer", 40, 200, 0, 0, true},
	{"more data, old kernel", 32, 200, 0, 0, false},
	{"4 GiB of data", 40, 24, 0xffffffff, -EBADMSG, false},
	{"always more than asked", 40, 24, 65536, 0, true},
};

static void test_hw_info(void **state)
{
	const struct hw_row *row = *state;
	struct iommufd_hw_info info;
	struct bench b;

	open_bench(&b);
	b.f->hw_info_size = row->struct_size;
	b.f->n_hw_info = row->n_data;
	b.f->hw_info_claims = row->claims;
	b.f->capabilities = 1;
	open_device(&b);
	assert_int_equal(iommufd_hw_info(&b.v, b.iommufd, b.dev_id, &info), row->err);
	if (row->err) {
		assert_string_equal(b.v.call, "IOMMU_GET_HW_INFO");
		assert_null(info.data);
	} else {
		assert_int_equal(info.type, 1);
		assert_int_equal(info.n_data, row->claims ? row->claims : row->n_data);
		assert_memory_equal(info.data, b.f->hw_info, row->n_data);
		assert_int_equal(info.has_capabilities, row->has_capabilities);
		assert_int_equal(info.capabilities, row->has_capabilities ? 1 : 0);
		free(info.data);
	}
	close_bench(&b);
}

/* ---- ranges of an IOAS ---- */

static const struct ranges_row {
	const char *name;
	size_t n_holes;
} ranges_rows[] = {
	{"no hole", 0}, {"one", 1}, {"as many as asked first", 7}, {"more", 8}, {"40", 40}};

static void test_ranges(void **state)
{
	const struct ranges_row *row = *state;
	struct iommufd_ranges ranges;
	struct iommufd_hwpt hwpt = {0};
	uint32_t ioas, id;
	struct bench b;
	size_t i;

	open_bench(&b);
	for (i = 0; i < row->n_holes; i++)
		b.f->holes[i] = (struct iof_range){(i + 1) << 24, ((i + 1) << 24) + 0xfff};
	b.f->n_holes = row->n_holes;
	open_device(&b);
	assert_int_equal(iommufd_ioas_alloc(&b.v, b.iommufd, &ioas), 0);
	hwpt.dev_id = b.dev_id;
	hwpt.pt_id = ioas;
	assert_int_equal(iommufd_hwpt_alloc(&b.v, b.iommufd, &hwpt, &id), 0);
	assert_int_equal(iommufd_device_attach(&b.v, b.device, id), 0);
	assert_int_equal(iommufd_ioas_ranges(&b.v, b.iommufd, ioas, &ranges), 0);
	assert_int_equal(ranges.n, row->n_holes + 1);
	assert_int_equal(ranges.ranges[ranges.n - 1].last, 0x7fffffffff);
	assert_int_equal(ranges.alignment, 4096);
	free(ranges.ranges);
	assert_int_equal(iommufd_destroy(&b.v, b.iommufd, id), -EBUSY);
	assert_string_equal(b.v.call, "IOMMU_DESTROY");
	assert_int_equal(iommufd_device_detach(&b.v, b.device), 0);
	assert_int_equal(iommufd_destroy(&b.v, b.iommufd, id), 0);
	assert_int_equal(iommufd_destroy(&b.v, b.iommufd, ioas), 0);
	close_bench(&b);
}

int main(void)
{
	int failed = RUN_TABLE(info_rows, test_info);

	failed += RUN_TABLE(hw_rows, test_hw_info);
	failed += RUN_TABLE(ranges_rows, test_ranges);
	return failed;
}
