/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the address map's pictures: the axis, its labels, groups, lanes, and text in markup.
 */
#include <errno.h>
#include <inttypes.h>

#include "../captures.h"
#include "show/map_show.h"
#include "show/markup.h"

#define GiB(n) ((uint64_t)(n) << 30)
#define TiB(n) ((uint64_t)(n) << 40)

/* ---- the axis ---- */

struct scale_row {
	const char *name;
	uint64_t first, last;
	unsigned low, high;
};

static const struct scale_row scales[] = {
	{"2 GiB to 64 TiB", GiB(2), TiB(64) - 1, 30, 46},
	{"a border of 64 MiB", 64 << 20, GiB(512) - 1, 26, 39},
	{"a border of a page", 4096, GiB(512) - 1, 26, 39},
	{"no border", UINT64_MAX, GiB(512) - 1, 30, 39},
	{"all below 4 GiB", GiB(1), GiB(1) - 1, 30, 33},
	{"one byte above a power", GiB(1), GiB(512), 30, 40},
	{"the whole space", GiB(1), UINT64_MAX, 30, 64},
	{"nothing", 0, 0, 26, 33},
};

static void test_scale(void **state)
{
	const struct scale_row *row = *state;
	struct map_scale scale = map_scale_for(row->first, row->last);

	assert_int_equal(scale.low, row->low);
	assert_int_equal(scale.high, row->high);
}

struct place_row {
	const char *name;
	unsigned low, high;
	uint64_t address;
	unsigned step, of; /* the place as a part of the axis */
};

/* low 30, high 39: ten steps. */
static const struct place_row places[] = {
	{"0", 30, 39, 0, 0, 10},
	{"half of the first step", 30, 39, GiB(1) / 2, 1, 20},
	{"end of the first step", 30, 39, GiB(1), 1, 10},
	{"4 GiB", 30, 39, GiB(4), 3, 10},
	{"half of a step", 30, 39, GiB(6), 7, 20},
	{"the last but one", 30, 39, GiB(256), 9, 10},
	{"the end", 30, 39, GiB(512), 10, 10},
	{"beyond the end", 30, 39, TiB(64), 10, 10},
	{"the highest address", 30, 39, UINT64_MAX, 10, 10},
	{"half of 2^64", 30, 64, UINT64_C(1) << 63, 34, 35},
	{"the lowest axis", 26, 33, 64 << 20, 1, 8},
};

static void test_place(void **state)
{
	const struct place_row *row = *state;
	struct map_scale scale = {row->low, row->high};
	uint32_t expected = (uint32_t)((uint64_t)MAP_ONE * row->step / row->of);

	assert_in_range(map_place(&scale, row->address), expected, expected + 1);
}

/* A higher address never stands further left, and the end of the last byte is the axis' end. */
static void test_order(void **state)
{
	struct map_scale scale = {26, 64};
	uint64_t seed = 1;
	(void)state;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t a, b;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		a = seed >> (i % 64);
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		b = a + (seed >> (i % 63));
		if (b < a)
			continue;
		assert_true(map_place(&scale, a) <= map_place(&scale, b));
		assert_true(map_place_end(&scale, b) <= MAP_ONE);
	}
	assert_int_equal(map_place_end(&scale, UINT64_MAX), MAP_ONE);
}

struct tick_row {
	const char *name;
	unsigned low, high, limit, columns;
	const char *labels;
};

static const struct tick_row tick_rows[] = {
	{"all have room", 30, 39, 39, 80, "0 1G 2G 4G 8G 16G 32G 64G 128G 256G 512G"},
	{"half have room", 30, 39, 39, 30, "0 2G 4G 8G 32G 128G 512G"},
	{"the host's end comes first", 30, 46, 39, 24, "0 4G 32G 512G 8T 64T"},
	{"a host's end off the axis", 30, 39, 48, 24, "0 2G 4G 16G 64G 512G"},
	{"no host", 30, 46, 0, 40, "0 2G 4G 16G 64G 256G 1T 4T 64T"},
	{"hardly any room", 30, 46, 39, 10, "0 512G"},
	{"no room", 30, 46, 39, 4, "0 8T"},
	{"the whole space", 30, 64, 39, 60, "0 4G 32G 512G 8T 32T 1P 8P 32P 256P 1E 16E"},
};

static void test_ticks(void **state)
{
	const struct tick_row *row = *state;
	struct map_scale scale = {row->low, row->high};
	struct map_tick ticks[MAP_TICKS];
	size_t n = map_ticks(&scale, row->limit, row->columns, ticks, 0);
	unsigned end = 0;
	struct buf labels = {0};

	for (size_t i = 0; i < n; i++) {
		unsigned first = map_label_column(&ticks[i], row->columns);
		char text[MAP_SHORT];

		map_power_text(ticks[i].power, text);
		buf_printf(&labels, "%s%s", i ? " " : "", text);
		assert_true(i == 0 || first > end);
		end = first + (unsigned)strlen(text);
		assert_true(end <= row->columns);
		assert_false(ticks[i].is_minor);
	}
	assert_string_equal(labels.data, row->labels);
	buf_free(&labels);
	/* With more room, those that are there stay. */
	assert_true(map_ticks(&scale, row->limit, 3 * row->columns, ticks, n) >= n);
}

struct size_row {
	const char *name;
	uint64_t bytes;
};

/* The name is the text. */
static const struct size_row sizes[] = {
	{"0 B", 0},
	{"1 B", 1},
	{"4 KiB", 4096},
	{"1.5 KiB", 1536},
	{"1.25 GiB", GiB(5) / 4},
	{"2 GiB", GiB(2)},
	{"4078 MiB", 0xfee00000},
	{"9999 KiB", 9999 << 10},
	{"~508 GiB", 0x7fffffffff - 0xfef00000 + 1},
	{"2047 B", 2047},
	{"8 TiB", TiB(8)},
	{"~8 TiB", TiB(8) + GiB(3) / 2},
	{"16 PiB", UINT64_C(1) << 54},
	{"~15.9 EiB", UINT64_MAX},
};

static void test_size(void **state)
{
	const struct size_row *row = *state;
	char text[MAP_SIZE];

	map_size_text(row->bytes, text);
	assert_string_equal(text, row->name);
}

/* ---- groups and lanes ---- */

#define RANGES_39                                                                                  \
	{                                                                                          \
		{0, 0xfedfffff},                                                                   \
		{                                                                                  \
			0xfef00000, 0x7fffffffff                                                   \
		}                                                                                  \
	}

struct lane_row {
	const char *name;
	struct map_item items[12];
	const char *groups; /* name:n */
	const char *lanes;  /* name and pieces: mark, first and last address, items */
};

#define RAM(first, last, fit)                                                                      \
	{                                                                                          \
		IOF_REGION_RAM, {first, last}, "ram", NULL, NULL, -1, true, fit, {0, 0}, 0, 0      \
	}
#define BAR(name, driver, number, first, last, fit)                                                \
	{                                                                                          \
		IOF_REGION_BAR, {first, last}, name, NULL, driver, number, (fit) != IOF_FIT_NONE,  \
			fit, {0, 0}, 0, 0                                                          \
	}
#define WINDOW(first, last)                                                                        \
	{                                                                                          \
		IOF_REGION_MMIO64, {first, last}, "window", NULL, NULL, -1, false, IOF_FIT_NONE,   \
			{0, 0}, 0, 0                                                               \
	}

static const struct lane_row lane_rows[] = {
	{"RAM in two parts",
	 {RAM(0, 0x7fffffff, IOF_FIT_YES), RAM(0x100000000, 0x17fffffff, IOF_FIT_YES)},
	 "ram:1 ram:1",
	 "RAM #0-7fffffff:1 #100000000-17fffffff:1"},
	{"RAM beyond the end",
	 {RAM(0x100000000, 0x80ffffffff, IOF_FIT_NO)},
	 "ram:1",
	 "RAM #100000000-7fffffffff:1 !8000000000-80ffffffff:1"},
	{"RAM over the hole",
	 {RAM(0, 0xffffffff, IOF_FIT_NO)},
	 "ram:1",
	 "RAM #0-fedfffff:1 !fee00000-feefffff:1 #fef00000-ffffffff:1"},
	{"RAM wholly beyond",
	 {RAM(TiB(1), TiB(2) - 1, IOF_FIT_NO)},
	 "ram:1",
	 "RAM !10000000000-1ffffffffff:1"},
	{"a region up to the last byte",
	 {RAM(TiB(1), UINT64_MAX, IOF_FIT_NO)},
	 "ram:1",
	 "RAM !10000000000-ffffffffffffffff:1"},
	{"a BAR that does not fit has a lane",
	 {BAR("a BAR 0", "vfio-pci", 0, 0xc0000000, 0xc0ffffff, IOF_FIT_YES),
	  WINDOW(TiB(56), TiB(64) - 1),
	  BAR("a BAR 1", "vfio-pci", 1, TiB(56), TiB(56) + GiB(1) - 1, IOF_FIT_NO)},
	 "a BAR 0:1 window:1 a BAR 1:1",
	 "BAR windows -380000000000-3fffffffffff:1 BARs #c0000000-c0ffffff:1 "
	 "a BAR 1 !380000000000-38003fffffff:1"},
	{"four alike are one",
	 {BAR("a BAR 1", "vfio-pci", 1, TiB(56), TiB(56) + 15, IOF_FIT_NO),
	  BAR("b BAR 1", "vfio-pci", 1, TiB(56) + 16, TiB(56) + 31, IOF_FIT_NO),
	  BAR("c BAR 1", "vfio-pci", 1, TiB(56) + 32, TiB(56) + 47, IOF_FIT_NO),
	  BAR("d BAR 1", "vfio-pci", 1, TiB(56) + 48, TiB(56) + 63, IOF_FIT_NO)},
	 "4 x vfio-pci BAR 1:4",
	 "4 x vfio-pci BAR 1 !380000000000-38000000003f:4"},
	{"three alike stay apart, and touching pieces are one",
	 {BAR("a BAR 0", "vfio-pci", 0, 0xc0000000, 0xc000ffff, IOF_FIT_YES),
	  BAR("b BAR 0", "vfio-pci", 0, 0xc0010000, 0xc001ffff, IOF_FIT_YES),
	  BAR("c BAR 0", "vfio-pci", 0, 0xc0020000, 0xc002ffff, IOF_FIT_YES)},
	 "a BAR 0:1 b BAR 0:1 c BAR 0:1",
	 "BARs #c0000000-c002ffff:3"},
	{"four that nothing maps, of several drivers",
	 {BAR("a BAR 0", "e1000e", 0, 0xc0000000, 0xc000ffff, IOF_FIT_NONE),
	  BAR("b BAR 1", "VGA", 1, 0xc0010000, 0xc001ffff, IOF_FIT_NONE),
	  BAR("c BAR 0", "nvme", 0, 0xc0020000, 0xc002ffff, IOF_FIT_NONE),
	  BAR("d BAR 0", "pcie-root-port", 0, 0xc0030000, 0xc003ffff, IOF_FIT_NONE)},
	 "4 BARs, not mapped:4",
	 "BARs -c0000000-c003ffff:4"},
	{"low and high are not alike",
	 {BAR("a BAR 0", "e1000e", 0, 0xc0000000, 0xc000ffff, IOF_FIT_NONE),
	  BAR("b BAR 0", "e1000e", 0, 0xc0010000, 0xc001ffff, IOF_FIT_NONE),
	  BAR("c BAR 0", "e1000e", 0, TiB(56), TiB(56) + 1, IOF_FIT_NONE),
	  BAR("d BAR 0", "e1000e", 0, TiB(56) + 2, TiB(56) + 3, IOF_FIT_NONE)},
	 "a BAR 0:1 b BAR 0:1 c BAR 0:1 d BAR 0:1",
	 "BARs -c0000000-c001ffff:2 -380000000000-380000000003:2"},
	{"more BARs than lanes",
	 {BAR("0", "vfio-pci", 0, TiB(1), TiB(1), IOF_FIT_NO),
	  BAR("1", "vfio-pci", 1, TiB(2), TiB(2), IOF_FIT_NO),
	  BAR("2", "vfio-pci", 2, TiB(4), TiB(4), IOF_FIT_NO),
	  BAR("3", "vfio-pci", 3, TiB(8), TiB(8), IOF_FIT_NO),
	  BAR("4", "vfio-pci", 4, TiB(16), TiB(16), IOF_FIT_NO),
	  BAR("5", "vfio-pci", 5, TiB(32), TiB(32), IOF_FIT_NO),
	  BAR("6", "ivshmem-plain", 2, TiB(64), TiB(64), IOF_FIT_NO),
	  BAR("7", "ivshmem-plain", 3, TiB(128), TiB(128), IOF_FIT_NO)},
	 "0:1 1:1 2:1 3:1 4:1 5:1 6:1 7:1",
	 "0 !10000000000-10000000000:1 1 !20000000000-20000000000:1 2 "
	 "!40000000000-40000000000:1 3 !80000000000-80000000000:1 4 "
	 "!100000000000-100000000000:1 5 !200000000000-200000000000:1 more BARs "
	 "!400000000000-400000000000:1 !800000000000-800000000000:1"},
	{"a kind from the future",
	 {{(enum iof_region_kind)99,
	   {GiB(1), GiB(2)},
	   "new",
	   NULL,
	   NULL,
	   -1,
	   false,
	   IOF_FIT_NONE,
	   {0, 0},
	   0,
	   0}},
	 "new:1",
	 "platform -40000000-80000000:1"},
	{"a fit that is not known",
	 {RAM(0, 0x7fffffff, IOF_FIT_UNKNOWN)},
	 "ram:1",
	 "RAM ?0-7fffffff:1"},
	{"nothing", {{0}}, "", ""},
};

static void describe(const struct map_view *view, struct buf *groups, struct buf *lanes)
{
	static const char marks[] = {
		[MARK_FREE] = '-', [MARK_MAPPED] = '#', [MARK_UNKNOWN] = '?', [MARK_OUTSIDE] = '!'};

	buf_puts(groups, "");
	buf_puts(lanes, "");
	for (size_t i = 0; i < view->n_groups; i++)
		buf_printf(groups, "%s%s:%zu", i ? " " : "", view->groups[i].name,
			   view->groups[i].n);
	for (size_t i = 0; i < view->n_lanes; i++) {
		const struct map_lane *lane = &view->lanes[i];

		buf_printf(lanes, "%s%s", i ? " " : "", lane->name);
		for (size_t k = 0; k < lane->n; k++)
			buf_printf(lanes, " %c%" PRIx64 "-%" PRIx64 ":%zu",
				   marks[lane->pieces[k].mark], lane->pieces[k].range.first,
				   lane->pieces[k].range.last, lane->pieces[k].n);
	}
}

static void test_lanes(void **state)
{
	static const struct iof_range ranges[] = RANGES_39;
	const struct lane_row *row = *state;
	struct map_item items[ARRAY_SIZE(row->items)];
	struct map_view view = {.arena = arena_new(4096),
				.items = items,
				.ranges = ranges,
				.n_ranges = ARRAY_SIZE(ranges)};
	struct buf groups = {0}, lanes = {0};

	memcpy(items, row->items, sizeof(items));
	while (view.n_items < ARRAY_SIZE(items) && items[view.n_items].name)
		view.n_items++;
	assert_int_equal(map_view_make(&view), 0);
	describe(&view, &groups, &lanes);
	assert_string_equal(groups.data ? groups.data : "", row->groups);
	assert_string_equal(lanes.data ? lanes.data : "", row->lanes);
	assert_int_equal(view.limit, 39);
	for (size_t i = 0; i < view.n_lanes; i++) {
		for (size_t k = 0; k < view.lanes[i].n; k++) {
			assert_true(view.lanes[i].pieces[k].begin <= view.lanes[i].pieces[k].end);
			assert_true(view.lanes[i].pieces[k].end <= MAP_ONE);
		}
	}
	buf_free(&groups);
	buf_free(&lanes);
	arena_free(view.arena);
}

/* ---- markup ---- */

struct markup_row {
	const char *name;
	const char *text;
	unsigned columns; /* 0: all of it */
	const char *expected;
};

static const struct markup_row markup_rows[] = {
	{"plain", "pc.ram", 0, "pc.ram"},
	{"a tag", "<script>alert(1)</script>", 0, "&lt;script&gt;alert(1)&lt;/script&gt;"},
	{"quotes", "\"'&", 0, "&quot;&#39;&amp;"},
	{"the end of CDATA", "]]>", 0, "]]&gt;"},
	{"an escape sequence", "\033[31m", 0, "\\x1b[31m"},
	{"a bell and a NUL's neighbour", "\a\001", 0, "\\x07\\x01"},
	{"lines stay", "a\nb", 0, "a\nb"},
	{"a carriage return does not", "a\r\nb", 0, "a\\x0d\nb"},
	{"text from right to left", "\xe2\x80\xae", 0, "\\xe2\\x80\\xae"},
	{"invalid UTF-8", "\xff\xc3", 0, "\\xff\\xc3"},
	{"a surrogate", "\xed\xa0\x80", 0, "\\xed\\xa0\\x80"},
	{"what XML has not", "\xef\xbf\xbf", 0, "\\xef\\xbf\\xbf"},
	{"a noncharacter", "\xf0\x9f\xbf\xbe", 0, "\\xf0\\x9f\\xbf\\xbe"},
	{"other scripts", "\xe5\xbb\xa3 \xc3\xa9", 0, "\xe5\xbb\xa3 \xc3\xa9"},
	{"short enough", "abcde", 5, "abcde"},
	{"cut", "abcdef", 5, "abcd\xe2\x80\xa6"},
	{"cut before an escape", "abc\033[m", 6, "abc\xe2\x80\xa6"},
	{"cut before a wide character", "abc\xe5\xbb\xa3z", 5, "abc\xe2\x80\xa6"},
	{"a reference counts as one", "<<<<<<", 4, "&lt;&lt;&lt;\xe2\x80\xa6"},
};

static void test_markup(void **state)
{
	const struct markup_row *row = *state;
	struct buf text = {0};
	struct iof_output out = {.size = sizeof(out), .write = append_output, .data = &text};
	struct emit e;

	emit_begin(&e, &out);
	if (row->columns)
		markup_cut(&e, row->columns, row->text);
	else
		markup_text(&e, row->text);
	assert_int_equal(emit_end(&e), 0);
	assert_string_equal(text.data, row->expected);
	buf_free(&text);
}

int main(void)
{
	static const struct CMUnitTest order[] = {cmocka_unit_test(test_order)};

	return RUN_TABLE(scales, test_scale) + RUN_TABLE(places, test_place) +
	       cmocka_run_group_tests(order, NULL, NULL) + RUN_TABLE(tick_rows, test_ticks) +
	       RUN_TABLE(sizes, test_size) + RUN_TABLE(lane_rows, test_lanes) +
	       RUN_TABLE(markup_rows, test_markup);
}
