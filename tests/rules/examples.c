/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cases as JSON, for the rules' pages (scripts/gen-rules.py). */
#include <json-c/json.h>

#include "rules.h"

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

/* What is done to the host, and the command line afterwards. */
static void add_fix(struct json_object *example, const struct run *run, const struct iof_fix *fix)
{
	struct json_object *commands = json_object_new_array();
	struct json_object *plugged = json_object_new_array();
	struct iof_edit *edit = NULL;
	struct iof_edit_step step;
	size_t length, n_edits = 0;

	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		if (step.where == IOF_WHERE_VM)
			n_edits++;
		else if (step.command)
			json_object_array_add(step.where == IOF_WHERE_PLUG ? plugged : commands,
					      json_object_new_string(step.command));
	}
	json_object_object_add(example, "commands", commands);
	json_object_object_add(example, "plugged", plugged);
	assert_int_equal(iof_fix_apply(run->ctx, run->vm, &fix, 1, &edit), 0);
	add_text(example, "after", n_edits ? iof_edit_bytes(edit, &length) : NULL);
	add_text(example, "consequence", iof_fix_consequence(fix));
	iof_edit_unref(edit);
}

static struct json_object *example_of(const struct rule_case *row)
{
	struct json_object *example = json_object_new_object();
	struct iof_ctx *ctx = new_context();
	struct buf line = {0};
	const struct iof_finding *finding;
	const struct iof_fix *fix;
	struct run run;

	buf_printf(&line, "%s%s", program_of(row), row->line);
	run = run_check(row, ctx, find_host(row->host), read_line(ctx, line.data, line.length),
			row->host->memlock);
	finding = run_find(&run, row->rule);
	assert_non_null(finding);
	add_text(example, "rule", row->rule);
	add_text(example, "name", row->name);
	add_text(example, "qemu", row->qemu);
	add_text(example, "before", line.data);
	add_text(example, "plug", row->plug);
	add_text(example, "outcome", row->expect);
	add_text(example, "messages", row->messages);
	add_text(example, "what", iof_finding_message(run.report, finding));
	add_text(example, "because", iof_finding_because(run.report, finding));
	fix = iof_finding_fix_next(run.report, finding, NULL);
	if (fix && iof_fix_is_checked(fix) && !iof_fix_remaining(fix))
		add_fix(example, &run, fix);
	run_end(&run);
	buf_free(&line);
	iof_ctx_unref(ctx);
	return example;
}

static bool fires_in(const struct rule_cases *table, const char *rule)
{
	for (size_t i = 0; i < table->n; i++) {
		if (table->cases[i].fires && str_eq(table->cases[i].rule, rule))
			return true;
	}
	return false;
}

static struct json_object *case_of(const struct rule_case *row)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "name", row->name);
	add_text(object, "qemu", row->qemu);
	add_text(object, "outcome", row->expect);
	add_text(object, "messages", row->messages);
	return object;
}

/*
 * Every firing case of a rule, and in full the last of the first table that has one: they are
 * ordered by version. A start is shown rather than a plug.
 */
static void add_case(struct json_object *rules, size_t table, const struct rule_case *row)
{
	struct json_object *rule, *list;
	bool is_elsewhere = false;

	if (!json_object_object_get_ex(rules, row->rule, &rule)) {
		rule = json_object_new_object();
		json_object_object_add(rule, "cases", json_object_new_array());
		json_object_object_add(rules, row->rule, rule);
	}
	json_object_object_get_ex(rule, "cases", &list);
	json_object_array_add(list, case_of(row));
	for (size_t f = 0; f < table; f++)
		is_elsewhere = is_elsewhere || fires_in(all_cases[f], row->rule);
	if (!is_elsewhere && !(row->plug && json_object_object_get(rule, "example")))
		json_object_object_add(rule, "example", example_of(row));
}

void print_examples(void)
{
	struct json_object *rules = json_object_new_object();

	for (size_t f = 0; f < n_all_cases; f++) {
		for (size_t i = 0; i < all_cases[f]->n; i++) {
			if (all_cases[f]->cases[i].fires)
				add_case(rules, f, &all_cases[f]->cases[i]);
		}
	}
	puts(json_object_to_json_string_ext(rules, JSON_C_TO_STRING_PRETTY |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(rules);
}
