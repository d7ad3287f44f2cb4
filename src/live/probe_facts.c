/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* probe_facts.c - see probe.h: each fact as it was predicted without asking, and as it was
 * answered.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/interval.h"
#include "live/probe.h"

struct facts {
	struct iof_live_probe *probe;
	struct probed *d;
};

static const char *text_of(struct facts *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static const char *text_of(struct facts *f, const char *format, ...)
{
	const char *text;
	va_list list;

	va_start(list, format);
	text = arena_vprintf(f->probe->arena, format, list);
	va_end(list);
	if (!text)
		f->probe->is_out_of_memory = true;
	return text;
}

const char *probe_ranges_text(struct arena *arena, const struct iof_range *ranges, size_t n)
{
	struct buf text = {0};
	char *copy;

	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s0x%" PRIx64 "-0x%" PRIx64, i ? ", " : "", ranges[i].first,
			   ranges[i].last);
	if (!n)
		buf_puts(&text, "none");
	copy = text.err ? NULL : arena_strdup(arena, text.data);
	buf_free(&text);
	return copy;
}

static const char *ranges_of(struct facts *f, const struct iof_range *ranges, size_t n)
{
	const char *text = probe_ranges_text(f->probe->arena, ranges, n);

	if (!text)
		f->probe->is_out_of_memory = true;
	return text;
}

static void add(struct facts *f, enum fact_result result, const char *name, const char *predicted,
		const char *measured)
{
	struct probed *d = f->d;
	struct probe_fact *grown =
		arena_grow(f->probe->arena, d->facts, d->n_facts, &d->cap_facts, sizeof(*grown));

	if (!grown) {
		f->probe->is_out_of_memory = true;
		return;
	}
	d->facts = grown;
	grown[d->n_facts++] = (struct probe_fact){result, name, predicted, measured};
}

/* Two texts of the same form, either NULL if that is not known. */
static void add_texts(struct facts *f, const char *name, const char *predicted,
		      const char *measured)
{
	enum fact_result result = FACT_NOT_ASKED;

	if (measured && !predicted)
		result = FACT_LEARNED;
	else if (measured)
		result = str_eq(measured, predicted) ? FACT_CONFIRMED : FACT_REFUTED;
	add(f, result, name, predicted, measured);
}

/* ---- ranges and width ---- */

/* The domain that an ordinary VM gets. */
static const struct measured_domain *plain_domain(const struct probed *d)
{
	const struct measured_domain *legacy = &d->answers.domain[MEASURED_LEGACY];
	const struct measured_domain *plain = &d->answers.domain[MEASURED_PLAIN];

	return legacy->asked && !legacy->error && legacy->has_ranges ? legacy : plain;
}

static bool is_told(const struct measured_domain *domain)
{
	return domain->asked && !domain->error && domain->has_ranges;
}

static void compare_ranges(struct facts *f)
{
	const struct measured_domain *domain = plain_domain(f->d);
	const struct iof_device *device = f->d->device;
	const struct iof_range *ranges;
	const char *predicted = NULL, *measured = NULL, *width = NULL, *measured_width = NULL;
	unsigned bits;
	size_t n;

	if (device && iof_device_ranges(device, &ranges, &n) == 0)
		predicted = ranges_of(f, ranges, n);
	if (device && iof_device_width(device, &bits, NULL) == 0)
		width = text_of(f, "%u", bits);
	if (is_told(domain)) {
		measured = ranges_of(f, domain->ranges, domain->n_ranges);
		measured_width = text_of(f, "%u", ranges_width(domain->ranges, domain->n_ranges));
	}
	add_texts(f, "width", width, measured_width);
	add_texts(f, "ranges", predicted, measured);
}

static void compare_page_sizes(struct facts *f)
{
	const struct measured_domain *legacy = &f->d->answers.domain[MEASURED_LEGACY];
	struct iof_domain domain = {.size = sizeof(domain)};
	const char *predicted = NULL, *measured = NULL;

	if (f->d->device && iof_device_domain(f->d->device, IOF_USE_PLAIN, &domain) == 0 &&
	    domain.page_sizes)
		predicted = text_of(f, "0x%" PRIx64, domain.page_sizes);
	if (legacy->asked && !legacy->error && legacy->page_sizes)
		measured = text_of(f, "0x%" PRIx64, legacy->page_sizes);
	if (measured)
		add_texts(f, "page-sizes", predicted, measured);
}

/* ---- other kinds of domain ---- */

static const struct {
	const char *name;
	enum measured_use use;
	enum iof_use predicted;
} kinds[] = {
	{"nest-parent", MEASURED_NEST_PARENT, IOF_USE_NEST_PARENT},
	{"dirty-tracking", MEASURED_DIRTY_TRACKING, IOF_USE_DIRTY_TRACKING},
	{"pasid", MEASURED_PASID, IOF_USE_PASID},
};

static const char *with_width(struct facts *f, unsigned bits)
{
	return bits ? text_of(f, "yes, %u bits", bits) : "yes";
}

static void compare_kind(struct facts *f, const char *name, const struct measured_domain *domain,
			 enum iof_use use)
{
	struct iof_domain p = {.size = sizeof(p)};
	const char *predicted = NULL, *measured = NULL;
	enum fact_result result = FACT_NOT_ASKED;
	unsigned bits = is_told(domain) ? ranges_width(domain->ranges, domain->n_ranges) : 0;
	bool is_known = f->d->device && iof_device_domain(f->d->device, use, &p) == 0 &&
			p.presence != IOF_PRESENCE_UNKNOWN;

	if (is_known)
		predicted = p.presence == IOF_PRESENCE_ABSENT ? "no" : with_width(f, p.width);
	if (domain->asked) {
		bool is_same = (p.presence == IOF_PRESENCE_PRESENT) == !domain->error &&
			       (domain->error || !p.width || !bits || p.width == bits);

		measured = domain->error ? text_of(f, "no (%s: %s)", domain->call,
						   strerror(domain->error))
					 : with_width(f, bits);
		result = !is_known ? FACT_LEARNED : is_same ? FACT_CONFIRMED : FACT_REFUTED;
	}
	add(f, result, name, predicted, measured);
}

static void compare_viommu(struct facts *f)
{
	static const char *const texts[] = {
		[IOF_PRESENCE_UNKNOWN] = NULL,
		[IOF_PRESENCE_ABSENT] = "no",
		[IOF_PRESENCE_PRESENT] = "yes",
	};
	const struct measured_device *a = &f->d->answers;
	struct iof_domain p = {.size = sizeof(p)};
	enum fact_result result = FACT_LEARNED;
	const char *predicted = NULL;

	if (!a->viommu_asked)
		return;
	if (f->d->device && iof_device_domain(f->d->device, IOF_USE_VIOMMU, &p) == 0)
		predicted = texts[p.presence];
	if (predicted)
		result = str_eq(predicted, a->viommu_error ? "no" : "yes") ? FACT_CONFIRMED
									   : FACT_REFUTED;
	add(f, result, "viommu", predicted,
	    a->viommu_error ? text_of(f, "no (IOMMU_VIOMMU_ALLOC: %s)", strerror(a->viommu_error))
			    : "yes");
}

/* ---- registers ---- */

/* Where they stand in the answer: Linux include/uapi/linux/iommufd.h, struct iommu_hw_info_vtd,
 * _arm_smmuv3 and _amd. */
static const struct {
	unsigned type;
	const char *name;
	size_t offset, size;
} registers[] = {
	{HW_INFO_INTEL_VTD, "cap", 8, 8},    {HW_INFO_INTEL_VTD, "ecap", 16, 8},
	{HW_INFO_ARM_SMMUV3, "idr0", 8, 4},  {HW_INFO_ARM_SMMUV3, "idr1", 12, 4},
	{HW_INFO_ARM_SMMUV3, "idr3", 20, 4}, {HW_INFO_ARM_SMMUV3, "idr5", 28, 4},
	{HW_INFO_AMD, "efr", 0, 8},	     {HW_INFO_AMD, "efr2", 8, 8},
};

static uint64_t register_at(const struct measured_hw_info *info, size_t offset, size_t size)
{
	uint64_t wide;
	uint32_t narrow;

	if (size == sizeof(narrow)) {
		memcpy(&narrow, info->data + offset, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, info->data + offset, sizeof(wide));
	return wide;
}

static void compare_registers(struct facts *f)
{
	const struct measured_hw_info *info = &f->d->answers.hw_info;

	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		const char *predicted = NULL, *measured = NULL;
		uint64_t value;
		int err = f->d->device
				  ? iof_device_register(f->d->device, registers[i].name, &value)
				  : -ENOENT;

		if (err == 0)
			predicted = text_of(f, "0x%" PRIx64, value);
		if (info->asked && !info->error && info->type == registers[i].type &&
		    registers[i].offset + registers[i].size <= info->n_data)
			measured =
				text_of(f, "0x%" PRIx64,
					register_at(info, registers[i].offset, registers[i].size));
		if (measured || (err != -ENOENT && !info->asked))
			add_texts(f, registers[i].name, predicted, measured);
	}
}

void probe_compare(struct iof_live_probe *probe, struct probed *d)
{
	struct facts f = {probe, d};

	compare_ranges(&f);
	compare_page_sizes(&f);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		compare_kind(&f, kinds[i].name, &d->answers.domain[kinds[i].use],
			     kinds[i].predicted);
	compare_viommu(&f);
	compare_registers(&f);
}
