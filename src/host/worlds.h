/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* worlds.h - the possible values of what is not known about a host. */
#ifndef HOST_WORLDS_H
#define HOST_WORLDS_H

#include "host/host.h"

/* One combination of values. */
struct guess {
	bool scalable;
	unsigned kernel_major, kernel_minor; /* how the kernel behaves; 0.0: as the newest */
	unsigned va_size;		     /* IVRS VAsize in bits, 0: not said */
	unsigned va_bits;		     /* of Arm's kernel addresses, 0: 48 */
	bool stage2_only;		     /* SMMUv3 without log: one that has no first stage */
	bool vax;			     /* same: 52-bit input addresses */
	unsigned width;	  /* same: output size; virtio-iommu without log: input width */
	const char *text; /* "IVRS VAsize 48" */
};

/* All combinations, the most likely first; at most MAX_WORLDS. Sets missing_fact and missing_how,
 * and scalable_mode where the host decides it. */
size_t host_guesses(struct iof_host *, struct guess out[MAX_WORLDS]);

#endif
