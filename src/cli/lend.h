/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lend.h - devices that are lent to vfio-pci while they are asked: only after the user has agreed,
 * and given back whatever happens. */
#ifndef CLI_LEND_H
#define CLI_LEND_H

#include "tool.h"

/* Lend one device, call ask(data), give it back. Returns what ask returned, or the first error. */
int lend_device(struct tool *, const char *bdf, int (*ask)(void *data), void *data);
/* iommufit probe --recover: the exit status. */
int lend_recover(struct tool *);

#endif
