/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules_write.c - the catalogue of rules as text and as schema iommufit.rules/1. */
#include <errno.h>

#include <iommufit/report.h>

#include "base/emit.h"
#include "base/error.h"
#include "show/names.h"

#define FIELD_INDENT 13

static void rule_json(struct emit *e, const struct iof_rule_info *rule)
{
	emit_object(e, NULL);
	emit_string(e, "id", rule->id);
	emit_string(e, "severity", name_severity(rule->severity));
	emit_string(e, "title", rule->title);
	emit_string(e, "versions", rule->versions);
	emit_string(e, "source", rule->source);
	emit_string(e, "confirmed", rule->confirmed);
	emit_object_end(e);
}

static void rule_line(struct emit *e, const struct iof_rule_info *rule)
{
	emit_text(e, STYLE_BOLD, "%s", rule->id);
	emit_text(e, STYLE_DIM, "  %s", name_severity(rule->severity));
	emit_newline(e);
	emit_wrapped(e, 4, NULL, "%s", rule->title);
}

static void rule_field(struct emit *e, const char *label, const char *text)
{
	if (text)
		emit_wrapped(e, FIELD_INDENT, label, "%s", text);
}

static const char *confirmation(const char *how)
{
	static const struct {
		const char *word, *text;
	} words[] = {
		{"lab", "lab: seen with the real software"},
		{"report", "report: described in a public report"},
		{"source", "source: read in the source only"},
	};

	for (size_t i = 0; how && i < ARRAY_SIZE(words); i++) {
		if (str_eq(words[i].word, how))
			return words[i].text;
	}
	return how;
}

static void rule_story(struct emit *e, const struct iof_rule_info *rule)
{
	rule_line(e, rule);
	rule_field(e, "  holds in   ", rule->versions);
	rule_field(e, "  defined in ", rule->source);
	rule_field(e, "  confirmed  ", confirmation(rule->confirmed));
}

static void write_rule(struct emit *e, const struct iof_rule_info *rule, const char *id)
{
	if (id && !str_eq(rule->id, id))
		return;
	if (e->out->format == IOF_FORMAT_JSON)
		rule_json(e, rule);
	else if (id || e->out->verbose)
		rule_story(e, rule);
	else
		rule_line(e, rule);
}

static bool rule_exists(const char *id)
{
	struct iof_rule_info rule;

	for (size_t i = 0; iof_rule(i, &rule) == 0; i++) {
		if (str_eq(rule.id, id))
			return true;
	}
	return false;
}

IOF_EXPORT int iof_rules_write(struct iof_ctx *ctx, const char *id, const struct iof_output *out)
{
	bool is_json = out->format == IOF_FORMAT_JSON;
	struct iof_rule_info rule;
	struct emit e;

	if (id && !rule_exists(id))
		return ctx_fail(ctx, -ENOENT, "%s: no such rule", id);
	emit_begin(&e, out);
	if (is_json) {
		emit_object(&e, NULL);
		emit_string(&e, "schema", "iommufit.rules/1");
		emit_array(&e, "rules");
	}
	for (size_t i = 0; iof_rule(i, &rule) == 0; i++)
		write_rule(&e, &rule, id);
	if (is_json) {
		emit_array_end(&e);
		emit_object_end(&e);
	}
	return emit_end(&e);
}
