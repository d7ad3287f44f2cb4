// SPDX-License-Identifier: LGPL-2.1-or-later
/* cure.c - a key that qemu-server does not know, and the one that was meant. */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

static const char *nearest_field(const struct pve_format *format, const char *name)
{
	const char *found = NULL;
	unsigned best = STR_FAR;

	for (size_t i = 0; i < format->n; i++) {
		unsigned steps = str_distance(name, format->fields[i].name);

		if (steps < best && str_is_near(steps, name)) {
			best = steps;
			found = format->fields[i].name;
		}
	}
	return found;
}

static const char *nearest_key(const char *name)
{
	const struct pve_key *key;
	const char *found = NULL;
	unsigned best = STR_FAR;

	for (size_t i = 0; (key = pve_key_at(i)); i++) {
		unsigned steps = str_distance(name, key->name);

		if (!key->count && steps < best && str_is_near(steps, name)) {
			best = steps;
			found = key->name;
		}
	}
	return found;
}

bool pve_cure(const struct pve_entry *entry, const struct pve_part **part, const char **key)
{
	const struct pve_key *info;
	const char *name;

	if (pve_slot(entry->key, &info) == PVE_NO_SLOT) {
		name = nearest_key(entry->key);
		if (part)
			*part = NULL;
		if (key)
			*key = name;
		return name;
	}
	for (size_t i = 0; info->format && i < entry->n_parts; i++) {
		const struct pve_part *p = &entry->parts[i];

		if (!info->format->n || pve_field(info->format, p->key))
			continue;
		name = nearest_field(info->format, p->key);
		if (!name || pve_part(entry, name))
			continue;
		if (part)
			*part = p;
		if (key)
			*key = name;
		return true;
	}
	return false;
}
