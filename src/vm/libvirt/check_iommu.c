// SPDX-License-Identifier: LGPL-2.1-or-later
/* check_iommu.c - what libvirt refuses about <iommu>, and what it takes without effect. */
#include "vm/libvirt/iommu.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define UNSUPPORTED "unsupported configuration: "

/* One attribute may be a setting of several models, and is read once. */
bool lv_is_first_mention(size_t setting)
{
	for (size_t i = 0; i < setting; i++) {
		if (str_eq(lv_iommu_settings[i].attribute, lv_iommu_settings[setting].attribute))
			return false;
	}
	return true;
}

/* ---- vIOMMUs (virDomainIOMMUDefValidate, qemuValidateDomainDeviceDefIOMMU) ---- */

static bool is_setting_of(enum lv_iommu_model model, const char *attribute, uint32_t version)
{
	for (size_t i = 0; i < lv_n_iommu_settings; i++) {
		const struct lv_iommu_setting *s = &lv_iommu_settings[i];

		if (s->model == model && s->since <= version && str_eq(s->attribute, attribute))
			return true;
	}
	return false;
}

static void check_foreign_settings(struct lv_domain *d, const struct lv_device *iommu,
				   enum lv_iommu_model model)
{
	struct remark *remark = NULL;

	for (size_t i = 0; i < lv_n_iommu_settings; i++) {
		const struct lv_iommu_setting *s = &lv_iommu_settings[i];
		const struct xml_attribute *a = lv_iommu_attribute(iommu, s->attribute);

		if (!a || s->since > d->version ||
		    (s->type == LV_NUMBER && str_eq(a->value, "0")) || !lv_is_first_mention(i) ||
		    is_setting_of(model, s->attribute, d->version))
			continue;
		if (!remark)
			remark = lv_refuse(
				d, &a->at,
				"XML error: iommu model '%s' doesn't support %sadditional "
				"attributes",
				iommu->model,
				model == LV_AMD || d->version >= V(11, 10) ? "some " : "");
		lv_cure_unset(d, remark, xml_child(iommu->node, "driver"), s->attribute);
	}
}

static void check_foreign_granule(struct lv_domain *d, const struct lv_device *iommu,
				  enum lv_iommu_model model)
{
	const struct xml_node *granule = xml_path(iommu->node, "driver/granule");

	if (granule && d->version >= V(12, 1) && model != LV_VIRTIO)
		lv_cure_remove(d,
			       lv_refuse(d, &granule->at,
					 "XML error: iommu model '%s' doesn't support some "
					 "additional attributes",
					 iommu->model),
			       granule);
}

static void check_granule(struct lv_domain *d, const struct lv_device *iommu)
{
	const struct xml_node *granule = xml_path(iommu->node, "driver/granule");
	const char *size = xml_value(granule, "size");
	uint64_t kib;

	if (size && d->version >= V(12, 1) &&
	    (!lv_kib(size, xml_value(granule, "unit"), &kib) ||
	     (kib != 4 && kib != 8 && kib != 16 && kib != 64)))
		lv_refuse(d, &granule->at,
			  UNSUPPORTED "iommu: unsupported granule size. Supported values are 4, 8, "
				      "16 and 64 KiB");
}

/* Of intel libvirt takes any number. */
static void check_width(struct lv_domain *d, const struct lv_device *iommu)
{
	const struct xml_attribute *bits = lv_iommu_attribute(iommu, "aw_bits");
	uint64_t n;

	if (bits && d->version >= V(12, 1) && lv_number(bits->value, INT32_MAX, &n) && n &&
	    (n < 32 || n > 64))
		lv_cure_set(d, lv_refuse(d, &bits->at, "XML error: aw-bits must be within [32,64]"),
			    iommu->node, "driver", "aw_bits", n < 32 ? "32" : "64");
}

static void check_accel(struct lv_domain *d, const struct lv_device *iommu)
{
	if (lv_iommu_is_on(iommu, "accel") || d->version < V(12, 7))
		return;
	for (size_t i = 0; i < lv_n_iommu_settings; i++) {
		const struct xml_attribute *a =
			lv_iommu_settings[i].needs_accel
				? lv_iommu_attribute(iommu, lv_iommu_settings[i].attribute)
				: NULL;

		if (!a)
			continue;
		lv_cure_set(
			d,
			lv_refuse(d, &a->at,
				  "XML error: accel must be enabled for iommu model 'smmuv3' when "
				  "setting ats, ril, ssidsize, oas, or cmdqv"),
			xml_child(iommu->node, "driver"), NULL, "accel", "on");
		return;
	}
}

static void check_address(struct lv_domain *d, const struct lv_device *iommu,
			  enum lv_iommu_model model)
{
	const struct xml_node *address = xml_child(iommu->node, "address");
	const char *type = xml_value(address, "type");

	if (!type)
		return;
	if (model == LV_INTEL || model == LV_SMMUV3)
		lv_cure_remove(d,
			       lv_refuse(d, &address->at,
					 "XML error: iommu model '%s' can't have address",
					 iommu->model),
			       address);
	else if (!str_eq(type, "pci"))
		lv_cure_remove(d,
			       lv_refuse(d, &address->at,
					 UNSUPPORTED "IOMMU device: '%s' needs a PCI address",
					 iommu->model),
			       address);
}

/* An x86 machine of the other board can become q35. */
static void cure_board(struct lv_domain *d, struct remark *remark, enum lv_iommu_model model)
{
	bool is_x86 = str_eq(d->arch, "x86_64") || str_eq(d->arch, "i686");

	if (is_x86 && model != LV_SMMUV3)
		lv_cure_set(d, remark, d->root, "os/type", "machine", "q35");
}

static void check_board(struct lv_domain *d, const struct lv_device *iommu,
			enum lv_iommu_model model)
{
	bool is_arm_virt = d->board == LV_VIRT && str_eq(d->arch, "aarch64");
	bool is_q35 = d->board == LV_Q35;
	const char *where = NULL;

	if ((model == LV_INTEL || model == LV_AMD) && !is_q35)
		where = "Q35";
	else if (model == LV_SMMUV3 && !is_arm_virt)
		where = "ARM Virt";
	else if (model == LV_VIRTIO && !is_q35 && !is_arm_virt)
		where = "Q35 and ARM Virt";
	if (where)
		cure_board(d,
			   lv_refuse(d, lv_at(iommu->node),
				     UNSUPPORTED
				     "IOMMU device: '%s' is only supported with %s machines",
				     iommu->model, where),
			   model);
}

static void check_virtio_acpi(struct lv_domain *d, const struct lv_device *iommu)
{
	struct lv_cure acpi = {LV_CURE_SET, d->root, "features/acpi", NULL, NULL, NULL};

	if (!d->has_acpi)
		lv_cure(d,
			lv_refuse(d, lv_at(iommu->node),
				  UNSUPPORTED "IOMMU device: '%s' requires ACPI", iommu->model),
			&acpi);
}

static bool is_smmu_bus(struct lv_domain *d, uint64_t index)
{
	const struct lv_device *c;

	for (size_t n = 0; (c = lv_device(d, LV_CONTROLLER, n)); n++) {
		if (str_eq(c->kind, "pci") && c->index == index)
			return str_eq(c->model, "pcie-root") ||
			       str_eq(c->model, "pcie-expander-bus");
	}
	return false;
}

static void check_bus(struct lv_domain *d, const struct lv_device *iommu)
{
	const struct xml_attribute *bus = lv_iommu_attribute(iommu, "pciBus");
	uint64_t n;

	if (bus && d->version >= V(11, 10) && lv_number(bus->value, INT32_MAX, &n) &&
	    !is_smmu_bus(d, n))
		lv_refuse(d, &bus->at,
			  "internal error: Could not find a suitable controller for smmuv3");
}

void lv_check_iommus(struct lv_domain *d)
{
	const struct lv_device *iommu;

	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		enum lv_iommu_model model = lv_iommu_model(d, iommu);

		if (!iommu->node || model == LV_MODEL_NONE)
			continue;
		check_foreign_settings(d, iommu, model);
		check_foreign_granule(d, iommu, model);
		if (model == LV_VIRTIO)
			check_width(d, iommu);
		if (model == LV_SMMUV3)
			check_accel(d, iommu);
		check_address(d, iommu, model);
		check_board(d, iommu, model);
		if (model == LV_VIRTIO) {
			check_virtio_acpi(d, iommu);
			check_granule(d, iommu);
		}
		if (model == LV_SMMUV3)
			check_bus(d, iommu);
	}
}

/* virDomainDefIOMMUValidate() */
void lv_check_remapping(struct lv_domain *d)
{
	const struct lv_device *iommu;

	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		const struct xml_node *driver =
			iommu->node ? xml_child(iommu->node, "driver") : NULL;

		if (lv_iommu_is_on(iommu, "intremap") && !d->has_split_irqchip)
			lv_cure_set(d,
				    lv_refuse(d, lv_at(iommu->node),
					      UNSUPPORTED
					      "IOMMU interrupt remapping requires split I/O "
					      "APIC (ioapic driver='qemu')"),
				    d->root, "features/ioapic", "driver", "qemu");
		else if (lv_iommu_is_on(iommu, "eim") && !lv_iommu_is_on(iommu, "intremap"))
			lv_cure_set(d,
				    lv_refuse(d, lv_at(iommu->node),
					      UNSUPPORTED
					      "IOMMU eim requires interrupt remapping to be "
					      "enabled"),
				    driver, NULL, "intremap", "on");
	}
}

/* ---- taken without effect ---- */

void lv_warn_plain_accel(struct lv_domain *d)
{
	const struct lv_device *iommu;

	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		const struct xml_attribute *accel = lv_iommu_attribute(iommu, "accel");

		if (lv_iommu_model(d, iommu) != LV_SMMUV3 || !accel ||
		    !str_eq(accel->value, "on") || lv_iommu_attribute(iommu, "pciBus"))
			continue;
		lv_cure_set(
			d,
			lv_remark(
				d, REMARK_INEFFECTIVE, &accel->at, "accel='on' without pciBus",
				"Without pciBus libvirt makes the machine's own SMMUv3 "
				"(iommu=smmuv3), which is not accelerated; ats, ril, ssidsize, oas "
				"and cmdqv are lost as well. pciBus='0' is the root bus."),
			xml_child(iommu->node, "driver"), NULL, "pciBus", "0");
	}
}

void lv_warn_second_smmu(struct lv_domain *d)
{
	const struct lv_device *iommu;

	for (size_t n = 1; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		if (lv_iommu_model(d, iommu) == LV_SMMUV3 && !lv_iommu_attribute(iommu, "pciBus"))
			lv_cure_remove(
				d,
				lv_remark(d, REMARK_INEFFECTIVE, lv_at(iommu->node),
					  "another <iommu model='smmuv3'> without pciBus",
					  "The machine's own SMMUv3 is made for the first <iommu> "
					  "only."),
				iommu->node);
	}
}
