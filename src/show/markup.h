/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * markup.h - XML and HTML through the emitter. What comes from inputs goes through markup_text() or
 * markup_escaped(); it can then stand between tags and inside double quotes. Control characters
 * are shown as on a terminal, which also keeps what XML forbids out.
 */
#ifndef SHOW_MARKUP_H
#define SHOW_MARKUP_H

#include "base/emit.h"

/* Tags and attributes: the format is ours, and so are strings among the arguments. */
void markup(struct emit *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void markup_text(struct emit *, const char *text);
void markup_escaped(struct emit *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* At most so many columns; what is longer ends in an ellipsis. */
void markup_cut(struct emit *, unsigned columns, const char *text);

#endif
