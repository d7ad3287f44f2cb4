// SPDX-License-Identifier: LGPL-2.1-or-later
/* cmdline.c - the kernel command line. */
#include "host/loader.h"

#include <ctype.h>

struct parameter {
	const char *name;
	size_t name_length;
	const char *value; /* NULL: none */
	size_t value_length;
};

/* Blanks separate parameters, except inside double quotes. */
static bool next_parameter(const char **cursor, struct parameter *out)
{
	const char *at = *cursor, *start;
	bool quoted = false;

	while (isspace((unsigned char)*at))
		at++;
	if (!*at)
		return false;
	start = at;
	out->value = NULL;
	out->value_length = 0;
	for (; *at && (quoted || !isspace((unsigned char)*at)); at++) {
		if (*at == '"')
			quoted = !quoted;
		if (*at == '=' && !out->value)
			out->value = at + 1;
	}
	out->name = start;
	out->name_length = (size_t)((out->value ? out->value - 1 : at) - start);
	if (out->value)
		out->value_length = (size_t)(at - out->value);
	*cursor = at;
	return true;
}

/* The kernel takes "-" and "_" in names as the same. */
static bool same_name(const struct parameter *parameter, const char *key)
{
	if (strlen(key) != parameter->name_length)
		return false;
	for (size_t i = 0; i < parameter->name_length; i++) {
		char a = parameter->name[i] == '-' ? '_' : parameter->name[i];
		char b = key[i] == '-' ? '_' : key[i];

		if (a != b)
			return false;
	}
	return true;
}

static bool next_word(const char **at, const char *end, const char **word, size_t *length)
{
	const char *comma;

	if (!*at || *at >= end)
		return false;
	comma = memchr(*at, ',', (size_t)(end - *at));
	*word = *at;
	*length = (size_t)((comma ? comma : end) - *at);
	*at = comma ? comma + 1 : end;
	return true;
}

static bool is_word(const char *word, size_t length, const char *text)
{
	return strlen(text) == length && memcmp(word, text, length) == 0;
}

int cmdline_last(const char *cmdline, const char *key, const char *first, const char *second)
{
	struct parameter parameter;
	int last = 0;

	while (next_parameter(&cmdline, &parameter)) {
		const char *at = parameter.value, *end, *word;
		size_t length;

		if (!at || !same_name(&parameter, key))
			continue;
		end = at + parameter.value_length;
		while (next_word(&at, end, &word, &length)) {
			if (is_word(word, length, first))
				last = 1;
			else if (second && is_word(word, length, second))
				last = 2;
		}
	}
	return last;
}

bool cmdline_word(const char *cmdline, const char *key, const char *word)
{
	return cmdline_last(cmdline, key, word, NULL) == 1;
}

bool cmdline_has(const char *cmdline, const char *key)
{
	struct parameter parameter;

	while (next_parameter(&cmdline, &parameter))
		if (same_name(&parameter, key))
			return true;
	return false;
}

/* Linux 6.12 lib/kstrtox.c kstrtobool: the first letter decides; a bare name means yes. */
static enum tristate bool_value(const struct parameter *parameter)
{
	if (!parameter->value_length)
		return parameter->value ? TRI_UNKNOWN : TRI_YES;
	switch (parameter->value[0]) {
	case 'y':
	case 'Y':
	case 't':
	case 'T':
	case '1':
		return TRI_YES;
	case 'n':
	case 'N':
	case 'f':
	case 'F':
	case '0':
		return TRI_NO;
	case 'o':
	case 'O':
		if (parameter->value_length < 2)
			return TRI_UNKNOWN;
		return tolower((unsigned char)parameter->value[1]) == 'n' ? TRI_YES : TRI_NO;
	default:
		return TRI_UNKNOWN;
	}
}

enum tristate cmdline_bool(const char *cmdline, const char *key)
{
	struct parameter parameter;
	enum tristate last = TRI_UNKNOWN;

	while (next_parameter(&cmdline, &parameter))
		if (same_name(&parameter, key))
			last = bool_value(&parameter);
	return last;
}
