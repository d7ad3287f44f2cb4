// SPDX-License-Identifier: LGPL-2.1-or-later
/* pci.c - one PCI device: /sys/bus/pci/devices/BDF. */
#include "host/loader.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"

/* Linux include/linux/ioport.h, as the third column of "resource" shows them. */
#define RESOURCE_IO 0x00000100u
#define RESOURCE_MEM 0x00000200u
#define RESOURCE_PREFETCH 0x00002000u
#define RESOURCE_MEM_64 0x00100000u

#define CONFIG_HEADER 64u /* what everybody may read */
#define CONFIG_EXTENDED 0x100u
#define CLASS_BRIDGE 0x0604u

static const char *device_path(struct loader *load, const struct iof_device *dev, const char *name)
{
	const char *path = arena_printf(load->scratch, DEVICES "/%s/%s", dev->bdf, name);

	if (!path)
		fact_no_memory(load);
	return path;
}

static int device_number(struct loader *load, const struct iof_device *dev, const char *name,
			 uint64_t max, uint64_t *out)
{
	const char *path = device_path(load, dev, name);

	return path ? fact_optional(fact_u64(load, path, 16, max, out)) : -ENOMEM;
}

static int device_link(struct loader *load, const struct iof_device *dev, const char *name,
		       const char **out)
{
	const char *path = device_path(load, dev, name);

	*out = NULL;
	return path ? fact_optional(fact_link(load, load->host->arena, path, out)) : -ENOMEM;
}

/* ---- configuration space ---- */

/*
 * The bytes of a stored host, or the live device: there each access goes to the hardware, and the
 * whole space of one device would take as long as all other facts about it.
 */
struct config {
	const uint8_t *bytes;
	size_t length;
	int fd; /* -1: bytes */
};

static bool config_read(const struct config *config, size_t at, uint8_t *out, size_t n)
{
	if (config->fd >= 0)
		return pread(config->fd, out, n, (off_t)at) == (ssize_t)n;
	if (at > config->length || config->length - at < n)
		return false;
	memcpy(out, config->bytes + at, n);
	return true;
}

static uint16_t little16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t little32(const uint8_t *bytes)
{
	return little16(bytes) | (uint32_t)little16(bytes + 2) << 16;
}

/* PCI Express base specification 6.0, chapter 7.9: ids of extended capabilities. */
enum { EXT_ATS = 0x0f, EXT_SRIOV = 0x10, EXT_PRI = 0x13, EXT_PASID = 0x1b };

static void take_extended(struct iof_device *dev, const struct config *config, unsigned id,
			  size_t at)
{
	uint8_t capability[2];

	switch (id) {
	case EXT_ATS:
		dev->ats = TRI_YES;
		break;
	case EXT_SRIOV:
		dev->sriov = TRI_YES;
		break;
	case EXT_PRI:
		dev->pri = TRI_YES;
		break;
	case EXT_PASID:
		dev->pasid = TRI_YES;
		if (config_read(config, at + 4, capability, sizeof(capability)))
			dev->pasid_width = little16(capability) >> 8 & 0x1f;
		break;
	default:
		break;
	}
}

static void walk_extended(struct iof_device *dev, const struct config *config)
{
	size_t at = CONFIG_EXTENDED;

	dev->ats = TRI_NO;
	dev->pri = TRI_NO;
	dev->pasid = TRI_NO;
	dev->sriov = TRI_NO;
	/* More capabilities than fit means that the list goes in a circle. */
	for (unsigned i = 0; i < (4096 - CONFIG_EXTENDED) / 8 && at >= CONFIG_EXTENDED; i++) {
		uint8_t bytes[4];
		uint32_t header;

		if (!config_read(config, at, bytes, sizeof(bytes)))
			return;
		header = little32(bytes);
		if (!header || header == UINT32_MAX)
			return;
		take_extended(dev, config, header & 0xffff, at);
		at = header >> 20 & ~3u;
	}
}

#define CAPABILITY_LIST 0x10u /* in the status register */
#define CAPABILITY_MSIX 0x11u
#define MSIX_ENTRY 16u /* bytes */

/* PCI Express base specification 6.0, chapter 7.7.2: size, then where the table lies. */
static void take_msix(struct iof_device *dev, const struct config *config, size_t at)
{
	uint8_t bytes[8];
	uint32_t table;

	if (!config_read(config, at, bytes, sizeof(bytes)))
		return;
	table = little32(bytes + 4);
	if ((table & 7) >= PCI_BARS)
		return;
	dev->bars[table & 7].msix_offset = table & ~7u;
	dev->bars[table & 7].msix_size = MSIX_ENTRY * ((little16(bytes + 2) & 0x7ffu) + 1);
}

static void walk_capabilities(struct iof_device *dev, const struct config *config)
{
	uint8_t bytes[2];
	size_t at;

	if (!config_read(config, 0x06, bytes, 2) || !(bytes[0] & CAPABILITY_LIST) ||
	    !config_read(config, 0x34, bytes, 1))
		return;
	at = bytes[0] & ~3u;
	/* More capabilities than fit means that the list goes in a circle. */
	for (unsigned i = 0; i < (CONFIG_EXTENDED - CONFIG_HEADER) / 4 && at >= CONFIG_HEADER;
	     i++) {
		if (!config_read(config, at, bytes, sizeof(bytes)))
			return;
		if (bytes[0] == CAPABILITY_MSIX)
			take_msix(dev, config, at);
		at = bytes[1] & ~3u;
	}
}

static void take_header(struct iof_device *dev, const struct config *config, uint8_t *header_type)
{
	uint8_t header[CONFIG_HEADER];

	if (!config_read(config, 0, header, sizeof(header)))
		return;
	*header_type = header[0x0e] & 0x7f;
	/* A virtual function answers with all ones; the kernel knows better. */
	if (little16(header) == UINT16_MAX)
		return;
	dev->vendor = little16(header);
	dev->device = little16(header + 0x02);
	if (*header_type == 0) {
		dev->subsystem_vendor = little16(header + 0x2c);
		dev->subsystem_device = little16(header + 0x2e);
	}
}

/* A plain user sees the header only, and cannot tell what comes after it. */
static int take_capabilities(struct loader *load, struct iof_device *dev,
			     const struct config *config, bool complete)
{
	uint8_t next;

	if (!config_read(config, CONFIG_HEADER, &next, 1))
		return fact_note(load, DEVICES "/*/config",
				 "which devices have ATS, PRI, PASID or SR-IOV");
	load->host->read_as_root = true;
	walk_extended(dev, config);
	if (complete)
		walk_capabilities(dev, config);
	return 0;
}

static int read_config(struct loader *load, struct iof_device *dev, bool complete,
		       uint8_t *header_type)
{
	const char *path = device_path(load, dev, "config"), *bytes;
	struct config config = {.fd = -1};
	int err;

	if (!path)
		return -ENOMEM;
	if (load->host->is_live) {
		config.fd = open(path, O_RDONLY | O_CLOEXEC);
		if (config.fd < 0)
			return 0;
		err = take_capabilities(load, dev, &config, complete);
		close(config.fd);
		return err;
	}
	err = fact_read(load, load->scratch, path, FACT_SMALL, &bytes, &config.length);
	if (err)
		return fact_optional(err);
	config.bytes = (const uint8_t *)bytes;
	take_header(dev, &config, header_type);
	return config.length < CONFIG_HEADER ? 0 : take_capabilities(load, dev, &config, complete);
}

static int read_ids(struct loader *load, struct iof_device *dev)
{
	struct {
		const char *name;
		uint16_t *out;
	} ids[] = {
		{"vendor", &dev->vendor},
		{"device", &dev->device},
		{"subsystem_vendor", &dev->subsystem_vendor},
		{"subsystem_device", &dev->subsystem_device},
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(ids); i++) {
		uint64_t value = 0;

		err = device_number(load, dev, ids[i].name, UINT16_MAX, &value);
		*ids[i].out = (uint16_t)value;
	}
	return err;
}

/* ---- BARs ---- */

/* Three numbers, "0x...", blanks between. */
static bool resource_numbers(const char *line, size_t length, uint64_t out[3])
{
	const char *at = line, *end = line + length;

	for (int i = 0; i < 3; i++) {
		const char *start;

		while (at < end && *at == ' ')
			at++;
		for (start = at; at < end && *at != ' '; at++)
			;
		if (parse_u64n(start, (size_t)(at - start), 16, UINT64_MAX, &out[i]))
			return false;
	}
	return at == end;
}

static bool take_bar(struct pci_bar *bar, const uint64_t numbers[3])
{
	uint64_t flags = numbers[2];

	if (!flags && !numbers[0] && !numbers[1])
		return true;
	if (numbers[1] < numbers[0])
		return numbers[1] == 0;
	bar->address = numbers[0];
	if (__builtin_add_overflow(numbers[1] - numbers[0], UINT64_C(1), &bar->size))
		return false;
	bar->is_io = flags & RESOURCE_IO;
	bar->is_64 = flags & RESOURCE_MEM_64;
	bar->is_prefetchable = flags & RESOURCE_PREFETCH;
	return true;
}

static int read_bars(struct loader *load, struct iof_device *dev)
{
	const char *path = device_path(load, dev, "resource");
	const char *text, *cursor, *line;
	struct pci_bar rom = {0};
	size_t length, n;
	unsigned i = 0;
	int err;

	if (!path)
		return -ENOMEM;
	err = fact_read(load, load->scratch, path, FACT_SMALL, &text, &length);
	if (err)
		return fact_optional(err);
	cursor = text;
	while (i <= PCI_BARS && next_line(&cursor, text + length, &line, &n)) {
		struct pci_bar *bar = i < PCI_BARS ? &dev->bars[i] : &rom;
		uint64_t numbers[3];

		if (!resource_numbers(line, n, numbers) || !take_bar(bar, numbers))
			return fact_bad(load, path, i + 1, "expected start, end and flags");
		i++;
	}
	dev->rom_size = rom.size; /* the seventh line */
	return 0;
}

/* Resizable BARs are memory of 1 MiB or more (PCI Express 6.0 chapter 7.8.6). */
static int read_resizable(struct loader *load, struct iof_device *dev)
{
	for (unsigned i = 0; i < PCI_BARS; i++) {
		const char *path;
		int err;

		if (dev->bars[i].is_io || dev->bars[i].size < 1024 * 1024)
			continue;
		path = arena_printf(load->scratch, DEVICES "/%s/resource%u_resize", dev->bdf, i);
		if (!path)
			return fact_no_memory(load);
		err = fact_optional(fact_u64(load, path, 16, UINT64_MAX, &dev->bars[i].resizable));
		if (err)
			return err;
	}
	return 0;
}

/* ---- driver ---- */

static bool is_vfio_device(const char *name)
{
	if (!str_starts(name, "vfio"))
		return false;
	for (name += 4; isdigit((unsigned char)*name); name++)
		;
	return *name == '\0';
}

static int read_vfio(struct loader *load, struct iof_device *dev)
{
	const char *path = device_path(load, dev, "vfio-dev"), **names;
	size_t n;
	int err;

	if (!path)
		return -ENOMEM;
	/* Variant drivers: mlx5_vfio_pci, nvgrace-gpu-vfio-pci and so on. */
	dev->driver_is_vfio = strstr(dev->driver, "vfio") != NULL;
	err = fact_list(load, load->scratch, path, &names, &n);
	for (size_t i = 0; !err && i < n; i++) {
		if (!is_vfio_device(names[i]))
			continue;
		dev->driver_is_vfio = true;
		dev->vfio_dev = arena_strdup(load->host->arena, names[i]);
		return dev->vfio_dev ? 0 : fact_no_memory(load);
	}
	return fact_optional(err);
}

static int read_override(struct loader *load, struct iof_device *dev)
{
	const char *path = device_path(load, dev, "driver_override"), *text;
	int err;

	if (!path)
		return -ENOMEM;
	err = fact_line(load, load->scratch, path, &text);
	if (err || !*text || str_eq(text, "(null)"))
		return fact_optional(err);
	dev->driver_override = arena_strdup(load->host->arena, text);
	return dev->driver_override ? 0 : fact_no_memory(load);
}

static int read_numa_node(struct loader *load, struct iof_device *dev)
{
	const char *path = device_path(load, dev, "numa_node"), *text;
	uint64_t node;
	int err;

	if (!path)
		return -ENOMEM;
	err = fact_line(load, load->scratch, path, &text);
	if (err || str_eq(text, "-1"))
		return fact_optional(err);
	if (parse_u64(text, 10, INT32_MAX, &node))
		return fact_bad(load, path, 1, "expected the number of a node");
	dev->numa_node = (int)node;
	return 0;
}

static int read_details(struct loader *load, struct iof_device *dev)
{
	const char *path;
	int err = read_bars(load, dev);

	if (!err)
		err = read_resizable(load, dev);
	if (!err)
		err = read_numa_node(load, dev);
	if (!err)
		err = read_override(load, dev);
	if (err)
		return err;
	path = device_path(load, dev, "physfn");
	if (!path)
		return -ENOMEM;
	dev->is_virtual_function = root_exists(load->root, path);
	dev->is_complete = true;
	return 0;
}

int load_device(struct loader *load, struct iof_device *dev, bool complete)
{
	uint8_t header_type = UINT8_MAX;
	uint64_t class_code = 0;
	int err;

	dev->numa_node = -1;
	err = device_number(load, dev, "class", 0xffffff, &class_code);
	if (!err)
		err = read_config(load, dev, complete, &header_type);
	if (!err && !dev->vendor)
		err = read_ids(load, dev);
	if (!err)
		err = device_link(load, dev, "driver", &dev->driver);
	if (!err && dev->driver)
		err = read_vfio(load, dev);
	if (!err && complete)
		err = read_details(load, dev);
	dev->class_code = (uint32_t)class_code;
	dev->is_bridge =
		class_code >> 8 == CLASS_BRIDGE && (header_type == 1 || header_type == UINT8_MAX);
	arena_reset(load->scratch);
	return err;
}
