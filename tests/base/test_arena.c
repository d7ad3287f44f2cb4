/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

#include <stdalign.h>
#include <stdbool.h>

#include "base/arena.h"

static const struct size_row {
	const char *name;
	size_t block;
	size_t size;
} sizes[] = {
	{"arena: nothing", 0, 0},
	{"arena: a byte with block 0", 0, 1},
	{"arena: a whole block", 64, 64},
	{"arena: more than a block", 64, 65},
	{"arena: a megabyte", 4096, 1 << 20},
};

static void allocates(void **state)
{
	const struct size_row *row = *state;
	struct arena *a = arena_new(row->block);
	int i;

	assert_non_null(a);
	for (i = 0; i < 3; i++) {
		unsigned char *p = arena_alloc(a, row->size);
		size_t k;

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (k = 0; k < row->size; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, row->size);
	}
	arena_free(a);
}

static const struct overflow_row {
	const char *name;
	size_t n;
	size_t size;
} overflows[] = {
	{"arena: largest size", 1, SIZE_MAX},
	{"arena: near the largest size", 1, SIZE_MAX - 20},
	{"arena: n * size overflows", SIZE_MAX / 2 + 1, 2},
	{"arena: n * size overflows by far", SIZE_MAX, SIZE_MAX},
};

static void refuses_overflow(void **state)
{
	const struct overflow_row *row = *state;
	struct arena *a = arena_new(64);

	assert_null(arena_array(a, row->n, row->size));
	assert_non_null(arena_alloc(a, 8));
	assert_null(arena_strndup(a, "", SIZE_MAX));
	arena_free(a);
}

static void reset_reuses_memory(void **state)
{
	struct arena *a = arena_new(256);
	void *first[40];
	size_t i;

	for (i = 0; i < 40; i++)
		first[i] = memset(arena_alloc(a, 16 + i * 13), 0xa5, 16 + i * 13);
	arena_reset(a);
	for (i = 0; i < 40; i++) {
		const char *again = arena_alloc(a, 16 + i * 13);

		assert_ptr_equal(again, first[i]);
		assert_int_equal(again[i], 0);
	}
	arena_free(a);
}

static void grow_keeps_members(void **state)
{
	struct arena *a = arena_new(128);
	unsigned *numbers = NULL;
	size_t n = 0, cap = 0;

	for (n = 0; n < 1000; n++) {
		numbers = arena_grow(a, numbers, n, &cap, sizeof(*numbers));
		assert_non_null(numbers);
		assert_true(cap > n);
		numbers[n] = (unsigned)n * 7;
	}
	for (n = 0; n < 1000; n++)
		assert_int_equal(numbers[n], n * 7);
	arena_free(a);
}

static void strings_are_copies(void **state)
{
	struct arena *a = arena_new(64);
	char source[] = "dmar0";
	char *copy = arena_strdup(a, source);
	char *part = arena_strndup(a, source, 4);
	char *bytes = arena_memdup(a, "a\0b", 3);

	source[0] = 'x';
	assert_string_equal(copy, "dmar0");
	assert_string_equal(part, "dmar");
	assert_memory_equal(bytes, "a\0b", 3);
	arena_free(a);
}

static const struct print_row {
	const char *name;
	int width;
} prints[] = {
	{"arena: printf of nothing", 0},       {"arena: printf of 255 bytes", 255},
	{"arena: printf of 256 bytes", 256},   {"arena: printf of 257 bytes", 257},
	{"arena: printf of 5000 bytes", 5000},
};

static void printf_measures(void **state)
{
	const struct print_row *row = *state;
	struct arena *a = arena_new(64);
	char *text = arena_printf(a, "%*s", row->width, "");

	assert_non_null(text);
	assert_int_equal(strlen(text), row->width);
	assert_int_equal(strspn(text, " "), row->width);
	arena_free(a);
}

int test_arena(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_reuses_memory),
		cmocka_unit_test(grow_keeps_members),
		cmocka_unit_test(strings_are_copies),
	};

	return RUN_TABLE(sizes, allocates) + RUN_TABLE(overflows, refuses_overflow) +
	       RUN_TABLE(prints, printf_measures) +
	       cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
