// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu.c - <iommu> to QEMU's devices (qemuBuildIOMMUCommandLine).
 */
#include "vm/libvirt/iommu.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define GRANULE_SINCE V(12, 1)

const struct lv_iommu_setting lv_iommu_settings[] = {
	{LV_INTEL, "intremap", "intremap", LV_SWITCH_TEXT, V(3, 4), false},
	{LV_INTEL, "caching_mode", "caching-mode", LV_SWITCH_BOOL, V(3, 4), false},
	{LV_INTEL, "eim", "eim", LV_SWITCH_TEXT, V(3, 4), false},
	{LV_INTEL, "iotlb", "device-iotlb", LV_SWITCH_BOOL, V(3, 5), false},
	{LV_INTEL, "aw_bits", "aw-bits", LV_NUMBER, V(6, 5), false},
	{LV_INTEL, "dma_translation", "dma-translation", LV_SWITCH_BOOL, V(10, 7), false},
	{LV_AMD, "intremap", "intremap", LV_SWITCH_TEXT, V(11, 5), false},
	{LV_AMD, "passthrough", "pt", LV_SWITCH_BOOL, V(11, 5), false},
	{LV_AMD, "xtsup", "xtsup", LV_SWITCH_BOOL, V(11, 5), false},
	{LV_AMD, "iotlb", "device-iotlb", LV_SWITCH_BOOL, V(11, 5), false},
	{LV_VIRTIO, "aw_bits", "aw-bits", LV_NUMBER, V(12, 1), false},
	{LV_SMMUV3, "pciBus", "primary-bus", LV_BUS, V(11, 10), false},
	{LV_SMMUV3, "accel", "accel", LV_SWITCH_BOOL, V(12, 7), false},
	{LV_SMMUV3, "ats", "ats", LV_SWITCH_TEXT, V(12, 7), true},
	{LV_SMMUV3, "ril", "ril", LV_SWITCH_TEXT, V(12, 7), true},
	{LV_SMMUV3, "ssidsize", "ssidsize", LV_NUMBER_TEXT, V(12, 7), true},
	{LV_SMMUV3, "oas", "oas", LV_NUMBER_TEXT, V(12, 7), true},
	{LV_SMMUV3, "cmdqv", "cmdqv", LV_SWITCH_TEXT, V(12, 7), true},
};
const size_t lv_n_iommu_settings = ARRAY_SIZE(lv_iommu_settings);

static const struct {
	const char *name;
	uint32_t since;
} models[] = {
	[LV_INTEL] = {"intel", V(2, 1)},
	[LV_AMD] = {"amd", V(11, 5)},
	[LV_VIRTIO] = {"virtio", V(8, 3)},
	[LV_SMMUV3] = {"smmuv3", V(5, 5)},
};

static const struct {
	const char *driver;
	enum lv_iommu_model model;
} drivers[] = {
	{"intel-iommu", LV_INTEL},
	{"amd-iommu", LV_AMD},
	{"virtio-iommu-pci", LV_VIRTIO},
	{"arm-smmuv3", LV_SMMUV3},
};

const char *vm_libvirt_iommu_path(struct arena *arena, const char *driver, const char *property,
				  uint32_t *since)
{
	enum lv_iommu_model model = LV_MODEL_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (str_eq(drivers[i].driver, driver))
			model = drivers[i].model;
	}
	*since = 0;
	for (size_t i = 0; model && i < lv_n_iommu_settings; i++) {
		const struct lv_iommu_setting *s = &lv_iommu_settings[i];

		if (s->model != model || !str_eq(s->property, property))
			continue;
		*since = s->since;
		return arena_printf(arena, "driver/@%s", s->attribute);
	}
	if (model != LV_VIRTIO || !str_eq(property, "granule"))
		return NULL;
	*since = GRANULE_SINCE;
	return "driver/granule";
}

enum lv_iommu_model lv_iommu_model(const struct lv_domain *d, const struct lv_device *iommu)
{
	for (size_t i = LV_INTEL; i < ARRAY_SIZE(models); i++) {
		if (str_eq(iommu->model, models[i].name) && d->version >= models[i].since)
			return (enum lv_iommu_model)i;
	}
	return LV_MODEL_NONE;
}

const struct xml_attribute *lv_iommu_attribute(const struct lv_device *iommu, const char *name)
{
	const struct xml_node *driver = iommu->node ? xml_child(iommu->node, "driver") : NULL;

	return driver ? xml_attribute(driver, name) : NULL;
}

/* What libvirt turns on by itself where it is not written. */
static bool is_added(const struct lv_device *iommu, const char *attribute)
{
	return (iommu->adds_intremap && str_eq(attribute, "intremap")) ||
	       (iommu->adds_eim && str_eq(attribute, "eim")) ||
	       (iommu->adds_xtsup && str_eq(attribute, "xtsup"));
}

bool lv_iommu_is_on(const struct lv_device *iommu, const char *attribute)
{
	const struct xml_attribute *a = lv_iommu_attribute(iommu, attribute);

	return a ? str_eq(a->value, "on") : is_added(iommu, attribute);
}

static void put_number(struct lv_words *w, const struct lv_iommu_setting *s,
		       const struct xml_attribute *a)
{
	uint64_t n;

	if (!lv_number(a->value, INT32_MAX, &n))
		return;
	if (s->type == LV_BUS)
		lv_put(w, s->property, 's', lv_bus_name(w->d, (unsigned)n), &a->at);
	else if (s->type == LV_NUMBER_TEXT)
		lv_put(w, s->property, 's', lv_printf(w->d, "%u", (unsigned)n), &a->at);
	else if (n)
		lv_put_number(w, s->property, n, &a->at);
}

static void put_setting(struct lv_words *w, const struct lv_iommu_setting *s)
{
	const struct xml_attribute *a = lv_iommu_attribute(w->device, s->attribute);
	bool is_bool = s->type == LV_SWITCH_BOOL, is_switch = is_bool || s->type == LV_SWITCH_TEXT;
	const char *value = a ? a->value : is_added(w->device, s->attribute) ? "on" : NULL;

	if (w->d->version < s->since || !value)
		return;
	if (!is_switch)
		put_number(w, s, a);
	else if (str_eq(value, "on") || str_eq(value, "off"))
		lv_put(w, s->property, is_bool ? 'b' : 's', value, a ? &a->at : NULL);
}

static void put_settings(struct lv_words *w, enum lv_iommu_model model, bool is_bus)
{
	for (size_t i = 0; i < lv_n_iommu_settings; i++) {
		const struct lv_iommu_setting *s = &lv_iommu_settings[i];

		if (s->model == model && (s->type == LV_BUS) == is_bus)
			put_setting(w, s);
	}
}

/* <granule mode='host'/>, <granule size='64' unit='KiB'/> */
static void put_granule(struct lv_words *w)
{
	const struct xml_node *granule =
		w->device->node ? xml_path(w->device->node, "driver/granule") : NULL;
	const struct xml_attribute *mode = granule ? xml_attribute(granule, "mode") : NULL;
	const struct xml_attribute *size = granule ? xml_attribute(granule, "size") : NULL;
	uint64_t kib;

	if (w->d->version < GRANULE_SINCE)
		return;
	if (mode)
		lv_put(w, "granule", 's', mode->value, &mode->at);
	else if (size && lv_kib(size->value, xml_value(granule, "unit"), &kib))
		lv_put(w, "granule", 's', lv_printf(w->d, "%lluk", (unsigned long long)kib),
		       &size->at);
}

static void say_intel(struct lv_domain *d, const struct lv_device *iommu)
{
	struct lv_words w = lv_begin(d, iommu, "intel-iommu");

	lv_put_id(&w);
	put_settings(&w, LV_INTEL, false);
	lv_say_device(&w);
}

static void say_amd(struct lv_domain *d, const struct lv_device *iommu)
{
	struct lv_words wrapper = lv_begin(d, iommu, "AMDVI-PCI");
	struct lv_words w = lv_begin(d, iommu, "amd-iommu");

	lv_put_id(&wrapper);
	lv_put_address(&wrapper);
	lv_say_device(&wrapper);
	lv_put(&w, "pci-id", 's', iommu->alias, NULL);
	put_settings(&w, LV_AMD, false);
	lv_say_device(&w);
}

static void say_virtio(struct lv_domain *d, const struct lv_device *iommu)
{
	struct lv_words w = lv_begin(d, iommu, "virtio-iommu");

	lv_put_id(&w);
	put_settings(&w, LV_VIRTIO, false);
	put_granule(&w);
	lv_put_address(&w);
	lv_say_device(&w);
}

/* Without a bus it is an option of the machine. */
static bool has_bus(const struct lv_domain *d, const struct lv_device *iommu)
{
	return d->version >= V(11, 10) && lv_iommu_attribute(iommu, "pciBus");
}

static void say_smmuv3(struct lv_domain *d, const struct lv_device *iommu)
{
	struct lv_words w;

	if (!has_bus(d, iommu))
		return;
	w = lv_begin(d, iommu, "arm-smmuv3");
	put_settings(&w, LV_SMMUV3, true);
	lv_put_id(&w);
	put_settings(&w, LV_SMMUV3, false);
	lv_say_device(&w);
}

/* The first one decides what the machine gets. */
const struct lv_device *lv_plain_smmu(struct lv_domain *d)
{
	const struct lv_device *iommu = lv_device(d, LV_IOMMU, 0);

	return iommu && lv_iommu_model(d, iommu) == LV_SMMUV3 && !has_bus(d, iommu) ? iommu : NULL;
}

void lv_say_iommus(struct lv_domain *d)
{
	static void (*const say[])(struct lv_domain *, const struct lv_device *) = {
		[LV_INTEL] = say_intel,
		[LV_AMD] = say_amd,
		[LV_VIRTIO] = say_virtio,
		[LV_SMMUV3] = say_smmuv3,
	};
	const struct lv_device *iommu;

	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		enum lv_iommu_model model = lv_iommu_model(d, iommu);

		if (model != LV_MODEL_NONE)
			say[model](d, iommu);
	}
}
