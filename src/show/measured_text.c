// SPDX-License-Identifier: LGPL-2.1-or-later
/* measured_text.c - what the kernel answered, for people; and what it was not asked. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "show/measured_show.h"

#define FEW_DEVICES 8
#define FEW_UNITS 4

static const char *const use_titles[MEASURED_USES] = {
	[MEASURED_LEGACY] = "VFIO group",
	[MEASURED_PLAIN] = "plain",
	[MEASURED_NEST_PARENT] = "nesting parent",
	[MEASURED_DIRTY_TRACKING] = "dirty tracking",
	[MEASURED_PASID] = "PASID",
};

static void put_line(struct emit *e, const char **bdf, const char *what, const char *bits,
		     const char *answer)
{
	char start[96];

	snprintf(start, sizeof(start), "%-12s  %-14s %4s  ", *bdf, what, bits);
	emit_wrapped(e, 35, start, "%s", answer);
	*bdf = "";
}

static const char *error_text(struct arena *arena, int error, const char *call)
{
	return call ? arena_printf(arena, "%s (%s)", strerror(error), call)
		    : arena_strdup(arena, strerror(error));
}

/* "0x0 to 0xfedfffff, 0xfef00000 to 0x7fffffffff" */
static const char *ranges_text(struct arena *arena, const struct measured_domain *domain)
{
	struct buf text = {0};
	const char *out;

	for (size_t i = 0; i < domain->n_ranges; i++)
		buf_printf(&text, "%s0x%" PRIx64 " to 0x%" PRIx64, i ? ", " : "",
			   domain->ranges[i].first, domain->ranges[i].last);
	if (!domain->n_ranges)
		buf_puts(&text, "no addresses");
	out = text.err ? NULL : arena_strdup(arena, text.data);
	buf_free(&text);
	return out;
}

static void put_domain(struct emit *e, struct arena *arena, const char **bdf, const char *title,
		       const struct measured_domain *domain)
{
	const char *answer = "can be made";
	char bits[8] = "yes";

	if (domain->error) {
		snprintf(bits, sizeof(bits), "-");
		answer = error_text(arena, domain->error, domain->call);
	} else if (domain->has_ranges) {
		snprintf(bits, sizeof(bits), "%u", ranges_width(domain->ranges, domain->n_ranges));
		answer = ranges_text(arena, domain);
	}
	if (!answer && !e->err)
		e->err = -ENOMEM;
	put_line(e, bdf, title, bits, answer ? answer : "");
}

static void put_hw_info(struct emit *e, struct arena *arena, const char **bdf,
			const struct measured_hw_info *info)
{
	static const char *const titles[] = {"no registers", "VT-d registers", "SMMUv3 registers",
					     "Tegra241 CMDQV", "AMD-Vi registers"};
	const char *answer;

	if (info->error)
		answer = error_text(arena, info->error, NULL);
	else if (info->type < ARRAY_SIZE(titles))
		answer = titles[info->type];
	else
		answer = arena_printf(arena, "type %u", info->type);
	if (!answer && !e->err)
		e->err = -ENOMEM;
	put_line(e, bdf, "hardware", info->error ? "-" : "", answer ? answer : "");
}

static void put_device(struct emit *e, struct arena *arena, const struct measured_device *device)
{
	const char *bdf = device->bdf;

	for (size_t use = 0; use < MEASURED_USES; use++)
		if (device->domain[use].asked)
			put_domain(e, arena, &bdf, use_titles[use], &device->domain[use]);
	if (device->hw_info.asked)
		put_hw_info(e, arena, &bdf, &device->hw_info);
	if (device->viommu_asked)
		put_line(e, &bdf, "vIOMMU object", device->viommu_error ? "-" : "yes",
			 device->viommu_error ? strerror(device->viommu_error) : "can be made");
}

static void put_devices(struct emit *e, struct arena *arena, const struct iof_host *host)
{
	size_t i, shown = host->n_measured;

	if (shown > FEW_DEVICES && !e->out->verbose)
		shown = FEW_DEVICES;
	emit_newline(e);
	emit_text(e, STYLE_BOLD, "%-12s  %-14s %4s  %s", "MEASURED", "USE", "BITS",
		  "WHAT THE KERNEL ANSWERED");
	emit_newline(e);
	for (i = 0; i < shown; i++)
		put_device(e, arena, &host->measured[i]);
	if (shown < host->n_measured)
		emit_wrapped(e, 0, NULL, "... %zu more (--verbose)", host->n_measured - shown);
}

/* ---- what probe would add ---- */

static bool is_measured(const struct iommu_unit *unit)
{
	return unit->aperture_is_measured;
}

/* Whether there is a device behind it that could be asked. */
static bool has_devices(const struct iof_host *host, const struct iommu_unit *unit)
{
	for (size_t i = 0; i < host->n_devices; i++)
		if (host->devices[i].unit == unit && host->devices[i].group)
			return true;
	return false;
}

/* "dmar0", "dmar0, dmar1 and 5 more"; NULL: every unit was asked. */
static const char *unasked_units(struct emit *e, struct arena *arena, const struct iof_host *host)
{
	struct buf text = {0};
	const char *out = NULL;
	size_t i, n = 0;

	for (i = 0; i < host->n_units; i++) {
		if (is_measured(&host->units[i]) || !has_devices(host, &host->units[i]))
			continue;
		if (n < FEW_UNITS)
			buf_printf(&text, "%s%s", n ? ", " : "", host->units[i].name);
		n++;
	}
	if (n > FEW_UNITS)
		buf_printf(&text, " and %zu more", n - FEW_UNITS);
	if (n && !text.err)
		out = arena_strdup(arena, text.data);
	if (n && !out && !e->err)
		e->err = -ENOMEM;
	buf_free(&text);
	return out;
}

static const char *added(enum iof_iommu kind)
{
	switch (kind) {
	case IOF_IOMMU_ARM_SMMUV3:
		return "the ID registers of the SMMU, whether a vIOMMU object can be made, and "
		       "which addresses plain, nesting-parent and dirty-tracking domains can map";
	case IOF_IOMMU_INTEL_VTD:
	case IOF_IOMMU_AMD_VI:
		return "which addresses plain, nesting-parent and dirty-tracking domains can map, "
		       "as this kernel has it";
	default:
		return "which addresses a domain can map, as this kernel has it";
	}
}

void measured_put_text(struct emit *e, struct arena *arena, const struct iof_host *host)
{
	const char *units;

	if (host->n_measured)
		put_devices(e, arena, host);
	if (host->measured_ignored && e->out->verbose) {
		emit_newline(e);
		emit_wrapped(e, 2, "", "%s", host->measured_ignored);
	}
	if (host->is_hypothetical || host->kernel_assumed)
		return;
	units = unasked_units(e, arena, host);
	if (!units)
		return;
	emit_newline(e);
	emit_wrapped(e, 2, "Not measured: ",
		     "%s. iommufit probe, with a device bound to vfio-pci, would "
		     "tell %s.",
		     units, added(host->iommu));
}
