// SPDX-License-Identifier: LGPL-2.1-or-later
/* config.c - the kernel configuration. Read only when something hangs on it: it is long. */
#include "host/loader.h"

#include <errno.h>

#define CONFIG_GZ "/proc/config.gz"

/* How the names of the options begin that are kept; the whole text is long. */
static const char *const kept[] = {
	"AMD_IOMMU",	 "ARM64_16K_PAGES", "ARM64_4K_PAGES", "ARM64_64K_PAGES",
	"ARM64_VA_BITS", "ARM_SMMU",	    "INTEL_IOMMU",    "IOMMU",
	"VFIO",		 "VIRTIO_IOMMU",
};

static bool starts(const char *line, size_t length, const char *prefix)
{
	size_t n = strlen(prefix);

	return length >= n && memcmp(line, prefix, n) == 0;
}

static bool is_kept(const char *line, size_t length)
{
	if (starts(line, length, "# ")) {
		line += 2;
		length -= 2;
	}
	if (!starts(line, length, "CONFIG_"))
		return false;
	line += 7;
	length -= 7;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (starts(line, length, kept[i]))
			return true;
	return false;
}

static int keep_config(struct loader *load, const char *text, size_t length)
{
	const char *cursor = text, *line;
	struct buf out = {0};
	size_t n;
	int err;

	while (next_line(&cursor, text + length, &line, &n)) {
		if (!is_kept(line, n))
			continue;
		buf_append(&out, line, n);
		buf_putc(&out, '\n');
	}
	err = out.err;
	if (!err && out.length) {
		load->host->config = arena_strndup(load->host->arena, out.data, out.length);
		if (!load->host->config)
			err = -ENOMEM;
	}
	buf_free(&out);
	return err ? fact_no_memory(load) : 0;
}

static int read_compressed(struct loader *load, const char **text, size_t *length)
{
	const char *bytes;
	size_t n;
	int err = fact_read(load, load->texts, CONFIG_GZ, FACT_CONFIG, &bytes, &n);

	if (err)
		return err;
	/* An empty file is what a virtual root without content has there. */
	if (!n)
		return -ENOENT;
	err = gunzip(load->texts, bytes, n, FACT_CONFIG, text, length);
	if (err == -EBADMSG)
		return fact_bad(load, CONFIG_GZ, 1, "not a gzip file, or damaged");
	return err ? fact_no_memory(load) : 0;
}

static int read_config(struct loader *load, const char **text, size_t *length)
{
	const char *path;
	int err;

	if (*load->host->kernel_release && !load->host->kernel_assumed) {
		path = arena_printf(load->texts, "/boot/config-%s", load->host->kernel_release);
		if (!path)
			return fact_no_memory(load);
		err = fact_read(load, load->texts, path, FACT_CONFIG, text, length);
		if (!err || fact_optional(err))
			return err;
	}
	return read_compressed(load, text, length);
}

int config_load(struct loader *load)
{
	const char *text;
	size_t length;
	int err;

	if (load->config_tried)
		return 0;
	load->config_tried = true;
	err = read_config(load, &text, &length);
	if (err)
		return fact_optional(err);
	return keep_config(load, text, length);
}

static bool line_value(const char *line, size_t length, const char *name, struct config_text *out)
{
	static const char not_set[] = " is not set";
	size_t n = strlen(name);

	if (length > n && memcmp(line, name, n) == 0 && line[n] == '=') {
		*out = (struct config_text){line + n + 1, length - n - 1};
		return true;
	}
	*out = (struct config_text){"n", 1};
	return length == 2 + n + sizeof(not_set) - 1 && memcmp(line, "# ", 2) == 0 &&
	       memcmp(line + 2, name, n) == 0 &&
	       memcmp(line + 2 + n, not_set, sizeof(not_set) - 1) == 0;
}

bool config_value(const char *config, const char *name, struct config_text *out)
{
	const char *cursor = config, *line, *end = config ? config + strlen(config) : NULL;
	size_t length;

	while (config && next_line(&cursor, end, &line, &length))
		if (line_value(line, length, name, out))
			return true;
	return false;
}
