/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both questions of caps, what a VMM takes and what this host allows of it, are asked of the check
 * itself, with a small VM for each value, so that caps and check can never disagree.
 */
#include "fit/caps.h"

#include <errno.h>
#include <inttypes.h>

#include "vmm/smmuv3_host.h"

/* More devices than a root bus has room for go into several VMs. */
#define DEVICES_OF_ONE_VM 16

/* What must stand beside a property, so that its own values are what is asked about. */
static const struct {
	enum property_id property, with;
	const char *value;
} companions[] = {
	{PROPERTY_FIRST_STAGE, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_FIRST_STAGE, PROPERTY_AW_BITS, "48"},
	{PROPERTY_FS1GP, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_PASID_BITS, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_PASID_MODE, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_SVM, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_SVM, PROPERTY_FIRST_STAGE, "on"},
	{PROPERTY_SVM, PROPERTY_DEVICE_IOTLB, "on"},
	{PROPERTY_SVM, PROPERTY_AW_BITS, "48"},
	{PROPERTY_SVM, PROPERTY_PASID_BITS, "20"},
	{PROPERTY_SVM, PROPERTY_PASID_MODE, "on"},
	{PROPERTY_RIL, PROPERTY_ACCEL, "on"},
	{PROPERTY_ATS, PROPERTY_ACCEL, "on"},
	{PROPERTY_OAS, PROPERTY_ACCEL, "on"},
	{PROPERTY_SSIDSIZE, PROPERTY_ACCEL, "on"},
	{PROPERTY_CMDQV, PROPERTY_ACCEL, "on"},
};

/* Where first-stage translation works, what else hangs on it is asked together with it. */
static const enum property_id first_stage_companions[] = {PROPERTY_FS1GP, PROPERTY_PASID_BITS};

struct pairs {
	const char *items[2 * PROPERTY_COUNT + 1]; /* each property once */
	size_t n;
};

const struct property_def *caps_property(const struct question *q, enum property_id id)
{
	return driver_property_by_id(q->driver, id, q->version);
}

static void put(const struct question *q, struct pairs *pairs, enum property_id id,
		const char *value)
{
	const struct property_def *property = caps_property(q, id);

	if (!property || !value)
		return;
	for (size_t i = 0; i < pairs->n; i += 2) {
		if (str_eq(pairs->items[i], property->name)) {
			pairs->items[i + 1] = value;
			return;
		}
	}
	pairs->items[pairs->n++] = property->name;
	pairs->items[pairs->n++] = value;
}

static bool goes_with_first_stage(const struct question *q, enum property_id id)
{
	for (size_t i = 0; q->first_stage && i < ARRAY_SIZE(first_stage_companions); i++) {
		if (first_stage_companions[i] == id)
			return true;
	}
	return false;
}

static void put_companions(const struct question *q, struct pairs *pairs, enum property_id id)
{
	enum property_id as = goes_with_first_stage(q, id) ? PROPERTY_FIRST_STAGE : id;

	for (size_t i = 0; i < ARRAY_SIZE(companions); i++) {
		bool is_pasid = companions[i].with == PROPERTY_PASID_BITS;

		if (companions[i].property == id || companions[i].property == as)
			put(q, pairs, companions[i].with,
			    is_pasid && q->pasid ? q->pasid : companions[i].value);
	}
	if (as != id)
		put(q, pairs, as, "on");
	if (q->without_1g && (as == PROPERTY_FIRST_STAGE || id == PROPERTY_SVM))
		put(q, pairs, PROPERTY_FS1GP, "off");
}

/* Off needs nothing beside it, but for what an SMMUv3 has on by itself. */
static bool has_companions(const struct question *q, const char *value)
{
	return q->driver->kind == DRIVER_SMMUV3 || !str_eq(value, "off");
}

/* What any assigned device needs, the companions of the property, and the property itself. */
static void list_pairs(const struct question *q, enum property_id id, const char *value,
		       bool with_devices, struct pairs *pairs)
{
	put(q, pairs, PROPERTY_PRIMARY_BUS, "pcie.0");
	if (with_devices) {
		put(q, pairs, PROPERTY_ACCEL, "on");
		put(q, pairs, PROPERTY_CACHING_MODE, "on");
		put(q, pairs, PROPERTY_DMA_REMAP, "on");
		if (q->aw_bits[0])
			put(q, pairs, PROPERTY_AW_BITS, q->aw_bits);
		if (q->cure_value)
			put(q, pairs, q->cure->id, q->cure_value);
	}
	if (id && has_companions(q, value))
		put_companions(q, pairs, id);
	if (id)
		put(q, pairs, id, value);
	pairs->items[pairs->n] = NULL;
}

int caps_device_words(struct question *q, const char **words)
{
	struct pairs pairs = {.n = 0};
	struct buf text = {0};
	int r;

	list_pairs(q, PROPERTY_NONE, NULL, true, &pairs);
	buf_puts(&text, q->driver->name);
	for (size_t i = 0; i < pairs.n; i += 2) {
		const struct property_def *property =
			driver_property(q->driver, pairs.items[i], q->version);
		const char *def = property ? caps_default(q, property) : NULL;

		if (!def || !str_eq(def, pairs.items[i + 1]))
			buf_printf(&text, ",%s=%s", pairs.items[i], pairs.items[i + 1]);
	}
	*words = text.err ? NULL : arena_strdup(q->caps->arena, text.data);
	r = *words ? 0 : -ENOMEM;
	buf_free(&text);
	return r;
}

static bool needs_iommufd(const struct question *q, enum property_id id, const char *value)
{
	bool is_nesting =
		id == PROPERTY_FIRST_STAGE || id == PROPERTY_SVM || goes_with_first_stage(q, id);

	return is_nesting && !str_eq(value, "off") && q->version >= V9_0;
}

/* Behind an SMMUv3 no device can be but on iommufd. */
bool caps_is_smmu(const struct question *q)
{
	return q->driver->kind == DRIVER_SMMUV3 && q->version >= V9_0;
}

/* "scalable-mode=on, aw-bits=48, backend iommufd" */
static int list_needs(struct question *q, enum property_id id, const char *value,
		      struct answer_text *out)
{
	struct pairs pairs = {.n = 0};
	struct buf text = {0};
	int r;

	if (has_companions(q, value))
		put_companions(q, &pairs, id);
	for (size_t i = 0; i < pairs.n; i += 2) {
		if (!str_eq(pairs.items[i], caps_property(q, id)->name))
			buf_printf(&text, "%s%s=%s", text.length ? ", " : "", pairs.items[i],
				   pairs.items[i + 1]);
	}
	if (needs_iommufd(q, id, value))
		buf_printf(&text, "%s%s", text.length ? ", " : "", "backend iommufd");
	if (text.length && !text.err)
		out->needs = arena_strdup(q->caps->arena, text.data);
	r = text.err || (text.length && !out->needs) ? -ENOMEM : 0;
	buf_free(&text);
	return r;
}

static int add_devices(struct question *q, struct iof_vm *vm, size_t first, size_t n)
{
	int r = 0;

	for (size_t i = first; r == 0 && i < first + n; i++) {
		const char *const pairs[] = {"host", q->caps->devices[i].bdf, NULL};

		r = iof_vm_device_add(q->ctx, vm, "vfio-pci", pairs);
	}
	return r;
}

static int read_granule(struct question *q, const struct iof_machine *m, struct answer_text *out)
{
	if (!m->host->page_size)
		return 0;
	out->resolved = arena_printf(q->caps->arena, "%uk", m->host->page_size / 1024);
	out->from = "the host's page size";
	return out->resolved ? 0 : -ENOMEM;
}

/* "auto" of an accelerated SMMUv3: what the first device's host brings along. */
static int read_smmu(struct question *q, const struct iof_machine *m, enum property_id id,
		     struct answer_text *out)
{
	const struct machine_device *first = m->viommu ? smmu_first_device(m, m->viommu) : NULL;
	struct smmu_value value = {0};
	bool is_size = id == PROPERTY_OAS || id == PROPERTY_SSIDSIZE;
	enum tristate cmdqv;

	if (!first)
		return 0;
	for (enum smmu_field field = 0; field < SMMU_FIELDS; field++) {
		if (smmu_field_property(field) == id)
			value = smmu_guest_value(m, m->viommu, field);
	}
	cmdqv = id == PROPERTY_CMDQV ? smmu_host_cmdqv(m->host, first->host) : TRI_UNKNOWN;
	if (cmdqv != TRI_UNKNOWN)
		value = (struct smmu_value){true, cmdqv == TRI_YES};
	out->from = arena_strdup(q->caps->arena, first->host_bdf);
	if (value.known && is_size)
		out->resolved = arena_printf(q->caps->arena, "%u", value.value);
	else if (value.known)
		out->resolved = value.value ? "on" : "off";
	out->is_undecided = !value.known;
	return out->from && (out->resolved || !value.known) ? 0 : -ENOMEM;
}

/* What QEMU decides for the property; only what the host has a say in. */
static int read_resolved(struct question *q, const struct iof_machine *m, enum property_id id,
			 const char *value, struct answer_text *out)
{
	if (id == PROPERTY_GRANULE && str_eq(value, "host"))
		return read_granule(q, m, out);
	return caps_is_smmu(q) && str_eq(value, "auto") ? read_smmu(q, m, id, out) : 0;
}

static bool is_fatal(enum effect effect)
{
	return effect == EFFECT_STOPS || effect == EFFECT_KILLS || effect == EFFECT_BREAKS;
}

/* The finding that decides: the first that stops or breaks something, for certain if there is one.
 */
static const struct iof_finding *decisive(const struct iof_report *report)
{
	const struct iof_finding *doubtful = NULL;

	for (size_t i = 0; i < report->n_findings; i++) {
		const struct iof_finding *finding = &report->findings[i];

		if (!is_fatal(finding->effect))
			continue;
		if (!finding->is_doubtful)
			return finding;
		doubtful = doubtful ? doubtful : finding;
	}
	return doubtful;
}

static int read_report(struct question *q, struct answer_text *out)
{
	const struct iof_report *report = q->report;
	const struct iof_finding *finding = decisive(report);

	out->starts = report->start == IOF_OUTCOME_STARTS;
	/* Without devices: what is missed when the machine is done are those. */
	if (!report->machine->n_assigned && finding && finding->step &&
	    finding->step->stage == STAGE_DONE)
		out->starts = true;
	out->works = out->starts &&
		     (report->run == IOF_OUTCOME_WORKS || report->run == IOF_OUTCOME_DEGRADED);
	out->unknown = report->start == IOF_OUTCOME_UNKNOWN ||
		       (out->starts && report->run == IOF_OUTCOME_UNKNOWN);
	if (!finding)
		return 0;
	out->because = arena_strdup(q->caps->arena, iof_finding_because(q->report, finding));
	out->story = arena_printf(q->caps->arena, "%s %s", iof_finding_message(q->report, finding),
				  iof_finding_because(q->report, finding));
	return out->because && out->story ? 0 : -ENOMEM;
}

/* Without the board's default devices: behind an accelerated SMMUv3 none may be. */
static int new_vm(struct question *q, struct iof_vm **vm)
{
	static const char *const argv[] = {"", "-nodefaults"};
	int r = iof_vm_load_argv(q->ctx, argv, ARRAY_SIZE(argv), "VM", vm);

	return r ? r : iof_vm_property_set(q->ctx, *vm, "machine", "type", q->machine);
}

static int ask_once(struct question *q, enum property_id id, const char *value, size_t first,
		    size_t n, struct answer_text *out)
{
	struct pairs pairs = {.n = 0};
	struct iof_vmm vmm = q->vmm;
	struct iof_vm *vm = NULL;
	struct iof_machine *m = NULL;
	int r = new_vm(q, &vm);

	*out = (struct answer_text){0};
	list_pairs(q, id, value, n > 0, &pairs);
	if (!vmm.backend && (caps_is_smmu(q) || (id && needs_iommufd(q, id, value))))
		vmm.backend = "iommufd";
	if (r == 0 && caps_is_smmu(q))
		r = iof_vm_property_set(q->ctx, vm, "accel", "accel", "kvm");
	if (r == 0)
		r = iof_vm_device_add(q->ctx, vm, q->driver->name, pairs.items);
	if (r == 0)
		r = add_devices(q, vm, first, n);
	if (r == 0 && caps_is_smmu(q))
		vm->has_firmware = true; /* the guest has ACPI */
	if (r == 0)
		r = iof_machine_resolve(q->ctx, n ? q->host : q->theory_host, vm, &vmm, &m);
	if (r == 0)
		r = iof_check(NULL, m, NULL, q->report);
	if (r == 0)
		r = read_report(q, out);
	if (r == 0 && id && n)
		r = read_resolved(q, m, id, value, out);
	if (r == 0 && id)
		r = list_needs(q, id, value, out);
	if (r == 0)
		r = iof_report_error(q->report);
	iof_machine_unref(m);
	iof_vm_unref(vm);
	return r;
}

static bool wants_1g(enum property_id id)
{
	return id == PROPERTY_FIRST_STAGE || id == PROPERTY_SVM;
}

/* First-stage translation wants 1 GiB pages of the host unless it is told not to. */
int caps_ask(struct question *q, enum property_id id, const char *value, size_t first, size_t n,
	     struct answer_text *out)
{
	struct answer_text without;
	bool was_without = q->without_1g;
	int r = ask_once(q, id, value, first, n, out);

	if (r || n == 0 || out->works || !wants_1g(id) || str_eq(value, "off") || was_without)
		return r;
	q->without_1g = true;
	r = ask_once(q, id, value, first, n, &without);
	q->without_1g = was_without;
	without.is_without_1g = true;
	if (r == 0 && without.works)
		*out = without;
	return r;
}

int caps_ask_all(struct question *q, enum property_id id, const char *value,
		 struct answer_text *out)
{
	size_t total = q->caps->n_devices, most = caps_is_smmu(q) ? 1 : DEVICES_OF_ONE_VM;
	int r = 0;

	*out = (struct answer_text){.starts = true, .works = true};
	for (size_t first = 0; r == 0 && out->works && first < total; first += most) {
		size_t n = total - first < most ? total - first : most;
		struct answer_text part;

		r = caps_ask(q, id, value, first, n, &part);
		part.is_without_1g |= out->is_without_1g;
		if (first == 0 || !part.works || part.is_without_1g)
			*out = part;
	}
	return r;
}
