/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attributes.h - owner, mode, access lists and extended attributes from one file to another. */
#ifndef CLI_ATTRIBUTES_H
#define CLI_ATTRIBUTES_H

#include <sys/stat.h>

/*
 * Give the file `to` all that `from` (with its status) has besides its bytes. With an
 * error *lost, from malloc() or NULL, names what could not be kept. A file system without extended
 * attributes has none to lose.
 */
int attributes_copy(int from, const struct stat *from_status, int to, char **lost);

#endif
