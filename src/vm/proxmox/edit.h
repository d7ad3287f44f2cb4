/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edit.h - edits of QEMU's words on their way into a qemu-server config: edit.c
 * says which key of the config an edit means, edit_args.c does what only "args:" can say,
 * edit_text.c writes the lines.
 */
#ifndef VM_PROXMOX_EDIT_H
#define VM_PROXMOX_EDIT_H

#include "vm/proxmox/proxmox.h"

/* A key whose value changes. It may stand in the main section and in [PENDING], which wins at the
 * next start: both change. */
struct pve_change {
	const char *key;
	size_t slot;
	const struct pve_format *format; /* NULL: not a property string */
	/* The values as they will be; NULL: no such line. */
	const char *main, *pending;
	bool is_deleted; /* [PENDING] would delete it; this ends */
};

struct pve_editor {
	struct iof_ctx *ctx;
	const struct iof_vm *vm;
	const struct pve_config *config;
	struct arena *arena;
	const struct vm_edit *edits;
	size_t n_edits;
	struct pve_change *changes;
	size_t n_changes, cap;
	/* of "args:" */
	struct vm_edit *args_edits; /* option: index among the options of args */
	size_t n_args_edits, args_edits_cap;
	struct buf appended;
	struct splices keys; /* a key spelt anew, a remark's cure */
};

/* -EOPNOTSUPP with the reason. */
int pve_cannot(struct pve_editor *, const struct vm_option *, const char *reason);

/* edit_text.c. value NULL: take it away. Returns 0 or a negative errno. */
const char *pve_current(struct pve_editor *, const char *key); /* what counts now; NULL */
int pve_change_whole(struct pve_editor *, const char *key, const char *value);
/* One part of a property string; first: what a value begins with that is made anew ("kvm64"). */
int pve_change_part(struct pve_editor *, const char *key, const char *part, const char *value,
		    const char *first);
int pve_write(struct pve_editor *, const char **text, size_t *length);

/* edit_args.c */
bool pve_is_args(const struct pve_editor *, const struct vm_option *);
int pve_args_edit(struct pve_editor *, const struct vm_edit *); /* of an option of args */
int pve_args_append(struct pve_editor *, const char *name, const char *argument);
/* "-global driver.property=value", "-set device.id.property=value": anew, or the one that is there.
 * value NULL: the one that is there goes. */
int pve_args_global(struct pve_editor *, const char *driver, const char *property,
		    const char *value);
int pve_args_set(struct pve_editor *, const char *id, const char *property, const char *value);
int pve_args_finish(struct pve_editor *);

/* edit_hostpci.c */
int pve_edit_hostpci(struct pve_editor *, const struct vm_edit *);
int pve_add_hostpci(struct pve_editor *, const struct vm_edit *);

#endif
