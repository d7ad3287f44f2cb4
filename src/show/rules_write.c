/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules_write.c - the catalogue of rules as text and as schema iommufit.rules/1. */
#include <errno.h>
#include <stdio.h>

#include <iommufit/report.h>

#include "base/emit.h"
#include "base/error.h"
#include "fit/rule.h"
#include "show/names.h"

#define FIELD_INDENT 13

/* "9.1", "10.0.3"; NULL where there is no bound. */
static void version_json(struct emit *e, const char *key, uint32_t version)
{
	char text[16];

	if (version == 0 || version == QEMU_NEVER) {
		emit_null(e, key);
		return;
	}
	snprintf(text, sizeof(text), QEMU_MICRO(version) ? "%u.%u.%u" : "%u.%u",
		 QEMU_MAJOR(version), QEMU_MINOR(version), QEMU_MICRO(version));
	emit_string(e, key, text);
}

static void step_json(struct emit *e, const struct step *step)
{
	static const char *const effects[] = {
		[EFFECT_NOTE] = "note",		[EFFECT_WARNS] = "warns",
		[EFFECT_STOPS] = "stops",	[EFFECT_KILLS] = "kills",
		[EFFECT_DEGRADES] = "degrades", [EFFECT_BREAKS] = "breaks",
		[EFFECT_BLOCKS] = "blocks"};
	static const char *const times[] = {
		[COLD] = "start", [HOT] = "plug", [COLD_AND_HOT] = "start or plug"};

	emit_object(e, NULL);
	version_json(e, "since", step->since);
	version_json(e, "until", step->until);
	emit_string(e, "when",
		    step->stage == STAGE_RUN	   ? "run"
		    : step->stage == STAGE_MIGRATE ? "migrate"
						   : times[step->when & COLD_AND_HOT]);
	emit_string(e, "effect", effects[step->effect]);
	emit_string(e, "message", step->message);
	emit_object_end(e);
}

/* What QEMU does and prints, by version; empty for rules about the config, whose texts are QEMU's
 * own. */
static void steps_json(struct emit *e, const struct rule *rule)
{
	emit_array(e, "steps");
	for (size_t f = 0; f < n_rule_families; f++) {
		const struct rule_family *family = rule_families[f];

		for (size_t i = 0; i < family->n_steps; i++) {
			if (family->steps[i].rule == rule)
				step_json(e, &family->steps[i]);
		}
	}
	emit_array_end(e);
}

static void rule_json(struct emit *e, const struct iof_rule_info *rule)
{
	const struct rule *full = rule_find(rule->id);

	emit_object(e, NULL);
	emit_string(e, "id", rule->id);
	emit_string(e, "vmm",
		    str_starts(rule->id, "cloud-hypervisor.") ? "cloud-hypervisor" : "qemu");
	emit_string(e, "severity", name_severity(rule->severity));
	emit_string(e, "title", rule->title);
	emit_string(e, "versions", rule->versions);
	emit_string(e, "source", rule->source);
	emit_string(e, "confirmed", rule->confirmed);
	if (full) {
		emit_string(e, "what", full->what);
		emit_string(e, "because", full->because);
		emit_bool(e, "has_cure", full->cure != NULL);
		emit_string(e, "advice", full->no_cure);
		steps_json(e, full);
	}
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
