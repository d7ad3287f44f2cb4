/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* words.c - a vector of strings. */
#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int words_add(struct words *w, const char *word)
{
	char **items = reallocarray(w->items, w->n + 2, sizeof(*items));

	if (!items)
		return -ENOMEM;
	w->items = items;
	items[w->n] = strdup(word);
	if (!items[w->n])
		return -ENOMEM;
	items[++w->n] = NULL;
	return 0;
}

bool words_have(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->items[i], word) == 0)
			return true;
	return false;
}

void words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i]);
	free(w->items);
	*w = (struct words){.items = NULL};
}
