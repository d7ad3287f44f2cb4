/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is predicted from each capture equals what its kernel answered when it was asked
 * (NAME.hw.jsonl). */
#include <json-c/json.h>

#include "../captures.h"
#include "groups.h"
#include "host/finish.h"

static struct {
	size_t captures, devices, fields;
} compared;

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static uint64_t hex(struct json_object *value)
{
	return strtoull(json_object_get_string(value), NULL, 16);
}

static void check_ranges(const struct device_iova *iova, struct json_object *expected)
{
	if (!expected)
		return;
	assert_int_equal(iova->n, json_object_array_length(expected));
	for (size_t i = 0; i < iova->n; i++) {
		struct json_object *range = json_object_array_get_idx(expected, i);

		assert_int_equal(iova->ranges[i].first, hex(json_object_array_get_idx(range, 0)));
		assert_int_equal(iova->ranges[i].last, hex(json_object_array_get_idx(range, 1)));
		compared.fields += 2;
	}
}

static void check_width(const struct iof_device *dev, struct json_object *ranges)
{
	struct json_object *last =
		json_object_array_get_idx(ranges, json_object_array_length(ranges) - 1);
	uint64_t top = hex(json_object_array_get_idx(last, 1));
	enum iof_provenance provenance;
	unsigned expected = 0, bits;

	while (top) {
		top >>= 1;
		expected++;
	}
	assert_int_equal(iof_device_width(dev, &bits, &provenance), 0);
	assert_int_equal(bits, expected);
	assert_int_equal(provenance, IOF_PROVENANCE_READ);
	compared.fields++;
}

static void check_ability(struct json_object *iommufd, const char *key, enum tristate predicted)
{
	struct json_object *answer = member(iommufd, key);

	if (!answer)
		return;
	assert_int_equal(predicted,
			 str_eq(json_object_get_string(answer), "ok") ? TRI_YES : TRI_NO);
	compared.fields++;
}

/* Type 1 is VT-d (cap, ecap), type 4 AMD (EFR, EFR2). */
static void check_registers(const struct iommu_unit *unit, struct json_object *info)
{
	struct json_object *data = member(info, "data");
	int type = json_object_get_int(member(info, "type"));

	if (type != 1 && type != 4)
		return;
	if (type == 1) {
		assert_int_equal(unit->cap, hex(json_object_array_get_idx(data, 1)));
		assert_int_equal(unit->ecap, hex(json_object_array_get_idx(data, 2)));
	} else {
		assert_int_equal(unit->efr, hex(json_object_array_get_idx(data, 0)));
		assert_int_equal(unit->efr2, hex(json_object_array_get_idx(data, 1)));
	}
	compared.fields += 2;
}

static bool allowed(enum tristate isolated, enum tristate unsafe)
{
	return isolated == TRI_YES || unsafe == TRI_YES;
}

/* A mate that a driver of the host holds. Ports may keep theirs, it does no DMA. */
static bool is_viable(const struct iof_device *dev)
{
	for (size_t i = 0; i < dev->group->n_devices; i++) {
		const struct iof_device *mate = dev->group->devices[i];

		if (mate->driver && !mate->driver_is_vfio && !str_eq(mate->driver, "pcieport"))
			return false;
	}
	return true;
}

static void check_legacy(const struct iof_host *host, const struct iof_device *dev,
			 struct json_object *legacy)
{
	const struct device_iova *iova = &dev->iova[0];

	assert_int_equal(
		strtol(strrchr(json_object_get_string(member(legacy, "group")), '/') + 1, NULL, 10),
		iof_device_group(dev));
	compared.fields += 2;
	if (member(legacy, "set_container_errno")) {
		assert_false(is_viable(dev));
		return;
	}
	if (member(legacy, "set_iommu_errno")) {
		assert_false(allowed(host->interrupt_remapping, host->unsafe_legacy));
		return;
	}
	assert_true(allowed(host->interrupt_remapping, host->unsafe_legacy));
	check_ranges(iova, member(legacy, "iova_ranges"));
	check_width(dev, member(legacy, "iova_ranges"));
	assert_int_equal(iova->page_sizes, hex(member(legacy, "iova_pgsizes")));
	assert_int_equal(host->dma_entry_limit, json_object_get_int64(member(legacy, "dma_avail")));
	compared.fields += 2;
}

static void check_iommufd(const struct iof_host *host, const struct iof_device *dev,
			  struct json_object *iommufd)
{
	const struct unit_domain *domain = &dev->unit->domain[0];

	if (member(iommufd, "bind_errno")) {
		assert_false(allowed(host->interrupt_remapping, host->unsafe_iommufd) &&
			     is_viable(dev));
		compared.fields++;
		return;
	}
	check_ranges(&dev->iova[0], member(iommufd, "iova_ranges"));
	check_ability(iommufd, "hwpt_alloc_plain",
		      domain->aperture_first <= domain->aperture_last ? TRI_YES : TRI_NO);
	check_ability(iommufd, "hwpt_alloc_nest_parent", domain->nest_parent);
	check_ability(iommufd, "hwpt_alloc_dirty_tracking", domain->dirty_tracking);
	check_ability(iommufd, "hwpt_alloc_pasid", domain->pasid);
	check_registers(dev->unit, member(iommufd, "hw_info"));
}

static void check_device(const struct iof_host *host, struct json_object *line, bool bound)
{
	struct json_object *legacy = member(line, "legacy"), *iommufd = member(line, "iommufd");
	const struct iof_device *dev =
		iof_host_device(host, json_object_get_string(member(line, "bdf")));

	compared.devices++;
	if (!dev) {
		/* What was asked about but is not in this host. */
		assert_non_null(member(legacy, "iommu_group_errno"));
		return;
	}
	if (member(legacy, "iommu_group_errno")) {
		assert_int_equal(iof_device_group(dev), -1);
		assert_int_equal(host->iommu, IOF_IOMMU_NONE);
		assert_non_null(host->iommu_why);
		compared.fields += 2;
		return;
	}
	assert_int_equal(dev->driver_is_vfio, bound);
	if (bound && member(iommufd, "cdev")) {
		assert_string_equal(strrchr(json_object_get_string(member(iommufd, "cdev")), '/') +
					    1,
				    dev->vfio_dev);
		compared.fields++;
	}
	check_legacy(host, dev, legacy);
	check_iommufd(host, dev, iommufd);
}

static FILE *open_truth(const char *capture)
{
	char *base = strndup(capture, strcspn(capture, "."));
	char *path = test_path("captures/%s.hw.jsonl", base);
	FILE *file = fopen(path, "re");

	free(base);
	free(path);
	assert_non_null(file);
	return file;
}

static void test_capture(void **state)
{
	const struct capture_row *row = *state;
	bool bound = !strstr(row->name, ".unbound.");
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = load_capture(ctx, row->name);
	FILE *truth = open_truth(row->name);
	char *line = NULL;
	size_t cap = 0, lines = 0;

	assert_int_equal(host->n_worlds, 1);
	assert_null(host->missing_fact);
	while (getline(&line, &cap, truth) > 0) {
		struct json_object *object = json_tokener_parse(line);

		assert_non_null(object);
		check_device(host, object, bound);
		json_object_put(object);
		lines++;
	}
	assert_true(lines > 0);
	compared.captures++;
	free(line);
	fclose(truth);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

int run_truth(void)
{
	int failed = run_captures("what kernels answered", test_capture);

	print_message(
		"host: %zu captures, %zu devices, %zu fields equal to what the kernel answered\n",
		compared.captures, compared.devices, compared.fields);
	return failed;
}
