// SPDX-License-Identifier: LGPL-2.1-or-later
/* profile_devices.c - the devices of a profile: which of them are wanted, and what was measured of
 * them. */
#include <errno.h>
#include <stdlib.h>

#include "host/profile_private.h"

#define MAX_DEVICES 65536

static int by_id(const void *key, const void *member)
{
	unsigned id = *(const unsigned *)key;
	const struct iommu_group *group = member;

	return id < group->id ? -1 : id > group->id;
}

static int read_bdf(const struct profile *p, const struct json_place *place,
		    const struct json_value *object, struct pci_address *address)
{
	struct json_place here = {.up = place, .key = "bdf"};
	const struct json_value *value;
	int err = profile_member(&p->reader, place, object, "bdf", JSON_STRING, true, &value);

	if (!err && parse_bdf(value->text, address) < 0)
		err = profile_refuse(&p->reader, &here,
				     "must be a PCI address such as \"0000:01:00.0\"");
	return err;
}

/* The group that a device says it is in; NULL: none. */
static int read_group_of(const struct profile *p, const struct json_place *place,
			 const struct json_value *object, struct iommu_group **out)
{
	struct json_place here = {.up = place, .key = "group"};
	const struct json_value *value;
	int64_t number;
	unsigned id;
	int err = profile_member(&p->reader, place, object, "group", JSON_INTEGER, false, &value);

	*out = NULL;
	if (err || !value)
		return err;
	number = json_int64(value);
	id = (unsigned)number;
	if (number >= 0 && number <= (int64_t)UINT32_MAX && p->host->n_groups)
		*out = bsearch(&id, p->host->groups, p->host->n_groups, sizeof(**out), by_id);
	return *out ? 0 : profile_refuse(&p->reader, &here, "is not among the groups");
}

static int read_unit_of(const struct profile *p, const struct json_place *place,
			const struct json_value *object, struct iommu_unit **out)
{
	struct json_place here = {.up = place, .key = "unit"};
	const struct json_value *value;
	size_t i;
	int err = profile_member(&p->reader, place, object, "unit", JSON_STRING, false, &value);

	*out = NULL;
	if (err || !value)
		return err;
	for (i = 0; i < p->host->n_units && !*out; i++) {
		if (str_eq(p->host->units[i].name, value->text))
			*out = &p->host->units[i];
	}
	return *out ? 0 : profile_refuse(&p->reader, &here, "is not among the units");
}

static int read_bars(const struct profile *p, const struct json_place *place,
		     const struct json_value *object, struct iof_device *device)
{
	struct json_place here = {.up = place, .key = "bars"};
	const struct json_value *array;
	size_t i, n;
	int err = profile_array(p, place, object, "bars", false, PCI_BARS, &array, &n);

	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const struct json_value *bar = &array->items[i];
		const struct json_value *index;

		err = profile_member(&p->reader, &item, bar, "index", JSON_INTEGER, true, &index);
		if (err)
			break;
		if (json_int64(index) < 0 || json_int64(index) >= PCI_BARS)
			err = profile_refuse(&p->reader, &item, "has an index out of range");
		else
			err = profile_fields(&p->reader, &item, bar, profile_bar_fields,
					     &device->bars[json_int64(index)]);
	}
	return err;
}

static int read_device(const struct profile *p, const struct json_place *place,
		       const struct json_value *object, struct iof_device *device)
{
	int err;

	device->host = p->host;
	device->numa_node = -1;
	device->is_complete = true;
	format_bdf(&device->address, device->bdf);
	err = profile_fields(&p->reader, place, object, profile_device_fields, device);
	if (!err)
		err = read_group_of(p, place, object, &device->group);
	if (!err)
		err = read_unit_of(p, place, object, &device->unit);
	if (!err)
		err = read_bars(p, place, object, device);
	return err;
}

static bool is_named(const struct iof_host_options *options, const struct pci_address *address)
{
	struct pci_address wanted;
	size_t i;

	for (i = 0; i < options->n_devices; i++) {
		if (parse_bdf(options->devices[i], &wanted) == 0 &&
		    wanted.domain == address->domain && wanted.bus == address->bus &&
		    wanted.device == address->device && wanted.function == address->function)
			return true;
	}
	return false;
}

/* The groups of the devices that the options name: only these devices and their group mates are
 * taken. */
static int find_wanted_groups(struct profile *p)
{
	const struct json_place here = {.key = "devices"};
	size_t i, n = p->devices->n;
	bool *wanted;
	int err = 0;

	if (!p->options || !p->options->devices)
		return 0;
	wanted = arena_array(p->host->arena, p->host->n_groups + 1, sizeof(*wanted));
	if (!wanted)
		return profile_no_memory(p);
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const struct json_value *object = &p->devices->items[i];
		struct pci_address address;
		struct iommu_group *group;

		err = read_bdf(p, &item, object, &address);
		if (err || !is_named(p->options, &address))
			continue;
		err = read_group_of(p, &item, object, &group);
		if (!err && group)
			wanted[group - p->host->groups] = true;
	}
	p->wanted_groups = wanted;
	return err;
}

/* Whether the options let this device in. */
static int is_wanted(const struct profile *p, const struct json_place *place,
		     const struct json_value *object, const struct pci_address *address, bool *out)
{
	struct iommu_group *group;
	int err;

	*out = true;
	if (!p->wanted_groups || is_named(p->options, address))
		return 0;
	err = read_group_of(p, place, object, &group);
	*out = !err && group && p->wanted_groups[group - p->host->groups];
	return err;
}

static int compare_addresses(const struct pci_address *a, const struct pci_address *b)
{
	uint64_t x = (uint64_t)a->domain << 24 | (unsigned)a->bus << 16 | (unsigned)a->device << 8 |
		     a->function;
	uint64_t y = (uint64_t)b->domain << 24 | (unsigned)b->bus << 16 | (unsigned)b->device << 8 |
		     b->function;

	return x < y ? -1 : x > y;
}

int profile_devices(struct profile *p)
{
	const struct json_place here = {.key = "devices"};
	struct iof_host *host = p->host;
	size_t i, n;
	int err = profile_array(p, NULL, p->reader.root, "devices", true, MAX_DEVICES, &p->devices,
				&n);

	if (!err)
		err = find_wanted_groups(p);
	if (err)
		return err;
	host->devices = arena_array(host->arena, n, sizeof(*host->devices));
	if (!host->devices && n)
		return profile_no_memory(p);
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const struct json_value *object = &p->devices->items[i];
		struct iof_device *device = &host->devices[host->n_devices];
		bool wanted;

		err = read_bdf(p, &item, object, &device->address);
		if (!err)
			err = profile_measured_device(p, &item, object, &device->address);
		if (!err)
			err = is_wanted(p, &item, object, &device->address, &wanted);
		if (err || !wanted)
			continue;
		if (host->n_devices &&
		    compare_addresses(&device[-1].address, &device->address) >= 0)
			err = profile_refuse(&p->reader, &item,
					     "has an address that is not above the one before");
		else
			err = read_device(p, &item, object, device);
		host->n_devices++;
	}
	return err;
}

/* Every group's list of its devices, in two passes over the devices. */
int profile_link_groups(struct profile *p)
{
	struct iof_host *host = p->host;
	size_t i;

	for (i = 0; i < host->n_devices; i++) {
		if (host->devices[i].group)
			host->devices[i].group->n_devices++;
	}
	for (i = 0; i < host->n_groups; i++) {
		struct iommu_group *group = &host->groups[i];

		group->devices =
			arena_array(host->arena, group->n_devices, sizeof(struct iof_device *));
		if (!group->devices && group->n_devices)
			return profile_no_memory(p);
		group->n_devices = 0;
	}
	for (i = 0; i < host->n_devices; i++) {
		struct iommu_group *group = host->devices[i].group;

		if (group)
			group->devices[group->n_devices++] = &host->devices[i];
	}
	return 0;
}

/* ---- what was measured ---- */

/* An array of pairs; *present says whether it is there. */
static int read_ranges(const struct profile *p, const struct json_place *place,
		       const struct json_value *object, const char *key, bool required,
		       struct interval_set *set, bool *present)
{
	struct json_place here = {.up = place, .key = key};
	const struct json_value *array;
	size_t i, n;
	int err = profile_member(&p->reader, place, object, key, JSON_ARRAY, required, &array);

	*present = !err && array;
	n = *present ? array->n : 0;
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const struct json_value *pair = &array->items[i];
		uint64_t first, last;

		if (pair->type != JSON_ARRAY || pair->n != 2)
			return profile_refuse(&p->reader, &item, "must be a pair of addresses");
		err = profile_address(&p->reader, &item, &pair->items[0], &first);
		if (!err)
			err = profile_address(&p->reader, &item, &pair->items[1], &last);
		if (!err && first > last)
			err = profile_refuse(&p->reader, &item, "ends before it begins");
		if (!err && interval_add(set, first, last) < 0)
			err = profile_no_memory(p);
	}
	return err;
}

/* The ranges of the plain domain, and of others where they are there: older profiles have none, and
 * what was derived stands. */
static int read_sets(const struct profile *p, const struct json_place *place,
		     const struct json_value *object, const struct device_iova *derived,
		     struct device_iova *iova)
{
	struct interval_set plain = {.arena = p->host->arena}, nest = plain, dirty = plain;
	bool has_plain, has_nest, has_dirty;
	int err = read_ranges(p, place, object, "ranges", true, &plain, &has_plain);

	if (!err)
		err = read_ranges(p, place, object, "nest_ranges", false, &nest, &has_nest);
	if (!err)
		err = read_ranges(p, place, object, "dirty_ranges", false, &dirty, &has_dirty);
	if (err)
		return err;
	iova->ranges = plain.ranges;
	iova->n = plain.n;
	iova->width = plain.n ? ranges_width(plain.ranges, plain.n) : 64;
	iova->nest_ranges = has_nest ? nest.ranges : derived->nest_ranges;
	iova->n_nest = has_nest ? nest.n : derived->n_nest;
	if (iova->n_nest)
		iova->nest_width = ranges_width(iova->nest_ranges, iova->n_nest);
	iova->dirty_ranges = has_dirty ? dirty.ranges : derived->dirty_ranges;
	iova->n_dirty = has_dirty ? dirty.n : derived->n_dirty;
	if (iova->n_dirty)
		iova->dirty_width = ranges_width(iova->dirty_ranges, iova->n_dirty);
	return 0;
}

static int read_measured(const struct profile *p, const struct json_place *place,
			 const struct json_value *object, struct iof_device *device)
{
	struct json_place here = {.up = place, .key = "iova"};
	struct json_place item = {.up = &here, .index = 0};
	struct device_iova iova = {0};
	const struct json_value *array;
	const char *provenance;
	size_t i, n;
	int err = profile_text(&p->reader, place, object, "provenance", &provenance);

	if (err || !provenance || !str_eq(provenance, provenance_names[IOF_PROVENANCE_MEASURED]))
		return err;
	err = profile_array(p, place, object, "iova", true, MAX_WORLDS, &array, &n);
	if (err || !n)
		return err;
	object = &array->items[0];
	err = profile_fields(&p->reader, &item, object, profile_iova_fields, &iova);
	if (!err && iova.known)
		err = read_sets(p, &item, object, &device->iova[0], &iova);
	if (err || !iova.known)
		return err;
	for (i = 0; i < p->host->n_worlds; i++)
		device->iova[i] = iova;
	device->iova_is_measured = true;
	return 0;
}

int profile_keep_measured(struct profile *p)
{
	const struct json_place here = {.key = "devices"};
	size_t i, kept = 0, n = p->devices->n;
	int err = 0;

	/* What another kernel would do was not measured. Answers say all that these say, and more.
	 */
	if ((p->options && p->options->kernel) || p->host->n_measured)
		return 0;
	/* The devices are a subsequence of the array: both are in order. */
	for (i = 0; i < n && kept < p->host->n_devices && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const struct json_value *object = &p->devices->items[i];
		struct iof_device *device = &p->host->devices[kept];
		struct pci_address address;

		err = read_bdf(p, &item, object, &address);
		if (err || compare_addresses(&address, &device->address) != 0)
			continue;
		err = read_measured(p, &item, object, device);
		kept++;
	}
	return err;
}
