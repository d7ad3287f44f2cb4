/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU releases and machine types, as tables. A new release is one line in each. */
#include "vmm/versions.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/strings.h"

/* Latest point release that is known of each release. */
static const uint32_t points[] = {
	QEMU(7, 2, 22), QEMU(8, 0, 5),	QEMU(8, 1, 5),	QEMU(8, 2, 10),
	QEMU(9, 0, 4),	QEMU(9, 1, 3),	QEMU(9, 2, 4),	QEMU(10, 0, 13),
	QEMU(10, 1, 5), QEMU(10, 2, 2), QEMU(11, 0, 2), QEMU(11, 1, 3),
};

/* The oldest versioned pc and q35 types that a binary still has (docs/about/removed-features). */
static const struct {
	uint32_t since;
	uint32_t oldest_pc, oldest_q35;
} removals[] = {
	{QEMU(11, 1, 0), QEMU(5, 2, 0), QEMU(5, 2, 0)},
	{QEMU(11, 0, 0), QEMU(2, 8, 0), QEMU(2, 8, 0)},
	{QEMU(10, 1, 0), QEMU(2, 6, 0), QEMU(2, 6, 0)},
	{QEMU(9, 1, 0), QEMU(2, 4, 0), QEMU(2, 4, 0)},
	{QEMU(0, 0, 0), QEMU(1, 4, 0), QEMU(2, 4, 0)},
};

/* Machine types of vendors, and the upstream release whose behaviour they have. */
static const struct {
	const char *suffix;
	const char *vendor;
	uint32_t version;
} vendor_types[] = {
	{"rhel7.6.0", "RHEL", QEMU(2, 12, 0)},	{"rhel8.0.0", "RHEL", QEMU(3, 1, 0)},
	{"rhel8.1.0", "RHEL", QEMU(4, 1, 0)},	{"rhel8.2.0", "RHEL", QEMU(4, 2, 0)},
	{"rhel8.3.0", "RHEL", QEMU(5, 1, 0)},	{"rhel8.4.0", "RHEL", QEMU(5, 2, 0)},
	{"rhel8.5.0", "RHEL", QEMU(6, 0, 0)},	{"rhel8.6.0", "RHEL", QEMU(6, 2, 0)},
	{"rhel9.0.0", "RHEL", QEMU(6, 2, 0)},	{"rhel9.2.0", "RHEL", QEMU(7, 2, 0)},
	{"rhel9.4.0", "RHEL", QEMU(8, 2, 0)},	{"rhel9.6.0", "RHEL", QEMU(9, 1, 0)},
	{"rhel9.8.0", "RHEL", QEMU(10, 1, 0)},	{"rhel10.0.0", "RHEL", QEMU(9, 1, 0)},
	{"rhel10.2.0", "RHEL", QEMU(10, 1, 0)}, {"focal", "Ubuntu", QEMU(4, 2, 0)},
	{"jammy", "Ubuntu", QEMU(6, 2, 0)},	{"lunar", "Ubuntu", QEMU(7, 2, 0)},
	{"mantic", "Ubuntu", QEMU(8, 0, 0)},	{"noble", "Ubuntu", QEMU(8, 2, 0)},
	{"oracular", "Ubuntu", QEMU(9, 0, 0)},	{"plucky", "Ubuntu", QEMU(9, 2, 0)},
	{"questing", "Ubuntu", QEMU(10, 1, 0)},
};

static const struct {
	const char *prefix;
	enum machine_family family;
} families[] = {
	{"pc-q35-", MACHINE_Q35},
	{"pc-i440fx-", MACHINE_I440FX},
	{"virt-", MACHINE_VIRT},
};

static const struct {
	const char *name;
	enum machine_family family;
	bool is_alias;
} plain_types[] = {
	{"q35", MACHINE_Q35, true},
	{"pc", MACHINE_I440FX, true},
	{"virt", MACHINE_VIRT, true},
	{"microvm", MACHINE_MICROVM, false},
	{"isapc", MACHINE_ISAPC, false},
	{"none", MACHINE_NONE, false},
	{"xenfv", MACHINE_XEN, false},
	{"xenpv", MACHINE_XEN, false},
	{"xenpvh", MACHINE_XEN, false},
	{"xenfv-4.2", MACHINE_XEN, false},
	{"nitro-enclave", MACHINE_MICROVM, false},
	{"cloud-hypervisor", MACHINE_CLOUD_HYPERVISOR, false},
};

/* Up to three numbers separated by dots at *text; returns how many and moves on. */
static int parse_numbers(const char **text, uint32_t number[3])
{
	int n = 0;

	while (n < 3 && isdigit((unsigned char)**text)) {
		uint32_t value = 0;

		for (; isdigit((unsigned char)**text) && value < 1000; (*text)++)
			value = value * 10 + (uint32_t)(**text - '0');
		number[n++] = value;
		if (**text != '.' || !isdigit((unsigned char)(*text)[1]))
			break;
		(*text)++;
	}
	return n;
}

int qemu_version_parse(const char *text, uint32_t *version, bool *has_micro)
{
	uint32_t number[3] = {0, 0, 0};
	int n = parse_numbers(&text, number);

	if (n < 2 || number[0] > 0xfe || number[1] > 0xff || number[2] > 0xff)
		return -EINVAL;
	if (*text && !strchr(" -+(~", *text))
		return -EINVAL;
	/* 10.2.50 and later are the development towards the next release; x.y.9z are its
	 * candidates. */
	if (n == 3 && number[2] >= 50) {
		number[1]++;
		number[2] = 0;
		if (number[1] > 2) {
			number[0]++;
			number[1] = 0;
		}
	}
	*has_micro = n == 3;
	*version = QEMU(number[0], number[1], number[2]);
	if (n == 2)
		*version = qemu_latest_point(*version);
	return 0;
}

const char *qemu_version_text(struct arena *arena, uint32_t v)
{
	return arena_printf(arena, "%u.%u.%u", QEMU_MAJOR(v), QEMU_MINOR(v), QEMU_MICRO(v));
}

uint32_t qemu_latest_point(uint32_t v)
{
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		if (QEMU_RELEASE(points[i]) == QEMU_RELEASE(v))
			return points[i];
	}
	return v;
}

static void parse_versioned(const char *suffix, struct machine_type *out)
{
	uint32_t number[3] = {0, 0, 0};
	const char *rest = suffix;

	if (parse_numbers(&rest, number) >= 2 && number[0] < 0xff && number[1] < 0xff) {
		out->version = QEMU(number[0], number[1], 0);
		if (str_starts(rest, "+pve")) {
			out->vendor = "Proxmox VE";
			out->is_upstream = true;
		} else if (*rest) {
			out->is_assumed = true;
		}
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(vendor_types); i++) {
		if (str_starts(suffix, vendor_types[i].suffix)) {
			out->vendor = vendor_types[i].vendor;
			out->version = vendor_types[i].version;
			out->is_assumed = true;
			return;
		}
	}
	out->family = MACHINE_UNKNOWN;
}

void machine_type_parse(const char *name, struct machine_type *out)
{
	*out = (struct machine_type){.name = name};
	for (size_t i = 0; i < ARRAY_SIZE(plain_types); i++) {
		const char *plain = plain_types[i].name;
		/* Proxmox' QEMU takes "q35+pve1" too. */
		bool is_pve = str_starts(name, plain) && str_starts(name + strlen(plain), "+pve");

		if (is_pve || str_eq(name, plain)) {
			out->family = plain_types[i].family;
			out->is_alias = plain_types[i].is_alias;
			out->vendor = is_pve ? "Proxmox VE" : NULL;
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (str_starts(name, families[i].prefix)) {
			out->family = families[i].family;
			parse_versioned(name + strlen(families[i].prefix), out);
			return;
		}
	}
}

bool machine_type_known(const struct machine_type *type, uint32_t binary)
{
	uint32_t oldest = 0;

	if (type->family == MACHINE_UNKNOWN)
		return false;
	if (type->family == MACHINE_ISAPC || type->version == 0 ||
	    (type->vendor && !type->is_upstream))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(removals) && !oldest; i++) {
		if (binary >= removals[i].since)
			oldest = type->family == MACHINE_Q35 ? removals[i].oldest_q35
							     : removals[i].oldest_pc;
	}
	return type->version >= oldest && type->version <= QEMU_RELEASE(binary);
}

const char *machine_type_name(struct arena *arena, const struct machine_type *type, uint32_t binary)
{
	for (size_t i = 0; i < ARRAY_SIZE(families) && type->is_alias; i++) {
		if (families[i].family == type->family)
			return arena_printf(arena, "%s%u.%u", families[i].prefix,
					    QEMU_MAJOR(binary), QEMU_MINOR(binary));
	}
	return arena_strdup(arena, type->name);
}
