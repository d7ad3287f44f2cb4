/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caps_write.c - capabilities of the vIOMMU models as text and as schema iommufit.caps/1. */
#include <errno.h>
#include <stdio.h>

#include <iommufit/caps.h>

#include "base/emit.h"
#include "base/error.h"
#include "fit/caps.h"
#include "show/names.h"

/* The columns of the text table, in order. */
enum column {
	COLUMN_PROPERTY,
	COLUMN_THEORY,
	COLUMN_HERE,
	COLUMN_DEFAULT,
	COLUMN_RECOMMENDED,
	N_COLUMNS
};

#define INDENT 2
#define PROBE "iommufit probe " /* what can be run as it stands */
#define GAP 2

struct row {
	const char *cell[N_COLUMNS];
};

struct table {
	unsigned width[N_COLUMNS];
	bool has_here, has_recommended; /* something is said in that column */
	bool is_undecided;		/* it may be so, and no more */
	size_t n;			/* rows */
};

/* Nothing of it is certain, and only the kernel knows. */
static bool is_undecided(const struct iof_cap *cap)
{
	return cap->open && str_eq(cap->here, "unknown") && cap->how && str_starts(cap->how, PROBE);
}

/* Nothing of the whole model: its table has what may be. */
static bool is_model_undecided(const struct iof_caps *caps, enum iof_model model)
{
	struct iof_cap cap;
	size_t n = 0;

	for (size_t i = 0; iof_caps_get(caps, i, &cap) == 0; i++) {
		if (cap.model != model || !cap.here || str_eq(cap.here, "none"))
			continue;
		if (!is_undecided(&cap))
			return false;
		n++;
	}
	return n > 0;
}

static struct row row_of(const struct table *table, const struct iof_cap *cap)
{
	bool is_all = cap->here && cap->theory && str_eq(cap->here, cap->theory);
	struct row row = {.cell = {cap->property, cap->theory, is_all ? "all" : cap->here, cap->def,
				   cap->recommended}};

	if (table->is_undecided && cap->open)
		row.cell[COLUMN_HERE] = cap->open;
	for (size_t i = 0; i < N_COLUMNS; i++)
		row.cell[i] = row.cell[i] ? row.cell[i] : "-";
	return row;
}

static void measure(struct table *table, const struct row *row)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		unsigned width = emit_width(row->cell[i]);

		table->width[i] = width > table->width[i] ? width : table->width[i];
	}
}

static bool is_shown(const struct table *table, size_t column)
{
	if (column == COLUMN_RECOMMENDED)
		return table->has_recommended;
	return column != COLUMN_HERE || table->has_here;
}

static const char *heading(const struct table *table, size_t column)
{
	static const char *const names[N_COLUMNS] = {"property", "accepted", "here", "default",
						     "recommended"};

	return column == COLUMN_HERE && table->is_undecided ? "perhaps here" : names[column];
}

static unsigned table_width(const struct table *table)
{
	unsigned sum = INDENT;

	for (size_t i = 0; i < N_COLUMNS; i++)
		sum += is_shown(table, i) ? table->width[i] + GAP : 0;
	return sum - GAP;
}

static void write_row(struct emit *e, const struct table *table, const struct row *row,
		      enum emit_style style)
{
	unsigned gap = INDENT;

	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!is_shown(table, i))
			continue;
		emit_text(e, STYLE_NONE, "%*s", (int)gap, "");
		emit_text(e, style, "%s", row->cell[i]);
		gap = table->width[i] - emit_width(row->cell[i]) + GAP;
	}
	emit_newline(e);
}

/* A row that is too wide for the table: each cell with its heading. */
static void write_block(struct emit *e, const struct table *table, const struct row *row)
{
	emit_wrapped(e, INDENT, NULL, "%s", row->cell[COLUMN_PROPERTY]);
	for (size_t i = COLUMN_THEORY; i < N_COLUMNS; i++) {
		if (is_shown(table, i) && !str_eq(row->cell[i], "-"))
			emit_wrapped(e, INDENT + 4, NULL, "%s: %s", heading(table, i),
				     row->cell[i]);
	}
}

/* One line about a property, below the table. */
#define write_note(e, cap, format, ...)                                                            \
	emit_wrapped(e, INDENT + 4, "  ", "%s: " format, (cap)->property, __VA_ARGS__)

/* Of devices that differ: "auto means 48 with 0000:00:05.0, 44 with 0000:00:06.0". */
static void write_resolved(struct emit *e, const struct iof_caps *caps, size_t index,
			   const struct iof_cap *cap)
{
	struct iof_cap_resolved one;
	struct buf text = {0};

	for (size_t n = 0; iof_caps_resolved(caps, index, n, &one) == 0; n++) {
		if (one.value)
			buf_printf(&text, "%s%s with %s", text.length ? ", " : "", one.value,
				   one.device);
	}
	if (text.length && !text.err)
		write_note(e, cap, "%s means %s.", cap->def, text.data);
	if (text.err)
		e->err = text.err;
	buf_free(&text);
}

static void write_limit(struct emit *e, const struct iof_caps *caps,
			const struct iof_caps_model *model, const struct table *table, size_t index,
			const struct iof_cap *cap)
{
	bool known = cap->provenance != IOF_PROVENANCE_UNKNOWN;
	struct iof_cap_cost cost;

	if (cap->limit && !(model->why && strstr(model->why, cap->limit)))
		write_note(e, cap, "%s%s%s%s", cap->limit, known ? " (" : "",
			   known ? name_provenance(cap->provenance) : "", known ? ")" : "");
	if (table->is_undecided)
		return; /* what asks the kernel stands below all */
	if (cap->open && cap->how && str_starts(cap->how, PROBE))
		write_note(e, cap, "open: %s; %s tells", cap->open, cap->how);
	else if (cap->open)
		write_note(e, cap, "open: %s. It hangs on %s%s%s", cap->open, cap->missing,
			   cap->how ? ": " : ".", cap->how ? cap->how : "");
	if (!cap->open && cap->missing)
		write_note(e, cap, "what %s becomes hangs on %s%s%s", cap->def, cap->missing,
			   cap->how ? ": " : ".", cap->how ? cap->how : "");
	if (cap->resolved)
		write_note(e, cap, "%s means %s here, from %s.", cap->def, cap->resolved,
			   cap->resolved_from);
	else
		write_resolved(e, caps, index, cap);
	if (cap->needs && cap->here && !str_eq(cap->here, "off") && !str_eq(cap->here, "none") &&
	    !(model->device && strstr(model->device, cap->needs)))
		write_note(e, cap, "goes with %s.", cap->needs);
	for (size_t n = 0; iof_caps_cost(caps, index, n, &cost) == 0; n++)
		write_note(e, cap, "not with %s%s%s%s: %s", cost.device, cost.unit ? " (" : "",
			   cost.unit ? cost.unit : "", cost.unit ? ")" : "", cost.values);
}

static void write_properties(struct emit *e, const struct iof_caps *caps,
			     const struct iof_caps_model *model, const struct table *table)
{
	unsigned columns = e->out->columns ? e->out->columns : 80;
	bool fits = table_width(table) <= columns;
	struct iof_cap cap;

	if (fits)
		write_row(e, table,
			  &(struct row){.cell = {heading(table, 0), heading(table, 1),
						 heading(table, 2), heading(table, 3),
						 heading(table, 4)}},
			  STYLE_DIM);
	for (size_t i = 0; iof_caps_get(caps, i, &cap) == 0; i++) {
		struct row row = row_of(table, &cap);

		if (cap.model != model->model)
			continue;
		if (fits)
			write_row(e, table, &row, STYLE_NONE);
		else
			write_block(e, table, &row);
	}
	for (size_t i = 0; table->has_here && iof_caps_get(caps, i, &cap) == 0; i++) {
		if (cap.model == model->model)
			write_limit(e, caps, model, table, i, &cap);
	}
}

static struct table table_of(const struct iof_caps *caps, enum iof_model model)
{
	struct table table = {.is_undecided = is_model_undecided(caps, model)};
	struct iof_cap cap;

	for (size_t i = 0; i < N_COLUMNS; i++)
		table.width[i] = (unsigned)strlen(heading(&table, i));
	for (size_t i = 0; iof_caps_get(caps, i, &cap) == 0; i++) {
		struct row row = row_of(&table, &cap);

		if (cap.model != model)
			continue;
		table.n++;
		table.has_here |= cap.here && !str_eq(cap.here, "none");
		table.has_recommended |= cap.recommended != NULL;
		measure(&table, &row);
	}
	return table;
}

static const struct {
	enum iof_outcome outcome;
	enum emit_style style;
	const char *text;
} usability[] = {
	{IOF_OUTCOME_WORKS, STYLE_GREEN, "can be used with an assigned device"},
	{IOF_OUTCOME_DEGRADED, STYLE_YELLOW, "can be used with an assigned device, with losses"},
	{IOF_OUTCOME_BROKEN, STYLE_RED, "cannot be used with an assigned device"},
	{IOF_OUTCOME_UNKNOWN, STYLE_YELLOW, "may or may not be usable with an assigned device"},
};

/* Why no model can be used, if it is the same for all of several; else NULL. */
static const char *common_why(const struct iof_caps *caps)
{
	const char *why = caps->n_models > 1 ? caps->models[0].why : NULL;

	for (size_t i = 0; why && i < caps->n_models; i++) {
		if (!caps->models[i].why || !str_eq(caps->models[i].why, why))
			return NULL;
	}
	return why;
}

/* What to write for a model, behind `column` columns. */
static void write_words(struct emit *e, const struct iof_caps_model *model, unsigned column,
			unsigned indent)
{
	emit_continued(e, column, indent, "-device %s%s%s%s", model->device,
		       model->backend ? " (" : "", model->backend ? model->backend : "",
		       model->backend ? ")" : "");
}

/* The answer of a model in a few words, and what to write. */
static void write_answer(struct emit *e, const struct iof_caps_model *model, unsigned width)
{
	bool is_sure = model->usable != IOF_OUTCOME_UNKNOWN;
	const char *word = !model->device ? "no" : is_sure ? "yes: " : "unknown: ";

	emit_text(e, STYLE_NONE, "%*s", INDENT, "");
	emit_text(e, STYLE_BOLD, "%-*s", (int)width, name_model(model->model));
	emit_text(e, !model->device ? STYLE_RED : is_sure ? STYLE_GREEN : STYLE_YELLOW, "%s", word);
	if (model->device)
		write_words(e, model, INDENT + width + emit_width(word), INDENT + width);
	else
		emit_newline(e);
}

/* Of several models on a host, before the tables of each. */
static void write_summary(struct emit *e, const struct iof_caps *caps)
{
	const char *why = common_why(caps);
	unsigned width = 0;

	if (!caps->host || caps->n_models < 2)
		return;
	for (size_t i = 0; i < caps->n_models; i++) {
		unsigned length = emit_width(name_model(caps->models[i].model));

		width = length > width ? length : width;
	}
	emit_wrapped(e, 2, "", "An assigned device of %s behind a virtual IOMMU of QEMU %s:",
		     name_host(caps->host, caps->is_live), caps->version);
	for (size_t i = 0; i < caps->n_models; i++)
		write_answer(e, &caps->models[i], width + GAP);
	if (why)
		emit_wrapped(e, INDENT, NULL, "%s", why);
	emit_newline(e);
}

static void write_model(struct emit *e, const struct iof_caps *caps,
			const struct iof_caps_model *model)
{
	struct table table = table_of(caps, model->model);

	if (table.n == 0)
		return;
	emit_text(e, STYLE_BOLD, "%s", name_model(model->model));
	for (size_t i = 0; caps->host && i < ARRAY_SIZE(usability); i++) {
		if (usability[i].outcome == model->usable)
			emit_text(e, usability[i].style, "  %s", usability[i].text);
	}
	emit_newline(e);
	if (model->device && caps->n_models == 1) {
		emit_text(e, STYLE_NONE, "%*s", INDENT, "");
		write_words(e, model, INDENT, INDENT);
	}
	if (model->why && !common_why(caps))
		emit_wrapped(e, INDENT, NULL, "%s", model->why);
	write_properties(e, caps, model, &table);
}

static void costs_json(struct emit *e, const struct iof_caps *caps, size_t index)
{
	struct iof_cap_cost cost;

	emit_array(e, "costs");
	for (size_t n = 0; iof_caps_cost(caps, index, n, &cost) == 0; n++) {
		emit_object(e, NULL);
		emit_string(e, "device", cost.device);
		emit_string(e, "unit", cost.unit);
		emit_string(e, "values", cost.values);
		emit_string(e, "limit", cost.limit);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void resolved_json(struct emit *e, const struct iof_caps *caps, size_t index)
{
	struct iof_cap_resolved one;

	emit_array(e, "resolved_by");
	for (size_t n = 0; iof_caps_resolved(caps, index, n, &one) == 0; n++) {
		emit_object(e, NULL);
		emit_string(e, "device", one.device);
		emit_string(e, "value", one.value);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void libvirt_json(struct emit *e, const struct iof_cap *cap)
{
	if (!cap->libvirt) {
		emit_string(e, "libvirt", NULL);
		return;
	}
	emit_object(e, "libvirt");
	emit_string(e, "path", cap->libvirt);
	emit_string(e, "since", cap->libvirt_since);
	emit_object_end(e);
}

static void cap_json(struct emit *e, const struct iof_caps *caps, size_t index,
		     const struct iof_cap *cap)
{
	emit_object(e, NULL);
	emit_string(e, "property", cap->property);
	emit_string(e, "theory", cap->theory);
	emit_string(e, "here", cap->here);
	emit_string(e, "default", cap->def);
	emit_string(e, "recommended", cap->recommended);
	emit_string(e, "limit", cap->limit);
	emit_string(e, "provenance", name_provenance(cap->provenance));
	emit_string(e, "open", cap->open);
	emit_string(e, "missing", cap->missing);
	emit_string(e, "how", cap->how);
	emit_string(e, "needs", cap->needs);
	emit_string(e, "resolved", cap->resolved);
	emit_string(e, "resolved_from", cap->resolved_from);
	resolved_json(e, caps, index);
	libvirt_json(e, cap);
	costs_json(e, caps, index);
	emit_object_end(e);
}

static void model_json(struct emit *e, const struct iof_caps *caps,
		       const struct iof_caps_model *model)
{
	struct iof_cap cap;

	emit_object(e, NULL);
	emit_string(e, "model", name_model(model->model));
	emit_string(e, "machine", model->machine);
	emit_string(e, "usable", name_outcome(model->usable));
	emit_string(e, "why", model->why);
	emit_string(e, "device", model->device);
	emit_string(e, "backend", model->backend);
	emit_array(e, "properties");
	for (size_t i = 0; iof_caps_get(caps, i, &cap) == 0; i++) {
		if (cap.model == model->model)
			cap_json(e, caps, i, &cap);
	}
	emit_array_end(e);
	emit_object_end(e);
}

static void devices_json(struct emit *e, const struct iof_caps *caps)
{
	struct iof_caps_device device;

	emit_array(e, "devices");
	for (size_t i = 0; iof_caps_device(caps, i, &device) == 0; i++) {
		emit_object(e, NULL);
		emit_string(e, "bdf", device.bdf);
		emit_string(e, "unit", device.unit);
		emit_u64(e, "count", device.count);
		emit_bool(e, "measured", device.is_measured);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void head_json(struct emit *e, const struct iof_caps *caps)
{
	emit_string(e, "schema", "iommufit.caps/1");
	emit_string(e, "host", caps->host);
	emit_object(e, "vmm");
	emit_string(e, "name", "qemu");
	emit_string(e, "version", caps->version);
	emit_string(e, "machine", caps->machine);
	emit_string(e, "provenance", caps->provenance);
	emit_object_end(e);
}

static void write_json(struct emit *e, const struct iof_caps *caps)
{
	struct iof_caps_model model;

	emit_object(e, NULL);
	head_json(e, caps);
	devices_json(e, caps);
	emit_array(e, "models");
	for (size_t i = 0; iof_caps_model_get(caps, i, &model) == 0; i++)
		model_json(e, caps, &model);
	emit_array_end(e);
	emit_object_end(e);
}

/* "0000:01:00.0 and 3 like it (dmar1)" */
static void say_device(struct buf *text, const struct iof_caps_device *device)
{
	buf_printf(text, "%s%s", text->length ? "; " : "", device->bdf);
	if (device->count > 1)
		buf_printf(text, " and %zu like it", device->count - 1);
	if (device->unit)
		buf_printf(text, " (%s%s)", device->unit, device->is_measured ? ", asked" : "");
}

/* Whose common answer it is, and which of them the kernel was asked about. */
static void write_devices(struct emit *e, const struct iof_caps *caps)
{
	struct iof_caps_device device, unasked = {0};
	struct buf text = {0};

	for (size_t i = 0; iof_caps_device(caps, i, &device) == 0; i++) {
		say_device(&text, &device);
		if (!device.is_measured && !unasked.bdf)
			unasked = device;
	}
	if (text.length && !text.err)
		emit_wrapped(e, 2, "", "Holds for %s.", text.data);
	if (unasked.bdf)
		emit_wrapped(e, 2, "",
			     "Derived: the kernel was not asked, as iommufit probe %s does.",
			     unasked.bdf);
	if (text.err)
		e->err = text.err;
	buf_free(&text);
}

static void write_text(struct emit *e, const struct iof_caps *caps)
{
	write_summary(e, caps);
	for (size_t i = 0; i < caps->n_models; i++) {
		write_model(e, caps, &caps->models[i]);
		emit_newline(e);
	}
	write_devices(e, caps);
	emit_wrapped(e, 2, "", "QEMU %s (%s), machine %s.", caps->version, caps->provenance,
		     caps->machine ? caps->machine : "none");
}

IOF_EXPORT int iof_caps_write(struct iof_ctx *ctx UNUSED, const struct iof_caps *caps,
			      const struct iof_output *out)
{
	struct emit e;

	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON)
		write_json(&e, caps);
	else
		write_text(&e, caps);
	return emit_end(&e);
}
