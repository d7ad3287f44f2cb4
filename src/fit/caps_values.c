/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values that are asked about, and how a set of them is written. */
#include "fit/caps.h"

#include <errno.h>
#include <inttypes.h>

/* Numbers that are worth asking about: all that QEMU may take, and some beyond. */
static const struct {
	enum property_id property;
	unsigned first, last;
} numbers[] = {
	{PROPERTY_AW_BITS, 1, 70},
	{PROPERTY_PASID_BITS, 0, 32},
	{PROPERTY_SSIDSIZE, 0, 20},
};

const char *caps_default(struct question *q, const struct property_def *property)
{
	struct machine_type type;
	const struct compat_def *compat;

	machine_type_parse(q->machine, &type);
	compat = compat_find(q->driver->kind, property->id, &type, q->version);
	return value_text(q->caps->arena, property, compat ? compat->value : property->value);
}

static int add(struct question *q, struct value_list *list, size_t *cap, const char *value)
{
	const char **grown = arena_grow(q->caps->arena, list->values, list->n, cap, sizeof(*grown));

	if (!grown || !value)
		return -ENOMEM;
	list->values = grown;
	grown[list->n++] = value;
	return 0;
}

static int add_words(struct question *q, struct value_list *list, size_t *cap,
		     const char *const *words)
{
	int r = 0;

	for (; r == 0 && *words; words++)
		r = add(q, list, cap, *words);
	return r;
}

static int add_numbers(struct question *q, struct value_list *list, size_t *cap,
		       enum property_id property)
{
	unsigned first = 0, last = UINT8_MAX;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i].property != property)
			continue;
		first = numbers[i].first;
		last = numbers[i].last;
	}
	for (unsigned v = first; r == 0 && v <= last; v++)
		r = add(q, list, cap, arena_printf(q->caps->arena, "%u", v));
	return r;
}

int caps_values(struct question *q, const struct property_def *property, struct value_list *list)
{
	static const char *const on_off[] = {"off", "on", NULL};
	static const char *const on_off_auto[] = {"off", "on", "auto", NULL};
	static const char *const automatic[] = {"auto", NULL};
	static const char *const sizes[] = {"auto", "32", "36", "40", "42",
					    "44",   "48", "52", "56", NULL};
	static const char *const stages[] = {"1", "2", "nested", NULL};
	int r;
	size_t cap = 0;

	*list = (struct value_list){0};
	switch (property->type) {
	case VALUE_BOOL:
		return add_words(q, list, &cap, on_off);
	case VALUE_ON_OFF_AUTO:
		return add_words(q, list, &cap, on_off_auto);
	case VALUE_GRANULE:
		return add_words(q, list, &cap, granule_names);
	case VALUE_OAS:
		return add_words(q, list, &cap, sizes);
	case VALUE_SSIDSIZE:
		r = add_words(q, list, &cap, automatic);
		return r ? r : add_numbers(q, list, &cap, property->id);
	case VALUE_U8:
		return add_numbers(q, list, &cap, property->id);
	default:
		return property->id == PROPERTY_STAGE ? add_words(q, list, &cap, stages) : 0;
	}
}

static bool is_number(const char *text, uint64_t *value)
{
	return parse_u64(text, 10, UINT64_MAX, value) == 0;
}

static bool is_next(const char *text, const char *next)
{
	uint64_t a, b;

	return is_number(text, &a) && is_number(next, &b) && b == a + 1;
}

int caps_join(struct arena *arena, const struct value_list *list, const bool *marked,
	      const char **text)
{
	struct buf out = {0};
	int err;

	for (size_t i = 0; i < list->n; i++) {
		size_t end = i;

		if (!marked[i])
			continue;
		while (end + 1 < list->n && marked[end + 1] &&
		       is_next(list->values[end], list->values[end + 1]))
			end++;
		buf_printf(&out, "%s%s", out.length ? ", " : "", list->values[i]);
		if (end > i)
			buf_printf(&out, "%s%s", end > i + 1 ? " to " : ", ", list->values[end]);
		i = end;
	}
	*text = out.length && !out.err ? arena_strdup(arena, out.data) : NULL;
	err = out.err || (out.length && !*text) ? -ENOMEM : 0;
	buf_free(&out);
	return err;
}

/* The narrowest of the devices, in any world; 0: one is not known. */
static unsigned host_width(const struct question *q)
{
	unsigned width = 64;

	for (size_t i = 0; i < q->caps->n_devices; i++) {
		const struct iof_device *device = iof_host_device(q->host, q->caps->devices[i].bdf);

		for (size_t w = 0; device && w < q->host->n_worlds; w++) {
			if (!device->iova[w].known)
				return 0;
			if (device->iova[w].width < width)
				width = device->iova[w].width;
		}
	}
	return width;
}

const char *caps_recommend(const struct question *q, const struct property_def *property,
			   const char *def, const struct value_list *list, const bool *allowed)
{
	uint64_t number, width = property->id == PROPERTY_AW_BITS ? host_width(q) : 0;
	bool is_width = width != 0;
	const char *best = NULL;

	for (size_t i = 0; i < list->n; i++) {
		if (!allowed[i])
			continue;
		if (!best || (is_width ? is_number(list->values[i], &number) && number <= width
				       : str_eq(list->values[i], def)))
			best = list->values[i];
	}
	return best;
}
