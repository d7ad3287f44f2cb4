/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.h - a file by its folder and its name there. The folder is opened once and everything is
 * done relative to it, so that nobody can move it away between two steps.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct place {
	int folder; /* open for reading, -1: none */
	char *name;
};

/* 0, or -EISDIR if the path cannot be a file's, or what opening its folder said. */
int place_open(struct place *, const char *path);
void place_close(struct place *);

/*
 * A new, empty file in the folder that nobody else can read; *name is from malloc(). It is called
 * .NAME.iommufit-PID-N.tmp: hidden, and known as ours if a run is killed. The descriptor or a
 * negative errno.
 */
int place_temporary(const struct place *, char **name);
bool place_is_temporary(const struct place *, const char *entry);

/* The name of a backup: NAME.iommufit-YYYYMMDD-HHMMSS (UTC), with -N at the end where the name is
 * taken already. */
char *place_backup(const struct place *, unsigned attempt);
bool place_is_backup(const struct place *, const char *entry);

/* Calls visit() for each entry until it returns other than 0, which is then returned. */
int place_entries(const struct place *, int (*visit)(void *data, const char *entry), void *data);

/* Of a whole folder, where the file system knows that; an old one does not. */
int place_sync(const struct place *);

#endif
