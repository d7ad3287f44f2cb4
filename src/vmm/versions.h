/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* versions.h - QEMU releases and the machine types that they know. */
#ifndef VMM_VERSIONS_H
#define VMM_VERSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* A version as one number, so that tables can compare: 10.0.13 -> 0x0a000d. */
#define QEMU(major, minor, micro)                                                                  \
	((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(micro))
#define QEMU_NEVER 0xffffffu
#define QEMU_MAJOR(v) ((v) >> 16 & 0xff)
#define QEMU_MINOR(v) ((v) >> 8 & 0xff)
#define QEMU_MICRO(v) ((v)&0xff)
/* The release that a point release belongs to: 10.0.13 -> 10.0 */
#define QEMU_RELEASE(v) ((v)&0xffff00u)

/* The releases, as the tables name them. */
#define V7_2 QEMU(7, 2, 0)
#define V8_0 QEMU(8, 0, 0)
#define V8_1 QEMU(8, 1, 0)
#define V8_2 QEMU(8, 2, 0)
#define V9_0 QEMU(9, 0, 0)
#define V9_1 QEMU(9, 1, 0)
#define V9_2 QEMU(9, 2, 0)
#define V10_0 QEMU(10, 0, 0)
#define V10_1 QEMU(10, 1, 0)
#define V10_2 QEMU(10, 2, 0)
#define V11_0 QEMU(11, 0, 0)
#define V11_1 QEMU(11, 1, 0)

#define QEMU_OLDEST QEMU(7, 2, 0)
#define QEMU_NEWEST QEMU(11, 1, 3)

/* A version text: "11.1.3", "11.1", "8.2.2 (Debian 1:8.2.2+ds-0ubuntu1)", "9.0.2-pve". has_micro
 * says whether the point release was given; otherwise it is the latest known. -EINVAL: no version.
 */
int qemu_version_parse(const char *text, uint32_t *version, bool *has_micro);
const char *qemu_version_text(struct arena *, uint32_t version);
/* Latest known point release of the release that v belongs to; v itself for an unknown one. */
uint32_t qemu_latest_point(uint32_t v);

enum machine_family {
	MACHINE_UNKNOWN = 0,
	MACHINE_Q35,
	MACHINE_I440FX,
	MACHINE_MICROVM,
	MACHINE_ISAPC,
	MACHINE_NONE,
	MACHINE_XEN,
	MACHINE_VIRT,		  /* Arm */
	MACHINE_CLOUD_HYPERVISOR, /* what Cloud Hypervisor's configs say; no QEMU has it */
};

struct machine_type {
	enum machine_family family;
	uint32_t version;   /* compatibility version, 0 for an alias until the binary is known */
	const char *name;   /* as given */
	bool is_alias;	    /* "q35", "pc" */
	const char *vendor; /* "RHEL", "Ubuntu", "Proxmox VE"; NULL: upstream */
	bool is_upstream;   /* a vendor whose types follow upstream's, removals included */
	bool is_assumed;    /* the mapping to an upstream version is our assumption */
};

/* What a machine type's name says. Unknown names give MACHINE_UNKNOWN. */
void machine_type_parse(const char *name, struct machine_type *out);
/* Whether the upstream binary of that version knows this type. */
bool machine_type_known(const struct machine_type *, uint32_t binary);
/* "pc-q35-11.1" for an alias on that binary. */
const char *machine_type_name(struct arena *, const struct machine_type *, uint32_t binary);

#endif
