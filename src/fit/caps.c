/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities: which values of each property a VMM takes, and which of them this host allows. Both
 * are asked of the check itself, with a small VM for each value, so that caps and check can never
 * disagree.
 */
#include "fit/caps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/what_if.h"

#define MAX_DEVICES 16 /* one for each kind of unit is enough */
#define MAX_VALUES 72

static const struct {
	enum iof_model model;
	const char *driver;
} models[] = {
	{IOF_MODEL_INTEL, "intel-iommu"},
	{IOF_MODEL_VIRTIO, "virtio-iommu-pci"},
	{IOF_MODEL_AMD, "amd-iommu"},
};

/* What must stand beside a property, so that its own values are what is asked about. */
static const struct {
	enum property_id property, with;
	const char *value;
} companions[] = {
	{PROPERTY_FIRST_STAGE, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_FS1GP, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_PASID_BITS, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_PASID_MODE, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_SVM, PROPERTY_SCALABLE_MODE, "on"},
	{PROPERTY_SVM, PROPERTY_FIRST_STAGE, "on"},
	{PROPERTY_SVM, PROPERTY_DEVICE_IOTLB, "on"},
	{PROPERTY_FIRST_STAGE, PROPERTY_AW_BITS, "48"},
	{PROPERTY_SVM, PROPERTY_AW_BITS, "48"},
	{PROPERTY_SVM, PROPERTY_PASID_BITS, "20"},
	{PROPERTY_SVM, PROPERTY_PASID_MODE, "on"},
};

struct question {
	struct iof_ctx *ctx;
	struct iof_caps *caps;
	struct iof_host *host, *theory_host;
	struct iof_vmm vmm;
	const char *machine;
	uint32_t version;
	const struct driver_def *driver;
	char aw_bits[8]; /* the width that the host allows, for the other properties */
	const char *devices[MAX_DEVICES];
	size_t n_devices;
	struct iof_host *bound[MAX_DEVICES]; /* hosts with one more device bound; each needs the one
						before */
	size_t n_bound;
	struct iof_report *report;
};

/* What the check said to one VM. */
struct answer_text {
	bool starts, works, unknown;
	const char *because; /* of the first finding; in the caps' arena */
};

static const char *property_name(const struct question *q, enum property_id id)
{
	const struct property_def *property = driver_property_by_id(q->driver, id, q->version);

	return property ? property->name : NULL;
}

static void put(const char **pairs, size_t *n, const char *key, const char *value)
{
	for (size_t i = 0; i < *n; i += 2) {
		if (str_eq(pairs[i], key)) {
			pairs[i + 1] = value;
			return;
		}
	}
	pairs[(*n)++] = key;
	pairs[(*n)++] = value;
}

/* The vIOMMU with what any assigned device needs, the companions of the property, and the property
 * itself. */
static int add_viommu(struct question *q, struct iof_vm *vm, enum property_id id, const char *value,
		      bool with_devices)
{
	const char *pairs[2 * PROPERTY_COUNT + 1];
	size_t n = 0;

	if (with_devices && property_name(q, PROPERTY_CACHING_MODE))
		put(pairs, &n, "caching-mode", "on");
	if (with_devices && property_name(q, PROPERTY_DMA_REMAP))
		put(pairs, &n, "dma-remap", "on");
	if (with_devices && q->aw_bits[0] && property_name(q, PROPERTY_AW_BITS))
		put(pairs, &n, "aw-bits", q->aw_bits);
	for (size_t i = 0; i < ARRAY_SIZE(companions) && id && !str_eq(value, "off"); i++) {
		if (companions[i].property == id && property_name(q, companions[i].with))
			put(pairs, &n, property_name(q, companions[i].with), companions[i].value);
	}
	if (id)
		put(pairs, &n, property_name(q, id), value);
	pairs[n] = NULL;
	return iof_vm_device_add(q->ctx, vm, q->driver->name, pairs);
}

static int add_devices(struct question *q, struct iof_vm *vm)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->n_devices; i++) {
		const char *const pairs[] = {"host", q->devices[i], NULL};

		r = iof_vm_device_add(q->ctx, vm, "vfio-pci", pairs);
	}
	return r;
}

static bool needs_iommufd(enum property_id id)
{
	return id == PROPERTY_FIRST_STAGE || id == PROPERTY_FS1GP || id == PROPERTY_SVM;
}

static int ask(struct question *q, enum property_id id, const char *value, bool with_devices,
	       struct answer_text *out)
{
	struct iof_vmm vmm = q->vmm;
	struct iof_vm *vm = NULL;
	struct iof_machine *m = NULL;
	const struct iof_finding *finding;
	int r = iof_vm_new(q->ctx, q->machine, &vm);

	if (!vmm.backend && needs_iommufd(id) && q->version >= V9_0)
		vmm.backend = "iommufd";
	if (r == 0)
		r = add_viommu(q, vm, id, value, with_devices);
	if (r == 0 && with_devices)
		r = add_devices(q, vm);
	if (r == 0)
		r = iof_machine_resolve(q->ctx, with_devices ? q->host : q->theory_host, vm, &vmm,
					&m);
	if (r == 0)
		r = iof_check(NULL, m, NULL, q->report);
	if (r == 0) {
		*out = (struct answer_text){
			.starts = q->report->start == IOF_OUTCOME_STARTS,
			.works = q->report->start == IOF_OUTCOME_STARTS &&
				 q->report->run != IOF_OUTCOME_BROKEN,
			.unknown = q->report->start == IOF_OUTCOME_UNKNOWN ||
				   (q->report->start == IOF_OUTCOME_STARTS &&
				    q->report->run == IOF_OUTCOME_UNKNOWN),
		};
		finding = iof_report_finding_next(q->report, NULL);
		if (finding)
			out->because = arena_strdup(q->caps->arena,
						    iof_finding_because(q->report, finding));
		if (finding && !out->because)
			r = -ENOMEM;
	}
	if (r == 0)
		r = iof_report_error(q->report);
	iof_machine_unref(m);
	iof_vm_unref(vm);
	return r;
}

/* The values of a property that are worth asking about. */
static int list_values(struct question *q, const struct property_def *property,
		       const char *values[MAX_VALUES], size_t *count)
{
	static const char *const words[] = {"off", "on", "auto"};
	unsigned first = 0, last = 0;
	size_t n = 0;

	switch (property->type) {
	case VALUE_BOOL:
		n = 2;
		memcpy(values, words, n * sizeof(*values));
		break;
	case VALUE_ON_OFF_AUTO:
		n = 3;
		memcpy(values, words, n * sizeof(*values));
		break;
	case VALUE_GRANULE:
		for (; granule_names[n]; n++)
			values[n] = granule_names[n];
		break;
	case VALUE_U8:
		first = property->id == PROPERTY_AW_BITS ? 1 : 0;
		last = property->id == PROPERTY_AW_BITS ? 70 : 32;
		for (unsigned v = first; v <= last; v++) {
			values[n] = arena_printf(q->caps->arena, "%u", v);
			if (!values[n++])
				return -ENOMEM;
		}
		break;
	default:
		break;
	}
	*count = n;
	return 0;
}

static bool is_number(const char *text, uint64_t *value)
{
	return parse_u64(text, 10, UINT64_MAX, value) == 0;
}

/* "39, 48" or "32 to 64" or "off, on"; NULL: none is accepted. */
static int join_values(struct arena *arena, const char *const *values, const bool *accepted,
		       size_t n, const char **text)
{
	struct buf out = {0};
	int err;

	for (size_t i = 0; i < n; i++) {
		size_t end = i;
		uint64_t number;

		if (!accepted[i])
			continue;
		while (is_number(values[i], &number) && end + 1 < n && accepted[end + 1])
			end++;
		buf_printf(&out, "%s%s", out.length ? ", " : "", values[i]);
		if (end > i)
			buf_printf(&out, "%s%s", end > i + 1 ? " to " : ", ", values[end]);
		i = end;
	}
	*text = out.length && !out.err ? arena_strdup(arena, out.data) : NULL;
	err = out.err || (out.length && !*text) ? -ENOMEM : 0;
	buf_free(&out);
	return err;
}

static unsigned host_width(const struct question *q)
{
	unsigned width = 64;

	for (size_t i = 0; i < q->n_devices; i++) {
		const struct iof_device *device = iof_host_device(q->host, q->devices[i]);
		unsigned bits;

		if (device && iof_device_width(device, &bits, NULL) == 0 && bits < width)
			width = bits;
	}
	return width;
}

/* The default where it is allowed; for a width the widest that the host can use; else the first
 * that is allowed. */
static const char *recommend(const struct question *q, const struct property_def *property,
			     const char *def, const char *const *values, const bool *allowed,
			     size_t n)
{
	const char *best = NULL;
	uint64_t number, width = host_width(q);

	for (size_t i = 0; i < n; i++) {
		if (!allowed[i])
			continue;
		if (property->id == PROPERTY_AW_BITS && is_number(values[i], &number) &&
		    number <= width)
			best = values[i];
		else if (!best || (property->id != PROPERTY_AW_BITS && str_eq(values[i], def)))
			best = values[i];
	}
	return best;
}

static int add_cap(struct question *q, const struct iof_cap *cap)
{
	struct iof_caps *caps = q->caps;
	struct iof_cap *grown =
		arena_grow(caps->arena, caps->caps, caps->n_caps, &caps->cap_caps, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	caps->caps = grown;
	grown[caps->n_caps++] = *cap;
	return 0;
}

static const char *default_text(struct question *q, const struct property_def *property)
{
	struct machine_type type;
	const struct compat_def *compat;

	machine_type_parse(q->machine, &type);
	compat = compat_find(q->driver->kind, property->id, &type, q->version);
	return value_text(q->caps->arena, property, compat ? compat->value : property->value);
}

static int one_property(struct question *q, enum iof_model model,
			const struct property_def *property)
{
	const char *values[MAX_VALUES];
	bool theory[MAX_VALUES] = {false}, here[MAX_VALUES] = {false}, is_unknown = false;
	struct iof_cap cap = {
		.model = model, .property = property->name, .provenance = IOF_PROVENANCE_ASSUMED};
	size_t n = 0;
	int r = list_values(q, property, values, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct answer_text answer;

		r = ask(q, property->id, values[i], false, &answer);
		theory[i] = r == 0 && answer.starts;
		if (r || !theory[i] || !q->n_devices)
			continue;
		r = ask(q, property->id, values[i], true, &answer);
		here[i] = r == 0 && answer.works;
		is_unknown = is_unknown || (r == 0 && answer.unknown);
		if (r == 0 && !answer.works && !cap.limit)
			cap.limit = answer.because;
	}
	if (r || n == 0)
		return r;
	r = join_values(q->caps->arena, values, theory, n, &cap.theory);
	if (r == 0 && q->n_devices)
		r = join_values(q->caps->arena, values, here, n, &cap.here);
	cap.def = default_text(q, property);
	if (r || !cap.def)
		return -ENOMEM;
	if (q->n_devices) {
		if (!cap.here)
			cap.here = is_unknown ? "unknown" : "none";
		cap.provenance = is_unknown ? IOF_PROVENANCE_UNKNOWN : IOF_PROVENANCE_READ;
		cap.recommended = recommend(q, property, cap.def, values, here, n);
		if (property->id == PROPERTY_AW_BITS && cap.recommended)
			snprintf(q->aw_bits, sizeof(q->aw_bits), "%s", cap.recommended);
	}
	return add_cap(q, &cap);
}

static int one_model(struct question *q, enum iof_model model)
{
	struct caps_model *entry = &q->caps->models[q->caps->n_models++];
	struct answer_text answer;
	int r = 0;

	q->aw_bits[0] = '\0';
	/* aw-bits stands first in every table: the other properties are asked about with a width
	 * that works */
	for (size_t i = 0; r == 0 && i < q->driver->n_properties; i++) {
		const struct property_def *property = &q->driver->properties[i];

		if (property->id == PROPERTY_NONE || property->id >= PROPERTY_HOST ||
		    q->version < property->since || q->version >= property->until)
			continue;
		r = one_property(q, model, property);
	}
	if (r)
		return r;
	r = ask(q, PROPERTY_NONE, NULL, q->n_devices > 0, &answer);
	entry->model = model;
	entry->outcome = answer.works	  ? IOF_OUTCOME_WORKS
			 : answer.unknown ? IOF_OUTCOME_UNKNOWN
					  : IOF_OUTCOME_BROKEN;
	entry->why = answer.works ? NULL : answer.because;
	return r;
}

/* One device for each kind of unit and width stands for all: bound, as it would be when the VM is
 * started. */
static bool is_represented(const struct question *q, const struct iof_device *device)
{
	for (size_t i = 0; i < q->n_devices; i++) {
		const struct iof_device *other = iof_host_device(q->host, q->devices[i]);

		if (other && other->unit == device->unit &&
		    other->iova[0].width == device->iova[0].width)
			return true;
	}
	return false;
}

static int bind_device(struct question *q, const char *bdf);

static int choose_devices(struct question *q, const char *const *devices)
{
	const struct iof_device *device;
	int r = 0;

	for (; devices && *devices && r == 0; devices++) {
		device = iof_host_device(q->host, *devices);
		if (!device)
			return ctx_fail(q->ctx, -ENOENT, "%s: no such device on this host",
					*devices);
		if (q->n_devices == MAX_DEVICES)
			return ctx_fail(q->ctx, -EINVAL, "more than %d devices", MAX_DEVICES);
		q->devices[q->n_devices++] = device->bdf;
		r = bind_device(q, device->bdf);
	}
	if (q->n_devices)
		return r;
	iof_host_device_foreach(q->host, device)
	{
		if (!device->group || device->is_bridge || device->group->n_devices > 1 ||
		    !device->iova[0].n || q->n_devices == MAX_DEVICES || is_represented(q, device))
			continue;
		q->devices[q->n_devices++] = device->bdf;
	}
	for (size_t i = 0; r == 0 && i < q->n_devices; i++)
		r = bind_device(q, q->devices[i]);
	return r;
}

IOF_EXPORT int iof_caps_get(const struct iof_caps *caps, size_t index, struct iof_cap *out)
{
	if (index >= caps->n_caps)
		return -ENOENT;
	*out = caps->caps[index];
	return 0;
}

IOF_EXPORT enum iof_outcome iof_caps_model(const struct iof_caps *caps, enum iof_model model,
					   const char **why)
{
	for (size_t i = 0; i < caps->n_models; i++) {
		if (caps->models[i].model != model)
			continue;
		if (why)
			*why = caps->models[i].why;
		return caps->models[i].outcome;
	}
	return IOF_OUTCOME_UNKNOWN;
}

/* The host as it would be when the device is assigned. */
static int bind_device(struct question *q, const char *bdf)
{
	const struct iof_device *device = iof_host_device(q->host, bdf);
	struct iof_host *bound;
	char *target;
	int r;

	if (!device || device->driver_is_vfio)
		return 0;
	target = arena_printf(q->caps->arena, "driver.%s", bdf);
	r = target ? host_what_if(q->host, target, "vfio-pci", &bound) : -ENOMEM;
	if (r)
		return r;
	q->bound[q->n_bound++] = bound;
	q->host = bound;
	return 0;
}

static int find_version(struct question *q, const struct iof_vmm *vmm, const char *machine)
{
	struct iof_vm *vm = NULL;
	struct iof_machine *m = NULL;
	int r;

	q->machine = machine ? machine : "q35";
	r = iof_vm_new(q->ctx, q->machine, &vm);
	if (r == 0)
		r = iof_machine_resolve(q->ctx, q->theory_host, vm, vmm, &m);
	if (r == 0) {
		q->version = m->version;
		q->caps->version = arena_strdup(q->caps->arena, m->version_text);
		q->caps->provenance = arena_strdup(q->caps->arena, m->version_provenance);
		q->caps->machine = arena_strdup(q->caps->arena, m->type_name);
		if (!q->caps->version || !q->caps->provenance || !q->caps->machine)
			r = -ENOMEM;
		q->vmm.version = q->caps->version;
	}
	iof_machine_unref(m);
	iof_vm_unref(vm);
	return r;
}

static int ask_all(struct question *q, enum iof_model model)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(models); i++) {
		if (model != IOF_MODEL_NONE && model != models[i].model)
			continue;
		q->driver = driver_find(models[i].driver);
		r = one_model(q, models[i].model);
	}
	return r;
}

IOF_EXPORT int iof_caps(struct iof_ctx *ctx, struct iof_host *host, const struct iof_vmm *vmm,
			const char *machine, enum iof_model model, const char *const *devices,
			struct iof_caps **out)
{
	struct arena *arena = arena_new(4096);
	struct iof_caps *caps = arena ? arena_alloc(arena, sizeof(*caps)) : NULL;
	struct question q = {.ctx = ctx, .caps = caps, .host = host};
	struct iof_host empty = {.refs = 1,
				 .arena = arena,
				 .n_worlds = 1,
				 .name = "theory",
				 .iommu = IOF_IOMMU_UNKNOWN};
	int r = caps ? iof_report_new(ctx, &q.report) : -ENOMEM;

	*out = NULL;
	if (model == IOF_MODEL_SMMUV3)
		r = ctx_fail(ctx, -EINVAL, "caps knows the x86 models only");
	if (r == 0) {
		caps->arena = arena;
		caps->host = host ? arena_strdup(arena, iof_host_name(host)) : NULL;
		q.theory_host = &empty;
		q.vmm = (struct iof_vmm){.size = sizeof(q.vmm),
					 .backend = vmm ? vmm->backend : NULL};
		r = find_version(&q, vmm, machine);
	}
	if (r == 0 && host)
		r = choose_devices(&q, devices);
	if (r == 0)
		r = ask_all(&q, model);
	iof_report_unref(q.report);
	while (q.n_bound)
		iof_host_unref(q.bound[--q.n_bound]);
	if (r) {
		arena_free(arena);
		return r == -ENOMEM ? ctx_fail(ctx, r, "out of memory") : r;
	}
	*out = caps;
	return 0;
}

IOF_EXPORT struct iof_caps *iof_caps_unref(struct iof_caps *caps)
{
	if (caps)
		arena_free(caps->arena);
	return NULL;
}
