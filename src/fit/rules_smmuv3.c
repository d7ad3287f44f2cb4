/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm-smmuv3 of Arm's virt: which may be there, what its properties may be (QEMU hw/arm/smmuv3.c
 * smmu_validate_property, hw/arm/smmu-common.c smmu_base_realize, hw/arm/virt.c), and which devices
 * may stand behind one.
 */
#include "fit/cures.h"
#include "fit/rule.h"
#include "vmm/smmuv3_host.h"

static bool is_smmu(const struct scene *s)
{
	return s->device->kind == DRIVER_SMMUV3;
}

static bool is_accelerated(const struct scene *s)
{
	return smmuv3_is_accelerated(s->device);
}

/* One that emulates: accel=on is what most properties ask for. */
static bool is_plain(const struct scene *s)
{
	return is_smmu(s) && !is_accelerated(s);
}

static bool own_is(const struct scene *s, enum property_id id, int64_t value)
{
	return s->device->value[id].def && device_value(s->device, id) == value;
}

/* What was there before and cannot stand beside it; NULL: nothing. */
static const char *incompatible(const struct scene *s)
{
	if (!is_smmu(s) || s->device->is_boards)
		return NULL;
	for (const struct machine_device *other = s->m->devices; other < s->device; other++) {
		if (other->is_boards && other->kind == DRIVER_SMMUV3)
			return "iommu=smmuv3";
		if (other->kind == DRIVER_VIRTIO_IOMMU)
			return "virtio-iommu";
	}
	return NULL;
}

static enum answer beside_another(const struct scene *s, struct operand *op)
{
	const char *other = incompatible(s);

	op[0] = text_operand(s->device->driver);
	op[1] = text_operand(other);
	return other ? YES : NO;
}

static enum answer without_kvm(const struct scene *s, struct operand *op UNUSED)
{
	return is_accelerated(s) && !(s->m->kvm && s->m->irqchip != IRQCHIP_USER) ? YES : NO;
}

/* Both faults at once are one too many for QEMU: it asserts that there was none before. */
static enum answer two_errors(const struct scene *s, struct operand *op)
{
	return without_kvm(s, op) == YES ? beside_another(s, op) : NO;
}

static enum answer ats_auto(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("ats");
	return is_smmu(s) && own_is(s, PROPERTY_ATS, AUTO) ? YES : NO;
}

static enum answer ril_auto(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("ril");
	return is_smmu(s) && own_is(s, PROPERTY_RIL, AUTO) ? YES : NO;
}

static enum answer ssidsize_auto(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("ssidsize");
	return is_smmu(s) && own_is(s, PROPERTY_SSIDSIZE, SSIDSIZE_AUTO) ? YES : NO;
}

static enum answer oas_not_modelled(const struct scene *s, struct operand *op)
{
	int64_t bits = device_value(s->device, PROPERTY_OAS);
	bool is_auto = bits == OAS_AUTO && s->m->version >= V11_1;

	op[1] = bits == OAS_AUTO ? text_operand("auto") : number_operand((uint64_t)bits);
	return is_smmu(s) && bits != 44 && bits != 48 && !is_auto ? YES : NO;
}

static enum answer ril_off_plain(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("ril=off");
	return is_plain(s) && own_is(s, PROPERTY_RIL, OFF) ? YES : NO;
}

static enum answer ats_on_plain(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("ats=on");
	return is_plain(s) && own_is(s, PROPERTY_ATS, ON) ? YES : NO;
}

static enum answer oas_48_plain(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("oas=48");
	return is_plain(s) && own_is(s, PROPERTY_OAS, 48) ? YES : NO;
}

static enum answer ssidsize_plain(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("ssidsize above 0");
	return is_plain(s) && device_value(s->device, PROPERTY_SSIDSIZE) > 0 ? YES : NO;
}

static enum answer cmdqv_plain(const struct scene *s, struct operand *op)
{
	op[1] = text_operand("cmdqv=on");
	return is_plain(s) && own_is(s, PROPERTY_CMDQV, ON) ? YES : NO;
}

static enum answer wrong_stage(const struct scene *s, struct operand *op)
{
	const char *stage = s->device->value[PROPERTY_STAGE].text;

	op[1] = text_operand(stage);
	return is_accelerated(s) && stage && !str_eq(stage, "1") ? YES : NO;
}

static enum answer without_bus(const struct scene *s, struct operand *op UNUSED)
{
	return is_smmu(s) && !s->device->primary ? YES : NO;
}

static enum answer second_on_bus(const struct scene *s, struct operand *op)
{
	const struct machine_bus *bus = s->device->primary;

	op[1] = text_operand(bus ? bus->name : NULL);
	for (const struct machine_device *other = s->m->devices;
	     is_smmu(s) && bus && other < s->device; other++) {
		if (other->kind == DRIVER_SMMUV3 && other->primary == bus)
			return YES;
	}
	return NO;
}

static enum answer not_on_root(const struct scene *s, struct operand *op)
{
	const struct machine_bus *bus = s->device->primary;

	op[1] = text_operand(bus ? bus->name : NULL);
	return is_smmu(s) && bus && (bus->parent || bus->is_conventional || bus->is_cxl) ? YES : NO;
}

static bool is_users(const struct scene *s)
{
	return is_smmu(s) && !s->device->is_boards;
}

static enum answer on_bypassed_bus(const struct scene *s, struct operand *op)
{
	op[1] = text_operand(s->device->primary ? s->device->primary->name : NULL);
	return is_users(s) && s->device->primary && s->device->primary->bypass_iommu ? YES : NO;
}

static enum answer without_acpi(const struct scene *s, struct operand *op UNUSED)
{
	return is_users(s) && is_accelerated(s) && !virt_has_acpi(s->m) ? YES : NO;
}

static enum answer not_in_device_tree(const struct scene *s, struct operand *op)
{
	op[1] = text_operand(s->device->primary ? s->device->primary->name : NULL);
	return is_users(s) && s->device->primary != s->m->buses && !virt_has_acpi(s->m) ? YES : NO;
}

/* ---- what stands behind one ---- */

static bool is_behind_accelerated(const struct scene *s)
{
	return smmuv3_is_accelerated(s->device->viommu);
}

static enum answer legacy_behind_accel(const struct scene *s, struct operand *op UNUSED)
{
	return s->device->kind == DRIVER_VFIO_PCI && is_behind_accelerated(s) &&
			       s->device->backend == BACKEND_LEGACY
		       ? YES
		       : NO;
}

static enum answer emulated_behind_accel(const struct scene *s, struct operand *op)
{
	op[0] = text_operand(s->device->label);
	op[1] = text_operand(s->device->driver);
	return s->device->bus && is_behind_accelerated(s) &&
			       (s->device->kind == DRIVER_OTHER ||
				s->device->kind == DRIVER_VIRTIO_IOMMU)
		       ? YES
		       : NO;
}

/* Function of the board, or default device, that is no root complex's own. */
static bool has_default_device(const struct machine_bus *bus)
{
	for (unsigned i = 0; i < ARRAY_SIZE(bus->occupant); i++) {
		const char *name = bus->occupant[i];

		if (name && !strchr(name, ',') && !str_eq(name, "gpex-root"))
			return true;
	}
	return false;
}

/* Those that were made before the SMMU are not asked about until the machine is done, and then QEMU
 * has no answer for them. */
static enum answer emulated_before_accel(const struct scene *s, struct operand *op)
{
	for (const struct machine_device *smmu = s->m->devices; smmu < s->m->devices + s->m->n_cold;
	     smmu++) {
		if (!smmuv3_is_accelerated(smmu) || !smmu->primary)
			continue;
		op[0] = text_operand(smmu->label);
		op[1] = text_operand("a default device");
		if (has_default_device(smmu->primary))
			return YES;
		for (const struct machine_device *d = s->m->devices; d < smmu; d++) {
			op[1] = text_operand(d->label);
			if (d->kind == DRIVER_OTHER && d->bus && d->late_viommu == smmu)
				return YES;
		}
	}
	return NO;
}

static bool is_translated(const struct iof_machine *m, const struct machine_bus *bus)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		if (m->devices[i].kind == DRIVER_SMMUV3 && !bus->bypass_iommu &&
		    smmuv3_covers(m, &m->devices[i], bus))
			return true;
	}
	return false;
}

/* QEMU numbers the regions of all functions behind SMMUs as they are first asked for: an assigned
 * device's is at its own realize, all others' when the machine is done. */
static unsigned region_number(const struct scene *s)
{
	unsigned n = 0;

	if (!s->device->is_plugged)
		return 0;
	for (const struct machine_bus *bus = s->m->buses; bus; bus = bus->next) {
		for (unsigned i = 0; is_translated(s->m, bus) && i < ARRAY_SIZE(bus->occupant); i++)
			n += bus->occupant[i] && !strchr(bus->occupant[i], ',');
	}
	for (const struct machine_device *d = s->m->devices; d < s->device; d++)
		n += d->bus && is_translated(s->m, d->bus);
	return n;
}

static enum answer refuses_notifier(const struct scene *s, enum backend backend, struct operand *op)
{
	unsigned bus, devfn;

	if (!has_viommu(s, DRIVER_SMMUV3) || is_behind_accelerated(s) ||
	    s->device->backend != backend)
		return NO;
	topology_requester(s->device, &bus, &devfn);
	op[1] = number_operand(
		s->device->host && s->device->host->group ? s->device->host->group->id : 0);
	op[2] = text_operand(s->device->guest_address);
	op[3] = number_operand(devfn);
	op[4] = number_operand(region_number(s));
	return YES;
}

static enum answer notifier_legacy(const struct scene *s, struct operand *op)
{
	return refuses_notifier(s, BACKEND_LEGACY, op);
}

static enum answer notifier_iommufd(const struct scene *s, struct operand *op)
{
	return refuses_notifier(s, BACKEND_IOMMUFD, op);
}

static enum answer accel_blocks(const struct scene *s, struct operand *op)
{
	for (size_t i = 0; i < s->m->n_devices; i++) {
		if (!smmuv3_is_accelerated(&s->m->devices[i]))
			continue;
		op[0] = text_operand(s->m->devices[i].label);
		return YES;
	}
	return NO;
}

enum {
	BESIDE,
	KVM,
	NO_AUTO,
	OAS,
	ACCEL_ONLY,
	STAGE,
	NO_BUS,
	SECOND,
	NOT_ROOT,
	BYPASS,
	ACPI,
	DEVICE_TREE,
	LEGACY,
	EMULATED,
	BEFORE,
	NOTIFIER,
	MIGRATION,
};

#define SRC_VALIDATE "QEMU hw/arm/smmuv3.c smmu_validate_property"
#define SRC_REALIZE "QEMU hw/arm/smmu-common.c smmu_base_realize"
#define SRC_VIRT "QEMU hw/arm/virt.c virt_machine_device_pre_plug_cb"
#define SRC_PLUG "QEMU hw/arm/virt.c create_smmuv3_dev_dtb"

static const struct rule rules[] = {
	[BESIDE] =
		{"smmuv3.beside-another", IOF_SEVERITY_ERROR,
		 "an arm-smmuv3 beside another kind of vIOMMU",
		 "QEMU will refuse the {0}: the machine has {1} already.",
		 "The machine has {1} already. An SMMUv3 for one root bus cannot stand beside the "
		 "board's own or a virtio-iommu.",
		 SRC_VIRT, "lab", cure_remove_viommu, NULL},
	[KVM] = {"smmuv3.accel-without-kvm", IOF_SEVERITY_ERROR, "accel=on without KVM",
		 "QEMU will refuse the arm-smmuv3: accel=on needs KVM and its interrupt "
		 "controller.",
		 "The host's SMMU delivers the interrupts of the devices, which only KVM's GIC can "
		 "take.",
		 SRC_VIRT, "lab", cure_smmu_kvm, NULL},
	[NO_AUTO] = {"smmuv3.auto-too-early", IOF_SEVERITY_ERROR,
		     "a property that this version cannot decide by itself",
		     "QEMU will refuse the arm-smmuv3: {1} cannot be auto.",
		     "QEMU 11.0 reads the word and does not know what to do; 11.1 asks the host.",
		     SRC_VALIDATE, "source", cure_smmu_auto, NULL},
	[OAS] = {"smmuv3.oas-not-modelled", IOF_SEVERITY_ERROR,
		 "an output address size that QEMU's model has not",
		 "QEMU will refuse the arm-smmuv3: oas={1} is not 44 or 48.",
		 "The model has output addresses of 44 or 48 bits; auto came with QEMU 11.1.",
		 SRC_VALIDATE, "lab", cure_smmu_oas, NULL},
	[ACCEL_ONLY] = {"smmuv3.needs-accel", IOF_SEVERITY_ERROR, "a property that needs accel=on",
			"QEMU will refuse the arm-smmuv3: {1} needs accel=on.",
			"Without accel=on QEMU emulates the SMMU: it has range invalidation, no "
			"ATS, no substreams and 44-bit output addresses, always.",
			SRC_VALIDATE, "lab", cure_smmu_plain, NULL},
	[STAGE] = {"smmuv3.accel-stage", IOF_SEVERITY_ERROR, "accel=on with a second stage",
		   "QEMU will refuse the arm-smmuv3: accel=on goes with stage=1 only, not {1}.",
		   "The guest's stage runs on the host's SMMU as stage 1; stage 2 is QEMU's.",
		   SRC_VALIDATE, "lab", cure_smmu_stage, NULL},
	[NO_BUS] = {"smmuv3.no-bus", IOF_SEVERITY_ERROR, "an arm-smmuv3 without a bus",
		    "QEMU will refuse the arm-smmuv3: it is for no PCI bus.",
		    "primary-bus= names the root bus that it translates.", SRC_REALIZE, "lab",
		    cure_smmu_bus, NULL},
	[SECOND] = {"smmuv3.bus-is-taken", IOF_SEVERITY_ERROR, "two vIOMMUs for one bus",
		    "QEMU will refuse the arm-smmuv3: {1} has one already.",
		    "Each root bus has one SMMU at most.",
		    "QEMU hw/pci/pci.c pci_setup_iommu_per_bus", "lab", cure_remove_viommu, NULL},
	[NOT_ROOT] = {"smmuv3.not-a-root-bus", IOF_SEVERITY_ERROR,
		      "an arm-smmuv3 for a bus that is no root bus",
		      "QEMU will refuse the arm-smmuv3: {1} is no root bus of its kind.",
		      "It goes with pcie.0 or the bus of a pxb-pcie, not with a port's, a "
		      "conventional or a CXL bus.",
		      SRC_REALIZE, "lab", cure_smmu_bus, NULL},
	[BYPASS] = {"smmuv3.bus-is-bypassed", IOF_SEVERITY_ERROR,
		    "an arm-smmuv3 for a bus that bypasses the IOMMU",
		    "QEMU will refuse the arm-smmuv3: {1} is said to bypass the IOMMU.",
		    "bypass_iommu=on of a pxb-pcie, or default-bus-bypass-iommu=on of the machine, "
		    "takes the bus away from the SMMU that is for it.",
		    "QEMU hw/arm/virt.c virt_machine_device_plug_cb", "lab", cure_smmu_bypass,
		    NULL},
	[ACPI] = {"smmuv3.accel-without-acpi", IOF_SEVERITY_ERROR,
		  "accel=on for a guest without ACPI",
		  "QEMU will refuse the arm-smmuv3: accel=on needs UEFI firmware and ACPI.",
		  "The guest must keep what firmware mapped for MSIs, which only ACPI tells it "
		  "(RMR nodes of the IORT).",
		  SRC_PLUG, "lab", cure_smmu_acpi, NULL},
	[DEVICE_TREE] = {"smmuv3.not-in-device-tree", IOF_SEVERITY_WARNING,
			 "an arm-smmuv3 that the guest is not told of",
			 "QEMU will warn: the device tree cannot name the SMMU for {1}.",
			 "Without UEFI firmware and ACPI the guest gets a device tree, in which "
			 "QEMU "
			 "describes only the SMMU for pcie.0; devices behind {1} cannot do DMA "
			 "through the other.",
			 SRC_PLUG, "lab", cure_smmu_acpi, NULL},
	[LEGACY] = {"smmuv3.accel-needs-iommufd", IOF_SEVERITY_ERROR,
		    "legacy backend behind an accelerated SMMUv3",
		    "QEMU will refuse {0}: behind accel=on a device needs the iommufd backend.",
		    "Nesting is a matter of iommufd; the legacy container cannot do it.",
		    "QEMU hw/arm/smmuv3-accel.c smmuv3_accel_supports_as", "lab", cure_smmu_iommufd,
		    NULL},
	[EMULATED] = {"smmuv3.emulated-behind-accel", IOF_SEVERITY_ERROR,
		      "emulated device behind an accelerated SMMUv3",
		      "QEMU will refuse {0}: an emulated device cannot stand behind accel=on.",
		      "Only bridges, root ports and assigned devices may: QEMU would have to walk "
		      "the guest's tables for the {1}.",
		      "QEMU hw/arm/smmuv3-accel.c smmuv3_accel_supports_as", "source",
		      cure_smmu_emulated, NULL},
	[BEFORE] = {"smmuv3.emulated-before-accel", IOF_SEVERITY_ERROR,
		    "emulated device from before an accelerated SMMUv3",
		    "QEMU will abort when the machine is done: {1} is on the bus of {0}.",
		    "An emulated device cannot stand behind accel=on. One that is made before the "
		    "SMMU, as are the default network cards, is not refused but meets an assertion "
		    "that there is none.",
		    "QEMU hw/arm/smmuv3-accel.c smmuv3_accel_find_add_as", "source",
		    cure_smmu_before, NULL},
	[NOTIFIER] = {"smmuv3.no-assigned-devices", IOF_SEVERITY_ERROR,
		      "emulated SMMUv3 that takes no assigned device",
		      "QEMU will refuse {0}: behind an emulated SMMUv3 no assigned device can "
		      "stand.",
		      "VFIO must be told when the guest maps memory, which an SMMU does not tell. "
		      "accel=on (QEMU 11.0) lets the host's SMMU walk the guest's tables instead.",
		      "QEMU hw/arm/smmuv3.c smmuv3_notify_flag_changed", "lab",
		      cure_smmu_accelerate, NULL},
	[MIGRATION] = {"migration.accelerated-smmuv3", IOF_SEVERITY_NOTE,
		       "VM with an accelerated SMMUv3 cannot migrate",
		       "This VM cannot migrate: {0} is accelerated.",
		       "The state of an accelerated SMMUv3 is in the host's SMMU, and QEMU cannot "
		       "take it along.",
		       "QEMU hw/arm/smmuv3.c smmu_realize", "source", NULL,
		       "Use accel=off, with no assigned device behind the SMMU."},
};

#define NOTIFIER_TEXT                                                                              \
	"memory listener initialization failed: Region smmuv3-iommu-memory-region-{3}-{4}: "       \
	"device {2} requires iommu MAP notifier which is not currently supported"

static const struct step steps[] = {
	{STAGE_PRE_PLUG, COLD, V11_0, QEMU_NEVER, EFFECT_KILLS, two_errors, &rules[BESIDE],
	 "util/error.c:62: error_setv: Assertion `*errp == NULL' failed."},
	{STAGE_PRE_PLUG, COLD, V10_2, QEMU_NEVER, EFFECT_STOPS, beside_another, &rules[BESIDE],
	 "virt machine already has {1} set. Doesn't support incompatible iommus"},
	{STAGE_PRE_PLUG, COLD, V11_0, QEMU_NEVER, EFFECT_STOPS, without_kvm, &rules[KVM],
	 "SMMUv3 accel=on requires KVM with kernel-irqchip=on support"},

	{STAGE_REALIZE, COLD, V11_0, V11_1, EFFECT_STOPS, ats_auto, &rules[NO_AUTO],
	 "ats auto mode is not supported"},
	{STAGE_REALIZE, COLD, V11_0, V11_1, EFFECT_STOPS, ril_auto, &rules[NO_AUTO],
	 "ril auto mode is not supported"},
	{STAGE_REALIZE, COLD, V11_0, V11_1, EFFECT_STOPS, ssidsize_auto, &rules[NO_AUTO],
	 "ssidsize auto mode is not supported"},
	{STAGE_REALIZE, COLD, V11_0, V11_1, EFFECT_STOPS, oas_not_modelled, &rules[OAS],
	 "QEMU SMMUv3 model only implements 44 and 48 bitOAS; other OasMode values are not "
	 "supported"},
	{STAGE_REALIZE, COLD, V11_1, QEMU_NEVER, EFFECT_STOPS, oas_not_modelled, &rules[OAS],
	 "QEMU SMMUv3 model only implements auto, 44 bit, or 48 bit OAS. Other OasMode values are "
	 "not supported."},
	{STAGE_REALIZE, COLD, V11_0, QEMU_NEVER, EFFECT_STOPS, ril_off_plain, &rules[ACCEL_ONLY],
	 "ril can only be disabled if accel=on"},
	{STAGE_REALIZE, COLD, V11_0, QEMU_NEVER, EFFECT_STOPS, ats_on_plain, &rules[ACCEL_ONLY],
	 "ats can only be enabled if accel=on"},
	{STAGE_REALIZE, COLD, V11_0, V11_1, EFFECT_STOPS, oas_48_plain, &rules[ACCEL_ONLY],
	 "OAS must be 44 bits when accel=off"},
	{STAGE_REALIZE, COLD, V11_1, QEMU_NEVER, EFFECT_STOPS, oas_48_plain, &rules[ACCEL_ONLY],
	 "oas must be 44 bits when accel=off"},
	{STAGE_REALIZE, COLD, V11_0, V11_1, EFFECT_STOPS, ssidsize_plain, &rules[ACCEL_ONLY],
	 "ssidsize can only be set if accel=on"},
	{STAGE_REALIZE, COLD, V11_1, QEMU_NEVER, EFFECT_STOPS, ssidsize_plain, &rules[ACCEL_ONLY],
	 "ssidsize can only be greater than 0 bits if accel=on"},
	{STAGE_REALIZE, COLD, V11_1, QEMU_NEVER, EFFECT_STOPS, cmdqv_plain, &rules[ACCEL_ONLY],
	 "cmdqv can only be enabled if accel=on"},
	{STAGE_REALIZE, COLD, V11_0, QEMU_NEVER, EFFECT_STOPS, wrong_stage, &rules[STAGE],
	 "Only stage1 is supported for SMMUv3 with accel=on"},
	{STAGE_REALIZE, COLD, V10_2, QEMU_NEVER, EFFECT_STOPS, without_bus, &rules[NO_BUS],
	 "SMMU is not attached to any PCI bus!"},
	{STAGE_REALIZE, COLD, V10_2, QEMU_NEVER, EFFECT_STOPS, not_on_root, &rules[NOT_ROOT],
	 "SMMU should be attached to a default PCIe root complex(pcie.0) or a pxb-pcie based root "
	 "complex"},
	{STAGE_REALIZE, COLD, V10_2, QEMU_NEVER, EFFECT_STOPS, second_on_bus, &rules[SECOND],
	 "An iommu is already attached to this bus"},
	{STAGE_REALIZE, COLD, V10_2, QEMU_NEVER, EFFECT_STOPS, on_bypassed_bus, &rules[BYPASS],
	 "Bypass option cannot be set for SMMUv3 associated PCIe RC"},
	{STAGE_REALIZE, COLD, V11_0, QEMU_NEVER, EFFECT_STOPS, without_acpi, &rules[ACPI],
	 "SMMUv3 with accel=on not supported for DT"},
	{STAGE_REALIZE, COLD, V10_2, QEMU_NEVER, EFFECT_WARNS, not_in_device_tree,
	 &rules[DEVICE_TREE], "warning: SMMUv3 device only supported with pcie.0 for DT"},

	{STAGE_REALIZE, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, legacy_behind_accel,
	 &rules[LEGACY],
	 "vfio-pci endpoint devices without an iommufd backend not allowed when using "
	 "arm-smmuv3,accel=on"},
	{STAGE_REALIZE, COLD_AND_HOT, V11_0, QEMU_NEVER, EFFECT_STOPS, emulated_behind_accel,
	 &rules[EMULATED],
	 "Emulated endpoint devices are not allowed when using arm-smmuv3,accel=on"},
	{STAGE_DONE, COLD, V11_0, QEMU_NEVER, EFFECT_KILLS, emulated_before_accel, &rules[BEFORE],
	 NULL},
	{STAGE_MAP, COLD_AND_HOT | OF_LEGACY, 0, QEMU_NEVER, EFFECT_STOPS, notifier_legacy,
	 &rules[NOTIFIER], "vfio {0}: failed to setup container for group {1}: " NOTIFIER_TEXT},
	{STAGE_MAP, COLD_AND_HOT | OF_IOMMUFD, 0, QEMU_NEVER, EFFECT_STOPS, notifier_iommufd,
	 &rules[NOTIFIER], "vfio {0}: " NOTIFIER_TEXT},
	{STAGE_MIGRATE, COLD, V11_0, QEMU_NEVER, EFFECT_BLOCKS, accel_blocks, &rules[MIGRATION],
	 "Migration not supported with SMMUv3 accelerator mode enabled"},
};

const struct rule_family smmuv3_family = {VMM_QEMU,	     DRIVER_SMMUV3, steps,
					  ARRAY_SIZE(steps), rules,	    ARRAY_SIZE(rules)};
