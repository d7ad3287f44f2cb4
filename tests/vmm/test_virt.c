/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory map of Arm's virt, against what real QEMUs said (lab/firmware/virt.py). */
#include <stdio.h>

#include "base/json.h"
#include "host/archive_module.h"
#include "vmm_test.h"

static const char *const kinds[] = {
	[IOF_REGION_RAM] = "ram",	[IOF_REGION_HOTPLUG] = "hotplug",
	[IOF_REGION_MMIO32] = "mmio32", [IOF_REGION_MMIO64] = "mmio64",
	[IOF_REGION_MSI] = "msi",	[IOF_REGION_ECAM] = "ecam",
};

char *read_records(struct iof_ctx *ctx, const char *path, size_t *length)
{
	const struct archive_module *module;
	char *packed = malloc(ARCHIVE_MAX_PACKED), *text = NULL, reason[128] = "";
	FILE *file = fopen(path, "rb");
	size_t n;

	assert_non_null(packed);
	assert_non_null(file);
	n = fread(packed, 1, ARCHIVE_MAX_PACKED, file);
	fclose(file);
	assert_int_equal(archive_module_load(ctx, MODULE_XZ, &module), 0);
	if (module->unpack(packed, n, &text, length, reason, sizeof(reason)))
		fail_msg("%s: %s", path, reason);
	free(packed);
	return text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, one line each. */
static void join(struct buf *out, char **lines, size_t n)
{
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
}

static char *line_of(const char *kind, uint64_t first, uint64_t last)
{
	char *line = NULL;

	assert_true(asprintf(&line, "%s %#lx-%#lx", kind, (unsigned long)first,
			     (unsigned long)last) > 0);
	return line;
}

static void describe_real(struct buf *out, const struct json_value *record)
{
	const struct json_value *error = json_member(record, "error");
	const struct json_value *regions = json_member(record, "regions");
	char *lines[64];

	if (error) {
		const char *prefix =
			str_starts(error->text, "-device ") ? strstr(error->text, ": ") : NULL;

		buf_puts(out, prefix ? prefix + 2 : error->text);
		return;
	}
	assert_true(regions->n < ARRAY_SIZE(lines));
	for (size_t i = 0; i < regions->n; i++) {
		const struct json_value *region = regions->items[i].items;

		lines[i] = line_of(region[0].text, region[1].number, region[2].number);
	}
	join(out, lines, regions->n);
}

static void describe_ours(struct buf *out, const struct iof_machine *m)
{
	const struct problem *problem = m->n_problems ? &m->problems[0] : NULL;
	const struct iof_region *region;
	char *lines[64];
	size_t n = 0;

	for (size_t i = 0; i < m->n_devices && !problem; i++)
		problem = m->devices[i].problem.kind ? &m->devices[i].problem : NULL;
	if (problem) {
		buf_puts(out,
			 message_render(m->arena, problem->message.text, problem->message.operand));
		return;
	}
	iof_machine_region_foreach(m, region)
	{
		assert_true(n < ARRAY_SIZE(lines));
		lines[n++] = line_of(kinds[region->kind], region->range.first, region->range.last);
	}
	join(out, lines, n);
}

static bool check_record(struct iof_ctx *ctx, const struct json_value *record)
{
	const struct json_value *args = json_member(record, "args");
	const char *version = json_member(record, "qemu")->text;
	struct buf line = {0}, real = {0}, ours = {0};
	struct iof_machine *m;
	bool is_same;

	buf_puts(&line, "qemu-system-aarch64 -nodefaults");
	for (size_t i = 0; i < args->n; i++)
		buf_printf(&line, " %s", args->items[i].text);
	m = make_machine(ctx, "cpu:i7-13700k", version, line.data, (struct iof_vmm){0});
	assert_non_null(m);
	describe_real(&real, record);
	describe_ours(&ours, m);
	is_same = str_eq(real.data ? real.data : "", ours.data ? ours.data : "");
	if (!is_same)
		print_error("QEMU %s: %s\nreal:\n%s\nours:\n%s\n", version, line.data, real.data,
			    ours.data);
	iof_machine_unref(m);
	buf_free(&line);
	buf_free(&real);
	buf_free(&ours);
	return is_same;
}

static void check_records(void **state UNUSED)
{
	size_t length, n_line, n = 0, n_wrong = 0;
	struct iof_ctx *ctx;
	const char *cursor, *line;
	char *text;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	text = read_records(ctx, getenv("IOMMUFIT_VIRT_RECORDS"), &length);
	for (cursor = text; next_line(&cursor, text + length, &line, &n_line); n++) {
		struct arena *arena = arena_new(4096);
		struct json_error error;
		struct json_value record;

		assert_int_equal(json_parse(arena, line, n_line, &record, &error), 0);
		n_wrong += !check_record(ctx, &record);
		arena_free(arena);
	}
	print_message("%zu of %zu records are right\n", n - n_wrong, n);
	free(text);
	iof_ctx_unref(ctx);
	assert_int_equal(n_wrong, 0);
	assert_true(n >= 150);
}

int test_virt(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(check_records)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
