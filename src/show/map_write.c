/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map_write.c - iof_map_write(): the address map in each of its forms. */
#include <errno.h>

#include "base/error.h"
#include "show/map_show.h"

#define ARENA_BLOCK 16384 /* bytes */

typedef void (*map_form)(struct emit *, struct iof_report *, const struct map_view *);

static const map_form forms[] = {
	[IOF_FORMAT_TEXT] = map_write_text,
	[IOF_FORMAT_JSON] = map_write_json,
	[IOF_FORMAT_SVG] = map_write_svg,
	[IOF_FORMAT_HTML] = map_write_html,
};

static int write_view(struct iof_report *report, struct arena *arena, const struct iof_output *out)
{
	struct map_view view;
	struct emit e;
	int err = map_view_of(report, arena, &view);

	if (err)
		return err;
	emit_begin(&e, out);
	forms[out->format](&e, report, &view);
	err = emit_end(&e);
	/* Findings are rendered while they are written. */
	return err ? err : report->err;
}

static bool has_outside(const struct iof_report *report)
{
	const struct iof_region *region;

	iof_machine_region_foreach(report->machine, region)
	{
		if (iof_report_region_fit(report, region, NULL) == IOF_FIT_NO)
			return true;
	}
	return false;
}

void map_write_reason(struct emit *e, struct iof_report *report, bool is_apart)
{
	struct map_view view;
	struct arena *arena;
	int err;

	if (!has_outside(report))
		return;
	arena = arena_new(ARENA_BLOCK);
	err = arena ? map_view_of(report, arena, &view) : -ENOMEM;
	if (err == 0) {
		if (!is_apart)
			emit_newline(e);
		map_picture_text(e, &view);
		emit_newline(e);
	}
	if (!e->err)
		e->err = err;
	arena_free(arena);
}

IOF_EXPORT int iof_map_write(struct iof_ctx *ctx, struct iof_report *report,
			     const struct iof_output *out)
{
	struct arena *arena;
	int err;

	if (!report->machine)
		return ctx_fail(ctx, -EINVAL, "the report is empty: nothing was checked");
	if ((size_t)out->format >= ARRAY_SIZE(forms))
		return ctx_fail(ctx, -EINVAL, "the map has no such form");
	arena = arena_new(ARENA_BLOCK);
	err = arena ? write_view(report, arena, out) : -ENOMEM;
	arena_free(arena);
	return err == -ENOMEM ? ctx_fail(ctx, err, "out of memory") : err;
}
