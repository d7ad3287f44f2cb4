/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rule.h - a rule is data plus one function. A step says where on a VMM's way a rule is met, in
 * which versions, what it does there and how that version words it. A changed default or message is
 * one line in a step table.
 */
#ifndef FIT_RULE_H
#define FIT_RULE_H

#include <iommufit/report.h>

#include "vmm/machine.h"

/* QEMU's way, in order. From CREATE to SET_IOMMU it is gone for each device in turn. */
enum stage {
	STAGE_CONFIG = 0, /* options, machine type, board */
	STAGE_CREATE,	  /* driver, bus */
	STAGE_ALLOW,	  /* hot-plug: whether the machine takes such a device at all; then id,
			     properties */
	STAGE_PRE_PLUG,	  /* the machine's say */
	STAGE_REALIZE,	  /* the model's own checks */
	STAGE_OPEN,	  /* assigned device: find it, open its group or cdev */
	STAGE_ATTACH,	  /* container or IOAS, HWPT */
	STAGE_MAP,	  /* memory listener */
	STAGE_REGIONS,	  /* BARs */
	STAGE_ADD_RAM,	  /* a memory device's RAM is mapped for the devices that are there */
	STAGE_SET_IOMMU,  /* the vIOMMU looks at the host's */
	STAGE_DONE,	  /* machine done */
	STAGE_PLACE,	  /* firmware switches a BAR on, and QEMU maps it */
	STAGE_RUN,
	STAGE_MIGRATE,
	STAGE_COUNT,
};

enum effect {
	EFFECT_NOTE = 0,
	EFFECT_WARNS,	 /* QEMU prints a warning and goes on */
	EFFECT_STOPS,	 /* cold: the VM does not start; plugged: the device is refused */
	EFFECT_KILLS,	 /* QEMU aborts */
	EFFECT_DEGRADES, /* DMA: something is lost */
	EFFECT_BREAKS,	 /* DMA cannot work */
	EFFECT_BLOCKS,	 /* migration */
};

/* MAYBE: it depends on a fact that is missing. */
enum answer { NO = 0, YES, MAYBE };

enum { COLD = 1, HOT = 2, COLD_AND_HOT = 3 };
/* With it: the step never fires for devices of the other backend. */
enum { OF_LEGACY = 4, OF_IOMMUFD = 8, OF_BACKEND = 12 };

/* What changes while QEMU goes its way. */
struct progress {
	uint64_t page_mask; /* virtio-iommu: sizes that all devices so far have in common */
	uint64_t locked[2]; /* bytes of guest memory locked so far, by backend */
	bool is_frozen;	    /* its granule is fixed: the machine is done */
	bool is_hot;
	bool told_p2p;	   /* QEMU said once that a BAR could not be mapped */
	bool told_dma_buf; /* or that it has no dma-buf */
	bool is_amiss;	   /* some BAR is not mapped */
	size_t n_viommus;
};

/*
 * A BAR that firmware switches on: QEMU maps its memory for the devices of one container (hw/vfio
 * vfio_listener_region_add). The device of the scene is then the container's first.
 */
struct mapping {
	const struct guest_function *function; /* whose BAR it is */
	unsigned bar;
	struct iof_range range;
	bool is_ram;
	/* Of a device in the container that cannot reach it; NULL: all can. */
	const struct device_iova *beyond;
	bool is_unpinned; /* iommufd has no way to map it */
};

/* What a rule sees. */
struct scene {
	const struct iof_host *host;
	const struct iof_machine *m;
	size_t world;
	const struct machine_device *device; /* NULL at CONFIG, DONE and MIGRATE */
	const struct mapping *mapping;	     /* at PLACE */
	struct progress *progress;
	const struct problem *problem; /* for rules about the config itself */
};

typedef enum answer (*rule_fn)(const struct scene *, struct operand *);

struct fix_list;
struct iof_finding;
/* Put candidates for a cure on the list, the least invasive first. */
typedef int (*cure_fn)(struct fix_list *, const struct iof_machine *, const struct iof_finding *);

struct rule {
	const char *id;
	enum iof_severity severity;
	const char *title;   /* what is wrong, in one line */
	const char *what;    /* what will happen; placeholders are the operands */
	const char *because; /* why, with the numbers */
	const char *source;
	const char *confirmed; /* lab, report, source */
	cure_fn cure;	       /* NULL: there is none in the VM's config */
	const char *no_cure;   /* then: what to do about it in words */
};

struct step {
	enum stage stage;
	unsigned when;
	uint32_t since, until; /* VMM versions, until exclusive */
	enum effect effect;
	rule_fn fires;
	const struct rule *rule;
	const char *message; /* what QEMU prints; several lines are parted by \n; NULL: nothing */
};

struct rule_family {
	enum vmm_kind vmm;	 /* whose way its steps are on; config_family: the kind of problem
				    says it */
	enum driver_kind viommu; /* its steps matter only where this model is in the VM;
				    DRIVER_OTHER: always */
	const struct step *steps;
	size_t n_steps;
	const struct rule *rules;
	size_t n_rules;
};

extern const struct rule_family config_family, intel_family, intel_host_family, virtio_family,
	amd_family, vfio_family, topology_family, memory_family, map_family, limits_family,
	smmuv3_family, smmuv3_host_family, host_family, migration_family, cloud_hypervisor_family;
extern const struct rule_family *const rule_families[];
extern const size_t n_rule_families;

/* The rule for a problem of the config. */
const struct rule *config_rule(enum problem_kind);
const struct rule *rule_find(const char *id);

/* Operand 0 of every rule about an assigned device is its address, as QEMU names it. */
static inline const struct device_iova *scene_iova(const struct scene *s)
{
	const struct device_iova *iova = s->device->iova ? &s->device->iova[s->world] : NULL;

	return iova && iova->known ? iova : NULL;
}

/* The host's unit behind the device, by name. */
static inline struct operand unit_operand(const struct scene *s)
{
	const struct iof_device *host = s->device->host;

	return text_operand(host && host->unit ? host->unit->name : "the host's IOMMU");
}

/* Whether both devices' DMA goes through one set of mappings: without a vIOMMU there is one for
 * each backend, behind one each requester ID has its own, but for accelerated SMMUs, which
 * leave all of system memory to the host's stage 2. */
bool shares_address_space(const struct machine_device *, const struct machine_device *);
bool shares_container(const struct machine_device *, const struct machine_device *);
/* Whether the device's container has the guest's RAM in it before the guest does anything. */
bool maps_system_memory(const struct machine_device *);
/* Whether amd-iommu turns VFIO's listener away before anything is mapped. */
bool amd_refuses_notifier(const struct scene *);
/* Of its container, the device is the first. */
bool is_first_of_container(const struct iof_machine *, const struct machine_device *);

/* Whether the kernel lets the host's BAR, smaller than a page, be mapped: it must have its page for
 * itself. */
bool device_maps_small_bar(const struct iof_device *, unsigned bar, uint64_t page);

static inline bool has_viommu(const struct scene *s, enum driver_kind kind)
{
	return s->device->viommu && s->device->viommu->kind == kind;
}

static inline bool viommu_is(const struct scene *s, enum driver_kind kind, enum property_id id,
			     int64_t value)
{
	return has_viommu(s, kind) && s->device->viommu->value[id].def &&
	       device_value(s->device->viommu, id) == value;
}

#endif
