/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * map_html.c - the address map as one page: the verdict, the findings with what to write, the
 * picture and the regions. It loads nothing, and reads without its script, too.
 */
#include <errno.h>
#include <inttypes.h>

#include "show/map_svg.h"
#include "show/markup.h"
#include "show/names.h"
#include "show/page.h"

/* The page's own style sheets and script are known by their hashes: nothing that a name of the
 * config could smuggle in would run. */
static void put_head(struct emit *e, const struct iof_report *report)
{
	markup(e, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	markup(e,
	       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	       "style-src '%s' '%s'; script-src '%s'; base-uri 'none'; form-action 'none'\">\n",
	       picture_css_hash, page_css_hash, page_js_hash);
	markup(e, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		  "<meta name=\"color-scheme\" content=\"light dark\">\n"
		  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	markup_escaped(e, "%s: address map of %s on %s", name_verdict(iof_report_verdict(report)),
		       iof_vm_name(report->machine->vm), host_phrase(report->host));
	markup(e, "</title>\n<style>%s</style>\n<style>%s</style>\n</head>\n<body>\n", page_css,
	       picture_css);
}

static void put_fact(struct emit *e, const char *term, const char *text, const char *more)
{
	markup(e, "<dt>%s</dt><dd>", term);
	markup_text(e, text);
	if (more && *more)
		markup_escaped(e, " (%s)", more);
	markup(e, "</dd>\n");
}

static void put_answer(struct emit *e, const struct iof_report *report, const char *sentence)
{
	const struct iof_machine *machine = report->machine;
	const char *verdict = name_verdict(iof_report_verdict(report));
	const char *type = iof_machine_type(machine);
	const char *unplaced = iof_machine_unplaced(machine);

	markup(e, "<main>\n<header>\n<p class=\"verdict %s\">%s</p>\n<h1>", verdict, verdict);
	markup_text(e, sentence);
	markup(e, "</h1>\n<dl class=\"facts\">\n");
	put_fact(e, "VM", iof_vm_name(machine->vm), type);
	put_fact(e, "Host", host_phrase(report->host), name_iommu(iof_host_iommu(report->host)));
	put_fact(e, iof_machine_vmm_name(machine), iof_machine_vmm_version(machine),
		 iof_machine_vmm_provenance(machine));
	put_fact(e, "Firmware", iof_machine_firmware(machine),
		 iof_machine_firmware_provenance(machine));
	if (unplaced)
		put_fact(e, "BARs", "not placed", unplaced);
	markup(e, "</dl>\n</header>\n");
}

/* ---- findings ---- */

static void put_block(struct emit *e, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	markup(e, "<span class=\"label\">%s</span><pre><samp>", label);
	markup_text(e, text);
	markup(e, "</samp></pre>\n");
}

static void put_steps(struct emit *e, const struct iof_report *report, const struct iof_fix *fix)
{
	struct iof_edit_step step;

	markup(e, "<ul class=\"steps\">\n");
	for (size_t i = 0; iof_fix_step(fix, i, &step) == 0; i++) {
		const char *where = fix_where(step.where);
		struct buf text = {0};

		fix_describe(&text, report, fix, i);
		if (!e->err)
			e->err = text.err;
		markup(e, "<li>%s%s", where ? where : "", where ? " " : "");
		markup_text(e, text.data ? text.data : "");
		if (step.why)
			markup_escaped(e, " (%s)", step.why);
		markup(e, "</li>\n");
		buf_free(&text);
	}
	markup(e, "</ul>\n");
}

/* The lines to write, and a button that the script shows. */
static void put_lines(struct emit *e, const struct iof_report *report, const struct iof_fix *fix,
		      size_t finding, size_t index)
{
	struct buf lines = {0};
	int err = fix_literal(&lines, report, fix);

	if (!e->err)
		e->err = err;
	if (lines.length) {
		markup(e, "<div class=\"write\"><pre id=\"fix-%zu-%zu\">", finding, index);
		markup_text(e, lines.data);
		markup(e,
		       "</pre><button type=\"button\" hidden data-copy=\"fix-%zu-%zu\" "
		       "aria-describedby=\"fix-%zu-%zu\">Copy</button></div>\n",
		       finding, index, finding, index);
	}
	buf_free(&lines);
}

static void put_fix(struct emit *e, const struct iof_report *report, const struct iof_fix *fix,
		    size_t finding, size_t index)
{
	const char *consequence = iof_fix_consequence(fix);
	const char *remaining = iof_fix_remaining(fix);

	markup(e, "<div class=\"fix\"><span class=\"label\">%s</span>\n",
	       index ? "Or else" : "How to fix it");
	put_steps(e, report, fix);
	put_lines(e, report, fix, finding, index);
	if (consequence && *consequence) {
		markup(e, "<p class=\"quiet\">");
		markup_text(e, consequence);
		markup(e, "</p>\n");
	}
	if (remaining) {
		markup(e, "<p class=\"quiet\">");
		markup_escaped(e, "Then what is left is: %s (%s).", iof_fix_remaining_title(fix),
			       remaining);
		markup(e, "</p>\n");
	}
	markup(e, "</div>\n");
}

/* The least invasive is shown; the others open when they are wanted. */
static void put_fixes(struct emit *e, struct iof_report *report, const struct iof_finding *finding,
		      size_t number)
{
	const struct iof_fix *fix = NULL;
	const char *advice;
	size_t n = 0;

	while ((fix = iof_finding_fix_next(report, finding, fix))) {
		if (n == 1)
			markup(e, "<details class=\"more\"><summary>Other ways</summary>\n");
		put_fix(e, report, fix, number, n++);
	}
	if (n > 1)
		markup(e, "</details>\n");
	advice = n ? NULL : iof_finding_advice(report, finding);
	if (!advice)
		return;
	markup(e, "<span class=\"label\">What helps</span><p>");
	markup_text(e, advice);
	markup(e, "</p>\n");
}

static void put_rule(struct emit *e, struct iof_report *report, const struct iof_finding *finding)
{
	const struct place *place = finding_place(report, finding);

	markup(e, "<p class=\"quiet\">Rule ");
	markup_text(e, iof_finding_rule(finding));
	if (place)
		markup_escaped(e, ", %s:%u:%u", place_file(report, place), place->line,
			       place->column);
	markup(e, "</p>\n");
}

static void put_finding(struct emit *e, struct iof_report *report,
			const struct iof_finding *finding, size_t number)
{
	const char *severity = name_severity(iof_finding_severity(finding));
	const char *because = iof_finding_because(report, finding);

	markup(e,
	       "<details class=\"finding %s\" open>\n<summary><span "
	       "class=\"severity\">%s</span> ",
	       severity, severity);
	markup_text(e, iof_finding_message(report, finding));
	markup(e, "</summary>\n<div class=\"body\">\n");
	if (because && *because) {
		markup(e, "<p>");
		markup_text(e, because);
		markup(e, "</p>\n");
	}
	put_block(e, is_cloud_hypervisor(report->machine) ? "Cloud Hypervisor says" : "QEMU says",
		  iof_finding_vmm_message(report, finding));
	put_fixes(e, report, finding, number);
	put_rule(e, report, finding);
	markup(e, "</div>\n</details>\n");
}

/* The reader wants to know why it fails, be it for the map or not; of mere notes, only those about
 * the map. */
static bool is_shown(const struct iof_finding *finding)
{
	return iof_finding_severity(finding) != IOF_SEVERITY_NOTE || map_is_concerned(finding);
}

static void put_findings(struct emit *e, struct iof_report *report)
{
	const struct iof_finding *finding;
	size_t n = 0;

	iof_report_finding_foreach(report, finding)
	{
		if (!is_shown(finding))
			continue;
		if (n == 0)
			markup(e, "<section aria-labelledby=\"findings\">\n"
				  "<h2 id=\"findings\">What is wrong</h2>\n");
		put_finding(e, report, finding, n++);
	}
	if (n)
		markup(e, "</section>\n");
}

/* ---- picture and table ---- */

static void put_picture(struct emit *e, const struct map_view *view)
{
	markup(e,
	       "<section aria-labelledby=\"map\">\n<h2 id=\"map\">The address map</h2>\n"
	       "<figure>\n<figcaption class=\"quiet\">Guest physical addresses, one step for each "
	       "power of two. Point at a bar, tap it or go to it with the Tab key for its "
	       "addresses.</figcaption>\n<svg class=\"picture\" width=\"100%%\" height=\"%u\" "
	       "role=\"group\" aria-labelledby=\"map\">\n",
	       map_picture_height(view));
	map_picture_svg(e, view, true);
	markup(e, "</svg>\n</figure>\n</section>\n");
}

static void put_addresses(struct emit *e, struct iof_range range, uint64_t bytes, const char *fit)
{
	char size[MAP_SIZE];

	map_size_text(bytes, size);
	markup(e,
	       "</th><td><span class=\"address\">0x%" PRIx64 "</span> <span "
	       "class=\"address\">0x%" PRIx64 "</span></td><td class=\"number\">%s</td>"
	       "<td class=\"fit\">%s</td></tr>\n",
	       range.first, range.last, size, fit);
}

/* What is many and alike opens when it is wanted. */
static void put_members(struct emit *e, const struct map_view *view, const struct map_group *group)
{
	markup(e, "<details><summary>");
	markup_text(e, group->name);
	markup(e, "</summary><ul>\n");
	for (size_t i = 0; i < view->n_items; i++) {
		const struct map_item *item = &view->items[i];

		if (item->likeness != group->first->likeness)
			continue;
		markup(e, "<li>");
		markup_text(e, item->name);
		markup(e, ": <span class=\"address\">0x%" PRIx64 "</span></li>\n",
		       item->range.first);
	}
	markup(e, "</ul></details>");
}

static void put_group(struct emit *e, const struct map_view *view, const struct map_group *group)
{
	static const char *const fits[] = {
		[IOF_FIT_UNKNOWN] = "unknown",
		[IOF_FIT_YES] = "fits",
		[IOF_FIT_NO] = "sticks out",
		[IOF_FIT_NONE] = "not mapped",
	};
	enum iof_fit fit = group->first->fit;

	markup(e, "<tr%s><th scope=\"row\">", fit == IOF_FIT_NO ? " class=\"is-outside\"" : "");
	if (group->n > 1)
		put_members(e, view, group);
	else
		markup_text(e, group->name);
	put_addresses(e, group->span, group->size,
		      fits[(size_t)fit < ARRAY_SIZE(fits) ? fit : IOF_FIT_UNKNOWN]);
}

static void put_table(struct emit *e, const struct map_view *view)
{
	markup(e, "<section aria-labelledby=\"regions\">\n<h2 id=\"regions\">All regions</h2>\n"
		  "<table class=\"regions\">\n<caption>First and last address of each, and whether "
		  "the host's IOMMU can map it.</caption>\n<thead><tr><th "
		  "scope=\"col\">Region</th><th scope=\"col\">Addresses</th><th scope=\"col\" "
		  "class=\"number\">Size</th><th scope=\"col\" "
		  "class=\"fit\">Fits</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < view->n_ranges; i++) {
		markup(e, "<tr><th scope=\"row\">%s", view->host.name);
		put_addresses(e, view->ranges[i], map_range_size(view->ranges[i]), "usable");
	}
	for (size_t i = 0; i < view->n_groups; i++)
		put_group(e, view, &view->groups[i]);
	markup(e, "</tbody>\n</table>\n</section>\n");
}

void map_write_html(struct emit *e, struct iof_report *report, const struct map_view *view)
{
	const char *sentence = map_sentence(report, view);

	if (!sentence) {
		e->err = e->err ? e->err : -ENOMEM;
		return;
	}
	put_head(e, report);
	put_answer(e, report, sentence);
	put_findings(e, report);
	put_picture(e, view);
	put_table(e, view);
	markup(e,
	       "</main>\n<footer>Made by iommufit %s. \"Fits\" means: the host's IOMMU can map it "
	       "for all assigned devices.</footer>\n<p id=\"said\" class=\"spoken\" "
	       "role=\"status\"></p>\n<script>%s</script>\n</body>\n</html>\n",
	       IOMMUFIT_VERSION, page_js);
}
