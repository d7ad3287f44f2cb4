/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * caps.h - capabilities of the vIOMMU models. caps.c answers, caps_ask.c asks the check about one
 * VM, caps_devices.c chooses the devices that stand for all, caps_values.c lists values.
 */
#ifndef FIT_CAPS_H
#define FIT_CAPS_H

#include <iommufit/caps.h>

#include "fit/report.h"

struct caps_cost {
	size_t cap; /* index of the property that it is about */
	struct iof_cap_cost cost;
};

struct caps_resolved {
	size_t cap;
	struct iof_cap_resolved resolved;
};

struct iof_caps {
	struct arena *arena;
	const char *version, *provenance, *machine;
	const char *host; /* NULL: theory only */
	bool is_live;	  /* it is this machine */
	struct iof_cap *caps;
	size_t n_caps, cap_caps;
	struct iof_caps_model *models;
	size_t n_models, cap_models;
	struct iof_caps_device *devices;
	size_t n_devices, cap_devices;
	struct caps_cost *costs;
	size_t n_costs, cap_costs;
	struct caps_resolved *resolved;
	size_t n_resolved, cap_resolved;
};

struct model_def {
	enum iof_model model;
	const char *driver;
	bool on_x86, on_arm;
	const char *home; /* the machines that have it, for people */
};

/* What is asked about: one model with one VMM on one host. */
struct question {
	struct iof_ctx *ctx;
	struct iof_caps *caps;
	struct iof_host *host, *theory_host; /* host: its devices bound; NULL: theory only */
	struct iof_host *bound;		     /* the same if it is a copy, to be freed */
	struct iof_vmm vmm;
	const char *machine;
	uint32_t version;
	const struct model_def *model;
	const struct driver_def *driver;
	/* What was found out and holds for the properties that follow. */
	char aw_bits[8];   /* the width that the host allows */
	const char *pasid; /* most PASID bits that it allows; NULL */
	bool first_stage;  /* first-stage translation works here */
	bool without_1g;   /* only with fs1gp=off */
	/* The one property whose default keeps the model from working here, and what helps. */
	const struct property_def *cure;
	const char *cure_value;		  /* NULL: none is needed, or it has not been found yet */
	const struct property_def *found; /* the last of which not the default is recommended */
	const char *found_value;
	struct iof_report *report;
};

/* What the check said to one VM. */
struct answer_text {
	bool starts, works, unknown;
	const char *because;  /* of the first finding; in the caps' arena */
	const char *story;    /* what happens and because of what, in full sentences */
	const char *resolved; /* what "auto" or "host" became; NULL: not known */
	const char *from;     /* what decided that */
	const char *needs;    /* what had to stand beside it */
	bool is_without_1g;   /* fs1gp=off among it */
	bool is_undecided;    /* "auto" works, but what it becomes is not known */
};

/* caps_ask.c. One VM with n devices from first on (0: none, and no host). */
int caps_ask(struct question *, enum property_id, const char *value, size_t first, size_t n,
	     struct answer_text *);
/* All devices: in as many VMs as they need. */
int caps_ask_all(struct question *, enum property_id, const char *value, struct answer_text *);
/* Whether one VM of the model has one device: an accelerated SMMUv3 stands for one unit. */
bool caps_is_smmu(const struct question *);
const struct property_def *caps_property(const struct question *, enum property_id);
/* What follows -device where a VM with the host's devices was asked about. */
int caps_device_words(struct question *, const char **words);

/* caps_values.c: the default of a property in the machine that is asked about; NULL: no memory. */
const char *caps_default(struct question *, const struct property_def *);
/* The values that are worth asking about. */
struct value_list {
	const char **values;
	size_t n;
};
int caps_values(struct question *, const struct property_def *, struct value_list *);
/* "39, 48" or "32 to 64" or "off, on" of those that are marked; *text NULL: none is. */
int caps_join(struct arena *, const struct value_list *, const bool *marked, const char **text);
/* The default where it is allowed; for a width the widest that the host can use, if that is known;
 * else the first that is allowed. NULL: none is. */
const char *caps_recommend(const struct question *, const struct property_def *, const char *def,
			   const struct value_list *, const bool *allowed);

/* caps_devices.c: which devices stand for all, bound as they would be when a VM is started.
 * devices: only these (NULL at the end); NULL: all. -ENOENT: no such device. */
int caps_choose_devices(struct question *, const char *const *devices);
/* How well this host's own answers are founded. */
enum iof_provenance caps_provenance(const struct question *);
/* A device whose unit nobody has asked yet, for "iommufit probe"; NULL: none. */
const char *caps_unasked(const struct question *);

#endif
