/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.h - the pieces of a document that is taken to be well-formed, by its bytes alone. What
 * they mean is libxml2's to say; tree.c brings the two together.
 */
#ifndef VM_XML_PLACE_H
#define VM_XML_PLACE_H

#include "vm/xml/tree.h"

#define XML_MAX_ATTRIBUTES 256u	   /* of one element */
#define XML_MAX_DECLARATIONS 1024u /* of namespaces, in all */
#define XML_MAX_SOURCE (16u << 20)

struct xml_places {
	struct iof_ctx *ctx;
	struct arena *arena;
	const char *name;
	const char *bytes;
	size_t length;
	struct xml_node *root;
	bool is_utf8;  /* else one byte is one character, which are not all the same as in UTF-8 */
	bool is_lost;  /* it could not be followed; libxml2 knows why */
	unsigned line; /* where that was */
};

/* Find the elements: names, places, attributes (with values still raw), relations. What is too
 * large or not taken (a DOCTYPE, another encoding) is refused here, before libxml2 sees it. 0,
 * -EBADMSG (with the error text), -ENOMEM; where the text could not be followed, is_lost is set and
 * 0 returned. */
int xml_find_places(struct xml_places *);

/* What raw text or a raw attribute's value says: references resolved, line ends and (in values)
 * white space as XML has them. */
void xml_decode(struct buf *, const char *raw, size_t length, bool is_value);

static inline bool xml_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

#endif
