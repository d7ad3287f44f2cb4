/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parse.c - reads the command line of iommufit by the table of options. */
#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	struct arguments *args;
	const char *const *argv;
	size_t argc;
	size_t next;
	char **reason;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct parser *p, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (vasprintf(p->reason, format, list) < 0)
		*p->reason = NULL;
	va_end(list);
	return -EINVAL;
}

static int list_add(struct list *list, const char *item)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 8;
		const char **items = reallocarray(list->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = item;
	return 0;
}

static const struct option_spec *find_option(const char *name, size_t length, char letter)
{
	for (size_t i = 0; i < n_option_specs; i++) {
		const struct option_spec *o = &option_specs[i];

		if (letter ? o->letter == letter
			   : strlen(o->name) == length && memcmp(o->name, name, length) == 0)
			return o;
	}
	return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	for (const char *at = choices; *at;) {
		size_t word = strcspn(at, " ");

		if (word == length && memcmp(at, value, word) == 0)
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}

/* Digits only, no sign; *end is what follows. */
static int parse_digits(const char *text, uint64_t *out, const char **end)
{
	uint64_t value = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return -ERANGE;
	*out = value;
	*end = at;
	return at == text ? -EINVAL : 0;
}

static int parse_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *end, *unit;

	if (strcmp(text, "unlimited") == 0) {
		*out = UINT64_MAX;
		return 0;
	}
	if (parse_digits(text, out, &end) < 0)
		return -EINVAL;
	if (!*end)
		return *out ? 0 : -EINVAL;
	unit = strchr(units, *end);
	if (!unit || end[1])
		return -EINVAL;
	if (__builtin_mul_overflow(*out, UINT64_C(1) << (10 * (unit - units + 1)), out))
		return -ERANGE;
	return *out ? 0 : -EINVAL;
}

static int parse_number(const char *text, uint64_t *out)
{
	const char *end;

	if (parse_digits(text, out, &end) < 0 || *end || !*out || *out > INT32_MAX)
		return -EINVAL;
	return 0;
}

static int store_value(struct parser *p, const struct option_spec *o, const char *value)
{
	char *member = (char *)p->args + o->offset;

	if (o->choices && !is_choice(o->choices, value))
		return wrong(p, "--%s: '%s' is none of: %s", o->name, value, o->choices);
	switch (o->type) {
	case OPTION_TEXT:
		*(const char **)(void *)member = value;
		return 0;
	case OPTION_LIST:
		return list_add((struct list *)(void *)member, value);
	case OPTION_SIZE:
		if (parse_size(value, (uint64_t *)(void *)member) < 0)
			return wrong(p,
				     "--%s: '%s' is no size (bytes, or with K, M, G, T; unlimited)",
				     o->name, value);
		return 0;
	case OPTION_NUMBER:
		if (parse_number(value, (uint64_t *)(void *)member) < 0)
			return wrong(p, "--%s: '%s' is no positive number", o->name, value);
		return 0;
	case OPTION_FLAG:
		break;
	}
	return wrong(p, "--%s takes no argument", o->name);
}

/* value: what was attached to the option, NULL if nothing was. */
static int take_option(struct parser *p, const struct option_spec *o, const char *value)
{
	if (o->type == OPTION_FLAG) {
		if (value)
			return wrong(p, "--%s takes no argument", o->name);
		*((bool *)(void *)((char *)p->args + o->offset)) = true;
		return 0;
	}
	if (!value) {
		if (p->next == p->argc)
			return wrong(p, "--%s needs an argument (%s)", o->name, o->argument);
		value = p->argv[p->next++];
	}
	return store_value(p, o, value);
}

static int check_applies(struct parser *p, const struct option_spec *o)
{
	enum command_id command = p->args->command;

	if (option_is_for(o, command))
		return 0;
	if (command == COMMAND_NONE)
		return wrong(p, "--%s comes after the command that it belongs to", o->name);
	return wrong(p, "%s has no option --%s", command_specs[command].name, o->name);
}

static int parse_long(struct parser *p, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_spec *o = find_option(word, length, 0);
	int err;

	if (!o)
		return wrong(p, "unknown option '--%.*s'", (int)(length > 200 ? 200 : length),
			     word);
	err = check_applies(p, o);
	return err ? err : take_option(p, o, equals ? equals + 1 : NULL);
}

/* A cluster of letters: "-qv", "-oFILE", "-o FILE". */
static int parse_letters(struct parser *p, const char *word)
{
	for (const char *at = word; *at; at++) {
		const struct option_spec *o = find_option(NULL, 0, *at);
		int err;

		if (!o)
			return wrong(p, "unknown option '-%c'", *at);
		err = check_applies(p, o);
		if (err)
			return err;
		if (o->type != OPTION_FLAG)
			return take_option(p, o, at[1] ? at + 1 : NULL);
		err = take_option(p, o, NULL);
		if (err)
			return err;
	}
	return 0;
}

static int take_command(struct parser *p, const char *word)
{
	for (int i = 0; i < N_COMMANDS; i++) {
		if (strcmp(command_specs[i].name, word) == 0) {
			p->args->command = (enum command_id)i;
			return 0;
		}
	}
	if (command_is_planned(word))
		return wrong(p, "%s: not in this version", word);
	return wrong(p, "unknown command '%.200s'", word);
}

static int take_rest(struct parser *p)
{
	if (p->args->command == COMMAND_NONE)
		return wrong(p, "'--' before the command");
	if (!command_specs[p->args->command].takes_argv) {
		while (p->next < p->argc) {
			int err = list_add(&p->args->operands, p->argv[p->next++]);

			if (err)
				return err;
		}
		return 0;
	}
	p->args->vm_argv = p->argv + p->next;
	p->args->vm_argc = p->argc - p->next;
	p->next = p->argc;
	return p->args->vm_argc ? 0 : wrong(p, "nothing after '--'");
}

static int parse_word(struct parser *p)
{
	const char *word = p->argv[p->next++];

	if (strcmp(word, "--") == 0)
		return take_rest(p);
	if (word[0] == '-' && word[1] == '-')
		return parse_long(p, word + 2);
	if (word[0] == '-' && word[1])
		return parse_letters(p, word + 1);
	if (p->args->command == COMMAND_NONE)
		return take_command(p, word);
	return list_add(&p->args->operands, word);
}

/* --json counts for errors, too, wherever it stands before "--". */
static bool wants_json(const struct parser *p)
{
	for (size_t i = 1; i < p->argc && strcmp(p->argv[i], "--") != 0; i++)
		if (strcmp(p->argv[i], "--json") == 0)
			return true;
	return false;
}

/* What must be said once, and not twice. */
static int check_operands(struct parser *p)
{
	const struct arguments *a = p->args;
	const struct command_spec *c;
	size_t sources;

	if (a->help || a->version)
		return 0;
	if (a->command == COMMAND_NONE)
		return wrong(p, "no command");
	c = &command_specs[a->command];
	if (a->operands.n > c->max_operands)
		return wrong(p, "%s: one argument too many: '%.200s'", c->name,
			     a->operands.items[c->max_operands]);
	if (!c->takes_argv)
		return 0;
	sources = a->operands.n + (a->vm_argc > 0) + (a->pid != 0) + (a->devices.n > 0) +
		  (a->libvirt != NULL) + (a->proxmox != NULL);
	if (sources == 0 && !a->qmp)
		return wrong(p, "%s: no VM", c->name);
	if (a->qmp && a->devices.n)
		return wrong(p, "%s: --qmp is a VM, --device makes up another", c->name);
	if (sources > 1)
		return wrong(p,
			     "%s: give one VM: a file, '--' and a command line, --pid, --libvirt, "
			     "--proxmox%s",
			     c->name, a->command == COMMAND_FIX ? "" : ", or --device");
	return 0;
}

int arguments_parse(struct arguments *args, int argc, const char *const *argv, char **reason)
{
	struct parser p = {
		.args = args, .argv = argv, .argc = (size_t)argc, .next = 1, .reason = reason};
	int err = 0;

	*args = (struct arguments){.command = COMMAND_NONE};
	*reason = NULL;
	args->json = wants_json(&p);
	while (!err && p.next < p.argc)
		err = parse_word(&p);
	return err ? err : check_operands(&p);
}

void arguments_free(struct arguments *args)
{
	free(args->drivers.items);
	free(args->bars.items);
	free(args->plug.items);
	free(args->devices.items);
	free(args->operands.items);
}
