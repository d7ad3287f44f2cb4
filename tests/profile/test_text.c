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

int test_text(void)
{
	return RUN_TABLE(first_lines, answer_first) + run_captures("lines fit", lines_fit);
}
