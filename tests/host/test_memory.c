/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation of a load fails once: a clean error, nothing left behind (the sanitizers watch).
 */
#include "../captures.h"
#include "answers.h"
#include "groups.h"
#include "host/load.h"
#include "inject.h"
#include "members.h"

#include <errno.h>

struct memory_row {
	const char *name; /* of the capture */
	const char *device;
	bool asked; /* its kernel was, and may be believed */
};

static const struct memory_row memory_rows[] = {
	{"intelsm-fsts-pb48", NULL, false}, {"amd-pb48", "01:00.0", false},
	{"arm-smmu", NULL, false},	    {"virtio39", "00:05.0", false},
	{"none-pb40", NULL, false},	    {"arm-smmu-nested", NULL, true},
	{"amd-pb40", "00:05.0", true},
};

static void test_memory(void **state)
{
	static const char *const driver = "00:05.0=vfio-pci";
	const struct memory_row *row = *state;
	struct iof_host_options options = {.size = sizeof(options),
					   .name = "name",
					   .kernel = row->asked ? NULL : "6.12",
					   .devices = row->device ? &row->device : NULL,
					   .n_devices = row->device ? 1 : 0,
					   .drivers = &driver,
					   .n_drivers = 1};
	struct members *all = members_read(row->name);
	char *answers = row->asked ? answers_json(row->name, ANSWERS_ALL, NULL, NULL) : NULL;
	struct iof_ctx *ctx = new_context();
	unsigned long n, failed = 0;
	bool happened = true;

	options.measured = answers;
	options.measured_length = answers ? strlen(answers) : 0;
	for (n = 1; happened; n++) {
		/* A root remembers that memory was short. */
		struct root *root = members_root(all, NULL, 0);
		struct iof_host *host = NULL;
		int err;

		inject_failure(n, false);
		err = host_load_from_root(ctx, root, "memory", &options, &host);
		happened = inject_happened();
		inject_failure(0, false);
		/* One that nothing hangs on may fail without harm. */
		if (err) {
			assert_true(happened);
			assert_int_equal(err, -ENOMEM);
			assert_null(host);
			failed++;
		}
		iof_host_unref(host);
		root_free(root);
	}
	assert_true(failed > 5);
	members_free(all);
	iof_ctx_unref(ctx);
	free(answers);
}

int run_memory(void)
{
	return RUN_TABLE(memory_rows, test_memory);
}
