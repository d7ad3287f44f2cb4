// SPDX-License-Identifier: LGPL-2.1-or-later
/* proxmox.c - the language itself, and what its parts share: settings that count, and what is said,
 * collected in two lists because qemu-server fills both at once. */
#include <ctype.h>
#include <errno.h>

#include "vm/proxmox/proxmox.h"

/* ---- settings ---- */

/* A template is started for backups only: with its disks, and without all else
 * (QemuServer.pm config_to_command). */
static bool is_kept_by_template(const char *key)
{
	static const char *const kept[] = {"scsihw",   "bios",	   "name",
					   "template", "efidisk0", "tpmstate0"};
	static const char *const disks[] = {"ide", "scsi", "sata", "virtio"};

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		if (str_eq(key, kept[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		if (str_starts(key, disks[i]) && isdigit((unsigned char)key[strlen(disks[i])]))
			return true;
	}
	return false;
}

const struct pve_entry *pve_get(const struct pve *p, const char *key)
{
	const struct pve_key *info;
	size_t slot = pve_slot(key, &info);

	if (slot == PVE_NO_SLOT || (p->is_template && !is_kept_by_template(key)))
		return NULL;
	return p->config->now[slot];
}

const struct pve_entry *pve_get_n(const struct pve *p, const char *key, unsigned n)
{
	struct buf name = {0};
	const struct pve_entry *found = NULL;

	buf_printf(&name, "%s%u", key, n);
	if (name.err)
		p->t->err = -ENOMEM;
	else
		found = pve_get(p, name.data);
	buf_free(&name);
	return found;
}

bool pve_get_bool(const struct pve *p, const char *key, bool otherwise)
{
	const struct pve_entry *e = pve_get(p, key);

	return e ? pve_boolean(e->value) == 1 : otherwise;
}

unsigned long pve_get_number(const struct pve *p, const char *key, unsigned long otherwise)
{
	const struct pve_entry *e = pve_get(p, key);
	uint64_t value;

	if (!e || parse_u64(e->value, 10, 1u << 30, &value) || !value)
		return otherwise;
	return (unsigned long)value;
}

/* ---- what is said ---- */

static struct pve_said *add(struct pve *p, struct pve_list *list, const char *name,
			    const struct pve_entry *entry)
{
	struct pve_said *said = arena_alloc(p->arena, sizeof(*said));

	list->items = arena_grow(p->arena, list->items, list->n, &list->cap, sizeof(said));
	if (!said || !list->items) {
		list->n = 0;
		p->t->err = -ENOMEM;
		return NULL;
	}
	*said = (struct pve_said){.name = name, .entry = entry};
	list->items[list->n++] = said;
	return said;
}

static void add_pair(struct pve *p, struct pve_said *said, const struct pve_pair *pair)
{
	said->pairs = arena_grow(p->arena, said->pairs, said->n_pairs, &said->cap, sizeof(*pair));
	if (!said->pairs || !pair->value) {
		said->n_pairs = 0;
		p->t->err = -ENOMEM;
		return;
	}
	said->pairs[said->n_pairs++] = *pair;
}

static void split(struct pve *p, struct pve_said *said, const char *text)
{
	while (!p->t->err && *text) {
		size_t length = strcspn(text, ","), key = strcspn(text, "=");
		struct pve_pair pair = {0};

		if (key < length) {
			pair.key = arena_strndup(p->arena, text, key++);
			if (!pair.key)
				p->t->err = -ENOMEM;
		} else {
			key = 0;
		}
		pair.value = arena_strndup(p->arena, text + key, length - key);
		add_pair(p, said, &pair);
		text += length + (text[length] == ',');
	}
}

void pve_append(struct pve *p, struct pve_said *said, const char *text)
{
	if (!text)
		p->t->err = -ENOMEM;
	else if (said)
		split(p, said, text + (*text == ','));
}

struct pve_said *pve_say(struct pve *p, struct pve_list *list, const char *name,
			 const struct pve_entry *entry, const char *format, ...)
{
	struct pve_said *said = p->t->err ? NULL : add(p, list, name, entry);
	char *text;
	va_list arguments;

	if (!said)
		return NULL;
	va_start(arguments, format);
	text = arena_vprintf(p->arena, format, arguments);
	va_end(arguments);
	if (!text)
		p->t->err = -ENOMEM;
	else
		split(p, said, text);
	return p->t->err ? NULL : said;
}

struct pve_said *pve_say_plain(struct pve *p, struct pve_list *list, const char *name,
			       const struct pve_entry *entry, const char *argument)
{
	struct pve_said *said = p->t->err ? NULL : add(p, list, name, entry);

	if (said) {
		said->plain = argument;
		said->is_flag = !argument;
	}
	return said;
}

void pve_set(struct pve *p, struct pve_said *said, const char *key, const char *value,
	     const struct pve_part *part)
{
	struct pve_pair pair = {.key = key, .value = value};

	if (part)
		pair.at = part->at;
	if (said && !p->t->err)
		add_pair(p, said, &pair);
}

void pve_move(struct pve_list *list, size_t from, size_t to)
{
	struct pve_said *said;

	if (from >= list->n || to > from)
		return;
	said = list->items[from];
	memmove(&list->items[to + 1], &list->items[to], (from - to) * sizeof(*list->items));
	list->items[to] = said;
}

/* The flags of -machine. */
void pve_flag_say(struct pve *p, const char *key, const char *value, const struct place *at)
{
	struct pve_said *said = p->t->err ? NULL : add(p, &p->flags, key, NULL);
	struct pve_pair pair = {.key = key, .value = value};

	if (at)
		pair.at = *at;
	if (said)
		add_pair(p, said, &pair);
}

/* ---- what it says itself ---- */

static void remark(struct pve *p, enum remark_kind kind, const struct place *at, const char *format,
		   va_list list)
{
	char *text = arena_vprintf(p->arena, format, list);

	if (!text)
		p->t->err = -ENOMEM;
	else
		remark_add(p->t, kind, at, text, NULL);
}

bool pve_refuse(struct pve *p, const struct place *at, const char *format, ...)
{
	va_list list;

	if (p->is_refused || p->t->err)
		return false;
	p->is_refused = true;
	va_start(list, format);
	remark(p, REMARK_REFUSED, at, format, list);
	va_end(list);
	return !p->t->err;
}

void pve_remedy(struct pve *p, const char *key, const char *part, const char *value)
{
	struct remark *about = &p->t->vm->remarks[p->t->vm->n_remarks - 1];
	struct pve_remedy *remedy = arena_alloc(p->arena, sizeof(*remedy));

	if (!remedy || !key) {
		p->t->err = -ENOMEM;
		return;
	}
	*remedy = (struct pve_remedy){.key = key, .part = part, .value = value};
	about->target = part ? arena_printf(p->arena, "%s: %s", key, part) : key;
	about->to = value;
	if (!about->target)
		p->t->err = -ENOMEM;
	about->has_cure = true;
	about->origin = remedy;
}

void pve_warn(struct pve *p, const struct place *at, const char *format, ...)
{
	va_list list;

	if (p->is_refused || p->t->err)
		return;
	va_start(list, format);
	remark(p, REMARK_WARNED, at, format, list);
	va_end(list);
}

/* ---- the language ---- */

/* "/etc/pve/qemu-server/100.conf": 100. */
static const char *find_vmid(struct arena *arena, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	size_t n = strspn(base, "0123456789");

	if (!n || n > 9 || !str_eq(base + n, ".conf"))
		return "VMID";
	return arena_strndup(arena, base, n);
}

static void read_config(struct translation *t)
{
	struct iof_vm *vm = t->vm;
	struct pve p = {.t = t, .arena = vm->arena};
	uint32_t manager = translation_manager(t, "proxmox", PVE_NEWEST);

	p.config = arena_alloc(vm->arena, sizeof(*p.config));
	p.vmid = find_vmid(vm->arena, vm->name);
	if (!p.config || !p.vmid)
		t->err = -ENOMEM;
	if (t->err)
		return;
	/* "9.2": its newest point release. */
	if (manager / 1000 == PVE_NEWEST / 1000 && manager % 1000 == 0)
		manager = PVE_NEWEST;
	p.manager = p.config->manager = manager;
	vm->config_data = p.config;
	vm->memlock = UINT64_MAX; /* it starts QEMU as root */
	vm->manager = arena_printf(vm->arena, "Proxmox VE (qemu-server %u.%u.%u)",
				   manager / 1000000, manager / 1000 % 1000, manager % 1000);
	if (!vm->manager)
		t->err = -ENOMEM;
	if (memchr(vm->source, '\0', vm->source_length))
		translation_fail(t, NULL, "a NUL in a text");
	if (!t->err)
		pve_parse(t, p.config, p.vmid);
	if (!t->err)
		pve_command(&p);
}

const struct language proxmox_language = {
	.id = IOF_LANGUAGE_PROXMOX,
	.name = "proxmox",
	.recognise = pve_recognise,
	.read = read_config,
	.edit = pve_edit,
};
