// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * collect.c - which devices, groups and units are read, and how they hang together. If only some
 * devices are wanted, nothing is listed whose length depends on the size of the host.
 */
#include "host/loader.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define DEVICES "/sys/bus/pci/devices"
#define GROUPS "/sys/kernel/iommu_groups"

#define NO_GROUP UINT_MAX

/* What a device's links say, before there are groups and units to point to. */
struct device_links {
	unsigned group;	  /* NO_GROUP: none */
	const char *unit; /* NULL: none */
};

struct addresses {
	struct pci_address *items;
	size_t n;
	size_t cap;
};

static int add_address(struct loader *load, struct addresses *list, const struct pci_address *at)
{
	if (list->n == list->cap) {
		struct pci_address *grown =
			arena_grow(load->texts, list->items, list->n, &list->cap, sizeof(*grown));

		if (!grown)
			return fact_no_memory(load);
		list->items = grown;
	}
	list->items[list->n++] = *at;
	return 0;
}

static void sort_addresses(struct addresses *list)
{
	size_t kept = 0;

	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), address_order);
	for (size_t i = 0; i < list->n; i++)
		if (!kept || address_order(&list->items[kept - 1], &list->items[i]) != 0)
			list->items[kept++] = list->items[i];
	list->n = kept;
}

static bool is_wanted(const struct loader *load, const struct pci_address *at)
{
	return !load->wanted ||
	       bsearch(at, load->wanted, load->n_wanted, sizeof(*at), address_order) != NULL;
}

static int group_of(struct loader *load, const char *bdf, unsigned *group)
{
	const char *path = arena_printf(load->scratch, DEVICES "/%s/iommu_group", bdf), *name;
	uint64_t id;
	int err;

	*group = NO_GROUP;
	if (!path)
		return fact_no_memory(load);
	err = fact_link(load, load->scratch, path, &name);
	if (err)
		return fact_optional(err);
	if (parse_u64(name, 10, INT_MAX, &id))
		return fact_bad(load, path, 1, "leads to no IOMMU group");
	*group = (unsigned)id;
	return 0;
}

/* ---- which devices ---- */

static int list_all(struct loader *load, struct addresses *list)
{
	const char **names;
	size_t n;
	int err = fact_list(load, load->texts, DEVICES, &names, &n);

	for (size_t i = 0; !err && i < n; i++) {
		struct pci_address at;

		if (parse_bdf(names[i], &at) == 0)
			err = add_address(load, list, &at);
	}
	return fact_optional(err);
}

static int list_mates(struct loader *load, unsigned group, struct addresses *list)
{
	const char *path = arena_printf(load->scratch, GROUPS "/%u/devices", group), **names;
	size_t n;
	int err;

	if (!path)
		return fact_no_memory(load);
	err = fact_list(load, load->texts, path, &names, &n);
	for (size_t i = 0; !err && i < n; i++) {
		struct pci_address at;

		if (parse_bdf(names[i], &at) == 0)
			err = add_address(load, list, &at);
	}
	return fact_optional(err);
}

static int list_wanted(struct loader *load, struct addresses *list)
{
	int err = 0;

	for (size_t i = 0; !err && i < load->n_wanted; i++) {
		char bdf[BDF_TEXT];
		const char *path;
		unsigned group;

		format_bdf(&load->wanted[i], bdf);
		path = arena_printf(load->scratch, DEVICES "/%s", bdf);
		if (!path)
			return fact_no_memory(load);
		if (!root_exists(load->root, path))
			continue;
		err = add_address(load, list, &load->wanted[i]);
		if (!err)
			err = group_of(load, bdf, &group);
		if (!err && group != NO_GROUP)
			err = list_mates(load, group, list);
		arena_reset(load->scratch);
	}
	return err;
}

/* ---- devices ---- */

static int read_links(struct loader *load, const struct iof_device *dev, struct device_links *links)
{
	const char *path;
	int err = group_of(load, dev->bdf, &links->group);

	if (err)
		return err;
	path = arena_printf(load->scratch, DEVICES "/%s/iommu", dev->bdf);
	if (!path)
		return fact_no_memory(load);
	/* An AMD IOMMU is a PCI function itself; there, this is the folder of its units. */
	err = root_link_name(load->root, load->texts, path, &links->unit);
	return err == -EINVAL ? 0 : fact_optional(fact_error(load, path, err));
}

static int load_devices(struct loader *load, struct addresses *list, struct device_links **out)
{
	struct iof_host *host = load->host;
	struct device_links *links;
	int err = 0;

	sort_addresses(list);
	host->devices = arena_array(host->arena, list->n ? list->n : 1, sizeof(*host->devices));
	links = arena_array(load->texts, list->n ? list->n : 1, sizeof(*links));
	if (!host->devices || !links)
		return fact_no_memory(load);
	for (size_t i = 0; !err && i < list->n; i++) {
		struct iof_device *dev = &host->devices[host->n_devices++];

		dev->host = host;
		dev->address = list->items[i];
		format_bdf(&dev->address, dev->bdf);
		err = read_links(load, dev, &links[i]);
		if (!err)
			err = load_device(load, dev, is_wanted(load, &dev->address));
	}
	*out = links;
	return err;
}

/* ---- units ---- */

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The units that the devices need; all of them if everything is wanted, or if the devices name
 * none. */
static int needed_units(struct loader *load, const struct device_links *links, const char ***names,
			size_t *n)
{
	const char **needed;
	size_t kept = 0, found = 0;

	if (!load->wanted || !*n)
		return 0;
	needed = arena_array(load->texts, load->host->n_devices + 1, sizeof(*needed));
	if (!needed)
		return fact_no_memory(load);
	for (size_t i = 0; i < load->host->n_devices; i++)
		if (links[i].unit)
			needed[found++] = links[i].unit;
	if (!found)
		return 0;
	qsort(needed, found, sizeof(*needed), compare_strings);
	for (size_t i = 0; i < found; i++)
		if ((!kept || !str_eq(needed[kept - 1], needed[i])) &&
		    bsearch(&needed[i], *names, *n, sizeof(**names), compare_strings))
			needed[kept++] = needed[i];
	if (kept) {
		*names = needed;
		*n = kept;
	}
	return 0;
}

/* The kind of the first unit whose kind we know. */
static void decide_kind(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units; i++) {
		if (host->units[i].kind == IOF_IOMMU_OTHER)
			continue;
		host->iommu = host->units[i].kind;
		return;
	}
}

static int compare_unit(const void *key, const void *member)
{
	return strcmp(key, ((const struct iommu_unit *)member)->name);
}

/* sysfs lists names in order, so the units are sorted by name. */
static struct iommu_unit *find_unit(struct iof_host *host, const char *name)
{
	if (!host->n_units || !name)
		return NULL;
	return bsearch(name, host->units, host->n_units, sizeof(*host->units), compare_unit);
}

/* ---- groups ---- */

static int compare_ids(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

/* Ids of the groups to read, sorted: those of the devices, and all others if everything is wanted.
 */
static int group_ids(struct loader *load, const struct device_links *links, unsigned **out,
		     size_t *n_out)
{
	const char **names = NULL;
	size_t n_names = 0, n = 0, kept = 0;
	unsigned *ids;
	int err;

	if (!load->wanted) {
		err = fact_optional(fact_list(load, load->texts, GROUPS, &names, &n_names));
		if (err)
			return err;
	}
	ids = arena_array(load->texts, load->host->n_devices + n_names + 1, sizeof(*ids));
	if (!ids)
		return fact_no_memory(load);
	for (size_t i = 0; i < load->host->n_devices; i++)
		if (links[i].group != NO_GROUP)
			ids[n++] = links[i].group;
	for (size_t i = 0; i < n_names; i++) {
		uint64_t id;

		if (parse_u64(names[i], 10, INT_MAX, &id) == 0)
			ids[n++] = (unsigned)id;
	}
	if (n)
		qsort(ids, n, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < n; i++)
		if (!kept || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	*out = ids;
	*n_out = kept;
	return 0;
}

static int compare_group(const void *key, const void *member)
{
	unsigned id = *(const unsigned *)key, other = ((const struct iommu_group *)member)->id;

	return id < other ? -1 : id > other;
}

static struct iommu_group *find_group(struct iof_host *host, unsigned id)
{
	if (!host->n_groups || id == NO_GROUP)
		return NULL;
	return bsearch(&id, host->groups, host->n_groups, sizeof(*host->groups), compare_group);
}

static int take_members(struct loader *load, struct iommu_group *group, const char *const *names,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pci_address at;

		if (parse_bdf(names[i], &at) == 0)
			continue;
		group->foreign = arena_strdup(load->host->arena, names[i]);
		return group->foreign ? 0 : fact_no_memory(load);
	}
	return 0;
}

static int load_groups(struct loader *load, const struct device_links *links)
{
	struct iof_host *host = load->host;
	unsigned *ids = NULL;
	size_t n = 0;
	int err = group_ids(load, links, &ids, &n);

	if (err)
		return err;
	host->groups = arena_array(host->arena, n ? n : 1, sizeof(*host->groups));
	if (!host->groups)
		return fact_no_memory(load);
	for (size_t i = 0; !err && i < n; i++) {
		struct iommu_group *group = &host->groups[host->n_groups++];
		const char **names = NULL;
		size_t n_names = 0;

		group->id = ids[i];
		err = load_group(load, group, &names, &n_names);
		if (!err)
			err = take_members(load, group, names, n_names);
		arena_reset(load->scratch);
	}
	return err;
}

/* ---- links ---- */

static int allocate_members(struct loader *load)
{
	struct iof_host *host = load->host;

	for (size_t i = 0; i < host->n_groups; i++) {
		struct iommu_group *group = &host->groups[i];

		group->devices =
			arena_array(host->arena, group->n_devices + 1, sizeof(*group->devices));
		if (!group->devices)
			return fact_no_memory(load);
		group->n_devices = 0;
	}
	return 0;
}

/* A unit that only some devices of a group name translates all of them; if there is but one, it is
 * that one. */
static void complete_units(struct iof_host *host)
{
	for (size_t i = 0; i < host->n_groups; i++) {
		struct iommu_group *group = &host->groups[i];
		struct iommu_unit *unit = host->n_units == 1 ? &host->units[0] : NULL;

		for (size_t d = 0; d < group->n_devices; d++)
			if (group->devices[d]->unit)
				unit = group->devices[d]->unit;
		for (size_t d = 0; d < group->n_devices; d++)
			if (!group->devices[d]->unit)
				group->devices[d]->unit = unit;
	}
}

static int link_all(struct loader *load, const struct device_links *links)
{
	struct iof_host *host = load->host;
	int err;

	for (size_t i = 0; i < host->n_devices; i++) {
		struct iof_device *dev = &host->devices[i];

		dev->unit = find_unit(host, links[i].unit);
		dev->group = find_group(host, links[i].group);
		if (dev->group)
			dev->group->n_devices++;
	}
	err = allocate_members(load);
	if (err)
		return err;
	for (size_t i = 0; i < host->n_devices; i++) {
		struct iommu_group *group = host->devices[i].group;

		if (group)
			group->devices[group->n_devices++] = &host->devices[i];
	}
	complete_units(host);
	return 0;
}

/* QEMU's host bridge of its Arm machines; x86 says so in the CPU flags. */
static int detect_arm_guest(struct loader *load)
{
	uint64_t vendor = 0, device = 0;
	int err;

	if (!load->host->cpu.is_arm)
		return 0;
	err = fact_optional(fact_u64(load, DEVICES "/0000:00:00.0/vendor", 16, 0xffff, &vendor));
	if (!err)
		err = fact_optional(
			fact_u64(load, DEVICES "/0000:00:00.0/device", 16, 0xffff, &device));
	load->host->cpu.is_guest |= vendor == 0x1b36 && device == 0x0008;
	return err;
}

int load_units_and_devices(struct loader *load)
{
	struct addresses list = {0};
	struct device_links *links = NULL;
	const char **names = NULL;
	size_t n = 0;
	int err = detect_arm_guest(load);

	if (!err)
		err = load_unit_names(load, &names, &n);
	if (!err)
		err = load->wanted ? list_wanted(load, &list) : list_all(load, &list);
	if (!err)
		err = load_devices(load, &list, &links);
	if (!err)
		err = needed_units(load, links, &names, &n);
	if (!err)
		err = load_units(load, names, n);
	if (err)
		return err;
	decide_kind(load->host);
	err = load_groups(load, links);
	return err ? err : link_all(load, links);
}
