/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h - the one table of commands and options. Parsing, --help, the man pages and the shell
 * completions are all made from it.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum command_id {
	COMMAND_NONE = -1,
	COMMAND_HOST,
	COMMAND_CAPTURE,
	COMMAND_CAPS,
	COMMAND_CHECK,
	COMMAND_FIX,
	COMMAND_MAP,
	COMMAND_RESOLVE,
	COMMAND_HOOK,
	COMMAND_EXPLAIN,
	COMMAND_PROBE,
	COMMAND_REHEARSE,
	COMMAND_RULES,
	N_COMMANDS,
};

/* Strings that belong to argv; only the vector is allocated. */
struct list {
	const char **items;
	size_t n;
	size_t cap;
};

/* A command line of iommufit, read. */
struct arguments {
	enum command_id command;
	bool help, version, json, svg, html, quiet, verbose, no_colour, migrate, diff, pin, theory,
		list;
	bool in_place, offline, warn, reset_ok, no_keep, bind, yes, recover;
	const char *host, *kernel, *vmm, *manager, *backend, *machine, *firmware, *output, *format;
	const char *prefer, *vm, *libvirt, *proxmox;
	const char *qmp;  /* socket of a running VM */
	uint64_t memlock; /* bytes; UINT64_MAX unlimited, 0 not said */
	uint64_t pid;	  /* 0 not said */
	struct list drivers, bars, plug, devices, operands;
	const char *const *vm_argv; /* what follows "--" */
	size_t vm_argc;
};

enum option_type {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_LIST, /* may be given several times */
	OPTION_SIZE,
	OPTION_NUMBER,
};

enum completion { COMPLETE_NOTHING, COMPLETE_FILE, COMPLETE_CHOICES };

#define FOR(command) (1u << (command))
#define FOR_ALL (~0u)

struct option_spec {
	const char *name; /* without dashes */
	char letter;	  /* 0: none */
	enum option_type type;
	unsigned commands;    /* FOR() bits; FOR_ALL also without a command */
	size_t offset;	      /* in struct arguments */
	const char *argument; /* what to call its argument */
	const char *choices;  /* the only values, separated by blanks; NULL: any */
	enum completion complete;
	const char *help; /* NULL: an alias that is not shown */
};

struct example {
	const char *command;
	const char *text;
};

struct command_spec {
	const char *name;
	const char *const
		*usage;	     /* what follows the command's name, one form each, NULL at the end */
	const char *summary; /* one line */
	unsigned max_operands;
	bool takes_argv; /* "-- PROGRAM ARGUMENTS" is a VM */
	enum completion complete;
	const char *choices;
};

extern const struct option_spec option_specs[];
extern const size_t n_option_specs;
extern const struct command_spec command_specs[N_COMMANDS];

/* What a command's exit statuses mean, and those of the tool's own failures. */
struct status_spec {
	int status;
	const char *text;
	unsigned commands;
};
extern const struct status_spec status_specs[];
extern const size_t n_status_specs;

static inline bool option_is_for(const struct option_spec *option, enum command_id command)
{
	if (command == COMMAND_NONE)
		return option->commands == FOR_ALL;
	return (option->commands & FOR(command)) != 0;
}

/* Whether a later version has this command. */
bool command_is_planned(const char *name);

/* Read argv. 0, -ENOMEM, or -EINVAL with *reason from malloc() (NULL if that failed, too). */
int arguments_parse(struct arguments *, int argc, const char *const *argv, char **reason);
void arguments_free(struct arguments *);

/* The text of --help: of a command or of the tool. */
void help_write(FILE *, enum command_id);

#endif
