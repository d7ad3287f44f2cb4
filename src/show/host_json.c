// SPDX-License-Identifier: LGPL-2.1-or-later
/* host_json.c - a host as JSON, schema iommufit.host/1. What it writes, host/profile_read.c reads.
 */
#include <errno.h>

#include "host/capture.h"
#include "host/profile.h"
#include "host/registers.h"
#include "show/host_show.h"
#include "show/measured_show.h"

static void put_number(struct emit *e, const struct profile_field *field, const void *from)
{
	uint16_t narrow;
	uint32_t wide;
	uint64_t number;
	int signed_number;

	switch (field->type) {
	case FIELD_INT:
		memcpy(&signed_number, from, sizeof(signed_number));
		emit_i64(e, field->key, signed_number);
		return;
	case FIELD_HEX16:
		memcpy(&narrow, from, sizeof(narrow));
		number = narrow;
		break;
	case FIELD_UNSIGNED:
	case FIELD_HEX32:
		memcpy(&wide, from, sizeof(wide));
		number = wide;
		break;
	default:
		memcpy(&number, from, sizeof(number));
	}
	if (field->type == FIELD_UNSIGNED || field->type == FIELD_U64)
		emit_u64(e, field->key, number);
	else
		emit_hex(e, field->key, number);
}

static void put_name(struct emit *e, const struct profile_field *field, const void *from)
{
	const char *const *names = field->names ? field->names : tristate_names;
	unsigned i, value;

	memcpy(&value, from, sizeof(value));
	for (i = 0; i < value && names[i]; i++)
		;
	emit_string(e, field->key, names[i] ? names[i] : names[0]);
}

static void put_fields(struct emit *e, const struct profile_field *field, const void *base)
{
	for (; field->key; field++) {
		const void *from = (const char *)base + field->offset;
		const char *text;

		if (field->present != NOT_OPTIONAL &&
		    !*(const bool *)((const char *)base + field->present))
			continue;
		switch (field->type) {
		case FIELD_STRING:
			memcpy(&text, from, sizeof(text));
			emit_string(e, field->key, text);
			break;
		case FIELD_BOOL:
			emit_bool(e, field->key, *(const bool *)from);
			break;
		case FIELD_TRISTATE:
		case FIELD_ENUM:
			put_name(e, field, from);
			break;
		default:
			put_number(e, field, from);
		}
	}
}

/* An item of an array. */
static void put_object(struct emit *e, const struct profile_field *fields, const void *base)
{
	emit_object(e, NULL);
	put_fields(e, fields, base);
	emit_object_end(e);
}

static void put_config(struct emit *e, const char *text, size_t length)
{
	const char *cursor = text, *line;
	size_t n;

	emit_array(e, "config");
	while (next_line(&cursor, text + length, &line, &n)) {
		struct buf copy = {0};

		buf_append(&copy, line, n);
		if (copy.err && !e->err)
			e->err = copy.err;
		emit_string(e, NULL, copy.data);
		buf_free(&copy);
	}
	emit_array_end(e);
}

/* Of the command line and the configuration, what may leave the machine. */
static int put_kernel(struct emit *e, struct arena *arena, const struct iof_host *host)
{
	struct iof_host shown = *host;
	const char *config = NULL;
	size_t length = 0;

	shown.cmdline = cmdline_known(arena, host->cmdline ? host->cmdline : "");
	if (!shown.cmdline)
		return -ENOMEM;
	if (host->config && capture_filter_bytes(arena, CAPTURE_KCONFIG, host->config,
						 strlen(host->config), &config, &length) < 0)
		return -ENOMEM;
	emit_object(e, "kernel");
	put_fields(e, profile_kernel_fields, &shown);
	if (config)
		put_config(e, config, length);
	emit_object_end(e);
	return 0;
}

static void put_acpi(struct emit *e, const struct iof_host *host)
{
	const struct profile_part *part;

	emit_object(e, "acpi");
	for (part = profile_acpi_parts; part->key; part++) {
		emit_object(e, part->key);
		put_fields(e, part->fields, host);
		emit_object_end(e);
	}
	emit_object_end(e);
}

/* ---- units ---- */

static void put_registers(struct emit *e, const struct iommu_unit *unit)
{
	struct reg_word words[UNIT_REGISTERS];
	size_t i, n = unit_registers(unit, words);

	emit_object(e, "registers");
	for (i = 0; i < n; i++) {
		const struct reg_field *field = NULL;
		uint64_t value;

		emit_object(e, words[i].name);
		while ((field = reg_next_set(words[i].fields, words[i].value, field, &value)))
			emit_u64(e, field->name, value);
		emit_object_end(e);
	}
	emit_object_end(e);
}

static void put_units(struct emit *e, const struct iof_host *host)
{
	size_t i, world;

	emit_array(e, "units");
	for (i = 0; i < host->n_units; i++) {
		const struct iommu_unit *unit = &host->units[i];

		emit_object(e, NULL);
		put_fields(e, profile_unit_fields, unit);
		put_registers(e, unit);
		emit_array(e, "domains");
		for (world = 0; world < host->n_worlds; world++)
			put_object(e, profile_domain_fields, &unit->domain[world]);
		emit_array_end(e);
		emit_object_end(e);
	}
	emit_array_end(e);
}

/* ---- groups and devices ---- */

static void put_group(struct emit *e, const struct iommu_group *group)
{
	size_t i;

	emit_object(e, NULL);
	put_fields(e, profile_group_fields, group);
	emit_array(e, "reserved_regions");
	for (i = 0; i < group->n_regions; i++)
		put_object(e, profile_region_fields, &group->regions[i]);
	emit_array_end(e);
	emit_array(e, "devices");
	for (i = 0; i < group->n_devices; i++)
		emit_string(e, NULL, group->devices[i]->bdf);
	emit_array_end(e);
	emit_object_end(e);
}

static void put_groups(struct emit *e, const struct iof_host *host)
{
	size_t i;

	emit_array(e, "groups");
	for (i = 0; i < host->n_groups; i++)
		put_group(e, &host->groups[i]);
	emit_array_end(e);
}

static void put_bars(struct emit *e, const struct iof_device *device)
{
	unsigned i;

	emit_array(e, "bars");
	for (i = 0; i < PCI_BARS; i++) {
		if (!device->bars[i].size)
			continue;
		emit_object(e, NULL);
		emit_u64(e, "index", i);
		put_fields(e, profile_bar_fields, &device->bars[i]);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void put_ranges(struct emit *e, const char *key, const struct iof_range *ranges, size_t n)
{
	emit_array(e, key);
	for (size_t i = 0; i < n; i++)
		emit_range(e, NULL, &ranges[i]);
	emit_array_end(e);
}

static void put_iova(struct emit *e, const struct device_iova *iova)
{
	emit_object(e, NULL);
	put_fields(e, profile_iova_fields, iova);
	put_ranges(e, "ranges", iova->ranges, iova->n);
	if (iova->n_nest)
		put_ranges(e, "nest_ranges", iova->nest_ranges, iova->n_nest);
	if (iova->n_dirty)
		put_ranges(e, "dirty_ranges", iova->dirty_ranges, iova->n_dirty);
	emit_object_end(e);
}

static void put_device(struct emit *e, const struct iof_host *host, const struct iof_device *device)
{
	enum iof_provenance provenance = IOF_PROVENANCE_UNKNOWN;
	unsigned width;
	size_t world;

	iof_device_width(device, &width, &provenance);
	emit_object(e, NULL);
	emit_string(e, "bdf", device->bdf);
	if (device->group)
		emit_u64(e, "group", device->group->id);
	else
		emit_null(e, "group");
	emit_string(e, "unit", device->unit ? device->unit->name : NULL);
	put_fields(e, profile_device_fields, device);
	put_bars(e, device);
	emit_string(e, "provenance", provenance_names[provenance]);
	emit_array(e, "iova");
	for (world = 0; world < host->n_worlds; world++)
		put_iova(e, &device->iova[world]);
	emit_array_end(e);
	measured_put_json(e, device);
	emit_object_end(e);
}

static void put_devices(struct emit *e, const struct iof_host *host)
{
	size_t i;

	emit_array(e, "devices");
	for (i = 0; i < host->n_devices; i++)
		put_device(e, host, &host->devices[i]);
	emit_array_end(e);
}

/* ---- what is not known ---- */

static void put_notes(struct emit *e, const struct iof_host *host)
{
	size_t i;

	emit_array(e, "notes");
	for (i = 0; i < host->n_notes; i++)
		put_object(e, profile_note_fields, &host->notes[i]);
	emit_array_end(e);
}

static void put_hugepages(struct emit *e, const struct iof_host *host)
{
	size_t i;

	emit_array(e, "hugepages");
	for (i = 0; i < host->n_hugepages; i++)
		put_object(e, profile_hugepage_fields, &host->hugepages[i]);
	emit_array_end(e);
}

/* Which facts are missing, and the values that they may have: the index is that of each "iova" and
 * "domains". */
static void put_worlds(struct emit *e, const struct iof_host *host)
{
	size_t i;

	emit_string(e, "missing_fact", host->missing_fact);
	emit_string(e, "missing_how", host->missing_how);
	emit_array(e, "worlds");
	for (i = 0; i < host->n_worlds; i++)
		emit_string(e, NULL, host->world_text[i]);
	emit_array_end(e);
}

static const char *bare_source(const char *source)
{
	while (str_starts(source, PROFILE_SOURCE))
		source += strlen(PROFILE_SOURCE);
	return source;
}

int host_write_json(struct iof_ctx *ctx, const struct iof_host *host, struct emit *e)
{
	struct arena *arena = arena_new(4096);
	struct iof_host shown = *host;
	int err;

	if (!arena)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	shown.source = bare_source(host->source);
	emit_object(e, NULL);
	emit_string(e, "schema", PROFILE_SCHEMA);
	put_fields(e, profile_host_fields, &shown);
	emit_bool(e, "virtual", iof_host_iommu_is_virtual(host));
	emit_object(e, "cpu");
	put_fields(e, profile_cpu_fields, host);
	emit_object_end(e);
	err = put_kernel(e, arena, host);
	put_acpi(e, host);
	put_units(e, host);
	put_groups(e, host);
	put_devices(e, host);
	measured_put_elsewhere(e, host);
	put_hugepages(e, host);
	put_notes(e, host);
	put_worlds(e, host);
	emit_object_end(e);
	arena_free(arena);
	return err ? ctx_fail(ctx, err, "out of memory") : 0;
}
