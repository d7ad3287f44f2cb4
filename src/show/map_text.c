/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * map_text.c - the address map for a terminal: one line per lane over a logarithmic axis, then the
 * regions as a list. Marks are characters; colour only repeats what they say.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "show/map_show.h"
#include "show/names.h"

#define DEFAULT_COLUMNS 80
#define MAX_AXIS 200
#define LABEL_MAX 20
#define GAP 2
#define NAME_LEAST 16
#define STACK_INDENT 4

static const char mark_characters[] = {
	[MARK_FREE] = '-', [MARK_MAPPED] = '#', [MARK_UNKNOWN] = '?', [MARK_OUTSIDE] = '!'};
#define HOST '='
#define HOLE '.'
#define BORDER ':' /* where the host's addresses end */
#define BEYOND '>' /* they go on where the axis ends */

/* A line of the picture. */
struct canvas {
	const struct map_view *view;
	char cell[MAX_AXIS + 1];
	unsigned columns; /* of the axis */
	unsigned label;	  /* columns before it */
};

static unsigned columns_of(const struct emit *e)
{
	return e->out->columns ? e->out->columns : DEFAULT_COLUMNS;
}

static void clear(struct canvas *c)
{
	memset(c->cell, ' ', c->columns);
	c->cell[c->columns] = '\0';
}

/* The columns that [begin, end) touches; at least one, for what is small still is there. */
static void fill(struct canvas *c, uint32_t begin, uint32_t end, char mark)
{
	unsigned first = (unsigned)((uint64_t)begin * c->columns / MAP_ONE);
	unsigned past = (unsigned)(((uint64_t)end * c->columns + MAP_ONE - 1) / MAP_ONE);

	if (first >= c->columns)
		first = c->columns - 1;
	if (past <= first)
		past = first + 1;
	memset(c->cell + first, mark, past - first);
}

static uint32_t border_of(const struct map_view *view)
{
	const struct map_lane *host = &view->host;

	return host->n ? host->pieces[host->n - 1].end : MAP_ONE;
}

static void draw_border(struct canvas *c)
{
	uint32_t border = border_of(c->view);

	if (border < MAP_ONE)
		fill(c, border, border, BORDER);
}

static void draw_lane(struct canvas *c, const struct map_lane *lane)
{
	clear(c);
	draw_border(c);
	/* Later marks are worse, and must not be painted over. */
	for (unsigned mark = MARK_FREE; mark <= MARK_OUTSIDE; mark++) {
		for (size_t i = 0; i < lane->n; i++) {
			const struct map_piece *piece = &lane->pieces[i];

			if (piece->mark == mark)
				fill(c, piece->begin, piece->end, mark_characters[mark]);
		}
	}
}

/* Holes come last: the one for interrupts is narrower than a column. */
static void draw_host(struct canvas *c)
{
	const struct map_view *view = c->view;
	const struct map_lane *host = &view->host;
	uint32_t at = 0;

	clear(c);
	for (size_t i = 0; i < host->n; i++)
		fill(c, host->pieces[i].begin, host->pieces[i].end, HOST);
	for (size_t i = 0; i < host->n; i++) {
		if (i > 0 || host->pieces[i].range.first > 0)
			fill(c, at, host->pieces[i].begin, HOLE);
		at = host->pieces[i].end;
	}
	draw_border(c);
	if (view->n_ranges &&
	    map_place_end(&view->scale, view->ranges[view->n_ranges - 1].last) == MAP_ONE)
		c->cell[c->columns - 1] = view->limit > view->scale.high ? BEYOND : HOST;
}

/* Runs of one character, each in its style. */
static void write_cells(struct emit *e, const struct canvas *c, bool is_host)
{
	unsigned end = c->columns, at = 0;

	while (end > 0 && c->cell[end - 1] == ' ')
		end--;
	while (at < end) {
		char mark = c->cell[at];
		unsigned n = 1;
		enum emit_style style = mark == mark_characters[MARK_OUTSIDE]	? STYLE_RED
					: mark == mark_characters[MARK_UNKNOWN] ? STYLE_YELLOW
					: mark == mark_characters[MARK_FREE] || mark == BORDER
						? STYLE_DIM
					: is_host && mark == HOST ? STYLE_GREEN
								  : STYLE_NONE;

		while (at + n < end && c->cell[at + n] == mark)
			n++;
		emit_text(e, style, "%.*s", (int)n, c->cell + at);
		at += n;
	}
	emit_newline(e);
}

static void write_lane(struct emit *e, const struct canvas *c, const char *name, bool is_outside)
{
	emit_column(e, is_outside ? STYLE_RED : STYLE_NONE, c->label - GAP, name);
	emit_text(e, STYLE_NONE, "%*s", GAP, "");
	write_cells(e, c, name == c->view->host.name);
}

static void write_axis(struct emit *e, struct canvas *c)
{
	struct map_tick ticks[MAP_TICKS];
	size_t n = map_ticks(&c->view->scale, c->view->limit, c->columns, ticks, 0);
	char text[MAP_SHORT];

	clear(c);
	for (size_t i = 0; i < n; i++) {
		unsigned first = map_label_column(&ticks[i], c->columns);

		map_power_text(ticks[i].power, text);
		memcpy(c->cell + first, text, strlen(text));
	}
	emit_text(e, STYLE_NONE, "%*s", (int)c->label, "");
	write_cells(e, c, false);
	memset(c->cell, '-', c->columns);
	for (size_t i = 0; i < n; i++)
		fill(c, ticks[i].place, ticks[i].place, '+');
	emit_text(e, STYLE_DIM, "%*s%s", (int)c->label, "", c->cell);
	emit_newline(e);
}

static unsigned label_width(const struct map_view *view)
{
	unsigned width = emit_width(view->host.name);

	for (size_t i = 0; i < view->n_lanes; i++) {
		unsigned lane = emit_width(view->lanes[i].name);

		width = lane > width ? lane : width;
	}
	return (width > LABEL_MAX ? LABEL_MAX : width) + GAP;
}

static bool has_mark(const struct map_view *view, enum map_mark mark)
{
	for (size_t i = 0; i < view->n_lanes; i++) {
		for (size_t k = 0; k < view->lanes[i].n; k++) {
			if (view->lanes[i].pieces[k].mark == mark)
				return true;
		}
	}
	return false;
}

static void write_legend(struct emit *e, const struct canvas *c)
{
	struct buf text = {0};

	if (c->view->n_ranges)
		buf_printf(&text, "%c the host can map it", HOST);
	for (unsigned mark = MARK_OUTSIDE + 1; mark-- > MARK_FREE;) {
		if (has_mark(c->view, mark))
			buf_printf(&text, "%s%c %s", text.length ? "   " : "",
				   mark_characters[mark], map_mark_texts[mark]);
	}
	if (!e->err)
		e->err = text.err;
	if (text.data)
		emit_wrapped(e, 2, NULL, "%s", text.data);
	buf_free(&text);
}

void map_picture_text(struct emit *e, const struct map_view *view)
{
	struct canvas c = {.view = view, .label = label_width(view)};
	unsigned columns = columns_of(e);

	c.columns = columns > c.label + 20 ? columns - c.label : 20;
	c.columns = c.columns > MAX_AXIS ? MAX_AXIS : c.columns;
	write_axis(e, &c);
	if (view->ranges_error == 0) {
		draw_host(&c);
		write_lane(e, &c, view->host.name, false);
	}
	for (size_t i = 0; i < view->n_lanes; i++) {
		draw_lane(&c, &view->lanes[i]);
		write_lane(e, &c, view->lanes[i].name, view->lanes[i].is_outside);
	}
	write_legend(e, &c);
}

/* ---- the list ---- */

enum column { COLUMN_NAME, COLUMN_FIRST, COLUMN_LAST, COLUMN_SIZE, COLUMN_FITS, N_COLUMNS };

static const char *const headings[N_COLUMNS] = {"region", "first", "last", "size", "fits"};

struct row {
	const char *name;
	char first[20], last[20], size[MAP_SIZE];
	const char *fits;
	enum emit_style style;
};

static struct row row_of(const char *name, struct iof_range range, uint64_t size, const char *fits)
{
	struct row row = {.name = name, .fits = fits};

	snprintf(row.first, sizeof(row.first), "0x%" PRIx64, range.first);
	snprintf(row.last, sizeof(row.last), "0x%" PRIx64, range.last);
	map_size_text(size, row.size);
	return row;
}

static struct row row_of_item(const struct map_item *item)
{
	struct row row = row_of(item->name, item->range, map_range_size(item->range),
				map_fit_text(item->fit));

	row.style = item->fit == IOF_FIT_NO ? STYLE_RED : STYLE_NONE;
	return row;
}

static struct row row_of_group(const struct map_group *group)
{
	struct row row =
		row_of(group->name, group->span, group->size, map_fit_text(group->first->fit));

	row.style = group->first->fit == IOF_FIT_NO ? STYLE_RED : STYLE_NONE;
	return row;
}

static const char *cell_of(const struct row *row, enum column column)
{
	const char *const cells[N_COLUMNS] = {row->name, row->first, row->last, row->size,
					      row->fits};

	return cells[column];
}

/* How wide each column is; the name takes what the others leave. */
struct list {
	unsigned width[N_COLUMNS];
	unsigned columns;
	bool is_measured;
	bool is_stacked; /* no room beside the name */
};

static void put_row(struct emit *e, struct list *list, const struct row *row, enum emit_style style)
{
	bool is_outside = style == STYLE_RED;

	if (!list->is_measured) {
		for (size_t i = 0; i < N_COLUMNS; i++) {
			unsigned width = emit_width(cell_of(row, (enum column)i));

			if (width > list->width[i])
				list->width[i] = width;
		}
		return;
	}
	emit_text(e, style, "%c ", is_outside ? mark_characters[MARK_OUTSIDE] : ' ');
	if (list->is_stacked) {
		emit_text(e, style, "%s", row->name);
		emit_newline(e);
		emit_text(e, STYLE_NONE, "%*s", STACK_INDENT - GAP, "");
	} else {
		emit_column(e, style, list->width[COLUMN_NAME], row->name);
	}
	emit_text(e, style, "  %-*s  %-*s  %*s%s%s", (int)list->width[COLUMN_FIRST], row->first,
		  (int)list->width[COLUMN_LAST], row->last, (int)list->width[COLUMN_SIZE],
		  row->size, *row->fits ? "  " : "", row->fits);
	emit_newline(e);
}

static void put_rows(struct emit *e, struct list *list, const struct map_view *view)
{
	struct row heading = {.name = headings[COLUMN_NAME], .fits = headings[COLUMN_FITS]};

	snprintf(heading.first, sizeof(heading.first), "%s", headings[COLUMN_FIRST]);
	snprintf(heading.last, sizeof(heading.last), "%s", headings[COLUMN_LAST]);
	snprintf(heading.size, sizeof(heading.size), "%s", headings[COLUMN_SIZE]);
	put_row(e, list, &heading, STYLE_DIM);
	for (size_t i = 0; i < view->n_ranges; i++) {
		struct row row = row_of(view->host.name, view->ranges[i],
					map_range_size(view->ranges[i]), "");

		put_row(e, list, &row, STYLE_NONE);
	}
	for (size_t i = 0; e->out->verbose && i < view->n_items; i++) {
		struct row row = row_of_item(&view->items[i]);

		put_row(e, list, &row, row.style);
	}
	for (size_t i = 0; !e->out->verbose && i < view->n_groups; i++) {
		struct row row = row_of_group(&view->groups[i]);

		put_row(e, list, &row, row.style);
	}
}

static void write_list(struct emit *e, const struct map_view *view)
{
	struct list list = {.columns = columns_of(e)};
	unsigned rest = 2;

	put_rows(e, &list, view);
	for (size_t i = COLUMN_FIRST; i < N_COLUMNS; i++)
		rest += list.width[i] + GAP;
	if (rest + list.width[COLUMN_NAME] > list.columns) {
		list.is_stacked = list.columns < rest + NAME_LEAST;
		list.width[COLUMN_NAME] = list.columns - rest;
	}
	list.is_measured = true;
	put_rows(e, &list, view);
}

void map_write_text(struct emit *e, struct iof_report *report, const struct map_view *view)
{
	const char *sentence = map_sentence(report, view);
	const char *firmware = map_firmware_text(report, view);
	unsigned indent;

	if (!sentence || !firmware) {
		e->err = e->err ? e->err : -ENOMEM;
		return;
	}
	indent = report_write_verdict(e, report);
	emit_continued(e, indent, indent, "%s%s", sentence,
		       iof_report_verdict(report) == IOF_VERDICT_FITS
			       ? ""
			       : " `iommufit check` says more.");
	emit_newline(e);
	map_picture_text(e, view);
	emit_newline(e);
	write_list(e, view);
	emit_newline(e);
	emit_wrapped(e, 2, "", "%s", firmware);
	report_write_part(e, report);
}
