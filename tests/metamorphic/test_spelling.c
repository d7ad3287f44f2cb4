/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same said otherwise: the same answer. */
#include <ctype.h>

#include "meta.h"

/* Properties that are plain booleans: they take yes, true and y as well. on/off/auto ones do not.
 */
static const char *const booleans[] = {"caching-mode",
				       "x-scalable-mode",
				       "scalable-mode",
				       "x-flts",
				       "fsts",
				       "fs1gp",
				       "snoop-control",
				       "device-iotlb",
				       "dma-translation",
				       "dma-drain",
				       "dma-remap",
				       "pt",
				       "x-no-mmap",
				       "boot-bypass",
				       "xtsup",
				       "x-pasid-mode",
				       "svm",
				       "stale-tm",
				       "x-buggy-eim"};
static const char *const numbers[] = {"aw-bits", "pasid-bits", "chassis", "bus_nr", "slot", "port"};

static bool is_in(const char *const *names, size_t n, const char *key, size_t length)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(names[i]) == length && memcmp(names[i], key, length) == 0)
			return true;
	}
	return false;
}

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

static void with_two_dashes(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);

	for (size_t i = 1; i < changed->argc; i++) {
		if (changed->argv[i][0] == '-' && isalpha((unsigned char)changed->argv[i][1]) &&
		    choose(2)) {
			struct buf twice = {0};

			buf_printf(&twice, "-%s", changed->argv[i]);
			cell_replace(changed, i, buf_steal(&twice));
		}
	}
	expect_unchanged(cell, changed, "two dashes");
}

static void with_short_machine(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);
	size_t at = cell_option(changed, "-machine", 0);

	if (at)
		cell_replace(changed, at - 1, strdup("-M"));
	expect_unchanged(cell, changed, "-M");
}

/* Each key=value of an option, in turn; what each() writes stands in its place. */
static char *map_pairs(const char *option,
		       void (*each)(struct buf *, const char *key, size_t length, const char *value,
				    size_t value_length))
{
	struct buf out = {0};

	for (const char *at = option; *at;) {
		size_t length = strcspn(at, ","), key = strcspn(at, "=,");

		if (key < length)
			each(&out, at, key, at + key + 1, length - key - 1);
		else
			buf_append(&out, at, length);
		at += length;
		if (*at == ',')
			buf_putc(&out, *at++);
	}
	return buf_steal(&out);
}

static bool is_text(const char *value, size_t length, const char *text)
{
	return strlen(text) == length && memcmp(value, text, length) == 0;
}

static void put_boolean(struct buf *out, const char *key, size_t length, const char *value,
			size_t value_length)
{
	static const char *const on[] = {"on", "yes", "true", "y"}, *const off[] = {"off", "no",
										    "false", "n"};

	buf_append(out, key, length);
	buf_putc(out, '=');
	if (is_in(booleans, ARRAY_SIZE(booleans), key, length) &&
	    is_text(value, value_length, "on"))
		buf_puts(out, on[choose(4)]);
	else if (is_in(booleans, ARRAY_SIZE(booleans), key, length) &&
		 is_text(value, value_length, "off"))
		buf_puts(out, off[choose(4)]);
	else
		buf_append(out, value, value_length);
}

/* strtoull() with base 0 is what QEMU reads a number with. */
static void put_number(struct buf *out, const char *key, size_t length, const char *value,
		       size_t value_length)
{
	static const char *const forms[] = {"%llu", "0x%llx", "0x%llX", "0%llo"};
	char *end;
	unsigned long long number = strtoull(value, &end, 10);

	buf_append(out, key, length);
	buf_putc(out, '=');
	if (is_in(numbers, ARRAY_SIZE(numbers), key, length) && value_length &&
	    end == value + value_length) {
		char text[64];

		switch (choose(ARRAY_SIZE(forms))) {
		case 0:
			snprintf(text, sizeof(text), "%llu", number);
			break;
		case 1:
			snprintf(text, sizeof(text), "0x%llx", number);
			break;
		case 2:
			snprintf(text, sizeof(text), "0X%llX", number);
			break;
		default:
			snprintf(text, sizeof(text), "0%llo", number);
		}
		buf_puts(out, text);
	} else {
		buf_append(out, value, value_length);
	}
}

static void with_other_values(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);

	for (size_t i = 0, at; (at = cell_option(changed, "-device", i)); i++) {
		char *words = map_pairs(changed->argv[at], put_boolean);

		cell_replace(changed, at, map_pairs(words, put_number));
		free(words);
	}
	expect_unchanged(cell, changed, "other spellings of values");
}

/* ---- JSON ---- */

static void put_json(struct buf *out, const char *key, size_t length, const char *value,
		     size_t value_length)
{
	buf_puts(out, "\"");
	buf_append(out, key, length);
	buf_puts(out, "\":");
	if (is_in(booleans, ARRAY_SIZE(booleans), key, length)) {
		buf_puts(out, is_text(value, value_length, "on") ? "true" : "false");
	} else if (is_in(numbers, ARRAY_SIZE(numbers), key, length)) {
		buf_append(out, value, value_length);
	} else {
		buf_puts(out, "\"");
		buf_append(out, value, value_length);
		buf_puts(out, "\"");
	}
}

/* Values that JSON cannot say in the property's type, and options that are JSON already. */
static bool has_json_form(const struct cell *cell)
{
	return is_good_set(cell) && !has_text(cell, "=modern") && !has_text(cell, "=maybe") &&
	       !has_text(cell, "=abc") && !has_text(cell, "-device {");
}

static void with_json(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);

	for (size_t i = 0, at; (at = cell_option(changed, "-device", i)); i++) {
		struct buf json = {0}, option = {0};
		char *pairs;

		buf_printf(&option, "driver=%s", changed->argv[at]);
		pairs = map_pairs(option.data, put_json);
		buf_printf(&json, "{%s}", pairs);
		cell_replace(changed, at, buf_steal(&json));
		buf_free(&option);
		free(pairs);
	}
	expect_unchanged(cell, changed, "JSON");
}

/* ---- as text ---- */

static void compare_text(const struct cell *cell, const struct buf *text, const char *what)
{
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = meta_host(cell->host);
	char *wanted = answer(host, cell), *got;
	struct iof_vm *vm = NULL;

	if (iof_vm_load(ctx, IOF_LANGUAGE_QEMU_ARGV, text->data, text->length, "text", &vm))
		fail_msg("%s", iof_ctx_error(ctx));
	got = answer_vm(host, vm, cell);
	expect_same(cell, what, wanted, got);
	free(wanted);
	free(got);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
}

static void as_text(const struct cell *cell)
{
	static const char *const between[] = {" ", "  ", " \\\n\t", "\t"};
	struct buf text = {0};

	for (size_t i = 0; i < cell->argc; i++) {
		const char *quote = strpbrk(cell->argv[i], " \"\\{$") || !*cell->argv[i] ? "'"
				    : choose(3)						 ? ""
											 : "\"";

		buf_printf(&text, "%s%s%s%s", i ? between[choose(ARRAY_SIZE(between))] : "", quote,
			   cell->argv[i], quote);
	}
	compare_text(cell, &text, "as a shell has it");
	buf_free(&text);
}

static void as_process(const struct cell *cell)
{
	struct buf text = {0};

	for (size_t i = 0; i < cell->argc; i++)
		buf_append(&text, cell->argv[i], strlen(cell->argv[i]) + 1);
	compare_text(cell, &text, "as /proc/PID/cmdline has it");
	buf_free(&text);
}

static bool has_no_quote(const struct cell *cell)
{
	return !has_text(cell, "'");
}

/* ---- -global ---- */

static bool has_width(const struct cell *cell)
{
	size_t first = cell_option(cell, "-device", 0);

	return is_good_set(cell) && first && str_starts(cell->argv[first], "intel-iommu") &&
	       (strstr(cell->argv[first], ",aw-bits=39") ||
		strstr(cell->argv[first], ",aw-bits=48"));
}

static void with_global(const struct cell *cell)
{
	struct cell *changed = cell_copy(cell);
	size_t at = cell_option(changed, "-device", 0);
	bool is_39 = strstr(changed->argv[at], ",aw-bits=39") != NULL;

	cell_replace(changed, at,
		     substitute(changed->argv[at], is_39 ? ",aw-bits=39" : ",aw-bits=48", ""));
	cell_insert(changed, 1, is_39 ? "intel-iommu.aw-bits=39" : "intel-iommu.aw-bits=48");
	cell_insert(changed, 1, "-global");
	expect_unchanged(cell, changed, "-global");
}

static const struct spelling {
	const char *name;
	bool (*wanted)(const struct cell *);
	void (*test)(const struct cell *);
} spellings[] = {
	{"two dashes", NULL, with_two_dashes},
	{"-M", NULL, with_short_machine},
	{"values", is_good_set, with_other_values},
	{"JSON", has_json_form, with_json},
	{"text", has_no_quote, as_text},
	{"process", NULL, as_process},
	{"-global", has_width, with_global},
};

static void test_spelling(void **state)
{
	const struct spelling *row = *state;

	for_cells(400, 400, row->wanted, row->test);
}

int run_spelling(void)
{
	return RUN_TABLE(spellings, test_spelling);
}
