// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * profile_read.c - a host from its profile. Only the facts are taken; what follows from them
 * (domains, ranges) is derived again, except where the profile says that it was measured.
 */
#include <errno.h>

#include "host/finish.h"
#include "host/profile_private.h"

#define TREE_BLOCK (64u * 1024)

/* More than any machine has, and few enough for the time and memory that a profile may cost. */
#define MAX_UNITS 1024
#define MAX_GROUPS 65536
#define MAX_REGIONS 256 /* of a group; the kernel writes one page of them */
#define MAX_ENTRIES 1024

int profile_no_memory(const struct profile *p)
{
	return ctx_fail(p->reader.ctx, -ENOMEM, "%s: out of memory", p->reader.name);
}

int profile_array(const struct profile *p, const struct json_place *place,
		  const struct json_value *object, const char *key, bool required, size_t max,
		  const struct json_value **out, size_t *n)
{
	struct json_place here = {.up = place, .key = key};
	int err = profile_member(&p->reader, place, object, key, JSON_ARRAY, required, out);
	size_t i;

	*n = !err && *out ? (*out)->n : 0;
	if (*n > max)
		return profile_refuse(&p->reader, &here, "has more than %zu entries", max);
	for (i = 0; i < *n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};

		err = profile_object(&p->reader, &item, &(*out)->items[i]);
	}
	return err;
}

/* ---- units ---- */

static int read_domains(const struct profile *p, const struct json_place *place,
			const struct json_value *object, struct iommu_unit *unit)
{
	struct json_place here = {.up = place, .key = "domains"};
	const struct json_value *array;
	size_t i, n;
	int err = profile_array(p, place, object, "domains", false, MAX_WORLDS, &array, &n);

	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};

		err = profile_fields(&p->reader, &item, &array->items[i], profile_domain_fields,
				     &unit->domain[i]);
		/* As host_finish() says that nothing can be mapped. */
		if (unit->domain[i].aperture_first > unit->domain[i].aperture_last) {
			unit->domain[i].aperture_first = 1;
			unit->domain[i].aperture_last = 0;
		}
	}
	return err;
}

static int read_units(struct profile *p)
{
	const struct json_place here = {.key = "units"};
	const struct json_value *array;
	size_t i, n;
	int err = profile_array(p, NULL, p->reader.root, "units", true, MAX_UNITS, &array, &n);

	if (err)
		return err;
	p->host->units = arena_array(p->host->arena, n, sizeof(*p->host->units));
	if (!p->host->units && n)
		return profile_no_memory(p);
	p->host->n_units = n;
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const struct json_value *object = &array->items[i];
		struct iommu_unit *unit = &p->host->units[i];

		err = profile_fields(&p->reader, &item, object, profile_unit_fields, unit);
		if (!err && unit->provenance == IOF_PROVENANCE_MEASURED)
			err = read_domains(p, &item, object, unit);
	}
	return err;
}

/* ---- groups ---- */

static int read_regions(const struct profile *p, const struct json_place *place,
			const struct json_value *object, struct iommu_group *group)
{
	struct json_place here = {.up = place, .key = "reserved_regions"};
	const struct json_value *array;
	size_t i, n;
	int err =
		profile_array(p, place, object, "reserved_regions", false, MAX_REGIONS, &array, &n);

	if (err || !n)
		return err;
	group->regions = arena_array(p->host->arena, n, sizeof(*group->regions));
	if (!group->regions)
		return profile_no_memory(p);
	group->n_regions = n;
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};

		err = profile_fields(&p->reader, &item, &array->items[i], profile_region_fields,
				     &group->regions[i]);
		if (!err && group->regions[i].first > group->regions[i].last)
			err = profile_refuse(&p->reader, &item, "ends before it begins");
	}
	return err;
}

static int read_groups(struct profile *p)
{
	const struct json_place here = {.key = "groups"};
	const struct json_value *array;
	size_t i, n;
	int err = profile_array(p, NULL, p->reader.root, "groups", true, MAX_GROUPS, &array, &n);

	if (err)
		return err;
	p->host->groups = arena_array(p->host->arena, n, sizeof(*p->host->groups));
	if (!p->host->groups && n)
		return profile_no_memory(p);
	p->host->n_groups = n;
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const struct json_value *object = &array->items[i];
		struct iommu_group *group = &p->host->groups[i];

		err = profile_fields(&p->reader, &item, object, profile_group_fields, group);
		if (!err && i && group->id <= group[-1].id)
			err = profile_refuse(&p->reader, &item,
					     "has an id that is not above the one before");
		if (!err)
			err = read_regions(p, &item, object, group);
	}
	return err;
}

/* ---- the whole ---- */

static int read_part(const struct profile *p, const struct json_place *place,
		     const struct json_value *object, const char *key, bool required,
		     const struct profile_field *fields)
{
	struct json_place here = {.up = place, .key = key};
	const struct json_value *part;
	int err = profile_member(&p->reader, place, object, key, JSON_OBJECT, required, &part);

	return err || !part ? err : profile_fields(&p->reader, &here, part, fields, p->host);
}

static int read_acpi(const struct profile *p)
{
	const struct json_place here = {.key = "acpi"};
	const struct profile_part *part;
	const struct json_value *object;
	int err = profile_member(&p->reader, NULL, p->reader.root, "acpi", JSON_OBJECT, false,
				 &object);

	for (part = profile_acpi_parts; part->key && object && !err; part++)
		err = read_part(p, &here, object, part->key, false, part->fields);
	return err;
}

/* The lines of the kernel configuration that matter, as one text again. */
static int read_config(const struct profile *p)
{
	const struct json_place up = {.key = "kernel"}, here = {.up = &up, .key = "config"};
	struct buf text = {0};
	const struct json_value *kernel, *array;
	size_t i, n;
	int err = profile_member(&p->reader, NULL, p->reader.root, "kernel", JSON_OBJECT, true,
				 &kernel);

	if (!err)
		err = profile_member(&p->reader, &up, kernel, "config", JSON_ARRAY, false, &array);
	if (err || !array)
		return err;
	n = array->n;
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};
		const char *line;

		err = profile_string(&p->reader, &item, &array->items[i], &line);
		if (!err && strpbrk(line, "\r\n"))
			err = profile_refuse(&p->reader, &item, "must be one line");
		if (!err)
			buf_printf(&text, "%s\n", line);
	}
	if (!err) {
		p->host->config = arena_strdup(p->host->arena, text.length ? text.data : "");
		err = text.err || !p->host->config ? profile_no_memory(p) : 0;
	}
	buf_free(&text);
	return err;
}

/* A top-level array of flat objects, into an array of structures. */
static int read_list(const struct profile *p, const char *key, const struct profile_field *fields,
		     size_t size, void **out, size_t *n_out)
{
	const struct json_place here = {.key = key};
	const struct json_value *array;
	size_t i, n;
	int err = profile_array(p, NULL, p->reader.root, key, false, MAX_ENTRIES, &array, &n);

	if (err || !n)
		return err;
	*out = arena_array(p->host->arena, n, size);
	if (!*out)
		return profile_no_memory(p);
	*n_out = n;
	for (i = 0; i < n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};

		err = profile_fields(&p->reader, &item, &array->items[i], fields,
				     (char *)*out + i * size);
	}
	return err;
}

static int read_lists(const struct profile *p)
{
	struct iof_host *host = p->host;
	void *notes = NULL, *pools = NULL;
	int err = read_list(p, "notes", profile_note_fields, sizeof(*host->notes), &notes,
			    &host->n_notes);

	if (!err)
		err = read_list(p, "hugepages", profile_hugepage_fields, sizeof(*host->hugepages),
				&pools, &host->n_hugepages);
	host->notes = notes;
	host->hugepages = pools;
	return err;
}

static int check_schema(const struct profile *p)
{
	const struct json_place here = {.key = "schema"};
	const char *schema;
	int err = profile_text(&p->reader, NULL, p->reader.root, "schema", &schema);

	if (err)
		return err;
	if (!schema || !str_eq(schema, PROFILE_SCHEMA))
		return profile_refuse(&p->reader, &here, "must be \"%s\"", PROFILE_SCHEMA);
	return 0;
}

static int read_facts(struct profile *p)
{
	int err = check_schema(p);

	p->host->name = NULL;
	p->host->source = NULL;
	if (!err)
		err = profile_fields(&p->reader, NULL, p->reader.root, profile_host_fields,
				     p->host);
	if (!err)
		err = read_part(p, NULL, p->reader.root, "cpu", true, profile_cpu_fields);
	if (!err)
		err = read_part(p, NULL, p->reader.root, "kernel", true, profile_kernel_fields);
	/* It follows from the answers again, if they count. */
	if (!err && p->host->scalable_is_learned) {
		p->host->scalable_mode = TRI_UNKNOWN;
		p->host->scalable_is_learned = false;
	}
	if (!err)
		err = read_config(p);
	if (!err)
		err = read_lists(p);
	if (!err)
		err = read_acpi(p);
	if (!err)
		err = read_units(p);
	if (!err)
		err = read_groups(p);
	if (!err)
		err = profile_devices(p);
	return err ? err : profile_link_groups(p);
}

/* Texts that a host always has. */
static int fill_texts(struct profile *p)
{
	struct iof_host *host = p->host;
	const char *source = host->source ? host->source : p->reader.name;

	if (!host->name)
		host->name = arena_strdup(host->arena, p->reader.name);
	host->source = arena_printf(host->arena, PROFILE_SOURCE "%s", source);
	if (!host->cpu.vendor)
		host->cpu.vendor = "";
	if (!host->cpu.model)
		host->cpu.model = "";
	if (!host->kernel_release)
		host->kernel_release = "";
	if (!host->cmdline)
		host->cmdline = "";
	host->kernel = kernel_version_parse(host->kernel_release);
	return host->name && host->source ? 0 : profile_no_memory(p);
}

static int build(struct profile *p)
{
	struct iof_ctx *ctx = p->reader.ctx;
	int err = read_facts(p);

	if (!err)
		err = fill_texts(p);
	if (!err)
		err = profile_measured(p);
	if (!err && p->options)
		err = host_apply_options(ctx, p->host, p->options);
	if (!err)
		err = host_finish(ctx, p->host);
	return err ? err : profile_keep_measured(p);
}

IOF_EXPORT int iof_host_load_profile(struct iof_ctx *ctx, const char *bytes, size_t length,
				     const char *name, const struct iof_host_options *options,
				     struct iof_host **out)
{
	struct profile p = {.reader = {.ctx = ctx, .name = name ? name : "profile"},
			    .options = options};
	struct arena *tree;
	int err;

	*out = NULL;
	tree = arena_new(TREE_BLOCK);
	p.host = host_new();
	err = tree && p.host ? profile_parse(&p.reader, tree, bytes, length, &p.reader.root)
			     : profile_no_memory(&p);
	if (!err) {
		p.reader.arena = p.host->arena;
		p.reader.bytes = bytes;
		err = build(&p);
	}
	arena_free(tree);
	if (err) {
		host_free(p.host);
		return err;
	}
	*out = p.host;
	return 0;
}
