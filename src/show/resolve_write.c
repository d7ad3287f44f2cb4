/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resolve_write.c - a machine's resolved values as text and as schema iommufit.resolve/1. */
#include "show/map_view.h"
#include "show/names.h"
#include "show/report_show.h"

#define NAME_WIDTH 16
#define VALUE_WIDTH 14
#define WHY_COLUMN (4 + NAME_WIDTH + VALUE_WIDTH)

static const char *who(const struct iof_value *value)
{
	return value->why ? value->why : name_decider(value->by);
}

/* ---- text ---- */

static void write_headline(struct emit *e, const struct iof_machine *m)
{
	/* Cloud Hypervisor is its own manager, and has but one machine. */
	const char *manager = is_cloud_hypervisor(m) ? NULL : m->vm->manager;
	bool has_type = *m->type_name;

	emit_wrapped(e, 2, "", "%s %s (%s)%s%s%s%s, on %s.", iof_machine_vmm_name(m),
		     m->version_text, m->version_provenance, manager ? ", started by " : "",
		     manager ? manager : "", has_type ? ", machine " : "", m->type_name,
		     host_phrase(m->host));
}

/* Bytes in units where that loses nothing. */
static const char *value_words(const struct iof_value *value, char size[MAP_SIZE])
{
	uint64_t bytes;

	if (!str_eq(value->device, "memory") || str_eq(value->property, "slots") ||
	    parse_u64(value->text, 10, UINT64_MAX, &bytes))
		return value->text;
	map_size_text(bytes, size);
	return *size == '~' ? value->text : size;
}

static void write_value(struct emit *e, const struct iof_value *value, bool is_pinned)
{
	char size[MAP_SIZE];
	const char *text = value_words(value, size);
	bool is_wide = emit_width(text) >= VALUE_WIDTH;

	emit_text(e, STYLE_BOLD, "  %c ", is_pinned ? '*' : ' ');
	emit_column(e, STYLE_NONE, NAME_WIDTH, value->property);
	if (emit_width(value->property) >= NAME_WIDTH)
		emit_text(e, STYLE_NONE, " ");
	if (is_wide)
		emit_text(e, STYLE_BOLD, "%s", text);
	else
		emit_column(e, STYLE_BOLD, VALUE_WIDTH, text);
	if (is_wide || emit_width(value->property) >= NAME_WIDTH) {
		emit_newline(e);
		emit_text(e, STYLE_NONE, "%*s", WHY_COLUMN, "");
	}
	if (value->line)
		emit_continued(e, WHY_COLUMN, WHY_COLUMN, "%s (line %u)", who(value), value->line);
	else
		emit_continued(e, WHY_COLUMN, WHY_COLUMN, "%s", who(value));
}

static void write_values(struct emit *e, const struct iof_machine *m)
{
	const char *device = NULL;
	size_t n_pinned = 0;

	for (size_t i = 0; i < m->n_resolved; i++) {
		const struct iof_value *value = &m->resolved[i].value;
		bool is_pinned = pin_is_wanted(m, i);

		if (!device || !str_eq(device, value->device)) {
			emit_newline(e);
			emit_text(e, STYLE_BOLD, "%s", value->device);
			emit_newline(e);
		}
		device = value->device;
		n_pinned += is_pinned;
		write_value(e, value, is_pinned);
	}
	emit_newline(e);
	if (n_pinned)
		emit_wrapped(e, 2, "* ",
			     "The guest sees it, and it may differ on another host or with another "
			     "version: --pin writes it down.");
	else
		emit_wrapped(e, 2, "",
			     "Everything that the guest sees of its CPU's width and its vIOMMU is "
			     "written down.");
}

/* ---- JSON ---- */

static void put_value(struct emit *e, const struct iof_machine *m, size_t index)
{
	static const char *const deciders[] = {
		[IOF_DECIDER_UNKNOWN] = "unknown", [IOF_DECIDER_USER] = "user",
		[IOF_DECIDER_GLOBAL] = "global",   [IOF_DECIDER_MACHINE_TYPE] = "machine-type",
		[IOF_DECIDER_VMM] = "vmm",	   [IOF_DECIDER_HOST] = "host",
		[IOF_DECIDER_MANAGER] = "manager",
	};
	const struct iof_value *value = &m->resolved[index].value;
	uint64_t number;

	emit_object(e, NULL);
	emit_string(e, "device", value->device);
	emit_string(e, "property", value->property);
	if (parse_u64(value->text, 10, UINT64_MAX, &number) == 0)
		emit_u64(e, "value", number);
	else
		emit_string(e, "value", value->text);
	emit_string(e, "decider", deciders[value->by]);
	emit_string(e, "by", who(value));
	if (value->line)
		emit_u64(e, "line", value->line);
	else
		emit_null(e, "line");
	emit_bool(e, "guest_visible", value->guest_visible);
	emit_bool(e, "pin", pin_is_wanted(m, index));
	emit_object_end(e);
}

static void write_json(struct emit *e, const struct iof_machine *m)
{
	emit_object(e, NULL);
	emit_string(e, "schema", "iommufit.resolve/1");
	emit_string(e, "language", name_language(m->vm->language));
	emit_string(e, "manager", m->vm->manager);
	emit_object(e, "vmm");
	emit_string(e, "name", is_cloud_hypervisor(m) ? "cloud-hypervisor" : "qemu");
	emit_string(e, "version", m->version_text);
	emit_string(e, "machine", m->type_name);
	emit_string(e, "provenance", m->version_provenance);
	emit_object_end(e);
	emit_string(e, "host", iof_host_name(m->host));
	emit_array(e, "values");
	for (size_t i = 0; i < m->n_resolved; i++)
		put_value(e, m, i);
	emit_array_end(e);
	emit_object_end(e);
}

IOF_EXPORT int iof_machine_write(struct iof_ctx *ctx UNUSED, const struct iof_machine *m,
				 const struct iof_output *out)
{
	struct emit e;

	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON) {
		write_json(&e, m);
	} else {
		write_headline(&e, m);
		write_values(&e, m);
	}
	return emit_end(&e);
}
