/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rehearse.h - the calls that QEMU would make for the assigned devices of a machine, made here with
 * a few pages of our own, and undone.
 */
#ifndef LIVE_REHEARSE_H
#define LIVE_REHEARSE_H

#include <iommufit/live.h>

#include "base/arena.h"
#include "live/vfio.h"

#define NO_INDEX SIZE_MAX

/* What QEMU prints when a call fails, by the place in its code from which it is made. */
enum rehearse_site {
	SITE_NONE = 0,
	SITE_GROUP_FIND,
	SITE_GROUP_OPEN,
	SITE_GROUP_STATUS,
	SITE_GROUP_VIABLE,
	SITE_CONTAINER_OPEN,
	SITE_CONTAINER_EXTENSION,
	SITE_SET_CONTAINER,
	SITE_SET_IOMMU,
	SITE_GET_INFO,
	SITE_DEVICE_FD,
	SITE_IOMMUFD_OBJECT, /* QEMU 11.1 makes no iommufd object without /dev/iommu */
	SITE_CDEV_FIND,
	SITE_CDEV_NUMBER,
	SITE_CDEV_OPEN,
	SITE_IOMMUFD_OPEN,
	SITE_BIND,
	SITE_IOAS_ALLOC,
	SITE_HW_INFO,
	SITE_HWPT_ALLOC,
	SITE_ATTACH,
	SITE_VIOMMU_ALLOC,
	SITE_VDEVICE_ALLOC,
	SITE_NESTED_ALLOC,
	SITE_WIDTH,    /* no call: QEMU compares the vIOMMU's width with what the kernel told */
	SITE_MAP_COLD, /* while a device is attached */
	SITE_MAP_LATE, /* RAM that comes later */
	SITE_MAP_BAR,
	SITE_COUNT,
};

enum undo_kind {
	UNDO_CLOSE = 1,
	UNDO_UNSET_CONTAINER,
	UNDO_DETACH,
	UNDO_DESTROY,
	UNDO_CONTAINER_UNMAP,
	UNDO_IOAS_UNMAP,
	UNDO_MEMORY,
};

struct undo {
	enum undo_kind kind;
	int fd;
	uint32_t id;
	uint64_t iova;
	void *memory;
	size_t length;
};

/* What is mapped for the devices of one address space: a type1 container, or an IOAS. */
struct rehearse_container {
	struct rehearse_container *next;
	size_t space;
	bool is_iommufd;  /* how the calls are made */
	bool is_stand_in; /* the group route in place of iommufd's */
	bool is_held_back;
	int fd;		     /* of the container, or of iommufd */
	const char *iommufd; /* id of the object; NULL: legacy */
	uint32_t ioas;
	uint32_t *domains; /* HWPTs */
	size_t n_domains, cap_domains;
	bool has_ranges;
	const struct iof_range *ranges;
	size_t n_ranges;
	uint64_t page; /* bytes: the smallest that can be mapped */
	/* What the kernel should say, from the devices that are in it. */
	bool is_predicted;
	const struct iof_range *predicted;
	size_t n_predicted;
	size_t first; /* device that made it */
};

struct rehearse_group {
	struct rehearse_group *next;
	unsigned number;
	int fd;
	struct rehearse_container *container;
};

struct rehearse_iommufd {
	struct rehearse_iommufd *next;
	const char *id;
	int fd;
};

/* How a device was asked. */
enum rehearse_mode { MODE_NONE = 0, MODE_LEGACY, MODE_IOMMUFD, MODE_STAND_IN };

struct rehearse_device {
	struct iof_assignment a;
	const char *bdf;
	enum iof_phase phase; /* in which it is attached */
	enum rehearse_mode mode;
	bool is_attached;
};

/* A vIOMMU's object in the kernel, made for its first device. */
struct rehearse_viommu {
	struct rehearse_viommu *next;
	size_t device; /* of the machine: the vIOMMU */
	int iommufd;
	uint32_t id;
};

/* What was to be done for one device or section when a call failed. */
struct rehearse_failure {
	enum rehearse_site site;
	enum iof_phase phase;
	size_t step;		      /* index */
	int error;		      /* errno */
	size_t device;		      /* NO_INDEX: none */
	const char *bdf;	      /* of an assigned device, as QEMU names it; NULL */
	unsigned group;		      /* its number */
	bool is_iommufd;	      /* its backend */
	struct iof_section section;   /* of a mapping */
	unsigned wanted_width, width; /* at SITE_WIDTH */
};

struct iof_live_rehearsal {
	struct arena *arena;
	int err; /* -ENOMEM: we ourselves cannot go on */
	const struct iof_machine *machine;
	struct iof_report *report;
	struct iof_live_rehearse_options options;
	struct vfio vfio;
	uint32_t version; /* of QEMU, as vmm/versions.h has it; 0: another VMM, or not known */
	enum iof_phase phase;
	bool is_plugging; /* the start is over */

	struct undo *undo;
	size_t n_undo, cap_undo;
	bool is_left; /* something could not be undone */

	struct rehearse_container *containers;
	struct rehearse_group *groups;
	struct rehearse_iommufd *iommufds;
	struct rehearse_viommu *viommus;
	struct iof_section *sections; /* memory upwards, then BARs */
	size_t n_sections, cap_sections;

	struct iof_live_step *steps;
	size_t n_steps, cap_steps;
	struct iof_live_assumption *assumptions;
	size_t n_assumptions, cap_assumptions;
	const char **untested;
	size_t n_untested, cap_untested;
	const char **messages[IOF_PHASE_MIGRATE + 1];
	size_t n_messages[IOF_PHASE_MIGRATE + 1], cap_messages[IOF_PHASE_MIGRATE + 1];

	struct rehearse_failure failure; /* the first that ends something; site NONE: none */
	struct rehearse_failure bar;	 /* the first BAR that is not mapped */
	size_t n_lost_bars;
	const struct iof_finding *stop;	   /* what QEMU itself refuses, as check says; NULL */
	const struct iof_finding *refuted; /* what check said and the kernel did not; NULL */
	const char *why;		   /* what could not be asked, and it decides; NULL */
	enum iof_outcome outcome[IOF_PHASE_MIGRATE + 1];
	enum iof_verdict verdict;
	/* By device: how far it came. */
	struct rehearse_device *devices;
	size_t n_devices, cap_devices;
};

/* rehearse.c: with another kernel than this machine's. */
int rehearse_run(struct iof_ctx *, const struct live_calls *, const struct iof_machine *,
		 struct iof_report *, const struct iof_live_rehearse_options *,
		 struct iof_live_rehearsal **);

/* A call was made, on what; err is what it returned. Whether it succeeded. */
bool rehearse_step(struct iof_live_rehearsal *, size_t device, const char *call, int err,
		   const char *what, ...) __attribute__((format(printf, 5, 6)));
/* The last step failed, and QEMU takes that as an answer: it goes on. Returns false. */
bool rehearse_expected(struct iof_live_rehearsal *);
/* The last step failed, and QEMU ends there. Only the first such counts. Returns false. */
bool rehearse_failed(struct iof_live_rehearsal *, enum rehearse_site, const struct iof_assignment *,
		     const struct iof_section *);
/* Lines that QEMU prints in that phase. */
void rehearse_message(struct iof_live_rehearsal *, enum iof_phase, const char *text);
/* What could not be tried, said once. */
void rehearse_untested(struct iof_live_rehearsal *, const char *text);

/* rehearse_undo.c. Room for one more, before the call that is to be undone. */
bool undo_reserve(struct iof_live_rehearsal *);
void undo_push(struct iof_live_rehearsal *, struct undo);
/* Back to what it was when there were n; errors are noted as steps. */
void undo_to(struct iof_live_rehearsal *, size_t n);

/* rehearse_legacy.c, rehearse_iommufd.c: attach a device as QEMU does. false: a call failed (see
 * r->failure), or r->err. */
bool attach_legacy(struct iof_live_rehearsal *, const struct iof_assignment *, const char *bdf,
		   bool is_stand_in);
bool attach_iommufd(struct iof_live_rehearsal *, const struct iof_assignment *, const char *bdf);
/* What 11.1 does with each iommufd object before the first device. */
bool make_iommufd_object(struct iof_live_rehearsal *, const struct iof_assignment *);
/* Only what can be asked of iommufd without opening the device. */
bool find_iommufd(struct iof_live_rehearsal *, const struct iof_assignment *, const char *bdf);

/* rehearse_container.c. NULL: r->err. */
struct rehearse_container *container_new(struct iof_live_rehearsal *,
					 const struct iof_assignment *);
/* What the kernel said of it now; ranges are copied. */
void container_told(struct iof_live_rehearsal *, struct rehearse_container *,
		    const struct iof_range *ranges, size_t n, uint64_t page);
/* A device is in it now: what it should reach is what all of them reach. */
void container_join(struct iof_live_rehearsal *, struct rehearse_container *,
		    const struct iof_assignment *);

/* rehearse_map.c */
void sections_list(struct iof_live_rehearsal *);
/* Memory that is there when that device is attached. */
bool map_memory(struct iof_live_rehearsal *, struct rehearse_container *,
		const struct iof_assignment *);
/* Whether a container that others made takes all of that memory: the kernel lets nobody in who
 * could not reach what is mapped already. */
bool reaches_memory(const struct iof_live_rehearsal *, const struct rehearse_container *,
		    size_t device);
/* The memory of a memory device that comes now, for all containers. */
bool map_late_memory(struct iof_live_rehearsal *, size_t device);
/* BARs, where firmware puts them, in one container (NULL: in all). false: one that is RAM. */
bool map_bars(struct iof_live_rehearsal *, struct rehearse_container *);

/* rehearse_message.c: the lines that QEMU prints, from the arena; NULL: not known. */
const char *rehearse_error(int error); /* "Invalid argument" */
const char *message_of(struct iof_live_rehearsal *, const struct rehearse_failure *);

/* rehearse_check.c: check's findings beside the calls. The first certain, fatal one of a phase;
 * NULL: none. */
const struct iof_finding *fatal_finding(const struct iof_live_rehearsal *, enum iof_phase);
/* Rules that calls answer, by index; NULL after the last. */
const char *answered_rule(size_t index);
/* Whether the calls for this device, which all succeeded, answer what the finding says. */
bool is_answered(const struct iof_live_rehearsal *, const struct iof_finding *,
		 const struct rehearse_device *);
/* It is about RAM that comes when devices are attached already. */
bool is_late(const struct iof_finding *);
/* Whether that is the failure that the finding predicts. */
bool is_predicted(const struct iof_finding *, const struct rehearse_failure *);
/* A fact that check misses and that no call told: what it is about; NULL: none is. */
const struct iof_finding *open_question(const struct iof_live_rehearsal *);
/* What the calls say about each of check's assumptions. */
void list_assumptions(struct iof_live_rehearsal *);

/* rehearse_judge.c: outcomes, messages, what was not tried. */
void judge(struct iof_live_rehearsal *);

#endif
