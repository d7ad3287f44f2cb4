/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles that are none: each gives one line that names the place. */
#include <errno.h>

#include "../captures.h"
#include "groups.h"
#include "host/profile.h"

#define HEAD "{\"schema\":\"iommufit.host/1\",\"iommu\":\"intel-vtd\",\"cpu\":{},\"kernel\":{},"
#define UNIT "\"units\":[{\"name\":\"dmar0\",\"kind\":\"intel-vtd\"}],"
#define GROUP "\"groups\":[{\"id\":1}],"
#define REST UNIT GROUP "\"devices\":[]}"

struct bad_row {
	const char *name;
	const char *text;
	const char *error;
};

static const struct bad_row bad[] = {
	{"empty", "", "p:1: empty"},
	{"blank", " \n\t\n", "p:1: empty"},
	{"cut", "{\"schema\":\n\"iommufit.host/1\",\n", "p:3: the JSON text ends too early"},
	{"cut in a word", "{\"schema", "p:1: the JSON text ends too early"},
	{"not JSON", "\n\nhello", "p:3: not valid JSON"},
	{"binary",
	 "\x7f"
	 "ELF\x02\x01\x01",
	 "p:1: not valid JSON"},
	{"not UTF-8", "{\"schema\":\"\xff\xfe\"}", "p:1: not valid JSON"},
	{"overlong UTF-8", "{\"schema\":\"\xf0\x80\x80\x80\"}",
	 "p:1: not valid JSON: not valid UTF-8"},
	{"comment", "{/* */}", "p:1: not valid JSON"},
	{"text behind", HEAD REST "\n}", "p:2: "},
	{"array", "[]", "p:1: not a JSON object"},
	{"null", "null", "p:1: not a JSON object"},
	{"number", "12345678", "p:1: not a JSON object"},
	{"no schema", "{}", "p:1: schema: must be \"iommufit.host/1\""},
	{"other schema", "{\"schema\":\"iommufit.host/2\"}",
	 "p:1: schema: must be \"iommufit.host/1\""},
	{"schema is no text", "{\"schema\":1}", "p:1: schema: must be a string"},
	{"no iommu", "{\"schema\":\"iommufit.host/1\"}", "p:1: iommu: is missing"},
	{"unknown iommu", "{\"schema\":\"iommufit.host/1\",\"iommu\":\"x\"}",
	 "p:1: iommu: has a value that is not known here"},
	{"no cpu", "{\"schema\":\"iommufit.host/1\",\"iommu\":\"none\"}", "p:1: cpu: is missing"},
	{"no devices", HEAD UNIT "\"groups\":[]}", "p:1: devices: is missing"},
	{"units is no array", HEAD "\"units\":{}}", "p:1: units: must be an array"},
	{"unit is no object", HEAD "\"units\":[1]}", "p:1: units[0]: must be an object"},
	{"unit without name", HEAD "\"units\":[{\"kind\":\"amd-vi\"}]}",
	 "p:1: units[0].name: is missing"},
	{"cap is a number", HEAD "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"cap\":5}]}",
	 "p:1: units[0].cap: must be a string"},
	{"cap is no number",
	 HEAD "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"cap\":\"0xg\"}]}",
	 "p:1: units[0].cap: must be a 64-bit number"},
	{"cap too large",
	 HEAD "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"cap\":\"0x10000000000000000\"}]}",
	 "p:1: units[0].cap: must be a 64-bit number"},
	{"features too large",
	 HEAD "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"smmu_features\":\"0x100000000\"}]}",
	 "p:1: units[0].smmu_features: is out of range"},
	{"oas too large", HEAD "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"oas\":65}]}",
	 "p:1: units[0].oas: is out of range"},
	{"negative", HEAD "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"oas\":-1}]}",
	 "p:1: units[0].oas: must not be negative"},
	{"fraction", HEAD "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"oas\":1.5}]}",
	 "p:1: units[0].oas: must be a whole number"},
	{"zero byte", HEAD "\"units\":[{\"name\":\"a\\u0000b\",\"kind\":\"amd-vi\"}]}",
	 "p:1: units[0].name: holds a zero byte"},
	{"too many worlds",
	 HEAD
	 "\"units\":[{\"name\":\"a\",\"kind\":\"amd-vi\",\"provenance\":\"measured\",\"domains\":"
	 "[{},{},{},{},{},{},{},{},{}]}]}",
	 "p:1: units[0].domains: has more than 8 entries"},
	{"groups out of order", HEAD UNIT "\"groups\":[{\"id\":2},{\"id\":1}]}",
	 "p:1: groups[1]: has an id that is not above the one before"},
	{"group id too large", HEAD UNIT "\"groups\":[{\"id\":4294967296}]}",
	 "p:1: groups[0].id: is out of range"},
	{"region backwards",
	 HEAD UNIT
	 "\"groups\":[{\"id\":1,\"reserved_regions\":[{\"first\":\"0x2\",\"last\":\"0x1\"}]}]}",
	 "p:1: groups[0].reserved_regions[0]: ends before it begins"},
	{"region type",
	 HEAD UNIT
	 "\"groups\":[{\"id\":1,\"reserved_regions\":[{\"first\":\"0x0\",\"last\":\"0x1\","
	 "\"type\":\"?\"}]}]}",
	 "p:1: groups[0].reserved_regions[0].type: has a value that is not known here"},
	{"no address", HEAD UNIT GROUP "\"devices\":[{}]}", "p:1: devices[0].bdf: is missing"},
	{"bad address", HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"1:2:3\"}]}",
	 "p:1: devices[0].bdf: must be a PCI address"},
	{"same address",
	 HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\"},{\"bdf\":\"0000:00:01.0\"}]}",
	 "p:1: devices[1]: has an address that is not above the one before"},
	{"no such group", HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"group\":7}]}",
	 "p:1: devices[0].group: is not among the groups"},
	{"no such unit", HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"unit\":\"x\"}]}",
	 "p:1: devices[0].unit: is not among the units"},
	{"vendor too large",
	 HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"vendor\":\"0x10000\"}]}",
	 "p:1: devices[0].vendor: is out of range"},
	{"numa node", HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"numa_node\":-2}]}",
	 "p:1: devices[0].numa_node: is out of range"},
	{"bar without index", HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"bars\":[{}]}]}",
	 "p:1: devices[0].bars[0].index: is missing"},
	{"bar index",
	 HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"bars\":[{\"index\":6}]}]}",
	 "p:1: devices[0].bars[0]: has an index out of range"},
	{"measured without ranges",
	 HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"provenance\":\"measured\",\"iova\":[{"
			 "\"known\":true}]}]}",
	 "p:1: devices[0].iova[0].ranges: is missing"},
	{"half a range",
	 HEAD UNIT GROUP
	 "\"devices\":[{\"bdf\":\"00:01.0\",\"provenance\":\"measured\",\"iova\":[{\"known\":true,"
	 "\"ranges\":[[\"0x0\"]]}]}]}",
	 "p:1: devices[0].iova[0].ranges[0]: must be a pair of addresses"},
	{"range backwards",
	 HEAD UNIT GROUP
	 "\"devices\":[{\"bdf\":\"00:01.0\",\"provenance\":\"measured\",\"iova\":[{\"known\":true,"
	 "\"ranges\":[[\"0x1\",\"0x0\"]]}]}]}",
	 "p:1: devices[0].iova[0].ranges[0]: ends before it begins"},
	{"configuration with a line break",
	 "{\"schema\":\"iommufit.host/"
	 "1\",\"iommu\":\"none\",\"cpu\":{},\"kernel\":{\"config\":[\"a\\nb\"]}}",
	 "p:1: kernel.config[0]: must be one line"},
	{"note without text", HEAD "\"notes\":[{\"path\":\"/x\"}]}",
	 "p:1: notes[0].text: is missing"},
};

static void refuse(const char *text, size_t length, const char *error)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;

	assert_int_equal(iof_host_load_profile(ctx, text, length, "p", NULL, &host), -EBADMSG);
	assert_null(host);
	if (strncmp(iof_ctx_error(ctx), error, strlen(error)) != 0)
		assert_string_equal(iof_ctx_error(ctx), error);
	assert_null(strchr(iof_ctx_error(ctx), '\n'));
	iof_ctx_unref(ctx);
}

static void is_refused(void **state)
{
	const struct bad_row *row = *state;

	refuse(row->text, strlen(row->text), row->error);
}

static void zero_byte(void **state)
{
	refuse("{\n\0}", 4, "p:2: a zero byte in the text");
}

static void too_deep(void **state)
{
	struct buf text = {0};
	unsigned i;

	for (i = 0; i < 100000; i++)
		buf_putc(&text, '[');
	refuse(text.data, text.length, "p:1: not valid JSON: nested too deeply");
	buf_free(&text);
}

static void too_large(void **state)
{
	size_t length = (size_t)PROFILE_MAX_BYTES + 1;
	char *text = malloc(length);

	assert_non_null(text);
	memset(text, 'x', length);
	refuse(text, length, "p:1: larger than 64 MiB");
	free(text);
}

static void too_many_units(void **state)
{
	struct buf text = {0};
	unsigned i;

	buf_puts(&text, HEAD "\"units\":[");
	for (i = 0; i < 1025; i++)
		buf_printf(&text, "%s{\"name\":\"u%u\",\"kind\":\"amd-vi\"}", i ? "," : "", i);
	buf_puts(&text, "]}");
	refuse(text.data, text.length, "p:1: units: has more than 1024 entries");
	buf_free(&text);
}

/* Whatever is cut off, the rest is refused. */
static void every_cut(void **state)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = load_capture(ctx, "amd-pb48.tar.xz"), *none;
	char *text = rendered(ctx, host, IOF_FORMAT_JSON, false);
	size_t n, length = strlen(text);

	while (length && strchr(" \n", text[length - 1]))
		length--;
	for (n = 0; n < length; n += n < 2000 ? 1 : 997)
		assert_int_equal(iof_host_load_profile(ctx, text, n, "p", NULL, &none), -EBADMSG);
	free(text);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* The smallest that is one: everything else has a default. */
static void smallest(void **state)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	static const char text[] =
		HEAD UNIT GROUP "\"devices\":[{\"bdf\":\"00:01.0\",\"group\":1,\"new\":[]}]}";

	assert_int_equal(iof_host_load_profile(ctx, text, sizeof(text) - 1, "p", NULL, &host), 0);
	assert_string_equal(iof_host_name(host), "p");
	assert_string_equal(iof_host_kernel(host), "");
	assert_int_equal(iof_device_group(iof_host_device(host, "00:01.0")), 1);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

int test_bad(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(zero_byte), cmocka_unit_test(too_deep),
		cmocka_unit_test(too_large), cmocka_unit_test(too_many_units),
		cmocka_unit_test(every_cut), cmocka_unit_test(smallest),
	};

	return RUN_TABLE(bad, is_refused) + cmocka_run_group_tests(others, NULL, NULL);
}
