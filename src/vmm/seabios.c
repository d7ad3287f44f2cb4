/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where SeaBIOS puts BARs (src/fw/pciinit.c, paravirt.c of 1.16.0 to 1.17.0). Resources of a bus
 * are kept in three lists, largest alignment first; a bridge's needs become one entry of its
 * parent's list. 32-bit space is filled downwards from 0xfec00000. What is 64 bits wide goes above
 * RAM if it does not fit below or, from 1.16.3 on, if the guest has RAM above 4 GiB: then to the
 * top of the address space, with room for hot-plug.
 */
#include <errno.h>

#include "vmm/machine.h"
#include "vmm/place.h"

#define MAX_WIDTH 57		 /* of a CPU with five levels of page tables */
#define MEM_MIN 0x1000u		 /* of a BAR */
#define BRIDGE_MEM_MIN 0x200000u /* of a bridge's window */
#define BRIDGE_IO_MIN 0x1000u
#define MEM32_END 0xfec00000u
#define ECAM_END 0xc0000000u /* q35: 256 MiB from 0xb0000000 */

#define SEABIOS(major, minor, micro) ((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (micro))
#define TOP_OF_SPACE SEABIOS(1, 16, 3) /* uses the CPU's width, pads for hot-plug */
#define TOP_44 SEABIOS(1, 17, 0) /* 44 bits at most, not 46; large BARs keep their alignment */

enum type { TYPE_IO = 0, TYPE_MEM, TYPE_PREF, TYPE_COUNT };

struct entry {
	struct entry *next;
	struct guest_function *function;
	int bar; /* -1: a bridge's window */
	uint64_t size, align;
	bool is_64;
};

struct region {
	struct entry *first;
	uint64_t base;
};

struct bus {
	struct guest_bus *guest;
	struct region region[TYPE_COUNT];
};

struct placement {
	struct iof_machine *m;
	struct bus *buses; /* in order of their numbers */
	size_t n_buses;
	uint64_t top; /* end of the address space that is used; 0: not known */
	bool pads;
	uint64_t mem32_start;
	uint64_t io_low_end;
};

static uint64_t region_align(const struct region *region)
{
	return region->first ? region->first->align : 1;
}

static uint64_t region_sum(const struct region *region)
{
	uint64_t sum = 0;

	for (const struct entry *e = region->first; e; e = e->next)
		sum += e->size;
	return sum;
}

/* Larger alignment first, then larger size; equals in the order of coming. */
static int add_entry(struct placement *p, struct region *region, struct entry entry)
{
	struct entry *new = arena_memdup(p->m->arena, &entry, sizeof(entry));
	struct entry **at = &region->first;

	if (!new)
		return -ENOMEM;
	while (*at && ((*at)->align > entry.align ||
		       ((*at)->align == entry.align && (*at)->size >= entry.size)))
		at = &(*at)->next;
	new->next = *at;
	*at = new;
	return 0;
}

static struct bus *bus_of(struct placement *p, const struct guest_bus *guest)
{
	for (size_t i = 0; i < p->n_buses; i++) {
		if (p->buses[i].guest == guest)
			return &p->buses[i];
	}
	return NULL;
}

/* All root buses share the first one's lists. */
static struct bus *list_bus(struct placement *p, struct bus *bus)
{
	return bus->guest->bridge ? bus : &p->buses[0];
}

static int add_bars(struct placement *p, struct bus *bus, struct guest_function *function)
{
	int r = 0;

	for (int i = 0; i < GUEST_BARS && r == 0; i++) {
		const struct guest_bar *bar = &function->bar[i];
		enum type type = bar->is_io ? TYPE_IO : bar->is_prefetchable ? TYPE_PREF : TYPE_MEM;
		uint64_t size = bar->size;

		if (!size)
			continue;
		if (!bar->is_io && size < MEM_MIN)
			size = MEM_MIN;
		r = add_entry(p, &bus->region[type],
			      (struct entry){.function = function,
					     .bar = i,
					     .size = size,
					     .align = size,
					     .is_64 = bar->is_64});
	}
	return r;
}

/* Ports of PCIe slots, also where hot-plug is off, and bridges with a standard hot-plug controller.
 */
static bool takes_hotplug(const struct guest_function *bridge)
{
	static const char *const none[] = {"x3130-upstream", "i82801b11-bridge"};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		if (str_eq(bridge->driver, none[i]))
			return false;
	}
	return bridge->secondary->is_express || bridge->bar[0].size != 0;
}

static bool window_is_64(const struct region *region, enum type type)
{
	if (type != TYPE_PREF)
		return false;
	for (const struct entry *e = region->first; e; e = e->next) {
		if (!e->is_64)
			return false;
	}
	return true;
}

/* What the bridge's *-reserve properties ask for; 0: nothing. */
static uint64_t reserved(const struct guest_bus *bus, enum type type)
{
	bool has_32 = bus->reserve_pref32 != RESERVE_DEFAULT;
	bool has_64 = bus->reserve_pref64 != RESERVE_DEFAULT;

	if (type == TYPE_IO)
		return bus->reserve_io == RESERVE_DEFAULT ? 0 : bus->reserve_io;
	if (type == TYPE_MEM)
		return bus->reserve_mem == RESERVE_DEFAULT ? 0 : bus->reserve_mem;
	if (has_32 == has_64)
		return 0;
	return has_32 ? bus->reserve_pref32 : bus->reserve_pref64;
}

static uint64_t window_align(const struct placement *p, const struct region *region, enum type type,
			     bool pads)
{
	uint64_t align = type == TYPE_IO ? BRIDGE_IO_MIN : BRIDGE_MEM_MIN;
	uint64_t top_align = p->top >> 11;

	if (region_align(region) > align)
		align = region_align(region);
	if (!pads)
		return align;
	return p->m->guest.firmware.release >= TOP_44 && top_align < align ? align : top_align;
}

static int add_window(struct placement *p, struct bus *bus, enum type type)
{
	struct guest_function *bridge = bus->guest->bridge;
	struct bus *parent = list_bus(p, bus_of(p, bridge->bus));
	struct region *region = &bus->region[type];
	bool hotplug = takes_hotplug(bridge), is_64 = window_is_64(region, type);
	bool is_optional = bus->guest->is_express && type == TYPE_IO;
	uint64_t size = reserved(bus->guest, type), sum = region_sum(region);
	uint64_t align = window_align(p, region, type, hotplug && p->pads && is_64);

	if (align > sum && hotplug && !is_optional)
		sum = align;
	if (size > sum)
		size = type == TYPE_IO ? size : align_up(size, align);
	else
		size = align_up(sum, align);
	return add_entry(p, &parent->region[type],
			 (struct entry){.function = bridge,
					.bar = -1,
					.size = size,
					.align = align,
					.is_64 = is_64});
}

static int collect(struct placement *p)
{
	int r = 0;

	for (size_t i = 0; i < p->n_buses && r == 0; i++) {
		struct bus *bus = &p->buses[i];

		for (struct guest_function *f = bus->guest->functions; f && r == 0; f = f->next)
			r = add_bars(p, list_bus(p, bus), f);
	}
	for (size_t i = p->n_buses; i-- > 0 && r == 0;) {
		for (enum type type = 0; type < TYPE_COUNT && r == 0; type++) {
			if (p->buses[i].guest->bridge)
				r = add_window(p, &p->buses[i], type);
		}
	}
	return r;
}

static void map_region(struct placement *p, struct region *region, enum type type)
{
	for (struct entry *e = region->first; e; e = e->next) {
		uint64_t at = region->base;
		struct guest_window window = {at, at + e->size - 1};

		region->base += e->size;
		if (e->bar >= 0) {
			/* 1.16.3 aligns windows to less than large BARs have: the register drops
			 * the rest */
			e->function->bar[e->bar].address =
				align_down(at, e->function->bar[e->bar].size);
			continue;
		}
		bus_of(p, e->function->secondary)->region[type].base = at;
		if (type == TYPE_IO)
			e->function->secondary->io = window;
		else if (type == TYPE_MEM)
			e->function->secondary->memory = window;
		else
			e->function->secondary->prefetchable = window;
	}
	region->first = NULL;
}

static bool place_io(struct placement *p)
{
	struct region *io = &p->buses[0].region[TYPE_IO];
	uint64_t sum = region_sum(io);

	io->base = sum < 0x4000 ? 0xc000 : 0x1000;
	return sum < 0x4000 || sum < p->io_low_end - 0x1000;
}

/* Downwards; the kind with the larger alignment goes lower. false: it does not fit. */
static bool place_32(struct placement *p)
{
	struct region *end = &p->buses[0].region[TYPE_PREF];
	struct region *start = &p->buses[0].region[TYPE_MEM];

	if (region_align(start) < region_align(end)) {
		struct region *swap = end;

		end = start;
		start = swap;
	}
	end->base = align_down(MEM32_END - region_sum(end), region_align(end));
	start->base = align_down(end->base - region_sum(start), region_align(start));
	return start->base >= p->mem32_start && start->base <= MEM32_END;
}

/* SeaBIOS's own driver for USB controllers reaches them below 4 GiB only. */
static bool stays_below(const struct guest_function *function)
{
	return function->class_code == 0x0c03;
}

static void move_64(struct region *from, struct region *to)
{
	struct entry **at = &from->first, **last = &to->first;

	while (*at) {
		struct entry *e = *at;

		if (!e->is_64 || stays_below(e->function)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		e->next = NULL;
		*last = e;
		last = &e->next;
	}
}

/* Where the 64-bit window starts, before it is aligned. */
static uint64_t start_64(const struct placement *p, uint64_t sum_mem, uint64_t sum_pref)
{
	uint64_t base = guest_reserved_memory_end(p->m), ram_end = guest_ram_end(p->m), size;
	struct reserved_e820 used;

	if (base < ram_end)
		base = ram_end;
	if (!p->top)
		return base;
	size = align_up(sum_mem, GIB) + align_up(sum_pref, GIB);
	if (p->pads)
		size = align_up(size, p->top >> 3);
	if (base < p->top - size) /* wraps around, as it does in SeaBIOS */
		base = p->top - size;
	if (size && base + size - 1 >= base &&
	    guest_e820_overlap(p->m, base, base + size - 1, &used))
		base -= size;
	return base;
}

static void place_64(struct placement *p, struct region *mem, struct region *pref)
{
	uint64_t sum_mem = region_sum(mem), sum_pref = region_sum(pref), end;
	uint64_t base = start_64(p, sum_mem, sum_pref);

	mem->base = align_up(align_up(base, region_align(mem)), GIB);
	pref->base = align_up(align_up(mem->base + sum_mem, region_align(pref)), GIB);
	end = align_up(pref->base + sum_pref, GIB);
	p->m->guest.mmio64 = (struct guest_window){mem->base, end - 1};
	map_region(p, mem, TYPE_MEM);
	map_region(p, pref, TYPE_PREF);
}

static void refuse(struct placement *p, const char *why)
{
	p->m->guest.unplaced_why = why;
}

/* ich9_smbus_setup: after all is placed, the board's SMBus goes to a place of its own, next to that
 * of power management, which is elsewhere without ACPI. */
static void move_smbus(struct placement *p)
{
	bool has_acpi = machine_flag(p->m, "acpi", true);

	for (struct guest_function *f = p->buses[0].guest->functions; f; f = f->next) {
		if (!f->device && str_eq(f->driver, "ICH9-SMB"))
			f->bar[4].address = has_acpi ? 0x700 : 0xb100;
	}
}

static void map(struct placement *p)
{
	struct region mem = {0}, pref = {0};

	p->m->guest.mmio32 = (struct guest_window){p->mem32_start, MEM32_END - 1};
	p->m->guest.mmio64 = (struct guest_window){1, 0};
	if (!place_io(p)) {
		refuse(p, "SeaBIOS stops: the BARs need more I/O ports than there are.");
		return;
	}
	if (p->pads || !place_32(p)) {
		move_64(&p->buses[0].region[TYPE_MEM], &mem);
		move_64(&p->buses[0].region[TYPE_PREF], &pref);
		if (!place_32(p)) {
			refuse(p, "SeaBIOS stops: the 32-bit BARs do not fit below 4 GiB.");
			return;
		}
		place_64(p, &mem, &pref);
	}
	for (size_t i = 0; i < p->n_buses; i++) {
		for (enum type type = 0; type < TYPE_COUNT; type++)
			map_region(p, &p->buses[i].region[type], type);
	}
	move_smbus(p);
	p->m->guest.is_placed = true;
}

static bool is_true(const char *text)
{
	return str_eq(text, "1") || str_eq(text, "on") || str_eq(text, "yes") ||
	       str_eq(text, "true") || str_eq(text, "y");
}

/* How far the address space reaches, and whether room for hot-plug is kept. */
static void find_policy(struct placement *p)
{
	const struct iof_machine *m = p->m;
	uint32_t release = m->guest.firmware.release;
	unsigned bits = m->vcpu.phys_bits < MAX_WIDTH ? m->vcpu.phys_bits : MAX_WIDTH;
	bool has_high_ram = guest_ram_end(m) > 4 * GIB;
	const char *asked = guest_fw_cfg(m, "opt/org.seabios/pci64");

	p->io_low_end = m->type.family == MACHINE_Q35 ? 0x10000 : 0xa000;
	p->mem32_start = m->ram[0].last + 1;
	if (m->type.family == MACHINE_Q35)
		p->mem32_start = ECAM_END;
	else if (p->mem32_start <= 0xc0000000)
		p->mem32_start = p->mem32_start <= 0x80000000 ? 0x80000000 : 0xc0000000;
	if (release < TOP_OF_SPACE)
		return;
	if (guest_width_is_valid(m, false))
		p->top = (uint64_t)1 << bits;
	if (release >= TOP_44) {
		if (p->top && bits > 44 && guest_ram_end(m) - 4 * GIB < TIB)
			p->top = (uint64_t)1 << 44;
		p->pads = asked ? is_true(asked) : has_high_ram;
	} else {
		if (p->top && bits > 46)
			p->top = (uint64_t)1 << 46;
		p->pads = p->top && bits >= 36 && has_high_ram;
	}
	p->pads = p->pads && m->vcpu.long_mode;
}

int seabios_place(struct iof_machine *m)
{
	struct placement p = {.m = m};
	int r;

	for (const struct guest_bus *bus = m->guest.buses; bus; bus = bus->next)
		p.n_buses++;
	p.buses = arena_array(m->arena, p.n_buses ? p.n_buses : 1, sizeof(*p.buses));
	if (!p.buses)
		return -ENOMEM;
	p.n_buses = 0;
	for (struct guest_bus *bus = m->guest.buses; bus; bus = bus->next)
		p.buses[p.n_buses++].guest = bus;
	if (!p.n_buses || !m->n_ram)
		return 0;
	find_policy(&p);
	r = collect(&p);
	if (r == 0)
		map(&p);
	return r;
}
