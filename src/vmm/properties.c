/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device's properties: defaults of the binary, of the machine type and of -global, then what the
 * user wrote, in the order in which QEMU sets them (hw/core/qdev-properties.c,
 * qom/object_interfaces.c).
 */
#include <errno.h>

#include "vmm/machine.h"

/* Keys of -device that are not properties of the model. */
static bool is_device_key(const char *key)
{
	return str_eq(key, "driver") || str_eq(key, "id") || str_eq(key, "bus");
}

static const struct vm_option *find_object(const struct iof_machine *m, const char *id)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const char *name = m->vm->options[i].kind == OPTION_OBJECT
					   ? option_value(&m->vm->options[i], "id")
					   : NULL;

		if (name && str_eq(name, id))
			return &m->vm->options[i];
	}
	return NULL;
}

static bool is_named(const struct iof_machine *m, const struct machine_device *before,
		     const char *id)
{
	for (const struct machine_device *other = m->devices; other < before; other++) {
		if (other->id && str_eq(other->id, id))
			return true;
	}
	return find_object(m, id) != NULL;
}

/* hw/core/qdev-properties.c, qom/object.c object_resolve_link: a name of another type, or of
 * nothing. */
static bool check_link(const struct iof_machine *m, const struct machine_device *device,
		       const struct property_def *property, const char *name,
		       struct message *problem)
{
	const struct vm_option *object = find_object(m, name);
	const char *type = object ? option_value(object, "qom-type") : NULL;
	bool is_bus = property->id == PROPERTY_PRIMARY_BUS;
	const char *expected = is_bus				  ? "PCI"
			       : property->id == PROPERTY_IOMMUFD ? "iommufd"
								  : "memory-region";

	if (!*name || (is_bus && topology_find(m, name)) ||
	    (property->id == PROPERTY_IOMMUFD && type && str_eq(type, "iommufd")))
		return true;
	if (is_named(m, device, name))
		*problem = MESSAGE2("Invalid parameter type for '{0}', expected: {1}",
				    property->name, expected);
	else
		*problem = MESSAGE1("Device '{0}' not found", name);
	return false;
}

/* Before 9.2 device_add goes through QemuOpts, which makes texts of all values
 * (system/qdev-monitor.c qmp_device_add). */
static bool is_untyped(const struct iof_machine *m, const struct machine_device *device)
{
	return device->is_plugged && m->version < V9_2;
}

static void set_property(struct iof_machine *m, struct machine_device *device,
			 const struct property_def *property, const struct pair *pair)
{
	struct machine_value *value = &device->value[property->id];
	struct pair given = *pair;
	struct message problem;
	int64_t number;

	if (is_untyped(m, device))
		given.json_type = 0;
	if (!value_parse(device->def, property, &given, &number, &problem)) {
		device_problem(device,
			       property->type == VALUE_HOST ? PROBLEM_HOST_ADDRESS : PROBLEM_VALUE,
			       pair, property->name, problem);
		device->problem.property = property;
	} else if (property->type == VALUE_LINK &&
		   !check_link(m, device, property, pair->value, &problem)) {
		device_problem(device,
			       property->id == PROPERTY_PRIMARY_BUS ? PROBLEM_BUS_ABSENT
								    : PROBLEM_OBJECT_ABSENT,
			       pair, pair->value, problem);
		device->problem.property = property;
	}
	if (property->id == PROPERTY_NONE)
		return;
	*value = (struct machine_value){
		.number = number,
		.text = pair->value,
		.by = pair->is_managers ? IOF_DECIDER_MANAGER : IOF_DECIDER_USER,
		.why = pair->is_managers ? m->vm->manager : "written in the config",
		.def = property,
		.pair = pair};
}

/* PCI devices have experimental x- properties that are not in the table; those of the vIOMMUs all
 * are. */
static bool lacks_property(const struct machine_device *device, const char *name)
{
	return device->def->has_all && (device->def->bus == BUS_SYSBUS || !str_starts(name, "x-"));
}

/* The bucket of QEMU's dictionary (qobject/qdict.c) that a key falls into. */
static unsigned dictionary_bucket(const char *key)
{
	uint32_t value = 0x238f13afu * (uint32_t)strlen(key);

	for (unsigned i = 0; key[i]; i++)
		value += (uint32_t)(unsigned char)key[i] << (i * 5 % 24);
	return (1103515243u * value + 12345u) % 512;
}

/*
 * QEMU sets properties in the order of its dictionary, not of the command line: by bucket, and in a
 * bucket as they were written (reversed where device_add goes through QemuOpts: one copy of the
 * dictionary less). So which of two bad properties is complained about depends on their names.
 */
static int order_pairs(struct iof_machine *m, const struct machine_device *device,
		       const struct pair ***out)
{
	const struct vm_option *option = device->option;
	unsigned ahead = is_untyped(m, device) ? 0 : 1;
	const struct pair **order = arena_array(m->arena, option->n_pairs + 1, sizeof(*order));
	size_t n = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < option->n_pairs; i++) {
		const struct pair *pair = &option->pairs[i];
		unsigned bucket = dictionary_bucket(pair->key);
		size_t at = n;

		if (option_pair(option, pair->key) != pair)
			continue; /* a later value of the same key wins */
		while (at > 0 && dictionary_bucket(order[at - 1]->key) >= bucket + ahead) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = pair;
		n++;
	}
	*out = order;
	return 0;
}

int device_set_properties(struct iof_machine *m, struct machine_device *device)
{
	const struct pair **order;

	if (!device->def)
		return 0;
	if (order_pairs(m, device, &order))
		return -ENOMEM;
	for (; *order; order++) {
		const struct pair *pair = *order;
		const struct property_def *property;

		if (is_device_key(pair->key))
			continue;
		property = driver_property(device->def, pair->key, m->version);
		if (property)
			set_property(m, device, property, pair);
		else if (lacks_property(device, pair->key))
			device_problem(device, PROBLEM_PROPERTY_ABSENT, pair, pair->key,
				       MESSAGE2("Property '{0}.{1}' not found", device->driver,
						pair->key));
	}
	return 0;
}

static void set_global(struct iof_machine *m, struct machine_device *device,
		       const struct property_def *property, const struct vm_option *global)
{
	const struct pair *given = option_pair(global, "value");
	struct pair pair = *given;
	struct message problem;
	int64_t number;

	if (!value_parse(device->def, property, &pair, &number, &problem) ||
	    (property->type == VALUE_LINK &&
	     !check_link(m, device, property, pair.value, &problem))) {
		const char *reason;

		/* the string visitor has its own words for what is no number */
		if (str_eq(problem.text, "Parameter '{0}' expects integer"))
			problem.text = "Parameter '{0}' expects uint64";
		reason = message_render(m->arena, problem.text, problem.operand);

		device_problem(device, PROBLEM_VALUE, given, property->name,
			       (struct message){.text = "can't apply global {0}.{1}={2}: {3}",
						.operand = {text_operand(device->driver),
							    text_operand(property->name),
							    text_operand(given->value),
							    text_operand(reason)}});
		if (device->problem.pair == given)
			device->problem.option = (size_t)(global - m->vm->options);
		return;
	}
	if (property->id == PROPERTY_NONE)
		return;
	device->value[property->id] = (struct machine_value){.number = number,
							     .text = given->value,
							     .by = IOF_DECIDER_GLOBAL,
							     .why = "-global",
							     .def = property,
							     .pair = given};
}

/* hw/core/qdev-properties.c qdev_prop_set_globals: one after another, when the device is made; the
 * last value wins, the first that is refused stops the device, as does one of a property that this
 * version lacks. An explicit value on the device beats them. */
void device_apply_globals(struct iof_machine *m, struct machine_device *device)
{
	for (size_t i = 0; device->def && i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *driver =
			option->kind == OPTION_GLOBAL ? option_value(option, "driver") : NULL;
		const char *name = driver ? option_value(option, "property") : NULL;
		const char *value = name ? option_value(option, "value") : NULL;
		const struct property_def *property;

		if (!value || !str_eq(driver, device->driver))
			continue;
		property = driver_property(device->def, name, m->version);
		if (property) {
			set_global(m, device, property, option);
		} else if (lacks_property(device, name)) {
			device_problem(device, PROBLEM_PROPERTY_ABSENT,
				       option_pair(option, "value"), name,
				       (struct message){
					       .text = "can't apply global {0}.{1}={2}: Property "
						       "'{0}.{1}' not found",
					       .operand = {text_operand(driver), text_operand(name),
							   text_operand(value)}});
			if (device->problem.pair == option_pair(option, "value"))
				device->problem.option = i;
		}
	}
}

static void default_property(struct iof_machine *m, struct machine_device *device,
			     const struct property_def *property)
{
	const struct compat_def *compat =
		compat_find(device->kind, property->id, &m->type, m->version);
	struct machine_value *value = &device->value[property->id];

	*value = (struct machine_value){.number = property->value,
					.by = IOF_DECIDER_VMM,
					.def = property,
					.why = property->why ? property->why : "QEMU default"};
	if (compat) {
		value->number = compat->value;
		value->by = IOF_DECIDER_MACHINE_TYPE;
		value->why = compat->why;
	}
	value->text = value_text(m->arena, property, value->number);
}

void device_set_defaults(struct iof_machine *m, struct machine_device *device)
{
	for (size_t i = 0; device->def && i < device->def->n_properties; i++) {
		const struct property_def *property = &device->def->properties[i];

		if (property->id != PROPERTY_NONE && m->version >= property->since &&
		    m->version < property->until)
			default_property(m, device, property);
	}
	/* virtio-iommu before 9.0: 64 bits and the target's page size, not to be set. */
	if (device->kind == DRIVER_VIRTIO_IOMMU && m->version < V9_0) {
		device->value[PROPERTY_AW_BITS].number = 64;
		device->value[PROPERTY_GRANULE].number = GRANULE_4K;
	}
}

/* hw/core/qdev-properties.c qdev_prop_check_globals: of devices that could still be plugged nothing
 * is said. */
int machine_warn_unused_globals(struct iof_machine *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *driver =
			option->kind == OPTION_GLOBAL ? option_value(option, "driver") : NULL;
		const struct driver_def *def = driver ? driver_find(driver) : NULL;
		bool is_fixed = def && def->bus == BUS_SYSBUS &&
				(def->kind != DRIVER_SMMUV3 || m->version >= V10_2);
		bool is_used = !is_fixed || !option_value(option, "property");

		for (size_t k = 0; !is_used && k < m->n_devices; k++)
			is_used = m->devices[k].def == def;
		if (is_used || !option_value(option, "value"))
			continue;
		r = machine_warning(
			m, PROBLEM_GLOBAL_UNUSED, i, option_pair(option, "value"),
			(struct message){.text = "warning: global {0}.{1}={2} not used",
					 .operand = {text_operand(driver),
						     text_operand(option_value(option, "property")),
						     text_operand(option_value(option, "value"))}});
	}
	return r;
}
