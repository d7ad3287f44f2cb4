/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edit.h - edits, between what they mean for the words (edit.c, edit_pair.c) and for the text
 * (edit_text.c). */
#ifndef VM_EDIT_H
#define VM_EDIT_H

#include "vm/parser.h"

#define ORIGIN_NEW UINT32_MAX

/* An argument that is being edited. Each character knows which of the original argument it is. */
struct rope {
	char *text;	  /* NUL-terminated */
	char *marks;	  /* as in struct word, never NULL */
	uint32_t *origin; /* ascending, or ORIGIN_NEW */
	size_t n;
};

/* SET or UNSET of one pair, or of the whole argument (key NULL). */
int rope_new(struct arena *, const struct word *, struct rope *);
int rope_edit(struct iof_ctx *, struct arena *, const struct vm_option *, const struct vm_edit *,
	      struct rope *);

/* The options in their new order. */
struct plan_item {
	const struct vm_edit *added; /* NULL: an option of the VM */
	size_t option;		     /* of the VM; for an added one: that it was put before */
	bool is_gone;		     /* removed, or moved from here */
	bool is_moved;		     /* put here from elsewhere */
	struct rope *rope;	     /* the edited argument, NULL: as it was */
};

struct plan {
	struct plan_item *items;
	size_t n;
};

int plan_make(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
	      struct arena *, struct plan *);
/* The words with the edits applied. */
int plan_words(const struct iof_vm *, const struct plan *, struct arena *, struct word **,
	       size_t *n_words);
int edit_words(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
	       struct arena *, struct word **, size_t *n_words);

#endif
