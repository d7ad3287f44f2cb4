/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compare_devices.c - each device of the config is looked up among those that run, and its resolved
 * properties are compared.
 */
#include "live/compare.h"

#include <errno.h>

/*
 * With an id by that; else the n-th without an id of its driver is the n-th such below
 * peripheral-anon. What the machine makes by itself (iommu=smmuv3) stands below unattached.
 */
static const struct live_device *find_device(const struct iof_live *live,
					     const struct iof_machine_device *device, size_t n)
{
	for (size_t i = 0; i < live->device_list.n; i++) {
		const struct live_device *candidate = &live->devices[i];
		bool is_named = candidate->folder == LIVE_NAMED;

		if (device->id ? is_named && str_eq(candidate->name, device->id)
			       : !is_named && str_eq(candidate->type, device->driver) && n-- == 0)
			return candidate;
	}
	return NULL;
}

/* How many devices of its driver without an id come before this one. */
static size_t count_before(const struct iof_machine *machine, const struct iof_machine_device *of,
			   size_t index)
{
	struct iof_machine_device device;
	size_t n = 0;

	for (size_t i = 0; i < index && iof_machine_device(machine, i, &device) == 0; i++)
		n += !device.id && str_eq(device.driver, of->driver);
	return n;
}

static const struct live_device *live_device(const struct iof_live_comparison *c, size_t index,
					     struct iof_machine_device *device)
{
	if (iof_machine_device(c->machine, index, device) != 0)
		return NULL;
	return find_device(c->live, device,
			   device->id ? 0 : count_before(c->machine, device, index));
}

static const char *property_value(const struct live_device *device, const char *name)
{
	for (size_t i = 0; i < device->n_properties; i++) {
		if (str_eq(device->properties[i].name, name))
			return device->properties[i].value;
	}
	return NULL;
}

/* A default of the machine type that this very QEMU lists, if it is the value that runs. */
static const char *compat_reason(struct iof_live_comparison *c, const struct live_device *device,
				 const char *property, const char *value)
{
	for (size_t i = 0; i < c->live->compat_list.n; i++) {
		const struct live_compat *compat = &c->live->compat[i];

		if (str_eq(compat->type, device->type) && str_eq(compat->property, property) &&
		    str_eq(compat->value, value))
			return arena_printf(c->arena,
					    "Machine type %s of this QEMU sets it for every %s.",
					    c->live->machine, device->type);
	}
	return "The running VM has another value than its config leads to.";
}

/* A memory device without addr= gets one when it is plugged: the map compares that. */
static bool is_compared(const struct iof_value *value)
{
	return !str_eq(value->property, "addr");
}

static int compare_property(struct iof_live_comparison *c, size_t index,
			    const struct iof_value *value)
{
	struct iof_machine_device device;
	const struct live_device *live =
		live_device(c, iof_machine_property_device(c->machine, index), &device);
	struct iof_live_item item = {
		.subject = value->device, .property = value->property, .predicted = value->text};

	/* A missing device is reported once; a link, or a property that this QEMU lacks, has no
	 * value to compare. */
	item.live = live && is_compared(value) ? property_value(live, value->property) : NULL;
	if (!item.live)
		return 0;
	item.where = live->path;
	if (str_eq(item.live, "auto") &&
	    (!str_eq(item.predicted, "auto") || value->by == IOF_DECIDER_HOST)) {
		bool is_known = !str_eq(item.predicted, "auto");

		item.result = IOF_LIVE_LEFT_TO_HOST;
		item.predicted = is_known ? item.predicted : NULL;
		item.why = is_known ? "auto: decided from the first cold-plugged device's host; "
				      "predicted from this one's."
				    : "auto: decided from the first cold-plugged device's host.";
		return compare_add(c, item);
	}
	item.why = compat_reason(c, live, value->property, item.live);
	return item.why ? compare_texts(c, item) : -ENOMEM;
}

static int compare_missing(struct iof_live_comparison *c, size_t index)
{
	struct iof_machine_device device;
	const struct live_device *live = live_device(c, index, &device);

	if (live || device.is_plugged || !device.id || !c->live->has_folder[LIVE_NAMED])
		return 0;
	return compare_add(c,
			   (struct iof_live_item){.result = IOF_LIVE_MISSING,
						  .subject = device.label,
						  .predicted = device.driver,
						  .where = "/machine/peripheral",
						  .why = "The config has this device, the running "
							 "VM has not: it was unplugged."});
}

/* Whether the config has a device of that id. */
static bool is_configured(const struct iof_live_comparison *c, const char *id)
{
	struct iof_machine_device device;

	for (size_t i = 0; iof_machine_device(c->machine, i, &device) == 0; i++) {
		if (device.id && str_eq(device.id, id))
			return true;
	}
	return false;
}

static int compare_unexpected(struct iof_live_comparison *c, const struct live_device *device)
{
	bool is_unknown = device->folder == LIVE_NAMED && !is_configured(c, device->name);
	struct iof_live_item item = {.result = IOF_LIVE_UNEXPECTED,
				     .subject = device->folder == LIVE_NAMED ? device->name
									     : device->type,
				     .live = device->type,
				     .where = device->path};

	if (!device->hotplugged && !is_unknown)
		return 0;
	item.why = device->hotplugged
			   ? "It was hot-plugged since the start: the config does not say so."
			   : "The running VM was started with this device, this config has none "
			     "such.";
	return compare_add(c, item);
}

static bool is_said(const struct iof_live_comparison *c, const struct live_device *device,
		    const char *property)
{
	for (size_t i = 0; i < c->n_items; i++) {
		const struct iof_live_item *item = &c->items[i];

		if (item->where == device->path && item->property &&
		    str_eq(item->property, property))
			return true;
	}
	return false;
}

/* QOM keeps an SMMUv3's "auto" for good, whatever it became: what nothing was predicted of. */
static int compare_autos(struct iof_live_comparison *c, const struct live_device *device)
{
	int err = 0;

	for (size_t i = 0; !err && i < device->n_properties; i++) {
		const struct live_property *property = &device->properties[i];

		if (!str_starts(device->type, "arm-smmuv3") || !str_eq(property->value, "auto") ||
		    is_said(c, device, property->name))
			continue;
		err = compare_add(c, (struct iof_live_item){
					     .result = IOF_LIVE_LEFT_TO_HOST,
					     .subject = device->folder == LIVE_NAMED ? device->name
										     : device->type,
					     .property = property->name,
					     .live = property->value,
					     .where = device->path,
					     .why = "auto: decided from the first cold-plugged "
						    "device's host."});
	}
	return err;
}

int compare_devices(struct iof_live_comparison *c)
{
	struct iof_machine_device device;
	struct iof_value value;
	int err = 0;

	for (size_t i = 0; !err && iof_machine_property(c->machine, i, &value) == 0; i++)
		err = compare_property(c, i, &value);
	for (size_t i = 0; !err && iof_machine_device(c->machine, i, &device) == 0; i++)
		err = compare_missing(c, i);
	for (size_t i = 0; !err && i < c->live->device_list.n; i++) {
		if (c->live->devices[i].folder != LIVE_BOARD)
			err = compare_unexpected(c, &c->live->devices[i]);
		if (!err)
			err = compare_autos(c, &c->live->devices[i]);
	}
	return err;
}
