/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_fix.c - iommufit fix: tries the fixes of the findings on the config until check passes, and
 * writes the result.
 */
#include "fix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONFIG (4u << 20) /* bytes */

/* Options that do not go together. */
static int check_options(struct tool *t)
{
	const struct arguments *a = &t->args;

	if (a->offline && !(a->in_place && names_managed(a)))
		return tool_error(t, -EINVAL,
				  "--offline goes with --in-place and --libvirt or --proxmox");
	if (!a->in_place)
		return 0;
	if (a->output)
		return tool_error(t, -EINVAL, "give one of --in-place and --output");
	if (names_managed(a) && !a->offline)
		return tool_error(t, -EINVAL,
				  "--in-place: this config belongs to %s, which is not to be "
				  "written behind its back; without --in-place the command for it "
				  "is printed (--offline insists)",
				  a->libvirt ? "libvirt" : "Proxmox VE");
	if (!names_managed(a) && (!a->operands.n || strcmp(a->operands.items[0], "-") == 0))
		return tool_error(t, -EINVAL, "--in-place needs a file");
	return 0;
}

/* A manager's config, before it is read to be written. */
static int open_managed(struct tool *t, struct fixing *f)
{
	int err = managed_lock(t, &f->managed);

	if (!err)
		err = replace_open_at(t, &f->replace, &f->managed.place, f->managed.path,
				      MAX_CONFIG);
	return err ? err : managed_check_text(t, &f->managed, f->replace.data, f->replace.length);
}

/* The very bytes that are judged are those that will be replaced. */
static int take_text(struct fixing *f)
{
	struct config *c = &f->job.config;

	c->name = f->replace.path;
	c->text = strndup("", 0);
	if (f->replace.length) {
		struct bytes copy = {0};
		int err = bytes_append(&copy, f->replace.data, f->replace.length);

		if (err)
			return err;
		free(c->text);
		c->text = copy.data;
	}
	c->length = f->replace.length;
	return c->text ? 0 : -ENOMEM;
}

static int open_config(struct tool *t, struct fixing *f)
{
	int err = names_managed(&t->args) ? managed_find(t, &f->managed) : 0;

	if (err || !t->args.in_place)
		return err;
	if (names_managed(&t->args))
		err = open_managed(t, f);
	else
		err = replace_open(t, &f->replace, t->args.operands.items[0], MAX_CONFIG);
	return err ? err : take_text(f);
}

static int run(struct tool *t, struct fixing *f)
{
	int err = check_options(t);

	if (!err)
		err = open_config(t, f);
	if (!err)
		err = job_open(t, &f->job);
	if (!err)
		err = repair_run(t, &f->job, &f->repair);
	if (err)
		return err;
	f->is_cured =
		f->repair.after == IOF_VERDICT_FITS || f->repair.after == IOF_VERDICT_DEGRADED;
	return fix_write(t, f);
}

static int status_of(const struct fixing *f)
{
	if (f->is_cured)
		return EXIT_FITS;
	return f->repair.after == IOF_VERDICT_UNKNOWN ? EXIT_UNKNOWN : EXIT_FAILS;
}

int cmd_fix(struct tool *t)
{
	struct fixing f = {.managed = {.place = {.folder = -1}, .lock = -1},
			   .replace = {.place = {.folder = -1}, .fd = -1}};
	int err = run(t, &f);
	int status;

	if (err) {
		status = tool_fail(t, err);
	} else {
		if (!t->args.json)
			fix_note(t, &f);
		status = tool_finish(t, status_of(&f));
	}
	repair_free(&f.repair);
	job_close(&f.job);
	replace_close(&f.replace);
	managed_close(&f.managed);
	return status;
}
