/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resolved.c - every value of a machine with who decided it, and how the config would say it. */
#include <errno.h>

#include "vmm/cloud_hypervisor.h"
#include "vmm/smmuv3_host.h"

struct list {
	struct iof_machine *m;
	struct resolved *items;
	size_t n, cap;
	int err;
};

static struct resolved *add(struct list *list, const char *device, const char *property,
			    const char *text)
{
	struct resolved *item;

	if (list->err || !text) {
		list->err = list->err ? list->err : -ENOMEM;
		return NULL;
	}
	list->items =
		arena_grow(list->m->arena, list->items, list->n, &list->cap, sizeof(*list->items));
	if (!list->items) {
		list->err = -ENOMEM;
		return NULL;
	}
	item = &list->items[list->n++];
	*item = (struct resolved){
		.value = {.device = device, .property = property, .text = text},
		.device = SIZE_MAX,
		.option = SIZE_MAX,
	};
	return item;
}

static void written(const struct list *list, struct resolved *item, const struct pair *pair)
{
	item->value.by = pair->is_managers ? IOF_DECIDER_MANAGER : IOF_DECIDER_USER;
	item->value.why = pair->is_managers ? list->m->vm->manager : "written in the config";
	item->value.line = pair->at.file ? 0 : pair->at.line;
	if (list->m->vm->form == FORM_ARGV)
		item->value.line = 0;
}

/* ---- what is no device ---- */

static void add_type(struct list *list)
{
	const struct iof_machine *m = list->m;
	size_t option = SIZE_MAX;
	const struct pair *pair = machine_option(m, "type", &option);
	struct resolved *item = add(list, "machine", "type", m->type_name ? m->type_name : "");

	if (!item)
		return;
	item->option = option;
	item->key = "type";
	item->value.guest_visible = true;
	if (pair && str_eq(pair->value, item->value.text)) {
		written(list, item, pair);
		return;
	}
	item->value.by = IOF_DECIDER_VMM;
	item->value.line =
		pair && !pair->is_managers && m->vm->form != FORM_ARGV ? pair->at.line : 0;
	item->value.why = pair ? arena_printf(m->arena, "the type that %s stands for in QEMU %s",
					      pair->value, m->version_text)
			       : "QEMU default";
}

static void add_irqchip(struct list *list)
{
	static const char *const names[] = {
		[IRQCHIP_USER] = "off", [IRQCHIP_SPLIT] = "split", [IRQCHIP_KERNEL] = "on"};
	const struct iof_machine *m = list->m;
	const struct pair *pair = machine_option(m, "kernel-irqchip", NULL);
	struct resolved *item = add(list, "machine", "kernel-irqchip", names[m->irqchip]);

	if (!pair)
		pair = machine_option(m, "kernel_irqchip", NULL);
	if (!item)
		return;
	item->value.by = IOF_DECIDER_VMM;
	item->value.why =
		m->kvm ? "QEMU default with KVM" : "without KVM there is none in the kernel";
	if (pair && m->kvm)
		written(list, item, pair);
}

static void add_cpu(struct list *list)
{
	const struct iof_machine *m = list->m;
	struct resolved *item;

	if (!m->vcpu.phys_bits)
		return;
	item = add(list, "cpu", "phys-bits", arena_printf(m->arena, "%u", m->vcpu.phys_bits));
	if (!item)
		return;
	item->value.by = m->vcpu.phys_by;
	item->value.why = m->vcpu.phys_why;
	item->value.guest_visible = true;
	if (m->vcpu.phys_pair)
		item->value.line = m->vm->form == FORM_ARGV ? 0 : m->vcpu.phys_pair->at.line;
	for (size_t i = 0; i < m->vm->n_options; i++) {
		if (m->vm->options[i].kind == OPTION_CPU)
			item->option = i;
	}
	/* With the host's width, it is its limit that pins it; a model's own needs no pin. */
	if (m->vcpu.phys_by == IOF_DECIDER_HOST && item->option != SIZE_MAX)
		item->key = "host-phys-bits-limit";
	if (!m->vcpu.guest_phys_bits)
		return;
	item = add(list, "cpu", "guest-phys-bits",
		   arena_printf(m->arena, "%u", m->vcpu.guest_phys_bits));
	if (!item)
		return;
	item->value.by = IOF_DECIDER_VMM;
	item->value.why = "QEMU default: what KVM can map for a guest";
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct pair *pair =
			m->vm->options[i].kind == OPTION_CPU
				? option_pair(&m->vm->options[i], "guest-phys-bits")
				: NULL;

		if (pair)
			written(list, item, pair);
	}
}

/* What it asks for: the guest gets the host's width where that is less. */
static void add_max_phys_bits(struct list *list)
{
	const struct iof_machine *m = list->m;
	const struct vm_option *cpus = ch_object(m, "cpus", 0);
	const struct pair *pair = cpus ? option_pair(cpus, "max_phys_bits") : NULL;
	struct resolved *item = add(list, "cpus", "max_phys_bits", pair ? pair->value : "46");

	if (!item)
		return;
	item->value.by = IOF_DECIDER_VMM;
	item->value.why = "Cloud Hypervisor default";
	item->value.guest_visible = true;
	if (pair)
		written(list, item, pair);
	if (!cpus)
		return;
	item->option = (size_t)(cpus - m->vm->options);
	item->key = "max_phys_bits";
}

static void add_memory(struct list *list)
{
	const struct iof_machine *m = list->m;
	const struct vm_option *memory = is_cloud_hypervisor(m)
						 ? ch_object(m, "memory", 0)
						 : vm_option_nth(m->vm, OPTION_MEMORY, 0);
	static const struct {
		const char *name, *key;
		size_t offset;
	} sizes[] = {
		{"size", "size", offsetof(struct iof_machine, ram_size)},
		{"maxmem", "maxmem", offsetof(struct iof_machine, max_size)},
		{"slots", "slots", offsetof(struct iof_machine, slots)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t value = *(const uint64_t *)((const char *)m + sizes[i].offset);
		const struct pair *pair = memory ? option_pair(memory, sizes[i].key) : NULL;
		struct resolved *item;

		if (!value || (i > 0 && !pair))
			continue;
		item = add(list, "memory", sizes[i].name,
			   arena_printf(m->arena, "%llu", (unsigned long long)value));
		if (!item)
			return;
		item->value.by = IOF_DECIDER_VMM;
		item->value.why =
			is_cloud_hypervisor(m) ? "Cloud Hypervisor default" : "QEMU default";
		if (pair)
			written(list, item, pair);
	}
}

static void add_firmware(struct list *list)
{
	const struct iof_machine *m = list->m;
	const char *name = iof_machine_firmware(m);
	struct resolved *item = name ? add(list, "machine", "firmware", name) : NULL;

	if (!item)
		return;
	item->value.by = m->vm->has_firmware ? IOF_DECIDER_USER : IOF_DECIDER_VMM;
	item->value.why = iof_machine_firmware_provenance(m);
}

/* ---- devices ---- */

/* The guest sees these, and a machine type's version alone does not hold them. */
static bool is_guest_visible(enum property_id id)
{
	static const enum property_id visible[] = {
		PROPERTY_AW_BITS,  PROPERTY_CACHING_MODE, PROPERTY_INTREMAP,
		PROPERTY_EIM,	   PROPERTY_DEVICE_IOTLB, PROPERTY_DMA_TRANSLATION,
		PROPERTY_XTSUP,	   PROPERTY_GRANULE,	  PROPERTY_STAGE,
		PROPERTY_RIL,	   PROPERTY_ATS,	  PROPERTY_OAS,
		PROPERTY_SSIDSIZE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(visible); i++) {
		if (visible[i] == id)
			return true;
	}
	return false;
}

/* What "auto" comes to (x86_iommu_realize, vtd_decide_config), so that nobody has to guess. */
static void resolve_auto(const struct iof_machine *m, const struct machine_device *device,
			 enum property_id id, struct iof_value *out)
{
	int64_t intremap = device_value(device, PROPERTY_INTREMAP);
	bool remaps = intremap == ON || (intremap == AUTO && m->irqchip != IRQCHIP_KERNEL);

	if (device_value(device, id) != AUTO)
		return;
	if (id == PROPERTY_INTREMAP) {
		out->text = remaps ? "on" : "off";
		out->why = remaps ? "auto: on, the interrupt controller is not wholly in the kernel"
				  : "auto: off, the interrupt controller is wholly in the kernel";
	} else if (id == PROPERTY_EIM) {
		bool is_on = remaps && m->irqchip != IRQCHIP_USER;

		out->text = is_on ? "on" : "off";
		out->why =
			is_on ? "auto: on with interrupt remapping under KVM"
			      : "auto: off without KVM's interrupt controller or without remapping";
	}
	/* Written or not, it was not the config that decided. */
	if (id == PROPERTY_INTREMAP || id == PROPERTY_EIM)
		out->by = IOF_DECIDER_VMM;
}

static const char *smmu_text(const struct iof_machine *m, enum smmu_field field, unsigned value)
{
	if (field == SMMU_ATS || field == SMMU_RIL)
		return value ? "on" : "off";
	return arena_printf(m->arena, "%u", value);
}

/* Hosts have more than the properties can say: oas= knows two sizes, ssidsize= ends at 20. */
static bool can_be_written(enum smmu_field field, unsigned value)
{
	switch (field) {
	case SMMU_OAS:
		return value == 44 || value == 48;
	case SMMU_SSIDSIZE:
		return value <= 20;
	default:
		return true;
	}
}

static const char *smmu_why(const struct iof_machine *m, const struct machine_device *first,
			    enum smmu_field field, struct smmu_value value)
{
	if (!first)
		return "auto: no device is there from the start whose host could decide";
	if (!value.known)
		return arena_printf(m->arena,
				    "auto: the SMMU of %s decides, whose registers are not known "
				    "(iommufit probe asks)",
				    first->label);
	return arena_printf(
		m->arena, "auto: what the SMMU of %s has, the first device behind it%s",
		first->label,
		can_be_written(field, value.value) ? "" : "; only auto can say it, not a number");
}

/* What an SMMU's "auto" comes to: the host of its first device decides, or the emulation. */
static int resolve_smmu(const struct iof_machine *m, const struct machine_device *smmu,
			enum property_id id, struct resolved *item)
{
	struct iof_value *out = &item->value;
	enum smmu_field field = 0;
	struct smmu_value value;

	if (smmu->kind != DRIVER_SMMUV3 || !smmu_is_auto(smmu, id))
		return 0;
	while (field < SMMU_FIELDS && smmu_field_property(field) != id)
		field++;
	if (field == SMMU_FIELDS)
		return 0;
	value = smmu_guest_value(m, smmu, field);
	if (value.known)
		out->text = smmu_text(m, field, value.value);
	if (!smmuv3_is_accelerated(smmu)) {
		out->by = IOF_DECIDER_VMM;
		out->why = "auto: what an emulated SMMU has";
		return out->text ? 0 : -ENOMEM;
	}
	out->by = IOF_DECIDER_HOST;
	out->why = smmu_why(m, smmu_first_device(m, smmu), field, value);
	if (value.known && !can_be_written(field, value.value))
		item->pin_text = "auto";
	return out->text && out->why ? 0 : -ENOMEM;
}

/* granule=host: the page size of this host, which on another may be another. */
static const char *host_granule(const struct iof_machine *m)
{
	uint64_t page = m->host->page_size ? m->host->page_size : 4096;

	return arena_printf(m->arena, "%lluk", (unsigned long long)page / 1024);
}

static bool is_listed(const struct machine_device *device, enum property_id id)
{
	const struct machine_value *value = &device->value[id];

	if (!value->def || !value->text || (device->kind == DRIVER_VFIO_PCI && !value->pair))
		return false;
	return !(device->def && device->def->bus == BUS_PCI && id >= PROPERTY_ADDR);
}

static void add_property(struct list *list, const struct machine_device *device,
			 enum property_id id)
{
	const struct machine_value *value = &device->value[id];
	struct resolved *item = add(list, device->label, value->def->name, value->text);

	if (!item)
		return;
	item->value.by = value->by;
	item->value.why = value->why;
	if (value->pair)
		item->value.line = list->m->vm->form == FORM_ARGV || value->pair->at.file
					   ? 0
					   : value->pair->at.line;
	resolve_auto(list->m, device, id, &item->value);
	if (resolve_smmu(list->m, device, id, item))
		list->err = -ENOMEM;
	item->device = (size_t)(device - list->m->devices);
	item->value.guest_visible =
		is_viommu(device) && is_guest_visible(id) && !str_eq(item->value.text, "auto");
	item->option = device->is_boards ? SIZE_MAX : device->option_index;
	item->key = device->is_boards ? NULL : value->def->name;
	if (id == PROPERTY_GRANULE && value->number == GRANULE_HOST) {
		item->pin_text = host_granule(list->m);
		item->value.by = IOF_DECIDER_HOST;
		if (!item->pin_text)
			list->err = -ENOMEM;
	}
}

int machine_list_resolved(struct iof_machine *m)
{
	struct list list = {.m = m};

	if (is_cloud_hypervisor(m)) {
		add_max_phys_bits(&list);
	} else {
		add_type(&list);
		add_irqchip(&list);
		add_firmware(&list);
		add_cpu(&list);
	}
	add_memory(&list);
	for (size_t i = 0; i < m->n_devices; i++) {
		for (size_t id = 1; id < PROPERTY_COUNT; id++) {
			if (is_listed(&m->devices[i], (enum property_id)id))
				add_property(&list, &m->devices[i], (enum property_id)id);
		}
	}
	m->resolved = list.items;
	m->n_resolved = list.n;
	return list.err;
}
