/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parser.h - words to options. */
#ifndef VM_PARSER_H
#define VM_PARSER_H

#include "vm/argument.h"

struct parser {
	struct iof_ctx *ctx;
	struct iof_vm *vm;
	size_t options_cap;
	iof_vm_open_fn open; /* NULL: no file is opened */
	void *open_data;
};

/* An empty VM with an arena. NULL: out of memory. */
struct iof_vm *vm_new(const char *name);

/* vm->words to vm->args, options, assigned and ignored. The VM's arena, name, form and words must
 * be set. */
int vm_parse(struct iof_ctx *, struct iof_vm *, iof_vm_open_fn, void *data);

/* For readconfig.c. */
struct vm_option *parser_add(struct parser *);
/* Judge pairs as QEMU does when it reads them: identifiers, duplicates, known keys, numbers. */
int option_judge(struct parser *, const struct option_info *, struct vm_option *);
/* Note what QEMU says when it stops here, unless it has stopped already. NULL: out of memory. */
int option_fail(struct vm_option *, const char *text);
/* The option with that id among those that QEMU keeps as QemuOpts of this kind: not JSON, not one
 * that failed. */
struct vm_option *parser_find_id(struct iof_vm *, const struct option_info *, const char *id,
				 const struct vm_option *before);
int option_add_pair(struct arena *, struct vm_option *, const struct pair *);
/* "name: reason" or "name:line: reason"; returns -EBADMSG. */
int parser_fail(struct parser *, const struct place *, const char *reason);

/* readconfig.c: the options of a file that -readconfig names, behind that option. */
int readconfig_load(struct parser *, struct vm_option *readconfig);

#endif
