// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * profile_measured.c - what the kernel of a profile's host answered: the member "measured" of a
 * device, and the same of devices that the profile does not have but whose units it has.
 */
#include <errno.h>
#include <stdlib.h>

#include "host/profile_private.h"

#define MAX_ELSEWHERE 65536

static struct measured_device *append(struct profile *p)
{
	struct measured_device *grown;

	if (p->n_measured == p->measured_cap) {
		grown = arena_grow(p->host->arena, p->measured, p->n_measured, &p->measured_cap,
				   sizeof(*grown));
		if (!grown)
			return NULL;
		p->measured = grown;
	}
	return &p->measured[p->n_measured++];
}

int profile_measured_device(struct profile *p, const struct json_place *place,
			    const struct json_value *object, const struct pci_address *address)
{
	struct json_place here = {.up = place, .key = "measured"};
	struct measured_device *device;
	const struct json_value *value;
	char bdf[BDF_TEXT];
	int err = profile_member(&p->reader, place, object, "measured", JSON_OBJECT, false, &value);

	if (err || !value)
		return err;
	device = append(p);
	format_bdf(address, bdf);
	if (!device)
		return profile_no_memory(p);
	memset(device, 0, sizeof(*device));
	device->address = *address;
	device->bdf = arena_strdup(p->host->arena, bdf);
	if (!device->bdf)
		return profile_no_memory(p);
	/* The device says them itself. */
	device->group = -1;
	err = profile_text(&p->reader, place, object, "unit", &device->unit);
	return err ? err : measured_read_answers(&p->reader, &here, value, device);
}

static int read_elsewhere(struct profile *p)
{
	const struct json_place here = {.key = "measured"};
	const struct json_value *array;
	size_t i, n;
	int err = profile_array(p, NULL, p->reader.root, "measured", false, MAX_ELSEWHERE, &array,
				&n);

	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		struct measured_device *device = append(p);

		if (!device)
			return profile_no_memory(p);
		memset(device, 0, sizeof(*device));
		err = measured_read_device(&p->reader, &item, &array->items[i], device);
	}
	return err;
}

static int by_address(const void *a, const void *b)
{
	const struct measured_device *x = a, *y = b;

	return address_order(&x->address, &y->address);
}

static int attach(struct profile *p)
{
	const struct json_place here = {.key = "measured"};
	size_t i;

	if (p->n_measured)
		qsort(p->measured, p->n_measured, sizeof(*p->measured), by_address);
	for (i = 1; i < p->n_measured; i++)
		if (by_address(&p->measured[i - 1], &p->measured[i]) == 0)
			return profile_refuse(&p->reader, &here, "has %s twice",
					      p->measured[i].bdf);
	return measured_attach(p->reader.ctx, p->host, p->measured, p->n_measured);
}

/* What the caller gives counts instead. */
static int attach_given(struct profile *p)
{
	struct measured measured;
	int err = measured_parse(p->reader.ctx, p->host->arena, p->options->measured,
				 p->options->measured_length, "measured", &measured);

	return err ? err : measured_attach(p->reader.ctx, p->host, measured.devices, measured.n);
}

int profile_measured(struct profile *p)
{
	int err;

	if (p->options && p->options->measured)
		return attach_given(p);
	err = read_elsewhere(p);
	return err ? err : attach(p);
}
