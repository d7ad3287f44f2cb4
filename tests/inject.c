/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long count, fail_at;
static bool fail_after, happened;

void inject_failure(unsigned long n, bool all_after)
{
	count = 0;
	fail_at = n;
	fail_after = all_after;
	happened = false;
}

unsigned long inject_count(void)
{
	return count;
}

bool inject_happened(void)
{
	return happened;
}

static bool fails(void)
{
	count++;
	if (!fail_at || count < fail_at || (count > fail_at && !fail_after))
		return false;
	happened = true;
	errno = ENOMEM;
	return true;
}

/* Names that the linker's --wrap gives. */
#define WRAPPED(type, name, parameters, arguments)                                                 \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails() ? NULL : __real_##name arguments;                                   \
	}

WRAPPED(void *, malloc, (size_t size), (size))
WRAPPED(void *, calloc, (size_t n, size_t size), (n, size))
WRAPPED(void *, realloc, (void *old, size_t size), (old, size))
WRAPPED(char *, strdup, (const char *text), (text))
WRAPPED(char *, strndup, (const char *text, size_t length), (text, length))
WRAPPED(DIR *, fdopendir, (int fd), (fd))

int __wrap_vasprintf(char **out, const char *format, va_list args);
int __real_vasprintf(char **out, const char *format, va_list args);
int __wrap_vasprintf(char **out, const char *format, va_list args)
{
	return fails() ? -1 : __real_vasprintf(out, format, args);
}
