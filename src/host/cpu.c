// SPDX-License-Identifier: LGPL-2.1-or-later
/* cpu.c - what the processor is and how wide its addresses are: /proc/cpuinfo, and CPUID on the
 * live machine. */
#include "host/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define HAVE_CPUID 1
#else
#define HAVE_CPUID 0
#endif

#define CPUINFO "/proc/cpuinfo"
/* The first processor fits in this; a large machine would need milliseconds to print all of them.
 */
#define CPUINFO_HEAD 16384u

struct field {
	const char *key;
	size_t key_length;
	const char *value;
	size_t length;
};

/* "vendor_id\t: GenuineIntel" */
static bool split_field(const char *line, size_t length, struct field *out)
{
	const char *colon = memchr(line, ':', length);
	const char *end = line + length;

	if (!colon)
		return false;
	out->key = line;
	out->key_length = (size_t)(colon - line);
	while (out->key_length && strchr(" \t", line[out->key_length - 1]))
		out->key_length--;
	for (colon++; colon < end && *colon == ' '; colon++)
		;
	out->value = colon;
	out->length = (size_t)(end - colon);
	return true;
}

static bool has_flag(const struct field *field, const char *flag)
{
	const char *at = field->value, *end = at + field->length;
	size_t n = strlen(flag);

	while (at < end) {
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		size_t length = (size_t)((blank ? blank : end) - at);

		if (length == n && memcmp(at, flag, n) == 0)
			return true;
		at += length + 1;
	}
	return false;
}

static int take_vendor(struct loader *load, const struct field *field, unsigned line)
{
	(void)line;
	load->host->cpu.vendor = arena_strndup(load->host->arena, field->value, field->length);
	return load->host->cpu.vendor ? 0 : fact_no_memory(load);
}

static int take_model(struct loader *load, const struct field *field, unsigned line)
{
	(void)line;
	load->host->cpu.model = arena_strndup(load->host->arena, field->value, field->length);
	return load->host->cpu.model ? 0 : fact_no_memory(load);
}

static int take_flags(struct loader *load, const struct field *field, unsigned line)
{
	(void)line;
	load->host->cpu.la57 = has_flag(field, "la57");
	load->host->cpu.is_guest = has_flag(field, "hypervisor");
	return 0;
}

static int take_arm(struct loader *load, const struct field *field, unsigned line)
{
	(void)line;
	(void)field;
	load->host->cpu.is_arm = true;
	return 0;
}

/* Up to the next blank; leaves *at behind it. */
static int number(const char **at, const char *end, unsigned *out)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));
	uint64_t value;
	size_t length = (size_t)((blank ? blank : end) - *at);

	if (parse_u64n(*at, length, 10, 64, &value) || !value)
		return -EINVAL;
	*out = (unsigned)value;
	*at += length;
	return 0;
}

/* "46 bits physical, 57 bits virtual" */
static int take_sizes(struct loader *load, const struct field *field, unsigned line)
{
	static const char middle[] = " bits physical, ";
	const char *at = field->value, *end = at + field->length;

	if (number(&at, end, &load->host->cpu.phys_bits))
		return fact_bad(load, CPUINFO, line, "expected address sizes in bits");
	if ((size_t)(end - at) < sizeof(middle) - 1 || memcmp(at, middle, sizeof(middle) - 1) != 0)
		return fact_bad(load, CPUINFO, line, "expected \"bits physical\"");
	at += sizeof(middle) - 1;
	if (number(&at, end, &load->host->cpu.virt_bits))
		return fact_bad(load, CPUINFO, line, "expected the size of virtual addresses");
	return 0;
}

static const struct {
	const char *key;
	int (*take)(struct loader *, const struct field *, unsigned line);
} fields[] = {
	{"vendor_id", take_vendor},    {"model name", take_model},    {"flags", take_flags},
	{"address sizes", take_sizes}, {"CPU implementer", take_arm},
};

static int take_field(struct loader *load, const struct field *field, unsigned line)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].key) == field->key_length &&
		    memcmp(fields[i].key, field->key, field->key_length) == 0)
			return fields[i].take(load, field, line);
	return 0;
}

/* The first processor only. */
static int parse_cpuinfo(struct loader *load, const char *text, size_t length)
{
	const char *cursor = text, *line;
	unsigned number_of_line = 0;
	bool any = false;
	size_t n;

	while (next_line(&cursor, text + length, &line, &n)) {
		struct field field;
		int err;

		number_of_line++;
		if (!n && any)
			break;
		if (!split_field(line, n, &field))
			continue;
		any = true;
		err = take_field(load, &field, number_of_line);
		if (err)
			return err;
	}
	if (!any)
		return fact_bad(load, CPUINFO, 1, "describes no processor");
	return 0;
}

static int read_live_cpuinfo(struct loader *load, const char **text, size_t *length)
{
	char *bytes = arena_alloc(load->texts, CPUINFO_HEAD);
	int fd = open(CPUINFO, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return -ENOENT;
	for (*length = 0; bytes && n > 0 && *length < CPUINFO_HEAD; *length += (size_t)n) {
		n = read(fd, bytes + *length, CPUINFO_HEAD - *length);
		if (n < 0)
			n = 0;
	}
	close(fd);
	if (!bytes)
		return fact_no_memory(load);
	*text = bytes;
	return 0;
}

/* Intel SDM vol. 2 CPUID, AMD APM vol. 3 appendix E. Raw: not reduced by memory encryption. */
static void ask_cpuid(struct iof_host *host)
{
#if HAVE_CPUID
	unsigned a, b, c, d;

	if (!__get_cpuid(0x80000008, &a, &b, &c, &d))
		return;
	host->cpu.raw_phys_bits = a & 0xff;
	host->cpu.guest_phys_bits = a >> 16 & 0xff;
	if (host->cpu.phys_bits && host->cpu.raw_phys_bits > host->cpu.phys_bits)
		host->cpu.reduced_by = host->cpu.raw_phys_bits - host->cpu.phys_bits;
#else
	(void)host;
#endif
}

static int read_cpuinfo(struct loader *load, const char **text, size_t *length)
{
	if (load->host->is_live)
		return read_live_cpuinfo(load, text, length);
	return fact_read(load, load->texts, CPUINFO, FACT_TEXT, text, length);
}

/* Arm64 kernels come with pages of 4, 16 or 64 KiB; each offers huge pages that those below it do
 * not. */
static void arm_page_size(struct loader *load)
{
	static const struct {
		const char *huge; /* a contiguous run of last-level entries, or a whole table */
		unsigned page;
	} pages[] = {
		{"/sys/kernel/mm/hugepages/hugepages-64kB", 4096},
		{"/sys/kernel/mm/hugepages/hugepages-524288kB", 65536},
		{"/sys/kernel/mm/hugepages/hugepages-2048kB", 16384},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!root_exists(load->root, pages[i].huge))
			continue;
		load->host->page_size = pages[i].page;
		return;
	}
}

int load_cpu(struct loader *load)
{
	const char *text;
	size_t length;
	int err = read_cpuinfo(load, &text, &length);

	if (err)
		return fact_optional(err);
	err = parse_cpuinfo(load, text, length);
	if (err)
		return err;
	if (load->host->is_live)
		ask_cpuid(load->host);
	if (load->host->cpu.is_arm)
		arm_page_size(load);
	return 0;
}
