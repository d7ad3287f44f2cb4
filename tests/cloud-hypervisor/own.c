/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own.c - NAME with NAME.expect in tests/data/cloud-hypervisor. Lines of an expectation:
 *   version N            of Cloud Hypervisor (48.0)
 *   host NAME            a capture (intel48-dflt: 40 bits of guest addresses)
 *   error TEXT           it cannot be read, and that is why
 *   value WHAT KEY TEXT  a setting of the object or device WHAT (qom-type or driver)
 *   place WHAT KEY L:C   where it stands
 *   refused TEXT, dropped NAME   (| for a newline)
 *   map NAME FIRST-LAST  a region; "no map NAME": none of that name
 *   # ...                how it was worked out
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

#include "own.h"

struct sample {
	const char *version, *host;
	char *lines[48];
	size_t n;
	struct iof_vm *vm;
	struct iof_machine *machine;
};

static const char *data(void)
{
	const char *folder = getenv("IOMMUFIT_TEST_DATA");

	return folder ? folder : "tests/data";
}

static char *read_text(const char *name, size_t *length)
{
	struct buf path = {0}, out = {0};
	char chunk[4096];
	FILE *file;
	size_t n;

	buf_printf(&path, "%s/cloud-hypervisor/%s", data(), name);
	file = fopen(path.data, "r");
	buf_free(&path);
	if (!file)
		return NULL;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_append(&out, chunk, n);
	fclose(file);
	*length = out.length;
	return buf_steal(&out);
}

/* What follows a word at the start of a line; NULL: another word. */
static char *after(char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

static const struct pair *find_pair(const struct iof_vm *vm, const char *what, const char *key)
{
	for (size_t i = 0; i < vm->n_options; i++) {
		const struct vm_option *o = &vm->options[i];
		const char *driver = option_value(o, "driver"), *type = option_value(o, "qom-type");

		if ((driver && str_eq(driver, what)) || (type && str_eq(type, what)) ||
		    str_eq(o->name, what)) {
			const struct pair *pair = option_pair(o, key);

			if (pair)
				return pair;
		}
	}
	return NULL;
}

static bool is_value(const struct iof_vm *vm, char *rest, bool is_place)
{
	char *key = strchr(rest, ' '), *text;
	const struct pair *pair;
	unsigned line, column;

	*key++ = '\0';
	text = strchr(key, ' ');
	*text++ = '\0';
	pair = find_pair(vm, rest, key);
	if (!pair)
		return false;
	if (!is_place)
		return str_eq(pair->value, text);
	return sscanf(text, "%u:%u", &line, &column) == 2 && pair->at.line == line &&
	       pair->at.column == column;
}

static bool has_remark(const struct iof_vm *vm, enum remark_kind kind, char *text)
{
	for (char *c = text; *c; c++)
		*c = *c == '|' ? '\n' : *c;
	for (size_t i = 0; i < vm->n_remarks; i++) {
		if (vm->remarks[i].kind == kind && str_eq(vm->remarks[i].text, text))
			return true;
	}
	return false;
}

static bool has_region(const struct iof_machine *m, const char *wanted, bool by_name)
{
	const struct iof_region *region;

	iof_machine_region_foreach(m, region)
	{
		struct iof_range range = iof_region_range(region);
		char text[200];

		snprintf(text, sizeof(text), "%s 0x%" PRIx64 "-0x%" PRIx64, iof_region_name(region),
			 range.first, range.last);
		if (str_eq(by_name ? iof_region_name(region) : text, wanted))
			return true;
	}
	return false;
}

static bool is_met(const struct sample *s, char *line)
{
	char *rest;

	if ((rest = after(line, "value")))
		return is_value(s->vm, rest, false);
	if ((rest = after(line, "place")))
		return is_value(s->vm, rest, true);
	if ((rest = after(line, "refused")))
		return has_remark(s->vm, REMARK_REFUSED, rest);
	if ((rest = after(line, "dropped")))
		return has_remark(s->vm, REMARK_DROPPED, rest);
	if ((rest = after(line, "map")))
		return has_region(s->machine, rest, false);
	rest = after(line, "no map");
	return rest && !has_region(s->machine, rest, true);
}

static void take_lines(struct sample *s, char *expect)
{
	char *save, *line, *rest;

	for (line = strtok_r(expect, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if ((rest = after(line, "version")))
			s->version = rest;
		else if ((rest = after(line, "host")))
			s->host = rest;
		else if (*line != '#')
			s->lines[s->n++] = line;
		assert_true(s->n < ARRAY_SIZE(s->lines));
	}
	assert_true(s->n > 0);
}

static void resolve(struct iof_ctx *ctx, struct sample *s)
{
	struct iof_host_options options = {.size = sizeof(options)};
	struct iof_vmm vmm = {.size = sizeof(vmm)};
	struct iof_host *host = NULL;
	struct buf path = {0}, version = {0};

	buf_printf(&path, "%s/captures/%s.tar.xz", data(), s->host);
	buf_printf(&version, "cloud-hypervisor=%s", s->version);
	vmm.version = version.data;
	if (iof_host_load(ctx, path.data, &options, &host) ||
	    iof_machine_resolve(ctx, host, s->vm, &vmm, &s->machine))
		fail_msg("%s", iof_ctx_error(ctx));
	iof_host_unref(host);
	buf_free(&path);
	buf_free(&version);
}

static bool check_lines(const struct sample *s, const char *name)
{
	bool ok = true, refuses = false;

	for (size_t i = 0; i < s->n; i++) {
		char *copy = strdup(s->lines[i]);

		refuses |= after(copy, "refused") != NULL;
		if (!is_met(s, copy)) {
			print_error("%s: not so: %s\n", name, s->lines[i]);
			ok = false;
		}
		free(copy);
	}
	/* A refusal comes only where one is expected. */
	for (size_t i = 0; i < s->vm->n_remarks && !refuses; i++)
		ok = ok && s->vm->remarks[i].kind != REMARK_REFUSED;
	return ok;
}

static void test_own(void **state)
{
	const char *name = *(const char *const *)*state;
	struct sample sample = {.version = "48.0", .host = "intel48-dflt"};
	size_t length = 0, expect_length;
	struct buf peer = {0}, manager = {0};
	struct iof_vm_options options = {.size = sizeof(options)};
	struct iof_ctx *ctx = NULL;
	char *text, *expect, *error;
	bool ok;
	int r;

	buf_printf(&peer, "%.*s", (int)(strlen(name) - strlen(".expect")), name);
	text = read_text(peer.data, &length);
	expect = read_text(name, &expect_length);
	assert_non_null(text);
	assert_non_null(expect);
	take_lines(&sample, expect);
	buf_printf(&manager, "cloud-hypervisor=%s", sample.version);
	options.manager = manager.data;
	assert_int_equal(iof_ctx_new(&ctx), 0);
	r = iof_vm_load_config(ctx, IOF_LANGUAGE_AUTO, text, length, peer.data, &options,
			       &sample.vm);
	error = after(sample.lines[0], "error");
	if (error) {
		assert_int_not_equal(r, 0);
		assert_string_equal(iof_ctx_error(ctx), error);
		ok = true;
	} else {
		assert_int_equal(r, 0);
		assert_int_equal(iof_vm_language(sample.vm), IOF_LANGUAGE_CLOUD_HYPERVISOR);
		resolve(ctx, &sample);
		ok = check_lines(&sample, name);
	}
	free(text);
	free(expect);
	buf_free(&peer);
	buf_free(&manager);
	iof_machine_unref(sample.machine);
	iof_vm_unref(sample.vm);
	iof_ctx_unref(ctx);
	assert_true(ok);
}

static int is_expectation(const struct dirent *entry)
{
	return strstr(entry->d_name, ".expect") != NULL;
}

int own_run(void)
{
	struct buf path = {0};
	struct dirent **names = NULL;
	struct CMUnitTest *tests;
	int n, failed;

	buf_printf(&path, "%s/cloud-hypervisor", data());
	n = scandir(path.data, &names, is_expectation, alphasort);
	buf_free(&path);
	if (n <= 0)
		return 1;
	tests = calloc((size_t)n, sizeof(*tests));
	for (int i = 0; tests && i < n; i++) {
		const char **row = malloc(sizeof(*row));

		*row = names[i]->d_name;
		tests[i] = (struct CMUnitTest){
			.name = *row, .test_func = test_own, .initial_state = row};
	}
	failed = _cmocka_run_group_tests("own configs", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++) {
		free(tests[i].initial_state);
		free(names[i]);
	}
	free(tests);
	free(names);
	return failed;
}
