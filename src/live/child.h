/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* child.h - a write that may hang for ever, made by a child that is given up. */
#ifndef LIVE_CHILD_H
#define LIVE_CHILD_H

/* Write text to an existing file. 0, the write's -errno, or -ETIMEDOUT: the child was killed, but
 * may stay in the kernel until the driver lets it go. */
int child_write(const char *path, const char *text, unsigned timeout_ms);

#endif
