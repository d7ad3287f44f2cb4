/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map_words.c - what all forms of the map say in words. */
#include <errno.h>
#include <inttypes.h>

#include "show/map_show.h"
#include "show/names.h"

#define NAMED 3 /* so many of the groups that stick out are named */

const char *const map_mark_texts[] = {
	[MARK_FREE] = "not mapped",
	[MARK_MAPPED] = "mapped",
	[MARK_UNKNOWN] = "mapped, fit unknown",
	[MARK_OUTSIDE] = "sticks out",
};

const char *map_fit_name(enum iof_fit fit)
{
	static const char *const names[] = {
		[IOF_FIT_UNKNOWN] = "unknown",
		[IOF_FIT_YES] = "yes",
		[IOF_FIT_NO] = "no",
		[IOF_FIT_NONE] = "not-mapped",
	};

	return names[(size_t)fit < ARRAY_SIZE(names) ? fit : IOF_FIT_UNKNOWN];
}

const char *map_fit_text(enum iof_fit fit)
{
	static const char *const texts[] = {
		[IOF_FIT_UNKNOWN] = "unknown",
		[IOF_FIT_YES] = "yes",
		[IOF_FIT_NO] = "NO",
		[IOF_FIT_NONE] = "-",
	};

	return texts[(size_t)fit < ARRAY_SIZE(texts) ? fit : IOF_FIT_UNKNOWN];
}

bool map_is_concerned(const struct iof_finding *finding)
{
	static const char *const rules[] = {"map.", "firmware.", "width.", "memory.",
					    "config.phys-bits"};
	const char *rule = iof_finding_rule(finding);

	if (str_eq(rule, "memory.locked-limit"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (str_starts(rule, rules[i]))
			return true;
	}
	return false;
}

/* ---- the sentence ---- */

static bool sticks_out(const struct map_group *group)
{
	return group->first->fit == IOF_FIT_NO;
}

static size_t count_outside(const struct map_view *view)
{
	size_t n = 0;

	for (size_t i = 0; i < view->n_groups; i++)
		n += sticks_out(&view->groups[i]);
	return n;
}

/* "a, b and c", "a, b, c and 4 more" */
static void name_outside(struct buf *to, const struct map_view *view)
{
	size_t total = count_outside(view), n = 0;
	size_t named = total > NAMED + 1 ? NAMED : total;

	for (size_t i = 0; i < view->n_groups && n < named; i++) {
		if (!sticks_out(&view->groups[i]))
			continue;
		buf_puts(to, n == 0 ? "" : n + 1 == total ? " and " : ", ");
		buf_puts(to, view->groups[i].name);
		n++;
	}
	if (named < total)
		buf_printf(to, " and %zu more", total - named);
}

static const struct map_item *first_outside(const struct map_view *view)
{
	for (size_t i = 0; i < view->n_items; i++) {
		if (view->items[i].fit == IOF_FIT_NO)
			return &view->items[i];
	}
	return NULL;
}

static void say_outside(struct buf *to, const struct iof_report *report,
			const struct map_view *view)
{
	const struct map_item *item = first_outside(view);
	uint64_t end = view->n_ranges ? view->ranges[view->n_ranges - 1].last : 0;
	size_t n = count_outside(view);
	char size[MAP_SIZE];

	name_outside(to, view);
	if (view->n_outside == 1) {
		map_size_text(map_range_size(item->range), size);
		buf_printf(to, " (%s at 0x%" PRIx64 ")", size, item->range.first);
	}
	buf_printf(to, " %s out of what the host's IOMMU can map",
		   n == 1 && view->n_outside == 1 ? "sticks" : "stick");
	if (!view->n_ranges)
		buf_puts(to, ".");
	else if (item->outside.first > end)
		buf_printf(to, ", which ends at 0x%" PRIx64 ".", end);
	else
		buf_printf(to, ", which lacks 0x%" PRIx64 " to 0x%" PRIx64 ".", item->outside.first,
			   item->outside.last);
	/* A BAR that no device writes to costs nothing. */
	if (iof_report_verdict(report) == IOF_VERDICT_FITS)
		buf_puts(to, " The VM works nevertheless.");
}

static bool is_unknown(const struct map_view *view)
{
	for (size_t i = 0; i < view->n_items; i++) {
		if (view->items[i].fit == IOF_FIT_UNKNOWN)
			return true;
	}
	return false;
}

/* The verdict is about the whole VM; the map may not be what decides. */
static const char *other_reason(enum iof_verdict verdict)
{
	switch (verdict) {
	case IOF_VERDICT_FAILS:
		return "the VM fails for another reason.";
	case IOF_VERDICT_DEGRADED:
		return "what is lost has another reason.";
	case IOF_VERDICT_UNKNOWN:
		return "what is not known is something else.";
	case IOF_VERDICT_FITS:
		break;
	}
	return NULL;
}

static void say_fits(struct buf *to, const struct iof_report *report, const struct map_view *view)
{
	const char *other = other_reason(iof_report_verdict(report));

	if (view->ranges_error == -ENOENT && !report->machine->n_assigned)
		buf_puts(to, "Nothing is mapped by the host's IOMMU: no device is assigned");
	else if (view->ranges_error == -ENOENT)
		buf_puts(to, "There is nothing to compare with: no IOMMU of this host translates "
			     "an assigned device");
	else if (other)
		buf_puts(to, "The address map fits");
	else
		buf_puts(to, "Everything fits: the host's IOMMU can map all that is mapped for "
			     "devices");
	if (other)
		buf_printf(to, ", but %s", other);
	else
		buf_putc(to, '.');
}

const char *map_sentence(const struct iof_report *report, const struct map_view *view)
{
	struct buf text = {0};
	const char *kept;

	if (view->n_outside)
		say_outside(&text, report, view);
	else if (view->ranges_error == -ENODATA || is_unknown(view))
		buf_puts(&text, "Whether everything fits is not known: the addresses that the "
				"host's IOMMU can map could not be read.");
	else
		say_fits(&text, report, view);
	kept = text.err || !text.data ? NULL : arena_strdup(view->arena, text.data);
	buf_free(&text);
	return kept;
}

const char *map_firmware_text(const struct iof_report *report, const struct map_view *view)
{
	const struct iof_machine *machine = report->machine;
	const char *provenance = iof_machine_firmware_provenance(machine);
	const char *why = iof_machine_unplaced(machine);
	bool is_open = why && *why && why[strlen(why) - 1] != '.';

	return arena_printf(view->arena, "Firmware: %s%s%s%s.%s%s%s", iof_machine_firmware(machine),
			    *provenance ? " (" : "", provenance, *provenance ? ")" : "",
			    why ? " BARs are not placed: " : "", why ? why : "",
			    is_open ? "." : "");
}
