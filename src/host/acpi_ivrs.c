/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layouts: AMD 48882 section 5.2 (IVHD blocks and their device entries, IVMD blocks). */
#include "host/acpi_ivrs.h"

#include <errno.h>

#define IVRS_FIXED 48
#define IVHD_OLD 24
#define IVHD_NEW 40
#define IVMD_LENGTH 32
#define HID_FIXED 22

struct parser {
	struct iof_ctx *ctx;
	struct arena *arena;
	struct ivrs *ivrs;
	struct acpi_array units, memory;
};

/* The top two bits of a type give the length of the entry; above 0xf0 it stands in the entry. */
static size_t entry_length(const struct acpi_span *s)
{
	uint8_t type = acpi_u8(s, 0);

	return type == IVRS_ENTRY_ACPI ? (size_t)HID_FIXED + acpi_u8(s, 21)
				       : (size_t)4 << (type >> 6);
}

static const char *acpi_uid(struct arena *arena, const struct acpi_span *s)
{
	switch (acpi_u8(s, 20)) {
	case 1:
		return arena_printf(arena, "%llu", (unsigned long long)acpi_u64(s, HID_FIXED));
	case 2:
		return acpi_text(arena, s, HID_FIXED, acpi_u8(s, 21));
	default:
		return arena_strdup(arena, "");
	}
}

static int parse_names(struct arena *arena, const struct acpi_span *s, struct ivrs_entry *entry)
{
	entry->hid = acpi_text(arena, s, 4, 8);
	entry->cid = acpi_text(arena, s, 12, 8);
	entry->uid = acpi_uid(arena, s);
	return entry->hid && entry->cid && entry->uid ? 0 : -ENOMEM;
}

static int parse_entry(struct parser *p, struct acpi_span *rest, struct acpi_array *entries)
{
	struct ivrs_entry *entry;
	struct acpi_span s;
	int err;

	err = acpi_take(p->ctx, rest, entry_length(rest), 4, "device entry", &s);
	if (err)
		return err;
	if (acpi_u8(&s, 0) == 0) /* padding */
		return 0;
	entry = acpi_append(p->arena, entries, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->type = acpi_u8(&s, 0);
	entry->devid = acpi_u16(&s, 1);
	entry->setting = acpi_u8(&s, 3);
	switch (entry->type) {
	case IVRS_ENTRY_SPECIAL:
		entry->handle = acpi_u8(&s, 4);
		entry->variety = acpi_u8(&s, 7);
		entry->alias = acpi_u16(&s, 5);
		break;
	case IVRS_ENTRY_ALIAS_SELECT:
	case IVRS_ENTRY_ALIAS_START:
		entry->alias = acpi_u16(&s, 5);
		break;
	case IVRS_ENTRY_EXTENDED_SELECT:
	case IVRS_ENTRY_EXTENDED_START:
		entry->extended = acpi_u32(&s, 4);
		break;
	case IVRS_ENTRY_ACPI:
		return parse_names(p->arena, &s, entry);
	}
	return 0;
}

static int parse_ivhd(struct parser *p, const struct acpi_span *s)
{
	struct ivrs_unit *unit = acpi_append(p->arena, &p->units, sizeof(*unit));
	size_t fixed = acpi_u8(s, 0) == 0x10 ? IVHD_OLD : IVHD_NEW;
	struct acpi_span rest = {s->table, s->offset + fixed, s->length - fixed};
	struct acpi_array entries = {0};
	int err;

	if (!unit)
		return -ENOMEM;
	unit->type = acpi_u8(s, 0);
	unit->flags = acpi_u8(s, 1);
	unit->devid = acpi_u16(s, 4);
	unit->capability = acpi_u16(s, 6);
	unit->base = acpi_u64(s, 8);
	unit->segment = acpi_u16(s, 16);
	unit->info = acpi_u16(s, 18);
	unit->feature = acpi_u32(s, 20);
	unit->has_efr = fixed == IVHD_NEW;
	if (unit->has_efr) {
		unit->efr = acpi_u64(s, 24);
		unit->efr2 = acpi_u64(s, 32);
	}
	while (rest.length > 0) {
		err = parse_entry(p, &rest, &entries);
		if (err)
			return err;
	}
	unit->entries = entries.items;
	unit->n_entries = entries.n;
	return 0;
}

static int parse_ivmd(struct parser *p, const struct acpi_span *s)
{
	struct ivrs_memory *memory = acpi_append(p->arena, &p->memory, sizeof(*memory));
	uint8_t flags = acpi_u8(s, 1);

	if (!memory)
		return -ENOMEM;
	memory->type = acpi_u8(s, 0);
	memory->unity = flags & 1;
	memory->readable = flags & 2;
	memory->writable = flags & 4;
	memory->exclusion = flags & 8;
	memory->devid = acpi_u16(s, 4);
	memory->last_devid = acpi_u16(s, 6);
	memory->segment = acpi_u16(s, 8);
	memory->start = acpi_u64(s, 16);
	memory->size = acpi_u64(s, 24);
	return 0;
}

static const struct block {
	uint8_t type;
	const char *name;
	size_t minimum;
	int (*parse)(struct parser *, const struct acpi_span *);
} blocks[] = {
	{0x10, "IVHD", IVHD_OLD, parse_ivhd},	 {0x11, "IVHD", IVHD_NEW, parse_ivhd},
	{0x40, "IVHD", IVHD_NEW, parse_ivhd},	 {0x20, "IVMD", IVMD_LENGTH, parse_ivmd},
	{0x21, "IVMD", IVMD_LENGTH, parse_ivmd}, {0x22, "IVMD", IVMD_LENGTH, parse_ivmd},
};

static int parse_block(struct parser *p, struct acpi_span *rest)
{
	const struct block *block = NULL;
	struct acpi_span s;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		if (blocks[i].type == acpi_u8(rest, 0))
			block = &blocks[i];
	err = acpi_take(p->ctx, rest, acpi_u16(rest, 2), block ? block->minimum : 4,
			block ? block->name : "block", &s);
	if (err)
		return err;
	if (block)
		return block->parse(p, &s);
	p->ivrs->n_unknown++;
	return 0;
}

/*
 * Linux (drivers/iommu/amd/init.c get_highest_supported_ivhd_type) takes for all units the type of
 * the last block that describes the first block's unit; firmware writes them in ascending order.
 */
static void choose_units(struct ivrs *ivrs)
{
	for (size_t i = 0; i < ivrs->n_units; i++)
		if (ivrs->units[i].devid == ivrs->units[0].devid)
			ivrs->unit_type = ivrs->units[i].type;
	for (size_t i = 0; i < ivrs->n_units; i++)
		ivrs->units[i].in_use = ivrs->units[i].type == ivrs->unit_type;
}

static void parse_info(struct ivrs *ivrs, uint32_t info)
{
	ivrs->info = info;
	ivrs->efr_support = info & 1;
	ivrs->dma_remap = info >> 1 & 1;
	ivrs->gva_size = info >> 5 & 0x7;
	ivrs->pa_size = info >> 8 & 0x7f;
	ivrs->va_size = info >> 15 & 0x7f;
	ivrs->ht_ats_resv = info >> 22 & 1;
}

int ivrs_parse(struct iof_ctx *ctx, struct arena *arena, const void *bytes, size_t length,
	       const char *path, const struct ivrs **out)
{
	struct parser p = {.ctx = ctx, .arena = arena};
	struct acpi_span rest;
	int err;

	p.ivrs = arena_alloc(arena, sizeof(*p.ivrs));
	if (!p.ivrs)
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	err = acpi_open(ctx, bytes, length, path, "IVRS", IVRS_FIXED, &p.ivrs->table);
	if (err)
		return err;
	rest = (struct acpi_span){&p.ivrs->table, 0, length};
	parse_info(p.ivrs, acpi_u32(&rest, 36));
	rest.offset += IVRS_FIXED;
	rest.length -= IVRS_FIXED;
	while (rest.length > 0) {
		err = parse_block(&p, &rest);
		if (err == -ENOMEM)
			return ctx_fail(ctx, err, "out of memory");
		if (err)
			return err;
	}
	p.ivrs->units = p.units.items;
	p.ivrs->n_units = p.units.n;
	p.ivrs->memory = p.memory.items;
	p.ivrs->n_memory = p.memory.n;
	choose_units(p.ivrs);
	*out = p.ivrs;
	return 0;
}
