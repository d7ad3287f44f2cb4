/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small parts: command line, versions, decompression. */
#include "../captures.h"
#include "groups.h"
#include "host/finish.h"
#include "host/loader.h"
#include "members.h"

struct word_row {
	const char *name;
	const char *cmdline, *key, *first, *second;
	int last;
};

static const struct word_row word_rows[] = {
	{"absent", "quiet ro", "intel_iommu", "on", "off", 0},
	{"present", "quiet intel_iommu=on", "intel_iommu", "on", "off", 1},
	{"second", "intel_iommu=off", "intel_iommu", "on", "off", 2},
	{"last word", "intel_iommu=on,sm_off,sm_on", "intel_iommu", "sm_on", "sm_off", 1},
	{"last parameter", "intel_iommu=sm_on intel_iommu=sm_off", "intel_iommu", "sm_on", "sm_off",
	 2},
	{"not part of a word", "intel_iommu=sm_only", "intel_iommu", "sm_on", NULL, 0},
	{"not part of a name", "xintel_iommu=on", "intel_iommu", "on", NULL, 0},
	{"dash and underscore", "intel-iommu=on", "intel_iommu", "on", NULL, 1},
	{"in quotes", "x=\"a intel_iommu=on\" y", "intel_iommu", "on", NULL, 0},
	{"without value", "intel_iommu", "intel_iommu", "on", NULL, 0},
	{"empty value", "intel_iommu= ro", "intel_iommu", "on", NULL, 0},
	{"empty words", "intel_iommu=,,on,", "intel_iommu", "on", NULL, 1},
	{"only an equals sign", "= intel_iommu=on", "intel_iommu", "on", NULL, 1},
	{"open quote", "intel_iommu=\"on", "intel_iommu", "on", NULL, 0},
};

static void test_word(void **state)
{
	const struct word_row *row = *state;

	assert_int_equal(cmdline_last(row->cmdline, row->key, row->first, row->second), row->last);
}

struct bool_row {
	const char *name;
	const char *cmdline;
	enum tristate value;
};

static const struct bool_row bool_rows[] = {
	{"absent", "quiet", TRI_UNKNOWN},
	{"bare", "m.p", TRI_YES},
	{"1", "m.p=1", TRI_YES},
	{"Y", "m.p=Y", TRI_YES},
	{"on", "m.p=on", TRI_YES},
	{"off", "m.p=off", TRI_NO},
	{"n", "m.p=n", TRI_NO},
	{"0", "m.p=0", TRI_NO},
	{"the last counts", "m.p=1 m.p=0", TRI_NO},
	{"nonsense", "m.p=x", TRI_UNKNOWN},
	{"nothing", "m.p=", TRI_UNKNOWN},
	{"o alone", "m.p=o", TRI_UNKNOWN},
};

static void test_bool(void **state)
{
	const struct bool_row *row = *state;

	assert_int_equal(cmdline_bool(row->cmdline, "m.p"), row->value);
}

struct version_row {
	const char *name;
	unsigned major, minor, patch;
};

static const struct version_row version_rows[] = {
	{"6.12", 6, 12, 0},
	{"6.12.43+deb13-amd64", 6, 12, 43},
	{"5.14.0-570.el9.x86_64", 5, 14, 0},
	{"6.8.12-11-pve", 6, 8, 12},
	{"7.2-rc3", 7, 2, 0},
	{"", 0, 0, 0},
	{"6", 0, 0, 0},
	{"x.y", 0, 0, 0},
	{"99999999999.1", 0, 0, 0},
	{"-1.2", 0, 0, 0},
};

static void test_version(void **state)
{
	const struct version_row *row = *state;
	struct kernel_version version = kernel_version_parse(row->name);

	assert_int_equal(version.major, row->major);
	assert_int_equal(version.minor, row->minor);
	assert_int_equal(version.patch, row->patch);
}

static void test_at_least(void **state)
{
	struct iof_host host = {.kernel = {6, 12, 0}};

	(void)state;
	assert_true(kernel_at_least(&host, 6, 12));
	assert_true(kernel_at_least(&host, 5, 19));
	assert_false(kernel_at_least(&host, 6, 13));
	assert_false(kernel_at_least(&host, 7, 0));
	host.kernel.major = 0;
	assert_true(kernel_at_least(&host, 99, 0));
}

/* A whole kernel configuration, and every way to cut or damage it: an error or text, never more
 * than asked. */
static void test_gunzip(void **state)
{
	struct members *all = members_read("intel48-pb46");
	struct arena *arena = arena_new(65536);
	const char *text, *bytes;
	size_t length, n, failed = 0;
	char *damaged;

	(void)state;
	bytes = members_bytes(all, "/proc/config.gz", &length);
	assert_non_null(bytes);
	assert_int_equal(gunzip(arena, bytes, length, FACT_CONFIG, &text, &n), 0);
	assert_non_null(strstr(text, "\nCONFIG_INTEL_IOMMU=y\n"));
	assert_true(str_starts(text, "#"));
	assert_int_equal(strlen(text), n);
	assert_int_equal(gunzip(arena, bytes, length, n - 1, &text, &n), -EBADMSG);
	damaged = malloc(length);
	for (size_t i = 0; i < length; i += 7) {
		memcpy(damaged, bytes, length);
		damaged[i] = (char)~damaged[i];
		arena_reset(arena);
		if (gunzip(arena, damaged, length, FACT_CONFIG, &text, &n))
			failed++;
		if (i < 200)
			assert_int_equal(gunzip(arena, bytes, i, FACT_CONFIG, &text, &n), -EBADMSG);
	}
	assert_true(failed > 10);
	free(damaged);
	arena_free(arena);
	members_free(all);
}

/* RFC 1951's three kinds of block: stored, fixed, dynamic (the last is the configuration above). */
static void test_blocks(void **state)
{
	static const uint8_t stored[] = {0x1f, 0x8b, 8,	  0,   0, 0, 0, 0, 0, 3, 1, 2, 0,
					 0xfd, 0xff, 'h', 'i', 0, 0, 0, 0, 2, 0, 0, 0};
	/* With a name, as gzip(1) writes "hello hello hello\n". */
	static const uint8_t fixed[] = {
		0x1f, 0x8b, 8,	  8,	0,    0,    0,	  0, 0, 3, 'x', 0,  0xcb, 0x48, 0xcd, 0xc9,
		0xc9, 0x57, 0xc8, 0x40, 0x90, 0x5c, 0x00, 0, 0, 0, 0,	18, 0,	  0,	0};
	struct arena *arena = arena_new(4096);
	const char *text;
	size_t n;

	(void)state;
	assert_int_equal(gunzip(arena, (const char *)stored, sizeof(stored), 100, &text, &n), 0);
	assert_string_equal(text, "hi");
	assert_int_equal(gunzip(arena, (const char *)fixed, sizeof(fixed), 100, &text, &n), 0);
	assert_string_equal(text, "hello hello hello\n");
	arena_free(arena);
}

static void test_config_value(void **state)
{
	static const char text[] = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_AB=48\n";
	static const struct {
		const char *name, *value;
	} rows[] = {{"CONFIG_A", "y"}, {"CONFIG_B", "n"}, {"CONFIG_AB", "48"}, {"CONFIG_C", NULL}};
	struct config_text value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(config_value(text, rows[i].name, &value), rows[i].value != NULL);
		if (!rows[i].value)
			continue;
		assert_int_equal(value.length, strlen(rows[i].value));
		assert_memory_equal(value.text, rows[i].value, value.length);
	}
	assert_false(config_value(NULL, "CONFIG_A", &value));
}

int run_parts(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_least),
		cmocka_unit_test(test_gunzip),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_config_value),
	};

	return RUN_TABLE(word_rows, test_word) + RUN_TABLE(bool_rows, test_bool) +
	       RUN_TABLE(version_rows, test_version) +
	       cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
