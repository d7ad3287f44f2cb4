/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation of a load fails once: a clean error, nothing left behind (the sanitizers watch).
 */
#include "../captures.h"
#include "groups.h"
#include "host/load.h"
#include "members.h"

#include <errno.h>

/* Counts down to the allocation that fails; negative: none does. */
static long countdown = -1;

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

struct memory_row {
	const char *name; /* of the capture */
	const char *device;
};

static const struct memory_row memory_rows[] = {
	{"intelsm-fsts-pb48", NULL}, {"amd-pb48", "01:00.0"}, {"arm-smmu", NULL},
	{"virtio39", "00:05.0"},     {"none-pb40", NULL},
};

static void test_memory(void **state)
{
	static const char *const driver = "00:05.0=vfio-pci";
	const struct memory_row *row = *state;
	struct iof_host_options options = {.size = sizeof(options),
					   .name = "name",
					   .kernel = "6.12",
					   .devices = row->device ? &row->device : NULL,
					   .n_devices = row->device ? 1 : 0,
					   .drivers = &driver,
					   .n_drivers = 1};
	struct members *all = members_read(row->name);
	struct root *root = members_root(all, NULL, 0);
	struct iof_ctx *ctx = new_context();
	long n, failed = 0;
	int err = -ENOMEM;

	for (n = 0; err; n++) {
		struct iof_host *host = NULL;

		countdown = n;
		err = host_load_from_root(ctx, root, "memory", &options, &host);
		/* An allocation that is not needed may fail without harm; then the next one is
		 * tried. */
		if (!err && countdown < 0)
			err = -EAGAIN;
		countdown = -1;
		if (err != -EAGAIN && err) {
			assert_int_equal(err, -ENOMEM);
			assert_null(host);
			failed++;
		}
		iof_host_unref(host);
		assert_true(n < 100000);
	}
	assert_true(failed > 5);
	root_free(root);
	members_free(all);
	iof_ctx_unref(ctx);
}

int run_memory(void)
{
	return RUN_TABLE(memory_rows, test_memory);
}
