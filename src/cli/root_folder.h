/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root_folder.h - files below a folder that stands for a machine's root. */
#ifndef CLI_ROOT_FOLDER_H
#define CLI_ROOT_FOLDER_H

/* The folder of --host, or this machine's root if where is NULL or no folder. A descriptor or a
 * negative errno. */
int root_open(const char *where);
/* Links lead to places inside the root only. path has no slash in front. */
int root_open_below(int root, const char *path, int flags);

#endif
