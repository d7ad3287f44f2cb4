/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fix_write.c - the result of a fix: where it goes, and what is said about it. */
#include "fix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = {
	[IOF_VERDICT_UNKNOWN] = "unknown",
	[IOF_VERDICT_FITS] = "fits",
	[IOF_VERDICT_DEGRADED] = "degraded",
	[IOF_VERDICT_FAILS] = "fails",
};

/* The result in all its forms. */
struct result {
	struct bytes before, after, difference, command;
};

static void json_strings(struct bytes *out, const char *key, const struct words *words)
{
	bytes_printf(out, ",\n  \"%s\": [", key);
	for (size_t i = 0; i < words->n; i++) {
		bytes_append(out, i ? ", " : "", i ? 2 : 0);
		bytes_json_text(out, words->items[i]);
	}
	bytes_append(out, "]", 1);
}

static void json_text(struct bytes *out, const char *key, const char *text)
{
	if (!text)
		return;
	bytes_printf(out, ",\n  \"%s\": ", key);
	bytes_json_text(out, text);
}

static int print_json(struct tool *t, const struct fixing *f, const struct result *x)
{
	const struct repair *r = &f->repair;
	struct bytes *out = &t->answer;

	bytes_printf(
		out,
		"{\n  \"schema\": \"iommufit.fix/1\",\n  \"before\": \"%s\",\n  \"after\": \"%s\"",
		verdict_names[r->before], verdict_names[r->after]);
	bytes_printf(out, ",\n  \"changed\": %s", r->edits.n ? "true" : "false");
	json_strings(out, "edits", &r->edits);
	json_strings(out, "others", &r->others);
	json_strings(out, "outside", &r->outside);
	json_strings(out, "left", &r->left);
	json_strings(out, "advice", &r->advice);
	if (t->args.plug.n)
		json_strings(out, "plug", &r->plug);
	bytes_printf(out, ",\n  \"config\": ");
	bytes_json(out, x->after.data, x->after.length);
	if (!r->config.text)
		json_strings(out, "argv", &r->config.words);
	bytes_printf(out, ",\n  \"diff\": ");
	bytes_json(out, x->difference.data ? x->difference.data : "", x->difference.length);
	json_text(out, "command", x->command.data);
	json_text(out, "backup", f->replace.backup);
	return bytes_append(out, "\n}\n", 3);
}

static int make_result(struct tool *t, const struct fixing *f, struct result *x)
{
	const struct config *original = &f->job.config;
	const char *output = t->args.output;
	struct iof_output out = {
		.size = sizeof(out), .write = write_to_bytes, .data = &x->difference};
	int err = config_text(original, &x->before);

	if (!err)
		err = config_text(&f->repair.config, &x->after);
	if (!err)
		err = iof_text_diff(t->ctx, original->name, x->before.data, x->before.length,
				    output ? output : original->name, x->after.data,
				    x->after.length, &out);
	if (!err && f->is_cured && f->repair.is_changed && names_managed(&t->args))
		err = managed_command(&t->args, &f->managed, original, &f->repair.config, output,
				      &x->command);
	return err;
}

static int write_files(struct tool *t, struct fixing *f, const struct result *x)
{
	if (!f->is_cured)
		return 0;
	if (t->args.output)
		return file_write(t, t->args.output, x->after.data, x->after.length);
	if (t->args.in_place && f->repair.is_changed)
		return replace_commit(t, &f->replace, x->after.data, x->after.length);
	return 0;
}

/* What goes to standard output: the config, unless it went elsewhere or its manager is told what to
 * change. */
static int print_answer(struct tool *t, const struct result *x)
{
	const struct arguments *a = &t->args;
	bool has_command = x->command.length && !a->in_place;

	if (a->diff)
		return bytes_append(&t->answer, x->difference.data, x->difference.length);
	if (has_command && (a->proxmox || a->output))
		return tool_print(t, "%s\n", x->command.data);
	if (a->output || a->in_place || (a->proxmox && !x->difference.length))
		return 0;
	return bytes_append(&t->answer, x->after.data, x->after.length);
}

/* Where standard output has something else, the command is a note. */
static void note_command(struct tool *t, const struct result *x)
{
	const struct arguments *a = &t->args;

	if (!x->command.length || a->in_place || a->json)
		return;
	if (a->diff || (a->libvirt && !a->output))
		tool_note(t, "to apply: %s%s", a->proxmox || a->output ? "" : "pipe the XML into ",
			  x->command.data);
}

int fix_write(struct tool *t, struct fixing *f)
{
	struct result x = {{0}, {0}, {0}, {0}};
	int err = make_result(t, f, &x);

	if (!err)
		err = write_files(t, f, &x);
	if (!err && t->args.json)
		err = print_json(t, f, &x);
	else if (!err && f->is_cured)
		err = print_answer(t, &x);
	if (!err && f->is_cured)
		note_command(t, &x);
	free(x.before.data);
	free(x.after.data);
	free(x.difference.data);
	free(x.command.data);
	return err;
}

static void note_each(const struct tool *t, const char *what, const struct words *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		tool_note(t, "%s%s", what, lines->items[i]);
}

static void note_cured(const struct tool *t, const struct fixing *f)
{
	const struct repair *r = &f->repair;

	note_each(t, "", &r->edits);
	note_each(t, "other fixes: ", &r->others);
	if (r->edits.n == 0)
		tool_note(t,
			  r->after == IOF_VERDICT_FITS
				  ? "nothing to do: %s"
				  : "%s, and no edit of this config changes that",
			  verdict_names[r->after]);
	/* It starts and its DMA works; what is lost has no cure here, and was lost before. */
	note_each(t, "left: ", &r->left);
	note_each(t, "outside the config: ", &r->outside);
	if (f->replace.backup)
		tool_note(t, "%s: written; the old one is %s", f->replace.path, f->replace.backup);
}

void fix_note(const struct tool *t, const struct fixing *f)
{
	const struct repair *r = &f->repair;

	if (f->is_cured) {
		note_cured(t, f);
		return;
	}
	tool_note(t, r->after == IOF_VERDICT_UNKNOWN
			     ? "unknown: a fact is missing (iommufit check says which)"
			     : "no edit of this config cures it");
	note_each(t, "left: ", &r->left);
	note_each(t, "outside the config: ", &r->outside);
	note_each(t, "what to do: ", &r->advice);
}
