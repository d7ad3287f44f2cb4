/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replace.h - new bytes for a file that stays where it is: at every moment, and after any crash, it
 * is the old file or the new one.
 */
#ifndef CLI_REPLACE_H
#define CLI_REPLACE_H

#include <sys/stat.h>

#include "place.h"
#include "tool.h"

struct replace {
	struct place place;
	char *path;	    /* as errors call it */
	int fd;		    /* the file as it was found, held open */
	struct stat status; /* of then */
	char *data;	    /* its bytes of then */
	size_t length;
	bool is_fuse; /* a file system that may keep neither owner nor links, as /etc/pve */
	char *backup; /* name of the backup, once it was made */
};

/* Open and read it; a link, a file of several names or anything but a regular file is an error. */
int replace_open(struct tool *, struct replace *, const char *path, size_t max);
/* The same in a folder that is open already; takes place over, also with an error. */
int replace_open_at(struct tool *, struct replace *, struct place *, const char *path, size_t max);
/* Write it, with a backup beside it; -EBUSY if it is not what was opened any more. */
int replace_commit(struct tool *, struct replace *, const char *data, size_t length);
void replace_close(struct replace *);

#endif
