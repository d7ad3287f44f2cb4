/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that are none: one line with file, line and reason. What is only unknown is taken. */
#include "../captures.h"
#include "groups.h"
#include "host/loader.h"
#include "host/measured.h"
#include "members.h"

#include <errno.h>

#define HEAD "{\"schema\":\"iommufit.measured/1\",\n\"devices\":[\n"
#define DEVICE HEAD "{\"bdf\":\"0000:00:05.0\",\n"
#define PLAIN(text) DEVICE "\"domains\":{\"plain\":{" text "}}}]}"
#define HW(text) DEVICE "\"hw_info\":{" text "}}]}"
#define PLACE "devices[0].domains.plain"

struct bad_row {
	const char *name;
	const char *text;
	const char *says; /* NULL: it is taken */
};

static const struct bad_row bad_rows[] = {
	{"empty", "", ":1: empty"},
	{"blank", " \n\t\n", ":1: empty"},
	{"short", HEAD "{\"bdf\":\"0000:00", ":3: "},
	{"one brace", "{", ":1: the JSON text ends too early"},
	{"an array", "[]", ":1: not a JSON object"},
	{"not JSON", "schema: iommufit.measured/1", ":1: not valid JSON"},
	{"no schema", "{\"devices\":[]}", ":1: schema: must be \"iommufit.measured/1\""},
	{"another schema", "{\n\"schema\":\"iommufit.host/1\"}", ":2: schema: must be"},
	{"a later schema", "{\"schema\":\"iommufit.measured/2\",\"devices\":[]}",
	 "schema: must be"},
	{"no devices", "{\"schema\":\"iommufit.measured/1\"}", ":1: devices: is missing"},
	{"devices no array", "{\"schema\":\"iommufit.measured/1\",\n\"devices\":{}}",
	 ":2: devices: must be an array"},
	{"boot id a number", "{\"schema\":\"iommufit.measured/1\",\"boot_id\":7,\"devices\":[]}",
	 "boot_id: must be a string"},
	{"boot id with a zero byte",
	 "{\"schema\":\"iommufit.measured/1\",\"boot_id\":\"a\\u0000b\",\"devices\":[]}",
	 "boot_id: holds a zero byte"},
	{"a device that is none", HEAD "7]}", ":3: devices[0]: must be an object"},
	{"no address", HEAD "{}]}", ":3: devices[0].bdf: is missing"},
	{"an address that is none", HEAD "{\"bdf\":\"5\"}]}", ":3: devices[0].bdf: must be a PCI"},
	{"an address with more behind it", HEAD "{\"bdf\":\"0000:00:05.0\\u0000x\"}]}",
	 "devices[0].bdf: must be a PCI"},
	{"twice", HEAD "{\"bdf\":\"0000:00:05.0\"},{\"bdf\":\"00:05.0\"}]}",
	 ":2: devices: has 0000:00:05.0 twice"},
	{"group negative", DEVICE "\"group\":-2}]}", ":4: devices[0].group: is out of range"},
	{"group as text", DEVICE "\"group\":\"3\"}]}", "devices[0].group: must be a whole number"},
	{"unit as number", DEVICE "\"unit\":0}]}", "devices[0].unit: must be a string"},
	{"domains no object", DEVICE "\"domains\":[]}]}", ":4: devices[0].domains: must be an obj"},
	{"domain no object", DEVICE "\"domains\":{\"plain\":[]}}]}", PLACE ": must be an object"},
	{"ranges no array", PLAIN("\"ranges\":{}"), ":4: " PLACE ".ranges: must be an array"},
	{"range no pair", PLAIN("\"ranges\":[[\"0x0\"]]"), PLACE ".ranges[0]: must be a pair"},
	{"range of three", PLAIN("\"ranges\":[[\"0x0\",\"0x1\",\"0x2\"]]"), "must be a pair"},
	{"range of numbers", PLAIN("\"ranges\":[[0,1]]"), "must be a string such as"},
	{"range without 0x", PLAIN("\"ranges\":[[\"0\",\"1\"]]"), "must be a 64-bit number"},
	{"range of 65 bits", PLAIN("\"ranges\":[[\"0x0\",\"0x10000000000000000\"]]"), "64-bit"},
	{"range backwards", PLAIN("\"ranges\":[[\"0x2000\",\"0x1000\"]]"),
	 PLACE ".ranges[0]: ends before it begins"},
	{"ranges not in order", PLAIN("\"ranges\":[[\"0x2000\",\"0x2fff\"],\n[\"0x0\",\"0xfff\"]]"),
	 ":5: " PLACE ".ranges[1]: does not begin behind"},
	{"ranges that overlap", PLAIN("\"ranges\":[[\"0x0\",\"0x1fff\"],[\"0x1000\",\"0x2fff\"]]"),
	 PLACE ".ranges[1]: does not begin behind"},
	{"a range behind the last address",
	 PLAIN("\"ranges\":[[\"0x0\",\"0xffffffffffffffff\"],[\"0x0\",\"0x1\"]]"), "begin behind"},
	{"errno negative", PLAIN("\"errno\":-95"), PLACE ".errno: must not be negative"},
	{"errno too large", PLAIN("\"errno\":4096"), PLACE ".errno: is out of range"},
	{"errno real", PLAIN("\"errno\":9.5"), PLACE ".errno: must be a whole number"},
	{"errno huge", PLAIN("\"errno\":99999999999999999999"), "errno: must be a whole number"},
	{"an error and ranges", PLAIN("\"errno\":1,\"ranges\":[]"), "has both an error and ranges"},
	{"call as number", PLAIN("\"errno\":1,\"call\":3"), PLACE ".call: must be a string"},
	{"alignment of three", PLAIN("\"alignment\":3"), PLACE ".alignment: must be a power of"},
	{"page sizes as number", PLAIN("\"page_sizes\":4096"), "page_sizes: must be a string"},
	{"hw_info no object", DEVICE "\"hw_info\":1}]}", "devices[0].hw_info: must be an object"},
	{"data odd", HW("\"type\":1,\"data\":\"012\""), "hw_info.data: must be at most 4096 bytes"},
	{"data no digits", HW("\"type\":1,\"data\":\"0g\""), "hw_info.data: must be digits"},
	{"data of capital letters", HW("\"type\":1,\"data\":\"AB\""), "must be digits"},
	{"data an array", HW("\"type\":1,\"data\":[1]"), "hw_info.data: must be a string"},
	{"type as text", HW("\"type\":\"intel\""), "hw_info.type: must be a whole number"},
	{"type too large", HW("\"type\":4294967296"), "hw_info.type: is out of range"},
	{"PASID bits", HW("\"max_pasid_log2\":256"), "hw_info.max_pasid_log2: is out of range"},
	{"viommu no object", DEVICE "\"viommu\":true}]}", "devices[0].viommu: must be an object"},
	{"DMA entries negative", DEVICE "\"dma_available\":-1}]}",
	 "dma_available: must not be neg"},

	{"nothing", "{\"schema\":\"iommufit.measured/1\",\"devices\":[]}", NULL},
	{"a device that was asked nothing", HEAD "{\"bdf\":\"0000:00:05.0\"}]}", NULL},
	{"members and uses of the future",
	 DEVICE "\"later\":{\"x\":[1]},\"domains\":{\"fault\":{\"ranges\":7}}}]}", NULL},
	{"an hw_info of the future", HW("\"type\":77,\"data\":\"0123\",\"name\":\"x\""), NULL},
	{"more data than is known",
	 HW("\"type\":4,\"data\":\"0000000000000000000000000000000000000000\""), NULL},
	{"no ranges at all", PLAIN("\"ranges\":[]"), NULL},
	{"ranges that touch", PLAIN("\"ranges\":[[\"0x0\",\"0xfff\"],[\"0x1000\",\"0x1fff\"]]"),
	 NULL},
	{"null for what was not asked", DEVICE "\"domains\":{\"plain\":null},\"hw_info\":null}]}",
	 NULL},
};

static struct members *unpacked; /* once for all rows */

static void test_bad(void **state)
{
	const struct bad_row *row = *state;
	const struct change change = TEXT(MEASURED_PATH, row->text);
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	int err = members_host(ctx, unpacked, &change, 1, NULL, &host);

	if (row->says) {
		if (err != -EBADMSG || !strstr(iof_ctx_error(ctx), row->says))
			fail_msg("%d: \"%s\" is not in: %s", err, row->says, iof_ctx_error(ctx));
		assert_null(host);
		assert_null(strchr(iof_ctx_error(ctx), '\n'));
		assert_true(str_starts(iof_ctx_error(ctx), "memory:" MEASURED_PATH ":"));
	} else if (err) {
		fail_msg("%d: %s", err, iof_ctx_error(ctx));
	}
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

static void parse(const struct buf *text, int expected, const char *says)
{
	struct arena *arena = arena_new(1 << 16);
	struct iof_ctx *ctx = new_context();
	struct measured measured;

	assert_int_equal(text->err, 0);
	assert_int_equal(measured_parse(ctx, arena, text->data, text->length, "huge", &measured),
			 expected);
	if (says)
		assert_non_null(strstr(iof_ctx_error(ctx), says));
	iof_ctx_unref(ctx);
	arena_free(arena);
}

static void test_many_ranges(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_puts(&text, DEVICE "\"domains\":{\"plain\":{\"ranges\":[");
	for (unsigned i = 0; i < 513; i++)
		buf_printf(&text, "%s[\"0x%x000\",\"0x%x0ff\"]", i ? "," : "", i, i);
	buf_puts(&text, "]}}}]}");
	parse(&text, -EBADMSG, "ranges: has more than 512 entries");
	buf_free(&text);
}

static void test_many_devices(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_puts(&text, HEAD);
	for (unsigned i = 0; i < 65537; i++)
		buf_printf(&text, "%s{\"bdf\":\"%04x:%02x:00.0\"}", i ? "," : "", i >> 8, i & 255);
	buf_puts(&text, "]}");
	parse(&text, -EBADMSG, "devices: has more than 65536 entries");
	buf_free(&text);
}

/* As sysfs tells it: a file that is larger than any host can have. */
static void test_huge_file(void **state)
{
	size_t length = FACT_TEXT + 2;
	char *bytes = malloc(length);
	struct change change = {CHANGE_REPLACE, MEASURED_PATH, bytes, length};
	struct members *all = members_read("intel48-pb46");
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, ' ', length);
	assert_int_equal(members_host(ctx, all, &change, 1, NULL, &host), -EBADMSG);
	assert_non_null(strstr(iof_ctx_error(ctx), MEASURED_PATH ":1: too large"));
	members_free(all);
	iof_ctx_unref(ctx);
	free(bytes);
}

/* What may not be read would tell more. */
static void test_unreadable(void **state)
{
	const struct change change = DENIED(MEASURED_PATH);
	struct iof_host *host = changed_host("intel48-pb46", &change, 1);
	bool noted = false;

	(void)state;
	assert_int_equal(host->n_measured, 0);
	for (size_t i = 0; i < host->n_notes; i++)
		noted |= str_eq(host->notes[i].path, MEASURED_PATH);
	assert_true(noted);
	iof_host_unref(host);
}

int run_measured_bad(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_ranges),
		cmocka_unit_test(test_many_devices),
		cmocka_unit_test(test_huge_file),
		cmocka_unit_test(test_unreadable),
	};

	int failed;

	unpacked = members_read("intel48-pb46");
	failed = RUN_TABLE(bad_rows, test_bad) + cmocka_run_group_tests(tests, NULL, NULL);
	members_free(unpacked);
	return failed;
}
