/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.h - an XML document as a tree in an arena, each piece with the bytes of the text that
 * say it, so that it can be edited there. libxml2 (in the module iommufit-xml.so) reads it: that
 * decides what is well-formed, and what values are. place.c then finds the pieces in the text.
 */
#ifndef VM_XML_TREE_H
#define VM_XML_TREE_H

#include "vm/language.h"

#define XML_MAX_DEPTH 64u
#define XML_MAX_NODES 65536u

struct xml_attribute {
	const char *name;   /* with its prefix as written, "qemu:foo" */
	const char *value;  /* entities resolved, UTF-8 */
	struct place at;    /* of the value, without its quotes */
	size_t name_offset; /* of the name's first byte */
	char quote;	    /* ' or " */
};

struct xml_node {
	const char *name;  /* with its prefix as written: "qemu:commandline" */
	const char *space; /* namespace URI; NULL: none */
	const char *text;  /* text directly in it, joined and trimmed; "" */
	struct xml_attribute *attributes;
	size_t n_attributes;
	struct xml_node *parent, *first, *last, *next; /* elements only */
	struct place at; /* of its start tag, from '<' to behind '>' */
	struct place
		text_at; /* of the text, trimmed; line 0: it has none, or more than one piece */
	size_t tag_end;	 /* offset behind the attributes, before "/>" or ">" and blanks */
	size_t content;	 /* offset behind the start tag's '>' */
	size_t close;	 /* offset of "</"; content if is_empty */
	size_t end;	 /* offset behind the whole element */
	bool is_empty;	 /* <name/> */
};

/*
 * Read a document. No network, no external file, no DOCTYPE at all (so no entities but the five
 * built in), depth and number of elements capped. Text in another encoding than UTF-8 or a superset
 * of ASCII in single bytes is refused. The error is "name:line: reason".
 * 0, -EBADMSG, -EOPNOTSUPP (the module is not installed) or -ENOMEM.
 */
int xml_read(struct iof_ctx *, struct arena *, const char *name, const char *bytes, size_t length,
	     struct xml_node **root);

/* First child of that name, NULL: none; next sibling of the same name. Names are compared with
 * their prefix as written, or without prefix in the namespace: name "{uri}local". */
const struct xml_node *xml_child(const struct xml_node *, const char *name);
const struct xml_node *xml_sibling(const struct xml_node *);
/* Down a path of first children "cpu/maxphysaddr". */
const struct xml_node *xml_path(const struct xml_node *, const char *path);
const struct xml_attribute *xml_attribute(const struct xml_node *, const char *name);
const char *xml_value(const struct xml_node *,
		      const char *attribute); /* NULL: absent; node may be NULL */

/* ---- edits: each adds splices to the text; the tree stays as it was ---- */

/* Set an attribute's value in its own quotes; a new one goes behind the last, one blank before it,
 * quoted as its neighbours are. */
int xml_set(struct arena *, struct splices *, const struct xml_node *, const char *name,
	    const char *value);
/* Remove an attribute with the blanks before it. */
int xml_unset(struct arena *, struct splices *, const struct xml_node *, const char *name);
/* -EINVAL: the old one is not there, or the new one is. */
int xml_rename(struct arena *, struct splices *, const struct xml_node *, const char *name,
	       const char *new_name);
/* Replace the text, blanks around it kept. -EOPNOTSUPP: it is in several pieces. */
int xml_set_text(struct arena *, struct splices *, const struct xml_node *, const char *text);
/* Put an element or several (each tag on a line of its own, not indented, an element with text on
 * one; lines are then indented as the file is, with its line ends) into parent: behind sibling, or,
 * NULL, as the first child. source: the text of the tree. An empty element <a/> is opened. */
int xml_insert(struct arena *, struct splices *, const char *source, const struct xml_node *parent,
	       const struct xml_node *behind, const char *element);
/* Remove an element, with its line if it stands alone on one. */
int xml_remove(struct arena *, struct splices *, const char *source, const struct xml_node *);
/* The quote that a new attribute of the element gets. */
char xml_quote(const struct xml_node *);
/* Escaped for an attribute in either kind of quotes, or for text. */
const char *xml_escape(struct arena *, const char *text);

#endif
