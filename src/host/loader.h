/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loader.h - what the files that read a root share while one host is being loaded. */
#ifndef HOST_LOADER_H
#define HOST_LOADER_H

#include <errno.h>

#include "host/host.h"

/* Larger than what sysfs and procfs can give, and small enough for any machine. */
#define FACT_SMALL (128u * 1024)
#define FACT_TEXT (16u * 1024 * 1024)
#define FACT_LOG (64u * 1024 * 1024)
#define FACT_CONFIG (4u * 1024 * 1024)

struct loader {
	struct iof_ctx *ctx;
	struct root *root;
	struct iof_host *host;
	struct arena *scratch; /* forgotten after each device, group and unit */
	struct arena *texts;   /* lives until the host is loaded: log, configuration */
	size_t notes_cap;

	/* Sorted addresses of the devices that are wanted; NULL: all. */
	struct pci_address *wanted;
	size_t n_wanted;

	const struct iort *iort; /* NULL: not there, or not readable */
	const char *measured;	 /* what a caller gives instead of MEASURED_PATH; NULL: nothing */
	size_t measured_length;

	bool log_tried;
	const char *log;
	size_t log_length;
	bool config_tried;
	bool modprobe_tried;
	const char *modprobe; /* options of /etc/modprobe.d, in the form of a command line */
};

/* source.c: reading one fact. 0; -ENOENT absent; -EACCES there, but not for us; -ENOMEM; any other
 * failure is -EBADMSG with the context's text set. */
int fact_read(struct loader *, struct arena *, const char *path, size_t max, const char **bytes,
	      size_t *length);
/* Text without white space at the end. */
int fact_line(struct loader *, struct arena *, const char *path, const char **text);
/* A whole file that is one number; empty or other text is -EBADMSG. */
int fact_u64(struct loader *, const char *path, int base, uint64_t max, uint64_t *out);
int fact_link(struct loader *, struct arena *, const char *path, const char **name);
int fact_list(struct loader *, struct arena *, const char *path, const char ***names, size_t *n);
/* The same for an error of a root_... function. */
int fact_error(struct loader *, const char *path, int err);
/* -EBADMSG: "ROOT/PATH:LINE: reason". */
int fact_bad(struct loader *, const char *path, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Absent and unreadable are no failures: 0 for -ENOENT and -EACCES. */
static inline int fact_optional(int err)
{
	return err == -ENOENT || err == -EACCES ? 0 : err;
}
/* Remember what root would add. -ENOMEM. */
int fact_note(struct loader *, const char *path, const char *text);
int fact_no_memory(struct loader *);

/* The sources, in the order in which they are read. */
int load_kernel(struct loader *);
int load_cpu(struct loader *);
int load_tables(struct loader *);
int load_units_and_devices(struct loader *);
int load_parameters(struct loader *);
int load_interrupt_remapping(struct loader *);
int load_hugepages(struct loader *);
int load_log_facts(struct loader *);
int load_absence(struct loader *);
/* nesting.c: after the devices */
int load_canwbs(struct loader *);
int load_measured(struct loader *);

/* sysfs.c */
int load_unit_names(struct loader *, const char ***names, size_t *n);
int load_units(struct loader *, const char *const *names, size_t n);
int load_group(struct loader *, struct iommu_group *, const char ***devices, size_t *n);
/* pci.c */
int load_device(struct loader *, struct iof_device *, bool complete);

/* dmesg.c: the kernel log, read once; NULL text if it is not to be had. */
int log_text(struct loader *, const char **text, size_t *length);
bool log_has(const char *text, size_t length, const char *message_start);
/* The number after `label` in a line; false if it is not there. */
bool log_number(const char *line, size_t length, const char *label, int base, uint64_t max,
		uint64_t *out);

/* config.c: the kernel configuration, read once, when something hangs on it; fills host->config. */
int config_load(struct loader *);
/* "y", "m", "n" or a value, not NUL-terminated; false if the configuration does not say. */
struct config_text {
	const char *text;
	size_t length;
};
bool config_value(const char *config, const char *name, struct config_text *out);

/* cmdline.c. A word of a comma-separated parameter: cmdline_word(text, "intel_iommu", "sm_on"). */
bool cmdline_word(const char *cmdline, const char *key, const char *word);
/* The last of two words that stands there: 1 first, 2 second, 0 none. */
int cmdline_last(const char *cmdline, const char *key, const char *first, const char *second);
/* Whether the parameter stands there at all. */
bool cmdline_has(const char *cmdline, const char *key);
/* A boolean module parameter as the kernel reads it. */
enum tristate cmdline_bool(const char *cmdline, const char *key);

/* inflate.c: a gzip file of at most max bytes of content. -EBADMSG or -ENOMEM. */
int gunzip(struct arena *, const char *bytes, size_t length, size_t max, const char **out,
	   size_t *out_length);

#endif
