/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* splice.c - a text with some pieces replaced, everything else byte for byte. */
#include <errno.h>

#include "vm/language.h"

int splice_add(struct arena *arena, struct splices *s, size_t start, size_t end, const char *text)
{
	size_t at = s->n;

	s->list = arena_grow(arena, s->list, s->n, &s->cap, sizeof(*s->list));
	if (!s->list || !text) {
		s->n = 0;
		return -ENOMEM;
	}
	/* Kept in order; of two at one place the later one comes later, but what is put in comes
	 * before what is taken out. */
	while (at > 0 &&
	       (s->list[at - 1].start > start ||
		(s->list[at - 1].start == start && s->list[at - 1].end > start && end == start))) {
		s->list[at] = s->list[at - 1];
		at--;
	}
	s->list[at] = (struct splice){.start = start, .end = end, .text = text};
	s->n++;
	return 0;
}

int splices_apply(struct arena *arena, const char *source, size_t length, struct splices *s,
		  const char **text, size_t *out_length)
{
	struct buf out = {0};
	size_t at = 0;
	int err;

	for (size_t i = 0; i < s->n; i++) {
		const struct splice *piece = &s->list[i];

		if (piece->start < at || piece->end < piece->start || piece->end > length) {
			buf_free(&out);
			return -EOPNOTSUPP;
		}
		buf_append(&out, source + at, piece->start - at);
		buf_puts(&out, piece->text);
		at = piece->end;
	}
	buf_append(&out, source + at, length - at);
	*text = out.err ? NULL : arena_strndup(arena, out.data ? out.data : "", out.length);
	*out_length = out.length;
	err = *text ? 0 : -ENOMEM;
	buf_free(&out);
	return err;
}
