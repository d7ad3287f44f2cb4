/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities: which values of each property a VMM takes, and which of them this host allows, for
 * all devices together; and what is open, what decides it, and which device costs what.
 */
#include "fit/caps.h"

#include <errno.h>
#include <stdio.h>

#include "vm/vm.h"

static const struct model_def models[] = {
	{IOF_MODEL_INTEL, "intel-iommu", true, false, "x86's machine type q35"},
	{IOF_MODEL_VIRTIO, "virtio-iommu-pci", true, true, "q35 and virt"},
	{IOF_MODEL_AMD, "amd-iommu", true, false, "x86's machine type q35"},
	{IOF_MODEL_SMMUV3, "arm-smmuv3", false, true, "Arm's machine type virt"},
};

/* How each value fared. */
struct marks {
	bool *theory, *here, *open;
};

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

/* ---- who costs what ---- */

static int add_cost(struct question *q, const struct iof_cap_cost *cost)
{
	struct iof_caps *caps = q->caps;
	struct caps_cost *grown = arena_grow(caps->arena, caps->costs, caps->n_costs,
					     &caps->cap_costs, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	caps->costs = grown;
	grown[caps->n_costs++] = (struct caps_cost){.cap = caps->n_caps, .cost = *cost};
	return 0;
}

/* What each device says alone to the values that not all allow together. */
static int ask_alone(struct question *q, enum property_id id, const struct value_list *list,
		     const struct marks *marks, size_t device, bool *own, const char **limit)
{
	int r = 0;

	*limit = NULL;
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		struct answer_text answer;

		own[i] = marks->here[i];
		if (!marks->theory[i] || own[i])
			continue;
		r = caps_ask(q, id, list->values[i], device, 1, &answer);
		own[i] = r == 0 && answer.works;
		if (r == 0 && !answer.works && !*limit)
			*limit = answer.because;
	}
	return r;
}

static int list_costs(struct question *q, enum property_id id, const struct value_list *list,
		      const struct marks *marks)
{
	size_t n = q->caps->n_devices;
	bool *own = n > 1 ? arena_array(q->caps->arena, n * list->n, sizeof(*own)) : NULL;
	bool *lost = n > 1 ? arena_array(q->caps->arena, list->n, sizeof(*lost)) : NULL;
	const char **limits = n > 1 ? arena_array(q->caps->arena, n, sizeof(*limits)) : NULL;
	int r = 0;

	if (n < 2)
		return 0;
	if (!own || !lost || !limits)
		return -ENOMEM;
	for (size_t d = 0; r == 0 && d < n; d++)
		r = ask_alone(q, id, list, marks, d, own + d * list->n, &limits[d]);
	for (size_t d = 0; r == 0 && d < n; d++) {
		const struct iof_caps_device *device = &q->caps->devices[d];
		struct iof_cap_cost cost = {
			.device = device->bdf, .unit = device->unit, .limit = limits[d]};

		for (size_t i = 0; i < list->n; i++) {
			lost[i] = false;
			for (size_t other = 0; other < n && !own[d * list->n + i]; other++)
				lost[i] = lost[i] || own[other * list->n + i];
		}
		r = caps_join(q->caps->arena, list, lost, &cost.values);
		if (r == 0 && cost.values)
			r = add_cost(q, &cost);
	}
	return r;
}

/* ---- what auto becomes ---- */

static int add_resolved(struct question *q, const struct iof_cap_resolved *resolved)
{
	struct iof_caps *caps = q->caps;
	struct caps_resolved *grown = arena_grow(caps->arena, caps->resolved, caps->n_resolved,
						 &caps->cap_resolved, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	caps->resolved = grown;
	grown[caps->n_resolved++] =
		(struct caps_resolved){.cap = caps->n_caps, .resolved = *resolved};
	return 0;
}

/* Each device's own, for whose unit there is an SMMUv3; the same of all is the property's. */
static int resolve_each(struct question *q, enum property_id id, const char *value,
			struct iof_cap *cap)
{
	bool is_same = true;
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->caps->n_devices; i++) {
		struct iof_cap_resolved one = {.device = q->caps->devices[i].bdf};
		struct answer_text answer;

		r = caps_ask(q, id, value, i, 1, &answer);
		if (r)
			break;
		one.value = answer.works ? answer.resolved : NULL;
		if (i == 0)
			cap->resolved = one.value;
		is_same = is_same && one.value && cap->resolved && str_eq(one.value, cap->resolved);
		r = add_resolved(q, &one);
	}
	cap->resolved = is_same ? cap->resolved : NULL;
	cap->resolved_from = is_same ? q->caps->devices[0].bdf : NULL;
	return r;
}

/* ---- one property ---- */

static int ask_values(struct question *q, const struct property_def *property,
		      const struct value_list *list, struct marks *marks, struct iof_cap *cap,
		      bool *undecided)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		struct answer_text answer;

		r = caps_ask(q, property->id, list->values[i], 0, 0, &answer);
		marks->theory[i] = r == 0 && answer.starts;
		if (r == 0 && answer.needs)
			cap->needs = answer.needs;
		if (r || !marks->theory[i] || !q->caps->n_devices)
			continue;
		r = caps_ask_all(q, property->id, list->values[i], &answer);
		if (r)
			break;
		q->without_1g |= answer.works && answer.is_without_1g;
		marks->here[i] = answer.works;
		marks->open[i] = answer.unknown;
		if (answer.works && answer.needs)
			cap->needs = answer.needs;
		if (!answer.works && !cap->limit)
			cap->limit = answer.because;
		if (!answer.works || !str_eq(list->values[i], cap->def))
			continue;
		*undecided = answer.is_undecided;
		if (caps_is_smmu(q) && str_eq(cap->def, "auto")) {
			r = resolve_each(q, property->id, cap->def, cap);
		} else if (answer.resolved) {
			cap->resolved = answer.resolved;
			cap->resolved_from = answer.from;
		}
	}
	return r;
}

static int say_missing(struct question *q, struct iof_cap *cap)
{
	const char *bdf = caps_unasked(q);

	cap->missing = q->host->missing_fact ? arena_strdup(q->caps->arena, q->host->missing_fact)
					     : "what the kernel answers about its IOMMU";
	cap->how = q->host->missing_how ? arena_strdup(q->caps->arena, q->host->missing_how) : NULL;
	if (bdf)
		cap->how = arena_printf(q->caps->arena, "iommufit probe %s", bdf);
	return cap->missing && (cap->how || (!bdf && !q->host->missing_how)) ? 0 : -ENOMEM;
}

/* What holds for the properties that follow in the table. */
static void keep_finding(struct question *q, const struct property_def *property,
			 const struct iof_cap *cap, const struct value_list *list,
			 const struct marks *marks)
{
	if (cap->recommended && !str_eq(cap->recommended, cap->def)) {
		q->found = property;
		q->found_value = cap->recommended;
	}
	switch (property->id) {
	case PROPERTY_AW_BITS:
		if (cap->recommended)
			snprintf(q->aw_bits, sizeof(q->aw_bits), "%s", cap->recommended);
		break;
	case PROPERTY_FIRST_STAGE:
		for (size_t i = 0; i < list->n; i++)
			q->first_stage |= marks->here[i] && str_eq(list->values[i], "on");
		break;
	case PROPERTY_PASID_BITS:
		for (size_t i = 0; i < list->n; i++)
			q->pasid = marks->here[i] ? list->values[i] : q->pasid;
		break;
	default:
		break;
	}
}

static int say_here(struct question *q, const struct property_def *property,
		    const struct value_list *list, struct marks *marks, bool undecided,
		    struct iof_cap *cap)
{
	int r = caps_join(q->caps->arena, list, marks->here, &cap->here);

	if (r == 0)
		r = caps_join(q->caps->arena, list, marks->open, &cap->open);
	if (r)
		return r;
	if (!cap->here)
		cap->here = cap->open ? "unknown" : "none";
	cap->provenance = caps_provenance(q);
	if (cap->open)
		cap->provenance = IOF_PROVENANCE_UNKNOWN;
	if (cap->open || undecided)
		r = say_missing(q, cap);
	cap->recommended = caps_recommend(q, property, cap->def, list, marks->here);
	keep_finding(q, property, cap, list, marks);
	return r ? r : list_costs(q, property->id, list, marks);
}

static int say_libvirt(struct question *q, struct iof_cap *cap)
{
	uint32_t since;

	cap->libvirt =
		vm_libvirt_iommu_path(q->caps->arena, q->driver->name, cap->property, &since);
	if (!since)
		return 0;
	cap->libvirt_since = arena_printf(q->caps->arena, "%u.%u", (unsigned)(since / 1000000),
					  (unsigned)(since / 1000 % 1000));
	return cap->libvirt && cap->libvirt_since ? 0 : -ENOMEM;
}

static int one_property(struct question *q, const struct property_def *property)
{
	struct iof_cap cap = {.model = q->model->model,
			      .property = property->name,
			      .provenance = IOF_PROVENANCE_ASSUMED};
	struct value_list list;
	struct marks marks;
	bool *all, undecided = false;
	int r = caps_values(q, property, &list);

	if (r || list.n == 0)
		return r;
	all = arena_array(q->caps->arena, 3 * list.n, sizeof(*all));
	cap.def = caps_default(q, property);
	if (!all || !cap.def)
		return -ENOMEM;
	marks = (struct marks){.theory = all, .here = all + list.n, .open = all + 2 * list.n};
	r = ask_values(q, property, &list, &marks, &cap, &undecided);
	if (r == 0)
		r = caps_join(q->caps->arena, &list, marks.theory, &cap.theory);
	if (r == 0 && q->caps->n_devices)
		r = say_here(q, property, &list, &marks, undecided, &cap);
	if (r == 0)
		r = say_libvirt(q, &cap);
	return r ? r : add_cap(q, &cap);
}

/* ---- one model ---- */

static int add_model(struct question *q, const struct iof_caps_model *model)
{
	struct iof_caps *caps = q->caps;
	struct iof_caps_model *grown = arena_grow(caps->arena, caps->models, caps->n_models,
						  &caps->cap_models, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	caps->models = grown;
	grown[caps->n_models++] = *model;
	return 0;
}

/* Why a model is none for this host or machine; NULL: it is one. */
static const char *elsewhere(const struct question *q, const struct model_def *model,
			     const char *machine)
{
	struct arena *arena = q->caps->arena;
	struct machine_type type;

	if (q->host && !(q->host->cpu.is_arm ? model->on_arm : model->on_x86))
		return arena_printf(arena, "%s is a device of %s; this host is %s.", model->driver,
				    model->home, q->host->cpu.is_arm ? "Arm" : "x86");
	if (!machine)
		return NULL;
	machine_type_parse(machine, &type);
	if (type.family == MACHINE_UNKNOWN ||
	    (type.family == MACHINE_VIRT ? model->on_arm : model->on_x86))
		return NULL;
	return arena_printf(arena, "%s is a device of %s; %s has none.", model->driver, model->home,
			    machine);
}

/* Of an SMMUv3: what virt sets itself. */
static bool is_boards(enum property_id id)
{
	return id == PROPERTY_PRIMARY_BUS || id == PROPERTY_IDENTIFIER ||
	       id == PROPERTY_SMMU_PER_BUS || id == PROPERTY_MSI_GPA;
}

static int ask_properties(struct question *q)
{
	int r = 0;

	/* aw-bits stands first in every table: the other properties are asked about with a width
	 * that works */
	for (size_t i = 0; r == 0 && i < q->driver->n_properties; i++) {
		const struct property_def *property = &q->driver->properties[i];

		if (property->id == PROPERTY_NONE || property->id >= PROPERTY_HOST ||
		    is_boards(property->id) || q->version < property->since ||
		    q->version >= property->until)
			continue;
		r = one_property(q, property);
	}
	return r;
}

static int ask_usable(struct question *q, struct iof_caps_model *entry)
{
	struct answer_text answer;
	int r = q->caps->n_devices ? caps_ask_all(q, PROPERTY_NONE, NULL, &answer)
				   : caps_ask(q, PROPERTY_NONE, NULL, 0, 0, &answer);

	if (r)
		return r;
	entry->usable = answer.works	 ? IOF_OUTCOME_WORKS
			: answer.unknown ? IOF_OUTCOME_UNKNOWN
					 : IOF_OUTCOME_BROKEN;
	entry->why = answer.works ? NULL : answer.story;
	if (q->caps->n_devices && entry->usable != IOF_OUTCOME_BROKEN) {
		entry->backend = caps_is_smmu(q) ? "iommufd" : NULL;
		r = caps_device_words(q, &entry->device);
		if (r)
			return r;
	}
	if (q->host && !q->caps->n_devices) {
		entry->usable = IOF_OUTCOME_BROKEN;
		entry->why = q->host->iommu_why ? arena_strdup(q->caps->arena, q->host->iommu_why)
						: "This host has no device that can be assigned.";
		return entry->why ? 0 : -ENOMEM;
	}
	return 0;
}

/* Every property, and the model as a whole. */
static int ask_all(struct question *q, struct iof_caps_model *entry)
{
	int r;

	q->aw_bits[0] = '\0';
	q->pasid = NULL;
	q->first_stage = q->without_1g = false;
	q->found_value = NULL;
	r = ask_properties(q);
	return r ? r : ask_usable(q, entry);
}

static void forget(struct iof_caps *caps, const struct iof_caps *before)
{
	caps->n_caps = before->n_caps;
	caps->n_costs = before->n_costs;
	caps->n_resolved = before->n_resolved;
}

static int find_version(struct question *q, const struct iof_vmm *vmm)
{
	struct iof_caps *caps = q->caps;
	struct iof_vm *vm = NULL;
	struct iof_machine *m = NULL;
	int r = iof_vm_new(q->ctx, q->machine, &vm);

	if (r == 0)
		r = iof_machine_resolve(q->ctx, q->theory_host, vm, vmm, &m);
	if (r == 0) {
		q->version = m->version;
		q->vmm.version = arena_strdup(caps->arena, m->version_text);
		q->machine = arena_strdup(caps->arena, m->type_name);
		if (!caps->version) {
			caps->version = q->vmm.version;
			caps->provenance = arena_strdup(caps->arena, m->version_provenance);
			caps->machine = q->machine;
		}
		if (!q->vmm.version || !q->machine || !caps->provenance)
			r = -ENOMEM;
	}
	iof_machine_unref(m);
	iof_vm_unref(vm);
	return r;
}

static const char *home_machine(const struct question *q, const struct model_def *model)
{
	bool is_arm = q->host ? q->host->cpu.is_arm && model->on_arm : !model->on_x86;

	return is_arm || !model->on_x86 ? "virt" : "q35";
}

static int one_model(struct question *q, const struct model_def *model, const struct iof_vmm *vmm,
		     const char *machine, const char *why)
{
	struct iof_caps_model entry = {.model = model->model};
	struct iof_caps before = *q->caps;
	size_t n_devices = q->caps->n_devices;
	int r;

	q->model = model;
	q->driver = driver_find(model->driver);
	q->machine = machine && !why ? machine : home_machine(q, model);
	q->cure_value = NULL;
	if (why)
		q->caps->n_devices = 0;
	r = find_version(q, vmm);
	entry.machine = q->machine;
	if (r == 0)
		r = ask_all(q, &entry);
	if (r == 0 && entry.usable == IOF_OUTCOME_BROKEN && q->found_value) {
		/* with it, all others have other answers */
		q->cure = q->found;
		q->cure_value = q->found_value;
		forget(q->caps, &before);
		r = ask_all(q, &entry);
	}
	if (why) {
		q->caps->n_devices = n_devices;
		entry.usable = IOF_OUTCOME_BROKEN;
		entry.why = why;
		entry.device = entry.backend = NULL;
	}
	return r ? r : add_model(q, &entry);
}

static int ask_models(struct question *q, enum iof_model model, const struct iof_vmm *vmm,
		      const char *machine)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(models); i++) {
		const char *why;

		if ((model != IOF_MODEL_NONE && model != models[i].model) ||
		    !driver_find(models[i].driver))
			continue;
		why = elsewhere(q, &models[i], machine);
		if (!why || model != IOF_MODEL_NONE)
			r = one_model(q, &models[i], vmm, machine, why);
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
	if (r == 0) {
		caps->arena = arena;
		caps->is_live = host && host->is_live;
		caps->host = host ? arena_strdup(arena, iof_host_name(host)) : NULL;
		q.theory_host = &empty;
		q.vmm = (struct iof_vmm){.size = sizeof(q.vmm),
					 .backend = vmm ? vmm->backend : NULL};
	}
	if (r == 0 && host)
		r = caps_choose_devices(&q, devices);
	if (r == 0)
		r = ask_models(&q, model, vmm, machine);
	iof_report_unref(q.report);
	iof_host_unref(q.bound);
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

IOF_EXPORT int iof_caps_get(const struct iof_caps *caps, size_t index, struct iof_cap *out)
{
	if (index >= caps->n_caps)
		return -ENOENT;
	*out = caps->caps[index];
	return 0;
}

IOF_EXPORT int iof_caps_cost(const struct iof_caps *caps, size_t index, size_t n,
			     struct iof_cap_cost *out)
{
	for (size_t i = 0; i < caps->n_costs; i++) {
		if (caps->costs[i].cap != index || n--)
			continue;
		*out = caps->costs[i].cost;
		return 0;
	}
	return -ENOENT;
}

IOF_EXPORT int iof_caps_resolved(const struct iof_caps *caps, size_t index, size_t n,
				 struct iof_cap_resolved *out)
{
	for (size_t i = 0; i < caps->n_resolved; i++) {
		if (caps->resolved[i].cap != index || n--)
			continue;
		*out = caps->resolved[i].resolved;
		return 0;
	}
	return -ENOENT;
}

IOF_EXPORT int iof_caps_device(const struct iof_caps *caps, size_t index,
			       struct iof_caps_device *out)
{
	if (index >= caps->n_devices)
		return -ENOENT;
	*out = caps->devices[index];
	return 0;
}

IOF_EXPORT int iof_caps_model_get(const struct iof_caps *caps, size_t index,
				  struct iof_caps_model *out)
{
	if (index >= caps->n_models)
		return -ENOENT;
	*out = caps->models[index];
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
		return caps->models[i].usable;
	}
	return IOF_OUTCOME_UNKNOWN;
}
