// SPDX-License-Identifier: LGPL-2.1-or-later
/* hostpci.c - assigned devices: which functions of the host, and where the guest sees them
 * (qemu-server src/PVE/QemuServer/PCI.pm). */
#include <errno.h>
#include <stdlib.h>

#include "vm/proxmox/proxmox.h"

#define MAX_HOSTPCI 16u
#define MAX_FUNCTIONS 64u /* of one hostpciN */
#define MAPPINGS "/etc/pve/mapping/pci.cfg"

/* The functions that one hostpciN passes; one choice of several, if it is a mapping. */
struct choice {
	const char *ids[MAX_FUNCTIONS];
	size_t n;
};

struct hostpci {
	const struct pve_entry *entry;
	struct choice *choices;
	size_t n, cap;
	bool is_migratable;
	bool is_unknown; /* which device it is cannot be told here */
};

/* ---- functions of the host ---- */

static size_t count(const char *text, size_t length, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		n += text[i] == c;
	return n;
}

static const char *full_id(struct pve *p, const char *id, size_t length)
{
	char *text = arena_printf(p->arena, "%s%.*s%s", count(id, length, ':') < 2 ? "0000:" : "",
				  (int)length, id, count(id, length, '.') ? "" : ".0");

	if (!text)
		p->t->err = -ENOMEM;
	return text;
}

static void add_id(struct pve *p, struct choice *choice, const char *id)
{
	if (choice->n < MAX_FUNCTIONS && id)
		choice->ids[choice->n++] = id;
	else if (id)
		translation_fail(p->t, NULL, "more than 64 functions in one hostpci");
}

/* Of the host's functions, those whose address begins so. */
static void add_matching(struct pve *p, struct choice *choice, const char *id, size_t length)
{
	const struct iof_vm_options *given = &p->t->vm->options_given;

	for (size_t i = 0; i < given->n_host_functions; i++) {
		const char *function = given->host_functions[i];
		bool has_default = str_starts(function, "0000:");

		if (strncmp(function, id, length) == 0 ||
		    (has_default && strncmp(function + 5, id, length) == 0))
			add_id(p, choice, function);
	}
}

static void note_assumed(struct pve *p, const struct place *at, const char *id, size_t length)
{
	char *text = arena_printf(p->arena, "the functions of %.*s", (int)length, id);

	if (!text)
		p->t->err = -ENOMEM;
	else
		remark_add(p->t, REMARK_ASSUMED, at, text,
			   "Proxmox passes all functions that the host has at this address; "
			   "function 0 alone is assumed");
}

static void add_functions(struct pve *p, struct choice *choice, const char *id, size_t length,
			  const struct place *at)
{
	size_t before = choice->n;

	if (p->t->vm->options_given.host_functions) {
		add_matching(p, choice, id, length);
		if (choice->n == before)
			pve_refuse(p, at, "no PCI device found for '%.*s'", (int)length, id);
	}
	if (choice->n > before)
		return;
	if (!p->t->vm->options_given.host_functions && !memchr(id, '.', length))
		note_assumed(p, at, id, length);
	add_id(p, choice, full_id(p, id, length));
}

static struct choice *add_choice(struct pve *p, struct hostpci *d)
{
	d->choices = arena_grow(p->arena, d->choices, d->n, &d->cap, sizeof(*d->choices));
	if (!d->choices) {
		d->n = 0;
		p->t->err = -ENOMEM;
		return NULL;
	}
	d->choices[d->n] = (struct choice){0};
	return &d->choices[d->n++];
}

/* "01:00.0;01:00.1" */
static void add_list(struct pve *p, struct hostpci *d, const char *list, size_t length,
		     const struct place *at)
{
	struct choice *choice = p->t->err ? NULL : add_choice(p, d);

	while (choice && length && !p->t->err) {
		const char *end = memchr(list, ';', length);
		size_t n = end ? (size_t)(end - list) : length;

		if (n)
			add_functions(p, choice, list, n, at);
		list += n + (end != NULL);
		length -= n + (end != NULL);
	}
}

/* ---- mappings ---- */

/* Of "key=value,key=value". */
static const char *map_value(const char *map, size_t length, const char *key, size_t *n)
{
	size_t name = strlen(key);

	for (size_t at = 0; at < length;) {
		const char *end = memchr(map + at, ',', length - at);
		size_t part = end ? (size_t)(end - map) - at : length - at;

		if (part > name && memcmp(map + at, key, name) == 0 && map[at + name] == '=') {
			*n = part - name - 1;
			return map + at + name + 1;
		}
		at += part + 1;
	}
	return NULL;
}

struct mapping {
	struct hostpci *device;
	const struct place *at;
	const char *node; /* whose entries count; NULL: of the first */
	size_t node_length;
	bool is_found;
};

static void read_map(struct pve *p, struct mapping *m, const char *map, size_t length)
{
	size_t path_length, node_length = 0;
	const char *path = map_value(map, length, "path", &path_length);
	const char *node = map_value(map, length, "node", &node_length);

	if (!path || !node)
		return;
	if (!m->node) {
		m->node = node;
		m->node_length = node_length;
	}
	if (node_length == m->node_length && memcmp(node, m->node, node_length) == 0)
		add_list(p, m->device, path, path_length, m->at);
}

static size_t trim(const char **line, size_t length)
{
	while (length && (**line == ' ' || **line == '\t')) {
		(*line)++;
		length--;
	}
	while (length && ((*line)[length - 1] == ' ' || (*line)[length - 1] == '\t'))
		length--;
	return length;
}

/* A section is its name at the beginning of a line, then indented "key value". */
static bool is_section(const char *line, size_t length, const char *name)
{
	if (length > 4 && memcmp(line, "pci:", 4) == 0) {
		line += 4;
		length -= 4;
	}
	length = trim(&line, length);
	return length == strlen(name) && memcmp(line, name, length) == 0;
}

static void read_mappings(struct pve *p, struct mapping *m, const struct config_file *file,
			  const char *name)
{
	const char *cursor = file->bytes, *end = file->bytes + file->length, *line;
	size_t length;

	while (!p->t->err && next_line(&cursor, end, &line, &length)) {
		bool is_indented = length && (*line == ' ' || *line == '\t');

		if (!is_indented && length && *line != '#') {
			if (m->is_found)
				return;
			m->is_found = is_section(line, length, name);
		}
		if (!m->is_found || !is_indented)
			continue;
		length = trim(&line, length);
		if (length > 4 && memcmp(line, "map ", 4) == 0)
			read_map(p, m, line + 4, length - 4);
		else if (length > 23 && memcmp(line, "live-migration-capable ", 23) == 0)
			m->device->is_migratable = line[23] != '0' && line[23] != 'n';
	}
}

static void find_mapping(struct pve *p, struct hostpci *d, const struct pve_part *part)
{
	const struct config_file *host = translation_file(p->t, "/etc/hostname");
	const struct config_file *file = translation_file(p->t, MAPPINGS);
	struct mapping m = {.device = d, .at = &part->at};
	char *text;

	if (host) {
		m.node = host->bytes;
		m.node_length = strcspn(host->bytes, ". \t\r\n");
	}
	if (file)
		read_mappings(p, &m, file, part->value);
	if (d->n || p->t->err)
		return;
	d->is_unknown = true;
	if (p->t->vm->options_given.open && file) {
		pve_refuse(p, &part->at, "PCI device mapping not found for '%s'", part->value);
		return;
	}
	text = arena_printf(p->arena, "the device behind mapping=%s", part->value);
	if (!text)
		p->t->err = -ENOMEM;
	else
		remark_add(p->t, REMARK_ASSUMED, &part->at, text,
			   MAPPINGS
			   " of the host says which it is; the VM is looked at without it");
}

/* ---- which ---- */

static const char *legacy_igd_fault(struct pve *p, const struct hostpci *d)
{
	const struct pve_entry *vga = pve_get(p, "vga");
	const char *type = pve_value(vga, "type");
	const char *first = d->n && d->choices[0].n ? d->choices[0].ids[0] : "";
	size_t length = strlen(first);

	if (p->has_legacy_igd)
		return "only one device can be assigned in legacy-igd mode";
	p->has_legacy_igd = true;
	if (!type || !str_eq(type, "none"))
		return "legacy IGD assignment requires VGA mode to be 'none'";
	if (!pve_flag(d->entry, "rombar", true))
		return "legacy IGD assignment requires rombar to be enabled";
	if (pve_flag(d->entry, "x-vga", false))
		return "legacy IGD assignment is not compatible with x-vga";
	if (pve_value(d->entry, "mdev"))
		return "legacy IGD assignment is not compatible with mdev";
	if (p->is_q35)
		return "legacy IGD assignment is not compatible with q35";
	if (d->n && d->choices[0].n > 1)
		return "legacy IGD assignment is not compatible with multifunction devices";
	if (d->n > 1)
		return "legacy IGD assignment is not compatible with alternate devices";
	if (length < 4 || !str_eq(first + length - 4, "02.0"))
		return "legacy IGD assignment only works for devices on host bus 00:02.0";
	return NULL;
}

static void refuse_both(struct pve *p, const struct hostpci *d, const struct pve_part *mapping)
{
	if (pve_refuse(p, &mapping->at, "Cannot set both 'host' and 'mapping'."))
		pve_remedy(p, d->entry->key, "mapping", NULL);
}

static void find_device(struct pve *p, struct hostpci *d)
{
	const struct pve_part *host = pve_part(d->entry, "host");
	const struct pve_part *mapping = pve_part(d->entry, "mapping");
	const char *fault;

	if (host && mapping)
		refuse_both(p, d, mapping);
	else if (mapping)
		find_mapping(p, d, mapping);
	else if (host)
		add_list(p, d, host->value, strlen(host->value), &host->at);
	else
		pve_refuse(p, &d->entry->at, "Either 'host' or 'mapping' must be set.");
	for (size_t i = 0; i < d->n; i++) {
		if (d->choices[i].n > 1 && pve_value(d->entry, "mdev"))
			pve_refuse(p, &d->entry->at,
				   "cannot use mediated device with multifunction device");
	}
	if (!p->is_q35 && pve_flag(d->entry, "pcie", false) &&
	    pve_refuse(p, &pve_part(d->entry, "pcie")->at, "q35 machine model is not enabled"))
		pve_remedy(p, d->entry->key, "pcie", NULL);
	if (!pve_flag(d->entry, "legacy-igd", false))
		return;
	fault = legacy_igd_fault(p, d);
	if (fault)
		pve_refuse(p, &pve_part(d->entry, "legacy-igd")->at, "%s", fault);
}

static const char *used_twice(const struct choice *choice, const char *const *used, size_t n)
{
	for (size_t i = 0; i < choice->n; i++) {
		for (size_t k = 0; k < n; k++) {
			if (str_eq(choice->ids[i], used[k]))
				return choice->ids[i];
		}
	}
	return NULL;
}

static void refuse_twice(struct pve *p, const struct hostpci *d, const char *id)
{
	if (pve_refuse(p, &d->entry->at, "device '%s' assigned more than once", id) &&
	    d->choices[0].n == 1)
		pve_remedy(p, d->entry->key, NULL, NULL);
}

/* Of a mapping's devices the first that is free. The answer stands first. */
static void choose(struct pve *p, struct hostpci *d, unsigned number, const char **used,
		   size_t *n_used)
{
	size_t found = 0;
	const char *twice;

	if (!d->n || pve_value(d->entry, "mdev"))
		return;
	while (found < d->n && used_twice(&d->choices[found], used, *n_used))
		found++;
	if (found == d->n) {
		twice = used_twice(&d->choices[0], used, *n_used);
		if (d->n == 1)
			refuse_twice(p, d, twice);
		else
			pve_refuse(p, &d->entry->at, "could not find a free device for 'hostpci%u'",
				   number);
		found = 0;
	}
	d->choices[0] = d->choices[found];
	for (size_t i = 0; i < d->choices[0].n; i++) {
		const char *id = d->choices[0].ids[i];

		for (size_t k = i + 1; k < d->choices[0].n; k++) {
			if (str_eq(id, d->choices[0].ids[k]))
				pve_refuse(p, &d->entry->at, "device '%s' assigned more than once",
					   id);
		}
		used[(*n_used)++] = id;
	}
}

/* ---- said ---- */

static const char *find_address(struct pve *p, const struct hostpci *d, unsigned n)
{
	const char *name;

	if (!pve_flag(d->entry, "pcie", false)) {
		if (pve_flag(d->entry, "legacy-igd", false))
			return pve_address(p, "legacy-igd");
		name = arena_printf(p->arena, "hostpci%u", n);
		return name ? pve_address(p, name) : "";
	}
	if (p->windows == 7) { /* it wants them on the root bus */
		name = arena_printf(p->arena, "hostpci_bus0_%u", n);
		return name ? pve_pcie_address(p, name) : "";
	}
	if (n > 3)
		pve_say(p, &p->devices, "device", d->entry,
			"pcie-root-port,id=ich9-pcie-port-%u,addr=%x.%u,x-speed=16,x-width=32,"
			"multifunction=on,bus=pcie.0,port=%u,chassis=%u",
			n + 1, 0x10 + (n - 4) / 8, (n - 4) % 8, n + 1, n + 1);
	name = arena_printf(p->arena, ",bus=ich9-pcie-port-%u,addr=0x0", n + 1);
	return name ? name : "";
}

/* What the first function gets beside its address. */
static void say_settings(struct pve *p, const struct hostpci *d, struct pve_said *said,
			 bool is_multifunction)
{
	static const char *const ids[] = {"vendor-id", "device-id", "sub-vendor-id",
					  "sub-device-id"};
	const struct pve_entry *bios = pve_get(p, "bios");
	const struct pve_part *rombar = pve_part(d->entry, "rombar");
	const struct pve_part *vga = pve_part(d->entry, "x-vga");
	const struct pve_part *romfile = pve_part(d->entry, "romfile");

	if (!pve_flag(d->entry, "rombar", true))
		pve_set(p, said, "rombar", "0", rombar);
	if (pve_flag(d->entry, "x-vga", false)) {
		bool is_ovmf = bios && str_eq(bios->value, "ovmf");

		if (is_ovmf)
			remark_add(p->t, REMARK_INEFFECTIVE, &vga->at, "x-vga=1",
				   "With bios: ovmf the device is passed without x-vga; KVM is "
				   "hidden from the guest all the same");
		else
			pve_set(p, said, "x-vga", "on", vga);
		p->hides_kvm = true;
		p->passes_gpu = true;
		if (!pve_get(p, "vga"))
			p->vga = "none";
	}
	if (is_multifunction)
		pve_set(p, said, "multifunction", "on", NULL);
	if (romfile)
		pve_set(p, said, "romfile",
			arena_printf(p->arena, "/usr/share/kvm/%s", romfile->value), romfile);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct pve_part *part = pve_part(d->entry, ids[i]);

		if (part)
			pve_set(p, said, arena_printf(p->arena, "x-pci-%s", ids[i]), part->value,
				part);
	}
}

static void say_functions(struct pve *p, const struct hostpci *d, unsigned n)
{
	const struct pve_part *host = pve_part(d->entry, "host");
	const struct pve_part *mdev = pve_part(d->entry, "mdev");
	const char *address = find_address(p, d, n);
	size_t count = mdev ? 1 : d->choices[0].n;

	if (!host)
		host = pve_part(d->entry, "mapping");
	for (size_t i = 0; i < count && !p->t->err; i++) {
		struct pve_said *said = pve_say(p, &p->devices, "device", d->entry, "vfio-pci");
		struct buf rest = {0};

		if (mdev)
			pve_set(p, said, "sysfsdev",
				arena_printf(p->arena,
					     "/sys/bus/mdev/devices/%08u-0000-0000-0000-%012lu", n,
					     strtoul(p->vmid, NULL, 10)),
				mdev);
		else
			pve_set(p, said, "host", d->choices[0].ids[i], host);
		if (d->is_migratable)
			pve_set(p, said, "enable-migration", "on", NULL);
		if (count > 1)
			buf_printf(&rest, "id=hostpci%u.%zu%s.%zu", n, i, address, i);
		else
			buf_printf(&rest, "id=hostpci%u%s", n, address);
		if (rest.err)
			p->t->err = -ENOMEM;
		else
			pve_append(p, said, rest.data);
		buf_free(&rest);
		if (i == 0)
			say_settings(p, d, said, count > 1);
		if (said && !mdev)
			said->binds_host = !pve_keeps_driver(d->entry);
	}
}

bool pve_keeps_driver(const struct pve_entry *hostpci)
{
	const char *driver = pve_value(hostpci, "driver");

	return driver && str_eq(driver, "keep");
}

void pve_hostpci_say(struct pve *p)
{
	struct hostpci devices[MAX_HOSTPCI] = {0};
	const char **used =
		arena_array(p->arena, (size_t)MAX_HOSTPCI * MAX_FUNCTIONS, sizeof(*used));
	size_t n_used = 0;

	if (!used) {
		p->t->err = -ENOMEM;
		return;
	}
	for (unsigned i = 0; i < MAX_HOSTPCI && !p->t->err; i++) {
		devices[i].entry = pve_get_n(p, "hostpci", i);
		if (devices[i].entry)
			find_device(p, &devices[i]);
	}
	for (unsigned i = 0; i < MAX_HOSTPCI && !p->t->err; i++) {
		if (devices[i].entry)
			choose(p, &devices[i], i, used, &n_used);
	}
	for (unsigned i = 0; i < MAX_HOSTPCI && !p->t->err; i++) {
		if (devices[i].n && devices[i].choices[0].n)
			say_functions(p, &devices[i], i);
	}
}
