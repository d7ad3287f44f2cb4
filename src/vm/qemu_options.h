/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qemu_options.h - QEMU's options: which take an argument, and how it is written. */
#ifndef VM_QEMU_OPTIONS_H
#define VM_QEMU_OPTIONS_H

#include "vm/vm.h"

/* How an argument is written. */
enum syntax {
	SYNTAX_TEXT = 0, /* one value, not taken apart */
	SYNTAX_OPTS,	 /* QemuOpts: key=value, flag, noflag; ",," is a comma */
	SYNTAX_KEYVAL,	 /* key=value only, dotted keys */
	SYNTAX_CPU,	 /* model,+feature,-feature,key=value; no escape */
	SYNTAX_GLOBAL,	 /* driver.property=value, else QemuOpts */
	SYNTAX_SET,	 /* group.id.key=value */
	SYNTAX_JSON,	 /* found out by looking at the argument */
};

enum value_type { VALUE_STRING = 0, VALUE_NUMBER, VALUE_SIZE };

struct known_key {
	const char *name;
	enum value_type type;
};

struct option_info {
	const char *name;
	enum option_kind kind;
	bool has_argument;
	enum syntax syntax;
	bool may_be_json;
	const char *implied; /* key of the first word */
	const char *group;   /* as -set, -readconfig and "Duplicate ID" name it; NULL: not stored as
				QemuOpts */
	const struct known_key
		*keys;	     /* the only ones that QEMU takes, NULL at the end; NULL: any */
	const char *set_key; /* an option without argument stands for this pair */
	const char *set_value;
};

/* By name without dashes; NULL: no QEMU from 7.2 to 11.1 has it. */
const struct option_info *option_info(const char *name);
/* By a word of a command line ("-m", "--device"). */
const struct option_info *option_info_word(const char *word);
/* By the group of a config file ("memory"). */
const struct option_info *option_info_group(const char *group);
/* Whether QEMU has a group of that name, also one that does not matter here. */
bool option_group_exists(const char *group);
/* By index, for tests; NULL behind the last. */
const struct option_info *option_info_at(size_t index);

#endif
