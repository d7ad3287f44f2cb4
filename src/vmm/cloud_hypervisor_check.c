// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What Cloud Hypervisor refuses when it looks a config over, in its order, as far as segments,
 * identifiers and the vIOMMU go (vmm/src/config.rs VmConfig::validate).
 */
#include "vmm/cloud_hypervisor.h"

#include <errno.h>

struct checker {
	struct iof_machine *m;
	const char **ids;
	const char **paths;
	size_t n_ids, n_paths;
};

/* old: how Rust shows the error's value; text: how it is told. Operand 0 and 1 are in both. */
struct refusal {
	const char *old, *text;
};

#define CREATE "Error creating VM"
#define CHAIN                                                                                      \
	"Error: Cloud Hypervisor exited with the following chain of errors:\n  0: " CREATE "\n"    \
	"  1: The VM could not be created\n  2: Failed to validate config\n  3: "

static const struct refusal segment_invalid = {"InvalidPciSegment({1})",
					       "Invalid PCI segment id: {1}"};
static const struct refusal not_behind = {
	"OnIommuSegment({1})",
	"Device is on an IOMMU PCI segment ({1}) but not placed behind IOMMU"};
static const struct refusal not_supported_there = {
	"IommuNotSupportedOnSegment({1})",
	"Device is on an IOMMU PCI segment ({1}) but does not support being placed behind IOMMU"};
static const struct refusal not_supported = {"IommuNotSupported",
					     "Device does not support being placed behind IOMMU"};
static const struct refusal segments_invalid = {
	"InvalidNumPciSegments({1})", "Number of PCI segments ({1}) not in range of 1 to {2}"};
static const struct refusal width_invalid = {
	"InvalidIommuAddressWidthBits({1})",
	"IOMMU address width in bits ({1}) should be less than or equal to 64"};
static const struct refusal weight_invalid = {"InvalidPciSegmentApertureWeight({1})",
					      "Invalid PCI segment aperture weight: {1}"};
static const struct refusal id_taken = {"IdentifierNotUnique(\"{1}\")",
					"Identifier {1} is not unique"};
static const struct refusal id_invalid = {"InvalidIdentifier(\"{1}\")",
					  "Identifier {1} is not invalid"};
static const struct refusal path_taken = {"DuplicateDevicePath(\"{1}\")",
					  "Duplicated device path: {1}"};
static const struct refusal too_few_cpus = {"CpusMaxLowerThanBoot",
					    "Max CPUs lower than boot CPUs"};

static void refuse(struct checker *c, const struct refusal *refusal, const struct vm_option *option,
		   const char *key, const char *why, struct operand about)
{
	struct iof_machine *m = c->m;
	const char *text =
		m->version >= CH_ERROR_CHAIN
			? arena_printf(m->arena, "%s%s", CHAIN, refusal->text)
			: arena_printf(m->arena, CREATE ": VmCreate(ConfigValidation(%s))",
				       refusal->old);
	uint64_t most = m->version >= CH_MORE_SEGMENTS ? CH_MAX_SEGMENTS : 16;

	machine_problem(
		m, PROBLEM_CH_REFUSES, (size_t)(option - m->vm->options), option_pair(option, key),
		key,
		(struct message){.text = text,
				 .operand = {text_operand(why), about, number_operand(most)}});
}

static void check_id(struct checker *c, const struct vm_option *option)
{
	const char *id = option_value(option, "id");

	if (!id)
		return;
	if (str_starts(id, "__")) {
		refuse(c, &id_invalid, option, "id",
		       "Names that begin with two underscores are its own.", text_operand(id));
		return;
	}
	for (size_t i = 0; i < c->n_ids; i++) {
		if (str_eq(c->ids[i], id)) {
			refuse(c, &id_taken, option, "id", "Another device has the same id.",
			       text_operand(id));
			return;
		}
	}
	c->ids[c->n_ids++] = id;
}

static bool can_be_behind(const struct vm_option *option)
{
	const char *driver = option_value(option, "driver");

	return !str_eq(driver, "virtio-fs") && !str_eq(driver, "vfio-user");
}

/* The segment that a device is on. */
static void check_segment(struct checker *c, const struct vm_option *option)
{
	uint64_t segment = ch_number(option, "pci_segment", 0);
	const char *behind = option_value(ch_platform(c->m), "iommu_segments");
	uint64_t n = ch_number(ch_platform(c->m), "num_pci_segments", 1);

	if (segment >= n)
		refuse(c, &segment_invalid, option, "pci_segment",
		       "num_pci_segments of the platform says how many there are.",
		       number_operand(segment));
	else if (ch_list_has(behind, segment) && !can_be_behind(option))
		refuse(c, &not_supported_there, option, "pci_segment",
		       "iommu_segments puts all of that segment behind the vIOMMU.",
		       number_operand(segment));
	else if (ch_list_has(behind, segment) && !ch_switch(option, "iommu", false))
		refuse(c, &not_behind, option, "iommu",
		       "iommu_segments puts all of that segment behind the vIOMMU: the device "
		       "needs iommu=on.",
		       number_operand(segment));
}

static void check_path(struct checker *c, const struct vm_option *option)
{
	const char *path = option_value(option, "path");

	for (size_t i = 0; path && i < c->n_paths; i++) {
		if (str_eq(c->paths[i], path)) {
			refuse(c, &path_taken, option, "path", "A device can be given once.",
			       text_operand(path));
			return;
		}
	}
	if (path)
		c->paths[c->n_paths++] = path;
}

/* The balloon, the watchdog and what it makes for itself are on segment 0 and have no say. */
static bool is_checked(const char *driver)
{
	return !str_eq(driver, "virtio-balloon") && !str_eq(driver, "virtio-watchdog") &&
	       !str_eq(driver, "virtio-iommu") && !str_eq(driver, "virtio-mem") &&
	       !str_eq(driver, "virtio-console") && !str_eq(driver, "virtio-rng");
}

static void check_device(struct checker *c, const struct vm_option *option)
{
	const char *driver = option_value(option, "driver");

	if (!driver || !is_checked(driver))
		return;
	if (str_eq(driver, "vfio-pci"))
		check_path(c, option);
	if (c->m->n_problems)
		return;
	if (ch_switch(option, "vhost_user", false) && ch_switch(option, "iommu", false)) {
		refuse(c, &not_supported, option, "iommu",
		       "What a vhost-user backend does cannot be translated.",
		       text_operand(driver));
		return;
	}
	check_segment(c, option);
	if (!c->m->n_problems)
		check_id(c, option);
}

static void check_weights(struct checker *c, const struct vm_option *option)
{
	static const char *const keys[] = {"mmio32_aperture_weight", "mmio64_aperture_weight"};
	uint64_t segment = ch_number(option, "pci_segment", 0);

	if (segment >= ch_number(ch_platform(c->m), "num_pci_segments", 1)) {
		refuse(c, &segment_invalid, option, "pci_segment",
		       "num_pci_segments of the platform says how many there are.",
		       number_operand(segment));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !c->m->n_problems; i++) {
		if (ch_number(option, keys[i], 1) == 0)
			refuse(c, &weight_invalid, option, keys[i],
			       "A segment's share of the addresses cannot be nothing.",
			       number_operand(0));
	}
}

static void check_platform(struct checker *c)
{
	const struct vm_option *platform = ch_platform(c->m);
	uint64_t n = ch_number(platform, "num_pci_segments", 1);
	const char *behind = option_value(platform, "iommu_segments");
	uint64_t most = c->m->version >= CH_MORE_SEGMENTS ? CH_MAX_SEGMENTS : 16;
	uint64_t width = ch_number(platform, "iommu_address_width", 64);

	if (n == 0 || n > most)
		refuse(c, &segments_invalid, platform, "num_pci_segments",
		       "This version has no more.", number_operand(n));
	else if (behind && ch_list_max(behind) >= n)
		refuse(c, &segment_invalid, platform, "iommu_segments",
		       "num_pci_segments says how many there are.",
		       number_operand(ch_list_max(behind)));
	else if (width > 64 && c->m->version >= CH_ADDRESS_WIDTH)
		refuse(c, &width_invalid, platform, "iommu_address_width",
		       "An address has 64 bits.", number_operand(width));
}

static void check_cpus(struct checker *c)
{
	const struct vm_option *cpus = ch_object(c->m, "cpus", 0);
	uint64_t boot = ch_number(cpus, "boot", 1);

	if (cpus && ch_number(cpus, "max", boot) < boot)
		refuse(c, &too_few_cpus, cpus, "max", "More vCPUs start than there can be.",
		       number_operand(boot));
}

int ch_check_config(struct iof_machine *m)
{
	size_t n = m->vm->n_options + 1;
	struct checker c = {.m = m};

	c.ids = arena_array(m->arena, n, sizeof(*c.ids));
	c.paths = arena_array(m->arena, n, sizeof(*c.paths));
	if (!c.ids || !c.paths)
		return -ENOMEM;
	if (m->n_problems) /* it could not even be read */
		return 0;
	check_cpus(&c);
	for (size_t i = 0; i < m->vm->n_options && !m->n_problems; i++) {
		if (m->vm->options[i].kind == OPTION_DEVICE)
			check_device(&c, &m->vm->options[i]);
	}
	for (size_t i = 0; i < m->vm->n_options && !m->n_problems; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *type =
			option->kind == OPTION_OBJECT ? option_value(option, "qom-type") : NULL;

		if (type && str_eq(type, "pci-segment") && m->version >= CH_APERTURE_WEIGHTS)
			check_weights(&c, option);
	}
	if (!m->n_problems)
		check_platform(&c);
	return 0;
}
