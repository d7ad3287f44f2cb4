/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* excerpts.c - each excerpt as it is, in pieces of any size, and with bytes that are no text. */
#include "explain_tests.h"

#include "../table.h"

struct excerpt *excerpts;
size_t n_excerpts;
static struct iof_explain *catalogue;
static char *table; /* the text of the rows */

/* ---- the table ---- */

static char *read_table(void)
{
	const char *folder = getenv("IOMMUFIT_TEST_DATA");
	char path[4096], *text = calloc(1, 1 << 20);
	FILE *file;

	snprintf(path, sizeof(path), "%s/explain/excerpts.tsv", folder ? folder : "tests/data");
	file = fopen(path, "r");
	if (file && text && fread(text, 1, (1 << 20) - 1, file) > 0) {
		fclose(file);
		return text;
	}
	if (file)
		fclose(file);
	free(text);
	fprintf(stderr, "%s: no excerpts\n", path);
	return NULL;
}

static void read_row(char *line, struct excerpt *e)
{
	char *column[5] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(column) && line; i++)
		column[i] = strsep(&line, "\t");
	*e = (struct excerpt){.ids = column[0],
			      .by = column[1],
			      .operands = column[2],
			      .name = column[3],
			      .told = column[4] ? column[4] : column[3]};
}

int excerpts_load(void)
{
	char *line, *rest;

	table = read_table();
	excerpts = calloc(1000, sizeof(*excerpts));
	if (!table || !excerpts)
		return 1;
	for (rest = table; (line = strsep(&rest, "\n")) && n_excerpts < 1000;) {
		if (*line && *line != '#')
			read_row(line, &excerpts[n_excerpts++]);
	}
	return n_excerpts < 60;
}

void excerpts_free(void)
{
	catalogue = iof_explain_unref(catalogue);
	free(excerpts);
	free(table);
}

int for_excerpts(const char *group, CMUnitTestFunction test)
{
	return run_table(group, excerpts, n_excerpts, sizeof(*excerpts), test);
}

/* ---- logs ---- */

struct iof_explain *read_log(const char *text, size_t length, bool is_message)
{
	struct iof_explain *x;

	if (!catalogue)
		assert_int_equal(iof_explain_new(NULL, NULL, &catalogue), 0);
	x = explain_sharing(catalogue, is_message);
	assert_non_null(x);
	assert_int_equal(iof_explain_feed(x, text, length), 0);
	assert_int_equal(iof_explain_finish(x), 0);
	return x;
}

static void put_ids(struct buf *out, const struct iof_explained *m)
{
	struct iof_cause cause;

	for (size_t i = 0; iof_explained_cause(m, i, &cause) == 0; i++)
		buf_printf(out, "%s%s", i ? "|" : "", cause.id);
}

char *summary(const struct iof_explain *x)
{
	const struct iof_explained *m;
	struct buf out = {0};
	const char *operand;

	iof_explained_foreach(x, m)
	{
		put_ids(&out, m);
		buf_putc(&out, '\t');
		for (size_t i = 0; (operand = iof_explained_operand(m, i)); i++)
			buf_printf(&out, "%s%s", i ? "|" : "", operand);
		buf_printf(&out, "\t%s\n", iof_explained_text(m));
	}
	buf_puts(&out, "");
	assert_int_equal(out.err, 0);
	return out.data ? buf_steal(&out) : strdup("");
}

char *expected(const struct excerpt *e)
{
	struct buf out = {0};

	buf_printf(&out, "%s\t%s\t%s\n", e->ids, e->operands, e->told);
	assert_int_equal(out.err, 0);
	return buf_steal(&out);
}

char *answer(const struct iof_explain *x)
{
	const struct iof_explained *m = iof_explained_next(x, NULL);
	struct iof_cause cause;
	struct buf out = {0};

	assert_non_null(m);
	for (size_t i = 0; iof_explained_cause(m, i, &cause) == 0; i++) {
		buf_printf(&out, "%s\n", cause.title);
		for (size_t k = 0; cause.because[k]; k++)
			buf_printf(&out, "%s\n", cause.because[k]);
		for (size_t k = 0; cause.fixes[k]; k++)
			buf_printf(&out, "%s\n", cause.fixes[k]);
	}
	assert_int_equal(out.err, 0);
	return buf_steal(&out);
}

/* ---- tests ---- */

static const char *const speakers[] = {"unknown", "qemu",   "libvirt",
				       "proxmox", "kernel", "cloud-hypervisor"};

static void test_known(void **state)
{
	const struct excerpt *e = *state;
	struct iof_explain *x = read_log(e->name, strlen(e->name), true);
	char *actual = summary(x), *wanted = expected(e);
	const struct iof_explained *m = iof_explained_next(x, NULL);
	struct iof_cause cause;

	assert_string_equal(actual, wanted);
	assert_string_equal(speakers[iof_explained_speaker(m)], e->by);
	assert_int_equal(iof_explained_line(m), 1);
	assert_int_equal(iof_explained_count(m), 1);
	for (size_t i = 0; iof_explained_cause(m, i, &cause) == 0; i++) {
		assert_true(cause.title[0]);
		assert_true(cause.because[0] || cause.fixes[0]);
	}
	free(actual);
	free(wanted);
	iof_explain_unref(x);
}

static const char before[] =
	"Nov 20 12:00:01 host systemd[1]: Started something.\n"
	"\xff\xfe\x80 \xc3( \xe2\x82 \\ & &am \x1b[31mred\x1b[0m \x1b]0;t\x07\n"
	"kvm: ";
static const char after[] = "\n\x1b[31\n&quo\\u00\\";

static char *in_context(const struct excerpt *e, size_t *length)
{
	struct buf log = {0};

	buf_append(&log, before, sizeof(before) - 1);
	buf_puts(&log, e->name);
	buf_append(&log, after, sizeof(after) - 1);
	assert_int_equal(log.err, 0);
	*length = log.length;
	return buf_steal(&log);
}

static void test_pieces(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 7, 11, 64, 65536};
	size_t length;
	char *log = in_context(*state, &length), *wanted = expected(*state);

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct iof_explain *x = explain_sharing(catalogue, false);
		char *actual;

		for (size_t at = 0; at < length; at += sizes[s]) {
			size_t n = length - at < sizes[s] ? length - at : sizes[s];

			assert_int_equal(iof_explain_feed(x, log + at, n), 0);
		}
		assert_int_equal(iof_explain_finish(x), 0);
		actual = summary(x);
		assert_string_equal(actual, wanted);
		assert_int_equal(iof_explained_line(iof_explained_next(x, NULL)), 3);
		free(actual);
		iof_explain_unref(x);
	}
	free(log);
	free(wanted);
}

/* Far behind other text, where cells have been dropped, and at every place of the buffer. */
static void test_far(void **state)
{
	char *wanted = expected(*state);

	for (size_t n = 70000; n < 110000; n += 1999) {
		const struct excerpt *e = *state;
		struct buf log = {0};
		struct iof_explain *x;
		char *actual;

		while (log.length < n)
			buf_puts(&log, log.length % 7 ? "a word, " : "another\n");
		buf_printf(&log, "\nkvm: %s\n", e->name);
		while (log.length < 2 * n)
			buf_puts(&log, "words behind it\n");
		x = read_log(log.data, log.length, false);
		actual = summary(x);
		assert_string_equal(actual, wanted);
		free(actual);
		buf_free(&log);
		iof_explain_unref(x);
	}
	free(wanted);
}

static void no_capture(void **state)
{
	static const char nul[] = "kvm: vfio 0000:01:00.0: Failed to set vIOMMU: aw-bits 4\0008 > "
				  "host \0aw-bits 39\n";
	static const char odd[] =
		"kvm: Property 'intel-iommu.\xc3\x28\x1b[2Jaw\x7f-bits' not found\n";
	struct iof_explain *x = read_log(nul, sizeof(nul) - 1, false);
	char *actual = summary(x);

	(void)state;
	assert_string_equal(actual, "width.viommu-exceeds-host\t0000:01:00.0|48|39\tvfio "
				    "0000:01:00.0: Failed to set vIOMMU: aw-bits 48 > host aw-bits "
				    "39\n");
	free(actual);
	iof_explain_unref(x);
	x = read_log(odd, sizeof(odd) - 1, false);
	actual = summary(x);
	for (const char *c = actual; *c; c++)
		assert_true(*c == '\n' || *c == '\t' || (unsigned char)*c >= ' ');
	assert_non_null(strstr(actual, "aw-bits"));
	free(actual);
	iof_explain_unref(x);
}

static void counted(void **state)
{
	static const char log[] = "DMAR: Host address width 39\nDMAR: Host address width 39\nDMAR: "
				  "Host address width 46\n"
				  "DMAR: Host address width 1\nDMAR: Host address width 2\nDMAR: "
				  "Host address width 3\n"
				  "DMAR: Host address width 4\nDMAR: Host address width 5\nDMAR: "
				  "Host address width 6\n";
	struct iof_explain *x = read_log(log, sizeof(log) - 1, false);
	const struct iof_explained *m, *last = NULL;
	size_t n = 0;

	(void)state;
	iof_explained_foreach(x, m)
	{
		assert_int_equal(iof_explained_count(m), n == 0 ? 2 : 1);
		last = m;
		n++;
	}
	assert_int_equal(n, MAX_SAME);
	assert_int_equal(iof_explained_more(last), 2);
	iof_explain_unref(x);
}

int excerpts_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_capture), cmocka_unit_test(counted)};

	return for_excerpts("excerpts", test_known) + for_excerpts("pieces", test_pieces) +
	       for_excerpts("far", test_far) + cmocka_run_group_tests(tests, NULL, NULL);
}
