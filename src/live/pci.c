/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pci.c - query-pci: buses, the functions on them, bridges with the functions behind them. */
#include "live/facts.h"

#include <errno.h>

#define MAX_DEPTH 32u
#define ROM_BAR 6u

static const char command[] = "query-pci";

static int take_region(struct iof_live *live, struct qmp *q, const struct live_bar *where,
		       const struct json_value *region)
{
	const struct json_value *type = member_of(region, "type", JSON_STRING);
	struct live_bar *bar;
	uint64_t index, size, address;
	int err = 0;

	if (!type || !member_number(region, "bar", ROM_BAR, &index) ||
	    !member_number(region, "size", UINT64_MAX, &size))
		return qmp_bad(q, command, "a region without type, number or size");
	if (!str_eq(type->text, "memory") || index == ROM_BAR)
		return 0;
	/* -1 (PCI_BAR_UNMAPPED) is no address. */
	if (!member_number(region, "address", UINT64_MAX, &address))
		address = UINT64_MAX;
	bar = LIVE_ADD(live, q, command, bars, bar_list, &err);
	if (!bar)
		return err;
	*bar = *where;
	bar->bar = (unsigned)index;
	bar->size = size;
	bar->address = address;
	return 0;
}

static int take_functions(struct iof_live *, struct qmp *, const struct json_value *list,
			  unsigned depth);

static int take_function(struct iof_live *live, struct qmp *q, const struct json_value *function,
			 unsigned depth)
{
	const struct json_value *regions = member_of(function, "regions", JSON_ARRAY);
	const struct json_value *bridge = member_of(function, "pci_bridge", JSON_OBJECT);
	const struct json_value *behind = member_of(bridge, "devices", JSON_ARRAY);
	struct live_bar where = {.bar = 0};
	uint64_t bus, slot, number;
	int err = 0;

	if (!member_number(function, "bus", 255, &bus) ||
	    !member_number(function, "slot", 31, &slot) ||
	    !member_number(function, "function", 7, &number) || !regions)
		return qmp_bad(q, command, "a function without address or regions");
	where.bus = (unsigned)bus;
	where.slot = (unsigned)slot;
	where.function = (unsigned)number;
	where.id = live_text(live, function, "qdev_id", &err);
	if (!where.id)
		where.id = "";
	for (size_t i = 0; !err && i < regions->n; i++)
		err = take_region(live, q, &where, &regions->items[i]);
	if (!err && behind)
		err = take_functions(live, q, behind, depth + 1);
	return err;
}

static int take_functions(struct iof_live *live, struct qmp *q, const struct json_value *list,
			  unsigned depth)
{
	int err = depth > MAX_DEPTH ? qmp_bad(q, command, "bridges behind bridges without end") : 0;

	for (size_t i = 0; !err && i < list->n; i++)
		err = take_function(live, q, &list->items[i], depth);
	return err;
}

int live_ask_pci(struct iof_live *live, struct qmp *q)
{
	const struct json_value *answer, *devices;
	int err = qmp_ask(q, command, NULL, &answer);

	if (err || !answer)
		return err;
	if (answer->type != JSON_ARRAY)
		return qmp_bad(q, command, "the answer is no list");
	live->has_pci = true;
	for (size_t i = 0; !err && i < answer->n; i++) {
		devices = member_of(&answer->items[i], "devices", JSON_ARRAY);
		err = devices ? take_functions(live, q, devices, 0)
			      : qmp_bad(q, command, "a bus without devices");
	}
	return err;
}
