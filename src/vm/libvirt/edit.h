/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edit.h - what the files share that bring edits of QEMU's words back into a domain. */
#ifndef VM_LIBVIRT_EDIT_H
#define VM_LIBVIRT_EDIT_H

#include "vm/libvirt/say.h"
#include "vm/xml/draft.h"

#define LV_QEMU_URI "http://libvirt.org/schemas/domain/qemu/1.0"
#define LV_QEMU "{" LV_QEMU_URI "}"

struct lv_editor {
	struct iof_ctx *ctx;
	const struct iof_vm *vm;
	const struct lv_domain *d;
	const struct vm_edit *edits;
	size_t n_edits;
	struct arena *arena;
	struct xml_draft draft;
	unsigned n_new_iommus;
};

/* All return 0, -ENOMEM, or -EOPNOTSUPP with the reason as error text; errors of the draft come at
 * its end. edit's op is SET or UNSET, but for lv_edit_add(). */
int lv_cannot(struct lv_editor *, const char *format, ...) __attribute__((format(printf, 2, 3)));
int lv_edit_device(struct lv_editor *, const struct vm_option *, const struct vm_edit *);
int lv_edit_cpu(struct lv_editor *, const struct vm_option *, const struct vm_edit *);
int lv_edit_machine(struct lv_editor *, const struct vm_option *, const struct vm_edit *);
int lv_edit_memory(struct lv_editor *, const struct vm_option *, const struct vm_edit *);
int lv_edit_object(struct lv_editor *, const struct vm_option *, const struct vm_edit *);
int lv_edit_global(struct lv_editor *, const struct vm_option *, const struct vm_edit *);
/* Where the value stands in the domain as it is said, it is written there. */
int lv_edit_in_place(struct lv_editor *, const struct vm_option *, const struct vm_edit *);
/* An <iommu>, from a -device's argument. 1: it is no vIOMMU. */
int lv_add_iommu(struct lv_editor *, const struct vm_edit *);
/* A root bus or a port on one. 1: it is neither. */
int lv_add_bus(struct lv_editor *, const struct vm_edit *);
int lv_add_fw_cfg(struct lv_editor *, const struct vm_edit *);
int lv_add_global(struct lv_editor *, const struct vm_edit *);

/* A child of the domain. */
struct draft_node *lv_top(struct lv_editor *, const char *name);
/* An argument of <qemu:commandline>. */
void lv_add_word(struct lv_editor *, const char *word);
/* A name in QEMU's name space, which is declared if it is not yet. */
const char *lv_qemu_name(struct lv_editor *, const char *name);
/* "8G", "512M", "1024k"; without a unit it is MiB as -m has it, or bytes. */
bool lv_read_size(const char *text, bool is_mib, uint64_t *bytes);
/* A size as an element's text and unit; in the unit that it has, if that will do. */
void lv_put_size(struct lv_editor *, struct draft_node *, uint64_t bytes);
bool lv_is_true(const char *value);

#endif
