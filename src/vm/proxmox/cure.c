// SPDX-License-Identifier: LGPL-2.1-or-later
/* cure.c - a key that qemu-server does not know, and the one that was meant. */
#include <ctype.h>
#include <errno.h>

#include "vm/proxmox/proxmox.h"

#define MAX_NAME 24u

/* How many characters differ, to the extent that it matters; '_' is as good as '-', case does not
 * count. */
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned row[MAX_NAME + 1];

	if (n > MAX_NAME || m > MAX_NAME)
		return MAX_NAME;
	for (size_t k = 0; k <= m; k++)
		row[k] = (unsigned)k;
	for (size_t i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= m; k++) {
			char x = a[i - 1] == '_' ? '-' : a[i - 1],
			     y = b[k - 1] == '_' ? '-' : b[k - 1];
			bool same = tolower((unsigned char)x) == tolower((unsigned char)y);
			unsigned best = diagonal + !same;

			diagonal = row[k];
			best = row[k] + 1 < best ? row[k] + 1 : best;
			row[k] = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
		}
	}
	return row[m];
}

/* Near: a slip or two, in a longer name. */
static bool is_near(unsigned steps, const char *name)
{
	return steps <= (strlen(name) >= 6 ? 2 : 1);
}

static const char *nearest_field(const struct pve_format *format, const char *name)
{
	const char *found = NULL;
	unsigned best = MAX_NAME;

	for (size_t i = 0; i < format->n; i++) {
		unsigned steps = distance(name, format->fields[i].name);

		if (steps < best && is_near(steps, name)) {
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
	unsigned best = MAX_NAME;

	for (size_t i = 0; (key = pve_key_at(i)); i++) {
		unsigned steps = distance(name, key->name);

		if (!key->count && steps < best && is_near(steps, name)) {
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
