// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cloud_hypervisor.c - Cloud Hypervisor's own languages. It is no manager of QEMU: the words that
 * are said are an internal form, an option for each of its objects with its own names for settings;
 * src/vmm/cloud_hypervisor.c makes a machine of them.
 */
#include <errno.h>

#include "vm/cloud_hypervisor/cloud_hypervisor.h"

/* ---- items ---- */

struct ch_item *ch_item_add(struct translation *t, struct ch_config *config, enum ch_section_id id,
			    const struct place *at)
{
	struct ch_item *item = t->err ? NULL : arena_alloc(t->vm->arena, sizeof(*item));

	if (!item) {
		t->err = t->err ? t->err : -ENOMEM;
		return NULL;
	}
	config->items = arena_grow(t->vm->arena, config->items, config->n, &config->cap,
				   sizeof(*config->items));
	if (!config->items) {
		config->n = 0;
		t->err = -ENOMEM;
		return NULL;
	}
	*item = (struct ch_item){.section = id, .is_written = true};
	if (at)
		item->at = *at;
	config->items[config->n++] = item;
	return item;
}

struct ch_setting *ch_setting_add(struct translation *t, struct ch_item *item)
{
	item->settings = arena_grow(t->vm->arena, item->settings, item->n, &item->cap,
				    sizeof(*item->settings));
	if (!item->settings) {
		item->n = 0;
		t->err = -ENOMEM;
		return NULL;
	}
	return &item->settings[item->n++];
}

/* Lines are counted on from the last place. */
struct place ch_place(const struct iof_vm *vm, struct ch_config *config, size_t start, size_t end)
{
	if (start < config->seen || !config->line) {
		config->seen = 0;
		config->line = config->column = 1;
	}
	for (; config->seen < start && config->seen < vm->source_length; config->seen++) {
		bool is_newline = vm->source[config->seen] == '\n';

		config->line += is_newline;
		config->column = is_newline ? 1 : config->column + 1;
	}
	return (struct place){.line = config->line,
			      .column = config->column,
			      .offset = start,
			      .length = end > start ? end - start : 0,
			      .arg = -1};
}

/* main.rs; since 47.0 errors are printed as a list. */
void ch_refuse(struct translation *t, const struct ch_config *config,
	       const struct ch_section *section, const char *reason, const char *why,
	       const struct place *at)
{
	static const char *const forms[] = {
		"Error parsing config: Error parsing --%s: %s",
		"Error: Cloud Hypervisor exited with the following chain of errors:\n"
		"  0: Error parsing config\n  1: Error parsing --%s\n  2: %s"};
	const char *text;

	if (t->err)
		return;
	text = config->version >= CH_VERSION(47)
		       ? arena_printf(t->vm->arena, forms[1], section->option, reason)
		       : arena_printf(t->vm->arena, forms[0], section->option, reason);
	if (!text)
		t->err = -ENOMEM;
	else
		remark_add(t, REMARK_REFUSED, at, text, why);
}

/* The last one of that kind, or one that is not written, for edits to have something to name. */
static struct ch_item *item_of(struct translation *t, struct ch_config *config,
			       enum ch_section_id id)
{
	struct ch_item *item;

	for (size_t i = config->n; i-- > 0;) {
		if (config->items[i]->section == id)
			return config->items[i];
	}
	item = ch_item_add(t, config, id, NULL);
	if (item)
		item->is_written = false;
	return item;
}

static const char *setting_of(const struct ch_item *item, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < item->n; i++) {
		if (str_eq(item->settings[i].key->name, name))
			value = item->settings[i].value;
	}
	return value;
}

/* ---- saying them ---- */

static void say_settings(struct translation *t, const struct ch_item *item)
{
	for (size_t i = 0; i < item->n; i++) {
		const struct ch_setting *setting = &item->settings[i];

		if (setting->key->type != CH_ANY && setting->value && !t->err)
			say_pair(t, setting->key->name, setting->value, 's', &setting->at);
	}
}

static void say_item(struct translation *t, const char *option, const char *key, const char *name,
		     const struct ch_item *item)
{
	say_option(t, option, SAY_JSON, item->is_written ? &item->at : NULL, item);
	say_pair(t, key, name, 's', NULL);
	say_settings(t, item);
	say_end(t);
}

static void say_device(struct translation *t, const char *driver, const struct ch_item *item)
{
	say_item(t, "device", "driver", driver, item);
}

/* Each item of a kind, in order. */
static void say_devices(struct translation *t, const struct ch_config *config,
			enum ch_section_id id, const char *driver)
{
	for (size_t i = 0; i < config->n && !t->err; i++) {
		if (config->items[i]->section == id)
			say_device(t, driver, config->items[i]);
	}
}

static void say_single(struct translation *t, struct ch_config *config, enum ch_section_id id,
		       const char *driver)
{
	for (size_t i = config->n; i-- > 0;) {
		if (config->items[i]->section == id) {
			say_device(t, driver, config->items[i]);
			return;
		}
	}
}

/* There unless it is switched off (vm_config.rs default_console, default_rng). */
static void say_console(struct translation *t, struct ch_config *config)
{
	const struct ch_item *item = item_of(t, config, CH_CONSOLE);
	const char *mode = item ? setting_of(item, "mode") : NULL;

	if (item && !setting_of(item, "off") && !(mode && str_eq(mode, "Off")))
		say_device(t, "virtio-console", item);
}

/* memory_manager.rs: zones of their own are resized by virtio-mem, else hotplug_method says. */
static bool is_virtio_mem(const struct ch_item *memory)
{
	const char *method = setting_of(memory, "hotplug_method");

	return method && (strcasecmp(method, "virtio-mem") == 0 || str_eq(method, "VirtioMem"));
}

static void say_virtio_mem(struct translation *t, struct ch_config *config,
			   const struct ch_item *memory)
{
	bool has_zones = false;

	for (size_t i = 0; i < config->n && !t->err; i++) {
		const struct ch_item *item = config->items[i];

		if (item->section != CH_ZONE)
			continue;
		has_zones = true;
		if (setting_of(item, "hotplug_size"))
			say_plain(t, "device", "{\"driver\":\"virtio-mem\"}", &item->at, item);
	}
	if (!has_zones && setting_of(memory, "hotplug_size") && is_virtio_mem(memory))
		say_plain(t, "device", "{\"driver\":\"virtio-mem\"}", &memory->at, memory);
}

/* /sys/bus/pci/devices/0000:01:00.0/ names a PCI device of the host; others do not. */
static void say_assigned(struct translation *t, const struct ch_item *item)
{
	const char *path = setting_of(item, "path");
	size_t length = path ? strlen(path) : 0, start;
	struct pci_address address;
	char bdf[BDF_TEXT];
	struct place at = item->at;

	say_option(t, "device", SAY_JSON, &item->at, item);
	say_pair(t, "driver", "vfio-pci", 's', NULL);
	while (length && path[length - 1] == '/')
		length--;
	for (start = length; start && path[start - 1] != '/'; start--)
		;
	for (size_t i = 0; i < item->n; i++) {
		if (str_eq(item->settings[i].key->name, "path"))
			at = item->settings[i].at;
	}
	if (path && length - start < sizeof(bdf)) {
		memcpy(bdf, path + start, length - start);
		bdf[length - start] = '\0';
		if (parse_bdf(bdf, &address) == 0)
			say_pair(t, "host", bdf, 's', &at);
	}
	say_settings(t, item);
	say_end(t);
}

static bool has_iommu(const struct ch_config *config)
{
	for (size_t i = 0; i < config->n; i++) {
		const struct ch_item *item = config->items[i];
		const char *iommu = setting_of(item, "iommu");

		if (item->section == CH_IOMMU || setting_of(item, "iommu_segments") ||
		    (iommu && str_eq(iommu, "on")))
			return true;
	}
	return false;
}

/* Its settings are the platform's. */
static void say_viommu(struct translation *t, struct ch_config *config)
{
	const struct ch_item *item = item_of(t, config, CH_PLATFORM);

	if (!item || !has_iommu(config))
		return;
	say_option(t, "device", SAY_JSON, item->is_written ? &item->at : NULL, item);
	say_pair(t, "driver", "virtio-iommu", 's', NULL);
	for (size_t i = 0; i < item->n; i++) {
		if (str_eq(item->settings[i].key->name, "iommu_address_width"))
			say_pair(t, "iommu_address_width", item->settings[i].value, 's',
				 &item->settings[i].at);
	}
	say_end(t);
}

/* In the order in which device_manager.rs makes them: virtio devices, VFIO's, the vIOMMU last. */
static void say_all_devices(struct translation *t, struct ch_config *config,
			    const struct ch_item *memory)
{
	const struct ch_item *rng = item_of(t, config, CH_RNG);

	say_console(t, config);
	say_devices(t, config, CH_DISK, "virtio-block");
	say_devices(t, config, CH_NET, "virtio-net");
	if (rng)
		say_device(t, "virtio-rng", rng);
	say_devices(t, config, CH_FS, "virtio-fs");
	say_devices(t, config, CH_PMEM, "virtio-pmem");
	say_single(t, config, CH_VSOCK, "virtio-vsock");
	say_virtio_mem(t, config, memory);
	say_single(t, config, CH_BALLOON, "virtio-balloon");
	say_single(t, config, CH_WATCHDOG, "virtio-watchdog");
	say_devices(t, config, CH_VDPA, "vdpa");
	for (size_t i = 0; i < config->n && !t->err; i++) {
		if (config->items[i]->section == CH_DEVICE)
			say_assigned(t, config->items[i]);
	}
	say_devices(t, config, CH_USER_DEVICE, "vfio-user");
	say_viommu(t, config);
}

static void say_config(struct translation *t, struct ch_config *config)
{
	const struct ch_item *platform = item_of(t, config, CH_PLATFORM);
	const struct ch_item *cpus = item_of(t, config, CH_CPUS);
	const struct ch_item *memory = item_of(t, config, CH_MEMORY);

	if (t->err)
		return;
	say_option(t, "machine", SAY_OPTS, platform->is_written ? &platform->at : NULL, platform);
	say_pair(t, NULL, "cloud-hypervisor", 0, NULL);
	say_settings(t, platform);
	say_end(t);
	say_item(t, "object", "qom-type", "cpus", cpus);
	say_item(t, "object", "qom-type", "memory", memory);
	for (size_t i = 0; i < config->n && !t->err; i++) {
		const struct ch_item *item = config->items[i];

		if (item->section == CH_ZONE || item->section == CH_SEGMENT)
			say_item(t, "object", "qom-type",
				 item->section == CH_ZONE ? "memory-zone" : "pci-segment", item);
	}
	say_all_devices(t, config, memory);
}

/* ---- the language ---- */

static const char *manager_text(struct translation *t, uint32_t version)
{
	return arena_printf(t->vm->arena, "Cloud Hypervisor %u.%u", version / 1000000,
			    version / 1000 % 1000);
}

static void read_config(struct translation *t)
{
	struct ch_config *config = arena_alloc(t->vm->arena, sizeof(*config));

	if (!config) {
		t->err = -ENOMEM;
		return;
	}
	config->version = translation_manager(t, "cloud-hypervisor", CH_NEWEST);
	t->vm->config_data = config;
	t->vm->manager = manager_text(t, config->version);
	if (!t->vm->manager && !t->err)
		t->err = -ENOMEM;
	if (t->err)
		return;
	say_word(t, "cloud-hypervisor", NULL, NULL);
	if (ch_is_json(t->vm->source, t->vm->source_length) || t->vm->source[0] == '{')
		ch_read_json(t, config);
	else
		ch_read_args(t, config);
	if (!t->err)
		say_config(t, config);
}

static bool names_program(const char *bytes, size_t length)
{
	struct arena *arena = arena_new(4096), *scratch = arena_new(4096);
	struct command command = {0};
	struct scanner scanner;
	bool is_there = false;

	if (arena && scratch) {
		scanner_init(&scanner, NULL, arena, scratch, "", bytes, length);
		is_there = command_find(&scanner, ch_is_program, &command) == 0;
		scanner_free(&scanner);
	}
	arena_free(arena);
	arena_free(scratch);
	return is_there;
}

static bool recognise(const char *bytes, size_t length)
{
	if (ch_is_json(bytes, length))
		return true;
	return memmem(bytes, length, "cloud-hypervisor", 16) && !memchr(bytes, '\0', length) &&
	       names_program(bytes, length);
}

const struct language cloud_hypervisor_language = {
	.id = IOF_LANGUAGE_CLOUD_HYPERVISOR,
	.name = "cloud-hypervisor",
	.recognise = recognise,
	.read = read_config,
	.edit = ch_edit,
};
