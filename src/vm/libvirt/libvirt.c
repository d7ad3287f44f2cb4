// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvirt.c - libvirt domain XML to a list of devices and the few facts that libvirt decides by.
 * What is written is kept as elements of the document; command.c asks those.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "vm/libvirt/say.h"

#define NEWEST LIBVIRT_VERSION(12, 8, 0)
#define MAX_INDEX 1023u /* controllers, as a sanity limit */

/* ---- the text ---- */

static const char *skip_prologue(const char *p, const char *end)
{
	for (;;) {
		const char *close = NULL;

		while (p < end && (strchr(" \t\r\n", *p) && *p))
			p++;
		if (end - p >= 4 && strncmp(p, "<!--", 4) == 0)
			close = strstr(p + 4, "-->");
		else if (end - p >= 2 && p[0] == '<' && p[1] == '?')
			close = strchr(p, '>');
		else
			return p;
		if (!close)
			return p;
		p = close + (close[0] == '-' ? 3 : 1);
	}
}

/* The first element decides: any XML is taken, so that a wrong root gets a clear answer. */
static bool recognise(const char *bytes, size_t length)
{
	const char *end = bytes + length;
	const char *p = bytes;

	if (length >= 3 && strncmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	p = skip_prologue(p, end);
	return end - p >= 2 && *p == '<' &&
	       ((p[1] >= 'a' && p[1] <= 'z') || (p[1] >= 'A' && p[1] <= 'Z') || p[1] == '?' ||
		p[1] == '!');
}

/* ---- devices ---- */

static size_t class_start(const struct lv_domain *d, enum lv_class class)
{
	size_t start = 0;

	for (enum lv_class c = 0; c < class; c++)
		start += d->class_size[c];
	return start;
}

struct lv_device *lv_add(struct lv_domain *d, enum lv_class class)
{
	struct translation *t = d->t;
	size_t at = class_start(d, class) + d->class_size[class];
	struct lv_device *grown;

	if (!t->err && d->n_devices >= LV_MAX_DEVICES)
		translation_fail(t, &d->root->at, "more than 2048 devices");
	if (t->err)
		return NULL;
	grown = arena_grow(t->vm->arena, d->devices, d->n_devices, &d->devices_cap,
			   sizeof(*d->devices));
	if (!grown) {
		t->err = -ENOMEM;
		return NULL;
	}
	d->devices = grown;
	memmove(&d->devices[at + 1], &d->devices[at], (d->n_devices - at) * sizeof(*d->devices));
	d->n_devices++;
	d->devices[at] = (struct lv_device){.class = class,
					    .index = (unsigned)d->class_size[class]++,
					    .kind = "",
					    .model = "",
					    .chassis = -1,
					    .port = -1,
					    .chassis_nr = -1,
					    .pci = {.multifunction = -1}};
	return &d->devices[at];
}

struct lv_device *lv_device(struct lv_domain *d, enum lv_class class, size_t n)
{
	if ((d->t && d->t->err) || n >= d->class_size[class])
		return NULL;
	return &d->devices[class_start(d, class) + n];
}

const char *lv_driver(const struct lv_device *device, const char *attribute)
{
	return device->node ? xml_value(xml_child(device->node, "driver"), attribute) : NULL;
}

struct remark *lv_remark(struct lv_domain *d, enum remark_kind kind, const struct place *at,
			 const char *text, const char *detail)
{
	if (d->t->vm->n_remarks >= LV_MAX_REMARKS)
		return NULL;
	return remark_add(d->t, kind, at, text, detail);
}

struct remark *lv_refuse(struct lv_domain *d, const struct place *at, const char *format, ...)
{
	const char *text;
	va_list args;

	if (d->t->err)
		return NULL;
	va_start(args, format);
	text = arena_vprintf(d->t->vm->arena, format, args);
	va_end(args);
	if (!text) {
		d->t->err = -ENOMEM;
		return NULL;
	}
	return lv_remark(d, REMARK_REFUSED, at, text, NULL);
}

/* ---- numbers, as libvirt reads them ---- */

/* Decimal, 0x and, with a leading 0, octal. */
bool lv_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	int base = 10;

	if (!text)
		return false;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return parse_u64(text, 16, max, out) == 0;
	if (text[0] == '0' && text[1]) {
		for (base = 8; *text; text++) {
			if (*text < '0' || *text > '7' || n > max / 8)
				return false;
			n = n * 8 + (uint64_t)(*text - '0');
		}
		*out = n;
		return n <= max;
	}
	return parse_u64(text, base, max, out) == 0;
}

static const struct {
	const char *name;
	uint64_t bytes;
} units[] = {
	{"b", 1},
	{"byte", 1},
	{"bytes", 1},
	{"k", 1024},
	{"KiB", 1024},
	{"KB", 1000},
	{"m", 1024 * 1024},
	{"MiB", 1024 * 1024},
	{"MB", 1000 * 1000},
	{"g", 1024 * 1024 * 1024},
	{"GiB", 1024 * 1024 * 1024},
	{"GB", 1000 * 1000 * 1000},
	{"t", 1ull << 40},
	{"TiB", 1ull << 40},
	{"TB", 1000000000000ull},
	{"p", 1ull << 50},
	{"PiB", 1ull << 50},
	{"PB", 1000000000000000ull},
};

static uint64_t unit_bytes(const char *unit)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcasecmp(units[i].name, unit) == 0)
			return units[i].bytes;
	}
	return 0;
}

bool lv_kib(const char *number, const char *unit, uint64_t *out)
{
	uint64_t n, bytes = unit ? unit_bytes(unit) : 1024;

	if (!number || !bytes || parse_u64(number, 10, UINT64_MAX / bytes, &n) != 0)
		return false;
	n *= bytes;
	*out = n / 1024 + (n % 1024 != 0);
	return true;
}

bool lv_size(const struct xml_node *node, uint64_t *kib)
{
	return node && lv_kib(node->text, xml_value(node, "unit"), kib);
}

/* ---- one device ---- */

/* What element or attribute says a device's kind and model; "@a" an attribute of the element
 * itself, "b@a" of its first child b. */
static const struct element {
	const char *name;
	enum lv_class class;
	const char *kind, *model;
} elements[] = {
	{"controller", LV_CONTROLLER, "@type", "@model"},
	{"disk", LV_DISK, "target@bus", "@model"},
	{"filesystem", LV_FS, "driver@type", "@model"},
	{"interface", LV_NET, "@type", "model@type"},
	{"input", LV_INPUT, "@bus", "@model"},
	{"graphics", LV_GRAPHICS, "@type", NULL},
	{"sound", LV_SOUND, NULL, "@model"},
	{"video", LV_VIDEO, NULL, "model@type"},
	{"hostdev", LV_HOSTDEV, "@type", "@model"},
	{"memballoon", LV_MEMBALLOON, NULL, "@model"},
	{"rng", LV_RNG, "backend@model", "@model"},
	{"watchdog", LV_WATCHDOG, NULL, "@model"},
	{"shmem", LV_SHMEM, NULL, "model@type"},
	{"memory", LV_MEMORY, NULL, "@model"},
	{"tpm", LV_TPM, NULL, "@model"},
	{"panic", LV_PANIC, NULL, "@model"},
	{"vsock", LV_VSOCK, NULL, "@model"},
	{"crypto", LV_CRYPTO, "@type", "@model"},
	{"iommu", LV_IOMMU, NULL, "@model"},
	{"redirdev", LV_REDIRDEV, "@bus", NULL},
	{"serial", LV_SERIAL, "@type", "target@type"},
	{"console", LV_CONSOLE, "target@type", NULL},
	{"channel", LV_CHANNEL, "target@type", NULL},
};

static const char *say_what(const struct xml_node *node, const char *where)
{
	const char *value, *at = where ? strchr(where, '@') : NULL;

	if (!at)
		return "";
	if (at != where) {
		/* The names in the table are single children. */
		for (node = node->first; node; node = node->next) {
			if (strlen(node->name) == (size_t)(at - where) &&
			    strncmp(node->name, where, (size_t)(at - where)) == 0)
				break;
		}
	}
	value = node ? xml_value(node, at + 1) : NULL;
	return value ? value : "";
}

/* Where a disk without bus= goes, by the name of its target (qemuDomainDeviceDiskDefPostParse). */
static const char *disk_bus(const struct xml_node *node)
{
	const char *target = xml_value(xml_child(node, "target"), "dev");
	const char *device = xml_value(node, "device");
	static const struct {
		const char *prefix, *bus;
	} buses[] = {{"hd", "ide"},  {"sd", "scsi"}, {"vd", "virtio"},
		     {"xvd", "xen"}, {"fd", "fdc"},  {"ubd", "uml"}};

	if (device && str_eq(device, "floppy"))
		return "fdc";
	for (size_t i = 0; target && i < ARRAY_SIZE(buses); i++) {
		if (str_starts(target, buses[i].prefix))
			return buses[i].bus;
	}
	return "ide";
}

static bool part(const struct xml_node *node, const char *name, uint64_t max, unsigned *out)
{
	const char *text = xml_value(node, name);
	uint64_t n = 0;

	if (text && !lv_number(text, max, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

/* virPCIDeviceAddressParseXML() */
static void read_pci_address(struct lv_domain *d, struct lv_device *device,
			     const struct xml_node *node)
{
	static const struct {
		const char *name;
		uint64_t max;
	} parts[] = {{"domain", UINT32_MAX},
		     {"bus", UINT32_MAX},
		     {"slot", UINT32_MAX},
		     {"function", UINT32_MAX}};
	const char *multifunction = xml_value(node, "multifunction");
	struct lv_pci *pci = &device->pci;
	unsigned *const numbers[] = {&pci->domain, &pci->bus, &pci->slot, &pci->function};

	pci->at = node->at;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (part(node, parts[i].name, parts[i].max, numbers[i]))
			continue;
		lv_refuse(d, &xml_attribute(node, parts[i].name)->at,
			  "XML error: Invalid value for attribute '%s' in element 'address': "
			  "'%s'. Expected non-negative integer value",
			  parts[i].name, xml_value(node, parts[i].name));
		return;
	}
	if (multifunction)
		pci->multifunction = str_eq(multifunction, "on")    ? 1
				     : str_eq(multifunction, "off") ? 0
								    : -1;
	/* All zero is no address, whatever the function: libvirt finds one
	 * (virPCIDeviceAddressIsEmpty). */
	pci->is_set = pci->is_user = pci->domain || pci->bus || pci->slot;
	if (pci->is_set)
		lv_check_pci_parts(d, node);
}

static void read_address(struct lv_domain *d, struct lv_device *device)
{
	const struct xml_node *node = xml_child(device->node, "address");
	const char *type = xml_value(node, "type");

	if (!type)
		return;
	if (str_eq(type, "pci"))
		read_pci_address(d, device, node);
	device->is_unassigned = str_eq(type, "unassigned");
}

static int target_number(const struct xml_node *target, const char *name, int absent)
{
	uint64_t n;

	return lv_number(xml_value(target, name), INT32_MAX, &n) ? (int)n : absent;
}

static void read_controller(struct lv_domain *d, struct lv_device *device)
{
	const struct xml_attribute *index = xml_attribute(device->node, "index");
	const struct xml_node *target = xml_child(device->node, "target");
	uint64_t n;

	device->index = 0;
	device->has_index = index != NULL;
	if (index && lv_number(index->value, MAX_INDEX, &n))
		device->index = (unsigned)n;
	else if (index)
		lv_refuse(d, &index->at,
			  "XML error: Invalid value for attribute 'index' in element "
			  "'controller': '%s'. Expected non-negative integer value",
			  index->value);
	device->bus_nr = (unsigned)target_number(target, "busNr", 0);
	device->chassis = target_number(target, "chassis", -1);
	device->port = target_number(target, "port", -1);
	device->chassis_nr = target_number(target, "chassisNr", -1);
}

static void read_alias(struct lv_device *device)
{
	const char *name = xml_value(xml_child(device->node, "alias"), "name");

	/* Others are libvirt's own and are given anew. */
	if (name && str_starts(name, "ua-"))
		device->alias = name;
}

static void read_device(struct lv_domain *d, const struct xml_node *node, const struct element *e)
{
	struct lv_device *device = lv_add(d, e->class);

	if (!device)
		return;
	device->node = node;
	device->kind = say_what(node, e->kind);
	device->model = say_what(node, e->model);
	if (e->class == LV_DISK && !*device->kind)
		device->kind = disk_bus(node);
	read_alias(device);
	if (e->class == LV_CONTROLLER)
		read_controller(d, device);
	read_address(d, device);
}

static bool is_network_hostdev(const struct xml_node *node)
{
	const char *type = xml_value(node, "type");

	return str_eq(node->name, "interface") && type && str_eq(type, "hostdev");
}

static void read_network_hostdevs(struct lv_domain *d)
{
	static const struct element hostdev = {"interface", LV_HOSTDEV, NULL, NULL};

	for (const struct xml_node *node = d->devices_node->first; node; node = node->next) {
		struct lv_device *device;
		const char *type;

		if (!is_network_hostdev(node))
			continue;
		read_device(d, node, &hostdev);
		device = lv_device(d, LV_HOSTDEV, d->class_size[LV_HOSTDEV] - 1);
		type = xml_value(xml_path(node, "source/address"), "type");
		if (device)
			device->kind = type && str_eq(type, "usb") ? "usb" : "pci";
	}
}

static void read_devices(struct lv_domain *d)
{
	if (!d->devices_node)
		return;
	/* libvirt lists them as host devices too, before those of <hostdev>. */
	read_network_hostdevs(d);
	for (const struct xml_node *node = d->devices_node->first; node; node = node->next) {
		for (size_t i = 0; i < ARRAY_SIZE(elements); i++) {
			if (str_eq(node->name, elements[i].name) && !is_network_hostdev(node))
				read_device(d, node, &elements[i]);
		}
	}
}

/* ---- the domain ---- */

static bool is_family(const char *machine, const char *alias, const char *prefix)
{
	return str_eq(machine, alias) || str_starts(machine, prefix);
}

/* qemuDomainMachineIsQ35() and its like */
static enum lv_board find_board(const char *arch, const char *machine)
{
	bool is_x86 = str_eq(arch, "x86_64") || str_eq(arch, "i686");

	if (is_x86 && (is_family(machine, "q35", "pc-q35-")))
		return LV_Q35;
	if (is_x86 && (str_eq(machine, "pc") || str_starts(machine, "pc-0.") ||
		       str_starts(machine, "pc-1.") || str_starts(machine, "pc-i440") ||
		       str_starts(machine, "rhel")))
		return LV_I440FX;
	if (is_x86 && str_eq(machine, "microvm"))
		return LV_MICROVM;
	if (is_family(machine, "virt", "virt-"))
		return LV_VIRT;
	return LV_OTHER;
}

static const char *default_machine(const char *arch)
{
	return str_eq(arch, "x86_64") || str_eq(arch, "i686") ? "pc" : "virt";
}

static void read_os(struct lv_domain *d)
{
	const struct xml_node *type = xml_path(d->root, "os/type");
	const char *virt = xml_value(d->root, "type");
	const char *os = type && *type->text ? type->text : "hvm";

	d->is_kvm = !virt || str_eq(virt, "kvm");
	d->arch = xml_value(type, "arch");
	d->machine = xml_value(type, "machine");
	if (!d->arch)
		d->arch = "x86_64";
	if (!d->machine)
		d->machine = default_machine(d->arch);
	d->board = find_board(d->arch, d->machine);
	if (virt && !str_eq(virt, "kvm") && !str_eq(virt, "qemu"))
		translation_fail(d->t, &d->root->at, "a domain of another hypervisor than QEMU");
	else if (!str_eq(os, "hvm"))
		translation_fail(d->t, &type->at, "a domain of another kind than hvm");
}

static void read_features(struct lv_domain *d)
{
	const struct xml_node *ioapic = xml_path(d->root, "features/ioapic");
	const char *driver = xml_value(ioapic, "driver");

	d->has_acpi = xml_path(d->root, "features/acpi") != NULL;
	d->has_split_irqchip = driver && str_eq(driver, "qemu");
	d->has_kernel_irqchip = driver && str_eq(driver, "kvm");
}

static void read_vcpus(struct lv_domain *d)
{
	const struct xml_node *node = xml_child(d->root, "vcpu");
	uint64_t n = 1;

	if (node && *node->text && (parse_u64(node->text, 10, 65535, &n) != 0 || !n)) {
		lv_refuse(d, &node->at, "XML error: maximum vcpus count must be an integer");
		n = 1;
	}
	d->vcpus = (unsigned)n;
}

static bool read_root(struct lv_domain *d)
{
	struct xml_node *root = NULL;
	struct iof_vm *vm = d->t->vm;
	int ret = xml_read(d->t->ctx, vm->arena, vm->name, vm->source, vm->source_length, &root);

	if (ret) {
		d->t->err = ret;
		return false;
	}
	d->root = root;
	if (str_eq(root->name, "domstatus"))
		d->root = xml_child(root, "domain");
	else if (!str_eq(root->name, "domain"))
		d->root = NULL;
	if (!d->root) {
		translation_fail(d->t, &root->at,
				 str_eq(root->name, "domainsnapshot") ||
						 str_eq(root->name, "domaincheckpoint")
					 ? "a snapshot; iommufit reads the <domain> itself"
					 : "no libvirt <domain>");
		return false;
	}
	return true;
}

/* As iof_vm_manager() says it. */
static void name_manager(struct lv_domain *d)
{
	unsigned v = d->version;

	d->t->vm->manager = arena_printf(d->t->vm->arena, "libvirt %u.%u.%u", v / 1000000,
					 v / 1000 % 1000, v % 1000);
	if (!d->t->vm->manager && !d->t->err)
		d->t->err = -ENOMEM;
}

static void read_domain(struct translation *t)
{
	static void (*const steps[])(struct lv_domain *) = {
		read_os,       read_features,	read_vcpus,
		read_devices,  lv_check_values, lv_read_memory,
		lv_check_size, lv_add_defaults, lv_check_memory_slots,
		lv_assign_pci, lv_check,	lv_say,
		lv_set_memlock};
	struct lv_domain *d = arena_alloc(t->vm->arena, sizeof(*d));

	if (!d) {
		t->err = -ENOMEM;
		return;
	}
	d->t = t;
	d->version = translation_manager(t, "libvirt", NEWEST);
	name_manager(d);
	if (t->err || !read_root(d))
		return;
	t->vm->config_data = d;
	d->devices_node = xml_child(d->root, "devices");
	for (size_t i = 0; i < ARRAY_SIZE(steps) && !t->err; i++)
		steps[i](d);
	d->t = NULL; /* it ends here; the document and the devices live on, for edits */
}

const struct language libvirt_language = {
	.id = IOF_LANGUAGE_LIBVIRT,
	.name = "libvirt",
	.recognise = recognise,
	.read = read_domain,
	.edit = libvirt_edit,
};
