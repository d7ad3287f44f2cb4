/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* probe_write.c - see probe.h: what came out, as text or as schema iommufit.probe/1. */
#include <inttypes.h>

#include "base/emit.h"
#include "base/error.h"
#include "base/interval.h"
#include "live/probe.h"

static const char *const answer_names[] = {
	[IOF_LIVE_ANSWER_UNKNOWN] = "unknown",
	[IOF_LIVE_ANSWER_DOMAIN] = "domain",
	[IOF_LIVE_ANSWER_NONE] = "none",
	[IOF_LIVE_ANSWER_FAILED] = "failed",
};

static const char *const result_names[FACT_RESULTS] = {
	[FACT_CONFIRMED] = "confirmed",
	[FACT_REFUTED] = "refuted",
	[FACT_LEARNED] = "learned",
	[FACT_NOT_ASKED] = "not-asked",
};

/* ---- JSON ---- */

static void put_facts(struct emit *e, const struct probed *d)
{
	emit_array(e, "facts");
	for (size_t i = 0; i < d->n_facts; i++) {
		const struct probe_fact *fact = &d->facts[i];

		emit_object(e, NULL);
		emit_string(e, "fact", fact->name);
		emit_string(e, "result", result_names[fact->result]);
		emit_string(e, "predicted", fact->predicted);
		emit_string(e, "measured", fact->measured);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void put_failed(struct emit *e, const struct probed *d)
{
	if (!d->failed_call) {
		emit_null(e, "failed");
		return;
	}
	emit_object(e, "failed");
	emit_string(e, "call", d->failed_call);
	emit_string(e, "path", d->failed_path);
	emit_u64(e, "errno", (uint64_t)d->failed_error);
	emit_string(e, "error", strerror(d->failed_error));
	emit_object_end(e);
}

static void put_device(struct emit *e, const struct probed *d)
{
	emit_object(e, NULL);
	emit_string(e, "bdf", d->target.bdf);
	emit_string(e, "answer", answer_names[d->answer]);
	emit_string(e, "why", d->why);
	emit_string(e, "driver", d->target.driver);
	emit_bool(e, "opened", d->was_opened);
	emit_object(e, "measured");
	measured_write_device(e, &d->answers);
	emit_object_end(e);
	put_facts(e, d);
	put_failed(e, d);
	emit_array(e, "notes");
	for (size_t i = 0; i < d->n_notes; i++)
		emit_string(e, NULL, d->notes[i]);
	emit_array_end(e);
	emit_object_end(e);
}

static void write_json(struct emit *e, const struct iof_live_probe *probe)
{
	emit_object(e, NULL);
	emit_string(e, "schema", "iommufit.probe/1");
	emit_string(e, "answer", answer_names[iof_live_probe_answer(probe)]);
	emit_string(e, "boot_id", probe->boot_id);
	emit_string(e, "kernel", probe->kernel);
	emit_string(e, "kept", probe->kept);
	emit_array(e, "devices");
	for (size_t i = 0; i < probe->n_devices; i++)
		put_device(e, &probe->devices[i]);
	emit_array_end(e);
	emit_object_end(e);
}

/* ---- text ---- */

static const struct measured_domain *told_domain(const struct probed *d)
{
	static const enum measured_use uses[] = {MEASURED_LEGACY, MEASURED_PLAIN};

	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		const struct measured_domain *domain = &d->answers.domain[uses[i]];

		if (domain->asked && !domain->error && domain->n_ranges)
			return domain;
	}
	return NULL;
}

static void put_answer(struct emit *e, const struct probed *d)
{
	const struct measured_domain *domain = told_domain(d);

	static const char *const texts[] = {
		[IOF_LIVE_ANSWER_UNKNOWN] = "not known",
		[IOF_LIVE_ANSWER_DOMAIN] = "a domain",
		[IOF_LIVE_ANSWER_NONE] = "no domain",
		[IOF_LIVE_ANSWER_FAILED] = "could not be asked",
	};

	if (d->answer != IOF_LIVE_ANSWER_DOMAIN || !domain) {
		emit_text(e, d->answer == IOF_LIVE_ANSWER_UNKNOWN ? STYLE_YELLOW : STYLE_RED,
			  "%s: %s", d->target.bdf, texts[d->answer]);
		emit_newline(e);
		if (d->why)
			emit_wrapped(e, 2, NULL, "%s", d->why);
		return;
	}
	emit_text(e, STYLE_BOLD, "%s: %u bits", d->target.bdf,
		  ranges_width(domain->ranges, domain->n_ranges));
	emit_newline(e);
	for (size_t i = 0; i < domain->n_ranges; i++) {
		emit_text(e, STYLE_NONE, "  0x%" PRIx64 "-0x%" PRIx64, domain->ranges[i].first,
			  domain->ranges[i].last);
		emit_newline(e);
	}
}

static const struct {
	enum fact_result result;
	const char *title;
	enum emit_style style;
} sections[] = {
	{FACT_REFUTED, "Otherwise than predicted:", STYLE_RED},
	{FACT_LEARNED, "Not known before:", STYLE_CYAN},
	{FACT_NOT_ASKED, "Not asked; predicted is:", STYLE_DIM},
};

/* "4 KiB, 2 MiB, 1 GiB" of a bitmap of bytes. */
static void put_page_sizes(struct buf *out, uint64_t sizes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	bool is_first = true;

	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(sizes >> bit & 1))
			continue;
		buf_printf(out, "%s%u %s", is_first ? "" : ", ", 1u << bit % 10, units[bit / 10]);
		is_first = false;
	}
}

static void put_words(struct buf *out, const struct probe_fact *fact, const char *value)
{
	uint64_t sizes;

	if (!value)
		buf_puts(out, "not known");
	else if (str_eq(fact->name, "width"))
		buf_printf(out, "%s bits", value);
	else if (str_eq(fact->name, "page-sizes") && str_starts(value, "0x") &&
		 parse_u64(value + 2, 16, UINT64_MAX, &sizes) == 0 && sizes)
		put_page_sizes(out, sizes);
	else
		buf_puts(out, value);
}

static void put_fact(struct emit *e, const struct probe_fact *fact)
{
	struct buf line = {0};

	put_words(&line, fact, fact->result == FACT_NOT_ASKED ? fact->predicted : fact->measured);
	if (fact->result == FACT_REFUTED) {
		buf_puts(&line, "; predicted was ");
		put_words(&line, fact, fact->predicted);
	}
	if (line.length)
		emit_wrapped(e, 4, NULL, "%s: %s", fact->name, line.data);
	if (line.err && !e->err)
		e->err = line.err;
	buf_free(&line);
}

/* One paragraph; the ranges and their width stand above. */
static void put_confirmed(struct emit *e, const struct probed *d)
{
	struct buf line = {0};

	for (size_t i = 0; i < d->n_facts; i++) {
		const struct probe_fact *fact = &d->facts[i];

		if (fact->result != FACT_CONFIRMED)
			continue;
		buf_printf(&line, "%s%s", line.length ? "; " : "", fact->name);
		if (str_eq(fact->name, "ranges") || str_eq(fact->name, "width"))
			continue;
		buf_puts(&line, " ");
		put_words(&line, fact, fact->measured);
	}
	if (line.length)
		emit_wrapped(e, 2, NULL, "As predicted: %s.", line.data);
	if (line.err && !e->err)
		e->err = line.err;
	buf_free(&line);
}

static bool has_any(const struct probed *d, enum fact_result result)
{
	for (size_t i = 0; i < d->n_facts; i++)
		if (d->facts[i].result == result)
			return true;
	return false;
}

static void put_text(struct emit *e, const struct iof_live_probe *probe, const struct probed *d)
{
	put_answer(e, d);
	put_confirmed(e, d);
	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		if (!has_any(d, sections[s].result))
			continue;
		emit_text(e, sections[s].style, "  %s", sections[s].title);
		emit_newline(e);
		for (size_t i = 0; i < d->n_facts; i++)
			if (d->facts[i].result == sections[s].result)
				put_fact(e, &d->facts[i]);
	}
	if (has_any(d, FACT_NOT_ASKED) && !probe->reset_ok && d->answer == IOF_LIVE_ANSWER_DOMAIN)
		emit_wrapped(e, 2, NULL,
			     "iommufd tells more, but only of a device that is opened, which "
			     "resets it: --reset-ok.");
	for (size_t i = 0; i < d->n_notes; i++)
		emit_wrapped(e, 2, NULL, "%s", d->notes[i]);
}

IOF_EXPORT int iof_live_probe_write(const struct iof_live_probe *probe,
				    const struct iof_output *out)
{
	struct emit e;

	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON) {
		write_json(&e, probe);
		return emit_end(&e);
	}
	for (size_t i = 0; i < probe->n_devices; i++)
		put_text(&e, probe, &probe->devices[i]);
	if (probe->kept)
		emit_wrapped(&e, 0, NULL, "Kept until the next boot in %s.", probe->kept);
	return emit_end(&e);
}
