/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* running.c - a VM that runs: asked over QMP, looked up in /proc, compared with its prediction. */
#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* With any of them a QEMU has a monitor; a manager that only made the socket has none. */
static const char *const monitor_options[] = {"-qmp",	  "-qmp-pretty", "-mon",
					      "-monitor", "-chardev",	 "-readconfig"};

static bool has_monitor(const struct words *words)
{
	for (size_t i = 1; i < words->n; i++) {
		const char *word = words->items[i];

		word += word[0] == '-' && word[1] == '-';
		for (size_t k = 0; k < sizeof(monitor_options) / sizeof(monitor_options[0]); k++)
			if (strcmp(word, monitor_options[k]) == 0)
				return true;
	}
	return false;
}

int running_open(struct tool *t, struct job *job)
{
	const struct arguments *a = &t->args;

	return a->qmp ? iof_live_load_qmp(t->ctx, a->qmp, NULL, &job->live) : 0;
}

int running_config(struct tool *t, struct job *job)
{
	const struct arguments *a = &t->args;
	uint64_t pid = a->pid ? a->pid : iof_live_pid(job->live);
	int err;

	if (!pid)
		return tool_error(t, -EBADMSG,
				  "%s: the process behind it is not to be seen from here: give the "
				  "VM's config, too",
				  a->qmp);
	err = process_read(t, pid, &job->config);
	if (!err && !a->pid && !has_monitor(&job->config.words))
		err = tool_error(t, -EBADMSG,
				 "%s: process %llu listens there, but is no QEMU with a monitor: "
				 "give --pid or the VM's config, too",
				 a->qmp, (unsigned long long)pid);
	if (err || !host_is_live(a))
		return err;
	if (job->live)
		return iof_live_add_process(t->ctx, job->live, pid);
	return iof_live_load_process(t->ctx, pid, &job->live);
}

static int write_part(void *comparison, const struct iof_output *out)
{
	return iof_live_write(comparison, out);
}

int running_compare(struct tool *t, struct job *job)
{
	int err;

	if (!job->live)
		return 0;
	err = iof_live_compare(t->ctx, job->live, job->machine, &job->comparison);
	if (!err)
		iof_report_part_set(job->report, "live", write_part, job->comparison);
	return err;
}

void running_close(struct job *job)
{
	iof_live_comparison_unref(job->comparison);
	iof_live_unref(job->live);
}
