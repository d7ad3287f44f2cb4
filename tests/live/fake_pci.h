/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_pci.h - PCI devices and their drivers on the fake kernel, with the files by which a device
 * changes its driver. As in Linux: a driver takes what driver_override names, else what it is made
 * for; vfio-pci lets the device sleep while it has it and keeps it awake when it lets it go.
 */
#ifndef TESTS_FAKE_PCI_H
#define TESTS_FAKE_PCI_H

#include "fake_kernel.h"

struct fake_pci {
	struct fake_kernel *k;
	/* The driver that is made for each device, in pairs of BDF and driver. */
	const char *natives[16];
	size_t n_natives;
	/* A write to this file does not come back in time, and does nothing; NULL: none. */
	const char *hangs;
	/* The same, but the driver acts all the same. */
	const char *late;
	/* A write to this file is refused with this errno. */
	const char *refuses;
	int error;
};

/* The machine: its drivers, /proc, a process of its own. */
void fake_pci_machine(struct fake_pci *, struct fake_kernel *);
void fake_pci_driver(struct fake_pci *, const char *name);
/* driver: NULL for none; native: the one made for it. class: "0x020000". */
void fake_pci_device(struct fake_pci *, const char *bdf, const char *class, unsigned group,
		     const char *driver, const char *native);
/* "driver/override/power" as they are now; freed by the caller. */
char *fake_pci_state(struct fake_pci *, const char *bdf);
/* The folder of a device below /sys/devices, for what hangs on it. Until the next call. */
const char *fake_pci_path(const char *bdf, const char *below);

#endif
