/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* profile_json.h - strict access to the parts of a JSON text, with messages that say where. */
#ifndef HOST_PROFILE_JSON_H
#define HOST_PROFILE_JSON_H

#include "base/json.h"
#include "host/profile.h"

struct profile_reader {
	struct iof_ctx *ctx;
	const char *name; /* of the input, for messages */
	struct arena *arena;
	/* The text and its tree, so that messages say the line. */
	const char *bytes;
	const struct json_value *root;
};

/* A place in the text, as a chain up to the top: "devices[3].bdf". */
struct json_place {
	const struct json_place *up;
	const char *key; /* NULL: the index counts */
	size_t index;
};

/* Parse the whole text as one JSON object, into the arena; -EBADMSG with the line. */
int profile_parse(const struct profile_reader *, struct arena *, const char *bytes, size_t length,
		  const struct json_value **out);

/* Set "name:12: devices[3].bdf: reason" and return -EBADMSG. */
int profile_refuse(const struct profile_reader *, const struct json_place *, const char *format,
		   ...) __attribute__((format(printf, 3, 4)));

/* A member of that type; *out is NULL if it is absent or null and not required. */
int profile_member(const struct profile_reader *, const struct json_place *,
		   const struct json_value *object, const char *key, enum json_type, bool required,
		   const struct json_value **out);
/* A value that is text, in the arena. */
int profile_string(const struct profile_reader *, const struct json_place *,
		   const struct json_value *value, const char **out);
/* A member that is text, in the arena; *out is NULL if it is absent or null. */
int profile_text(const struct profile_reader *, const struct json_place *,
		 const struct json_value *object, const char *key, const char **out);
/* The members that a table names, into the structure at base. What is absent is left as it is. */
int profile_fields(const struct profile_reader *, const struct json_place *,
		   const struct json_value *object, const struct profile_field *, void *base);
/* An address as "0x…". */
int profile_address(const struct profile_reader *, const struct json_place *,
		    const struct json_value *value, uint64_t *out);
/* value as an object; -EBADMSG if it is none. */
int profile_object(const struct profile_reader *, const struct json_place *,
		   const struct json_value *value);

#endif
