// SPDX-License-Identifier: LGPL-2.1-or-later
/* memory.c - -m, NUMA nodes and DIMMs (qemu-server src/PVE/QemuServer/Memory.pm). */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

#define STATIC_MEMORY 1024u  /* MiB that a VM with memory hotplug starts with */
#define MOST_MEMORY 4194304u /* 4 TiB in MiB */
#define MAX_NODES 8u	     /* numa0 to numa7 */
#define FALLBACK_BITS 40u    /* where the host's CPU is not known: what most have at least */
#define MAX_SOCKETS 4096u

static bool has_hotplug(const struct pve *p, const char *what)
{
	const struct pve_entry *e = pve_get(p, "hotplug");
	const char *at = e ? e->value : "1";
	size_t length = strlen(what);

	if (str_eq(at, "0"))
		return false;
	if (str_eq(at, "1"))
		at = "network,disk,usb";
	while (*at) {
		size_t n = strcspn(at, ",; ");

		if (n == length && memcmp(at, what, n) == 0)
			return true;
		at += n + strspn(at + n, ",; ");
	}
	return false;
}

unsigned pve_max_memory(struct pve *p)
{
	const struct pve_entry *cpu = pve_get(p, "cpu");
	const char *phys = pve_value(cpu, "phys-bits"), *type = pve_value(cpu, "cputype");
	unsigned host = p->t->vm->options_given.host_phys_bits;
	uint64_t bits;

	if (!host)
		host = FALLBACK_BITS;
	if (!phys || parse_u64(phys, 10, 64, &bits)) {
		bool is_hosts = phys || (type && (str_eq(type, "host") || str_eq(type, "max")));

		bits = is_hosts || host < 40 ? host : 40;
	}
	bits &= ~(uint64_t)1; /* the limit is lower with odd widths */
	if (bits < 22)
		return 0;
	return bits - 21 > 22 ? MOST_MEMORY : (unsigned)1 << (bits - 21);
}

/* A whole or one of several even parts of it, in MiB. */
struct share {
	unsigned long whole, parts;
};

/* As Perl writes a quotient: up to 15 digits. Not by printf(), whose point is the locale's. */
static const char *share_text(struct pve *p, const struct share *share)
{
	unsigned long rest = share->whole % share->parts;
	char digits[16] = "";
	size_t n = 0;
	const char *text;

	while (rest && n < 10) {
		rest *= 10;
		digits[n++] = (char)('0' + rest / share->parts);
		rest %= share->parts;
	}
	while (n && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	text = arena_printf(p->arena, "%lu%s%s", share->whole / share->parts, n ? "." : "", digits);
	if (!text)
		p->t->err = -ENOMEM;
	return text ? text : "";
}

static const char *backend(struct pve *p, const char *id, struct share share, bool is_shared)
{
	const struct pve_entry *pages = pve_get(p, "hugepages");
	unsigned long size = share.whole / share.parts;
	unsigned long page = 0;
	uint64_t number;
	char *text;

	if (pages && !parse_u64(pages->value, 10, 1024, &number))
		page = (unsigned long)number;
	else if (pages)
		page = size % 1024 ? 2 : 1024;
	if (pages && (size == 0 || size % 2))
		pve_refuse(p, &pages->at,
			   "memory size '%lu' is not a positive even integer; cannot use for "
			   "hugepages",
			   size);
	else if (page && size % page)
		pve_refuse(p, &pages->at,
			   "Memory size %lu is not a multiple of the requested hugepages size %lu",
			   size, page);
	if (pages)
		text = arena_printf(p->arena,
				    "memory-backend-file,id=%s,size=%sM,mem-path=/run/hugepages/"
				    "kvm/%lukB,share=on,prealloc=yes",
				    id, share_text(p, &share), page * 1024);
	else if (is_shared)
		text = arena_printf(p->arena, "memory-backend-memfd,id=%s,size=%sM,share=on", id,
				    share_text(p, &share));
	else
		text = arena_printf(p->arena, "memory-backend-ram,id=%s,size=%sM", id,
				    share_text(p, &share));
	if (!text)
		p->t->err = -ENOMEM;
	return text ? text : "";
}

/* ---- NUMA ---- */

static void say_node(struct pve *p, const struct pve_entry *entry, unsigned n, struct share size,
		     const char *cpus, bool is_shared)
{
	const char *id = arena_printf(p->arena, is_shared ? "virtiofs-mem%u" : "ram-node%u", n);
	const char *node =
		id && cpus ? arena_printf(p->arena, "node,nodeid=%u,cpus=%s,memdev=%s", n, cpus, id)
			   : NULL;

	if (!node) {
		p->t->err = -ENOMEM;
		return;
	}
	pve_say(p, &p->command, "object", entry, "%s", backend(p, id, size, is_shared));
	pve_say_plain(p, &p->command, "numa", entry, node);
}

/* "0-1;4": each after its own cpus=. */
static const char *cpu_list(struct pve *p, const char *set)
{
	struct buf out = {0};
	const char *text;

	for (; *set; set++) {
		if (*set == ';')
			buf_puts(&out, ",cpus=");
		else
			buf_putc(&out, *set);
	}
	text = out.err ? NULL : arena_strdup(p->arena, out.data ? out.data : "");
	buf_free(&out);
	return text;
}

static const struct pve_entry *say_own_node(struct pve *p, unsigned n, bool is_shared,
					    unsigned long *total)
{
	const struct pve_entry *e = pve_get_n(p, "numa", n);
	const struct pve_entry *pages = pve_get(p, "hugepages");
	const char *memory = pve_value(e, "memory"), *cpus = pve_value(e, "cpus");
	uint64_t size = 0;

	if (!e)
		return NULL;
	if (!memory || parse_u64n(memory, strcspn(memory, "."), 10, 1u << 30, &size) || !size)
		pve_refuse(p, &e->at, "missing NUMA node%u memory value", n);
	else if (!cpus)
		pve_refuse(p, &e->at, "missing NUMA node%u cpus", n);
	else if (pve_value(e, "hostnodes") && !pve_value(e, "policy"))
		pve_refuse(p, &e->at, "you need to define a policy for hostnode %s",
			   pve_value(e, "hostnodes"));
	else if (!pve_value(e, "hostnodes") && pages)
		pve_refuse(p, &e->at, "numa hostnodes need to be defined to use hugepages");
	*total += (unsigned long)size;
	say_node(p, e, n, (struct share){(unsigned long)size, 1}, cpu_list(p, cpus ? cpus : "0"),
		 is_shared);
	return e;
}

static void say_even_nodes(struct pve *p, unsigned long memory, bool is_shared)
{
	const struct pve_entry *numa = pve_get(p, "numa");
	unsigned long sockets = pve_get_number(p, "sockets", 1),
		      cores = pve_get_number(p, "cores", 1);

	for (unsigned i = 0; i < sockets && i < MAX_SOCKETS && !p->t->err; i++) {
		unsigned long first = i * cores;
		const char *cpus =
			cores > 1 ? arena_printf(p->arena, "%lu-%lu", first, first + cores - 1)
				  : arena_printf(p->arena, "%lu", first);

		say_node(p, numa, i, (struct share){memory, sockets}, cpus, is_shared);
	}
}

static void say_nodes(struct pve *p, unsigned long memory, bool is_shared)
{
	const struct pve_entry *first = NULL;
	unsigned long total = 0;

	for (unsigned i = 0; i < MAX_NODES; i++) {
		const struct pve_entry *e = say_own_node(p, i, is_shared, &total);

		first = first ? first : e;
	}
	if (!first)
		say_even_nodes(p, memory, is_shared);
	else if (total && total != memory)
		pve_refuse(p, &first->at,
			   "total memory for NUMA nodes must be equal to vm static memory");
}

/* ---- hotplug ---- */

/* DIMMs double in size with every 32 of them, one node after the other. */
static void say_dimms(struct pve *p, const struct pve_entry *entry, unsigned long memory,
		      unsigned long now)
{
	const struct pve_entry *pages = pve_get(p, "hugepages");
	unsigned long size = pages && str_eq(pages->value, "1024") ? 1024 : 512;
	unsigned long sockets = pve_get_number(p, "sockets", 1);

	for (unsigned n = 0; n < 256 && now < memory && !p->is_refused && !p->t->err; n++) {
		const char *id;

		if (n && n % 32 == 0)
			size *= 2;
		id = arena_printf(p->arena, "mem-dimm%u", n);
		if (!id) {
			p->t->err = -ENOMEM;
			return;
		}
		now += size;
		pve_say(p, &p->command, "object", entry, "%s",
			backend(p, id, (struct share){size, 1}, false));
		pve_say(p, &p->command, "device", entry, "pc-dimm,id=dimm%u,memdev=%s,node=%lu", n,
			id, n % 32 % sockets);
		if (now > memory)
			pve_refuse(p, entry ? &entry->at : NULL,
				   "memory size (%lu) must be aligned to %lu for hotplugging",
				   memory, size);
	}
}

static unsigned long check_hotplug(struct pve *p, const struct pve_entry *entry,
				   unsigned long memory, unsigned most)
{
	const struct place *at = entry ? &entry->at : NULL;
	const struct pve_entry *pages = pve_get(p, "hugepages");
	unsigned long fixed = STATIC_MEMORY;

	if (!pve_get_bool(p, "numa", false) &&
	    pve_refuse(p, &pve_get(p, "hotplug")->at,
		       "NUMA needs to be enabled for memory hotplug"))
		pve_remedy(p, "numa", NULL, "1");
	if (memory > most)
		pve_refuse(p, at, "Total memory is bigger than %uMB", most);
	for (unsigned i = 0; i < MAX_NODES; i++) {
		const struct pve_entry *node = pve_get_n(p, "numa", i);

		if (node)
			pve_refuse(p, &node->at,
				   "cannot enable memory hotplugging with custom NUMA topology");
	}
	if (pages && str_eq(pages->value, "1024"))
		fixed *= pve_get_number(p, "sockets", 1);
	if (memory < fixed && pve_refuse(p, at, "minimum memory must be %luMB", fixed))
		pve_remedy(p, "memory", "current", arena_printf(p->arena, "%lu", fixed));
	return fixed;
}

static bool has_virtiofs(const struct pve *p)
{
	for (unsigned i = 0; i < 10; i++) {
		if (pve_get_n(p, "virtiofs", i))
			return true;
	}
	return false;
}

/* Without NUMA, shared memory for virtiofs is one object. */
static void say_shared(struct pve *p, unsigned long memory)
{
	pve_say(p, &p->command, "object", NULL,
		"memory-backend-memfd,id=virtiofs-mem,size=%luM,share=on", memory);
	pve_flag_say(p, "memory-backend", "virtiofs-mem", NULL);
}

void pve_memory_say(struct pve *p)
{
	const struct pve_entry *entry = pve_get(p, "memory"), *pages = pve_get(p, "hugepages");
	const struct pve_part *part = pve_part(entry, "current");
	bool hotplug = has_hotplug(p, "memory"), is_shared = has_virtiofs(p);
	uint64_t memory = 512;
	unsigned long now;

	if (part && parse_u64(part->value, 10, 1u << 30, &memory))
		memory = 1u << 30;
	now = (unsigned long)memory;
	if (hotplug) {
		unsigned most = pve_max_memory(p);

		now = check_hotplug(p, entry, now, most);
		pve_say(p, &p->command, "m", entry, "size=%lu,slots=255,maxmem=%uM", now, most);
	} else {
		struct pve_said *said = pve_say(p, &p->command, "m", entry, "%s", "");

		pve_set(p, said, NULL, arena_printf(p->arena, "%lu", now), part);
	}
	if (pages && !pve_get_bool(p, "numa", false) &&
	    pve_refuse(p, &pages->at, "numa needs to be enabled to use hugepages"))
		pve_remedy(p, "numa", NULL, "1");
	if (hotplug && is_shared)
		pve_refuse(p, &pve_get(p, "hotplug")->at,
			   "Memory hotplug does not work in combination with virtio-fs.");
	if (pve_get_bool(p, "numa", false))
		say_nodes(p, now, is_shared);
	else if (is_shared)
		say_shared(p, now);
	if (hotplug)
		say_dimms(p, entry, (unsigned long)memory, now);
}

static void say_vcpus(struct pve *p, unsigned long present, unsigned long cores)
{
	for (unsigned long i = 2; i <= present && i <= MAX_SOCKETS && !p->t->err; i++)
		pve_say(p, &p->command, "device", pve_get(p, "vcpus"),
			"%s-x86_64-cpu,id=cpu%lu,socket-id=%lu,core-id=%lu,thread-id=0",
			pve_cpu_base(p), i, (i - 1) / cores, (i - 1) % cores);
}

void pve_smp_say(struct pve *p)
{
	unsigned long sockets = pve_get_number(p, "sockets", pve_get_number(p, "smp", 1));
	unsigned long cores = pve_get_number(p, "cores", 1), most = sockets * cores;
	unsigned long present = pve_get_number(p, "vcpus", most);
	const struct pve_entry *entry = pve_get(p, "cores");
	bool hotplug = has_hotplug(p, "cpu") && pve_since(p, 2, 7, 0);

	if (!entry)
		entry = pve_get(p, "sockets");
	pve_say(p, &p->command, "smp", entry, "%lu,sockets=%lu,cores=%lu,maxcpus=%lu",
		hotplug ? 1 : present, sockets, cores, most);
	if (hotplug && p->is_arm)
		pve_refuse(p, NULL, "Hotplug of non x86_64 CPU not yet supported");
	else if (hotplug)
		say_vcpus(p, present, cores);
}
