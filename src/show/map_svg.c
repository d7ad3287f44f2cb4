/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * map_svg.c - the address map as SVG: alone, or inside the page. Places on the axis are per cent of
 * its width, so that it fills a telephone as well as a desk and its text keeps its size.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "show/map_svg.h"
#include "show/markup.h"
#include "show/names.h"
#include "show/page.h"

#define INSET 6	  /* of text at the right end */
#define WIDTH 960 /* of the picture alone */
#define MARGIN 24
#define LINE 26 /* of the heading */
#define SENTENCE_LINE 19
#define HEADING_COLUMNS 118
#define AXIS 26 /* height of the labels */
#define LANE 50
#define BAR_Y 22
#define BAR_HEIGHT 14
#define KEY 40
/* A label, as "512 GiB", takes one and three quarters of what map_ticks() counts with. These suit
 * 330 and 670 pixels. */
#define NARROW_COLUMNS 23
#define WIDE_COLUMNS 54
#define DETAIL_COLUMNS 43 /* of fixed width that a telephone has */
#define DASH "\xe2\x80\x93"
#define LEAST (MAP_ONE / 120) /* what is smaller is drawn this wide */
#define HIT_LEAST (MAP_ONE / 40)

static const char *const mark_classes[] = {
	[MARK_FREE] = "free",
	[MARK_MAPPED] = "mapped",
	[MARK_UNKNOWN] = "unknown",
	[MARK_OUTSIDE] = "outside",
};

static void percent(struct emit *e, const char *name, uint32_t place)
{
	uint64_t thousandths = (uint64_t)place * 100000 / MAP_ONE;

	markup(e, " %s=\"%u.%03u%%\"", name, (unsigned)(thousandths / 1000),
	       (unsigned)(thousandths % 1000));
}

struct stretch {
	uint32_t begin, end;
};

/* At least so wide, and on the axis. */
static struct stretch widened(uint32_t begin, uint32_t end, uint32_t least)
{
	uint32_t more = end - begin < least ? least - (end - begin) : 0;

	begin = begin > more / 2 ? begin - more / 2 : 0;
	end = end + more / 2 > MAP_ONE ? MAP_ONE : end + more / 2;
	if (end - begin < least)
		begin = end > least ? end - least : 0;
	return (struct stretch){begin, end - begin < least ? begin + least : end};
}

static void bar(struct emit *e, const char *class, struct stretch at, unsigned y, unsigned height)
{
	markup(e, "<rect class=\"%s\"", class);
	percent(e, "x", at.begin);
	percent(e, "width", at.end - at.begin);
	markup(e, " y=\"%u\" height=\"%u\" rx=\"2\"/>\n", y, height);
}

/* ---- the axis ---- */

static void long_power(unsigned power, char out[MAP_SIZE])
{
	if (power == 0)
		snprintf(out, MAP_SIZE, "0");
	else if (power == 64)
		snprintf(out, MAP_SIZE, "16 EiB");
	else
		map_size_text(UINT64_C(1) << power, out);
}

static void put_tick(struct emit *e, const struct map_view *view, const struct map_tick *tick,
		     unsigned height)
{
	const char *anchor = tick->place == 0 ? "start" : tick->place == MAP_ONE ? "end" : "middle";
	const char *wide = tick->is_minor ? " wide" : "";
	char text[MAP_SIZE];

	long_power(tick->power, text);
	markup(e, "<line class=\"grid%s\"", wide);
	percent(e, "x1", tick->place);
	percent(e, "x2", tick->place);
	markup(e, " y1=\"%u\" y2=\"%u\"/>\n<text class=\"axis%s%s\" text-anchor=\"%s\"", AXIS - 4,
	       height, wide, tick->power && tick->power == view->limit ? " limit" : "", anchor);
	percent(e, "x", tick->place);
	markup(e, " y=\"14\">%s</text>\n", text);
}

static void put_axis(struct emit *e, const struct map_view *view, unsigned height)
{
	struct map_tick ticks[MAP_TICKS];
	size_t n = map_ticks(&view->scale, view->limit, NARROW_COLUMNS, ticks, 0);

	n = map_ticks(&view->scale, view->limit, WIDE_COLUMNS, ticks, n);
	for (size_t i = 0; i < n; i++)
		put_tick(e, view, &ticks[i], height);
}

static uint32_t host_end(const struct map_view *view)
{
	return view->host.n ? view->host.pieces[view->host.n - 1].end : MAP_ONE;
}

/* What lies behind the host's last address is tinted through all lanes. */
static void put_beyond(struct emit *e, const struct map_view *view, unsigned height)
{
	uint32_t end = host_end(view);

	if (end >= MAP_ONE)
		return;
	bar(e, "beyond", (struct stretch){end, MAP_ONE}, AXIS - 4, height - AXIS + 4);
}

static void put_border(struct emit *e, const struct map_view *view, unsigned height)
{
	uint32_t end = host_end(view);

	if (end >= MAP_ONE)
		return;
	markup(e, "<line class=\"border\"");
	percent(e, "x1", end);
	percent(e, "x2", end);
	markup(e, " y1=\"%u\" y2=\"%u\"/>\n", AXIS - 4, height);
}

/* ---- lanes ---- */

static void say_range(struct emit *e, struct iof_range range, uint64_t bytes)
{
	char size[MAP_SIZE];

	map_size_text(bytes, size);
	markup(e, "0x%" PRIx64 " to 0x%" PRIx64 ", %s", range.first, range.last, size);
}

/* All of it, for those who hear it and for a pointer that rests. */
static void say_piece(struct emit *e, const struct map_piece *piece)
{
	if (!piece->item)
		markup(e, "The host's IOMMU can map");
	else if (piece->n > 1)
		markup(e, "%zu regions,", piece->n);
	else
		markup_escaped(e, "%s,", piece->item->name);
	markup(e, " ");
	say_range(e, piece->range, map_range_size(piece->range));
	if (piece->item)
		markup(e, ", %s", map_mark_texts[piece->mark]);
}

/* What stands in place of the lane's own line while a piece is looked at. */
static void put_detail(struct emit *e, const struct map_lane *lane, const struct map_piece *piece)
{
	bool is_named = piece->item && piece->n == 1 && piece->item->name != lane->name;
	char range[64], size[MAP_SIZE];
	int length = snprintf(range, sizeof(range), "0x%" PRIx64 DASH "0x%" PRIx64,
			      piece->range.first, piece->range.last) -
		     (int)strlen(DASH) + 1;

	map_size_text(map_range_size(piece->range), size);
	markup(e,
	       "<g class=\"detail\" aria-hidden=\"true\"><rect x=\"0\" y=\"0\" width=\"100%%\" "
	       "height=\"%u\" rx=\"3\"/><text x=\"%u\" y=\"14\">",
	       BAR_Y - 3, INSET);
	if (is_named)
		markup_cut(e, DETAIL_COLUMNS - 1 - (unsigned)length, piece->item->name);
	else if (piece->item && piece->n > 1)
		markup(e, "%zu at", piece->n);
	markup(e,
	       "%s%s</text><text class=\"wide\" x=\"100%%\" dx=\"-%u\" y=\"14\" "
	       "text-anchor=\"end\">%s</text></g>",
	       is_named || (piece->item && piece->n > 1) ? " " : "", range, INSET, size);
}

static void put_piece(struct emit *e, const struct map_lane *lane, const struct map_piece *piece,
		      bool in_page)
{
	const char *class = piece->item ? mark_classes[piece->mark] : "host";
	char classes[32];

	markup(e, "<g class=\"piece\"");
	if (in_page) {
		markup(e, " tabindex=\"0\" role=\"img\" aria-label=\"");
		say_piece(e, piece);
		markup(e, "\"");
	}
	markup(e, ">");
	if (!in_page) {
		markup(e, "<title>");
		say_piece(e, piece);
		markup(e, "</title>");
	}
	if (piece->mark == MARK_OUTSIDE)
		bar(e, "ground", widened(piece->begin, piece->end, LEAST), BAR_Y, BAR_HEIGHT);
	snprintf(classes, sizeof(classes), "bar %s", class);
	bar(e, classes, widened(piece->begin, piece->end, LEAST), BAR_Y, BAR_HEIGHT);
	if (in_page) {
		bar(e, "hit", widened(piece->begin, piece->end, HIT_LEAST), BAR_Y - 4,
		    BAR_HEIGHT + 8);
		put_detail(e, lane, piece);
	}
	markup(e, "</g>\n");
}

/* What the host cannot map between what it can; the one for interrupts is narrower than a line. */
static void put_holes(struct emit *e, const struct map_lane *lane)
{
	for (size_t i = 1; i < lane->n && !lane->pieces[i].item; i++) {
		markup(e, "<line class=\"hole\"");
		percent(e, "x1", lane->pieces[i].begin);
		percent(e, "x2", lane->pieces[i].begin);
		markup(e, " y1=\"%u\" y2=\"%u\"/>\n", BAR_Y - 1, BAR_Y + BAR_HEIGHT + 1);
	}
}

static void put_lane(struct emit *e, const struct map_lane *lane, unsigned y, const char *note,
		     bool in_page)
{
	markup(e,
	       "<g class=\"lane%s\" transform=\"translate(0,%u)\">\n<text class=\"name\" y=\"14\">",
	       lane->is_outside ? " is-outside" : "", y);
	markup_cut(e, 24, lane->name);
	markup(e,
	       "</text><text class=\"size\" x=\"100%%\" dx=\"-%u\" y=\"14\" "
	       "text-anchor=\"end\">%s%s</text>\n",
	       INSET, note, lane->is_outside ? ", sticks out" : "");
	markup(e, "<line class=\"track\" x1=\"0\" x2=\"100%%\" y1=\"%u\" y2=\"%u\"/>\n",
	       BAR_Y + BAR_HEIGHT, BAR_Y + BAR_HEIGHT);
	for (unsigned mark = MARK_FREE; mark <= MARK_OUTSIDE; mark++) {
		for (size_t i = 0; i < lane->n; i++) {
			if (lane->pieces[i].mark == mark)
				put_piece(e, lane, &lane->pieces[i], in_page);
		}
	}
	put_holes(e, lane);
	markup(e, "</g>\n");
}

static void put_lanes(struct emit *e, const struct map_view *view, bool in_page)
{
	char note[MAP_SIZE + 8];
	unsigned y = AXIS;

	if (view->ranges_error == 0) {
		snprintf(note, sizeof(note), "%u bits", view->limit);
		put_lane(e, &view->host, y, note, in_page);
		y += LANE;
	}
	for (size_t i = 0; i < view->n_lanes; i++, y += LANE) {
		map_size_text(view->lanes[i].size, note);
		put_lane(e, &view->lanes[i], y, note, in_page);
	}
}

/* ---- what the colours mean ---- */

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

static unsigned put_key(struct emit *e, const char *class, const char *text, unsigned x, unsigned y)
{
	markup(e,
	       "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" rx=\"2\"/>"
	       "<text class=\"key\" x=\"%u\" y=\"%u\">%s</text>\n",
	       class, x + 1, y, x + 19, y + 10, text);
	return x + 40 + (unsigned)strlen(text) * 6;
}

static void put_keys(struct emit *e, const struct map_view *view, unsigned y)
{
	unsigned x = 0;

	if (view->host.n)
		x = put_key(e, "host", "usable", x, y);
	for (unsigned mark = MARK_OUTSIDE + 1; mark-- > MARK_FREE;) {
		if (has_mark(view, mark))
			x = put_key(e, mark_classes[mark], map_mark_texts[mark], x, y);
	}
}

unsigned map_picture_height(const struct map_view *view)
{
	size_t lanes = view->n_lanes + (view->ranges_error == 0);

	return AXIS + LANE * (unsigned)lanes + KEY;
}

void map_picture_svg(struct emit *e, const struct map_view *view, bool in_page)
{
	unsigned height = map_picture_height(view) - KEY;

	markup(e, "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
		  "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
		  "<line class=\"stripe\" x1=\"1.5\" y1=\"0\" x2=\"1.5\" y2=\"6\"/></pattern>"
		  "</defs>\n");
	put_beyond(e, view, height);
	put_axis(e, view, height);
	put_border(e, view, height);
	put_lanes(e, view, in_page);
	put_keys(e, view, height + KEY - 20);
}

/* ---- alone ---- */

/* The next line of a text, broken at its last blank before the line is full. */
static bool next_heading(const char **cursor, const char **line, size_t *length)
{
	const char *text = *cursor + strspn(*cursor, " ");
	size_t left = strlen(text), end = left;

	if (!left)
		return false;
	if (left > HEADING_COLUMNS) {
		for (end = HEADING_COLUMNS; end > 0 && text[end] != ' '; end--)
			;
		end = end ? end : HEADING_COLUMNS;
	}
	*line = text;
	*length = end;
	*cursor = text + end;
	return true;
}

static unsigned heading_lines(const char *sentence)
{
	const char *line;
	size_t length;
	unsigned n = 0;

	while (next_heading(&sentence, &line, &length))
		n++;
	return n;
}

static void put_heading(struct emit *e, const char *sentence, unsigned y)
{
	const char *line;
	size_t length;

	for (; next_heading(&sentence, &line, &length); y += SENTENCE_LINE) {
		markup(e, "<text y=\"%u\">", y);
		markup_escaped(e, "%.*s", (int)length, line);
		markup(e, "</text>\n");
	}
}

void map_write_svg(struct emit *e, struct iof_report *report, const struct map_view *view)
{
	const char *sentence = map_sentence(report, view);
	const char *name = iof_vm_name(report->machine->vm);
	unsigned top, height;

	if (!sentence) {
		e->err = e->err ? e->err : -ENOMEM;
		return;
	}
	top = MARGIN + LINE + heading_lines(sentence) * SENTENCE_LINE + LINE / 2;
	height = top + map_picture_height(view) + MARGIN;
	markup(e,
	       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	       "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" width=\"%u\" "
	       "height=\"%u\" viewBox=\"0 0 %u %u\" role=\"img\" "
	       "aria-labelledby=\"map-title map-desc\">\n<title id=\"map-title\">",
	       WIDTH, height, WIDTH, height);
	markup_escaped(e, "Address map of %s on %s", name, host_phrase(report->host));
	markup(e, "</title>\n<desc id=\"map-desc\">");
	markup_text(e, sentence);
	markup(e,
	       "</desc>\n<style>\n%s</style>\n<rect class=\"paper\" width=\"100%%\" "
	       "height=\"100%%\"/>\n<svg x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\">\n"
	       "<text class=\"heading\" y=\"16\">Address map of ",
	       picture_css, MARGIN, MARGIN, WIDTH - 2 * MARGIN, height);
	markup_cut(e, 40, name);
	markup(e, " on ");
	markup_cut(e, 40, host_phrase(report->host));
	markup(e, "</text>\n");
	put_heading(e, sentence, LINE + 16);
	markup(e, "</svg>\n<svg x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\">\n", MARGIN, top,
	       WIDTH - 2 * MARGIN, height - top);
	map_picture_svg(e, view, false);
	markup(e, "</svg>\n</svg>\n");
}
