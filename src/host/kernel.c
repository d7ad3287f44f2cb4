// SPDX-License-Identifier: LGPL-2.1-or-later
/* kernel.c - the kernel: version, command line, module parameters, and what it was built with. */
#include "host/finish.h"
#include "host/loader.h"
#include "host/vtd.h"

#include <ctype.h>
#include <errno.h>
#include <sys/utsname.h>

#define VERSION "/proc/version"

static int take_release(struct loader *load, const char *release, size_t length)
{
	load->host->kernel_release = arena_strndup(load->host->arena, release, length);
	if (!load->host->kernel_release)
		return fact_no_memory(load);
	load->host->kernel = kernel_version_parse(load->host->kernel_release);
	return 0;
}

static bool is_release(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("._+~-", text[i]))
			return false;
	return true;
}

/* "Linux version 6.12.43+deb13-amd64 (builder@host) (gcc ...) #1 SMP ..." */
static int read_version(struct loader *load)
{
	static const char prefix[] = "Linux version ";
	const char *text, *release;
	size_t length;
	int err = fact_line(load, load->texts, VERSION, &text);

	if (err)
		return fact_optional(err);
	if (!str_starts(text, prefix))
		return fact_bad(load, VERSION, 1, "expected \"Linux version\"");
	release = text + sizeof(prefix) - 1;
	length = strcspn(release, " ");
	/* It becomes part of a path. */
	if (!kernel_version_parse(release).major || !is_release(release, length))
		return fact_bad(load, VERSION, 1, "expected a kernel version");
	return take_release(load, release, length);
}

static int read_cmdline(struct loader *load)
{
	const char *text;
	int err = fact_line(load, load->host->arena, "/proc/cmdline", &text);

	if (!err)
		load->host->cmdline = text;
	return fact_optional(err);
}

int load_kernel(struct loader *load)
{
	struct utsname names;
	int err;

	if (load->host->is_live && uname(&names) == 0)
		err = take_release(load, names.release, strlen(names.release));
	else
		err = read_version(load);
	return err ? err : read_cmdline(load);
}

static const char *next_word(const char **at, const char *end, size_t *length)
{
	const char *word;

	while (*at < end && strchr(" \t", **at))
		(*at)++;
	for (word = *at; *at < end && !strchr(" \t", **at); (*at)++)
		;
	*length = (size_t)(*at - word);
	return word;
}

/* "options MODULE NAME=VALUE..." as the kernel command line would say it: "MODULE.NAME=VALUE". */
static void keep_line(struct buf *out, const char *line, size_t length)
{
	static const char options[] = "options";
	const char *at = line, *end = line + length, *word, *module;
	size_t n, module_length;

	word = next_word(&at, end, &n);
	if (n != sizeof(options) - 1 || memcmp(word, options, n) != 0)
		return;
	module = next_word(&at, end, &module_length);
	for (word = next_word(&at, end, &n); n; word = next_word(&at, end, &n)) {
		buf_append(out, module, module_length);
		buf_putc(out, '.');
		buf_append(out, word, n);
		buf_putc(out, ' ');
	}
}

static int keep_options(struct loader *load, struct buf *out, const char *name)
{
	const char *path, *text, *cursor, *line;
	size_t length, n = strlen(name);
	int err;

	if (n < 5 || !str_eq(name + n - 5, ".conf"))
		return 0;
	path = arena_printf(load->texts, "/etc/modprobe.d/%s", name);
	if (!path)
		return fact_no_memory(load);
	err = fact_read(load, load->texts, path, FACT_SMALL, &text, &length);
	if (err)
		return fact_optional(err);
	cursor = text;
	while (next_line(&cursor, text + length, &line, &n))
		keep_line(out, line, n);
	return 0;
}

/* What a module that is not loaded yet will be told when it is. */
static int read_modprobe(struct loader *load)
{
	struct buf out = {0};
	const char **names;
	size_t n;
	int err;

	if (load->modprobe_tried)
		return 0;
	load->modprobe_tried = true;
	err = fact_list(load, load->texts, "/etc/modprobe.d", &names, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = keep_options(load, &out, names[i]);
	if (!err && !out.err && out.length) {
		load->modprobe = arena_strndup(load->texts, out.data, out.length);
		if (!load->modprobe)
			out.err = -ENOMEM;
	}
	if (!err && out.err)
		err = fact_no_memory(load);
	buf_free(&out);
	return fact_optional(err);
}

/* A module's parameter: as it is, else as it will be, else its default. */
static int bool_parameter(struct loader *load, const char *module, const char *name,
			  enum tristate *out)
{
	const char *path, *text, *key;
	int err;

	path = arena_printf(load->texts, "/sys/module/%s/parameters/%s", module, name);
	key = arena_printf(load->texts, "%s.%s", module, name);
	if (!path || !key)
		return fact_no_memory(load);
	*out = TRI_UNKNOWN;
	err = fact_line(load, load->texts, path, &text);
	if (!err) {
		if (!str_eq(text, "Y") && !str_eq(text, "N"))
			return fact_bad(load, path, 1, "expected Y or N");
		*out = *text == 'Y' ? TRI_YES : TRI_NO;
		return 0;
	}
	if (err != -ENOENT)
		return fact_optional(err);
	*out = cmdline_bool(load->host->cmdline, key);
	if (*out == TRI_UNKNOWN) {
		err = read_modprobe(load);
		if (load->modprobe)
			*out = cmdline_bool(load->modprobe, key);
	}
	if (*out == TRI_UNKNOWN)
		*out = TRI_NO;
	return err == -ENOENT ? 0 : err;
}

/* A line of /proc/misc or /proc/devices: "257 iommu". */
static bool lists(const char *text, size_t length, const char *name)
{
	const char *cursor = text, *line;
	size_t n, want = strlen(name);

	while (text && next_line(&cursor, text + length, &line, &n))
		if (n > want && line[n - want - 1] == ' ' &&
		    memcmp(line + n - want, name, want) == 0)
			return true;
	return false;
}

/* How to tell that the kernel has a thing, by evidence that needs no privileges first. */
struct feature {
	size_t offset; /* of its tristate in struct iof_host */
	const char *list;
	const char *listed;
	const char *paths[2];
	const char *config;
	unsigned major, minor; /* in no kernel before */
};

static const struct feature features[] = {
	{offsetof(struct iof_host, iommufd),
	 "/proc/misc",
	 "iommu",
	 {"/sys/module/iommufd", "/dev/iommu"},
	 "CONFIG_IOMMUFD",
	 6,
	 2},
	{offsetof(struct iof_host, vfio_group),
	 "/proc/misc",
	 "vfio",
	 {"/dev/vfio/vfio", NULL},
	 "CONFIG_VFIO_GROUP",
	 3,
	 6},
	{offsetof(struct iof_host, vfio_cdev),
	 "/proc/devices",
	 "vfio-dev",
	 {"/dev/vfio/devices", NULL},
	 "CONFIG_VFIO_DEVICE_CDEV",
	 6,
	 6},
};

static enum tristate config_says(const struct iof_host *host, const char *option)
{
	struct config_text value;

	if (!config_value(host->config, option, &value))
		return TRI_UNKNOWN;
	return value.length == 1 && *value.text == 'n' ? TRI_NO : TRI_YES;
}

static int detect_feature(struct loader *load, const struct feature *feature)
{
	enum tristate *out = (enum tristate *)((char *)load->host + feature->offset);
	const char *text;
	size_t length;
	int err;

	*out = TRI_UNKNOWN;
	err = fact_read(load, load->texts, feature->list, FACT_SMALL, &text, &length);
	if (!err && lists(text, length, feature->listed))
		*out = TRI_YES;
	if (fact_optional(err))
		return err;
	for (size_t i = 0; *out == TRI_UNKNOWN && i < ARRAY_SIZE(feature->paths); i++)
		if (feature->paths[i] && root_exists(load->root, feature->paths[i]))
			*out = TRI_YES;
	if (*out != TRI_UNKNOWN)
		return 0;
	/* Without an IOMMU nothing hangs on it. */
	err = load->host->iommu == IOF_IOMMU_NONE ? 0 : config_load(load);
	if (err)
		return err;
	*out = config_says(load->host, feature->config);
	if (*out == TRI_UNKNOWN && !kernel_at_least(load->host, feature->major, feature->minor))
		*out = TRI_NO;
	return 0;
}

/* Scalable mode hangs on the kernel configuration only where a unit has it and the command line is
 * silent. */
static int load_scalable_mode(struct loader *load)
{
	const struct iof_host *host = load->host;

	if (cmdline_last(host->cmdline, "intel_iommu", "sm_on", "sm_off"))
		return 0;
	for (size_t i = 0; i < host->n_units; i++)
		if (host->units[i].has_ecap && vtd_smts(host->units[i].ecap))
			return config_load(load);
	return 0;
}

/* The width of Arm's kernel addresses bounds the first stage. */
static int load_arm_widths(struct loader *load)
{
	struct config_text value;
	uint64_t bits;
	int err;

	if (!load->host->cpu.is_arm)
		return 0;
	err = config_load(load);
	if (err)
		return err;
	if (config_value(load->host->config, "CONFIG_ARM64_VA_BITS", &value) &&
	    parse_u64n(value.text, value.length, 10, 64, &bits) == 0)
		load->host->cpu.virt_bits = (unsigned)bits;
	return 0;
}

static int load_snp(struct loader *load)
{
	const char *text;
	int err;

	if (load->host->iommu != IOF_IOMMU_AMD_VI)
		return 0;
	err = fact_line(load, load->scratch, "/sys/module/kvm_amd/parameters/sev_snp", &text);
	if (!err)
		load->host->snp_host = str_eq(text, "Y") || str_eq(text, "1");
	return fact_optional(err);
}

int load_parameters(struct loader *load)
{
	static const char limit[] = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit";
	struct iof_host *host = load->host;
	int err;

	err = bool_parameter(load, "vfio_iommu_type1", "allow_unsafe_interrupts",
			     &host->unsafe_legacy);
	if (!err)
		err = bool_parameter(load, "iommufd", "allow_unsafe_interrupts",
				     &host->unsafe_iommufd);
	if (!err)
		err = fact_optional(fact_u64(load, limit, 10, UINT32_MAX, &host->dma_entry_limit));
	for (size_t i = 0; !err && i < ARRAY_SIZE(features); i++)
		err = detect_feature(load, &features[i]);
	if (!err)
		err = load_scalable_mode(load);
	if (!err)
		err = load_arm_widths(load);
	return err ? err : load_snp(load);
}
