// SPDX-License-Identifier: LGPL-2.1-or-later
/* property.c - property strings ("q35,viommu=intel"): what they may hold, and what
 * qemu-server says of one that it drops. Texts: pve-common src/PVE/JSONSchema.pm. */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "vm/proxmox/proxmox.h"

#define MAX_PARTS 256u /* of one value; the longest format has some 50 keys */

int pve_boolean(const char *text)
{
	static const char *const on[] = {"1", "on", "yes", "true"};
	static const char *const off[] = {"0", "off", "no", "false"};

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		if (strcasecmp(text, on[i]) == 0)
			return 1;
		if (strcasecmp(text, off[i]) == 0)
			return 0;
	}
	return -1;
}

/* ---- values with a form of their own ---- */

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* "-9.2.1+pve1.pxe" behind a family: numbers, at least two, then what may follow them. */
static bool is_version(const char *text, bool may_be_pxe)
{
	size_t numbers = 0, n;

	for (; (n = digits(text)); numbers++) {
		text += n;
		if (*text != '.' || !digits(text + 1)) {
			numbers++;
			break;
		}
		text++;
	}
	if (numbers < 2)
		return false;
	if (str_starts(text, "+pve") && digits(text + 4))
		text += 4 + digits(text + 4);
	return !*text || (may_be_pxe && str_eq(text, ".pxe"));
}

static bool is_machine(const char *type)
{
	if (strlen(type) > 40)
		return false;
	if (str_eq(type, "pc") || str_eq(type, "q35") || str_eq(type, "virt"))
		return true;
	if (str_starts(type, "virt+pve") && digits(type + 8))
		return !type[8 + digits(type + 8)];
	return (str_starts(type, "pc-i440fx-") && is_version(type + 10, true)) ||
	       (str_starts(type, "pc-q35-") && is_version(type + 7, true)) ||
	       (str_starts(type, "virt-") && is_version(type + 5, false)) ||
	       (str_starts(type, "pc-") && is_version(type + 3, true));
}

static size_t hex(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

/* "[dddd:]bb:dd[.f]" */
static size_t pci_id(const char *text)
{
	const char *at = text;

	if (hex(at) >= 4 && at[hex(at)] == ':')
		at += hex(at) + 1;
	if (hex(at) != 2 || at[2] != ':' || hex(at + 3) < 2)
		return 0;
	at += 5;
	if (*at == '.' && hex(at + 1))
		at += 2;
	return (size_t)(at - text);
}

static bool is_host_list(const char *value)
{
	size_t n;

	while ((n = pci_id(value)) && value[n] == ';')
		value += n + 1;
	return n && !value[n];
}

static bool is_hex_id(const char *value)
{
	return value[0] == '0' && value[1] == 'x' && strlen(value) == 6 &&
	       strspn(value + 2, "0123456789abcdefABCDEF") == 4;
}

static bool is_romfile(const char *value)
{
	return !strpbrk(value, ",;");
}

static bool is_mdev(const char *value)
{
	return !strpbrk(value, "/.:");
}

static bool is_vendor(const char *value)
{
	size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

	return n >= 1 && n <= 12 && !value[n];
}

static bool is_number_set(const char *value)
{
	for (;;) {
		if (!digits(value))
			return false;
		value += digits(value);
		if (*value == '-') {
			if (!digits(++value))
				return false;
			value += digits(value);
		}
		if (*value != ';')
			return !*value;
		value++;
	}
}

static bool is_flag_list(const char *value)
{
	static const char of[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

	for (;;) {
		size_t n = *value == '+' || *value == '-' ? strspn(value + 1, of) : 0;

		if (!n)
			return false;
		value += n + 1;
		if (*value != ';')
			return !*value;
		value++;
	}
}

static bool is_phys_bits(const char *value)
{
	uint64_t bits;

	return str_eq(value, "host") || (strlen(value) <= 2 && digits(value) == strlen(value) &&
					 !parse_u64(value, 10, 64, &bits) && bits >= 8);
}

/* ---- formats ---- */

#define V(major, minor, micro) PVE_VERSION(major, minor, micro)
#define FORMAT(name, fields, check)                                                                \
	const struct pve_format name = {fields, ARRAY_SIZE(fields), check}

static const struct pve_field machine_fields[] = {
	{.name = "type", .is_allowed = is_machine, .is_default = true},
	{.name = "viommu", .choice = "intel, virtio", .since = V(8, 1, 2)},
	{.name = "aw-bits", .type = PVE_NUMBER, .min = 32, .max = 64, .since = V(9, 0, 21)},
	{.name = "enable-s3", .type = PVE_BOOLEAN, .since = V(8, 3, 9)},
	{.name = "enable-s4", .type = PVE_BOOLEAN, .since = V(8, 3, 9)},
};
FORMAT(pve_machine_format, machine_fields, NULL);

static const struct pve_field cpu_fields[] = {
	{.name = "cputype", .is_default = true},
	{.name = "reported-model"},
	{.name = "hidden", .type = PVE_BOOLEAN},
	{.name = "hv-vendor-id", .is_allowed = is_vendor},
	{.name = "flags", .is_allowed = is_flag_list},
	{.name = "level", .type = PVE_INTEGER, .max = 1 << 30, .since = V(9, 1, 0)},
	{.name = "guest-phys-bits",
	 .type = PVE_INTEGER,
	 .min = 32,
	 .max = 64,
	 .since = V(9, 0, 18)},
	{.name = "phys-bits", .is_allowed = is_phys_bits},
};
FORMAT(pve_cpu_format, cpu_fields, pve_cpu_check);

static const struct pve_field hostpci_fields[] = {
	{.name = "host", .is_allowed = is_host_list, .is_default = true},
	{.name = "mapping", .since = V(8, 0, 4)},
	{.name = "rombar", .type = PVE_BOOLEAN},
	{.name = "romfile", .is_allowed = is_romfile},
	{.name = "pcie", .type = PVE_BOOLEAN},
	{.name = "x-vga", .type = PVE_BOOLEAN},
	{.name = "legacy-igd", .type = PVE_BOOLEAN},
	{.name = "mdev", .is_allowed = is_mdev},
	{.name = "vendor-id", .is_allowed = is_hex_id},
	{.name = "device-id", .is_allowed = is_hex_id},
	{.name = "sub-vendor-id", .is_allowed = is_hex_id},
	{.name = "sub-device-id", .is_allowed = is_hex_id},
	{.name = "driver", .choice = "vfio, keep", .since = V(9, 0, 0)},
};
FORMAT(pve_hostpci_format, hostpci_fields, NULL);

static const struct pve_field memory_fields[] = {
	{.name = "current", .type = PVE_INTEGER, .min = 16, .is_default = true},
};
FORMAT(pve_memory_format, memory_fields, NULL);

static const struct pve_field numa_fields[] = {
	{.name = "cpus", .is_allowed = is_number_set},
	{.name = "memory", .type = PVE_NUMBER},
	{.name = "hostnodes", .is_allowed = is_number_set},
	{.name = "policy", .choice = "preferred, bind, interleave"},
};
FORMAT(pve_numa_format, numa_fields, NULL);

static const struct pve_field vga_fields[] = {
	{.name = "type",
	 .choice = "cirrus, qxl, qxl2, qxl3, qxl4, none, serial0, serial1, serial2, serial3, std, "
		   "virtio, virtio-gl, vmware",
	 .is_default = true},
	{.name = "memory", .type = PVE_INTEGER, .min = 4, .max = 512},
	{.name = "clipboard", .choice = "vnc"},
};
FORMAT(pve_vga_format, vga_fields, NULL);

static const struct pve_field sev_fields[] = {
	{.name = "type", .choice = "std, es, snp", .is_default = true},
	{.name = "no-debug", .type = PVE_BOOLEAN},
	{.name = "no-key-sharing", .type = PVE_BOOLEAN},
	{.name = "allow-smt", .type = PVE_BOOLEAN},
	{.name = "kernel-hashes", .type = PVE_BOOLEAN},
};
FORMAT(pve_sev_format, sev_fields, NULL);

static const struct pve_field tdx_fields[] = {
	{.name = "type", .choice = "tdx", .is_default = true},
	{.name = "attestation", .type = PVE_BOOLEAN},
	{.name = "vsock-cid", .type = PVE_INTEGER, .min = 2},
	{.name = "vsock-port", .type = PVE_INTEGER},
};
FORMAT(pve_tdx_format, tdx_fields, NULL);

/* Taken apart, and not looked into: its keys do not matter here, or not all. */
const struct pve_format pve_free_format = {NULL, 0, NULL};

const struct pve_field *pve_field(const struct pve_format *format, const char *name)
{
	for (size_t i = 0; i < format->n; i++) {
		if (str_eq(format->fields[i].name, name))
			return &format->fields[i];
	}
	return NULL;
}

/* ---- taken apart ---- */

static const char *default_key(const struct pve_format *format)
{
	for (size_t i = 0; i < format->n; i++) {
		if (format->fields[i].is_default)
			return format->fields[i].name;
	}
	return format->n ? NULL : "";
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!isspace((unsigned char)text[i]))
			return false;
	}
	return true;
}

int pve_split(struct arena *arena, const struct pve_format *format, struct pve_entry *entry)
{
	const char *implied = default_key(format);
	size_t cap = 0;

	for (const char *from = entry->value, *next; from && entry->n_parts < MAX_PARTS;
	     from = next) {
		size_t length = strcspn(from, ","), key = strcspn(from, "=");
		struct pve_part part = {.key = implied ? implied : "", .at = entry->value_at};
		size_t offset = (size_t)(from - entry->value);

		next = from[length] ? from + length + 1 : NULL;
		if (is_blank(from, length))
			continue;
		part.start = entry->value_at.offset + offset;
		part.end = part.start + length;
		key = key < length ? key + 1 : 0;
		if (key)
			part.key = arena_strndup(arena, from, key - 1);
		part.value = arena_strndup(arena, from + key, length - key);
		part.at.offset = part.start + key;
		part.at.length = length - key;
		part.at.column += (unsigned)(offset + key);
		entry->parts = arena_grow(arena, entry->parts, entry->n_parts, &cap, sizeof(part));
		if (!entry->parts || !part.key || !part.value)
			return -ENOMEM;
		entry->parts[entry->n_parts++] = part;
	}
	return 0;
}

const struct pve_part *pve_part(const struct pve_entry *entry, const char *key)
{
	for (size_t i = entry ? entry->n_parts : 0; i-- > 0;) {
		if (str_eq(entry->parts[i].key, key))
			return &entry->parts[i];
	}
	return NULL;
}

const char *pve_value(const struct pve_entry *entry, const char *key)
{
	const struct pve_part *part = pve_part(entry, key);

	return part ? part->value : NULL;
}

bool pve_flag(const struct pve_entry *entry, const char *key, bool otherwise)
{
	const char *value = pve_value(entry, key);

	return value && pve_boolean(value) >= 0 ? pve_boolean(value) == 1 : otherwise;
}

/* ---- judged ---- */

static bool is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	for (const char *at = choices; *at;) {
		size_t word = strcspn(at, ",");

		if (word == length && memcmp(at, value, word) == 0)
			return true;
		at += word + strspn(at + word, ", ");
	}
	return false;
}

static bool is_integer(const char *value)
{
	value += *value == '-';
	return *value && !value[digits(value)];
}

static bool is_number(const char *value)
{
	size_t n;

	value += *value == '-';
	n = digits(value);
	if (value[n] == '.' && n)
		n += 1 + digits(value + n + 1);
	return n && !value[n];
}

/* NULL: right. */
static const char *judge_number(struct arena *arena, const struct pve_field *field,
				const char *value)
{
	uint64_t number = 0;
	bool is_negative = *value == '-';
	size_t n = digits(value + is_negative);

	if (field->type == PVE_INTEGER ? !is_integer(value) : !is_number(value))
		return arena_printf(arena, "type check ('%s') failed - got '%s'",
				    field->type == PVE_INTEGER ? "integer" : "number", value);
	if (parse_u64n(value + is_negative, n, 10, INT64_MAX, &number))
		number = INT64_MAX;
	if (is_negative ? number > 0 || field->min > 0 : number < (uint64_t)field->min)
		return arena_printf(arena, "value must have a minimum value of %ld", field->min);
	if (field->max && number > (uint64_t)field->max)
		return arena_printf(arena, "value must have a maximum value of %ld", field->max);
	return NULL;
}

static const char *judge_part(struct arena *arena, const struct pve_format *format,
			      const struct pve_part *part, uint32_t manager)
{
	const struct pve_field *field = pve_field(format, part->key);

	if (!field || field->since > manager)
		return "property is not defined in schema and the schema does not allow additional "
		       "properties";
	if (field->type == PVE_INTEGER || field->type == PVE_NUMBER)
		return judge_number(arena, field, part->value);
	if (field->type == PVE_BOOLEAN && pve_boolean(part->value) < 0)
		return arena_printf(arena, "type check ('boolean') failed - got '%s'", part->value);
	if (field->choice && !is_choice(field->choice, part->value))
		return arena_printf(arena,
				    "value '%s' does not have a value in the enumeration '%s'",
				    part->value, field->choice);
	if (field->is_allowed == is_phys_bits && !is_phys_bits(part->value))
		return "invalid format - value must be an integer between 8 and 64 or 'host'";
	if (field->is_allowed && !field->is_allowed(part->value))
		return "value does not match the regex pattern";
	return NULL;
}

/* Errors come sorted by key. */
static const char *judge_parts(struct arena *arena, const struct pve_format *format,
			       const struct pve_entry *entry, uint32_t manager)
{
	const struct pve_part *first = NULL;
	const char *wrong = NULL;

	for (size_t i = 0; i < entry->n_parts; i++) {
		const struct pve_part *part = &entry->parts[i];
		const char *found;

		if (!*part->key)
			return "value without key, but schema does not define a default key";
		if (!*part->value)
			return "missing key in comma-separated list property";
		for (size_t k = 0; k < i && format->n; k++) {
			if (str_eq(entry->parts[k].key, part->key))
				return arena_printf(
					arena, "duplicate key in comma-separated list property: %s",
					part->key);
		}
		found = judge_part(arena, format, part, manager);
		if (found && (!first || strcmp(part->key, first->key) < 0)) {
			first = part;
			wrong = found;
		}
	}
	return wrong ? arena_printf(arena, "format error: %s: %s", first->key, wrong) : NULL;
}

/* Of a whole value, as check_type of QemuServer.pm. */
static const char *judge_plain(struct arena *arena, const struct pve_key *key, const char *value)
{
	static const char *const names[] = {
		[PVE_BOOLEAN] = "boolean", [PVE_INTEGER] = "integer", [PVE_NUMBER] = "number"};
	bool is_right = key->type == PVE_BOOLEAN   ? pve_boolean(value) >= 0
			: key->type == PVE_INTEGER ? *value != '-' && is_integer(value)
			: key->type == PVE_NUMBER  ? *value != '-' && is_number(value)
						   : true;

	return is_right ? NULL
			: arena_printf(arena, "type check ('%s') failed - got '%s'",
				       names[key->type], value);
}

const char *pve_check(struct translation *t, const struct pve_key *key, struct pve_entry *entry,
		      uint32_t manager)
{
	struct arena *arena = t->vm->arena;
	const char *wrong = NULL;

	if (!key)
		return arena_printf(arena, "unknown setting '%s'", entry->key);
	if (!key->format)
		return judge_plain(arena, key, entry->value);
	if (pve_split(arena, key->format, entry)) {
		t->err = -ENOMEM;
		return NULL;
	}
	if (key->format->n)
		wrong = judge_parts(arena, key->format, entry, manager);
	if (!wrong && key->format->check)
		wrong = key->format->check(t, entry);
	return wrong;
}
