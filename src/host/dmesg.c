// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dmesg.c - the kernel log: the only place where SMMUv3 and virtio-iommu say how wide they are.
 * Read only when something hangs on it: it is long, and it may need privileges.
 */
#include "host/loader.h"
#include "host/smmuv2.h"

#include <errno.h>
#include <sys/klog.h>

/* klogctl() commands, see syslog(2). READ_ALL neither waits nor takes anything out of the buffer.
 */
enum { LOG_READ_ALL = 3, LOG_SIZE = 10 };

static const char *const log_paths[] = {"/lab/dmesg.txt", "/var/log/dmesg"};

static int read_live_log(struct loader *load)
{
	int size = klogctl(LOG_SIZE, NULL, 0);
	char *bytes;
	int length;

	if (size <= 0 || size > (int)FACT_LOG)
		return 0;
	bytes = arena_alloc(load->texts, (size_t)size + 1);
	if (!bytes)
		return fact_no_memory(load);
	length = klogctl(LOG_READ_ALL, bytes, size);
	if (length < 0)
		return 0;
	load->log = bytes;
	load->log_length = (size_t)length;
	return 0;
}

static int read_stored_log(struct loader *load)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_paths); i++) {
		int err = fact_read(load, load->texts, log_paths[i], FACT_LOG, &load->log,
				    &load->log_length);

		if (!err)
			return 0;
		load->log = NULL;
		if (fact_optional(err))
			return err;
	}
	return 0;
}

int log_text(struct loader *load, const char **text, size_t *length)
{
	int err = 0;

	if (!load->log_tried) {
		load->log_tried = true;
		err = load->host->is_live ? read_live_log(load) : read_stored_log(load);
	}
	*text = load->log;
	*length = load->log ? load->log_length : 0;
	return err;
}

/* "<6>[    0.123456][ T1] message" */
static void skip_prefix(const char **line, size_t *length)
{
	const char *at = *line, *end = at + *length;

	if (at < end && *at == '<') {
		const char *close = memchr(at, '>', (size_t)(end - at));

		if (close)
			at = close + 1;
	}
	while (at < end && *at == '[') {
		const char *close = memchr(at, ']', (size_t)(end - at));

		if (!close)
			break;
		at = close + 1;
		while (at < end && *at == ' ')
			at++;
	}
	*length = (size_t)(end - at);
	*line = at;
}

static bool starts(const char *line, size_t length, const char *prefix)
{
	size_t n = strlen(prefix);

	return length >= n && memcmp(line, prefix, n) == 0;
}

bool log_has(const char *text, size_t length, const char *message_start)
{
	const char *cursor = text, *line;
	size_t n;

	while (text && next_line(&cursor, text + length, &line, &n)) {
		skip_prefix(&line, &n);
		if (starts(line, n, message_start))
			return true;
	}
	return false;
}

bool log_number(const char *line, size_t length, const char *label, int base, uint64_t max,
		uint64_t *out)
{
	const char *at = memmem(line, length, label, strlen(label));
	const char *end = line + length;
	size_t digits = 0;

	if (!at)
		return false;
	at += strlen(label);
	while (at + digits < end && strchr("0123456789abcdefABCDEFx", at[digits]) &&
	       at[digits] != '\0')
		digits++;
	return parse_u64n(at, digits, base, max, out) == 0;
}

/* The unit whose device the line starts with ("arm-smmu-v3.0.auto: ..."). */
static struct iommu_unit *unit_of_line(struct loader *load, const char *name, size_t length)
{
	for (size_t i = 0; i < load->host->n_units; i++) {
		struct iommu_unit *unit = &load->host->units[i];
		size_t n = unit->parent ? strlen(unit->parent) : 0;

		if (n && n < length && name[n] == ':' && memcmp(name, unit->parent, n) == 0)
			return unit;
	}
	return NULL;
}

/* Linux 7.2 drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c; up to 6.12 "ias 48-bit, " stands before.
 */
static void smmu_line(struct iommu_unit *unit, const char *line, size_t length)
{
	uint64_t oas, features;

	if (!log_number(line, length, "oas ", 10, 64, &oas) ||
	    !log_number(line, length, "(features ", 0, UINT32_MAX, &features))
		return;
	unit->oas = (unsigned)oas;
	unit->smmu_features = (uint32_t)features;
	unit->has_smmu_features = true;
	unit->provenance = IOF_PROVENANCE_READ;
}

/* Linux 7.2 drivers/iommu/virtio-iommu.c viommu_probe */
static void virtio_line(struct iommu_unit *unit, const char *line, size_t length)
{
	uint64_t value;

	if (log_number(line, length, "input address: ", 10, 64, &value))
		unit->input_bits = (unsigned)value;
	if (log_number(line, length, "page mask: ", 0, UINT64_MAX, &value))
		unit->page_mask = value;
	unit->provenance = IOF_PROVENANCE_READ;
}

static const struct {
	const char *prefix;
	enum iof_iommu kind;
	void (*take)(struct iommu_unit *, const char *line, size_t length);
} unit_lines[] = {
	{"arm-smmu-v3 ", IOF_IOMMU_ARM_SMMUV3, smmu_line},
	{"arm-smmu ", IOF_IOMMU_ARM_SMMUV2, smmuv2_line},
	{"virtio_iommu ", IOF_IOMMU_VIRTIO, virtio_line},
};

static void take_unit_line(struct loader *load, const char *line, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_lines); i++) {
		size_t n = strlen(unit_lines[i].prefix);
		struct iommu_unit *unit;

		if (!starts(line, length, unit_lines[i].prefix))
			continue;
		unit = unit_of_line(load, line + n, length - n);
		if (unit && unit->kind == unit_lines[i].kind)
			unit_lines[i].take(unit, line, length);
	}
}

static bool log_wanted(const struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units; i++)
		for (size_t k = 0; k < ARRAY_SIZE(unit_lines); k++)
			if (host->units[i].kind == unit_lines[k].kind)
				return true;
	return false;
}

int load_log_facts(struct loader *load)
{
	const char *text, *cursor, *line;
	size_t length, n;
	int err;

	if (!log_wanted(load->host))
		return 0;
	err = log_text(load, &text, &length);
	if (err)
		return err;
	if (!text)
		return fact_note(load, "the kernel log",
				 "how wide the addresses of this IOMMU are");
	cursor = text;
	while (next_line(&cursor, text + length, &line, &n)) {
		skip_prefix(&line, &n);
		take_unit_line(load, line, n);
	}
	return 0;
}
