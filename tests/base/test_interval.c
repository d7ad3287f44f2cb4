/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/interval.h"
#include "base/strings.h"

#define TOP UINT64_MAX

/* A script of steps: "+first-last" adds, "-first-last" subtracts, "&first-last,first-last"
 * intersects. */
static const struct set_row {
	const char *name;
	const char *script;
	const char *expected;
} sets[] = {
	{"interval: empty", "", ""},
	{"interval: one address", "+5-5", "5-5"},
	{"interval: everything", "+0-ffffffffffffffff", "0-ffffffffffffffff"},
	{"interval: only 0", "+0-0", "0-0"},
	{"interval: only the top", "+ffffffffffffffff-ffffffffffffffff",
	 "ffffffffffffffff-ffffffffffffffff"},
	{"interval: both ends of the space", "+0-0 +ffffffffffffffff-ffffffffffffffff",
	 "0-0 ffffffffffffffff-ffffffffffffffff"},
	{"interval: disjoint, in order", "+0-f +20-2f", "0-f 20-2f"},
	{"interval: disjoint, out of order", "+20-2f +0-f", "0-f 20-2f"},
	{"interval: adjacent after", "+0-f +10-1f", "0-1f"},
	{"interval: adjacent before", "+10-1f +0-f", "0-1f"},
	{"interval: one short of adjacent", "+0-f +11-1f", "0-f 11-1f"},
	{"interval: adjacent to 0", "+1-1 +0-0", "0-1"},
	{"interval: adjacent at the top", "+0-fffffffffffffffe +ffffffffffffffff-ffffffffffffffff",
	 "0-ffffffffffffffff"},
	{"interval: overlap", "+0-1f +10-2f", "0-2f"},
	{"interval: inside", "+0-ff +10-1f", "0-ff"},
	{"interval: around", "+10-1f +0-ff", "0-ff"},
	{"interval: bridges two", "+0-f +20-2f +10-1f", "0-2f"},
	{"interval: swallows three", "+0-1 +4-5 +8-9 +0-f", "0-f"},
	{"interval: between two, touching none", "+0-f +40-4f +20-2f", "0-f 20-2f 40-4f"},
	{"interval: the same twice", "+3-7 +3-7", "3-7"},
	{"interval: subtract from nothing", "-0-ffffffffffffffff", ""},
	{"interval: subtract all", "+0-ffffffffffffffff -0-ffffffffffffffff", ""},
	{"interval: subtract 0", "+0-ffffffffffffffff -0-0", "1-ffffffffffffffff"},
	{"interval: subtract the top", "+0-ffffffffffffffff -ffffffffffffffff-ffffffffffffffff",
	 "0-fffffffffffffffe"},
	{"interval: subtract the middle", "+0-ffffffffffffffff -fee00000-feefffff",
	 "0-fedfffff fef00000-ffffffffffffffff"},
	{"interval: subtract the head", "+10-1f -0-13", "14-1f"},
	{"interval: subtract the tail", "+10-1f -18-40", "10-17"},
	{"interval: subtract exactly one", "+0-f +20-2f +40-4f -20-2f", "0-f 40-4f"},
	{"interval: subtract across several", "+0-f +20-2f +40-4f -8-47", "0-7 48-4f"},
	{"interval: subtract a gap", "+0-f +20-2f -10-1f", "0-f 20-2f"},
	{"interval: subtract beside", "+10-1f -0-f -20-2f", "10-1f"},
	{"interval: intersect with nothing", "+0-ff &", ""},
	{"interval: intersect nothing", "&0-ff", ""},
	{"interval: intersect with all", "+0-f +20-2f &0-ffffffffffffffff", "0-f 20-2f"},
	{"interval: intersect all", "+0-ffffffffffffffff &0-f,20-2f", "0-f 20-2f"},
	{"interval: intersect several", "+0-1f +30-4f &10-3f,48-ff", "10-1f 30-3f 48-4f"},
	{"interval: intersect touching", "+0-f &f-1f", "f-f"},
	{"interval: intersect adjacent", "+0-f &10-1f", ""},
	{"interval: intersect at the top", "+f-ffffffffffffffff &ffffffffffffffff-ffffffffffffffff",
	 "ffffffffffffffff-ffffffffffffffff"},
	{"interval: adjacent results are joined", "+0-ff &0-7,8-f", "0-f"},
};

static struct iof_range scan_range(const char **cursor)
{
	struct iof_range range;
	char *end;

	range.first = strtoull(*cursor, &end, 16);
	assert_int_equal(*end, '-');
	range.last = strtoull(end + 1, &end, 16);
	*cursor = end;
	return range;
}

static void intersect(struct interval_set *set, const char **cursor)
{
	struct iof_range ranges[8];
	size_t n = 0;

	while (**cursor && **cursor != ' ') {
		ranges[n++] = scan_range(cursor);
		if (**cursor == ',')
			++*cursor;
	}
	assert_int_equal(interval_intersect(set, ranges, n), 0);
}

static void step(struct interval_set *set, const char **cursor)
{
	char op = *(*cursor)++;
	struct iof_range range;

	if (op == '&') {
		intersect(set, cursor);
		return;
	}
	range = scan_range(cursor);
	if (op == '+')
		assert_int_equal(interval_add(set, range.first, range.last), 0);
	else
		assert_int_equal(interval_subtract(set, range.first, range.last), 0);
}

static void calculates(void **state)
{
	const struct set_row *row = *state;
	struct interval_set set = {.arena = arena_new(64)};
	struct buf text = {0};
	const char *cursor = row->script;
	char *got;
	size_t i;

	while (*cursor) {
		step(&set, &cursor);
		cursor += *cursor == ' ';
	}
	for (i = 0; i < set.n; i++)
		buf_printf(&text, "%s%" PRIx64 "-%" PRIx64, i ? " " : "", set.ranges[i].first,
			   set.ranges[i].last);
	got = buf_steal(&text);
	assert_string_equal(got, row->expected);
	free(got);
	arena_free(set.arena);
}

static const struct iof_range three[] = {{0, 0xfedfffff}, {0xfef00000, 0x7fffffffff}, {TOP, TOP}};

static const struct contain_row {
	const char *name;
	uint64_t first, last;
	size_t n;
	bool expected;
} contained[] = {
	{"contain: in no range", 0, 0, 0, false},
	{"contain: first address", 0, 0, 3, true},
	{"contain: whole range", 0, 0xfedfffff, 3, true},
	{"contain: one more", 0, 0xfee00000, 3, false},
	{"contain: in the hole", 0xfee00000, 0xfee00fff, 3, false},
	{"contain: around the hole", 0xfed00000, 0xfef00000, 3, false},
	{"contain: starts in the hole", 0xfeefffff, 0xfef00000, 3, false},
	{"contain: after the hole", 0xfef00000, 0xfef00fff, 3, true},
	{"contain: the end", 0x7fffffffff, 0x7fffffffff, 3, true},
	{"contain: past the end", 0x8000000000, 0x8000000000, 3, false},
	{"contain: the top", TOP, TOP, 3, true},
	{"contain: everything", 0, TOP, 3, false},
	{"contain: ends swapped", 5, 4, 3, false},
};

static void contains(void **state)
{
	const struct contain_row *row = *state;

	assert_int_equal(ranges_contain(three, row->n, row->first, row->last), row->expected);
}

static const struct width_row {
	const char *name;
	size_t n;
	struct iof_range last;
	unsigned expected;
} widths[] = {
	{"width: none", 0, {0, 0}, 0},
	{"width: only 0", 1, {0, 0}, 0},
	{"width: 0 to 1", 1, {0, 1}, 1},
	{"width: 32 bits", 1, {0, 0xffffffff}, 32},
	{"width: one more than 32 bits", 1, {0, 0x100000000}, 33},
	{"width: 39 bits", 1, {0xfef00000, 0x7fffffffff}, 39},
	{"width: a reserved region at the end", 1, {0, 0x7fffefffff}, 39},
	{"width: 48 bits", 1, {0, 0xffffffffffff}, 48},
	{"width: 64 bits", 1, {0, TOP}, 64},
};

static void width(void **state)
{
	const struct width_row *row = *state;

	assert_int_equal(ranges_width(&row->last, row->n), row->expected);
}

static void refuses_swapped_ends(void **state)
{
	struct interval_set set = {.arena = arena_new(64)};

	assert_int_equal(interval_add(&set, 1, 0), -EINVAL);
	assert_int_equal(interval_add(&set, TOP, 0), -EINVAL);
	assert_int_equal(interval_subtract(&set, TOP, TOP - 1), -EINVAL);
	assert_int_equal(set.n, 0);
	arena_free(set.arena);
}

static void compares(void **state)
{
	assert_true(ranges_equal(three, 3, three, 3));
	assert_true(ranges_equal(NULL, 0, three, 0));
	assert_false(ranges_equal(three, 3, three, 2));
	assert_false(ranges_equal(three, 2, three + 1, 2));
}

/* Many ranges against a bit per address. */
static void agrees_with_a_bitmap(void **state)
{
	struct interval_set set = {.arena = arena_new(4096)};
	bool in[256] = {false};
	unsigned seed = 1;
	int i;

	for (i = 0; i < 2000; i++) {
		unsigned first, last, k;

		seed = seed * 1103515245 + 12345;
		first = seed >> 16 & 0xff;
		last = first + (seed >> 24 & 7);
		if (last > 255)
			last = 255;
		if (seed & 0x8000)
			assert_int_equal(interval_add(&set, first, last), 0);
		else
			assert_int_equal(interval_subtract(&set, first, last), 0);
		for (k = first; k <= last; k++)
			in[k] = seed & 0x8000;
		for (k = 0; k < 256; k++)
			assert_int_equal(ranges_contain(set.ranges, set.n, k, k), in[k]);
		for (k = 1; k < set.n; k++)
			assert_true(set.ranges[k].first > set.ranges[k - 1].last + 1);
	}
	arena_free(set.arena);
}

int test_interval(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_swapped_ends),
		cmocka_unit_test(compares),
		cmocka_unit_test(agrees_with_a_bitmap),
	};

	return RUN_TABLE(sets, calculates) + RUN_TABLE(contained, contains) +
	       RUN_TABLE(widths, width) +
	       cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
