/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where ArmVirtQemu puts BARs: edk2's allocator in the windows that the device tree gives
 * (OvmfPkg/Fdt/FdtPciHostBridgeLib, ArmVirtPkg before), whatever the vCPU's width. Room for
 * hot-plug is OvmfPkg/PciHotPlugInitDxe's 2 MiB for each port; without PcdPciMmio64Size there is
 * none above 4 GiB.
 */
#include "vmm/machine.h"
#include "vmm/place.h"

int armvirt_place(struct iof_machine *m)
{
	struct edk2_platform platform = {
		.io = {0, 0xffff},
		.mem32 = m->guest.mmio32,
		.mem64 = m->guest.mmio64,
		.pad_mem32 = 2 * MIB,
	};

	return m->n_ram ? edk2_place(m, &platform) : 0;
}
