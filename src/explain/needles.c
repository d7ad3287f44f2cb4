/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* needles.c - builds the automaton: a tree of the needles, then its failures in order of depth. */
#include "explain/needles.h"

#include <errno.h>
#include <stdbool.h>

static void classify(struct needles *s, const char *const *needles, const size_t *lengths, size_t n)
{
	s->n_classes = 1;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < lengths[i]; k++) {
			uint8_t *class = &s->class_of[(unsigned char)needles[i][k]];

			if (!*class)
				*class = (uint8_t)s->n_classes++;
		}
	}
}

static void add(struct needles *s, const char *needle, size_t length, size_t index)
{
	size_t state = 0;

	for (size_t k = 0; k < length; k++) {
		uint16_t *next =
			&s->next[state * s->n_classes + s->class_of[(unsigned char)needle[k]]];

		if (!*next)
			*next = (uint16_t)s->n_states++;
		state = *next;
	}
	s->sibling[index] = s->output[state];
	s->output[state] = (uint16_t)(index + 1);
}

static void visit(struct needles *s, size_t state, uint16_t *queue, size_t *end)
{
	for (unsigned c = 0; c < s->n_classes; c++) {
		uint16_t *next = &s->next[state * s->n_classes + c];
		uint16_t fallback =
			state ? s->next[(size_t)s->failure[state] * s->n_classes + c] : 0;

		if (!*next) {
			*next = fallback;
			continue;
		}
		s->failure[*next] = fallback;
		s->shorter[*next] = s->output[fallback] ? fallback : s->shorter[fallback];
		queue[(*end)++] = *next;
	}
}

/* Breadth first: a state's failure is nearer to the root, so it is complete. */
static int link_failures(struct arena *arena, struct needles *s)
{
	uint16_t *queue = arena_array(arena, s->n_states, sizeof(*queue));
	size_t begin = 0, end = 0;

	if (!queue)
		return -ENOMEM;
	visit(s, 0, queue, &end);
	while (begin < end) {
		size_t state = queue[begin++];

		visit(s, state, queue, &end);
	}
	return 0;
}

int needles_build(struct arena *arena, struct needles *s, const char *const *needles,
		  const size_t *lengths, size_t n)
{
	size_t total = 1;

	*s = (struct needles){.n_states = 1};
	for (size_t i = 0; i < n; i++)
		total += lengths[i];
	if (total > UINT16_MAX || n >= UINT16_MAX)
		return -E2BIG;
	classify(s, needles, lengths, n);
	s->next = arena_array(arena, total * s->n_classes, sizeof(*s->next));
	s->failure = arena_array(arena, total, sizeof(*s->failure));
	s->output = arena_array(arena, total, sizeof(*s->output));
	s->shorter = arena_array(arena, total, sizeof(*s->shorter));
	s->sibling = arena_array(arena, n, sizeof(*s->sibling));
	if (!s->next || !s->failure || !s->output || !s->shorter || !s->sibling)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		add(s, needles[i], lengths[i], i);
	return link_failures(arena, s);
}
