/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text form: the answer comes first, and every line fits. */
#include "../captures.h"
#include "base/emit.h"
#include "groups.h"

struct first_line_row {
	const char *name;
	const char *capture;
	const char *first;
};

static const struct first_line_row first_lines[] = {
	{"VT-d, 39 bits", "intel39-pb46.tar.xz",
	 "Virtual Intel VT-d, 39 bits: 9 devices can be given to a VM, 5 more once bound\n"},
	{"first stage only", "intelsm-fsts-pb48.tar.xz",
	 "Virtual Intel VT-d, 47 bits: 9 devices can be given to a VM, 5 more once bound\n"},
	{"AMD", "amd-pb48.tar.xz", "Virtual AMD-Vi, 64 bits: 9 devices can be given to a VM, "},
	{"switched off", "intel48-off.tar.xz", "No IOMMU is active: firmware offers VT-d"},
	{"SMMUv3", "arm-smmu.tar.xz",
	 "Virtual Arm SMMUv3, 48 bits: 5 devices can be given to a VM, "},
};

static void answer_first(void **state)
{
	const struct first_line_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = load_capture(ctx, row->capture);
	char *text = rendered(ctx, host, IOF_FORMAT_TEXT, false);

	text[strlen(row->first)] = '\0';
	assert_string_equal(text, row->first);
	iof_host_unref(host);
	free(text);
	iof_ctx_unref(ctx);
}

static void lines_fit(void **state)
{
	const struct capture_row *row = *state;
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = load_capture(ctx, row->name);
	int verbose;

	for (verbose = 0; verbose < 2; verbose++) {
		char *text = rendered(ctx, host, IOF_FORMAT_TEXT, verbose);
		char *line, *rest = text;

		assert_true(*text && *text != '\n');
		while ((line = strsep(&rest, "\n"))) {
			if (emit_width(line) > 80)
				print_error("%s\n", line);
			assert_true(emit_width(line) <= 80);
		}
		free(text);
	}
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* 4096 devices, each in its own group. */
static struct iof_host *large_host(struct iof_ctx *ctx)
{
	struct buf text = {0};
	struct iof_host *host = NULL;
	unsigned i;

	buf_puts(&text,
		 "{\"schema\":\"iommufit.host/1\",\"iommu\":\"intel-vtd\",\"cpu\":{},\"kernel\":{},"
		 "\"units\":[{\"name\":\"dmar0\",\"kind\":\"intel-vtd\",\"provenance\":\"read\","
		 "\"cap\":\"0xd2008c40660462\",\"ecap\":\"0xf050da\"}],\"groups\":[");
	for (i = 0; i < 4096; i++)
		buf_printf(&text, "%s{\"id\":%u,\"regions_provenance\":\"read\"}", i ? "," : "", i);
	buf_puts(&text, "],\"devices\":[");
	for (i = 0; i < 4096; i++)
		buf_printf(
			&text,
			"%s{\"bdf\":\"0000:%02x:%02x.%u\",\"group\":%u,\"unit\":\"dmar0\","
			"\"class\":\"0x020000\",\"driver\":\"vfio-pci\",\"driver_is_vfio\":true}",
			i ? "," : "", i >> 8, i >> 3 & 31, i & 7, i);
	buf_puts(&text, "]}");
	assert_int_equal(iof_host_load_profile(ctx, text.data, text.length, "large", NULL, &host),
			 0);
	buf_free(&text);
	return host;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void long_tables_are_cut(void **state)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = large_host(ctx);
	char *text = rendered(ctx, host, IOF_FORMAT_TEXT, false);

	assert_non_null(strstr(text, "4096 devices can be given to a VM."));
	assert_non_null(strstr(text, "\n... 4032 more (--verbose)\n"));
	assert_true(count_lines(text) < 100);
	free(text);
	text = rendered(ctx, host, IOF_FORMAT_TEXT, true);
	assert_null(strstr(text, "more (--verbose)"));
	assert_non_null(strstr(text, "\n0000:0f:1f.7  4095 "));
	free(text);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* Nothing in a profile reaches the terminal as a control sequence. */
static void control_characters_are_escaped(void **state)
{
	static const char profile[] =
		"{\"schema\":\"iommufit.host/1\",\"name\":\"\\u001b[31m\",\"iommu\":\"none\","
		"\"iommu_why\":\"a\\nb\\u009b\",\"cpu\":{\"model\":\"\\u0007\"},\"kernel\":{},"
		"\"units\":[],\"groups\":[],\"devices\":[{\"bdf\":\"00:01.0\",\"driver\":\"\\u001b]"
		"0;x\"}]}";
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	const char *at;
	char *text;

	assert_int_equal(iof_host_load_profile(ctx, profile, sizeof(profile) - 1, "p", NULL, &host),
			 0);
	text = rendered(ctx, host, IOF_FORMAT_TEXT, true);
	for (at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	assert_non_null(strstr(text, "\\x1b[31m"));
	free(text);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

/* What the kernel answered, by use; and which unit nobody asked. */
struct measured_row {
	const char *name;
	const char *capture;
	const char *devices; /* NULL: nothing was measured */
	const char *says[5];
};

static const struct measured_row measured_rows[] = {
	{"nobody asked an SMMUv3",
	 "arm-smmu.tar.xz",
	 NULL,
	 {"\nNot measured: smmu3.0x0000000009050000. iommufit probe,",
	  "the ID registers of the SMMU", "\nIn a nesting parent, 44 bits\n",
	  "The kernel makes no vIOMMU objects on it."}},
	{"nobody asked an Intel unit",
	 "intel48-pb46.tar.xz",
	 NULL,
	 {"\nNot measured: dmar0. iommufit probe,"}},
	{"asked by use",
	 "arm-smmu.tar.xz",
	 "{\"bdf\":\"00:05.0\",\"domains\":{\"plain\":{\"ranges\":[[\"0x0\",\"0xffffffffff\"]]},"
	 "\"nest-parent\":{\"errno\":95,\"call\":\"IOMMU_HWPT_ALLOC\"},\"pasid\":{}},"
	 "\"hw_info\":{\"type\":2},\"viommu\":{\"errno\":95}}",
	 {"Virtual Arm SMMUv3, 40 bits, measured:",
	  "\n0000:00:05.0  plain            40  0x0 to 0xffffffffff\n",
	  "\n              nesting parent    -  Operation not supported (IOMMU_HWPT_ALLOC)\n",
	  "\n              PASID           yes  can be made\n",
	  "\n              vIOMMU object     -  Operation not supported\n"}},
	{"a call that is none",
	 "arm-smmu.tar.xz",
	 "{\"bdf\":\"00:05.0\",\"domains\":{\"legacy\":{\"errno\":1,\"call\":\"\\u001b[31m\"}},"
	 "\"hw_info\":{\"type\":77}}",
	 {"\n0000:00:05.0  VFIO group        -  Operation not permitted (\\x1b[31m)\n",
	  "\n              hardware             type 77\n"}},
};

static void says_what_was_measured(void **state)
{
	const struct measured_row *row = *state;
	struct iof_host_options options = {.size = sizeof(options)};
	char *path = test_path("captures/%s", row->capture), *line, *rest, *text;
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	struct buf answers = {0};

	if (row->devices) {
		buf_printf(&answers, "{\"schema\":\"iommufit.measured/1\",\"devices\":[%s]}",
			   row->devices);
		options.measured = answers.data;
		options.measured_length = answers.length;
	}
	if (iof_host_load_capture(ctx, path, &options, &host))
		fail_msg("%s", iof_ctx_error(ctx));
	text = rendered(ctx, host, IOF_FORMAT_TEXT, true);
	for (size_t i = 0; i < ARRAY_SIZE(row->says) && row->says[i]; i++)
		if (!strstr(text, row->says[i]))
			fail_msg("not said: %s\n%s", row->says[i], text);
	for (rest = text; (line = strsep(&rest, "\n"));)
		assert_true(emit_width(line) <= 80);
	free(text);
	free(path);
	buf_free(&answers);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
}

int test_text(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(long_tables_are_cut),
		cmocka_unit_test(control_characters_are_escaped),
	};

	return cmocka_run_group_tests(others, NULL, NULL) + RUN_TABLE(first_lines, answer_first) +
	       RUN_TABLE(measured_rows, says_what_was_measured) +
	       run_captures("lines fit", lines_fit);
}
