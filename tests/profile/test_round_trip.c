/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host that is written and read again is the same host. */
#include "../captures.h"
#include "base/interval.h"
#include "groups.h"
#include "host/host.h"

static struct iof_host *reload(struct iof_ctx *ctx, const char *text)
{
	struct iof_host *host = NULL;
	int err = iof_host_load_profile(ctx, text, strlen(text), "profile", NULL, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	return host;
}

static void assert_same_domains(const struct iof_host *a, const struct iof_host *b)
{
	size_t i, world;

	assert_int_equal(a->n_units, b->n_units);
	for (i = 0; i < a->n_units; i++) {
		assert_string_equal(a->units[i].name, b->units[i].name);
		assert_int_equal(a->units[i].cap, b->units[i].cap);
		assert_int_equal(a->units[i].efr, b->units[i].efr);
		for (world = 0; world < a->n_worlds; world++) {
			const struct unit_domain *x = &a->units[i].domain[world],
						 *y = &b->units[i].domain[world];

			assert_int_equal(x->known, y->known);
			assert_int_equal(x->aperture_last, y->aperture_last);
			assert_int_equal(x->nest_last, y->nest_last);
			assert_int_equal(x->page_sizes, y->page_sizes);
			assert_int_equal(x->nest_parent, y->nest_parent);
			assert_int_equal(x->dirty_tracking, y->dirty_tracking);
			assert_int_equal(x->pasid, y->pasid);
			assert_int_equal(x->first_stage, y->first_stage);
		}
	}
}

static void assert_same_devices(const struct iof_host *a, const struct iof_host *b)
{
	size_t i, world;

	assert_int_equal(a->n_devices, b->n_devices);
	for (i = 0; i < a->n_devices; i++) {
		const struct iof_device *x = &a->devices[i], *y = &b->devices[i];

		assert_string_equal(x->bdf, y->bdf);
		assert_int_equal(iof_device_group(x), iof_device_group(y));
		assert_int_equal(x->driver_is_vfio, y->driver_is_vfio);
		assert_memory_equal(x->bars, y->bars, sizeof(x->bars));
		for (world = 0; world < a->n_worlds; world++) {
			assert_int_equal(x->iova[world].known, y->iova[world].known);
			assert_int_equal(x->iova[world].width, y->iova[world].width);
			assert_int_equal(x->iova[world].page_sizes, y->iova[world].page_sizes);
			assert_true(ranges_equal(x->iova[world].ranges, x->iova[world].n,
						 y->iova[world].ranges, y->iova[world].n));
		}
	}
}

static void round_trip(void **state)
{
	const struct capture_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct iof_host *first = load_capture(ctx, row->name), *second;
	char *text = rendered(ctx, first, IOF_FORMAT_JSON, false), *again;

	second = reload(ctx, text);
	again = rendered(ctx, second, IOF_FORMAT_JSON, false);
	assert_string_equal(text, again);
	assert_int_equal(first->n_worlds, second->n_worlds);
	assert_int_equal(first->n_groups, second->n_groups);
	assert_int_equal(first->iommu, second->iommu);
	assert_same_domains(first, second);
	assert_same_devices(first, second);
	iof_host_unref(first);
	iof_host_unref(second);
	free(text);
	free(again);
	iof_ctx_unref(ctx);
}

int test_round_trip(void)
{
	return run_captures("round trip", round_trip);
}
