/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* iommu.h - what an <iommu>'s <driver> can say, by model and version. */
#ifndef VM_LIBVIRT_IOMMU_H
#define VM_LIBVIRT_IOMMU_H

#include "vm/libvirt/say.h"

enum lv_iommu_model { LV_MODEL_NONE, LV_INTEL, LV_AMD, LV_VIRTIO, LV_SMMUV3 };

enum lv_setting_type {
	LV_SWITCH_TEXT, /* on/off, passed as a string */
	LV_SWITCH_BOOL, /* on/off, passed as a JSON boolean */
	LV_NUMBER,	/* passed as a number; 0 is not said */
	LV_NUMBER_TEXT, /* passed as a string */
	LV_BUS,		/* index of a PCI controller, passed as its id */
};

/* In the order in which libvirt passes them to a model. */
struct lv_iommu_setting {
	enum lv_iommu_model model;
	const char *attribute, *property;
	enum lv_setting_type type;
	uint32_t since;
	bool needs_accel;
};

extern const struct lv_iommu_setting lv_iommu_settings[];
extern const size_t lv_n_iommu_settings;

enum lv_iommu_model lv_iommu_model(const struct lv_domain *, const struct lv_device *);
/* The value of <driver attribute=>, NULL. */
const struct xml_attribute *lv_iommu_attribute(const struct lv_device *, const char *name);
/* No setting before this one has its name. */
bool lv_is_first_mention(size_t setting);
bool lv_iommu_is_on(const struct lv_device *, const char *attribute);

/* check_iommu.c */
void lv_check_iommus(struct lv_domain *);
void lv_check_remapping(struct lv_domain *);
void lv_warn_plain_accel(struct lv_domain *);
void lv_warn_second_smmu(struct lv_domain *);

#endif
