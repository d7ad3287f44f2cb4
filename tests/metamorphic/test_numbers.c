/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other numbers for devices, buses and groups, in host and command line alike: the same answer with
 * those numbers. */
#include "meta.h"

static const char *const captures[] = {"intel39-pb46",	    "intel48-pb48", "amd-pb48",
				       "intelsm-fsts-pb48", "intel48-noir", "virtio39-unsafe"};
static const char *const devices[] = {"00:05.0", "00:06.0", "00:07.0", "00:08.0", "00:09.0",
				      "00:0a.0", "01:00.0", "02:01.0", "02:02.0"};

struct renumbered {
	const char *capture;
	struct iof_host *host;
	char to[ARRAY_SIZE(devices)][BDF_TEXT];
	char group[4]; /* what stands before each group's number */
};
static struct renumbered *now;

/* A bus for each, beyond those that the capture has. */
static void choose_numbers(struct renumbered *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		snprintf(r->to[i], sizeof(r->to[i]), "%02x:%02x.%x",
			 (unsigned)(0x20 + 16 * i + choose(16)), (unsigned)choose(32),
			 (unsigned)choose(8));
	snprintf(r->group, sizeof(r->group), "%u", (unsigned)(1 + choose(99)));
}

static void renumber_host(struct renumbered *r)
{
	struct members *all = members_read(r->capture);
	struct iof_ctx *ctx = new_context();
	struct buf folder = {0};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct buf from = {0}, to = {0};

		buf_printf(&from, "0000:%s", devices[i]);
		buf_printf(&to, "0000:%s", r->to[i]);
		members_substitute(all, from.data, to.data);
		buf_free(&from);
		buf_free(&to);
	}
	buf_printf(&folder, "iommu_groups/%s", r->group);
	members_substitute(all, "iommu_groups/", folder.data);
	if (members_host(ctx, all, NULL, 0, NULL, &r->host))
		fail_msg("%s", iof_ctx_error(ctx));
	buf_free(&folder);
	iof_ctx_unref(ctx);
	members_free(all);
}

/* text becomes the answer that the new numbers must give. */
static char *renumber_answer(const struct renumbered *r, char *text)
{
	static const char *const before[] = {"group ", "/dev/vfio/"};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		char *next = substitute(text, devices[i], r->to[i]);

		free(text);
		text = next;
	}
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		for (unsigned digit = 0; digit < 10; digit++) {
			struct buf from = {0}, to = {0};
			char *next;

			buf_printf(&from, "%s%u", before[i], digit);
			buf_printf(&to, "%s\1%s%u", before[i], r->group, digit);
			next = substitute(text, from.data, to.data);
			free(text);
			text = next;
			buf_free(&from);
			buf_free(&to);
		}
	}
	return text;
}

static bool is_of_capture(const struct cell *cell)
{
	return str_eq(cell->host, now->capture);
}

/* \1 kept a number that was put in from being taken for one that was there. */
static char *without_marks(char *text)
{
	char *clean = substitute(text, "\1", "");

	free(text);
	return clean;
}

static void compare(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);
	char *wanted = without_marks(renumber_answer(now, answer(meta_host(cell->host), cell))),
	     *got;

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		cell_substitute(changed, devices[i], now->to[i]);
	got = answer(now->host, changed);
	expect_same(changed, "other numbers", wanted, got);
	free(wanted);
	free(got);
	cell_free(changed);
}

static void test_renumbered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(captures); i++) {
		for (unsigned k = 0; k < 2; k++) {
			struct renumbered r = {.capture = captures[i]};

			now = &r;
			choose_numbers(&r);
			renumber_host(&r);
			for_cells(150, 70, is_of_capture, compare);
			iof_host_unref(r.host);
		}
	}
}

int run_numbers(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_renumbered)};

	return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
