/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* argument.h - an option's argument taken apart: what each pair says and which characters of the
 * argument say it. */
#ifndef VM_ARGUMENT_H
#define VM_ARGUMENT_H

#include "vm/qemu_options.h"
#include "vm/words.h"

#define MAX_PAIRS 1024u
#define MAX_JSON_DEPTH 32u

/* Offsets are characters of the (unquoted) argument; [start, end). */
struct segment {
	size_t start; /* of all of it, without the comma that ends it */
	size_t end;
	size_t value_start;
	size_t value_end;
	const char *key;
	const char *value;
	bool is_implied;
	bool is_flag;
	char json_type; /* as in struct pair */
};

struct segments {
	struct segment *list;
	size_t n;
	size_t cap;
	enum syntax syntax; /* as found: JSON if it is */
	bool ends_open;	    /* the argument ends with a separating comma */
	const char *error;  /* as in struct vm_option */
	/* JSON: where the first member may stand, and how its author spaces. */
	size_t json_open;
	bool json_blank_after_colon;
	bool json_blank_after_comma;
};

/* Take an argument apart. -E2BIG: more than MAX_PAIRS pairs or JSON deeper than MAX_JSON_DEPTH. */
int argument_split(struct arena *, const struct option_info *, const struct word *,
		   struct segments *);
/* The part of it for JSON. */
int json_split(struct arena *, const char *text, struct segments *);
int segment_add(struct arena *, struct segments *, const struct segment *);

/* A key=value argument that means these; commas doubled. */
void argument_append_pair(struct buf *, const char *key, const char *value);
/* JSON text of a value; type as in struct pair, 0: guessed from key and value. */
void json_append_value(struct buf *, const char *key, const char *value, char type);
void json_append_string(struct buf *, const char *text);

#endif
