/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How edk2 allocates PCI resources (MdeModulePkg Bus/Pci/PciBusDxe PciResourceSupport.c and
 * PciLib.c, PciHostBridgeDxe). Each bridge has a list for I/O and for four kinds of memory, sorted
 * by alignment, of equals the one that was found later first. What a bridge cannot forward is
 * degraded to the next poorer kind; then each list is packed upwards.
 */
#include <errno.h>

#include "vmm/machine.h"
#include "vmm/place.h"

#define NO_BAR GUEST_BARS /* of a node that is none of the function's own */

enum kind { KIND_IO = 0, KIND_MEM32, KIND_PREF32, KIND_MEM64, KIND_PREF64, KIND_COUNT };

struct node {
	struct node *next;
	struct guest_function *function;
	struct guest_bus *window; /* a bridge's; NULL: a BAR, or room for hot-plug or ROMs */
	struct node *children;	  /* of a window */
	enum kind kind;		  /* as it was asked for */
	unsigned bar;
	uint64_t length;
	uint64_t mask; /* alignment - 1 */
	uint64_t offset;
	bool is_padding;
};

struct placement {
	struct iof_machine *m;
	const struct edk2_platform *platform;
	struct arena *scratch; /* of the nodes of one attempt */
	bool has_mem64;
	int err;
};

/* PciResourceSupport.c InsertResourceNode */
static void insert(struct node **list, struct node *node)
{
	struct node **at = list;

	while (*at) {
		uint64_t rest = node->length & node->mask, other = (*at)->length & (*at)->mask;

		if (node->mask > (*at)->mask ||
		    (node->mask == (*at)->mask && (rest == 0 || rest >= other)))
			break;
		at = &(*at)->next;
	}
	node->next = *at;
	*at = node;
}

static void merge(struct node **to, struct node **from)
{
	while (*from) {
		struct node *node = *from;

		*from = node->next;
		insert(to, node);
	}
}

static struct node *new_node(struct placement *p, struct node model)
{
	struct node *node = arena_memdup(p->scratch, &model, sizeof(model));

	if (!node)
		p->err = -ENOMEM;
	return node;
}

static void add(struct placement *p, struct node **list, struct node model)
{
	struct node *node = new_node(p, model);

	if (node)
		insert(list, node);
}

static enum kind kind_of(const struct guest_bar *bar)
{
	if (bar->is_io)
		return KIND_IO;
	if (bar->is_64)
		return bar->is_prefetchable ? KIND_PREF64 : KIND_MEM64;
	return bar->is_prefetchable ? KIND_PREF32 : KIND_MEM32;
}

/* PciEnumeratorSupport.c: a page at least for memory */
static uint64_t alignment(const struct guest_bar *bar)
{
	return bar->is_io || bar->size >= 4 * KIB ? bar->size : 4 * KIB;
}

static void add_bars(struct placement *p, struct guest_function *function, struct node **lists)
{
	for (unsigned i = 0; i < GUEST_ROM; i++) {
		const struct guest_bar *bar = &function->bar[i];
		enum kind kind = kind_of(bar);
		/* below 16 bytes the type bits read as ones, and it is no memory to PciParseBar */
		bool is_seen = bar->is_io || bar->size >= 16;

		if (bar->size && is_seen)
			add(p, &lists[kind],
			    (struct node){.function = function,
					  .kind = kind,
					  .bar = i,
					  .length = bar->size,
					  .mask = alignment(bar) - 1});
	}
}

/* Room for the virtual functions of models with SR-IOV (PciIovParseVfBar); vfio-pci hides the
 * host's.
 */
static void add_virtual_functions(struct placement *p, struct guest_function *function,
				  struct node **lists)
{
	static const struct {
		const char *driver;
		unsigned bars, functions;
		uint64_t size;
	} models[] = {{"igb", 2, 8, 16 * KIB}}; /* QEMU hw/net/igb.c */

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		/* the capability lies beyond what conventional PCI reaches */
		bool is_it =
			str_eq(function->driver, models[i].driver) && function->bus->is_express;

		for (unsigned k = 0; is_it && k < models[i].bars; k++)
			add(p, &lists[KIND_PREF64],
			    (struct node){.function = function,
					  .kind = KIND_PREF64,
					  .bar = NO_BAR,
					  .length = models[i].size * models[i].functions,
					  .mask = models[i].size - 1});
	}
}

/* OvmfPkg PciHotPlugInitDxe, ArmVirt alike: what a bridge's *-reserve property asks for, rounded
 * up; 0: nothing. */
static uint64_t padding(uint64_t asked, uint64_t fallback)
{
	return asked == RESERVE_DEFAULT ? fallback : pow2_ceil(asked);
}

static void add_padding(struct placement *p, struct guest_bus *bus, struct node **lists)
{
	const struct edk2_platform *platform = p->platform;
	uint64_t size[KIND_COUNT] = {
		[KIND_IO] = padding(bus->reserve_io, platform->pad_io),
		[KIND_MEM32] = padding(bus->reserve_mem, platform->pad_mem32),
		[KIND_PREF32] = padding(bus->reserve_pref32, 0),
	};

	if (!size[KIND_PREF32])
		size[KIND_PREF64] = padding(bus->reserve_pref64, platform->pad_pref64);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if (size[kind])
			add(p, &lists[kind],
			    (struct node){.function = bus->bridge,
					  .kind = kind,
					  .length = size[kind],
					  .mask = size[kind] - 1,
					  .is_padding = true});
	}
}

/* PciResourceSupport.c DegradeResource. QEMU's bridges forward 64-bit prefetchable memory and
 * 32-bit memory; root bridges take both kinds of memory alike. */
static void degrade(const struct placement *p, const struct guest_bus *bus, struct node **lists)
{
	if (bus->bridge || !p->has_mem64)
		merge(&lists[KIND_MEM32], &lists[KIND_MEM64]);
	if (!bus->bridge && !p->has_mem64)
		merge(&lists[KIND_PREF32], &lists[KIND_PREF64]);
	if (bus->bridge && lists[KIND_PREF64])
		merge(&lists[KIND_MEM32], &lists[KIND_PREF32]);
	if (!bus->bridge) {
		merge(&lists[KIND_MEM32], &lists[KIND_PREF32]);
		merge(&lists[KIND_MEM64], &lists[KIND_PREF64]);
	}
}

/* PciResourceSupport.c CalculateResourceAperture: padding and real needs overlap, the larger
 * counts.
 */
static void pack(struct node *window)
{
	uint64_t end[2] = {0, 0};

	for (struct node *n = window->children; n; n = n->next) {
		n->offset = align_up(end[n->is_padding], n->mask + 1);
		end[n->is_padding] = n->offset + n->length;
	}
	end[0] = align_up(end[0], window->mask + 1);
	if (window->kind != KIND_IO)
		end[1] = align_up(end[1], window->mask + 1);
	window->length = end[0] > end[1] ? end[0] : end[1];
	if (window->children && window->children->mask > window->mask)
		window->mask = window->children->mask;
}

static void make_map(struct placement *p, struct guest_bus *bus, struct node windows[KIND_COUNT]);

static void add_windows(struct placement *p, struct guest_function *bridge, struct node **lists)
{
	struct node windows[KIND_COUNT];

	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		windows[kind] = (struct node){.function = bridge,
					      .window = bridge->secondary,
					      .kind = kind,
					      .mask = kind == KIND_IO ? 0xfff : 0xfffff};
	make_map(p, bridge->secondary, windows);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if (windows[kind].children || windows[kind].length)
			add(p, &lists[kind], windows[kind]);
	}
}

/* What the bus needs, of each kind (PciResourceSupport.c CreateResourceMap). The depth is bounded
 * by the 256 numbers of buses. */
static void make_map(struct placement *p, struct guest_bus *bus, struct node windows[KIND_COUNT])
{
	struct node *lists[KIND_COUNT];

	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		lists[kind] = windows[kind].children;
	for (struct guest_function *f = bus->functions; f && !p->err; f = f->next) {
		if (f->is_rejected)
			continue;
		add_bars(p, f, lists);
		add_virtual_functions(p, f, lists);
		if (f->secondary)
			add_windows(p, f, lists);
	}
	if (bus->bridge && bus->is_hotpluggable && !bus->is_unpadded)
		add_padding(p, bus, lists);
	degrade(p, bus, lists);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		windows[kind].children = lists[kind];
		pack(&windows[kind]);
	}
}

static uint64_t largest_rom(const struct guest_bus *bus)
{
	uint64_t largest = 0;

	for (const struct guest_function *f = bus->functions; f; f = f->next) {
		uint64_t below = f->secondary ? largest_rom(f->secondary) : 0;

		if (f->is_rejected)
			continue;
		largest = below > largest ? below : largest;
		largest = f->bar[GUEST_ROM].size > largest ? f->bar[GUEST_ROM].size : largest;
	}
	return largest;
}

static void program_window(const struct node *node, uint64_t at)
{
	struct guest_window window = {at, at + node->length - 1};

	if (node->kind == KIND_IO)
		node->window->io = window;
	else if (node->kind == KIND_MEM32 || node->kind == KIND_MEM64)
		node->window->memory = window;
	else
		node->window->prefetchable = window;
}

static void program(const struct node *list, uint64_t base)
{
	for (const struct node *n = list; n; n = n->next) {
		if (n->window) {
			program(n->children, base + n->offset);
			program_window(n, base + n->offset);
		} else if (!n->is_padding && n->function && n->bar != NO_BAR) {
			n->function->bar[n->bar].address = base + n->offset;
		}
	}
}

/* What root bridges have taken of an address space. */
struct taken {
	struct guest_window *windows;
	size_t n;
};

/* Root bridges take three kinds, of two address spaces. */
enum { POOL_IO = 0, POOL_MEM32, POOL_MEM64, POOLS };
enum { SPACE_IO = 0, SPACE_MEMORY, SPACES };
static const enum kind pool_kind[POOLS] = {KIND_IO, KIND_MEM32, KIND_MEM64};

/* What a root bridge asks the host bridge for. It outlives an attempt: see free_requests(). */
struct request {
	enum { REQUEST_NONE = 0, REQUEST_SUBMITTED, REQUEST_ALLOCATED } state;
	uint64_t length, mask, base;
};

struct root {
	struct guest_bus *bus;
	struct node windows[KIND_COUNT];
	struct request requests[POOLS];
};

/* PciHostBridge.c AllocateResource: upwards in steps of the alignment; nothing has no place. */
static bool allocate(const struct guest_window *aperture, struct request *request,
		     struct taken *taken)
{
	uint64_t at = align_up(aperture->first, request->mask + 1);
	bool moved = true;

	if (aperture->first > aperture->last || !request->length)
		return false;
	while (moved) {
		moved = false;
		if (at > aperture->last || request->length - 1 > aperture->last - at)
			return false;
		for (size_t i = 0; i < taken->n && !moved; i++) {
			moved = taken->windows[i].first <= at + request->length - 1 &&
				taken->windows[i].last >= at;
			if (moved)
				at = align_up(taken->windows[i].last + 1, request->mask + 1);
		}
	}
	taken->windows[taken->n++] = (struct guest_window){at, at + request->length - 1};
	request->base = at;
	return true;
}

/* 64-bit memory goes below 4 GiB if there is no room for it above. */
static bool allocate_pool(const struct edk2_platform *platform, unsigned pool,
			  struct request *request, struct taken taken[SPACES])
{
	if (pool == POOL_IO)
		return allocate(&platform->io, request, &taken[SPACE_IO]);
	return (pool == POOL_MEM64 && allocate(&platform->mem64, request, &taken[SPACE_MEMORY])) ||
	       allocate(&platform->mem32, request, &taken[SPACE_MEMORY]);
}

static void map_root(struct placement *p, struct root *root)
{
	uint64_t rom = largest_rom(root->bus);

	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		root->windows[kind] =
			(struct node){.kind = kind, .mask = kind == KIND_IO ? 0xfff : 0xfffff};
	if (rom)
		add(p, &root->windows[KIND_MEM32].children,
		    (struct node){.kind = KIND_MEM32, .length = rom, .mask = rom - 1});
	make_map(p, root->bus, root->windows);
}

/* PciEnumerator.c IsRejectiveDevice: what is on the first bus, and displays, must stay. */
static bool may_be_rejected(const struct node *node)
{
	return node->function &&
	       (is_bridge(node->function) ||
		(node->function->bus->number != 0 && node->function->class_code != 0x0300));
}

/* PciEnumerator.c GetMaxResourceConsumerDevice: of equals the last. */
static const struct node *largest(const struct node *list, const struct node *best)
{
	for (const struct node *n = list; n; n = n->next) {
		if (!may_be_rejected(n))
			continue;
		if (n->window)
			best = largest(n->children, best);
		else if ((n->is_padding || !is_bridge(n->function)) &&
			 (!best || n->length >= best->length))
			best = n;
	}
	return best;
}

/* PciEnumerator.c PciHostBridgeAdjustAllocation: of each kind that does not fit, the largest
 * consumer goes: room for hot-plug of a bridge, or a device as a whole. false: nothing can go. */
static bool reject(struct root *roots, size_t n, const bool fits[POOLS])
{
	bool changed = false;

	for (unsigned pool = 0; pool < POOLS; pool++) {
		struct node *windows = NULL;
		const struct node *victim = NULL;

		/* Root bridges stand in the pool like BARs behind a bridge. */
		for (size_t i = 0; i < n && !fits[pool]; i++)
			insert(&windows, &roots[i].windows[pool_kind[pool]]);
		for (const struct node *window = windows; window; window = window->next)
			victim = largest(window->children, victim);
		if (!victim)
			continue;
		if (victim->is_padding && !victim->function->secondary->is_unpadded) {
			victim->function->secondary->is_unpadded = true;
			changed = true;
		} else if (!victim->is_padding && !victim->function->is_rejected) {
			victim->function->is_rejected = true;
			changed = true;
		}
	}
	return changed;
}

/* PciHostBridge.c SubmitResources */
static void submit(struct root *root)
{
	for (unsigned pool = 0; pool < POOLS; pool++) {
		const struct node *need = &root->windows[pool_kind[pool]];

		if (need->length)
			root->requests[pool] =
				(struct request){REQUEST_SUBMITTED, need->length, need->mask, 0};
	}
}

/* PciHostBridge.c NotifyPhase, EfiPciHostBridgeAllocateResources: the largest alignment first, of
 * equals the last. What is not asked for is only told from the rest when its turn comes, and until
 * then may take another one's turn by the alignment that it had in an earlier attempt. */
static bool allocate_root(const struct edk2_platform *platform, struct root *root,
			  struct taken taken[SPACES])
{
	struct request *requests = root->requests;
	bool is_handled[POOLS] = {false}, all = true;

	for (unsigned turn = 0; turn < POOLS; turn++) {
		unsigned pool = POOLS;

		if (requests[turn].state == REQUEST_NONE) {
			is_handled[turn] = true;
			continue;
		}
		for (unsigned i = 0; i < POOLS; i++) {
			if (!is_handled[i] &&
			    (pool == POOLS || requests[pool].mask <= requests[i].mask))
				pool = i;
		}
		if (pool == POOLS)
			break;
		is_handled[pool] = true;
		if (allocate_pool(platform, pool, &requests[pool], taken))
			requests[pool].state = REQUEST_ALLOCATED;
		else
			all = false;
	}
	return all;
}

/* The last root bridge that asks for a kind says whether it fits. */
static bool allocate_all(const struct edk2_platform *platform, struct root *roots, size_t n,
			 struct taken taken[SPACES], bool fits[POOLS])
{
	bool all = true;

	for (unsigned space = 0; space < SPACES; space++)
		taken[space].n = 0;
	for (unsigned pool = 0; pool < POOLS; pool++)
		fits[pool] = true;
	for (size_t i = 0; i < n; i++) {
		submit(&roots[i]);
		all = allocate_root(platform, &roots[i], taken) && all;
		for (unsigned pool = 0; pool < POOLS; pool++) {
			if (roots[i].requests[pool].state != REQUEST_NONE)
				fits[pool] = roots[i].requests[pool].state == REQUEST_ALLOCATED;
		}
	}
	return all;
}

/* PciHostBridge.c NotifyPhase, EfiPciHostBridgeFreeResources: a request that was not granted stays,
 * of no length, unless the next attempt asks again; nothing can satisfy it. Alignments stay. */
static void free_requests(struct root *roots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (unsigned pool = 0; pool < POOLS; pool++) {
			struct request *request = &roots[i].requests[pool];

			request->length = 0;
			if (request->state == REQUEST_ALLOCATED)
				request->state = REQUEST_NONE;
		}
	}
}

static void program_all(const struct root *roots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (unsigned pool = 0; pool < POOLS; pool++)
			program(roots[i].windows[pool_kind[pool]].children,
				roots[i].requests[pool].base);
	}
}

/* PciHostBridge.c SubmitResources refuses 4 GiB and more of 32-bit memory, and nothing is placed.
 */
static bool is_acceptable(const struct root *roots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (roots[i].windows[KIND_MEM32].length >= 4 * GIB)
			return false;
	}
	return true;
}

/* Until everything fits that is left. */
static void place_all(struct placement *p, struct root *roots, size_t n, struct taken taken[SPACES])
{
	bool fits[POOLS], done = false;

	while (!done) {
		arena_reset(p->scratch);
		for (size_t i = 0; i < n && !p->err; i++)
			map_root(p, &roots[i]);
		if (p->err)
			return;
		if (!is_acceptable(roots, n)) {
			p->m->guest.unplaced_why =
				"More than 4 GiB of BARs would have to be below 4 GiB: the "
				"firmware places none.";
			return;
		}
		done = allocate_all(p->platform, roots, n, taken, fits);
		if (!done && !reject(roots, n, fits)) {
			p->m->guest.unplaced_why =
				"The BARs do not fit into the firmware's windows, and it cannot "
				"leave out enough of them: it places none.";
			return;
		}
		if (!done)
			free_requests(roots, n);
	}
	program_all(roots, n);
	p->m->guest.is_placed = true;
}

static struct root *find_roots(struct iof_machine *m, size_t *n)
{
	struct root *roots;

	*n = 0;
	for (const struct guest_bus *bus = m->guest.buses; bus; bus = bus->next)
		*n += !bus->bridge;
	roots = arena_array(m->arena, *n ? *n : 1, sizeof(*roots));
	*n = 0;
	for (struct guest_bus *bus = m->guest.buses; bus && roots; bus = bus->next) {
		if (!bus->bridge)
			roots[(*n)++].bus = bus;
	}
	return roots;
}

int edk2_place(struct iof_machine *m, const struct edk2_platform *platform)
{
	struct placement p = {.m = m, .platform = platform, .scratch = arena_new(16384)};
	struct taken taken[SPACES] = {{NULL, 0}};
	size_t n;
	struct root *roots = find_roots(m, &n);

	p.has_mem64 = platform->mem64.first <= platform->mem64.last;
	m->guest.mmio32 = platform->mem32;
	m->guest.mmio64 = platform->mem64;
	for (unsigned i = 0; i < SPACES && roots; i++) {
		taken[i].windows = arena_array(m->arena, POOLS * n + 1, sizeof(*taken[i].windows));
		if (!taken[i].windows)
			roots = NULL;
	}
	if (!roots || !p.scratch)
		p.err = -ENOMEM;
	else
		place_all(&p, roots, n, taken);
	arena_free(p.scratch);
	return p.err;
}
