/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* firmware.h - releases of firmware: what their texts mean, and where an image holds them. */
#ifndef VMM_FIRMWARE_H
#define VMM_FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "vmm/guest.h"

/* A release as struct firmware has it; 0: the text holds none. */
uint32_t firmware_release(enum firmware_kind, const char *text);

/* "ovmf=2025.02-8+deb13u1", "seabios=1.16.3-debian-1.16.3-2" from an image's bytes, from malloc().
 * -EBADMSG: none in it; -EOPNOTSUPP: edk2, and no module to unpack it; -ENOMEM. */
int firmware_version(struct iof_ctx *, const char *bytes, size_t length, char **version);

#endif
