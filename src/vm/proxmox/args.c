// SPDX-License-Identifier: LGPL-2.1-or-later
/* args.c - "args:" in words, as Perl's Text::ParseWords shellwords parts them, which
 * qemu-server uses: blanks part, quotes of both kinds, a backslash outside of single quotes;
 * nothing else is special. */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == '\n';
}

/* One quoted stretch from *at on; false: it has no end. */
static bool take_quoted(const char **at, struct buf *word)
{
	char quote = *(*at)++;

	while (**at && **at != quote) {
		if (**at == '\\' && quote == '"' && (*at)[1])
			(*at)++;
		buf_putc(word, *(*at)++);
	}
	if (!**at)
		return false;
	(*at)++;
	return true;
}

static bool take_word(const char **at, struct buf *word)
{
	word->length = 0;
	while (**at && !is_blank(**at)) {
		if (**at == '\'' || **at == '"') {
			if (!take_quoted(at, word))
				return false;
			continue;
		}
		if (**at == '\\' && (*at)[1])
			(*at)++;
		buf_putc(word, *(*at)++);
	}
	return true;
}

const char **pve_split_args(struct arena *arena, const char *text, size_t *n)
{
	struct buf word = {0};
	const char **words = NULL;
	size_t cap = 0;
	bool is_whole = true;

	*n = 0;
	while (is_whole) {
		while (is_blank(*text))
			text++;
		if (!*text)
			break;
		is_whole = take_word(&text, &word);
		words = arena_grow(arena, words, *n, &cap, sizeof(*words));
		if (!words || word.err)
			break;
		words[*n] = arena_strndup(arena, word.length ? word.data : "", word.length);
		if (!words[(*n)++])
			words = NULL;
		if (!words)
			break;
	}
	buf_free(&word);
	if (!is_whole || !words) {
		*n = 0;
		return NULL;
	}
	return words;
}
