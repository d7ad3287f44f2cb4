// SPDX-License-Identifier: LGPL-2.1-or-later
/* measured_read.c - the schema iommufit.measured/1, written by whoever asked the kernel. */
#include <errno.h>
#include <stdlib.h>

#include "base/interval.h"
#include "host/profile_json.h"

#define TREE_BLOCK (64u * 1024)

/* More than any machine has, and few enough for the time and memory that a file may cost. */
#define MAX_DEVICES 65536
#define MAX_RANGES 512
#define MAX_HW_INFO 4096u /* bytes; the largest structure of Linux 7.2 has 40 */

static int no_memory(const struct profile_reader *r)
{
	return ctx_fail(r->ctx, -ENOMEM, "%s: out of memory", r->name);
}

/* ---- ranges ---- */

static int read_range(const struct profile_reader *r, const struct json_place *place,
		      const struct json_value *pair, struct interval_set *set)
{
	uint64_t first, last;
	int err;

	if (pair->type != JSON_ARRAY || pair->n != 2)
		return profile_refuse(r, place, "must be a pair of addresses");
	err = profile_address(r, place, &pair->items[0], &first);
	if (!err)
		err = profile_address(r, place, &pair->items[1], &last);
	if (err)
		return err;
	if (first > last)
		return profile_refuse(r, place, "ends before it begins");
	/* The kernel tells them in order and apart. */
	if (set->n && first <= set->ranges[set->n - 1].last)
		return profile_refuse(r, place, "does not begin behind the range before");
	return interval_add(set, first, last) ? no_memory(r) : 0;
}

static int read_ranges(const struct profile_reader *r, const struct json_place *place,
		       const struct json_value *object, struct measured_domain *domain)
{
	struct json_place here = {.up = place, .key = "ranges"};
	struct interval_set set = {.arena = r->arena};
	const struct json_value *array;
	int err = profile_member(r, place, object, "ranges", JSON_ARRAY, false, &array);

	if (err || !array)
		return err;
	if (array->n > MAX_RANGES)
		return profile_refuse(r, &here, "has more than %d entries", MAX_RANGES);
	for (size_t i = 0; i < array->n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};

		err = read_range(r, &item, &array->items[i], &set);
	}
	domain->has_ranges = true;
	domain->ranges = set.ranges;
	domain->n_ranges = set.n;
	return err;
}

static int read_domain(const struct profile_reader *r, const struct json_place *place,
		       const struct json_value *object, struct measured_domain *domain)
{
	struct json_place alignment = {.up = place, .key = "alignment"};
	int err = profile_object(r, place, object);

	if (!err)
		err = profile_fields(r, place, object, profile_measured_domain_fields, domain);
	if (!err && domain->alignment & (domain->alignment - 1))
		err = profile_refuse(r, &alignment, "must be a power of two");
	if (!err)
		err = read_ranges(r, place, object, domain);
	if (!err && domain->error && domain->has_ranges)
		err = profile_refuse(r, place, "has both an error and ranges");
	domain->asked = true;
	return err;
}

static int read_domains(const struct profile_reader *r, const struct json_place *place,
			const struct json_value *object, struct measured_device *out)
{
	struct json_place here = {.up = place, .key = "domains"};
	const struct json_value *domains, *domain;
	int err = profile_member(r, place, object, "domains", JSON_OBJECT, false, &domains);

	for (size_t use = 0; use < MEASURED_USES && domains && !err; use++) {
		struct json_place item = {.up = &here, .key = measured_use_names[use]};

		domain = json_member(domains, measured_use_names[use]);
		if (domain && domain->type != JSON_NULL)
			err = read_domain(r, &item, domain, &out->domain[use]);
	}
	return err;
}

/* ---- hw_info ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int read_data(const struct profile_reader *r, const struct json_place *place,
		     const struct json_value *object, struct measured_hw_info *info)
{
	struct json_place here = {.up = place, .key = "data"};
	const struct json_value *value;
	int err = profile_member(r, place, object, "data", JSON_STRING, false, &value);

	if (err || !value)
		return err;
	if (value->n % 2 || value->n / 2 > MAX_HW_INFO)
		return profile_refuse(r, &here, "must be at most %u bytes, two digits each",
				      MAX_HW_INFO);
	info->n_data = value->n / 2;
	info->data = arena_alloc(r->arena, info->n_data + 1);
	if (!info->data)
		return no_memory(r);
	for (size_t i = 0; i < info->n_data; i++) {
		int high = hex_digit(value->text[2 * i]), low = hex_digit(value->text[2 * i + 1]);

		if (high < 0 || low < 0)
			return profile_refuse(r, &here, "must be digits 0-9 and a-f");
		info->data[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

static int read_hw_info(const struct profile_reader *r, const struct json_place *place,
			const struct json_value *object, struct measured_hw_info *info)
{
	struct json_place here = {.up = place, .key = "hw_info"};
	const struct json_value *value;
	int err = profile_member(r, place, object, "hw_info", JSON_OBJECT, false, &value);

	if (err || !value)
		return err;
	info->asked = true;
	err = profile_fields(r, &here, value, profile_measured_hw_info_fields, info);
	return err ? err : read_data(r, &here, value, info);
}

static int read_viommu(const struct profile_reader *r, const struct json_place *place,
		       const struct json_value *object, struct measured_device *out)
{
	struct json_place here = {.up = place, .key = "viommu"};
	const struct json_value *value;
	int err = profile_member(r, place, object, "viommu", JSON_OBJECT, false, &value);

	if (err || !value)
		return err;
	out->viommu_asked = true;
	return profile_fields(r, &here, value, profile_measured_viommu_fields, out);
}

int measured_read_answers(const struct profile_reader *r, const struct json_place *place,
			  const struct json_value *object, struct measured_device *out)
{
	int err = profile_fields(r, place, object, profile_measured_fields, out);

	if (!err)
		err = read_domains(r, place, object, out);
	if (!err)
		err = read_hw_info(r, place, object, &out->hw_info);
	return err ? err : read_viommu(r, place, object, out);
}

/* ---- devices ---- */

int measured_read_device(const struct profile_reader *r, const struct json_place *place,
			 const struct json_value *object, struct measured_device *out)
{
	struct json_place here = {.up = place, .key = "bdf"};
	const struct json_value *value;
	char bdf[BDF_TEXT];
	int err = profile_object(r, place, object);

	out->group = -1;
	if (!err)
		err = profile_member(r, place, object, "bdf", JSON_STRING, true, &value);
	if (err)
		return err;
	if (strlen(value->text) != value->n || parse_bdf(value->text, &out->address))
		return profile_refuse(r, &here, "must be a PCI address such as \"0000:01:00.0\"");
	format_bdf(&out->address, bdf);
	out->bdf = arena_strdup(r->arena, bdf);
	if (!out->bdf)
		return no_memory(r);
	err = profile_fields(r, place, object, profile_measured_device_fields, out);
	return err ? err : measured_read_answers(r, place, object, out);
}

static int by_address(const void *a, const void *b)
{
	const struct measured_device *x = a, *y = b;

	return address_order(&x->address, &y->address);
}

static int read_devices(const struct profile_reader *r, const struct json_value *root,
			struct measured *out)
{
	const struct json_place here = {.key = "devices"};
	const struct json_value *array;
	int err = profile_member(r, NULL, root, "devices", JSON_ARRAY, true, &array);

	if (err)
		return err;
	if (array->n > MAX_DEVICES)
		return profile_refuse(r, &here, "has more than %d entries", MAX_DEVICES);
	out->devices = arena_array(r->arena, array->n + 1, sizeof(*out->devices));
	if (!out->devices)
		return no_memory(r);
	for (size_t i = 0; i < array->n && !err; i++) {
		struct json_place item = {.up = &here, .index = i};

		err = measured_read_device(r, &item, &array->items[i], &out->devices[i]);
		out->devices[i].boot_id = out->boot_id;
		out->devices[i].kernel = out->kernel;
	}
	if (err)
		return err;
	out->n = array->n;
	if (out->n)
		qsort(out->devices, out->n, sizeof(*out->devices), by_address);
	for (size_t i = 1; i < out->n; i++)
		if (by_address(&out->devices[i - 1], &out->devices[i]) == 0)
			return profile_refuse(r, &here, "has %s twice", out->devices[i].bdf);
	return 0;
}

static int read_all(const struct profile_reader *r, const struct json_value *root,
		    struct measured *out)
{
	const struct json_place here = {.key = "schema"};
	const char *schema;
	int err = profile_text(r, NULL, root, "schema", &schema);

	if (err)
		return err;
	if (!schema || !str_eq(schema, MEASURED_SCHEMA))
		return profile_refuse(r, &here, "must be \"%s\"", MEASURED_SCHEMA);
	err = profile_text(r, NULL, root, "boot_id", &out->boot_id);
	if (!err)
		err = profile_text(r, NULL, root, "kernel", &out->kernel);
	return err ? err : read_devices(r, root, out);
}

int measured_parse(struct iof_ctx *ctx, struct arena *arena, const char *bytes, size_t length,
		   const char *name, struct measured *out)
{
	struct profile_reader r = {.ctx = ctx, .name = name, .arena = arena};
	struct arena *tree = arena_new(TREE_BLOCK);
	int err;

	*out = (struct measured){0};
	err = tree ? profile_parse(&r, tree, bytes, length, &r.root) : no_memory(&r);
	r.bytes = bytes;
	if (!err)
		err = read_all(&r, r.root, out);
	arena_free(tree);
	return err;
}
