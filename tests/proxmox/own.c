/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own.c - NAME.conf with NAME.expect in tests/data/proxmox. Lines of an expectation:
 *   = WORDS            an option with its argument, as it must be said
 *   no TEXT            no option holds it
 *   order A B          the first -device that begins with A stands before the first with B
 *   place WHAT KEY L:C that value of the option stood at line L, column C
 *   refused, warned TEXT; dropped, assumed NAME; pending KEY VALUE
 *   firmware PATH
 * and what the config is read with: manager, vmm, bits (of the host's CPU), functions (of the
 * host), file NAME LINES (| for a newline).
 */
#include <dirent.h>
#include <errno.h>

#include "proxmox_tests.h"

struct setting {
	struct iof_vm_options options;
	const char *functions[16];
	char *names[4], *texts[4];
	size_t n_files;
};

static char *folder;

static int open_file(void *data, const char *path, char **bytes, size_t *length)
{
	struct setting *s = data;
	const char *base = strrchr(path, '/') + 1;

	for (size_t i = 0; i < s->n_files; i++) {
		if (str_eq(base, s->names[i])) {
			*bytes = strdup(s->texts[i]);
			*length = strlen(s->texts[i]);
			return *bytes ? 0 : -ENOMEM;
		}
	}
	return -ENOENT;
}

/* What follows a word at the start of a line; NULL: another word. */
static char *after(char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

static void add_file(struct setting *s, char *rest)
{
	char *text = strchr(rest, ' ');

	*text++ = '\0';
	for (char *c = text; *c; c++)
		*c = *c == '|' ? '\n' : *c;
	s->names[s->n_files] = rest;
	s->texts[s->n_files++] = text;
	s->options.open = open_file;
	s->options.open_data = s;
}

/* Whether the line is a setting. */
static bool take_setting(struct setting *s, char *line)
{
	char *rest, *word, *state;

	if ((rest = after(line, "manager"))) {
		s->options.manager = rest;
	} else if ((rest = after(line, "vmm"))) {
		s->options.vmm = rest;
	} else if ((rest = after(line, "bits"))) {
		s->options.host_phys_bits = (unsigned)atoi(rest);
	} else if ((rest = after(line, "file"))) {
		add_file(s, rest);
	} else if ((rest = after(line, "functions"))) {
		s->options.host_functions = s->functions;
		for (word = strtok_r(rest, " ", &state); word; word = strtok_r(NULL, " ", &state))
			s->functions[s->options.n_host_functions++] = word;
	} else {
		return false;
	}
	return true;
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++) {
		if ((at == text || at[-1] == '\n') && (!at[n] || at[n] == '\n'))
			return true;
	}
	return false;
}

static bool has_remark(const struct iof_vm *vm, enum remark_kind kind, const char *text,
		       const char *detail)
{
	for (size_t i = 0; i < vm->n_remarks; i++) {
		const struct remark *r = &vm->remarks[i];

		if (r->kind == kind && str_eq(r->text, text) &&
		    (!detail || (r->detail && str_eq(r->detail, detail))))
			return true;
	}
	return false;
}

static bool in_order(const char *words, char *rest)
{
	char *second = strchr(rest, ' ');
	struct buf a = {0}, b = {0};
	const char *first_at, *second_at;

	*second++ = '\0';
	buf_printf(&a, "-device %s", rest);
	buf_printf(&b, "-device %s", second);
	first_at = strstr(words, a.data);
	second_at = strstr(words, b.data);
	buf_free(&a);
	buf_free(&b);
	return first_at && second_at && first_at < second_at;
}

static bool has_place(const struct iof_vm *vm, char *rest)
{
	char *key = strchr(rest, ' '), *at;
	unsigned line, column;

	*key++ = '\0';
	at = strchr(key, ' ');
	*at++ = '\0';
	assert_int_equal(sscanf(at, "%u:%u", &line, &column), 2);
	for (size_t i = 0; i < vm->n_options; i++) {
		const struct vm_option *o = &vm->options[i];
		const char *driver = option_value(o, "driver");
		bool is_it =
			*rest == '-' ? str_eq(o->name, rest + 1) : driver && str_eq(driver, rest);
		const struct pair *pair = is_it ? option_pair(o, key) : NULL;

		if (pair)
			return pair->at.line == line && pair->at.column == column &&
			       !pair->is_managers;
	}
	return false;
}

static bool is_met(const struct iof_vm *vm, const char *words, char *line)
{
	char *rest, *value;

	if ((rest = after(line, "=")))
		return has_line(words, rest);
	if ((rest = after(line, "no")))
		return !strstr(words, rest);
	if ((rest = after(line, "order")))
		return in_order(words, rest);
	if ((rest = after(line, "place")))
		return has_place(vm, rest);
	if ((rest = after(line, "refused")))
		return has_remark(vm, REMARK_REFUSED, rest, NULL);
	if ((rest = after(line, "warned")))
		return has_remark(vm, REMARK_WARNED, rest, NULL);
	if ((rest = after(line, "dropped")))
		return has_remark(vm, REMARK_DROPPED, rest, NULL);
	if ((rest = after(line, "assumed")))
		return has_remark(vm, REMARK_ASSUMED, rest, NULL);
	if ((rest = after(line, "firmware")))
		return iof_vm_firmware(vm) && str_eq(iof_vm_firmware(vm), rest);
	rest = after(line, "pending");
	value = rest ? strchr(rest, ' ') : NULL;
	if (!value)
		return false;
	*value++ = '\0';
	return has_remark(vm, REMARK_PENDING, rest, value);
}

static void test_own(void **state)
{
	const char *name = *(const char *const *)*state;
	struct setting setting = {.options = {.size = sizeof(setting.options)}};
	char *lines[64], *words, *text, *expect, *save, *line;
	struct buf peer = {0};
	size_t length, peer_length, n = 0;
	struct iof_ctx *ctx = NULL;
	struct iof_vm *vm = NULL;
	bool ok = true, refuses = false;

	buf_printf(&peer, "%.*s.expect", (int)strlen(name) - 5, name);
	text = read_text(folder, name, &length);
	expect = read_text(folder, peer.data, &peer_length);
	assert_non_null(text);
	assert_non_null(expect);
	for (line = strtok_r(expect, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!take_setting(&setting, line))
			lines[n++] = line;
	}
	assert_true(n > 0);
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(iof_vm_load_config(ctx, IOF_LANGUAGE_AUTO, text, length, name,
					    &setting.options, &vm),
			 0);
	assert_int_equal(iof_vm_language(vm), IOF_LANGUAGE_PROXMOX);
	words = words_text(vm);
	for (size_t i = 0; i < n; i++) {
		char *copy = strdup(lines[i]);

		refuses |= after(lines[i], "refused") != NULL;
		if (!is_met(vm, words, copy)) {
			print_error("%s: not so: %s\n", name, lines[i]);
			ok = false;
		}
		free(copy);
	}
	/* A refusal comes only where one is expected. */
	for (size_t i = 0; i < vm->n_remarks && !refuses; i++) {
		if (vm->remarks[i].kind == REMARK_REFUSED)
			print_error("%s: refused: %s\n", name, vm->remarks[i].text);
		ok = ok && vm->remarks[i].kind != REMARK_REFUSED;
	}
	if (!ok)
		print_message("%s\n", words);
	free(words);
	free(text);
	free(expect);
	buf_free(&peer);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	assert_true(ok);
}

static int is_conf(const struct dirent *entry)
{
	return strstr(entry->d_name, ".conf") != NULL;
}

int own_run(void)
{
	const char *data = getenv("IOMMUFIT_TEST_DATA");
	struct buf path = {0};
	struct dirent **names = NULL;
	struct CMUnitTest *tests;
	int n, failed;

	buf_printf(&path, "%s/proxmox", data ? data : "tests/data");
	folder = path.data;
	n = scandir(folder, &names, is_conf, alphasort);
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
	buf_free(&path);
	return failed;
}
