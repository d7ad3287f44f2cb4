/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture.h - reading captures from memory, and the allowlist that writing them follows. */
#ifndef HOST_CAPTURE_H
#define HOST_CAPTURE_H

#include "host/archive_module.h"
#include "host/host.h"

/* A root from the bytes of an archive, packed or not. name is for messages. The caller frees it. */
int capture_root(struct iof_ctx *, const char *bytes, size_t length, const char *name,
		 struct root **);
/* The same of a plain tar archive. */
int capture_members(struct iof_ctx *, const char *bytes, size_t length, const char *name,
		    struct root **);

/* What iof_capture_write() does, for any root. */
int capture_write(struct iof_ctx *, struct root *, int fd, const char *format,
		  void (*took)(void *data, const char *path), void *data);

/* How the content of a file is cut down before it goes into a capture. */
enum capture_filter {
	CAPTURE_AS_IS,	      /* short, numbers and known words only */
	CAPTURE_TABLE,	      /* an ACPI table */
	CAPTURE_CONFIG_SPACE, /* PCI configuration: no serial number, no VPD */
	CAPTURE_CMDLINE,      /* kernel command line: known parameters */
	CAPTURE_VERSION,      /* "Linux version RELEASE" */
	CAPTURE_CPUINFO,      /* the first processor, known keys */
	CAPTURE_LOG,	      /* kernel log: known lines */
	CAPTURE_INTERRUPTS,   /* names of the interrupt controllers */
	CAPTURE_KCONFIG,      /* kernel configuration: what has to do with IOMMUs */
	CAPTURE_KCONFIG_GZ,   /* the same, from a gzip file; it goes in as plain text under another
				 name */
	CAPTURE_MODPROBE,     /* options of modules that have to do with IOMMUs */
	CAPTURE_MEASURED,     /* iommufit.measured/1: of this boot, which it then does not name */
};

enum capture_what {
	CAPTURE_FILE,	/* the file, cut by its filter */
	CAPTURE_LINK,	/* the link itself; where it leads is not followed */
	CAPTURE_FOLDER, /* only that the folder is there */
	CAPTURE_MARK,	/* only that there is something of that name: an empty file */
};

/* Parts of a path may be patterns as of fnmatch(). A link on the way goes in too, and is followed.
 */
struct capture_leaf {
	const char *path; /* below the place's folder; NULL ends the list */
	enum capture_what what;
	enum capture_filter filter;
};

struct capture_place {
	const char *folder; /* absolute; NULL ends the list */
	const struct capture_leaf *leaves;
};

extern const struct capture_place capture_places[];

/* The text or bytes that may go in; both are in the arena. -ENOMEM. */
int capture_filter_bytes(struct arena *, enum capture_filter, const char *bytes, size_t length,
			 const char **out, size_t *out_length);

/* PCI configuration space of at most 4096 bytes. -ENOMEM. */
int config_space_known(struct arena *, const char *bytes, size_t length, const char **out,
		       size_t *out_length);

/* A kernel command line with only the parameters that this project knows; of the others only their
 * number is left, as CMDLINE_OMITTED=N. Filtering twice changes nothing. NULL: out of memory. */
#define CMDLINE_OMITTED "iommufit.omitted"
const char *cmdline_known(struct arena *, const char *text);

#endif
