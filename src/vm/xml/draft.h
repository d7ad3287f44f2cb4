/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * draft.h - changes of a document that are still being thought about: the last word about each
 * thing counts, and elements can be built up piece by piece. At the end they become splices.
 */
#ifndef VM_XML_DRAFT_H
#define VM_XML_DRAFT_H

#include "vm/xml/tree.h"

struct draft_change {
	const char *name;
	const char *value;    /* NULL: to go */
	const char *new_name; /* NULL: its own; then value means nothing */
};

/* An element that is changed, or one that is new, or one that has such in it. */
struct draft_node {
	const struct xml_node *base; /* NULL: new */
	const char *name;
	const char *written; /* of a new one: all of it, as text; NULL */
	struct draft_node *parent, *first, *last, *next;
	const struct xml_node *behind; /* of a new one in a base: which child; NULL: it is first */
	struct draft_change *changes;
	size_t n_changes, changes_cap;
	const char *text; /* NULL: as it is */
	bool is_gone;
};

/* Once err is set everything does nothing, and what is returned is not to be looked into. */
struct xml_draft {
	struct arena *arena;
	struct draft_node root;
	struct draft_node nowhere; /* returned after an error */
	int err;
};

void draft_begin(struct xml_draft *, struct arena *, const struct xml_node *root);
struct draft_node *draft_open(struct xml_draft *, const struct xml_node *);
/* The child of that name, made if it is not there. order: names of children in their order, with
 * blanks between; a new one goes behind the last that comes before it. NULL: behind all. */
struct draft_node *draft_child(struct xml_draft *, struct draft_node *, const char *name,
			       const char *order);
/* NULL: there is none. value NULL: whatever it says. */
struct draft_node *draft_find(struct xml_draft *, struct draft_node *, const char *name,
			      const char *attribute, const char *value);
struct draft_node *draft_add(struct xml_draft *, struct draft_node *, const char *name,
			     const char *order);
/* As the draft is now. NULL: absent. */
const char *draft_value(const struct draft_node *, const char *attribute);
/* value NULL: unset. */
void draft_set(struct xml_draft *, struct draft_node *, const char *attribute, const char *value);
void draft_rename(struct xml_draft *, struct draft_node *, const char *attribute, const char *name);
void draft_text(struct xml_draft *, struct draft_node *, const char *text);
void draft_remove(struct draft_node *);
/* Neither attributes nor children as the draft is now. */
bool draft_is_bare(const struct draft_node *);
/* 0, -ENOMEM, -EINVAL (a name is taken) or -EOPNOTSUPP (a text in pieces). */
int draft_write(struct xml_draft *, const char *source, struct splices *);

#endif
