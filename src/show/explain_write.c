/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explain_write.c - what was recognised in a log, as text and as schema iommufit.explain/1. */
#include <errno.h>
#include <inttypes.h>

#include "base/error.h"
#include "explain/scan.h"
#include "show/report_show.h"

#define INDENT 8

static const char *const speakers[] = {
	[IOF_SPEAKER_UNKNOWN] = "unknown", [IOF_SPEAKER_QEMU] = "QEMU",
	[IOF_SPEAKER_LIBVIRT] = "libvirt", [IOF_SPEAKER_PROXMOX] = "Proxmox",
	[IOF_SPEAKER_KERNEL] = "Linux",	   [IOF_SPEAKER_CLOUD_HYPERVISOR] = "Cloud Hypervisor",
};
static const char *const speaker_ids[] = {
	[IOF_SPEAKER_UNKNOWN] = "unknown", [IOF_SPEAKER_QEMU] = "qemu",
	[IOF_SPEAKER_LIBVIRT] = "libvirt", [IOF_SPEAKER_PROXMOX] = "proxmox",
	[IOF_SPEAKER_KERNEL] = "kernel",   [IOF_SPEAKER_CLOUD_HYPERVISOR] = "cloud-hypervisor",
};

/* ---- text ---- */

static void write_line(struct emit *e, const char *label, const char *text)
{
	emit_text(e, STYLE_DIM, "  %-*s", INDENT - 2, label);
	emit_continued(e, INDENT, INDENT, "%s", text);
}

/* "QEMU 9.1 to 9.2 (line 12, 3 times)" */
static void write_speaker(struct emit *e, const struct iof_explained *m)
{
	const char *since = iof_explained_since(m), *until = iof_explained_until(m);
	uint64_t count = iof_explained_count(m), more = iof_explained_more(m);
	struct buf text = {0};

	buf_puts(&text, speakers[iof_explained_speaker(m)]);
	if (since && until)
		buf_printf(&text, " %s and later, before %s", since, until);
	else if (since)
		buf_printf(&text, " %s and later", since);
	else if (until)
		buf_printf(&text, " before %s", until);
	buf_printf(&text, " (line %" PRIu64, iof_explained_line(m));
	if (count > 1)
		buf_printf(&text, ", %" PRIu64 " times", count);
	if (more)
		buf_printf(&text, "; %" PRIu64 " more like it with other numbers", more);
	buf_putc(&text, ')');
	if (!e->err)
		e->err = text.err;
	if (!text.err)
		write_line(e, "by", text.data);
	buf_free(&text);
}

static void write_reasons(struct emit *e, const struct iof_cause *cause)
{
	const char *label = "why";

	for (size_t i = 0; cause->because[i]; i++) {
		write_line(e, label, cause->because[i]);
		label = "";
	}
}

static void write_ways_out(struct emit *e, const struct iof_cause *cause)
{
	for (size_t i = 0; cause->fixes[i]; i++) {
		bool goes_with = str_starts(cause->fixes[i], "& ");

		write_line(e,
			   i == 0      ? "fix"
			   : goes_with ? "and"
				       : "or",
			   cause->fixes[i] + (goes_with ? 2 : 0));
	}
	if (cause->is_rule)
		write_line(e, "rule", cause->id);
}

/* Another thing that the message can mean. */
static void write_alternative(struct emit *e, const struct iof_cause *cause)
{
	emit_text(e, STYLE_NONE, "  Or it is:");
	emit_continued(e, 11, INDENT, " %s", cause->title);
	write_reasons(e, cause);
	write_ways_out(e, cause);
}

static void write_causes(struct emit *e, const struct iof_explained *m)
{
	struct iof_cause cause;
	int err;

	for (size_t i = 0; (err = iof_explained_cause(m, i, &cause)) == 0; i++) {
		if (i > 0) {
			write_alternative(e, &cause);
			continue;
		}
		write_reasons(e, &cause);
		write_ways_out(e, &cause);
	}
	if (err != -ENOENT && !e->err)
		e->err = err;
}

static void write_message(struct emit *e, struct iof_ctx *ctx, const struct iof_explained *m,
			  struct iof_report *report)
{
	const struct iof_finding *finding = report ? iof_explained_finding(ctx, m, report) : NULL;
	struct iof_cause cause;
	int err = iof_explained_cause(m, 0, &cause);

	if (err) {
		e->err = e->err ? e->err : err;
		return;
	}
	emit_text(e, STYLE_BOLD, "%s", finding ? finding->rule->title : cause.title);
	emit_newline(e);
	write_line(e, "says", iof_explained_text(m));
	write_speaker(e, m);
	if (finding) {
		emit_text(e, STYLE_NONE, "  For this VM on this host:");
		emit_newline(e);
		report_write_finding(e, report, finding);
	} else {
		write_causes(e, m);
	}
}

static void write_text(struct emit *e, struct iof_ctx *ctx, const struct iof_explain *x,
		       struct iof_report *report)
{
	const struct iof_explained *m;
	bool is_first = true;

	for (int facts = 0; facts < 2; facts++) {
		iof_explained_foreach(x, m)
		{
			if (found_has_flag(m, MESSAGE_FACT) != facts)
				continue;
			if (!is_first)
				emit_newline(e);
			write_message(e, ctx, m, report);
			is_first = false;
		}
	}
	if (is_first)
		emit_wrapped(e, 0, "", "Nothing in this log is known.");
}

/* ---- JSON ---- */

static void put_texts(struct emit *e, const char *key, const char *const *texts)
{
	emit_array(e, key);
	for (size_t i = 0; texts[i]; i++)
		emit_string(e, NULL, texts[i]);
	emit_array_end(e);
}

/* An array for each way out: its lines belong together. */
static void put_ways_out(struct emit *e, const char *const *fixes)
{
	emit_array(e, "fixes");
	for (size_t i = 0; fixes[i];) {
		emit_array(e, NULL);
		do {
			emit_string(e, NULL, fixes[i] + (str_starts(fixes[i], "& ") ? 2 : 0));
			i++;
		} while (fixes[i] && str_starts(fixes[i], "& "));
		emit_array_end(e);
	}
	emit_array_end(e);
}

static void put_causes(struct emit *e, const struct iof_explained *m)
{
	struct iof_cause cause;
	int err;

	emit_array(e, "causes");
	for (size_t i = 0; (err = iof_explained_cause(m, i, &cause)) == 0; i++) {
		emit_object(e, NULL);
		emit_string(e, "id", cause.id);
		emit_bool(e, "is_rule", cause.is_rule);
		emit_string(e, "title", cause.title);
		put_texts(e, "because", cause.because);
		put_ways_out(e, cause.fixes);
		emit_object_end(e);
	}
	emit_array_end(e);
	if (err != -ENOENT && !e->err)
		e->err = err;
}

static void put_finding(struct emit *e, struct iof_ctx *ctx, const struct iof_explained *m,
			struct iof_report *report)
{
	const struct iof_finding *finding = report ? iof_explained_finding(ctx, m, report) : NULL;

	emit_array(e, "findings");
	if (finding)
		json_finding(e, report, finding);
	emit_array_end(e);
}

static void put_message(struct emit *e, struct iof_ctx *ctx, const struct iof_explained *m,
			struct iof_report *report)
{
	const char *operand;

	emit_object(e, NULL);
	emit_string(e, "text", iof_explained_text(m));
	emit_string(e, "by", speaker_ids[iof_explained_speaker(m)]);
	emit_string(e, "since", iof_explained_since(m));
	emit_string(e, "until", iof_explained_until(m));
	emit_u64(e, "line", iof_explained_line(m));
	emit_u64(e, "count", iof_explained_count(m));
	emit_u64(e, "more", iof_explained_more(m));
	emit_array(e, "operands");
	for (size_t i = 0; (operand = iof_explained_operand(m, i)); i++)
		emit_string(e, NULL, operand);
	emit_array_end(e);
	put_causes(e, m);
	put_finding(e, ctx, m, report);
	emit_object_end(e);
}

static void write_json(struct emit *e, struct iof_ctx *ctx, const struct iof_explain *x,
		       struct iof_report *report)
{
	const struct iof_explained *m;

	emit_object(e, NULL);
	emit_string(e, "schema", "iommufit.explain/1");
	emit_array(e, "messages");
	iof_explained_foreach(x, m)
	{
		put_message(e, ctx, m, report);
	}
	emit_array_end(e);
	emit_object_end(e);
}

IOF_EXPORT int iof_explain_write(struct iof_ctx *ctx, const struct iof_explain *x,
				 struct iof_report *report, const struct iof_output *out)
{
	struct emit e;

	if (!x->is_finished)
		return ctx_fail(ctx, -EINVAL, "the log is not at its end: iof_explain_finish()");
	if (out->format > IOF_FORMAT_JSON)
		return ctx_fail(ctx, -EINVAL, "messages are told as text or as JSON");
	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON)
		write_json(&e, ctx, x, report);
	else
		write_text(&e, ctx, x, report);
	return emit_end(&e);
}
