/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

/* Chunks before `current` are full, those after it are empty: left over from before a reset. */
struct arena {
	struct chunk *first;
	struct chunk *current;
	size_t block;
};

struct arena *arena_new(size_t block)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a)
		a->block = block;
	return a;
}

void arena_free(struct arena *a)
{
	struct chunk *chunk, *next;

	if (!a)
		return;
	for (chunk = a->first; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(a);
}

void arena_reset(struct arena *a)
{
	struct chunk *chunk;

	for (chunk = a->first; chunk; chunk = chunk->next)
		chunk->used = 0;
	a->current = a->first;
}

static struct chunk *chunk_insert(struct arena *a, size_t size)
{
	struct chunk *chunk;

	if (size < a->block)
		size = a->block;
	if (size > SIZE_MAX - sizeof(*chunk))
		return NULL;
	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->used = 0;
	chunk->next = a->current ? a->current->next : NULL;
	if (a->current)
		a->current->next = chunk;
	else
		a->first = chunk;
	return chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t mask = alignof(max_align_t) - 1;
	struct chunk *chunk = a->current;
	void *p;

	if (size > SIZE_MAX - mask)
		return NULL;
	size = (size + mask) & ~mask;
	if (!chunk || chunk->size - chunk->used < size) {
		if (chunk && chunk->next && chunk->next->size >= size)
			chunk = chunk->next;
		else
			chunk = chunk_insert(a, size);
		if (!chunk)
			return NULL;
		a->current = chunk;
	}
	p = chunk->bytes + chunk->used;
	chunk->used += size;
	return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return arena_alloc(a, total);
}

void *arena_grow(struct arena *a, void *old, size_t used, size_t *cap, size_t size)
{
	size_t wanted;
	void *grown;

	if (old && used < *cap)
		return old;
	if (__builtin_mul_overflow(used, (size_t)2, &wanted))
		return NULL;
	if (wanted < 8)
		wanted = 8;
	grown = arena_array(a, wanted, size);
	if (!grown)
		return NULL;
	if (old && used)
		memcpy(grown, old, used * size);
	*cap = wanted;
	return grown;
}

void *arena_memdup(struct arena *a, const void *bytes, size_t size)
{
	void *p = arena_alloc(a, size);

	if (p && size)
		memcpy(p, bytes, size);
	return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t length)
{
	char *p;

	if (length == SIZE_MAX)
		return NULL;
	p = arena_alloc(a, length + 1);
	if (p && length)
		memcpy(p, text, length);
	return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	char small[256];
	va_list again;
	char *p;
	int n;

	va_copy(again, args);
	n = vsnprintf(small, sizeof(small), format, args);
	if (n < 0) {
		p = NULL;
	} else if ((size_t)n < sizeof(small)) {
		p = arena_strndup(a, small, (size_t)n);
	} else {
		p = arena_alloc(a, (size_t)n + 1);
		if (p)
			vsnprintf(p, (size_t)n + 1, format, again);
	}
	va_end(again);
	return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *p;

	va_start(args, format);
	p = arena_vprintf(a, format, args);
	va_end(args);
	return p;
}
