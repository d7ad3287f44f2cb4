/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * catalog.h - the messages that are known, as one table. What a rule predicts comes from the rule's
 * own steps, so a new rule is recognised without more; what no rule predicts stands in
 * known_*.c.
 */
#ifndef EXPLAIN_CATALOG_H
#define EXPLAIN_CATALOG_H

#include <iommufit/explain.h>

#include "explain/needles.h"
#include "explain/pattern.h"
#include "fit/rule.h"

/*
 * What a message is about: a rule, or something that no rule predicts. The texts are templates over
 * the operands of the message (text.h); a line whose operands are missing is left out.
 */
struct topic {
	const char *id;
	const char *title; /* NULL: the rule's */
	const char *cause;
	const char *fix; /* a line for each way out; "& " before a line that goes with the one
			    before it */
};

enum message_flag {
	MESSAGE_COMPANION =
		1,	     /* stands beside another message of the same topic, which says more */
	MESSAGE_WRAPPER = 2, /* stands around any other message */
	MESSAGE_FACT = 8,    /* tells a fact, no fault */
	MESSAGE_ABORTS = 16, /* QEMU aborts after it, and says so */
	MESSAGE_GENERIC = 4, /* is a VMM's only if one says it: a program's name stands before it */
};

struct known_message {
	enum iof_speaker by;
	uint32_t since, until; /* versions of QEMU, until exclusive; 0 and QEMU_NEVER: not said */
	unsigned flags;
	const char *pattern;
	const char *topic;
};

struct known_messages {
	const struct known_message *items;
	size_t n;
};
extern const struct known_messages qemu_messages, config_messages, smmu_messages, libvirt_messages,
	proxmox_messages, kernel_messages;

struct topics {
	const struct topic *items;
	size_t n;
};
extern const struct topics rule_topics, config_topics, qemu_topics, smmu_topics, libvirt_topics,
	proxmox_topics, kernel_topics, cloud_hypervisor_topics;

/* What may stand before a message, and tells about it. */
enum head_kind {
	HEAD_WARNING,
	HEAD_HARDWARE, /* "hardware error: " */
	HEAD_ERROR,
	HEAD_VFIO,	/* "vfio 0000:01:00.0: " */
	HEAD_CONTAINER, /* "failed to setup container for group 1: " */
	HEAD_LISTENER,	/* "memory listener initialization failed: " */
	HEAD_REGION,	/* "Region pc.ram: " */
	HEAD_VIOMMU,	/* "Failed to set vIOMMU: ", 10.0 and later */
	HEAD_DEVICE,	/* the same of 9.1 and 9.2, "Failed to set iommu_device: " */
	HEAD_BDF,	/* "0000:01:00.0: " */
	N_HEADS,
};

/* One way in which an entry is said, and what it then is about. */
struct variant {
	struct variant *next;
	const struct topic *topic;
	const struct rule *rule; /* NULL: no rule's */
	uint32_t since, until;
	unsigned heads;		  /* bits of head_kind */
	int head_index[N_HEADS];  /* operand of the topic, -1 none */
	int index[PATTERN_SLOTS]; /* the same of the core's operands */
	unsigned flags;
	enum iof_speaker by;
};

/* A message without its heads. */
struct entry {
	struct pattern core;
	const char *key;
	struct variant *variants;
};

struct catalog {
	struct arena *arena;
	struct entry *entries;
	size_t n_entries, cap_entries;
	struct pattern heads[N_HEADS];
	struct pattern *marks; /* what shows that a VMM speaks */
	size_t n_marks;
	struct needles needles;
};

/* 0 or -ENOMEM. The catalogue lives in the arena. */
int catalog_build(struct arena *, struct catalog *);
/* NULL: none. */
const struct topic *topic_find(const char *id);

#endif
