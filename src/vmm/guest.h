/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest.h - the guest's PCI tree as its firmware meets it: every function with its BARs, bridges
 * with their windows, and where that firmware puts all of them.
 */
#ifndef VMM_GUEST_H
#define VMM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iof_machine;
struct machine_bus;
struct machine_device;

#define GUEST_BARS 7 /* six and the option ROM */
#define GUEST_ROM 6
#define BAR_UNPLACED UINT64_MAX

struct guest_bar {
	uint64_t size;	  /* bytes, a power of two; 0: there is none */
	uint64_t address; /* as firmware leaves it; BAR_UNPLACED: not programmed, or not known */
	bool is_io, is_64, is_prefetchable;
	bool is_ram;	  /* guest memory that QEMU maps like RAM (ivshmem) */
	bool is_unmapped; /* the VMM does not map it for assigned devices */
};

/* What a bridge forwards; first > last: nothing. */
struct guest_window {
	uint64_t first, last;
};

struct guest_function {
	struct guest_function *next; /* on the same bus, ascending devfn */
	struct guest_bus *bus;
	unsigned devfn;
	const char *driver;		     /* QEMU's type name */
	const struct machine_device *device; /* NULL: the board's own, or a default device */
	uint32_t class_code;		     /* class and subclass, 16 bits: 0x0300 */
	struct guest_bar bar[GUEST_BARS];
	struct guest_bus *secondary; /* of a bridge; NULL */
	bool is_rejected;	     /* firmware leaves it without resources, because not all fit */
};

struct guest_bus {
	struct guest_bus *next; /* in the order in which firmware numbers them */
	const struct machine_bus *bus;
	struct guest_function *bridge; /* NULL: a root bus */
	struct guest_function *functions;
	unsigned number; /* as firmware numbers it */
	bool is_express; /* its slots are PCIe */
	bool is_hotpluggable;
	bool is_unpadded; /* firmware gave up its room for hot-plug, because not all fits */
	/* pref64-reserve and its kind of the bridge; UINT64_MAX: not given */
	uint64_t reserve_io, reserve_mem, reserve_pref32, reserve_pref64;
	struct guest_window io, memory, prefetchable; /* of the bridge; of Cloud Hypervisor's
							 segments, those that BARs are put into */
};

enum firmware_kind {
	FIRMWARE_UNKNOWN = 0, /* an image that says nothing of itself */
	FIRMWARE_SEABIOS,
	FIRMWARE_OVMF,
	FIRMWARE_ARMVIRT, /* edk2 for Arm's virt */
	FIRMWARE_QBOOT,	  /* microvm */
	FIRMWARE_NONE,	  /* the guest kernel places BARs */
};

struct firmware {
	enum firmware_kind kind;
	uint32_t release;	/* OVMF: 202211; SeaBIOS: 0x011003 (1.16.3) */
	const char *text;	/* "OVMF 202211", "SeaBIOS 1.16.3" */
	const char *provenance; /* "as given", "read from FILE", "assumed: ..." */
	bool is_assumed;
};

struct guest {
	struct guest_bus *buses;
	struct firmware firmware;
	bool is_placed;			    /* BAR addresses are known */
	const char *unplaced_why;	    /* else why not, in a sentence */
	struct guest_window mmio32, mmio64; /* where firmware places; mmio64 first > last: none */
};

#endif
