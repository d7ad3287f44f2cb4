// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * capture_filter.c - what of a file may go into a capture. Everything here is an allowlist: what is
 * not known to be needed and harmless stays out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "host/capture.h"

/* Parameters that change what an IOMMU or its groups do. A dot at the end takes all parameters of
 * that module. */
static const char *const known_parameters[] = {
	"amd_iommu",
	"amd_iommu_dump",
	"amd_iommu_intr",
	"arm_smmu.",
	"arm_smmu_v3.",
	"default_hugepagesz",
	"hugepages",
	"hugepagesz",
	"intel_iommu",
	"intremap",
	"iommu",
	"iommu.",
	"iommufd.",
	"kvm.",
	"kvm_amd.",
	"kvm_intel.",
	"lockdown",
	"mem_encrypt",
	"no5lvl",
	"nointremap",
	"nox2apic",
	"pci",
	"pcie_acs_override",
	"vfio.",
	"vfio_iommu_type1.",
	"vfio_pci.",
	"vfio_pci_core.",
};

/* Keys of /proc/cpuinfo: x86, then Arm. "Serial" is not among them. */
static const char *const known_cpu_keys[] = {
	"processor",   "vendor_id", "cpu family",    "model",		"model name",
	"stepping",    "flags",	    "address sizes", "CPU implementer", "CPU architecture",
	"CPU variant", "CPU part",  "CPU revision",  "Features",
};

/* What a kernel message begins with that says something about the IOMMU. */
static const char *const known_messages[] = {
	"DMAR:",	"DMAR-IR:",	     "dmar:",	      "AMD-Vi:",     "iommu:",
	"arm-smmu-v3 ", "arm-smmu ",	     "virtio_iommu ", "x86/tme:",    "x86/mktme:",
	"ACPI: DMAR ",	"ACPI: IVRS ",	     "ACPI: IORT ",   "ACPI: VIOT ", "SEV-SNP:",
	"ITS [mem ",	"VFIO - User Level", "pci-DMA: ",
};
/* The same, for what may stand behind the name of a device ("pci 0000:01:00.0: "). */
static const char *const known_device_messages[] = {
	"Firmware has requested this device have a 1:1 IOMMU mapping",
	"Device is ineligible for IOMMU domain attach",
	"Adding to iommu group ",
};

static const char *const known_config_words[] = {
	"IOMMU",      "SMMU",	    "VFIO",	  "VA_BITS",	     "_4K_PAGES",
	"_16K_PAGES", "_64K_PAGES", "X86_5LEVEL", "AMD_MEM_ENCRYPT", "IRQ_REMAP",
};

/* What the name of an interrupt controller begins with. */
static const char *const known_controllers[] = {
	"DMAR", "GIC", "HPET", "IO-APIC", "IR-", "ITS-", "MSI", "PCI-MSI", "XT-PIC",
};

static const char *const known_modules[] = {
	"iommufd",	    "kvm",	"kvm_amd",	 "kvm_intel", "vfio",
	"vfio_iommu_type1", "vfio_pci", "vfio_pci_core",
};

static bool starts_with(const char *text, size_t length, const char *prefix)
{
	size_t n = strlen(prefix);

	return length >= n && memcmp(text, prefix, n) == 0;
}

static bool starts_with_any(const char *text, size_t length, const char *const *prefixes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (starts_with(text, length, prefixes[i]))
			return true;
	}
	return false;
}

/* ---- identifiers ---- */

/* Whether text has the form of the pattern, in which 'x' is a hexadecimal digit. */
static bool has_form(const char *text, size_t length, const char *form)
{
	size_t i, n = strlen(form);

	if (length < n)
		return false;
	for (i = 0; i < n; i++) {
		if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	}
	return true;
}

/* A MAC address or a UUID somewhere in the text. No message or value that matters holds one. */
static bool has_identifier(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (i && isxdigit((unsigned char)text[i - 1]))
			continue;
		if (has_form(text + i, length - i, "xx:xx:xx:xx:xx:xx") ||
		    has_form(text + i, length - i, "xx-xx-xx-xx-xx-xx") ||
		    has_form(text + i, length - i, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
			return true;
	}
	return false;
}

/* ---- kernel command line ---- */

/* Whether the name is this known one; the kernel takes "-" for "_". */
static bool is_parameter(const char *name, size_t length, const char *known)
{
	size_t i, n = strlen(known);

	if (known[n - 1] == '.' ? length <= n : length != n)
		return false;
	for (i = 0; i < n; i++) {
		if ((name[i] == '-' ? '_' : name[i]) != known[i])
			return false;
	}
	return true;
}

static bool parameter_is_known(const char *word, size_t length)
{
	const char *equals = memchr(word, '=', length);
	size_t name = equals ? (size_t)(equals - word) : length;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known_parameters); i++) {
		if (is_parameter(word, name, known_parameters[i]))
			return !memchr(word, '"', length) && !has_identifier(word, length);
	}
	return false;
}

/* Words end at white space outside of double quotes, as Linux lib/cmdline.c next_arg() reads them.
 */
static bool next_word(const char **cursor, const char **word, size_t *length)
{
	const char *at = *cursor;
	bool is_quoted = false;

	while (isspace((unsigned char)*at))
		at++;
	*word = at;
	while (*at && (is_quoted || !isspace((unsigned char)*at)))
		is_quoted ^= *at++ == '"';
	*length = (size_t)(at - *word);
	*cursor = at;
	return *length > 0;
}

static void sort_out(struct buf *kept, const char *text)
{
	const char *word;
	uint64_t omitted = 0, before;
	size_t length, n = strlen(CMDLINE_OMITTED "=");

	while (next_word(&text, &word, &length)) {
		if (parameter_is_known(word, length)) {
			buf_append(kept, word, length);
			buf_putc(kept, ' ');
		} else if (starts_with(word, length, CMDLINE_OMITTED "=") &&
			   parse_u64n(word + n, length - n, 10, UINT32_MAX, &before) == 0) {
			omitted = before < UINT32_MAX - omitted ? omitted + before : UINT32_MAX;
		} else if (omitted < UINT32_MAX) {
			omitted++;
		}
	}
	if (omitted)
		buf_printf(kept, CMDLINE_OMITTED "=%llu ", (unsigned long long)omitted);
}

const char *cmdline_known(struct arena *arena, const char *text)
{
	struct buf kept = {0};
	char *out = NULL;

	sort_out(&kept, text);
	if (!kept.err)
		out = arena_strndup(arena, kept.length ? kept.data : "",
				    kept.length ? kept.length - 1 : 0);
	buf_free(&kept);
	return out;
}

/* ---- line by line ---- */

/* "key\t: value" with a key that is known */
static bool cpu_line_is_known(const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	size_t i, key = colon ? (size_t)(colon - line) : 0;

	while (key && isspace((unsigned char)line[key - 1]))
		key--;
	for (i = 0; i < ARRAY_SIZE(known_cpu_keys); i++) {
		if (strlen(known_cpu_keys[i]) == key && memcmp(line, known_cpu_keys[i], key) == 0)
			return true;
	}
	return false;
}

/* The message behind "<6>[    0.123456][   T1] ". */
static void skip_log_prefix(const char **line, size_t *length)
{
	const char *at = *line, *end = at + *length;
	const char *close = at < end && *at == '<' ? memchr(at, '>', (size_t)(end - at)) : NULL;

	if (close)
		at = close + 1;
	while (at < end && *at == '[' && (close = memchr(at, ']', (size_t)(end - at)))) {
		at = close + 1;
		while (at < end && *at == ' ')
			at++;
	}
	*line = at;
	*length = (size_t)(end - at);
}

static bool log_line_is_known(const char *line, size_t length)
{
	const char *behind;

	skip_log_prefix(&line, &length);
	if (starts_with_any(line, length, known_messages, ARRAY_SIZE(known_messages)))
		return true;
	behind = memmem(line, length, ": ", 2);
	if (!behind)
		return false;
	behind += 2;
	length -= (size_t)(behind - line);
	return starts_with_any(behind, length, known_device_messages,
			       ARRAY_SIZE(known_device_messages));
}

/* "CONFIG_X=..." or "# CONFIG_X is not set" */
static bool config_line_is_known(const char *line, size_t length)
{
	size_t i;

	if (!starts_with(line, length, "CONFIG_") && !starts_with(line, length, "# CONFIG_"))
		return false;
	for (i = 0; i < ARRAY_SIZE(known_config_words); i++) {
		if (memmem(line, length, known_config_words[i], strlen(known_config_words[i])))
			return true;
	}
	return false;
}

/* "options vfio_pci ids=10de:1b80" */
static bool modprobe_line_is_known(const char *line, size_t length)
{
	static const char options[] = "options ";
	size_t i, n = sizeof(options) - 1;

	if (!starts_with(line, length, options))
		return false;
	for (i = 0; i < ARRAY_SIZE(known_modules); i++) {
		size_t name = strlen(known_modules[i]);

		if (starts_with(line + n, length - n, known_modules[i]) && length > n + name &&
		    line[n + name] == ' ')
			return true;
	}
	return false;
}

static void keep_lines(struct buf *out, const char *bytes, size_t length,
		       bool (*is_known)(const char *, size_t))
{
	const char *cursor = bytes, *line;
	size_t n;

	while (next_line(&cursor, bytes + length, &line, &n)) {
		while (n && line[n - 1] == '\r')
			n--;
		if (is_known(line, n) && !has_identifier(line, n)) {
			buf_append(out, line, n);
			buf_putc(out, '\n');
		}
	}
}

static void keep_first_cpu(struct buf *out, const char *bytes, size_t length)
{
	const char *end = memmem(bytes, length, "\n\n", 2);

	keep_lines(out, bytes, end ? (size_t)(end - bytes) + 1 : length, cpu_line_is_known);
}

/* "Linux version 6.12.43+deb13-amd64": what follows names who built it, and where. */
static void keep_version(struct buf *out, const char *bytes, size_t length)
{
	size_t i, words = 0;

	for (i = 0; i < length && bytes[i] != '\n'; i++) {
		if (bytes[i] == ' ' && ++words == 3)
			break;
	}
	if (i && !has_identifier(bytes, i)) {
		buf_append(out, bytes, i);
		buf_putc(out, '\n');
	}
}

/* The name of an interrupt's controller: the first word behind the counts that is no number. */
static bool controller_name(const char *line, size_t length, const char **name, size_t *n)
{
	const char *at = memchr(line, ':', length), *end = line + length;

	if (!at || at == line || !isdigit((unsigned char)at[-1]))
		return false;
	for (at++; at < end; at += *n) {
		while (at < end && *at == ' ')
			at++;
		*name = at;
		*n = 0;
		while (at + *n < end && at[*n] != ' ')
			++*n;
		if (*n && !isdigit((unsigned char)*at))
			return true;
	}
	return false;
}

/* One line for each interrupt: number, one count of zero, controller. Counts and device names stay
 * out, but for AMD's own interrupt, which is not like others. */
static void keep_controllers(struct buf *out, const char *bytes, size_t length)
{
	static const char own[] = "AMD-Vi";
	const char *cursor = bytes, *line, *name;
	size_t n, name_length;
	unsigned number = 0;

	buf_puts(out, "           CPU0\n");
	while (next_line(&cursor, bytes + length, &line, &n)) {
		if (!controller_name(line, n, &name, &name_length) ||
		    !starts_with_any(name, name_length, known_controllers,
				     ARRAY_SIZE(known_controllers)) ||
		    has_identifier(name, name_length))
			continue;
		buf_printf(out, "%4u:          0  %.*s%s\n", number++, (int)name_length, name,
			   memmem(line, n, own, sizeof(own) - 1) ? "  AMD-Vi" : "");
	}
}

static void keep_cmdline(struct buf *out, struct arena *arena, const char *bytes, size_t length)
{
	char *text = arena_strndup(arena, bytes, length);
	const char *known = text ? cmdline_known(arena, text) : NULL;

	if (known)
		buf_printf(out, "%s\n", known);
	else
		out->err = -ENOMEM;
}

/* ---- the whole ---- */

static void filter_text(struct buf *out, struct arena *arena, enum capture_filter filter,
			const char *bytes, size_t length)
{
	switch (filter) {
	case CAPTURE_CMDLINE:
		keep_cmdline(out, arena, bytes, length);
		break;
	case CAPTURE_VERSION:
		keep_version(out, bytes, length);
		break;
	case CAPTURE_CPUINFO:
		keep_first_cpu(out, bytes, length);
		break;
	case CAPTURE_LOG:
		keep_lines(out, bytes, length, log_line_is_known);
		break;
	case CAPTURE_INTERRUPTS:
		keep_controllers(out, bytes, length);
		break;
	case CAPTURE_KCONFIG:
		keep_lines(out, bytes, length, config_line_is_known);
		break;
	case CAPTURE_MODPROBE:
		keep_lines(out, bytes, length, modprobe_line_is_known);
		break;
	default:
		if (!has_identifier(bytes, length))
			buf_append(out, bytes, length);
	}
}

int capture_filter_bytes(struct arena *arena, enum capture_filter filter, const char *bytes,
			 size_t length, const char **out, size_t *out_length)
{
	struct buf text = {0};

	*out = bytes;
	*out_length = length;
	if (filter == CAPTURE_TABLE)
		return 0;
	if (filter == CAPTURE_CONFIG_SPACE)
		return config_space_known(arena, bytes, length, out, out_length);
	filter_text(&text, arena, filter, bytes, length);
	*out = text.err ? NULL : arena_strndup(arena, text.length ? text.data : "", text.length);
	*out_length = text.length;
	buf_free(&text);
	return *out ? 0 : -ENOMEM;
}
