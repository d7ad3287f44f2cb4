/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_check.c - what check assumes and predicts, against what the calls said. */
#include <errno.h>
#include <inttypes.h>

#include "base/interval.h"
#include "base/strings.h"
#include "live/rehearse.h"

#define AT(site) (1u << (site))
_Static_assert(SITE_COUNT <= 32, "sites are bits");

/* What a device that was attached that way has been asked. */
#define OF_GROUP                                                                                   \
	(AT(SITE_GROUP_FIND) | AT(SITE_GROUP_OPEN) | AT(SITE_GROUP_VIABLE) | AT(SITE_SET_IOMMU) |  \
	 AT(SITE_MAP_COLD) | AT(SITE_WIDTH))
#define OF_IOMMUFD                                                                                 \
	(AT(SITE_CDEV_FIND) | AT(SITE_IOMMUFD_OPEN) | AT(SITE_BIND) | AT(SITE_HWPT_ALLOC) |        \
	 AT(SITE_ATTACH) | AT(SITE_VIOMMU_ALLOC) | AT(SITE_MAP_COLD) | AT(SITE_WIDTH))

/*
 * Rules about what the kernel says, and the calls that say it: all of them must have succeeded to
 * refute the rule. Zero: that way cannot tell.
 */
static const struct answer_row {
	const char *rule;
	uint32_t legacy, iommufd, stand_in;
	/* The assumption whose opposite the rule is; NULL: it is none of its own. */
	const char *what, *good, *bad;
} rows[] = {
	{"vfio.no-iommu-group", AT(SITE_GROUP_FIND), AT(SITE_CDEV_FIND), AT(SITE_CDEV_FIND),
	 "IOMMU group", "has one", "has none"},
	{"vfio.not-bound", AT(SITE_GROUP_OPEN) | AT(SITE_DEVICE_FD), AT(SITE_CDEV_FIND),
	 AT(SITE_CDEV_FIND), "driver", "vfio", "not vfio"},
	{"vfio.no-iommufd", 0, AT(SITE_CDEV_FIND) | AT(SITE_IOMMUFD_OPEN),
	 AT(SITE_CDEV_FIND) | AT(SITE_IOMMUFD_OPEN), "iommufd", "there", "not there"},
	{"vfio.group-not-viable", AT(SITE_GROUP_VIABLE), AT(SITE_BIND), AT(SITE_GROUP_VIABLE),
	 "group viable", "yes", "no"},
	{"vfio.direct-region", AT(SITE_SET_IOMMU), AT(SITE_BIND), 0, "direct regions",
	 "none in the way", "in the way"},
	{"vfio.no-interrupt-remapping", AT(SITE_SET_IOMMU), AT(SITE_BIND), 0, "interrupts",
	 "isolated, or allowed unsafe", "not isolated"},
	{"vfio.no-domain", AT(SITE_SET_IOMMU), AT(SITE_HWPT_ALLOC) | AT(SITE_ATTACH),
	 AT(SITE_SET_IOMMU), NULL, NULL, NULL},
	{"intel.no-nesting", 0, AT(SITE_HWPT_ALLOC), 0, "nest parent", "can be made",
	 "cannot be made"},
	{"smmuv3.no-nesting-parent", 0, AT(SITE_HWPT_ALLOC), 0, NULL, NULL, NULL},
	{"smmuv3.no-viommu-object", 0, AT(SITE_VIOMMU_ALLOC), 0, "vIOMMU object", "can be made",
	 "cannot be made"},
	{"memory.outside-iova", AT(SITE_MAP_COLD), AT(SITE_MAP_COLD), AT(SITE_MAP_COLD), NULL, NULL,
	 NULL},
	{"memory.late-outside-iova", AT(SITE_MAP_LATE), AT(SITE_MAP_LATE), AT(SITE_MAP_LATE), NULL,
	 NULL, NULL},
	{"map.ram-bar-outside-iova", AT(SITE_MAP_LATE), AT(SITE_MAP_LATE), AT(SITE_MAP_LATE), NULL,
	 NULL, NULL},
	{"width.viommu-exceeds-host", AT(SITE_WIDTH), AT(SITE_WIDTH), AT(SITE_WIDTH), NULL, NULL,
	 NULL},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

const char *answered_rule(size_t index)
{
	return index < N_ROWS ? rows[index].rule : NULL;
}

static const struct answer_row *row_of(const struct iof_finding *finding)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (str_eq(rows[i].rule, iof_finding_rule(finding)))
			return &rows[i];
	}
	return NULL;
}

static uint32_t calls_of(const struct answer_row *row, enum rehearse_mode mode)
{
	switch (mode) {
	case MODE_LEGACY:
		return row->legacy;
	case MODE_IOMMUFD:
		return row->iommufd;
	case MODE_STAND_IN:
		return row->stand_in;
	default:
		return 0;
	}
}

static uint32_t asked_of(const struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	switch (d->mode) {
	case MODE_LEGACY:
		return OF_GROUP | (r->options.reset_ok ? AT(SITE_DEVICE_FD) : 0);
	case MODE_IOMMUFD:
		return OF_IOMMUFD;
	case MODE_STAND_IN:
		return OF_GROUP | AT(SITE_CDEV_FIND) | AT(SITE_IOMMUFD_OPEN);
	default:
		return 0;
	}
}

static bool is_fatal(const struct iof_finding *finding, enum iof_phase phase)
{
	return iof_finding_is_fatal(finding) && iof_finding_phase(finding) == phase;
}

const struct iof_finding *fatal_finding(const struct iof_live_rehearsal *r, enum iof_phase phase)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(r->report, finding)
	{
		if (is_fatal(finding, phase) && !iof_finding_is_doubtful(finding))
			return finding;
	}
	return NULL;
}

bool is_answered(const struct iof_live_rehearsal *r, const struct iof_finding *finding,
		 const struct rehearse_device *d)
{
	const struct answer_row *row = row_of(finding);
	uint32_t calls = row ? calls_of(row, d->mode) : 0;

	return calls && !(calls & ~asked_of(r, d));
}

bool is_late(const struct iof_finding *finding)
{
	const struct answer_row *row = row_of(finding);

	return row && row->legacy == AT(SITE_MAP_LATE);
}

bool is_predicted(const struct iof_finding *finding, const struct rehearse_failure *f)
{
	const struct answer_row *row = row_of(finding);

	return row && (row->legacy | row->iommufd | row->stand_in) & AT(f->site);
}

static const struct rehearse_device *asked_device(const struct iof_live_rehearsal *r, size_t index)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		if (r->devices[i].a.device == index && r->devices[i].is_attached)
			return &r->devices[i];
	}
	return NULL;
}

const struct iof_finding *open_question(const struct iof_live_rehearsal *r)
{
	const struct iof_finding *finding;

	iof_report_finding_foreach(r->report, finding)
	{
		const struct rehearse_device *d;

		if (!iof_finding_is_doubtful(finding) || !is_fatal(finding, IOF_PHASE_START))
			continue;
		d = asked_device(r, iof_finding_device(r->report, finding));
		if (!is_late(finding) && (!d || !is_answered(r, finding, d)))
			return finding;
	}
	return NULL;
}

/* ---- assumptions ---- */

static void assume(struct iof_live_rehearsal *r, struct iof_live_assumption item)
{
	struct iof_live_assumption *grown = arena_grow(r->arena, r->assumptions, r->n_assumptions,
						       &r->cap_assumptions, sizeof(*grown));

	if (!grown) {
		r->err = -ENOMEM;
		return;
	}
	r->assumptions = grown;
	grown[r->n_assumptions++] = item;
}

static const char *ranges_text(struct iof_live_rehearsal *r, const struct iof_range *ranges,
			       size_t n)
{
	struct buf text = {0};
	const char *result;

	if (!n)
		return "all addresses";
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s0x%" PRIx64 " to 0x%" PRIx64, i ? ", " : "", ranges[i].first,
			   ranges[i].last);
	result = text.err ? NULL : arena_strndup(r->arena, text.data, text.length);
	if (!result)
		r->err = -ENOMEM;
	buf_free(&text);
	return result;
}

static const char *width_text(struct iof_live_rehearsal *r, const struct iof_range *ranges,
			      size_t n)
{
	const char *text = arena_printf(r->arena, "%u bits", n ? ranges_width(ranges, n) : 64);

	if (!text)
		r->err = -ENOMEM;
	return text;
}

static enum iof_live_finding compare(const char *predicted, const char *found)
{
	if (!predicted || !found)
		return IOF_LIVE_NOT_ASKED;
	return str_eq(predicted, found) ? IOF_LIVE_CONFIRMED : IOF_LIVE_REFUTED;
}

static void assume_texts(struct iof_live_rehearsal *r, size_t device, const char *what,
			 const char *predicted, const char *found)
{
	if (r->err)
		return;
	assume(r, (struct iof_live_assumption){
			  .result = compare(predicted, found),
			  .device = device,
			  .what = what,
			  .predicted = predicted,
			  .found = found,
		  });
}

static bool is_wanted(const struct answer_row *row, const struct rehearse_device *d)
{
	return row->what && calls_of(row, d->mode) &&
	       (!str_eq(row->what, "nest parent") || d->a.wants_nest_parent) &&
	       (!str_eq(row->what, "vIOMMU object") ||
		(d->a.wants_nest_parent && d->a.viommu == IOF_MODEL_SMMUV3));
}

/* Whether no other assumption has its answer from that call. */
static bool is_alone(const struct answer_row *row, enum rehearse_mode mode, enum rehearse_site site)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (&rows[i] != row && rows[i].what && calls_of(&rows[i], mode) & AT(site))
			return false;
	}
	return true;
}

/* Whether those calls were made, and well, before one failed: in the order of their sites, but that
 * what iommufd tells without the device comes before its group is asked. */
static bool is_before(uint32_t calls, enum rehearse_mode mode, enum rehearse_site site)
{
	if (mode == MODE_STAND_IN && site >= SITE_CDEV_FIND && site <= SITE_IOMMUFD_OPEN)
		return calls == AT(SITE_CDEV_FIND) && site > SITE_CDEV_FIND;
	if (mode == MODE_STAND_IN)
		calls &= ~(AT(SITE_CDEV_FIND) | AT(SITE_IOMMUFD_OPEN));
	return calls < AT(site);
}

/* What a call that failed says about it. One refusal may have several reasons: then the one that
 * check gives stands for it, and the others are open. */
static const char *found_failing(const struct iof_live_rehearsal *r, const struct answer_row *row,
				 const struct rehearse_device *d, const struct answer_row *foretold)
{
	uint32_t calls = calls_of(row, d->mode);
	enum rehearse_site site = r->failure.site;

	if (calls & AT(site)) {
		if (row == foretold || (!foretold && is_alone(row, d->mode, site)))
			return row->bad;
		return NULL;
	}
	return is_before(calls, d->mode, site) ? row->good : NULL;
}

static const struct answer_row *foretold_of(const struct iof_live_rehearsal *r,
					    const struct rehearse_device *d)
{
	const struct iof_finding *f = fatal_finding(r, d->phase);

	return f && iof_finding_device(r->report, f) == d->a.device ? row_of(f) : NULL;
}

static void assume_device(struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	const struct answer_row *foretold = foretold_of(r, d);

	for (size_t i = 0; i < N_ROWS; i++) {
		const struct answer_row *row = &rows[i];
		const char *found = NULL;

		if (!is_wanted(row, d))
			continue;
		if (d->is_attached)
			found = calls_of(row, d->mode) & ~asked_of(r, d) ? NULL : row->good;
		else if (r->failure.site && r->failure.device == d->a.device)
			found = found_failing(r, row, d, foretold);
		assume_texts(r, d->a.device, row->what, row == foretold ? row->bad : row->good,
			     found);
	}
}

static bool reaches(const struct iof_live_rehearsal *r, const struct iof_range *ranges, size_t n,
		    const struct iof_section *section)
{
	(void)r;
	return !n || ranges_contain(ranges, n, section->range.first, section->range.last);
}

/* What was mapped, against what the predicted ranges would let in. */
static void assume_maps(struct iof_live_rehearsal *r, const struct rehearse_container *c,
			bool of_bars)
{
	size_t n = 0, predicted = 0, found = 0;

	for (size_t i = 0; i < r->n_sections; i++) {
		const struct iof_section *section = &r->sections[i];
		bool is_bar =
			section->kind == IOF_SECTION_BAR || section->kind == IOF_SECTION_RAM_BAR;

		if (is_bar != of_bars || section->is_in_blocks)
			continue;
		n++;
		predicted += reaches(r, c->predicted, c->n_predicted, section);
		found += reaches(r, c->ranges, c->n_ranges, section);
	}
	if (!n || !c->is_predicted || c->is_held_back)
		return;
	assume_texts(r, c->first, of_bars ? "BARs within reach" : "memory within reach",
		     arena_printf(r->arena, "%zu of %zu", predicted, n),
		     arena_printf(r->arena, "%zu of %zu", found, n));
}

static void assume_container(struct iof_live_rehearsal *r, const struct rehearse_container *c)
{
	bool told = c->has_ranges || !c->page;

	if (!c->is_predicted)
		return;
	assume_texts(r, c->first, "ranges", ranges_text(r, c->predicted, c->n_predicted),
		     told ? ranges_text(r, c->ranges, c->n_ranges) : NULL);
	assume_texts(r, c->first, "width", width_text(r, c->predicted, c->n_predicted),
		     told ? width_text(r, c->ranges, c->n_ranges) : NULL);
	if (told) {
		assume_maps(r, c, false);
		assume_maps(r, c, true);
	}
}

void list_assumptions(struct iof_live_rehearsal *r)
{
	for (size_t i = 0; i < r->n_devices && !r->err; i++)
		assume_device(r, &r->devices[i]);
	for (const struct rehearse_container *c = r->containers; c && !r->err; c = c->next)
		assume_container(r, c);
}
