// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check.c - what libvirt refuses, with its own words, and what it takes without effect. One
 * check is one function; those of a phase stand in the order in which libvirt makes them, as only
 * its first refusal is ever seen.
 */
#include "vm/libvirt/iommu.h"

#define V(major, minor) LIBVIRT_VERSION(major, minor, 0)
#define UNSUPPORTED "unsupported configuration: "

struct check {
	void (*run)(struct lv_domain *);
	uint32_t since, until; /* until: the first version without it; 0: none */
};

static void run_checks(struct lv_domain *d, const struct check *checks, size_t n)
{
	for (size_t i = 0; i < n && !d->t->err; i++) {
		if (d->version >= checks[i].since &&
		    (!checks[i].until || d->version < checks[i].until))
			checks[i].run(d);
	}
}

static bool is_x86(const struct lv_domain *d)
{
	return str_eq(d->arch, "x86_64") || str_eq(d->arch, "i686");
}

/* ---- values, as libvirt reads them ---- */

static void check_width_values(struct lv_domain *d)
{
	static const char *const modes[] = {"emulate", "passthrough", NULL};
	const struct xml_node *addr = xml_path(d->root, "cpu/maxphysaddr");

	if (addr && !xml_attribute(addr, "mode"))
		lv_refuse(d, &addr->at,
			  "XML error: Missing required attribute 'mode' in element 'maxphysaddr'");
	lv_check_word(d, addr, "mode", modes);
	lv_check_number(d, addr, "bits", INT32_MAX);
	if (d->version >= V(9, 3))
		lv_check_number(d, addr, "limit", INT32_MAX);
}

static void check_features(struct lv_domain *d)
{
	static const char *const drivers[] = {"kvm", "qemu", NULL};

	lv_check_word(d, xml_path(d->root, "features/ioapic"), "driver", drivers);
}

static bool is_known_model(const struct lv_domain *d, const struct lv_device *iommu)
{
	return lv_iommu_model(d, iommu) != LV_MODEL_NONE;
}

static void check_setting(struct lv_domain *d, const struct lv_device *iommu,
			  const struct lv_iommu_setting *s)
{
	const struct xml_node *driver = xml_child(iommu->node, "driver");

	if (s->type == LV_SWITCH_TEXT || s->type == LV_SWITCH_BOOL)
		lv_check_word(d, driver, s->attribute, lv_switches);
	else
		lv_check_number(d, driver, s->attribute, INT32_MAX);
}

static void check_iommu_values(struct lv_domain *d)
{
	static const char *const modes[] = {"host", NULL};
	const struct lv_device *iommu;

	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		const struct xml_attribute *model = xml_attribute(iommu->node, "model");

		if (!model)
			lv_refuse(
				d, lv_at(iommu->node),
				"XML error: Missing required attribute 'model' in element 'iommu'");
		else if (!is_known_model(d, iommu))
			lv_refuse(d, &model->at,
				  "XML error: Invalid value for attribute 'model' in element "
				  "'iommu': '%s'.",
				  model->value);
		for (size_t i = 0; i < lv_n_iommu_settings; i++) {
			if (d->version >= lv_iommu_settings[i].since && lv_is_first_mention(i))
				check_setting(d, iommu, &lv_iommu_settings[i]);
		}
		if (d->version >= V(12, 1))
			lv_check_word(d, xml_path(iommu->node, "driver/granule"), "mode", modes);
	}
}

static void check_single_iommu(struct lv_domain *d)
{
	const struct lv_device *second = lv_device(d, LV_IOMMU, 1);

	if (second)
		lv_cure_remove(d,
			       lv_refuse(d, lv_at(second->node),
					 "XML error: only a single IOMMU device is supported"),
			       second->node);
}

void lv_check_values(struct lv_domain *d)
{
	static const struct check checks[] = {
		{check_features, 0, 0},	    {check_width_values, V(8, 7), 0},
		{lv_check_cells, 0, 0},	    {lv_check_hostdevs, 0, 0},
		{check_iommu_values, 0, 0}, {check_single_iommu, 0, V(11, 10)},
	};

	run_checks(d, checks, ARRAY_SIZE(checks));
}

/* ---- the domain as a whole (qemuValidateDomainDef) ---- */

static bool is_wide_iommu(struct lv_domain *d)
{
	const struct lv_device *iommu;

	for (size_t n = 0; (iommu = lv_device(d, LV_IOMMU, n)); n++) {
		if (lv_iommu_is_on(iommu, "eim") || lv_iommu_is_on(iommu, "xtsup"))
			return true;
	}
	return false;
}

static void check_many_vcpus_old(struct lv_domain *d)
{
	const struct place *at = lv_at(xml_child(d->root, "vcpu"));

	if (!is_x86(d) || d->vcpus <= 255)
		return;
	if (d->board != LV_Q35)
		lv_refuse(d, at,
			  UNSUPPORTED "more than 255 vCPUs are only supported on q35-based machine "
				      "types");
	else if (!is_wide_iommu(d))
		lv_refuse(d, at,
			  UNSUPPORTED "more than 255 vCPUs require extended interrupt mode enabled "
				      "on the iommu device");
}

static void check_many_vcpus(struct lv_domain *d)
{
	if (is_x86(d) && d->vcpus > 255 && !d->has_split_irqchip && !is_wide_iommu(d))
		lv_refuse(d, lv_at(xml_child(d->root, "vcpu")),
			  UNSUPPORTED "more than 255 vCPUs require either IOAPIC in QEMU or an "
				      "iommu device with EIM or XTSup mode enabled");
}

/* The host's own CPU needs KVM. The host is taken to be of the guest's kind. */
static void check_cpu_mode(struct lv_domain *d)
{
	const struct xml_node *cpu = xml_child(d->root, "cpu");

	if (!d->is_kvm && lv_cpu_mode(d) == LV_CPU_HOST)
		lv_cure_set(d,
			    lv_refuse(d, lv_at(cpu),
				      UNSUPPORTED
				      "CPU mode 'host-passthrough' for %s qemu domain on "
				      "%s host is not supported by hypervisor",
				      d->arch, d->arch),
			    cpu, NULL, "mode", "maximum");
}

static void check_topology(struct lv_domain *d)
{
	static const char *const levels[] = {"sockets", "dies", "clusters", "cores", "threads"};
	const struct xml_node *topology = xml_path(d->root, "cpu/topology");
	uint64_t product = 1, n;

	/* Those of q35 follow QEMU's version. */
	if (d->board == LV_I440FX && d->vcpus > 255)
		lv_refuse(d, lv_at(xml_child(d->root, "vcpu")),
			  UNSUPPORTED "Maximum CPUs greater than specified machine type limit 255");
	for (size_t i = 0; topology && i < ARRAY_SIZE(levels); i++) {
		if (lv_number(xml_value(topology, levels[i]), 65535, &n))
			product = product > UINT32_MAX ? product : product * n;
	}
	if (topology && product != d->vcpus)
		lv_refuse(d, &topology->at,
			  UNSUPPORTED "CPU topology doesn't match maximum vcpu count");
}

static void check_width(struct lv_domain *d)
{
	const struct xml_node *addr = xml_path(d->root, "cpu/maxphysaddr");
	const char *mode = xml_value(addr, "mode"), *bits = xml_value(addr, "bits");
	const char *limit = d->version >= V(9, 3) ? xml_value(addr, "limit") : NULL;
	struct remark *remark;

	if (!mode)
		return;
	if (!is_x86(d)) {
		lv_cure_remove(d,
			       lv_refuse(d, &addr->at,
					 UNSUPPORTED
					 "CPU maximum physical address bits specification is not "
					 "supported for '%s' architecture",
					 d->arch),
			       addr);
	} else if (str_eq(mode, "passthrough") && bits) {
		remark = lv_refuse(d, &addr->at,
				   UNSUPPORTED "CPU maximum physical address bits number "
					       "specification cannot be used with "
					       "mode='passthrough'");
		if (d->version >= V(9, 3) && !limit)
			lv_cure_rename(d, remark, addr, "bits", "limit");
		else
			lv_cure_unset(d, remark, addr, "bits");
	} else if (str_eq(mode, "emulate") && limit) {
		remark = lv_refuse(d, &addr->at,
				   UNSUPPORTED "attribute 'limit' is only supported for "
					       "maxphysaddr mode 'passthrough'");
		lv_cure_set(d, remark, addr, NULL, "mode", "passthrough");
		if (bits)
			lv_cure_unset(d, remark, addr, "bits");
	} else if (str_eq(mode, "emulate") && !bits && d->version < V(9, 2)) {
		lv_refuse(d, &addr->at,
			  UNSUPPORTED
			  "if using CPU maximum physical address mode='emulate', bits= must be "
			  "specified too");
	}
}

static void check_fd_group(struct lv_domain *d)
{
	const struct xml_node *iommufd = xml_child(d->root, "iommufd");
	const char *enabled = xml_value(iommufd, "enabled");

	if (iommufd && xml_value(iommufd, "fdgroup") && enabled && str_eq(enabled, "no"))
		lv_cure_unset(d,
			      lv_refuse(d, &iommufd->at,
					UNSUPPORTED
					"Setting 'fdgroup' when 'iommufd' is disabled is not "
					"supported."),
			      iommufd, "fdgroup");
}

/* ---- taken without effect ---- */

static void warn_width(struct lv_domain *d)
{
	const struct xml_node *addr = xml_path(d->root, "cpu/maxphysaddr");
	const char *mode = xml_value(addr, "mode"), *bits = xml_value(addr, "bits");
	enum lv_cpu_mode cpu = lv_cpu_mode(d);
	struct remark *remark;

	if (!mode || !str_eq(mode, "emulate") || !bits || !d->is_kvm ||
	    (cpu != LV_CPU_HOST && cpu != LV_CPU_MAXIMUM))
		return;
	remark = lv_remark(d, REMARK_INEFFECTIVE, &addr->at,
			   lv_printf(d, "<maxphysaddr mode='emulate' bits='%s'>", bits),
			   "QEMU's -cpu host takes the host's width, whatever phys-bits says; "
			   "mode='passthrough' with limit= narrows it.");
	if (d->version < V(9, 3))
		return;
	lv_cure_set(d, remark, addr, NULL, "mode", "passthrough");
	lv_cure_rename(d, remark, addr, "bits", "limit");
}

void lv_check(struct lv_domain *d)
{
	static const struct check checks[] = {
		{lv_check_os, 0, 0},
		{check_cpu_mode, 0, 0},
		{check_width, V(8, 7), 0},
		{check_topology, 0, 0},
		{check_many_vcpus_old, 0, V(12, 2)},
		{check_many_vcpus, V(12, 2), 0},
		{lv_check_numa, 0, 0},
		{lv_check_displays, 0, 0},
		{lv_check_memory, 0, 0},
		{lv_check_iommus, 0, 0},
		{lv_check_remapping, V(3, 4), 0},
		{check_fd_group, V(12, 2), 0},
		{lv_check_names, 0, 0},
		{lv_warn_plain_accel, V(12, 7), 0},
		{lv_warn_second_smmu, V(11, 10), 0},
		{warn_width, V(8, 7), 0},
	};

	run_checks(d, checks, ARRAY_SIZE(checks));
}
