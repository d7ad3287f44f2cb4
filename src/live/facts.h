/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* facts.h - what a running VM said of itself. */
#ifndef LIVE_FACTS_H
#define LIVE_FACTS_H

#include <iommufit/live.h>

#include "live/qmp.h"

#define LIVE_MAX_ITEMS 65536u /* of one kind: devices, properties, BARs, ... */

struct live_property {
	const char *name;
	const char *value; /* a switch is "on" or "off", a number decimal */
};

/* The folder of QOM in which QEMU puts a device. */
enum live_folder {
	LIVE_NAMED = 0, /* /machine/peripheral: -device with an id */
	LIVE_UNNAMED,	/* /machine/peripheral-anon: without */
	LIVE_BOARD,	/* /machine/unattached: made by the machine */
	LIVE_FOLDERS,
};

struct live_device {
	const char *path; /* /machine/peripheral/net0 */
	const char *name; /* net0, device[3] */
	const char *type; /* virtio-net-pci */
	enum live_folder folder;
	uint64_t number; /* N of device[N] */
	bool hotplugged;
	const struct live_property *properties;
	size_t n_properties;
};

struct live_bar {
	const char *id; /* of the device, "": none */
	unsigned bus, slot, function, bar;
	uint64_t address; /* UINT64_MAX: not placed, or decoding is off */
	uint64_t size;
};

struct live_memory {
	const char *device;  /* id, NULL */
	const char *backend; /* name of its memory object */
	uint64_t address, size;
};

/* A default that the machine type of that QEMU sets. */
struct live_compat {
	const char *type, *property, *value;
};

/* A VFIO device that the process holds open. */
struct live_vfio {
	const char *node; /* /dev/vfio/devices/vfio3 */
	const char *bdf;  /* NULL: not to be followed */
};

struct live_list {
	size_t n, cap;
};

struct iof_live {
	unsigned refs; /* atomic */
	struct arena *arena;
	const char *name; /* of the socket; NULL: only /proc was read */

	const char *version, *machine, *status, *vm_name;
	int kvm; /* -1: not known */
	size_t n_cpus;
	const char *cpu_path; /* of the first; NULL */
	const char *cpu_type;
	struct live_property cpu[4];
	size_t n_cpu;
	struct live_device *devices;
	struct live_list device_list;
	bool has_folder[LIVE_FOLDERS];
	struct live_bar *bars;
	struct live_list bar_list;
	bool has_pci;
	struct live_memory *memories;
	struct live_list memory_list;
	bool has_base_memory;
	uint64_t base_memory;
	struct live_compat *compat; /* of the own machine type */
	struct live_list compat_list;
	bool has_compat;

	uint64_t pid;
	bool has_process;    /* /proc was readable */
	uint64_t memlock;    /* bytes, UINT64_MAX unlimited, 0 not known */
	const char *program; /* path of what runs, without "(deleted)" */
	bool is_replaced;    /* that file is gone by now */
	const char *on_disk; /* version of what stands there now; NULL */
	struct live_vfio *vfio;
	struct live_list vfio_list;
};

struct iof_live *live_new(struct iof_ctx *);
/* Room for one more; NULL with *err set: no memory, or too many. */
void *live_add(struct iof_live *, const struct qmp *, const char *command, void **items,
	       struct live_list *, size_t size, int *err);
#define LIVE_ADD(live, q, command, items, list, err)                                               \
	((__typeof__((live)->items))live_add(live, q, command, (void **)&(live)->items,            \
					     &(live)->list, sizeof(*(live)->items), err))

/* load.c: the questions over an open wire; qom.c: those about objects. */
int live_ask_all(struct iof_live *, struct qmp *);
int live_ask_devices(struct iof_live *, struct qmp *);
int live_ask_cpu(struct iof_live *, struct qmp *);
/* Value of one property as text: 0, -ENOENT (none, or no scalar). */
int live_ask_property(struct iof_live *, struct qmp *, const char *path, const char *property,
		      const char **value);
/* pci.c */
int live_ask_pci(struct iof_live *, struct qmp *);

/* A member of an object of that type, or NULL. */
const struct json_value *member_of(const struct json_value *, const char *key, enum json_type);
/* A copy of a string member, NULL: none. */
const char *live_text(struct iof_live *, const struct json_value *object, const char *key,
		      int *err);
/* A member that is an integer of at most max; false: none. */
bool member_number(const struct json_value *, const char *key, uint64_t max, uint64_t *);

#endif
