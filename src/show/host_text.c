// SPDX-License-Identifier: LGPL-2.1-or-later
/* host_text.c - a host for people: the answer first, then units, devices, address ranges and what
 * is not known. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "host/registers.h"
#include "show/host_assign.h"
#include "show/host_show.h"
#include "show/measured_show.h"

static const char *const iommu_titles[] = {
	[IOF_IOMMU_UNKNOWN] = "unknown IOMMU", [IOF_IOMMU_NONE] = "no IOMMU",
	[IOF_IOMMU_INTEL_VTD] = "Intel VT-d",  [IOF_IOMMU_AMD_VI] = "AMD-Vi",
	[IOF_IOMMU_ARM_SMMUV3] = "Arm SMMUv3", [IOF_IOMMU_VIRTIO] = "virtio-iommu",
	[IOF_IOMMU_ARM_SMMUV2] = "Arm SMMUv2", [IOF_IOMMU_OTHER] = "another kind of IOMMU",
};

static const char *iommu_title(enum iof_iommu kind)
{
	return (size_t)kind < ARRAY_SIZE(iommu_titles) ? iommu_titles[kind] : iommu_titles[0];
}

/* Text that could not be made is an error of the output. */
static const char *made(struct emit *e, const char *text)
{
	if (!text && !e->err)
		e->err = -ENOMEM;
	return text ? text : "";
}

/* ---- the answer ---- */

static void count_answers(const struct iof_host *host, const struct assign_answer *answers,
			  size_t counts[4])
{
	size_t i;

	for (i = 0; i < host->n_devices; i++)
		counts[answers[i].state]++;
}

/* "39 bits", "39 to 46 bits", "39 bits, measured", "width unknown" */
static const char *width_text(struct arena *arena, const struct iof_host *host)
{
	unsigned least = 65, most = 0;
	bool measured = true;
	size_t i;

	for (i = 0; i < host->n_devices; i++) {
		unsigned width;
		enum iof_provenance provenance;

		if (!host->devices[i].unit)
			continue;
		if (iof_device_width(&host->devices[i], &width, &provenance) < 0)
			return "width not known";
		measured &= provenance == IOF_PROVENANCE_MEASURED;
		least = width < least ? width : least;
		most = width > most ? width : most;
	}
	if (!most)
		return "no devices behind it";
	if (least == most)
		return arena_printf(arena, "%u bits%s", most, measured ? ", measured" : "");
	return arena_printf(arena, "%u to %u bits%s", least, most, measured ? ", measured" : "");
}

/* "9 devices can be given to a VM, 5 more once they are bound to vfio-pci, 1 cannot." */
static const char *assignable_text(struct arena *arena, const struct iof_host *host,
				   const struct assign_answer *answers)
{
	const char *can = host->is_hypothetical ? "could" : "can";
	size_t counts[4] = {0};
	struct buf text = {0};
	const char *out;

	count_answers(host, answers, counts);
	if (counts[ASSIGN_READY])
		buf_printf(&text, "%zu %s %s be given to a VM", counts[ASSIGN_READY],
			   counts[ASSIGN_READY] == 1 ? "device" : "devices", can);
	else
		buf_printf(&text, "no device %s be given to a VM yet", can);
	if (counts[ASSIGN_BIND])
		buf_printf(&text, ", %zu%s once bound to vfio-pci", counts[ASSIGN_BIND],
			   counts[ASSIGN_READY] ? " more" : "");
	if (counts[ASSIGN_BLOCKED])
		buf_printf(&text, ", %zu %snot", counts[ASSIGN_BLOCKED],
			   host->is_hypothetical ? "could " : "can");
	buf_puts(&text, ".");
	out = text.err ? NULL : arena_strdup(arena, text.data);
	buf_free(&text);
	return out;
}

static void put_answer(struct emit *e, struct arena *arena, const struct iof_host *host,
		       const struct assign_answer *answers)
{
	bool is_virtual = iof_host_iommu_is_virtual(host);

	if (host->iommu == IOF_IOMMU_NONE) {
		emit_wrapped(e, 0, NULL, "%s",
			     host->iommu_why ? host->iommu_why : "This host has no IOMMU.");
		return;
	}
	if (host->iommu == IOF_IOMMU_UNKNOWN) {
		emit_wrapped(e, 0, NULL, "%s",
			     host->iommu_why
				     ? host->iommu_why
				     : "Whether this host has an IOMMU could not be found out.");
		return;
	}
	emit_wrapped(e, 0, NULL, "%s%s, %s: %s", is_virtual ? "Virtual " : "",
		     iommu_title(host->iommu), made(e, width_text(arena, host)),
		     made(e, assignable_text(arena, host, answers)));
	if (is_virtual)
		emit_wrapped(e, 0, NULL,
			     "This host is itself a virtual machine: what is shown is its virtual "
			     "IOMMU.");
	if (host->is_hypothetical)
		emit_wrapped(e, 0, NULL,
			     "From the catalogue: its devices are assumed present, bound, and "
			     "alone in their groups.");
}

static const char *tristate_text(enum tristate value)
{
	static const char *const texts[] = {"not known", "no", "yes"};

	return (size_t)value < ARRAY_SIZE(texts) ? texts[value] : texts[0];
}

static void put_machine(struct emit *e, const struct iof_host *host)
{
	const char *model = *host->cpu.model   ? host->cpu.model
			    : host->cpu.is_arm ? "Arm"
					       : "CPU not known";

	emit_newline(e);
	if (host->name && *host->name)
		emit_wrapped(e, 8, "Host    ", "%s", host->name);
	if (host->cpu.phys_bits)
		emit_wrapped(e, 8, "CPU     ", "%s, %u address bits", model, host->cpu.phys_bits);
	else
		emit_wrapped(e, 8, "CPU     ", "%s", model);
	emit_wrapped(e, 8, "Kernel  ",
		     "%s%s; iommufd: %s; device files (cdev): %s; interrupts remapped: %s",
		     *host->kernel_release ? host->kernel_release : "version not known",
		     host->kernel_assumed ? " (assumed)" : "", tristate_text(host->iommufd),
		     tristate_text(host->vfio_cdev), tristate_text(host->interrupt_remapping));
}

/* ---- units ---- */

static const char *page_text(struct arena *arena, uint64_t sizes)
{
	static const struct {
		uint64_t size;
		const char *name;
	} names[] = {
		{1ull << 12, "4K"},  {1ull << 14, "16K"},  {1ull << 16, "64K"}, {1ull << 21, "2M"},
		{1ull << 25, "32M"}, {1ull << 29, "512M"}, {1ull << 30, "1G"},
	};
	struct buf text = {0};
	const char *out;
	size_t i;

	/* AMD takes nearly every power of two. */
	if (__builtin_popcountll(sizes) > 8)
		return "any from 4K";
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (sizes & names[i].size)
			buf_printf(&text, "%s%s", text.length ? " " : "", names[i].name);
	}
	out = text.err ? NULL : arena_strdup(arena, text.length ? text.data : "-");
	buf_free(&text);
	return out;
}

/* What all worlds agree on, else "not known". */
static const char *agreed(const struct iof_host *host, const struct iommu_unit *unit, size_t offset)
{
	enum tristate first = *(const enum tristate *)((const char *)&unit->domain[0] + offset);
	size_t i;

	for (i = 1; i < host->n_worlds; i++) {
		if (*(const enum tristate *)((const char *)&unit->domain[i] + offset) != first)
			return tristate_text(TRI_UNKNOWN);
	}
	return tristate_text(first);
}

/* "  HATS        0x2   host table levels: ..." */
static void put_bit(struct emit *e, const struct reg_field *field, uint64_t value)
{
	char start[64];

	snprintf(start, sizeof(start), "    %-11.11s 0x%-8" PRIx64 " ", field->name, value);
	emit_wrapped(e, 27, start, "%s", field->meaning ? field->meaning : "");
}

static void put_bits(struct emit *e, const struct iommu_unit *unit)
{
	struct reg_word words[UNIT_REGISTERS];
	size_t i, n = unit_registers(unit, words);

	for (i = 0; i < n; i++) {
		const struct reg_field *field = NULL;
		uint64_t value;

		emit_text(e, STYLE_NONE, "  %s 0x%" PRIx64, words[i].name, words[i].value);
		emit_newline(e);
		while ((field = reg_next_set(words[i].fields, words[i].value, field, &value)))
			put_bit(e, field, value);
	}
}

static void put_unit(struct emit *e, struct arena *arena, const struct iof_host *host,
		     const struct iommu_unit *unit)
{
	const struct unit_domain *domain = &unit->domain[0];
	unsigned width =
		domain->aperture_last ? 64 - (unsigned)__builtin_clzll(domain->aperture_last) : 0;
	const char *bits =
		domain->known && host->n_worlds == 1 ? arena_printf(arena, "%u", width) : "?";
	const char *tables = !domain->known ? "?"
			     : unit->kind == IOF_IOMMU_INTEL_VTD
				     ? domain->first_stage ? "first stage" : "second stage"
			     : unit->kind == IOF_IOMMU_AMD_VI
				     ? domain->first_stage ? "v2 tables" : "v1 tables"
			     : unit->kind == IOF_IOMMU_VIRTIO ? "-"
			     : domain->first_stage	      ? "stage 1"
							      : "stage 2";

	emit_text(e, STYLE_NONE, "%-24s %4s  %-12s  %-12s  %-7s  %s", unit->name, bits ? bits : "",
		  tables, domain->known ? made(e, page_text(arena, domain->page_sizes)) : "?",
		  agreed(host, unit, offsetof(struct unit_domain, nest_parent)),
		  agreed(host, unit, offsetof(struct unit_domain, dirty_tracking)));
	emit_newline(e);
	if (e->out->verbose)
		put_bits(e, unit);
}

#define FEW_UNITS 16

static void put_units(struct emit *e, struct arena *arena, const struct iof_host *host)
{
	size_t i, shown = host->n_units;

	if (!host->n_units)
		return;
	if (shown > FEW_UNITS && !e->out->verbose)
		shown = FEW_UNITS;
	emit_newline(e);
	emit_text(e, STYLE_BOLD, "%-24s %4s  %-12s  %-12s  %-7s  %s", "UNIT", "BITS", "TABLES",
		  "PAGES", "NESTING", "DIRTY");
	emit_newline(e);
	for (i = 0; i < shown; i++)
		put_unit(e, arena, host, &host->units[i]);
	if (shown < host->n_units)
		emit_wrapped(e, 0, NULL, "... %zu more (--verbose)", host->n_units - shown);
}

/* ---- what is not known ---- */

static void put_unknowns(struct emit *e, const struct iof_host *host)
{
	size_t i;

	if (host->missing_fact) {
		emit_newline(e);
		emit_wrapped(e, 2, "Not known: ", "%s", host->missing_fact);
		for (i = 0; i < host->n_worlds; i++) {
			if (host->world_text[i])
				emit_wrapped(e, 4, "  - ", "%s", host->world_text[i]);
		}
		if (host->missing_how)
			emit_wrapped(e, 2, NULL, "To find out: %s", host->missing_how);
	}
	if (host->n_notes)
		emit_newline(e);
	for (i = 0; i < host->n_notes; i++)
		emit_wrapped(e, 2, NULL, "As root, %s would tell %s.", host->notes[i].path,
			     host->notes[i].text);
}

int host_write_text(struct iof_ctx *ctx, const struct iof_host *host, struct emit *e)
{
	struct arena *arena = arena_new(16384);
	const struct assign_answer *answers = arena ? assign_answers(arena, host) : NULL;

	if (!answers) {
		arena_free(arena);
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	}
	put_answer(e, arena, host, answers);
	put_machine(e, host);
	put_units(e, arena, host);
	host_put_devices(e, host, answers);
	host_put_ranges(e, arena, host);
	measured_put_text(e, arena, host);
	put_unknowns(e, host);
	arena_free(arena);
	return 0;
}

IOF_EXPORT int iof_host_write(struct iof_ctx *ctx, const struct iof_host *host,
			      const struct iof_output *out)
{
	struct emit e;
	int err, end;

	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON)
		err = host_write_json(ctx, host, &e);
	else
		err = host_write_text(ctx, host, &e);
	end = emit_end(&e);
	return err ? err : end;
}
