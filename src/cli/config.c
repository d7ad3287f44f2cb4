/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.c - a config in memory, as text or as the words of a command line. */
#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void config_free(struct config *c)
{
	free(c->text);
	words_free(&c->words);
	*c = (struct config){.text = NULL};
}

int words_copy(struct words *to, const struct words *from)
{
	int err = 0;

	for (size_t i = 0; !err && i < from->n; i++)
		err = words_add(to, from->items[i]);
	return err;
}

int config_copy(struct config *to, const struct config *from)
{
	to->name = from->name;
	if (!from->text)
		return words_copy(&to->words, &from->words);
	to->text = malloc(from->length + 1);
	if (!to->text)
		return -ENOMEM;
	memcpy(to->text, from->text, from->length + 1);
	to->length = from->length;
	return 0;
}

int config_of_edit(struct config *to, const struct config *from, const struct iof_edit *edit)
{
	const char *const *argv = iof_edit_argv(edit);
	size_t length = 0, at = 0;
	const char *bytes;
	int err = 0;

	to->name = from->name;
	for (size_t n = 0; argv && !err && argv[n]; n++)
		err = words_add(&to->words, argv[n]);
	if (argv)
		return err;
	bytes = iof_edit_bytes(edit, &length);
	while (!from->text && !err && at < length) {
		err = words_add(&to->words, bytes + at);
		at += strlen(bytes + at) + 1;
	}
	if (!from->text)
		return err;
	to->text = malloc(length + 1);
	if (!to->text)
		return -ENOMEM;
	memcpy(to->text, bytes, length);
	to->text[length] = 0;
	to->length = length;
	return 0;
}

int config_text(const struct config *c, struct bytes *out)
{
	if (c->text)
		return bytes_append(out, c->text, c->length);
	for (size_t i = 0; i < c->words.n; i++) {
		if (i > 0)
			bytes_append(out, c->words.items[i][0] == '-' ? " \\\n  " : " ",
				     c->words.items[i][0] == '-' ? 5 : 1);
		bytes_shell(out, c->words.items[i]);
	}
	return bytes_append(out, "\n", 1);
}
