// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memory.c - RAM, NUMA cells and memory devices. Sizes are KiB, as libvirt counts.
 */
#include "vm/libvirt/say.h"

#define RAM_ALIGN 1024u /* qemuDomainGetMemorySizeAlignment() */
#define MAX_NODES 128u
#define MODULE_ALIGN 2048u /* qemuDomainGetMemoryModuleSizeAlignment() */

static uint64_t align_up(uint64_t n, uint64_t align)
{
	return n > UINT64_MAX - align ? n : (n + align - 1) / align * align;
}

bool lv_is_dimm(const struct lv_device *memory)
{
	return str_eq(memory->model, "dimm") || str_eq(memory->model, "nvdimm");
}

static uint64_t size_at(const struct lv_device *memory, const char *path)
{
	uint64_t kib = 0;

	lv_size(memory->node ? xml_path(memory->node, path) : NULL, &kib);
	return kib;
}

uint64_t lv_module_size(const struct lv_device *memory)
{
	return align_up(size_at(memory, "target/size"), MODULE_ALIGN);
}

/* ---- what the domain has ---- */

static const struct xml_node *first_cell(const struct lv_domain *d)
{
	const struct xml_node *numa = xml_path(d->root, "cpu/numa");

	return numa ? xml_child(numa, "cell") : NULL;
}

static uint64_t cell_size(const struct xml_node *cell)
{
	uint64_t kib = 0;

	lv_kib(xml_value(cell, "memory"), xml_value(cell, "unit"), &kib);
	return align_up(kib, RAM_ALIGN);
}

/* id= of a cell, or its place. */
static unsigned cell_id(const struct xml_node *cell, unsigned place)
{
	uint64_t n;

	return lv_number(xml_value(cell, "id"), UINT16_MAX, &n) ? (unsigned)n : place;
}

/* As they are written: libvirt rounds later. */
static uint64_t modules_size(struct lv_domain *d)
{
	const struct lv_device *memory;
	uint64_t sum = 0;

	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)); n++) {
		uint64_t size = size_at(memory, "target/size");

		sum += size > UINT64_MAX - sum ? 0 : size;
	}
	return sum;
}

static uint64_t ram_size(struct lv_domain *d)
{
	const struct xml_node *cell = first_cell(d);
	uint64_t total = 0, modules = modules_size(d);

	for (; cell; cell = xml_sibling(cell)) {
		d->numa_nodes++;
		total += cell_size(cell);
	}
	if (total)
		return total;
	if (!lv_size(xml_child(d->root, "memory"), &total))
		return 0;
	if (modules > total)
		lv_refuse(d, lv_at(xml_child(d->root, "memory")),
			  "XML error: Total size of memory devices exceeds the total memory size");
	return align_up(total - (modules < total ? modules : 0), RAM_ALIGN);
}

void lv_read_memory(struct lv_domain *d)
{
	const struct xml_node *max = xml_child(d->root, "maxMemory");
	uint64_t n;

	d->memory = ram_size(d);
	if (lv_size(max, &n))
		d->max_memory = align_up(n, RAM_ALIGN);
	if (lv_number(xml_value(max, "slots"), UINT32_MAX, &n))
		d->slots = (unsigned)n;
}

static bool has_hotplug(const struct lv_domain *d)
{
	return d->slots || d->max_memory;
}

/* With memory hotplug there is always a node (qemuDomainDefNumaAutoAdd). */
static bool has_own_node(const struct lv_domain *d)
{
	return has_hotplug(d) && !d->numa_nodes && d->memory;
}

/* ---- backends ---- */

/* A stretch of memory to be backed. */
struct backend {
	const char *id;
	uint64_t size;
	int node;			/* -1: none */
	bool is_system;			/* the RAM of a machine without NUMA */
	const struct lv_device *device; /* NULL: RAM */
	const struct xml_node *cell;	/* of RAM: its NUMA cell, NULL */
	const struct xml_node *path;	/* <source><path>, NULL */
	const struct xml_attribute *access, *discard;
	uint64_t page; /* KiB; 0: ordinary */
	const struct xml_node *page_node;
};

static const struct xml_node *backing(const struct lv_domain *d, const char *name)
{
	return xml_path(d->root, lv_printf((struct lv_domain *)d, "memoryBacking/%s", name));
}

static bool backing_is(const struct lv_domain *d, const char *name, const char *attribute,
		       const char *value)
{
	const char *text = xml_value(backing(d, name), attribute);

	return text && str_eq(text, value);
}

/* "0,2-3" has this number. */
static bool set_has(const char *set, unsigned number)
{
	while (set && *set) {
		size_t n = strspn(set, "0123456789");
		uint64_t first, last;

		if (parse_u64n(set, n, 10, UINT32_MAX, &first) != 0)
			return false;
		last = first;
		set += n;
		if (*set == '-') {
			n = strspn(++set, "0123456789");
			if (parse_u64n(set, n, 10, UINT32_MAX, &last) != 0)
				return false;
			set += n;
		}
		if (number >= first && number <= last)
			return true;
		set += *set == ',';
		if (*set && !strchr("0123456789", *set))
			return false;
	}
	return false;
}

/* <hugepages>, with <page nodeset=> by node; without <page> the host's own size (2 MiB). */
static const struct xml_node *huge_page(const struct lv_domain *d, int node, uint64_t *kib)
{
	const struct xml_node *huge = backing(d, "hugepages"), *found = NULL;

	*kib = 0;
	if (!huge)
		return NULL;
	*kib = 2048;
	for (const struct xml_node *p = xml_child(huge, "page"); p; p = xml_sibling(p)) {
		const char *nodes = xml_value(p, "nodeset");

		if (!nodes && !found)
			found = p;
		if (nodes && node >= 0 && set_has(nodes, (unsigned)node)) {
			found = p;
			break;
		}
	}
	if (!found && xml_child(huge, "page"))
		*kib = 0;
	else if (found && !lv_kib(xml_value(found, "size"), xml_value(found, "unit"), kib))
		*kib = 2048;
	return found ? found : huge;
}

static void find_page(struct lv_domain *d, struct backend *b)
{
	const struct xml_node *own =
		b->device && b->device->node ? xml_path(b->device->node, "source/pagesize") : NULL;

	if (own && lv_size(own, &b->page))
		b->page_node = own;
	else
		b->page_node = huge_page(d, b->node, &b->page);
	if (b->page == 4)
		b->page = 0;
}

static void find_access(struct lv_domain *d, struct backend *b)
{
	const struct xml_node *node = b->device ? b->device->node : b->cell;

	b->access = node ? xml_attribute(node, b->device ? "access" : "memAccess") : NULL;
	if (!b->access && backing(d, "access"))
		b->access = xml_attribute(backing(d, "access"), "mode");
	b->discard = node ? xml_attribute(node, "discard") : NULL;
}

static void put_access(struct lv_words *w, const struct backend *b)
{
	if (b->access &&
	    (str_eq(b->access->value, "shared") || str_eq(b->access->value, "private")))
		lv_put(w, "share", 'b', str_eq(b->access->value, "shared") ? "true" : "false",
		       &b->access->at);
}

static const char *backing_path(struct lv_domain *d, const struct backend *b)
{
	const struct xml_node *name = xml_child(d->root, "name");
	const char *vm = name && *name->text ? name->text : "vm";

	if (b->path)
		return b->path->text;
	if (b->page)
		return lv_printf(d, "/dev/hugepages%s/libvirt/qemu/1-%s",
				 b->page == 1048576 ? "1G" : "", vm);
	return lv_printf(d, "/var/lib/libvirt/qemu/ram/1-%s/%s", vm, b->id);
}

static void put_file(struct lv_words *w, struct lv_domain *d, const struct backend *b)
{
	const struct place *at = b->path ? &b->path->text_at : lv_at(b->page_node);

	lv_put(w, "mem-path", 's', backing_path(d, b), at);
	if (!b->path && (b->discard || backing(d, "discard")))
		lv_put(w, "discard-data", 'b',
		       !b->discard || str_eq(b->discard->value, "yes") ? "true" : "false",
		       b->discard ? &b->discard->at : lv_at(backing(d, "discard")));
	put_access(w, b);
	if (b->is_system)
		lv_put(w, "x-use-canonical-path-for-ramblock-id", 'b', "false", NULL);
}

static void put_memfd(struct lv_words *w, const struct backend *b)
{
	if (b->page) {
		lv_put(w, "hugetlb", 'b', "true", lv_at(b->page_node));
		lv_put_number(w, "hugetlbsize", b->page * 1024, lv_at(b->page_node));
	}
	put_access(w, b);
	if (b->is_system)
		lv_put(w, "x-use-canonical-path-for-ramblock-id", 'b', "false", NULL);
}

static bool is_preallocated(struct lv_domain *d, const struct backend *b)
{
	if (b->device && str_eq(b->device->model, "virtio-mem"))
		return false; /* an option of the device */
	if (b->path)
		return str_eq(b->device->model, "nvdimm") &&
		       !xml_path(b->device->node, "source/pmem");
	return b->page || backing_is(d, "allocation", "mode", "immediate");
}

static const struct place *size_place(struct lv_domain *d, const struct backend *b)
{
	const struct xml_node *node;

	if (b->cell)
		return xml_attribute(b->cell, "memory") ? &xml_attribute(b->cell, "memory")->at
							: NULL;
	node = b->device ? xml_path(b->device->node, "target/size") : xml_child(d->root, "memory");
	return node ? &node->text_at : NULL;
}

/* "1-3" to "[1,2,3]" */
static const char *list_nodes(struct lv_domain *d, const char *set)
{
	const char *list = "";

	for (unsigned i = 0; i < MAX_NODES; i++) {
		if (set_has(set, i))
			list = lv_printf(d, "%s%s%u", list, *list ? "," : "", i);
	}
	return lv_printf(d, "[%s]", list);
}

static void put_host_nodes(struct lv_words *w, struct lv_domain *d, const struct backend *b)
{
	const struct xml_node *tune = xml_path(d->root, "numatune/memory");
	const struct xml_node *mask =
		b->device && b->device->node ? xml_path(b->device->node, "source/nodemask") : NULL;
	const char *mode = xml_value(tune, "mode"), *set = mask ? mask->text : NULL;

	if (!set)
		set = xml_value(tune, "nodeset");
	if (!set || (mode && str_eq(mode, "restrictive")))
		return;
	lv_put(w, "host-nodes", 'o', list_nodes(d, set), lv_at(mask ? mask : tune));
	lv_put(w, "policy", 's',
	       !mode || str_eq(mode, "strict") ? "bind"
	       : str_eq(mode, "interleave")    ? "interleave"
					       : "preferred",
	       lv_at(tune));
}

static void put_nvdimm(struct lv_words *w, const struct backend *b)
{
	uint64_t align;

	if (lv_size(xml_path(b->device->node, "source/alignsize"), &align))
		lv_put_number(w, "align", align * 1024,
			      &xml_path(b->device->node, "source/alignsize")->text_at);
	if (xml_path(b->device->node, "source/pmem"))
		lv_put(w, "pmem", 'b', "true", lv_at(xml_path(b->device->node, "source/pmem")));
}

/* qemuBuildMemoryBackendProps() */
static void say_backend(struct lv_domain *d, struct backend *b)
{
	bool is_file, is_memfd;
	struct lv_words w;

	if (d->t->err)
		return;
	find_page(d, b);
	find_access(d, b);
	is_memfd = !b->path && backing_is(d, "source", "type", "memfd");
	is_file = !is_memfd &&
		  (b->path || b->page || b->access || backing_is(d, "source", "type", "file"));
	w = lv_begin(d, b->device, NULL);
	lv_put(&w, "qom-type", 's',
	       is_memfd	 ? "memory-backend-memfd"
	       : is_file ? "memory-backend-file"
			 : "memory-backend-ram",
	       NULL);
	lv_put(&w, "id", 's', b->id, NULL);
	if (is_memfd)
		put_memfd(&w, b);
	else if (is_file)
		put_file(&w, d, b);
	if (b->device && str_eq(b->device->model, "virtio-mem"))
		lv_put(&w, "reserve", 'b', "false", NULL);
	if (is_preallocated(d, b))
		lv_put(&w, "prealloc", 'b', "true", lv_at(b->page_node));
	lv_put_number(&w, "size", b->size * 1024, size_place(d, b));
	if (b->device && str_eq(b->device->model, "nvdimm"))
		put_nvdimm(&w, b);
	put_host_nodes(&w, d, b);
	lv_say_object(&w);
}

/* ---- said ---- */

static const char *ram_id(const struct lv_domain *d)
{
	switch (d->board) {
	case LV_I440FX:
	case LV_Q35:
		return "pc.ram";
	case LV_MICROVM:
		return "microvm.ram";
	case LV_VIRT:
		return str_eq(d->arch, "riscv64") ? "riscv_virt_board.ram" : "mach-virt.ram";
	default:
		return NULL;
	}
}

const char *lv_ram_id(const struct lv_domain *d)
{
	return d->numa_nodes || has_own_node(d) || !d->memory ? NULL : ram_id(d);
}

static void say_size(struct lv_domain *d)
{
	const struct xml_node *memory = xml_child(d->root, "memory");
	const struct xml_node *max = xml_child(d->root, "maxMemory");
	struct translation *t = d->t;

	say_option(t, "m", SAY_OPTS, lv_at(memory), memory);
	say_pair(t, "size", lv_printf(d, "%lluk", (unsigned long long)d->memory), 0,
		 memory ? &memory->text_at : NULL);
	if (d->slots)
		say_pair(t, "slots", lv_printf(d, "%u", d->slots), 0,
			 &xml_attribute(max, "slots")->at);
	if (d->max_memory)
		say_pair(t, "maxmem", lv_printf(d, "%lluk", (unsigned long long)d->max_memory), 0,
			 &max->text_at);
	say_end(t);
}

void lv_say_memory(struct lv_domain *d)
{
	struct backend ram = {.id = lv_ram_id(d), .size = d->memory, .node = -1, .is_system = true};

	if (d->memory)
		say_size(d);
	if (ram.id)
		say_backend(d, &ram);
	say_plain(d->t, "overcommit", backing(d, "locked") ? "mem-lock=on" : "mem-lock=off",
		  lv_at(backing(d, "locked")), backing(d, "locked"));
}

static void say_node(struct lv_domain *d, unsigned id, const char *cpus,
		     const struct xml_node *cell)
{
	struct translation *t = d->t;
	const char *next;

	say_option(t, "numa", SAY_OPTS, lv_at(cell), cell);
	say_pair(t, NULL, "node", 0, NULL);
	say_pair(t, "nodeid", lv_printf(d, "%u", id), 0, NULL);
	for (; cpus && *cpus; cpus = next) {
		size_t n = strcspn(cpus, ",");

		next = cpus + n + (cpus[n] == ',');
		say_pair(t, "cpus", lv_printf(d, "%.*s", (int)n, cpus), 0, NULL);
	}
	say_pair(t, "memdev", lv_printf(d, "ram-node%u", id), 0, NULL);
	say_end(t);
}

/* Ordered by their ids. */
static const struct xml_node *cell_with_id(const struct lv_domain *d, unsigned id)
{
	unsigned place = 0;

	for (const struct xml_node *c = first_cell(d); c; c = xml_sibling(c), place++) {
		if (cell_id(c, place) == id)
			return c;
	}
	return NULL;
}

void lv_say_numa(struct lv_domain *d)
{
	unsigned n = has_own_node(d) ? 1 : d->numa_nodes;

	/* QEMU has no more. */
	for (unsigned i = 0; i < n && i < MAX_NODES && !d->t->err; i++) {
		const struct xml_node *cell = cell_with_id(d, i);
		struct backend b = {.id = lv_printf(d, "ram-node%u", i),
				    .size = cell ? cell_size(cell) : d->memory,
				    .node = (int)i,
				    .cell = cell};
		const char *cpus = cell		   ? xml_value(cell, "cpus")
				   : d->vcpus == 1 ? "0"
						   : lv_printf(d, "0-%u", d->vcpus - 1);

		if (!cell && d->numa_nodes)
			continue; /* ids with holes: libvirt refuses them */
		say_backend(d, &b);
		say_node(d, i, cpus, cell);
	}
}

/* ---- memory devices ---- */

static const char *memory_driver(const struct lv_device *memory)
{
	static const char *const drivers[][2] = {{"dimm", "pc-dimm"},
						 {"nvdimm", "nvdimm"},
						 {"virtio-pmem", "virtio-pmem-pci"},
						 {"virtio-mem", "virtio-mem-pci"}};

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (str_eq(memory->model, drivers[i][0]))
			return drivers[i][1];
	}
	return NULL;
}

static void put_size(struct lv_words *w, const char *key, const char *path)
{
	const struct xml_node *node = xml_path(w->device->node, path);
	uint64_t kib;

	if (lv_size(node, &kib) && kib)
		lv_put_number(w, key, kib * 1024, &node->text_at);
}

static int target_node(const struct lv_device *memory)
{
	const struct xml_node *node = xml_path(memory->node, "target/node");
	uint64_t n;

	return node && lv_number(node->text, INT32_MAX, &n) ? (int)n : -1;
}

/* The slot that is written, else the first that no other device has. */
static void put_slot(struct lv_words *w, unsigned slot)
{
	const struct xml_node *address = xml_child(w->device->node, "address");
	const struct xml_attribute *own = address ? xml_attribute(address, "slot") : NULL;

	lv_put_number(w, "slot", slot, own ? &own->at : NULL);
	lv_put_attribute(w, "addr", 'n', address, "base");
}

static void say_memory_device(struct lv_domain *d, const struct lv_device *memory)
{
	const char *driver = memory->node ? memory_driver(memory) : NULL;
	struct backend b = {.size = lv_module_size(memory), .node = -1, .device = memory};
	const struct xml_node *target_address;
	struct lv_words w;

	if (!driver)
		return;
	b.id = lv_printf(d, "mem%s", memory->alias);
	b.node = target_node(memory);
	if (str_eq(memory->model, "nvdimm") || str_eq(memory->model, "virtio-pmem"))
		b.path = xml_path(memory->node, "source/path");
	say_backend(d, &b);
	w = lv_begin(d, memory, driver);
	if (b.node >= 0)
		lv_put_number(&w, "node", (uint64_t)b.node,
			      &xml_path(memory->node, "target/node")->text_at);
	put_size(&w, "label-size", "target/label/size");
	put_size(&w, "block-size", "target/block");
	put_size(&w, "requested-size", "target/requested");
	if (xml_path(memory->node, "target/readonly"))
		lv_put(&w, "unarmed", 'b', "true",
		       lv_at(xml_path(memory->node, "target/readonly")));
	lv_put(&w, "memdev", 's', b.id, NULL);
	if (str_eq(memory->model, "virtio-mem") &&
	    (b.page || backing_is(d, "allocation", "mode", "immediate")))
		lv_put(&w, "prealloc", 'b', "true", lv_at(b.page_node));
	target_address = xml_path(memory->node, "target/address");
	if (target_address)
		lv_put_attribute(&w, "memaddr", 'n', target_address, "base");
	if (str_eq(memory->model, "virtio-mem"))
		lv_put_switch(&w, "dynamic-memslots", xml_child(memory->node, "target"),
			      "dynamicMemslots");
	lv_put_id(&w);
	if (lv_is_dimm(memory))
		put_slot(&w, memory->index);
	else
		lv_put_address(&w);
	lv_say_device(&w);
}

void lv_say_memory_devices(struct lv_domain *d)
{
	const struct lv_device *memory;

	for (size_t n = 0; (memory = lv_device(d, LV_MEMORY, n)) && !d->t->err; n++)
		say_memory_device(d, memory);
}
