/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* translate.c - the words of a config language, each with where it came from. */
#include <errno.h>
#include <stdlib.h>

#include "vm/language.h"
#include "vm/parser.h"

struct said_pair {
	const char *key;
	struct place at;
};

struct said {
	const char *word;     /* "-device" */
	const char *argument; /* NULL: none */
	struct place at;
	const void *origin;
	bool binds_host;
	enum say_form form;
	struct said_pair *pairs;
	size_t n_pairs, pairs_cap;
};

static const struct language *const languages[] = {&cloud_hypervisor_language, &libvirt_language,
						   &proxmox_language};

const struct language *language_find(enum iof_language id, const char *bytes, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(languages); i++) {
		const struct language *l = languages[i];

		if (l && (id == IOF_LANGUAGE_AUTO ? l->recognise(bytes, length) : l->id == id))
			return l;
	}
	return NULL;
}

/* ---- errors ---- */

void translation_fail(struct translation *t, const struct place *at, const char *reason)
{
	if (t->err)
		return;
	t->err = ctx_fail(t->ctx, -EBADMSG, "%s:%u: %s", t->vm->name, at && at->line ? at->line : 1,
			  reason);
}

static bool keep(struct translation *t, const char **text)
{
	if (t->err)
		return false;
	if (*text)
		*text = arena_strdup(t->vm->arena, *text);
	if (!*text)
		t->err = -ENOMEM;
	return !t->err;
}

/* ---- what is said ---- */

static struct said *add_said(struct translation *t, const char *word, const struct place *at,
			     const void *origin)
{
	struct said *said;

	if (!keep(t, &word))
		return NULL;
	if (t->n_said >= MAX_WORDS / 2) {
		translation_fail(t, at, "more than 8192 options");
		return NULL;
	}
	t->said = arena_grow(t->vm->arena, t->said, t->n_said, &t->said_cap, sizeof(*said));
	if (!t->said) {
		t->err = -ENOMEM;
		return NULL;
	}
	said = &t->said[t->n_said++];
	*said = (struct said){.word = word, .origin = origin};
	if (at)
		said->at = *at;
	return said;
}

void say_word(struct translation *t, const char *word, const struct place *at, const void *origin)
{
	add_said(t, word, at, origin);
}

static struct said *add_option(struct translation *t, const char *name, const struct place *at,
			       const void *origin)
{
	const char *word = t->err ? NULL : arena_printf(t->vm->arena, "-%s", name);

	if (!word && !t->err)
		t->err = -ENOMEM;
	return word ? add_said(t, word, at, origin) : NULL;
}

void say_plain(struct translation *t, const char *name, const char *argument,
	       const struct place *at, const void *origin)
{
	struct said *said = add_option(t, name, at, origin);

	if (said && argument && keep(t, &argument))
		said->argument = argument;
}

void say_option(struct translation *t, const char *name, enum say_form form, const struct place *at,
		const void *origin)
{
	struct said *said = add_option(t, name, at, origin);

	if (said)
		said->form = form;
	t->argument.length = 0;
}

static void write_json(struct translation *t, const char *key, const char *value, char type)
{
	buf_puts(&t->argument, t->argument.length ? "," : "{");
	json_append_string(&t->argument, key);
	buf_putc(&t->argument, ':');
	if (type == 'o')
		buf_puts(&t->argument, value);
	else
		json_append_value(&t->argument, key, value, type ? type : 's');
}

static void write_opts(struct translation *t, const char *key, const char *value)
{
	if (t->argument.length)
		buf_putc(&t->argument, ',');
	if (key)
		argument_append_pair(&t->argument, key, value);
	else
		buf_puts(&t->argument, value);
}

void say_pair(struct translation *t, const char *key, const char *value, char json_type,
	      const struct place *at)
{
	struct said *said = t->err ? NULL : &t->said[t->n_said - 1];
	struct said_pair pair = {.key = key};

	if (!said || (key && !keep(t, &pair.key)))
		return;
	if (at)
		pair.at = *at;
	if (said->n_pairs == MAX_PAIRS) {
		translation_fail(t, at, "more than 1024 settings in one place");
		return;
	}
	said->pairs = arena_grow(t->vm->arena, said->pairs, said->n_pairs, &said->pairs_cap,
				 sizeof(pair));
	if (!said->pairs) {
		t->err = -ENOMEM;
		return;
	}
	said->pairs[said->n_pairs++] = pair;
	if (said->form == SAY_JSON)
		write_json(t, key ? key : "driver", value, json_type);
	else
		write_opts(t, key, value);
}

void say_end(struct translation *t)
{
	struct said *said = t->err ? NULL : &t->said[t->n_said - 1];

	if (!said)
		return;
	if (said->form == SAY_JSON)
		buf_puts(&t->argument, t->argument.length ? "}" : "{}");
	if (t->argument.err) {
		t->err = -ENOMEM;
		return;
	}
	said->argument = t->argument.length ? t->argument.data : "";
	keep(t, &said->argument);
	t->argument.length = 0;
}

void say_binds_host(struct translation *t)
{
	if (!t->err)
		t->said[t->n_said - 1].binds_host = true;
}

struct remark *remark_add(struct translation *t, enum remark_kind kind, const struct place *at,
			  const char *text, const char *detail)
{
	struct iof_vm *vm = t->vm;
	struct remark *remark;

	if (!keep(t, &text) || (detail && !keep(t, &detail)))
		return NULL;
	vm->remarks =
		arena_grow(vm->arena, vm->remarks, vm->n_remarks, &t->remarks_cap, sizeof(*remark));
	if (!vm->remarks) {
		vm->n_remarks = 0;
		t->err = -ENOMEM;
		return NULL;
	}
	remark = &vm->remarks[vm->n_remarks++];
	*remark = (struct remark){.kind = kind, .text = text, .detail = detail};
	if (at)
		remark->at = *at;
	return remark;
}

/* ---- what the config leaves to its surroundings ---- */

const struct config_file *translation_file(struct translation *t, const char *path)
{
	const struct iof_vm_options *given = &t->vm->options_given;
	const struct config_file *file = NULL;

	if (t->err)
		return NULL;
	t->err = config_file_find(t->ctx, t->vm, given->open, given->open_data, path, &file);
	return file && !file->err ? file : NULL;
}

uint32_t translation_manager(struct translation *t, const char *name, uint32_t newest)
{
	const char *given = t->vm->options_given.manager;
	size_t length = strlen(name);
	uint64_t part[3] = {0}, n = 0;

	if (!given || t->err)
		return newest;
	if (strncmp(given, name, length) != 0 || given[length] != '=') {
		t->err = ctx_fail(t->ctx, -EINVAL, "%s: the config is for %s", given, name);
		return newest;
	}
	for (const char *p = given + length + 1; n < 3; p++) {
		size_t digits = strspn(p, "0123456789");

		if (parse_u64n(p, digits, 10, 999, &part[n++]) != 0 ||
		    (p[digits] && p[digits] != '.'))
			break;
		p += digits;
		if (!*p)
			return (uint32_t)(part[0] * 1000000 + part[1] * 1000 + part[2]);
	}
	t->err = ctx_fail(t->ctx, -EINVAL, "%s: a version has the form 12.8 or 12.8.0", given);
	return newest;
}

/* ---- from words to options ---- */

static int list_words(struct translation *t)
{
	struct iof_vm *vm = t->vm;
	int ret = 0;

	vm->words = arena_array(vm->arena, 2 * t->n_said + 1, sizeof(*vm->words));
	if (!vm->words)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < t->n_said; i++) {
		ret = word_plain(vm->arena, t->said[i].word, &vm->words[vm->n_args++]);
		if (!ret && t->said[i].argument)
			ret = word_plain(vm->arena, t->said[i].argument, &vm->words[vm->n_args++]);
	}
	return ret;
}

static void take_place(struct place *to, const struct place *from)
{
	int arg = to->arg;

	*to = *from;
	to->arg = arg;
}

/* The parser counted words; the user wants to know where in the config. */
static void give_places(struct vm_option *option, const struct said *said,
			const struct said *argument)
{
	option->origin = said->origin;
	option->is_managers = !said->at.line;
	option->binds_host = said->binds_host;
	take_place(&option->at, &said->at);
	for (size_t i = 0; i < option->n_pairs; i++) {
		struct pair *pair = &option->pairs[i];
		const struct said_pair *from = i < said->n_pairs ? &said->pairs[i] : NULL;

		if (from && from->key && !str_eq(from->key, pair->key))
			from = NULL;
		if (from && from->at.line) {
			take_place(&pair->at, &from->at);
		} else {
			take_place(&pair->at, said->n_pairs ? &said->at : &argument->at);
			pair->is_managers = said->n_pairs > 0 || option->is_managers;
		}
	}
}

static int connect_options(struct translation *t)
{
	struct iof_vm *vm = t->vm;
	size_t *said_of = calloc(vm->n_args + 1, sizeof(*said_of)); /* by word */
	size_t n = 0;

	if (!said_of)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_said; i++) {
		said_of[n++] = i;
		if (t->said[i].argument)
			said_of[n++] = i;
	}
	for (size_t i = 0; i < vm->n_options; i++) {
		struct vm_option *option = &vm->options[i];
		size_t word = (size_t)option->at.arg;

		if (option->at.file || option->at.arg < 0 || word >= n)
			continue;
		give_places(option, &t->said[said_of[word]],
			    &t->said[said_of[word + 1 < n ? word + 1 : word]]);
	}
	free(said_of);
	return 0;
}

static int read_words(struct translation *t, iof_vm_open_fn open, void *data)
{
	struct iof_vm *vm = t->vm;
	const char *source = vm->source;
	int ret = list_words(t);

	if (ret)
		return ret;
	/* For the parser it is an argument vector: no word stands in the text as it is. */
	vm->source = NULL;
	vm->form = FORM_ARGV;
	ret = vm_parse(t->ctx, vm, open, data);
	vm->source = source;
	vm->form = FORM_CONFIG;
	return ret ? ret : connect_options(t);
}

int translate(struct iof_ctx *ctx, struct iof_vm *vm, iof_vm_open_fn open, void *data)
{
	struct translation t = {.ctx = ctx, .vm = vm};

	vm->form = FORM_CONFIG;
	vm->language = vm->config->id;
	vm->options_given.open = open;
	vm->options_given.open_data = data;
	vm->config->read(&t);
	if (!t.err && !t.n_said)
		translation_fail(&t, NULL, "says nothing about a VM");
	if (!t.err)
		t.err = read_words(&t, open, data);
	vm->options_given.open = NULL; /* what was read is kept */
	vm->options_given.open_data = NULL;
	buf_free(&t.argument);
	return t.err;
}
