/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_write.c - a rehearsal for people. */
#include <errno.h>

#include "base/emit.h"
#include "base/error.h"
#include "live/rehearse.h"
#include "live/rehearse_show.h"

#define INDENT 8

static const struct {
	const char *text;
	enum emit_style style;
} verdicts[] = {
	[IOF_VERDICT_UNKNOWN] = {"UNKNOWN", STYLE_YELLOW},
	[IOF_VERDICT_FITS] = {"FITS", STYLE_GREEN},
	[IOF_VERDICT_DEGRADED] = {"DEGRADED", STYLE_YELLOW},
	[IOF_VERDICT_FAILS] = {"FAILS", STYLE_RED},
};

const char *rehearse_label(const struct iof_live_rehearsal *r, size_t index)
{
	struct iof_machine_device device;

	if (index == NO_INDEX || iof_machine_device(r->machine, index, &device) != 0)
		return NULL;
	return device.host ? device.host : device.label;
}

static void write_label(struct emit *e, const char *label)
{
	emit_text(e, STYLE_DIM, "  %-*s", INDENT - 2, label);
}

/* "VFIO_SET_IOMMU (type1v2) for 0000:00:05.0 gives EPERM (Operation not permitted)" */
static void put_failure(const struct iof_live_rehearsal *r, const struct rehearse_failure *f,
			struct buf *text)
{
	const struct iof_live_step *step = &r->steps[f->step];
	const char *name = strerrorname_np(step->error);
	const char *label = rehearse_label(r, f->device);

	if (f->site == SITE_WIDTH) {
		buf_printf(text, "its vIOMMU has %u bits, and the kernel gives %s %u",
			   f->wanted_width, label ? label : "the device", f->width);
		return;
	}
	buf_printf(text, "%s", step->call);
	if (step->what)
		buf_printf(text, " (%s)", step->what);
	if (label)
		buf_printf(text, " for %s", label);
	if (step->error)
		buf_printf(text, " gives %s (%s)", name ? name : "an error",
			   rehearse_error(step->error));
}

static void put_reason(const struct iof_live_rehearsal *r, struct buf *text)
{
	if (r->failure.site)
		put_failure(r, &r->failure, text);
	else if (r->stop)
		buf_puts(text, iof_finding_message(r->report, r->stop));
	else if (r->bar.site)
		put_failure(r, &r->bar, text);
}

/* What becomes of the VM, before a colon or a full stop. */
static const char *ending(const struct iof_live_rehearsal *r)
{
	if (r->outcome[IOF_PHASE_START] == IOF_OUTCOME_FAILS)
		return "will not start this VM";
	if (r->outcome[IOF_PHASE_PLUG] == IOF_OUTCOME_KILLS_VM)
		return "will die when the device is plugged";
	if (r->outcome[IOF_PHASE_PLUG] == IOF_OUTCOME_REFUSED)
		return "will start this VM, but refuse the device that is plugged";
	if (r->outcome[IOF_PHASE_RUN] == IOF_OUTCOME_BROKEN)
		return "will start this VM, but DMA cannot work";
	if (r->verdict == IOF_VERDICT_DEGRADED)
		return "will start this VM, but something is lost";
	return "will start this VM";
}

static void end_sentence(struct buf *text)
{
	if (!text->length || text->data[text->length - 1] != '.')
		buf_putc(text, '.');
}

static void put_summary(const struct iof_live_rehearsal *r, struct buf *text)
{
	struct buf reason = {0};

	if (r->verdict == IOF_VERDICT_UNKNOWN) {
		buf_puts(text, r->why ? r->why : "Something that decides could not be asked.");
		end_sentence(text);
		return;
	}
	buf_printf(text, "%s %s %s", iof_machine_vmm_name(r->machine),
		   iof_machine_vmm_version(r->machine), ending(r));
	if (r->verdict == IOF_VERDICT_FITS)
		buf_puts(text, r->n_devices ? ", as rehearsed" : "; it has no assigned device");
	else
		put_reason(r, &reason);
	if (reason.length)
		buf_printf(text, ": %s", reason.data);
	end_sentence(text);
	text->err = text->err ? text->err : reason.err;
	buf_free(&reason);
}

int rehearse_summary(const struct iof_live_rehearsal *r, struct buf *text)
{
	put_summary(r, text);
	return text->err;
}

static void write_verdict(struct emit *e, const struct iof_live_rehearsal *r)
{
	unsigned indent = emit_width(verdicts[r->verdict].text) + 2;
	struct buf text = {0};

	if (rehearse_summary(r, &text))
		e->err = e->err ? e->err : -ENOMEM;
	emit_text(e, verdicts[r->verdict].style, "%s", verdicts[r->verdict].text);
	emit_text(e, STYLE_NONE, "  ");
	emit_continued(e, indent, indent, "%s", text.data ? text.data : "");
	buf_free(&text);
}

static void write_messages(struct emit *e, const struct iof_live_rehearsal *r)
{
	const char *label = "says";

	for (enum iof_phase phase = IOF_PHASE_START; phase <= IOF_PHASE_RUN; phase++) {
		for (size_t i = 0; i < r->n_messages[phase]; i++) {
			write_label(e, label);
			emit_continued(e, INDENT, INDENT, "%s", r->messages[phase][i]);
			label = "";
		}
	}
}

static size_t count(const struct iof_live_rehearsal *r, enum iof_live_finding result)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_assumptions; i++)
		n += r->assumptions[i].result == result;
	return n;
}

static void write_assumption(struct emit *e, const struct iof_live_rehearsal *r,
			     const struct iof_live_assumption *a)
{
	const char *label = rehearse_label(r, a->device);

	if (a->result == IOF_LIVE_CONFIRMED)
		emit_wrapped(e, 6, "    ", "%s%s%s: %s", label ? label : "", label ? ", " : "",
			     a->what, a->found);
	else
		emit_wrapped(e, 6, "    ", "%s%s%s: %s, predicted: %s", label ? label : "",
			     label ? ", " : "", a->what, a->found ? a->found : "not asked",
			     a->predicted ? a->predicted : "nothing");
}

static void write_assumptions(struct emit *e, const struct iof_live_rehearsal *r,
			      enum iof_live_finding result, const char *title, bool in_full)
{
	size_t n = count(r, result);
	struct buf names = {0};

	if (!n)
		return;
	for (size_t i = 0; i < r->n_assumptions; i++) {
		const char *what = r->assumptions[i].what;

		if (r->assumptions[i].result != result || (names.data && strstr(names.data, what)))
			continue;
		buf_printf(&names, "%s%s", names.length ? ", " : "", what);
	}
	if (names.err)
		e->err = e->err ? e->err : names.err;
	emit_wrapped(e, 4, "  ", "%s: %s.", title, names.data ? names.data : "");
	buf_free(&names);
	for (size_t i = 0; in_full && i < r->n_assumptions; i++) {
		if (r->assumptions[i].result == result)
			write_assumption(e, r, &r->assumptions[i]);
	}
}

static void write_steps(struct emit *e, const struct iof_live_rehearsal *r)
{
	emit_wrapped(e, 4, "  ", "Calls:");
	for (size_t i = 0; i < r->n_steps; i++) {
		const struct iof_live_step *step = &r->steps[i];
		const char *label = rehearse_label(r, step->device);
		const char *name = step->error ? strerrorname_np(step->error) : "done";

		emit_wrapped(e, 6, "    ", "%s%s%s%s%s%s: %s%s", step->call, step->what ? " (" : "",
			     step->what ? step->what : "", step->what ? ")" : "",
			     label ? " for " : "", label ? label : "", name ? name : "error",
			     step->is_expected ? ", which QEMU takes as an answer" : "");
	}
}

static void write_text(struct emit *e, const struct iof_live_rehearsal *r)
{
	write_verdict(e, r);
	write_messages(e, r);
	write_assumptions(e, r, IOF_LIVE_REFUTED, "Check was wrong about", true);
	write_assumptions(e, r, IOF_LIVE_CONFIRMED, "Check was right about", e->out->verbose);
	if (e->out->verbose)
		write_assumptions(e, r, IOF_LIVE_NOT_ASKED, "Not asked", true);
	if (r->is_left)
		emit_wrapped(e, 4, "  ",
			     "Not all could be undone one by one; closing the devices undid it.");
	if (r->n_untested)
		emit_wrapped(e, 4, "  ", "Not tried:");
	for (size_t i = 0; i < r->n_untested; i++)
		emit_wrapped(e, 6, "    ", "%s", r->untested[i]);
	if (e->out->verbose)
		write_steps(e, r);
}

IOF_EXPORT int iof_live_rehearsal_write(const struct iof_live_rehearsal *r,
					const struct iof_output *out)
{
	struct emit e;

	if (out->format > IOF_FORMAT_JSON)
		return -EINVAL;
	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON)
		rehearse_write_json(&e, r);
	else
		write_text(&e, r);
	return emit_end(&e);
}
