/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of options and keys: where QEMU does not care, nothing changes; where it does, the
 * answer follows. */
#include "meta.h"

static bool is_good_set(const struct cell *cell)
{
	return !str_eq(cell->set, "bad");
}

static void expect_unchanged(const struct cell *cell, struct cell *changed, const char *what)
{
	struct iof_host *host = meta_host(cell->host);
	char *wanted = answer(host, cell), *got = answer(host, changed);

	expect_same(changed, what, wanted, got);
	free(wanted);
	free(got);
	cell_free(changed);
}

/* ---- keys of a device ---- */

static char *shuffled(const char *option)
{
	const char *first = option + strcspn(option, ",");
	struct buf out = {0};
	char *text = strdup(first), *next = text, *word;
	char **words = calloc(strlen(first) + 1, sizeof(*words));
	size_t n = 0;

	assert_non_null(words);
	buf_append(&out, option, (size_t)(first - option));
	strsep(&next, ",");
	while ((word = strsep(&next, ",")))
		words[n++] = word;
	while (n) {
		size_t at = (size_t)choose(n);

		buf_printf(&out, ",%s", words[at]);
		words[at] = words[--n];
	}
	free(words);
	free(text);
	return buf_steal(&out);
}

/* Of a key that is given twice the last counts. */
static bool has_plain_devices(const struct cell *cell)
{
	for (size_t i = 0, at; (at = cell_option(cell, "-device", i)); i++) {
		const char *host = strstr(cell->argv[at], "host=");

		if (cell->argv[at][0] == '{' || strstr(cell->argv[at], ",,") ||
		    (host && strstr(host + 1, "host=")))
			return false;
	}
	return true;
}

static void shuffle_keys(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);

	for (size_t i = 0, at; (at = cell_option(changed, "-device", i)); i++)
		cell_replace(changed, at, shuffled(changed->argv[at]));
	expect_unchanged(cell, changed, "keys of -device in another order");
}

/* ---- options ---- */

/* Machine, accelerator, RAM and objects are there before any device, wherever they stand. */
static void move_options(const struct cell *cell)
{
	static const char *const movable[] = {"-machine", "-accel",   "-m",
					      "-object",  "-display", "-qmp"};
	struct cell *changed = cell_copy(cell);

	for (unsigned k = 0; k < 3; k++) {
		size_t from = cell_option(changed, movable[choose(ARRAY_SIZE(movable))], 0), to = 1;
		size_t stop = choose(changed->argc);
		char *name, *value;

		if (!from)
			continue;
		name = strdup(changed->argv[from - 1]);
		value = strdup(changed->argv[from]);
		cell_remove(changed, from);
		cell_remove(changed, from - 1);
		/* to the start of some option */
		for (size_t i = 1; i < changed->argc && i <= stop; i++) {
			if (changed->argv[i][0] == '-')
				to = i;
		}
		cell_insert(changed, to, value);
		cell_insert(changed, to, name);
		free(name);
		free(value);
	}
	expect_unchanged(cell, changed, "options in another order");
}

static void test_keys(void **state)
{
	(void)state;
	for_cells(800, 2000, has_plain_devices, shuffle_keys);
}

static void test_options(void **state)
{
	(void)state;
	for_cells(800, 2000, is_good_set, move_options);
}

/* ---- where it does matter ---- */

#define VFIO "-device", "vfio-pci,host=0000:00:05.0,id=dev0"
#define TOO_WIDE "-device", "intel-iommu,caching-mode=on,aw-bits=48"
#define BAD_WIDTH "-device", "intel-iommu,aw-bits=40"
#define NO_BUS "-device", "vfio-pci,host=0000:00:05.0,id=dev0,bus=nope"
#define JSON_VFIO "-device", "{\"driver\":\"vfio-pci\",\"host\":\"0000:00:05.0\",\"id\":\"dev0\"}"
#define BUS_TEXT "start: Bus 'nope' not found\n"

static const struct order_row {
	const char *name;
	const char *qemu;
	const char *options[6];
	bool starts;
	const char *text; /* in the answer */
	const char *not_text;
} rows[] = {
	{"vIOMMU before the device",
	 "11.1.3",
	 {TOO_WIDE, VFIO},
	 false,
	 "aw-bits 48 > host aw-bits 39",
	 "rule order."},
	{"vIOMMU after the device",
	 "11.1.3",
	 {VFIO, TOO_WIDE},
	 true,
	 "rule order.viommu-after-device",
	 "aw-bits 48 >"},
	{"vIOMMU after a device in JSON, which QEMU makes last",
	 "11.1.3",
	 {JSON_VFIO, TOO_WIDE},
	 false,
	 "aw-bits 48 > host aw-bits 39",
	 "rule order."},
	{"the first bad device is named: vIOMMU",
	 "11.1.3",
	 {BAD_WIDTH, NO_BUS},
	 false,
	 "start: Legacy mode: supported values for aw-bits are: 39, 48\n",
	 "nope"},
	{"the first bad device is named: device",
	 "11.1.3",
	 {NO_BUS, BAD_WIDTH},
	 false,
	 BUS_TEXT,
	 "Legacy mode"},
	{"of two bad properties the place in QEMU's dictionary decides",
	 "11.1.3",
	 {"-device", "intel-iommu,aw-bits=abc,intremap=x"},
	 false,
	 "start: Parameter 'intremap' does not accept value 'x'\n",
	 "aw-bits"},
	{"the other way round it is the same one",
	 "11.1.3",
	 {"-device", "intel-iommu,intremap=x,aw-bits=abc"},
	 false,
	 "start: Parameter 'intremap' does not accept value 'x'\n",
	 "aw-bits"},
	{"another two",
	 "11.1.3",
	 {"-device", "intel-iommu,bogus=1,aw-bits=abc"},
	 false,
	 "start: Property 'intel-iommu.bogus' not found\n",
	 "aw-bits"},
	{"another two, the other way round",
	 "11.1.3",
	 {"-device", "intel-iommu,aw-bits=abc,bogus=1"},
	 false,
	 "start: Property 'intel-iommu.bogus' not found\n",
	 "aw-bits"},
	{"of one key the last value counts: 39",
	 "11.1.3",
	 {"-device", "intel-iommu,caching-mode=on,aw-bits=48,aw-bits=39", VFIO},
	 true,
	 "start",
	 "aw-bits"},
	{"of one key the last value counts: 48",
	 "11.1.3",
	 {"-device", "intel-iommu,caching-mode=on,aw-bits=39,aw-bits=48", VFIO},
	 false,
	 "aw-bits 48 > host aw-bits 39",
	 "\1"},
	{"before 10.2 caching mode is looked at after the width",
	 "10.1.0",
	 {"-device", "intel-iommu,aw-bits=48", VFIO},
	 false,
	 "aw-bits 48 > host aw-bits 39",
	 "caching-mode=on"},
	{"from 10.2 before it",
	 "10.2.2",
	 {"-device", "intel-iommu,aw-bits=48", VFIO},
	 false,
	 "caching-mode=on",
	 "aw-bits 48 >"},
};

static void test_row(void **state)
{
	static const char *const start[] = {
		"qemu-system-x86_64", "-nodefaults", "-machine", "q35", "-accel", "tcg"};
	const struct order_row *row = *state;
	char *argv[ARRAY_SIZE(start) + ARRAY_SIZE(row->options) + 1] = {0};
	struct cell cell = {
		.host = "intel39-pb46", .qemu = row->qemu, .set = "order", .argv = argv};
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(start); i++)
		argv[cell.argc++] = (char *)(uintptr_t)start[i];
	for (size_t i = 0; i < ARRAY_SIZE(row->options) && row->options[i]; i++)
		argv[cell.argc++] = (char *)(uintptr_t)row->options[i];
	text = answer(meta_host(cell.host), &cell);
	if (starts(text) != row->starts || !strstr(text, row->text) || strstr(text, row->not_text))
		expect_same(&cell, row->name, row->text, text);
	free(text);
}

int run_order(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys),
					   cmocka_unit_test(test_options)};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL) + RUN_TABLE(rows, test_row);
}
