/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* place.c - a file by its folder and its name there: names beside it, and what lies there. */
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_ATTEMPTS 100

static const char temporary_mark[] = ".iommufit-";
static const char temporary_end[] = ".tmp";

int place_open(struct place *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *folder;
	int err = 0;

	*p = (struct place){.folder = -1};
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return *path ? -EISDIR : -ENOENT;
	if (slash)
		folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	else
		folder = strdup(".");
	p->name = strdup(name);
	if (!folder || !p->name)
		err = -ENOMEM;
	if (!err)
		p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!err && p->folder < 0)
		err = -errno;
	free(folder);
	if (err)
		place_close(p);
	return err;
}

void place_close(struct place *p)
{
	if (p->folder >= 0)
		close(p->folder);
	free(p->name);
	*p = (struct place){.folder = -1};
}

int place_temporary(const struct place *p, char **name)
{
	int fd = -EEXIST;

	*name = NULL;
	for (unsigned n = 0; fd == -EEXIST && n < MAX_ATTEMPTS; n++) {
		free(*name);
		if (asprintf(name, ".%s%s%ld-%u%s", p->name, temporary_mark, (long)getpid(), n,
			     temporary_end) < 0) {
			*name = NULL;
			return -ENOMEM;
		}
		fd = openat(p->folder, *name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd < 0)
			fd = -errno;
	}
	if (fd < 0) {
		free(*name);
		*name = NULL;
	}
	return fd;
}

/* The part of an entry's name behind prefix and mark; NULL: it is none of ours. */
static const char *behind_mark(const struct place *p, const char *entry, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(entry, prefix, length) != 0 ||
	    strncmp(entry + length, p->name, strlen(p->name)) != 0)
		return NULL;
	entry += length + strlen(p->name);
	if (strncmp(entry, temporary_mark, sizeof(temporary_mark) - 1) != 0)
		return NULL;
	return entry + sizeof(temporary_mark) - 1;
}

/* digits of that many, or of any number (0) */
static const char *skip_digits(const char *text, size_t n)
{
	size_t digits = text ? strspn(text, "0123456789") : 0;

	return digits && (n == 0 || digits == n) ? text + digits : NULL;
}

static const char *skip_sign(const char *text, char sign)
{
	return text && *text == sign ? text + 1 : NULL;
}

bool place_is_temporary(const struct place *p, const char *entry)
{
	const char *rest = skip_digits(behind_mark(p, entry, "."), 0);

	rest = skip_digits(skip_sign(rest, '-'), 0);
	return rest && strcmp(rest, temporary_end) == 0;
}

bool place_is_backup(const struct place *p, const char *entry)
{
	const char *rest = skip_digits(behind_mark(p, entry, ""), 8);

	rest = skip_digits(skip_sign(rest, '-'), 6);
	if (rest && *rest)
		rest = skip_digits(skip_sign(rest, '-'), 0);
	return rest && !*rest;
}

char *place_backup(const struct place *p, unsigned attempt)
{
	char more[16] = "", *name;
	time_t now = time(NULL);
	struct tm tm;

	if (attempt > MAX_ATTEMPTS || !gmtime_r(&now, &tm))
		return NULL;
	if (attempt)
		snprintf(more, sizeof(more), "-%u", attempt + 1);
	if (asprintf(&name, "%s%s%04d%02d%02d-%02d%02d%02d%s", p->name, temporary_mark,
		     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		     more) < 0)
		return NULL;
	return name;
}

int place_entries(const struct place *p, int (*visit)(void *, const char *), void *data)
{
	/* A descriptor of its own: a duplicate would share the position. */
	int fd = openat(p->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int err = 0;

	if (!folder) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	for (;;) {
		errno = 0;
		entry = readdir(folder);
		if (!entry)
			err = -errno;
		if (!entry || err)
			break;
		err = visit(data, entry->d_name);
		if (err)
			break;
	}
	closedir(folder);
	return err;
}

int place_sync(const struct place *p)
{
	if (fsync(p->folder) == 0 || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
		return 0;
	return -errno;
}
