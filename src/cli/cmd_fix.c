/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_fix.c - iommufit fix: tries the fixes of the findings on the config until check passes, and
 * writes the result.
 */
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

static void json_strings(struct bytes *out, const char *key, const struct words *words)
{
	bytes_printf(out, ",\n  \"%s\": [", key);
	for (size_t i = 0; i < words->n; i++) {
		bytes_append(out, i ? ", " : "", i ? 2 : 0);
		bytes_json_text(out, words->items[i]);
	}
	bytes_append(out, "]", 1);
}

static int print_json(struct tool *t, const struct repair *r, const struct bytes *text,
		      const struct bytes *difference)
{
	struct bytes *out = &t->answer;

	bytes_printf(
		out,
		"{\n  \"schema\": \"iommufit.fix/1\",\n  \"before\": \"%s\",\n  \"after\": \"%s\"",
		verdict_names[r->before], verdict_names[r->after]);
	bytes_printf(out, ",\n  \"changed\": %s", r->edits.n ? "true" : "false");
	json_strings(out, "edits", &r->edits);
	json_strings(out, "outside", &r->outside);
	bytes_printf(out, ",\n  \"config\": ");
	bytes_json(out, text->data, text->length);
	if (!r->config.text)
		json_strings(out, "argv", &r->config.words);
	bytes_printf(out, ",\n  \"diff\": ");
	bytes_json(out, difference->data ? difference->data : "", difference->length);
	return bytes_append(out, "\n}\n", 3);
}

static void print_notes(const struct tool *t, const struct repair *r, bool cured)
{
	for (size_t i = 0; cured && i < r->edits.n; i++)
		tool_note(t, "%s", r->edits.items[i]);
	if (cured && r->edits.n == 0)
		tool_note(t, "nothing to do: %s", verdict_names[r->after]);
	if (cured)
		return;
	tool_note(t, r->after == IOF_VERDICT_UNKNOWN
			     ? "unknown: a fact is missing (iommufit check says which)"
			     : "no edit of this config cures it");
	for (size_t i = 0; i < r->outside.n; i++)
		tool_note(t, "outside the config: %s", r->outside.items[i]);
}

static int print_repair(struct tool *t, const struct repair *r, const struct config *original,
			bool cured)
{
	struct bytes before = {0}, after = {0}, difference = {0};
	struct iof_output out = {.size = sizeof(out), .write = write_to_bytes, .data = &difference};
	int err = config_text(original, &before);

	if (!err)
		err = config_text(&r->config, &after);
	if (!err)
		err = iof_text_diff(t->ctx, original->name, before.data, before.length,
				    t->args.output ? t->args.output : original->name, after.data,
				    after.length, &out);
	if (!err && cured && t->args.output)
		err = file_write(t, t->args.output, after.data, after.length);
	if (!err && t->args.json)
		err = print_json(t, r, &after, &difference);
	else if (!err && cured && t->args.diff)
		err = bytes_append(&t->answer, difference.data, difference.length);
	else if (!err && cured && !t->args.output)
		err = bytes_append(&t->answer, after.data, after.length);
	free(before.data);
	free(after.data);
	free(difference.data);
	return err;
}

static int status_of_repair(const struct repair *r, bool cured)
{
	if (cured)
		return EXIT_FITS;
	return r->after == IOF_VERDICT_UNKNOWN ? EXIT_UNKNOWN : EXIT_FAILS;
}

int cmd_fix(struct tool *t)
{
	struct job job = {.host = NULL};
	struct repair repair = {.before = IOF_VERDICT_UNKNOWN};
	int err = job_open(t, &job);
	bool cured = false;
	int status;

	if (!err)
		err = repair_run(t, &job, &repair);
	if (!err) {
		cured = repair.after == IOF_VERDICT_FITS || repair.after == IOF_VERDICT_DEGRADED;
		err = print_repair(t, &repair, &job.config, cured);
	}
	if (err) {
		status = tool_fail(t, err);
	} else {
		if (!t->args.json)
			print_notes(t, &repair, cured);
		status = tool_finish(t, status_of_repair(&repair, cured));
	}
	repair_free(&repair);
	job_close(&job);
	return status;
}
