/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.h - host and VM of one command, from loading to the report. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "tool.h"

#include <iommufit/live.h>

/* A vector of strings from malloc(), NULL at the end once it holds something. */
struct words {
	char **items;
	size_t n;
};
int words_add(struct words *, const char *word);
bool words_have(const struct words *, const char *word);
void words_free(struct words *);

/* Options of host loading that all commands share. n_devices with devices not NULL: only these. */
int host_load(struct tool *, const char *const *devices, size_t n, struct iof_host **);
static inline bool host_is_live(const struct arguments *args)
{
	return !args->host || !*args->host;
}

/* A config in memory: text, or the words of a command line. */
struct config {
	char *text; /* NULL: words */
	size_t length;
	struct words words;
	const char *name; /* for errors */
	char *own_name;
	char *program;	  /* file of the running process, NULL unknown */
	uint64_t memlock; /* of the running process, 0 unknown */
};

int words_copy(struct words *, const struct words *);
int config_copy(struct config *, const struct config *);
void config_free(struct config *);
/* What iof_fix_apply() or iof_machine_pin() made, in the form that the config had. */
int config_of_edit(struct config *, const struct config *from, const struct iof_edit *);
/* As text. A command line is written one option a line, so that it can be read and a diff shows
 * what changed. */
int config_text(const struct config *, struct bytes *);

struct job {
	struct config config;
	struct iof_host *host;
	struct iof_vm *vm;
	struct iof_vmm vmm;
	char *version_read;
	char *firmware_read;
	struct iof_machine *machine;
	struct iof_report *report;
	struct iof_live *live; /* of a VM that runs; NULL */
	struct iof_live_comparison *comparison;
};

/* Load everything that the command line names; nothing is checked yet. A config whose text is there
 * already is not read again. */
int job_open(struct tool *, struct job *);
/* Resolve and check another VM of the same job in place of the one before; takes over the
 * reference. */
int job_check(struct tool *, struct job *, struct iof_vm *);
/* Parse a config as the job's own was parsed. */
int job_parse(struct tool *, const struct job *, const struct config *, struct iof_vm **);
void job_close(struct job *);
/* Close it; the exit status: the verdict's, or that of err. */
int job_finish(struct tool *, struct job *, int err);

/* Read the command line of a running process, its limit and program. */
int process_read(struct tool *, uint64_t pid, struct config *);

/* --qmp: ask the running VM. */
int running_open(struct tool *, struct job *);
/* The config of a running process: of --pid, or of the one behind --qmp. */
int running_config(struct tool *, struct job *);
/* After the check: compare what runs with what was predicted, as a part of the report. */
int running_compare(struct tool *, struct job *);
void running_close(struct job *);

#endif
