/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layouts: VT-d 4.1 sections 8.1 to 8.10. */
#include "host/acpi_dmar.h"

#include <errno.h>

#define DMAR_FIXED 48

struct parser {
	struct iof_ctx *ctx;
	struct arena *arena;
	struct dmar *dmar;
	struct acpi_array units, memory, atsr, satc, sidp, affinity, acpi_devices;
};

static int parse_path(struct parser *p, const struct acpi_span *span, struct dmar_scope *scope)
{
	size_t n = (span->length - 6) / 2;

	scope->path = arena_array(p->arena, n, sizeof(*scope->path));
	if (n && !scope->path)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		scope->path[i].device = acpi_u8(span, 6 + 2 * i);
		scope->path[i].function = acpi_u8(span, 7 + 2 * i);
	}
	scope->n_path = n;
	return 0;
}

static int parse_scopes(struct parser *p, struct acpi_span span, size_t start,
			struct dmar_scopes *out)
{
	struct acpi_array scopes = {0};
	struct acpi_span one;
	int err;

	span.offset += start;
	span.length -= start;
	while (span.length > 0) {
		struct dmar_scope *scope = acpi_append(p->arena, &scopes, sizeof(*scope));

		if (!scope)
			return -ENOMEM;
		err = acpi_take(p->ctx, &span, acpi_u8(&span, 1), 6, "device scope", &one);
		if (err)
			return err;
		scope->type = acpi_u8(&one, 0);
		scope->flags = acpi_u8(&one, 2);
		scope->enumeration_id = acpi_u8(&one, 4);
		scope->start_bus = acpi_u8(&one, 5);
		err = parse_path(p, &one, scope);
		if (err)
			return err;
	}
	*out = (struct dmar_scopes){scopes.items, scopes.n};
	return 0;
}

static int parse_drhd(struct parser *p, const struct acpi_span *s)
{
	struct dmar_unit *unit = acpi_append(p->arena, &p->units, sizeof(*unit));

	if (!unit)
		return -ENOMEM;
	unit->include_pci_all = acpi_u8(s, 4) & 1;
	unit->register_pages = 1u << (acpi_u8(s, 5) & 15);
	unit->segment = acpi_u16(s, 6);
	unit->base = acpi_u64(s, 8);
	return parse_scopes(p, *s, 16, &unit->scopes);
}

static int parse_rmrr(struct parser *p, const struct acpi_span *s)
{
	struct dmar_memory *memory = acpi_append(p->arena, &p->memory, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	memory->segment = acpi_u16(s, 6);
	memory->base = acpi_u64(s, 8);
	memory->end = acpi_u64(s, 16);
	return parse_scopes(p, *s, 24, &memory->scopes);
}

static int parse_devices(struct parser *p, const struct acpi_span *s, struct acpi_array *to)
{
	struct dmar_devices *devices = acpi_append(p->arena, to, sizeof(*devices));

	if (!devices)
		return -ENOMEM;
	devices->flag = acpi_u8(s, 4) & 1;
	devices->segment = acpi_u16(s, 6);
	return parse_scopes(p, *s, 8, &devices->scopes);
}

static int parse_atsr(struct parser *p, const struct acpi_span *s)
{
	return parse_devices(p, s, &p->atsr);
}

static int parse_satc(struct parser *p, const struct acpi_span *s)
{
	return parse_devices(p, s, &p->satc);
}

static int parse_sidp(struct parser *p, const struct acpi_span *s)
{
	return parse_devices(p, s, &p->sidp);
}

static int parse_rhsa(struct parser *p, const struct acpi_span *s)
{
	struct dmar_affinity *affinity = acpi_append(p->arena, &p->affinity, sizeof(*affinity));

	if (!affinity)
		return -ENOMEM;
	affinity->base = acpi_u64(s, 8);
	affinity->proximity = acpi_u32(s, 16);
	return 0;
}

static int parse_andd(struct parser *p, const struct acpi_span *s)
{
	struct dmar_acpi_device *device = acpi_append(p->arena, &p->acpi_devices, sizeof(*device));

	if (!device)
		return -ENOMEM;
	device->number = acpi_u8(s, 7);
	device->name = acpi_text(p->arena, s, 8, s->length);
	return device->name ? 0 : -ENOMEM;
}

/* Index: the structure's type. */
static const struct {
	const char *name;
	size_t minimum;
	int (*parse)(struct parser *, const struct acpi_span *);
} kinds[] = {
	{"DRHD", 16, parse_drhd}, {"RMRR", 24, parse_rmrr}, {"ATSR", 8, parse_atsr},
	{"RHSA", 20, parse_rhsa}, {"ANDD", 8, parse_andd},  {"SATC", 8, parse_satc},
	{"SIDP", 8, parse_sidp},
};

static int parse_structure(struct parser *p, struct acpi_span *rest)
{
	uint16_t type = acpi_u16(rest, 0);
	bool known = type < ARRAY_SIZE(kinds);
	struct acpi_span one;
	int err = acpi_take(p->ctx, rest, acpi_u16(rest, 2), known ? kinds[type].minimum : 4,
			    known ? kinds[type].name : "structure", &one);

	if (err)
		return err;
	if (known)
		return kinds[type].parse(p, &one);
	p->dmar->n_unknown++;
	return 0;
}

static void finish(struct parser *p)
{
	struct dmar *dmar = p->dmar;

	dmar->units = p->units.items;
	dmar->n_units = p->units.n;
	dmar->memory = p->memory.items;
	dmar->n_memory = p->memory.n;
	dmar->atsr = p->atsr.items;
	dmar->n_atsr = p->atsr.n;
	dmar->satc = p->satc.items;
	dmar->n_satc = p->satc.n;
	dmar->sidp = p->sidp.items;
	dmar->n_sidp = p->sidp.n;
	dmar->affinity = p->affinity.items;
	dmar->n_affinity = p->affinity.n;
	dmar->acpi_devices = p->acpi_devices.items;
	dmar->n_acpi_devices = p->acpi_devices.n;
}

int dmar_parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length,
	       const char *path, const struct dmar **out)
{
	struct parser p = {.ctx = ctx, .arena = arena};
	struct acpi_span rest;
	int err;

	p.dmar = arena_alloc(arena, sizeof(*p.dmar));
	if (!p.dmar)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	err = acpi_open(ctx, bytes, length, path, "DMAR", DMAR_FIXED, &p.dmar->table);
	if (err)
		return err;
	rest = (struct acpi_span){&p.dmar->table, 0, length};
	/* Linux refuses a table whose field is 0 (parse_dmar_table: "Invalid DMAR haw"). */
	if (acpi_u8(&rest, 36) == 0)
		return acpi_bad(ctx, &rest, 36, "host address width is 0");
	p.dmar->haw = acpi_u8(&rest, 36) + 1u;
	p.dmar->interrupt_remapping = acpi_u8(&rest, 37) & 1;
	p.dmar->x2apic_opt_out = acpi_u8(&rest, 37) & 2;
	p.dmar->platform_opt_in = acpi_u8(&rest, 37) & 4;
	rest.offset += DMAR_FIXED;
	rest.length -= DMAR_FIXED;
	while (rest.length > 0) {
		err = parse_structure(&p, &rest);
		if (err == -ENOMEM)
			return ctx_fail(ctx, err, "out of memory");
		if (err)
			return err;
	}
	finish(&p);
	*out = p.dmar;
	return 0;
}

const struct dmar_unit *dmar_unit_at(const struct dmar *dmar, uint64_t base)
{
	for (size_t i = 0; i < dmar->n_units; i++)
		if (dmar->units[i].base == base)
			return &dmar->units[i];
	return NULL;
}
