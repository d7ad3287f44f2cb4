// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * known.c - attributes and elements that libvirt does not know, and so drops without a word
 * (virsh define checks no schema unless told to). Only where this bears on what iommufit answers;
 * and what stands elsewhere, if it is a known name in another spelling.
 */
#include <ctype.h>
#include <errno.h>

#include "vm/libvirt/iommu.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define MAX_NAME 64

struct known {
	const char *name; /* "@a": an attribute; else an element */
	uint32_t since;
};

#define ALWAYS 0

static const struct known iommu_names[] = {{"@model", ALWAYS},
					   {"driver", ALWAYS},
					   {"address", ALWAYS},
					   {"alias", ALWAYS},
					   {"acpi", ALWAYS}};
static const struct known granule_names[] = {
	{"@mode", ALWAYS}, {"@size", ALWAYS}, {"@unit", ALWAYS}};
static const struct known width_names[] = {
	{"@mode", ALWAYS}, {"@bits", ALWAYS}, {"@limit", V(9, 3)}};
static const struct known hostdev_driver_names[] = {
	{"@name", ALWAYS}, {"@model", V(10, 0)}, {"@iommufd", V(12, 1)}};
static const struct known hostdev_names[] = {
	{"@mode", ALWAYS},    {"@type", ALWAYS},    {"@managed", ALWAYS}, {"@model", ALWAYS},
	{"@display", ALWAYS}, {"@ramfb", ALWAYS},   {"@sgio", ALWAYS},	  {"@rawio", ALWAYS},
	{"source", ALWAYS},   {"address", ALWAYS},  {"rom", ALWAYS},	  {"boot", ALWAYS},
	{"alias", ALWAYS},    {"driver", ALWAYS},   {"teaming", ALWAYS},  {"acpi", ALWAYS},
	{"readonly", ALWAYS}, {"shareable", ALWAYS}};
static const struct known rom_names[] = {{"@bar", ALWAYS}, {"@file", ALWAYS}, {"@enabled", ALWAYS}};
static const struct known ioapic_names[] = {{"@driver", ALWAYS}};
static const struct known iommufd_names[] = {{"@enabled", ALWAYS}, {"@fdgroup", ALWAYS}};
static const struct known hole_names[] = {{"@unit", ALWAYS}};
static const struct known max_memory_names[] = {{"@unit", ALWAYS}, {"@slots", ALWAYS}};

/* Elsewhere a name counts as dropped only if it is one of these in another spelling. */
static const struct known cpu_names[] = {
	{"@mode", ALWAYS},	 {"@match", ALWAYS},	   {"@check", ALWAYS},
	{"@migratable", ALWAYS}, {"model", ALWAYS},	   {"vendor", ALWAYS},
	{"topology", ALWAYS},	 {"cache", ALWAYS},	   {"feature", ALWAYS},
	{"numa", ALWAYS},	 {"maxphysaddr", V(8, 7)}, {"@deprecated_features", ALWAYS}};
static const struct known feature_names[] = {
	{"acpi", ALWAYS},	{"apic", ALWAYS},     {"ioapic", ALWAYS},  {"smm", ALWAYS},
	{"gic", ALWAYS},	{"kvm", ALWAYS},      {"pae", ALWAYS},	   {"hyperv", ALWAYS},
	{"vmport", ALWAYS},	{"hap", ALWAYS},      {"xen", ALWAYS},	   {"pvspinlock", ALWAYS},
	{"pmu", ALWAYS},	{"viridian", ALWAYS}, {"privnet", ALWAYS}, {"capabilities", ALWAYS},
	{"vmcoreinfo", ALWAYS}, {"hpt", ALWAYS},      {"htm", ALWAYS},	   {"msrs", ALWAYS},
	{"tcg", ALWAYS},	{"ras", ALWAYS},      {"ps2", ALWAYS},	   {"cfpc", ALWAYS},
	{"sbbc", ALWAYS},	{"ibs", ALWAYS},      {"aia", ALWAYS}};
static const struct known domain_names[] = {
	{"maxMemory", ALWAYS},	   {"memory", ALWAYS},	    {"currentMemory", ALWAYS},
	{"memoryBacking", ALWAYS}, {"memtune", ALWAYS},	    {"vcpu", ALWAYS},
	{"features", ALWAYS},	   {"cpu", ALWAYS},	    {"devices", ALWAYS},
	{"iommufd", V(12, 2)},	   {"os", ALWAYS},	    {"numatune", ALWAYS},
	{"vcpus", ALWAYS},	   {"cputune", ALWAYS},	    {"name", ALWAYS},
	{"uuid", ALWAYS},	   {"title", ALWAYS},	    {"description", ALWAYS},
	{"metadata", ALWAYS},	   {"clock", ALWAYS},	    {"pm", ALWAYS},
	{"seclabel", ALWAYS},	   {"resource", ALWAYS},    {"sysinfo", ALWAYS},
	{"iothreads", ALWAYS},	   {"iothreadids", ALWAYS}, {"launchSecurity", ALWAYS},
	{"keywrap", ALWAYS},	   {"idmap", ALWAYS},	    {"perf", ALWAYS},
	{"blkiotune", ALWAYS},	   {"genid", ALWAYS},	    {"bootloader", ALWAYS}};
static const struct known device_names[] = {
	{"iommu", ALWAYS},	{"hostdev", ALWAYS},   {"controller", ALWAYS},
	{"memballoon", ALWAYS}, {"memory", ALWAYS},    {"disk", ALWAYS},
	{"filesystem", ALWAYS}, {"interface", ALWAYS}, {"smartcard", ALWAYS},
	{"serial", ALWAYS},	{"parallel", ALWAYS},  {"console", ALWAYS},
	{"channel", ALWAYS},	{"input", ALWAYS},     {"tpm", ALWAYS},
	{"graphics", ALWAYS},	{"sound", ALWAYS},     {"audio", ALWAYS},
	{"video", ALWAYS},	{"redirdev", ALWAYS},  {"redirfilter", ALWAYS},
	{"hub", ALWAYS},	{"rng", ALWAYS},       {"nvram", ALWAYS},
	{"panic", ALWAYS},	{"shmem", ALWAYS},     {"vsock", ALWAYS},
	{"crypto", ALWAYS},	{"pstore", ALWAYS},    {"lease", ALWAYS},
	{"watchdog", ALWAYS},	{"emulator", ALWAYS}};
static const struct known controller_names[] = {{"pcihole64", ALWAYS}, {"target", ALWAYS},
						{"model", ALWAYS},     {"@index", ALWAYS},
						{"@model", ALWAYS},    {"@type", ALWAYS}};
static const struct known virtio_driver_names[] = {
	{"@iommu", ALWAYS}, {"@ats", ALWAYS}, {"@packed", ALWAYS}, {"@page_per_vq", V(7, 9)}};

struct list {
	const struct known *names;
	size_t n;
	bool is_complete; /* any other name is unknown */
};
#define COMPLETE(names) ((struct list){names, ARRAY_SIZE(names), true})
#define SOME(names) ((struct list){names, ARRAY_SIZE(names), false})

/* What people write and mean something else by. */
static const struct {
	const char *written, *meant;
} synonyms[] = {
	{"@pasid", "@ssidsize"},
	{"@pasidbits", "@ssidsize"},
	{"@deviceiotlb", "@iotlb"},
	{"@width", "@aw_bits"},
	{"@addresswidth", "@aw_bits"},
	{"@primarybus", "@pciBus"},
	{"@iommuplatform", "@iommu"},
	{"@pt", "@passthrough"},
	{"@interruptremapping", "@intremap"},
	{"@hostphysbitslimit", "@limit"},
	{"@physbits", "@bits"},
};

/* Lower case, without what parts words. */
static void fold(const char *name, char out[MAX_NAME])
{
	size_t n = 0;

	for (; *name && n < MAX_NAME - 1; name++) {
		if (*name != '_' && *name != '-')
			out[n++] = (char)tolower((unsigned char)*name);
	}
	out[n] = '\0';
}

static bool is_same_folded(const char *a, const char *b)
{
	char x[MAX_NAME], y[MAX_NAME];

	fold(a, x);
	fold(b, y);
	return str_eq(x, y);
}

static bool is_synonym(const char *written, const char *known)
{
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++) {
		if (is_same_folded(written, synonyms[i].written) &&
		    str_eq(known, synonyms[i].meant))
			return true;
	}
	return false;
}

/* One letter more, less or other, or two of them exchanged. */
static bool is_one_off(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), same = 0;

	while (a[same] && a[same] == b[same])
		same++;
	a += same;
	b += same;
	if (n < 4 || n > m + 1 || m > n + 1)
		return false;
	if (n > m)
		return str_eq(a + 1, b);
	if (m > n)
		return str_eq(a, b + 1);
	return *a && (str_eq(a + 1, b + 1) ||
		      (a[1] && b[1] && a[0] == b[1] && a[1] == b[0] && str_eq(a + 2, b + 2)));
}

static const struct known *exact(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(list->names[i].name, name))
			return &list->names[i];
	}
	return NULL;
}

static const struct known *nearest(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (is_same_folded(list->names[i].name, name) ||
		    is_synonym(name, list->names[i].name))
			return &list->names[i];
	}
	for (size_t i = 0; i < list->n; i++) {
		char folded[MAX_NAME], known[MAX_NAME];

		fold(name, folded);
		fold(list->names[i].name, known);
		if (is_one_off(folded, known))
			return &list->names[i];
	}
	return NULL;
}

/* ---- remarks ---- */

struct where {
	struct lv_domain *d;
	const struct xml_node *node;
};

static const char *version_text(struct lv_domain *d, uint32_t version)
{
	return lv_printf(d, "%u.%u.%u", version / 1000000, version / 1000 % 1000, version % 1000);
}

static struct remark *say_dropped(struct where *w, const char *text, const struct place *at,
				  const struct known *known, const struct known *near)
{
	const char *detail = NULL;

	if (known)
		detail = lv_printf(w->d, "libvirt knows it since %s only.",
				   version_text(w->d, known->since));
	else if (near && near->since > w->d->version)
		detail = lv_printf(w->d, "libvirt calls it %s, and knows it since %s only.",
				   near->name + (near->name[0] == '@'),
				   version_text(w->d, near->since));
	else if (near)
		detail = lv_printf(w->d, "libvirt calls it %s.",
				   near->name + (near->name[0] == '@'));
	else
		detail = "libvirt knows nothing of that name here.";
	return lv_remark(w->d, REMARK_DROPPED, at, text, detail);
}

/* Renaming helps if libvirt then knows it and nothing of that name is there yet. */
static bool can_rename(const struct where *w, const struct xml_attribute *a,
		       const struct list *list, const struct known *near)
{
	if (!near || near->since > w->d->version || xml_attribute(w->node, near->name + 1) ||
	    is_synonym(lv_printf(w->d, "@%s", a->name), near->name))
		return false;
	/* The first of several spellings takes the name. */
	for (const struct xml_attribute *other = w->node->attributes; other < a; other++) {
		if (nearest(list, lv_printf(w->d, "@%s", other->name)) == near)
			return false;
	}
	return true;
}

static void check_attribute(struct where *w, const struct xml_attribute *a, const struct list *list)
{
	const char *name = lv_printf(w->d, "@%s", a->name);
	const struct known *known = exact(list, name), *near;
	struct remark *remark;

	if (strchr(a->name, ':') || (known && known->since <= w->d->version))
		return;
	near = known ? NULL : nearest(list, name);
	if (!known && !near && !list->is_complete)
		return;
	remark =
		say_dropped(w, lv_printf(w->d, "%s='%s' of <%s>", a->name, a->value, w->node->name),
			    &a->at, known, near);
	if (can_rename(w, a, list, near))
		lv_cure_rename(w->d, remark, w->node, a->name, near->name + 1);
	else
		lv_cure_unset(w->d, remark, w->node, a->name);
}

static void check_element(struct where *w, const struct xml_node *child, const struct list *list)
{
	const struct known *known = exact(list, child->name), *near;

	if (strchr(child->name, ':') || (known && known->since <= w->d->version))
		return;
	near = known ? NULL : nearest(list, child->name);
	if (!known && !near && !list->is_complete)
		return;
	lv_cure_remove(w->d,
		       say_dropped(w, lv_printf(w->d, "<%s> in <%s>", child->name, w->node->name),
				   &child->at, known, near),
		       child);
}

static void check_names(struct lv_domain *d, const struct xml_node *node, struct list list)
{
	struct where w = {d, node};

	if (!node)
		return;
	for (size_t i = 0; i < node->n_attributes && !d->t->err; i++)
		check_attribute(&w, &node->attributes[i], &list);
	for (const struct xml_node *c = node->first; c && !d->t->err; c = c->next)
		check_element(&w, c, &list);
}

/* ---- where ---- */

/* The settings of all models are read, whichever it is. */
static struct list driver_list(struct lv_domain *d)
{
	struct known *names = arena_array(d->t->vm->arena, lv_n_iommu_settings + 1, sizeof(*names));
	size_t n = 0;

	if (!names) {
		d->t->err = -ENOMEM;
		return (struct list){NULL, 0, false};
	}
	for (size_t i = 0; i < lv_n_iommu_settings; i++) {
		const struct lv_iommu_setting *s = &lv_iommu_settings[i];

		if (lv_is_first_mention(i))
			names[n++] = (struct known){lv_printf(d, "@%s", s->attribute), s->since};
	}
	names[n++] = (struct known){"granule", V(12, 1)};
	return (struct list){names, n, true};
}

static void check_iommus(struct lv_domain *d)
{
	const struct lv_device *iommu;
	struct list driver = driver_list(d);

	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		if (!iommu->node)
			continue;
		check_names(d, iommu->node, COMPLETE(iommu_names));
		check_names(d, xml_child(iommu->node, "driver"), driver);
		check_names(d, xml_path(iommu->node, "driver/granule"), COMPLETE(granule_names));
	}
}

static void check_hostdevs(struct lv_domain *d)
{
	const struct lv_device *hostdev;

	for (size_t n = 0; (hostdev = lv_device(d, LV_HOSTDEV, n)); n++) {
		if (!str_eq(hostdev->node->name, "hostdev"))
			continue;
		check_names(d, hostdev->node, SOME(hostdev_names));
		check_names(d, xml_child(hostdev->node, "driver"), COMPLETE(hostdev_driver_names));
		check_names(d, xml_child(hostdev->node, "rom"), SOME(rom_names));
	}
}

static void check_class(struct lv_domain *d, enum lv_class class)
{
	const struct lv_device *device;

	for (size_t n = 0; (device = lv_device(d, class, n)); n++) {
		if (device->node)
			check_names(d, xml_child(device->node, "driver"),
				    SOME(virtio_driver_names));
	}
}

static void check_controllers(struct lv_domain *d)
{
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (!c->node || !str_eq(c->kind, "pci"))
			continue;
		check_names(d, c->node, SOME(controller_names));
		check_names(d, xml_child(c->node, "pcihole64"), COMPLETE(hole_names));
	}
}

void lv_check_names(struct lv_domain *d)
{
	static const enum lv_class virtio[] = {LV_CONTROLLER, LV_DISK,	LV_FS,	LV_NET,
					       LV_INPUT,      LV_VIDEO, LV_RNG, LV_MEMBALLOON,
					       LV_VSOCK,      LV_CRYPTO};

	check_names(d, d->root, SOME(domain_names));
	check_names(d, d->devices_node, SOME(device_names));
	check_names(d, xml_child(d->root, "features"), SOME(feature_names));
	check_names(d, xml_path(d->root, "features/ioapic"), COMPLETE(ioapic_names));
	check_names(d, xml_child(d->root, "cpu"), SOME(cpu_names));
	if (d->version >= V(8, 7))
		check_names(d, xml_path(d->root, "cpu/maxphysaddr"), COMPLETE(width_names));
	check_names(d, xml_child(d->root, "maxMemory"), SOME(max_memory_names));
	if (d->version >= V(12, 2))
		check_names(d, xml_child(d->root, "iommufd"), COMPLETE(iommufd_names));
	check_iommus(d);
	check_hostdevs(d);
	check_controllers(d);
	for (size_t i = 0; i < ARRAY_SIZE(virtio); i++)
		check_class(d, virtio[i]);
}
