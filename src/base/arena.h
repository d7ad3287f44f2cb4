/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arena.h - memory that is freed all at once. An object that the library hands out owns one. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* block: size in bytes of the chunks asked from malloc(). NULL: out of memory, as for all that
 * follow. */
struct arena *arena_new(size_t block);
void arena_free(struct arena *);
/* Forget what was allocated but keep the memory, so that a reused object allocates nothing. */
void arena_reset(struct arena *);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *, size_t size);
/* n * size with overflow check. */
void *arena_array(struct arena *, size_t n, size_t size);
/* Grow an array that was allocated here: a new copy when *cap is used up; old == NULL starts. */
void *arena_grow(struct arena *, void *old, size_t used, size_t *cap, size_t size);
void *arena_memdup(struct arena *, const void *, size_t);
char *arena_strdup(struct arena *, const char *);
char *arena_strndup(struct arena *, const char *, size_t);
char *arena_printf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *format, va_list);

#endif
